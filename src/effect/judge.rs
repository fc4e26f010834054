//! Whether what the settings did they still do.
//!
//! Each effect under the old chart is looked for under the new one: at the same place, where a pack says
//! that the place moved, in the object that is the same under another name, or, if its place is gone, at
//! the new effect whose name is most like it. It is the same effect if the value is, or if the setting
//! changes there what it changed before: a chart may put another tag behind the user's repository. What
//! the chart changed by itself is never looked at, for only places where settings show are.
//!
//! Then the other way round: what settings do under the new chart that was not so before.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::{
    fields::{last_name, words},
    leaves::{Effect, Leaf, Spot, holds, text_equal},
    objects::{Manifest, ObjectId, pairs},
};
use crate::{
    pack::effects::{Moved, Place, moved},
    values::{Path, Segment, Value},
};

/// What became of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is the same, in the same place.
    Kept,
    /// It is the same, in another place.
    Moved,
    /// There is something else in its place.
    Different,
    /// It is gone.
    Gone,
    /// The new chart has no such object at all, or no longer composes a text of that kind.
    WithObject,
    /// It was not there before.
    New,
    /// It was not there before, and repeats in a new container or object what the setting does elsewhere.
    Repeated,
}

/// An effect and what became of it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The setting: an index into the leaves of the old side, of the new side for what is new.
    pub leaf: usize,
    /// What became of it.
    pub fate: Fate,
    /// Where it was; for what is new, where it is.
    pub spot: Spot,
    /// Where it is now.
    pub to: Option<Spot>,
    /// What it was; `None` if the setting took something away.
    pub was: Option<Value>,
    /// What is there now.
    pub now: Option<Value>,
}

/// Everything that is compared.
pub struct Comparison<'c> {
    /// Everything under the old chart.
    pub before: &'c Manifest,
    /// Everything under the new chart.
    pub after: &'c Manifest,
    /// What settings did.
    pub old: &'c [Leaf],
    /// What they do.
    pub new: &'c [Leaf],
    /// How places moved between the two versions.
    pub moves: Vec<&'c Moved>,
    objects: IndexMap<ObjectId, ObjectId>,
    /// The new effects at each place.
    at: HashMap<Spot, Vec<(usize, &'c Effect)>>,
}

impl<'c> Comparison<'c> {
    /// Gets ready.
    #[must_use]
    pub fn new(
        before: &'c Manifest,
        after: &'c Manifest,
        old: &'c [Leaf],
        new: &'c [Leaf],
        moves: Vec<&'c Moved>,
    ) -> Self {
        let mut at: HashMap<Spot, Vec<(usize, &Effect)>> = HashMap::new();
        for (leaf, effect) in effects(new) {
            at.entry(effect.spot.clone())
                .or_default()
                .push((leaf, effect));
        }
        Self {
            objects: pairs(before, after),
            before,
            after,
            old,
            new,
            moves,
            at,
        }
    }

    /// What became of every effect: first of those that were, then what is new.
    #[must_use]
    pub fn judge(&self) -> Vec<Judged> {
        let mut judged: Vec<Judged> = effects(self.old)
            .map(|(leaf, effect)| self.judge_one(leaf, effect))
            .collect();
        let covered: HashSet<Spot> = judged
            .iter()
            .filter_map(|judged| judged.to.clone())
            .collect();
        let (origins, shadowed) = self.origins();
        let kept: Vec<(usize, Judged)> = judged
            .iter()
            .filter(|judged| matches!(judged.fate, Fate::Kept | Fate::Moved))
            .map(|judged| (judged.leaf, judged.clone()))
            .collect();
        // What settings put into texts that the chart composes: names, mostly.
        let composed = |effect: &Effect| {
            let (without, with) = (effect.without.as_ref()?, effect.with.as_ref()?);
            match change(without, with)? {
                Change::Texts(texts) => Some(texts.join("\n")),
                Change::Items(_) => None,
            }
        };
        let mut said: HashSet<Option<String>> = effects(self.new)
            .filter(|(_, effect)| covered.contains(&effect.spot))
            .map(|(_, effect)| composed(effect))
            .collect();
        said.remove(&None);
        for (leaf, effect) in effects(self.new) {
            let spot = &effect.spot;
            if covered.contains(spot) || shadowed.contains(spot) {
                continue;
            }
            let before = match origins.get(spot) {
                Some(origin) => self.value(self.before, origin),
                None if spot.path.is_root() => {
                    self.origin_object(&spot.object).map(|_| &Value::Bool(true))
                }
                None => None,
            };
            if before == effect.with.as_ref() || text_equal(before, effect.with.as_ref()) {
                continue;
            }
            let repeated = !origins.contains_key(spot)
                && kept.iter().any(|(_, kept)| self.repeats(kept, effect));
            let repeated = repeated
                || !origins.contains_key(spot)
                    && is_composed(&self.new[leaf], effect)
                    && said.contains(&composed(effect));
            judged.push(Judged {
                leaf,
                fate: if repeated { Fate::Repeated } else { Fate::New },
                spot: spot.clone(),
                to: Some(spot.clone()),
                was: before.cloned(),
                now: effect.with.clone(),
            });
        }
        judged
    }

    /// Whether a new effect only says in another container or object what a kept one says.
    fn repeats(&self, kept: &Judged, effect: &Effect) -> bool {
        let Some(to) = &kept.to else { return false };
        kept.now == effect.with
            && last_name(&to.path) == last_name(&effect.spot.path)
            && (to.object != effect.spot.object || to.path.parent() != effect.spot.path.parent())
            && to.path.depth() == effect.spot.path.depth()
    }

    fn judge_one(&self, leaf: usize, effect: &Effect) -> Judged {
        let spot = &effect.spot;
        let judged = |fate, to: Option<Spot>, now: Option<&Value>| Judged {
            leaf,
            fate,
            spot: spot.clone(),
            to,
            was: effect.with.clone(),
            now: now.cloned(),
        };
        let candidates = self.candidates(spot);
        let there = candidates.iter().find(|at| self.is_there(self.after, at));
        let fate = |at: &Spot| {
            let object = self.objects.get(&spot.object).unwrap_or(&spot.object);
            if at.path == spot.path && at.object == *object {
                Fate::Kept
            } else {
                Fate::Moved
            }
        };
        let Some(with) = &effect.with else {
            // The setting took something away: it must still be away.
            let empty = |at: &&Spot| self.value(self.after, at).and_then(Value::as_str) == Some("");
            return match there.filter(|at| !empty(at)) {
                None => judged(Fate::Kept, candidates.first().cloned(), None),
                Some(at) => judged(
                    Fate::Different,
                    Some(at.clone()),
                    self.value(self.after, at),
                ),
            };
        };
        if let Some(at) = there {
            let now = self.value(self.after, at);
            let moved_there = fate(at) == Fate::Moved && at.path != spot.path;
            let same = now == Some(with) || moved_there && text_equal(now, Some(with));
            let part = !holds(&self.old[leaf].value, with);
            if same || part && self.same_change(effect, at) {
                return judged(fate(at), Some(at.clone()), now);
            }
            let untouched = !self.at.contains_key(at);
            return match untouched && is_composed(&self.old[leaf], effect) {
                // The chart composed it, and composes something else now whatever the values say.
                true => judged(Fate::WithObject, Some(at.clone()), now),
                false => judged(Fate::Different, Some(at.clone()), now),
            };
        }
        // A null printed into a text, where the new chart prints none: nothing both times.
        if with.as_str() == Some("null") {
            return judged(Fate::Kept, candidates.first().cloned(), None);
        }
        if let Some((at, now)) = self.alike(effect) {
            return judged(Fate::Moved, Some(at), now);
        }
        let object = candidates
            .iter()
            .any(|at| self.after.objects.contains_key(&at.object));
        let composed = is_composed(&self.old[leaf], effect);
        let object = object && !composed;
        judged(
            if object { Fate::Gone } else { Fate::WithObject },
            None,
            None,
        )
    }

    /// Where an effect can be now, the strongest place first.
    fn candidates(&self, spot: &Spot) -> Vec<Spot> {
        let place = Place {
            kind: spot.object.kind.clone(),
            name: spot.object.name.clone(),
            path: spot.path.clone(),
        };
        let at = |place: Place| {
            let object = ObjectId {
                kind: place.kind,
                name: place.name,
            };
            Spot {
                object: match self.after.objects.contains_key(&object) {
                    true => object,
                    false => self.objects.get(&object).cloned().unwrap_or(object),
                },
                path: place.path,
            }
        };
        match moved(self.moves.iter().copied(), &place) {
            Some(places) => places.into_iter().map(at).collect(),
            None => vec![at(place)],
        }
    }

    /// Which old field each new one was, and the fields that a stronger one overrides.
    fn origins(&self) -> (HashMap<Spot, Spot>, HashSet<Spot>) {
        let mut origins = HashMap::new();
        let mut shadowed = HashSet::new();
        for (id, object) in &self.before.objects {
            for path in object.fields.keys() {
                let spot = Spot {
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

    fn is_there(&self, manifest: &Manifest, spot: &Spot) -> bool {
        self.value(manifest, spot).is_some()
    }

    fn value<'m>(&self, manifest: &'m Manifest, spot: &Spot) -> Option<&'m Value> {
        if spot.path.is_root() {
            return manifest
                .objects
                .contains_key(&spot.object)
                .then_some(&Value::Bool(true));
        }
        manifest.field(&spot.object, &spot.path)
    }

    /// Whether a setting changes at a place now what it changed before.
    fn same_change(&self, effect: &Effect, at: &Spot) -> bool {
        let changes = self.at.get(at).into_iter().flatten();
        changes
            .filter_map(|(_, now)| {
                let (with, without) = (now.with.as_ref()?, now.without.as_ref()?);
                Some((with, without))
            })
            .any(|(with, without)| {
                let old = (effect.with.as_ref(), effect.without.as_ref());
                match old {
                    (Some(was), Some(was_without)) => {
                        let before = change(was_without, was);
                        before.is_some() && before == change(without, with)
                    }
                    _ => false,
                }
            })
    }

    /// The new effect whose place is most like one that is gone, if it does the same.
    ///
    /// Only for what a program reads under a name of its own: a variable, an entry of a file. What a field
    /// of Kubernetes does, no other field does, however it is called.
    fn alike(&self, effect: &Effect) -> Option<(Spot, Option<&'c Value>)> {
        if !is_named_by_program(&effect.spot.path) {
            return None;
        }
        let best = self
            .at
            .keys()
            .filter_map(|spot| Some((likeness(&effect.spot.path, &spot.path)?, spot)))
            .max_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(a.1)))?;
        let (score, _) = best;
        let mut found = self.at.iter().filter(|(spot, _)| {
            likeness(&effect.spot.path, &spot.path) == Some(score)
                && text_equal(self.value(self.after, spot), effect.with.as_ref())
        });
        let (spot, _) = found.next()?;
        Some((spot.clone(), self.value(self.after, spot)))
    }
}

/// Whether a place is a variable or an entry of a file.
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

fn effects(leaves: &[Leaf]) -> impl Iterator<Item = (usize, &Effect)> {
    leaves
        .iter()
        .enumerate()
        .flat_map(|(at, leaf)| leaf.effects.iter().map(move |effect| (at, effect)))
}

/// How much the names of two places have in common; `None` for nothing that tells.
fn likeness(a: &Path, b: &Path) -> Option<usize> {
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

/// What a setting changes in a value: in a text what stands between what stays, in a list the items that
/// come.
#[derive(Debug, PartialEq)]
pub enum Change<'v> {
    /// What is there instead; in a list of texts, in each of those that differ.
    Texts(Vec<&'v str>),
    /// What comes.
    Items(Vec<&'v Value>),
}

/// What differs between a value without a setting and with it; `None` if nothing comes.
#[must_use]
pub fn change<'v>(without: &'v Value, with: &'v Value) -> Option<Change<'v>> {
    match (without, with) {
        (Value::String(without), Value::String(with)) => {
            let (middle, _) = middle(without, with);
            (!middle.is_empty()).then(|| Change::Texts(vec![middle]))
        }
        (Value::List(without), Value::List(with)) => {
            let texts: Option<Vec<(&str, &str)>> = without
                .iter()
                .zip(with)
                .filter(|(without, with)| without != with)
                .map(|(without, with)| Some((without.as_str()?, with.as_str()?)))
                .collect();
            if without.len() == with.len()
                && let Some(texts) = texts.filter(|texts| !texts.is_empty())
            {
                let middles: Vec<&str> = texts.iter().map(|(a, b)| middle(a, b).0).collect();
                return Some(Change::Texts(middles));
            }
            let come: Vec<&Value> = with.iter().filter(|item| !without.contains(item)).collect();
            (!come.is_empty()).then_some(Change::Items(come))
        }
        _ => None,
    }
}

/// Whether the chart composes the text, and the setting is only a part of it.
fn is_composed(leaf: &Leaf, effect: &Effect) -> bool {
    match (&effect.without, &effect.with) {
        (Some(Value::String(without)), Some(Value::String(with))) => {
            middle(without, with).1 && !holds(&leaf.value, &Value::from(with.as_str()))
        }
        _ => false,
    }
}

/// The part of `with` between what both begin and end with, cut at words, and whether they share any.
fn middle<'t>(without: &str, with: &'t str) -> (&'t str, bool) {
    let (a, b) = (pieces(without), pieces(with));
    let start = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let end = a[start..]
        .iter()
        .rev()
        .zip(b[start..].iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let length = |pieces: &[&str]| pieces.iter().map(|piece| piece.len()).sum::<usize>();
    let from = length(&b[..start]);
    let to = with.len() - length(&b[b.len() - end..]);
    let shares = b[..start]
        .iter()
        .chain(&b[b.len() - end..])
        .any(|piece| piece.chars().any(char::is_alphanumeric));
    let middle = with[from..to].trim_matches(|c: char| !c.is_alphanumeric());
    (middle, shares)
}

/// A text as words and what is between them.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut last: Option<bool> = None;
    for (at, c) in text.char_indices() {
        let word = c.is_alphanumeric() || c == '_';
        if last.is_some_and(|last| last != word || !word) {
            pieces.push(&text[start..at]);
            start = at;
        }
        last = Some(word);
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_what_stands_between_what_stays() {
        assert_eq!(
            middle("http://arroyo:9190", "http://mine:9190"),
            ("mine", true)
        );
        assert_eq!(
            middle("http://arroyo:9190", "http://arroyo:7000"),
            ("7000", true)
        );
        assert_eq!(middle("8080", "8081"), ("8081", false));
        assert_eq!(middle("a.b", "x.b"), ("x", true));
        assert_eq!(
            middle("arroyo-controller", "arroyo-mine-controller"),
            ("mine", true)
        );
        let list =
            |items: &[&str]| Value::List(items.iter().map(|item| Value::from(*item)).collect());
        let (one, two) = (list(&["a", "b"]), list(&["a", "b", "mine"]));
        assert_eq!(
            change(&one, &two),
            Some(Change::Items(vec![&Value::from("mine")]))
        );
        let (one, two) = (list(&["sh", "-d a -h x"]), list(&["sh", "-d mine -h x"]));
        assert_eq!(change(&one, &two), Some(Change::Texts(vec!["mine"])));
    }

    #[test]
    fn names_are_alike_by_their_words() {
        let score = |a: &str, b: &str| likeness(&a.parse().unwrap(), &b.parse().unwrap());
        let env = "spec.env[name=CHECKPOINT_URL].value";
        assert!(score(env, "data.checkpoint-url").is_some());
        assert_eq!(score(env, "data.artifact-url"), None);
        assert_eq!(score("spec.env[name=A].value", "data.a"), None);
    }
}
