//! Where things stand in the files of a pack: from what a check knows (a step, a field, a path) to a line
//! and a column.
//!
//! A check never counts lines itself. A place that cannot be found falls back to what is around it, so
//! that a finding always has a place in its file.

use crate::{
    values::Path,
    yaml::{Kind, NodeId, ParseError, Tree, excerpt_at},
};

use super::finding::{Code, PackFinding};

/// A file of a pack.
#[derive(Debug)]
pub(super) struct CheckedFile {
    /// Its name in the folder.
    pub name: String,
    /// Its text as a tree, or why it is none.
    pub tree: Result<Tree, ParseError>,
    /// Its text.
    pub text: String,
}

impl CheckedFile {
    pub fn new(name: String, text: String) -> Self {
        let tree = Tree::parse(text.as_str());
        Self { name, tree, text }
    }

    /// The file as a whole.
    pub fn spot(&self) -> Spot<'_> {
        let root = self.tree.as_ref().ok().and_then(|tree| {
            let document = tree.documents().first()?;
            Some(document.root)
        });
        Spot {
            file: self,
            node: root,
            offset: root.map_or(0, |root| self.body_start(root)),
        }
    }

    /// A place by its offset.
    pub fn spot_at(&self, offset: usize) -> Spot<'_> {
        Spot {
            file: self,
            node: None,
            offset,
        }
    }

    fn body_start(&self, node: NodeId) -> usize {
        self.tree.as_ref().map_or(0, |tree| tree.body(node).start)
    }
}

/// A place in a file: a node, and where it is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot<'f> {
    file: &'f CheckedFile,
    node: Option<NodeId>,
    offset: usize,
}

impl<'f> Spot<'f> {
    pub fn of(file: &'f CheckedFile, node: NodeId) -> Self {
        Self {
            file,
            node: Some(node),
            offset: file.body_start(node),
        }
    }

    fn tree_and_node(self) -> Option<(&'f Tree, NodeId)> {
        Some((self.file.tree.as_ref().ok()?, self.node?))
    }

    /// The entry of a map, shown at its key.
    pub fn get(self, key: &str) -> Self {
        self.find_entry(|tree, node| tree.content(node) == key)
            // What is missing is shown where it was looked for.
            .unwrap_or(Self { node: None, ..self })
    }

    /// The same, if it is there.
    pub fn find(self, key: &str) -> Option<Self> {
        self.find_entry(|tree, node| tree.content(node) == key)
    }

    fn find_entry(self, fits: impl Fn(&Tree, NodeId) -> bool) -> Option<Self> {
        let (tree, node) = self.tree_and_node()?;
        let (key, value) = tree.entries(node).find(|(key, _)| fits(tree, *key))?;
        Some(Self {
            file: self.file,
            node: Some(value),
            offset: self.file.body_start(key),
        })
    }

    /// The item of a list.
    pub fn item(self, index: usize) -> Self {
        let found = self.tree_and_node().and_then(|(tree, node)| {
            let item = tree.items(node).nth(index)?;
            Some(Self::of(self.file, item))
        });
        found.unwrap_or(Self { node: None, ..self })
    }

    /// The place of a path in a map or list of paths: as a key, as a value, or as an item.
    pub fn find_path(self, path: &Path) -> Option<Self> {
        let (tree, node) = self.tree_and_node()?;
        let is = |node: NodeId| {
            let text = tree.content(node);
            // A name of a match may stand for one key or for several.
            let stars = |path: &Path| path.to_string().replace("**", "*");
            let means = |text: &str| {
                let read = text.parse::<Path>();
                read.is_ok_and(|read| {
                    read == *path || text.contains('*') && stars(&read) == stars(path)
                })
            };
            matches!(tree.kind(node), Kind::Scalar(_))
                && (means(text) || text.contains('{') && means(&with_wildcards(text)))
        };
        if let Some(found) = self.find_entry(|_, key| is(key)) {
            return Some(found);
        }
        let mut values = tree.entries(node).map(|(_, value)| value);
        let found = values.find(|value| is(*value));
        let found = found.or_else(|| tree.items(node).find(|item| is(*item)))?;
        Some(Self::of(self.file, found))
    }

    /// The same place, shown at the value behind its key.
    pub fn at_value(self) -> Self {
        match self.node {
            Some(node)
                if self
                    .tree_and_node()
                    .is_some_and(|(tree, _)| !tree.is_implicit_null(node)) =>
            {
                Self::of(self.file, node)
            }
            _ => self,
        }
    }

    /// The key that a map stands behind; the map itself in a list or at the root.
    pub fn enclosing_key(self) -> Self {
        let key = self
            .tree_and_node()
            .and_then(|(tree, node)| tree.key_of(node));
        match key {
            Some(key) => Self {
                offset: self.file.body_start(key),
                ..self
            },
            None => self,
        }
    }

    /// True if it is in the value of a key.
    pub fn is_below(self, key: &str) -> bool {
        let Some((tree, node)) = self.tree_and_node() else {
            return false;
        };
        let mut above = std::iter::successors(Some(node), |node| tree.parent(*node));
        above.any(|node| {
            tree.key_of(node)
                .is_some_and(|own| tree.content(own) == key)
        })
    }

    /// The text of a scalar there.
    pub fn text(self) -> Option<&'f str> {
        let (tree, node) = self.tree_and_node()?;
        matches!(tree.kind(node), Kind::Scalar(_)).then(|| tree.content(node))
    }

    /// The entries of a map there: the key's text, and the entry.
    pub fn entries(self) -> Vec<(&'f str, Self)> {
        let Some((tree, node)) = self.tree_and_node() else {
            return Vec::new();
        };
        let entries = tree.entries(node).map(|(key, value)| {
            let spot = Self {
                file: self.file,
                node: Some(value),
                offset: self.file.body_start(key),
            };
            (tree.content(key), spot)
        });
        entries.collect()
    }

    /// The items of a list there.
    pub fn items(self) -> Vec<Self> {
        let Some((tree, node)) = self.tree_and_node() else {
            return Vec::new();
        };
        tree.items(node)
            .map(|item| Self::of(self.file, item))
            .collect()
    }

    /// The place as people name it.
    pub fn line(self) -> usize {
        self.position().line
    }

    fn position(self) -> crate::yaml::Position {
        match &self.file.tree {
            Ok(tree) => tree.position(self.offset),
            Err(_) => crate::yaml::Position::of(&self.file.text, self.offset),
        }
    }

    /// A finding there.
    pub fn finding_here(self, code: Code, message: impl Into<String>) -> PackFinding {
        let position = self.position();
        PackFinding {
            file: self.file.name.clone(),
            line: Some(position.line),
            column: Some(position.column),
            severity: code.severity(),
            code,
            message: message.into(),
            excerpt: Some(excerpt_at(&self.file.text, self.offset, position)),
        }
    }
}

/// A path with a wildcard in place of each name of a match.
pub(super) fn with_wildcards(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        shown.push_str(before);
        match behind.split_once('}') {
            Some((_, behind)) => {
                shown.push('*');
                rest = behind;
            }
            None => {
                shown.push('{');
                rest = behind;
            }
        }
    }
    shown + rest
}
