use serde_json::json;

use crate::{
    oauth::decide,
    product::{Product, assert_error},
    serve::{Serving, visit},
};

#[test]
fn the_demo_proves_itself_and_can_be_run_again() {
    let product = Product::empty();
    let (report, status) = product.json("demo --once --contacts 600");
    assert_eq!(status, 0, "{report}");
    for run in report["runs"].as_array().unwrap() {
        assert_eq!(run["proved"], true);
        assert!(run["values"]["written"].as_u64().unwrap() > 0);
    }
    let url = report["web"]["url"].as_str().unwrap();
    assert!(url.starts_with("http://localhost:"), "{url}");
    let (status, _) = product.json("hubspot status");
    assert_eq!(status["kind"], "oauth", "{status}");
    let text = product.run("demo --once --contacts 600").done();
    for part in [
        "600 contacts and 90 companies",
        "Visitor level: proved",
        "Account level: proved",
        "hubspot: carried over",
        "The web pages answered at http://localhost:",
        "With your own HubSpot account",
    ] {
        assert!(text.contains(part), "{part:?} is missing in {text}");
    }
    // The second time there is nothing to change.
    let (runs, _) = product.json("runs list");
    assert_eq!(
        runs["runs"][0]["values"],
        json!({ "written": 0, "cleared": 0 })
    );
}

#[test]
fn the_demo_proves_itself_with_a_destination_outside_as_well() {
    let product = Product::empty();
    let text = product
        .run("demo --once --contacts 600 --destination pendo")
        .done();
    for part in [
        "in a Pendo subscription at http://127.0.0.1:",
        "Visitor level: proved",
        "Account level: proved",
        "changes acknowledged",
        "Read back from Pendo, visitor level",
        "all as they were sent",
    ] {
        assert!(text.contains(part), "{part:?} is missing in {text}");
    }
    // The next one begins with a Pendo that has no values yet.
    let (report, status) = product.json("demo --once --contacts 600 --destination pendo");
    assert_eq!(status, 0, "{report}");
    for run in report["runs"].as_array().unwrap() {
        assert_eq!(
            (&run["proved"], &run["values"]["written"]),
            (&json!(true), &json!(0))
        );
        assert_eq!(run["delivery"]["pending"], 0);
    }
    let (drift, _) = product.json("pendo drift --last");
    for level in drift["levels"].as_array().unwrap() {
        assert_eq!(level["differences"], 0, "{drift}");
        assert!(level["values"].as_u64().unwrap() > 600, "{drift}");
    }
    // Without it the ids are the product's own again.
    let (report, status) = product.json("demo --once --contacts 600");
    assert_eq!(status, 0, "{report}");
    assert!(report["runs"][0].get("delivery").is_none());
}

#[test]
fn the_demo_leaves_real_data_alone() {
    let product = Product::subscribed();
    let (report, status) = product.json("demo --once --contacts 600");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0152");
    assert_eq!(
        product.json("subscription list").0["subscriptions"][0]["visitors"],
        0
    );
}

#[test]
fn the_demo_leaves_real_users_alone() {
    let product = Product::empty();
    product
        .run("users add boss@example.com --role admin")
        .done();
    let (report, status) = product.json("demo --once --contacts 600");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0152");
    let (report, _) = product.json("users list");
    assert_eq!(report["users"].as_array().unwrap().len(), 1);
}

#[test]
fn the_demo_stays_open_and_can_be_connected_anew_in_the_browser() {
    let product = Product::empty();
    let serving = Serving::start(&product, "demo --contacts 600 --listen 127.0.0.1:0");
    for email in ["admin@demo.example", "viewer@demo.example"] {
        let form = [("email", email), ("password", "tributary-demo")];
        assert_eq!(serving.post("/sign-in", &form), (303, "/".into()));
    }
    let form = [
        ("email", "admin@demo.example"),
        ("password", "tributary-demo"),
    ];
    let session = serving.enter("/sign-in", &form);
    let page = "/s/1/settings/data-mappings/visitor";
    let hubspot = serving.press(&session, page, "authenticate");
    assert!(hubspot.contains("/oauth/authorize?"), "{hubspot}");
    // The screens offer two accounts.
    let picker = visit("", &hubspot);
    assert!(picker.contains("Aozora Cloud") && picker.contains("Kumo Works"));
    let back = decide(&format!("{hubspot}&portalId=24680135"), "grant");
    assert!(back.starts_with(&format!("{}/oauth/callback?", serving.url)));
    let connected = visit(&session, &back);
    assert_eq!(connected, format!("{page}?note=note-connected#hubspot"));
    // From another terminal the same portal and the same pages are known.
    let (report, status) = product.json("users reset viewer@demo.example");
    assert_eq!(status, 0);
    let link = report["link"].as_str().unwrap();
    assert!(link.starts_with(&format!("{}/reset#", serving.url)));
    product.run("hubspot status").done();
    serving.stop("-TERM").0.done();
    assert_eq!(product.processes(), 0, "a life sign was left");
}
