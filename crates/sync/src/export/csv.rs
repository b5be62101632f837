//! CSV: `id` and the chosen columns, each followed by its labels where they are asked for.

use std::borrow::Cow;

use model::{
    Group,
    payload::{self, Malformed},
};
use store::subject::Subject;

use super::{Column, Labels};

/// Writes rows.
#[derive(Debug)]
pub(super) struct Writer {
    cells: Vec<Cell>,
    labels: Labels,
    guard_formulas: bool,
    /// The row at hand; keeps its buffers.
    row: Vec<String>,
}

#[derive(Debug)]
struct Cell {
    column: Column,
    /// Followed by a column of labels.
    labelled: bool,
}

impl Writer {
    pub(super) fn new(columns: Vec<Column>, labels: Option<Labels>, guard_formulas: bool) -> Self {
        let labels = labels.unwrap_or_default();
        let cells: Vec<Cell> = std::iter::once(Column::Id)
            .chain(columns.into_iter().filter(|column| *column != Column::Id))
            .map(|column| Cell {
                labelled: matches!(
                    &column,
                    Column::Field { group: Group::Hubspot, name } if labels.has(name)
                ),
                column,
            })
            .collect();
        let width = cells
            .iter()
            .map(|cell| 1 + usize::from(cell.labelled))
            .sum();
        Self {
            cells,
            labels,
            guard_formulas,
            row: vec![String::new(); width],
        }
    }

    /// The header row.
    pub(super) fn header(&self) -> Vec<String> {
        let mut names = Vec::with_capacity(self.row.len());
        for cell in &self.cells {
            names.push(cell.column.to_string());
            if cell.labelled {
                names.push(format!("{} (label)", cell.column));
            }
        }
        names
    }

    /// The row of one visitor or account.
    pub(super) fn row(&mut self, subject: &Subject) -> Result<&[String], Malformed> {
        self.row.iter_mut().for_each(String::clear);
        let groups = [
            (Group::Hubspot, entries(subject.hubspot.as_deref())?),
            (Group::Agent, entries(subject.agent.as_deref())?),
            (Group::Custom, entries(subject.custom.as_deref())?),
        ];
        let mut at = 0;
        for cell in &self.cells {
            let mut is_text = true;
            let mut label = None;
            match &cell.column {
                Column::Id => self.row[at].push_str(&subject.id),
                Column::Accounts => push_accounts(subject.accounts.as_deref(), &mut self.row[at]),
                Column::Field { group, name } => {
                    let token = groups
                        .iter()
                        .find(|(of, _)| of == group)
                        .and_then(|(_, entries)| entries.iter().find(|(known, _)| known == name))
                        .map_or("null", |(_, token)| token);
                    if let Some(value) = payload::unescape(token) {
                        if cell.labelled {
                            label = self.labels.of(name, &value);
                        }
                        self.row[at].push_str(&value);
                    } else if token != "null" {
                        is_text = false;
                        self.row[at].push_str(token);
                    }
                }
            }
            if is_text && self.guard_formulas {
                guard_formula(&mut self.row[at]);
            }
            at += 1;
            if cell.labelled {
                self.row[at].push_str(label.as_deref().unwrap_or_default());
                if self.guard_formulas {
                    guard_formula(&mut self.row[at]);
                }
                at += 1;
            }
        }
        Ok(&self.row)
    }
}

type Entry<'a> = (Cow<'a, str>, &'a str);

fn entries(stored: Option<&str>) -> Result<Vec<Entry<'_>>, Malformed> {
    stored.map_or_else(
        || Ok(Vec::new()),
        |stored| payload::entries(stored).collect(),
    )
}

/// The form that an import reads.
fn push_accounts(accounts: Option<&str>, cell: &mut String) {
    let ids: Vec<String> = accounts
        .and_then(|accounts| serde_json::from_str(accounts).ok())
        .unwrap_or_default();
    cell.push_str(&ids.join(";"));
}

/// Makes a text harmless to spreadsheet programs: they take one that begins with `=`, `+`, `-`, `@`, a tab or a carriage
/// return for a formula, a formula can send the sheet's content away, and anybody who fills in a form in HubSpot can write one.
/// An apostrophe in front says that it is a text: <https://owasp.org/www-community/attacks/CSV_Injection>.
pub fn guard_formula(cell: &mut String) {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        cell.insert(0, '\'');
    }
}
