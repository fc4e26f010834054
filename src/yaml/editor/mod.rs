//! A lossless editor: change a place in a YAML text and leave every other byte alone.
//!
//! It is a thin layer over [`rewrite`](super::rewrite()): a change is said in terms of the text that is
//! there, the replacements are made, and the result is read again, by both readers, before it becomes the
//! editor's text. So an edit that fails changes nothing.

mod path;
mod value;

use std::convert::Infallible;
use std::sync::Arc;

use super::agreement::{Disagreement, check_agreement};
use super::error::ParseError;
use super::rewrite::rewrite;
use super::source::Position;
use super::tree::{Kind, NodeId, ScalarStyle, Tree};
use super::want::{RewriteError, Want, WantEntry, WantKey};

pub use path::{NodePath, PathStep};
pub use value::NewValue;

/// An edit that cannot be done. The text is as it was.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EditorError {
    /// The text is not YAML, or does not have the document that was asked for.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A path is malformed.
    #[error("`{0}` is no path: write a.b[0], and a backslash before a dot that belongs to a key")]
    Path(String),
    /// There is nothing at a path.
    #[error("there is nothing at `{0}`")]
    NotFound(NodePath),
    /// A path at which a new value should come is taken.
    #[error("there is something at `{0}` already")]
    Occupied(NodePath),
    /// A path leads into a value that is not a map (for a key) or not a list (for an index).
    #[error("`{0}` is not of the kind that the path leads into")]
    WrongKind(NodePath),
    /// A key on the way stands in its map more than once.
    #[error("`{0}` stands there more than once")]
    Duplicate(NodePath),
    /// The place is an alias, stands behind one, or in an anchored node that aliases repeat: the edit
    /// would change other places too.
    #[error("`{0}` is shared with other places by an anchor")]
    Shared(NodePath),
    /// Something would move into itself.
    #[error("`{0}` cannot move into itself")]
    IntoItself(NodePath),
    /// The text is of a form that cannot be edited.
    #[error(transparent)]
    Text(#[from] RewriteError),
    /// Older readers, as most programs have, read the text otherwise than YAML 1.2 does.
    #[error(transparent)]
    OtherReader(#[from] Disagreement),
}

impl From<Infallible> for EditorError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// A YAML text that is edited place by place.
///
/// ```
/// use refit::yaml::Editor;
///
/// let mut editor = Editor::open("# the web\nimage:\n  tag: '1.0'   # pinned\n\nreplicas: 2\n")?;
/// editor.set("image.tag", "1.1")?;
/// editor.rename("replicas", "replicaCount")?;
/// editor.set("image.pullPolicy", "Always")?;
/// assert_eq!(
///     editor.text(),
///     "# the web\nimage:\n  tag: \"1.1\"   # pinned\n  pullPolicy: Always\n\nreplicaCount: 2\n",
/// );
/// # Ok::<(), refit::yaml::EditorError>(())
/// ```
///
/// What is kept: comments, blank lines, quotes, indentation, line breaks, anchors, a byte order mark, and a
/// missing line break at the end. A comment directly above an entry goes with it; one behind a blank line
/// stays.
///
/// # Limits
///
/// - Aliases and merge keys are not followed, and nothing that they share is edited
///   ([`EditorError::Shared`]).
/// - Keys are compared as they read without quotes: `1` and `"1"` are one key. A key that is a list or a
///   map cannot be named.
/// - Comments cannot be edited, and cannot go into a list or map that is written between brackets.
/// - New texts are written on one line, new lists and maps in the notation of what they come into.
/// - Each edit reads the text again, so many edits of a large text take long.
#[derive(Debug)]
pub struct Editor {
    tree: Tree,
    document: usize,
}

/// A place in the text of an [`Editor`], to be looked at.
#[derive(Clone, Copy, Debug)]
pub struct FoundNode<'e> {
    tree: &'e Tree,
    node: NodeId,
}

impl<'e> FoundNode<'e> {
    /// The kind of the node, with its notation.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.tree.kind(self.node)
    }

    /// It as it is written, without the comment behind it.
    #[must_use]
    pub fn source(self) -> &'e str {
        &self.tree.text()[self.tree.span(self.node)]
    }

    /// The content of a scalar: its text without quotes and escapes. Empty for a list or a map; the name
    /// for an alias.
    #[must_use]
    pub fn content(self) -> &'e str {
        self.tree.content(self.node)
    }

    /// The number of entries or items.
    #[must_use]
    pub fn len(self) -> usize {
        self.tree.len(self.node)
    }

    /// True if the node has no entries or items.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The keys of a map, in order; none of anything else.
    pub fn keys(self) -> impl Iterator<Item = &'e str> {
        self.tree
            .entries(self.node)
            .map(|(key, _)| self.tree.content(key))
    }

    /// The place in the text: line and column.
    #[must_use]
    pub fn position(self) -> Position {
        self.tree.position(self.tree.span(self.node).start)
    }
}

/// The nodes along a path, as far as they exist.
struct PathNodes {
    /// The nodes from the root on.
    nodes: Vec<NodeId>,
    /// The number of steps for which there is nothing.
    missing: usize,
}

impl Editor {
    /// Opens a text; of several documents the first is edited.
    ///
    /// # Errors
    /// If it is not YAML.
    pub fn open(text: impl Into<Arc<str>>) -> Result<Self, EditorError> {
        Self::open_document(text, 0)
    }

    /// Opens a text to edit one of its documents, counted from 0.
    ///
    /// # Errors
    /// If it is not YAML, or has fewer documents.
    pub fn open_document(text: impl Into<Arc<str>>, document: usize) -> Result<Self, EditorError> {
        let tree = Tree::parse(text)?;
        if document >= tree.documents().len() {
            return Err(EditorError::NotFound(NodePath::root()));
        }
        Ok(Self { tree, document })
    }

    /// The text as it is now.
    #[must_use]
    pub fn text(&self) -> &str {
        self.tree.text()
    }

    /// The node at a path; `None` if there is none.
    ///
    /// ```
    /// # use refit::yaml::Editor;
    /// let editor = Editor::open("args:\n  - \"--v=2\"  # loud\n")?;
    /// let found = editor.get("args[0]")?.expect("an item");
    /// assert_eq!((found.content(), found.source()), ("--v=2", "\"--v=2\""));
    /// assert_eq!(found.position().line, 2);
    /// # Ok::<(), refit::yaml::EditorError>(())
    /// ```
    ///
    /// # Errors
    /// If the path is malformed, leads into a value of another kind, or over a key that stands twice.
    pub fn get<P>(&self, path: P) -> Result<Option<FoundNode<'_>>, EditorError>
    where
        P: TryInto<NodePath, Error: Into<EditorError>>,
    {
        let path = path.try_into().map_err(Into::into)?;
        let way = self.nodes_along(&path)?;
        let node = way.nodes.last().copied().filter(|_| way.missing == 0);
        Ok(node.map(|node| FoundNode {
            tree: &self.tree,
            node,
        }))
    }

    /// Sets the value at a path: an entry or item that is there keeps its place and its comments, a new
    /// entry comes to the end of its map, and maps that are missing on the way are made. An index that is
    /// the length of its list adds to it.
    ///
    /// # Errors
    /// If the text cannot be edited so.
    pub fn set<P>(&mut self, path: P, value: impl Into<NewValue>) -> Result<(), EditorError>
    where
        P: TryInto<NodePath, Error: Into<EditorError>>,
    {
        let path = path.try_into().map_err(Into::into)?;
        let value = value.into();
        let way = self.nodes_along(&path)?;
        if way.missing == 0 {
            let node = way.nodes[way.nodes.len() - 1];
            self.refuse_shared(&way.nodes, &path)?;
            let new = value.want(self.is_quoted(node));
            return self.replace(node, &new);
        }
        let there = path.steps().len() - way.missing;
        let parent = way.nodes[there];
        self.refuse_shared(&way.nodes, &path)?;
        let quoted = self.is_quoted(parent);
        // What is missing below the first step that is.
        let mut new = value.want(quoted);
        for step in path.steps()[there + 1..].iter().rev() {
            new = match step {
                PathStep::Key(key) => Want::Map {
                    base: None,
                    entries: vec![WantEntry {
                        key: WantKey::New(value::text_source(key, quoted)),
                        value: new,
                    }],
                },
                PathStep::Index(0) => Want::List {
                    base: None,
                    items: vec![new],
                },
                PathStep::Index(_) => return Err(EditorError::NotFound(path)),
            };
        }
        let at = match &path.steps()[there] {
            PathStep::Index(index) => *index,
            PathStep::Key(_) => self.tree.len(parent),
        };
        self.put_entry(parent, at, &path.steps()[there], new, &path)
    }

    /// Puts a new value into a list, before the item at this place, or into a map, at its end.
    ///
    /// ```
    /// # use refit::yaml::Editor;
    /// let mut editor = Editor::open("hosts: [a, c]\n")?;
    /// editor.insert("hosts[1]", "b")?;
    /// assert_eq!(editor.text(), "hosts: [a, b, c]\n");
    /// # Ok::<(), refit::yaml::EditorError>(())
    /// ```
    ///
    /// # Errors
    /// If the map has the key already, the list is shorter, or the text cannot be edited so.
    pub fn insert<P>(&mut self, path: P, value: impl Into<NewValue>) -> Result<(), EditorError>
    where
        P: TryInto<NodePath, Error: Into<EditorError>>,
    {
        self.insert_at(path, usize::MAX, value)
    }

    /// Puts a new entry into a map, before the entry at a place (counted from 0; at the end if there are
    /// fewer). For an item the place is the one in the path.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn insert_at<P>(
        &mut self,
        path: P,
        place: usize,
        value: impl Into<NewValue>,
    ) -> Result<(), EditorError>
    where
        P: TryInto<NodePath, Error: Into<EditorError>>,
    {
        let path = path.try_into().map_err(Into::into)?;
        let Some((above, step)) = path.split() else {
            return Err(EditorError::Occupied(path));
        };
        let way = self.nodes_along(&above)?;
        let parent = self.existing_node(&way, &above)?;
        self.refuse_shared(&way.nodes, &path)?;
        let place = match step {
            PathStep::Index(index) => *index,
            PathStep::Key(_) if self.child(parent, step, &path)?.is_some() => {
                return Err(EditorError::Occupied(path));
            }
            PathStep::Key(_) => place.min(self.tree.len(parent)),
        };
        let new = value.into().want(self.is_quoted(parent));
        self.put_entry(parent, place, step, new, &path)
    }

    /// Gives an entry another key; it keeps its place, its comments and its value.
    ///
    /// # Errors
    /// If there is none, the new key is there already, or the text cannot be edited so.
    pub fn rename<P>(&mut self, path: P, key: &str) -> Result<(), EditorError>
    where
        P: TryInto<NodePath, Error: Into<EditorError>>,
    {
        let path = path.try_into().map_err(Into::into)?;
        let Some((above, PathStep::Key(_))) = path.split() else {
            return Err(EditorError::WrongKind(path));
        };
        self.move_to(&path, &above.key(key))
    }

    /// Takes an entry or an item out, with the comments that belong to it. A map or list that becomes empty
    /// stays as `{}` or `[]`.
    ///
    /// # Errors
    /// If there is none, or the text cannot be edited so.
    pub fn remove<P>(&mut self, path: P) -> Result<(), EditorError>
    where
        P: TryInto<NodePath, Error: Into<EditorError>>,
    {
        let path = path.try_into().map_err(Into::into)?;
        let way = self.nodes_along(&path)?;
        let node = self.existing_node(&way, &path)?;
        self.refuse_shared(&way.nodes, &path)?;
        let Some(parent) = self.tree.parent(node) else {
            return Err(EditorError::WrongKind(path));
        };
        let new = self.want_without(parent, node);
        self.replace(parent, &new)
    }

    /// Moves an entry or an item, with the comments that belong to it: to another key of the same map in its
    /// place, to another map at its end, to a list before the item that is there. The place is counted in
    /// the list as it is before; what is beside it closes up.
    ///
    /// ```
    /// # use refit::yaml::Editor;
    /// let mut editor = Editor::open("# which\nport: 80\nservice:\n  type: NodePort\n")?;
    /// editor.move_to("port", "service.port")?;
    /// assert_eq!(editor.text(), "# which\nservice:\n  type: NodePort\n  port: 80\n");
    /// # Ok::<(), refit::yaml::EditorError>(())
    /// ```
    ///
    /// # Errors
    /// If there is nothing to move, the new place is taken, the map or list it goes to is not
    /// there, or the text cannot be edited so.
    pub fn move_to<P, Q>(&mut self, from: P, to: Q) -> Result<(), EditorError>
    where
        P: TryInto<NodePath, Error: Into<EditorError>>,
        Q: TryInto<NodePath, Error: Into<EditorError>>,
    {
        let from = from.try_into().map_err(Into::into)?;
        let to = to.try_into().map_err(Into::into)?;
        let way = self.nodes_along(&from)?;
        let node = self.existing_node(&way, &from)?;
        let (Some(parent), Some((above, step))) = (self.tree.parent(node), to.split()) else {
            return Err(EditorError::WrongKind(from));
        };
        if from == to {
            return Ok(());
        }
        let target_way = self.nodes_along(&above)?;
        let target = self.existing_node(&target_way, &above)?;
        if self.tree.is_within(target, node) {
            return Err(EditorError::IntoItself(from));
        }
        self.refuse_shared(&way.nodes, &from)?;
        self.refuse_shared(&target_way.nodes, &to)?;
        let existing = self.child(target, step, &to)?;
        if matches!(step, PathStep::Key(_)) && existing.is_some() {
            return Err(EditorError::Occupied(to));
        }
        let key = match (step, self.tree.key_of(node)) {
            (PathStep::Index(_), _) => None,
            (PathStep::Key(name), Some(key)) if self.tree.content(key) == name => {
                Some(WantKey::Entry(key))
            }
            (PathStep::Key(name), own) => {
                let text = value::text_source(name, self.is_quoted(target));
                Some(own.map_or(WantKey::New(text.clone()), |key| {
                    WantKey::Renamed(key, text)
                }))
            }
        };
        let place = match step {
            PathStep::Index(index) if *index <= self.tree.len(target) => *index,
            PathStep::Index(_) => return Err(EditorError::NotFound(to)),
            PathStep::Key(_) if target == parent => self.place(parent, node),
            PathStep::Key(_) => self.tree.len(target),
        };
        let moved = MovedNode {
            tree: &self.tree,
            node,
            parent,
            target,
            place,
            key,
        };
        let root = self.common(parent, target);
        let want = moved.want(root);
        self.replace(root, &want)
    }

    fn root(&self) -> NodeId {
        self.tree.documents()[self.document].root
    }

    fn nodes_along(&self, path: &NodePath) -> Result<PathNodes, EditorError> {
        let mut nodes = vec![self.root()];
        for (n, step) in path.steps().iter().enumerate() {
            match self.child(nodes[n], step, path)? {
                Some(node) => nodes.push(node),
                None => {
                    let missing = path.steps().len() - n;
                    return Ok(PathNodes { nodes, missing });
                }
            }
        }
        Ok(PathNodes { nodes, missing: 0 })
    }

    fn existing_node(&self, way: &PathNodes, path: &NodePath) -> Result<NodeId, EditorError> {
        match way.nodes.last() {
            Some(node) if way.missing == 0 => Ok(*node),
            _ => Err(EditorError::NotFound(path.clone())),
        }
    }

    fn child(
        &self,
        node: NodeId,
        step: &PathStep,
        path: &NodePath,
    ) -> Result<Option<NodeId>, EditorError> {
        let tree = &self.tree;
        match (tree.kind(node), step) {
            (Kind::Mapping { .. }, PathStep::Key(name)) => {
                // Scalars alone: the content of an alias is its name, which is no key.
                let is_named = |key: NodeId| {
                    matches!(tree.kind(key), Kind::Scalar(_)) && tree.content(key) == name
                };
                let mut values = tree
                    .entries(node)
                    .filter(|(key, _)| is_named(*key))
                    .map(|(_, value)| value);
                let first = values.next();
                match values.next() {
                    Some(_) => Err(EditorError::Duplicate(path.clone())),
                    None => Ok(first),
                }
            }
            (Kind::Sequence { .. }, PathStep::Index(index)) => Ok(tree.items(node).nth(*index)),
            (Kind::Alias, _) => Err(EditorError::Shared(path.clone())),
            // Nothing is written there yet, so it can become what is needed.
            (Kind::Scalar(ScalarStyle::Plain), _)
                if matches!(tree.content(node), "" | "~" | "null") && tree.tag(node).is_none() =>
            {
                Ok(None)
            }
            _ => Err(EditorError::WrongKind(path.clone())),
        }
    }

    /// Refuses what would be seen at an alias.
    fn refuse_shared(&self, nodes: &[NodeId], path: &NodePath) -> Result<(), EditorError> {
        let tree = &self.tree;
        let repeated = |node: NodeId| {
            tree.anchor(node).is_some()
                && tree.aliases().any(|a| tree.alias_target(a) == Some(node))
        };
        match nodes.iter().any(|&node| repeated(node)) {
            true => Err(EditorError::Shared(path.clone())),
            false => Ok(()),
        }
    }

    /// True if texts beside a node are quoted, as in JSON.
    fn is_quoted(&self, node: NodeId) -> bool {
        let map = std::iter::successors(Some(node), |node| self.tree.parent(*node))
            .find(|node| matches!(self.tree.kind(*node), Kind::Mapping { .. }));
        let first = map.and_then(|map| self.tree.entries(map).next());
        first.is_some_and(|(key, _)| self.tree.kind(key) == Kind::Scalar(ScalarStyle::DoubleQuoted))
    }

    fn place(&self, parent: NodeId, node: NodeId) -> usize {
        match self.tree.kind(parent) {
            Kind::Mapping { .. } => self.tree.entries(parent).position(|(_, v)| v == node),
            _ => self.tree.items(parent).position(|item| item == node),
        }
        .unwrap_or(0)
    }

    /// Puts a new entry or item into a collection.
    fn put_entry(
        &mut self,
        parent: NodeId,
        place: usize,
        step: &PathStep,
        new: Want,
        path: &NodePath,
    ) -> Result<(), EditorError> {
        let tree = &self.tree;
        let want = match (tree.kind(parent), step) {
            (Kind::Sequence { .. } | Kind::Scalar(_), PathStep::Index(_)) => {
                let base = matches!(tree.kind(parent), Kind::Sequence { .. }).then_some(parent);
                let mut items: Vec<Want> = tree.items(parent).map(Want::Node).collect();
                if place > items.len() {
                    return Err(EditorError::NotFound(path.clone()));
                }
                items.insert(place, new);
                Want::List { base, items }
            }
            (Kind::Mapping { .. } | Kind::Scalar(_), PathStep::Key(key)) => {
                let base = matches!(tree.kind(parent), Kind::Mapping { .. }).then_some(parent);
                let mut entries = as_they_are(tree, parent);
                let key = WantKey::New(value::text_source(key, self.is_quoted(parent)));
                entries.insert(place.min(entries.len()), WantEntry { key, value: new });
                Want::Map { base, entries }
            }
            _ => return Err(EditorError::WrongKind(path.clone())),
        };
        self.replace(parent, &want)
    }

    fn want_without(&self, parent: NodeId, node: NodeId) -> Want {
        let tree = &self.tree;
        match tree.kind(parent) {
            Kind::Mapping { .. } => Want::Map {
                base: Some(parent),
                entries: as_they_are(tree, parent)
                    .into_iter()
                    .filter(|entry| entry.value != Want::Node(node))
                    .collect(),
            },
            _ => Want::List {
                base: Some(parent),
                items: tree
                    .items(parent)
                    .filter(|item| *item != node)
                    .map(Want::Node)
                    .collect(),
            },
        }
    }

    fn common(&self, one: NodeId, other: NodeId) -> NodeId {
        std::iter::successors(Some(one), |node| self.tree.parent(*node))
            .find(|node| self.tree.is_within(other, *node))
            .unwrap_or_else(|| self.root())
    }

    /// Makes a node what is wanted, if the result can be read.
    fn replace(&mut self, node: NodeId, want: &Want) -> Result<(), EditorError> {
        let done = rewrite(&self.tree, node, want)?;
        if done.edits.is_empty() {
            return Ok(());
        }
        let tree = Tree::parse(done.edits.apply(self.tree.text()))?;
        let Some(document) = tree.documents().get(self.document) else {
            return Err(EditorError::NotFound(NodePath::root()));
        };
        // Before the tree changes hands, so that an edit that fails leaves everything as it was.
        check_agreement(&tree, document.root, None)?;
        self.tree = tree;
        Ok(())
    }
}

fn as_they_are(tree: &Tree, map: NodeId) -> Vec<WantEntry> {
    tree.entries(map)
        .map(|(key, value)| WantEntry {
            key: WantKey::Entry(key),
            value: Want::Node(value),
        })
        .collect()
}

/// Something that goes from one collection to another.
struct MovedNode<'t> {
    tree: &'t Tree,
    node: NodeId,
    parent: NodeId,
    target: NodeId,
    /// The index in the target, counted among its present units.
    place: usize,
    /// Its key there; `None` for an item.
    key: Option<WantKey>,
}

impl MovedNode<'_> {
    /// A collection that holds both, as it should be.
    fn want(&self, id: NodeId) -> Want {
        let tree = self.tree;
        let on_the_way =
            |id: NodeId| tree.is_within(self.parent, id) || tree.is_within(self.target, id);
        if !on_the_way(id) {
            return Want::Node(id);
        }
        let value = || Want::Node(self.node);
        match tree.kind(id) {
            Kind::Mapping { .. } => {
                let mut entries = Vec::new();
                for (n, (key, below)) in tree.entries(id).enumerate() {
                    if id == self.target && n == self.place {
                        entries.extend(self.entry(value()));
                    }
                    if below != self.node {
                        entries.push(WantEntry {
                            key: WantKey::Entry(key),
                            value: self.want(below),
                        });
                    }
                }
                if id == self.target && self.place >= tree.len(id) {
                    entries.extend(self.entry(value()));
                }
                Want::Map {
                    base: Some(id),
                    entries,
                }
            }
            Kind::Sequence { .. } => {
                let mut items = Vec::new();
                for (n, item) in tree.items(id).enumerate() {
                    if id == self.target && n == self.place {
                        items.push(value());
                    }
                    if item != self.node {
                        items.push(self.want(item));
                    }
                }
                if id == self.target && self.place >= tree.len(id) {
                    items.push(value());
                }
                Want::List {
                    base: Some(id),
                    items,
                }
            }
            // The target is a null that becomes what is needed.
            _ => match self.entry(value()) {
                Some(entry) => Want::Map {
                    base: None,
                    entries: vec![entry],
                },
                None => Want::List {
                    base: None,
                    items: vec![value()],
                },
            },
        }
    }

    fn entry(&self, value: Want) -> Option<WantEntry> {
        let key = self.key.clone()?;
        Some(WantEntry { key, value })
    }
}
