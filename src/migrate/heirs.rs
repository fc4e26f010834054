//! In which place or value a leaf lives on that a step took and did not move.
//!
//! What a step writes is looked at once, however many leaves it took.

use std::collections::HashSet;

use super::{bind::BoundLayer, node::TextPlace, run::Output};
use crate::values::{Path, Segment, Value};

/// The place or value in which a taken leaf lives on.
pub(super) enum Heir {
    /// A value that is made of it.
    MadeOfIt,
    /// An output that is equal to it, by its number.
    Equal(usize),
    /// Nothing.
    None,
}

/// What a step writes, first what waits for the last migration: made of what, and equal to what.
pub(super) struct Heirs(Vec<WrittenValue>);

struct WrittenValue {
    layer: usize,
    /// The places that it is made of, and all places above one.
    made_of: HashSet<Path>,
    above: HashSet<Path>,
    /// The leaves that became one with it.
    also: Vec<TextPlace>,
    /// Its value, if a leaf that is equal to it says something by that.
    text: Option<Value>,
}

impl Heirs {
    pub(super) fn of(deferred: &[Output], outputs: &[Output], layers: &[BoundLayer<'_>]) -> Self {
        let outputs = deferred.iter().chain(outputs);
        let written = outputs.map(|output| {
            let view = layers[output.layer].view;
            let value = output.node.value(view).ok();
            let mut written = WrittenValue {
                layer: output.layer,
                made_of: HashSet::new(),
                above: HashSet::new(),
                also: output.node.also.clone(),
                text: value.filter(|value| matches!(value, Value::String(_))),
            };
            written.add(&output.node.made_of(view));
            written
        });
        Self(written.collect())
    }

    /// The heir of a leaf of a layer, with the leaves of the text that it is made of and its value.
    pub(super) fn of_leaf(&self, layer: usize, sources: &[TextPlace], value: &Value) -> Heir {
        let mut equal = None;
        for (i, output) in self.0.iter().enumerate() {
            if output.layer != layer || output.also.iter().any(|also| sources.contains(also)) {
                continue;
            }
            if sources.iter().any(|source| output.is_made_of(&source.path)) {
                return Heir::MadeOfIt;
            }
            // Only an equal text says that one lives on in the other: `true`, 1 or nothing is equal to many by
            // chance.
            let text = matches!(value, Value::String(text) if !text.is_empty());
            if text && output.text.as_ref() == Some(value) {
                equal.get_or_insert(i);
            }
        }
        equal.map_or(Heir::None, Heir::Equal)
    }

    /// Notes that leaves became one with an output.
    pub(super) fn merge(&mut self, output: usize, sources: &[TextPlace]) {
        let output = &mut self.0[output];
        output.also.extend_from_slice(sources);
        output.add(sources);
    }
}

impl WrittenValue {
    fn add(&mut self, sources: &[TextPlace]) {
        for source in sources {
            let segments = source.path.segments();
            for n in 0..segments.len() {
                self.above.insert(prefix(segments, n));
            }
            self.made_of.insert(source.path.clone());
        }
    }

    /// True if it is made of what stands at a path, or of something above or below it.
    fn is_made_of(&self, path: &Path) -> bool {
        let segments = path.segments();
        self.above.contains(path)
            || (0..=segments.len()).any(|n| self.made_of.contains(&prefix(segments, n)))
    }
}

fn prefix(segments: &[Segment], n: usize) -> Path {
    Path::new(segments[..n].to_vec())
}
