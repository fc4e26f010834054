//! How Helm puts values on top of values.
//!
//! There are two operations, and they differ on null. [`merge`] lays one layer over another, as
//! `helm -f a -f b` does: maps merge, everything else is replaced, and a null stays in the result,
//! for it may still have to delete a default. [`coalesce`](super::coalesce::coalesce) then lays the
//! layers over a chart's defaults, where a null deletes the default.
//!
//! Helm 3 and Helm 4 merge layers alike (`mergeMaps` in `pkg/cli/values`, `MergeMaps` in Helm 4's
//! chart loader).

use super::value::{Map, Value};

/// Lays `over` on `base`: the right-most `-f` wins.
///
/// Keys keep the order of `base`; new ones follow in the order of `over`.
pub fn merge(base: &mut Map, over: Map) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Map(below)), Value::Map(above)) => merge(below, above),
            (Some(slot), value) => *slot = value,
            (None, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// All layers of a release in Helm's order, the last on top.
pub fn merge_all(layers: impl IntoIterator<Item = Map>) -> Map {
    let mut result = Map::new();
    for layer in layers {
        merge(&mut result, layer);
    }
    result
}
