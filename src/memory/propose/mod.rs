//! What a `refit.yaml` for a folder could say: which of its values files make up which release.
//!
//! Nothing in a values file names its release, its neighbours or its chart version; people say that to Helm
//! on the command line, and what they say is written nowhere. But they name files by habit: what all
//! environments have is called `values.yaml`, `base.yaml` or `common.yaml`, what one of them has is called
//! after it, and secrets are called secrets. `roles` reads these names; here files become releases
//! by them, and only if what is in the files agrees: the keys must be those of a chart that refit knows, and
//! that chart must be stated or have left unmistakable traces. The reasons stand as comments in what is proposed, so that
//! a person can tell a wrong guess at a glance.
//!
//! It must never claim what it does not know: a file that may belong is listed, not grouped; a version that the
//! content does not tell is left open with the candidates; a file that a manifest names is left to the manifest, whose
//! version counts. It looks at files that were loaded already, and reads and writes nothing itself.

mod groups;
mod roles;
mod text;
mod told;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path as FilePath, PathBuf},
};

use semver::Version;

use super::{Project, ReleaseRecord};
use crate::{
    detect::detect,
    load::Workspace,
    pack::{Pack, PackError},
    values::{Map, merge::merge_all},
};
use groups::{Grouped, LayerCandidate, group_candidates, seen_file};
use roles::Role;
use told::{Fit, Tops, fit_of_file, list_traces, looks_like, told_by, unknown_root_keys};

/// The folder to look at.
pub struct ProposalInputs<'a> {
    /// The files.
    pub workspace: &'a Workspace,
    /// The charts that come into question.
    pub packs: &'a [Pack],
    /// True if the chart is stated, so that the files need not show it.
    pub stated: bool,
    /// A file's path below the folder of `refit.yaml`; nothing for one that is not below it.
    pub below: &'a dyn Fn(&FilePath) -> Option<PathBuf>,
    /// The `refit.yaml` that is there already.
    pub project: Option<&'a Project>,
}

/// The proposal for a folder.
#[derive(Debug, Default)]
pub struct FolderProposal {
    /// The releases that `refit.yaml` does not have yet.
    pub releases: Vec<Proposed>,
    /// Files that may belong to a release, with the reason why that is not sure.
    pub unsure: Vec<(String, String)>,
    /// Files that are left out, with the reason.
    pub left_out: Vec<(String, String)>,
    /// Releases that are in `refit.yaml` already.
    pub known: Vec<String>,
    /// The number of YAML files that were looked at.
    pub looked_at: usize,
}

/// A release that is proposed.
#[derive(Debug)]
pub struct Proposed {
    /// Its name.
    pub name: String,
    /// The record of it in `refit.yaml`.
    pub remembered: ReleaseRecord,
    /// The chart versions that its content allows.
    pub candidates: Vec<Version>,
    /// The reason, in lines for a comment.
    pub why: Vec<String>,
}

/// Works out what can be proposed.
///
/// # Errors
///
/// If a pack is not in the format.
pub fn propose(look: &ProposalInputs<'_>) -> Result<FolderProposal, PackError> {
    let mut proposal = FolderProposal {
        looked_at: look.workspace.files.len(),
        ..FolderProposal::default()
    };
    propose_manifests(look, &mut proposal);
    let read = plain_files(look, &mut proposal);
    let mut search = LayerSearch {
        look,
        taken: BTreeSet::new(),
        doubtful: BTreeMap::new(),
        proposal,
    };
    for pack in look.packs {
        search.propose_for_chart(pack, &read)?;
    }
    Ok(search.finish())
}

/// The search for releases in plain values files.
struct LayerSearch<'l> {
    look: &'l ProposalInputs<'l>,
    /// The files that are layers of a release.
    taken: BTreeSet<PathBuf>,
    /// The files that may belong to one, with the first reason why that is not sure.
    doubtful: BTreeMap<PathBuf, String>,
    proposal: FolderProposal,
}

impl LayerSearch<'_> {
    fn propose_for_chart(&mut self, pack: &Pack, read: &[(PathBuf, Map)]) -> Result<(), PackError> {
        let seen = self.candidates_of(pack, read)?;
        for group in group_candidates(pack, &seen) {
            self.propose_group(pack, group)?;
        }
        for file in seen.iter().filter(|file| !self.taken.contains(&file.path)) {
            let why = match file.values {
                Some(_) => "no other file tells which release it belongs to",
                None => "it is encrypted, and no release here has its name",
            };
            let doubt = self.doubtful.entry(file.path.clone());
            doubt.or_insert_with(|| why.to_owned());
        }
        Ok(())
    }

    /// The files that have keys of a chart, and encrypted ones that are called secrets.
    fn candidates_of<'r>(
        &mut self,
        pack: &Pack,
        read: &'r [(PathBuf, Map)],
    ) -> Result<Vec<LayerCandidate<'r>>, PackError> {
        let tops = Tops::of(pack);
        let mut seen = Vec::new();
        for (path, values) in read {
            match fit_of_file((pack, self.look.packs), &tops, path, values)? {
                Fit::Yes => seen.push(seen_file(pack, path.clone(), Some(values))),
                Fit::Doubtful(why) => _ = self.doubtful.entry(path.clone()).or_insert(why),
                Fit::No => {}
            }
        }
        for sealed in &self.look.workspace.unclaimed_sealed {
            let Some(path) = sealed.path.as_deref().and_then(self.look.below) else {
                continue;
            };
            let file = seen_file(pack, path.clone(), None);
            match file.role {
                Role::Secret(_) => seen.push(file),
                _ => {
                    let why = "it is encrypted, and its name does not say that it holds secrets of a release";
                    self.doubtful.entry(path).or_insert_with(|| why.to_owned());
                }
            }
        }
        Ok(seen)
    }

    /// Proposes files as a release, unless nothing says that they are of this chart.
    fn propose_group(&mut self, pack: &Pack, group: Grouped<'_, '_>) -> Result<(), PackError> {
        let values = group.layers.iter().filter_map(|file| file.values.cloned());
        let values = merge_all(values);
        let detection = detect(pack, &values)?;
        let told = told_by(pack, self.look.packs, &values)?;
        if !self.look.stated && told.is_empty() {
            let why = format!(
                "its keys are ones that {} has, and that many charts have; --chart NAME says which it is",
                pack.info.chart
            );
            for file in &group.own {
                let doubt = self.doubtful.entry(file.path.clone());
                doubt.or_insert_with(|| why.clone());
            }
            return Ok(());
        }
        let layers = group.layers.iter().map(|file| file.path.clone());
        self.taken.extend(layers);
        let found = (detection.candidates, told.as_slice());
        add_release(self.look, pack, group, found, &mut self.proposal);
        Ok(())
    }

    fn finish(self) -> FolderProposal {
        let (mut proposal, mut doubtful) = (self.proposal, self.doubtful);
        let project = self.look.project.iter();
        let releases = project.flat_map(|project| project.file.releases.values());
        let known: BTreeSet<&PathBuf> = releases.flat_map(|release| &release.layers).collect();
        doubtful.retain(|path, _| !self.taken.contains(path) && !known.contains(path));
        let unsure = doubtful.into_iter();
        let unsure = unsure.map(|(path, why)| (shown_path(&path), why));
        proposal.unsure.extend(unsure);
        proposal
    }
}

fn shown_path(path: &FilePath) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// The releases of manifests: their versions stand there.
fn propose_manifests(look: &ProposalInputs<'_>, proposal: &mut FolderProposal) {
    let workspace = look.workspace;
    let named = |path: Option<&FilePath>, name: &str| {
        let path = path.and_then(look.below);
        path.map_or_else(|| name.to_owned(), |path| shown_path(&path))
    };
    let name_of = |file: usize| {
        let file = &workspace.files[file];
        named(file.path.as_deref(), &file.name)
    };
    for release in &workspace.releases {
        let Some(kind) = &release.carrier else {
            continue;
        };
        let holder = name_of(release.holder);
        let version = match &release.pin {
            Some(pin) => format!(" ({})", pin.text),
            None => String::new(),
        };
        let name = &release.name;
        let why = format!("{kind} {name}; its chart version stands there{version}");
        proposal.left_out.push((holder.clone(), why));
        let layers = release.layers.iter();
        let layers = layers.map(|block| workspace.blocks[*block].file);
        let others: BTreeSet<usize> = layers.filter(|file| *file != release.holder).collect();
        for file in others {
            let why = format!("values of {name} in {holder}");
            proposal.left_out.push((name_of(file), why));
        }
        for sealed in &release.sealed {
            let why = format!("encrypted values of {name} in {holder}");
            let file = named(sealed.path.as_deref(), &sealed.name);
            proposal.left_out.push((file, why));
        }
    }
    proposal.left_out.sort();
    proposal.left_out.dedup();
}

/// The plain values files that no manifest and no other chart has a claim to.
fn plain_files(look: &ProposalInputs<'_>, proposal: &mut FolderProposal) -> Vec<(PathBuf, Map)> {
    let workspace = look.workspace;
    let mut read = Vec::new();
    for index in &workspace.unclaimed {
        let file = &workspace.files[*index];
        let Some(path) = file.path.as_deref().and_then(look.below) else {
            continue;
        };
        let Ok(values) = file.view().values() else {
            continue;
        };
        // A manifest, or something of that form, is nobody's values.
        if values.contains_key("apiVersion") && values.contains_key("kind") {
            continue;
        }
        if let Some(chart) = workspace.of_other_charts.get(index) {
            let why = format!("a manifest names it for another chart, {chart}");
            proposal.left_out.push((shown_path(&path), why));
            continue;
        }
        let folder = file.path.as_deref().and_then(FilePath::parent);
        let chart = workspace.files.iter().find(|other| {
            let path = other.path.as_deref();
            path.and_then(FilePath::parent) == folder
                && path
                    .and_then(FilePath::file_name)
                    .is_some_and(|name| name == "Chart.yaml")
        });
        if let Some(chart) = chart
            && path.file_name().is_some_and(|name| name == "values.yaml")
        {
            let why = format!("the defaults of the chart in {}", chart.name);
            let known = look.packs.iter().any(|pack| looks_like(pack, &values));
            if known {
                proposal.left_out.push((shown_path(&path), why));
            }
            continue;
        }
        if path
            .file_name()
            .is_some_and(|name| name == super::project::NAME || name == "Chart.yaml")
        {
            continue;
        }
        read.push((path, values));
    }
    read
}

/// Adds a release, unless `refit.yaml` has it.
fn add_release(
    look: &ProposalInputs<'_>,
    pack: &Pack,
    group: Grouped<'_, '_>,
    (mut candidates, told): (Vec<Version>, &[String]),
    proposal: &mut FolderProposal,
) {
    if is_known(look, &group, proposal) {
        return;
    }
    let mut why = reasons_for(look, pack, &group, told);
    let (version, of_version) = version_among(&candidates);
    why.push(of_version);
    if version.is_some() {
        candidates.truncate(1);
    }
    let layers = group.layers.iter().map(|file| file.path.clone());
    proposal.releases.push(Proposed {
        remembered: ReleaseRecord {
            chart: Some(pack.info.chart.clone()),
            version,
            layers: layers.collect(),
            ..ReleaseRecord::default()
        },
        name: group.name,
        candidates,
        why,
    });
}

/// True if `refit.yaml` has the release, or one of its name with other files; it is noted as such.
fn is_known(
    look: &ProposalInputs<'_>,
    group: &Grouped<'_, '_>,
    proposal: &mut FolderProposal,
) -> bool {
    let Some(project) = look.project else {
        return false;
    };
    let (name, releases) = (&group.name, &project.file.releases);
    let plain = || group.own.iter().filter(|file| file.values.is_some());
    let has = |file: &&LayerCandidate<'_>| {
        let mut known = releases.values().flat_map(|release| &release.layers);
        known.any(|layer| *layer == file.path)
    };
    match releases.get(name) {
        Some(known) if !plain().all(|file| known.layers.contains(&file.path)) => {
            let path = project.path.display();
            for file in plain() {
                let why = format!("{path} has a release `{name}` with other files");
                proposal.unsure.push((shown_path(&file.path), why));
            }
            true
        }
        None if !plain().all(has) => false,
        _ => {
            proposal.known.push(name.clone());
            true
        }
    }
}

/// The sentences on why files were put together, and what to look at.
fn reasons_for(
    look: &ProposalInputs<'_>,
    pack: &Pack,
    group: &Grouped<'_, '_>,
    told: &[String],
) -> Vec<String> {
    let (chart, layers) = (&pack.info.chart, &group.layers);
    let first = |path: &String| path.split('.').next().unwrap_or_default().to_owned();
    let roots: BTreeSet<String> = told.iter().map(first).collect();
    let is_sure = (look.stated || roots.len() > 1)
        && layers
            .iter()
            .all(|file| file.values.is_none() || file.is_named_so);
    let mut why = vec![format!(
        "{}: {}; {}.",
        if is_sure { "Sure" } else { "Likely" },
        group.how,
        match look.stated {
            true => format!("--chart said {chart}"),
            false => format!("{chart} is recognised by {}", list_traces(told)),
        }
    )];
    let bases = layers.iter().filter(|file| file.role.is_base());
    let bases: Vec<String> = bases.map(|file| shown_path(&file.path)).collect();
    if bases.len() > 1 {
        why.push(format!(
            "Check the order of {}: the last one wins.",
            bases.join(" and ")
        ));
    }
    for file in layers.iter().filter(|file| file.values.is_none()) {
        why.push(format!(
            "{} is encrypted; it counts as a layer and is never edited.",
            shown_path(&file.path)
        ));
    }
    let unknown = unknown_root_keys(pack, layers);
    if !unknown.is_empty() {
        why.push(format!("{chart} does not know: {}.", unknown.join(", ")));
    }
    why
}

/// The version that the content leaves, if it is one, and the sentence on it.
fn version_among(candidates: &[Version]) -> (Option<Version>, String) {
    match candidates {
        [one] => (
            Some(one.clone()),
            format!("Version: the content fits {one} alone."),
        ),
        [] => (
            None,
            "Proposed without a version: its keys are of versions that exclude each other. `helm list` shows what runs (column CHART).".to_owned(),
        ),
        [first, .., last] => (
            None,
            format!(
                "Proposed without a version: the content fits {} of them, {first} to {last}. `helm list` shows which one runs (column CHART): write it below (`version: {last}`), or say it once with --from.",
                candidates.len()
            ),
        ),
    }
}
