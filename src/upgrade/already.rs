//! The question whether values were brought along already that are said to be for an older version.
//!
//! Most steps do nothing where they were done before, because what they take is gone. One that writes a value anew
//! at its own place (a number divided by another) would do it once more: then a version that is stated, and that all
//! evidence in the values contradicts, is not believed without being asked.

use semver::Version;

use super::raised::versions_between;
use crate::{
    detect::Detection,
    migrate::{Answers, Decision, Evidence, MigrateError, Migrated, Offer, StepReport},
    pack::model::Strength,
    questions::ALREADY_DONE,
};

/// They were brought along.
const DONE: &str = "done";
/// The stated version is right.
const STATED: &str = "stated";
/// The number of evidence that is listed.
const LISTED: usize = 4;

/// A stated version that the values contradict, with steps that would write a value anew a second time.
pub(super) struct Doubt<'d> {
    detection: &'d Detection,
    /// The versions that the values fit, oldest and newest.
    fits: (&'d Version, &'d Version),
    /// The ids of the steps.
    steps: Vec<String>,
}

/// The doubt about a stated version from which values were migrated.
pub(super) fn doubt<'d>(
    detection: &'d Detection,
    to: &Version,
    migrated: &Migrated,
) -> Option<Doubt<'d>> {
    let mut fits = detection.candidates.iter().filter(|fits| *fits <= to);
    let first = fits.next()?;
    let last = fits.next_back().unwrap_or(first);
    // A step of a version that the values may still lie before was not done.
    let is_behind = |step: &&StepReport| step.version <= *first;
    let rewrites = |step: &&StepReport| {
        let mut changes = step.changes.iter();
        changes.any(|change| change.from.contains(&change.path))
    };
    let steps = migrated.steps.iter().filter(is_behind).filter(rewrites);
    let steps: Vec<String> = steps.map(|step| step.id.clone()).collect();
    (!steps.is_empty()).then_some(Doubt {
        detection,
        fits: (first, last),
        steps,
    })
}

impl Doubt<'_> {
    /// The version to begin at, if they were.
    pub fn fits(&self) -> &Version {
        self.fits.1
    }

    /// The question, with its answer if there is one.
    ///
    /// # Errors
    ///
    /// If the answer is none of the options.
    pub fn decide(
        &self,
        chart: &str,
        stated: &Version,
        answers: &Answers,
    ) -> Result<Decision, MigrateError> {
        let (first, last) = self.fits;
        let fits = versions_between(first, last);
        let against =
            self.detection.clues.iter().filter(|clue| {
                clue.strength == Strength::Strong && !clue.versions.contains(stated)
            });
        let evidence = against
            .take(LISTED)
            .map(|clue| Evidence::remark(&clue.path.to_string(), clue.why.clone(), None));
        let again = self.steps.join(", ");
        let mut decision = Decision::new(
            ALREADY_DONE,
            format!(
                "These values are said to be for {chart} {stated}, and they fit {fits}. Were they upgraded before?"
            ),
            evidence.collect(),
            vec![
                Offer {
                    recommended: true,
                    ..Offer::plain(DONE, format!("Yes: leave them as they are, for {last}"))
                },
                Offer::plain(
                    STATED,
                    format!(
                        "No: they are for {stated}; {again} writes values anew, from what they are now"
                    ),
                ),
            ],
        );
        decision.look_up(answers)?;
        Ok(decision)
    }
}

/// True if somebody says that they were.
pub(super) fn is_done(decision: &Decision) -> bool {
    let answer = decision.answer.as_ref();
    answer.is_some_and(|answer| answer.option == DONE)
}
