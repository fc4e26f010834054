//! Manifests that hold values: what is found in them, what is edited, and what they share; and git.

#[path = "../carrier_lines/mod.rs"]
mod carrier_lines;
#[path = "../demo/mod.rs"]
mod demo;
#[path = "../registry/mod.rs"]
mod registry;
#[path = "../repository/mod.rs"]
mod repository;
#[path = "../support/mod.rs"]
mod support;

mod bounds;
mod carrier_cases;
mod carrier_paths;
mod carriers;
mod carriers_corpus;
mod carriers_edited;
mod carriers_joined;
mod folders;
mod generators;
mod git;
mod globals;
mod hidden;
mod in_tree;
mod named_layers;
mod namesakes;
mod patches;
mod places;
#[cfg(unix)]
mod since;
mod succession;
#[cfg(unix)]
mod swapped;
mod together;
