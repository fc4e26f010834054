//! Argo CD: `Application`, and the template in an `ApplicationSet`.
//!
//! Precedence, low to high (`reposerver/repository/repository.go`, `helmTemplate`, and
//! `util/helm/cmd.go`, `template`, of argoproj/argo-cd): the files of `valueFiles` in order, then
//! `valuesObject` or `values`, then `parameters` (those without `forceString` first, because Helm reads
//! `--set` before `--set-string`), then `fileParameters`. A `valuesObject` makes `values` count for
//! nothing: the two are not merged (`pkg/apis/application/v1alpha1/values.go`, `ValuesYAML`).
//! Parameters pass through maps of Go: of two with one name the last wins, and the order of others is
//! random.
//!
//! With several sources each one that has a chart is a release of its own; a source with `ref` lends
//! its files as `$ref/path`. In an ApplicationSet what stands in `{{ }}` is written by generators: each element
//! that they make is an application, and what it says of the version, the values or the files is taken from there
//! ([`GeneratorElement`]).

use super::chart::{ChartRef, ChartSource, is_templated};
use super::dialect::Dialect;
use super::generator::{FieldPlace, GeneratorElement, Listing, elements};
use super::model::{
    Carrier, CarrierKind, CarrierLayer, FileCarriers, FileRef, LayerSource, MentionKind, PathEntry,
    PathMention, PathValue, RefusalReason, Root,
};
use super::read::{Doc, Field};
use super::version::{VersionPart, VersionPlace, VersionStyle};
use crate::yaml::NodeId;

/// Finds the carriers of a manifest of `argoproj.io`.
pub(super) fn find(doc: &Doc<'_>, kind: &str, listing: &Listing<'_>, found: &mut FileCarriers) {
    match kind {
        "Application" => {
            if let Some(spec) = doc.field_at(doc.root, &["spec"]) {
                let none = GeneratorElement::default();
                let spec = SpecParts(vec![spec.node]);
                application(doc, CarrierKind::ArgoApplication, &spec, &none, found);
            }
        }
        "ApplicationSet" => {
            if let Some(spec) = doc.field_at(doc.root, &["spec", "template", "spec"]) {
                for element in elements(doc, spec.node, listing) {
                    let parts = element.template.into_iter().chain([spec.node]);
                    let spec = SpecParts(parts.collect());
                    application(doc, CarrierKind::ArgoApplicationSet, &spec, &element, found);
                }
            }
        }
        _ => {}
    }
}

/// A map of an application's `spec`, which may stand in two templates: what the first says counts. Lists count as a whole
/// (`mergo`).
struct SpecParts(Vec<NodeId>);

impl SpecParts {
    fn field_at(&self, doc: &Doc<'_>, path: &[&str]) -> Option<Field> {
        self.0.iter().find_map(|node| doc.field_at(*node, path))
    }

    fn text_at(&self, doc: &Doc<'_>, path: &[&str]) -> Option<String> {
        self.0.iter().find_map(|node| doc.text_at(*node, path))
    }

    fn items_at(&self, doc: &Doc<'_>, path: &[&str]) -> Vec<Field> {
        let mut lists = self.0.iter().map(|node| doc.items_at(*node, path));
        lists.find(|list| !list.is_empty()).unwrap_or_default()
    }

    fn is_true(&self, doc: &Doc<'_>, path: &[&str]) -> bool {
        self.text_at(doc, path).as_deref() == Some("true")
    }

    /// The nodes under a name; nothing if there are none.
    fn below(&self, doc: &Doc<'_>, name: &str) -> Option<Self> {
        let below = self
            .0
            .iter()
            .filter_map(|node| doc.field_at(*node, &[name]));
        let below: Vec<NodeId> = below.map(|field| field.node).collect();
        (!below.is_empty()).then_some(Self(below))
    }

    /// The node that messages point to.
    fn node(&self) -> NodeId {
        self.0[0]
    }

    /// The sources.
    fn sources(&self, doc: &Doc<'_>) -> Vec<Self> {
        // Where there are `sources`, Argo CD does not look at `source`.
        let listed = self.items_at(doc, &["sources"]);
        match listed.is_empty() {
            true => self.below(doc, "source").into_iter().collect(),
            false => listed
                .iter()
                .map(|source| Self(vec![source.node]))
                .collect(),
        }
    }
}

/// Finds what Argo CD lays over an Application from a file beside the chart: `.argocd-source.yaml`, and
/// `.argocd-source-APP.yaml` after it (`mergeSourceParameters` in `reposerver/repository/repository.go`). It is a part of
/// a source, and Argo CD Image Updater writes it.
pub(super) fn find_overrides(doc: &Doc<'_>, found: &mut FileCarriers) {
    if let Some(helm) = doc.field_at(doc.root, &["helm"]) {
        let mut carrier = doc.carrier(CarrierKind::ArgoApplication, String::new(), doc.root);
        let none = GeneratorElement::default();
        let (own, helm) = (SpecParts(vec![doc.root]), SpecParts(vec![helm.node]));
        layers(doc, (&own, &helm), &[], &none, &mut carrier);
        let values = carrier.layers.into_iter();
        found
            .overrides
            .extend(values.filter(|layer| !matches!(layer.source, LayerSource::File(_))));
    }
}

/// The names that Argo CD Image Updater sets as parameters: `ALIAS.helm.image-name`, `-tag`, `-spec`
/// (`pkg/common/constants.go` of argoproj-labs/argocd-image-updater).
fn image_updater(doc: &Doc<'_>, kind: CarrierKind) -> Vec<PathMention> {
    let above = match kind {
        CarrierKind::ArgoApplicationSet => &["spec", "template", "metadata", "annotations"][..],
        _ => &["metadata", "annotations"],
    };
    let Some(annotations) = doc.field_at(doc.root, above) else {
        return Vec::new();
    };
    let Ok(entries) = doc.view.entries(annotations.node) else {
        return Vec::new();
    };
    let ends = [".helm.image-name", ".helm.image-tag", ".helm.image-spec"];
    let entries = entries.entries.iter();
    let named = entries.filter(|entry| {
        entry.name.starts_with("argocd-image-updater.argoproj.io/")
            && ends.iter().any(|end| entry.name.ends_with(end))
    });
    named
        .filter_map(|entry| {
            let text = doc.text(entry.value).filter(|text| !text.is_empty())?;
            Some(PathMention {
                node: entry.value,
                text,
                kind: MentionKind::SetPath,
            })
        })
        .collect()
}

fn application(
    doc: &Doc<'_>,
    kind: CarrierKind,
    spec: &SpecParts,
    element: &GeneratorElement,
    found: &mut FileCarriers,
) {
    let title = match kind {
        CarrierKind::ArgoApplicationSet => doc.title("ApplicationSet"),
        _ => doc.title("Application"),
    };
    let title = match element.label() {
        Some(label) => format!("{title} ({label})"),
        None => title,
    };
    let all = spec.sources(doc);
    // The others lend files, or are plain manifests.
    let deploys = |source: &SpecParts| {
        let at = |name| source.field_at(doc, &[name]);
        at("chart").or_else(|| at("helm")).is_some()
    };
    let several = all.iter().filter(|source| deploys(source)).count() > 1;
    let namespace = spec.text_at(doc, &["destination", "namespace"]);
    for (i, source) in all.iter().enumerate() {
        let chart = source.field_at(doc, &["chart"]);
        let helm = source.below(doc, "helm");
        let mentions = image_updater(doc, kind);
        if chart.is_none() && helm.is_none() && mentions.is_empty() {
            continue;
        }
        let name = if several {
            format!("{title} (source {})", i + 1)
        } else {
            title.clone()
        };
        let mut carrier = doc.carrier(kind, name, source.node());
        carrier.namespace = namespace.clone().filter(|name| !is_templated(name));
        carrier.release_name = helm
            .as_ref()
            .and_then(|helm| helm.text_at(doc, &["releaseName"]))
            .or_else(|| {
                let at = match kind {
                    CarrierKind::ArgoApplicationSet => {
                        &["spec", "template", "metadata", "name"][..]
                    }
                    _ => &["metadata", "name"],
                };
                doc.text_at(doc.root, at)
            })
            .map(|name| element.fill(&name))
            .filter(|name| !is_templated(name));
        carrier.mentions = mentions;
        chart_of(doc, source, chart, element, &mut carrier);
        if let Some(helm) = &helm {
            layers(doc, (source, helm), &all, element, &mut carrier);
        }
        if kind == CarrierKind::ArgoApplicationSet {
            set(doc, &mut carrier);
        }
        found.carriers.push(carrier);
    }
}

/// The parts of an ApplicationSet that an Application does not have.
fn set(doc: &Doc<'_>, carrier: &mut Carrier) {
    for layer in &carrier.layers {
        if matches!(
            layer.source,
            LayerSource::Map | LayerSource::Text | LayerSource::Paths { .. }
        ) {
            carrier.templated.extend(doc.templated(layer.node, &["{{"]));
        }
    }
    if let Some(patch) = doc.field_at(doc.root, &["spec", "templatePatch"]) {
        let helm = doc
            .text(patch.node)
            .is_some_and(|text| text.contains("helm:"));
        carrier.notice(
            patch.node,
            if helm {
                "`templatePatch` changes `helm` settings when the applications are made; what it holds is not upgraded."
            } else {
                "`templatePatch` is left as it is."
            },
        );
    }
    if let ChartSource::Templated(text) = &carrier.chart.source {
        let what = format!("a template names the chart: {text}");
        carrier.refuse(
            RefusalReason::Templated,
            carrier.chart.node,
            what,
            "One text stands for several charts; a change for one of them would be made for all.",
            "Upgrade the values of each chart by itself: `refit upgrade --chart NAME FILE`.",
        );
    }
}

fn chart_of(
    doc: &Doc<'_>,
    source: &SpecParts,
    chart: Option<Field>,
    element: &GeneratorElement,
    carrier: &mut Carrier,
) {
    let url = source.text_at(doc, &["repoURL"]);
    let url = url.map(|url| element.fill(&url));
    let revision = source.field_at(doc, &["targetRevision"]).and_then(|field| {
        let text = doc.text(field.node)?;
        // The element that writes the version is where it stands.
        let (place, text) = match element.whole(&text) {
            Some((place, text)) => (Some(place), text.to_owned()),
            None => (None, text),
        };
        Some(match place {
            Some(FieldPlace::Here(node)) => (node, VersionPart::Whole, text),
            Some(FieldPlace::InFile(file, node)) => {
                carrier.version_file = Some(file);
                (node, VersionPart::Whole, text)
            }
            Some(FieldPlace::InText(host, node)) => (host, VersionPart::Inner(node), text),
            Some(FieldPlace::Nowhere) => (field.node, VersionPart::Filled, text),
            None => (field.node, VersionPart::Whole, text),
        })
    });
    if let Some(chart) = chart {
        let name = element.fill(&doc.text(chart.node).unwrap_or_default());
        carrier.chart = ChartRef::named(chart.node, &name, url.as_deref());
        carrier.version =
            revision.map(|(node, part, text)| VersionPlace::of_chart(text, node).in_part(part));
        return;
    }
    let at = source
        .field_at(doc, &["path"])
        .or_else(|| source.field_at(doc, &["repoURL"]))
        .map_or(source.node(), |field| field.node);
    let path = source
        .text_at(doc, &["path"])
        .map_or_else(|| ".".to_owned(), |path| element.fill(&path));
    if let Some(oci) = url.as_deref().filter(|url| url.starts_with("oci://")) {
        // A registry's address that holds the chart's name; `path` is `.`.
        let node = source
            .field_at(doc, &["repoURL"])
            .map_or(at, |field| field.node);
        carrier.chart = ChartRef::of_text(node, oci);
        carrier.version =
            revision.map(|(node, part, text)| VersionPlace::of_chart(text, node).in_part(part));
        return;
    }
    let source = if is_templated(&path) || url.as_deref().is_some_and(is_templated) {
        ChartSource::Templated(path)
    } else {
        ChartSource::Folder {
            path,
            url,
            name: None,
        }
    };
    carrier.chart = ChartRef::new(at, source);
    carrier.version =
        revision.map(|(node, part, text)| VersionPlace::of_git(text, node).in_part(part));
    if let Some(version) = &carrier.version
        && version.style == VersionStyle::Templated
    {
        carrier.notice(version.node, "A template writes the revision.");
    }
}

fn layers(
    doc: &Doc<'_>,
    (source, helm): (&SpecParts, &SpecParts),
    all: &[SpecParts],
    element: &GeneratorElement,
    carrier: &mut Carrier,
) {
    let missing_ok = helm.is_true(doc, &["ignoreMissingValueFiles"]);
    for file in helm.items_at(doc, &["valueFiles"]) {
        let Some(path) = doc.text(file.node) else {
            continue;
        };
        let path = element.fill(&path);
        let layer = value_file(doc, (source, element), all, file, &path, missing_ok);
        carrier.layers.push(layer);
    }
    let object = helm.field_at(doc, &["valuesObject"]);
    let text = helm.field_at(doc, &["values"]);
    if let Some(object) = object {
        carrier
            .layers
            .push(CarrierLayer::new(object, LayerSource::Map));
        if let Some(text) = text {
            carrier.notice(
                text.node,
                "Argo CD reads `valuesObject` and leaves `values` out; what stands in `values` stays as it is.",
            );
        }
    } else if let Some(text) = text {
        let written = doc.text(text.node);
        let of_element = written.as_deref().and_then(|text| element.whole(text));
        // A text that an element has as a whole is edited in the element.
        if let Some((FieldPlace::Here(node), _)) = of_element {
            let field = Field {
                node,
                shared: false,
            };
            carrier
                .layers
                .push(CarrierLayer::new(field, LayerSource::Text));
        } else if written.is_some() {
            carrier
                .layers
                .push(CarrierLayer::new(text, LayerSource::Text));
        } else {
            carrier.layers.push(CarrierLayer::opaque(
                text,
                "`values` must be a text; Argo CD refuses a map here and wants `valuesObject` for it",
            ));
        }
    }
    if let Some(list) = helm.field_at(doc, &["parameters"]) {
        let entries = parameters(doc, list.node, |item| {
            let node = doc.field_at(item, &["value"]).map(|field| field.node);
            let text = node.and_then(|node| doc.text(node)).unwrap_or_default();
            // Argo CD reads JSON's names whatever their case, and Image Updater writes this one small.
            if doc.is_true(item, &["forceString"]) || doc.is_true(item, &["forcestring"]) {
                PathValue::String { node, text }
            } else {
                PathValue::Set { node, text }
            }
        });
        push_paths(carrier, list, entries, Dialect::Argo);
    }
    if let Some(list) = helm.field_at(doc, &["fileParameters"]) {
        let entries = parameters(doc, list.node, |item| match doc.field_at(item, &["path"]) {
            Some(field) => PathValue::File {
                node: field.node,
                path: doc.text(field.node).unwrap_or_default(),
            },
            None => PathValue::Nothing,
        });
        push_paths(carrier, list, entries, Dialect::Argo);
    }
}

fn push_paths(carrier: &mut Carrier, list: Field, entries: Vec<PathEntry>, dialect: Dialect) {
    if !entries.is_empty() {
        carrier.layers.push(CarrierLayer::new(
            list,
            LayerSource::Paths { entries, dialect },
        ));
    }
}

fn parameters(doc: &Doc<'_>, list: NodeId, value: impl Fn(NodeId) -> PathValue) -> Vec<PathEntry> {
    doc.view
        .items(list)
        .filter_map(|item| {
            let name = doc.field_at(item, &["name"])?;
            Some(PathEntry {
                node: item,
                name: name.node,
                path: doc.text(name.node)?,
                value: value(item),
            })
        })
        .collect()
}

fn value_file(
    doc: &Doc<'_>,
    (source, element): (&SpecParts, &GeneratorElement),
    all: &[SpecParts],
    field: Field,
    path: &str,
    missing_ok: bool,
) -> CarrierLayer {
    if is_templated(path) {
        return CarrierLayer::opaque(field, format!("a template names the file: {path}"));
    }
    if path.contains("://") {
        return CarrierLayer::opaque(field, "the values come from an address on the network");
    }
    let file = |path: &str, root| {
        LayerSource::File(FileRef {
            path: path.to_owned(),
            root,
            missing_ok,
            glob: path.contains(['*', '?', '[']),
        })
    };
    if let Some((reference, path)) = path.strip_prefix('$').and_then(|path| path.split_once('/')) {
        let lender = all
            .iter()
            .find(|other| other.text_at(doc, &["ref"]).as_deref() == Some(reference));
        return match lender.and_then(|lender| lender.text_at(doc, &["repoURL"])) {
            Some(url) => CarrierLayer::new(field, file(path, Root::Repository { url: Some(url) })),
            None => CarrierLayer::opaque(field, format!("no source has `ref: {reference}`")),
        };
    }
    if source.field_at(doc, &["chart"]).is_some() {
        return CarrierLayer::opaque(field, "the file lies inside the packed chart");
    }
    let url = source.text_at(doc, &["repoURL"]);
    // For Argo CD a path that begins with a slash counts from the root of the repository.
    if let Some(path) = path.strip_prefix('/') {
        return CarrierLayer::new(field, file(path, Root::Repository { url }));
    }
    let folder = source
        .text_at(doc, &["path"])
        .map_or_else(|| ".".to_owned(), |path| element.fill(&path));
    if is_templated(&folder) {
        return CarrierLayer::opaque(field, format!("a template names the folder: {folder}"));
    }
    CarrierLayer::new(field, file(path, Root::Chart { url, folder }))
}
