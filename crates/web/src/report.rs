//! A run's report, read back for a page.

use serde_json::Value;
use store::{Miss, outbox::Delivery, run::Run};
use sync::Explanation;

/// The numbers of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Numbers {
    pub(crate) proved: bool,
    pub(crate) records: u64,
    pub(crate) with_key: u64,
    pub(crate) read: u64,
    pub(crate) matched: u64,
    /// Every reason with its count.
    pub(crate) missed: Vec<(Miss, u64)>,
    pub(crate) excluded: u64,
    pub(crate) failed: u64,
    pub(crate) changed: u64,
    pub(crate) unchanged: u64,
    pub(crate) without_key: u64,
    pub(crate) unread: u64,
    pub(crate) links_ended: u64,
    pub(crate) written: u64,
    pub(crate) cleared: u64,
    pub(crate) known: u64,
    pub(crate) linked: u64,
    pub(crate) without_record: u64,
    pub(crate) quarantined: Vec<(String, u64)>,
    /// Fields that were not written, with the reason.
    pub(crate) held: Vec<(String, String)>,
    /// Calls by kind.
    pub(crate) calls: Vec<(String, u64)>,
    pub(crate) refused: u64,
    pub(crate) seconds: f64,
    pub(crate) reader: String,
    pub(crate) total_before: u64,
    pub(crate) total_after: u64,
    pub(crate) delivered: u64,
    pub(crate) healed: u64,
    pub(crate) uncounted: u64,
    pub(crate) unread_ranges: Vec<(u64, u64)>,
    pub(crate) destination: Option<Destination>,
    /// How ids were taken in that the destination outside knows.
    pub(crate) taken_in: Option<TakenIn>,
    /// What became of the changes that go there.
    pub(crate) delivery: Option<Delivered>,
}

/// How ids were taken in that the destination outside knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TakenIn {
    /// Ids that were not known before.
    pub(crate) created: u64,
    /// All of them were listed; otherwise those that came since the last time.
    pub(crate) all: bool,
    /// Why it did not work.
    pub(crate) problem: Option<Explanation>,
}

/// What became of the changes that go to the destination outside.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Delivered {
    pub(crate) queued: u64,
    pub(crate) acknowledged: u64,
    /// Changes of ids that the destination does not know.
    pub(crate) missing: u64,
    /// Changes that it does not take.
    pub(crate) refused: u64,
    /// Fields that are not sent, with the reason in English.
    pub(crate) held: Vec<(String, String)>,
}

impl Delivered {
    /// As the outbox has it.
    pub(crate) fn of(found: Delivery, held: Vec<(String, String)>) -> Self {
        Self {
            queued: found.queued,
            acknowledged: found.acknowledged,
            missing: found.missing,
            refused: found.errors,
            held,
        }
    }

    /// Changes without an answer.
    pub(crate) fn waiting(&self) -> u64 {
        self.queued
            .saturating_sub(self.acknowledged + self.missing + self.refused)
    }

    /// Whether the destination has taken all there is.
    pub(crate) fn is_whole(&self) -> bool {
        self.queued == self.acknowledged && self.held.is_empty()
    }

    fn read(found: &Value) -> Self {
        let number = |name: &str| found.get(name).and_then(Value::as_u64).unwrap_or(0);
        Self {
            queued: number("queued"),
            acknowledged: number("acknowledged"),
            missing: number("missing"),
            refused: number("errors"),
            held: reasons(found.get("held")),
        }
    }
}

/// Fields with the reasons why they are on hold.
fn reasons(held: Option<&Value>) -> Vec<(String, String)> {
    let held = held.and_then(Value::as_object);
    held.into_iter()
        .flatten()
        .map(|(name, why)| (name.clone(), why.as_str().unwrap_or_default().to_owned()))
        .collect()
}

/// The destination, read back.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Destination {
    pub(crate) expected: String,
    pub(crate) stored: String,
    /// Field, expected, stored.
    pub(crate) fields: Vec<(String, u64, u64)>,
    pub(crate) healed: u64,
    pub(crate) damaged: Vec<(u64, u64)>,
}

impl Destination {
    /// How many fields agree.
    pub(crate) fn agreeing(&self) -> usize {
        let agrees = |(_, expected, stored): &&(String, u64, u64)| expected == stored;
        self.fields.iter().filter(agrees).count()
    }
}

impl Numbers {
    /// The numbers of a run that has ended.
    pub(crate) fn of(run: &Run) -> Option<Self> {
        run.report.as_ref().map(Self::read)
    }

    /// Records that matched nothing.
    pub(crate) fn missed_in_all(&self) -> u64 {
        self.missed.iter().map(|(_, count)| count).sum()
    }

    /// Values that were kept out.
    pub(crate) fn quarantined_in_all(&self) -> u64 {
        self.quarantined.iter().map(|(_, count)| count).sum()
    }

    fn read(report: &Value) -> Self {
        let number = |path: &str| report.pointer(path).and_then(Value::as_u64).unwrap_or(0);
        let word = |path: &str| {
            let word = report.pointer(path).and_then(Value::as_str);
            word.unwrap_or_default().to_owned()
        };
        let counts = |path: &str| {
            let object = report.pointer(path).and_then(Value::as_object);
            object
                .into_iter()
                .flatten()
                .map(|(name, count)| (name.clone(), count.as_u64().unwrap_or(0)))
                .collect::<Vec<_>>()
        };
        let ranges = |path: &str| {
            let list = report.pointer(path).and_then(Value::as_array);
            list.into_iter()
                .flatten()
                .filter_map(|range| Some((range.get(0)?.as_u64()?, range.get(1)?.as_u64()?)))
                .collect::<Vec<_>>()
        };
        let fields = report
            .pointer("/proof/destination/fields")
            .and_then(Value::as_object);
        Self {
            proved: report.get("proved").and_then(Value::as_bool) == Some(true),
            records: number("/portal/records"),
            with_key: number("/portal/with_key"),
            read: number("/counts/read"),
            matched: number("/counts/matched"),
            missed: Miss::ALL
                .map(|reason| (reason, number(&format!("/counts/missed/{}", reason.code()))))
                .to_vec(),
            excluded: number("/counts/excluded"),
            failed: number("/counts/failed"),
            changed: number("/counts/changed"),
            unchanged: number("/counts/unchanged"),
            without_key: number("/counts/without_key"),
            unread: number("/counts/unread"),
            links_ended: number("/counts/links_ended"),
            written: number("/values/written"),
            cleared: number("/values/cleared"),
            known: number("/ids/known"),
            linked: number("/ids/linked"),
            without_record: number("/ids/without_record"),
            quarantined: counts("/quarantined"),
            held: reasons(report.get("held")),
            calls: counts("/calls")
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .collect(),
            refused: number("/refused"),
            seconds: report
                .get("wall_seconds")
                .and_then(Value::as_f64)
                .unwrap_or_default(),
            reader: word("/proof/reader"),
            total_before: number("/proof/total_before"),
            total_after: number("/proof/total_after"),
            delivered: number("/proof/delivered"),
            healed: number("/proof/healed_records"),
            uncounted: number("/proof/uncounted"),
            unread_ranges: ranges("/proof/unread_ranges"),
            destination: fields.map(|fields| Destination {
                expected: word("/proof/destination/expected"),
                stored: word("/proof/destination/stored"),
                fields: fields
                    .iter()
                    .map(|(name, count)| {
                        let count = |key: &str| count.get(key).and_then(Value::as_u64).unwrap_or(0);
                        (name.clone(), count("expected"), count("stored"))
                    })
                    .collect(),
                healed: number("/proof/destination/healed_subjects"),
                damaged: ranges("/proof/destination/damaged_ranges"),
            }),
            taken_in: report.get("listing").map(|listing| TakenIn {
                created: number("/listing/created"),
                all: listing.get("all").and_then(Value::as_bool) == Some(true),
                problem: listing
                    .get("error")
                    .and_then(|error| serde_json::from_value(error.clone()).ok()),
            }),
            delivery: report.get("delivery").map(Delivered::read),
        }
    }
}
