//! The layers of a release, as its manifest names them: blocks that can be edited, or what cannot be read.

use std::path::{Path as FilePath, PathBuf};

use super::{
    super::{
        InputFile, LoadError, LoadErrorKind, NamedLayer, NotHere, Sealed, sealed::invented_text,
    },
    release::Builder,
};
use crate::{
    block::BlockPlace,
    bounds::Bounds,
    carrier::{
        self, LayerSource, Root, TargetPath, paths,
        resolve::Placed,
        set::{self, Typing},
    },
    values::{
        Map, Path, Segment, Value, coalesce::GLOBAL, merge::merge, place_of, view::ValueKind,
        view::View,
    },
    walk,
    yaml::{HostPlaces, Tree},
};

impl Builder<'_> {
    /// The layers that a layer of the carrier stands for: one, or all files that a pattern finds.
    pub(super) fn layers(
        &mut self,
        placed: &Placed,
        candidates: &[PathBuf],
    ) -> Vec<Result<Option<NamedLayer>, Box<LoadError>>> {
        let LayerSource::File(reference) = &placed.layer.source else {
            return vec![self.layer(placed, candidates)];
        };
        let bounds = self.bounds(placed.file);
        let there = |path: &&PathBuf| bounds.contain(path) && path.is_file();
        // A file whose name looks like a pattern and is there is that file.
        if !reference.glob || candidates.iter().any(|path| there(&path)) {
            return vec![self.layer(placed, candidates)];
        }
        let mut files = Vec::new();
        // The candidates are the one pattern below several possible roots: the first that has files is meant.
        for pattern in candidates.iter().filter(|pattern| bounds.contain(pattern)) {
            let named = walk::NamedPath::Argument(pattern.clone());
            let walked = walk::find(&[named], walk::Limits::default());
            let found = walked.files.into_iter().map(|file| file.path);
            files.extend(found.filter(|path| bounds.contain(path)));
            if !files.is_empty() {
                break;
            }
        }
        if files.is_empty() {
            return vec![self.layer(placed, candidates)];
        }
        let one = |file: PathBuf| self.layer(placed, &[file]);
        files.into_iter().map(one).collect()
    }

    /// A layer of the release; nothing if it sets nothing of this chart.
    fn layer(
        &mut self,
        placed: &Placed,
        candidates: &[PathBuf],
    ) -> Result<Option<NamedLayer>, Box<LoadError>> {
        let prefix = &placed.prefix;
        let node = placed.layer.node;
        let loaded = self.file(placed.file);
        let tree = &loaded.tree;
        let document = tree.document_of(node);
        let path = place_of(tree, node);
        // A file is edited in itself, and what cannot be read is not edited at all.
        let is_edited = matches!(
            placed.layer.source,
            LayerSource::Map | LayerSource::Text | LayerSource::Paths { .. }
        );
        if placed.layer.shared && is_edited {
            return Err(LoadErrorKind::SharedAnchor.at_node(loaded, node));
        }
        // Only to a sub-chart something is handed down.
        let of_part = !self.one.release.prefix.is_root();
        let place = match &placed.layer.source {
            LayerSource::Map => {
                let view = View::new(tree, tree.documents()[document].root);
                let global = of_part.then(|| global_of(&view, &path)).flatten();
                let path = path.concat(prefix);
                let there = view.node_at(&path).ok().flatten();
                let is_map =
                    there.is_some_and(|place| matches!(view.kind(place.node), Ok(ValueKind::Map)));
                // Also a layer that has nothing of this chart may hand a `global` down to it.
                self.hand_down(global);
                match is_map {
                    true => BlockPlace::Map { document, path },
                    false => return Ok(None),
                }
            }
            LayerSource::Text => {
                let text = tree.scalar(node);
                if text.trim().is_empty() {
                    return Ok(None);
                }
                let inner = Tree::parse(text.as_ref()).map_err(|e| {
                    let offset = crate::yaml::host_offset(tree, node, e.offset);
                    LoadErrorKind::StringNotYaml(e.kind).at(loaded, offset)
                })?;
                let places = HostPlaces::of(tree, node);
                self.hand_down(of_part.then(|| global_in(&inner)).flatten());
                if !has_map_at(&inner, prefix) {
                    return Ok(None);
                }
                BlockPlace::Text {
                    document,
                    path,
                    tree: inner,
                    prefix: prefix.clone(),
                    places,
                }
            }
            LayerSource::Paths { entries, dialect } => {
                let assigned = paths::read(entries, *dialect);
                if let Some((entry, error)) =
                    assigned.oddities.iter().find_map(|odd| match &odd.kind {
                        paths::OddityKind::Refused(error) => Some((odd.entry, error)),
                        _ => None,
                    })
                {
                    let kind = LoadErrorKind::PathString(error.to_string());
                    return Err(kind.at_node(loaded, entries[entry].node));
                }
                let inner = Tree::parse(assigned.text())
                    .map_err(|e| LoadErrorKind::PathStrings(e.kind).at_node(loaded, node))?;
                let (entries, dialect) = (entries.clone(), *dialect);
                self.hand_down(of_part.then(|| global_in(&inner)).flatten());
                if !has_map_at(&inner, prefix) {
                    return Ok(None);
                }
                BlockPlace::Paths {
                    document,
                    path,
                    entries,
                    dialect,
                    set_by: assigned.leaves,
                    tree: inner,
                    prefix: prefix.clone(),
                }
            }
            LayerSource::File(reference) => {
                let reference = reference.clone();
                return self.values_file(placed, &reference, candidates);
            }
            LayerSource::Opaque { why, target } => {
                let at = self.at(placed.file, node);
                let name = format!("{}:{} ({why})", at.file, at.line);
                let why = NotHere::Unreadable(why.clone());
                let layer = sealed_layer(name, why, target.as_ref());
                return Ok(layer.narrowed_to(prefix).map(NamedLayer::Sealed));
            }
            LayerSource::Reference(reference) => {
                let what = format!("{} `{}`", reference.object.kind, reference.object.name);
                let target = reference.target_path.as_ref();
                let layer = sealed_layer(what, NotHere::InCluster, target);
                return Ok(layer.narrowed_to(prefix).map(NamedLayer::Sealed));
            }
        };
        let file = self.scanned[placed.file].file;
        Ok(Some(NamedLayer::Block(self.loader.block(file, place))))
    }

    /// Notes what a layer has as `global` for all charts.
    fn hand_down(&mut self, global: Option<Map>) {
        if let Some(global) = global {
            merge(&mut self.global, global);
        }
    }

    /// The folder of the files that a scanned file may name.
    fn bounds(&self, file: usize) -> Bounds {
        let file = &self.scanned[file];
        Bounds::of(&file.path, &file.below)
    }

    /// True if a file that is not here belongs to another repository. One from which the same release has a file here
    /// is this one.
    fn is_elsewhere(&self, reference: &carrier::FileRef) -> bool {
        let url = |root: &Root| match root {
            Root::Repository { url } | Root::Chart { url, .. } => url.clone(),
            Root::Folder => None,
        };
        let Some(own) = url(&reference.root) else {
            return false;
        };
        let mut layers = self.one.release.layers.iter().zip(&self.one.candidates);
        !layers.any(|(placed, candidates)| match &placed.layer.source {
            LayerSource::File(other) => {
                url(&other.root).as_ref() == Some(&own)
                    && candidates.iter().any(|path| path.is_file())
            }
            _ => false,
        })
    }

    fn values_file(
        &mut self,
        placed: &Placed,
        reference: &carrier::FileRef,
        candidates: &[PathBuf],
    ) -> Result<Option<NamedLayer>, Box<LoadError>> {
        let bounds = self.bounds(placed.file);
        // What was found or named by the user is at hand, wherever it is; the bounds are for what a manifest names
        // beyond.
        let known = |path: &&PathBuf| self.by_path.contains_key(path.as_path());
        let there = candidates.iter().find(known).or_else(|| {
            let mut within = candidates.iter().filter(|path| bounds.contain(path));
            within.find(|path| path.is_file())
        });
        if there.is_none() && candidates.iter().all(|path| !bounds.contain(path)) {
            let name = format!(
                "{} (outside of this repository, or of the folder that was named)",
                reference.path
            );
            return Ok(Some(NamedLayer::Sealed(sealed_layer(
                name,
                NotHere::OutOfBounds,
                None,
            ))));
        }
        let Some(path) = there else {
            let elsewhere = self.is_elsewhere(reference);
            // In another repository it may well be there, so that it is asked about as any other.
            if reference.missing_ok && !elsewhere {
                return Ok(None);
            }
            let (name, why) = match (&reference.root, elsewhere) {
                (
                    Root::Repository { url: Some(url) } | Root::Chart { url: Some(url), .. },
                    true,
                ) => (
                    format!("{} of {}", reference.path, carrier::normal_url(url)),
                    NotHere::InOtherRepository,
                ),
                _ => (reference.path.clone(), NotHere::Missing),
            };
            return Ok(Some(NamedLayer::Sealed(sealed_layer(name, why, None))));
        };
        let shown = as_named(
            path,
            self.file(placed.file).path.as_deref(),
            &self.scanned[placed.file].path,
        );
        match self.loader.layer(&InputFile::Path(shown), true)? {
            NamedLayer::Block(block) => {
                let prefix = placed.prefix.clone();
                let file = self.loader.workspace.blocks[block].file;
                if prefix.is_root() {
                    return Ok(Some(NamedLayer::Block(block)));
                }
                let global = global_in(&self.loader.workspace.files[file].tree);
                self.hand_down(global);
                if !has_map_at(&self.loader.workspace.files[file].tree, &prefix) {
                    return Ok(None);
                }
                let place = BlockPlace::Map {
                    document: 0,
                    path: prefix,
                };
                Ok(Some(NamedLayer::Block(self.loader.block(file, place))))
            }
            NamedLayer::Sealed(layer) => {
                Ok(layer.narrowed_to(&placed.prefix).map(NamedLayer::Sealed))
            }
        }
    }
}

/// A layer that cannot be read; of one that Flux puts at a path, that path is known.
fn sealed_layer(name: String, why: NotHere, target: Option<&TargetPath>) -> Sealed {
    let name = match target {
        Some(target) => format!("{name}, for {}", target.text),
        None => name,
    };
    let (made_up, values) = target.and_then(only_at_target).unzip();
    Sealed {
        error: LoadErrorKind::NotHere(why).of(&name),
        name,
        path: None,
        values,
        made_up: made_up.into_iter().collect(),
        target: target.map(|target| target.text.clone()),
        below: 0,
    }
}

/// The path that Flux sets, and values in which it has something made up. Below a list it would be a change
/// of another layer's list, which a layer of its own cannot say.
fn only_at_target(target: &TargetPath) -> Option<(Path, Map)> {
    let path = set::path(&target.text).ok()?;
    let in_list = |segment: &Segment| !matches!(segment, Segment::Key(_));
    if path.segments().iter().any(in_list) {
        return None;
    }
    let mut values = Map::new();
    let set = format!("{}={}", target.text, invented_text(&path));
    set::set(&set, Typing::String, &mut values).ok()?;
    Some((path, values))
}

/// The `global` at the root of values.
fn global_of(view: &View<'_>, values: &Path) -> Option<Map> {
    let place = view.node_at(&values.key(GLOBAL)).ok()??;
    match view.value(place.node).ok()? {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

/// The `global` in a text of values.
pub(in crate::load) fn global_in(tree: &Tree) -> Option<Map> {
    let [document] = tree.documents() else {
        return None;
    };
    global_of(&View::new(tree, document.root), &Path::root())
}

/// True if a text has a map at a path.
pub(in crate::load) fn has_map_at(tree: &Tree, path: &Path) -> bool {
    let [document] = tree.documents() else {
        return false;
    };
    let view = View::new(tree, document.root);
    let there = view.node_at(path).ok().flatten();
    there.is_some_and(|place| matches!(view.kind(place.node), Ok(ValueKind::Map)))
}

/// A file beside another one, named in the way that the other one was.
pub(super) fn as_named(
    path: &FilePath,
    other: Option<&FilePath>,
    other_full: &FilePath,
) -> PathBuf {
    let Some(other) = other else {
        return path.to_owned();
    };
    let (mut shown, mut full) = (other.to_owned(), other_full.to_owned());
    while shown.pop() && full.pop() {
        if let Ok(below) = path.strip_prefix(&full) {
            return shown.join(below);
        }
    }
    path.to_owned()
}
