use std::fs;

use serde_json::json;

use crate::product::{Ended, Product, assert_error, bare};

#[test]
fn a_check_says_what_comes_from_where() {
    let product = Product::empty()
        .with("TRIBUTARY_HUBSPOT__CLIENT_SECRET", "very-secret")
        .with("TRIBUTARY_HUBSPOT__QUOTA__DAILY", "500");
    fs::create_dir(product.data()).unwrap();
    fs::write(
        product.data().join("tributary.toml"),
        "[hubspot]\nclient_id = \"my-app\"\n[hubspot.quota]\ndaily = 1\n",
    )
    .unwrap();
    let (report, status) = product.json("config check");
    assert_eq!(status, 0);
    let settings = &report["settings"];
    assert_eq!(
        settings["hubspot.quota.daily"],
        json!({ "value": "500", "from": "TRIBUTARY_HUBSPOT__QUOTA__DAILY" })
    );
    assert_eq!(settings["hubspot.client_id"]["value"], "my-app");
    assert_eq!(
        settings["retention.days"],
        json!({ "value": "30", "from": "default" })
    );
    assert!(!report.to_string().contains("very-secret"));
    let text = product.run("config check").done();
    assert!(
        text.contains("can be used") && !text.contains("very-secret"),
        "{text}"
    );
}

#[test]
fn a_named_file_is_read_instead_of_the_usual_one() {
    let product = Product::empty();
    let file = product.file("other.toml", "[retention]\ndays = 7");
    let (report, _) = product.json(&format!("config check --config {file}"));
    assert_eq!(report["settings"]["retention.days"]["value"], "7");
    assert_eq!(report["file"], file);
    let (report, status) = product.json("config check --config /nowhere.toml");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0101");
}

#[test]
fn mistakes_are_errors_of_every_command() {
    for (content, code) in [
        ("[hubspot]\nbase_ur = \"x\"", "TRB0103"),
        ("= nonsense", "TRB0102"),
        ("[web]\nlisten = \"everywhere\"", "TRB0104"),
        ("[web]\npublic_url = \"https://t.example/x\"", "TRB0104"),
        ("[web]\ntrusted_proxies = \"10.0.0\"", "TRB0104"),
        ("[retention]\ndays = \"soon\"", "TRB0104"),
        ("[hubspot]\nclient_secret_file = \"/nowhere\"", "TRB0105"),
    ] {
        let product = Product::empty();
        let file = product.file("bad.toml", content);
        for command in ["config check", "subscription list"] {
            let (report, status) = product.json(&format!("{command} --config {file}"));
            assert_eq!(status, 1);
            assert_error(&report, code);
        }
        // What helps with a broken file works with one.
        product
            .run(&format!("config show-default --config {file}"))
            .done();
    }
    let (report, status) = Product::empty()
        .with("TRIBUTARY_HUBSPOT__BASE_URL", "http://api.example.com")
        .json("config check");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0020");
    assert!(report["settings"].is_object(), "{report}");
}

#[test]
fn the_defaults_are_a_file_that_can_be_used() {
    let product = Product::empty();
    let defaults = product.run("config show-default").done();
    for setting in [
        "[web]",
        "listen = \"127.0.0.1:8700\"",
        "public_url = \"\"",
        "trusted_proxies = []",
    ] {
        assert!(defaults.contains(setting), "{setting} is missing");
    }
    let file = product.file("defaults.toml", defaults);
    let (report, status) = product.json(&format!("config check --config {file}"));
    assert_eq!(status, 0, "{report}");
}

#[test]
fn the_data_directory_is_the_users() {
    let home = tempfile::tempdir().unwrap();
    let out = bare(home.path())
        .args(["subscription", "create", "--name", "X", "--timezone", "UTC"])
        .output()
        .unwrap();
    assert!(out.status.success());
    assert!(
        home.path()
            .join(".local/share/tributary/tributary.sqlite")
            .exists()
    );

    let other = home.path().join("other");
    let out = bare(home.path())
        .env("TRIBUTARY_DATA_DIR", &other)
        .args(["subscription", "list", "--json"])
        .output()
        .unwrap();
    assert!(out.status.success());
    assert!(other.join("tributary.sqlite").exists());
}

#[test]
fn the_keyring_can_be_elsewhere() {
    let product = Product::beside_portal();
    product.connect(crate::product::PORTAL);
    let keyring = product.path("keyring-elsewhere");
    fs::rename(product.data().join("keyring"), &keyring).unwrap();
    let product = product.with("TRIBUTARY_KEYRING_FILE", &keyring);
    product.run("hubspot status").done();
    fs::write(&keyring, "{}").unwrap();
    let (report, status) = product.json("hubspot status");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0008");
}

#[test]
fn the_database_is_shown_without_its_password() {
    const URL: &str = "postgres://ada:s3cret@127.0.0.1:1/tributary";
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("url");
    fs::write(&file, format!("{URL}\n")).unwrap();
    let run = |(name, value): (&str, &str), words: &[&str]| {
        let mut command = bare(home.path());
        command.env(name, value).args(words);
        Ended(command.output().unwrap())
    };
    let direct = ("TRIBUTARY_DATABASE__URL", URL);
    let by_file = ("TRIBUTARY_DATABASE__URL_FILE", file.to_str().unwrap());

    let checked = run(direct, &["config", "check", "--json"]).json();
    let shown = &checked["settings"]["database.url"];
    assert_eq!(shown["value"], "postgres://ada@127.0.0.1:1/tributary");
    for set in [direct, by_file] {
        let text = run(set, &["config", "check"]).done();
        assert!(!text.contains("s3cret"), "{text}");
        // Nobody listens there.
        let shown = run(set, &["subscription", "list", "-vv"]).failed_with(1, "(TRB0005)");
        assert!(
            shown.contains("ada@127.0.0.1") && !shown.contains("s3cret"),
            "{shown}"
        );
    }
    for wrong in ["mysql://ada:s3cret@host/x", "ada:s3cret@host"] {
        let wrong = ("TRIBUTARY_DATABASE__URL", wrong);
        let shown = run(wrong, &["config", "check"]).failed_with(1, "(TRB0104)");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
    // Four syncs at once, each with one of its own, would wait for each other.
    let with_connections = |count| {
        let mut command = bare(home.path());
        command.env(direct.0, direct.1).args(["config", "check"]);
        command.env("TRIBUTARY_DATABASE__CONNECTIONS", count);
        Ended(command.output().unwrap())
    };
    with_connections("5").failed_with(1, "(TRB0104)");
    with_connections("6").done();
}
