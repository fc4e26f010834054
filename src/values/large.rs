//! What a view remembers of large maps and lists: which entry has a name, which item stands at a position.
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
const SMALL: usize = 32;
/// So many looks at a larger one cost less than to remember it.
const LOOKS: usize = 4;

/// The large collections of a document; copies of a view share them.
#[derive(Clone, Default)]
pub(super) struct Large(Arc<Mutex<HashMap<NodeId, Looked>>>);

/// The key, the value and the way of each entry, by its name. A lifetime here would tie views to each other.
pub(super) type Remembered = HashMap<String, (NodeId, NodeId, Via)>;

enum Looked {
    /// The number of looks so far.
    Times(usize),
    Map(Arc<Remembered>),
    List(Arc<[NodeId]>),
    /// Nothing is remembered of a map with something that Helm refuses: which name is asked for decides what is said.
    Refused,
}

impl Large {
    /// What is remembered of a map of so many entries, which `read` goes through; `None` as long as it is to be read.
    pub(super) fn map<'t>(
        &self,
        node: NodeId,
        len: usize,
        read: impl FnOnce() -> Option<Vec<MapEntry<'t>>>,
    ) -> Option<Arc<Remembered>> {
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
        self.look(
            node,
            len,
            || remember().unwrap_or(Looked::Refused),
            remembered,
        )
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
        self.look(node, len, || Looked::List(read().into()), remembered)
    }

    /// One look at a collection: it is counted, and from the one on that makes it worth it, remembered.
    fn look<T>(
        &self,
        node: NodeId,
        len: usize,
        remember: impl FnOnce() -> Looked,
        remembered: impl FnOnce(&Looked) -> Option<T>,
    ) -> Option<T> {
        if len <= SMALL {
            return None;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let looked = known.entry(node).or_insert(Looked::Times(0));
        match looked {
            Looked::Times(times) if *times < LOOKS => *times += 1,
            Looked::Times(_) => *looked = remember(),
            _ => {}
        }
        remembered(looked)
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

    use crate::{values::View, yaml::Tree};

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
}
