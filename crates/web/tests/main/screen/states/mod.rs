//! Brings an installation into each state of the registry, and shows it.

mod destination;
mod mapping;

use model::Level;
use sandbox::{Action, Dirt, Kind, PortalConfig, Refusal, Rule};

use super::scenes::{
    Act::{Click, Fill, See},
    Gallery,
};
use crate::{
    bench::{ADMIN, Bench, MAPPINGS, PORTAL, bench, mappings, plan, save},
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
