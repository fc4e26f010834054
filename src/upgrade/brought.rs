//! Whether values that may have been brought along on a branch still need it.
//!
//! A run that compares with another state knows which version the values there were for, and not which the
//! values here are for: the branch that raised the version may have changed them, too. They are judged by
//! what the steps of the way would do:
//!
//! - values that are as they were need all of it;
//! - values that are what the steps make of the old ones need nothing;
//! - if steps had keys to move in the old values and have none here, somebody moved them: nothing is left.
//!   A step that gives the same key another meaning would find that key again, so it is not asked;
//! - else the rest is done, but no step of that kind whose key has another value than it had.
//!
//! What an answer leaves as it is leaves no trace; so where only such a question is on the way, it is asked
//! again unless its answer is given.

use crate::{
    migrate::{Answers, MigrateError, Migrated, StepState, together::migrate_layers},
    plan::Plan,
    values::{Path, Value, merge::merge_all, view::View},
};

/// The part of a migration that is left to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Everything.
    All,
    /// Nothing.
    Nothing,
    /// All but these steps.
    Without(Vec<String>),
}

/// The part of `migrated` that is left to do for the values here, given the values `before`.
///
/// # Errors
///
/// If the steps cannot run over the values before.
pub(super) fn left_to_do(
    (before, here): (&[View<'_>], &[View<'_>]),
    plan: &Plan<'_>,
    migrated: &Migrated,
    (answers, accept): (&Answers, bool),
) -> Result<Left, MigrateError> {
    let (Some(old), Some(new)) = (merged(before), merged(here)) else {
        return Ok(Left::All);
    };
    if old == new || !does(migrated).any(|_| true) {
        return Ok(Left::All);
    }
    let views: Vec<&View<'_>> = before.iter().collect();
    let expected = migrate_layers(&views, plan, answers, accept)?;
    let layers = expected.layers.iter().zip(before);
    let values: Option<Vec<_>> = layers
        .map(|(node, view)| match node.value(view) {
            Ok(Value::Map(map)) => Some(map),
            Ok(Value::Null) => Some(Default::default()),
            _ => None,
        })
        .collect();
    let is_open = expected
        .steps
        .iter()
        .any(|step| step.state == StepState::Open);
    if !is_open && values.is_some_and(|values| Value::Map(merge_all(values)) == new) {
        return Ok(Left::Nothing);
    }
    let same_key = |id: &str| {
        let mut steps = plan.all_migrations().flat_map(|migration| &migration.steps);
        steps.any(|step| step.id == id && step.same_key)
    };
    let moves = |migrated: &Migrated| does(migrated).any(|id| !same_key(id));
    if moves(&expected) && !moves(migrated) {
        return Ok(Left::Nothing);
    }
    let steps = plan.all_migrations().flat_map(|migration| &migration.steps);
    let changed = steps.filter(|step| step.same_key).filter(|step| {
        let takes = step.takes.iter().map(|take| &take.path);
        let reads = step.reads.iter().map(|(_, path)| path);
        takes
            .chain(reads)
            .any(|path| found(path, &old) != found(path, &new))
    });
    let done: Vec<String> = changed.map(|step| step.id.clone()).collect();
    Ok(match done.is_empty() {
        true => Left::All,
        false => Left::Without(done),
    })
}

/// The steps that change something, or ask.
fn does(migrated: &Migrated) -> impl Iterator<Item = &str> {
    let steps = migrated.steps.iter();
    steps
        .filter(|step| !step.changes.is_empty() || step.state == StepState::Open)
        .map(|step| step.id.as_str())
}

fn merged(views: &[View<'_>]) -> Option<Value> {
    let maps: Option<Vec<_>> = views.iter().map(|view| view.values().ok()).collect();
    Some(Value::Map(merge_all(maps?)))
}

/// The values at the places that a path means.
fn found(path: &Path, values: &Value) -> Vec<(Path, Value)> {
    if path.is_concrete() {
        let value = path.get(values).cloned();
        return value
            .map(|value| (path.clone(), value))
            .into_iter()
            .collect();
    }
    let Value::Map(map) = values else {
        return Vec::new();
    };
    crate::values::leaves(map)
        .into_iter()
        .filter(|(leaf, _)| path.matches_prefix(leaf).is_some())
        .map(|(leaf, value)| (leaf, value.clone()))
        .collect()
}
