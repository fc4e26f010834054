//! Texts that readers of older YAML (libyaml and its ports) read otherwise than YAML 1.2 does.
//!
//! These texts are YAML and the tree is right about them, but a program built on an older reader
//! rejects them or sees other keys. They are facts of the text; whether to warn or to refuse is the
//! caller's decision.

use std::ops::Range;

use super::block;
use super::source::{BOM, is_blank, lines};
use super::tree::{Kind, NodeId, ScalarStyle, Tree};

/// One place that an older reader reads otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The kind of text that is read otherwise.
    pub kind: DivergenceKind,
    /// The byte range in the text.
    pub span: Range<usize>,
}

/// The kinds of text that older readers read otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DivergenceKind {
    /// An empty line that holds a tab: rejected.
    TabOnlyLine,
    /// A comment with a tab before its `#` on a line of its own: rejected.
    TabBeforeComment,
    /// An anchor or alias name with characters other than ASCII letters, digits, `-` and `_`:
    /// rejected.
    AnchorName,
    /// A plain flow key whose `:` stands directly before `,`, `]` or `}`: the colon becomes part of
    /// the key.
    ColonInFlowKey,
    /// A key between brackets that spans lines, or whose `:` stands on a later one: rejected, if it is
    /// written without `? `.
    FlowKeyOverLines,
    /// `...` before anything else: rejected.
    EndBeforeStart,
    /// NEL, LS or PS: a line break for older readers, a character here.
    UnicodeLineBreak,
    /// A key longer than 1,024 bytes: rejected, if it is written without `? `.
    LongKey,
}

/// Finds all of them, sorted by place.
pub(crate) fn find(tree: &Tree) -> Vec<Divergence> {
    let mut found = Vec::new();
    let text = tree.text();
    if text.as_bytes().contains(&b'\t') {
        tabs(tree, &mut found);
    }
    if !text.is_ascii() {
        let breaks = text
            .char_indices()
            .filter(|(_, c)| matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}'));
        found.extend(breaks.map(|(at, c)| Divergence {
            kind: DivergenceKind::UnicodeLineBreak,
            span: at..at + c.len_utf8(),
        }));
    }
    let written = lines(text, 0..text.len()).find(|line| {
        let code = text[line.clone()].trim_start_matches(BOM).trim_start();
        !code.is_empty() && !code.starts_with('#')
    });
    if let Some(line) = written
        && text[line.clone()]
            .trim_start_matches(BOM)
            .starts_with("...")
        && block::is_marker(text[line.clone()].trim_start_matches(BOM))
    {
        found.push(Divergence {
            kind: DivergenceKind::EndBeforeStart,
            span: line.start..line.end,
        });
    }
    for id in tree.nodes() {
        if let Some((name, span)) = tree.anchor(id)
            && !plain_name(name)
        {
            found.push(Divergence {
                kind: DivergenceKind::AnchorName,
                span,
            });
        }
        if tree.kind(id) == Kind::Alias && !plain_name(tree.content(id)) {
            found.push(Divergence {
                kind: DivergenceKind::AnchorName,
                span: tree.span(id),
            });
        }
        if tree.is_key(id) {
            key(tree, id, &mut found);
        }
    }
    found.sort_by_key(|d| d.span.start);
    found
}

fn plain_name(name: &str) -> bool {
    name.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn key(tree: &Tree, id: NodeId, found: &mut Vec<Divergence>) {
    let span = tree.span(id);
    let bytes = tree.text().as_bytes();
    if span.len() > 1024 && !tree.is_explicit_key(id) {
        found.push(Divergence {
            kind: DivergenceKind::LongKey,
            span: span.clone(),
        });
    }
    let flow =
        tree.parent(id).map(|parent| tree.kind(parent)) == Some(Kind::Mapping { flow: true });
    if flow && !tree.is_explicit_key(id) {
        let end = tree.after_colon(id).unwrap_or(span.end);
        if tree.text()[span.start..end].contains(['\n', '\r']) {
            found.push(Divergence {
                kind: DivergenceKind::FlowKeyOverLines,
                span: span.start..end,
            });
        }
    }
    if flow
        && tree.kind(id) == Kind::Scalar(ScalarStyle::Plain)
        && bytes.get(span.end) == Some(&b':')
        && matches!(bytes.get(span.end + 1), Some(b',' | b']' | b'}'))
    {
        found.push(Divergence {
            kind: DivergenceKind::ColonInFlowKey,
            span: span.start..span.end + 1,
        });
    }
}

/// Tab-only lines and tab-led comments, outside quoted and block scalars, where tabs are content.
fn tabs(tree: &Tree, found: &mut Vec<Divergence>) {
    let text = tree.text();
    // Multi-line scalars, in document order.
    let mut scalars = tree
        .nodes()
        .filter(|&id| matches!(tree.kind(id), Kind::Scalar(style) if style != ScalarStyle::Plain))
        .map(|id| tree.body(id))
        .peekable();
    for line in lines(text, 0..text.len()) {
        let content = &text[line.clone()];
        let code = content.trim_start_matches([' ', '\t']);
        let white = &content[..content.len() - code.len()];
        if !white.contains('\t') {
            continue;
        }
        while scalars
            .peek()
            .is_some_and(|scalar| scalar.end <= line.start)
        {
            scalars.next();
        }
        if scalars
            .peek()
            .is_some_and(|scalar| scalar.start < line.start)
        {
            continue;
        }
        let span = line.start..line.start + content.trim_end_matches(['\r', '\n']).len();
        if is_blank(content) {
            found.push(Divergence {
                kind: DivergenceKind::TabOnlyLine,
                span,
            });
        } else if code.starts_with('#') {
            found.push(Divergence {
                kind: DivergenceKind::TabBeforeComment,
                span,
            });
        }
    }
}
