//! The memory of a view for large maps and lists: which entry has a name, which item stands at a position, and which
//! items a selection fits.
//!
//! A map of the text is read from its beginning whenever one of its names is looked up, which is quickest for nearly
//! all maps there are. A migration that moves thousands of entries looks up each of them, and then the same map is
//! read thousands of times. So of a map or list that is not small the first looks are counted, and then it is
//! remembered. What is remembered is never more than what reading it would find.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use super::view::{MapEntry, Via};
use crate::yaml::NodeId;

/// Up to so many entries or items a collection is read anew each time.
pub(super) const SMALL: usize = 32;
/// So many looks at a larger one cost less than to remember it.
const LOOKS: usize = 4;

/// The large collections of a document; copies of a view share them.
#[derive(Clone, Default)]
pub(super) struct Large(Arc<Mutex<HashMap<CollectionKey, Looked>>>);

/// A collection; of a list, too, what stands under a key that selections look at.
type CollectionKey = (NodeId, Option<String>);

/// The key, the value and the way of each entry, by its name. A lifetime here would tie views to each other.
pub(super) type EntryIndex = HashMap<String, (NodeId, NodeId, Via)>;

/// The positions of the items in which a key has a text, in order, by that text.
pub(super) type ItemPositions = HashMap<String, Vec<usize>>;

enum Looked {
    /// The number of looks so far.
    Times(usize),
    Map(Arc<EntryIndex>),
    List(Arc<[NodeId]>),
    Selected(Arc<ItemPositions>),
    /// Nothing is remembered of a map, or of the maps of a list, with something that Helm refuses: which name is asked
    /// for decides what is said.
    Refused,
}

impl Large {
    /// The index of a map of so many entries, which `read` goes through; `None` as long as it is to be read.
    pub(super) fn map<'t>(
        &self,
        node: NodeId,
        len: usize,
        read: impl FnOnce() -> Option<Vec<MapEntry<'t>>>,
    ) -> Option<Arc<EntryIndex>> {
        let remember = || {
            let by_name = read()?.into_iter().map(|entry| {
                let nodes = (entry.key, entry.value, entry.via);
                (entry.name.into_owned(), nodes)
            });
            Some(Looked::Map(Arc::new(by_name.collect())))
        };
        let remembered = |looked: &Looked| match looked {
            Looked::Map(map) => Some(Arc::clone(map)),
            _ => None,
        };
        let remember = || remember().unwrap_or(Looked::Refused);
        self.look((node, None), len, remember, remembered)
    }

    /// The same of a list.
    pub(super) fn list(
        &self,
        node: NodeId,
        len: usize,
        read: impl FnOnce() -> Vec<NodeId>,
    ) -> Option<Arc<[NodeId]>> {
        let remembered = |looked: &Looked| match looked {
            Looked::List(items) => Some(Arc::clone(items)),
            _ => None,
        };
        let remember = || Looked::List(read().into());
        self.look((node, None), len, remember, remembered)
    }

    /// The same of what stands under a key in the items of a list.
    pub(super) fn selected(
        &self,
        node: NodeId,
        key: &str,
        len: usize,
        read: impl FnOnce() -> Option<ItemPositions>,
    ) -> Option<Arc<ItemPositions>> {
        // `look` asks this, too, but only when the key has been copied: most lists are short.
        if len <= SMALL {
            return None;
        }
        let remember =
            || read().map_or(Looked::Refused, |by_text| Looked::Selected(by_text.into()));
        let remembered = |looked: &Looked| match looked {
            Looked::Selected(by_text) => Some(Arc::clone(by_text)),
            _ => None,
        };
        self.look((node, Some(key.to_owned())), len, remember, remembered)
    }

    /// One look at a collection: it is counted, and from the one on that makes it worth it, remembered.
    fn look<T>(
        &self,
        place: CollectionKey,
        len: usize,
        remember: impl FnOnce() -> Looked,
        remembered: impl FnOnce(&Looked) -> Option<T>,
    ) -> Option<T> {
        if len <= SMALL {
            return None;
        }
        // A panic cannot leave half of anything behind: what is remembered is whole when it is put in.
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = lock();
        match known.entry(place.clone()).or_insert(Looked::Times(0)) {
            Looked::Times(times) if *times < LOOKS => {
                *times += 1;
                None
            }
            Looked::Times(_) => {
                // To read a list looks at its items. Another thread may read the same meanwhile, and then both
                // remember the same.
                drop(known);
                let looked = remember();
                let found = remembered(&looked);
                lock().insert(place, looked);
                found
            }
            looked => remembered(looked),
        }
    }
}

impl fmt::Debug for Large {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Large")
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use crate::{
        values::{Path, View},
        yaml::Tree,
    };

    #[test]
    fn what_is_remembered_is_what_is_read() {
        let mut entries = String::new();
        for i in 0..100 {
            let _ = writeln!(entries, "  k{i}: {i}");
        }
        let items = "- x\n".repeat(100);
        let text = format!(
            "base: &base {{k5: base, own: 1}}\nmap: &map\n{entries}  k7: twice\n  <<: *base\n  9: number\n\
             alias: *map\nodd:\n{entries}  1: a\n  '1': b\nlist: &list\n{items}other: *list\n"
        );
        let tree = Tree::parse(text).expect("it is YAML");
        // Each answer of a view that has looked often is that of one that has not.
        let often = View::new(&tree, tree.documents()[0].root);
        let node = |name: &str| {
            let entry = often.get(often.root(), name).expect("it is read");
            entry.expect("it is there").value
        };
        for map in ["map", "alias", "odd"] {
            let map = node(map);
            for name in ["k0", "k5", "k7", "k99", "own", "9", "1", "absent"] {
                for _ in 0..8 {
                    let once = View::new(&tree, tree.documents()[0].root);
                    assert_eq!(often.get(map, name), once.get(map, name), "{name}");
                }
            }
        }
        for list in ["list", "other", "map"] {
            let list = node(list);
            for index in [0, 1, 40, 99, 100] {
                for _ in 0..8 {
                    assert_eq!(often.item(list, index), often.items(list).nth(index));
                }
            }
        }
    }

    #[test]
    fn a_selection_finds_what_it_finds_in_all_items() {
        let mut items = String::new();
        for i in 0..50 {
            let _ = writeln!(items, "- {{name: n{}, own: {i}}}", i % 40);
        }
        let broken = "- {name: n3, 1: a, '1': b}\n";
        let last = format!("- {{name: 7}}\n- name: *n\n- x\n- {{name: [n3]}}\n{broken}");
        for text in [
            format!("first: &n n5\nlist:\n{items}{last}"),
            format!("list:\n{items}"),
        ] {
            let tree = Tree::parse(text).expect("it is YAML");
            let often = View::new(&tree, tree.documents()[0].root);
            for path in ["n3", "n5", "n39", "7", "absent", "x"] {
                let path: Path = format!("list[name={path}]").parse().expect("a path");
                for _ in 0..8 {
                    let once = View::new(&tree, tree.documents()[0].root);
                    assert_eq!(often.node_at(&path), once.node_at(&path), "{path}");
                }
            }
        }
    }
}
