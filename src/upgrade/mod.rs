//! One run, from what was named to the outcome: load, detect, plan, migrate, edit, verify.
//!
//! This is the only part that knows the order of the stages. Each release is worked out by itself
//! ([`release`]); what releases share is settled between them ([`shared`]); then every file is edited once,
//! with all that its blocks need ([`files`]); and what came of it is put into words that reports can show
//! ([`describe`]). It writes nothing and prints nothing; what goes wrong with one release is a refusal of
//! that release and leaves the others alone.

mod describe;
mod files;
mod marks;
mod packs;
mod release;
mod sealed;
mod shared;

use std::{collections::BTreeMap, path::PathBuf};

use semver::Version;

pub use packs::packs;

use crate::{
    load::{Asked, Workspace, workspace},
    migrate::Answers,
    outcome::{FORMAT, Outcome, Refusal},
    pack::Pack,
    plan::Selection,
    refusal::Reason,
};
use release::Worked;

/// The questions that no pack asks.
pub const QUESTIONS: &[&str] = &[
    crate::detach::ID,
    crate::migrate::STRIP_DEFAULTS,
    crate::tell::MARKER,
    sealed::ID,
    shared::ID,
];

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The releases to upgrade.
    pub releases: Vec<Asked>,
    /// The chart, if it is stated.
    pub chart: Option<String>,
    /// Folders with packs that come before the built-in ones.
    pub pack_dirs: Vec<PathBuf>,
    /// The version that the values are for, if it is stated.
    pub from: Option<Version>,
    /// The version that they shall be for; by default the newest release that the pack knows.
    pub to: Option<Version>,
    /// Which steps.
    pub selection: Selection,
    /// Answers to questions, for every release.
    pub answers: Answers,
    /// Answers for single releases, by name; they come before those for every release.
    pub answers_of: BTreeMap<String, Answers>,
    /// Whether to take the recommended option where a question has no answer.
    pub accept_recommended: bool,
    /// Whether the outcome holds the merged values of each release: what a check of effects needs.
    pub with_values: bool,
}

/// Runs everything up to the outcome.
#[must_use]
pub fn upgrade(request: &Request) -> Outcome {
    run(request, workspace(&request.releases))
}

/// The same for what was read already.
#[must_use]
pub fn run(request: &Request, mut workspace: Workspace) -> Outcome {
    let mut outcome = Outcome {
        format: FORMAT,
        releases: Vec::new(),
        refused: std::mem::take(&mut workspace.refused),
    };
    match packs(request) {
        Ok(packs) => {
            let worked = workspace
                .releases
                .iter()
                .map(|wanted| release::work(request, &workspace, &packs, wanted));
            let worked: Vec<Result<Worked<'_>, Vec<Refusal>>> = worked.collect();
            finish(request, &workspace, worked, &mut outcome);
        }
        Err(refusal) => outcome.refused.push(*refusal),
    }
    outcome
}

/// From releases worked out by themselves to edited files.
fn finish(
    request: &Request,
    workspace: &Workspace,
    mut worked: Vec<Result<Worked<'_>, Vec<Refusal>>>,
    outcome: &mut Outcome,
) {
    shared::settle(request, workspace, &mut worked);
    marks::settle(workspace, &mut worked);
    let files = files::edit(workspace, &mut worked);
    for result in worked {
        let described = result
            .and_then(|worked| describe::release(workspace, worked, &files, request.with_values));
        match described {
            Ok(release) => outcome.releases.push(release),
            Err(refusals) => outcome.refused.extend(refusals),
        }
    }
}

/// The answers that a release is given: its own, else those for every release, else those that are kept
/// for it.
fn answers_for(request: &Request, wanted: &crate::load::Wanted) -> Answers {
    let mut answers = wanted.answers.clone();
    answers.extend(request.answers.clone());
    if let Some(own) = request.answers_of.get(&wanted.name) {
        answers.extend(own.clone());
    }
    answers
}

/// A fault of a pack, as a refusal of a release.
fn fault(error: &crate::pack::PackError, name: &str) -> Box<Refusal> {
    Reason::new(error.to_string()).of(name)
}

/// What a pack knows of the version that was asked for as source or target.
fn known_version(pack: &Pack, version: &Version) -> Result<(), Reason> {
    if pack.info.versions.contains_key(version) {
        return Ok(());
    }
    Err(crate::refusal::request::unknown_version(pack, version))
}
