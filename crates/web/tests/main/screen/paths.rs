//! The paths that people walk, in a window.

use std::{fs, time::Duration};

use model::Level;
use sandbox::{
    Action, Kind, Object, PortalConfig, Refusal, Rule,
    pendo::{Action as Fault, Operation, READ_KEY, Rule as Script, WRITE_KEY},
};
use store::session::Purpose;

use super::{Look, Screen};
use crate::{
    bench::{
        ADMIN, Bench, DESTINATION, MAPPINGS, OTHER, PASSWORD, PORTAL, bench, mappings, plan, save,
    },
    browser::Browser,
};

const ACCOUNTS: &str = "/s/1/settings/data-mappings/account";

/// How long a call takes that somebody waits for, in milliseconds.
const SLOW: u64 = 60_000;

const FIELDS: [&str; 2] = ["lifecyclestage", "plan_tier"];

/// A bench that is served, with a window in which its admin is signed in.
async fn window(mut bench: Bench) -> (Bench, Screen, Browser) {
    bench.serve();
    let admin = bench.admin().await;
    let screen = Screen::open(Look::WIDE).await;
    screen
        .become_session(&origin(&bench), &admin.secret())
        .await;
    (bench, screen, admin)
}

fn origin(bench: &Bench) -> String {
    bench.public_url.as_str().trim_end_matches('/').to_owned()
}

async fn open(screen: &Screen, bench: &Bench, path: &str) {
    screen.goto(&format!("{}{path}", origin(bench))).await;
}

/// Every search waits.
fn slow_down(bench: &Bench) {
    let wait = Action::Delay { ms: SLOW };
    bench
        .sandbox
        .script(Rule::next(Kind::Search, wait).times(0));
}

/// From the set-up link to a visitor's page, as somebody does who has never seen it.
async fn first_time(language: &'static str) {
    let portals = [PortalConfig::small(PORTAL), PortalConfig::small(OTHER)];
    let mut bench = plan().portals(portals).without_app().empty().await;
    bench.serve();
    let link = bench.app.make_link(Purpose::SetUp, None).await.unwrap();
    let screen = Screen::open(Look {
        language,
        ..Look::WIDE
    })
    .await;

    // The link, whose secret goes into the form and out of the address.
    screen.goto(&link).await;
    assert_eq!(screen.path().await, "/set-up");
    screen.fill("#email", ADMIN).await;
    screen.fill("#password", PASSWORD).await;
    screen.fill("#again", PASSWORD).await;
    screen.click("form[action='/set-up'] button").await;

    // Name and time zone.
    screen.fill("#name", "Acme").await;
    screen.fill("#time_zone", "Asia/Tokyo").await;
    screen.click("main form .btn").await;

    // Ids of visitors, then of accounts.
    let folder = tempfile::tempdir().unwrap();
    for (level, object) in [
        ("visitor", Object::Contacts),
        ("account", Object::Companies),
    ] {
        let ids: Vec<String> = bench
            .sandbox
            .known(PORTAL, object)
            .map(|known| known.id)
            .collect();
        let file = folder.path().join(format!("{level}s.csv"));
        fs::write(&file, format!("id\n{}\n", ids.join("\n"))).unwrap();
        screen
            .click(&format!(".tabs-line a[href$='/ids/{level}']"))
            .await;
        screen.attach("#file", &file).await;
        screen.click("form[action$='/file'] button").await;
        screen.find("table td").await;
        screen.click("form[action$='/load'] button").await;
        screen.find("#import .checked").await;
        assert!(screen.text().await.contains(&format!("{level}s.csv")));
    }

    // The HubSpot app.
    screen.click(".side a[href$='/hubspot-app']").await;
    screen
        .says(&format!("{}/oauth/callback", origin(&bench)))
        .await;
    screen.fill("#client_id", sandbox::DEFAULT_CLIENT_ID).await;
    screen
        .fill("#client_secret", sandbox::DEFAULT_CLIENT_SECRET)
        .await;
    screen.click("form[action$='/hubspot-app'] button").await;
    screen.find(".notice[data-tone=good]").await;

    connect_and_sync(&screen, &bench, language).await;
}

/// From the empty widget to a visitor's page.
async fn connect_and_sync(screen: &Screen, bench: &Bench, language: &str) {
    // The grant, of one of two accounts.
    screen
        .click(".side a[href$='/data-mappings/visitor']")
        .await;
    screen.click("form[action$='/authenticate'] button").await;
    screen
        .click(&format!("a.account[href*='portalId={PORTAL}']"))
        .await;
    screen.click("[name=decision][value=grant]").await;
    screen
        .find("#hubspot .widget-steps li:nth-child(1)[data-state=done]")
        .await;
    assert!(screen.path().await.starts_with(MAPPINGS));
    assert!(screen.path().await.ends_with("#hubspot"));
    screen.says(&PORTAL.to_string()).await;

    // The key, with what a sample says of it.
    screen.click("#hubspot a[href$='/key']").await;
    screen.click("form[action$='/key/sample'] button").await;
    screen.find("#picker .checked").await;
    let best = screen.find("#key-options li:first-child .option").await;
    let said = best.text().await.unwrap();
    assert!(said.contains(sandbox::VISITOR_KEY), "{said}");
    assert!(said.contains('%'), "{said}");
    screen
        .click(&format!("#key-options [value={}]", sandbox::VISITOR_KEY))
        .await;
    screen.click("#picker .end button").await;
    screen
        .find("#hubspot .widget-steps li:nth-child(2)[data-state=done]")
        .await;

    // The fields.
    screen.click("#add-fields").await;
    for field in FIELDS {
        screen
            .click(&format!("dialog [name=add][value={field}]"))
            .await;
    }
    screen.click("dialog [name=menu]").await;
    screen.find(".chosen li:nth-child(2)").await;
    screen.fill("[name='label:plan_tier']", "Tarif").await;
    screen.click("#fields-form [name=save]").await;

    // The result, without a reload by hand.
    screen
        .find("#hubspot .widget-steps li:nth-child(3)[data-state=done]")
        .await;
    let proved = if language == "ja" {
        "検証済み"
    } else {
        "proved"
    };
    screen.says(proved).await;
    screen.says("Tarif").await;

    // The proof, and a visitor.
    screen.click(".widget-foot a[href*='/runs/']").await;
    screen.find("svg.flow").await;
    open(screen, bench, "/s/1/runs/1/records/matched").await;
    screen.click("td a[href*='/visitors/']").await;
    screen.says("Tarif").await;
    screen.find("a[href*='app.hubspot.com']").await;
    let complaints = screen.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_time_in_english() {
    first_time("en").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_time_in_japanese() {
    first_time("ja").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_grant_changes_nothing_and_says_so() {
    let (bench, screen, _) = window(bench().await).await;
    open(&screen, &bench, MAPPINGS).await;
    screen.click("form[action$='/authenticate'] button").await;
    screen.click("[name=decision][value=deny]").await;
    screen.find("#hubspot .notice[data-tone=bad]").await;
    screen.find("form[action$='/authenticate'] button").await;
    assert!(screen.path().await.contains("problem=connect-denied"));
    assert!(
        bench
            .store
            .connection_info(bench.subscription)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_grant_serves_both_tabs() {
    let (bench, screen, _) = window(bench().await).await;
    open(&screen, &bench, MAPPINGS).await;
    screen.click("form[action$='/authenticate'] button").await;
    screen.click("[name=decision][value=grant]").await;
    let done = "#hubspot .widget-steps li:nth-child(1)[data-state=done]";
    screen.find(done).await;
    screen
        .click(&format!(".tabs-line a[href='{ACCOUNTS}']"))
        .await;
    screen.find(done).await;
    screen.find("#hubspot a[href$='/key']").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_said_on_every_page_until_it_is_mended() {
    let (bench, screen, mut admin) = window(bench().await.synced(&FIELDS).await).await;
    bench
        .sandbox
        .script(Rule::any(Action::Refuse(Refusal::Unauthenticated)).times(0));
    admin.post(&mappings("sync"), &[]).await;
    bench.settled(Level::Visitor).await;
    for page in ["/s/1/overview", "/s/1/visitors", "/s/1/settings/storage"] {
        open(&screen, &bench, page).await;
        screen
            .find(".notice[data-tone=bad] a[href*='#hubspot']")
            .await;
    }
    bench.sandbox.clear_script();
    screen
        .click(".notice[data-tone=bad] a[href*='#hubspot']")
        .await;
    screen.find("#hubspot .notice[data-tone=bad]").await;
    let token = sandbox::static_token(PORTAL);
    screen
        .run("document.querySelectorAll('#hubspot details').forEach(one => one.open = true)")
        .await;
    screen.fill("#token", &token).await;
    screen.click("form[action$='/token'] button").await;
    screen
        .find("#hubspot .widget-steps li:nth-child(1)[data-state=done]")
        .await;
    open(&screen, &bench, "/s/1/settings/storage").await;
    screen.find("main h1").await;
    assert!(
        !screen
            .has(".notice[data-tone=bad] a[href*='#hubspot']")
            .await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_everything_and_can_change_nothing() {
    let (mut bench, screen, _) = window(bench().await.synced(&FIELDS).await).await;
    let viewer = bench.viewer().await;
    screen.become_nobody().await;
    screen
        .become_session(&origin(&bench), &viewer.secret())
        .await;
    for page in [
        "/s/1/overview",
        MAPPINGS,
        "/s/1/settings/ids/visitor",
        "/s/1/settings/subscription",
        "/s/1/settings/storage",
        "/s/1/runs/1",
    ] {
        open(&screen, &bench, page).await;
        screen.find("main h1").await;
        let forms = "main form[method=post] button:not([disabled])";
        assert!(!screen.has(forms).await, "{page} offers a change");
    }
    open(&screen, &bench, MAPPINGS).await;
    screen.says("plan_tier").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_stopped_keeps_its_values() {
    let (bench, screen, _) = window(bench().await.synced(&FIELDS).await).await;
    open(&screen, &bench, MAPPINGS).await;
    screen.click(".chosen [name=remove][value=plan_tier]").await;
    screen.find("#fields-step .notice").await;
    screen.click("#fields-form [name=save]").await;
    screen.find(".widget-foot a[href$='/runs/2']").await;
    screen.says("no longer updated").await;
    assert!(!screen.has(".chosen [name=remove][value=plan_tier]").await);
    let scope = bench.visitors();
    let subjects = bench.store.subjects(scope, "", 500).await.unwrap();
    let kept = subjects.iter().filter(|subject| {
        let hubspot = subject.hubspot.as_deref().unwrap_or_default();
        hubspot.contains("plan_tier")
    });
    assert!(kept.count() > 10);
    // Adding it again resumes.
    screen.click("#add-fields").await;
    screen.click("dialog [name=add][value=plan_tier]").await;
    screen.click("dialog [name=menu]").await;
    screen.find(".chosen [name=remove][value=plan_tier]").await;
    screen.click("#fields-form [name=save]").await;
    screen.find(".widget-foot a[href$='/runs/3']").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_menu_that_is_closed_changes_nothing() {
    let (bench, screen, _) = window(bench().await.synced(&FIELDS).await).await;
    open(&screen, &bench, MAPPINGS).await;
    screen.click("#add-fields").await;
    screen.click("dialog [name=add][value=city]").await;
    screen.click("dialog [data-close]").await;
    screen.gone("dialog").await;
    screen.click("#fields-form [name=save]").await;
    screen.find(".widget-foot a[href$='/runs/2']").await;
    assert!(!screen.has(".chosen [name=remove][value=city]").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_followed_through_a_reload_and_cancelled() {
    let (bench, screen, _) = window(bench().await.synced(&FIELDS).await).await;
    slow_down(&bench);
    open(&screen, &bench, MAPPINGS).await;
    screen.click("form[action$='/sync'] button").await;
    screen.find("#live .phases [data-state=now]").await;
    screen.reload().await;
    screen.find("#live .phases [data-state=now]").await;
    screen.click("form[action$='/cancel'] button").await;
    screen.find(".sync-line a[href$='/runs/2']").await;
    screen.says("cancelled").await;
    bench.sandbox.clear_script();
    screen.click("form[action$='/sync'] button").await;
    screen.find(".sync-line a[href$='/runs/3']").await;
    screen.says("proved").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_admins_do_not_overwrite_each_other() {
    let (bench, screen, mut admin) = window(bench().await.synced(&FIELDS).await).await;
    open(&screen, &bench, MAPPINGS).await;
    screen.click("#add-fields").await;
    screen.click("dialog [name=add][value=city]").await;
    screen.click("dialog [name=menu]").await;
    screen.find(".chosen [name=remove][value=city]").await;
    // Meanwhile:
    save(&mut admin, &["lifecyclestage", "plan_tier", "company"]).await;
    bench.settled(Level::Visitor).await;
    screen.click("#fields-form [name=save]").await;
    let said = screen.find("#fields-step .notice[data-tone=warning]").await;
    let said = said.text().await.unwrap();
    assert!(
        said.contains("+ company") && said.contains("− city"),
        "{said}"
    );
    // The own choice is still there, and the second word counts.
    screen.find(".chosen [name=remove][value=city]").await;
    screen.click("#fields-form [name=save]").await;
    screen.find(".sync-line a[href$='/runs/3']").await;
    let mapping = bench
        .store
        .mapping(bench.visitors())
        .await
        .unwrap()
        .unwrap();
    let fields: Vec<_> = mapping
        .fields
        .iter()
        .map(|field| field.property.as_str())
        .collect();
    assert!(
        fields.contains(&"city") && !fields.contains(&"company"),
        "{fields:?}"
    );
}

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

/// Presses Tab until the focus is on what has this name.
async fn reach(screen: &Screen, wanted: &str) {
    for _ in 0..200 {
        screen.keys(TAB).await;
        if screen.focused().await.contains(wanted) {
            return;
        }
    }
    panic!("Tab never reaches {wanted:?}");
}

/// Tab, space and enter alone: from the first step to the second.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_steps_work_by_keyboard_alone() {
    let bench = bench().await;
    bench.know().await;
    let (bench, screen, _) = window(bench).await;
    open(&screen, &bench, &format!("{MAPPINGS}#hubspot")).await;
    reach(&screen, "Authenticate with HubSpot").await;
    screen.keys(ENTER).await;
    screen.find("[name=decision][value=grant]").await;
    reach(&screen, "Connect app").await;
    screen.keys(ENTER).await;
    screen.find("#hubspot a[href$='/key']").await;
    reach(&screen, "Choose the key property").await;
    screen.keys(ENTER).await;
    reach(&screen, "key-search").await;
    screen.keys(sandbox::VISITOR_KEY).await;
    reach(&screen, "property").await;
    screen.keys(" ").await;
    reach(&screen, "Save").await;
    screen.keys(ENTER).await;
    screen
        .find("#hubspot .widget-steps li:nth-child(2)[data-state=done]")
        .await;
    screen.says(sandbox::VISITOR_KEY).await;
}

/// Tab, space and enter alone: fields are chosen, and synced.
#[tokio::test(flavor = "multi_thread")]
async fn fields_are_chosen_by_keyboard_alone() {
    let (bench, screen, _) = window(bench().await.synced(&FIELDS).await).await;
    open(&screen, &bench, &format!("{MAPPINGS}#hubspot")).await;
    reach(&screen, "add-fields").await;
    screen.keys(ENTER).await;
    screen.find("dialog[open]").await;
    // The focus is in the dialog, and Escape brings it back.
    reach(&screen, "menu-search").await;
    screen.keys(ESCAPE).await;
    screen.gone("dialog").await;
    assert_eq!(screen.focused().await, "add-fields");
    screen.keys(ENTER).await;
    screen.find("dialog[open]").await;
    reach(&screen, "menu-search").await;
    screen.keys("city").await;
    screen.keys(TAB).await;
    while screen.focused().await != "add" {
        screen.keys(TAB).await;
    }
    screen.keys(" ").await;
    reach(&screen, "Apply").await;
    screen.keys(ENTER).await;
    screen.find(".chosen [name=remove][value=city]").await;
    // The focus is where it was, for more.
    assert_eq!(screen.focused().await, "add-fields");
    reach(&screen, "Save & Sync").await;
    screen.keys(ENTER).await;
    screen.find(".sync-line a[href$='/runs/2']").await;
    screen.find(".chosen [name=remove][value=city]").await;
}

/// What the pages say of a destination, in the language of the window.
struct Said {
    proved: &'static str,
    delivering: &'static str,
    partial: &'static str,
    revoked: &'static str,
    away: &'static str,
}

fn said(language: &str) -> Said {
    if language == "ja" {
        Said {
            proved: "検証済み",
            delivering: "送信中",
            partial: "一部未検証",
            revoked: "取り消されている",
            away: "Pendoに接続できません",
        }
    } else {
        Said {
            proved: "Proved",
            delivering: "Being delivered",
            partial: "Partial",
            revoked: "revoked",
            away: "Pendo cannot be reached",
        }
    }
}

/// Enters a key and its region.
async fn enter(screen: &Screen, key: &str, region: &str) {
    screen.fill("#key", key).await;
    screen
        .click(&format!("#region option[value={region}]"))
        .await;
    screen.click("#connect").await;
}

/// Wrong keys and the right one; a run of which Pendo does not take everything; an outage, and its end.
async fn destination(language: &'static str) {
    let words = said(language);
    let (bench, screen, mut admin) = window(plan().pendo().build().await.connected().await).await;
    screen
        .look(Look {
            language,
            ..Look::WIDE
        })
        .await;
    open(&screen, &bench, "/s/1/overview").await;
    screen.click(".side a[href$='/destination']").await;

    // A wrong key, one that may only read, one of another region: each is said, and nothing is connected.
    enter(&screen, "nobody-has-this-one", "us").await;
    screen.says("TRB0051").await;
    screen.says(words.revoked).await;
    enter(&screen, READ_KEY, "us").await;
    screen.says("TRB0052").await;
    screen.says("Allow Write Access").await;
    enter(&screen, WRITE_KEY, "jp").await;
    screen.says("TRB0051").await;
    let stored = bench.store.destination(bench.subscription).await.unwrap();
    assert_eq!(stored, None);

    // The right one.
    enter(&screen, WRITE_KEY, "us").await;
    screen.find("#level-visitor").await;
    assert!(!screen.text().await.contains(WRITE_KEY));

    some_are_not_taken(&screen, &bench, &mut admin, &words).await;
    an_outage_ends(&screen, &bench, &mut admin, &words).await;
    let complaints = screen.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
}

/// Of what is sent Pendo knows some ids only, and refuses some values: both lists open from the run.
async fn some_are_not_taken(screen: &Screen, bench: &Bench, admin: &mut Browser, words: &Said) {
    let known = bench.sandbox.known(PORTAL, Object::Contacts);
    let ids: Vec<String> = known.map(|known| known.id).collect();
    let some = ids.iter().enumerate().filter(|(at, _)| at % 10 != 0);
    bench.pendo_knows_visitors(some.map(|(_, id)| id.clone()));
    let refuse = Fault::FailRecords {
        ids: ids[1..9].to_vec(),
        every: 0,
        text: "value is too long".into(),
    };
    let refuse = Script::next(Operation::SetMany, refuse);
    bench.pendo().script(Script { count: 0, ..refuse });
    let key = [("property", sandbox::VISITOR_KEY)];
    admin.post(&mappings("key"), &key).await.leads_to(MAPPINGS);
    save(admin, &FIELDS).await;
    bench.settled(Level::Visitor).await;
    open(screen, bench, "/s/1/runs/1").await;
    screen.says(words.partial).await;
    for (list, says) in [("missing", ""), ("refused", "value is too long")] {
        open(screen, bench, "/s/1/runs/1").await;
        screen
            .click(&format!("#delivery a[href$='/records/{list}']"))
            .await;
        screen.find("td a[href*='app.hubspot.com']").await;
        screen.says(says).await;
    }
    bench.pendo().clear_script();
    bench.pendo_knows_visitors(ids);
}

/// The run is not proved while changes wait, and is as soon as they are sent; the page keeps itself up to date.
async fn an_outage_ends(screen: &Screen, bench: &Bench, admin: &mut Browser, words: &Said) {
    save(admin, &["lifecyclestage", "plan_tier", "city"]).await;
    bench.settled(Level::Visitor).await;
    bench.all_sent(Level::Visitor).await;
    bench.pendo().outage(true);
    save(admin, &["lifecyclestage", "plan_tier", "city", "company"]).await;
    bench.settled(Level::Visitor).await;
    open(screen, bench, "/s/1/runs/3").await;
    screen.says(words.delivering).await;
    screen.says(words.away).await;
    bench.pendo().outage(false);
    bench.pass(Duration::from_hours(2));
    bench.all_sent(Level::Visitor).await;
    screen.gone("#delivery-poll").await;
    screen.says(words.proved).await;
    open(screen, bench, DESTINATION).await;
    screen.find("#level-visitor").await;
    assert!(!screen.has("#levels-poll").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_in_english() {
    destination("en").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_in_japanese() {
    destination("ja").await;
}
