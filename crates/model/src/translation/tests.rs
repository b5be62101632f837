//! Every value shape that HubSpot is known to send, and its outcome.

use super::*;

const TRANSLATORS: &[Translator] = Translator::ALL;

#[track_caller]
fn stored(translator: Translator, wire: &str, expected: &str) {
    let text = match translator.translate(Wire::Text(wire)) {
        Outcome::Value(Value::String(text)) => text.into_owned(),
        Outcome::Value(Value::Decimal(decimal)) => decimal.to_string(),
        Outcome::Value(Value::Boolean(boolean)) => boolean.to_string(),
        Outcome::Value(Value::Time(moment)) => moment.to_string(),
        other => panic!("{wire:?} as {translator}: {other:?}"),
    };
    assert_eq!(text, expected, "{wire:?} as {translator}");
}

#[track_caller]
fn quarantined(translator: Translator, wire: &str, reason: Quarantine) {
    assert_eq!(
        translator.translate(Wire::Text(wire)),
        Outcome::Quarantined(reason),
        "{wire:?} as {translator}"
    );
}

#[test]
fn nothing_is_empty_for_every_translator() {
    for &translator in TRANSLATORS {
        for wire in [Wire::Missing, Wire::Null, Wire::Text("")] {
            assert_eq!(
                translator.translate(wire),
                Outcome::Empty,
                "{wire:?} as {translator}"
            );
        }
    }
}

#[test]
fn a_value_has_the_type_that_was_promised() {
    for &translator in TRANSLATORS {
        for wire in ["true", "1", "2024-10-28", "text"] {
            if let Outcome::Value(value) = translator.translate(Wire::Text(wire)) {
                assert_eq!(value.metadata_type(), translator.metadata_type());
            }
        }
    }
}

#[test]
fn text_is_kept_byte_for_byte() {
    for text in [
        " ",
        "N/A",
        "null",
        "customer",
        "A;B;C",
        ";A",
        "70000001",
        "+81 3-1234-5678",
        "<p>Hi &amp; bye</p>",
        "山田太郎",
        "e\u{301}",
        "\u{feff}x",
        "a\0b",
        "line\r\nline",
        "51;52",
        "51:1700000000000;52:1700000000001",
        "00123",
        "1.0",
    ] {
        stored(Translator::Text, text, text);
    }
    let longest = "あ".repeat(65_536);
    stored(Translator::Text, &longest, &longest);
}

#[test]
fn text_is_borrowed() {
    assert!(matches!(
        Translator::Text.translate(Wire::Text("abc")),
        Outcome::Value(Value::String(Cow::Borrowed("abc")))
    ));
}

#[test]
fn a_decimal_keeps_its_digits() {
    for text in [
        "3039",
        "0.0",
        "0.5596858859062195",
        "67340.0",
        "1e5",
        "1.5E-7",
        "-12.50",
        "12345678901234567890.123",
    ] {
        stored(Translator::Decimal, text, text);
    }
    stored(Translator::Decimal, "+007.50", "7.50");
    stored(Translator::Decimal, ".5", "0.5");
    stored(Translator::Decimal, "5.", "5");
}

#[test]
fn junk_in_a_number_is_kept_out() {
    for text in [
        "N/A",
        "1234;5678",
        "1,234",
        "12 ",
        "NaN",
        "Infinity",
        "0x10",
        "true",
        "2024-10-28",
        " ",
    ] {
        quarantined(Translator::Decimal, text, Quarantine::NotANumber);
    }
    quarantined(
        Translator::Decimal,
        &"1".repeat(39),
        Quarantine::TooManyDigits,
    );
    quarantined(Translator::Decimal, "1e41", Quarantine::NumberOutOfRange);
    quarantined(Translator::Decimal, "1e-41", Quarantine::NumberOutOfRange);
}

#[test]
fn a_boolean_is_parsed_not_truth_tested() {
    stored(Translator::Boolean, "true", "true");
    stored(Translator::Boolean, "false", "false");
    for text in [
        "True",
        "FALSE",
        "yes",
        "no",
        "1",
        "0",
        "on",
        "true ",
        "true;false",
        "false;false",
        "N/A",
    ] {
        quarantined(Translator::Boolean, text, Quarantine::NotABoolean);
    }
}

#[test]
fn a_date_is_its_midnight_utc_and_never_shifts() {
    for (wire, day) in [
        ("2024-10-28", "2024-10-28"),
        ("2024-02-29", "2024-02-29"),
        ("0000-01-01", "0000-01-01"),
        ("9999-12-31", "9999-12-31"),
        ("1969-12-31", "1969-12-31"),
        // Epoch milliseconds.
        ("1730073600000", "2024-10-28"),
        ("1730159999999", "2024-10-28"),
        ("1730073600000.0", "2024-10-28"),
        ("1.7300736E12", "2024-10-28"),
        ("0", "1970-01-01"),
        ("-1", "1969-12-31"),
        ("-86400000", "1969-12-31"),
        ("-86400000.5", "1969-12-30"),
        ("-2208988800000", "1900-01-01"),
        // A moment has the day it falls on in UTC.
        ("2024-10-28T00:00:00Z", "2024-10-28"),
        ("2024-10-28T23:59:59.999Z", "2024-10-28"),
        ("2024-10-28T23:00:00-05:00", "2024-10-29"),
        ("2024-10-29T08:59:59+09:00", "2024-10-28"),
        ("2024-10-28T23:59:59", "2024-10-28"),
        ("1969-12-31T23:59:59Z", "1969-12-31"),
    ] {
        stored(Translator::Date, wire, &format!("{day}T00:00:00.000Z"));
    }
}

#[test]
fn a_date_time_is_a_moment_to_the_millisecond() {
    for (wire, moment) in [
        ("2024-10-28T16:39:00.846Z", "2024-10-28T16:39:00.846Z"),
        ("2024-10-28T16:39:00Z", "2024-10-28T16:39:00.000Z"),
        ("2024-10-28T16:39:00.8Z", "2024-10-28T16:39:00.800Z"),
        ("2024-10-28T16:39:00.846999999Z", "2024-10-28T16:39:00.846Z"),
        ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"),
        ("2024-10-28T16:39:00.846+09:00", "2024-10-28T07:39:00.846Z"),
        ("2024-10-28T16:39:00-05:30", "2024-10-28T22:09:00.000Z"),
        ("2024-10-28T16:39:00+0000", "2024-10-28T16:39:00.000Z"),
        ("2024-10-28T16:39:00-00:00", "2024-10-28T16:39:00.000Z"),
        ("2024-10-28 16:39:00", "2024-10-28T16:39:00.000Z"),
        ("2024-10-28T16:39:00.846", "2024-10-28T16:39:00.846Z"),
        ("2024-10-28t16:39:00z", "2024-10-28T16:39:00.000Z"),
        ("2024-10-28T16:39", "2024-10-28T16:39:00.000Z"),
        ("2024-10-28", "2024-10-28T00:00:00.000Z"),
        // A leap second has no millisecond of its own.
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z"),
        // Epoch milliseconds.
        ("1700000000000", "2023-11-14T22:13:20.000Z"),
        ("1700000000000.0", "2023-11-14T22:13:20.000Z"),
        ("1700000000000.999", "2023-11-14T22:13:20.000Z"),
        ("1.7E12", "2023-11-14T22:13:20.000Z"),
        ("0", "1970-01-01T00:00:00.000Z"),
        ("-1", "1969-12-31T23:59:59.999Z"),
        ("-1.5", "1969-12-31T23:59:59.998Z"),
        // The edges.
        ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ("253402300799999", "9999-12-31T23:59:59.999Z"),
        ("-62167219200000", "0000-01-01T00:00:00.000Z"),
        ("-000001-12-31T23:00:00-01:00", "0000-01-01T00:00:00.000Z"),
    ] {
        stored(Translator::DateTime, wire, moment);
    }
}

#[test]
fn what_is_no_date_is_kept_out() {
    for text in [
        "N/A",
        " ",
        "2024-02-30",
        "2023-02-29",
        "2024-13-01",
        "2024-00-10",
        "2024-1-2",
        "28/10/2024",
        "10/28/2024",
        "2024/10/28",
        "Oct 28, 2024",
        "2024-10-28 ",
        " 2024-10-28",
        "2024-10-28T25:00:00Z",
        "2024-10-28T24:00:00Z",
        "2024-10-28T16:60:00Z",
        "2024-10-28T16:39:00.846Z ",
        "2024-10-28T16:39:00+",
        "2024-10-28;2024-10-29",
        "2024-10-28T16:39:00+09:00[Asia/Tokyo]",
        "2024-10-28T16:39:00[Asia/Tokyo]",
        "T16:39:00Z",
        "16:39:00",
        "1700000000000 ",
        "+1700000000000",
        "1,700,000,000,000",
        "01700000000000",
        "NaN",
        "true",
        "２０２４-10-28",
    ] {
        quarantined(Translator::Date, text, Quarantine::NotADate);
        quarantined(Translator::DateTime, text, Quarantine::NotATime);
    }
}

#[test]
fn a_year_that_rfc_3339_cannot_write_is_kept_out() {
    for text in [
        "253402300800000",
        "-62167219200001",
        "-62167219200000.5",
        "9223372036854775807",
        "99999999999999999999",
        "1e40",
        "1e41",
        "-1e40",
        "9999-12-31T23:59:59-00:01",
        "0000-01-01T00:00:00+00:01",
        "-000001-12-31",
    ] {
        quarantined(Translator::Date, text, Quarantine::TimeOutOfRange);
        quarantined(Translator::DateTime, text, Quarantine::TimeOutOfRange);
    }
}
