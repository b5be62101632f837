use std::{io::Cursor, sync::Arc};

use hubspot::ManualClock;
use jiff::Timestamp;
use proptest::prelude::*;
use scratch::Scratch;
use store::SubscriptionId;

use super::{ndjson::Parser, *};

/// A store in a directory of its own, with one subscription.
struct Fixture {
    store: Store,
    subscription: SubscriptionId,
    _scratch: Scratch,
}

impl Fixture {
    async fn new() -> Self {
        let scratch = Scratch::new();
        let store = scratch.open().await;
        let made = store
            .create_subscription("Test", "UTC", Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
        Self {
            store,
            subscription: made.id,
            _scratch: scratch,
        }
    }

    fn scope(&self, level: Level) -> Scope {
        Scope {
            subscription: self.subscription,
            level,
        }
    }

    async fn try_import(
        &self,
        level: Level,
        file: impl Into<Vec<u8>>,
        options: Options,
    ) -> Result<(Import, Vec<BadLine>), Error> {
        let mut bad = Vec::new();
        let source = Cursor::new(file.into());
        let clock = Arc::new(ManualClock::default());
        let observe = |_: &Report, lines: &[BadLine]| bad.extend_from_slice(lines);
        let import = import(
            &self.store,
            self.scope(level),
            source,
            options,
            clock,
            observe,
        )
        .await?;
        Ok((import, bad))
    }

    /// Imports visitors; the bad lines come back as `number: reason`.
    async fn visitors(&self, file: impl Into<Vec<u8>>) -> (Report, Vec<String>) {
        let (import, bad) = self
            .try_import(Level::Visitor, file, Options::default())
            .await
            .unwrap();
        let bad = bad
            .iter()
            .map(|bad| format!("{}: {}", bad.line, bad.reason));
        (import.report().clone(), bad.collect())
    }

    /// Accounts and agent metadata of a visitor.
    async fn visitor(&self, id: &str) -> (String, String) {
        let found = self.store.subject(self.scope(Level::Visitor), id).await;
        let found = found
            .unwrap()
            .unwrap_or_else(|| panic!("{id} is not known"));
        (
            found.accounts.unwrap_or_default(),
            found.agent.unwrap_or_default(),
        )
    }
}

fn line(text: &str) -> Result<NewSubject, String> {
    let parsed = Parser::new(Level::Visitor).line(text, &mut Types::default());
    parsed.map_err(|reason| reason.to_string())
}

#[test]
fn a_line_becomes_compact_json_with_its_digits() {
    let subject = line(
        r#" { "agent" : { "a" : 1.50 , "b" : "x\u00e9\"" , "c" : true , "d" : null } , "id" : "v" , "accounts" : [ "1" , "1", "2" ] } "#,
    );
    let subject = subject.unwrap();
    assert_eq!(subject.id, "v");
    assert_eq!(subject.accounts.as_deref(), Some(r#"["1","2"]"#));
    assert_eq!(
        subject.agent.as_deref(),
        Some(r#"{"a":1.50,"b":"xé\"","c":true,"d":null}"#)
    );
}

#[test]
fn what_says_nothing_is_nothing() {
    for text in [
        r#"{"id":"v"}"#,
        r#"{"id":"v","agent":null,"accounts":null}"#,
        r#"{"id":"v","agent":{}}"#,
    ] {
        let subject = line(text).unwrap();
        assert_eq!((subject.accounts, subject.agent), (None, None), "{text}");
    }
}

#[test]
fn every_bad_line_has_its_reason() {
    let long = format!(r#"{{"id":"{}"}}"#, "x".repeat(1_025));
    let digits = format!(r#"{{"id":"v","agent":{{"n":{}}}}}"#, "1".repeat(39));
    for (text, expected) in [
        ("nonsense", "not a JSON object"),
        ("{", "not a JSON object"),
        ("[]", "not a JSON object"),
        ("5", "not a JSON object"),
        (r#"{"id":"v"} x"#, "not a JSON object"),
        ("{}", "there is no id"),
        (r#"{"agent":{}}"#, "there is no id"),
        (r#"{"id":""}"#, "the id is empty"),
        (r#"{"id":5}"#, "write it in quotes"),
        (r#"{"id":null}"#, "write it in quotes"),
        (long.as_str(), "longer than 1024 bytes"),
        (r#"{"id":"a\u0000b"}"#, "control character"),
        (r#"{"id":"a\tb"}"#, "control character"),
        (r#"{"id":"v","id":"w"}"#, "\"id\" stands twice"),
        (
            r#"{"id":"v","hubspot":{}}"#,
            "the group hubspot cannot be imported",
        ),
        (r#"{"id":"v","metadata":{}}"#, "a line of an export"),
        (r#"{"id":"v","agnet":{}}"#, "unknown key \"agnet\""),
        (r#"{"id":"v","accounts":"a"}"#, "not a list of texts"),
        (r#"{"id":"v","accounts":[1]}"#, "not a list of texts"),
        (
            r#"{"id":"v","accounts":[""]}"#,
            "an account id cannot be used: the id is empty",
        ),
        (r#"{"id":"v","agent":[]}"#, "agent is not an object"),
        (r#"{"id":"v","agent":"x"}"#, "agent is not an object"),
        (
            r#"{"id":"v","agent":{"a":{}}}"#,
            "agent.a is a list or an object",
        ),
        (
            r#"{"id":"v","agent":{"a":[1]}}"#,
            "agent.a is a list or an object",
        ),
        (r#"{"id":"v","agent":{"a":1,"a":2}}"#, "\"a\" stands twice"),
        (
            r#"{"id":"v","agent":{"a":null,"a":2}}"#,
            "\"a\" stands twice",
        ),
        (r#"{"id":"v","agent":{"":1}}"#, "has no name"),
        (r#"{"id":"v","agent":{"a":1e999}}"#, "agent.a: an exponent"),
        (digits.as_str(), "agent.n: more than 38 digits"),
        (
            r#"{"id":"v","agent":{"a":"\ud800"}}"#,
            "stands for no character",
        ),
    ] {
        let reason = line(text).unwrap_err();
        assert!(reason.contains(expected), "{text}: {reason}");
    }
    let reason = Parser::new(Level::Account)
        .line(r#"{"id":"a","accounts":[]}"#, &mut Types::default())
        .unwrap_err();
    assert_eq!(reason, Reason::AccountsOfAccount);
}

#[tokio::test]
async fn the_first_type_of_a_field_holds_also_for_later_files() {
    let fixture = Fixture::new().await;
    let (report, bad) = fixture
        .visitors(
            "{\"id\":\"1\",\"agent\":{\"n\":1,\"s\":null}}\n\
             {\"id\":\"2\",\"agent\":{\"n\":\"one\"}}\n\
             {\"id\":\"3\",\"agent\":{\"n\":2.5,\"s\":\"x\"}}\n",
        )
        .await;
    assert_eq!(report.lines, 3);
    assert_eq!((report.created, report.bad), (2, 1));
    assert_eq!(
        report.fields,
        [
            ("n".to_owned(), MetadataType::Decimal),
            ("s".to_owned(), MetadataType::String)
        ]
    );
    assert_eq!(
        bad,
        ["2: agent.n holds string, but the type of the field is decimal"]
    );
    let (report, bad) = fixture.visitors(r#"{"id":"4","agent":{"n":true}}"#).await;
    assert_eq!((report.bad, report.fields.len()), (1, 0));
    assert!(bad[0].contains("agent.n holds boolean"), "{bad:?}");
}

#[tokio::test]
async fn a_bad_line_makes_no_field() {
    let fixture = Fixture::new().await;
    let file =
        "{\"id\":\"1\",\"agent\":{\"new\":1,\"bad\":[]}}\n{\"id\":\"2\",\"agent\":{\"new\":\"x\"}}";
    let (report, _) = fixture.visitors(file).await;
    assert_eq!(report.fields, [("new".to_owned(), MetadataType::String)]);
}

#[tokio::test]
async fn files_of_all_systems_are_read() {
    let fixture = Fixture::new().await;
    let (report, bad) = fixture
        .visitors("\u{feff}{\"id\":\"1\"}\r\n\r\n  \n{\"id\":\"2\"}\r\n{\"id\":\"3\"}")
        .await;
    assert_eq!((report.lines, report.created), (3, 3), "{bad:?}");

    let (report, bad) = fixture
        .visitors("\u{feff}id,seats\r\n4,5\r\n\r\n\"5\",\"a\nb\"\r\n")
        .await;
    assert_eq!((report.lines, report.created), (2, 2), "{bad:?}");
    assert_eq!(fixture.visitor("5").await.1, r#"{"seats":"a\nb"}"#);

    let utf16 = b"\xff\xfei\0d\0".to_vec();
    let refused = fixture
        .try_import(Level::Visitor, utf16, Options::default())
        .await;
    assert!(matches!(refused, Err(Error::Utf16)));
}

#[tokio::test]
async fn lines_that_are_no_text_or_too_long_are_passed_over() {
    let fixture = Fixture::new().await;
    let mut file = b"{\"id\":\"\xff\"}\n{\"id\":\"1\"}\n{\"id\":\"".to_vec();
    file.extend(std::iter::repeat_n(b'x', 5 << 20));
    file.extend_from_slice(b"\"}\n{\"id\":\"2\"}\n");
    let (report, bad) = fixture.visitors(file).await;
    assert_eq!((report.created, report.bad), (2, 2));
    assert_eq!(
        bad,
        [
            "1: the line is not UTF-8",
            "3: the line is longer than 4 MiB"
        ]
    );
}

#[tokio::test]
async fn later_lines_add_and_null_clears() {
    let fixture = Fixture::new().await;
    let file = "{\"id\":\"1\",\"accounts\":[\"a\"],\"agent\":{\"x\":1,\"y\":2}}\n\
                {\"id\":\"1\",\"agent\":{\"x\":null,\"z\":3}}";
    fixture.visitors(file).await;
    let (accounts, agent) = fixture.visitor("1").await;
    assert_eq!(
        (accounts.as_str(), agent.as_str()),
        (r#"["a"]"#, r#"{"y":2,"z":3}"#)
    );
}

#[tokio::test]
async fn csv_cells_have_the_types_that_are_said() {
    let fixture = Fixture::new().await;
    let file = "id,accounts,plan,seats,signed_up,active\n\
                1,a;b;;a,pro,007.50,2026-01-02T03:04:05+09:00,TRUE\n\
                2,,,,,\n\
                3,,x,many,,\n\
                4,,x,,yesterday,\n\
                5,,x,,,1\n\
                6,x\n";
    let options = Options {
        types: vec![
            ("seats".into(), MetadataType::Decimal),
            ("signed_up".into(), MetadataType::Time),
            ("active".into(), MetadataType::Boolean),
        ],
        ..Options::default()
    };
    let (import, bad) = fixture
        .try_import(Level::Visitor, file, options)
        .await
        .unwrap();
    assert_eq!((import.report().created, import.report().bad), (2, 4));
    let reasons: Vec<String> = bad
        .iter()
        .map(|bad| format!("{}: {}", bad.line, bad.reason))
        .collect();
    assert_eq!(
        reasons,
        [
            "4: agent.seats: not a number",
            "5: agent.signed_up is not a date or a date with a time",
            "6: agent.active is neither true nor false",
            "7: the row has 2 columns, the header 6",
        ]
    );
    assert_eq!(
        fixture.visitor("1").await,
        (
            r#"["a","b"]"#.into(),
            r#"{"plan":"pro","seats":7.50,"signed_up":"2026-01-01T18:04:05.000Z","active":true}"#
                .into()
        )
    );
    assert_eq!(fixture.visitor("2").await, (String::new(), String::new()));
    // A field keeps its type without its being said again.
    let (report, bad) = fixture.visitors("id,seats\n7,8\n8,x\n").await;
    assert_eq!((report.created, report.bad), (1, 1), "{bad:?}");
    assert_eq!(fixture.visitor("7").await.1, r#"{"seats":8}"#);
}

#[tokio::test]
async fn headers_that_cannot_be_used_are_refused_with_the_reason() {
    let fixture = Fixture::new().await;
    for (level, header, expected) in [
        (Level::Visitor, "", "the file is empty"),
        (Level::Visitor, "plan,seats", "there is no column id"),
        (
            Level::Visitor,
            "id,plan,plan",
            "the column plan stands twice",
        ),
        (Level::Visitor, "id,plan,agent.plan", "stands twice"),
        (Level::Visitor, "id,,plan", "column 2 has no name"),
        (Level::Visitor, "id,hubspot.plan", "of the group hubspot"),
        (Level::Account, "id,accounts", "accounts belong to visitors"),
    ] {
        let options = Options {
            format: Some(Format::Csv),
            ..Options::default()
        };
        let refused = fixture.try_import(level, header, options).await;
        let message = refused.unwrap_err().to_string();
        assert!(message.contains(expected), "{header}: {message}");
    }
    let options = Options {
        types: vec![("seat".into(), MetadataType::Decimal)],
        ..Options::default()
    };
    let refused = fixture
        .try_import(Level::Visitor, "id,seats\n1,2", options)
        .await;
    assert!(refused.unwrap_err().to_string().contains("no column seat"));
}

#[tokio::test]
async fn a_type_that_contradicts_the_fields_own_is_refused() {
    let fixture = Fixture::new().await;
    fixture.visitors(r#"{"id":"1","agent":{"n":1}}"#).await;
    let options = Options {
        types: vec![("n".into(), MetadataType::String)],
        ..Options::default()
    };
    let refused = fixture
        .try_import(Level::Visitor, "id,n\n1,2", options)
        .await;
    assert!(matches!(refused, Err(Error::Type { .. })));
}

#[tokio::test]
async fn a_quote_that_is_never_closed_does_not_fill_the_memory() {
    let fixture = Fixture::new().await;
    let mut file = b"id,note\n1,fine\n2,\"open\n".to_vec();
    file.extend(std::iter::repeat_n(b"3,x\n", 3 << 20).flatten());
    let (report, bad) = fixture.visitors(file).await;
    assert_eq!((report.created, report.bad), (1, 1));
    assert!(bad[0].starts_with("3: a quote"), "{bad:?}");
}

#[tokio::test]
async fn mirroring_removes_what_the_file_does_not_hold() {
    let fixture = Fixture::new().await;
    fixture
        .visitors("{\"id\":\"1\"}\n{\"id\":\"2\"}\n{\"id\":\"3\"}")
        .await;
    let options = Options {
        mirror: true,
        ..Options::default()
    };
    let (mut import, _) = fixture
        .try_import(Level::Visitor, r#"{"id":"2"}"#, options)
        .await
        .unwrap();
    assert_eq!(import.count_unseen().await.unwrap(), 2);
    assert_eq!(import.remove_unseen().await.unwrap(), 2);
    let left = fixture
        .store
        .subjects(fixture.scope(Level::Visitor), "", 10)
        .await
        .unwrap();
    let left: Vec<&str> = left.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(left, ["2"]);
}

fn cases() -> ProptestConfig {
    let cases = std::env::var("TRIBUTARY_PROPTEST_CASES");
    ProptestConfig::with_cases(
        cases
            .ok()
            .and_then(|cases| cases.parse().ok())
            .unwrap_or(256),
    )
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_line_makes_the_parser_panic(text in ".*") {
        let _ = line(&text);
        let _ = line(&format!("{{\"id\":\"v\",\"agent\":{text}"));
        let _ = line(&format!("{{\"id\":\"v\",\"agent\":{{\"a\":{text}}}}}"));
    }

    #[test]
    fn whatever_is_taken_is_json_that_reads_back(
        id in ".{1,20}",
        fields in proptest::collection::btree_map("[^\\p{Cc}]{1,8}", value(), 0..6),
    ) {
        let text = serde_json::json!({ "id": id, "agent": fields }).to_string();
        if let Ok(subject) = line(&text) {
            prop_assert_eq!(&subject.id, &id);
            let agent = subject.agent.unwrap_or_else(|| "{}".into());
            let read: serde_json::Value = serde_json::from_str(&agent).unwrap();
            prop_assert_eq!(read, serde_json::json!(fields));
        } else {
            prop_assert!(id.chars().any(char::is_control), "{}", text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases().cases / 8 + 1, ..cases() })]

    #[test]
    fn no_file_makes_the_import_panic(
        start in prop_oneof![Just(""), Just("id,a\n"), Just("{\"id\":\"1\"}\n"), Just("\u{feff}")],
        rest in proptest::collection::vec(any::<u8>(), 0..200),
        more in "[\",;\n\r{}:a1]{0,60}",
    ) {
        let file = [start.as_bytes(), &rest, more.as_bytes()].concat();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let fixture = Fixture::new().await;
            for format in [None, Some(Format::Csv), Some(Format::Ndjson)] {
                let options = Options { format, ..Options::default() };
                if let Ok((import, bad)) = fixture.try_import(Level::Visitor, file.clone(), options).await {
                    let report = import.report();
                    assert_eq!(report.created + report.known + report.bad, report.lines);
                    assert_eq!(bad.len() as u64, report.bad);
                }
            }
        });
    }
}

/// A value of any type that a field can have, as JSON.
fn value() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        ".*".prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ]
}
