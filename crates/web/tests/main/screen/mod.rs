//! A window of Chromium, driven over `WebDriver`: what people see and do.
//!
//! `cargo xtask test` installs the browser where it may. Without it these tests say what is missing, and fail.

mod paths;
mod scenes;
mod states;
mod tree;

use std::{
    fmt::Debug,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use axum::http::Method;
use fantoccini::{
    Client, ClientBuilder, Locator,
    elements::Element,
    wd::{Capabilities, WebDriverCompatibleCommand},
};
use hyper_util::client::legacy::connect::HttpConnector;
use scratch::Folder;
use serde_json::{Value, json};
use url::Url;

/// axe-core, which knows the rules of accessibility.
const AXE: &str = include_str!("../../vendor/axe.min.js");

/// What is waited for takes far less, but for a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a page is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// `en` or `ja`.
    pub(crate) language: &'static str,
    pub(crate) dark: bool,
    /// In pixels.
    pub(crate) width: u32,
}

impl Look {
    pub(crate) const WIDE: Self = Self {
        language: "en",
        dark: false,
        width: 1280,
    };

    pub(crate) fn name(self) -> String {
        let theme = if self.dark { "dark" } else { "light" };
        format!("{}-{theme}-{}", self.language, self.width)
    }
}

/// The rules that a look is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// WCAG 2.2 AA and what is held to be good practice beside it.
    All,
    /// What changes with the theme.
    Colours,
    /// What changes with the width.
    Sizes,
}

impl Rules {
    /// As axe names them.
    fn names(self) -> Value {
        match self {
            Self::All => json!({ "type": "tag", "values": [
                "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice",
            ] }),
            Self::Colours => {
                json!({ "type": "rule", "values": ["color-contrast", "link-in-text-block"] })
            }
            Self::Sizes => json!({ "type": "rule", "values": [
                "target-size", "scrollable-region-focusable", "aria-hidden-focus", "region", "page-has-heading-one",
            ] }),
        }
    }
}

/// A window.
pub(crate) struct Screen {
    client: Client,
    driver: Child,
    port: u16,
    session: String,
    _home: Folder,
}

/// A command of Chromium's own protocol.
#[derive(Debug)]
struct Chromium(&'static str, Value);

impl WebDriverCompatibleCommand for Chromium {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": self.0, "params": self.1 });
        (Method::POST, Some(body.to_string()))
    }
}

/// What the console says.
#[derive(Debug)]
struct Console;

impl WebDriverCompatibleCommand for Console {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/se/log"))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

impl Screen {
    /// Opens a window.
    pub(crate) async fn open(look: Look) -> Self {
        let home = Folder::new();
        let (driver, port) = start_driver(home.path());
        let mut capabilities = Capabilities::new();
        let profile = home.path().join("profile");
        let options = json!({
            "binary": "/usr/bin/chromium",
            "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb",
                "--window-size=1280,900", format!("--user-data-dir={}", profile.display()),
            ],
        });
        capabilities.insert("goog:chromeOptions".into(), options);
        capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL" }));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts");
        let session = client.session_id().await.unwrap().unwrap();
        let screen = Self {
            client,
            driver,
            port,
            session,
            _home: home,
        };
        screen.look(look).await;
        screen
    }

    /// Looks otherwise: in another language, theme or width. Pages that are opened from now on.
    pub(crate) async fn look(&self, look: Look) {
        let theme = if look.dark { "dark" } else { "light" };
        let media = json!({ "features": [
            { "name": "prefers-color-scheme", "value": theme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.command("Emulation.setEmulatedMedia", media).await;
        let size =
            json!({ "width": look.width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.command("Emulation.setDeviceMetricsOverride", size)
            .await;
        let headers = json!({ "headers": { "Accept-Language": look.language } });
        self.command("Network.enable", json!({})).await;
        self.command("Network.setExtraHTTPHeaders", headers).await;
        // Colours change by and by, and only then are they what they will be.
        let settle = "const done = arguments[0];
            let calm = 0;
            const look = () => {
              const changing = document.getAnimations().filter(one => one.effect.getComputedTiming().iterations !== Infinity);
              for (const one of changing) one.finish();
              calm = changing.length ? 0 : calm + 1;
              calm < 4 ? setTimeout(look, 30) : done();
            };
            setTimeout(look, 30);";
        self.client.execute_async(settle, Vec::new()).await.unwrap();
    }

    /// Takes somebody's session over: what their cookie holds.
    pub(crate) async fn become_session(&self, address: &str, secret: &str) {
        let cookie = json!({ "name": "tributary", "value": secret, "url": address, "httpOnly": true, "sameSite": "Lax" });
        self.command("Network.setCookie", cookie).await;
    }

    /// Forgets who is signed in.
    pub(crate) async fn become_nobody(&self) {
        self.command("Network.clearBrowserCookies", json!({})).await;
    }

    pub(crate) async fn goto(&self, address: &str) {
        self.client.goto(address).await.unwrap();
    }

    /// Path and query of the page.
    pub(crate) async fn path(&self) -> String {
        let address = self.client.current_url().await.unwrap();
        address[url::Position::BeforePath..].to_owned()
    }

    /// The first element of a selector, as soon as it is there and can be seen.
    pub(crate) async fn find(&self, css: &str) -> Element {
        let started = std::time::Instant::now();
        loop {
            if let Ok(found) = self.client.find(Locator::Css(css)).await
                && found.is_displayed().await.unwrap_or(false)
            {
                return found;
            }
            if started.elapsed() > PATIENCE {
                let text = self.text().await;
                panic!("{css} does not appear on {}:\n{text}", self.path().await);
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }

    /// Waits until nothing of a selector is there.
    pub(crate) async fn gone(&self, css: &str) {
        let started = std::time::Instant::now();
        while self.has(css).await {
            assert!(
                started.elapsed() < PATIENCE,
                "{css} stays:\n{}",
                self.text().await
            );
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }

    /// Whether there is something of a selector at present.
    pub(crate) async fn has(&self, css: &str) -> bool {
        self.client.find(Locator::Css(css)).await.is_ok()
    }

    /// Waits until the page says this.
    pub(crate) async fn says(&self, wanted: &str) {
        let started = std::time::Instant::now();
        loop {
            let text = self.text().await;
            if text.contains(wanted) {
                return;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "{wanted:?} does not appear on {}:\n{text}",
                self.path().await
            );
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }

    /// Runs a script in the page.
    pub(crate) async fn run(&self, script: &str) {
        self.client.execute(script, Vec::new()).await.unwrap();
    }

    /// The text of the page.
    pub(crate) async fn text(&self) -> String {
        let script = "return document.body ? document.body.innerText : ''";
        let text = self.client.execute(script, Vec::new()).await;
        text.ok()
            .and_then(|text| text.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    pub(crate) async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// Fills a field in, in place of what it holds.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Hands a file to a field.
    pub(crate) async fn attach(&self, css: &str, path: &std::path::Path) {
        let field = self.find(css).await;
        field.send_keys(path.to_str().unwrap()).await.unwrap();
    }

    /// Presses keys, one after the other, wherever the focus is.
    pub(crate) async fn keys(&self, keys: &str) {
        let focused = self.client.active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    /// What has the focus: its accessible name or text.
    pub(crate) async fn focused(&self) -> String {
        let script = "const one = document.activeElement; return one.id || one.getAttribute('aria-label') || one.innerText || one.name || ''";
        let focused = self.client.execute(script, Vec::new()).await.unwrap();
        focused.as_str().unwrap_or_default().trim().to_owned()
    }

    pub(crate) async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    /// The page as a picture, as high as it is; with a dialog open, what the window shows.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        use base64::Engine as _;
        let dialog = self.has("dialog[open]").await;
        if !dialog {
            self.run("scrollTo(0, 0)").await;
        }
        let parameters = json!({ "format": "png", "captureBeyondViewport": !dialog });
        let shot = self.command("Page.captureScreenshot", parameters).await;
        let data = shot["data"].as_str().unwrap();
        base64::prelude::BASE64_STANDARD.decode(data).unwrap()
    }

    /// What axe finds wrong with the page: rule, and the elements it is about.
    pub(crate) async fn violations(&self, rules: Rules) -> Vec<String> {
        let there = self
            .client
            .execute("return !!window.axe", Vec::new())
            .await
            .unwrap();
        if there != Value::Bool(true) {
            let source = json!({ "expression": AXE });
            self.command("Runtime.evaluate", source).await;
        }
        let script = "const [rules, done] = arguments;
            const words = node => node.target.join(' ') + ' (' + node.failureSummary.replace(/\\s+/g, ' ') + ')';
            axe.run(document, { runOnly: rules, resultTypes: ['violations'] })
              .then(found => done(found.violations.map(one => one.id + ': ' + one.nodes.map(words).join('; '))))
              .catch(error => done(['axe failed: ' + error]));";
        let found = self.client.execute_async(script, vec![rules.names()]).await;
        let found = found.unwrap();
        let found = found.as_array().expect("a list of violations");
        found
            .iter()
            .map(|one| one.as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Whether the page is wider than the window.
    pub(crate) async fn overflows(&self) -> bool {
        let script =
            "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
        let wider = self.client.execute(script, Vec::new()).await.unwrap();
        wider == Value::Bool(true)
    }

    /// What the console complained about since it was last asked: refused scripts and styles above all.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.client.issue_cmd(Console).await.unwrap_or_default();
        let lines = log.as_array().cloned().unwrap_or_default();
        lines
            .iter()
            .filter_map(|line| line["message"].as_str())
            // The page of a refused form has the status of one.
            .filter(|message| !message.contains("the server responded with a status of 4"))
            .map(str::to_owned)
            .collect()
    }

    /// The accessibility tree, as assistive technology is told.
    pub(crate) async fn tree(&self) -> String {
        let nodes = self.command("Accessibility.getFullAXTree", json!({})).await;
        tree::print(&nodes["nodes"])
    }

    async fn command(&self, name: &'static str, parameters: Value) -> Value {
        let command = Chromium(name, parameters);
        self.client
            .issue_cmd(command)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

/// Also after a panic: the session is closed before its driver, so that no Chromium stays behind.
impl Drop for Screen {
    fn drop(&mut self) {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let request = format!(
                "DELETE /session/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
                self.session
            );
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = stream.write_all(request.as_bytes());
            let _ = stream.read_to_end(&mut Vec::new());
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Starts a driver; says on which port it listens. One that takes the port of another at the same moment ends again.
fn start_driver(home: &Path) -> (Child, u16) {
    let start = |_| {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .env("TMPDIR", home)
            .env("HOME", home)
            .env("XDG_CONFIG_HOME", home)
            .env("XDG_CACHE_HOME", home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect(
                "chromedriver is installed: on Debian, apt-get install chromium chromium-driver",
            );
        if let Some(port) = port_of(&mut driver) {
            return Some((driver, port));
        }
        drop(driver.kill());
        drop(driver.wait());
        None
    };
    (0..5).find_map(start).expect("chromedriver says its port")
}

/// The port that a driver says it listens on.
fn port_of(driver: &mut Child) -> Option<u16> {
    let output = BufReader::new(driver.stdout.take().unwrap());
    let mut lines = output.lines();
    let port = lines.by_ref().find_map(|line| {
        let line = line.ok()?;
        let (_, port) = line.split_once("successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    // Whoever stops listening makes the driver stop at its next word.
    std::thread::spawn(move || lines.for_each(drop));
    port
}
