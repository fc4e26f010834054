//! Where a chart comes from: a folder, an archive, or a reference that `helm` itself resolves.

use std::path::{Path, PathBuf};

use super::{
    Charted,
    helm::{Helm, HelmError},
    render::{Options, Renderer},
};
use crate::chart::{Chart, ChartError};

/// The source of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChartLocation {
    /// A folder or an archive.
    Path(PathBuf),
    /// `repository/chart` or `oci://…`, or a name together with the URL of a repository.
    Reference {
        /// The reference or name.
        reference: String,
        /// The URL of the repository.
        repository: Option<String>,
        /// The version.
        version: String,
    },
}

/// The reasons for which a chart cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Helm cannot fetch it.
    #[error("the chart {reference} {version} cannot be fetched\n  why:  {error}")]
    Fetch {
        /// The reference.
        reference: String,
        /// The version.
        version: String,
        /// The message of Helm.
        error: HelmError,
    },
    /// It cannot be read.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// There is no folder to keep it in.
    #[error("no folder for a chart: {0}")]
    Folder(#[from] std::io::Error),
    /// It is another version.
    #[error("{place} is {name} {found}, not {wanted}")]
    Version {
        /// The place.
        place: String,
        /// Its name.
        name: String,
        /// Its version.
        found: String,
        /// The version that was asked for.
        wanted: String,
    },
}

impl ChartLocation {
    /// The source that a user names: a file or folder that is there, else a reference.
    #[must_use]
    pub fn named(text: &str, version: &str) -> Self {
        let path = Path::new(text);
        let looks_like_one = text.starts_with('.') || path.is_absolute() || text.ends_with(".tgz");
        if path.exists() || looks_like_one && !text.contains("://") {
            return Self::Path(path.to_owned());
        }
        Self::Reference {
            reference: text.to_owned(),
            repository: None,
            version: version.to_owned(),
        }
    }

    /// Gets the chart, ready to be rendered. What Helm fetches is kept in `folder`.
    ///
    /// # Errors
    ///
    /// If it cannot be had.
    pub fn open(
        &self,
        helm: &Helm,
        options: Options,
        folder: &Path,
    ) -> Result<Charted, SourceError> {
        let path = self.fetch(helm, folder)?;
        Ok(Charted {
            chart: Chart::load(&path)?,
            renderer: Renderer::new(helm.clone(), &path, options),
        })
    }

    /// The path of the chart's folder or archive. A chart that Helm fetches is kept in `folder`; for one that is there
    /// already, Helm is not asked.
    ///
    /// # Errors
    ///
    /// If it cannot be had.
    pub fn fetch(&self, helm: &Helm, folder: &Path) -> Result<PathBuf, SourceError> {
        match self {
            Self::Path(path) => Ok(path.clone()),
            Self::Reference {
                reference,
                repository,
                version,
            } => {
                let within = tempfile::tempdir_in(folder)?.keep();
                helm.pull(reference, repository.as_deref(), Some(version), &within)
                    .map_err(|error| SourceError::Fetch {
                        reference: reference.clone(),
                        version: version.clone(),
                        error,
                    })
            }
        }
    }
}
