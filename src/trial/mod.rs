//! The tests of a pack: its cases, and a probe of every key that it knows.
//!
//! A case is a folder with values before and after and what is asked and told between. The probe needs nobody
//! to write it: every key that an older version of the chart has is set, alone, and must come through to the
//! newest version: nothing is refused, whatever is answered, and a second run finds nothing to do.
//! With charts at hand the effects of the cases are compared as `refit verify` does it, and the keys of the pack with
//! those that the charts have.
//!
//! Packs are run exactly as an upgrade runs them, by [`crate::upgrade`] and nothing else. Nothing is printed;
//! only [`Trial::bless`] makes new texts, and whoever calls writes them.

mod case;
mod effects;
mod keys;
mod probe;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use schemars::JsonSchema;
use semver::Version;
use serde::Serialize;

use crate::{
    jobs::Jobs,
    load::{InputFile, ReleaseRequest},
    migrate::Answers,
    outcome::{KnownBy, Outcome, Release},
    pack::{Pack, PackError},
    upgrade::{Request, packs, upgrade_by},
};

pub use case::{Blessed, Case};
pub use effects::{RenderedCases, VersionedCharts};
pub use probe::Probed;

/// A pack that is tested.
#[derive(Debug)]
pub struct Trial {
    folder: PathBuf,
    chart: String,
    newest: Version,
    packs: Arc<Vec<Pack>>,
}

/// The result of the tests of a pack.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Tested {
    /// The chart.
    pub chart: String,
    /// The number of cases that ran.
    pub cases: usize,
    /// The number of settings that were probed, each from one version.
    pub probes: usize,
    /// The number of these that came to a question which needs a text that cannot be made up.
    pub untyped: usize,
    /// The number of cases that were rendered with both charts.
    pub rendered: usize,
    /// What became of the settings of these cases.
    pub settings: SettingCounts,
    /// The number of charts whose values were compared with the keys of the pack.
    pub compared: usize,
    /// The failures.
    pub failures: Vec<TrialFailure>,
}

/// The number of settings of cases by what became of their effects, over all cases that were rendered with both charts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SettingCounts {
    /// Those that do what they did, at the same place or another one.
    pub kept: usize,
    /// Those that do something else, and a step says why.
    pub explained: usize,
    /// Those that do something else, and no step says why.
    pub unexplained: usize,
    /// Those that do something else, and the case says why.
    pub stated: usize,
    /// Those that did nothing under the old chart and do nothing under the new one.
    pub without_effect: usize,
    /// Those whose effect could not be found out.
    pub not_compared: usize,
    /// The number of cases that do not render under one of the charts.
    pub not_rendering: usize,
}

/// Something that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TrialFailure {
    /// The file that it is about.
    pub file: String,
    /// The line in it.
    pub line: Option<usize>,
    /// The kind of failure.
    pub kind: FailureKind,
    /// The failure in one line.
    pub message: String,
    /// The difference of the file, from what it says to what came out, where it is in more than one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
}

/// The kinds of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// A case of the pack.
    Case,
    /// A key that was set alone.
    Probe,
    /// The effects of a case's settings.
    Effects,
    /// A key of which a chart says something else.
    Keys,
}

impl std::fmt::Display for TrialFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// The reasons for which a pack cannot be tested.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The pack cannot be loaded.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The pack is refused.
    #[error("{what}\n  next: {next}")]
    Refused {
        /// The error.
        what: String,
        /// The next step.
        next: String,
    },
    /// A file of a case cannot be read, or says what no case says.
    #[error("{file}: {message}")]
    Case {
        /// The file.
        file: String,
        /// The error.
        message: String,
    },
}

/// Values that go from one version to another.
#[derive(Debug, Clone)]
struct Trip {
    layers: Vec<Vec<u8>>,
    from: Version,
    answers: Answers,
}

impl Trial {
    /// Opens a pack.
    ///
    /// # Errors
    ///
    /// If it cannot be loaded, or has errors: `refit pack check` lists them.
    pub fn open(folder: &Path) -> Result<Self, TrialError> {
        let pack = Pack::from_folder(folder)?;
        let request = Request {
            chart: Some(pack.info.chart.clone()),
            pack_dirs: vec![folder.to_owned()],
            ..Request::default()
        };
        let packs = packs(&request).map_err(|refusal| TrialError::Refused {
            what: refusal.what.clone(),
            next: refusal.next.unwrap_or_default(),
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            chart: pack.info.chart.clone(),
            newest: pack.newest_release().clone(),
            packs: Arc::new(packs),
        })
    }

    /// The chart that the pack is for.
    #[must_use]
    pub fn chart(&self) -> &str {
        &self.chart
    }

    fn pack(&self) -> &Pack {
        let mut packs = self.packs.iter();
        let pack = packs.find(|pack| pack.chart() == self.chart);
        pack.expect("the pack is the first that was asked for")
    }

    /// Runs trips to one version, all at once. The outcome's releases are called by the trips' numbers.
    fn run_trips(
        &self,
        trips: &[Trip],
        to: &Version,
        with_values: bool,
        jobs: &Jobs<'_>,
    ) -> Outcome {
        let releases = trips
            .iter()
            .enumerate()
            .map(|(number, trip)| ReleaseRequest {
                name: Some(number.to_string()),
                layers: trip.layers.iter().cloned().map(InputFile::Stdin).collect(),
                chart: Some(self.chart.clone()),
                version: Some((trip.from.clone(), KnownBy::Stated)),
                answers: trip.answers.clone(),
                ..ReleaseRequest::default()
            });
        let request = Request {
            releases: releases.collect(),
            chart: Some(self.chart.clone()),
            to: Some(to.clone()),
            with_values,
            in_short: true,
            ..Request::default()
        };
        upgrade_by(&request, &self.packs, jobs)
    }
}

/// The releases of an outcome by their numbers, and why the others are none.
struct Arrived<'o> {
    releases: BTreeMap<usize, &'o Release>,
    refused: BTreeMap<usize, String>,
}

impl<'o> Arrived<'o> {
    fn of(outcome: &'o Outcome) -> Self {
        let releases = outcome.releases.iter();
        let releases = releases.filter_map(|release| {
            let number = release.name.as_ref()?.parse().ok()?;
            Some((number, release))
        });
        let refused = outcome.refused.iter().filter_map(|refusal| {
            let why = refusal.why.iter().map(|why| format!(" ({why})"));
            let number = refusal.name.parse().ok()?;
            let why: String = why.collect();
            Some((number, format!("{}{why}", refusal.what)))
        });
        Self {
            releases: releases.collect(),
            refused: refused.collect(),
        }
    }
}

/// The line on which a text first has a key, from 1: good enough to lead a person there.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let starts = |line: &str| {
        let line = line.trim_start().trim_start_matches(['"', '\'']);
        let rest = line.strip_prefix(key);
        rest.is_some_and(|rest| rest.trim_start_matches(['"', '\'']).starts_with(':'))
    };
    let at = text.lines().position(starts)?;
    Some(at + 1)
}
