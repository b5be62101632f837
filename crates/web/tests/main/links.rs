//! Links that are good once.

use std::time::Duration;

use axum::http::Method;
use store::{member::MemberId, session::Purpose};

use crate::bench::{
    ADMIN, Bench, PASSWORD, VIEWER, bench, invite, new_password, plan, secret_of, shown_link,
};

const DAY: Duration = Duration::from_hours(24);
const SECOND: Duration = Duration::from_secs(1);
const NEW: &str = "quiet harbour 29";

/// Uses a link up: whether it was good.
async fn open(bench: &Bench, page: &str, ticket: &str) -> bool {
    let mut browser = bench.nobody();
    browser.get(page).await.ok();
    let mut form = new_password(ticket, NEW).to_vec();
    form.push(("email", "late@example.com"));
    let answer = browser.post(page, &form).await;
    if answer.status == 422 {
        answer.has("This link can no longer be used");
        assert!(!browser.is_signed_in().await);
        return false;
    }
    answer.leads_to("/");
    assert!(browser.is_signed_in().await);
    true
}

/// A link for the viewer to choose another password by.
async fn reset(bench: &mut Bench) -> String {
    bench.viewer().await;
    let mut admin = bench.admin().await;
    let page = admin.post("/s/1/settings/users/2/link", &[]).await.ok();
    shown_link(&page.has(VIEWER).body)
}

#[tokio::test]
async fn the_set_up_link_is_good_once() {
    let bench = plan().empty().await;
    let mut nobody = bench.nobody();
    // Before anybody is there, everything leads to setting up.
    nobody.open("/").await.ok().has("Set up Tributary");
    let ticket = bench.ticket(Purpose::SetUp).await;
    assert!(!open(&bench, "/set-up", "AAAA").await);
    assert!(open(&bench, "/set-up", &ticket).await);
    assert!(!open(&bench, "/set-up", &ticket).await);
    nobody.open("/").await.ok().has("name=\"password\"");
}

#[tokio::test]
async fn a_bad_form_does_not_use_the_set_up_link_up() {
    let bench = plan().empty().await;
    let ticket = bench.ticket(Purpose::SetUp).await;
    let mut browser = bench.nobody();
    for (email, password, said) in [
        ("nobody", PASSWORD, "Enter an email address"),
        ("a@b@c", PASSWORD, "Enter an email address"),
        (ADMIN, "short", "too short"),
    ] {
        let mut form = new_password(&ticket, password).to_vec();
        form.push(("email", email));
        let page = browser.post("/set-up", &form).await.is(422);
        assert_eq!(page.value("ticket"), ticket);
        page.has(said).lacks("can no longer be used");
    }
    assert!(open(&bench, "/set-up", &ticket).await);
}

#[tokio::test]
async fn a_set_up_link_is_dead_once_there_is_a_member() {
    let bench = bench().await;
    // However it came to be: printed by a process that started before.
    let ticket = bench.ticket(Purpose::SetUp).await;
    assert!(!open(&bench, "/set-up", &ticket).await);
    let page = bench.nobody().get("/set-up").await.ok();
    page.has("is set up already").lacks("name=\"ticket\"");
    let members = bench.store.members().await.unwrap();
    assert_eq!(members.len(), 1, "{members:?}");
}

#[tokio::test]
async fn a_set_up_link_ends_after_a_day() {
    let bench = plan().empty().await;
    let ticket = bench.ticket(Purpose::SetUp).await;
    bench.pass(DAY + SECOND);
    assert!(!open(&bench, "/set-up", &ticket).await);
    let ticket = bench.ticket(Purpose::SetUp).await;
    bench.pass(DAY.saturating_sub(SECOND));
    assert!(open(&bench, "/set-up", &ticket).await);
}

#[tokio::test]
async fn two_who_open_the_set_up_link_at_once_make_one_admin() {
    let bench = plan().empty().await;
    let ticket = bench.ticket(Purpose::SetUp).await;
    let (mut one, mut other) = (bench.nobody(), bench.nobody());
    let form = |email: &'static str| {
        let mut form = new_password(&ticket, PASSWORD).to_vec();
        form.push(("email", email));
        form
    };
    let (of_one, of_other) = (form("one@example.com"), form("other@example.com"));
    let (first, second) = tokio::join!(
        one.post("/set-up", &of_one),
        other.post("/set-up", &of_other)
    );
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422]);
    assert_eq!(bench.store.members().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_invitation_is_good_once_and_for_a_week() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let ticket = invite(&mut admin, "late@example.com", "viewer").await;
    assert!(!open(&bench, "/join", "AAAA").await);
    bench.pass((7 * DAY).saturating_sub(SECOND));
    assert!(open(&bench, "/join", &ticket).await);
    assert!(!open(&bench, "/join", &ticket).await);
    bench.sign_in("late@example.com", NEW).await;

    let mut admin = bench.admin().await;
    let ticket = invite(&mut admin, "later@example.com", "viewer").await;
    bench.pass(7 * DAY + SECOND);
    assert!(!open(&bench, "/join", &ticket).await);
}

#[tokio::test]
async fn a_weak_password_does_not_use_the_invitation_up() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let ticket = invite(&mut admin, "late@example.com", "viewer").await;
    let mut browser = bench.nobody();
    let page = browser.post("/join", &new_password(&ticket, "short")).await;
    assert_eq!(page.is(422).has("too short").value("ticket"), ticket);
    assert!(open(&bench, "/join", &ticket).await);
}

#[tokio::test]
async fn a_newer_link_takes_the_place_of_the_one_before() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let before = invite(&mut admin, "late@example.com", "viewer").await;
    let page = admin.post("/s/1/settings/users/2/link", &[]).await.ok();
    let after = shown_link(&page.body);
    assert!(!open(&bench, "/join", &before).await);
    assert!(open(&bench, "/join", &after).await);
}

#[tokio::test]
async fn a_reset_link_sets_another_password_and_ends_all_sessions() {
    let mut bench = bench().await;
    let mut viewer = bench.viewer().await;
    let ticket = reset(&mut bench).await;
    assert!(viewer.is(VIEWER).await);
    assert!(open(&bench, "/reset", &ticket).await);
    assert!(!open(&bench, "/reset", &ticket).await);
    assert!(!viewer.is_signed_in().await);
    bench.sign_in(VIEWER, NEW).await;
    let mut browser = bench.nobody();
    let old = [("email", VIEWER), ("password", PASSWORD)];
    browser.post("/sign-in", &old).await.is(401);
}

#[tokio::test]
async fn a_reset_link_ends_after_a_week() {
    let mut bench = bench().await;
    let ticket = reset(&mut bench).await;
    bench.pass(7 * DAY + SECOND);
    assert!(!open(&bench, "/reset", &ticket).await);
}

#[tokio::test]
async fn a_link_is_good_for_its_purpose_only_and_not_used_up_by_another() {
    let bench = plan().empty().await;
    // A link to set up sets no password of anybody.
    let ticket = bench.ticket(Purpose::SetUp).await;
    assert!(!open(&bench, "/join", &ticket).await);
    assert!(!open(&bench, "/reset", &ticket).await);
    assert!(open(&bench, "/set-up", &ticket).await);

    // And one to join sets nothing up.
    let bench = plan().empty().await;
    let role = store::member::Role::Viewer;
    let now = model::Clock::now(&*bench.clock);
    let member = bench
        .store
        .add_member(VIEWER, role, now)
        .await
        .unwrap()
        .unwrap();
    let link = bench.app.make_link(Purpose::Join, Some(member.id)).await;
    let ticket = secret_of(&link.unwrap());
    assert!(!open(&bench, "/set-up", &ticket).await);
    assert!(open(&bench, "/join", &ticket).await);
    let members = bench.store.members().await.unwrap();
    assert_eq!((members.len(), members[0].role), (1, role));
}

#[tokio::test]
async fn a_link_is_dead_while_its_member_is_deactivated() {
    let mut bench = bench().await;
    let ticket = reset(&mut bench).await;
    let mut admin = bench.admin().await;
    let off = [("active", "no")];
    admin
        .post("/s/1/settings/users/2", &off)
        .await
        .leads_to("/s/1/settings/users");
    assert!(!open(&bench, "/reset", &ticket).await);
    admin.post("/s/1/settings/users/2/link", &[]).await.is(404);
}

#[tokio::test]
async fn two_who_open_one_link_at_once_set_one_password() {
    let mut bench = bench().await;
    let ticket = reset(&mut bench).await;
    let (mut one, mut other) = (bench.nobody(), bench.nobody());
    let (of_one, of_other) = (
        new_password(&ticket, "first lantern 1"),
        new_password(&ticket, "second lantern 2"),
    );
    let (first, second) =
        tokio::join!(one.post("/reset", &of_one), other.post("/reset", &of_other));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422]);
}

#[tokio::test]
async fn the_secret_of_a_link_stands_behind_the_hash() {
    let bench = plan().at("https://tributary.example/").empty().await;
    for (purpose, page) in [
        (Purpose::SetUp, "set-up"),
        (Purpose::Join, "join"),
        (Purpose::Reset, "reset"),
    ] {
        let member = (purpose != Purpose::SetUp).then_some(MemberId(1));
        if member.is_some() && bench.store.members().await.unwrap().is_empty() {
            let now = model::Clock::now(&*bench.clock);
            let role = store::member::Role::Viewer;
            bench
                .store
                .add_member(VIEWER, role, now)
                .await
                .unwrap()
                .unwrap();
        }
        let link = bench.app.make_link(purpose, member).await.unwrap();
        let start = format!("https://tributary.example/{page}#");
        let secret = link
            .strip_prefix(&start)
            .unwrap_or_else(|| panic!("{link}"));
        // 32 bytes.
        assert_eq!(secret.len(), 43, "{secret}");
    }
}

#[tokio::test]
async fn links_are_shown_to_admins_only_and_once() {
    let mut bench = bench().await;
    bench.viewer().await;
    let mut admin = bench.admin().await;
    let page = admin.post("/s/1/settings/users/2/link", &[]).await.ok();
    let ticket = shown_link(&page.body);
    let page = admin.get("/s/1/settings/users").await.ok();
    page.lacks(&ticket);
    let page = admin.get("/s/1/settings/audit").await.ok();
    page.has("Created a link").lacks(&ticket);
    let mut viewer = bench.viewer().await;
    let ask = viewer.ask(Method::GET, "/s/1/settings/users");
    ask.send().await.is(403).lacks(ADMIN);
}
