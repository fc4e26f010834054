//! Charts that are themselves among the files: a chart that was copied into the repository, or is kept there.
//!
//! A manifest names such a chart by its folder, and by a branch: neither is the chart's name nor its version. Both are
//! said by the `Chart.yaml` there, which is the chart that will be deployed. A dependency says its chart's name and
//! version itself, and Helm holds the copy to them. Nothing is followed out of the files that were read.

use std::collections::BTreeSet;
use std::path::Path as FilePath;

use super::{CarrierRef, Index, ResolvedRelease};
use crate::carrier::chart::ChartSource;
use crate::carrier::model::{CarrierKind, FileRef, Root};
use crate::carrier::version::VersionStyle;

impl Index<'_> {
    /// The `Chart.yaml` of the folder that a carrier names as its chart, if exactly one of the files is that.
    pub(super) fn chart_in_tree(
        &self,
        at: CarrierRef,
        source: &ChartSource,
        repository: Option<&FilePath>,
    ) -> Option<usize> {
        let (path, url) = match source {
            ChartSource::Folder { path, url, .. } => (path, url.clone()),
            // The repository's own object is often made by `flux bootstrap` and lies elsewhere; a chart's folder
            // that is here is the one that is meant.
            ChartSource::Named { name, object } if object.kind == "GitRepository" => {
                (name, Some(String::new()))
            }
            // Helmfile looks whether a chart without the name of a repository before it is a folder.
            ChartSource::Repository { name, url: None }
                if self.carrier(at).kind == CarrierKind::HelmfileRelease =>
            {
                (name, None)
            }
            _ => return None,
        };
        let root = match url {
            None => Root::Folder,
            Some(url) => Root::Repository { url: Some(url) },
        };
        let chart = FileRef {
            path: format!("{path}/Chart.yaml"),
            root,
            missing_ok: false,
            glob: false,
        };
        let wanted = self.candidates(at.file, &chart, repository);
        let charts: BTreeSet<usize> = wanted
            .iter()
            .filter_map(|path| self.paths.get(path))
            .flatten()
            .copied()
            .collect();
        let mut charts = charts.into_iter();
        match (charts.next(), charts.next()) {
            (Some(file), None) => Some(file),
            _ => None,
        }
    }

    /// Takes name and version of a release's chart from its own `Chart.yaml`, if that is here.
    pub(super) fn find_in_tree(
        &self,
        release: &mut ResolvedRelease,
        repository: Option<&FilePath>,
    ) {
        let at = release.patches.unwrap_or(release.carrier);
        let file = self.chart_in_tree(at, &release.chart.source, repository);
        let Some((file, own)) =
            file.and_then(|file| Some((file, self.files[file].found.own_chart.as_ref()?)))
        else {
            return;
        };
        release.in_tree = Some(file);
        let is_dependency = self.carrier(at).kind == CarrierKind::Dependency;
        let path = match &release.chart.source {
            ChartSource::Folder { path, .. } => path.clone(),
            source => source.name().unwrap_or_default().to_owned(),
        };
        release.chart.source = ChartSource::Folder {
            path,
            url: None,
            name: Some(own.name.clone()),
        };
        let says = |style: &VersionStyle| matches!(style, VersionStyle::Exact(_));
        let is_said = is_dependency && release.version.iter().any(|(_, place)| says(&place.style));
        if let Some(version) = own.version.as_ref().filter(|_| !is_said) {
            release.version = Some((file, version.clone()));
        }
    }
}
