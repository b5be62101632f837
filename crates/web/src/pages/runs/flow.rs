//! How records flow from HubSpot to what became of them, as a tree of numbers.

use crate::{frame::Tone, locale::Locale, report::Numbers};

use super::{Kept, What};
use model::Level;

/// A part of the flow, with the parts it falls into.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    /// What it is, in the visitor's language.
    pub(crate) name: String,
    pub(crate) count: u64,
    pub(crate) tone: Tone,
    /// The list behind the number, as it stands in the address after `records/`.
    pub(crate) list: Option<String>,
    pub(crate) parts: Vec<Part>,
}

impl Part {
    /// The number that its height stands for: at times more records arrive than were counted at first.
    pub(super) fn weight(&self) -> u64 {
        let parts = self.parts.iter().map(Self::weight).sum();
        self.count.max(parts)
    }
}

/// The flow of a run. What is zero is left out.
pub(crate) fn flow(t: &Locale, level: Level, numbers: &Numbers, kept: Kept) -> Part {
    let part = |name: &str, count, tone, what: Option<What>, parts| Part {
        name: t.text(name),
        count,
        tone,
        list: what
            .filter(|what| kept.has(*what))
            .map(|what| what.name().to_owned()),
        parts: present(parts),
    };
    let leaf = |name, count, tone, what| part(name, count, tone, what, Vec::new());
    let reasons = numbers.missed.iter().map(|(reason, count)| Part {
        name: t.named("run-reason", reason.code()),
        count: *count,
        tone: Tone::Warning,
        list: kept
            .has(What::Missed)
            .then(|| format!("missed?reason={}", reason.code())),
        parts: Vec::new(),
    });
    let matched = vec![
        leaf(
            "flow-changed",
            numbers.changed,
            Tone::Good,
            Some(What::Changed),
        ),
        leaf(
            "flow-unchanged",
            numbers.unchanged,
            Tone::Good,
            Some(What::Unchanged),
        ),
    ];
    let missed = numbers.missed_in_all();
    let read = vec![
        part(
            "flow-matched",
            numbers.matched,
            Tone::Good,
            Some(What::Matched),
            matched,
        ),
        part(
            "flow-missed",
            missed,
            Tone::Warning,
            Some(What::Missed),
            reasons.collect(),
        ),
        leaf(
            "flow-excluded",
            numbers.excluded,
            Tone::Plain,
            Some(What::Excluded),
        ),
        leaf("flow-failed", numbers.failed, Tone::Bad, Some(What::Failed)),
    ];
    let whole = vec![
        part("flow-read", numbers.read, Tone::Plain, None, read),
        leaf("flow-unread", numbers.unread, Tone::Bad, None),
        leaf("flow-without-key", numbers.without_key, Tone::Plain, None),
    ];
    let name = match level {
        Level::Visitor => "flow-contacts",
        Level::Account => "flow-companies",
    };
    part(name, numbers.records, Tone::Plain, None, whole)
}

pub(super) fn present(parts: Vec<Part>) -> Vec<Part> {
    parts.into_iter().filter(|part| part.weight() > 0).collect()
}

/// A line of the flow as a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) depth: usize,
    pub(crate) name: String,
    pub(crate) count: u64,
    pub(crate) tone: Tone,
    pub(crate) list: Option<String>,
}

impl Line {
    pub(super) fn of(part: &Part, depth: usize) -> Self {
        Self {
            depth,
            name: part.name.clone(),
            count: part.count,
            tone: part.tone,
            list: part.list.clone(),
        }
    }
}

/// The flow as a list, each part after the one it is a part of.
pub(crate) fn lines(part: &Part) -> Vec<Line> {
    fn add(part: &Part, depth: usize, lines: &mut Vec<Line>) {
        lines.push(Line::of(part, depth));
        for part in &part.parts {
            add(part, depth + 1, lines);
        }
    }
    let mut lines = Vec::new();
    add(part, 0, &mut lines);
    lines
}

#[cfg(test)]
mod tests {
    use store::{Miss, run::State};

    use super::*;
    use crate::locale::Language;

    const ALL: Kept = Kept {
        state: State::Success,
        dry_run: false,
        pruned: false,
        latest: true,
    };
    #[test]
    fn what_is_zero_is_left_out() {
        let numbers = Numbers {
            records: 10,
            read: 10,
            matched: 9,
            unchanged: 9,
            missed: vec![(Miss::EmptyKey, 0), (Miss::UnknownId, 1)],
            ..Numbers::default()
        };
        let t = Locale::of(Language::English);
        let whole = flow(&t, Level::Visitor, &numbers, ALL);
        let shown = lines(&whole);
        let counts: Vec<_> = shown.iter().map(|line| (line.depth, line.count)).collect();
        assert_eq!(counts, [(0, 10), (1, 10), (2, 9), (3, 9), (2, 1), (3, 1)]);
        assert_eq!(shown[5].list.as_deref(), Some("missed?reason=unknown_id"));
        assert_eq!(shown[1].list, None);
    }

    #[test]
    fn what_is_not_kept_is_not_linked() {
        let numbers = Numbers {
            records: 2,
            read: 2,
            matched: 1,
            changed: 1,
            missed: vec![(Miss::UnknownId, 1)],
            ..Numbers::default()
        };
        let t = Locale::of(Language::English);
        let pruned = Kept {
            pruned: true,
            ..ALL
        };
        let whole = flow(&t, Level::Account, &numbers, pruned);
        assert!(lines(&whole).iter().all(|line| line.list.is_none()));
    }
}
