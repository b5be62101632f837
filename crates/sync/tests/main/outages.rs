//! The database is away in the middle of a night: cut off, restarted, slow, silent, for others to write, or it has done what
//! it was asked for and the answer got lost. The night ends as if nothing had happened.

use std::{
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use model::Clock;
use scratch::{Proxy, Scratch};
use store::Store;
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    disturbed::Nights,
    installation::{Installation, kill},
    nights::process,
};

/// What happens to a database.
#[derive(Debug, Clone, Copy)]
enum Outage {
    /// All connections are cut, and can be made again.
    Cut,
    /// All connections are cut, and none can be made for a while.
    Away,
    /// An administrator ends all sessions, as a restart does.
    Restarted,
    /// Another server has taken over, and this one takes no writes for a while.
    ReadOnly,
    /// Everything takes its time.
    Slow,
    /// Connections die without telling.
    Silent,
    /// A transaction is committed, and nobody is told.
    Unanswered,
    /// Its disk is full for a while.
    Full,
}

const OUTAGES: [Outage; 10] = [
    Outage::Cut,
    Outage::Away,
    Outage::Restarted,
    Outage::ReadOnly,
    Outage::Slow,
    Outage::Silent,
    Outage::Unanswered,
    Outage::Unanswered,
    Outage::Unanswered,
    Outage::Full,
];

/// Transactions of a night, about: an outage comes after so many of them.
const TRANSACTIONS: usize = 14;

/// Has a server refuse what a full disk makes it refuse, and take it again.
const FULL: &str = "
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE 'No space left on device' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON version FOR EACH ROW EXECUTE FUNCTION full_disk();
    CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON link FOR EACH ROW EXECUTE FUNCTION full_disk();
    CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON run FOR EACH ROW EXECUTE FUNCTION full_disk();
    CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON job FOR EACH ROW EXECUTE FUNCTION full_disk()";
const ROOM: &str = "DROP FUNCTION full_disk CASCADE";

/// A process that reaches its database by way of a proxy.
struct Remote {
    proxy: Proxy,
    store: Store,
    stop: CancellationToken,
    working: JoinHandle<()>,
}

impl Remote {
    async fn start(nights: &Nights, url: &str) -> Self {
        let proxy = Proxy::before(url);
        let installation = &nights.installation;
        let options = scratch::options(installation.scratch.path(), Some(proxy.url()));
        let store = Store::open_with(&options).await.unwrap();
        let clock: Arc<dyn Clock> = installation.clock.clone();
        let (_, worker) = process(&store, installation.sandbox.base_url(), &clock);
        let stop = CancellationToken::new();
        let working = tokio::spawn(worker.work(stop.clone()));
        Self {
            proxy,
            store,
            stop,
            working,
        }
    }

    /// Lets an outage come, and pass.
    async fn suffer(&self, outage: Outage, scratch: &Scratch, length: Duration) {
        match outage {
            Outage::Cut => self.proxy.cut(false),
            Outage::Away => {
                self.proxy.cut(true);
                sleep(length).await;
            }
            Outage::Restarted => scratch.end_sessions().await,
            Outage::ReadOnly => {
                scratch.set_read_only(true).await;
                scratch.end_sessions().await;
                sleep(length).await;
                scratch.set_read_only(false).await;
            }
            Outage::Slow => {
                self.proxy.slow_down(Duration::from_millis(20));
                sleep(length).await;
            }
            Outage::Silent => self.proxy.silence(),
            Outage::Unanswered => self.proxy.lose_answer(1),
            Outage::Full => {
                scratch.execute(FULL).await;
                sleep(length).await;
                scratch.execute(ROOM).await;
            }
        }
        if !matches!(outage, Outage::Unanswered) {
            self.proxy.mend();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_the_database_the_night_is_whole() {
    let mut nights = Nights::new().await;
    let Some(url) = nights.installation.scratch.url().map(str::to_owned) else {
        // An embedded database is never away.
        return;
    };
    let remote = Remote::start(&nights, &url).await;
    nights.begin();
    nights.wait(async || nights.a_moment_later().await).await;
    for outage in OUTAGES {
        let after = remote.proxy.commits() + nights.dice.roll(TRANSACTIONS) as u64;
        let what = format!("{outage:?} after {after} transactions");
        println!("{what}");
        let length = Duration::from_millis(500 + nights.dice.roll(1_500) as u64);
        let since = nights.begin();
        let mut come = false;
        nights
            .wait(async || {
                if !come && remote.proxy.commits() >= after {
                    come = true;
                    remote
                        .suffer(outage, &nights.installation.scratch, length)
                        .await;
                }
                nights.a_moment_later().await;
            })
            .await;
        remote.proxy.mend();
        nights.assert_done(since, &what).await;
    }
    // A process can be ended while the database is away.
    remote.proxy.cut(true);
    sleep(Duration::from_secs(1)).await;
    let end = async {
        remote.stop.cancel();
        remote.working.await.unwrap();
        remote.store.close().await;
    };
    let ended = timeout(Duration::from_mins(1), end).await;
    ended.expect("the process does not end");
}

/// Starts a process that cannot make any file longer than so many bytes: it finds its disk full.
fn start_on_a_full_disk(installation: &Installation, bytes: u64) -> Child {
    let process = installation.command();
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' XFSZ; ulimit -S -f $0; exec \"$@\""])
        // In blocks of 512 bytes.
        .arg((bytes / 512).to_string())
        .arg(process.get_program())
        .args(process.get_args())
        .envs(
            process
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdout(Stdio::null());
    command.spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_costs_nothing_but_time() {
    let mut nights = Nights::new().await;
    if nights.installation.scratch.url().is_some() {
        return;
    }
    let mut full = 0;
    for round in 0..5 {
        let length = |name: &str| {
            let path = nights.installation.scratch.path().join(name);
            path.metadata().map_or(0, |facts| facts.len())
        };
        let most = length("tributary.sqlite").max(length("tributary.sqlite-wal"));
        let room = 16_384 * nights.dice.roll(30) as u64;
        let what = format!("round {round}, with room for {room} bytes");
        println!("{what}");
        let since = nights.begin();
        let mut child = start_on_a_full_disk(&nights.installation, most + room);
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(2) && !nights.is_over().await {
            nights.a_moment_later().await;
        }
        full += u32::from(!nights.is_over().await);
        let mut room = Command::new("prlimit");
        room.args(["--pid", &child.id().to_string(), "--fsize=unlimited:"]);
        assert!(room.status().unwrap().success());
        nights.wait(async || nights.a_moment_later().await).await;
        kill(&mut child);
        nights.assert_done(since, &what).await;
    }
    assert!(full > 2, "there was always room");
}
