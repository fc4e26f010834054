//! A review: a person goes through the changes of a release one by one, and decides.
//!
//! A review knows no way of its own to change values. Every decision becomes an answer or a step to
//! leave out of a [`Request`], and the upgrade runs again; so what a review comes to is what
//! `refit upgrade` comes to with the same answers, by construction. What a step does is shown as the
//! difference between two runs: one with the step and one without it, both with everything decided so
//! far and with nothing that still waits for a decision.
//!
//! It loads nothing and writes nothing, and it does not know what a terminal is: [`talk`] speaks to a
//! [`person::Person`], and whoever implements that has the keyboard.

pub mod person;
pub mod record;
pub mod talk;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    migrate::{Answer, Answers},
    outcome::{Choice, Fate, File, LeafFate, Question, Refusal, Release, State, Step},
    pack::Pack,
    refusal::Reason,
    report::{
        Look,
        catalog::{self, StepPage},
    },
    upgrade::{Request, packs, upgrade},
};

/// What was decided about a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
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
    id: String,
    /// As it was before; a step that is left out may not be heard of again.
    step: Option<Step>,
    decision: Decision,
    /// Whether it was taken for all the rest, and not looked at by itself.
    together: bool,
    /// Decisions of one group are taken back together.
    group: usize,
}

/// A release under review.
#[derive(Debug)]
pub struct Review {
    /// The release alone, its versions pinned, without the answers and skips that are decided here.
    request: Request,
    /// Answers that were there before the review; they are suggestions.
    given_answers: Answers,
    /// Steps that were left out before the review; suggestions, too.
    given_skip: Vec<String>,
    /// Which steps a step needs, as its pack says.
    needs: BTreeMap<String, Vec<String>>,
    taken: Vec<Taken>,
    /// How it was known, and what it came to before anything was decided.
    start: Release,
    /// As everything is decided so far, and all that is undecided is in.
    full: Release,
}

/// A step that waits for a decision.
#[derive(Debug)]
pub struct Item {
    /// What it does, tells and asks.
    pub step: Step,
    /// Its number among all, from 1.
    pub number: usize,
    /// How many there are, as far as it can be known before questions are answered.
    pub of: usize,
    /// The texts without it and with it; for a question that has no answer, without its options.
    pub files: Vec<File>,
    /// Settings that nothing reads in the target if the step is left out.
    pub lost: Vec<String>,
    /// Steps not decided yet that need this one, and are left out with it.
    pub needed_by: Vec<String>,
    /// The option that is taken if nothing else is said, and what is typed for it.
    pub suggested: Option<Answer>,
    /// Whether it was left out before the review.
    pub was_skipped: bool,
}

/// How far the steps of a release came.
#[derive(Debug, Default)]
pub struct Tally<'r> {
    /// Done, with the answer if there was a question.
    pub accepted: Vec<(&'r Step, Option<&'r str>)>,
    /// Left out by a decision.
    pub skipped: Vec<&'r Step>,
    /// Open questions.
    pub open: Vec<&'r Step>,
    /// Steps that wait for them.
    pub waiting: Vec<&'r Step>,
}

impl Review {
    /// Begins the review of one release.
    ///
    /// # Errors
    ///
    /// What refused it.
    pub fn new(request: &Request, release: usize) -> Result<Self, Vec<Refusal>> {
        let mut request = Request {
            releases: request.releases.get(release).cloned().into_iter().collect(),
            accept_recommended: false,
            ..request.clone()
        };
        let start = one(&request)?;
        request.chart = Some(start.chart.clone());
        request.from = Some(start.from.clone());
        request.to = Some(start.to.clone());
        let needs = packs(&request)
            .ok()
            .and_then(|packs| packs.first().map(|pack| needs(pack, &start)))
            .unwrap_or_default();
        let given_answers = std::mem::take(&mut request.answers);
        let given_skip = std::mem::take(&mut request.selection.skip);
        request.selection.skip_known.clear();
        let full = start.clone();
        let mut review = Self {
            given_skip: given_skip.into_iter().chain(skipped(&start)).collect(),
            request,
            given_answers,
            needs,
            taken: Vec::new(),
            start,
            full,
        };
        review.full = review.run(&BTreeSet::new())?;
        Ok(review)
    }

    /// As it was before anything was decided, with how its version is known.
    #[must_use]
    pub fn start(&self) -> &Release {
        &self.start
    }

    /// What it comes to, with everything that is undecided done as far as it needs no answer. When
    /// [`Review::next`] has nothing left, this is the result.
    #[must_use]
    pub fn result(&self) -> &Release {
        &self.full
    }

    /// What it comes to if only what was accepted is done.
    ///
    /// # Errors
    ///
    /// If that is refused.
    pub fn so_far(&self) -> Result<Release, Vec<Refusal>> {
        let undecided = self.undecided().map(|step| step.id.clone()).collect();
        let mut release = self.run(&undecided)?;
        // What stays only because nothing was decided about it yet is not left behind.
        let left = |leaf: &LeafFate| leaf.fate == Fate::Left;
        release.ledger.retain(|leaf| {
            let same = |other: &&LeafFate| other.path == leaf.path && other.file == leaf.file;
            !left(leaf) || self.full.ledger.iter().find(same).is_some_and(left)
        });
        Ok(release)
    }

    /// What is asked for to come to the result again without a review.
    #[must_use]
    pub fn request(&self) -> Request {
        self.asking(&BTreeSet::new())
    }

    /// Whether anything was decided.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        !self.taken.is_empty()
    }

    /// The next step that waits for a decision.
    ///
    /// # Errors
    ///
    /// If what it does cannot be worked out.
    pub fn next(&self) -> Result<Option<Item>, Vec<Refusal>> {
        let waiting = |step: &&Step| step.state == State::Waiting;
        let waiting = self.full.steps.iter().filter(waiting).count();
        let Some(step) = self.undecided().next() else {
            return Ok(None);
        };
        let without = self.run(&self.left_aside(step, true))?;
        let with = self.with(step, None)?;
        let lost = without.steps.iter().find(|other| other.id == step.id);
        Ok(Some(Item {
            number: self.taken.len() + 1,
            of: self.taken.len() + self.undecided().count() + waiting,
            files: between(&without, &with),
            lost: lost.map(|step| step.because.clone()).unwrap_or_default(),
            needed_by: self.needed_by(&step.id),
            suggested: self.suggested(step),
            was_skipped: self.given_skip.contains(&step.id),
            step: step.clone(),
        }))
    }

    /// What an answer would do: the step with it, and the texts without the step and with it.
    ///
    /// # Errors
    ///
    /// If the answer is refused.
    pub fn try_answer(
        &self,
        item: &Item,
        answer: &Answer,
    ) -> Result<(Step, Vec<File>), Vec<Refusal>> {
        let without = self.run(&self.left_aside(&item.step, true))?;
        let with = self.with(&item.step, Some(answer))?;
        let step = with.steps.iter().find(|step| step.id == item.step.id);
        let step = step.unwrap_or(&item.step).clone();
        Ok((step, between(&without, &with)))
    }

    /// Takes a decision about a step.
    ///
    /// # Errors
    ///
    /// If the result would be refused; it is as if nothing had been decided then.
    pub fn decide(
        &mut self,
        id: &str,
        decision: Decision,
        together: bool,
    ) -> Result<(), Vec<Refusal>> {
        let before = self.taken.len();
        let with_it = if decision == Decision::Skip {
            self.needed_by(id)
        } else {
            Vec::new()
        };
        let group = match self.taken.last() {
            Some(last) if last.together && together => last.group,
            Some(last) => last.group + 1,
            None => 0,
        };
        let ids = std::iter::once(id.to_owned()).chain(with_it);
        let steps = &self.full.steps;
        self.taken.extend(ids.map(|id| Taken {
            step: steps.iter().find(|step| step.id == id).cloned(),
            id,
            decision: decision.clone(),
            together,
            group,
        }));
        match self.run(&BTreeSet::new()) {
            Ok(release) => {
                self.full = release;
                Ok(())
            }
            Err(refusals) => {
                self.taken.truncate(before);
                Err(refusals)
            }
        }
    }

    /// Takes back the last decision, or those that were taken together. Whether there was one.
    pub fn back(&mut self) -> bool {
        let Some(group) = self.taken.last().map(|last| last.group) else {
            return false;
        };
        self.taken.retain(|taken| taken.group != group);
        // What could be worked out with more decisions than these was worked out with these before.
        if let Ok(release) = self.run(&BTreeSet::new()) {
            self.full = release;
        }
        true
    }

    /// What would be lost if everything that is undecided were left out.
    ///
    /// # Errors
    ///
    /// If that is refused.
    pub fn lost_by_skipping_the_rest(&self) -> Result<Vec<String>, Vec<Refusal>> {
        let rest: BTreeSet<String> = self.undecided().map(|step| step.id.clone()).collect();
        let release = self.run(&rest)?;
        let lost = release
            .lost_by_leaving_out()
            .filter(|step| rest.contains(&step.id))
            .flat_map(|step| step.because.clone());
        Ok(lost.collect())
    }

    /// How far the steps came.
    #[must_use]
    pub fn tally(&self) -> Tally<'_> {
        let mut tally = Tally::default();
        for step in &self.full.steps {
            let answer = step.question.as_ref().and_then(|q| q.answer.as_deref());
            match step.state {
                State::Done if answer.is_some() || !step.changes.is_empty() => {
                    tally.accepted.push((step, answer));
                }
                State::Done => {}
                State::LeftOut => {}
                State::Open => tally.open.push(step),
                State::Waiting => tally.waiting.push(step),
            }
        }
        for taken in self.taken.iter().filter(|t| t.decision == Decision::Skip) {
            let now = self.full.steps.iter().find(|step| step.id == taken.id);
            tally.skipped.extend(now.or(taken.step.as_ref()));
        }
        tally
    }

    /// All that a step may do and ask, as its pack has it.
    #[must_use]
    pub fn explain(&self, step: &Step, look: Look) -> Option<String> {
        let packs = packs(&self.request).ok()?;
        let pack = packs.first()?;
        let migration = pack.migration(&step.version).ok()??;
        let found = migration.steps.iter().find(|other| other.id == step.id)?;
        let page = StepPage::new(&pack.info.chart, &step.version, found);
        Some(catalog::step(&page, look))
    }

    fn decision(&self, id: &str) -> Option<&Decision> {
        let taken = self.taken.iter().find(|taken| taken.id == id)?;
        Some(&taken.decision)
    }

    fn undecided(&self) -> impl Iterator<Item = &Step> {
        self.full
            .steps
            .iter()
            .filter(|step| is_item(step) && self.decision(&step.id).is_none())
    }

    /// The undecided steps that need this one, directly or not.
    fn needed_by(&self, id: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut next = vec![id.to_owned()];
        while let Some(id) = next.pop() {
            for step in self.undecided() {
                let needs = self.needs.get(&step.id);
                if needs.is_some_and(|needs| needs.contains(&id)) && !found.contains(&step.id) {
                    found.push(step.id.clone());
                    next.push(step.id.clone());
                }
            }
        }
        found
    }

    fn suggested(&self, step: &Step) -> Option<Answer> {
        let question = step.question.as_ref()?;
        let offered = |id: &str| question.options.iter().find(|option| option.id == id);
        if let Some(given) = self.given_answers.get(&step.id)
            && offered(&given.option).is_some()
        {
            return Some(given.clone());
        }
        let recommended = question.options.iter().find(|option| option.recommended)?;
        Some(answer(recommended))
    }

    /// What is left aside to look at a step: all that waits for a decision, and the step itself if it
    /// shall be seen without it. What the step needs is not left aside.
    fn left_aside(&self, step: &Step, and_itself: bool) -> BTreeSet<String> {
        let mut needed: Vec<&str> = Vec::new();
        let mut next = vec![step.id.as_str()];
        while let Some(id) = next.pop() {
            for id in self.needs.get(id).into_iter().flatten() {
                if !needed.contains(&id.as_str()) {
                    needed.push(id);
                    next.push(id);
                }
            }
        }
        self.undecided()
            .map(|other| other.id.as_str())
            .filter(|id| !needed.contains(id))
            .filter(|id| and_itself || *id != step.id)
            .map(str::to_owned)
            .collect()
    }

    /// The release with a step, and with an answer to its question.
    fn with(&self, step: &Step, answer: Option<&Answer>) -> Result<Release, Vec<Refusal>> {
        let mut request = self.asking(&self.left_aside(step, false));
        if let Some(answer) = answer {
            request.answers.insert(step.id.clone(), answer.clone());
        } else if step.question.is_some() {
            request.answers.remove(&step.id);
        }
        self.checked(&request)
    }

    fn asking(&self, left_aside: &BTreeSet<String>) -> Request {
        let mut request = self.request.clone();
        let skip = &mut request.selection.skip;
        skip.extend(left_aside.iter().cloned());
        for taken in &self.taken {
            match &taken.decision {
                Decision::Skip if !skip.contains(&taken.id) => skip.push(taken.id.clone()),
                Decision::Answer(answer) => {
                    request.answers.insert(taken.id.clone(), answer.clone());
                }
                _ => {}
            }
        }
        request
    }

    fn run(&self, left_aside: &BTreeSet<String>) -> Result<Release, Vec<Refusal>> {
        self.checked(&self.asking(left_aside))
    }

    fn checked(&self, request: &Request) -> Result<Release, Vec<Refusal>> {
        let release = one(request)?;
        let same = |(now, then): (&Arc<File>, &Arc<File>)| now.before == then.before;
        if release.files.len() != self.start.files.len()
            || !release.files.iter().zip(&self.start.files).all(same)
        {
            let name = self.start.files.first().map_or("", |file| &file.name);
            return Err(vec![
                *Reason::new("the file has changed since the review began")
                    .why("The decisions so far were taken on another text.")
                    .next("Begin the review again.")
                    .of(name),
            ]);
        }
        Ok(release)
    }
}

/// The answer that chooses an option, and types its defaults.
#[must_use]
pub fn answer(option: &Choice) -> Answer {
    let inputs = option.inputs.iter();
    Answer {
        option: option.id.clone(),
        inputs: inputs
            .filter_map(|input| Some((input.name.clone(), input.default.clone()?)))
            .collect(),
        evidence: None,
    }
}

/// Whether an answer leaves nothing to type.
#[must_use]
pub fn is_complete(answer: &Answer, question: &Question) -> bool {
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

/// Runs the upgrade of one release.
fn one(request: &Request) -> Result<Release, Vec<Refusal>> {
    let mut outcome = upgrade(request);
    match outcome.releases.pop() {
        Some(release) if outcome.refused.is_empty() => Ok(release),
        _ => Err(outcome.refused),
    }
}

fn skipped(release: &Release) -> Vec<String> {
    let left_out = release.steps.iter().filter(|s| s.state == State::LeftOut);
    left_out.map(|step| step.id.clone()).collect()
}

/// Whether a step is something to decide.
fn is_item(step: &Step) -> bool {
    match step.state {
        State::Open => true,
        State::Done => !step.changes.is_empty() || step.question.is_some(),
        State::Waiting | State::LeftOut => false,
    }
}

/// What the steps of a route need.
fn needs(pack: &Pack, release: &Release) -> BTreeMap<String, Vec<String>> {
    let route = pack
        .migrated_versions()
        .filter(|version| **version > release.from && **version <= release.to);
    route
        .filter_map(|version| pack.migration(version).ok().flatten())
        .flat_map(|migration| &migration.steps)
        .map(|step| (step.id.clone(), step.needs.clone()))
        .collect()
}

/// The files of two runs, from the one to the other.
fn between(without: &Release, with: &Release) -> Vec<File> {
    let files = without.files.iter().zip(&with.files);
    files
        .map(|(before, after)| File {
            before: Arc::clone(&before.after),
            changed: before.after != after.after,
            ..File::clone(after)
        })
        .collect()
}
