use serde_json::json;

use crate::product::{Product, assert_error};

#[test]
fn a_mapping_is_checked_against_the_catalogue() {
    let product = Product::connected();
    for (key, fields, code, expected) in [
        (
            "product_userid",
            "mrr",
            "TRB0141",
            "did you mean \"product_user_id\"?",
        ),
        (
            "product_user_id",
            "mrr,lifecycle_stage",
            "TRB0141",
            "did you mean \"lifecyclestage\"?",
        ),
        (
            "product_user_id",
            "mrr,Contract",
            "TRB0141",
            "did you mean \"contract_file\"?",
        ),
        (
            "product_user_id",
            "mrr,contract_file",
            "TRB0142",
            "ids of files",
        ),
        (
            "contract_file",
            "mrr",
            "TRB0142",
            "contract_file cannot be imported",
        ),
    ] {
        let (report, status) = product.json(&format!(
            "mapping set --level visitor --key {key} --fields {fields}"
        ));
        assert_eq!(status, 1);
        assert_error(&report, code);
        let message = report["error"]["message"].as_str().unwrap();
        assert!(message.contains(expected), "{message}");
    }
    assert_eq!(product.json("mapping show").0["mappings"], json!([]));
}

#[test]
fn fields_are_named_as_in_hubspot() {
    let product = Product::connected();
    let (report, status) = product.json(
        "mapping set --level visitor --key is_champion --fields mrr,mrr,plan_tier --when-empty keep",
    );
    assert_eq!(status, 0);
    assert_eq!(report["warnings"].as_array().unwrap().len(), 1);
    assert_eq!(
        report["mapping"],
        json!({
            "level": "visitor", "key": "is_champion", "when_empty": "keep",
            "fields": [
                { "property": "mrr", "type": "decimal", "display_name": "Monthly recurring revenue" },
                { "property": "plan_tier", "type": "string", "display_name": "Plan" },
            ],
        })
    );
    let text = product.run("mapping show").done();
    assert!(text.contains("hubspot.mrr"), "{text}");
    assert!(text.contains("account level: not mapped"), "{text}");
    assert!(text.contains("keeps the value"), "{text}");
}

#[test]
fn a_mapping_needs_a_connection() {
    let product = Product::subscribed();
    let (report, status) = product.json("mapping set --level visitor --key a --fields b");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0130");
    product
        .run("mapping set --level visitor --key a")
        .ended_with(2);
}
