//! The difference as it is shown: for eyes on a terminal, or as a patch.
//!
//! What is masked is masked in place: only the value's part of a line, whether it stands on the line
//! before or afterwards. A masked patch does not apply; `-o patch` is exact and masks nothing.

use std::{collections::HashSet, sync::Arc};

use super::{
    Masker, ReportStyle,
    hunks::{Causes, Releases},
    page::{self, Page, WordStyle, columns_of, span, visible_text},
    secrets::MASK,
    wording::shown_name,
};
use crate::{
    diff::{self, Diff, DiffLine, LineSide},
    jobs::Jobs,
    outcome::{Outcome, ReportedFile, Unit},
};

/// The exact patch for all files that would be written, which `git apply` and `patch -p1` accept. What
/// belongs to a release with an open question is not in it: half an upgrade is none.
#[must_use]
pub fn render_patch(outcome: &Outcome) -> String {
    patch_with(outcome, &Jobs::single_thread())
}

/// The same, by several threads.
#[must_use]
pub fn patch_with(outcome: &Outcome, jobs: &Jobs<'_>) -> String {
    let address = |file: &Arc<ReportedFile>| Arc::as_ptr(file).addr();
    let units = outcome.units();
    let open = units.iter().filter(|unit| unit.is_open());
    let held: HashSet<usize> = open.flat_map(Unit::files).map(address).collect();
    // Nothing is masked, because tools would write the mask into the file; the name is in its own bytes,
    // because they look for it.
    let one = |file: &Arc<ReportedFile>| match held.contains(&address(file)) {
        true => String::new(),
        false => diff::unified(file.raw_name(), &file.before, &file.after),
    };
    each_file(outcome, jobs, one).collect()
}

/// The difference of all files as a person reads it; also whether anything in it was masked.
#[must_use]
pub fn shown_difference(outcome: &Outcome, look: ReportStyle, masker: &Masker) -> (String, bool) {
    shown_with(outcome, look, masker, &Jobs::single_thread())
}

/// The same, by several threads.
#[must_use]
pub fn shown_with(
    outcome: &Outcome,
    look: ReportStyle,
    masker: &Masker,
    jobs: &Jobs<'_>,
) -> (String, bool) {
    let releases = Releases::of(outcome);
    let one = |file: &Arc<ReportedFile>| {
        let diff = Diff::new(&file.before, &file.after);
        if diff.is_empty() {
            return (String::new(), false);
        }
        let hidden = FileMasker::new(file, masker);
        let causes = releases.causes_in(file);
        let paint = Paint {
            colour: look.colour,
            ..Paint::default()
        };
        let mut painter = Painter::new(&hidden, paint);
        painter.causes = Some(&causes);
        // Without colours it may go on to a tool, so it keeps the form of a patch.
        let text = match look.colour {
            true => painter.coloured_file(file, &diff, look),
            false => painter.unified_file(file, &diff),
        };
        (text, painter.has_masked)
    };
    let mut text = String::new();
    let mut masked = false;
    for (part, hides) in each_file(outcome, jobs, one) {
        if look.colour && !text.is_empty() && !part.is_empty() {
            text.push('\n');
        }
        text.push_str(&part);
        masked |= hides;
    }
    (text, masked)
}

/// The same done with every file. A fault of refit stays one: half a difference is none.
fn each_file<'o, T: Send + 'o>(
    outcome: &'o Outcome,
    jobs: &Jobs<'_>,
    one: impl Fn(&Arc<ReportedFile>) -> T + Sync,
) -> impl Iterator<Item = T> + 'o {
    let parts = jobs.run_each(None, outcome.files(), one);
    parts.into_iter().map(|part| match part {
        Ok(part) => part,
        Err(fault) => std::panic::resume_unwind(Box::new(fault.0)),
    })
}

/// The difference of a file as a report that is kept shows it: the lines of a patch without its headers,
/// with nothing in them that is obeyed; how many lines are gone and came; whether anything was masked.
#[must_use]
pub(super) fn plain_patch(file: &ReportedFile, masker: &Masker) -> (String, (usize, usize), bool) {
    let diff = Diff::new(&file.before, &file.after);
    let hidden = FileMasker::new(file, masker);
    let mut painter = Painter::new(&hidden, Paint::default());
    let mut text = String::new();
    painter.paint_hunks(&mut text, &diff);
    (text, diff.counts(), painter.has_masked)
}

/// A masker for the secrets of one file.
pub(super) struct FileMasker<'f> {
    file: &'f ReportedFile,
    masker: &'f Masker,
}

impl<'f> FileMasker<'f> {
    pub fn new(file: &'f ReportedFile, masker: &'f Masker) -> Self {
        Self { file, masker }
    }

    /// The line without its secrets, or nothing if it has none.
    pub fn masked_line(&self, line: &DiffLine<'_>) -> Option<String> {
        if !self.masker.is_on() {
            return None;
        }
        let ranges = match line.side {
            LineSide::After => &self.file.secrets.after,
            _ => &self.file.secrets.before,
        };
        let body = line.body();
        // A secret of several lines has their indentation in it, which stays: it shows where the lines belong.
        let indent = body.len() - body.trim_start().len();
        let (from, to) = (line.offset + indent, line.offset + body.len());
        let first = ranges.partition_point(|range| range.end <= from);
        let inside: Vec<_> = ranges[first..]
            .iter()
            .take_while(|range| range.start < to)
            .collect();
        let mut out = line.text.to_owned();
        // From behind, so that nothing moves that is still to be replaced.
        for range in inside.into_iter().rev() {
            let part = range.start.max(from) - line.offset..range.end.min(to) - line.offset;
            out.replace_range(part, MASK);
        }
        // A secret may have moved to a key that does not say so.
        let out = self.masker.mask_text(&out);
        (out != line.text).then_some(out)
    }
}

/// The file's name, and how many lines are gone and came.
fn file_heading(file: &ReportedFile, diff: &Diff<'_>, look: ReportStyle) -> String {
    let (gone, came) = diff.counts();
    let mut page = Page::new(look);
    page.line(
        0,
        &[
            span(shown_name(&file.name), WordStyle::Bold),
            page::unstyled("  "),
            span(format!("-{gone}"), WordStyle::Error),
            page::unstyled(" "),
            span(format!("+{came}"), WordStyle::Good),
        ],
    );
    page.finish()
}

/// The difference of a file for a person at a terminal, with colour or without; never a patch.
#[must_use]
pub fn for_eyes(file: &ReportedFile, look: ReportStyle, masker: &Masker) -> String {
    let diff = Diff::new(&file.before, &file.after);
    let hidden = FileMasker::new(file, masker);
    let paint = Paint {
        colour: look.colour,
        columns: look.width,
        ..Paint::default()
    };
    Painter::new(&hidden, paint).coloured_file(file, &diff, look)
}

/// A part of a difference for a person who is asked about it: line numbers, no headers for tools, lines
/// around a change cut at the width, and at most so many lines. Also how many lines were left away.
#[must_use]
pub fn render_excerpt(
    file: &ReportedFile,
    context: usize,
    most: usize,
    look: ReportStyle,
    masker: &Masker,
) -> (String, usize) {
    let diff = Diff::with_context(&file.before, &file.after, context);
    let mut out = String::new();
    let paint = Paint {
        colour: look.colour,
        columns: look.width,
        most,
    };
    let hidden = FileMasker::new(file, masker);
    let left = Painter::new(&hidden, paint).paint_hunks(&mut out, &diff);
    (out, left)
}

/// The form in which the lines of a difference are painted.
#[derive(Clone, Copy)]
struct Paint {
    colour: bool,
    /// Lines that did not change are cut behind this column.
    columns: usize,
    /// The greatest number of lines that are painted.
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

/// The painting of the difference of one file.
struct Painter<'p> {
    hidden: &'p FileMasker<'p>,
    paint: Paint,
    /// The steps that stand behind the line numbers of a hunk.
    causes: Option<&'p Causes<'p>>,
    /// True once a secret was masked in what was painted.
    has_masked: bool,
}

impl<'p> Painter<'p> {
    fn new(hidden: &'p FileMasker<'p>, paint: Paint) -> Self {
        Self {
            hidden,
            paint,
            causes: None,
            has_masked: false,
        }
    }

    fn code(&self, code: &'static str) -> &'static str {
        if self.paint.colour { code } else { "" }
    }

    /// The line without its secrets, or nothing if it has none.
    fn masked_line(&mut self, line: &DiffLine<'_>) -> Option<String> {
        let masked = self.hidden.masked_line(line);
        self.has_masked |= masked.is_some();
        masked
    }

    /// The difference in the form of a patch.
    fn unified_file(&mut self, file: &ReportedFile, diff: &Diff<'_>) -> String {
        let mut out = diff::headers(file.raw_name());
        for hunk in &diff.hunks {
            // Tools skip what stands behind the line numbers.
            out.push_str(&self.with_label(&hunk.header(), hunk));
            out.push('\n');
            for line in &hunk.lines {
                out.push(line.side.sign());
                let text = self.masked_line(line);
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

    /// The difference below the name of its file, for a person.
    fn coloured_file(&mut self, file: &ReportedFile, diff: &Diff<'_>, look: ReportStyle) -> String {
        let mut out = file_heading(file, diff, look);
        self.paint_hunks(&mut out, diff);
        out
    }

    /// Paints the lines of a difference; gives how many had no room.
    fn paint_hunks(&mut self, out: &mut String, diff: &Diff<'_>) -> usize {
        let returns = shows_returns(diff);
        let all: usize = diff.hunks.iter().map(|hunk| hunk.lines.len()).sum();
        let mut painted = 0;
        for hunk in &diff.hunks {
            if painted == self.paint.most {
                break;
            }
            let header = self.with_label(&hunk.header(), hunk);
            out.push_str(&format!(
                "{}{header}{}\n",
                self.code("\x1b[36m"),
                self.code("\x1b[0m")
            ));
            for line in hunk.lines.iter().take(self.paint.most - painted) {
                painted += 1;
                self.paint_line(out, line, returns);
            }
        }
        all - painted
    }

    /// The line numbers of a hunk, and behind them the steps that caused it.
    fn with_label(&self, header: &str, hunk: &diff::Hunk<'_>) -> String {
        let label = self.causes.map(|causes| causes.hunk_label(hunk));
        match label.unwrap_or_default() {
            label if label.is_empty() => header.to_owned(),
            label => {
                let label = self.hidden.masker.mask_text(&label);
                format!("{header} {}", visible_text(&label))
            }
        }
    }

    /// Paints one line, with its end.
    fn paint_line(&mut self, out: &mut String, line: &DiffLine<'_>, returns: bool) {
        let (on, mark) = match line.side {
            LineSide::Both => ("", ""),
            LineSide::Before => (self.code("\x1b[31m"), self.code("\x1b[1;7;31m")),
            LineSide::After => (self.code("\x1b[32m"), self.code("\x1b[1;7;32m")),
        };
        out.push_str(on);
        out.push(line.side.sign());
        match self.masked_line(line) {
            Some(text) => out.push_str(&visible_body(text.trim_end_matches(['\n', '\r']))),
            None if line.side == LineSide::Both => {
                let body = visible_body(line.body());
                out.push_str(&cut_to_width(&body, self.paint.columns));
            }
            None => push_emphasised(out, line, on, mark),
        }
        if returns && line.end() == "\r\n" {
            out.push('␍');
        }
        if !on.is_empty() {
            out.push_str("\x1b[0m");
        }
        out.push('\n');
        if line.end().is_empty() {
            out.push_str(self.code("\x1b[2m"));
            out.push_str("\\ No newline at end of file");
            out.push_str(self.code("\x1b[0m"));
            out.push('\n');
        }
    }
}

/// True if carriage returns are shown: they are only worth seeing where some lines gain or lose one.
fn shows_returns(diff: &Diff<'_>) -> bool {
    let lines = diff.hunks.iter().flat_map(|hunk| &hunk.lines);
    let changed: Vec<_> = lines.filter(|line| line.side != LineSide::Both).collect();
    let with_cr = changed.iter().filter(|line| line.end() == "\r\n").count();
    with_cr > 0 && with_cr < changed.len()
}

/// The forms of a difference, ever shorter: the unchanged lines around a change, and the lines of one side in a row
/// that are shown before the rest of them is only counted.
const FORMS: [(usize, usize); 6] = [
    (3, usize::MAX),
    (1, usize::MAX),
    (0, usize::MAX),
    (0, 4),
    (0, 2),
    (0, 1),
];

/// The difference as a preview shows it: in about so many lines. Where it does not fit, unchanged lines around
/// changes go first, then the inside of long removals and additions, and then what is left is counted. Never a
/// patch: what is counted instead of shown would be lost in one.
#[must_use]
pub fn render_shortened(
    outcome: &Outcome,
    look: ReportStyle,
    masker: &Masker,
    room: usize,
) -> (String, bool) {
    let files: Vec<&Arc<ReportedFile>> = outcome.files();
    let changed: Vec<_> = files.into_iter().filter(|file| file.changed).collect();
    let room = room / changed.len().max(1);
    let releases = Releases::of(outcome);
    let (mut text, mut masked) = (String::new(), false);
    for file in &changed {
        if changed.len() > 1 {
            let diff = Diff::new(&file.before, &file.after);
            text.push_str(&file_heading(file, &diff, look));
        }
        let causes = releases.causes_in(file);
        let shortened = Shortened {
            hidden: FileMasker::new(file, masker),
            causes: &causes,
            look,
        };
        text.push_str(&shortened.fitting_lines(file, room, &mut masked).concat());
    }
    (text, masked)
}

/// The number of lines of a run that are shown; the others are counted in a line of their own.
fn shown_of(run: &[DiffLine<'_>], most: usize) -> usize {
    // A count in place of a single line would gain nothing.
    match run[0].side == LineSide::Both || run.len() <= most.saturating_add(1) {
        true => run.len(),
        false => most,
    }
}

/// The number of lines that a form has, each hunk with its header.
fn line_count(diff: &Diff<'_>, most: usize) -> usize {
    let hunks = diff.hunks.iter().map(|hunk| {
        let runs = hunk.lines.chunk_by(|a, b| a.side == b.side);
        let lines = runs.map(|run| {
            let shown = shown_of(run, most);
            shown + usize::from(shown < run.len())
        });
        1 + lines.sum::<usize>()
    });
    hunks.sum()
}

struct Shortened<'s> {
    hidden: FileMasker<'s>,
    causes: &'s Causes<'s>,
    look: ReportStyle,
}

impl Shortened<'_> {
    /// The first form that fits; else as much of the last as has room, and how much more there is.
    fn fitting_lines(&self, file: &ReportedFile, room: usize, masked: &mut bool) -> Vec<String> {
        let (mut lines, mut hidden) = (Vec::new(), false);
        let mut compared = None;
        for (context, most) in FORMS {
            let diff = match compared.take() {
                Some((with, diff)) if with == context => diff,
                _ => Diff::with_context(&file.before, &file.after, context),
            };
            let (_, diff) = compared.insert((context, diff));
            // Only what is shown is painted: a form that fits, or the last one.
            if (context, most) != FORMS[FORMS.len() - 1] && line_count(diff, most) > room {
                continue;
            }
            let mut hides = false;
            lines = self.lines_of_form(diff, most, &mut hides);
            hidden = hides;
            if lines.len() <= room {
                *masked |= hides;
                return lines;
            }
        }
        let rest = lines.len() + 1 - room.clamp(1, lines.len());
        lines.truncate(lines.len() - rest);
        *masked |= hidden;
        let note = format!("… {rest} more lines; --diff shows the whole difference");
        lines.push(self.dim(&note));
        lines
    }

    fn lines_of_form(&self, diff: &Diff<'_>, most: usize, masked: &mut bool) -> Vec<String> {
        let returns = shows_returns(diff);
        let paint = Paint {
            colour: self.look.colour,
            columns: self.look.width,
            ..Paint::default()
        };
        let mut painter = Painter::new(&self.hidden, paint);
        painter.causes = Some(self.causes);
        let mut lines = Vec::new();
        for hunk in &diff.hunks {
            let first = hunk.lines.iter().find(|line| line.side != LineSide::Both);
            let offset = first.map_or(0, |first| {
                let before = hunk
                    .lines
                    .iter()
                    .take_while(|line| !std::ptr::eq(*line, first));
                before.count()
            });
            let header = format!("@@ line {} @@", hunk.before.start + offset + 1);
            let header = painter.with_label(&header, hunk);
            let mut page = Page::new(self.look);
            page.line(
                0,
                &[span(
                    cut_to_width(&header, self.look.width),
                    WordStyle::Accent,
                )],
            );
            lines.push(page.finish());
            for run in hunk.lines.chunk_by(|a, b| a.side == b.side) {
                let shown = shown_of(run, most);
                for line in &run[..shown] {
                    let mut text = String::new();
                    painter.paint_line(&mut text, line, returns);
                    lines.push(text);
                }
                if shown < run.len() {
                    let what = if run[0].side == LineSide::Before {
                        "removed"
                    } else {
                        "added"
                    };
                    let sign = run[0].side.sign();
                    let note = format!("{sign} … {} more lines {what}", run.len() - shown);
                    lines.push(self.dim(&note));
                }
            }
        }
        *masked |= painter.has_masked;
        lines
    }

    fn dim(&self, text: &str) -> String {
        let mut page = Page::new(self.look);
        page.line(0, &[span(text, WordStyle::Dim)]);
        page.finish()
    }
}

/// A line that fits behind its sign; what is cut off shows as three dots.
pub(super) fn cut_to_width(text: &str, columns: usize) -> String {
    if columns_of(text) < columns {
        return text.to_owned();
    }
    let mut short = String::new();
    for c in text.chars() {
        short.push(c);
        if columns_of(&short) + 4 >= columns {
            break;
        }
    }
    short + "..."
}

/// The line with the words that differ set apart.
fn push_emphasised(out: &mut String, line: &DiffLine<'_>, on: &str, mark: &str) {
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

/// As [`visible_text`], with tabs as they are: they are layout here.
pub(super) fn visible_body(text: &str) -> String {
    text.split('\t')
        .map(visible_text)
        .collect::<Vec<_>>()
        .join("\t")
}
