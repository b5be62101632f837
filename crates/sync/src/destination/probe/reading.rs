//! What can be found out without changing anything.

use std::collections::{BTreeMap, BTreeSet};

use ::pendo::{Access, FieldType, KnownId, Schema};
use model::Level;
use serde_json::{Value, json};

use super::{Finding, GROUP, Halt, Probe, answered};
use crate::destination::Connected;

/// Ids in a page: so few that even a small subscription has two pages.
const PAGE: u32 = 3;

/// The group of fields that Pendo fills itself.
const AUTO: &str = "auto";

/// When somebody was first seen.
const FIRST_VISIT: &str = "firstvisit";

pub(super) async fn read(
    probe: &Probe<'_>,
    access: Access,
    connected: &Connected,
) -> Result<(), Halt> {
    probe.find(key(access));
    probe.find(Finding::found(
        "region",
        connected.region.clone(),
        format!("the key works in {}", connected.region),
        "a key is good in its own region only, so this is where the subscription is",
    ));
    schema(probe).await?;
    let mut visits = Vec::new();
    for level in Level::ALL {
        count(probe, level).await?;
        let ids = pages(probe, level).await?;
        first_visit(probe, level, &ids).await?;
        visits.push((level, ids));
    }
    times_read(probe, &visits).await
}

fn key(access: Access) -> Finding {
    let (text, follows) = if access.write {
        ("it works, and may write", "values can be sent")
    } else {
        (
            "it works, and may only read",
            "nothing can be sent: make a key with write access, and connect with that",
        )
    };
    Finding::found("key", json!({ "write": access.write }), text, follows)
}

async fn schema(probe: &Probe<'_>) -> Result<(), Halt> {
    let mut casing = BTreeSet::new();
    let mut types: BTreeMap<String, u64> = BTreeMap::new();
    let (mut strange, mut keys, mut trouble) = (BTreeSet::new(), Vec::new(), None);
    for level in Level::ALL {
        probe.step(&format!("reading the {level} fields"))?;
        let read = answered(probe.client.raw_schema(level).await)?
            .and_then(|raw| Schema::read(&raw).map(|schema| (raw, schema)));
        let (raw, schema) = match read {
            Ok(read) => read,
            Err(why) => {
                trouble = Some(why);
                continue;
            }
        };
        casing.extend(members(&raw));
        for field in schema.groups().flat_map(|group| schema.fields(group)) {
            *types.entry(field.kind.to_string()).or_default() += 1;
            if let FieldType::Other(word) = &field.kind {
                strange.insert(word.clone());
            }
        }
        let custom = schema.fields(GROUP).filter(|field| !field.deleted);
        keys.extend(custom.map(|field| field.key.clone()));
    }
    let open = |name| {
        let why = trouble.clone();
        let why = why.unwrap_or_else(|| "there is no field to look at".into());
        Finding::unknown(name, why, "nothing is taken for granted about it")
    };
    probe.find(if casing.is_empty() {
        open("schema_casing")
    } else {
        let capital = |name: &String| name.starts_with(|first: char| first.is_ascii_uppercase());
        let word = match (casing.iter().any(capital), casing.iter().all(capital)) {
            (_, true) => "capital",
            (true, false) => "mixed",
            (false, false) => "lower",
        };
        Finding::found(
            "schema_casing",
            json!({ "casing": word, "members": casing }),
            format!("{word}: {}", list(&casing)),
            "none of it matters: members are found in any casing",
        )
    });
    probe.find(if types.is_empty() {
        open("field_types")
    } else {
        let seen: Vec<String> = types
            .iter()
            .map(|(kind, count)| format!("{kind} ({count})"))
            .collect();
        let follows = if strange.is_empty() {
            "all of them are known".into()
        } else {
            format!(
                "{} is not known here; a field of ours that turned out so would be held, and said to be",
                list(&strange)
            )
        };
        Finding::found("field_types", json!(types), seen.join(", "), follows)
    });
    probe.find(field_names(&keys));
    Ok(())
}

/// The names of the members of definitions.
fn members(raw: &Value) -> impl Iterator<Item = String> {
    let groups = raw.as_object().into_iter().flatten();
    let fields = groups.flat_map(|(_, group)| group.as_object().into_iter().flatten());
    let definitions = fields.flat_map(|(_, field)| field.as_object().into_iter().flatten());
    definitions.map(|(name, _)| name.clone())
}

/// How fields of somebody's making are called.
fn field_names(keys: &[String]) -> Finding {
    const NAME: &str = "field_names";
    if keys.is_empty() {
        let follows = "a probe with --write-test-id finds out how names are written";
        return Finding::unknown(NAME, "there is no custom field", follows);
    }
    let having = |wanted: fn(char) -> bool| keys.iter().filter(|key| key.contains(wanted)).count();
    let capitals = having(char::is_uppercase);
    let underscores = having(|c| c == '_');
    let others = having(|c| !c.is_ascii_alphanumeric() && c != '_');
    let follows = if capitals + underscores + others > 0 {
        "not every name is folded; ours are found under whatever name they get"
    } else {
        "names are probably folded to small letters and digits; ours are found under whatever name they get"
    };
    Finding::found(
        NAME,
        json!({ "fields": keys.len(), "capitals": capitals, "underscores": underscores, "others": others }),
        format!(
            "of {} custom, {capitals} with capitals, {underscores} with underscores, {others} with other signs",
            fields(keys.len())
        ),
        follows,
    )
}

fn fields(count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} field{plural}")
}

async fn count(probe: &Probe<'_>, level: Level) -> Result<(), Halt> {
    let (name, whom) = match level {
        Level::Visitor => ("visitors", "identified visitors"),
        Level::Account => ("accounts", "accounts"),
    };
    probe.step(&format!("counting {whom}"))?;
    probe.find(match answered(probe.client.count(level).await)? {
        Ok(count) => Finding::found(
            name,
            count,
            format!("{count} {whom}"),
            "so many ids are known before a sync",
        ),
        Err(why) => Finding::unknown(
            name,
            why,
            "without a count no sync can begin: please report it",
        ),
    });
    Ok(())
}

/// Two pages of ids, and whether they come as they were asked for.
async fn pages(probe: &Probe<'_>, level: Level) -> Result<Vec<KnownId>, Halt> {
    const CANNOT: &str = "ids would be lost in a listing: do not sync, and please report it";
    let name = match level {
        Level::Visitor => "visitor_pages",
        Level::Account => "account_pages",
    };
    probe.step(&format!("reading two small pages of {level} ids"))?;
    let first = match answered(probe.client.ids(level, None, PAGE).await)? {
        Ok(first) => first,
        Err(why) => {
            probe.find(Finding::unknown(name, why, CANNOT));
            return Ok(Vec::new());
        }
    };
    let Some(last) = first.last() else {
        let follows = "probe again when Pendo has seen somebody";
        let why = format!("Pendo has no {level}");
        probe.find(Finding::unknown(name, why, follows));
        return Ok(first);
    };
    let second = probe.client.ids(level, Some(&last.id), PAGE).await;
    let second = match answered(second)? {
        Ok(second) => second,
        Err(why) => {
            probe.find(Finding::unknown(name, why, CANNOT));
            return Ok(first);
        }
    };
    let limited = [&first, &second]
        .iter()
        .all(|page| page.len() <= PAGE as usize);
    let filtered = second.iter().all(|one| one.id > last.id);
    let ids: Vec<KnownId> = first.into_iter().chain(second).collect();
    let sorted = ids.is_sorted_by(|one, next| one.id < next.id);
    let rows = ids.len();
    let value = json!({ "rows": rows, "sorted": sorted, "filtered": filtered, "limited": limited });
    probe.find(if rows < 2 {
        Finding::unknown(
            name,
            "there is one id only",
            "probe again when Pendo has seen more",
        )
    } else if sorted && filtered && limited {
        let text = format!("{rows} ids in two pages: sorted, filtered and limited as asked");
        Finding::found(name, value, text, "ids can be listed without losing any")
    } else {
        let not = [
            (sorted, "sorted"),
            (filtered, "filtered"),
            (limited, "limited"),
        ];
        let not: Vec<_> = not
            .iter()
            .filter(|(is, _)| !is)
            .map(|(_, what)| *what)
            .collect();
        let text = format!("{rows} ids in two pages, not {}", not.join(", not "));
        Finding::found(name, value, text, CANNOT)
    });
    Ok(ids)
}

/// Whether there is a first visit, and whether it can be filtered by.
async fn first_visit(probe: &Probe<'_>, level: Level, ids: &[KnownId]) -> Result<(), Halt> {
    const WITHOUT: &str = "new ids are noticed by their number, and all are listed then";
    let name = match level {
        Level::Visitor => "visitor_first_visit",
        Level::Account => "account_first_visit",
    };
    let visits: BTreeSet<i64> = ids.iter().filter_map(|one| one.first_visit).collect();
    let have = ids.iter().filter(|one| one.first_visit.is_some()).count();
    let finding = match (ids.len(), visits.last()) {
        (0, _) => Finding::unknown(name, format!("there was no {level} to look at"), WITHOUT),
        (looked_at, None) => Finding::found(
            name,
            json!({ "looked_at": looked_at, "have": 0, "filter": null }),
            format!("none of {looked_at} looked at has one"),
            WITHOUT,
        ),
        (looked_at, Some(newest)) => {
            probe.step(&format!("asking for {level}s by their first visit"))?;
            let since = probe.client.ids_since(level, newest - 1, None, PAGE);
            let (works, said) = match answered(since.await)? {
                Ok(rows) => {
                    let right = |one: &KnownId| one.first_visit.is_some_and(|at| at >= *newest);
                    let works = !rows.is_empty() && rows.iter().all(right);
                    (
                        works,
                        if works { "works" } else { "does not work" }.to_owned(),
                    )
                }
                Err(why) => (false, format!("is refused ({why})")),
            };
            let text = format!("{have} of {looked_at} looked at have one; the filter on it {said}");
            let value = json!({ "looked_at": looked_at, "have": have, "filter": works });
            let follows = if works {
                "new ids are asked for by it, so that a nightly sync reads few"
            } else {
                "the daily look for new ids cannot be trusted: please report it"
            };
            Finding::found(name, value, text, follows)
        }
    };
    probe.find(finding);
    Ok(())
}

/// How a time that Pendo has set itself reads, by both ways of reading.
async fn times_read(probe: &Probe<'_>, ids: &[(Level, Vec<KnownId>)]) -> Result<(), Halt> {
    const NAME: &str = "times_read";
    let seen = ids.iter().find_map(|(level, ids)| {
        let seen = ids.iter().find(|one| one.first_visit.is_some())?;
        Some((*level, seen))
    });
    let Some((level, seen)) = seen else {
        let why = "nobody looked at has a first visit";
        let follows = "times are read as numbers and as text all the same";
        probe.find(Finding::unknown(NAME, why, follows));
        return Ok(());
    };
    probe.step("reading a time by both ways of reading")?;
    let keys = [FIRST_VISIT.to_owned()];
    let many = probe.client.values_of(level, AUTO, &seen.id, &keys).await;
    let many = answered(many)?.map(|held| {
        let token = held?.values.into_iter().next()??;
        serde_json::from_str::<Value>(token.get()).ok()
    });
    let one = probe.client.raw_value(level, AUTO, &seen.id, FIRST_VISIT);
    let one = answered(one.await)?;
    let (many, one) = (read_as(many), read_as(one));
    let value = json!({ "aggregation": many, "single": one });
    let text = format!("as a {many} by aggregation, as a {one} one by one");
    let follows = "numbers are milliseconds since 1970, texts are read as ISO 8601";
    probe.find(match (many.as_str(), one.as_str()) {
        ("number" | "text", _) | (_, "number" | "text") => {
            Finding::found(NAME, value, text, follows)
        }
        _ => Finding::unknown(NAME, text, follows),
    });
    Ok(())
}

fn read_as(answer: Result<Option<Value>, String>) -> String {
    match answer {
        Ok(value) => form(value.as_ref()).into(),
        Err(_) => "refusal".into(),
    }
}

/// The form of a value.
pub(super) fn form(value: Option<&Value>) -> &'static str {
    match value {
        None | Some(Value::Null) => "nothing",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "text",
        Some(Value::Bool(_)) => "truth value",
        Some(_) => "structure",
    }
}

fn list(words: &BTreeSet<String>) -> String {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.join(", ")
}
