//! Values files of an umbrella chart that are named by themselves: `refit upgrade umbrella/values-prod.yaml`, and
//! `-f umbrella/values.yaml -f umbrella/values-prod.yaml`.
//!
//! What such a file is for is said by the `Chart.yaml` above it: under the key of a dependency stand that chart's values.
//! One file named alone means its whole chart: the version of a dependency and the chart's own `values.yaml` are shared
//! by all files beside it, and none of them may be left behind. Files that are named together as the layers of one
//! release are that release, and nothing else is edited.

use std::{
    collections::{HashMap, HashSet},
    path::{Path as FilePath, PathBuf},
};

use semver::Version;

use super::{KnownChart, known_name, layer::has_map_at};
use crate::{
    bounds::{Bounds, lexical},
    carrier::{self, CarrierKind, VersionStyle},
    values::Path,
    walk::{self, Excludes, FileKind, FoundFile, Naming},
    yaml::Tree,
};

/// A dependency on a known chart, as the chart that a file belongs to has it.
#[derive(Debug, Clone)]
pub(in crate::load) struct KnownDependency {
    /// Under which key its values stand.
    pub(in crate::load) prefix: Path,
    /// The known chart.
    pub(in crate::load) chart: String,
    /// The version, if a single one is named.
    pub(in crate::load) version: Option<Version>,
    /// The folder of the chart that has it.
    pub(in crate::load) folder: PathBuf,
    /// The line in `Chart.yaml` that names its version, and that.
    pub(in crate::load) named_at: Option<(usize, String)>,
}

impl KnownDependency {
    /// The file that names it.
    pub(in crate::load) fn chart_file(&self) -> PathBuf {
        self.folder.join("Chart.yaml")
    }

    /// The files of the chart that hold values of the dependency and are none of these: they are for its version, too.
    pub(in crate::load) fn other_files(&self, named: &HashSet<PathBuf>) -> Vec<PathBuf> {
        let folder = [walk::NamedPath::Listed(self.folder.clone())];
        let walked = walk::find(&folder, walk::Limits::default());
        let files = walked.files.into_iter().map(|file| file.path);
        let is_other = |path: &PathBuf| {
            let real = path.canonicalize().unwrap_or_else(|_| path.clone());
            // A file in a chart further down belongs to that one.
            let innermost = path.ancestors().skip(1);
            let mut innermost = innermost.filter(|folder| folder.join("Chart.yaml").is_file());
            let bytes = || std::fs::read(path).ok();
            !named.contains(&real)
                && innermost.next() == Some(self.folder.as_path())
                && bytes()
                    .and_then(|bytes| Tree::parse_bytes(&bytes).ok())
                    .is_some_and(|tree| {
                        has_map_at(&tree, &self.prefix)
                            && carrier::find(&tree, path).carriers.is_empty()
                    })
        };
        files.filter(is_other).collect()
    }

    /// The dependency in its file, read again.
    pub(in crate::load) fn find_in<'f>(
        &self,
        found: &'f carrier::FileCarriers,
    ) -> Option<&'f carrier::Carrier> {
        let mut carriers = found.carriers.iter();
        carriers.find(|one| one.kind == CarrierKind::Dependency && one.prefix == self.prefix)
    }
}

/// The folder of the innermost chart that a file lies in, as it is named. The chart must be within the bounds of the
/// file.
pub(in crate::load) fn chart_folder(path: &FilePath, below: &FilePath) -> Option<PathBuf> {
    let bounds = Bounds::of(path, below);
    let here = std::env::current_dir().unwrap_or_default();
    let full = lexical(&here.join(path));
    let above = full.ancestors().skip(1).enumerate();
    let (steps, folder) = above
        .take_while(|(_, folder)| bounds.contain(folder))
        .find(|(_, folder)| folder.join("Chart.yaml").is_file())?;
    // The folder in the words of whoever named the file.
    Some(match path.ancestors().nth(steps + 1) {
        Some(shown) if shown.as_os_str().is_empty() => PathBuf::from("."),
        Some(shown) if here.join(shown).canonicalize().ok() == folder.canonicalize().ok() => {
            shown.to_owned()
        }
        _ => folder.to_owned(),
    })
}

/// The dependencies of a chart on known charts; none if its `Chart.yaml` cannot be read.
pub(in crate::load) fn dependencies_of(
    folder: &FilePath,
    charts: &[KnownChart],
) -> Vec<KnownDependency> {
    let file = folder.join("Chart.yaml");
    let bytes = std::fs::read(&file).ok();
    let Some(tree) = bytes.and_then(|bytes| Tree::parse_bytes(&bytes).ok()) else {
        return Vec::new();
    };
    let found = carrier::find(&tree, &file);
    let dependencies = found
        .carriers
        .iter()
        .filter(|carrier| carrier.kind == CarrierKind::Dependency && carrier.refused.is_none());
    let known = dependencies.filter_map(|carrier| {
        let version = carrier.version.as_ref();
        Some(KnownDependency {
            prefix: carrier.prefix.clone(),
            chart: known_name(&carrier.chart.source, charts)?.to_owned(),
            version: version.and_then(|place| match &place.style {
                VersionStyle::Exact(version) => Some(version.clone()),
                _ => None,
            }),
            folder: folder.to_owned(),
            named_at: version.map(|place| {
                let line = tree.position(tree.span(place.node).start).line;
                (line, place.text.clone())
            }),
        })
    });
    known.collect()
}

/// The files that were found, and with each file of an umbrella chart that was named by itself the other files of that
/// chart, but for those that are left out.
#[must_use]
pub fn with_their_charts(
    found: &[FoundFile],
    charts: &[KnownChart],
    excludes: &Excludes,
) -> Vec<FoundFile> {
    let mut all = found.to_vec();
    let mut folders: Vec<PathBuf> = Vec::new();
    let mut of_folder: HashMap<PathBuf, Vec<KnownDependency>> = HashMap::new();
    for file in found {
        let is_meant =
            file.naming > Naming::Found && file.kind == FileKind::Yaml && file.path.is_file();
        if !is_meant {
            continue;
        }
        let Some(folder) = chart_folder(&file.path, &file.below) else {
            continue;
        };
        if folders.contains(&folder) {
            continue;
        }
        let dependencies = of_folder
            .entry(folder.clone())
            .or_insert_with(|| dependencies_of(&folder, charts));
        let is_chart = file
            .path
            .file_name()
            .is_some_and(|name| name == "Chart.yaml");
        let belongs = || {
            let tree = Tree::parse_bytes(&std::fs::read(&file.path).ok()?).ok()?;
            let mut prefixes = dependencies.iter().map(|one| &one.prefix);
            prefixes
                .any(|prefix| has_map_at(&tree, prefix))
                .then_some(())
        };
        let is_part = !dependencies.is_empty() && (is_chart || belongs().is_some());
        if is_part {
            folders.push(folder);
        }
    }
    if folders.is_empty() {
        return all;
    }
    // One file may be named by several paths, through links.
    let real = |path: &FilePath| path.canonicalize().ok();
    let mut known: HashSet<Option<PathBuf>> = found.iter().map(|file| real(&file.path)).collect();
    for folder in folders {
        let named = [walk::NamedPath::Listed(folder)];
        let walked = walk::find_without(&named, excludes, walk::Limits::default());
        for file in walked.files {
            if known.insert(real(&file.path)) {
                all.push(file);
            }
        }
    }
    all
}
