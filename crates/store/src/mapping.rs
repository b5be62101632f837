//! Mappings, and the metadata fields of a level.

use std::str::FromStr as _;

use crate::{
    Error, Scope, Store,
    error::{corrupt, doing},
    sql::{self, Connection, Lock, Source},
};
use jiff::Timestamp;
use model::{Group, MetadataType, PropertyName};

/// What an emptied property does to the stored value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmptyPolicy {
    /// The value goes.
    #[default]
    Clear,
    /// The last value stays.
    Keep,
}

/// How a level is fed: which property is the key, and which are pulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The property whose value equals the id, byte for byte.
    pub key: PropertyName,
    /// The pulled properties with the types of their fields, in name order.
    pub fields: Vec<MappedField>,
    /// What an emptied property does.
    pub empty: EmptyPolicy,
    /// Grows with every change, so that a stored fingerprint tells what it was made of.
    pub version: i64,
}

/// A pulled property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedField {
    /// HubSpot's name, which is also the field's.
    pub property: PropertyName,
    /// The type the field was made with; it never changes.
    pub kind: MetadataType,
    /// What people see.
    pub display_name: String,
}

/// A metadata field of a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Where its values come from.
    pub group: Group,
    /// Name within the group.
    pub name: String,
    /// Type of its values.
    pub kind: MetadataType,
    /// What people see.
    pub display_name: String,
    /// Group hubspot: pulled at present.
    pub selected: bool,
}

impl Store {
    /// The mapping of a level, if it is set.
    pub async fn mapping(&self, scope: Scope) -> Result<Option<Mapping>, Error> {
        // The version and the fields it was made for.
        let mut tx = self.pool.snapshot("read the mapping").await?;
        let mapping = mapping_of(&mut tx, scope).await?;
        tx.commit().await?;
        Ok(mapping)
    }

    /// When key, fields or policy of a level last changed.
    pub async fn mapping_changed_at(&self, scope: Scope) -> Result<Option<Timestamp>, Error> {
        let at: Option<Option<i64>> = sql::query_scalar(
            "SELECT changed_at FROM mapping WHERE subscription_id = ? AND level = ?",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_optional(&self.pool)
        .await
        .map_err(doing("read the mapping"))?;
        Ok(at
            .flatten()
            .and_then(|at| Timestamp::from_millisecond(at).ok()))
    }

    /// Sets key, fields and policy of a level. Fields left out stop being pulled; their values stay.
    ///
    /// The version grows only when something a fingerprint depends on has changed.
    pub async fn set_mapping(
        &self,
        scope: Scope,
        key: &PropertyName,
        fields: &[MappedField],
        empty: EmptyPolicy,
        now: Timestamp,
    ) -> Result<Mapping, Error> {
        const DOING: &str = "store the mapping";
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        let before = mapping_of(&mut tx, scope).await?;
        sql::query("UPDATE field SET selected = false WHERE subscription_id = ? AND level = ? AND grp = 'hubspot'")
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .execute(&mut *tx)
            .await
            .map_err(doing(DOING))?;
        for field in fields {
            put_field(&mut tx, scope, Group::Hubspot, field, now).await?;
        }
        let same = before.as_ref().is_some_and(|before| {
            let names = |fields: &[MappedField]| {
                let mut names: Vec<_> = fields.iter().map(|field| field.property.clone()).collect();
                names.sort();
                names
            };
            before.key == *key && before.empty == empty && names(&before.fields) == names(fields)
        });
        let version = before.map_or(0, |before| before.version) + i64::from(!same);
        sql::query(
            "INSERT INTO mapping (subscription_id, level, key_property, empty_policy, version, changed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (subscription_id, level) DO UPDATE
             SET key_property = excluded.key_property, empty_policy = excluded.empty_policy, version = excluded.version,
                 changed_at = CASE WHEN excluded.version = mapping.version THEN mapping.changed_at ELSE excluded.changed_at END",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(key.as_str())
        .bind(if empty == EmptyPolicy::Keep { "keep" } else { "clear" })
        .bind(version)
        .bind(now.as_millisecond())
        .execute(&mut *tx)
        .await
        .map_err(doing(DOING))?;
        let mapping = mapping_of(&mut tx, scope).await?;
        tx.commit().await?;
        Ok(mapping.expect("the mapping was just stored"))
    }

    /// All metadata fields of a level, by group and name.
    pub async fn fields(&self, scope: Scope) -> Result<Vec<Field>, Error> {
        fields_of(&self.pool, scope).await
    }
}

async fn mapping_of(conn: &mut Connection, scope: Scope) -> Result<Option<Mapping>, Error> {
    let row: Option<(String, String, i64)> = sql::query_as(
        "SELECT key_property, empty_policy, version FROM mapping WHERE subscription_id = ? AND level = ?",
    )
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .fetch_optional(&mut *conn)
    .await
    .map_err(doing("read the mapping"))?;
    let Some((key, empty, version)) = row else {
        return Ok(None);
    };
    let fields = fields_of(conn, scope)
        .await?
        .into_iter()
        .filter(|field| field.selected && field.group == Group::Hubspot)
        .map(|field| MappedField {
            property: PropertyName::new(&field.name),
            kind: field.kind,
            display_name: field.display_name,
        })
        .collect();
    Ok(Some(Mapping {
        key: PropertyName::new(key),
        fields,
        empty: if empty == "keep" {
            EmptyPolicy::Keep
        } else {
            EmptyPolicy::Clear
        },
        version,
    }))
}

async fn fields_of(on: impl Into<Source<'_>>, scope: Scope) -> Result<Vec<Field>, Error> {
    let rows: Vec<(String, String, String, String, bool)> = sql::query_as(
        "SELECT grp, name, type, display_name, selected FROM field
         WHERE subscription_id = ? AND level = ? ORDER BY grp, name",
    )
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .fetch_all(on)
    .await
    .map_err(doing("read the fields"))?;
    rows.into_iter()
        .map(|(group, name, kind, display_name, selected)| {
            Ok(Field {
                group: Group::from_str(&group).map_err(corrupt("a field's group"))?,
                name,
                kind: MetadataType::from_str(&kind).map_err(corrupt("a field's type"))?,
                display_name,
                selected,
            })
        })
        .collect()
}

/// Makes a field or selects it again. An existing field keeps its type.
pub(crate) async fn put_field(
    conn: &mut Connection,
    scope: Scope,
    group: Group,
    field: &MappedField,
    now: Timestamp,
) -> Result<(), Error> {
    sql::query(
        "INSERT INTO field (subscription_id, level, grp, name, type, display_name, selected, created_at)
         VALUES (?, ?, ?, ?, ?, ?, true, ?)
         ON CONFLICT (subscription_id, level, grp, name) DO UPDATE
         SET display_name = excluded.display_name, selected = true",
    )
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .bind(group.name())
    .bind(field.property.as_str())
    .bind(field.kind.name())
    .bind(&field.display_name)
    .bind(now.as_millisecond())
    .execute(conn)
    .await
    .map(drop)
    .map_err(doing("store a field"))
}
