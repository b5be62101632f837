//! The records behind a number of a run as CSV.

use axum::{extract::Query, response::Response};

use super::{
    Kept, Named, What,
    diff::{self, differences},
    records::Asked,
    rows::{After, Row},
};
use crate::{
    error::Error,
    sheet::{self, text},
    visit::Here,
};

/// The columns of a list as CSV: a contract with whatever reads it.
const fn head(what: What) -> &'static [&'static str] {
    match what {
        What::Missed => &["record", "key", "near", "reason"],
        What::Matched | What::Unchanged => &["record", "id"],
        What::Changed => &["id", "record", "field", "before", "after"],
        What::Quarantined => &["record", "property", "value", "reason"],
        What::Excluded | What::Failed => &["record"],
        What::Ended => &["id", "record", "reason"],
        What::Missing | What::Refused => &["id", "record", "said"],
    }
}

/// `GET …/runs/{run}/records/{what}/csv`: the whole list with its filter. A changed subject has a row per changed field. Texts
/// that a spreadsheet program would execute are made harmless; see [`sheet::text`].
pub(crate) async fn csv(
    here: Here,
    named: Named,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let run = named.run(&here).await?;
    let what = named.what.ok_or(Error::NotFound)?;
    let list = asked.list(&here, &run, what)?;
    if !Kept::find(&here, &run).await?.has(what) {
        return Err(Error::NotFound);
    }
    let name = format!("run-{}-{}", run.id, what.name());
    Ok(sheet::send(&name, head(what), After::START, move |after| {
        let list = list.clone();
        async move {
            let (rows, next) = list.page(&after, sheet::PIECE).await?;
            Ok((rows.into_iter().flat_map(cells).collect(), next))
        }
    }))
}

fn cells(row: Row) -> Vec<Vec<String>> {
    let maybe = |found: Option<&str>| text(found.unwrap_or_default());
    let row = match row {
        Row::Missed(missed) => vec![
            missed.record.to_string(),
            maybe(missed.key.as_deref()),
            maybe(missed.near.as_deref()),
            missed.reason.code().to_owned(),
        ],
        Row::Matched(matched) => vec![matched.record.to_string(), text(&matched.id)],
        Row::Quarantined(value) => vec![
            value.record.to_string(),
            text(&value.property),
            text(&value.value),
            value.reason,
        ],
        Row::Aside(record) => vec![record.to_string()],
        Row::Ended(ended) => vec![text(&ended.id), ended.record.to_string(), ended.reason],
        Row::Undelivered(change) => vec![
            text(&change.id),
            change
                .record
                .map_or_else(String::new, |record| record.to_string()),
            maybe(change.detail.as_deref()),
        ],
        Row::Changed(changed) => {
            let cell = |shown: Option<diff::Shown>| match shown {
                Some(shown) if shown.is_text => text(&shown.text),
                Some(shown) => shown.text,
                None => String::new(),
            };
            return differences(changed.before.as_deref(), &changed.after)
                .into_iter()
                .map(|one| {
                    vec![
                        text(&changed.id),
                        changed.record.to_string(),
                        text(&one.field),
                        cell(one.before),
                        cell(one.after),
                    ]
                })
                .collect();
        }
    };
    vec![row]
}

#[cfg(test)]
mod tests {
    use model::RecordId;
    use store::{
        Miss,
        findings::{ChangedSubject, EndedLink, MatchedRecord, MissedRecord, QuarantinedValue},
        outbox::Undelivered,
    };

    use super::*;

    fn example(what: What) -> Row {
        let (record, number) = (RecordId(5), 1);
        let id = "=u".to_owned();
        match what {
            What::Missed => Row::Missed(MissedRecord {
                record,
                reason: Miss::DiffersBySpace,
                key: Some(" =u".into()),
                near: Some(id),
            }),
            What::Matched | What::Unchanged => Row::Matched(MatchedRecord { record, number, id }),
            What::Changed => Row::Changed(ChangedSubject {
                position: 0,
                number,
                id,
                record,
                before: Some(r#"{"debt":-5,"note":"x"}"#.into()),
                after: r#"{"debt":-6,"note":"-x"}"#.into(),
            }),
            What::Quarantined => Row::Quarantined(QuarantinedValue {
                record,
                property: "age".into(),
                reason: "not_a_number".into(),
                value: "+forty".into(),
            }),
            What::Excluded | What::Failed => Row::Aside(record),
            What::Ended => Row::Ended(EndedLink {
                number,
                id,
                record,
                reason: "key_cleared".into(),
            }),
            What::Missing | What::Refused => Row::Undelivered(Undelivered {
                subject: number,
                id,
                record: Some(record),
                missing: what == What::Missing,
                detail: Some("-too long".into()),
            }),
        }
    }

    #[test]
    fn rows_have_a_cell_per_column() {
        for what in What::ALL {
            for row in cells(example(what)) {
                assert_eq!(row.len(), head(what).len(), "{what:?}");
            }
        }
    }

    #[test]
    fn only_texts_are_made_harmless() {
        let changed = cells(example(What::Changed));
        assert_eq!(changed[0], ["'=u", "5", "debt", "-5", "-6"]);
        assert_eq!(changed[1], ["'=u", "5", "note", "x", "'-x"]);
        assert_eq!(
            cells(example(What::Missed))[0],
            ["5", " =u", "'=u", "differs_by_space"]
        );
        assert_eq!(cells(example(What::Quarantined))[0][2], "'+forty");
    }
}
