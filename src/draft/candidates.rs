//! Which keys of the new chart may have taken the place of an old one, by what the charts say: their names, defaults
//! and comments. This is a guess, and alone it is never taken for sure.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::hints::Hints;
use crate::{
    chart::{Chart, reads::Reads},
    effect::fields::words,
    values::{Path, Segment, Value, leaves, merge::merge_below},
};

/// Most candidates of one setting that are looked at by rendering.
const MOST: usize = 14;
/// From how many letters on a word can be short for another.
const MIN_SHORT: usize = 4;
/// Most candidates below maps that are handed on as they are.
const MOST_BELOW: usize = 8;
/// How deep they may lie there.
const MAX_REST: usize = 3;
/// How many of the chart's own names are tried where users give names.
const MOST_NAMES: usize = 2;

/// What a hint is worth without rendering.
const HINTED: f64 = 0.6;

/// A chart's keys.
#[derive(Debug)]
pub struct Keys {
    /// The values that its templates look at.
    pub reads: Arc<Reads>,
    /// Its defaults.
    pub defaults: Value,
    /// Keys that a value can be put at: leaves of the defaults, and what templates look at beyond them. With `*`
    /// where users give the names.
    paths: BTreeSet<Path>,
    /// The comment above each key, in words.
    comments: BTreeMap<Path, BTreeSet<String>>,
    /// What its texts say of keys.
    hints: Hints,
}

impl Keys {
    /// Reads a chart.
    #[must_use]
    pub fn of(chart: &Chart) -> Self {
        let reads = chart.reads();
        let mut defaults = chart.defaults.clone();
        let text = |chart: &Chart| chart.files.get("values.yaml").cloned();
        let mut comments = comments(&text(chart).unwrap_or_default());
        // A library that is handed all values brings the keys that they may have, with its own defaults.
        for library in chart.bundled.iter().filter(|chart| chart.is_library) {
            if reads.is_everything() {
                merge_below(&mut defaults, library.defaults.clone());
                for (path, words) in self::comments(&text(library).unwrap_or_default()) {
                    comments.entry(path).or_insert(words);
                }
            }
        }
        let mut paths: BTreeSet<Path> = leaves(&defaults)
            .into_iter()
            .map(|(path, _)| path)
            .collect();
        paths.retain(|path| reads.is_read(path));
        paths.extend(reads.paths().cloned());
        Self {
            reads,
            defaults: Value::Map(defaults),
            paths,
            comments,
            hints: Hints::of(chart),
        }
    }

    /// Whether a map of the user's own stands there.
    fn is_open(&self, path: &Path) -> bool {
        match self.default(path) {
            Some(Value::Map(map)) => map.is_empty(),
            Some(Value::Null) | None => self.reads.is_read_whole(path),
            Some(_) => false,
        }
    }

    /// The keys that a value can be put at, with `*` where users give the names.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.paths.iter()
    }

    /// Whether the chart knows a key by name: it is among its defaults, below a map that is the user's own, or a
    /// template names it.
    #[must_use]
    pub fn knows(&self, path: &Path) -> bool {
        if self.default(path).is_some() || self.reads.is_named(path) {
            return true;
        }
        let named = |known: &Path| known.depth() == path.depth() && known.may_overlap(path);
        if self.paths.iter().any(named) {
            return true;
        }
        let mut above = path.parent();
        while let Some(at) = above.filter(|at| !at.is_root()) {
            match self.default(&at) {
                Some(Value::Map(map)) if !map.is_empty() => return false,
                Some(Value::Map(_)) => return true,
                Some(_) => return false,
                None if self.reads.is_read_whole(&at) => return true,
                None => {}
            }
            above = at.parent();
        }
        false
    }

    /// The chart's default of a key.
    #[must_use]
    pub fn default(&self, path: &Path) -> Option<&Value> {
        path.get(&self.defaults)
    }

    fn comment(&self, path: &Path) -> Option<&BTreeSet<String>> {
        self.comments.get(path)
    }
}

/// The words of the comment directly above each key, by indentation: prose needs no more exact reading.
fn comments(text: &str) -> BTreeMap<Path, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    let mut above: Vec<(usize, String)> = Vec::new();
    let mut comment: BTreeSet<String> = BTreeSet::new();
    for line in text.lines() {
        let trimmed = line.trim_start();
        if let Some(said) = trimmed.strip_prefix('#') {
            comment.extend(
                said.split_whitespace()
                    .flat_map(words)
                    .filter(|word| word.len() > 2),
            );
            continue;
        }
        let indent = line.len() - trimmed.len();
        let key = trimmed
            .split_once(':')
            .map(|(key, _)| key.trim_matches(['"', '\'']));
        match key {
            Some(key) if !key.is_empty() && !key.starts_with('-') && !key.contains(' ') => {
                above.retain(|(other, _)| *other < indent);
                above.push((indent, key.to_owned()));
                let path = Path::keys(above.iter().map(|(_, key)| key.clone()));
                if !comment.is_empty() {
                    found.insert(path, std::mem::take(&mut comment));
                }
            }
            _ => comment.clear(),
        }
    }
    found
}

/// A key that may have taken the place of an old one.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
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
    /// Whether a text of the chart names both keys in one line.
    pub is_hinted: bool,
    /// Whether rendering could not tell what the value does there.
    pub is_unknown: bool,
}

impl Candidate {
    /// The score without rendering; never enough to be sure.
    #[must_use]
    pub fn by_words(&self) -> f64 {
        let score = 0.5 * self.names + 0.32 * self.comments + 0.18 * self.default;
        let score = score - if self.was_alive { 0.2 } else { 0.0 };
        match self.is_hinted {
            true => score.max(HINTED),
            false => score,
        }
    }
}

/// The keys of the new chart that a setting may have moved to, the likeliest first. `learned` are places that other
/// settings moved from and to, `fields` those of rendered objects that the setting changes.
#[must_use]
pub fn candidates(
    (old, new): (&Keys, &Keys),
    path: &Path,
    value: &Value,
    values: &Value,
    learned: &[(Path, Path)],
    fields: &[&Path],
) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let hinted: Vec<Path> = new.hints.beside(path);
    let mut add = |to: Path, key: &Path, bonus: f64| {
        let is_set = to.get(values).is_some();
        if to == *path
            || is_set
            || !to.is_concrete()
            || !new.reads.is_read(&to)
            || found.iter().any(|c| c.to == to)
        {
            return;
        }
        if to.starts_with(path)
            && !matches!(new.default(path), None | Some(Value::Map(_) | Value::Null))
        {
            return;
        }
        let default = new.default(&to);
        let wraps = matches!(default, Some(Value::List(_))) && !matches!(value, Value::List(_));
        let fits = match (default, value) {
            (Some(Value::Map(map)), value) if !map.is_empty() => matches!(value, Value::Map(_)),
            (Some(Value::Bool(_)), Value::Bool(_) | Value::Null) => true,
            (Some(Value::Bool(_)), _) => false,
            (Some(Value::Number(_) | Value::String(_)), Value::Map(_) | Value::List(_)) => false,
            (Some(Value::Number(_)), Value::Bool(_)) => false,
            (Some(Value::Map(_)), value) => matches!(value, Value::Map(_)),
            _ => true,
        };
        if !fits {
            return;
        }
        let names = (names(path, &to) + bonus).min(1.0);
        let comments = match (old.comment(path), new.comment(key)) {
            (Some(a), Some(b)) => likeness(a, b),
            _ => 0.0,
        };
        let default = match (old.default(path), default) {
            (Some(a), Some(b)) if a == b => {
                // That both are empty says little.
                if matches!(a, Value::Null | Value::Bool(_)) || a.scalar_text() == Some("") {
                    0.3
                } else {
                    1.0
                }
            }
            _ => 0.0,
        };
        found.push(Candidate {
            was_alive: old.reads.is_read(&to) && old.default(&to).is_some(),
            is_hinted: hinted.contains(&to),
            is_unknown: false,
            to,
            wraps,
            names,
            comments,
            default,
        });
    };
    for (from, to) in learned {
        if let Some(rest) = path.strip_prefix(from) {
            let mapped = to.concat(&rest);
            add(mapped.clone(), &mapped, 0.3);
        }
    }
    for to in &hinted {
        if new.knows(to) {
            add(to.clone(), to, 0.0);
        }
    }
    for key in &new.paths {
        for filled in filled(key, path, new) {
            add(filled.clone(), key, 0.0);
            // Below a map that takes what users put there.
            for at in 1..path.depth() {
                let rest = Path::new(path.segments()[at..].to_vec());
                let own = Path::new(path.segments()[..at].to_vec());
                let alike = shared(&last_words(&own), &last_words(&filled)) > 0.99;
                if alike && new.is_open(&filled) {
                    add(filled.concat(&rest), key, 0.0);
                }
            }
        }
    }
    let mut below: Vec<Path> = Vec::new();
    for key in &new.paths {
        for filled in filled(key, path, new) {
            if !new.is_open(&filled) {
                continue;
            }
            for rest in rests(&filled, fields) {
                let to = filled.concat(&rest);
                if !below.contains(&to) {
                    add(to.clone(), key, 0.0);
                    below.push(to);
                }
            }
        }
    }
    found.sort_by(|a, b| {
        b.by_words()
            .total_cmp(&a.by_words())
            .then_with(|| a.to.cmp(&b.to))
    });
    // What lies below an open map says little by its name, and much by the field.
    let (named, other): (Vec<Candidate>, Vec<Candidate>) = found
        .into_iter()
        .partition(|candidate| !below.contains(&candidate.to));
    named
        .into_iter()
        .take(MOST)
        .chain(other.into_iter().take(MOST_BELOW))
        .collect()
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

/// A key with names where users give them: those that the setting has at the same place, or the chart's own.
fn filled(key: &Path, path: &Path, new: &Keys) -> Vec<Path> {
    let shares = key.segments().first() == path.segments().first();
    let mut found = vec![Path::root()];
    for (at, segment) in key.segments().iter().enumerate() {
        if !segment.is_wildcard() {
            for one in &mut found {
                one.push(segment.clone());
            }
            continue;
        }
        let own = path.segments().get(at).filter(|own| shares && own.is_key());
        found = found
            .into_iter()
            .flat_map(|above| {
                let names: Vec<Segment> = match (own, new.default(&above)) {
                    (Some(own), _) => vec![own.clone()],
                    (None, Some(Value::Map(map))) => map
                        .keys()
                        .take(MOST_NAMES)
                        .map(|name| Segment::Key(name.clone()))
                        .collect(),
                    (None, _) => Vec::new(),
                };
                names.into_iter().map(move |name| above.join(name))
            })
            .take(2 * MOST_NAMES)
            .collect();
    }
    found
}

fn key_words(path: &Path) -> Vec<String> {
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

/// The likeness of two paths: of their last keys, and of all their words.
#[must_use]
pub fn names(a: &Path, b: &Path) -> f64 {
    let all = |path: &Path| key_words(path).into_iter().collect::<BTreeSet<_>>();
    let joined = |path: &Path| last_words(path).into_iter().collect::<String>();
    let last = if joined(a) == joined(b) {
        1.0
    } else {
        shared(&last_words(a), &last_words(b))
    };
    0.55 * last + 0.45 * shared(&all(a), &all(b))
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
pub(super) fn likeness(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let (shared, all) = (a.intersection(b).count(), a.union(b).count());
    if all == 0 {
        0.0
    } else {
        shared as f64 / all as f64
    }
}
