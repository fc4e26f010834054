//! Line differences: what changed in a file, as hunks, and as a unified diff that tools apply.
//!
//! Lines end at `\n` and nowhere else. A `\r` before it belongs to the line: a difference that is
//! applied must bring back every byte, and the usual line splitters also break at lone `\r`. A huge
//! file is compared under a deadline, after which the result is coarser and still exact. This module
//! knows nothing of colours or secrets; who shows a hunk decides about both.

mod sides;

use std::{
    fmt::Write as _,
    ops::Range,
    time::{Duration, Instant},
};

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, capture_diff_slices_deadline};

pub use sides::{Cell, SideBySide};

/// Unchanged lines shown around a change, as everywhere.
const CONTEXT: usize = 3;
/// The time for which lines may be compared before the rest is taken as replaced.
const DEADLINE: Duration = Duration::from_millis(800);
/// Changed lines longer than this get no marks inside; their parts would cost more than they tell.
const MAX_MARKED: usize = 2_000;

/// The difference of two texts.
#[derive(Debug)]
pub struct Diff<'a> {
    /// The changes with their context, in order. None if the texts are equal.
    pub hunks: Vec<Hunk<'a>>,
}

/// A run of changes with the lines around it.
#[derive(Debug)]
pub struct Hunk<'a> {
    /// The lines before, counted from 0.
    pub before: Range<usize>,
    /// The lines afterwards, counted from 0.
    pub after: Range<usize>,
    /// The lines of both.
    pub lines: Vec<DiffLine<'a>>,
}

/// The side that a line is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineSide {
    /// Both, unchanged.
    Both,
    /// Only before.
    Before,
    /// Only afterwards.
    After,
}

/// A line of a hunk.
#[derive(Debug, Clone)]
pub struct DiffLine<'a> {
    /// The side that it is from.
    pub side: LineSide,
    /// The line with its end, `\n` or `\r\n`, unless it is the last and has none.
    pub text: &'a str,
    /// Its byte offset: in the text before, or for [`LineSide::After`] in that afterwards.
    pub offset: usize,
    /// The parts that differ from the line it replaces or is replaced by, in bytes of `text`. Empty if
    /// there is no such line or little is common.
    pub marks: Vec<Range<usize>>,
}

impl DiffLine<'_> {
    /// The line without its end.
    #[must_use]
    pub fn body(&self) -> &str {
        let body = self.text.strip_suffix('\n').unwrap_or(self.text);
        body.strip_suffix('\r').unwrap_or(body)
    }

    /// The end of the line: `\n`, `\r\n`, or nothing.
    #[must_use]
    pub fn end(&self) -> &str {
        &self.text[self.body().len()..]
    }
}

impl<'a> Diff<'a> {
    /// Compares two texts, line by line.
    #[must_use]
    pub fn new(before: &'a str, after: &'a str) -> Self {
        Self::with_context(before, after, CONTEXT)
    }

    /// Compares two texts, and shows so many unchanged lines around a change.
    #[must_use]
    pub fn with_context(before: &'a str, after: &'a str, context: usize) -> Self {
        if before == after {
            return Self { hunks: Vec::new() };
        }
        let same = Same::of(before, after, context);
        let old = TextLines::of(before, &same);
        let new = TextLines::of(after, &same);
        let deadline = Instant::now() + DEADLINE;
        let ops = capture_diff_slices_deadline(
            Algorithm::Patience,
            &old.texts,
            &new.texts,
            Some(deadline),
        );
        let groups = similar::group_diff_ops(ops, context);
        Self {
            hunks: groups
                .iter()
                .filter_map(|ops| hunk(ops, &old, &new))
                .collect(),
        }
    }

    /// True if the texts are equal.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hunks.is_empty()
    }

    /// The numbers of lines that are gone, and of new ones.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let lines = || self.hunks.iter().flat_map(|hunk| &hunk.lines);
        (
            lines().filter(|line| line.side == LineSide::Before).count(),
            lines().filter(|line| line.side == LineSide::After).count(),
        )
    }
}

impl Hunk<'_> {
    /// The line that begins a hunk in a unified diff, without its end.
    #[must_use]
    pub fn header(&self) -> String {
        format!("@@ -{} +{} @@", span(&self.before), span(&self.after))
    }
}

/// A range of lines as unified diffs write it: from 1, and an empty one by the line it follows.
fn span(range: &Range<usize>) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        n => format!("{},{n}", range.start + 1),
    }
}

/// A unified diff of one file that `git apply` and `patch -p1` accept, with every byte of the lines as
/// it is; empty if nothing changed. `name` is the file as it was named, in bytes: a leading `/` or `./`
/// goes, because the tools take names below the current folder only.
#[must_use]
pub fn unified(name: impl AsRef<[u8]>, before: &str, after: &str) -> String {
    let diff = Diff::new(before, after);
    if diff.is_empty() {
        return String::new();
    }
    let mut out = headers(name);
    for hunk in &diff.hunks {
        let _ = writeln!(out, "{}", hunk.header());
        for line in &hunk.lines {
            out.push(line.side.sign());
            out.push_str(line.text);
            if !line.text.ends_with('\n') {
                out.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    out
}

impl LineSide {
    /// The sign before the line in a unified diff.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::Both => ' ',
            Self::Before => '-',
            Self::After => '+',
        }
    }
}

/// The lines above the first hunk of a file, in git's form.
#[must_use]
pub fn headers(name: impl AsRef<[u8]>) -> String {
    let name = below_here(name.as_ref());
    let (a, b) = (quote_name("a/", name), quote_name("b/", name));
    // A name with a space ends in a tab, so that tools do not take what follows for a date.
    let tab = if name.contains(&b' ') && !a.starts_with('"') {
        "\t"
    } else {
        ""
    };
    format!("diff --git {a} {b}\n--- {a}{tab}\n+++ {b}{tab}\n")
}

fn below_here(name: &[u8]) -> &[u8] {
    let mut name = name;
    loop {
        let mut shorter = name.strip_prefix(b"./").unwrap_or(name);
        while let Some(rest) = shorter.strip_prefix(b"/") {
            shorter = rest;
        }
        if shorter.len() == name.len() {
            return name;
        }
        name = shorter;
    }
}

/// A name as git writes it: as it is, or quoted as in C where it has characters that would break the
/// line.
fn quote_name(side: &str, name: &[u8]) -> String {
    let special = |c: char| c.is_control() || c == '"' || c == '\\';
    if let Ok(name) = std::str::from_utf8(name)
        && !name.contains(special)
    {
        return format!("{side}{name}");
    }
    let mut out = format!("\"{side}");
    let octal = |out: &mut String, bytes: &[u8]| {
        for byte in bytes {
            let _ = write!(out, "\\{byte:03o}");
        }
    };
    for chunk in name.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                // Characters beyond ASCII stay, as with git's `core.quotePath` off.
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                c if c.is_control() => octal(&mut out, c.encode_utf8(&mut [0; 4]).as_bytes()),
                c => out.push(c),
            }
        }
        octal(&mut out, chunk.invalid());
    }
    out.push('"');
    out
}

/// The common beginning and end of two texts, in whole lines, less the context of the changes. Changes are few and
/// close together as a rule, so only the rest is taken apart and compared.
struct Same {
    /// Bytes at the start.
    start: usize,
    /// The lines of them.
    lines: usize,
    /// Bytes at the end.
    end: usize,
}

impl Same {
    fn of(before: &str, after: &str, context: usize) -> Self {
        let equal = equal_start(before.as_bytes(), after.as_bytes());
        // Two characters that differ may begin with the same bytes.
        let start = lines_back(&before[..char_boundary_before(before, equal)], context);
        // The end must not reach into the beginning: of `a` and `a a` both would take the same line.
        let most = before.len().min(after.len()) - start;
        let end_of = |text: &str| text.len() - most..text.len();
        let equal = equal_end(
            &before.as_bytes()[end_of(before)],
            &after.as_bytes()[end_of(after)],
        );
        // The first line of the end may be cut, on one side or on both, and does not count.
        let tail = &before.as_bytes()[before.len() - equal..];
        let mut breaks = (0..tail.len()).filter(|&i| tail[i] == b'\n').map(|i| i + 1);
        let end = breaks.nth(context).map_or(0, |at| tail.len() - at);
        Self {
            start,
            lines: before[..start].bytes().filter(|&b| b == b'\n').count(),
            end,
        }
    }
}

/// Bytes that are compared at once.
const AT_ONCE: usize = 64;

/// The number of bytes that are the same at the beginning.
pub(crate) fn equal_start(before: &[u8], after: &[u8]) -> usize {
    let pieces = before.chunks(AT_ONCE).zip(after.chunks(AT_ONCE));
    let equal = pieces.take_while(|(a, b)| a == b);
    let whole: usize = equal.map(|(a, _)| a.len()).sum();
    let rest = before[whole..].iter().zip(&after[whole..]);
    whole + rest.take_while(|(a, b)| a == b).count()
}

/// The number of bytes that are the same at the end.
pub(crate) fn equal_end(before: &[u8], after: &[u8]) -> usize {
    let pieces = before.rchunks(AT_ONCE).zip(after.rchunks(AT_ONCE));
    let equal = pieces.take_while(|(a, b)| a == b);
    let whole: usize = equal.map(|(a, _)| a.len()).sum();
    let rest = |text: &[u8]| text.len() - whole;
    let before = before[..rest(before)].iter().rev();
    let after = after[..rest(after)].iter().rev();
    whole + before.zip(after).take_while(|(a, b)| a == b).count()
}

/// The nearest character boundary at or before an offset.
fn char_boundary_before(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// The start of the line that is `count` lines above the last one.
fn lines_back(text: &str, count: usize) -> usize {
    let breaks = text.bytes().enumerate().rev().filter(|(_, b)| *b == b'\n');
    breaks.map(|(at, _)| at + 1).nth(count).unwrap_or(0)
}

/// A text in lines, each with its end, and where each begins; without what is the same.
struct TextLines<'a> {
    texts: Vec<&'a str>,
    offsets: Vec<usize>,
    /// The number of lines before the first.
    before: usize,
}

impl<'a> TextLines<'a> {
    fn of(text: &'a str, same: &Same) -> Self {
        let part = &text[same.start..text.len() - same.end];
        let texts: Vec<_> = part.split_inclusive('\n').collect();
        let offsets = texts
            .iter()
            .scan(same.start, |at, line| {
                let offset = *at;
                *at += line.len();
                Some(offset)
            })
            .collect();
        Self {
            texts,
            offsets,
            before: same.lines,
        }
    }

    /// A range of these lines, counted from the start of the text.
    fn range(&self, lines: Range<usize>) -> Range<usize> {
        lines.start + self.before..lines.end + self.before
    }

    fn line(&self, index: usize, side: LineSide) -> DiffLine<'a> {
        let (text, offset) = (self.texts[index], self.offsets[index]);
        DiffLine {
            side,
            text,
            offset,
            marks: Vec::new(),
        }
    }
}

fn hunk<'a>(ops: &[DiffOp], old: &TextLines<'a>, new: &TextLines<'a>) -> Option<Hunk<'a>> {
    let (first, last) = (ops.first()?, ops.last()?);
    let mut lines = Vec::new();
    for op in ops {
        let (tag, before, after) = op.as_tag_tuple();
        if tag == DiffTag::Equal {
            lines.extend(before.map(|i| old.line(i, LineSide::Both)));
            continue;
        }
        let mut gone: Vec<_> = before.map(|i| old.line(i, LineSide::Before)).collect();
        let mut came: Vec<_> = after.map(|i| new.line(i, LineSide::After)).collect();
        // Only in runs of one length is it plain which line became which; two columns pair lines themselves.
        if gone.len() == came.len() {
            for (a, b) in gone.iter_mut().zip(&mut came) {
                (a.marks, b.marks) = marks(a.text, b.text);
            }
        }
        lines.append(&mut gone);
        lines.append(&mut came);
    }
    Some(Hunk {
        before: old.range(first.old_range().start..last.old_range().end),
        after: new.range(first.new_range().start..last.new_range().end),
        lines,
    })
}

/// The words in which two lines differ; nothing if they have less than half of their text in common.
fn marks(before: &str, after: &str) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    if before.len().max(after.len()) > MAX_MARKED {
        return Default::default();
    }
    let (old, new) = (words(before), words(after));
    let ops = capture_diff_slices(Algorithm::Myers, &old, &new);
    let (mut gone, mut came, mut common) = (Vec::new(), Vec::new(), 0);
    let bytes = |words: &[&str], range: Range<usize>| -> Range<usize> {
        let start = words[..range.start].iter().map(|w| w.len()).sum::<usize>();
        start..start + words[range].iter().map(|w| w.len()).sum::<usize>()
    };
    for op in ops {
        let (tag, a, b) = op.as_tag_tuple();
        if tag == DiffTag::Equal {
            // Blanks do not count: lines of one indentation are not alike by that.
            common += old[a].iter().map(|word| word.trim().len()).sum::<usize>();
            continue;
        }
        gone.extend(Some(bytes(&old, a)).filter(|range| !range.is_empty()));
        came.extend(Some(bytes(&new, b)).filter(|range| !range.is_empty()));
    }
    let longest = before.trim().len().max(after.trim().len());
    if common * 2 < longest {
        Default::default()
    } else {
        (gone, came)
    }
}

/// Splits into runs of letters and digits, runs of white space, and single other characters.
fn words(line: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        c if c.is_alphanumeric() => 0,
        c if c.is_whitespace() => 1,
        _ => 2,
    };
    let mut words = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (at, c) in line.char_indices() {
        let now = kind(c);
        if last.is_some_and(|last| last != now || now == 2) {
            words.push(&line[start..at]);
            start = at;
        }
        last = Some(now);
    }
    if start < line.len() {
        words.push(&line[start..]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_no_difference() {
        assert!(Diff::new("a\n", "a\n").is_empty());
        assert_eq!(unified("f", "", ""), "");
    }

    #[test]
    fn empty_sides_are_counted_by_the_line_before() {
        assert!(unified("f", "", "a\n").contains("@@ -0,0 +1 @@\n+a\n"));
        assert!(unified("f", "a\n", "").contains("@@ -1 +0,0 @@\n-a\n"));
    }

    #[test]
    fn a_lone_carriage_return_ends_no_line() {
        let diff = unified("f", "a\rb\r\nc", "a\rb\r\nd");
        assert!(diff.ends_with(
            " a\rb\r\n-c\n\\ No newline at end of file\n+d\n\\ No newline at end of file\n"
        ));
    }

    #[test]
    fn names_are_below_here_and_quoted_as_git_does() {
        assert!(headers("/x/./y").starts_with("diff --git a/x/./y b/x/./y\n"));
        assert!(headers(".//x").contains("--- a/x\n"));
        assert!(headers("a b").contains("--- a/a b\t\n"));
        assert!(headers("a\"\n").contains("--- \"a/a\\\"\\n\"\n"));
    }

    #[test]
    fn marks_are_the_words_that_changed() {
        let diff = Diff::new("tag: \"0.10.3\"\n", "tag: \"0.15.0\"\n");
        let parts: Vec<_> = diff.hunks[0]
            .lines
            .iter()
            .map(|line| {
                line.marks
                    .iter()
                    .map(|m| &line.text[m.clone()])
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(parts, [["10", "3"], ["15", "0"]]);
        assert!(
            Diff::new("abc: d\n", "xyz\n").hunks[0]
                .lines
                .iter()
                .all(|l| l.marks.is_empty())
        );
    }

    #[test]
    fn what_is_the_same_at_both_ends_is_not_compared_and_still_counted() {
        let lines = |n: Range<usize>| n.map(|i| format!("line {i} é\n")).collect::<String>();
        let (head, tail) = (lines(0..20), lines(20..40));
        for (old, new) in [
            ("old\n", "new\n"),
            ("", "new\n"),
            ("old\n", ""),
            ("line 19 é\n", ""),
            ("", "line 19 é\n"),
            ("x è\n", "x é\n"),
        ] {
            let (before, after) = (format!("{head}{old}{tail}"), format!("{head}{new}{tail}"));
            let diff = Diff::new(&before, &after);
            let hunk = &diff.hunks[0];
            assert_eq!(diff.hunks.len(), 1);
            assert_eq!(diff.counts(), (old.len().min(1), new.len().min(1)));
            assert!(
                hunk.before.start >= 16 && hunk.before.end <= 24,
                "{:?}",
                hunk.before
            );
            for line in &hunk.lines {
                let text = if line.side == LineSide::After {
                    &after
                } else {
                    &before
                };
                assert!(text[line.offset..].starts_with(line.text));
            }
        }
    }

    #[test]
    fn a_huge_file_is_compared_in_time() {
        let before: String = (0..40_000)
            .map(|i| format!("key{}: {i}\n", i % 7))
            .collect();
        let after: String = (0..40_000)
            .map(|i| format!("key{}: {}\n", i % 5, i + i % 2))
            .collect();
        let start = Instant::now();
        let diff = Diff::new(&before, &after);
        assert!(!diff.is_empty());
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{:?}",
            start.elapsed()
        );
    }
}
