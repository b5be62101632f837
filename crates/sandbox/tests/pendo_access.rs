//! Keys, regions, paths.

use sandbox::pendo::{Config, Key, READ_KEY, Region, Subscription, WRITE_KEY};
use serde_json::{Value, json};

use crate::pendo_client::{Caller, MANY, SCHEMA, known};

#[test]
fn the_base_address_has_a_placeholder_for_the_region() {
    let caller = Caller::new();
    let address = caller.pendo.address();
    assert_eq!(
        caller.pendo.base_url(),
        format!("http://{address}/{{region}}")
    );
}

#[test]
fn a_key_says_whether_it_may_write() {
    let caller = Caller::new();
    for (key, write) in [(WRITE_KEY, true), (READ_KEY, false)] {
        let answer = caller.keyed(key, "GET", "/us/api/v1/token/verify", &Value::Null);
        assert_eq!(
            answer.expect(200).json(),
            json!({"valid": true, "writeAccess": write})
        );
    }
}

#[test]
fn missing_wrong_revoked_and_other_regions_keys_look_the_same() {
    let mut subscription = known();
    subscription.keys.push(Key {
        key: "old".to_owned(),
        write: true,
        revoked: true,
    });
    let caller = Caller::with(Config::with_subscription(subscription));
    let verify = |region: &str| format!("/{region}/api/v1/token/verify");
    let mut answers = vec![
        caller.raw("GET", &verify("us"), &[], "").unwrap(),
        caller.keyed("wrong", "GET", &verify("us"), &Value::Null),
        caller.keyed("old", "GET", &verify("us"), &Value::Null),
    ];
    for region in Region::ALL.into_iter().filter(|r| *r != Region::Us) {
        answers.push(caller.keyed(WRITE_KEY, "GET", &verify(region.segment()), &Value::Null));
    }
    for answer in answers {
        assert_eq!((answer.status, answer.text()), (403, String::new()));
    }
    // Not a host at all.
    caller
        .keyed(WRITE_KEY, "GET", &verify("mars"), &Value::Null)
        .expect(404);
}

#[test]
fn each_region_has_its_own_subscriptions() {
    let of = |region: Region| Subscription {
        name: region.segment().to_owned(),
        region,
        keys: vec![Key {
            key: format!("key-{}", region.segment()),
            write: true,
            revoked: false,
        }],
        ..Subscription::default()
    };
    let caller = Caller::with(Config {
        subscriptions: Region::ALL.map(of).to_vec(),
        ..Config::default()
    });
    for of in Region::ALL {
        for called in Region::ALL {
            let key = format!("key-{}", of.segment());
            let path = format!("/{}/api/v1/token/verify", called.segment());
            let answer = caller.keyed(&key, "GET", &path, &Value::Null);
            assert_eq!(answer.status, if of == called { 200 } else { 403 });
        }
    }
}

#[test]
fn a_read_only_key_writes_nothing() {
    let caller = Caller::new();
    let writes = [
        ("POST", MANY.to_owned()),
        ("PUT", format!("{MANY}/ann/plan")),
        ("POST", SCHEMA.to_owned()),
        ("DELETE", format!("{SCHEMA}/plan")),
    ];
    for (method, target) in &writes {
        let answer = caller.keyed(READ_KEY, method, target, &json!([]));
        assert_eq!((answer.status, answer.text()), (403, String::new()));
    }
    caller.pendo.switches(|s| s.read_only_body = true);
    let answer = caller.keyed(READ_KEY, "POST", MANY, &json!([]));
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("write access"));
    caller
        .keyed(READ_KEY, "GET", "/us/api/v1/visitor/ann", &Value::Null)
        .expect(200);
}

#[test]
fn unknown_paths_and_wrong_methods() {
    let caller = Caller::new();
    caller.get("/us/api/v1/nothing").expect(404);
    caller.get("/us/api/v1/metadata/schema/planet").expect(404);
    caller.get("/us/api/v1/aggregation").expect(405);
    caller.delete(MANY).expect(405);
}

#[test]
fn the_second_can_be_full() {
    let caller = Caller::turned(|s| s.calls_per_second = 2);
    let call = || caller.get("/us/api/v1/token/verify");
    call().expect(200);
    call().expect(200);
    assert_eq!(call().expect(429).header("retry-after"), None);
    caller.pendo.switches(|s| s.retry_after = Some(7));
    assert_eq!(call().expect(429).header("retry-after"), Some("7"));
    caller.pendo.clock().advance_ms(1_000);
    call().expect(200);
}
