//! The tree: nodes as spans of the text, in one arena.
//!
//! Nodes stand in document order, a collection before its children, so a node's first child is the
//! next node and the rest is reached through sibling links; a mapping's children are key, value,
//! key, value. Content that differs from the text (escapes, folded lines) is kept beside the arena
//! as the parser decoded it, so there is no second decoder that could disagree with it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::divergence::{self, Divergence};
use super::error::{ParseError, ParseErrorKind};
use super::source::{self, LineStarts, Position};
use super::{block, build};

/// A node of one [`Tree`]; of no use with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The kind of a node, with its notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A scalar; also a null that is written as nothing.
    Scalar(ScalarStyle),
    /// A mapping.
    Mapping {
        /// True in braces (or for a `[key: value]` pair).
        flow: bool,
    },
    /// A sequence.
    Sequence {
        /// True in brackets.
        flow: bool,
    },
    /// `*name`.
    Alias,
}

/// The notation of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarStyle {
    /// Without quotes; an empty one is an implicit null.
    Plain,
    /// `'...'`
    SingleQuoted,
    /// `"..."`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// No node.
pub(crate) const NONE: u32 = u32::MAX;

/// Written after `? `.
pub(crate) const EXPLICIT: u8 = 1;
/// A key of a mapping.
pub(crate) const KEY: u8 = 2;
/// The content is the text between the quotes, or the text itself.
pub(crate) const VERBATIM: u8 = 4;
pub(crate) const TAG: u8 = 8;
pub(crate) const ANCHOR: u8 = 16;
/// A `key: value` pair in a flow sequence, which has no braces.
pub(crate) const PAIR: u8 = 32;

#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The start of the properties, or of the body.
    pub(crate) start: u32,
    /// The start of the node without properties.
    pub(crate) body: u32,
    pub(crate) end: u32,
    pub(crate) parent: u32,
    /// The next sibling.
    pub(crate) next: u32,
    /// Of an alias: its target. Of a collection: the number of its children.
    pub(crate) link: u32,
    pub(crate) kind: Kind,
    pub(crate) flags: u8,
}

/// A comment: from `#` to the end of its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The byte range in the text, without the line break.
    pub span: Range<usize>,
    /// True if nothing but white space stands before it on its line.
    pub own_line: bool,
}

/// One document of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentInfo {
    /// Its root; an empty document has an implicit null.
    pub root: NodeId,
    /// From the first directive, marker or comment of the document to its end; the documents'
    /// spans tile the text.
    pub span: Range<usize>,
    /// The `---`, if it is written.
    pub start_marker: Option<Range<usize>>,
    /// The `...`, if it is written.
    pub end_marker: Option<Range<usize>>,
    /// The lines of its `%` directives, without line breaks.
    pub directives: Vec<Range<usize>>,
}

/// A parsed YAML stream: its text, and where everything in it stands.
#[derive(Debug)]
pub struct Tree {
    pub(crate) text: Arc<str>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) documents: Vec<DocumentInfo>,
    pub(crate) comments: Vec<Comment>,
    /// (node, start, end), sorted by node.
    pub(crate) tags: Vec<(u32, u32, u32)>,
    /// (node, start, end) of `&name`, sorted by node.
    pub(crate) anchors: Vec<(u32, u32, u32)>,
    /// Decoded contents, one after the other.
    pub(crate) decoded: String,
    /// (node, start, end) in `decoded`, sorted by node.
    pub(crate) decoded_spans: Vec<(u32, u32, u32)>,
    pub(crate) lines: OnceLock<LineStarts>,
    pub(crate) divergences: OnceLock<Vec<Divergence>>,
    /// The file's first comment block, which is asked for at each entry.
    pub(crate) first_comments: OnceLock<Range<usize>>,
    /// The indentation of the text, which is asked for at each of its parts that is edited.
    pub(crate) indentation: OnceLock<(usize, usize)>,
}

impl Tree {
    /// Parses a stream of any number of documents.
    ///
    /// # Errors
    /// What is not YAML 1.2 as [`ParseErrorKind`] lists it, and nesting beyond
    /// [`MAX_DEPTH`](super::MAX_DEPTH).
    pub fn parse(text: impl Into<Arc<str>>) -> Result<Self, ParseError> {
        build::build(text.into())
    }

    /// Parses bytes, which must be UTF-8.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and kinds that name what other encoding the bytes are in.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::parse(source::decode(bytes)?)
    }

    /// The text, byte for byte as it was given.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text, shared and not copied.
    #[must_use]
    pub fn shared_text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// The documents in order; at least one, unless the text has none at all.
    #[must_use]
    pub fn documents(&self) -> &[DocumentInfo] {
        &self.documents
    }

    /// The number of the document that a node stands in, from 0.
    #[must_use]
    pub fn document_of(&self, id: NodeId) -> usize {
        let behind = self
            .documents
            .partition_point(|document| document.root <= id);
        behind.saturating_sub(1)
    }

    /// The text of the document that a node stands in, as [`DocumentInfo::span`] has it.
    #[must_use]
    pub fn document_span(&self, id: NodeId) -> Range<usize> {
        let document = self.documents.get(self.document_of(id));
        document.map_or(0..0, |document| document.span.clone())
    }

    /// Every node of the document that a node stands in, in order. Nothing in it stands for anything outside of it.
    pub fn nodes_beside(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        let document = self.document_of(id);
        let root = |at: usize| self.documents.get(at).map(|document| document.root.0);
        let end = root(document + 1).unwrap_or(self.nodes.len() as u32);
        (root(document).unwrap_or(0)..end).map(NodeId)
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// Every node, in document order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// The kind of a node, with its notation.
    #[must_use]
    pub fn kind(&self, id: NodeId) -> Kind {
        self.node(id).kind
    }

    /// True for an implicit null: nothing is written for it but, perhaps, properties.
    #[must_use]
    pub fn is_implicit_null(&self, id: NodeId) -> bool {
        let node = self.node(id);
        node.body == node.end && node.kind == Kind::Scalar(ScalarStyle::Plain)
    }

    /// The children of a collection in order; a mapping's are key, value, key, value.
    pub(crate) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let node = self.node(id);
        let collection = matches!(node.kind, Kind::Mapping { .. } | Kind::Sequence { .. });
        let mut next = if collection && node.link > 0 {
            id.0 + 1
        } else {
            NONE
        };
        std::iter::from_fn(move || {
            let child = (next != NONE).then_some(NodeId(next))?;
            next = self.node(child).next;
            Some(child)
        })
    }

    /// The entries (key, value) of a mapping in order; none for any other node.
    pub fn entries(&self, map: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> + '_ {
        let mapping = matches!(self.kind(map), Kind::Mapping { .. });
        let mut children = mapping.then(|| self.children(map));
        std::iter::from_fn(move || {
            let children = children.as_mut()?;
            Some((children.next()?, children.next()?))
        })
    }

    /// The items of a sequence in order; none for any other node.
    pub fn items(&self, seq: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let sequence = matches!(self.kind(seq), Kind::Sequence { .. });
        sequence.then(|| self.children(seq)).into_iter().flatten()
    }

    /// The number of entries or items of a collection; 0 for any other node.
    #[must_use]
    pub fn len(&self, id: NodeId) -> usize {
        let node = self.node(id);
        match node.kind {
            Kind::Mapping { .. } => node.link as usize / 2,
            Kind::Sequence { .. } => node.link as usize,
            Kind::Scalar(_) | Kind::Alias => 0,
        }
    }

    /// The collection that a key, a value or an item stands in.
    #[must_use]
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        let parent = self.node(id).parent;
        (parent != NONE).then_some(NodeId(parent))
    }

    /// True if a node is `above` or stands in it.
    #[must_use]
    pub fn is_within(&self, node: NodeId, above: NodeId) -> bool {
        std::iter::successors(Some(node), |node| self.parent(*node)).any(|node| node == above)
    }

    pub(crate) fn next_sibling(&self, id: NodeId) -> Option<NodeId> {
        let next = self.node(id).next;
        (next != NONE).then_some(NodeId(next))
    }

    /// True for the key of an entry.
    #[must_use]
    pub fn is_key(&self, id: NodeId) -> bool {
        self.node(id).flags & KEY != 0
    }

    /// The value that belongs to a key.
    #[must_use]
    pub fn value_of(&self, key: NodeId) -> Option<NodeId> {
        self.is_key(key).then(|| NodeId(self.node(key).next))
    }

    /// The key that belongs to a value.
    #[must_use]
    pub fn key_of(&self, value: NodeId) -> Option<NodeId> {
        let parent = self.parent(value)?;
        if self.is_key(value) || !matches!(self.kind(parent), Kind::Mapping { .. }) {
            return None;
        }
        // A scalar key is the node before its value; only a collection as key takes a search.
        let before = NodeId(value.0 - 1);
        if self.is_key(before) && self.node(before).next == value.0 {
            return Some(before);
        }
        self.entries(parent)
            .find(|&(_, v)| v == value)
            .map(|(key, _)| key)
    }

    /// True for a key written after `? `.
    #[must_use]
    pub fn is_explicit_key(&self, key: NodeId) -> bool {
        self.node(key).flags & EXPLICIT != 0
    }

    /// The content of a scalar; of an alias its name; empty for collections and implicit nulls.
    #[must_use]
    pub fn scalar(&self, id: NodeId) -> Cow<'_, str> {
        Cow::Borrowed(self.content(id))
    }

    /// [`scalar`](Self::scalar), borrowed from the tree.
    #[must_use]
    pub fn content(&self, id: NodeId) -> &str {
        let node = self.node(id);
        let body = node.body as usize..node.end as usize;
        match node.kind {
            Kind::Mapping { .. } | Kind::Sequence { .. } => "",
            Kind::Alias => &self.text[body.start + 1..body.end],
            Kind::Scalar(style) if node.flags & VERBATIM != 0 => match style {
                ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                    &self.text[body.start + 1..body.end - 1]
                }
                _ => &self.text[body],
            },
            Kind::Scalar(_) => self
                .decoded_spans
                .binary_search_by_key(&id.0, |span| span.0)
                .map_or("", |i| {
                    let (_, start, end) = self.decoded_spans[i];
                    &self.decoded[start as usize..end as usize]
                }),
        }
    }

    /// The node as written: properties, block header, body. No comment after it, and a block scalar
    /// ends after its last content line, before the line break.
    #[must_use]
    pub fn span(&self, id: NodeId) -> Range<usize> {
        let node = self.node(id);
        node.start as usize..node.end as usize
    }

    /// The node as written, without tag and anchor.
    #[must_use]
    pub fn body(&self, id: NodeId) -> Range<usize> {
        let node = self.node(id);
        node.body as usize..node.end as usize
    }

    /// The tag as written (`!!str`, `!Ref`, `!<tag:...>`).
    #[must_use]
    pub fn tag(&self, id: NodeId) -> Option<&str> {
        self.tag_span(id).map(|span| &self.text[span])
    }

    /// The byte range of the tag.
    #[must_use]
    pub fn tag_span(&self, id: NodeId) -> Option<Range<usize>> {
        (self.node(id).flags & TAG != 0).then_some(())?;
        let i = self.tags.binary_search_by_key(&id.0, |tag| tag.0).ok()?;
        Some(self.tags[i].1 as usize..self.tags[i].2 as usize)
    }

    /// The name of the node's anchor, and where `&name` stands.
    #[must_use]
    pub fn anchor(&self, id: NodeId) -> Option<(&str, Range<usize>)> {
        (self.node(id).flags & ANCHOR != 0).then_some(())?;
        let i = self
            .anchors
            .binary_search_by_key(&id.0, |anchor| anchor.0)
            .ok()?;
        let span = self.anchors[i].1 as usize..self.anchors[i].2 as usize;
        Some((&self.text[span.start + 1..span.end], span))
    }

    /// The node that an alias stands for. It may be one of the alias's own ancestors.
    #[must_use]
    pub fn alias_target(&self, id: NodeId) -> Option<NodeId> {
        let node = self.node(id);
        (node.kind == Kind::Alias).then_some(NodeId(node.link))
    }

    /// All aliases, in document order.
    pub fn aliases(&self) -> impl Iterator<Item = NodeId> + '_ {
        // No alias is read without its anchor, so most files need not be gone through.
        let any = !self.anchors.is_empty();
        self.nodes()
            .take(if any { usize::MAX } else { 0 })
            .filter(|&id| self.kind(id) == Kind::Alias)
    }

    /// All comments, sorted by offset.
    #[must_use]
    pub fn comments(&self) -> &[Comment] {
        &self.comments
    }

    /// The comments that begin in `range`.
    #[must_use]
    pub fn comments_in(&self, range: Range<usize>) -> &[Comment] {
        let from = self
            .comments
            .partition_point(|c| c.span.start < range.start);
        let to = self.comments.partition_point(|c| c.span.start < range.end);
        &self.comments[from..to.max(from)]
    }

    /// The line and column of a byte offset.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        self.lines
            .get_or_init(|| LineStarts::new(&self.text))
            .position(&self.text, offset)
    }

    /// The places that readers of older YAML read otherwise, in document order.
    #[must_use]
    pub fn divergences(&self) -> &[Divergence] {
        self.divergences.get_or_init(|| divergence::find(self))
    }

    /// The offset after the `:` of an entry, or `None` if it has none (`{a}`, `? a`).
    pub(crate) fn after_colon(&self, key: NodeId) -> Option<usize> {
        let node = self.node(key);
        let value = self.node(NodeId(node.next));
        let colon = source::skip_trivia(&self.text, node.end as usize);
        (self.text.as_bytes().get(colon) == Some(&b':') && colon < value.start as usize)
            .then_some(colon + 1)
    }

    /// The column a block collection's entries stand in; for others the column they start in.
    pub(crate) fn column(&self, id: NodeId) -> usize {
        source::column(&self.text, self.node(id).body as usize)
    }

    /// The indentation of a block scalar's content; `None` for other nodes.
    pub(crate) fn block_scalar(&self, id: NodeId) -> Option<block::BlockContent> {
        let node = self.node(id);
        matches!(
            node.kind,
            Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded)
        )
        .then(|| {
            let parent = self.parent(id).map(|parent| self.column(parent));
            block::body(&self.text, node.body as usize, parent)
        })
    }
}

/// An error for a text that no `u32` offset can span.
pub(crate) fn check_size(text: &str) -> Result<(), ParseError> {
    // Half of the range, so that sums of two offsets stay within it as well.
    if text.len() >= (u32::MAX / 2) as usize {
        return Err(ParseError::new(ParseErrorKind::TooLarge, 0));
    }
    Ok(())
}
