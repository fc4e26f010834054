//! An outcome without its secrets.
//!
//! Every report that leaves the terminal is made of this copy and never of the outcome itself, so that a
//! report cannot show what it forgot to mask. The texts of the files are as they were: whoever shows a
//! line of them asks what is hidden in it ([`super::difference`]). It must not change what is compared:
//! digests, paths and names stay, and releases that share a file still do.

use std::{collections::HashMap, sync::Arc};

use super::{Masker, secrets::MASK};
use crate::outcome::{Outcome, Refusal, Release, ReportedFile, ReportedQuestion, ReportedStep};

impl Masker {
    /// The outcome as a report may show it: whole, if nothing is masked.
    #[must_use]
    pub fn mask_outcome(&self, outcome: &Outcome) -> Outcome {
        let mut outcome = outcome.clone();
        if self.is_on() {
            mask_in_place(self, &mut outcome);
        }
        outcome
    }

    /// A release as a report may show it.
    #[must_use]
    pub(super) fn mask_release(&self, release: &Release) -> Release {
        let mut release = release.clone();
        if self.is_on() {
            mask_release(self, &mut release, &mut HashMap::new());
        }
        release
    }

    /// A refusal as a report may show it.
    #[must_use]
    pub(super) fn mask_refusal(&self, refusal: &Refusal) -> Refusal {
        let mut refusal = refusal.clone();
        let hidden = refusal.hidden.take();
        if !self.is_on() {
            return refusal;
        }
        let mut excerpt = refusal.excerpt.take();
        let mut secrets = Vec::new();
        if let Some(hidden) = hidden {
            excerpt = Some(hidden.excerpt);
            secrets = hidden.secrets;
        }
        let sentences = [
            Some(&mut refusal.what),
            refusal.why.as_mut(),
            refusal.next.as_mut(),
        ];
        for sentence in sentences.into_iter().flatten() {
            // Of a file that could not be read no secrets are known to the masker, so the refusal brings its
            // own.
            for secret in &secrets {
                *sentence = sentence.replace(secret, MASK);
            }
            *sentence = self.mask_text(sentence);
        }
        refusal.excerpt = excerpt.map(|excerpt| {
            let lines: Vec<String> = excerpt
                .split('\n')
                .map(|line| self.mask_line(line))
                .collect();
            lines.join("\n")
        });
        refusal
    }
}

fn mask_in_place(masker: &Masker, outcome: &mut Outcome) {
    // The outcome that this is a copy of holds the files, so that no address is used twice.
    let mut files: HashMap<*const ReportedFile, Arc<ReportedFile>> = HashMap::new();
    for release in &mut outcome.releases {
        mask_release(masker, release, &mut files);
    }
    if let Some(since) = &mut outcome.since {
        let notes = since.notes.iter_mut();
        notes.for_each(|note| note.text = masker.mask_text(&note.text));
    }
    for refusal in &mut outcome.refused {
        *refusal = masker.mask_refusal(refusal);
    }
}

/// `files` are those of releases before it: what shares a file still does.
fn mask_release(
    masker: &Masker,
    release: &mut Release,
    files: &mut HashMap<*const ReportedFile, Arc<ReportedFile>>,
) {
    let text = |text: &mut String| *text = masker.mask_text(text);
    let lines = |text: &mut String| {
        *text = text
            .split('\n')
            .map(|line| masker.mask_line(line))
            .collect::<Vec<_>>()
            .join("\n");
    };
    release
        .evidence
        .iter_mut()
        .for_each(|clue| text(&mut clue.why));
    release
        .chart_told_by
        .iter_mut()
        .for_each(|sign| text(&mut sign.why));
    for file in &mut release.files {
        let masked = files.entry(Arc::as_ptr(file)).or_insert_with(|| {
            let mut file = ReportedFile::clone(file);
            file.removed_comments.iter_mut().for_each(lines);
            Arc::new(file)
        });
        *file = Arc::clone(masked);
    }
    for step in &mut release.steps {
        mask_step(masker, step);
    }
    release
        .notices
        .iter_mut()
        .chain(&mut release.stale)
        .for_each(|notice| text(&mut notice.text));
    for fact in &mut release.facts {
        let sides = [&mut fact.before, &mut fact.after];
        sides.into_iter().flatten().for_each(text);
    }
    release
        .checklist
        .iter_mut()
        .for_each(|task| text(&mut task.text));
}

fn mask_step(masker: &Masker, step: &mut ReportedStep) {
    let text = |text: &mut String| *text = masker.mask_text(text);
    text(&mut step.title);
    step.why.iter_mut().for_each(text);
    step.tell.iter_mut().for_each(|told| text(&mut told.text));
    for change in &mut step.changes {
        // A value may come from a key that says it is secret and go to one that does not.
        let places = [Some(&change.path), change.to.as_ref()];
        for place in places.into_iter().flatten().chain(&change.from) {
            masker.mask_json(place, &mut change.value);
        }
    }
    if let Some(question) = &mut step.question {
        mask_question(masker, question);
    }
}

fn mask_question(masker: &Masker, question: &mut ReportedQuestion) {
    let text = |text: &mut String| *text = masker.mask_text(text);
    text(&mut question.text);
    question.lacking.iter_mut().for_each(text);
    for evidence in &mut question.evidence {
        let texts = [&mut evidence.value, &mut evidence.remark];
        for text in texts.into_iter().flatten() {
            *text = masker.mask_value(&evidence.path, text);
        }
    }
    for (name, value) in &mut question.inputs {
        *value = masker.mask_value(name, value);
    }
    for option in &mut question.options {
        text(&mut option.title);
        for input in &mut option.inputs {
            text(&mut input.title);
            if let Some(default) = &mut input.default {
                *default = masker.mask_value(&input.name, default);
            }
        }
    }
}
