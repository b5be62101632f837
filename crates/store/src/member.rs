//! People who may sign in.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use crate::{
    Error, Store,
    error::doing,
    sql::{self, Connection, Lock},
};

/// The number of a person within an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MemberId(pub i64);

/// What a person may do, in all subscriptions of the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads and configures.
    Admin,
}

impl Role {
    /// Both, the lesser first.
    pub const ALL: [Self; 2] = [Self::Viewer, Self::Admin];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its number.
    pub id: MemberId,
    /// E-mail address in lower case; what the person signs in with.
    pub email: String,
    /// What the person may do.
    pub role: Role,
    /// Whether there is a password: without one the person has not joined yet.
    pub joined: bool,
    /// Language chosen; `None`: as the browser says.
    pub language: Option<String>,
    /// Theme chosen; `None`: as the system says.
    pub theme: Option<String>,
    /// Whether the person may sign in.
    pub active: bool,
    /// Since when.
    pub created_at: Timestamp,
    /// Last sign-in.
    pub signed_in_at: Option<Timestamp>,
}

/// What could not be done to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There would be nobody left who can configure.
    #[error("this is the last admin")]
    LastAdmin,
    /// The address is somebody's already.
    #[error("there is somebody with this e-mail address")]
    Taken,
    /// There is no such person.
    #[error("there is no such person")]
    Unknown,
}

type Row = (
    i64,
    String,
    String,
    bool,
    Option<String>,
    Option<String>,
    bool,
    i64,
    Option<i64>,
);

const SELECT: &str = "SELECT id, email, role, password IS NOT NULL, language, theme, active, created_at, signed_in_at FROM member";

fn member_of(row: Row) -> Member {
    let (id, email, role, joined, language, theme, active, created_at, signed_in_at) = row;
    let time = |at| Timestamp::from_millisecond(at).unwrap_or_default();
    Member {
        id: MemberId(id),
        email,
        role: Role::from_name(&role).unwrap_or(Role::Viewer),
        joined,
        language,
        theme,
        active,
        created_at: time(created_at),
        signed_in_at: signed_in_at.map(time),
    }
}

/// An address as it is compared.
pub fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

impl Store {
    /// Everybody, by address.
    pub async fn members(&self) -> Result<Vec<Member>, Error> {
        let sql = format!("{SELECT} ORDER BY email");
        let rows: Vec<Row> = sql::query_as(AssertSqlSafe(sql))
            .fetch_all(&self.pool)
            .await
            .map_err(doing("list the members"))?;
        Ok(rows.into_iter().map(member_of).collect())
    }

    /// One person.
    pub async fn member(&self, id: MemberId) -> Result<Option<Member>, Error> {
        let sql = format!("{SELECT} WHERE id = ?");
        let row: Option<Row> = sql::query_as(AssertSqlSafe(sql))
            .bind(id.0)
            .fetch_optional(&self.pool)
            .await
            .map_err(doing("read a member"))?;
        Ok(row.map(member_of))
    }

    /// A person by address, with the hash of the password if there is one.
    pub async fn member_to_sign_in(
        &self,
        email: &str,
    ) -> Result<Option<(Member, Option<String>)>, Error> {
        let sql = format!("{SELECT} WHERE email = ?");
        let row: Option<Row> = sql::query_as(AssertSqlSafe(sql))
            .bind(normal(email))
            .fetch_optional(&self.pool)
            .await
            .map_err(doing("read a member"))?;
        let Some(member) = row.map(member_of) else {
            return Ok(None);
        };
        let password = sql::query_scalar("SELECT password FROM member WHERE id = ?")
            .bind(member.id.0)
            .fetch_one(&self.pool)
            .await
            .map_err(doing("read a member"))?;
        Ok(Some((member, password)))
    }

    /// Whether anybody can sign in yet.
    pub async fn has_members(&self) -> Result<bool, Error> {
        sql::query_scalar("SELECT EXISTS (SELECT 1 FROM member WHERE password IS NOT NULL)")
            .fetch_one(&self.pool)
            .await
            .map_err(doing("look for members"))
    }

    /// Adds a person, who has to choose a password before signing in.
    pub async fn add_member(
        &self,
        email: &str,
        role: Role,
        now: Timestamp,
    ) -> Result<Result<Member, Refused>, Error> {
        let added = sql::query_scalar(
            "INSERT INTO member (email, role, created_at) VALUES (?, ?, ?) RETURNING id",
        )
        .bind(normal(email))
        .bind(role.name())
        .bind(now.as_millisecond())
        .fetch_one(&self.pool)
        .await;
        match added {
            Ok(id) => Ok(self.member(MemberId(id)).await?.ok_or(Refused::Unknown)),
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                Ok(Err(Refused::Taken))
            }
            Err(source) => Err(doing("add a member")(source)),
        }
    }

    /// Sets a password, and ends all sessions that were opened with the one before and all links to choose another.
    pub async fn set_password(&self, id: MemberId, hash: &str) -> Result<(), Error> {
        const DOING: &str = "set a password";
        let mut tx = self.pool.begin(Lock::People, DOING).await?;
        for sql in [
            "UPDATE member SET password = ?2 WHERE id = ?1",
            "DELETE FROM session WHERE member_id = ?1 AND ?2 = ?2",
            "DELETE FROM ticket WHERE member_id = ?1 AND ?2 = ?2",
        ] {
            sql::query(sql)
                .bind(id.0)
                .bind(hash)
                .execute(&mut *tx)
                .await
                .map_err(doing(DOING))?;
        }
        tx.commit().await
    }

    /// Changes what a person may do, and whether at all; those who may no longer sign in lose their sessions and links.
    pub async fn change_member(
        &self,
        id: MemberId,
        role: Role,
        active: bool,
    ) -> Result<Result<(), Refused>, Error> {
        const DOING: &str = "change a member";
        let mut tx = self.pool.begin(Lock::People, DOING).await?;
        if (role != Role::Admin || !active)
            && is_last_admin(&mut tx, id).await.map_err(doing(DOING))?
        {
            tx.rollback().await?;
            return Ok(Err(Refused::LastAdmin));
        }
        let changed = sql::query("UPDATE member SET role = ?, active = ? WHERE id = ?")
            .bind(role.name())
            .bind(active)
            .bind(id.0)
            .execute(&mut *tx)
            .await
            .map_err(doing(DOING))?;
        if !active {
            for sql in [
                "DELETE FROM session WHERE member_id = ?",
                "DELETE FROM ticket WHERE member_id = ?",
            ] {
                sql::query(sql)
                    .bind(id.0)
                    .execute(&mut *tx)
                    .await
                    .map_err(doing(DOING))?;
            }
        }
        tx.commit().await?;
        Ok(if changed > 0 {
            Ok(())
        } else {
            Err(Refused::Unknown)
        })
    }

    /// Remembers how a person wants to see the pages.
    pub async fn set_preferences(
        &self,
        id: MemberId,
        language: Option<&str>,
        theme: Option<&str>,
    ) -> Result<(), Error> {
        sql::query("UPDATE member SET language = ?, theme = ? WHERE id = ?")
            .bind(language)
            .bind(theme)
            .bind(id.0)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(doing("store preferences"))
    }
}

/// Whether nobody else can configure.
async fn is_last_admin(conn: &mut Connection, id: MemberId) -> Result<bool, sqlx::Error> {
    sql::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM member WHERE id = ?1 AND role = 'admin' AND active)
            AND NOT EXISTS (
                SELECT 1 FROM member WHERE id <> ?1 AND role = 'admin' AND active AND password IS NOT NULL)",
    )
    .bind(id.0)
    .fetch_one(conn)
    .await
}
