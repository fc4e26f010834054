//! The leaves of values: the units that are accounted for one by one.
//!
//! A leaf is a scalar, a null, an empty map, or a whole list, for Helm replaces lists whole. An empty
//! root is no leaf: there is nothing to account for.

use super::path::Path;
use super::value::{Map, Value};

/// The leaves of a map of values with their paths, in the order of the values.
#[must_use]
pub fn leaves(root: &Map) -> Vec<(Path, &Value)> {
    let mut out = Vec::new();
    for (key, value) in root {
        collect(Path::root().key(key), value, &mut out);
    }
    out
}

/// The leaves at and below a value that stands at `at`; a leaf is its own only leaf.
#[must_use]
pub fn leaves_at<'v>(at: &Path, value: &'v Value) -> Vec<(Path, &'v Value)> {
    let mut out = Vec::new();
    collect(at.clone(), value, &mut out);
    out
}

fn collect<'v>(at: Path, value: &'v Value, out: &mut Vec<(Path, &'v Value)>) {
    match value {
        Value::Map(map) if !map.is_empty() => {
            for (key, value) in map {
                collect(at.key(key), value, out);
            }
        }
        leaf => out.push((at, leaf)),
    }
}

impl Value {
    /// True for a leaf: everything but a map with entries.
    #[must_use]
    pub fn is_leaf(&self) -> bool {
        !matches!(self, Self::Map(map) if !map.is_empty())
    }
}
