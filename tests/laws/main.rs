//! The promises as property tests: laws over generated values files and generated packs.
//!
//! A failing case is printed with its pack, its text and its answers, made as small as it goes. What it
//! showed is kept in `regressions.rs`, in words that do not depend on the generator.

#[path = "../mutated_texts/mod.rs"]
mod mutated_texts;
#[path = "../support/mod.rs"]
mod support;

mod arroyo;
mod below;
mod choice;
mod corpus;
mod documents;
#[path = "../yaml/edit_law.rs"]
mod edit_law;
mod engine;
mod fuzzed;
mod generated;
mod guards;
mod judge;
mod judged;
mod judged_packs;
mod laws;
mod layers;
mod mended;
mod mutated;
mod own_keys;
mod packs;
mod page;
mod real;
mod regressions;
mod releases;
mod reshaped;
mod seeds;
mod targets;
