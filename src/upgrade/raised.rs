//! The question whether a manifest's version was raised before its values.
//!
//! A manifest says which version runs, and whoever raises it first (Renovate does) leaves values behind that
//! are for the version before. Then nothing of them fits, and nothing says so: Helm ignores what the chart does
//! not read. So a version that contradicts the values is not believed without being asked, where all
//! evidence is for older versions, or a setting stands there that an older version read, that a step on the
//! way took, and that nothing came in place of. One old key beside its newer one is a left-over, and no doubt.

use semver::Version;

use crate::{
    detect::{Detection, VersionClue},
    migrate::{Answers, Decision, DecisionValue, MigrateError, Offer, OfferedInput},
    outcome::KnownBy,
    pack::{Known, Pack, Step, model::Strength},
    questions::RAISED_FIRST,
    values::{Map, Path, leaves},
};

/// The version was raised first.
const BEFORE: &str = "before";
/// The version is right.
const STATED: &str = "stated";
/// The input that has to be typed.
const VERSION: &str = "version";
/// The number of evidence that is listed.
const LISTED: usize = 4;

/// A version that contradicts the values.
pub(super) struct Contradiction {
    /// The settings, and why they speak against it.
    against: Vec<(Path, String)>,
    /// The versions that the values fit, oldest and newest.
    fits: (Version, Version),
}

/// The doubt about the version that a manifest names, if its values contradict it.
pub(super) fn doubt(
    pack: &Pack,
    stated: &Version,
    detection: &Detection,
    values: &Map,
) -> Option<Contradiction> {
    let older: Vec<&Version> = pack
        .info
        .versions
        .keys()
        .filter(|version| *version < stated && version.pre.is_empty())
        .collect();
    let is_old = |clue: &&VersionClue| {
        let fits = |version: &&&Version| clue.versions.contains(version);
        !clue.versions.contains(stated) && older.iter().any(|version| fits(&version))
    };
    let strong = detection.clues.iter();
    let strong = strong.filter(|clue| clue.strength == Strength::Strong);
    let mut against: Vec<(Path, String)> = strong
        .filter(is_old)
        .filter(|clue| pack.keys.known(&clue.path, stated) == Known::Unknown)
        .map(|clue| (clue.path.clone(), clue.why.clone()))
        .collect();
    for (path, last, id) in unread_settings(pack, stated, &older, values) {
        if !against.iter().any(|(known, _)| path.starts_with(known)) {
            let chart = &pack.info.chart;
            let why = format!(
                "last read by {chart} {last}; `refit explain {id}` tells what came in its place"
            );
            against.push((path, why));
        }
    }
    if against.is_empty() {
        return None;
    }
    let fitting = |version: &&&Version| {
        let clues = detection.clues.iter().filter(is_old);
        let mut clues = clues.filter(|clue| clue.strength > Strength::Weak);
        clues.all(|clue| clue.versions.contains(version))
            && against
                .iter()
                .all(|(path, _)| pack.keys.known(path, version) != Known::Unknown)
    };
    let fits: Vec<&&Version> = older.iter().filter(fitting).collect();
    // What the stated version has and none of these: then the older keys are left over.
    let is_new = |clue: &VersionClue| {
        clue.strength > Strength::Weak
            && clue.versions.contains(stated)
            && !fits.iter().any(|version| clue.versions.contains(version))
    };
    if detection.clues.iter().any(is_new) {
        return None;
    }
    let first = fits
        .first()
        .or(older.first().as_ref())
        .map(|v| (**v).clone())?;
    let last = fits
        .last()
        .or(older.last().as_ref())
        .map(|v| (**v).clone())?;
    Some(Contradiction {
        against,
        fits: (first, last),
    })
}

/// Settings that the stated version does not read and an older one did, with the last that did and the step
/// that took them, where nothing that the step writes is set.
fn unread_settings(
    pack: &Pack,
    stated: &Version,
    older: &[&Version],
    values: &Map,
) -> Vec<(Path, Version, String)> {
    let passed = pack
        .migrated_versions()
        .filter(|version| *version <= stated);
    let migrations: Vec<_> = passed
        .flat_map(|version| pack.migrations(version).unwrap_or_default())
        .collect();
    let steps = || migrations.iter().flat_map(|migration| &migration.steps);
    let all = leaves(values);
    let is_set = |step: &Step| {
        let mut outputs = step.written_paths();
        outputs.any(|output| {
            let mut set = all.iter().map(|(path, _)| path);
            set.any(|path| output.matches_prefix(path).is_some())
        })
    };
    let of = |path: &Path| {
        if pack.keys.known(path, stated) != Known::Unknown {
            return None;
        }
        let mut newest_first = older.iter().rev();
        let last = newest_first.find(|version| pack.keys.known(path, version) == Known::Read)?;
        let takes = |step: &&Step| step.takes.iter().any(|take| take.path.may_overlap(path));
        let step = steps().filter(takes).last().filter(|step| !is_set(step))?;
        Some((path.clone(), (*last).clone(), step.id.clone()))
    };
    all.iter().filter_map(|(path, _)| of(path)).collect()
}

/// The versions from one to another, for people.
pub(super) fn versions_between(first: &Version, last: &Version) -> String {
    match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}"),
    }
}

impl Contradiction {
    /// The question, with its answer if there is one.
    ///
    /// # Errors
    ///
    /// If the answer is none of the options, or lacks its input.
    pub(super) fn decide(
        &self,
        (chart, file): (&str, &str),
        stated: &Version,
        answers: &Answers,
    ) -> Result<Decision, MigrateError> {
        let (first, last) = &self.fits;
        let fits = versions_between(first, last);
        let evidence = self
            .against
            .iter()
            .take(LISTED)
            .map(|(path, why)| DecisionValue::remark(&path.to_string(), why.clone(), None));
        let mut decision = Decision::new(
            RAISED_FIRST,
            format!(
                "The manifest names {chart} {stated}, and these values are for {fits}. Was the version raised before the values?"
            ),
            evidence.collect(),
            vec![
                Offer {
                    inputs: vec![OfferedInput {
                        name: VERSION.to_owned(),
                        title: format!("The version before, such as {last}"),
                        matches: Some(
                            r"v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?".to_owned(),
                        ),
                        list: false,
                        default: None,
                    }],
                    ..Offer::plain(
                        BEFORE,
                        format!(
                            "Yes: bring the values along from the version before, which has to be named: `refit upgrade {} --from {last}` does it for this file, --since REV finds the version in git",
                            crate::shell::quote(file)
                        ),
                    )
                },
                Offer::plain(
                    STATED,
                    format!(
                        "No: {chart} {stated} ran with them, and what it does not read is left over"
                    ),
                ),
            ],
        );
        decision.look_up(answers)?;
        Ok(decision)
    }
}

/// The version that an answer names; `None`: the stated one.
pub(super) fn answered(decision: &Decision) -> Option<(Version, KnownBy)> {
    let answer = decision.answer.as_ref()?;
    let text = answer
        .inputs
        .get(VERSION)
        .filter(|_| answer.option == BEFORE)?;
    let version = Version::parse(text.strip_prefix('v').unwrap_or(text)).ok()?;
    Some((version, KnownBy::Stated))
}
