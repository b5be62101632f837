//! What holds for any input. Proptest prints the seed of a failure; `TRIBUTARY_PROPTEST_CASES` sets how many cases run.

use std::env;

use jiff::Timestamp;
use model::{Decimal, Moment, Outcome, Property, Quarantine, Translator, Value, Wire};
use proptest::{prelude::*, sample::select};

fn config() -> ProptestConfig {
    let cases = env::var("TRIBUTARY_PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases.unwrap_or(256))
    }
}

/// Any text, and with equal weight texts that are nearly numbers, dates and times.
fn wire_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        number_text(),
        "[-+0-9.eE:TtZz ;,]{0,48}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}",
        "[-+]?[0-9]{4,6}-[0-9]{1,2}-[0-9]{1,2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{0,12})?)?(Z|z|[-+][0-9]{2}(:?[0-9]{2})?)?",
        select(vec![
            "", "true", "false", "null", "NaN", "-", ".", "e", "1e", "-0", "\u{0}"
        ])
        .prop_map(str::to_owned),
    ]
}

fn number_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[-+]?[0-9]{0,14}(\\.[0-9]{0,14})?([eE][-+]?[0-9]{1,2})?",
        "[-+]?0{0,9}[0-9]{0,45}(\\.0{0,45}[0-9]{0,45})?([eE][-+]?[0-9]{0,12})?",
    ]
}

fn translator() -> impl Strategy<Value = Translator> {
    select(Translator::ALL)
}

fn any_moment() -> impl Strategy<Value = Moment> {
    let range = Moment::MIN.as_millis()..=Moment::MAX.as_millis();
    range.prop_map(|millis| Moment::from_millis(millis).unwrap())
}

/// A number's sign, digits without zeros at either end, and the place of its last digit. Works on text alone, apart
/// from the parser that it checks.
fn canonical(text: &str) -> (bool, String, i64) {
    let lower = text.to_ascii_lowercase();
    let (mantissa, exponent) = lower.split_once('e').unwrap_or((&lower, "0"));
    let exponent: i64 = exponent.parse().unwrap();
    let negative = mantissa.starts_with('-');
    let mantissa = mantissa.trim_start_matches(['-', '+']);
    let places = mantissa
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.len());
    let digits = mantissa.replace('.', "");
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return (false, String::new(), 0);
    }
    let zeros = digits.len() - significant.len();
    let place = exponent - i64::try_from(places).unwrap() + i64::try_from(zeros).unwrap();
    (negative, significant.to_owned(), place)
}

fn time_of(outcome: &Outcome<'_>) -> Option<Moment> {
    match outcome {
        Outcome::Value(Value::Time(moment)) => Some(*moment),
        _ => None,
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_text_has_an_outcome_of_the_promised_type(translator in translator(), text in wire_text()) {
        match translator.translate(Wire::Text(&text)) {
            Outcome::Value(value) => prop_assert_eq!(value.metadata_type(), translator.metadata_type()),
            Outcome::Empty => prop_assert!(text.is_empty()),
            Outcome::Quarantined(reason) => {
                prop_assert_eq!(Quarantine::from_code(reason.code()), Some(reason));
            }
        }
    }

    #[test]
    fn nothing_is_always_empty(translator in translator()) {
        for wire in [Wire::Missing, Wire::Null, Wire::Text("")] {
            prop_assert_eq!(translator.translate(wire), Outcome::Empty);
        }
    }

    #[test]
    fn text_is_never_changed_nor_refused(text in any::<String>()) {
        match Translator::Text.translate(Wire::Text(&text)) {
            Outcome::Value(Value::String(kept)) => prop_assert_eq!(kept.as_ref(), text.as_str()),
            Outcome::Empty => prop_assert!(text.is_empty()),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn every_property_has_a_verdict(kind in any::<String>(), field_type in any::<String>()) {
        let property = Property::new("property", &kind, &field_type);
        let refusal = Translator::for_property(&property).map(Translator::name).map_err(|reason| reason.to_string());
        prop_assert!(refusal.is_err() || ["string", "number", "bool", "enumeration", "date", "datetime", "phone_number"].contains(&&*kind));
        let _ = property.key_verdict();
    }

    #[test]
    fn a_decimal_is_a_json_number_equal_to_its_text(text in number_text()) {
        if let Outcome::Value(Value::Decimal(decimal)) = Translator::Decimal.translate(Wire::Text(&text)) {
            prop_assert!(serde_json::from_str::<serde_json::Number>(decimal.as_str()).is_ok(), "{}", decimal);
            let number = canonical(decimal.as_str());
            prop_assert_eq!(&number, &canonical(&text));
            let (_, digits, last) = number;
            let first = last + i64::try_from(digits.len()).unwrap() - 1;
            prop_assert!(digits.len() <= Decimal::MAX_DIGITS);
            prop_assert!(digits.is_empty() || (-40..=40).contains(&last) && (-40..=40).contains(&first), "{}", text);
            prop_assert!(decimal.as_str().len() <= 90, "{}", decimal);
        }
    }

    #[test]
    fn what_a_decimal_holds_reads_back_as_itself(text in number_text()) {
        if let Some(decimal) = Decimal::parse(&text) {
            let again = Decimal::parse(decimal.as_str()).unwrap();
            prop_assert!(again.is_verbatim());
            prop_assert_eq!(again, decimal.clone());
        }
    }

    #[test]
    fn numbers_within_the_bounds_are_taken(negative: bool, digits in "[1-9][0-9]{0,37}", place in -40_i64..=3) {
        let last = place;
        let first = last + i64::try_from(digits.len()).unwrap() - 1;
        let text = format!("{}{digits}e{last}", if negative { "-" } else { "" });
        prop_assert_eq!(Decimal::parse(&text).is_some(), first <= 40, "{}", text);
        if let Some(decimal) = Decimal::parse(&text) {
            prop_assert_eq!(decimal.as_str(), text.as_str());
        }
    }

    #[test]
    fn the_floor_agrees_with_integers(millis: i64, fraction in "(\\.[0-9]{1,18})?") {
        let text = format!("{millis}{fraction}");
        let below = millis < 0 && fraction.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
        let expected = if below { millis.checked_sub(1) } else { Some(millis) };
        prop_assert_eq!(Decimal::parse(&text).unwrap().floor(), expected, "{}", text);
    }

    #[test]
    fn a_moment_reads_back_from_every_spelling(moment in any_moment(), offset in -1_439_i64..=1_439) {
        let text = moment.to_string();
        let millis = moment.as_millis();
        prop_assert_eq!(Moment::parse(&text), Some(moment));
        for spelling in [
            text.clone(),
            text.replace('Z', "+00:00"),
            text.replace('Z', ""),
            text.replace('T', " "),
            text.replace('Z', "999Z"),
            millis.to_string(),
            format!("{millis}.0"),
        ] {
            let outcome = Translator::DateTime.translate(Wire::Text(&spelling));
            prop_assert_eq!(time_of(&outcome), Some(moment), "{}", spelling);
        }
        if let Some(local) = Moment::from_millis(millis + offset * 60_000) {
            let sign = if offset < 0 { '-' } else { '+' };
            let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
            let spelling = local.to_string().replace('Z', &format!("{sign}{hours:02}:{minutes:02}"));
            let outcome = Translator::DateTime.translate(Wire::Text(&spelling));
            prop_assert_eq!(time_of(&outcome), Some(moment), "{}", spelling);
        }
    }

    #[test]
    fn a_moment_agrees_with_jiff(moment in any_moment()) {
        if let Some(timestamp) = moment.to_timestamp() {
            prop_assert_eq!(format!("{timestamp:.3}"), moment.to_string());
            prop_assert_eq!(Moment::from_timestamp(timestamp), Some(moment));
        }
    }

    #[test]
    fn a_time_that_jiff_reads_is_the_same_time_here(text in wire_text()) {
        let outcome = Translator::DateTime.translate(Wire::Text(&text));
        if let (Ok(timestamp), Some(moment)) = (text.parse::<Timestamp>(), time_of(&outcome)) {
            prop_assert_eq!(Moment::from_timestamp(timestamp), Some(moment), "{}", text);
        }
    }

    #[test]
    fn moments_sort_as_their_texts(one in any_moment(), other in any_moment()) {
        prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
    }

    #[test]
    fn a_date_never_shifts(moment in any_moment()) {
        let text = moment.to_string();
        let day = &text[..10];
        for spelling in [day.to_owned(), text.clone(), moment.as_millis().to_string(), format!("{day}T00:00:00")] {
            let outcome = Translator::Date.translate(Wire::Text(&spelling));
            let stored = time_of(&outcome).map(|moment| moment.to_string());
            prop_assert_eq!(stored, Some(format!("{day}T00:00:00.000Z")), "{}", spelling);
        }
    }

    #[test]
    fn a_date_is_the_midnight_of_the_date_time(text in wire_text()) {
        let date = time_of(&Translator::Date.translate(Wire::Text(&text)));
        let date_time = time_of(&Translator::DateTime.translate(Wire::Text(&text)));
        prop_assert_eq!(date, date_time.map(Moment::midnight));
    }
}
