//! What a new chart cannot be rendered without, although the values have it at an old place, or nowhere: an image that
//! has to be named, below a key that did not exist. As long as it is missing nothing else can be said.
//!
//! What the chart asks for is in what it says when it fails: the key is the one all of whose words are said. If the
//! chart does not say it, the lost settings are put at their likeliest places until it renders, and all that is not
//! needed for that is taken away again. Nothing of this is proposed to anybody: it only makes other things seen. What the
//! chart asks for and nobody has a value for is told.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use super::{
    candidates::{ChartKeys, KeyCandidate, key_words},
    sides::{LOOSE, renders},
    tryout::{is_free, shaped},
};
use crate::{
    effect::{fields::words, leaves::set_path, render::Renderer},
    values::{Map, Path, Value},
};

/// Where in a template something went wrong: `(web/templates/a.yaml:3:4)`.
static LOCATION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\S+/templates/\S+").expect("a pattern"));

/// The most places of a setting that are tried.
const MOST_PLACES: usize = 4;
/// Most keys that a chart asks for one after the other.
const MOST_ASKED: usize = 10;
/// The part of a key's words that must be said.
const SAID: f64 = 0.75;
/// Where in the last line of what Helm says the reason stands: in front of it are the templates around.
const TAIL: usize = 240;

/// True if a chart renders neither with some values nor with its own alone.
pub(super) fn needs_some(renderer: &Renderer, values: &Map) -> bool {
    !renders(renderer, values) && !renders(renderer, &Map::new())
}

/// The fewest of some lost settings, at places that they may have gone to, with which the chart renders; nothing if it
/// does with none of them.
pub(super) fn scaffold(
    renderer: &Renderer,
    new: &ChartKeys,
    values: &Map,
    lost: &[(Value, Vec<KeyCandidate>)],
) -> Vec<(Path, Value)> {
    if let Some(found) = asked_for(renderer, new, values, lost) {
        return found;
    }
    let works = |some: &[(Path, Value)]| renders(renderer, &filled(values, some));
    for guess in guesses(lost) {
        if works(&guess) {
            let mut kept = Vec::new();
            reduce(&works, &guess, &[], &mut kept);
            return kept;
        }
    }
    Vec::new()
}

/// The keys that the chart asks for, one after the other; `None` if it cannot be understood.
fn asked_for(
    renderer: &Renderer,
    new: &ChartKeys,
    values: &Map,
    lost: &[(Value, Vec<KeyCandidate>)],
) -> Option<Vec<(Path, Value)>> {
    let whole = Value::Map(values.clone());
    let mut found: Vec<(Path, Value)> = Vec::new();
    for _ in 0..MOST_ASKED {
        let filled = filled(&Map::new(), &found);
        let rendered = LOOSE.map(|mode| renderer.render(&filled, mode));
        if rendered.iter().any(|rendered| rendered.is_ok()) {
            return Some(found);
        }
        let said = rendered[0].as_ref().as_ref().err()?.to_string();
        let to = asked_key(new, &said, &Value::Map(filled))?;
        let own = |(value, places): &(Value, Vec<KeyCandidate>)| {
            let place = places.iter().find(|place| place.to == to)?;
            Some((place.by_words(), shaped(value, place.wraps)))
        };
        let likeliest = lost.iter().filter_map(own);
        let likeliest = likeliest.max_by(|a, b| a.0.total_cmp(&b.0));
        let there = to.get(&whole).filter(|value| !is_empty(value)).cloned();
        let value = there.or(likeliest.map(|(_, value)| value));
        let value = value.unwrap_or_else(|| made_up(&to));
        found.push((to, value));
    }
    None
}

/// The key without a value whose words are said, most of them where what went wrong is said, which is at the end.
fn asked_key(new: &ChartKeys, said: &str, values: &Value) -> Option<Path> {
    let of = |text: &str| -> BTreeSet<String> {
        key_words(&Path::keys(words_of(text))).into_iter().collect()
    };
    // The place of the template names the chart, whose name is no key.
    let line = LOCATION.replace_all(said.lines().last().unwrap_or_default(), "");
    let line = line.as_ref();
    let tail = line
        .char_indices()
        .rev()
        .nth(TAIL)
        .map_or(line, |(at, _)| &line[at..]);
    let (line, tail) = (of(line), of(tail));
    let is_missing = |path: &Path| {
        let known = path.is_concrete() && new.knows_itself(path);
        known && path.get(values).or(new.default(path)).is_none_or(is_empty)
    };
    let score = |path: &Path| {
        let own: BTreeSet<String> = key_words(path).into_iter().collect();
        let both = own.intersection(&line).count();
        let near = own.intersection(&tail).count();
        (both as f64 / own.len().max(1) as f64, near)
    };
    new.paths()
        .filter(|path| is_missing(path))
        .map(|path| (score(path), path))
        .filter(|((part, near), _)| *part >= SAID && *near > 1)
        .max_by(|((a, m), p), ((b, n), q)| m.cmp(n).then(a.total_cmp(b)).then(q.cmp(p)))
        .map(|(_, path)| path.clone())
}

/// True for a value that says nothing.
pub(super) fn is_empty(value: &Value) -> bool {
    value.is_null() || value.scalar_text() == Some("")
}

fn words_of(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .flat_map(words)
        .collect()
}

/// A value for a key that nobody has one for.
fn made_up(path: &Path) -> Value {
    let last = path
        .segments()
        .last()
        .map(|last| Path::new(vec![last.clone()]));
    let words = last.as_ref().map(key_words).unwrap_or_default();
    let is_number = words.iter().any(|word| {
        matches!(
            word.as_str(),
            "port" | "number" | "count" | "replica" | "size"
        )
    });
    match is_number {
        true => Value::from(8080),
        false => Value::from("made-up"),
    }
}

/// Every lost setting at one of its places each: the likeliest, the next ones; and all but those of one map.
fn guesses(lost: &[(Value, Vec<KeyCandidate>)]) -> Vec<Vec<(Path, Value)>> {
    let place = |which: usize| {
        let mut taken = BTreeSet::new();
        let mut guess = Vec::new();
        for (value, places) in lost {
            let Some(place) = places.get(which).or(places.last()) else {
                continue;
            };
            if is_free(&place.to, &taken) {
                taken.insert(place.to.clone());
                guess.push((place.to.clone(), shaped(value, place.wraps)));
            }
        }
        guess
    };
    let mut all: Vec<Vec<(Path, Value)>> = (0..MOST_PLACES).map(place).collect();
    let first = all[0].clone();
    let top = |path: &Path| path.segments().first().cloned();
    let mut maps: Vec<_> = first.iter().map(|(path, _)| top(path)).collect();
    maps.dedup();
    for map in maps {
        let others = first.iter().filter(|(path, _)| top(path) != map);
        all.push(others.cloned().collect());
    }
    all.retain(|guess| !guess.is_empty());
    all
}

/// Takes away in halves what is not needed beside `others` and what is kept.
fn reduce(
    works: &impl Fn(&[(Path, Value)]) -> bool,
    some: &[(Path, Value)],
    others: &[(Path, Value)],
    kept: &mut Vec<(Path, Value)>,
) {
    if some.is_empty() || works(&[others, kept.as_slice()].concat()) {
        return;
    }
    if let [one] = some {
        kept.push(one.clone());
        return;
    }
    let (first, second) = some.split_at(some.len() / 2);
    reduce(works, first, &[second, others].concat(), kept);
    reduce(works, second, others, kept);
}

fn filled(values: &Map, some: &[(Path, Value)]) -> Map {
    let mut values = values.clone();
    for (path, value) in some {
        set_path(&mut values, path, value.clone());
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_chart_asks_for_is_the_key_whose_words_it_says() {
        let files = [
            ("Chart.yaml", "name: a\nversion: 1.0.0\n"),
            (
                "values.yaml",
                "service: {main: {ports: {http: {port: , imageProtocol: }}, port: }}\nimage: {tag: x, port: }\n",
            ),
            ("templates/a.yaml", "{{ toYaml .Values }}"),
        ];
        let files = files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
        let chart = crate::chart::Chart::from_files("a", files.into()).unwrap();
        let keys = ChartKeys::of(&chart);
        let said = "execution error at (image-of-a/templates/a.yaml:1:3): no port number is configured for port \"http\" under Service with key \"main\"";
        let found = asked_key(&keys, said, &Value::Map(Map::new())).unwrap();
        assert_eq!(found.to_string(), "service.main.ports.http.port");
        assert_eq!(made_up(&found), Value::from(8080));
    }

    #[test]
    fn only_what_is_needed_is_kept() {
        let all: Vec<(Path, Value)> = (0..9)
            .map(|n| (Path::root().key(format!("k{n}")), Value::from(n)))
            .collect();
        let needed = [&all[2], &all[7]];
        let works = |some: &[(Path, Value)]| needed.iter().all(|one| some.contains(one));
        let mut kept = Vec::new();
        reduce(&works, &all, &[], &mut kept);
        assert_eq!(kept, [all[2].clone(), all[7].clone()]);
    }
}
