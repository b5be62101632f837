//! Reads JSON that is documented by examples alone: casing differs between endpoints, numbers come as text, and any
//! member may be absent or null.

use serde_json::Value;

/// A member by its name in lower case and without underscores, whatever the casing. Null is none.
pub(crate) fn member<'a>(json: &'a Value, name: &str) -> Option<&'a Value> {
    let is_named = |key: &str| {
        let letters = key.bytes().filter(|b| *b != b'_');
        letters.map(|b| b.to_ascii_lowercase()).eq(name.bytes())
    };
    let json = json.as_object()?;
    let (_, value) = json
        .iter()
        .find(|(key, value)| is_named(key) && !value.is_null())?;
    Some(value)
}

/// A string, or a number as text.
pub(crate) fn text(json: &Value) -> Option<String> {
    match json {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A count, as a number or as text.
pub(crate) fn count(json: &Value) -> Option<u64> {
    let whole = |number: f64| {
        let fits = number >= 0.0 && number.fract() == 0.0 && number < 9e15;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be whole, positive and small enough"
        )]
        fits.then_some(number as u64)
    };
    match json {
        Value::Number(number) => number.as_u64().or_else(|| number.as_f64().and_then(whole)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A truth, as such or as text.
pub(crate) fn truth(json: &Value) -> Option<bool> {
    match json {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn either_casing_is_found() {
        for key in ["displayname", "DisplayName", "displayName", "display_name"] {
            assert_eq!(
                member(&json!({ "x": 0, key: 1 }), "displayname"),
                Some(&json!(1))
            );
        }
        assert_eq!(
            member(&json!({ "type": null, "Type": "list" }), "type"),
            Some(&json!("list"))
        );
        assert_eq!(member(&json!([1]), "type"), None);
    }

    #[test]
    fn numbers_and_truths_may_be_text() {
        for (json, read) in [
            (json!(7), Some(7)),
            (json!("7"), Some(7)),
            (json!(7.0), Some(7)),
            (json!(-7), None),
            (json!(7.5), None),
            (json!(1e300), None),
            (json!([7]), None),
        ] {
            assert_eq!(count(&json), read, "{json}");
        }
        assert_eq!(truth(&json!("True")), Some(true));
        assert_eq!(truth(&json!(0)), None);
        assert_eq!(text(&json!(12)), Some("12".into()));
    }
}
