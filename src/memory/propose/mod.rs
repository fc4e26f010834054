//! What a `refit.yaml` for a folder could say: which of its values files make up which release.
//!
//! Nothing in a values file names its release, its neighbours or its chart version; people say that to Helm
//! on the command line, and what they say is written nowhere. But they name files by habit: what all
//! environments have is called `values.yaml`, `base.yaml` or `common.yaml`, what one of them has is called
//! after it, and secrets are called secrets. [`roles`] reads these names; here files become releases
//! by them, and only if what is in the files agrees: the keys must be those of a chart that refit knows, and
//! that chart must be stated or have left unmistakable traces. The reasons stand as comments in what is proposed, so that
//! a person can tell a wrong guess at a glance.
//!
//! It must never claim what it does not know: a file that may belong is listed, not grouped; a version that the
//! content does not tell is left open with the candidates; a file that a manifest names is left to the manifest, whose
//! version counts. It looks at files that were loaded already, and reads and writes nothing itself.

mod roles;
mod text;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path as FilePath, PathBuf},
};

use semver::Version;

use super::{Project, Remembered};
use crate::{
    detect::{Clue, detect},
    load::Workspace,
    pack::{Known, Pack, PackError, model::Strength},
    values::{Map, Path, merge::merge_all},
};
use roles::{Role, is_values_name, role};

/// What there is to look at.
pub struct Look<'a> {
    /// The files.
    pub workspace: &'a Workspace,
    /// The charts that come into question.
    pub packs: &'a [Pack],
    /// Whether the chart is stated, so that the files need not show it.
    pub stated: bool,
    /// A file's path below the folder of `refit.yaml`; nothing for one that is not below it.
    pub below: &'a dyn Fn(&FilePath) -> Option<PathBuf>,
    /// The `refit.yaml` that is there already.
    pub project: Option<&'a Project>,
}

/// What can be said of a folder.
#[derive(Debug, Default)]
pub struct Proposal {
    /// The releases that `refit.yaml` does not have yet.
    pub releases: Vec<Proposed>,
    /// Files that may belong to a release, with the reason why that is not sure.
    pub unsure: Vec<(String, String)>,
    /// Files that are left out, with the reason.
    pub left_out: Vec<(String, String)>,
    /// Releases that are in `refit.yaml` already.
    pub known: Vec<String>,
    /// How many YAML files were looked at.
    pub looked_at: usize,
}

/// A release that is proposed.
#[derive(Debug)]
pub struct Proposed {
    /// Its name.
    pub name: String,
    /// What `refit.yaml` would say of it.
    pub remembered: Remembered,
    /// The chart versions that its content allows.
    pub candidates: Vec<Version>,
    /// Why, in lines for a comment.
    pub why: Vec<String>,
}

/// A file that may be a layer.
struct Seen<'a> {
    /// Below the folder of `refit.yaml`.
    path: PathBuf,
    /// The folder that it counts for.
    folder: PathBuf,
    role: Role,
    /// Its values; `None` if it is encrypted.
    values: Option<&'a Map>,
    /// Whether it is named like a values file.
    is_named_so: bool,
}

/// A release in the making: its name and its layers.
struct Grouped<'s, 'a> {
    name: String,
    layers: Vec<&'s Seen<'a>>,
    /// How the files came together.
    how: String,
    /// The files that belong to this release alone.
    own: Vec<&'s Seen<'a>>,
}

/// Works out what can be proposed.
///
/// # Errors
///
/// If a pack is not in the format.
pub fn propose(look: &Look<'_>) -> Result<Proposal, PackError> {
    let mut proposal = Proposal {
        looked_at: look.workspace.files.len(),
        ..Proposal::default()
    };
    manifests(look, &mut proposal);
    let read = plain(look, &mut proposal);
    let mut taken: BTreeSet<PathBuf> = BTreeSet::new();
    let mut doubtful: BTreeMap<PathBuf, String> = BTreeMap::new();
    for pack in look.packs {
        let tops = Tops::of(pack);
        let mut seen = Vec::new();
        for (path, values) in &read {
            match fits(pack, &tops, path, values)? {
                Fit::Yes => seen.push(seen_file(pack, path.clone(), Some(values))),
                Fit::Doubtful(why) => _ = doubtful.entry(path.clone()).or_insert(why),
                Fit::No => {}
            }
        }
        for sealed in &look.workspace.unclaimed_sealed {
            let Some(path) = sealed.path.as_deref().and_then(look.below) else {
                continue;
            };
            let file = seen_file(pack, path.clone(), None);
            match file.role {
                Role::Secret(_) => seen.push(file),
                _ => {
                    let why = "it is encrypted, and its name does not say that it holds secrets of a release";
                    doubtful.entry(path).or_insert_with(|| why.to_owned());
                }
            }
        }
        for group in grouped(pack, &seen) {
            let paths = group.own.iter().map(|file| file.path.clone());
            let paths: Vec<PathBuf> = paths.collect();
            let values = group.layers.iter().filter_map(|file| file.values.cloned());
            let values = merge_all(values);
            let detection = detect(pack, &values)?;
            let told = told_by(pack, &values, &detection.clues);
            if !look.stated && told.is_empty() {
                let why = format!(
                    "its keys are ones that {} has, and that many charts have; --chart NAME says which it is",
                    pack.info.chart
                );
                for path in paths {
                    doubtful.entry(path).or_insert_with(|| why.clone());
                }
                continue;
            }
            taken.extend(group.layers.iter().map(|file| file.path.clone()));
            add(
                look,
                pack,
                group,
                (detection.candidates, &told),
                &mut proposal,
            );
        }
        for file in seen.iter().filter(|file| !taken.contains(&file.path)) {
            let why = match file.values {
                Some(_) => "no other file tells which release it belongs to",
                None => "it is encrypted, and no release here has its name",
            };
            doubtful
                .entry(file.path.clone())
                .or_insert_with(|| why.to_owned());
        }
    }
    let known = |path: &FilePath| {
        let project = look
            .project
            .iter()
            .flat_map(|project| project.file.releases.values());
        project
            .flat_map(|release| &release.layers)
            .any(|layer| layer == path)
    };
    doubtful.retain(|path, _| !taken.contains(path) && !known(path));
    let unsure = doubtful.into_iter().map(|(path, why)| (shown(&path), why));
    proposal.unsure.extend(unsure);
    Ok(proposal)
}

fn shown(path: &FilePath) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// The releases of manifests: their versions stand there.
fn manifests(look: &Look<'_>, proposal: &mut Proposal) {
    let workspace = look.workspace;
    let named = |path: Option<&FilePath>, name: &str| {
        let path = path.and_then(look.below);
        path.map_or_else(|| name.to_owned(), |path| shown(&path))
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
fn plain(look: &Look<'_>, proposal: &mut Proposal) -> Vec<(PathBuf, Map)> {
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
            proposal.left_out.push((shown(&path), why));
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
                proposal.left_out.push((shown(&path), why));
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

fn looks_like(pack: &Pack, values: &Map) -> bool {
    let tops = Tops::of(pack);
    values.keys().any(|key| tops.0.contains(key))
}

/// The keys that any version of a chart knows at its root.
struct Tops(BTreeSet<String>);

impl Tops {
    fn of(pack: &Pack) -> Self {
        let first = |path: &Path| match path.segments().first() {
            Some(crate::values::Segment::Key(key)) => Some(key.clone()),
            _ => None,
        };
        let keys = pack.keys.iter().filter_map(|(path, _)| first(path));
        Self(keys.chain(["global".to_owned()]).collect())
    }
}

enum Fit {
    Yes,
    Doubtful(String),
    No,
}

/// Whether a file can be values of a chart.
fn fits(pack: &Pack, tops: &Tops, path: &FilePath, values: &Map) -> Result<Fit, PackError> {
    let (known, unknown): (Vec<&String>, Vec<&String>) =
        values.keys().partition(|key| tops.0.contains(*key));
    let named = is_values_name(path);
    if values.is_empty() {
        return Ok(if named { Fit::Yes } else { Fit::No });
    }
    if known.is_empty() {
        return Ok(Fit::No);
    }
    let clues = detect(pack, values)?.clues;
    if !told_by(pack, values, &clues).is_empty() || named && unknown.len() <= known.len() {
        return Ok(Fit::Yes);
    }
    let chart = &pack.info.chart;
    if !unknown.is_empty() {
        let unknown: Vec<&str> = unknown.iter().map(|key| key.as_str()).take(5).collect();
        let why = format!("{chart} has never known {}", unknown.join(", "));
        // A file of something else shares a key or two with every chart.
        return Ok(match named {
            true => Fit::Doubtful(why),
            false => Fit::No,
        });
    }
    Ok(Fit::Doubtful(format!(
        "it has only keys that {chart} knows, but its name says nothing of values or of an environment"
    )))
}

fn seen_file<'a>(pack: &Pack, path: PathBuf, values: Option<&'a Map>) -> Seen<'a> {
    let role = role(&path, &pack.info.chart, values.is_none());
    let folder = path.parent().map(FilePath::to_owned).unwrap_or_default();
    let is_base = folder
        .file_name()
        .and_then(|name| name.to_str())
        .is_some_and(roles::is_base);
    Seen {
        folder: match folder.parent() {
            Some(above) if is_base => above.to_owned(),
            _ => folder,
        },
        is_named_so: is_values_name(&path),
        path,
        role,
        values,
    }
}

/// Files by what they are called and where they lie.
fn grouped<'s, 'a>(pack: &Pack, seen: &'s [Seen<'a>]) -> Vec<Grouped<'s, 'a>> {
    let mut folders: BTreeMap<&FilePath, Vec<&'s Seen<'a>>> = BTreeMap::new();
    for file in seen {
        folders.entry(&file.folder).or_default().push(file);
    }
    let bases = |folder: &FilePath| -> Vec<&'s Seen<'a>> {
        let files = folders.get(folder).into_iter().flatten().copied();
        let mut files: Vec<_> = files.filter(|file| file.role.is_base()).collect();
        files.sort_by_key(|file| file.role.rank());
        files
    };
    let secrets = |folder: &FilePath, of: Option<&str>| -> Vec<&'s Seen<'a>> {
        let files = folders.get(folder).into_iter().flatten().copied();
        files
            .filter(|file| matches!(&file.role, Role::Secret(name) if name.as_deref() == of))
            .collect()
    };
    // Two steps up at most: what lies further away belongs to something larger.
    let above = |folder: &FilePath| -> Option<PathBuf> {
        let up = folder.ancestors().skip(1).take(2);
        let found = up.into_iter().find(|above| !bases(above).is_empty());
        found.map(FilePath::to_owned)
    };
    let used: BTreeSet<PathBuf> = folders
        .iter()
        .filter(|(_, files)| files.iter().any(|file| file.values.is_some()))
        .filter_map(|(folder, _)| above(folder))
        .collect();
    let mut groups = Vec::new();
    for (folder, files) in &folders {
        let own = bases(folder);
        let mut below: Vec<&Seen<'_>> = Vec::new();
        let parent = above(folder);
        if let Some(parent) = &parent {
            below.extend(bases(parent));
            below.extend(secrets(parent, None));
        }
        below.extend(&own);
        below.extend(secrets(folder, None));
        let overlays = files.iter().copied().filter_map(|file| match &file.role {
            Role::Overlay(name) => Some((name.clone(), file)),
            _ => None,
        });
        let overlays: Vec<(String, &Seen<'_>)> = overlays.collect();
        let folder_name = folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        for (name, file) in &overlays {
            let extra = secrets(folder, Some(name));
            let how = match below.is_empty() {
                true => format!("{} stands alone", shown(&file.path)),
                false => format!("{} is named after an environment", shown(&file.path)),
            };
            let mut alone = vec![*file];
            alone.extend(&extra);
            groups.push(Grouped {
                name: name.clone(),
                layers: below.iter().copied().chain(alone.iter().copied()).collect(),
                how,
                own: alone,
            });
        }
        if overlays.is_empty() && !own.is_empty() && !used.contains(*folder) {
            let how = match (&parent, &folder_name) {
                (Some(_), Some(name)) => format!("the folder {name} has values of its own"),
                _ => "no other values file lies beside it or below".to_owned(),
            };
            let name = match folder_name {
                Some(name) if !roles::is_generic(&name) => name,
                _ => pack.info.chart.clone(),
            };
            let mut alone = own.clone();
            alone.extend(secrets(folder, None));
            groups.push(Grouped {
                name,
                layers: below.clone(),
                how,
                own: alone,
            });
        }
    }
    name_apart(&mut groups);
    groups
}

/// Gives releases of one name different ones: their folder's name comes in front.
fn name_apart(groups: &mut [Grouped<'_, '_>]) {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for group in groups.iter() {
        *count.entry(group.name.clone()).or_default() += 1;
    }
    let mut used: BTreeSet<String> = BTreeSet::new();
    for group in groups {
        if count[&group.name] > 1 {
            let folder = group
                .own
                .first()
                .map(|file| shown(&file.folder))
                .unwrap_or_default();
            let folder = folder.replace('/', "-");
            if !folder.is_empty() && folder != group.name {
                group.name = format!("{folder}-{}", group.name);
            }
        }
        group.name = group.name.replace([':', '@', '=', ','], "-");
        let plain = group.name.clone();
        let mut number = 2;
        while !used.insert(group.name.clone()) {
            group.name = format!("{plain}-{number}");
            number += 1;
        }
    }
}

/// Adds a release, unless `refit.yaml` has it.
fn add(
    look: &Look<'_>,
    pack: &Pack,
    group: Grouped<'_, '_>,
    (mut candidates, told): (Vec<Version>, &[String]),
    proposal: &mut Proposal,
) {
    let Grouped {
        name,
        layers,
        how,
        own,
    } = group;
    if let Some(project) = look.project {
        let releases = &project.file.releases;
        let has = |file: &&Seen<'_>| {
            let mut known = releases.values().flat_map(|release| &release.layers);
            known.any(|layer| *layer == file.path)
        };
        let plain = || own.iter().filter(|file| file.values.is_some());
        if let Some(known) = releases.get(&name)
            && !plain().all(|file| known.layers.contains(&file.path))
        {
            let path = project.path.display();
            for file in plain() {
                let why = format!("{path} has a release `{name}` with other files");
                proposal.unsure.push((shown(&file.path), why));
            }
            return;
        }
        if releases.contains_key(&name) || plain().all(|file| has(&file)) {
            proposal.known.push(name);
            return;
        }
    }
    let mut why = Vec::new();
    let first = |path: &&String| path.split('.').next().unwrap_or_default().to_owned();
    let traces_of: BTreeSet<String> = told.iter().map(|path| first(&path)).collect();
    let sure = (look.stated || traces_of.len() > 1)
        && layers
            .iter()
            .all(|file| file.values.is_none() || file.is_named_so);
    why.push(format!(
        "{}: {how}; {}.",
        if sure { "Sure" } else { "Likely" },
        match look.stated {
            true => format!("--chart said {}", pack.info.chart),
            false => format!("{} is told by {}", pack.info.chart, traces(told)),
        }
    ));
    let bases: Vec<String> = layers
        .iter()
        .filter(|file| file.role.is_base())
        .map(|file| shown(&file.path))
        .collect();
    if bases.len() > 1 {
        why.push(format!(
            "Check the order of {}: the last one wins.",
            bases.join(" and ")
        ));
    }
    for file in layers.iter().filter(|file| file.values.is_none()) {
        why.push(format!(
            "{} is encrypted; it counts as a layer and is never edited.",
            shown(&file.path)
        ));
    }
    let unknown = unknown(pack, &layers);
    if !unknown.is_empty() {
        why.push(format!(
            "{} does not know: {}.",
            pack.info.chart,
            unknown.join(", ")
        ));
    }
    let version = match candidates.as_slice() {
        [one] => {
            why.push(format!("Version: the content fits {one} alone."));
            Some(one.clone())
        }
        [] => {
            why.push("Proposed without a version: its keys are of versions that exclude each other. `helm list` shows what runs (column CHART).".to_owned());
            None
        }
        [first, .., last] => {
            why.push(format!(
                "Proposed without a version: the content fits {} of them, {first} to {last}. `helm list` shows which one runs (column CHART): write it below (`version: {last}`), or say it once with --from.",
                candidates.len()
            ));
            None
        }
    };
    if version.is_some() {
        candidates.truncate(1);
    }
    proposal.releases.push(Proposed {
        name,
        remembered: Remembered {
            chart: Some(pack.info.chart.clone()),
            version,
            layers: layers.iter().map(|file| file.path.clone()).collect(),
            ..Remembered::default()
        },
        candidates,
        why,
    });
}

/// What every chart has that began with `helm create`, or is habit: it tells versions of a chart apart, and
/// no charts.
const SCAFFOLD: &[&str] = &[
    "affinity",
    "autoscaling",
    "env",
    "extraEnv",
    "fullnameOverride",
    "gateway",
    "global",
    "httpRoute",
    "image",
    "imagePullPolicy",
    "imagePullSecrets",
    "ingress",
    "livenessProbe",
    "nameOverride",
    "nodeSelector",
    "podAnnotations",
    "podDisruptionBudget",
    "podLabels",
    "podSecurityContext",
    "readinessProbe",
    "replicaCount",
    "resources",
    "securityContext",
    "service",
    "serviceAccount",
    "tolerations",
    "volumeMounts",
    "volumes",
];

/// The settings that tell the chart: unmistakable ones, in values most of which the chart knows. Evidence
/// of a pack tells its versions apart first; of another chart's values only a little of it is ever met.
fn told_by(pack: &Pack, values: &Map, clues: &[Clue]) -> Vec<String> {
    let strong = clues
        .iter()
        .filter(|clue| clue.strength == Strength::Strong);
    let first = |path: &Path| match path.segments().first() {
        Some(crate::values::Segment::Key(key)) => key.clone(),
        _ => String::new(),
    };
    let own = strong.filter(|clue| !SCAFFOLD.contains(&first(&clue.path).as_str()));
    let mut told: Vec<String> = own.map(|clue| clue.path.to_string()).collect();
    told.dedup();
    if told.is_empty() {
        return told;
    }
    let leaves = crate::values::leaves(values);
    let known = |path: &Path| {
        let mut versions = pack.info.versions.keys();
        versions.any(|version| pack.keys.known(path, version) != Known::Unknown)
    };
    let strange = leaves.iter().filter(|(path, _)| !known(path)).count();
    if strange * 4 > leaves.len() {
        told.clear();
    }
    told
}

/// Some of the settings that tell the chart, for a sentence.
fn traces(told: &[String]) -> String {
    let some: Vec<&str> = told.iter().map(String::as_str).take(3).collect();
    some.join(", ")
}

/// The keys at the root of layers that no version of the chart knows.
fn unknown(pack: &Pack, layers: &[&Seen<'_>]) -> Vec<String> {
    let known = |key: &String| {
        let path = Path::root().key(key);
        let mut versions = pack.info.versions.keys();
        versions.any(|version| pack.keys.known(&path, version) != Known::Unknown)
    };
    let keys = layers
        .iter()
        .filter_map(|file| file.values)
        .flat_map(Map::keys);
    let unknown: BTreeSet<&String> = keys.filter(|key| !known(key)).collect();
    unknown.into_iter().take(8).cloned().collect()
}
