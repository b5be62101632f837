//! A night of many subscriptions in one process: all fall due in the same minute.

use std::{
    collections::HashSet,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    crowd::{self, Size},
    measure::{Process, Usage},
    product::{Database, Product, Subscription},
    report::{self, Found, Row, Target},
    sandbox::Sandbox,
    server::Work,
};
use crate::workspace::Workspace;

/// The size that the target is set for.
pub(super) const FULL_SIZE: Size = Size {
    subscriptions: 200,
    contacts: 20_000,
};

/// Expressions of the schedule are read in this zone.
const ZONE: &str = "UTC";

/// How far ahead the night is, so that all schedules are set before: for the first, and for each subscription.
const AHEAD: (Duration, Duration) = (Duration::from_secs(20), Duration::from_millis(200));

/// How often the queue is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Longer than it takes to put all jobs of a night in the queue, and than any night may take.
const PATIENCE: (Duration, Duration) = (Duration::from_mins(5), Duration::from_hours(3));

/// Fills an installation with subscriptions and serves two nights of them: in the first all is new, in the second
/// nothing has changed.
pub(super) fn measure(
    workspace: &Workspace,
    database: Database,
    size: Size,
) -> anyhow::Result<Vec<Row>> {
    let Size {
        subscriptions,
        contacts,
    } = size;
    println!(
        "\nnight: {subscriptions} subscriptions of {} contacts",
        report::thousands(contacts)
    );
    let sandbox = Sandbox::start_many(workspace, subscriptions, contacts)?;
    let product = Product::new(workspace, sandbox.url(), database)?;
    let all = crowd::subscribe(&sandbox, &product, size, ZONE)?;
    let expected = size.expected(&sandbox);
    let mut rows = Vec::new();
    let mut row = |what: &str, night: &Night| {
        rows.push(Row {
            what: format!("{what} of {subscriptions} subscriptions"),
            contacts: size.contacts_in_all(),
            found: Found::Process(night.usage),
            target: (size == FULL_SIZE).then(|| Target::night(night.usage.peak)),
        });
        if let Some(work) = night.server {
            rows.push(Row {
                what: "- meanwhile, PostgreSQL".to_owned(),
                contacts: size.contacts_in_all(),
                found: Found::Server(work),
                target: None,
            });
        }
    };

    // A process that is there before could begin with a night of the default rhythm.
    let due = fall_due(&all)?;
    let (serve, _) = product.serve()?;
    let observed = Observed {
        sandbox: &sandbox,
        product: &product,
        serve: &serve,
    };
    let night = observed.night("first night", &all, due)?;
    for one in &all {
        let runs = one.runs()?;
        once_each_night(&runs, 1).with_context(|| one.name.clone())?;
        expected
            .first_run(&runs)
            .with_context(|| one.name.clone())?;
    }
    row("first night", &night);

    let due = fall_due(&all)?;
    let night = observed.night("second night", &all, due)?;
    for one in &all {
        let runs = one.runs()?;
        once_each_night(&runs, 2).with_context(|| one.name.clone())?;
        expected
            .second_run(&runs)
            .with_context(|| one.name.clone())?;
    }
    row("second night, nothing changed,", &night);
    Ok(rows)
}

/// Lets all subscriptions fall due in the same minute, which is returned.
fn fall_due(all: &[Subscription<'_>]) -> anyhow::Result<Timestamp> {
    let (least, each) = AHEAD;
    let ahead = least + each * u32::try_from(all.len())?;
    let due = next_minute(now() + SignedDuration::try_from(ahead)?)?;
    let minute = due.to_zoned_datetime(TimeZone::UTC);
    let rhythm = format!("cron {} {} * * *", minute.minute(), minute.hour());
    for one in all {
        one.schedule(&rhythm)?;
    }
    if now() >= due {
        bail!("the schedules were not set before {due}: there is no such night to measure");
    }
    Ok(due)
}

/// What is looked at during a night.
#[derive(Debug, Clone, Copy)]
struct Observed<'a> {
    sandbox: &'a Sandbox,
    product: &'a Product<'a>,
    serve: &'a Process,
}

/// What a night cost.
#[derive(Debug)]
struct Night {
    /// The peak is that of the process's whole life.
    usage: Usage,
    server: Option<Work>,
}

impl Observed<'_> {
    /// Waits for the night that is due and for its end.
    fn night(self, what: &str, all: &[Subscription<'_>], due: Timestamp) -> anyhow::Result<Night> {
        // Until just before, so that the process has seen its schedules.
        let rest = due.duration_since(now()) - SignedDuration::from_secs(1);
        thread::sleep(Duration::try_from(rest).unwrap_or_default());
        let work = || self.product.server().map(Work::of).transpose();
        let (cpu, server) = (self.serve.cpu()?, work()?);
        let sandbox = self.sandbox.cpu()?;
        let jobs = self.until_all_are_over(all.len(), due)?;
        let usage = Usage {
            cpu: self.serve.cpu()?.saturating_sub(cpu),
            wall: carried_out_once(&jobs, all)?,
            peak: self.serve.peak()?,
        };
        let server = work()?
            .zip(server)
            .map(|(after, before)| after.since(before));
        println!(
            "    {what}: {:.2} CPU s, {:.2} s, peak {} MB; sandbox {:.2} CPU s; the database takes {} MB",
            usage.cpu.as_secs_f64(),
            usage.wall.as_secs_f64(),
            usage.peak / report::MEGABYTE,
            self.sandbox.cpu()?.saturating_sub(sandbox).as_secs_f64(),
            self.product.database_bytes()? / report::MEGABYTE
        );
        Ok(Night { usage, server })
    }

    /// The jobs of a night, when none waits or is under way any more.
    fn until_all_are_over(self, count: usize, due: Timestamp) -> anyhow::Result<Vec<Value>> {
        let started = Instant::now();
        loop {
            thread::sleep(LOOK);
            let mut jobs = self.product.jobs()?;
            // One that failed is due once more later.
            jobs.retain(|job| moment(job, "due_at").is_ok_and(|at| at >= due));
            let open = |job: &Value| job["finished_at"].is_null();
            if jobs.len() >= count && !jobs.iter().any(open) {
                return Ok(jobs);
            }
            let (begin, end) = PATIENCE;
            let patience = if jobs.len() < count { begin } else { end };
            if started.elapsed() > patience {
                bail!(
                    "{} jobs of {count} after {patience:?}: {jobs:#?}",
                    jobs.len()
                );
            }
        }
    }
}

/// Each subscription has had one job of its schedule's, done at the first try. Returns the time from the first begin to
/// the last end.
fn carried_out_once(jobs: &[Value], all: &[Subscription<'_>]) -> anyhow::Result<Duration> {
    for job in jobs {
        let is = (&job["state"], &job["origin"], &job["tries"]);
        if is != (&json!("done"), &json!("schedule"), &json!(1)) {
            bail!("a job of the night was not done at once by the schedule: {job:#}");
        }
    }
    let had: HashSet<_> = jobs
        .iter()
        .filter_map(|job| job["subscription"].as_str())
        .collect();
    if jobs.len() != all.len() || all.iter().any(|one| !had.contains(one.name.as_str())) {
        bail!(
            "{} jobs for {} of {} subscriptions, one for each is expected",
            jobs.len(),
            had.len(),
            all.len()
        );
    }
    let moments = |name| {
        let moments = jobs.iter().map(move |job| moment(job, name));
        moments.collect::<anyhow::Result<Vec<_>>>()
    };
    let first = moments("started_at")?.into_iter().min();
    let last = moments("finished_at")?.into_iter().max();
    let (first, last) = first.zip(last).context("a night without jobs")?;
    Ok(Duration::try_from(last.duration_since(first))?)
}

/// A subscription has had one run each night so far.
fn once_each_night(runs: &str, nights: usize) -> anyhow::Result<()> {
    let runs: Value = serde_json::from_str(runs)?;
    let count = runs["runs"].as_array().map_or(0, Vec::len);
    if count != nights {
        bail!("{count} runs in {nights} nights");
    }
    Ok(())
}

fn moment(job: &Value, name: &str) -> anyhow::Result<Timestamp> {
    let text = job[name].as_str();
    let text = text.with_context(|| format!("a job without {name}: {job}"))?;
    Ok(text.parse()?)
}

/// The first full minute that is not before a moment.
fn next_minute(moment: Timestamp) -> anyhow::Result<Timestamp> {
    const MINUTE: i64 = 60_000;
    let millis = moment.as_millisecond();
    let since_the_last = millis.rem_euclid(MINUTE);
    let until_the_next = (MINUTE - since_the_last).rem_euclid(MINUTE);
    Ok(Timestamp::from_millisecond(millis + until_the_next)?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the product that is measured goes by the machine's clock"
)]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_night_begins_with_a_full_minute() {
        let next = |text| next_minute(at(text)).unwrap();
        assert_eq!(next("2026-01-31T23:59:00.001Z"), at("2026-02-01T00:00:00Z"));
        assert_eq!(next("2026-01-31T23:59:59.999Z"), at("2026-02-01T00:00:00Z"));
        assert_eq!(next("2026-02-01T00:00:00Z"), at("2026-02-01T00:00:00Z"));
    }

    #[test]
    fn a_night_counts_runs_by_subscription() {
        once_each_night(r#"{"runs":[{},{}]}"#, 2).unwrap();
        once_each_night(r#"{"runs":[{},{}]}"#, 1).unwrap_err();
        once_each_night("{}", 1).unwrap_err();
    }
}
