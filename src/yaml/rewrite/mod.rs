//! From what is wanted to text replacements.
//!
//! One walk over the source copies what stays and skips what goes, so that every byte that is not
//! touched keeps its place by construction ([`emit`]). What is brought from elsewhere, or is new, is
//! rendered as text for the column it comes to ([`render`]). Block collections are edited line by
//! line ([`block`]), flow collections element by element ([`flow`]). Anchors are looked after before
//! anything is written ([`anchors`], [`copies`]).
//!
//! Nothing is checked here after the fact: whoever applies the edits parses the result again.

mod anchors;
mod block;
mod copies;
mod emit;
mod flow;
mod loose;
mod place;
mod render;
mod style;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::divergence::DivergenceKind;
use super::edits::EditSet;
use super::tree::{Node, NodeId, Tree};
use super::want::{RewriteError, Want, WantEntry};
use emit::Emitter;
use style::Indentation;

/// The edits that make a document what it should become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// The replacements.
    pub edits: EditSet,
    /// The comments that are gone with what was removed, as places in the old text.
    pub removed_comments: Vec<Range<usize>>,
}

/// Finds the edits by which `root` (a document's root, or any value in it) becomes `want`.
///
/// # Errors
/// What cannot be written without touching what should stay, or without losing a comment or an
/// alias, is a [`RewriteError`] that names the node; never a wrong text.
pub fn rewrite(tree: &Tree, root: NodeId, want: &Want) -> Result<Rewrite, RewriteError> {
    // First of all, for what follows takes nodes of the want out of the tree without asking.
    check(tree, want, &mut HashSet::new())?;
    if root.index() >= tree.nodes.len() {
        return Err(RewriteError::UnknownNode(root));
    }
    // In this order: whether an alias stands behind its anchor depends on where anchors are written.
    let copied = copies::write_anchors_once(tree, want);
    let want = copied.as_ref().unwrap_or(want);
    let settled = anchors::anchor_aliases(tree, root, want)?;
    let want = settled.as_ref().unwrap_or(want);
    let cx = Cx {
        tree,
        text: tree.text(),
        style: Indentation::of(tree),
        kept: RefCell::default(),
        loose: RefCell::new(loose::loose_comments(tree, want)),
    };
    let mut out = Emitter::new(&cx, 0, 0);
    out.value(root, want)?;
    out.keep_until(cx.text.len());
    let edits = out.into_edits()?;
    tabs_stay(tree, &edits)?;
    let removed_comments = cx.removed_comments(&edits);
    Ok(Rewrite {
        edits,
        removed_comments,
    })
}

/// Refuses edits beside a comment that a tab stands before on its line. Older readers take it for one only behind a
/// scalar without quotes, and that is what an edit of its neighbour may change.
fn tabs_stay(tree: &Tree, edits: &EditSet) -> Result<(), RewriteError> {
    let tabs = tree.divergences().iter();
    let tabs = tabs.filter(|found| found.kind == DivergenceKind::TabBeforeComment);
    for comment in tabs.map(|found| &found.span) {
        let behind = |node: &Node| (node.start as usize) < comment.start;
        let before = tree.nodes.partition_point(behind).checked_sub(1);
        let start = before.map_or(0, |node| tree.nodes[node].start as usize);
        if edits.touch(&(start..comment.end)) {
            let offset = comment.start;
            return Err(RewriteError::TabBeforeComment { offset });
        }
    }
    Ok(())
}

/// The state that the whole rewrite shares.
struct Cx<'a> {
    tree: &'a Tree,
    text: &'a str,
    style: Indentation,
    /// The parts of the source that are written somewhere.
    kept: RefCell<Vec<Range<usize>>>,
    /// Items and entries whose comments go with what is made of them.
    loose: RefCell<HashMap<NodeId, loose::UnwrittenComments>>,
}

impl Cx<'_> {
    fn removed_comments(&self, edits: &EditSet) -> Vec<Range<usize>> {
        let mut kept = self.kept.borrow().clone();
        kept.sort_by_key(|range| range.start);
        let mut merged: Vec<Range<usize>> = Vec::new();
        for range in kept {
            match merged.last_mut() {
                Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        // Only between the first edit and the last can one be gone.
        let edited = edits.iter().map(|(range, _)| range);
        let first = edited.clone().next().map_or(0, |range| range.start);
        let last = edited.last().map_or(0, |range| range.end);
        self.tree
            .comments_in(first..last)
            .iter()
            .map(|comment| comment.span.clone())
            .filter(|span| {
                let i = merged.partition_point(|range| range.end < span.end);
                merged.get(i).is_none_or(|range| range.start > span.start)
            })
            .collect()
    }
}

/// One place of a wanted collection.
#[derive(Clone, Copy)]
enum WantedUnit<'w> {
    Entry(&'w WantEntry),
    Item(&'w Want),
}

/// Checks that all nodes exist, keys are keys, entries are used once, and new text is one line.
fn check(tree: &Tree, want: &Want, used: &mut HashSet<NodeId>) -> Result<(), RewriteError> {
    let known = |id: NodeId| {
        if id.index() < tree.nodes.len() {
            Ok(())
        } else {
            Err(RewriteError::UnknownNode(id))
        }
    };
    let one_line = |text: &str| {
        if text.contains(['\n', '\r']) {
            return Err(RewriteError::NotOneLine(text.to_owned()));
        }
        Ok(())
    };
    match want {
        Want::Node(id) => known(*id),
        Want::Scalar(text) => one_line(text),
        Want::Lines(_) => Ok(()),
        Want::Map { base, entries } => {
            base.map_or(Ok(()), known)?;
            for entry in entries {
                use super::want::WantKey;
                match &entry.key {
                    WantKey::New(text) => one_line(text)?,
                    WantKey::Entry(key) | WantKey::Renamed(key, _) => {
                        known(*key)?;
                        if !tree.is_key(*key) {
                            return Err(RewriteError::UnknownNode(*key));
                        }
                        if !used.insert(*key) {
                            let offset = tree.span(*key).start;
                            return Err(RewriteError::UsedTwice { node: *key, offset });
                        }
                        if let WantKey::Renamed(_, text) = &entry.key {
                            one_line(text)?;
                        }
                    }
                }
                check(tree, &entry.value, used)?;
            }
            Ok(())
        }
        Want::List { base, items } => {
            base.map_or(Ok(()), known)?;
            items.iter().try_for_each(|item| check(tree, item, used))
        }
    }
}
