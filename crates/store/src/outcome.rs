//! What became of a record: the vocabulary of outcomes and its numbers in the database.

/// The fate of one delivered record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutcomeKind {
    /// It feeds a visitor or account.
    Matched,
    /// It matched nothing, or lost to a better duplicate.
    Missed(Miss),
    /// Delivered, but archived, deleted or merged away before the run was applied.
    Excluded,
    /// Delivered, but it could not be decoded, or its write was refused.
    Failed,
}

/// Why a record matched nothing; the first that fits, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Miss {
    /// The key is null, `""` or absent.
    EmptyKey,
    /// Another record with the same key on a known id was modified later, or has the higher id.
    DuplicateKey,
    /// A known id differs in upper and lower case only.
    DiffersByCase,
    /// A known id differs in white space only.
    DiffersBySpace,
    /// A known id differs by a trailing `.0` only.
    DiffersByTrailingZero,
    /// A known id is the key with something before it, or the other way round, and that something ends in a character that
    /// is neither letter nor digit.
    DiffersByPrefix,
    /// Nothing like it is known.
    UnknownId,
}

impl Miss {
    /// All reasons, in the order they are tried.
    pub const ALL: [Self; 7] = [
        Self::EmptyKey,
        Self::DuplicateKey,
        Self::DiffersByCase,
        Self::DiffersBySpace,
        Self::DiffersByTrailingZero,
        Self::DiffersByPrefix,
        Self::UnknownId,
    ];

    /// The name in reports.
    pub const fn code(self) -> &'static str {
        match self {
            Self::EmptyKey => "empty_key",
            Self::DuplicateKey => "duplicate_key",
            Self::DiffersByCase => "differs_by_case",
            Self::DiffersBySpace => "differs_by_space",
            Self::DiffersByTrailingZero => "differs_by_trailing_zero",
            Self::DiffersByPrefix => "differs_by_prefix",
            Self::UnknownId => "unknown_id",
        }
    }
}

/// The number of [`OutcomeKind::Matched`] in the database.
pub(crate) const MATCHED: i64 = 0;
/// The number of [`Miss::DuplicateKey`] in the database.
pub(crate) const DUPLICATE: i64 = 2;
pub(crate) const EXCLUDED: i64 = 20;
pub(crate) const FAILED: i64 = 21;

impl OutcomeKind {
    /// Every kind.
    pub(crate) const ALL: [Self; 10] = [
        Self::Matched,
        Self::Missed(Miss::EmptyKey),
        Self::Missed(Miss::DuplicateKey),
        Self::Missed(Miss::DiffersByCase),
        Self::Missed(Miss::DiffersBySpace),
        Self::Missed(Miss::DiffersByTrailingZero),
        Self::Missed(Miss::DiffersByPrefix),
        Self::Missed(Miss::UnknownId),
        Self::Excluded,
        Self::Failed,
    ];

    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::Matched => MATCHED,
            Self::Missed(Miss::EmptyKey) => 1,
            Self::Missed(Miss::DuplicateKey) => DUPLICATE,
            Self::Missed(Miss::DiffersByCase) => 3,
            Self::Missed(Miss::DiffersBySpace) => 4,
            Self::Missed(Miss::DiffersByTrailingZero) => 5,
            Self::Missed(Miss::DiffersByPrefix) => 6,
            Self::Missed(Miss::UnknownId) => 7,
            Self::Excluded => EXCLUDED,
            Self::Failed => FAILED,
        }
    }

    pub(crate) fn from_number(number: i64) -> Self {
        let known = Self::ALL.into_iter().find(|kind| kind.number() == number);
        known.unwrap_or(Self::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_back() {
        for kind in OutcomeKind::ALL {
            assert_eq!(OutcomeKind::from_number(kind.number()), kind);
        }
        for miss in Miss::ALL {
            assert!(OutcomeKind::ALL.contains(&OutcomeKind::Missed(miss)));
        }
    }
}
