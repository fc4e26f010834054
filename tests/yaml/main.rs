//! Lossless YAML: reading, editing, the official test suite, and real files.

#[path = "../laws/choice.rs"]
#[allow(dead_code)]
mod choice;
#[path = "../mutated_texts/mod.rs"]
mod mutated_texts;
#[path = "../support/mod.rs"]
mod support;

mod edit;
mod edit_law;
mod editor;
mod generated;
mod inner;
mod material;
mod mutated;
mod read;
mod readers;
mod rewrite;
mod rewrite_material;
mod suite;
