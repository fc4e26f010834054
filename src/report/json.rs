//! The outcome as JSON, for programs.

use super::Masker;
use crate::{outcome::Outcome, shell::obeyed};

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
    let outcome = masker.mask_outcome(outcome);
    let mut text = if pretty {
        serde_json::to_string_pretty(&outcome)?
    } else {
        serde_json::to_string(&outcome)?
    };
    text.push('\n');
    Ok(escape_controls(text))
}

/// The same JSON with escapes in place of what a terminal would obey and JSON lets stand: such characters stand only in
/// its strings.
pub(super) fn escape_controls(text: String) -> String {
    if !text.chars().any(|c| c != '\n' && obeyed(c)) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c != '\n' && obeyed(c) {
            true => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => out.push(c),
        }
    }
    out
}
