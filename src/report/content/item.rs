//! What is said, each thing once: questions, dangers, things to do, changes, notes, and what was refused.
//!
//! Releases that say the same are gathered in one item, in the order in which it was first met. What makes two
//! things the same is the step that says it and what can be answered, not the words: another registry in the
//! sentence is a variant of it.

use std::collections::{HashMap, HashSet};

use semver::Version;

use super::Section;
use crate::{
    outcome::{
        Fate, FilePosition, Notice, QuestionValue, Refusal, Release, ReportedChange, ReportedInput,
        ReportedOption, ReportedStep, State, When, mentions,
    },
    report::wording,
    shell::quote,
    values::{Path, Segment},
};

/// One thing to know, to answer or to do.
#[derive(Debug)]
pub struct Item<'o> {
    /// The section that it stands in.
    pub section: Section,
    /// A title of a few words: of a step, or of a kind of notice.
    pub title: String,
    /// The step that says or asks it: what `refit explain` and `--answer` call it.
    pub id: Option<&'o str>,
    /// The chart, for what a step says.
    pub chart: Option<&'o str>,
    /// The chart version that brought it.
    pub version: Option<&'o Version>,
    /// The address of its documentation.
    pub link: Option<&'o str>,
    /// The words before the text, where it needs them to be understood: the time of an action, a path that waits.
    pub lead: Option<String>,
    /// The text.
    pub text: String,
    /// The other wordings, each once.
    pub variants: Vec<String>,
    /// The time of an action outside the files.
    pub when: Option<When>,
    /// The releases that say it, in order: once for each time that it is said.
    pub uses: Vec<Use<'o>>,
    /// The reason for which the step does it.
    pub why: Option<&'o str>,
    /// The values that a question is about.
    pub about: Vec<AboutValue<'o>>,
    /// The name of the question for `--answer`.
    pub asked_as: Option<String>,
    /// The reason for which a given answer does not do yet.
    pub lacking: Option<&'o str>,
    /// The possible answers.
    pub answers: Vec<AnswerOption<'o>>,
    /// The number of further releases that are asked about other values, or whose answers say other numbers.
    pub asked_otherwise: usize,
    /// The refusal, with its excerpt, its reason and the next step.
    pub refusal: Option<&'o Refusal>,
}

/// A release that has the item.
#[derive(Debug)]
pub struct Use<'o> {
    /// The number of its row.
    pub release: usize,
    /// Its wording there: 0 is the text, the others are variants.
    pub wording: usize,
    /// The file that it is about, where that is one.
    pub file: Option<&'o str>,
    /// The lines that it is about there.
    pub places: Vec<&'o FilePosition>,
    /// The changes of a step there.
    pub changes: Vec<&'o ReportedChange>,
}

/// A value that a question is about.
#[derive(Debug)]
pub struct AboutValue<'o> {
    /// The setting.
    pub path: &'o str,
    /// Its value; `None` if it is not set.
    pub value: Option<String>,
    /// A remark that counts in place of the value.
    pub remark: Option<&'o str>,
    /// Its place.
    pub at: Option<&'o FilePosition>,
}

/// An answer to a question.
#[derive(Debug)]
pub struct AnswerOption<'o> {
    /// The option: its id, its title, whether it is recommended, what must be typed.
    pub option: &'o ReportedOption,
    /// The arguments to type on the command line to give it: the option, and its inputs.
    pub arguments: Vec<Argument>,
}

/// A piece of a command that answers a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// The text to type. The part that a person has to put in is `…`.
    pub text: String,
    /// A note on the text that is typed there, for an input.
    pub note: Option<String>,
    /// The name of the input for `--answer`, if it has to be typed.
    pub needed: Option<String>,
}

/// Items as they are gathered: what several releases say alike is one.
#[derive(Default)]
pub(super) struct Items<'o> {
    all: Vec<Item<'o>>,
    known: HashMap<String, usize>,
    /// The keys of texts that several steps may say.
    texts: HashMap<String, String>,
}

impl<'o> Items<'o> {
    /// All of them by section, and in a section in the order in which they were met.
    pub fn in_order(self) -> Vec<Item<'o>> {
        let mut items = self.all;
        // The sort is stable: what was met first stays first. Actions with a time stand behind those without,
        // in the order in which they are done.
        items.sort_by_key(|item| (item.section, item.when.is_some(), item.when));
        items
    }

    /// The key under which a text was met first: this one, if it was not.
    fn first_key_of(&mut self, text: String, key: String) -> String {
        self.texts.entry(text).or_insert(key).clone()
    }

    /// Adds an item, or its use to the one that has the same key.
    fn add_use(&mut self, key: String, one: Use<'o>, item: Item<'o>) {
        let next = self.all.len();
        let place = *self.known.entry(key).or_insert(next);
        if place == next {
            self.all.push(item);
            self.all[place].uses.push(one);
            return;
        }
        let known = &mut self.all[place];
        known.asked_otherwise += usize::from(!known.asks_like(&item));
        let wording = match known.text == item.text {
            true => 0,
            false => {
                let found = known.variants.iter().position(|text| *text == item.text);
                let at = found.unwrap_or(known.variants.len());
                if found.is_none() {
                    known.variants.push(item.text);
                }
                at + 1
            }
        };
        known.uses.push(Use { wording, ..one });
    }

    /// Adds a refusal.
    pub fn add_refusal(&mut self, refusal: &'o Refusal) {
        let file = refusal.at.as_ref().map_or(&refusal.name, |at| &at.file);
        let mut item = Item {
            text: refusal.what.clone(),
            refusal: Some(refusal),
            ..plain_item(Section::Errors, wording::named_place_of(refusal))
        };
        // What was refused came to no release, so it has no row.
        item.uses.push(Use {
            release: usize::MAX,
            file: Some(file),
            places: refusal.at.iter().collect(),
            ..Use::of(usize::MAX)
        });
        self.all.push(item);
    }

    /// All that a release says, by the number of its row.
    pub fn add_release(&mut self, number: usize, release: &'o Release) {
        for step in &release.steps {
            match step.state {
                State::Open => self.add_question(number, release, step),
                State::Waiting => self.add_waiting(number, release, step),
                State::LeftOut => self.left_out(number, release, step),
                State::Done => self.add_step_texts(number, release, step),
            }
            self.add_changes(number, release, step);
        }
        for notice in &release.stale {
            self.add_notice(
                number,
                notice,
                Section::Danger,
                "Edited in after the upgrade, and unused by the new chart",
            );
        }
        for notice in &release.notices {
            self.add_notice(number, notice, notice.severity.into(), "");
        }
        let unused = unused_settings(release);
        if !unused.is_empty() {
            let chart = format!("{} {}", release.chart_after(), release.to);
            let key = format!("{:?}", ("unused", &chart, &unused));
            let item = Item {
                text: format!("Unused by {chart}: {}", wording::path_list(&unused)),
                ..plain_item(Section::Action, format!("Unused by {chart}"))
            };
            self.add_use(key, Use::of(number), item);
        }
        for task in &release.checklist {
            let id = task.step.as_deref();
            let of = id.or(Some(&task.text));
            let key = format!("{:?}", ("task", &release.chart, of, task.when));
            // One thing to do that steps of several versions ask for is one.
            let text = format!("{:?}", ("task", &release.chart, &task.text, task.when));
            let key = self.first_key_of(text, key);
            let step = release.steps.iter().find(|step| Some(&*step.id) == id);
            let item = Item {
                id,
                chart: Some(&release.chart),
                version: step.map(|step| &step.version),
                link: step.and_then(|step| step.link.as_deref()),
                lead: Some(wording::time_of_action(task.when).to_owned()),
                text: task.text.clone(),
                when: Some(task.when),
                ..plain_item(
                    Section::Action,
                    wording::time_of_action(task.when).to_owned(),
                )
            };
            self.add_use(key, Use::of(number), item);
        }
    }

    fn add_question(&mut self, number: usize, release: &'o Release, step: &'o ReportedStep) {
        let Some(question) = &step.question else {
            return;
        };
        // With other options, or where an answer lacks something else, it is another question to a reader.
        let options: Vec<&str> = question.options.iter().map(|o| o.id.as_str()).collect();
        let key = format!(
            "{:?}",
            (
                "question",
                &release.chart,
                &step.version,
                step.asked_as(),
                options,
                &question.lacking
            )
        );
        let item = Item {
            about: question.evidence.iter().map(AboutValue::of).collect(),
            asked_as: Some(step.asked_as()),
            lacking: question.lacking.as_deref(),
            answers: question
                .options
                .iter()
                .map(|option| AnswerOption::to(step, option))
                .collect(),
            ..of_step(Section::Questions, release, step, question.text.clone())
        };
        let places = question.evidence.iter().filter_map(|it| it.at.as_ref());
        let one = Use {
            places: places.collect(),
            ..Use::of(number)
        };
        self.add_use(key, one, item);
    }

    fn add_waiting(&mut self, number: usize, release: &'o Release, step: &'o ReportedStep) {
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
        let item = Item {
            lead: Some(step.title.clone()),
            ..of_step(Section::Waiting, release, step, text)
        };
        self.add_use(key, Use::of(number), item);
    }

    fn left_out(&mut self, number: usize, release: &'o Release, step: &'o ReportedStep) {
        let chart = format!("{} {}", release.chart_after(), release.to);
        let (section, text) = match step.loses.as_slice() {
            [] => (
                Section::Notes,
                format!("Left out, as you asked: {}.", step.title),
            ),
            lost => (
                Section::Danger,
                format!(
                    "Left out, as you asked: {}. These settings stop working, because {chart} does not use them: {}.",
                    step.title,
                    wording::path_list(lost)
                ),
            ),
        };
        let key = format!("{:?}", ("left out", &chart, &step.id, &text));
        let item = of_step(section, release, step, text);
        self.add_use(key, Use::of(number), item);
    }

    fn add_step_texts(&mut self, number: usize, release: &'o Release, step: &'o ReportedStep) {
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
            let item = of_step(told.severity.into(), release, step, told.text.clone());
            self.add_use(key, Use::of(number), item);
        }
    }

    /// Adds the changes of a step. The text is the reason: the fate of each setting is in the changes.
    fn add_changes(&mut self, number: usize, release: &'o Release, step: &'o ReportedStep) {
        if step.state != State::Done || step.changes.is_empty() {
            return;
        }
        let key = format!("{:?}", ("changes", &release.chart, &step.version, &step.id));
        let text = step.why.clone().unwrap_or_default();
        let places = step.changes.iter().filter_map(|change| change.at.as_ref());
        let one = Use {
            places: places.collect(),
            changes: step.changes.iter().collect(),
            ..Use::of(number)
        };
        self.add_use(key, one, of_step(Section::Changes, release, step, text));
    }

    fn add_notice(&mut self, number: usize, notice: &'o Notice, section: Section, title: &str) {
        let key = format!("{:?}", ("notice", section, &notice.text));
        let item = Item {
            lead: (!title.is_empty()).then(|| title.to_owned()),
            text: notice.text.clone(),
            ..plain_item(section, title.to_owned())
        };
        let one = Use {
            places: notice.at.iter().collect(),
            ..Use::of(number)
        };
        self.add_use(key, one, item);
    }
}

impl Use<'_> {
    fn of(release: usize) -> Self {
        Self {
            release,
            wording: 0,
            file: None,
            places: Vec::new(),
            changes: Vec::new(),
        }
    }
}

impl<'o> Item<'o> {
    /// The releases that it is about, each once, by the numbers of their rows.
    pub fn release_numbers(&self) -> impl Iterator<Item = usize> {
        // Releases add their items one after the other, so the uses of one stand side by side.
        let mut last = None;
        self.uses
            .iter()
            .map(|one| one.release)
            .filter(move |release| {
                *release != usize::MAX && last.replace(*release) != Some(*release)
            })
    }

    /// The lines that it is about.
    pub fn places(&self) -> impl Iterator<Item = &'o FilePosition> {
        self.uses.iter().flat_map(|one| one.places.iter().copied())
    }

    /// True if two are about the same values, and have answers that read the same.
    fn asks_like(&self, other: &Self) -> bool {
        let titles = |item: &Self| -> Vec<String> {
            let answers = item.answers.iter();
            answers.map(|it| it.option.title.clone()).collect()
        };
        let about = |item: &Self| -> Vec<(String, Option<String>)> {
            let about = item.about.iter();
            about
                .map(|it| (it.path.to_owned(), it.value.clone()))
                .collect()
        };
        titles(self) == titles(other) && about(self) == about(other)
    }

    /// That what is shown of a question is not so in all of its releases.
    #[must_use]
    pub fn otherwise_sentence(&self) -> Option<String> {
        let others = match self.asked_otherwise {
            0 => return None,
            1 => "1 other release has others".to_owned(),
            n => format!("{n} other releases have others"),
        };
        Some(format!(
            "The values and numbers here are those of the first; {others}."
        ))
    }

    /// The wording in one of its uses.
    #[must_use]
    pub fn wording_in(&self, one: &Use<'_>) -> &str {
        match one.wording {
            0 => &self.text,
            n => &self.variants[n - 1],
        }
    }
}

impl<'o> AboutValue<'o> {
    fn of(evidence: &'o QuestionValue) -> Self {
        Self {
            path: &evidence.path,
            value: evidence.value.as_deref().map(wording::quoted_value),
            remark: evidence.remark.as_deref(),
            at: evidence.at.as_ref(),
        }
    }
}

impl<'o> AnswerOption<'o> {
    fn to(step: &ReportedStep, option: &'o ReportedOption) -> Self {
        let id = step.asked_as();
        let mut arguments = vec![Argument {
            text: format!("--answer {}", quote(&format!("{id}={}", option.id))),
            note: None,
            needed: None,
        }];
        arguments.extend(option.inputs.iter().map(|input| {
            let typed = input.default.as_deref();
            let name = format!("{id}.{}", input.name);
            Argument {
                text: format!(
                    "--answer {}={}",
                    quote(&name),
                    typed.map_or_else(|| "…".to_owned(), quote)
                ),
                note: Some(input_note(input)),
                needed: typed.is_none().then_some(name),
            }
        }));
        Self { option, arguments }
    }

    /// The inputs that have to be typed, by their names for `--answer`.
    pub fn needed_inputs(&self) -> impl Iterator<Item = &str> {
        self.arguments
            .iter()
            .filter_map(|argument| argument.needed.as_deref())
    }
}

/// A note on the text that is typed for an input.
fn input_note(input: &ReportedInput) -> String {
    let mut note = input.title.clone();
    if input.list {
        note.push_str("; several, separated by commas");
    }
    if input.default.is_some() {
        note.push_str("; may be left out if it is as shown");
    }
    note
}

fn plain_item<'o>(section: Section, title: String) -> Item<'o> {
    Item {
        section,
        title,
        id: None,
        chart: None,
        version: None,
        link: None,
        why: None,
        lead: None,
        text: String::new(),
        variants: Vec::new(),
        when: None,
        uses: Vec::new(),
        about: Vec::new(),
        asked_as: None,
        lacking: None,
        answers: Vec::new(),
        asked_otherwise: 0,
        refusal: None,
    }
}

fn of_step<'o>(
    section: Section,
    release: &'o Release,
    step: &'o ReportedStep,
    text: String,
) -> Item<'o> {
    Item {
        id: Some(&step.id),
        chart: Some(&release.chart),
        version: Some(&step.version),
        link: step.link.as_deref(),
        why: step.why.as_deref(),
        text,
        ..plain_item(section, step.title.clone())
    }
}

/// The settings that stay although the target does not use them, and that nothing else speaks of.
#[must_use]
pub fn unused_settings(release: &Release) -> Vec<&Path> {
    let lost = release.lost_by_leaving_out();
    let told: HashSet<&Path> = lost.flat_map(|step| &step.loses).collect();
    let left = release.ledger.iter().filter(|leaf| leaf.fate == Fate::Left);
    let left = left.map(|leaf| &leaf.path);
    let mut said = Said::of(release);
    left.filter(|path| !told.contains(path) && !said.is_about(path))
        .collect()
}

/// The subjects of notices, and of steps that tell.
struct Said<'o> {
    noticed: HashSet<&'o Path>,
    texts: Vec<&'o str>,
    /// True if a text has the first key of a path in it: most have none of thousands of paths.
    first_keys: HashMap<&'o Segment, bool>,
}

impl<'o> Said<'o> {
    fn of(release: &'o Release) -> Self {
        let notices = release.notices.iter().chain(&release.stale);
        let told = release.steps.iter().flat_map(|step| &step.tell);
        Self {
            noticed: notices.filter_map(|notice| notice.path.as_ref()).collect(),
            texts: told.map(|told| told.text.as_str()).collect(),
            first_keys: HashMap::new(),
        }
    }

    /// True if something is said of a path, or of something above it.
    fn is_about(&mut self, path: &'o Path) -> bool {
        let segments = path.segments();
        let above = |depth: usize| Path::new(segments[..depth].to_vec());
        let is_noticed = |depth| self.noticed.contains(&above(depth));
        if !self.noticed.is_empty() && (0..=segments.len()).any(is_noticed) {
            return true;
        }
        let texts = &self.texts;
        let may_be = segments.first().is_none_or(|first| {
            *self.first_keys.entry(first).or_insert_with(|| {
                let name = above(1).to_string();
                texts.iter().any(|text| text.contains(&name))
            })
        });
        may_be && {
            let name = path.to_string();
            texts.iter().any(|text| mentions(text, &name))
        }
    }
}
