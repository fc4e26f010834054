//! Texts that are YAML, but not for Helm, and texts that Helm 3 and Helm 4 read differently.
//!
//! Helm's YAML parser is older than YAML 1.2. Most of what it reads otherwise are facts of the text
//! that the tree knows ([`Divergence`]); directives and tabs in block scalars are found here. A text
//! with any of these is refused as values, for the tree's answer would not be Helm's.
//!
//! Helm 4 cuts a file at its `---` lines before it parses, and merges the parts. Helm 3 reads the
//! first document. [`difference`] finds where that matters.

use super::error::{ReadError, ReadErrorKind};
use crate::yaml::{Divergence, Kind, NodeId, ScalarStyle, Tree};

/// A place that Helm 3 and Helm 4 read differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderDifference {
    /// The kind of difference.
    pub kind: DifferenceKind,
    /// The byte offset in the text.
    pub offset: usize,
}

/// The kinds of text that Helm 3 and Helm 4 read differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum DifferenceKind {
    /// Several documents: Helm 3 reads the first, Helm 4 merges all.
    #[error("several documents: Helm 3 reads the first, Helm 4 merges all")]
    Documents,
    /// A `%` directive: Helm 4 cuts it off from its document and refuses it.
    #[error("a % directive: Helm 4 refuses it")]
    Directive,
    /// Something other than a comment behind `---`: Helm 4 refuses it.
    #[error("content on the line of ---: Helm 4 refuses it")]
    Marker,
}

/// The first difference in how Helm 3 and Helm 4 read a whole text; `None` if there is none.
#[must_use]
pub fn difference(tree: &Tree) -> Option<ReaderDifference> {
    let documents = tree.documents();
    let directive = documents.iter().find_map(|d| d.directives.first());
    if let Some(line) = directive {
        return Some(ReaderDifference {
            kind: DifferenceKind::Directive,
            offset: line.start,
        });
    }
    let text = tree.text();
    let mut offset = 0;
    // Helm 4 cuts before it knows any YAML, by the first three characters of a line: `---a: 1` begins with a
    // key for YAML, and for Helm 4 with a marker that it refuses.
    for line in text.split_inclusive('\n') {
        if let Some(rest) = line.strip_prefix("---")
            && !rest.trim().is_empty()
            && !rest.trim_start().starts_with('#')
        {
            return Some(ReaderDifference {
                kind: DifferenceKind::Marker,
                offset,
            });
        }
        offset += line.len();
    }
    documents.get(1).map(|second| ReaderDifference {
        kind: DifferenceKind::Documents,
        offset: second.span.start,
    })
}

/// Refuses a document that Helm's parser does not read as the tree does.
pub(super) fn check(tree: &Tree, root: NodeId) -> Result<(), ReadError> {
    let error = |kind, offset| Err(ReadError { kind, offset });
    let Some(document) = tree.documents().get(tree.document_of(root)) else {
        return Ok(());
    };
    let mut versions = 0;
    for line in &document.directives {
        let mut words = tree.text()[line.clone()].split_whitespace();
        let known = match words.next() {
            Some("%YAML") => {
                // go-yaml v2 refuses every version but 1.1, and a second directive of this name.
                versions += 1;
                words.next() == Some("1.1") && versions == 1
            }
            Some("%TAG") => true,
            _ => false,
        };
        if !known {
            return error(ReadErrorKind::Directive, line.start);
        }
    }
    let inside = |d: &&Divergence| document.span.contains(&d.span.start);
    if let Some(found) = tree.divergences().iter().find(inside) {
        return error(ReadErrorKind::OtherReader(found.kind), found.span.start);
    }
    // go-yaml v2 takes the punctuation for a part of the tag, as of `!!str,` in `[!!str, a]`.
    for &(_, _, end) in &tree.tags {
        let end = end as usize;
        if document.span.contains(&end) && matches!(tree.text().as_bytes()[end], b',' | b'[' | b']')
        {
            return error(ReadErrorKind::TagBeforePunctuation, end);
        }
    }
    // Tabs are rare, and without one no block scalar has to be looked at.
    if tree.text()[document.span.clone()].contains('\t') {
        for node in tree.nodes_beside(root) {
            if let Some(offset) = tab_before_block_text(tree, node)
                && document.span.contains(&offset)
            {
                return error(ReadErrorKind::TabInBlockScalar, offset);
            }
        }
    }
    Ok(())
}

/// A tab where Helm's parser still looks for the indentation of a block scalar: before the text of
/// the first line if there is no indentation indicator, or left of the text in any later line.
fn tab_before_block_text(tree: &Tree, node: NodeId) -> Option<usize> {
    let Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded) = tree.kind(node) else {
        return None;
    };
    let body = tree.body(node);
    let text = &tree.text()[body.clone()];
    let (header, _) = text.split_once(['\n', '\r'])?;
    if !text[header.len()..].contains('\t') {
        return None;
    }
    let indicated = header[1..]
        .trim_start_matches(['+', '-'])
        .starts_with(|c: char| c.is_ascii_digit());
    let mut indent = indicated.then(|| tree.block_scalar(node).map_or(0, |body| body.indent));
    let mut offset = body.start + header.len();
    for line in text[header.len()..].split_inclusive(['\n', '\r']) {
        let spaces = line.bytes().take_while(|&b| b == b' ').count();
        let next = line.as_bytes().get(spaces);
        let looking = indent.is_none_or(|indent| spaces < indent);
        if looking && next == Some(&b'\t') {
            return Some(offset + spaces);
        }
        if indent.is_none() && !matches!(next, None | Some(b'\n' | b'\r')) {
            indent = Some(spaces);
        }
        offset += line.len();
    }
    None
}
