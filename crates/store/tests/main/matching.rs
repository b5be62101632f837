//! Exact matches and near misses.

use store::Miss;

use crate::Fixture;

async fn near(ids: &[&str], key: &str) -> Option<(Miss, String)> {
    let fixture = Fixture::knowing(ids).await;
    let mut session = fixture.session().await;
    assert_eq!(
        session.known(&[key]).await.unwrap(),
        [None],
        "{key:?} is known"
    );
    session
        .near(&[key])
        .await
        .unwrap()
        .remove(0)
        .map(|near| (near.reason, near.id.0))
}

#[tokio::test]
async fn only_the_same_bytes_match() {
    let fixture = Fixture::knowing(&["abc", "ABC", "é", "a b", "日本"]).await;
    let mut session = fixture.session().await;
    let keys = [
        "abc", "Abc", "ABC", "e\u{301}", "é", "a b ", "日本", "", "abc\0", "abc\0def",
    ];
    let found = session.known(&keys).await.unwrap();
    let matched: Vec<&str> = keys
        .iter()
        .zip(&found)
        .filter_map(|(key, known)| known.as_ref().map(|_| *key))
        .collect();
    assert_eq!(matched, ["abc", "ABC", "é", "日本"]);
}

#[tokio::test]
async fn each_near_miss_has_its_reason() {
    for (id, key, reason) in [
        ("abc", "ABC", Miss::DiffersByCase),
        ("ÉMILE", "émile", Miss::DiffersByCase),
        ("abc", " abc", Miss::DiffersBySpace),
        ("a b c", "abc", Miss::DiffersBySpace),
        ("abc", "ab\u{3000}c", Miss::DiffersBySpace),
        ("123", "123.0", Miss::DiffersByTrailingZero),
        ("123.0", "123", Miss::DiffersByTrailingZero),
        ("123", "crm:123", Miss::DiffersByPrefix),
        ("u-123", "123", Miss::DiffersByPrefix),
        ("a/b/123", "123", Miss::DiffersByPrefix),
        ("a/b/123", "b/123", Miss::DiffersByPrefix),
        ("会社・7", "7", Miss::DiffersByPrefix),
    ] {
        assert_eq!(
            near(&[id], key).await,
            Some((reason, id.to_owned())),
            "id {id:?}, key {key:?}"
        );
    }
}

#[tokio::test]
async fn what_differs_in_two_ways_or_in_letters_is_unknown() {
    for (id, key) in [
        ("abc", "ABC "),
        ("123", "x123"),
        ("x123", "123"),
        ("123", "123.00"),
        ("123", "1234"),
        ("abc", "abd"),
    ] {
        assert_eq!(near(&[id], key).await, None, "id {id:?}, key {key:?}");
    }
}

#[tokio::test]
async fn the_first_reason_wins_and_then_the_first_id() {
    assert_eq!(
        near(&["x-abc", "ABC", "a bc"], "abc").await,
        Some((Miss::DiffersByCase, "ABC".into()))
    );
    assert_eq!(
        near(&["b-7", "a-7", "7.0"], "7").await,
        Some((Miss::DiffersByTrailingZero, "7.0".into()))
    );
}

#[tokio::test]
async fn a_prefix_is_found_among_many_ids_with_the_same_end() {
    let ids: Vec<String> = ('a'..='z')
        .chain('0'..='9')
        .map(|letter| format!("{letter}7"))
        .chain(["u:7".into()])
        .collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(
        near(&ids, "7").await,
        Some((Miss::DiffersByPrefix, "u:7".into()))
    );
}

#[tokio::test]
async fn ids_imported_later_are_found_too() {
    let fixture = Fixture::knowing(&["abc"]).await;
    let mut session = fixture.session().await;
    assert_eq!(session.near(&["XYZ"]).await.unwrap(), [None]);
    fixture.import(vec![crate::subject("xyz")]).await;
    assert_eq!(
        session.near(&["XYZ"]).await.unwrap()[0]
            .as_ref()
            .unwrap()
            .reason,
        Miss::DiffersByCase
    );
}

#[tokio::test]
async fn odd_keys_do_no_harm() {
    let fixture = Fixture::knowing(&["a", ".", "-", " "]).await;
    let mut session = fixture.session().await;
    let long = ";".repeat(70_000);
    let keys = [
        "\0",
        "a\0",
        "\"",
        "\\",
        "''",
        "%",
        long.as_str(),
        "\u{10FFFF}",
        "   ",
    ];
    assert_eq!(session.near(&keys).await.unwrap().len(), keys.len());
}
