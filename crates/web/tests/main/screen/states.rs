//! Brings an installation into each state of the registry, and shows it.

use std::time::Duration;

use model::Level;
use sandbox::{
    Action, Dirt, Kind, PortalConfig, Refusal, Rule,
    pendo::{
        Action as Fault, Command, Group, Kind as Population, Operation, READ_KEY, Rule as Script,
        WRITE_KEY,
    },
};

use super::scenes::{
    Act::{Click, Fill, Run, See},
    Gallery,
};
use crate::{
    bench::{ADMIN, Bench, DESTINATION, MAPPINGS, OTHER, PORTAL, bench, mappings, plan, save},
    browser::Browser,
};

/// A password that nobody has.
const WRONG: &str = "not the password";

/// Fields that the portals of the sandbox have.
const FIELDS: [&str; 4] = [
    "lifecyclestage",
    "plan_tier",
    "hs_lead_status",
    "createdate",
];

/// A bench whose pages are served on a port.
struct Served {
    bench: Bench,
    origin: String,
    admin: Browser,
    viewer: Browser,
}

async fn served(mut bench: Bench) -> Served {
    bench.serve();
    let admin = bench.admin().await;
    let viewer = bench.viewer().await;
    Served {
        origin: bench.public_url.as_str().trim_end_matches('/').to_owned(),
        admin,
        viewer,
        bench,
    }
}

impl Served {
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    async fn as_admin(&self, gallery: &Gallery) {
        gallery
            .signed_in(&self.origin, Some(&self.admin.secret()))
            .await;
    }

    /// As if a job of the queue had come so far.
    async fn under_way(&self, job: i64, note: &str) {
        let sql = format!(
            "UPDATE job SET state = 'running', note = '{note}', holder = (SELECT max(holder) FROM job) WHERE id = {job}"
        );
        self.bench.scratch.execute(&sql).await;
    }

    /// As if it had not.
    async fn back_in_the_queue(&self, job: i64) {
        let sql = format!(
            "UPDATE job SET state = 'waiting', note = NULL, holder = NULL WHERE id = {job}"
        );
        self.bench.scratch.execute(&sql).await;
    }

    async fn as_viewer(&self, gallery: &Gallery) {
        gallery
            .signed_in(&self.origin, Some(&self.viewer.secret()))
            .await;
    }

    async fn as_nobody(&self, gallery: &Gallery) {
        gallery.signed_in(&self.origin, None).await;
    }
}

/// A form's guard, put into the page's own form by the page itself; here only the button is needed.
const SUBMIT: &str = "main form .btn";

#[tokio::test(flavor = "multi_thread")]
async fn people() {
    let mut gallery = Gallery::open("people").await;
    let mut empty = plan().empty().await;
    empty.serve();
    let origin = empty.public_url.as_str().trim_end_matches('/').to_owned();
    let at = |path: &str| format!("{origin}{path}");
    gallery.show("people/set-up", &at("/set-up"), &[]).await;
    let refused = [
        Fill("#ticket", "nonsense"),
        Fill("#email", ADMIN),
        Fill("#password", "copper lantern 11"),
        Fill("#again", "copper lantern 11"),
        Click("form[action='/set-up'] button"),
        See(".notice[data-tone=bad]"),
    ];
    gallery
        .show("people/set-up-refused", &at("/set-up"), &refused)
        .await;

    let served = served(bench().await).await;
    served.as_nobody(&gallery).await;
    gallery
        .show("people/set-up-over", &served.at("/set-up"), &[])
        .await;
    gallery
        .show("people/sign-in", &served.at("/sign-in"), &[])
        .await;
    let wrong = [
        Fill("#email", "nobody@example.com"),
        Fill("#password", WRONG),
        Click("form[action='/sign-in'] button"),
        See(".notice"),
    ];
    gallery
        .show("people/sign-in-wrong", &served.at("/sign-in"), &wrong)
        .await;
    gallery.show("people/join", &served.at("/join"), &[]).await;
    let refused = [
        Fill("#ticket", "nonsense"),
        Fill("#password", "copper lantern 11"),
        Fill("#again", "copper lantern 11"),
        Click("form[action='/reset'] button"),
        See(".notice"),
    ];
    gallery
        .show("people/reset-refused", &served.at("/reset"), &refused)
        .await;

    served.as_viewer(&gallery).await;
    gallery
        .show("people/waiting", &served.at("/waiting"), &[])
        .await;
    let page = served.at("/s/1/settings/users");
    gallery.show("people/forbidden", &page, &[]).await;
    served.as_admin(&gallery).await;
    gallery.show("people/users", &page, &[]).await;
    let link = [Click("form[action$='/link'] button"), See(".copy-line")];
    gallery.show("people/users-link", &page, &link).await;
    let taken = [
        Fill("#email", ADMIN),
        Click("form[action$='/settings/users'] button"),
        See(".notice[data-tone=bad]"),
    ];
    gallery.show("people/users-refused", &page, &taken).await;
    let page = served.at("/s/1/account");
    gallery.show("people/account", &page, &[]).await;
    let wrong = [
        Fill("#present", WRONG),
        Fill("#password", "copper lantern 12"),
        Fill("#again", "copper lantern 12"),
        Click("form[action$='/password'] button"),
        See(".notice[data-tone=bad]"),
    ];
    gallery.show("people/account-refused", &page, &wrong).await;
    gallery
        .show("people/not-found", &served.at("/nowhere"), &[])
        .await;
    gallery.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn settings() {
    let mut gallery = Gallery::open("settings").await;
    let mut served = served(plan().without_app().build().await).await;
    served.as_admin(&gallery).await;
    let new = served.at("/subscriptions/new");
    gallery.show("settings/subscription-new", &new, &[]).await;
    let refused = [
        Fill("#name", "Beta"),
        Fill("#time_zone", "Nowhere/Land"),
        Click(SUBMIT),
        See(".notice[data-tone=bad]"),
    ];
    gallery
        .show("settings/subscription-refused", &new, &refused)
        .await;
    let page = served.at("/s/1/settings/subscription");
    gallery.show("settings/subscription", &page, &[]).await;
    let app = served.at("/s/1/settings/hubspot-app");
    gallery.show("settings/app-empty", &app, &[]).await;
    let refused = [
        Fill("#client_id", "no-such-app"),
        Fill("#client_secret", "no-such-secret"),
        Click("form[action$='/hubspot-app'] button"),
        See(".notice[data-tone=bad]"),
    ];
    gallery.show("settings/app-refused", &app, &refused).await;
    let form = [
        ("client_id", sandbox::DEFAULT_CLIENT_ID),
        ("client_secret", sandbox::DEFAULT_CLIENT_SECRET),
    ];
    served
        .admin
        .post("/s/1/settings/hubspot-app", &form)
        .await
        .leads_to("/s/1/settings/hubspot-app?note=");
    gallery.show("settings/app", &app, &[]).await;
    let storage = served.at("/s/1/settings/storage");
    gallery
        .show(
            "settings/storage",
            &storage,
            &[See("main .table-container")],
        )
        .await;
    gallery
        .show("settings/audit", &served.at("/s/1/settings/audit"), &[])
        .await;
    served.as_viewer(&gallery).await;
    gallery
        .show("settings/subscription-viewer", &page, &[])
        .await;
    gallery.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn schedule() {
    const PAGE: &str = "/s/1/settings/schedule";
    let mut gallery = Gallery::open("schedule").await;
    let mut served = served(bench().await.connected().await).await;
    served.as_admin(&gallery).await;
    let page = served.at(PAGE);
    gallery.show("schedule/not-mapped", &page, &[]).await;
    let key = [("property", sandbox::VISITOR_KEY)];
    let saved = served.admin.post(&mappings("key"), &key).await;
    saved.leads_to(MAPPINGS);
    save(&mut served.admin, &["lifecyclestage"]).await;
    served.bench.settled(Level::Visitor).await;
    gallery.show("schedule/nightly", &page, &[]).await;
    let refused = [
        Fill("#cron", "0 0 30 2 *"),
        Click("input[value=cron]"),
        Click(SUBMIT),
        See(".notice[data-tone=bad]"),
    ];
    gallery.show("schedule/refused", &page, &refused).await;
    served.bench.miss_two_nights().await;
    gallery.show("schedule/missed", &page, &[]).await;
    served
        .admin
        .post("/s/1/settings/schedule/pause", &[("paused", "yes")])
        .await
        .leads_to("/s/1/settings/schedule?note=note-paused");
    gallery.show("schedule/paused", &page, &[]).await;
    served.as_viewer(&gallery).await;
    gallery.show("schedule/viewer", &page, &[]).await;
    gallery.close();
}

/// A run whose values went to Pendo.
const RUN: &str = "/s/1/runs/1";

#[tokio::test(flavor = "multi_thread")]
async fn destination() {
    let mut gallery = Gallery::open("destination").await;
    let mut served = served(plan().pendo().build().await.connected().await).await;
    destination_refused(&mut gallery, &mut served).await;
    destination_waiting(&mut gallery, &mut served).await;
    destination_partly(&mut gallery, &mut served).await;
    destination_differing(&mut gallery, &mut served).await;
    destination_broken(&mut gallery, &mut served).await;
    gallery.close();
}

/// Nothing is connected, and keys are not taken.
async fn destination_refused(gallery: &mut Gallery, served: &mut Served) {
    let page = served.at(DESTINATION);
    served.as_viewer(gallery).await;
    gallery.show("destination/none-viewer", &page, &[]).await;
    served.as_admin(gallery).await;
    gallery.show("destination/none", &page, &[]).await;
    for (scene, key, prefix) in [
        ("destination/wrong-key", "nobody-has-this-one", "hubspot_"),
        ("destination/read-only", READ_KEY, "hubspot_"),
        ("destination/bad-prefix", WRITE_KEY, "9 crm"),
    ] {
        let refused = [
            Fill("#key", key),
            Fill("#prefix", prefix),
            Click("#connect"),
            See("main .notice[data-tone=bad]"),
        ];
        gallery.show(scene, &page, &refused).await;
    }
    served.bench.pendo().outage(true);
    let away = [
        Fill("#key", WRITE_KEY),
        Click("#connect"),
        See("main .notice[data-tone=bad]"),
    ];
    gallery.show("destination/unreachable", &page, &away).await;
    served.bench.pendo().outage(false);
}

/// Connected, with nothing mapped; then a run of which Pendo answers nothing.
async fn destination_waiting(gallery: &mut Gallery, served: &mut Served) {
    let page = served.at(DESTINATION);
    let form = [("key", WRITE_KEY), ("region", "us"), ("prefix", "hubspot_")];
    let connected = served.admin.post(DESTINATION, &form).await;
    connected.leads_to(DESTINATION);
    gallery.show("destination/connected", &page, &[]).await;
    gallery
        .show("destination/start", &served.at("/s/1/overview"), &[])
        .await;
    let ids = served.at("/s/1/settings/ids/visitor");
    gallery.show("destination/ids", &ids, &[]).await;
    let known = served
        .bench
        .sandbox
        .known(PORTAL, sandbox::Object::Contacts);
    let ids: Vec<String> = known.map(|known| known.id).collect();
    let known = ids.iter().enumerate().filter(|(at, _)| at % 10 != 0);
    served
        .bench
        .pendo_knows_visitors(known.map(|(_, id)| id.clone()));
    let pendo = served.bench.pendo();
    let silent = Script::next(Operation::SetMany, Fault::Drop);
    pendo.script(Script { count: 0, ..silent });
    let key = [("property", sandbox::VISITOR_KEY)];
    let saved = served.admin.post(&mappings("key"), &key).await;
    saved.leads_to(MAPPINGS);
    save(&mut served.admin, &FIELDS).await;
    served.bench.settled(Level::Visitor).await;
    served.bench.sent(Level::Visitor).await;
    let run = served.at(RUN);
    gallery
        .show("destination/delivering", &run, &[See("#delivery-poll")])
        .await;
    gallery.show("destination/waiting", &page, &[]).await;
    served.bench.pass(Duration::from_hours(49));
    gallery
        .show("destination/waiting-long", &served.at("/s/1/overview"), &[])
        .await;
}

/// Pendo answers: some ids it does not know, some values it does not take. Then all is well.
async fn destination_partly(gallery: &mut Gallery, served: &mut Served) {
    let run = served.at(RUN);
    let known = served
        .bench
        .sandbox
        .known(PORTAL, sandbox::Object::Contacts);
    let ids: Vec<String> = known.map(|known| known.id).collect();
    // Nothing is due while the clock stands still: what Pendo does can be changed in between.
    served.bench.sent(Level::Visitor).await;
    served.bench.pendo().clear_script();
    let fail = Fault::FailRecords {
        ids: ids[1..9].to_vec(),
        every: 0,
        text: "value for field hubspotplantier is too long".into(),
    };
    let refuses = Script::next(Operation::SetMany, fail);
    let pendo = served.bench.pendo();
    pendo.script(Script {
        count: 0,
        ..refuses
    });
    served.bench.pass(Duration::from_hours(2));
    served.bench.all_sent(Level::Visitor).await;
    served.bench.pendo().clear_script();
    gallery.show("destination/partly", &run, &[]).await;
    for (scene, list) in [
        ("destination/missing", "missing"),
        ("destination/refused", "refused"),
    ] {
        let list = format!("{run}/records/{list}");
        gallery.show(scene, &list, &[]).await;
    }
    gallery
        .show("destination/attention", &served.at("/s/1/overview"), &[])
        .await;

    served.bench.pendo_knows_visitors(ids.clone());
    served.admin.post(&mappings("sync"), &[]).await;
    served.bench.settled(Level::Visitor).await;
    served.bench.all_sent(Level::Visitor).await;
    gallery
        .show("destination/delivered", &served.at("/s/1/runs/2"), &[])
        .await;
}

/// Somebody changes something there.
async fn destination_differing(gallery: &mut Gallery, served: &mut Served) {
    let page = served.at(DESTINATION);
    let differences = served.at("/s/1/settings/destination/visitor/differences");
    let compare = "/s/1/settings/destination/visitor/compare";
    served.admin.post(compare, &[("all", "yes")]).await;
    served.bench.sent(Level::Visitor).await;
    gallery
        .show("destination/no-differences", &differences, &[])
        .await;
    let pendo = served.bench.pendo();
    let held = pendo.values("main", Population::Visitor, Group::Custom);
    for (id, _) in held.iter().take(3) {
        let field = "hubspotplantier";
        pendo.set(
            "main",
            Population::Visitor,
            Group::Custom,
            id,
            field,
            "Gold ",
        );
    }
    served.admin.post(compare, &[("all", "yes")]).await;
    served.bench.sent(Level::Visitor).await;
    gallery.show("destination/differing", &page, &[]).await;
    gallery
        .show("destination/differences", &differences, &[])
        .await;
    served.as_viewer(gallery).await;
    gallery.show("destination/viewer", &page, &[]).await;
    served.as_admin(gallery).await;
    let slow = Fault::Delay { ms: 120_000 };
    let slow = Script::next(Operation::Aggregation, slow);
    served.bench.pendo().script(Script { count: 0, ..slow });
    served.admin.post(compare, &[]).await;
    gallery
        .show("destination/comparing", &page, &[See("#levels-poll")])
        .await;
}

/// The key ends.
async fn destination_broken(gallery: &mut Gallery, served: &mut Served) {
    let page = served.at(DESTINATION);
    served.bench.pendo().clear_script();
    let key = WRITE_KEY.to_owned();
    let ended = Command::RevokeKey { key };
    served.bench.pendo().run("main", &ended).unwrap();
    served
        .admin
        .post(&format!("{DESTINATION}/check"), &[])
        .await
        .is(422);
    gallery.show("destination/broken", &page, &[]).await;
    gallery
        .show(
            "destination/broken-elsewhere",
            &served.at("/s/1/overview"),
            &[],
        )
        .await;
}

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

#[tokio::test(flavor = "multi_thread")]
async fn sync() {
    let mut gallery = Gallery::open("sync").await;
    let portal = PortalConfig::small(PORTAL).dirty(Dirt::full());
    let bench = plan().portals([portal]).build().await;
    let mut served = served(bench.synced(&FIELDS).await).await;
    let (page, run) = (served.at(MAPPINGS), served.at("/s/1/runs/1"));
    served.as_viewer(&gallery).await;
    gallery.show("sync/proved-viewer", &page, &[]).await;
    served.as_admin(&gallery).await;
    gallery.show("sync/proved", &page, &[]).await;
    gallery
        .show("sync/overview", &served.at("/s/1/overview"), &[])
        .await;
    gallery.show("sync/run", &run, &[]).await;
    for (name, rest) in [
        ("sync/missed", "missed"),
        ("sync/missed-one-reason", "missed?reason=unknown_id"),
        ("sync/matched", "matched"),
        ("sync/changed", "changed"),
        ("sync/quarantined", "quarantined"),
        ("sync/ended", "ended"),
    ] {
        gallery
            .show(name, &format!("{run}/records/{rest}"), &[])
            .await;
    }
    let nothing = [
        Fill("main input[type=search]", "nobody"),
        Click("main form[method=post] button"),
        See("main"),
    ];
    gallery
        .show(
            "sync/search-none",
            &format!("{run}/records/missed"),
            &nothing,
        )
        .await;
    // A run that fails, and one that takes its time.
    served
        .bench
        .sandbox
        .script(Rule::any(Action::Refuse(Refusal::MissingScopes)).times(0));
    served.admin.post(&mappings("sync"), &[]).await;
    served.bench.settled(Level::Visitor).await;
    served.bench.sandbox.clear_script();
    gallery
        .show("sync/run-failed", &served.at("/s/1/runs/2"), &[])
        .await;
    gallery
        .show("sync/runs", &served.at("/s/1/runs"), &[])
        .await;
    let slow = Action::Delay { ms: 120_000 };
    served
        .bench
        .sandbox
        .script(Rule::next(Kind::Search, slow).after(2).times(0));
    served.admin.post(&mappings("sync"), &[]).await;
    let live = [See(".phases [data-state=now]")];
    gallery.show("sync/live", &page, &live).await;
    gallery
        .show("sync/live-run", &served.at("/s/1/runs/3"), &live)
        .await;
    gallery.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn subjects() {
    let mut gallery = Gallery::open("subjects").await;
    let mut served = served(bench().await.synced(&FIELDS).await).await;
    let list = served.at("/s/1/visitors");
    served.as_admin(&gallery).await;
    gallery.show("subjects/visitors", &list, &[]).await;
    let none = [
        Fill("#starts-with", "nobody is called so"),
        Click("form[role=search] button"),
        See(".filters"),
    ];
    gallery.show("subjects/none-found", &list, &none).await;
    let sorted = [Click("th button"), See("th[aria-sort]")];
    gallery.show("subjects/sorted", &list, &sorted).await;
    gallery
        .show("subjects/accounts", &served.at("/s/1/accounts"), &[])
        .await;
    let visitor = linked(&mut served.admin).await;
    gallery
        .show("subjects/visitor", &served.at(&visitor), &[])
        .await;
    let page = served.admin.get("/s/1/accounts").await.ok();
    let account = page.body.split("/s/1/accounts/").find_map(|rest| {
        let number = rest.split('"').next()?;
        number.parse::<u64>().ok()
    });
    let account = format!("/s/1/accounts/{}", account.expect("an account is listed"));
    gallery
        .show("subjects/account", &served.at(&account), &[])
        .await;
    served.as_viewer(&gallery).await;
    gallery
        .show("subjects/visitor-viewer", &served.at(&visitor), &[])
        .await;
    gallery.close();
}

/// The page of a visitor whom a record feeds.
async fn linked(admin: &mut Browser) -> String {
    let page = admin.get("/s/1/runs/1/records/matched").await.ok();
    let number = page.body.split("/s/1/visitors/").find_map(|rest| {
        let number = rest.split('"').next()?;
        number.parse::<u64>().ok()
    });
    format!("/s/1/visitors/{}", number.expect("a visitor is matched"))
}
