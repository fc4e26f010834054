//! The oracle: the edited text, read again, must be the migrated values.
//!
//! The values were computed by code that knows nothing of text, the text was edited by code that knows
//! nothing of steps. That both agree is checked here for every file, before anything is shown. And the
//! edited text is read by a second reader, of the kind that Helm has: it must see what the first one sees.

use std::{collections::HashMap, ops::Range};

use crate::{
    diff::{equal_end, equal_start},
    migrate::{Body, TracedValue},
    values::{
        Path, ReadError, Value,
        view::{ValueKind, View},
    },
    yaml::{Disagreement, NodeId, Tree, check_agreement},
};

/// In texts larger than this, in bytes, only what changed is read a second time, which would cost as much as the first.
const READ_AGAIN_WHOLE: usize = 1 << 20;

/// A disagreement of text and values. It is a fault of refit, and nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OracleError {
    /// The edited text says something else.
    #[error("the edited text says {found} at {path} where it should say {wanted}")]
    Differs {
        /// The path.
        path: Path,
        /// The value in the text.
        found: String,
        /// The value that it should be.
        wanted: String,
    },
    /// The edited text cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// A disagreement that the second reader found.
#[derive(Debug, thiserror::Error)]
pub enum SecondReadingError {
    /// The text that was given is not for the reader that Helm has; it was so before it was edited.
    #[error(transparent)]
    Given(Disagreement),
    /// The edits made it so. It is a fault of refit, and nothing was changed.
    #[error(transparent)]
    Edited(Disagreement),
}

/// Reads the edited document as Helm's reader would, and compares.
///
/// `root` is any node of that document in each of the two trees.
///
/// # Errors
///
/// If it reads something else. Whose fault that is shows in the text that was given, where the place of
/// [`SecondReadingError::Given`] is.
pub fn second_reading(
    before: (&Tree, NodeId),
    after: (&Tree, NodeId),
) -> Result<(), SecondReadingError> {
    let old_span = before.0.document_span(before.1);
    let new_span = after.0.document_span(after.1);
    let old = &before.0.text()[old_span.clone()];
    let new = &after.0.text()[new_span.clone()];
    let large = new.len() > READ_AGAIN_WHOLE;
    let (start, behind) = match large {
        true => {
            let start = equal_start(old.as_bytes(), new.as_bytes());
            let (old, new) = (&old.as_bytes()[start..], &new.as_bytes()[start..]);
            (start, equal_end(old, new))
        }
        false => (0, 0),
    };
    let part = |span: &Range<usize>| large.then(|| span.start + start..span.end - behind);
    let Err(found) = check_agreement(after.0, after.1, part(&new_span)) else {
        return Ok(());
    };
    Err(match check_agreement(before.0, before.1, part(&old_span)) {
        Err(given) => SecondReadingError::Given(given),
        Ok(()) => SecondReadingError::Edited(found),
    })
}

/// Compares the edited text with the migrated values, as Helm types them.
///
/// # Errors
///
/// At the first place where they differ.
pub fn oracle(node: &TracedValue, before: &View<'_>, after: &View<'_>) -> Result<(), OracleError> {
    compare(node, before, after, after.root(), &Path::root())
}

fn compare(
    node: &TracedValue,
    before: &View<'_>,
    after: &View<'_>,
    found: NodeId,
    at: &Path,
) -> Result<(), OracleError> {
    if let (Body::Same, Some(source)) = (&node.body, node.source())
        && before.is_alike(source.node, after, found)
    {
        return Ok(());
    }
    if let Body::Map(entries) = &node.body {
        let wanted = || entries.iter().filter(|entry| !entry.gone);
        let there = after.entries(found)?.entries;
        if there.is_empty() && at.is_root() && wanted().next().is_none() {
            return Ok(());
        }
        if after.kind(found)? == ValueKind::Map && there.len() == wanted().count() {
            let there: HashMap<&str, NodeId> = there
                .iter()
                .map(|entry| (entry.name.as_ref(), entry.value))
                .collect();
            for entry in wanted() {
                let here = at.key(&entry.key);
                match there.get(entry.key.as_str()) {
                    Some(value) => compare(&entry.node, before, after, *value, &here)?,
                    None => return check_equal(&here, None, &entry.node.value(before)?),
                }
            }
            return Ok(());
        }
    }
    let wanted = node.value(before)?;
    let found = after.value(found)?;
    if wanted == found {
        Ok(())
    } else {
        check_equal(at, Some(&found), &wanted)
    }
}

fn check_equal(path: &Path, found: Option<&Value>, wanted: &Value) -> Result<(), OracleError> {
    let text = |value: Option<&Value>| crate::pack::expr::describe_value(value);
    Err(OracleError::Differs {
        path: path.clone(),
        found: text(found),
        wanted: text(Some(wanted)),
    })
}
