//! Which step says why an effect differs.
//!
//! A notice explains a difference only if it is about it. The step must have changed the setting, and its
//! words must name what is there now or, for what is gone, the setting; or it looked at a setting that
//! stayed as it was, and names it. A decision of a person is as good as a notice where its question names
//! the setting. Words of a step whose own record is not what the new values say explain nothing: somebody
//! changed the result behind its back.

use std::collections::HashSet;

use crate::{
    effect::{fields::words, judge::Fate},
    outcome::{self, Release, State},
    pack::{Pack, PackError},
    values::{Map, Path, Segment, Value},
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
    /// Its notices.
    told: Vec<String>,
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
    /// Whether the setting is as it was, where it was.
    pub unchanged: bool,
    /// Whether it is as it was, there or where it was moved to.
    pub carried: bool,
    /// Whether the setting does something elsewhere, before and now or only now.
    pub elsewhere: bool,
    /// The field where it shows.
    pub spot: &'d Path,
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
            if step.state == State::LeftOut {
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
                let at = change.to.as_ref().or(match change.fate {
                    outcome::Fate::Written => Some(&change.path),
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
            // An open question holds back what it is about, and says so.
            let open = step.state != State::Done;
            if open {
                changed.extend(looked.iter().cloned());
            }
            let mut says = step.tell.clone();
            let mut about = vec![step.title.clone()];
            about.extend(step.why.clone());
            let mut answered = open;
            if let Some(question) = &step.question {
                about.push(question.text.clone());
                if open {
                    says.push(format!("It is open: {}", question.text));
                }
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
                told: step.tell.clone(),
                says,
                about,
            });
        }
        Ok(Self(voices))
    }

    /// The step that explains a difference, and its words: the one that names the value, before one that
    /// names the setting only.
    #[must_use]
    pub fn explain(&self, difference: &Difference<'_>) -> Option<(&str, &str)> {
        [Voice::names_the_value, Voice::names_the_setting]
            .iter()
            .find_map(|explains| {
                self.0
                    .iter()
                    .find_map(|voice| Some((voice.id.as_str(), explains(voice, difference)?)))
            })
    }
}

impl Voices {
    /// The step whose question about a setting was answered without setting it: it is set elsewhere.
    #[must_use]
    pub fn leaves_open(&self, setting: &Path) -> Option<&str> {
        let names = names(setting);
        let mut asked = self.0.iter().filter(|voice| {
            voice.answered && voice.looked.iter().any(|path| covers(path, setting))
        });
        asked
            .find(|voice| {
                let mut about = voice.about.iter();
                about.any(|text| names.iter().any(|name| is_about(text, name)))
            })
            .map(|voice| voice.id.as_str())
    }
}

impl Voice {
    /// The words that say what is there now, or what was there and is gone.
    fn names_the_value(&self, difference: &Difference<'_>) -> Option<&str> {
        let (changed, looked) = (self.changed(difference), self.looked(difference));
        let value = match difference.fate {
            Fate::Kept | Fate::Moved | Fate::Repeated => return None,
            Fate::Different | Fate::New => difference.now.or(difference.was),
            Fate::Gone | Fate::WithObject => difference.was,
        };
        let decided = changed || looked && difference.carried && difference.fate == Fate::New;
        let value = value
            .and_then(Value::scalar_text)
            .filter(|text| decided && !text.is_empty())?;
        let names: HashSet<String> = difference.settings.iter().flat_map(names).collect();
        let named = |text: &str| names.iter().any(|name| is_about(text, name));
        // As images are written: the tag right behind the repository.
        let is_tag = matches!(difference.spot.last(), Some(Segment::Key(key)) if key == "tag");
        let tagged = |text: &str| is_tag && mentions_end(text, &format!(":{value}"));
        let mut says = self.says.iter();
        says.find(|text| match is_common(value) {
            true => mentions(text, value) && named(text) || tagged(text),
            false => mentions(text, value),
        })
        .map(String::as_str)
    }

    /// The words that are about the setting, where they are enough.
    fn names_the_setting(&self, difference: &Difference<'_>) -> Option<&str> {
        let (changed, looked) = (self.changed(difference), self.looked(difference));
        let enough = match difference.fate {
            Fate::Kept | Fate::Moved | Fate::Repeated => false,
            // What is there now must be named, or be what somebody decided.
            Fate::Different => changed && self.answered || looked && difference.unchanged,
            // A notice about a setting that lives on is about that, not about a place that it lost.
            Fate::Gone | Fate::WithObject => {
                changed
                    || looked && difference.unchanged && (self.answered || !difference.elsewhere)
            }
            Fate::New => changed || looked && difference.carried,
        };
        if !enough && self.answered && difference.fate == Fate::WithObject {
            return self.speaks_of_all_below(difference);
        }
        // Only a notice, a decision or a reason for a change counts.
        if !enough || self.says.is_empty() && !changed && !self.answered {
            return None;
        }
        let names: HashSet<String> = difference.settings.iter().flat_map(names).collect();
        let about = if changed || self.answered {
            &self.about
        } else {
            &self.says
        };
        let named = about
            .iter()
            .rev()
            .find(|text| names.iter().any(|name| is_about(text, name)));
        // What a decision added stands where it was decided to stand, whatever it is called.
        let added = || {
            let decided = changed && self.answered && difference.fate == Fate::New;
            self.says.first().filter(|_| decided)
        };
        named.or_else(added).map(String::as_str)
    }

    /// The notice of a decision that gave an object up, if it speaks of all that is under a map of values in
    /// which it changed something (`nothing else under postgresql`): what belongs to the object goes with it,
    /// whether or not the step looked at it. No other words are as good.
    fn speaks_of_all_below(&self, difference: &Difference<'_>) -> Option<&str> {
        let above = |setting: &Path| {
            std::iter::successors(setting.parent(), Path::parent).filter(|path| !path.is_root())
        };
        let has_changed = |map: &Path| self.changed.iter().any(|path| path.starts_with(map));
        let maps: HashSet<Path> = difference
            .settings
            .iter()
            .flat_map(above)
            .filter(has_changed)
            .collect();
        let mut told = self.told.iter();
        let named = told.find(|text| {
            maps.iter()
                .any(|map| mentions_itself(text, &format!("under {map}")))
        });
        named.map(String::as_str)
    }

    /// Whether the step changed one of the settings: in a list that holds more than that, the very item.
    fn changed(&self, difference: &Difference<'_>) -> bool {
        difference.settings.iter().any(|setting| {
            self.changed.iter().any(|path| {
                covers(path, setting)
                    && path.segments()[setting.depth().min(path.depth())..]
                        .iter()
                        .all(|segment| match segment {
                            Segment::Select { value, .. } => shows(difference.spot, value),
                            _ => true,
                        })
            })
        })
    }

    fn looked(&self, difference: &Difference<'_>) -> bool {
        difference
            .settings
            .iter()
            .any(|setting| self.looked.iter().any(|path| covers(path, setting)))
    }
}

/// Whether an item of this name is on the way to a field.
fn shows(spot: &Path, name: &str) -> bool {
    spot.segments().iter().any(|segment| match segment {
        Segment::Select { value, .. } => value == name,
        _ => false,
    })
}

/// Whether a path that a step touched is a setting, holds it or is in it.
fn covers(path: &Path, setting: &Path) -> bool {
    path.matches_prefix(setting).is_some() || path.may_overlap(setting) || setting.is_related(path)
}

/// What a setting is called in a sentence: its path, the paths above it, and its last key. A single word,
/// as `type` or `service`, is about anything: as the last key it does not count, as the topmost map where
/// it is said to be settings.
fn names(setting: &Path) -> Vec<String> {
    let mut names = vec![setting.to_string()];
    for path in std::iter::successors(setting.parent(), Path::parent) {
        match path.segments() {
            [] => break,
            [Segment::Key(key)] if words(key).len() < 2 => {
                names.push(format!("{path} settings"));
                names.push(format!("settings under {path}"));
            }
            _ => names.push(path.to_string()),
        }
    }
    if let Some(Segment::Key(key)) = setting.last()
        && words(key).len() > 1
    {
        names.push(key.clone());
    }
    names
}

/// Whether a value is found in sentences that have nothing to do with it: a number, a short word.
fn is_common(value: &str) -> bool {
    value.parse::<f64>().is_ok() || value.len() < 8 && value.chars().all(char::is_alphanumeric)
}

/// Whether a text is about a setting by one of its names.
fn is_about(text: &str, name: &str) -> bool {
    match name.contains(' ') {
        true => mentions_itself(text, name),
        false => mentions(text, name),
    }
}

/// Whether a text names something as a word of its own.
fn mentions(text: &str, name: &str) -> bool {
    named(text, name, |_| true)
}

/// Whether something ends a word of a text.
fn mentions_end(text: &str, end: &str) -> bool {
    text.match_indices(end).any(|(at, _)| {
        let mut before = text[..at].chars();
        let rest = text[at + end.len()..].chars().next();
        before.next_back().is_some_and(char::is_alphanumeric)
            && !rest.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-')
    })
}

/// Whether a text names a map of values and not only something in it.
fn mentions_itself(text: &str, name: &str) -> bool {
    named(text, name, |rest| {
        let mut rest = rest.chars();
        rest.next() != Some('.') || !rest.next().is_some_and(char::is_alphanumeric)
    })
}

fn named(text: &str, name: &str, fits: impl Fn(&str) -> bool) -> bool {
    let inner = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
    let bare = |text: &str| text.replace("\\", "");
    let (text, name) = (bare(text), bare(name));
    text.match_indices(&name).any(|(at, _)| {
        let rest = &text[at + name.len()..];
        !inner(text[..at].chars().next_back()) && !inner(rest.chars().next()) && fits(rest)
    })
}

fn says_the_same(value: Option<&Value>, written: &serde_json::Value) -> bool {
    match value {
        None => written.is_null(),
        Some(value) => {
            serde_json::Value::from(value) == *written || {
                // An item of a list that an upsert wrote, or a map that others wrote into as well.
                !value.is_leaf() || matches!(value, Value::List(_))
            }
        }
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
