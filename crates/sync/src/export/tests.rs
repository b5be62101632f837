use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use model::{Group, MetadataType, Property, PropertyOption};
use scratch::Scratch;
use store::import::NewSubject;

use super::*;

struct Fixture {
    store: Store,
    scope: Scope,
    _scratch: Scratch,
}

/// Some visitors with metadata of the groups that can be set without a sync.
async fn fixture() -> Fixture {
    let scratch = Scratch::new();
    let store = scratch.open().await;
    let now = Timestamp::UNIX_EPOCH;
    let made = store.create_subscription("Test", "UTC", now).await.unwrap();
    let scope = Scope {
        subscription: made.id,
        level: Level::Visitor,
    };
    let fields = [
        ("note".to_owned(), MetadataType::String),
        ("seats".to_owned(), MetadataType::Decimal),
        ("gone".to_owned(), MetadataType::String),
    ];
    let mut importer = store.import(scope, false, now).await.unwrap();
    importer.add_agent_fields(&fields).await.unwrap();
    for (id, accounts, agent) in [
        (
            "a",
            Some(r#"["x","y"]"#),
            Some(r#"{"seats":1.50,"note":"=1+1, \"q\"\n"}"#),
        ),
        ("b", None, Some(r#"{"gone":null,"note":"null"}"#)),
        ("c", None, None),
    ] {
        importer
            .push(NewSubject {
                id: id.into(),
                accounts: accounts.map(Into::into),
                agent: agent.map(Into::into),
            })
            .await
            .unwrap();
    }
    importer.finish().await.unwrap();
    store
        .set_value(
            scope,
            "c",
            (Group::Custom, "tier", MetadataType::String),
            Some(r#""gold""#),
            now,
        )
        .await
        .unwrap();
    Fixture {
        store,
        scope,
        _scratch: scratch,
    }
}

async fn written(fixture: &Fixture, options: Options) -> String {
    let mut export = Export::new(&fixture.store, fixture.scope, options)
        .await
        .unwrap();
    let mut out = Vec::new();
    while export.write_page(&mut out).await.unwrap() {}
    assert_eq!(export.written(), 3);
    String::from_utf8(out).unwrap()
}

fn options(format: Format) -> Options {
    Options {
        format,
        columns: None,
        labels: None,
        guard_formulas: false,
    }
}

#[tokio::test]
async fn ndjson_is_what_is_stored() {
    let fixture = fixture().await;
    assert_eq!(
        written(&fixture, options(Format::Ndjson)).await,
        concat!(
            r#"{"id":"a","metadata":{"hubspot":{},"agent":{"seats":1.50,"note":"=1+1, \"q\"\n"}},"accounts":["x","y"]}"#,
            "\n",
            r#"{"id":"b","metadata":{"hubspot":{},"agent":{"note":"null"}}}"#,
            "\n",
            r#"{"id":"c","metadata":{"hubspot":{},"agent":{},"custom":{"tier":"gold"}}}"#,
            "\n",
        )
    );
}

#[tokio::test]
async fn csv_has_a_column_for_each_field() {
    let fixture = fixture().await;
    assert_eq!(
        written(&fixture, options(Format::Csv)).await,
        "id,accounts,agent.gone,agent.note,agent.seats,custom.tier\n\
         a,x;y,,\"=1+1, \"\"q\"\"\n\",1.50,\n\
         b,,,null,,\n\
         c,,,,,gold\n"
    );
}

#[tokio::test]
async fn columns_can_be_chosen() {
    let fixture = fixture().await;
    let columns: Vec<Column> = ["custom.tier", "id", "agent.seats"]
        .into_iter()
        .map(|name| name.parse().unwrap())
        .collect();
    let chosen = |format| Options {
        columns: Some(columns.clone()),
        ..options(format)
    };
    assert_eq!(
        written(&fixture, chosen(Format::Csv)).await,
        "id,custom.tier,agent.seats\na,,1.50\nb,,\nc,gold,\n"
    );
    let ndjson = written(&fixture, chosen(Format::Ndjson)).await;
    assert!(
        ndjson.starts_with(
            "{\"id\":\"a\",\"metadata\":{\"hubspot\":{},\"agent\":{\"seats\":1.50}}}\n"
        )
    );
}

#[tokio::test]
async fn formulas_can_be_guarded_against() {
    let fixture = fixture().await;
    let guarded = Options {
        guard_formulas: true,
        ..options(Format::Csv)
    };
    let text = written(&fixture, guarded).await;
    assert!(text.contains("\"'=1+1, "), "{text}");
    assert!(text.contains(",1.50,"), "{text}");
}

#[test]
fn unknown_columns_are_refused() {
    for name in ["", "plan", "hubspot.", "nope.plan"] {
        assert!(name.parse::<Column>().is_err(), "{name}");
    }
}

#[test]
fn labels_stand_beside_values() {
    let mut labels = Labels::default();
    let option = PropertyOption {
        value: "pro".into(),
        label: "Professional".into(),
    };
    let plan = Property {
        options: vec![option],
        ..Property::new("plan", "enumeration", "select")
    };
    labels.insert("plan", Names::Options(Box::new(plan)));
    let owners = HashMap::from([("7".to_owned(), "Yui Sato".to_owned())]);
    labels.insert("owner", Names::Owners(Arc::new(owners)));
    let subject = Subject {
        id: "a".into(),
        accounts: None,
        agent: None,
        custom: None,
        hubspot: Some(r#"{"owner":"7","plan":"pro","seats":1}"#.into()),
        record: None,
        version: None,
        run: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    };
    let columns = ["hubspot.plan", "hubspot.owner", "hubspot.seats"]
        .into_iter()
        .map(|name| name.parse().unwrap())
        .collect();
    let mut sheet = csv::Writer::new(columns, Some(labels.clone()), false);
    assert_eq!(
        sheet.header(),
        [
            "id",
            "hubspot.plan",
            "hubspot.plan (label)",
            "hubspot.owner",
            "hubspot.owner (label)",
            "hubspot.seats"
        ]
    );
    assert_eq!(
        sheet.row(&subject).unwrap(),
        ["a", "pro", "Professional", "7", "Yui Sato", "1"]
    );
    let mut line = Vec::new();
    ndjson::Writer::new(Level::Visitor, None, Some(labels))
        .line(&subject, &mut line)
        .unwrap();
    assert_eq!(
        String::from_utf8(line).unwrap(),
        concat!(
            r#"{"id":"a","metadata":{"hubspot":{"owner":"7","plan":"pro","seats":1},"agent":{}},"#,
            r#""labels":{"hubspot":{"owner":"Yui Sato","plan":"Professional"}}}"#,
            "\n"
        )
    );
}
