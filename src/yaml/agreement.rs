//! The check that a reader of the older kind reads a text as the tree does.
//!
//! Helm's YAML library descends from libyaml, which is older than YAML 1.2 and reads some texts otherwise
//! than the parser below the tree. What is known of that is listed as [divergences](super::Divergence);
//! this is the guard against what is not: the text is read a second time, by `yaml_serde`, which is built
//! on a port of libyaml and shares no code with the first parser. Led by the tree, it must find the same
//! maps, lists and scalars with the same contents.
//!
//! It compares what is written and judges nothing: what Helm makes of a scalar is not looked at. An alias
//! is not followed, so that their number is harmless.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

use serde::de::{
    DeserializeSeed, Deserializer as _, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_yaml::Deserializer;

use super::source::{BOM, column, line_end, line_start};
use super::tree::{DocumentInfo, Kind, NodeId, Tree};

/// Collections nested deeper than this are read, but not compared: the other reader has a limit of its own.
const COMPARED_DEPTH: usize = 100;

/// A place that the two readers read differently.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("readers as old as Helm's read the text otherwise: {what}")]
pub struct Disagreement {
    /// The error or the reading of the older reader.
    pub what: String,
    /// The byte offset in the text.
    pub offset: usize,
}

/// Reads the document that a node stands in a second time: all of it, or those entries of its root that
/// touch `part`, where they can be read by themselves.
///
/// # Errors
/// The first place that is read otherwise.
pub fn check_agreement(
    tree: &Tree,
    node: NodeId,
    part: Option<Range<usize>>,
) -> Result<(), Disagreement> {
    let Some(document) = tree.documents().get(tree.document_of(node)) else {
        return Ok(());
    };
    let (span, roots) = match part.and_then(|part| entries_in(tree, document, &part)) {
        Some((span, _)) if span.is_empty() => return Ok(()),
        Some((span, keys)) => (span, ComparedRoot::Entries(keys)),
        None => (document.span.clone(), ComparedRoot::Node(document.root)),
    };
    let text = &tree.text()[span.clone()];
    // The other reader is told that the text is UTF-8, and then takes the mark for a character.
    let text = text.trim_start_matches(BOM);
    let start = span.end - text.len();
    let found = RefCell::new(None);
    let reading = ComparisonState {
        tree,
        found: &found,
        depth: 0,
    };
    let Some(reader) = Deserializer::from_str(text).next() else {
        return Ok(());
    };
    let read = match roots {
        // The other reader has no document at all where there is nothing to be read.
        ComparedRoot::Node(root) if tree.is_implicit_null(root) => {
            reader.deserialize_ignored_any(IgnoredAny).map(|_| ())
        }
        ComparedRoot::Node(root) => ExpectedNode {
            reading,
            node: root,
        }
        .deserialize(reader),
        ComparedRoot::Entries(keys) => reader.deserialize_map(ExpectedEntries { reading, keys }),
    };
    read.map_err(|error| {
        found.take().unwrap_or_else(|| Disagreement {
            what: error.to_string(),
            offset: error.location().map_or(start, |location| {
                start + offset_of(text, location.line(), location.column())
            }),
        })
    })
}

/// The kind of the document's root.
enum ComparedRoot {
    Node(NodeId),
    /// These entries, by their keys, as a map of their own.
    Entries(Vec<NodeId>),
}

/// The entries of a document's root that touch a part of the text, and the lines from the first to the
/// last of them; `None` if they cannot be read by themselves.
fn entries_in(
    tree: &Tree,
    document: &DocumentInfo,
    part: &Range<usize>,
) -> Option<(Range<usize>, Vec<NodeId>)> {
    let root = document.root;
    let text = tree.text();
    // Anchors and directives count for the whole document, and text in another column is none by itself.
    let alone = tree.kind(root) == Kind::Mapping { flow: false }
        && tree.column(root) == 0
        && tree.anchors.is_empty()
        && document.directives.is_empty();
    if !alone {
        return None;
    }
    let keys: Vec<NodeId> = tree.entries(root).map(|(key, _)| key).collect();
    let leads: Vec<usize> = keys.iter().map(|&key| tree.lead_offset(key)).collect();
    let first = leads
        .partition_point(|&lead| lead <= part.start)
        .saturating_sub(1);
    let last = leads
        .partition_point(|&lead| lead <= part.end)
        .max(first + 1);
    let start = line_start(text, leads[first]);
    let end = match leads.get(last) {
        Some(&lead) => line_start(text, lead),
        None => document
            .end_marker
            .as_ref()
            .map_or(document.span.end, |marker| marker.start),
    };
    (column(text, leads[first]) == 0).then(|| (start..end, keys[first..last].to_vec()))
}

/// The byte at a line and a column, both from 1.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let mut at = 0;
    for _ in 1..line {
        at = line_end(text, at).1;
    }
    let rest = &text[at..];
    let byte = rest.char_indices().nth(column.saturating_sub(1));
    at + byte.map_or(rest.len(), |(byte, _)| byte)
}

/// The state that the whole comparison shares, and its depth.
#[derive(Clone, Copy)]
struct ComparisonState<'t> {
    tree: &'t Tree,
    found: &'t RefCell<Option<Disagreement>>,
    depth: usize,
}

impl<'t> ComparisonState<'t> {
    fn of(self, node: NodeId) -> ExpectedNode<'t> {
        ExpectedNode {
            reading: ComparisonState {
                depth: self.depth + 1,
                ..self
            },
            node,
        }
    }

    fn differs<E: serde::de::Error>(self, node: NodeId, what: String) -> E {
        let offset = self.tree.span(node).start;
        let error = E::custom(&what);
        self.found
            .borrow_mut()
            // The first one is what is told; serde makes of it an error without the place in the text.
            .get_or_insert(Disagreement { what, offset });
        error
    }
}

/// A node that is to be found.
struct ExpectedNode<'t> {
    reading: ComparisonState<'t>,
    node: NodeId,
}

impl<'de> DeserializeSeed<'de> for ExpectedNode<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        let Self { reading, node } = self;
        match reading.tree.kind(node) {
            // As a text, so that the other reader's typing of plain scalars plays no part.
            Kind::Scalar(_) => reader.deserialize_str(self),
            Kind::Mapping { .. } if reading.depth < COMPARED_DEPTH => {
                let keys = reading.tree.entries(node).map(|(key, _)| key).collect();
                reader.deserialize_map(ExpectedEntries { reading, keys })
            }
            Kind::Sequence { .. } if reading.depth < COMPARED_DEPTH => reader.deserialize_seq(self),
            _ => reader.deserialize_ignored_any(IgnoredAny).map(|_| ()),
        }
    }
}

impl<'de> Visitor<'de> for ExpectedNode<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reading.tree.kind(self.node) {
            Kind::Sequence { .. } => out.write_str("a list"),
            _ => write!(out, "`{}`", self.reading.tree.content(self.node)),
        }
    }

    fn visit_str<E: serde::de::Error>(self, read: &str) -> Result<(), E> {
        match read == self.reading.tree.content(self.node) {
            true => Ok(()),
            false => Err(self.reading.differs(self.node, format!("`{read}`"))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { reading, node } = self;
        for item in reading.tree.items(node) {
            if list.next_element_seed(reading.of(item))?.is_none() {
                return Err(reading.differs(item, "the end of the list".to_owned()));
            }
        }
        match list.next_element::<IgnoredAny>()? {
            None => Ok(()),
            Some(_) => Err(reading.differs(node, "more items".to_owned())),
        }
    }
}

/// Entries that are to be found.
struct ExpectedEntries<'t> {
    reading: ComparisonState<'t>,
    keys: Vec<NodeId>,
}

impl<'de> Visitor<'de> for ExpectedEntries<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { reading, keys } = self;
        let mut last = None;
        for key in keys {
            if map.next_key_seed(reading.of(key))?.is_none() {
                return Err(reading.differs(key, "the end of the map".to_owned()));
            }
            let value = reading.tree.value_of(key).unwrap_or(key);
            map.next_value_seed(reading.of(value))?;
            last = Some(value);
        }
        match (map.next_key::<IgnoredAny>()?, last) {
            (None, _) => Ok(()),
            (Some(_), Some(last)) => Err(reading.differs(last, "more entries".to_owned())),
            (Some(_), None) => Err(A::Error::custom("entries in an empty map")),
        }
    }
}
