//! Cases: folders with values before and after, and what is asked and told between.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use semver::Version;
use serde::Deserialize;

use super::{Arrived, FailureKind, Trial, TrialError, TrialFailure, Trip, line_of};
use crate::{
    jobs::Jobs,
    migrate::{Answer, Answers},
    outcome::Release,
};

/// The values of a case that has one layer.
const OLD: &str = "old.yaml";
/// The expected values.
const EXPECTED: &str = "expected.yaml";

/// `case.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    /// The purpose of the case; for people only.
    #[serde(default, rename = "note")]
    _note: String,
    /// The version that the values are for.
    from: Version,
    /// The version that they go to.
    to: Version,
    /// The files of the layers, right-most on top; without them `old.yaml` is the only one.
    #[serde(default)]
    layers: Vec<String>,
    /// Answers by question.
    #[serde(default)]
    answers: BTreeMap<String, Answer>,
    /// Exactly the questions that are asked.
    #[serde(default)]
    asks: Option<Vec<String>>,
    /// Steps that must tell or leave something to do; others may too.
    #[serde(default)]
    tells: Vec<String>,
    /// Texts that must be told somewhere: by a step, in the checklist, or about the file.
    #[serde(default)]
    says: Vec<String>,
    /// Settings that do something else by themselves, without a step, each with the reason: it is the chart's own
    /// change, and there is nothing to say of it to people who have that setting.
    #[serde(default)]
    differs: BTreeMap<String, String>,
    /// The reason for which Helm cannot render the case with both charts: what a person has to finish, say.
    #[serde(default)]
    unrendered: Option<String>,
}

/// A case that was read.
#[derive(Debug)]
pub struct Case {
    /// Its folder.
    pub folder: PathBuf,
    text: String,
    file: CaseFile,
    /// Files and what they become: the file that holds it, and its text, if there is one.
    layers: Vec<CaseLayer>,
}

#[derive(Debug)]
struct CaseLayer {
    before: Vec<u8>,
    expected: PathBuf,
    after: Option<String>,
}

/// A file that a case is missing, or that says something else than what came out.
#[derive(Debug)]
pub struct Blessed {
    /// The file.
    pub file: PathBuf,
    /// The text that it should have.
    pub text: String,
}

impl Case {
    /// The cases in a folder, by name; none if there is no such folder.
    ///
    /// # Errors
    ///
    /// If a file of a case cannot be read, or says what no case says.
    pub fn read_all(folder: &Path) -> Result<Vec<Self>, TrialError> {
        let Ok(entries) = fs::read_dir(folder) else {
            return Ok(Vec::new());
        };
        let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
        folders.sort();
        folders.into_iter().map(Self::read).collect()
    }

    fn read(folder: PathBuf) -> Result<Self, TrialError> {
        let failed = |path: &Path, message: String| TrialError::Case {
            file: path.display().to_string(),
            message,
        };
        let at = folder.join("case.yaml");
        let text = fs::read_to_string(&at).map_err(|error| failed(&at, error.to_string()))?;
        let file: CaseFile =
            serde_yaml::from_str(&text).map_err(|error| failed(&at, error.to_string()))?;
        let names = match file.layers.as_slice() {
            [] => vec![(OLD.to_owned(), EXPECTED.to_owned())],
            layers => {
                let expected = |name: &String| (name.clone(), format!("expected/{name}"));
                layers.iter().map(expected).collect()
            }
        };
        let layers = names.into_iter().map(|(name, expected)| {
            let path = folder.join(&name);
            // Only files of the case itself.
            if Path::new(&name).components().count() != 1 || name.starts_with('.') {
                return Err(failed(&at, format!("`{name}` is no file of the case")));
            }
            let before = fs::read(&path).map_err(|error| failed(&path, error.to_string()))?;
            let expected = folder.join(expected);
            let after = fs::read_to_string(&expected).ok();
            Ok(CaseLayer {
                before,
                expected,
                after,
            })
        });
        let layers = layers.collect::<Result<_, _>>()?;
        Ok(Self {
            folder,
            text,
            file,
            layers,
        })
    }

    /// The settings that may do something else without a step.
    pub(super) fn differs(&self) -> &BTreeMap<String, String> {
        &self.file.differs
    }

    /// True if Helm cannot render it with both charts, as the case says.
    pub(super) fn is_unrendered(&self) -> bool {
        self.file.unrendered.is_some()
    }

    pub(super) fn trip(&self) -> Trip {
        let answers: Answers = self.file.answers.clone();
        Trip {
            layers: self
                .layers
                .iter()
                .map(|layer| layer.before.clone())
                .collect(),
            from: self.file.from.clone(),
            answers,
        }
    }

    pub(super) fn from(&self) -> &Version {
        &self.file.from
    }

    pub(super) fn to(&self) -> &Version {
        &self.file.to
    }

    /// A failure at a field of case.yaml.
    pub(super) fn failure(&self, field: &str, message: String) -> TrialFailure {
        TrialFailure {
            file: self.folder.join("case.yaml").display().to_string(),
            line: line_of(&self.text, field),
            kind: FailureKind::Case,
            message,
            difference: None,
        }
    }
}

impl Trial {
    /// Runs cases. What comes out and is not what they expect is a failure; where a case has no expected text
    /// yet, that as well.
    #[must_use]
    pub fn cases(&self, cases: &[Case], jobs: &Jobs<'_>) -> Vec<TrialFailure> {
        let mut failures = Vec::new();
        self.each(cases, jobs, &mut |case, result| match result {
            Ok(release) => {
                judge(case, release, &mut failures);
                failures.extend(self.second_run(case, release, jobs));
            }
            Err(message) => failures.push(case.failure("from", message)),
        });
        failures
    }

    /// The texts that the cases should expect, as far as they do not: what came out, for a person to read.
    /// Cases that are refused or have an open question give none.
    #[must_use]
    pub fn bless(&self, cases: &[Case], jobs: &Jobs<'_>) -> Vec<Blessed> {
        let mut blessed = Vec::new();
        self.each(cases, jobs, &mut |case, result| {
            let Some(release) = result.ok().filter(|release| !release.is_open()) else {
                return;
            };
            for (layer, file) in case.layers.iter().zip(&release.files) {
                if layer.after.as_deref() != Some(&*file.after) {
                    blessed.push(Blessed {
                        file: layer.expected.clone(),
                        text: file.after.to_string(),
                    });
                }
            }
        });
        blessed
    }

    fn each(
        &self,
        cases: &[Case],
        jobs: &Jobs<'_>,
        done: &mut dyn FnMut(&Case, Result<&Release, String>),
    ) {
        let mut by_target: BTreeMap<&Version, Vec<&Case>> = BTreeMap::new();
        for case in cases {
            by_target.entry(case.to()).or_default().push(case);
        }
        for (to, cases) in by_target {
            let trips: Vec<Trip> = cases.iter().map(|case| case.trip()).collect();
            let outcome = self.run_trips(&trips, to, false, jobs);
            let mut arrived = Arrived::of(&outcome);
            for (number, case) in cases.into_iter().enumerate() {
                let refused = arrived.refused.remove(&number);
                let release = arrived.releases.get(&number).copied();
                done(
                    case,
                    release.ok_or_else(|| {
                        let why = refused.or_else(|| Some(outcome.refused.first()?.what.clone()));
                        format!("refused: {}", why.unwrap_or_default())
                    }),
                );
            }
        }
    }

    /// Checks that a second run, from the version that was reached, changes and asks nothing.
    fn second_run(&self, case: &Case, release: &Release, jobs: &Jobs<'_>) -> Option<TrialFailure> {
        if release.is_open() {
            return None;
        }
        let files = release.files.iter();
        let trip = Trip {
            layers: files.map(|file| file.after.as_bytes().to_vec()).collect(),
            from: case.to().clone(),
            answers: case.file.answers.clone(),
        };
        let outcome = self.run_trips(&[trip], case.to(), false, jobs);
        let message = match outcome.releases.first() {
            None => {
                let refused = outcome.refused.first();
                let what = refused.map(|refused| refused.what.clone());
                format!("a second run is refused: {}", what.unwrap_or_default())
            }
            Some(again) if again.is_changed() || again.is_open() => {
                format!(
                    "a second run, from {}, changes or asks something",
                    case.to()
                )
            }
            Some(_) => return None,
        };
        Some(case.failure("to", message))
    }
}

fn judge(case: &Case, release: &Release, failures: &mut Vec<TrialFailure>) {
    let open = release.steps.iter().find(|step| {
        let question = step.question.as_ref();
        question.is_some_and(|question| question.answer.is_none())
    });
    if let Some(step) = open {
        let question = step.question.as_ref();
        let text = question.map_or("", |question| question.text.as_str());
        let options = question.into_iter().flat_map(|question| &question.options);
        let options: Vec<&str> = options.map(|option| option.id.as_str()).collect();
        let lacking = question.and_then(|question| question.lacking.as_deref());
        let message = match lacking {
            Some(lacking) => format!("the answer to `{}` does not do: {lacking}", step.id),
            None => format!(
                "`{}` is asked and not answered: {text} ({})",
                step.id,
                options.join(", ")
            ),
        };
        failures.push(case.failure("answers", message));
    }
    if let Some(wanted) = &case.file.asks {
        let mut wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let asked = release.steps.iter().filter(|step| step.question.is_some());
        let mut asked: Vec<&str> = asked.map(|step| step.id.as_str()).collect();
        wanted.sort_unstable();
        asked.sort_unstable();
        if wanted != asked {
            let message = format!(
                "asked: [{}], expected: [{}]",
                asked.join(", "),
                wanted.join(", ")
            );
            failures.push(case.failure("asks", message));
        }
    }
    for id in &case.file.tells {
        let told = release
            .steps
            .iter()
            .any(|step| step.id == *id && !step.tell.is_empty());
        let mut tasks = release.checklist.iter();
        if !told && !tasks.any(|task| task.step.as_deref() == Some(id)) {
            failures.push(case.failure("tells", format!("`{id}` tells nothing")));
        }
    }
    for text in &case.file.says {
        let told = release
            .steps
            .iter()
            .flat_map(|step| step.tell.iter().map(|told| &told.text));
        let todo = release.checklist.iter().map(|task| &task.text);
        let notices = release.notices.iter().map(|notice| &notice.text);
        let mut all = told.chain(todo).chain(notices);
        if !all.any(|said| said.contains(text.as_str())) {
            failures.push(case.failure("says", format!("nothing that is told says `{text}`")));
        }
    }
    if open.is_some() {
        return;
    }
    for (layer, file) in case.layers.iter().zip(&release.files) {
        let name = layer.expected.display().to_string();
        let failure = |line, message| TrialFailure {
            file: name.clone(),
            line,
            kind: FailureKind::Case,
            message,
            difference: None,
        };
        match &layer.after {
            None => failures.push(failure(
                None,
                "this file is missing; --bless writes what came out, to be read".to_owned(),
            )),
            Some(expected) if **expected != *file.after => {
                let (line, message) = first_difference(expected, &file.after);
                failures.push(TrialFailure {
                    difference: difference(expected, &file.after),
                    ..failure(Some(line), message)
                });
            }
            Some(_) => {}
        }
    }
}

/// The first line in which two texts differ, and how.
fn first_difference(expected: &str, got: &str) -> (usize, String) {
    let mut lines = (expected.split_inclusive('\n'), got.split_inclusive('\n'));
    let mut number = 0;
    loop {
        number += 1;
        let pair = (lines.0.next(), lines.1.next());
        if pair.0 == pair.1 && pair.0.is_some() {
            continue;
        }
        let shown = |line: Option<&str>| match line {
            Some(line) => format!("{:?}", line.trim_end_matches('\n')),
            None => "the end".to_owned(),
        };
        let message = match pair {
            (Some(a), Some(b)) if a.trim_end() == b.trim_end() => {
                "the line ends otherwise than it came out".to_owned()
            }
            _ => format!("expected {}, came out {}", shown(pair.0), shown(pair.1)),
        };
        return (number, message);
    }
}

/// The difference of two texts with the lines around it; `None` if one line is all of it.
fn difference(expected: &str, got: &str) -> Option<String> {
    let diff = similar::TextDiff::from_lines(expected, got);
    let changed = |tag: similar::ChangeTag| {
        let changes = diff.iter_all_changes();
        changes.filter(|change| change.tag() == tag).count()
    };
    let is_one =
        changed(similar::ChangeTag::Delete) <= 1 && changed(similar::ChangeTag::Insert) <= 1;
    let unified = || diff.unified_diff().missing_newline_hint(false).to_string();
    (!is_one).then(unified)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_named() {
        assert_eq!(
            first_difference("a\nb\n", "a\nc\n"),
            (2, "expected \"b\", came out \"c\"".to_owned())
        );
        assert_eq!(
            first_difference("a\n", "a\nc\n"),
            (2, "expected the end, came out \"c\"".to_owned())
        );
        assert_eq!(
            first_difference("a", "a\n"),
            (1, "the line ends otherwise than it came out".to_owned())
        );
    }
}
