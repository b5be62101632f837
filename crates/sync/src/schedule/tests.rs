use std::collections::BTreeMap;

use jiff::{ToSpan as _, ZonedDateTime, civil::date, tz};
use proptest::prelude::*;
use store::SubscriptionId;

use super::*;

const NO_TIME: SignedDuration = SignedDuration::ZERO;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn moment(text: &str) -> Timestamp {
    text.parse::<ZonedDateTime>().unwrap().timestamp()
}

fn table(rhythm: &str, name: &str) -> Timetable {
    let place = Place::of_subscription(SubscriptionId(1));
    Timetable::new(rhythm.parse().unwrap(), zone(name), place, NO_TIME)
}

/// The night that is not over at noon of the day before, as local times.
fn night(name: &str, year: i16, month: i8, day: i8) -> (String, String) {
    let noon = date(year, month, day).yesterday().unwrap().at(12, 0, 0, 0);
    let noon = noon.to_zoned_datetime(zone(name)).unwrap().timestamp();
    let window = table("nightly", name).open_after(noon).unwrap();
    let local = |at: Timestamp| {
        at.to_zoned_datetime(zone(name))
            .strftime("%F %R %:z")
            .to_string()
    };
    (local(window.opens), local(window.closes))
}

fn assert_night(name: &str, day: (i16, i8, i8), opens: &str, closes: &str) {
    let (year, month, day) = day;
    let expected = (opens.to_owned(), closes.to_owned());
    assert_eq!(night(name, year, month, day), expected, "{name}");
}

#[test]
fn an_ordinary_night_lasts_from_midnight_to_six() {
    assert_night(
        "Asia/Tokyo",
        (2026, 11, 27),
        "2026-11-27 00:00 +09:00",
        "2026-11-27 06:00 +09:00",
    );
}

#[test]
fn zones_between_the_hours_have_their_own_midnight() {
    for (name, offset) in [
        ("Asia/Kolkata", "+05:30"),
        ("Asia/Kathmandu", "+05:45"),
        ("Australia/Eucla", "+08:45"),
        ("Pacific/Marquesas", "-09:30"),
    ] {
        assert_night(
            name,
            (2026, 6, 1),
            &format!("2026-06-01 00:00 {offset}"),
            &format!("2026-06-01 06:00 {offset}"),
        );
    }
}

#[test]
fn a_night_in_which_clocks_change_is_shorter_or_longer() {
    assert_night(
        "Europe/Berlin",
        (2027, 3, 28),
        "2027-03-28 00:00 +01:00",
        "2027-03-28 06:00 +02:00",
    );
    assert_night(
        "Europe/Berlin",
        (2026, 10, 25),
        "2026-10-25 00:00 +02:00",
        "2026-10-25 06:00 +01:00",
    );
    // By half an hour only.
    assert_night(
        "Australia/Lord_Howe",
        (2026, 10, 4),
        "2026-10-04 00:00 +10:30",
        "2026-10-04 06:00 +11:00",
    );
}

#[test]
fn a_midnight_that_does_not_exist_is_the_first_moment_after_it() {
    assert_night(
        "America/Santiago",
        (2026, 9, 6),
        "2026-09-06 01:00 -03:00",
        "2026-09-06 06:00 -03:00",
    );
    assert_night(
        "Africa/Cairo",
        (2026, 4, 24),
        "2026-04-24 01:00 +03:00",
        "2026-04-24 06:00 +03:00",
    );
}

#[test]
fn a_midnight_that_comes_twice_is_the_earlier_one() {
    assert_night(
        "America/Havana",
        (2026, 11, 1),
        "2026-11-01 00:00 -04:00",
        "2026-11-01 06:00 -05:00",
    );
    // The hour before midnight comes twice: the night begins after the second.
    assert_night(
        "America/Santiago",
        (2027, 4, 4),
        "2027-04-04 00:00 -04:00",
        "2027-04-04 06:00 -04:00",
    );
}

#[test]
fn a_leap_day_has_its_night_and_a_day_that_was_left_out_has_none() {
    assert_night(
        "UTC",
        (2028, 2, 29),
        "2028-02-29 00:00 +00:00",
        "2028-02-29 06:00 +00:00",
    );
    // Samoa went from 29 to 31 December 2011.
    assert_night(
        "Pacific/Apia",
        (2011, 12, 30),
        "2011-12-31 00:00 +14:00",
        "2011-12-31 06:00 +14:00",
    );
}

#[test]
fn every_date_of_every_zone_has_one_night_and_they_do_not_touch() {
    let mut zones = 0;
    for name in tz::db().available() {
        let zone = TimeZone::get(name.as_str()).unwrap();
        let place = Place::of_subscription(SubscriptionId(zones));
        let nights = Timetable::new(Rhythm::Nightly, zone.clone(), place, NO_TIME);
        let from = date(2026, 1, 1).to_zoned_datetime(zone.clone()).unwrap();
        let mut expected = date(2026, 1, 1);
        let mut before = from.timestamp();
        for window in nights.windows(from.timestamp()).take(366 * 2) {
            assert!(window.opens >= before, "{name:?}: {window:?}");
            assert!(window.opens <= window.starts && window.starts < window.closes);
            let hours = window.closes.duration_since(window.opens).as_hours();
            // The Troll station moves its clocks by two hours.
            assert!((4..=8).contains(&hours), "{name:?}: {hours} hours");
            assert_eq!(
                window.opens.to_zoned_datetime(zone.clone()).date(),
                expected
            );
            expected = expected.tomorrow().unwrap();
            before = window.closes;
        }
        zones += 1;
    }
    assert!(zones > 300, "only {zones} zones are known");
}

#[test]
fn a_start_leaves_room_for_what_is_to_be_done() {
    let noon = moment("2026-06-01T12:00[UTC]");
    for (estimate, reserved) in [(0, 15), (12, 15), (13, 30), (60, 75), (280, 360)] {
        for id in 0..500 {
            let place = Place::of_subscription(SubscriptionId(id));
            let estimate = SignedDuration::from_mins(estimate);
            let nights = Timetable::new(Rhythm::Nightly, TimeZone::UTC, place, estimate);
            let night = nights.open_after(noon).unwrap();
            let left = night.closes.duration_since(night.starts);
            assert!(left >= SignedDuration::from_mins(reserved), "{left}");
        }
    }
    // What takes longer than the night begins with it.
    let long = SignedDuration::from_hours(9);
    let place = Place::of_subscription(SubscriptionId(7));
    let nights = Timetable::new(Rhythm::Nightly, TimeZone::UTC, place, long);
    let night = nights.open_after(noon).unwrap();
    assert_eq!(night.starts, night.opens);
}

#[test]
fn a_subscription_starts_at_the_same_time_every_ordinary_night() {
    let tokyo = zone("Asia/Tokyo");
    let place = Place::of_subscription(SubscriptionId(42));
    for (first, second) in [(1, 12), (61, 70)] {
        let starts = |minutes| {
            let estimate = SignedDuration::from_mins(minutes);
            let nights = Timetable::new(Rhythm::Nightly, tokyo.clone(), place, estimate);
            let from = moment("2026-01-01T12:00[Asia/Tokyo]");
            let nights: Vec<_> = nights.windows(from).take(300).collect();
            let times = nights
                .iter()
                .map(|night| night.starts.duration_since(night.opens));
            let mut times: Vec<_> = times.collect();
            times.dedup();
            assert_eq!(times.len(), 1);
            times[0]
        };
        // Nor does it move with an estimate that is a little other.
        assert_eq!(starts(first), starts(second));
    }
}

/// Two thousand subscriptions in 24 zones over a year, both clock changes among it: no night is missed, none comes twice, and
/// no quarter of an hour gets a fifth more or less than the mean of those in which a start fits.
#[test]
fn starts_of_a_year_are_spread_over_the_night() {
    const SUBSCRIPTIONS: i64 = 2_000;
    const ZONES: [&str; 24] = [
        "Pacific/Honolulu",
        "America/Anchorage",
        "America/Los_Angeles",
        "America/Denver",
        "America/Chicago",
        "America/New_York",
        "America/Santiago",
        "America/St_Johns",
        "America/Sao_Paulo",
        "Atlantic/Azores",
        "Europe/London",
        "Europe/Berlin",
        "Europe/Athens",
        "Africa/Cairo",
        "Asia/Tehran",
        "Asia/Dubai",
        "Asia/Karachi",
        "Asia/Kolkata",
        "Asia/Dhaka",
        "Asia/Bangkok",
        "Asia/Singapore",
        "Asia/Tokyo",
        "Australia/Sydney",
        "Pacific/Auckland",
    ];
    let estimate = SignedDuration::from_mins(10);
    let mut quarters: BTreeMap<i64, u64> = BTreeMap::new();
    for id in 1..=SUBSCRIPTIONS {
        let zone = zone(ZONES[usize::try_from(id).unwrap() % ZONES.len()]);
        let place = Place::of_subscription(SubscriptionId(id));
        let from = date(2026, 1, 1).to_zoned_datetime(zone.clone()).unwrap();
        let to = date(2027, 1, 1)
            .to_zoned_datetime(zone.clone())
            .unwrap()
            .timestamp();
        let nights = Timetable::new(Rhythm::Nightly, zone.clone(), place, estimate);
        let nights: Vec<_> = nights
            .windows(from.timestamp())
            .take_while(|night| night.opens < to)
            .collect();
        assert_eq!(nights.len(), 365);
        for night in nights {
            let quarter = night.starts.duration_since(night.opens).as_mins() / 15;
            *quarters.entry(quarter).or_default() += 1;
        }
    }
    // Nights with a clock change are too few to fill their other quarters.
    let ordinary: Vec<u64> = (0..23).map(|quarter| quarters[&quarter]).collect();
    let mean = ordinary.iter().sum::<u64>() / 23;
    for (quarter, starts) in ordinary.into_iter().enumerate() {
        let apart = starts.abs_diff(mean);
        assert!(
            apart * 5 <= mean,
            "{starts} start in quarter {quarter}, {mean} on average"
        );
    }
}

#[test]
fn a_zone_that_is_changed_in_mid_day_changes_the_windows_alone() {
    let noon = moment("2026-06-01T12:00[Asia/Tokyo]");
    let before = table("nightly", "Asia/Tokyo").open_after(noon).unwrap();
    let after = table("nightly", "America/Los_Angeles")
        .open_after(noon)
        .unwrap();
    assert_eq!(before.opens, moment("2026-06-02T00:00[Asia/Tokyo]"));
    assert_eq!(after.opens, moment("2026-06-01T00:00[America/Los_Angeles]"));
}

#[test]
fn intervals_follow_each_other_whatever_the_clocks_do() {
    let berlin = table("every 45 minutes", "Europe/Berlin");
    let from = moment("2027-03-28T00:00[Europe/Berlin]");
    let windows: Vec<_> = berlin.windows(from).take(100).collect();
    assert!(windows[0].opens <= from && from < windows[0].closes);
    for pair in windows.windows(2) {
        assert_eq!(pair[0].closes, pair[1].opens);
        assert_eq!(pair[0].closes, pair[0].opens + 45.minutes());
        assert_eq!(pair[0].starts, pair[0].opens);
    }
}

#[test]
fn neighbours_do_not_start_together() {
    let starts = |id| {
        let place = Place::of_subscription(SubscriptionId(id));
        let hourly = Timetable::new(Rhythm::Every(60), TimeZone::UTC, place, NO_TIME);
        let window = hourly.open_after(Timestamp::UNIX_EPOCH).unwrap();
        window.starts.as_second()
    };
    let mut all: Vec<_> = (1..=100).map(starts).collect();
    all.sort_unstable();
    for pair in all.windows(2) {
        assert!(pair[1] - pair[0] >= 13, "{pair:?}");
    }
}

#[test]
fn a_cron_expression_is_read_in_the_zone() {
    let weekdays = table("cron 30 3 * * 1-5", "Asia/Tokyo");
    let friday = moment("2026-11-27T12:00[Asia/Tokyo]");
    let window = weekdays.open_after(friday).unwrap();
    assert_eq!(window.opens, moment("2026-11-30T03:30[Asia/Tokyo]"));
    assert_eq!(window.closes, moment("2026-11-30T09:30[Asia/Tokyo]"));
    // It can be caught up with for six hours, or until it comes again.
    let late = moment("2026-11-30T09:29[Asia/Tokyo]");
    assert_eq!(weekdays.open_after(late).unwrap(), window);
    let often = table("cron 0 */2 * * *", "Asia/Tokyo");
    let window = often.open_after(late).unwrap();
    assert_eq!(window.closes, moment("2026-11-30T10:00[Asia/Tokyo]"));
}

#[test]
fn a_cron_time_that_is_left_out_or_comes_twice_comes_once() {
    let table = table("cron 30 2 * * *", "Europe/Berlin");
    let starts = |from: &str| {
        let windows = table.windows(moment(from)).take(3);
        let starts = windows.map(|window| window.starts.to_zoned_datetime(zone("Europe/Berlin")));
        starts
            .map(|at| at.strftime("%F %R %:z").to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        starts("2027-03-27T12:00[Europe/Berlin]"),
        [
            "2027-03-28 03:00 +02:00",
            "2027-03-29 02:30 +02:00",
            "2027-03-30 02:30 +02:00"
        ]
    );
    assert_eq!(
        starts("2026-10-24T12:00[Europe/Berlin]"),
        [
            "2026-10-25 02:30 +02:00",
            "2026-10-26 02:30 +01:00",
            "2026-10-27 02:30 +01:00"
        ]
    );
}

#[test]
fn rhythms_are_read_back_as_written() {
    for (text, written) in [
        ("nightly", "nightly"),
        (" Nightly ", "nightly"),
        ("hourly", "every 60 minutes"),
        ("every 30", "every 30 minutes"),
        ("every 1440 minutes", "every 1440 minutes"),
        ("cron  0  3 * * 1-5", "cron 0 3 * * 1-5"),
        ("cron @daily", "cron @daily"),
    ] {
        let rhythm: Rhythm = text.parse().unwrap();
        assert_eq!(rhythm.to_string(), written);
        assert_eq!(rhythm.to_string().parse(), Ok(rhythm));
    }
}

#[test]
fn what_is_no_rhythm_is_refused_with_the_reason() {
    let refused = |text: &str| text.parse::<Rhythm>().unwrap_err();
    assert_eq!(refused("weekly"), BadRhythm::Unknown("weekly".into()));
    assert_eq!(
        refused("nightly please"),
        BadRhythm::Unknown("nightly please".into())
    );
    assert_eq!(refused("cron"), BadRhythm::Unknown("cron".into()));
    for interval in ["4", "0", "-5", "1441", "half", ""] {
        let text = format!("every {interval}");
        assert_eq!(refused(&text), BadRhythm::Interval(interval.into()));
    }
    assert_eq!(refused("cron * * * * *"), BadRhythm::TooOften);
    assert_eq!(refused("cron 0,2 3 * * *"), BadRhythm::TooOften);
    assert_eq!(refused("cron 0 0 30 2 *"), BadRhythm::Never);
    for expression in [
        "61 * * * *",
        "* * *",
        "0 0 0 * * *",
        "every day",
        "0 3 * * *;",
    ] {
        let text = format!("cron {expression}");
        assert!(matches!(refused(&text), BadRhythm::Cron(_)), "{text}");
    }
}

proptest! {
    /// Whatever the moment: the window is not over, and the one before it is.
    #[test]
    fn the_window_is_the_first_that_is_not_over(
        millis in 0_i64..4_102_444_800_000,
        id in 1_i64..100_000,
        minutes in 0_i64..500,
        rhythm in prop::sample::select(vec!["nightly", "every 7", "hourly", "cron 5 */3 * * *", "cron 0 2 29 2 *"]),
        name in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/Havana", "America/Santiago", "Asia/Kolkata"]),
    ) {
        let now = Timestamp::from_millisecond(millis).unwrap();
        let place = Place::of_subscription(SubscriptionId(id));
        let estimate = SignedDuration::from_mins(minutes);
        let table = Timetable::new(rhythm.parse().unwrap(), zone(name), place, estimate);
        let window = table.open_after(now).unwrap();
        prop_assert!(window.opens <= window.starts && window.starts < window.closes);
        prop_assert!(now < window.closes);
        // Asked at any moment until it is over, the answer is the same.
        prop_assert_eq!(table.open_after(window.closes - 1.millisecond()), Some(window));
        prop_assert_eq!(table.open_after(window.opens), Some(window));
        let next = table.open_after(window.closes).unwrap();
        prop_assert!(next.opens >= window.closes);
    }

    #[test]
    fn no_text_makes_reading_a_rhythm_panic(text in "(cron |every )?.{0,20}") {
        drop(text.parse::<Rhythm>());
    }
}
