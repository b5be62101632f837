//! A data directory of its own, and the program that works on it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Arc,
};

use sandbox::{Config, PortalConfig, Sandbox};
use scratch::Scratch;
use serde_json::Value;
use store::Store;

/// The portal that most tests read.
pub(crate) const PORTAL: u64 = 4711;

/// The program with its data directory, and perhaps a portal.
pub(crate) struct Product {
    scratch: Scratch,
    sandbox: Option<Arc<Sandbox>>,
    environment: Vec<(String, String)>,
    /// Where the data directory is, unless it is the usual one.
    data: Option<PathBuf>,
}

impl Product {
    /// An empty data directory; nothing to connect to.
    pub(crate) fn empty() -> Self {
        Self {
            scratch: Scratch::new(),
            sandbox: None,
            environment: Vec::new(),
            data: None,
        }
    }

    /// With one subscription.
    pub(crate) fn subscribed() -> Self {
        let product = Self::empty();
        product
            .run("subscription create --name Test --timezone Asia/Tokyo")
            .done();
        product
    }

    /// With a subscription, and a portal of 1,000 contacts and 200 companies to connect to.
    pub(crate) fn beside_portal() -> Self {
        Self::beside(Config::with_portal(PortalConfig::small(PORTAL)))
    }

    /// With a subscription, and a sandbox to connect to.
    pub(crate) fn beside(config: Config) -> Self {
        let sandbox = Sandbox::start(config).unwrap();
        let product = Self::subscribed()
            .with("TRIBUTARY_HUBSPOT__BASE_URL", &sandbox.base_url())
            .with("TRIBUTARY_HUBSPOT__QUOTA__SEARCH_PER_SECOND", "0")
            .with("TRIBUTARY_HUBSPOT__QUOTA__TEN_SECONDLY", "0");
        Self {
            sandbox: Some(Arc::new(sandbox)),
            ..product
        }
    }

    /// Connected, and knowing the visitors and accounts that the sandbox's product knows.
    pub(crate) fn connected() -> Self {
        let product = Self::beside_portal();
        for (object, command) in [
            (sandbox::Object::Contacts, "visitors"),
            (sandbox::Object::Companies, "accounts"),
        ] {
            let lines: Vec<String> = product
                .sandbox()
                .known(PORTAL, object)
                .map(|known| serde_json::to_string(&known).unwrap())
                .collect();
            let file = product.file("known.ndjson", lines.join("\n"));
            product.run_with(&[command, "import", &file]).done();
        }
        product.connect(PORTAL);
        product
    }

    /// Connected, with both levels mapped.
    pub(crate) fn mapped() -> Self {
        let product = Self::connected();
        product
            .run("mapping set --level visitor --key product_user_id --fields firstname,mrr,is_champion,trial_ends_on,plan_tier,hubspot_owner_id")
            .done();
        product
            .run("mapping set --level account --key product_account_id --fields name,arr,renewal_date")
            .done();
        product
    }

    /// Connects to a portal of the sandbox by its static token.
    pub(crate) fn connect(&self, portal: u64) {
        let file = self.file("token", sandbox::static_token(portal));
        self.run_with(&["hubspot", "connect", "--token-file", &file])
            .done();
    }

    /// Sets an environment variable for every command.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The portal's sandbox, if there is one.
    pub(crate) fn portal(&self) -> Option<&Sandbox> {
        self.sandbox.as_deref()
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().unwrap()
    }

    /// The store that the program works on.
    pub(crate) async fn store(&self) -> Store {
        let options = scratch::options(&self.data(), self.scratch.url());
        Store::open_with(&options).await.unwrap()
    }

    pub(crate) fn data(&self) -> PathBuf {
        let usual = || self.scratch.path().join("data");
        self.data.clone().unwrap_or_else(usual)
    }

    /// What `store copy` is told to copy.
    pub(crate) fn place(&self) -> String {
        match self.scratch.url() {
            Some(url) => format!("@{}", self.file("url", url)),
            None => self.data().display().to_string(),
        }
    }

    /// The program beside the same portal, on an embedded database in another data directory.
    pub(crate) fn elsewhere(&self, data: &str) -> Self {
        Self {
            scratch: Scratch::embedded(),
            sandbox: self.sandbox.clone(),
            environment: self.environment.clone(),
            data: Some(data.into()),
        }
    }

    /// Writes a file beside the data directory and returns its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.scratch.path().join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// The path of a file that is not there yet.
    pub(crate) fn path(&self, name: &str) -> String {
        self.scratch.path().join(name).display().to_string()
    }

    /// Runs a command without words that contain spaces.
    pub(crate) fn run(&self, line: &str) -> Ended {
        let words: Vec<&str> = line.split_whitespace().collect();
        self.run_with(&words)
    }

    /// Runs a command.
    pub(crate) fn run_with(&self, arguments: &[&str]) -> Ended {
        Ended(self.command(arguments).output().unwrap())
    }

    /// Runs a command with `--json` and returns what it printed and its exit status.
    pub(crate) fn json(&self, line: &str) -> (Value, i32) {
        let ended = self.run(&format!("{line} --json"));
        (ended.json(), ended.status())
    }

    /// Starts a command and leaves it running.
    pub(crate) fn start(&self, line: &str) -> Child {
        let words: Vec<&str> = line.split_whitespace().collect();
        self.command(&words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// How many processes have left a life sign in the data directory: none, once all have ended.
    pub(crate) fn processes(&self) -> usize {
        fs::read_dir(self.data().join("processes")).map_or(0, Iterator::count)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bare(self.scratch.path());
        command
            .arg("--data-dir")
            .arg(self.data())
            .args(arguments)
            .envs(self.environment.iter().cloned());
        if let Some(url) = self.scratch.url() {
            command.env("TRIBUTARY_DATABASE__URL", url);
        }
        command
    }
}

/// The program without anything of the developer's own environment.
pub(crate) fn bare(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tributary"));
    command
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null());
    command
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Ended(pub(crate) Output);

impl Ended {
    pub(crate) fn status(&self) -> i32 {
        self.0.status.code().unwrap_or(-1)
    }

    pub(crate) fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    /// Asserts success, and returns standard output.
    #[track_caller]
    pub(crate) fn done(&self) -> String {
        self.ended_with(0)
    }

    /// Asserts an exit status, and returns standard output.
    #[track_caller]
    pub(crate) fn ended_with(&self, status: i32) -> String {
        assert_eq!(self.status(), status, "{}\n{}", self.out(), self.err());
        self.out()
    }

    /// Asserts an exit status and an error's number, and returns what people are shown.
    #[track_caller]
    pub(crate) fn failed_with(&self, status: i32, code: &str) -> String {
        assert_eq!(self.status(), status, "{}\n{}", self.out(), self.err());
        let shown = self.err();
        assert!(shown.contains(code), "{shown}");
        shown
    }

    /// Standard output, which must be exactly one JSON object.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let out = self.out();
        let json: Value = serde_json::from_str(&out)
            .unwrap_or_else(|error| panic!("{error}: {out}\n{}", self.err()));
        assert!(json.is_object(), "{out}");
        json
    }
}

/// Asserts that a JSON object reports an error of this number.
#[track_caller]
pub(crate) fn assert_error(json: &Value, code: &str) {
    let error = &json["error"];
    assert_eq!(error["code"], code, "{json}");
    for part in ["message", "hint"] {
        let text = error[part].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "{json}");
    }
}
