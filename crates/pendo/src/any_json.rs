//! Whatever Pendo sends, nothing panics and no secret gets out.
