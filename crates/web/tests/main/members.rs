//! People: roles, and that somebody who can configure is always left.

use axum::http::Method;
use store::member::{MemberId, Role};

use crate::bench::{ADMIN, Bench, PASSWORD, VIEWER, bench, invite, mappings};

async fn role(bench: &Bench, id: i64) -> (Role, bool) {
    let member = bench.store.member(MemberId(id)).await.unwrap().unwrap();
    (member.role, member.active)
}

#[tokio::test]
async fn the_last_admin_stays() {
    let mut bench = bench().await;
    bench.viewer().await;
    let mut admin = bench.admin().await;
    for form in [[("role", "viewer")], [("active", "no")]] {
        let page = admin.post("/s/1/settings/users/1", &form).await.is(422);
        page.has("This is the last active admin");
    }
    assert_eq!(role(&bench, 1).await, (Role::Admin, true));
    // One who was invited and has not come yet does not count.
    invite(&mut admin, "invited@example.com", "admin").await;
    admin
        .post("/s/1/settings/users/1", &[("role", "viewer")])
        .await
        .is(422);
    // One who is deactivated neither.
    bench.second_admin().await;
    let mut admin = bench.admin().await;
    admin
        .post("/s/1/settings/users/4", &[("active", "no")])
        .await
        .leads_to("/s/1/settings/users");
    admin
        .post("/s/1/settings/users/1", &[("role", "viewer")])
        .await
        .is(422);
}

#[tokio::test]
async fn two_admins_who_demote_each_other_at_once_leave_one() {
    let mut bench = bench().await;
    let mut second = bench.second_admin().await;
    let mut first = bench.admin().await;
    let form = [("role", "viewer")];
    for (of_first, of_second) in [("2", "1"), ("1", "2")] {
        let (of_first, of_second) = (
            format!("/s/1/settings/users/{of_first}"),
            format!("/s/1/settings/users/{of_second}"),
        );
        let (guard_of_first, guard_of_second) = (first.guard().await, second.guard().await);
        let forms = [
            [form[0], ("guard", &*guard_of_first)],
            [form[0], ("guard", &*guard_of_second)],
        ];
        let ask = first.ask(Method::POST, &of_first).form(&forms[0]);
        let other = second.ask(Method::POST, &of_second).form(&forms[1]);
        tokio::join!(ask.send(), other.send());
        let admins = [role(&bench, 1).await, role(&bench, 2).await];
        let left = admins
            .iter()
            .filter(|(role, _)| *role == Role::Admin)
            .count();
        assert!(left >= 1, "nobody can configure any more");
        for id in [1, 2] {
            let id = MemberId(id);
            bench
                .store
                .change_member(id, Role::Admin, true)
                .await
                .unwrap()
                .unwrap();
        }
    }
}

#[tokio::test]
async fn a_deactivated_member_is_out_at_once() {
    let mut bench = bench().await;
    let mut viewer = bench.viewer().await;
    let mut admin = bench.admin().await;
    admin
        .post("/s/1/settings/users/2", &[("active", "no")])
        .await
        .leads_to("/s/1/settings/users?note=note-member-changed");
    assert!(!viewer.is_signed_in().await);
    let mut browser = bench.nobody();
    let form = [("email", VIEWER), ("password", PASSWORD)];
    browser.post("/sign-in", &form).await.is(401);
    // In again, the session that was is over.
    admin
        .post("/s/1/settings/users/2", &[("active", "yes")])
        .await;
    assert!(!viewer.is_signed_in().await);
    bench.sign_in(VIEWER, PASSWORD).await;
}

#[tokio::test]
async fn another_role_holds_at_once() {
    let mut bench = bench().await;
    let mut second = bench.second_admin().await;
    let mut admin = bench.admin().await;
    second.get("/s/1/settings/users").await.ok();
    admin
        .post("/s/1/settings/users/2", &[("role", "viewer")])
        .await;
    second.get("/s/1/settings/users").await.is(403);
    second
        .post(&mappings("disconnect"), &[])
        .await
        .is(403)
        .has("Only admins can do this");
    // Whoever makes oneself a viewer is one.
    admin
        .post("/s/1/settings/users/2", &[("role", "admin")])
        .await;
    second
        .submit("/s/1/settings/users/2", &[("role", "viewer")])
        .await
        .is(403);
    second.get("/s/1/overview").await.ok();
}

#[tokio::test]
async fn an_address_belongs_to_one_person() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    for email in [ADMIN, " Mio.Arai@EXAMPLE.com "] {
        let page = admin
            .post(
                "/s/1/settings/users",
                &[("email", email), ("role", "viewer")],
            )
            .await;
        page.is(422).has("There is already a user");
    }
    // A role that is none is the lesser.
    invite(&mut admin, "odd@example.com", "owner").await;
    let members = bench.store.members().await.unwrap();
    let odd = members
        .iter()
        .find(|member| member.email == "odd@example.com")
        .unwrap();
    assert_eq!((odd.role, odd.active), (Role::Viewer, true));
}

#[tokio::test]
async fn a_viewer_sees_no_way_to_change_anything() {
    let mut bench = crate::examples::walked().await;
    let mut viewer = bench.viewer().await;
    for path in [
        "/s/1/overview",
        "/s/1/settings/ids/visitor",
        "/s/1/settings/subscription",
        "/s/1/settings/storage",
        crate::bench::MAPPINGS,
    ] {
        let page = viewer.get(path).await.ok();
        // The frame has forms of one's own: preferences, and signing out.
        let actions = page.body.split("<form ").skip(1);
        for action in actions.filter(|form| form.contains("method=\"post\"")) {
            let action = action.split('>').next().unwrap();
            let own = action.contains("/preferences") || action.contains("/sign-out");
            let empty = path.ends_with("/subscription");
            assert!(own || empty, "{path}: {action}");
        }
        page.lacks("/settings/users")
            .lacks("/settings/audit")
            .lacks("/settings/hubspot-app");
    }
}

#[tokio::test]
async fn who_changed_what_is_in_the_audit_log() {
    let mut bench = bench().await;
    bench.viewer().await;
    let mut admin = bench.admin().await;
    admin
        .post("/s/1/settings/users/2", &[("role", "admin")])
        .await;
    let page = admin.get("/s/1/settings/audit").await.ok();
    for said in [
        "Set up Tributary as the first admin",
        "Created the subscription",
        "Invited a user",
        "Accepted an invitation",
        "Changed a user",
        ADMIN,
        VIEWER,
        "Acme",
    ] {
        assert!(page.body.contains(said), "{said}: {page:#?}");
    }
}
