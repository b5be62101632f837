//! What becomes of fields: removed and added again, held, by the thousand.

use model::{Level, Translator, Unimportable};
use sandbox::{Action, Command, Kind, Object, PortalConfig, Rule};
use store::run::State;
use sync::{ReaderChoice, RunReport};

use crate::{PORTAL, World};

fn archive(name: &str) -> Command {
    Command::ArchiveProperty {
        object: Object::Contacts,
        name: name.to_owned(),
    }
}

fn restore(name: &str) -> Command {
    Command::RestoreProperty {
        object: Object::Contacts,
        name: name.to_owned(),
    }
}

fn retype(name: &str, kind: &str, field: &str) -> Command {
    Command::RetypeProperty {
        object: Object::Contacts,
        name: name.to_owned(),
        kind: kind.to_owned(),
        field: field.to_owned(),
    }
}

/// A partial run that held just this field.
fn assert_held(report: &RunReport, field: &str) {
    let held: Vec<&str> = report.held.keys().map(String::as_str).collect();
    assert_eq!(
        (report.result, report.proved, &held[..]),
        (State::Partial, false, &[field][..]),
        "{}",
        serde_json::to_string_pretty(report).unwrap()
    );
    let destination = report.proof.destination.as_ref().unwrap();
    assert_eq!(destination.expected, destination.stored);
    assert_eq!((report.counts.failed, report.counts.unread), (0, 0));
}

#[tokio::test]
async fn a_removed_field_keeps_its_values_and_goes_on_when_it_is_added_again() {
    let both = ["mrr", "plan_tier"];
    let world = World::clean(4).await.mapped(&both).await;
    let (record, id) = world.contacts().remove(1);
    world.set(record, "mrr", "1");
    world.proved().await;
    world.map(Level::Visitor, &["plan_tier"]).await;
    world.set(record, "mrr", "2");
    world.set(record, "plan_tier", "moved");
    let report = world.proved().await;
    assert_eq!((report.values.written, report.values.cleared), (1, 0));
    assert_eq!(world.value(&id, "mrr").await.as_deref(), Some("1"));
    assert_eq!(
        world.value(&id, "plan_tier").await.as_deref(),
        Some("\"moved\"")
    );
    world.map(Level::Visitor, &both).await;
    let report = world.proved().await;
    assert_eq!((report.values.written, report.counts.changed), (1, 1));
    assert_eq!(world.value(&id, "mrr").await.as_deref(), Some("2"));
}

#[tokio::test]
async fn an_added_field_fills_up_and_writes_nothing_else() {
    let world = World::clean(6).await.mapped(&["plan_tier"]).await;
    world.proved().await;
    world.define("note", "string", "text");
    let contacts = world.contacts();
    for (record, _) in &contacts[..2] {
        world.set(*record, "note", "new");
    }
    world.map(Level::Visitor, &["note", "plan_tier"]).await;
    let report = world.proved().await;
    assert_eq!((report.values.written, report.values.cleared), (2, 0));
    assert_eq!((report.counts.changed, report.counts.unchanged), (2, 4));
    world
        .assert_holds_the_truth(Level::Visitor, &["note", "plan_tier"])
        .await;
    assert_eq!(world.proved().await.counts.changed, 0);
}

#[tokio::test]
async fn an_archived_property_holds_its_field_and_no_other() {
    for reader in [ReaderChoice::Search, ReaderChoice::List] {
        let world = World::clean(4).await.reading(reader);
        let world = world.mapped(&["mrr", "plan_tier"]).await;
        let (record, id) = world.contacts().remove(1);
        world.set(record, "mrr", "1");
        world.proved().await;
        world.act(&archive("mrr"));
        world.set(record, "plan_tier", "moved");
        let report = world.sync().await;
        assert_held(&report, "mrr");
        assert_eq!((report.values.written, report.values.cleared), (1, 0));
        assert_eq!(world.value(&id, "mrr").await.as_deref(), Some("1"));
        assert_eq!(
            world.value(&id, "plan_tier").await.as_deref(),
            Some("\"moved\"")
        );
        let again = world.sync().await;
        assert_held(&again, "mrr");
        assert_eq!(again.counts.changed, 0);
        world.act(&restore("mrr"));
        world.set(record, "mrr", "2");
        assert_eq!(world.proved().await.values.written, 1);
        assert_eq!(world.value(&id, "mrr").await.as_deref(), Some("2"));
    }
}

#[tokio::test]
async fn a_property_archived_between_two_pages_blanks_nothing() {
    for (reader, kind, pages) in [
        (ReaderChoice::Search, Kind::Search, [3, 4]),
        (ReaderChoice::List, Kind::List, [1, 4]),
    ] {
        for page in pages {
            let world = World::clean(450).await.reading(reader);
            let world = world.mapped(&["mrr", "plan_tier"]).await;
            world.proved().await;
            let before = world.stored().await;
            let moved = world.contacts().remove(449);
            world.set(moved.0, "plan_tier", "moved");
            let gone = Action::Run {
                portal: None,
                command: archive("mrr"),
            };
            world.sandbox.script(Rule::next(kind, gone).after(page));
            let report = world.sync().await;
            assert_eq!(world.sandbox.rules_left(), 0);
            assert_held(&report, "mrr");
            assert_eq!((report.values.written, report.values.cleared), (1, 0));
            let mut after = world.stored().await;
            assert_ne!(after.remove(&moved.1), before.get(&moved.1).cloned());
            assert!(after.iter().all(|(id, stored)| before[id] == *stored));
            assert!(world.value(&moved.1, "mrr").await.is_some());
        }
    }
}

#[tokio::test]
async fn a_property_archived_after_the_last_page_blanks_nothing_either() {
    let world = World::clean(5).await.mapped(&["mrr", "plan_tier"]).await;
    world.proved().await;
    let (record, id) = world.contacts().remove(2);
    let before = world.value(&id, "mrr").await;
    assert!(before.is_some());
    // The index has lost a linked record, which is read by its id at the very end.
    world.set(record, sandbox::VISITOR_KEY, "");
    world
        .sandbox
        .knobs(PORTAL, |knobs| knobs.index_delay_ms = 3_600_000);
    world.set(record, sandbox::VISITOR_KEY, &id);
    let gone = Action::Run {
        portal: None,
        command: archive("mrr"),
    };
    world.sandbox.script(Rule::next(Kind::BatchRead, gone));
    let report = world.sync().await;
    assert_eq!(world.sandbox.rules_left(), 0);
    assert_eq!(world.value(&id, "mrr").await, before);
    assert_held(&report, "mrr");
}

#[tokio::test]
async fn a_property_that_came_and_went_within_a_run_is_no_trouble() {
    let world = World::clean(450).await.mapped(&["mrr"]).await;
    world.proved().await;
    for (command, page) in [(archive("mrr"), 3), (restore("mrr"), 4)] {
        let action = Action::Run {
            portal: None,
            command,
        };
        world
            .sandbox
            .script(Rule::next(Kind::Search, action).after(page));
    }
    let before = world.stored().await;
    let report = world.sync().await;
    assert_eq!(world.sandbox.rules_left(), 0);
    assert_eq!(
        (report.values.cleared, world.stored().await == before),
        (0, true)
    );
    // Unless somebody looked in between, when it was gone.
    if !report.proved {
        assert_held(&report, "mrr");
        world.proved().await;
    }
}

#[tokio::test]
async fn a_property_of_another_type_holds_its_field() {
    let world = World::clean(4).await.mapped(&["mrr", "plan_tier"]).await;
    world.proved().await;
    let before = world.stored().await;
    for (kind, field) in [("string", "text"), ("date", "date"), ("hologram", "text")] {
        world.act(&retype("mrr", kind, field));
        let report = world.sync().await;
        assert_held(&report, "mrr");
        assert_eq!(report.counts.changed, 0);
        assert_eq!(world.stored().await, before);
    }
    world.act(&retype("mrr", "number", "number"));
    assert_eq!(world.proved().await.counts.changed, 0);
    // What is text in another way is still text.
    world.act(&retype("plan_tier", "string", "textarea"));
    assert_eq!(world.proved().await.counts.changed, 0);
}

#[tokio::test]
async fn a_property_of_unknown_type_is_refused_and_the_others_go_on() {
    let world = World::clean(3).await;
    world.define("shape", "hologram", "text");
    let catalogue = world
        .context
        .client
        .properties(Level::Visitor.object())
        .await
        .unwrap();
    let shape = catalogue
        .iter()
        .find(|property| property.name.as_str() == "shape")
        .unwrap();
    assert_eq!(
        Translator::for_property(shape),
        Err(Unimportable::UnknownType {
            kind: "hologram".to_owned()
        })
    );
    world.mapped(&["plan_tier"]).await.proved().await;
}

#[tokio::test]
async fn without_its_key_property_a_run_fails_and_changes_nothing() {
    let world = World::clean(4).await.mapped(&["plan_tier"]).await;
    world.proved().await;
    world.act(&archive(sandbox::VISITOR_KEY));
    let report = world.failed("TRB0002").await;
    assert_eq!(report.counts.links_ended, 0);
    world.act(&restore(sandbox::VISITOR_KEY));
    assert_eq!(world.proved().await.counts.changed, 0);
}

#[tokio::test]
async fn a_key_property_archived_between_two_pages_ends_the_run_and_no_link() {
    for (reader, kind, page) in [
        (ReaderChoice::Search, Kind::Search, 3),
        (ReaderChoice::List, Kind::List, 2),
    ] {
        let world = World::clean(450).await.reading(reader);
        let world = world.mapped(&["plan_tier"]).await;
        world.proved().await;
        let before = world.stored().await;
        let gone = Action::Run {
            portal: None,
            command: archive(sandbox::VISITOR_KEY),
        };
        world.sandbox.script(Rule::next(kind, gone).after(page));
        let report = world.sync().await;
        assert_eq!(world.sandbox.rules_left(), 0);
        assert_eq!(
            (report.result, report.proved),
            (State::Failed, false),
            "{reader:?}: {report:?}"
        );
        assert_eq!(world.stored().await, before);
    }
}

#[tokio::test]
async fn of_twelve_hundred_selected_properties_none_is_lost() {
    let portal = PortalConfig {
        extra_properties: 1_200,
        ..PortalConfig::bench(PORTAL, 3)
    };
    let world = World::of(portal).await;
    let names: Vec<String> = (1..=1_200)
        .map(|n| format!("imported_field_with_a_long_name_{n:04}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = world.mapped(&names).await;
    for reader in [ReaderChoice::List, ReaderChoice::Search] {
        world.context.reader = reader;
        let report = world.proved().await;
        assert_eq!(report.proof.destination.unwrap().fields.len(), 1_200);
        world.assert_holds_the_truth(Level::Visitor, &names).await;
        if reader == ReaderChoice::List {
            assert!(
                report.calls.list > 1 && report.values.written > 1_200,
                "{:?} {:?}",
                report.calls,
                report.values
            );
        } else {
            assert_eq!(report.counts.changed, 0);
        }
    }
}

#[tokio::test]
async fn a_dry_run_after_changes_foretells_them() {
    let world = World::clean(4).await.mapped(&["mrr", "plan_tier"]).await;
    let contacts = world.contacts();
    world.proved().await;
    let before = world.stored().await;
    world.set(contacts[0].0, "mrr", "77");
    world.set(contacts[1].0, "plan_tier", "");
    world.set(contacts[2].0, sandbox::VISITOR_KEY, "");
    let dry = world.run(Level::Visitor, true).await;
    assert_eq!((dry.values.written, dry.values.cleared), (1, 1));
    assert_eq!((dry.counts.changed, dry.counts.links_ended), (2, 1));
    assert_eq!(world.stored().await, before);
    let real = world.proved().await;
    assert_eq!(
        (dry.counts, dry.values, dry.ids),
        (real.counts, real.values, real.ids)
    );
}
