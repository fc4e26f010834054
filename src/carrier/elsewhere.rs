//! Manifests of tools that deploy charts and whose values refit does not edit: Crossplane's `Release` and Pulumi's
//! YAML programs. What chart and version they name is told, so that nobody takes them for looked after.
//!
//! Crossplane: `spec.forProvider.chart` with `name`, `repository`, `url` and `version`
//! (`apis/release/v1beta1/types.go` of crossplane-contrib/provider-helm). Pulumi: resources of the types
//! `kubernetes:helm.sh/v3:Release`, `kubernetes:helm.sh/v3:Chart` and `kubernetes:helm.sh/v4:Chart`, with `chart`,
//! `version` and `repositoryOpts.repo` (`v3:Chart`: `fetchOpts.repo`) among their `properties`.

use super::chart::ChartSource;
use super::model::{Elsewhere, FileCarriers};
use super::read::{Doc, Field};
use crate::yaml::NodeId;

/// Finds the release that a manifest of `helm.crossplane.io` is.
pub(super) fn find_crossplane(doc: &Doc<'_>, found: &mut FileCarriers) {
    let Some(chart) = doc.field_at(doc.root, &["spec", "forProvider", "chart"]) else {
        return;
    };
    let url = doc.text_at(chart.node, &["repository"]);
    let reference = match doc.field_at(chart.node, &["name"]) {
        Some(field) => {
            let name = doc.text(field.node).unwrap_or_default();
            (field.node, ChartSource::named(&name, url.as_deref()))
        }
        None => match doc.field_at(chart.node, &["url"]) {
            Some(field) => {
                let text = doc.text(field.node).unwrap_or_default();
                (field.node, ChartSource::of_text(&text))
            }
            None => return,
        },
    };
    push(
        doc,
        format!("Crossplane {}", doc.title("Release")),
        reference,
        doc.text_at(chart.node, &["version"]),
        found,
    );
}

/// True for a Pulumi program, or the file of a Pulumi project that contains one.
pub(super) fn is_pulumi(doc: &Doc<'_>) -> bool {
    doc.field_at(doc.root, &["resources"]).is_some()
        && (doc.text_at(doc.root, &["runtime"]).as_deref() == Some("yaml")
            || doc.text_at(doc.root, &["runtime", "name"]).as_deref() == Some("yaml"))
}

/// Finds the releases of a Pulumi program.
pub(super) fn find_pulumi(doc: &Doc<'_>, found: &mut FileCarriers) {
    let Some(resources) = doc.field_at(doc.root, &["resources"]) else {
        return;
    };
    let Ok(entries) = doc.view.entries(resources.node) else {
        return;
    };
    for entry in entries.entries {
        let kind = doc.text_at(entry.value, &["type"]).unwrap_or_default();
        if !kind.starts_with("kubernetes:helm.sh/") {
            continue;
        }
        let Some(properties) = doc.field_at(entry.value, &["properties"]) else {
            continue;
        };
        let Some(Field { node, .. }) = doc.field_at(properties.node, &["chart"]) else {
            continue;
        };
        let text = doc.text(node).unwrap_or_default();
        let url = ["repositoryOpts", "fetchOpts"]
            .iter()
            .find_map(|field| doc.text_at(properties.node, &[field, "repo"]));
        let reference = match url {
            Some(url) => ChartSource::named(&text, Some(&url)),
            None => ChartSource::of_text(&text),
        };
        push(
            doc,
            format!("Pulumi resource {}", entry.name),
            (node, reference),
            doc.text_at(properties.node, &["version"]),
            found,
        );
    }
}

fn push(
    doc: &Doc<'_>,
    title: String,
    (node, chart): (NodeId, ChartSource),
    version: Option<String>,
    found: &mut FileCarriers,
) {
    found.elsewhere.push(Elsewhere {
        title,
        offset: doc.tree().span(node).start,
        chart,
        version,
    });
}
