//! Why a line is not loaded.

use model::{Level, MetadataType, decimal};

/// A line of a file that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BadLine {
    /// Its number, from 1. For a CSV row of several lines, the first of them.
    pub line: u64,
    /// Why.
    #[serde(serialize_with = "as_text")]
    pub reason: Reason,
}

/// Why a line could not be used. Values stand in no reason, names of fields do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Reason {
    #[error("the line is not UTF-8")]
    NotUtf8,
    #[error("the line is longer than {} MiB", super::source::MAX_LINE >> 20)]
    TooLong,
    #[error("the line is not a JSON object ({problem}, column {column})")]
    NotJson { problem: String, column: usize },
    #[error("there is no id")]
    NoId,
    #[error("the id is empty")]
    EmptyId,
    #[error("the id is not a text; write it in quotes")]
    IdNotText,
    #[error("the id is longer than {} bytes", store::import::MAX_ID_BYTES)]
    LongId,
    #[error("the id contains a control character")]
    ControlCharacterInId,
    #[error("accounts is not a list of texts")]
    AccountsNotTexts,
    #[error("an account id cannot be used: {0}")]
    Account(Box<Reason>),
    #[error("accounts belong to visitors; an account has none")]
    AccountsOfAccount,
    #[error("agent is not an object")]
    AgentNotObject,
    #[error("the key {key:?} stands twice")]
    Twice { key: String },
    #[error("the group {group} cannot be imported, only agent can")]
    Group { group: &'static str },
    #[error("this is a line of an export; an import has \"agent\" beside \"id\"")]
    ExportLine,
    #[error("unknown key {key:?}; a line has {}", expected(*.level))]
    UnknownKey { key: String, level: Level },
    #[error("agent.{field} is a list or an object; a field holds one text, number, true or false")]
    Nested { field: String },
    #[error(
        "an agent field has no name, or one with a control character or of more than 255 bytes"
    )]
    FieldName,
    #[error("agent.{field} holds {found}, but the type of the field is {known}")]
    OtherType {
        field: String,
        known: MetadataType,
        found: MetadataType,
    },
    #[error("agent.{field}: {refusal}")]
    Number {
        field: String,
        refusal: decimal::Refusal,
    },
    #[error("agent.{field} is neither true nor false")]
    NotBoolean { field: String },
    #[error("agent.{field} is not a date or a date with a time")]
    NotTime { field: String },
    #[error("agent.{field} holds a text with an escape that stands for no character")]
    Escape { field: String },
    #[error("the row has {found} columns, the header {expected}")]
    Columns { expected: usize, found: usize },
    #[error("a quote that opens here is never closed; the rest of the file was not read")]
    OpenQuote,
}

fn expected(level: Level) -> &'static str {
    match level {
        Level::Visitor => "id, accounts and agent",
        Level::Account => "id and agent",
    }
}

fn as_text<S: serde::Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(reason)
}
