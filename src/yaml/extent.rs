//! The lines that belong to an entry.
//!
//! A careful person who cuts an entry out of a file takes the comment lines directly above it (same
//! indentation, no blank line between), the entry, the comment at its end, and the comment lines
//! after it that are indented deeper than it. The file's first comment block is the file's, not the
//! first entry's.

use std::ops::Range;

use super::source::{column, is_blank, line_above, line_end, line_start};
use super::tree::{Kind, NodeId, Tree};

/// The parts of a block entry's extent, as offsets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// The start of the entry's own comments; `lead_line` if there are none.
    pub(crate) start: usize,
    /// The start of the line on which the entry's first character stands; that character itself if the entry shares its
    /// line with text before it (`- a: 1`).
    pub(crate) lead_line: usize,
    /// The entry's first character: its key, `?`, or `-`.
    pub(crate) lead: usize,
    /// The end of the last line of the entry itself, before the line break and after a comment.
    pub(crate) last: usize,
    /// The end of everything, after the line break; with the deeper comment lines that follow.
    pub(crate) end: usize,
}

impl Tree {
    /// The lines that belong to an entry (`id` is its key) or to a list item in block notation,
    /// with their line breaks: the comments directly above, the entry, the comment at its end, and
    /// the deeper comment lines after it. An entry that shares its first line with what stands
    /// before it begins at its first character. In flow notation: the entry as written.
    #[must_use]
    pub fn extent(&self, id: NodeId) -> Range<usize> {
        if self.in_block(id) {
            let extent = self.block_extent(id);
            extent.start..extent.end
        } else {
            self.span(id).start..self.entry_end(id)
        }
    }

    /// True for a key or an item of a block collection.
    pub(crate) fn in_block(&self, id: NodeId) -> bool {
        self.parent(id).is_some_and(|parent| {
            matches!(
                self.kind(parent),
                Kind::Mapping { flow: false } | Kind::Sequence { flow: false }
            )
        })
    }

    /// The end of an entry or item: after its value, its colon, or its dash.
    pub(crate) fn entry_end(&self, id: NodeId) -> usize {
        match self.value_of(id) {
            Some(value) => self.span(value).end.max(self.span(id).end),
            None => self.span(id).end,
        }
    }

    /// The first character of an entry or item: the key, its `?`, or the item's `-`.
    pub(crate) fn lead_offset(&self, id: NodeId) -> usize {
        let start = self.span(id).start;
        let Some(parent) = self.parent(id) else {
            return start;
        };
        let indicator = match self.kind(parent) {
            Kind::Sequence { flow: false } => b'-',
            Kind::Mapping { flow: false } if self.is_explicit_key(id) => b'?',
            _ => return start,
        };
        // The indicator stands in the collection's column, on this line or on one above with only
        // comments between.
        let column = self.column(parent);
        let bytes = self.text().as_bytes();
        let mut line = line_start(self.text(), start);
        loop {
            let at = line + column;
            if at < start && bytes[at] == indicator && !bytes[line..at].contains(&b'#') {
                return at;
            }
            let Some(above) = line_above(self.text(), line) else {
                return start;
            };
            line = above;
        }
    }

    /// The file's first comment block, if it stands before everything else.
    pub(crate) fn first_comment_block(&self) -> Range<usize> {
        self.first_comments
            .get_or_init(|| self.find_first_comment_block())
            .clone()
    }

    fn find_first_comment_block(&self) -> Range<usize> {
        let text = self.text();
        let first = self
            .documents()
            .first()
            .map(|document| self.node(document.root).start as usize);
        let Some(comment) = self.comments().first() else {
            return 0..0;
        };
        if !comment.own_line || first.is_some_and(|node| node < comment.span.start) {
            return 0..0;
        }
        let mut end = comment.span.start;
        for comment in self.comments() {
            if !comment.own_line || line_start(text, comment.span.start) > end {
                break;
            }
            end = line_end(text, comment.span.end).1;
        }
        line_start(text, comment.span.start)..end
    }

    /// The extent of a block entry or item.
    pub(crate) fn block_extent(&self, id: NodeId) -> Extent {
        let text = self.text();
        let lead = self.lead_offset(id);
        let own_column = column(text, lead);
        let line = line_start(text, lead);
        let (mut start, mut lead_line) = (lead, lead);
        if is_blank(&text[line..lead]) {
            lead_line = line;
            start = self.comments_above(line, own_column);
        }
        let entry_end = self.entry_end(id);
        let (last, mut end) = line_end(text, entry_end);
        // Deeper comments after it.
        let mut at = end;
        while at < text.len() {
            let (content_end, next) = line_end(text, at);
            let content = &text[at..content_end];
            let code = content.trim_start_matches([' ', '\t']);
            if code.starts_with('#') && content.len() - code.len() > own_column {
                end = next;
            } else if !code.is_empty() {
                break;
            }
            at = next;
        }
        Extent {
            start,
            lead_line,
            lead,
            last,
            end,
        }
    }

    /// The start of the comment lines in `column` directly above the line at `line`.
    fn comments_above(&self, line: usize, column: usize) -> usize {
        let text = self.text();
        let header = self.first_comment_block();
        let mut start = line;
        while start != header.end
            && let Some(above) = line_above(text, start)
        {
            let content = &text[above..line_end(text, above).0];
            let code = content.trim_start_matches(' ');
            let comment = code.starts_with('#') && content.len() - code.len() == column;
            // A line of a block or quoted scalar can look like a comment.
            if !comment || self.comments_in(above..start).is_empty() {
                break;
            }
            start = above;
        }
        start
    }
}
