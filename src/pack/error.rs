//! What can be wrong with a pack.

use semver::Version;

use super::expr::ExprError;

/// A pack that cannot be used, or a step of it that failed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A file of the pack is missing or cannot be read.
    #[error("{file}: {source}")]
    Read {
        /// The file.
        file: String,
        /// The reason.
        source: std::io::Error,
    },
    /// A file is too large or too deep to be a pack's.
    #[error("{file}: {message}")]
    Bounds {
        /// The file.
        file: String,
        /// The bound.
        message: String,
    },
    /// A file is not in the format.
    #[error("{file}: {message}")]
    Format {
        /// The file.
        file: String,
        /// The error, with line and column where they are known.
        message: String,
    },
    /// A step is not in the format.
    #[error("{version}.yaml: step `{step}`: {message}")]
    Step {
        /// The migration.
        version: Version,
        /// The step.
        step: String,
        /// The error.
        message: String,
    },
    /// An expression of a step failed on the user's values.
    #[error("{version}.yaml: step `{step}`: {error}")]
    Expression {
        /// The migration.
        version: Version,
        /// The step.
        step: String,
        /// The error.
        error: ExprError,
    },
    /// An expression of `pack.yaml` failed.
    #[error("pack.yaml: `{place}`: {error}")]
    PackExpression {
        /// The fact or the evidence.
        place: String,
        /// The error.
        error: ExprError,
    },
    /// Two steps of a migration wrote different values to one place.
    #[error(
        "{version}.yaml: steps `{first}` and `{second}` both write {path}; nothing was changed. \
         Leave one of them out with --skip"
    )]
    Clash {
        /// The migration.
        version: Version,
        /// The step that came first.
        first: String,
        /// The other one.
        second: String,
        /// The place.
        path: String,
    },
}
