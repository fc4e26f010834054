//! Which steps caused the parts of a difference.
//!
//! A difference says what changed and not why. The outcome knows where every setting stood that a step took, and
//! where each stands that it wrote; so each hunk gets the names of the steps whose lines are in it. What no step
//! did (the chart's version in a manifest, a comment) has no name.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
};

use crate::{
    diff::Hunk,
    outcome::{FilePosition, Outcome, Release, ReportedFile, ReportedStep},
};

/// The lines of a file that steps have to do with.
#[derive(Debug, Default)]
pub(super) struct Causes<'o> {
    /// Lines before, from 0, each with its step.
    before: BTreeSet<(usize, usize)>,
    /// Lines afterwards.
    after: BTreeSet<(usize, usize)>,
    /// The lines before of what is written anew at its own place, each with its step: which of them changed, only the
    /// difference knows.
    written: Vec<(Range<usize>, usize)>,
    /// The steps.
    steps: Vec<&'o ReportedStep>,
}

/// The releases that each file belongs to: a run over a folder has thousands of both.
pub(super) struct Releases<'o>(HashMap<&'o str, Vec<&'o Release>>);

impl<'o> Releases<'o> {
    /// Those of an outcome.
    pub fn of(outcome: &'o Outcome) -> Self {
        let mut by_file: HashMap<&str, Vec<&Release>> = HashMap::new();
        for release in &outcome.releases {
            for file in &release.files {
                let known = by_file.entry(&file.name).or_default();
                // Releases come one after the other, so one that has the file twice is the last that is known.
                if !known
                    .last()
                    .is_some_and(|last| std::ptr::eq(*last, release))
                {
                    known.push(release);
                }
            }
        }
        Self(by_file)
    }

    /// The causes of a file's changes, from the steps of all releases that it belongs to.
    pub fn causes_in(&self, file: &ReportedFile) -> Causes<'o> {
        let mut causes = Causes::default();
        for release in self.0.get(file.name.as_str()).into_iter().flatten() {
            for step in &release.steps {
                causes.add_step(step, file);
            }
        }
        causes
    }
}

impl<'o> Causes<'o> {
    fn add_step(&mut self, step: &'o ReportedStep, file: &ReportedFile) {
        let known = self.steps.iter().position(|known| known.id == step.id);
        let number = known.unwrap_or(self.steps.len());
        if known.is_none() {
            self.steps.push(step);
        }
        for change in &step.changes {
            let here = |at: &&FilePosition| at.file == file.name;
            let at = change.at.as_ref().filter(here);
            // Made of itself, it is written anew where it stands, over all of its lines.
            if let Some(at) = at.filter(|_| change.from.contains(&change.path)) {
                self.written.push((lines_of_key(&file.before, at), number));
            }
            for (at, lines) in [
                (change.at.as_ref().filter(here), &mut self.before),
                (change.now_at.as_ref().filter(here), &mut self.after),
            ] {
                if let Some(at) = at {
                    lines.insert((at.line - 1, number));
                }
            }
        }
    }

    /// The steps whose lines are in a hunk, in the order in which they stand there.
    pub fn steps_in(&self, hunk: &Hunk<'_>) -> Vec<&'o ReportedStep> {
        let mut found: Vec<&'o ReportedStep> = Vec::new();
        let lines = |lines: &BTreeSet<(usize, usize)>, range: &Range<usize>| {
            let inside = lines.range((range.start, 0)..(range.end, 0));
            inside.map(|(_, number)| *number).collect::<Vec<_>>()
        };
        let mut numbers = lines(&self.before, &hunk.before);
        numbers.extend(lines(&self.after, &hunk.after));
        // Of a value that is written anew only the first line is known, and the hunk may be a later one.
        if numbers.is_empty() {
            let touches = |lines: &Range<usize>| {
                lines.start <= hunk.before.end && hunk.before.start <= lines.end
            };
            let written = self.written.iter().filter(|(lines, _)| touches(lines));
            numbers.extend(written.map(|(_, number)| *number));
        }
        for number in numbers {
            let step = self.steps[number];
            if !found.iter().any(|known| known.id == step.id) {
                found.push(step);
            }
        }
        found
    }

    /// The text behind the line numbers of a hunk: the step's id and title, or the ids of several.
    pub fn hunk_label(&self, hunk: &Hunk<'_>) -> String {
        match self.steps_in(hunk).as_slice() {
            [] => String::new(),
            [step] => format!("{}: {}", step.id, step.title),
            steps => {
                let ids: Vec<&str> = steps.iter().map(|step| step.id.as_str()).collect();
                ids.join(", ")
            }
        }
    }
}

/// The lines of a key and what stands below it, by their indentation.
fn lines_of_key(text: &str, at: &FilePosition) -> Range<usize> {
    let column = at.column - 1;
    let is_below = |line: &&str| {
        let indent = line.len() - line.trim_start().len();
        line.trim().is_empty()
            || indent > column
            // YAML lets the items of a list stand at the indentation of their key.
            || indent == column && line[indent..].starts_with('-')
    };
    let below = text.lines().skip(at.line).take_while(is_below).count();
    at.line - 1..at.line + below
}
