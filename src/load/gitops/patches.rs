//! Patches of HelmReleases that kustomize and Flux apply when they run: what they set is a layer above the release's own
//! values, wherever it is written.
//!
//! A patch that is a part of the object (a strategic-merge patch) and names one HelmRelease is such a layer: it is read
//! and edited, as a text in a kustomization, or as a map in a Flux `Kustomization`. All that one file has for a release
//! is laid over it together, in order. A JSON patch is a list of operations: the paths of those that name values are
//! mentions of settings, which follow where these go or are told. A patch for many releases at once is told, too: what
//! is right for one of them may not be for another.
//!
//! All patches are read once ([`Patches`]), and looked up by the name that they are for.

use std::{collections::HashMap, path::Path as FilePath, sync::Arc};

use super::{
    Carried, Mention, PatchOperation, Scanned,
    layer::{as_named, has_map_at},
    release::Builder,
};
use crate::{
    bounds::{Bounds, lexical},
    carrier::{
        CarrierKind, CarrierLayer, LayerSource, MentionKind, PatchForm, TextPatch, pointer,
        resolve::Placed,
    },
    load::{InputFile, Loader},
    values::{Path, View},
    yaml::{Kind, NodeId, Tree},
};

/// The path of the values in a HelmRelease.
fn values() -> Path {
    Path::keys(["spec", "values"])
}

/// All patches of HelmReleases in the files, in their order.
#[derive(Default)]
pub(super) struct Patches {
    all: Vec<ReadPatch>,
    /// Those for one release, by its name.
    by_name: HashMap<String, Vec<usize>>,
    /// Those that may be for any.
    for_any: Vec<usize>,
}

/// A patch, and what it does.
struct ReadPatch {
    /// The scanned file that has or names it.
    file: usize,
    patch: TextPatch,
    work: PatchWork,
}

enum PatchWork {
    /// It is a part of the object: the text, read, or a map of the file.
    Part(Option<Box<Tree>>),
    /// It is a list of operations on values, of which these are the paths; none if it touches no values.
    Paths(Vec<Mention>),
    /// It cannot be read as either, in the file of the workspace at the node.
    Other(usize, NodeId),
}

impl Patches {
    /// Reads the patches of all files. A file that a patch is in is read, too, if it may be named from there.
    /// `by_path` are the files by their absolute path.
    pub(super) fn collect(
        loader: &mut Loader,
        scanned: &[Scanned],
        by_path: &HashMap<&FilePath, usize>,
    ) -> Self {
        let mut patches = Self::default();
        for (file, one) in scanned.iter().enumerate() {
            for patch in &one.found.patches {
                let work = match &patch.form {
                    PatchForm::File(name) => match in_file(loader, one, by_path, name) {
                        Some(work) => work,
                        None => continue,
                    },
                    PatchForm::Operations => {
                        operations(one.file, &loader.workspace.files[one.file].tree, patch.node)
                    }
                    PatchForm::Map => PatchWork::Part(None),
                    PatchForm::Text => {
                        let tree = &loader.workspace.files[one.file].tree;
                        match Tree::parse(tree.scalar(patch.node).as_ref()) {
                            Ok(inner) => PatchWork::Part(Some(Box::new(inner))),
                            Err(_) => PatchWork::Other(one.file, patch.node),
                        }
                    }
                };
                let number = patches.all.len();
                match &patch.name {
                    Some(name) => patches
                        .by_name
                        .entry(name.clone())
                        .or_default()
                        .push(number),
                    None => patches.for_any.push(number),
                }
                patches.all.push(ReadPatch {
                    file,
                    patch: patch.clone(),
                    work,
                });
            }
        }
        patches
    }

    /// The patches that may be for a release of a name, in the order of the files.
    fn may_mean<'p>(&'p self, name: Option<&str>) -> impl Iterator<Item = &'p ReadPatch> {
        let own = name.and_then(|name| self.by_name.get(name));
        let own = own.into_iter().flatten();
        let mut numbers: Vec<usize> = own.chain(&self.for_any).copied().collect();
        // Those by name and those for any come back into the order in which kustomize applies them.
        numbers.sort_unstable();
        numbers.into_iter().map(|number| &self.all[number])
    }

    /// A release once more for each file that patches its values, with the patches on top.
    pub(super) fn patched(
        &self,
        loader: &Loader,
        scanned: &[Scanned],
        one: &Carried,
    ) -> Vec<Carried> {
        let is_whole = one.release.patches.is_none() && one.carrier.refused.is_none();
        if one.carrier.kind != CarrierKind::FluxHelmRelease || !is_whole {
            return Vec::new();
        }
        // What a patch says of `values` stands below what Flux puts at a path.
        let mut layers = one.release.layers.iter();
        let behind = layers
            .rposition(|placed| {
                matches!(placed.layer.source, LayerSource::Map | LayerSource::File(_))
            })
            .map_or(one.release.layers.len(), |at| at + 1);
        let mut by_file: Vec<(usize, Vec<Placed>)> = Vec::new();
        for read in self.may_mean(name_of(one)) {
            let tree = &loader.workspace.files[scanned[read.file].file].tree;
            if !read.is_layer(one, tree) {
                continue;
            }
            let placed = Placed {
                file: read.file,
                layer: CarrierLayer {
                    node: read.patch.node,
                    shared: false,
                    source: match read.patch.form {
                        PatchForm::Map => LayerSource::Map,
                        _ => LayerSource::Text,
                    },
                },
                value: None,
                named_by: one.release.carrier,
                prefix: values().concat(&one.release.prefix),
            };
            match by_file.last_mut() {
                Some((file, layers)) if *file == read.file => layers.push(placed),
                _ => by_file.push((read.file, vec![placed])),
            }
        }
        let patched = by_file.into_iter().map(|(file, layers)| {
            let mut patched = one.clone();
            let name = &loader.workspace.files[scanned[file].file].name;
            patched.carrier.name = format!("{} as {name} patches it", one.carrier.name);
            let none = layers.iter().map(|_| Vec::new());
            patched.candidates.splice(behind..behind, none);
            patched.release.layers.splice(behind..behind, layers);
            patched
        });
        patched.collect()
    }
}

fn name_of(one: &Carried) -> Option<&str> {
    let object = one.carrier.object.as_ref()?;
    Some(object.name.as_str())
}

impl ReadPatch {
    /// True if it is a layer of a release: a part of the object, for this release by its name, that sets values. `tree`
    /// is that of its file.
    fn is_layer(&self, one: &Carried, tree: &Tree) -> bool {
        let object = one.carrier.object.as_ref();
        let is_named = object.is_some_and(|object| {
            let namespaces = (&self.patch.namespace, &object.namespace);
            self.patch.name.as_ref() == Some(&object.name)
                && !matches!(namespaces, (Some(one), Some(other)) if one != other)
        });
        let path = values().concat(&one.release.prefix);
        is_named
            && match &self.work {
                PatchWork::Part(Some(inner)) => has_map_at(inner, &path),
                PatchWork::Part(None) => {
                    let place = View::new(tree, self.patch.node).node_at(&path);
                    place.is_ok_and(|place| place.is_some())
                }
                PatchWork::Paths(_) | PatchWork::Other(..) => false,
            }
    }
}

impl Builder<'_> {
    /// The tasks by hand about patches of this HelmRelease, and the paths in JSON patches that name its settings.
    pub(super) fn told_patches(&self) -> (Vec<String>, Vec<Mention>) {
        let (mut tasks, mut pointed) = (Vec::new(), Vec::new());
        let carrier = &self.one.carrier;
        if carrier.kind != CarrierKind::FluxHelmRelease {
            return (tasks, pointed);
        }
        let prefix = &self.one.release.prefix;
        for read in self.patches.may_mean(name_of(self.one)) {
            let told = match &read.work {
                PatchWork::Part(_) => {
                    let host = self.file(read.file);
                    let is_layer = read.is_layer(self.one, &host.tree);
                    (!is_layer).then_some((self.scanned[read.file].file, read.patch.node))
                }
                PatchWork::Other(file, node) => Some((*file, *node)),
                // What is right for this release may not be for the others that the patch is for.
                PatchWork::Paths(paths) if read.patch.name.is_none() => {
                    paths.first().map(|path| (path.file, path.node))
                }
                PatchWork::Paths(paths) => {
                    pointed.extend(paths.iter().map(|path| Mention {
                        prefix: prefix.clone(),
                        ..path.clone()
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
        (tasks, pointed)
    }
}

/// The work of a patch in a file of its own; `None` if that cannot be read, or is found as a HelmRelease itself.
fn in_file(
    loader: &mut Loader,
    kustomization: &Scanned,
    by_path: &HashMap<&FilePath, usize>,
    name: &str,
) -> Option<PatchWork> {
    let path = lexical(&kustomization.path.parent()?.join(name));
    let found = by_path.get(path.as_path()).copied();
    let file = match found {
        Some(file) => file,
        None => {
            let bounds = Bounds::of(&kustomization.path, &kustomization.below);
            // Before it is read: what lies outside is not even looked at.
            if !bounds.contain(&path) || !path.is_file() {
                return None;
            }
            let shown = loader.workspace.files[kustomization.file].path.as_deref();
            let input = InputFile::Path(as_named(&path, shown, &kustomization.path));
            loader.file(&input).ok()?
        }
    };
    let tree = &loader.workspace.files[file].tree;
    let [document] = tree.documents() else {
        return None;
    };
    match tree.kind(document.root) {
        Kind::Sequence { .. } => Some(operations(file, tree, document.root)),
        // It is not among the files in which releases are looked for.
        _ if found.is_none() && has_map_at(tree, &values()) => {
            Some(PatchWork::Other(file, document.root))
        }
        _ => None,
    }
}

/// Reads a list of operations, or a text that holds one, at a node of a file.
fn operations(file: usize, tree: &Tree, node: NodeId) -> PatchWork {
    if !matches!(tree.kind(node), Kind::Scalar(_)) {
        return PatchWork::Paths(paths(tree, node, (file, None)));
    }
    match Tree::parse(tree.scalar(node).as_ref()) {
        Ok(inner) if inner.documents().len() == 1 => {
            let inner = Arc::new(inner);
            let root = inner.documents()[0].root;
            PatchWork::Paths(paths(&inner, root, (file, Some((node, &inner)))))
        }
        _ => PatchWork::Other(file, node),
    }
}

/// The paths of values that the operations below `root` name (RFC 6902). The file is that of the tree, or of the scalar
/// that holds its text.
fn paths(
    tree: &Tree,
    root: NodeId,
    (file, within): (usize, Option<(NodeId, &Arc<Tree>)>),
) -> Vec<Mention> {
    let view = View::new(tree, root);
    let field = |item, field| view.get(item, field).ok().flatten();
    let text = |item, name| {
        let entry = field(item, name)?;
        matches!(tree.kind(entry.value), Kind::Scalar(_)).then_some(entry.value)
    };
    let mut named = Vec::new();
    for item in tree.items(root) {
        let op = text(item, "op").map(|op| tree.scalar(op));
        let value = field(item, "value").and_then(|entry| view.value(entry.value).ok());
        let operation = PatchOperation {
            // Only these put something where nothing need be; the others fail without a value there (RFC 6902).
            adds: matches!(op.as_deref(), Some("add" | "copy" | "move")),
            value,
        };
        let scalars = [
            text(item, "from").map(|from| (from, PatchOperation::default())),
            text(item, "path").map(|path| (path, operation)),
        ];
        for (path, operation) in scalars.into_iter().flatten() {
            let written = tree.scalar(path);
            if !pointer::is_of_values(&written) {
                continue;
            }
            named.push(Mention {
                file,
                node: within.map_or(path, |(host, _)| host),
                within: within.map(|(_, inner)| (Arc::clone(inner), path)),
                text: written.into_owned(),
                kind: MentionKind::Pointer,
                prefix: Path::root(),
                operation: Some(operation),
            });
        }
    }
    named
}
