//! The truth oracle, held against what comes over HTTP by an algorithm of its own.

use std::collections::{BTreeMap, BTreeSet};

use sandbox::{BENCH_FIELDS, Command, Missed, Object, PortalConfig, VISITOR_KEY, VisitorIds};
use serde_json::json;

use crate::client::{HUB, Hub};

fn ends_after_mark(long: &str, short: &str) -> bool {
    long.strip_suffix(short)
        .is_some_and(|p| p.chars().next_back().is_some_and(|c| !c.is_alphanumeric()))
}

fn squeeze(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn bare(text: &str) -> &str {
    text.strip_suffix(".0").unwrap_or(text)
}

/// All reasons that fit a key, in order.
fn reasons(key: &str, known: &BTreeSet<String>) -> Vec<&'static str> {
    let any = |fits: &dyn Fn(&str) -> bool| known.iter().any(|id| fits(id));
    let mut all = Vec::new();
    if any(&|id| id.to_lowercase() == key.to_lowercase()) {
        all.push("case");
    }
    if any(&|id| squeeze(id) == squeeze(key)) {
        all.push("space");
    }
    if any(&|id| bare(id) == bare(key)) {
        all.push("zero");
    }
    if any(&|id| ends_after_mark(id, key) || ends_after_mark(key, id)) {
        all.push("prefix");
    }
    all
}

/// Reads everything over HTTP and sorts it out naively; every near miss must have one reason only.
fn found(hub: &Hub, object: Object) -> (u64, Missed, BTreeMap<String, u64>) {
    let key = if object == Object::Contacts {
        VISITOR_KEY
    } else {
        sandbox::ACCOUNT_KEY
    };
    let known: BTreeSet<String> = hub.sandbox.known(HUB, object).map(|k| k.id).collect();
    let (mut missed, mut candidates) = (
        Missed::default(),
        BTreeMap::<String, Vec<(String, u64)>>::new(),
    );
    let mut after = Some(String::from("0"));
    while let Some(from) = after {
        let page = hub
            .get(&format!(
                "/crm/v3/objects/{}?limit=100&properties={key}&after={from}",
                object.name()
            ))
            .expect(200)
            .json();
        for record in page["results"].as_array().unwrap() {
            match record["properties"][key].as_str() {
                None => missed.null_key += 1,
                Some("") => missed.empty_key += 1,
                Some(id) if known.contains(id) => {
                    let entry = (
                        record["updatedAt"].as_str().unwrap().to_owned(),
                        record["id"].as_str().unwrap().parse().unwrap(),
                    );
                    candidates.entry(id.to_owned()).or_default().push(entry);
                }
                Some(id) => {
                    let fits = reasons(id, &known);
                    assert!(fits.len() <= 1, "{id:?} has several reasons: {fits:?}");
                    match fits.first() {
                        Some(&"case") => missed.differs_by_case += 1,
                        Some(&"space") => missed.differs_by_space += 1,
                        Some(&"zero") => missed.differs_by_trailing_zero += 1,
                        Some(_) => missed.differs_by_prefix += 1,
                        None => missed.unknown_id += 1,
                    }
                }
            }
        }
        after = page["paging"]["next"]["after"].as_str().map(str::to_owned);
    }
    let mut winners = BTreeMap::new();
    for (id, mut records) in candidates {
        records.sort();
        missed.duplicate_key += records.len() as u64 - 1;
        winners.insert(id, records.pop().unwrap().1);
    }
    (winners.len() as u64, missed, winners)
}

fn agrees(hub: &Hub, object: Object) {
    let truth = hub.sandbox.truth(HUB, object);
    let (matched, missed, winners) = found(hub, object);
    assert_eq!((truth.matched, truth.missed), (matched, missed));
    assert_eq!(
        truth.records,
        hub.sandbox.live_ids(HUB, object).len() as u64
    );
    assert_eq!(truth.known, hub.sandbox.known(HUB, object).count() as u64);
    assert_eq!(truth.without_record, truth.known - matched);
    let of_oracle: BTreeMap<String, u64> = hub
        .sandbox
        .winners(HUB, object, &[])
        .map(|w| (w.id, w.record.parse().unwrap()))
        .collect();
    assert_eq!(of_oracle, winners);
}

#[test]
fn the_oracle_agrees_with_a_naive_reading() {
    for (seed, visitor_ids) in [
        (1, VisitorIds::Mixed),
        (2, VisitorIds::Uuid),
        (3, VisitorIds::Numeric),
        (4, VisitorIds::Email),
    ] {
        let hub = Hub::of(PortalConfig {
            seed,
            visitor_ids,
            ..PortalConfig::small(HUB)
        });
        agrees(&hub, Object::Contacts);
        agrees(&hub, Object::Companies);
        let missed = hub.sandbox.truth(HUB, Object::Contacts).missed;
        assert!(
            missed.duplicate_key > 0 && missed.unknown_id > 0 && missed.differs_by_prefix > 0,
            "{missed:?}"
        );
        assert!(
            missed.differs_by_space > 0
                && missed.differs_by_trailing_zero > 0
                && missed.null_key > missed.empty_key
        );
        assert_eq!(
            missed.differs_by_case == 0,
            visitor_ids == VisitorIds::Numeric
        );
    }
}

#[test]
fn the_oracle_follows_edits() {
    let hub = Hub::small();
    let winners: Vec<_> = hub.sandbox.winners(HUB, Object::Contacts, &[]).collect();
    let id = |n: usize| winners[n].record.parse::<u64>().unwrap();
    let run = |command: Command| drop(hub.sandbox.run(HUB, &command).unwrap());
    let object = Object::Contacts;
    let key = |text: &str| [(VISITOR_KEY.to_owned(), text.to_owned())].into();
    hub.sandbox.clock().advance_ms(1_000);
    run(Command::Archive { object, id: id(0) });
    run(Command::Merge {
        object,
        primary: id(1),
        loser: id(2),
    });
    run(Command::Set {
        object,
        id: id(3),
        values: key(""),
        moves_date: true,
    });
    run(Command::Set {
        object,
        id: id(4),
        values: key("somebody-else-entirely"),
        moves_date: true,
    });
    // Two on one id, the edited one being younger; and one on an id that has no record.
    run(Command::Set {
        object,
        id: id(5),
        values: key(&winners[6].id),
        moves_date: true,
    });
    run(Command::Create {
        object,
        values: key(&winners[7].id),
    });
    run(Command::Erase { object, id: id(8) });
    agrees(&hub, object);
}

#[test]
fn ties_are_exact_and_the_higher_id_wins() {
    let hub = Hub::of(PortalConfig::small(HUB).sized(4_000, 100));
    let mut groups: BTreeMap<String, Vec<(String, u64)>> = BTreeMap::new();
    for id in hub.sandbox.live_ids(HUB, Object::Contacts) {
        if let Some(key) = hub
            .sandbox
            .value(HUB, Object::Contacts, id, VISITOR_KEY)
            .filter(|k| !k.is_empty())
        {
            groups.entry(key).or_default().push((
                hub.sandbox
                    .value(HUB, Object::Contacts, id, "lastmodifieddate")
                    .unwrap(),
                id,
            ));
        }
    }
    let winners: BTreeMap<String, u64> = hub
        .sandbox
        .winners(HUB, Object::Contacts, &[])
        .map(|w| (w.id, w.record.parse().unwrap()))
        .collect();
    let mut ties = 0;
    for (key, group) in groups
        .iter()
        .filter(|(k, g)| g.len() > 1 && winners.contains_key(*k))
    {
        if group.iter().all(|(date, _)| *date == group[0].0) {
            ties += 1;
            assert_eq!(winners[key], group.iter().map(|(_, id)| *id).max().unwrap());
        }
    }
    assert!(ties > 0);
}

#[test]
fn winners_carry_the_wire_values() {
    let hub = Hub::small();
    for winner in hub
        .sandbox
        .winners(HUB, Object::Contacts, &["city", "mrr", "never_used"])
        .step_by(97)
    {
        let record = hub
            .get(&format!(
                "/crm/v3/objects/contacts/{}?properties=city,mrr,never_used",
                winner.record
            ))
            .json();
        for (name, value) in &winner.values {
            assert_eq!(json!(value), record["properties"][name]);
        }
    }
}

#[test]
fn known_ids_come_in_an_order_of_their_own() {
    let hub = Hub::clean(2_000);
    let by_record: Vec<String> = hub
        .sandbox
        .winners(HUB, Object::Contacts, &[])
        .map(|w| w.id)
        .collect();
    let known: Vec<String> = hub
        .sandbox
        .known(HUB, Object::Contacts)
        .map(|k| k.id)
        .collect();
    assert_ne!(known, by_record);
    assert_eq!(
        known.iter().collect::<BTreeSet<_>>(),
        by_record.iter().collect::<BTreeSet<_>>()
    );
    let accounts: BTreeSet<String> = hub
        .sandbox
        .known(HUB, Object::Companies)
        .map(|k| k.id)
        .collect();
    assert!(
        hub.sandbox
            .known(HUB, Object::Contacts)
            .all(|k| !k.accounts.is_empty() && k.accounts.iter().all(|a| accounts.contains(a)))
    );
}

#[test]
fn a_bench_portal_is_clean_full_and_heavy() {
    let hub = Hub::clean(1_000);
    let truth = hub.sandbox.truth(HUB, Object::Contacts);
    assert_eq!(
        (truth.records, truth.matched, truth.missed),
        (1_000, 1_000, Missed::default())
    );
    let mut names = BENCH_FIELDS.to_vec();
    names.push(VISITOR_KEY);
    let answer = hub
        .search(&json!({"properties": names, "limit": 200}))
        .expect(200);
    assert!(
        answer.body.len() / 200 >= 900,
        "{}",
        answer.body.len() / 200
    );
    for name in BENCH_FIELDS {
        let json = answer.json();
        let filled = json["results"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|r| {
                r["properties"][name]
                    .as_str()
                    .is_some_and(|v| !v.is_empty())
            })
            .count();
        assert!(filled >= 160, "{name} {filled}");
    }
    let kinds: BTreeMap<String, usize> =
        BENCH_FIELDS
            .iter()
            .fold(BTreeMap::new(), |mut kinds, name| {
                let kind = hub
                    .get(&format!("/crm/v3/properties/contacts/{name}"))
                    .json()["type"]
                    .as_str()
                    .unwrap()
                    .to_owned();
                *kinds.entry(kind.replace("datetime", "date")).or_default() += 1;
                kinds
            });
    assert_eq!(
        kinds,
        [
            ("bool", 2),
            ("date", 3),
            ("enumeration", 4),
            ("number", 3),
            ("string", 8)
        ]
        .map(|(k, n)| (k.to_owned(), n))
        .into()
    );
}

#[test]
fn ten_million_records_cost_nothing_until_they_are_read() {
    let hub = Hub::of(PortalConfig::small(HUB).sized(10_000_000, 1_000));
    let page = hub
        .get("/crm/v3/objects/contacts?limit=100&after=60000000000")
        .expect(200);
    assert_eq!(page.ids().len(), 100);
    assert_eq!(
        hub.sandbox.known(HUB, Object::Contacts).take(1_000).count(),
        1_000
    );
    let ask = json!({"filters": [{"propertyName": "hs_object_id", "operator": "BETWEEN", "value": "60000000000", "highValue": "60100000000"}], "limit": 200});
    assert!(
        hub.search(&ask).expect(200).json()["total"]
            .as_u64()
            .unwrap()
            > 6_000
    );
}
