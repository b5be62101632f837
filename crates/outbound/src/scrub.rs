//! Keeps secrets and personal data out of everything that is printed.
//!
//! A service's messages are useful to an operator, but HubSpot's old 403 messages echo the token
//! (<https://github.com/singer-io/tap-hubspot/pull/75>) and validation messages quote e-mail addresses.

/// Longest message kept, in characters.
const LONGEST: usize = 400;

/// `text` with everything replaced that is one of `secrets` or looks like a token, a UUID (client ids and secrets are
/// UUIDs) or an e-mail address; control characters become spaces, and a long text is cut.
pub fn message(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        // A secret of a few letters would only tear words apart, and is none.
        if secret.len() >= 6 && text.contains(secret) {
            text = text.replace(secret, "[secret]");
        }
    }
    let mut clean = String::with_capacity(text.len().min(LONGEST));
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if end == 0 {
            let symbol = rest.chars().next().unwrap_or_default();
            clean.push(if symbol.is_control() { ' ' } else { symbol });
            rest = &rest[symbol.len_utf8()..];
        } else {
            let (found, after) = rest.split_at(end);
            if found.starts_with("//") {
                // The path of a link may hold a token: look at each segment by itself.
                let segments: Vec<_> = found.split('/').map(word).collect();
                clean.push_str(&segments.join("/"));
            } else {
                clean.push_str(word(found));
            }
            rest = after;
        }
    }
    match clean.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &clean[..cut]),
        None => clean,
    }
}

/// `text` if it is a short identifier, such as a category, a scope, a property name or a correlation id.
pub fn label(text: &str, secrets: &[&str]) -> Option<String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':');
    let good = (1..=100).contains(&text.len())
        && text.bytes().all(plain)
        && !secrets
            .iter()
            .any(|secret| secret.len() >= 6 && text.contains(secret));
    good.then(|| text.to_owned())
}

/// The title of an HTML page, which is all that is worth showing of one.
pub fn title(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body.get(..body.len().min(4_096))?).ok()?;
    let (_, rest) = text.split_once("<title>")?;
    let (title, _) = rest.split_once("</title>")?;
    Some(title.trim()).filter(|title| !title.is_empty())
}

/// The characters of which tokens and e-mail addresses are made.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '/' | '@' | '~' | '%')
}

fn word(word: &str) -> &str {
    // What ends a sentence does not belong to the word.
    let core = word.trim_end_matches(['.', '-', '/']);
    if core.contains('@') || core.contains("%40") {
        "[address]"
    } else if is_token(core) {
        "[secret]"
    } else {
        word
    }
}

fn is_token(word: &str) -> bool {
    if word.starts_with("pat-") || is_uuid(word) {
        return true;
    }
    // Tokens are long and mix letters and digits; property names, scopes and addresses of pages do not look like that.
    let has = |test: fn(&u8) -> bool| word.bytes().any(|b| test(&b));
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let snake = word
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && word.contains('_');
    word.len() >= 20
        && has(u8::is_ascii_alphabetic)
        && digits > 0
        && !snake
        && (has(u8::is_ascii_uppercase) || digits * 6 >= word.len())
}

fn is_uuid(word: &str) -> bool {
    // Refresh tokens are a region and a UUID: `na1-1111-2222-3333-4444-555566667777`.
    word.len() >= 32
        && word.matches('-').count() >= 4
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && word.bytes().any(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hubspot_messages_stay_readable() {
        for kept in [
            "You have reached your ten_secondly_rolling limit.",
            "The OAuth token used to make this call expired 75 second(s) ago.",
            "Property \"hs_v2_date_entered_customer_1234567\" does not exist",
            "Read more here: https://developers.hubspot.com/docs/methods/auth/oauth-overview",
            "Invalid input JSON on line 1, column 102: Cannot build Filter [propertyName, operator]",
        ] {
            assert_eq!(message(kept, &[]), kept);
        }
    }

    #[test]
    fn known_shapes_of_secrets_go() {
        for (text, clean) in [
            (
                "This oauth-token (CKexample1example2Example3) does not have proper permissions!",
                "This oauth-token ([secret]) does not have proper permissions!",
            ),
            ("token pat-na1-xyz.", "token [secret]"),
            (
                "refresh na1-1111-2222-3333-4444-555566667777 is bad",
                "refresh [secret] is bad",
            ),
            (
                "Contact a.b+c@example.co.jp exists.",
                "Contact [address] exists.",
            ),
            ("a\r\nb\u{0}", "a  b "),
        ] {
            assert_eq!(message(text, &[]), clean);
        }
    }

    proptest! {
        #[test]
        fn a_known_secret_never_survives(
            before in "\\PC{0,40}",
            secret in "[!-~]{6,60}",
            after in "\\PC{0,500}",
        ) {
            let text = format!("{before}{secret}{after}");
            let clean = message(&text, &[&secret]);
            prop_assert!(!clean.contains(&secret) || "[secret][address]".contains(&secret));
            prop_assert!(label(&text, &[&secret]).is_none());
        }

        #[test]
        fn an_unknown_token_or_address_never_survives(
            before in "[a-z ]{0,40}",
            token in "pat-(na|eu)1-[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}|C[A-Za-z0-9]{10}[0-9][A-Z][A-Za-z0-9_-]{20,80}[A-Za-z0-9]",
            name in "[a-z0-9.]{1,20}",
            host in "[a-z0-9]{1,20}",
        ) {
            let text = format!("{before} ({token}) \"{name}@{host}.com\", {token}");
            let clean = message(&text, &[]);
            prop_assert!(!clean.contains(&token), "{clean}");
            prop_assert!(!clean.contains('@'), "{clean}");
        }

        #[test]
        fn nothing_panics_and_nothing_grows_without_bound(text in any::<String>(), secret in any::<String>()) {
            let clean = message(&text, &[&secret]);
            prop_assert!(clean.chars().count() <= LONGEST + 1);
            prop_assert!(!clean.contains(char::is_control));
        }
    }
}
