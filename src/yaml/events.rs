//! The event parser behind the tree: the only module that names it.
//!
//! `granit-parser` gives events with byte offsets. What its spans leave out (block scalar headers,
//! the places of nulls, starts and ends of block collections) is mended in `build`; its errors are
//! turned into kinds here, with a look at the text, because a user's mistake and the state the
//! parser noticed it in are often different things.

use std::borrow::Cow;

use granit_parser::{ErrorKind, Event, Parser, ScanError, Span, StructureStyle, options};

use super::error::{ParseError, ParseErrorKind};
use super::source::{is_blank, line_above, line_end, line_start};
use super::tree::ScalarStyle;

/// An event; offsets are bytes into the text.
pub(crate) enum Ev<'t> {
    DocumentStart {
        marker: Option<(u32, u32)>,
    },
    DocumentEnd {
        marker: Option<(u32, u32)>,
    },
    Scalar {
        start: u32,
        end: u32,
        style: ScalarStyle,
        props: Props,
        value: Cow<'t, str>,
    },
    /// `bracket`: the span is that of a bracket (or of a `?`), not an empty one.
    Start {
        sequence: bool,
        flow: bool,
        start: u32,
        bracket: bool,
        props: Props,
    },
    End {
        end: u32,
    },
    Alias {
        start: u32,
        end: u32,
        target: usize,
    },
    /// The anchor of the node before it.
    Anchor {
        id: usize,
        start: u32,
        end: u32,
    },
    Comment {
        start: u32,
        end: u32,
    },
}

/// The properties before a node: its anchor and its tag.
#[derive(Clone, Copy)]
pub(crate) struct Props {
    /// The tag as written.
    pub(crate) tag: Option<(u32, u32)>,
    /// True if an [`Ev::Anchor`] follows.
    pub(crate) anchor: bool,
}

fn range(span: &Span) -> (u32, u32) {
    // Always present for input from a string, and below 4 GiB by the caller's check.
    let range = span.byte_range().unwrap_or_default();
    (range.start as u32, range.end as u32)
}

fn props(span: &Span, anchor: usize) -> Props {
    Props {
        tag: span.tag_span().map(|tag| range(&tag)),
        anchor: anchor != 0,
    }
}

impl Ev<'_> {
    /// The event with every offset mapped.
    fn map(&mut self, to: impl Fn(u32) -> u32) {
        let both = |start: &mut u32, end: &mut u32| (*start, *end) = (to(*start), to(*end));
        let marked = |range: &mut Option<(u32, u32)>| {
            if let Some((start, end)) = range {
                both(start, end);
            }
        };
        match self {
            Ev::DocumentStart { marker } | Ev::DocumentEnd { marker } => marked(marker),
            Ev::Scalar {
                start, end, props, ..
            } => {
                both(start, end);
                marked(&mut props.tag);
            }
            Ev::Start { start, props, .. } => {
                *start = to(*start);
                marked(&mut props.tag);
            }
            Ev::End { end } => *end = to(*end),
            Ev::Alias { start, end, .. }
            | Ev::Anchor { start, end, .. }
            | Ev::Comment { start, end } => both(start, end),
        }
    }
}

/// Hands every event of `text` to `sink` as [`parse`] does, where the aliases whose colons stand at `colons` end before
/// these, as for older readers: YAML 1.2 takes the colon of `*name: value` for a part of the alias. The parser
/// is given a blank there, and the offsets are those of the text without it.
pub(crate) fn parse_with_alias_keys(
    text: &str,
    colons: &[usize],
    mut sink: impl FnMut(Ev<'_>) -> Result<(), ParseError>,
) -> Result<(), ParseError> {
    let mut spaced = String::with_capacity(text.len() + colons.len());
    let mut from = 0;
    for &colon in colons {
        spaced.push_str(&text[from..colon]);
        spaced.push(' ');
        from = colon;
    }
    spaced.push_str(&text[from..]);
    let blanks: Vec<usize> = (0..).zip(colons).map(|(i, colon)| colon + i).collect();
    let to = |offset: usize| offset - blanks.partition_point(|blank| *blank < offset);
    let parsed = parse(&spaced, |mut event| {
        event.map(|offset| to(offset as usize) as u32);
        sink(event)
    });
    parsed.map_err(|error| ParseError::new(error.kind, to(error.offset)))
}

/// The colon that ends an alias which the parser stumbled over: `*name: value` is a key for older readers. The alias
/// stands where the error is, or begins its line or the one above.
pub(crate) fn alias_key(text: &str, error: &ParseError) -> Option<usize> {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let ends_at = |at: usize| {
        let name = text.get(at..)?.strip_prefix('*')?;
        let end = name.bytes().position(|b| !is_name(b))?;
        let behind = name[end..].strip_prefix(':')?;
        let is_key = behind.is_empty() || behind.starts_with([' ', '\t', '\r', '\n']);
        (end > 0 && is_key).then_some(at + 1 + end)
    };
    let first = |start: usize| {
        let line = &text[start..line_end(text, start).0];
        start + (line.len() - line.trim_start_matches([' ', '-']).len())
    };
    let line = line_start(text, error.offset);
    let above = line_above(text, line).map(first);
    let mut places = [Some(error.offset), Some(first(line)), above].into_iter();
    places.find_map(|at| ends_at(at?))
}

/// Hands every event of `text` to `sink`, which may stop the parse with an error of its own.
pub(crate) fn parse(
    text: &str,
    mut sink: impl FnMut(Ev<'_>) -> Result<(), ParseError>,
) -> Result<(), ParseError> {
    let options = options! {
        emit_anchor_events: true,
        // A block scalar that the end of the file cuts off has no line break at its end for libyaml
        // and its ports, so neither has it here.
        block_scalar_eof_without_line_feed: true,
        // A long run of comments, as where settings are commented out, is no error (the default allows 96).
        max_buffered_comment_events: usize::MAX,
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    // The brackets of the collections that are open, for the error; `None` in block notation.
    let mut open = Vec::new();
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|e| explain(text, &e, open.iter().flatten().last()))?;
        let (start, end) = range(&span);
        match event {
            Event::SequenceStart(style, ..) | Event::MappingStart(style, ..) => {
                let bracket = style == StructureStyle::Flow && start < end;
                open.push(bracket.then_some(start as usize));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop();
            }
            _ => {}
        }
        let marker = (start < end).then_some((start, end));
        sink(match event {
            Event::StreamStart | Event::StreamEnd => continue,
            Event::DocumentStart(explicit, _) => Ev::DocumentStart {
                marker: marker.filter(|_| explicit),
            },
            Event::DocumentEnd => Ev::DocumentEnd { marker },
            Event::Scalar(value, style, anchor, _) => Ev::Scalar {
                start,
                end,
                style: match style {
                    granit_parser::ScalarStyle::Plain => ScalarStyle::Plain,
                    granit_parser::ScalarStyle::SingleQuoted => ScalarStyle::SingleQuoted,
                    granit_parser::ScalarStyle::DoubleQuoted => ScalarStyle::DoubleQuoted,
                    granit_parser::ScalarStyle::Literal => ScalarStyle::Literal,
                    granit_parser::ScalarStyle::Folded => ScalarStyle::Folded,
                },
                props: props(&span, anchor),
                value,
            },
            Event::SequenceStart(style, anchor, _) => Ev::Start {
                sequence: true,
                flow: style == StructureStyle::Flow,
                start,
                bracket: start < end,
                props: props(&span, anchor),
            },
            Event::MappingStart(style, anchor, _) => Ev::Start {
                sequence: false,
                flow: style == StructureStyle::Flow,
                start,
                bracket: start < end,
                props: props(&span, anchor),
            },
            Event::SequenceEnd | Event::MappingEnd => Ev::End { end },
            Event::Alias(target) => Ev::Alias { start, end, target },
            Event::Anchor(id, _) => Ev::Anchor { id, start, end },
            Event::Comment(..) => Ev::Comment { start, end },
            Event::UnresolvedAlias(name) => {
                let kind = ParseErrorKind::UnknownAnchor(name.into_owned());
                return Err(ParseError::new(kind, start as usize));
            }
            // Kinds that this version of the parser does not have.
            other => {
                let kind = ParseErrorKind::Other(format!("unexpected parser event {other:?}"));
                return Err(ParseError::new(kind, start as usize));
            }
        })?;
    }
    Ok(())
}

/// The kind of an error, from what the parser says and what the text shows.
/// `open` is the innermost bracket that is open.
fn explain(text: &str, error: &ScanError, open: Option<&usize>) -> ParseError {
    use ErrorKind as G;
    use ParseErrorKind as K;

    let mut offset = error
        .marker()
        .byte_offset()
        .unwrap_or(text.len())
        .min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let kind = match error.kind() {
        G::RecursionLimitExceeded => K::TooDeep,
        G::BomInsideDocument => K::MisplacedBom,
        // A `{{` makes the parser stumble in many ways, so it is looked for before they are told apart.
        _ if template_near(text, offset).is_some() => {
            offset = template_near(text, offset).unwrap_or(offset);
            K::Template
        }
        G::TabNotAllowed
        | G::TabInBlockIndentation
        | G::TabInIndentation
        | G::TabAtBlockScalarStart
        | G::TabInPlainScalar => K::TabIndentation,
        _ if tab_indents(text, offset) => K::TabIndentation,
        G::UnclosedQuotedScalar | G::DocumentIndicatorInQuotedScalar => K::UnclosedQuote,
        G::UnclosedFlowCollection { open: bracket } => {
            offset = open.copied().unwrap_or(offset);
            K::UnclosedFlow(*bracket)
        }
        // The parser stumbles over what cannot stand between brackets; the mistake is that one is not closed.
        G::ExpectedFlowMappingSeparator
        | G::ExpectedFlowSequenceSeparator
        | G::InvalidColonPlacement
        | G::FlowMappingValueAdjacentCollection
        | G::UnexpectedEofFlowSequence
        | G::UnexpectedEofFlowMapping
        | G::UnexpectedEofImplicitFlowMapping
        | G::InvalidFlowScalarIndent
        | G::InvalidIndentation
            if open.is_some_and(|&open| never_closed(text, open)) =>
        {
            offset = open.copied().unwrap_or(offset);
            K::UnclosedFlow(if text[offset..].starts_with('[') {
                '['
            } else {
                '{'
            })
        }
        G::MisplacedFlowCollectionEnd | G::MismatchedFlowCollectionEnd { .. } => K::MismatchedFlow,
        G::ExpectedFlowMappingSeparator
        | G::ExpectedFlowSequenceSeparator
        | G::FlowMappingValueAdjacentCollection
        | G::InvalidColonPlacement => K::FlowSeparator,
        G::InvalidIndentation
        | G::InvalidBlockScalarIndent
        | G::InvalidQuotedScalarIndent
        | G::InvalidFlowScalarIndent => K::BadIndentation,
        G::MappingValueNotAllowed | G::MappingKeyNotAllowed => {
            if long_line(text, offset) {
                K::LongKey
            } else if second_colon(text, offset) {
                K::NestedColon
            } else {
                K::BadIndentation
            }
        }
        G::InvalidSimpleKey | G::SimpleKeyExpected => {
            if long_line(text, offset) {
                K::LongKey
            } else {
                K::ExpectedKey
            }
        }
        G::ExpectedBlockMappingKey => {
            if long_line(text, offset) {
                K::LongKey
            } else if doubled_property(text, offset) {
                K::BadProperty
            } else if is_blank(&text[line_start(text, offset)..offset]) {
                K::BadIndentation
            } else {
                K::ExpectedKey
            }
        }
        G::ExpectedBlockSequenceEntry => K::BadIndentation,
        G::BlockEntryInFlowCollection
        | G::BlockSequenceEntryNotAllowed
        | G::InvalidBlockEntryWhitespace
        | G::PlainScalarStartsWithDashFlowIndicator => K::MisplacedItem,
        G::UnknownAnchor => {
            let name = text[offset..].trim_start_matches('*');
            let end = name.find(|c: char| c.is_whitespace() || ",[]{}".contains(c));
            K::UnknownAnchor(name[..end.unwrap_or(name.len())].to_owned())
        }
        G::UnexpectedCharacter { character } => K::ReservedCharacter(*character),
        G::UnknownQuotedScalarEscape
        | G::InvalidQuotedScalarHexEscape
        | G::InvalidLowSurrogateHexEscape
        | G::InvalidLowSurrogate
        | G::MissingLowSurrogate
        | G::UnpairedLowSurrogate
        | G::InvalidUnicodeEscape => K::BadEscape,
        G::InvalidTrailingSingleQuotedScalar | G::InvalidTrailingDoubleQuotedScalar => {
            K::TextAfterQuote
        }
        G::CommentInterceptedScalar | G::CommentNotSeparated => K::MisplacedComment,
        G::ZeroBlockScalarIndent | G::InvalidBlockScalarHeader => K::BadBlockHeader,
        G::MissingAnchorOrAliasName
        | G::UndeclaredTagHandle
        | G::ExpectedTagBang
        | G::InvalidGlobalTagCharacter
        | G::InvalidTagTerminator
        | G::MissingTagUri
        | G::UnclosedVerbatimTag
        | G::InvalidTagEscape
        | G::InvalidTagUtf8LeadingByte
        | G::InvalidTagUtf8TrailingByte
        | G::InvalidTagUtf8 => K::BadProperty,
        G::ExpectedNodeContent if doubled_property(text, offset) => K::BadProperty,
        G::DuplicateVersionDirective
        | G::UnsupportedYamlMajorVersion
        | G::DuplicateTagDirective
        | G::ExpectedDocumentStart
        | G::MissingDocumentEndBeforeDirective
        | G::InvalidDocumentEnd
        | G::ExpectedTagDirectiveBang
        | G::InvalidDirectiveTerminator
        | G::DirectiveDisallowed
        | G::MissingYamlVersionSeparator
        | G::MissingDirectiveName
        | G::InvalidDirectiveName
        | G::DirectiveByteLimitExceeded { .. }
        | G::TooManyReservedDirectiveParams { .. }
        | G::YamlVersionTooLong
        | G::MissingYamlVersion
        | G::InvalidTagDirectiveTerminator => K::BadDirective,
        _ => K::Other(error.info()),
    };
    if kind == K::TabIndentation {
        let start = line_start(text, offset);
        offset = text[start..line_end(text, start).0]
            .find('\t')
            .map_or(offset, |at| start + at);
    }
    ParseError::new(kind, offset)
}

/// A `{{` on the line of the error or the written line above it, or a line that begins with one.
fn template_near(text: &str, offset: usize) -> Option<usize> {
    let start = line_start(text, offset);
    let in_line = |start: usize| {
        let line = &text[start..line_end(text, start).0];
        let code = line.trim_start();
        (!code.starts_with('#'))
            .then(|| line.find("{{").map(|at| start + at))
            .flatten()
    };
    if let Some(at) = in_line(start) {
        return Some(at);
    }
    let mut line = start;
    while let Some(above) = line_above(text, line) {
        line = above;
        if !is_blank(&text[line..line_end(text, line).0]) {
            if let Some(at) = in_line(line) {
                return Some(at);
            }
            break;
        }
    }
    super::source::lines(text, 0..text.len())
        .find(|line| text[line.clone()].trim_start().starts_with("{{"))
        .map(|line| line.start + (text[line.clone()].len() - text[line].trim_start().len()))
}

/// True if the line of the error is indented with a tab.
fn tab_indents(text: &str, offset: usize) -> bool {
    let start = line_start(text, offset);
    let line = &text[start..line_end(text, start).0];
    let white = line.len() - line.trim_start_matches([' ', '\t']).len();
    line[..white].contains('\t') && white < line.len()
}

/// True if the line of the error has a `: ` before the one the parser stumbled over.
fn second_colon(text: &str, offset: usize) -> bool {
    let before = &text[line_start(text, offset)..offset];
    before.contains(": ") || before.contains(":\t")
}

fn long_line(text: &str, offset: usize) -> bool {
    // The error may be noticed at the end of the key or on the line after it.
    let start = line_start(text, offset);
    let above = line_above(text, start).unwrap_or(start);
    [start, above]
        .iter()
        // The colon of a key without `?` stands within so many characters (YAML 1.2, section 7.4.2).
        .any(|&s| text[s..line_end(text, s).0].chars().count() > 1024)
}

/// True if the parser stumbled over an anchor, a tag or an alias directly after another.
fn doubled_property(text: &str, offset: usize) -> bool {
    let before = text[line_start(text, offset)..offset].trim_end_matches([' ', '\t']);
    let word = &before[before.rfind([' ', '\t']).map_or(0, |at| at + 1)..];
    word.starts_with(['&', '!']) && text[offset..].starts_with(['&', '!', '*'])
}

/// True if fewer brackets are closed than opened from `open` to the end of the text; comments and quotes are looked at
/// only as far as a mistake in them could fake a bracket on the same line.
fn never_closed(text: &str, open: usize) -> bool {
    let mut depth = 0i64;
    for line in super::source::lines(text, open..text.len()) {
        let line = &text[line];
        let code = line.find(" #").map_or(line, |at| &line[..at]);
        for c in code.chars() {
            match c {
                '[' | '{' => depth += 1,
                ']' | '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return false;
            }
        }
    }
    true
}
