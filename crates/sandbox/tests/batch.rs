//! Batch read, one record, associations: halves, merged ids, unique properties.

use std::collections::BTreeSet;

use sandbox::{Command, Object, PortalConfig};
use serde_json::{Value, json};

use crate::client::{HUB, Hub};

fn inputs<T: ToString>(ids: impl IntoIterator<Item = T>) -> Vec<Value> {
    ids.into_iter()
        .map(|id| json!({"id": id.to_string()}))
        .collect()
}

#[test]
fn a_hundred_inputs_or_fifty_with_history() {
    let hub = Hub::clean(200);
    let ids = hub.sandbox.live_ids(HUB, Object::Contacts);
    let answer = hub
        .batch_read(&json!({"inputs": inputs(&ids[..100]), "properties": ["email"]}))
        .expect(200);
    assert_eq!(answer.ids().len(), 100);
    assert_eq!(answer.json()["status"], "COMPLETE");
    hub.batch_read(&json!({"inputs": inputs(&ids[..101])}))
        .expect(400);
    let history =
        |n: usize| json!({"inputs": inputs(&ids[..n]), "propertiesWithHistory": ["email"]});
    hub.batch_read(&history(50)).expect(200);
    hub.batch_read(&history(51)).expect(400);
}

#[test]
fn results_are_not_in_the_order_of_the_inputs() {
    let hub = Hub::clean(200);
    let ids = hub.sandbox.live_ids(HUB, Object::Contacts);
    let found = hub.batch_read(&json!({"inputs": inputs(&ids[..50])})).ids();
    assert_ne!(found, ids[..50]);
    assert_eq!(
        found.into_iter().collect::<BTreeSet<_>>(),
        ids[..50].iter().copied().collect()
    );
}

#[test]
fn missing_ids_come_as_the_other_half_of_a_207() {
    let hub = Hub::clean(200);
    let id = hub.sandbox.live_ids(HUB, Object::Contacts)[0];
    let answer = hub
        .batch_read(&json!({"inputs": inputs([id, 9_000_000_777])}))
        .expect(207);
    assert_eq!(answer.ids(), [id]);
    let json = answer.json();
    assert_eq!(json["numErrors"], 1);
    assert_eq!(json["errors"][0]["category"], "OBJECT_NOT_FOUND");
    assert_eq!(json["errors"][0]["context"]["ids"], json!(["9000000777"]));
    assert!(
        json["errors"][0]["message"]
            .as_str()
            .unwrap()
            .starts_with("Could not get some CONTACT objects")
    );
    let none = hub
        .batch_read(&json!({"inputs": inputs([9_000_000_777_u64])}))
        .expect(207)
        .json();
    assert_eq!(none["results"], json!([]));
}

#[test]
fn a_merged_id_answers_under_the_survivor() {
    let hub = Hub::clean(200);
    let ids = hub.sandbox.live_ids(HUB, Object::Contacts);
    let merge =
        json!({"primaryObjectId": ids[1].to_string(), "objectIdToMerge": ids[2].to_string()});
    hub.post("/crm/objects/2026-09/contacts/merge", &merge)
        .expect(200);
    assert_eq!(
        hub.batch_read(&json!({"inputs": inputs([ids[2]])}))
            .expect(200)
            .ids(),
        [ids[1]]
    );
    // Two inputs, one result.
    let both = hub
        .batch_read(
            &json!({"inputs": inputs([ids[1], ids[2]]), "properties": ["hs_merged_object_ids"]}),
        )
        .expect(200);
    assert_eq!(both.ids(), [ids[1]]);
    assert_eq!(
        both.json()["results"][0]["properties"]["hs_merged_object_ids"],
        ids[2].to_string()
    );
    assert_eq!(
        hub.get(&format!("/crm/v3/objects/contacts/{}", ids[2]))
            .json()["id"],
        ids[1].to_string()
    );
    let live = hub.sandbox.live_ids(HUB, Object::Contacts);
    assert!(!live.contains(&ids[2]));
    assert!(
        !hub.get("/crm/v3/objects/contacts?limit=100&archived=true")
            .ids()
            .contains(&ids[2])
    );
}

#[test]
fn records_merged_long_ago_resolve_too() {
    let hub = Hub::small();
    let mut seen = 0;
    for (id, merged) in hub.sweep(
        &[json!({"propertyName": "hs_merged_object_ids", "operator": "HAS_PROPERTY"})],
        "hs_merged_object_ids",
    ) {
        for loser in merged.as_str().unwrap().split(';') {
            assert_eq!(
                hub.batch_read(&json!({"inputs": inputs([loser])}))
                    .expect(200)
                    .ids(),
                [id]
            );
            seen += 1;
        }
        let vids = hub
            .get(&format!(
                "/crm/v3/objects/contacts/{id}?properties=hs_calculated_merged_vids"
            ))
            .json();
        let (vid, ms) = vids["properties"]["hs_calculated_merged_vids"]
            .as_str()
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .split_once(':')
            .unwrap();
        assert!(vid.parse::<u64>().is_ok() && ms.len() == 13);
    }
    assert!(seen > 3, "{seen}");
}

#[test]
fn by_email_and_by_other_unique_properties_only() {
    let hub = Hub::clean(200);
    let page = hub
        .get("/crm/v3/objects/contacts?limit=20&properties=email,external_uid")
        .json();
    let record = page["results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["properties"]["email"].is_string())
        .unwrap();
    let id: u64 = record["id"].as_str().unwrap().parse().unwrap();
    let email = record["properties"]["email"].as_str().unwrap();
    let by = |property: &str, value: &str| {
        hub.batch_read(&json!({"idProperty": property, "inputs": inputs([value])}))
    };
    assert_eq!(by("email", email).expect(200).ids(), [id]);
    assert_eq!(by("email", &email.to_uppercase()).expect(200).ids(), [id]);
    assert_eq!(
        by(
            "external_uid",
            record["properties"]["external_uid"].as_str().unwrap()
        )
        .expect(200)
        .ids(),
        [id]
    );
    assert_eq!(
        by("email", "nobody@example.com").expect(207).json()["errors"][0]["context"]["ids"][0],
        "nobody@example.com"
    );
    let refused = by("hs_object_id", &id.to_string()).expect(400).json();
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("by non-unique")
    );
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("property hs_object_id")
    );
    by("product_user_id", "x").expect(400);
    by("no_such", "x").expect(400);
    let one = hub
        .get(&format!(
            "/crm/v3/objects/contacts/{}?idProperty=email",
            email.replace('@', "%40")
        ))
        .expect(200);
    assert_eq!(one.json()["id"], id.to_string());
}

#[test]
fn a_unique_key_can_be_read_by() {
    let portal = PortalConfig {
        unique_key: true,
        ..PortalConfig::bench(HUB, 100)
    };
    let hub = Hub::of(portal);
    let known = hub
        .sandbox
        .winners(HUB, Object::Contacts, &[])
        .nth(9)
        .unwrap();
    let answer = hub
        .batch_read(&json!({"idProperty": "product_user_id", "inputs": inputs([&known.id])}))
        .expect(200);
    assert_eq!(answer.json()["results"][0]["id"], known.record);
    assert_eq!(
        hub.get("/crm/v3/properties/contacts/product_user_id")
            .json()["hasUniqueValue"],
        true
    );
}

#[test]
fn archived_records_are_read_on_request() {
    let hub = Hub::clean(50);
    let id = hub.sandbox.live_ids(HUB, Object::Contacts)[5];
    hub.post(
        "/crm/v3/objects/contacts/batch/archive",
        &json!({"inputs": inputs([id])}),
    )
    .expect(204);
    let ask = json!({"inputs": inputs([id])});
    hub.batch_read(&ask).expect(207);
    assert_eq!(
        hub.post("/crm/v3/objects/contacts/batch/read?archived=true", &ask)
            .expect(200)
            .ids(),
        [id]
    );
    hub.get(&format!("/crm/v3/objects/contacts/{id}"))
        .expect(404);
    hub.get(&format!("/crm/v3/objects/contacts/{id}?archived=true"))
        .expect(200);
}

#[test]
fn a_missing_record_is_a_404_with_its_header() {
    let hub = Hub::clean(10);
    let answer = hub
        .get("/crm/objects/2026-09/contacts/9000000777")
        .expect(404);
    assert_eq!(answer.header("x-hubspot-notfound"), Some("true"));
    let json = answer.json();
    assert_eq!(
        (json["category"].as_str(), json["message"].as_str()),
        (Some("OBJECT_NOT_FOUND"), Some("resource not found"))
    );
    // A mistyped address is another kind of 404.
    let lost = hub.get("/crm/objects/2026-09").expect(404);
    assert!(lost.header("x-hubspot-notfound").is_none() && lost.text().contains("<html>"));
}

#[test]
fn contacts_lead_to_their_companies() {
    let hub = Hub::clean(200);
    let ids = hub.sandbox.live_ids(HUB, Object::Contacts);
    let path = "/crm/associations/2026-09/contacts/companies/batch/read";
    let answer = hub
        .post(path, &json!({"inputs": inputs(&ids[..150])}))
        .expect(200)
        .json();
    let companies = hub.sandbox.live_ids(HUB, Object::Companies);
    let first = &answer["results"][0];
    assert_eq!(first["from"]["id"], ids[0].to_string());
    assert!(companies.contains(&first["to"][0]["toObjectId"].as_u64().unwrap()));
    let types: Vec<_> = first["to"][0]["associationTypes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["typeId"].as_u64().unwrap())
        .collect();
    assert_eq!(types, [1, 279]);
    assert_eq!(answer["results"].as_array().unwrap().len(), 150);
    let of_property = hub
        .sandbox
        .value(HUB, Object::Contacts, ids[0], "associatedcompanyid");
    assert!(of_property.is_none() || of_property == Some(first["to"][0]["toObjectId"].to_string()));
    hub.post(
        "/crm/v4/associations/contacts/companies/batch/read",
        &json!({"inputs": inputs([1])}),
    )
    .expect(207);
    hub.post(path, &json!({"inputs": inputs(0..1_001)}))
        .expect(400);
}

#[test]
fn an_erased_record_is_gone_for_good() {
    let hub = Hub::clean(10);
    let id = hub.sandbox.live_ids(HUB, Object::Contacts)[4];
    hub.post(
        "/crm/objects/2026-09/contacts/gdpr-delete",
        &json!({"objectId": id.to_string()}),
    )
    .expect(204);
    hub.batch_read(&json!({"inputs": inputs([id])})).expect(207);
    hub.post(
        "/crm/v3/objects/contacts/batch/read?archived=true",
        &json!({"inputs": inputs([id])}),
    )
    .expect(207);
    assert!(
        hub.sandbox
            .run(
                HUB,
                &Command::Restore {
                    object: Object::Contacts,
                    id
                }
            )
            .is_err()
    );
    // Nobody by that address: it goes on the block list.
    hub.post(
        "/crm/objects/2026-09/contacts/gdpr-delete",
        &json!({"objectId": "a@example.com", "idProperty": "email"}),
    )
    .expect(204);
}
