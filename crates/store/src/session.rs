//! Signed-in browsers, links that are good once, and the brake on guessing passwords.
//!
//! Secrets are stored as hashes: who reads the database cannot use them. What is hashed is random and long, so a fast hash
//! does.

use jiff::{SignedDuration, Timestamp};

use crate::{
    Error, Store, SubscriptionId,
    error::doing,
    level_code, level_of,
    member::{Member, MemberId},
    sql::{self, Lock},
};
use model::Level;

/// The hash of a secret, by which it is found.
pub type Hash = [u8; 32];

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserSession {
    /// Who is signed in.
    pub member: Member,
    /// What forms carry against forgery.
    pub guard: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Last request, to the minute.
    pub seen_at: Timestamp,
}

/// One of a person's sessions, as the account page lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// By which it is found.
    pub hash: Vec<u8>,
    /// The browser, as it calls itself.
    pub agent: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Last request.
    pub seen_at: Timestamp,
}

/// What a link that is good once is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To make the first admin.
    SetUp,
    /// To choose the first password.
    Join,
    /// To choose a new one.
    Reset,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::SetUp, Self::Join, Self::Reset];

    const fn name(self) -> &'static str {
        match self {
            Self::SetUp => "setup",
            Self::Join => "join",
            Self::Reset => "reset",
        }
    }
}

/// A link that is good once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// What it is for.
    pub purpose: Purpose,
    /// For whom; nobody yet when it sets up.
    pub member: Option<MemberId>,
}

/// A sign-in at HubSpot that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OAuthAttempt {
    /// For which subscription.
    pub subscription: SubscriptionId,
    /// The tab to go back to.
    pub level: Level,
    /// Another portal than before is agreed to.
    pub replace_portal: bool,
}

impl Store {
    /// Opens a session.
    pub async fn open_session(
        &self,
        hash: &Hash,
        member: MemberId,
        guard: &str,
        agent: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        const DOING: &str = "open a session";
        let mut tx = self.pool.begin(Lock::People, DOING).await?;
        sql::query(
            "INSERT INTO session (hash, member_id, guard, created_at, seen_at, agent) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(hash.as_slice())
        .bind(member.0)
        .bind(guard)
        .bind(now.as_millisecond())
        .bind(now.as_millisecond())
        .bind(agent)
        .execute(&mut *tx)
        .await
        .map_err(doing(DOING))?;
        sql::query("UPDATE member SET signed_in_at = ? WHERE id = ?")
            .bind(now.as_millisecond())
            .bind(member.0)
            .execute(&mut *tx)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await
    }

    /// The session of a secret, unless it was left alone since `idle` or opened before `oldest`.
    pub async fn session(
        &self,
        hash: &Hash,
        idle: Timestamp,
        oldest: Timestamp,
    ) -> Result<Option<BrowserSession>, Error> {
        let row: Option<(i64, String, i64, i64)> = sql::query_as(
            "SELECT member_id, guard, created_at, seen_at FROM session
             WHERE hash = ? AND seen_at >= ? AND created_at >= ?",
        )
        .bind(hash.as_slice())
        .bind(idle.as_millisecond())
        .bind(oldest.as_millisecond())
        .fetch_optional(&self.pool)
        .await
        .map_err(doing("read the session"))?;
        let Some((member, guard, created_at, seen_at)) = row else {
            return Ok(None);
        };
        let member = self.member(MemberId(member)).await?;
        Ok(member
            .filter(|member| member.active)
            .map(|member| BrowserSession {
                member,
                guard,
                created_at: time(created_at),
                seen_at: time(seen_at),
            }))
    }

    /// Notes that a session is in use.
    pub async fn see_session(&self, hash: &Hash, now: Timestamp) -> Result<(), Error> {
        sql::query("UPDATE session SET seen_at = ? WHERE hash = ?")
            .bind(now.as_millisecond())
            .bind(hash.as_slice())
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(doing("note the session"))
    }

    /// A person's sessions, the one used last first.
    pub async fn sessions(&self, member: MemberId) -> Result<Vec<SessionInfo>, Error> {
        let rows: Vec<(Vec<u8>, String, i64, i64)> = sql::query_as(
            "SELECT hash, agent, created_at, seen_at FROM session WHERE member_id = ? ORDER BY seen_at DESC",
        )
        .bind(member.0)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("list the sessions"))?;
        Ok(rows
            .into_iter()
            .map(|(hash, agent, created_at, seen_at)| SessionInfo {
                hash,
                agent,
                created_at: time(created_at),
                seen_at: time(seen_at),
            })
            .collect())
    }

    /// Ends one session.
    pub async fn end_session(&self, hash: &Hash) -> Result<(), Error> {
        sql::query("DELETE FROM session WHERE hash = ?")
            .bind(hash.as_slice())
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(doing("end the session"))
    }

    /// Ends all of a person's sessions, and says how many there were.
    pub async fn end_sessions(&self, member: MemberId) -> Result<u64, Error> {
        sql::query("DELETE FROM session WHERE member_id = ?")
            .bind(member.0)
            .execute(&self.pool)
            .await
            .map_err(doing("end the sessions"))
    }

    /// Makes a link that is good once, in place of those of the same purpose for the same person.
    pub async fn put_ticket(
        &self,
        hash: &Hash,
        ticket: Ticket,
        expires_at: Timestamp,
    ) -> Result<(), Error> {
        const DOING: &str = "make a link";
        let member = ticket.member.map(|member| member.0);
        let mut tx = self.pool.begin(Lock::People, DOING).await?;
        sql::query("DELETE FROM ticket WHERE purpose = ? AND member_id IS NOT DISTINCT FROM ?")
            .bind(ticket.purpose.name())
            .bind(member)
            .execute(&mut *tx)
            .await
            .map_err(doing(DOING))?;
        sql::query("INSERT INTO ticket (hash, purpose, member_id, expires_at) VALUES (?, ?, ?, ?)")
            .bind(hash.as_slice())
            .bind(ticket.purpose.name())
            .bind(member)
            .bind(expires_at.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await
    }

    /// The link of a secret, if it is still good.
    pub async fn ticket(&self, hash: &Hash, now: Timestamp) -> Result<Option<Ticket>, Error> {
        let row: Option<(String, Option<i64>)> = sql::query_as(
            "SELECT purpose, member_id FROM ticket WHERE hash = ? AND expires_at > ?",
        )
        .bind(hash.as_slice())
        .bind(now.as_millisecond())
        .fetch_optional(&self.pool)
        .await
        .map_err(doing("read a link"))?;
        Ok(row.and_then(ticket_of))
    }

    /// Uses a link up. `None` if it was not good any more: of two who use it, one succeeds.
    pub async fn take_ticket(&self, hash: &Hash, now: Timestamp) -> Result<Option<Ticket>, Error> {
        let row: Option<(String, Option<i64>)> = sql::query_as(
            "DELETE FROM ticket WHERE hash = ? AND expires_at > ? RETURNING purpose, member_id",
        )
        .bind(hash.as_slice())
        .bind(now.as_millisecond())
        .fetch_optional(&self.pool)
        .await
        .map_err(doing("use a link"))?;
        Ok(row.and_then(ticket_of))
    }

    /// How often signing in under a key has failed, and when last; failures before `since` are forgotten.
    pub async fn failures(
        &self,
        key: &str,
        since: Timestamp,
    ) -> Result<Option<(u32, Timestamp)>, Error> {
        let row: Option<(i64, i64)> =
            sql::query_as("SELECT failures, last_at FROM throttle WHERE key = ? AND last_at >= ?")
                .bind(short(key))
                .bind(since.as_millisecond())
                .fetch_optional(&self.pool)
                .await
                .map_err(doing("count failed sign-ins"))?;
        Ok(row.map(|(failures, at)| (u32::try_from(failures).unwrap_or(u32::MAX), time(at))))
    }

    /// Counts a failed sign-in under a key, from one again if the last was before `since`.
    pub async fn note_failure(
        &self,
        key: &str,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        sql::query(
            "INSERT INTO throttle (key, failures, last_at) VALUES (?1, 1, ?3)
             ON CONFLICT (key) DO UPDATE
             SET failures = CASE WHEN throttle.last_at >= ?2 THEN throttle.failures + 1 ELSE 1 END, last_at = ?3",
        )
        .bind(short(key))
        .bind(since.as_millisecond())
        .bind(now.as_millisecond())
        .execute(&self.pool)
        .await
        .map(drop)
        .map_err(doing("count a failed sign-in"))
    }

    /// Forgets the failed sign-ins under a key.
    pub async fn clear_failures(&self, key: &str) -> Result<(), Error> {
        sql::query("DELETE FROM throttle WHERE key = ?")
            .bind(short(key))
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(doing("clear failed sign-ins"))
    }

    /// Remembers a sign-in at HubSpot that begins.
    pub async fn put_oauth_attempt(
        &self,
        state: &Hash,
        session: &Hash,
        attempt: OAuthAttempt,
        now: Timestamp,
    ) -> Result<(), Error> {
        sql::query(
            "INSERT INTO oauth_attempt (hash, session_hash, subscription_id, level, replace_portal, created_at)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(state.as_slice())
        .bind(session.as_slice())
        .bind(attempt.subscription.0)
        .bind(level_code(attempt.level))
        .bind(attempt.replace_portal)
        .bind(now.as_millisecond())
        .execute(&self.pool)
        .await
        .map(drop)
        .map_err(doing("remember the sign-in at HubSpot"))
    }

    /// The sign-in that a state belongs to, which is used up: only in the session it began in, and not before `since`.
    pub async fn take_oauth_attempt(
        &self,
        state: &Hash,
        session: &Hash,
        since: Timestamp,
    ) -> Result<Option<OAuthAttempt>, Error> {
        let row: Option<(i64, i64, bool)> = sql::query_as(
            "DELETE FROM oauth_attempt WHERE hash = ? AND session_hash = ? AND created_at >= ?
             RETURNING subscription_id, level, replace_portal",
        )
        .bind(state.as_slice())
        .bind(session.as_slice())
        .bind(since.as_millisecond())
        .fetch_optional(&self.pool)
        .await
        .map_err(doing("find the sign-in at HubSpot"))?;
        Ok(
            row.map(|(subscription, level, replace_portal)| OAuthAttempt {
                subscription: SubscriptionId(subscription),
                level: level_of(level),
                replace_portal,
            }),
        )
    }

    /// Deletes what is over: sessions, links, failures and sign-ins at HubSpot.
    pub async fn sweep_sessions(&self, now: Timestamp, idle: SignedDuration) -> Result<(), Error> {
        const DOING: &str = "sweep the sessions";
        let day_ago = now - SignedDuration::from_hours(24);
        for (sql, before) in [
            ("DELETE FROM session WHERE seen_at < ?", now - idle),
            ("DELETE FROM ticket WHERE expires_at < ?", now),
            ("DELETE FROM throttle WHERE last_at < ?", day_ago),
            ("DELETE FROM oauth_attempt WHERE created_at < ?", day_ago),
        ] {
            sql::query(sql)
                .bind(before.as_millisecond())
                .execute(&self.pool)
                .await
                .map_err(doing(DOING))?;
        }
        Ok(())
    }
}

fn ticket_of((purpose, member): (String, Option<i64>)) -> Option<Ticket> {
    let purpose = Purpose::ALL
        .into_iter()
        .find(|known| known.name() == purpose)?;
    Some(Ticket {
        purpose,
        member: member.map(MemberId),
    })
}

/// The beginning of a key: no address is longer, and PostgreSQL's indexes hold no long texts.
fn short(key: &str) -> &str {
    &key[..key.floor_char_boundary(300)]
}

fn time(at: i64) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or_default()
}
