//! Credentials at rest.

use model::PortalId;
use secrecy::ExposeSecret as _;
use store::{
    Error,
    connection::{Connection, ConnectionInfo, Kind, Portal},
    keyring,
};

use crate::{Fixture, now};

pub(crate) fn connection(portal: u64) -> Connection {
    let info = ConnectionInfo {
        portal: Portal {
            id: PortalId(portal),
            name: None,
            time_zone: "US/Eastern".into(),
            ui_domain: "app.hubspot.com".into(),
        },
        kind: Kind::Static,
        scopes: vec!["oauth".into()],
        connected_by: None,
        connected_at: now(),
        broken: None,
        sealed: false,
    };
    Connection {
        info,
        credentials: "pat-na1-secret".into(),
    }
}

#[tokio::test]
async fn a_token_is_stored_encrypted() {
    let fixture = Fixture::new().await;
    let subscription = fixture.scope.subscription;
    fixture
        .store
        .set_connection(subscription, &connection(1))
        .await
        .unwrap();
    let read = fixture
        .store
        .connection(subscription)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(read.credentials.expose_secret(), "pat-na1-secret");
    assert!(!format!("{read:?}").contains("pat-na1-secret"));
    fixture.store.clone().close().await;
    for entry in std::fs::read_dir(fixture.scratch.path())
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_file())
    {
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(
            !bytes.windows(14).any(|window| window == b"pat-na1-secret"),
            "{}",
            entry.path().display()
        );
    }
}

#[tokio::test]
async fn another_portal_ends_the_links_and_keeps_the_values() {
    let fixture = Fixture::knowing(&["a"]).await;
    let subscription = fixture.scope.subscription;
    fixture
        .store
        .set_connection(subscription, &connection(1))
        .await
        .unwrap();
    fixture.run(&[(1, 0, "a", r#"{"n":1}"#)]).await;
    fixture
        .store
        .set_connection(subscription, &connection(1))
        .await
        .unwrap();
    let record = async || {
        fixture
            .store
            .subject(fixture.scope, "a")
            .await
            .unwrap()
            .unwrap()
            .record
    };
    assert!(record().await.is_some());
    fixture
        .store
        .set_connection(subscription, &connection(2))
        .await
        .unwrap();
    assert_eq!(record().await, None);
    assert_eq!(fixture.hubspot("a").await.unwrap(), r#"{"n":1}"#);
}

#[tokio::test]
async fn without_its_keyring_a_connection_must_be_made_again() {
    let fixture = Fixture::new().await;
    let subscription = fixture.scope.subscription;
    fixture
        .store
        .set_connection(subscription, &connection(1))
        .await
        .unwrap();
    fixture.store.clone().close().await;
    std::fs::remove_file(fixture.scratch.path().join("keyring")).unwrap();
    let store = fixture.scratch.open().await;
    let refused = store.connection(subscription).await.unwrap_err();
    assert!(
        matches!(
            refused,
            Error::Sealed {
                source: keyring::Error::Damaged,
                ..
            }
        ),
        "{refused:?}"
    );
    // What is known of it is shown all the same, with what is wrong.
    let info = store.connection_info(subscription).await.unwrap();
    let info = info.unwrap();
    assert!(info.sealed && info.broken.unwrap().contains("keyring"));
    assert_eq!(
        store.connected_portal(subscription).await.unwrap(),
        Some(PortalId(1))
    );
    assert!(store.remove_connection(subscription).await.unwrap());
}
