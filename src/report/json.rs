//! The outcome as JSON, for programs.

use super::Masker;
use crate::outcome::Outcome;

/// The outcome as one JSON document with a final line end: on one line, or `pretty` for people.
/// Secrets are masked as the masker says; the digests are those of the exact result all the same.
///
/// # Errors
///
/// If the outcome cannot be serialised, which no outcome is known to cause.
pub fn render(
    outcome: &Outcome,
    masker: &Masker,
    pretty: bool,
) -> Result<String, serde_json::Error> {
    let outcome = masker.outcome(outcome);
    let mut text = if pretty {
        serde_json::to_string_pretty(&outcome)?
    } else {
        serde_json::to_string(&outcome)?
    };
    text.push('\n');
    Ok(text)
}
