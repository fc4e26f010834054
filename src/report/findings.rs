//! Findings: what a run has to say about lines of files, one by one, for the forms that show it beside the code.
//!
//! Annotations and code scanning know no sections and no tables: they have a rule, a level, a sentence and a place.
//! This makes those of an outcome, so that both say the same, and most important first, because what shows them
//! stops after some. What is about no line (tasks, what steps tell) is left to the reports for people.

use std::collections::HashMap;

use super::{
    questions,
    wording::{self, shown_name},
};
use crate::outcome::{At, Change, Fate, Notice, Outcome, Refusal, Release, State, Step};

/// Settings that are listed in a sentence before the rest is only counted.
const LISTED: usize = 6;
/// The rule of what could not be read.
const REFUSED: &str = "refused";
/// The rule of what no step is responsible for.
const NOTICE: &str = "notice";

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// It stops refit, or waits for a person.
    Error,
    /// Something has to change, or is lost.
    Warning,
    /// Something else has to be done.
    Note,
}

/// One thing about a place in a file.
#[derive(Debug)]
pub(super) struct Finding<'o> {
    /// What finds it: the id of a step, or a word for what is no step.
    pub rule: &'o str,
    /// The step, if one is responsible.
    pub step: Option<&'o Step>,
    /// How much it matters.
    pub level: Level,
    /// What it is, in a few words.
    pub title: String,
    /// What it says.
    pub text: String,
    /// The file, as it was named; `None` for standard input.
    pub file: Option<&'o str>,
    /// The place in it, if it is about one.
    pub at: Option<&'o At>,
    /// Further places that it is about.
    pub also: Vec<&'o At>,
}

/// All findings of an outcome, the most important first. Mask it before.
pub(super) fn of(outcome: &Outcome) -> Vec<Finding<'_>> {
    let mut found: Vec<Finding<'_>> = outcome.refused.iter().map(refused).collect();
    for release in &outcome.releases {
        found.extend(questions::open(release).filter_map(|step| question(release, step)));
        let lost = release.lost_by_leaving_out();
        found.extend(lost.map(|step| loss(release, step)));
        changes(release, &mut found);
        let stale = release.stale.iter().map(|told| (Level::Warning, told));
        let notices = release.notices.iter().map(|told| (Level::Note, told));
        for (level, notice) in stale.chain(notices) {
            let finding = told(release, notice, level);
            // A layer that several releases share is told of once.
            let same = |known: &Finding<'_>| known.at == finding.at && known.text == finding.text;
            if !found.iter().any(same) {
                found.push(finding);
            }
        }
    }
    found.sort_by_key(|finding| finding.level);
    found
}

fn named(file: &str) -> Option<&str> {
    (file != "-").then_some(file)
}

fn refused(refusal: &Refusal) -> Finding<'_> {
    let said = [
        Some(format!("{}.", capitalised(&refusal.what))),
        refusal.why.clone(),
        refusal.next.clone(),
    ];
    let file = refusal.at.as_ref().map_or(&refusal.name, |at| &at.file);
    Finding {
        rule: REFUSED,
        step: None,
        level: Level::Error,
        title: "refit cannot work on this".to_owned(),
        text: said.into_iter().flatten().collect::<Vec<_>>().join(" "),
        file: named(file),
        at: refusal.at.as_ref(),
        also: Vec::new(),
    }
}

/// A text that begins a sentence.
fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A question, at the first of the values that it is about.
fn question<'o>(release: &'o Release, step: &'o Step) -> Option<Finding<'o>> {
    let question = step.question.as_ref()?;
    let mut places = question.evidence.iter().filter_map(|it| it.at.as_ref());
    let at = places.next();
    let answers: Vec<&str> = question.options.iter().map(|it| it.id.as_str()).collect();
    let lacking = question.lacking.as_ref();
    let lacking = lacking.map_or_else(String::new, |text| {
        format!(" The answer is not complete: {text}.")
    });
    Some(Finding {
        rule: &step.id,
        step: Some(step),
        level: Level::Error,
        title: format!("A question is open: {}", step.title),
        text: format!(
            "{}{lacking} Answer with --answer {}=OPTION; options: {}.",
            question.text,
            step.asked_as(),
            answers.join(", ")
        ),
        file: at.map_or_else(|| first_file(release), |at| named(&at.file)),
        at,
        also: places.collect(),
    })
}

/// What a step that is left out would have kept working.
fn loss<'o>(release: &'o Release, step: &'o Step) -> Finding<'o> {
    Finding {
        rule: &step.id,
        step: Some(step),
        level: Level::Warning,
        title: format!("Left out: {}", step.title),
        text: format!(
            "{} {} does not use {}.",
            release.chart,
            release.to,
            wording::paths(&step.loses)
        ),
        file: first_file(release),
        at: None,
        also: Vec::new(),
    }
}

fn first_file(release: &Release) -> Option<&str> {
    named(&release.files.first()?.name)
}

/// What is told of a file.
fn told<'o>(release: &'o Release, notice: &'o Notice, level: Level) -> Finding<'o> {
    let at = notice.at.as_ref();
    Finding {
        rule: NOTICE,
        step: None,
        level,
        title: "A setting needs a look".to_owned(),
        text: notice.text.clone(),
        file: at.map_or_else(|| first_file(release), |at| named(&at.file)),
        at,
        also: Vec::new(),
    }
}

/// What the steps of a release change, once for each step and file.
fn changes<'o>(release: &'o Release, found: &mut Vec<Finding<'o>>) {
    for step in release
        .steps
        .iter()
        .filter(|step| step.state == State::Done)
    {
        let mut of_file: HashMap<&str, usize> = HashMap::new();
        let mut lists: Vec<(&'o str, Vec<&'o Change>)> = Vec::new();
        for change in &step.changes {
            let next = lists.len();
            let place = *of_file.entry(&change.file).or_insert(next);
            if place == next {
                lists.push((&change.file, Vec::new()));
            }
            lists[place].1.push(change);
        }
        for (file, changes) in lists {
            let here = |at: &&At| at.file == file;
            let mut places: Vec<&At> = changes
                .iter()
                .filter_map(|change| change.at.as_ref())
                .filter(here)
                .collect();
            places.sort_by_key(|at| (at.line, at.column));
            places.dedup();
            let mut places = places.into_iter();
            let at = places.next();
            let finding = Finding {
                rule: &step.id,
                step: Some(step),
                level: Level::Warning,
                title: format!("{} {}: {}", release.chart, release.to, step.title),
                text: sentence(step, &changes),
                file: named(file),
                at,
                also: places.collect(),
            };
            // A layer that several releases share changes once.
            let same = |known: &Finding<'_>| {
                known.rule == finding.rule
                    && known.file == finding.file
                    && known.at == finding.at
                    && known.text == finding.text
            };
            if !found.iter().any(same) {
                found.push(finding);
            }
        }
    }
}

/// What a step does to a file, in a sentence; values are not named.
fn sentence(step: &Step, changes: &[&Change]) -> String {
    let of = |change: &&Change| {
        let word = wording::fate(change.fate);
        match (&change.to, change.fate) {
            (Some(to), _) => format!("{} is {word} to {to}", change.path),
            (None, Fate::Written) => format!("{} is written", change.path),
            (None, _) => format!("{} is {word}", change.path),
        }
    };
    let mut all: Vec<String> = Vec::new();
    for change in changes.iter().map(of) {
        if !all.contains(&change) {
            all.push(change);
        }
    }
    let rest = all.len().saturating_sub(LISTED);
    all.truncate(LISTED);
    if rest > 0 {
        all.push(format!("and {rest} more"));
    }
    let mut text = format!("{}.", all.join("; "));
    if let Some(why) = &step.why {
        text.push_str(&format!(" {why}"));
    }
    text
}

/// A place in words, for lists of further ones.
pub(super) fn place(at: &At) -> String {
    format!("{}:{}", shown_name(&at.file), at.line)
}
