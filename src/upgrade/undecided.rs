//! Which facts depend on questions that nobody answered.
//!
//! Facts are stated of the values as they would be now, and a step with an open question did nothing yet. So what
//! is stated may be what no answer leads to: a team without a way out of its cluster would read that the public
//! registry is used. Whether a fact is decided is tried: the migrations run once with each option that could be
//! answered, and a fact that comes out otherwise is open. Values alone are migrated for it, no text.
//!
//! Where an option needs something to be typed, any text stands in for it that is allowed there; a fact that shows
//! it differs, which is right. It never changes what is migrated.

use crate::{
    facts,
    migrate::{Answer, Answers, Decision, together::migrate_layers},
    outcome::FactChange,
    values::view::View,
};

use super::release::Worked;

/// The texts in place of an input that a person would have to type, until one is allowed.
const ANYTHING: [&str; 6] = [
    "undecided",
    "1",
    "s3://undecided/x",
    "http://undecided",
    "1Gi",
    "0.0.0",
];

/// Notes the open questions that decide what facts are afterwards.
pub(super) fn mark(worked: &Worked<'_>, told: &mut [FactChange]) {
    // Each trial is a migration of its own, so none is made where there is nothing to find out.
    if told.is_empty() {
        return;
    }
    let steps = worked.migrated.steps.iter();
    let open = steps.filter_map(|step| {
        let decision = step.decision.as_ref()?;
        decision.answer.is_none().then_some(decision)
    });
    for decision in open.collect::<Vec<_>>() {
        for option in 0..decision.options.len() {
            if told.iter().all(|fact| fact.open.contains(&decision.id)) {
                break;
            }
            let Some(after) = with_option(worked, decision, option) else {
                continue;
            };
            for fact in told.iter_mut() {
                let other = after.iter().find(|(title, _)| *title == fact.title);
                let same = other.and_then(|(_, text)| text.as_ref()) == fact.after.as_ref();
                if !same && !fact.open.contains(&decision.id) {
                    fact.open.push(decision.id.clone());
                }
            }
        }
    }
}

/// The facts afterwards if this option were chosen; nothing where that cannot be tried.
fn with_option(
    worked: &Worked<'_>,
    decision: &Decision,
    option: usize,
) -> Option<Vec<(String, Option<String>)>> {
    let Worked { plan, views, .. } = worked;
    let offer = &decision.options[option];
    let mut inputs = std::collections::BTreeMap::new();
    for input in offer.inputs.iter().filter(|input| input.default.is_none()) {
        let mut allowed = ANYTHING.iter().filter(|text| input.check(text).is_ok());
        inputs.insert(input.name.clone(), (*allowed.next()?).to_owned());
    }
    let mut answers: Answers = worked.answers.clone();
    let answer = Answer {
        option: offer.id.clone(),
        inputs,
        evidence: None,
    };
    answers.insert(decision.id.clone(), answer);
    let layers: Vec<&View<'_>> = views.iter().collect();
    let migrated = migrate_layers(&layers, plan, &answers, worked.accept_recommended).ok()?;
    facts::afterwards(views, &migrated.layers, plan).ok()
}
