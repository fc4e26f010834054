//! What a carrier is: the words that all kinds share.
//!
//! Everything here points into the tree of one file by [`NodeId`]; nothing holds the text of values.

use std::fmt;

use super::chart::{ChartRef, ChartSource};
use super::dialect::Dialect;
use super::object::ManifestObject;
use super::version::VersionPlace;
use crate::values::Path;
use crate::yaml::NodeId;

/// The carriers of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileCarriers {
    /// The carriers, in the order of the text.
    pub carriers: Vec<Carrier>,
    /// The objects that carriers, here or in other files, refer to.
    pub objects: Vec<ManifestObject>,
    /// Layers that Argo CD puts above those of an Application: what `.argocd-source.yaml` and
    /// `.argocd-source-APP.yaml` beside a chart hold.
    pub overrides: Vec<CarrierLayer>,
    /// Patches in a kustomization, or in a `Kustomization` of Flux, that change the values of HelmReleases.
    pub patches: Vec<TextPatch>,
    /// The charts that other tools deploy by manifests of theirs.
    pub elsewhere: Vec<Elsewhere>,
    /// The chart that the file itself describes, if it is a `Chart.yaml`.
    pub own_chart: Option<OwnChart>,
}

/// What a `Chart.yaml` says of its own chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnChart {
    /// Its name, which that of its folder may differ from.
    pub name: String,
    /// Its version.
    pub version: Option<VersionPlace>,
}

/// A release that another tool deploys, of a form that is read and not edited: the chart and the version that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// The name that its tool's users give it: `helm_release arroyo`.
    pub title: String,
    /// The chart.
    pub chart: ChartSource,
    /// The version, as it is written.
    pub version: Option<String>,
    /// The byte offset at which the chart is named.
    pub offset: usize,
}

/// A patch that a kustomization has, and that changes values of HelmReleases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextPatch {
    /// The text, the map, the list of operations, or the scalar that names the file.
    pub node: NodeId,
    /// The name of the HelmRelease that it is for; `None` for any, or for those that a pattern matches.
    pub name: Option<String>,
    /// The namespace of that, if it is said.
    pub namespace: Option<String>,
    /// Its form.
    pub form: PatchForm,
}

/// The form of a patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchForm {
    /// A part of the object, as a text.
    Text,
    /// A part of the object, as a map.
    Map,
    /// Operations of a JSON patch, as a text or as a list.
    Operations,
    /// In a file.
    File(String),
}

impl TextPatch {
    /// True if it may be for the HelmRelease of a name.
    #[must_use]
    pub fn may_mean(&self, name: Option<&str>) -> bool {
        self.name.is_none() || self.name.as_deref() == name
    }
}

/// The kinds of carriers, as their users know them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CarrierKind {
    /// `kind: Application` of Argo CD.
    ArgoApplication,
    /// `kind: ApplicationSet` of Argo CD.
    ArgoApplicationSet,
    /// `kind: HelmRelease` of Flux.
    FluxHelmRelease,
    /// An entry of `releases:` in a helmfile.
    HelmfileRelease,
    /// An entry of `helmCharts:` in a kustomization, or a generator of that kind.
    KustomizeHelmChart,
    /// An item of `helmCharts:` in a `ClusterProfile` or `Profile` of Sveltos.
    SveltosHelmChart,
    /// `fleet.yaml`, or one of its `targetCustomizations`.
    Fleet,
    /// `kind: HelmChart` of k3s and RKE2.
    K3sHelmChart,
    /// `kind: HelmChartConfig` of k3s and RKE2.
    K3sHelmChartConfig,
    /// An entry of `dependencies:` in a chart's `Chart.yaml`.
    Dependency,
}

impl CarrierKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::ArgoApplication,
        Self::ArgoApplicationSet,
        Self::FluxHelmRelease,
        Self::HelmfileRelease,
        Self::KustomizeHelmChart,
        Self::SveltosHelmChart,
        Self::Fleet,
        Self::K3sHelmChart,
        Self::K3sHelmChartConfig,
        Self::Dependency,
    ];
}

impl fmt::Display for CarrierKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ArgoApplication => "Argo CD Application",
            Self::ArgoApplicationSet => "Argo CD ApplicationSet",
            Self::FluxHelmRelease => "Flux HelmRelease",
            Self::HelmfileRelease => "helmfile release",
            Self::KustomizeHelmChart => "kustomize helmCharts entry",
            Self::SveltosHelmChart => "Sveltos helmCharts entry",
            Self::Fleet => "Fleet bundle",
            Self::K3sHelmChart => "k3s HelmChart",
            Self::K3sHelmChartConfig => "k3s HelmChartConfig",
            Self::Dependency => "Helm chart dependency",
        })
    }
}

/// One place that says: this chart, this version, these values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// The kind of carrier.
    pub kind: CarrierKind,
    /// The name that its users give it: `Application/arroyo`, `HelmRelease/streams/arroyo`, `release arroyo`.
    pub name: String,
    /// The document of the file, from 0.
    pub document: usize,
    /// The node that messages point to.
    pub at: NodeId,
    /// The object of the cluster that it is, if it is one.
    pub object: Option<ObjectRef>,
    /// The chart.
    pub chart: ChartRef,
    /// The version of the chart, if it is named here.
    pub version: Option<VersionPlace>,
    /// The file that `version` stands in, if it is another one: a number of the [`Listing`](super::Listing).
    pub version_file: Option<usize>,
    /// The values, low to high precedence, as the carrier's own code merges them.
    pub layers: Vec<CarrierLayer>,
    /// Under which key the chart's values stand in every layer: the root, or a dependency's alias or
    /// name. `global` stands at the root of the layer in any case.
    pub prefix: Path,
    /// The release's name, if it is said here.
    pub release_name: Option<String>,
    /// The release's namespace, if it is said here.
    pub namespace: Option<String>,
    /// Path strings that name values without setting them: they follow a renamed key.
    pub mentions: Vec<PathMention>,
    /// Scalars and keys in the layers of this file that hold text for a template engine: what they
    /// are at run time is not known. Whole nodes in document order.
    pub templated: Vec<NodeId>,
    /// Places whose precedence is not certain.
    pub doubts: Vec<OrderDoubt>,
    /// The notices for a person.
    pub notices: Vec<CarrierNotice>,
    /// The reason for which it cannot be upgraded here, if it cannot.
    pub refused: Option<Refused>,
}

/// A source of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarrierLayer {
    /// The node of the values, or of their name.
    pub node: NodeId,
    /// True if it was reached through an alias or a merge key: others may use it too.
    pub shared: bool,
    /// The source of the values.
    pub source: LayerSource,
}

/// The source of a layer's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayerSource {
    /// In this file: `node` is a map of values.
    Map,
    /// In this file: `node` is a string that is YAML.
    Text,
    /// In this file: `node` is a list (or, for k3s, a map) of path strings.
    Paths {
        /// Its entries, in the order of the text.
        entries: Vec<PathEntry>,
        /// Their dialect.
        dialect: Dialect,
    },
    /// In a file.
    File(FileRef),
    /// In another object of the cluster.
    Reference(ValuesRef),
    /// Nowhere that can be read or edited.
    Opaque {
        /// The reason.
        why: String,
        /// The path to which its one value goes, if it is a single value.
        target: Option<TargetPath>,
    },
}

/// A values file that is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRef {
    /// The path as written, without what `root` says.
    pub path: String,
    /// The root that it is relative to.
    pub root: Root,
    /// True if it may be missing.
    pub missing_ok: bool,
    /// True if `*`, `?` and `[` in it are wildcards.
    pub glob: bool,
}

/// The root that the path of a values file is relative to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// The folder of the file that the carrier stands in.
    Folder,
    /// The root of the repository that the carrier stands in, or of the one it names.
    Repository {
        /// The repository's address, if it is another source of the same carrier.
        url: Option<String>,
    },
    /// A folder in a repository: where the chart is.
    Chart {
        /// The repository's address.
        url: Option<String>,
        /// The folder in it.
        folder: String,
    },
}

/// Values in another object of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValuesRef {
    /// The object.
    pub object: ObjectRef,
    /// The key in it.
    pub key: String,
    /// The path, as in `--set`, to which the one value goes; `None`: the whole values.
    pub target_path: Option<TargetPath>,
    /// True if it may be missing.
    pub missing_ok: bool,
}

/// Flux's `targetPath`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetPath {
    /// The scalar.
    pub node: NodeId,
    /// Its text.
    pub text: String,
    /// True if the value is taken as it is (`literal: true`).
    pub literal: bool,
}

/// The name of another object of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectRef {
    /// Its `kind`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace, if that is said or follows.
    pub namespace: Option<String>,
    /// The place where it is named.
    pub node: NodeId,
}

/// One entry of a list of path strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathEntry {
    /// The entry: the list item, or the key for k3s.
    pub node: NodeId,
    /// The scalar with the path.
    pub name: NodeId,
    /// The path string.
    pub path: String,
    /// The value that is set.
    pub value: PathValue,
}

/// The value that an entry of a list of path strings sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathValue {
    /// A text, typed as `--set` does.
    Set {
        /// The scalar; `None` where it is not written, which counts as empty.
        node: Option<NodeId>,
        /// Its text.
        text: String,
    },
    /// A text that stays one.
    String {
        /// The scalar; `None` where it is not written, which counts as empty.
        node: Option<NodeId>,
        /// Its text.
        text: String,
    },
    /// A list of texts, each typed as `--set` does, or each left as it is.
    List {
        /// The sequence.
        node: NodeId,
        /// Its items.
        items: Vec<String>,
        /// True if they stay texts.
        string: bool,
    },
    /// The content of a file, as a text.
    File {
        /// The scalar with the file's path.
        node: NodeId,
        /// The path.
        path: String,
    },
    /// Nothing: helmfile leaves such an entry out.
    Nothing,
}

/// A path string that names values without setting them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathMention {
    /// The scalar.
    pub node: NodeId,
    /// Its text.
    pub text: String,
    /// The kind of mention.
    pub kind: MentionKind,
}

/// The reader of a path string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MentionKind {
    /// `condition` of a dependency: paths from the root of the parent's values, joined by commas. Helm
    /// splits them at each dot and knows no escapes.
    Condition,
    /// A path as in `--set`, at which something else puts a value: `targetPath` of Flux with a value that cannot be read
    /// here, or an annotation of Argo CD Image Updater.
    SetPath,
    /// A path of a JSON patch (RFC 6901) below `/spec/values` of a HelmRelease.
    Pointer,
    /// `import-values`, a path in the dependency's own values.
    ImportChild,
    /// `import-values`, a path in the parent's values.
    ImportParent,
    /// `import-values`, a name below `exports` of the dependency's own values.
    ImportExport,
}

impl MentionKind {
    /// True if it puts a value at the path.
    #[must_use]
    pub fn is_set(self) -> bool {
        matches!(self, Self::SetPath | Self::Pointer)
    }
}

/// Two settings of which it is not certain which one wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderDoubt {
    /// The path.
    pub path: Path,
    /// The one that should win by the documentation.
    pub high: NodeId,
    /// The other.
    pub low: NodeId,
    /// The reason for which it is not certain.
    pub why: String,
}

/// Something a person should know of a carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarrierNotice {
    /// The node.
    pub node: NodeId,
    /// The text, a sentence.
    pub text: String,
    /// True if the new values would not take effect as shown: to be told before anything is written.
    pub blocks: bool,
}

/// The reason for which a carrier is not upgraded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The known reason.
    pub reason: RefusalReason,
    /// The node.
    pub node: NodeId,
    /// The error, in lower case and without a full stop.
    pub what: String,
    /// The reason for which that stops refit, as a sentence.
    pub why: String,
    /// The next step, as a sentence.
    pub next: String,
}

/// The known reasons why a carrier is not upgraded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RefusalReason {
    /// A form that its own tool no longer reads, or that refit does not know.
    Obsolete,
    /// A template engine decides what stands here.
    Templated,
    /// It names no chart: it is a patch, or takes the chart from elsewhere.
    NoChart,
    /// It takes parts from elsewhere in a way that refit does not follow.
    Inherited,
    /// The chart itself is packed into the carrier.
    Packed,
    /// It is encrypted.
    Encrypted,
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Obsolete => "obsolete form",
            Self::Templated => "templated",
            Self::NoChart => "names no chart",
            Self::Inherited => "takes parts from elsewhere",
            Self::Packed => "packed chart",
            Self::Encrypted => "encrypted",
        })
    }
}
