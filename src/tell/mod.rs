//! Told before surprised: what no step is responsible for and a person would find out too late.
//!
//! Helm ignores a key that a chart does not read, turns `0.10` into 0.1 and says nothing of either. A tool
//! that writes image tags stops writing them when the comment it looks for is gone. Each of these is
//! looked for here, in what the migrations came to: keys that the target does not know or does not read
//! (`unknown`), keys that only the target reads (`newly_read`), scalars that a template prints otherwise than they are written (`numbers`), image
//! tags that stay behind the chart (`pinned`), comments that another program is bound to ([`markers`]).
//!
//! A notice is worth something only if it is right and rare. So one voice speaks of a path: what a step
//! tells, asks or was left out for is not told again, nor what is of no consequence, such as a dead key
//! with the value that it has anyway. And nothing is told below keys that are the user's own or another
//! chart's, where this pack knows nothing.
//!
//! Nothing is changed here. Only where a comment would be lost that a program needs, going on is not
//! refit's to decide, and a question is put among those of the steps. Texts and values are looked at
//! through views; no file is read, and nothing is known of how the text was edited.

pub mod markers;
mod newly_read;
mod numbers;
mod pinned;
mod standing;
mod unknown;

use semver::Version;

use crate::{
    migrate::{Fate, Migrated, StepState},
    outcome::mentions,
    pack::{NoticeSeverity, Pack, PackError},
    values::{Path, Value, leaves_at, view::View},
    yaml::NodeId,
};

/// A migrated release, with its versions.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'s> {
    /// The pack of the chart.
    pub pack: &'s Pack,
    /// The version that the values were for.
    pub from: &'s Version,
    /// The version that they are for.
    pub to: &'s Version,
    /// The layers as they were read.
    pub views: &'s [View<'s>],
    /// The migrated values.
    pub migrated: &'s Migrated,
}

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerNotice {
    /// The layer that it is about.
    pub layer: usize,
    /// The place in that layer's text, as it was read.
    pub node: NodeId,
    /// The path that it is about, in the result; everything below it is meant, too.
    pub path: Path,
    /// Its severity.
    pub severity: NoticeSeverity,
    /// The text of the notice.
    pub text: String,
}

/// The notices about a result, layer by layer in the order of the text.
///
/// # Errors
///
/// If the pack is at fault.
pub fn notices(subject: Subject<'_>) -> Result<Vec<LayerNotice>, PackError> {
    let step_texts = StepTexts::new(subject);
    let mut told = unknown::notices(subject, &step_texts)?;
    told.extend(newly_read::notices(subject, &step_texts));
    told.extend(numbers::notices(subject, &step_texts));
    told.extend(pinned::notices(subject, &step_texts));
    told.sort_by_key(|told| (told.layer, told.node));
    Ok(told)
}

/// True if a value is the target's default anyway.
fn is_default(path: &Path, value: &Value, defaults: &Value) -> bool {
    leaves_at(path, value)
        .into_iter()
        .all(|(leaf, value)| match leaf.get(defaults) {
            Some(default) => default == value,
            // A null takes a default away, and here there is none.
            None => value.is_null(),
        })
}

/// The texts of the steps, which need no repetition.
struct StepTexts<'s> {
    /// The notices and questions of the steps.
    texts: Vec<&'s str>,
    /// The paths whose fate they speak of: held by a question, or lost because a step was left out.
    paths: Vec<&'s Path>,
}

impl<'s> StepTexts<'s> {
    fn new(subject: Subject<'s>) -> Self {
        let (mut texts, mut paths) = (Vec::new(), Vec::new());
        for step in &subject.migrated.steps {
            texts.extend(step.tell.iter().map(|told| told.text.as_str()));
            texts.extend(step.todo.iter().map(|(_, text)| text.as_str()));
            texts.extend(step.decision.iter().map(|it| it.question.as_str()));
            if let StepState::LeftOut(lost) = &step.state {
                paths.extend(lost);
            }
        }
        let held = subject.migrated.ledger.entries.iter();
        paths.extend(
            held.filter(|entry| entry.fate == Fate::Held)
                .map(|entry| &entry.source.path),
        );
        Self { texts, paths }
    }

    /// True if a step speaks of a path, of one above it, or of one below it by name.
    fn speak_of(&self, path: &Path) -> bool {
        self.speak_of_fate(path) || self.any(path, |_| true)
    }

    /// True if a step speaks of the notation of the value at a path, or it may not stay there anyway.
    fn speak_of_notation(&self, path: &Path) -> bool {
        self.speak_of_fate(path) || self.any(path, |text| text.contains("quote"))
    }

    fn speak_of_fate(&self, path: &Path) -> bool {
        self.paths.iter().any(|lost| lost.is_related(path))
    }

    fn any(&self, path: &Path, speaks: impl Fn(&str) -> bool) -> bool {
        let name = path.to_string();
        let mut texts = self.texts.iter();
        texts.any(|text| speaks(text) && mentions(text, &name))
    }
}
