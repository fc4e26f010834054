//! The difference as it is shown: for eyes on a terminal, or as a patch.
//!
//! What is masked is masked in place: only the value's part of a line, whether it stands on the line
//! before or afterwards. A masked patch does not apply; `-o patch` is exact and masks nothing.

use std::{collections::HashSet, sync::Arc};

use super::{
    Look, Masker,
    page::{self, Page, Style, span, visible, width},
    secrets::MASK,
    wording::shown_name,
};
use crate::{
    diff::{self, Diff, Line, Side},
    jobs::Jobs,
    outcome::{File, Outcome, Unit},
};

/// The exact patch for all files that would be written, which `git apply` and `patch -p1` accept. What
/// belongs to a release with an open question is not in it: half an upgrade is none.
#[must_use]
pub fn patch(outcome: &Outcome) -> String {
    patch_with(outcome, &Jobs::one())
}

/// The same, by several threads.
#[must_use]
pub fn patch_with(outcome: &Outcome, jobs: &Jobs<'_>) -> String {
    let address = |file: &Arc<File>| Arc::as_ptr(file).addr();
    let units = outcome.units();
    let open = units.iter().filter(|unit| unit.is_open());
    let held: HashSet<usize> = open.flat_map(Unit::files).map(address).collect();
    let one = |file: &Arc<File>| match held.contains(&address(file)) {
        true => String::new(),
        false => diff::unified(file.raw_name(), &file.before, &file.after),
    };
    each(outcome, jobs, one).collect()
}

/// The difference of all files as a person reads it; also whether anything in it was masked.
#[must_use]
pub fn shown(outcome: &Outcome, look: Look, masker: &Masker) -> (String, bool) {
    shown_with(outcome, look, masker, &Jobs::one())
}

/// The same, by several threads.
#[must_use]
pub fn shown_with(
    outcome: &Outcome,
    look: Look,
    masker: &Masker,
    jobs: &Jobs<'_>,
) -> (String, bool) {
    let one = |file: &Arc<File>| {
        let diff = Diff::new(&file.before, &file.after);
        let mut masked = false;
        if diff.is_empty() {
            return (String::new(), masked);
        }
        let hidden = Hidden::new(file, masker);
        let text = if look.colour {
            coloured(file, &diff, look, usize::MAX, &hidden, &mut masked)
        } else {
            unified(file, &diff, &hidden, &mut masked)
        };
        (text, masked)
    };
    let mut text = String::new();
    let mut masked = false;
    for (part, hides) in each(outcome, jobs, one) {
        if look.colour && !text.is_empty() && !part.is_empty() {
            text.push('\n');
        }
        text.push_str(&part);
        masked |= hides;
    }
    (text, masked)
}

/// The same done with every file. A fault of refit stays one: half a difference is none.
fn each<'o, T: Send + 'o>(
    outcome: &'o Outcome,
    jobs: &Jobs<'_>,
    one: impl Fn(&Arc<File>) -> T + Sync,
) -> impl Iterator<Item = T> + 'o {
    let parts = jobs.each(None, outcome.files(), one);
    parts.into_iter().map(|part| match part {
        Ok(part) => part,
        Err(fault) => std::panic::resume_unwind(Box::new(fault.0)),
    })
}

/// The difference of a file as a report that is kept shows it: the lines of a patch without its headers,
/// with nothing in them that is obeyed; how many lines are gone and came; whether anything was masked.
#[must_use]
pub(super) fn plain(file: &File, masker: &Masker) -> (String, (usize, usize), bool) {
    let diff = Diff::new(&file.before, &file.after);
    let (mut text, mut masked) = (String::new(), false);
    let hidden = Hidden::new(file, masker);
    hunks(&mut text, &diff, &hidden, Paint::default(), &mut masked);
    (text, diff.counts(), masked)
}

/// What hides the secrets of a file.
pub(super) struct Hidden<'f> {
    file: &'f File,
    masker: &'f Masker,
}

impl<'f> Hidden<'f> {
    pub fn new(file: &'f File, masker: &'f Masker) -> Self {
        Self { file, masker }
    }

    /// The line without its secrets, or nothing if it has none.
    pub fn line(&self, line: &Line<'_>) -> Option<String> {
        if !self.masker.is_on() {
            return None;
        }
        let ranges = match line.side {
            Side::After => &self.file.secrets.after,
            _ => &self.file.secrets.before,
        };
        let body = line.body();
        let indent = body.len() - body.trim_start().len();
        let (from, to) = (line.offset + indent, line.offset + body.len());
        let first = ranges.partition_point(|range| range.end <= from);
        let inside: Vec<_> = ranges[first..]
            .iter()
            .take_while(|range| range.start < to)
            .collect();
        let mut out = line.text.to_owned();
        for range in inside.into_iter().rev() {
            let part = range.start.max(from) - line.offset..range.end.min(to) - line.offset;
            out.replace_range(part, MASK);
        }
        // A secret may have moved to a key that does not say so.
        let out = self.masker.text(&out);
        (out != line.text).then_some(out)
    }
}

fn unified(file: &File, diff: &Diff<'_>, hidden: &Hidden<'_>, masked: &mut bool) -> String {
    let mut out = diff::headers(file.raw_name());
    for hunk in &diff.hunks {
        out.push_str(&hunk.header());
        out.push('\n');
        for line in &hunk.lines {
            out.push(line.side.sign());
            let text = hidden.line(line);
            *masked |= text.is_some();
            let text = text.as_deref().unwrap_or(line.text);
            // The end stays as it is: a terminal does nothing odd with CR LF.
            let body = text.strip_suffix('\n').unwrap_or(text);
            let body = body.strip_suffix('\r').unwrap_or(body);
            out.push_str(&visible_body(body));
            out.push_str(&text[body.len()..]);
            if !line.text.ends_with('\n') {
                out.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    out
}

fn coloured(
    file: &File,
    diff: &Diff<'_>,
    look: Look,
    columns: usize,
    hidden: &Hidden<'_>,
    masked: &mut bool,
) -> String {
    let (gone, came) = diff.counts();
    let mut page = Page::new(look);
    page.line(
        0,
        &[
            span(shown_name(&file.name), Style::Bold),
            page::plain("  "),
            span(format!("-{gone}"), Style::Error),
            page::plain(" "),
            span(format!("+{came}"), Style::Good),
        ],
    );
    let mut out = page.finish();
    let paint = Paint {
        colour: look.colour,
        columns,
        ..Paint::default()
    };
    hunks(&mut out, diff, hidden, paint, masked);
    out
}

/// The difference of a file for a person at a terminal, with colour or without; never a patch.
#[must_use]
pub fn for_eyes(file: &File, look: Look, masker: &Masker) -> String {
    let diff = Diff::new(&file.before, &file.after);
    coloured(
        file,
        &diff,
        look,
        look.width,
        &Hidden::new(file, masker),
        &mut false,
    )
}

/// A part of a difference for a person who is asked about it: line numbers, no headers for tools, lines
/// around a change cut at the width, and at most so many lines. Also how many lines were left away.
#[must_use]
pub fn excerpt(
    file: &File,
    context: usize,
    most: usize,
    look: Look,
    masker: &Masker,
) -> (String, usize) {
    let diff = Diff::with_context(&file.before, &file.after, context);
    let mut out = String::new();
    let paint = Paint {
        colour: look.colour,
        columns: look.width,
        most,
    };
    let hidden = Hidden::new(file, masker);
    let left = hunks(&mut out, &diff, &hidden, paint, &mut false);
    (out, left)
}

/// How the lines of a difference are painted.
#[derive(Clone, Copy)]
struct Paint {
    colour: bool,
    /// Lines that did not change are cut behind this column.
    columns: usize,
    /// How many lines are painted.
    most: usize,
}

impl Default for Paint {
    fn default() -> Self {
        Self {
            colour: false,
            columns: usize::MAX,
            most: usize::MAX,
        }
    }
}

/// Paints the lines of a difference; gives how many had no room.
fn hunks(
    out: &mut String,
    diff: &Diff<'_>,
    hidden: &Hidden<'_>,
    paint: Paint,
    masked: &mut bool,
) -> usize {
    // Carriage returns are only worth seeing where some lines gain or lose one.
    let changed = || {
        diff.hunks
            .iter()
            .flat_map(|h| &h.lines)
            .filter(|line| line.side != Side::Both)
    };
    let with_cr = changed().filter(|line| line.end() == "\r\n").count();
    let returns = with_cr > 0 && with_cr < changed().count();
    let code = |code: &'static str| if paint.colour { code } else { "" };
    let all: usize = diff.hunks.iter().map(|hunk| hunk.lines.len()).sum();
    let mut painted = 0;
    for hunk in &diff.hunks {
        if painted == paint.most {
            break;
        }
        out.push_str(&format!(
            "{}{}{}\n",
            code("\x1b[36m"),
            hunk.header(),
            code("\x1b[0m")
        ));
        for line in hunk.lines.iter().take(paint.most - painted) {
            painted += 1;
            let (on, mark) = match line.side {
                Side::Both => ("", ""),
                Side::Before => (code("\x1b[31m"), code("\x1b[1;7;31m")),
                Side::After => (code("\x1b[32m"), code("\x1b[1;7;32m")),
            };
            out.push_str(on);
            out.push(line.side.sign());
            let hidden = hidden.line(line);
            match &hidden {
                Some(text) => {
                    out.push_str(&visible_body(text.trim_end_matches(['\n', '\r'])));
                    *masked = true;
                }
                None if line.side == Side::Both => {
                    out.push_str(&cut(&visible_body(line.body()), paint.columns));
                }
                None => emphasised(out, line, on, mark),
            }
            if returns && line.end() == "\r\n" {
                out.push('␍');
            }
            if !on.is_empty() {
                out.push_str("\x1b[0m");
            }
            out.push('\n');
            if line.end().is_empty() {
                out.push_str(code("\x1b[2m"));
                out.push_str("\\ No newline at end of file");
                out.push_str(code("\x1b[0m"));
                out.push('\n');
            }
        }
    }
    all - painted
}

/// A line that fits behind its sign; what is cut off shows as three dots.
fn cut(text: &str, columns: usize) -> String {
    if width(text) < columns {
        return text.to_owned();
    }
    let mut short = String::new();
    for c in text.chars() {
        short.push(c);
        if width(&short) + 4 >= columns {
            break;
        }
    }
    short + "..."
}

/// The line with the words that differ set apart.
fn emphasised(out: &mut String, line: &Line<'_>, on: &str, mark: &str) {
    let body = line.body();
    let mut at = 0;
    for range in &line.marks {
        let range = range.start.min(body.len())..range.end.min(body.len());
        out.push_str(&visible_body(&body[at..range.start]));
        if !range.is_empty() {
            out.push_str(mark);
            out.push_str(&visible_body(&body[range.clone()]));
            if !mark.is_empty() {
                out.push_str("\x1b[0m");
            }
            out.push_str(on);
        }
        at = range.end;
    }
    out.push_str(&visible_body(&body[at..]));
}

/// As [`visible`], with tabs as they are: they are layout here.
pub(super) fn visible_body(text: &str) -> String {
    text.split('\t').map(visible).collect::<Vec<_>>().join("\t")
}
