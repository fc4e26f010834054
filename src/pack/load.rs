//! From files to a pack. A built-in pack is embedded in the binary; another is a folder.
//!
//! `pack.yaml` and `keys.yaml` are read at once, a migration when it is first asked for: a run parses
//! only what lies on its route. Of a built-in pack the build has made JSON, because reading YAML was half
//! of the time that a small file takes, and its keys are unpacked when something first asks for one: a run
//! looks at all packs to find the one that a file is for, and needs the keys of that one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    io::Read as _,
    ops::Deref,
    path::{Path as FilePath, PathBuf},
    sync::{Arc, OnceLock},
};

use include_dir::{Dir, include_dir};
use semver::Version;
use serde::de::DeserializeOwned;

use super::{
    error::PackError,
    keys::Keys,
    migration::{Migration, Step},
    model::{KeysFile, MigrationFile, PackFile},
    sub_charts::SubChart,
};
use crate::{
    values::{Path, Segment},
    yaml::Tree,
};

/// The files of a pack that was made in this run, by name.
pub type Texts = BTreeMap<String, String>;

/// The built-in packs as JSON, made by the build.
static BUILT_IN: Dir<'_> = include_dir!("$OUT_DIR/packs");
/// The keys of a built-in pack, compressed.
const KEYS: &str = "keys.json.z";
/// What each of them begins with, one a line, cut at the first dot, bracket or backslash.
const FIRST_KEYS: &str = "first-keys.txt";

/// The largest file of a pack, in bytes.
const MAX_FILE: usize = 1 << 20;
/// The folder beside `pack.yaml` in which packs of sub-charts are.
pub(super) const SUB_CHARTS: &str = "charts";
/// The deepest nesting of a pack's file.
pub(super) const MAX_DEPTH: usize = 64;

/// What is known of one chart.
#[derive(Debug)]
pub struct Pack {
    /// `pack.yaml`.
    pub info: PackFile,
    /// The chart's keys.
    pub keys: LazyKeys,
    source: Source,
    migrations: BTreeMap<Version, OnceLock<Migration>>,
    /// Charts that it brings along and that have packs.
    sub_charts: Vec<Arc<SubChart>>,
    /// By version: what changed in those. A version that is only here has no file.
    below: BTreeMap<Version, OnceLock<Vec<Migration>>>,
}

/// The keys of a pack; those of a built-in one are read on first use.
pub struct LazyKeys {
    keys: OnceLock<Keys>,
    packed: &'static [u8],
    /// The first keys, of a built-in pack.
    first: Option<&'static str>,
    /// Charts whose keys come to these.
    sub_charts: Vec<Arc<SubChart>>,
}

impl LazyKeys {
    fn packed(packed: &'static [u8], first: Option<&'static str>) -> Self {
        Self {
            keys: OnceLock::new(),
            packed,
            first,
            sub_charts: Vec::new(),
        }
    }

    /// Whether the chart has a path as a key of its own in any version, or as a map on the way to one.
    /// Nothing is unpacked for a path of which the chart has not even the first key.
    #[must_use]
    pub fn have(&self, path: &Path) -> bool {
        if let (None, Some(first), Some(Segment::Key(key))) =
            (self.keys.get(), self.first, path.segments().first())
        {
            let cut = key
                .find(['.', '[', '\\'])
                .map_or(key.as_str(), |at| &key[..at]);
            // A lone wildcard begins no key of the chart's own.
            let may_be = |first: &str| first == cut || first.contains('*') && first.len() > 2;
            if !first.lines().any(may_be) {
                return false;
            }
        }
        // What takes in whatever there is says nothing of a key.
        let is_any = |key: &Path| {
            let first = key.segments().first();
            matches!(first, Some(Segment::AnyKey | Segment::AnyDepth))
        };
        self.iter()
            .any(|(key, _)| !is_any(key) && path.depth() <= key.depth() && key.may_overlap(path))
    }

    fn unpacked(&self) -> Result<Keys, String> {
        let mut file = unpacked(self.packed)?;
        for sub_chart in &self.sub_charts {
            sub_chart.add_keys(&mut file).map_err(|e| e.to_string())?;
        }
        Keys::read(file)
    }
}

/// The keys of a built-in pack.
fn unpacked(packed: &[u8]) -> Result<KeysFile, String> {
    let mut json = Vec::new();
    let mut decoder = flate2::read::ZlibDecoder::new(packed);
    decoder.read_to_end(&mut json).map_err(|e| e.to_string())?;
    serde_json::from_slice(&json).map_err(|e| e.to_string())
}

impl From<Keys> for LazyKeys {
    fn from(keys: Keys) -> Self {
        Self {
            keys: OnceLock::from(keys),
            packed: &[],
            first: None,
            sub_charts: Vec::new(),
        }
    }
}

impl Deref for LazyKeys {
    type Target = Keys;

    fn deref(&self) -> &Keys {
        self.keys.get_or_init(|| {
            let keys = self.unpacked();
            keys.expect("the tests read the keys of every built-in pack")
        })
    }
}

impl fmt::Debug for LazyKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// Where the files of a pack are.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// In the program.
    BuiltIn(&'static Dir<'static>),
    /// On the disk.
    Folder(PathBuf),
    /// Made in this run.
    Texts(Texts),
}

impl Source {
    /// What lies in the folder, in no order; of a built-in pack its files.
    pub(super) fn names(&self) -> Result<Vec<String>, PackError> {
        match self {
            Self::BuiltIn(dir) => Ok(dir
                .files()
                .filter_map(|file| {
                    let name = file.path().file_name()?.to_str()?;
                    let stem = name.strip_suffix(".z").unwrap_or(name);
                    Some(format!("{}.yaml", stem.strip_suffix(".json")?))
                })
                .collect()),
            Self::Folder(folder) => {
                let failed = |source| PackError::Read {
                    file: folder.display().to_string(),
                    source,
                };
                fs::read_dir(folder)
                    .map_err(failed)?
                    .map(|entry| {
                        Ok(entry
                            .map_err(failed)?
                            .file_name()
                            .to_string_lossy()
                            .into_owned())
                    })
                    .collect()
            }
            Self::Texts(texts) => Ok(texts.keys().cloned().collect()),
        }
    }

    /// The text of a file.
    pub(super) fn read(&self, name: &str) -> Result<String, PackError> {
        match self {
            // JSON, which is YAML as well.
            Self::BuiltIn(dir) => {
                let missing = || PackError::Read {
                    file: name.to_owned(),
                    source: std::io::ErrorKind::NotFound.into(),
                };
                if name == "keys.yaml" {
                    let packed = dir.get_file(dir.path().join(KEYS)).ok_or_else(missing)?;
                    let mut text = String::new();
                    let mut decoder = flate2::read::ZlibDecoder::new(packed.contents());
                    let read = decoder.read_to_string(&mut text);
                    return read.map(|_| text).map_err(|source| PackError::Read {
                        file: name.to_owned(),
                        source,
                    });
                }
                let file = dir.get_file(dir.path().join(name).with_extension("json"));
                let text = file.and_then(|file| file.contents_utf8());
                text.map(str::to_owned).ok_or_else(missing)
            }
            Self::Folder(folder) => {
                let file = folder.join(name);
                let failed = |source| PackError::Read {
                    file: file.display().to_string(),
                    source,
                };
                let size = fs::metadata(&file).map_err(failed)?.len();
                if size > MAX_FILE as u64 {
                    return Err(PackError::Bounds {
                        file: file.display().to_string(),
                        message: format!("it is larger than {MAX_FILE} bytes"),
                    });
                }
                fs::read_to_string(&file).map_err(failed)
            }
            Self::Texts(texts) => texts.get(name).cloned().ok_or_else(|| PackError::Read {
                file: name.to_owned(),
                source: std::io::ErrorKind::NotFound.into(),
            }),
        }
    }

    /// The keys as they are written.
    pub(super) fn keys(&self) -> Result<KeysFile, PackError> {
        if let Self::BuiltIn(dir) = self
            && let Some(packed) = dir.get_file(dir.path().join(KEYS))
        {
            return unpacked(packed.contents()).map_err(|message| PackError::Format {
                file: "keys.yaml".to_owned(),
                message,
            });
        }
        self.parse("keys.yaml")
    }

    /// A migration as it is written.
    pub(super) fn migration(&self, version: &Version) -> Result<MigrationFile, PackError> {
        let name = format!("{version}.yaml");
        let file: MigrationFile = self.parse(&name)?;
        if file.version != *version {
            let message = format!("it says that it is for version {}", file.version);
            return Err(PackError::Format {
                file: name,
                message,
            });
        }
        Ok(file)
    }

    /// Where the files of a pack are that this one names: in `charts/` of its folder, or else built in.
    pub(super) fn of_sub_chart(&self, name: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if name.is_empty() || !name.chars().all(plain) {
            return None;
        }
        if let Self::Folder(folder) = self {
            let own = folder.join(SUB_CHARTS).join(name);
            if own.join("pack.yaml").is_file() {
                return Some(Self::Folder(own));
            }
        }
        BUILT_IN.get_dir(name).map(Self::BuiltIn)
    }

    fn parse<T: DeserializeOwned>(&self, name: &str) -> Result<T, PackError> {
        let format = |message| PackError::Format {
            file: name.to_owned(),
            message,
        };
        if let Self::BuiltIn(dir) = self {
            let json = dir.get_file(dir.path().join(name).with_extension("json"));
            if let Some(json) = json {
                return serde_json::from_slice(json.contents()).map_err(|e| format(e.to_string()));
            }
        }
        let text = self.read(name)?;
        if let Self::Folder(_) = self {
            bounded(&text).map_err(|message| PackError::Bounds {
                file: name.to_owned(),
                message,
            })?;
        }
        serde_yaml::from_str(&text).map_err(|e| format(e.to_string()))
    }
}

/// Refuses what would keep the typed reader busy: it does not bound the cost of nesting and aliases itself.
fn bounded(text: &str) -> Result<(), String> {
    let tree = Tree::parse(text).map_err(|e| e.to_string())?;
    if let Some(alias) = tree.aliases().next() {
        let line = tree.position(tree.span(alias).start).line;
        return Err(format!(
            "line {line}: it uses an alias, which packs do not need"
        ));
    }
    let depth = |mut node| {
        let mut depth = 0;
        while let Some(parent) = tree.parent(node) {
            depth += 1;
            node = parent;
        }
        depth
    };
    match tree.nodes().find(|node| depth(*node) > MAX_DEPTH) {
        Some(node) => {
            let line = tree.position(tree.span(node).start).line;
            Err(format!(
                "line {line}: it nests deeper than {MAX_DEPTH} levels"
            ))
        }
        None => Ok(()),
    }
}

impl Pack {
    /// Loads a pack from a folder.
    ///
    /// # Errors
    ///
    /// If a file is missing, over the bounds, or not in the format. Migrations are read when they are
    /// first asked for; `check` reads them all.
    pub fn from_folder(folder: &FilePath) -> Result<Self, PackError> {
        Self::load(Source::Folder(folder.to_owned()))
    }

    /// Loads a pack that was made in this run: no file of it is anywhere.
    ///
    /// # Errors
    ///
    /// If one of its texts is missing or not in the format.
    pub fn from_texts(texts: Texts) -> Result<Self, PackError> {
        Self::load(Source::Texts(texts))
    }

    fn load(source: Source) -> Result<Self, PackError> {
        let mut pack = Self::load_alone(source)?;
        let named = pack.info.sub_charts.iter();
        let sub_charts = named
            .map(|(key, named)| Ok(Arc::new(SubChart::load(key, named, &pack.source)?)))
            .collect::<Result<Vec<_>, PackError>>()?;
        for sub_chart in &sub_charts {
            for (own, _) in sub_chart.migrated() {
                pack.below.entry(own.clone()).or_default();
            }
        }
        if !sub_charts.is_empty() {
            if pack.keys.packed.is_empty() {
                let mut file = pack.source.keys()?;
                for sub_chart in &sub_charts {
                    sub_chart.add_keys(&mut file)?;
                }
                let keys = Keys::read(file).map_err(|message| PackError::Format {
                    file: "keys.yaml".to_owned(),
                    message,
                })?;
                pack.keys = keys.into();
            }
            pack.keys.sub_charts.clone_from(&sub_charts);
        }
        pack.sub_charts = sub_charts;
        Ok(pack)
    }

    /// The pack again, without what it knows of sub-charts.
    pub(super) fn alone(&self) -> Result<Self, PackError> {
        Self::load_alone(self.source.clone())
    }

    /// Loads a pack without those of its sub-charts.
    pub(super) fn load_alone(source: Source) -> Result<Self, PackError> {
        let info: PackFile = source.parse("pack.yaml")?;
        let format = |message| PackError::Format {
            file: "pack.yaml".to_owned(),
            message,
        };
        if info.pack != 1 {
            return Err(format(format!(
                "pack format {} is not known to this version of refit, which knows format 1",
                info.pack
            )));
        }
        if info.versions.is_empty() {
            return Err(format("it names no version of the chart".to_owned()));
        }
        let built_in = |name| match &source {
            Source::BuiltIn(dir) => dir.get_file(dir.path().join(name)),
            Source::Folder(_) | Source::Texts(_) => None,
        };
        let first = built_in(FIRST_KEYS).and_then(|file| file.contents_utf8());
        let keys = match built_in(KEYS) {
            Some(packed) => LazyKeys::packed(packed.contents(), first),
            None => {
                let keys = Keys::read(source.parse::<KeysFile>("keys.yaml")?);
                let keys = keys.map_err(|message| PackError::Format {
                    file: "keys.yaml".to_owned(),
                    message,
                })?;
                keys.into()
            }
        };
        let migrations = source
            .names()?
            .iter()
            .filter_map(|name| Version::parse(name.strip_suffix(".yaml")?).ok())
            .map(|version| (version, OnceLock::new()))
            .collect();
        Ok(Self {
            info,
            keys,
            source,
            migrations,
            sub_charts: Vec::new(),
            below: BTreeMap::new(),
        })
    }

    /// The versions that have a migration, of the chart or of one that it brings along, oldest first.
    pub fn migrated_versions(&self) -> impl Iterator<Item = &Version> {
        let own = self.migrations.keys().chain(self.below.keys());
        own.collect::<BTreeSet<_>>().into_iter()
    }

    /// What changed with a version, in the order in which it is done: in the chart, then in those that it brings
    /// along, each on its way. Read on first use.
    ///
    /// # Errors
    ///
    /// If a file is not in the format.
    pub fn migrations(&self, version: &Version) -> Result<Vec<&Migration>, PackError> {
        let mut migrations: Vec<&Migration> = self.migration(version)?.into_iter().collect();
        let Some(cell) = self.below.get(version) else {
            return Ok(migrations);
        };
        if cell.get().is_none() {
            let mut below = Vec::new();
            for sub_chart in &self.sub_charts {
                for (own, way) in sub_chart.migrated().filter(|(own, _)| *own == version) {
                    for of in way {
                        below.push(sub_chart.migration(own, of)?);
                    }
                }
            }
            let _ = cell.set(below);
        }
        migrations.extend(cell.get().into_iter().flatten());
        Ok(migrations)
    }

    /// A step of what changed with a version.
    ///
    /// # Errors
    ///
    /// If a file is not in the format.
    pub fn step(&self, version: &Version, id: &str) -> Result<Option<&Step>, PackError> {
        let migrations = self.migrations(version)?.into_iter();
        let mut steps = migrations.flat_map(|migration| &migration.steps);
        Ok(steps.find(|step| step.id == id))
    }

    /// The chart's own migration to a version, read on first use; `None` if nothing changed there.
    ///
    /// # Errors
    ///
    /// If its file is not in the format.
    pub fn migration(&self, version: &Version) -> Result<Option<&Migration>, PackError> {
        let Some(cell) = self.migrations.get(version) else {
            return Ok(None);
        };
        if cell.get().is_none() {
            let file = self.source.migration(version)?;
            let _ = cell.set(Migration::read(file)?);
        }
        Ok(cell.get())
    }

    /// Where its files are.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// The newest version that is a release.
    #[must_use]
    pub fn newest_release(&self) -> &Version {
        let releases = self
            .info
            .versions
            .keys()
            .filter(|version| version.pre.is_empty());
        releases.max().unwrap_or_else(|| {
            self.info
                .versions
                .keys()
                .max()
                .expect("a pack names at least one version")
        })
    }
}

/// The names of the built-in packs.
pub fn built_in_names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.dirs().filter_map(|dir| dir.path().to_str())
}

/// The built-in pack for a chart, if there is one.
///
/// # Errors
///
/// If the pack is not in the format, which the project's own tests exclude.
pub fn built_in(chart: &str) -> Result<Option<Pack>, PackError> {
    BUILT_IN
        .get_dir(chart)
        .map(|dir| Pack::load(Source::BuiltIn(dir)))
        .transpose()
}
