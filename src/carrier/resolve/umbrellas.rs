//! Charts that take in charts: which dependencies a carrier deploys, through which charts a chart is taken in, and what
//! Argo CD lays over a chart's values from files beside it.
//!
//! Values for a dependency come from its own chart's file, from each chart that takes that one in, and from whatever
//! deploys the outermost; each has them one key further down. Nothing is followed out of the files that were read.

use std::collections::BTreeSet;
use std::path::{Path as FilePath, PathBuf};

use super::{CarrierRef, Index, Placed, ResolvedRelease};
use crate::bounds::lexical;
use crate::carrier::chart::ChartSource;
use crate::carrier::model::{Carrier, CarrierKind, FileRef, Root};
use crate::values::Path;

/// The number of charts through which a chart is followed that take it in, one the other.
const MAX_PARENTS: usize = 6;

impl Index<'_> {
    /// The ways in which the chart of a dependency is itself a dependency of others: each from the inside out.
    pub(super) fn parents(&self, at: CarrierRef, depth: usize) -> Vec<Vec<CarrierRef>> {
        let is_dependency = self.carrier(at).kind == CarrierKind::Dependency;
        // No chart is that deep; two that take in each other would never end.
        if !is_dependency || depth == MAX_PARENTS {
            return Vec::new();
        }
        let above = self.local_charts.get(&lexical(self.files[at.file].path));
        let mut chains = Vec::new();
        for parent in above.into_iter().flatten() {
            let mut further = self.parents(*parent, depth + 1);
            if further.is_empty() {
                further.push(Vec::new());
            }
            chains.extend(further.into_iter().map(|further| {
                let mut chain = vec![*parent];
                chain.extend(further);
                chain
            }));
        }
        chains
    }

    /// Adds what Argo CD lays over the values of an umbrella chart from files beside it: the one for all
    /// Applications, then that of the Application which deploys it; where none is here, those of all.
    pub(super) fn place_overrides(
        &self,
        at: CarrierRef,
        deployed_by: Option<CarrierRef>,
        repository: Option<&FilePath>,
        release: &mut ResolvedRelease,
    ) {
        let carrier = self.carrier(at);
        let folders = match (carrier.kind, &carrier.chart.source) {
            (CarrierKind::Dependency, _) => self.files[at.file]
                .path
                .parent()
                .map(lexical)
                .into_iter()
                .collect(),
            // A chart that is itself in these files.
            (
                CarrierKind::ArgoApplication | CarrierKind::ArgoApplicationSet,
                ChartSource::Folder { path, url, .. },
            ) => {
                let folder = FileRef {
                    path: path.clone(),
                    root: Root::Repository { url: url.clone() },
                    missing_ok: false,
                    glob: false,
                };
                self.candidates(at.file, &folder, repository)
            }
            _ => return,
        };
        let app = deployed_by.or((carrier.kind != CarrierKind::Dependency).then_some(at));
        let app = app.and_then(|by| self.carrier(by).object.as_ref());
        let own = app.map(|app| format!(".argocd-source-{}.yaml", app.name));
        let mut files: Vec<(&FilePath, usize)> = Vec::new();
        let folders: BTreeSet<PathBuf> = folders.into_iter().collect();
        let there = folders
            .iter()
            .filter_map(|folder| self.overrides.get(folder));
        for index in there.flatten() {
            let path = self.files[*index].path;
            let name = path.file_name().and_then(|name| name.to_str());
            let is_meant = name.is_some_and(|name| {
                name == ".argocd-source.yaml" || own.as_deref().is_none_or(|own| name == own)
            });
            if is_meant {
                files.push((path, *index));
            }
        }
        // `.argocd-source.yaml` sorts behind `.argocd-source-x.yaml`, and is read before it.
        files.sort_by_key(|(path, _)| (!path.ends_with(".argocd-source.yaml"), *path));
        for (_, file) in files {
            release
                .layers
                .extend(self.files[file].found.overrides.iter().map(|layer| Placed {
                    file,
                    layer: layer.clone(),
                    value: None,
                    named_by: deployed_by.unwrap_or(at),
                    prefix: release.outer.clone(),
                }));
        }
    }

    /// The dependencies of the umbrella chart that a carrier deploys.
    pub(super) fn dependencies(
        &self,
        at: CarrierRef,
        carrier: &Carrier,
        repository: Option<&FilePath>,
    ) -> Vec<CarrierRef> {
        let mut release = ResolvedRelease {
            carrier: at,
            deployed_by: None,
            patches: None,
            parents: Vec::new(),
            chart: carrier.chart.clone(),
            chart_file: at.file,
            in_tree: None,
            version: None,
            layers: Vec::new(),
            prefix: Path::root(),
            outer: Path::root(),
            chart_gap: None,
        };
        self.follow_chart(&mut release, 0);
        let Some(file) = self.chart_in_tree(at, &release.chart.source, repository) else {
            return Vec::new();
        };
        let found = self.files[file].found;
        (0..found.carriers.len())
            .map(|carrier| CarrierRef { file, carrier })
            .filter(|at| self.carrier(*at).kind == CarrierKind::Dependency)
            .collect()
    }
}
