//! From SQLite's words to PostgreSQL's.

/// Two hints to SQLite's planner, and what stands for them: PostgreSQL's needs none.
///
/// `CROSS JOIN … ON` says which table comes first, `NOT INDEXED` that the table is gone through in the order of its key.
const HINTS: [(&str, &str); 2] = [("CROSS JOIN", "JOIN"), (" NOT INDEXED", "")];

/// A statement as PostgreSQL wants it: values are `$1`, `$2` … instead of `?` or `?1`, `?2` ….
///
/// Asking a cache for the translation would cost as much: a statement has some hundred bytes.
pub(super) fn translate(sql: &str) -> String {
    let mut translated = String::with_capacity(sql.len() + 16);
    let mut rest = sql;
    let mut values = 0;
    while let Some(at) = rest.find(['?', '\'', '"', '-', 'C', ' ']) {
        translated.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(end) = end_of_verbatim(rest) {
            translated.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if let Some((hint, instead)) = HINTS.iter().find(|(hint, _)| rest.starts_with(hint))
        {
            translated.push_str(instead);
            rest = &rest[hint.len()..];
        } else if let Some(behind) = rest.strip_prefix('?') {
            let digits = behind.len()
                - behind
                    .trim_start_matches(|c: char| c.is_ascii_digit())
                    .len();
            translated.push('$');
            if digits == 0 {
                values += 1;
                translated.push_str(&values.to_string());
            } else {
                translated.push_str(&behind[..digits]);
            }
            rest = &behind[digits..];
        } else {
            translated.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    translated.push_str(rest);
    translated
}

/// Where a quoted text or a comment ends that `sql` begins with. A doubled quote ends one text and begins the next.
fn end_of_verbatim(sql: &str) -> Option<usize> {
    let (from, end) = match sql.as_bytes() {
        [b'\'', ..] => (1, '\''),
        [b'"', ..] => (1, '"'),
        [b'-', b'-', ..] => (2, '\n'),
        _ => return None,
    };
    Some(sql[from..].find(end).map_or(sql.len(), |at| from + at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered() {
        for (sqlite, postgres) in [
            ("SELECT ?, ?", "SELECT $1, $2"),
            (
                "a = ?2 AND (?1 IS NULL OR b = ?1)",
                "a = $2 AND ($1 IS NULL OR b = $1)",
            ),
            (
                "'?' = ? AND \"?\" = 'it''s ?'",
                "'?' = $1 AND \"?\" = 'it''s ?'",
            ),
            ("? -- why?\n?", "$1 -- why?\n$2"),
            ("a - ? = 'open ?", "a - $1 = 'open ?"),
            ("SELECT 1", "SELECT 1"),
        ] {
            assert_eq!(translate(sqlite), postgres);
        }
    }

    #[test]
    fn hints_are_left_out() {
        assert_eq!(
            translate(
                "SELECT 1 FROM json_each(?) k CROSS JOIN subject s NOT INDEXED ON s.pk = k.value"
            ),
            "SELECT 1 FROM json_each($1) k JOIN subject s ON s.pk = k.value"
        );
        assert_eq!(translate("'CROSS JOIN' NOT"), "'CROSS JOIN' NOT");
    }
}
