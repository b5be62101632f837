//! The reasons for which a value is kept out.

/// Why a value was kept out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Quarantine {
    /// Not a decimal number.
    #[error("the value is not a number")]
    NotANumber,
    /// A number with more digits than [`Decimal::MAX_DIGITS`](crate::Decimal::MAX_DIGITS).
    #[error("the number has more than 38 digits")]
    TooManyDigits,
    /// A number whose exponent is beyond [`Decimal::MAX_EXPONENT`](crate::Decimal::MAX_EXPONENT).
    #[error("the number is too large, too small or too finely divided: an exponent is beyond ± 40")]
    NumberOutOfRange,
    /// Neither `true` nor `false`.
    #[error("the value is neither true nor false")]
    NotABoolean,
    /// Neither a date nor a date with a time.
    #[error("the value is not a date")]
    NotADate,
    /// Not a date with a time.
    #[error("the value is not a date and time")]
    NotATime,
    /// A time whose year in UTC is not one of 0000 to 9999.
    #[error("the time is outside the years 0000 to 9999")]
    TimeOutOfRange,
}

impl Quarantine {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::NotANumber,
        Self::TooManyDigits,
        Self::NumberOutOfRange,
        Self::NotABoolean,
        Self::NotADate,
        Self::NotATime,
        Self::TimeOutOfRange,
    ];

    /// The stable code, for the database, reports and scripts.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotANumber => "not_a_number",
            Self::TooManyDigits => "too_many_digits",
            Self::NumberOutOfRange => "number_out_of_range",
            Self::NotABoolean => "not_a_boolean",
            Self::NotADate => "not_a_date",
            Self::NotATime => "not_a_time",
            Self::TimeOutOfRange => "time_out_of_range",
        }
    }

    /// The reason with this code, if any.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::Decimal;

    #[test]
    fn codes_are_distinct_and_read_back() {
        let codes: HashSet<_> = Quarantine::ALL.into_iter().map(Quarantine::code).collect();
        assert_eq!(codes.len(), Quarantine::ALL.len());
        for reason in Quarantine::ALL {
            assert_eq!(Quarantine::from_code(reason.code()), Some(reason));
        }
        assert_eq!(Quarantine::from_code("NotANumber"), None);
        assert_eq!(Quarantine::from_code(""), None);
    }

    #[test]
    fn messages_name_the_bounds_that_hold() {
        assert!(
            Quarantine::TooManyDigits
                .to_string()
                .contains(&Decimal::MAX_DIGITS.to_string())
        );
        assert!(
            Quarantine::NumberOutOfRange
                .to_string()
                .contains(&Decimal::MAX_EXPONENT.to_string())
        );
    }
}
