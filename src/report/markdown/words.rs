//! Markdown that says what it was told to say.
//!
//! GitHub reads more out of a text than Markdown does: `@name` calls a person, `#12` links a foreign
//! issue and leaves a trace there, `:tada:` is a picture, `$x$` a formula. A file's name or a value that
//! looks like that must stay what it is. So there are three ways in, and what comes from a file has two
//! of them: [`Words::text`], in which nothing means anything, and [`Words::code`], to be copied as it
//! stands. Only what is written in the source of refit goes in as Markdown ([`Words::lit`] takes no other).
//!
//! Where a backslash is not enough, because the sign is found after Markdown is done, an invisible space
//! of no width breaks it up; in code spans there is none, because what is in them is copied.

use super::super::page::visible_text;

/// A space of no width.
const BREAK: &str = "&#8203;";

/// A piece of Markdown on one line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words(String);

impl Words {
    pub fn new() -> Self {
        Self::default()
    }

    /// Markdown of our own.
    #[must_use]
    pub fn lit(mut self, markdown: &'static str) -> Self {
        self.0.push_str(markdown);
        self
    }

    /// A number.
    #[must_use]
    pub fn number(mut self, number: usize) -> Self {
        self.0.push_str(&number.to_string());
        self
    }

    /// Text in which nothing is Markdown.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        let text = visible_text(text);
        // Four spaces at the beginning of a paragraph would make it code.
        let text = text.trim_start();
        for (at, c) in text.char_indices() {
            self.push_character(&text[..at], c, &text[at + c.len_utf8()..]);
        }
        self
    }

    /// A character of a text, with the texts before and behind it.
    fn push_character(&mut self, before: &str, c: char, rest: &str) {
        let out = &mut self.0;
        let ends = |with: &str| {
            let from = before.len().saturating_sub(with.len());
            before
                .get(from..)
                .is_some_and(|end| end.eq_ignore_ascii_case(with))
        };
        let begins_word = !before.ends_with(char::is_alphanumeric);
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Also in a table.
            '|' => out.push_str("&#124;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '^' => {
                out.push('\\');
                out.push(c);
            }
            // GitHub documents the element, Markdown the backslash.
            '$' => out.push_str("<span>\\$</span>"),
            // A list or a heading, where a paragraph begins: `-`, `+`, `=`, `1.` and `1)`
            '-' | '+' | '=' if before.is_empty() => {
                out.push('\\');
                out.push(c);
            }
            '.' | ')'
                if !before.is_empty()
                    && before.bytes().all(|b| b.is_ascii_digit())
                    && !rest.starts_with(|c: char| c.is_alphanumeric()) =>
            {
                out.push('\\');
                out.push(c);
            }
            // GitHub makes mentions, and references to issues, of these wherever they stand.
            '@' | '#' => {
                out.push(c);
                out.push_str(BREAK);
            }
            // An address is a link by itself (GitHub Flavored Markdown 6.9), and `:name:` a picture.
            ':' if rest.starts_with("//") || is_picture(rest) => {
                out.push(c);
                out.push_str(BREAK);
            }
            // So is what begins with `www.`
            '.' if ends("www") => {
                out.push_str(BREAK);
                out.push(c);
            }
            // `GH-26` is another way to write a reference to an issue.
            '-' if ends("gh") => {
                out.push_str(BREAK);
                out.push(c);
            }
            c if c.is_ascii_hexdigit() && begins_word && is_commit(c, rest) => {
                out.push(c);
                out.push_str(BREAK);
            }
            c => out.push(c),
        }
    }

    /// Text to be copied, as it is.
    #[must_use]
    pub fn code(mut self, text: &str) -> Self {
        let text = visible_text(text);
        if text.trim().is_empty() {
            return self.lit("*(nothing)*");
        }
        // A table would end its cell within the span.
        if text.contains('|') {
            return self.lit("<code>").text(&text).lit("</code>");
        }
        // A span ends at the first run of as many backticks as began it, and loses a space at both ends
        // (CommonMark 6.1).
        let fence = "`".repeat(longest_run(&text) + 1);
        let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
            " "
        } else {
            ""
        };
        for part in [&fence, pad, &text, pad, &fence] {
            self.0.push_str(part);
        }
        self
    }

    /// A link, if it is plainly one; else its text.
    #[must_use]
    pub fn link(self, text: &str, url: &str) -> Self {
        // Anything else in the address could end the link too early.
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/:?#=&%+".contains(c);
        if !url.starts_with("https://") || !url.chars().all(plain) {
            return self.text(text);
        }
        let mut words = self.lit("[").text(text).lit("](");
        words.0.push_str(url);
        words.lit(")")
    }

    /// Words behind these.
    #[must_use]
    pub fn and(mut self, words: &Self) -> Self {
        self.0.push_str(&words.0);
        self
    }

    /// Words with separators of our own between them.
    #[must_use]
    pub fn list(mut self, all: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        for (i, words) in all.into_iter().enumerate() {
            if i > 0 {
                self.0.push_str(between);
            }
            self.0.push_str(&words.0);
        }
        self
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A block of lines, fenced so that nothing in it ends it.
pub(super) fn fenced_block(language: &'static str, text: &str) -> String {
    // A fence has three signs at least, and is closed by no fewer than began it (CommonMark 4.5).
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{text}{end}{fence}\n")
}

/// Text within HTML of our own, such as the summary of a fold.
pub(super) fn html_text(text: &str) -> String {
    let mut out = String::new();
    for c in visible_text(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // An entity is a sign to HTML and nothing to Markdown.
            c if c.is_ascii_punctuation() && !"-./,".contains(c) => {
                out.push_str(&format!("&#{};", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

fn longest_run(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// True if the text behind a colon ends as the name of a picture does.
fn is_picture(rest: &str) -> bool {
    let name = |c: char| c.is_ascii_alphanumeric() || "_+-".contains(c);
    let end = rest.find(|c| !name(c)).unwrap_or(rest.len());
    end > 0 && rest[end..].starts_with(':')
}

/// True if a word that begins here could be the name of a commit.
fn is_commit(first: char, rest: &str) -> bool {
    let end = rest
        .find(|c: char| !c.is_alphanumeric())
        .unwrap_or(rest.len());
    let word = &rest[..end];
    // With the first character seven to forty: GitHub links what may be the name of a commit.
    (6..=39).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_hexdigit())
        && (first.is_ascii_alphabetic() || word.bytes().any(|b| b.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use comrak::{Options, markdown_to_html};
    use proptest::prelude::*;

    use super::*;

    /// The HTML that GitHub makes of Markdown, as far as a library makes the same.
    fn rendered(markdown: &str) -> String {
        let mut options = Options::default();
        let extension = &mut options.extension;
        extension.table = true;
        extension.autolink = true;
        extension.strikethrough = true;
        extension.tasklist = true;
        extension.footnotes = true;
        extension.math_dollars = true;
        extension.math_code = true;
        extension.superscript = true;
        extension.alerts = true;
        // As GitHub does, which then lets only harmless elements through.
        options.render.r#unsafe = true;
        markdown_to_html(markdown, &options)
    }

    /// The visible text of HTML that contains nothing but text; `None` if it contains more.
    fn element_text(html: &str, element: &str) -> Option<String> {
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        let text = html.trim_end().strip_prefix(&open)?.strip_suffix(&close)?;
        let text = text.replace("<span>$</span>", "$").replace('\u{200b}', "");
        if text.contains('<') {
            return None;
        }
        Some(
            text.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&amp;", "&"),
        )
    }

    const EVIL: [&str; 22] = [
        "@team and #12, GH-7, owner/repo#3",
        "a | b || c \\| d",
        "`x` ``y`` ```z",
        "<img src=x onerror=alert(1)> &amp; &lt;",
        "[link](https://evil.example) ![x](y)",
        "https://evil.example www.evil.example http://x me@evil.example",
        "- [ ] task",
        "1. one",
        "12) two",
        "# heading",
        "> quote",
        "> [!NOTE]",
        "**bold** _it_ ~~gone~~ x^2^",
        "$a$ and $$b$$ and $`c`$",
        ":tada: a:b:c",
        "commit deadbeefcafe and 0123abc",
        "\\* \\",
        "    four spaces",
        "=== --- ***",
        "[^1] [x]: y",
        "+ plus",
        "|a|b|\\n|-|-|",
    ];

    #[test]
    fn text_is_text() {
        for text in EVIL {
            let words = Words::new().text(text);
            let html = rendered(words.as_str());
            assert_eq!(
                element_text(&html, "p").as_deref(),
                Some(text.trim_start()),
                "{html}"
            );
        }
    }

    #[test]
    fn what_github_looks_for_later_is_broken_up() {
        let words = Words::new().text("@team #12 GH-7 a#1 x@y :tada: deadbeefcafe http://x");
        let html = rendered(words.as_str());
        for sign in [
            "@team",
            "#12",
            "GH-7",
            "a#1",
            "x@y",
            ":tada:",
            "deadbeefcafe",
            "://",
        ] {
            assert!(!html.contains(sign), "{sign} in {html}");
        }
        // Numbers and words of a chart stay whole, so that they can be searched for.
        for whole in ["1234567", "0.10.3", "image:latest", "feedback"] {
            assert_eq!(Words::new().text(whole).as_str(), whole);
        }
    }

    #[test]
    fn code_is_code_in_a_sentence_and_in_a_table() {
        for text in EVIL {
            let shown = |text: &str| text.trim_start().to_owned();
            let html = rendered(&format!("x {} y", Words::new().code(text).as_str()));
            let inner = html
                .trim_end()
                .strip_prefix("<p>x ")
                .and_then(|h| h.strip_suffix(" y</p>"));
            let inner = inner.unwrap_or_else(|| panic!("{html}"));
            assert_eq!(
                element_text(inner, "code").map(|text| shown(&text)),
                Some(shown(text)),
                "{html}"
            );
            let cell = Words::new().code(text);
            let html = rendered(&format!(
                "| a | b |\n| - | - |\n| {} | z |\n",
                cell.as_str()
            ));
            assert!(
                html.contains("<td>z</td>") && html.matches("<td>").count() == 2,
                "{html}"
            );
        }
    }

    #[test]
    fn a_fence_holds_whatever_is_in_it() {
        let text = "a\n````\n</details>\n```diff\n~~~\n";
        let html = rendered(&fenced_block("diff", text));
        assert!(
            html.contains("````\n&lt;/details&gt;\n```diff\n~~~\n</code></pre>"),
            "{html}"
        );
        assert_eq!(html.matches("<pre").count(), 1);
    }

    #[test]
    fn only_plain_links_are_links() {
        let link = |url| Words::new().link("0.11.0", url).as_str().to_owned();
        assert_eq!(
            rendered(&link("https://a.example/pull/669")),
            "<p><a href=\"https://a.example/pull/669\">0.11.0</a></p>\n"
        );
        for url in [
            "javascript:alert(1)",
            "https://a.example/) x",
            "http://a.example",
            "https://a b",
        ] {
            assert_eq!(link(url), "0.11.0", "{url}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_text(text in "[ -~äé\u{202e}]{0,40}") {
            let text = visible_text(&text);
            let text = text.trim();
            prop_assume!(!text.is_empty());
            let html = rendered(Words::new().text(text).as_str());
            // Spaces within a paragraph are one to a reader, and to HTML.
            let html = element_text(&html, "p");
            prop_assert_eq!(html.as_deref(), Some(text));
        }

        #[test]
        fn any_text_within_html_is_text(text in "[ -~]{0,40}") {
            prop_assume!(!text.trim().is_empty());
            let html = rendered(&format!("<details><summary><code>{}</code></summary>\n\nx\n", html_text(&text)));
            let inner = html.split("<code>").nth(1).and_then(|html| html.split("</code>").next()).unwrap();
            prop_assert!(!inner.contains('<'), "{}", html);
        }
    }
}
