//! The keys that a pack says a chart has, held to charts at hand.
//!
//! A pack whose `keys.yaml` says something else than the chart tells people of keys that there are not, and of defaults
//! that do not hold. So each chart that is named is compared: what its `values.yaml` has must be known with that
//! default, and nothing else may have one. Keys that only templates read, and what stands below other charts' keys, are
//! not looked at. A chart whose templates all come from a library chart has the defaults of that, too. What
//! `corrections.yaml` says is meant.

use std::collections::BTreeSet;

use semver::Version;
use serde_json::Value as Json;

use super::{FailureKind, Trial, TrialError, TrialFailure, VersionedCharts, line_of};
use crate::{
    authoring::corrections::Corrections,
    pack::{
        Known,
        model::{KeyRange, OpenKind},
    },
    values::{Map, Path, Segment, Value, leaves},
};

/// The most characters of a default in a message.
const LONGEST: usize = 60;

impl Trial {
    /// Compares `keys.yaml` with the values of charts.
    ///
    /// # Errors
    ///
    /// If the corrections beside it cannot be read.
    pub fn keys(&self, charts: &VersionedCharts) -> Result<Vec<TrialFailure>, TrialError> {
        let file = self.folder.join("keys.yaml");
        let corrections = Corrections::of_pack(&self.folder);
        let corrections = corrections.map_err(|error| TrialError::Case {
            file: error.file,
            message: error.message,
        })?;
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let name = file.display().to_string();
        let mut failures = Vec::new();
        for (version, defaults, of_libraries) in charts.defaults() {
            for (path, message) in self.differences_from(version, defaults, of_libraries) {
                if corrections.concern(&path.to_string(), version) {
                    continue;
                }
                failures.push(TrialFailure {
                    file: name.clone(),
                    line: line_of(&text, &path.to_string()),
                    kind: FailureKind::Keys,
                    message,
                    difference: None,
                });
            }
        }
        Ok(failures)
    }

    /// The keys of which a version of the chart says something else than the pack, and what.
    fn differences_from(
        &self,
        version: &Version,
        chart: &Map,
        of_libraries: Map,
    ) -> Vec<(Path, String)> {
        let keys = &self.pack().keys;
        let now = keys.iter().filter_map(|(key, mut ranges)| {
            let range = ranges.find(|range| range.versions.contains(version))?;
            Some((key, range))
        });
        let now: Vec<(&Path, &KeyRange)> = now.collect();
        let open = |of: OpenKind| now.iter().filter(move |(_, range)| range.open == Some(of));
        let others: BTreeSet<&Segment> = open(OpenKind::SubChart)
            .filter_map(|(key, _)| key.segments().first())
            .collect();
        // What is handed on to other charts is theirs to say.
        let is_anothers = |path: &Path| {
            let first = path.segments().first();
            path.is_global() || first.is_none_or(|first| others.contains(first))
        };
        let is_in_open = |path: &Path| {
            let above = |key: &Path| path.depth() > key.depth() && path.starts_with(key);
            open(OpenKind::Map).any(|(key, _)| above(key))
        };
        let mut found = Vec::new();
        for (path, value) in leaves(chart) {
            if is_anothers(&path) {
                continue;
            }
            let in_chart = json(value);
            let message = match keys.default(&path, version).map(json) {
                Some(here) if here == in_chart => continue,
                Some(here) => format!(
                    "{path} is {} by default here, and {} in the chart {version}",
                    shown_default(&here),
                    shown_default(&in_chart)
                ),
                None if is_in_open(&path) => continue,
                None if keys.known(&path, version) == Known::Unknown => {
                    format!("the chart {version} has the key {path}, which is not here")
                }
                None => format!(
                    "{path} has no default here, and {} in the chart {version}",
                    shown_default(&in_chart)
                ),
            };
            found.push((path, message));
        }
        let chart = Value::Map(chart.clone());
        let of_libraries = Value::Map(of_libraries);
        for (key, range) in now {
            let is_own = key.is_concrete() && !is_anothers(key);
            let of_library = key.get(&of_libraries).map(json);
            if range.default.is_some()
                && is_own
                && key.get(&chart).is_none()
                && of_library != keys.default(key, version).map(json)
            {
                let message =
                    format!("{key} has a default here, and the chart {version} has no such key");
                found.push((key.clone(), message));
            }
        }
        found
    }
}

fn json(value: &Value) -> Json {
    Json::from(value)
}

/// A default in a message.
fn shown_default(value: &Json) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
