//! Releases in the files of a GitOps repository: manifests that say which chart, which version, and where
//! the values are, in themselves or in files beside them.
//!
//! What a manifest says is found by [`carrier`](crate::carrier); here it becomes releases with layers. A
//! carrier is taken only if its chart is one that is known; a file that was found in a folder and belongs
//! to no carrier is never edited, because a key such as `controller.image` is one of many charts.

mod environments;
mod gathering;
mod generated;
mod layer;
mod named;
mod overlays;
mod patches;
mod reached;
mod release;
mod succession;
mod unread;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::{Path as FilePath, PathBuf},
    sync::Arc,
};

pub use self::succession::Succession;
use self::{gathering::Gathering, patches::Patches, unread::Unread};
pub(super) use self::{
    layer::{global_in, has_map_at},
    named::{KnownDependency, chart_folder, dependencies_of},
};
pub use self::{named::with_their_charts, reached::with_reached};
use super::{InputFile, LoadErrorKind, Loader, Sealed, aside};
use semver::Version;

use crate::{
    block::TextFile,
    bounds::lexical,
    carrier::{
        self, Carrier, ChartSource, LayerSource, MentionKind, Sameness,
        resolve::{self, Index},
    },
    outcome::FilePosition,
    values::{Path, Value},
    walk::{self, FoundFile, Naming},
    yaml::{NodeId, Tree},
};

/// A chart that can be upgraded.
#[derive(Debug, Clone, Default)]
pub struct KnownChart {
    /// Its name.
    pub name: String,
    /// Other names that it is published under.
    pub other_names: Vec<String>,
    /// The repositories that it is published in.
    pub repositories: Vec<String>,
    /// The names that it had before.
    pub former_names: Vec<KnownFormerName>,
    /// The repositories of other charts of its name, and their owners.
    pub namesakes: Vec<KnownNamesake>,
    /// What takes its place, if values shall go there: its name and where it is published.
    pub replaced_by: Option<(String, String)>,
    /// True if the user stated that this is the chart: then another repository makes no other chart.
    pub is_stated: bool,
    /// True if its pack was found in a chart of these files: then a chart that is named by a path is that one.
    pub is_in_tree: bool,
    /// The oldest version that is known of it.
    pub oldest: Option<Version>,
}

impl KnownChart {
    /// The names that it is published under.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.name).chain(&self.other_names)
    }
}

/// A name that a chart had before.
#[derive(Debug, Clone)]
pub struct KnownFormerName {
    /// The name.
    pub name: String,
    /// The repositories where it was published under that name.
    pub repositories: Vec<String>,
    /// The last version under that name.
    pub until: Version,
}

/// Another chart of the same name.
#[derive(Debug, Clone)]
pub struct KnownNamesake {
    /// The repository where it is published.
    pub repository: String,
    /// Whose it is, and how it differs.
    pub why: String,
}

/// The known chart that a manifest's chart is.
enum Means<'c> {
    /// A chart that can be upgraded, how sure that is, and its former name if it is called by that.
    Known(&'c KnownChart, Sameness, Option<&'c KnownFormerName>),
    /// Another chart of the same name.
    Namesake(&'c KnownChart, &'c KnownNamesake),
    /// Another chart.
    Other,
}

/// The place where a manifest names the version of a chart.
#[derive(Debug, Clone)]
pub struct Pin {
    /// The file.
    pub file: usize,
    /// The scalar.
    pub node: NodeId,
    /// The part of that scalar that the version is.
    pub part: carrier::VersionPart,
    /// The text of the version.
    pub text: String,
    /// True for a chart version, or a range of them, that can be raised.
    pub is_version: bool,
    /// True if it is what the `Chart.yaml` of a copy of the chart says of itself: only another copy can raise it.
    pub is_of_copy: bool,
}

impl Pin {
    /// The place of a version in a file; `None` for one that allows any.
    pub(super) fn of(file: usize, place: &carrier::VersionPlace) -> Option<Self> {
        let is_version = matches!(
            place.style,
            carrier::VersionStyle::Exact(_) | carrier::VersionStyle::Range(_)
        );
        let is_any = matches!(place.style, carrier::VersionStyle::Any);
        (!is_any).then(|| Self {
            file,
            node: place.node,
            part: place.part,
            text: place.text.clone(),
            is_version,
            is_of_copy: false,
        })
    }

    /// The offset of the version in its file.
    #[must_use]
    pub fn offset(&self, file: &TextFile) -> usize {
        self.part.offset(&file.tree, self.node)
    }

    /// The place where a copy of a chart says its own version.
    pub(super) fn of_copy(file: usize, place: &carrier::VersionPlace) -> Option<Self> {
        let pin = Self::of(file, place)?;
        Some(Self {
            is_of_copy: true,
            ..pin
        })
    }
}

/// A path string that names a setting of a release without setting it: a `condition` in `Chart.yaml`.
#[derive(Debug, Clone)]
pub struct Mention {
    /// The file.
    pub file: usize,
    /// The scalar.
    pub node: NodeId,
    /// The YAML that the scalar holds, and the scalar in it that is meant; `None` if it is itself meant.
    pub within: Option<(Arc<Tree>, NodeId)>,
    /// The text that names the setting.
    pub text: String,
    /// The reader of the mention.
    pub kind: MentionKind,
    /// The path of the chart's values in its parent's.
    pub prefix: Path,
    /// The work of a JSON patch there, for its paths.
    pub operation: Option<PatchOperation>,
}

/// The work of a JSON patch at a path.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PatchOperation {
    /// True if it may put something where nothing was: then what is above the path must be there.
    pub adds: bool,
    /// The value that it puts there, or compares.
    pub value: Option<Value>,
}

/// A setting that two layers set, of which it is not certain which one wins.
#[derive(Debug, Clone)]
pub struct LayerDoubt {
    /// The setting.
    pub path: Path,
    /// The layer that should win by the documentation.
    pub high: usize,
    /// The other one.
    pub low: usize,
    /// The places of the two settings.
    pub at: [FilePosition; 2],
    /// The reason for which it is not certain.
    pub why: String,
}

/// A file that was read, with what it carries.
struct Scanned {
    file: usize,
    /// Its absolute path.
    path: PathBuf,
    found: carrier::FileCarriers,
    naming: Naming,
    /// True if it was read only for the parameters that a generator takes from it.
    only_parameters: bool,
    /// The folder that was named, in or below which it was found.
    below: PathBuf,
}

/// A release as its carrier has it.
#[derive(Clone)]
struct Carried {
    release: resolve::ResolvedRelease,
    carrier: Carrier,
    /// The carrier that deploys the umbrella chart that it is a part of, and its file.
    deployer: Option<(usize, Carrier)>,
    /// For each layer that is a file: where that can be.
    candidates: Vec<Vec<PathBuf>>,
}

/// Adds what was found in files.
pub(super) fn add(loader: &mut Loader, found: &[FoundFile], charts: &[KnownChart]) {
    if found.is_empty() {
        return;
    }
    let mut scanned = scan(loader, found, charts);
    generated::expand(loader, &mut scanned);
    environments::expand(loader, &mut scanned);
    let objects = scanned.iter().flat_map(|file| &file.found.objects);
    loader.workspace.chart_objects = aside::chart_objects(objects, charts);
    note_elsewhere(loader, &scanned, charts);
    let mut carried = carried(loader, &scanned);
    state_charts(&scanned, &mut carried, charts);
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for one in carried.iter().flatten() {
        *names.entry(&one.carrier.name).or_default() += 1;
    }
    let by_path: HashMap<&FilePath, usize> = scanned
        .iter()
        .map(|file| (file.path.as_path(), file.file))
        .collect();
    let patches = Patches::collect(loader, &scanned, &by_path);
    // What a generator reads as parameters is no chart's values.
    let parameters = scanned.iter().filter(|file| file.only_parameters);
    let claimed = parameters.map(|file| file.file).collect();
    let mut gathering = Gathering {
        loader,
        charts,
        scanned: &scanned,
        by_path: &by_path,
        patches: &patches,
        names: &names,
        claimed,
        of_others: BTreeMap::new(),
    };
    let others: Vec<BTreeSet<String>> = carried
        .iter()
        .map(|releases| gathering.add_releases(releases))
        .collect();
    // Only now is it known which files manifests name for themselves.
    gathering.add_overlaid(&carried);
    gathering.loader.workspace.of_other_charts = std::mem::take(&mut gathering.of_others);
    for (file, other) in scanned.iter().zip(&others) {
        gathering.leave_over(file, other);
    }
}

/// Notes what other tools deploy, where nothing is edited.
fn note_elsewhere(loader: &mut Loader, scanned: &[Scanned], charts: &[KnownChart]) {
    for file in scanned {
        let loaded = &loader.workspace.files[file.file];
        let elsewhere = file.found.elsewhere.iter();
        let seen: Vec<_> = elsewhere
            .filter_map(|one| aside::seen_elsewhere(one, charts, |offset| loaded.at(offset)))
            .collect();
        loader.workspace.seen.extend(seen);
    }
}

/// Gives the chart that was stated to configurations of charts that k3s brings along: they name none.
fn state_charts(scanned: &[Scanned], carried: &mut [Vec<Carried>], charts: &[KnownChart]) {
    for (file, releases) in scanned.iter().zip(carried) {
        let stated = charts
            .iter()
            .find(|chart| chart.is_stated && file.naming > Naming::Found);
        let Some(stated) = stated else { continue };
        for one in releases {
            let is_alone = one.carrier.kind == carrier::CarrierKind::K3sHelmChartConfig
                && matches!(one.release.chart.source, ChartSource::Object(_));
            if is_alone {
                one.release.chart.source = ChartSource::Repository {
                    name: stated.name.clone(),
                    url: None,
                };
            }
        }
    }
}

/// The name of charts that their release does not name.
const UNNAMED: &str = "of another kind";

fn not_ours(other: &BTreeSet<String>, charts: &[KnownChart]) -> LoadErrorKind {
    LoadErrorKind::NoKnownChart {
        named: other
            .iter()
            .filter(|name| *name != UNNAMED)
            .cloned()
            .collect(),
        known: charts.iter().map(|chart| chart.name.clone()).collect(),
    }
}

/// Reads the files, and finds what they carry.
fn scan(loader: &mut Loader, found: &[FoundFile], charts: &[KnownChart]) -> Vec<Scanned> {
    let here = std::env::current_dir().unwrap_or_default();
    let unread = Unread { charts, found };
    let mut scanned: Vec<Scanned> = Vec::new();
    let mut seen: HashSet<usize> = HashSet::new();
    for file in found {
        let input = InputFile::Path(file.path.clone());
        let read = match file.kind {
            walk::FileKind::Template => Err(LoadErrorKind::Template.of(&input.name())),
            walk::FileKind::Yaml => loader.file(&input),
        };
        match read {
            // A file can be found twice: by its name, and in a folder that was named.
            Ok(index) if !seen.insert(index) => {}
            Ok(index) => {
                let tree = &loader.workspace.files[index].tree;
                let carried = loader.carried.remove(&index);
                let found = carried.unwrap_or_else(|| carrier::find(tree, &file.path));
                scanned.push(Scanned {
                    file: index,
                    path: lexical(&here.join(&file.path)),
                    found,
                    naming: file.naming,
                    only_parameters: false,
                    below: file.below.clone(),
                });
            }
            Err(error) => {
                // What is no file is never opened: that alone can wait for ever.
                let is_file = file.path.is_file();
                if file.naming < Naming::Named
                    && is_file
                    && let Some(sealed) = Sealed::of(&file.path, error.clone())
                {
                    loader.workspace.unclaimed_sealed.push(sealed);
                    continue;
                }
                let text = match is_file {
                    true => std::fs::read_to_string(&file.path).unwrap_or_default(),
                    false => String::new(),
                };
                // In a folder, a template of charts that refit does not know is nobody's business here.
                let concerns = file.naming == Naming::Named || unread.may_name(&text);
                let template = carrier::kind_of_template(&file.path, &text).filter(|_| concerns);
                let told = match template {
                    Some(kind) => Some(LoadErrorKind::TemplatedManifest(kind).of(&input.name())),
                    None => {
                        let broken = file.kind == walk::FileKind::Yaml
                            && is_file
                            && unread.is_manifest(&file.path, &text);
                        // A list of all files has templates of charts, too.
                        let is_meant = match file.naming {
                            Naming::Found => false,
                            Naming::Listed => {
                                !is_file
                                    || file.kind == walk::FileKind::Yaml && !text.contains("{{")
                            }
                            Naming::Named => true,
                        };
                        (is_meant || broken).then_some(error)
                    }
                };
                loader.workspace.errors.extend(told.map(|error| *error));
            }
        }
    }
    scanned
}

/// The releases that the files make together, by the file that their carrier stands in.
fn carried(loader: &Loader, scanned: &[Scanned]) -> Vec<Vec<Carried>> {
    let files: Vec<resolve::IndexedFile<'_>> = scanned
        .iter()
        .map(|file| resolve::IndexedFile {
            path: &file.path,
            tree: &loader.workspace.files[file.file].tree,
            found: &file.found,
        })
        .collect();
    let index = Index::new(&files);
    let repository = scanned.first().and_then(|file| repository(&file.path));
    let mut carried: Vec<Vec<Carried>> = scanned.iter().map(|_| Vec::new()).collect();
    for release in index.releases(repository.as_deref()) {
        let candidates = release
            .layers
            .iter()
            .map(|placed| match &placed.layer.source {
                LayerSource::File(reference) => {
                    let mut places =
                        index.candidates(placed.file, reference, repository.as_deref());
                    // A folder of a larger repository that is laid out like one of its own.
                    if repository.is_some() {
                        places.extend(index.candidates(placed.file, reference, None));
                    }
                    places
                }
                _ => Vec::new(),
            });
        let mut carrier = index.carrier(release.carrier).clone();
        for parent in &release.parents {
            carrier.name = format!("{}, {}", carrier.name, index.carrier(*parent).name);
        }
        carried[release.carrier.file].push(Carried {
            candidates: candidates.collect(),
            carrier,
            deployer: release
                .deployed_by
                .map(|by| (by.file, index.carrier(by).clone())),
            release,
        });
    }
    carried
}

/// The root of the git repository that a file is in.
fn repository(path: &FilePath) -> Option<PathBuf> {
    let mut above = path.ancestors().skip(1);
    above
        .find(|folder| folder.join(".git").exists())
        .map(FilePath::to_owned)
}

/// The known chart that a release is of. One whose chart is among the files and says a version of before all that are
/// known is another chart of that name: somebody's own.
fn means_of<'c>(one: &Carried, charts: &'c [KnownChart]) -> Means<'c> {
    let release = &one.release;
    let means = means(&release.chart.source, charts);
    let own = release
        .version
        .as_ref()
        .filter(|_| release.in_tree.is_some());
    match (&means, own.map(|(_, place)| &place.style)) {
        (Means::Known(chart, ..), Some(carrier::VersionStyle::Exact(version)))
            if chart.oldest.as_ref().is_some_and(|oldest| version < oldest) && !chart.is_stated =>
        {
            Means::Other
        }
        _ => means,
    }
}

/// The known chart that a reference means: of several the one that is surest.
fn means<'c>(chart: &ChartSource, charts: &'c [KnownChart]) -> Means<'c> {
    let mut best: Option<(&KnownChart, Sameness, Option<&KnownFormerName>)> = None;
    let rank = |sameness| match sameness {
        Sameness::Same => 0,
        Sameness::OtherRepository => 1,
        _ => 2,
    };
    for known in charts {
        let names = known.names().map(|name| (name, None));
        let former = known.former_names.iter();
        let former = former.map(|former| (&former.name, Some(former)));
        for (name, former) in names.chain(former) {
            let mut repositories = known.repositories.clone();
            repositories.extend(former.iter().flat_map(|former| former.repositories.clone()));
            let sameness = match chart.compare(name, &repositories) {
                Sameness::OtherChart => continue,
                Sameness::Unresolved if chart.name() != Some(name.as_str()) => continue,
                Sameness::Unresolved if known.is_in_tree => Sameness::Same,
                sameness => sameness,
            };
            // What was stated comes before all that has the name.
            let rank = |known: &KnownChart, sameness| (!known.is_stated, rank(sameness));
            if best.is_none_or(|(best, other, _)| rank(known, sameness) < rank(best, other)) {
                best = Some((known, sameness, former));
            }
        }
    }
    match best {
        None => Means::Other,
        Some((known, sameness, former)) => {
            let mut namesakes = known.namesakes.iter();
            let namesake = namesakes.find(|namesake| chart.is_from(&namesake.repository));
            match namesake {
                Some(namesake) if sameness != Sameness::Same && !known.is_stated => {
                    Means::Namesake(known, namesake)
                }
                _ => Means::Known(known, sameness, former),
            }
        }
    }
}

/// The name of the known chart that a reference means, if it means one.
pub(super) fn known_name<'c>(chart: &ChartSource, charts: &'c [KnownChart]) -> Option<&'c str> {
    match means(chart, charts) {
        Means::Known(known, ..) => Some(&known.name),
        Means::Namesake(..) | Means::Other => None,
    }
}

/// A manifest names a chart that only has the name of a known one.
fn another_of_that_name(
    one: &Carried,
    chart: &KnownChart,
    namesake: &KnownNamesake,
) -> LoadErrorKind {
    LoadErrorKind::Namesake {
        release: one.carrier.name.clone(),
        chart: chart.name.clone(),
        repository: namesake.repository.clone(),
        why: namesake.why.clone(),
        known: chart.repositories.clone(),
    }
}
