//! A chart's own values in one version, put together from its keys, with what is asked of them again for each release.

use std::sync::OnceLock;

use semver::Version;

use super::keys::KeyEntry;
use crate::values::{Map, Path, Segment, Value, ValuesPart, leaves};

/// The chart's default values in a version, as its values.yaml has them.
#[derive(Debug)]
pub struct Defaults {
    values: Value,
    leaves: OnceLock<DefaultLeaves>,
}

/// The leaves of default values.
#[derive(Debug)]
pub struct DefaultLeaves {
    /// Each with its place, in the chart's order.
    pub all: Vec<(Path, Value)>,
    /// Their places.
    pub part: ValuesPart,
}

impl Defaults {
    pub(super) fn of(keys: &[KeyEntry], version: &Version) -> Self {
        Self {
            values: Value::Map(gather(keys, version)),
            leaves: OnceLock::new(),
        }
    }

    /// The values, which are a map.
    #[must_use]
    pub fn values(&self) -> &Value {
        &self.values
    }

    /// The values as a map.
    #[must_use]
    pub fn map(&self) -> &Map {
        match &self.values {
            Value::Map(map) => map,
            _ => unreachable!("they were put together as a map"),
        }
    }

    /// The values alone.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.values
    }

    /// The leaves.
    #[must_use]
    pub fn leaves(&self) -> &DefaultLeaves {
        self.leaves.get_or_init(|| {
            let all = leaves(self.map()).into_iter();
            let all: Vec<_> = all.map(|(path, value)| (path, value.clone())).collect();
            let mut part = ValuesPart::default();
            all.iter().for_each(|(path, _)| part.add(path));
            DefaultLeaves { all, part }
        })
    }
}

fn gather(keys: &[KeyEntry], version: &Version) -> Map {
    let mut defaults = Map::new();
    // A default below names that users give is none: nothing has it until somebody gives one.
    for (path, ranges) in keys.iter().filter(|(path, _)| path.is_concrete()) {
        let mut ranges = ranges.iter();
        let in_version = ranges.find(|(range, _)| range.versions.contains(version));
        if let Some((_, Some(default))) = in_version {
            put_default(&mut defaults, path.segments(), default);
        }
    }
    defaults
}

fn put_default(map: &mut Map, path: &[Segment], value: &Value) {
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
        put_default(below, rest, value);
    }
}
