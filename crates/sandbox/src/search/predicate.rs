//! Whether one record matches a query.

use std::cell::RefCell;

use super::filter::{Filter, Order, Test};
use super::parse::Query;
use crate::catalogue::{Property, Source};
use crate::generate::values::Fill;
use crate::generate::{Life, Record};
use crate::instant;
use crate::object::Object;
use crate::table::{Table, View};

/// A query's filters, ready to be asked about places.
pub(crate) struct Predicate<'a> {
    pub(crate) table: &'a Table,
    query: &'a Query,
    view: View,
    stale_total: bool,
    /// What free text is looked for in.
    text_properties: Vec<&'a Property>,
    scratch: RefCell<Vec<u8>>,
}

impl<'a> Predicate<'a> {
    pub(crate) fn new(table: &'a Table, query: &'a Query, view: View, stale_total: bool) -> Self {
        let names: &[&str] = match table.object {
            Object::Contacts => &["firstname", "lastname", "email", "phone", "company"],
            Object::Companies => &["name", "domain", "website", "phone"],
        };
        let text_properties = names
            .iter()
            .filter_map(|n| table.catalogue.live(n))
            .collect();
        Self {
            table,
            query,
            view,
            stale_total,
            text_properties,
            scratch: RefCell::new(Vec::new()),
        }
    }

    pub(crate) fn matches(&self, index: u32) -> bool {
        let record = self.table.record(index);
        if self.table.life(record, self.view) != Life::Live {
            return false;
        }
        // The index forgets an archived record at once, unless its total is to lag behind too.
        if !self.stale_total
            && !self.table.is_untouched()
            && self.table.life(record, View::Live) != Life::Live
        {
            return false;
        }
        let groups = &self.query.groups;
        (groups.is_empty()
            || groups
                .iter()
                .any(|g| g.iter().all(|f| self.test(record, f))))
            && self.text(record)
    }

    fn text(&self, record: Record) -> bool {
        let Some(wanted) = &self.query.text else {
            return true;
        };
        wanted.split_whitespace().all(|word| {
            self.text_properties.iter().any(|p| {
                self.with_value(record, p, |value| {
                    tokens(value).any(|t| t.starts_with(word))
                })
                .unwrap_or(false)
            })
        })
    }

    /// The value in text, when there is one.
    fn with_value<R>(
        &self,
        record: Record,
        property: &Property,
        f: impl FnOnce(&str) -> R,
    ) -> Option<R> {
        let mut scratch = self.scratch.borrow_mut();
        scratch.clear();
        match self
            .table
            .write_value(record, property, self.view, &mut scratch)
            .0
        {
            Fill::Set => std::str::from_utf8(&scratch).ok().map(f),
            _ => None,
        }
    }

    fn test(&self, record: Record, filter: &Filter) -> bool {
        let property = &filter.property;
        match &filter.test {
            Test::Has => self.table.fill(record, property, self.view) == Fill::Set,
            Test::HasNot => self.table.fill(record, property, self.view) != Fill::Set,
            Test::Time(order, low, high) => {
                let value = match property.source {
                    Source::Modified => Some(self.table.modified(record, self.view)),
                    Source::Created => Some(self.table.created(record)),
                    _ => self.with_value(record, property, instant::parse).flatten(),
                };
                value.is_some_and(|v| ordered(*order, v, *low, *high))
            }
            Test::Number(order, low, high) => {
                let value = if property.source == Source::ObjectId {
                    Some(self.table.generator.id(record) as f64)
                } else {
                    self.with_value(record, property, |text| text.parse::<f64>().ok())
                        .flatten()
                };
                value.is_some_and(|v| ordered(*order, v, *low, *high))
            }
            Test::Text { equal, text, exact } => self
                .with_value(record, property, |value| {
                    let same = if *exact {
                        value == text
                    } else {
                        value.to_lowercase() == *text
                    };
                    same == *equal
                })
                .unwrap_or(false),
            Test::In {
                inside,
                values,
                exact,
            } => self
                .with_value(record, property, |value| {
                    let found = if *exact {
                        value
                            .split(';')
                            .any(|part| values.iter().any(|v| v == part))
                    } else {
                        // The stored text is lowered, the asked one is not: capitals in a list find nothing.
                        let value = value.to_lowercase();
                        values.contains(&value)
                    };
                    found == *inside
                })
                .unwrap_or(false),
            Test::Token { inside, token } => {
                let found = self
                    .with_value(record, property, |value| {
                        tokens(value).any(|t| {
                            match (token.strip_prefix('*'), token.strip_suffix('*')) {
                                (Some(rest), Some(_)) => t.contains(rest.trim_end_matches('*')),
                                (Some(end), None) => t.ends_with(end),
                                (None, Some(start)) => t.starts_with(start),
                                (None, None) => t == *token,
                            }
                        })
                    })
                    .unwrap_or(false);
                found == *inside
            }
        }
    }
}

fn ordered<T: PartialOrd + Copy>(order: Order, value: T, low: T, high: T) -> bool {
    match order {
        Order::Less => value < low,
        Order::LessOrEqual => value <= low,
        Order::Greater => value > low,
        Order::GreaterOrEqual => value >= low,
        Order::Equal => value == low,
        Order::NotEqual => value != low,
        Order::Between => value >= low && value <= high,
    }
}

/// The words of a text, and the text itself, in lower case.
fn tokens(value: &str) -> impl Iterator<Item = String> + '_ {
    value
        .split(|c: char| !c.is_alphanumeric())
        .filter(|t| !t.is_empty())
        .map(str::to_lowercase)
        .chain(std::iter::once(value.to_lowercase()))
}
