//! Columns by name: `id`, `accounts`, and `group.field`.

use std::{fmt, str::FromStr};

use model::{Group, Level};
use store::mapping::Field;

/// One column of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// The visitor's or account's id; always there, always first.
    Id,
    /// The ids of a visitor's accounts, joined with `;`.
    Accounts,
    /// A metadata field.
    Field {
        /// Its group.
        group: Group,
        /// Its name within the group.
        name: String,
    },
}

/// There is no such column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no column; write id, accounts or group.field, such as hubspot.plan")]
pub struct UnknownColumn(pub String);

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id => f.write_str("id"),
            Self::Accounts => f.write_str("accounts"),
            Self::Field { group, name } => write!(f, "{group}.{name}"),
        }
    }
}

impl FromStr for Column {
    type Err = UnknownColumn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.split_once('.')) {
            ("id", _) => Ok(Self::Id),
            ("accounts", _) => Ok(Self::Accounts),
            (_, Some((group, name))) if !name.is_empty() => {
                let group = Group::from_name(group).ok_or_else(|| UnknownColumn(text.into()))?;
                Ok(Self::Field {
                    group,
                    name: name.into(),
                })
            }
            _ => Err(UnknownColumn(text.into())),
        }
    }
}

/// Every column there is: the id, a visitor's accounts, and all fields by group and name.
pub(super) fn all(level: Level, fields: &[Field]) -> Vec<Column> {
    let accounts = (level == Level::Visitor).then_some(Column::Accounts);
    let fields = fields.iter().map(|field| Column::Field {
        group: field.group,
        name: field.name.clone(),
    });
    accounts.into_iter().chain(fields).collect()
}
