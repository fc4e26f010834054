//! From files to a pack. A built-in pack is embedded in the binary; another is a folder.
//!
//! Of a folder, `pack.yaml` and `keys.yaml` are read at once; a built-in pack is read when something of it is first
//! asked for that its [`Identity`] does not say, and its keys when one of them is: a run looks at all packs to find the
//! one that a file is for, and needs the rest of that one. A migration is read when it is first asked for: a run parses
//! only what lies on its route.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Deref,
    path::Path as FilePath,
    sync::{Arc, OnceLock},
};

use semver::Version;

use super::{
    built_in::{BuiltInFiles, Identity},
    error::PackError,
    keys::Keys,
    migration::{Migration, Step},
    model::{KeysFile, PackFile, Telling},
    replacement::Successor,
    source::{PackSource, Texts},
    sub_charts::SubChart,
    supplied::PackOrigin,
};
use crate::values::{Path, Segment};

/// What is known of one chart. What tells the chart is there at once; the rest, its [`PackContent`], is read on first
/// use.
#[derive(Debug)]
pub struct Pack {
    /// What tells the chart.
    pub identity: Identity,
    source: PackSource,
    content: OnceLock<PackContent>,
}

/// Everything that a pack says.
#[derive(Debug)]
pub struct PackContent {
    /// `pack.yaml`.
    pub info: PackFile,
    /// The chart's keys.
    pub keys: LazyKeys,
    migrations: BTreeMap<Version, OnceLock<Migration>>,
    /// Charts that it brings along and that have packs.
    sub_charts: Vec<Arc<SubChart>>,
    /// By version: what changed in those. A version that is only here has no file.
    below: BTreeMap<Version, OnceLock<Vec<Migration>>>,
    /// What was drafted in this run on top of the pack: done behind all that it knows of the same version.
    pub(super) drafted: Vec<Migration>,
    /// The first version that is known by a draft alone.
    pub(super) drafted_from: Option<Version>,
    successor: OnceLock<Option<Box<Successor>>>,
}

/// The keys of a pack; those of a built-in one are read on first use.
pub struct LazyKeys {
    keys: OnceLock<Keys>,
    source: PackSource,
    /// Charts whose keys come to these.
    sub_charts: Vec<Arc<SubChart>>,
}

impl LazyKeys {
    /// Keys that were read already, those of sub-charts among them.
    pub(super) fn of(keys: OnceLock<Keys>, source: PackSource) -> Self {
        Self {
            keys,
            source,
            sub_charts: Vec::new(),
        }
    }

    /// As they are written, with those of charts that the chart brings along.
    pub(super) fn as_written(&self) -> Result<KeysFile, PackError> {
        let mut file = self.source.read_keys()?;
        for sub_chart in &self.sub_charts {
            sub_chart.add_keys(&mut file)?;
        }
        Ok(file)
    }

    fn read_keys(&self) -> Result<Keys, PackError> {
        Keys::of(self.as_written()?)
    }
}

impl Deref for LazyKeys {
    type Target = Keys;

    fn deref(&self) -> &Keys {
        self.keys.get_or_init(|| {
            let keys = self.read_keys();
            keys.expect("the tests read the keys of every built-in pack")
        })
    }
}

impl fmt::Debug for LazyKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl PackContent {
    pub(super) fn read(source: &PackSource, alone: bool) -> Result<Self, PackError> {
        let mut info = source.read_info()?;
        // `refit pack check` wants them so; whoever looks for one relies on it.
        info.versions.sort_unstable_keys();
        let named = info.sub_charts.iter().filter(|_| !alone);
        let sub_charts = named
            .map(|(key, named)| Ok(Arc::new(SubChart::load(key, named, source)?)))
            .collect::<Result<Vec<_>, PackError>>()?;
        let mut below: BTreeMap<_, OnceLock<_>> = BTreeMap::new();
        for sub_chart in &sub_charts {
            for (own, _) in sub_chart.migrated_versions() {
                below.entry(own.clone()).or_default();
            }
        }
        let names = source.file_names()?;
        let migrations = names
            .iter()
            .filter_map(|name| Version::parse(name.strip_suffix(".yaml")?).ok())
            .map(|version| (version, OnceLock::new()))
            .collect();
        let keys = LazyKeys {
            keys: OnceLock::new(),
            source: source.clone(),
            sub_charts: sub_charts.clone(),
        };
        Ok(Self {
            info,
            keys,
            migrations,
            sub_charts,
            below,
            drafted: Vec::new(),
            drafted_from: None,
            successor: OnceLock::new(),
        })
    }
}

impl Deref for Pack {
    type Target = PackContent;

    fn deref(&self) -> &PackContent {
        self.content.get_or_init(|| {
            let content = PackContent::read(&self.source, false);
            content.expect("the tests read every built-in pack")
        })
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
        Self::load(PackSource::Folder(folder.to_owned()), false)
    }

    /// Loads a pack that was made in this run: no file of it is anywhere.
    ///
    /// # Errors
    ///
    /// If one of its texts is missing or not in the format.
    pub fn from_texts(texts: Texts) -> Result<Self, PackError> {
        Self::load(PackSource::Texts(texts), false)
    }

    pub(super) fn load(source: PackSource, alone: bool) -> Result<Self, PackError> {
        if !alone && let Some(identity) = source.identity() {
            return Ok(Self {
                identity,
                source,
                content: OnceLock::new(),
            });
        }
        let content = PackContent::read(&source, alone)?;
        // What a stranger wrote is looked at before anything relies on it.
        if !matches!(source, PackSource::BuiltIn(_)) {
            let _ = content.keys.keys.set(content.keys.read_keys()?);
        }
        Ok(Self {
            identity: Identity::from(&content.info),
            source,
            content: OnceLock::from(content),
        })
    }

    /// The pack again, without what it knows of sub-charts.
    pub(super) fn without_sub_charts(&self) -> Result<Self, PackError> {
        Self::load_alone(self.source.clone())
    }

    /// Loads a pack without those of its sub-charts.
    pub(super) fn load_alone(source: PackSource) -> Result<Self, PackError> {
        Self::load(source, true)
    }

    /// True if more of it was read than what tells the chart.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.content.get().is_some()
    }

    /// The chart's name.
    #[must_use]
    pub fn chart(&self) -> &str {
        &self.identity.chart
    }

    /// True if another chart has a telling key of this one, which was found at a path.
    #[must_use]
    pub fn shares_telling_key(&self, telling: &Telling, path: &Path, other: &Self) -> bool {
        let built_in = |pack: &Self| matches!(pack.source, PackSource::BuiltIn(_));
        if built_in(self) && built_in(other) {
            // The build has found out which of these may.
            let may = self.identity.shared.get(&telling.path);
            if !may.is_some_and(|charts| charts.contains(&other.identity.chart)) {
                return false;
            }
        }
        other.has_key(path)
    }

    /// True if the chart has a path as a key of its own in any version, or as a map on the way to one.
    /// Nothing is read for a path of which the chart has not even the first key.
    #[must_use]
    pub fn has_key(&self, path: &Path) -> bool {
        let first = &self.identity.first_keys;
        if let (false, Some(Segment::Key(key))) = (first.is_empty(), path.segments().first()) {
            let cut = key
                .find(['.', '[', '\\'])
                .map_or(key.as_str(), |at| &key[..at]);
            // A lone wildcard begins no key of the chart's own.
            let may_be = |first: &String| first == cut || first.contains('*') && first.len() > 2;
            if !first.iter().any(may_be) {
                return false;
            }
        }
        self.keys.has_path(path)
    }

    /// The versions that have a migration, of the chart or of one that it brings along, oldest first.
    pub fn migrated_versions(&self) -> impl Iterator<Item = &Version> {
        let drafted = self.drafted.iter().map(|migration| &migration.version);
        let own = self.migrations.keys().chain(self.below.keys());
        let own = own.chain(drafted);
        own.collect::<BTreeSet<_>>().into_iter()
    }

    /// The migrations of a version, in the order in which they are done: of the chart, then of those that it brings
    /// along, each on its way, then what was drafted on top of them. Read on first use.
    ///
    /// # Errors
    ///
    /// If a file is not in the format.
    pub fn migrations(&self, version: &Version) -> Result<Vec<&Migration>, PackError> {
        let mut migrations: Vec<&Migration> = self.migration(version)?.into_iter().collect();
        migrations.extend(self.migrations_below(version)?);
        let drafted = self.drafted.iter();
        migrations.extend(drafted.filter(|drafted| drafted.version == *version));
        Ok(migrations)
    }

    /// Those of charts that it brings along.
    fn migrations_below(&self, version: &Version) -> Result<&[Migration], PackError> {
        let Some(cell) = self.below.get(version) else {
            return Ok(&[]);
        };
        if cell.get().is_none() {
            let mut below = Vec::new();
            for sub_chart in &self.sub_charts {
                for (own, way) in sub_chart
                    .migrated_versions()
                    .filter(|(own, _)| *own == version)
                {
                    for of in way {
                        below.push(sub_chart.migration_for(own, of)?);
                    }
                }
            }
            // Another thread may have been faster, and has read the same.
            let _ = cell.set(below);
        }
        Ok(cell.get().map(Vec::as_slice).unwrap_or_default())
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
            let file = self.source.read_migration(version)?;
            let migration = Migration::read(file)?;
            let _ = cell.set(Migration {
                is_drafted: self.source.origin() == PackOrigin::Draft,
                ..migration
            });
        }
        Ok(cell.get())
    }

    /// The charts that it brings along and that have packs.
    pub fn sub_charts(&self) -> impl Iterator<Item = &SubChart> {
        self.sub_charts.iter().map(AsRef::as_ref)
    }

    /// The chart that takes the place of this one, with what brings values there; `None` if nothing does, or the
    /// pack does not say how. Read on first use.
    ///
    /// # Errors
    ///
    /// If its pack is not there, or a file is not in the format.
    pub fn successor(&self) -> Result<Option<&Successor>, PackError> {
        if self.successor.get().is_none() {
            let read = Successor::load(self)?;
            let _ = self.successor.set(read.map(Box::new));
        }
        Ok(self.successor.get().and_then(Option::as_deref))
    }

    /// A pack that no files say: with these keys, and nothing that changed.
    pub(super) fn of(info: PackFile, keys: Keys) -> Self {
        let source = PackSource::Texts(Texts::new());
        let content = PackContent {
            keys: LazyKeys::of(OnceLock::from(keys), source.clone()),
            migrations: BTreeMap::new(),
            sub_charts: Vec::new(),
            below: BTreeMap::new(),
            drafted: Vec::new(),
            drafted_from: None,
            successor: OnceLock::new(),
            info,
        };
        Self::from_content(Identity::from(&content.info), source, content)
    }

    pub(super) fn from_content(
        identity: Identity,
        source: PackSource,
        content: PackContent,
    ) -> Self {
        Self {
            identity,
            source,
            content: OnceLock::from(content),
        }
    }

    /// Who supplied it.
    #[must_use]
    pub fn origin(&self) -> PackOrigin {
        self.source.origin()
    }

    /// The source of its files.
    pub(super) fn source(&self) -> &PackSource {
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

/// The built-in pack of a name, if there is one.
///
/// # Errors
///
/// None today: what is in the program is read on first use.
pub fn built_in(name: &str) -> Result<Option<Pack>, PackError> {
    let files = BuiltInFiles::find(name);
    files
        .map(|files| Pack::load(PackSource::BuiltIn(files), false))
        .transpose()
}
