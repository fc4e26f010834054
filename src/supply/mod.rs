//! Where packs come from, beside those that are built in: what `refit.yaml` names, and the charts themselves.
//!
//! The first that is for a chart is used, in this order: `--pack`, `packs:` in `refit.yaml`, `migrations/` in a chart
//! (one that is named, then those that the files of the run point to), the program. An annotation in `Chart.yaml` that
//! names a pack is told and never followed. Nothing is fetched while values are upgraded: `refit pack pull` does that
//! ([`fetch`]), keeps it beside `refit.yaml` where everybody can read it, and notes its digest ([`store`]); each run
//! compares. The files of a pack are gathered here ([`files`], [`archive`]), with bounds, without following a link;
//! whether they are a sound pack is for whoever loads it.

pub mod archive;
pub mod fetch;
pub mod files;
pub mod in_charts;
pub mod store;

use std::path::PathBuf;

use crate::{
    memory::{MemoryError, Project},
    pack::{PackOrigin, PackReference, SuppliedPack},
};

/// The reasons for which a pack that is named cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SupplyError {
    /// It was not pulled.
    #[error("the pack for {chart} was not pulled yet: {reference}")]
    NotPulled {
        /// The chart.
        chart: String,
        /// The place that `refit.yaml` names.
        reference: String,
    },
    /// `refit.yaml` names something else by now.
    #[error(
        "another pack is named for {chart} than the one that was pulled: {reference}; pulled was {pulled}"
    )]
    Other {
        /// The chart.
        chart: String,
        /// The place that `refit.yaml` names.
        reference: String,
        /// The place that was pulled.
        pulled: String,
    },
    /// Its files changed.
    #[error("the files in {} are not those that were pulled", folder.display())]
    Changed {
        /// The chart.
        chart: String,
        /// The folder.
        folder: PathBuf,
    },
    /// The files there now are not those that were noted when it was pulled before.
    #[error("{reference} has other files than those that refit.lock notes")]
    Unlike {
        /// The chart.
        chart: String,
        /// The place that `refit.yaml` names.
        reference: String,
    },
    /// It is for another chart.
    #[error("it is named for {chart}, and is a pack for {found}")]
    OtherChart {
        /// The chart.
        chart: String,
        /// The chart that the pack is for.
        found: String,
    },
    /// There is no pack.
    #[error("there is no pack.yaml in {0}")]
    NoPack(String),
    /// It is more than a pack may be, or has something that packs do not have.
    #[error("{place}: {what}")]
    Refused {
        /// The folder or archive.
        place: String,
        /// The reason.
        what: String,
    },
    /// Git cannot be run.
    #[error("git cannot be run: {0}")]
    Git(std::io::Error),
    /// Git does not give it.
    #[error("git cannot fetch it: {0}")]
    NotFetched(String),
    /// Helm does not give it.
    #[error("helm cannot fetch it: {0}")]
    Helm(#[from] crate::effect::helm::HelmError),
    /// `refit.lock` cannot be used.
    #[error("{}: {}", .0.place, .0.what)]
    Lock(#[from] MemoryError),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] crate::write::WriteError),
}

impl SupplyError {
    /// The next step.
    #[must_use]
    pub fn next(&self) -> String {
        match self {
            Self::NotPulled { .. } | Self::Other { .. } => {
                "run `refit pack pull`: it fetches what refit.yaml names; nothing is fetched during an upgrade"
                    .to_owned()
            }
            Self::Changed { chart, .. } => format!(
                "`refit pack pull {chart}` fetches them again; to work with files of your own, copy the folder elsewhere and name that under `packs:`"
            ),
            Self::Unlike { chart, .. } => format!(
                "look at what changed there; to take it as it is now, delete the entry of {chart} in refit.lock and pull again"
            ),
            Self::OtherChart { found, .. } => format!("write it as the pack of {found}"),
            Self::NoPack(_) => {
                "name the folder that has pack.yaml; a chart in a registry has it in migrations/".to_owned()
            }
            Self::Refused { .. } => "tell whoever made the pack".to_owned(),
            Self::Git(_) => "install git: packs in git repositories are fetched with it".to_owned(),
            Self::NotFetched(_) => {
                "look at the address and the commit; `git fetch` with that address shows whether it is your access"
                    .to_owned()
            }
            Self::Helm(crate::effect::helm::HelmError::Start { .. }) => {
                "install helm, or name the program in HELM_BIN: packs in registries are fetched with it".to_owned()
            }
            Self::Helm(_) => {
                "look at the name and the digest; `helm registry login` gives helm access".to_owned()
            }
            Self::Lock(error) => error.next.clone(),
            Self::Io { .. } => "look at the file and who may read it".to_owned(),
            Self::Write(error) => error.next().to_owned(),
        }
    }
}

/// The pack that `refit.yaml` names for a chart.
///
/// # Errors
///
/// If it is not there, was not pulled, or is not what was pulled.
pub fn of_project(
    project: &Project,
    chart: &str,
    reference: &PackReference,
) -> Result<SuppliedPack, SupplyError> {
    let (place, texts) = match reference {
        PackReference::Folder(folder) => {
            let place = project.layer_path(folder);
            let texts = files::in_folder(&place)?;
            (place, texts)
        }
        PackReference::Git { .. } | PackReference::Oci { .. } => {
            store::pulled(project.home_folder(), chart, reference)?
        }
    };
    Ok(SuppliedPack {
        texts: texts.into(),
        origin: PackOrigin::Project {
            place: reference.to_string(),
        },
        place,
    })
}
