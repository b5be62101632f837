//! Nights: the local day from its first moment to six o'clock.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

use super::Window;

/// The hour at which a night ends.
const MORNING: i8 = 6;

/// No civil day is further from the moment's own than its neighbours.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The first night that is not over at a moment. Its start is its first moment; the caller picks one.
pub(super) fn not_over(zone: &TimeZone, moment: Timestamp) -> Option<Window> {
    let from = moment.checked_sub(DAY).ok()?;
    let mut date = from.to_zoned_datetime(zone.clone()).date();
    loop {
        if let Some(night) = night_of(zone, date).filter(|night| night.closes > moment) {
            return Some(night);
        }
        date = date.tomorrow().ok()?;
    }
}

/// The night of a local date; `None` where that date was left out, or had no night.
///
/// A midnight that does not exist is the first moment after it; one that comes twice is the earlier one. Where the clocks
/// change in between, the night is an hour shorter or longer.
fn night_of(zone: &TimeZone, date: Date) -> Option<Window> {
    let noon = date.at(12, 0, 0, 0).to_zoned_datetime(zone.clone()).ok()?;
    let first = noon.start_of_day().ok()?;
    let opens = first.timestamp();
    let closes = date
        .at(MORNING, 0, 0, 0)
        .to_zoned_datetime(zone.clone())
        .ok()?
        .timestamp();
    (first.date() == date && opens < closes).then_some(Window {
        opens,
        starts: opens,
        closes,
    })
}
