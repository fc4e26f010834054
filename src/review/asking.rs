//! What a review asks the upgrade for: its decisions as answers and steps to leave out, for one release
//! or for all, and with what still waits for a decision left aside.

use std::collections::BTreeSet;

use super::{Review, StepDecision, StepKey, distinct_files};
use crate::{
    detach,
    migrate::Answer,
    outcome::{Refusal, Release, ReportedStep},
    questions::{DETACH, Stage, stage},
    refusal::Reason,
    upgrade::{self, Request},
};

impl Review {
    /// The release with a step, and with an answer to its question; all releases, if it is about what
    /// they share.
    pub(super) fn run_with_step(
        &self,
        release: usize,
        step: &ReportedStep,
        answer: Option<&Answer>,
    ) -> Result<Vec<Release>, Vec<Refusal>> {
        let mut request = self.request_without(&self.left_aside(release, step, false), true);
        let answers = request
            .answers_of
            .entry(self.names[release].clone())
            .or_default();
        if let Some(answer) = answer {
            answers.insert(step.id.clone(), answer.clone());
        // A question is looked at open, whatever was decided about it before.
        } else if step.question.is_some() {
            answers.remove(&step.id);
        }
        match stage(&step.id) {
            Stage::Together => self.run_all(&request),
            _ => Ok(vec![self.run_alone(release, &request)?]),
        }
    }

    /// The request with every decision so far. `to_look` assumes that copies may be written in place of aliases as long
    /// as that is not decided, because without it no edit could be shown.
    pub(super) fn request_without(&self, left_aside: &BTreeSet<StepKey>, to_look: bool) -> Request {
        let mut request = self.request.clone();
        for (release, id) in left_aside {
            let skip = request
                .skip_of
                .entry(self.names[*release].clone())
                .or_default();
            skip.push(id.clone());
        }
        for (release, name) in self.names.iter().enumerate() {
            if to_look && self.decision_on(release, DETACH).is_none() {
                let answers = request.answers_of.entry(name.clone()).or_default();
                answers.insert(DETACH.to_owned(), detach::copies());
            }
        }
        for taken in &self.taken {
            let name = &self.names[taken.about[0]];
            match &taken.decision {
                StepDecision::Skip => {
                    let skip = request.skip_of.entry(name.clone()).or_default();
                    if !skip.contains(&taken.id) {
                        skip.push(taken.id.clone());
                    }
                }
                StepDecision::Answer(answer) => {
                    let answers = request.answers_of.entry(name.clone()).or_default();
                    answers.insert(taken.id.clone(), answer.clone());
                }
                _ => {}
            }
        }
        request
    }

    /// All releases.
    pub(super) fn run_all(&self, request: &Request) -> Result<Vec<Release>, Vec<Refusal>> {
        let names = self.names.iter().cloned().collect();
        let outcome = upgrade::run(request, &self.material, Some(&names));
        match outcome.refused.is_empty() && outcome.releases.len() == self.names.len() {
            true => Ok(outcome.releases),
            false => Err(outcome.refused),
        }
    }

    /// One release, as if no other shared anything with it.
    pub(super) fn run_alone(
        &self,
        release: usize,
        request: &Request,
    ) -> Result<Release, Vec<Refusal>> {
        let names = BTreeSet::from([self.names[release].clone()]);
        let mut outcome = upgrade::run(request, &self.material, Some(&names));
        match outcome.releases.pop() {
            Some(release) if outcome.refused.is_empty() => Ok(release),
            _ => Err(outcome.refused),
        }
    }

    /// The files must still be what they were when they were read.
    pub(super) fn same_files(&self) -> Result<(), Vec<Refusal>> {
        for file in distinct_files(&self.start) {
            let Some(path) = &file.path else { continue };
            if std::fs::read(path).ok().as_deref() != Some(file.before.as_bytes()) {
                return Err(vec![
                    *Reason::new("the file has changed since the review began")
                        .why("The decisions so far were taken on another text.")
                        .next("Begin the review again.")
                        .of(&file.name),
                ]);
            }
        }
        Ok(())
    }
}
