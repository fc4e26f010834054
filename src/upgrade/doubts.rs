//! The question of which of two layers wins, where a carrier's documentation and its code disagree.
//!
//! Flux says that `targetPath` wins over inline `values`; its code merges in an order in which that is not
//! always so. Where both set one path, what the values are for the chart depends on it, and so may what a
//! step does. Only who runs the cluster can look.

use std::borrow::Cow;

use super::{Request, answers_for};
use crate::{
    load::Wanted,
    migrate::{Answers, Decision, DecisionValue, MigrateError, Migrated, Offer, StepReport},
    plan::Plan,
    questions::{PRECEDENCE, title},
};

/// The path string wins.
const DOCUMENTED: &str = "path";
/// The inline values win.
const INLINE: &str = "inline";

/// A release with its layers in the order that was answered.
pub(super) fn ordered<'w>(request: &Request, wanted: &'w Wanted) -> Cow<'w, Wanted> {
    let answered = || answers_for(request, wanted).remove(PRECEDENCE);
    if wanted.doubts.is_empty() || answered().is_none_or(|answer| answer.option != INLINE) {
        return Cow::Borrowed(wanted);
    }
    let mut wanted = wanted.clone();
    for doubt in &wanted.doubts {
        let at = |block: usize| wanted.layers.iter().position(|layer| *layer == block);
        if let (Some(high), Some(low)) = (at(doubt.high), at(doubt.low))
            && high > low
        {
            let block = wanted.layers.remove(high);
            wanted.layers.insert(low, block);
        }
    }
    Cow::Owned(wanted)
}

/// Puts the question, and looks for its answer.
///
/// # Errors
///
/// If the answer is none of the options, has inputs, or was given for other places.
pub(super) fn ask(
    wanted: &Wanted,
    plan: &Plan<'_>,
    answers: &Answers,
    migrated: &mut Migrated,
) -> Result<(), MigrateError> {
    let Some(first) = wanted.doubts.first() else {
        return Ok(());
    };
    // Where no step is ahead it makes no difference which one wins.
    if plan.all_migrations().next().is_none() {
        return Ok(());
    }
    let evidence = wanted.doubts.iter().map(|doubt| {
        let place = |at: &crate::outcome::FilePosition| format!("{}:{}", at.file, at.line);
        let both = format!(
            "set at {} and at {}",
            place(&doubt.at[0]),
            place(&doubt.at[1])
        );
        DecisionValue::remark(&doubt.path.to_string(), both, None)
    });
    let mut decision = Decision::new(
        PRECEDENCE,
        format!("Two places set the same. {} Which one counts?", first.why),
        evidence.collect(),
        vec![
            Offer::plain(
                DOCUMENTED,
                "The path string (`targetPath`), as the documentation says",
            ),
            Offer::plain(INLINE, "The inline values"),
        ],
    );
    decision.look_up(answers)?;
    let report = StepReport::asking(&plan.to, title(PRECEDENCE), decision);
    migrated.steps.push(report);
    Ok(())
}
