//! What carriers refer to: the objects that hold an address, a version, or values.
//!
//! They are found beside the carriers and joined to them later ([`super::resolve`]), because they mostly
//! lie in other files.

use std::path::Path as FilePath;

use super::chart::{ChartRef, object_ref};
use super::flux;
use super::model::{CarrierLayer, FileCarriers, ObjectRef};
use super::read::{Doc, is_kustomization_file};
use super::version::{VersionPlace, VersionStyle};
use crate::values::view::ValueKind;
use crate::yaml::NodeId;

/// An object that carriers refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestObject {
    /// Its `kind`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace, if that is said in the file; kustomize and Flux often add it later.
    pub namespace: Option<String>,
    /// The document of the file, from 0.
    pub document: usize,
    /// The node that messages point to.
    pub at: NodeId,
    /// The body.
    pub body: ObjectBody,
}

/// The body of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectBody {
    /// A chart repository or a registry's path without the chart's name (Flux `HelmRepository`).
    Repository {
        /// Its address.
        url: String,
    },
    /// One chart in a registry (Flux `OCIRepository`).
    Chart {
        /// The chart: the address with the name at its end.
        chart: ChartRef,
        /// Its version.
        version: Option<VersionPlace>,
    },
    /// A chart by name from another object (Flux `HelmChart`).
    Named {
        /// The chart.
        chart: ChartRef,
        /// Its version.
        version: Option<VersionPlace>,
        /// The files that take the place of its defaults.
        files: Vec<CarrierLayer>,
    },
    /// Files in Git or in a bucket (Flux `GitRepository`, `Bucket`).
    Files {
        /// The address.
        url: String,
        /// The branch, tag or commit.
        revision: Option<VersionPlace>,
    },
    /// Texts by key (`ConfigMap`, the `stringData` of a `Secret`).
    Texts {
        /// Key and scalar.
        entries: Vec<(String, NodeId)>,
        /// Keys whose text cannot be read here (base64, encrypted).
        hidden: Vec<String>,
    },
    /// Texts by key, each the content of a file (`configMapGenerator` of kustomize).
    Generated {
        /// Key, file relative to the folder of the kustomization, and where it is named.
        files: Vec<(String, String, NodeId)>,
    },
}

/// Hides what an object says, because it is encrypted.
pub(super) fn encrypt(object: &mut ManifestObject) {
    if let ObjectBody::Texts { entries, hidden } = &mut object.body {
        hidden.extend(entries.drain(..).map(|(key, _)| key));
    }
}

/// Finds the object that a manifest is.
pub(super) fn find(doc: &Doc<'_>, path: &FilePath, found: &mut FileCarriers) {
    let api = doc.text_at(doc.root, &["apiVersion"]).unwrap_or_default();
    let kind = doc.text_at(doc.root, &["kind"]).unwrap_or_default();
    let group = api.split_once('/').map_or("", |(group, _)| group);
    if group == "kustomize.config.k8s.io" || is_kustomization_file(path) {
        generators(doc, found);
        return;
    }
    let (Some(name), namespace) = doc.identity() else {
        return;
    };
    let spec = doc.field_at(doc.root, &["spec"]).map(|field| field.node);
    let body = match (group, kind.as_str(), spec) {
        ("", "ConfigMap", _) if api == "v1" => texts(doc, "data"),
        ("", "Secret", _) if api == "v1" => secret(doc),
        ("source.toolkit.fluxcd.io", "HelmRepository", Some(spec)) => doc
            .text_at(spec, &["url"])
            .map(|url| ObjectBody::Repository { url }),
        ("source.toolkit.fluxcd.io", "GitRepository" | "Bucket", Some(spec)) => {
            // In this order of precedence: docs/spec/v1/gitrepositories.md of fluxcd/source-controller.
            let revision = ["commit", "semver", "tag", "branch"]
                .iter()
                .find_map(|field| {
                    let field = doc.field_at(spec, &["ref", field])?;
                    Some(VersionPlace::of_git(doc.text(field.node)?, field.node))
                });
            doc.text_at(spec, &["url"])
                .or_else(|| doc.text_at(spec, &["endpoint"]))
                .map(|url| ObjectBody::Files { url, revision })
        }
        ("source.toolkit.fluxcd.io", "OCIRepository", Some(spec)) => oci(doc, spec),
        ("source.toolkit.fluxcd.io", "HelmChart", Some(spec)) => {
            helm_chart(doc, spec, namespace.as_deref())
        }
        _ => None,
    };
    if let Some(body) = body {
        found.objects.push(ManifestObject {
            kind,
            name,
            namespace,
            document: doc.document,
            at: doc.root,
            body,
        });
    }
}

fn oci(doc: &Doc<'_>, spec: NodeId) -> Option<ObjectBody> {
    let url = doc.field_at(spec, &["url"])?;
    let text = doc.text(url.node)?;
    // In this order of precedence: docs/spec/v1/ocirepositories.md of fluxcd/source-controller.
    let version = ["digest", "semver", "tag"].iter().find_map(|name| {
        let field = doc.field_at(spec, &["ref", name])?;
        let text = doc.text(field.node)?;
        Some(if *name == "digest" {
            VersionPlace {
                style: VersionStyle::Revision,
                ..VersionPlace::of_git(text, field.node)
            }
        } else {
            VersionPlace::of_chart(text, field.node)
        })
    });
    Some(ObjectBody::Chart {
        chart: ChartRef::of_text(url.node, &text),
        version,
    })
}

fn helm_chart(doc: &Doc<'_>, spec: NodeId, namespace: Option<&str>) -> Option<ObjectBody> {
    let chart = doc.field_at(spec, &["chart"])?;
    let source = doc.field_at(spec, &["sourceRef"])?;
    let object = object_ref(doc, source.node, "HelmRepository", namespace)?;
    Some(ObjectBody::Named {
        chart: ChartRef::new(
            chart.node,
            super::chart::ChartSource::Named {
                name: doc.text(chart.node)?,
                object,
            },
        ),
        version: doc.version_at(spec, &["version"]),
        files: flux::values_files(doc, spec),
    })
}

fn texts(doc: &Doc<'_>, field: &str) -> Option<ObjectBody> {
    let data = doc.field_at(doc.root, &[field])?;
    let mut entries = Vec::new();
    let mut hidden = Vec::new();
    for entry in doc.view.entries(data.node).ok()?.entries {
        if matches!(doc.view.kind(entry.value), Ok(ValueKind::String)) {
            entries.push((entry.name.into_owned(), entry.value));
        } else {
            hidden.push(entry.name.into_owned());
        }
    }
    Some(ObjectBody::Texts { entries, hidden })
}

fn secret(doc: &Doc<'_>) -> Option<ObjectBody> {
    let plain = texts(doc, "stringData");
    let coded = texts(doc, "data");
    if plain.is_none() && coded.is_none() {
        return None;
    }
    let mut entries = Vec::new();
    let mut hidden = Vec::new();
    if let Some(ObjectBody::Texts {
        entries: plain,
        hidden: other,
    }) = plain
    {
        entries = plain;
        hidden = other;
    }
    // `stringData` wins where both have a key.
    if let Some(ObjectBody::Texts {
        entries: coded,
        hidden: other,
    }) = coded
    {
        let names = coded.into_iter().map(|(key, _)| key).chain(other);
        hidden.extend(names.filter(|key| !entries.iter().any(|(plain, _)| plain == key)));
    }
    Some(ObjectBody::Texts { entries, hidden })
}

/// `configMapGenerator` and `secretGenerator` of a kustomization.
fn generators(doc: &Doc<'_>, found: &mut FileCarriers) {
    let namespace = doc.text_at(doc.root, &["namespace"]);
    for (field, kind) in [
        ("configMapGenerator", "ConfigMap"),
        ("secretGenerator", "Secret"),
    ] {
        for item in doc.items_at(doc.root, &[field]) {
            let Some(name) = doc.text_at(item.node, &["name"]) else {
                continue;
            };
            let files: Vec<(String, String, NodeId)> = doc
                .items_at(item.node, &["files"])
                .into_iter()
                .filter_map(|file| {
                    let text = doc.text(file.node)?;
                    let (key, path) = match text.split_once('=') {
                        Some((key, path)) => (key.to_owned(), path.to_owned()),
                        None => (
                            text.rsplit('/').next().unwrap_or(&text).to_owned(),
                            text.clone(),
                        ),
                    };
                    Some((key, path, file.node))
                })
                .collect();
            if files.is_empty() {
                continue;
            }
            found.objects.push(ManifestObject {
                kind: kind.to_owned(),
                name,
                // kustomize puts its own namespace on everything, whatever the generator says.
                namespace: namespace
                    .clone()
                    .or_else(|| doc.text_at(item.node, &["namespace"])),
                document: doc.document,
                at: item.node,
                body: ObjectBody::Generated { files },
            });
        }
    }
}

impl ManifestObject {
    /// True if a reference may mean this object: the same kind and name, and no two namespaces that differ.
    #[must_use]
    pub fn is_meant_by(&self, reference: &ObjectRef) -> bool {
        self.kind == reference.kind
            && self.name == reference.name
            && match (&self.namespace, &reference.namespace) {
                (Some(own), Some(wanted)) => own == wanted,
                _ => true,
            }
    }
}
