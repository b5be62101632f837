//! Secrets and property values stand in no address, no log, and on no page but the one that is made for it.

use std::{
    io,
    sync::{Arc, LazyLock, Mutex},
};

use sandbox::{Command, DEFAULT_CLIENT_SECRET, Object, VISITOR_KEY};
use secrecy::ExposeSecret as _;
use tracing::{Dispatch, subscriber::NoSubscriber};
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    bench::{ADMIN, Bench, PASSWORD, PORTAL, VIEWER, bench, invite, mappings, new_password, plan},
    browser::Browser,
    connect, routes,
};

/// While a process has one subscriber, `tracing` takes the word of whichever thread comes first on whether a place in the code
/// is of interest, though another thread may have the subscriber. With a second one it asks both.
static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));

/// A log that a test reads.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Takes down everything, at every level, that happens on this thread until the guard goes.
    fn begin() -> (Self, tracing::subscriber::DefaultGuard) {
        LazyLock::force(&SECOND);
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(log.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(buffer);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// A value that a contact holds.
const VALUE: &str = "Zürich-value-of-a-person";

/// The tokens of the connection.
async fn tokens(bench: &Bench) -> Vec<String> {
    let connection = bench
        .store
        .connection(bench.subscription)
        .await
        .unwrap()
        .unwrap();
    let kept: serde_json::Value =
        serde_json::from_str(connection.credentials.expose_secret()).unwrap();
    let kept = kept.as_object().unwrap().values();
    kept.filter_map(|value| value.as_str().map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn no_secret_and_no_value_stands_in_an_address_a_log_or_a_page() {
    let (log, guard) = Log::begin();
    let mut bench = plan().without_app().build().await;
    bench.sandbox.clock().advance_ms(1_000);
    let values = [(VISITOR_KEY, "u-secretive"), ("city", VALUE)];
    let contact = Command::Create {
        object: Object::Contacts,
        values: values
            .map(|(name, value)| (name.into(), value.into()))
            .into(),
    };
    bench.sandbox.run(PORTAL, &contact).unwrap();
    bench.know().await;
    bench
        .know_these(model::Level::Visitor, ["u-secretive".to_owned()])
        .await;
    let mut admin = bench.admin().await;
    let mut secrets = vec![PASSWORD.to_owned(), DEFAULT_CLIENT_SECRET.to_owned()];

    // People.
    secrets.push(admin.secret());
    let ticket = invite(&mut admin, VIEWER, "viewer").await;
    let mut viewer = bench.nobody();
    viewer
        .post("/join", &new_password(&ticket, PASSWORD))
        .await
        .leads_to("/");
    secrets.extend([ticket, viewer.secret()]);
    let mut nobody = bench.nobody();
    let form = [("email", ADMIN), ("password", "wrong-password-77")];
    nobody.post("/sign-in", &form).await.is(401);
    secrets.push("wrong-password-77".into());

    // HubSpot: app, token, and OAuth.
    for secret in ["wrong-client-secret", DEFAULT_CLIENT_SECRET] {
        let form = [
            ("client_id", sandbox::DEFAULT_CLIENT_ID),
            ("client_secret", secret),
        ];
        admin.post("/s/1/settings/hubspot-app", &form).await;
    }
    secrets.push("wrong-client-secret".into());
    for token in ["pat-na1-of-nobody", &*sandbox::static_token(PORTAL)] {
        admin.post(&mappings("token"), &[("token", token)]).await;
        secrets.push(token.into());
    }
    connect::connect(&mut admin, PORTAL, &[("again", "yes")]).await;
    secrets.extend(tokens(&bench).await);
    // Access tokens are renewed now and then.
    bench.pass(std::time::Duration::from_hours(1));

    // A sync, a sample, and every page.
    admin
        .post(&mappings("key"), &[("property", VISITOR_KEY)])
        .await
        .leads_to("/s/1");
    crate::bench::save(&mut admin, &["city"]).await;
    bench.settled(model::Level::Visitor).await;
    let held = bench
        .store
        .subject(bench.visitors(), "u-secretive")
        .await
        .unwrap();
    assert!(held.unwrap().hubspot.unwrap().contains(VALUE));
    secrets.extend(tokens(&bench).await);
    admin
        .post(&mappings("key/sample"), &[("size", "2000")])
        .await;
    admin.follow(&mappings("key/sample")).await.ok();
    let mut pages = String::new();
    for example in crate::examples::pages() {
        for browser in [&mut admin, &mut viewer] {
            pages += &routes::send(browser, example).await.body;
        }
    }
    drop(guard);

    assert!(
        secrets.len() >= 10 && secrets.iter().all(|secret| secret.len() > 8),
        "{secrets:?}"
    );
    let log = log.text();
    assert!(log.contains("refused"), "nothing was logged: {log}");
    let addresses =
        [&admin, &viewer, &nobody].map(|browser: &Browser| browser.addresses.join("\n"));
    let addresses = addresses.join("\n");
    for secret in &secrets {
        absent(secret, "the log", &log);
        absent(secret, "an address", &addresses);
        absent(secret, "a page", &pages);
    }
    absent(VALUE, "the log", &log);
    absent(VALUE, "an address", &addresses);
    absent("u-secretive", "the log", &log);
    absent("u-secretive", "an address", &addresses);
}

#[track_caller]
fn absent(secret: &str, place: &str, text: &str) {
    let line = text.lines().find(|line| line.contains(secret));
    assert!(
        line.is_none(),
        "{secret:?} stands in {place}: {}",
        line.unwrap_or_default()
    );
}

#[tokio::test]
async fn what_is_looked_for_stands_in_no_address() {
    let mut bench = bench().await.synced(&["city"]).await;
    let mut admin = bench.admin().await;
    let (log, guard) = Log::begin();
    for (path, form) in [
        (
            "/s/1/visitors/view",
            [("change", "search"), ("starts_with", "u-private")].as_slice(),
        ),
        (
            "/s/1/visitors/view",
            &[
                ("change", "add"),
                ("field", "hubspot.city"),
                ("test", "is"),
                ("value", "u-private"),
            ],
        ),
        ("/s/1/runs/1/records/missed", &[("id", "u-private")]),
    ] {
        let page = admin.post(path, form).await;
        let page = match page.location() {
            Some(next) => admin.get(&next).await.ok(),
            None => page.ok(),
        };
        page.has("u-private");
    }
    drop(guard);
    absent("u-private", "the log", &log.text());
    absent("u-private", "an address", &admin.addresses.join("\n"));
}
