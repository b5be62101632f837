//! A search request, checked against the rules of the API and the portal's catalogue.

use serde::Deserialize;
use serde_json::Value;

use super::CEILING;
use crate::catalogue::{Catalogue, Property, Sensitivity, Source, Type};
use crate::instant;
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
    fn new(message: impl Into<String>) -> Self {
        Self {
            status: 400,
            message: message.into(),
            detail: None,
        }
    }

    /// What HubSpot says when it does not say what is wrong.
    fn vague() -> Self {
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFilter {
    property_name: Option<String>,
    operator: Option<String>,
    value: Option<Value>,
    high_value: Option<Value>,
    values: Option<Vec<Value>>,
}

/// How a value must relate to the filter's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Between,
}

/// One condition on one property.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    Has,
    HasNot,
    /// On milliseconds.
    Time(Order, i64, i64),
    Number(Order, f64, f64),
    /// Case-insensitive, except for enumerations.
    Text {
        equal: bool,
        text: String,
        exact: bool,
    },
    In {
        inside: bool,
        values: Vec<String>,
        exact: bool,
    },
    Token {
        inside: bool,
        token: String,
    },
}

/// A condition with its property.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) property: Property,
    pub(crate) test: Test,
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

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
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

fn known(name: &str, catalogue: &Catalogue) -> Result<Property, Refusal> {
    let refusal = || Refusal {
        detail: Some(("PROPERTY_DOESNT_EXIST", name.to_owned())),
        ..Refusal::new(format!(
            "Property values were not valid: [\"{name}\" does not exist]"
        ))
    };
    let property = catalogue.live(name).ok_or_else(refusal)?;
    if property.sensitivity == Sensitivity::HighlySensitive {
        return Err(Refusal::vague());
    }
    Ok(property.clone())
}

fn filter(raw: RawFilter, catalogue: &Catalogue, knobs: &Knobs) -> Result<Filter, Refusal> {
    let (Some(name), Some(operator)) = (raw.property_name, raw.operator) else {
        return Err(Refusal::new(
            "Invalid input JSON: Cannot build Filter, some of required attributes are not set [propertyName, operator]",
        ));
    };
    let property = known(&name, catalogue)?;
    let value = || text(raw.value.as_ref()).ok_or_else(Refusal::vague);
    let exact = property.kind == Type::Enumeration;
    let test = match operator.as_str() {
        "HAS_PROPERTY" => Test::Has,
        "NOT_HAS_PROPERTY" => Test::HasNot,
        "IN" | "NOT_IN" => {
            let values: Vec<String> = raw
                .values
                .as_ref()
                .ok_or_else(Refusal::vague)?
                .iter()
                .filter_map(|v| text(Some(v)))
                .collect();
            if knobs.in_list_max > 0 && values.len() > knobs.in_list_max {
                return Err(Refusal::new(format!(
                    "An IN filter takes at most {} values",
                    knobs.in_list_max
                )));
            }
            Test::In {
                inside: operator == "IN",
                values,
                exact,
            }
        }
        "CONTAINS_TOKEN" | "NOT_CONTAINS_TOKEN" => {
            if !matches!(property.kind, Type::String | Type::PhoneNumber) {
                return Err(Refusal::vague());
            }
            Test::Token {
                inside: operator == "CONTAINS_TOKEN",
                token: value()?.to_lowercase(),
            }
        }
        "EQ" | "NEQ" | "LT" | "LTE" | "GT" | "GTE" | "BETWEEN" => {
            let order = match operator.as_str() {
                "EQ" => Order::Equal,
                "NEQ" => Order::NotEqual,
                "LT" => Order::Less,
                "LTE" => Order::LessOrEqual,
                "GT" => Order::Greater,
                "GTE" => Order::GreaterOrEqual,
                _ => Order::Between,
            };
            let high = if order == Order::Between {
                Some(text(raw.high_value.as_ref()).ok_or_else(Refusal::vague)?)
            } else {
                None
            };
            compare(&property, order, &value()?, high.as_deref())?
        }
        _ => {
            return Err(Refusal::new(format!(
                "Invalid input JSON: unknown operator `{operator}`"
            )));
        }
    };
    Ok(Filter { property, test })
}

fn compare(
    property: &Property,
    order: Order,
    value: &str,
    high: Option<&str>,
) -> Result<Test, Refusal> {
    let invalid = || Refusal {
        detail: Some(("INVALID_INTEGER", property.name.to_string())),
        ..Refusal::new(format!(
            "Property values were not valid: [{value} is not a valid value for {}]",
            property.name
        ))
    };
    match property.kind {
        Type::Date | Type::Datetime => {
            let low = instant::parse(value).ok_or_else(invalid)?;
            let high = high.map_or(Ok(low), |h| instant::parse(h).ok_or_else(invalid))?;
            if low == 0 {
                // Recorded: the epoch itself brings the search service down.
                return Err(Refusal {
                    status: 500,
                    message: "internal error".to_owned(),
                    detail: None,
                });
            }
            if order == Order::Between && low > high {
                return Err(Refusal::vague());
            }
            Ok(Test::Time(order, low, high))
        }
        Type::Number => {
            let low: f64 = value.trim().parse().map_err(|_| invalid())?;
            let high = high.map_or(Ok(low), |h| h.trim().parse().map_err(|_| invalid()))?;
            if order == Order::Between && low > high {
                return Err(Refusal::vague());
            }
            Ok(Test::Number(order, low, high))
        }
        _ => match order {
            Order::Equal | Order::NotEqual => {
                let exact = property.kind == Type::Enumeration;
                let text = if exact {
                    value.to_owned()
                } else {
                    value.to_lowercase()
                };
                Ok(Test::Text {
                    equal: order == Order::Equal,
                    text,
                    exact,
                })
            }
            _ => Err(Refusal::vague()),
        },
    }
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
