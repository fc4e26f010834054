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
        model::{EffectFinding, Report, Setting, SettingFate},
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
            if let (Some(old), Some(new)) = pair {
                self.render(case, [old, new], &charts.helm, &mut rendered, jobs);
            }
        }
        rendered
    }

    /// Renders one case with both charts. One that waits for an answer has no result to render.
    fn render(
        &self,
        case: &Case,
        [old, new]: [&Charted; 2],
        helm: &str,
        rendered: &mut RenderedCases,
        jobs: &Jobs<'_>,
    ) {
        let outcome = self.run_trips(&[case.trip()], case.to(), true, jobs);
        let arrived = Arrived::of(&outcome);
        let release = arrived.releases.get(&0);
        let Some(release) = release.filter(|release| !release.is_open()) else {
            return;
        };
        let Some((before, after)) = values(release) else {
            return;
        };
        let check = Check {
            old,
            new,
            before: &before,
            after: &after,
            release,
            pack: self.pack(),
            places: &SettingPlaces::of(release, &after),
            helm,
            tell_defaults: false,
        };
        let run = check.run();
        if case.is_unrendered() {
            let renders =
                run.is_ok_and(|report| !report.findings.iter().any(EffectFinding::is_unexplained));
            let what = "both charts render the case: `unrendered` is not so";
            let failure = || effects_failure(case, "unrendered", what.to_owned());
            rendered.failures.extend(renders.then(failure));
            return;
        }
        rendered.count += 1;
        match run {
            Err(error) => {
                rendered.settings.not_rendering += 1;
                let failure = failure_with_next_step(case, error.to_string());
                rendered.failures.push(failure);
            }
            Ok(report) => rendered.judge(case, &report),
        }
    }
}

impl RenderedCases {
    /// Counts the settings of a case, and holds what differs against what the case states.
    fn judge(&mut self, case: &Case, report: &Report) {
        let mut excused = BTreeSet::new();
        for setting in &report.settings {
            let path = setting.path.as_ref();
            let stated = path.filter(|path| case.differs().contains_key(*path));
            self.settings.add(setting, stated.is_some());
            let lost = setting.effects.iter().find(|seen| seen.unexplained);
            match (stated, lost) {
                (Some(path), Some(_)) => _ = excused.insert(path),
                (None, Some(seen)) => {
                    let what = format!(
                        "{} does something else, and no step says why: {}",
                        setting.path.as_deref().unwrap_or("a setting"),
                        seen.place
                    );
                    self.failures.push(failure_with_next_step(case, what));
                }
                (_, None) => {}
            }
        }
        let needless = case.differs().keys();
        let needless = needless.filter(|path| !excused.contains(path));
        self.failures.extend(needless.map(|path| {
            let what = format!(
                "{path} does what it did, or a step explains it: `differs` need not name it"
            );
            effects_failure(case, path, what)
        }));
        let fatal: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| finding.is_unexplained())
            .collect();
        self.settings.not_rendering += usize::from(!fatal.is_empty());
        let told = fatal
            .iter()
            .map(|finding| failure_with_next_step(case, finding.what.clone()));
        self.failures.extend(told);
    }
}

/// The failure of a case at one of its fields.
fn effects_failure(case: &Case, field: &str, message: String) -> TrialFailure {
    TrialFailure {
        kind: FailureKind::Effects,
        ..case.failure(field, message)
    }
}

/// The same of the whole case, with what to do next where that is known.
fn failure_with_next_step(case: &Case, message: String) -> TrialFailure {
    let message = match next_step(&message) {
        Some(next) => format!("{message}; {next}"),
        None => message,
    };
    effects_failure(case, "from", message)
}
