//! What several layers ask for beyond one: that a later layer does not hide what an earlier one has now.
//!
//! Lists replace each other whole, and a value in a later layer hides what stands below it. So before an
//! item goes into the list of a layer that has none, the list of the lower layers is written out in it,
//! and what a later layer has at the place where a value moves in an earlier one is a left-over: the chart
//! that the values are for did not read it there.

use super::{
    bind::{BoundLayer, effective},
    node::TracedValue,
    own::Places,
    place::{NewKeyPlace, Replaced},
};
use crate::{
    pack::Keys,
    values::{Path, Segment, Value},
};

/// The list that a path leads into, or the path itself.
pub(super) fn list_of(path: &Path) -> Path {
    let keys = path
        .segments()
        .iter()
        .take_while(|segment| segment.is_key());
    Path::new(keys.cloned().collect())
}

/// Writes out the list that lower layers have at a place into a layer that has none there. What stood in the
/// way of it comes back.
pub(super) fn bring_list(
    layers: &mut [BoundLayer<'_>],
    layer: usize,
    list: &Path,
    keys: &Keys,
) -> Replaced {
    let (lower, here) = layers.split_at_mut(layer);
    let Some(BoundLayer { view, root }) = here.first_mut() else {
        return Replaced::new();
    };
    if lower.is_empty() || root.has_match(list.segments(), view) {
        return Replaced::new();
    }
    match effective(lower, None, list) {
        Ok(Some(Value::List(items))) => {
            let node = TracedValue::made_by_step(Value::List(items), Vec::new(), None);
            root.put(list, node, NewKeyPlace { near: None, keys }, view)
        }
        _ => Replaced::new(),
    }
}

/// Takes out of the layers above `layer` what would hide the value that moves from one place to another
/// there, and returns it. The layers are as they are after the taking.
pub(super) fn uncover(
    layers: &mut [BoundLayer<'_>],
    snapshot: &[BoundLayer<'_>],
    layer: usize,
    (from, to, moved): (&Path, &Path, &TracedValue),
) -> Vec<(usize, Path, TracedValue)> {
    let mut uncovered = Vec::new();
    for (i, before) in snapshot.iter().enumerate().skip(layer + 1) {
        // In most of hundreds of layers there is nothing to look for.
        let begins = match to.segments().first() {
            Some(Segment::Key(key)) => layers[i].root.child(key, before.view).is_some(),
            _ => true,
        };
        // A layer that had the old key itself moves its own value there, and so hides nothing.
        if !begins || before.root.has_match(from.segments(), before.view) {
            continue;
        }
        let found = layers[i].root.find(to.segments(), before.view);
        for (path, node) in found {
            // Maps of two layers merge, so neither hides the other.
            if node.is_map(before.view) && moved.is_map(snapshot[layer].view) {
                continue;
            }
            let BoundLayer { view, root } = &mut layers[i];
            Places::all_taken([&path]).remove_taken(root, view);
            uncovered.push((i, path, node));
        }
    }
    uncovered
}
