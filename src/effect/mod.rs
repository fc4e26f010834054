//! The check of effects: does a configuration still do what it did?
//!
//! The one question before an upgrade is about Kubernetes objects, and only Helm can answer it. So both
//! charts are rendered with the real `helm`: what a setting did is the difference between rendering with
//! the values and with the values minus that setting ([`leaves`]); each such effect is looked for under
//! the new chart ([`judge`]); and what differs is explained by the words of a step, or it is not
//! ([`explain`]). The changes that a chart makes by itself never come in sight this way.
//!
//! It claims rendered effects only. What a program makes of them is for a pack's notices to say. It
//! changes nothing: no file and no cluster; and it trusts nothing of the migration, whose records serve to
//! explain a difference, never to find one.

pub mod composed;
pub mod danger;
mod defaults;
pub mod explain;
pub mod fields;
mod grouped;
pub mod helm;
pub mod judge;
pub mod leaves;
pub mod live;
pub mod messages;
pub mod model;
pub mod objects;
pub mod render;

pub mod source;
mod unrendered;

use std::collections::{HashMap, HashSet};

use self::{
    explain::{Difference, StepRecords},
    judge::{EffectComparison, Judged},
    leaves::{Isolation, Leaf, RenderedField, Side},
    model::{EffectFate, EffectFinding, FindingKind, Report, SeenEffect, Setting, SettingFate},
    objects::Manifest,
    render::{RenderError, RenderMode, Renderer},
};
use crate::{
    chart::Chart,
    outcome::{FilePosition, Release, ReportedStep, State},
    pack::{Pack, PackError, effects::Moved},
    values::{Map, Path, Segment, Value, leaves as leaves_of},
};

/// One of the two charts.
#[derive(Debug)]
pub struct Charted {
    /// Its files.
    pub chart: Chart,
    /// The renderer. Shared by all releases: renderings are kept.
    pub renderer: Renderer,
}

/// A release to check, with its values before and after.
#[derive(Debug)]
pub struct Check<'c> {
    /// The chart that the values were for.
    pub old: &'c Charted,
    /// The chart that they are for afterwards.
    pub new: &'c Charted,
    /// The merged values before.
    pub before: &'c Map,
    /// The merged values afterwards.
    pub after: &'c Map,
    /// The release that was migrated.
    pub release: &'c Release,
    /// The pack that it did it by.
    pub pack: &'c Pack,
    /// The place of each setting, before and after.
    pub places: &'c SettingPlaces,
    /// True if changed defaults are reported: where no pack reports them.
    pub tell_defaults: bool,
    /// The version of Helm, for the report.
    pub helm: &'c str,
}

/// The places of settings in the user's files.
#[derive(Debug, Clone, Default)]
pub struct SettingPlaces {
    /// Before.
    pub before: HashMap<Path, FilePosition>,
    /// Afterwards.
    pub after: HashMap<Path, FilePosition>,
}

/// The value of what a chart requires and nobody sets.
const MADE_UP: &str = "made-up-by-refit";

/// The notes on the rendering itself.
#[derive(Default)]
struct RenderingNotes {
    findings: Vec<EffectFinding>,
    notes: Vec<String>,
    /// The settings that the old chart needs and the values do not set.
    needed: Vec<Path>,
    install: bool,
}

impl RenderingNotes {
    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// The circumstances of differences.
struct Circumstances<'t> {
    /// The new paths of each old setting, by the migration.
    links: &'t HashMap<Path, Vec<Path>>,
    /// The changes and texts of its steps.
    voices: &'t StepRecords,
    /// The effects of settings under the new chart.
    after: &'t [Leaf],
    /// Kinds and names that several objects have.
    shared: HashSet<String>,
}

impl Circumstances<'_> {
    /// A place as it is printed, with namespace and API group only where they tell objects apart.
    fn place(&self, spot: &RenderedField) -> String {
        let object = match self.shared.contains(&spot.object.to_string()) {
            true => spot.object.in_full(),
            false => spot.object.to_string(),
        };
        match spot.path.is_root() {
            true => object,
            false => format!("{object} {}", spot.path),
        }
    }
}

fn shared_names(manifests: &[&Manifest]) -> HashSet<String> {
    let mut shared = HashSet::new();
    for manifest in manifests {
        let mut known = HashSet::new();
        let names = manifest.objects.keys().map(ToString::to_string);
        shared.extend(names.filter(|name| !known.insert(name.clone())));
    }
    shared
}

/// The reasons for which effects cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum EffectError {
    /// The old chart does not render with the old values.
    #[error("the values do not render with {chart} {version}: {message}")]
    Before {
        /// The chart.
        chart: String,
        /// Its version.
        version: String,
        /// The message of Helm.
        message: String,
    },
    /// Helm cannot be asked.
    #[error("{0}")]
    Helm(String),
    /// The pack cannot be read.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The pack's places cannot be read.
    #[error("pack.yaml: {0}")]
    Places(String),
}

impl SettingPlaces {
    /// As an outcome has them: where a setting came from is where a person finds it.
    #[must_use]
    pub fn of(release: &Release, after: &Map) -> Self {
        let mut before = HashMap::new();
        for (path, at) in release.values.iter().flat_map(|values| &values.places) {
            before.insert(path.clone(), at.clone());
        }
        let mut origins: HashMap<Path, FilePosition> = HashMap::new();
        for fate in &release.ledger {
            let Some(at) = before.get(&fate.path) else {
                continue;
            };
            for to in &fate.to {
                origins.entry(to.clone()).or_insert_with(|| at.clone());
            }
        }
        let after = leaves_of(after)
            .into_iter()
            .filter_map(|(path, _)| {
                let at = before.get(&path).or_else(|| origins.get(&path))?;
                Some((path, at.clone()))
            })
            .collect();
        Self { before, after }
    }
}

/// The merged values of a release before and afterwards.
///
/// `None` if the outcome does not have them: they were not asked for, or Helm refuses one of its layers.
#[must_use]
pub fn values(release: &Release) -> Option<(Map, Map)> {
    let values = release.values.as_ref()?;
    match (Value::from(&values.before), Value::from(&values.after)) {
        (Value::Map(before), Value::Map(after)) => Some((before, after)),
        _ => None,
    }
}

impl Check<'_> {
    /// Compares the effects.
    ///
    /// # Errors
    ///
    /// If Helm cannot be asked, or the values did not render under the old chart either.
    pub fn run(&self) -> Result<Report, EffectError> {
        let runs = self.old.renderer.runs() + self.new.renderer.runs();
        let voices = StepRecords::of(self.release, self.pack, self.after)?;
        let mut rendering = RenderingNotes {
            install: self.old.renderer.options().install,
            notes: self.made_up_values(),
            ..RenderingNotes::default()
        };
        let (old, new) = loop {
            // Both or none as an installation: what is compared must be asked in the same way.
            let install = rendering.install;
            let old = self.render_side(self.old, self.before, None, &mut rendering)?;
            let new = self.render_side(self.new, self.after, Some(&voices), &mut rendering)?;
            if rendering.install == install {
                break (old, new);
            }
            rendering.findings.clear();
        };
        let Some(old) = old else {
            return Err(EffectError::Helm("nothing was rendered".to_owned()));
        };
        let RenderingNotes {
            mut findings,
            mut notes,
            ..
        } = rendering;
        let mut settings = Vec::new();
        let mut dangers = Vec::new();
        let mut changed_defaults = Vec::new();
        if let Some(new) = &new {
            dangers = danger::dangers(&old.manifest, &new.manifest);
            let moves = crate::pack::effects::moves_of(self.pack).map_err(EffectError::Places)?;
            let moves: Vec<&Moved> = moves
                .iter()
                .filter(|moved| {
                    // Versions of two charts say nothing of each other.
                    self.release.to_chart.is_none()
                        && moved.version > self.release.from
                        && moved.version <= self.release.to
                })
                .collect();
            let (before, after) = (old.leaves(), new.leaves());
            let links = self.links(&after);
            let templates = [self.old, self.new].map(|charted| charted.chart.templates());
            let comparison = EffectComparison::new(
                (&old.manifest, &new.manifest),
                (&before, &after),
                moves,
                &links,
                [&templates[0], &templates[1]],
            );
            let judged = comparison.judge();
            let told = Circumstances {
                links: &links,
                voices: &voices,
                after: &after,
                shared: shared_names(&[&old.manifest, &new.manifest]),
            };
            settings = self.settings(&before, judged, &told);
            if self.tell_defaults {
                let (changed, beyond) = defaults::changed(old.defaults, new);
                changed_defaults = changed
                    .iter()
                    .map(|changed| changed.to_report(|spot| told.place(spot)))
                    .collect();
                if beyond > 0 {
                    notes.push(format!(
                        "{beyond} more defaults of the new chart are others; what they do was not rendered"
                    ));
                }
            }
            findings.extend(self.unread_settings(&after));
        }
        let unexplained = settings
            .iter()
            .flat_map(|setting| &setting.effects)
            .filter(|seen| seen.unexplained)
            .count()
            + findings
                .iter()
                .filter(|finding| finding.is_unexplained())
                .count();
        Ok(Report {
            name: self.name(),
            chart: self.release.chart.clone(),
            from: self.release.from.clone(),
            to: self.release.to.clone(),
            helm: self.helm.to_owned(),
            unrendered: None,
            renderings: self.old.renderer.runs() + self.new.renderer.runs() - runs,
            notes,
            dangers,
            findings,
            facts: self.release.facts.clone(),
            changed_defaults,
            settings,
            open: self.open_questions(),
            unexplained,
        })
    }

    /// The open questions, by their names for `--answer`.
    fn open_questions(&self) -> Vec<String> {
        let steps = self.release.steps.iter();
        let open = steps.filter(|step| step.state == State::Open && step.question.is_some());
        open.map(ReportedStep::asked_as).collect()
    }

    /// The values that had to be made up, because a layer cannot be read.
    fn made_up_values(&self) -> Vec<String> {
        let values = self.release.values.iter();
        values.flat_map(|values| values.unknown.clone()).collect()
    }

    /// True if a finding is about a value that was made up.
    fn is_made_up(&self, finding: &EffectFinding) -> bool {
        let Some(path) = finding
            .path
            .as_ref()
            .and_then(|path| path.parse::<Path>().ok())
        else {
            return false;
        };
        let values = self.release.values.iter();
        values
            .flat_map(|values| &values.made_up)
            .any(|made_up| made_up.starts_with(&path))
    }

    fn name(&self) -> String {
        let files = || {
            let names = self.release.files.iter().map(|file| file.name.as_str());
            names.collect::<Vec<_>>().join(" + ")
        };
        self.release.name.clone().unwrap_or_else(files)
    }

    /// Renders one side. Where the new chart refuses the values, that is a finding and not an error; what
    /// a chart requires and the values do not set is made up, so that the rest can be told.
    fn render_side<'s>(
        &self,
        charted: &'s Charted,
        values: &Map,
        new: Option<&StepRecords>,
        rendering: &mut RenderingNotes,
    ) -> Result<Option<Side<'s>>, EffectError> {
        let chart = || format!("{} {}", charted.chart.name, charted.chart.version);
        let mut values = values.clone();
        let mut made_up: Vec<Path> = Vec::new();
        let mut mode = RenderMode {
            install: rendering.install,
            schema: true,
        };
        loop {
            let tried = Side::new(
                &charted.chart,
                &charted.renderer,
                values.clone(),
                made_up.clone(),
                mode,
            );
            let rendered = match tried {
                Ok(side) => return Ok(Some(side)),
                Err(rendered) => rendered,
            };
            let Err(error) = &*rendered else { continue };
            let message = match (error.helm_message(), error) {
                (Some(said), _) => said.to_owned(),
                (None, RenderError::Manifest(error)) => error.to_string(),
                (None, error) => return Err(EffectError::Helm(error.to_string())),
            };
            let places = if new.is_some() {
                &self.places.after
            } else {
                &self.places.before
            };
            let mut found = messages::findings(&message, &charted.chart, &values, places);
            if messages::is_schema(&message) && std::mem::take(&mut mode.schema) {
                // Refused by the schema; what they do can be told all the same.
                if new.is_some() {
                    // What a schema says of a value that was made up says nothing of the user's.
                    found.retain(|finding| !self.is_made_up(finding));
                    rendering.findings.append(&mut found);
                }
                continue;
            }
            let required = found
                .iter()
                .filter(|finding| finding.kind == FindingKind::Required)
                .find_map(|finding| finding.path.as_ref()?.parse::<Path>().ok());
            if let Some(path) = required.filter(|path| !made_up.contains(path)) {
                leaves::set_path(&mut values, &path, Value::from(MADE_UP));
                made_up.push(path.clone());
                match new {
                    // What the old chart needed as well comes from elsewhere, as it did.
                    Some(_) if rendering.needed.contains(&path) => {}
                    Some(voices) => {
                        for finding in &mut found {
                            finding.step = voices.leaves_open(&path).map(str::to_owned);
                        }
                        rendering.findings.append(&mut found);
                    }
                    None => {
                        rendering.note(format!(
                            "{} needs {path}, which these values do not set; it was rendered with a made-up value",
                            chart()
                        ));
                        rendering.needed.push(path);
                    }
                }
                continue;
            }
            // Some charts ask the cluster for the old release's passwords, which no rendering has.
            let note = format!(
                "{} does not render as an upgrade without a cluster; both charts were rendered as an installation",
                chart()
            );
            if !std::mem::replace(&mut mode.install, true) {
                rendering.install = true;
                rendering.note(note);
                continue;
            }
            // It does not render in any way.
            rendering.notes.retain(|other| *other != note);
            if new.is_none() {
                return Err(EffectError::Before {
                    chart: self.release.chart.clone(),
                    version: self.release.from.to_string(),
                    message,
                });
            }
            rendering.findings.append(&mut found);
            return Ok(None);
        }
    }

    /// Settings that no template of the new chart looks at.
    fn unread_settings(&self, after: &[Leaf]) -> Vec<EffectFinding> {
        let unread = after.iter().filter(|leaf| leaf.how == Isolation::Unread);
        unread
            .filter_map(|leaf| leaf.path.as_ref())
            .map(|path| EffectFinding {
                kind: FindingKind::Unread,
                path: Some(path.to_string()),
                at: self.places.after.get(path).cloned(),
                what: format!(
                    "no template of {} {} reads {path}",
                    self.release.chart, self.release.to
                ),
                next: None,
                step: None,
            })
            .collect()
    }

    /// The settings with their effects, those of the old values first.
    fn settings(
        &self,
        before: &[Leaf],
        judged: Vec<Judged>,
        told: &Circumstances<'_>,
    ) -> Vec<Setting> {
        let (after, links) = (told.after, told.links);
        let mut of_old: Vec<Vec<Judged>> = vec![Vec::new(); before.len()];
        let mut of_new: Vec<Vec<Judged>> = vec![Vec::new(); after.len()];
        for judged in judged {
            let home = match judged.fate {
                EffectFate::New | EffectFate::Repeated => {
                    let home = after[judged.leaf].path.as_ref().and_then(|path| {
                        before.iter().position(|leaf| {
                            leaf.path.as_ref().is_some_and(|old| {
                                let linked = links.get(old).is_some_and(|to| to.contains(path));
                                old == path || linked && self.has_gone_to(old, &judged.spot.path)
                            })
                        })
                    });
                    match home {
                        Some(home) => &mut of_old[home],
                        None => &mut of_new[judged.leaf],
                    }
                }
                _ => &mut of_old[judged.leaf],
            };
            home.push(judged);
        }
        let values = Value::Map(self.before.clone());
        let mut settings: Vec<Setting> = before
            .iter()
            .zip(of_old)
            .map(|(leaf, judged)| {
                let path = leaf.path.as_ref();
                let at = path.and_then(|path| self.places.before.get(path));
                let value = path.and_then(|path| path.get(&values));
                self.setting(leaf, at, value, judged, told)
            })
            .collect();
        let values = Value::Map(self.after.clone());
        for (leaf, judged) in after.iter().zip(of_new) {
            if judged.is_empty() {
                continue;
            }
            let path = leaf.path.as_ref();
            let at = path.and_then(|path| self.places.after.get(path));
            let value = path.and_then(|path| path.get(&values));
            settings.push(self.setting(leaf, at, value, judged, told));
        }
        settings
    }

    /// True if what a setting became may be what is seen at a place: of a list, the item with that name.
    fn has_gone_to(&self, old: &Path, spot: &Path) -> bool {
        let names = |path: &Path| -> Vec<String> {
            let segments = path.segments().iter();
            let names = segments.filter_map(|segment| match segment {
                Segment::Select { value, .. } => Some(value.clone()),
                _ => None,
            });
            names.collect()
        };
        let seen = names(spot);
        let changes = self.release.steps.iter().flat_map(|step| &step.changes);
        let mut places = changes.filter_map(|change| match &change.to {
            Some(to) if change.path == *old => Some(to),
            None if change.from.contains(old) => Some(&change.path),
            _ => None,
        });
        // Where no step says it more exactly, the list as a whole is meant.
        let first = places.next();
        first.is_none()
            || first.into_iter().chain(places).any(|to| {
                let items = names(to);
                items.is_empty() || items.iter().any(|name| seen.contains(name))
            })
    }

    /// The new paths of each old setting, by the ledger.
    fn links(&self, after: &[Leaf]) -> HashMap<Path, Vec<Path>> {
        let mut links: HashMap<Path, Vec<Path>> = HashMap::new();
        for fate in &self.release.ledger {
            for to in &fate.to {
                let leaves = after
                    .iter()
                    .filter_map(|leaf| leaf.path.as_ref())
                    .filter(|leaf| leaf.is_related(to));
                links
                    .entry(fate.path.clone())
                    .or_default()
                    .extend(leaves.cloned());
            }
        }
        links
    }

    fn setting(
        &self,
        leaf: &Leaf,
        at: Option<&FilePosition>,
        value: Option<&Value>,
        judged: Vec<Judged>,
        told: &Circumstances<'_>,
    ) -> Setting {
        let lives = judged
            .iter()
            .any(|judged| matches!(judged.fate, EffectFate::Kept | EffectFate::Moved));
        let elsewhere = lives || judged.iter().any(|judged| judged.fate == EffectFate::New);
        let mut effects: Vec<SeenEffect> = judged
            .iter()
            .map(|judged| self.judged_effect(leaf, judged, (lives, elsewhere), told))
            .collect();
        let unknown = effects.is_empty() && leaf.how.is_unknown();
        if unknown {
            effects.extend(self.removed_setting(leaf, told));
        }
        let because = (unknown || effects.is_empty())
            .then(|| reason_for(leaf.how))
            .flatten();
        Setting {
            path: leaf.path.as_ref().map(ToString::to_string),
            at: at.cloned(),
            value: value.map_or(serde_json::Value::Null, serde_json::Value::from),
            fate: match unknown && effects.is_empty() {
                true => SettingFate::NotCompared,
                false => fate(&effects),
            },
            because,
            effects,
        }
    }

    /// A setting that could not be compared and is nowhere in the new values.
    fn removed_setting(&self, leaf: &Leaf, told: &Circumstances<'_>) -> Option<SeenEffect> {
        let path = leaf.path.clone()?;
        let now = Value::Map(self.after.clone());
        let mut paths = vec![path];
        paths.extend(told.links.get(&paths[0]).into_iter().flatten().cloned());
        if paths.iter().any(|path| path.get(&now).is_some()) {
            return None;
        }
        let explained = told.voices.explain(&Difference {
            fate: EffectFate::Gone,
            settings: &paths,
            written: &[],
            unchanged: false,
            carried: false,
            elsewhere: false,
            spot: &Path::root(),
        });
        Some(SeenEffect {
            fate: EffectFate::Gone,
            place: "values".to_owned(),
            to: None,
            was: (&leaf.value).into(),
            now: serde_json::Value::Null,
            unexplained: explained.is_none(),
            step: explained.map(|(step, _)| step.to_owned()),
            notice: explained.map(|(_, notice)| notice.to_owned()),
        })
    }

    fn judged_effect(
        &self,
        leaf: &Leaf,
        judged: &Judged,
        (lives, elsewhere): (bool, bool),
        told: &Circumstances<'_>,
    ) -> SeenEffect {
        let (links, after) = (told.links, told.after);
        let mut paths: Vec<Path> = match (&leaf.path, judged.fate) {
            (Some(path), _) => vec![path.clone()],
            // Several settings together: any of them may be behind it.
            (None, _) => leaves_of(self.before)
                .into_iter()
                .map(|(path, _)| path)
                .collect(),
        };
        paths.extend(
            paths
                .clone()
                .iter()
                .filter_map(|path| links.get(path))
                .flatten()
                .cloned(),
        );
        let mut shown: Vec<Path> = Vec::new();
        if matches!(judged.fate, EffectFate::New | EffectFate::Repeated) {
            shown.extend(after[judged.leaf].path.clone());
        } else if let Some(to) = &judged.to {
            let there = after
                .iter()
                .filter(|leaf| leaf.effects.iter().any(|e| e.spot == *to));
            shown.extend(there.filter_map(|leaf| leaf.path.clone()));
        }
        paths.extend(shown.iter().cloned());
        let mut known = HashSet::new();
        paths.retain(|path| known.insert(path.clone()));
        let (before, now) = (
            Value::Map(self.before.clone()),
            Value::Map(self.after.clone()),
        );
        let same = |old: &Path, new: &Path| {
            let was = old.get(&before);
            was.is_some() && was == new.get(&now)
        };
        let unchanged = leaf.path.as_ref().is_none_or(|path| same(path, path));
        shown.retain(|path| !same(path, path));
        let written = shown;
        let carried = leaf.path.as_ref().is_none_or(|path| {
            unchanged
                || links
                    .get(path)
                    .into_iter()
                    .flatten()
                    .any(|to| same(path, to))
        });
        let fate = judged.fate;
        let differs = match judged.fate {
            EffectFate::Kept | EffectFate::Moved | EffectFate::Repeated => false,
            // The chart gave the object up, and the setting still does its work elsewhere.
            EffectFate::GoneWithObject => !lives,
            EffectFate::Different | EffectFate::Gone | EffectFate::New => true,
        };
        let explained = differs
            .then(|| {
                told.voices.explain(&Difference {
                    fate: judged.fate,
                    settings: &paths,
                    written: &written,
                    unchanged,
                    carried,
                    elsewhere,
                    spot: &judged.spot.path,
                })
            })
            .flatten();
        let json =
            |value: &Option<Value>| value.as_ref().map_or(serde_json::Value::Null, Into::into);
        SeenEffect {
            fate,
            place: told.place(&judged.spot),
            to: judged
                .to
                .as_ref()
                .filter(|to| **to != judged.spot)
                .map(|to| told.place(to)),
            was: json(&judged.was),
            now: json(&judged.now),
            unexplained: differs && explained.is_none(),
            step: explained.map(|(step, _)| step.to_owned()),
            notice: explained.map(|(_, notice)| notice.to_owned()),
        }
    }
}

/// The worst that became of effects.
fn fate(effects: &[SeenEffect]) -> SettingFate {
    let has = |fates: &[EffectFate]| effects.iter().any(|seen| fates.contains(&seen.fate));
    let lives = has(&[EffectFate::Kept, EffectFate::Moved]);
    if effects.is_empty() {
        SettingFate::None
    } else if has(&[EffectFate::Different])
        || (lives || has(&[EffectFate::New])) && has(&[EffectFate::Gone])
    {
        SettingFate::Different
    } else if has(&[EffectFate::New]) {
        SettingFate::More
    } else if !lives && !has(&[EffectFate::Repeated]) {
        SettingFate::Gone
    } else if has(&[EffectFate::Moved]) {
        SettingFate::Moved
    } else {
        SettingFate::Kept
    }
}

fn reason_for(how: Isolation) -> Option<String> {
    Some(
        match how {
            Isolation::Unread => "no template of the old chart reads it",
            Isolation::Default => "the old chart's own values say the same",
            Isolation::Needed => "the old chart does not render without it, nor with another value",
            Isolation::Random => {
                "it shows only beside passwords, keys or names that are random in each rendering"
            }
            Isolation::LeftOut | Isolation::Changed => "nothing rendered depends on it",
        }
        .to_owned(),
    )
}
