//! The report adds up, equals the truth, and a lie is healed or named.

use model::{Level, RecordId};
use sandbox::{Action, Kind, Object, PortalConfig, Rule};
use store::{findings::Only, run::State};
use sync::{Counts, ReaderChoice, RunReport};

use crate::{PORTAL, World, misses_with_key};

const CONTACT_FIELDS: [&str; 7] = [
    "plan_tier",
    "campaign",
    "mrr",
    "is_champion",
    "trial_ends_on",
    "last_login_at",
    "lifecyclestage",
];
const COMPANY_FIELDS: [&str; 4] = [
    "name",
    "annualrevenue",
    "hubspot_owner_id",
    "lifecyclestage",
];

/// A proved run, or a panic with its report.
fn assert_proved(report: &RunReport) {
    assert!(
        report.proved && report.result == State::Success,
        "{}",
        serde_json::to_string_pretty(report).unwrap()
    );
}

#[tokio::test]
async fn both_levels_are_proved_and_hold_the_truth() {
    let world = World::small().await;
    for (level, fields) in [
        (Level::Visitor, &CONTACT_FIELDS[..]),
        (Level::Account, &COMPANY_FIELDS[..]),
    ] {
        world.map(level, fields).await;
        let report = world.run(level, false).await;
        assert_proved(&report);
        let truth = world.truth(level);
        let Counts {
            read,
            matched,
            missed,
            changed,
            unchanged,
            without_key,
            ..
        } = report.counts;
        assert_eq!(
            (report.portal.records, report.portal.with_key),
            (truth.records, truth.with_key)
        );
        assert_eq!(
            (read, matched, missed),
            (truth.with_key, truth.matched, misses_with_key(&truth))
        );
        assert_eq!(changed + unchanged, matched);
        assert_eq!(without_key, truth.missed.null_key + truth.missed.empty_key);
        assert_eq!(
            (report.ids.known, report.ids.without_record),
            (truth.known, truth.without_record)
        );
        world.assert_holds_the_truth(level, fields).await;
    }
}

#[tokio::test]
async fn a_second_run_writes_nothing() {
    let world = World::small().await.mapped(&CONTACT_FIELDS).await;
    let first = world.sync().await;
    assert!(first.values.written > 0);
    let second = world.sync().await;
    assert_proved(&second);
    assert_eq!(
        (
            second.values.written,
            second.values.cleared,
            second.counts.changed
        ),
        (0, 0, 0)
    );
    assert_eq!(second.counts.unchanged, first.counts.matched);
    assert_eq!(
        first.proof.destination.unwrap().stored,
        second.proof.destination.unwrap().stored
    );
}

#[tokio::test]
async fn both_readers_find_the_same() {
    let mut counts = Vec::new();
    for reader in [ReaderChoice::Search, ReaderChoice::List] {
        let mut world = World::small().await.mapped(&CONTACT_FIELDS).await;
        world.context.reader = reader;
        let report = world.sync().await;
        assert_proved(&report);
        world
            .assert_holds_the_truth(Level::Visitor, &CONTACT_FIELDS)
            .await;
        let Counts {
            matched,
            mut missed,
            without_key,
            ..
        } = report.counts;
        let keyless = std::mem::take(&mut missed.empty_key) + without_key;
        counts.push((matched, missed, keyless, report.portal.records));
    }
    assert_eq!(counts[0], counts[1]);
}

#[tokio::test]
async fn a_dry_run_counts_the_same_and_touches_nothing() {
    let world = World::small().await.mapped(&CONTACT_FIELDS).await;
    let dry = world.run(Level::Visitor, true).await;
    assert_proved(&dry);
    let id = world
        .sandbox
        .winners(PORTAL, Object::Contacts, &[])
        .next()
        .unwrap()
        .id;
    assert_eq!(world.hubspot(Level::Visitor, &id).await, None);
    let real = world.sync().await;
    assert_eq!(
        (dry.counts, dry.values, dry.ids),
        (real.counts, real.values, real.ids)
    );
}

#[tokio::test]
async fn the_plan_makes_as_many_calls_as_it_says() {
    let world = World::of(PortalConfig::bench(PORTAL, 1_050))
        .await
        .mapped(&sandbox::BENCH_FIELDS)
        .await;
    world.sandbox.clear_journal();
    let report = world.sync().await;
    assert_proved(&report);
    assert_eq!(report.proof.planned_calls, 6);
    // Two totals before, six pages, one total after.
    assert_eq!(report.calls.search, 9);
    assert_eq!(world.sandbox.tally(Kind::Search).calls, 9);
    assert_eq!(
        (
            report.calls.properties,
            report.calls.batch_read,
            report.calls.list
        ),
        (1, 0, 0)
    );
}

#[tokio::test]
async fn a_large_portal_is_read_from_both_ends_and_no_record_twice() {
    for lie in [
        None,
        Some(Action::OmitRecord { id: None }),
        Some(Action::RepeatPage),
    ] {
        let world = World::of(PortalConfig::bench(PORTAL, 2_450))
            .await
            .mapped(&sandbox::BENCH_FIELDS)
            .await;
        world.sandbox.clear_journal();
        for after in [4, 5] {
            let rule = |lie: &Action| Rule::next(Kind::Search, lie.clone()).after(after);
            lie.iter()
                .map(rule)
                .for_each(|rule| world.sandbox.script(rule));
        }
        let report = world.sync().await;
        assert_proved(&report);
        assert_eq!(world.sandbox.rules_left(), 0);
        assert_eq!(report.counts.read, 2_450);
        assert_eq!(report.proof.planned_calls, 14);
        if lie.is_none() {
            // Two totals before, one after.
            let pages = world.sandbox.tally(Kind::Search).calls - 3;
            assert!((13..=14).contains(&pages), "{pages} pages");
        }
    }
}

#[tokio::test]
async fn a_record_left_out_of_a_page_is_found_and_read() {
    let world = World::small().await.mapped(&CONTACT_FIELDS).await;
    world
        .sandbox
        .script(Rule::next(Kind::Search, Action::OmitRecord { id: None }).after(3));
    let report = world.sync().await;
    assert_eq!(world.sandbox.rules_left(), 0);
    assert_proved(&report);
    assert_eq!(report.proof.healed_records, 1);
    assert_eq!(report.counts.read, world.truth(Level::Visitor).with_key);
    world
        .assert_holds_the_truth(Level::Visitor, &CONTACT_FIELDS)
        .await;
}

#[tokio::test]
async fn a_record_that_is_never_delivered_is_named() {
    let world = World::small().await.mapped(&CONTACT_FIELDS).await;
    let hidden: u64 = world
        .sandbox
        .winners(PORTAL, Object::Contacts, &[])
        .nth(5)
        .unwrap()
        .record
        .parse()
        .unwrap();
    world
        .sandbox
        .script(Rule::next(Kind::Search, Action::OmitRecord { id: Some(hidden) }).times(1_000));
    let report = world.sync().await;
    assert_eq!(
        (report.result, report.proved, report.counts.unread),
        (State::Partial, false, 1)
    );
    let [(first, last)] = report.proof.unread_ranges[..] else {
        panic!("{:?}", report.proof.unread_ranges)
    };
    assert!((first..=last).contains(&hidden));
}

#[tokio::test]
async fn a_page_answered_twice_is_asked_for_again() {
    let world = World::small().await.mapped(&CONTACT_FIELDS).await;
    world
        .sandbox
        .script(Rule::next(Kind::Search, Action::RepeatPage).after(3));
    let report = world.sync().await;
    assert_eq!(world.sandbox.rules_left(), 0);
    assert_proved(&report);
    assert_eq!(report.counts.read, world.truth(Level::Visitor).with_key);
}

#[tokio::test]
async fn one_wrong_total_is_seen_through() {
    for after in [1, 7] {
        let world = World::small().await.mapped(&CONTACT_FIELDS).await;
        world
            .sandbox
            .script(Rule::next(Kind::Search, Action::WrongTotal { by: 3 }).after(after));
        assert_proved(&world.sync().await);
    }
}

#[tokio::test]
async fn totals_that_are_always_wrong_make_the_run_partial() {
    let world = World::small().await.mapped(&CONTACT_FIELDS).await;
    world
        .sandbox
        .script(Rule::next(Kind::Search, Action::WrongTotal { by: 2 }).times(10_000));
    let report = world.sync().await;
    assert_eq!((report.result, report.proved), (State::Partial, false));
    assert!(report.counts.unread > 0 && !report.proof.unread_ranges.is_empty());
    world
        .assert_holds_the_truth(Level::Visitor, &CONTACT_FIELDS)
        .await;
}

#[tokio::test]
async fn totals_that_are_always_too_small_make_the_run_partial() {
    let world = World::small().await.mapped(&CONTACT_FIELDS).await;
    world
        .sandbox
        .script(Rule::next(Kind::Search, Action::WrongTotal { by: -2 }).times(10_000));
    let report = world.sync().await;
    assert_eq!((report.result, report.proved), (State::Partial, false));
    assert_eq!((report.counts.unread, report.proof.uncounted), (0, 2));
    world
        .assert_holds_the_truth(Level::Visitor, &CONTACT_FIELDS)
        .await;
}

#[tokio::test]
async fn a_value_lost_behind_the_products_back_is_written_again() {
    let world = World::small().await.mapped(&CONTACT_FIELDS).await;
    world.sync().await;
    for damage in [
        "UPDATE version SET payload = replace(payload, '\"plan_tier\":', '\"no_tier\":')
         WHERE id = (SELECT max(id) FROM version WHERE payload LIKE '%plan_tier%')",
        "UPDATE version SET payload = '{\"plan_tier\":\"forged\"}' WHERE id = (SELECT max(id) FROM version)",
        "UPDATE version SET payload = 'not json' WHERE id = (SELECT max(id) FROM version)",
        "DELETE FROM version WHERE id = (SELECT max(id) FROM version)",
        "DELETE FROM link WHERE subject_pk = (SELECT max(subject_pk) FROM link)",
        "UPDATE link SET version_id = (SELECT min(id) FROM version) WHERE subject_pk = (SELECT max(subject_pk) FROM link)",
    ] {
        damage_with(&world, damage).await;
        let report = world.sync().await;
        assert_proved(&report);
        assert!(
            report.values.written > 0,
            "{damage}: nothing was written again"
        );
        world
            .assert_holds_the_truth(Level::Visitor, &CONTACT_FIELDS)
            .await;
    }
}

#[tokio::test]
async fn a_store_that_keeps_losing_values_is_named() {
    let world = World::small().await.mapped(&CONTACT_FIELDS).await;
    // Triggers are written differently on each database.
    let lose = match world.scratch.url() {
        None => {
            "CREATE TRIGGER lose AFTER INSERT ON version WHEN NEW.record_id % 7 = 0
             BEGIN UPDATE version SET payload = '{}' WHERE id = NEW.id; END"
        }
        Some(_) => {
            "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql
             AS 'BEGIN NEW.payload := ''{}''; RETURN NEW; END';
             CREATE TRIGGER lose BEFORE INSERT ON version FOR EACH ROW WHEN (NEW.record_id % 7 = 0)
             EXECUTE FUNCTION lose()"
        }
    };
    damage_with(&world, lose).await;
    let report = world.sync().await;
    assert_eq!((report.result, report.proved), (State::Partial, false));
    let destination = report.proof.destination.unwrap();
    assert_ne!(destination.expected, destination.stored);
    assert!(!destination.damaged_ranges.is_empty());
    assert!(destination.fields["plan_tier"].stored < destination.fields["plan_tier"].expected);
}

#[tokio::test]
async fn what_a_run_found_can_be_read_back() {
    let world = World::small().await.mapped(&CONTACT_FIELDS).await;
    let report = world.sync().await;
    let store = &world.context.store;
    let missed = store
        .missed(report.run, &Only::default(), RecordId(0), 10_000)
        .await
        .unwrap();
    assert_eq!(missed.len() as u64, report.counts.missed.total());
    let quarantined = store
        .quarantined(report.run, &Only::default(), (RecordId(0), ""), 10_000)
        .await
        .unwrap();
    assert_eq!(
        quarantined.len() as u64,
        report.quarantined.values().sum::<u64>()
    );
    assert!(!quarantined.is_empty(), "the portal's dirt has bad values");
    let changed = store
        .changed(report.run, &Only::default(), -1, 10_000)
        .await
        .unwrap();
    assert_eq!(changed.len() as u64, report.counts.changed);
    let run = store
        .run(world.subscription, report.run)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(run.report.unwrap(), serde_json::to_value(&report).unwrap());
}

/// Does something to the database that the product does not know of.
async fn damage_with(world: &World, sql: &'static str) {
    let damaged = world.scratch.execute(sql).await;
    assert!(
        sql.starts_with("CREATE") || damaged > 0,
        "{sql}: nothing to damage"
    );
}
