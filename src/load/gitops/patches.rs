//! Patches of HelmReleases that kustomize and Flux apply when they run: what they set is a layer above the release's own
//! values, wherever it is written.
//!
//! A patch that is a part of the object (a strategic-merge patch) and names one HelmRelease is such a layer: it is read
//! and edited, as a text in a kustomization, or as a map in a Flux `Kustomization`. All that one file has for a release
//! is laid over it together, in order. A JSON patch is a list of operations: where one replaces a setting that simply
//! moves, its path follows; any other one that touches values is told with its line. A patch for many releases at
//! once is told, too: what is right for one of them may not be for another.

use std::sync::Arc;

use super::{Carried, Mention, Scanned, layer::holds, release::Builder};
use crate::{
    bounds::lexical,
    carrier::{
        CarrierKind, CarrierLayer, LayerSource, MentionKind, PatchForm, TextPatch, pointer,
        resolve::Placed,
    },
    load::Loader,
    values::{Path, View},
    yaml::{Kind, NodeId, Tree},
};

/// The path of the values in a HelmRelease.
fn values() -> Path {
    Path::keys(["spec", "values"])
}

/// True if a patch is a layer of a release: a part of the object, for this release by its name, that sets values.
fn is_layer(patch: &TextPatch, one: &Carried, tree: &Tree) -> bool {
    let object = one.carrier.object.as_ref();
    let is_named = object.is_some_and(|object| {
        let namespaces = (&patch.namespace, &object.namespace);
        patch.name.as_ref() == Some(&object.name)
            && !matches!(namespaces, (Some(one), Some(other)) if one != other)
    });
    let path = values().concat(&one.release.prefix);
    is_named
        && match patch.form {
            PatchForm::Text => {
                let inner = Tree::parse(tree.scalar(patch.node).as_ref());
                inner.is_ok_and(|inner| holds(&inner, &path))
            }
            PatchForm::Map => {
                let place = View::new(tree, patch.node).at(&path);
                place.is_ok_and(|place| place.is_some())
            }
            PatchForm::Operations | PatchForm::File(_) => false,
        }
}

/// A release once more for each file that patches its values, with the patches on top.
pub(super) fn patched(loader: &Loader, scanned: &[Scanned], one: &Carried) -> Vec<Carried> {
    let is_whole = one.release.patches.is_none() && one.carrier.refused.is_none();
    if one.carrier.kind != CarrierKind::FluxHelmRelease || !is_whole {
        return Vec::new();
    }
    // What a patch says of `values` stands below what Flux puts at a path.
    let mut layers = one.release.layers.iter();
    let behind = layers
        .rposition(|placed| matches!(placed.layer.source, LayerSource::Map | LayerSource::File(_)))
        .map_or(one.release.layers.len(), |at| at + 1);
    let mut all = Vec::new();
    for (file, other) in scanned.iter().enumerate() {
        let tree = &loader.workspace.files[other.file].tree;
        let patches = other.found.patches.iter();
        let layers: Vec<Placed> = patches
            .filter(|patch| is_layer(patch, one, tree))
            .map(|patch| Placed {
                file,
                layer: CarrierLayer {
                    node: patch.node,
                    shared: false,
                    source: match patch.form {
                        PatchForm::Map => LayerSource::Map,
                        _ => LayerSource::Text,
                    },
                },
                value: None,
                named_by: one.release.carrier,
                prefix: values().concat(&one.release.prefix),
            })
            .collect();
        if layers.is_empty() {
            continue;
        }
        let mut patched = one.clone();
        let name = &loader.workspace.files[other.file].name;
        patched.carrier.name = format!("{} as {name} patches it", one.carrier.name);
        let none = layers.iter().map(|_| Vec::new());
        patched.candidates.splice(behind..behind, none);
        patched.release.layers.splice(behind..behind, layers);
        all.push(patched);
    }
    all
}

impl Builder<'_> {
    /// The tasks by hand about patches of this HelmRelease, and the paths in JSON patches that can follow a setting.
    pub(super) fn told_patches(&self) -> (Vec<String>, Vec<Mention>) {
        let (mut tasks, mut pointed) = (Vec::new(), Vec::new());
        let carrier = &self.one.carrier;
        if carrier.kind != CarrierKind::FluxHelmRelease {
            return (tasks, pointed);
        }
        let own = carrier.object.as_ref().map(|object| object.name.as_str());
        for (file, scanned) in self.scanned.iter().enumerate() {
            let tree = &self.file(file).tree;
            for patch in &scanned.found.patches {
                if !patch.may_mean(own) || is_layer(patch, self.one, tree) {
                    continue;
                }
                let operations = match &patch.form {
                    PatchForm::File(name) => match self.operations_in(file, name) {
                        Some(operations) => operations,
                        None => continue,
                    },
                    PatchForm::Operations => Operations::of(scanned.file, tree, patch.node),
                    PatchForm::Text | PatchForm::Map => Operations::Other(scanned.file, patch.node),
                };
                let told = match operations {
                    Operations::Other(file, node) => Some((file, node)),
                    // What is right for this release may not be for the others that the patch is for.
                    Operations::Paths(paths) if patch.name.is_none() => {
                        paths.first().map(|path| (path.file, path.node))
                    }
                    Operations::Paths(paths) => {
                        let prefix = &self.one.release.prefix;
                        pointed.extend(paths.into_iter().map(|path| Mention {
                            prefix: prefix.clone(),
                            ..path
                        }));
                        None
                    }
                };
                let Some((file, node)) = told else { continue };
                let file = &self.loader.workspace.files[file];
                let at = file.at(file.tree.span(node).start);
                tasks.push(format!(
                    "{}:{}: This patch changes the values of {} when it is applied; refit does not edit it. Change it by hand, together with the rest.",
                    at.file, at.line, carrier.name
                ));
            }
        }
        (tasks, pointed)
    }

    /// The operations in a file of its own; `None` if that is not here, or holds a part of the object, which is a layer.
    fn operations_in(&self, kustomization: usize, name: &str) -> Option<Operations> {
        let folder = self.scanned[kustomization].path.parent()?;
        let path = lexical(&folder.join(name));
        let index = *self.by_path.get(path.as_path())?;
        let tree = &self.loader.workspace.files[index].tree;
        let [document] = tree.documents() else {
            return None;
        };
        let is_list = matches!(tree.kind(document.root), Kind::Sequence { .. });
        is_list.then(|| Operations::of(index, tree, document.root))
    }
}

/// The work of a JSON patch on values.
enum Operations {
    /// It puts other values where some are; none if it touches no values. Each path can follow a setting.
    Paths(Vec<Mention>),
    /// It does more, in the file at the node.
    Other(usize, NodeId),
}

impl Operations {
    /// Reads a list of operations, or a text that holds one, at a node of a file.
    fn of(file: usize, tree: &Tree, node: NodeId) -> Self {
        if !matches!(tree.kind(node), Kind::Scalar(_)) {
            return Self::read(tree, node, (file, None));
        }
        match Tree::parse(tree.scalar(node).as_ref()) {
            Ok(inner) if inner.documents().len() == 1 => {
                let inner = Arc::new(inner);
                let root = inner.documents()[0].root;
                Self::read(&inner, root, (file, Some((node, &inner))))
            }
            _ => Self::Other(file, node),
        }
    }

    /// Reads the operations below `root`. The file is that of the tree, or of the scalar that holds its text.
    fn read(
        tree: &Tree,
        root: NodeId,
        (file, within): (usize, Option<(NodeId, &Arc<Tree>)>),
    ) -> Self {
        let view = View::new(tree, root);
        let text = |item, field| {
            let entry = view.get(item, field).ok().flatten()?;
            matches!(tree.kind(entry.value), Kind::Scalar(_)).then_some(entry.value)
        };
        let mut paths = Vec::new();
        for item in tree.items(root) {
            let Some(path) = text(item, "path") else {
                continue;
            };
            let written = tree.scalar(path);
            if !pointer::is_of_values(&written) {
                continue;
            }
            let host = within.map_or(path, |(host, _)| host);
            // Only what must be there already is certain to be there at its new place.
            let replaces = text(item, "op").is_some_and(|op| tree.scalar(op) == "replace");
            if !replaces || pointer::setting(&written).is_none() {
                return Self::Other(file, host);
            }
            paths.push(Mention {
                file,
                node: host,
                within: within.map(|(_, inner)| (Arc::clone(inner), path)),
                text: written.into_owned(),
                kind: MentionKind::Pointer,
                prefix: Path::root(),
            });
        }
        Self::Paths(paths)
    }
}
