//! The question that a layer asks which cannot be read: encrypted, or not in these files.
//!
//! Its values count and cannot be read. If it is known to hold nothing that a step on the route has to do
//! with, the release goes on; else only a person can say that it was taken care of. It is never edited.

use super::mentions;
use crate::{
    load::{LoadErrorKind, NotHere, Sealed, Wanted},
    migrate::{Answers, Decision, DecisionValue, MigrateError, Migrated, Offer, StepReport},
    plan::Plan,
    questions::{SEALED_LAYER, title},
    values::Path,
};

/// The option that goes on without the layer.
const GO_ON: &str = "go-on";

/// Puts the question where a sealed layer may be touched, and looks for its answer.
///
/// # Errors
///
/// If the answer is none of the options, has inputs, or was given for other layers.
pub(super) fn ask(
    wanted: &Wanted,
    plan: &Plan<'_>,
    answers: &Answers,
    migrated: &mut Migrated,
) -> Result<(), MigrateError> {
    let touched: Vec<(&Sealed, Vec<String>)> = wanted
        .sealed
        .iter()
        .map(|layer| (layer, touched_settings(layer, plan)))
        .filter(|(layer, paths)| layer.values.is_none() || !paths.is_empty())
        .filter(|(layer, _)| {
            let target = layer.target.as_deref();
            !target.is_some_and(|target| mentions::follows(plan, wanted, target))
        })
        .collect();
    if touched.is_empty() || plan.all_migrations().next().is_none() {
        return Ok(());
    }
    let layers: Vec<&Sealed> = touched.iter().map(|(layer, _)| *layer).collect();
    let evidence = touched.iter().flat_map(|(layer, paths)| {
        let shown = |path: &str, text: &str| DecisionValue::remark(path, text.to_owned(), None);
        match layer.values {
            None => vec![shown("layer", &layer.name)],
            Some(_) => paths
                .iter()
                .map(|path| shown(path, &format!("set in {}", layer.name)))
                .collect(),
        }
    });
    let mut decision = Decision::new(
        SEALED_LAYER,
        format!(
            "{}, and may hold settings that the upgrade moves. Are they taken care of?",
            what_is_with(&layers)
        ),
        evidence.collect(),
        vec![Offer::plain(
            GO_ON,
            "Yes: it holds nothing that moves, or I change it by hand; go on without it",
        )],
    );
    decision.look_up(answers)?;
    migrated.steps.push(StepReport {
        why: Some("What cannot be read here can only be changed where it is kept.".to_owned()),
        ..StepReport::asking(&plan.to, title(SEALED_LAYER), decision)
    });
    Ok(())
}

/// The reasons for which the values of layers are not known, in a clause: layers of one reason together.
fn what_is_with(layers: &[&Sealed]) -> String {
    let mut clauses: Vec<(&LoadErrorKind, Vec<&str>)> = Vec::new();
    let is_like =
        |one: &LoadErrorKind, other: &LoadErrorKind| reason(one, false) == reason(other, false);
    for layer in layers {
        let kind = &layer.error.kind;
        match clauses.iter_mut().find(|(other, _)| is_like(other, kind)) {
            Some((_, names)) => names.push(&layer.name),
            None => clauses.push((kind, vec![&layer.name])),
        }
    }
    let clauses = clauses.iter();
    let clauses = clauses
        .map(|(kind, names)| format!("{} {}", names.join(" and "), reason(kind, names.len() > 1)));
    clauses.collect::<Vec<_>>().join(" and ")
}

/// The reason for which a layer's values are not known, as its name goes on.
fn reason(kind: &LoadErrorKind, several: bool) -> &'static str {
    match (kind, several) {
        (LoadErrorKind::NotHere(NotHere::Missing), false) => "is not here",
        (LoadErrorKind::NotHere(NotHere::Missing), true) => "are not here",
        (LoadErrorKind::NotHere(NotHere::InOtherRepository), false) => "is in another repository",
        (LoadErrorKind::NotHere(NotHere::InOtherRepository), true) => "are in another repository",
        _ => "cannot be read",
    }
}

/// The visible settings of a layer that a step on the route has to do with.
fn touched_settings(layer: &Sealed, plan: &Plan<'_>) -> Vec<String> {
    let steps = || plan.all_migrations().flat_map(|migration| &migration.steps);
    let concerns = |path: &&Path| {
        steps().any(|step| {
            let taken = step.takes.iter().map(|take| &take.path);
            let read = step.reads.iter().map(|(_, path)| path);
            taken
                .chain(read)
                .chain(step.written_paths())
                .any(|other| other.may_overlap(path))
        })
    };
    let mut keys = layer.keys().unwrap_or_default();
    keys.retain(|path| concerns(&path));
    keys.iter().map(ToString::to_string).collect()
}
