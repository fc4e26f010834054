//! The text of a stream: from bytes to characters, and from offsets to lines.
//!
//! Offsets are bytes into the text everywhere in this crate; lines and columns exist only for
//! people and are worked out when asked for. A line ends with LF, CR LF, or a lone CR, as in
//! YAML 1.2 (section 5.4); the other Unicode line breaks are ordinary characters.

use std::ops::Range;

use super::error::{ParseError, ParseErrorKind};

/// The byte order mark in UTF-8.
pub(crate) const BOM: &str = "\u{feff}";

/// A place in a text, as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters. A byte order mark takes no column.
    pub column: usize,
}

impl Position {
    /// The position of a byte offset in a text of which there is no tree.
    #[must_use]
    pub fn of(text: &str, offset: usize) -> Self {
        LineStarts::new(text).position(text, offset)
    }
}

/// The starts of all lines, for [`Position`]s, and what is to be known to count characters in a line of any length.
#[derive(Debug)]
pub(crate) struct LineStarts {
    starts: Vec<u32>,
    /// The bytes of characters that are not their first.
    inside: Vec<u32>,
}

impl LineStarts {
    pub(crate) fn new(text: &str) -> Self {
        let mut starts = vec![0];
        let bytes = text.as_bytes();
        if text.contains('\r') {
            let ends_line = |at: &usize| match bytes[*at] {
                b'\n' => true,
                b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            let ends = (0..bytes.len()).filter(ends_line);
            starts.extend(ends.map(|at| at as u32 + 1));
        } else {
            // One sign is searched for many bytes at once.
            let ends = text.match_indices('\n');
            starts.extend(ends.map(|(at, _)| at as u32 + 1));
        }
        let inside = match text.is_ascii() {
            true => Vec::new(),
            false => (0..bytes.len() as u32)
                .filter(|&at| !text.is_char_boundary(at as usize))
                .collect(),
        };
        Self { starts, inside }
    }

    /// The position of `offset`, which is moved back to a character boundary and into the text.
    pub(crate) fn position(&self, text: &str, offset: usize) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self
            .starts
            .partition_point(|&start| start as usize <= offset);
        let start = self.starts[line - 1] as usize;
        let start = offset - text[start..offset].trim_start_matches(BOM).len();
        let inside = |end: usize| self.inside.partition_point(|&at| (at as usize) < end);
        Position {
            line,
            column: offset - start - (inside(offset) - inside(start)) + 1,
        }
    }
}

/// Checks that `bytes` are UTF-8 text, with an error that says what they are instead.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str, ParseError> {
    let error = |kind, offset| Err(ParseError::new(kind, offset));
    if bytes.starts_with(b"\0GITCRYPT") {
        return error(ParseErrorKind::GitCrypt, 0);
    }
    // The order matters: the mark of UTF-32LE begins with the mark of UTF-16LE. Without a mark, the
    // NULs of the first (ASCII) character tell (YAML 1.2, section 5.2).
    match bytes {
        [0xff, 0xfe, 0, 0, ..]
        | [0, 0, 0xfe, 0xff, ..]
        | [0, 0, 0, 1..=0xff, ..]
        | [1..=0xff, 0, 0, 0, ..] => {
            return error(ParseErrorKind::Utf32, 0);
        }
        [0xff, 0xfe, ..]
        | [0xfe, 0xff, ..]
        | [0, 1..=0xff, ..]
        | [1..=0xff, 0, 1..=0xff, 0, ..] => {
            return error(ParseErrorKind::Utf16, 0);
        }
        _ => {}
    }
    std::str::from_utf8(bytes).or_else(|e| error(ParseErrorKind::NotUtf8, e.valid_up_to()))
}

/// The first character that YAML does not allow in a stream at all (section 5.1), if there is one.
pub(crate) fn control_character(text: &str) -> Option<(usize, char)> {
    let bytes = text.as_bytes();
    // Branch-free over blocks, so that clean text costs next to nothing.
    let mut suspicious = false;
    for block in bytes.chunks(64) {
        let mut found = false;
        for &b in block {
            found |= (b < 0x20) & (b != b'\n') & (b != b'\r') & (b != b'\t');
            // These two begin all characters beyond ASCII that are refused.
            found |= (b == 0x7f) | (b == 0xc2) | (b == 0xef);
        }
        if found {
            suspicious = true;
            break;
        }
    }
    if !suspicious {
        return None;
    }
    text.char_indices().find(|&(_, c)| {
        matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}'
            | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
    })
}

/// The start of the line that contains `at`; a byte order mark at the start of the text belongs to no line.
pub(crate) fn line_start(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut start = at;
    while start > 0 && !matches!(bytes[start - 1], b'\n' | b'\r') {
        start -= 1;
    }
    let marked = start == 0 && at >= BOM.len() && text.starts_with(BOM);
    if marked { BOM.len() } else { start }
}

/// True if a line starts at `at`. It looks at one byte, where [`column`] looks through the line before it.
pub(crate) fn starts_line(text: &str, at: usize) -> bool {
    match at.checked_sub(1) {
        None => true,
        Some(before) => {
            matches!(text.as_bytes()[before], b'\n' | b'\r')
                || at == BOM.len() && text.starts_with(BOM)
        }
    }
}

/// The start of the line above the one that begins at `line`.
pub(crate) fn line_above(text: &str, line: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let content_end = match bytes[..line] {
        [.., b'\r', b'\n'] => line - 2,
        [.., b'\r' | b'\n'] => line - 1,
        _ => return None,
    };
    Some(line_start(text, content_end))
}

/// The end of the content of the line at `at`, and the start of the next line.
pub(crate) fn line_end(text: &str, at: usize) -> (usize, usize) {
    let bytes = text.as_bytes();
    match bytes[at..].iter().position(|b| matches!(b, b'\n' | b'\r')) {
        None => (bytes.len(), bytes.len()),
        Some(n) => (at + n, at + n + break_len(bytes, at + n)),
    }
}

/// The length of the line break at `at`; 0 if there is none.
pub(crate) fn break_len(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'\n') => 1,
        Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => 2,
        Some(b'\r') => 1,
        _ => 0,
    }
}

/// The line break that the lines around `at` end with. A lone carriage return is the one of a text that has nothing else:
/// one among line feeds came in by mistake.
pub(crate) fn newline_near(text: &str, at: usize) -> &'static str {
    let (before, behind) = text.as_bytes().split_at(at);
    let is_feed = |b: &u8| *b == b'\n';
    let next = || Some(at + behind.iter().position(is_feed)?);
    match before.iter().rposition(is_feed).or_else(next) {
        Some(i) if text.as_bytes()[..i].ends_with(b"\r") => "\r\n",
        Some(_) => "\n",
        None if text.contains('\r') => "\r",
        None => "\n",
    }
}

/// The column of `at` in bytes from the start of its line.
pub(crate) fn column(text: &str, at: usize) -> usize {
    at - line_start(text, at)
}

/// The number of spaces at the start of the line that contains `at`.
pub(crate) fn indent_of(text: &str, at: usize) -> usize {
    let line = &text[line_start(text, at)..];
    line.len() - line.trim_start_matches(' ').len()
}

/// True for a line of nothing but spaces and tabs.
pub(crate) fn is_blank(line: &str) -> bool {
    line.bytes()
        .all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Skips white space, line breaks, comments and byte order marks from `at`, which must not be inside
/// a token.
pub(crate) fn skip_trivia(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\n' | b'\r') => at += 1,
            Some(b'#') => at = line_end(text, at).0,
            Some(0xef) if text[at..].starts_with(BOM) => at += BOM.len(),
            _ => return at,
        }
    }
}

/// The lines of `range`, each with its line break.
pub(crate) fn lines(text: &str, range: Range<usize>) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = range.start;
    std::iter::from_fn(move || {
        if at >= range.end {
            return None;
        }
        let start = at;
        at = line_end(text, at).1.min(range.end);
        Some(start..at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        let kind = |bytes: &'static [u8]| decode(bytes).map_err(|e| e.kind);
        assert_eq!(kind(b"a: 1"), Ok("a: 1"));
        assert_eq!(kind(b"\xff\xfea\0:\0"), Err(ParseErrorKind::Utf16));
        assert_eq!(kind(b"a\0:\0 \0"), Err(ParseErrorKind::Utf16));
        assert_eq!(kind(b"\0a\0:"), Err(ParseErrorKind::Utf16));
        assert_eq!(kind(b"\xff\xfe\0\0a\0\0\0"), Err(ParseErrorKind::Utf32));
        assert_eq!(kind(b"\0GITCRYPT\0abc"), Err(ParseErrorKind::GitCrypt));
        assert_eq!(
            decode(b"a: \xfc").unwrap_err(),
            ParseError::new(ParseErrorKind::NotUtf8, 3)
        );
    }

    #[test]
    fn positions_count_characters_and_every_line_break() {
        let text = "\u{feff}a\r\nü: é\rx\n";
        let lines = LineStarts::new(text);
        let at = |needle: char| {
            let p = lines.position(text, text.find(needle).unwrap());
            (p.line, p.column)
        };
        assert_eq!((at('a'), at('é'), at('x')), ((1, 1), (2, 4), (3, 1)));
        assert_eq!(lines.position(text, 999), Position { line: 4, column: 1 });
        assert_eq!(lines.position("", 0), Position { line: 1, column: 1 });
    }

    #[test]
    fn control_characters_are_found_wherever_they_are() {
        let long = format!("{}\u{1}", "x".repeat(200));
        assert_eq!(control_character(&long), Some((200, '\u{1}')));
        assert_eq!(control_character("a: é\u{85}\u{fffd}\t\r\n"), None);
        assert_eq!(control_character("a: \u{9b}"), Some((3, '\u{9b}')));
    }
}
