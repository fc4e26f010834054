//! The question whether values were brought along already that are said to be for an older version.
//!
//! Most steps do nothing where they were done before, because what they take is gone. One that writes a value anew
//! at its own place (a number divided by another) would do it once more: then a version that is stated, and that all
//! evidence in the values contradicts, is not believed without being asked. So is one that is older than the version
//! that `refit.yaml` or the manifest has by now. Where nothing would tell a second time, that is said the first time.

use semver::Version;

use super::raised::versions_between;
use crate::{
    detect::Detection,
    migrate::{Answers, Decision, DecisionValue, MigrateError, Migrated, Offer, StepReport},
    outcome::{KnownBy, NoticeSeverity, Told},
    pack::model::Strength,
    questions::ALREADY_DONE,
};

/// They were brought along.
const DONE: &str = "done";
/// The stated version is right.
const STATED: &str = "stated";
/// The number of evidence that is listed.
const LISTED: usize = 4;

/// A stated version that something contradicts, with steps that would write a value anew a second time.
pub(super) struct UpgradedAlready<'d> {
    detection: &'d Detection,
    /// The versions that the values are for, oldest and newest.
    fits: (&'d Version, &'d Version),
    /// The file that names that version, where the values do not tell it.
    named_by: Option<&'static str>,
    /// The ids of the steps.
    steps: Vec<String>,
}

/// The doubt about a stated version from which values were migrated. `named` is the version that the project or the
/// manifest has.
pub(super) fn doubt<'d>(
    detection: &'d Detection,
    (stated, to): (&Version, &Version),
    migrated: &Migrated,
    named: Option<&'d (Version, KnownBy)>,
) -> Option<UpgradedAlready<'d>> {
    let mut fits = detection.candidates.iter().filter(|fits| *fits <= to);
    let first = fits.next()?;
    let last = fits.next_back().unwrap_or(first);
    let by = |fits: (&'d Version, &'d Version), named_by| {
        // A step of a version that the values may still lie before was not done.
        let steps = migrated.steps.iter().filter(|step| step.version <= *fits.0);
        let steps: Vec<String> = writing_anew(steps).collect();
        (!steps.is_empty()).then_some(UpgradedAlready {
            detection,
            fits,
            named_by,
            steps,
        })
    };
    by((first, last), None).or_else(|| {
        let (version, known_by) = named?;
        let named_by = match known_by {
            KnownBy::Recorded => "refit.yaml",
            KnownBy::Carrier => "the manifest",
            _ => return None,
        };
        let is_later = version > stated && version <= to && detection.candidates.contains(version);
        is_later.then(|| by((version, version), Some(named_by)))?
    })
}

/// The ids of the steps that write a value anew at its own place.
fn writing_anew<'m>(steps: impl Iterator<Item = &'m StepReport>) -> impl Iterator<Item = String> {
    let writes = |step: &&StepReport| {
        let mut changes = step.changes.iter();
        changes.any(|change| change.from.contains(&change.path))
    };
    steps.filter(writes).map(|step| step.id.clone())
}

/// True if a step writes a value anew at its own place, so that it has to be asked what it would do a second time.
pub(super) fn writes_anew(migrated: &Migrated) -> bool {
    writing_anew(migrated.steps.iter()).next().is_some()
}

/// Tells at each step that it would be done once more by a second run, which comes to `again`.
pub(super) fn tell_of_second_run(migrated: &mut Migrated, again: &Migrated, stated: &Version) {
    let again: Vec<String> = writing_anew(again.steps.iter()).collect();
    for step in migrated
        .steps
        .iter_mut()
        .filter(|step| again.contains(&step.id))
    {
        step.tell.push(Told {
            severity: NoticeSeverity::Action,
            text: format!(
                "Nothing in the new values shows that this was done: another run with --from {stated} would do it again. --record notes the version in refit.yaml; then refit asks first."
            ),
        });
    }
}

impl UpgradedAlready<'_> {
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
        let fits = match self.named_by {
            Some(by) => format!("{by} says {last}"),
            None => format!("they fit {}", versions_between(first, last)),
        };
        let against =
            self.detection.clues.iter().filter(|clue| {
                clue.strength == Strength::Strong && !clue.versions.contains(stated)
            });
        let evidence = against
            .take(LISTED)
            .map(|clue| DecisionValue::remark(&clue.path.to_string(), clue.why.clone(), None));
        let again = self.steps.join(", ");
        let mut decision = Decision::new(
            ALREADY_DONE,
            format!(
                "These values are said to be for {chart} {stated}, and {fits}. Were they upgraded before?"
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
