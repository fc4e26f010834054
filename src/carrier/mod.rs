//! Carriers: the files, other than plain values files, in which a chart's values live.
//!
//! Teams keep values in manifests of Argo CD, Flux, Sveltos and k3s, in helmfiles, kustomizations, Fleet bundles
//! and umbrella charts, with the chart's name and version beside them. [`find`] recognises them, by
//! `apiVersion` and `kind` or by file name and form, and says for each one which chart and version it
//! is for, and which layers of values it has in the order in which its own tool merges them. One file
//! per kind holds what is known of that tool, with the source that says so.
//!
//! It looks at one tree at a time, reads no file, and knows nothing of packs or migrations. What lies in
//! other files (a repository's address, a ConfigMap with values) is found there as an [`ManifestObject`] and
//! joined by [`resolve`]. It never guesses: what a template engine will write is marked as such, and
//! what cannot be followed is refused with a reason, so that a batch can say what it left alone.
//!
//! Path strings, as `--set` and its relatives write them, are read and written by [`set`] and [`Dialect`], and lists of them by [`paths`].

mod argo;
mod chart;
mod dialect;
mod elsewhere;
mod fleet;
mod flux;
mod generator;
mod helmfile;
mod k3s;
mod kustomize;
mod model;
mod object;
pub mod paths;
pub mod pointer;
pub mod programs;
mod read;
pub mod resolve;
pub mod set;
mod sveltos;
mod umbrella;
mod version;

use std::path::Path as FilePath;

pub use chart::{ChartRef, ChartSource, Sameness, normal_url};
pub use dialect::Dialect;
pub use generator::{GitPatterns, ListedFile, Listing, file_pattern, git_patterns};
pub use helmfile::{HelmfileParts, parts as helmfile_parts};
pub use model::{
    Carrier, CarrierKind, CarrierLayer, CarrierNotice, Elsewhere, FileCarriers, FileRef,
    LayerSource, MentionKind, ObjectRef, OrderDoubt, OwnChart, PatchForm, PathEntry, PathMention,
    PathValue, RefusalReason, Refused, Root, TargetPath, TextPatch, ValuesRef,
};
pub use object::{ManifestObject, ObjectBody};
pub(crate) use read::is_kustomization_file;
pub use version::{Range, VersionPart, VersionPlace, VersionStyle, raise};

use crate::yaml::Tree;

/// Finds the carriers of a file, and the objects that carriers refer to. `path` is the file's own: some
/// kinds are known by its name.
#[must_use]
pub fn find(tree: &Tree, path: &FilePath) -> FileCarriers {
    find_among(tree, path, &Listing::default())
}

/// Finds the carriers of a file as [`find`] does, and with what git generators make of the files of a repository.
#[must_use]
pub fn find_among(tree: &Tree, path: &FilePath, listing: &Listing<'_>) -> FileCarriers {
    let docs = read::manifests(tree);
    let mut found = FileCarriers::default();
    for doc in &docs {
        let api = doc.text_at(doc.root, &["apiVersion"]).unwrap_or_default();
        let kind = doc.text_at(doc.root, &["kind"]).unwrap_or_default();
        let (group, version) = api.split_once('/').unwrap_or(("", &api));
        match (group, kind.as_str()) {
            ("argoproj.io", kind) => argo::find(doc, kind, listing, &mut found),
            ("helm.toolkit.fluxcd.io", "HelmRelease") => flux::find(doc, version, &mut found),
            ("helm.fluxcd.io" | "flux.weave.works", "HelmRelease") => {
                flux::find_v1(doc, &mut found);
            }
            ("helm.cattle.io", kind) => k3s::find(doc, kind, &mut found),
            ("config.projectsveltos.io", kind) => sveltos::find(doc, kind, &mut found),
            ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
                kustomize::find_flux(doc, &mut found)
            }
            ("helm.crossplane.io", "Release") => elsewhere::find_crossplane(doc, &mut found),
            (_, "HelmChartInflationGenerator") => kustomize::find_generator(doc, &mut found),
            // What no `apiVersion` and `kind` tell is told by the file's name or its form.
            _ if read::file_name(path).starts_with(".argocd-source") => {
                argo::find_overrides(doc, &mut found);
            }
            _ if kustomize::is_kustomization(doc, path) => kustomize::find(doc, &mut found),
            _ if elsewhere::is_pulumi(doc) => elsewhere::find_pulumi(doc, &mut found),
            _ if umbrella::is_shape(doc, path) => umbrella::find(doc, &mut found),
            _ if fleet::is_shape(doc, path) => fleet::find(doc, &mut found),
            _ if helmfile::is_shape(doc, path) => {
                helmfile::find(doc, path, &docs, &listing.environments, &mut found);
            }
            _ => {}
        }
        found.own_chart = found.own_chart.or_else(|| umbrella::own_chart(doc, path));
        object::find(doc, path, &mut found);
        read::encrypted(doc, &mut found);
    }
    found
}

/// The kind of a file that is not YAML because it is a template: `None` if it does not look like a carrier. Whoever
/// could not parse a file asks here for its description.
#[must_use]
pub fn kind_of_template(path: &FilePath, text: &str) -> Option<CarrierKind> {
    if !text.contains("{{") && !text.contains("{%") {
        return None;
    }
    looks_like(path, text)
}

/// The kind of carrier that a file seems to be that is no YAML, by its lines and its name.
#[must_use]
pub fn looks_like(path: &FilePath, text: &str) -> Option<CarrierKind> {
    let has = |line: &str| text.lines().any(|found| found.trim_end() == line);
    let name = read::file_name(path);
    if has("kind: HelmRelease") {
        Some(CarrierKind::FluxHelmRelease)
    } else if has("kind: ApplicationSet") {
        Some(CarrierKind::ArgoApplicationSet)
    } else if has("kind: Application") && text.contains("argoproj.io/") {
        Some(CarrierKind::ArgoApplication)
    } else if has("kind: HelmChartConfig") && text.contains("helm.cattle.io/") {
        Some(CarrierKind::K3sHelmChartConfig)
    } else if has("kind: HelmChart") && text.contains("helm.cattle.io/") {
        Some(CarrierKind::K3sHelmChart)
    // Below `spec`; at the root the same field is that of kustomize.
    } else if has("  helmCharts:") && text.contains("config.projectsveltos.io/") {
        Some(CarrierKind::SveltosHelmChart)
    } else if helmfile::looks_like(path, text) {
        Some(CarrierKind::HelmfileRelease)
    } else if has("dependencies:") && matches!(name, "Chart.yaml" | "requirements.yaml") {
        Some(CarrierKind::Dependency)
    } else if has("helmCharts:") || has("kind: HelmChartInflationGenerator") {
        Some(CarrierKind::KustomizeHelmChart)
    } else if has("helm:") && name == "fleet.yaml" {
        Some(CarrierKind::Fleet)
    } else {
        None
    }
}
