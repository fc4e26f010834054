//! Keys that a new chart demands beside a setting that it still reads: "controller field is required for Service".
//!
//! The setting has not gone anywhere, so a place for it is not looked for. The key is one of the words that the chart says,
//! in a map around the setting, and rendering tells which. Its value is often the name of an entry of a map that is called
//! like it (`controller: main` for `controllers.main`); where no such name makes the chart render, nothing is proposed, and
//! the setting is told as refused.

use std::collections::{BTreeMap, BTreeSet};

use super::sides::{Peeled, renders};
use crate::{
    effect::{leaves::set_path, messages::gist, render::Renderer},
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

/// The keys that a chart demands for settings that it refused, each once, and the values that it took with them. `values`
/// are those for the new chart, `defaults` its own.
pub(super) fn demands(after: &Peeled<'_>, values: &Map, defaults: &Value) -> (Vec<Demand>, Map) {
    let mut found: Vec<Demand> = Vec::new();
    let renderer = after.side.renderer;
    let mut taken = after.side.values.clone();
    for (beside, error) in &after.refused {
        let with_it = with(&taken, values, beside);
        // A key that another setting demanded may have been all that was missing.
        if !found.is_empty() && renders(renderer, &with_it) {
            taken = with_it;
        } else if let Some(demand) = demand(renderer, (beside, gist(error)), &with_it, defaults) {
            taken = with_it;
            set_path(&mut taken, &demand.key, demand.values[0].clone());
            found.push(demand);
        }
    }
    (found, taken)
}

/// The key that a chart demands for a setting, which is among `values`; `said` is what it says without.
fn demand(
    renderer: &Renderer,
    (beside, said): (&Path, String),
    values: &Map,
    defaults: &Value,
) -> Option<Demand> {
    let mut keys = keys_around(beside, &said, values).into_iter();
    let (key, named_in, names) = keys.find_map(|(key, word)| {
        let (named_in, mut names) = names_for(&word, values, defaults)?;
        names.retain(|name| {
            let mut tried = values.clone();
            set_path(&mut tried, &key, Value::from(name.as_str()));
            renders(renderer, &tried)
        });
        (!names.is_empty()).then_some((key, named_in, names))
    })?;
    Some(Demand {
        key,
        values: names.into_iter().map(Value::from).collect(),
        named_in,
        beside: beside.clone(),
        said,
    })
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

/// Values with one more of some others.
fn with(taken: &Map, values: &Map, setting: &Path) -> Map {
    let mut all = taken.clone();
    if let Some(value) = setting.get(&Value::Map(values.clone())) {
        set_path(&mut all, setting, value.clone());
    }
    all
}

/// The demands of several releases: of one key, the values that do for all, or if none does, all of them.
pub(super) fn agreeing(all: impl Iterator<Item = Demand>) -> Vec<Demand> {
    let mut agreed: BTreeMap<Path, Demand> = BTreeMap::new();
    for demand in all {
        let Some(known) = agreed.get_mut(&demand.key) else {
            agreed.insert(demand.key.clone(), demand);
            continue;
        };
        let (both, other): (Vec<Value>, Vec<Value>) = demand
            .values
            .into_iter()
            .partition(|value| known.values.contains(value));
        match both.is_empty() {
            true => known.values.extend(other),
            false => known.values = both,
        }
    }
    agreed.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demand_that_releases_meet_with_different_values_is_not_lost() {
        let demand = |values: &[&str]| Demand {
            key: "service.main.controller".parse().unwrap(),
            values: values.iter().map(|value| Value::from(*value)).collect(),
            named_in: "controllers".parse().unwrap(),
            beside: "service.main.port".parse().unwrap(),
            said: "controller field is required".to_owned(),
        };
        let agreed = |all: &[&[&str]]| -> Vec<Value> {
            let all = all.iter().map(|values| demand(values));
            let mut agreed = agreeing(all);
            assert_eq!(agreed.len(), 1);
            agreed.remove(0).values
        };
        assert_eq!(agreed(&[&["a", "b"], &["b", "c"]]), ["b".into()]);
        assert_eq!(agreed(&[&["a"], &["b"]]), ["a".into(), "b".into()]);
    }
}
