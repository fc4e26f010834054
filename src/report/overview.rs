//! What a run comes to as a whole: how much there is of what, and what is the same in many places.
//!
//! A report on a thousand files that repeats one question a thousand times is not read. So what several
//! releases share word for word (a question, a task, something told) is gathered here, with the places
//! it is about, in the order in which it was first met. It counts and gathers; how that looks is up to
//! the report.

use std::collections::HashMap;

use super::questions;
use crate::outcome::{Outcome, Question, Release, State, Step, Task, When};

/// How much there is of what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Releases.
    pub releases: usize,
    /// Files, each once.
    pub files: usize,
    /// Files that would change.
    pub changed: usize,
    /// Questions that are open, one by one.
    pub questions: usize,
    /// Releases that wait for an answer.
    pub open: usize,
    /// What was refused.
    pub refused: usize,
}

impl Counts {
    pub fn of(outcome: &Outcome) -> Self {
        let files = outcome.files();
        let open = |release: &&Release| release.is_open();
        Self {
            releases: outcome.releases.len(),
            files: files.len(),
            changed: files.iter().filter(|file| file.changed).count(),
            questions: outcome
                .releases
                .iter()
                .map(|release| questions::open(release).count())
                .sum(),
            open: outcome.releases.iter().filter(open).count(),
            refused: outcome.refused.len(),
        }
    }
}

/// Something that one or more releases share.
#[derive(Debug)]
pub(super) struct Shared<'o, T> {
    /// What it is.
    pub what: T,
    /// The releases, in order.
    pub releases: Vec<&'o Release>,
}

/// Gathers by a key, in the order in which the keys are met.
struct Gathered<'o, T> {
    places: HashMap<String, usize>,
    all: Vec<Shared<'o, T>>,
}

impl<'o, T> Gathered<'o, T> {
    fn new() -> Self {
        Self {
            places: HashMap::new(),
            all: Vec::new(),
        }
    }

    fn add(&mut self, key: String, release: &'o Release, what: impl FnOnce() -> T) {
        let next = self.all.len();
        let place = *self.places.entry(key).or_insert(next);
        if place == next {
            self.all.push(Shared {
                what: what(),
                releases: Vec::new(),
            });
        }
        let releases = &mut self.all[place].releases;
        if !releases
            .last()
            .is_some_and(|last| std::ptr::eq(*last, release))
        {
            releases.push(release);
        }
    }
}

/// The open questions; those that ask the same with the same options are one.
pub(super) fn asked(outcome: &Outcome) -> Vec<Shared<'_, (&Step, &Question)>> {
    let mut asked = Gathered::new();
    for release in &outcome.releases {
        for step in questions::open(release) {
            let Some(question) = &step.question else {
                continue;
            };
            let key = format!(
                "{:?}",
                (
                    &step.id,
                    &question.text,
                    &question.options,
                    &question.lacking
                )
            );
            asked.add(key, release, || (step, question));
        }
    }
    asked.all
}

/// What is to be done outside the files.
pub(super) fn tasks(outcome: &Outcome) -> Vec<Shared<'_, &Task>> {
    let mut tasks = Gathered::new();
    for release in &outcome.releases {
        for task in &release.checklist {
            let key = format!("{:?}", (&task.when, &task.text));
            tasks.add(key, release, || task);
        }
    }
    tasks.all
}

/// When a task is done: its name in an outcome, and a heading for it, in order.
pub(super) const WHEN: [(When, &str); 3] = [
    (When::Before, "Before the upgrade"),
    (When::With, "With the upgrade"),
    (When::After, "After the upgrade"),
];

/// The steps that changed something.
pub(super) fn done(outcome: &Outcome) -> Vec<Shared<'_, &Step>> {
    let mut done = Gathered::new();
    for release in &outcome.releases {
        for step in &release.steps {
            if step.state == State::Done && !step.changes.is_empty() {
                let key = format!("{:?}", (&release.chart, &step.version, &step.id));
                done.add(key, release, || step);
            }
        }
    }
    done.all
}

/// Something told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'o> {
    /// What.
    pub text: &'o str,
    /// The line it is about, if it is about one.
    pub at: Option<&'o crate::outcome::At>,
    /// The step that tells it, if one does.
    pub step: Option<&'o Step>,
}

/// What the steps tell, and what was found about the files.
pub(super) fn told(outcome: &Outcome) -> Vec<Shared<'_, Told<'_>>> {
    let mut told = Gathered::new();
    for release in &outcome.releases {
        for step in release
            .steps
            .iter()
            .filter(|step| step.state == State::Done)
        {
            for notice in &step.tell {
                told.add(format!("{:?}", (&step.id, &notice.text)), release, || {
                    Told {
                        text: &notice.text,
                        at: None,
                        step: Some(step),
                    }
                });
            }
        }
        for notice in release.stale.iter().chain(&release.notices) {
            let key = format!("{:?}", (&notice.at, &notice.text));
            told.add(key, release, || Told {
                text: &notice.text,
                at: notice.at.as_ref(),
                step: None,
            });
        }
    }
    told.all
}

/// The chart and the versions, if all releases have the same.
pub(super) fn versions(outcome: &Outcome) -> Option<String> {
    let mut all = outcome.releases.iter().map(super::text::versions);
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}
