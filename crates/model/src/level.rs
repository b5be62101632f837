//! The two levels of a subscription, and the HubSpot objects that feed them.

use std::{fmt, str::FromStr};

/// Which kind of subject a mapping enriches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Persons using the product; fed by contacts.
    Visitor,
    /// Customer organisations; fed by companies.
    Account,
}

impl Level {
    /// Both levels, in the order they are synced.
    pub const ALL: [Self; 2] = [Self::Visitor, Self::Account];

    /// The HubSpot object whose records feed this level.
    pub const fn object(self) -> ObjectType {
        match self {
            Self::Visitor => ObjectType::Contacts,
            Self::Account => ObjectType::Companies,
        }
    }

    /// `visitor` or `account`, as on the command line, in reports and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Account => "account",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text is neither `visitor` nor `account`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a level; write visitor or account")]
pub struct UnknownLevel(pub String);

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|level| level.name() == text)
            .ok_or_else(|| UnknownLevel(text.into()))
    }
}

/// A HubSpot CRM object type that Tributary reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectType {
    /// `contacts`, object type id `0-1`.
    Contacts,
    /// `companies`, object type id `0-2`.
    Companies,
}

impl ObjectType {
    /// The name in API paths.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Companies => "companies",
        }
    }

    /// HubSpot's object type id.
    pub const fn type_id(self) -> &'static str {
        match self {
            Self::Contacts => "0-1",
            Self::Companies => "0-2",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for level in Level::ALL {
            assert_eq!(level.name().parse(), Ok(level));
        }
        let unknown = "Visitor".parse::<Level>().unwrap_err();
        assert_eq!(
            unknown.to_string(),
            r#""Visitor" is not a level; write visitor or account"#
        );
    }

    #[test]
    fn contacts_feed_visitors_and_companies_feed_accounts() {
        assert_eq!(Level::Visitor.object(), ObjectType::Contacts);
        assert_eq!(Level::Account.object(), ObjectType::Companies);
    }
}
