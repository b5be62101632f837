//! `tributary pendo status`.

use model::Level;
use serde_json::{Value, json};
use store::{Scope, Store};
use sync::{compare::Comparison, destination::Connected};

use super::probe;
use crate::{
    app::App,
    failure::{Exit, Failure, Outcome},
    output::{
        Output, Tone,
        number::{counted, grouped},
        table::{Align, Table},
        time,
    },
};

pub(super) async fn run(app: &App) -> Outcome {
    let store = app.open().await?;
    let subscription = app.subscription(&store).await?.id;
    let Some(stored) = store.destination(subscription).await? else {
        app.out.report(
            &json!({ "schema": 1, "connected": false }),
            "Not connected to Pendo. Connect: tributary pendo connect --key-file FILE --region REGION",
        );
        return Ok(Exit::Done);
    };
    let connected = Connected::read(&stored)?;
    let runner = app.runner(&store)?;
    let tried = runner.destinations().check(subscription).await;
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
    table.row(["region".into(), connected.region.clone()]);
    table.row(["fields begin with".into(), connected.prefix.clone()]);
    table.row(["connected".into(), time::minute(stored.connected_at)]);
    table.row(["by".into(), stored.connected_by.clone()]);
    let forms = sync::destination::probe::forms(runner.destinations(), &connected);
    let mut text = vec![table.to_string(), probe::forms(&forms).to_string()];
    let mut levels = Vec::new();
    for level in Level::ALL {
        let scope = Scope {
            subscription,
            level,
        };
        let (said, report) = about(app.out, &store, scope).await?;
        text.push(said);
        levels.push(report);
    }
    let report = json!({
        "schema": 1,
        "connected": true,
        "region": connected.region,
        "prefix": connected.prefix,
        "connected_at": time::exact(stored.connected_at),
        "connected_by": stored.connected_by,
        "works": tried.is_ok(),
        "found": connected.found,
        "forms": probe::json_of(&forms),
        "levels": levels,
    });
    let text = text.join("\n\n");
    match tried {
        Ok(()) => {
            let works = app.out.toned(Tone::Good, "The key works, and may write.");
            app.out.report(&report, format_args!("{text}\n\n{works}"));
            Ok(Exit::Done)
        }
        Err(error) => {
            app.out.say(text);
            Err(Failure::from(error).reporting(report))
        }
    }
}

/// How a level stands.
async fn about(out: Output, store: &Store, scope: Scope) -> Result<(String, Value), Failure> {
    let waiting = store.waiting(Some(scope.subscription)).await?;
    let waiting = waiting.into_iter().find(|waiting| waiting.scope == scope);
    let listing = store.listing(scope).await?;
    let fields = store.destination_fields(scope).await?;
    let compared = store.comparison(scope).await?;
    let mut lines = vec![format!(
        "{}",
        out.toned(Tone::Strong, format_args!("{} level", scope.level))
    )];
    lines.push(match &waiting {
        Some(waiting) => format!(
            "  {} to be sent, the oldest from {}",
            counted(waiting.changes, "change"),
            time::minute(waiting.since)
        ),
        None => "  nothing waits to be sent".into(),
    });
    if let Some(listed) = listing.listed {
        lines.push(format!(
            "  Pendo knows {}{}",
            counted(listed, "id"),
            listing.listed_at.map_or_else(String::new, |at| format!(
                ", all listed {}",
                time::minute(at)
            ))
        ));
    }
    let comparison = compared.as_ref().and_then(Comparison::read);
    if let (Some(last), Some(found)) = (&compared, comparison) {
        lines.push(format!(
            "  compared {}: {} of {} differ",
            time::minute(last.at),
            grouped(found.differences),
            counted(found.values, "value"),
        ));
    }
    let mut table = Table::new([
        ("field", Align::Left),
        ("in Pendo", Align::Left),
        ("type there", Align::Left),
        ("not sent because", Align::Left),
    ]);
    for field in &fields {
        table.row([
            field.name.clone(),
            format!("custom.{}", field.key),
            field.kind.clone(),
            field
                .held
                .as_deref()
                .map_or_else(String::new, |held| out.toned(Tone::Warning, held)),
        ]);
    }
    if !table.is_empty() {
        lines.push(table.to_string());
    }
    let described: Vec<Value> = fields
        .iter()
        .map(|field| json!({ "field": field.name, "key": field.key, "type": field.kind, "held": field.held }))
        .collect();
    let report = json!({
        "level": scope.level.name(),
        "waiting": waiting.as_ref().map_or(0, |waiting| waiting.changes),
        "waiting_since": waiting.map(|waiting| time::exact(waiting.since)),
        "ids": listing.listed,
        "ids_listed_at": listing.listed_at.map(time::exact),
        "fields": described,
        "compared_at": compared.map(|last| time::exact(last.at)),
        "differences": comparison.map(|found| found.differences),
    });
    Ok((lines.join("\n"), report))
}
