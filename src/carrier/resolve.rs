//! Joining what several files say: which chart and version a carrier really has, and where each of its
//! layers is.
//!
//! A [`Tree`] alone does not tell the address of a Flux repository, the content of a
//! ConfigMap, or which umbrella chart an Application deploys. An [`Index`] over all files that were read
//! answers that, as far as the files do. What it cannot find it says so ([`Gap`]); it reads no disk, so
//! for values files it only works out where they should be ([`Index::candidates`]).
//!
//! References are followed by kind, name and namespace. Files in Git often leave the namespace out and
//! have it added later, so one that is missing fits any; if two objects fit then, neither is taken.

mod in_tree;
mod umbrellas;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path as FilePath, PathBuf};

use super::chart::{ChartRef, ChartSource};
use super::dialect::Dialect;
use super::model::{
    Carrier, CarrierKind, CarrierLayer, FileCarriers, FileRef, LayerSource, ObjectRef, PathEntry,
    PathValue, Root, ValuesRef,
};
use super::object::{ManifestObject, ObjectBody};
use super::version::VersionPlace;
use crate::bounds::lexical;
use crate::values::Path;
use crate::yaml::{NodeId, Tree};

/// A file that was read.
#[derive(Clone, Copy, Debug)]
pub struct IndexedFile<'f> {
    /// Its path; those of all files start at one place.
    pub path: &'f FilePath,
    /// Its tree.
    pub tree: &'f Tree,
    /// The carriers in it.
    pub found: &'f FileCarriers,
}

/// All files that were read.
#[derive(Debug)]
pub struct Index<'f> {
    files: &'f [IndexedFile<'f>],
    /// (kind, name) to (file, object).
    objects: BTreeMap<(&'f str, &'f str), Vec<(usize, usize)>>,
    /// Path without detours to files.
    paths: HashMap<PathBuf, Vec<usize>>,
    /// The HelmCharts and HelmChartConfigs of k3s by the name of the object, in the order of the files.
    k3s: HashMap<(CarrierKind, &'f str), Vec<CarrierRef>>,
    /// The HelmReleases of Flux, by name.
    helm_releases: HashMap<&'f str, Vec<CarrierRef>>,
    /// Dependencies on charts in folders, by where the `Chart.yaml` of those should be.
    local_charts: HashMap<PathBuf, Vec<CarrierRef>>,
    /// By folder: the files there that hold what Argo CD lays over a source.
    overrides: HashMap<PathBuf, Vec<usize>>,
}

/// A carrier: its file, and its place in [`FileCarriers::carriers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CarrierRef {
    /// The file.
    pub file: usize,
    /// The carrier in it.
    pub carrier: usize,
}

/// One release: a carrier with everything that other files say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedRelease {
    /// The carrier that names the chart.
    pub carrier: CarrierRef,
    /// For a dependency of an umbrella chart, the carrier that deploys that chart, if one was found.
    pub deployed_by: Option<CarrierRef>,
    /// For a patch of another carrier (a kustomize overlay), that carrier.
    pub patches: Option<CarrierRef>,
    /// For a dependency of a chart that is itself a dependency of others in these files (`file://`, or a folder of
    /// `charts/`): those dependencies, from the inside out.
    pub parents: Vec<CarrierRef>,
    /// The chart, as far as it is known.
    pub chart: ChartRef,
    /// The file that `chart` points into.
    pub chart_file: usize,
    /// The `Chart.yaml` of the chart, if the chart itself is among these files.
    pub in_tree: Option<usize>,
    /// The version, and the file that it stands in.
    pub version: Option<(usize, VersionPlace)>,
    /// The layers, low to high.
    pub layers: Vec<Placed>,
    /// Under which key the chart's values stand in the layers of its own carrier.
    pub prefix: Path,
    /// Under which key they stand in the layers of the outermost chart, and of whatever deploys that.
    pub outer: Path,
    /// The reference to the chart or its repository, if it could not be followed.
    pub chart_gap: Option<Gap>,
}

/// A layer, and the file that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The file that the layer's node is a node of.
    pub file: usize,
    /// The layer. No reference is left in it: what was found has become a map, a text, a file or a list
    /// of paths, all else is opaque.
    pub layer: CarrierLayer,
    /// For Flux `targetPath`: where the one value stands, in another file than its path.
    pub value: Option<(usize, NodeId)>,
    /// The carrier that names it.
    pub named_by: CarrierRef,
    /// Under which key the chart's values stand in it.
    pub prefix: Path,
}

/// Something that is referred to and was not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The file that refers to it.
    pub file: usize,
    /// The node of the reference.
    pub node: NodeId,
    /// The missing thing, as a sentence.
    pub text: String,
}

impl<'f> Index<'f> {
    /// An index of files.
    #[must_use]
    pub fn new(files: &'f [IndexedFile<'f>]) -> Self {
        let mut objects: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut paths: HashMap<PathBuf, Vec<usize>> = HashMap::new();
        let mut k3s: HashMap<(CarrierKind, &str), Vec<CarrierRef>> = HashMap::new();
        let mut helm_releases: HashMap<&str, Vec<CarrierRef>> = HashMap::new();
        let mut local_charts: HashMap<PathBuf, Vec<CarrierRef>> = HashMap::new();
        let mut overrides: HashMap<PathBuf, Vec<usize>> = HashMap::new();
        for (i, file) in files.iter().enumerate() {
            for (j, object) in file.found.objects.iter().enumerate() {
                objects
                    .entry((object.kind.as_str(), object.name.as_str()))
                    .or_default()
                    .push((i, j));
            }
            paths.entry(lexical(file.path)).or_default().push(i);
            if !file.found.overrides.is_empty()
                && let Some(folder) = file.path.parent()
            {
                overrides.entry(lexical(folder)).or_default().push(i);
            }
            for (carrier, found) in file.found.carriers.iter().enumerate() {
                if let (
                    CarrierKind::Dependency,
                    ChartSource::Folder {
                        path, url: None, ..
                    },
                ) = (found.kind, &found.chart.source)
                {
                    let folder = file.path.parent().unwrap_or(FilePath::new(""));
                    let chart = lexical(&folder.join(path).join("Chart.yaml"));
                    let at = CarrierRef { file: i, carrier };
                    local_charts.entry(chart).or_default().push(at);
                }
                let Some(object) = &found.object else {
                    continue;
                };
                let (at, name) = (CarrierRef { file: i, carrier }, object.name.as_str());
                match found.kind {
                    CarrierKind::K3sHelmChart | CarrierKind::K3sHelmChartConfig => {
                        k3s.entry((found.kind, name)).or_default().push(at);
                    }
                    CarrierKind::FluxHelmRelease => helm_releases.entry(name).or_default().push(at),
                    _ => {}
                }
            }
        }
        Self {
            files,
            objects,
            paths,
            k3s,
            helm_releases,
            local_charts,
            overrides,
        }
    }

    /// A carrier.
    ///
    /// # Panics
    /// If `at` is none of this index.
    #[must_use]
    pub fn carrier(&self, at: CarrierRef) -> &'f Carrier {
        &self.files[at.file].found.carriers[at.carrier]
    }

    /// Every carrier, in the order of the files.
    pub fn carriers(&self) -> impl Iterator<Item = (CarrierRef, &'f Carrier)> + '_ {
        self.files.iter().enumerate().flat_map(|(file, one)| {
            one.found
                .carriers
                .iter()
                .enumerate()
                .map(move |(carrier, found)| (CarrierRef { file, carrier }, found))
        })
    }

    /// The releases that the carriers make together. `repository` is the root of the Git repository
    /// that holds the files, in the form of their paths, if it is known.
    #[must_use]
    pub fn releases(&self, repository: Option<&FilePath>) -> Vec<ResolvedRelease> {
        let mut deployers: BTreeMap<CarrierRef, Vec<CarrierRef>> = BTreeMap::new();
        let mut joined: BTreeSet<CarrierRef> = BTreeSet::new();
        for (at, carrier) in self.carriers() {
            match carrier.kind {
                CarrierKind::Dependency => {}
                // It is a part of the HelmChart's release, and none of its own.
                CarrierKind::K3sHelmChartConfig => {
                    if self.helm_chart_of(carrier).is_some() {
                        joined.insert(at);
                    }
                }
                _ => {
                    let dependencies = self.dependencies(at, carrier, repository);
                    if !dependencies.is_empty() {
                        joined.insert(at);
                    }
                    for dependency in dependencies {
                        deployers.entry(dependency).or_default().push(at);
                    }
                }
            }
        }
        let mut releases = Vec::new();
        for (at, _) in self.carriers() {
            if joined.contains(&at) {
                continue;
            }
            let mut chains = self.parents(at, 0);
            // A chart that others take in may be deployed by itself, too.
            if chains.is_empty() || deployers.contains_key(&at) {
                chains.push(Vec::new());
            }
            for parents in chains {
                let outermost = parents.last().copied().unwrap_or(at);
                let by = deployers.get(&outermost).map_or(&[][..], Vec::as_slice);
                releases.extend(
                    by.iter()
                        .map(|by| self.release(at, &parents, Some(*by), repository)),
                );
                if by.is_empty() {
                    releases.push(self.release(at, &parents, None, repository));
                }
            }
        }
        releases
    }

    fn release(
        &self,
        at: CarrierRef,
        parents: &[CarrierRef],
        deployed_by: Option<CarrierRef>,
        repository: Option<&FilePath>,
    ) -> ResolvedRelease {
        let carrier = self.carrier(at);
        let patches = self.patched(at);
        // What a patch does not say, its base says.
        let named_by = patches.unwrap_or(at);
        let version = [Some(at), patches].into_iter().flatten();
        let mut version = version.filter_map(|at| {
            let carrier = self.carrier(at);
            let file = carrier.version_file.unwrap_or(at.file);
            Some((file, carrier.version.clone()?))
        });
        let mut release = ResolvedRelease {
            carrier: at,
            deployed_by,
            patches,
            parents: parents.to_vec(),
            chart: self.carrier(named_by).chart.clone(),
            chart_file: named_by.file,
            in_tree: None,
            version: version.next(),
            layers: Vec::new(),
            prefix: carrier.prefix.clone(),
            outer: carrier.prefix.clone(),
            chart_gap: None,
        };
        self.follow_chart(&mut release, 0);
        self.find_in_tree(&mut release, repository);
        for at in [patches, Some(at)].into_iter().flatten() {
            self.place(at, &mut release);
        }
        for parent in parents {
            release.outer = self.carrier(*parent).prefix.concat(&release.outer);
            self.place(*parent, &mut release);
        }
        if let Some(by) = deployed_by {
            self.place(by, &mut release);
        }
        let outermost = parents.last().copied().unwrap_or(at);
        self.place_overrides(outermost, deployed_by, repository, &mut release);
        self.without_repeated(&mut release.layers, repository);
        release
    }

    /// The HelmRelease that one without a chart is a patch for: the only one of its name that has a chart.
    /// A patch is merged as values are: maps by key, lists as a whole (JSON merge patch, which kustomize uses
    /// for custom resources).
    fn patched(&self, at: CarrierRef) -> Option<CarrierRef> {
        let patch = self.carrier(at);
        let is_patch = |carrier: &Carrier| carrier.chart.source == ChartSource::Missing;
        if patch.kind != CarrierKind::FluxHelmRelease || !is_patch(patch) {
            return None;
        }
        let object = patch.object.as_ref()?;
        let mut bases = self
            .helm_releases
            .get(object.name.as_str())?
            .iter()
            .copied()
            .filter(|at| {
                let base = self.carrier(*at);
                let namespace = base.object.as_ref().map(|object| &object.namespace);
                let fits = match (namespace, &object.namespace) {
                    (Some(Some(base)), Some(own)) => base == own,
                    _ => true,
                };
                fits && !is_patch(base)
            });
        let base = bases.next()?;
        bases.next().is_none().then_some(base)
    }

    /// Leaves out a file that is named again further up: what it sets there wins over all that stands
    /// between, itself included.
    fn without_repeated(&self, layers: &mut Vec<Placed>, repository: Option<&FilePath>) {
        let places: Vec<Option<Vec<PathBuf>>> = layers
            .iter()
            .map(|placed| match &placed.layer.source {
                LayerSource::File(file) => Some(self.candidates(placed.file, file, repository)),
                _ => None,
            })
            .collect();
        let mut at = 0;
        layers.retain(|_| {
            at += 1;
            places[at - 1].is_none() || !places[at..].contains(&places[at - 1])
        });
    }

    /// Follows references to the chart's own name and address.
    fn follow_chart(&self, release: &mut ResolvedRelease, depth: usize) {
        let (reference, name) = match &release.chart.source {
            ChartSource::Named { name, object } => (object.clone(), Some(name.clone())),
            ChartSource::Object(object) => (object.clone(), None),
            _ => return,
        };
        let file = release.chart_file;
        if reference.kind == "HelmChart"
            && name.is_none()
            && self.carrier(release.carrier).kind == CarrierKind::K3sHelmChartConfig
        {
            if let Some(chart) = packaged(&reference.name) {
                release.chart.source = ChartSource::Repository {
                    name: chart.to_owned(),
                    url: None,
                };
            }
            release.chart_gap = Some(Gap {
                file,
                node: reference.node,
                text: format!(
                    "The HelmChart `{}` is not in these files; k3s may bring it along.",
                    reference.name
                ),
            });
            return;
        }
        let (found_file, object) = match self.object(file, &reference) {
            Ok(found) => found,
            Err(gap) => {
                release.chart_gap = Some(gap);
                return;
            }
        };
        match (&object.body, name) {
            (ObjectBody::Repository { url }, Some(name)) => {
                release.chart.source = ChartSource::Repository {
                    name,
                    url: Some(url.clone()),
                };
            }
            (ObjectBody::Files { url, revision }, Some(path)) => {
                release.chart.source = ChartSource::Folder {
                    path,
                    url: Some(url.clone()),
                    name: None,
                };
                // `version` counts for nothing with these.
                release.version = revision.clone().map(|version| (found_file, version));
            }
            (ObjectBody::Chart { chart, version }, None) => {
                release.chart = chart.clone();
                release.chart_file = found_file;
                release.version = version.clone().map(|version| (found_file, version));
            }
            // Only once: two objects that name each other would never end.
            (ObjectBody::Named { chart, version, .. }, None) if depth == 0 => {
                release.chart = chart.clone();
                release.chart_file = found_file;
                release.version = version.clone().map(|version| (found_file, version));
                self.follow_chart(release, 1);
            }
            _ => {
                release.chart_gap = Some(Gap {
                    file,
                    node: reference.node,
                    text: format!(
                        "{} `{}` does not say where the chart comes from.",
                        reference.kind, reference.name
                    ),
                });
            }
        }
    }

    /// The one object that a reference means; else a gap.
    fn object(
        &self,
        file: usize,
        reference: &ObjectRef,
    ) -> Result<(usize, &'f ManifestObject), Gap> {
        let candidates: Vec<(usize, &ManifestObject)> = self
            .objects
            .get(&(reference.kind.as_str(), reference.name.as_str()))
            .into_iter()
            .flatten()
            .map(|&(file, object)| (file, &self.files[file].found.objects[object]))
            .filter(|(_, object)| object.is_meant_by(reference))
            .collect();
        // One that says the namespace is nearer than one that says none; then one in the same folder.
        let exact: Vec<_> = candidates
            .iter()
            .filter(|(_, object)| {
                object.namespace.is_some() && object.namespace == reference.namespace
            })
            .copied()
            .collect();
        let folder = |file: usize| self.files[file].path.parent();
        let beside: Vec<_> = candidates
            .iter()
            .filter(|(other, _)| folder(*other) == folder(file))
            .copied()
            .collect();
        for choice in [&exact, &beside, &candidates] {
            match choice[..] {
                [one] => return Ok(one),
                // Several that say the same address are one: which of them is meant does not matter.
                [one, ref others @ ..]
                    if others.iter().all(|other| same_address(one.1, other.1)) =>
                {
                    return Ok(one);
                }
                _ => {}
            }
        }
        let text = if candidates.is_empty() {
            format!(
                "{} `{}` is not in these files.",
                reference.kind, reference.name
            )
        } else {
            format!(
                "{} `{}` is in several files, and which one is meant is not said.",
                reference.kind, reference.name
            )
        };
        Err(Gap {
            file,
            node: reference.node,
            text,
        })
    }

    /// Adds the layers of a carrier.
    fn place(&self, at: CarrierRef, release: &mut ResolvedRelease) {
        let carrier = self.carrier(at);
        let config = (carrier.kind == CarrierKind::K3sHelmChart)
            .then(|| self.config_of(carrier))
            .flatten();
        let mut placed = self.place_files_of_chart(at, &release.outer);
        for layer in &carrier.layers {
            // `set` of a HelmChart wins over its HelmChartConfig.
            if matches!(layer.source, LayerSource::Paths { .. })
                && let Some(config) = config
            {
                self.place_config(config, &mut placed, release);
            }
            placed.push(self.place_layer(at, layer, &release.outer));
        }
        let has_set = carrier
            .layers
            .iter()
            .any(|layer| matches!(layer.source, LayerSource::Paths { .. }));
        if let Some(config) = config.filter(|_| !has_set) {
            self.place_config(config, &mut placed, release);
        }
        release.layers.extend(placed);
    }

    /// The files that take the place of a chart's defaults, as the object says that names the chart.
    fn place_files_of_chart(&self, at: CarrierRef, prefix: &Path) -> Vec<Placed> {
        let ChartSource::Object(reference) = &self.carrier(at).chart.source else {
            return Vec::new();
        };
        match self.object(at.file, reference) {
            Ok((file, object)) => match &object.body {
                ObjectBody::Named { files, .. } => {
                    let placed = files.iter().map(|layer| Placed {
                        file,
                        layer: layer.clone(),
                        value: None,
                        named_by: at,
                        prefix: prefix.clone(),
                    });
                    placed.collect()
                }
                _ => Vec::new(),
            },
            Err(_) => Vec::new(),
        }
    }

    fn place_config(
        &self,
        config: CarrierRef,
        placed: &mut Vec<Placed>,
        release: &mut ResolvedRelease,
    ) {
        for layer in &self.carrier(config).layers {
            placed.push(self.place_layer(config, layer, &release.outer));
        }
    }

    fn place_layer(&self, at: CarrierRef, layer: &CarrierLayer, prefix: &Path) -> Placed {
        let mut placed = Placed {
            file: at.file,
            layer: layer.clone(),
            value: None,
            named_by: at,
            prefix: prefix.clone(),
        };
        let LayerSource::Reference(reference) = &layer.source else {
            return placed;
        };
        let opaque = |placed: &mut Placed, why: String| {
            let target = reference.target_path.clone();
            placed.layer.source = LayerSource::Opaque { why, target };
        };
        let (file, object) = match self.object(at.file, &reference.object) {
            Ok(found) => found,
            Err(gap) => {
                opaque(&mut placed, gap.text.trim_end_matches('.').to_owned());
                return placed;
            }
        };
        let title = format!("{} `{}`", reference.object.kind, reference.object.name);
        match &object.body {
            ObjectBody::Texts { entries, hidden } => {
                match entries.iter().find(|(key, _)| *key == reference.key) {
                    Some((_, node)) => self.join_reference(&mut placed, file, *node, reference),
                    None if hidden.contains(&reference.key) => opaque(
                        &mut placed,
                        format!("`{}` of {title} is encoded or encrypted", reference.key),
                    ),
                    None => opaque(
                        &mut placed,
                        format!("{title} has no key `{}`", reference.key),
                    ),
                }
            }
            ObjectBody::Generated { files } => {
                match files.iter().find(|(key, ..)| *key == reference.key) {
                    Some((_, path, node)) if reference.target_path.is_none() => {
                        placed.file = file;
                        placed.layer.node = *node;
                        placed.layer.source = LayerSource::File(FileRef {
                            path: path.clone(),
                            root: Root::Folder,
                            missing_ok: false,
                            glob: false,
                        });
                    }
                    Some((_, path, _)) => opaque(
                        &mut placed,
                        format!("the value is the content of the file {path}"),
                    ),
                    None => opaque(
                        &mut placed,
                        format!("{title} has no key `{}`", reference.key),
                    ),
                }
            }
            _ => opaque(&mut placed, format!("{title} holds no values")),
        }
        placed
    }

    /// A reference of which the text was found.
    fn join_reference(
        &self,
        placed: &mut Placed,
        file: usize,
        node: NodeId,
        reference: &ValuesRef,
    ) {
        match &reference.target_path {
            None => {
                placed.file = file;
                placed.layer.node = node;
                placed.layer.source = LayerSource::Text;
            }
            Some(target) => {
                placed.value = Some((file, node));
                let text = self.files[file].tree.content(node).to_owned();
                let value = if target.literal {
                    PathValue::String { node: None, text }
                } else {
                    PathValue::Set { node: None, text }
                };
                placed.layer.source = LayerSource::Paths {
                    entries: vec![PathEntry {
                        node: placed.layer.node,
                        name: target.node,
                        path: target.text.clone(),
                        value,
                    }],
                    dialect: if target.literal {
                        Dialect::FluxLiteral
                    } else {
                        Dialect::Flux
                    },
                };
            }
        }
    }

    /// True if a HelmChartConfig is for a HelmChart: the same name, and no two namespaces that differ.
    fn is_config_of(config: &Carrier, chart: &Carrier) -> bool {
        let (Some(config), Some(chart)) = (&config.object, &chart.object) else {
            return false;
        };
        config.name == chart.name
            && match (&config.namespace, &chart.namespace) {
                (Some(one), Some(other)) => one == other,
                _ => true,
            }
    }

    /// The objects of a kind that are called like another one.
    fn k3s_like<'a>(
        &'a self,
        kind: CarrierKind,
        like: &'a Carrier,
    ) -> impl Iterator<Item = CarrierRef> + 'a {
        let name = like.object.as_ref().map(|object| object.name.as_str());
        let found = name.and_then(|name| self.k3s.get(&(kind, name)));
        found.into_iter().flatten().copied()
    }

    /// The HelmChart that a HelmChartConfig is for.
    fn helm_chart_of(&self, config: &Carrier) -> Option<CarrierRef> {
        let mut found = self
            .k3s_like(CarrierKind::K3sHelmChart, config)
            .filter(|at| Self::is_config_of(config, self.carrier(*at)));
        let one = found.next()?;
        found.next().is_none().then_some(one)
    }

    /// The HelmChartConfig for a HelmChart.
    fn config_of(&self, chart: &Carrier) -> Option<CarrierRef> {
        let mut found = self
            .k3s_like(CarrierKind::K3sHelmChartConfig, chart)
            .filter(|at| {
                let other = self.carrier(*at);
                Self::is_config_of(other, chart) && self.helm_chart_of(other).is_some()
            });
        let one = found.next()?;
        found.next().is_none().then_some(one)
    }

    /// The paths that a values file which a carrier in `file` names can have, likeliest first. Without the root of the
    /// repository every folder above the carrier's can be it, the uppermost first; if more than one of the files is
    /// there, it is not certain which is meant.
    #[must_use]
    pub fn candidates(
        &self,
        file: usize,
        reference: &FileRef,
        repository: Option<&FilePath>,
    ) -> Vec<PathBuf> {
        let folder = self.files[file].path.parent().unwrap_or(FilePath::new(""));
        let below = match &reference.root {
            Root::Folder => return vec![lexical(&folder.join(&reference.path))],
            Root::Repository { .. } => PathBuf::from(reference.path.trim_start_matches('/')),
            Root::Chart { folder, .. } => FilePath::new(folder.trim_start_matches('/'))
                .join(reference.path.trim_start_matches('/')),
        };
        if let Some(root) = repository {
            return vec![lexical(&root.join(below))];
        }
        let mut ancestors: Vec<&FilePath> = folder.ancestors().collect();
        ancestors.reverse();
        ancestors
            .into_iter()
            .map(|root| lexical(&root.join(&below)))
            .collect()
    }
}

/// The chart that k3s and RKE2 bring along under the name of a HelmChart (`manifests/` of k3s-io/k3s,
/// `charts/chart_versions.yaml` of rancher/rke2), where its keys are those of the chart that it is packed from. Which
/// version that is depends on the version of k3s and is not said here.
fn packaged(name: &str) -> Option<&'static str> {
    match name {
        "traefik" | "rke2-traefik" => Some("traefik"),
        "rke2-ingress-nginx" => Some("ingress-nginx"),
        _ => None,
    }
}

/// True if two objects are repositories at one address.
fn same_address(one: &ManifestObject, other: &ManifestObject) -> bool {
    match (&one.body, &other.body) {
        (ObjectBody::Repository { url: one }, ObjectBody::Repository { url: other }) => {
            super::normal_url(one) == super::normal_url(other)
        }
        _ => false,
    }
}
