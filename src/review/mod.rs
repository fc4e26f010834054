//! A review: a person goes through the changes of releases one by one, and decides.
//!
//! A review is of one unit: releases that are written together, because they share a file. What is
//! decided is decided for one release, for what is good for one need not be good for another; only what
//! becomes of a layer that they share is decided once for them.
//!
//! A review knows no way of its own to change values. Every decision becomes an answer or a step to
//! leave out in a [`Request`], and the upgrade runs again; so what a review comes to is what
//! `refit upgrade` comes to with the same answers, by construction. What a step does is shown as the
//! difference between two runs of its release: one with the step and one without it, both with
//! everything decided so far and with nothing that still waits for a decision.
//!
//! The files were read before it ([`begin`]); it looks at them again only to notice that somebody has
//! changed them. It writes nothing, and it does not know what a terminal is: [`talk`] speaks to a
//! [`person::Person`], and whoever implements that has the keyboard.

mod asking;
mod begin;
pub mod person;
pub mod record;
pub mod talk;
mod tally;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub use crate::report::undecided::{SuggestionSource, Tally, UndecidedStep};
pub use begin::{Begun, begin};

use crate::{
    migrate::Answer,
    outcome::{
        Fate, LeafFate, Refusal, Release, ReportedFile, ReportedOption, ReportedQuestion,
        ReportedStep, Secrets, State,
    },
    pack::Pack,
    questions::{self, LAYERS, SHARED_LAYER, Stage, can_be_left_out, stage},
    refusal::Reason,
    report::{
        ReportStyle,
        catalog::{self, StepPage},
    },
    upgrade::{Earlier, Material, Request},
    values::Path,
};

/// The decision about a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepDecision {
    /// It is done.
    Accept,
    /// It is left out.
    Skip,
    /// Its question is answered.
    Answer(Answer),
    /// Its question stays open.
    Open,
}

/// A decision in the order it was taken.
#[derive(Debug, Clone)]
struct Taken {
    /// The releases that it is about; the answer is kept for the first.
    about: Vec<usize>,
    id: String,
    /// As it was before; a step that is left out may not be heard of again.
    step: Option<ReportedStep>,
    decision: StepDecision,
    /// True if it was taken for all the rest, and not looked at by itself.
    together: bool,
    /// Decisions of one group are taken back together.
    group: usize,
}

/// A step of a release, by their numbers and names.
type StepKey = (usize, String);

/// A unit under review.
#[derive(Debug)]
pub struct Review {
    /// The files that were read.
    material: Arc<Material>,
    /// The request, without anything that can be decided here.
    request: Request,
    /// The releases, as requests call them.
    names: Vec<String>,
    /// The decisions on each release before the review; suggestions.
    earlier: Vec<Earlier>,
    /// For each: which steps a step needs, as its pack says.
    needs: Vec<BTreeMap<String, Vec<String>>>,
    taken: Vec<Taken>,
    /// The releases before any decision, with the evidence for their versions.
    start: Vec<Release>,
    /// As everything is decided so far, and all that is undecided is in.
    full: Vec<Release>,
}

impl Review {
    /// The releases as they were before anything was decided, with how their versions are known.
    #[must_use]
    pub fn start(&self) -> &[Release] {
        &self.start
    }

    /// The result, with every undecided step done as far as it needs no answer. When [`Review::next`] has nothing left,
    /// this is the final one.
    #[must_use]
    pub fn result(&self) -> &[Release] {
        &self.full
    }

    /// True if a question is open, so that nothing of it is written.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.full.iter().any(Release::is_open)
    }

    /// True if any file would change.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.full.iter().any(Release::is_changed)
    }

    /// Its files as they would be, each once.
    #[must_use]
    pub fn files(&self) -> Vec<Arc<ReportedFile>> {
        distinct_files(&self.full)
    }

    /// The result if only the accepted steps are done: for each release with a decision, its own changes. Everything,
    /// when all is decided.
    ///
    /// # Errors
    ///
    /// If that is refused.
    pub fn so_far(&self) -> Result<Vec<Release>, Vec<Refusal>> {
        if self.undecided_steps().is_empty() {
            return Ok(self.full.clone());
        }
        let begun = |release: &usize| {
            self.names.len() == 1 || self.taken.iter().any(|t| t.about.contains(release))
        };
        let mut found = Vec::new();
        for at in (0..self.names.len()).filter(begun) {
            let mut release = self.run_alone(at, &self.request_without(&self.rest_of(at), true))?;
            // What stays only because nothing was decided about it yet is not left behind.
            let left = |leaf: &LeafFate| leaf.fate == Fate::Left;
            release.ledger.retain(|leaf| {
                let same = |other: &&LeafFate| other.path == leaf.path && other.file == leaf.file;
                !left(leaf) || self.full[at].ledger.iter().find(same).is_some_and(left)
            });
            found.push(release);
        }
        Ok(found)
    }

    /// The request that leads to the same result without a review.
    #[must_use]
    pub fn request(&self) -> Request {
        self.request_without(&BTreeSet::new(), false)
    }

    /// True if there is a decision.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        !self.taken.is_empty()
    }

    /// True if a step of a release, by their names, was decided.
    #[must_use]
    pub fn is_decided(&self, release: &str, id: &str) -> bool {
        let at = self.names.iter().position(|name| name == release);
        at.is_some_and(|at| self.decision_on(at, id).is_some())
    }

    /// The next step that waits for a decision.
    ///
    /// # Errors
    ///
    /// If what it does cannot be worked out.
    pub fn next(&self) -> Result<Option<UndecidedStep>, Vec<Refusal>> {
        let undecided = self.undecided_steps();
        let waiting = |step: &&ReportedStep| step.state == State::Waiting;
        let steps = self.full.iter().flat_map(|release| &release.steps);
        let waiting = steps.filter(waiting).count();
        let Some((release, step)) = undecided.first().copied() else {
            return Ok(None);
        };
        let (mut files, mut lost) = (Vec::new(), Vec::new());
        if stage(&step.id) <= Stage::Among {
            let without = self.run_alone(
                release,
                &self.request_without(&self.left_aside(release, step, true), true),
            )?;
            let with = self.run_with_step(release, step, None)?;
            files = files_between(&without.files, &with[0].files);
            let left_out = without.steps.iter().find(|other| other.id == step.id);
            lost = left_out.map(|step| step.loses.clone()).unwrap_or_default();
        }
        let (suggested, source) = self.suggested_answer(release, step);
        Ok(Some(UndecidedStep {
            about: self.releases_about(release, step),
            number: self.taken.len() + 1,
            of: self.taken.len() + undecided.len() + waiting,
            files,
            lost,
            needed_by: self.needed_by(release, &step.id),
            suggested,
            source,
            was_skipped: self.earlier[release].skip.contains(&step.id) && can_be_left_out(&step.id),
            from_pack: questions::built_in(&step.id).is_none(),
            step: step.clone(),
        }))
    }

    /// The effect of an answer: the step with it, and the texts without the step and with it. For a question about all
    /// edits: the texts as they are, and with the answer.
    ///
    /// # Errors
    ///
    /// If the answer is refused.
    pub fn try_answer(
        &self,
        item: &UndecidedStep,
        answer: &Answer,
    ) -> Result<(ReportedStep, Vec<ReportedFile>), Vec<Refusal>> {
        let release = item.about[0];
        let with = self.run_with_step(release, &item.step, Some(answer))?;
        if let Some(step) = step_of(&with, &item.step.id) {
            is_complete_step(step, &with)?;
        }
        let step = step_of(&with, &item.step.id);
        let step = step.unwrap_or(&item.step).clone();
        if stage(&item.step.id) > Stage::Among {
            let files = distinct_files(&with);
            return Ok((
                step,
                files.iter().map(|file| ReportedFile::clone(file)).collect(),
            ));
        }
        let aside = self.left_aside(release, &item.step, true);
        let without = self.run_alone(release, &self.request_without(&aside, true))?;
        Ok((step, files_between(&without.files, &with[0].files)))
    }

    /// Takes a decision about a step.
    ///
    /// # Errors
    ///
    /// If the result would be refused; it is as if nothing had been decided then.
    pub fn decide(
        &mut self,
        item: &UndecidedStep,
        decision: StepDecision,
        together: bool,
    ) -> Result<(), Vec<Refusal>> {
        self.same_files()?;
        let before = self.taken.len();
        let release = item.about[0];
        let id = &item.step.id;
        let with_it = if decision == StepDecision::Skip {
            self.needed_by(release, id)
        } else {
            Vec::new()
        };
        let group = match self.taken.last() {
            Some(last) if last.together && together => last.group,
            Some(last) => last.group + 1,
            None => 0,
        };
        let ids = std::iter::once(id.to_owned()).chain(with_it);
        let steps = &self.full[release].steps;
        self.taken.extend(ids.map(|id| Taken {
            about: item.about.clone(),
            step: steps.iter().find(|step| step.id == id).cloned(),
            id,
            decision: decision.clone(),
            together,
            group,
        }));
        let all = self.run_all(&self.request_without(&BTreeSet::new(), true));
        match all.and_then(|releases| check_complete(releases, &item.about, id)) {
            Ok(releases) => {
                self.full = releases;
                Ok(())
            }
            Err(refusals) => {
                self.taken.truncate(before);
                Err(refusals)
            }
        }
    }

    /// Takes back the last decision, or those that were taken together. Whether there was one.
    pub fn take_back(&mut self) -> bool {
        let Some(group) = self.taken.last().map(|last| last.group) else {
            return false;
        };
        self.taken.retain(|taken| taken.group != group);
        // What could be worked out with more decisions than these was worked out with these before.
        if let Ok(releases) = self.run_all(&self.request_without(&BTreeSet::new(), true)) {
            self.full = releases;
        }
        true
    }

    /// The settings that would be lost if every undecided step were left out, each list with the number of a release
    /// whose chart does not read them.
    ///
    /// # Errors
    ///
    /// If that is refused.
    pub fn lost_by_skipping_the_rest(&self) -> Result<Vec<(usize, Vec<Path>)>, Vec<Refusal>> {
        let mut all: Vec<(usize, Vec<Path>)> = Vec::new();
        for at in 0..self.names.len() {
            let rest = self.rest_of(at);
            let release = self.run_alone(at, &self.request_without(&rest, true))?;
            let left_out = release.lost_by_leaving_out();
            let rest = left_out.filter(|step| rest.contains(&(at, step.id.clone())));
            let lost: Vec<&Path> = rest.flat_map(|step| &step.loses).collect();
            if lost.is_empty() {
                continue;
            }
            let is_like = |other: usize| {
                let [one, other] = [at, other].map(|number| &self.start[number]);
                (&one.chart, &one.to) == (&other.chart, &other.to)
            };
            let known = all.iter().position(|(other, _)| is_like(*other));
            let known = known.unwrap_or_else(|| {
                all.push((at, Vec::new()));
                all.len() - 1
            });
            for path in lost {
                if !all[known].1.contains(path) {
                    all[known].1.push(path.clone());
                }
            }
        }
        Ok(all)
    }

    /// All that a step may do and ask, as its pack has it.
    #[must_use]
    pub fn explain(&self, item: &UndecidedStep, look: ReportStyle) -> Option<String> {
        let pack = self.material.pack(&self.start[item.about[0]].chart)?;
        let every = pack.every_migration().ok()?;
        let (_, migration) = every.into_iter().find(|(version, migration)| {
            let mut steps = migration.steps.iter();
            **version == item.step.version && steps.any(|step| step.id == item.step.id)
        })?;
        let mut steps = migration.steps.iter();
        let found = steps.find(|step| step.id == item.step.id)?;
        let page = StepPage::new(&pack.info.chart, &item.step.version, found);
        Some(catalog::render_step(&page, look))
    }

    fn decision_on(&self, release: usize, id: &str) -> Option<&StepDecision> {
        let mut taken = self.taken.iter();
        let taken = taken.find(|taken| taken.id == id && taken.about.contains(&release))?;
        Some(&taken.decision)
    }

    /// The releases that a step of one is about.
    fn releases_about(&self, release: usize, step: &ReportedStep) -> Vec<usize> {
        if step.id != SHARED_LAYER {
            return vec![release];
        }
        let text =
            |step: &ReportedStep| step.question.as_ref().map(|question| question.text.clone());
        let asks = |release: &usize| {
            let mut steps = self.full[*release].steps.iter();
            steps.any(|other| other.id == SHARED_LAYER && text(other) == text(step))
        };
        (0..self.full.len()).filter(asks).collect()
    }

    /// The steps that wait for a decision, in the order in which they are asked for.
    fn undecided_steps(&self) -> Vec<(usize, &ReportedStep)> {
        let mut found: Vec<(usize, &ReportedStep)> = Vec::new();
        for (release, of) in self.full.iter().enumerate() {
            found.extend(
                of.steps
                    .iter()
                    .filter(|step| is_item(step) && self.decision_on(release, &step.id).is_none())
                    // A question about several releases is asked once, with the first of them.
                    .filter(|step| self.releases_about(release, step)[0] == release)
                    .map(|step| (release, step)),
            );
        }
        found.sort_by_key(|(release, step)| {
            let stage = stage(&step.id);
            (stage == Stage::Together, *release, stage)
        });
        found
    }

    /// The undecided steps of a release.
    fn rest_of(&self, release: usize) -> BTreeSet<StepKey> {
        let rest = self.undecided_steps().into_iter();
        rest.filter(|(of, _)| *of == release)
            .map(|(of, step)| (of, step.id.clone()))
            .collect()
    }

    /// The undecided steps that need this one, directly or not.
    fn needed_by(&self, release: usize, id: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut next = vec![id.to_owned()];
        while let Some(id) = next.pop() {
            for (_, step) in self
                .undecided_steps()
                .into_iter()
                .filter(|(of, _)| *of == release)
            {
                let needs = self.needs[release].get(&step.id);
                if needs.is_some_and(|needs| needs.contains(&id)) && !found.contains(&step.id) {
                    found.push(step.id.clone());
                    next.push(step.id.clone());
                }
            }
        }
        found
    }

    /// The suggestion for a question: its answer before, else the answer to the same question of another release, else
    /// the recommended option.
    fn suggested_answer(
        &self,
        release: usize,
        step: &ReportedStep,
    ) -> (Option<Answer>, SuggestionSource) {
        let Some(question) = &step.question else {
            return (None, SuggestionSource::Recommended);
        };
        let offered = |id: &str| question.options.iter().any(|option| option.id == id);
        let mut other_values = false;
        if let Some(given) = self.earlier[release].answers.get(&step.id)
            && offered(&given.option)
        {
            if given
                .evidence
                .as_ref()
                .is_none_or(|given| is_about(given, question))
            {
                return (Some(given.clone()), SuggestionSource::Before);
            }
            other_values = true;
        }
        for taken in self.taken.iter().filter(|taken| taken.id == step.id) {
            let then = taken.step.as_ref().and_then(|step| step.question.as_ref());
            if let (StepDecision::Answer(answer), Some(then)) = (&taken.decision, then)
                && offered(&answer.option)
                && question_values(then).eq(question_values(question))
            {
                let name = self.names[taken.about[0]].clone();
                return (Some(answer.clone()), SuggestionSource::Other(name));
            }
        }
        let recommended = question.options.iter().find(|option| option.recommended);
        let source = match other_values {
            true => SuggestionSource::OtherValues,
            false => SuggestionSource::Recommended,
        };
        (recommended.map(answer_choosing), source)
    }

    /// The steps that are left aside to look at a step: all of its release that wait for a decision, and the step
    /// itself if it shall be seen without it. Steps that the step needs are not left aside.
    fn left_aside(
        &self,
        release: usize,
        step: &ReportedStep,
        and_itself: bool,
    ) -> BTreeSet<StepKey> {
        let mut needed: Vec<&str> = Vec::new();
        let mut next = vec![step.id.as_str()];
        while let Some(id) = next.pop() {
            for id in self.needs[release].get(id).into_iter().flatten() {
                if !needed.contains(&id.as_str()) {
                    needed.push(id);
                    next.push(id);
                }
            }
        }
        let mut aside = self.rest_of(release);
        aside.retain(|(_, id)| !needed.contains(&id.as_str()) && (and_itself || *id != step.id));
        aside
    }
}

/// The values that a question is about, by path.
fn question_values(question: &ReportedQuestion) -> impl Iterator<Item = (&str, String)> {
    let evidence = question.evidence.iter();
    evidence.map(|evidence| (evidence.path.as_str(), evidence.recorded()))
}

/// True if an answer was given for the values that a question is about.
fn is_about(given: &indexmap::IndexMap<String, String>, question: &ReportedQuestion) -> bool {
    let given = given
        .iter()
        .map(|(path, value)| (path.as_str(), value.clone()));
    let now: BTreeMap<&str, String> = question_values(question).collect();
    given.collect::<BTreeMap<_, _>>() == now
}

/// The answer that chooses an option, and types its defaults.
#[must_use]
pub fn answer_choosing(option: &ReportedOption) -> Answer {
    let inputs = option.inputs.iter();
    Answer {
        option: option.id.clone(),
        inputs: inputs
            .filter_map(|input| Some((input.name.clone(), input.default.clone()?)))
            .collect(),
        evidence: None,
    }
}

/// True if an answer leaves nothing to type.
#[must_use]
pub fn is_complete(answer: &Answer, question: &ReportedQuestion) -> bool {
    let option = question
        .options
        .iter()
        .find(|option| option.id == answer.option);
    option.is_some_and(|option| {
        let typed = |name: &String| answer.inputs.contains_key(name);
        option
            .inputs
            .iter()
            .all(|i| i.default.is_some() || typed(&i.name))
    })
}

fn step_of<'r>(releases: &'r [Release], id: &str) -> Option<&'r ReportedStep> {
    let mut steps = releases.iter().flat_map(|release| &release.steps);
    steps.find(|step| step.id == id)
}

/// Refuses an answer for which an input has to be typed yet: it decides nothing, and its question stays open.
fn is_complete_step(step: &ReportedStep, releases: &[Release]) -> Result<(), Vec<Refusal>> {
    let question = step.question.as_ref();
    let Some(lacking) = question.and_then(|question| question.lacking.as_ref()) else {
        return Ok(());
    };
    let name = releases.first().map_or("", |release| &release.called);
    Err(vec![
        *Reason::new(format!("the answer is not complete: {lacking}"))
            .next("Type what it asks for.")
            .of(name),
    ])
}

/// The releases, unless the decision just taken about a step is not complete.
fn check_complete(
    releases: Vec<Release>,
    about: &[usize],
    id: &str,
) -> Result<Vec<Release>, Vec<Refusal>> {
    for release in about.iter().filter_map(|at| releases.get(*at)) {
        if let Some(step) = step_of(std::slice::from_ref(release), id) {
            is_complete_step(step, &releases)?;
        }
    }
    Ok(releases)
}

/// True for a step to decide.
fn is_item(step: &ReportedStep) -> bool {
    match step.state {
        // What keeps the layers together is a consequence, and not for choice.
        _ if step.id == LAYERS => false,
        State::Open => true,
        State::Done => !step.changes.is_empty() || step.question.is_some(),
        State::Waiting | State::LeftOut => false,
    }
}

/// The needs of the steps of a route.
fn needs_of_steps(pack: &Pack, release: &Release) -> BTreeMap<String, Vec<String>> {
    // Where the chart becomes another one, versions of the two say nothing of each other.
    let is_on_route = |version: &semver::Version| {
        release.to_chart.is_some() || *version > release.from && *version <= release.to
    };
    let every = pack.every_migration().unwrap_or_default().into_iter();
    every
        .filter(|(version, _)| is_on_route(version))
        .flat_map(|(_, migration)| &migration.steps)
        .map(|step| (step.id.clone(), step.needs.clone()))
        .collect()
}

/// The files of two runs, from the one to the other.
fn files_between(without: &[Arc<ReportedFile>], with: &[Arc<ReportedFile>]) -> Vec<ReportedFile> {
    without
        .iter()
        .zip(with)
        .map(|(before, after)| ReportedFile {
            before: Arc::clone(&before.after),
            changed: before.after != after.after,
            // They belong to the texts: in another one they would hide something else, and show a secret.
            secrets: Secrets {
                before: before.secrets.after.clone(),
                after: after.secrets.after.clone(),
            },
            ..ReportedFile::clone(after)
        })
        .collect()
}

/// The files of releases, each once.
fn distinct_files(releases: &[Release]) -> Vec<Arc<ReportedFile>> {
    let mut files: Vec<Arc<ReportedFile>> = Vec::new();
    for file in releases.iter().flat_map(|release| &release.files) {
        if !files.iter().any(|other| Arc::ptr_eq(other, file)) {
            files.push(Arc::clone(file));
        }
    }
    files
}
