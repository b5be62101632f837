//! Visitors and accounts: reading, editing and erasing them.

use jiff::Timestamp;
use model::{Group, MetadataType, PropertyName, RecordId, RunId};
use sqlx::AssertSqlSafe;

use crate::{
    Error, Scope, Store,
    erase::{erase, refuse_while_synced},
    error::{corrupt, doing},
    mapping::{MappedField, put_field},
    patch::merge,
    pin::token_of,
    sql::{self, Lock, to_the_byte},
    staging::first_version,
    state::note_change,
};

/// A visitor or an account with its metadata. Metadata groups are JSON objects as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its id.
    pub id: String,
    /// A JSON array of account ids; visitors only.
    pub accounts: Option<String>,
    /// Metadata the product sent along.
    pub agent: Option<String>,
    /// Metadata set by hand.
    pub custom: Option<String>,
    /// Metadata pulled from HubSpot.
    pub hubspot: Option<String>,
    /// The record that feeds it.
    pub record: Option<RecordId>,
    /// Which state of its hubspot metadata this is; grows with time.
    pub version: Option<i64>,
    /// The run that brought the present hubspot metadata.
    pub run: Option<RunId>,
    /// First known.
    pub created_at: Timestamp,
    /// Last import or edit.
    pub updated_at: Timestamp,
}

impl Subject {
    /// The stored metadata of a group.
    pub fn stored(&self, group: Group) -> Option<&str> {
        match group {
            Group::Agent => self.agent.as_deref(),
            Group::Custom => self.custom.as_deref(),
            Group::Hubspot => self.hubspot.as_deref(),
            Group::Auto => None,
        }
    }

    /// The value of a field, as a JSON token; `None` when there is none.
    pub fn token(&self, group: Group, name: &str) -> Option<&str> {
        token_of(self.stored(group), name)
    }
}

/// What [`subject_of`] reads: internal number, id, accounts, agent, custom, hubspot, record, version, times.
pub(crate) type Row = (
    i64,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    i64,
    i64,
);

/// The columns of a [`Row`], of `subject s` and [`ROW_JOINS`].
pub(crate) const ROW_COLUMNS: &str = "s.pk, s.id, s.accounts, s.agent, s.custom, v.payload, l.record_id, v.id, s.created_at, s.updated_at";

/// What a [`Row`] is joined from, after `subject s`.
pub(crate) const ROW_JOINS: &str =
    "LEFT JOIN link l ON l.subject_pk = s.pk LEFT JOIN version v ON v.id = l.version_id";

fn select(condition: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!(
        "SELECT {ROW_COLUMNS} FROM subject s {ROW_JOINS} WHERE s.subscription_id = ? AND s.level = ? AND {condition}"
    ))
}

impl Store {
    /// One visitor or account.
    pub async fn subject(&self, scope: Scope, id: &str) -> Result<Option<Subject>, Error> {
        let row: Option<Row> = sql::query_as(select("s.id = ?"))
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .bind(to_the_byte(id))
            .fetch_optional(&self.pool)
            .await
            .map_err(doing("read a subject"))?;
        Ok(row.map(subject_of))
    }

    /// Visitors or accounts in id order, after the given id.
    pub async fn subjects(
        &self,
        scope: Scope,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Subject>, Error> {
        let rows: Vec<Row> = sql::query_as(select("s.id > ? ORDER BY s.id LIMIT ?"))
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .bind(after)
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(doing("read subjects"))?;
        Ok(rows.into_iter().map(subject_of).collect())
    }

    /// Whether any visitor or account is known.
    pub async fn has_subjects(&self, scope: Scope) -> Result<bool, Error> {
        sql::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM subject WHERE subscription_id = ? AND level = ?)",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_one(&self.pool)
        .await
        .map_err(doing("look for subjects"))
    }

    /// How many visitors or accounts are known.
    pub async fn count_subjects(&self, scope: Scope) -> Result<u64, Error> {
        sql::query_scalar::<i64>(
            "SELECT count(*) FROM subject WHERE subscription_id = ? AND level = ?",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_one(&self.pool)
        .await
        .map(i64::cast_unsigned)
        .map_err(doing("count the subjects"))
    }

    /// How many visitors or accounts are known, but no more than `most`: quick, however many there are.
    pub async fn count_subjects_to(&self, scope: Scope, most: u64) -> Result<u64, Error> {
        sql::query_scalar::<i64>(
            "SELECT count(*) FROM (SELECT 1 FROM subject WHERE subscription_id = ? AND level = ? LIMIT ?) few",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(most.cast_signed())
        .fetch_one(&self.pool)
        .await
        .map(i64::cast_unsigned)
        .map_err(doing("count the subjects"))
    }

    /// Sets one agent or custom value from its JSON token, or clears it with `None`; a custom field that is not there is
    /// made. Says whether the subject exists.
    ///
    /// # Panics
    /// For groups auto and hubspot, which are not edited by hand; the caller refuses them with a reason.
    pub async fn set_value(
        &self,
        scope: Scope,
        id: &str,
        field: (Group, &str, MetadataType),
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        const DOING: &str = "set a value";
        let (group, name, kind) = field;
        let column = match group {
            Group::Agent => "agent",
            Group::Custom => "custom",
            Group::Auto | Group::Hubspot => {
                unreachable!("values of group {group} are not edited by hand")
            }
        };
        let name_token = serde_json::to_string(name).expect("strings serialise");
        let patch = format!("{{{name_token}:{}}}", token.unwrap_or("null"));
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        let sql = format!(
            "SELECT pk, coalesce({column}, '{{}}') FROM subject WHERE subscription_id = ? AND level = ? AND id = ?"
        );
        let found: Option<(i64, String)> = sql::query_as(AssertSqlSafe(sql))
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .bind(to_the_byte(id))
            .fetch_optional(&mut tx)
            .await
            .map_err(doing(DOING))?;
        if let Some((pk, stored)) = &found {
            let merged = merge(stored, &patch).map_err(corrupt("a subject's metadata"))?;
            let sql = format!("UPDATE subject SET {column} = ?, updated_at = ? WHERE pk = ?");
            sql::query(AssertSqlSafe(sql))
                .bind(merged)
                .bind(now.as_millisecond())
                .bind(*pk)
                .execute(&mut tx)
                .await
                .map_err(doing(DOING))?;
            let field = MappedField {
                property: PropertyName::new(name),
                kind,
                display_name: name.into(),
            };
            put_field(&mut tx, scope, group, &field, now).await?;
            note_change(&mut tx, scope, now.as_millisecond())
                .await
                .map_err(doing(DOING))?;
        }
        tx.commit().await?;
        self.refresh_pins(scope, now.as_millisecond()).await?;
        Ok(found.is_some())
    }

    /// Erases everything kept about a visitor or account. Says whether there was one.
    ///
    /// # Errors
    /// [`Error::Busy`] while the level is synced.
    pub async fn erase_subject(
        &self,
        scope: Scope,
        id: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        const DOING: &str = "erase a subject";
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        let pk: Option<i64> = sql::query_scalar(
            "SELECT pk FROM subject WHERE subscription_id = ? AND level = ? AND id = ?",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(to_the_byte(id))
        .fetch_optional(&mut tx)
        .await
        .map_err(doing(DOING))?;
        if let Some(pk) = pk {
            refuse_while_synced(&mut tx, &self.process, scope, now.as_millisecond()).await?;
            erase(&mut tx, scope, &[(pk, id.to_owned())])
                .await
                .map_err(doing(DOING))?;
        }
        tx.commit().await?;
        Ok(pk.is_some())
    }
}

pub(crate) fn subject_of(row: Row) -> Subject {
    let (_, id, accounts, agent, custom, hubspot, record, version, created_at, updated_at) = row;
    let time = |at| Timestamp::from_millisecond(at).unwrap_or_default();
    Subject {
        id,
        accounts,
        agent,
        custom,
        hubspot,
        record: record.map(|record| RecordId(record.cast_unsigned())),
        version,
        run: version.map(|version| RunId((version / first_version(RunId(1))).cast_unsigned())),
        created_at: time(created_at),
        updated_at: time(updated_at),
    }
}
