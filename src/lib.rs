//! refit fits Helm values to a newer chart.
//!
//! Data flows one way: load, detect, plan, migrate (values), edit (text), verify, show, write.
//! A later stage never reaches back, and the library prints nothing.

pub mod detect;
pub mod edit;
pub mod migrate;
pub mod outcome;
pub mod pack;
pub mod plan;
pub mod values;
pub mod verify;
pub mod yaml;
