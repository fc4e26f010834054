//! From many versions of a chart to keys with ranges of versions.
//!
//! The order of the keys is that of the newest version; a key that is gone stands behind the one that was in
//! front of it. Versions that follow each other and say the same of a key are one range.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use semver::Version;

use super::{
    corrections::Corrections,
    edition::Edition,
    reading::{self, ReadChart, ReadKey},
};
use crate::{
    chart::Chart,
    pack::model::{KeyRange, OpenKind, ReadAnswer},
    values::Path,
};

/// Everything that was gathered of a chart.
#[derive(Debug)]
pub struct Gathered {
    /// The newest version, without its keys.
    pub newest: Edition,
    /// Every version, oldest first, with that of its application.
    pub versions: Vec<(Version, String)>,
    /// The keys, in order.
    pub keys: Vec<KeyRow>,
}

/// A key over the versions.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// The path.
    pub path: Arc<str>,
    /// Ranges of versions, as texts, and the fields of the key there.
    pub ranges: Vec<(String, Arc<str>)>,
}

/// The fields of a row, but its range, in one line.
pub(super) fn fields_of(range: &KeyRange) -> String {
    let mut fields = Vec::new();
    if let Some(default) = &range.default {
        let json = serde_json::to_string(default).unwrap_or_else(|_| "null".to_owned());
        fields.push(format!("default: {json}"));
    }
    if !range.documented {
        fields.push("documented: false".to_owned());
    }
    match range.open {
        Some(OpenKind::SubChart) => fields.push("open: sub-chart".to_owned()),
        Some(OpenKind::Map) => fields.push("open: map".to_owned()),
        None => {}
    }
    if range.read == ReadAnswer::No {
        fields.push("read: \"no\"".to_owned());
    }
    if !range.gone_from.is_empty() {
        fields.push(gone_from(&range.gone_from));
    }
    fields.join(", ")
}

fn gone_from(files: &[String]) -> String {
    let json = serde_json::to_string(files).unwrap_or_default();
    format!("gone-from: {json}")
}

/// The keys that templates of workloads do not read any more in a newer chart, while others do, each with these
/// templates.
#[must_use]
pub fn left_keys(old: &Chart, new: &Chart) -> BTreeMap<String, Vec<String>> {
    let (old, new) = (reading::read_keys(old), reading::read_keys(new));
    let left = keys_left(&old, &new).into_iter();
    left.map(|(key, files)| (key.to_owned(), files)).collect()
}

/// The keys that the templates of workloads do not read any more in a version and did in the one before, each with
/// these templates. One that another workload came to read has moved with what it is for.
pub(super) fn keys_left<'e>(
    before: &'e ReadChart,
    now: &'e ReadChart,
) -> BTreeMap<&'e str, Vec<String>> {
    let mut left: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut came: BTreeSet<&str> = BTreeSet::new();
    let none = HashSet::new();
    for (file, read) in &now.workloads {
        let read_before = before.workloads.get(file).unwrap_or(&none);
        came.extend(read.difference(read_before).map(|key| &**key));
    }
    for (file, read) in &before.workloads {
        let Some(read_now) = now.workloads.get(file) else {
            continue;
        };
        for key in read
            .difference(read_now)
            .filter(|key| !came.contains(&***key))
        {
            left.entry(key).or_default().push(file.clone());
        }
    }
    // What is no key any more, or read by nothing, is told as such.
    let is_read = |row: &&ReadKey| !row.fields.contains("read: \"no\"");
    let read: HashSet<&str> = now
        .rows
        .iter()
        .filter(is_read)
        .map(|row| &*row.path)
        .collect();
    left.retain(|key, _| read.contains(key));
    left
}

/// Puts versions of a chart together; `None` if there is none. Of editions of one version the last counts.
#[must_use]
pub fn gather(editions: Vec<Edition>, corrections: &Corrections) -> Option<Gathered> {
    let by_version: BTreeMap<Version, Edition> = editions
        .into_iter()
        .map(|edition| (edition.version.clone(), edition))
        .collect();
    let versions: Vec<Version> = by_version.keys().cloned().collect();
    let order = order_keys(&by_version, corrections);
    let mut of_key: HashMap<&str, Vec<Option<&Arc<str>>>> = HashMap::new();
    for (at, edition) in by_version.values().enumerate() {
        for row in &edition.read.rows {
            let fields = of_key
                .entry(&row.path)
                .or_insert_with(|| vec![None; versions.len()]);
            fields[at] = Some(&row.fields);
        }
    }
    let pairs = by_version.values().zip(by_version.values().skip(1));
    let left: Vec<BTreeMap<&str, Vec<String>>> = std::iter::once(BTreeMap::new())
        .chain(pairs.map(|(before, now)| keys_left(&before.read, &now.read)))
        .collect();
    let mut keys = Vec::new();
    for path in order {
        let gathered = of_key.get(&*path);
        let fields: Vec<Option<Arc<str>>> = versions
            .iter()
            .enumerate()
            .map(
                |(at, version)| match corrections.correction_of(&path, version) {
                    Some(corrected) => corrected.map(Arc::from),
                    None => gathered.and_then(|fields| fields[at].cloned()),
                },
            )
            .collect();
        let left_at = |at: usize| {
            let corrected = corrections.correction_of(&path, &versions[at]).is_some();
            left[at].get(&*path).filter(|_| !corrected)
        };
        let ranges = runs_of_fields(&versions, &fields, left_at);
        if !ranges.is_empty() {
            keys.push(KeyRow { path, ranges });
        }
    }
    let newest = by_version
        .values()
        .rfind(|edition| edition.version.pre.is_empty());
    let newest = newest.or_else(|| by_version.values().next_back())?;
    let newest = Edition {
        read: ReadChart::default(),
        ..newest.clone()
    };
    let versions = by_version
        .into_iter()
        .map(|(version, edition)| (version, edition.app));
    Some(Gathered {
        newest,
        versions: versions.collect(),
        keys,
    })
}

/// All keys in their order.
fn order_keys(by_version: &BTreeMap<Version, Edition>, corrections: &Corrections) -> Vec<Arc<str>> {
    let mut order: Vec<Arc<str>> = Vec::new();
    let mut known: HashMap<Arc<str>, ()> = HashMap::new();
    // The order of the newest version counts. What only older ones have comes behind the key that it followed
    // there.
    for edition in by_version.values().rev() {
        let mut behind: HashMap<Option<Arc<str>>, Vec<Arc<str>>> = HashMap::new();
        let mut last: Option<Arc<str>> = None;
        for row in &edition.read.rows {
            if known.contains_key(&row.path) {
                last = Some(Arc::clone(&row.path));
            } else {
                known.insert(Arc::clone(&row.path), ());
                behind
                    .entry(last.clone())
                    .or_default()
                    .push(Arc::clone(&row.path));
            }
        }
        if behind.is_empty() {
            continue;
        }
        let mut merged = behind.remove(&None).unwrap_or_default();
        for key in order {
            let more = behind.remove(&Some(Arc::clone(&key)));
            merged.push(key);
            merged.extend(more.into_iter().flatten());
        }
        order = merged;
    }
    for key in corrections.corrected_keys() {
        if known.contains_key(key) {
            continue;
        }
        let key: Arc<str> = key.into();
        known.insert(Arc::clone(&key), ());
        let at = insertion_position(&order, &key);
        order.insert(at, key);
    }
    order
}

/// The position of a key that no version has: behind the last one that has most in common with it.
fn insertion_position(order: &[Arc<str>], key: &str) -> usize {
    let Ok(path) = key.parse::<Path>() else {
        return order.len();
    };
    let mut best = (0, order.len());
    for (at, other) in order.iter().enumerate() {
        let Ok(other) = other.parse::<Path>() else {
            continue;
        };
        let shared = path.segments().iter().zip(other.segments());
        let shared = shared.take_while(|(a, b)| a == b).count();
        if shared > 0 && shared >= best.0 {
            best = (shared, at + 1);
        }
    }
    best.1
}

/// Runs of versions with the same fields; where templates left a key, a run begins.
fn runs_of_fields<'l>(
    versions: &[Version],
    fields: &[Option<Arc<str>>],
    left_at: impl Fn(usize) -> Option<&'l Vec<String>>,
) -> Vec<(String, Arc<str>)> {
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < versions.len() {
        let mut end = at + 1;
        while end < versions.len() && fields[end] == fields[at] && left_at(end).is_none() {
            end += 1;
        }
        if let Some(fields) = &fields[at] {
            let from = (at > 0).then(|| format!(">={}", versions[at]));
            let to = versions.get(end).map(|next| format!("<{next}"));
            let range = match (from, to) {
                (None, None) => "*".to_owned(),
                (Some(one), None) | (None, Some(one)) => one,
                (Some(from), Some(to)) => format!("{from}, {to}"),
            };
            let fields = match left_at(at).map(|files| gone_from(files)) {
                Some(more) if fields.is_empty() => more.into(),
                Some(more) => format!("{fields}, {more}").into(),
                None => Arc::clone(fields),
            };
            ranges.push((range, fields));
        }
        at = end;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition(version: &str, rows: &[(&str, &str)]) -> Edition {
        Edition {
            name: "c".to_owned(),
            version: version.parse().unwrap(),
            app: version.to_owned(),
            description: String::new(),
            home: None,
            read: ReadChart {
                rows: rows
                    .iter()
                    .map(|(path, fields)| ReadKey {
                        path: (*path).into(),
                        fields: (*fields).into(),
                    })
                    .collect(),
                ..ReadChart::default()
            },
        }
    }

    fn shown(gathered: &Gathered) -> Vec<String> {
        let keys = gathered.keys.iter();
        keys.flat_map(|key| {
            let ranges = key.ranges.iter();
            ranges.map(move |(range, fields)| format!("{} {range} {fields}", key.path))
        })
        .collect()
    }

    #[test]
    fn what_stays_the_same_is_one_range_and_order_is_the_newest() {
        let editions = vec![
            edition("2.0.0", &[("b", "default: 1"), ("a", "default: 2")]),
            edition(
                "1.0.0",
                &[
                    ("a", "default: 1"),
                    ("gone", "default: 0"),
                    ("b", "default: 1"),
                ],
            ),
            edition(
                "1.1.0",
                &[
                    ("a", "default: 1"),
                    ("gone", "default: 0"),
                    ("b", "default: 1"),
                ],
            ),
        ];
        let gathered = gather(editions, &Corrections::default()).unwrap();
        assert_eq!(
            shown(&gathered),
            [
                "b * default: 1",
                "a <2.0.0 default: 1",
                "a >=2.0.0 default: 2",
                "gone <2.0.0 default: 0",
            ]
        );
    }

    #[test]
    fn corrections_come_before_what_was_gathered() {
        let corrections = "\
a.x:
  - {in: \">=2.0.0\", default: 5, read: \"no\"}
b: []
a.y:
  - {in: \"*\", documented: false}
";
        let corrections = Corrections::read(corrections).unwrap();
        let rows = [
            ("a.x", "default: 1"),
            ("b", "default: 1"),
            ("c", "default: 1"),
        ];
        let editions = vec![edition("1.0.0", &rows), edition("2.0.0", &rows)];
        let gathered = gather(editions, &corrections).unwrap();
        assert_eq!(
            shown(&gathered),
            [
                "a.x <2.0.0 default: 1",
                "a.x >=2.0.0 default: 5, read: \"no\"",
                "a.y * documented: false",
                "c * default: 1",
            ]
        );
    }
}
