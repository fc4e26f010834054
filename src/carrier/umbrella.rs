//! Umbrella charts: the `dependencies` of a `Chart.yaml`.
//!
//! A dependency's values stand in the parent's `values.yaml` under its alias, or its name; `global` is
//! shared by all and stands at the root. The parent's values win over the dependency's defaults
//! (`topics/charts.md` of helm/helm-www). Charts of before Helm 3 keep the list in `requirements.yaml`.
//!
//! Three fields name values without setting them, and follow a renamed key: `condition` (paths joined
//! by commas, the first that exists decides; Helm splits at every dot and knows no escapes:
//! `processImportValues` and `processDependencyConditions` in `internal/chart/.../dependencies.go` of
//! helm/helm), and `import-values` with its `child` and `parent`.

use std::path::Path as FilePath;

use super::chart::{ChartRef, ChartSource, is_templated};
use super::model::{
    Carrier, CarrierKind, CarrierLayer, FileCarriers, FileRef, LayerSource, MentionKind, OwnChart,
    PathMention, RefusalReason, Root,
};
use super::read::{BY_THEMSELVES, Doc, Field, file_name};
use crate::values::Path;

/// True for the document of a chart with dependencies.
pub(super) fn is_shape(doc: &Doc<'_>, path: &FilePath) -> bool {
    let old = file_name(path) == "requirements.yaml";
    (old || own_chart(doc, path).is_some()) && doc.field_at(doc.root, &["dependencies"]).is_some()
}

/// The chart that a `Chart.yaml` describes.
pub(super) fn own_chart(doc: &Doc<'_>, path: &FilePath) -> Option<OwnChart> {
    let is_chart = file_name(path) == "Chart.yaml";
    // Helm takes no `Chart.yaml` for a chart that does not say its `apiVersion`.
    if !is_chart || doc.field_at(doc.root, &["apiVersion"]).is_none() {
        return None;
    }
    Some(OwnChart {
        name: doc.text_at(doc.root, &["name"])?,
        version: doc.version_at(doc.root, &["version"]),
    })
}

/// Finds the dependencies.
pub(super) fn find(doc: &Doc<'_>, found: &mut FileCarriers) {
    for item in doc.items_at(doc.root, &["dependencies"]) {
        if doc.is_map(item.node) {
            found.carriers.push(dependency(doc, item));
        }
    }
}

fn dependency(doc: &Doc<'_>, item: Field) -> Carrier {
    let map = item.node;
    let name = doc.text_at(map, &["name"]);
    let alias = doc.text_at(map, &["alias"]);
    let shown = alias.or_else(|| name.clone());
    let shown = shown.as_deref().unwrap_or("(unnamed)");
    let parent = doc.text_at(doc.root, &["name"]);
    let title = match parent {
        Some(parent) => format!("dependency {shown} of {parent}"),
        None => format!("dependency {shown}"),
    };
    let mut carrier = doc.carrier(CarrierKind::Dependency, title, map);
    let Some(name) = name else {
        carrier.refuse(
            RefusalReason::NoChart,
            map,
            "this dependency has no name",
            "Helm refuses it too.",
            "Name the chart.",
        );
        return carrier;
    };
    carrier.prefix = Path::keys([shown.to_owned()]);
    let at = doc.field_at(map, &["name"]).map_or(map, |field| field.node);
    let repository = doc.text_at(map, &["repository"]);
    carrier.chart = match repository.as_deref() {
        Some(url) if url.starts_with("file://") => ChartRef::new(
            at,
            ChartSource::Folder {
                path: url.trim_start_matches("file://").to_owned(),
                url: None,
                name: Some(name),
            },
        ),
        // `@name` and `alias:name`: a repository that the user's Helm knows by that name.
        Some(url) if url.starts_with('@') || url.starts_with("alias:") => {
            ChartRef::named(at, &name, None)
        }
        Some(url) => ChartRef::named(at, &name, Some(url)),
        // Without an address the chart lies in `charts/`.
        None => ChartRef::new(
            at,
            ChartSource::Folder {
                path: format!("charts/{name}"),
                url: None,
                name: Some(name),
            },
        ),
    };
    if is_templated(shown) {
        carrier.refuse(
            RefusalReason::Templated,
            map,
            "a template names the dependency",
            "Under which key its values stand is not said here.",
            BY_THEMSELVES,
        );
    }
    carrier.version = doc.version_at(map, &["version"]);
    mentions(doc, item, &mut carrier);
    carrier.layers.push(CarrierLayer::new(
        item,
        LayerSource::File(FileRef {
            path: "values.yaml".to_owned(),
            root: Root::Folder,
            // A chart need not have values of its own.
            missing_ok: true,
            glob: false,
        }),
    ));
    carrier
}

fn mentions(doc: &Doc<'_>, item: Field, carrier: &mut Carrier) {
    let mut mention = |field: Option<Field>, kind| {
        if let Some(field) = field
            && let Some(text) = doc.text(field.node).filter(|text| !text.is_empty())
        {
            carrier.mentions.push(PathMention {
                node: field.node,
                text,
                kind,
            });
        }
    };
    mention(
        doc.field_at(item.node, &["condition"]),
        MentionKind::Condition,
    );
    for import in doc.items_at(item.node, &["import-values"]) {
        if doc.is_map(import.node) {
            mention(
                doc.field_at(import.node, &["child"]),
                MentionKind::ImportChild,
            );
            mention(
                doc.field_at(import.node, &["parent"]),
                MentionKind::ImportParent,
            );
        } else {
            mention(Some(import), MentionKind::ImportExport);
        }
    }
}
