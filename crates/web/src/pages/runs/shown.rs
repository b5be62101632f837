//! The rows of a list as a page shows them.

use model::{Level, Quarantine, RecordId};
use store::{connection::Portal, run::Run};

use super::{
    What,
    diff::{Difference, differences},
    rows::Row,
    visible::Visible,
};
use crate::{error::Error, visit::Here};

/// A column of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Record,
    Subject,
    Key,
    Near,
    Property,
    Value,
    Reason,
    Changes,
    /// What the destination outside has said.
    Said,
}

impl Column {
    /// The columns that fit a list.
    pub(crate) const fn of(what: What) -> &'static [Self] {
        match what {
            What::Missed => &[Self::Record, Self::Key, Self::Near, Self::Reason],
            What::Matched | What::Unchanged => &[Self::Record, Self::Subject],
            What::Changed => &[Self::Subject, Self::Record, Self::Changes],
            What::Quarantined => &[Self::Record, Self::Property, Self::Value, Self::Reason],
            What::Excluded | What::Failed => &[Self::Record],
            What::Ended => &[Self::Subject, Self::Record, Self::Reason],
            What::Missing => &[Self::Subject, Self::Record],
            What::Refused => &[Self::Subject, Self::Record, Self::Said],
        }
    }

    /// The name of its heading's message.
    pub(crate) const fn heading(self) -> &'static str {
        match self {
            Self::Record => "records-record",
            Self::Subject => "records-subject",
            Self::Key => "records-key",
            Self::Near => "records-near",
            Self::Property => "records-property",
            Self::Value => "records-value",
            Self::Reason => "records-reason",
            Self::Changes => "records-changes",
            Self::Said => "records-said",
        }
    }
}

/// A row as it is shown: what its columns need, and nothing else.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    pub(crate) record: String,
    /// The record's page in HubSpot.
    pub(crate) href: Option<String>,
    /// The subject's page, and its id.
    pub(crate) subject: Option<(String, Visible)>,
    pub(crate) key: Option<Visible>,
    pub(crate) near: Option<Visible>,
    pub(crate) property: String,
    pub(crate) value: Visible,
    pub(crate) reason: String,
    pub(crate) changes: Vec<Difference>,
}

/// Rows as they are shown.
pub(crate) async fn shown(here: &Here, run: &Run, rows: Vec<Row>) -> Result<Vec<Shown>, Error> {
    let connection = here
        .visit
        .app
        .store()
        .connection_info(here.subscription.id)
        .await?;
    let portal = connection.map(|connection| connection.portal);
    let show = |row| show_row(here, run, portal.as_ref(), row);
    Ok(rows.into_iter().map(show).collect())
}

fn show_row(here: &Here, run: &Run, portal: Option<&Portal>, row: Row) -> Shown {
    let t = &here.visit.locale;
    let of = |record: RecordId| Shown {
        record: record.to_string(),
        href: portal.map(|portal| portal.record_url(run.level.object(), record)),
        ..Shown::default()
    };
    let subject = |number: i64, id: &str| {
        let page = match run.level {
            Level::Visitor => "visitors",
            Level::Account => "accounts",
        };
        Some((here.path(&format!("{page}/{number}")), Visible::of(id)))
    };
    match row {
        Row::Missed(missed) => Shown {
            key: missed.key.as_deref().map(Visible::of),
            near: missed.near.as_deref().map(Visible::of),
            reason: t.named("run-reason", missed.reason.code()),
            ..of(missed.record)
        },
        Row::Matched(matched) => Shown {
            subject: subject(matched.number, &matched.id),
            ..of(matched.record)
        },
        Row::Changed(changed) => Shown {
            subject: subject(changed.number, &changed.id),
            changes: differences(changed.before.as_deref(), &changed.after),
            ..of(changed.record)
        },
        Row::Quarantined(value) => Shown {
            value: Visible::of(&value.value),
            reason: match Quarantine::from_code(&value.reason) {
                Some(reason) => t.named("records-quarantine", reason.code()),
                None => value.reason,
            },
            property: value.property,
            ..of(value.record)
        },
        Row::Aside(record) => of(record),
        Row::Undelivered(change) => Shown {
            subject: subject(change.subject, &change.id),
            value: Visible::of(change.detail.as_deref().unwrap_or_default()),
            ..change.record.map(of).unwrap_or_default()
        },
        Row::Ended(ended) => {
            let is_known = t.has(&format!("records-ended-{}", ended.reason));
            Shown {
                subject: subject(ended.number, &ended.id),
                reason: if is_known {
                    t.named("records-ended", &ended.reason)
                } else {
                    ended.reason
                },
                ..of(ended.record)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use store::Miss;

    use super::*;
    use crate::locale::{Language, Locale};

    #[test]
    fn every_reason_has_its_words() {
        for language in Language::ALL {
            let t = Locale::of(language);
            let misses = Miss::ALL.map(|reason| format!("run-reason-{}", reason.code()));
            let kept =
                Quarantine::ALL.map(|reason| format!("records-quarantine-{}", reason.code()));
            let ended = [
                "key_changed",
                "key_cleared",
                "record_gone",
                "record_merged",
                "record_archived",
                "no_answer",
            ]
            .map(|reason| format!("records-ended-{reason}"));
            let lists = What::ALL.map(|what| format!("records-title-{}", what.name()));
            for key in misses.into_iter().chain(kept).chain(ended).chain(lists) {
                assert!(t.has(&key), "{language:?}: {key}");
            }
        }
    }
}
