//! The second step of a data mapping: the key property.

use sandbox::{ACCOUNT_KEY, Command, Object, VISITOR_KEY};

use crate::{
    bench::{Bench, MAPPINGS, PORTAL, bench, mappings},
    browser::Browser,
};

async fn key(bench: &Bench) -> Option<String> {
    let mapping = bench.store.mapping(bench.visitors()).await.unwrap();
    mapping.map(|mapping| mapping.key.to_string())
}

async fn pick(browser: &mut Browser, property: &str) -> crate::browser::Page {
    browser
        .post(&mappings("key"), &[("property", property)])
        .await
}

#[tokio::test]
async fn the_key_is_picked_and_saved() {
    let mut bench = bench().await.connected().await;
    let mut admin = bench.admin().await;
    let page = admin.get(MAPPINGS).await.ok();
    page.has("Choose the key property")
        .has("Set up the key first");
    let page = admin.get(&mappings("key")).await.ok();
    page.has(&format!("value=\"{VISITOR_KEY}\""))
        .has("Read a sample");
    let page = admin
        .submit(&mappings("key"), &[("property", VISITOR_KEY)])
        .await;
    page.ok()
        .has("The key property is saved")
        .has(&format!("<code class=\"tag\">{VISITOR_KEY}</code>"))
        .has("+ Add fields");
    assert_eq!(key(&bench).await.as_deref(), Some(VISITOR_KEY));
    // The other level has a key of its own.
    let page = admin.get("/s/1/settings/data-mappings/account").await.ok();
    page.has("Set up the key first").lacks(VISITOR_KEY);
    let form = [("property", ACCOUNT_KEY)];
    let page = admin
        .submit("/s/1/settings/data-mappings/account/key", &form)
        .await;
    page.ok().has(ACCOUNT_KEY);
}

#[tokio::test]
async fn a_sample_shows_values_and_how_well_they_match() {
    let mut bench = bench().await.connected().await;
    let mut admin = bench.admin().await;
    let sample = mappings("key/sample");
    admin.follow(&sample).await.ok().has("event: done");
    let page = admin.post(&sample, &[("size", "400")]).await;
    page.leads_to(&mappings("key"));
    admin.follow(&sample).await.ok().has("event: done");
    let page = admin.get(&mappings("key")).await.ok();
    let page = page
        .has("400 of ")
        .has("It is kept in memory for 30 minutes")
        .has(" match (");
    // The property that is the id stands first.
    let first = page.body.split("type=\"radio\"").nth(1).unwrap();
    assert!(
        first.contains(&format!("value=\"{VISITOR_KEY}\"")),
        "{first}"
    );
    // The menu of fields shows it too.
    pick(&mut admin, VISITOR_KEY).await.leads_to(MAPPINGS);
    let page = admin.post(&mappings("fields/menu"), &[]).await.ok();
    page.has("Rates and examples from a sample of 400 records")
        .has("% filled");
    // It is forgotten in time.
    bench.pass(std::time::Duration::from_mins(30));
    admin.get(&mappings("key")).await.ok().lacks(" match (");
}

#[tokio::test]
async fn a_sample_that_could_not_be_taken_says_why() {
    let mut bench = bench().await.connected().await;
    let mut admin = bench.admin().await;
    let token = sandbox::static_token(PORTAL);
    admin.get(&mappings("key")).await.ok();
    bench
        .sandbox
        .run(
            PORTAL,
            &Command::ForgetToken {
                token: token.clone(),
            },
        )
        .unwrap();
    admin
        .post(&mappings("key/sample"), &[])
        .await
        .leads_to(&mappings("key"));
    admin.follow(&mappings("key/sample")).await.ok();
    let page = admin.get(&mappings("key")).await.ok();
    page.has("HubSpot does not accept the token")
        .has("Read a sample")
        .lacks(&token);
}

#[tokio::test]
async fn a_property_that_cannot_be_a_key_is_refused_with_the_reason() {
    let mut bench = bench().await.connected().await;
    let mut admin = bench.admin().await;
    let file = Command::AddProperty {
        object: Object::Contacts,
        name: "contract".into(),
        label: "Contract".into(),
        kind: "string".into(),
        field: "file".into(),
    };
    bench.sandbox.run(PORTAL, &file).unwrap();
    let page = admin.get(&mappings("key")).await.ok();
    page.has("Files stay in HubSpot")
        .lacks("value=\"contract\"");
    pick(&mut admin, "")
        .await
        .is(422)
        .has("Choose a property first");
    for property in ["contract", "no_such_property", "../../users"] {
        let page = pick(&mut admin, property).await.is(422);
        page.has("role=\"alert\"");
    }
    assert_eq!(key(&bench).await, None);
}

#[tokio::test]
async fn another_key_takes_a_second_word() {
    let mut bench = bench().await.synced(&["lifecyclestage"]).await;
    let mut admin = bench.admin().await;
    let page = pick(&mut admin, "email").await.is(422);
    page.has(&format!("Change the key from {VISITOR_KEY} to email?"))
        .has("are fed by HubSpot at present")
        .has("name=\"sure\"");
    assert_eq!(key(&bench).await.as_deref(), Some(VISITOR_KEY));
    // The same again takes none.
    pick(&mut admin, VISITOR_KEY).await.leads_to(MAPPINGS);
    let form = [("property", "email"), ("sure", "yes")];
    admin
        .submit(&mappings("key"), &form)
        .await
        .ok()
        .has("<code class=\"tag\">email</code>");
    assert_eq!(key(&bench).await.as_deref(), Some("email"));
    // The fields stay.
    let mapping = bench
        .store
        .mapping(bench.visitors())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(mapping.fields.len(), 1);
}

#[tokio::test]
async fn searching_finds_by_name_and_label() {
    let mut bench = bench().await.connected().await;
    let mut admin = bench.admin().await;
    let page = admin.get(&mappings("key?q=LIFECYCLE")).await.ok();
    page.has("value=\"lifecyclestage\"")
        .lacks(&format!("value=\"{VISITOR_KEY}\""));
    admin
        .get(&mappings("key?q=zzzz"))
        .await
        .ok()
        .has("Nothing found");
}

#[tokio::test]
async fn measuring_says_its_cost_and_changes_nothing() {
    let mut bench = bench().await.synced(&["lifecyclestage"]).await;
    let mut admin = bench.admin().await;
    let before = bench
        .store
        .subjects(bench.visitors(), "", 10_000)
        .await
        .unwrap();
    let page = admin.get(&mappings("key/email/cost")).await.ok();
    page.has("Measure email exactly").has("calls to HubSpot");
    let page = admin
        .post(&mappings("key/measure"), &[("property", "email")])
        .await;
    page.leads_to("/s/1/runs?note=note-measuring");
    bench.settled(model::Level::Visitor).await;
    assert_eq!(
        bench
            .store
            .subjects(bench.visitors(), "", 10_000)
            .await
            .unwrap(),
        before
    );
    let runs = bench
        .store
        .runs(bench.subscription, None, 10)
        .await
        .unwrap();
    assert_eq!(runs[0].origin.trigger.name(), "measure");
    assert!(runs[0].dry_run);
    // It is no sync: the last one stays what it was.
    let syncs = bench.store.syncs(bench.visitors(), 10).await.unwrap();
    assert_eq!(syncs.len(), 1);
    let page = admin.get(&mappings("key/no_such_property/cost")).await;
    assert!(
        page.status.is_client_error() || page.status == 502,
        "{page:#?}"
    );
}

#[tokio::test]
async fn without_a_connection_the_picker_says_what_is_missing() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    for path in [mappings("key"), mappings("key/email/cost")] {
        let page = admin.get(&path).await;
        assert!(page.status.is_client_error() && page.is_html(), "{page:#?}");
    }
    let page = admin.post(&mappings("fields/menu"), &[]).await;
    assert!(page.status.is_client_error() && page.is_html(), "{page:#?}");
}
