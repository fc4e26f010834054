//! Copies define no anchor again.
//!
//! Text that is wanted in a second place brings the anchors in it along. To define a name twice is
//! allowed, but aliases behind the copy would then stand for the copy. So one place keeps the anchor:
//! the one where the text was, else the first. A copy behind it becomes an alias of it, which is what
//! it says; a copy before it, or behind another anchor of the same name, is written without.
//!
//! What cannot be written so (a key of several lines on the way, a tagged or long scalar) stays as it
//! is: a name defined twice is still right for whoever reads in order.

use std::collections::HashMap;

use super::anchors::subtree_end;
use crate::yaml::tree::{Kind, NodeId, Tree};
use crate::yaml::want::{Want, WantEntry, WantKey};

/// The same want in which each anchored node is written with its anchor once; `None` if that is so
/// already.
pub(super) fn write_anchors_once(tree: &Tree, want: &Want) -> Option<Want> {
    if tree.anchors.is_empty() || matches!(want, Want::Node(_)) {
        return None;
    }
    let mut all = Occurrences {
        tree,
        found: Vec::new(),
    };
    all.want(want, true);
    let mut keepers: HashMap<NodeId, usize> = HashMap::new();
    let mut own: HashMap<NodeId, usize> = HashMap::new();
    for (i, found) in all.found.iter().enumerate() {
        keepers.entry(found.node).or_insert(i);
        if found.own {
            own.entry(found.node).or_insert(i);
        }
    }
    if keepers.len() == all.found.len() {
        return None;
    }
    // Where the text was comes before where it is met first.
    keepers.extend(own);
    let mut copies = Copies {
        tree,
        found: all.found,
        keepers,
        at: 0,
    };
    Some(copies.want(want))
}

/// True if a value stands under the key that it has in the source.
fn is_own(tree: &Tree, key: &WantKey, value: &Want) -> bool {
    match key {
        WantKey::Entry(key) | WantKey::Renamed(key, _) => {
            value.grounded_on().is_some() && tree.value_of(*key) == value.grounded_on()
        }
        WantKey::New(_) => false,
    }
}

fn is_own_item(tree: &Tree, base: Option<NodeId>, item: &Want) -> bool {
    base.is_some()
        && item
            .grounded_on()
            .is_some_and(|node| tree.parent(node) == base)
}

/// The places of anchored nodes, in the order of the new text.
struct Occurrences<'a> {
    tree: &'a Tree,
    found: Vec<Occurrence>,
}

/// An anchored node in the new text.
struct Occurrence {
    node: NodeId,
    /// True if it stands under its own key.
    own: bool,
    /// True if the node is as it was, so that an alias of it says the same.
    whole: bool,
}

impl Occurrences<'_> {
    fn node(&mut self, node: NodeId, own: bool, whole: bool) {
        if self.tree.anchor(node).is_some() {
            self.found.push(Occurrence { node, own, whole });
        }
    }

    fn want(&mut self, want: &Want, own: bool) {
        match want {
            Want::Scalar(_) | Want::Lines(_) => {}
            Want::Node(id) => {
                for node in id.0..subtree_end(self.tree, *id) {
                    self.node(NodeId(node), own, true);
                }
            }
            Want::Map { base, entries } => {
                base.iter().for_each(|base| self.node(*base, own, false));
                for entry in entries {
                    self.want(&entry.value, is_own(self.tree, &entry.key, &entry.value));
                }
            }
            Want::List { base, items } => {
                base.iter().for_each(|base| self.node(*base, own, false));
                for item in items {
                    self.want(item, is_own_item(self.tree, *base, item));
                }
            }
        }
    }
}

/// Goes the same way again and writes the copies otherwise.
struct Copies<'a> {
    tree: &'a Tree,
    found: Vec<Occurrence>,
    /// The occurrence of each node that keeps the anchor.
    keepers: HashMap<NodeId, usize>,
    /// The occurrence that comes next.
    at: usize,
}

impl Copies<'_> {
    fn want(&mut self, want: &Want) -> Want {
        match want {
            Want::Scalar(_) | Want::Lines(_) => want.clone(),
            Want::Node(id) => self.node(*id),
            Want::Map { base, entries } => {
                self.pass(*base);
                Want::Map {
                    base: *base,
                    entries: entries
                        .iter()
                        .map(|entry| WantEntry {
                            key: entry.key.clone(),
                            value: self.want(&entry.value),
                        })
                        .collect(),
                }
            }
            Want::List { base, items } => {
                self.pass(*base);
                Want::List {
                    base: *base,
                    items: items.iter().map(|item| self.want(item)).collect(),
                }
            }
        }
    }

    fn pass(&mut self, base: Option<NodeId>) {
        let anchored = base.is_some_and(|base| self.tree.anchor(base).is_some());
        self.at += usize::from(anchored);
    }

    /// The number of occurrences that a node and the nodes in it make.
    fn occurrences_inside(&self, id: NodeId) -> usize {
        let nodes = id.0..subtree_end(self.tree, id);
        nodes
            .filter(|node| self.tree.anchor(NodeId(*node)).is_some())
            .count()
    }

    fn node(&mut self, id: NodeId) -> Want {
        let end = self.at + self.occurrences_inside(id);
        let copied = |i: usize| self.keepers[&self.found[i].node] != i;
        if !(self.at..end).any(copied) {
            self.at = end;
            return Want::Node(id);
        }
        let want = match self.tree.anchor(id) {
            Some((name, _)) if copied(self.at) => {
                if self.is_in_force(name) {
                    Some(Want::Scalar(format!("*{name}")))
                } else {
                    self.at += 1;
                    self.without_properties(id)
                }
            }
            // It keeps its own anchor, so it is written as it is.
            Some(_) => None,
            None => self.without_properties(id),
        };
        self.at = end;
        want.unwrap_or(Want::Node(id))
    }

    /// True if the anchor of the occurrence that comes next is what its name stands for there.
    fn is_in_force(&self, name: &str) -> bool {
        let here = self.found[self.at].node;
        let keeper = self.keepers[&here];
        // An alias stands for the last anchor of its name before it (YAML 1.2, section 7.1).
        let other = |found: &Occurrence| {
            found.node != here
                && self
                    .tree
                    .anchor(found.node)
                    .is_some_and(|(other, _)| other == name)
        };
        keeper < self.at
            && self.found[keeper].whole
            && !self.found[keeper..self.at].iter().any(other)
    }

    /// A node said one level deeper, as a copy that has neither anchor nor tag.
    fn without_properties(&mut self, id: NodeId) -> Option<Want> {
        let tree = self.tree;
        if tree.tag(id).is_some() {
            return None;
        }
        match tree.kind(id) {
            Kind::Mapping { .. } => {
                let mut entries = Vec::new();
                for (key, value) in tree.entries(id) {
                    let text = &tree.text()[tree.span(key)];
                    let plain = matches!(tree.kind(key), Kind::Scalar(_))
                        && tree.anchor(key).is_none()
                        && !tree.is_explicit_key(key)
                        && !text.contains(['\n', '\r']);
                    if !plain {
                        return None;
                    }
                    entries.push(WantEntry {
                        key: WantKey::New(text.to_owned()),
                        value: self.node(value),
                    });
                }
                Some(Want::Map {
                    base: None,
                    entries,
                })
            }
            Kind::Sequence { .. } => Some(Want::List {
                base: None,
                items: tree.items(id).map(|item| self.node(item)).collect(),
            }),
            Kind::Scalar(_) => {
                let text = &tree.text()[tree.body(id)];
                let short = !text.is_empty() && !text.contains(['\n', '\r']);
                short.then(|| Want::Scalar(text.to_owned()))
            }
            Kind::Alias => None,
        }
    }
}
