//! Which step says why an effect differs.
//!
//! A notice explains a difference only if it is about it. The step must have changed the setting, and its
//! words must name what is there now or, for what is gone, the setting; or it looked at a setting that
//! stayed as it was, and names it. A decision of a person is as good as a notice where its question names
//! the setting. Words of a step whose own record is not what the new values say explain nothing: somebody
//! changed the result behind its back.

use std::collections::HashSet;

use crate::{
    effect::judge::Fate,
    outcome::{Release, State},
    pack::{Pack, PackError},
    values::{Map, Path, Value},
};

/// What a step did and said.
#[derive(Debug, Clone)]
struct Voice {
    id: String,
    /// The paths that it changed, as the new values have it.
    changed: Vec<Path>,
    /// The paths that it looked at.
    looked: Vec<Path>,
    answered: bool,
    /// Where a value has to be named: notices, tasks, and what was decided.
    says: Vec<String>,
    /// Where a setting has to be named: also reasons and questions.
    about: Vec<String>,
}

/// The words of all steps of a run.
#[derive(Debug, Clone, Default)]
pub struct Voices(Vec<Voice>);

/// A difference that wants an explanation.
#[derive(Debug, Clone)]
pub struct Difference<'d> {
    /// What became of it.
    pub fate: Fate,
    /// The settings that are behind it, old and new.
    pub settings: &'d [Path],
    /// Whether they are the same in the old and the new values.
    pub unchanged: bool,
    /// What was there.
    pub was: Option<&'d Value>,
    /// What is there now.
    pub now: Option<&'d Value>,
}

impl Voices {
    /// The words of a release's steps. `after` are the new values as they are, which may not be what the
    /// steps wrote.
    ///
    /// # Errors
    ///
    /// If a migration of the pack cannot be read.
    pub fn of(release: &Release, pack: &Pack, after: &Map) -> Result<Self, PackError> {
        let after = Value::Map(after.clone());
        let mut voices = Vec::new();
        for step in &release.steps {
            if step.state != State::Done {
                continue;
            }
            let definition = pack
                .migration(&step.version)?
                .and_then(|migration| migration.steps.iter().find(|s| s.id == step.id));
            let mut looked = Vec::new();
            if let Some(definition) = definition {
                looked.extend(definition.reads.iter().map(|(_, path)| path.clone()));
                looked.extend(definition.takes.iter().map(|take| take.path.clone()));
            }
            let mut changed = Vec::new();
            for change in &step.changes {
                let path = |text: &String| text.parse::<Path>().ok();
                let at = change.to.as_ref().or(match change.kind.as_str() {
                    "write" => Some(&change.path),
                    _ => None,
                });
                // What the step wrote is no longer there: its words are about something else.
                if let Some(at) = at.and_then(path)
                    && at.is_concrete()
                    && !says_the_same(at.get(&after), &change.value)
                    && !rewritten_later(release, step, &at)
                {
                    continue;
                }
                changed.extend(path(&change.path));
                changed.extend(change.to.as_ref().and_then(path));
                changed.extend(change.from.iter().filter_map(path));
            }
            let mut says = step.tell.clone();
            let mut about = vec![step.title.clone()];
            about.extend(step.why.clone());
            let mut answered = false;
            if let Some(question) = &step.question {
                about.push(question.text.clone());
                if let Some(answer) = &question.answer {
                    answered = true;
                    let option = question.options.iter().find(|option| option.id == *answer);
                    says.extend(option.map(|option| option.title.clone()));
                    says.extend(question.inputs.values().cloned());
                }
            }
            about.extend(says.iter().cloned());
            voices.push(Voice {
                id: step.id.clone(),
                changed,
                looked,
                answered,
                says,
                about,
            });
        }
        Ok(Self(voices))
    }

    /// The step that explains a difference, and its words.
    #[must_use]
    pub fn explain(&self, difference: &Difference<'_>) -> Option<(&str, &str)> {
        let strongest = self
            .0
            .iter()
            .find_map(|voice| Some((voice, voice.explains(difference)?)));
        strongest.map(|(voice, words)| (voice.id.as_str(), words))
    }
}

impl Voice {
    fn explains(&self, difference: &Difference<'_>) -> Option<&str> {
        let among = |paths: &[Path]| {
            difference
                .settings
                .iter()
                .any(|setting| paths.iter().any(|path| covers(path, setting)))
        };
        let (changed, looked) = (among(&self.changed), among(&self.looked));
        if !changed && !looked {
            return None;
        }
        let named = || {
            let names: HashSet<String> = difference.settings.iter().flat_map(names).collect();
            let mut about = self.about.iter().rev();
            about
                .find(|text| names.iter().any(|name| mentions(text, name)))
                .map(String::as_str)
        };
        let valued = |value: Option<&Value>| {
            let value = value.and_then(Value::scalar_text).filter(|text| !text.is_empty())?;
            self.says
                .iter()
                .find(|text| mentions(text, value))
                .map(String::as_str)
        };
        // Only a notice or a decision counts; a step that says nothing explains nothing.
        let speaks = !self.says.is_empty() || changed && self.about.len() > 1;
        if !speaks {
            return None;
        }
        match difference.fate {
            Fate::Kept | Fate::Moved | Fate::Repeated => None,
            Fate::Different if changed => valued(difference.now)
                .or_else(|| self.answered.then(named).flatten())
                .or_else(|| valued(difference.was).filter(|_| difference.now.is_none())),
            Fate::Gone | Fate::WithObject if changed => {
                valued(difference.was).or_else(named)
            }
            Fate::New if changed => {
                valued(difference.now)
                    .or_else(named)
                    .or_else(|| self.answered.then(|| self.says.first().map(String::as_str)).flatten())
            }
            Fate::New => valued(difference.now).or_else(named),
            _ if difference.unchanged || self.answered => named(),
            Fate::Different | Fate::Gone | Fate::WithObject => None,
        }
    }
}

/// Whether a path that a step touched is a setting, holds it or is in it.
fn covers(path: &Path, setting: &Path) -> bool {
    path.matches_prefix(setting).is_some()
        || path.may_overlap(setting)
        || setting.is_related(path)
}

/// What a setting is called in a sentence: its path, the paths above it, and its last key if it is long
/// enough to be no accident.
fn names(setting: &Path) -> Vec<String> {
    let mut names = vec![setting.to_string()];
    let mut at = setting.parent();
    while let Some(path) = at.filter(|path| !path.is_root()) {
        names.push(path.to_string());
        at = path.parent();
    }
    if let Some(crate::values::Segment::Key(key)) = setting.last()
        && key.len() >= 4
    {
        names.push(key.clone());
    }
    names
}

/// Whether a text names something as a word of its own.
fn mentions(text: &str, name: &str) -> bool {
    let inner = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
    let bare = |text: &str| text.replace("\\", "");
    let (text, name) = (bare(text), bare(name));
    text.match_indices(&name).any(|(at, _)| {
        !inner(text[..at].chars().next_back()) && !inner(text[at + name.len()..].chars().next())
    })
}

fn says_the_same(value: Option<&Value>, written: &serde_json::Value) -> bool {
    match value {
        None => written.is_null(),
        Some(value) => serde_json::Value::from(value) == *written || {
            // An item of a list that an upsert wrote, or a map that others wrote into as well.
            !value.is_leaf() || matches!(value, Value::List(_))
        },
    }
}

/// Whether a later step of the run took or wrote the place again.
fn rewritten_later(release: &Release, step: &crate::outcome::Step, at: &Path) -> bool {
    release
        .steps
        .iter()
        .filter(|other| other.id != step.id && other.version >= step.version)
        .flat_map(|other| &other.changes)
        .any(|change| {
            let touched = [Some(&change.path), change.to.as_ref()];
            touched
                .into_iter()
                .flatten()
                .filter_map(|text| text.parse::<Path>().ok())
                .any(|path| path.may_overlap(at))
        })
}
