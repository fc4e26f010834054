//! k3s and RKE2: `HelmChart` and `HelmChartConfig`.
//!
//! Precedence, low to high (`pkg/controllers/chart/chart.go` of k3s-io/helm-controller; the values
//! become files whose names sort in this order): `valuesContent`, `values`, `valuesSecrets` of the
//! HelmChart; the same three of the HelmChartConfig with its name and namespace; then `set` of the
//! HelmChart. `set` is a map of `--set` paths: whole numbers and the words `true`, `false` and `null`
//! are typed, all else stays a text (`typedVal`), and its keys are used in sorted order.
//!
//! A HelmChartConfig is mostly there because the HelmChart is not: k3s brings its own. Then it is a
//! carrier by itself, without a version.

use super::chart::{ChartRef, ChartSource};
use super::dialect::Dialect;
use super::model::{
    Carrier, CarrierKind, CarrierLayer, FileCarriers, LayerSource, ObjectRef, PathEntry, PathValue,
    RefusalReason, ValuesRef,
};
use super::read::Doc;
use crate::values::view::ValueKind;
use crate::yaml::NodeId;

/// Finds the carrier that a manifest of `helm.cattle.io` is.
pub(super) fn find(doc: &Doc<'_>, kind: &str, found: &mut FileCarriers) {
    let (kind, title) = match kind {
        "HelmChart" => (CarrierKind::K3sHelmChart, doc.title("HelmChart")),
        "HelmChartConfig" => (
            CarrierKind::K3sHelmChartConfig,
            doc.title("HelmChartConfig"),
        ),
        _ => return,
    };
    let mut carrier = doc.carrier(kind, title, doc.root);
    let (name, namespace) = doc.identity();
    carrier.release_name = name.clone();
    let Some(spec) = doc.field_at(doc.root, &["spec"]) else {
        return;
    };
    if kind == CarrierKind::K3sHelmChartConfig {
        if let Some(name) = name {
            carrier.chart = ChartRef::new(
                doc.root,
                ChartSource::Object(ObjectRef {
                    kind: "HelmChart".to_owned(),
                    name,
                    namespace: namespace.clone(),
                    node: doc.root,
                }),
            );
        }
    } else {
        carrier.namespace = doc.text_at(spec.node, &["targetNamespace"]);
        chart(doc, spec.node, &mut carrier);
    }
    layers(doc, spec.node, namespace.as_deref(), &mut carrier);
    if kind == CarrierKind::K3sHelmChart
        && let Some(set) = doc.field_at(spec.node, &["set"])
        && let Ok(entries) = doc.view.entries(set.node)
        && !entries.entries.is_empty()
    {
        let entries = entries
            .entries
            .into_iter()
            .map(|entry| PathEntry {
                node: entry.key,
                name: entry.key,
                path: entry.name.into_owned(),
                value: value(doc, entry.value),
            })
            .collect();
        carrier.layers.push(CarrierLayer::new(
            set,
            LayerSource::Paths {
                entries,
                dialect: Dialect::K3s,
            },
        ));
    }
    found.carriers.push(carrier);
}

fn value(doc: &Doc<'_>, node: NodeId) -> PathValue {
    let text = doc.text(node).unwrap_or_default();
    let typed = match doc.view.kind(node) {
        Ok(ValueKind::Number) => true,
        // Written without quotes these are no strings, and Kubernetes refuses them.
        Ok(ValueKind::Bool | ValueKind::Null) => true,
        _ => ["true", "false", "null"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word)),
    };
    let node = Some(node);
    if typed {
        PathValue::Set { node, text }
    } else {
        PathValue::String { node, text }
    }
}

fn chart(doc: &Doc<'_>, spec: NodeId, carrier: &mut Carrier) {
    if let Some(content) = doc.field_at(spec, &["chartContent"]) {
        carrier.refuse(
            RefusalReason::Packed,
            content.node,
            "the chart itself is packed into `chartContent`",
            "The new version would have to be packed in as well.",
            "Name the chart with `chart`, `repo` and `version`, or upgrade the values by themselves.",
        );
    }
    let Some(field) = doc.field_at(spec, &["chart"]) else {
        if carrier.refused.is_none() {
            carrier.refuse(
                RefusalReason::NoChart,
                spec,
                "this HelmChart names no chart",
                "It is a patch for another HelmChart; which chart that one has is not said here.",
                "Name the file together with the one it belongs to.",
            );
        }
        return;
    };
    let text = doc.text(field.node).unwrap_or_default();
    let repository = doc.text_at(spec, &["repo"]);
    carrier.chart = match repository {
        Some(url) if !text.contains("://") => ChartRef::named(field.node, &text, Some(&url)),
        _ => ChartRef::of_text(field.node, &text),
    };
    carrier.refuse_templated_chart("Which chart the values are for is not said here.");
    if text.contains("://") && text.ends_with(".tgz") {
        carrier.notice(
            field.node,
            "The chart is named by the address of its archive, which stays as it is: write that of the new version in its place.",
        );
    }
    carrier.version = doc.version_at(spec, &["version"]);
}

fn layers(doc: &Doc<'_>, spec: NodeId, namespace: Option<&str>, carrier: &mut Carrier) {
    if let Some(text) = doc.field_at(spec, &["valuesContent"]) {
        carrier
            .layers
            .push(CarrierLayer::new(text, LayerSource::Text));
    }
    if let Some(map) = doc.field_at(spec, &["values"])
        && doc.is_map(map.node)
    {
        carrier
            .layers
            .push(CarrierLayer::new(map, LayerSource::Map));
    }
    for item in doc.items_at(spec, &["valuesSecrets"]) {
        let Some(name) = doc.text_at(item.node, &["name"]) else {
            continue;
        };
        for key in doc.items_at(item.node, &["keys"]) {
            let Some(key_text) = doc.text(key.node) else {
                continue;
            };
            carrier.layers.push(CarrierLayer::new(
                key,
                LayerSource::Reference(ValuesRef {
                    object: ObjectRef {
                        kind: "Secret".to_owned(),
                        name: name.clone(),
                        namespace: namespace.map(str::to_owned),
                        node: item.node,
                    },
                    key: key_text,
                    target_path: None,
                    // helm-controller takes a Secret for optional if changes of it are ignored.
                    missing_ok: doc.is_true(item.node, &["ignoreUpdates"]),
                }),
            ));
        }
    }
}
