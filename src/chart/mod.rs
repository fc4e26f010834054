//! A chart as files: what `helm` renders, and what can be read of it without rendering.
//!
//! Effects come from rendering alone. The files are read for three things that rendering does not tell:
//! which values the templates look at ([`reads`]), what the chart's own defaults are, and what the
//! chart is called. A chart is a folder or an archive; a reference was fetched by `helm` before.

pub mod reads;
pub mod schema;
pub mod template;

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use semver::Version;
use serde::Deserialize;

use crate::{
    values::{Map, View},
    yaml::Tree,
};

/// The largest chart that is read, unpacked, in bytes. Helm's own bound is 100 MiB.
const MAX_CHART: u64 = 100 << 20;
/// The depth to which charts may bundle charts.
const MAX_DEPTH: usize = 8;

/// A chart with the charts that it bundles.
#[derive(Debug, Clone, Default)]
pub struct Chart {
    /// Its name.
    pub name: String,
    /// Its version, as written.
    pub version: String,
    /// The version of what it installs, as written.
    pub app_version: Option<String>,
    /// Its text files, by path below the chart.
    pub files: BTreeMap<String, String>,
    /// Its `values.yaml`.
    pub defaults: Map,
    /// The names below which the values of bundled charts stand: names and aliases.
    pub bundled_names: Vec<String>,
    /// The values that switch bundled charts on and off.
    pub conditions: Vec<String>,
    /// The bundled charts.
    pub bundled: Vec<Chart>,
    /// The names of bundled charts that go by an alias, by that.
    pub aliases: BTreeMap<String, String>,
    /// True if it only defines templates for others.
    pub is_library: bool,
    /// The values that its templates look at, once somebody asked ([`Chart::reads`]).
    pub worked_out: OnceLock<Arc<reads::TemplateReads>>,
}

/// The reasons for which a chart cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// It is no chart.
    #[error("{place} is no chart: {message}")]
    NoChart {
        /// The place.
        place: String,
        /// The error.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChartYaml {
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    app_version: Option<serde_yaml::Value>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    dependencies: Vec<Dependency>,
}

/// The file of before Helm 3 that has the list. Helm still reads it, over what Chart.yaml says.
#[derive(Deserialize)]
struct Requirements {
    dependencies: Option<Vec<Dependency>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    name: String,
    #[serde(default)]
    alias: Option<String>,
    #[serde(default)]
    condition: Option<String>,
}

impl Chart {
    /// Reads a chart from a folder or an archive (`.tgz`).
    ///
    /// # Errors
    ///
    /// If it cannot be read or is no chart.
    pub fn load(path: &Path) -> Result<Self, ChartError> {
        let failed = |source| ChartError::Read {
            path: path.to_owned(),
            source,
        };
        let (mut files, mut left) = (BTreeMap::new(), MAX_CHART);
        if fs::metadata(path).map_err(failed)?.is_dir() {
            read_folder(path, path, &mut files, &mut left).map_err(failed)?;
        } else {
            let bytes = fs::read(path).map_err(failed)?;
            files = unpack_archive(&bytes, &mut left).map_err(failed)?;
        }
        Self::read(&path.display().to_string(), files, 0, &mut left)
    }

    /// Reads a chart from its files, by their path below it; `place` is what errors call it.
    ///
    /// # Errors
    ///
    /// If it is no chart.
    pub fn from_files(place: &str, files: BTreeMap<String, Vec<u8>>) -> Result<Self, ChartError> {
        let mut left = MAX_CHART;
        Self::read(place, files, 0, &mut left)
    }

    /// Its version as one that can be compared: Helm lets the `v` in front stand, and numbers at the end be
    /// missing. `None` if it is none even so.
    #[must_use]
    pub fn semver(&self) -> Option<Version> {
        let text = self.version.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let end = text.find(['-', '+']).unwrap_or(text.len());
        let (numbers, rest) = text.split_at(end);
        let missing = 3_usize.checked_sub(numbers.split('.').count())?;
        Version::parse(&format!("{numbers}{}{rest}", ".0".repeat(missing))).ok()
    }

    /// The values that its templates look at. Reading a large chart takes seconds, so it is done once.
    #[must_use]
    pub fn reads(&self) -> Arc<reads::TemplateReads> {
        let reads = || Arc::new(reads::TemplateReads::of(self));
        Arc::clone(self.worked_out.get_or_init(reads))
    }

    /// The bundled chart whose values stand below a name.
    #[must_use]
    pub fn bundled_as(&self, name: &str) -> Option<&Chart> {
        let name = self.aliases.get(name).map_or(name, String::as_str);
        self.bundled.iter().find(|chart| chart.name == name)
    }

    /// The files of its own templates that make workloads which run all the time.
    pub fn workloads(&self) -> impl Iterator<Item = &str> {
        let is_workload = |line: &str| {
            // Only without indentation, so that the kinds which references name do not count.
            let kind = line.strip_prefix("kind:").map(str::trim);
            kind.is_some_and(|kind| ["Deployment", "StatefulSet", "DaemonSet"].contains(&kind))
        };
        let own = self
            .files
            .iter()
            .filter(|(name, _)| name.starts_with("templates/"));
        own.filter(move |(_, text)| text.lines().any(is_workload))
            .map(|(name, _)| name.as_str())
    }

    /// The texts of all templates, those of bundled charts as well.
    #[must_use]
    pub fn templates(&self) -> String {
        let own = self.files.iter();
        let own = own.filter(|(name, _)| name.starts_with("templates/"));
        let own = own.map(|(_, text)| text.clone());
        let bundled = self.bundled.iter().map(Self::templates);
        own.chain(bundled).collect::<Vec<_>>().join("\n")
    }

    fn read(
        place: &str,
        mut files: BTreeMap<String, Vec<u8>>,
        depth: usize,
        left: &mut u64,
    ) -> Result<Self, ChartError> {
        let no_chart = |message: String| ChartError::NoChart {
            place: place.to_owned(),
            message,
        };
        if depth > MAX_DEPTH {
            return Err(no_chart(format!(
                "charts in it bundle charts more than {MAX_DEPTH} times"
            )));
        }
        let about = files
            .get("Chart.yaml")
            .ok_or_else(|| no_chart("it has no Chart.yaml".to_owned()))?;
        let mut about: ChartYaml = serde_yaml::from_slice(about)
            .map_err(|error| no_chart(format!("Chart.yaml: {error}")))?;
        if let Some(requirements) = files.get("requirements.yaml") {
            let requirements: Option<Requirements> = serde_yaml::from_slice(requirements)
                .map_err(|error| no_chart(format!("requirements.yaml: {error}")))?;
            let listed = requirements.and_then(|requirements| requirements.dependencies);
            about.dependencies = listed.unwrap_or(about.dependencies);
        }

        let inner = take_bundled_files(&mut files, left).map_err(no_chart)?;
        let mut bundled = Vec::new();
        for (name, files) in inner {
            if files.contains_key("Chart.yaml") {
                bundled.push(Self::read(
                    &format!("{place}/charts/{name}"),
                    files,
                    depth + 1,
                    left,
                )?);
            }
        }
        let mut bundled_names: Vec<String> =
            bundled.iter().map(|chart| chart.name.clone()).collect();
        // Also of charts that are not in the tree: their values stand below these names all the same.
        bundled_names.extend(about.dependencies.iter().map(Dependency::name_in_values));
        bundled_names.sort();
        bundled_names.dedup();
        let dependencies = about.dependencies.iter();
        let conditions = dependencies.flat_map(Dependency::conditions).collect();
        let aliased = about.dependencies.into_iter();
        let aliases = aliased.filter_map(|dependency| Some((dependency.alias?, dependency.name)));
        let aliases = aliases.collect();

        let defaults = match files.get("values.yaml") {
            Some(bytes) => {
                parse_values(bytes).map_err(|error| no_chart(format!("values.yaml: {error}")))?
            }
            None => Map::new(),
        };
        let files = files
            .into_iter()
            // What is no text, such as an icon, is no template either.
            .filter_map(|(name, bytes)| Some((name, String::from_utf8(bytes).ok()?)))
            .collect();
        Ok(Self {
            name: about.name,
            version: about.version,
            app_version: about.app_version.as_ref().and_then(text_of),
            files,
            defaults,
            bundled_names,
            conditions,
            bundled,
            aliases,
            is_library: about.kind.as_deref() == Some("library"),
            worked_out: OnceLock::new(),
        })
    }
}

impl Dependency {
    /// The key below which its values stand.
    fn name_in_values(&self) -> String {
        self.alias.as_ref().unwrap_or(&self.name).clone()
    }

    /// The paths of which one may turn it off.
    fn conditions(&self) -> impl Iterator<Item = String> {
        // Helm takes several paths and goes by the first that it finds.
        let paths = self.condition.as_deref().unwrap_or_default().split(',');
        let paths = paths.map(|path| path.trim().to_owned());
        paths.filter(|path| !path.is_empty())
    }
}

/// Takes the files of bundled charts out of those of a chart: by folder or archive below `charts`, and their
/// path below it.
fn take_bundled_files(
    files: &mut BTreeMap<String, Vec<u8>>,
    left: &mut u64,
) -> Result<BTreeMap<String, BTreeMap<String, Vec<u8>>>, String> {
    let mut inner: BTreeMap<String, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
    let below = files.keys().filter(|name| name.starts_with("charts/"));
    let below: Vec<String> = below.cloned().collect();
    for name in below {
        let Some(bytes) = files.remove(&name) else {
            continue;
        };
        let rest = &name["charts/".len()..];
        match rest.split_once('/') {
            Some((chart, file)) => {
                let chart = inner.entry(chart.to_owned()).or_default();
                chart.insert(file.to_owned(), bytes);
            }
            None if rest.ends_with(".tgz") => {
                let unpacked = unpack_archive(&bytes, left)
                    .map_err(|error| format!("charts/{rest}: {error}"))?;
                inner.insert(rest.to_owned(), unpacked);
            }
            None => {}
        }
    }
    Ok(inner)
}

/// A version that some charts write as a number.
fn text_of(value: &serde_yaml::Value) -> Option<String> {
    match value {
        serde_yaml::Value::String(text) => Some(text.clone()),
        serde_yaml::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn parse_values(bytes: &[u8]) -> Result<Map, String> {
    let tree = Tree::parse_bytes(bytes).map_err(|error| error.to_string())?;
    let Some(document) = tree.documents().first() else {
        return Ok(Map::new());
    };
    let view = View::new(&tree, document.root);
    view.values().map_err(|error| error.to_string())
}

/// The files below a folder. Links are not followed out of it: Helm does follow them, but what they hold
/// is rendered by Helm and need not be read here.
fn read_folder(
    root: &Path,
    at: &Path,
    files: &mut BTreeMap<String, Vec<u8>>,
    left: &mut u64,
) -> std::io::Result<()> {
    for entry in fs::read_dir(at)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let path = entry.path();
        if kind.is_dir() {
            if entry.file_name() != ".git" {
                read_folder(root, &path, files, left)?;
            }
            continue;
        }
        if !kind.is_file() {
            continue;
        }
        let bytes = read_bounded(fs::File::open(&path)?, left)?;
        let name = path.strip_prefix(root).unwrap_or(&path);
        let name: Vec<_> = name
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect();
        files.insert(name.join("/"), bytes);
    }
    Ok(())
}

/// The files of an archive, without the folder that all of them are in. What may be `left` to read goes down by them:
/// archives in archives share it, so that small ones cannot become gigabytes.
fn unpack_archive(bytes: &[u8], left: &mut u64) -> std::io::Result<BTreeMap<String, Vec<u8>>> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    let mut files = BTreeMap::new();
    for entry in archive.entries()? {
        let entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        // As Helm does with archives that were packed on Windows.
        let path = entry.path()?.to_string_lossy().replace('\\', "/");
        // `tar` writes the sign in front where it was given the folder `.`.
        let Some((_, name)) = path.trim_start_matches("./").split_once('/') else {
            continue;
        };
        let name = name.to_owned();
        files.insert(name, read_bounded(entry, left)?);
    }
    Ok(files)
}

fn read_bounded(from: impl Read, left: &mut u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more tells a chart that is too large from one that just fits.
    from.take(*left + 1).read_to_end(&mut bytes)?;
    let read = bytes.len() as u64;
    if read > *left {
        return Err(std::io::Error::other(format!(
            "the chart is larger than {} MiB",
            MAX_CHART >> 20
        )));
    }
    *left -= read;
    Ok(bytes)
}
