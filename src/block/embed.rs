//! Edits of a block's own tree as edits of the file that it stands in.
//!
//! A map is edited in the file itself. A string gets the new text, and a list of path strings the entries that
//! say the new values; where they cannot, that is an error, and nothing is changed.

use std::ops::Range;

use super::{BlockInFile, BlockPlace};
use crate::{
    carrier::{
        paths::{self, NewLeaf, PathsError},
        set,
    },
    migrate::TracedValue,
    values::{Path, Value, leaves, view::View},
    yaml::{EditSet, InnerError, Rewrite, host_offset, rewrite_inner},
};

/// The reasons for which the edits of a block cannot be brought into its file.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// The string cannot hold the new text.
    #[error("the string that holds the values cannot hold the new ones: {0}")]
    Text(#[from] InnerError),
    /// The list cannot say the new values.
    #[error("the list of path strings cannot say the new values: {0}")]
    Paths(#[from] PathsError),
}

/// The edits of a file that edit one of its blocks.
#[derive(Debug, Default)]
pub struct Embedded {
    /// The edits.
    pub edits: Vec<(Range<usize>, String)>,
    /// Comments that go with what is removed, with their places in the file.
    pub removed_comments: Vec<(usize, String)>,
    /// A note for the person on the way it is done, with its place in the file.
    pub notice: Option<(usize, &'static str)>,
}

impl BlockInFile<'_> {
    /// Brings the edits of a block into its file. `node` is what the values have become.
    ///
    /// # Errors
    ///
    /// If the file cannot say it at that place.
    pub fn embed(
        self,
        layer: usize,
        node: &TracedValue,
        rewrite: &Rewrite,
    ) -> Result<Embedded, EmbedError> {
        let file = self.file;
        let own = |edits: &EditSet| {
            let edits = edits.iter();
            edits.map(|(range, new)| (range, new.to_owned())).collect()
        };
        let Some(host) = self.host() else {
            return Ok(Embedded {
                edits: own(&rewrite.edits),
                removed_comments: removed(file.tree.text(), rewrite, |at| at),
                notice: None,
            });
        };
        if let BlockPlace::Paths {
            entries,
            dialect,
            prefix,
            ..
        } = &self.block.place
        {
            // The edits of its tree are of no use: that tree was made of the entries, and no file has its
            // text.
            let leaves = self.new_leaves(layer, node, prefix);
            let rewrite = paths::rewrite(&file.tree, host, entries, *dialect, &leaves)?;
            return Ok(Embedded {
                edits: own(&rewrite.edits),
                removed_comments: removed(file.tree.text(), &rewrite, |at| at),
                notice: None,
            });
        }
        let inner = rewrite_inner(&file.tree, host, &rewrite.edits)?;
        let restyled = "The string is written as a block (`|`) now: the way it was written cannot hold the new text line by line.";
        Ok(Embedded {
            edits: own(&inner.edits),
            removed_comments: removed(self.tree().text(), rewrite, |at| {
                host_offset(&file.tree, host, at)
            }),
            notice: inner
                .restyled
                .then(|| (file.tree.span(host).start, restyled)),
        })
    }

    /// The paths of new values that a list of path strings cannot set, because a value is more than a
    /// text. None for a block of another form.
    #[must_use]
    pub fn unwritable_paths(self, layer: usize, node: &TracedValue) -> Vec<Path> {
        let BlockPlace::Paths { prefix, .. } = &self.block.place else {
            return Vec::new();
        };
        let says = |value: &Value| {
            let typings = [set::Typing::Typed, set::Typing::String];
            typings
                .iter()
                .any(|typing| set::write_value(value, *typing).is_ok())
        };
        let view = self.view();
        let before = view.value(view.root()).unwrap_or(Value::Null);
        let stays = |path: &Path, value: &Value| path.get(&before) == Some(value);
        let tree = self.tree();
        let all = View::new(tree, tree.documents()[0].root);
        let all = Value::Map(all.values().unwrap_or_default());
        // What only goes elsewhere takes its entries along, however many they are.
        let moves = |leaf: &NewLeaf| {
            let from = leaf.from.as_ref().and_then(|from| from.get(&all));
            from == Some(&leaf.value)
        };
        self.new_leaves(layer, node, prefix)
            .into_iter()
            .filter(|leaf| !says(&leaf.value) && !moves(leaf))
            .filter_map(|leaf| Some((leaf.path.strip_prefix(prefix)?, leaf.value)))
            .filter(|(path, value)| !stays(path, value))
            .map(|(path, _)| path)
            .collect()
    }

    /// The leaves that a list of path strings has to set: those of the values, and those outside of them,
    /// which stay.
    fn new_leaves(self, layer: usize, node: &TracedValue, prefix: &Path) -> Vec<NewLeaf> {
        let view = self.view();
        let tree = self.tree();
        let all = View::new(tree, tree.documents()[0].root);
        let outside = all.values().unwrap_or_default();
        let mut new: Vec<NewLeaf> = leaves(&outside)
            .into_iter()
            .filter(|(path, _)| !path.starts_with(prefix))
            .map(|(path, value)| NewLeaf {
                from: Some(path.clone()),
                path,
                value: value.clone(),
            })
            .collect();
        let now = node.value(&view).unwrap_or(Value::Null);
        let Value::Map(map) = &now else { return new };
        let mut used: Vec<Path> = Vec::new();
        let origins = node.leaves(&view);
        for (path, value) in leaves(map) {
            let sources = origins.iter().find(|(at, _)| *at == path);
            let own = sources
                .into_iter()
                .flat_map(|(_, sources)| sources)
                .filter(|source| source.layer == layer)
                .map(|source| &source.path);
            let mut own: Vec<&Path> = own.filter(|from| !used.contains(from)).collect();
            // An entry whose path stays comes first, so that it is not touched.
            own.sort_by_key(|from| **from != path);
            let from = own.first().map(|from| (*from).clone());
            // An entry goes along once; further copies of its value are entries of their own.
            used.extend(from.clone());
            new.push(NewLeaf {
                path: prefix.concat(&path),
                value: value.clone(),
                from: from.map(|from| prefix.concat(&from)),
            });
        }
        new
    }
}

fn removed(text: &str, rewrite: &Rewrite, place: impl Fn(usize) -> usize) -> Vec<(usize, String)> {
    let spans = rewrite.removed_comments.iter();
    spans
        .map(|span| (place(span.start), text[span.clone()].to_owned()))
        .collect()
}
