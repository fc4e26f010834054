//! The ways in which Helm puts values on top of values.
//!
//! There are four operations. [`hand_down`] gives a sub-chart the `global` of the chart above it, and
//! [`merge_below`] adds to a chart's defaults those of a library. The other two differ on null. [`merge`] lays one layer over another, as
//! `helm -f a -f b` does: maps merge, everything else is replaced, and a null stays in the result,
//! for it may still have to delete a default. [`coalesce`](super::coalesce::coalesce) then lays the
//! layers over a chart's defaults, where a null deletes the default.
//!
//! Helm 3 and Helm 4 merge layers alike (`mergeMaps` in `pkg/cli/values`, `MergeMaps` in Helm 4's
//! chart loader).

use super::coalesce::GLOBAL;
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

/// Lays `below` under `base`: adds what is not there, in maps too, and changes nothing else.
///
/// Keys keep the order of `base`; new ones follow in the order of `below`.
pub fn merge_below(base: &mut Map, below: Map) {
    for (key, value) in below {
        match (base.get_mut(&key), value) {
            (Some(Value::Map(base)), Value::Map(below)) => merge_below(base, below),
            (Some(_), _) => {}
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

/// The `global` that counts for a sub-chart: the one of the chart above it with the sub-chart's own, `own`.
///
/// The parent's stands over the sub-chart's. But where, right below `global`, one of the two has a map and the other
/// none, Helm warns and leaves the sub-chart's; so it does with all of it if the sub-chart's `global` is no map
/// (`coalesceGlobals` in Helm's `chartutil`, as in `coalesce`).
#[must_use]
pub fn counting_globals(own: Option<&Value>, global: &Map) -> Map {
    let is_map = |value: &Value| matches!(value, Value::Map(_));
    let own = match own {
        None => return global.clone(),
        Some(Value::Map(own)) => own,
        Some(_) => return Map::new(),
    };
    let counts = |key: &String, value: &Value| {
        own.get(key)
            .is_none_or(|there| is_map(there) == is_map(value))
    };
    let counting = global.iter().filter(|(key, value)| counts(key, value));
    counting
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Puts the `global` of the chart above over that of a sub-chart's values, as Helm hands it down.
pub fn hand_down(values: &mut Map, global: &Map) {
    let counting = counting_globals(values.get(GLOBAL), global);
    if !counting.is_empty() {
        let over = Map::from_iter([(GLOBAL.to_owned(), Value::Map(counting))]);
        merge(values, over);
    }
}
