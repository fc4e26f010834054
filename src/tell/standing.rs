//! Where scalars of a text stand in a result.
//!
//! Most files have none that is worth a word, and most of a result is as it was: so whoever looks for something names
//! the scalars first, and only maps and lists that hold one are walked.

use crate::{
    migrate::{Body, TracedValue},
    values::{Path, view::View},
    yaml::NodeId,
};

/// The scalars of a layer that still stand in its result as they are written, each with its new path. `scalars` are in
/// the order of the text.
pub(super) fn still_standing(
    scalars: &[NodeId],
    layer: usize,
    root: &TracedValue,
    view: &View<'_>,
) -> Vec<(Path, NodeId)> {
    let mut search = ScalarSearch {
        view,
        layer,
        has_aliases: view.tree().aliases().next().is_some(),
        scalars,
        found: Vec::new(),
    };
    search.below(root, &Path::root());
    search.found
}

/// Looks for scalars of the text in a result: those that still stand in it as they are written.
struct ScalarSearch<'s> {
    view: &'s View<'s>,
    layer: usize,
    /// True if nodes below a node may stand elsewhere in the text.
    has_aliases: bool,
    /// In the order of the text.
    scalars: &'s [NodeId],
    found: Vec<(Path, NodeId)>,
}

impl ScalarSearch<'_> {
    fn below(&mut self, node: &TracedValue, at: &Path) {
        if let (Body::Same, Some(source)) = (&node.body, node.source())
            && source.layer == self.layer
        {
            if self.scalars.binary_search(&source.node).is_ok() {
                self.found.push((at.clone(), source.node));
                return;
            }
            if !self.has_aliases && !self.holds_one(source.node) {
                return;
            }
        }
        for entry in node.entries(self.view) {
            self.below(&entry.node, &at.key(&entry.key));
        }
        for (i, item) in node.items(self.view).unwrap_or_default().iter().enumerate() {
            self.below(item, &at.index(i));
        }
    }

    /// True if one of the scalars stands in the text of a node.
    fn holds_one(&self, node: NodeId) -> bool {
        let next = self.scalars.partition_point(|scalar| *scalar < node);
        let tree = self.view.tree();
        let end = tree.span(node).end;
        let first = self.scalars.get(next);
        first.is_some_and(|scalar| tree.span(*scalar).start < end)
    }
}
