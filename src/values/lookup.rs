//! Looking up many paths of one document. [`View::node_at`] reads each map on its way from the beginning; a map with
//! thousands of keys, each of which is looked up, is read once here.

use std::{cell::RefCell, collections::HashMap};

use super::{Path, Segment, view::View};
use crate::yaml::NodeId;

/// The nodes of a document by their paths, remembered map by map.
#[derive(Debug)]
pub struct NodeLookup<'v, 't> {
    view: &'v View<'t>,
    /// The nodes under the keys of a map; `None` for a map that Helm refuses.
    maps: RefCell<HashMap<NodeId, Option<HashMap<String, NodeId>>>>,
    lists: RefCell<HashMap<NodeId, Vec<NodeId>>>,
}

impl<'v, 't> NodeLookup<'v, 't> {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(view: &'v View<'t>) -> Self {
        Self {
            view,
            maps: RefCell::default(),
            lists: RefCell::default(),
        }
    }

    /// The document.
    #[must_use]
    pub fn view(&self) -> &'v View<'t> {
        self.view
    }

    /// The node at a concrete path, perhaps an alias; `None` where [`View::node_at`] has nothing, or refuses a map.
    #[must_use]
    pub fn node(&self, path: &Path) -> Option<NodeId> {
        let mut node = self.view.root();
        for segment in path.segments() {
            node = match segment {
                Segment::Key(name) => self.entry(node, name)?,
                Segment::Index(index) => self.item(node, *index)?,
                Segment::Select { key, value } => self.view.select(node, key, value).ok()??,
                _ => return Some(self.view.node_at(path).ok()??.node),
            };
        }
        Some(node)
    }

    fn entry(&self, map: NodeId, name: &str) -> Option<NodeId> {
        let mut maps = self.maps.borrow_mut();
        let entries = maps.entry(map).or_insert_with(|| {
            let entries = self.view.entries(map).ok()?.entries.into_iter();
            let entries = entries.map(|entry| (entry.name.into_owned(), entry.value));
            Some(entries.collect())
        });
        match entries {
            Some(entries) => entries.get(name).copied(),
            // Another key of it may be what is wrong.
            None => Some(self.view.get(map, name).ok()??.value),
        }
    }

    fn item(&self, list: NodeId, index: usize) -> Option<NodeId> {
        let mut lists = self.lists.borrow_mut();
        let items = lists
            .entry(list)
            .or_insert_with(|| self.view.items(list).collect());
        items.get(index).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Tree;

    #[test]
    fn it_finds_what_the_view_finds() {
        let text = "a: &x {b: 1, c: [1, {n: y, d: 2}]}\nz: *x\nm: {<<: *x, b: 3}\n'': 4\n1: 5\n";
        let tree = Tree::parse(text).expect("it is YAML");
        let view = View::new(&tree, tree.documents()[0].root);
        let lookup = NodeLookup::new(&view);
        for path in [
            "a",
            "a.b",
            "a.c[1].d",
            "a.c[2]",
            "a.c[n=y].d",
            "z.b",
            "z.c[0]",
            "m.b",
            "m.c",
            "[\"\"]",
            "1",
            "a.b.c",
            "q",
            "a[0]",
            "a.*",
        ] {
            let path: Path = path.parse().expect("a path");
            for _ in 0..2 {
                let at = view.node_at(&path).expect("nothing is refused");
                assert_eq!(lookup.node(&path), at.map(|at| at.node), "{path}");
            }
        }
    }
}
