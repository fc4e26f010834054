//! Charts that go by another name now: what a manifest that uses the old one has to say.
//!
//! The name and, where it moved, the repository are edited where both stand side by side in one manifest.
//! Where the repository is described elsewhere (a HelmRepository, `repositories` of a helmfile), others may use
//! it too, and the name of a dependency is also the key of its values: there a person is told what to change.
//! Nothing is edited by halves.

use semver::Version;

use super::{KnownChart, KnownFormerName, release::Builder};
use crate::{
    carrier::{CarrierKind, ChartSource, normal_url},
    yaml::{self, NodeId, Tree},
};

/// The fields in which manifests name the repository beside the chart.
const BESIDE: &[&str] = &["repoURL", "repo", "repository"];

/// The changes of a manifest once its chart goes by another name.
#[derive(Debug, Clone)]
pub struct Succession {
    /// The last version of the chart under the name that the manifest uses.
    pub until: Version,
    /// The scalars that change, each with its file and its new text. None if a person has to do it.
    pub renames: Vec<(usize, NodeId, String)>,
    /// The task for a person.
    pub todo: Option<String>,
}

impl Builder<'_> {
    /// The lines that the manifest has to say once its chart is the one that takes the place of this one.
    pub(super) fn replacement(&self, chart: &KnownChart) -> Option<Succession> {
        let (name, repository) = chart.replaced_by.as_ref()?;
        let release = &self.one.release;
        let other = KnownChart {
            name: name.clone(),
            repositories: vec![repository.clone()],
            ..KnownChart::default()
        };
        let file = self.scanned[release.chart_file].file;
        let own = release.chart.source.name();
        let renames = own.and_then(|own| self.renames(&other, own));
        let renames = renames.map(|renames| {
            let renames = renames.into_iter();
            renames.map(|(node, text)| (file, node, text)).collect()
        });
        let todo = renames.is_none().then(|| {
            let at = self.at(release.chart_file, release.chart.node);
            let key = match (self.one.carrier.kind, own) {
                (CarrierKind::Dependency, Some(own)) => format!(" (with `alias: {own}` its values keep their key)"),
                _ => String::new(),
            };
            format!(
                "{}:{}: The values are for {name} from {repository} now. Change the name, the repository and the version there{key}.",
                at.file, at.line
            )
        });
        Some(Succession {
            until: Version::new(0, 0, 0),
            renames: renames.unwrap_or_default(),
            todo,
        })
    }

    /// The changes of the manifest once the chart has its new name.
    pub(super) fn succession(&self, chart: &KnownChart, former: &KnownFormerName) -> Succession {
        let release = &self.one.release;
        let file = self.scanned[release.chart_file].file;
        let renames = self.renames(chart, &former.name).map(|renames| {
            let renames = renames.into_iter();
            renames.map(|(node, text)| (file, node, text)).collect()
        });
        let todo = renames.is_none().then(|| {
            let at = self.at(release.chart_file, release.chart.node);
            let alias = match self.one.carrier.kind {
                CarrierKind::Dependency => format!(" (with `alias: {}` its values keep their key)", former.name),
                _ => String::new(),
            };
            format!(
                "{}:{}: The chart is called {} since it is past {}, and is published at {}. Change the name and the repository there{alias}.",
                at.file,
                at.line,
                chart.name,
                former.until,
                chart.repositories.join(" and ")
            )
        });
        Succession {
            until: former.until.clone(),
            renames: renames.unwrap_or_default(),
            todo,
        }
    }

    /// The scalars that change, with their new text; nothing if that cannot be done in this place alone.
    fn renames(&self, chart: &KnownChart, former: &str) -> Option<Vec<(NodeId, String)>> {
        let release = &self.one.release;
        if self.one.carrier.kind == CarrierKind::Dependency {
            return None;
        }
        let tree = &self.file(release.chart_file).tree;
        let node = release.chart.node;
        let text = scalar(tree, node)?;
        // What stands before a slash names a repository and stays; a word that only ends alike is another chart.
        let above = match text.strip_suffix(former)? {
            "" => "",
            above if above.ends_with('/') => above,
            _ => return None,
        };
        let named = (node, format!("{above}{}", chart.name));
        let url = match &release.chart.source {
            ChartSource::Repository { url, .. } => url.as_deref(),
            ChartSource::Named { .. } => None,
            _ => return None,
        };
        let Some(url) = url else {
            return Some(vec![named]);
        };
        if chart
            .repositories
            .iter()
            .any(|own| release.chart.is_from(own))
        {
            return Some(vec![named]);
        }
        let repository = in_the_style_of(url, &chart.repositories)?;
        if text.contains("://") {
            return Some(vec![(node, format!("{repository}/{}", chart.name))]);
        }
        let map = tree.parent(node)?;
        let beside = tree.entries(map).find_map(|(key, value)| {
            let is_one = BESIDE.contains(&tree.scalar(key).as_ref());
            let says = is_one && normal_url(&scalar(tree, value)?) == normal_url(url);
            says.then_some(value)
        })?;
        Some(vec![named, (beside, repository)])
    }
}

/// The first of a chart's repositories that is of the kind of an address: with its scheme, or without one.
fn in_the_style_of(url: &str, repositories: &[String]) -> Option<String> {
    let is_registry = |address: &str| address.starts_with("oci://");
    // Argo CD names a registry without `oci://`.
    let bare = !url.contains("://");
    let own = repositories
        .iter()
        .find(|own| is_registry(own) == (is_registry(url) || bare))?;
    let own = own.trim_end_matches('/');
    Some(match bare {
        true => own.trim_start_matches("oci://").to_owned(),
        false => own.to_owned(),
    })
}

fn scalar(tree: &Tree, node: NodeId) -> Option<String> {
    let is_scalar = matches!(tree.kind(node), yaml::Kind::Scalar(_));
    is_scalar.then(|| tree.scalar(node).into_owned())
}
