//! Runs: the list, one run with its proof, and the records behind each of its numbers.

use model::Level;

use crate::{
    bench::{Bench, bench, mappings, save},
    browser::{Browser, Page},
};

const RUN: &str = "/s/1/runs/1";

async fn synced() -> (Bench, Browser) {
    let mut bench = bench()
        .await
        .synced(&["lifecyclestage", "mrr", "plan_tier", "trial_ends_on"])
        .await;
    let admin = bench.admin().await;
    (bench, admin)
}

fn list(what: &str) -> String {
    format!("{RUN}/records/{what}")
}

/// The addresses that a page links to and that hold a text.
fn links(page: &Page, part: &str) -> Vec<String> {
    let hrefs = page.body.split("href=\"").skip(1);
    let hrefs = hrefs.filter_map(|rest| rest.split('"').next());
    let wanted = hrefs.filter(|href| href.contains(part));
    let mut links: Vec<String> = wanted
        .map(|href| href.replace("&amp;", "&").replace("&#38;", "&"))
        .collect();
    links.sort();
    links.dedup();
    links
}

#[tokio::test]
async fn an_empty_list_leads_to_data_mappings() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    admin
        .get("/s/1/runs")
        .await
        .ok()
        .has("No sync yet")
        .has("/s/1/settings/data-mappings/visitor");
}

#[tokio::test]
async fn every_number_of_a_run_opens_its_records() {
    let (bench, mut admin) = synced().await;
    admin.get("/s/1/runs").await.ok().has(RUN).has("Proved");
    let page = admin
        .get(RUN)
        .await
        .ok()
        .has("role=\"img\"")
        .has("Every record that was read is accounted for.");
    let lists = links(&page, "/records/");
    assert!(lists.len() >= 5, "{lists:?}");
    for list in lists {
        let page = admin.get(&list).await.ok();
        assert!(page.body.contains("<tbody>"), "{list}: {page:#?}");
        let (path, query) = list.split_once('?').unwrap_or((&list, ""));
        let sheet = admin.get(&format!("{path}/csv?{query}")).await.ok();
        assert!(sheet.body.lines().count() > 1, "{list}");
    }
    let report = bench
        .store
        .run(bench.subscription, model::RunId(1))
        .await
        .unwrap();
    let missed = report.unwrap().report.unwrap()["counts"]["missed"]["unknown_id"].clone();
    let sheet = admin
        .get(&format!("{}/csv?reason=unknown_id", list("missed")))
        .await
        .ok();
    assert_eq!(
        sheet.body.lines().count() as u64 - 1,
        missed.as_u64().unwrap()
    );
}

#[tokio::test]
async fn pages_of_a_list_follow_each_other() {
    let (_bench, mut admin) = synced().await;
    let mut seen = 0;
    let mut next = Some(list("changed"));
    while let Some(path) = next {
        let page = admin.get(&path).await.ok();
        seen += page.body.matches("class=\"diff\"").count();
        next = links(&page, "changed?after=").pop();
    }
    let sheet = admin.get(&format!("{}/csv", list("changed"))).await.ok();
    assert_eq!(seen, sheet.body.lines().count() - 1);
    assert!(seen > 200, "{seen}");
}

#[tokio::test]
async fn an_id_is_searched_for_without_standing_in_an_address() {
    let (_bench, mut admin) = synced().await;
    let sheet = admin
        .get(&format!("{}/csv?reason=differs_by_case", list("missed")))
        .await
        .ok();
    let row = sheet.body.lines().nth(1).unwrap().to_owned();
    let cells: Vec<&str> = row.split(',').collect();
    for id in &cells[..3] {
        let found = admin.post(&list("missed"), &[("id", id)]).await.ok();
        let rows = found.body.matches("<tr>").count();
        assert!((2..=3).contains(&rows), "{id}: {found:#?}");
    }
    admin
        .post(&list("missed"), &[("id", "nobody at all")])
        .await
        .ok()
        .has("Nothing has this id.");
    assert!(
        !admin
            .addresses
            .iter()
            .any(|address| address.contains(cells[1]))
    );
}

#[tokio::test]
async fn what_another_run_knew_is_said_to_be_gone() {
    let (bench, mut admin) = synced().await;
    save(&mut admin, &["lifecyclestage"]).await;
    bench.settled(Level::Visitor).await;
    admin
        .get(&list("matched"))
        .await
        .ok()
        .has("latest sync of the level only");
    admin.get(&list("changed")).await.ok().has("<tbody>");
    admin
        .get("/s/1/runs/2/records/matched")
        .await
        .ok()
        .has("<tbody>");
    admin.get(&format!("{}/csv", list("matched"))).await.is(404);
}

#[tokio::test]
async fn a_measurement_says_what_it_measured() {
    let (bench, mut admin) = synced().await;
    admin
        .submit(&mappings("key/measure"), &[("property", "email")])
        .await
        .ok();
    bench.settled(Level::Visitor).await;
    admin
        .get("/s/1/runs/2")
        .await
        .ok()
        .has("the property email matches")
        .has("/s/1/settings/data-mappings/visitor/key");
    admin.get("/s/1/runs").await.ok().has("Measurement");
}

#[tokio::test]
async fn a_run_belongs_to_its_subscription() {
    let (_bench, mut admin) = synced().await;
    admin
        .post(
            "/subscriptions/new",
            &[("name", "Other"), ("time_zone", "UTC")],
        )
        .await
        .leads_to("/s/2/");
    for path in ["", "/records/missed", "/records/missed/csv"] {
        admin.get(&format!("/s/2/runs/1{path}")).await.is(404);
    }
    for path in [
        "/runs/99",
        "/runs/x",
        "/runs/1/records/everything",
        "/runs/1/records/missed?reason=none",
    ] {
        admin.get(&format!("/s/1{path}")).await.is(404);
    }
}

#[tokio::test]
async fn all_runs_come_as_csv() {
    let (_bench, mut admin) = synced().await;
    let sheet = admin
        .get("/s/1/runs.csv")
        .await
        .ok()
        .has("1,visitor,success,sync,page,");
    assert_eq!(
        sheet.header("content-type"),
        Some("text/csv; charset=utf-8")
    );
    assert_eq!(sheet.body.lines().count(), 2);
}
