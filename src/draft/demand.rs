//! Keys that a new chart demands beside a setting that it still reads: "controller field is required for Service".
//!
//! The setting has not gone anywhere, so a place for it is not looked for. The key is one of the words that the chart says,
//! in a map around the setting, and rendering tells which. Its value is often the name of an entry of a map that is called
//! like it (`controller: main` for `controllers.main`); where no such name makes the chart render, nothing is proposed, and
//! the setting is told as refused.

use std::collections::{BTreeMap, BTreeSet};

use super::sides::{LOOSE, Peeled};
use crate::{
    effect::{leaves::set_path, messages::gist, render::RenderMode},
    values::{Map, Path, Value},
};

/// Words of a message that are tried as a key.
const MOST_WORDS: usize = 12;
/// Shorter words are no keys.
const MIN_WORD: usize = 3;
/// How many maps around a setting are looked at.
const MOST_MAPS: usize = 3;
/// Entries of a map that are tried as a value.
const MOST_NAMES: usize = 3;

/// A key without which the new chart does not take a setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// The key.
    pub key: Path,
    /// The values with which the chart renders: names of entries of a map, most often one.
    pub values: Vec<Value>,
    /// That map.
    pub named_in: Path,
    /// The setting.
    pub beside: Path,
    /// What the chart says without the key.
    pub said: String,
}

/// The keys that a chart demands for settings that it refused, each once. `values` are those for the new chart, `defaults`
/// its own.
pub(super) fn demands(after: &Peeled<'_>, values: &Map, defaults: &Value) -> Vec<Demand> {
    let mut found: Vec<Demand> = Vec::new();
    for (beside, error) in &after.refused {
        let said = gist(error);
        let known = |key: &Path| found.iter().any(|demand| demand.key == *key);
        let mut keys = keys_around(beside, &said, values).into_iter();
        let demand = keys.find_map(|(key, word)| {
            let (named_in, names) = names_for(&word, values, defaults)?;
            let fits = |name: &String| renders(after, values, beside, (&key, name));
            let names: Vec<Value> = match known(&key) {
                true => return None,
                false => names.into_iter().filter(fits).map(Value::from).collect(),
            };
            (!names.is_empty()).then(|| Demand {
                key,
                values: names,
                named_in,
                beside: beside.clone(),
                said: said.clone(),
            })
        });
        found.extend(demand);
    }
    found
}

/// The words of a message as keys of the maps around a setting, the nearest map first, that are not set there.
fn keys_around(beside: &Path, said: &str, values: &Map) -> Vec<(Path, String)> {
    let whole = Value::Map(values.clone());
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let mut words: Vec<&str> = said
        .split(|c| !is_word(c))
        .filter(|word| word.len() >= MIN_WORD)
        .collect();
    let mut seen = BTreeSet::new();
    words.retain(|word| seen.insert(*word));
    words.truncate(MOST_WORDS);
    let mut keys = Vec::new();
    let mut above = beside.parent();
    for _ in 0..MOST_MAPS {
        let Some(map) = above.filter(|map| !map.is_root()) else {
            break;
        };
        for word in &words {
            let key = map.key(*word);
            if key.get(&whole).is_none() {
                keys.push((key, (*word).to_owned()));
            }
        }
        above = map.parent();
    }
    keys
}

/// The entries of the map that is called like a key, in the plural, and where it stands: of the user's, or else of the
/// chart's.
fn names_for(word: &str, values: &Map, defaults: &Value) -> Option<(Path, Vec<String>)> {
    let plural = format!("{word}s");
    let of = |map: Option<&Value>| -> Vec<String> {
        let entries = map.and_then(Value::as_map).into_iter().flat_map(Map::keys);
        entries.take(MOST_NAMES).cloned().collect()
    };
    let own = of(values.get(plural.as_str()));
    let at = Path::root().key(&plural);
    let names = match own.is_empty() {
        true => of(at.get(defaults)),
        false => own,
    };
    (!names.is_empty()).then_some((at, names))
}

/// True if the chart takes a setting with a key beside it.
fn renders(after: &Peeled<'_>, values: &Map, beside: &Path, (key, name): (&Path, &str)) -> bool {
    let mut tried = after.side.values.clone();
    let whole = Value::Map(values.clone());
    if let Some(value) = beside.get(&whole) {
        set_path(&mut tried, beside, value.clone());
    }
    set_path(&mut tried, key, Value::from(name));
    let renderer = after.side.renderer;
    let is_taken = |mode: &RenderMode| renderer.render(&tried, *mode).is_ok();
    is_taken(&after.side.mode) || LOOSE.iter().any(is_taken)
}

/// The demands of several releases: of one key, only the values that do for all.
pub(super) fn agreeing(all: Vec<Demand>) -> Vec<Demand> {
    let mut agreed: BTreeMap<Path, Demand> = BTreeMap::new();
    for demand in all {
        match agreed.get_mut(&demand.key) {
            Some(known) => known.values.retain(|value| demand.values.contains(value)),
            None => _ = agreed.insert(demand.key.clone(), demand),
        }
    }
    agreed
        .into_values()
        .filter(|demand| !demand.values.is_empty())
        .collect()
}
