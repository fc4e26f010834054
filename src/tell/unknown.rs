//! Keys that the target does not know, and keys that nothing in it reads.
//!
//! To Helm both are fine: it hands them to templates that never look. So each is told once, at the
//! top-most path that is unknown, with what is known of it: whether any version of the chart had it, where
//! it moved, which key it may have been meant to be. A guess is made only where it is close, and never
//! acted on.
//!
//! Below sub-charts, maps of the user's own, lists and `global` the pack knows nothing and says nothing.

use std::collections::BTreeSet;

use semver::Version;

use super::{LayerNotice, StepTexts, Subject, is_default};
use crate::{
    migrate::TracedValue,
    pack::{Known, NoticeSeverity, Pack, PackError},
    values::{Path, Value, view::View},
};

/// Unknown keys told of one layer before the rest is only counted.
const LISTED: usize = 20;
/// A key that moved may have moved again.
const MOVES: usize = 5;

/// The keys of every layer that the target does not know or does not read.
pub(super) fn notices(
    subject: Subject<'_>,
    step_texts: &StepTexts<'_>,
) -> Result<Vec<LayerNotice>, PackError> {
    let mut told = Vec::new();
    let defaults = subject.pack.keys.default_values(subject.to);
    for (layer, (root, view)) in subject
        .migrated
        .layers
        .iter()
        .zip(subject.views)
        .enumerate()
    {
        let mut walk = UnknownWalk {
            subject,
            step_texts,
            layer,
            view,
            defaults: defaults.values(),
            told: Vec::new(),
            more: 0,
        };
        walk.below(root, &Path::root())?;
        let more = walk.more;
        if let (true, Some(last)) = (more > 0, walk.told.last_mut()) {
            let s = if more == 1 { "" } else { "s" };
            last.text
                .push_str(&format!(" {more} more key{s} in this file are unknown."));
        }
        told.append(&mut walk.told);
    }
    Ok(told)
}

struct UnknownWalk<'w> {
    subject: Subject<'w>,
    step_texts: &'w StepTexts<'w>,
    layer: usize,
    view: &'w View<'w>,
    defaults: &'w Value,
    told: Vec<LayerNotice>,
    more: usize,
}

impl UnknownWalk<'_> {
    fn below(&mut self, node: &TracedValue, at: &Path) -> Result<(), PackError> {
        let keys = &self.subject.pack.keys;
        for entry in node.entries(self.view) {
            let here = at.key(&entry.key);
            match keys.known(&here, self.subject.to) {
                Known::Unknown => self.tell_unknown(&entry.node, here)?,
                Known::Dead => self.add_dead_key(&entry.node, here)?,
                Known::Read if entry.node.is_map(self.view) => self.below(&entry.node, &here)?,
                Known::Read => self.shape(&entry.node, here),
                Known::Open | Known::SubChart => {}
            }
        }
        Ok(())
    }

    fn add_notice(&mut self, node: &TracedValue, path: Path, text: String) {
        // What a step made has no place in the text, and is checked against the target's keys anyway.
        let made_of = node.made_of(self.view);
        let place = node.source().or_else(|| made_of.first());
        let Some(place) = place.filter(|place| place.layer == self.layer) else {
            return;
        };
        self.told.push(LayerNotice {
            layer: self.layer,
            node: place.node,
            severity: NoticeSeverity::Action,
            path,
            text,
        });
    }

    fn tell_unknown(&mut self, node: &TracedValue, path: Path) -> Result<(), PackError> {
        if self.told.len() >= LISTED {
            self.more += 1;
            return Ok(());
        }
        if self.step_texts.speak_of(&path) {
            return Ok(());
        }
        let Subject { pack, to, .. } = self.subject;
        let chart = &pack.info.chart;
        let versions = || pack.info.versions.keys();
        let known = |version: &&Version| pack.keys.known(&path, version) != Known::Unknown;
        let last = versions().filter(|version| *version < to).rfind(known);
        let first = versions().filter(|version| *version > to).find(known);
        let what = match (last, first) {
            (Some(last), _) => {
                format!(
                    "{chart} {to} does not know `{path}`; {last} was the last version that did."
                )
            }
            (None, Some(first)) => {
                format!("{chart} {to} does not know `{path}`; it comes with {first}.")
            }
            // What other versions know is not known here.
            (None, None) => match (versions().next(), versions().next_back()) {
                (Some(oldest), Some(newest)) if oldest != newest => {
                    format!("No version of {chart} from {oldest} to {newest} knows `{path}`.")
                }
                _ => format!("{chart} {to} does not know `{path}`."),
            },
        };
        let mut hint = self.moved(node, &path)?;
        // What a version knew is no slip of the pen.
        if hint.is_empty() && last.or(first).is_none() {
            let close = pack.keys.spellings(to).close(&path);
            if !close.is_empty() {
                hint = format!(" Did you mean {}?", list(&close, "or"));
            }
        }
        self.add_notice(node, path, format!("{what}{hint}"));
        Ok(())
    }

    fn add_dead_key(&mut self, node: &TracedValue, path: Path) -> Result<(), PackError> {
        // What is as the chart has it anyway changes nothing and surprises nobody.
        let value = node.value(self.view).unwrap_or(Value::Null);
        if is_default(&path, &value, self.defaults) || self.step_texts.speak_of(&path) {
            return Ok(());
        }
        let Subject { pack, to, .. } = self.subject;
        let chart = &pack.info.chart;
        let read = |version: &&Version| pack.keys.known(&path, version) == Known::Read;
        let versions = || pack.info.versions.keys();
        let what = match versions().filter(|version| *version < to).rfind(read) {
            Some(last) => format!(
                "`{path}` is in the values of {chart} {to}, but nothing reads it; {last} was the last version that did."
            ),
            None => format!("`{path}` is in the values of {chart} {to}, but nothing reads it."),
        };
        let hint = self.moved(node, &path)?;
        self.add_notice(node, path, format!("{what}{hint}"));
        Ok(())
    }

    /// The places that the settings at and below a path have now, as a sentence.
    fn moved(&self, node: &TracedValue, path: &Path) -> Result<String, PackError> {
        let Subject { pack, to, .. } = self.subject;
        let (mut places, mut all) = (Vec::new(), true);
        for (leaf, _) in &node.first_leaves(self.view, LISTED) {
            let here = moved(pack, &path.concat(leaf), to)?;
            all &= !here.is_empty();
            for place in here {
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        // Many places mean that it depends on more than this key.
        let what = if all {
            "What it set"
        } else {
            "Some of what it set"
        };
        Ok(match places.len() {
            1 | 2 => format!(" {what} has its place at {} now.", list(&places, "and")),
            _ => String::new(),
        })
    }

    /// A text where the chart has a map: templates that look below it fail.
    fn shape(&mut self, node: &TracedValue, path: Path) {
        let keys = &self.subject.pack.keys;
        let in_target = |key: &Path| {
            let read = keys.known(key, self.subject.to);
            key.starts_with(&path) && matches!(read, Known::Read)
        };
        if !matches!(path.get(self.defaults), Some(Value::Map(map)) if !map.is_empty()) {
            return;
        }
        let below: Vec<Path> = keys
            .iter()
            .map(|(key, _)| key)
            .filter(|key| in_target(key))
            .cloned()
            .collect();
        let value = node.value(self.view).unwrap_or(Value::Null);
        if value.is_null()
            || below.is_empty()
            || below.contains(&path)
            || self.step_texts.speak_of(&path)
        {
            return;
        }
        let (chart, to) = (&self.subject.pack.info.chart, self.subject.to);
        let text = format!(
            "`{path}` is a map in {chart} {to} ({}), and {} here: the chart's templates cannot read it.",
            list(&below[..below.len().min(3)], "and"),
            value.type_name()
        );
        self.add_notice(node, path, text);
    }
}

fn list(paths: &[Path], word: &str) -> String {
    let names: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {word} {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// The places to which the pack's migrations move a path, as far as the target reads them; none if they do not say.
fn moved(pack: &Pack, path: &Path, to: &Version) -> Result<Vec<Path>, PackError> {
    let mut places = vec![path.clone()];
    for _ in 0..MOVES {
        let (known, lost): (Vec<Path>, Vec<Path>) = places
            .into_iter()
            .partition(|place| matches!(pack.keys.known(place, to), Known::Read | Known::Open));
        if !known.is_empty() || lost.is_empty() {
            return Ok(known);
        }
        places = Vec::new();
        for version in pack.migrated_versions().filter(|version| *version <= to) {
            let migrations = pack.migrations(version)?.into_iter();
            for step in migrations.flat_map(|migration| &migration.steps) {
                for place in &lost {
                    let next =
                        step.move_destinations(place)
                            .map_err(|error| PackError::Expression {
                                version: version.clone(),
                                step: step.id.clone(),
                                error,
                            })?;
                    let new = next.into_iter().filter(|next| next != path);
                    places.extend(new.filter(Path::is_concrete));
                }
            }
        }
        let mut seen = BTreeSet::new();
        places.retain(|place| seen.insert(place.to_string()));
    }
    Ok(Vec::new())
}
