use sandbox::{Config, PortalConfig, StaticToken};
use serde_json::json;

use crate::product::{PORTAL, Product, assert_error};

#[test]
fn a_static_token_connects() {
    let product = Product::beside_portal();
    let (report, status) = product.json("hubspot status");
    assert_eq!((status, &report["connected"]), (0, &json!(false)));
    product
        .run("hubspot properties --level visitor")
        .failed_with(1, "TRB0130");

    let file = product.file("token", format!("{}\n", sandbox::static_token(PORTAL)));
    let (report, status) = product.json(&format!("hubspot connect --token-file {file}"));
    assert_eq!(status, 0, "{report}");
    assert_eq!(report["portal"], PORTAL);
    assert_eq!(report["kind"], "static");
    assert_eq!(report["missing_scopes"], json!([]));

    let (report, status) = product.json("hubspot status");
    assert_eq!(status, 0);
    assert_eq!(
        (&report["works"], &report["portal"]),
        (&json!(true), &json!(PORTAL))
    );
    let token = sandbox::static_token(PORTAL);
    assert!(!report.to_string().contains(&token));

    product.run("hubspot disconnect").done();
    product.run("hubspot disconnect").failed_with(1, "TRB0130");
}

#[test]
fn a_token_that_does_not_hold_is_refused() {
    let product = Product::beside_portal();
    for (content, code) in [
        ("", "TRB0132"),
        ("two words", "TRB0132"),
        ("pat-na1-wrong", "TRB0024"),
    ] {
        let file = product.file("token", content);
        let (report, status) = product.json(&format!("hubspot connect --token-file {file}"));
        assert_eq!(status, 1);
        assert_error(&report, code);
        assert!(!report.to_string().contains("pat-na1-wrong"), "{report}");
    }
    product
        .run("hubspot connect --token-file /nowhere/token")
        .failed_with(1, "TRB0131");
    product.run("hubspot connect").ended_with(2);
}

#[test]
fn another_portal_has_to_be_confirmed() {
    let product = Product::mapped();
    product.sandbox().add_portal(PortalConfig::small(4712));
    product.run("sync").done();
    let file = product.file("token", sandbox::static_token(4712));
    let (report, status) = product.json(&format!("hubspot connect --token-file {file}"));
    assert_eq!(status, 1);
    assert_error(&report, "TRB0133");
    assert_eq!(product.json("hubspot status").0["portal"], PORTAL);
    let linked = |product: &Product| {
        let (list, _) = product.json("visitors list --limit 1000");
        let visitors = list["visitors"].as_array().unwrap().clone();
        visitors
            .iter()
            .filter(|one| !one["record"].is_null())
            .count()
    };
    assert!(linked(&product) > 0);

    product
        .run(&format!(
            "hubspot connect --token-file {file} --replace-portal"
        ))
        .done();
    assert_eq!(product.json("hubspot status").0["portal"], 4712);
    assert_eq!(linked(&product), 0);
    // The same portal again needs no confirmation.
    product.connect(4712);
}

#[test]
fn a_token_without_any_useful_scope_is_refused() {
    let mut portal = PortalConfig::small(PORTAL);
    portal.tokens.push(StaticToken {
        token: "pat-na1-contacts".into(),
        scopes: vec!["oauth".into(), "crm.objects.contacts.read".into()],
    });
    portal.tokens.push(StaticToken {
        token: "pat-na1-nothing".into(),
        scopes: vec!["oauth".into(), "crm.lists.read".into()],
    });
    let product = Product::beside(Config::with_portal(portal));
    let file = product.file("token", "pat-na1-nothing");
    let (report, status) = product.json(&format!("hubspot connect --token-file {file}"));
    assert_eq!(status, 1);
    assert_error(&report, "TRB0139");
    let file = product.file("token", "pat-na1-contacts");
    let (report, status) = product.json(&format!("hubspot connect --token-file {file}"));
    assert_eq!(status, 0);
    assert_eq!(
        report["missing_scopes"],
        json!(["crm.objects.companies.read"])
    );
}

#[test]
fn properties_come_with_their_verdicts() {
    let product = Product::beside_portal();
    product.connect(PORTAL);
    let (report, status) = product.json("hubspot properties --level visitor");
    assert_eq!(status, 0);
    let property = |name: &str| {
        let all = report["properties"].as_array().unwrap();
        let found = all.iter().find(|one| one["name"] == name);
        found.unwrap_or_else(|| panic!("{name} is missing")).clone()
    };
    assert_eq!(property("mrr")["metadata_type"], "decimal");
    assert_eq!(property("trial_ends_on")["metadata_type"], "time");
    assert_eq!(property("hubspot_owner_id")["metadata_type"], "string");
    assert_eq!(property("contract_file")["importable"], false);
    assert_eq!(property("contract_file")["reason"]["code"], "file");
    assert_eq!(property("product_user_id")["key"]["verdict"], "suitable");
    assert_eq!(property("is_champion")["key"]["verdict"], "odd");
    assert_eq!(property("contract_file")["key"]["verdict"], "refused");
    let table = product
        .run("hubspot properties --level account --importable --search renewal")
        .done();
    assert!(table.contains("renewal_date"), "{table}");
    assert!(table.contains("1 property"), "{table}");
}
