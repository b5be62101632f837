//! Pendo as the destination, through its forms: connecting, delivery as the run shows it, comparing, sending again.

use std::time::Duration;

use model::{Clock as _, Level};
use sandbox::pendo::{Action, Command, Group, Kind, Operation, READ_KEY, Rule, WRITE_KEY};

use crate::{
    bench::{Bench, DESTINATION, MAPPINGS, PORTAL, bench, mappings, plan},
    browser::{Browser, Page},
};

const FIELDS: [&str; 2] = ["lifecyclestage", "plan_tier"];

/// A visitor run whose changes Pendo has answered.
pub(crate) async fn delivered() -> (Bench, Browser) {
    let bench = plan().pendo().build().await;
    bench.pendo_knows();
    let mut bench = bench.outside().await.synced(&FIELDS).await;
    bench.sent(Level::Visitor).await;
    let admin = bench.admin().await;
    (bench, admin)
}

/// Enters a key.
async fn enter(admin: &mut Browser, key: &str, region: &str, prefix: &str) -> Page {
    let form = [("key", key), ("region", region), ("prefix", prefix)];
    admin.post(DESTINATION, &form).await
}

/// The number that a page shows beside a word.
fn number(page: &Page, word: &str) -> String {
    let (_, rest) = page
        .body
        .split_once(&format!("<dt>{word}</dt><dd>"))
        .expect(word);
    let cell = rest.split("</dd>").next().unwrap();
    // What stands in tags is no part of it.
    let text = cell
        .split('<')
        .map(|piece| piece.rsplit('>').next().unwrap());
    text.flat_map(str::chars)
        .filter(char::is_ascii_digit)
        .collect()
}

#[tokio::test]
async fn a_key_is_tried_kept_and_never_shown() {
    let mut bench = plan().pendo().build().await;
    let mut admin = bench.admin().await;
    admin
        .get(DESTINATION)
        .await
        .ok()
        .has("Not connected")
        .has("app.jpn.pendo.io");
    let answer = enter(&mut admin, &format!(" {WRITE_KEY}\n"), "us", "crm_").await;
    answer.leads_to(DESTINATION);
    let page = admin.get(DESTINATION).await.ok();
    page.has("app.pendo.io")
        .has("crm_")
        .has("mio.arai@example.com")
        .lacks(WRITE_KEY);
    let audit = admin.get("/s/1/settings/audit").await.ok();
    audit.has("Connected Pendo").has("crm_").lacks(WRITE_KEY);
    admin
        .get("/s/1/overview")
        .await
        .ok()
        .has("Take ids from Pendo");
    admin
        .get("/s/1/settings/ids/visitor")
        .await
        .ok()
        .has("Visitor ids come from Pendo");
}

#[tokio::test]
async fn what_is_refused_is_said_with_what_to_do_and_keeps_all_but_the_key() {
    let mut bench = plan().pendo().build().await;
    let mut admin = bench.admin().await;
    for (key, region, prefix, said) in [
        ("", "us", "crm_", "Enter the whole integration key"),
        ("two words", "us", "crm_", "Enter the whole integration key"),
        (WRITE_KEY, "moon", "crm_", "Choose the region"),
        (
            "nobody-has-this-one",
            "us",
            "crm_",
            "missing or incomplete, wrong, revoked, or of another region",
        ),
        (WRITE_KEY, "eu", "crm_", "TRB0051"),
        (READ_KEY, "us", "crm_", "Allow Write Access"),
        (WRITE_KEY, "us", "9crm", "TRB0060"),
    ] {
        let page = enter(&mut admin, key, region, prefix)
            .await
            .is(422)
            .has(said);
        assert_eq!(page.value("prefix"), prefix);
        if key.len() > 9 {
            page.lacks(key);
        }
    }
    bench.pendo().outage(true);
    enter(&mut admin, WRITE_KEY, "us", "crm_")
        .await
        .is(422)
        .has("TRB0057");
    assert_eq!(
        bench.store.destination(bench.subscription).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_key_that_ends_is_said_everywhere_until_another_one_is_given() {
    let (bench, mut admin) = delivered().await;
    let check = format!("{DESTINATION}/check");
    admin
        .post(&check, &[])
        .await
        .leads_to(&format!("{DESTINATION}?note=note-destination-works"));
    let key = WRITE_KEY.to_owned();
    bench
        .pendo()
        .run("main", &Command::RevokeKey { key })
        .unwrap();
    admin
        .post(&check, &[])
        .await
        .is(422)
        .has("TRB0051")
        .has("revoked");
    for page in ["/s/1/runs/1", "/s/1/overview", MAPPINGS] {
        admin
            .get(page)
            .await
            .ok()
            .has("Nothing can be sent until another key is given");
    }
    let page = admin.get(DESTINATION).await.ok();
    page.has("TRB0051").has("Nothing is sent");
    let audit = admin.get("/s/1/settings/audit").await.ok();
    audit.has("Checked the Pendo key");
}

#[tokio::test]
async fn a_run_is_proved_once_pendo_has_acknowledged_every_change() {
    let (bench, mut admin) = delivered().await;
    let page = admin.get("/s/1/runs/1").await.ok();
    let page = page
        .has("Delivery to Pendo")
        .has("Proved")
        .has("Pendo has acknowledged all");
    assert_eq!(number(&page, "Changes"), number(&page, "Acknowledged"));
    assert_eq!(number(&page, "Unknown to Pendo"), "0");
    let page = admin.get(DESTINATION).await.ok();
    page.has("custom.hubspotplantier")
        .has("Ids that Pendo knows")
        .lacks("On hold");
    assert!(bench.pendo().tally(Operation::SetMany).calls > 0);
}

#[tokio::test]
async fn what_pendo_did_not_take_can_be_opened_and_downloaded() {
    let bench = plan().pendo().build().await;
    let ids: Vec<String> = bench
        .sandbox
        .known(PORTAL, sandbox::Object::Contacts)
        .map(|known| known.id)
        .collect();
    // All but every tenth are known there, and the values of some are not taken.
    let known = ids.iter().enumerate().filter(|(at, _)| at % 10 != 0);
    bench.pendo_knows_visitors(known.map(|(_, id)| id.clone()));
    let fail = Action::FailRecords {
        ids: ids[1..9].to_vec(),
        every: 0,
        text: "value too long".into(),
    };
    bench.pendo().script(Rule {
        count: 0,
        ..Rule::next(Operation::SetMany, fail)
    });
    let mut bench = bench.outside().await.synced(&FIELDS).await;
    bench.sent(Level::Visitor).await;
    let mut admin = bench.admin().await;
    let page = admin.get("/s/1/runs/1").await.ok();
    let page = page
        .has("Partial")
        .has("/runs/1/records/missing")
        .has("/runs/1/records/refused");
    let missing = number(&page, "Unknown to Pendo");
    assert!(missing.parse::<u64>().unwrap() > 10, "{missing}");
    let list = admin.get("/s/1/runs/1/records/missing").await.ok();
    list.has("Pendo does not know these visitors")
        .has("app.hubspot.com")
        .has("/s/1/visitors/");
    let sheet = admin.get("/s/1/runs/1/records/missing/csv").await.ok();
    assert_eq!(
        sheet.body.lines().count() - 1,
        missing.parse::<usize>().unwrap()
    );
    assert!(sheet.body.starts_with("id,record,said\n"));
    let (id, record) = sheet.body.lines().nth(1).unwrap().split_once(',').unwrap();
    let record = record.trim_end_matches(',');
    for text in [id, record] {
        let found = admin
            .post("/s/1/runs/1/records/missing", &[("id", text)])
            .await;
        found.ok().has("1 result").has(record);
    }
    admin
        .post("/s/1/runs/1/records/refused", &[("id", id)])
        .await
        .ok()
        .has("Nothing has this id");
    let list = admin.get("/s/1/runs/1/records/refused").await.ok();
    list.has("value too long");
    let overview = admin.get("/s/1/overview").await.ok();
    overview
        .has("Pendo does not know the ids of")
        .has("Pendo did not take the values of");
}

#[tokio::test]
async fn an_outage_leaves_the_run_delivering_and_its_end_proves_it() {
    let (bench, mut admin) = delivered().await;
    bench.pendo().outage(true);
    bench
        .store
        .resend(
            bench.visitors(),
            store::outbox::Resend::All,
            bench.clock.now(),
        )
        .await
        .unwrap();
    bench.runner.ask_for_deliveries().await.unwrap();
    bench.sent(Level::Visitor).await;
    let page = admin.get(DESTINATION).await.ok();
    page.has("Waiting to be sent")
        .has("TRB0057")
        .has("Next try");
    bench.pass(Duration::from_hours(30));
    bench.pendo().outage(false);
    bench.all_sent(Level::Visitor).await;
    admin
        .get(DESTINATION)
        .await
        .ok()
        .lacks("Waiting to be sent");
}

#[tokio::test]
async fn what_somebody_changed_there_is_found_listed_and_sent_again() {
    let (bench, mut admin) = delivered().await;
    let (id, before) = {
        let values = bench.pendo().values("main", Kind::Visitor, Group::Custom);
        let found = values
            .into_iter()
            .find(|(_, values)| values.contains_key("hubspotplantier"));
        let (id, mut values) = found.unwrap();
        (id, values.remove("hubspotplantier").unwrap())
    };
    bench.pendo().set(
        "main",
        Kind::Visitor,
        Group::Custom,
        &id,
        "hubspotplantier",
        "=changed",
    );
    let compare = format!("{DESTINATION}/visitor/compare");
    admin
        .post(&compare, &[("all", "yes")])
        .await
        .leads_to(&format!("{DESTINATION}?note=note-comparing"));
    bench.sent(Level::Visitor).await;
    admin
        .get(DESTINATION)
        .await
        .ok()
        .has("1 of")
        .has("values differ");
    let list = admin
        .get(&format!("{DESTINATION}/visitor/differences"))
        .await
        .ok();
    list.has("=changed")
        .has(&id)
        .has("plan_tier")
        .has("Everything was compared");
    let sheet = admin
        .get(&format!("{DESTINATION}/visitor/differences/csv"))
        .await
        .ok();
    assert!(sheet.body.contains("'=changed"), "{}", sheet.body);
    let resend = format!("{DESTINATION}/visitor/resend");
    admin
        .post(&resend, &[])
        .await
        .leads_to(&format!("{DESTINATION}?note=note-resent"));
    bench.sent(Level::Visitor).await;
    let now = bench
        .pendo()
        .value("main", Kind::Visitor, Group::Custom, &id, "hubspotplantier");
    assert_eq!(now, Some(before));
    admin
        .get(&format!("{DESTINATION}/visitor/differences"))
        .await
        .ok()
        .has("No differences");
    admin
        .post(&resend, &[])
        .await
        .leads_to(&format!("{DESTINATION}?note=note-resent-nothing"));
    let audit = admin.get("/s/1/settings/audit").await.ok();
    audit
        .has("Sent values to Pendo again")
        .has("Compared values with Pendo")
        .lacks("=changed")
        .lacks(&id);
}

#[tokio::test]
async fn disconnecting_ends_what_waits() {
    let bench = plan().pendo().build().await;
    bench.pendo_knows();
    let bench = bench.outside().await;
    bench.pendo().script(Rule {
        count: 0,
        ..Rule::next(Operation::SetMany, Action::Drop)
    });
    let mut bench = bench.synced(&FIELDS).await;
    bench.sent(Level::Visitor).await;
    let mut admin = bench.admin().await;
    admin.get("/s/1/runs/1").await.ok().has("Being delivered");
    admin.get("/s/1/runs/1").await.ok().has("Waiting");
    admin
        .post(&format!("{DESTINATION}/disconnect"), &[])
        .await
        .leads_to(DESTINATION);
    admin
        .get("/s/1/runs/1")
        .await
        .ok()
        .has("Partial")
        .has("Not sent");
    admin.get(DESTINATION).await.ok().has("Not connected");
}

#[tokio::test]
async fn a_viewer_sees_how_it_goes_and_is_offered_nothing() {
    let (mut bench, _) = delivered().await;
    let mut viewer = bench.viewer().await;
    let page = viewer.get(DESTINATION).await.ok();
    page.has("custom.hubspotplantier")
        .lacks("/destination/check")
        .lacks("name=\"key\"");
}

#[tokio::test]
async fn without_a_destination_nothing_is_compared_or_sent() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    for what in ["check", "visitor/compare", "account/resend"] {
        let page = admin.post(&format!("{DESTINATION}/{what}"), &[]).await;
        page.is(422).has("TRB0050");
    }
    admin.get(&mappings("nothing")).await.is(404);
}
