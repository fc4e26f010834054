//! One version of a chart, as far as a pack knows it: what it is called, and its keys.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path as FilePath,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use semver::Version;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{
    reading::{self, ReadChart},
    repository::ChartFiles,
};
use crate::chart::{Chart, ChartError};

/// One version of a chart.
#[derive(Debug, Clone)]
pub struct Edition {
    /// The chart's name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// The version of the application that it installs; that of the chart if it says none.
    pub app: String,
    /// The chart's own description.
    pub description: String,
    /// Its page.
    pub home: Option<String>,
    /// Its keys, and who reads them.
    pub(super) read: ReadChart,
}

/// The keys of one set of files; empty until somebody has read them.
type Reading = Arc<OnceLock<ReadChart>>;

/// The readings of versions so far: most releases of a chart only change numbers in its `Chart.yaml`, and following
/// values through its templates is most of the work.
#[derive(Debug, Default)]
pub struct Readings {
    known: Mutex<HashMap<[u8; 32], Reading>>,
}

impl Readings {
    /// The keys of a chart, read once for all versions that have the same files and bundle the same charts.
    fn read_once(&self, files: &ChartFiles, chart: &Chart) -> ReadChart {
        let mut hash = Sha256::new();
        for (name, bytes) in files.iter().filter(|(name, _)| *name != "Chart.yaml") {
            // With the lengths, so that other names with other contents cannot make the same bytes.
            hash.update((name.len() as u64).to_le_bytes());
            hash.update(name);
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(&***bytes);
        }
        // All that the keys depend on of what Chart.yaml says.
        let about = (
            &chart.name,
            &chart.bundled_names,
            &chart.conditions,
            &chart.aliases,
            chart.is_library,
        );
        hash.update(format!("{about:?}"));
        let known = Arc::clone(
            self.known
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(hash.finalize().into())
                .or_default(),
        );
        known.get_or_init(|| reading::read_keys(chart)).clone()
    }
}

/// The reasons for which a version of a chart cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EditionError {
    /// It cannot be read, or is no chart.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// Its version is none.
    #[error("{place}: `{version}` is no version with three numbers")]
    Version {
        /// The place.
        place: String,
        /// The text of the version.
        version: String,
    },
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ChartYamlFacts {
    app_version: Option<serde_yaml::Value>,
    description: Option<String>,
    home: Option<String>,
}

impl Edition {
    /// Reads a folder or an archive.
    ///
    /// # Errors
    ///
    /// If it is no chart, or its version is none.
    pub fn load(path: &FilePath) -> Result<Self, EditionError> {
        let chart = Chart::load(path)?;
        let version = chart.version.clone();
        Self::of(
            &path.display().to_string(),
            &chart,
            &version,
            reading::read_keys(&chart),
        )
    }

    /// Reads the files of a chart at a tag, with what is known of those before it. With `named`, that is its version: repositories that fill it in
    /// when they release have none in their files.
    ///
    /// # Errors
    ///
    /// If it is no chart, or its version is none.
    pub fn read(
        place: &str,
        files: &ChartFiles,
        named: Option<&str>,
        readings: &Readings,
    ) -> Result<Self, EditionError> {
        let mut own: BTreeMap<String, Vec<u8>> = files
            .iter()
            .map(|(name, bytes)| (name.clone(), bytes.to_vec()))
            .collect();
        // cert-manager keeps its `Chart.yaml` so in git, and fills in the version when it releases.
        if let (false, Some(template)) = (
            own.contains_key("Chart.yaml"),
            own.remove("Chart.template.yaml"),
        ) {
            own.insert("Chart.yaml".to_owned(), template);
        }
        let chart = Chart::from_files(place, own)?;
        let version = named.map_or_else(|| chart.version.clone(), str::to_owned);
        Self::of(place, &chart, &version, readings.read_once(files, &chart))
    }

    /// One version of a chart that is called so here.
    #[must_use]
    pub fn of_chart(chart: &Chart, version: &Version) -> Self {
        Self {
            name: chart.name.clone(),
            version: version.clone(),
            app: chart
                .app_version
                .clone()
                .unwrap_or_else(|| version.to_string()),
            description: String::new(),
            home: None,
            read: reading::read_keys(chart),
        }
    }

    fn of(
        place: &str,
        chart: &Chart,
        version: &str,
        read: ReadChart,
    ) -> Result<Self, EditionError> {
        let plain = version.strip_prefix(['v', 'V']).unwrap_or(version);
        let parsed = Version::parse(plain).map_err(|_| EditionError::Version {
            place: place.to_owned(),
            version: version.to_owned(),
        })?;
        let about = chart.files.get("Chart.yaml");
        let about: ChartYamlFacts = about
            .and_then(|text| serde_yaml::from_str(text).ok())
            .unwrap_or_default();
        let app = match about.app_version {
            Some(serde_yaml::Value::String(text)) => text,
            Some(serde_yaml::Value::Number(number)) => number.to_string(),
            _ => version.to_owned(),
        };
        // Where the version is filled in at release, the application's is, too.
        let app = match app.trim_start_matches('v') {
            "0.0.0" | "0.1.0" if app == chart.version && app != version => version.to_owned(),
            _ => app,
        };
        Ok(Self {
            name: chart.name.clone(),
            version: parsed,
            app,
            description: about.description.unwrap_or_default(),
            home: about.home,
            read,
        })
    }
}
