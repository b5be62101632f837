//! The translation as a document for people, made by running it: `docs/types.md`.

mod pairs;

use self::pairs::{PAIRS, Pair};
use crate::{
    Decimal, KeyVerdict, KeyWarning, Outcome, Property, Quarantine, Translator, Unimportable,
    Value, Wire,
};

/// The whole of `docs/types.md`: every pair with its verdict, the rule for each kind of value with examples that are
/// translated on the spot, and every reason for which a property or a value is kept out.
pub fn translation_table() -> String {
    [
        INTRODUCTION.to_owned(),
        properties(),
        refusals(),
        VALUES.to_owned(),
        text(),
        decimals(),
        booleans(),
        dates(),
        date_times(),
        reasons(),
        keys(),
    ]
    .join("\n")
}

const INTRODUCTION: &str = "\
# Types: what becomes of HubSpot's values

<!-- Made by the code that translates. To change it, change the code and run: UPDATE_DOCS=1 cargo test -p model -->

Every HubSpot property has a *type* (what its values are) and a *field type* (how people enter them). Together they
decide whether Tributary can import the property, and what kind of metadata field it fills. This page lists every
combination, then the rule for each kind of value, then every reason for which something is kept out. All verdicts and
examples here were produced by the same code that runs in a sync.
";

fn properties() -> String {
    let rows = PAIRS.iter().map(|pair| {
        let property = pair.property();
        let (metadata, rule) = match Translator::for_property(&property) {
            Ok(translator) => (
                translator.metadata_type().name(),
                rule_link(translator).to_owned(),
            ),
            Err(reason) => ("–", format!("not imported: `{}`", reason.code())),
        };
        let key = match property.key_verdict() {
            KeyVerdict::Suitable => "yes".to_owned(),
            KeyVerdict::Odd(warning) => format!("[with a warning](#keys): `{}`", warning.code()),
            KeyVerdict::Refused(_) => "no".to_owned(),
        };
        [
            pair.screen.to_owned(),
            code(pair.kind),
            code(pair.field_type),
            metadata.to_owned(),
            rule,
            key,
        ]
    });
    let table = table(
        &[
            "In HubSpot",
            "`type`",
            "`fieldType`",
            "Metadata type",
            "Rule",
            "Can be the key",
        ],
        rows,
    );
    format!(
        "\
## Which properties can be imported

{table}
What the table does not list follows three rules:

- **A field type that is not listed, with a type that is:** the type decides. HubSpot adds ways of entering a value more
  often than kinds of value. So a calculation has the type of its result.
- **A type that is not listed:** the property is not offered, and the reason names the type. The other properties are
  not affected.
- **A text, number or choice that refers to another object,** such as an owner: its value is that object's id, and ids
  are text, so that no digit of them is ever taken for an amount.

Types are compared as HubSpot writes them, in lower case.
"
    )
}

fn refusals() -> String {
    let unknown = Property::new("property", "hologram", "text");
    let mut reasons: Vec<Unimportable> = Vec::new();
    for property in PAIRS.iter().map(Pair::property).chain([unknown]) {
        if let Err(reason) = Translator::for_property(&property)
            && !reasons.contains(&reason)
        {
            reasons.push(reason);
        }
    }
    let rows = reasons
        .iter()
        .map(|reason| [code(reason.code()), sentence(&reason.to_string())]);
    format!(
        "## Why a property is not imported\n\n{}",
        table(&["Code", "What it means"], rows)
    )
}

const VALUES: &str = "\
## What becomes of each value

Every value ends in one of three ways:

- **stored**, as the examples below show;
- **no value**: HubSpot sent `null`, an empty text, or nothing at all for a property that exists. This is the same for
  every kind;
- **kept out**: the value does not fit the kind. It is listed with its reason, the last good value stays where it is, and
  nothing else is held up. Once the value is corrected in HubSpot, the next sync takes it.

What is stored is what HubSpot holds, never what its screens show: the internal value of an option, the id of an owner.
Labels and names are shown beside it.
";

fn text() -> String {
    section(
        Translator::Text,
        "\
Kept exactly as it came, with its spaces, line breaks and HTML. Several checkboxes in one value stay joined with `;` in
HubSpot's own order.",
        &["Professional", " two  spaces ", "<p>Hello</p>", "+81 3-1234-5678", "plan_a;plan_c", "70000001", "00123"],
    )
}

fn decimals() -> String {
    let rule = format!(
        "\
All digits are kept, also zeros at the end, and nothing is rounded. The spelling changes only where JSON does not allow
it: a leading `+` and needless leading zeros go, and a bare point gets its `0` or goes.

A number is digits with at most one point, a `-` or `+` before them, and an exponent such as `e5` or `E-7` after them.
Spaces, thousands separators, currency signs, percent signs, `NaN` and hexadecimal digits make it something else.

- **At most {} digits**, counted from the first that is not zero to the last that is written.
- **Exponents within ± {}**, on every reading: the exponent that is written, the place of the first digit that is not
  zero, and the place of the last digit (units are place 0, tenths −1). Zero counts as one digit, at its last place.

So every stored number fits in a decimal of {} digits, as databases and spreadsheets of numbers have them.",
        Decimal::MAX_DIGITS,
        Decimal::MAX_EXPONENT,
        Decimal::MAX_DIGITS
    );
    section(
        Translator::Decimal,
        &rule,
        &[
            "3039",
            "0.0",
            "0.5596858859062195",
            "-12.50",
            "1.5E-7",
            "+5",
            "007",
            ".5",
            "5.",
            "N/A",
            "1234;5678",
            "1,234",
            "12 ",
            "NaN",
            "0x1F",
            "99999999999999999999999999999999999999",
            "999999999999999999999999999999999999999",
            "1e40",
            "1e41",
            "1.5e-40",
            "0e41",
        ],
    )
}

fn booleans() -> String {
    section(
        Translator::Boolean,
        "Exactly `true` or `false`. Nothing is guessed from other words.",
        &["true", "false", "True", "yes", "1", "true;false"],
    )
}

fn dates() -> String {
    section(
        Translator::Date,
        "\
A day of the calendar, stored as its midnight in UTC. **No time zone ever moves it to another day.** Where HubSpot sends
a moment instead (milliseconds since 1970, or a date with a time), the day is the one on which that moment falls in UTC.
A bare number always counts milliseconds, however much it looks like a date. Years run from 0000 to 9999.",
        &[
            "2024-10-28",
            "9999-12-31",
            "1730073600000",
            "1730073600000.0",
            "-1",
            "2024-10-28T23:59:59.999Z",
            "2024-10-28T23:00:00-05:00",
            "2024-02-30",
            "28/10/2024",
            "20241028",
            "253402300800000",
        ],
    )
}

fn date_times() -> String {
    section(
        Translator::DateTime,
        "\
A moment in UTC, to the millisecond. ISO 8601 and RFC 3339 are read with any offset; **without an offset the time is in
UTC**. A date alone is its midnight in UTC. A bare number is milliseconds since 1970. What is finer than a millisecond is
cut off, never rounded up. A zone by name, in brackets, is not read. The year in UTC must be one of 0000 to 9999.",
        &[
            "2024-10-28T16:39:00.846Z",
            "2024-10-28T16:39:00Z",
            "2024-10-28T16:39:00.846999Z",
            "2024-10-28T16:39:00+09:00",
            "2024-10-28T16:39:00",
            "2024-10-28",
            "1700000000000",
            "1700000000000.0",
            "1.7E12",
            "-1",
            "2024-10-28T25:00:00Z",
            "2024-10-28T16:39:00+09:00[Asia/Tokyo]",
            "yesterday",
            "9999-12-31T23:59:59-01:00",
        ],
    )
}

fn reasons() -> String {
    let rows = Quarantine::ALL.map(|reason| [code(reason.code()), sentence(&reason.to_string())]);
    format!(
        "## Why a value is kept out\n\nThe codes are stable: they are in reports and exports.\n\n{}",
        table(&["Code", "What it means"], rows)
    )
}

fn keys() -> String {
    let rows =
        KeyWarning::ALL.map(|warning| [code(warning.code()), sentence(&warning.to_string())]);
    format!(
        "\
## Keys

The key is the property whose value equals the visitor or account id. It is compared as HubSpot sends it, character for
character: nothing on this page is applied to it first. So `51` is not `51.0`, and `A;B` is one key. Any property that
can be imported may be the key; these are allowed with a warning, because they are probably a mistake.

{}",
        table(&["Code", "What it means"], rows)
    )
}

/// The heading of a kind, its rule, and what becomes of the examples.
fn section(translator: Translator, rule: &str, examples: &[&str]) -> String {
    let rows = examples.iter().map(|example| {
        let outcome = match translator.translate(Wire::Text(example)) {
            Outcome::Value(value) => format!("`{}`", plain(&value)),
            Outcome::Empty => "no value".to_owned(),
            Outcome::Quarantined(reason) => format!("kept out: `{}`", reason.code()),
        };
        [code(example), outcome]
    });
    let heading = heading(translator);
    let metadata = translator.metadata_type();
    let examples = table(&["HubSpot sends", "Outcome"], rows);
    format!("### {heading}\n\nMetadata type: {metadata}.\n\n{rule}\n\n{examples}")
}

fn plain(value: &Value<'_>) -> String {
    match value {
        Value::String(text) => text.clone().into_owned(),
        Value::Decimal(decimal) => decimal.to_string(),
        Value::Boolean(boolean) => boolean.to_string(),
        Value::Time(moment) => moment.to_string(),
    }
}

const fn heading(translator: Translator) -> &'static str {
    match translator {
        Translator::Text => "Text",
        Translator::Decimal => "Decimal numbers",
        Translator::Boolean => "Yes or no",
        Translator::Date => "Dates",
        Translator::DateTime => "Dates with times",
    }
}

/// A link to the section of a kind.
const fn rule_link(translator: Translator) -> &'static str {
    match translator {
        Translator::Text => "[text](#text)",
        Translator::Decimal => "[decimal numbers](#decimal-numbers)",
        Translator::Boolean => "[yes or no](#yes-or-no)",
        Translator::Date => "[dates](#dates)",
        Translator::DateTime => "[dates with times](#dates-with-times)",
    }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

/// An error message as a sentence.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| {
        format!("{}{}.", first.to_uppercase(), letters.as_str())
    })
}

fn table<const N: usize>(head: &[&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let line = |cells: String| format!("| {cells} |\n");
    let mut table = line(head.join(" | "));
    table.push_str(&line(["---"; N].join(" | ")));
    for row in rows {
        table.push_str(&line(row.join(" | ")));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_leads_to_its_heading() {
        for &translator in Translator::ALL {
            let anchor = heading(translator).to_lowercase().replace(' ', "-");
            assert!(rule_link(translator).ends_with(&format!("(#{anchor})")));
        }
    }

    #[test]
    fn every_reason_has_an_example() {
        let document = translation_table();
        for reason in Quarantine::ALL {
            assert!(
                document.contains(&format!("kept out: `{}`", reason.code())),
                "{reason}"
            );
        }
    }
}
