//! The catalogue: every pair of types, its surprises, and changes at run time.

use std::collections::{BTreeMap, BTreeSet};

use sandbox::{Action, Command, Kind, Object, PortalConfig, Rule};
use serde_json::{Value, json};

use crate::client::{HUB, Hub};

fn all(hub: &Hub, object: &str) -> BTreeMap<String, Value> {
    let answer = hub
        .get(&format!("/crm/properties/2026-09/{object}"))
        .expect(200)
        .json();
    assert!(answer.get("paging").is_none());
    answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["name"].as_str().unwrap().to_owned(), p.clone()))
        .collect()
}

#[test]
fn a_real_portals_worth_in_one_call() {
    let hub = Hub::small();
    let contacts = all(&hub, "contacts");
    assert!((180..300).contains(&contacts.len()), "{}", contacts.len());
    assert!((120..300).contains(&all(&hub, "companies").len()));
    assert!(contacts.keys().all(|n| *n == n.to_lowercase()));
    let keys: Vec<&str> = contacts["plan_tier"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    for key in [
        "name",
        "label",
        "type",
        "fieldType",
        "description",
        "groupName",
        "options",
        "displayOrder",
        "calculated",
        "externalOptions",
        "hasUniqueValue",
        "hidden",
        "hubspotDefined",
        "formField",
        "dataSensitivity",
        "modificationMetadata",
        "createdAt",
        "updatedAt",
    ] {
        assert!(keys.contains(&key), "{key}");
    }
    let option = &contacts["plan_tier"]["options"][0];
    assert_eq!(
        (&option["value"], &option["label"], &option["hidden"]),
        (&json!("free"), &json!("Free"), &json!(false))
    );
}

#[test]
fn every_pair_of_type_and_field_type() {
    let hub = Hub::small();
    let pairs: BTreeSet<(String, String)> = ["contacts", "companies"]
        .iter()
        .flat_map(|o| all(&hub, o).into_values())
        .map(|p| {
            (
                p["type"].as_str().unwrap().to_owned(),
                p["fieldType"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    for pair in [
        "string/text",
        "string/textarea",
        "string/phonenumber",
        "string/html",
        "string/file",
        "string/calculation_equation",
        "string/calculation_rollup",
        "number/number",
        "number/calculation_equation",
        "number/calculation_rollup",
        "number/calculation_score",
        "bool/booleancheckbox",
        "bool/calculation_equation",
        "bool/calculation_read_time",
        "enumeration/checkbox",
        "enumeration/radio",
        "enumeration/select",
        "enumeration/booleancheckbox",
        "enumeration/calculation_equation",
        "date/date",
        "datetime/date",
        "datetime/calculation_rollup",
        "datetime/calculation_equation",
        "phone_number/phonenumber",
        "object_coordinates/text",
        "json/text",
    ] {
        let (kind, field) = pair.split_once('/').unwrap();
        assert!(
            pairs.contains(&(kind.to_owned(), field.to_owned())),
            "{pair}"
        );
    }
}

#[test]
fn the_surprises_of_a_real_list() {
    let hub = Hub::small();
    let contacts = all(&hub, "contacts");
    let is = |name: &str, key: &str, value: Value| {
        assert_eq!(contacts[name][key], value, "{name}.{key}");
    };
    is("annualrevenue", "type", json!("string"));
    is("lifecyclestage", "fieldType", json!("radio"));
    is("lifecyclestage", "externalOptions", json!(true));
    is("hs_calculated_merged_vids", "type", json!("enumeration"));
    is("hs_merged_object_ids", "options", json!([]));
    is("hubspot_owner_id", "options", json!([]));
    is("hubspot_owner_id", "externalOptions", json!(true));
    is("hubspot_owner_id", "referencedObjectType", json!("OWNER"));
    is(
        "num_associated_deals",
        "fieldType",
        json!("calculation_rollup"),
    );
    is("num_associated_deals", "calculated", json!(false));
    is("hs_object_id", "hasUniqueValue", json!(false));
    is("hs_object_id", "type", json!("number"));
    for name in ["email", "hs_additional_emails", "hs_unique_creation_key"] {
        is(name, "hasUniqueValue", json!(true));
    }
    let named = |label: &str| contacts.values().filter(|p| p["label"] == label).count();
    assert_eq!(named("Email hard bounce reason"), 2);
    assert!(contacts.values().any(|p| p.get("updatedAt").is_none()));
    assert!(contacts.values().any(|p| p.get("createdAt").is_none()));
    assert!(
        contacts
            .values()
            .any(|p| p["createdAt"] == "1970-01-01T00:00:00Z")
    );
    assert!(contacts.values().any(|p| p["hidden"] == true));
    for property in contacts.values().filter(|p| p["type"] == "bool") {
        let values: Vec<_> = property["options"]
            .as_array()
            .unwrap()
            .iter()
            .map(|o| o["value"].as_str().unwrap())
            .collect();
        assert_eq!(values, ["true", "false"]);
    }
    for property in contacts.values().filter(|p| p["type"] == "datetime") {
        assert!(
            property["fieldType"] == "date"
                || property["fieldType"]
                    .as_str()
                    .unwrap()
                    .starts_with("calculation_")
        );
    }
}

#[test]
fn archived_and_sensitive_ones_are_listed_apart() {
    let hub = Hub::small();
    let list = |query: &str| -> Vec<String> {
        let answer = hub
            .get(&format!("/crm/properties/2026-09/contacts?{query}"))
            .json();
        answer["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(list("archived=true"), ["legacy_plan_code", "old_region"]);
    assert!(list("dataSensitivity=sensitive").contains(&"dietary_needs".to_owned()));
    assert_eq!(
        list("dataSensitivity=highly_sensitive"),
        ["health_plan_number"]
    );
    let plain = list("archived=false");
    assert!(
        plain
            .iter()
            .all(|n| n != "dietary_needs" && n != "legacy_plan_code")
    );
    let label = |query: &str| {
        hub.get(&format!(
            "/crm/properties/2026-09/contacts/firstname?{query}"
        ))
        .json()["label"]
            .clone()
    };
    assert_eq!(
        (label(""), label("locale=ja")),
        (json!("First name"), json!("名"))
    );
}

#[test]
fn one_by_one_in_batches_and_by_group() {
    let hub = Hub::small();
    assert_eq!(
        hub.get("/crm/v3/properties/contacts/mrr")
            .expect(200)
            .json()["type"],
        "number"
    );
    hub.get("/crm/v3/properties/contacts/no_such").expect(404);
    let body = json!({"archived": false, "inputs": [{"name": "email"}, {"name": "mrr"}]});
    let answer = hub
        .post("/crm/properties/2026-09/contacts/batch/read", &body)
        .expect(200)
        .json();
    assert_eq!(answer["results"].as_array().unwrap().len(), 2);
    let half = json!({"inputs": [{"name": "email"}, {"name": "nope"}]});
    assert_eq!(
        hub.post("/crm/properties/2026-09/contacts/batch/read", &half)
            .expect(207)
            .json()["numErrors"],
        1
    );
    let groups = hub
        .get("/crm/properties/2026-09/contacts/groups")
        .expect(200)
        .json();
    assert!(
        groups["results"]
            .as_array()
            .unwrap()
            .iter()
            .any(|g| g["name"] == "contactinformation")
    );
}

#[test]
fn a_thousand_custom_properties_more() {
    let hub = Hub::of(PortalConfig {
        extra_properties: 1_200,
        ..PortalConfig::small(HUB)
    });
    let all = all(&hub, "contacts");
    assert!(all.len() > 1_380);
    let names: Vec<&String> = all
        .keys()
        .filter(|n| n.starts_with("imported_field"))
        .collect();
    assert_eq!(names.len(), 1_200);
    let answer = hub
        .search(&json!({"properties": names, "limit": 1}))
        .expect(200)
        .json();
    assert!(
        answer["results"][0]["properties"]
            .as_object()
            .unwrap()
            .len()
            >= 1_200
    );
}

#[test]
fn a_property_archived_between_two_pages_vanishes_from_the_second() {
    let hub = Hub::clean(400);
    let archive = Command::ArchiveProperty {
        object: Object::Contacts,
        name: "plan_tier".to_owned(),
    };
    hub.sandbox.script(
        Rule::next(
            Kind::Search,
            Action::Run {
                portal: None,
                command: archive,
            },
        )
        .after(1),
    );
    let ask = |after: u64| {
        hub.search(&json!({"properties": ["plan_tier"], "limit": 200, "after": after}))
            .expect(200)
            .json()
    };
    assert!(
        ask(0)["results"][0]["properties"]
            .get("plan_tier")
            .is_some()
    );
    assert!(
        ask(200)["results"][0]["properties"]
            .get("plan_tier")
            .is_none()
    );
    assert!(!all(&hub, "contacts").contains_key("plan_tier"));
    hub.sandbox
        .run(
            HUB,
            &Command::RestoreProperty {
                object: Object::Contacts,
                name: "plan_tier".to_owned(),
            },
        )
        .unwrap();
    assert!(all(&hub, "contacts").contains_key("plan_tier"));
}

#[test]
fn a_property_can_change_its_type_label_and_appear() {
    let hub = Hub::clean(10);
    let object = Object::Contacts;
    let retype = Command::RetypeProperty {
        object,
        name: "mrr".to_owned(),
        kind: "tensor".to_owned(),
        field: "grid".to_owned(),
    };
    hub.sandbox.run(HUB, &retype).unwrap();
    hub.sandbox
        .run(
            HUB,
            &Command::RelabelProperty {
                object,
                name: "mrr".to_owned(),
                label: "Tensor".to_owned(),
            },
        )
        .unwrap();
    let add = Command::AddProperty {
        object,
        name: "fresh".to_owned(),
        label: String::new(),
        kind: "string".to_owned(),
        field: "text".to_owned(),
    };
    hub.sandbox.run(HUB, &add).unwrap();
    let all = all(&hub, "contacts");
    assert_eq!(
        (
            &all["mrr"]["type"],
            &all["mrr"]["fieldType"],
            &all["mrr"]["label"]
        ),
        (&json!("tensor"), &json!("grid"), &json!("Tensor"))
    );
    assert!(all.contains_key("fresh"));
}
