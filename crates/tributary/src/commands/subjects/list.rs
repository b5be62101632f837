//! `tributary visitors list` and `tributary accounts list`.

use model::{Level, payload};
use serde_json::json;

use super::show::Shown;
use crate::{
    app::App,
    failure::{Exit, Outcome},
    output::{
        number::{counted, grouped},
        table::{Align, Table, one_line},
    },
};

/// List those that are known, in the order of their ids.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many at most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Only ids after this one.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    after: String,
}

pub(super) async fn run(app: &App, level: Level, args: Args) -> Outcome {
    let (store, scope) = app.open_level(level).await?;
    let total = store.count_subjects(scope).await?;
    let subjects = store
        .subjects(scope, &args.after, i64::from(args.limit))
        .await?;
    let mut table = Table::new([
        (level.name(), Align::Left),
        ("agent", Align::Right),
        ("custom", Align::Right),
        ("hubspot", Align::Right),
        ("HubSpot record", Align::Left),
    ]);
    let values = |group: &Option<String>| {
        let count = group
            .as_deref()
            .map_or(0, |text| payload::entries(text).count());
        grouped(count as u64)
    };
    for one in &subjects {
        table.row([
            one_line(&one.id, 60),
            values(&one.agent),
            values(&one.custom),
            values(&one.hubspot),
            one.record
                .map_or_else(|| "–".into(), |record| record.to_string()),
        ]);
    }
    let more = subjects.len() == args.limit as usize;
    let next = subjects.last().filter(|_| more).map(|one| one.id.clone());
    let shown: Vec<Shown> = subjects.iter().map(|one| Shown::of(level, one)).collect();
    let plural = format!("{level}s");
    let report = json!({
        "schema": 1,
        "level": level.name(),
        "total": total,
        "next": next,
    });
    let footer = match &next {
        Some(id) => format!(
            "\n\n{} in all; go on with --after {id:?}",
            counted(total, level.name())
        ),
        None => format!("\n\n{} in all", counted(total, level.name())),
    };
    app.out.report(
        &Listing {
            facts: report,
            plural: &plural,
            shown,
        },
        format_args!("{table}{footer}"),
    );
    Ok(Exit::Done)
}

/// The facts, and the list under the level's plural.
struct Listing<'a> {
    facts: serde_json::Value,
    plural: &'a str,
    shown: Vec<Shown<'a>>,
}

impl serde::Serialize for Listing<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.facts.as_object().into_iter().flatten() {
            map.serialize_entry(key, value)?;
        }
        map.serialize_entry(self.plural, &self.shown)?;
        map.end()
    }
}
