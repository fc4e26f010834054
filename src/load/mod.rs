//! From what is named to releases made of layers.
//!
//! A file is read once, however many releases use it, and so is every block of values in it: a whole
//! document, or a part of a manifest. What cannot be edited safely is an error here, before
//! anything is detected or migrated. Nothing is written, and a link is followed only if it is what was
//! named.

mod aside;
mod error;
mod file;
mod gitops;
mod sealed;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::{Path as FilePath, PathBuf},
    sync::Arc,
};

use semver::Version;

pub use aside::{ChartObject, aside};
pub use error::{LoadError, LoadErrorKind, NotHere};
pub use file::{InputFile, load};
pub use gitops::{
    KnownChart, KnownFormerName, KnownNamesake, LayerDoubt, Mention, PatchOperation, Pin,
    Succession, with_reached, with_their_charts,
};
pub use sealed::Sealed;

use crate::{
    block::{Block, BlockInFile, BlockPlace, TextFile, secrets_in},
    carrier::{self, Range, VersionPart},
    jobs::{Jobs, Work},
    migrate::Answers,
    outcome::{KnownBy, Notice, SeenRelease, WholeRequest},
    values::{Map, Path, merge::merge},
    walk::{FileKind, FoundFile},
    yaml::{NodeId, Tree},
};

/// A release as it is asked for.
#[derive(Debug, Clone, Default)]
pub struct ReleaseRequest {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its layers in Helm's order, the right-most on top.
    pub layers: Vec<InputFile>,
    /// Its chart, if that is known without looking into the files.
    pub chart: Option<String>,
    /// The version that the values are for, and how that is known.
    pub version: Option<(Version, KnownBy)>,
    /// Answers that are kept for this release alone.
    pub answers: Answers,
    /// Steps that are left out of this release, where they are on its route.
    pub skip: Vec<String>,
    /// Digests of its files as they were written last, by path.
    pub digests: BTreeMap<PathBuf, String>,
    /// True if only a list names its file, which may be of any chart or of none.
    pub is_listed: bool,
    /// The request that it is a part of, if that is for several dependencies of a chart.
    pub part_of: Option<Arc<WholeRequest>>,
}

impl ReleaseRequest {
    /// A release without a name.
    #[must_use]
    pub fn new(layers: Vec<InputFile>) -> Self {
        Self {
            layers,
            ..Self::default()
        }
    }
}

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Workspace {
    /// The files, each once.
    pub files: Vec<TextFile>,
    /// The places in them where values are, each once.
    pub blocks: Vec<Block>,
    /// The releases, in the order they were asked for.
    pub releases: Vec<Wanted>,
    /// The releases that cannot be upgraded, because a layer of theirs cannot be used.
    pub broken: Vec<Broken>,
    /// The errors of all that could not be used.
    pub errors: Vec<LoadError>,
    /// Files with plain values that were found in folders and belong to no release, by index.
    pub unclaimed: Vec<usize>,
    /// Encrypted files that were found in folders and belong to no release.
    pub unclaimed_sealed: Vec<Sealed>,
    /// Those of the unclaimed files that a manifest names for a chart that is not known, with that chart.
    pub of_other_charts: BTreeMap<usize, String>,
    /// Under which keys dependencies on known charts have their values here, with those charts.
    pub dependencies: BTreeSet<(Path, String)>,
    /// Releases of known charts that stand where nothing is edited.
    pub seen: Vec<SeenRelease>,
    /// The objects that bring known charts along.
    pub chart_objects: Vec<ChartObject>,
    /// Other charts that manifests deploy, and how often.
    pub others: BTreeMap<String, usize>,
    /// The releases of these.
    pub other_releases: Vec<OtherRelease>,
    /// By file: its blocks that are strings.
    strings: HashMap<usize, Vec<usize>>,
    /// By file: how many blocks it has.
    counts: HashMap<usize, usize>,
}

/// A release of a chart that is not known.
#[derive(Debug)]
pub struct OtherRelease {
    /// The name in its manifest.
    pub title: String,
    /// The file that its manifest stands in.
    pub holder: usize,
    /// The chart, as far as it is told.
    pub chart: Option<String>,
    /// The address that Helm fetches it from.
    pub address: Option<String>,
    /// The version, as its manifest writes it.
    pub version: Option<String>,
}

/// A release of which a layer cannot be used.
#[derive(Debug)]
pub struct Broken {
    /// Its name.
    pub name: String,
    /// The layers that can be used.
    pub layers: Vec<usize>,
    /// The file, the scalar, and the part of it in which its manifest names the version.
    pub pin: Option<(usize, NodeId, VersionPart)>,
}

/// A release that can be upgraded.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The name: its own, or the names of its files.
    pub name: String,
    /// True if the name is its own.
    pub is_named: bool,
    /// True if only a list names its file, which may be of any chart or of none.
    pub is_listed: bool,
    /// The request that it is a part of, if that is for several dependencies of a chart.
    pub part_of: Option<Arc<WholeRequest>>,
    /// The name in its manifest, whatever others are called.
    pub title: String,
    /// The kind of manifest that holds it, as people call it.
    pub carrier: Option<String>,
    /// Its chart, if known.
    pub chart: Option<String>,
    /// The changes of its manifest once the chart goes by another name.
    pub succession: Option<Succession>,
    /// What the manifest has to say once its chart is the one that takes the place of the stated one.
    pub replacement: Option<Succession>,
    /// True if its manifest names the chart, but not a repository of it that is known: a mirror, or another chart of
    /// that name.
    pub is_from_elsewhere: bool,
    /// The repository of the chart in its manifest, in the one form of an address.
    pub repository: Option<String>,
    /// The address that Helm fetches the chart from.
    pub address: Option<String>,
    /// The version its values are for, and how that is known.
    pub version: Option<(Version, KnownBy)>,
    /// Its readable layers, as indices into [`Workspace::blocks`], in Helm's order.
    pub layers: Vec<usize>,
    /// Its layers that cannot be read.
    pub sealed: Vec<Sealed>,
    /// For a sub-chart: the `global` of the values of the chart above it, all layers of it merged.
    pub global: Map,
    /// The notices about it before any migration.
    pub notices: Vec<Notice>,
    /// Answers that are kept for it.
    pub answers: Answers,
    /// Steps that are left out of it.
    pub skip: Vec<String>,
    /// Its files that are not what was written last, by index.
    pub edited: Vec<usize>,
    /// The range of versions that its manifest names, if it names no single one.
    pub range: Option<Range>,
    /// The version that it shall be for, if that is its own.
    pub to: Option<Version>,
    /// True if that is a version of the chart that takes the place of its own.
    pub goes_to_successor: bool,
    /// The release in the revision that the run compares with, as an index into the releases there.
    pub earlier: Option<usize>,
    /// The place where its manifest names the version.
    pub pin: Option<Pin>,
    /// The place where its chart says its own version, if the chart is itself among the files.
    pub copy: Option<Pin>,
    /// The reason for which its manifest does not tell the version, if it names something that is none.
    pub no_version: Option<Box<LoadError>>,
    /// Its name in the cluster, if that is known.
    pub release_name: Option<String>,
    /// Path strings that name its settings without setting them.
    pub mentions: Vec<Mention>,
    /// Settings of which it is not certain which layer wins.
    pub doubts: Vec<LayerDoubt>,
    /// The file that says what it is: its manifest, or its last layer.
    pub holder: usize,
    /// The tasks before the new values can take effect.
    pub before: Vec<String>,
}

/// Reads everything that releases are made of: those that are `asked` for, and those that are in the
/// files that were `found`, as far as they are for one of these `charts`.
#[must_use]
pub fn workspace(
    asked: &[ReleaseRequest],
    found: &[FoundFile],
    charts: &[KnownChart],
    jobs: &Jobs<'_>,
) -> Workspace {
    let layers = asked.iter().flat_map(|release| &release.layers);
    let mut loader = Loader {
        asked: layers
            .filter_map(|input| match input {
                InputFile::Path(path) => Some(resolve_links(path)),
                InputFile::Stdin(_) => None,
            })
            .collect(),
        ..Loader::default()
    };
    loader.prepare(asked, found, jobs);
    for release in asked {
        match loader.parts_of_charts(release, charts) {
            parts if parts.is_empty() => loader.release(release, None),
            parts => parts
                .iter()
                .for_each(|(release, part)| loader.release(release, Some(part))),
        }
    }
    gitops::add(&mut loader, found, charts);
    loader.workspace
}

impl Workspace {
    /// A block together with its file.
    #[must_use]
    pub fn block_in_file(&self, block: usize) -> BlockInFile<'_> {
        let block = &self.blocks[block];
        BlockInFile {
            file: &self.files[block.file],
            block,
        }
    }

    /// True for a map in one of several documents of a file that has other blocks, too.
    #[must_use]
    pub fn is_one_of_several(&self, block: usize) -> bool {
        let Block { file, place } = &self.blocks[block];
        matches!(place, BlockPlace::Map { .. })
            && self.counts.get(file).is_some_and(|count| *count > 1)
            && self.files[*file].tree.documents().len() > 1
    }

    /// The file that a block stands in.
    #[must_use]
    pub fn file_of(&self, block: usize) -> &TextFile {
        self.block_in_file(block).file
    }

    /// The places of secrets in a file, in the state `host` of its tree.
    #[must_use]
    pub fn secrets(&self, file: usize, host: &Tree) -> Vec<std::ops::Range<usize>> {
        let strings = self.strings.get(&file).into_iter().flatten();
        secrets_in(host, strings.map(|block| &self.blocks[*block]))
    }
}

#[derive(Default)]
struct Loader {
    workspace: Workspace,
    /// By the real path: the file, or why it cannot be read.
    known: HashMap<PathBuf, Result<usize, Box<LoadError>>>,
    /// By file: whether it holds values and nothing else.
    plain: HashMap<usize, Result<(), Box<LoadError>>>,
    /// Files that were read and are not in the workspace yet, by the real path.
    ready: HashMap<PathBuf, Ready>,
    /// Real paths, by the name.
    real: HashMap<PathBuf, PathBuf>,
    /// By file: what it carries, where that was looked for.
    carried: HashMap<usize, carrier::FileCarriers>,
    /// Blocks by where they are.
    blocks: HashMap<(usize, String), usize>,
    /// The real paths of all files that were asked for.
    asked: HashSet<PathBuf>,
}

/// A file that was read before it is its turn.
struct Ready {
    loaded: Result<TextFile, Box<LoadError>>,
    /// `Ok` if it has values and nothing else; `None` if that will not be asked.
    plain: Option<Result<(), Box<LoadError>>>,
    /// The carriers in it, if that will be asked.
    carried: Option<carrier::FileCarriers>,
}

impl Ready {
    fn read(path: &FilePath, carriers: bool) -> Self {
        let loaded = file::read(&InputFile::Path(path.to_owned()));
        let (mut plain, mut carried) = (None, None);
        if let Ok(loaded) = &loaded {
            carried = carriers.then(|| carrier::find(&loaded.tree, path));
            // A manifest is no values file, and most are only manifests.
            if carried
                .as_ref()
                .is_none_or(|found| found.carriers.is_empty())
            {
                plain = Some(file::check(loaded));
            }
        }
        Self {
            loaded,
            plain,
            carried,
        }
    }
}

impl Loader {
    /// Reads every file once, at the same time as others. What is read is taken from here later, in the
    /// order in which it is asked for.
    fn prepare(&mut self, asked: &[ReleaseRequest], found: &[FoundFile], jobs: &Jobs<'_>) {
        let layers = asked.iter().flat_map(|release| &release.layers);
        let layers = layers.filter_map(|input| match input {
            InputFile::Path(path) => Some((path.as_path(), false)),
            InputFile::Stdin(_) => None,
        });
        let found = found.iter().filter(|file| file.kind == FileKind::Yaml);
        let all = layers.chain(found.map(|file| (file.path.as_path(), true)));
        let mut seen: HashSet<&FilePath> = HashSet::new();
        let all: Vec<(&FilePath, bool)> = all.filter(|(path, _)| seen.insert(path)).collect();
        let read = jobs.run_each(Some(Work::Read), all.clone(), |(path, carriers)| {
            (resolve_links(path), Ready::read(path, carriers))
        });
        for ((path, _), read) in all.into_iter().zip(read) {
            let (real, ready) = read.unwrap_or_else(|fault| {
                let ready = Ready {
                    loaded: Err(LoadErrorKind::Fault(fault).of(&path.display().to_string())),
                    plain: None,
                    carried: None,
                };
                (resolve_links(path), ready)
            });
            self.real.insert(path.to_owned(), real.clone());
            // Under another name it is the same file.
            self.ready.entry(real).or_insert(ready);
        }
    }

    /// The releases that files of an umbrella chart are, if they were named as the layers of one: one for each
    /// dependency on a known chart whose values they hold.
    fn parts_of_charts(
        &mut self,
        asked: &ReleaseRequest,
        charts: &[KnownChart],
    ) -> Vec<(ReleaseRequest, gitops::KnownDependency)> {
        let mut folder: Option<PathBuf> = None;
        for input in &asked.layers {
            let InputFile::Path(path) = input else {
                return Vec::new();
            };
            let below = std::env::current_dir().unwrap_or_default();
            // A file elsewhere is one for the chart if another one is in its folder.
            match (&folder, gitops::chart_folder(path, &below)) {
                (_, None) => {}
                (Some(folder), Some(other)) if resolve_links(folder) != resolve_links(&other) => {
                    return Vec::new();
                }
                (None, found) => folder = found,
                _ => {}
            }
        }
        let Some(folder) = folder else {
            return Vec::new();
        };
        let mut dependencies = gitops::dependencies_of(&folder, charts);
        dependencies.retain(|one| {
            asked.chart.as_ref().is_none_or(|chart| *chart == one.chart)
                && asked.layers.iter().any(|input| {
                    let file = self.file(input);
                    file.is_ok_and(|file| {
                        gitops::has_map_at(&self.workspace.files[file].tree, &one.prefix)
                    })
                })
        });
        let several = dependencies.len() > 1;
        let paths = asked.layers.iter().filter_map(|input| match input {
            InputFile::Path(path) => Some(path.clone()),
            InputFile::Stdin(_) => None,
        });
        let whole = Arc::new(WholeRequest {
            name: asked.name.clone(),
            version: asked.version.as_ref().map(|(version, _)| version.clone()),
            layers: paths.collect(),
        });
        let one = |dependency: gitops::KnownDependency| {
            let mut release = asked.clone();
            release.chart = Some(dependency.chart.clone());
            if release.version.is_none() {
                let version = dependency.version.clone();
                release.version = version.map(|version| (version, KnownBy::Carrier));
            }
            if several {
                let names: Vec<String> = asked.layers.iter().map(InputFile::name).collect();
                let name = asked.name.clone().unwrap_or_else(|| names.join(" + "));
                release.name = Some(format!("{name}, {}", dependency.prefix));
                release.part_of = Some(Arc::clone(&whole));
            }
            (release, dependency)
        };
        dependencies.into_iter().map(one).collect()
    }

    /// Reads a release that was asked for. Its values stand in the files by themselves, or as those of a dependency.
    fn release(&mut self, asked: &ReleaseRequest, part: Option<&gitops::KnownDependency>) {
        let (mut layers, mut sealed, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for input in &asked.layers {
            match self.layer(input, asked.layers.len() > 1) {
                Ok(NamedLayer::Block(block)) => layers.extend(match part {
                    Some(part) => self.part(block, &part.prefix),
                    None => Some(block),
                }),
                Ok(NamedLayer::Sealed(layer)) => sealed.push(Sealed {
                    below: layers.len(),
                    ..layer
                }),
                Err(error) => errors.push(*error),
            }
        }
        let names: Vec<String> = asked.layers.iter().map(InputFile::name).collect();
        let name = asked.name.clone().unwrap_or_else(|| names.join(" + "));
        // Without any layer that can be read there is no release, so the reason of each is an error.
        if errors.is_empty() && layers.is_empty() {
            errors.extend(sealed.into_iter().map(|layer| *layer.error));
            self.workspace.errors.extend(errors);
            return;
        }
        if !errors.is_empty() {
            // A release is the sum of its layers: with one missing, nothing can be said of the others.
            let sound = layers
                .iter()
                .map(|block| *LoadErrorKind::OtherLayer.of(&self.workspace.file_of(*block).name));
            errors.extend(sound);
            self.workspace.errors.extend(errors);
            self.workspace.broken.push(Broken {
                name,
                layers,
                pin: None,
            });
            return;
        }
        let mut global = Map::new();
        for block in layers.iter().filter(|_| part.is_some()) {
            let file = self.workspace.file_of(*block);
            if let Some(own) = gitops::global_in(&file.tree) {
                merge(&mut global, own);
            }
        }
        let (pin, mentions, before) = match part {
            Some(part) => self.version_of_part(asked, part),
            None => (None, Vec::new(), None),
        };
        let notices = layers
            .iter()
            .flat_map(|block| file::notices(self.workspace.file_of(*block)))
            .collect();
        let last = layers
            .last()
            .map(|block| self.workspace.blocks[*block].file);
        let holder = last.unwrap_or_default();
        let files = layers
            .iter()
            .map(|block| self.workspace.blocks[*block].file);
        let edited = files
            .filter(|file| {
                let loaded = &self.workspace.files[*file];
                let digest = loaded
                    .path
                    .as_ref()
                    .and_then(|path| asked.digests.get(path));
                match digest {
                    Some(digest) => *digest != crate::digest::of_text(&loaded.text),
                    // A layer that came later was not looked at when the others were written.
                    None => !asked.digests.is_empty(),
                }
            })
            .collect();
        self.workspace.releases.push(Wanted {
            title: name.clone(),
            name,
            is_named: asked.name.is_some(),
            is_listed: asked.is_listed,
            part_of: asked.part_of.clone(),
            chart: asked.chart.clone(),
            version: asked.version.clone(),
            layers,
            sealed,
            notices,
            answers: asked.answers.clone(),
            skip: asked.skip.clone(),
            edited,
            holder,
            before: before.into_iter().collect(),
            pin,
            mentions,
            global,
            ..Wanted::default()
        });
    }

    /// For layers of an umbrella chart: the place where it names the version of a dependency, the path strings there that
    /// name settings of it, and what a person has to do where these cannot be edited together with the layers.
    fn version_of_part(
        &mut self,
        asked: &ReleaseRequest,
        part: &gitops::KnownDependency,
    ) -> (Option<Pin>, Vec<Mention>, Option<String>) {
        let nothing = (None, Vec::new(), None);
        let Some((line, text)) = &part.named_at else {
            return nothing;
        };
        let name = part.chart_file();
        // What was said of the version of these values may be said of another state of the chart.
        let is_meant = asked
            .version
            .as_ref()
            .is_none_or(|(version, _)| part.version.as_ref().is_none_or(|named| named == version));
        let others = part.other_files(&self.asked);
        if !is_meant || !others.is_empty() {
            let because = match others.first() {
                Some(other) if is_meant => {
                    let more = match others.len() {
                        1 => String::new(),
                        n => format!(" and {} more", n - 1),
                    };
                    format!(
                        " It stays, because {}{more} is for it, too, and is none of these layers.",
                        other.display()
                    )
                }
                _ => String::new(),
            };
            let folder = match part.folder.as_os_str().is_empty() {
                true => ".".to_owned(),
                false => part.folder.display().to_string(),
            };
            let told = format!(
                "{}:{line} names the version {text} of the dependency.{because} Raise it together with these values; `refit upgrade {folder}` does all of it.",
                name.display()
            );
            return (None, Vec::new(), Some(told));
        }
        let Ok(file) = self.file(&InputFile::Path(name.clone())) else {
            return nothing;
        };
        let found = carrier::find(&self.workspace.files[file].tree, &name);
        let Some(dependency) = part.find_in(&found) else {
            return nothing;
        };
        let pin = dependency
            .version
            .as_ref()
            .and_then(|place| Pin::of(file, place));
        let mentions = dependency.mentions.iter().map(|mention| Mention {
            file,
            node: mention.node,
            within: None,
            text: mention.text.clone(),
            kind: mention.kind,
            prefix: part.prefix.clone(),
            operation: None,
        });
        (pin, mentions.collect(), None)
    }

    /// The values of a dependency in a document; nothing if it has none.
    fn part(&mut self, block: usize, prefix: &Path) -> Option<usize> {
        let file = self.workspace.blocks[block].file;
        gitops::has_map_at(&self.workspace.files[file].tree, prefix).then(|| {
            let path = prefix.clone();
            self.block(file, BlockPlace::Map { document: 0, path })
        })
    }

    fn layer(
        &mut self,
        input: &InputFile,
        among_others: bool,
    ) -> Result<NamedLayer, Box<LoadError>> {
        match self.values_file(input) {
            Ok(file) => Ok(NamedLayer::Block(self.document(file))),
            Err(error) => match input {
                // An encrypted file is a layer among others; by itself nothing of it could be upgraded.
                InputFile::Path(path) if among_others => match Sealed::of(path, error.clone()) {
                    Some(sealed) => Ok(NamedLayer::Sealed(sealed)),
                    None => Err(error),
                },
                _ => Err(error),
            },
        }
    }

    /// A file that holds values and nothing else.
    fn values_file(&mut self, input: &InputFile) -> Result<usize, Box<LoadError>> {
        let file = self.file(input)?;
        let loaded = &self.workspace.files[file];
        let plain = self
            .plain
            .entry(file)
            .or_insert_with(|| file::check(loaded));
        plain.clone().map(|()| file)
    }

    /// A file, whatever it holds.
    fn file(&mut self, input: &InputFile) -> Result<usize, Box<LoadError>> {
        let InputFile::Path(path) = input else {
            return file::read(input).map(|loaded| self.add(loaded));
        };
        let real = match self.real.get(path) {
            Some(real) => real.clone(),
            None => resolve_links(path),
        };
        if let Some(known) = self.known.get(&real) {
            return known.clone();
        }
        let ready = self.ready.remove(&real);
        let ready = ready.unwrap_or_else(|| Ready::read(path, false));
        let file = ready.loaded.map(|loaded| self.add(loaded));
        if let Ok(file) = file {
            self.plain.extend(ready.plain.map(|plain| (file, plain)));
            self.carried
                .extend(ready.carried.map(|found| (file, found)));
        }
        self.known.insert(real, file.clone());
        file
    }

    fn add(&mut self, loaded: TextFile) -> usize {
        self.workspace.files.push(loaded);
        self.workspace.files.len() - 1
    }

    fn document(&mut self, file: usize) -> usize {
        self.block(file, BlockPlace::Document)
    }

    /// The block at a place, made once.
    fn block(&mut self, file: usize, place: BlockPlace) -> usize {
        let Workspace {
            blocks,
            strings,
            counts,
            ..
        } = &mut self.workspace;
        *self.blocks.entry((file, place.key())).or_insert_with(|| {
            if matches!(place, BlockPlace::Text { .. }) {
                strings.entry(file).or_default().push(blocks.len());
            }
            *counts.entry(file).or_default() += 1;
            blocks.push(Block { file, place });
            blocks.len() - 1
        })
    }
}

enum NamedLayer {
    Block(usize),
    Sealed(Sealed),
}

/// The target of a path, so that a file is known to be the same under two names.
fn resolve_links(path: &FilePath) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
