//! What each setting does under one chart: the difference between rendering with the user's values and
//! with the values minus that setting.
//!
//! The other settings stay, so values that a chart requires are there. A setting that cannot be left out
//! is changed instead, to see where it shows. A setting that no template looks at, and one that says what
//! the chart's own `values.yaml` says, does nothing, and is not rendered for. What only shows when several
//! settings go at once is found by leaving out all of them, and credited to them together.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    fields::words,
    objects::{Manifest, ObjectId, pairs},
    render::{RenderMode, Rendered, Renderer},
};
use crate::{
    chart::{Chart, reads::TemplateReads},
    values::{Map, Number, Path, Segment, Value, leaves},
};

/// A field of a rendered object; the root for the object itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RenderedField {
    /// The object.
    pub object: ObjectId,
    /// The field.
    pub path: Path,
}

impl std::fmt::Display for RenderedField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.is_root() {
            return write!(f, "{}", self.object);
        }
        write!(f, "{} {}", self.object, self.path)
    }
}

/// One thing that a setting does.
#[derive(Debug, Clone, PartialEq)]
pub struct RenderedEffect {
    /// The place.
    pub spot: RenderedField,
    /// The value with the setting; `None` if the setting takes it away.
    pub with: Option<Value>,
    /// The value without it.
    pub without: Option<Value>,
}

/// The way in which the effects of a setting were found, or the reason for which they were not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// It was left out.
    LeftOut,
    /// It cannot be left out, so it was changed.
    Changed,
    /// It can neither be left out nor changed: the chart needs exactly it.
    Needed,
    /// No template looks at it.
    Unread,
    /// The chart's own values say the same.
    Default,
    /// It only shows among random text, which is never the same.
    Random,
}

impl Isolation {
    /// True if the effects of the setting could not be found.
    #[must_use]
    pub fn is_unknown(self) -> bool {
        matches!(self, Self::Needed | Self::Random)
    }
}

/// A setting and what it does.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// Its path; `None` for what several settings do together.
    pub path: Option<Path>,
    /// Its value; null for several settings.
    pub value: Value,
    /// The way in which they were found.
    pub how: Isolation,
    /// The effects.
    pub effects: Vec<RenderedEffect>,
}

/// A chart with values, rendered.
#[derive(Debug)]
pub struct Side<'c> {
    /// Its renderer.
    pub renderer: &'c Renderer,
    /// The values that its templates look at.
    pub reads: TemplateReads,
    /// The chart's own values.
    pub defaults: &'c Map,
    /// The user's values, with what had to be made up.
    pub values: Map,
    /// The values that had to be made up.
    pub made_up: Vec<Path>,
    /// The way in which it is rendered.
    pub mode: RenderMode,
    /// Everything that renders, without what is not the same each time.
    pub manifest: Manifest,
    unstable: HashSet<(ObjectId, Path)>,
    /// The words of unstable fields that are the same each time.
    stable_words: Vec<(ObjectId, Path, HashSet<String>)>,
}

impl<'c> Side<'c> {
    /// Renders the values twice: what differs is random or dated, and left out from here on.
    ///
    /// # Errors
    ///
    /// What Helm says, if the values do not render.
    pub fn new(
        chart: &'c Chart,
        renderer: &'c Renderer,
        values: Map,
        made_up: Vec<Path>,
        mode: RenderMode,
    ) -> Result<Self, Rendered> {
        let rendered = renderer.render(&values, mode);
        let Ok(manifest) = &*rendered else {
            return Err(rendered);
        };
        let mut manifest = manifest.clone();
        let again = match renderer.render_again(&values, mode) {
            Ok(again) => again,
            Err(error) => return Err(Err(error).into()),
        };
        let unstable = differing_fields(&manifest, &again);
        let same = pairs(&manifest, &again);
        let stable_words = manifest
            .objects
            .iter()
            .flat_map(|(id, object)| object.fields.iter().map(move |field| (id, field)))
            .filter(|(id, (path, _))| unstable.contains(&((*id).clone(), (*path).clone())))
            .filter_map(|(id, (path, value))| {
                let again = text_words(again.field(same.get(id)?, path)?);
                let words = text_words(value).intersection(&again).cloned().collect();
                Some((id.clone(), path.clone(), words))
            })
            .collect();
        manifest.drop_unstable(&unstable);
        let mut reads = TemplateReads::clone(&chart.reads());
        reads.and_values(&Value::Map(values.clone()));
        Ok(Self {
            renderer,
            reads,
            defaults: &chart.defaults,
            values,
            made_up,
            mode,
            manifest,
            unstable,
            stable_words,
        })
    }

    /// The settings, with what can be said of them without rendering.
    pub(super) fn settings(&self) -> Vec<(Path, &Value, Isolation)> {
        let mut found = leaves(&self.values);
        found.retain(|(path, _)| !self.made_up.contains(path));
        let how = |path: &Path, value: &Value| {
            if !self.reads.is_read(path) {
                Isolation::Unread
            } else if is_default(self.defaults, path, value) {
                Isolation::Default
            } else {
                Isolation::LeftOut
            }
        };
        found
            .into_iter()
            .map(|(path, value)| {
                let how = how(&path, value);
                (path, value, how)
            })
            .collect()
    }

    /// The rendering with another value in place of a setting that cannot be left out; `None` if the chart needs
    /// exactly this one.
    pub(super) fn with_other_value(&self, path: &Path, value: &Value) -> Option<Rendered> {
        let mut values = self.values.clone();
        set_path(&mut values, path, other_value(value)?);
        let rendered = self.renderer.render(&values, self.mode);
        rendered.is_ok().then_some(rendered)
    }

    /// The effects of each setting, in the order of the values.
    pub fn leaves(&self) -> Vec<Leaf> {
        let settings = self.settings();
        let mut how: Vec<Isolation> = settings.iter().map(|(.., how)| *how).collect();
        let found: Vec<(Path, &Value)> = settings
            .into_iter()
            .map(|(path, value, _)| (path, value))
            .collect();
        let asked: Vec<usize> = (0..found.len())
            .filter(|at| how[*at] == Isolation::LeftOut)
            .collect();
        let variants: Vec<Map> = asked
            .iter()
            .map(|at| without_paths(&self.values, std::slice::from_ref(&found[*at].0)))
            .collect();
        let mut rendered: HashMap<usize, Rendered> = asked
            .iter()
            .copied()
            .zip(self.renderer.render_all(&variants, self.mode))
            .collect();

        let mut required = Vec::new();
        for at in asked {
            if rendered[&at].is_ok() {
                continue;
            }
            let (path, value) = &found[at];
            required.push(path.clone());
            match self.with_other_value(path, value) {
                Some(other) => {
                    how[at] = Isolation::Changed;
                    rendered.insert(at, other);
                }
                None => how[at] = Isolation::Needed,
            }
        }

        let mut all: Vec<Leaf> = found
            .iter()
            .enumerate()
            .map(|(at, (path, value))| {
                let variant = rendered
                    .get(&at)
                    .and_then(|variant| variant.as_ref().as_ref().ok());
                let effects = variant.map_or_else(Vec::new, |variant| self.effects(value, variant));
                let random = effects.is_empty()
                    && variant.is_some_and(|variant| self.shows_among_random(variant));
                Leaf {
                    path: Some(path.clone()),
                    value: (*value).clone(),
                    how: if random { Isolation::Random } else { how[at] },
                    effects,
                }
            })
            .collect();
        all.extend(self.leave_out_together(&found, &required, &all));
        all
    }

    /// The effects that show only when every setting is left out but those that are required.
    fn leave_out_together(
        &self,
        found: &[(Path, &Value)],
        required: &[Path],
        single: &[Leaf],
    ) -> Option<Leaf> {
        if single
            .iter()
            .filter(|leaf| leaf.how == Isolation::LeftOut)
            .count()
            < 2
        {
            return None;
        }
        let gone: Vec<Path> = found
            .iter()
            .map(|(path, _)| path.clone())
            .filter(|path| !required.contains(path))
            .collect();
        let rendered = self
            .renderer
            .render(&without_paths(&self.values, &gone), self.mode);
        let Ok(manifest) = &*rendered else {
            return None;
        };
        let credited: HashSet<&RenderedField> = single
            .iter()
            .flat_map(|leaf| leaf.effects.iter().map(|effect| &effect.spot))
            .collect();
        let objects: HashSet<&ObjectId> = credited
            .iter()
            .filter(|spot| spot.path.is_root())
            .map(|spot| &spot.object)
            .collect();
        let mut effects = self.effects(&Value::Null, manifest);
        // What an object is without any setting is only sure where its name is the same.
        effects.retain(|effect| {
            let spot = &effect.spot;
            !credited.contains(spot)
                && !objects.contains(&spot.object)
                && (spot.path.is_root() || manifest.objects.contains_key(&spot.object))
        });
        (!effects.is_empty()).then_some(Leaf {
            path: None,
            value: Value::Null,
            how: Isolation::LeftOut,
            effects,
        })
    }

    /// True if a variant lacks words that stand among random text each time.
    pub(super) fn shows_among_random(&self, variant: &Manifest) -> bool {
        if self.stable_words.is_empty() {
            return false;
        }
        let pairs = pairs(&self.manifest, variant);
        self.stable_words.iter().any(|(id, path, words)| {
            let there = pairs.get(id).map(|id| variant.field(id, path));
            there.is_some_and(|there| !words.is_subset(&there.map(text_words).unwrap_or_default()))
        })
    }

    /// The effects of a variant of the values that they do not have: it sets one more, of this value.
    #[must_use]
    pub fn added(&self, setting: &Value, variant: &Manifest) -> Vec<RenderedEffect> {
        self.effects_between(setting, variant, &self.manifest)
    }

    /// The difference of two variants of the values, which a setting of this value makes.
    #[must_use]
    pub fn effects_between(
        &self,
        setting: &Value,
        with: &Manifest,
        without: &Manifest,
    ) -> Vec<RenderedEffect> {
        let stable = |variant: &Manifest| {
            let mut stable = variant.clone();
            stable.drop_unstable(&self.unstable);
            stable
        };
        let mut effects = difference(&stable(with), &stable(without));
        effects.retain(|effect| !is_charts_own_word(setting, effect));
        effects
    }

    /// The difference between the user's values and a variant of them, which lacks one of this value.
    pub(super) fn effects(&self, setting: &Value, variant: &Manifest) -> Vec<RenderedEffect> {
        let mut effects = difference(&self.manifest, variant);
        effects.retain(|effect| {
            let spot = &effect.spot;
            !self
                .unstable
                .contains(&(spot.object.clone(), spot.path.clone()))
                && !is_charts_own_word(setting, effect)
        });
        effects
    }
}

/// True if the text there is not the setting's own: the chart and its version in a label, which change with every chart
/// (labels of Helm's and Kubernetes' own recommendations; some charts put the user's tag there), or a checksum of a
/// text that is rendered elsewhere, where it is compared.
fn is_charts_own_word(setting: &Value, effect: &RenderedEffect) -> bool {
    let [.., Segment::Key(above), Segment::Key(label)] = effect.spot.path.segments() else {
        return false;
    };
    let own = |value: &Value| !contains_value(setting, value);
    let versioned = above == "labels"
        && matches!(
            label.as_str(),
            "helm.sh/chart" | "app.kubernetes.io/version"
        )
        && effect.with.as_ref().is_some_and(own);
    let names_one = || {
        let words = words(label);
        let named = |word: &String| {
            matches!(word.as_str(), "hash" | "digest")
                || word.contains("checksum")
                || word.starts_with("sha")
        };
        words.iter().any(named)
    };
    let mut values = effect.with.iter().chain(&effect.without);
    versioned
        || matches!(above.as_str(), "annotations" | "labels")
            && names_one()
            && values.all(|value| is_checksum(value) && own(value))
}

/// True if a value looks like MD5, SHA-1 or SHA-256.
fn is_checksum(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        matches!(text.len(), 32 | 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// Fields that two renderings of the same values have differently.
fn differing_fields(a: &Manifest, b: &Manifest) -> HashSet<(ObjectId, Path)> {
    let mut found = HashSet::new();
    for (one, other) in [(a, b), (b, a)] {
        for (id, object) in &one.objects {
            let same = other.objects.get(id);
            if same.is_some_and(|same| Arc::ptr_eq(same, object)) {
                continue;
            }
            for (path, value) in &object.fields {
                if other.field(id, path) != Some(value) {
                    found.insert((id.clone(), path.clone()));
                }
            }
        }
    }
    found
}

/// The difference of a rendering from a variant. An object that is there in one of them only is one difference.
#[must_use]
pub fn difference(with: &Manifest, without: &Manifest) -> Vec<RenderedEffect> {
    let pairs = pairs(with, without);
    let mut effects = Vec::new();
    let exists = || Some(Value::Bool(true));
    for (id, object) in &with.objects {
        let spot = |path: &Path| RenderedField {
            object: id.clone(),
            path: path.clone(),
        };
        let Some(other) = pairs.get(id).and_then(|id| without.objects.get(id)) else {
            effects.push(RenderedEffect {
                spot: spot(&Path::root()),
                with: exists(),
                without: None,
            });
            continue;
        };
        if Arc::ptr_eq(object, other) {
            continue;
        }
        for (path, value) in &object.fields {
            let before = other.fields.get(path);
            if before != Some(value) && !(is_empty(value) && has_below(&other.fields, path)) {
                effects.push(RenderedEffect {
                    spot: spot(path),
                    with: Some(value.clone()),
                    without: before.cloned(),
                });
            }
        }
        for (path, value) in &other.fields {
            let there = object.fields.contains_key(path)
                || is_empty(value) && has_below(&object.fields, path);
            if !there {
                effects.push(RenderedEffect {
                    spot: spot(path),
                    with: None,
                    without: Some(value.clone()),
                });
            }
        }
    }
    let paired: HashSet<&ObjectId> = pairs.values().collect();
    for id in without.objects.keys().filter(|id| !paired.contains(*id)) {
        effects.push(RenderedEffect {
            spot: RenderedField {
                object: id.clone(),
                path: Path::root(),
            },
            with: None,
            without: exists(),
        });
    }
    effects
}

/// An empty map or list: nothing of its own where the other rendering has something below.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Map(map) => map.is_empty(),
        Value::List(items) => items.is_empty(),
        _ => false,
    }
}

fn has_below(fields: &super::fields::Fields, path: &Path) -> bool {
    fields
        .keys()
        .any(|other| other.depth() > path.depth() && other.starts_with(path))
}

/// True if two values are the same as texts: an environment variable has a number as a text.
pub(super) fn text_equal(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => {
            a == b || a.scalar_text().is_some() && a.scalar_text() == b.scalar_text()
        }
        (None, None) => true,
        _ => false,
    }
}

/// True if a setting's value is this, or has it in it.
pub(super) fn contains_value(value: &Value, part: &Value) -> bool {
    if text_equal(Some(value), Some(part)) {
        return true;
    }
    match value {
        Value::List(items) => items.iter().any(|item| contains_value(item, part)),
        Value::Map(map) => map.values().any(|value| contains_value(value, part)),
        _ => false,
    }
}

/// True if the chart's own values are the same, so that leaving it out changes nothing.
fn is_default(defaults: &Map, path: &Path, value: &Value) -> bool {
    let root = Value::Map(defaults.clone());
    match (path.get(&root), value) {
        (_, Value::Null) | (None, _) => false,
        (Some(Value::Map(_)), Value::Map(map)) => map.is_empty(),
        (Some(default), value) => default == value,
    }
}

/// Values without some leaves, and without the maps that are empty then.
#[must_use]
pub fn without_paths(values: &Map, paths: &[Path]) -> Map {
    let mut values = values.clone();
    for path in paths {
        remove(&mut values, path.segments());
    }
    values
}

fn remove(map: &mut Map, path: &[Segment]) {
    match path {
        [Segment::Key(key)] => {
            map.shift_remove(key);
        }
        [Segment::Key(key), below @ ..] => {
            if let Some(Value::Map(inner)) = map.get_mut(key) {
                remove(inner, below);
                if inner.is_empty() {
                    map.shift_remove(key);
                }
            }
        }
        _ => {}
    }
}

/// Sets a value, with the maps above it.
pub fn set_path(map: &mut Map, path: &Path, value: Value) {
    let Some((Segment::Key(last), above)) = path.segments().split_last() else {
        return;
    };
    let mut at = map;
    for segment in above {
        let Segment::Key(key) = segment else { return };
        let next = at.entry(key.clone()).or_insert_with(|| Map::new().into());
        match next {
            Value::Map(inner) => at = inner,
            _ => return,
        }
    }
    at.insert(last.clone(), value);
}

/// The words in a value that are no accident.
fn text_words(value: &Value) -> HashSet<String> {
    let text = serde_json::Value::from(value).to_string();
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 1)
        .map(str::to_owned)
        .collect()
}

/// Another value of the same type.
pub fn other_value(value: &Value) -> Option<Value> {
    Some(match value {
        Value::String(text) => Value::String(format!("{text}-changed")),
        Value::Bool(value) => Value::Bool(!value),
        Value::Number(number) => Value::Number(match number.as_i64() {
            Some(n) => Number::from(n.checked_add(1)?),
            None => Number::from_f64(number.as_f64() + 1.0)?,
        }),
        Value::List(items) => {
            let again = items.last()?;
            Value::List(items.iter().chain([again]).cloned().collect())
        }
        Value::Null | Value::Map(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_with_the_charts_version_is_the_settings_only_if_it_says_so() {
        let effect = |path: &str, with: &str| RenderedEffect {
            spot: RenderedField {
                object: ObjectId {
                    kind: "ServiceAccount".to_owned(),
                    name: "fjord".to_owned(),
                    group: String::new(),
                    namespace: String::new(),
                },
                path: path.parse().unwrap(),
            },
            with: Some(Value::from(with)),
            without: Some(Value::from("database-12.4.2")),
        };
        let chart = effect(r"metadata.labels.helm\.sh/chart", "app-0.15.0");
        let version = effect(r"metadata.labels.app\.kubernetes\.io/version", "v7");
        let name = effect("metadata.labels.app", "fjord");
        for (setting, of_chart) in [("fjord", [true, true, false]), ("v7", [true, false, false])] {
            let setting = Value::from(setting);
            let found = [&chart, &version, &name].map(|e| is_charts_own_word(&setting, e));
            assert_eq!(found, of_chart);
        }
    }
}
