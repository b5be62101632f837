//! Processes that die at each moment between the steps of a night, or are held up there while another one goes on with their
//! work: nothing is lost, nothing is doubled, nothing stays locked.

use std::{
    collections::BTreeSet,
    env,
    fs::{self, File},
    io::Write as _,
    path::Path,
    process::Child,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use store::points;

use crate::{
    disturbed::Nights,
    installation::{Installation, kill},
};

/// At which moment a process stops, and at which time of its coming: `2 stage records: committed`. At none: `0 `.
const POINT: &str = "TRIBUTARY_TEST_POINT";

/// The file that lists the moments a process has come through, and the one that says that it has stopped.
const PASSED: &str = "passed";
const REACHED: &str = "reached";

/// The file that lets it go on.
const GO_ON: &str = "go-on";

/// Has this process stop where it is told to.
pub(crate) fn obey(dir: &Path) {
    let Ok(told) = env::var(POINT) else { return };
    let (nth, name) = told.split_once(' ').unwrap();
    let (nth, name, dir) = (
        nth.parse::<usize>().unwrap(),
        name.to_owned(),
        dir.to_owned(),
    );
    let file = File::options()
        .create(true)
        .append(true)
        .open(dir.join(PASSED));
    let passed = Mutex::new((file.unwrap(), 0));
    points::watch(Box::new(move |moment| {
        let (file, times) = &mut *passed.lock().unwrap();
        writeln!(file, "{moment}").unwrap();
        *times += usize::from(moment == name);
        if moment == name && *times == nth {
            fs::write(dir.join(REACHED), "").unwrap();
            // Its only thread: all of the process stands still.
            while !dir.join(GO_ON).exists() {
                thread::sleep(Duration::from_millis(5));
            }
        }
    }));
}

impl Nights {
    /// A process that stops at the `nth` time it comes to a moment; whether it came there, and how long it took.
    async fn stopped_at(&self, nth: usize, moment: &str) -> (Child, bool) {
        for file in [PASSED, REACHED, GO_ON] {
            drop(fs::remove_file(self.installation.scratch.path().join(file)));
        }
        let mut command = self.installation.command();
        let child = command
            .env(POINT, format!("{nth} {moment}"))
            .spawn()
            .unwrap();
        let reached = self.installation.scratch.path().join(REACHED);
        let began = Instant::now();
        while !reached.exists() {
            if self.is_over().await {
                return (child, false);
            }
            assert!(began.elapsed() < Duration::from_mins(1), "{nth} {moment}");
            self.a_moment_later().await;
        }
        (child, true)
    }

    /// Every moment of a night, with how often it comes.
    async fn moments(&mut self) -> Vec<(String, usize)> {
        let since = self.begin();
        let (mut child, _) = self.stopped_at(0, "").await;
        kill(&mut child);
        self.assert_done(since, "an undisturbed night").await;
        let passed = fs::read_to_string(self.installation.scratch.path().join(PASSED)).unwrap();
        let passed: Vec<&str> = passed.lines().collect();
        let names: BTreeSet<&str> = passed.iter().copied().collect();
        let times = |name: &str| passed.iter().filter(|passed| **passed == name).count();
        names
            .into_iter()
            .map(|name| (name.to_owned(), times(name)))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_at_any_moment_loses_and_doubles_nothing() {
    let mut nights = Nights::new().await;
    let mut other = nights.process();
    // The first night writes everything, and is not like the others.
    nights.begin();
    nights.finish(&mut other).await;
    let moments = nights.moments().await;
    assert!(moments.len() > 30, "{moments:#?}");
    let mut died = 0;
    for (moment, times) in &moments {
        let nth = 1 + nights.dice.roll(*times);
        let what = format!("killed at {nth} {moment}");
        let since = nights.begin();
        let (mut child, reached) = nights.stopped_at(nth, moment).await;
        kill(&mut child);
        died += usize::from(reached);
        nights.finish(&mut other).await;
        nights.assert_done(since, &what).await;
    }
    assert!(
        died * 10 > moments.len() * 8,
        "only {died} of {} died",
        moments.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_delivers_may_die_at_any_moment_as_well() {
    let mut nights = Nights::of(Installation::with_pendo().await);
    let mut other = nights.process();
    nights.begin();
    nights.finish(&mut other).await;
    let moments = nights.moments().await;
    let delivering: Vec<_> = moments
        .iter()
        .filter(|(moment, _)| DELIVERING.iter().any(|part| moment.starts_with(part)))
        .collect();
    assert!(delivering.len() > 4, "{moments:#?}");
    let mut died = 0;
    for (moment, times) in &delivering {
        let nth = 1 + nights.dice.roll(*times);
        let since = nights.begin();
        let (mut child, reached) = nights.stopped_at(nth, moment).await;
        kill(&mut child);
        died += usize::from(reached);
        nights.finish(&mut other).await;
        let what = format!("killed at {nth} {moment}");
        nights.assert_done(since, &what).await;
    }
    assert!(died * 10 > delivering.len() * 7, "only {died} died");
}

/// What happens when something is sent and besides that not, or not alone.
const DELIVERING: [&str; 5] = [
    "apply the run",
    "end the run",
    "put a job in the queue",
    "note what was delivered",
    "note what came of a comparison",
];

/// How many moments a process is held up at.
const HELD_UP: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_taken_for_dead_comes_back_and_changes_nothing() {
    let mut nights = Nights::new().await;
    if nights.installation.scratch.url().is_none() {
        // Beside an embedded database a process that stands still lives, and is waited for.
        return;
    }
    let mut other = nights.process();
    nights.begin();
    nights.finish(&mut other).await;
    let moments = nights.moments().await;
    for _ in 0..HELD_UP {
        let (moment, times) = &moments[nights.dice.roll(moments.len())];
        let nth = 1 + nights.dice.roll(*times);
        let what = format!("held up at {nth} {moment}");
        println!("{what}");
        let since = nights.begin();
        let started = nights
            .installation
            .scratch
            .number("SELECT CAST(extract(epoch FROM now()) * 1000000 AS BIGINT)")
            .await;
        let (mut child, _) = nights.stopped_at(nth, moment).await;
        // Its sessions are gone, and with them its transaction and its life sign; it does not know.
        let cut = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()
             AND backend_start > to_timestamp({started} / 1000000.0)"
        );
        nights.installation.scratch.number(&cut).await;
        nights.finish(&mut other).await;
        nights.assert_done(since, &what).await;
        fs::write(nights.installation.scratch.path().join(GO_ON), "").unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(child.try_wait().unwrap().is_none(), "{what}: it gave up");
        kill(&mut child);
        nights.assert_done(since, &what).await;
    }
}
