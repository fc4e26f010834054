//! Values, entries and items that stay in their place.

use super::emit::Emitter;
use super::render::{RenderPlace, RenderedValue, is_block};
use super::{Cx, WantedUnit};
use crate::yaml::source::{break_len, is_blank, line_end, line_start};
use crate::yaml::tree::{Kind, NodeId, ScalarStyle};
use crate::yaml::want::{RewriteError, Want, WantEntry, WantKey};

/// The place of a value of a block collection that another one replaces.
struct OldPlace {
    /// The old value.
    id: NodeId,
    /// The offset behind its colon or dash.
    lead: usize,
    /// The end of the line of its colon or dash.
    head_end: usize,
    /// True if it is an item, behind a dash.
    is_item: bool,
    /// True if the old value is a block collection.
    is_block: bool,
    /// True if it is a scalar that begins on a line below its colon or dash.
    is_scalar_below: bool,
}

impl Emitter<'_, '_> {
    /// Writes a value that stands in the source at its place, as it is wanted.
    pub(super) fn value(&mut self, id: NodeId, want: &Want) -> Result<(), RewriteError> {
        let tree = self.cx.tree;
        let in_place = want.grounded_on() == Some(id);
        match want {
            Want::Node(_) if in_place => Ok(()),
            Want::Map { entries, .. }
                if in_place && matches!(tree.kind(id), Kind::Mapping { .. }) =>
            {
                let units: Vec<_> = entries.iter().map(WantedUnit::Entry).collect();
                self.collection(id, &units, want)
            }
            Want::List { items, .. }
                if in_place && matches!(tree.kind(id), Kind::Sequence { .. }) =>
            {
                let units: Vec<_> = items.iter().map(WantedUnit::Item).collect();
                self.collection(id, &units, want)
            }
            Want::Scalar(text) if *text == self.cx.text[tree.span(id)] => Ok(()),
            _ => self.replace(id, want),
        }
    }

    fn collection(
        &mut self,
        id: NodeId,
        units: &[WantedUnit<'_>],
        want: &Want,
    ) -> Result<(), RewriteError> {
        let tree = self.cx.tree;
        match (units.is_empty(), tree.len(id)) {
            (true, 0) => Ok(()),
            // What was `{}` becomes a block; between brackets it cannot.
            (false, 0) if !self.in_flow(id) => self.replace(id, want),
            // An empty block cannot be written; it becomes `{}` or `[]`.
            (true, _) if is_block(tree.kind(id)) => self.replace(id, want),
            _ if is_block(tree.kind(id)) => self.block(id, units),
            _ => self.flow(id, units),
        }
    }

    fn in_flow(&self, id: NodeId) -> bool {
        let tree = self.cx.tree;
        tree.parent(id)
            .is_some_and(|parent| !is_block(tree.kind(parent)))
    }

    /// Writes an entry in its place (or, in an emitter for another column, as it is moved there): its
    /// key, then up to the end of its value.
    pub(super) fn entry(&mut self, key: NodeId, entry: &WantEntry) -> Result<(), RewriteError> {
        let tree = self.cx.tree;
        let text = self.cx.text;
        if let WantKey::Renamed(_, new) = &entry.key {
            let body = tree.body(key);
            let simple = matches!(tree.kind(key), Kind::Scalar(style)
                if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded))
                || tree.kind(key) == Kind::Alias;
            if !simple {
                return Err(RewriteError::ComplexKey {
                    node: key,
                    offset: body.start,
                });
            }
            if text[body.clone()] != **new {
                self.keep_until(body.start);
                self.indent_from_zero();
                self.insert(new);
                if body.is_empty() && !new.is_empty() && text[body.start..].starts_with('?') {
                    self.insert(" ");
                }
                self.skip_to(body.end);
                // `{"a":1}` needs no space after the colon, `{a:1}` does.
                if let Some(after) = tree.after_colon(key)
                    && !new.starts_with(['"', '\''])
                    && !text[after..].starts_with([' ', '\t', '\n', '\r'])
                    && after < text.len()
                {
                    self.keep_until(after);
                    self.insert(" ");
                }
            }
        }
        let Some(value) = tree.value_of(key) else {
            return Ok(());
        };
        self.value(value, &entry.value)
    }

    /// Replaces a value by one that is not grounded on it.
    fn replace(&mut self, id: NodeId, want: &Want) -> Result<(), RewriteError> {
        self.put_in_place(id, want)?;
        if !self.in_flow(id) && self.cx.takes_blank_lines(want) {
            self.keep_until(self.cur + break_len(self.cx.text.as_bytes(), self.cur));
            self.drop_blank_lines(true);
            if self.cur == self.cx.text.len() && !self.cx.text.ends_with(['\n', '\r']) {
                // The line break that ends the last of the kept lines.
                self.insert("\n");
            }
        }
        Ok(())
    }

    fn put_in_place(&mut self, id: NodeId, want: &Want) -> Result<(), RewriteError> {
        let tree = self.cx.tree;
        let Some(parent) = tree.parent(id) else {
            return self.replace_root(id, want);
        };
        if self.in_flow(id) {
            return self.replace_in_flow(id, want);
        }
        let place = self.old_place(id)?;
        let had_beside = self.cx.has_beside(id);
        let rendered = self.cx.render(
            want,
            RenderPlace {
                parent: tree.column(parent) as isize + self.delta,
                item: place.is_item,
                near: Some(parent),
            },
        )?;
        match rendered {
            RenderedValue::Inline(new) => self.put_inline(&place, &new, want),
            RenderedValue::Block { props, lines } => {
                // The comment at the end of its line is in the lines.
                let carried = had_beside && !self.cx.has_beside(id);
                self.put_block(&place, &props, &lines, carried);
            }
        }
        Ok(())
    }

    fn old_place(&self, id: NodeId) -> Result<OldPlace, RewriteError> {
        let tree = self.cx.tree;
        let key = tree.key_of(id);
        let lead = match key {
            Some(key) => tree
                .after_colon(key)
                .ok_or_else(|| RewriteError::ComplexKey {
                    node: key,
                    offset: tree.span(key).start,
                })?,
            None => tree.lead_offset(id) + 1,
        };
        let head_end = line_end(self.cx.text, lead).0;
        let is_block = is_block(tree.kind(id));
        Ok(OldPlace {
            id,
            lead,
            head_end,
            is_item: key.is_none(),
            is_block,
            is_scalar_below: tree.body(id).start > head_end && !is_block,
        })
    }

    /// Puts a text that begins on the line of its key or dash.
    fn put_inline(&mut self, place: &OldPlace, new: &str, want: &Want) {
        let OldPlace { id, lead, .. } = *place;
        let span = self.cx.tree.span(id);
        if place.is_scalar_below {
            // A scalar on a line of its own stays there.
            self.keep_until(span.start.max(lead));
            self.insert(new);
            self.skip_to(span.end);
            return;
        }
        let (first, rest) = match new.find('\n') {
            Some(at) => new.split_at(at),
            None => (new, ""),
        };
        let is_beside = span.start > lead && span.start < place.head_end && !span.is_empty();
        if is_beside && !place.is_block {
            // The space before the old value serves the new one.
            self.keep_until(if first.is_empty() { lead } else { span.start });
        } else {
            self.keep_until(lead);
            if !first.is_empty() {
                self.insert(" ");
            }
        }
        self.insert(first);
        if place.is_item
            && place.is_block
            && rest.is_empty()
            && let Some(comment) = self.cx.take_beside(want)
        {
            self.insert(" ");
            self.insert(comment);
            self.skip_old(id);
            return;
        }
        self.head_comment(id, lead, place.head_end);
        self.insert(rest);
    }

    /// Puts the lines of a block collection. `carried`: they hold the comment that stood on the old value's line.
    fn put_block(&mut self, place: &OldPlace, props: &str, lines: &str, carried: bool) {
        let (tree, text) = (self.cx.tree, self.cx.text);
        let OldPlace { id, lead, .. } = *place;
        let span = tree.span(id);
        let content = lines.strip_suffix('\n').unwrap_or(lines);
        let old_line = line_start(text, span.start);
        if place.is_scalar_below && props.is_empty() && is_blank(&text[old_line..span.start]) {
            self.keep_until(old_line);
            for comment in tree.comments_in(span.end..line_end(text, span.end).0) {
                let indent = &lines[..lines.len() - lines.trim_start_matches(' ').len()];
                self.insert(indent);
                self.skip_to(comment.span.start);
                self.keep_until(comment.span.end);
                self.insert("\n");
            }
            self.insert(content);
            self.skip_to(line_end(text, span.end).0);
            return;
        }
        self.keep_until(lead);
        if !props.is_empty() {
            self.insert(" ");
            self.insert(props);
        }
        let starts_at_dash = place.is_item && props.is_empty();
        if starts_at_dash && !place.is_block && carried {
            self.insert(" ");
            self.insert(lines.trim_end_matches('\n').trim_start_matches(' '));
            self.skip_to(line_end(text, span.end).0);
            return;
        }
        let head = lead..self.head_comment_end(id, place.head_end);
        if starts_at_dash && tree.comments_in(head).is_empty() {
            self.insert(" ");
            self.insert(content.trim_start_matches(' '));
            self.skip_old(id);
        } else {
            self.head_comment(id, lead, place.head_end);
            self.insert("\n");
            self.insert(content);
        }
    }

    /// The end of the line on which the comment after a value's start can stand.
    fn head_comment_end(&self, id: NodeId, head_end: usize) -> usize {
        let tree = self.cx.tree;
        let body = tree.body(id);
        if is_block(tree.kind(id)) && body.start <= head_end {
            body.start
        } else {
            head_end
        }
    }

    /// Leaves the old value out, but keeps the comment at the end of the line where it began (or,
    /// for a value on one line, ended).
    fn head_comment(&mut self, id: NodeId, lead: usize, head_end: usize) {
        let (tree, text) = (self.cx.tree, self.cx.text);
        let span = tree.span(id);
        let block_scalar = tree.block_scalar(id).is_some();
        if is_block(tree.kind(id)) || block_scalar {
            let end = self.head_comment_end(id, head_end);
            if let Some(comment) = tree.comments_in(lead..end).first() {
                let mut start = comment.span.start;
                while start > lead && matches!(text.as_bytes()[start - 1], b' ' | b'\t') {
                    start -= 1;
                }
                self.skip_to(start);
                self.keep_until(comment.span.end);
            }
            self.skip_old(id);
        } else {
            self.skip_to(span.end);
            let end = line_end(text, span.end).0;
            if tree.comments_in(span.end..end).is_empty() {
                // White space that stood between a value and nothing goes with the value.
                self.skip_to(end.min(span.end + blanks(&text[span.end..end])));
            } else {
                self.keep_until(end);
            }
        }
    }

    /// Moves the cursor behind an old value and everything that is its own, before the line break.
    fn skip_old(&mut self, id: NodeId) {
        let (tree, text) = (self.cx.tree, self.cx.text);
        let mut end = tree.span(id).end;
        if is_block(tree.kind(id)) {
            let region = self.cx.region(id);
            let owner = tree.parent(id).map(|_| tree.key_of(id).unwrap_or(id));
            end = owner.map_or(region.end, |unit| {
                tree.block_extent(unit).end.max(region.end)
            });
            let bytes = text.as_bytes();
            if end > region.start && matches!(bytes[end - 1], b'\n' | b'\r') {
                end -= if text[..end].ends_with("\r\n") { 2 } else { 1 };
            }
            debug_assert!(end == text.len() || break_len(bytes, end) > 0);
        }
        self.skip_to(end);
    }

    fn is_quoted(&self, key: NodeId) -> bool {
        matches!(
            self.cx.tree.kind(key),
            Kind::Scalar(ScalarStyle::DoubleQuoted | ScalarStyle::SingleQuoted)
        )
    }

    fn replace_in_flow(&mut self, id: NodeId, want: &Want) -> Result<(), RewriteError> {
        let (tree, text) = (self.cx.tree, self.cx.text);
        let mut new = self.cx.flow_text(want)?;
        let span = tree.span(id);
        if new.is_empty() && tree.key_of(id).is_none() {
            // Nothing between brackets is no item.
            new.push_str("null");
        }
        if let Some(key) = tree.key_of(id) {
            match tree.after_colon(key) {
                None => {
                    self.keep_until(tree.span(key).end);
                    if !new.is_empty() {
                        self.insert(": ");
                    }
                }
                // What stands right behind the colon of a quoted key can go on doing so.
                Some(after) if span.start == after && !new.is_empty() && !self.is_quoted(key) => {
                    self.keep_until(after);
                    self.insert(" ");
                }
                Some(_) => self.keep_until(span.start),
            }
        } else {
            self.keep_until(span.start);
        }
        self.insert(&new);
        self.skip_to(span.end);
        if span.is_empty() && !new.is_empty() {
            // The space that stood for the value.
            let rest = span.end + blanks(&text[span.end..]);
            if text[rest..].starts_with(',') {
                self.skip_to(rest);
            }
        }
        Ok(())
    }

    fn replace_root(&mut self, id: NodeId, want: &Want) -> Result<(), RewriteError> {
        let (tree, text) = (self.cx.tree, self.cx.text);
        let rendered = self.cx.render(
            want,
            RenderPlace {
                parent: -1,
                item: false,
                near: None,
            },
        )?;
        let new = match rendered {
            RenderedValue::Inline(new) => new,
            RenderedValue::Block { props, lines } if props.is_empty() => {
                lines.strip_suffix('\n').unwrap_or(&lines).to_owned()
            }
            RenderedValue::Block { props, lines } => {
                format!("{props}\n{}", lines.strip_suffix('\n').unwrap_or(&lines))
            }
        };
        let mut documents = tree.documents().iter();
        let document = documents.find(|document| document.root == id);
        let has_marker = document.is_some_and(|document| document.start_marker.is_some());
        let new = match new.is_empty() && !has_marker && tree.documents().len() > 1 {
            // Only what it holds makes it a document beside the others.
            true => "null".to_owned(),
            false => new,
        };
        let span = tree.span(id);
        if span.is_empty() {
            // Nothing is written: at the end of the document, after its comments.
            let end = document.map_or(span.end, |document| {
                document
                    .end_marker
                    .as_ref()
                    .map_or(document.span.end, |marker| marker.start)
            });
            self.keep_until(end);
            if !new.is_empty() {
                self.end_line();
                self.insert(&new);
                self.insert("\n");
            }
            return Ok(());
        }
        let start = if is_block(tree.kind(id)) && tree.props_start(id).is_none() {
            self.cx.region(id).start
        } else {
            span.start
        };
        let line = line_start(text, start);
        // A block begins in column 0, whatever stood there before.
        let lines = new.contains('\n') && is_blank(&text[line..start]);
        let start = if lines { line } else { start };
        self.keep_until(start);
        // Neither a block map nor a block list can begin on the line of `---`.
        if new.contains(['\n', ':', '-']) && !is_blank(&text[line..start]) {
            self.insert("\n");
        }
        self.insert(&new);
        self.skip_old(id);
        Ok(())
    }
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

impl crate::yaml::Tree {
    /// The start of a node's properties, if it has any.
    pub(super) fn props_start(&self, id: NodeId) -> Option<usize> {
        let (span, body) = (self.span(id), self.body(id));
        (self.tag(id).is_some() || self.anchor(id).is_some())
            .then_some(span.start)
            .filter(|_| span.start < body.start || span.is_empty() || body.is_empty())
    }
}

impl Cx<'_> {
    /// The units of a collection: its keys or its items.
    pub(super) fn units(&self, id: NodeId) -> Vec<NodeId> {
        match self.tree.kind(id) {
            Kind::Mapping { .. } => self.tree.entries(id).map(|(key, _)| key).collect(),
            _ => self.tree.items(id).collect(),
        }
    }
}
