//! Lists: order, cursor, caps, properties, archived records, long addresses.

use sandbox::{Object, PortalConfig};

use crate::client::{HUB, Hub};

#[test]
fn pages_follow_ids_and_the_cursor_is_the_next_id() {
    let hub = Hub::small();
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = hub
            .get(&format!("/crm/objects/2026-09/contacts?limit=100{after}"))
            .expect(200);
        all.extend(page.ids());
        let Some(next) = page.json()["paging"]["next"]["after"]
            .as_str()
            .map(str::to_owned)
        else {
            break;
        };
        assert!(next.parse::<u64>().unwrap() > *all.last().unwrap());
        after = format!("&after={next}");
    }
    assert!(all.is_sorted());
    assert_eq!(all, hub.sandbox.live_ids(HUB, Object::Contacts));
    assert!(all.windows(2).any(|w| w[1] - w[0] > 1), "ids have gaps");
    let digits = |id: &u64| id.to_string().len();
    assert!(digits(&all[0]) <= 3 && digits(all.last().unwrap()) >= 11);
}

#[test]
fn ten_by_default_and_a_hundred_at_most() {
    let hub = Hub::small();
    assert_eq!(hub.get("/crm/v3/objects/contacts").ids().len(), 10);
    assert_eq!(
        hub.get("/crm/v3/objects/contacts?limit=100").ids().len(),
        100
    );
    let refused = hub
        .get("/crm/v3/objects/contacts?limit=101")
        .expect(400)
        .json();
    assert_eq!(refused["category"], "VALIDATION_ERROR");
    hub.get("/crm/v3/objects/contacts?limit=51&propertiesWithHistory=email")
        .expect(400);
    let page = hub
        .get("/crm/v3/objects/contacts?limit=50&propertiesWithHistory=email")
        .expect(200)
        .json();
    assert!(page["results"][0]["propertiesWithHistory"]["email"].is_array());
    hub.get("/crm/v3/objects/contacts?after=abc").expect(400);
}

#[test]
fn both_path_families_show_the_same_and_the_link_is_v3() {
    let hub = Hub::small();
    let v3 = hub.get("/crm/v3/objects/contacts?limit=3").json();
    for path in [
        "/crm/objects/2026-09/contacts",
        "/crm/objects/2026-03/0-1",
        "/crm/objects/2025-09/contacts",
    ] {
        assert_eq!(hub.get(&format!("{path}?limit=3")).json(), v3, "{path}");
    }
    let link = v3["paging"]["next"]["link"].as_str().unwrap().to_owned();
    assert!(
        link.starts_with("https://api.hubapi.com/crm/objects/v3/contacts?limit=3&after="),
        "{link}"
    );
    assert_eq!(
        hub.get("/crm/objects/2026-09/0-2?limit=3").json(),
        hub.get("/crm/v3/objects/companies?limit=3").json()
    );
}

#[test]
fn default_properties_when_none_are_asked_for() {
    let hub = Hub::small();
    let names = |path: &str| -> Vec<String> {
        hub.get(path).json()["results"][0]["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    assert_eq!(
        names("/crm/v3/objects/contacts?limit=1"),
        [
            "createdate",
            "email",
            "firstname",
            "hs_object_id",
            "lastmodifieddate",
            "lastname"
        ]
    );
    assert_eq!(
        names("/crm/v3/objects/companies?limit=1"),
        [
            "createdate",
            "domain",
            "hs_lastmodifieddate",
            "hs_object_id",
            "name"
        ]
    );
}

#[test]
fn unknown_names_are_left_out_and_the_three_dates_always_come() {
    let hub = Hub::small();
    let record = hub
        .get("/crm/v3/objects/contacts?limit=1&properties=city,no_such_thing,city")
        .json()["results"][0]
        .clone();
    let names: Vec<_> = record["properties"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        names,
        ["city", "createdate", "hs_object_id", "lastmodifieddate"]
    );
    assert_eq!(record["createdAt"], record["properties"]["createdate"]);
    assert_eq!(
        record["updatedAt"],
        record["properties"]["lastmodifieddate"]
    );
    assert_eq!(record["id"], record["properties"]["hs_object_id"]);
    assert_eq!(record["archived"], false);
}

#[test]
fn archived_records_have_a_list_of_their_own() {
    let hub = Hub::small();
    let page = hub
        .get("/crm/v3/objects/contacts?limit=100&archived=true")
        .expect(200);
    let archived = page.ids();
    assert!(!archived.is_empty() && archived.is_sorted());
    for record in page.json()["results"].as_array().unwrap() {
        assert_eq!(record["archived"], true);
        assert!(record["archivedAt"].is_string());
    }
    let live = hub.sandbox.live_ids(HUB, Object::Contacts);
    assert!(archived.iter().all(|id| !live.contains(id)));
}

#[test]
fn a_long_address_is_refused_in_html_before_anything_else() {
    let hub = Hub::small();
    let target = |bytes: usize| {
        format!(
            "/crm/v3/objects/contacts?properties={}",
            "x".repeat(bytes - 36)
        )
    };
    let refused = hub.get(&target(8_001)).expect(414);
    assert!(refused.header("content-type").unwrap().contains("html"));
    assert!(
        refused
            .text()
            .contains("<head><title>414 Request-URI Too Large</title></head>")
    );
    hub.get(&target(8_000)).expect(200);
    hub.sandbox.knobs(HUB, |k| k.max_url_length = 16_000);
    hub.get(&target(16_000)).expect(200);
    hub.get(&target(16_001)).expect(414);
}

#[test]
fn companies_can_come_along() {
    let hub = Hub::of(PortalConfig::bench(HUB, 100));
    let record = hub
        .get("/crm/v3/objects/contacts?limit=1&associations=companies")
        .json()["results"][0]
        .clone();
    assert!(record["associations"]["companies"]["results"][0]["id"].is_string());
}

#[test]
fn wrong_paths_methods_and_types() {
    let hub = Hub::small();
    hub.get("/crm/objects/2031-09/contacts").expect(404);
    hub.get("/crm/v3/objects/contacts/search").expect(405);
    let refused = hub.get("/crm/v3/objects/deals").expect(400).json();
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("Unable to infer object type")
    );
    let bearer = format!("Bearer {}", sandbox::static_token(HUB));
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "text/plain"),
    ];
    let answer = crate::client::send(
        &hub.sandbox,
        "POST",
        "/crm/v3/objects/contacts/search",
        &headers,
        "{}",
    );
    assert_eq!(answer.unwrap().status, 415);
}
