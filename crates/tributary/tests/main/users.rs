//! Who may sign in, said on the command line.

use serde_json::{Value, json};

use crate::{
    product::{Product, assert_error},
    serve::{Serving, secret},
};

/// A member as `users list` shows it.
fn user(product: &Product, email: &str) -> Value {
    let (report, status) = product.json("users list");
    assert_eq!(status, 0);
    let users = report["users"].as_array().unwrap();
    let found = users.iter().find(|user| user["email"] == email);
    found.cloned().unwrap_or_default()
}

/// The link that a command prints.
fn link(product: &Product, line: &str, purpose: &str) -> String {
    let (report, status) = product.json(line);
    assert_eq!(
        (status, &report["purpose"]),
        (0, &json!(purpose)),
        "{report}"
    );
    report["link"].as_str().unwrap().to_owned()
}

#[test]
fn somebody_is_added_and_joins_while_the_pages_are_served() {
    let product = Product::empty();
    let serving = Serving::start(&product, "serve --listen 127.0.0.1:0");
    let place = format!("--public-url {}", serving.url);
    let add = format!("users add Yui.Sato@example.com --role admin {place}");
    let joining = link(&product, &add, "join");
    assert!(joining.starts_with(&format!("{}/join#", serving.url)));
    let email = "yui.sato@example.com";
    assert_eq!(
        user(&product, email),
        json!({ "email": email, "role": "admin", "state": "invited", "signed_in_at": null })
    );

    let choose = |page: &str, link: &str, password: &str| {
        let form = [
            ("ticket", secret(link)),
            ("password", password),
            ("again", password),
        ];
        serving.post(page, &form).0
    };
    assert_eq!(choose("/join", &joining, "a long river"), 303);
    assert_eq!(user(&product, email)["state"], "active");
    assert!(user(&product, email)["signed_in_at"].is_string());

    // A lock-out: the password is forgotten.
    let reset = format!("users reset {email} {place}");
    let replaced = link(&product, &reset, "reset");
    let resetting = link(&product, &reset, "reset");
    assert!(resetting.starts_with(&format!("{}/reset#", serving.url)));
    assert_eq!(choose("/reset", &replaced, "another river"), 422);
    assert_eq!(choose("/reset", &resetting, "another river"), 303);
    let sign_in = |password| serving.post("/sign-in", &[("email", email), ("password", password)]);
    assert_eq!(sign_in("a long river").0, 401);
    assert_eq!(sign_in("another river").0, 303);
    serving.stop("-TERM").0.done();
}

#[test]
fn links_lead_to_where_the_pages_are() {
    let product = Product::empty();
    for (setting, value, expected) in [
        ("TRIBUTARY_LOG", "off", "http://localhost:8700/join#"),
        (
            "TRIBUTARY_WEB__LISTEN",
            "127.0.0.1:9000",
            "http://localhost:9000/join#",
        ),
        (
            "TRIBUTARY_WEB__PUBLIC_URL",
            "https://t.example",
            "https://t.example/join#",
        ),
    ] {
        let product = Product::empty().with(setting, value);
        let text = product.run("users add a@x.example").done();
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("for 7 days"), "{text}");
    }
    let ended = product.run("users add a@x.example");
    ended.done();
    assert!(ended.err().contains("--role admin"), "{}", ended.err());
    let (report, status) = product
        .with("TRIBUTARY_WEB__LISTEN", "127.0.0.1:0")
        .json("users reset a@x.example");
    assert_eq!(status, 2);
    assert_error(&report, "TRB0100");
}

#[test]
fn everybody_is_listed() {
    let product = Product::empty();
    let text = product.run("users list").done();
    assert!(text.contains("Nobody can sign in yet"), "{text}");
    product.run("users add b@x.example").done();
    product.run("users add a@x.example --role admin").done();
    let text = product.run("users list").done();
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines[1], ["a@x.example", "admin", "invited", "–"]);
    assert_eq!(lines[2], ["b@x.example", "viewer", "invited", "–"]);
}

#[test]
fn wrong_addresses_are_told() {
    let product = Product::empty();
    product.run("users add yui.sato@example.com").done();
    let shown = product
        .run("users reset yui.sato@exmaple.com")
        .failed_with(1, "(TRB0162)");
    assert!(
        shown.contains("did you mean \"yui.sato@example.com\"?"),
        "{shown}"
    );
    product
        .run("users add YUI.SATO@example.com --role admin")
        .failed_with(1, "(TRB0163)");
    assert_eq!(user(&product, "yui.sato@example.com")["role"], "viewer");
    let (report, status) = product.json("users add yui.sato");
    assert_eq!(status, 2);
    assert_error(&report, "TRB0100");
}

#[tokio::test]
async fn whoever_was_deactivated_comes_back_only_when_that_is_meant() {
    let product = Product::empty();
    product.run("users add a@x.example --role admin").done();
    product.run("users add b@x.example").done();
    let store = product.store().await;
    let members = store.members().await.unwrap();
    let changed = store.change_member(members[1].id, members[1].role, false);
    changed.await.unwrap().unwrap();
    store.close().await;

    assert_eq!(user(&product, "b@x.example")["state"], "deactivated");
    product
        .run("users reset b@x.example")
        .failed_with(1, "(TRB0164)");
    assert_eq!(user(&product, "b@x.example")["state"], "deactivated");
    // Without a password yet: the link is that of an invitation.
    link(&product, "users reset b@x.example --activate", "join");
    assert_eq!(user(&product, "b@x.example")["state"], "invited");
}
