//! Values of a chart that another one brings along: what stands below its key, with what the chart above hands
//! down as `global`.

use super::{Map, Path, Value, ValuesPart, coalesce::GLOBAL, merge::hand_down};

/// The values below a key, as the chart there sees them.
#[must_use]
pub fn values_below(values: &Value, key: &str) -> Map {
    let Value::Map(whole) = values else {
        return Map::new();
    };
    let mut own = match whole.get(key) {
        Some(Value::Map(own)) => own.clone(),
        _ => Map::new(),
    };
    if let Some(Value::Map(global)) = whole.get(GLOBAL) {
        hand_down(&mut own, global);
    }
    own
}

/// Adds a place of values below a key to a part of the whole.
pub fn add_below(part: &mut ValuesPart, key: &str, place: &Path) {
    part.add(&Path::root().key(key).concat(place));
    if place.is_root() || place.is_global() {
        part.add(&Path::root().key(GLOBAL));
    }
}
