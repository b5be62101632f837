//! A record as the API shows it, with what Pendo computes itself.

use serde_json::json;

use super::kind::{Group, Kind};
use super::population::{Population, Record};
use super::world::World;
use crate::hash::{below, mix, pick, salt};
use crate::instant::DAY;
use crate::wire::write_string;

/// Reads records of one population.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub(super) population: &'a Population,
    seed: u64,
    start_ms: i64,
    account_first_visit: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(world: &World, population: &'a Population) -> Self {
        Self {
            population,
            seed: world.seed,
            start_ms: world.start_ms,
            account_first_visit: world.switches().account_first_visit,
        }
    }

    /// JSON text of one value; nothing when it was never set, was cleared, or its field is deleted.
    pub(super) fn value(
        &self,
        record: &'a Record,
        field: u16,
    ) -> Option<std::borrow::Cow<'a, str>> {
        let definition = self.population.schema.field(field);
        if definition.is_deleted {
            return None;
        }
        match record.row.get(field) {
            Some(text) => Some(text.into()),
            None if definition.group == Group::Auto => {
                self.computed(record, &definition.name).map(Into::into)
            }
            None => None,
        }
    }

    /// What Pendo computes: a pure function of seed and id.
    fn computed(&self, record: &Record, name: &str) -> Option<String> {
        let hash = mix(self.seed ^ salt(&record.id));
        let kind = self.population.kind;
        let day = DAY.cast_unsigned();
        let first_ago = below(mix(hash), 720 * day);
        let last_ago = below(mix(hash ^ 1), first_ago.max(1));
        let ago = |ms: u64| (self.start_ms - ms.cast_signed()).to_string();
        let browser = |versions: [&str; 4]| Some(json!(pick(hash, &versions)).to_string());
        match name {
            "id" => Some(json!(&*record.id).to_string()),
            "idhash" => Some((hash >> 32).to_string()),
            "lastupdated" => Some(ago(last_ago)),
            _ if !record.has_visited => None,
            "firstvisit" if kind == Kind::Account && !self.account_first_visit => None,
            "firstvisit" => Some(ago(first_ago)),
            "lastvisit" => Some(ago(last_ago)),
            _ if kind != Kind::Visitor => None,
            "lastbrowsername" => browser(["Chrome", "Edge", "Firefox", "Safari"]),
            "lastbrowserversion" => browser(["142.0.0", "141.0.0", "145.0", "18.2"]),
            "lastoperatingsystem" => browser(["Windows", "Windows", "Linux", "Mac OS X"]),
            "lastservername" => Some(json!("app.product.example").to_string()),
            _ => None,
        }
    }

    /// Appends the whole record.
    pub(super) fn write(&self, record: &'a Record, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"");
        out.extend_from_slice(self.population.kind.id_key().as_bytes());
        out.extend_from_slice(b"\":");
        write_string(&record.id, out);
        out.extend_from_slice(b",\"metadata\":{");
        let mut groups = 0;
        for group in Group::ALL {
            let mut values = 0;
            for field in self.population.schema.of_group(group) {
                let number = self.population.schema.find(group, &field.name);
                let Some(text) = number.and_then(|n| self.value(record, n)) else {
                    continue;
                };
                if values > 0 {
                    out.push(b',');
                } else {
                    if groups > 0 {
                        out.push(b',');
                    }
                    out.extend_from_slice(format!("\"{}\":{{", group.name()).as_bytes());
                    groups += 1;
                }
                values += 1;
                write_string(&field.name, out);
                out.push(b':');
                out.extend_from_slice(text.as_bytes());
            }
            if values > 0 {
                out.push(b'}');
            }
        }
        out.extend_from_slice(b"}}");
    }
}
