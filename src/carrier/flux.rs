//! Flux: `HelmRelease`.
//!
//! Precedence by the documentation (`docs/spec/v2/helmreleases.md` of fluxcd/helm-controller): the
//! objects of `valuesFrom` in order, then `values`, then the entries of `valuesFrom` that have a
//! `targetPath`. The code (`chartutil/values.go`, `ChartValuesFromReferences`, of fluxcd/pkg) goes by
//! position, merges `values` in before each `targetPath` and once more at the end. Because maps are
//! shared on the way, a `targetPath` below a map of `values` wins, one at the root loses, and one below
//! a map that an object filled too loses as well. So a path that is set both ways is a [`OrderDoubt`], never
//! decided here.
//!
//! A `targetPath` is read by `helm`'s `--set` parser together with the value: `PATH=VALUE`, commas and
//! braces in the value included, and a value in quotes stays a text ([`super::set`]).
//!
//! The version is a range as a rule; the chart's repository is another object, or all of it is
//! (`chartRef`). Flux v1 (`helm.fluxcd.io`) has ended; its form is recognised and refused.

use super::chart::{ChartRef, ChartSource, is_templated, object_ref};
use super::model::{
    Carrier, CarrierKind, CarrierLayer, FileCarriers, FileRef, LayerSource, ObjectRef, OrderDoubt,
    RefusalReason, Root, TargetPath, ValuesRef,
};
use super::read::Doc;
use super::set;
use crate::values::Path;
use crate::values::view::View;
use crate::yaml::NodeId;

/// Finds the carrier that a manifest of `helm.toolkit.fluxcd.io` is.
pub(super) fn find(doc: &Doc<'_>, version: &str, found: &mut FileCarriers) {
    let mut carrier = doc.carrier(
        CarrierKind::FluxHelmRelease,
        doc.title("HelmRelease"),
        doc.root,
    );
    let namespace = doc.identity().1;
    if !version.starts_with("v2") {
        let at = doc.key(doc.root, "apiVersion").unwrap_or(doc.root);
        carrier.refuse(
            RefusalReason::Obsolete,
            at,
            format!("`helm.toolkit.fluxcd.io/{version}` is not a version that refit knows"),
            "Where the values stand, and which of them win, is a matter of that version.",
            "Look for a newer refit, or write the release as `helm.toolkit.fluxcd.io/v2`.",
        );
    }
    if let Some(spec) = doc.field_at(doc.root, &["spec"]) {
        carrier.namespace = doc
            .text_at(spec.node, &["targetNamespace"])
            .or_else(|| namespace.clone());
        // As `GetReleaseName` of fluxcd/helm-controller composes it.
        carrier.release_name = doc.text_at(spec.node, &["releaseName"]).or_else(|| {
            let name = doc.identity().0?;
            match doc.text_at(spec.node, &["targetNamespace"]) {
                Some(namespace) => Some(format!("{namespace}-{name}")),
                None => Some(name),
            }
        });
        chart(doc, spec.node, namespace.as_deref(), &mut carrier);
        layers(doc, spec.node, namespace.as_deref(), &mut carrier);
        if doc.is_true(spec.node, &["upgrade", "preserveValues"])
            && let Some(field) = doc.field_at(spec.node, &["upgrade", "preserveValues"])
        {
            carrier.blocker(
                field.node,
                "`upgrade.preserveValues: true` makes Helm merge the old release's values into the new ones: a key that is removed here stays in force. Take it out for this upgrade.",
            );
        }
    }
    if carrier.chart.source == ChartSource::Missing {
        let at = carrier.at;
        carrier.refuse(
            RefusalReason::NoChart,
            at,
            "this HelmRelease names no chart",
            "It is a patch for another HelmRelease; which chart and version that one has is not said here.",
            "Name the file with `--values` together with the release it belongs to.",
        );
    }
    found.carriers.push(carrier);
}

fn chart(doc: &Doc<'_>, spec: NodeId, namespace: Option<&str>, carrier: &mut Carrier) {
    // Flux lets a HelmRelease have `chartRef` or `chart`, and not both.
    if let Some(reference) = doc.field_at(spec, &["chartRef"]) {
        if let Some(object) = object_ref(doc, reference.node, "OCIRepository", namespace) {
            carrier.chart = ChartRef::new(reference.node, ChartSource::Object(object));
        }
        return;
    }
    let Some(chart) = doc.field_at(spec, &["chart", "spec", "chart"]) else {
        return;
    };
    let name = doc.text(chart.node).unwrap_or_default();
    carrier.chart = if is_templated(&name) {
        ChartRef::new(chart.node, ChartSource::Templated(name))
    } else {
        let source = doc.field_at(spec, &["chart", "spec", "sourceRef"]);
        let object: Option<ObjectRef> =
            source.and_then(|source| object_ref(doc, source.node, "HelmRepository", namespace));
        match object {
            Some(object) => ChartRef::new(chart.node, ChartSource::Named { name, object }),
            None => ChartRef::named(chart.node, &name, None),
        }
    };
    carrier.refuse_templated_chart("Flux fills it in when it applies the manifest.");
    carrier.version = doc.version_at(spec, &["chart", "spec", "version"]);
    if let Some(chart) = doc.field_at(spec, &["chart", "spec"]) {
        carrier.layers.extend(values_files(doc, chart.node));
    }
}

/// The files that take the place of a chart's defaults (`valuesFiles`, and `valuesFile` before it). Of a chart in git
/// they are files of that repository, by their paths from its root (`docs/spec/v1/helmcharts.md` of
/// fluxcd/source-controller).
pub(super) fn values_files(doc: &Doc<'_>, chart: NodeId) -> Vec<CarrierLayer> {
    let Some(files) = ["valuesFiles", "valuesFile"]
        .iter()
        .find_map(|name| doc.field_at(chart, &[name]))
    else {
        return Vec::new();
    };
    let kind = doc.text_at(chart, &["sourceRef", "kind"]);
    if !matches!(kind.as_deref(), Some("GitRepository" | "Bucket")) {
        let why = "these files lie inside the chart and take the place of its defaults";
        return vec![CarrierLayer::opaque(files, why)];
    }
    let listed = match doc.is_list(files.node) {
        true => doc.items_at(files.node, &[]),
        false => vec![files],
    };
    let missing_ok = doc.is_true(chart, &["ignoreMissingValuesFiles"]);
    let layers = listed.into_iter().filter_map(|field| {
        let path = doc.text(field.node)?;
        let file = FileRef {
            path,
            root: Root::Repository { url: None },
            missing_ok,
            glob: false,
        };
        Some(CarrierLayer::new(field, LayerSource::File(file)))
    });
    layers.collect()
}

fn layers(doc: &Doc<'_>, spec: NodeId, namespace: Option<&str>, carrier: &mut Carrier) {
    let mut targets = Vec::new();
    let mut whole_after_target = None;
    for item in doc.items_at(spec, &["valuesFrom"]) {
        let Some(mut object) = object_ref(doc, item.node, "ConfigMap", None) else {
            continue;
        };
        // A reference in `valuesFrom` names no namespace: it is that of the HelmRelease.
        object.namespace = namespace.map(str::to_owned);
        let target_path = doc.field_at(item.node, &["targetPath"]).and_then(|field| {
            Some(TargetPath {
                node: field.node,
                text: doc.text(field.node).filter(|text| !text.is_empty())?,
                literal: doc.is_true(item.node, &["literal"]),
            })
        });
        let is_target = target_path.is_some();
        let reference = ValuesRef {
            object,
            key: doc
                .text_at(item.node, &["valuesKey"])
                .unwrap_or_else(|| "values.yaml".to_owned()),
            target_path,
            missing_ok: doc.is_true(item.node, &["optional"]),
        };
        let layer = CarrierLayer::new(item, LayerSource::Reference(reference));
        if is_target {
            targets.push(layer);
        } else {
            if !targets.is_empty() {
                whole_after_target = Some(item.node);
            }
            carrier.layers.push(layer);
        }
    }
    if let Some(values) = doc.field_at(spec, &["values"]) {
        if doc.is_map(values.node) {
            carrier.templated = doc.templated(values.node, &["${"]);
            carrier
                .layers
                .push(CarrierLayer::new(values, LayerSource::Map));
            for layer in &targets {
                doubt(doc, values.node, layer, carrier);
            }
        } else {
            carrier
                .layers
                .push(CarrierLayer::opaque(values, "`values` must be a map"));
        }
    }
    if let Some(node) = whole_after_target {
        carrier.notice(
            node,
            "This object stands behind an entry with `targetPath`; Flux lets it win over that entry, although the documentation says otherwise.",
        );
    }
    carrier.layers.extend(targets);
}

/// Adds a doubt if `values` has a setting at the `targetPath` of a layer, above it or below it.
fn doubt(doc: &Doc<'_>, values: NodeId, layer: &CarrierLayer, carrier: &mut Carrier) {
    let LayerSource::Reference(ValuesRef {
        target_path: Some(target),
        ..
    }) = &layer.source
    else {
        return;
    };
    let Ok(path) = set::path(&target.text) else {
        carrier.notice(
            target.node,
            format!("`{}` is not a path that Helm can read.", target.text),
        );
        return;
    };
    let view = View::new(doc.tree(), values);
    if let Some(low) = node_on_path(&view, &path) {
        carrier.doubts.push(OrderDoubt {
            path,
            high: target.node,
            low,
            why: "By the documentation of Flux `targetPath` wins over `values`; by its code that depends on how deep the path is and on what else is set beside it.".to_owned(),
        });
    }
}

/// The node in the values that a path names, or the one on the way to it that is no map.
fn node_on_path(view: &View<'_>, path: &Path) -> Option<NodeId> {
    let mut at = view.root();
    for segment in path.segments() {
        // Segment by segment, to find what stands in the way of a path that leads nowhere.
        let step = Path::new(vec![segment.clone()]);
        let place = View::new(view.tree(), view.target(at))
            .node_at(&step)
            .ok()?;
        match place {
            Some(place) => at = place.node,
            // Something other than a map on the way is replaced by the longer path.
            None => {
                let open = matches!(
                    view.kind(at),
                    Ok(crate::values::view::ValueKind::Map | crate::values::view::ValueKind::List)
                );
                return (!open && at != view.root()).then_some(at);
            }
        }
    }
    Some(at)
}

/// Finds the carrier that a manifest of Flux v1 is, and refuses it.
pub(super) fn find_v1(doc: &Doc<'_>, found: &mut FileCarriers) {
    let mut carrier = doc.carrier(
        CarrierKind::FluxHelmRelease,
        doc.title("HelmRelease"),
        doc.root,
    );
    if let Some(chart) = doc.field_at(doc.root, &["spec", "chart"]) {
        if let Some(name) = doc.text_at(chart.node, &["name"]) {
            let url = doc.text_at(chart.node, &["repository"]);
            carrier.chart = ChartRef::named(chart.node, &name, url.as_deref());
        } else if let Some(url) = doc.text_at(chart.node, &["git"]) {
            carrier.chart = ChartRef::new(
                chart.node,
                ChartSource::Folder {
                    path: doc.text_at(chart.node, &["path"]).unwrap_or_default(),
                    url: Some(url),
                    name: None,
                },
            );
        }
    }
    let at = doc
        .field_at(doc.root, &["apiVersion"])
        .map_or(doc.root, |field| field.node);
    carrier.refuse(
        RefusalReason::Obsolete,
        at,
        "this is a HelmRelease of Flux v1",
        "Flux v1 and its Helm operator ended in 2022; they ran Helm with rules of their own.",
        "Move to `helm.toolkit.fluxcd.io/v2` first, or upgrade the values by themselves.",
    );
    found.carriers.push(carrier);
}
