//! The filters of a query: their operators and values, checked against the property they are about.

use serde::Deserialize;
use serde_json::Value;

use super::parse::Refusal;
use crate::catalogue::{Catalogue, Property, Sensitivity, Type};
use crate::instant;
use crate::knobs::Knobs;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawFilter {
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

pub(super) fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

pub(super) fn known(name: &str, catalogue: &Catalogue) -> Result<Property, Refusal> {
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

pub(super) fn filter(
    raw: RawFilter,
    catalogue: &Catalogue,
    knobs: &Knobs,
) -> Result<Filter, Refusal> {
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
