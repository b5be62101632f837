//! When a subscription is synced by itself, and its queue.

use jiff::SignedDuration;
use model::{Clock as _, Level};
use store::{
    Scope,
    job::{Kind, NewJob, Only, Priority, State},
    run::Origin,
};

use crate::{
    bench::{Bench, MAPPINGS, bench, mappings},
    browser::Browser,
};

const PAGE: &str = "/s/1/settings/schedule";

async fn synced() -> (Bench, Browser) {
    let mut bench = bench().await.synced(&["lifecyclestage"]).await;
    let admin = bench.admin().await;
    (bench, admin)
}

async fn rhythm(bench: &Bench) -> String {
    let schedule = bench.store.schedule(bench.subscription).await.unwrap();
    schedule.unwrap().rhythm
}

/// A job that waits for tomorrow.
fn later(bench: &Bench, scope: Scope) -> NewJob {
    NewJob {
        scope,
        kind: Kind::Sync,
        origin: Origin::default(),
        priority: Priority::Schedule,
        due_at: bench.clock.now() + SignedDuration::from_hours(24),
        expires_at: None,
    }
}

#[tokio::test]
async fn the_next_night_is_shown_in_the_subscriptions_zone() {
    let (_bench, mut admin) = synced().await;
    let page = admin.get(PAGE).await.ok();
    page.has("Every night")
        .has("Asia/Tokyo")
        .has("Nov 24, 2026");
    let page = admin.get(MAPPINGS).await.ok();
    page.has("Next scheduled sync").has("Nov 24, 2026");
}

#[tokio::test]
async fn a_rhythm_is_set_and_noted() {
    let (bench, mut admin) = synced().await;
    for (form, written) in [
        (
            vec![("rhythm", "every"), ("minutes", "30")],
            "every 30 minutes",
        ),
        (
            vec![("rhythm", "cron"), ("cron", "0 3 * * 1-5")],
            "cron 0 3 * * 1-5",
        ),
        (
            vec![("rhythm", "nightly"), ("minutes", "x"), ("cron", "y")],
            "nightly",
        ),
    ] {
        admin.post(PAGE, &form).await.leads_to(PAGE);
        assert_eq!(rhythm(&bench).await, written);
    }
    let audit = admin.get("/s/1/settings/audit").await.ok();
    audit.has("Changed the schedule");
}

#[tokio::test]
async fn what_is_no_rhythm_is_said_and_kept_in_the_form() {
    let (bench, mut admin) = synced().await;
    for (name, value, why) in [
        ("minutes", "2", "between 5 and 1,440"),
        ("minutes", "often", "between 5 and 1,440"),
        ("cron", "61 * * * *", "cannot be read"),
        ("cron", "* * * * *", "less than 5 minutes apart"),
        ("cron", "0 0 30 2 *", "never comes about"),
    ] {
        let kind = if name == "cron" { "cron" } else { "every" };
        let page = admin.post(PAGE, &[("rhythm", kind), (name, value)]).await;
        let page = page.is(422).has(why);
        assert_eq!(page.value(name), value);
    }
    let page = admin.post(PAGE, &[("rhythm", "by the moon")]).await;
    page.is(422).has("Choose a rhythm");
    assert_eq!(rhythm(&bench).await, "nightly");
}

#[tokio::test]
async fn a_pause_is_shown_until_it_is_over() {
    let (_bench, mut admin) = synced().await;
    let pause = format!("{PAGE}/pause");
    admin
        .post(&pause, &[("paused", "yes")])
        .await
        .leads_to(PAGE);
    admin.get(PAGE).await.ok().has("The schedule is paused");
    admin.get(MAPPINGS).await.ok().has(">Paused<");
    // Whoever wants it now still gets it.
    admin.post(&mappings("sync"), &[]).await.leads_to(MAPPINGS);
    admin.post(&pause, &[("paused", "no")]).await.leads_to(PAGE);
    admin.get(PAGE).await.ok().lacks("The schedule is paused");
}

#[tokio::test]
async fn nights_that_were_missed_are_said_on_every_page_until_a_sync_has_begun() {
    let (bench, mut admin) = synced().await;
    bench.miss_two_nights().await;
    for page in ["/s/1/overview", "/s/1/visitors", MAPPINGS, PAGE] {
        let page = admin.get(page).await.ok();
        page.has("2 scheduled syncs did not take place");
    }
    admin.get(PAGE).await.ok().has("2 syncs");
    admin.post(&mappings("sync"), &[]).await.leads_to(MAPPINGS);
    bench.settled(Level::Visitor).await;
    let page = admin.get("/s/1/overview").await.ok();
    page.lacks("did not take place");
    // What happened stays where it can be looked up.
    admin.get(PAGE).await.ok().has("2 syncs");
}

#[tokio::test]
async fn a_job_that_waits_is_taken_out_of_the_queue() {
    let (bench, mut admin) = synced().await;
    let job = later(&bench, bench.scope(Level::Account));
    let id = bench.store.ask(&job, bench.clock.now()).await.unwrap();
    admin.get(PAGE).await.ok().has("Waiting");
    let cancel = format!("{PAGE}/jobs/{}/cancel", id.0);
    admin.post(&cancel, &[]).await.leads_to(PAGE);
    let job = bench.store.job(id).await.unwrap().unwrap();
    assert_eq!(job.state, State::Cancelled);
    // What is over is not cancelled again, and changes nothing.
    admin.post(&cancel, &[]).await.leads_to(PAGE);
    admin
        .post(&format!("{PAGE}/jobs/99/cancel"), &[])
        .await
        .is(404);
}

#[tokio::test]
async fn a_subscription_sees_and_cancels_its_own_jobs_only() {
    let (bench, mut admin) = synced().await;
    let form = [("name", "Beta"), ("time_zone", "UTC")];
    admin
        .post("/subscriptions/new", &form)
        .await
        .leads_to("/s/2");
    let job = later(&bench, bench.scope(Level::Account));
    let id = bench.store.ask(&job, bench.clock.now()).await.unwrap();
    let page = admin.get("/s/2/settings/schedule").await.ok();
    page.has("Nothing has been asked for yet");
    let cancel = format!("/s/2/settings/schedule/jobs/{}/cancel", id.0);
    admin.post(&cancel, &[]).await.is(404);
    let open = Only {
        open: true,
        ..Only::default()
    };
    assert_eq!(bench.store.jobs(open, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn another_zone_moves_the_next_night() {
    let (_bench, mut admin) = synced().await;
    let form = [("name", "Acme"), ("time_zone", "America/Los_Angeles")];
    let page = "/s/1/settings/subscription";
    admin.post(page, &form).await.leads_to(page);
    let page = admin.get(PAGE).await.ok();
    page.has("America/Los_Angeles").has("Nov 23, 2026");
}
