//! The effects of cases, as Helm renders them with charts at hand.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use semver::Version;

use super::{Arrived, Case, FailureKind, SettingCounts, Trial, TrialFailure};
use crate::{
    effect::{
        Charted, Check, SettingPlaces,
        helm::{Helm, next_step},
        model::{EffectFinding, Setting, SettingFate},
        render::Options,
        source::ChartLocation,
        values,
    },
    jobs::Jobs,
    values::{Map, merge::merge_all},
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
    /// The values that charts have, by their versions, and those of the library charts that come with them.
    pub(super) fn defaults(&self) -> impl Iterator<Item = (&Version, &Map, Map)> {
        let charts = self.charts.iter();
        charts.map(|(version, charted)| {
            let bundled = charted.chart.bundled.iter();
            let libraries = bundled.filter(|bundled| bundled.is_library);
            let of_libraries = merge_all(libraries.map(|library| library.defaults.clone()));
            (version, &charted.chart.defaults, of_libraries)
        })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.charts.len()
    }
}

/// What came of the cases whose charts are both at hand.
#[derive(Debug, Default)]
pub struct RenderedCases {
    /// The number of them.
    pub count: usize,
    /// What became of their settings.
    pub settings: SettingCounts,
    /// What differs without a word, and what does not render.
    pub failures: Vec<TrialFailure>,
}

impl SettingCounts {
    fn add(&mut self, setting: &Setting, is_stated: bool) {
        let count = if setting.effects.iter().any(|seen| seen.unexplained) {
            match is_stated {
                true => &mut self.stated,
                false => &mut self.unexplained,
            }
        } else if setting.effects.iter().any(|seen| seen.step.is_some()) {
            &mut self.explained
        } else {
            match setting.fate {
                SettingFate::None => &mut self.without_effect,
                SettingFate::NotCompared => &mut self.not_compared,
                _ => &mut self.kept,
            }
        };
        *count += 1;
    }
}

impl Trial {
    /// Renders the cases whose charts are both at hand, and compares what settings do.
    #[must_use]
    pub fn effects(
        &self,
        cases: &[Case],
        charts: &VersionedCharts,
        jobs: &Jobs<'_>,
    ) -> RenderedCases {
        let mut rendered = RenderedCases::default();
        for case in cases {
            let pair = (charts.charts.get(case.from()), charts.charts.get(case.to()));
            let (Some(old), Some(new)) = pair else {
                continue;
            };
            let outcome = self.run_trips(&[case.trip()], case.to(), true, jobs);
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
            let failure = |mut message: String| {
                if let Some(next) = next_step(&message) {
                    message = format!("{message}; {next}");
                }
                TrialFailure {
                    kind: FailureKind::Effects,
                    ..case.failure("from", message)
                }
            };
            let run = check.run();
            if case.is_unrendered() {
                let renders = run
                    .is_ok_and(|report| !report.findings.iter().any(EffectFinding::is_unexplained));
                rendered.failures.extend(renders.then(|| TrialFailure {
                    kind: FailureKind::Effects,
                    ..case.failure(
                        "unrendered",
                        "both charts render the case: `unrendered` is not so".to_owned(),
                    )
                }));
                continue;
            }
            rendered.count += 1;
            match run {
                Err(error) => {
                    rendered.settings.not_rendering += 1;
                    rendered.failures.push(failure(error.to_string()));
                }
                Ok(report) => {
                    let mut excused = BTreeSet::new();
                    for setting in &report.settings {
                        let stated = setting
                            .path
                            .as_ref()
                            .filter(|path| case.differs().contains_key(*path));
                        rendered.settings.add(setting, stated.is_some());
                        let mut lost = setting.effects.iter().filter(|seen| seen.unexplained);
                        let lost = lost.next();
                        if let Some(path) = stated {
                            if lost.is_some() {
                                excused.insert(path);
                            }
                            continue;
                        }
                        if let Some(seen) = lost {
                            rendered.failures.push(failure(format!(
                                "{} does something else, and no step says why: {}",
                                setting.path.as_deref().unwrap_or("a setting"),
                                seen.place
                            )));
                        }
                    }
                    let needless = case.differs().keys().filter(|path| !excused.contains(path));
                    rendered.failures.extend(needless.map(|path| TrialFailure {
                        kind: FailureKind::Effects,
                        ..case.failure(path, format!("{path} does what it did, or a step explains it: `differs` need not name it"))
                    }));
                    let mut fatal = report
                        .findings
                        .iter()
                        .filter(|f| f.is_unexplained())
                        .peekable();
                    rendered.settings.not_rendering += usize::from(fatal.peek().is_some());
                    let told = fatal.map(|finding| failure(finding.what.clone()));
                    rendered.failures.extend(told);
                }
            }
        }
        rendered
    }
}
