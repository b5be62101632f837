//! The first step of a data mapping: a grant of HubSpot's, by its own screens or by a token.

use std::time::Duration;

use axum::http::Method;
use model::Level;
use sandbox::{Command, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, Kind, PortalConfig};

use crate::{
    bench::{Bench, MAPPINGS, OTHER, PORTAL, bench, mappings, plan},
    browser::{Browser, Page},
};

pub(crate) const ACCOUNTS: &str = "/s/1/settings/data-mappings/account";

/// Clicks on Authenticate; returns the address of HubSpot's screen.
pub(crate) async fn authorize(browser: &mut Browser, form: &[(&str, &str)]) -> String {
    let page = browser.post(&mappings("authenticate"), form).await.is(303);
    page.leads_to("http://127.0.0.1")
}

/// Answers HubSpot's screen; returns the path it sends the browser back to.
pub(crate) fn decide(address: &str, portal: u64, decision: &str) -> String {
    let browser: ureq::Agent = ureq::Agent::config_builder()
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .new_agent();
    let mut answer = browser
        .post(format!("{address}&portalId={portal}"))
        .content_type("application/x-www-form-urlencoded")
        .send(format!("decision={decision}"))
        .unwrap();
    let back = answer.headers().get("location").cloned();
    let back = back.unwrap_or_else(|| panic!("{}", answer.body_mut().read_to_string().unwrap()));
    let back = back.to_str().unwrap();
    let path = back
        .find("/oauth/callback")
        .expect("it leads to the callback");
    back[path..].to_owned()
}

/// Connects to a portal through HubSpot's screens, and comes back to the page.
pub(crate) async fn connect(browser: &mut Browser, portal: u64, form: &[(&str, &str)]) -> Page {
    let address = authorize(browser, form).await;
    browser.open(&decide(&address, portal, "grant")).await.ok()
}

pub(crate) async fn portal(bench: &Bench) -> Option<u64> {
    let portal = bench
        .store
        .connected_portal(bench.subscription)
        .await
        .unwrap();
    portal.map(|portal| portal.0)
}

pub(crate) fn two_portals() -> [PortalConfig; 2] {
    [PortalConfig::small(PORTAL), PortalConfig::small(OTHER)]
}

#[tokio::test]
async fn agreeing_at_hubspot_connects_both_levels() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    admin
        .get(MAPPINGS)
        .await
        .ok()
        .has("Authenticate with HubSpot");
    let address = authorize(&mut admin, &[]).await;
    let asked = url::Url::parse(&address).unwrap();
    let query = |name: &str| {
        let found = asked.query_pairs().find(|(found, _)| found == name);
        found
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    assert_eq!(query("client_id"), DEFAULT_CLIENT_ID);
    assert_eq!(
        query("redirect_uri"),
        format!("{}/oauth/callback", admin.origin)
    );
    assert_eq!(query("state").len(), 43);
    assert!(!address.contains(DEFAULT_CLIENT_SECRET));

    let page = admin.get(&decide(&address, PORTAL, "grant")).await;
    let back = page.leads_to(MAPPINGS);
    assert!(back.ends_with("?note=note-connected#hubspot"), "{back}");
    let page = admin.get(&back).await.ok();
    page.has("HubSpot is connected")
        .has("portal-4711.example")
        .has("4711")
        .has("admin@portal-4711.example")
        .has("crm.objects.contacts.read");
    assert_eq!(portal(&bench).await, Some(PORTAL));

    // One grant serves both: the other level's click connects at once.
    admin.get(ACCOUNTS).await.ok().has("portal-4711.example");
    let page = admin.post(&format!("{ACCOUNTS}/authenticate"), &[]).await;
    page.leads_to(&format!("{ACCOUNTS}?note=note-connected"));
    let page = admin.get("/s/1/settings/audit").await.ok();
    page.has("Connected HubSpot");
}

#[tokio::test]
async fn the_way_back_leads_to_the_level_it_began_at() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let page = admin.post(&format!("{ACCOUNTS}/authenticate"), &[]).await;
    let address = page.leads_to("http://127.0.0.1");
    let page = admin.get(&decide(&address, PORTAL, "grant")).await;
    page.leads_to(ACCOUNTS);
}

#[tokio::test]
async fn a_denied_grant_changes_nothing_and_is_said() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let address = authorize(&mut admin, &[]).await;
    let page = admin.open(&decide(&address, PORTAL, "deny")).await.ok();
    page.has("Access was not granted")
        .has("Authenticate with HubSpot");
    assert_eq!(portal(&bench).await, None);
    // HubSpot may come back with neither.
    let address = authorize(&mut admin, &[]).await;
    let page = admin
        .open(&format!("/oauth/callback?state={}", state(&address)))
        .await;
    page.ok().has("HubSpot sent no answer");
    // And afterwards it works.
    connect(&mut admin, PORTAL, &[])
        .await
        .has("portal-4711.example");
}

/// The state of an address of HubSpot's screen.
fn state(address: &str) -> String {
    let address = url::Url::parse(address).unwrap();
    let state = address.query_pairs().find(|(name, _)| name == "state");
    state.unwrap().1.into_owned()
}

#[tokio::test]
async fn another_portal_takes_a_second_word() {
    let mut bench = plan().portals(two_portals()).build().await;
    let mut admin = bench.admin().await;
    connect(&mut admin, PORTAL, &[])
        .await
        .has("portal-4711.example");
    let again = [("again", "yes")];
    let page = connect(&mut admin, OTHER, &again).await;
    page.has("That is another HubSpot account")
        .has("Replace the connected HubSpot account")
        .has("portal-4711.example");
    assert_eq!(portal(&bench).await, Some(PORTAL));
    // Not even by what stands in an address.
    admin
        .get(&format!("{MAPPINGS}?problem=connect-other-portal"))
        .await
        .ok();
    assert_eq!(portal(&bench).await, Some(PORTAL));
    let agreed = [("again", "yes"), ("replace_portal", "yes")];
    let page = connect(&mut admin, OTHER, &agreed).await;
    page.has("portal-4712.example").lacks("portal-4711.example");
    assert_eq!(portal(&bench).await, Some(OTHER));
}

#[tokio::test]
async fn a_state_that_is_not_this_sessions_connects_nothing() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let mut other = bench.second_admin().await;
    // Somebody who began sends the end of it to somebody else.
    let address = authorize(&mut other, &[]).await;
    let back = decide(&address, PORTAL, "grant");
    let refused = |page: Page| {
        page.is(422)
            .has("does not belong to an attempt of this browser")
    };
    refused(admin.get(&back).await);
    // Another session of the same person is another session.
    let mut elsewhere = bench
        .sign_in("remi.second@example.com", crate::bench::PASSWORD)
        .await;
    refused(elsewhere.get(&back).await);
    let code = back
        .split("code=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    for state in ["", "AAAA", "%00", &"A".repeat(43)] {
        refused(
            admin
                .get(&format!("/oauth/callback?code={code}&state={state}"))
                .await,
        );
    }
    refused(admin.get(&format!("/oauth/callback?code={code}")).await);
    refused(admin.get("/oauth/callback").await);
    assert_eq!(bench.sandbox.tally(Kind::Token).calls, 0);
    assert_eq!(portal(&bench).await, None);
    // Whoever began can still end it, once.
    other.get(&back).await.leads_to(MAPPINGS);
    assert_eq!(portal(&bench).await, Some(PORTAL));
    refused(other.get(&back).await);
}

#[tokio::test]
async fn a_state_is_good_for_half_an_hour_and_for_its_session() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let address = authorize(&mut admin, &[]).await;
    let back = decide(&address, PORTAL, "grant");
    bench.pass(Duration::from_mins(30) + Duration::from_secs(1));
    admin.get(&back).await.is(422);
    assert_eq!(bench.sandbox.tally(Kind::Token).calls, 0);

    let address = authorize(&mut admin, &[]).await;
    let back = decide(&address, PORTAL, "grant");
    admin.post("/sign-out", &[]).await;
    let page = admin.get(&back).await;
    page.leads_to("/sign-in?next=");
    let mut admin = bench.admin().await;
    admin.get(&back).await.is(422);
    assert_eq!(portal(&bench).await, None);
}

#[tokio::test]
async fn a_viewer_connects_nothing() {
    let mut bench = bench().await;
    let mut viewer = bench.viewer().await;
    viewer.post(&mappings("authenticate"), &[]).await.is(403);
    let token = sandbox::static_token(PORTAL);
    viewer
        .post(&mappings("token"), &[("token", &token)])
        .await
        .is(403);
    viewer.get("/oauth/callback?code=x&state=y").await.is(403);
    viewer.get(MAPPINGS).await.ok().lacks("name=\"token\"");
    assert_eq!(portal(&bench).await, None);
}

#[tokio::test]
async fn a_code_that_hubspot_does_not_know_is_said() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let address = authorize(&mut admin, &[]).await;
    let back = format!("/oauth/callback?code=made-up&state={}", state(&address));
    let page = admin.get(&back).await;
    let next = page.leads_to(&format!("{MAPPINGS}?problem=TRB00"));
    let page = admin.get(&next).await.ok();
    page.has("role=\"alert\"").lacks("made-up");
    assert_eq!(portal(&bench).await, None);
}

#[tokio::test]
async fn disconnecting_keeps_mapping_and_values() {
    let mut bench = bench().await.synced(&["lifecyclestage"]).await;
    let mut admin = bench.admin().await;
    let scope = bench.visitors();
    let before = bench.store.subjects(scope, "", 10_000).await.unwrap();
    assert!(before.iter().any(|subject| subject.hubspot.is_some()));
    let page = admin.submit(&mappings("disconnect"), &[]).await.ok();
    page.has("HubSpot is disconnected")
        .has(sandbox::VISITOR_KEY);
    assert_eq!(portal(&bench).await, None);
    assert_eq!(
        bench.store.subjects(scope, "", 10_000).await.unwrap(),
        before
    );
    assert!(bench.store.mapping(scope).await.unwrap().is_some());
    // Twice does no harm.
    admin
        .post(&mappings("disconnect"), &[])
        .await
        .leads_to(MAPPINGS);
}

#[tokio::test]
async fn disconnecting_can_end_the_grant_at_hubspot() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    connect(&mut admin, PORTAL, &[]).await;
    let form = [("revoke", "yes")];
    admin
        .submit(&mappings("disconnect"), &form)
        .await
        .ok()
        .has("HubSpot is disconnected");
    assert_eq!(bench.sandbox.tally(Kind::Revoke).calls, 1);
    assert_eq!(portal(&bench).await, None);
}

#[tokio::test]
async fn a_connection_that_was_lost_is_said_on_every_page() {
    let mut bench = bench().await.synced(&["lifecyclestage"]).await;
    let mut admin = bench.admin().await;
    let mut viewer = bench.viewer().await;
    let token = sandbox::static_token(PORTAL);
    let forget = Command::ForgetToken {
        token: token.clone(),
    };
    bench.sandbox.run(PORTAL, &forget).unwrap();
    admin.post(&mappings("sync"), &[]).await.leads_to(MAPPINGS);
    bench.settled(Level::Visitor).await;
    for path in ["/s/1/overview", "/s/1/settings/storage", MAPPINGS, ACCOUNTS] {
        let lost = "HubSpot no longer accepts the connection";
        admin
            .get(path)
            .await
            .ok()
            .has(lost)
            .has("Authenticate again")
            .lacks(&token);
        viewer.get(path).await.ok().has(lost);
    }
    // With the same token back, or another way in, it works again.
    bench
        .sandbox
        .run(
            PORTAL,
            &Command::AddToken {
                token: token.clone(),
            },
        )
        .unwrap();
    admin
        .submit(&mappings("token"), &[("token", &token)])
        .await
        .ok();
    admin
        .get("/s/1/overview")
        .await
        .ok()
        .lacks("no longer accepts");
}

#[tokio::test]
async fn a_script_is_sent_to_hubspot_as_a_browser_is() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let guard = admin.guard().await;
    let page = admin
        .ask(Method::POST, &mappings("authenticate"))
        .with("hx-request-type", "partial")
        .form(&[("guard", &guard)])
        .send()
        .await
        .is(204);
    let target = page.header("hx-redirect").unwrap();
    assert!(target.starts_with(&bench.sandbox.base_url()), "{target}");
}

/// As after a restore without the keyring: what is sealed is there, and nobody can open it.
#[tokio::test]
async fn what_another_keyring_sealed_is_entered_again() {
    let mut bench = plan().without_app().build().await;
    let mut admin = bench.admin().await;
    let app = [
        ("client_id", DEFAULT_CLIENT_ID),
        ("client_secret", DEFAULT_CLIENT_SECRET),
    ];
    admin.post("/s/1/settings/hubspot-app", &app).await;
    connect(&mut admin, PORTAL, &[])
        .await
        .has("portal-4711.example");
    for table in ["connection", "hubspot_app"] {
        let sql = format!("UPDATE {table} SET sealed = 'sealed under another keyring'");
        bench.scratch.execute(&sql).await;
    }
    bench.runner.connector().forget_all();

    // Every page says so, and the widget offers the way out.
    let page = admin.get("/s/1/visitors").await.ok();
    page.has("was stored under another keyring");
    let page = admin.get(MAPPINGS).await.ok();
    page.has("Reconnect to go on").has("portal-4711.example");
    // That goes through the app, whose secret comes first.
    let page = admin
        .post(&mappings("authenticate"), &[("again", "yes")])
        .await;
    page.is(422).has("TRB0188");
    let page = admin.get("/s/1/settings/hubspot-app").await.ok();
    page.has("TRB0188").has(DEFAULT_CLIENT_ID);
    admin.post("/s/1/settings/hubspot-app", &app).await;
    let page = admin.get("/s/1/settings/hubspot-app").await.ok();
    page.lacks("TRB0188");
    connect(&mut admin, PORTAL, &[("again", "yes")])
        .await
        .has("portal-4711.example");
    let page = admin.get("/s/1/visitors").await.ok();
    page.lacks("was stored under another keyring");
}
