//! Sending what waits in the outbox of a level to its destination outside.
//!
//! The changes of a run go before those of the next, so that those of one subject keep their order; within a run no subject is
//! there twice, and several calls are under way at once. What was answered is taken out of the outbox at once: it is not sent
//! again. What was not answered is sent again, which does no harm, as values are sent and not differences.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use model::payload::entries;
use store::{
    Scope, Store,
    job::Claim,
    outbox::{Cause, Outgoing, Refused},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::destination::{Answer, Change, Destination, Error, Means, Sendable, fields};

/// Calls that are prepared, or whose answers are noted, while others are under way: so that no time goes by between them.
const BESIDE: usize = 3;

/// Changes of one batch that are refused one by one. Beyond, it is not the changes that are wrong: they wait.
const MOST_REFUSED: usize = 50;

/// Sends all that waits of the level that the job is about. Ends early, without an error, when `stop` is wanted: what is under way
/// then is waited for.
///
/// # Errors
/// What keeps it from going on. What was answered until then is noted.
pub(crate) async fn deliver(
    store: &Store,
    destination: &Arc<dyn Destination>,
    claim: &Arc<Claim>,
    now: jiff::Timestamp,
    stop: &CancellationToken,
) -> Result<(), Error> {
    let scope = claim.job.scope;
    while let Some(cause) = store.next_cause(scope).await?
        && !stop.is_cancelled()
    {
        // Each time: the run may be one under another mapping than the run before.
        let sending = Arc::new(Sending {
            store: store.clone(),
            destination: Arc::clone(destination),
            claim: Arc::clone(claim),
            fields: fields::ensure(store, &**destination, claim, now).await?,
        });
        send_all(&sending, cause, stop).await?;
    }
    store.conclude_deliveries(scope).await?;
    Ok(())
}

/// Sends all changes of one cause.
async fn send_all(
    sending: &Arc<Sending>,
    cause: Cause,
    stop: &CancellationToken,
) -> Result<(), Error> {
    let limits = sending.destination.limits();
    let size = i64::try_from(limits.changes).unwrap_or(i64::MAX);
    let mut under_way = JoinSet::new();
    let (mut after, mut more, mut failed) = (0, true, None);
    loop {
        while more && failed.is_none() && under_way.len() < limits.calls + BESIDE {
            let batch = sending
                .store
                .outgoing(sending.scope(), cause, after, size)
                .await?;
            more = batch.len() >= limits.changes && !stop.is_cancelled();
            let Some(last) = batch.last() else {
                break;
            };
            after = last.subject;
            let sending = Arc::clone(sending);
            under_way.spawn(async move { sending.send(cause, &batch).await });
        }
        match under_way.join_next().await {
            None => return failed.map_or(Ok(()), Err),
            Some(Ok(Ok(()))) => {}
            Some(Ok(Err(error))) => {
                failed.get_or_insert(error);
            }
            Some(Err(panicked)) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }
}

/// What all calls of one delivery have in common.
struct Sending {
    store: Store,
    destination: Arc<dyn Destination>,
    claim: Arc<Claim>,
    fields: Vec<Sendable>,
}

impl Sending {
    fn scope(&self) -> Scope {
        self.claim.job.scope
    }

    /// Sends a batch until each of its changes was answered. Where the destination does not say which it has not taken, halves are
    /// sent again until it is clear.
    async fn send(&self, cause: Cause, batch: &[Outgoing]) -> Result<(), Error> {
        let mut pieces = vec![batch];
        let mut alone = Vec::new();
        while let Some(piece) = pieces.pop() {
            let refused = match self.call(piece).await {
                Ok(Some(refused)) => refused,
                Ok(None) => {
                    halve(&mut pieces, piece);
                    continue;
                }
                Err(error) if matches!(error.means(), Means::TooMuch | Means::Refused) => {
                    if piece.len() > 1 {
                        halve(&mut pieces, piece);
                        continue;
                    }
                    alone.extend(piece.iter().map(|row| Refused {
                        subject: row.subject,
                        missing: false,
                        detail: Some(error.to_string()),
                    }));
                    if alone.len() > MOST_REFUSED {
                        return Err(Error::RefusesAll {
                            name: self.destination.name(),
                            source: Box::new(error),
                        });
                    }
                    continue;
                }
                Err(error) => return Err(error),
            };
            let subjects: Vec<i64> = piece.iter().map(|row| row.subject).collect();
            self.store
                .settle(&self.claim, cause, &subjects, &refused)
                .await?;
        }
        if !alone.is_empty() {
            let subjects: Vec<i64> = alone.iter().map(|one| one.subject).collect();
            self.store
                .settle(&self.claim, cause, &subjects, &alone)
                .await?;
        }
        Ok(())
    }

    /// One call: what was not taken, or `None` when that is not clear. Changes about fields that are not sent are none.
    async fn call(&self, piece: &[Outgoing]) -> Result<Option<Vec<Refused>>, Error> {
        let (sent, changes): (Vec<&Outgoing>, Vec<Change<'_>>) = piece
            .iter()
            .map(|row| (row, change(row, &self.fields)))
            .filter(|(_, change)| !change.values.is_empty())
            .unzip();
        if changes.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let level = self.scope().level;
        let answer = self.destination.send(level, &changes).await?;
        Ok(settled(&sent, answer))
    }
}

fn halve<'a>(pieces: &mut Vec<&'a [Outgoing]>, piece: &'a [Outgoing]) {
    let (one, other) = piece.split_at(piece.len() / 2);
    pieces.extend([other, one]);
}

/// Which of the changes that were sent were not taken. `None` when the destination has not named all of them, and some were taken.
fn settled(sent: &[&Outgoing], answer: Answer) -> Option<Vec<Refused>> {
    let Answer {
        missing,
        refused,
        failed,
        said,
    } = answer;
    let by_id: HashMap<&str, i64> = sent
        .iter()
        .map(|row| (row.id.as_str(), row.subject))
        .collect();
    let mut found: BTreeMap<i64, Refused> = BTreeMap::new();
    let mut note = |subject, missing, detail| {
        found.entry(subject).or_insert(Refused {
            subject,
            missing,
            detail,
        });
    };
    let refused = refused
        .into_iter()
        .map(|(id, text)| (id, false, Some(text)));
    let named = missing.into_iter().map(|id| (id, true, None));
    for (id, missing, detail) in named.chain(refused) {
        if let Some(subject) = by_id.get(id.as_str()) {
            note(*subject, missing, detail);
        }
    }
    if failed >= sent.len() as u64 {
        for row in sent {
            note(row.subject, false, said.clone());
        }
    }
    (failed <= found.len() as u64).then(|| found.into_values().collect())
}

/// What a row of the outbox changes about the fields that are sent, which stand in name order as those of payloads do.
fn change<'a>(row: &'a Outgoing, fields: &'a [Sendable]) -> Change<'a> {
    let mut values = Vec::new();
    let mut after = entries(&row.payload).flatten().peekable();
    let mut before = entries(row.before.as_deref().unwrap_or("{}"))
        .flatten()
        .peekable();
    for field in fields {
        let name = field.name.as_str();
        while after.next_if(|(other, _)| &**other < name).is_some() {}
        while before.next_if(|(other, _)| &**other < name).is_some() {}
        let new = after
            .next_if(|(other, _)| other == name)
            .map(|entry| entry.1);
        let old = before
            .next_if(|(other, _)| other == name)
            .map(|entry| entry.1);
        if row.whole || new != old {
            values.push((field, new));
        }
    }
    Change {
        id: &row.id,
        values,
    }
}

#[cfg(test)]
mod tests {
    use model::MetadataType;

    use super::*;

    fn field(name: &str) -> Sendable {
        Sendable {
            name: name.into(),
            key: format!("hubspot_{name}"),
            kind: MetadataType::String,
        }
    }

    fn row(subject: i64, before: Option<&str>, payload: &str, whole: bool) -> Outgoing {
        Outgoing {
            subject,
            id: format!("u-{subject}"),
            payload: payload.into(),
            before: before.map(Into::into),
            whole,
        }
    }

    fn said<'a>(row: &'a Outgoing, fields: &'a [Sendable]) -> Vec<(&'a str, Option<&'a str>)> {
        let change = change(row, fields);
        let values = change.values.into_iter();
        values
            .map(|(field, value)| (field.name.as_str(), value))
            .collect()
    }

    #[test]
    fn what_differs_is_said_and_what_went_as_well() {
        let fields = [field("a"), field("b"), field("c"), field("d")];
        let one = row(
            1,
            Some(r#"{"a":"1","b":"2","x":"7"}"#),
            r#"{"a":"1","c":"3","y":"8"}"#,
            false,
        );
        assert_eq!(said(&one, &fields), [("b", None), ("c", Some("\"3\""))]);
        let new = row(1, None, r#"{"b":"2","e":"9"}"#, false);
        assert_eq!(said(&new, &fields), [("b", Some("\"2\""))]);
        let whole = row(1, None, r#"{"b":"2"}"#, true);
        assert_eq!(
            said(&whole, &fields),
            [("a", None), ("b", Some("\"2\"")), ("c", None), ("d", None)]
        );
        assert!(said(&new, &[]).is_empty());
    }

    #[test]
    fn what_is_named_is_settled_and_what_is_not_is_looked_for() {
        let rows = [1, 2, 3].map(|subject| row(subject, None, "{}", false));
        let sent: Vec<&Outgoing> = rows.iter().collect();
        let named = Answer {
            missing: vec!["u-2".into()],
            refused: vec![
                ("u-3".into(), "too long".into()),
                ("u-2".into(), "x".into()),
            ],
            failed: 2,
            said: None,
        };
        let refused = settled(&sent, named.clone()).unwrap();
        assert_eq!(refused.len(), 2);
        assert!(refused[0].missing && !refused[1].missing);
        assert_eq!(refused[1].detail.as_deref(), Some("too long"));
        // Who is named twice, or is nobody that was sent, is no other failure.
        for missing in [vec!["u-2".into()], vec!["U-1".into(), "u-2".into()]] {
            let hidden = Answer {
                missing,
                refused: vec![("u-2".into(), "x".into())],
                failed: 2,
                said: Some("no".into()),
            };
            assert_eq!(settled(&sent, hidden), None);
        }
        let all = Answer {
            failed: 3,
            said: Some("no".into()),
            ..named
        };
        let refused = settled(&sent, all).unwrap();
        let details: Vec<_> = refused.iter().map(|one| one.detail.as_deref()).collect();
        assert_eq!(details, [Some("no"), None, Some("too long")]);
        let taken = settled(&sent, Answer::default()).unwrap();
        assert!(taken.is_empty());
    }
}
