//! The other ways to HubSpot: a token, and the app that asks for grants.

use sandbox::{DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, PortalConfig};

use crate::{
    bench::{MAPPINGS, OTHER, PORTAL, bench, mappings, plan},
    connect::{ACCOUNTS, connect, portal, two_portals},
};

#[tokio::test]
async fn a_token_connects() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let token = sandbox::static_token(PORTAL);
    let form = [("token", &*token)];
    let page = admin.submit(&mappings("token"), &form).await.ok();
    page.has("HubSpot is connected")
        .has("Access token")
        .has("4711")
        .lacks(&token);
    assert_eq!(portal(&bench).await, Some(PORTAL));
}

#[tokio::test]
async fn a_token_that_does_not_work_is_said_and_not_shown() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    for (token, said) in [
        ("", "Enter the whole token"),
        ("pat na1", "Enter the whole token"),
        ("pat-na1-unknown-token", "HubSpot does not accept the token"),
        (&*"x".repeat(5_000), "Enter the whole token"),
    ] {
        let page = admin.post(&mappings("token"), &[("token", token)]).await;
        let page = page.is(422).has(said);
        assert!(token.is_empty() || !page.body.contains(token), "{page:#?}");
    }
    assert_eq!(portal(&bench).await, None);
}

#[tokio::test]
async fn a_token_of_another_portal_takes_a_second_word() {
    let mut bench = plan()
        .portals(two_portals())
        .build()
        .await
        .connected()
        .await;
    let mut admin = bench.admin().await;
    let token = sandbox::static_token(OTHER);
    let form = [("token", &*token)];
    let page = admin.post(&mappings("token"), &form).await.is(422);
    page.lacks(&token).has("replace_portal");
    assert_eq!(portal(&bench).await, Some(PORTAL));
    let form = [("token", &*token), ("replace_portal", "yes")];
    admin
        .submit(&mappings("token"), &form)
        .await
        .ok()
        .has("4712");
    assert_eq!(portal(&bench).await, Some(OTHER));
}

#[tokio::test]
async fn a_token_that_may_read_companies_only_says_what_it_costs() {
    let mut config = PortalConfig::small(PORTAL);
    config.tokens[0].scopes = vec!["crm.objects.companies.read".into()];
    let mut bench = plan().portals([config]).build().await;
    let mut admin = bench.admin().await;
    let token = sandbox::static_token(PORTAL);
    let page = admin
        .submit(&mappings("token"), &[("token", &token)])
        .await
        .ok();
    page.has("This connection may not read contacts")
        .has("Contacts cannot be read");
    admin
        .get(ACCOUNTS)
        .await
        .ok()
        .lacks("This connection may not read companies");
}

#[tokio::test]
async fn the_app_is_tried_before_it_is_kept() {
    let mut bench = plan().without_app().build().await;
    let mut admin = bench.admin().await;
    let app = "/s/1/settings/hubspot-app";
    admin
        .get(MAPPINGS)
        .await
        .ok()
        .has("Set up the HubSpot app")
        .lacks("/authenticate\"");
    let page = admin.post(&mappings("authenticate"), &[]).await;
    assert!(page.status.is_client_error() && page.is_html(), "{page:#?}");
    let page = admin.get(app).await.ok();
    page.has(&format!("{}/oauth/callback", admin.origin))
        .has("crm.objects.contacts.read crm.objects.companies.read")
        .has("crm.objects.owners.read");
    for (id, secret, said) in [
        ("", "", "Enter both"),
        (DEFAULT_CLIENT_ID, "", "Enter both"),
        (DEFAULT_CLIENT_ID, "wrong-secret", "HubSpot refuses the app"),
        (
            "unknown-app",
            DEFAULT_CLIENT_SECRET,
            "HubSpot refuses the app",
        ),
    ] {
        let form = [("client_id", id), ("client_secret", secret)];
        let page = admin.post(app, &form).await.is(422).has(said);
        assert!(
            secret.is_empty() || !page.body.contains(secret),
            "{page:#?}"
        );
    }
    assert_eq!(bench.store.hubspot_client_id().await.unwrap(), None);
    let form = [
        ("client_id", DEFAULT_CLIENT_ID),
        ("client_secret", DEFAULT_CLIENT_SECRET),
    ];
    let page = admin.submit(app, &form).await.ok();
    page.has("HubSpot accepts the app")
        .lacks(DEFAULT_CLIENT_SECRET);
    connect(&mut admin, PORTAL, &[])
        .await
        .has("portal-4711.example");
    admin
        .submit(&format!("{app}/remove"), &[])
        .await
        .ok()
        .has("The app is removed");
    admin
        .get("/s/1/settings/audit")
        .await
        .ok()
        .lacks(DEFAULT_CLIENT_SECRET);
}
