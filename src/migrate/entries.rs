//! The entries of a map that is spelled out, found by their keys.
//!
//! A wildcard can bring thousands of entries into one map, one after the other, and each of them is looked for first.
//! So a map that is no longer small knows where its keys stand. No key is there twice; an entry that was taken away
//! keeps its place, and the key is found there.

use std::{
    collections::HashMap,
    ops::{Deref, DerefMut},
    sync::OnceLock,
};

use super::node::Entry;

/// Up to here it is quicker to look at one key after the other.
const SMALL: usize = 24;

/// The entries of a map, in order. Their keys stay what they are.
#[derive(Debug, Default)]
pub struct Entries {
    list: Vec<Entry>,
    /// The places of the keys, once they were asked for.
    places: OnceLock<HashMap<String, usize>>,
}

impl PartialEq for Entries {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl Entries {
    /// The place of a key, of an entry that was taken away as well.
    #[must_use]
    pub fn position(&self, key: &str) -> Option<usize> {
        if self.list.len() <= SMALL {
            return self.list.iter().position(|entry| entry.key == key);
        }
        let places = self.places.get_or_init(|| {
            let entries = self.list.iter().enumerate();
            entries.map(|(i, entry)| (entry.key.clone(), i)).collect()
        });
        places.get(key).copied()
    }

    /// The entry with a key, if it is still there.
    #[must_use]
    pub fn standing_entry(&self, key: &str) -> Option<&Entry> {
        let entry = &self.list[self.position(key)?];
        (!entry.gone).then_some(entry)
    }

    /// Puts an entry at a place; those from there on move back.
    pub fn insert(&mut self, at: usize, entry: Entry) {
        if let Some(places) = self.places.get_mut() {
            // Most entries come last, where no other place moves.
            if at < self.list.len() {
                let behind = places.values_mut().filter(|place| **place >= at);
                behind.for_each(|place| *place += 1);
            }
            places.insert(entry.key.clone(), at);
        }
        self.list.insert(at, entry);
    }

    /// Puts entries before the others.
    pub fn put_first(&mut self, first: Vec<Entry>) {
        self.places = OnceLock::new();
        self.list.splice(0..0, first);
    }

    /// The entries alone.
    #[must_use]
    pub fn into_vec(self) -> Vec<Entry> {
        self.list
    }
}

impl Clone for Entries {
    /// Most copies are only looked through.
    fn clone(&self) -> Self {
        self.list.clone().into()
    }
}

impl From<Vec<Entry>> for Entries {
    fn from(list: Vec<Entry>) -> Self {
        Self {
            list,
            places: OnceLock::new(),
        }
    }
}

impl Deref for Entries {
    type Target = [Entry];

    fn deref(&self) -> &[Entry] {
        &self.list
    }
}

impl DerefMut for Entries {
    fn deref_mut(&mut self) -> &mut [Entry] {
        &mut self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{migrate::TracedValue, values::Value};

    fn entry(key: String) -> Entry {
        Entry {
            key,
            node: TracedValue::made_by_step(Value::Null, Vec::new(), None),
            gone: false,
            beside: None,
        }
    }

    #[test]
    fn keys_are_found_wherever_entries_are_put() {
        let mut entries = Entries::default();
        for i in 0..100_usize {
            // At the end, at the beginning, and between; looked for in between, so that places move.
            let at = [entries.len(), 0, entries.len() / 2][i % 3];
            entries.insert(at, entry(format!("k{i}")));
            if i % 7 == 0 {
                entries.put_first(vec![entry(format!("first{i}"))]);
            }
            let found = |key: &str| entries.iter().position(|entry| entry.key == key);
            for key in ["k0", "k33", &format!("k{i}"), "first14", "absent"] {
                assert_eq!(entries.position(key), found(key), "{key} after {i}");
            }
        }
        let at = entries.position("k50").expect("it is there");
        entries[at].gone = true;
        assert!(entries.standing_entry("k50").is_none());
        assert!(entries.standing_entry("k51").is_some());
    }
}
