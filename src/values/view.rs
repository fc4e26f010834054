//! A document as Helm sees it, read where it is asked for.
//!
//! A [`View`] lies over a [`Tree`] and copies nothing: maps are looked up by Helm's key names,
//! scalars are typed when they are touched, aliases and merge keys are followed. Answers name nodes,
//! so that an edit can find the text, and say how a node was reached, because an edit through an
//! alias or a merge key would change more than was asked.
//!
//! Two of Helm's habits differ from what YAML says. Of duplicate keys the last wins. And `<<` is
//! carried out where it stands: keys written before it are overridden by it, keys after it override
//! it; in a list of maps the earlier ones win.
//!
//! Expansion of aliases is bounded by Helm's own rule (`decode.go` of go-yaml v2: the share of work
//! caused by aliases), cycles are errors, and nesting through aliases is bounded by
//! [`MAX_VALUE_DEPTH`], where Helm would go on.

use std::{borrow::Cow, collections::HashMap};

use super::decode::AliasBudget;
use super::error::{ReadError, ReadErrorKind};
use super::key::{self, KeyError, KeyType};
use super::large::{ItemPositions, Large};
use super::path::{Path, Segment};
use super::scalar::{self, Resolved};
use super::tag::Handles;
use super::value::Value;
use crate::yaml::{Kind as NodeKind, NodeId, ScalarStyle, Tree};

/// The nesting of values, aliases expanded, beyond which reading stops.
pub const MAX_VALUE_DEPTH: usize = 512;

/// The type of a node, aliases followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// Null, written or not.
    Null,
    /// A boolean.
    Bool,
    /// A number; also one that Helm cannot hold, such as `.inf`.
    Number,
    /// A string.
    String,
    /// A list.
    List,
    /// A map.
    Map,
}

/// The way on which an entry comes into a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// It is written there.
    Direct,
    /// The map itself was reached through this alias; the entry is written at the anchor.
    Alias(NodeId),
    /// It was merged in by this `<<` key of the map.
    Merge(NodeId),
}

/// An entry of a map under Helm's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapEntry<'t> {
    /// The name.
    pub name: Cow<'t, str>,
    /// The key as written.
    pub key: NodeId,
    /// The value as written; perhaps an alias.
    pub value: NodeId,
    /// The way on which it comes into the map.
    pub via: Via,
}

/// The reasons for which a written entry does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loss {
    /// The same key follows.
    Repeated,
    /// A merge key follows and brings the same key.
    Merged,
}

/// A written entry that lost against a later one of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate<'t> {
    /// The name.
    pub name: Cow<'t, str>,
    /// The key that lost.
    pub lost: NodeId,
    /// The key that overrode it.
    pub by: NodeId,
    /// The reason.
    pub loss: Loss,
}

/// The entries of a map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapEntries<'t> {
    /// One entry for each name, in the order in which the names first occur.
    pub entries: Vec<MapEntry<'t>>,
    /// The written entries that were overridden in the same map.
    pub duplicates: Vec<Duplicate<'t>>,
}

/// The node at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeAtPath {
    /// The node; perhaps an alias.
    pub node: NodeId,
    /// The key, if the node is a map's value.
    pub key: Option<NodeId>,
    /// The first alias or merge key on the way, if there is one. The node itself being an alias
    /// does not count.
    pub via: Via,
}

/// A document as Helm sees it.
#[derive(Clone, Debug)]
pub struct View<'t> {
    pub(super) tree: &'t Tree,
    pub(super) root: NodeId,
    handles: Handles,
    large: Large,
}

/// A name, and the type of the key that has it.
pub(super) type TypedName<'t> = (Cow<'t, str>, KeyType);

/// An entry as it is met on the way through a map. A name that cannot be had is an error only if the
/// map counts.
pub(super) struct WrittenEntry<'t> {
    pub(super) name: Result<TypedName<'t>, ReadError>,
    pub(super) key: NodeId,
    pub(super) value: NodeId,
    pub(super) via: Via,
}

/// Entries as they are read, each found by its name. Most maps are so small that a look at each name is cheaper than
/// an index.
struct EntriesByName<'t> {
    entries: Vec<(MapEntry<'t>, KeyType)>,
    /// The places by name, once there are many.
    places: HashMap<Cow<'t, str>, usize>,
}

impl<'t> EntriesByName<'t> {
    /// The number of entries from which on they are found by the index.
    const MANY: usize = 12;

    fn with_capacity(entries: usize) -> Self {
        Self {
            entries: Vec::with_capacity(entries),
            places: HashMap::new(),
        }
    }

    fn get(&mut self, name: &str) -> Option<&mut (MapEntry<'t>, KeyType)> {
        if self.entries.len() < Self::MANY {
            return self.entries.iter_mut().find(|(it, _)| it.name == name);
        }
        self.entries.get_mut(*self.places.get(name)?)
    }

    /// Adds an entry whose name is not there.
    fn push(&mut self, entry: MapEntry<'t>, key_type: KeyType) {
        self.entries.push((entry, key_type));
        let indexed = match self.entries.len() {
            few if few < Self::MANY => return,
            Self::MANY => 0,
            many => many - 1,
        };
        let new = self.entries.iter().enumerate().skip(indexed);
        self.places
            .extend(new.map(|(at, (entry, _))| (entry.name.clone(), at)));
    }
}

/// The value of a text of one document; `None` for several documents, and where Helm refuses it.
#[must_use]
pub fn read(text: &str) -> Option<Value> {
    let tree = Tree::parse(text).ok()?;
    let [document] = tree.documents() else {
        return None;
    };
    View::new(&tree, document.root).value(document.root).ok()
}

impl<'t> View<'t> {
    /// A view of the document that `root` is part of, normally
    /// [`DocumentInfo::root`](crate::yaml::DocumentInfo::root).
    #[must_use]
    pub fn new(tree: &'t Tree, root: NodeId) -> Self {
        Self {
            tree,
            root,
            handles: Handles::of(tree, root),
            large: Large::default(),
        }
    }

    /// The tree below.
    #[must_use]
    pub fn tree(&self) -> &'t Tree {
        self.tree
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// The type of a node, an alias followed.
    ///
    /// # Errors
    /// A scalar whose tag it does not fit.
    pub fn kind(&self, node: NodeId) -> Result<ValueKind, ReadError> {
        let node = self.target(node);
        Ok(match self.tree.kind(node) {
            NodeKind::Mapping { .. } => ValueKind::Map,
            NodeKind::Sequence { .. } => ValueKind::List,
            _ => match self.resolve(node)? {
                Resolved::Null => ValueKind::Null,
                Resolved::Bool(_) => ValueKind::Bool,
                Resolved::Int(_) | Resolved::Uint(_) | Resolved::Float(_) => ValueKind::Number,
                Resolved::String(_) => ValueKind::String,
            },
        })
    }

    /// The node that an alias stands for; any other node itself.
    #[must_use]
    pub fn target(&self, node: NodeId) -> NodeId {
        self.tree.alias_target(node).unwrap_or(node)
    }

    /// The entry of a map (or of an alias to one) under a name; `None` if there is none or the node
    /// is no map. A null has no entries.
    ///
    /// # Errors
    /// Keys or merges in this map that Helm refuses, and a name it would pick at random.
    pub fn get(&self, node: NodeId, name: &str) -> Result<Option<MapEntry<'t>>, ReadError> {
        let read = || Some(self.entries(node).ok()?.entries);
        if let Some(map) = self.large.map(node, self.tree.len(self.target(node)), read) {
            return Ok(map.get(name).map(|&(key, value, via)| MapEntry {
                name: Cow::Owned(name.to_owned()),
                key,
                value,
                via,
            }));
        }
        if let Some(found) = self.get_by_text(node, name) {
            return Ok(found);
        }
        // The map is read to its end: the last of several entries of a name counts.
        let mut found: Option<(MapEntry<'t>, KeyType)> = None;
        self.each_entry(node, &mut |met| {
            let (met_name, key_type) = met.name?;
            if met_name != name {
                return Ok(());
            }
            if found.as_ref().is_some_and(|(_, other)| *other != key_type) {
                return Err(self.error(met.key, ReadErrorKind::RandomKey(met_name.into_owned())));
            }
            let entry = MapEntry {
                name: met_name,
                key: met.key,
                value: met.value,
                via: met.via,
            };
            found = Some((entry, key_type));
            Ok(())
        })?;
        Ok(found.map(|(entry, _)| entry))
    }

    /// The same for a map all of whose keys are texts that name themselves, as nearly all keys of all maps are: nothing of
    /// it can be refused, and no key has to be read to see that it is another one. `None` for any other map.
    fn get_by_text(&self, node: NodeId, name: &str) -> Option<Option<MapEntry<'t>>> {
        let map = self.target(node);
        let mut found = None;
        for (key, value) in self.tree.entries(map) {
            let text = self.name_as_written(key)?;
            if text == name {
                found = Some((text, key, value));
            }
        }
        let via = if map == node {
            Via::Direct
        } else {
            Via::Alias(node)
        };
        Some(found.map(|(name, key, value)| MapEntry {
            name: Cow::Borrowed(name),
            key,
            value,
            via,
        }))
    }

    /// The text of a key that is its name, whatever a reader makes of words and numbers; `None` if more has to be known.
    fn name_as_written(&self, key: NodeId) -> Option<&'t str> {
        let NodeKind::Scalar(style) = self.tree.kind(key) else {
            return None;
        };
        let text = self.tree.content(key);
        let is_name = match style {
            ScalarStyle::Plain => text != "<<" && scalar::is_plain_text(text),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => true,
            ScalarStyle::Literal | ScalarStyle::Folded => false,
        };
        (is_name && self.tree.tag(key).is_none()).then_some(text)
    }

    /// The entries of a map (or of an alias to one); none if the node is no map.
    ///
    /// # Errors
    /// As [`get`](Self::get), for all keys.
    pub fn entries(&self, node: NodeId) -> Result<MapEntries<'t>, ReadError> {
        let map = self.tree.len(self.target(node));
        let mut read = EntriesByName::with_capacity(map);
        let mut duplicates = Vec::new();
        self.each_entry(node, &mut |met| {
            let (name, key_type) = met.name?;
            let entry = MapEntry {
                name,
                key: met.key,
                value: met.value,
                via: met.via,
            };
            let Some((lost, other)) = read.get(&entry.name) else {
                read.push(entry, key_type);
                return Ok(());
            };
            if *other != key_type {
                let name = entry.name.into_owned();
                return Err(self.error(met.key, ReadErrorKind::RandomKey(name)));
            }
            // To override what a merge key brought is what merge keys are for; only written entries are lost.
            let merges = |via| matches!(via, Via::Merge(_));
            if !merges(lost.via) {
                duplicates.push(Duplicate {
                    name: entry.name.clone(),
                    lost: lost.key,
                    by: entry.key,
                    loss: if merges(entry.via) {
                        Loss::Merged
                    } else {
                        Loss::Repeated
                    },
                });
            }
            *lost = entry;
            Ok(())
        })?;
        Ok(MapEntries {
            entries: read.entries.into_iter().map(|(entry, _)| entry).collect(),
            duplicates,
        })
    }

    /// The items of a list (or of an alias to one); none if the node is no list.
    pub fn items(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<'t> {
        self.tree.items(self.target(node))
    }

    /// The number of items of a list (or of an alias to one); 0 if the node is no list.
    #[must_use]
    pub fn item_count(&self, node: NodeId) -> usize {
        let list = self.target(node);
        match self.tree.kind(list) {
            NodeKind::Sequence { .. } => self.tree.len(list),
            _ => 0,
        }
    }

    /// The item of a list (or of an alias to one) at a position, from 0; `None` if there is none or the node is no list.
    #[must_use]
    pub fn item(&self, node: NodeId, index: usize) -> Option<NodeId> {
        let read = || self.items(node).collect();
        match self.large.list(node, self.item_count(node), read) {
            Some(items) => items.get(index).copied(),
            None => self.items(node).nth(index),
        }
    }

    /// The node at a concrete path; of several items that a selection fits, the first. `None` if there is none or the
    /// path has a wildcard.
    ///
    /// # Errors
    /// Maps on the way that Helm refuses. The value at the end is not read.
    pub fn node_at(&self, path: &Path) -> Result<Option<NodeAtPath>, ReadError> {
        let mut place = NodeAtPath {
            node: self.root,
            key: None,
            via: Via::Direct,
        };
        for segment in path.segments() {
            let through = match self.tree.kind(place.node) {
                NodeKind::Alias => Via::Alias(place.node),
                _ => Via::Direct,
            };
            let (node, key, via) = match segment {
                Segment::Key(name) => match self.get(place.node, name)? {
                    Some(entry) => (entry.value, Some(entry.key), entry.via),
                    None => return Ok(None),
                },
                Segment::Index(index) => match self.item(place.node, *index) {
                    Some(item) => (item, None, through),
                    None => return Ok(None),
                },
                Segment::Select { key, value } => match self.select(place.node, key, value)? {
                    Some(item) => (item, None, through),
                    None => return Ok(None),
                },
                Segment::KeyPattern(_)
                | Segment::SelectPattern { .. }
                | Segment::AnyKey
                | Segment::AnyItem
                | Segment::AnyDepth => return Ok(None),
            };
            let via = if place.via == Via::Direct {
                via
            } else {
                place.via
            };
            place = NodeAtPath { node, key, via };
        }
        Ok(Some(place))
    }

    /// The path at which a node is written, by Helm's key names; `None` if it is not part of these values.
    /// What stands in a mapping under a key that has no name is at its text.
    #[must_use]
    pub fn path_of(&self, mut node: NodeId) -> Option<Path> {
        let mut segments = Vec::new();
        while node != self.root {
            let parent = self.tree.parent(node)?;
            segments.push(match self.tree.key_of(node) {
                Some(key) => Segment::Key(self.written_name(key)),
                None => {
                    let item = self.tree.items(parent).position(|item| item == node);
                    Segment::Index(item.unwrap_or_default())
                }
            });
            node = parent;
        }
        segments.reverse();
        Some(Path::new(segments))
    }

    fn written_name(&self, key: NodeId) -> String {
        let target = self.target(key);
        let name = self
            .resolve(target)
            .ok()
            .and_then(|resolved| match resolved {
                Resolved::String(name) => Some(name.into_owned()),
                other => key::name(other).ok().map(|(name, _)| name),
            });
        name.unwrap_or_else(|| self.tree.content(target).to_owned())
    }

    /// The first item of a list in which a key has a text.
    pub(super) fn select(
        &self,
        list: NodeId,
        key: &str,
        text: &str,
    ) -> Result<Option<NodeId>, ReadError> {
        if let Some(positions) = self.positions(list, key, text) {
            return Ok(positions.first().and_then(|first| self.item(list, *first)));
        }
        for item in self.items(list) {
            if self.text_in(item, key)?.as_deref() == Some(text) {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    /// The positions of the items of a list (or of an alias to one) in which a key has a text; `None` where that is not
    /// remembered: then the items are to be looked at.
    #[must_use]
    pub fn positions(&self, list: NodeId, key: &str, text: &str) -> Option<Vec<usize>> {
        let read = || {
            let mut by_text = ItemPositions::new();
            for (i, item) in self.items(list).enumerate() {
                if let Some(text) = self.text_in(item, key).ok()? {
                    by_text.entry(text).or_default().push(i);
                }
            }
            Some(by_text)
        };
        let len = self.item_count(list);
        let by_text = self.large.selected(self.target(list), key, len, read)?;
        Some(by_text.get(text).cloned().unwrap_or_default())
    }

    /// The text of the scalar under a key of an item.
    fn text_in(&self, item: NodeId, key: &str) -> Result<Option<String>, ReadError> {
        let Some(entry) = self.get(item, key)? else {
            return Ok(None);
        };
        let node = self.target(entry.value);
        if !matches!(self.tree.kind(node), NodeKind::Scalar(_)) {
            return Ok(None);
        }
        let value = self.resolve(node)?.into_value().ok();
        Ok(value.and_then(|value| value.scalar_text().map(str::to_owned)))
    }

    /// Goes through the entries of a map, reached directly or through an alias.
    fn each_entry(
        &self,
        node: NodeId,
        f: &mut dyn FnMut(WrittenEntry<'t>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let map = self.target(node);
        if !matches!(self.tree.kind(map), NodeKind::Mapping { .. }) {
            return Ok(());
        }
        let via = if map == node {
            Via::Direct
        } else {
            Via::Alias(node)
        };
        self.walk(&mut AliasBudget::default(), map, via, &mut |_, met| f(met))
    }

    /// Goes through the entries of a mapping in Helm's order, merges carried out where they stand.
    pub(super) fn walk(
        &self,
        budget: &mut AliasBudget,
        map: NodeId,
        via: Via,
        f: &mut dyn FnMut(&mut AliasBudget, WrittenEntry<'t>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        self.deeper(budget, map)?;
        for (key, value) in self.tree.entries(map) {
            if self.is_merge(key) {
                let via = match via {
                    // An edit would have to change the outermost merge key, for that one stands in the map
                    // itself.
                    Via::Merge(_) => via,
                    _ => Via::Merge(key),
                };
                self.merge(budget, value, via, f)?;
                continue;
            }
            let name = self.key(budget, key)?;
            let met = WrittenEntry {
                name,
                key,
                value,
                via,
            };
            f(budget, met)?;
        }
        budget.depth -= 1;
        Ok(())
    }

    /// Carries out `<<`: the entries of one map, or of the maps of a list, the last first.
    fn merge(
        &self,
        budget: &mut AliasBudget,
        value: NodeId,
        via: Via,
        f: &mut dyn FnMut(&mut AliasBudget, WrittenEntry<'t>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let maps: Vec<NodeId> = match self.tree.kind(value) {
            NodeKind::Sequence { .. } => self.tree.items(value).collect(),
            _ => vec![value],
        };
        // From the end, as go-yaml does: the earlier map comes later and overrides.
        for node in maps.into_iter().rev() {
            if !matches!(self.tree.kind(self.target(node)), NodeKind::Mapping { .. }) {
                return Err(self.error(node, ReadErrorKind::Merge));
            }
            self.count(budget, node)?;
            if self.tree.kind(node) == NodeKind::Alias {
                let target = self.enter(budget, node)?;
                // The alias and its target are two steps for go-yaml.
                self.count(budget, target)?;
                self.walk(budget, target, via, f)?;
                self.leave(budget);
            } else {
                self.walk(budget, node, via, f)?;
            }
        }
        Ok(())
    }

    fn is_merge(&self, key: NodeId) -> bool {
        let NodeKind::Scalar(style) = self.tree.kind(key) else {
            return false;
        };
        self.tree.content(key) == "<<"
            && match self.tag(key).as_deref() {
                // As `isMerge` of go-yaml v2, whose parser calls a scalar with the tag `!` implicit like a
                // plain one.
                None => style == ScalarStyle::Plain,
                Some(tag) => tag == "!" || tag == scalar::MERGE_TAG,
            }
    }

    /// The name of a key. The outer error stops Helm in any case.
    fn key(
        &self,
        budget: &mut AliasBudget,
        key: NodeId,
    ) -> Result<Result<TypedName<'t>, ReadError>, ReadError> {
        self.count(budget, key)?;
        if let Some(name) = self.name_as_written(key) {
            return Ok(Ok((Cow::Borrowed(name), KeyType::String)));
        }
        let mut node = key;
        if self.tree.kind(key) == NodeKind::Alias {
            node = self.enter(budget, key)?;
            self.count(budget, node)?;
            self.leave(budget);
        }
        if !matches!(self.tree.kind(node), NodeKind::Scalar(_)) {
            return Err(self.error(key, KeyError::Collection));
        }
        let resolved = self.resolve(node)?;
        if let Resolved::String(name) = resolved {
            return Ok(Ok((name, KeyType::String)));
        }
        Ok(match key::name(resolved) {
            Ok((name, key_type)) => Ok((Cow::Owned(name), key_type)),
            Err(error) => Err(self.error(key, error)),
        })
    }

    /// The type and content of a scalar node.
    ///
    /// # Errors
    /// A scalar whose tag it does not fit.
    pub fn resolve(&self, node: NodeId) -> Result<Resolved<'t>, ReadError> {
        let plain = self.tree.kind(node) == NodeKind::Scalar(ScalarStyle::Plain);
        scalar::resolve(self.content(node), plain, self.tag(node).as_deref())
            .map_err(|error| self.error(node, error))
    }

    /// The content of a scalar as Helm has it. It differs from YAML's in one thing: where the text
    /// ends in a block scalar without a line break, Helm adds none to the content.
    pub(super) fn content(&self, node: NodeId) -> &'t str {
        let content = self.tree.content(node);
        let NodeKind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded) = self.tree.kind(node)
        else {
            return content;
        };
        let text = self.tree.text();
        if text.ends_with(['\n', '\r']) {
            return content;
        }
        let body = self.tree.body(node);
        let lines = &text[body.start..];
        let lines = lines.find('\n').map_or("", |header| &lines[header + 1..]);
        if content.bytes().all(|b| b == b'\n') {
            // Kept blank lines: Helm counts the line breaks that are there.
            let breaks = lines.bytes().filter(|&b| b == b'\n').count();
            let last = lines.trim().is_empty();
            return &content[..content.len().min(if last { breaks } else { usize::MAX })];
        }
        if !text[body.end..].trim().is_empty() {
            return content;
        }
        let last_line = text.rsplit(['\n', '\r']).next().unwrap_or(text);
        // A last line of spaces is content only if it reaches behind the indentation.
        let indent = self.tree.block_scalar(node).map_or(0, |body| body.indent);
        if last_line.bytes().all(|b| b == b' ') && last_line.len() <= indent {
            return content;
        }
        content.strip_suffix('\n').unwrap_or(content)
    }

    fn tag(&self, node: NodeId) -> Option<Cow<'t, str>> {
        Some(self.handles.expand(self.tree.tag(node)?))
    }

    pub(super) fn error(&self, node: NodeId, kind: impl Into<ReadErrorKind>) -> ReadError {
        ReadError {
            kind: kind.into(),
            offset: self.tree.span(node).start,
        }
    }
}

/// The path of a node from the root of its document, by the keys as they are spelled.
#[must_use]
pub fn place_of(tree: &Tree, mut node: NodeId) -> Path {
    let mut segments = Vec::new();
    while let Some(parent) = tree.parent(node) {
        segments.push(match tree.key_of(node) {
            Some(key) => Segment::Key(tree.scalar(key).into_owned()),
            None => Segment::Index(tree.items(parent).position(|i| i == node).unwrap_or(0)),
        });
        node = parent;
    }
    segments.reverse();
    Path::new(segments)
}
