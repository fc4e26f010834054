//! Packs that charts carry in `migrations/`, and packs that charts name in `Chart.yaml`.
//!
//! Which charts of a repository are looked at follows from the files of a run: those among them, those that a file
//! lies in, and those that a manifest points to by a path. That is found by the lines of the files, not by reading
//! them as manifests, which comes later and needs to know the charts: a line whose value, as a path, leads to a chart
//! says enough, since a pack that no release is for does nothing. It never looks beyond the repository that a file is
//! in.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{
    SupplyError,
    archive::{self, IN_CHART},
    files,
};
use crate::{
    bounds::Bounds,
    outcome::NamedPack,
    pack::{PackOrigin, SuppliedPack},
    walk::{FileKind, FoundFile, Naming},
};

/// The annotation in `Chart.yaml` by which a chart names a pack that lies elsewhere.
pub const ANNOTATION: &str = "refit/pack";
/// The largest file that is looked through for paths of charts.
const MAX_MANIFEST: u64 = 4 << 20;
/// The most charts below a chart that are looked at.
const MAX_BELOW: usize = 200;
/// The keys under which manifests name charts by a path: `path` of Argo CD, `chart` of Flux, helmfile and Fleet,
/// `repository` of `Chart.yaml`, `repo` of kustomize and Fleet.
const KEYS: [&str; 4] = ["path", "chart", "repository", "repo"];

/// The packs that charts carry, and those that they name.
#[derive(Debug, Default)]
pub struct OfCharts {
    /// Those that they carry.
    pub packs: Vec<SuppliedPack>,
    /// Those that they name.
    pub named: Vec<NamedPack>,
}

impl OfCharts {
    /// Adds what the chart in a folder or an archive says; nothing if that is no chart, or says nothing.
    ///
    /// # Errors
    ///
    /// If what it carries cannot be a pack.
    pub fn add(&mut self, chart: &Path) -> Result<(), SupplyError> {
        let (about, texts) = match chart.is_dir() {
            true => {
                let folder = chart.join(IN_CHART);
                // Other tools keep files of their own in folders of that name.
                let is_pack = is_pack(&text_of(&folder.join("pack.yaml")).unwrap_or_default());
                let texts = is_pack.then(|| files::in_folder(&folder)).transpose()?;
                (
                    text_of(&chart.join("Chart.yaml")).unwrap_or_default(),
                    texts,
                )
            }
            false => {
                let packed = archive::read(chart)?;
                let pack = packed.files.get("pack.yaml");
                let pack = pack.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                let place = chart.display().to_string();
                let texts = is_pack(&pack.unwrap_or_default())
                    .then(|| files::as_texts(&place, packed.files))
                    .transpose()?;
                (packed.about, texts)
            }
        };
        match texts {
            Some(texts) => self.packs.push(SuppliedPack {
                texts: texts.into(),
                origin: PackOrigin::Chart {
                    place: chart.display().to_string(),
                },
                place: chart.join(IN_CHART),
            }),
            None => self.named.extend(named(&about, chart)),
        }
        Ok(())
    }
}

/// The name that the chart in a folder has, if it can be read.
#[must_use]
pub fn name_of(chart: &Path) -> Option<String> {
    let about = text_of(&chart.join("Chart.yaml"))?;
    let about: ChartYamlPacks = serde_yaml::from_str(&about).ok()?;
    crate::pack::reference::is_chart_name(&about.name).then_some(about.name)
}

/// True for the text of a pack's `pack.yaml`, rather than of another tool's.
fn is_pack(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("pack:"))
}

fn text_of(path: &Path) -> Option<String> {
    // A link may lead out of the repository.
    let meta = fs::symlink_metadata(path).ok()?;
    if !meta.is_file() || meta.len() > MAX_MANIFEST {
        return None;
    }
    let mut text = String::new();
    let file = File::open(path).ok()?;
    file.take(MAX_MANIFEST).read_to_string(&mut text).ok()?;
    Some(text)
}

#[derive(Deserialize)]
struct ChartYamlPacks {
    name: String,
    #[serde(default)]
    annotations: BTreeMap<String, serde_yaml::Value>,
}

/// The pack that a `Chart.yaml` names. What is no place of a pack that could be pulled is none.
fn named(about: &str, chart: &Path) -> Option<NamedPack> {
    // Most have none, and reading is what costs.
    if !about.contains(ANNOTATION) {
        return None;
    }
    let about: ChartYamlPacks = serde_yaml::from_str(about).ok()?;
    let reference = about.annotations.get(ANNOTATION)?.as_str()?;
    let reference: crate::pack::PackReference = reference.parse().ok()?;
    let is_name = crate::pack::reference::is_chart_name(&about.name);
    (reference.is_remote() && is_name).then(|| NamedPack {
        chart: about.name,
        by: chart.display().to_string(),
        place: reference.to_string(),
    })
}

/// The charts that files are a part of, or point to: their folders, each once.
#[must_use]
pub fn of_files(found: &[FoundFile]) -> Vec<PathBuf> {
    let mut search = ChartSearch::default();
    for file in found.iter().filter(|file| file.kind == FileKind::Yaml) {
        search.file(&file.path, &file.below, file.naming > Naming::Found);
    }
    search.charts
}

/// The charts that values files lie in, each once.
#[must_use]
pub fn of_layers<'p>(layers: impl Iterator<Item = &'p Path>) -> Vec<PathBuf> {
    let mut search = ChartSearch::default();
    for path in layers {
        search.above(path, &Bounds::of(path, folder_of(path)));
    }
    search.charts
}

/// A search for charts.
#[derive(Default)]
struct ChartSearch {
    charts: Vec<PathBuf>,
    /// The folders that were looked at, as they are named.
    seen: BTreeSet<PathBuf>,
    /// The charts, by their real path.
    real: BTreeSet<PathBuf>,
}

impl ChartSearch {
    fn file(&mut self, path: &Path, below: &Path, named: bool) {
        let folder = folder_of(path);
        let is_about = path.file_name().is_some_and(|name| name == "Chart.yaml");
        let text = text_of(path).unwrap_or_default();
        let mut paths = text.lines().filter_map(path_in).peekable();
        if !is_about && !named && paths.peek().is_none() {
            return;
        }
        let bounds = Bounds::of(path, below);
        if is_about {
            self.chart(folder, &bounds);
            let below = fs::read_dir(folder.join("charts")).into_iter().flatten();
            for chart in below.filter_map(Result::ok).take(MAX_BELOW) {
                self.chart(&chart.path(), &bounds);
            }
        }
        if named {
            self.above(path, &bounds);
        }
        for path in paths {
            // Some tools count such a path from the manifest, others from the root of the repository.
            self.chart(&folder.join(path), &bounds);
            self.chart(&bounds.root().join(path), &bounds);
        }
    }

    /// The innermost chart that a file lies in.
    fn above(&mut self, path: &Path, bounds: &Bounds) {
        let mut folder = folder_of(path).to_owned();
        while bounds.contain(&folder) {
            if folder.join("Chart.yaml").is_file() {
                self.chart(&folder, bounds);
                return;
            }
            let above = match folder.file_name() {
                Some(name) if name != ".." => folder_of(&folder).to_owned(),
                _ => folder.join(".."),
            };
            // A folder without a repository has no end above.
            if above.canonicalize().ok() == folder.canonicalize().ok() {
                return;
            }
            folder = above;
        }
    }

    fn chart(&mut self, folder: &Path, bounds: &Bounds) {
        if self.seen.insert(folder.to_owned())
            && folder.join("Chart.yaml").is_file()
            && bounds.contain(folder)
            && let Ok(real) = folder.canonicalize()
            && self.real.insert(real)
        {
            self.charts.push(shown(folder));
        }
    }
}

/// A path as people write it: relative to where they are, if it is below, and without detours.
fn shown(folder: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let full = crate::bounds::lexical(&here.join(folder));
    match full.strip_prefix(&here) {
        Ok(below) if below.as_os_str().is_empty() => PathBuf::from("."),
        Ok(below) => below.to_owned(),
        Err(_) => folder.to_owned(),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The path that a line gives to a key under which manifests name charts.
fn path_in(line: &str) -> Option<&str> {
    let mut line = line.trim_start();
    while let Some(item) = line.strip_prefix("- ") {
        line = item;
    }
    let line = line.trim_start();
    // Of a large file nearly all lines end here.
    let behind_key = KEYS.iter().find_map(|key| line.strip_prefix(key))?;
    let value = behind_key.trim_start().strip_prefix(':')?;
    let value = value.split(" #").next()?.trim().trim_matches(['"', '\'']);
    let value = value.strip_prefix("file://").unwrap_or(value);
    let is_path = !value.is_empty() && !value.contains("://") && !Path::new(value).is_absolute();
    is_path.then_some(value)
}
