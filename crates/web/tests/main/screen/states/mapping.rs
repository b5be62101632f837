//! The way to a mapping: ids, HubSpot, key and fields.

use model::Level;
use sandbox::{Action, Kind, PortalConfig, Refusal, Rule};

use super::{FIELDS, served};
use crate::{
    bench::{MAPPINGS, OTHER, PORTAL, bench, mappings, plan, save},
    screen::scenes::{
        Act::{Click, Fill, Run, See},
        Gallery,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn start() {
    let mut gallery = Gallery::open("start").await;
    let served = served(plan().without_app().build().await).await;
    served.as_admin(&gallery).await;
    for (name, page) in [
        ("start/overview", "/s/1/overview"),
        ("start/visitors", "/s/1/visitors"),
        ("start/accounts", "/s/1/accounts"),
        ("start/runs", "/s/1/runs"),
        ("start/mappings-no-app", MAPPINGS),
    ] {
        gallery.show(name, &served.at(page), &[]).await;
    }
    served.as_viewer(&gallery).await;
    gallery
        .show("start/mappings-viewer", &served.at(MAPPINGS), &[])
        .await;
    gallery.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn ids() {
    const PAGE: &str = "/s/1/settings/ids/visitor";
    let mut gallery = Gallery::open("ids").await;
    let mut served = served(bench().await).await;
    served.as_viewer(&gallery).await;
    gallery.show("ids/viewer", &served.at(PAGE), &[]).await;
    served.as_admin(&gallery).await;
    gallery.show("ids/empty", &served.at(PAGE), &[]).await;
    let file = format!("{PAGE}/file");
    let first =
        b"id,accounts,plan\nu-1,acme,pro\nu-2,acme;globex,free\nu-2,acme,pro\n,acme,pro\nu-3,,\n";
    served.admin.upload(&file, "visitors.csv", first).await;
    gallery.show("ids/preview", &served.at(PAGE), &[]).await;
    let page = served.at(PAGE);
    let sync = served.bench.hold(Level::Visitor).await;
    served.admin.about_file(PAGE, "load", &[]).await;
    gallery.show("ids/waiting", &page, &[]).await;
    served.under_way(2, r#"{"lines":12345,"bytes":50}"#).await;
    gallery.show("ids/loading", &page, &[]).await;
    served.back_in_the_queue(2).await;
    served.bench.release(&sync).await;
    let loaded = [See("#import .facts")];
    gallery.show("ids/loaded", &page, &loaded).await;
    served
        .admin
        .upload(&file, "visitors.csv", b"id\nu-1\n")
        .await;
    served
        .admin
        .about_file(PAGE, "load", &[("mirror", "yes")])
        .await;
    gallery
        .show("ids/asking", &page, &[See("[name=remove]")])
        .await;
    let sync = served.bench.hold(Level::Visitor).await;
    served
        .admin
        .about_file(PAGE, "settle", &[("remove", "yes")])
        .await;
    served.under_way(5, "{}").await;
    gallery.show("ids/removing", &page, &[]).await;
    served.back_in_the_queue(5).await;
    served.bench.release(&sync).await;
    served.admin.follow(&format!("{PAGE}/progress")).await;
    let cancelled = r#"{"lines":12345,"bad":0,"bad_lines":[],"end":"cancelled"}"#;
    let sql = format!("UPDATE upload SET outcome = '{cancelled}'");
    served.bench.scratch.execute(&sql).await;
    gallery.show("ids/cancelled", &page, &[]).await;
    served
        .admin
        .upload(
            &file,
            "picture.png",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xfe",
        )
        .await;
    gallery.show("ids/unreadable", &served.at(PAGE), &[]).await;
    gallery.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn connect() {
    let mut gallery = Gallery::open("connect").await;
    let portals = [PortalConfig::small(PORTAL), PortalConfig::small(OTHER)];
    let mut served = served(plan().portals(portals).build().await).await;
    served.bench.know().await;
    served.as_admin(&gallery).await;
    let page = served.at(MAPPINGS);
    gallery.show("connect/authenticate", &page, &[]).await;
    let denied = format!("{page}?problem=connect-denied");
    gallery.show("connect/denied", &denied, &[]).await;
    let token = sandbox::static_token(PORTAL);
    served
        .admin
        .post(&mappings("token"), &[("token", &token)])
        .await
        .leads_to(MAPPINGS);
    gallery.show("connect/connected", &page, &[]).await;
    let other = served.at("/s/1/settings/data-mappings/account");
    gallery.show("connect/second-tab", &other, &[]).await;
    let other = format!("{page}?problem=connect-other-portal");
    gallery.show("connect/other-account", &other, &[]).await;
    served.bench.sandbox.revoke(&token);
    served
        .bench
        .sandbox
        .script(Rule::any(Action::Refuse(Refusal::Unauthenticated)).times(0));
    served.admin.get(&mappings("key")).await;
    gallery.show("connect/broken", &page, &[]).await;
    gallery.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn map() {
    let mut gallery = Gallery::open("map").await;
    let mut served = served(bench().await.connected().await).await;
    served.as_admin(&gallery).await;
    let key = served.at(&mappings("key"));
    let page = served.at(MAPPINGS);
    gallery.show("map/key", &key, &[]).await;
    let cost = [Click("#key-options a"), See("dialog[open]")];
    gallery.show("map/key-cost", &key, &cost).await;
    served.admin.post(&mappings("key/sample"), &[]).await;
    let sampled = [See("#picker .checked")];
    gallery.show("map/key-sampled", &key, &sampled).await;
    let picked = [("property", sandbox::VISITOR_KEY)];
    served
        .admin
        .post(&mappings("key"), &picked)
        .await
        .leads_to(MAPPINGS);
    gallery.show("map/fields-empty", &page, &[]).await;
    let change = [
        Click("#key-options [value=email]"),
        Click("#picker form[action$='/key'] .end button"),
        See(".notice[data-tone=warning]"),
    ];
    gallery.show("map/key-change", &key, &change).await;
    let gone = [("property", "no_such_property")];
    let refused = served.admin.post(&mappings("key"), &gone).await;
    assert_eq!(refused.status.as_u16(), 422);
    gallery
        .show("map/key-none-picked", &key, &[Fill("#key-search", "zzzz")])
        .await;
    let menu = [Click("#add-fields"), See("dialog[open] .option")];
    gallery.show("map/menu", &page, &menu).await;
    let chosen = [
        Click("#add-fields"),
        See("dialog[open] .option"),
        Click("[name=add][value=lifecyclestage]"),
        Click("[name=add][value=plan_tier]"),
        Click("dialog[open] [name=menu]"),
        See(".chosen [name=remove][value=plan_tier]"),
    ];
    gallery.show("map/fields-chosen", &page, &chosen).await;
    save(&mut served.admin, &FIELDS).await;
    served.bench.settled(Level::Visitor).await;
    let stopped = [
        Click(".chosen [name=remove][value=plan_tier]"),
        See("#fields-step .notice"),
    ];
    gallery.show("map/fields-stopped", &page, &stopped).await;
    // As if somebody else had saved since the page was opened.
    let conflict = [
        Click(".chosen [name=remove][value=plan_tier]"),
        See("#fields-step .notice"),
        Run("document.querySelector('#fields-form [name=base]').value = 'of before'"),
        Click("#fields-form [name=save]"),
        See("#fields-step .notice[data-tone=warning]"),
    ];
    gallery.show("map/fields-conflict", &page, &conflict).await;
    // As it is without scripts.
    let without = Run(
        "const button = document.querySelector('#add-fields'); button.form.action = button.formAction; button.form.submit()",
    );
    gallery
        .show("map/menu-page", &page, &[without, See("#menu-options")])
        .await;
    let slow = Action::Delay { ms: 120_000 };
    served
        .bench
        .sandbox
        .script(Rule::next(Kind::Search, slow).times(0));
    served.admin.post(&mappings("key/sample"), &[]).await;
    gallery
        .show("map/key-sampling", &key, &[See("#sample progress")])
        .await;
    served
        .admin
        .post(
            "/s/1/settings/integration",
            &[("on", "no"), ("level", "visitor")],
        )
        .await;
    gallery.show("map/switched-off", &page, &[]).await;
    gallery.close();
}
