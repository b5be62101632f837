//! The stored form of one group's metadata: a JSON object, which is also the form it is exported in.

/// A JSON object of metadata values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Payload(pub String);
