//! The places in files where values stand, and how they are reached and edited there.
//!
//! The values of a plain file are its document. A manifest holds them as a map, as a YAML text in a
//! string, or as a list of path strings (`parameters`, `set`). Whoever migrates sees a tree and a root in
//! any case: for a map it is the manifest's own tree, for the others one of their own. What is edited in
//! that tree is brought back into the file here (`embed`), and read from the edited file again (`reread`);
//! nothing else of the file is touched. It knows no releases, reads no file and must not decide what a
//! value becomes.

mod embed;
mod reread;

use std::{ops::Range, path::PathBuf, sync::Arc};

use indexmap::IndexMap;

pub use embed::{EmbedError, Embedded};

use crate::{
    carrier::{Dialect, PathEntry},
    outcome::FilePosition,
    secrets,
    values::{Path, place_of, view::View},
    yaml::{HostPlaces, NodeId, Tree},
};

/// A file that was read: its text and its tree.
#[derive(Debug)]
pub struct TextFile {
    /// The name in messages.
    pub name: String,
    /// The path on disk; none for standard input.
    pub path: Option<PathBuf>,
    /// The text.
    pub text: Arc<str>,
    /// The tree of the text.
    pub tree: Tree,
}

impl TextFile {
    /// The values of the first document as Helm sees them.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View::new(&self.tree, self.tree.documents()[0].root)
    }

    /// The line and column of an offset in bytes.
    #[must_use]
    pub fn at(&self, offset: usize) -> FilePosition {
        let position = self.tree.position(offset);
        FilePosition {
            file: self.name.clone(),
            line: position.line,
            column: position.column,
        }
    }
}

/// A block of values: a file, and the place in it.
#[derive(Debug)]
pub struct Block {
    /// The index of the file among all that were read.
    pub file: usize,
    /// The place in the file.
    pub place: BlockPlace,
}

/// The form in which values stand in a file, and the place.
#[derive(Debug)]
pub enum BlockPlace {
    /// They are its only document.
    Document,
    /// They are a map in one of its documents.
    Map {
        /// The document, from 0.
        document: usize,
        /// The path of the map in it.
        path: Path,
    },
    /// They are in a string that is YAML.
    Text {
        /// The document, from 0.
        document: usize,
        /// The path of the string in it.
        path: Path,
        /// The text of the string, parsed.
        tree: Tree,
        /// The path of the values in that tree.
        prefix: Path,
        /// The places in the file of those in the text.
        places: HostPlaces,
    },
    /// They are a list of path strings.
    Paths {
        /// The document, from 0.
        document: usize,
        /// The path of the list in it.
        path: Path,
        /// Its entries.
        entries: Vec<PathEntry>,
        /// The notation of the entries.
        dialect: Dialect,
        /// The leaves that they set, each with its entries: the last one counts.
        set_by: IndexMap<Path, Vec<usize>>,
        /// The values that they set, as a document of its own.
        tree: Tree,
        /// The path of the values in that tree.
        prefix: Path,
    },
}

impl BlockPlace {
    /// A text that tells the places of one file apart.
    pub(crate) fn key(&self) -> String {
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

impl Block {
    /// The values of this block in another state of the tree in which they are reached; none if they are gone.
    #[must_use]
    pub fn view_in<'t>(&self, tree: &'t Tree) -> Option<View<'t>> {
        match &self.place {
            BlockPlace::Document => view_at(tree, &Path::root()),
            BlockPlace::Map { document, path } => {
                Some(View::new(tree, node_at(tree, *document, path)?))
            }
            BlockPlace::Text { prefix, .. } | BlockPlace::Paths { prefix, .. } => {
                view_at(tree, prefix)
            }
        }
    }

    /// The same in a text that is that of its document alone.
    #[must_use]
    pub fn view_in_document<'t>(&self, tree: &'t Tree) -> Option<View<'t>> {
        match (&self.place, tree.documents()) {
            (BlockPlace::Map { path, .. }, [_]) => Some(View::new(tree, node_at(tree, 0, path)?)),
            _ => None,
        }
    }

    /// True if the values stand in the tree of the file, and not in a text or in path strings.
    #[must_use]
    pub fn is_in_tree(&self) -> bool {
        matches!(self.place, BlockPlace::Document | BlockPlace::Map { .. })
    }

    /// True for the `targetPath` of a Flux release: one path, whose value is elsewhere.
    #[must_use]
    pub fn is_target_path(&self) -> bool {
        matches!(
            self.place,
            BlockPlace::Paths {
                dialect: Dialect::Flux | Dialect::FluxLiteral,
                ..
            }
        )
    }
}

/// A block together with its file.
#[derive(Debug, Clone, Copy)]
pub struct BlockInFile<'w> {
    /// The file.
    pub file: &'w TextFile,
    /// The block.
    pub block: &'w Block,
}

impl<'w> BlockInFile<'w> {
    /// The tree in which the values are reached.
    #[must_use]
    pub fn tree(self) -> &'w Tree {
        match &self.block.place {
            BlockPlace::Document | BlockPlace::Map { .. } => &self.file.tree,
            BlockPlace::Text { tree, .. } | BlockPlace::Paths { tree, .. } => tree,
        }
    }

    /// The values as Helm sees them.
    #[must_use]
    pub fn view(self) -> View<'w> {
        let tree = self.tree();
        let view = self.block.view_in(tree);
        view.unwrap_or_else(|| View::new(tree, tree.documents()[0].root))
    }

    /// The node of the file that holds the text or the path strings of the block.
    fn host(self) -> Option<NodeId> {
        match &self.block.place {
            BlockPlace::Document | BlockPlace::Map { .. } => None,
            BlockPlace::Text { document, path, .. } | BlockPlace::Paths { document, path, .. } => {
                node_at(&self.file.tree, *document, path)
            }
        }
    }

    /// The offset in the file of an offset in the block's tree, both in bytes.
    #[must_use]
    pub fn offset(self, offset: usize) -> usize {
        let tree = &self.file.tree;
        match (&self.block.place, self.host()) {
            (BlockPlace::Text { places, .. }, _) => places.offset(offset),
            (BlockPlace::Paths { .. }, Some(host)) => tree.span(host).start,
            _ => offset,
        }
    }

    /// The line and column in the file of a node of the block's tree.
    #[must_use]
    pub fn at(self, node: NodeId) -> FilePosition {
        let (tree, file) = (self.tree(), self.file);
        if let BlockPlace::Paths {
            entries, set_by, ..
        } = &self.block.place
        {
            let here = place_of(tree, node);
            let mut leaves = set_by.iter();
            let leaf = leaves.find(|(path, _)| path.is_related(&here));
            // Of several entries that set a place the last one counts.
            if let Some(entry) = leaf.and_then(|(_, by)| entries.get(*by.last()?)) {
                return file.at(file.tree.span(entry.node).start);
            }
        }
        file.at(self.offset(tree.span(node).start))
    }
}

/// The places of secrets in a file in the state `host` of its tree: those of its own keys, and those in the
/// blocks that it holds as text.
#[must_use]
pub fn secrets_in<'b>(
    host: &Tree,
    blocks: impl IntoIterator<Item = &'b Block>,
) -> Vec<Range<usize>> {
    let mut all = secrets::in_tree(host);
    let strings = blocks.into_iter().filter_map(|block| match &block.place {
        BlockPlace::Text { document, path, .. } => node_at(host, *document, path),
        _ => None,
    });
    for node in strings {
        let text = host.scalar(node);
        // What is no YAML was looked at line by line, as a scalar of the file.
        let Ok(tree) = Tree::parse(text.as_ref()) else {
            continue;
        };
        let places = HostPlaces::of(host, node);
        for secret in secrets::in_tree(&tree) {
            let mut from = secret.start;
            // Line by line, for the file has an indentation before each that the string does not have.
            for line in text[secret].split_inclusive('\n') {
                let length = line.trim_end_matches(['\n', '\r']).len();
                let start = places.offset(from);
                // It is the start of the string where the place is not known.
                if length > 0 && start != host.span(node).start {
                    all.push(start..start + length);
                }
                from += line.len();
            }
        }
    }
    secrets::sorted_apart(all)
}

/// The node at a path of a document.
fn node_at(tree: &Tree, document: usize, path: &Path) -> Option<NodeId> {
    let document = tree.documents().get(document)?;
    let found = View::new(tree, document.root).node_at(path).ok()??;
    Some(found.node)
}

/// The view from a path of the only document.
fn view_at<'t>(tree: &'t Tree, path: &Path) -> Option<View<'t>> {
    match tree.documents() {
        [_] => Some(View::new(tree, node_at(tree, 0, path)?)),
        _ => None,
    }
}
