//! Tests of pipelines and rows.
