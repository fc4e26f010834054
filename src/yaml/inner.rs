//! YAML inside a scalar of another YAML text.
//!
//! Manifests carry whole documents as strings: `values: |` in an Argo CD Application, `valuesContent` in
//! a k3s HelmChart, the entries of a ConfigMap. The string's content is parsed and edited as a text of
//! its own; what is left to do is to bring those edits back into the host, and that is here.
//!
//! In a literal block (`|`) each line of the content is a line of the host, so an edit touches the
//! host's lines that it touches in the content and no others: blank lines, trailing white space, line
//! breaks and the indentation stay as they are. The header changes only where it must: the chomping
//! indicator if the content ends otherwise than before, an indentation indicator if the first line now
//! begins with a space. Every other notation (folded, quoted, plain) is written anew as a literal
//! block, or in flow notation between double quotes, and that is reported; without an edit it is not
//! touched either.
//!
//! What this module hands out reads back as the new content, or it is an error: a content that cannot
//! be written so is never approximated.

use std::ops::Range;

use super::block;
use super::edits::{EditSet, OverlappingEdits};
use super::quote::double_quoted;
use super::source::{line_end, newline_near};
use super::tree::{Kind, NodeId, ScalarStyle, Tree};

/// The edits of a host text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InnerRewrite {
    /// The replacements, in the host's text.
    pub edits: EditSet,
    /// True if the scalar is written in another notation than before.
    pub restyled: bool,
}

/// The reasons for which a content cannot be brought back into its host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InnerError {
    /// The node is no scalar.
    #[error("the node is not a string")]
    NotScalar,
    /// The edits are those of another text.
    #[error("the edits belong to another text")]
    OtherText,
    /// A character that a block scalar cannot hold.
    #[error("U+{:04X} cannot stand in a block scalar", u32::from(*.0))]
    Character(char),
    /// The content begins with spaces and is indented so far that no indicator can say it.
    #[error("the text begins with a space and is indented too far")]
    Indentation,
    /// The content ends with fewer blank lines than stand behind it in the host.
    #[error("the text ends with blank lines that cannot be told from those after it")]
    BlankEnd,
    /// A mistake in this module.
    #[error(transparent)]
    Overlap(#[from] OverlappingEdits),
}

/// The places in the host of the places in the content of a scalar: exact in a literal block, else the start of the scalar.
#[derive(Clone, Debug)]
pub struct HostPlaces {
    /// The start of the scalar.
    start: usize,
    /// Where each line of the content begins, in the content and in the host.
    lines: Vec<(usize, usize)>,
    /// The length of the content.
    len: usize,
    /// True if the last line of the content is whole, so that nothing is at its end.
    is_closed: bool,
}

impl HostPlaces {
    /// The places of a scalar.
    #[must_use]
    pub fn of(host: &Tree, node: NodeId) -> Self {
        let content = host.content(node);
        let literal = Literal::of(host, node);
        let lines = literal.map(|literal| literal.lines).unwrap_or_default();
        let mut at = 0;
        let starts = lines.into_iter().zip(content.split('\n'));
        let starts = starts.map(|(line, text)| {
            let begins = at;
            at += text.len() + 1;
            (begins, line_end(host.text(), line.start).0 - text.len())
        });
        Self {
            start: host.span(node).start,
            lines: starts.collect(),
            len: content.len(),
            is_closed: content.ends_with('\n'),
        }
    }

    /// The offset in the host of an offset in the content, both in bytes.
    #[must_use]
    pub fn offset(&self, inner: usize) -> usize {
        let inner = inner.min(self.len);
        let behind = self.lines.partition_point(|(begins, _)| *begins <= inner);
        match self.lines[..behind].last() {
            Some((begins, host)) if !self.is_closed || inner < self.len => host + (inner - begins),
            _ => self.start,
        }
    }
}

/// One place of [`HostPlaces`].
#[must_use]
pub fn host_offset(host: &Tree, node: NodeId, inner: usize) -> usize {
    HostPlaces::of(host, node).offset(inner)
}

/// The edits of the host that make the content of `node` what `edits` make of it.
///
/// # Errors
/// A content that cannot be written at this place.
pub fn rewrite_inner(
    host: &Tree,
    node: NodeId,
    edits: &EditSet,
) -> Result<InnerRewrite, InnerError> {
    let Kind::Scalar(_) = host.kind(node) else {
        return Err(InnerError::NotScalar);
    };
    let content = host.content(node);
    if edits.iter().any(|(range, _)| content.get(range).is_none()) {
        return Err(InnerError::OtherText);
    }
    if edits.is_empty() {
        return Ok(InnerRewrite {
            edits: EditSet::default(),
            restyled: false,
        });
    }
    let new = edits.apply(content);
    // One line in quotes stays one.
    let body = host.body(node);
    if !new.contains(|c| c == '\n' || !is_literal(c)) && !host.text()[body.clone()].contains('\n') {
        let same_quotes = match host.kind(node) {
            Kind::Scalar(ScalarStyle::SingleQuoted) => {
                Some(format!("'{}'", new.replace('\'', "''")))
            }
            Kind::Scalar(ScalarStyle::DoubleQuoted) => Some(double_quoted(&new)),
            _ => None,
        };
        if let Some(line) = same_quotes {
            return Ok(InnerRewrite {
                edits: replace_body(host, node, body, line)?,
                restyled: false,
            });
        }
    }
    // A block has no form between brackets, and none of blank lines alone: no line shows its indentation.
    if in_flow(host, node) || new.trim_matches(['\n', ' ']).is_empty() {
        return Ok(InnerRewrite {
            edits: replace_body(host, node, body, double_quoted(&new))?,
            restyled: host.kind(node) != Kind::Scalar(ScalarStyle::DoubleQuoted),
        });
    }
    // Text with carriage returns, as it is pasted on Windows, has its form in double quotes only.
    let quoted = host.kind(node) == Kind::Scalar(ScalarStyle::DoubleQuoted);
    if quoted && new.contains(|c| !is_literal(c)) {
        return Ok(InnerRewrite {
            edits: replace_body(host, node, host.body(node), double_quoted(&new))?,
            restyled: false,
        });
    }
    if let Some(c) = new.chars().find(|c| !is_literal(*c)) {
        return Err(InnerError::Character(c));
    }
    match Literal::of(host, node) {
        Some(literal) => Ok(InnerRewrite {
            edits: literal.rewrite(edits, &new)?,
            restyled: false,
        }),
        None => Ok(InnerRewrite {
            edits: restyle(host, node, &new)?,
            restyled: true,
        }),
    }
}

/// True for a node between braces or brackets.
fn in_flow(host: &Tree, node: NodeId) -> bool {
    let mut at = node;
    while let Some(parent) = host.parent(at) {
        if matches!(
            host.kind(parent),
            Kind::Mapping { flow: true } | Kind::Sequence { flow: true }
        ) {
            return true;
        }
        at = parent;
    }
    false
}

fn is_literal(c: char) -> bool {
    // Left out are what YAML does not print, the byte order mark, and the line breaks that only YAML 1.1
    // knows: older readers would end the line there.
    matches!(c, '\n' | '\t' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}'
        | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
        && !matches!(c, '\u{2028}' | '\u{2029}')
}

/// The chomping indicator that keeps the end of the content.
fn chomping(content: &str) -> &'static str {
    match content.len() - content.trim_end_matches('\n').len() {
        0 => "-",
        1 => "",
        _ => "+",
    }
}

/// True if the indentation must be written out, because the first line does not show it.
fn needs_indicator(content: &str) -> bool {
    content
        .split('\n')
        .find(|line| !line.trim_matches(' ').is_empty())
        .is_some_and(|line| line.starts_with(' '))
        || content
            .split('\n')
            .take_while(|line| line.trim_matches(' ').is_empty())
            .any(|line| !line.is_empty())
}

/// A literal block in the host.
struct Literal<'t> {
    host: &'t Tree,
    content: &'t str,
    /// The header, from `|` to before white space and a comment.
    header: Range<usize>,
    parent: usize,
    indent: usize,
    newline: &'t str,
    /// The lines of the host that are the lines of the content, with their line breaks.
    lines: Vec<Range<usize>>,
}

impl<'t> Literal<'t> {
    /// `None` if the node is none, or if its lines in the host are not those of its content.
    fn of(host: &'t Tree, node: NodeId) -> Option<Self> {
        if host.kind(node) != Kind::Scalar(ScalarStyle::Literal) {
            return None;
        }
        let text = host.text();
        let body = host.body(node);
        let indent = host.block_scalar(node)?.indent;
        let content = host.content(node);
        let header = block::header(text, body.start);
        let (end, mut at) = line_end(text, header.end);
        let newline = &text[end..at];
        let mut lines = Vec::new();
        for line in content.strip_suffix('\n').unwrap_or(content).split('\n') {
            if content.is_empty() {
                break;
            }
            let (end, next) = line_end(text, at);
            let written = &text[at..end];
            let spaces = written.len() - written.trim_start_matches(' ').len();
            // A blank line may have fewer spaces than the block is indented by.
            if &written[spaces.min(indent)..] != line {
                return None;
            }
            lines.push(at..next);
            at = next;
        }
        Some(Self {
            host,
            content,
            header: body.start..header.end,
            parent: parent_column(host, node),
            indent,
            newline: if newline.is_empty() { "\n" } else { newline },
            lines,
        })
    }

    fn rewrite(&self, edits: &EditSet, new: &str) -> Result<EditSet, InnerError> {
        let mut out = Vec::new();
        if let Some(header) = self.new_header(new)? {
            out.push((self.header.clone(), header));
        }
        let text = self.host.text();
        // Where the host's lines begin if there are none: behind the header's line.
        let mut host_at = match self.lines.first() {
            Some(line) => line.start,
            None => line_end(text, self.header.end).1,
        };
        let end = self.lines.last().map_or(host_at, |line| line.end);
        let mut new_at = 0;
        for kept in self.kept(edits, new) {
            let line = self.lines[kept.line].clone();
            self.fill_lines(&new[new_at..kept.new.start], host_at..line.start, &mut out);
            new_at = kept.new.end;
            host_at = line.end;
        }
        self.fill_lines(&new[new_at..], host_at..end, &mut out);
        if chomping(new) == "+" {
            self.blank_end(end, &mut out)?;
        }
        Ok(EditSet::new(text, out)?)
    }

    /// Writes the lines of `new` in the place of these lines of the host.
    fn fill_lines(&self, new: &str, place: Range<usize>, out: &mut Vec<(Range<usize>, String)>) {
        if new.is_empty() && place.is_empty() {
            return;
        }
        let text = self.host.text();
        let mut lines = String::new();
        if !new.is_empty() {
            render(new, self.indent, self.newline, &mut lines);
        }
        // A host without a line break at its end keeps it so, and the content has none there either.
        if place.end == text.len() && self.open() {
            if place.is_empty() {
                lines.insert_str(0, self.newline);
            }
            if (!new.ends_with('\n') || self.chomp(new) == "-")
                && let Some(cut) = lines.strip_suffix(self.newline)
            {
                lines.truncate(cut.len());
            }
        }
        out.push((place, lines));
    }

    /// Blank lines that follow in the host are content once line breaks at the end are kept.
    fn blank_end(&self, end: usize, out: &mut [(Range<usize>, String)]) -> Result<(), InnerError> {
        let text = self.host.text();
        if text[self.header.clone()].contains('+') {
            return Ok(());
        }
        let mut following = 0;
        let mut at = end;
        while at < text.len() {
            let (content_end, next) = line_end(text, at);
            if !text[at..content_end].trim_matches(' ').is_empty() {
                break;
            }
            following += 1;
            at = next;
        }
        for _ in 0..following {
            // The last replacement reaches to the end of the content.
            let Some((_, lines)) = out.last_mut() else {
                return Err(InnerError::BlankEnd);
            };
            let blank = format!("{}{}", self.newline, self.newline);
            if !lines.ends_with(&blank) {
                return Err(InnerError::BlankEnd);
            }
            lines.truncate(lines.len() - self.newline.len());
        }
        Ok(())
    }

    /// The header for a new content, if it is another one.
    fn new_header(&self, new: &str) -> Result<Option<String>, InnerError> {
        let written = &self.host.text()[self.header.clone()];
        let had = written.bytes().any(|b| b.is_ascii_digit());
        let indicator = indicator(had || needs_indicator(new), self.indent, self.parent)?;
        let chomp = self.chomp(new);
        let same_chomp =
            written.contains(['+', '-']) != chomp.is_empty() && written.contains(chomp);
        if same_chomp && had != indicator.is_empty() {
            return Ok(None);
        }
        Ok(Some(format!("|{indicator}{chomp}")))
    }

    /// The chomping indicator for a new content: that of before, if it fits.
    fn chomp(&self, new: &str) -> &'static str {
        let written = &self.host.text()[self.header.clone()];
        let wanted = chomping(new);
        if written.contains('+') && new.ends_with('\n') {
            return "+";
        }
        // The last line of a host may have no line break, and then the content has none.
        if wanted == "-" && self.open() && !written.contains(['+', '-']) {
            return "";
        }
        wanted
    }

    /// True if the block is the end of a host that does not end with a line break.
    fn open(&self) -> bool {
        let text = self.host.text();
        let end = match self.lines.last() {
            Some(line) => line.end,
            None => line_end(text, self.header.end).1,
        };
        end == text.len() && !text.ends_with(['\n', '\r'])
    }

    /// The lines that no edit touches and that are still lines, and where they come to in the new
    /// content.
    fn kept(&self, edits: &EditSet, new: &str) -> Vec<KeptLine> {
        let edits: Vec<(Range<usize>, &str)> = edits.iter().collect();
        let mut kept = Vec::new();
        // The edits that are over before the line, and what they added to its offset.
        let (mut past, mut added, mut removed) = (0, 0, 0);
        let mut start = 0;
        for (line, text) in self.content.split_inclusive('\n').enumerate() {
            let end = start + text.len();
            while let Some((range, put)) = edits.get(past).filter(|(range, _)| range.end <= start) {
                added += put.len();
                removed += range.len();
                past += 1;
            }
            let touched = edits.get(past).is_some_and(|(range, _)| {
                // What is put behind a line without a break goes on with that line.
                range.start < end || (range.start == end && !text.ends_with('\n'))
            });
            let at = start + added - removed;
            if !touched && (at == 0 || new[..at].ends_with('\n')) {
                kept.push(KeptLine {
                    line,
                    new: at..at + text.len(),
                });
            }
            start = end;
        }
        kept
    }
}

struct KeptLine {
    line: usize,
    new: Range<usize>,
}

/// The column of the collection that a node stands in.
fn parent_column(host: &Tree, node: NodeId) -> usize {
    host.parent(node).map_or(0, |parent| host.column(parent))
}

fn indicator(needed: bool, indent: usize, parent: usize) -> Result<String, InnerError> {
    if !needed {
        return Ok(String::new());
    }
    match indent.checked_sub(parent) {
        Some(n @ 1..=9) => Ok(n.to_string()),
        _ => Err(InnerError::Indentation),
    }
}

/// Writes the lines of a text, each with a line break.
fn render(text: &str, indent: usize, newline: &str, out: &mut String) {
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(line);
        }
        out.push_str(newline);
    }
}

/// Writes a scalar of another notation as a literal block.
fn restyle(host: &Tree, node: NodeId, new: &str) -> Result<EditSet, InnerError> {
    let text = host.text();
    let body = host.body(node);
    let parent = parent_column(host, node);
    let block = host.block_scalar(node);
    let indent = match block {
        // An empty block shows no indentation to go on with.
        Some(block) if block.end > block::header(text, body.start).end => block.indent,
        _ => parent + step(host),
    };
    let indicator = indicator(needs_indicator(new), indent, parent)?;
    let header = format!("|{indicator}{}", chomping(new));
    // What stands behind the scalar on its line, a comment, stays behind the header.
    let (old, first) = match block {
        Some(_) => {
            let end = block::header(text, body.start).end;
            (body.start..end, line_end(text, end))
        }
        None => (body.clone(), line_end(text, body.end)),
    };
    let (line_content_end, lines_start) = first;
    let newline = newline_near(text, lines_start);
    let lines_end = match block {
        Some(_) if body.end > old.end => line_end(text, body.end).1,
        _ => lines_start,
    };
    let mut lines = String::new();
    render(new, indent, newline, &mut lines);
    if lines_start == line_content_end {
        // The host ends without a line break.
        lines.insert_str(0, newline);
    }
    if lines_end == text.len() && !text.ends_with(['\n', '\r']) && chomping(new) == "-" {
        lines.truncate(lines.len() - newline.len());
    }
    let literal = Literal {
        host,
        content: "",
        header: body.start..body.start,
        parent,
        indent,
        newline,
        lines: Vec::new(),
    };
    let mut out = vec![(old, header), (lines_start..lines_end, lines)];
    if chomping(new) == "+" {
        literal.blank_end(lines_end, &mut out)?;
    }
    Ok(EditSet::new(text, out)?)
}

/// The step of the host's indentation: that of its first nested mapping.
fn step(host: &Tree) -> usize {
    host.nodes()
        .filter(|&node| host.kind(node) == Kind::Mapping { flow: false })
        .find_map(|node| {
            let parent = host.parent(node)?;
            let step = host.column(node).checked_sub(host.column(parent))?;
            (host.kind(parent) == Kind::Mapping { flow: false } && step > 0).then_some(step)
        })
        .unwrap_or(2)
}

fn replace_body(
    host: &Tree,
    node: NodeId,
    body: Range<usize>,
    new: String,
) -> Result<EditSet, InnerError> {
    let text = host.text();
    let Some(_) = host.block_scalar(node) else {
        return Ok(EditSet::new(text, [(body, new)])?);
    };
    // The header's comment stays; the lines go.
    let header = block::header(text, body.start).end;
    let first = line_end(text, header).1;
    let mut edits = vec![(body.start..header, new)];
    if body.end > header {
        edits.push((first..line_end(text, body.end).1, String::new()));
    }
    Ok(EditSet::new(text, edits)?)
}
