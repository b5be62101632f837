//! What can happen in a portal besides calls of the API: edits by people, workflows and administrators.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::knobs::{Knobs, Quota};
use crate::object::Object;
use crate::portal::Portal;
use crate::table::Moment;

/// Something that happens in a portal, at run time or by a [`Rule`](crate::Rule) at a certain call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Command {
    /// Sets values of a record. `""` clears.
    Set {
        /// Object type.
        object: Object,
        /// Record id.
        id: u64,
        /// Property values by name.
        values: BTreeMap<String, String>,
        /// Whether the modified date moves; it does not for calculated values.
        #[serde(default = "yes")]
        moves_date: bool,
    },
    /// Sets the same values on many live records, all in one millisecond.
    BulkSet {
        /// Object type.
        object: Object,
        /// The first record id to touch.
        #[serde(default)]
        from: u64,
        /// How many records.
        count: u32,
        /// Property values by name.
        values: BTreeMap<String, String>,
    },
    /// Makes a record; answers its id.
    Create {
        /// Object type.
        object: Object,
        /// Property values by name.
        #[serde(default)]
        values: BTreeMap<String, String>,
    },
    /// Archives a record.
    Archive {
        /// Object type.
        object: Object,
        /// Record id.
        id: u64,
    },
    /// Restores an archived record.
    Restore {
        /// Object type.
        object: Object,
        /// Record id.
        id: u64,
    },
    /// Merges a record into another.
    Merge {
        /// Object type.
        object: Object,
        /// The record that stays.
        primary: u64,
        /// The record that goes.
        loser: u64,
    },
    /// Erases a record for good.
    Erase {
        /// Object type.
        object: Object,
        /// Record id.
        id: u64,
    },
    /// Defines a custom property that no record has a value for.
    AddProperty {
        /// Object type.
        object: Object,
        /// Name.
        name: String,
        /// Label.
        #[serde(default)]
        label: String,
        /// `type`.
        kind: String,
        /// `fieldType`.
        field: String,
    },
    /// Archives a property.
    ArchiveProperty {
        /// Object type.
        object: Object,
        /// Name.
        name: String,
    },
    /// Restores an archived property.
    RestoreProperty {
        /// Object type.
        object: Object,
        /// Name.
        name: String,
    },
    /// Gives a property another type; its values stay as they are.
    RetypeProperty {
        /// Object type.
        object: Object,
        /// Name.
        name: String,
        /// `type`; unknown ones are welcome.
        kind: String,
        /// `fieldType`.
        field: String,
    },
    /// Renames a property's label.
    RelabelProperty {
        /// Object type.
        object: Object,
        /// Name.
        name: String,
        /// The new label.
        label: String,
    },
    /// Renames the label of one option.
    RelabelOption {
        /// Object type.
        object: Object,
        /// Name of the property.
        name: String,
        /// The option's value.
        value: String,
        /// The new label.
        label: String,
    },
    /// Turns knobs; those left out of the JSON go back to their defaults.
    Knobs {
        /// All of them.
        knobs: Knobs,
    },
    /// Sets the limits.
    Quota {
        /// All of them.
        quota: Quota,
    },
    /// Sets how many calls count as made today.
    UsedToday {
        /// Calls.
        calls: u32,
    },
    /// Moves the sandbox's clock (that of all portals).
    Advance {
        /// Milliseconds.
        ms: i64,
    },
    /// Sets the scopes the account can grant, and those of its static tokens.
    Scopes {
        /// All of them.
        scopes: Vec<String>,
    },
    /// Makes a static token unknown.
    ForgetToken {
        /// The token.
        token: String,
    },
    /// Makes a static token known, with all scopes of the portal.
    AddToken {
        /// The token.
        token: String,
    },
}

const fn yes() -> bool {
    true
}

fn pairs(values: &BTreeMap<String, String>) -> Vec<(String, String)> {
    values.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn done() -> Value {
    json!({"done": true})
}

fn owed(ok: bool, why: &str) -> Result<Value, String> {
    if ok { Ok(done()) } else { Err(why.to_owned()) }
}

impl Command {
    /// Carries the command out; what comes back is its result, or why it could not be done.
    pub(crate) fn run(&self, portal: &Portal, clock: &Clock) -> Result<Value, String> {
        let at = Moment {
            now: clock.now_ms(),
            index_delay: portal.settings().knobs.index_delay_ms,
        };
        match self {
            Self::AddProperty { .. }
            | Self::ArchiveProperty { .. }
            | Self::RestoreProperty { .. }
            | Self::RetypeProperty { .. }
            | Self::RelabelProperty { .. }
            | Self::RelabelOption { .. } => self.on_catalogue(portal, at),
            Self::Set { .. }
            | Self::BulkSet { .. }
            | Self::Create { .. }
            | Self::Archive { .. }
            | Self::Restore { .. }
            | Self::Merge { .. }
            | Self::Erase { .. } => self.on_records(portal, at),
            _ => self.on_settings(portal, clock),
        }
    }

    fn on_records(&self, portal: &Portal, at: Moment) -> Result<Value, String> {
        let place = |object: Object, id: u64| {
            portal
                .table(object)
                .index(id)
                .ok_or_else(|| format!("no {} record {id}", object.name()))
        };
        match self {
            Self::Set {
                object,
                id,
                values,
                moves_date,
            } => {
                let index = place(*object, *id)?;
                portal
                    .table_mut(*object)
                    .set(index, &pairs(values), *moves_date, at);
                Ok(done())
            }
            Self::BulkSet {
                object,
                from,
                count,
                values,
            } => {
                let mut table = portal.table_mut(*object);
                let mut index = table.generator.ids.lower_bound(*from);
                let (mut left, values) = (*count, pairs(values));
                while left > 0 && index < table.len() {
                    if table.life(table.record(index), crate::table::View::Live)
                        == crate::generate::Life::Live
                    {
                        table.set(index, &values, true, at);
                        left -= 1;
                    }
                    index += 1;
                }
                Ok(json!({"touched": count - left}))
            }
            Self::Create { object, values } => {
                let mut table = portal.table_mut(*object);
                let index = table.create(&pairs(values), at);
                Ok(json!({"id": table.generator.ids.id(index).to_string()}))
            }
            Self::Archive { object, id } => {
                let index = place(*object, *id)?;
                owed(
                    portal.table_mut(*object).archive(index, at),
                    "the record is not live",
                )
            }
            Self::Restore { object, id } => {
                let index = place(*object, *id)?;
                owed(
                    portal.table_mut(*object).restore(index, at),
                    "the record is not archived",
                )
            }
            Self::Merge {
                object,
                primary,
                loser,
            } => {
                let (primary, loser) = (place(*object, *primary)?, place(*object, *loser)?);
                portal.table_mut(*object).merge(primary, loser, at);
                Ok(done())
            }
            Self::Erase { object, id } => {
                let index = place(*object, *id)?;
                portal.table_mut(*object).erase(index, at);
                Ok(done())
            }
            _ => Err("not about records".to_owned()),
        }
    }

    fn on_catalogue(&self, portal: &Portal, at: Moment) -> Result<Value, String> {
        match self {
            Self::AddProperty {
                object,
                name,
                label,
                kind,
                field,
            } => {
                let label = if label.is_empty() { name } else { label };
                owed(
                    portal
                        .table_mut(*object)
                        .catalogue
                        .add(name, label, kind, field),
                    "the name is taken",
                )
            }
            Self::ArchiveProperty { object, name } => {
                let found = portal
                    .table_mut(*object)
                    .catalogue
                    .change(name, |p| p.archived_ms = Some(at.now));
                owed(found, "no such property")
            }
            Self::RestoreProperty { object, name } => {
                let found = portal
                    .table_mut(*object)
                    .catalogue
                    .change(name, |p| p.archived_ms = None);
                owed(found, "no such property")
            }
            Self::RetypeProperty {
                object,
                name,
                kind,
                field,
            } => {
                let found = portal.table_mut(*object).catalogue.change(name, |p| {
                    p.kind = crate::catalogue::Type::named(kind);
                    p.field = field.clone().into();
                });
                owed(found, "no such property")
            }
            Self::RelabelProperty {
                object,
                name,
                label,
            } => {
                let found = portal
                    .table_mut(*object)
                    .catalogue
                    .change(name, |p| p.label = label.clone().into());
                owed(found, "no such property")
            }
            Self::RelabelOption {
                object,
                name,
                value,
                label,
            } => {
                let mut relabelled = false;
                portal
                    .table_mut(*object)
                    .catalogue
                    .change(name, |property| {
                        relabelled = property.relabel_option(value, label);
                    });
                owed(relabelled, "no such option")
            }
            _ => Err("not about the catalogue".to_owned()),
        }
    }

    fn on_settings(&self, portal: &Portal, clock: &Clock) -> Result<Value, String> {
        match self {
            Self::Knobs { knobs } => {
                portal.settings_mut().knobs = *knobs;
            }
            Self::Quota { quota } => {
                portal.settings_mut().quota = *quota;
            }
            Self::UsedToday { calls } => {
                portal.meter().today = *calls;
            }
            Self::Advance { ms } => {
                clock.advance_ms(*ms);
            }
            Self::Scopes { scopes } => {
                portal.settings_mut().scopes.clone_from(scopes);
            }
            Self::ForgetToken { token } => {
                portal.settings_mut().tokens.retain(|t| t.token != *token);
            }
            Self::AddToken { token } => {
                portal
                    .settings_mut()
                    .tokens
                    .push(crate::config::StaticToken {
                        token: token.clone(),
                        scopes: Vec::new(),
                    });
            }
            _ => return Err("not about settings".to_owned()),
        }
        Ok(done())
    }
}
