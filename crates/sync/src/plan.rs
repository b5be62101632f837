//! Which reader a run uses, and how many calls that takes.

use std::str::FromStr;

use hubspot::Query;
use model::{ObjectType, RecordId};

use crate::layout::Layout;

pub(crate) use hubspot::{LIST_PAGE, SEARCH_PAGE};

/// Larger than any record id: HubSpot's are far below what JSON numbers hold exactly.
pub(crate) const LAST_ID: u64 = (1 << 53) - 1;

/// Pages of a search from which reading from both ends is worth the one page that both may read where they meet.
const BOTH_ENDS: u64 = 10;

/// How records shall be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReaderChoice {
    /// Whatever takes fewer calls.
    #[default]
    Auto,
    /// By search: only records with a key, 200 a call; the index may lag behind for moments.
    Search,
    /// By list: every record, 100 a call, as the portal holds them now.
    List,
}

impl FromStr for ReaderChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "search" => Ok(Self::Search),
            "list" => Ok(Self::List),
            _ => Err(format!(
                "{text:?} is not a reader; write auto, search or list"
            )),
        }
    }
}

/// The reader of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    Search,
    List,
}

impl Reader {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::List => "list",
        }
    }
}

/// What the portal says before a run reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Records of the object.
    pub(crate) records: u64,
    /// Those with a key; `None` where HubSpot cannot search for it.
    pub(crate) with_key: Option<u64>,
}

/// How a run reads.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) object: ObjectType,
    pub(crate) reader: Reader,
    /// Records the reader is to deliver.
    pub(crate) records: u64,
    /// Calls that reading them takes at most, if nothing changes meanwhile.
    pub(crate) calls: u64,
    /// A search goes through the ids from both ends.
    pub(crate) both_ends: bool,
    /// What is asked for.
    query: Query,
}

impl Plan {
    /// Picks the reader that takes fewer calls, unless one is asked for. `list_calls_per_page` is above 1 when the property
    /// list does not fit one URL.
    pub(crate) fn new(
        object: ObjectType,
        layout: &Layout,
        choice: ReaderChoice,
        totals: Totals,
        list_calls_per_page: u64,
    ) -> Self {
        let list_calls = list_calls_per_page * totals.records.div_ceil(LIST_PAGE.into()).max(1);
        let search_calls = totals
            .with_key
            .map(|records| records.div_ceil(SEARCH_PAGE.into()).max(1));
        let search = match choice {
            ReaderChoice::Auto => search_calls.filter(|calls| *calls <= list_calls),
            ReaderChoice::Search => search_calls,
            ReaderChoice::List => None,
        };
        match (search, totals.with_key) {
            (Some(calls), Some(records)) => Self {
                object,
                reader: Reader::Search,
                records,
                calls: calls + u64::from(calls >= BOTH_ENDS),
                both_ends: calls >= BOTH_ENDS,
                query: Query {
                    has_property: Some(layout.key().clone()),
                    ids: None,
                },
            },
            _ => Self {
                object,
                reader: Reader::List,
                records: totals.records,
                calls: list_calls,
                both_ends: false,
                query: Query::default(),
            },
        }
    }

    /// What is asked for, within an inclusive range of record ids.
    pub(crate) fn query_in(&self, range: (RecordId, RecordId)) -> Query {
        Query {
            ids: Some(range),
            ..self.query.clone()
        }
    }

    /// What is asked for, in all.
    pub(crate) fn query(&self) -> &Query {
        &self.query
    }
}
