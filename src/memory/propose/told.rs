//! What is in a file, as far as it tells the chart.
//!
//! A pack's evidence is made to tell the versions of one chart apart. Among files of which the chart is not
//! known yet it is weaker: `image` or `ingress` tells versions and no charts. So keys that most charts have
//! do not count here, and a file most of whose settings the chart has never known is not of that chart.

use std::{collections::BTreeSet, path::Path as FilePath};

use super::{groups::Seen, roles::is_values_name};
use crate::{
    detect::{Clue, detect},
    pack::{Known, Pack, PackError, model::Strength},
    values::{Map, Path},
};

pub(super) fn looks_like(pack: &Pack, values: &Map) -> bool {
    let tops = Tops::of(pack);
    values.keys().any(|key| tops.0.contains(key))
}

/// The keys that any version of a chart knows at its root.
pub(super) struct Tops(BTreeSet<String>);

impl Tops {
    pub(super) fn of(pack: &Pack) -> Self {
        let first = |path: &Path| match path.segments().first() {
            Some(crate::values::Segment::Key(key)) => Some(key.clone()),
            _ => None,
        };
        let keys = pack.keys.iter().filter_map(|(path, _)| first(path));
        Self(keys.chain(["global".to_owned()]).collect())
    }
}

pub(super) enum Fit {
    Yes,
    Doubtful(String),
    No,
}

/// Whether a file can be values of a chart.
pub(super) fn fits(
    pack: &Pack,
    tops: &Tops,
    path: &FilePath,
    values: &Map,
) -> Result<Fit, PackError> {
    let (known, unknown): (Vec<&String>, Vec<&String>) =
        values.keys().partition(|key| tops.0.contains(*key));
    let named = is_values_name(path);
    if values.is_empty() {
        return Ok(if named { Fit::Yes } else { Fit::No });
    }
    if known.is_empty() {
        return Ok(Fit::No);
    }
    let clues = detect(pack, values)?.clues;
    if !told_by(pack, values, &clues).is_empty() || named && unknown.len() <= known.len() {
        return Ok(Fit::Yes);
    }
    let chart = &pack.info.chart;
    if !unknown.is_empty() {
        let unknown: Vec<&str> = unknown.iter().map(|key| key.as_str()).take(5).collect();
        let why = format!("{chart} has never known {}", unknown.join(", "));
        // A file of something else shares a key or two with every chart.
        return Ok(match named {
            true => Fit::Doubtful(why),
            false => Fit::No,
        });
    }
    Ok(Fit::Doubtful(format!(
        "it has only keys that {chart} knows, but its name says nothing of values or of an environment"
    )))
}

/// What every chart has that began with `helm create`, or is habit: it tells versions of a chart apart, and
/// no charts.
const SCAFFOLD: &[&str] = &[
    "affinity",
    "autoscaling",
    "env",
    "extraEnv",
    "fullnameOverride",
    "gateway",
    "global",
    "httpRoute",
    "image",
    "imagePullPolicy",
    "imagePullSecrets",
    "ingress",
    "livenessProbe",
    "nameOverride",
    "nodeSelector",
    "podAnnotations",
    "podDisruptionBudget",
    "podLabels",
    "podSecurityContext",
    "readinessProbe",
    "replicaCount",
    "resources",
    "securityContext",
    "service",
    "serviceAccount",
    "tolerations",
    "volumeMounts",
    "volumes",
];

/// The settings that tell the chart: unmistakable ones, in values most of which the chart knows. Evidence
/// of a pack tells its versions apart first; of another chart's values only a little of it is ever met.
pub(super) fn told_by(pack: &Pack, values: &Map, clues: &[Clue]) -> Vec<String> {
    let strong = clues
        .iter()
        .filter(|clue| clue.strength == Strength::Strong);
    let first = |path: &Path| match path.segments().first() {
        Some(crate::values::Segment::Key(key)) => key.clone(),
        _ => String::new(),
    };
    let own = strong.filter(|clue| !SCAFFOLD.contains(&first(&clue.path).as_str()));
    let mut told: Vec<String> = own.map(|clue| clue.path.to_string()).collect();
    told.dedup();
    if told.is_empty() {
        return told;
    }
    let leaves = crate::values::leaves(values);
    let known = |path: &Path| {
        let mut versions = pack.info.versions.keys();
        versions.any(|version| pack.keys.known(path, version) != Known::Unknown)
    };
    let strange = leaves.iter().filter(|(path, _)| !known(path)).count();
    if strange * 4 > leaves.len() {
        told.clear();
    }
    told
}

/// Some of the settings that tell the chart, for a sentence.
pub(super) fn traces(told: &[String]) -> String {
    let some: Vec<&str> = told.iter().map(String::as_str).take(3).collect();
    some.join(", ")
}

/// The keys at the root of layers that no version of the chart knows.
pub(super) fn unknown(pack: &Pack, layers: &[&Seen<'_>]) -> Vec<String> {
    let known = |key: &String| {
        let path = Path::root().key(key);
        let mut versions = pack.info.versions.keys();
        versions.any(|version| pack.keys.known(&path, version) != Known::Unknown)
    };
    let keys = layers
        .iter()
        .filter_map(|file| file.values)
        .flat_map(Map::keys);
    let unknown: BTreeSet<&String> = keys.filter(|key| !known(key)).collect();
    unknown.into_iter().take(8).cloned().collect()
}
