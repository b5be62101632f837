//! What the back end says of a destination in English, in the words of the page. Where there are none, the English stands.

use model::MetadataType;

use crate::{frame::Problem, locale::Locale};

/// A field that is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) field: String,
    pub(crate) why: String,
    /// What the program said, in English, where there are no words for it.
    pub(crate) said: Option<String>,
}

/// Why a field is not sent.
pub(crate) fn held(t: &Locale, field: &str, why: &str) -> Held {
    let (why, said) = if why.starts_with("it was asked to make the field") {
        (t.text("outside-held-not-made"), None)
    } else if why.starts_with("Pendo has made it a field of whole numbers") {
        (t.text("outside-held-integer"), None)
    } else if let Some((theirs, ours)) = types(why) {
        let said = t
            .say("outside-held-type")
            .s("theirs", theirs)
            .s("ours", t.named("type", ours.name()));
        (said.to_string(), None)
    } else {
        (t.text("outside-held-other"), Some(why.to_owned()))
    };
    Held {
        field: field.to_owned(),
        why,
        said,
    }
}

/// The types in "Pendo has a field of this name that is a …, and ours is a …".
fn types(why: &str) -> Option<(&str, MetadataType)> {
    let rest = why.strip_prefix("Pendo has a field of this name that is a ")?;
    let (theirs, ours) = rest.split_once(", and ours is a ")?;
    Some((theirs, ours.parse().ok()?))
}

/// Why nothing can be sent until somebody does something.
pub(crate) fn broken(t: &Locale, why: &str) -> Problem {
    let code = if why.contains("does not accept the integration key") {
        Some("TRB0051")
    } else if why == "the key may read, but not write" {
        Some("TRB0052")
    } else if why.starts_with("the Pendo settings cannot be used") {
        Some("TRB0053")
    } else {
        None
    };
    match code {
        Some(code) => {
            let explanation = sync::Explanation {
                code: code.into(),
                message: why.into(),
                hint: String::new(),
            };
            Problem::explained(t, &explanation)
        }
        None => Problem {
            title: t.text("destination-broken"),
            what_to_do: t.text("destination-broken-do"),
            code: None,
            detail: Some(why.into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use sync::{Explain as _, destination::Error};

    use super::*;
    use crate::locale::Language;

    #[test]
    fn held_fields_say_why() {
        let t = Locale::of(Language::English);
        let kind = held(
            &t,
            "age",
            "Pendo has a field of this name that is a float, and ours is a string",
        );
        assert!(kind.why.contains("float") && kind.why.contains("string"));
        let other = held(&t, "age", "the moon is full");
        assert_eq!(other.said.as_deref(), Some("the moon is full"));
    }

    #[test]
    fn a_broken_destination_is_said_by_its_number() {
        let t = Locale::of(Language::English);
        let error = Error::ReadOnly;
        let said = broken(&t, &error.to_string());
        assert_eq!(said.code, Some(error.explain().code));
        assert_eq!(broken(&t, "the moon is full").code, None);
    }
}
