//! Text for what is new or comes from elsewhere, rendered for the column it comes to.
//!
//! Line breaks are LF here. A value is either inline (it follows `key: ` or `- `, with the lines it
//! continues on) or a block (lines below the key).

use super::emit::Emitter;
use super::{Cx, WantedUnit};
use crate::yaml::source::{is_blank, line_end, line_start};
use crate::yaml::tree::{Kind, NodeId};
use crate::yaml::want::{RewriteError, Want, WantKey};

pub(super) enum RenderedValue {
    /// Without a line break at its end; the properties are part of it.
    Inline(String),
    /// Whole lines with their breaks, at their column; the properties go above them.
    Block { props: String, lines: String },
}

/// The place of a rendered text: its column and what it hangs from.
#[derive(Clone, Copy)]
pub(super) struct RenderPlace {
    /// The column of the block collection it comes to stand in; -1 at the root of a document.
    pub(super) parent: isize,
    /// True below a sequence.
    pub(super) item: bool,
    /// That collection, where it is in the source.
    pub(super) near: Option<NodeId>,
}

impl RenderPlace {
    fn inside(column: isize, item: bool, near: Option<NodeId>) -> Self {
        Self {
            parent: column,
            item,
            near,
        }
    }
}

pub(super) fn spaces(n: isize) -> String {
    " ".repeat(usize::try_from(n).unwrap_or(0))
}

pub(super) fn is_block(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Mapping { flow: false } | Kind::Sequence { flow: false }
    )
}

impl Cx<'_> {
    /// The tag and anchor of a node, in the order they are written.
    pub(super) fn props(&self, id: NodeId) -> String {
        let mut spans: Vec<_> = [self.tree.tag_span(id), self.tree.anchor(id).map(|a| a.1)]
            .into_iter()
            .flatten()
            .collect();
        spans.sort_by_key(|span| span.start);
        spans
            .into_iter()
            .map(|span| &self.text[span])
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn column_for(&self, spot: RenderPlace, sequence: bool) -> isize {
        if spot.parent < 0 {
            0
        } else if spot.item {
            // Right behind the dash and its space.
            spot.parent + 2
        } else {
            self.style
                .child_column(self.tree, spot.near, spot.parent as usize, sequence)
                as isize
        }
    }

    pub(super) fn render(
        &self,
        want: &Want,
        spot: RenderPlace,
    ) -> Result<RenderedValue, RewriteError> {
        match want {
            Want::Scalar(text) => Ok(RenderedValue::Inline(text.clone())),
            Want::Lines(text) => {
                let mut code = text.lines().filter(|line| !line.starts_with('#'));
                let sequence = code.find(|line| !is_blank(line));
                let sequence = sequence.is_some_and(|line| line.starts_with('-'));
                let indent = spaces(self.column_for(spot, sequence));
                let lines = text.lines().map(|line| match line.is_empty() {
                    true => "\n".to_owned(),
                    false => format!("{indent}{line}\n"),
                });
                Ok(RenderedValue::Block {
                    props: String::new(),
                    lines: lines.collect(),
                })
            }
            Want::Node(id) if is_block(self.tree.kind(*id)) => {
                let sequence = matches!(self.tree.kind(*id), Kind::Sequence { .. });
                let column = self.column_for(spot, sequence);
                self.block_from(*id, column, None)
            }
            Want::Node(id) => {
                let span = self.tree.span(*id);
                let delta = spot.parent - self.ancestor_column(*id);
                let mut out = Emitter::new(self, span.start, delta);
                out.keep_until(span.end);
                let mut text = out.into_text();
                if self.ends_open(*id) {
                    text = close_block_scalar(&text);
                }
                Ok(RenderedValue::Inline(text))
            }
            Want::Map { base, entries } => {
                let units: Vec<_> = entries.iter().map(WantedUnit::Entry).collect();
                let base = base.filter(|&id| matches!(self.tree.kind(id), Kind::Mapping { .. }));
                self.render_collection(base, &units, spot, false)
            }
            Want::List { base, items } => {
                let units: Vec<_> = items.iter().map(WantedUnit::Item).collect();
                let base = base.filter(|&id| matches!(self.tree.kind(id), Kind::Sequence { .. }));
                self.render_collection(base, &units, spot, true)
            }
        }
    }

    fn render_collection(
        &self,
        base: Option<NodeId>,
        units: &[WantedUnit<'_>],
        spot: RenderPlace,
        sequence: bool,
    ) -> Result<RenderedValue, RewriteError> {
        let props = base.map_or(String::new(), |id| self.props(id));
        if units.is_empty() {
            let empty = if sequence { "[]" } else { "{}" };
            let gap = if props.is_empty() { "" } else { " " };
            return Ok(RenderedValue::Inline(format!("{props}{gap}{empty}")));
        }
        let column = self.column_for(spot, sequence);
        match base {
            Some(id) if is_block(self.tree.kind(id)) => self.block_from(id, column, Some(units)),
            Some(id) if self.tree.len(id) > 0 => {
                let span = self.tree.span(id);
                let delta = spot.parent - self.ancestor_column(id);
                let mut out = Emitter::new(self, span.start, delta);
                out.flow(id, units)?;
                out.keep_until(span.end);
                Ok(RenderedValue::Inline(out.into_text()))
            }
            _ => {
                let mut lines = String::new();
                for unit in units {
                    if !lines.is_empty() && self.stood_apart(*unit) {
                        lines.push('\n');
                    }
                    lines.push_str(&self.render_unit(*unit, column, None)?);
                }
                Ok(RenderedValue::Block { props, lines })
            }
        }
    }

    /// A block collection of the source at another column, with its units changed if that is wanted.
    fn block_from(
        &self,
        id: NodeId,
        column: isize,
        units: Option<&[WantedUnit<'_>]>,
    ) -> Result<RenderedValue, RewriteError> {
        let region = self.region(id);
        let delta = column - self.tree.column(id) as isize;
        let mut out = Emitter::new(self, region.start, delta);
        let mid_line = line_start(self.text, region.start) != region.start;
        if mid_line {
            out.insert(&spaces(column));
        }
        if let Some(units) = units {
            out.block(id, units)?;
        }
        out.keep_until(region.end);
        out.end_line();
        let mut lines = out.into_text();
        if self.ends_open(id) {
            lines = close_last_block_scalar(self, id, lines);
        }
        Ok(RenderedValue::Block {
            props: self.props(id),
            lines,
        })
    }

    /// The lines of a block collection, from its first unit (and the comments above it) to the last.
    pub(super) fn region(&self, id: NodeId) -> std::ops::Range<usize> {
        let (first, last) = match self.tree.kind(id) {
            Kind::Mapping { .. } => {
                let mut keys = self.tree.entries(id).map(|(key, _)| key);
                let first = keys.next();
                (first, keys.last().or(first))
            }
            _ => {
                let mut items = self.tree.items(id);
                let first = items.next();
                (first, items.last().or(first))
            }
        };
        match (first, last) {
            (Some(first), Some(last)) => {
                let body = self.tree.body(id).start;
                let start = self.tree.block_extent(first).start.max(
                    // Comments above a compact collection are not inside it.
                    if is_blank(&self.text[line_start(self.text, body)..body]) {
                        0
                    } else {
                        body
                    },
                );
                start..self.tree.block_extent(last).end
            }
            _ => self.tree.body(id),
        }
    }

    /// The lines of one entry or item at a column, with their line breaks and the comments of the item or
    /// entry that it is made of.
    pub(super) fn render_unit(
        &self,
        unit: WantedUnit<'_>,
        column: isize,
        near: Option<NodeId>,
    ) -> Result<String, RewriteError> {
        // First, so that nothing inside the unit takes them.
        let sources = self.take_loose(unit);
        let lines = self.render_plain(unit, column, near)?;
        // The outer source comes last, so that its comments stand on top.
        let with = |lines, source| self.with_comments(source, unit, column, lines);
        Ok(sources.into_iter().rev().fold(lines, with))
    }

    fn render_plain(
        &self,
        unit: WantedUnit<'_>,
        column: isize,
        near: Option<NodeId>,
    ) -> Result<String, RewriteError> {
        let indent = spaces(column);
        let entry = match unit {
            WantedUnit::Item(want) => {
                let rendered = self.render(want, RenderPlace::inside(column, true, near))?;
                return Ok(match rendered {
                    RenderedValue::Inline(text) if text.is_empty() => format!("{indent}-\n"),
                    RenderedValue::Inline(text) => format!("{indent}- {text}\n"),
                    RenderedValue::Block { props, lines } if props.is_empty() => {
                        format!("{indent}- {}", lines.trim_start_matches(' '))
                    }
                    RenderedValue::Block { props, lines } => format!("{indent}- {props}\n{lines}"),
                });
            }
            WantedUnit::Entry(entry) => entry,
        };
        if let Some(key) = entry.key.entry()
            && self.tree.in_block(key)
        {
            let extent = self.tree.block_extent(key);
            let delta = column - self.tree.column(self.tree.parent(key).unwrap_or(key)) as isize;
            let mut out = Emitter::new(self, extent.start, delta);
            if extent.start == extent.lead && line_start(self.text, extent.lead) != extent.lead {
                out.insert(&indent);
            }
            out.entry(key, entry)?;
            out.keep_until(extent.end);
            out.end_line();
            let mut text = out.into_text();
            if self
                .tree
                .value_of(key)
                .is_some_and(|value| self.ends_open(value))
            {
                text = close_last_block_scalar(self, key, text);
            }
            return Ok(text);
        }
        let key = match &entry.key {
            WantKey::New(text) => text.clone(),
            WantKey::Renamed(key, text) => {
                let props = self.props(*key);
                if props.is_empty() {
                    text.clone()
                } else {
                    format!("{props} {text}")
                }
            }
            WantKey::Entry(key) => self.inline_key(*key)?,
        };
        let rendered = self.render(&entry.value, RenderPlace::inside(column, false, near))?;
        Ok(match rendered {
            RenderedValue::Inline(text) if text.is_empty() => format!("{indent}{key}:\n"),
            RenderedValue::Inline(text) => format!("{indent}{key}: {text}\n"),
            RenderedValue::Block { props, lines } if props.is_empty() => {
                format!("{indent}{key}:\n{lines}")
            }
            RenderedValue::Block { props, lines } => format!("{indent}{key}: {props}\n{lines}"),
        })
    }

    /// The text of a key that is written anew elsewhere; it must be on one line and no collection.
    pub(super) fn inline_key(&self, key: NodeId) -> Result<String, RewriteError> {
        let span = self.tree.span(key);
        let text = &self.text[span.clone()];
        let simple = matches!(self.tree.kind(key), Kind::Scalar(_) | Kind::Alias)
            && !text.contains(['\n', '\r'])
            && !self.tree.is_explicit_key(key);
        if !simple {
            return Err(RewriteError::ComplexKey {
                node: key,
                offset: span.start,
            });
        }
        // A `:` directly after an alias would become part of its name.
        let gap = if self.tree.kind(key) == Kind::Alias {
            " "
        } else {
            ""
        };
        self.kept.borrow_mut().push(span);
        Ok(format!("{text}{gap}"))
    }

    /// True if a node ends with a block scalar that the end of the text cuts off: without a line break its content has
    /// none either, which must stay so where a line break follows.
    pub(super) fn ends_open(&self, id: NodeId) -> bool {
        self.tree.span(id).end == self.text.len()
            && self.last_block_scalar(id).is_some_and(|scalar| {
                let header = self.tree.body(scalar).start;
                let end = crate::yaml::block::header(self.text, header).end;
                !self.text[header..end].contains('-') && end < self.text.len()
            })
    }

    pub(super) fn last_block_scalar(&self, id: NodeId) -> Option<NodeId> {
        use crate::yaml::tree::ScalarStyle::{Folded, Literal};
        let end = self.tree.span(id).end;
        let last = NodeId(self.tree.nodes.len() as u32 - 1);
        (self.tree.span(last).end == end
            && matches!(self.tree.kind(last), Kind::Scalar(Literal | Folded)))
        .then_some(last)
    }
}

/// Makes a block scalar's header strip its last line break.
pub(super) fn close_block_scalar(text: &str) -> String {
    let at = text.find(['|', '>']).map_or(text.len(), |at| at + 1);
    let end = at
        + text[at..]
            .find(|c: char| !c.is_ascii_digit() && c != '+')
            .unwrap_or(text.len() - at);
    format!(
        "{}{}-{}",
        &text[..at],
        text[at..end].replace('+', ""),
        &text[end..]
    )
}

/// The same for the block scalar at the end of rendered lines, which has as many lines as in the source.
fn close_last_block_scalar(cx: &Cx<'_>, id: NodeId, lines: String) -> String {
    let node = cx.tree.value_of(id).unwrap_or(id);
    let Some(scalar) = cx.last_block_scalar(node) else {
        return lines;
    };
    let body = cx.tree.body(scalar);
    let header = &cx.text[body.start..line_end(cx.text, body.start).0];
    // The content may have the header's sign too, so that a search would not do: `|` is a pipe in many a script.
    let breaks = breaks_within(&cx.text[body]);
    let content = lines.trim_end_matches('\n');
    let starts = content.rmatch_indices('\n').map(|(at, _)| at + 1);
    let start = starts.chain([0]).nth(breaks).unwrap_or(0);
    let line = &lines[start..line_end(&lines, start).0];
    match line.strip_suffix(header) {
        Some(before) => {
            let at = start + before.len();
            format!("{}{}", &lines[..at], close_block_scalar(&lines[at..]))
        }
        None => lines,
    }
}

/// The number of line breaks between the lines of a text.
fn breaks_within(text: &str) -> usize {
    let text = text.trim_end_matches(['\n', '\r']);
    let mut at = line_end(text, 0).1;
    let mut breaks = 0;
    while at < text.len() {
        breaks += 1;
        at = line_end(text, at).1;
    }
    breaks
}
