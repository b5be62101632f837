//! A search request, checked against the rules of the API and the portal's catalogue.

use serde::Deserialize;
use serde_json::Value;

use super::CEILING;
use super::filter::{Filter, Order, RawFilter, Test, filter, known, text};
use crate::catalogue::{Catalogue, Source};
use crate::knobs::Knobs;

/// Groups per query, filters per group, filters in all.
const CAPS: (usize, usize, usize) = (5, 6, 18);

/// A refused query.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) message: String,
    /// `errors[].code` and the property it is about.
    pub(crate) detail: Option<(&'static str, String)>,
}

impl Refusal {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            status: 400,
            message: message.into(),
            detail: None,
        }
    }

    /// What HubSpot says when it does not say what is wrong.
    pub(super) fn vague() -> Self {
        Self::new("There was a problem with the request.")
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(default)]
    filter_groups: Vec<Group>,
    #[serde(default)]
    filters: Vec<RawFilter>,
    #[serde(default)]
    sorts: Vec<Value>,
    #[serde(default)]
    properties: Vec<String>,
    limit: Option<Value>,
    after: Option<Value>,
    query: Option<String>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    filters: Vec<RawFilter>,
}

/// The one sort of a query.
#[derive(Clone, Debug)]
pub(crate) struct Sort {
    pub(crate) property: String,
    pub(crate) ascending: bool,
}

impl Sort {
    /// Whether the order is that of the records' places (ids and creation dates rise together).
    pub(crate) fn by_place(&self) -> bool {
        matches!(
            self.property.as_str(),
            "hs_object_id" | "createdate" | "hs_createdate"
        )
    }
}

/// A query that passed the checks.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// First and last id asked for, taken out of the filters of a single group.
    pub(crate) ids: (u64, u64),
    /// OR of ANDs, without what `ids` says.
    pub(crate) groups: Vec<Vec<Filter>>,
    /// Free text, in lower case.
    pub(crate) text: Option<String>,
    pub(crate) sort: Sort,
    pub(crate) properties: Vec<String>,
    pub(crate) limit: usize,
    pub(crate) after: u64,
    /// Names the filter for the counts: equal texts, equal matches.
    pub(crate) residual: String,
    /// The same for people: property, operator and id range.
    pub(crate) summary: String,
}

fn whole(value: Option<&Value>, default: u64, name: &str) -> Result<u64, Refusal> {
    let number = match value {
        None | Some(Value::Null) => Some(default),
        Some(Value::Number(n)) => n.as_u64(),
        Some(Value::String(s)) => s.parse().ok(),
        Some(_) => None,
    };
    number.ok_or_else(|| Refusal {
        detail: Some(("INVALID_INTEGER", name.to_owned())),
        ..Refusal::new(format!(
            "Invalid input JSON: `{name}` must be a whole number"
        ))
    })
}

/// Reads a search body.
pub(crate) fn parse(body: &[u8], catalogue: &Catalogue, knobs: &Knobs) -> Result<Query, Refusal> {
    if knobs.search_body_max > 0 && body.len() > knobs.search_body_max {
        return Err(Refusal::new(format!(
            "Request body is longer than {} characters",
            knobs.search_body_max
        )));
    }
    let body: Body = serde_json::from_slice(body).map_err(|e| {
        Refusal::new(format!(
            "Invalid input JSON on line {}, column {}: cannot build the search request",
            e.line(),
            e.column()
        ))
    })?;
    let limit = whole(body.limit.as_ref(), 10, "limit")?;
    if limit > 200 {
        return Err(Refusal::new("The limit must not exceed 200"));
    }
    let after = whole(body.after.as_ref(), 0, "after")?;
    if after + limit > CEILING {
        return Err(Refusal::new(format!(
            "Paging past {CEILING} results is not possible"
        )));
    }
    if body
        .query
        .as_ref()
        .is_some_and(|q| q.chars().count() > 3_000)
    {
        return Err(Refusal::new("The query must not exceed 3000 characters"));
    }
    let mut raw: Vec<Vec<RawFilter>> = body.filter_groups.into_iter().map(|g| g.filters).collect();
    if !body.filters.is_empty() {
        raw.push(body.filters);
    }
    let all: usize = raw.iter().map(Vec::len).sum();
    if raw.len() > CAPS.0 || all > CAPS.2 || raw.iter().any(|g| g.len() > CAPS.1) {
        return Err(Refusal::new(format!(
            "A search takes at most {} filter groups, {} filters per group and {} filters in all",
            CAPS.0, CAPS.1, CAPS.2
        )));
    }
    let mut groups = Vec::new();
    for filters in raw {
        groups.push(
            filters
                .into_iter()
                .map(|f| filter(f, catalogue, knobs))
                .collect::<Result<Vec<_>, _>>()?,
        );
    }
    let sort = sort(&body.sorts, catalogue)?;
    let summary = summarise(&groups);
    let ids = take_ids(&mut groups);
    let text = body
        .query
        .map(|q| q.to_lowercase())
        .filter(|q| !q.is_empty());
    let residual = format!(
        "{:?}|{text:?}",
        groups.iter().map(|g| name_of(g)).collect::<Vec<_>>()
    );
    Ok(Query {
        ids,
        groups,
        text,
        sort,
        properties: body.properties,
        limit: limit as usize,
        after,
        residual,
        summary: format!(
            "{summary} ids {}..{} limit {limit} after {after}",
            ids.0, ids.1
        ),
    })
}

fn name_of(group: &[Filter]) -> Vec<String> {
    group
        .iter()
        .map(|f| format!("{} {:?}", f.property.name, f.test))
        .collect()
}

fn summarise(groups: &[Vec<Filter>]) -> String {
    let words = |f: &Filter| {
        let operator = match &f.test {
            Test::Has => "has".to_owned(),
            Test::HasNot => "has_not".to_owned(),
            Test::Time(order, ..) | Test::Number(order, ..) => format!("{order:?}").to_lowercase(),
            Test::Text { equal, .. } => if *equal { "equal" } else { "not_equal" }.to_owned(),
            Test::In { values, inside, .. } => format!(
                "{}({})",
                if *inside { "in" } else { "not_in" },
                values.len()
            ),
            Test::Token { .. } => "token".to_owned(),
        };
        format!("{} {operator}", f.property.name)
    };
    let group = |g: &Vec<Filter>| g.iter().map(words).collect::<Vec<_>>().join(" & ");
    groups.iter().map(group).collect::<Vec<_>>().join(" | ")
}

fn sort(sorts: &[Value], catalogue: &Catalogue) -> Result<Sort, Refusal> {
    if sorts.len() > 1 {
        return Err(Refusal::new("Only one sort is allowed per search"));
    }
    let Some(first) = sorts.first() else {
        return Ok(Sort {
            property: "hs_object_id".to_owned(),
            ascending: true,
        });
    };
    let (property, ascending) = match first {
        Value::String(s) => (s.trim_start_matches('-').to_owned(), !s.starts_with('-')),
        Value::Object(o) => (
            text(o.get("propertyName")).unwrap_or_default(),
            o.get("direction")
                .and_then(Value::as_str)
                .unwrap_or("ASCENDING")
                != "DESCENDING",
        ),
        _ => return Err(Refusal::vague()),
    };
    known(&property, catalogue)?;
    Ok(Sort {
        property,
        ascending,
    })
}

/// Takes bounds on the record id out of a single group: they become a range of places instead of a test.
fn take_ids(groups: &mut [Vec<Filter>]) -> (u64, u64) {
    let mut ids = (0, u64::MAX);
    let [group] = groups else { return ids };
    group.retain(|filter| {
        let Test::Number(order, low, high) = filter.test else {
            return true;
        };
        if filter.property.source != Source::ObjectId
            || order == Order::NotEqual
            || low.fract() != 0.0
            || low < 0.0
        {
            return true;
        }
        let (low, high) = (low as u64, high.floor() as u64);
        let (from, to) = match order {
            Order::Less if low == 0 => (1, 0),
            Order::Less => (0, low - 1),
            Order::LessOrEqual => (0, low),
            Order::Greater => (low + 1, u64::MAX),
            Order::GreaterOrEqual => (low, u64::MAX),
            Order::Equal => (low, low),
            _ => (low, high),
        };
        ids = (ids.0.max(from), ids.1.min(to));
        false
    });
    ids
}
