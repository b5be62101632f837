//! Writes and what happens in a portal: dates that move and dates that do not.

use sandbox::{Command, Object};
use serde_json::json;

use crate::client::{HUB, Hub};

fn updated(hub: &Hub, id: u64) -> String {
    hub.get(&format!("/crm/v3/objects/contacts/{id}")).json()["updatedAt"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn an_update_moves_the_modified_date_of_both_kinds() {
    let hub = Hub::clean(10);
    hub.sandbox.clock().advance_ms(5_000);
    let id = hub.sandbox.live_ids(HUB, Object::Contacts)[0];
    let body = json!({"properties": {"city": "奈良市"}}).to_string();
    let answer = hub
        .call(
            "PATCH",
            &format!("/crm/objects/2026-09/contacts/{id}"),
            &body,
        )
        .expect(200)
        .json();
    assert_eq!(answer["properties"]["city"], "奈良市");
    assert_eq!(answer["updatedAt"], "2026-11-20T01:00:05.000Z");
    let company = hub.sandbox.live_ids(HUB, Object::Companies)[0];
    hub.call(
        "PATCH",
        &format!("/crm/v3/objects/companies/{company}"),
        &body,
    )
    .expect(200);
    let record = hub
        .get(&format!("/crm/v3/objects/companies/{company}"))
        .json();
    assert_eq!(
        record["properties"]["hs_lastmodifieddate"],
        record["updatedAt"]
    );
    assert_eq!(record["updatedAt"], "2026-11-20T01:00:05.000Z");
}

#[test]
fn a_calculated_value_changes_without_moving_the_date() {
    let hub = Hub::clean(10);
    let id = hub.sandbox.live_ids(HUB, Object::Contacts)[0];
    let before = updated(&hub, id);
    let values = [("usage_trend".to_owned(), "0.75".to_owned())].into();
    hub.sandbox
        .run(
            HUB,
            &Command::Set {
                object: Object::Contacts,
                id,
                values,
                moves_date: false,
            },
        )
        .unwrap();
    let record = hub
        .get(&format!(
            "/crm/v3/objects/contacts/{id}?properties=usage_trend"
        ))
        .json();
    assert_eq!(record["properties"]["usage_trend"], "0.75");
    assert_eq!(updated(&hub, id), before);
}

#[test]
fn archive_and_restore() {
    let hub = Hub::clean(10);
    let id = hub.sandbox.live_ids(HUB, Object::Contacts)[3];
    hub.call("DELETE", &format!("/crm/objects/2026-09/contacts/{id}"), "")
        .expect(204);
    hub.get(&format!("/crm/v3/objects/contacts/{id}"))
        .expect(404);
    hub.sandbox
        .run(
            HUB,
            &Command::Restore {
                object: Object::Contacts,
                id,
            },
        )
        .unwrap();
    hub.get(&format!("/crm/v3/objects/contacts/{id}"))
        .expect(200);
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
}

#[test]
fn a_batch_update_answers_in_two_halves_and_passes_over_merged_ids() {
    let hub = Hub::clean(10);
    let ids = hub.sandbox.live_ids(HUB, Object::Contacts);
    let merge = Command::Merge {
        object: Object::Contacts,
        primary: ids[0],
        loser: ids[1],
    };
    hub.sandbox.run(HUB, &merge).unwrap();
    let input = |id: u64| json!({"id": id.to_string(), "properties": {"campaign": "x"}, "objectWriteTraceId": "t"});
    let body = json!({"inputs": [input(ids[1]), input(ids[2]), input(77)]});
    let answer = hub
        .post("/crm/objects/2026-09/contacts/batch/update", &body)
        .expect(207);
    assert_eq!(answer.ids(), [ids[2]]);
    assert_eq!(answer.json()["errors"][0]["context"]["ids"][0], "77");
    let by_email =
        json!({"inputs": [{"id": "a@b.example", "idProperty": "email", "properties": {}}]});
    hub.post("/crm/objects/2026-09/contacts/batch/update", &by_email)
        .expect(400);
    let many = json!({"inputs": vec![input(ids[2]); 101]});
    hub.post("/crm/objects/2026-09/contacts/batch/update", &many)
        .expect(400);
}

#[test]
fn writes_are_checked() {
    let hub = Hub::clean(10);
    let id = hub.sandbox.live_ids(HUB, Object::Contacts)[0];
    let refused = |name: &str, value: &str| {
        let body = json!({"properties": {name: value}}).to_string();
        let answer = hub
            .call("PATCH", &format!("/crm/v3/objects/contacts/{id}"), &body)
            .expect(400)
            .json();
        answer["errors"][0]["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused("missing", "x"), "PROPERTY_DOESNT_EXIST");
    assert_eq!(refused("mrr", "much"), "INVALID_DOUBLE");
    assert_eq!(refused("is_champion", "yes"), "INVALID_BOOLEAN");
    assert_eq!(refused("trial_ends_on", "1795132800001"), "INVALID_DATE");
    assert_eq!(refused("plan_tier", "platinum"), "INVALID_OPTION");
    assert_eq!(refused("hs_object_id", "1"), "READ_ONLY_VALUE");
    assert_eq!(refused("usage_trend", "1"), "READ_ONLY_VALUE");
}

#[test]
fn a_second_contact_with_an_address_is_a_conflict() {
    let hub = Hub::clean(10);
    let body = json!({"properties": {"email": "new@example.com"}});
    let id = hub
        .post("/crm/v3/objects/contacts", &body)
        .expect(201)
        .json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let refused = hub
        .post("/crm/v3/objects/contacts", &body)
        .expect(409)
        .json();
    assert_eq!(refused["category"], "CONFLICT");
    assert_eq!(
        refused["message"],
        format!("Contact already exists. Existing ID: {id}")
    );
    let ids = hub.sandbox.live_ids(HUB, Object::Contacts);
    assert_eq!(ids.last().unwrap().to_string(), id, "new records come last");
    let record = hub
        .get(&format!(
            "/crm/v3/objects/contacts/{id}?properties=email,city"
        ))
        .json();
    assert_eq!(
        (
            &record["properties"]["email"],
            &record["properties"]["city"]
        ),
        (&json!("new@example.com"), &json!(null))
    );
}

#[test]
fn two_hundred_and_fifty_merges_and_no_more() {
    let hub = Hub::clean(300);
    let ids = hub.sandbox.live_ids(HUB, Object::Contacts);
    for loser in &ids[1..=250] {
        hub.sandbox
            .run(
                HUB,
                &Command::Merge {
                    object: Object::Contacts,
                    primary: ids[0],
                    loser: *loser,
                },
            )
            .unwrap();
    }
    let merge =
        json!({"primaryObjectId": ids[0].to_string(), "objectIdToMerge": ids[251].to_string()});
    let refused = hub
        .post("/crm/objects/2026-09/contacts/merge", &merge)
        .expect(414)
        .json();
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("250 identities")
    );
}

#[test]
fn a_chain_of_merges_resolves_to_its_end() {
    let hub = Hub::clean(10);
    let ids = hub.sandbox.live_ids(HUB, Object::Contacts);
    for (primary, loser) in [(ids[1], ids[2]), (ids[0], ids[1])] {
        hub.sandbox
            .run(
                HUB,
                &Command::Merge {
                    object: Object::Contacts,
                    primary,
                    loser,
                },
            )
            .unwrap();
    }
    assert_eq!(
        hub.batch_read(&json!({"inputs": [{"id": ids[2].to_string()}]}))
            .ids(),
        [ids[0]]
    );
}
