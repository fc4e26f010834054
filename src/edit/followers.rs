//! Aliases that would follow a change.
//!
//! What is anchored is written once. If it changes at its anchor, every alias of it changes too, even
//! one that is to say what it said before. Such an alias can get a copy of the old values instead.

use std::collections::HashSet;

use crate::{
    values::view::View,
    yaml::{Kind, NodeId, Tree, Want, WantEntry, WantKey},
};

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
                                    && entry.value.grounded_on() == Some(value)
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
                            .all(|(item, want)| want.grounded_on() == Some(item));
                    changed.extend((!same).then_some(*base));
                }
                work.extend(items);
            }
            Want::Scalar(_) | Want::Lines(_) => {}
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

/// True if a copy can stand in the place of an alias: as a value, an item, or the map of a `<<`.
pub(super) fn can_be_copy(tree: &Tree, alias: NodeId) -> bool {
    !tree.is_key(alias)
}

/// The same want with the old values in place of these aliases; `None` where what `<<` brings in cannot be
/// written out.
pub(super) fn write_old_values(view: &View<'_>, want: &Want, aliases: &[NodeId]) -> Option<Want> {
    let tree = view.tree();
    let here = |want: &Want| write_old_values(view, want, aliases);
    let in_it = |node: NodeId| aliases.iter().any(|alias| tree.is_within(*alias, node));
    let map = |base: Option<NodeId>, entries: Vec<WantEntry>| {
        // The map's own entries first, since they decide what a merge key still brings.
        let (merges, own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| {
            matches!((&entry.key, &entry.value), (WantKey::Entry(key), Want::Node(value))
                if tree.content(*key) == "<<" && in_it(*value))
        });
        let mut entries = own
            .into_iter()
            .map(|entry| {
                let value = here(&entry.value)?;
                Some(WantEntry { value, ..entry })
            })
            .collect::<Option<Vec<_>>>()?;
        for merge in merges {
            write_out_merge(view, &merge, &mut entries)?;
        }
        Some(Want::Map { base, entries })
    };
    match want {
        Want::Scalar(_) | Want::Lines(_) => Some(want.clone()),
        Want::Node(id) if aliases.contains(id) => {
            Some(tree.alias_target(*id).map_or(want.clone(), Want::Node))
        }
        Want::Node(id) if !in_it(*id) => Some(want.clone()),
        Want::Node(id) => match tree.kind(*id) {
            Kind::Mapping { .. } => {
                let entries = tree.entries(*id).map(|(key, value)| WantEntry {
                    key: WantKey::Entry(key),
                    value: Want::Node(value),
                });
                map(Some(*id), entries.collect())
            }
            _ => Some(Want::List {
                base: Some(*id),
                items: tree
                    .items(*id)
                    .map(|item| here(&Want::Node(item)))
                    .collect::<Option<_>>()?,
            }),
        },
        Want::Map { base, entries } => map(*base, entries.clone()),
        Want::List { base, items } => Some(Want::List {
            base: *base,
            items: items.iter().map(here).collect::<Option<_>>()?,
        }),
    }
}

/// Writes out what a merge key brings in, in its place among the other entries.
fn write_out_merge(view: &View<'_>, merge: &WantEntry, entries: &mut Vec<WantEntry>) -> Option<()> {
    let tree = view.tree();
    let (WantKey::Entry(merge_key), Want::Node(value)) = (&merge.key, &merge.value) else {
        return None;
    };
    let sources: Vec<NodeId> = match tree.kind(*value) {
        Kind::Sequence { .. } => tree.items(*value).collect(),
        _ => vec![*value],
    };
    // Nodes are numbered in the order of the text.
    let place = |entry: &WantEntry| entry.key.entry().is_some_and(|key| key > *merge_key);
    let mut at = entries.iter().position(place).unwrap_or(entries.len());
    let mut brought = HashSet::new();
    for source in sources {
        for entry in view.entries(source).ok()?.entries {
            let name = entry.name.as_ref();
            let text = super::key_source(name).ok()?;
            let own = entries.iter().position(|other| match &other.key {
                WantKey::Entry(key) => tree.content(*key) == name,
                WantKey::Renamed(_, other) | WantKey::New(other) => {
                    *other == text || other.trim_matches(['"', '\'']) == name
                }
            });
            match own {
                // For Helm a merge key overrides what stands before it.
                Some(own) if own < at && !brought.contains(name) => return None,
                // What stands behind the merge key overrides it, and of its maps the earlier one wins.
                Some(_) => continue,
                None => {}
            }
            brought.insert(name.to_owned());
            let value = Want::Node(entry.value);
            entries.insert(
                at,
                WantEntry {
                    key: WantKey::New(text),
                    value,
                },
            );
            at += 1;
        }
    }
    Some(())
}
