//! Decisions: what only a person can know, and what they said.
//!
//! An answer names a step and an option and holds what was typed. It may carry the evidence it was given
//! for; if the values differ now, it is refused, so that one team's answer never reaches another's files.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{error::MigrateError, node::TextPlace};
use crate::{
    pack::{Choice, PackError, Question, Scope, expr},
    values::{Path, Segment, Value},
};

/// Everything that was answered, by decision.
pub type Answers = BTreeMap<String, Answer>;

/// One answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The option.
    pub option: String,
    /// The inputs that were typed for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, String>,
    /// The values that it was given for, by name, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<IndexMap<String, String>>,
}

/// A question, with its evidence, its options and its answer.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The id: that of its step.
    pub id: String,
    /// The question, in one sentence.
    pub question: String,
    /// The values that the question is about.
    pub evidence: Vec<DecisionValue>,
    /// The options that can be answered.
    pub options: Vec<Offer>,
    /// The answer, with every input filled in; `None` if the question is open.
    pub answer: Option<Answer>,
    /// The reason for which a given answer does not do yet.
    pub lacking: Option<String>,
}

/// A value that a question is about.
#[derive(Debug, Clone)]
pub struct DecisionValue {
    /// The path that was looked at.
    pub path: String,
    /// The effective value; `None` if it is not set.
    pub value: Option<Value>,
    /// A remark that counts in place of the value.
    pub remark: Option<String>,
    /// The place in the text.
    pub source: Option<TextPlace>,
}

impl DecisionValue {
    /// A value, with its place in the text.
    #[must_use]
    pub fn value(path: &str, value: Option<Value>, source: Option<TextPlace>) -> Self {
        Self {
            path: path.to_owned(),
            value,
            remark: None,
            source,
        }
    }

    /// A remark about a setting, where its value tells nothing.
    #[must_use]
    pub fn remark(path: &str, remark: String, source: Option<TextPlace>) -> Self {
        Self {
            path: path.to_owned(),
            value: None,
            remark: Some(remark),
            source,
        }
    }
}

/// An option that can be chosen here.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The id.
    pub id: String,
    /// The effect of choosing it.
    pub title: String,
    /// True if it is recommended.
    pub recommended: bool,
    /// The inputs that must be typed.
    pub inputs: Vec<OfferedInput>,
}

impl Offer {
    /// An option for which nothing has to be typed, and which is not recommended.
    #[must_use]
    pub fn plain(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            recommended: false,
            inputs: Vec::new(),
        }
    }
}

/// Something to type for an option.
#[derive(Debug, Clone)]
pub struct OfferedInput {
    /// The name.
    pub name: String,
    /// The text to type.
    pub title: String,
    /// A regular expression that the whole text must match.
    pub matches: Option<String>,
    /// True for a comma-separated list.
    pub list: bool,
    /// The text that is taken if nothing is typed.
    pub default: Option<String>,
}

impl OfferedInput {
    /// Checks what was typed.
    ///
    /// # Errors
    ///
    /// A sentence that says what is expected.
    pub fn check(&self, text: &str) -> Result<(), String> {
        let parts: Vec<&str> = if self.list {
            text.split(',').map(str::trim).collect()
        } else {
            vec![text]
        };
        if parts.iter().any(|part| part.trim().is_empty()) {
            return Err(format!("{}: it must not be empty", self.title));
        }
        let Some(pattern) = &self.matches else {
            return Ok(());
        };
        // The group keeps a pattern with alternatives from being anchored at one end of each only.
        let regex = regex::Regex::new(&format!("^(?:{pattern})$")).map_err(|e| e.to_string())?;
        match parts.iter().find(|part| !regex.is_match(part)) {
            Some(part) => Err(format!(
                "{}: `{part}` does not look like one (it must match {pattern})",
                self.title
            )),
            None => Ok(()),
        }
    }

    /// The typed text, as a value for expressions.
    #[must_use]
    pub fn value(&self, text: &str) -> Value {
        if self.list {
            Value::List(
                text.split(',')
                    .map(|part| Value::String(part.trim().to_owned()))
                    .collect(),
            )
        } else {
            Value::String(text.to_owned())
        }
    }
}

/// The id of a question that is put for each place: that of its kind, and the place behind a slash.
///
/// It has no dot, `=` or colon, which have a meaning of their own where answers are given.
pub(super) fn scoped(id: &str, place: &Path) -> String {
    let mut scoped = id.to_owned();
    for segment in place.segments() {
        let text = match segment {
            Segment::Key(key) => key.clone(),
            other => Path::new(vec![other.clone()]).to_string(),
        };
        scoped.push('/');
        for c in text.chars() {
            if c.is_control() || c.is_whitespace() || "%/.=:,".contains(c) {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    scoped.push_str(&format!("%{byte:02X}"));
                }
            } else {
                scoped.push(c);
            }
        }
    }
    scoped
}

/// The result of a question: the options offered, and the one chosen with its inputs.
pub(super) struct Decided<'p> {
    pub decision: Decision,
    pub chosen: Option<(&'p Choice, Vec<(String, Value)>)>,
}

/// Puts a question, and looks for its answer. One of a step that is done for several matches has the captures of
/// its match in its id; what is answered to the step is for each match that has no answer of its own.
pub(super) fn decide<'p>(
    (step, one_of): (&str, Option<&[String]>),
    question: &'p Question,
    evidence: Vec<DecisionValue>,
    offered: &[&'p Choice],
    scope: &Scope<'_>,
    answers: &Answers,
    accept_recommended: bool,
) -> Result<Decided<'p>, StepError> {
    let offers = offered
        .iter()
        .map(|choice| offer(choice, scope))
        .collect::<Result<Vec<_>, _>>()?;
    let id = match one_of {
        Some(captures) => scoped(step, &Path::keys(captures.iter().map(String::as_str))),
        None => step.to_owned(),
    };
    let mut decision = Decision::new(&id, scope.fill(&question.text)?, evidence, offers);
    let given = match answers.get(&id).or_else(|| answers.get(step)) {
        Some(answer) => Some(answer.clone()),
        None if accept_recommended => decision
            .options
            .iter()
            // Nobody can recommend what has to be typed, so such an option is not taken for a person.
            .find(|offer| offer.recommended && offer.inputs.iter().all(|i| i.default.is_some()))
            .map(|offer| Answer {
                option: offer.id.clone(),
                ..Answer::default()
            }),
        None => None,
    };
    let chosen = match given {
        Some(given) => decision.accept(given)?,
        None => None,
    };
    let chosen = chosen.map(|(index, inputs)| (offered[index], inputs));
    Ok(Decided { decision, chosen })
}

/// The inputs of an option that were typed, by name.
pub type Typed = Vec<(String, Value)>;

impl Decision {
    /// A question that is open.
    #[must_use]
    pub fn new(
        id: &str,
        question: String,
        evidence: Vec<DecisionValue>,
        options: Vec<Offer>,
    ) -> Self {
        Self {
            id: id.to_owned(),
            question,
            evidence,
            options,
            answer: None,
            lacking: None,
        }
    }

    /// The id of the option that was chosen; `None` while the question is open.
    #[must_use]
    pub fn chosen(&self) -> Option<&str> {
        self.answer.as_ref().map(|answer| answer.option.as_str())
    }

    /// Takes the answer that was given to it, if one was.
    ///
    /// # Errors
    ///
    /// Those of [`accept`](Self::accept).
    pub fn look_up(&mut self, answers: &Answers) -> Result<(), MigrateError> {
        if let Some(answer) = answers.get(&self.id) {
            self.accept(answer.clone())?;
        }
        Ok(())
    }

    /// Takes an answer. Gives the option's place and what was typed, as values, unless something is
    /// [`lacking`](Self::lacking).
    ///
    /// # Errors
    ///
    /// If the option or an input is not one of these, an input is not what is expected, or the answer
    /// was given for other values.
    pub fn accept(&mut self, mut given: Answer) -> Result<Option<(usize, Typed)>, MigrateError> {
        let Some(index) = self
            .options
            .iter()
            .position(|offer| offer.id == given.option)
        else {
            let options = self.options.iter().map(|offer| offer.id.clone()).collect();
            return Err(MigrateError::UnknownOption {
                id: self.id.clone(),
                option: given.option,
                options,
            });
        };
        let present = self.evidence_texts();
        if let Some(then) = given.evidence.as_ref().filter(|then| **then != present) {
            let differs = |(path, now): (&String, &String)| {
                let then = then.get(path).map_or("(not set)", String::as_str);
                (then != now).then(|| format!("{path} was {then} and is {now}"))
            };
            let lost = then.keys().filter(|path| !present.contains_key(*path));
            let mut differences: Vec<_> = present.iter().filter_map(differs).collect();
            differences.extend(lost.map(|path| format!("{path} is no longer looked at")));
            return Err(MigrateError::OtherEvidence {
                id: self.id.clone(),
                differences,
            });
        }
        let offer = &self.options[index];
        if let Some(unknown) = given
            .inputs
            .keys()
            .find(|name| !offer.inputs.iter().any(|i| i.name == **name))
        {
            return Err(MigrateError::UnknownInput {
                id: self.id.clone(),
                option: offer.id.clone(),
                input: unknown.clone(),
                inputs: offer.inputs.iter().map(|i| i.name.clone()).collect(),
            });
        }
        let mut inputs = Vec::new();
        for input in &offer.inputs {
            // An input that is missing leaves the question open, for a person can still type it; a wrong one is an
            // error.
            let Some(text) = given.inputs.get(&input.name).or(input.default.as_ref()) else {
                let missing = format!("{}.{} is missing: {}", self.id, input.name, input.title);
                self.lacking = Some(missing);
                return Ok(None);
            };
            if let Err(message) = input.check(text) {
                return Err(MigrateError::BadInput {
                    id: self.id.clone(),
                    input: input.name.clone(),
                    message,
                });
            }
            inputs.push((input.name.clone(), input.value(text)));
            let text = text.clone();
            given.inputs.insert(input.name.clone(), text);
        }
        given.evidence = Some(present);
        self.answer = Some(given);
        Ok(Some((index, inputs)))
    }

    /// The evidence as it is recorded with an answer.
    #[must_use]
    pub fn evidence_texts(&self) -> IndexMap<String, String> {
        self.evidence
            .iter()
            .map(|evidence| {
                let text = match &evidence.remark {
                    Some(remark) => remark.clone(),
                    None => expr::describe_value(evidence.value.as_ref()),
                };
                (evidence.path.clone(), text)
            })
            .collect()
    }
}

fn offer(choice: &Choice, scope: &Scope<'_>) -> Result<Offer, StepError> {
    let input = |(name, input): &(String, crate::pack::model::InputDefinition)| {
        let default = match &input.default {
            Some(text) if text.starts_with('=') => scope
                .eval(&crate::pack::Expression::cached(text))?
                .map(|value| expr::describe_value(Some(&value))),
            Some(text) => Some(scope.fill(text)?),
            None => None,
        };
        // An empty text would not pass the check of what is typed, so it is no default.
        let default = default.filter(|text| !text.is_empty());
        Ok(OfferedInput {
            name: name.clone(),
            title: scope.fill(&input.title)?,
            matches: input.matches.clone(),
            list: input.list,
            default,
        })
    };
    Ok(Offer {
        id: choice.id.clone(),
        title: scope.fill(&choice.title)?,
        recommended: choice.recommended,
        inputs: choice
            .inputs
            .iter()
            .map(input)
            .collect::<Result<_, StepError>>()?,
    })
}

/// The errors inside a step, before it is known which step it was.
#[derive(Debug)]
pub(super) enum StepError {
    Expression(crate::pack::ExprError),
    Other(Box<MigrateError>),
}

impl From<crate::pack::ExprError> for StepError {
    fn from(error: crate::pack::ExprError) -> Self {
        Self::Expression(error)
    }
}

impl From<MigrateError> for StepError {
    fn from(error: MigrateError) -> Self {
        Self::Other(Box::new(error))
    }
}

impl From<crate::values::ReadError> for StepError {
    fn from(error: crate::values::ReadError) -> Self {
        MigrateError::Read { layer: 0, error }.into()
    }
}

impl StepError {
    /// The error, with the step it happened in.
    pub fn of(self, version: &semver::Version, step: &str) -> MigrateError {
        match self {
            Self::Expression(error) => MigrateError::Pack(PackError::Expression {
                version: version.clone(),
                step: step.to_owned(),
                error,
            }),
            Self::Other(error) => *error,
        }
    }
}
