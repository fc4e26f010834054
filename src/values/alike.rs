//! A look that tells surely equal nodes without reading the value of either.
//!
//! Most of an edited text is the text it was made of, read again. Nodes of the same structure whose scalars
//! have the same notation and content have the same value, whatever Helm makes of it; so only what is
//! written differently has to be read and compared. Aliases and tags depend on other places and are never
//! alike.

use super::view::View;
use crate::yaml::{Kind, NodeId};

impl View<'_> {
    /// True if a node is written as one of another document is, apart from layout. If not, the values may still be
    /// equal.
    #[must_use]
    pub fn is_alike(&self, node: NodeId, other: &View<'_>, theirs: NodeId) -> bool {
        let (ours, tree) = (self.tree(), other.tree());
        if ours.tag(node).is_some() || tree.tag(theirs).is_some() {
            return false;
        }
        match (ours.kind(node), tree.kind(theirs)) {
            (Kind::Scalar(a), Kind::Scalar(b)) => {
                // The style counts: a plain `1` is a number and a quoted one a string.
                a == b && self.content(node) == other.content(theirs)
            }
            (Kind::Mapping { .. }, Kind::Mapping { .. }) => {
                // Another order counts as a difference, although Helm sees none: the values are then read,
                // which is slower and never wrong. The lengths are compared because `zip` ends with the
                // shorter side.
                let mut pairs = ours.entries(node).zip(tree.entries(theirs));
                ours.len(node) == tree.len(theirs)
                    && pairs.all(|((key, value), (their_key, their_value))| {
                        self.is_alike(key, other, their_key)
                            && self.is_alike(value, other, their_value)
                    })
            }
            (Kind::Sequence { .. }, Kind::Sequence { .. }) => {
                let mut pairs = ours.items(node).zip(tree.items(theirs));
                ours.len(node) == tree.len(theirs)
                    && pairs.all(|(item, their_item)| self.is_alike(item, other, their_item))
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Tree;

    fn alike(a: &str, b: &str) -> bool {
        let (a, b) = (Tree::parse(a).unwrap(), Tree::parse(b).unwrap());
        let (a, b) = [&a, &b]
            .map(|tree| View::new(tree, tree.documents()[0].root))
            .into();
        let alike = a.is_alike(a.root(), &b, b.root());
        assert!(!alike || a.value(a.root()) == b.value(b.root()));
        alike
    }

    #[test]
    fn layout_and_comments_do_not_count() {
        assert!(alike("a:\n    b: [1, x] # c\n", "# d\na: {b: [1, x]}\n"));
        assert!(alike("a: |\n    x\n    y\n", "a: |\n  x\n  y\n"));
    }

    #[test]
    fn what_may_be_another_value_is_not_alike() {
        for (a, b) in [
            ("a: 1", "a: \"1\""),
            ("a: yes", "a: no"),
            ("a: {b: 1}", "a: {b: 1, c: 2}"),
            ("a: [1]", "a: [1, 2]"),
            ("a: !!str 1", "a: !!int 1"),
            ("a: &x 1\nb: *x", "a: &x 1\nb: *x"),
            ("a: |\n  x", "a: |\n  x\n"),
            ("a:", "a: ''"),
            ("a: {}", "a: []"),
        ] {
            assert!(!alike(a, b), "{a} / {b}");
        }
    }
}
