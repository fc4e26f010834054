//! Lossless YAML: reading, editing, the official test suite, and real files.

#[path = "../support/mod.rs"]
mod support;

mod edit;
mod generated;
mod inner;
mod material;
mod read;
mod rewrite;
mod rewrite_material;
mod suite;
