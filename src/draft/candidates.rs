//! Which keys of the new chart may have taken the place of an old one, by what the charts say: their names, defaults
//! and comments. This is a guess, and alone it is never taken for sure.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    chart::{Chart, reads::Reads},
    effect::fields::words,
    values::{Path, Segment, Value, leaves},
};

/// Most candidates of one setting that are looked at by rendering.
const MOST: usize = 10;

/// A chart's keys.
#[derive(Debug)]
pub struct Keys {
    /// What its templates look at.
    pub reads: Reads,
    /// Its defaults.
    pub defaults: Value,
    /// Keys that a value can be put at: leaves of the defaults, and what templates look at beyond them. With `*`
    /// where users give the names.
    paths: BTreeSet<Path>,
    /// The comment above each key, in words.
    comments: BTreeMap<Path, BTreeSet<String>>,
}

impl Keys {
    /// Reads a chart.
    #[must_use]
    pub fn of(chart: &Chart) -> Self {
        let reads = Reads::of(chart);
        let mut paths: BTreeSet<Path> = leaves(&chart.defaults)
            .into_iter()
            .map(|(path, _)| path)
            .collect();
        paths.retain(|path| reads.is_read(path));
        paths.extend(reads.paths().cloned());
        let text = chart.files.get("values.yaml").map_or("", String::as_str);
        Self {
            reads,
            defaults: Value::Map(chart.defaults.clone()),
            paths,
            comments: comments(text),
        }
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
    /// Whether the value becomes the only item of a list there.
    pub wraps: bool,
    /// How alike the names are, from 0 to 1.
    pub names: f64,
    /// How alike the comments are.
    pub comments: f64,
    /// Whether the defaults are the same.
    pub default: f64,
    /// Whether the old chart read this key, too: it was there beside the old one.
    pub was_alive: bool,
}

impl Candidate {
    /// How much speaks for it without rendering; never enough to be sure.
    #[must_use]
    pub fn by_words(&self) -> f64 {
        let score = 0.5 * self.names + 0.32 * self.comments + 0.18 * self.default;
        score - if self.was_alive { 0.2 } else { 0.0 }
    }
}

/// The keys of the new chart that a setting may have moved to, the likeliest first. `learned` are places that other
/// settings moved from and to.
#[must_use]
pub fn candidates(
    (old, new): (&Keys, &Keys),
    path: &Path,
    value: &Value,
    values: &Value,
    learned: &[(Path, Path)],
) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
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
    for key in &new.paths {
        for filled in filled(key, path) {
            add(filled.clone(), key, 0.0);
            // Below a map that takes what users put there.
            for at in 1..path.depth() {
                let rest = Path::new(path.segments()[at..].to_vec());
                let holds = new.reads.is_read_whole(key)
                    || matches!(new.default(&filled), Some(Value::Map(map)) if map.is_empty());
                let alike =
                    last_words(&Path::new(path.segments()[..at].to_vec())) == last_words(&filled);
                if holds && alike {
                    add(filled.concat(&rest), key, 0.0);
                }
            }
        }
    }
    found.sort_by(|a, b| {
        b.by_words()
            .total_cmp(&a.by_words())
            .then_with(|| a.to.cmp(&b.to))
    });
    found.truncate(MOST);
    found
}

/// A key with the names that a setting has, where users give them.
fn filled(key: &Path, path: &Path) -> Vec<Path> {
    if key.is_concrete() {
        return vec![key.clone()];
    }
    // The names stand below the same map in both, as the name of a port.
    let mut out = key.clone();
    let mut segments = out.segments().to_vec();
    for (at, segment) in segments.iter_mut().enumerate() {
        if !segment.is_wildcard() {
            continue;
        }
        match path.segments().get(at) {
            Some(own @ Segment::Key(_))
                if key.segments()[..at] == path.segments()[..at] || at > 0 =>
            {
                *segment = own.clone();
            }
            _ => return Vec::new(),
        }
    }
    out = Path::new(segments);
    let shares = key.segments().first() == path.segments().first();
    match shares {
        true => vec![out],
        false => Vec::new(),
    }
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

/// How alike two paths are: their last keys, and all their words.
#[must_use]
pub fn names(a: &Path, b: &Path) -> f64 {
    let all = |path: &Path| key_words(path).into_iter().collect::<BTreeSet<_>>();
    let joined = |path: &Path| last_words(path).into_iter().collect::<String>();
    let last = if joined(a) == joined(b) {
        1.0
    } else {
        likeness(&last_words(a), &last_words(b))
    };
    0.55 * last + 0.45 * likeness(&all(a), &all(b))
}

/// How much two sets have in common, from 0 to 1.
pub(super) fn likeness(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let (shared, all) = (a.intersection(b).count(), a.union(b).count());
    if all == 0 {
        0.0
    } else {
        shared as f64 / all as f64
    }
}
