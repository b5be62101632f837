//! The client as its users see it, against a server that answers from a script.
//!
//! Not against the sandbox: what the client takes for Pendo's ways is written down here once more, so that a
//! misreading must be made twice to go unseen.

mod calls;
mod errors;
mod stage;
mod writes;
