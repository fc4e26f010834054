//! A page: styled words, filled into lines of a given width.
//!
//! Text that comes from files goes through here, and nothing of it reaches a terminal as a command: a
//! control character is shown as a visible sign.

use unicode_width::UnicodeWidthStr as _;

use super::ReportStyle;
use crate::shell::sign;

/// The style of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WordStyle {
    Plain,
    Bold,
    Dim,
    Error,
    Warn,
    Good,
    Accent,
}

impl WordStyle {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "\x1b[1m",
            Self::Dim => "\x1b[2m",
            Self::Error => "\x1b[1;31m",
            Self::Warn => "\x1b[33m",
            Self::Good => "\x1b[32m",
            Self::Accent => "\x1b[36m",
        }
    }
}

/// Text in one style.
pub(super) type Span = (String, WordStyle);

/// Text in no style.
pub(super) fn unstyled(text: impl Into<String>) -> Span {
    (text.into(), WordStyle::Plain)
}

/// Text in a style.
pub(super) fn span(text: impl Into<String>, style: WordStyle) -> Span {
    (text.into(), style)
}

/// Lines that are being filled.
pub(super) struct Page {
    look: ReportStyle,
    out: String,
}

impl Page {
    pub fn new(look: ReportStyle) -> Self {
        Self {
            look,
            out: String::new(),
        }
    }

    pub fn finish(self) -> String {
        self.out
    }

    /// An empty line, unless there is nothing above it or one already.
    pub fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// A heading: an empty line and a bold one.
    pub fn heading(&mut self, text: &str) {
        self.gap();
        self.fill(0, 0, &[span(text, WordStyle::Bold)]);
    }

    /// One line as it is, never broken: what is to be copied or stands in columns.
    pub fn line(&mut self, indent: usize, spans: &[Span]) {
        self.out.push_str(&" ".repeat(indent));
        for (text, style) in spans {
            self.push_painted(&visible_text(text), *style);
        }
        self.end_line();
    }

    /// Words filled into lines: the first begins at `indent`, the others at `hang`. A word that is
    /// wider than a line is divided where a path has its parts; an address of the web stays whole.
    pub fn fill(&mut self, indent: usize, hang: usize, spans: &[Span]) {
        self.out.push_str(&" ".repeat(indent));
        let mut column = indent;
        let mut fresh = true;
        let mut pending = 0;
        // Words of one style that stand beside each other are painted in one piece.
        let mut run = String::new();
        for (text, style) in spans {
            let text = visible_text(text);
            for (i, word) in text.split(' ').enumerate() {
                if i > 0 {
                    pending += 1;
                }
                if word.is_empty() {
                    continue;
                }
                // A part has to fit into the first line as well as into those below it.
                let parts = divide_word(word, self.look.width.saturating_sub(indent.max(hang)));
                for (i, part) in parts.enumerate() {
                    let wide = part.width();
                    // Words glued to the one before (a comma in another style) stay with it.
                    let is_full = pending > 0 && column + pending + wide > self.look.width;
                    if !fresh && is_full || i > 0 {
                        self.push_painted(&std::mem::take(&mut run), *style);
                        self.end_line();
                        self.out.push_str(&" ".repeat(hang));
                        column = hang;
                    } else if run.is_empty() {
                        self.out.push_str(&" ".repeat(pending));
                        column += pending;
                    } else {
                        run.push_str(&" ".repeat(pending));
                        column += pending;
                    }
                    run.push_str(part);
                    column += wide;
                    pending = 0;
                    fresh = false;
                }
            }
            self.push_painted(&std::mem::take(&mut run), *style);
        }
        self.end_line();
    }

    /// Words filled into lines behind a mark.
    pub fn bullet(&mut self, indent: usize, mark: &str, style: WordStyle, spans: &[Span]) {
        let mut all = vec![span(format!("{mark} "), style)];
        all.extend_from_slice(spans);
        self.fill(indent, indent + mark.width() + 1, &all);
    }

    fn end_line(&mut self) {
        let end = self.out.trim_end_matches(' ').len();
        self.out.truncate(end);
        self.out.push('\n');
    }

    fn push_painted(&mut self, text: &str, style: WordStyle) {
        if self.look.colour && style != WordStyle::Plain && !text.trim().is_empty() {
            self.out.push_str(style.code());
            self.out.push_str(text);
            self.out.push_str("\x1b[0m");
        } else {
            self.out.push_str(text);
        }
    }
}

/// A word in parts of at most so many columns: as much of a path as fits, else of a name with other signs in it.
/// What has none of them stays whole.
fn divide_word(word: &str, room: usize) -> impl Iterator<Item = &str> {
    let mut rest = (!word.contains("://")).then_some(word);
    let mut whole = rest.is_none().then_some(word);
    std::iter::from_fn(move || {
        let word = match rest.take() {
            Some(word) if word.width() > room => word,
            Some(word) => return Some(word),
            None => return whole.take(),
        };
        let (mut at, mut is_path) = (None, false);
        let mut column = 0;
        for (i, c) in word.char_indices() {
            column += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
            if column > room {
                break;
            }
            let end = i + c.len_utf8();
            // Behind the last character nothing would be left for the next line.
            if end < word.len()
                && (c == '/' || !is_path && matches!(c, ',' | '=' | '_' | '-' | '.'))
            {
                at = Some(end);
                is_path = c == '/';
            }
        }
        let (part, left) = match at {
            Some(at) => word.split_at(at),
            None => return Some(word),
        };
        rest = Some(left);
        Some(part)
    })
}

/// Columns that a text takes.
pub(super) fn columns_of(text: &str) -> usize {
    text.width()
}

/// A text with nothing in it that a terminal would obey, on one line.
pub(super) fn visible_text(text: &str) -> String {
    sign(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(width: usize, spans: &[Span]) -> String {
        let mut page = Page::new(ReportStyle {
            width,
            ..ReportStyle::default()
        });
        page.fill(2, 4, spans);
        page.finish()
    }

    #[test]
    fn words_fill_lines_and_long_ones_stay_whole() {
        assert_eq!(
            filled(14, &[unstyled("one two three")]),
            "  one two\n    three\n"
        );
        assert_eq!(
            filled(10, &[unstyled("a aaaaaaaaaaaaaaa b")]),
            "  a\n    aaaaaaaaaaaaaaa\n    b\n"
        );
        assert_eq!(
            filled(
                12,
                &[
                    unstyled("one "),
                    span("two", WordStyle::Bold),
                    unstyled(", x")
                ]
            ),
            "  one two, x\n"
        );
        assert_eq!(filled(11, &[unstyled("日本 日本")]), "  日本 日本\n");
    }

    #[test]
    fn a_path_that_is_wider_than_a_line_is_divided_at_its_parts() {
        assert_eq!(
            filled(16, &[unstyled("in apps/production/a-b.yaml: x")]),
            "  in apps/\n    production/\n    a-b.yaml: x\n"
        );
        assert_eq!(
            filled(16, &[unstyled("ARROYO__WORKER__IMAGE")]),
            "  ARROYO__\n    WORKER__\n    IMAGE\n"
        );
        let link = "https://example.com/a/b/c";
        assert_eq!(filled(16, &[unstyled(link)]), format!("  {link}\n"));
    }

    #[test]
    fn nothing_from_a_file_reaches_the_terminal_as_a_command() {
        assert_eq!(
            visible_text("a\x1b[31mb\u{202e}c\nd\u{7f}"),
            "a␛[31mb\u{fffd}c d\u{fffd}"
        );
    }
}
