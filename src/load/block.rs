//! A block: a place where values are, and how they are reached and edited there.
//!
//! The values of a plain file are its document. A manifest holds them as a map, as a YAML text in a
//! string, or as a list of path strings (`parameters`, `set`). Whoever migrates sees a tree and a root in
//! any case: for a map it is the manifest's own tree, for the others one of their own. What is edited in
//! that tree is brought back into the file here, and nothing else of the file is touched.

use std::ops::Range;

use super::{Loaded, Workspace};
use crate::{
    carrier::{
        self, Dialect, LayerSource, PathEntry, ValuesRef,
        paths::{self, NewLeaf, PathsError},
        set,
    },
    migrate::Node,
    outcome::At,
    secrets,
    values::{Path, Value, leaves, place_of, view::View},
    yaml::{EditSet, InnerError, NodeId, Rewrite, Tree, host_offset, rewrite_inner},
};

/// A place where values are.
#[derive(Debug)]
pub struct Block {
    /// The file, as an index into [`Workspace::files`].
    pub file: usize,
    /// Where in it.
    pub place: Place,
}

/// Where in a file values are.
#[derive(Debug)]
pub enum Place {
    /// They are its only document.
    Document,
    /// They are a map in one of its documents.
    Map {
        /// The document, from 0.
        document: usize,
        /// Where in it.
        path: Path,
    },
    /// They are in a string that is YAML.
    Text {
        /// The document, from 0.
        document: usize,
        /// Where in it the string is.
        path: Path,
        /// What the string says.
        tree: Tree,
        /// Where in that the values are.
        prefix: Path,
    },
    /// They are a list of path strings.
    Paths {
        /// The document, from 0.
        document: usize,
        /// Where in it the list is.
        path: Path,
        /// Its entries.
        entries: Vec<PathEntry>,
        /// How they are written.
        dialect: Dialect,
        /// What they say, as a text of its own.
        tree: Tree,
        /// Where in that the values are.
        prefix: Path,
    },
}

/// Why the edits of a block cannot be brought into its file.
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
    /// What a person should know of how it is done, with its place in the file.
    pub notice: Option<(usize, &'static str)>,
}

impl Place {
    /// Tells places of one file apart.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Document => String::new(),
            Self::Map { document, path } => format!("{document} {path}"),
            Self::Text {
                document,
                path,
                prefix,
                ..
            }
            | Self::Paths {
                document,
                path,
                prefix,
                ..
            } => format!("{document} {path} {prefix}"),
        }
    }
}

/// What stands at a path of a document.
fn node_at(tree: &Tree, document: usize, path: &Path) -> Option<NodeId> {
    let document = tree.documents().get(document)?;
    let found = View::new(tree, document.root).at(path).ok()??;
    Some(found.node)
}

/// What stands at a path of the only document.
fn view_at<'t>(tree: &'t Tree, path: &Path) -> Option<View<'t>> {
    match tree.documents() {
        [_] => Some(View::new(tree, node_at(tree, 0, path)?)),
        _ => None,
    }
}

impl Block {
    /// The values of this block in another state of the tree that they are reached in; nothing if they
    /// are gone.
    #[must_use]
    pub fn again<'t>(&self, tree: &'t Tree) -> Option<View<'t>> {
        match &self.place {
            Place::Document => view_at(tree, &Path::root()),
            Place::Map { document, path } => Some(View::new(tree, node_at(tree, *document, path)?)),
            Place::Text { prefix, .. } | Place::Paths { prefix, .. } => view_at(tree, prefix),
        }
    }
}

impl Workspace {
    /// The tree in which the values of a block are reached.
    #[must_use]
    pub fn tree(&self, block: usize) -> &Tree {
        match &self.blocks[block].place {
            Place::Document | Place::Map { .. } => &self.file_of(block).tree,
            Place::Text { tree, .. } | Place::Paths { tree, .. } => tree,
        }
    }

    /// The values of a block as Helm sees them.
    #[must_use]
    pub fn view(&self, block: usize) -> View<'_> {
        let tree = self.tree(block);
        let view = self.blocks[block].again(tree);
        view.unwrap_or_else(|| View::new(tree, tree.documents()[0].root))
    }

    /// The file that a block stands in.
    #[must_use]
    pub fn file_of(&self, block: usize) -> &Loaded {
        &self.files[self.blocks[block].file]
    }

    /// The node of the file that holds a block which has a tree of its own.
    fn host(&self, block: usize) -> Option<NodeId> {
        let tree = &self.file_of(block).tree;
        match &self.blocks[block].place {
            Place::Document | Place::Map { .. } => None,
            Place::Text { document, path, .. } | Place::Paths { document, path, .. } => {
                node_at(tree, *document, path)
            }
        }
    }

    /// Where in its file a place of a block's tree is.
    #[must_use]
    pub fn offset(&self, block: usize, offset: usize) -> usize {
        let tree = &self.file_of(block).tree;
        match (&self.blocks[block].place, self.host(block)) {
            (Place::Text { .. }, Some(host)) => host_offset(tree, host, offset),
            (Place::Paths { .. }, Some(host)) => tree.span(host).start,
            _ => offset,
        }
    }

    /// Where a node of a block's tree stands, as a person finds it.
    #[must_use]
    pub fn at(&self, block: usize, node: NodeId) -> At {
        let tree = self.tree(block);
        let file = self.file_of(block);
        if let Place::Paths {
            entries, dialect, ..
        } = &self.blocks[block].place
        {
            let assigned = paths::read(entries, *dialect);
            let here = place_of(tree, node);
            let mut leaves = assigned.leaves.iter();
            let leaf = leaves.find(|(path, _)| path.is_related(&here));
            if let Some(entry) = leaf.and_then(|(_, by)| entries.get(*by.last()?)) {
                return file.at(file.tree.span(entry.node).start);
            }
        }
        file.at(self.offset(block, tree.span(node).start))
    }

    /// Brings the edits of a block into its file. `node` is what the values have become.
    ///
    /// # Errors
    ///
    /// If the file cannot say it at that place.
    pub fn embed(
        &self,
        block: usize,
        layer: usize,
        node: &Node,
        rewrite: &Rewrite,
    ) -> Result<Embedded, EmbedError> {
        let file = self.file_of(block);
        let own = |edits: &EditSet| {
            let edits = edits.iter();
            edits.map(|(range, new)| (range, new.to_owned())).collect()
        };
        let Some(host) = self.host(block) else {
            return Ok(Embedded {
                edits: own(&rewrite.edits),
                removed_comments: removed(file.tree.text(), rewrite, |at| at),
                notice: None,
            });
        };
        if let Place::Paths {
            entries,
            dialect,
            prefix,
            ..
        } = &self.blocks[block].place
        {
            let leaves = self.new_leaves(block, layer, node, prefix);
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
            removed_comments: removed(self.tree(block).text(), rewrite, |at| {
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
    pub fn unsayable(&self, block: usize, layer: usize, node: &Node) -> Vec<Path> {
        let Place::Paths { prefix, .. } = &self.blocks[block].place else {
            return Vec::new();
        };
        let says = |value: &Value| {
            let typings = [set::Typing::Typed, set::Typing::String];
            typings
                .iter()
                .any(|typing| set::write_value(value, *typing).is_ok())
        };
        let before = View::new(self.tree(block), self.view(block).root());
        let stays = |path: &Path, value: &Value| {
            let was = before.value(before.root()).unwrap_or(Value::Null);
            path.get(&was) == Some(value)
        };
        let tree = self.tree(block);
        let all = View::new(tree, tree.documents()[0].root);
        let all = Value::Map(all.values().unwrap_or_default());
        // What only goes elsewhere takes its entries along, however many they are.
        let moves = |leaf: &NewLeaf| {
            let from = leaf.from.as_ref().and_then(|from| from.get(&all));
            from == Some(&leaf.value)
        };
        self.new_leaves(block, layer, node, prefix)
            .into_iter()
            .filter(|leaf| !says(&leaf.value) && !moves(leaf))
            .filter_map(|leaf| Some((leaf.path.strip_prefix(prefix)?, leaf.value)))
            .filter(|(path, value)| !stays(path, value))
            .map(|(path, _)| path)
            .collect()
    }

    /// The leaves that a list of path strings has to set: those of the values, and those outside of them,
    /// which stay.
    fn new_leaves(&self, block: usize, layer: usize, node: &Node, prefix: &Path) -> Vec<NewLeaf> {
        let view = self.view(block);
        let tree = self.tree(block);
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
            own.sort_by_key(|from| **from != path);
            let from = own.first().map(|from| (*from).clone());
            used.extend(from.clone());
            new.push(NewLeaf {
                path: prefix.concat(&path),
                value: value.clone(),
                from: from.map(|from| prefix.concat(&from)),
            });
        }
        new
    }

    /// Whether a block is the `targetPath` of a Flux release: one path, its value elsewhere.
    #[must_use]
    pub fn is_target_path(&self, block: usize) -> bool {
        matches!(
            self.blocks[block].place,
            Place::Paths {
                dialect: Dialect::Flux | Dialect::FluxLiteral,
                ..
            }
        )
    }

    /// Whether an edited file sends the value of a `targetPath` to where it belongs now, or, if it is
    /// wanted nowhere, one time less than before.
    #[must_use]
    pub fn sends(&self, block: usize, host: &Tree, wanted: &Value) -> bool {
        let Place::Paths {
            document,
            entries,
            prefix,
            ..
        } = &self.blocks[block].place
        else {
            return false;
        };
        let file = self.file_of(block);
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

    /// What a block says in an edited file, as the values that Helm would get from it.
    #[must_use]
    pub fn said(&self, block: usize, host: &Tree) -> Option<Value> {
        let file = self.file_of(block);
        match &self.blocks[block].place {
            Place::Document | Place::Map { .. } => {
                let view = self.blocks[block].again(host)?;
                view.value(view.root()).ok()
            }
            Place::Text {
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
            Place::Paths {
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

    /// Where secrets are in a file, in the state `host` of its tree: those of its own keys, and those in
    /// values that it holds as text.
    #[must_use]
    pub fn secrets(&self, file: usize, host: &Tree) -> Vec<Range<usize>> {
        let mut all = secrets::in_tree(host);
        let strings = self.strings.get(&file).into_iter().flatten();
        let strings = strings.filter_map(|block| match &self.blocks[*block].place {
            Place::Text { document, path, .. } => node_at(host, *document, path),
            _ => None,
        });
        for node in strings {
            let text = host.scalar(node);
            let Ok(tree) = Tree::parse(text.as_ref()) else {
                continue;
            };
            for secret in secrets::in_tree(&tree) {
                let mut from = secret.start;
                for line in text[secret].split_inclusive('\n') {
                    let length = line.trim_end_matches(['\n', '\r']).len();
                    let start = host_offset(host, node, from);
                    if length > 0 && start != host.span(node).start {
                        all.push(start..start + length);
                    }
                    from += line.len();
                }
            }
        }
        secrets::sorted_apart(all)
    }
}

/// Where the only value stands that a value holds; in a list, behind what Helm fills up with nulls.
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

fn removed(text: &str, rewrite: &Rewrite, place: impl Fn(usize) -> usize) -> Vec<(usize, String)> {
    let spans = rewrite.removed_comments.iter();
    spans
        .map(|span| (place(span.start), text[span.clone()].to_owned()))
        .collect()
}
