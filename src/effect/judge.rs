//! Whether what the settings did they still do.
//!
//! Each effect under the old chart is looked for under the new one: at the same place, where a pack says
//! that the place moved, in the object that is the same under another name, or, if its place is gone, at
//! the new effect whose name is most like it, if that is no other's place. It is the same effect if the
//! value is, or if the same words stand in the same place of a text that the chart composes: it may put
//! another tag behind the user's repository. What the chart changed by itself is never looked at, for only
//! places where settings show are.
//!
//! Then the other way round: what settings do under the new chart that was not so before.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::{
    composed::{ComposedChange, Filled, Match, change, is_composed},
    fields::{IMAGE_PARTS, last_name, words},
    leaves::{Leaf, RenderedEffect, RenderedField, contains_value, text_equal},
    model::EffectFate,
    objects::{Manifest, ObjectId, pairs},
};
use crate::{
    pack::effects::{Moved, ObjectField, places_after_moves},
    values::{Path, Segment, Value},
};

/// An effect and what became of it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The setting: an index into the leaves of the old side, of the new side for what is new.
    pub leaf: usize,
    /// Its fate.
    pub fate: EffectFate,
    /// The old place; of a new effect, the new one.
    pub spot: RenderedField,
    /// The new place.
    pub to: Option<RenderedField>,
    /// The old value; `None` if the setting took a field away.
    pub was: Option<Value>,
    /// The new value.
    pub now: Option<Value>,
}

/// Everything that is compared.
pub struct EffectComparison<'c> {
    /// Everything under the old chart.
    pub before: &'c Manifest,
    /// Everything under the new chart.
    pub after: &'c Manifest,
    /// The effects of settings before.
    pub old: &'c [Leaf],
    /// Their effects now.
    pub new: &'c [Leaf],
    /// The moves of places between the two versions.
    pub moves: Vec<&'c Moved>,
    /// The new paths of each old setting, by the migration.
    pub links: &'c HashMap<Path, Vec<Path>>,
    /// The templates of the two charts.
    pub templates: [&'c str; 2],
    objects: IndexMap<ObjectId, ObjectId>,
    /// The old effects at each place.
    was_at: HashMap<RenderedField, Vec<(usize, &'c RenderedEffect)>>,
    /// The new effects at each place.
    at: HashMap<RenderedField, Vec<(usize, &'c RenderedEffect)>>,
    /// The old field of each new one.
    origins: HashMap<RenderedField, RenderedField>,
    /// The new fields that a stronger one overrides.
    shadowed: HashSet<RenderedField>,
}

impl<'c> EffectComparison<'c> {
    /// Gets ready: what both charts render, and what settings do there.
    #[must_use]
    pub fn new(
        (before, after): (&'c Manifest, &'c Manifest),
        (old, new): (&'c [Leaf], &'c [Leaf]),
        moves: Vec<&'c Moved>,
        links: &'c HashMap<Path, Vec<Path>>,
        templates: [&'c str; 2],
    ) -> Self {
        let mut comparison = Self {
            objects: pairs(before, after),
            before,
            after,
            old,
            new,
            moves,
            links,
            templates,
            was_at: places(old),
            at: places(new),
            origins: HashMap::new(),
            shadowed: HashSet::new(),
        };
        (comparison.origins, comparison.shadowed) = comparison.origins();
        comparison
    }

    /// The fate of every effect: first of the old ones, then of the new ones.
    #[must_use]
    pub fn judge(&self) -> Vec<Judged> {
        let mut judged: Vec<Judged> = effects(self.old)
            .map(|(leaf, effect)| self.judge_one(leaf, effect))
            .collect();
        let covered: HashSet<RenderedField> = judged
            .iter()
            .filter_map(|judged| judged.to.clone())
            .collect();
        let kept: Vec<Judged> = judged
            .iter()
            .filter(|judged| matches!(judged.fate, EffectFate::Kept | EffectFate::Moved))
            .cloned()
            .collect();
        // What settings put into texts that the chart composes: names, mostly.
        let composed = |effect: &RenderedEffect| {
            let (without, with) = (effect.without.as_ref()?, effect.with.as_ref()?);
            match change(without, with)? {
                ComposedChange::Texts(texts) => Some(texts.join("\n")),
                ComposedChange::Items(_) => None,
            }
        };
        let said: HashSet<(usize, String)> = effects(self.new)
            .filter(|(_, effect)| covered.contains(&effect.spot))
            .filter_map(|(leaf, effect)| Some((leaf, composed(effect)?)))
            .collect();
        for (leaf, effect) in effects(self.new) {
            let spot = &effect.spot;
            if covered.contains(spot) || self.shadowed.contains(spot) {
                continue;
            }
            let origin = self.origins.get(spot);
            let before = match origin {
                Some(origin) => self.value(self.before, origin),
                None if spot.path.is_root() => {
                    self.origin_object(&spot.object).map(|_| &Value::Bool(true))
                }
                None => None,
            };
            if before == effect.with.as_ref() || text_equal(before, effect.with.as_ref()) {
                continue;
            }
            let says_again = || {
                is_composed(&self.new[leaf], effect)
                    && composed(effect).is_some_and(|words| said.contains(&(leaf, words)))
            };
            let repeated = origin.is_none()
                && (says_again() || kept.iter().any(|kept| self.repeats(kept, leaf, effect)));
            judged.push(Judged {
                leaf,
                fate: if repeated {
                    EffectFate::Repeated
                } else {
                    EffectFate::New
                },
                spot: spot.clone(),
                to: Some(spot.clone()),
                was: before.cloned(),
                now: effect.with.clone(),
            });
        }
        judged
    }

    /// True if a new effect only repeats, in a container or object that was not there before, the effect of the same
    /// setting elsewhere.
    fn repeats(&self, kept: &Judged, leaf: usize, effect: &RenderedEffect) -> bool {
        let Some(to) = &kept.to else { return false };
        kept.now == effect.with
            && self.is_linked(kept.leaf, leaf)
            && last_name(&to.path) == last_name(&effect.spot.path)
            && to.path.depth() == effect.spot.path.depth()
            && self.is_in_something_new(&effect.spot)
    }

    /// True if the object or container of a place was not there before.
    fn is_in_something_new(&self, spot: &RenderedField) -> bool {
        let Some(object) = self.origin_object(&spot.object) else {
            return true;
        };
        let segments = spot.path.segments();
        let container = segments.windows(2).position(|pair| {
            matches!(pair, [Segment::Key(list), Segment::Select { .. }]
                if list == "containers" || list == "initContainers")
        });
        let Some(container) = container.map(|at| Path::new(segments[..at + 2].to_vec())) else {
            return false;
        };
        let mut fields = self.before.objects.get(object).into_iter();
        !fields.any(|object| {
            let mut fields = object.fields.keys();
            fields.any(|path| path.starts_with(&container))
        })
    }

    /// True if a new setting is an old one: it has its path, or the migration says that it went there.
    fn is_linked(&self, old: usize, new: usize) -> bool {
        match (&self.old[old].path, &self.new[new].path) {
            (Some(old), Some(new)) => {
                old == new || self.links.get(old).is_some_and(|to| to.contains(new))
            }
            _ => false,
        }
    }

    fn judge_one(&self, leaf: usize, effect: &RenderedEffect) -> Judged {
        let spot = &effect.spot;
        let judged = |fate, to: Option<RenderedField>, now: Option<&Value>| Judged {
            leaf,
            fate,
            spot: spot.clone(),
            to,
            was: effect.with.clone(),
            now: now.cloned(),
        };
        let candidates = self.candidates(spot);
        let there = candidates.iter().find(|at| self.is_there(self.after, at));
        let fate = |at: &RenderedField| {
            let object = self.objects.get(&spot.object).unwrap_or(&spot.object);
            if at.path == spot.path && at.object == *object {
                EffectFate::Kept
            } else {
                EffectFate::Moved
            }
        };
        let Some(with) = &effect.with else {
            // The setting took something away: it must still be away.
            let empty = |at: &&RenderedField| {
                self.value(self.after, at).and_then(Value::as_str) == Some("")
            };
            return match there.filter(|at| !empty(at)) {
                None => judged(EffectFate::Kept, candidates.first().cloned(), None),
                Some(at) => judged(
                    EffectFate::Different,
                    Some(at.clone()),
                    self.value(self.after, at),
                ),
            };
        };
        if let Some(at) = there {
            let now = self.value(self.after, at);
            let moved_there = fate(at) == EffectFate::Moved && at.path != spot.path;
            let same = now == Some(with) || moved_there && text_equal(now, Some(with));
            let same = same || self.is_only_newer(leaf, effect);
            let part = !contains_value(&self.old[leaf].value, with);
            let fate = match same || part && self.same_change(leaf, effect, at) {
                true => fate(at),
                false => EffectFate::Different,
            };
            return judged(fate, Some(at.clone()), now);
        }
        // A null printed into a text, where the new chart prints none: nothing both times.
        if with.as_str() == Some("null") {
            return judged(EffectFate::Kept, candidates.first().cloned(), None);
        }
        if let Some((at, now)) = self.find_alike(effect) {
            return judged(EffectFate::Moved, Some(at), now);
        }
        let object = candidates
            .iter()
            .any(|at| self.after.objects.contains_key(&at.object));
        let lost = object && !self.is_mere_name(leaf, effect);
        judged(
            if lost {
                EffectFate::Gone
            } else {
                EffectFate::GoneWithObject
            },
            None,
            None,
        )
    }

    /// True if an effect is the version of an image that a switch brings: which one it is, is the chart's own affair, as
    /// for the images that are always there.
    fn is_only_newer(&self, leaf: usize, effect: &RenderedEffect) -> bool {
        let segments = effect.spot.path.segments();
        let is_version = matches!(segments, [.., Segment::Key(image), Segment::Key(part)]
            if words(image).last().is_some_and(|word| word == "image")
                && IMAGE_PARTS[1..].contains(&part.as_str()));
        let is_switch = matches!(self.old[leaf].value, Value::Bool(_));
        is_version && is_switch && effect.without.is_none()
    }

    /// True if an effect only puts the name that the setting gives to objects into a text of the chart, as the address
    /// of one of them: the names that it calls are the chart's own affair.
    fn is_mere_name(&self, leaf: usize, effect: &RenderedEffect) -> bool {
        let leaf = &self.old[leaf];
        let names = leaf.effects.iter().any(|effect| {
            let path = &effect.spot.path;
            path.is_root() || *path == Path::keys(["metadata", "name"])
        });
        let stays = || {
            let mut new = self.new.iter();
            new.any(|new| new.path.is_some() && new.path == leaf.path && new.value == leaf.value)
        };
        names && is_composed(leaf, effect) && stays()
    }

    /// The places that an effect can have now, the strongest first.
    fn candidates(&self, spot: &RenderedField) -> Vec<RenderedField> {
        let place = ObjectField {
            kind: spot.object.kind.clone(),
            name: spot.object.name.clone(),
            path: spot.path.clone(),
        };
        let at = |place: ObjectField| {
            let object = ObjectId {
                kind: place.kind,
                name: place.name,
                ..spot.object.clone()
            };
            let same = || self.objects.get(&object).filter(|_| object == spot.object);
            let there = same().or_else(|| self.after.find(&object));
            let renamed = || self.objects.get(self.before.find(&object)?);
            RenderedField {
                object: match there.or_else(renamed) {
                    Some(there) => there.clone(),
                    None => object,
                },
                path: place.path,
            }
        };
        match places_after_moves(self.moves.iter().copied(), &place) {
            Some(places) => places.into_iter().map(at).collect(),
            None => vec![at(place)],
        }
    }

    /// The old field of each new one, and the fields that a stronger one overrides.
    fn origins(
        &self,
    ) -> (
        HashMap<RenderedField, RenderedField>,
        HashSet<RenderedField>,
    ) {
        let mut origins = HashMap::new();
        let mut shadowed = HashSet::new();
        for (id, object) in &self.before.objects {
            for path in object.fields.keys() {
                let spot = RenderedField {
                    object: id.clone(),
                    path: path.clone(),
                };
                let mut candidates = self.candidates(&spot).into_iter();
                let at = candidates.find(|at| self.is_there(self.after, at));
                if let Some(at) = at {
                    origins.entry(at).or_insert(spot);
                    shadowed.extend(candidates);
                }
            }
        }
        (origins, shadowed)
    }

    fn origin_object(&self, object: &ObjectId) -> Option<&ObjectId> {
        self.objects
            .iter()
            .find_map(|(before, after)| (after == object).then_some(before))
    }

    fn is_there(&self, manifest: &Manifest, spot: &RenderedField) -> bool {
        self.value(manifest, spot).is_some()
    }

    fn value<'m>(&self, manifest: &'m Manifest, spot: &RenderedField) -> Option<&'m Value> {
        if spot.path.is_root() {
            return manifest
                .objects
                .contains_key(&spot.object)
                .then_some(&Value::Bool(true));
        }
        manifest.field(&spot.object, &spot.path)
    }

    /// True if a setting makes the same change at a place now as before: the same words, where they stood; if the chart
    /// writes something else around them, by the setting that it became.
    fn same_change(&self, leaf: usize, effect: &RenderedEffect, at: &RenderedField) -> bool {
        let changes = || self.at.get(at).into_iter().flatten();
        let (Some(was), Some(with)) = (&effect.without, &effect.with) else {
            return false;
        };
        let was_at = effects_of_others(self.was_at.get(&effect.spot), leaf);
        let Some(filled) = Filled::of(effect, was_at) else {
            // No text: items that come.
            let items = change(was, with);
            return items.is_some()
                && changes().any(|(_, now)| {
                    let (Some(without), Some(with)) = (&now.without, &now.with) else {
                        return false;
                    };
                    change(without, with) == items
                });
        };
        let mut elsewhere = false;
        for (new, now) in changes() {
            let now_at = effects_of_others(self.at.get(at), *new);
            match Filled::of(now, now_at).map(|now| filled.compare(&now)) {
                Some(Match::Same) => return true,
                Some(Match::Elsewhere) => elsewhere |= self.is_linked(leaf, *new),
                Some(Match::Other) | None => {}
            }
        }
        elsewhere
    }

    /// The new effect whose place is most like one that is gone, if it does the same.
    ///
    /// Only for what a program reads under a name of its own: a variable, an entry of a file. What a field
    /// of Kubernetes does, no other field does, however it is called.
    fn find_alike(&self, effect: &RenderedEffect) -> Option<(RenderedField, Option<&'c Value>)> {
        if !is_named_by_program(&effect.spot.path) {
            return None;
        }
        let free = || self.at.keys().filter(|spot| self.is_free(spot, effect));
        let best = free()
            .filter_map(|spot| Some((name_likeness(&effect.spot.path, &spot.path)?, spot)))
            .max_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(a.1)))?;
        let (score, _) = best;
        let mut found = free().filter(|spot| {
            name_likeness(&effect.spot.path, &spot.path) == Some(score)
                && text_equal(self.value(self.after, spot), effect.with.as_ref())
        });
        let spot = found.next()?;
        Some((spot.clone(), self.value(self.after, spot)))
    }

    /// True if a place may be the new home of an effect: no other field became it, and the old chart did not know its
    /// name already, as long as the new one knows that of the effect.
    fn is_free(&self, spot: &RenderedField, effect: &RenderedEffect) -> bool {
        let name = |spot: &RenderedField| {
            let name = last_name(&spot.path).filter(|name| words(name).len() > 1);
            name.map(str::to_owned)
        };
        let (was, is) = (name(&effect.spot), name(spot));
        let [old, new] = self.templates;
        let both = was != is
            && is.is_some_and(|is| has_name(old, &is))
            && was.is_some_and(|was| has_name(new, &was));
        !both && self.origins.get(spot).is_none_or(|was| *was == effect.spot)
    }
}

/// The effects of other settings at a place.
fn effects_of_others<'e>(
    at: Option<&'e Vec<(usize, &'e RenderedEffect)>>,
    leaf: usize,
) -> impl Iterator<Item = &'e RenderedEffect> {
    let all = at.into_iter().flatten();
    all.filter(move |(other, _)| *other != leaf)
        .map(|(_, effect)| *effect)
}

/// True if a text has a name as a word of its own.
fn has_name(text: &str, name: &str) -> bool {
    let inner = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
    text.match_indices(name).any(|(at, _)| {
        !inner(text[..at].chars().next_back()) && !inner(text[at + name.len()..].chars().next())
    })
}

fn places(leaves: &[Leaf]) -> HashMap<RenderedField, Vec<(usize, &RenderedEffect)>> {
    let mut at: HashMap<RenderedField, Vec<(usize, &RenderedEffect)>> = HashMap::new();
    for (leaf, effect) in effects(leaves) {
        let found = at.entry(effect.spot.clone()).or_default();
        found.push((leaf, effect));
    }
    at
}

/// True for a variable or an entry of a file.
fn is_named_by_program(path: &Path) -> bool {
    let segments = path.segments();
    let in_file =
        matches!(segments.first(), Some(Segment::Key(key)) if key == "data" || key == "stringData");
    in_file
        || segments.windows(2).any(|pair| match pair {
            [Segment::Key(list), Segment::Select { .. }] => list == "env",
            _ => false,
        })
}

fn effects(leaves: &[Leaf]) -> impl Iterator<Item = (usize, &RenderedEffect)> {
    leaves
        .iter()
        .enumerate()
        .flat_map(|(at, leaf)| leaf.effects.iter().map(move |effect| (at, effect)))
}

/// The common part of the names of two places; `None` if nothing tells.
fn name_likeness(a: &Path, b: &Path) -> Option<usize> {
    let tail = |path: &Path| -> Vec<String> {
        let mut words = last_name(path).map(words).unwrap_or_default();
        if words.len() < 2
            && let Some(parent) = path.parent()
        {
            words.extend(
                last_name(&parent)
                    .map(super::fields::words)
                    .unwrap_or_default(),
            );
        }
        words.sort();
        words.dedup();
        words
    };
    let (a, b) = (tail(a), tail(b));
    let shared = a.iter().filter(|word| b.contains(word)).count();
    // Names of one word, as `name` or `value`, are found everywhere.
    let apart = a.len().max(b.len()) - shared.min(a.len().max(b.len()));
    (shared >= 2 && shared * 2 > a.len()).then_some((shared * 8).saturating_sub(apart))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_alike_by_their_words() {
        let score = |a: &str, b: &str| name_likeness(&a.parse().unwrap(), &b.parse().unwrap());
        let env = "spec.env[name=CHECKPOINT_URL].value";
        assert!(score(env, "data.checkpoint-url").is_some());
        assert_eq!(score(env, "data.artifact-url"), None);
        assert_eq!(score("spec.env[name=A].value", "data.a"), None);
    }
}
