//! Owners, counts, account details.

use std::collections::BTreeSet;

use sandbox::{Object, PortalConfig};
use serde_json::json;

use crate::client::{HUB, Hub};

#[test]
fn owners_in_pages_with_the_archived_ones_apart() {
    let hub = Hub::of(PortalConfig {
        owners: 40,
        ..PortalConfig::small(HUB)
    });
    let live = hub.get("/crm/owners/2026-09?limit=500").expect(200).json()["results"]
        .as_array()
        .unwrap()
        .clone();
    let gone = hub
        .get("/crm/v3/owners/?limit=500&archived=true")
        .expect(200)
        .json()["results"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(live.len() + gone.len(), 40);
    assert!(
        gone.len() >= 4
            && gone
                .iter()
                .all(|o| o["userId"].is_null() && o["userIdIncludingInactive"].is_u64())
    );
    assert!(
        live.iter()
            .all(|o| o["userId"].is_u64() && o["teams"].is_array())
    );
    assert!(
        live.iter().any(|o| o["type"] == "QUEUE") && live.iter().any(|o| o["type"] == "PERSON")
    );
    let (mut paged, mut after) = (BTreeSet::new(), String::new());
    loop {
        let page = hub
            .get(&format!("/crm/owners/2026-09?limit=15{after}"))
            .json();
        paged.extend(
            page["results"]
                .as_array()
                .unwrap()
                .iter()
                .map(|o| o["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["paging"]["next"]["after"].as_str() else {
            break;
        };
        after = format!("&after={next}");
    }
    assert_eq!(paged.len(), live.len());
    hub.get("/crm/owners/2026-09?limit=501").expect(400);
    let id = live[0]["id"].as_str().unwrap();
    assert_eq!(
        hub.get(&format!("/crm/owners/2026-09/{id}"))
            .expect(200)
            .json()["email"],
        live[0]["email"]
    );
}

#[test]
fn record_counts_of_both_objects_in_one_call() {
    let hub = Hub::small();
    let rows =
        hub.get("/crm/limits/2026-09/records").expect(200).json()["hubspotDefinedObjectTypes"]
            .clone();
    assert_eq!(
        rows,
        hub.get("/crm/v3/limits/records").json()["hubspotDefinedObjectTypes"]
    );
    for (n, object) in Object::ALL.into_iter().enumerate() {
        assert_eq!(rows[n]["objectTypeId"], object.type_id());
        assert_eq!(rows[n]["usage"], hub.sandbox.live_ids(HUB, object).len());
        assert_eq!(rows[n]["limit"], 15_000_000);
    }
}

#[test]
fn account_details_with_zone_and_offset() {
    let hub = Hub::of(PortalConfig {
        time_zone: "US/Eastern".to_owned(),
        ..PortalConfig::small(HUB)
    });
    let details = hub.get("/account-info/2026-09/details").expect(200).json();
    assert_eq!(details, hub.get("/account-info/v3/details").json());
    assert_eq!(
        details,
        json!({
            "portalId": HUB, "accountType": "STANDARD", "timeZone": "US/Eastern", "companyCurrency": "JPY",
            "additionalCurrencies": ["USD"], "utcOffset": "-05:00", "utcOffsetMilliseconds": -18_000_000,
            "uiDomain": "app.hubspot.com", "dataHostingLocation": "na1",
        })
    );
}
