//! Definitions, owners and facts about the portal.

use hubspot::{Kind, Query, Settings};
use model::ObjectType::{Companies, Contacts};
use serde_json::json;

use crate::stage::{Reply, Stage, found, kind, refusal};

#[tokio::test]
async fn the_catalogue_takes_what_comes() {
    let stage = Stage::new().await;
    stage.replies([Reply::ok(json!({"results": [
        {"name": "hubspot_owner_id", "label": "Contact owner", "type": "enumeration", "fieldType": "select",
         "groupName": "sales", "options": [{"label": "A", "value": "a", "new": 1}, {"label": "no value"}, 3],
         "referencedObjectType": "OWNER", "calculated": false, "externalOptions": true, "hasUniqueValue": true},
        {"name": "bare"},
        {"label": "no name"},
        null,
        {"name": "odd", "label": "", "type": 7, "hidden": "yes", "options": {}},
    ], "unheard": "of"}))]);
    let properties = stage.client().properties(Contacts).await.unwrap();
    let names: Vec<_> = properties.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["hubspot_owner_id", "bare", "odd"]);
    assert_eq!(properties[0].options.len(), 1);
    assert_eq!(properties[0].referenced_object.as_deref(), Some("OWNER"));
    assert!(properties[0].unique);
    assert_eq!(
        (properties[1].kind.as_str(), properties[1].label.as_str()),
        ("", "bare")
    );
    let seen = &stage.seen()[0];
    assert_eq!(seen.path, "/crm/properties/2026-09/contacts");
    assert_eq!(seen.method, "GET");
}

#[tokio::test]
async fn sensitive_definitions_are_read_where_their_values_may_be() {
    let stage = Stage::new().await;
    stage.otherwise(|seen| {
        if seen.path.starts_with("/oauth") {
            let scopes = ["oauth", "crm.objects.contacts.sensitive.read.v2"];
            return Reply::ok(json!({ "active": true, "scopes": scopes }));
        }
        let class = seen.query.rsplit('=').next().unwrap();
        Reply::ok(json!({ "results": [{ "name": class }] }))
    });
    let client = stage.client();
    let names = async || {
        let properties = client.properties(Contacts).await.unwrap();
        properties
            .into_iter()
            .map(|p| p.name.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["non_sensitive"]);
    client.token_facts().await.unwrap();
    assert_eq!(names().await, ["non_sensitive", "sensitive"]);
    assert_eq!(client.properties(Companies).await.unwrap().len(), 1);
}

#[tokio::test]
async fn groups_are_read_by_name_those_without_a_label_left_out() {
    let stage = Stage::new().await;
    stage.replies([Reply::ok(json!({"results": [
        {"name": "contactinformation", "label": "Contact information", "displayOrder": 0},
        {"name": "nameless", "label": ""}, {"label": "x"}, null,
    ]}))]);
    let groups = stage.client().property_groups(Contacts).await.unwrap();
    let groups: Vec<_> = groups.into_iter().collect();
    assert_eq!(
        groups,
        [("contactinformation".into(), "Contact information".into())]
    );
}

#[tokio::test]
async fn owners_are_read_page_by_page_archived_ones_too() {
    let stage = Stage::new().await;
    stage.otherwise(|seen| {
        let archived = seen.query.contains("archived=true");
        let last = archived || seen.query.contains("after=2");
        let id = match (archived, last) {
            (true, _) => "3",
            (false, true) => "2",
            (false, false) => "1",
        };
        let mut body = json!({"results": [
            {"id": id, "email": "o@example.com", "firstName": "太郎", "lastName": "山田", "userId": null,
             "archived": archived, "teams": []},
            {"email": "no id"},
        ]});
        if !last {
            body["paging"] = json!({"next": {"after": "2", "link": "https://evil.example.com"}});
        }
        Reply::ok(body)
    });
    let client = stage.client();
    let owners = client.owners().await.unwrap();
    let ids: Vec<_> = owners.iter().map(|o| (o.id.as_str(), o.archived)).collect();
    assert_eq!(ids, [("1", false), ("2", false), ("3", true)]);
    assert_eq!(owners[0].name(), "太郎 山田");
    assert!(!format!("{owners:?}").contains("example.com"));
    assert_eq!(client.calls().other, 3);
}

#[tokio::test]
async fn account_and_counts() {
    let stage = Stage::new().await;
    stage.replies([
        Reply::ok(json!({"portalId": 62_515, "timeZone": "No/Where", "utcOffsetMilliseconds": -18_000_000})),
        Reply::ok(json!({"hubspotDefinedObjectTypes": [
            {"objectTypeId": "0-1", "usage": 123_456, "limit": 15_000_000, "percentage": 0.8},
            {"objectTypeId": "0-5"}, null,
        ]})),
    ]);
    let client = stage.client();
    let account = client.account_details().await.unwrap();
    assert_eq!(account.portal.0, 62_515);
    assert_eq!(account.time_zone.as_deref(), Some("No/Where"));
    let counts = client.record_counts().await.unwrap().unwrap();
    assert_eq!(counts.of(Contacts), Some(123_456));
    assert_eq!(counts.of(Companies), None);
}

#[tokio::test]
async fn v3_paths_serve_as_well() {
    let stage = Stage::new().await;
    stage.replies([found(1, []), refusal(404, "OBJECT_NOT_FOUND", "no")]);
    let settings = Settings {
        version: "v3".into(),
        ..stage.settings()
    };
    let client = stage.builder(settings, hubspot::Credentials::Static("pat".into()));
    let client = client.build().unwrap();
    client.total(Contacts, &Query::default()).await.unwrap();
    assert_eq!(kind(client.properties(Companies).await), Kind::NotFound);
    let paths: Vec<_> = stage.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(
        paths,
        [
            "/crm/v3/objects/contacts/search",
            "/crm/v3/properties/companies"
        ]
    );
}
