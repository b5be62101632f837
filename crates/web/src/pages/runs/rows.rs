//! The records behind a number of a run, read page by page.

use model::{PropertyName, RecordId, RunId};
use store::{
    Miss, Scope, Store,
    findings::{ChangedSubject, EndedLink, MatchedRecord, MissedRecord, Only, QuarantinedValue},
    outbox::{Cause, Undelivered},
};

use super::What;

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Row {
    Missed(MissedRecord),
    /// Matched, or those of them that are unchanged.
    Matched(MatchedRecord),
    Changed(ChangedSubject),
    Quarantined(QuarantinedValue),
    /// Excluded, or failed.
    Aside(RecordId),
    Ended(EndedLink),
    /// Missing, or refused.
    Undelivered(Undelivered),
}

/// A place in a list: what follows comes after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct After {
    /// A record, a position or a subject, as the list goes.
    number: i64,
    /// Of quarantined values, which several of a record may be: the property.
    property: String,
}

impl After {
    /// Before the first row.
    pub(crate) const START: Self = Self {
        number: -1,
        property: String::new(),
    };

    /// Reads a place as it stands in an address.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (number, property) = text.split_once('.').unwrap_or((text, ""));
        Some(Self {
            number: number.parse().ok().filter(|number| *number >= 0)?,
            property: property.to_owned(),
        })
    }

    fn record(&self) -> RecordId {
        RecordId(u64::try_from(self.number).unwrap_or(0))
    }

    fn of(row: &Row) -> Self {
        let at = |number| Self {
            number,
            property: String::new(),
        };
        match row {
            Row::Missed(missed) => at(missed.record.0.cast_signed()),
            Row::Matched(matched) => at(matched.record.0.cast_signed()),
            Row::Aside(record) => at(record.0.cast_signed()),
            Row::Changed(changed) => at(changed.position),
            Row::Ended(ended) => at(ended.number),
            Row::Undelivered(change) => at(change.subject),
            Row::Quarantined(value) => Self {
                property: value.property.clone(),
                ..at(value.record.0.cast_signed())
            },
        }
    }
}

impl std::fmt::Display for After {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.number)?;
        if !self.property.is_empty() {
            write!(f, ".{}", self.property)?;
        }
        Ok(())
    }
}

/// A list of a run, as far as it is wanted.
#[derive(Debug, Clone)]
pub(crate) struct List {
    pub(crate) store: Store,
    pub(crate) scope: Scope,
    pub(crate) run: RunId,
    pub(crate) what: What,
    pub(crate) reason: Option<Miss>,
    pub(crate) property: Option<PropertyName>,
}

impl List {
    /// Rows after a place, and the place after them if there are more.
    pub(crate) async fn page(
        &self,
        after: &After,
        limit: i64,
    ) -> Result<(Vec<Row>, Option<After>), store::Error> {
        // One more than is wanted tells whether there is a next page.
        let mut rows = self.read(&self.only(), after, limit + 1).await?;
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > wanted;
        rows.truncate(wanted);
        let next = rows.last().map(After::of).filter(|_| more);
        Ok((rows, next))
    }

    /// The first rows whose record, key or subject has this id, to the letter.
    pub(crate) async fn search(&self, text: &str, limit: i64) -> Result<Vec<Row>, store::Error> {
        if self.what == What::Ended {
            return self.search_ended(text, limit).await;
        }
        if matches!(self.what, What::Missing | What::Refused) {
            return self.search_undelivered(text).await;
        }
        let mut found = Vec::new();
        if let Ok(record) = text.parse::<RecordId>() {
            let only = Only {
                record: Some(record),
                ..self.only()
            };
            found = self.read(&only, &After::START, limit).await?;
        }
        // The other lists have nothing but the record to go by.
        let has_texts = !matches!(self.what, What::Quarantined | What::Excluded | What::Failed);
        if has_texts {
            let only = Only {
                text: Some(text.to_owned()),
                ..self.only()
            };
            for row in self.read(&only, &After::START, limit).await? {
                if !found.contains(&row) {
                    found.push(row);
                }
            }
        }
        Ok(found)
    }

    /// Few links end in a run, so that reading all of them finds one soon enough.
    async fn search_ended(&self, text: &str, limit: i64) -> Result<Vec<Row>, store::Error> {
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let record = text.parse::<RecordId>().ok();
        let mut found = Vec::new();
        let mut after = Some(After::START);
        while let Some(at) = after
            && found.len() < wanted
        {
            let (rows, next) = self.page(&at, crate::sheet::PIECE).await?;
            found.extend(rows.into_iter().filter(|row| {
                matches!(row, Row::Ended(link) if link.id == text || Some(link.record) == record)
            }));
            after = next;
        }
        found.truncate(wanted);
        Ok(found)
    }

    /// The change of the subject with this id, or of the one that the record with this id feeds.
    async fn search_undelivered(&self, text: &str) -> Result<Vec<Row>, store::Error> {
        let named = self.store.number_of(self.scope, text).await?;
        let mut numbers: Vec<i64> = named.into_iter().collect();
        if let Ok(record) = text.parse::<RecordId>() {
            let only = Only {
                record: Some(record),
                ..Only::default()
            };
            let (start, scope) = (After::START.record(), self.scope);
            let fed = self.store.matched(scope, None, &only, start, 1).await?;
            numbers.extend(fed.into_iter().map(|fed| fed.number));
        }
        numbers.dedup();
        let mut found = Vec::new();
        for number in numbers {
            let before = After {
                number: number - 1,
                property: String::new(),
            };
            let row = self.read(&self.only(), &before, 1).await?;
            let its =
                |row: &Row| matches!(row, Row::Undelivered(change) if change.subject == number);
            found.extend(row.into_iter().filter(its));
        }
        Ok(found)
    }

    fn only(&self) -> Only {
        Only {
            reason: self.reason,
            property: self.property.clone(),
            ..Only::default()
        }
    }

    async fn read(&self, only: &Only, after: &After, limit: i64) -> Result<Vec<Row>, store::Error> {
        let (store, run) = (&self.store, self.run);
        let rows = match self.what {
            What::Missed => {
                let rows = store.missed(run, only, after.record(), limit).await?;
                rows.into_iter().map(Row::Missed).collect()
            }
            What::Matched | What::Unchanged => {
                let changed = (self.what == What::Unchanged).then_some(false);
                let rows = store
                    .matched(self.scope, changed, only, after.record(), limit)
                    .await?;
                rows.into_iter().map(Row::Matched).collect()
            }
            What::Changed => {
                let rows = store.changed(run, only, after.number, limit).await?;
                rows.into_iter().map(Row::Changed).collect()
            }
            What::Quarantined => {
                let place = (after.record(), after.property.as_str());
                let rows = store.quarantined(run, only, place, limit).await?;
                rows.into_iter().map(Row::Quarantined).collect()
            }
            What::Excluded | What::Failed => {
                let failed = self.what == What::Failed;
                let rows = store
                    .set_aside(run, failed, only, after.record(), limit)
                    .await?;
                rows.into_iter().map(Row::Aside).collect()
            }
            What::Ended => {
                let rows = store.ended_links(run, after.number, limit).await?;
                rows.into_iter().map(Row::Ended).collect()
            }
            What::Missing | What::Refused => {
                let missing = self.what == What::Missing;
                let cause = Cause::Run(run);
                let rows = store
                    .undelivered(self.scope, cause, missing, after.number, limit)
                    .await?;
                rows.into_iter().map(Row::Undelivered).collect()
            }
        };
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_back() {
        let place = After {
            number: 42,
            property: "annual_revenue".into(),
        };
        assert_eq!(After::parse(&place.to_string()), Some(place));
        let plain = After::of(&Row::Aside(RecordId(7)));
        assert_eq!(After::parse(&plain.to_string()), Some(plain));
        for wrong in ["", "-1", "x", ".x"] {
            assert_eq!(After::parse(wrong), None, "{wrong:?}");
        }
    }
}
