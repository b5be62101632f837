//! The values that a destination was found to hold otherwise than they were sent.

use askama::Template;
use axum::{extract::Query, response::Response};
use jiff::Timestamp;
use model::{Level, payload::unescape};
use store::drift::Drift;
use sync::compare::Comparison;

use super::PAGE;
use crate::{
    error::Error,
    frame::{Chrome, Place, page},
    pages::runs::visible::{Blank, Piece, Visible},
    sheet::{self, text},
    visit::{AtLevel, Here},
};

/// Differences that a comparison lists; it counts all.
const LISTED: u64 = 10_000;

/// Differences on a page.
const SHOWN: i64 = 100;

#[derive(Template)]
#[template(path = "differences.html")]
pub(crate) struct DifferencesPage {
    pub(crate) c: Chrome,
    pub(crate) level: Level,
    pub(crate) compared: Option<(Timestamp, Comparison)>,
    pub(crate) rows: Vec<Row>,
    /// Where the next page is.
    pub(crate) next: Option<String>,
    pub(crate) first: bool,
}

impl DifferencesPage {
    /// How many are listed at most, if there are more.
    pub(crate) fn cut_at(&self) -> Option<u64> {
        let (_, found) = self.compared?;
        (found.differences > LISTED).then_some(LISTED)
    }
}

/// A value that differs.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) href: String,
    pub(crate) id: Visible,
    pub(crate) field: String,
    pub(crate) sent: Option<Visible>,
    pub(crate) found: Option<Visible>,
}

/// A place in the list: a subject's number and a field.
#[derive(Debug, Clone)]
struct After(i64, String);

impl After {
    fn start() -> Self {
        Self(0, String::new())
    }

    fn parse(text: &str) -> Option<Self> {
        let (number, field) = text.split_once('.')?;
        Some(Self(number.parse().ok()?, field.to_owned()))
    }
}

#[derive(Debug, serde::Deserialize)]
pub(crate) struct Asked {
    after: Option<String>,
}

/// `GET …/settings/destination/{level}/differences`.
pub(crate) async fn show(
    here: Here,
    AtLevel(level): AtLevel,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let (store, scope) = (here.visit.app.store(), here.scope(level));
    let t = &here.visit.locale;
    let after = match &asked.after {
        Some(after) => After::parse(after).ok_or(Error::NotFound)?,
        None => After::start(),
    };
    // One more than is shown tells whether there is a next page.
    let mut rows = store.drift(scope, (after.0, &after.1), SHOWN + 1).await?;
    let shown = usize::try_from(SHOWN).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let next = rows.last().filter(|_| more).map(|last| {
        let after = format!("{}.{}", last.subject, last.name);
        let after: String = url::form_urlencoded::byte_serialize(after.as_bytes()).collect();
        let page = format!("{PAGE}/{}/differences?after={after}", level.name());
        here.path(&page)
    });
    let compared = store.comparison(scope).await?;
    let title = t.say("differences-title").s("level", level.name());
    page(&DifferencesPage {
        c: Chrome::here(&here, Place::Destination)
            .await?
            .titled(title.to_string()),
        level,
        compared: compared.and_then(|last| Some((last.at, Comparison::read(&last)?))),
        rows: rows.into_iter().map(|one| row(&here, level, one)).collect(),
        next,
        first: asked.after.is_none(),
    })
}

fn row(here: &Here, level: Level, one: Drift) -> Row {
    let page = match level {
        Level::Visitor => "visitors",
        Level::Account => "accounts",
    };
    let shown = |token: Option<String>| token.map(|token| Visible::of(&plain(&token)));
    Row {
        href: here.path(&format!("{page}/{}", one.subject)),
        id: Visible::of(&one.id),
        field: one.name,
        sent: shown(one.expected),
        found: shown(one.found),
    }
}

/// A value as people read it: a text without its quotes.
fn plain(token: &str) -> String {
    unescape(token).map_or_else(|| token.to_owned(), std::borrow::Cow::into_owned)
}

/// The columns of the list as CSV: a contract with whatever reads it.
const HEAD: [&str; 4] = ["id", "field", "sent", "found"];

/// `GET …/settings/destination/{level}/differences/csv`.
pub(crate) async fn csv(here: Here, AtLevel(level): AtLevel) -> Response {
    let (store, scope) = (here.visit.app.store().clone(), here.scope(level));
    let name = format!("differences-{}", level.name());
    sheet::send(&name, &HEAD, After::start(), move |after| {
        let store = store.clone();
        async move {
            let rows = store
                .drift(scope, (after.0, &after.1), sheet::PIECE)
                .await?;
            let next = rows
                .last()
                .map(|last| After(last.subject, last.name.clone()));
            Ok((rows.iter().map(cells).collect(), next))
        }
    })
}

fn cells(one: &Drift) -> Vec<String> {
    let cell = |token: &Option<String>| match token.as_deref() {
        Some(token) => match unescape(token) {
            Some(found) => text(&found),
            None => token.to_owned(),
        },
        None => String::new(),
    };
    vec![
        text(&one.id),
        text(&one.name),
        cell(&one.expected),
        cell(&one.found),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_are_made_harmless() {
        let one = Drift {
            subject: 1,
            id: "=u".into(),
            name: "debt".into(),
            expected: Some("-5".into()),
            found: Some("\"-5\"".into()),
        };
        assert_eq!(cells(&one), ["'=u", "debt", "-5", "'-5"]);
        let none = Drift { found: None, ..one };
        assert_eq!(cells(&none)[3], "");
    }

    #[test]
    fn places_are_read_back() {
        let place = After::parse("7.plan.tier").unwrap();
        assert_eq!((place.0, place.1.as_str()), (7, "plan.tier"));
        assert!(After::parse("x").is_none());
    }
}
