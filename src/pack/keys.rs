//! What a chart's keys are in each version: whether they exist, who reads them, their defaults.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use semver::Version;

use super::expr::Made;
use super::model::{KeyRange, KeysFile, Open, Reads};
use crate::values::{Map, Path, Segment, Value};

/// The keys of a chart, in the chart's own order.
#[derive(Debug)]
pub struct Keys {
    keys: Arc<Vec<Key>>,
    /// The keys below each first key: what is looked up is among them, or nowhere.
    below: BTreeMap<String, Vec<usize>>,
    /// The default values of the versions that were asked for: a run over many releases asks often.
    defaults: Mutex<BTreeMap<Version, Map>>,
    /// The same for expressions.
    made: Mutex<BTreeMap<Version, Made>>,
}

type Key = (Path, Vec<(KeyRange, Default)>);

/// The chart's default in a range of versions; `None` for a key that its values do not have.
type Default = Option<Value>;

/// What a path is in one version of a chart.
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

impl Keys {
    pub(super) fn read(file: KeysFile) -> Result<Self, String> {
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
            .collect::<Result<Vec<Key>, String>>()?;
        let mut below: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, (path, _)) in keys.iter().enumerate() {
            if let Some(Segment::Key(first)) = path.segments().first() {
                below.entry(first.clone()).or_default().push(at);
            }
        }
        Ok(Self {
            keys: Arc::new(keys),
            below,
            defaults: Mutex::default(),
            made: Mutex::default(),
        })
    }

    /// The keys that can have to do with a path, in the chart's own order.
    fn near(&self, path: &Path) -> Vec<&Key> {
        match path.segments().first() {
            Some(Segment::Key(first)) => {
                let below = self.below.get(first).into_iter().flatten();
                below.map(|at| &self.keys[*at]).collect()
            }
            _ => self.keys.iter().collect(),
        }
    }

    /// Every key, with its ranges.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, impl Iterator<Item = &KeyRange>)> {
        self.keys
            .iter()
            .map(|(path, ranges)| (path, ranges.iter().map(|(range, _)| range)))
    }

    /// The chart's default values in a version, as its values.yaml has them.
    #[must_use]
    pub fn defaults(&self, version: &Version) -> Map {
        let mut known = self.defaults.lock().unwrap_or_else(PoisonError::into_inner);
        let defaults = known
            .entry(version.clone())
            .or_insert_with(|| defaults(&self.keys, version));
        defaults.clone()
    }

    /// The same for expressions, gathered if one looks at them.
    #[must_use]
    pub fn defaults_made(&self, version: &Version) -> Made {
        let mut known = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let made = known.entry(version.clone()).or_insert_with(|| {
            let (keys, version) = (Arc::clone(&self.keys), version.clone());
            Made::new(move || Value::Map(defaults(&keys, &version)))
        });
        made.clone()
    }

    /// What a path is in a version. `global` is open in every chart: Helm hands it to all sub-charts.
    #[must_use]
    pub fn known(&self, path: &Path, version: &Version) -> Known {
        let mut found = Known::Unknown;
        for (key, ranges) in self.near(path) {
            let in_version = || {
                ranges
                    .iter()
                    .find(|(range, _)| range.versions.contains(version))
            };
            if path.starts_with(key) {
                let Some((range, default)) = in_version() else {
                    continue;
                };
                let free = match default {
                    Some(Value::Map(map)) => map.is_empty(),
                    Some(Value::List(_)) => true,
                    _ => false,
                };
                let exact = path.segments().len() == key.segments().len();
                found = match range.open {
                    _ if range.read == Reads::No => Known::Dead,
                    Some(Open::SubChart) if !exact => {
                        if found == Known::Unknown {
                            Known::SubChart
                        } else {
                            found
                        }
                    }
                    _ if exact => return Known::Read,
                    Some(Open::Map) => Known::Open,
                    _ if free => Known::Open,
                    _ => found,
                };
                if found == Known::Dead && exact {
                    return found;
                }
            } else if key.starts_with(path) && in_version().is_some() {
                // A map on the way to a known key.
                found = match found {
                    Known::Unknown | Known::Dead => {
                        let dead = in_version().is_some_and(|(range, _)| range.read == Reads::No);
                        if dead { Known::Dead } else { Known::Read }
                    }
                    other => other,
                };
            }
        }
        let global = matches!(path.segments().first(), Some(Segment::Key(key)) if key == "global");
        if found == Known::Unknown && global {
            Known::SubChart
        } else {
            found
        }
    }

    /// The place of a key among its siblings in the chart's own order; `None` if the chart has none.
    #[must_use]
    pub fn order(&self, path: &Path) -> Option<usize> {
        let above_one = self.keys.iter().position(|(key, _)| key.starts_with(path));
        above_one.or_else(|| self.keys.iter().position(|(key, _)| path.starts_with(key)))
    }
}

fn defaults(keys: &[Key], version: &Version) -> Map {
    let mut defaults = Map::new();
    for (path, ranges) in keys {
        let mut ranges = ranges.iter();
        let in_version = ranges.find(|(range, _)| range.versions.contains(version));
        if let Some((_, Some(default))) = in_version {
            put(&mut defaults, path.segments(), default);
        }
    }
    defaults
}

fn put(map: &mut Map, path: &[Segment], value: &Value) {
    let Some((Segment::Key(key), rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        // A map that came as a default of its own is filled by the keys below it.
        match map.get(key) {
            Some(Value::Map(present)) if !present.is_empty() => {}
            _ => {
                map.insert(key.clone(), value.clone());
            }
        }
        return;
    }
    let below = map
        .entry(key.clone())
        .or_insert_with(|| Value::Map(Map::new()));
    if !matches!(below, Value::Map(_)) {
        *below = Value::Map(Map::new());
    }
    if let Value::Map(below) = below {
        put(below, rest, value);
    }
}
