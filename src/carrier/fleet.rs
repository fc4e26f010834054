//! Rancher Fleet: `fleet.yaml`.
//!
//! Precedence, low to high: `values`, then the files of `valuesFiles` in order, which win over `values`
//! (`internal/bundlereader/resources.go`, `generateValues`, of rancher/fleet); then the same two of a
//! `targetCustomizations` entry (`internal/cmd/controller/options/calculate.go`, `Merge`); then
//! `templateValues`, which replace whole top-level keys (`internal/cmd/controller/target/builder.go`,
//! `preprocessHelmValues`); then `valuesFrom` in order, of each entry the ConfigMap before the Secret
//! (`internal/helmdeployer/install.go`, `getValues`).
//!
//! A bundle with customizations that touch its values is several releases on one ground: each of them
//! is a carrier here, the bundle itself first. Keys and values may be templates in `${ }`, and
//! `global.fleet.clusterLabels.NAME` as a value stands for a label of the cluster; both are noted as
//! templated.

use std::path::Path as FilePath;

use super::chart::{ChartRef, ChartSource};
use super::model::{
    Carrier, CarrierKind, CarrierLayer, FileCarriers, FileRef, LayerSource, ObjectRef,
    RefusalReason, Root, ValuesRef,
};
use super::read::{Doc, Field, file_name};
use super::version::VersionPlace;
use crate::yaml::NodeId;

/// True for the document of a `fleet.yaml`.
pub(super) fn is_shape(doc: &Doc<'_>, path: &FilePath) -> bool {
    matches!(file_name(path), "fleet.yaml" | "fleet.yml")
        && doc.field_at(doc.root, &["apiVersion"]).is_none()
        && (doc.field_at(doc.root, &["helm"]).is_some() || customized(doc).next().is_some())
}

fn customized<'d>(doc: &'d Doc<'_>) -> impl Iterator<Item = (Field, Field)> + 'd {
    doc.items_at(doc.root, &["targetCustomizations"])
        .into_iter()
        .filter_map(|item| Some((item, doc.field_at(item.node, &["helm"])?)))
}

/// Finds the bundle and its customizations.
pub(super) fn find(doc: &Doc<'_>, found: &mut FileCarriers) {
    let base = doc.field_at(doc.root, &["helm"]);
    let start = found.carriers.len();
    if let Some(helm) = base {
        found
            .carriers
            .push(bundle(doc, "fleet bundle".to_owned(), &[helm]));
    }
    for (i, (item, helm)) in customized(doc).enumerate() {
        let name = doc
            .text_at(item.node, &["name"])
            .unwrap_or_else(|| format!("{}", i + 1));
        let title = format!("fleet target {name}");
        let stack: Vec<Field> = base.into_iter().chain([helm]).collect();
        found.carriers.push(bundle(doc, title, &stack));
    }
    for carrier in &mut found.carriers[start..] {
        if carrier.chart.source == ChartSource::Missing {
            // Without `chart` the folder of the fleet.yaml is the chart, if it holds one.
            carrier.chart.source = ChartSource::Folder {
                path: ".".to_owned(),
                url: None,
                name: None,
            };
        }
    }
    let values = ["values", "valuesFiles", "valuesFrom"];
    if base.is_some_and(|helm| {
        values
            .iter()
            .any(|field| doc.field_at(helm.node, &[field]).is_some())
    }) {
        another_chart(&mut found.carriers[start..]);
    }
}

/// A target with a chart of its own gets the bundle's values, too: what changes for the bundle's chart would
/// change for it. `carriers` are the bundle and its targets.
fn another_chart(carriers: &mut [Carrier]) {
    let [bundle, targets @ ..] = &mut *carriers else {
        return;
    };
    let own = bundle.chart.source.clone();
    let other = targets.iter().find(|target| target.chart.source != own);
    let Some((node, name)) = other.map(|target| (target.chart.node, target.name.clone())) else {
        return;
    };
    for carrier in carriers
        .iter_mut()
        .filter(|carrier| carrier.chart.source == own)
    {
        if carrier.refused.is_none() {
            carrier.refuse(
                RefusalReason::Inherited,
                node,
                format!("the {name} deploys another chart with these values"),
                "What changes in them for one chart would change for the other, too.",
                "Give that target a bundle of its own, and run refit again.",
            );
        }
    }
}

/// One release: the bundle's own options, and those of a customization above them.
fn bundle(doc: &Doc<'_>, title: String, stack: &[Field]) -> Carrier {
    let at = stack.last().map_or(doc.root, |field| field.node);
    let mut carrier = doc.carrier(CarrierKind::Fleet, title, at);
    let last = |name: &str| {
        stack
            .iter()
            .rev()
            .find_map(|helm| doc.field_at(helm.node, &[name]))
    };
    let text = |name: &str| {
        last(name)
            .and_then(|field| doc.text(field.node))
            .filter(|text| !text.is_empty())
    };
    carrier.release_name = text("releaseName");
    carrier.namespace = ["namespace", "defaultNamespace"]
        .iter()
        .find_map(|name| doc.text_at(doc.root, &[name]));
    if let Some(field) = last("chart") {
        let name = doc.text(field.node).unwrap_or_default();
        let repository = text("repo");
        carrier.chart = match repository {
            Some(url) if !name.starts_with(['.', '/']) => {
                ChartRef::named(field.node, &name, Some(&url))
            }
            // `git@host:owner/name` is an address and no folder.
            _ if !name.contains("://") && !name.contains("::") && !name.contains('@') => {
                ChartRef::new(
                    field.node,
                    ChartSource::Folder {
                        path: name,
                        url: None,
                        name: None,
                    },
                )
            }
            _ => ChartRef::of_text(field.node, &name),
        };
        carrier
            .refuse_templated_chart("Which chart the values are for is known only on the cluster.");
    } else if let Some(field) = last("repo") {
        // Since `oci://` addresses may hold the chart's name.
        let url = doc.text(field.node).unwrap_or_default();
        carrier.chart = ChartRef::of_text(field.node, &url);
    }
    if let Some(field) = last("version")
        && let Some(text) = doc.text(field.node)
    {
        carrier.version = Some(VersionPlace::of_chart(text, field.node));
    }
    // One kind after the other: also what a target says in `values` stands below all `templateValues`.
    for helm in stack {
        static_layers(doc, helm.node, &mut carrier);
    }
    for helm in stack {
        if let Some(field) = doc.field_at(helm.node, &["templateValues"]) {
            carrier.layers.push(CarrierLayer::opaque(
                field,
                "`templateValues` are templates that the cluster fills in; they replace whole top-level keys",
            ));
        }
    }
    for helm in stack {
        for item in doc.items_at(helm.node, &["valuesFrom"]) {
            for (field, kind) in [("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")] {
                if let Some(layer) = reference(doc, item, field, kind, &carrier) {
                    carrier.layers.push(layer);
                }
            }
        }
    }
    carrier
}

fn static_layers(doc: &Doc<'_>, helm: NodeId, carrier: &mut Carrier) {
    if let Some(values) = doc.field_at(helm, &["values"])
        && doc.is_map(values.node)
    {
        carrier
            .templated
            .extend(doc.templated(values.node, &["${", "global.fleet.clusterLabels."]));
        carrier
            .layers
            .push(CarrierLayer::new(values, LayerSource::Map));
    }
    for file in doc.items_at(helm, &["valuesFiles"]) {
        if let Some(path) = doc.text(file.node) {
            carrier.layers.push(CarrierLayer::new(
                file,
                LayerSource::File(FileRef {
                    path,
                    root: Root::Folder,
                    missing_ok: false,
                    glob: false,
                }),
            ));
        }
    }
}

fn reference(
    doc: &Doc<'_>,
    item: Field,
    field: &str,
    kind: &str,
    carrier: &Carrier,
) -> Option<CarrierLayer> {
    let selector = doc.field_at(item.node, &[field])?;
    let object = ObjectRef {
        kind: kind.to_owned(),
        name: doc.text_at(selector.node, &["name"])?,
        namespace: doc
            .text_at(selector.node, &["namespace"])
            .or_else(|| carrier.namespace.clone()),
        node: selector.node,
    };
    Some(CarrierLayer::new(
        item,
        LayerSource::Reference(ValuesRef {
            object,
            key: doc
                .text_at(selector.node, &["key"])
                .unwrap_or_else(|| "values.yaml".to_owned()),
            target_path: None,
            missing_ok: false,
        }),
    ))
}
