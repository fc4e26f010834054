//! Flow collections, edited element by element with their commas; and values of any notation
//! written as flow.

use std::cell::OnceCell;

use super::emit::Emitter;
use super::render::is_block;
use super::{Cx, WantedUnit};
use crate::yaml::quote::double_quoted;
use crate::yaml::source::{indent_of, line_end, skip_trivia, starts_line};
use crate::yaml::tree::{Kind, NodeId, PAIR, ScalarStyle};
use crate::yaml::want::{RewriteError, Want, WantKey};

/// The extent of one element of a flow collection.
struct FlowElement {
    /// After the bracket or the comma before it (and the rest of that line, if nothing else is
    /// there).
    begin: usize,
    start: usize,
    end: usize,
    /// The offset of its comma.
    comma: Option<usize>,
    /// The start of the next element.
    next: usize,
}

/// The place of an element in what is written.
#[derive(Clone, Copy)]
struct ElementTurn {
    is_first: bool,
    is_last: bool,
    /// True if a comma comes behind it.
    comma: bool,
}

/// The white space of a flow collection that has elements, as far as new ones are written like them.
struct FlowLayout<'s> {
    text: &'s str,
    elements: &'s [FlowElement],
    /// The text before the first element.
    lead: &'s str,
    /// The text before the second.
    between: &'s str,
    /// True if the first element begins a line.
    begins_line: bool,
    /// True if the closing bracket begins a line.
    bracket_begins_line: bool,
    /// The offset of the closing bracket.
    close: usize,
    /// The column of elements that begin a line, once it was asked for: what is in one line may be long.
    column: OnceCell<usize>,
}

impl<'s> FlowLayout<'s> {
    /// The layout of a collection with at least one element.
    fn of(cx: &Cx<'s>, id: NodeId, elements: &'s [FlowElement]) -> Self {
        let (first, last) = (&elements[0], &elements[elements.len() - 1]);
        let mut layout = Self {
            text: cx.text,
            elements,
            lead: " ",
            between: " ",
            begins_line: cx.is_line_start(first.begin),
            bracket_begins_line: cx.is_line_start(last.next),
            close: cx.tree.span(id).end - 1,
            column: OnceCell::new(),
        };
        layout.lead = layout.gap(first);
        layout.between = elements.get(1).map_or(" ", |second| layout.gap(second));
        layout
    }

    /// The text between an element and the comma or bracket before it, if that is in one line.
    fn gap(&self, element: &FlowElement) -> &'s str {
        match &self.text[element.begin..element.start] {
            // A line break or a comment is of that one place and no habit.
            gap if gap.contains(['\n', '\r', '#']) => " ",
            gap => gap,
        }
    }

    /// The column in which an emitter writes an element that begins a line.
    fn line_indent(&self, emitter: &Emitter<'_, '_>) -> isize {
        let column = *self.column.get_or_init(|| {
            let mut elements = self.elements.iter();
            match elements.find(|element| emitter.cx.is_line_start(element.begin)) {
                Some(element) => indent_of(self.text, element.start),
                None => indent_of(self.text, self.close) + 2,
            }
        });
        column as isize + emitter.delta
    }
}

impl Cx<'_> {
    /// Refuses a collection with a key that cannot be written in one line: one behind `?`, or a pair without braces.
    fn refuse_complex_keys(&self, id: NodeId, source: &[NodeId]) -> Result<(), RewriteError> {
        let is_pair = self.tree.node(id).flags & PAIR != 0;
        let explicit = || source.iter().find(|&&unit| self.tree.is_explicit_key(unit));
        match is_pair.then_some(&id).or_else(explicit) {
            Some(&node) => Err(RewriteError::ComplexKey {
                node,
                offset: self.tree.span(node).start,
            }),
            None => Ok(()),
        }
    }

    fn elements(&self, id: NodeId, source: &[NodeId]) -> Vec<FlowElement> {
        let text = self.text;
        let close = self.tree.span(id).end - 1;
        let mut begin = self.line_rest(self.tree.body(id).start + 1, close);
        let mut elements = Vec::new();
        for &unit in source {
            let start = self.tree.span(unit).start;
            let end = match self.tree.value_of(unit) {
                Some(value) => self.tree.span(value).end.max(self.tree.span(unit).end),
                None => self.tree.span(unit).end,
            };
            let after = skip_trivia(text, end);
            let comma = (text.as_bytes()[after] == b',').then_some(after);
            let next = self.line_rest(comma.map_or(end, |comma| comma + 1), close);
            elements.push(FlowElement {
                begin,
                start,
                end,
                comma,
                next,
            });
            begin = next;
        }
        elements
    }

    /// The start of the next line if only white space and a comment stand before it, else `at`.
    fn line_rest(&self, at: usize, close: usize) -> usize {
        let bytes = self.text.as_bytes()[at..].iter();
        // Where something else follows nobody need know how long the line is: all of a collection may stand on it.
        let mut telling = bytes.skip_while(|byte| matches!(byte, b' ' | b'\t'));
        if !matches!(telling.next(), None | Some(b'#' | b'\n' | b'\r')) {
            return at;
        }
        let (content_end, next) = line_end(self.text, at);
        let rest = self.text[at..content_end].trim_start_matches([' ', '\t']);
        let comment = rest.starts_with('#') && !self.tree.comments_in(at..content_end).is_empty();
        if (rest.is_empty() || comment) && next <= close {
            next
        } else {
            at
        }
    }

    fn is_line_start(&self, at: usize) -> bool {
        starts_line(self.text, at)
    }

    /// A wanted value as flow, on one line unless it is written on several already.
    pub(super) fn flow_text(&self, want: &Want) -> Result<String, RewriteError> {
        match want {
            Want::Scalar(text) => Ok(text.clone()),
            // A block has no form between brackets.
            Want::Lines(text) => Err(RewriteError::NotOneLine(text.clone())),
            Want::Node(id) => self.flow_node(*id),
            Want::Map { base, entries } => {
                let mut parts = Vec::new();
                self.loose_comments(*base, entries.iter().filter_map(|entry| entry.key.entry()))?;
                for entry in entries {
                    parts.push(self.flow_unit(WantedUnit::Entry(entry))?);
                }
                Ok(self.bracketed(*base, '{', &parts, '}'))
            }
            Want::List { base, items } => {
                let mut parts = Vec::new();
                self.loose_comments(*base, items.iter().filter_map(Want::grounded_on))?;
                for item in items {
                    parts.push(self.flow_unit(WantedUnit::Item(item))?);
                }
                Ok(self.bracketed(*base, '[', &parts, ']'))
            }
        }
    }

    /// Comments of a collection that belong to none of its units, or to an item that stays.
    fn loose_comments(
        &self,
        base: Option<NodeId>,
        stay: impl Iterator<Item = NodeId>,
    ) -> Result<(), RewriteError> {
        let Some(base) = base else { return Ok(()) };
        if !is_block(self.tree.kind(base)) {
            return self.no_comments(base, self.tree.span(base));
        }
        let stay: std::collections::HashSet<_> = stay.collect();
        let mut at = self.tree.span(base).start;
        for unit in self.units(base) {
            let extent = self.tree.extent(unit);
            self.no_comments(base, at..extent.start)?;
            // Entries that stay are looked at on their own.
            if stay.contains(&unit) && !self.tree.is_key(unit) {
                self.no_comments(unit, extent.clone())?;
            }
            at = extent.end;
        }
        Ok(())
    }

    /// Comments that an entry would lose in a flow collection: all of its own, and those in its
    /// value unless that is said in full.
    fn entry_comments(&self, key: NodeId, value: &Want) -> Result<(), RewriteError> {
        let extent = self.tree.extent(key);
        let old = self.tree.value_of(key);
        match value {
            Want::Map {
                base: Some(base), ..
            }
            | Want::List {
                base: Some(base), ..
            } if old == Some(*base) && is_block(self.tree.kind(*base)) => {
                let region = self.region(*base);
                self.no_comments(key, extent.start..region.start)?;
                self.no_comments(key, region.end..extent.end)
            }
            _ => self.no_comments(key, extent),
        }
    }

    fn bracketed(&self, base: Option<NodeId>, open: char, parts: &[String], close: char) -> String {
        let props = base.map_or(String::new(), |id| self.props(id));
        let gap = if props.is_empty() { "" } else { " " };
        format!("{props}{gap}{open}{}{close}", parts.join(", "))
    }

    fn flow_unit(&self, unit: WantedUnit<'_>) -> Result<String, RewriteError> {
        let entry = match unit {
            WantedUnit::Item(want) => {
                let text = self.flow_text(want)?;
                // Nothing is no element.
                return Ok(if text.is_empty() {
                    "null".to_owned()
                } else {
                    text
                });
            }
            WantedUnit::Entry(entry) => entry,
        };
        let key = match &entry.key {
            WantKey::New(text) => text.clone(),
            WantKey::Renamed(key, text) => {
                self.entry_comments(*key, &entry.value)?;
                let props = self.props(*key);
                if props.is_empty() {
                    text.clone()
                } else {
                    format!("{props} {text}")
                }
            }
            WantKey::Entry(key) => {
                // Comments of the entry itself would be lost.
                self.entry_comments(*key, &entry.value)?;
                let text = self.inline_key(*key)?;
                let plain = self.tree.kind(*key) == Kind::Scalar(ScalarStyle::Plain);
                if plain && !is_flow_safe(&text) {
                    double_quoted(&text)
                } else {
                    text
                }
            }
        };
        let value = self.flow_text(&entry.value)?;
        Ok(if value.is_empty() {
            // For older readers a colon directly before a comma or a bracket is a part of the key.
            format!("{key}: null")
        } else {
            format!("{key}: {value}")
        })
    }

    fn no_comments(&self, node: NodeId, range: std::ops::Range<usize>) -> Result<(), RewriteError> {
        match self.tree.comments_in(range).first() {
            Some(comment) => Err(RewriteError::CommentInFlow {
                node,
                offset: comment.span.start,
            }),
            None => Ok(()),
        }
    }

    fn flow_node(&self, id: NodeId) -> Result<String, RewriteError> {
        let tree = self.tree;
        let span = tree.span(id);
        let text = &self.text[span.clone()];
        let props = self.props(id);
        let with_props = |body: &str| {
            let gap = if props.is_empty() || body.is_empty() {
                ""
            } else {
                " "
            };
            format!("{props}{gap}{body}")
        };
        match tree.kind(id) {
            kind @ (Kind::Mapping { flow: true } | Kind::Sequence { flow: true }) => {
                if text.contains(['\n', '\r']) {
                    self.no_comments(id, span.clone())?;
                    return self.flow_again(id);
                }
                self.kept.borrow_mut().push(span);
                // A pair in brackets is a mapping without braces.
                let bare = kind == Kind::Mapping { flow: true } && tree.node(id).flags & PAIR != 0;
                Ok(if bare {
                    format!("{{{text}}}")
                } else {
                    text.to_owned()
                })
            }
            Kind::Mapping { .. } | Kind::Sequence { .. } => {
                self.no_comments(id, self.region(id))?;
                self.flow_again(id)
            }
            Kind::Alias => Ok(text.to_owned()),
            Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded) => {
                self.no_comments(id, span.start..line_end(self.text, tree.body(id).start).0)?;
                Ok(with_props(&double_quoted(tree.content(id))))
            }
            Kind::Scalar(ScalarStyle::Plain) => {
                let content = tree.content(id);
                Ok(if content.is_empty() && tree.tag(id).is_some() {
                    // A bracket or a comma directly behind a tag would be taken for a part of it.
                    format!("{props} ")
                } else if is_flow_safe(content) {
                    with_props(content)
                } else {
                    with_props(&double_quoted(content))
                })
            }
            Kind::Scalar(_) if text.contains(['\n', '\r']) => {
                Ok(with_props(&double_quoted(tree.content(id))))
            }
            Kind::Scalar(_) => Ok(text.to_owned()),
        }
    }

    /// A collection written anew as flow, child by child.
    fn flow_again(&self, id: NodeId) -> Result<String, RewriteError> {
        let mut parts = Vec::new();
        if matches!(self.tree.kind(id), Kind::Sequence { .. }) {
            for item in self.tree.items(id) {
                parts.push(self.flow_unit(WantedUnit::Item(&Want::Node(item)))?);
            }
            return Ok(self.bracketed(Some(id), '[', &parts, ']'));
        }
        for (key, value) in self.tree.entries(id) {
            let key = self.inline_key(key).map(|text| {
                let plain = self.tree.kind(key) == Kind::Scalar(ScalarStyle::Plain);
                if plain && !is_flow_safe(&text) {
                    double_quoted(&text)
                } else {
                    text
                }
            })?;
            let value = self.flow_node(value)?;
            let value = if value.is_empty() {
                "null"
            } else {
                value.as_str()
            };
            parts.push(format!("{key}: {value}"));
        }
        Ok(self.bracketed(Some(id), '{', &parts, '}'))
    }
}

/// True if a plain scalar means the same between brackets. `?` and `:` at its start are indicators there for older
/// readers, whatever follows.
fn is_flow_safe(content: &str) -> bool {
    !content.starts_with(['?', ':']) && !content.contains(['[', ']', '{', '}', ',', '\n'])
}

impl Emitter<'_, '_> {
    /// True if the text written for an element ends with a colon or a tag, and nothing behind it.
    fn ends_bare(&self, id: NodeId, unit: WantedUnit<'_>) -> bool {
        let tree = self.cx.tree;
        let value = tree.value_of(id).unwrap_or(id);
        let wanted = match unit {
            WantedUnit::Entry(entry) => &entry.value,
            WantedUnit::Item(want) => want,
        };
        let tagged = tree.is_implicit_null(value) && tree.tag(value).is_some();
        self.ends_with(':') || tagged && *wanted == Want::Node(value)
    }

    /// Writes a flow collection in its place, with its brackets.
    pub(super) fn flow(
        &mut self,
        id: NodeId,
        units: &[WantedUnit<'_>],
    ) -> Result<(), RewriteError> {
        let (source, plan) = self.cx.plan(id, units);
        self.cx.refuse_complex_keys(id, &source)?;
        let elements = self.cx.elements(id, &source);
        let outputs = plan.into_outputs();
        let (Some(first), Some(last)) = (elements.first(), elements.last()) else {
            let parts: Result<Vec<_>, _> = outputs
                .iter()
                .map(|(_, unit)| self.cx.flow_unit(*unit))
                .collect();
            self.fill_brackets(id, &parts?.join(", "));
            return Ok(());
        };
        if outputs.is_empty() {
            self.fill_brackets(id, "");
            return Ok(());
        }
        let layout = FlowLayout::of(self.cx, id, &elements);
        self.keep_until(first.begin);
        let count = outputs.len();
        for (n, (kept, unit)) in outputs.into_iter().enumerate() {
            let turn = ElementTurn {
                is_first: n == 0,
                is_last: n + 1 == count,
                // A comma behind the last element is the file's habit and stays.
                comma: n + 1 < count || last.comma.is_some(),
            };
            match kept {
                Some(i) => {
                    self.approach_element(&layout, i, turn);
                    self.keep_element(&layout, i, turn, (source[i], unit))?;
                }
                None => self.new_element(&layout, turn, unit)?,
            }
        }
        self.skip_to(last.next);
        self.keep_until(self.cx.tree.span(id).end);
        Ok(())
    }

    /// Writes a text between the brackets of a collection, in place of all that stands there.
    fn fill_brackets(&mut self, id: NodeId, content: &str) {
        let end = self.cx.tree.span(id).end;
        self.keep_until(self.cx.tree.body(id).start + 1);
        self.insert(content);
        self.skip_to(end - 1);
        self.keep_until(end);
    }

    fn new_element(
        &mut self,
        layout: &FlowLayout<'_>,
        turn: ElementTurn,
        unit: WantedUnit<'_>,
    ) -> Result<(), RewriteError> {
        let new = self.cx.flow_unit(unit)?;
        let own_line = match turn.is_first {
            true => layout.begins_line,
            false => self.at_line_start(),
        };
        if own_line {
            self.insert(&super::render::spaces(layout.line_indent(self)));
        } else {
            self.insert(match turn.is_first {
                true => layout.lead,
                false => layout.between,
            });
        }
        self.insert(&new);
        if turn.comma {
            self.insert(",");
        }
        if own_line {
            self.insert("\n");
        }
        Ok(())
    }

    /// Moves to the start of an element that stays, past what was left out before it.
    fn approach_element(&mut self, layout: &FlowLayout<'_>, i: usize, turn: ElementTurn) {
        let element = &layout.elements[i];
        let fresh_line = self.at_line_start();
        let starts_line = self.cx.is_line_start(element.begin);
        let behind_new = !turn.is_first && i == 0 && !starts_line;
        let follows = turn.is_first || starts_line == fresh_line;
        if self.cur == element.begin && !behind_new && follows {
            // Nothing was left out before it.
        } else if starts_line {
            self.end_line();
            self.skip_to(element.begin);
        } else {
            self.skip_to(element.start);
            if fresh_line {
                self.insert(&super::render::spaces(layout.line_indent(self)));
            } else {
                self.insert(match (turn.is_first, i) {
                    (true, _) => layout.lead,
                    (false, 0) => layout.between,
                    (false, _) => layout.gap(element),
                });
            }
        }
        if turn.is_first && i > 0 && !starts_line {
            self.skip_to(element.start);
        }
        self.keep_until(element.start);
    }

    /// Writes an element that stays, with the comma and the rest of the line behind it.
    fn keep_element(
        &mut self,
        layout: &FlowLayout<'_>,
        i: usize,
        turn: ElementTurn,
        (id, unit): (NodeId, WantedUnit<'_>),
    ) -> Result<(), RewriteError> {
        let (tree, text) = (self.cx.tree, self.cx.text);
        let element = &layout.elements[i];
        self.write_unit(id, unit)?;
        self.keep_until(element.end);
        if turn.comma != element.comma.is_some() && self.ends_bare(id, unit) {
            // What stands directly behind the colon or the tag would be read as a part of it.
            let blanks = text[element.end..]
                .bytes()
                .take_while(|b| matches!(b, b' ' | b'\t'));
            match blanks.count() {
                0 => self.insert(" "),
                n => self.keep_until(element.end + n),
            }
        }
        match element.comma {
            Some(at) if turn.comma => self.keep_until(at + 1),
            Some(at) => self.skip_to(at + 1),
            None if turn.comma => self.insert(","),
            None => {}
        }
        // The last element takes the rest of its line only if the closing bracket has one too.
        let has_comment = !tree.comments_in(element.end..element.next).is_empty();
        if !turn.is_last || layout.bracket_begins_line || has_comment {
            self.keep_until(element.next);
        } else {
            self.skip_to(element.next);
        }
        Ok(())
    }
}
