//! The values of a block in the edited file, read as Helm and the deployers read them.
//!
//! It shares nothing with the code that edits: the edited text is parsed, and its manifests are looked for anew.

use super::{BlockInFile, BlockPlace, node_at, view_at};
use crate::{
    carrier::{self, LayerSource, ValuesRef, paths},
    values::{Path, Value, leaves, place_of},
    yaml::{NodeId, Tree},
};

impl BlockInFile<'_> {
    /// True if an edited file sends the value of a `targetPath` to the path of the new values, or, if they have
    /// none, sends it one time less than before.
    #[must_use]
    pub fn sends_target(self, host: &Tree, wanted: &Value) -> bool {
        let BlockPlace::Paths {
            document,
            entries,
            prefix,
            ..
        } = &self.block.place
        else {
            return false;
        };
        let file = self.file;
        let name = file.path.as_deref().unwrap_or("".as_ref());
        let targets = |tree: &Tree| -> Vec<(NodeId, ValuesRef)> {
            carrier::find(tree, name)
                .carriers
                .into_iter()
                .filter(|carrier| carrier.document == *document)
                .flat_map(|carrier| carrier.layers)
                .filter_map(|layer| match layer.source {
                    LayerSource::Reference(reference) if reference.target_path.is_some() => {
                        Some((layer.node, reference))
                    }
                    _ => None,
                })
                .collect()
        };
        let before = targets(&file.tree);
        let own = before
            .iter()
            .find(|(node, _)| entries.iter().any(|entry| entry.node == *node));
        let Some((_, own)) = own else { return false };
        let same = |reference: &ValuesRef| {
            reference.object.kind == own.object.kind
                && reference.object.name == own.object.name
                && reference.key == own.key
        };
        let paths: Vec<Path> = targets(host)
            .into_iter()
            .filter(|(_, reference)| same(reference))
            .filter_map(|(_, reference)| carrier::set::path(&reference.target_path?.text).ok())
            .collect();
        if let Some(path) = only_path(wanted) {
            return paths.contains(&prefix.concat(&path));
        }
        let Value::Map(wanted) = wanted else {
            return false;
        };
        let count = before.iter().filter(|(_, other)| same(other)).count();
        leaves(wanted).is_empty() && paths.len() < count
    }

    /// The values that Helm gets from the block in an edited file; none if they are gone.
    #[must_use]
    pub fn values_in(self, host: &Tree) -> Option<Value> {
        let file = self.file;
        match &self.block.place {
            BlockPlace::Document | BlockPlace::Map { .. } => {
                let view = self.block.view_in(host)?;
                view.value(view.root()).ok()
            }
            BlockPlace::Text {
                document,
                path,
                prefix,
                ..
            } => {
                let node = node_at(host, *document, path)?;
                let tree = Tree::parse(host.scalar(node).into_owned()).ok()?;
                let view = view_at(&tree, prefix)?;
                view.value(view.root()).ok()
            }
            BlockPlace::Paths {
                document,
                path,
                dialect,
                prefix,
                ..
            } => {
                let found = carrier::find(host, file.path.as_deref().unwrap_or("".as_ref()));
                let carriers = found.carriers.iter().filter(|c| c.document == *document);
                let layers = carriers.flat_map(|carrier| &carrier.layers);
                let mut layers = layers.chain(&found.overrides);
                let list = layers.find_map(|layer| match &layer.source {
                    LayerSource::Paths { entries, .. } if place_of(host, layer.node) == *path => {
                        Some(entries)
                    }
                    _ => None,
                });
                let values = list.map(|entries| paths::read(entries, *dialect).values);
                prefix.get(&Value::Map(values.unwrap_or_default())).cloned()
            }
        }
    }
}

/// The path of the only value that a value holds; in a list it stands behind what Helm fills up with nulls.
fn only_path(value: &Value) -> Option<Path> {
    match value {
        Value::Map(map) => {
            let mut entries = map.iter();
            let ((key, value), None) = (entries.next()?, entries.next()) else {
                return None;
            };
            Some(Path::root().key(key).concat(&only_path(value)?))
        }
        Value::List(items) => {
            let (last, before) = items.split_last()?;
            let filled = before.iter().all(|item| matches!(item, Value::Null));
            let below = filled.then(|| only_path(last))??;
            Some(Path::root().index(before.len()).concat(&below))
        }
        _ => Some(Path::root()),
    }
}
