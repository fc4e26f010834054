//! Which keys of the new chart may have taken the place of an old one, by what the charts say: their names, defaults
//! and comments. This is a guess, and alone it is never taken for sure.

use std::collections::BTreeSet;

pub use super::keys::ChartKeys;
pub use super::keys::NameSource;
use crate::{
    effect::fields::words,
    values::{Path, Segment, Value},
};

/// Most candidates of one setting that are looked at by rendering.
const MOST: usize = 14;
/// From how many letters on a word can be short for another.
const MIN_SHORT: usize = 4;
/// Most more that stand beside it and are new there: a map's key may get another name altogether.
const MOST_BESIDE: usize = 4;
/// Most candidates below maps that are handed on as they are.
const MOST_BELOW: usize = 8;
/// How deep they may lie there.
const MAX_REST: usize = 3;

/// From which likeness on a key is looked at.
const MIN_NAMES: f64 = 0.05;

/// What a hint is worth without rendering.
const HINTED: f64 = 0.6;

/// A key that may have taken the place of an old one.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyCandidate {
    /// The key.
    pub to: Path,
    /// True if the value becomes the only item of a list there.
    pub wraps: bool,
    /// The likeness of the names, from 0 to 1.
    pub names: f64,
    /// The likeness of the comments.
    pub comments: f64,
    /// The likeness of the defaults: 1 if they are the same.
    pub default: f64,
    /// True if the old chart read this key, too: it was there beside the old one.
    pub was_alive: bool,
    /// True if a text of the chart names both keys in one line.
    pub is_hinted: bool,
    /// True if rendering could not tell what the value does there.
    pub is_unknown: bool,
    /// The switch that has to be on for the value to show there.
    pub behind: Option<Path>,
    /// The part of the settings beside it that could go the same way, from 0 for none to 1.
    pub kin: f64,
    /// The source of the names in the key that users give.
    pub named: NameSource,
}

impl KeyCandidate {
    /// The score without rendering; never enough to be sure.
    #[must_use]
    pub fn by_words(&self) -> f64 {
        let score = 0.5 * self.names + 0.32 * self.comments + 0.18 * self.default;
        let score = score + 0.12 * self.kin - if self.was_alive { 0.2 } else { 0.0 };
        match self.is_hinted {
            true => score.max(HINTED),
            false => score,
        }
    }
}

/// The keys of the new chart that a setting may have moved to, the likeliest first. `origin` is its place under the old
/// chart, `learned` are places that other settings moved from and to, `fields` those of rendered objects that it changes.
#[must_use]
pub fn candidates(
    (old, new): (&ChartKeys, &ChartKeys),
    (path, origin): (&Path, &Path),
    value: &Value,
    values: &Value,
    learned: &[(Path, Path)],
    fields: &[&Path],
) -> Vec<KeyCandidate> {
    let mut search = CandidateSearch {
        old,
        new,
        path,
        origin,
        value,
        values,
        words: [NameWords::of(path), NameWords::of(origin)],
        hinted: new.hints.named_beside(path),
        found: Vec::new(),
    };
    if origin != path {
        search.hinted.extend(new.hints.named_beside(origin));
    }
    // Which key takes its place, the last versions that read one say.
    search.hinted.extend(old.hints.outdated_for(origin));
    for (from, to) in learned {
        if let Some(rest) = path.strip_prefix(from) {
            let to = to.concat(&rest);
            search.add(&to, (&to, None), NameSource::There, Some(0.3));
        }
    }
    for to in search.hinted.clone() {
        let spelled = match new.knows_itself(&to) {
            true => None,
            false => {
                let known = new.paths().find(|key| spells_same(key, &to));
                known.cloned().or_else(|| with_dots(&to, new))
            }
        };
        search.hinted.extend(spelled.clone());
        let to = spelled.unwrap_or(to);
        if new.knows(&to) {
            search.add(&to, (&to, None), NameSource::There, Some(0.0));
        }
    }
    let mut below: Vec<Path> = Vec::new();
    for (key, words) in new.places() {
        for (filled, named) in new.filled(key, path, values) {
            search.add(&filled, (key, Some(words)), named, None);
            if !new.is_open(&filled) {
                continue;
            }
            // Below a map that takes what users put there.
            let filled_words = last_words(&filled);
            for at in 1..path.depth() {
                let own = Path::new(path.segments()[..at].to_vec());
                if shared(&last_words(&own), &filled_words) > 0.99 {
                    let rest = Path::new(path.segments()[at..].to_vec());
                    search.add(&filled.concat(&rest), (key, None), named, None);
                }
            }
            for rest in rests(&filled, fields) {
                let to = filled.concat(&rest);
                if !below.contains(&to) && search.add(&to, (key, None), named, Some(0.0)) {
                    below.push(to);
                }
            }
        }
    }
    let mut found = search.found;
    found.sort_by(|a, b| {
        b.by_words()
            .total_cmp(&a.by_words())
            .then_with(|| a.to.cmp(&b.to))
    });
    // What lies below an open map says little by its name, and much by the field.
    let (named, other): (Vec<KeyCandidate>, Vec<KeyCandidate>) = found
        .into_iter()
        .partition(|candidate| !below.contains(&candidate.to));
    let mut named = named.into_iter();
    let mut likeliest: Vec<KeyCandidate> = named.by_ref().take(MOST).collect();
    let is_new_beside = |one: &KeyCandidate| !one.was_alive && one.to.parent() == path.parent();
    likeliest.extend(named.filter(is_new_beside).take(MOST_BESIDE));
    likeliest.extend(other.into_iter().take(MOST_BELOW));
    likeliest
}

/// A search for the candidates of one setting.
struct CandidateSearch<'k> {
    old: &'k ChartKeys,
    new: &'k ChartKeys,
    path: &'k Path,
    origin: &'k Path,
    value: &'k Value,
    values: &'k Value,
    /// Those of its place, and of where it stood.
    words: [NameWords; 2],
    hinted: Vec<Path>,
    found: Vec<KeyCandidate>,
}

impl CandidateSearch<'_> {
    /// The likeness of a key's words to those of the setting, where it stands or where it stood.
    fn likeness(&self, words: &NameWords) -> f64 {
        let [now, before] = self.words.each_ref().map(|own| own.likeness(words));
        now.max(before)
    }

    /// Takes in a key, if a value of this form can be put there; true if it did. `key` is how the chart has it, with
    /// its words if they are known. With a `bonus` something else than words speaks for it.
    fn add(
        &mut self,
        to: &Path,
        (key, words): (&Path, Option<&NameWords>),
        named: NameSource,
        bonus: Option<f64>,
    ) -> bool {
        let (old, new, path, value) = (self.old, self.new, self.path, self.value);
        let is_hinted = self.hinted.contains(to);
        let comments = match (old.comment(self.origin), new.comment(key)) {
            (Some(a), Some(b)) => likeness(a, b),
            _ => 0.0,
        };
        let names = match words.filter(|_| key == to) {
            Some(words) => self.likeness(words),
            None => self.likeness(&NameWords::of(to)),
        };
        // What has nothing in common is no candidate: this is asked for every key of the chart.
        if names < MIN_NAMES && comments < MIN_NAMES && bonus.is_none() {
            return false;
        }
        let is_read = || key == to || new.reads.is_read(to);
        if to == path
            || to.get(self.values).is_some()
            || !to.is_concrete()
            || self.found.iter().any(|candidate| candidate.to == *to)
            || !is_read()
            || new.schema.forbids_key(to)
        {
            return false;
        }
        // Into a map that stands there now, but not once more under its own name in that.
        let has_room = matches!(new.default(path), None | Some(Value::Map(_) | Value::Null));
        if to.starts_with(path) && (!has_room || to.last() == path.last()) {
            return false;
        }
        let default = new.example(to);
        if !can_hold(default, value) {
            return false;
        }
        let same = match (old.example(self.origin), default) {
            // That both are empty says little.
            (Some(a), Some(b)) if a == b => match is_plain(a) {
                true => 0.3,
                false => 1.0,
            },
            _ => 0.0,
        };
        self.found.push(KeyCandidate {
            to: to.clone(),
            wraps: matches!(default, Some(Value::List(_))) && !matches!(value, Value::List(_)),
            names: (names + bonus.unwrap_or_default()).min(1.0),
            comments,
            default: same,
            kin: 0.0,
            was_alive: old.reads.is_read(to) && old.own_default(to).is_some(),
            is_hinted,
            is_unknown: false,
            behind: None,
            named,
        });
        true
    }
}

/// True if two keys differ in capitals, dashes and dots alone: `logLevel` and `loglevel`, `params.log.level` and
/// `params."log.level"`.
fn spells_same(key: &Path, other: &Path) -> bool {
    let plain = |path: &Path| {
        let keys = path.segments().iter().map(|segment| match segment {
            Segment::Key(key) => Some(words(key).concat()),
            _ => None,
        });
        keys.collect::<Option<String>>()
    };
    plain(key).is_some_and(|plain_key| plain(other) == Some(plain_key))
}

/// A key as it is meant in a map whose keys have dots in them: texts of a chart write `params.log.level` for
/// `params."log.level"`.
fn with_dots(named: &Path, keys: &ChartKeys) -> Option<Path> {
    let is_dotted = |map: &Path| match keys.default(map) {
        Some(Value::Map(map)) => map.keys().any(|key| key.contains('.')),
        _ => false,
    };
    let segments = named.segments();
    let at = (1..segments.len())
        .rev()
        .find(|at| is_dotted(&Path::new(segments[..*at].to_vec())))?;
    let rest = segments[at..].iter().map(|segment| match segment {
        Segment::Key(key) => Some(key.as_str()),
        _ => None,
    });
    let rest: Option<Vec<&str>> = rest.collect();
    Some(Path::new(segments[..at].to_vec()).key(rest?.join(".")))
}

/// True if a value can stand where the chart has another one.
fn can_hold(default: Option<&Value>, value: &Value) -> bool {
    match (default, value) {
        (Some(Value::Map(map)), value) if !map.is_empty() => matches!(value, Value::Map(_)),
        (Some(Value::Bool(_)), Value::Bool(_) | Value::Null) => true,
        (Some(Value::Bool(_)), Value::String(text)) => matches!(text.as_str(), "true" | "false"),
        (Some(Value::Bool(_)), _) => false,
        (Some(Value::Number(_) | Value::String(_)), Value::Map(_) | Value::List(_)) => false,
        (Some(Value::Number(_)), Value::Bool(_)) => false,
        (Some(Value::Map(_)), value) => matches!(value, Value::Map(_)),
        _ => true,
    }
}

/// True if a default is one that many keys have.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => true,
        Value::Map(map) => map.is_empty(),
        Value::List(items) => items.is_empty(),
        _ => value.scalar_text() == Some(""),
    }
}

/// What a field has behind the key that a map of the user's own is called by: where `securityContext` is handed on
/// as it is, `spec.template.spec.securityContext.runAsUser` is `runAsUser` below it.
fn rests(map: &Path, fields: &[&Path]) -> Vec<Path> {
    let Some(Segment::Key(last)) = map.last() else {
        return Vec::new();
    };
    let name: String = words(last).concat();
    let mut found = Vec::new();
    for field in fields {
        let keys = field.segments();
        for at in 0..keys.len() {
            let Segment::Key(key) = &keys[at] else {
                continue;
            };
            let rest = &keys[at + 1..];
            let plain = (1..=MAX_REST).contains(&rest.len()) && rest.iter().all(Segment::is_key);
            let key: String = words(key).concat();
            let rest = Path::new(rest.to_vec());
            if plain && key.len() > 3 && name.ends_with(&key) && !found.contains(&rest) {
                found.push(rest);
            }
        }
    }
    found
}

/// The words of all keys of a path, each in the singular.
pub(super) fn key_words(path: &Path) -> Vec<String> {
    let keys = path.segments().iter().filter_map(|segment| match segment {
        Segment::Key(key) => Some(words(key)),
        _ => None,
    });
    keys.flatten().map(|word| singular(&word)).collect()
}

fn last_words(path: &Path) -> BTreeSet<String> {
    match path.last() {
        Some(Segment::Key(key)) => words(key).iter().map(|word| singular(word)).collect(),
        _ => BTreeSet::new(),
    }
}

fn singular(word: &str) -> String {
    match word.strip_suffix('s') {
        Some(one) if one.len() > 2 && !one.ends_with('s') => one.to_owned(),
        _ => word.to_owned(),
    }
}

/// The words of a key.
#[derive(Debug, Clone, Default)]
pub struct NameWords {
    /// Those of its last key, in one.
    joined: String,
    last: BTreeSet<String>,
    /// Those of all its keys.
    all: BTreeSet<String>,
}

impl NameWords {
    /// Of a path.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let last = last_words(path);
        let joined = match path.last() {
            Some(Segment::Key(key)) => words(key).concat(),
            _ => String::new(),
        };
        Self {
            joined: singular(&joined),
            last,
            all: key_words(path).into_iter().collect(),
        }
    }

    /// The likeness of two keys: of their last words, and of all of them.
    #[must_use]
    pub fn likeness(&self, other: &Self) -> f64 {
        let last = match self.joined == other.joined {
            true => 1.0,
            false => shared(&self.last, &other.last),
        };
        0.55 * last + 0.45 * shared(&self.all, &other.all)
    }
}

/// How much two sets of words have in common, where one can be the other's beginning: `cert` and `certificate`.
fn shared(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let begins = |a: &str, b: &str| a.len() >= MIN_SHORT && b.starts_with(a);
    let same = |a: &String| b.iter().any(|b| a == b || begins(a, b) || begins(b, a));
    let both = a.iter().filter(|a| same(a)).count().min(b.len());
    match a.len() + b.len() - both {
        0 => 0.0,
        all => both as f64 / all as f64,
    }
}

/// The common part of two sets, from 0 to 1.
fn likeness(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let (shared, all) = (a.intersection(b).count(), a.union(b).count());
    if all == 0 {
        0.0
    } else {
        shared as f64 / all as f64
    }
}
