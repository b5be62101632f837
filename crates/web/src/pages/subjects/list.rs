//! The list of a level's visitors or accounts.

use std::time::Duration;

use askama::Template;
use axum::{extract::Query, http::StatusCode, response::Response};
use jiff::Timestamp;
use model::{Level, MetadataType, RunId};
use store::{
    Scope,
    directory::{Found, Listing, Sort},
    mapping::Field,
    pin::Pin,
};
use sync::export::{Labels, Names};

use super::{
    base,
    columns::{self, Choices, title},
    labels, place, run_times,
    value::{Show, Shown},
    view::{By, Condition, Key, Kind, View},
};
use crate::{
    error::Error,
    frame::{Chrome, Place, answer},
    visit::{AtLevel, Here},
};

/// Subjects on a page.
const PAGE: usize = 50;

/// Counted exactly up to here.
const COUNTED: u64 = 10_000;

/// How long a page waits for an index before it shows how far that is.
const PATIENCE: Duration = Duration::from_millis(600);

#[derive(Template)]
#[template(path = "subjects.html")]
pub(crate) struct SubjectsPage {
    pub(crate) c: Chrome,
    pub(crate) level: Level,
    pub(crate) base: String,
    /// The name of what is looked for; empty for everything.
    pub(crate) view: String,
    pub(crate) tools: Tools,
    pub(crate) list: List,
    /// What was looked for is not known any more.
    pub(crate) lost: bool,
    pub(crate) problem: Option<String>,
}

#[derive(Template)]
#[template(path = "_subject_list.html")]
pub(crate) struct ListPart {
    pub(crate) c: Chrome,
    pub(crate) level: Level,
    pub(crate) base: String,
    pub(crate) view: String,
    pub(crate) list: List,
}

/// What stands above the list.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    pub(crate) starts_with: String,
    /// `yes`, `no` or empty.
    pub(crate) linked: &'static str,
    /// What is active: what to send to drop it, and its text.
    pub(crate) chips: Vec<(String, String)>,
    pub(crate) groups: Vec<Choices>,
    pub(crate) draft: Draft,
    /// How many are known in all; `None` for more than are counted.
    pub(crate) known: Option<u64>,
    pub(crate) counted: u64,
}

/// A filter that is being made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    pub(crate) field: Option<Key>,
    /// The field's type.
    pub(crate) kind: &'static str,
    pub(crate) tests: &'static [Kind],
    pub(crate) test: Option<Kind>,
    pub(crate) value: String,
    /// Values to choose from: stored value and label.
    pub(crate) options: Vec<(String, String)>,
    pub(crate) open: bool,
}

/// The list, or what stands in its place.
#[derive(Debug, Clone)]
pub(crate) enum List {
    Table(Table),
    /// The order is being prepared.
    Building {
        done: u64,
        of: u64,
        /// Where the page begins.
        after: Option<i64>,
    },
    /// Nobody is known yet.
    NoIds,
    /// Nobody fits.
    Nothing {
        /// How many were looked at.
        examined: usize,
        /// Where to look on.
        further: Option<i64>,
    },
}

/// A page of the list.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) id: Sorting,
    pub(crate) columns: Vec<Head>,
    pub(crate) last_sync: Sorting,
    pub(crate) rows: Vec<Row>,
    /// This is not the first page.
    pub(crate) later: bool,
    /// The next page begins after this one.
    pub(crate) next: Option<i64>,
    /// Looking stopped here.
    pub(crate) further: Option<i64>,
    pub(crate) examined: usize,
}

/// How a column takes part in the order.
#[derive(Debug, Clone)]
pub(crate) struct Sorting {
    /// `ascending` or `descending`, if the list is sorted by it.
    pub(crate) now: Option<&'static str>,
    /// What its button sends.
    pub(crate) word: String,
}

/// A metadata column.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) key: Key,
    pub(crate) title: String,
    pub(crate) number: bool,
    pub(crate) pinned: bool,
    pub(crate) sorting: Sorting,
}

/// A visitor or an account.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) number: i64,
    pub(crate) id: String,
    pub(crate) cells: Vec<Option<Shown>>,
    pub(crate) last_sync: Option<(RunId, Option<Timestamp>)>,
}

/// What the address asks for.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct Address {
    #[serde(default)]
    pub(crate) view: String,
    pub(crate) after: Option<i64>,
}

/// What is looked for, and the name under which it is remembered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) view: View,
    /// Nothing, or not all, is known of what the address names.
    pub(crate) lost: bool,
}

impl Asked {
    /// Finds what is remembered under a name. What another subscription or level looks for is none of this one's.
    pub(crate) async fn read(
        here: &Here,
        level: Level,
        name: &str,
        fields: &[Field],
    ) -> Result<Self, Error> {
        if name.is_empty() {
            return Ok(Self::default());
        }
        let stored = here.visit.app.store().view(here.scope(level), name).await?;
        let Some(mut view) = stored.and_then(|stored| View::read(&stored)) else {
            return Ok(Self {
                lost: true,
                ..Self::default()
            });
        };
        let lost = view.drop_unknown(fields);
        Ok(Self {
            name: name.to_owned(),
            view,
            lost,
        })
    }

    /// The address that shows it, with a note of what was done.
    pub(crate) fn address(&self, base: &str, note: Option<&str>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if !self.name.is_empty() {
            query.append_pair("view", &self.name);
        }
        if let Some(note) = note {
            query.append_pair("note", note);
        }
        let query = query.finish();
        if query.is_empty() {
            base.to_owned()
        } else {
            format!("{base}?{query}")
        }
    }
}

/// What else the page says.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) status: StatusCode,
    pub(crate) problem: Option<String>,
    pub(crate) draft: Draft,
}

impl Default for Said {
    fn default() -> Self {
        Self {
            status: StatusCode::OK,
            problem: None,
            draft: Draft::default(),
        }
    }
}

/// `GET …/visitors` and `GET …/accounts`.
pub(crate) async fn show(
    here: Here,
    AtLevel(level): AtLevel,
    Query(address): Query<Address>,
) -> Result<Response, Error> {
    let fields = here.visit.app.store().fields(here.scope(level)).await?;
    let asked = Asked::read(&here, level, &address.view, &fields).await?;
    list(&here, level, fields, asked, address.after, Said::default()).await
}

/// The page.
pub(crate) async fn list(
    here: &Here,
    level: Level,
    fields: Vec<Field>,
    asked: Asked,
    after: Option<i64>,
    said: Said,
) -> Result<Response, Error> {
    let scope = here.scope(level);
    let store = here.visit.app.store();
    let listing = asked.view.listing(scope, &fields, &here.zone, after, PAGE);
    let known = store.count_subjects_to(scope, COUNTED + 1).await?;
    let found = match find(here, scope, &listing).await? {
        Ok(found) => Ok(found),
        Err((done, of)) => Err(List::Building { done, of, after }),
    };
    let labels = labels(here, scope).await?;
    let shown = columns::chosen(here, scope, &fields).await?;
    let list = match found {
        Err(building) => building,
        Ok(_) if known == 0 => List::NoIds,
        Ok(found) if found.subjects.is_empty() && after.is_none() => List::Nothing {
            examined: found.examined,
            further: found.stopped_at,
        },
        Ok(found) => {
            let pins = store.pins(scope).await?;
            let show = Show {
                t: &here.visit.locale,
                zone: &here.zone,
                labels: &labels,
            };
            let runs: Vec<Option<RunId>> = found
                .subjects
                .iter()
                .map(|(_, subject)| subject.run)
                .collect();
            let times = run_times(here, &runs).await?;
            let rows = rows(&found, &fields, &shown, show, &times);
            List::Table(Table {
                id: sorting(&asked.view, &By::Id),
                columns: heads(&fields, &shown, &pins, &asked.view),
                last_sync: sorting(&asked.view, &By::LastSync),
                rows,
                later: after.is_some(),
                next: found
                    .subjects
                    .last()
                    .map(|(number, _)| *number)
                    .filter(|_| found.more),
                further: found.stopped_at.filter(|_| !found.more),
                examined: found.examined,
            })
        }
    };
    let base = base(here, level);
    if here.visit.partial {
        let part = ListPart {
            c: Chrome::new_here(here, place(level)),
            level,
            base,
            view: asked.name,
            list,
        };
        return answer(said.status, &part);
    }
    let page = SubjectsPage {
        c: Chrome::here(here, place(level)).await?,
        level,
        base,
        tools: Tools {
            starts_with: asked.view.starts_with.clone(),
            linked: match asked.view.linked {
                Some(true) => "yes",
                Some(false) => "no",
                None => "",
            },
            chips: chips(here, &asked.view, &fields, &labels),
            groups: columns::choices(&fields, &shown),
            draft: said.draft,
            known: (known <= COUNTED).then_some(known),
            counted: COUNTED,
        },
        view: asked.name,
        list,
        lost: asked.lost,
        problem: said.problem,
    };
    answer(said.status, &page)
}

/// A page of the list; how far its order is, while that is being prepared.
async fn find(
    here: &Here,
    scope: Scope,
    listing: &Listing,
) -> Result<Result<Found, (u64, u64)>, Error> {
    let app = &here.visit.app;
    let store = app.store();
    let found = store.list(listing).await?;
    if !found.unsorted {
        return Ok(Ok(found));
    }
    let Sort::Field(group, name) = &listing.sort else {
        return Ok(Ok(found));
    };
    // An index that nobody pinned may have gone to make room for others.
    let built = app
        .indexes()
        .provide(store, scope, (*group, name), PATIENCE, here.visit.now)
        .await?;
    if built.over {
        let found = store.list(listing).await?;
        if !found.unsorted {
            return Ok(Ok(found));
        }
    }
    Ok(Err((built.done, built.of)))
}

fn heads(fields: &[Field], shown: &[Key], pins: &[Pin], view: &View) -> Vec<Head> {
    let known = shown
        .iter()
        .filter_map(|key| Some((key, key.find(fields)?)));
    known
        .map(|(key, field)| Head {
            title: title(field).to_owned(),
            number: field.kind == MetadataType::Decimal,
            pinned: columns::is_pinned(pins, key),
            sorting: sorting(view, &By::Field(key.clone())),
            key: key.clone(),
        })
        .collect()
}

/// A first click sorts as people mostly want it, a second one the other way round.
fn sorting(view: &View, by: &By) -> Sorting {
    let now = (view.by == *by).then_some(view.descending);
    let descending = match now {
        Some(descending) => !descending,
        None => *by == By::LastSync,
    };
    let name = match by {
        By::Id => "id".to_owned(),
        By::LastSync => "last-sync".to_owned(),
        By::Field(key) => key.to_string(),
    };
    Sorting {
        now: now.map(|descending| {
            if descending {
                "descending"
            } else {
                "ascending"
            }
        }),
        word: format!("{} {name}", if descending { "desc" } else { "asc" }),
    }
}

fn rows(
    found: &Found,
    fields: &[Field],
    shown: &[Key],
    show: Show<'_>,
    times: &std::collections::BTreeMap<RunId, Timestamp>,
) -> Vec<Row> {
    let columns: Vec<&Field> = shown.iter().filter_map(|key| key.find(fields)).collect();
    found
        .subjects
        .iter()
        .map(|(number, subject)| {
            let cells = columns.iter().map(|field| {
                let token = subject.token(field.group, &field.name)?;
                Some(show.value(field, token))
            });
            Row {
                number: *number,
                id: subject.id.clone(),
                cells: cells.collect(),
                last_sync: subject.run.map(|run| (run, times.get(&run).copied())),
            }
        })
        .collect()
}

/// What is active, in words.
fn chips(here: &Here, view: &View, fields: &[Field], labels: &Labels) -> Vec<(String, String)> {
    let t = &here.visit.locale;
    let mut chips = Vec::new();
    if !view.starts_with.is_empty() {
        let text = t.say("subjects-chip-starts").s("text", &view.starts_with);
        chips.push(("search".to_owned(), text.to_string()));
    }
    if let Some(linked) = view.linked {
        let key = if linked {
            "subjects-linked-yes"
        } else {
            "subjects-linked-no"
        };
        chips.push(("linked".to_owned(), t.text(key)));
    }
    for (at, condition) in view.conditions.iter().enumerate() {
        if let Some(field) = condition.field.find(fields) {
            chips.push((at.to_string(), in_words(here, condition, field, labels)));
        }
    }
    chips
}

fn in_words(here: &Here, condition: &Condition, field: &Field, labels: &Labels) -> String {
    let t = &here.visit.locale;
    let value = match (condition.test, field.kind) {
        (Kind::Is, MetadataType::Boolean) => t.text(match condition.value.as_str() {
            "true" => "subjects-true",
            _ => "subjects-false",
        }),
        (Kind::Is, MetadataType::String) if field.group == model::Group::Hubspot => labels
            .of(&field.name, &condition.value)
            .map_or_else(|| condition.value.clone(), std::borrow::Cow::into_owned),
        _ => condition.value.clone(),
    };
    // Times have words of their own: a day is neither large nor small.
    let family = if field.kind == MetadataType::Time && condition.test.takes_value() {
        "subjects-chip-time"
    } else {
        "subjects-chip"
    };
    t.say(&format!("{family}-{}", condition.test.name()))
        .s("field", title(field))
        .s("value", value)
        .to_string()
}

/// A filter on a field, to be filled in.
pub(super) async fn draft_of(here: &Here, scope: Scope, field: &Field) -> Result<Draft, Error> {
    let labels = labels(here, scope).await?;
    let names = labels
        .names(&field.name)
        .filter(|_| field.group == model::Group::Hubspot);
    let mut options: Vec<(String, String)> = match names {
        None => Vec::new(),
        Some(Names::Options(property)) => property
            .options
            .iter()
            .map(|option| (option.value.clone(), option.label.clone()))
            .collect(),
        Some(Names::Owners(names)) => names
            .iter()
            .map(|(id, name)| (id.clone(), name.clone()))
            .collect(),
    };
    options.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(Draft {
        field: Some(Key::of(field)),
        kind: field.kind.name(),
        tests: Kind::fitting(field.kind),
        options,
        open: true,
        ..Draft::default()
    })
}
