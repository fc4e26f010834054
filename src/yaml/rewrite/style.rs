//! The indentation of this file, so that new text looks like its neighbours.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use crate::yaml::tree::{Kind, NodeId, Tree};

/// The file's habits.
pub(super) struct Indentation {
    /// The most frequent indentation of a mapping below a mapping's key.
    width: usize,
    /// The most frequent indentation of a sequence below a key; 0: not indented.
    sequence: usize,
    /// The indentation below one mapping, of mappings and of sequences.
    local: RefCell<HashMap<(NodeId, bool), Option<usize>>>,
}

const MAPPING: Kind = Kind::Mapping { flow: false };
const SEQUENCE: Kind = Kind::Sequence { flow: false };

impl Indentation {
    pub(super) fn of(tree: &Tree) -> Self {
        let (width, sequence) = *tree.indentation.get_or_init(|| Self::widths(tree));
        Self {
            width,
            sequence,
            local: RefCell::default(),
        }
    }

    /// The most frequent indentations, of mappings and of sequences.
    fn widths(tree: &Tree) -> (usize, usize) {
        let (mut widths, mut sequences) = (BTreeMap::new(), BTreeMap::new());
        for id in tree.nodes().filter(|&id| tree.kind(id) == MAPPING) {
            let column = tree.column(id);
            for (_, value) in tree.entries(id) {
                let counts = match tree.kind(value) {
                    MAPPING => &mut widths,
                    SEQUENCE => &mut sequences,
                    _ => continue,
                };
                *counts
                    .entry(tree.column(value).saturating_sub(column))
                    .or_insert(0u32) += 1;
            }
        }
        // The most frequent; of equals the smaller.
        let dominant = |counts: &BTreeMap<usize, u32>| {
            counts
                .iter()
                .rev()
                .max_by_key(|(_, count)| **count)
                .map(|(width, _)| *width)
        };
        let width = dominant(&widths).filter(|&width| width > 0);
        let sequence = dominant(&sequences);
        let width = width.or(sequence.filter(|&width| width > 0)).unwrap_or(2);
        (width, sequence.unwrap_or(width))
    }

    /// The column for a collection below a key that stands in `column`, in the mapping `near` if
    /// that is known.
    pub(super) fn child_column(
        &self,
        tree: &Tree,
        near: Option<NodeId>,
        column: usize,
        sequence: bool,
    ) -> usize {
        let near = near.filter(|&near| tree.kind(near) == MAPPING);
        let local = near.and_then(|near| {
            // Asked for each new entry, and found by going through all that are there.
            let mut seen = self.local.borrow_mut();
            *seen
                .entry((near, sequence))
                .or_insert_with(|| local_width(tree, near, sequence))
        });
        column + local.unwrap_or(if sequence { self.sequence } else { self.width })
    }
}

/// The indentation of values below a mapping's keys, as far as that mapping shows it.
fn local_width(tree: &Tree, near: NodeId, sequence: bool) -> Option<usize> {
    let kind = if sequence { SEQUENCE } else { MAPPING };
    let own = tree.column(near);
    let sibling = tree
        .entries(near)
        .map(|(_, value)| value)
        .find(|&v| tree.kind(v) == kind)
        .map(|value| tree.column(value).saturating_sub(own));
    // Lists do not take after the map's own step: many files indent maps and set dashes below the key.
    if sequence {
        return sibling;
    }
    let parent = tree
        .parent(near)
        .filter(|&parent| tree.kind(parent) == MAPPING);
    sibling
        .or_else(|| parent.map(|parent| own.saturating_sub(tree.column(parent))))
        .filter(|&width| width > 0)
}
