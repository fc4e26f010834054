//! The probe: every key that an older version of the chart has, set alone, comes through.
//!
//! A key is set to something other than its default, of the same type, in the newest version in which it is
//! what it is and in the oldest that has it. Each option of each question that comes of it is taken once; what
//! has to be typed is made up, if something simple fits. Where a default says nothing of the type, the key
//! fails only if it fails with a text, a list and a map alike.

use std::collections::{BTreeMap, HashSet};

use semver::Version;

use super::{Arrived, FailureKind, Trial, TrialFailure, Trip, line_of};
use crate::{
    jobs::Jobs,
    migrate::{Answer, Answers},
    outcome::{Release, ReportedOption, ReportedStep},
    pack::model::{KeyRange, OpenKind, ReadAnswer},
    values::{Map, Number, Path, Segment, Value, write},
};

/// The number of times that answers may lead to further questions.
const ROUNDS: usize = 6;
/// The texts that are tried where an input has to be typed.
const TYPED: &[&str] = &[
    "probe",
    "1.2.3",
    "1",
    "true",
    "https://probe.example/path",
    "a@example.com",
];

/// The result of the probe.
#[derive(Debug, Default)]
pub struct Probed {
    /// The number of settings that were tried, each from one version.
    pub probes: usize,
    /// Those that came to a question which needs a text that cannot be made up.
    pub untyped: usize,
    /// The failures.
    pub failures: Vec<TrialFailure>,
}

/// A key set alone.
#[derive(Debug, Clone)]
struct Probe {
    key: usize,
    trip: Trip,
    /// True if the type of the value is only guessed.
    guess: bool,
}

/// The verdicts so far, by key and version.
#[derive(Debug, Default)]
struct Verdicts {
    /// The failures, and whether the type of the value was only guessed.
    failed: BTreeMap<(usize, Version), Vec<(bool, String)>>,
    /// The keys that came through with some value.
    fine: HashSet<(usize, Version)>,
    /// The keys that came to a question whose text cannot be made up.
    untyped: HashSet<(usize, Version)>,
}

impl Verdicts {
    fn fail(&mut self, probe: &Probe, message: String) {
        let messages = self.failed.entry(probe.id()).or_default();
        messages.push((probe.guess, message));
    }

    /// The failures that stand: a value of a guessed type fails a key only where no other value came through.
    fn standing(&self) -> impl Iterator<Item = (&(usize, Version), &str)> {
        self.failed.iter().filter_map(|(id, messages)| {
            let (guess, message) = &messages[0];
            (!*guess || !self.fine.contains(id)).then_some((id, message.as_str()))
        })
    }
}

impl Probe {
    fn id(&self) -> (usize, Version) {
        (self.key, self.trip.from.clone())
    }
}

impl Trial {
    /// Probes every key.
    #[must_use]
    pub fn probe(&self, jobs: &Jobs<'_>) -> Probed {
        let (keys, probes) = self.probes();
        let ids = probes.iter().map(|probe| (probe.key, &probe.trip.from));
        let count = ids.collect::<HashSet<_>>().len();
        let mut verdicts = Verdicts::default();
        let mut open = probes;
        for round in 0..ROUNDS {
            if open.is_empty() {
                break;
            }
            open = self.round(open, round, &mut verdicts, jobs);
        }
        let text = std::fs::read_to_string(self.folder.join("keys.yaml")).unwrap_or_default();
        let failures = verdicts.standing().map(|((key, from), message)| {
            let (written, path) = &keys[*key];
            TrialFailure {
                file: self.folder.join("keys.yaml").display().to_string(),
                line: line_of(&text, written),
                kind: FailureKind::Probe,
                message: format!("{path} set alone in {from}: {message}"),
                difference: None,
            }
        });
        Probed {
            probes: count,
            untyped: verdicts.untyped.len(),
            failures: failures.collect(),
        }
    }

    /// The keys, as they are written and without wildcards, and what is tried of them.
    fn probes(&self) -> (Vec<(&str, Path)>, Vec<Probe>) {
        let pack = self.pack();
        let mut versions: Vec<&Version> = pack.info.versions.keys().collect();
        versions.sort();
        versions.retain(|version| **version <= self.newest);
        let (mut keys, mut probes) = (Vec::new(), Vec::new());
        for (text, path, ranges) in pack.keys.each_key() {
            let ranges: Vec<&KeyRange> = ranges.collect();
            let Some(path) = concrete(path) else {
                continue;
            };
            for (from, range) in starts(&versions, &ranges, &self.newest) {
                let values = values_for(range).into_iter();
                probes.extend(values.map(|(value, guess)| Probe {
                    key: keys.len(),
                    trip: Trip {
                        layers: vec![document(&path, value)],
                        from: from.clone(),
                        answers: Answers::new(),
                    },
                    guess,
                }));
            }
            keys.push((text, path));
        }
        (keys, probes)
    }

    /// Runs these probes once. What came through is judged, and what asks comes back with an answer for each option.
    fn round(
        &self,
        probes: Vec<Probe>,
        round: usize,
        verdicts: &mut Verdicts,
        jobs: &Jobs<'_>,
    ) -> Vec<Probe> {
        let trips: Vec<Trip> = probes.iter().map(|probe| probe.trip.clone()).collect();
        let outcome = self.run_trips(&trips, &self.newest, false, jobs);
        let arrived = Arrived::of(&outcome);
        let (mut asking, mut done) = (Vec::new(), Vec::new());
        for (number, probe) in probes.into_iter().enumerate() {
            let Some(release) = arrived.releases.get(&number) else {
                let why = arrived.refused.get(&number).cloned().unwrap_or_default();
                verdicts.fail(&probe, format!("the upgrade is refused: {why}"));
                continue;
            };
            let Some(step) = question(release) else {
                done.push((probe, (*release).clone()));
                continue;
            };
            if round + 1 == ROUNDS {
                let message = format!("`{}` is open, whatever is answered", step.id);
                verdicts.fail(&probe, message);
                continue;
            }
            let answers = answers(step, round > 0);
            if answers.is_empty() {
                verdicts.untyped.insert(probe.id());
            }
            asking.extend(answers.into_iter().map(|answer| {
                let mut probe = probe.clone();
                probe.trip.answers.insert(step.id.clone(), answer);
                probe
            }));
        }
        for (probe, message) in self.twice(done, jobs) {
            match message {
                None => _ = verdicts.fine.insert(probe.id()),
                Some(message) => verdicts.fail(&probe, message),
            }
        }
        asking
    }

    /// Runs what arrived once more, from where it arrived.
    fn twice(&self, done: Vec<(Probe, Release)>, jobs: &Jobs<'_>) -> Vec<(Probe, Option<String>)> {
        let trips = done.iter().map(|(probe, release)| Trip {
            layers: release
                .files
                .iter()
                .map(|file| never_empty(file.after.as_bytes()))
                .collect(),
            from: self.newest.clone(),
            answers: probe.trip.answers.clone(),
        });
        let trips: Vec<Trip> = trips.collect();
        let outcome = self.run_trips(&trips, &self.newest, false, jobs);
        let arrived = Arrived::of(&outcome);
        let judged = done.into_iter().enumerate().map(|(number, (probe, _))| {
            let message = match (arrived.releases.get(&number), arrived.refused.get(&number)) {
                (Some(again), _) if again.is_changed() || again.is_open() => {
                    let step = again
                        .steps
                        .iter()
                        .find(|step| step.question.is_some() || !step.changes.is_empty());
                    let step = step.map(|step| format!(" (`{}`)", step.id));
                    let step = step.unwrap_or_default();
                    Some(format!("a second run changes or asks something{step}"))
                }
                (Some(_), _) => None,
                (None, why) => {
                    let why = why.cloned().unwrap_or_default();
                    Some(format!("a second run is refused: {why}"))
                }
            };
            (probe, message)
        });
        judged.collect()
    }
}

/// Values from which everything went are an empty map: standard input that is empty is refused.
fn never_empty(text: &[u8]) -> Vec<u8> {
    match text.trim_ascii().is_empty() {
        true => b"{}\n".to_vec(),
        false => text.to_vec(),
    }
}

/// A path without wildcards: names that users give are `probe`. `None` if it selects items of lists.
fn concrete(path: &Path) -> Option<Path> {
    let mut concrete = Path::root();
    for segment in path.segments() {
        match segment {
            Segment::Key(key) => concrete = concrete.key(key),
            Segment::AnyKey => concrete = concrete.key("probe"),
            Segment::KeyPattern(pattern) => {
                concrete = concrete.key(pattern.pieces().join("probe"));
            }
            Segment::AnyDepth => {}
            _ => return None,
        }
    }
    Some(concrete)
}

/// The versions in which a key is probed: the newest of each of its ranges, and the oldest that has it.
fn starts<'r>(
    versions: &[&Version],
    ranges: &[&'r KeyRange],
    newest: &Version,
) -> BTreeMap<Version, &'r KeyRange> {
    let mut starts = BTreeMap::new();
    for range in ranges {
        if range.read == ReadAnswer::No || range.open == Some(OpenKind::SubChart) {
            continue;
        }
        let held = || {
            versions
                .iter()
                .filter(|version| range.versions.contains(version))
        };
        if let Some(last) = held().next_back()
            && *last != newest
        {
            starts.insert((*last).clone(), *range);
        }
        if let Some(first) = held().next()
            && *first != newest
            && starts.keys().next().is_none_or(|known| *first < known)
        {
            starts.insert((*first).clone(), *range);
        }
    }
    starts
}

/// The values that a key is set to, and whether they are only guessed.
fn values_for(range: &KeyRange) -> Vec<(Value, bool)> {
    let default = range.default.as_ref().map(Value::try_from);
    let text = || Value::String("probe".to_owned());
    // `1` is a number, a quantity and a text.
    let one = Value::String("1".to_owned());
    let map = || Value::Map(Map::from_iter([("probe".to_owned(), one.clone())]));
    let named = Map::from_iter([("name".to_owned(), text()), ("value".to_owned(), text())]);
    let list = || Value::List(vec![Value::Map(named.clone())]);
    match default {
        Some(Ok(Value::Bool(on))) => vec![(Value::Bool(!on), false)],
        Some(Ok(Value::Number(number))) => {
            let more = number.as_i64().map_or(7, |number| number.saturating_add(1));
            vec![(Value::Number(Number::from(more)), false)]
        }
        Some(Ok(Value::String(text))) => {
            vec![(Value::String(other_text(&text)), false)]
        }
        Some(Ok(Value::List(mut items))) if !items.is_empty() => {
            items.truncate(1);
            vec![(Value::List(items), false)]
        }
        Some(Ok(Value::List(_))) => {
            vec![(list(), true), (Value::List(vec![text()]), true)]
        }
        Some(Ok(Value::Map(_))) => vec![(map(), false)],
        _ => vec![
            (text(), true),
            (map(), true),
            (list(), true),
            (Value::Bool(true), true),
        ],
    }
}

/// A text of the same kind: a quantity, a duration or a version stays one.
fn other_text(text: &str) -> String {
    if text.is_empty() {
        return "probe".to_owned();
    }
    let Some(at) = text.find(|c: char| c.is_ascii_digit()) else {
        return format!("{text}-probe");
    };
    let digit = text[at..]
        .chars()
        .next()
        .and_then(|digit| digit.to_digit(10));
    let other = digit.map_or(1, |digit| if digit < 9 { digit + 1 } else { 1 });
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

/// Values with one key.
fn document(path: &Path, value: Value) -> Vec<u8> {
    let mut value = value;
    for segment in path.segments().iter().rev() {
        if let Segment::Key(key) = segment {
            value = Value::Map(Map::from_iter([(key.clone(), value)]));
        }
    }
    let json = write::one_line(&value, write::Context::Block, write::Quotes::Double);
    format!("{json}\n").into_bytes()
}

/// The first open question.
fn question(release: &Release) -> Option<&ReportedStep> {
    release.steps.iter().find(|step| {
        let question = step.question.as_ref();
        question.is_some_and(|question| question.answer.is_none())
    })
}

/// Answers to a question: one for each option, or only the first that can be given.
fn answers(step: &ReportedStep, only_first: bool) -> Vec<Answer> {
    let options = step.question.iter().flat_map(|question| &question.options);
    let mut answers: Vec<Answer> = options.filter_map(answer).collect();
    if only_first {
        answers.truncate(1);
    }
    answers
}

fn answer(choice: &ReportedOption) -> Option<Answer> {
    let mut inputs = BTreeMap::new();
    for input in &choice.inputs {
        if input
            .default
            .as_ref()
            .is_some_and(|default| !default.is_empty())
        {
            continue;
        }
        let fits = |text: &&&str| {
            let pattern = input.matches.as_ref();
            let pattern = pattern.map(|pattern| regex::Regex::new(&format!("^(?:{pattern})$")));
            pattern.is_none_or(|regex| regex.is_ok_and(|regex| regex.is_match(text)))
        };
        let typed = TYPED.iter().find(fits)?;
        inputs.insert(input.name.clone(), (*typed).to_owned());
    }
    Some(Answer {
        option: choice.id.clone(),
        inputs,
        evidence: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_text_is_of_the_same_kind() {
        for (text, other) in [
            ("", "probe"),
            ("480m", "580m"),
            ("Always", "Always-probe"),
            ("v1.9", "v2.9"),
            ("9", "1"),
        ] {
            assert_eq!(other_text(text), other);
        }
    }

    #[test]
    fn keys_are_probed_where_they_end_and_where_they_began() {
        let versions: Vec<Version> = ["1.0.0", "1.1.0", "2.0.0", "3.0.0"]
            .map(|v| v.parse().unwrap())
            .into();
        let versions: Vec<&Version> = versions.iter().collect();
        let range = |text: &str, rest: &str| -> KeyRange {
            serde_yaml::from_str(&format!("{{in: \"{text}\"{rest}}}")).unwrap()
        };
        let of = |ranges: &[KeyRange]| {
            let ranges: Vec<&KeyRange> = ranges.iter().collect();
            let starts = starts(&versions, &ranges, versions[3]);
            starts.keys().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of(&[range("*", "")]), ["1.0.0"]);
        assert_eq!(
            of(&[range("<2.0.0", ""), range(">=2.0.0, <3.0.0", "")]),
            ["1.0.0", "1.1.0", "2.0.0"]
        );
        assert_eq!(of(&[range(">=3.0.0", "")]), Vec::<String>::new());
        assert_eq!(
            of(&[range("<2.0.0", ", read: \"no\"")]),
            Vec::<String>::new()
        );
    }
}
