//! The records behind a number of a run.

use askama::Template;
use axum::{extract::Query, response::Response};
use model::PropertyName;
use store::{Miss, run::Run};

use super::{
    Kept, Named, What, is_counted, numbers,
    rows::{After, List},
    shown::{Column, Shown, shown},
    visible::{Blank, Piece},
};
use crate::{
    error::Error,
    frame::{Chrome, Place, page},
    posted::Posted,
    report::Numbers,
    visit::Here,
};

/// Records on a page, and as many as a search shows.
const PAGE: i64 = 100;

#[derive(Template)]
#[template(path = "records.html")]
pub(crate) struct RecordsPage {
    pub(crate) c: Chrome,
    pub(crate) run: Run,
    pub(crate) what: What,
    /// How many there are in all, by the run's report.
    pub(crate) total: u64,
    pub(crate) lists: Vec<(What, u64)>,
    pub(crate) filters: Vec<Filter>,
    /// The address of the list with its filter, and that of it as CSV.
    pub(crate) list: String,
    pub(crate) sheet: String,
    /// Why there is nothing to show: the name of a message.
    pub(crate) gone: Option<&'static str>,
    pub(crate) columns: &'static [Column],
    pub(crate) rows: Vec<Shown>,
    /// Where the next page is.
    pub(crate) next: Option<String>,
    pub(crate) first: bool,
    /// What was searched for.
    pub(crate) search: Option<String>,
}

/// A narrower list.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    pub(crate) name: String,
    pub(crate) count: u64,
    pub(crate) href: String,
    pub(crate) chosen: bool,
}

/// What is asked for of a list.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct Asked {
    reason: Option<String>,
    property: Option<String>,
    after: Option<String>,
}

impl Asked {
    /// The list; not found when there is no such reason.
    pub(crate) fn list(&self, here: &Here, run: &Run, what: What) -> Result<List, Error> {
        let reason = match self.reason.as_deref().filter(|_| what == What::Missed) {
            Some(code) => {
                let reason = Miss::ALL.into_iter().find(|reason| reason.code() == code);
                Some(reason.ok_or(Error::NotFound)?)
            }
            None => None,
        };
        let property = self.property.as_ref().filter(|_| what == What::Quarantined);
        Ok(List {
            store: here.visit.app.store().clone(),
            scope: here.scope(run.level),
            run: run.id,
            what,
            reason,
            property: property.map(PropertyName::new),
        })
    }
}

/// `GET …/runs/{run}/records/{what}`.
pub(crate) async fn show(
    here: Here,
    named: Named,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let run = named.run(&here).await?;
    let what = named.what.ok_or(Error::NotFound)?;
    let list = asked.list(&here, &run, what)?;
    let after = match &asked.after {
        Some(after) => After::parse(after).ok_or(Error::NotFound)?,
        None => After::START,
    };
    let gone = Kept::find(&here, &run).await?.why_not(what);
    let (rows, next) = match gone {
        None => list.page(&after, PAGE).await?,
        Some(_) => (Vec::new(), None),
    };
    let mut made = RecordsPage::new(&here, run, &list).await?;
    made.rows = shown(&here, &made.run, rows).await?;
    made.next = next.map(|next| address(&here, &list, Some(&next), ""));
    made.first = asked.after.is_none();
    // The level's memory goes when something else has moved its links since.
    let forgotten = matches!(what, What::Matched | What::Unchanged)
        && made.rows.is_empty()
        && made.first
        && made.total > 0;
    made.gone = gone.or_else(|| forgotten.then_some("records-latest-only"));
    page(&made)
}

/// `POST …/runs/{run}/records/{what}`: searches by an id, which must not stand in an address.
pub(crate) async fn search(
    here: Here,
    named: Named,
    Query(asked): Query<Asked>,
    posted: Posted,
) -> Result<Response, Error> {
    let run = named.run(&here).await?;
    let what = named.what.ok_or(Error::NotFound)?;
    let list = asked.list(&here, &run, what)?;
    // To the letter: white space around a key may be all that it differs by.
    let text = posted.raw("id").to_owned();
    let gone = Kept::find(&here, &run).await?.why_not(what);
    let rows = match gone {
        None => list.search(&text, PAGE).await?,
        Some(_) => Vec::new(),
    };
    let mut made = RecordsPage::new(&here, run, &list).await?;
    made.rows = shown(&here, &made.run, rows).await?;
    made.gone = gone;
    made.search = Some(text);
    page(&made)
}

impl RecordsPage {
    async fn new(here: &Here, run: Run, list: &List) -> Result<Self, Error> {
        let t = &here.visit.locale;
        let what = list.what;
        let found = numbers(here, &run).await?.unwrap_or_default();
        // Of a run that was not carried out to its end, what it has sent is all there is.
        let numbers = if is_counted(run.state) {
            found
        } else {
            Numbers {
                delivery: found.delivery,
                ..Numbers::default()
            }
        };
        let title = t
            .say("records-page-title")
            .s("list", t.named("records-title", what.name()))
            .s("run", run.id);
        let lists = What::ALL.map(|what| (what, total(&numbers, what)));
        Ok(Self {
            c: Chrome::here(here, Place::Runs)
                .await?
                .titled(title.to_string()),
            total: total(&numbers, what),
            lists: lists
                .into_iter()
                .filter(|(one, count)| *count > 0 || *one == what)
                .collect(),
            filters: filters(here, list, &numbers),
            list: address(here, list, None, ""),
            sheet: address(here, list, None, "/csv"),
            gone: None,
            columns: Column::of(what),
            rows: Vec::new(),
            next: None,
            first: true,
            search: None,
            run,
            what,
        })
    }
}

impl RecordsPage {
    /// The name of the message that says what the list is.
    pub(crate) fn lead(&self) -> &'static str {
        match self.what {
            What::Missed => "records-lead-missed",
            What::Matched => "records-lead-matched",
            What::Changed => "records-lead-changed",
            What::Unchanged => "records-lead-unchanged",
            What::Quarantined => "records-lead-quarantined",
            What::Excluded => "records-lead-excluded",
            What::Failed => "records-lead-failed",
            What::Ended => "records-lead-ended",
            What::Missing => "records-lead-missing",
            What::Refused => "records-lead-refused",
        }
    }

    /// The name of the message that says what can be searched for.
    pub(crate) fn search_hint(&self) -> &'static str {
        match self.what {
            What::Missed => "records-search-keys",
            What::Quarantined | What::Excluded | What::Failed => "records-search-records",
            _ => "records-search-subjects",
        }
    }

    /// The heading of a column.
    pub(crate) fn heading(&self, column: Column) -> String {
        let said = self.c.t.say(column.heading());
        said.s("level", self.run.level).to_string()
    }

    /// Whether a search found as many as a page shows, so that there may be more.
    pub(crate) fn is_full(&self) -> bool {
        i64::try_from(self.rows.len()).is_ok_and(|rows| rows >= PAGE)
    }
}

/// How many rows a list has, by the run's report.
fn total(numbers: &Numbers, what: What) -> u64 {
    match what {
        What::Missed => numbers.missed_in_all(),
        What::Matched => numbers.matched,
        What::Changed => numbers.changed,
        What::Unchanged => numbers.unchanged,
        What::Quarantined => numbers.quarantined_in_all(),
        What::Excluded => numbers.excluded,
        What::Failed => numbers.failed,
        What::Ended => numbers.links_ended,
        What::Missing => numbers.delivery.as_ref().map_or(0, |sent| sent.missing),
        What::Refused => numbers.delivery.as_ref().map_or(0, |sent| sent.refused),
    }
}

/// The narrower lists, the whole one first; none where there is but one.
fn filters(here: &Here, list: &List, numbers: &Numbers) -> Vec<Filter> {
    let t = &here.visit.locale;
    let narrowed = |name, count, reason: Option<Miss>, property: Option<PropertyName>| {
        let chosen = list.reason == reason && list.property == property;
        let narrow = List {
            reason,
            property,
            ..list.clone()
        };
        Filter {
            name,
            count,
            href: address(here, &narrow, None, ""),
            chosen,
        }
    };
    let mut filters: Vec<Filter> = match list.what {
        What::Missed => numbers
            .missed
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(reason, count)| {
                narrowed(
                    t.named("run-reason", reason.code()),
                    *count,
                    Some(*reason),
                    None,
                )
            })
            .collect(),
        What::Quarantined => numbers
            .quarantined
            .iter()
            .map(|(property, count)| {
                narrowed(
                    property.clone(),
                    *count,
                    None,
                    Some(PropertyName::new(property)),
                )
            })
            .collect(),
        _ => Vec::new(),
    };
    if !filters.is_empty() {
        let whole = narrowed(t.text("records-all"), total(numbers, list.what), None, None);
        filters.insert(0, whole);
    }
    filters
}

/// The address of a list with its filter, from a place on.
fn address(here: &Here, list: &List, after: Option<&After>, form: &str) -> String {
    let mut path = here.path(&format!(
        "runs/{}/records/{}{form}",
        list.run,
        list.what.name()
    ));
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(reason) = list.reason {
        query.append_pair("reason", reason.code());
    }
    if let Some(property) = &list.property {
        query.append_pair("property", property.as_str());
    }
    if let Some(after) = after {
        query.append_pair("after", &after.to_string());
    }
    let query = query.finish();
    if !query.is_empty() {
        path.push('?');
        path.push_str(&query);
    }
    path
}
