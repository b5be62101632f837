//! Results in the order of a property's values. Such a search looks at every match once and remembers the order of
//! the 10,000 it may hand out.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use super::CEILING;
use super::parse::Query;
use super::predicate::Predicate;
use crate::catalogue::{Source, Type};
use crate::instant;
use crate::table::{Table, View};

/// The order of one query.
#[derive(Debug)]
pub(crate) struct Sorted {
    pub(crate) total: u64,
    pub(crate) places: Vec<u32>,
}

#[derive(Debug, PartialEq)]
enum Rank {
    Time(i64),
    Number(f64),
    Text(String),
    Nothing,
}

impl Rank {
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Time(a), Self::Time(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Nothing, Self::Nothing) => Ordering::Equal,
            (Self::Nothing, _) => Ordering::Greater,
            (_, Self::Nothing) => Ordering::Less,
            _ => Ordering::Equal,
        }
    }
}

pub(super) fn all(
    table: &Table,
    predicate: &Predicate<'_>,
    query: &Query,
    range: Range<u32>,
    now: i64,
    loose: bool,
) -> Arc<Sorted> {
    let name = format!(
        "{}|{:?}|{range:?}|{}|{}|{}|{loose}",
        query.residual,
        query.sort,
        table.version,
        table.catalogue.version,
        if table.is_untouched() { 0 } else { now },
    );
    table.counts.sorted(&name, || {
        let view = View::Index(now);
        let property = table.catalogue.live(&query.sort.property);
        let mut scratch = Vec::new();
        let mut ranked: Vec<(Rank, u32)> = range
            .filter(|i| predicate.matches(*i))
            .map(|i| {
                let record = table.record(i);
                let Some(property) = property else {
                    return (Rank::Nothing, i);
                };
                if property.source == Source::Modified {
                    return (Rank::Time(table.modified(record, view)), i);
                }
                scratch.clear();
                table.write_value(record, property, view, &mut scratch);
                let text = String::from_utf8_lossy(&scratch);
                if text.is_empty() {
                    return (Rank::Nothing, i);
                }
                let rank = match property.kind {
                    Type::Number => text.parse().map_or(Rank::Nothing, Rank::Number),
                    Type::Date | Type::Datetime => {
                        instant::parse(&text).map_or(Rank::Nothing, Rank::Time)
                    }
                    _ => Rank::Text(text.to_lowercase()),
                };
                (rank, i)
            })
            .collect();
        ranked.sort_by(|(a, i), (b, k)| {
            let order = a.compare(b);
            let order = if query.sort.ascending {
                order
            } else {
                order.reverse()
            };
            order.then(i.cmp(k))
        });
        let total = ranked.len() as u64;
        let mut places: Vec<u32> = ranked
            .into_iter()
            .take(CEILING as usize)
            .map(|(_, i)| i)
            .collect();
        if loose && property.is_some_and(|p| p.source == Source::Modified) {
            // Steps of three never line up with a page, so some neighbours change places across its edge.
            for at in (0..places.len().saturating_sub(1)).step_by(3) {
                places.swap(at, at + 1);
            }
        }
        Sorted { total, places }
    })
}
