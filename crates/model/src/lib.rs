//! The words of the trade as types: ids, properties, metadata values, and the translation between them.
//!
//! Pure: no I/O, no clock reading, no randomness. Every other crate may use it; it uses none of them.

pub mod clock;
pub mod decimal;
pub mod ids;
pub mod level;
pub mod metadata;
pub mod moment;
pub mod names;
pub mod payload;
pub mod property;
pub mod table;
pub mod translation;

pub use clock::Clock;
pub use decimal::Decimal;
pub use ids::{PortalId, PropertyName, RecordId, RunId, SubjectId};
pub use level::{Level, ObjectType};
pub use metadata::{Group, MetadataType, Value};
pub use moment::Moment;
pub use property::{KeyVerdict, KeyWarning, Property, PropertyOption};
pub use translation::{Outcome, Quarantine, Translator, Unimportable, Wire};
