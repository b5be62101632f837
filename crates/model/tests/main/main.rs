//! The model from outside: properties that hold for any input, and the generated document.

mod document;
mod laws;
