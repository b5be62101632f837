//! From the body of an aggregation to stages.

use serde_json::{Map, Value};

use super::super::kind::{Group, Kind};
use super::super::schema::Schema;
use super::Path;
use super::condition::{self, Condition};

/// A pipeline, its names resolved.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) kind: Kind,
    /// Leaves anonymous visitors out.
    pub(super) identified: bool,
    pub(super) stages: Vec<Stage>,
    /// Names in the answer, once rows are no whole records any more.
    pub(super) columns: Vec<String>,
    by_id: bool,
}

/// One step.
#[derive(Debug)]
pub(super) enum Stage {
    Filter(Condition),
    /// No keys: rows already come in this order.
    Sort(Vec<Key>),
    Select(Vec<Path>),
    Limit(usize),
    Skip(usize),
    Count,
}

/// What rows are sorted by.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) path: Path,
    pub(super) descending: bool,
}

/// What names mean at a place in the pipeline.
struct Scope<'a> {
    kind: Kind,
    schema: &'a Schema,
    columns: Option<Vec<String>>,
}

impl Scope<'_> {
    fn path(&self, name: &str) -> Path {
        if let Some(columns) = &self.columns {
            let at = columns.iter().position(|c| c == name);
            return at.map_or(Path::Nothing, Path::Column);
        }
        if name == self.kind.id_key() {
            return Path::Id;
        }
        name.strip_prefix("metadata.")
            .and_then(|rest| rest.split_once('.'))
            .and_then(|(group, field)| self.schema.find(Group::named(group)?, field))
            .map_or(Path::Nothing, Path::Field)
    }
}

impl Pipeline {
    /// Reads a body, or says what is not understood.
    pub(super) fn parse<'a>(
        body: &[u8],
        schema: impl FnOnce(Kind) -> &'a Schema,
    ) -> Result<Self, String> {
        let body: Value = serde_json::from_slice(body).map_err(|e| e.to_string())?;
        let pipeline = body["request"]["pipeline"]
            .as_array()
            .ok_or("request.pipeline is no list")?;
        let (first, rest) = pipeline.split_first().ok_or("the pipeline is empty")?;
        let (name, source) = only(&first["source"], "source")?;
        let kind = match name.as_str() {
            "visitors" => Kind::Visitor,
            "accounts" => Kind::Account,
            other => return Err(format!("unknown source {other}")),
        };
        let mut scope = Scope {
            kind,
            schema: schema(kind),
            columns: None,
        };
        let mut stages = Vec::new();
        for stage in rest {
            let (name, argument) = only(stage, "stage")?;
            stages.push(read(name, argument, &mut scope)?);
        }
        let by_id = begins_by_id(&mut stages);
        Ok(Self {
            kind,
            identified: source["identified"] == true,
            stages,
            columns: scope.columns.unwrap_or_default(),
            by_id,
        })
    }

    /// Whether records can come in the order of ids from the start.
    pub(super) fn is_by_id(&self) -> bool {
        self.by_id
    }
}

/// The one entry of an object.
fn only<'a>(value: &'a Value, what: &str) -> Result<(&'a String, &'a Value), String> {
    value
        .as_object()
        .filter(|map| map.len() == 1)
        .and_then(|map: &Map<String, Value>| map.iter().next())
        .ok_or_else(|| format!("a {what} is an object with one key, not {value}"))
}

fn read(name: &str, argument: &Value, scope: &mut Scope<'_>) -> Result<Stage, String> {
    let number = || {
        argument
            .as_u64()
            .and_then(|n| usize::try_from(n).ok())
            .ok_or_else(|| format!("{name} takes a number, not {argument}"))
    };
    Ok(match name {
        "limit" => Stage::Limit(number()?),
        "skip" => Stage::Skip(number()?),
        "count" => {
            scope.columns = Some(vec!["count".to_owned()]);
            Stage::Count
        }
        "filter" => {
            let text = argument.as_str().ok_or("filter takes a text")?;
            Stage::Filter(condition::parse(text, &|name| scope.path(name))?)
        }
        "sort" => {
            let names = argument.as_array().ok_or("sort takes a list")?;
            let keys = names.iter().map(|name| {
                let name = name.as_str().ok_or("sort takes a list of texts")?;
                let (name, descending) =
                    name.strip_prefix('-').map_or((name, false), |n| (n, true));
                Ok(Key {
                    path: scope.path(name),
                    descending,
                })
            });
            Stage::Sort(keys.collect::<Result<_, &str>>()?)
        }
        "select" => {
            let names = argument.as_object().ok_or("select takes an object")?;
            let mut paths = Vec::new();
            for path in names.values() {
                paths.push(scope.path(path.as_str().ok_or("select takes paths")?));
            }
            scope.columns = Some(names.keys().cloned().collect());
            Stage::Select(paths)
        }
        other => return Err(format!("unknown stage {other}")),
    })
}

/// When a sort by id comes before anything but filters, makes it the order of the source.
fn begins_by_id(stages: &mut [Stage]) -> bool {
    for stage in stages {
        match stage {
            Stage::Filter(_) => {}
            Stage::Sort(keys) => {
                let is_by_id =
                    matches!(keys.as_slice(), [key] if key.path == Path::Id && !key.descending);
                if is_by_id {
                    keys.clear();
                }
                return is_by_id;
            }
            _ => return false,
        }
    }
    false
}
