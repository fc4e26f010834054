//! What a step sees: the names of its paths, bound to effective values of the release.
//!
//! A release is its layers merged as Helm merges them: a later layer wins, maps merge, lists and scalars
//! replace, and a later null or scalar hides what earlier layers have below it.

use std::{borrow::Cow, collections::HashMap};

use indexmap::{IndexMap, IndexSet};

use super::{
    layers::list_of,
    node::{self, TextPlace, TracedValue},
    own::Places,
};
use crate::{
    pack::{Step, Take},
    values::{Map, Path, ReadError, Segment, Value, View, merge::merge},
};

/// Up to so many levels the path of each is spelled out on the way down.
const FEW_LEVELS: usize = 3;

/// A layer on its way: its text's values, and what became of them so far.
#[derive(Debug, Clone)]
pub(super) struct BoundLayer<'v> {
    pub view: &'v View<'v>,
    pub root: TracedValue,
}

/// A place that a path finds in the layers.
pub(super) struct LayerMatch {
    /// By layer: the concrete paths and their nodes.
    pub by_layer: Vec<Vec<(Path, TracedValue)>>,
}

impl LayerMatch {
    /// The node where its effective value stands: in the right-most layer that has one.
    pub fn source(&self) -> Option<TextPlace> {
        self.by_layer
            .iter()
            .rev()
            .flatten()
            .find_map(|(_, node)| node.source().cloned())
    }
}

pub(super) fn find(layers: &[BoundLayer<'_>], pattern: &Path) -> LayerMatch {
    let by_layer = layers
        .iter()
        .map(|layer| layer.root.find(pattern.segments(), layer.view))
        .collect();
    LayerMatch { by_layer }
}

/// The effective value at a path in the layers given; for a path with wildcards, a map of what they
/// stand for (joined by dots) to the values. With the places of a migration it is without what more
/// specific paths own.
pub(super) fn effective(
    layers: &[BoundLayer<'_>],
    owner: Option<(&[Places<'_>], &Take)>,
    pattern: &Path,
) -> Result<Option<Value>, ReadError> {
    let sight = Sight {
        layers,
        owner,
        was: None,
    };
    if pattern.is_concrete() {
        let selects = |at: &Segment| matches!(at, Segment::Select { .. });
        if !pattern.segments().iter().any(selects) {
            return sight.at(pattern);
        }
        // Of several items the first that has what is looked for, in the list that counts.
        let list = list_of(pattern);
        let Some(layer) = layers.iter().rev().find(|layer| has_path(layer, &list)) else {
            return Ok(None);
        };
        for (path, _) in layer.root.find(pattern.segments(), layer.view) {
            if let Some(value) = sight.at(&path)? {
                return Ok(Some(value));
            }
        }
        return Ok(None);
    }
    let mut values = Map::new();
    for (_, found) in found_by_all(&sight, pattern) {
        let name = found.captures.join(".");
        // A place is found once in each layer that has it, and its value is that of all of them.
        if !values.contains_key(&name)
            && let Some(value) = sight.at(&found.path)?
        {
            values.insert(name, value);
        }
    }
    Ok((!values.is_empty()).then_some(Value::Map(values)))
}

/// The captures of a path's wildcards, for each place that it matches, in the order of the file.
pub(super) fn matches(
    layers: &[BoundLayer<'_>],
    pattern: &Path,
) -> Result<Vec<Vec<String>>, ReadError> {
    let sight = Sight {
        layers,
        owner: None,
        was: None,
    };
    let mut matches = IndexSet::new();
    for (_, found) in found_by_all(&sight, pattern) {
        // What a later layer hides is no match, though an earlier one has it.
        if !matches.contains(&found.captures) && sight.at(&found.path)?.is_some() {
            matches.insert(found.captures);
        }
    }
    Ok(matches.into_iter().collect())
}

/// The places that a pattern with wildcards finds in the layers and that count, in the order in which the keys
/// stand when the layers are merged.
fn found_by_all(sight: &Sight<'_, '_>, pattern: &Path) -> Vec<(usize, node::FoundPlace)> {
    let mut found = Vec::new();
    for (i, layer) in sight.layers.iter().enumerate() {
        let here = layer.root.find_captured(pattern.segments(), layer.view);
        let counting = here
            .into_iter()
            .filter(|one| sight.is_of_release(i, &one.path));
        found.extend(counting.map(|one| (i, one)));
    }
    // What one layer has stands in the order of its file already.
    if sight.layers.len() < 2 || found.len() < 2 {
        return found;
    }
    let mut ordered = Vec::with_capacity(found.len());
    in_merged_order(sight.layers, &Path::root(), found, &mut ordered);
    ordered
}

/// Puts what was found below a place into the order of the merged layers: a key stands where the first layer has it
/// that has it.
fn in_merged_order(
    layers: &[BoundLayer<'_>],
    at: &Path,
    found: Vec<(usize, node::FoundPlace)>,
    ordered: &mut Vec<(usize, node::FoundPlace)>,
) {
    let mut below: IndexMap<Segment, Vec<(usize, node::FoundPlace)>> = IndexMap::new();
    for one in found {
        match one.1.path.segments().get(at.depth()) {
            None => ordered.push(one),
            Some(segment) => below.entry(segment.clone()).or_default().push(one),
        }
    }
    if below.len() > 1 {
        let mut place = HashMap::new();
        for layer in layers {
            for (_, node) in layer.root.find(at.segments(), layer.view) {
                for entry in node.entries(layer.view) {
                    let next = place.len();
                    place.entry(entry.key).or_insert(next);
                }
            }
        }
        // Items of a list are all of one layer, and in order as they are.
        below.sort_by_key(|segment, _| match segment {
            Segment::Key(key) => place.get(key).copied(),
            _ => None,
        });
    }
    for (segment, found) in below {
        in_merged_order(layers, &at.join(segment), found, ordered);
    }
}

/// The number of levels of a path from the top that every layer can only lead through, as it was and as it is: by a map
/// where a key leads on, by a list where an item does. Of them no value need be read, which would be all of a map for each
/// of its entries; and each layer is walked down once, however deep the place is.
pub(super) fn levels_led_through(
    (after, was): (&[BoundLayer<'_>], &[BoundLayer<'_>]),
    having: &[usize],
    path: &[Segment],
) -> usize {
    let layers = having.iter().flat_map(|i| [&after[*i], &was[*i]]);
    let led = layers.map(|BoundLayer { view, root }| match lookup(root, path, view) {
        Lookup::Absent | Lookup::Here(..) => path.len(),
        Lookup::Hidden { below } => below,
    });
    led.min().unwrap_or(path.len())
}

/// The layers that have, or had, something under the first key of a path. To all others the path leads nowhere; a
/// release may have hundreds of layers, and a place stands in few of them.
pub(super) fn layers_having(
    after: &[BoundLayer<'_>],
    was: &[BoundLayer<'_>],
    path: &Path,
) -> Vec<usize> {
    let has = |layer: &BoundLayer<'_>| match path.segments().first() {
        Some(Segment::Key(key)) => layer.root.child(key, layer.view).is_some(),
        _ => true,
    };
    let layers = 0..after.len();
    layers
        .filter(|i| has(&after[*i]) || has(&was[*i]))
        .collect()
}

/// The value that stands at a place after the taking. What a later layer hid before it does not show
/// through because that one's value went.
pub(super) fn standing_value(
    (after, was): (&[BoundLayer<'_>], &[BoundLayer<'_>]),
    having: &[usize],
    path: &Path,
) -> Result<Option<Value>, ReadError> {
    let sight = Sight {
        layers: after,
        owner: None,
        was: Some(was),
    };
    sight.at_in(path, having.iter().copied())
}

fn has_path(layer: &BoundLayer<'_>, path: &Path) -> bool {
    layer.root.has_match(path.segments(), layer.view)
}

struct Sight<'s, 'v> {
    layers: &'s [BoundLayer<'v>],
    /// Whose leaves are seen: those of one take.
    owner: Option<(&'s [Places<'s>], &'s Take)>,
    /// The layers before anything was taken, which say what is hidden.
    was: Option<&'s [BoundLayer<'v>]>,
}

impl Sight<'_, '_> {
    /// True if a place of a layer is one of the release: lists replace each other, so that an item of one that a later
    /// layer has too is none.
    fn is_of_release(&self, layer: usize, path: &Path) -> bool {
        let list = list_of(path);
        let later = &self.layers[layer + 1..];
        list == *path || !later.iter().any(|later| has_path(later, &list))
    }

    /// The effective value at one place.
    fn at(&self, path: &Path) -> Result<Option<Value>, ReadError> {
        self.at_in(path, 0..self.layers.len())
    }

    /// The same by these layers, of which the others say nothing.
    fn at_in(
        &self,
        path: &Path,
        layers: impl DoubleEndedIterator<Item = usize>,
    ) -> Result<Option<Value>, ReadError> {
        let mut values = Vec::new();
        let mut sees = false;
        let mut hides_leaves = false;
        for i in layers.rev() {
            let layer = &self.layers[i];
            let looked = lookup(&layer.root, path.segments(), layer.view);
            let was = self.was.map(|was| {
                let BoundLayer { view, root } = &was[i];
                match lookup(root, path.segments(), view) {
                    Lookup::Absent => (false, false),
                    Lookup::Hidden { .. } => (true, true),
                    Lookup::Here(_, node, is_final) => (is_final || !node.is_map(view), true),
                }
            });
            let (hid, stood) = was.unwrap_or_default();
            let hidden = hides_leaves;
            hides_leaves |= stood;
            let (at, node, is_final) = match looked {
                // What went from here hid the layers below, and they must not come to light by its going.
                Lookup::Absent if hid => break,
                Lookup::Absent => continue,
                // A leaf does not show through a map that a later layer has or had.
                Lookup::Here(_, node, _) if hidden && !node.is_map(layer.view) => break,
                Lookup::Hidden { .. } => break,
                Lookup::Here(at, node, is_final) => (at, node, is_final),
            };
            let owner = self.owner;
            let owner = owner.and_then(|(places, take)| Some((places[i].at(&at)?, take)));
            let node = match owner {
                Some((place, take)) if !place.belongs_to(take) => None,
                Some((place, _)) => place.rest_of(&node, layer.view),
                None => Some(node.into_owned()),
            };
            sees |= node.is_some();
            // Where all of a map is another path's, it still stands over what earlier layers have.
            let value = node.map_or(Ok(Value::Map(Map::new())), |node| node.value(layer.view))?;
            let is_map = matches!(value, Value::Map(_));
            values.push(value);
            if !is_map || is_final || hid {
                break;
            }
        }
        if !sees {
            return Ok(None);
        }
        // A leaf below maps of later layers is hidden by them.
        if values.len() > 1 && !matches!(values.last(), Some(Value::Map(_))) {
            values.pop();
        }
        Ok(values
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
}

enum Lookup<'n> {
    Absent,
    /// Something stands on the way that later layers replace whole, this many levels down.
    Hidden {
        below: usize,
    },
    /// The path and the node, and true if it hides the values of earlier layers, as an item does.
    Here(Path, Cow<'n, TracedValue>, bool),
}

fn lookup<'n>(root: &'n TracedValue, path: &[Segment], view: &View<'_>) -> Lookup<'n> {
    let mut node = Cow::Borrowed(root);
    // The positions of the items on the way: the path is spelled out only where it leads somewhere.
    let mut positions = Vec::new();
    let mut in_list = false;
    let mut depth = 0;
    while let Some(segment) = path.get(depth) {
        // Few keys are quicker looked up one by one than looked for twice where one is missing.
        if path.len() - depth > FEW_LEVELS
            && let Some((keys, below)) = node.far_below(&path[depth..], view)
        {
            (depth, node) = (depth + keys, Cow::Owned(below));
            continue;
        }
        let below = match segment {
            Segment::Key(key) if node.is_map(view) => match node {
                Cow::Borrowed(node) => node.child(key, view),
                Cow::Owned(node) => node.get(key, view).map(Cow::Owned),
            },
            // An empty file sets nothing.
            Segment::Key(_) if depth == 0 => return Lookup::Absent,
            Segment::Key(_) => return Lookup::Hidden { below: depth },
            _ if node.is_list(view) => {
                in_list = true;
                let item = match node {
                    Cow::Borrowed(node) => item_of(node, segment, view),
                    Cow::Owned(node) => item_of(&node, segment, view)
                        .map(|(i, item)| (i, Cow::Owned(item.into_owned()))),
                };
                item.map(|(i, item)| {
                    positions.push(i);
                    item
                })
            }
            _ => return Lookup::Hidden { below: depth },
        };
        match below {
            Some(below) => node = below,
            // A list takes the place of those of lower layers whole, of the items that it does not have as well.
            None if in_list => return Lookup::Hidden { below: depth + 1 },
            None => return Lookup::Absent,
        }
        depth += 1;
    }
    let mut positions = positions.into_iter();
    let at = path.iter().map(|segment| match segment {
        Segment::Key(_) => segment.clone(),
        _ => Segment::Index(positions.next().unwrap_or_default()),
    });
    Lookup::Here(Path::new(at.collect()), node, in_list)
}

/// The first item of a list that a segment selects.
fn item_of<'n>(
    list: &'n TracedValue,
    segment: &Segment,
    view: &View<'_>,
) -> Option<(usize, Cow<'n, TracedValue>)> {
    if let Segment::Index(i) = segment {
        let item = list.item_at(*i, view)?;
        // An item that went leaves its place behind, at which there is nothing.
        return item.is_value().then_some((*i, item));
    }
    list.find_item(view, |i, item| {
        item.is_value() && item.selected_by(segment, i, view).is_some()
    })
}

/// A name of a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamedPart<'p> {
    pub name: &'p str,
    pub path: &'p Path,
    /// The take of the step; none if it only looks.
    pub take: Option<usize>,
}

/// The names of a step: what it takes and what it reads.
pub(super) fn names(step: &Step) -> impl Iterator<Item = NamedPart<'_>> {
    let taken = step.takes.iter().enumerate().filter_map(|(i, take)| {
        Some(NamedPart {
            name: take.name.as_deref()?,
            path: &take.path,
            take: Some(i),
        })
    });
    let read = step.reads.iter().map(|(name, path)| NamedPart {
        name,
        path,
        take: None,
    });
    taken.chain(read)
}
