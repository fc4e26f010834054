//! What a chart's keys are in each version: whether they exist, who reads them, their defaults.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use semver::Version;

use super::defaults::Defaults;
use super::error::PackError;
use super::expr::LazyValue;
use super::model::{KeyRange, KeysFile, OpenKind, ReadAnswer};
use super::nearby::Nearby;
use super::range::VersionRange;
use super::spellings::Spellings;
use crate::values::{Path, Segment, Value};

/// The keys of a chart, in the chart's own order.
#[derive(Debug)]
pub struct Keys {
    keys: Arc<Vec<KeyEntry>>,
    /// Each key as the file has it.
    texts: Vec<String>,
    /// The index of the paths. Keys with a wildcard come last, so that a key that is named wins over a pattern that
    /// fits it too.
    nearby: Nearby,
    /// The places of keys in the chart's own order, gathered when the first key is put into a file.
    ranks: OnceLock<Ranks>,
    /// The default values of the versions that were asked for: a run over many releases asks often.
    defaults: Mutex<BTreeMap<Version, Arc<Defaults>>>,
    /// The same for expressions.
    made: Mutex<BTreeMap<Version, LazyValue>>,
    /// The paths of versions that an unknown key was compared with.
    spellings: Mutex<BTreeMap<Version, Arc<Spellings>>>,
}

/// Looked up for each new key and its neighbours: a pack has thousands of keys, a file may have more.
#[derive(Debug, Default)]
struct Ranks {
    /// Each key without a wildcard and each map above one: the first place among the keys there or below.
    named: HashMap<Path, usize>,
    /// Each key without a wildcard: its own place.
    own: HashMap<Path, usize>,
}

pub(super) type KeyEntry = (Path, Vec<(KeyRange, Default)>);

/// The chart's default in a range of versions; `None` for a key that its values do not have.
type Default = Option<Value>;

/// The standing of a path in one version of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// A key that templates read, or a map on the way to one.
    Read,
    /// A key that is in the chart's values and that no template reads.
    Dead,
    /// Below a key that takes anything of the user's own.
    Open,
    /// Below a sub-chart's key: known to that chart, not to this one.
    SubChart,
    /// The version does not know it.
    Unknown,
}

/// Adds keys of a pack, as far as they are of these versions.
pub(super) fn add_within(keys: &mut KeysFile, file: KeysFile, versions: &VersionRange) {
    for (path, ranges) in file {
        let ranges = ranges.into_iter().map(|range| KeyRange {
            versions: range.versions.and(versions),
            ..range
        });
        let ranges = ranges.filter(|range| !range.versions.is_empty());
        keys.entry(path).or_default().extend(ranges);
    }
}

impl Keys {
    /// The keys of a file.
    ///
    /// # Errors
    ///
    /// If it is not in the format.
    pub(super) fn of(file: KeysFile) -> Result<Self, PackError> {
        Self::read(file).map_err(|message| PackError::Format {
            file: "keys.yaml".to_owned(),
            message,
        })
    }

    /// The same of keys that were put together: those of no version are left out.
    pub(super) fn of_parts(mut keys: KeysFile) -> Result<Self, PackError> {
        keys.retain(|_, ranges| !ranges.is_empty());
        Self::of(keys)
    }

    pub(super) fn read(file: KeysFile) -> Result<Self, String> {
        let texts = file.keys().cloned().collect();
        let keys = file
            .into_iter()
            .map(|(text, ranges)| {
                let path: Path = text.parse().map_err(|e| format!("key `{text}`: {e}"))?;
                let ranges = ranges
                    .into_iter()
                    .map(|range| {
                        let default = range.default.as_ref().map(Value::try_from).transpose();
                        let default = default.map_err(|e| format!("key `{text}`: {e}"))?;
                        Ok((range, default))
                    })
                    .collect::<Result<_, String>>()?;
                Ok((path, ranges))
            })
            .collect::<Result<Vec<KeyEntry>, String>>()?;
        let nearby = Nearby::of(keys.iter().map(|(path, _)| path));
        Ok(Self {
            keys: Arc::new(keys),
            texts,
            nearby,
            ranks: OnceLock::new(),
            defaults: Mutex::default(),
            made: Mutex::default(),
            spellings: Mutex::default(),
        })
    }

    /// The keys that can have to do with a path, those with a wildcard last.
    fn keys_near(&self, path: &Path) -> Vec<&KeyEntry> {
        let positions = self.nearby.of_path(path);
        positions.iter().map(|at| &self.keys[*at]).collect()
    }

    /// Every key, with its ranges.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, impl Iterator<Item = &KeyRange>)> {
        self.keys
            .iter()
            .map(|(path, ranges)| (path, ranges.iter().map(|(range, _)| range)))
    }

    /// True if there is a path in any version, as a key of its own or as a map on the way to one.
    #[must_use]
    pub fn has_path(&self, path: &Path) -> bool {
        // What takes in whatever there is says nothing of a key.
        let is_any = |key: &Path| {
            let first = key.segments().first();
            matches!(first, Some(Segment::AnyKey | Segment::AnyDepth))
        };
        let fits = |key: &Path| path.depth() <= key.depth() && key.may_overlap(path);
        self.iter().any(|(key, _)| !is_any(key) && fits(key))
    }

    /// Every key with its ranges, and its text as keys.yaml has it.
    pub fn each_key(&self) -> impl Iterator<Item = (&str, &Path, impl Iterator<Item = &KeyRange>)> {
        let texts = self.texts.iter().map(String::as_str);
        let keys = texts.zip(self.keys.iter());
        keys.map(|(text, (path, ranges))| (text, path, ranges.iter().map(|(range, _)| range)))
    }

    /// True if a version reads just this key, and no map on the way to others or of the user's own.
    #[must_use]
    pub fn is_leaf_read(&self, path: &Path, version: &Version) -> bool {
        self.keys_near(path).into_iter().any(|(key, ranges)| {
            let mut ranges = ranges.iter();
            let own = key.depth() == path.depth() && key.may_overlap(path);
            let range = ranges.find(|(range, _)| range.versions.contains(version));
            own && range.is_some_and(|(range, default)| {
                let map = matches!(default, Some(Value::Map(_)));
                range.read == ReadAnswer::Yes && range.open.is_none() && !map
            })
        })
    }

    /// The chart's default of a key in a version.
    #[must_use]
    pub fn default(&self, path: &Path, version: &Version) -> Option<&Value> {
        let mut keys = self.keys_near(path).into_iter();
        let (_, ranges) = keys.find(|(key, _)| key == path)?;
        let mut ranges = ranges.iter();
        let (_, default) = ranges.find(|(range, _)| range.versions.contains(version))?;
        default.as_ref()
    }

    /// The chart's default values in a version, as its values.yaml has them.
    #[must_use]
    pub fn default_values(&self, version: &Version) -> Arc<Defaults> {
        known_of(&self.defaults, version, || {
            Defaults::of(&self.keys, version)
        })
    }

    /// The paths of a version, to find the one that was meant.
    #[must_use]
    pub fn spellings(&self, version: &Version) -> Arc<Spellings> {
        known_of(&self.spellings, version, || Spellings::of(self, version))
    }

    /// The number of keys whose default in a version is more than nothing and no map: no more than the leaves of its
    /// [defaults](Self::default_values), and found without them.
    #[must_use]
    pub fn count_defaults(&self, version: &Version) -> usize {
        let says = |value: &Value| match value {
            Value::Null | Value::Map(_) => false,
            Value::String(text) => !text.is_empty(),
            Value::List(items) => !items.is_empty(),
            Value::Bool(_) | Value::Number(_) => true,
        };
        let concrete = self.keys.iter().filter(|(path, _)| path.is_concrete());
        let defaults = concrete.filter_map(|(_, ranges)| {
            let mut ranges = ranges.iter();
            let in_version = ranges.find(|(range, _)| range.versions.contains(version));
            in_version?.1.as_ref()
        });
        defaults.filter(|default| says(default)).count()
    }

    /// The same for expressions, gathered if one looks at them.
    #[must_use]
    pub fn defaults_made(&self, version: &Version) -> LazyValue {
        let mut known = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let made = known.entry(version.clone()).or_insert_with(|| {
            let (keys, version) = (Arc::clone(&self.keys), version.clone());
            LazyValue::new(move || Defaults::of(&keys, &version).into_value())
        });
        made.clone()
    }

    /// The standing of a path in a version. `global` is open in every chart: Helm hands it to all sub-charts. A path
    /// with wildcards is the best of those it can stand for; one with `**` must stand for a key or a map on the way to
    /// one.
    #[must_use]
    pub fn known(&self, path: &Path, version: &Version) -> Known {
        let mut found = Known::Unknown;
        let concrete = path.is_concrete();
        // Whatever is the user's own may have something at any depth, which says nothing.
        let deep = path.is_deep();
        let mut segments = path.segments().iter();
        let depth_before_any = segments.position(|at| *at == Segment::AnyDepth);
        for (key, ranges) in self.keys_near(path) {
            // The user's own has it at any depth, where the path leads into it before it says `**`.
            let is_in = depth_before_any.is_some_and(|depth| key.depth() <= depth);
            if !key.may_overlap(path) || deep && !is_in && !path.may_hold(key) {
                continue;
            }
            let in_version = || {
                ranges
                    .iter()
                    .find(|(range, _)| range.versions.contains(version))
            };
            let Some((range, default)) = in_version() else {
                continue;
            };
            let free = match default {
                Some(Value::Map(map)) => map.is_empty(),
                Some(Value::List(_)) => true,
                _ => false,
            };
            let is_open = range.open.is_some() || free;
            if path.depth() < key.depth() || deep && !(is_in && is_open) {
                if deep && !path.may_hold(key) {
                    continue;
                }
                // A map on the way to a known key.
                found = match found {
                    Known::Unknown | Known::Dead if range.read == ReadAnswer::No => Known::Dead,
                    Known::Unknown | Known::Dead => Known::Read,
                    other => other,
                };
                continue;
            }
            let exact = path.depth() == key.depth();
            found = match range.open {
                // Where a pattern can stand for a dead key and for one that is read, it is read.
                _ if range.read == ReadAnswer::No && !concrete && found != Known::Unknown => found,
                _ if range.read == ReadAnswer::No => Known::Dead,
                Some(OpenKind::SubChart) if !exact => match found {
                    Known::Unknown => Known::SubChart,
                    other => other,
                },
                _ if exact => return Known::Read,
                Some(OpenKind::Map) => Known::Open,
                _ if free => Known::Open,
                // Nothing tells its type, and templates may print it whole: what is in it is the user's own.
                None if !range.documented && default.is_none() && !self.have_below(key) => {
                    Known::Open
                }
                _ => found,
            };
            if found == Known::Dead && exact && concrete {
                return found;
            }
        }
        if found == Known::Unknown && path.is_global() {
            Known::SubChart
        } else {
            found
        }
    }

    /// True if any of these versions knows a path: as [`Keys::known`] says it for one, without asking for each.
    #[must_use]
    pub fn is_known_in_any<'v>(
        &self,
        path: &Path,
        versions: impl Iterator<Item = &'v Version> + Clone,
    ) -> bool {
        if path.is_global() {
            return true;
        }
        // The keys that can say something are few, and mostly it is the first range of them that does.
        let near = self.keys_near(path).into_iter();
        let bounds = near.flat_map(|(_, ranges)| ranges.iter().map(|(range, _)| range));
        let mut asked: BTreeSet<&Version> = BTreeSet::new();
        for range in bounds {
            // Within a range each version says the same of its key.
            let Some(version) = versions.clone().find(|at| range.versions.contains(at)) else {
                continue;
            };
            if asked.insert(version) && self.known(path, version) != Known::Unknown {
                return true;
            }
        }
        false
    }

    /// True if there are keys below a path, in any version.
    #[must_use]
    pub fn have_below(&self, path: &Path) -> bool {
        let depth = path.depth();
        let mut near = self.keys_near(path).into_iter();
        near.any(|(key, _)| key.depth() > depth && key.starts_with(path))
    }

    /// The place of a key among its siblings in the chart's own order; `None` if the chart has none. Keys
    /// that users name themselves have no order but that of the map they are in.
    #[must_use]
    pub fn order(&self, path: &Path) -> Option<usize> {
        let ranks = self.ranks.get_or_init(|| Ranks::of(&self.keys));
        if let Some(rank) = ranks.named.get(path) {
            return Some(*rank);
        }
        let above = std::iter::successors(path.parent(), Path::parent);
        let above = above.filter_map(|above| ranks.own.get(&above)).min();
        above.copied().or_else(|| {
            let fits = |at: &usize| self.keys[*at].0.may_overlap(path);
            self.nearby.of_path(path).iter().copied().filter(fits).min()
        })
    }
}

impl Ranks {
    fn of(keys: &[KeyEntry]) -> Self {
        let mut ranks = Self::default();
        let concrete = keys.iter().enumerate();
        for (at, (key, _)) in concrete.filter(|(_, (key, _))| key.is_concrete()) {
            ranks.own.entry(key.clone()).or_insert(at);
            for path in std::iter::successors(Some(key.clone()), Path::parent) {
                ranks.named.entry(path).or_insert(at);
            }
        }
        ranks
    }
}

/// What was made for a version, made now if it is asked for first.
fn known_of<T>(
    known: &Mutex<BTreeMap<Version, Arc<T>>>,
    version: &Version,
    make: impl FnOnce() -> T,
) -> Arc<T> {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(made) = known.get(version) {
        return Arc::clone(made);
    }
    let made = Arc::new(make());
    known.insert(version.clone(), Arc::clone(&made));
    made
}
