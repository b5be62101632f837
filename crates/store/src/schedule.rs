//! By which rhythm subscriptions are synced by themselves, and what has become of their windows.
//!
//! Rhythms are kept as they are written; `sync::schedule` reads them.

use jiff::{SignedDuration, Timestamp};
use model::Level;

use crate::{
    Error, Store, Subscription, SubscriptionId,
    error::{corrupt, doing},
    job::{self, NewJob},
    level_of,
    sql::{self, Lock},
};

/// The rhythm of a subscription for which none was set.
pub(crate) const DEFAULT_RHYTHM: &str = "nightly";

/// How a subscription is synced by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The rhythm, as written.
    pub rhythm: String,
    /// Nothing starts by itself.
    pub paused: bool,
    /// A window whose start lies before this is none: the rhythm, the zone or the pause was changed then.
    pub since: Timestamp,
    /// Windows that open before this are served.
    pub served_to: Timestamp,
}

/// A subscription with its schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// The subscription.
    pub subscription: Subscription,
    /// How it is synced by itself.
    pub schedule: Schedule,
    /// The levels that can be synced: mapped, under a connection.
    pub levels: Vec<Level>,
}

/// Windows one after the other that went by without a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed {
    /// When the first opened.
    pub opens: Timestamp,
    /// When the last closed.
    pub closes: Timestamp,
    /// How many there were.
    pub windows: u32,
}

type ScheduleRow = (
    i64,
    String,
    String,
    bool,
    String,
    bool,
    i64,
    i64,
    bool,
    bool,
);

impl Store {
    /// All subscriptions with their schedules, by number.
    pub async fn schedules(&self) -> Result<Vec<Scheduled>, Error> {
        self.read_schedules(None).await
    }

    /// One subscription with its schedule.
    pub async fn scheduled(
        &self,
        subscription: SubscriptionId,
    ) -> Result<Option<Scheduled>, Error> {
        let mut one = self.read_schedules(Some(subscription)).await?;
        Ok(one.pop())
    }

    async fn read_schedules(&self, only: Option<SubscriptionId>) -> Result<Vec<Scheduled>, Error> {
        let rows: Vec<ScheduleRow> = sql::query_as(
            "SELECT s.id, s.name, s.time_zone, s.hubspot_on, coalesce(p.rhythm, ?1), coalesce(p.paused, false),
                    coalesce(p.since, s.created_at), coalesce(p.served_to, 0), v.version IS NOT NULL, a.version IS NOT NULL
             FROM subscription s
             LEFT JOIN schedule p ON p.subscription_id = s.id
             LEFT JOIN connection c ON c.subscription_id = s.id
             LEFT JOIN mapping v ON v.subscription_id = c.subscription_id AND v.level = 0
             LEFT JOIN mapping a ON a.subscription_id = c.subscription_id AND a.level = 1
             WHERE ?2 IS NULL OR s.id = ?2
             ORDER BY s.id",
        )
        .bind(DEFAULT_RHYTHM)
        .bind(only.map(|only| only.0))
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the schedules"))?;
        rows.into_iter().map(scheduled_of).collect()
    }

    /// The schedule of one subscription; `None` if there is no such subscription.
    pub async fn schedule(&self, subscription: SubscriptionId) -> Result<Option<Schedule>, Error> {
        let row: Option<(String, bool, i64, i64)> = sql::query_as(
            "SELECT coalesce(p.rhythm, ?), coalesce(p.paused, false), coalesce(p.since, s.created_at),
                    coalesce(p.served_to, 0)
             FROM subscription s LEFT JOIN schedule p ON p.subscription_id = s.id WHERE s.id = ?",
        )
        .bind(DEFAULT_RHYTHM)
        .bind(subscription.0)
        .fetch_optional(&self.pool)
        .await
        .map_err(doing("read the schedule"))?;
        row.map(|(rhythm, paused, since, served_to)| schedule_of(rhythm, paused, since, served_to))
            .transpose()
    }

    /// Changes the rhythm of a subscription or its pause, and leaves what is `None` as it is. Returns the schedule that
    /// holds then; `None` if there is no such subscription.
    pub async fn change_schedule(
        &self,
        subscription: SubscriptionId,
        rhythm: Option<&str>,
        paused: Option<bool>,
        now: Timestamp,
    ) -> Result<Option<Schedule>, Error> {
        let Some(present) = self.schedule(subscription).await? else {
            return Ok(None);
        };
        let rhythm = rhythm.unwrap_or(&present.rhythm);
        let paused = paused.unwrap_or(present.paused);
        self.set_schedule(subscription, rhythm, paused, now).await?;
        self.schedule(subscription).await
    }

    /// Sets the rhythm of a subscription, and whether it is paused. What should have started before counts no more; of what
    /// was served, only the time before is served in another rhythm.
    pub async fn set_schedule(
        &self,
        subscription: SubscriptionId,
        rhythm: &str,
        paused: bool,
        now: Timestamp,
    ) -> Result<(), Error> {
        sql::query(
            "INSERT INTO schedule (subscription_id, rhythm, paused, since, served_to) VALUES (?, ?, ?, ?, 0)
             ON CONFLICT (subscription_id) DO UPDATE
             SET rhythm = excluded.rhythm, paused = excluded.paused, since = excluded.since,
                 served_to = CASE WHEN schedule.rhythm <> excluded.rhythm AND schedule.served_to > excluded.since
                                  THEN excluded.since ELSE schedule.served_to END",
        )
        .bind(subscription.0)
        .bind(rhythm)
        .bind(paused)
        .bind(now.as_millisecond())
        .execute(&self.pool)
        .await
        .map(drop)
        .map_err(doing("set the schedule"))
    }

    /// Serves a window: puts its jobs in the queue and notes it as served, both or neither. Says whether it was not served
    /// before: of several processes that find it open, one serves it.
    ///
    /// A job of the same kind that waits already is taken for one that would be put there.
    pub async fn serve_window(
        &self,
        scheduled: &Scheduled,
        (opens, closes): (Timestamp, Timestamp),
        jobs: &[NewJob],
        now: Timestamp,
    ) -> Result<bool, Error> {
        const DOING: &str = "put the jobs of a window in the queue";
        let (subscription, schedule) = (scheduled.subscription.id.0, &scheduled.schedule);
        let mut tx = self.pool.begin(Lock::Jobs, DOING).await?;
        // Only if nothing of the schedule has changed since it was looked at.
        let served = sql::query(
            "INSERT INTO schedule (subscription_id, rhythm, paused, since, served_to) VALUES (?1, ?2, false, ?3, ?4)
             ON CONFLICT (subscription_id) DO UPDATE SET served_to = excluded.served_to
             WHERE schedule.served_to <= ?5 AND schedule.since = ?3 AND NOT schedule.paused",
        )
        .bind(subscription)
        .bind(&schedule.rhythm)
        .bind(schedule.since.as_millisecond())
        .bind(closes.as_millisecond())
        .bind(opens.as_millisecond())
        .execute(&mut *tx)
        .await
        .map_err(doing(DOING))?;
        if served == 0 {
            return Ok(false);
        }
        // A clock that was wrong may have taken it for missed.
        sql::query("DELETE FROM missed_window WHERE subscription_id = ? AND opens >= ?")
            .bind(subscription)
            .bind(opens.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(doing(DOING))?;
        for one in jobs {
            job::put_unless_waiting(&mut tx, one, now)
                .await
                .map_err(doing(DOING))?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Notes windows that went by without a run, and that nobody need look at them again. Says whether they were not noted
    /// before.
    pub async fn note_missed(
        &self,
        subscription: SubscriptionId,
        missed: Missed,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let noted = sql::query(
            "INSERT INTO missed_window (subscription_id, opens, closes, windows, noted_at) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (subscription_id, opens) DO UPDATE
             SET closes = excluded.closes, windows = excluded.windows, noted_at = excluded.noted_at
             WHERE missed_window.windows < excluded.windows",
        )
        .bind(subscription.0)
        .bind(missed.opens.as_millisecond())
        .bind(missed.closes.as_millisecond())
        .bind(i64::from(missed.windows))
        .bind(now.as_millisecond())
        .execute(&self.pool)
        .await
        .map_err(doing("note a missed window"))?;
        Ok(noted == 1)
    }

    /// The windows of a subscription that went by without a run, newest first.
    pub async fn missed_windows(
        &self,
        subscription: SubscriptionId,
        limit: i64,
    ) -> Result<Vec<Missed>, Error> {
        let rows: Vec<(i64, i64, i64)> = sql::query_as(
            "SELECT opens, closes, windows FROM missed_window WHERE subscription_id = ? ORDER BY opens DESC LIMIT ?",
        )
        .bind(subscription.0)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the missed windows"))?;
        rows.into_iter()
            .map(|(opens, closes, windows)| {
                Ok(Missed {
                    opens: time(opens)?,
                    closes: time(closes)?,
                    windows: u32::try_from(windows).unwrap_or(u32::MAX),
                })
            })
            .collect()
    }

    /// For each subscription, or for one, how long its syncs took since a moment: of each level the longest, together.
    pub async fn sync_durations(
        &self,
        only: Option<SubscriptionId>,
        since: Timestamp,
    ) -> Result<Vec<(SubscriptionId, SignedDuration)>, Error> {
        let rows: Vec<(i64, i64)> = sql::query_as(
            "SELECT subscription_id, CAST(sum(longest) AS BIGINT) FROM (
                 SELECT subscription_id, max(finished_at - started_at) AS longest FROM run
                 WHERE applied AND finished_at >= ?1 AND (?2 IS NULL OR subscription_id = ?2)
                 GROUP BY subscription_id, level) AS levels
             GROUP BY subscription_id",
        )
        .bind(since.as_millisecond())
        .bind(only.map(|only| only.0))
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read how long syncs took"))?;
        Ok(rows
            .into_iter()
            .map(|(id, millis)| (SubscriptionId(id), SignedDuration::from_millis(millis)))
            .collect())
    }
}

fn scheduled_of(row: ScheduleRow) -> Result<Scheduled, Error> {
    let (id, name, time_zone, hubspot_on, rhythm, paused, since, served_to, visitor, account) = row;
    let levels = [(visitor, 0), (account, 1)];
    Ok(Scheduled {
        subscription: Subscription {
            id: SubscriptionId(id),
            name,
            time_zone,
            hubspot_on,
        },
        schedule: schedule_of(rhythm, paused, since, served_to)?,
        levels: levels
            .into_iter()
            .filter(|(mapped, _)| *mapped)
            .map(|(_, level)| level_of(level))
            .collect(),
    })
}

fn schedule_of(
    rhythm: String,
    paused: bool,
    since: i64,
    served_to: i64,
) -> Result<Schedule, Error> {
    Ok(Schedule {
        rhythm,
        paused,
        since: time(since)?,
        served_to: time(served_to)?,
    })
}

fn time(millis: i64) -> Result<Timestamp, Error> {
    Timestamp::from_millisecond(millis).map_err(corrupt("a time of the schedule"))
}
