//! A line of a text as it is shown to a person, with a marker below a place in it.
//!
//! Whatever reads a text tells its places in this one form: refusals of values as well as findings in a
//! pack. What cannot be seen is never passed on as it is, for an excerpt may reach a terminal.

use unicode_width::UnicodeWidthChar as _;

use super::source::{Position, line_end, line_start};

/// The widest excerpt of a line, in columns.
const EXCERPT: usize = 90;

/// A line of a text with a marker below the place in question.
#[must_use]
pub fn excerpt(text: &str, line: usize, column: usize) -> String {
    mark_column(line_of(text, line), line, column)
}

/// The same for the line of a byte, whose line and column are known: nothing is counted from the text's beginning, as
/// it would be for each of the findings in a long file.
#[must_use]
pub fn excerpt_at(text: &str, offset: usize, position: Position) -> String {
    let bytes = text.as_bytes();
    // Between a carriage return and its line feed the line is still the one before.
    let within_break =
        offset > 0 && bytes[offset - 1] == b'\r' && bytes.get(offset) == Some(&b'\n');
    let at = offset - usize::from(within_break);
    let content = text[line_start(text, at)..line_end(text, at).0].trim_start_matches('\u{feff}');
    mark_column(content, position.line, position.column)
}

/// A line with its number, and a marker below a column.
fn mark_column(content: &str, line: usize, column: usize) -> String {
    // A character that cannot be seen, or turns what follows it around, is shown as one that can.
    let shown = |c: char| match c {
        // Terminals give a tab any width, and the marker has to stand below the place.
        '\t' => ' ',
        c if c.is_control() || c.width().unwrap_or(0) == 0 => '\u{fffd}',
        '\u{2028}' | '\u{2029}' => '\u{fffd}',
        c => c,
    };
    // Ten columns behind the place are still seen.
    let skip = column.saturating_sub(EXCERPT - 10);
    let mut excerpt = String::new();
    let mut marker = 0;
    let mut columns = 0;
    for (i, c) in content.chars().map(shown).enumerate().skip(skip) {
        let c = if skip > 0 && i == skip { '…' } else { c };
        let width = c.width().unwrap_or(0);
        if columns + width > EXCERPT {
            excerpt.push('…');
            break;
        }
        if i + 1 < column {
            marker += width;
        }
        columns += width;
        excerpt.push(c);
    }
    let number = line.to_string();
    let gap = " ".repeat(number.len());
    let marker = " ".repeat(marker);
    format!("{number} | {}\n{gap} | {marker}^", excerpt.trim_end())
}

/// A line of a text, from 1, without its end: LF, CR LF or a lone CR, as `Tree::position` counts them.
#[must_use]
pub fn line_of(text: &str, line: usize) -> &str {
    let text = text.trim_start_matches('\u{feff}');
    let mut rest = text;
    for _ in 1..line {
        let Some(end) = rest.find(['\n', '\r']) else {
            return "";
        };
        let crlf = rest[end..].starts_with("\r\n");
        rest = &rest[end + if crlf { 2 } else { 1 }..];
    }
    rest.split(['\n', '\r']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::source::{column, starts_line};

    #[test]
    fn the_line_of_a_byte_is_found_as_if_it_were_counted() {
        for text in [
            "a: 1\nb: 2",
            "\u{feff}a: 1\r\nb: ü\r\n\r\nc",
            "a\rb\r\r\nc\n\n",
            "",
            "\u{feff}",
        ] {
            for offset in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                let position = Position::of(text, offset);
                let counted = excerpt(text, position.line, position.column);
                assert_eq!(
                    excerpt_at(text, offset, position),
                    counted,
                    "{text:?} {offset}"
                );
                let starts = column(text, offset) == 0;
                // Before a byte order mark there is no column.
                if offset > 0 || !text.starts_with('\u{feff}') {
                    assert_eq!(starts_line(text, offset), starts, "{text:?} {offset}");
                }
            }
        }
    }
}
