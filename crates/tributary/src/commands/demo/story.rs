//! What the demo tells at its end.

use std::path::Path;

use model::payload;
use store::{Scope, Store, member::Role, subject::Subject};

use super::people::PEOPLE;
use crate::{
    failure::Failure,
    output::{
        Output, Tone,
        table::{Align, Table, one_line},
    },
};

/// Where to look for visitors: ids that are numbers, UUIDs and e-mail addresses begin differently.
const PLACES: [&str; 3] = ["1", "a", "k"];

/// Visitors looked at in each place, to show one with much to see.
const LOOKED_AT: i64 = 100;

/// Some visitors: what the product knew, beside what HubSpot added.
pub(super) async fn enriched(out: Output, store: &Store, scope: Scope) -> Result<String, Failure> {
    let mut shown: Vec<Subject> = Vec::new();
    for place in PLACES {
        let visitors = store.subjects(scope, place, LOOKED_AT).await?;
        let best = visitors
            .into_iter()
            .max_by_key(|visitor| values(visitor.hubspot.as_deref()).len());
        shown.extend(best.filter(|best| best.hubspot.is_some()));
    }
    shown.dedup_by(|one, other| one.id == other.id);
    let mut text = vec![format!(
        "\n{}",
        out.toned(Tone::Strong, "Some visitors, before and after")
    )];
    for visitor in shown {
        let agent = values(visitor.agent.as_deref());
        let hubspot = values(visitor.hubspot.as_deref());
        let mut table = Table::new([
            ("agent: known before", Align::Left),
            ("", Align::Left),
            ("hubspot: carried over", Align::Left),
            ("", Align::Left),
        ])
        .indented(2);
        let cell = |values: &[(String, String)], at: usize| {
            let (name, value) = values.get(at).cloned().unwrap_or_default();
            (out.toned(Tone::Faint, name), one_line(&value, 34))
        };
        for at in 0..agent.len().max(hubspot.len()) {
            let (left, right) = (cell(&agent, at), cell(&hubspot, at));
            table.row([left.0, left.1, right.0, right.1]);
        }
        text.push(format!(
            "\n\n  visitor {}\n{table}",
            one_line(&visitor.id, 60)
        ));
    }
    Ok(text.concat())
}

fn values(stored: Option<&str>) -> Vec<(String, String)> {
    payload::entries(stored.unwrap_or("{}"))
        .flatten()
        .map(|(name, token)| {
            let value = payload::unescape(token).map_or_else(|| token.to_owned(), Into::into);
            (name.into_owned(), value)
        })
        .collect()
}

/// What can be tried while the portal is there.
pub(super) fn try_out(data_dir: &Path, base_url: &str) -> String {
    let tributary = format!(
        "tributary --data-dir {}",
        quoted(&data_dir.display().to_string())
    );
    let commands = [
        ("sync --dry-run", "what would change now: nothing"),
        (
            "hubspot properties --level visitor",
            "what can be carried over",
        ),
        (
            "runs show 1 --misses",
            "records that matched nothing, each with its reason",
        ),
        ("runs show 1 --quarantined", "values that were kept out"),
        ("visitors list", "who is known"),
        (
            "export visitors --format csv --labels",
            "everything, with labels and owner names",
        ),
        ("hubspot connect --oauth", "the sign-in in the browser"),
    ];
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]).indented(2);
    for (command, what) in commands {
        table.row([format!("{tributary} {command}"), what.into()]);
    }
    format!("Try from another terminal (its settings point to {base_url}):\n\n{table}")
}

/// How to go on.
pub(super) fn next() -> &'static str {
    "With your own HubSpot account: tributary serve, and open the link that it prints"
}

/// Where the pages are, and who can sign in.
pub(super) fn sign_in(out: Output, url: &str) -> String {
    let mut table =
        Table::new([("", Align::Left), ("", Align::Left), ("", Align::Left)]).indented(2);
    for person in PEOPLE {
        let may = match person.role {
            Role::Admin => "configures",
            Role::Viewer => "reads",
        };
        table.row([person.email.into(), person.password.into(), may.into()]);
    }
    format!(
        "{} {}\n\nSign in with:\n\n{table}",
        out.toned(Tone::Strong, "Tributary is open at"),
        out.toned(Tone::Strong, url),
    )
}

/// A path as a shell reads it.
fn quoted(text: &str) -> String {
    let plain = |one: char| one.is_ascii_alphanumeric() || "/._-".contains(one);
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
