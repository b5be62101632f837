//! Merging metadata: values that are there keep their place, new ones follow, null takes one away.
//!
//! It is what SQLite's `json_patch` does to flat objects. PostgreSQL's functions change digits, or refuse texts with a NUL.

use std::borrow::Cow;

use model::payload::{Malformed, Writer, entries};

/// Merges `patch` into `stored`, both JSON objects.
pub(crate) fn merge(stored: &str, patch: &str) -> Result<String, Malformed> {
    let mut news: Vec<(Cow<'_, str>, &str)> = Vec::new();
    for entry in entries(patch) {
        let (name, token) = entry?;
        news.retain(|(earlier, _)| *earlier != name);
        news.push((name, token));
    }
    let mut writer = Writer::default();
    writer.start();
    for entry in entries(stored) {
        let (name, token) = entry?;
        match news.iter().position(|(new, _)| *new == name) {
            Some(at) => push(&mut writer, &news.remove(at)),
            None => writer.push_token(&name, token),
        }
    }
    for new in &news {
        push(&mut writer, new);
    }
    Ok(writer.finish().to_owned())
}

fn push(writer: &mut Writer, (name, token): &(Cow<'_, str>, &str)) {
    if *token != "null" {
        writer.push_token(name, token);
    }
}
