//! Content: what an outcome has to say to people, in sections and items, before it has a form.
//!
//! Every report for people (at a terminal, as Markdown, as a page, as annotations) says the same things in the
//! same order and with the same words; only the form differs. So what is said is decided here, once: what belongs
//! together, what is one thing in many releases, how much it matters, in which order it is read. A report renders
//! it and decides nothing.
//!
//! How to use it: mask first, then ask for the content, then walk over it.
//!
//! ```text
//! let outcome = masker.outcome(&outcome);       // once; nothing below sees a secret
//! let content = Content::of(&outcome);
//! content.total                                 // how many files change, how many releases wait
//! for row in &content.rows { … }                // a row per release: its verdict, its lines, its settings
//! for item in content.section(Section::Questions) { … }   // sections in the order of `Section::ALL`
//! Account::of(release)                          // a release in full, with its own items
//! ```
//!
//! An [`Item`] is one thing to know, to answer or to do, however many releases it is about: `text` is how it reads
//! in the first of them, `variants` are the other wordings (another registry, another number), `uses` are the
//! releases with the places in them. Commands are made by [`super::command`], of the outcome that is not masked: names in it are
//! exact. Where the steps stand in a difference is told by `hunks`.
//!
//! It knows no colour, no width and no markup, reads and writes nothing, and keeps the order of the outcome: a run
//! with the same result has the same content.

mod account;
mod alike;
mod item;
mod row;

use std::collections::HashMap;

pub use self::{
    account::{Account, ChangeLine, Done, EffectLine, LedgerLine, Recognition, RecognitionReason},
    alike::{Alike, visible_text},
    item::{AboutValue, AnswerOption, Argument, Item, Use, unused_settings},
    row::{Happens, ReleaseRow, Settings, Verdict, fits_sentence, open_questions, version_change},
};

use self::item::Items;
use super::{
    since,
    wording::{self, count, shown_name},
};
use crate::outcome::{FilePosition, NoticeSeverity, Outcome, PackOrigin, Unclaimed};

/// Parts of a report, in the order in which they are read: what stops, what must be decided, what hurts, what must
/// be done, what is good to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// Files that could not be read, and releases that could not be migrated.
    Errors,
    /// Questions that only a person can decide.
    Questions,
    /// Items that wait for those answers.
    Waiting,
    /// Settings that break, are lost or become visible to others.
    Danger,
    /// Actions: somebody has to do something.
    Action,
    /// The changes of the steps.
    Changes,
    /// Notes that are good to know.
    Notes,
}

impl Section {
    /// All, in order.
    pub const ALL: [Self; 7] = [
        Self::Errors,
        Self::Questions,
        Self::Waiting,
        Self::Danger,
        Self::Action,
        Self::Changes,
        Self::Notes,
    ];

    /// The heading of the section.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Errors => "Refused, and not touched",
            Self::Questions => "To decide",
            Self::Waiting => "Waiting for your answer",
            Self::Danger => "Danger",
            Self::Action => "To do",
            Self::Changes => "What changes",
            Self::Notes => "Notes",
        }
    }
}

impl From<NoticeSeverity> for Section {
    fn from(severity: NoticeSeverity) -> Self {
        match severity {
            NoticeSeverity::Danger => Self::Danger,
            NoticeSeverity::Action => Self::Action,
            NoticeSeverity::Note => Self::Notes,
        }
    }
}

/// All that is said of a run.
#[derive(Debug)]
pub struct ReportContent<'o> {
    /// A row for each release, in order.
    pub rows: Vec<ReleaseRow<'o>>,
    /// The items by section, and in a section in the order of the releases.
    pub items: Vec<Item<'o>>,
    /// The sum.
    pub total: Total,
    /// The chart and the versions, if all releases have the same.
    pub versions: Option<String>,
    /// The git revision that the run compared with, if there was one, and the notes about that.
    pub since: Option<SinceNotes<'o>>,
    /// Sentences about releases that are ahead of what is known of their chart.
    pub ahead: Vec<AheadReleases<'o>>,
    /// Sentences about the packs that neither are built in nor were named on the command line.
    pub packs: Vec<String>,
    /// Packs that charts name and that are not used: a sentence, and the lines of `refit.yaml` that it ends with.
    pub named_packs: Vec<(String, [String; 2])>,
    /// Values files that were seen and not touched.
    pub unclaimed: &'o [Unclaimed],
    /// Releases of known charts that were seen where nothing is edited.
    pub seen: Vec<super::seen::SeenGroup>,
}

/// The git revision that a run compared with.
#[derive(Debug)]
pub struct SinceNotes<'o> {
    /// The comparison in a sentence.
    pub sentence: String,
    /// The notes about it, each with its place.
    pub notes: Vec<(Option<&'o FilePosition>, &'o str)>,
}

/// Releases that name a version which is newer than all that is known.
#[derive(Debug)]
pub struct AheadReleases<'o> {
    /// The sentence that their names follow.
    pub sentence: String,
    /// Their names.
    pub releases: &'o [String],
}

/// The heading above the values files that were seen and not touched.
pub const UNCLAIMED: &str = "Not touched, because no manifest names these values files";
/// The next step for them, with the command for the first that can be upgraded by itself.
pub fn unclaimed_next(files: &[Unclaimed]) -> String {
    let mut alone = files.iter().filter(|file| file.under.is_none());
    let command = |file: &Unclaimed| format!("refit upgrade {}", crate::shell::quote(&file.file));
    match alone.next().map(command) {
        Some(command) => format!("To upgrade one: {command} (refit init notes it in refit.yaml)."),
        None => "To upgrade one, name it in a manifest, or together with its chart's values.yaml: -f umbrella/values.yaml -f FILE.".to_owned(),
    }
}
/// A sentence about files with open questions.
pub const OPEN_IS_NOT_WRITTEN: &str = "A file with an open question is not written.";

/// The sum of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Total {
    /// Releases.
    pub releases: usize,
    /// Those that can be written.
    pub ready: usize,
    /// Those that wait for an answer.
    pub waiting: usize,
    /// Those that wait for another release.
    pub held: usize,
    /// The questions that releases wait for: how many releases ask each.
    pub questions: Vec<(String, usize)>,
    /// Those that need nothing.
    pub fitting: usize,
    /// Those that somebody has to look at: old settings came in, or a step was left out.
    pub looked_at: usize,
    /// The number of refusals.
    pub refused: usize,
    /// Files, each once.
    pub files: usize,
    /// Files that would change.
    pub changed: usize,
}

impl Total {
    fn of(outcome: &Outcome, rows: &[ReleaseRow<'_>]) -> Self {
        let files = outcome.files();
        let number = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
        let mut questions: Vec<(String, usize)> = Vec::new();
        for step in rows.iter().flat_map(|row| &row.open) {
            match questions.iter_mut().find(|(id, _)| *id == step.id) {
                Some((_, n)) => *n += 1,
                None => questions.push((step.id.clone(), 1)),
            }
        }
        Self {
            releases: rows.len(),
            ready: number(Verdict::Ready),
            waiting: number(Verdict::Waits),
            held: number(Verdict::Held),
            questions,
            fitting: number(Verdict::Fits),
            looked_at: number(Verdict::Stale) + number(Verdict::Loses),
            refused: outcome.refused.len(),
            files: files.len(),
            changed: files.iter().filter(|file| file.changed).count(),
        }
    }

    /// Questions that are open, one by one.
    #[must_use]
    pub fn open_questions(&self) -> usize {
        self.questions.iter().map(|(_, n)| n).sum()
    }

    /// The fate of the files: `3 of 5 files change`.
    #[must_use]
    pub fn of_files(&self) -> String {
        match (self.changed, self.files) {
            (0, 0) => "No file was read".to_owned(),
            (0, 1) => "The file does not change".to_owned(),
            (0, n) => format!("None of {} changes", count(n, "file")),
            (1, 1) => "1 file changes".to_owned(),
            (1, n) => format!("1 of {n} files changes"),
            (n, all) if n == all => format!("{n} files change"),
            (n, all) => format!("{n} of {all} files change"),
        }
    }

    /// The rest of that sentence: open questions, and refusals.
    #[must_use]
    pub fn beside_files(&self) -> Vec<String> {
        let mut said = Vec::new();
        if self.open_questions() > 0 {
            let mut text = count(self.open_questions(), "open question");
            if self.releases > 1 {
                text.push_str(&format!(" in {}", count(self.waiting, "release")));
            }
            said.push(text);
        }
        if self.refused > 0 {
            said.push(format!("{} refused", self.refused));
        }
        said
    }

    /// Both, without the point at the end.
    #[must_use]
    pub fn files_and_questions(&self) -> String {
        let mut parts = vec![self.of_files()];
        parts.extend(self.beside_files());
        parts.join(", ")
    }

    /// All of it in a line: `46 releases: 35 ready, 11 wait (worker-resources 10, storage-urls 1), 3 refused`.
    /// What was refused is counted beside the releases, because it came to none.
    #[must_use]
    pub fn in_one_line(&self) -> String {
        let mut parts = Vec::new();
        let mut part = |n: usize, one: &str, many: &str| {
            if n > 0 {
                parts.push(format!("{n} {}", if n == 1 { one } else { many }));
            }
        };
        part(self.ready, "ready", "ready");
        if self.waiting > 0 {
            let asked = self.questions.iter();
            let asked: Vec<String> = asked.map(|(id, n)| format!("{id} {n}")).collect();
            let asked = asked.join(", ");
            part(
                self.waiting,
                &format!("waits ({asked})"),
                &format!("wait ({asked})"),
            );
        }
        part(
            self.held,
            "waits for another that shares its file",
            "wait for another that shares their file",
        );
        part(self.fitting, "already fits", "already fit");
        part(
            self.looked_at,
            "has settings that stop working",
            "have settings that stop working",
        );
        part(self.refused, "refused", "refused");
        if parts.is_empty() {
            parts.push("nothing to do".to_owned());
        }
        let parts = parts.join(", ");
        match self.releases {
            0 => parts,
            releases => format!("{}: {parts}", count(releases, "release")),
        }
    }
}

impl<'o> ReportContent<'o> {
    /// The content of an outcome. It is shown as it is: mask the outcome first.
    #[must_use]
    pub fn of(outcome: &'o Outcome) -> Self {
        let mut lines = HashMap::new();
        let rows = outcome.releases.iter();
        let rows: Vec<ReleaseRow<'o>> = rows
            .map(|release| ReleaseRow::of(release, &mut lines))
            .collect();
        let mut items = Items::default();
        for refusal in &outcome.refused {
            items.add_refusal(refusal);
        }
        for (number, release) in outcome.releases.iter().enumerate() {
            items.add_release(number, release);
        }
        let total = Total::of(outcome, &rows);
        let mut all = rows.iter().map(|row| version_change(row.release));
        let first = all.next();
        let versions = first.filter(|first| all.all(|other| other == *first));
        Self {
            rows,
            items: items.in_order(),
            total,
            versions,
            since: outcome.since.as_ref().map(|since| SinceNotes {
                sentence: since::since_sentence(outcome, since),
                notes: since
                    .notes
                    .iter()
                    .map(|note| (note.at.as_ref(), note.text.as_str()))
                    .collect(),
            }),
            ahead: outcome.ahead.iter().map(AheadReleases::of).collect(),
            packs: pack_sentences(outcome),
            named_packs: outcome
                .named_packs
                .iter()
                .map(|named| (wording::named_pack(named), wording::pack_lines(named)))
                .collect(),
            unclaimed: &outcome.unclaimed,
            seen: super::seen::group_seen(outcome),
        }
    }

    /// The items in a section.
    pub fn items_in(&self, section: Section) -> impl Iterator<Item = &Item<'o>> {
        self.items
            .iter()
            .filter(move |item| item.section == section)
    }

    /// The short names of the releases that an item is about.
    #[must_use]
    pub fn release_names(&self, item: &Item<'_>) -> Vec<String> {
        let rows = item.release_numbers().filter_map(|at| self.rows.get(at));
        rows.map(|row| wording::short_name(row.release)).collect()
    }

    /// True if it is about several releases, so that each item has to say which.
    #[must_use]
    pub fn is_about_many(&self) -> bool {
        self.rows.len() > 1
    }
}

impl<'o> AheadReleases<'o> {
    fn of(ahead: &'o crate::outcome::Ahead) -> Self {
        let chart = &ahead.chart;
        Self {
            sentence: format!(
                "Ahead of what refit knows ({chart} up to {}), and left alone: {chart} {} in",
                ahead.newest, ahead.version
            ),
            releases: &ahead.releases,
        }
    }
}

/// Sentences about the packs that are used because of a file, each once.
fn pack_sentences(outcome: &Outcome) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    for release in &outcome.releases {
        if matches!(
            release.pack,
            PackOrigin::Project { .. } | PackOrigin::Chart { .. }
        ) {
            let sentence = wording::pack_of(release);
            if !sentences.contains(&sentence) {
                sentences.push(sentence);
            }
        }
    }
    sentences
}

/// A place: file and line.
#[must_use]
pub fn file_and_line(at: &FilePosition) -> String {
    format!("{}:{}", shown_name(&at.file), at.line)
}
