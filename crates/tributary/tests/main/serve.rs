//! The web pages as a process: how it starts, what it says, how it ends.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::TcpListener,
    process::{Child, ChildStdout, Command},
};

use serde_json::Value;

use crate::product::{Ended, PORTAL, Product, assert_error};

/// The page on which visitors are mapped.
const VISITORS: &str = "/s/1/settings/data-mappings/visitor";

/// The page on which ids of visitors are imported.
const IDS: &str = "/s/1/settings/ids/visitor";

/// `serve` or `demo` with `--json`, ended with the test at the latest.
pub(crate) struct Serving {
    child: Option<Child>,
    events: BufReader<ChildStdout>,
    /// What browsers open.
    pub(crate) url: String,
}

impl Serving {
    pub(crate) fn start(product: &Product, arguments: &str) -> Self {
        let mut child = product.start(&format!("{arguments} --json"));
        let events = BufReader::new(child.stdout.take().unwrap());
        let mut serving = Self {
            child: Some(child),
            events,
            url: String::new(),
        };
        let first = serving.event();
        let url = match &first["web"] {
            Value::Null => &first["url"],
            web => &web["url"],
        };
        assert!(url.is_string(), "{first}");
        url.as_str().unwrap().clone_into(&mut serving.url);
        serving
    }

    /// The next thing it says.
    fn event(&mut self) -> Value {
        let mut line = String::new();
        self.events.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Fetches a page: status and text.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let mut answer = browser().get(format!("{}{path}", self.url)).call().unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), text)
    }

    /// Posts a form as a page of its own would, and returns status and the page that is led to.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let answer = browser()
            .post(format!("{}{path}", self.url))
            .header("origin", &self.url)
            .send_form(fields.iter().copied())
            .unwrap();
        let location = answer.headers().get("location");
        let location = location.map_or("", |location| location.to_str().unwrap());
        (answer.status().as_u16(), location.to_owned())
    }

    /// Posts a form that opens a session, and returns its cookie.
    pub(crate) fn enter(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = browser()
            .post(format!("{}{path}", self.url))
            .header("origin", &self.url)
            .send_form(fields.iter().copied())
            .unwrap();
        assert_eq!(answer.status(), 303);
        let cookie = answer.headers().get("set-cookie").unwrap();
        let (cookie, _) = cookie.to_str().unwrap().split_once(';').unwrap();
        cookie.to_owned()
    }

    /// Posts a form of a page to `action` below it, and returns where it leads.
    pub(crate) fn press(&self, cookie: &str, page: &str, action: &str) -> String {
        let shown = visit(cookie, &format!("{}{page}", self.url));
        let guard = value(&shown, "guard").unwrap_or_else(|| panic!("no form in {shown}"));
        let upload = value(&shown, "upload").unwrap_or_default();
        let answer = browser()
            .post(format!("{}{page}/{action}", self.url))
            .header("origin", &self.url)
            .header("cookie", cookie)
            .send_form([("guard", guard), ("again", "yes"), ("upload", upload)])
            .unwrap();
        let location = answer.headers().get("location");
        let location = location.unwrap_or_else(|| panic!("{} leads nowhere", answer.status()));
        location.to_str().unwrap().to_owned()
    }

    /// Sends a file of visitors.
    fn send(&self, cookie: &str, content: &str) {
        let shown = visit(cookie, &format!("{}{IDS}", self.url));
        let guard = value(&shown, "guard").unwrap();
        let body = format!(
            "--cut\r\nContent-Disposition: form-data; name=\"guard\"\r\n\r\n{guard}\r\n\
             --cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"ids.csv\"\r\n\r\n{content}\r\n--cut--\r\n"
        );
        let answer = browser()
            .post(format!("{}{IDS}/file", self.url))
            .header("origin", &self.url)
            .header("cookie", cookie)
            .header("content-type", "multipart/form-data; boundary=cut")
            .send(body);
        assert_eq!(answer.unwrap().status(), 303);
    }

    /// Asks it to end, and returns how it did and what it said last.
    pub(crate) fn stop(mut self, signal: &str) -> (Ended, String) {
        let child = self.child.take().unwrap();
        let sent = Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
        let mut rest = String::new();
        self.events.read_to_string(&mut rest).unwrap();
        (Ended(child.wait_with_output().unwrap()), rest)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // A test failed; it must not go on alone.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// A browser that shows redirects instead of following them.
fn browser() -> ureq::Agent {
    ureq::Agent::config_builder()
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .new_agent()
}

/// Opens a page in a session: where it leads, or what it shows.
pub(crate) fn visit(cookie: &str, address: &str) -> String {
    let mut shown = browser()
        .get(address)
        .header("cookie", cookie)
        .call()
        .unwrap();
    match shown.headers().get("location") {
        Some(location) => location.to_str().unwrap().to_owned(),
        None => shown.body_mut().read_to_string().unwrap(),
    }
}

/// The value of a page's first input of a name.
fn value<'a>(shown: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = shown.split_once(&format!("name=\"{name}\" value=\""))?;
    rest.split('"').next()
}

/// The secret of a link, as a page's script puts it into the form.
pub(crate) fn secret(link: &str) -> &str {
    link.split_once('#').unwrap().1
}

#[test]
fn the_first_start_ends_in_the_first_admin() {
    let product = Product::empty();
    let mut serving = Serving::start(&product, "serve --listen 127.0.0.1:0");
    let set_up = serving.event();
    assert_eq!(set_up["event"], "set_up");
    let link = set_up["link"].as_str().unwrap().to_owned();
    let page = format!("{}/set-up#", serving.url);
    assert!(serving.url.starts_with("http://localhost:"));
    assert!(link.starts_with(&page), "{link}");

    let (status, health) = serving.get("/healthz");
    assert_eq!((status, health.as_str()), (200, r#"{"status":"ok"}"#));
    assert_eq!(serving.get("/set-up").0, 200);
    let form = [
        ("ticket", secret(&link)),
        ("email", "Yui.Sato@example.com"),
        ("password", "a long river"),
        ("again", "a long river"),
    ];
    assert_eq!(serving.post("/set-up", &form), (303, "/".into()));
    // Good once.
    assert_eq!(serving.post("/set-up", &form).0, 422);

    let (ended, rest) = serving.stop("-TERM");
    ended.done();
    let said: Vec<Value> = rest
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let said: Vec<&Value> = said.iter().map(|event| &event["event"]).collect();
    assert_eq!(said, ["working", "stopped"]);
    assert_eq!(product.processes(), 0, "a life sign was left");

    // Somebody can sign in now: no link is printed any more.
    let serving = Serving::start(&product, "serve --listen 127.0.0.1:0");
    let form = [
        ("email", "yui.sato@example.com"),
        ("password", "a long river"),
    ];
    assert_eq!(serving.post("/sign-in", &form), (303, "/".into()));
    let (ended, rest) = serving.stop("-INT");
    ended.done();
    assert_eq!(rest.lines().count(), 2, "{rest}");
}

#[test]
fn people_read_where_to_go() {
    let product = Product::empty();
    let mut child = product.start("serve --listen 127.0.0.1:0");
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while !text.contains("/set-up#") {
        assert!(out.read_line(&mut text).unwrap() > 0, "{text}");
    }
    assert!(text.contains("Tributary is at http://localhost:"), "{text}");
    assert!(text.contains("good once, for 24 hours"), "{text}");
    let sent = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    Ended(child.wait_with_output().unwrap()).done();
}

#[test]
fn an_address_that_is_taken_says_what_to_do() {
    let product = Product::empty();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let shown = product
        .run(&format!("serve --listen {address}"))
        .failed_with(1, "(TRB0160)");
    assert!(shown.contains(&address.to_string()), "{shown}");
    assert!(shown.contains("name another port"), "{shown}");
    // An address of documentation, which no machine has.
    let (report, status) = product.json("serve --listen 192.0.2.1:0");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0161");
}

#[test]
fn settings_come_from_the_environment_too() {
    let product = Product::empty()
        .with("TRIBUTARY_WEB__LISTEN", "127.0.0.1:0")
        .with("TRIBUTARY_WEB__PUBLIC_URL", "http://tributary.example")
        .with("TRIBUTARY_WEB__TRUSTED_PROXIES", "127.0.0.1");
    let mut serving = Serving::start(&product, "serve");
    assert_eq!(serving.url, "http://tributary.example");
    let warning = serving.event();
    assert_eq!(warning["event"], "warning");
    assert!(
        warning["message"].as_str().unwrap().contains("https"),
        "{warning}"
    );
    let set_up = serving.event();
    let link = set_up["link"].as_str().unwrap();
    assert!(
        link.starts_with("http://tributary.example/set-up#"),
        "{link}"
    );
    serving.stop("-TERM").0.done();

    for (name, value) in [
        ("TRIBUTARY_WEB__LISTEN", "8700"),
        ("TRIBUTARY_WEB__PUBLIC_URL", "tributary.example"),
        ("TRIBUTARY_WEB__TRUSTED_PROXIES", "everybody"),
    ] {
        let (report, status) = Product::empty().with(name, value).json("serve");
        assert_eq!(status, 1);
        assert_error(&report, "TRB0104");
        let message = report["error"]["message"].as_str().unwrap();
        assert!(
            message.contains(name) && message.contains("write"),
            "{message}"
        );
    }
}

/// Makes the first admin by the link that is printed at the first start.
fn first_session(serving: &mut Serving) -> String {
    let set_up = serving.event();
    let form = [
        ("ticket", secret(set_up["link"].as_str().unwrap())),
        ("email", "yui.sato@example.com"),
        ("password", "a long river"),
        ("again", "a long river"),
    ];
    serving.enter("/set-up", &form)
}

#[test]
fn pages_and_work_can_be_left_to_processes_of_their_own() {
    let product = Product::mapped();
    let mut serving = Serving::start(&product, "serve --listen 127.0.0.1:0 --no-worker");
    let session = first_session(&mut serving);
    serving.press(&session, VISITORS, "sync");
    let job = |state: &str| {
        let (jobs, _) = product.json("jobs list --all");
        let job = jobs["jobs"][0].clone();
        assert_eq!(job["asked_by"], "yui.sato@example.com", "{jobs}");
        job["state"] == state
    };
    assert!(job("waiting"), "somebody works");

    let mut worker = product.start("serve --no-web --json");
    while !job("done") {}
    let sent = Command::new("kill")
        .args(["-TERM", &worker.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    let mut said = String::new();
    let mut out = worker.stdout.take().unwrap();
    out.read_to_string(&mut said).unwrap();
    assert!(said.contains(r#""event":"working""#), "{said}");
    assert!(!said.contains("listening"), "{said}");
    Ended(worker.wait_with_output().unwrap()).done();
    let (runs, _) = product.json("runs list");
    assert_eq!(runs["runs"][0]["result"], "success", "{runs}");
    let (ended, rest) = serving.stop("-TERM");
    ended.done();
    assert!(!rest.contains("working"), "{rest}");

    product
        .run("serve --no-web --no-worker")
        .failed_with(2, "cannot be used with");
}

/// What is sent to a process that ends, another one loads.
#[test]
fn a_file_that_one_process_receives_is_loaded_by_another() {
    let product = Product::subscribed();
    let mut serving = Serving::start(&product, "serve --listen 127.0.0.1:0 --no-worker");
    let session = first_session(&mut serving);
    serving.send(&session, "id\nu-901\nu-902\n");
    serving.press(&session, IDS, "load");
    let listed = product.run("jobs list").done();
    assert!(listed.contains("import of ids"), "{listed}");
    let (jobs, _) = product.json("jobs list");
    assert_eq!(jobs["jobs"][0]["kind"], "import", "{jobs}");
    serving.stop("-TERM").0.done();

    let serving = Serving::start(&product, "serve --listen 127.0.0.1:0");
    let address = format!("{}{IDS}", serving.url);
    while !visit(&session, &address).contains("The file is imported.") {}
    let known = product.run("export visitors --format csv").done();
    assert!(
        known.contains("u-901") && known.contains("u-902"),
        "{known}"
    );
    serving.stop("-TERM").0.done();
}

/// A run that a page began stops with the process, and whoever runs the level next goes on with it.
#[test]
fn a_run_under_way_is_handed_back_and_leaves_no_lock() {
    let product = Product::mapped();
    // Slow enough that the run is still reading.
    product
        .sandbox()
        .knobs(PORTAL, |knobs| knobs.latency_ms = 1_500);
    let before = product.run("export visitors --format ndjson").done();
    let mut serving = Serving::start(&product, "serve --listen 127.0.0.1:0");
    let session = first_session(&mut serving);
    serving.press(&session, VISITORS, "sync");
    let mut runs = Value::Null;
    while runs["runs"][0]["result"] != "running" {
        runs = product.json("runs list").0;
    }

    let (ended, _) = serving.stop("-TERM");
    ended.done();
    assert_eq!(product.processes(), 0, "a life sign was left");
    let (runs, _) = product.json("runs list");
    assert_eq!(runs["runs"][0]["result"], "running", "{runs}");
    let (jobs, _) = product.json("jobs list");
    assert_eq!(jobs["jobs"][0]["state"], "waiting", "{jobs}");
    assert_eq!(jobs["jobs"][0]["tries"], 0, "{jobs}");
    let after = product.run("export visitors --format ndjson").done();
    assert_eq!(after, before);
    product
        .sandbox()
        .knobs(PORTAL, |knobs| knobs.latency_ms = 0);
    product.run("sync --level visitor").done();
    let (runs, _) = product.json("runs list");
    for run in runs["runs"].as_array().unwrap() {
        assert_ne!(run["result"], "running", "{runs}");
    }
}
