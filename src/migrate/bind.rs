//! What a step sees: the names of its paths, bound to effective values of the release.
//!
//! A release is its layers merged as Helm merges them: a later layer wins, maps merge, lists and scalars
//! replace, and a later null or scalar hides what earlier layers have below it.

use std::borrow::Cow;

use super::node::{Node, Source};
use crate::{
    pack::Step,
    values::{Map, Path, ReadError, Segment, Value, View, merge::merge},
};

/// A layer on its way: its text's values, and what became of them so far.
#[derive(Debug, Clone)]
pub(super) struct Layer<'v> {
    pub view: &'v View<'v>,
    pub root: Node,
}

/// What a path finds in the layers.
pub(super) struct Found {
    /// By layer: the concrete paths and their nodes.
    pub by_layer: Vec<Vec<(Path, Node)>>,
}

impl Found {
    /// The node where its effective value stands: in the right-most layer that has one.
    pub fn source(&self) -> Option<Source> {
        self.by_layer
            .iter()
            .rev()
            .flatten()
            .find_map(|(_, node)| node.source().cloned())
    }
}

pub(super) fn find(layers: &[Layer<'_>], pattern: &Path) -> Found {
    let by_layer = layers
        .iter()
        .map(|layer| layer.root.find(pattern.segments(), layer.view))
        .collect();
    Found { by_layer }
}

/// The effective value at a path in the layers given; for a path with wildcards, a map of what they
/// stand for (joined by dots) to the values.
pub(super) fn effective(layers: &[Layer<'_>], pattern: &Path) -> Result<Option<Value>, ReadError> {
    if pattern.is_concrete() {
        return effective_at(layers, pattern);
    }
    let mut values = Map::new();
    for layer in layers {
        for (path, _) in layer.root.find(pattern.segments(), layer.view) {
            let name = pattern.matches(&path).unwrap_or_default().join(".");
            if !values.contains_key(&name)
                && let Some(value) = effective_at(layers, &path)?
            {
                values.insert(name, value);
            }
        }
    }
    Ok((!values.is_empty()).then_some(Value::Map(values)))
}

fn effective_at(layers: &[Layer<'_>], path: &Path) -> Result<Option<Value>, ReadError> {
    let mut maps = Vec::new();
    for layer in layers.iter().rev() {
        match lookup(&layer.root, path.segments(), layer.view) {
            Lookup::Absent => {}
            Lookup::Hidden => break,
            Lookup::Here(node) => {
                let value = node.value(layer.view)?;
                let is_map = matches!(value, Value::Map(_));
                maps.push(value);
                if !is_map {
                    break;
                }
            }
        }
    }
    // A leaf below maps of later layers is hidden by them.
    if maps.len() > 1 && !matches!(maps.last(), Some(Value::Map(_))) {
        maps.pop();
    }
    Ok(maps
        .into_iter()
        .rev()
        .reduce(|lower, upper| match (lower, upper) {
            (Value::Map(mut lower), Value::Map(upper)) => {
                merge(&mut lower, upper);
                Value::Map(lower)
            }
            (_, upper) => upper,
        }))
}

enum Lookup<'n> {
    Absent,
    /// Something that is not a map stands on the way.
    Hidden,
    Here(Cow<'n, Node>),
}

fn lookup<'n>(root: &'n Node, path: &[Segment], view: &View<'_>) -> Lookup<'n> {
    let mut node = Cow::Borrowed(root);
    for (depth, segment) in path.iter().enumerate() {
        let below = match segment {
            Segment::Key(key) if node.is_map(view) => match node {
                Cow::Borrowed(node) => node.child(key, view),
                Cow::Owned(node) => node.get(key, view).map(Cow::Owned),
            },
            // An empty file sets nothing.
            Segment::Key(_) if depth == 0 => return Lookup::Absent,
            Segment::Key(_) => return Lookup::Hidden,
            _ => match node.items(view) {
                Some(items) => {
                    let mut items = items.into_iter().enumerate();
                    items
                        .find(|(i, item)| item.selected_by(segment, *i, view))
                        .map(|(_, item)| Cow::Owned(item))
                }
                None => return Lookup::Hidden,
            },
        };
        match below {
            Some(below) => node = below,
            None => return Lookup::Absent,
        }
    }
    Lookup::Here(node)
}

/// The names of a step with their paths: what it takes and what it reads.
pub(super) fn names(step: &Step) -> impl Iterator<Item = (&str, &Path)> {
    let taken = step
        .takes
        .iter()
        .filter_map(|take| Some((take.name.as_deref()?, &take.path)));
    taken.chain(step.reads.iter().map(|(name, path)| (name.as_str(), path)))
}
