//! The document that is wanted, said in terms of the one that is there.

use super::tree::NodeId;

/// The node that should stand at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// The text of this node; if the node stands elsewhere, its text is brought here and re-indented. An alias stays an
    /// alias.
    Node(NodeId),
    /// A mapping.
    Map {
        /// The mapping whose text is the ground (style, indentation, comments, anchor, tag);
        /// `None`: a new one.
        base: Option<NodeId>,
        /// Its entries in order. Entries of `base` that are not mentioned here are removed.
        entries: Vec<WantEntry>,
    },
    /// A list.
    List {
        /// The sequence whose text is the ground; `None`: a new one.
        base: Option<NodeId>,
        /// Its items in order. An item of `base` is kept where [`Want::Node`], or the `base` of a
        /// map or list, names it; items that are not named are removed.
        items: Vec<Want>,
    },
    /// A new scalar: YAML source on one line, quoted as needed. Empty: a null written as nothing.
    Scalar(String),
    /// A new block collection: its YAML source as it would stand in column 0, in lines with LF, without
    /// anchors.
    Lines(String),
}

/// An entry of a wanted mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantEntry {
    /// The key.
    pub key: WantKey,
    /// Its value. For an entry that is to stay as it is: [`Want::Node`] of its value.
    pub value: Want,
}

/// The key of a wanted entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantKey {
    /// This entry, by its key node, with its own comments; if it stands in another mapping it is
    /// moved here. Each entry can be used once.
    Entry(NodeId),
    /// The same under a new key, given as YAML source on one line.
    Renamed(NodeId, String),
    /// A new key, given as YAML source on one line. A [`Want::Node`] under it is a copy of the
    /// value's text without the comments of the entry it was taken from.
    New(String),
}

impl WantKey {
    pub(crate) fn entry(&self) -> Option<NodeId> {
        match self {
            Self::Entry(key) | Self::Renamed(key, _) => Some(*key),
            Self::New(_) => None,
        }
    }
}

impl Want {
    /// The source node that this is grounded on, and whose place it can keep.
    #[must_use]
    pub fn grounded_on(&self) -> Option<NodeId> {
        match self {
            Self::Node(id) => Some(*id),
            Self::Map { base, .. } | Self::List { base, .. } => *base,
            Self::Scalar(_) | Self::Lines(_) => None,
        }
    }
}

/// The reasons for which a text cannot become the one that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RewriteError {
    /// An entry whose key is a collection, spans lines, or stands after `? ` would have to be
    /// written anew.
    #[error("an entry with a complex key cannot be edited (at byte {offset})")]
    ComplexKey {
        /// The key.
        node: NodeId,
        /// Its byte offset.
        offset: usize,
    },
    /// A comment would have to stand inside a flow collection that is written on one line.
    #[error("a comment cannot be carried into a flow collection (at byte {offset})")]
    CommentInFlow {
        /// The node that would be brought into the flow collection.
        node: NodeId,
        /// The byte offset of the comment.
        offset: usize,
    },
    /// Something beside a comment that a tab stands before on its line would change.
    #[error("nothing beside a comment with a tab before it can be edited (at byte {offset})")]
    TabBeforeComment {
        /// The byte offset of the line.
        offset: usize,
    },
    /// An alias would lose its anchor, and the anchored text cannot be brought to it.
    #[error("alias `*{name}` would lose its anchor (at byte {offset})")]
    AnchorLost {
        /// The alias.
        node: NodeId,
        /// The anchor's name.
        name: String,
        /// The byte offset of the alias.
        offset: usize,
    },
    /// An entry is used twice.
    #[error("an entry is used twice (at byte {offset})")]
    UsedTwice {
        /// Its key.
        node: NodeId,
        /// Its byte offset.
        offset: usize,
    },
    /// A node that the tree does not have, or a key that is none.
    #[error("a wanted node is not in the tree, or is not a key")]
    UnknownNode(NodeId),
    /// A scalar or key of more than one line.
    #[error("new scalars and keys must be written on one line")]
    NotOneLine(String),
    /// The edits contradict each other: a mistake in this module.
    #[error("edits overlap at byte {0}")]
    Overlap(usize),
}
