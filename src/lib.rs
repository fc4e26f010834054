//! refit fits Helm values to a newer chart.
//!
//! Data flows one way: load, detect, plan, migrate (values), edit (text), verify, show, write.
//! A later stage never reaches back, and the library prints nothing.

pub mod authoring;
pub mod block;
pub mod bounds;
pub mod carrier;
pub mod chart;
pub mod detach;
pub mod detect;
pub mod diff;
pub mod digest;
pub mod draft;
pub mod edit;
pub mod effect;
pub mod facts;
pub mod git;
pub mod identify;
pub mod jobs;
pub mod load;
pub mod memory;
pub mod migrate;
pub mod outcome;
pub mod pack;
pub mod plan;
pub mod questions;
pub mod refusal;
pub mod report;
pub mod review;
pub mod revision;
pub mod secrets;
pub mod shell;
pub mod spelling;
pub mod supply;
pub mod tell;
pub mod trial;
pub mod upgrade;
pub mod values;
pub mod verify;
pub mod walk;
pub mod write;
pub mod yaml;
