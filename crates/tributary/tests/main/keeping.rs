//! Moving, backing up and restoring an installation, through the program.

use std::fs;

use scratch::Scratch;

use crate::product::{PORTAL, Product, assert_error};

fn keyring(product: &Product) -> Vec<u8> {
    fs::read(product.data().join("keyring")).unwrap()
}

#[test]
fn an_installation_is_moved_with_a_proof() {
    let product = Product::mapped();
    product.run("sync --level all").done();
    let from = product.place();
    let there = product.path("moved");
    let (report, status) = product.json(&format!("store copy {from} {there}"));
    assert_eq!(status, 0, "{report}");
    assert_eq!(report["proved"], true);
    let tables = report["tables"].as_array().unwrap();
    let of = |name: &str| tables.iter().find(|one| one["table"] == name).unwrap();
    assert!(of("memory_1_0")["to"]["rows"].as_u64().unwrap() > 700);
    assert!(of("version")["agrees"].as_bool().unwrap());
    assert!(report["then"].as_str().unwrap().contains("keyring"));
    assert!(!fs::exists(format!("{there}/keyring")).unwrap());

    // With its keyring, the copy goes on where the original stopped: nothing is translated again.
    fs::write(format!("{there}/keyring"), keyring(&product)).unwrap();
    let moved = product.elsewhere(&there);
    let (report, status) = moved.json("sync --level visitor");
    assert_eq!(status, 0, "{report}");
    let report = &report["runs"][0];
    assert_eq!(
        (&report["run"], &report["counts"]["changed"]),
        (&"3".into(), &0.into()),
        "{report}"
    );

    let refused = product.run(&format!("store copy {from} {there}"));
    refused.failed_with(1, "TRB0181");
    let refused = product.run(&format!("store copy {} {there}", product.path("nowhere")));
    refused.failed_with(1, "TRB0180");
    assert!(!fs::exists(product.path("nowhere")).unwrap());
}

#[test]
fn a_backup_is_restored_with_its_keyring() {
    let product = Product::mapped();
    product.run("sync --level visitor").done();
    let file = product.path("backup");
    let said = product.run(&format!("backup {file} --with-keyring")).done();
    assert!(said.contains("Proved"), "{said}");
    product
        .run(&format!("backup {file}"))
        .failed_with(1, "TRB0186");
    product.run(&format!("backup {file} --force")).done();

    let other = product.elsewhere(&product.path("other"));
    other.run(&format!("restore {file} --with-keyring")).done();
    other.run("hubspot status").done();
    let (report, _) = other.json("sync --level visitor");
    assert_eq!(report["runs"][0]["counts"]["changed"], 0, "{report}");
    other
        .run(&format!("restore {file}"))
        .failed_with(1, "TRB0181");
    let missing = other.run(&format!("restore {}", product.path("missing")));
    missing.failed_with(1, "TRB0187");
}

#[test]
fn without_the_keyring_a_connection_is_made_again() {
    let product = Product::mapped();
    product.run("sync --level visitor").done();
    let file = product.path("backup");
    let said = product.run(&format!("backup {file}")).done();
    assert!(said.contains("The keyring is not in it"), "{said}");
    let restored = product.elsewhere(&product.path("restored"));
    let said = restored.run(&format!("restore {file}")).done();
    assert!(said.contains("worker.schedule"), "{said}");

    let (report, status) = restored.json("hubspot status");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0188");
    let (report, status) = restored.json("sync --level visitor");
    assert_eq!(status, 1);
    assert!(report.to_string().contains("TRB0188"), "{report}");
    restored.run("visitors list").done();
    restored.run("runs show 1").done();

    restored.connect(PORTAL);
    let (report, status) = restored.json("sync --level visitor");
    assert_eq!(status, 0, "{report}");
    assert_eq!(report["runs"][0]["counts"]["changed"], 0, "{report}");
}

#[test]
fn a_backup_is_made_while_the_pages_are_served() {
    let product = Product::mapped();
    let mut serving = product.start("serve --listen 127.0.0.1:0 --json");
    let file = product.path("backup");
    product.run(&format!("backup {file}")).done();
    product.run("sync --level account").done();
    product.run(&format!("backup {file} --force")).done();
    serving.kill().unwrap();
    serving.wait().unwrap();
    let restored = product.elsewhere(&product.path("restored"));
    restored.run(&format!("restore {file}")).done();
    restored.run("runs show 1").done();
}

/// Has a database take its time over every version: an hour, say.
async fn slow_down(to: &Scratch) -> &'static str {
    let (slow, quick) = if to.url().is_some() {
        (
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(3600); RETURN NEW; END';
             CREATE TRIGGER slow BEFORE INSERT ON version FOR EACH ROW EXECUTE FUNCTION slow()",
            "DROP TRIGGER slow ON version",
        )
    } else {
        (
            "CREATE TRIGGER slow AFTER INSERT ON version BEGIN
             SELECT count(*) FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000000) SELECT i FROM n);
             END",
            "DROP TRIGGER slow",
        )
    };
    to.execute(slow).await;
    quick
}

#[tokio::test]
async fn a_copy_that_was_killed_is_refused_and_made_again() {
    let product = Product::mapped();
    product.run("sync --level visitor").done();
    let from = product.place();
    for to in [Scratch::embedded(), Scratch::new()] {
        to.open().await.close().await;
        let quick = slow_down(&to).await;
        let place = match to.url() {
            Some(url) => format!("@{}", product.file("to", url)),
            None => to.path().display().to_string(),
        };
        let mut copying = product.start(&format!("store copy {from} {place}"));
        // Before SQLite's file is written, whoever looked into it would be in the way.
        let journal = to.path().join("tributary.sqlite-journal");
        let begun = || to.url().is_some() || journal.exists();
        while !(begun() && to.tables().await.contains(&"unfinished_copy".to_owned())) {
            assert!(copying.try_wait().unwrap().is_none(), "it ended");
        }
        copying.kill().unwrap();
        copying.wait().unwrap();

        let mut moved = product.elsewhere(&to.path().display().to_string());
        if let Some(url) = to.url() {
            moved = moved.with("TRIBUTARY_DATABASE__URL", url);
            // Its server notices that nobody listens when it has something to say.
            to.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await;
        }
        moved.run("subscription list").failed_with(1, "TRB0183");
        to.execute(quick).await;
        product.run(&format!("store copy {from} {place}")).done();
        moved.run("subscription list").done();
    }
}
