//! What is in a file, as far as it tells the chart.
//!
//! A file is told by the keys that its pack says tell the chart ([`identify`]). Beside a file that is told, one
//! by itself has to have only keys that the chart knows, or the name of a values file; a file most of whose
//! settings the chart has never known is not of that chart.

use std::{collections::BTreeSet, path::Path as FilePath};

use super::{groups::LayerCandidate, roles::is_values_name};
use crate::{
    identify::{self, ChartClaim},
    pack::{Known, Pack, PackError},
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
        // Helm hands `global` to every chart.
        Self(keys.chain(["global".to_owned()]).collect())
    }
}

pub(super) enum Fit {
    Yes,
    Doubtful(String),
    No,
}

/// The fit of a file: whether it can be values of a chart.
pub(super) fn fit_of_file(
    (pack, all): (&Pack, &[Pack]),
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
    if !told_by(pack, all, values)?.is_empty() || named && unknown.len() <= known.len() {
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

/// The settings that tell the chart, in values most of which it knows, and which no other known chart can
/// say the same of. What tells versions of a chart apart tells no charts.
///
/// # Errors
///
/// If a pack is not in the format.
pub(super) fn told_by(pack: &Pack, all: &[Pack], values: &Map) -> Result<Vec<String>, PackError> {
    let claim = |pack| {
        let claim = identify::claim(pack, all, values, || values.clone())?;
        Ok(claim.filter(ChartClaim::is_of_chart))
    };
    let Some(own) = claim(pack)? else {
        return Ok(Vec::new());
    };
    for other in all.iter().filter(|other| !std::ptr::eq(*other, pack)) {
        if claim(other)?.is_some() {
            return Ok(Vec::new());
        }
    }
    Ok(own.signs.iter().map(|sign| sign.path.to_string()).collect())
}

/// Some of the settings that tell the chart, for a sentence.
pub(super) fn list_traces(told: &[String]) -> String {
    let some: Vec<&str> = told.iter().map(String::as_str).take(3).collect();
    some.join(", ")
}

/// The keys at the root of layers that no version of the chart knows.
pub(super) fn unknown_root_keys(pack: &Pack, layers: &[&LayerCandidate<'_>]) -> Vec<String> {
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
