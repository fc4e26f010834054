//! What many settings do, found by leaving out many of them at a time.
//!
//! One rendering for each setting is exact, and too much for a chart with hundreds of keys. Where values can be told
//! apart, what a whole group does is told apart by them: a field that has a setting's text in it is that setting's.
//! A group that changes nothing is done with one rendering; what nobody's text is in is looked for in halves. A group
//! without which the chart does not render is halved as well. What a setting does only while another one is there is
//! missed, so this is for charts that are gone through as a whole, never for a user's own values.

use std::collections::{BTreeSet, HashSet};

use super::{
    leaves::{Isolation, Leaf, RenderedEffect, Side, without_paths},
    objects::Manifest,
};
use crate::values::{Map, Path, Value};

/// Most settings that are left out at once.
const MOST_AT_ONCE: usize = 64;
/// From how many letters on a text tells a setting from others.
const MIN_TELLING: usize = 4;

/// A setting in work.
struct SettingInWork<'v> {
    path: Path,
    value: &'v Value,
    how: Isolation,
    effects: Vec<RenderedEffect>,
    /// The text by which it is known; `None` if it has none of its own.
    sign: Option<String>,
}

impl Side<'_> {
    /// The effects of each setting, in the order of the values, with as few renderings as their texts allow.
    pub fn leaves_in_groups(&self) -> Vec<Leaf> {
        let mut all: Vec<SettingInWork<'_>> = self
            .settings()
            .into_iter()
            .map(|(path, value, how)| SettingInWork {
                path,
                value,
                how,
                effects: Vec::new(),
                sign: sign(value),
            })
            .collect();
        forget_shared(&mut all);
        // Switches decide whether the others show, so they go by themselves.
        let asked = (0..all.len()).filter(|at| all[*at].how == Isolation::LeftOut);
        let (told, other): (Vec<usize>, Vec<usize>) = asked.partition(|at| all[*at].sign.is_some());
        let mut groups: Vec<Vec<usize>> = [told, other]
            .iter()
            .flat_map(|some| some.chunks(MOST_AT_ONCE).map(<[usize]>::to_vec))
            .collect();
        while !groups.is_empty() {
            let variants: Vec<Map> = groups
                .iter()
                .map(|group| {
                    let gone: Vec<Path> = group.iter().map(|at| all[*at].path.clone()).collect();
                    without_paths(&self.values, &gone)
                })
                .collect();
            let rendered = self.renderer.render_all(&variants, self.mode);
            let mut next = Vec::new();
            for (group, rendered) in groups.iter().zip(rendered) {
                match (rendered.as_ref(), group.as_slice()) {
                    (Ok(manifest), [at]) => self.ask_alone(&mut all[*at], manifest),
                    (Ok(manifest), group) => {
                        next.extend(split_in_halves(&self.shared_out(&mut all, group, manifest)))
                    }
                    (Err(_), [at]) => self.needed(&mut all[*at]),
                    (Err(_), group) => next.extend(split_in_halves(group)),
                }
            }
            groups = next;
        }
        all.into_iter()
            .map(|asked| Leaf {
                path: Some(asked.path),
                value: asked.value.clone(),
                how: asked.how,
                effects: asked.effects,
            })
            .collect()
    }

    fn ask_alone(&self, asked: &mut SettingInWork<'_>, manifest: &Manifest) {
        asked.effects = self.effects(asked.value, manifest);
        if asked.effects.is_empty() && self.shows_among_random(manifest) {
            asked.how = Isolation::Random;
        }
    }

    fn needed(&self, asked: &mut SettingInWork<'_>) {
        let other = self.with_other_value(&asked.path, asked.value);
        match other.as_ref().map(AsRef::as_ref) {
            Some(Ok(manifest)) => {
                asked.how = Isolation::Changed;
                asked.effects = self.effects(asked.value, manifest);
            }
            _ => asked.how = Isolation::Needed,
        }
    }

    /// Gives each setting of a group the effects with its text; those that are to be looked at again.
    fn shared_out(
        &self,
        all: &mut [SettingInWork<'_>],
        group: &[usize],
        manifest: &Manifest,
    ) -> Vec<usize> {
        let mut is_over = false;
        let mut again: BTreeSet<usize> = BTreeSet::new();
        for effect in self.effects(&Value::Null, manifest) {
            let owners: Vec<usize> = group
                .iter()
                .copied()
                .filter(|at| {
                    let sign = all[*at].sign.as_deref();
                    sign.is_some_and(|sign| holds_text(effect.with.as_ref(), sign))
                })
                .collect();
            match (owners.as_slice(), &effect.with) {
                ([], _) => is_over = true,
                // Of a list each has its own items.
                (owners, Some(Value::List(items))) => {
                    for at in owners {
                        let sign = all[*at].sign.clone().unwrap_or_default();
                        let own = items.iter().filter(|item| holds_text(Some(*item), &sign));
                        let own = RenderedEffect {
                            spot: effect.spot.clone(),
                            with: Some(Value::List(own.cloned().collect())),
                            without: Some(Value::List(Vec::new())),
                        };
                        all[*at].effects.push(own);
                    }
                }
                ([at], _) => all[*at].effects.push(effect),
                // What several made together says nothing of one.
                (owners, _) => again.extend(owners),
            }
        }
        for at in &again {
            all[*at].effects.clear();
        }
        let is_open = is_over || self.shows_among_random(manifest);
        let open = |at: &&usize| again.contains(*at) || is_open && all[**at].effects.is_empty();
        group.iter().filter(open).copied().collect()
    }
}

/// Both halves of a group; the group itself if it is one setting.
fn split_in_halves(group: &[usize]) -> Vec<Vec<usize>> {
    let (first, second) = group.split_at(group.len() / 2);
    [first, second]
        .into_iter()
        .filter(|half| !half.is_empty())
        .map(<[usize]>::to_vec)
        .collect()
}

/// The longest text in a value.
fn sign(value: &Value) -> Option<String> {
    let longest = |found: Vec<String>| found.into_iter().max_by_key(String::len);
    let text = match value {
        Value::List(items) => longest(items.iter().filter_map(sign).collect())?,
        Value::Map(map) => longest(map.values().filter_map(sign).collect())?,
        Value::String(_) | Value::Number(_) => value.scalar_text()?.to_owned(),
        Value::Bool(_) | Value::Null => return None,
    };
    (text.len() >= MIN_TELLING).then_some(text)
}

/// Takes away the signs that are in others.
fn forget_shared(all: &mut [SettingInWork<'_>]) {
    let signs: Vec<String> = all.iter().filter_map(|asked| asked.sign.clone()).collect();
    let shared: HashSet<String> = signs
        .iter()
        .filter(|sign| signs.iter().filter(|other| other.contains(*sign)).count() > 1)
        .cloned()
        .collect();
    for asked in all {
        asked.sign = asked.sign.take().filter(|sign| !shared.contains(sign));
    }
}

fn holds_text(value: Option<&Value>, text: &str) -> bool {
    value.is_some_and(|value| match value.scalar_text() {
        Some(own) => own.contains(text),
        None => serde_json::Value::from(value).to_string().contains(text),
    })
}
