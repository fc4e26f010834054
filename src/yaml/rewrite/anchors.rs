//! Anchors stay before their aliases.
//!
//! Removing or moving a node may take an anchor away from an alias that stays. Then the first alias
//! that would be left alone gets the anchored text, and the anchored node, where it comes later,
//! becomes the alias. This happens on the wanted document, before any text is written, until nothing
//! is left alone.

use std::collections::HashMap;

use crate::yaml::tree::{Kind, NodeId, Tree};
use crate::yaml::want::{RewriteError, Want, WantEntry, WantKey};

/// A want with the same meaning in which every alias has its anchor; `None` if that is so already.
pub(super) fn anchor_aliases(
    tree: &Tree,
    root: NodeId,
    want: &Want,
) -> Result<Option<Want>, RewriteError> {
    if tree.anchors.is_empty() || *want == Want::Node(root) {
        return Ok(None);
    }
    let aliases = tree.aliases().count();
    let mut settled: Option<Want> = None;
    // Each round gives one alias its text, so there are no more rounds than aliases.
    for _ in 0..=aliases {
        let current = settled.as_ref().unwrap_or(want);
        let Some((alias, inside)) = first_orphan(tree, root, current) else {
            return Ok(settled);
        };
        let lost = || RewriteError::AnchorLost {
            node: alias,
            name: tree.content(alias).to_owned(),
            offset: tree.span(alias).start,
        };
        let Some(target) = tree.alias_target(alias) else {
            return Err(lost());
        };
        // Outside of the value nothing may change, and a key has no room for the anchored text.
        if !inside || tree.is_key(alias) {
            return Err(lost());
        }
        let mut swap = Swap {
            tree,
            alias,
            target,
            text: None,
            done: false,
            blocked: false,
        };
        swap.find(current);
        let text = swap.text.take().unwrap_or(Want::Node(target));
        // The text would come to stand inside itself.
        if contains(tree, &text, alias) {
            return Err(lost());
        }
        let next = swap.apply(current, &text);
        if !swap.done || swap.blocked {
            return Err(lost());
        }
        settled = Some(next);
    }
    match first_orphan(tree, root, settled.as_ref().unwrap_or(want)) {
        None => Ok(settled),
        Some((alias, _)) => Err(RewriteError::AnchorLost {
            node: alias,
            name: tree.content(alias).to_owned(),
            offset: tree.span(alias).start,
        }),
    }
}

/// The first alias, in the order of the new text, whose anchor does not stand before it; and whether
/// it is part of the wanted value.
fn first_orphan(tree: &Tree, root: NodeId, want: &Want) -> Option<(NodeId, bool)> {
    let end = subtree_end(tree, root);
    let document = tree
        .documents()
        .iter()
        .rev()
        .find(|document| document.root <= root)?;
    let document_end = subtree_end(tree, document.root);
    let mut walk = AnchorWalk {
        tree,
        defined: HashMap::new(),
        orphan: None,
    };
    // The value can lean on anchors before it, and what stands behind can lean on those in it.
    walk.range(document.root.0, root.0);
    if let Some(alias) = walk.orphan {
        return Some((alias, false));
    }
    walk.want(want);
    if let Some(alias) = walk.orphan {
        return Some((alias, true));
    }
    walk.range(end, document_end);
    walk.orphan.map(|alias| (alias, false))
}

/// The first node after a node and everything in it.
pub(super) fn subtree_end(tree: &Tree, id: NodeId) -> u32 {
    let mut at = id;
    loop {
        if let Some(next) = tree.next_sibling(at) {
            return next.0;
        }
        match tree.parent(at) {
            Some(parent) => at = parent,
            None => break,
        }
    }
    // The last node of a document: up to the root of the next.
    let documents = tree.documents();
    let next = documents.partition_point(|document| document.root <= id);
    documents
        .get(next)
        .map_or(tree.nodes.len() as u32, |document| document.root.0)
}

struct AnchorWalk<'a> {
    tree: &'a Tree,
    /// The node that each name stands for at this point.
    defined: HashMap<&'a str, NodeId>,
    orphan: Option<NodeId>,
}

impl AnchorWalk<'_> {
    fn node(&mut self, id: NodeId) {
        if let Some((name, _)) = self.tree.anchor(id) {
            self.defined.insert(name, id);
        }
        if let Some(target) = self.tree.alias_target(id)
            && self.orphan.is_none()
            && self.defined.get(self.tree.content(id)) != Some(&target)
        {
            self.orphan = Some(id);
        }
    }

    fn range(&mut self, from: u32, to: u32) {
        for id in from..to {
            self.node(NodeId(id));
        }
    }

    fn want(&mut self, want: &Want) {
        match want {
            Want::Node(id) => self.range(id.0, subtree_end(self.tree, *id)),
            Want::Scalar(_) | Want::Lines(_) => {}
            Want::Map { base, entries } => {
                if let Some(base) = base {
                    self.node(*base);
                }
                for entry in entries {
                    match &entry.key {
                        WantKey::Entry(key) => self.range(key.0, subtree_end(self.tree, *key)),
                        // A key that was an alias is none under its new name.
                        WantKey::Renamed(key, _) if self.tree.kind(*key) != Kind::Alias => {
                            self.range(key.0, subtree_end(self.tree, *key));
                        }
                        _ => {}
                    }
                    self.want(&entry.value);
                }
            }
            Want::List { base, items } => {
                if let Some(base) = base {
                    self.node(*base);
                }
                items.iter().for_each(|item| self.want(item));
            }
        }
    }
}

/// True if a node is part of what is wanted.
fn contains(tree: &Tree, want: &Want, id: NodeId) -> bool {
    match want {
        Want::Node(node) => (node.0..subtree_end(tree, *node)).contains(&id.0),
        Want::Scalar(_) | Want::Lines(_) => false,
        Want::Map { base, entries } => {
            *base == Some(id)
                || entries
                    .iter()
                    .any(|entry| entry.key.entry() == Some(id) || contains(tree, &entry.value, id))
        }
        Want::List { base, items } => {
            *base == Some(id) || items.iter().any(|item| contains(tree, item, id))
        }
    }
}

/// Exchanges an alias and its anchored node.
struct Swap<'a> {
    tree: &'a Tree,
    alias: NodeId,
    target: NodeId,
    /// The new text of the anchored node, if it is still wanted somewhere.
    text: Option<Want>,
    done: bool,
    /// The anchored node is a key, which cannot become an alias.
    blocked: bool,
}

impl Swap<'_> {
    fn find(&mut self, want: &Want) {
        if want.grounded_on() == Some(self.target) {
            self.text.get_or_insert_with(|| want.clone());
            return;
        }
        match want {
            Want::Map { entries, .. } => entries.iter().for_each(|entry| {
                self.find(&entry.value);
            }),
            Want::List { items, .. } => items.iter().for_each(|item| self.find(item)),
            Want::Node(_) | Want::Scalar(_) | Want::Lines(_) => {}
        }
    }

    fn apply(&mut self, want: &Want, text: &Want) -> Want {
        if want.grounded_on() == Some(self.alias) && !self.done {
            self.done = true;
            return text.clone();
        }
        // Before the alias the anchored node can stay: the alias was cut off by another anchor of the
        // same name. After it, it becomes the alias, which the next round looks at again.
        if self.done && want.grounded_on() == Some(self.target) {
            return Want::Node(self.alias);
        }
        match want {
            Want::Scalar(_) | Want::Lines(_) => want.clone(),
            Want::Node(id) => {
                let inside = id.0 + 1..subtree_end(self.tree, *id);
                if inside.contains(&self.alias.0) || inside.contains(&self.target.0) {
                    self.apply(&expand(self.tree, *id), text)
                } else {
                    want.clone()
                }
            }
            Want::Map { base, entries } => Want::Map {
                base: *base,
                entries: entries
                    .iter()
                    .map(|entry| {
                        if self.done && entry.key.entry() == Some(self.target) {
                            self.blocked = true;
                        }
                        WantEntry {
                            key: entry.key.clone(),
                            value: self.apply(&entry.value, text),
                        }
                    })
                    .collect(),
            },
            Want::List { base, items } => Want::List {
                base: *base,
                items: items.iter().map(|item| self.apply(item, text)).collect(),
            },
        }
    }
}

/// The same node, said one level deeper.
fn expand(tree: &Tree, id: NodeId) -> Want {
    match tree.kind(id) {
        Kind::Mapping { .. } => Want::Map {
            base: Some(id),
            entries: tree
                .entries(id)
                .map(|(key, value)| WantEntry {
                    key: WantKey::Entry(key),
                    value: Want::Node(value),
                })
                .collect(),
        },
        Kind::Sequence { .. } => Want::List {
            base: Some(id),
            items: tree.items(id).map(Want::Node).collect(),
        },
        Kind::Scalar(_) | Kind::Alias => Want::Node(id),
    }
}
