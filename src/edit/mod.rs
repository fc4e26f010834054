//! From values with provenance to the text that says them.
//!
//! It never sees a step: it compares what a layer is now with what its text says, and describes the text
//! that is wanted in terms of the text that is there. What kept its place is not mentioned at all, what
//! went elsewhere brings its text along, and only what was made is written anew. One set of edits per
//! file, however many migrations ran.

mod followers;
mod parts;
mod style;

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
};

pub use style::{key_source, new_value};

use style::{Style, new_value_in, styled_key};

use crate::{
    migrate::{Body, Entry, TextPlace, TracedValue, ValueOrigin},
    values::{
        Path, ReadError, Segment, Value,
        key::KeyError,
        place_of,
        view::{self, Loss, Via, View},
        write::Quotes,
    },
    yaml::{
        self, Kind, NodeId, Rewrite, RewriteError, ScalarStyle, Tree, Want, WantEntry, WantKey,
    },
};

/// The reasons for which the text cannot be edited. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The change would have to go through aliases or merge keys, and so change other places too.
    #[error("{} an anchor that other places use too", Shared::all(.0))]
    Shared(Vec<Shared>),
    /// The change would be seen at an alias elsewhere, which is to stay as it is.
    #[error("{path} is an alias of something that changes, and would change with it")]
    Anchored {
        /// The path of the alias.
        path: Path,
        /// The alias.
        node: NodeId,
    },
    /// A map that is to change has a key twice.
    #[error(
        "{} the key `{key}` more than once",
        if path.is_root() { "the file has".to_owned() } else { format!("{path} has") }
    )]
    Duplicate {
        /// The map.
        path: Path,
        /// The key.
        key: String,
        /// The first of them.
        node: NodeId,
        /// The one that overrides it.
        by: NodeId,
    },
    /// A key cannot be written.
    #[error("the key `{key}` cannot be written: {error}")]
    Key {
        /// The key.
        key: String,
        /// The reason.
        error: KeyError,
    },
    /// A map on the way cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The text is of a form that cannot be edited.
    #[error(transparent)]
    Text(#[from] RewriteError),
}

/// A place that comes from an anchor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The path that is to change.
    pub path: Path,
    /// The alias, or the merge key.
    pub node: NodeId,
    /// The names of the anchors that it stands for.
    pub anchors: Vec<String>,
}

impl Shared {
    fn all(places: &[Self]) -> String {
        let paths: Vec<String> = places.iter().map(|place| place.path.to_string()).collect();
        let verb = if paths.len() == 1 {
            "comes from"
        } else {
            "come from"
        };
        format!("{} {verb}", paths.join(", "))
    }
}

/// Works out the edits that make a file's text say the new values.
///
/// `detach` allows to replace aliases and merge keys on the way by a copy of what they stand for.
///
/// # Errors
///
/// If the text cannot be edited so.
pub fn edit(
    view: &View<'_>,
    node: &TracedValue,
    layer: usize,
    detach: bool,
) -> Result<Rewrite, EditError> {
    let tree = view.tree();
    let mut claims = Claims {
        view,
        layer,
        in_place: HashMap::new(),
        moved: HashMap::new(),
    };
    // In this order: text that can stay where it is does not go along with another copy of its value.
    claims.in_place(node, &Path::root(), &Path::root());
    claims.moved(node, &Path::root());
    let writer = WantBuilder {
        view,
        tree,
        claims,
        anchored: anchored_places(view, node, layer),
        alike: RefCell::default(),
        shared: RefCell::default(),
        kept_keys: RefCell::default(),
    };
    let want = writer.want(node, &Path::root(), Style::PLAIN)?;
    let mut want = want;
    let mut aliases = followers::followers(tree, &want);
    // These are meant to follow: the change at their anchor is theirs as well.
    aliases.retain(|alias| !writer.alike.borrow().contains(alias));
    if let Some(fixed) = aliases
        .iter()
        .find(|alias| !followers::can_be_copy(tree, **alias))
    {
        return Err(anchored_error(tree, *fixed));
    }
    for alias in &aliases {
        writer.share(&place_of(tree, *alias), *alias);
    }
    let shared = writer.shared.into_inner();
    if !detach && !shared.is_empty() {
        return Err(EditError::Shared(shared));
    }
    if !aliases.is_empty() {
        want = match followers::write_old_values(view, &want, &aliases) {
            Some(want) => want,
            None => return Err(anchored_error(tree, aliases[0])),
        };
    }
    let rewrite = match (yaml::rewrite(tree, view.root(), &want), aliases.first()) {
        // An alias that stands in text which is copied as well.
        (Err(RewriteError::UsedTwice { .. }), Some(alias)) => {
            return Err(anchored_error(tree, *alias));
        }
        (rewrite, _) => rewrite?,
    };
    no_duplicate_goes(view, &rewrite)?;
    Ok(rewrite)
}

/// An entry that a later one of the same key overrides has no fate of its own: it must not go with a map that
/// is dropped or taken apart.
fn no_duplicate_goes(view: &View<'_>, rewrite: &Rewrite) -> Result<(), EditError> {
    let tree = view.tree();
    let edits: Vec<_> = rewrite.edits.iter().map(|(range, _)| range).collect();
    let is_edited = |span: &std::ops::Range<usize>| {
        // The edits are sorted and apart, so the first that ends behind the beginning is the only one to look
        // at.
        let at = edits.partition_point(|edit| edit.end <= span.start);
        edits.get(at).is_some_and(|edit| edit.start < span.end)
    };
    let maps = tree.nodes_beside(view.root()).filter(|node| {
        matches!(tree.kind(*node), Kind::Mapping { .. }) && is_edited(&tree.span(*node))
    });
    for map in maps {
        for twice in view.entries(map)?.duplicates {
            if twice.loss == Loss::Repeated && is_edited(&tree.span(twice.lost)) {
                return Err(EditError::Duplicate {
                    path: place_of(tree, map),
                    key: twice.name.into_owned(),
                    node: twice.lost,
                    by: twice.by,
                });
            }
        }
    }
    Ok(())
}

fn anchored_error(tree: &Tree, alias: NodeId) -> EditError {
    EditError::Anchored {
        path: place_of(tree, alias),
        node: alias,
    }
}

/// The new nodes of the anchored maps and lists that stay where they are written.
fn anchored_places<'n>(
    view: &View<'_>,
    node: &'n TracedValue,
    layer: usize,
) -> HashMap<NodeId, &'n TracedValue> {
    let tree = view.tree();
    let mut found = HashMap::new();
    if tree.aliases().next().is_none() {
        return found;
    }
    let mut work = vec![(node, Path::root())];
    while let Some((node, at)) = work.pop() {
        if let Some(source) = node.source()
            && source.layer == layer
            && source.direct
            && source.path == at
            && tree.anchor(source.node).is_some()
        {
            found.insert(source.node, node);
        }
        match &node.body {
            Body::Map(entries) => work.extend(
                entries
                    .iter()
                    .filter(|entry| !entry.gone)
                    .map(|entry| (&entry.node, at.key(&entry.key))),
            ),
            Body::List(items) => {
                work.extend(
                    items
                        .iter()
                        .enumerate()
                        .map(|(n, item)| (item, at.index(n))),
                );
            }
            Body::Same | Body::Value(_) => {}
        }
    }
    found
}

/// True if a value somewhere in a map is the text of a node.
fn contains_text_of(entries: &[Entry], node: NodeId) -> bool {
    entries
        .iter()
        .filter(|entry| !entry.gone)
        .any(|entry| match &entry.node.body {
            Body::Same => entry
                .node
                .source()
                .is_some_and(|source| source.node == node),
            Body::Map(below) => contains_text_of(below, node),
            Body::Value(_) | Body::List(_) => false,
        })
}

/// The entry of the text that each place of the result gets. An entry goes to one place; everything else that came from
/// it is a copy of its value.
struct Claims<'v> {
    view: &'v View<'v>,
    layer: usize,
    /// Key nodes of entries that stay in the map that they are written in, with their place. That is another
    /// one than before in an item of which one in front of it went.
    in_place: HashMap<NodeId, Path>,
    /// Key nodes of entries that go elsewhere, with the place.
    moved: HashMap<NodeId, Path>,
}

impl Claims<'_> {
    /// The key node of the entry that a value stands in, if it stands in its layer's own text.
    fn key(&self, source: &TextPlace) -> Option<NodeId> {
        (source.layer == self.layer && source.direct)
            .then(|| self.view.tree().key_of(source.node))
            .flatten()
    }

    /// Claims what stays. `home` is where it stood, and `at` where it is.
    fn in_place(&mut self, node: &TracedValue, home: &Path, at: &Path) {
        match &node.body {
            Body::Map(entries) => {
                for entry in entries.iter().filter(|entry| !entry.gone) {
                    let home = home.key(&entry.key);
                    let here = at.key(&entry.key);
                    if let Some(source) = entry.node.source()
                        && source.path == home
                        && let Some(key) = self.key(source)
                    {
                        self.in_place.entry(key).or_insert_with(|| here.clone());
                    }
                    self.in_place(&entry.node, &home, &here);
                }
            }
            Body::List(items) => {
                for (i, item) in items.iter().enumerate() {
                    let source = item.source().map(|source| source.path.clone());
                    let own = source.filter(|path| path.parent().as_ref() == Some(home));
                    if let Some(own) = own {
                        self.in_place(item, &own, &at.index(i));
                    }
                }
            }
            Body::Same | Body::Value(_) => {}
        }
    }

    fn moved(&mut self, node: &TracedValue, at: &Path) {
        match &node.body {
            Body::Map(entries) => {
                for entry in entries.iter().filter(|entry| !entry.gone) {
                    let here = at.key(&entry.key);
                    if let Some(source) = entry.node.source()
                        && source.path != here
                        && let Some(key) = self.key(source)
                        && !self.in_place.contains_key(&key)
                    {
                        self.moved.entry(key).or_insert_with(|| here.clone());
                    }
                    self.moved(&entry.node, &here);
                }
            }
            Body::List(items) => {
                for (i, item) in items.iter().enumerate() {
                    self.moved(item, &at.index(i));
                }
            }
            Body::Same | Body::Value(_) => {}
        }
    }
}

struct WantBuilder<'v> {
    view: &'v View<'v>,
    tree: &'v Tree,
    claims: Claims<'v>,
    /// The new node of each anchored value that stays in its place.
    anchored: HashMap<NodeId, &'v TracedValue>,
    /// Aliases that are to follow the change at their anchor, since it is theirs as well.
    alike: RefCell<HashSet<NodeId>>,
    /// The aliases and merge keys in whose place a copy is wanted.
    shared: RefCell<Vec<Shared>>,
    /// Keys whose own text is kept for a new value.
    kept_keys: RefCell<HashSet<NodeId>>,
}

/// Entries of a mapping that count for nothing, because another one has their key.
#[derive(Default)]
struct Repeated {
    /// Their keys and values.
    lost: Vec<(NodeId, Want)>,
    /// The keys of the entries that override them.
    overriding: Vec<NodeId>,
}

impl WantBuilder<'_> {
    fn want(&self, node: &TracedValue, at: &Path, style: Style) -> Result<Want, EditError> {
        if let Some(alias) = self.changes_alike(node, at)? {
            self.alike.borrow_mut().insert(alias);
            return Ok(Want::Node(alias));
        }
        if let (Body::Value(value), ValueOrigin::Made { from, .. }) = (&node.body, &node.origin) {
            if let Value::List(items) = value
                && let Some(want) = self.list_like(items, from, style)?
            {
                return Ok(want);
            }
            // Lines of a block cannot stand between brackets.
            if !style.flow
                && let Some(lines) = self.parsed(value, from)
            {
                return Ok(Want::Lines(lines));
            }
        }
        match (&node.body, &node.origin) {
            (Body::Same, ValueOrigin::Source(source)) => Ok(Want::Node(source.node)),
            (Body::Same, ValueOrigin::Made { .. }) => Ok(Want::Scalar("null".to_owned())),
            (Body::Value(value), origin) => {
                let quotes = match origin {
                    ValueOrigin::Made {
                        like: Some(like), ..
                    } => self.quotes(*like),
                    _ => Quotes::None,
                };
                new_value_in(value, quotes, style)
            }
            (Body::Map(entries), origin) => self.map(entries, origin, at, style),
            (Body::List(items), origin) => {
                let base = match origin {
                    ValueOrigin::Made { .. } => self.list_of(items),
                    ValueOrigin::Source(_) => self.base(origin, at)?,
                };
                let style = base.map_or(style, |base| self.style(base, style));
                let items = items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| self.want(item, &at.index(i), style))
                    .collect::<Result<_, _>>()?;
                Ok(Want::List { base, items })
            }
        }
    }

    /// The alias that a value stands behind, if the value changes as it does at the anchor: then one edit
    /// there says it in both places.
    fn changes_alike(&self, node: &TracedValue, at: &Path) -> Result<Option<NodeId>, EditError> {
        let (Body::Map(_) | Body::List(_), ValueOrigin::Source(source)) =
            (&node.body, &node.origin)
        else {
            return Ok(None);
        };
        let alias = source.node;
        if source.layer != self.claims.layer
            || source.path != *at
            || self.tree.kind(alias) != Kind::Alias
        {
            return Ok(None);
        }
        let target = self.tree.alias_target(alias);
        let Some(at_anchor) = target.and_then(|target| self.anchored.get(&target)) else {
            return Ok(None);
        };
        Ok((at_anchor.value(self.view)? == node.value(self.view)?).then_some(alias))
    }

    /// The style for an addition to a collection: that of its neighbours, and where it has no keys that of the
    /// collection around it.
    fn style(&self, collection: NodeId, around: Style) -> Style {
        let flow = matches!(
            self.tree.kind(collection),
            Kind::Mapping { flow: true } | Kind::Sequence { flow: true }
        );
        let mut maps = std::iter::once(collection).chain(self.tree.items(collection));
        let first_key = maps.find_map(|map| self.tree.entries(map).next());
        let keys = first_key.map_or(around.keys, |(key, _)| self.quotes(key));
        Style { flow, keys }
    }

    fn quotes(&self, like: NodeId) -> Quotes {
        match self.tree.kind(like) {
            Kind::Scalar(ScalarStyle::SingleQuoted) => Quotes::Single,
            Kind::Scalar(ScalarStyle::DoubleQuoted) => Quotes::Double,
            _ => Quotes::None,
        }
    }

    /// The collection whose text is the ground for what is wanted; none if it stands behind an alias or
    /// a merge key, where its text is not this place's to change.
    fn base(&self, origin: &ValueOrigin, at: &Path) -> Result<Option<NodeId>, EditError> {
        let ValueOrigin::Source(source) = origin else {
            return Ok(None);
        };
        if self.tree.kind(source.node) == Kind::Alias {
            self.share(at, source.node);
            return Ok(None);
        }
        if source.direct {
            return Ok(Some(source.node));
        }
        let through = match self.view.node_at(&source.path)?.map(|place| place.via) {
            Some(Via::Alias(node) | Via::Merge(node)) => node,
            _ => source.node,
        };
        self.share(at, through);
        Ok(None)
    }

    /// Notes that a copy is wanted in place of an alias or a merge key, once for each.
    fn share(&self, path: &Path, node: NodeId) {
        let mut shared = self.shared.borrow_mut();
        if shared.iter().any(|place| place.node == node) {
            return;
        }
        // What a merge key brings is named in its value, which can be a list of aliases.
        let value = self.tree.value_of(node).unwrap_or(node);
        let mut aliases = vec![value];
        aliases.extend(self.tree.items(value));
        let anchors = aliases
            .into_iter()
            .filter(|alias| self.tree.kind(*alias) == Kind::Alias)
            .map(|alias| self.tree.content(alias).to_owned())
            .collect();
        shared.push(Shared {
            path: path.clone(),
            node,
            anchors,
        });
    }

    fn map(
        &self,
        entries: &[Entry],
        origin: &ValueOrigin,
        at: &Path,
        style: Style,
    ) -> Result<Want, EditError> {
        let base = self.base(origin, at)?;
        // A map that goes into itself takes its text along, with all that stands between its entries.
        let base = base.filter(|base| !contains_text_of(entries, *base));
        let style = base.map_or(style, |base| self.style(base, style));
        let written = base
            .map(|base| self.view.entries(base))
            .transpose()?
            .unwrap_or_default();
        let Repeated {
            lost: mut stay,
            overriding,
        } = self.repeated(&written, entries, at)?;
        let merges = match base {
            Some(base) => self.merges(base, &written, entries, at)?,
            None => Vec::new(),
        };
        let known = WrittenEntries::of(&written, entries);
        let mut wanted = Vec::new();
        // An item that is made around an entry has its comments, if that entry has another name in it.
        let mut around = base.is_none()
            && matches!(origin, ValueOrigin::Made { .. })
            && matches!(at.last(), Some(Segment::Index(_)));
        let kept_merge = !merges.is_empty();
        let mut brought: HashSet<String> = HashSet::new();
        for (_, value) in &merges {
            brought.extend(self.brought(*value)?);
        }
        let mut overriding_merge: Vec<String> = Vec::new();
        for entry in entries.iter().filter(|entry| !entry.gone) {
            let here = at.key(&entry.key);
            let source = entry
                .node
                .source()
                .filter(|source| source.layer == self.claims.layer);
            // The merge key still brings it; written out, too, it would be there twice.
            if kept_merge && source.is_some_and(|source| self.comes_by_merge(source, base, &here)) {
                continue;
            }
            let key = match self.key(entry, source, &known, &here, style)? {
                // A map that is written in several places has what its keys said in one of them.
                WantKey::New(text) => match self.inherited_key(entry, &known) {
                    Some(key) if self.kept_keys.borrow_mut().insert(key) => {
                        WantKey::Renamed(key, text)
                    }
                    _ => WantKey::New(text),
                },
                WantKey::Renamed(_, text) if std::mem::take(&mut around) => WantKey::New(text),
                key => key,
            };
            if let WantKey::New(text) | WantKey::Renamed(_, text) = &key
                && brought.contains(&entry.key)
            {
                overriding_merge.push(text.clone());
            }
            let value = self.want(&entry.node, &here, style)?;
            wanted.push(WantEntry { key, value });
        }
        // A name has the place of its first entry, but what overrides that stands further below.
        for key in overriding {
            if let Some(at) = wanted.iter().position(|e| e.key == WantKey::Entry(key)) {
                stay.push((key, wanted.remove(at).value));
            }
        }
        let last_merge = merges.last().map(|(key, _)| WantKey::Entry(*key));
        stay.extend(
            merges
                .into_iter()
                .map(|(key, value)| (key, Want::Node(value))),
        );
        for (key, value) in stay {
            self.insert_in_order(&mut wanted, key, value, base);
        }
        if let Some(merge) = last_merge {
            put_behind(&mut wanted, &merge, &overriding_merge);
        }
        Ok(Want::Map {
            base,
            entries: wanted,
        })
    }

    /// The names that a merge key with this value brings into its mapping.
    fn brought(&self, value: NodeId) -> Result<Vec<String>, EditError> {
        let parts = match self.tree.kind(value) {
            Kind::Sequence { .. } => self.tree.items(value).collect(),
            _ => vec![value],
        };
        let mut names = Vec::new();
        for part in parts {
            let brought = self.view.entries(part)?.entries.into_iter();
            names.extend(brought.map(|entry| entry.name.into_owned()));
        }
        Ok(names)
    }

    /// The entries that count for nothing. Each stays with the one that overrides it.
    ///
    /// # Errors
    ///
    /// If the one that overrides does not stay as it is: the other would come into force.
    fn repeated(
        &self,
        written: &view::MapEntries<'_>,
        entries: &[Entry],
        at: &Path,
    ) -> Result<Repeated, EditError> {
        let mut found = Repeated::default();
        let repeated = written.duplicates.iter();
        for twice in repeated.filter(|d| d.loss == Loss::Repeated) {
            let unchanged = |entry: &Entry| {
                let source = entry.node.source();
                !entry.gone
                    && entry.key == twice.name
                    && matches!(entry.node.body, Body::Same)
                    && source.is_some_and(|source| source.path == at.key(&entry.key))
            };
            match self.tree.value_of(twice.lost) {
                Some(value) if entries.iter().any(unchanged) => {
                    found.lost.push((twice.lost, Want::Node(value)));
                    found.overriding.push(twice.by);
                }
                _ => {
                    return Err(EditError::Duplicate {
                        path: at.clone(),
                        key: twice.name.clone().into_owned(),
                        node: twice.lost,
                        by: twice.by,
                    });
                }
            }
        }
        Ok(found)
    }

    /// Adds an entry that stays before the first one of its mapping that stands below it.
    fn insert_in_order(
        &self,
        wanted: &mut Vec<WantEntry>,
        key: NodeId,
        value: Want,
        base: Option<NodeId>,
    ) {
        let below = |entry: &WantEntry| match entry.key {
            WantKey::Entry(other) | WantKey::Renamed(other, _) => {
                // Nodes are numbered in the order of the text.
                self.tree.parent(other) == base && other > key
            }
            WantKey::New(_) => false,
        };
        let index = wanted.iter().position(below).unwrap_or(wanted.len());
        let key = WantKey::Entry(key);
        wanted.insert(index, WantEntry { key, value });
    }

    /// The merge keys of a mapping that can stay: all, if what they bring in is unchanged.
    fn merges(
        &self,
        base: NodeId,
        written: &view::MapEntries<'_>,
        entries: &[Entry],
        at: &Path,
    ) -> Result<Vec<(NodeId, NodeId)>, EditError> {
        let bringing: HashSet<NodeId> = written
            .entries
            .iter()
            .filter_map(|entry| match entry.via {
                Via::Merge(key) => Some(key),
                _ => None,
            })
            .collect();
        // Also one of which everything is overridden.
        let is_merge = |key: &NodeId| {
            bringing.contains(key)
                || self.tree.kind(*key) == Kind::Scalar(ScalarStyle::Plain)
                    && self.tree.content(*key) == "<<"
                    && self.tree.tag(*key).is_none()
        };
        let merges: Vec<_> = self
            .tree
            .entries(base)
            .filter(|(key, _)| is_merge(key))
            .collect();
        // What an entry overrides would show where that entry goes.
        for (key, value) in &merges {
            for name in self.brought(*value)? {
                if !entries.iter().any(|now| !now.gone && now.key == name) {
                    self.share(&at.key(&name), *key);
                    return Ok(Vec::new());
                }
            }
        }
        for entry in &written.entries {
            let Via::Merge(key) = entry.via else { continue };
            let here = at.key(entry.name.as_ref());
            let unchanged = entries.iter().any(|now| {
                !now.gone
                    && now.key == entry.name
                    && (matches!(now.node.body, Body::Same)
                        && now
                            .node
                            .source()
                            .is_some_and(|source| source.node == entry.value)
                        || matches!(now.node.origin, ValueOrigin::Made { .. })
                        || now.node.source().is_some_and(|source| source.path != here))
            });
            if !unchanged {
                self.share(&here, key);
                return Ok(Vec::new());
            }
        }
        Ok(merges)
    }

    fn comes_by_merge(&self, source: &TextPlace, base: Option<NodeId>, here: &Path) -> bool {
        source.path == *here
            && self
                .tree
                .key_of(source.node)
                .and_then(|key| self.tree.parent(key))
                != base
    }

    fn key(
        &self,
        entry: &Entry,
        source: Option<&TextPlace>,
        known: &WrittenEntries<'_>,
        here: &Path,
        style: Style,
    ) -> Result<WantKey, EditError> {
        let own_key = source.and_then(|source| self.claims.key(source));
        if let (Some(source), Some(key)) = (source, own_key) {
            if self.claims.in_place.get(&key) == Some(here) {
                return Ok(WantKey::Entry(key));
            }
            if self.claims.moved.get(&key) == Some(here) {
                let same_name = source.path.last() == here.last();
                return Ok(match same_name {
                    true => WantKey::Entry(key),
                    false => WantKey::Renamed(key, styled_key(&entry.key, style)?),
                });
            }
        }
        // A new value under a key that is there keeps the key's own text and comments.
        let replaced = known
            .keys
            .get(entry.key.as_str())
            .copied()
            .filter(|key| {
                !self.claims.in_place.contains_key(key) && !self.claims.moved.contains_key(key)
            })
            // Unless the value brings that very entry along, as a map does that is wrapped in itself.
            .filter(|key| {
                !entry
                    .node
                    .source()
                    .is_some_and(|source| self.is_within(*key, source.node))
            });
        match replaced {
            // A map that is written in several places keeps its keys in one of them.
            Some(key) if self.kept_keys.borrow_mut().insert(key) => Ok(WantKey::Entry(key)),
            _ => Ok(WantKey::New(styled_key(&entry.key, style)?)),
        }
    }

    fn is_within(&self, node: NodeId, above: NodeId) -> bool {
        std::iter::successors(Some(node), |node| self.tree.parent(*node)).any(|node| node == above)
    }

    /// The key of the entry that a new one comes instead of: what it was made of left that entry empty.
    /// The comments on it are then about the new one.
    fn inherited_key(&self, entry: &Entry, known: &WrittenEntries<'_>) -> Option<NodeId> {
        let beside = entry.beside.as_deref()?;
        let is_first = known
            .first_beside
            .get(beside)
            .is_some_and(|first| std::ptr::eq(*first, entry));
        if !is_first || !known.gone.contains(beside) {
            return None;
        }
        let key = known.keys.get(beside).copied();
        key.filter(|key| {
            !self.claims.in_place.contains_key(key) && !self.claims.moved.contains_key(key)
        })
    }
}

/// A map's entries by name, as they are written and as they will be: what is asked of them is asked for each
/// entry.
struct WrittenEntries<'e> {
    /// The keys of those that are written in the map itself.
    keys: HashMap<&'e str, NodeId>,
    /// For each entry that new ones stand beside, the first of these.
    first_beside: HashMap<&'e str, &'e Entry>,
    /// The names that go.
    gone: HashSet<&'e str>,
}

impl<'e> WrittenEntries<'e> {
    fn of(written: &'e view::MapEntries<'_>, entries: &'e [Entry]) -> Self {
        let mut first_beside = HashMap::new();
        for entry in entries.iter().filter(|entry| !entry.gone) {
            if let Some(beside) = &entry.beside {
                first_beside.entry(beside.as_str()).or_insert(entry);
            }
        }
        Self {
            keys: written
                .entries
                .iter()
                .filter(|entry| entry.via == Via::Direct)
                .map(|entry| (entry.name.as_ref(), entry.key))
                .collect(),
            first_beside,
            gone: entries
                .iter()
                .filter(|entry| entry.gone)
                .map(|entry| entry.key.as_str())
                .collect(),
        }
    }
}

/// Puts new entries with some texts behind a merge key: for Helm it overrides what is written before it.
fn put_behind(wanted: &mut Vec<WantEntry>, merge: &WantKey, texts: &[String]) {
    let Some(end) = wanted.iter().position(|entry| entry.key == *merge) else {
        return;
    };
    let is_late = |key: &WantKey| match key {
        WantKey::New(text) | WantKey::Renamed(_, text) => texts.contains(text),
        WantKey::Entry(_) => false,
    };
    let rest = wanted.split_off(end + 1);
    let (late, kept): (Vec<WantEntry>, Vec<WantEntry>) =
        wanted.drain(..).partition(|entry| is_late(&entry.key));
    wanted.extend(kept);
    wanted.extend(late.into_iter().map(|entry| match entry.key {
        WantKey::Renamed(_, text) => WantEntry {
            key: WantKey::New(text),
            value: entry.value,
        },
        _ => entry,
    }));
    wanted.extend(rest);
}
