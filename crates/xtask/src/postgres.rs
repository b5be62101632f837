//! A PostgreSQL server that lives as long as the tests that use it.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::{
    debian::{Wanted, is_root, not_on_path},
    workspace,
};

/// The server, of which Debian has one release at a time.
pub(crate) const POSTGRES: Wanted = Wanted {
    packages: "postgresql",
    missing: || {
        if programs().is_some() {
            Vec::new()
        } else {
            vec!["initdb of PostgreSQL"]
        }
    },
};

/// Where Debian keeps the programs of each release; they are not on `PATH`.
const RELEASES: &str = "/usr/lib/postgresql";

/// The user that Debian's package makes. The server refuses to run as root.
const USER: &str = "postgres";

/// What makes a server quick whose data nobody needs afterwards, and wide enough for many tests at once.
const QUICK: [&str; 5] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "max_wal_size=4GB",
];

/// A server as Debian installs it, which keeps what it is given through a power cut.
const AS_INSTALLED: [&str; 0] = [];

/// Looks whether it answers so many times, and waits so long in between.
const LOOKS: (u32, Duration) = (600, Duration::from_millis(100));

/// A server under way. It stops when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    programs: PathBuf,
    dir: TempDir,
    process: Child,
    port: u16,
}

impl Server {
    /// Makes a server for tests in a directory of its own and starts it.
    pub(crate) fn start() -> anyhow::Result<Self> {
        Self::start_with(&QUICK)
    }

    /// Makes a server for measuring in a directory of its own and starts it.
    pub(crate) fn start_as_installed() -> anyhow::Result<Self> {
        Self::start_with(&AS_INSTALLED)
    }

    fn start_with(settings: &[&str]) -> anyhow::Result<Self> {
        let programs = programs().context("PostgreSQL is not installed")?;
        let dir = tempfile::Builder::new()
            .prefix("xtask-postgres-")
            .tempdir()?;
        if is_root() {
            let user = numbers_of(USER)?;
            chown(dir.path(), Some(user.0), Some(user.1))?;
        }
        let data = dir.path().join("data");
        let mut make = unprivileged(&programs.join("initdb"));
        make.args(["--auth=trust", "--username=postgres", "--encoding=UTF8"])
            .args(["--locale=C", "--no-sync", "--pgdata"])
            .arg(&data);
        let made = make.stdin(Stdio::null()).output()?;
        if !made.status.success() {
            print!("{}", String::from_utf8_lossy(&made.stderr));
            bail!("{} failed: {}", workspace::line(&make), made.status);
        }
        // Somebody else may take the port in between; then the server says so and the step fails.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = fs::File::create(dir.path().join("log"))?;
        let mut serve = unprivileged(&programs.join("postgres"));
        serve
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-k"])
            .arg(dir.path())
            .args(settings.iter().flat_map(|setting| ["-c", setting]))
            .args(["-c", "listen_addresses=127.0.0.1"])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let mut server = Self {
            process: serve.spawn()?,
            programs,
            dir,
            port,
        };
        server.answers()?;
        Ok(server)
    }

    /// The URL by which an administrator reaches it.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// The number of its first process, which starts all others.
    pub(crate) fn process(&self) -> anyhow::Result<u32> {
        let file = self.dir.path().join("data/postmaster.pid");
        let text =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let first = text.lines().next().unwrap_or_default();
        first
            .parse()
            .with_context(|| format!("{} names no process", file.display()))
    }

    /// Asks it for one value.
    pub(crate) fn ask(&self, statement: &str) -> anyhow::Result<String> {
        let mut ask = Command::new(self.programs.join("psql"));
        let output = ask
            .args(["--no-align", "--tuples-only", "--no-psqlrc", "--command"])
            .args([statement, &self.url()])
            .output()
            .context("cannot run psql")?;
        if !output.status.success() {
            bail!("psql: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn answers(&mut self) -> anyhow::Result<()> {
        let (times, pause) = LOOKS;
        for _ in 0..times {
            let mut look = Command::new(self.programs.join("pg_isready"));
            look.args(["--host=127.0.0.1", "--quiet", "--port"])
                .arg(self.port.to_string());
            if look.status()?.success() {
                return Ok(());
            }
            if self.process.try_wait()?.is_some() {
                break;
            }
            thread::sleep(pause);
        }
        print!("{}", fs::read_to_string(self.dir.path().join("log"))?);
        bail!("PostgreSQL does not answer")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What it holds goes with its directory, so nothing has to be written down.
        let mut stop = unprivileged(&self.programs.join("pg_ctl"));
        stop.args(["stop", "--mode=immediate", "--silent", "--pgdata"])
            .arg(self.dir.path().join("data"));
        if !stop.status().is_ok_and(|status| status.success()) {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

/// The folder with the server's programs: the newest release's of Debian, or where `initdb` is on `PATH`.
fn programs() -> Option<PathBuf> {
    let releases = fs::read_dir(RELEASES).into_iter().flatten().flatten();
    let newest = releases
        .filter_map(|release| {
            let number: u32 = release.file_name().to_str()?.parse().ok()?;
            let programs = release.path().join("bin");
            let complete = programs.join("initdb").is_file();
            complete.then_some((number, programs))
        })
        .max();
    match newest {
        Some((_, programs)) => Some(programs),
        None if not_on_path(&["initdb"]).is_empty() => Some(PathBuf::new()),
        None => None,
    }
}

/// A command that does not run as root.
fn unprivileged(program: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", USER, "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    // Somewhere that the other user may be too.
    command.current_dir("/");
    command
}

/// The numbers of a user and its group.
fn numbers_of(user: &str) -> anyhow::Result<(u32, u32)> {
    let number = |which: &str| -> anyhow::Result<u32> {
        let output = Command::new("id").args([which, user]).output()?;
        let text = String::from_utf8(output.stdout)?;
        text.trim()
            .parse()
            .with_context(|| format!("there is no user {user}"))
    };
    Ok((number("-u")?, number("-g")?))
}
