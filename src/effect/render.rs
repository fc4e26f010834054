//! Renderings: each set of values once for each chart.
//!
//! Rendering is what a check costs, about fifty milliseconds each; so a rendering is kept, and asked for
//! by what decides it (the values and the options), and several run at the same time. Nothing is kept
//! beyond the process: a chart in a folder may change at any moment.

use std::{
    collections::HashMap,
    num::NonZero,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{
    helm::{Helm, HelmError},
    objects::{Documents, Manifest, ManifestError},
};
use crate::values::{Map, Value, write};

/// Renderings that are kept; then all are let go.
const MOST_KEPT: usize = 64;
/// Most programs that run at the same time.
const MOST_AT_ONCE: usize = 4;

/// The options of Helm besides the values. The same for both charts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The name of the release.
    pub release_name: String,
    /// Its namespace; `None` for what Helm takes by itself.
    pub namespace: Option<String>,
    /// The Kubernetes version that templates see.
    pub kube_version: Option<String>,
    /// More API versions that templates see.
    pub api_versions: Vec<String>,
    /// True if templates see an installation instead of an upgrade.
    pub install: bool,
}

impl Options {
    /// Those under which charts are rendered to learn of the charts: an upgrade of the release `refit`.
    #[must_use]
    pub fn to_learn_of_charts(kube_version: Option<String>) -> Self {
        Self {
            release_name: "refit".to_owned(),
            namespace: Some("default".to_owned()),
            kube_version,
            api_versions: Vec::new(),
            install: false,
        }
    }
}

/// The reasons for which values do not render.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// Helm says so.
    #[error(transparent)]
    Helm(#[from] HelmError),
    /// Its output cannot be read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

impl RenderError {
    /// The message of Helm about the chart or the values; `None` if Helm could not be asked.
    #[must_use]
    pub fn helm_message(&self) -> Option<&str> {
        match self {
            Self::Helm(HelmError::Failed { message, .. }) => Some(message),
            Self::Manifest(_) | Self::Helm(_) => None,
        }
    }
}

/// The result of rendering values.
pub type Rendered = Arc<Result<Manifest, RenderError>>;

/// Renders one chart.
#[derive(Debug)]
pub struct Renderer {
    helm: Helm,
    chart: PathBuf,
    options: Options,
    known: Mutex<HashMap<(RenderMode, String), Rendered>>,
    runs: AtomicUsize,
    /// What was read of renderings.
    documents: Documents,
    /// True if definitions of custom resources are rendered that stand beside the templates.
    with_crds: bool,
    /// The release's namespace as Helm knows it, once it is asked for.
    namespace: OnceLock<String>,
}

/// The way in which values are rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RenderMode {
    /// True if templates see an installation instead of an upgrade.
    pub install: bool,
    /// True if the chart's schema is looked at. Where it refuses values, their effects are shown all the same.
    pub schema: bool,
}

impl Renderer {
    /// For a chart in a folder or an archive.
    #[must_use]
    pub fn new(helm: Helm, chart: &Path, options: Options) -> Self {
        Self {
            helm,
            chart: chart.to_owned(),
            options,
            known: Mutex::default(),
            runs: AtomicUsize::new(0),
            documents: Documents::default(),
            with_crds: true,
            namespace: OnceLock::new(),
        }
    }

    /// Without the files of `crds/`, which no value changes and which can be most of what a chart renders to.
    #[must_use]
    pub fn without_crds(self) -> Self {
        Self {
            with_crds: false,
            ..self
        }
    }

    /// The number of times that Helm has run.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.runs.load(Ordering::Relaxed)
    }

    /// The options of Helm besides the values.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Renders values.
    pub fn render(&self, values: &Map, mode: RenderMode) -> Rendered {
        let key = (mode, text(values));
        if let Some(known) = self.cached(&key) {
            return known;
        }
        let rendered = Arc::new(self.run(&key.1, mode));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KEPT {
            known.clear();
        }
        known.insert(key, Arc::clone(&rendered));
        rendered
    }

    /// The same, rendered anew, to see what is not the same each time.
    ///
    /// # Errors
    ///
    /// If they do not render.
    pub fn render_again(&self, values: &Map, mode: RenderMode) -> Result<Manifest, RenderError> {
        self.run(&text(values), mode)
    }

    /// Renders many sets of values, several at the same time.
    pub fn render_all(&self, values: &[Map], mode: RenderMode) -> Vec<Rendered> {
        let next = AtomicUsize::new(0);
        let results: Vec<Mutex<Option<Rendered>>> =
            values.iter().map(|_| Mutex::new(None)).collect();
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        thread::scope(|scope| {
            for _ in 0..processors.min(MOST_AT_ONCE).min(values.len()) {
                scope.spawn(|| {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let (Some(values), Some(result)) = (values.get(at), results.get(at)) else {
                            break;
                        };
                        let rendered = self.render(values, mode);
                        *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(rendered);
                    }
                });
            }
        });
        results
            .into_iter()
            .zip(values)
            .map(|(result, values)| {
                let rendered = result.into_inner().unwrap_or_else(PoisonError::into_inner);
                rendered.unwrap_or_else(|| self.render(values, mode))
            })
            .collect()
    }

    fn cached(&self, key: &(RenderMode, String)) -> Option<Rendered> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).cloned()
    }

    fn run(&self, values: &str, mode: RenderMode) -> Result<Manifest, RenderError> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        let options = &self.options;
        let chart = self.chart.to_string_lossy();
        let mut args: Vec<&str> = vec!["template", &options.release_name, &chart, "--values", "-"];
        if self.with_crds {
            args.push("--include-crds");
        }
        if let Some(namespace) = &options.namespace {
            args.extend(["--namespace", namespace]);
        }
        if let Some(version) = &options.kube_version {
            args.extend(["--kube-version", version]);
        }
        for version in &options.api_versions {
            args.extend(["--api-versions", version]);
        }
        if !mode.install {
            args.push("--is-upgrade");
        }
        if !mode.schema {
            args.push("--skip-schema-validation");
        }
        let printed = self.helm.run(&args, Some(values))?;
        let manifest = Manifest::read_with(&printed, &self.documents)?;
        Ok(match manifest.has_namespaces() {
            true => manifest.of_release_in(self.namespace()),
            false => manifest,
        })
    }

    /// The release's namespace: the one that was asked for, else what Helm takes by itself.
    fn namespace(&self) -> &str {
        self.namespace.get_or_init(|| {
            let known = self.options.namespace.clone();
            known.unwrap_or_else(|| {
                let asked = self.helm.text(&["env", "HELM_NAMESPACE"]);
                asked.map_or_else(|_| String::new(), |text| text.trim().to_owned())
            })
        })
    }
}

/// Values as Helm reads them from standard input.
fn text(values: &Map) -> String {
    if values.is_empty() {
        return "{}\n".to_owned();
    }
    write::block(&Value::Map(values.clone()), &write::Layout::default())
}
