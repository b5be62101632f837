//! Aggregations over visitors and accounts: as many stages of the pipeline language as a connector needs.
//!
//! Stages run as one chain of iterators. Pages by id (`sort` by id, `filter` on the id, `limit`) begin where the filter
//! says, by binary search, and end at the limit: a page's cost does not depend on how many records there are.

mod condition;
mod parse;

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::json;

use super::answer::{Call, refuse};
use super::population::{ANONYMOUS, Population, Record};
use super::record::Reader;
use crate::http::reply::{JSON, Reply};
use crate::wire::write_string;
use condition::{Condition, Scalar};
use parse::{Pipeline, Stage};

/// What a name in the pipeline means at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Path {
    /// The record's id.
    Id,
    /// `metadata.{group}.{field}`, by the field's number.
    Field(u16),
    /// A name that the `select` before gave.
    Column(usize),
    /// Nothing that exists: null.
    Nothing,
}

/// What travels between stages.
#[derive(Clone, Debug)]
enum Row<'a> {
    Whole(&'a Record),
    /// JSON texts, in the order of the `select`'s names.
    Selected(Vec<Cow<'a, str>>),
}

type Rows<'a> = Box<dyn Iterator<Item = Row<'a>> + 'a>;

impl<'a> Row<'a> {
    fn text(&self, path: &Path, reader: Reader<'a>) -> Cow<'a, str> {
        match (self, path) {
            (Row::Whole(record), Path::Id) => {
                let mut out = Vec::with_capacity(record.id.len() + 2);
                write_string(&record.id, &mut out);
                String::from_utf8(out).unwrap_or_default().into()
            }
            (Row::Whole(record), Path::Field(field)) => {
                reader.value(record, *field).unwrap_or("null".into())
            }
            (Row::Selected(texts), Path::Column(at)) => texts[*at].clone(),
            _ => "null".into(),
        }
    }

    fn scalar(&self, path: &Path, reader: Reader<'a>) -> Scalar<'a> {
        match (self, path) {
            // Ids are compared more than anything else, so without a turn through JSON.
            (Row::Whole(record), Path::Id) => Scalar::Text(Cow::Borrowed(&*record.id)),
            _ => Scalar::read(self.text(path, reader)),
        }
    }
}

/// Answers an aggregation.
pub(super) fn answer(call: &Call<'_>) -> Reply {
    let mut state = call.subscription.state();
    let pipeline = match Pipeline::parse(call.body, |kind| &state.of(kind).schema) {
        Ok(pipeline) => pipeline,
        Err(why) => return refuse(400, why),
    };
    state.of_mut(pipeline.kind).sort();
    let population = state.of(pipeline.kind);
    let reader = Reader::new(call.world, population);
    let mut rows = source(population, &pipeline);
    for stage in &pipeline.stages {
        rows = apply(rows, stage, reader);
    }
    let mut body = b"{\"results\":[".to_vec();
    let mut count = 0;
    for row in rows {
        if count > 0 {
            body.push(b',');
        }
        count += 1;
        match row {
            Row::Whole(record) => reader.write(record, &mut body),
            Row::Selected(texts) => write(&pipeline.columns, &texts, &mut body),
        }
    }
    body.extend_from_slice(b"]}");
    let mut reply = Reply::bytes(200, JSON, body);
    reply.records = count;
    reply
}

fn write(names: &[String], texts: &[Cow<'_, str>], body: &mut Vec<u8>) {
    body.push(b'{');
    for (at, (name, text)) in names.iter().zip(texts).enumerate() {
        if at > 0 {
            body.push(b',');
        }
        write_string(name, body);
        body.push(b':');
        body.extend_from_slice(text.as_bytes());
    }
    body.push(b'}');
}

/// Records to begin with: by id and from the filter's bound on when the pipeline sorts by id, else as they came
/// into being, so that a page without a sort is seen to be without order.
fn source<'a>(population: &'a Population, pipeline: &Pipeline) -> Rows<'a> {
    let identified = pipeline.identified;
    let wanted = move |record: &&Record| !(identified && record.id.starts_with(ANONYMOUS));
    if !pipeline.is_by_id() {
        return Box::new(population.by_age().iter().filter(wanted).map(Row::Whole));
    }
    let places = population.by_id();
    let mut bounds = Bounds::default();
    for stage in &pipeline.stages {
        match stage {
            Stage::Sort(_) => {}
            Stage::Filter(condition) => bounds.narrow(condition),
            _ => break,
        }
    }
    let from = bounds.low.map_or(0, |low| {
        places.partition_point(|place| *population.record(*place).id < *low)
    });
    let to = bounds.high.map_or(places.len(), |high| {
        places.partition_point(|place| *population.record(*place).id <= *high)
    });
    let between = places.get(from..to).unwrap_or_default();
    Box::new(
        between
            .iter()
            .map(|place| population.record(*place))
            .filter(wanted)
            .map(Row::Whole),
    )
}

/// Ids that a filter can let through, both ends included: the filter itself still has the last word.
#[derive(Default)]
struct Bounds<'a> {
    low: Option<&'a str>,
    high: Option<&'a str>,
}

impl<'a> Bounds<'a> {
    fn narrow(&mut self, condition: &'a Condition) {
        match condition {
            Condition::All(parts) => parts.iter().for_each(|part| self.narrow(part)),
            Condition::Compare(Path::Id, operator, Scalar::Text(id)) => {
                if operator.has_low_end() {
                    self.low = self.low.max(Some(id));
                }
                if operator.has_high_end() {
                    self.high = Some(self.high.map_or(id.as_ref(), |high| high.min(id)));
                }
            }
            Condition::Any(_) | Condition::Compare(..) => {}
        }
    }
}

fn apply<'a>(rows: Rows<'a>, stage: &'a Stage, reader: Reader<'a>) -> Rows<'a> {
    match stage {
        Stage::Filter(condition) => {
            Box::new(rows.filter(move |row| condition.holds(&|path| row.scalar(path, reader))))
        }
        Stage::Limit(most) => Box::new(rows.take(*most)),
        Stage::Skip(first) => Box::new(rows.skip(*first)),
        Stage::Select(paths) => Box::new(rows.map(move |row| {
            let texts = paths.iter().map(|path| row.text(path, reader));
            Row::Selected(texts.collect())
        })),
        Stage::Count => {
            let count = rows.count();
            Box::new(std::iter::once(Row::Selected(vec![
                json!(count).to_string().into(),
            ])))
        }
        // The source already walks in this order.
        Stage::Sort(keys) if keys.is_empty() => rows,
        Stage::Sort(keys) => {
            let mut keyed: Vec<(Vec<Scalar<'a>>, Row<'a>)> = rows
                .map(|row| {
                    let scalars = keys.iter().map(|key| row.scalar(&key.path, reader));
                    (scalars.collect(), row)
                })
                .collect();
            keyed.sort_by(|(a, _), (b, _)| {
                let parts = keys.iter().zip(a.iter().zip(b));
                parts
                    .map(|(key, (a, b))| {
                        let order = a.order(b);
                        if key.descending {
                            order.reverse()
                        } else {
                            order
                        }
                    })
                    .find(|order| order.is_ne())
                    .unwrap_or(Ordering::Equal)
            });
            Box::new(keyed.into_iter().map(|(_, row)| row))
        }
    }
}
