//! Closed sets of words with stable names, which the database, the command line and reports share.

/// The text is none of the words expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {what}; write one of {expected}")]
pub struct UnknownName {
    /// What was expected, such as `metadata type`.
    pub what: &'static str,
    /// The names there are.
    pub expected: &'static str,
    /// The text that was given.
    pub text: String,
}

/// Gives an enum without data its stable names, one per variant.
macro_rules! named {
    ($type:ident, $what:literal, $first:ident => $first_name:literal $(, $variant:ident => $name:literal)* $(,)?) => {
        impl $type {
            /// All of them, in the order of their declaration.
            pub const ALL: &'static [Self] = &[Self::$first $(, Self::$variant)*];

            /// The stable name.
            pub const fn name(self) -> &'static str {
                match self {
                    Self::$first => $first_name,
                    $(Self::$variant => $name,)*
                }
            }

            /// The one with this name, if any.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $first_name => Some(Self::$first),
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::names::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::from_name(text).ok_or_else(|| $crate::names::UnknownName {
                    what: $what,
                    expected: concat!($first_name $(, ", ", $name)*),
                    text: text.into(),
                })
            }
        }
    };
}

pub(crate) use named;

#[cfg(test)]
mod tests {
    use std::{fmt::Display, str::FromStr};

    use crate::{Group, MetadataType, Translator, names::UnknownName};

    #[track_caller]
    fn names_are<T: Copy + Display + FromStr<Err = UnknownName> + PartialEq + std::fmt::Debug>(
        all: &[T],
        names: &[&str],
    ) {
        assert_eq!(
            all.iter().map(ToString::to_string).collect::<Vec<_>>(),
            names
        );
        for (one, name) in all.iter().zip(names) {
            assert_eq!(name.parse::<T>().as_ref(), Ok(one));
            assert!(name.to_uppercase().parse::<T>().is_err());
        }
    }

    #[test]
    fn names_are_stable_and_read_back() {
        names_are(
            Translator::ALL,
            &["text", "decimal", "boolean", "date", "date_time"],
        );
        names_are(MetadataType::ALL, &["string", "decimal", "boolean", "time"]);
        names_are(Group::ALL, &["auto", "agent", "custom", "hubspot"]);
    }

    #[test]
    fn an_unknown_name_is_told_the_known_ones() {
        assert_eq!(
            "Date".parse::<MetadataType>().unwrap_err().to_string(),
            r#""Date" is not a metadata type; write one of string, decimal, boolean, time"#
        );
    }
}
