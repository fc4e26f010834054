//! Findings: what a run has to say about lines of files, one by one, for the forms that show it beside the code.
//!
//! Annotations and code scanning know no sections and no tables: they have a rule, a level, a sentence and a place.
//! This cuts a content into those, so that both say the same as every other report, most important first, because
//! what shows them stops after some. What is about no line is left to the reports for people, unless it is a danger.

use std::collections::HashSet;

use super::{
    content::{AnswerOption, Item, ReportContent, Section, Use},
    wording,
};
use crate::{
    digest,
    outcome::{Fate, FilePosition, ReportedChange},
};

/// Settings that are listed in a sentence before the rest is only counted.
const LISTED: usize = 6;
/// The rule of what could not be read.
const REFUSED: &str = "refused";
/// The rule of what no step is responsible for.
const NOTICE: &str = "notice";

/// The importance of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FindingLevel {
    /// It stops refit, or waits for a person.
    Error,
    /// Something has to change, or is lost.
    Warning,
    /// Something else has to be done.
    Note,
}

/// A message about a place in a file.
#[derive(Debug)]
pub(super) struct PlacedFinding<'c> {
    /// The id of the step that finds it, or a word if no step does.
    pub rule: &'c str,
    /// The item that says it.
    pub item: &'c Item<'c>,
    /// Its importance.
    pub level: FindingLevel,
    /// A title of a few words.
    pub title: String,
    /// The message.
    pub text: String,
    /// The file, as it was named; `None` for standard input.
    pub file: Option<&'c str>,
    /// The place in it, if it is about one.
    pub at: Option<&'c FilePosition>,
    /// Further places that it is about.
    pub also: Vec<&'c FilePosition>,
}

impl PlacedFinding<'_> {
    /// A text that tells it from others over time: by its rule, file and sentence, not by a line, which moves.
    pub fn fingerprint(&self) -> String {
        let name = self.file.unwrap_or_default();
        digest::of([(self.rule, name), ("", self.text.as_str())])
    }
}

/// All findings of a content, the most important first.
pub(super) fn all_findings<'c>(content: &'c ReportContent<'c>) -> Vec<PlacedFinding<'c>> {
    let mut found: Vec<PlacedFinding<'c>> = Vec::new();
    for item in &content.items {
        let level = match item.section {
            Section::Errors | Section::Questions => FindingLevel::Error,
            Section::Danger | Section::Changes => FindingLevel::Warning,
            Section::Action | Section::Notes => FindingLevel::Note,
            // What waits does so for a question, which is a finding itself.
            Section::Waiting => continue,
        };
        for one in &item.uses {
            match item.section {
                Section::Changes => push_changes(content, item, one, level, &mut found),
                Section::Errors | Section::Questions | Section::Danger => {
                    found.push(place_finding(content, item, one, level));
                }
                // Without a line there is no code to put it beside; the whole report has it.
                _ if one.places.is_empty() => {}
                _ => found.push(place_finding(content, item, one, level)),
            }
        }
    }
    // A layer that several releases share is told of once.
    let mut known = HashSet::new();
    found.retain(|it| {
        let at = it.at.map(|at| (at.line, at.column));
        it.item.refusal.is_some() || known.insert((it.rule, it.file, at, it.text.clone()))
    });
    found.sort_by_key(|finding| finding.level);
    found
}

fn unless_standard_input(file: &str) -> Option<&str> {
    (file != "-").then_some(file)
}

/// A text that begins a sentence.
fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

fn place_finding<'c>(
    content: &'c ReportContent<'c>,
    item: &'c Item<'c>,
    one: &'c Use<'c>,
    level: FindingLevel,
) -> PlacedFinding<'c> {
    let mut places = one.places.iter().copied();
    let at = places.next();
    let first = content.rows.get(one.release);
    let first = first.and_then(|row| row.release.files.first());
    let file = match (at, one.file) {
        (Some(at), _) => Some(at.file.as_str()),
        (None, Some(file)) => Some(file),
        // What names no file stands with the first one of its release, or it would show nowhere.
        (None, None) => first.map(|file| file.name.as_str()),
    };
    let text = item.wording_in(one);
    let (title, text) = match (item.section, item.refusal) {
        (_, Some(refusal)) => {
            let what = format!("{}.", capitalised(text));
            let more = [&refusal.why, &refusal.next].into_iter().flatten();
            let said: Vec<&str> = std::iter::once(what.as_str())
                .chain(more.map(String::as_str))
                .collect();
            ("refit cannot work on this".to_owned(), said.join(" "))
        }
        (Section::Questions, _) => {
            // The sentence has one answer ready to be copied: the recommended one, if there is one.
            let recommended = |it: &&AnswerOption<'_>| !it.option.recommended;
            let mut answers: Vec<&AnswerOption<'_>> = item.answers.iter().collect();
            answers.sort_by_key(recommended);
            let mut ids = answers.iter().map(|it| it.option.id.as_str());
            let first = ids.next().unwrap_or_default();
            let others = match ids.collect::<Vec<_>>() {
                others if others.is_empty() => String::new(),
                others => format!(" (or {})", others.join(", ")),
            };
            let lacking = item.lacking.map_or_else(String::new, |text| {
                format!(" The answer is not complete: {text}.")
            });
            let asked_as = item.asked_as.as_deref().unwrap_or_default();
            let text = format!("{text}{lacking} Answer with --answer {asked_as}={first}{others}.");
            (format!("A question is open: {}", item.title), text)
        }
        _ if item.title.is_empty() => ("A setting needs a look".to_owned(), text.to_owned()),
        _ => (item.title.clone(), text.to_owned()),
    };
    PlacedFinding {
        rule: match item.refusal {
            Some(_) => REFUSED,
            None => item.id.unwrap_or(NOTICE),
        },
        item,
        level,
        title,
        text,
        file: file.and_then(unless_standard_input),
        at,
        also: places.collect(),
    }
}

/// The changes of a step, one finding for each file.
fn push_changes<'c>(
    content: &'c ReportContent<'c>,
    item: &'c Item<'c>,
    one: &'c Use<'c>,
    level: FindingLevel,
    found: &mut Vec<PlacedFinding<'c>>,
) {
    let mut lists: Vec<(&'c str, Vec<&'c ReportedChange>)> = Vec::new();
    for change in &one.changes {
        match lists.iter_mut().find(|(file, _)| *file == change.file) {
            Some((_, changes)) => changes.push(change),
            None => lists.push((&change.file, vec![change])),
        }
    }
    for (file, changes) in lists {
        let here = one.places.iter().copied().filter(|at| at.file == file);
        let mut places: Vec<&FilePosition> = here.collect();
        places.sort_by_key(|at| (at.line, at.column));
        places.dedup();
        let mut places = places.into_iter();
        let to = content.rows.get(one.release).map(|row| row.release);
        let to = to.map(|release| format!("{} {}: ", release.chart_after(), release.to));
        found.push(PlacedFinding {
            rule: item.id.unwrap_or(NOTICE),
            item,
            level,
            title: format!("{}{}", to.unwrap_or_default(), item.title),
            text: change_sentence(item.why, &changes),
            file: unless_standard_input(file),
            at: places.next(),
            also: places.collect(),
        });
    }
}

/// The changes of a step to a file, in a sentence; values are not named.
fn change_sentence(why: Option<&str>, changes: &[&ReportedChange]) -> String {
    let of = |change: &&ReportedChange| {
        let word = wording::fate_word(change.fate);
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
    if let Some(why) = why {
        text.push_str(&format!(" {why}"));
    }
    text
}
