//! What becomes of that which was found out.

use sandbox::pendo::{Decimals, EmptyText, Null, NumberType, Switches, Times};
use sync::destination::{
    formats::{Choice, Cleared, Integers},
    probe::Because,
};

use super::{Desk, known, words};

#[tokio::test]
async fn what_is_found_is_used_from_then_on() {
    use Because::{Default, Found};
    let default = Switches::default;
    let without_null = Switches {
        null: Null::Ignored,
        ..default()
    };
    let integers = Switches {
        number: NumberType::Integer,
        ..default()
    };
    for (switches, used) in [
        (
            without_null,
            [("epoch_ms", Found), ("keep", Found), ("hold", Default)],
        ),
        (
            Switches {
                empty_text: EmptyText::Clears,
                ..without_null
            },
            [("epoch_ms", Found), ("empty", Found), ("hold", Default)],
        ),
        (
            Switches {
                times: Times::Iso8601,
                ..default()
            },
            [("iso8601", Found), ("null", Found), ("hold", Default)],
        ),
        (
            integers,
            [("epoch_ms", Found), ("null", Found), ("send", Found)],
        ),
        (
            Switches {
                decimals: Decimals::Truncated,
                ..integers
            },
            [("epoch_ms", Found), ("null", Found), ("hold", Found)],
        ),
    ] {
        let desk = Desk::with(switches).await;
        let probed = desk.write().await;
        assert_eq!(words(&probed), used, "{switches:?}");
    }
}

#[tokio::test]
async fn the_configuration_wins_and_says_so() {
    let configured = Choice {
        cleared: Some(Cleared::Keep),
        integers: Some(Integers::Send),
        times: None,
    };
    let desk = Desk::of(Switches::default(), known(), configured).await;
    let probed = desk.write().await;
    let cleared = &probed.forms[1];
    assert_eq!(
        (
            cleared.used.as_str(),
            cleared.because,
            cleared.found.as_deref()
        ),
        ("keep", Because::Configured, Some("null"))
    );
    assert_eq!(desk.kept().await.cleared, Some(Cleared::Null));
}
