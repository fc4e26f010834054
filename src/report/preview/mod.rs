//! The preview: what a run would do, to be understood in twenty seconds.
//!
//! For one release: a headline, why refit takes the values to be for that version, the difference with the step at
//! each hunk, what must be decided, what hurts, what to do, the sum, and the two ways on. For many: a line each,
//! and below them everything that is said, once. All of it is [`super::content`] in a form; what is said, and in
//! which order, is decided there. The whole, with every reason, is [`super::text`], which `-v` shows.
//!
//! The difference goes to standard output and the words to standard error, so it is made in three parts. It tells
//! what is open as open: facts that depend on an answer are not here at all.

mod folder;
mod names;

use std::collections::HashMap;

use super::{
    Masker, ReportStyle,
    command::NextCommand,
    content::{Item, Recognition, ReleaseRow, ReportContent, Section, Verdict, file_and_line},
    difference,
    page::{Page, Span, WordStyle, columns_of, span, unstyled},
    since, text,
    wording::{self, count, shown_name},
};
use crate::outcome::{Fate, FilePosition, KnownBy, Outcome};

/// Lines that a preview of one file should not exceed.
pub const LINES: usize = 40;
/// The difference gets so many of them at least.
const LEAST: usize = 8;
/// Files whose differences are shown without being asked for.
const FILES: usize = 3;
/// Names and ids that are listed before the rest is counted.
const NAMED: usize = 3;
/// Columns of a value that a question is about.
const VALUE: usize = 72;
/// Other wordings of one thing that are shown.
const VARIANTS: usize = 2;
/// Actions that are shown, and those among so many releases that each has a line.
const SHOWN: (usize, usize) = (8, 5);
/// With more releases and errors than these, each thing is told in a line or two.
const FEW: usize = 6;

/// The work of a run before it says how to go on.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum RunSoFar {
    /// It has shown what would be written.
    #[default]
    Preview,
    /// It has checked whether anything would be.
    Check,
    /// It has written what it could; questions are open.
    Write,
}

impl RunSoFar {
    /// The words before the command that reviews, and those where there is none.
    fn leads_to_review(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Preview => (
                "Nothing was written. Decide each change: ",
                Some("Nothing was written."),
            ),
            Self::Check => ("Decide each change: ", None),
            Self::Write => ("To answer what is open: ", None),
        }
    }
}

/// The ways in which a run goes on.
#[derive(Debug, Default)]
pub struct Ways {
    /// The work that the run has done.
    pub before: RunSoFar,
    /// The command that reviews it.
    pub review: Option<NextCommand>,
    /// The commands that write it.
    pub write: Vec<NextCommand>,
}

/// A preview in its parts, in the order in which they are read.
#[derive(Debug)]
pub struct Preview {
    /// The part above the difference: for standard error.
    pub head: String,
    /// The difference: for standard output. Empty where none is shown.
    pub difference: String,
    /// True if it hides something.
    pub masked: bool,
    /// The part below it: for standard error.
    pub rest: String,
}

/// The part of the difference that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownDifference {
    /// None: standard output holds something else.
    Nothing,
    /// As much as fits; nothing of what folders hold.
    Short {
        /// True if folders were searched.
        searched: bool,
    },
    /// All of it, made elsewhere.
    Whole,
}

/// The preview of a run. A `check` says as little of one release as of many. `words` is how standard error looks and
/// hides, `lines` how standard output does.
#[must_use]
pub fn render_preview(
    outcome: &Outcome,
    ways: &Ways,
    (shown, check): (ShownDifference, bool),
    (words, word_masker): (ReportStyle, &Masker),
    (lines, line_masker): (ReportStyle, &Masker),
) -> Preview {
    let masked = word_masker.mask_outcome(outcome);
    let content = ReportContent::of(&masked);
    let names = row_names(&content);
    let form = PreviewForm {
        content: &content,
        look: words,
        many: check || content.rows.len() != 1,
        short: content.rows.len() + content.total.refused > FEW,
        crowded: content.rows.len() + content.total.refused > folder::CROWD,
        common: common_folders(&names),
        names,
    };
    let changed = outcome.files().iter().filter(|file| file.changed).count();
    let is_short = match shown {
        ShownDifference::Nothing | ShownDifference::Whole => false,
        ShownDifference::Short { searched } => changed > 0 && changed <= FILES && !searched,
    };
    let hides = shown == ShownDifference::Short { searched: true }
        || shown != ShownDifference::Whole && changed > FILES;
    let hides = hides && shown != ShownDifference::Nothing && changed > 0;
    let head = form.render_head();
    let rest = form.below_difference(ways, hides, word_masker);
    let (mut difference, mut is_masked) = (String::new(), false);
    if is_short {
        // What has to be said comes first: the difference gets the lines that it leaves.
        let taken = head.lines().count() + rest.lines().count() + 1;
        let room = LINES.saturating_sub(taken).max(LEAST);
        (difference, is_masked) = difference::render_shortened(outcome, lines, line_masker, room);
    }
    Preview {
        head,
        difference,
        masked: is_masked,
        rest,
    }
}

struct PreviewForm<'f, 'o> {
    content: &'f ReportContent<'o>,
    look: ReportStyle,
    /// True if there are several releases, so that each item says which.
    many: bool,
    /// True if there are so many items that each has a line or two.
    short: bool,
    /// True if a line for each release would be more than a screen.
    crowded: bool,
    /// The name of each release in a line.
    names: Vec<String>,
    /// The length of the folders that all names have in common.
    common: usize,
}

impl PreviewForm<'_, '_> {
    fn render_head(&self) -> String {
        let mut page = Page::new(self.look);
        since::write(&mut page, self.content, self.look);
        match self.content.rows.as_slice() {
            [row] if !self.many => {
                page.gap();
                write_headline(&mut page, row);
                let is_known = row.release.known_by != KnownBy::Content;
                if row.verdict != Verdict::Fits || !is_known {
                    let known = Recognition::of(row.release);
                    page.fill(0, 2, &[span(known.sentence, WordStyle::Dim)]);
                }
            }
            _ => self.write_rows(&mut page),
        }
        page.finish()
    }

    fn below_difference(&self, ways: &Ways, hides: bool, masker: &Masker) -> String {
        let mut page = Page::new(self.look);
        self.write_errors(&mut page, masker);
        for item in self.content.items_in(Section::Questions) {
            self.write_question(&mut page, item);
        }
        self.write_waiting(&mut page);
        for section in [Section::Danger, Section::Action] {
            self.dangers_or_actions(&mut page, section);
        }
        self.write_notes(&mut page);
        text::write_ahead(&mut page, self.content, self.look);
        text::write_packs(&mut page, self.content, self.look);
        match self.crowded {
            true => self.unclaimed_in_short(&mut page),
            false => text::write_unclaimed(&mut page, self.content, self.look),
        }
        self.write_total(&mut page, hides);
        self::write_ways(&mut page, ways, self.look);
        page.finish()
    }

    fn write_question(&self, page: &mut Page, item: &Item<'_>) {
        let id = item.id.unwrap_or_default();
        if self.short {
            return self.short_question(page, item);
        }
        let mut spans = vec![
            span(item.text.clone(), WordStyle::Bold),
            span(format!(" [{id}]"), WordStyle::Dim),
        ];
        spans.extend(self.releases_span(item));
        page.bullet(0, "?", WordStyle::Warn, &spans);
        // Elsewhere the same is asked about other values.
        for variant in item.variants.iter().take(VARIANTS) {
            page.fill(2, 2, &[span(variant.clone(), WordStyle::Dim)]);
        }
        if item.variants.len() > VARIANTS {
            let rest = item.variants.len() - VARIANTS;
            let text = format!("… and {rest} more like it, about other values (-v)");
            page.fill(2, 2, &[span(text, WordStyle::Dim)]);
        }
        if let Some(lacking) = item.lacking {
            let text = format!("The answer is not complete: {lacking}");
            page.fill(4, 4, &[span(text, WordStyle::Warn)]);
        }
        if !item.about.is_empty() {
            let about = asked_about(item, self.look.width.saturating_sub(4));
            page.fill(4, 6, &[span(about, WordStyle::Dim)]);
        }
        if let Some(otherwise) = item.otherwise_sentence() {
            page.fill(4, 6, &[span(otherwise, WordStyle::Dim)]);
        }
        let ids = item
            .answers
            .iter()
            .map(|answer| columns_of(&answer.option.id));
        let wide = ids.max().unwrap_or(0);
        for answer in &item.answers {
            let option = answer.option;
            let pad = " ".repeat(wide - columns_of(&option.id));
            let mut spans = vec![
                span(option.id.clone(), WordStyle::Accent),
                unstyled(format!("{pad}  {}", option.title)),
            ];
            if option.recommended {
                spans.push(span(" (recommended)", WordStyle::Good));
            }
            let needs: Vec<&str> = answer.needed_inputs().collect();
            if !needs.is_empty() {
                spans.push(span(
                    format!(" (needs {})", needs.join(", ")),
                    WordStyle::Dim,
                ));
            }
            page.fill(4, 6 + wide, &spans);
        }
    }

    /// The text behind an item: the step that says it, and the releases.
    fn text_behind(&self, item: &Item<'_>) -> String {
        let id = item.id.map(|id| format!(" [{id}]"));
        let releases = self.releases_span(item).map(|(text, _)| text);
        id.into_iter().chain(releases).collect()
    }

    /// The place before a text about one release. The headline names its file if there is only one.
    fn place_before(&self, at: &FilePosition) -> String {
        match self.names.first() == Some(&shown_name(&at.file).to_owned()) {
            true => format!("line {}: ", at.line),
            false => format!("{}: ", file_and_line(at)),
        }
    }

    /// The steps that wait for answers, in one line.
    fn write_waiting(&self, page: &mut Page) {
        let items: Vec<&Item<'_>> = self.content.items_in(Section::Waiting).collect();
        if items.is_empty() {
            return;
        }
        let ids: Vec<&str> = items.iter().filter_map(|item| item.id).collect();
        let text = format!(
            "{} for these answers: {}",
            match ids.len() {
                1 => "1 more step waits".to_owned(),
                n => format!("{n} more steps wait"),
            },
            few_names(&ids, ids.len())
        );
        page.fill(2, 4, &[span(text, WordStyle::Dim)]);
    }

    /// The dangers, or the actions. Dangers are all shown, and in full.
    fn dangers_or_actions(&self, page: &mut Page, section: Section) {
        let (word, style, most) = match section {
            Section::Danger => ("danger", WordStyle::Error, usize::MAX),
            _ if self.crowded => ("action", WordStyle::Warn, SHOWN.1),
            _ => ("action", WordStyle::Warn, SHOWN.0),
        };
        let mut items: Vec<&Item<'_>> = self.content.items_in(section).collect();
        if self.crowded || items.len() > most {
            self.by_urgency(&mut items);
        }
        for item in items.iter().take(most) {
            let mut spans = vec![span(format!("{word}  "), style)];
            let mut before = String::new();
            if let Some(at) = item.places().next().filter(|_| !self.many) {
                before.push_str(&self.place_before(at));
            }
            if let Some(lead) = &item.lead {
                before.push_str(&format!("{lead}: "));
            }
            let behind = match (self.many, item.when) {
                (true, _) => self.text_behind(item) + &self.places_behind(item),
                (false, None) => self.text_behind(item),
                (false, Some(_)) => String::new(),
            };
            let is_short = self.short && section != Section::Danger;
            let text = match is_short {
                true => first_sentence(&item.text),
                false => item.text.clone(),
            };
            let alike = match item.variants.len() {
                n if is_short && n > 0 => format!("; {n} more like it (-v)"),
                _ => String::new(),
            };
            let behind = behind + &alike;
            spans.push(span(before, WordStyle::Bold));
            spans.push(unstyled(text));
            spans.push(span(behind, WordStyle::Dim));
            page.fill(0, 8, &spans);
            self.write_variants(page, item, section);
        }
        if items.len() > most {
            let text = format!("… and {} more (-v)", items.len() - most);
            page.fill(8, 8, &[span(text, WordStyle::Dim)]);
        }
    }

    /// The other wordings of an item. Among many releases they are for `-v`, which shows each release apart.
    fn write_variants(&self, page: &mut Page, item: &Item<'_>, section: Section) {
        let shown = match (self.short, section) {
            (true, Section::Action) => 0,
            _ => VARIANTS,
        };
        for variant in item.variants.iter().take(shown) {
            page.fill(8, 8, &[unstyled(variant.clone())]);
        }
        if shown > 0 && item.variants.len() > shown {
            let rest = item.variants.len() - shown;
            let text = format!("… and {rest} more like it, for other releases (-v)");
            page.fill(8, 8, &[span(text, WordStyle::Dim)]);
        }
    }

    /// The rest, counted.
    fn write_notes(&self, page: &mut Page) {
        let items: Vec<&Item<'_>> = self.content.items_in(Section::Notes).collect();
        if items.is_empty() {
            return;
        }
        let mut ids: Vec<&str> = Vec::new();
        for id in items.iter().filter_map(|item| item.id) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let about = match ids.is_empty() {
            true => String::new(),
            // One step can have several notes, and a note can be of no step.
            false => format!(": {}", few_names(&ids, items.len())),
        };
        let text = format!("{}{about}", count(items.len(), "note"));
        page.fill(
            0,
            8,
            &[unstyled(text), span(" (-v shows them)", WordStyle::Dim)],
        );
    }

    fn write_total(&self, page: &mut Page, hides: bool) {
        let mut text = match self.content.rows.as_slice() {
            [row] if !self.many && (row.verdict != Verdict::Fits || is_left(row)) => {
                row.settings.in_one_line()
            }
            [_] if !self.many => return,
            // One error has said it all.
            [] if self.content.total.refused <= 1 => return,
            _ => self.content.total.in_one_line(),
        };
        if hides {
            text.push_str(". --diff shows what changes in the files");
        }
        page.fill(0, 2, &[span(format!("{text}."), WordStyle::Bold)]);
    }

    /// The number of releases that an item is about, or their names.
    fn releases_span(&self, item: &Item<'_>) -> Option<Span> {
        let releases: Vec<usize> = item.release_numbers().collect();
        // The places say which they are.
        let placed = item.section != Section::Questions && item.places().next().is_some();
        if !self.many || releases.is_empty() || placed {
            return None;
        }
        let all = releases.len() == self.content.rows.len() && releases.len() > NAMED;
        // Without the folders that all have in common.
        let names = releases.iter().filter_map(|at| self.names.get(*at));
        let names: Vec<&str> = names.map(|name| &name[self.common..]).collect();
        let text = match names.len() {
            n if all => format!(" (all {n} releases)"),
            1 if self.crowded => format!(" ({})", self.named_in_text(names[0])),
            n if self.crowded => format!(" ({n} releases)"),
            1 | 2 => format!(" ({})", names.join(", ")),
            n => format!(" ({n} releases)"),
        };
        Some(span(text, WordStyle::Dim))
    }
}

/// The length of the folders that the names of all releases have in common.
fn common_folders(names: &[String]) -> usize {
    let names = names.iter().map(String::as_str);
    let common = names.reduce(names::same_begin).unwrap_or_default();
    // A name may say of what a generator made it: that is no folder of its own.
    let end = common.find('(').unwrap_or(common.len());
    common[..end].rfind('/').map_or(0, |at| at + 1)
}

/// True if a release that needs nothing has settings that the chart does not use.
fn is_left(row: &ReleaseRow<'_>) -> bool {
    row.settings
        .others
        .iter()
        .any(|(fate, _)| *fate == Fate::Left)
}

/// A few names of things, and how many more there are: not all of them need have a name of their own.
fn few_names(names: &[&str], all: usize) -> String {
    // Instead of "and 1 more" stands its name.
    let most = match names.len() == all && all == NAMED + 1 {
        true => all,
        false => names.len().min(NAMED),
    };
    let named = names[..most].join(", ");
    match all - most {
        0 => named,
        rest => format!("{named} and {rest} more"),
    }
}

/// The name of each release in a line: its file, and its own name where others are in the same file.
fn row_names(content: &ReportContent<'_>) -> Vec<String> {
    let mut held: HashMap<&str, usize> = HashMap::new();
    for file in content
        .rows
        .iter()
        .filter_map(|row| row.release.files.first())
    {
        *held.entry(&file.name).or_default() += 1;
    }
    let name = |row: &ReleaseRow<'_>| {
        let release = row.release;
        let (Some(name), Some(file)) = (&release.name, release.files.first()) else {
            return wording::release_name(release);
        };
        match (release.carrier.is_some(), held[file.name.as_str()] > 1) {
            (true, false) => shown_name(&file.name).to_owned(),
            _ => name.clone(),
        }
    };
    content.rows.iter().map(name).collect()
}

fn changed_lines(row: &ReleaseRow<'_>) -> Option<String> {
    let (gone, came) = row.lines;
    (gone + came > 0).then(|| match (gone, came) {
        (0, came) => format!("{} added", count(came, "line")),
        (gone, 0) => format!("{} removed", count(gone, "line")),
        (gone, came) => format!("{} removed, {came} added", count(gone, "line")),
    })
}

fn write_headline(page: &mut Page, row: &ReleaseRow<'_>) {
    let release = row.release;
    let name = span(
        format!("{}: ", wording::release_name(release)),
        WordStyle::Bold,
    );
    if row.verdict == Verdict::Fits || row.lines == (0, 0) && row.open.is_empty() {
        // Versions between which nothing concerns the file, steps that were left out, or nothing at all.
        return text::write_headline(page, release);
    }
    let mut parts = vec![row.versions()];
    parts.extend(changed_lines(row));
    if !row.open.is_empty() {
        parts.push(format!("{} for you", count(row.open.len(), "question")));
    }
    page.fill(0, 2, &[name, span(parts.join(", "), WordStyle::Bold)]);
}

/// The subject of a question, in so many columns: values as far as they have room, and the number of the rest. Remarks
/// are sentences, and are not left out for want of room.
fn asked_about(item: &Item<'_>, room: usize) -> String {
    let about = item
        .about
        .iter()
        .take(NAMED)
        .map(|about| match about.remark {
            Some(remark) => format!("{}: {}", about.path, remark.trim_end_matches('.')),
            None => {
                let value = about.value.as_deref().unwrap_or("not set");
                format!("{}: {}", about.path, difference::cut_to_width(value, VALUE))
            }
        });
    let parts: Vec<String> = about.collect();
    let with_rest = |shown: usize| {
        let named = parts[..shown].join("; ");
        match item.about.len() - shown {
            0 => named,
            rest => format!("{named}; and {rest} more"),
        }
    };
    let all = with_rest(parts.len());
    if item.about.iter().any(|about| about.remark.is_some()) {
        return all;
    }
    let mut fitting = (1..=parts.len()).rev().map(with_rest);
    fitting
        .find(|text| columns_of(text) <= room)
        .unwrap_or_else(|| with_rest(1))
}

/// The first sentence of a text, and a sign where there are more.
fn first_sentence(text: &str) -> String {
    // A point in an abbreviation ends no sentence: the next one begins with a capital letter, or with code.
    let is_begun = |rest: &str| rest.starts_with(|c: char| c.is_uppercase() || c == '`');
    let ends = text.match_indices(". ").map(|(at, _)| at + 1);
    let mut ends = ends.filter(|at| is_begun(&text[at + 1..]));
    match ends.next() {
        Some(at) => format!("{} ...", &text[..at]),
        None => text.to_owned(),
    }
}

/// The commands to go on with: to decide one by one, or to write as recommended.
pub(super) fn write_ways(page: &mut Page, ways: &Ways, look: ReportStyle) {
    if ways.write.is_empty() {
        return;
    }
    let (lead, alone) = ways.before.leads_to_review();
    match &ways.review {
        Some(review) => {
            let line = review.pieces.join(" ");
            if columns_of(lead) + columns_of(&line) <= look.width {
                page.line(0, &[unstyled(lead), span(line, WordStyle::Accent)]);
            } else {
                page.fill(0, 2, &[unstyled(lead)]);
                for line in review.wrapped_lines(look.width.saturating_sub(2)) {
                    page.line(2, &[span(line, WordStyle::Accent)]);
                }
            }
        }
        None => {
            if let Some(alone) = alone {
                page.fill(0, 2, &[unstyled(alone)]);
            }
        }
    }
    for command in &ways.write {
        text::write_command(page, command, look);
    }
}
