//! The reasons for which a text could not be read, in kinds that a report can explain.
//!
//! A kind names what the user did, not what the parser missed: each can be turned into what is
//! wrong, why, and what to do next. The offset points at the place to look at.

/// A text that is not YAML as refit can edit it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (at byte {offset})")]
pub struct ParseError {
    /// The kind of error.
    pub kind: ParseErrorKind,
    /// The byte offset in the text.
    pub offset: usize,
}

impl ParseError {
    pub(crate) fn new(kind: ParseErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }
}

/// The kinds of errors in a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The bytes are neither UTF-8 nor another encoding that was recognised.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// The text is in UTF-16.
    #[error("the text is in UTF-16")]
    Utf16,
    /// The text is in UTF-32.
    #[error("the text is in UTF-32")]
    Utf32,
    /// The file is encrypted by git-crypt and was not unlocked.
    #[error("the file is encrypted by git-crypt")]
    GitCrypt,
    /// The text is 4 GiB or larger.
    #[error("the text is too large")]
    TooLarge,
    /// Collections are nested deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
    #[error("collections are nested too deeply")]
    TooDeep,
    /// A character that YAML forbids everywhere.
    #[error("control character U+{:04X}", u32::from(*.0))]
    ControlCharacter(char),
    /// A byte order mark that is not at the start of the stream.
    #[error("byte order mark in the middle of the text")]
    MisplacedBom,
    /// A tab where YAML wants spaces.
    #[error("tab used for indentation")]
    TabIndentation,
    /// The indentation fits no level that is open.
    #[error("the indentation fits none of the lines above")]
    BadIndentation,
    /// A quote without its end; the offset is that of the opening quote if it is known.
    #[error("quote that is never closed")]
    UnclosedQuote,
    /// `[` or `{` without its end; the offset is that of the bracket if it is known.
    #[error("`{0}` that is never closed")]
    UnclosedFlow(char),
    /// A bracket that closes nothing, or the wrong thing.
    #[error("bracket that closes nothing here")]
    MismatchedFlow,
    /// Missing `,` or closing bracket in a flow collection.
    #[error("missing `,` or closing bracket")]
    FlowSeparator,
    /// `a: b: c`: a second value on the line of a first.
    #[error("a second `: ` in a value that has no quotes")]
    NestedColon,
    /// A line of a mapping without `:`, or text after a complete value.
    #[error("expected a key with `:`")]
    ExpectedKey,
    /// `- ` where no list can begin.
    #[error("list item where none can stand")]
    MisplacedItem,
    /// `{{ ... }}`: text for a template engine that has not run.
    #[error("template text that is not YAML")]
    Template,
    /// An alias without an anchor before it.
    #[error("unknown anchor `{0}`")]
    UnknownAnchor(String),
    /// A plain value that begins with a reserved character (`@`, a backquote, `%`).
    #[error("a value without quotes cannot begin with {}", if *.0 == '`' { "a backquote".to_owned() } else { format!("`{}`", .0) })]
    ReservedCharacter(char),
    /// A key on one line that is longer than 1,024 characters.
    #[error("key longer than 1,024 characters")]
    LongKey,
    /// An escape in a double-quoted value that does not exist or is incomplete.
    #[error("unknown or incomplete escape in a double-quoted value")]
    BadEscape,
    /// Text directly after a quoted value.
    #[error("text after the closing quote")]
    TextAfterQuote,
    /// A comment without white space before its `#`, or inside a multi-line plain value.
    #[error("comment that is not separated from the text")]
    MisplacedComment,
    /// The header of a block scalar (`|`, `>`) is malformed.
    #[error("malformed header of a block scalar")]
    BadBlockHeader,
    /// A node with two anchors, two tags, or an anchor without a name.
    #[error("malformed anchor, alias or tag")]
    BadProperty,
    /// A malformed or misplaced `%` directive, or a document marker in a wrong place.
    #[error("malformed directive or document marker")]
    BadDirective,
    /// Anything else, in the parser's words.
    #[error("{0}")]
    Other(String),
}
