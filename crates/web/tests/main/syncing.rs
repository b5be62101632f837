//! Save & Sync: a run from its start to its proof, and what keeps it from starting.

use std::time::Duration;

use model::{Group, Level};
use sandbox::{Action, Kind, Refusal, Rule, VISITOR_KEY};
use store::run::State;

use crate::{
    bench::{Bench, MAPPINGS, PORTAL, bench, mappings, save},
    browser::Browser,
};

async fn states(bench: &Bench) -> Vec<State> {
    let syncs = bench.store.syncs(bench.visitors(), 10).await.unwrap();
    syncs.into_iter().map(|run| run.state).collect()
}

/// What HubSpot fed into the visitors.
async fn values(bench: &Bench) -> Vec<Option<String>> {
    let subjects = bench
        .store
        .subjects(bench.visitors(), "", 10_000)
        .await
        .unwrap();
    subjects
        .into_iter()
        .map(|subject| subject.hubspot)
        .collect()
}

async fn keyed() -> (Bench, Browser) {
    let mut bench = bench().await.connected().await;
    let mut admin = bench.admin().await;
    let form = [("property", VISITOR_KEY)];
    admin.post(&mappings("key"), &form).await.leads_to(MAPPINGS);
    (bench, admin)
}

/// Every call to HubSpot takes so long, so that a run can be seen.
fn slow(bench: &Bench, latency: Duration) {
    let latency = u64::try_from(latency.as_millis()).unwrap();
    bench
        .sandbox
        .knobs(PORTAL, |knobs| knobs.latency_ms = latency);
}

#[tokio::test]
async fn save_and_sync_ends_proved() {
    let (bench, mut admin) = keyed().await;
    save(&mut admin, &["lifecyclestage", "plan_tier", "mrr"]).await;
    bench.settled(Level::Visitor).await;
    assert_eq!(states(&bench).await, [State::Success]);
    let page = admin.get(MAPPINGS).await.ok();
    page.has("Synced and proved")
        .has("Sync now")
        .has("HubSpot")
        .has("hubspot")
        .has("Asia/Tokyo");
    let page = admin.get("/s/1/overview").await.ok();
    page.has("Proved");
    let run = &bench.store.syncs(bench.visitors(), 1).await.unwrap()[0];
    assert_eq!(run.origin.trigger.name(), "page");
    assert_eq!(run.origin.by.as_deref(), Some(crate::bench::ADMIN));
}

#[tokio::test]
async fn progress_is_told_until_the_end_also_after_a_reload() {
    let (bench, mut admin) = keyed().await;
    slow(&bench, Duration::from_millis(60));
    save(&mut admin, &["lifecyclestage"]).await;
    let page = admin.get(MAPPINGS).await.ok();
    page.has("Sync under way")
        .has(&mappings("progress"))
        .has("Cancel");
    let told = admin.follow(&mappings("progress")).await.ok();
    assert_eq!(told.header("content-type"), Some("text/event-stream"));
    told.has("event: done").has("aria-current=\"step\"");
    bench.settled(Level::Visitor).await;
    admin
        .get(MAPPINGS)
        .await
        .ok()
        .has("Synced and proved")
        .lacks("Sync under way");
    admin
        .follow(&mappings("progress"))
        .await
        .ok()
        .has("event: done");
}

#[tokio::test]
async fn a_viewer_watches_and_changes_nothing() {
    let mut bench = bench().await.synced(&["lifecyclestage"]).await;
    let mut admin = bench.admin().await;
    let mut viewer = bench.viewer().await;
    slow(&bench, Duration::from_millis(60));
    admin.post(&mappings("sync"), &[]).await.leads_to(MAPPINGS);
    viewer
        .get(MAPPINGS)
        .await
        .ok()
        .has("Sync under way")
        .lacks("Cancel");
    viewer.post(&mappings("cancel"), &[]).await.is(403);
    viewer.post(&mappings("sync"), &[]).await.is(403);
    viewer.post(&mappings("save"), &[]).await.is(403);
    viewer
        .post("/s/1/settings/integration", &[("on", "no")])
        .await
        .is(403);
    viewer.follow(&mappings("progress")).await.ok();
    bench.settled(Level::Visitor).await;
    assert_eq!(states(&bench).await, [State::Success; 2]);
}

#[tokio::test]
async fn a_run_that_is_cancelled_changes_nothing() {
    let mut bench = bench().await.synced(&["lifecyclestage"]).await;
    let mut admin = bench.admin().await;
    let before = values(&bench).await;
    slow(&bench, Duration::from_millis(60));
    let base = admin.get(MAPPINGS).await.ok().value("base");
    let form = [
        ("base", &*base),
        ("field", "lifecyclestage"),
        ("field", "mrr"),
    ];
    admin
        .post(&mappings("save"), &form)
        .await
        .leads_to(MAPPINGS);
    let mut progress = bench
        .runner
        .follow(bench.visitors())
        .await
        .unwrap()
        .unwrap();
    let begun = progress.wait_for(|progress| progress.run.is_some()).await;
    drop(begun.unwrap());
    let page = admin.submit(&mappings("cancel"), &[]).await.ok();
    page.has("The sync is being cancelled");
    bench.settled(Level::Visitor).await;
    assert_eq!(states(&bench).await, [State::Cancelled, State::Success]);
    assert_eq!(values(&bench).await, before);
    // With nothing to cancel, nothing is.
    admin
        .post(&mappings("cancel"), &[])
        .await
        .leads_to(MAPPINGS);
    // It can be made good.
    slow(&bench, Duration::ZERO);
    admin.post(&mappings("sync"), &[]).await.leads_to(MAPPINGS);
    bench.settled(Level::Visitor).await;
    assert_eq!(states(&bench).await[0], State::Success);
    assert_ne!(values(&bench).await, before);
}

#[tokio::test]
async fn a_click_while_a_run_is_under_way_starts_no_second_one() {
    let mut bench = bench().await.synced(&["lifecyclestage"]).await;
    let mut admin = bench.admin().await;
    slow(&bench, Duration::from_millis(60));
    for _ in 0..3 {
        admin.post(&mappings("sync"), &[]).await.leads_to(MAPPINGS);
    }
    bench.settled(Level::Visitor).await;
    assert_eq!(states(&bench).await, [State::Success; 2]);
}

#[tokio::test]
async fn a_field_that_is_taken_out_keeps_its_values_and_can_come_back() {
    let mut bench = bench().await.synced(&["lifecyclestage", "plan_tier"]).await;
    let mut admin = bench.admin().await;
    let with = |values: &[Option<String>]| {
        let holds = |value: &&Option<String>| {
            value
                .as_deref()
                .is_some_and(|value| value.contains("\"plan_tier\""))
        };
        values.iter().filter(holds).count()
    };
    let before = with(&values(&bench).await);
    assert!(before > 0);
    let base = admin.get(MAPPINGS).await.ok().value("base");
    let form = [
        ("base", &*base),
        ("field", "lifecyclestage"),
        ("field", "plan_tier"),
        ("remove", "plan_tier"),
    ];
    let page = admin.post(&mappings("fields"), &form).await.ok();
    page.has("This field will no longer be updated")
        .has("plan_tier");
    save(&mut admin, &["lifecyclestage"]).await;
    bench.settled(Level::Visitor).await;
    assert_eq!(states(&bench).await[0], State::Success);
    assert_eq!(with(&values(&bench).await), before);
    let page = admin.get(MAPPINGS).await.ok();
    page.has("no longer updated");
    let fields = bench.store.fields(bench.visitors()).await.unwrap();
    let field = fields
        .iter()
        .find(|field| field.name == "plan_tier")
        .unwrap();
    assert!(field.group == Group::Hubspot && !field.selected);
    save(&mut admin, &["lifecyclestage", "plan_tier"]).await;
    bench.settled(Level::Visitor).await;
    assert_eq!(states(&bench).await[0], State::Success);
    admin.get(MAPPINGS).await.ok().lacks("no longer updated");
}

#[tokio::test]
async fn switched_off_nothing_is_synced() {
    let mut bench = bench().await.synced(&["lifecyclestage"]).await;
    let mut admin = bench.admin().await;
    let switch = "/s/1/settings/integration";
    let page = admin.submit(switch, &[("on", "no")]).await.ok();
    page.has("is switched off for this subscription")
        .lacks("Sync now");
    let page = admin.post(&mappings("sync"), &[]).await;
    bench.settled(Level::Visitor).await;
    assert_eq!(states(&bench).await, [State::Success], "{page:#?}");
    let page = match page.location() {
        Some(next) => admin.open(&next).await,
        None => page,
    };
    page.has("switched off");
    // What is saved meanwhile is saved.
    let base = admin.get(MAPPINGS).await.ok().value("base");
    let form = [("base", &*base), ("field", "plan_tier")];
    let page = admin.submit(&mappings("save"), &form).await.ok();
    page.has("Saved, but the integration is switched off");
    assert_eq!(states(&bench).await, [State::Success]);
    let page = admin
        .submit(switch, &[("on", "yes"), ("level", "account")])
        .await
        .ok();
    page.has("switched on")
        .lacks("is switched off for this subscription");
    admin.post(&mappings("sync"), &[]).await.leads_to(MAPPINGS);
    bench.settled(Level::Visitor).await;
    assert_eq!(states(&bench).await, [State::Success; 2]);
}

#[tokio::test]
async fn a_run_that_cannot_begin_says_why() {
    let mut bench = bench().await.connected().await;
    let mut admin = bench.admin().await;
    admin.post(&mappings("sync"), &[]).await.leads_to(MAPPINGS);
    bench.settled(Level::Visitor).await;
    let page = admin.get(MAPPINGS).await.ok();
    page.has("This level is not set up").has("TRB0001");
    let mut bench = bench.synced(&["lifecyclestage"]).await;
    let mut admin = bench.admin().await;
    admin.post(&mappings("disconnect"), &[]).await;
    admin.post(&mappings("sync"), &[]).await.leads_to(MAPPINGS);
    bench.settled(Level::Visitor).await;
    assert_eq!(states(&bench).await.len(), 1);
}

#[tokio::test]
async fn a_run_that_fails_says_so_on_every_page() {
    let mut bench = bench().await.synced(&["lifecyclestage"]).await;
    let mut admin = bench.admin().await;
    let before = values(&bench).await;
    let down = Action::Respond {
        status: 500,
        body: None,
        headers: std::collections::BTreeMap::new(),
    };
    bench
        .sandbox
        .script(Rule::next(Kind::Search, down.clone()).times(0));
    bench.sandbox.script(Rule::next(Kind::List, down).times(0));
    admin.post(&mappings("sync"), &[]).await.leads_to(MAPPINGS);
    bench.settled(Level::Visitor).await;
    assert_eq!(states(&bench).await[0], State::Failed);
    assert_eq!(values(&bench).await, before);
    let page = admin.get("/s/1/settings/storage").await.ok();
    page.has("The visitor sync that started").has("failed");
    bench.sandbox.clear_script();
    admin.post(&mappings("sync"), &[]).await.leads_to(MAPPINGS);
    bench.settled(Level::Visitor).await;
    admin
        .get("/s/1/overview")
        .await
        .ok()
        .lacks("The visitor sync that started");
}

#[tokio::test]
async fn both_levels_are_synced_side_by_side() {
    let (bench, mut admin) = keyed().await;
    let account = |rest: &str| format!("/s/1/settings/data-mappings/account{rest}");
    let form = [("property", sandbox::ACCOUNT_KEY)];
    admin
        .post(&account("/key"), &form)
        .await
        .leads_to(&account(""));
    save(&mut admin, &["lifecyclestage"]).await;
    let base = admin.get(&account("")).await.ok().value("base");
    let form = [("base", &*base), ("field", "industry")];
    admin
        .post(&account("/save"), &form)
        .await
        .leads_to(&account(""));
    bench.settled(Level::Visitor).await;
    bench.settled(Level::Account).await;
    for level in Level::ALL {
        let run = bench.store.syncs(bench.scope(level), 1).await.unwrap();
        assert_eq!(run[0].state, State::Success, "{level:?}");
    }
    admin.get(&account("")).await.ok().has("Synced and proved");
}

#[tokio::test]
async fn getting_started_is_over_once_a_sync_was_proved() {
    let mut bench = bench().await.connected().await;
    let mut admin = bench.admin().await;
    admin.get("/s/1/overview").await.ok().has("Get started");
    let mut bench = bench.synced(&["city"]).await;
    let mut admin_again = bench.admin().await;
    let refuse = Action::Refuse(Refusal::MissingScopes);
    bench.sandbox.script(Rule::any(refuse).times(0));
    admin_again.post(&mappings("sync"), &[]).await;
    bench.settled(Level::Visitor).await;
    // The failure is said, and nobody is led through the beginning again.
    let page = admin_again.get("/s/1/overview").await.ok();
    page.has("/s/1/runs/2").lacks("Get started");
}
