//! What is a decimal number, what becomes of its text, and where the bounds are.

use super::*;

#[track_caller]
fn verbatim(text: &str) {
    let decimal = Decimal::read(text).unwrap();
    assert!(decimal.is_verbatim(), "{text} was changed to {decimal}");
    assert_eq!(decimal.as_str(), text);
}

#[track_caller]
fn refused(text: &str, refusal: Refusal) {
    assert_eq!(Decimal::read(text), Err(refusal), "{text}");
    assert_eq!(Decimal::parse(text), None, "{text}");
}

#[test]
fn a_json_number_is_kept_as_it_is() {
    for text in [
        "0",
        "-0",
        "0.0",
        "-0.00",
        "3039",
        "67340.0",
        "0.5596858859062195",
        "-1",
        "1.50",
        "1e5",
        "1E5",
        "1e+5",
        "1.7E12",
        "-2.5e-10",
        "10",
        "100.001",
    ] {
        verbatim(text);
    }
}

#[test]
fn other_spellings_change_as_little_as_json_needs() {
    for (text, json) in [
        ("+5", "5"),
        ("007", "7"),
        ("-007", "-7"),
        ("00", "0"),
        ("000.50", "0.50"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("5.", "5"),
        ("+5.e3", "5e3"),
        (".5E-3", "0.5E-3"),
        ("1e05", "1e5"),
        ("1e-00", "1e-0"),
        ("1e0000000000000000000000000000000005", "1e5"),
    ] {
        let decimal = Decimal::read(text).unwrap();
        assert_eq!(decimal.as_str(), json);
        assert!(!decimal.is_verbatim());
    }
}

#[test]
fn what_is_not_a_number_is_refused() {
    for text in [
        "",
        " ",
        "N/A",
        "1234;5678",
        "1,234",
        "1 234",
        "12 ",
        " 12",
        "12\n",
        "NaN",
        "nan",
        "Infinity",
        "-inf",
        "inf",
        "0x1F",
        "1_000",
        "+",
        "-",
        ".",
        "-.",
        "e5",
        ".e5",
        "1e",
        "1e+",
        "1e5.0",
        "1.2.3",
        "--1",
        "+-1",
        "1-",
        "½",
        "१२",
        "１２",
        "1e５",
        "−1",
        "$5",
        "5%",
        "true",
        "1f",
        "1d",
    ] {
        refused(text, Refusal::NotANumber);
    }
}

#[test]
fn digits_count_from_the_first_that_is_not_zero_to_the_last_written() {
    let nines = "9".repeat(38);
    verbatim(&nines);
    verbatim(&format!("-{nines}"));
    verbatim(&format!("{}.{}", &nines[..20], &nines[20..]));
    verbatim(&format!("0.0{nines}"));
    verbatim(&format!("1{}", "0".repeat(37)));
    verbatim(&format!("1.{}", "0".repeat(37)));
    assert_eq!(
        Decimal::read(&format!("000{nines}")).unwrap().as_str(),
        nines
    );
    refused(&format!("{nines}9"), Refusal::TooManyDigits);
    refused(&format!("{nines}.0"), Refusal::TooManyDigits);
    refused(&format!("0.{nines}9"), Refusal::TooManyDigits);
    refused(&format!("1{}", "0".repeat(38)), Refusal::TooManyDigits);
    refused(&format!("1.{}", "0".repeat(38)), Refusal::TooManyDigits);
}

#[test]
fn exponents_stay_within_forty_on_every_reading() {
    verbatim("1e40");
    verbatim("1e-40");
    verbatim("9.99e40");
    verbatim(&format!("0.{}1", "0".repeat(39)));
    verbatim(&format!("0.{}", "0".repeat(40)));
    verbatim("0e40");
    for text in [
        "1e41",
        "1e-41",
        // The first digit is at 41, though 40 is what is written.
        "10e40",
        // The last digit is at −41, though the first is at −40.
        "1.5e-40",
        // 41 is what is written, though the digit is at 40.
        "0.1e41",
        "0e41",
        "0e-41",
        "1e999999999999999999999999999999",
        "-1e-999999999999999999999999999999",
    ] {
        refused(text, Refusal::OutOfRange);
    }
    refused(&format!("0.{}1", "0".repeat(40)), Refusal::OutOfRange);
    refused(&format!("0.{}", "0".repeat(41)), Refusal::OutOfRange);
}

#[test]
fn the_floor_is_the_integer_below() {
    for (text, floor) in [
        ("0", Some(0)),
        ("-0.0", Some(0)),
        ("1.9", Some(1)),
        ("-1.1", Some(-2)),
        ("1.7E12", Some(1_700_000_000_000)),
        ("9223372036854775807.9", Some(i64::MAX)),
        ("9223372036854775808", None),
        ("-9223372036854775808", Some(i64::MIN)),
        ("1e40", None),
        ("0e40", Some(0)),
        ("1e-40", Some(0)),
        ("-1e-40", Some(-1)),
        ("-0e-40", Some(0)),
    ] {
        assert_eq!(Decimal::read(text).unwrap().floor(), floor, "{text}");
    }
}
