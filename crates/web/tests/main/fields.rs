//! The third step of a data mapping: the fields, chosen in a form that two people may have open.

use sandbox::VISITOR_KEY;
use store::mapping::EmptyPolicy;

use crate::{
    bench::{Bench, MAPPINGS, bench, mappings, save},
    browser::Browser,
};

/// The properties that are mapped.
async fn mapped(bench: &Bench) -> Vec<(String, String)> {
    let mapping = bench
        .store
        .mapping(bench.visitors())
        .await
        .unwrap()
        .unwrap();
    let fields = mapping.fields.into_iter();
    fields
        .map(|field| (field.property.to_string(), field.display_name))
        .collect()
}

async fn keyed() -> Bench {
    let mut bench = bench().await.connected().await;
    let mut admin = bench.admin().await;
    let form = [("property", VISITOR_KEY)];
    admin.post(&mappings("key"), &form).await.leads_to(MAPPINGS);
    bench
}

async fn base(browser: &mut Browser) -> String {
    browser.get(MAPPINGS).await.ok().value("base")
}

#[tokio::test]
async fn the_menu_offers_what_can_come_and_says_why_the_rest_cannot() {
    let mut bench = keyed().await;
    let mut admin = bench.admin().await;
    let page = admin
        .post(&mappings("fields/menu"), &[("field", "plan_tier")])
        .await
        .ok();
    let page = page
        .has("value=\"lifecyclestage\"")
        .has("value=\"mrr\"")
        .has("No sample has been read yet")
        .has("properties cannot be imported");
    let checked = page.body.split("name=\"add\"").skip(1);
    let checked: Vec<_> = checked
        .filter(|input| input.split('>').next().unwrap().contains("checked"))
        .collect();
    assert_eq!(checked.len(), 1);
    assert!(
        checked[0].starts_with(" value=\"plan_tier\""),
        "{}",
        checked[0]
    );
}

#[tokio::test]
async fn fields_are_chosen_in_the_menu_and_nothing_is_saved_yet() {
    let mut bench = keyed().await;
    let mut admin = bench.admin().await;
    let base = base(&mut admin).await;
    // What was chosen before and is not checked any more goes; what the menu does not offer stays.
    let form = [
        ("base", &*base),
        ("field", "city"),
        ("field", "plan_tier"),
        ("menu", "yes"),
        ("offered", "plan_tier"),
        ("offered", "mrr"),
        ("offered", "lifecyclestage"),
        ("add", "mrr"),
        ("add", "lifecyclestage"),
    ];
    let page = admin.post(&mappings("fields"), &form).await.ok();
    for name in ["city", "mrr", "lifecyclestage"] {
        assert!(
            page.body
                .contains(&format!("name=\"field\" value=\"{name}\"")),
            "{name}: {page:#?}"
        );
    }
    let page = page
        .has("Not saved yet")
        .lacks("name=\"field\" value=\"plan_tier\"");
    assert_eq!(page.value("base"), base);
    assert_eq!(mapped(&bench).await, []);
    // A menu that was closed without a word changes nothing.
    let form = [("field", "city"), ("offered", "mrr"), ("add", "mrr")];
    let page = admin.post(&mappings("fields"), &form).await.ok();
    page.has("value=\"city\"").lacks("value=\"mrr\"");
    // X takes one out.
    let form = [("field", "city"), ("field", "mrr"), ("remove", "city")];
    let page = admin.post(&mappings("fields"), &form).await.ok();
    page.has("value=\"mrr\"")
        .lacks("name=\"field\" value=\"city\"");
}

#[tokio::test]
async fn saving_keeps_display_names_and_what_an_emptied_value_does() {
    let mut bench = keyed().await;
    let mut admin = bench.admin().await;
    let base = base(&mut admin).await;
    let form = [
        ("base", &*base),
        ("field", "plan_tier"),
        ("label:plan_tier", "Plan <now>"),
        ("field", "mrr"),
        ("when_empty", "keep"),
    ];
    admin
        .post(&mappings("save"), &form)
        .await
        .leads_to(MAPPINGS);
    let fields = mapped(&bench).await;
    assert_eq!(fields.len(), 2);
    assert!(
        fields.contains(&("plan_tier".into(), "Plan <now>".into())),
        "{fields:?}"
    );
    let mapping = bench
        .store
        .mapping(bench.visitors())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(mapping.empty, EmptyPolicy::Keep);
    bench.settled(model::Level::Visitor).await;
}

#[tokio::test]
async fn whoever_saves_second_is_told_what_differs_and_loses_nothing() {
    let mut bench = keyed().await;
    let mut first = bench.admin().await;
    let mut second = bench.second_admin().await;
    let base_of_second = base(&mut second).await;
    save(&mut first, &["plan_tier", "mrr"]).await;
    bench.settled(model::Level::Visitor).await;
    let before = mapped(&bench).await;
    let form = [
        ("base", &*base_of_second),
        ("field", "plan_tier"),
        ("field", "city"),
        ("label:city", "Town"),
        ("when_empty", "keep"),
    ];
    let page = second.post(&mappings("save"), &form).await.is(409);
    let page = page
        .has("Somebody else has saved this mapping meanwhile")
        .has("<code>+ mrr</code>")
        .has("<code>− city</code>")
        .has("value=\"Town\"")
        .has("value=\"keep\" checked");
    assert_eq!(mapped(&bench).await, before);
    let runs = bench
        .store
        .runs(bench.subscription, None, 10)
        .await
        .unwrap();
    assert_eq!(runs.len(), 1, "no run was started");
    // From what the page says now, it is saved.
    let base = page.value("base");
    let mut form = form;
    form[0] = ("base", &base);
    second
        .post(&mappings("save"), &form)
        .await
        .leads_to(MAPPINGS);
    bench.settled(model::Level::Visitor).await;
    assert!(
        mapped(&bench)
            .await
            .contains(&("city".into(), "Town".into()))
    );
}

#[tokio::test]
async fn another_display_name_is_a_difference_that_is_named() {
    let mut bench = keyed().await;
    let mut first = bench.admin().await;
    let mut second = bench.second_admin().await;
    save(&mut first, &["plan_tier"]).await;
    bench.settled(model::Level::Visitor).await;
    let base_of_second = base(&mut second).await;
    let base = base(&mut first).await;
    let form = [
        ("base", &*base),
        ("field", "plan_tier"),
        ("label:plan_tier", "Edition"),
    ];
    first
        .post(&mappings("save"), &form)
        .await
        .leads_to(MAPPINGS);
    bench.settled(model::Level::Visitor).await;
    let form = [
        ("base", &*base_of_second),
        ("field", "plan_tier"),
        ("label:plan_tier", "Tier"),
    ];
    let page = second.post(&mappings("save"), &form).await.is(409);
    page.has("plan_tier: Edition").has("value=\"Tier\"");
}

#[tokio::test]
async fn what_cannot_be_saved_is_said() {
    let mut bench = keyed().await;
    let mut admin = bench.admin().await;
    let base = base(&mut admin).await;
    let page = admin
        .post(&mappings("save"), &[("base", &base)])
        .await
        .is(409);
    page.has("Choose at least one field");
    let form = [
        ("base", &*base),
        ("field", "plan_tier"),
        ("field", "no_such_property"),
    ];
    let page = admin.post(&mappings("save"), &form).await.is(409);
    page.has("role=\"alert\"").has("value=\"plan_tier\"");
    assert_eq!(mapped(&bench).await, []);
    // Without a key there is nothing to save fields for.
    let form = [("base", "x"), ("field", "industry")];
    let page = admin
        .post("/s/1/settings/data-mappings/account/save", &form)
        .await;
    page.is(409).has("Set the key property first");
    assert!(
        bench
            .store
            .runs(bench.subscription, None, 1)
            .await
            .unwrap()
            .is_empty()
    );
}
