//! How far the steps of a release came: what was accepted, what was skipped, what is open.

use super::{Review, StepDecision, Tally};
use crate::{outcome::State, questions::LAYERS};

impl Review {
    /// The steps of a release by their state, by its number. A step of several releases counts for the first of them.
    #[must_use]
    pub fn tally(&self, release: usize) -> Tally<'_> {
        let mut tally = Tally::default();
        let Some(full) = self.full.get(release) else {
            return tally;
        };
        for step in &full.steps {
            if step.id == LAYERS || self.releases_about(release, step).first() != Some(&release) {
                continue;
            }
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
        let skipped = self.taken.iter().filter(|taken| {
            taken.decision == StepDecision::Skip && taken.about.first() == Some(&release)
        });
        for taken in skipped {
            // A step that was left out may not be in the result at all.
            let now = full.steps.iter().find(|step| step.id == taken.id);
            tally.skipped.extend(now.or(taken.step.as_ref()));
        }
        tally
    }
}
