//! Why a migration cannot be computed.

use crate::{pack::PackError, values::ReadError};

/// The reasons for which a migration cannot be computed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The pack is at fault.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// A layer has something that Helm cannot read.
    #[error("{error}")]
    Read {
        /// The layer.
        layer: usize,
        /// The error.
        error: ReadError,
    },
    /// An answer names an option that the question does not have here.
    #[error("`{option}` is no answer to {id}; the options are: {}", options.join(", "))]
    UnknownOption {
        /// The decision.
        id: String,
        /// The option that was answered.
        option: String,
        /// The possible options.
        options: Vec<String>,
    },
    /// An answer has an input that its option does not take.
    #[error(
        "{id}={option} takes no input `{input}`{}",
        if inputs.is_empty() { String::new() } else { format!("; it takes: {}", inputs.join(", ")) }
    )]
    UnknownInput {
        /// The decision.
        id: String,
        /// The option.
        option: String,
        /// The input.
        input: String,
        /// The inputs that it takes.
        inputs: Vec<String>,
    },
    /// The text that was typed for an input is not of its kind.
    #[error("{id}.{input}: {message}")]
    BadInput {
        /// The decision.
        id: String,
        /// The input.
        input: String,
        /// The text that is expected.
        message: String,
    },
    /// An answer was given for other values.
    #[error("the answer to {id} was given for other values: {}; decide again", differences.join("; "))]
    OtherEvidence {
        /// The decision.
        id: String,
        /// The settings that differ.
        differences: Vec<String>,
    },
    /// Layers would mean something else together than before.
    #[error("the layers cannot be upgraded as they are: {difference}")]
    Layers {
        /// The first difference.
        difference: String,
    },
    /// A step adds settings to a release that has no values to add them to.
    #[error(
        "the step {step} adds settings, and the release has no values that they could stand in"
    )]
    NoValues {
        /// The step.
        step: String,
    },
    /// A value that a step writes into `global` would not count, because the chart above hands something else down.
    #[error(
        "the step {step} has to change {path}, but the chart above sets that for all of its charts, in the `global` at its root"
    )]
    HandedDown {
        /// The step.
        step: String,
        /// The place.
        path: String,
    },
    /// Leaves of the input have no fate. This is a fault of refit or of the pack.
    #[error(
        "{} of the file would be lost silently ({}); nothing was changed. This is a fault of refit",
        if paths.len() == 1 { "a setting" } else { "settings" }, paths.join(", ")
    )]
    Unaccounted {
        /// The leaves.
        paths: Vec<String>,
    },
}
