//! The comments of an item or entry that becomes one of another kind.
//!
//! An entry that goes elsewhere takes its comments along under its key. An item of a list has no key, and an
//! entry that becomes an item loses its own; so what stands above such a unit, and at the end of its line, is
//! carried over to what is made of it: once, and only if the unit stays nowhere else.

use std::collections::{HashMap, HashSet};

use super::{Cx, WantedUnit};
use crate::yaml::source::{is_blank, line_end};
use crate::yaml::tree::{Kind, NodeId, Tree};
use crate::yaml::want::{Want, WantKey};

/// The comments of a unit that are not written yet.
#[derive(Clone, Copy)]
pub(super) struct UnwrittenComments {
    above: bool,
    beside: bool,
}

/// The units of the source whose comments go with what is made of them.
pub(super) fn loose_comments(tree: &Tree, want: &Want) -> HashMap<NodeId, UnwrittenComments> {
    let mut walk = CommentWalk {
        tree,
        loose: HashSet::new(),
        whole: HashSet::new(),
        placed: HashSet::new(),
    };
    walk.want(want);
    let CommentWalk {
        mut loose,
        whole,
        placed,
        ..
    } = walk;
    loose.retain(|unit| {
        // What stays somewhere has its comments there, by itself or in text that is wanted whole.
        let mut above = std::iter::successors(tree.parent(*unit), |node| tree.parent(*node));
        !placed.contains(unit) && tree.in_block(*unit) && !above.any(|node| whole.contains(&node))
    });
    let all = UnwrittenComments {
        above: true,
        beside: true,
    };
    loose.into_iter().map(|unit| (unit, all)).collect()
}

struct CommentWalk<'t> {
    tree: &'t Tree,
    loose: HashSet<NodeId>,
    /// The nodes that are wanted as they are written, with all nodes in them.
    whole: HashSet<NodeId>,
    /// Units that stay units of their kind.
    placed: HashSet<NodeId>,
}

impl CommentWalk<'_> {
    fn want(&mut self, want: &Want) {
        match want {
            Want::Scalar(_) | Want::Lines(_) => {}
            Want::Node(id) => _ = self.whole.insert(*id),
            Want::Map { entries, .. } => {
                for entry in entries {
                    self.placed.extend(entry.key.entry());
                    self.loose
                        .extend(units_of(self.tree, WantedUnit::Entry(entry)));
                    self.want(&entry.value);
                }
            }
            Want::List { base, items } => {
                for item in items {
                    let ground = item.grounded_on();
                    match ground.filter(|node| base.is_some() && self.tree.parent(*node) == *base) {
                        Some(own) if !self.tree.is_key(own) => _ = self.placed.insert(own),
                        _ => self
                            .loose
                            .extend(units_of(self.tree, WantedUnit::Item(item))),
                    }
                    self.want(item);
                }
            }
        }
    }
}

/// The items and entries of the source that a unit of another kind is made of, the outer one first.
fn units_of(tree: &Tree, unit: WantedUnit<'_>) -> Vec<NodeId> {
    let item = |node: NodeId| {
        let list = tree.parent(node)?;
        matches!(tree.kind(list), Kind::Sequence { .. }).then_some(node)
    };
    // An entry, behind the item that it is what is left of.
    let entry_of = |key: NodeId| {
        let above = tree.parent(key).and_then(item);
        above.into_iter().chain([key]).collect::<Vec<_>>()
    };
    match unit {
        WantedUnit::Entry(entry) => match &entry.key {
            WantKey::New(_) => {
                let node = entry.value.grounded_on();
                let unit = node.and_then(|node| tree.key_of(node).or_else(|| item(node)));
                unit.into_iter().collect()
            }
            WantKey::Entry(key) | WantKey::Renamed(key, _) => {
                tree.parent(*key).and_then(item).into_iter().collect()
            }
        },
        WantedUnit::Item(want) => match (want.grounded_on(), want) {
            (Some(node), _) => match tree.key_of(node) {
                Some(key) => entry_of(key),
                None => item(node).into_iter().collect(),
            },
            (None, Want::Map { entries, .. }) => {
                let mut entries = entries.iter();
                let found =
                    entries.find_map(|entry| match (&entry.key, entry.value.grounded_on()) {
                        (WantKey::New(_), Some(node)) => tree.key_of(node).or_else(|| item(node)),
                        (WantKey::Entry(key) | WantKey::Renamed(key, _), _) => Some(*key),
                        _ => None,
                    });
                found.into_iter().collect()
            }
            _ => Vec::new(),
        },
    }
}

impl Cx<'_> {
    /// The units whose comments go with this one, as far as nothing took them before. What stands beside a value
    /// that an item is made around goes with that value.
    pub(super) fn take_loose(&self, unit: WantedUnit<'_>) -> Vec<(NodeId, UnwrittenComments)> {
        let mut loose = self.loose.borrow_mut();
        if loose.is_empty() {
            return Vec::new();
        }
        let around = matches!(unit, WantedUnit::Item(want) if want.grounded_on().is_none());
        let mut taken = Vec::new();
        for source in units_of(self.tree, unit) {
            let Some(left) = loose.get_mut(&source) else {
                continue;
            };
            let takes = UnwrittenComments {
                beside: left.beside && !around,
                ..*left
            };
            left.above = false;
            left.beside &= around;
            taken.push((source, takes));
        }
        taken
    }

    /// Notes that a unit stands where an item stood, with what is above that. What stands beside it goes on
    /// with what it is made of, if that is this item.
    pub(super) fn in_place_of(&self, item: NodeId, unit: WantedUnit<'_>) {
        let mut loose = self.loose.borrow_mut();
        if let Some(left) = loose.get_mut(&item) {
            left.above = false;
            left.beside &= units_of(self.tree, unit).contains(&item);
        }
    }

    /// True if the comment beside an item is still to be written.
    pub(super) fn has_beside(&self, item: NodeId) -> bool {
        self.loose
            .borrow()
            .get(&item)
            .is_some_and(|left| left.beside)
    }

    /// The comment beside what an item is made of, if nothing took it before.
    pub(super) fn take_beside(&self, want: &Want) -> Option<&str> {
        let mut loose = self.loose.borrow_mut();
        let units = units_of(self.tree, WantedUnit::Item(want)).into_iter();
        let mut found = units.filter_map(|unit| {
            let left = loose.get_mut(&unit)?;
            std::mem::take(&mut left.beside).then(|| self.comment_beside(unit))?
        });
        let beside = found.next()?;
        self.kept.borrow_mut().push(beside.clone());
        Some(&self.text[beside])
    }

    /// True if the source of a unit stood apart from the unit above it.
    pub(super) fn stood_apart(&self, unit: WantedUnit<'_>) -> bool {
        let loose = self.loose.borrow();
        !loose.is_empty()
            && units_of(self.tree, unit).first().is_some_and(|unit| {
                loose.get(unit).is_some_and(|left| left.above)
                    && self.below_blank(&self.tree.block_extent(*unit))
            })
    }

    /// The lines rendered for a unit, with the comments of the one that it is made of.
    pub(super) fn with_comments(
        &self,
        (source, left): (NodeId, UnwrittenComments),
        unit: WantedUnit<'_>,
        column: isize,
        lines: String,
    ) -> String {
        let extent = self.tree.block_extent(source);
        let mut text = String::new();
        let mut kept = self.kept.borrow_mut();
        if left.above && extent.start < extent.lead_line {
            let above = extent.start..extent.lead_line;
            let own = self
                .tree
                .parent(source)
                .map_or(0, |list| self.tree.column(list));
            self.shifted(above.clone(), column - own as isize, &mut text);
            kept.push(above);
        }
        let beside = left.beside.then(|| self.comment_beside(source));
        let Some(beside) = beside.flatten() else {
            return text + &lines;
        };
        let comment = &self.text[beside.clone()];
        // The text of the value may have brought it along.
        if lines.contains(comment) {
            return text + &lines;
        }
        kept.push(beside.clone());
        // Behind what is on one line, or opens a block; else a line above.
        let first = lines.find('\n').unwrap_or(lines.len());
        let is_one_line = lines[first..].trim().is_empty();
        let opens = match unit {
            WantedUnit::Entry(_) => lines[..first].ends_with(':'),
            WantedUnit::Item(Want::Map { entries, .. }) => {
                let mut entries = entries.iter();
                entries
                    .next()
                    .is_some_and(|entry| matches!(entry.value, Want::Scalar(_)))
            }
            WantedUnit::Item(_) => false,
        };
        if is_one_line || opens {
            let gap = self.gap_before(beside.start);
            return format!("{text}{}{gap}{comment}{}", &lines[..first], &lines[first..]);
        }
        format!("{text}{}{comment}\n{lines}", super::render::spaces(column))
    }

    /// The blanks in front of a comment: people line comments up with them.
    fn gap_before(&self, comment: usize) -> &str {
        let before = self.text[..comment].trim_end_matches([' ', '\t']);
        &self.text[before.len()..comment]
    }

    /// The comment at the end of a unit's line: behind its value, or where the value begins below, behind its
    /// key; in an item, behind its first entry.
    fn comment_beside(&self, unit: NodeId) -> Option<std::ops::Range<usize>> {
        let extent = self.tree.block_extent(unit);
        let value = self.tree.value_of(unit).unwrap_or(unit);
        let from = match self.tree.kind(value) {
            Kind::Mapping { flow: false } | Kind::Sequence { flow: false } if value == unit => {
                let (key, _) = self.tree.entries(value).next()?;
                self.tree.entry_end(key)
            }
            Kind::Mapping { flow: false } | Kind::Sequence { flow: false } => {
                self.tree.span(unit).end
            }
            _ => self.tree.entry_end(unit),
        };
        let (end, _) = line_end(self.text, from);
        let rest = self.text[from..end.max(from)].trim_start_matches([' ', '\t', ':']);
        let start = end - rest.len();
        let is_comment = rest.starts_with('#') && !is_blank(rest);
        (is_comment && end <= extent.end && !self.tree.comments_in(start..end).is_empty())
            .then_some(start..end)
    }
}
