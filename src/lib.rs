//! refit fits Helm values to a newer chart.
//!
//! Data flows one way: load, detect, plan, migrate (values), edit (text), verify, show, write.
//! A later stage never reaches back, and the library prints nothing.

pub mod diff;
pub mod digest;
pub mod outcome;
pub mod report;
pub mod upgrade;
pub mod values;
pub mod write;
pub mod yaml;
