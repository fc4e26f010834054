//! The walk over the source: copy, skip, insert.
//!
//! An emitter has a cursor in the source. In place, what it copies becomes the part of the text that
//! no edit touches. For text that is brought elsewhere a second emitter walks over that part of the
//! source, and its copies are shifted to their new columns line by line.

use std::ops::Range;

use super::Cx;
use super::render::close_block_scalar;
use crate::yaml::block;
use crate::yaml::edits::EditSet;
use crate::yaml::source::{BOM, line_end, newline_near, starts_line};
use crate::yaml::tree::{Kind, NodeId, ScalarStyle, Tree};
use crate::yaml::want::RewriteError;

pub(super) enum Piece {
    Keep(Range<usize>),
    /// New text; its line breaks are LF until it is placed.
    Text(String),
}

pub(super) struct Emitter<'c, 'a> {
    pub(super) cx: &'c Cx<'a>,
    pub(super) cur: usize,
    /// By how many columns what is copied is shifted.
    pub(super) delta: isize,
    start: usize,
    pieces: Vec<Piece>,
}

impl<'c, 'a> Emitter<'c, 'a> {
    pub(super) fn new(cx: &'c Cx<'a>, start: usize, delta: isize) -> Self {
        Self {
            cx,
            cur: start,
            delta,
            start,
            pieces: Vec::new(),
        }
    }

    /// Copies up to `to`.
    pub(super) fn keep_until(&mut self, to: usize) {
        if to <= self.cur {
            return;
        }
        let range = self.cur..to;
        self.cur = to;
        match self.pieces.last_mut() {
            Some(Piece::Keep(last)) if last.end == range.start => last.end = to,
            _ => self.pieces.push(Piece::Keep(range)),
        }
    }

    /// Leaves out everything up to `to`.
    pub(super) fn skip_to(&mut self, to: usize) {
        self.cur = self.cur.max(to);
    }

    /// Writes new text (with LF) at the cursor.
    pub(super) fn insert(&mut self, text: &str) {
        match self.pieces.last_mut() {
            _ if text.is_empty() => {}
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    /// True if the next text stands at the start of a line.
    pub(super) fn at_line_start(&self) -> bool {
        match self.pieces.last() {
            Some(Piece::Text(text)) => text.ends_with('\n'),
            Some(Piece::Keep(range)) => {
                let kept = &self.cx.text[range.clone()];
                kept.ends_with(['\n', '\r']) || kept == BOM
            }
            None => {
                let before = &self.cx.text[..self.start];
                before.is_empty() || before == BOM || before.ends_with(['\n', '\r'])
            }
        }
    }

    /// True if the text so far ends with a character.
    pub(super) fn ends_with(&self, c: char) -> bool {
        match self.pieces.last() {
            Some(Piece::Text(text)) => text.ends_with(c),
            Some(Piece::Keep(range)) => self.cx.text[range.clone()].ends_with(c),
            None => false,
        }
    }

    /// Indents the line that is written next, if the source stands in column 0 here and so has no
    /// white space that could be copied and shifted.
    pub(super) fn indent_from_zero(&mut self) {
        if self.delta > 0 && self.at_line_start() && starts_line(self.cx.text, self.cur) {
            self.insert(&" ".repeat(self.delta.unsigned_abs()));
        }
    }

    /// Ends the line that is being written, if there is one.
    pub(super) fn end_line(&mut self) {
        if !self.at_line_start() {
            self.insert("\n");
        }
    }

    /// The replacements that turn the source into what was written.
    pub(super) fn into_edits(mut self) -> Result<EditSet, RewriteError> {
        let text = self.cx.text;
        self.write_last_line_break();
        let mut edits = Vec::new();
        let mut at = 0;
        let mut new = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => new.push_str(text),
                Piece::Keep(range) => {
                    if at != range.start || !new.is_empty() {
                        let new = with_breaks_of(text, at, std::mem::take(&mut new));
                        edits.push((at..range.start, new));
                    }
                    at = range.end;
                    self.cx.kept.borrow_mut().push(range.clone());
                }
            }
        }
        let new = with_breaks_of(text, at, new);
        edits.push((at..text.len(), new));
        EditSet::new(text, edits).map_err(|e| RewriteError::Overlap(e.0))
    }

    /// A final line break that was missing stays missing; one that was there stays.
    fn write_last_line_break(&mut self) {
        let text = self.cx.text;
        if text.ends_with(['\n', '\r']) {
            if !self.at_line_start() {
                self.insert("\n");
            }
            return;
        }
        self.close_cut_scalar();
        if self.ends_in_block_scalar() {
            // Without the line break its content would be another.
            self.end_line();
            return;
        }
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) if text.ends_with('\n') => {
                text.pop();
            }
            Some(Piece::Keep(range)) if text[range.clone()].ends_with(['\n', '\r']) => {
                let bytes = text[range.clone()].as_bytes();
                range.end -= if bytes.ends_with(b"\r\n") { 2 } else { 1 };
            }
            _ => {}
        }
    }

    /// True if the new text ends in a block scalar, to which its last line break belongs.
    fn ends_in_block_scalar(&self) -> bool {
        if matches!(self.pieces.last(), Some(Piece::Keep(range)) if range.end == self.cx.text.len())
        {
            return false;
        }
        let new: String = self
            .pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                Piece::Keep(range) => &self.cx.text[range.clone()],
            })
            .collect();
        // Rare enough (a file without a final line break, changed at its end) to look closely.
        Tree::parse(new.trim_end_matches(['\n', '\r']))
            .is_ok_and(|tree| open_scalar(&tree).is_some())
    }

    /// A block scalar that the end of the text cut off, and that text follows now, must not get a
    /// line break it did not have.
    fn close_cut_scalar(&mut self) {
        let Some(header) = open_scalar(self.cx.tree) else {
            return;
        };
        let followed = matches!(self.pieces.last(), Some(Piece::Text(text)) if text != "\n");
        let keep = |piece: &Piece| matches!(piece, Piece::Keep(range) if range.start <= header.start && header.end <= range.end);
        let Some(i) = self.pieces.iter().position(keep).filter(|_| followed) else {
            return;
        };
        let Piece::Keep(range) = &self.pieces[i] else {
            return;
        };
        let closed = close_block_scalar(&self.cx.text[header.clone()]);
        let parts = [
            Piece::Keep(range.start..header.start),
            Piece::Text(closed),
            Piece::Keep(header.end..range.end),
        ];
        self.pieces.splice(i..=i, parts);
    }

    /// The text so far with LF, shifted.
    pub(super) fn into_text(self) -> String {
        let mut out = String::new();
        for piece in self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(&text),
                Piece::Keep(range) => {
                    self.cx.shifted(range.clone(), self.delta, &mut out);
                    self.cx.kept.borrow_mut().push(range);
                }
            }
        }
        out
    }
}

/// The header of the block scalar that the end of a text cuts off, without a line break and without
/// the indicator that would make none of it.
fn open_scalar(tree: &Tree) -> Option<Range<usize>> {
    let last = NodeId(u32::try_from(tree.nodes.len()).ok()?.checked_sub(1)?);
    let body = tree.body(last);
    let scalar = matches!(
        tree.kind(last),
        Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded)
    );
    if !scalar || body.end != tree.text().len() {
        return None;
    }
    let end = block::header(tree.text(), body.start).end;
    let open = end < body.end && !tree.text()[body.start..end].contains('-');
    open.then_some(body.start..end)
}

/// New text with the line breaks of the text around `at`.
fn with_breaks_of(text: &str, at: usize, new: String) -> String {
    match new.contains('\n') {
        true => new.replace('\n', newline_near(text, at)),
        false => new,
    }
}

impl Cx<'_> {
    /// Appends a part of the source, with each of its lines shifted by `delta` columns.
    pub(super) fn shifted(&self, range: Range<usize>, delta: isize, out: &mut String) {
        let mut at = range.start;
        while at < range.end {
            // A line that goes on behind the part is looked at up to there: many parts may be of one line.
            let part = &self.text[at..range.end];
            let (content_end, next) = match part.contains(['\n', '\r']) {
                true => line_end(self.text, at),
                false => (range.end, range.end),
            };
            let whole = starts_line(self.text, at) && (out.is_empty() || out.ends_with('\n'));
            let content = &self.text[at..content_end.min(range.end)];
            if whole {
                self.shift_line(at, content, delta, out);
            } else {
                out.push_str(content);
            }
            if next <= range.end && next > content_end {
                out.push('\n');
            }
            at = next;
        }
    }

    fn shift_line(&self, at: usize, content: &str, delta: isize, out: &mut String) {
        let spaces = content.len() - content.trim_start_matches(' ').len();
        // The part may end before the line does, when a new key follows the indentation.
        let line = &self.text[at..line_end(self.text, at).0];
        let blank = line.trim_start_matches([' ', '\t']).is_empty();
        // The scalar that this line continues, if it does.
        let node = self
            .tree
            .nodes
            .partition_point(|node| (node.start as usize) < at);
        let inside = (node > 0)
            .then(|| NodeId(node as u32 - 1))
            .filter(|&id| matches!(self.tree.kind(id), Kind::Scalar(_)))
            .filter(|&id| self.tree.span(id).end > at);
        let mut least = 0;
        match inside.map(|id| (id, self.tree.kind(id))) {
            Some((id, Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded))) => {
                let indent = self.tree.block_scalar(id).map_or(0, |body| body.indent);
                // Blank lines of a block have no indentation of their own.
                if spaces == content.len() && spaces <= indent {
                    out.push_str(content);
                    return;
                }
            }
            _ if blank => {
                out.push_str(content);
                return;
            }
            // Text that is no block continues in any column that its parent allows; between braces that can be any.
            Some((id, Kind::Scalar(_))) => {
                least = usize::try_from(self.ancestor_column(id) + delta + 1).unwrap_or(0);
            }
            _ => {}
        }
        let wanted = usize::try_from(spaces as isize + delta)
            .unwrap_or(0)
            .max(least);
        out.extend(std::iter::repeat_n(' ', wanted));
        out.push_str(&content[spaces..]);
    }

    /// The column of the innermost block collection around a node; -1 if there is none.
    pub(super) fn ancestor_column(&self, id: NodeId) -> isize {
        let mut at = id;
        while let Some(parent) = self.tree.parent(at) {
            if matches!(
                self.tree.kind(parent),
                Kind::Mapping { flow: false } | Kind::Sequence { flow: false }
            ) {
                return self.tree.column(parent) as isize;
            }
            at = parent;
        }
        // An indentation indicator at the root counts from column 0.
        let indicated = matches!(
            self.tree.kind(id),
            Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded)
        ) && block::header(self.text, self.tree.body(id).start)
            .indicator
            .is_some();
        if indicated { 0 } else { -1 }
    }
}
