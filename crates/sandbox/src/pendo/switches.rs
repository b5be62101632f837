//! What is not known about the real thing: one switch a question, each set to the likelier answer.

use serde::{Deserialize, Serialize};

/// Open questions about Pendo's API. A connector should stand every setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches are each of their own"
)]
pub struct Switches {
    /// What `null` does to a value.
    pub null: Null,
    /// What `""` does to a value.
    pub empty_text: EmptyText,
    /// The type a field has that was made as `number`.
    pub number: NumberType,
    /// What an integer field makes of `12.5`.
    pub decimals: Decimals,
    /// Which forms a time may be written in; others fail the record. It is kept and read as epoch milliseconds.
    pub times: Times,
    /// How a field's key comes from the name it is given.
    pub names: Names,
    /// Leaves `missing` and `errors` out of an answer when they are empty.
    pub omit_empty_lists: bool,
    /// The answer to setting many says `kind`.
    pub kind_key: bool,
    /// What stands in `errors`.
    pub errors: Errors,
    /// What happens to a value that does not fit its field's type (times apart).
    pub wrong_types: WrongTypes,
    /// What happens to a value for a field that does not exist.
    pub unknown_fields: UnknownFields,
    /// Most records in one request; 0 means no limit.
    pub max_records: usize,
    /// Most bytes in one body; 0 means no limit.
    pub max_body_bytes: usize,
    /// Status above one of the two limits: 413 or 400.
    pub limit_status: u16,
    /// Accounts have a first visit.
    pub account_first_visit: bool,
    /// A write with a read-only key is told why, in a body.
    pub read_only_body: bool,
    /// Creating fields takes the types `integer`, `float` and `list` besides the four documented ones.
    pub more_types: bool,
    /// What happens to creating a field that exists with another type.
    pub retype: Retype,
    /// Most calls in one second of the clock, for a subscription; above it 429. 0 means no limit.
    pub calls_per_second: u32,
    /// `Retry-After` of a 429, in seconds; without it the header is left out.
    pub retry_after: Option<u64>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            null: Null::Clears,
            empty_text: EmptyText::Stored,
            number: NumberType::Float,
            decimals: Decimals::Kept,
            times: Times::Both,
            names: Names::Stripped,
            omit_empty_lists: false,
            kind_key: false,
            errors: Errors::TextsWithId,
            wrong_types: WrongTypes::Accepted,
            unknown_fields: UnknownFields::CreatedAsText,
            max_records: 0,
            max_body_bytes: 0,
            limit_status: 413,
            account_first_visit: true,
            read_only_body: false,
            more_types: false,
            retype: Retype::Kept,
            calls_per_second: 0,
            retry_after: None,
        }
    }
}

/// What `null` does to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Null {
    /// The value is gone.
    Clears,
    /// The value is `null`.
    Stored,
    /// The value stays.
    Ignored,
}

/// What `""` does to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyText {
    /// The value is `""`.
    Stored,
    /// The value is gone.
    Clears,
}

/// The type a field has that was made as `number`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberType {
    /// `float`.
    Float,
    /// `integer`.
    Integer,
}

/// What an integer field makes of a number with decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decimals {
    /// They stay: one client met such values when reading.
    Kept,
    /// They are cut off.
    Truncated,
}

/// Which forms a time may be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Times {
    /// A number: milliseconds since the epoch.
    EpochMs,
    /// A text: ISO 8601, a date or an instant.
    Iso8601,
    /// Either.
    Both,
}

/// How a field's key comes from the name it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Names {
    /// Lower-cased, and everything but letters and digits left out: `SFDC_Profile` becomes `sfdcprofile`.
    Stripped,
    /// Lower-cased.
    Lowercased,
    /// As it is.
    Kept,
}

/// What stands in `errors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errors {
    /// Texts that do not say which record.
    Texts,
    /// Texts that begin with the record's id.
    TextsWithId,
    /// `{"visitorId": …, "error": …}`.
    Objects,
}

/// What happens to a value that does not fit its field's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WrongTypes {
    /// It is stored as it came.
    Accepted,
    /// Its record fails.
    Refused,
}

/// What happens to a value for a field that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownFields {
    /// The field comes into being, as text.
    CreatedAsText,
    /// Its record fails.
    RecordFails,
    /// The value is passed over.
    Ignored,
    /// The whole request is a 400.
    RequestRefused,
}

/// What happens to creating a field that exists with another type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retype {
    /// 200, and the old type stays.
    Kept,
    /// 409.
    Refused,
}
