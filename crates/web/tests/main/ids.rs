//! Files of ids: preview, loading, bad lines, and files that are none.

use std::fmt::Write as _;

use axum::http::Method;
use model::Level;

use crate::{
    bench::{ADMIN, Bench, PASSWORD, bench},
    browser::{Browser, Page, multipart},
    forgery::{no_uploads, uploads},
};

const PAGE: &str = "/s/1/settings/ids/visitor";

fn at(rest: &str) -> String {
    format!("{PAGE}/{rest}")
}

async fn known(bench: &Bench) -> u64 {
    bench.store.count_subjects(bench.visitors()).await.unwrap()
}

/// Sends a file, and opens the page with its preview.
async fn preview(browser: &mut Browser, name: &str, content: &[u8]) -> Page {
    let page = browser.upload(&at("file"), name, content).await;
    let next = page.leads_to(PAGE);
    browser.get(&next).await.ok()
}

/// Sends a form about the file that was sent, and opens the page when that is done.
async fn answer(browser: &mut Browser, what: &str, form: &[(&str, &str)]) -> Page {
    browser.about_file(PAGE, what, form).await.leads_to(PAGE);
    browser.follow(&at("progress")).await.ok();
    browser.get(PAGE).await.ok()
}

/// Loads the file that was sent, and opens the page with the result.
async fn load(browser: &mut Browser, form: &[(&str, &str)]) -> Page {
    answer(browser, "load", form).await
}

#[tokio::test]
async fn a_file_is_shown_before_it_is_loaded() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let file = b"id,accounts,role,seats\nu-1,acme;globex,admin,4\nu-2,acme,editor,7\n";
    let page = preview(&mut admin, "users.csv", file).await;
    let page = page
        .has("Preview of users.csv")
        .has("nothing is imported yet")
        .has("u-1")
        .has("acme, globex")
        .has("agent.role")
        .has("agent.seats");
    assert_eq!(known(&bench).await, 0, "{page:#?}");
    let page = load(&mut admin, &[]).await;
    page.has("The file is imported.")
        .has("<dd>2</dd>")
        .has("2 visitors are known.");
    assert_eq!(known(&bench).await, 2);
    let page = answer(&mut admin, "done", &[]).await;
    page.has("Upload and preview").lacks("users.csv");
    no_uploads(&bench).await;
    // Again, it changes nothing.
    preview(&mut admin, "users.csv", file).await;
    load(&mut admin, &[]).await.has("The file is imported.");
    assert_eq!(known(&bench).await, 2);
}

#[tokio::test]
async fn a_file_that_was_shown_can_be_discarded() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    preview(&mut admin, "users.csv", b"id\nu-1\n").await;
    assert_eq!(uploads(&bench).await, 1);
    answer(&mut admin, "done", &[])
        .await
        .has("Upload and preview");
    no_uploads(&bench).await;
    assert_eq!(known(&bench).await, 0);
    let page = admin.post(&at("load"), &[("upload", "1")]).await.is(409);
    page.has("Meanwhile this file was put away");
}

#[tokio::test]
async fn another_file_takes_the_place_of_one_that_was_shown() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    preview(&mut admin, "first.csv", b"id\nu-1\n").await;
    preview(&mut admin, "second.csv", b"id\nu-2\n")
        .await
        .has("Preview of second.csv")
        .lacks("first.csv");
    assert_eq!(uploads(&bench).await, 1);
    load(&mut admin, &[]).await;
    let ids = bench
        .store
        .subjects(bench.visitors(), "", 10)
        .await
        .unwrap();
    assert_eq!(ids.iter().map(|one| &*one.id).collect::<Vec<_>>(), ["u-2"]);
}

#[tokio::test]
async fn levels_have_files_of_their_own() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let accounts = "/s/1/settings/ids/account";
    preview(&mut admin, "users.csv", b"id\nu-1\n").await;
    let file = format!("{accounts}/file");
    let page = admin
        .upload(&file, "accounts.ndjson", b"{\"id\":\"acme\"}\n")
        .await;
    page.leads_to(accounts);
    admin
        .get(accounts)
        .await
        .has("accounts.ndjson")
        .lacks("users.csv");
    admin
        .about_file(accounts, "load", &[])
        .await
        .leads_to(accounts);
    admin.follow(&format!("{accounts}/progress")).await.ok();
    admin.get(accounts).await.has("1 account is known.");
    assert_eq!(known(&bench).await, 0);
    admin.get(PAGE).await.has("Preview of users.csv");
}

#[tokio::test]
async fn lines_that_cannot_be_used_are_named() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let file = b"{\"id\":\"u-1\"}\n{\"id\":\"\"}\nnonsense\n{\"id\":7}\n{\"id\":\"u-2\"}\n";
    let page = preview(&mut admin, "users.ndjson", file).await;
    page.has("Line 2")
        .has("the id is empty")
        .has("Line 3")
        .has("Line 4");
    let page = load(&mut admin, &[("mirror", "yes")]).await;
    page.has("3 lines that cannot be used")
        .has("2 visitors are known.");
    let sheet = admin.get(&at("bad.csv")).await.ok();
    assert_eq!(
        sheet.header("content-type"),
        Some("text/csv; charset=utf-8")
    );
    let lines: Vec<&str> = sheet.body.lines().collect();
    assert_eq!(lines[..2], ["line,reason", "2,the id is empty"]);
    assert_eq!(lines.len(), 4, "{sheet:#?}");
}

#[tokio::test]
async fn ids_that_are_not_in_a_complete_file_go_when_somebody_says_so() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let ids = ["u-1", "u-2", "u-3"].map(str::to_owned);
    bench.know_these(Level::Visitor, ids).await;
    for (agreed, left) in [("no", 4), ("yes", 2)] {
        preview(&mut admin, "all.csv", b"id\nu-1\nu-4\n").await;
        let page = load(&mut admin, &[("mirror", "yes")]).await;
        page.has("2 known ids are not in this file");
        assert_eq!(known(&bench).await, 4);
        let page = answer(&mut admin, "settle", &[("remove", agreed)]).await;
        page.has("The file is imported.")
            .lacks("are not in this file");
        assert_eq!(known(&bench).await, left, "{agreed}");
        answer(&mut admin, "done", &[]).await;
    }
    // Leaving without an answer keeps them.
    bench.know_these(Level::Visitor, ["u-9".to_owned()]).await;
    preview(&mut admin, "all.csv", b"id\nu-1\nu-4\n").await;
    load(&mut admin, &[("mirror", "yes")])
        .await
        .has("1 known id is not");
    answer(&mut admin, "done", &[]).await;
    no_uploads(&bench).await;
    assert_eq!(known(&bench).await, 3);
    // And so does a file that does not say that it is complete.
    preview(&mut admin, "some.csv", b"id\nu-1\n").await;
    load(&mut admin, &[]).await.lacks("not in this file");
    assert_eq!(known(&bench).await, 3);
}

#[tokio::test]
async fn nothing_goes_when_a_line_cannot_be_used() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    bench
        .know_these(Level::Visitor, ["u-1".to_owned(), "u-2".to_owned()])
        .await;
    preview(&mut admin, "all.csv", b"id,x\nu-1,1\nu-2\n").await;
    let page = load(&mut admin, &[("mirror", "yes")]).await;
    page.lacks("not in this file")
        .has("1 line that cannot be used");
    assert_eq!(known(&bench).await, 2);
}

#[tokio::test]
async fn files_that_are_none_are_refused_with_the_reason() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let binary: Vec<u8> = (0..=255).cycle().take(4_096).collect();
    for (name, content) in [
        ("photo.jpg", binary.as_slice()),
        ("empty.csv", b""),
        ("blank.csv", b"\n\n\n"),
        ("header.csv", b"id,role\n"),
        ("no-id.csv", b"name,role\nMio,admin\n"),
        ("wide.csv", b"\xff\xfei\0d\0\n\0u\0"),
        ("zip.csv", b"PK\x03\x04\x14\0\0\0\x08\0"),
    ] {
        let page = preview(&mut admin, name, content).await;
        let said = page
            .body
            .contains("No line at the beginning of the file can be used")
            || page.body.contains("role=\"alert\"");
        assert!(said && page.body.contains(name), "{name}: {page:#?}");
        // Loading it all the same does no harm.
        let upload = page.value("upload");
        let form = [("upload", upload.as_str())];
        admin.post(&at("load"), &form).await.leads_to(PAGE);
        admin.follow(&at("progress")).await.ok().has("event: done");
        assert_eq!(known(&bench).await, 0, "{name}");
        answer(&mut admin, "done", &[])
            .await
            .has("Upload and preview");
        no_uploads(&bench).await;
    }
}

#[tokio::test]
async fn choosing_no_file_is_said() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let page = admin.upload(&at("file"), "", b"").await.is(422);
    page.has("Choose a file first.");
    no_uploads(&bench).await;
}

#[tokio::test]
async fn a_file_that_does_not_arrive_whole_is_not_kept() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let guard = admin.guard().await;
    let content = "id\n".to_owned() + &"u-1\n".repeat(10_000);
    let (kind, mut body) = multipart(&[
        ("guard", None, guard.as_bytes()),
        ("file", Some("cut.csv"), content.as_bytes()),
    ]);
    body.truncate(body.len() / 2);
    let page = admin
        .ask(Method::POST, &at("file"))
        .body(&kind, body)
        .send()
        .await;
    page.is(422).has("The file did not arrive completely");
    no_uploads(&bench).await;
    admin.get(PAGE).await.ok().lacks("cut.csv");
}

/// A file of so many ids.
fn many(ids: u32) -> Vec<u8> {
    let mut file = "id,role\n".to_owned();
    for number in 0..ids {
        writeln!(file, "visitor-{number:012},member of the team").unwrap();
    }
    file.into_bytes()
}

#[tokio::test]
async fn a_large_file_is_loaded_and_another_one_waits() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let file = many(140_000);
    assert!(file.len() > 5 << 20);
    preview(&mut admin, "large.csv", &file)
        .await
        .has("Preview of large.csv");
    let form = [("upload", "1")];
    admin.post(&at("load"), &form).await.leads_to(PAGE);
    // It is under way; a second one does not take its place.
    let page = admin.upload(&at("file"), "second.csv", b"id\nu-1\n").await;
    page.is(409)
        .has("Another file is being imported")
        .lacks("second.csv");
    assert_eq!(uploads(&bench).await, 1);
    // Nor is it loaded twice.
    admin.post(&at("load"), &form).await.leads_to(PAGE);
    let progress = admin.follow(&at("progress")).await.ok();
    assert_eq!(progress.header("content-type"), Some("text/event-stream"));
    assert_eq!(progress.header("x-accel-buffering"), Some("no"));
    let progress = progress.has("event: done");
    // Whoever comes later sees the end at once.
    admin.follow(&at("progress")).await.ok().has("event: done");
    let page = admin.get(PAGE).await.ok();
    page.has("140,000 visitors are known.");
    assert_eq!(known(&bench).await, 140_000, "{progress:#?}");
    let changes = bench.store.changes(i64::MAX, 100).await.unwrap();
    let imports = changes
        .iter()
        .filter(|change| change.action == "ids.imported");
    assert_eq!(imports.count(), 1);
}

#[tokio::test]
async fn a_form_that_is_no_file_may_not_be_long() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let long = "x".repeat(1 << 20);
    let form = [("name", &*long), ("time_zone", "UTC")];
    let page = admin.post("/s/1/settings/subscription", &form).await;
    assert!(page.status.is_client_error() && page.is_html(), "{page:#?}");
    page.has("Nothing was changed");
    let mut nobody = bench.nobody();
    let page = nobody
        .post("/sign-in", &[("email", &long), ("password", "x")])
        .await;
    assert!(page.status.is_client_error() && page.is_html(), "{page:#?}");
}

#[tokio::test]
async fn a_viewer_sees_how_far_a_file_is_and_changes_nothing() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let mut viewer = bench.viewer().await;
    preview(&mut admin, "users.csv", b"id\nu-1\n").await;
    viewer
        .upload(&at("file"), "mine.csv", b"id\nu-2\n")
        .await
        .is(403);
    viewer.post(&at("load"), &[]).await.is(403);
    viewer.post(&at("done"), &[]).await.is(403);
    load(&mut admin, &[]).await;
    viewer.follow(&at("progress")).await.ok();
    viewer.get(PAGE).await.ok().has("1 visitor is known.");
    assert_eq!(uploads(&bench).await, 1);
}

#[tokio::test]
async fn any_process_shows_a_file_and_has_it_loaded() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    preview(&mut admin, "users.csv", b"id\nu-1\n").await;
    let mut other = bench.elsewhere().await;
    let form = [("email", ADMIN), ("password", PASSWORD)];
    other.post("/sign-in", &form).await.leads_to("/");
    other.get(PAGE).await.ok().has("Preview of users.csv");
    let page = load(&mut other, &[]).await;
    page.has("The file is imported.").has("1 visitor is known.");
    admin.get(PAGE).await.ok().has("The file is imported.");
}

#[tokio::test]
async fn a_file_waits_for_its_turn_and_can_be_taken_out_of_the_queue() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let sync = bench.hold(Level::Visitor).await;
    for (by, what) in [
        (at("cancel"), "ids.cancelled"),
        (
            "/s/1/settings/schedule/jobs/3/cancel".into(),
            "ids.cancelled",
        ),
    ] {
        preview(&mut admin, "users.csv", b"id\nu-1\n").await;
        let loaded = admin.about_file(PAGE, "load", &[]).await;
        loaded.leads_to(PAGE);
        let page = admin.get(PAGE).await.ok();
        page.has("Importing users.csv").has("Waiting in the queue");
        admin
            .get("/s/1/settings/schedule")
            .await
            .ok()
            .has("Import of ids");
        admin.post(&by, &[]).await.leads_to("/s/1/settings/");
        admin.get(PAGE).await.ok().has("nothing is imported yet");
        let changes = bench.store.changes(i64::MAX, 1).await.unwrap();
        assert_eq!(changes[0].action, what);
    }
    admin.about_file(PAGE, "load", &[]).await.leads_to(PAGE);
    bench.release(&sync).await;
    admin.follow(&at("progress")).await.ok();
    admin.get(PAGE).await.has("The file is imported.");
    // There is nothing to cancel any more.
    admin.post(&at("cancel"), &[]).await.leads_to(PAGE);
    assert_eq!(known(&bench).await, 1);
}

#[tokio::test]
async fn nobody_answers_for_a_file_they_have_not_seen() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    bench.know_these(Level::Visitor, ["u-9".to_owned()]).await;
    preview(&mut admin, "first.csv", b"id\nu-1\n").await;
    preview(&mut admin, "second.csv", b"id\nu-2\n").await;
    let old = ("upload", "1");
    admin.post(&at("done"), &[old]).await.leads_to(PAGE);
    let page = admin.post(&at("load"), &[old]).await.is(409);
    page.has("Preview of second.csv")
        .has("another one took its place");
    load(&mut admin, &[("mirror", "yes")]).await;
    let form = [old, ("remove", "yes")];
    admin.post(&at("settle"), &form).await.is(409);
    assert_eq!(known(&bench).await, 2);
}
