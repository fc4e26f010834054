//! The ledger: what became of every leaf of the input.
//!
//! It is worked out from the result, not noted down on the way: every leaf of the text is looked for in
//! the new values by its provenance. A leaf that is neither there nor on the list of what a step dropped
//! has no fate, and that stops the run.

use std::collections::{HashMap, HashSet};

use super::{
    error::MigrateError,
    node::{Body, TextPlace, TracedValue, ValueOrigin, leaf_path},
};
use crate::{
    pack::{Keys, Known},
    plan::Plan,
    values::{Path, Segment, view::View},
    yaml::NodeId,
};

pub use crate::outcome::Fate;

/// A leaf that a step took and nothing was made of.
#[derive(Debug, Clone)]
pub(super) struct Dropped {
    pub source: TextPlace,
    pub step: String,
}

/// The fates of the leaves.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// The number of leaves that stayed as they were, where they were, and are read by the target.
    pub kept: usize,
    /// All the others, by layer and in file order.
    pub entries: Vec<LedgerEntry>,
}

/// The fate of one leaf.
#[derive(Debug, Clone)]
pub struct LedgerEntry {
    /// The old place.
    pub source: TextPlace,
    /// The fate.
    pub fate: Fate,
    /// The new paths, if it is anywhere but where it was.
    pub to: Vec<Path>,
    /// The step that dropped it, or whose question holds it.
    pub step: Option<String>,
}

/// A place in the new values, and how a leaf got there.
struct Arrival {
    path: Path,
    made: bool,
    shared: bool,
}

impl Ledger {
    pub(super) fn new(
        layers: &[TracedValue],
        views: &[&View<'_>],
        dropped: &[Dropped],
        held: &[(String, TextPlace)],
        plan: &Plan<'_>,
    ) -> Result<Self, MigrateError> {
        let mut ledger = Self::default();
        let mut lost = Vec::new();
        for (layer, (node, view)) in layers.iter().zip(views).enumerate() {
            let mut arrivals: HashMap<Path, Vec<Arrival>> = HashMap::new();
            note_arrivals(node, &Path::root(), layer, view, &mut arrivals);
            let held: Vec<_> = held
                .iter()
                .filter(|(_, source)| source.layer == layer)
                .collect();
            let leaves = || {
                let held = held.iter().map(|(_, source)| source.path.segments());
                arrivals.keys().map(Path::segments).chain(held)
            };
            let above = |path| (0..=<[Segment]>::len(path)).map(move |n| &path[..n]);
            let walk = Walk {
                concerned: leaves().flat_map(above).collect(),
                leaves_concerned: leaves().collect(),
                keys: &plan.pack.keys,
                to: &plan.to,
                dropped: dropped
                    .iter()
                    .filter(|d| d.source.layer == layer)
                    .map(|d| (leaf_path(&d.source.path), d))
                    .collect(),
                held: HeldLeaves::of(&held),
                arrivals: &arrivals,
                view,
            };
            walk.leaves(
                &TracedValue::layer(layer, view),
                node,
                &Path::root(),
                true,
                &mut ledger,
                &mut lost,
            );
        }
        if lost.is_empty() {
            // Of a large file it is the largest thing there is, and half of it may be room for more.
            ledger.entries.shrink_to_fit();
            Ok(ledger)
        } else {
            Err(MigrateError::Unaccounted { paths: lost })
        }
    }
}

/// Notes where every leaf that is no longer simply in its place has come to.
fn note_arrivals(
    node: &TracedValue,
    at: &Path,
    layer: usize,
    view: &View<'_>,
    arrivals: &mut HashMap<Path, Vec<Arrival>>,
) {
    let stays = is_unmoved(node, at, layer, view);
    if stays && matches!(node.body, Body::Same) && node.also.is_empty() {
        return;
    }
    let mut below = false;
    node.each_entry(view, |key, node| {
        below = true;
        note_arrivals(node, &at.key(key), layer, view, arrivals);
    });
    if below {
        // An empty map that went into this one.
        for source in node.also.iter().filter(|source| source.layer == layer) {
            let leaf = leaf_path(&source.path);
            arrivals.entry(leaf).or_default().push(Arrival {
                path: at.clone(),
                made: true,
                shared: true,
            });
        }
        return;
    }
    let made = !matches!(node.body, Body::Same) || !node.also.is_empty();
    let sources: Vec<TextPlace> = node
        .made_of(view)
        .into_iter()
        .filter(|s| s.layer == layer)
        .collect();
    let shared = sources.len() > 1;
    for source in sources {
        // The leaf itself stays; only what became one with it arrives here.
        if stays && source.path == *at {
            continue;
        }
        let list = leaf_path(&source.path);
        arrivals.entry(list).or_default().push(Arrival {
            path: at.clone(),
            made,
            shared,
        });
    }
}

/// True if a leaf is as it was, where it was. A list may have been spelled out and be the same still.
fn is_unmoved(node: &TracedValue, at: &Path, layer: usize, view: &View<'_>) -> bool {
    let source = node.source();
    let Some(source) = source.filter(|source| source.layer == layer && source.path == *at) else {
        return false;
    };
    match node.body {
        Body::Same => true,
        Body::List(_) => {
            matches!((node.value(view), view.value(source.node)), (Ok(a), Ok(b)) if a == b)
        }
        Body::Map(_) | Body::Value(_) => false,
    }
}

/// The leaves that open questions hold, found by what is above or below them.
struct HeldLeaves<'w> {
    /// The question of each, and its turn among them: the first that holds a leaf is named.
    at: HashMap<&'w [Segment], (usize, &'w str)>,
    /// The same for all that is above one.
    above: HashMap<&'w [Segment], (usize, &'w str)>,
}

impl<'w> HeldLeaves<'w> {
    fn of(held: &[&'w (String, TextPlace)]) -> Self {
        let mut found = Self {
            at: HashMap::new(),
            above: HashMap::new(),
        };
        for (turn, (step, source)) in held.iter().enumerate() {
            let path = source.path.segments();
            found.at.entry(path).or_insert((turn, step));
            for n in 0..path.len() {
                found.above.entry(&path[..n]).or_insert((turn, step));
            }
        }
        found
    }

    /// The question that holds something at, above or below a place.
    fn by(&self, path: &[Segment]) -> Option<&'w str> {
        let at_or_above = (0..=path.len()).filter_map(|n| self.at.get(&path[..n]));
        let first = at_or_above.chain(self.above.get(path)).min();
        first.map(|(_, step)| *step)
    }
}

struct Walk<'w> {
    keys: &'w Keys,
    to: &'w semver::Version,
    dropped: HashMap<Path, &'w Dropped>,
    held: HeldLeaves<'w>,
    arrivals: &'w HashMap<Path, Vec<Arrival>>,
    /// The leaves that went somewhere or are held, and every place above one.
    concerned: HashSet<&'w [Segment]>,
    /// Those leaves alone.
    leaves_concerned: HashSet<&'w [Segment]>,
    view: &'w View<'w>,
}

impl Walk<'_> {
    /// Goes through the leaves of the text. `now` is what stands at the same place afterwards.
    fn leaves(
        &self,
        was: &TracedValue,
        now: &TracedValue,
        at: &Path,
        mut may_be_unread: bool,
        ledger: &mut Ledger,
        lost: &mut Vec<String>,
    ) {
        // Below an open map or a sub-chart the pack knows no keys, so nothing there can be called unread.
        if may_be_unread
            && matches!(self.keys.known(at, self.to), Known::Open | Known::SubChart)
            && !at.is_root()
        {
            may_be_unread = false;
        }
        if let Some(source) = was.source()
            && self.is_untouched(now, source)
        {
            self.note_untouched(source, may_be_unread, ledger);
            return;
        }
        let entries = was.entries(self.view);
        if entries.is_empty() {
            // An empty file has no leaf.
            if at.is_root() {
                return;
            }
            self.leaf(was, Some(now), at, may_be_unread, ledger, lost);
            return;
        }
        // A map that is spelled out is looked into where it is: a copy at each level would be one of all below it.
        let spelled_out = match &now.body {
            Body::Map(entries) => Some(entries),
            _ => None,
        };
        let mut still = HashMap::new();
        if spelled_out.is_none() {
            let entries = now.entries(self.view).into_iter();
            still.extend(entries.map(|entry| (entry.key, entry.node)));
        }
        for entry in entries {
            let here = at.key(&entry.key);
            let standing = match spelled_out {
                Some(entries) => entries.standing_entry(&entry.key).map(|it| &it.node),
                None => still.get(&entry.key),
            };
            match standing {
                Some(below) => self.leaves(&entry.node, below, &here, may_be_unread, ledger, lost),
                None => self.note_gone(&entry.node, &here, may_be_unread, ledger, lost),
            }
        }
    }

    /// True if no part of a place's old value has gone anywhere, or is held.
    fn is_untouched(&self, now: &TracedValue, source: &TextPlace) -> bool {
        let path = source.path.segments();
        let same = matches!(now.body, Body::Same) && now.also.is_empty();
        same && now.source() == Some(source)
            && !self.concerned.contains(path)
            && !(0..path.len()).any(|n| self.leaves_concerned.contains(&path[..n]))
    }

    /// Notes the leaves of what is as it was: they are read by the target, or left.
    fn note_untouched(&self, source: &TextPlace, may_be_unread: bool, ledger: &mut Ledger) {
        let known = match may_be_unread && !source.path.is_root() {
            true => self.keys.known(&source.path, self.to),
            false => Known::Read,
        };
        let may_be_unread = may_be_unread && !matches!(known, Known::Open | Known::SubChart);
        if !may_be_unread {
            ledger.kept += leaf_count(self.view, source.node);
            return;
        }
        let node = TracedValue {
            origin: ValueOrigin::Source(source.clone()),
            body: Body::Same,
            also: Vec::new(),
        };
        let mut below = false;
        node.each_entry(self.view, |_, node| {
            below = true;
            let Some(source) = node.source() else { return };
            // Below what a version does not know it knows nothing.
            if known == Known::Unknown {
                self.note_left(node, ledger);
            } else {
                self.note_untouched(source, may_be_unread, ledger);
            }
        });
        match known {
            _ if below || source.path.is_root() => {}
            Known::Unknown | Known::Dead => self.note_left(&node, ledger),
            _ => ledger.kept += 1,
        }
    }

    /// Notes the leaves of what the target does not read.
    fn note_left(&self, node: &TracedValue, ledger: &mut Ledger) {
        let mut below = false;
        node.each_entry(self.view, |_, node| {
            below = true;
            self.note_left(node, ledger);
        });
        if let (false, Some(source)) = (below, node.source()) {
            ledger.entries.push(LedgerEntry {
                source: source.clone(),
                fate: Fate::Left,
                to: Vec::new(),
                step: None,
            });
        }
    }

    fn note_gone(
        &self,
        was: &TracedValue,
        at: &Path,
        may_be_unread: bool,
        ledger: &mut Ledger,
        lost: &mut Vec<String>,
    ) {
        let entries = was.entries(self.view);
        if entries.is_empty() {
            self.leaf(was, None, at, may_be_unread, ledger, lost);
        }
        for entry in entries {
            self.note_gone(
                &entry.node,
                &at.key(&entry.key),
                may_be_unread,
                ledger,
                lost,
            );
        }
    }

    fn leaf(
        &self,
        was: &TracedValue,
        now: Option<&TracedValue>,
        at: &Path,
        may_be_unread: bool,
        ledger: &mut Ledger,
        lost: &mut Vec<String>,
    ) {
        let Some(source) = was.source() else { return };
        let still = now.is_some_and(|now| is_unmoved(now, at, source.layer, self.view));
        let mut entry = LedgerEntry {
            source: source.clone(),
            fate: Fate::Left,
            to: Vec::new(),
            step: None,
        };
        let arrivals = self.arrivals.get(at).map_or(&[][..], Vec::as_slice);
        entry.to = arrivals
            .iter()
            .map(|arrival| arrival.path.clone())
            .collect();
        entry.to.dedup();
        if still && arrivals.is_empty() {
            if let Some(step) = self.held.by(at.segments()) {
                entry.fate = Fate::Held;
                entry.step = Some(step.to_owned());
            } else if may_be_unread
                && matches!(self.keys.known(at, self.to), Known::Unknown | Known::Dead)
            {
                entry.fate = Fate::Left;
            } else {
                ledger.kept += 1;
                return;
            }
        } else if !arrivals.is_empty() {
            entry.fate = if still || entry.to.len() > 1 && arrivals.iter().all(|a| !a.made) {
                Fate::Copied
            } else if arrivals.iter().any(|a| a.made) {
                if arrivals.iter().all(|a| a.shared) {
                    Fate::Merged
                } else {
                    Fate::Rewritten
                }
            } else {
                Fate::Moved
            };
        } else if now.is_some_and(|now| now.is_map(self.view)) {
            // An empty map that something was put into.
            entry.fate = Fate::Rewritten;
            entry.to.push(at.clone());
        } else if let Some(dropped) = self.dropped.get(at) {
            entry.fate = Fate::Dropped;
            entry.step = Some(dropped.step.clone());
        } else {
            lost.push(at.to_string());
            return;
        }
        ledger.entries.push(entry);
    }
}

/// The leaves of what stands at a node; one if it is a leaf itself.
fn leaf_count(view: &View<'_>, node: NodeId) -> usize {
    let entries = view.entries(node).unwrap_or_default().entries;
    let below = entries.iter().map(|entry| leaf_count(view, entry.value));
    below.sum::<usize>().max(1)
}
