//! Cards that are the same in several releases: what was decided about one is offered for all of them.
//!
//! Two cards are the same if they say and ask the same and change the same lines. Names of files, numbers of lines and
//! the unchanged lines around a change may differ. Nothing is decided by itself: a person has to ask for it once, and
//! what was done so is said release by release.

use std::collections::{HashMap, HashSet};

use super::Talk;
use crate::{
    report::{content, review as show},
    review::{Review, StepDecision, UndecidedStep},
};

/// The decisions about cards, by the visible content of the cards.
#[derive(Default)]
pub(super) struct CardDecisions {
    known: HashMap<String, (StepDecision, String)>,
    /// Cards whose decision is taken again without a question.
    everywhere: HashSet<String>,
}

impl Talk<'_> {
    /// Remembers what was decided about a card.
    pub(super) fn remember_decision(
        &mut self,
        review: &Review,
        item: &UndecidedStep,
        decision: &StepDecision,
    ) {
        // What was accepted with all the rest is no decision about this card.
        if self.several && !self.accepting {
            let name = show::releases_of(item, review.start());
            let known = (decision.clone(), name);
            self.decided.known.insert(visible_text(item), known);
        }
    }

    /// For which release the same card was decided, and how, in words.
    pub(super) fn decided_before(&self, item: &UndecidedStep) -> Option<(&str, String)> {
        // A step that was skipped before has a suggestion of its own.
        if !self.several || item.was_skipped {
            return None;
        }
        let (decision, name) = self.decided.known.get(&visible_text(item))?;
        let how = match decision {
            StepDecision::Accept => "accepted".to_owned(),
            StepDecision::Skip => "skipped".to_owned(),
            StepDecision::Answer(answer) => format!("answered {}", answer.option),
            StepDecision::Open => return None,
        };
        Some((name, how))
    }

    /// From now on the decision about this card is taken again wherever it is the same.
    pub(super) fn decide_everywhere(&mut self, item: &UndecidedStep) {
        self.decided.everywhere.insert(visible_text(item));
    }

    /// Decides a card as the same one was decided, if a person asked for that. Whether it is decided.
    pub(super) fn decided_again(&mut self, review: &mut Review, item: &UndecidedStep) -> bool {
        if self.decided.everywhere.is_empty() {
            return false;
        }
        let key = visible_text(item);
        if !self.decided.everywhere.contains(&key) {
            return false;
        }
        let Some((name, how)) = self.decided_before(item) else {
            return false;
        };
        let text = format!("{how} as for {name}: {}", item.step.id);
        let Some((decision, _)) = self.decided.known.get(&key).cloned() else {
            return false;
        };
        let done = review.decide(item, decision, true).is_ok();
        if done {
            let about = show::releases_of(item, review.start());
            self.show_sentence(&format!("{about}: {text}"));
        }
        done
    }
}

/// The visible content of a card.
fn visible_text(item: &UndecidedStep) -> String {
    let step = &item.step;
    let told: Vec<&str> = step.tell.iter().map(|told| told.text.as_str()).collect();
    let asked = step.question.as_ref().map(|question| {
        let evidence = question.evidence.iter();
        let evidence: Vec<_> = evidence.map(|it| (&it.path, it.recorded())).collect();
        (&question.text, &question.options, evidence)
    });
    let said = format!(
        "{:?}",
        (
            (&step.id, &step.version, &step.title, &step.why),
            (told, asked, step.state),
            (
                &item.lost,
                &item.needed_by,
                &item.suggested,
                item.about.len()
            ),
        )
    );
    content::visible_text(&said, &item.files)
}
