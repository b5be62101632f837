//! A stretch of network in front of a PostgreSQL server, for tests to cut, slow down and lose answers in.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};

/// How long a direction sleeps that is to be silent.
const SILENCE: Duration = Duration::from_millis(20);

/// How a client ends a transaction: a simple query.
const COMMIT: &[u8] = b"COMMIT\0";

/// Passes connections on to a server.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    network: Arc<Network>,
}

#[derive(Debug)]
struct Network {
    server: SocketAddr,
    weather: Mutex<Weather>,
    lines: Mutex<Vec<Arc<Line>>>,
}

#[derive(Debug, Default)]
struct Weather {
    refusing: bool,
    delay: Duration,
    commits: u64,
    /// The answer to this commit gets lost, and the connection with it.
    lost: Option<u64>,
}

/// One connection.
#[derive(Debug)]
struct Line {
    client: TcpStream,
    server: TcpStream,
    /// Nothing passes any more, and neither side is told.
    dead: AtomicBool,
    /// The server's next answer is lost.
    losing: AtomicBool,
}

impl Proxy {
    /// One in front of the server that a `postgres://` URL names.
    pub fn before(url: &str) -> Self {
        let options: PgConnectOptions = url.parse().expect("the URL can be understood");
        let server = (options.get_host(), options.get_port()).to_socket_addrs();
        let server = server.expect("the server has an address").next();
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let network = Arc::new(Network {
            server: server.expect("the server has an address"),
            weather: Mutex::default(),
            lines: Mutex::default(),
        });
        let accepting = Arc::clone(&network);
        // Both end with the test's process.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                accepting.open(client);
            }
        });
        Self {
            url: options.host("127.0.0.1").port(port).to_url_lossy().into(),
            network,
        }
    }

    /// The URL that leads through it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Cuts all connections. With `refusing`, new ones are cut at once until [`Proxy::mend`].
    pub fn cut(&self, refusing: bool) {
        self.network.weather().refusing = refusing;
        for line in self.network.lines().drain(..) {
            line.cut();
        }
    }

    /// Lets nothing pass on the present connections any more, without telling either side.
    pub fn silence(&self) {
        for line in self.network.lines().drain(..) {
            line.dead.store(true, Ordering::Release);
        }
    }

    /// Whatever is sent takes so long, each way.
    pub fn slow_down(&self, delay: Duration) {
        self.network.weather().delay = delay;
    }

    /// How many transactions were ended by their clients so far.
    pub fn commits(&self) -> u64 {
        self.network.weather().commits
    }

    /// The server's answer to that commit from now gets lost, and the connection is cut.
    pub fn lose_answer(&self, commit: u64) {
        let mut weather = self.network.weather();
        weather.lost = Some(weather.commits + commit);
    }

    /// Whether an answer is still to be lost.
    pub fn is_losing(&self) -> bool {
        self.network.weather().lost.is_some()
    }

    /// Everything passes again.
    pub fn mend(&self) {
        let mut weather = self.network.weather();
        *weather = Weather {
            commits: weather.commits,
            ..Weather::default()
        };
    }
}

impl Network {
    fn weather(&self) -> MutexGuard<'_, Weather> {
        self.weather.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Arc<Line>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes a connection on, unless it is refused.
    fn open(self: &Arc<Self>, client: TcpStream) {
        if self.weather().refusing {
            return;
        }
        let Ok(server) = TcpStream::connect(self.server) else {
            return;
        };
        let line = Arc::new(Line {
            client,
            server,
            dead: AtomicBool::new(false),
            losing: AtomicBool::new(false),
        });
        self.lines().push(Arc::clone(&line));
        let (there, back) = (Arc::clone(self), Arc::clone(self));
        let returning = Arc::clone(&line);
        thread::spawn(move || {
            pass(&line.client, &line.server, |sent| there.ask(&line, sent));
            line.cut();
        });
        thread::spawn(move || {
            pass(&returning.server, &returning.client, |_| {
                back.answer(&returning)
            });
            returning.cut();
        });
    }

    /// What a client sends; says whether it arrives.
    fn ask(&self, line: &Line, sent: &[u8]) -> bool {
        let mut weather = self.weather();
        if sent.windows(COMMIT.len()).any(|bytes| bytes == COMMIT) {
            weather.commits += 1;
            if weather.lost == Some(weather.commits) {
                weather.lost = None;
                line.losing.store(true, Ordering::Release);
            }
        }
        let delay = weather.delay;
        drop(weather);
        line.wait(delay);
        true
    }

    /// What the server answers; says whether it arrives.
    fn answer(&self, line: &Line) -> bool {
        line.wait(self.weather().delay);
        !line.losing.load(Ordering::Acquire)
    }
}

impl Line {
    /// Waits as long as what is sent takes, which may be for ever.
    fn wait(&self, delay: Duration) {
        thread::sleep(delay);
        while self.dead.load(Ordering::Acquire) {
            thread::sleep(SILENCE);
        }
    }

    fn cut(&self) {
        // Either side may have gone before.
        drop(self.client.shutdown(Shutdown::Both));
        drop(self.server.shutdown(Shutdown::Both));
    }
}

/// Passes on what comes, as long as `arrives`, until either side ends.
fn pass(mut from: &TcpStream, mut to: &TcpStream, arrives: impl Fn(&[u8]) -> bool) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        if !arrives(&bytes[..length]) || to.write_all(&bytes[..length]).is_err() {
            return;
        }
    }
}
