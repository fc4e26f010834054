//! The question that a text itself asks: an edit would go through an alias or a merge key, or be followed
//! by an alias that is to stay as it is.
//!
//! What stands behind `*name` or `<<` is written once and used in several places; to change one of them
//! its place needs a copy of its own. That makes the file longer and cuts the tie between the places, so
//! it is not refit's to decide. It is asked like the question of a step, once for a release, and while
//! it is open the files of the release stay as they are.
//!
//! Nothing here knows what the steps did, or how text is edited.

use semver::Version;

use crate::{
    edit::Shared,
    migrate::{
        Answer, Answers, Decision, DecisionValue, Fate, MigrateError, Migrated, Offer, StepReport,
        StepState, TextPlace,
    },
    questions::{DETACH, title},
};

/// The option that writes copies.
const COPY: &str = "copy";
/// The option that leaves the release alone.
const REFUSE: &str = "refuse";

/// Places of one layer that come from anchors.
#[derive(Debug)]
pub struct SharedPlace {
    /// The layer, counted from the first one given.
    pub layer: usize,
    /// `FILE:LINE` of the alias or the merge key.
    pub at: String,
    /// The place.
    pub shared: Shared,
}

/// The decision about copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyDecision {
    /// Nothing yet.
    Open,
    /// Copies may be written.
    Copy,
    /// The release is to be left alone.
    Refuse,
}

/// The answer, before it is known whether it will be asked.
#[must_use]
pub fn choice(decision: &Decision) -> CopyDecision {
    match decision.chosen() {
        Some(COPY) => CopyDecision::Copy,
        Some(_) => CopyDecision::Refuse,
        None => CopyDecision::Open,
    }
}

/// Puts the question, and looks for its answer.
///
/// # Errors
///
/// If the answer is none of the options, has inputs, or was given for other places.
pub fn decide(
    places: &[SharedPlace],
    answers: &Answers,
    accept_recommended: bool,
) -> Result<Decision, MigrateError> {
    let one = places.len() == 1;
    let named: Vec<String> = places
        .iter()
        .map(|place| format!("{} ({})", place.at, stands_for(&place.shared)))
        .collect();
    let copy = Offer::plain(
        COPY,
        if one {
            "Write a copy of the anchored values in its place, so that each can differ"
        } else {
            "Write copies of the anchored values in their places, so that each can differ"
        },
    );
    let mut decision = Decision::new(
        DETACH,
        format!(
            "Values at {} are shared with other places, and not all of them change alike. Write {} there?",
            named.join(" and "),
            if one { "a copy" } else { "copies" }
        ),
        places.iter().map(evidence).collect(),
        vec![
            Offer {
                recommended: true,
                ..copy
            },
            Offer::plain(REFUSE, "Leave all files of this release as they are"),
        ],
    );
    let given = match answers.get(DETACH) {
        Some(answer) => answer.clone(),
        None if accept_recommended => copies(),
        None => return Ok(decision),
    };
    decision.accept(given)?;
    Ok(decision)
}

fn evidence(place: &SharedPlace) -> DecisionValue {
    let source = TextPlace {
        layer: place.layer,
        path: place.shared.path.clone(),
        node: place.shared.node,
        direct: true,
    };
    DecisionValue::remark(
        &place.shared.path.to_string(),
        stands_for(&place.shared),
        Some(source),
    )
}

fn stands_for(shared: &Shared) -> String {
    let aliases: Vec<String> = shared
        .anchors
        .iter()
        .map(|name| format!("*{name}"))
        .collect();
    aliases.join(", ")
}

/// The answer that lets copies be written.
#[must_use]
pub fn copies() -> Answer {
    Answer {
        option: COPY.to_owned(),
        ..Answer::default()
    }
}

/// Adds the question to what the migrations came to. While it is open, nothing they did is done.
pub fn add_question(
    migrated: &mut Migrated,
    decision: Decision,
    version: &Version,
    places: &[SharedPlace],
) {
    let open = decision.answer.is_none();
    if open {
        for step in &mut migrated.steps {
            if step.state == StepState::Done && !step.changes.is_empty() {
                step.state = StepState::Waiting(vec![DETACH.to_owned()]);
                step.changes.clear();
            }
        }
        for leaf in &mut migrated.ledger.entries {
            if leaf.fate != Fate::Left {
                leaf.fate = Fate::Held;
                leaf.to.clear();
                leaf.step = Some(DETACH.to_owned());
            }
        }
    }
    let copied = places.iter().map(|place| {
        let what = stands_for(&place.shared);
        format!(
            "{}: a copy stands in place of {what}; a change of one no longer changes the other.",
            place.at
        )
    });
    migrated.steps.push(StepReport {
        tell: if open {
            Vec::new()
        } else {
            copied.map(Into::into).collect()
        },
        ..StepReport::asking(version, title(DETACH), decision)
    });
}
