//! Aliases that would follow a change.
//!
//! What is anchored is written once. If it changes at its anchor, every alias of it changes too, even
//! one that is to say what it said before. Such an alias can get a copy of the old values instead.

use crate::yaml::{Kind, NodeId, Tree, Want, WantEntry, WantKey};

/// The aliases in the wanted text that stand for a map or a list that is to change, in file order.
pub(super) fn followers(tree: &Tree, want: &Want) -> Vec<NodeId> {
    if tree.aliases().next().is_none() {
        return Vec::new();
    }
    let (mut kept, mut changed) = (Vec::new(), Vec::new());
    let mut work = vec![want];
    while let Some(want) = work.pop() {
        match want {
            Want::Node(node) => kept.push(*node),
            Want::Map { base, entries } => {
                if let Some(base) = base {
                    let same = tree.len(*base) == entries.len()
                        && tree
                            .entries(*base)
                            .zip(entries)
                            .all(|((key, value), entry)| {
                                entry.key == WantKey::Entry(key)
                                    && entry.value.ground() == Some(value)
                            });
                    changed.extend((!same).then_some(*base));
                }
                work.extend(entries.iter().map(|entry| &entry.value));
            }
            Want::List { base, items } => {
                if let Some(base) = base {
                    let same = tree.len(*base) == items.len()
                        && tree
                            .items(*base)
                            .zip(items)
                            .all(|(item, want)| want.ground() == Some(item));
                    changed.extend((!same).then_some(*base));
                }
                work.extend(items);
            }
            Want::Scalar(_) => {}
        }
    }
    let follows = |alias: &NodeId| {
        tree.alias_target(*alias).is_some_and(|target| {
            kept.iter().any(|node| tree.is_within(*alias, *node))
                && changed.iter().any(|base| tree.is_within(*base, target))
        })
    };
    tree.aliases().filter(follows).collect()
}

/// Whether a copy can stand in the place of an alias: it is a value or an item, and no part of `<<`.
pub(super) fn can_be_copy(tree: &Tree, alias: NodeId) -> bool {
    let is_merge = |node: NodeId| {
        tree.key_of(node)
            .is_some_and(|key| tree.content(key) == "<<")
    };
    !tree.is_key(alias)
        && !is_merge(alias)
        && !tree
            .parent(alias)
            .is_some_and(|list| matches!(tree.kind(list), Kind::Sequence { .. }) && is_merge(list))
}

/// The same want with the old values in place of these aliases.
pub(super) fn released(tree: &Tree, want: &Want, aliases: &[NodeId]) -> Want {
    let here = |want: &Want| released(tree, want, aliases);
    match want {
        Want::Scalar(_) => want.clone(),
        Want::Node(id) if aliases.contains(id) => {
            tree.alias_target(*id).map_or(want.clone(), Want::Node)
        }
        Want::Node(id) if !aliases.iter().any(|alias| tree.is_within(*alias, *id)) => want.clone(),
        Want::Node(id) => match tree.kind(*id) {
            Kind::Mapping { .. } => Want::Map {
                base: Some(*id),
                entries: tree
                    .entries(*id)
                    .map(|(key, value)| WantEntry {
                        key: WantKey::Entry(key),
                        value: here(&Want::Node(value)),
                    })
                    .collect(),
            },
            _ => Want::List {
                base: Some(*id),
                items: tree
                    .items(*id)
                    .map(|item| here(&Want::Node(item)))
                    .collect(),
            },
        },
        Want::Map { base, entries } => Want::Map {
            base: *base,
            entries: entries
                .iter()
                .map(|entry| WantEntry {
                    key: entry.key.clone(),
                    value: here(&entry.value),
                })
                .collect(),
        },
        Want::List { base, items } => Want::List {
            base: *base,
            items: items.iter().map(here).collect(),
        },
    }
}
