//! The effects of cases, as Helm renders them with charts at hand.

use std::{collections::BTreeMap, path::PathBuf};

use semver::Version;

use super::{Arrived, Case, Failure, FailureKind, Trial};
use crate::{
    effect::{
        Charted, Check, SettingPlaces, helm::Helm, render::Options, source::ChartLocation, values,
    },
    jobs::Jobs,
    values::Map,
};

/// Charts by version.
#[derive(Debug)]
pub struct VersionedCharts {
    /// The version of Helm.
    helm: String,
    charts: BTreeMap<Version, Charted>,
}

impl VersionedCharts {
    /// Opens charts: folders or archives, by version. They see the version of Kubernetes and the API versions that
    /// are named, else those that Helm has by itself.
    ///
    /// # Errors
    ///
    /// In words, if Helm cannot be run or a chart cannot be read or is another version.
    pub fn open(
        chart: &str,
        paths: &[(Version, PathBuf)],
        (kube_version, api_versions): (Option<&str>, &[String]),
        folder: &std::path::Path,
    ) -> Result<Self, String> {
        let helm = Helm::from_env();
        let version = helm.version().map_err(|error| error.to_string())?;
        let mut charts = BTreeMap::new();
        for (wanted, path) in paths {
            let options = Options {
                release_name: chart.to_owned(),
                namespace: None,
                kube_version: kube_version.map(str::to_owned),
                api_versions: api_versions.to_vec(),
                install: false,
            };
            let opened = ChartLocation::Path(path.clone())
                .open(&helm, options, folder)
                .map_err(|error| error.to_string())?;
            if opened.chart.name != chart {
                return Err(format!(
                    "{} is the chart {}, not {chart}",
                    path.display(),
                    opened.chart.name
                ));
            }
            charts.insert(wanted.clone(), opened);
        }
        Ok(Self {
            helm: version,
            charts,
        })
    }
}

impl VersionedCharts {
    /// The values that charts have, by their versions.
    pub(super) fn defaults(&self) -> impl Iterator<Item = (&Version, &Map)> {
        let charts = self.charts.iter();
        charts.map(|(version, charted)| (version, &charted.chart.defaults))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.charts.len()
    }
}

impl Trial {
    /// Renders the cases whose charts are both at hand, and compares what settings do. How many were, and what
    /// differs without a word.
    #[must_use]
    pub fn effects(
        &self,
        cases: &[Case],
        charts: &VersionedCharts,
        jobs: &Jobs<'_>,
    ) -> (usize, Vec<Failure>) {
        let mut rendered = 0;
        let mut failures = Vec::new();
        for case in cases {
            let pair = (charts.charts.get(case.from()), charts.charts.get(case.to()));
            let (Some(old), Some(new)) = pair else {
                continue;
            };
            let outcome = self.travel(&[case.trip()], case.to(), true, jobs);
            let arrived = Arrived::of(&outcome);
            let Some(release) = arrived
                .releases
                .get(&0)
                .filter(|release| !release.is_open())
            else {
                continue;
            };
            let Some((before, after)) = values(release) else {
                continue;
            };
            rendered += 1;
            let places = SettingPlaces::of(release, &after);
            let check = Check {
                old,
                new,
                before: &before,
                after: &after,
                release,
                pack: self.pack(),
                places: &places,
                helm: &charts.helm,
                tell_defaults: false,
            };
            let failure = |message: String| Failure {
                kind: FailureKind::Effects,
                ..case.failure("from", message)
            };
            match check.run() {
                Err(error) => failures.push(failure(error.to_string())),
                Ok(report) => {
                    for setting in &report.settings {
                        let mut lost = setting.effects.iter().filter(|seen| seen.unexplained);
                        if let Some(seen) = lost.next() {
                            failures.push(failure(format!(
                                "{} does something else, and no step says why: {}",
                                setting.path.as_deref().unwrap_or("a setting"),
                                seen.place
                            )));
                        }
                    }
                    for finding in report.findings.iter().filter(|f| f.is_unexplained()) {
                        failures.push(failure(finding.what.clone()));
                    }
                }
            }
        }
        (rendered, failures)
    }
}
