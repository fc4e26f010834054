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
//! for row in &content.rows { … }                // a row per release: its verdict, its lines, its settings
//! for item in content.section(Section::Questions) { … }   // sections in the order of `Section::ALL`
//! content.total                                 // how many are ready, wait, were refused
//! ```
//!
//! An [`Item`] is one thing to know, to answer or to do, however many releases it is about: `text` is how it reads
//! in the first of them, `variants` are the other wordings (another registry, another number), `releases` are
//! numbers of rows. Commands are made by [`super::command`], of the outcome that is not masked: names in it are
//! exact. Where the steps stand in a difference is told by `hunks`.
//!
//! It knows no colour, no width and no markup, reads and writes nothing, and keeps the order of the outcome: a run
//! with the same result has the same content.

use std::{collections::HashMap, sync::Arc};

use semver::Version;

use super::{
    questions,
    wording::{self, count},
};
use crate::{
    diff::Diff,
    outcome::{
        At, Choice, Fate, File, Notice, Outcome, Question, Refusal, Release, Severity, State, Step,
        When,
    },
    shell::quote,
    values::Path,
};

/// Parts of a report, in the order in which they are read: what stops, what must be decided, what hurts, what must
/// be done, what is good to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// What could not be read or worked out.
    Errors,
    /// What only a person can decide.
    Questions,
    /// What waits for those answers.
    Waiting,
    /// What breaks, is lost or becomes visible to others.
    Danger,
    /// What somebody has to do.
    Action,
    /// What is good to know.
    Notes,
}

impl Section {
    /// All, in order.
    pub const ALL: [Self; 6] = [
        Self::Errors,
        Self::Questions,
        Self::Waiting,
        Self::Danger,
        Self::Action,
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
            Self::Notes => "Notes",
        }
    }
}

impl From<Severity> for Section {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Danger => Self::Danger,
            Severity::Action => Self::Action,
            Severity::Note => Self::Notes,
        }
    }
}

/// All that is said of a run.
#[derive(Debug)]
pub struct Content<'o> {
    /// A row for each release, in order.
    pub rows: Vec<Row<'o>>,
    /// What is said, by section, and in a section in the order of the releases.
    pub items: Vec<Item<'o>>,
    /// The sum.
    pub total: Total,
}

/// A release in one line.
#[derive(Debug)]
pub struct Row<'o> {
    /// The release.
    pub release: &'o Release,
    /// How it stands.
    pub verdict: Verdict,
    /// Lines that are removed and added in its files.
    pub lines: (usize, usize),
    /// Its open questions.
    pub open: Vec<&'o Step>,
    /// What became of its settings: kept ones first, then the others in a fixed order. They add up to all.
    pub settings: Settings,
}

/// How a release stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It can be written.
    Ready,
    /// It waits for answers.
    Waits,
    /// It needs nothing.
    Fits,
    /// Old settings came into it after the upgrade; a person has to look.
    Stale,
    /// It loses settings, because a step was left out.
    Loses,
}

impl Verdict {
    /// That of a release.
    #[must_use]
    pub fn of(release: &Release) -> Self {
        if release.is_open() {
            Self::Waits
        } else if release.lost_by_leaving_out().next().is_some() {
            Self::Loses
        } else if !release.stale.is_empty() {
            Self::Stale
        } else if release.is_changed() {
            Self::Ready
        } else {
            Self::Fits
        }
    }

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Waits => "waits",
            Self::Fits => "fits",
            Self::Stale => "look",
            Self::Loses => "loses",
        }
    }
}

/// What became of the settings of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How many stayed as they were.
    pub kept: usize,
    /// How many had another fate; only fates that some had.
    pub others: Vec<(Fate, usize)>,
}

impl Settings {
    /// Those of a release.
    #[must_use]
    pub fn of(release: &Release) -> Self {
        let number = |fate| {
            let leaves = release.ledger.iter();
            leaves.filter(|leaf| leaf.fate == fate).count()
        };
        let others = wording::FATES.iter().map(|fate| (*fate, number(*fate)));
        Self {
            kept: release.kept,
            others: others.filter(|(_, n)| *n > 0).collect(),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn all(&self) -> usize {
        self.kept + self.others.iter().map(|(_, n)| n).sum::<usize>()
    }

    /// All of it in a line: `9 settings: 5 kept, 3 moved, 1 waiting for your answer`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}: {} kept", count(self.all(), "setting"), self.kept);
        for (fate, n) in &self.others {
            text.push_str(&format!(", {n} {}", wording::fate_of_several(*fate)));
        }
        text
    }
}

/// The sum of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Total {
    /// Releases.
    pub releases: usize,
    /// Those that can be written.
    pub ready: usize,
    /// Those that wait for an answer.
    pub waiting: usize,
    /// The questions that they wait for: how many releases ask each.
    pub questions: Vec<(String, usize)>,
    /// Those that need nothing.
    pub fitting: usize,
    /// Those that somebody has to look at: old settings came in, or a step was left out.
    pub looked_at: usize,
    /// What was refused.
    pub refused: usize,
}

impl Total {
    fn of(rows: &[Row<'_>], refused: usize) -> Self {
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
            questions,
            fitting: number(Verdict::Fits),
            looked_at: number(Verdict::Stale) + number(Verdict::Loses),
            refused,
        }
    }

    /// All of it in a line: `46 releases: 35 ready, 11 wait (worker-resources 10, storage-urls 1), 3 refused`.
    /// What was refused is counted beside the releases, because it came to none.
    #[must_use]
    pub fn text(&self) -> String {
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

/// One thing to know, to answer or to do.
#[derive(Debug)]
pub struct Item<'o> {
    /// Where it is said.
    pub section: Section,
    /// What it is about, in a few words: the title of a step, or what kind of notice it is.
    pub title: String,
    /// The step that says or asks it: what `refit explain` and `--answer` call it.
    pub id: Option<&'o str>,
    /// The chart version that brought it.
    pub version: Option<&'o Version>,
    /// Where it is documented.
    pub link: Option<&'o str>,
    /// What is said.
    pub text: String,
    /// How it reads where it reads otherwise, each once.
    pub variants: Vec<String>,
    /// For something to do outside the files: when.
    pub when: Option<When>,
    /// The lines that it is about.
    pub places: Vec<&'o At>,
    /// The releases that it is about: numbers of rows.
    pub releases: Vec<usize>,
    /// The question, with the values that it is about.
    pub question: Option<&'o Question>,
    /// What can be answered.
    pub answers: Vec<Answer<'o>>,
    /// What was refused, with its excerpt, its reason and what to do next.
    pub refusal: Option<&'o Refusal>,
}

/// An answer to a question.
#[derive(Debug)]
pub struct Answer<'o> {
    /// The option: its id, its title, whether it is recommended, what must be typed.
    pub option: &'o Choice,
    /// What to type on the command line to give it. What a person has to put in is `…`.
    pub arguments: Vec<String>,
}

impl<'o> Content<'o> {
    /// The content of an outcome. It is shown as it is: mask the outcome first.
    #[must_use]
    pub fn of(outcome: &'o Outcome) -> Self {
        let mut lines = HashMap::new();
        let rows = outcome.releases.iter();
        let rows: Vec<Row<'o>> = rows.map(|release| Row::of(release, &mut lines)).collect();
        let mut items = Items::default();
        for refusal in &outcome.refused {
            items.all.push(refused(refusal));
        }
        for (number, release) in outcome.releases.iter().enumerate() {
            items.add_release(number, release);
        }
        let mut items = items.all;
        // Kept in order within a section.
        items.sort_by_key(|item| (item.section, item.when.is_some(), item.when));
        let total = Total::of(&rows, outcome.refused.len());
        Self { rows, items, total }
    }

    /// What is said in a section.
    pub fn section(&self, section: Section) -> impl Iterator<Item = &Item<'o>> {
        self.items
            .iter()
            .filter(move |item| item.section == section)
    }

    /// What the releases are called that an item is about, in short.
    #[must_use]
    pub fn names(&self, item: &Item<'_>) -> Vec<String> {
        let rows = item.releases.iter().filter_map(|at| self.rows.get(*at));
        rows.map(|row| wording::short_name(row.release)).collect()
    }
}

impl<'o> Row<'o> {
    /// `known` has the lines of files that releases before it share.
    fn of(release: &'o Release, known: &mut HashMap<*const File, (usize, usize)>) -> Self {
        let counts = release.files.iter().map(|file| {
            let counts = || Diff::new(&file.before, &file.after).counts();
            *known.entry(Arc::as_ptr(file)).or_insert_with(counts)
        });
        let lines = counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        Self {
            release,
            verdict: Verdict::of(release),
            lines,
            open: questions::open(release).collect(),
            settings: Settings::of(release),
        }
    }
}

/// Items as they are gathered: what several releases say alike is one.
#[derive(Default)]
struct Items<'o> {
    all: Vec<Item<'o>>,
    known: HashMap<String, usize>,
}

impl<'o> Items<'o> {
    /// Adds an item, or the release to the one that has the same key.
    fn add(&mut self, key: String, release: usize, at: Option<&'o At>, item: Item<'o>) {
        let next = self.all.len();
        let place = *self.known.entry(key).or_insert(next);
        if place == next {
            self.all.push(item);
        } else {
            let known = &mut self.all[place];
            if known.text != item.text && !known.variants.contains(&item.text) {
                known.variants.push(item.text);
            }
        }
        let known = &mut self.all[place];
        if known.releases.last() != Some(&release) {
            known.releases.push(release);
        }
        if let Some(at) = at
            && !known.places.contains(&at)
        {
            known.places.push(at);
        }
    }

    fn add_release(&mut self, number: usize, release: &'o Release) {
        for step in &release.steps {
            match step.state {
                State::Open => self.question(number, release, step),
                State::Waiting => self.waiting(number, release, step),
                State::LeftOut => self.left_out(number, release, step),
                State::Done => self.told(number, release, step),
            }
        }
        for notice in &release.stale {
            self.notice(
                number,
                notice,
                "Edited in after the upgrade, and unused by the new chart",
            );
        }
        for notice in &release.notices {
            self.notice(number, notice, "");
        }
        let unused = unused(release);
        if !unused.is_empty() {
            let chart = format!("{} {}", release.chart, release.to);
            let key = format!("{:?}", ("unused", &chart, &unused));
            let item = Item {
                text: format!("Unused by {chart}: {}", wording::paths(&unused)),
                ..plain(Section::Action, format!("Unused by {chart}"))
            };
            self.add(key, number, None, item);
        }
        for task in &release.checklist {
            let id = task.step.as_deref();
            let of = id.or(Some(&task.text));
            let key = format!("{:?}", ("task", &release.chart, of, task.when));
            let step = release.steps.iter().find(|step| Some(&*step.id) == id);
            let item = Item {
                id,
                version: step.map(|step| &step.version),
                link: step.and_then(|step| step.link.as_deref()),
                text: task.text.clone(),
                when: Some(task.when),
                ..plain(Section::Action, wording::when(task.when).to_owned())
            };
            self.add(key, number, None, item);
        }
    }

    fn question(&mut self, number: usize, release: &'o Release, step: &'o Step) {
        let Some(question) = &step.question else {
            return;
        };
        let options: Vec<&str> = question.options.iter().map(|o| o.id.as_str()).collect();
        let key = format!(
            "{:?}",
            (
                "question",
                &release.chart,
                &step.version,
                &step.id,
                options,
                &question.lacking
            )
        );
        let answers = question.options.iter();
        let item = Item {
            question: Some(question),
            answers: answers.map(|option| Answer::to(step, option)).collect(),
            ..of_step(Section::Questions, step, question.text.clone())
        };
        let places = question.evidence.iter().filter_map(|it| it.at.as_ref());
        self.add(key, number, places.into_iter().next(), item);
    }

    fn waiting(&mut self, number: usize, release: &'o Release, step: &'o Step) {
        let key = format!(
            "{:?}",
            (
                "waiting",
                &release.chart,
                &step.version,
                &step.id,
                &step.waits_for
            )
        );
        let text = format!("waits for your answer to {}", step.waits_for.join(", "));
        let item = of_step(Section::Waiting, step, text);
        self.add(key, number, None, item);
    }

    fn left_out(&mut self, number: usize, release: &'o Release, step: &'o Step) {
        let chart = format!("{} {}", release.chart, release.to);
        let (section, text) = match step.loses.as_slice() {
            [] => (Section::Notes, "Left out, as you asked.".to_owned()),
            lost => (
                Section::Danger,
                format!(
                    "Left out, as you asked. These settings stop working, because {chart} does not use them: {}. \
                     refit writes this only with --force.",
                    wording::paths(lost)
                ),
            ),
        };
        let key = format!("{:?}", ("left out", &chart, &step.id, &text));
        self.add(key, number, None, of_step(section, step, text));
    }

    fn told(&mut self, number: usize, release: &'o Release, step: &'o Step) {
        for (place, told) in step.tell.iter().enumerate() {
            let key = format!(
                "{:?}",
                (
                    "told",
                    &release.chart,
                    &step.version,
                    &step.id,
                    told.severity,
                    place
                )
            );
            let item = of_step(told.severity.into(), step, told.text.clone());
            self.add(key, number, None, item);
        }
    }

    fn notice(&mut self, number: usize, notice: &'o Notice, title: &str) {
        let key = format!("{:?}", ("notice", notice.severity, &notice.text));
        let item = Item {
            text: notice.text.clone(),
            ..plain(notice.severity.into(), title.to_owned())
        };
        self.add(key, number, notice.at.as_ref(), item);
    }
}

impl<'o> Answer<'o> {
    fn to(step: &Step, option: &'o Choice) -> Self {
        let id = step.asked_as();
        let mut arguments = vec![format!(
            "--answer {}",
            quote(&format!("{id}={}", option.id))
        )];
        arguments.extend(option.inputs.iter().map(|input| {
            let typed = input.default.as_deref();
            let typed = typed.map_or_else(|| "…".to_owned(), quote);
            format!(
                "--answer {}={typed}",
                quote(&format!("{id}.{}", input.name))
            )
        }));
        Self { option, arguments }
    }
}

fn plain<'o>(section: Section, title: String) -> Item<'o> {
    Item {
        section,
        title,
        id: None,
        version: None,
        link: None,
        text: String::new(),
        variants: Vec::new(),
        when: None,
        places: Vec::new(),
        releases: Vec::new(),
        question: None,
        answers: Vec::new(),
        refusal: None,
    }
}

fn of_step<'o>(section: Section, step: &'o Step, text: String) -> Item<'o> {
    Item {
        id: Some(&step.id),
        version: Some(&step.version),
        link: step.link.as_deref(),
        text,
        ..plain(section, step.title.clone())
    }
}

fn refused(refusal: &Refusal) -> Item<'_> {
    Item {
        text: refusal.what.clone(),
        places: refusal.at.iter().collect(),
        refusal: Some(refusal),
        ..plain(Section::Errors, wording::place_of(refusal))
    }
}

/// The settings that stay although the target does not use them, and that nothing else speaks of.
#[must_use]
pub fn unused(release: &Release) -> Vec<&Path> {
    let lost = release.lost_by_leaving_out();
    let told: Vec<&Path> = lost.flat_map(|step| &step.loses).collect();
    let left = release.ledger.iter().filter(|leaf| leaf.fate == Fate::Left);
    let left = left.map(|leaf| &leaf.path);
    left.filter(|path| !told.contains(path) && !is_noticed(release, path))
        .collect()
}

/// Whether somebody speaks of a path: a notice, or a step that tells of it.
fn is_noticed(release: &Release, path: &Path) -> bool {
    let name = path.to_string();
    let mut notices = release.notices.iter().chain(&release.stale);
    let mut told = release.steps.iter().flat_map(|step| &step.tell);
    notices.any(|notice| notice.is_about(path))
        || told.any(|told| crate::outcome::mentions(&told.text, &name))
}
