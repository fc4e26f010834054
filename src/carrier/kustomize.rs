//! kustomize: `helmCharts` and its older forms.
//!
//! Three forms of the same: the field `helmCharts` of a kustomization, the older field
//! `helmChartInflationGenerator`, and a file of `kind: HelmChartInflationGenerator` that a kustomization
//! names among its generators (`api/types/helmchartargs.go`,
//! `api/internal/builtins/HelmChartInflationGenerator.go` of kubernetes-sigs/kustomize).
//!
//! kustomize merges `valuesFile` and `valuesInline` into one file and gives it to Helm with `-f`, the
//! chart's own defaults still below it; `additionalValuesFiles` come after it, each with `-f`, so they
//! win. `valuesMerge` says who wins before that: `override` (the default) the inline values, `merge` the
//! file, and with `replace` the file is not read; without inline values it always is. Without a
//! `valuesFile` the chart's `values.yaml` takes its place, so under `merge` inline values cannot change
//! any default.

use std::path::Path as FilePath;

use super::chart::{ChartRef, ChartSource};
use super::model::{
    Carrier, CarrierKind, CarrierLayer, FileCarriers, FileRef, LayerSource, PatchForm,
    RefusalReason, Root, TextPatch,
};
use super::read::{Doc, Field, is_kustomization_file};
use crate::values::{Path, View};
use crate::yaml::{NodeId, Tree};

/// True for a kustomization.
pub(super) fn is_kustomization(doc: &Doc<'_>, path: &FilePath) -> bool {
    let api = doc.text_at(doc.root, &["apiVersion"]).unwrap_or_default();
    let kind = doc.text_at(doc.root, &["kind"]).unwrap_or_default();
    let named = is_kustomization_file(path);
    let typed = api.starts_with("kustomize.config.k8s.io/")
        && matches!(kind.as_str(), "Kustomization" | "Component");
    // By its name kustomize takes a kustomization that says neither `apiVersion` nor `kind`.
    typed || (named && (api.is_empty() || api.starts_with("kustomize.config.k8s.io/")))
}

/// Finds the charts of a kustomization.
pub(super) fn find(doc: &Doc<'_>, found: &mut FileCarriers) {
    patches(doc, doc.root, found);
    let home = doc
        .text_at(doc.root, &["helmGlobals", "chartHome"])
        .unwrap_or_else(|| "charts".to_owned());
    for item in doc.items_at(doc.root, &["helmCharts"]) {
        if doc.is_map(item.node) {
            found.carriers.push(chart(doc, item, &NEW, &home));
        }
    }
    for item in doc.items_at(doc.root, &["helmChartInflationGenerator"]) {
        if doc.is_map(item.node) {
            found.carriers.push(chart(doc, item, &OLD, &home));
        }
    }
}

/// Finds the patches of a Flux `Kustomization`: those of a kustomization, below `spec`
/// (`docs/spec/v1/kustomizations.md` of fluxcd/kustomize-controller).
pub(super) fn find_flux(doc: &Doc<'_>, found: &mut FileCarriers) {
    if let Some(spec) = doc.field_at(doc.root, &["spec"]) {
        patches(doc, spec.node, found);
    }
}

/// Finds the patches that change values of HelmReleases: by a path (JSON patch) or by a part of the object.
fn patches(doc: &Doc<'_>, above: NodeId, found: &mut FileCarriers) {
    for list in ["patches", "patchesJson6902", "patchesStrategicMerge"] {
        for item in doc.items_at(above, &[list]) {
            found.patches.extend(patch(doc, item));
        }
    }
}

fn patch(doc: &Doc<'_>, item: Field) -> Option<TextPatch> {
    let target = |key| doc.text_at(item.node, &["target", key]);
    let is_flux = target("kind").as_deref() == Some("HelmRelease");
    let name = target("name");
    // kustomize takes the names of a target for patterns.
    let is_pattern = name.as_ref().is_some_and(|name| {
        let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '.';
        !name.chars().all(plain)
    });
    let make = |node, name: Option<String>, namespace: Option<String>, form| TextPatch {
        node,
        name: name.filter(|_| !is_pattern),
        namespace: target("namespace").or(namespace),
        form,
    };
    if let Some(file) = doc.field_at(item.node, &["path"]).filter(|_| is_flux) {
        let form = PatchForm::File(doc.text(file.node)?);
        return Some(make(file.node, name, None, form));
    }
    let field = doc.field_at(item.node, &["patch"]).unwrap_or(item);
    if let Some(text) = doc.text(field.node) {
        let tree = Tree::parse(text.clone()).ok();
        let object = tree.as_ref().and_then(|tree| match tree.documents() {
            [document] => object_with_values(&View::new(tree, document.root)),
            _ => None,
        });
        if let Some((own, namespace)) = object {
            return Some(make(field.node, name.or(own), namespace, PatchForm::Text));
        }
        let by_path = is_flux && text.contains("/spec/values");
        return by_path.then(|| make(field.node, name, None, PatchForm::Operations));
    }
    // Flux takes lists and maps here, too.
    if doc.is_map(field.node) {
        let view = View::new(doc.tree(), field.node);
        let (own, namespace) = object_with_values(&view)?;
        return Some(make(field.node, name.or(own), namespace, PatchForm::Map));
    }
    let operations = doc.items_at(item.node, &["patch"]);
    let mut paths = operations
        .iter()
        .filter_map(|operation| doc.text_at(operation.node, &["path"]));
    let by_path = is_flux && paths.any(|path| path.starts_with("/spec/values"));
    by_path.then(|| make(field.node, name, None, PatchForm::Operations))
}

/// The name and the namespace of a HelmRelease of which a part that sets values stands here.
fn object_with_values(view: &View<'_>) -> Option<(Option<String>, Option<String>)> {
    let text = |path: &[&str]| {
        let place = view.node_at(&Path::keys(path.iter().copied())).ok()??;
        Some(view.tree().scalar(place.node).into_owned())
    };
    view.node_at(&Path::keys(["spec", "values"])).ok()??;
    let is_release = text(&["kind"])? == "HelmRelease";
    is_release.then(|| {
        (
            text(&["metadata", "name"]),
            text(&["metadata", "namespace"]),
        )
    })
}

/// Finds the chart of a generator.
pub(super) fn find_generator(doc: &Doc<'_>, found: &mut FileCarriers) {
    let home = doc
        .text_at(doc.root, &["chartHome"])
        .unwrap_or_else(|| "charts".to_owned());
    let item = Field {
        node: doc.root,
        shared: false,
    };
    let names = if doc.field_at(doc.root, &["chartName"]).is_some() {
        &OLD
    } else {
        &NEW
    };
    found.carriers.push(chart(doc, item, names, &home));
}

/// The names of the fields in one of the forms.
struct FieldNames {
    chart: &'static str,
    version: &'static str,
    repository: &'static str,
    file: &'static str,
    inline: &'static str,
}

const NEW: FieldNames = FieldNames {
    chart: "name",
    version: "version",
    repository: "repo",
    file: "valuesFile",
    inline: "valuesInline",
};

const OLD: FieldNames = FieldNames {
    chart: "chartName",
    version: "chartVersion",
    repository: "chartRepoUrl",
    file: "values",
    inline: "valuesLocal",
};

fn chart(doc: &Doc<'_>, item: Field, names: &FieldNames, home: &str) -> Carrier {
    let map = item.node;
    let name = doc.text_at(map, &[names.chart]);
    let release_name = doc.text_at(map, &["releaseName"]);
    let called = release_name.as_ref().or(name.as_ref());
    let title = format!("helmCharts {}", called.map_or("(unnamed)", String::as_str));
    let mut carrier = doc.carrier(CarrierKind::KustomizeHelmChart, title, map);
    carrier.release_name = release_name;
    carrier.namespace = doc
        .text_at(map, &["namespace"])
        .or_else(|| doc.text_at(map, &["releaseNamespace"]));
    match (name, doc.field_at(map, &[names.chart])) {
        (Some(name), Some(field)) => {
            let url = doc.text_at(map, &[names.repository]);
            carrier.chart = match url {
                // The address and the name are joined: `api/.../HelmChartInflationGenerator.go`,
                // `pullCommand`.
                Some(url) => ChartRef::named(field.node, &name, Some(&url)),
                None => ChartRef::new(
                    field.node,
                    ChartSource::Folder {
                        path: format!("{home}/{name}"),
                        url: None,
                        name: None,
                    },
                ),
            };
        }
        _ => carrier.refuse(
            RefusalReason::NoChart,
            map,
            "this entry names no chart",
            "kustomize refuses it too.",
            "Name the chart.",
        ),
    }
    carrier.version = doc.version_at(map, &[names.version]);
    layers(doc, map, names, &mut carrier);
    carrier
}

fn layers(doc: &Doc<'_>, map: NodeId, names: &FieldNames, carrier: &mut Carrier) {
    let merge = doc.text_at(map, &["valuesMerge"]);
    let file = doc.field_at(map, &[names.file]);
    let inline = doc
        .field_at(map, &[names.inline])
        .filter(|field| doc.is_map(field.node));
    let filled = inline.is_some_and(|field| {
        doc.view
            .entries(field.node)
            .is_ok_and(|entries| !entries.entries.is_empty())
    });
    let file_layer = file.and_then(|field| file_layer(doc, field));
    let inline_layer = inline.map(|field| CarrierLayer::new(field, LayerSource::Map));
    match merge.as_deref() {
        Some("replace") if filled => {
            if let Some(field) = file {
                carrier.notice(
                    field.node,
                    "With `valuesMerge: replace` kustomize does not read this file.",
                );
            }
            carrier.layers.extend(inline_layer);
        }
        Some("merge") => {
            if let (None, Some(inline)) = (file, inline.filter(|_| filled)) {
                carrier.notice(
                    inline.node,
                    "With `valuesMerge: merge` and no values file the chart's own defaults win over what stands here.",
                );
            }
            carrier.layers.extend(inline_layer);
            carrier.layers.extend(file_layer);
        }
        _ => {
            carrier.layers.extend(file_layer);
            carrier.layers.extend(inline_layer);
        }
    }
    for field in doc.items_at(map, &["additionalValuesFiles"]) {
        carrier.layers.extend(self::file_layer(doc, field));
    }
}

fn file_layer(doc: &Doc<'_>, field: Field) -> Option<CarrierLayer> {
    let path = doc.text(field.node)?;
    if path.contains("://") {
        return Some(CarrierLayer::opaque(
            field,
            "the values come from an address on the network",
        ));
    }
    Some(CarrierLayer::new(
        field,
        LayerSource::File(FileRef {
            path,
            root: Root::Folder,
            missing_ok: false,
            glob: false,
        }),
    ))
}
