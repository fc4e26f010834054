//! The packs that are in the program: what the build (build.rs) made of `migrations/`.
//!
//! A run looks at all packs to find the one that a file is for, and needs the rest of that one alone. So what tells the
//! chart lies apart, and everything else of a pack is compressed until it is asked for.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    io::Read as _,
    sync::{Arc, OnceLock},
};

use include_dir::{Dir, include_dir};
use semver::Version;
use serde::Deserialize;

use super::model::{FormerName, Identifies, PackFile};

static PACKS: Dir<'_> = include_dir!("$OUT_DIR/packs");

/// What tells a chart, from pack.yaml, with what a lookup needs before anything else is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Identity {
    /// The chart's name, as in its `Chart.yaml`.
    pub chart: String,
    /// Where the chart is published.
    #[serde(default)]
    pub repositories: Vec<String>,
    /// What tells the chart, apart from any version of it.
    #[serde(default)]
    pub identifies: Identifies,
    /// What it was called before.
    #[serde(default)]
    pub called_before: Vec<FormerName>,
    /// The oldest version that is known of it.
    #[serde(default)]
    pub oldest: Option<Version>,
    /// What the chart's keys begin with, each cut at the first dot, bracket or backslash; nothing if that was not
    /// gathered.
    #[serde(default)]
    pub(super) first_keys: Vec<String>,
    /// The telling keys that other built-in charts may have, with these charts; of a built-in pack.
    #[serde(default)]
    pub(super) shared: BTreeMap<String, Vec<String>>,
}

impl From<&PackFile> for Identity {
    fn from(file: &PackFile) -> Self {
        Self {
            chart: file.chart.clone(),
            repositories: file.repositories.clone(),
            identifies: file.identifies.clone(),
            called_before: file.called_before.clone(),
            oldest: file.versions.keys().next().cloned(),
            first_keys: Vec::new(),
            shared: BTreeMap::new(),
        }
    }
}

/// The files of a built-in pack.
#[derive(Debug, Clone)]
pub(super) struct BuiltInFiles {
    folder: &'static Dir<'static>,
    /// The migrations as JSON, by the names of their files, unpacked when one is asked for.
    migrations: Arc<OnceLock<BTreeMap<String, String>>>,
}

impl BuiltInFiles {
    /// Those of a name.
    pub(super) fn find(name: &str) -> Option<Self> {
        let folder = PACKS.get_dir(name)?;
        Some(Self {
            folder,
            migrations: Arc::default(),
        })
    }

    /// The identity of its chart.
    pub(super) fn identity(&self) -> Identity {
        let file = self
            .folder
            .get_file(self.folder.path().join("identity.json"));
        let json = file.map(include_dir::File::contents).unwrap_or_default();
        serde_json::from_slice(json).expect("the build writes what tells each chart")
    }

    /// The names in the folder that it was made of, as far as a pack has them.
    pub(super) fn names(&self) -> Vec<String> {
        let migrations = self.migrations().keys();
        let migrations = migrations.map(|name| format!("{name}.yaml"));
        let always = ["pack.yaml", "keys.yaml"].map(str::to_owned);
        always.into_iter().chain(migrations).collect()
    }

    /// A file, as JSON, which is YAML as well.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        match name.strip_suffix(".yaml")? {
            "pack" => self.read_unpacked("pack.z").map(Cow::from),
            "keys" => self.read_unpacked("keys.z").map(Cow::from),
            name => {
                let json = self.migrations().get(name);
                json.map(|json| json.as_str().into())
            }
        }
    }

    fn migrations(&self) -> &BTreeMap<String, String> {
        self.migrations.get_or_init(|| {
            let text = self.read_unpacked("migrations.z").unwrap_or_default();
            let lines = text.lines().filter_map(|line| {
                let (name, json) = line.split_once(' ')?;
                Some((name.to_owned(), json.to_owned()))
            });
            lines.collect()
        })
    }

    fn read_unpacked(&self, name: &str) -> Option<String> {
        let packed = self.folder.get_file(self.folder.path().join(name))?;
        let mut text = String::new();
        let mut decoder = flate2::read::ZlibDecoder::new(packed.contents());
        decoder.read_to_string(&mut text).ok().map(|_| text)
    }
}

/// The names of the built-in packs.
pub fn built_in_names() -> impl Iterator<Item = &'static str> {
    PACKS.dirs().filter_map(|dir| dir.path().to_str())
}
