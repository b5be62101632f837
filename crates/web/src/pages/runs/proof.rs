//! The proof of a run in words: what was held against what, and whether it agrees. Pure.

use model::Level;
use store::run::{Run, State, Trigger};

use crate::{
    frame::Tone,
    locale::{Count, Locale},
    report::{Delivered, Destination, Numbers},
};

/// Something that was checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statement {
    /// Good when it holds, bad when it does not, plain when there was nothing to check.
    pub(crate) tone: Tone,
    pub(crate) text: String,
    /// What it rests on, for whoever wants to look closer.
    pub(crate) more: Vec<String>,
}

/// All that was checked.
pub(crate) fn statements(t: &Locale, run: &Run, numbers: &Numbers) -> Vec<Statement> {
    let words = Words {
        t,
        level: run.level,
    };
    let delivery = numbers.delivery.as_ref();
    let mut all = words.reading(numbers);
    all.extend(words.accounting(numbers));
    match &numbers.destination {
        Some(destination) => all.extend(words.destination(destination)),
        None if run.origin.trigger == Trigger::Measure => {
            all.push(words.plain("proof-measured"));
        }
        None if run.dry_run => all.push(words.plain("proof-dry")),
        None => all.push(Statement {
            tone: Tone::Bad,
            ..words.plain("proof-not-read-back")
        }),
    }
    all.extend(delivery.map(|sent| words.delivery(run, sent)));
    all
}

struct Words<'a> {
    t: &'a Locale,
    level: Level,
}

impl Words<'_> {
    fn plain(&self, key: &str) -> Statement {
        Statement {
            tone: Tone::Plain,
            text: self.t.say(key).s("level", self.level).to_string(),
            more: Vec::new(),
        }
    }

    fn counted(&self, tone: Tone, key: &str, count: impl Count) -> Statement {
        let text = self.t.say(key).n("count", count).s("level", self.level);
        Statement {
            tone,
            text: text.to_string(),
            more: Vec::new(),
        }
    }

    fn ranges(&self, ranges: &[(u64, u64)]) -> Vec<String> {
        let word = |(from, to): &(u64, u64)| {
            let said = self.t.say("proof-range").s("from", from).s("to", to);
            said.to_string()
        };
        ranges.iter().map(word).collect()
    }

    /// Whether everything arrived that HubSpot says it holds.
    fn reading(&self, numbers: &Numbers) -> Vec<Statement> {
        let mut all = Vec::new();
        if numbers.unread == 0 && numbers.uncounted == 0 {
            let key = if numbers.total_before == numbers.total_after {
                "proof-all-read"
            } else {
                "proof-all-read-moving"
            };
            let said = self
                .t
                .say(key)
                .n("before", numbers.total_before)
                .n("after", numbers.total_after)
                .n("read", numbers.read)
                .s("level", self.level);
            all.push(Statement {
                tone: Tone::Good,
                text: said.to_string(),
                more: Vec::new(),
            });
        }
        if numbers.unread > 0 {
            all.push(Statement {
                more: self.ranges(&numbers.unread_ranges),
                ..self.counted(Tone::Bad, "proof-unread", numbers.unread)
            });
        }
        if numbers.uncounted > 0 {
            all.push(self.counted(Tone::Bad, "proof-uncounted", numbers.uncounted));
        }
        if numbers.healed > 0 {
            all.push(self.counted(Tone::Good, "proof-healed", numbers.healed));
        }
        all
    }

    /// Whether every record that arrived has a fate, and every field was written.
    fn accounting(&self, numbers: &Numbers) -> Vec<Statement> {
        let missed = numbers.missed_in_all();
        let adds_up = numbers.read == numbers.matched + missed + numbers.excluded + numbers.failed
            && numbers.matched == numbers.changed + numbers.unchanged;
        let (tone, key) = if adds_up {
            (Tone::Good, "proof-adds-up")
        } else {
            (Tone::Bad, "proof-adds-up-not")
        };
        let said = self
            .t
            .say("proof-sum")
            .n("read", numbers.read)
            .n("matched", numbers.matched)
            .n("missed", missed)
            .n("excluded", numbers.excluded)
            .n("failed", numbers.failed);
        let mut all = vec![Statement {
            more: vec![said.to_string()],
            ..self.counted(tone, key, numbers.read)
        }];
        if numbers.failed > 0 {
            all.push(self.counted(Tone::Bad, "proof-failed", numbers.failed));
        }
        if !numbers.held.is_empty() {
            all.push(self.counted(Tone::Bad, "proof-held", numbers.held.len()));
        }
        all
    }

    /// Whether the destination outside has acknowledged every change.
    fn delivery(&self, run: &Run, sent: &Delivered) -> Statement {
        if sent.is_whole() {
            return self.counted(Tone::Good, "proof-delivered", sent.queued);
        }
        let (tone, key) = match run.state {
            State::Delivering => (Tone::Plain, "proof-delivering"),
            _ => (Tone::Bad, "proof-delivered-not"),
        };
        let said = self
            .t
            .say(key)
            .n("acknowledged", sent.acknowledged)
            .n("count", sent.queued);
        Statement {
            tone,
            text: said.to_string(),
            more: Vec::new(),
        }
    }

    /// Whether the destination holds what it shall.
    fn destination(&self, found: &Destination) -> Vec<Statement> {
        let (tone, key) = if found.expected == found.stored {
            (Tone::Good, "proof-checksum")
        } else {
            (Tone::Bad, "proof-checksum-not")
        };
        let sums = self
            .t
            .say("proof-checksums")
            .s("expected", &found.expected)
            .s("stored", &found.stored);
        let mut all = vec![Statement {
            tone,
            more: vec![sums.to_string()],
            ..self.plain(key)
        }];
        let (agreeing, fields) = (found.agreeing(), found.fields.len());
        if agreeing == fields && fields > 0 {
            all.push(self.counted(Tone::Good, "proof-fields", fields));
        } else if fields > 0 {
            let said = self
                .t
                .say("proof-fields-not")
                .n("agreeing", agreeing)
                .n("count", fields)
                .s("level", self.level);
            let differ = found
                .fields
                .iter()
                .filter(|(_, expected, stored)| expected != stored);
            let one = |(field, expected, stored): &(String, u64, u64)| {
                let said = self.t.say("proof-field").s("field", field);
                said.n("expected", *expected)
                    .n("stored", *stored)
                    .to_string()
            };
            all.push(Statement {
                tone: Tone::Bad,
                text: said.to_string(),
                more: differ.map(one).collect(),
            });
        }
        if found.healed > 0 {
            all.push(self.counted(Tone::Good, "proof-rewritten", found.healed));
        }
        if !found.damaged.is_empty() {
            all.push(Statement {
                tone: Tone::Bad,
                more: self.ranges(&found.damaged),
                ..self.plain("proof-damaged")
            });
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use model::RunId;
    use store::{Miss, SubscriptionId, run::Origin};

    use super::*;
    use crate::locale::Language;

    fn run() -> Run {
        Run {
            id: RunId(1),
            subscription: SubscriptionId(1),
            level: Level::Visitor,
            dry_run: false,
            origin: Origin::default(),
            state: State::Success,
            started_at: Timestamp::UNIX_EPOCH,
            finished_at: None,
            report: None,
            pruned: false,
        }
    }

    fn proved() -> Numbers {
        Numbers {
            records: 10,
            read: 10,
            matched: 8,
            changed: 3,
            unchanged: 5,
            missed: vec![(Miss::UnknownId, 2)],
            total_before: 10,
            total_after: 10,
            destination: Some(Destination {
                expected: "a".into(),
                stored: "a".into(),
                fields: vec![("age".into(), 8, 8)],
                ..Destination::default()
            }),
            ..Numbers::default()
        }
    }

    fn tones(run: &Run, numbers: &Numbers) -> Vec<Tone> {
        // Every message is said in every language.
        Language::ALL
            .map(|language| statements(&Locale::of(language), run, numbers))
            .map(|all| all.into_iter().map(|one| one.tone).collect())
            .into_iter()
            .next()
            .unwrap_or_default()
    }

    #[test]
    fn a_proved_run_has_only_checks() {
        let tones = tones(&run(), &proved());
        assert_eq!(tones.len(), 4);
        assert!(tones.iter().all(|tone| *tone == Tone::Good));
    }

    #[test]
    fn what_was_mended_is_told_and_good() {
        let mut numbers = proved();
        numbers.healed = 2;
        numbers.total_after = 11;
        numbers.destination.as_mut().unwrap().healed = 1;
        let tones = tones(&run(), &numbers);
        assert_eq!(tones.len(), 6);
        assert!(tones.iter().all(|tone| *tone == Tone::Good));
    }

    #[test]
    fn each_gap_is_a_cross() {
        type Break = fn(&mut Numbers);
        let breaks: [(Break, usize); 9] = [
            (
                |numbers| (numbers.unread, numbers.unread_ranges) = (3, vec![(1, 9)]),
                1,
            ),
            (|numbers| numbers.uncounted = 3, 1),
            (|numbers| numbers.read = 12, 1),
            (|numbers| (numbers.read, numbers.failed) = (11, 1), 1),
            (
                |numbers| numbers.held = vec![("age".into(), "gone".into())],
                1,
            ),
            (|numbers| numbers.destination = None, 1),
            (
                |numbers| numbers.destination.as_mut().unwrap().stored = "b".into(),
                1,
            ),
            (
                |numbers| numbers.destination.as_mut().unwrap().fields[0].2 = 7,
                1,
            ),
            (
                |numbers| numbers.destination.as_mut().unwrap().damaged = vec![(1, 2)],
                1,
            ),
        ];
        for (at, (break_it, crosses)) in breaks.into_iter().enumerate() {
            let mut numbers = proved();
            break_it(&mut numbers);
            let tones = tones(&run(), &numbers);
            let found = tones.iter().filter(|tone| **tone == Tone::Bad).count();
            assert_eq!(found, crosses, "break {at}: {tones:?}");
        }
    }

    #[test]
    fn what_is_sent_outside_is_part_of_the_proof() {
        let sent = |acknowledged, state| {
            let delivery = Delivered {
                queued: 3,
                acknowledged,
                ..Delivered::default()
            };
            let numbers = Numbers {
                delivery: Some(delivery),
                ..proved()
            };
            tones(&Run { state, ..run() }, &numbers).pop()
        };
        assert_eq!(sent(3, State::Success), Some(Tone::Good));
        assert_eq!(sent(1, State::Delivering), Some(Tone::Plain));
        assert_eq!(sent(1, State::Partial), Some(Tone::Bad));
    }

    #[test]
    fn a_dry_run_is_not_blamed_for_writing_nothing() {
        let numbers = Numbers {
            destination: None,
            ..proved()
        };
        let dry = Run {
            dry_run: true,
            ..run()
        };
        let tones = tones(&dry, &numbers);
        assert_eq!(tones.last(), Some(&Tone::Plain));
        assert!(!tones.contains(&Tone::Bad));
    }
}
