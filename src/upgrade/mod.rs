//! One run, from what was named to the outcome: load, detect, plan, migrate, edit, verify.
//!
//! This is the only part that knows the order of the stages. Each release is worked out by itself
//! (`release`); what releases share is settled between them (`shared`); then every file is edited once,
//! with all that its blocks need (`files`); and what came of it is put into words that reports can show
//! (`describe`). It writes nothing and prints nothing; what goes wrong with one release is a refusal of
//! that release and leaves the others alone, even if it is refit itself that failed.
//!
//! What releases and files do not share is worked out by as many threads as [`Jobs`] has; the outcome is the
//! same with one.

mod ahead;
mod already;
mod brought;
mod common;
mod describe;
mod doubts;
mod edited;
mod files;
mod marks;
mod mentions;
mod packs;
mod part;
mod pin;
mod pointers;
mod raised;
mod release;
mod sealed;
mod shared;
mod since;
mod undecided;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use semver::Version;

pub use packs::{known_charts, packs};
pub use since::StateAtRevision;

use crate::{
    identify,
    jobs::{Fault, Jobs, Work},
    load::{self, ReleaseRequest, Wanted, Workspace},
    migrate::Answers,
    outcome::{self, Ahead, FORMAT, NamedPack, Outcome, Refusal, Release, Unclaimed, Unnamed},
    pack::{Pack, PackOrigin, SuppliedPack, Texts},
    plan::Selection,
    refusal::{self, Reason, ReleaseError, own_fault},
    values::View,
    walk::{Excludes, FoundFile},
};
use packs::{KnownPacks, Layers};
use release::Worked;

/// The request for a run.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The releases to upgrade.
    pub releases: Vec<ReleaseRequest>,
    /// Files to look for releases in: manifests, and values files that were named.
    pub found: Vec<FoundFile>,
    /// The exclusions where one file brings its chart's others along.
    pub excludes: Excludes,
    /// Files that are not edited and may say which charts are deployed: what they say is told.
    pub aside: Vec<PathBuf>,
    /// The places that could not be looked at while files were searched for.
    pub troubles: Vec<Refusal>,
    /// True if the chart version that a manifest names stays as it is.
    pub keep_version: bool,
    /// The chart, if it is stated.
    pub chart: Option<String>,
    /// The charts of single releases that nothing else names, by name of the release.
    pub chart_of: BTreeMap<String, String>,
    /// Folders with packs that come before the built-in ones.
    pub pack_dirs: Vec<PathBuf>,
    /// Packs of `refit.yaml` and of charts, first to last; they come before the built-in ones, behind those in folders.
    pub supplied: Vec<Supplied>,
    /// Packs that charts name: they are told where no better one is known.
    pub named_packs: Vec<NamedPack>,
    /// The packs that were drafted from two versions of a chart in this run.
    pub drafted: Vec<DraftedPack>,
    /// The version that the values are for, if it is stated.
    pub from: Option<Version>,
    /// The same for single releases, by name; it comes before that for every release.
    pub from_of: BTreeMap<String, Version>,
    /// The version that they shall be for; by default the newest release that the pack knows.
    pub to: Option<Version>,
    /// The same for single charts, by name; it comes before that for every chart.
    pub to_of: BTreeMap<String, Version>,
    /// The state to compare with: only releases whose chart version differs are upgraded, from the version
    /// there to the version here, which stays as it is.
    pub since: Option<StateAtRevision>,
    /// The steps.
    pub selection: Selection,
    /// Answers to questions, for every release.
    pub answers: Answers,
    /// Answers for single releases, by name; they come before those for every release.
    pub answers_of: BTreeMap<String, Answers>,
    /// Steps to leave out of single releases, by name, where they are on their routes.
    pub skip_of: BTreeMap<String, Vec<String>>,
    /// True if the recommended option is taken where a question has no answer.
    pub accept_recommended: bool,
    /// Files that are layers of releases which are not part of this run, by their real path, with the
    /// release: to change one would change that release behind its back.
    pub others: Vec<(PathBuf, String)>,
    /// True if the outcome has the merged values of each release: a check of effects needs them.
    pub with_values: bool,
    /// True if nothing is made of the outcome that shows facts or the digests of releases, so that they are not worked
    /// out: which open questions decide a fact takes a migration for each option.
    pub in_short: bool,
}

/// A pack that was drafted in this run.
#[derive(Debug, Clone)]
pub struct DraftedPack {
    /// Its files.
    pub texts: Texts,
    /// True if it goes on top of the pack that is known of its chart; else it stands in for that.
    pub is_on_top: bool,
}

/// A pack that somebody supplies, or the reason for which it cannot be used: that stops only a run which needs it.
#[derive(Debug, Clone)]
pub struct Supplied {
    /// The chart that it is for, where that was said.
    pub chart: Option<String>,
    /// The chart that carries it, if one of the tree does. If it cannot be used, that is an error of the releases of
    /// that chart.
    pub carried_by: Option<String>,
    /// Its files.
    pub pack: Result<SuppliedPack, Box<Refusal>>,
}

/// Everything that a run works on, read once: the packs, and the files.
#[derive(Debug)]
pub struct Material {
    packs: Arc<Vec<Pack>>,
    broken: Vec<packs::BrokenPack>,
    workspace: Workspace,
    /// The state that the run compares with, and what came of that.
    before: Option<(Workspace, outcome::ReportedSince)>,
    /// The releases that name a newer version than is known.
    ahead: Vec<Ahead>,
}

/// The decisions for a release before.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    /// Answers.
    pub answers: Answers,
    /// Steps that were left out.
    pub skip: Vec<String>,
}

impl Material {
    /// The pack of a chart.
    #[must_use]
    pub fn pack(&self, chart: &str) -> Option<&Pack> {
        self.packs.iter().find(|pack| pack.chart() == chart)
    }

    /// Takes out what was decided for each release before, so that all of it can be decided anew.
    pub fn forget(&mut self) -> BTreeMap<String, Earlier> {
        let taken = self.workspace.releases.iter_mut().map(|wanted| {
            let earlier = Earlier {
                answers: std::mem::take(&mut wanted.answers),
                skip: std::mem::take(&mut wanted.skip),
            };
            (wanted.name.clone(), earlier)
        });
        taken.collect()
    }

    /// Keeps a release on the version that its values were found to be for, whatever is decided later.
    pub fn pin(&mut self, release: &Release) {
        let mut releases = self.workspace.releases.iter_mut();
        if let Some(wanted) = releases.find(|wanted| wanted.name == release.called) {
            wanted.version = Some((release.from.clone(), release.known_by));
        }
    }
}

/// Reads the packs and the files of a request.
///
/// # Errors
///
/// If a pack cannot be used, or something was decided for a release that there is not.
pub fn read(request: &Request) -> Result<Material, Box<Refusal>> {
    read_with(request, Arc::new(packs(request)?), &Jobs::single_thread())
}

fn read_with(
    request: &Request,
    packs: Arc<Vec<Pack>>,
    jobs: &Jobs<'_>,
) -> Result<Material, Box<Refusal>> {
    if let Some(chart) = request.to_of.keys().find(|chart| {
        // Of a chart that was stated, the one that takes its place can be named as well.
        let replaces = |pack: &Pack| {
            let by = pack.info.replaced_by.as_ref();
            request.chart.is_some() && by.is_some_and(|by| by.chart == **chart)
        };
        !packs
            .iter()
            .any(|pack| pack.chart() == *chart || replaces(pack))
    }) {
        let known: Vec<String> = packs.iter().map(|pack| pack.chart().to_owned()).collect();
        return Err(crate::refusal::request::unknown_chart(chart, &known).of("--to"));
    }
    let broken_packs = packs::broken(request, &packs);
    let mut charts = known_charts(&packs, request.chart.as_deref());
    if request.since.is_some() {
        // A release may have gone to the chart that takes its chart's place.
        charts.extend(packs::successors(&packs));
    }
    charts.extend(packs::charts_of_broken(&broken_packs));
    let found = load::with_their_charts(&request.found, &charts, &request.excludes);
    let (found, aside) = load::with_reached(found, &request.aside);
    let mut workspace = load::workspace(&request.releases, &found, &charts, jobs);
    let seen = load::aside(&aside, &workspace.chart_objects, &charts, jobs);
    workspace.seen.extend(seen);
    let before = request.since.as_ref().map(|since| {
        let found = load::with_their_charts(&since.found, &charts, &Excludes::default());
        let (found, _) = load::with_reached(found, &since.aside);
        let before = load::workspace(&since.releases, &found, &charts, jobs);
        since::without_old_errors(&mut workspace, &before, since);
        let told = since::keep_raised(&mut workspace, &before, since, &packs);
        (before, told)
    });
    // With `--from` the values are not for the version that the manifest names, so that it may be newer than all.
    let ahead = match request.from {
        Some(_) => Vec::new(),
        None => ahead::take_ahead(&mut workspace, &packs),
    };
    let mut decided = request.answers_of.keys().chain(request.skip_of.keys());
    let releases = workspace.releases.iter().map(|wanted| &wanted.name);
    let broken = workspace.broken.iter().map(|broken| &broken.name);
    let names: Vec<&String> = releases.chain(broken).collect();
    // A release that cannot be read, or is ahead, is told of with its reason.
    if workspace.errors.is_empty()
        && ahead.is_empty()
        && let Some(unknown) = decided.find(|name| !names.contains(name))
    {
        return Err(ReleaseError::Unknown {
            name: unknown.clone(),
            known: names.into_iter().cloned().collect(),
        }
        .of(unknown));
    }
    Ok(Material {
        packs,
        broken: broken_packs,
        workspace,
        before,
        ahead,
    })
}

/// Runs everything up to the outcome, in one thread.
#[must_use]
pub fn upgrade(request: &Request) -> Outcome {
    upgrade_with(request, &Jobs::single_thread())
}

/// Runs everything up to the outcome.
#[must_use]
pub fn upgrade_with(request: &Request, jobs: &Jobs<'_>) -> Outcome {
    match packs(request) {
        Ok(packs) => upgrade_by(request, &Arc::new(packs), jobs),
        Err(refusal) => Outcome {
            refused: vec![*refusal],
            ..empty_outcome()
        },
    }
}

/// The same by packs that were read already ([`packs`]).
#[must_use]
pub fn upgrade_by(request: &Request, packs: &Arc<Vec<Pack>>, jobs: &Jobs<'_>) -> Outcome {
    match read_with(request, Arc::clone(packs), jobs) {
        Ok(material) => run_with(request, &material, None, jobs),
        Err(refusal) => Outcome {
            refused: vec![*refusal],
            ..empty_outcome()
        },
    }
}

/// The same with what was read already. With a `focus`, only the releases of these names are worked out:
/// all that share a layer, or one of them to see what it wants by itself.
#[must_use]
pub fn run(request: &Request, material: &Material, focus: Option<&BTreeSet<String>>) -> Outcome {
    run_with(request, material, focus, &Jobs::single_thread())
}

fn run_with(
    request: &Request,
    material: &Material,
    focus: Option<&BTreeSet<String>>,
    jobs: &Jobs<'_>,
) -> Outcome {
    let Material {
        packs,
        broken,
        workspace,
        before,
        ahead,
    } = material;
    let mut outcome = empty_outcome();
    let known = KnownPacks::of(packs, broken);
    if focus.is_none() {
        outcome.refused.clone_from(&request.troubles);
        outcome.refused.extend(load_errors(workspace));
        outcome.other_charts.clone_from(&workspace.others);
        outcome.ahead.clone_from(ahead);
        outcome.seen.clone_from(&workspace.seen);
        outcome.named_packs = named_packs(request, packs);
        outcome.since = before.as_ref().map(|(_, told)| told.clone());
    }
    let ordered: Vec<Cow<'_, Wanted>> = workspace
        .releases
        .iter()
        .filter(|wanted| focus.is_none_or(|names| names.contains(&wanted.name)))
        .map(|wanted| doubts::ordered(request, wanted))
        .collect();
    let wanted: Vec<&Wanted> = ordered.iter().map(Cow::as_ref).collect();
    let worked = jobs.run_each(Some(Work::Migrate), wanted.clone(), |wanted| {
        let before = before.as_ref().map(|(before, _)| before);
        release::work(request, (workspace, before), &known, wanted).map_err(|mut refusals| {
            refusals
                .iter_mut()
                .for_each(|refusal| place_in_manifest(refusal, workspace, wanted));
            refusals
        })
    });
    let mut worked = settled(worked, wanted.iter().map(|wanted| &wanted.name));
    let (mut wanted, mut unclaimed) = (wanted, workspace.unclaimed.clone());
    if request.chart.is_none() {
        unclaimed.extend(leave_out_strangers(workspace, &mut wanted, &mut worked));
    }
    if focus.is_none() {
        outcome.unclaimed = unclaimed_files(workspace, &unclaimed, &known, jobs);
    }
    finish_files(request, workspace, (&wanted, worked), &mut outcome, jobs);
    outcome
}

/// The refusals of what could not be read, each once: applications that one template makes have one place that stops them all.
fn load_errors(workspace: &Workspace) -> Vec<Refusal> {
    let mut told = BTreeSet::new();
    let all = workspace.errors.iter().map(|error| *refusal::load(error));
    all.filter(|refusal| {
        let at = refusal.at.as_ref();
        let at = at.map(|at| (at.file.clone(), at.line, at.column));
        at.is_none() || told.insert((refusal.name.clone(), at, refusal.what.clone()))
    })
    .collect()
}

/// The packs that charts name, of charts that nobody has supplied a pack for.
fn named_packs(request: &Request, packs: &[Pack]) -> Vec<NamedPack> {
    let is_supplied = |named: &&NamedPack| {
        let mut packs = packs.iter();
        packs.any(|pack| {
            pack.chart() == named.chart
                && !matches!(pack.origin(), PackOrigin::BuiltIn | PackOrigin::Draft)
        })
    };
    let named = request.named_packs.iter();
    named.filter(|named| !is_supplied(named)).cloned().collect()
}

fn empty_outcome() -> Outcome {
    Outcome {
        format: FORMAT,
        releases: Vec::new(),
        refused: Vec::new(),
        unclaimed: Vec::new(),
        seen: Vec::new(),
        other_charts: BTreeMap::new(),
        ahead: Vec::new(),
        named_packs: Vec::new(),
        since: None,
    }
}

/// A release, or why there is none.
type OrRefusals<T> = Result<T, Vec<Refusal>>;

/// Makes the faults of refit itself refusals of the releases that they happened with.
fn settled<'n, T>(
    results: Vec<Result<OrRefusals<T>, Fault>>,
    names: impl Iterator<Item = &'n String>,
) -> Vec<OrRefusals<T>> {
    let one = |(result, name): (Result<OrRefusals<T>, Fault>, &'n String)| {
        result.unwrap_or_else(|fault| Err(vec![*own_fault(&fault, name)]))
    };
    results.into_iter().zip(names).map(one).collect()
}

/// Says where a release stands in its manifest, if its error has no place of its own: its name alone is in no file's
/// list, and a check on a pull request shows an error at its line.
fn place_in_manifest(refusal: &mut Refusal, workspace: &Workspace, wanted: &Wanted) {
    if refusal.at.is_some() || wanted.carrier.is_none() {
        return;
    }
    let file = &workspace.files[wanted.holder];
    let pin = wanted.pin.as_ref();
    refusal.at = Some(match pin.filter(|pin| pin.file == wanted.holder) {
        Some(pin) => file.at(pin.offset(file)),
        None => {
            let mut blocks = wanted.layers.iter();
            let own = blocks.find(|block| workspace.blocks[**block].file == wanted.holder);
            own.map_or_else(
                || file.at(0),
                |block| {
                    let block = workspace.block_in_file(*block);
                    block.at(block.view().root())
                },
            )
        }
    });
}

/// Leaves out the files of lists of which nothing tells that they are for a known chart: whoever lists all files of a
/// repository does not mean each. Gives those files.
fn leave_out_strangers<'w>(
    workspace: &Workspace,
    wanted: &mut Vec<&'w Wanted>,
    worked: &mut Vec<OrRefusals<Worked<'w>>>,
) -> Vec<usize> {
    let is_of_no_chart = |refusal: &Refusal| {
        let missing = refusal.missing.as_ref();
        missing.is_some_and(|missing| missing.what == Unnamed::Chart)
    };
    let mut files = Vec::new();
    let all = std::mem::take(wanted)
        .into_iter()
        .zip(std::mem::take(worked));
    for (release, result) in all {
        match &result {
            Err(refusals) if release.is_listed && refusals.iter().all(is_of_no_chart) => {
                let layers = release.layers.iter();
                files.extend(layers.map(|layer| workspace.blocks[*layer].file));
            }
            _ => {
                wanted.push(release);
                worked.push(result);
            }
        }
    }
    files
}

/// Values files that were found in folders, that no manifest names, and that are unmistakably of one known
/// chart, or hold its values under the key that a dependency has here.
fn unclaimed_files(
    workspace: &Workspace,
    files: &[usize],
    known: &KnownPacks<'_>,
    jobs: &Jobs<'_>,
) -> Vec<Unclaimed> {
    let packs = known.packs;
    let of = |file: usize| {
        // A manifest says what that is for.
        if workspace.of_other_charts.contains_key(&file) {
            return None;
        }
        let loaded = &workspace.files[file];
        let view = loaded.view();
        let layers = Layers(std::slice::from_ref(&view));
        let values = known.telling(layers).ok()?;
        let whole = || layers.whole();
        let mut held = packs.iter().filter(|pack| {
            let claim = identify::claim(pack, packs, &values, whole);
            claim.is_ok_and(|claim| claim.is_some_and(|claim| claim.is_of_chart()))
        });
        if let Some(pack) = held.next().filter(|_| held.next().is_none()) {
            return Some(Unclaimed {
                file: loaded.name.clone(),
                chart: pack.chart().to_owned(),
                under: None,
            });
        }
        // The key is that of a dependency, and what stands under it is mostly known to its chart.
        workspace.dependencies.iter().find_map(|(prefix, chart)| {
            let pack = packs.iter().find(|pack| pack.chart() == chart)?;
            let place = loaded.view().node_at(prefix).ok()??;
            let values = View::new(&loaded.tree, place.node).values().ok()?;
            let weight = identify::Weight::of(pack, &values);
            weight.speaks_for_the_chart().then(|| Unclaimed {
                file: loaded.name.clone(),
                chart: chart.clone(),
                under: Some(prefix.clone()),
            })
        })
    };
    let files = files
        .iter()
        .filter(|file| !workspace.of_other_charts.contains_key(file));
    let found = jobs.run_each(None, files.copied().collect(), of);
    // Nothing is done with them: one that cannot be looked at is not told of.
    found.into_iter().filter_map(|found| found.ok()?).collect()
}

/// From releases worked out by themselves to edited files.
fn finish_files(
    request: &Request,
    workspace: &Workspace,
    (wanted, mut worked): (&[&Wanted], Vec<Result<Worked<'_>, Vec<Refusal>>>),
    outcome: &mut Outcome,
    jobs: &Jobs<'_>,
) {
    common::refuse_behind_backs(request, workspace, &mut worked);
    shared::settle(request, workspace, wanted, &mut worked);
    let names = || wanted.iter().map(|wanted| &wanted.name);
    // Comments of other programs are looked at once more, now that it is settled what becomes of shared layers.
    let marked = jobs.run_each(None, worked, |worked| {
        marks::settle_marks(workspace, worked?)
    });
    let mut worked = settled(marked, names());
    let files = files::edit(request, workspace, wanted, &mut worked, jobs);
    let described = jobs.run_each(None, worked, |worked| {
        describe::release(workspace, worked?, &files, request)
    });
    for result in settled(described, names()) {
        match result {
            Ok(release) => outcome.releases.push(release),
            Err(refusals) => outcome.refused.extend(refusals),
        }
    }
    describe::scopes(&mut outcome.releases);
    outcome.note_held();
}

/// The answers that a release is given: its own, else those for every release, else those that are kept
/// for it.
fn answers_for(request: &Request, wanted: &Wanted) -> Answers {
    let mut answers = wanted.answers.clone();
    answers.extend(request.answers.clone());
    if let Some(own) = request.answers_of.get(&wanted.name) {
        answers.extend(own.clone());
    }
    answers
}

/// A fault of a pack, as a refusal of a release.
fn fault(error: &crate::pack::PackError, name: &str) -> Box<Refusal> {
    refusal::request::pack(error).of(name)
}

/// Checks that a pack knows the version that was asked for as source or target.
fn known_version(pack: &Pack, version: &Version) -> Result<(), Reason> {
    if pack.info.versions.contains_key(version) {
        return Ok(());
    }
    Err(crate::refusal::request::unknown_version(pack, version))
}
