//! The judge: a second interpreter of steps, written from the section "What a step means" of
//! `docs/packs.md` alone.
//!
//! It works on plain trees of JSON, slowly and in the words of that page: no text, no layers, no record of
//! where a value comes from. It shares nothing with refit but the parser of paths; even packs are read
//! again, from their files. What it comes to must be what refit writes (`judged.rs`). Never make it agree
//! by looking at how refit does it: if the page does not say what is right, the page is to be made clearer.

mod expression;
mod paths;
mod place;
mod read;
mod steps;

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

pub use read::Pack;

/// A tree of values.
pub type Tree = Map<String, Json>;

/// What a person answers to a step's question.
#[derive(Clone, Debug)]
pub struct Answer {
    pub option: String,
    /// What was typed.
    pub inputs: BTreeMap<String, String>,
}

/// Something that only a person can decide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// The question of a step.
    Step(String),
    /// Something is put where the old chart read another value: the place.
    LiveKey(String),
}

/// Answers, by the step; for a value that is in the way, by `live-key/PLACE`.
pub type Answers = BTreeMap<String, Answer>;

/// How a run ends.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// With these values; and with what was asked, answered or not.
    Values { values: Tree, asked: Vec<Asked> },
    /// Two steps put different values at one place.
    Clash,
    /// What was put into `global` does not count, for the chart above says something else there.
    HandedDown,
    /// An expression cannot be worked out.
    Error(String),
}

impl Verdict {
    /// It in words.
    pub fn shown(&self) -> String {
        match self {
            Self::Values { values, asked } => {
                format!("{} with {asked:?} asked", Json::Object(values.clone()))
            }
            Self::Clash => "two writes differ".to_owned(),
            Self::HandedDown => "the chart above has another `global`".to_owned(),
            Self::Error(message) => format!("an error: {message}"),
        }
    }
}

/// Why a migration does not come to values.
enum Stop {
    Clash,
    HandedDown,
    Error(String),
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Self::Error(message)
    }
}

/// Takes values from one version of the chart to another.
pub fn judge(
    pack: &Pack,
    values: &Tree,
    from: &semver::Version,
    to: &semver::Version,
    answers: &Answers,
) -> Verdict {
    judge_under(pack, values, None, from, to, answers)
}

/// The same for the values of a sub-chart: `root` is the `global` of the chart above it.
pub fn judge_under(
    pack: &Pack,
    values: &Tree,
    root: Option<&Json>,
    from: &semver::Version,
    to: &semver::Version,
    answers: &Answers,
) -> Verdict {
    match steps::run(pack, values, root, from, to, answers) {
        Ok((values, asked)) => Verdict::Values { values, asked },
        Err(Stop::Clash) => Verdict::Clash,
        Err(Stop::HandedDown) => Verdict::HandedDown,
        Err(Stop::Error(message)) => Verdict::Error(message),
    }
}
