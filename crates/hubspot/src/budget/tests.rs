use super::*;

const START: Timestamp = Timestamp::constant(1_795_132_800, 0);

fn at(milliseconds: u64) -> Timestamp {
    clock::later(START, Duration::from_millis(milliseconds))
}

fn settings() -> QuotaSettings {
    QuotaSettings::default()
}

#[test]
fn the_window_lets_as_many_through_as_the_portal_allows_and_rolls() {
    let mut window = Window::new(&QuotaSettings {
        ten_secondly: Some(3),
        ..settings()
    });
    for milliseconds in [0, 100, 200] {
        window.admit(at(milliseconds)).unwrap();
    }
    assert_eq!(window.admit(at(300)), Err(Duration::from_millis(9_700)));
    assert_eq!(window.left(at(300)), Some(0));
    window.admit(at(10_000)).unwrap();
    assert!(window.admit(at(10_050)).is_err());
}

#[test]
fn the_window_is_learnt_from_headers_and_from_introspection() {
    let mut window = Window::new(&settings());
    assert_eq!(window.limit(), Some(100));
    window.learn_class(false);
    assert_eq!(window.limit(), Some(110));
    window.observe(START, Some(190), Some(189), None);
    assert_eq!(window.limit(), Some(190));
    window.learn_class(true);
    assert_eq!(window.limit(), Some(190));
}

#[test]
fn a_setting_lowers_the_window_but_does_not_raise_it() {
    let mut window = Window::new(&QuotaSettings {
        ten_secondly: Some(150),
        ..settings()
    });
    window.observe(START, Some(190), None, None);
    assert_eq!(window.limit(), Some(150));
    window.observe(START, Some(100), None, None);
    assert_eq!(window.limit(), Some(100));
}

#[test]
fn calls_from_elsewhere_count() {
    let mut window = Window::new(&settings());
    window.admit(START).unwrap();
    window.observe(START, Some(100), Some(0), None);
    assert_eq!(window.left(START), Some(0));
    assert!(window.admit(at(1)).is_err());
    window.observe(START, Some(u32::MAX), Some(0), None);
    assert_eq!(window.limit(), Some(LARGEST_WINDOW));
}

#[test]
fn an_unlimited_window_still_pauses_when_refused() {
    let mut window = Window::new(&QuotaSettings {
        ten_secondly: Some(0),
        ..settings()
    });
    for _ in 0..1_000 {
        window.admit(START).unwrap();
    }
    window.refused(START, Duration::from_secs(2));
    assert_eq!(window.admit(START), Err(Duration::from_secs(2)));
    window.admit(at(2_000)).unwrap();
}

#[test]
fn searches_are_spaced_halved_when_refused_and_recover() {
    let mut pace = SearchPace::new(&settings());
    pace.admit(START).unwrap();
    assert!(pace.admit(at(100)).is_err());
    pace.admit(at(250)).unwrap();
    pace.refused(at(300), Duration::ZERO);
    pace.refused(at(310), Duration::ZERO);
    assert_eq!(pace.rate(at(310)), Some(2.0));
    assert!(pace.admit(at(1_200)).is_err());
    pace.admit(at(1_310)).unwrap();
    assert_eq!(pace.rate(at(30_300)), Some(2.5));
    assert_eq!(pace.rate(at(600_000)), Some(4.0));
}

#[test]
fn an_unlimited_pace_becomes_limited_when_refused_and_free_again() {
    let mut pace = SearchPace::new(&QuotaSettings {
        search_per_second: 0,
        ..settings()
    });
    assert_eq!(pace.rate(START), None);
    pace.refused(START, Duration::ZERO);
    assert_eq!(pace.rate(START), Some(2.0));
    assert_eq!(pace.rate(at(600_000)), None);
}

#[test]
fn late_timers_do_not_slow_the_pace() {
    let mut pace = SearchPace::new(&settings());
    let (mut now, mut searches) = (0, 0);
    while now < 60_000 {
        match pace.admit(at(now)) {
            Ok(()) => searches += 1,
            Err(wait) => now += u64::try_from(wait.as_millis()).unwrap() + 2,
        }
    }
    assert!((238..=241).contains(&searches), "{searches}");
}

#[test]
fn the_daily_budget_leaves_a_reserve_and_returns_at_midnight_in_the_zone() {
    let mut daily = Daily::new(&settings());
    daily.set_zone(START, TimeZone::get("Asia/Tokyo").unwrap());
    daily.observe(START, Some(1_000), Some(201));
    assert_eq!(daily.left(START), Some(1));
    daily.admit(START).unwrap();
    let midnight = daily.admit(START).unwrap_err();
    assert_eq!(midnight.to_string(), "2026-11-20T15:00:00Z");
    daily.admit(midnight).unwrap();
    assert_eq!(daily.left(midnight), None);
}

#[test]
fn a_daily_refusal_holds_until_midnight_whatever_is_set() {
    let mut daily = Daily::new(&QuotaSettings {
        daily: Some(0),
        ..settings()
    });
    daily.observe(START, Some(10), Some(0));
    daily.admit(START).unwrap();
    let midnight = daily.refused(START);
    assert_eq!(daily.admit(START), Err(midnight));
    daily.admit(midnight).unwrap();
}

#[test]
fn a_daily_setting_counts_by_itself() {
    let mut daily = Daily::new(&QuotaSettings {
        daily: Some(10),
        ..settings()
    });
    for _ in 0..8 {
        daily.admit(START).unwrap();
    }
    assert!(daily.admit(START).is_err());
}

#[test]
fn processes_that_share_a_portal_get_equal_parts() {
    let mut window = Window::new(&QuotaSettings {
        ten_secondly: Some(90),
        ..settings()
    });
    window.share(3);
    assert_eq!(window.limit(), Some(30));
    // The others have used 60, which is their part.
    window.observe(START, Some(90), Some(30), None);
    assert_eq!(window.left(START), Some(10));
    window.share(1);
    assert_eq!(window.limit(), Some(90));
    // However many there are, each can go on.
    window.share(1_000);
    assert_eq!(window.limit(), Some(1));

    let mut pace = SearchPace::new(&QuotaSettings {
        search_per_second: 4,
        ..settings()
    });
    pace.share(2);
    pace.admit(at(0)).unwrap();
    let wait = pace.admit(at(0)).unwrap_err();
    assert!(wait > Duration::from_millis(400), "{wait:?}");
}
