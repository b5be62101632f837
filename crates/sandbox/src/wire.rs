//! Records as JSON: which properties an answer holds, and how each is written, straight into the answer's buffer.

use std::collections::BTreeMap;

use crate::catalogue::{Property, Sensitivity, Source, Type};
use crate::generate::names::write_number;
use crate::generate::values::Fill;
use crate::generate::{Life, Record};
use crate::hash::{mix, threshold};
use crate::instant::write_iso;
use crate::knobs::Knobs;
use crate::object::Object;
use crate::table::{Table, View};

/// Appends a JSON string.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let from = out.len();
    out.extend_from_slice(text.as_bytes());
    escape(out, from);
    out.push(b'"');
}

/// Escapes what stands in the buffer from `from` on, as JSON demands.
pub(crate) fn escape(out: &mut Vec<u8>, from: usize) {
    let needs = |b: &u8| *b < 0x20 || *b == b'"' || *b == b'\\';
    let Some(first) = out[from..].iter().position(needs) else {
        return;
    };
    let tail = out.split_off(from + first);
    for b in tail {
        match b {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..=0x1f => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(b >> 4)]);
                out.push(HEX[usize::from(b & 0xf)]);
            }
            b => out.push(b),
        }
    }
}

/// How records are written in one answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style<'a> {
    pub(crate) knobs: &'a Knobs,
    pub(crate) portal: u64,
    /// For search with newer values: the instant that shows instead of the modified date.
    pub(crate) newer_at: Option<i64>,
    pub(crate) extra_fields: bool,
}

/// The properties of an answer, resolved and in order.
pub(crate) struct Plan<'a> {
    /// Each name as it stands in the JSON, comma first, with its property.
    columns: Vec<(Vec<u8>, &'a Property)>,
    history: Vec<&'a Property>,
}

impl<'a> Plan<'a> {
    /// `asked` is empty for the object's default properties. Unknown, archived and forbidden names are left out.
    pub(crate) fn new<S: AsRef<str>>(
        table: &'a Table,
        asked: &[S],
        history: &[String],
        may_read: impl Fn(Sensitivity) -> bool,
    ) -> Self {
        let mut names: BTreeMap<&str, &Property> = BTreeMap::new();
        let always = [
            "hs_object_id",
            "createdate",
            table.object.modified_property(),
        ];
        let defaults = if asked.is_empty() && history.is_empty() {
            table.object.default_properties()
        } else {
            &[]
        };
        let asked = asked.iter().map(AsRef::as_ref).filter(|n| !n.is_empty());
        for name in asked.chain(defaults.iter().copied()).chain(always) {
            if let Some(property) = table.catalogue.live(name)
                && may_read(property.sensitivity)
            {
                names.insert(property.name.as_ref(), property);
            }
        }
        let columns = names
            .into_iter()
            .map(|(name, property)| {
                let mut key = vec![b','];
                write_string(name, &mut key);
                key.push(b':');
                (key, property)
            })
            .collect();
        let history = history
            .iter()
            .filter_map(|n| table.catalogue.live(n))
            .filter(|p| may_read(p.sensitivity))
            .collect();
        Self { columns, history }
    }
}

/// Writes one record.
pub(crate) fn write_record(
    table: &Table,
    record: Record,
    plan: &Plan<'_>,
    style: &Style<'_>,
    out: &mut Vec<u8>,
) {
    let id = table.generator.id(record);
    out.extend_from_slice(b"{\"id\":\"");
    write_number(id, out);
    out.extend_from_slice(b"\",\"properties\":{");
    let modified = match style.newer_at {
        Some(now) if (mix(record.hash ^ 0x4e3e) as u32) < threshold(style.knobs.newer_values) => {
            now
        }
        _ => table.modified(record, View::Live),
    };
    let fraction = !style.knobs.truncate_ms;
    let start = out.len();
    for (key, property) in &plan.columns {
        let before = out.len();
        out.extend_from_slice(if before == start { &key[1..] } else { key });
        if property.source == Source::Modified {
            out.push(b'"');
            write_iso(modified, fraction, out);
            out.push(b'"');
        } else if write_json_value(table, record, property, fraction, out) == Fill::Null {
            if style.knobs.omit_unset {
                out.truncate(before);
            } else {
                out.extend_from_slice(b"null");
            }
        }
    }
    out.push(b'}');
    if !plan.history.is_empty() {
        write_history(table, record, &plan.history, modified, out);
    }
    out.extend_from_slice(b",\"createdAt\":\"");
    write_iso(table.created(record), fraction, out);
    out.extend_from_slice(b"\",\"updatedAt\":\"");
    write_iso(modified, fraction, out);
    if table.life(record, View::Live) == Life::Archived {
        out.extend_from_slice(b"\",\"archived\":true,\"archivedAt\":\"");
        write_iso(table.archived_at(record), fraction, out);
        out.push(b'"');
    } else {
        out.extend_from_slice(b"\",\"archived\":false");
    }
    if style.knobs.record_url {
        out.extend_from_slice(b",\"url\":\"https://app.hubspot.com/contacts/");
        write_number(style.portal, out);
        out.extend_from_slice(b"/record/");
        out.extend_from_slice(table.object.type_id().as_bytes());
        out.push(b'/');
        write_number(id, out);
        out.push(b'"');
    }
    if style.extra_fields {
        out.extend_from_slice(b",\"objectWriteTraceId\":null,\"futureField\":{\"nested\":[1,2.5,\"x\"],\"flag\":true}");
    }
    out.push(b'}');
}

/// Writes a value as a JSON string, or nothing at all when it was never set.
fn write_json_value(
    table: &Table,
    record: Record,
    property: &Property,
    fraction: bool,
    out: &mut Vec<u8>,
) -> Fill {
    let before = out.len();
    out.push(b'"');
    let (fill, plain) = table.write_value(record, property, View::Live, out);
    if fill == Fill::Null {
        out.truncate(before);
        return fill;
    }
    if !plain {
        escape(out, before + 1);
    }
    if !fraction
        && property.kind == Type::Datetime
        && out.len() > before + 5
        && out[out.len() - 5] == b'.'
        && out.ends_with(b"Z")
    {
        out.truncate(out.len() - 5);
        out.push(b'Z');
    }
    out.push(b'"');
    fill
}

fn write_history(
    table: &Table,
    record: Record,
    history: &[&Property],
    modified: i64,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b",\"propertiesWithHistory\":{");
    for (n, property) in history.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        write_string(&property.name, out);
        out.extend_from_slice(b":[");
        let before = out.len();
        out.extend_from_slice(b"{\"value\":");
        if write_json_value(table, record, property, true, out) == Fill::Null {
            out.truncate(before);
        } else {
            out.extend_from_slice(b",\"timestamp\":\"");
            write_iso(modified, true, out);
            out.extend_from_slice(b"\",\"sourceType\":\"CRM_UI\"}");
        }
        out.push(b']');
    }
    out.push(b'}');
}

/// Writes `"paging":{…}` with a leading comma. The link shows a v3 address whatever version was called.
pub(crate) fn write_paging(
    object: Object,
    limit: usize,
    after: u64,
    search: bool,
    out: &mut Vec<u8>,
) {
    let path = if search { "/search" } else { "" };
    out.extend_from_slice(
        format!(
            ",\"paging\":{{\"next\":{{\"after\":\"{after}\",\"link\":\"https://api.hubapi.com/crm/objects/v3/{}{path}?limit={limit}&after={after}\"}}}}",
            object.name()
        )
        .as_bytes(),
    );
}
