//! Sveltos: the charts that a `ClusterProfile` or a `Profile` brings to clusters.
//!
//! Each item of `spec.helmCharts` is a release. Precedence, low to high: `values`, a text that may be a
//! template, then the ConfigMaps and Secrets of `valuesFrom`, of each every key, sorted
//! (`getHelmChartInstantiatedValues` in `controllers/handlers_helm.go` of projectsveltos/addon-controller).
//! These are merged with a library that passes over empty values, as Helm does not, so that they are told and
//! never edited. `chartName` begins with `repositoryName` where the repository is one of the classic kind.

use super::chart::ChartRef;
use super::model::{Carrier, CarrierKind, CarrierLayer, FileCarriers, LayerSource, RefusalReason};
use super::read::{BY_THEMSELVES, Doc, Field};

/// Finds the releases of a manifest of `config.projectsveltos.io`.
pub(super) fn find(doc: &Doc<'_>, kind: &str, found: &mut FileCarriers) {
    if !matches!(kind, "ClusterProfile" | "Profile") {
        return;
    }
    let profile = doc.title(kind);
    for item in doc.items_at(doc.root, &["spec", "helmCharts"]) {
        found.carriers.push(release(doc, &profile, item));
    }
}

fn release(doc: &Doc<'_>, profile: &str, item: Field) -> Carrier {
    let text = |field: &str| doc.text_at(item.node, &[field]);
    let name = text("releaseName");
    let title = format!("{profile} {}", name.as_deref().unwrap_or("(unnamed)"));
    let mut carrier = doc.carrier(CarrierKind::SveltosHelmChart, title, item.node);
    carrier.release_name = name;
    carrier.namespace = text("releaseNamespace");
    name_chart(doc, item, &mut carrier);
    if let Some(values) = doc.field_at(item.node, &["values"]) {
        carrier
            .layers
            .push(CarrierLayer::new(values, LayerSource::Text));
    }
    for object in doc.items_at(item.node, &["valuesFrom"]) {
        carrier.layers.push(CarrierLayer::opaque(
            object,
            "Sveltos merges every key of this object over `values`, but for those that are empty",
        ));
    }
    carrier
}

/// Takes over what an item says of the chart and its version.
fn name_chart(doc: &Doc<'_>, item: Field, carrier: &mut Carrier) {
    let address = doc.text_at(item.node, &["repositoryURL"]);
    let Some(field) = doc.field_at(item.node, &["chartName"]) else {
        carrier.refuse(
            RefusalReason::NoChart,
            item.node,
            "this entry names no chart",
            "Sveltos takes the chart out of a source of Flux, with the version that lies there.",
            BY_THEMSELVES,
        );
        return;
    };
    let written = doc.text(field.node).unwrap_or_default();
    let prefix = doc.text_at(item.node, &["repositoryName"]);
    let name = prefix
        .and_then(|prefix| written.strip_prefix(&prefix)?.strip_prefix('/'))
        .unwrap_or(&written);
    carrier.chart = ChartRef::named(field.node, name, address.as_deref());
    carrier.refuse_templated_chart("Sveltos fills it in for each cluster.");
    carrier.version = doc.version_at(item.node, &["chartVersion"]);
}
