//! One run, from what was named to the outcome: load, detect, plan, migrate, edit, verify.
//!
//! This is the only part that knows the order of the stages. Each release is worked out by itself
//! ([`release`]); what releases share is settled between them ([`shared`]); then every file is edited once,
//! with all that its blocks need ([`files`]); and what came of it is put into words that reports can show
//! ([`describe`]). It writes nothing and prints nothing; what goes wrong with one release is a refusal of
//! that release and leaves the others alone, even if it is refit itself that failed.
//!
//! What releases and files do not share is worked out by as many threads as [`Jobs`] has; the outcome is the
//! same with one.

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
    detect::{detect, looked_at},
    jobs::{Fault, Jobs, Work},
    load::{Asked, KnownChart, Workspace, workspace},
    migrate::Answers,
    outcome::{FORMAT, Outcome, Refusal, Unclaimed},
    pack::{Pack, PackError},
    plan::Selection,
    refusal::{Reason, own_fault},
    values::Part,
    walk::Found,
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
    /// Files to look for releases in: manifests, and values files that were named.
    pub found: Vec<Found>,
    /// What could not be looked at while files were searched for.
    pub troubles: Vec<Refusal>,
    /// Whether the chart version that a manifest names stays as it is.
    pub keep_version: bool,
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
}

/// Runs everything up to the outcome, in one thread.
#[must_use]
pub fn upgrade(request: &Request) -> Outcome {
    upgrade_with(request, &Jobs::one())
}

/// Runs everything up to the outcome.
#[must_use]
pub fn upgrade_with(request: &Request, jobs: &Jobs<'_>) -> Outcome {
    let mut outcome = Outcome {
        format: FORMAT,
        releases: Vec::new(),
        refused: Vec::new(),
        unclaimed: Vec::new(),
    };
    match packs(request) {
        Ok(packs) => {
            let charts: Vec<KnownChart> = packs
                .iter()
                .map(|pack| KnownChart {
                    name: pack.info.chart.clone(),
                    repositories: pack.info.repositories.clone(),
                })
                .collect();
            let mut workspace = workspace(&request.releases, &request.found, &charts, jobs);
            outcome.refused.clone_from(&request.troubles);
            outcome.refused.append(&mut workspace.refused);
            outcome.unclaimed = unclaimed(&workspace, &packs, jobs);
            let part = looked_at_by(&packs);
            let wanted = workspace.releases.iter().collect();
            let worked = jobs.each(Some(Work::Migrate), wanted, |wanted| {
                let part = part.as_ref().map_err(|e| vec![*fault(e, &wanted.name)])?;
                release::work(request, &workspace, &packs, wanted, part)
            });
            let names = workspace.releases.iter().map(|wanted| &wanted.name);
            let worked = settled(worked, names);
            finish(request, &workspace, worked, &mut outcome, jobs);
        }
        Err(refusal) => outcome.refused.push(*refusal),
    }
    outcome
}

/// What the evidence of all packs looks at.
fn looked_at_by(packs: &[Pack]) -> Result<Part, PackError> {
    let mut part = Part::default();
    for pack in packs {
        looked_at(pack, &mut part)?;
    }
    Ok(part)
}

/// A release, or why there is none.
type Each<T> = Result<T, Vec<Refusal>>;

/// Makes the faults of refit itself refusals of the releases that they happened with.
fn settled<'n, T>(
    results: Vec<Result<Each<T>, Fault>>,
    names: impl Iterator<Item = &'n String>,
) -> Vec<Each<T>> {
    let one = |(result, name): (Result<Each<T>, Fault>, &'n String)| {
        result.unwrap_or_else(|fault| Err(vec![*own_fault(&fault, name)]))
    };
    results.into_iter().zip(names).map(one).collect()
}

/// Values files that were found in folders, belong to no release, and have unmistakable traces of a chart.
fn unclaimed(workspace: &Workspace, packs: &[Pack], jobs: &Jobs<'_>) -> Vec<Unclaimed> {
    let of = |file: usize| {
        let loaded = &workspace.files[file];
        let values = loaded.view().values().ok()?;
        let pack = packs
            .iter()
            .find(|pack| detect(pack, &values).is_ok_and(|found| found.is_conclusive()))?;
        Some(Unclaimed {
            file: loaded.name.clone(),
            chart: pack.info.chart.clone(),
        })
    };
    let found = jobs.each(None, workspace.unclaimed.clone(), of);
    // Nothing is done with them: one that cannot be looked at is not told of.
    found.into_iter().filter_map(|found| found.ok()?).collect()
}

/// From releases worked out by themselves to edited files.
fn finish(
    request: &Request,
    workspace: &Workspace,
    mut worked: Vec<Result<Worked<'_>, Vec<Refusal>>>,
    outcome: &mut Outcome,
    jobs: &Jobs<'_>,
) {
    shared::settle(request, workspace, &mut worked);
    let names = || workspace.releases.iter().map(|wanted| &wanted.name);
    let marked = jobs.each(None, worked, |worked| marks::settle(workspace, worked?));
    let mut worked = settled(marked, names());
    let files = files::edit(request, workspace, &mut worked, jobs);
    let described = jobs.each(None, worked, |worked| {
        describe::release(workspace, worked?, &files)
    });
    for result in settled(described, names()) {
        match result {
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
