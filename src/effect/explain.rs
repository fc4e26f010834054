//! Which step says why an effect differs.
//!
//! That is data, never a reading of sentences: a step explains what it or its chosen option lists under
//! `explains`, and without that what it takes, moves and reads, as far as what became of the setting is the step's
//! doing. A step that only carried a setting elsewhere promised that it does the same there, so by itself it
//! explains no other effect. A step explains only if it spoke in this run: it told or asked something, left something
//! to do, or changed the setting and its pack says why. What a step did whose own record is not what the new values say
//! explains nothing: somebody changed the result behind its back.

use crate::{
    effect::model::EffectFate,
    outcome::{self, Release, State},
    pack::{Pack, PackError, Step},
    values::{Map, Path, Segment, Value},
};

/// The changes and texts of a step.
#[derive(Debug, Clone)]
struct StepRecord {
    id: String,
    /// The paths that its pack lists as explained.
    explains: Vec<Path>,
    /// The paths that it changed, as the new values have it.
    changed: Vec<Path>,
    /// The paths that it looked at.
    looked: Vec<Path>,
    /// True if it asked, and its question was decided or is still open.
    answered: bool,
    /// Its notice, or what it leaves to do, or what was decided, or what it asks.
    said: Option<String>,
    /// The reason for which the step does it.
    why: Option<String>,
}

/// The changes and texts of all steps of a run.
#[derive(Debug, Clone, Default)]
pub struct StepRecords(Vec<StepRecord>);

/// A difference that wants an explanation.
#[derive(Debug, Clone)]
pub struct Difference<'d> {
    /// Its fate.
    pub fate: EffectFate,
    /// The settings that are behind it, old and new.
    pub settings: &'d [Path],
    /// Those of the new values that show there now and were not set, or not so, before.
    pub written: &'d [Path],
    /// True if the setting is as it was, where it was.
    pub unchanged: bool,
    /// True if it is as it was, there or where it was moved to.
    pub carried: bool,
    /// True if the setting has an effect elsewhere, before and now or only now.
    pub elsewhere: bool,
    /// The field where it shows.
    pub spot: &'d Path,
}

impl StepRecords {
    /// The changes and texts of a release's steps. `after` are the new values as they are, which may not be those that
    /// the steps wrote.
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
            let definition = pack.step(&step.version, &step.id)?;
            let mut looked = Vec::new();
            if let Some(definition) = definition {
                looked.extend(definition.reads.iter().map(|(_, path)| path.clone()));
                looked.extend(definition.takes.iter().map(|take| take.path.clone()));
            }
            let mut changed = Vec::new();
            for change in &step.changes {
                let at = change.to.as_ref().or(match change.fate {
                    outcome::Fate::Written => Some(&change.path),
                    _ => None,
                });
                // What the step wrote is no longer there: what it says is about something else.
                if let Some(at) = at
                    && at.is_concrete()
                    && !says_the_same(at.get(&after), &change.value)
                    && !rewritten_later(release, step, at)
                {
                    continue;
                }
                changed.push(change.path.clone());
                changed.extend(change.to.clone());
                changed.extend(change.from.iter().cloned());
            }
            // An open question holds back what it is about, and says so.
            let open = step.state != State::Done;
            if open {
                changed.extend(looked.iter().cloned());
            }
            let answer = step.question.as_ref().and_then(|q| q.answer.as_deref());
            let mut tasks = release.checklist.iter();
            let task = tasks.find(|task| task.step.as_deref() == Some(&*step.id));
            let told = step.tell.first().map(|told| &told.text);
            let mut said = told.or(task.map(|task| &task.text)).cloned();
            if let Some(question) = &step.question {
                let chosen = |id: &str| question.options.iter().find(|option| option.id == id);
                let decided = answer.and_then(chosen).map(|option| option.title.clone());
                let asked = || match open {
                    true => format!("It is open: {}", question.text),
                    false => question.text.clone(),
                };
                said = said.or(decided).or_else(|| Some(asked()));
            }
            voices.push(StepRecord {
                id: step.id.clone(),
                explains: definition
                    .map(|definition| listed_settings(definition, answer))
                    .unwrap_or_default(),
                changed,
                looked,
                answered: open || answer.is_some(),
                said,
                why: step.why.clone(),
            });
        }
        Ok(Self(voices))
    }

    /// The step that explains a difference, and its words: one that lists the setting before one that changed
    /// it, before one that only looked at it.
    #[must_use]
    pub fn explain(&self, difference: &Difference<'_>) -> Option<(&str, &str)> {
        [
            StepRecord::lists,
            StepRecord::did_it,
            StepRecord::looked_at_it,
        ]
        .iter()
        .find_map(|explains| {
            let mut voices = self.0.iter();
            voices.find_map(|voice| Some((voice.id.as_str(), explains(voice, difference)?)))
        })
    }

    /// True if a step changed a setting, or said something of it.
    #[must_use]
    pub fn speak_of(&self, setting: &Path) -> bool {
        let about = |paths: &[Path]| paths.iter().any(|path| overlaps(path, setting));
        self.0.iter().any(|record| {
            about(&record.changed)
                || record.said.is_some() && (about(&record.looked) || about(&record.explains))
        })
    }

    /// The step whose question about a setting was answered without setting it: it is set elsewhere.
    #[must_use]
    pub fn leaves_open(&self, setting: &Path) -> Option<&str> {
        let mut asked = self.0.iter().filter(|voice| voice.answered);
        asked
            .find(|voice| {
                let mut about = voice.looked.iter().chain(&voice.explains);
                about.any(|path| overlaps(path, setting))
            })
            .map(|voice| voice.id.as_str())
    }
}

/// The settings that a step lists as explained, with those of the chosen option.
fn listed_settings(step: &Step, answer: Option<&str>) -> Vec<Path> {
    let questions = step.rows.iter().filter_map(|row| row.question.as_ref());
    let options = questions.flat_map(|question| &question.options);
    let chosen = options.filter(|option| Some(option.id.as_str()) == answer);
    let of_options = chosen.flat_map(|option| &option.explains);
    step.explains.iter().chain(of_options).cloned().collect()
}

impl StepRecord {
    /// The text of the step, if its pack lists the setting.
    fn lists(&self, difference: &Difference<'_>) -> Option<&str> {
        let mut listed = self.explains.iter();
        let lists = listed.any(|path| {
            let mut settings = difference.settings.iter();
            settings.any(|setting| path.matches_prefix(setting).is_some())
        });
        // Its reason is enough only where it did something in this run.
        let why = || self.why.as_deref().filter(|_| !self.changed.is_empty());
        self.said.as_deref().or_else(why).filter(|_| lists)
    }

    /// The text of the step, if the fate of the setting is its doing.
    fn did_it(&self, difference: &Difference<'_>) -> Option<&str> {
        let another = self.answered || !difference.carried;
        let enough = match difference.fate {
            EffectFate::Kept | EffectFate::Moved | EffectFate::Repeated => false,
            EffectFate::Different | EffectFate::Gone => another,
            EffectFate::GoneWithObject | EffectFate::New => true,
        };
        // What is there now is set by somebody: by this step, or it is not this step's doing.
        let mut written = difference.written.iter();
        let own = difference.written.is_empty()
            || written.any(|setting| self.changed.iter().any(|path| overlaps(path, setting)));
        let words = self.said.as_deref().or(self.why.as_deref());
        words.filter(|_| enough && own && self.changed(difference))
    }

    /// The text of the step, if it looked at the setting, which is still as it was.
    fn looked_at_it(&self, difference: &Difference<'_>) -> Option<&str> {
        let enough = match difference.fate {
            EffectFate::Kept | EffectFate::Moved | EffectFate::Repeated => false,
            EffectFate::Different => difference.unchanged,
            // A notice about a setting that lives on is about that, not about a place that it lost.
            EffectFate::Gone | EffectFate::GoneWithObject => {
                difference.unchanged && (self.answered || !difference.elsewhere)
            }
            EffectFate::New => difference.carried,
        };
        self.said
            .as_deref()
            .filter(|_| enough && self.looked(difference))
    }

    /// True if the step changed one of the settings: in a list with more than that, the very item.
    fn changed(&self, difference: &Difference<'_>) -> bool {
        difference.settings.iter().any(|setting| {
            self.changed.iter().any(|path| {
                overlaps(path, setting)
                    && path.segments()[setting.depth().min(path.depth())..]
                        .iter()
                        .all(|segment| match segment {
                            Segment::Select { value, .. } => {
                                passes_item_named(difference.spot, &|it| it == value)
                            }
                            Segment::SelectPattern { value, .. } => {
                                passes_item_named(difference.spot, &|it| {
                                    value.captures(it).is_some()
                                })
                            }
                            _ => true,
                        })
            })
        })
    }

    fn looked(&self, difference: &Difference<'_>) -> bool {
        difference
            .settings
            .iter()
            .any(|setting| self.looked.iter().any(|path| overlaps(path, setting)))
    }
}

/// True if an item of such a name is on the way to a field.
fn passes_item_named(spot: &Path, is_name: &dyn Fn(&str) -> bool) -> bool {
    spot.segments().iter().any(|segment| match segment {
        Segment::Select { value, .. } => is_name(value),
        _ => false,
    })
}

/// True if a path that a step touched is a setting, contains it or is in it.
fn overlaps(path: &Path, setting: &Path) -> bool {
    path.matches_prefix(setting).is_some() || path.may_overlap(setting) || setting.is_related(path)
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

/// True if a later step of the run took or wrote the place again.
fn rewritten_later(release: &Release, step: &crate::outcome::ReportedStep, at: &Path) -> bool {
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
                .any(|path| path.may_overlap(at))
        })
}
