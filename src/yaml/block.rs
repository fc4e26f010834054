//! The real beginning and end of a block scalar (`|`, `>`).
//!
//! The event parser's span of one begins after its header and runs into the indentation of the next
//! token. The rules are those of YAML 1.2, section 8.1: the content indentation is the parent's plus
//! the indicator, or that of the first line that is not empty; the scalar reaches to the last line
//! that has anything beyond it; line breaks after that belong to it only with `+`.

use super::source::{line_end, lines};

/// The header of a block scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// The indentation indicator.
    pub(crate) indicator: Option<u8>,
    /// True if the line breaks at the end are kept (`+`).
    pub(crate) keep: bool,
    /// The end of the header, before white space and a comment.
    pub(crate) end: usize,
}

/// Reads the header at `at`, the offset of `|` or `>`.
pub(crate) fn header(text: &str, at: usize) -> Header {
    let mut header = Header {
        indicator: None,
        keep: false,
        end: at + 1,
    };
    // An indentation and a chomping indicator, in either order (YAML 1.2, section 8.1.1).
    for &b in text.as_bytes()[at + 1..].iter().take(2) {
        match b {
            b'1'..=b'9' => header.indicator = Some(b - b'0'),
            b'+' => header.keep = true,
            b'-' => {}
            _ => break,
        }
        header.end += 1;
    }
    header
}

/// The extent of a block scalar's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockContent {
    /// The indentation of the content, in spaces.
    pub(crate) indent: usize,
    /// The end of the last content line without its line break; the header's end if there is none.
    pub(crate) end: usize,
}

/// Finds the content of the block scalar whose header is at `at`; `parent` is the column of the
/// collection it stands in (`None` for the root of a document).
pub(crate) fn body(text: &str, at: usize, parent: Option<usize>) -> BlockContent {
    let header = header(text, at);
    let first = line_end(text, header.end).1;
    // At the root, the indicator counts from column 0, and content may stand there.
    let least = parent.map_or(0, |column| column + 1);
    let mut indent = header
        .indicator
        .map(|n| parent.unwrap_or(0) + usize::from(n));
    let mut body = BlockContent {
        indent: indent.unwrap_or(least),
        end: header.end,
    };
    let mut blank_end = None;
    for line in lines(text, first..text.len()) {
        let (content_end, _) = line_end(text, line.start);
        let content = &text[line.start..content_end];
        let spaces = content.len() - content.trim_start_matches(' ').len();
        let empty = spaces == content.len();
        // A line of spaces that reaches beyond the indentation is content.
        if empty && indent.is_none_or(|n| spaces <= n) {
            // The last, unterminated "line" of the text is none.
            if content_end < text.len() {
                blank_end = Some(content_end);
            }
            continue;
        }
        let wanted = *indent.get_or_insert_with(|| spaces.max(least));
        if spaces < wanted {
            break;
        }
        // Markers count in column 0 only, and content can stand there at the root alone.
        if parent.is_none() && wanted == 0 && is_marker(content) {
            break;
        }
        body.indent = wanted;
        body.end = content_end;
        blank_end = None;
    }
    if header.keep
        && let Some(end) = blank_end
    {
        body.end = end;
    }
    body
}

/// True for `---` and `...`, which end a document wherever they stand in column 0.
pub(crate) fn is_marker(line: &str) -> bool {
    (line.starts_with("---") || line.starts_with("..."))
        && line
            .as_bytes()
            .get(3)
            .is_none_or(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn content(text: &str, parent: Option<usize>) -> (usize, &str) {
        let at = text.find(['|', '>']).unwrap();
        let body = body(text, at, parent);
        (body.indent, &text[at..body.end])
    }

    #[test]
    fn bodies_end_after_their_last_content_line() {
        assert_eq!(content("a: |\n  x\n\nb: 1\n", Some(0)), (2, "|\n  x"));
        assert_eq!(content("a: |+\n  x\n\nb: 1\n", Some(0)), (2, "|+\n  x\n"));
        assert_eq!(content("a: |+\n\n\nb: 1\n", Some(0)), (1, "|+\n\n"));
        assert_eq!(content("a: |\nb: 1\n", Some(0)), (1, "|"));
        assert_eq!(
            content("a: | # c\n  x\n  # y\n # z\n", Some(0)),
            (2, "| # c\n  x\n  # y")
        );
        assert_eq!(
            content("a: >2-\n\n    x\n     \n\n", Some(0)),
            (2, ">2-\n\n    x\n     ")
        );
        assert_eq!(content("--- |\nx\n---\n", None), (0, "|\nx"));
        assert_eq!(content("a: |\r\n  x\r\n\r\n", Some(0)), (2, "|\r\n  x"));
        assert_eq!(content("a: |\n  x", Some(0)), (2, "|\n  x"));
    }
}
