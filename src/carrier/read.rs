//! Reading manifests: the little that all kinds need to find their fields.
//!
//! A field that cannot be read as the tool reads it counts as not there; nothing here fails, because a
//! folder holds many files that are not what they seem.

use std::path::Path as FilePath;

use super::model::{
    Carrier, CarrierKind, CarrierLayer, CarrierNotice, FileCarriers, LayerSource, ObjectRef,
    RefusalReason, Refused,
};
use super::{
    chart::{ChartRef, ChartSource},
    object,
    version::VersionPlace,
};
use crate::values::Path;
use crate::values::view::{ValueKind, Via, View};
use crate::yaml::{Kind as NodeKind, NodeId, Tree};

/// What helps where a manifest does not tell the chart.
pub(super) const BY_THEMSELVES: &str =
    "Upgrade the values by themselves: `refit upgrade --chart NAME FILE`.";

/// A field of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Its value as written; perhaps an alias.
    pub(super) node: NodeId,
    /// True if it was reached through an alias or a merge key.
    pub(super) shared: bool,
}

/// One document, or one item of a `kind: List`.
pub(super) struct Doc<'t> {
    pub(super) view: View<'t>,
    pub(super) document: usize,
    pub(super) root: NodeId,
}

impl<'t> Doc<'t> {
    pub(super) fn tree(&self) -> &'t Tree {
        self.view.tree()
    }

    /// A field of a map, unless it is null.
    pub(super) fn field(&self, map: NodeId, name: &str) -> Option<Field> {
        let entry = self.view.get(map, name).ok().flatten()?;
        if matches!(self.view.kind(entry.value), Ok(ValueKind::Null)) {
            return None;
        }
        Some(Field {
            node: entry.value,
            shared: entry.via != Via::Direct || self.tree().kind(entry.value) == NodeKind::Alias,
        })
    }

    /// The key of a field as written.
    pub(super) fn key(&self, map: NodeId, name: &str) -> Option<NodeId> {
        Some(self.view.get(map, name).ok().flatten()?.key)
    }

    /// A field below others.
    pub(super) fn field_at(&self, from: NodeId, path: &[&str]) -> Option<Field> {
        let mut field = Field {
            node: from,
            shared: false,
        };
        for name in path {
            let below = self.field(field.node, name)?;
            field = Field {
                node: below.node,
                shared: field.shared || below.shared,
            };
        }
        Some(field)
    }

    /// The text of a scalar, whatever its type; `None` for null and collections.
    pub(super) fn text(&self, node: NodeId) -> Option<String> {
        match self.view.kind(node) {
            Ok(ValueKind::String | ValueKind::Number | ValueKind::Bool) => {
                Some(self.tree().content(self.view.target(node)).to_owned())
            }
            _ => None,
        }
    }

    /// The text of a field that is not empty.
    pub(super) fn text_at(&self, from: NodeId, path: &[&str]) -> Option<String> {
        self.text(self.field_at(from, path)?.node)
            .filter(|text| !text.is_empty())
    }

    /// The chart version that a field below names.
    pub(super) fn version_at(&self, from: NodeId, path: &[&str]) -> Option<VersionPlace> {
        let field = self.field_at(from, path)?;
        Some(VersionPlace::of_chart(self.text(field.node)?, field.node))
    }

    /// True if a field is `true`.
    pub(super) fn is_true(&self, from: NodeId, path: &[&str]) -> bool {
        self.text_at(from, path).as_deref() == Some("true")
    }

    pub(super) fn is_map(&self, node: NodeId) -> bool {
        matches!(self.view.kind(node), Ok(ValueKind::Map))
    }

    pub(super) fn is_list(&self, node: NodeId) -> bool {
        matches!(self.view.kind(node), Ok(ValueKind::List))
    }

    /// The items of a list below; none if there is none.
    pub(super) fn items_at(&self, from: NodeId, path: &[&str]) -> Vec<Field> {
        let Some(list) = self.field_at(from, path) else {
            return Vec::new();
        };
        self.view
            .items(list.node)
            .map(|node| Field {
                node,
                shared: list.shared || self.tree().kind(node) == NodeKind::Alias,
            })
            .collect()
    }

    /// `metadata.name` and `metadata.namespace`.
    pub(super) fn identity(&self) -> (Option<String>, Option<String>) {
        (
            self.text_at(self.root, &["metadata", "name"]),
            self.text_at(self.root, &["metadata", "namespace"]),
        )
    }

    /// `KIND/NAMESPACE/NAME`, as far as it is known.
    pub(super) fn title(&self, kind: &str) -> String {
        let (name, namespace) = self.identity();
        let name = name.unwrap_or_else(|| "(unnamed)".to_owned());
        match namespace {
            Some(namespace) => format!("{kind}/{namespace}/{name}"),
            None => format!("{kind}/{name}"),
        }
    }

    /// The object that the manifest is, if it is one.
    fn object(&self) -> Option<ObjectRef> {
        let (name, namespace) = self.identity();
        self.text_at(self.root, &["apiVersion"])?;
        Some(ObjectRef {
            kind: self.text_at(self.root, &["kind"])?,
            name: name?,
            namespace,
            node: self.root,
        })
    }

    /// A carrier of which nothing is known yet but what it is.
    pub(super) fn carrier(&self, kind: CarrierKind, name: String, at: NodeId) -> Carrier {
        Carrier {
            kind,
            name,
            document: self.document,
            at,
            object: self.object(),
            chart: ChartRef::missing(at),
            version: None,
            version_file: None,
            layers: Vec::new(),
            prefix: Path::root(),
            release_name: None,
            namespace: None,
            mentions: Vec::new(),
            templated: Vec::new(),
            doubts: Vec::new(),
            notices: Vec::new(),
            refused: None,
        }
    }

    /// The scalars at and below a node that hold a marker of a template engine.
    pub(super) fn templated(&self, node: NodeId, markers: &[&str]) -> Vec<NodeId> {
        let tree = self.tree();
        let node = self.view.target(node);
        let end = tree.span(node).end;
        // Nodes stand in document order, a collection before its children.
        tree.nodes()
            .skip(node.index())
            .take_while(|&below| below == node || tree.span(below).start < end)
            .filter(|&below| matches!(tree.kind(below), NodeKind::Scalar(_)))
            .filter(|&below| {
                let content = tree.content(below);
                markers.iter().any(|marker| content.contains(marker))
            })
            .collect()
    }
}

impl CarrierLayer {
    pub(super) fn new(field: Field, source: LayerSource) -> Self {
        Self {
            node: field.node,
            shared: field.shared,
            source,
        }
    }

    pub(super) fn opaque(field: Field, why: impl Into<String>) -> Self {
        let why = why.into();
        Self::new(field, LayerSource::Opaque { why, target: None })
    }
}

impl Carrier {
    pub(super) fn notice(&mut self, node: NodeId, text: impl Into<String>) {
        self.notices.push(CarrierNotice {
            node,
            text: text.into(),
            blocks: false,
        });
    }

    pub(super) fn blocker(&mut self, node: NodeId, text: impl Into<String>) {
        self.notices.push(CarrierNotice {
            node,
            text: text.into(),
            blocks: true,
        });
    }

    /// Refuses the carrier if a template names its chart; `why` says who fills it in, and when.
    pub(super) fn refuse_templated_chart(&mut self, why: &str) {
        let ChartSource::Templated(text) = &self.chart.source else {
            return;
        };
        let what = format!("a template names the chart: {text}");
        let node = self.chart.node;
        self.refuse(RefusalReason::Templated, node, what, why, BY_THEMSELVES);
    }

    /// Refuses the carrier, unless it is refused already.
    pub(super) fn refuse(
        &mut self,
        reason: RefusalReason,
        node: NodeId,
        what: impl Into<String>,
        why: impl Into<String>,
        next: impl Into<String>,
    ) {
        self.refused.get_or_insert_with(|| Refused {
            reason,
            node,
            what: what.into(),
            why: why.into(),
            next: next.into(),
        });
    }
}

/// Goes through the manifests of a file.
pub(super) fn manifests(tree: &Tree) -> Vec<Doc<'_>> {
    let mut docs = Vec::new();
    for (document, info) in tree.documents().iter().enumerate() {
        let view = View::new(tree, info.root);
        let doc = Doc {
            view: view.clone(),
            document,
            root: info.root,
        };
        if !doc.is_map(info.root) {
            continue;
        }
        let list = doc.text_at(info.root, &["kind"]).as_deref() == Some("List")
            && doc.text_at(info.root, &["apiVersion"]).as_deref() == Some("v1");
        if list {
            for item in doc.items_at(info.root, &["items"]) {
                if doc.is_map(item.node) {
                    docs.push(Doc {
                        view: view.clone(),
                        document,
                        root: item.node,
                    });
                }
            }
        } else {
            docs.push(doc);
        }
    }
    docs
}

/// The name of a file, for kinds that are known by it.
pub(super) fn file_name(path: &FilePath) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("")
}

/// True for the names by which kustomize knows its file.
pub(crate) fn is_kustomization_file(path: &FilePath) -> bool {
    matches!(
        file_name(path),
        "kustomization.yaml" | "kustomization.yml" | "Kustomization"
    )
}

/// Refuses everything in a document that SOPS has encrypted.
pub(super) fn encrypted(doc: &Doc<'_>, found: &mut FileCarriers) {
    let Some(mac) = doc.field_at(doc.root, &["sops", "mac"]) else {
        return;
    };
    for carrier in found
        .carriers
        .iter_mut()
        .filter(|carrier| carrier.document == doc.document)
    {
        // Whatever else stops it can be seen only when it is decrypted.
        carrier.refused = Some(Refused {
            reason: RefusalReason::Encrypted,
            node: mac.node,
            what: "the manifest is encrypted with SOPS".to_owned(),
            why: "Each ciphertext is tied to its path, and a checksum covers them all.".to_owned(),
            next: "Decrypt the file, upgrade it, and encrypt it again.".to_owned(),
        });
    }
    for object in found
        .objects
        .iter_mut()
        .filter(|object| object.document == doc.document)
    {
        object::encrypt(object);
    }
}
