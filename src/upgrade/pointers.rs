//! Paths of JSON patches, which are applied to a HelmRelease after refit has edited it: where they lead afterwards.
//!
//! A path follows if all that the operation does there has one new place, by moves alone: what it puts there, or, if it
//! only names something, what the release sets there. `add` needs a map at its new place as it had one at the old one.
//! What cannot follow is told and left as it is; a value in a patch is never edited.

use super::{
    mentions::{NewPlace, is_only_moved, place_of},
    release::Worked,
};
use crate::{
    block::BlockPlace,
    carrier::pointer,
    load::{Mention, Workspace},
    values::{Map, Path, Segment, Value},
};

/// What becomes of a path.
pub(super) enum Followed {
    /// It leads where it should.
    Same,
    /// It has to be this one.
    To(String),
    /// It cannot follow: a sentence for a person.
    Not(String),
}

/// Where the path of an operation leads after the migrations.
pub(super) fn followed(
    workspace: &Workspace,
    worked: &Worked<'_>,
    mention: &Mention,
) -> Option<Followed> {
    let operation = mention.operation.as_ref()?;
    let keys = pointer::keys(&mention.text)?;
    let prefix: Vec<&str> = mention.prefix.segments().iter().map(key_of).collect();
    let common = keys
        .iter()
        .zip(&prefix)
        .take_while(|(key, own)| key == *own);
    let common = common.count();
    if common < keys.len().min(prefix.len()) {
        return Some(Followed::Same);
    }
    // A path above the chart's own values puts a part of what it has there.
    let mut value = operation.value.as_ref();
    for key in &prefix[common..] {
        value = value.and_then(|value| value.as_map()?.get(*key));
        if value.is_none() && operation.value.is_some() {
            return Some(Followed::Same);
        }
    }
    let old = OwnValues::before(workspace, worked);
    let is_appended = keys.last().is_some_and(|key| key == "-");
    let path = old.path_of(&keys[common..]);
    let mut leaves = Vec::new();
    if let Some(value) = value {
        leaves_of(value, &path, &mut leaves);
    }
    // What stands there goes or is replaced, and must have its new place there, too.
    let is_map = |value: &&Value| value.as_map().is_some();
    let mut of_map: Vec<(Path, Value)> = Vec::new();
    if !is_appended && let Some(own) = old.at(&path) {
        leaves_of(own, &path, &mut of_map);
        if value.is_none_or(|value| value.as_map().is_some()) {
            leaves.extend(of_map.iter().cloned());
        }
    }
    if leaves.is_empty() {
        leaves.push((path.clone(), Value::from("x")));
    }
    let is_whole = old.at(&path).filter(is_map).is_some();
    let mut place: Option<Path> = None;
    for (leaf, value) in leaves {
        let below = leaf.strip_prefix(&path)?;
        let to = match place_of(&worked.plan, &leaf, value) {
            NewPlace::Same => leaf.clone(),
            NewPlace::Moved(to)
                if is_only_moved(&worked.plan, &leaf) && is_only_moved(&worked.plan, &to) =>
            {
                to
            }
            NewPlace::Moved(_) | NewPlace::Held | NewPlace::Gone => {
                return Some(Followed::Not(gone(worked, mention)));
            }
        };
        let Some(above) = without_end(&to, &below) else {
            return Some(Followed::Not(scattered(mention)));
        };
        if place.as_ref().is_some_and(|place| *place != above) {
            return Some(Followed::Not(scattered(mention)));
        }
        place = Some(above);
    }
    let to = place?;
    let new = OwnValues::after(workspace, worked);
    // A map may have got company from elsewhere.
    let mut there = Vec::new();
    if is_whole && let Some(own) = new.at(&to) {
        leaves_of(own, &to, &mut there);
        if there.len() != of_map.len() {
            return Some(Followed::Not(scattered(mention)));
        }
    }
    if to == path {
        return Some(Followed::Same);
    }
    let mut written = pointer::to_setting(&mention.prefix.concat(&to));
    if is_appended {
        match written.rsplit_once('/') {
            Some((above, "0")) => written = format!("{above}/-"),
            _ => return Some(Followed::Not(scattered(mention))),
        }
    }
    if operation.adds && !new.has_above(&to) {
        return Some(Followed::Not(format!(
            "What `{}` sets has its place at `{written}` now, and an `add` needs a map above it, which these values do not have. Change the operation by hand, together with the rest.",
            mention.text
        )));
    }
    Some(Followed::To(written))
}

fn gone(worked: &Worked<'_>, mention: &Mention) -> String {
    format!(
        "`{}` names a setting that {} {} no longer has in this form. Name another one.",
        mention.text, worked.pack.info.chart, worked.plan.to
    )
}

fn scattered(mention: &Mention) -> String {
    format!(
        "What this operation does at `{}` belongs to several places now. Change it by hand, together with the rest.",
        mention.text
    )
}

fn key_of(segment: &Segment) -> &str {
    match segment {
        Segment::Key(key) => key,
        _ => "",
    }
}

/// The leaves of a value that stands at a path: a list is one.
fn leaves_of(value: &Value, path: &Path, leaves: &mut Vec<(Path, Value)>) {
    match value {
        Value::Map(map) if !map.is_empty() => {
            for (key, value) in map {
                leaves_of(value, &path.key(key.clone()), leaves);
            }
        }
        value => leaves.push((path.clone(), value.clone())),
    }
}

/// The path above the part that a path ends in.
fn without_end(path: &Path, end: &Path) -> Option<Path> {
    let segments = path.segments().strip_suffix(end.segments())?;
    Some(Path::new(segments.to_vec()))
}

/// What the HelmRelease itself sets: that is what a patch is applied to.
struct OwnValues(Vec<Value>);

impl OwnValues {
    fn before(workspace: &Workspace, worked: &Worked<'_>) -> Self {
        let views = own_layers(workspace, worked).map(|layer| {
            let view = &worked.views[layer];
            view.value(view.root()).unwrap_or(Value::Null)
        });
        Self(views.collect())
    }

    fn after(workspace: &Workspace, worked: &Worked<'_>) -> Self {
        let layers = own_layers(workspace, worked).filter_map(|layer| {
            let node = worked.migrated.layers.get(layer)?;
            node.value(&worked.views[layer]).ok()
        });
        Self(layers.collect())
    }

    fn at(&self, path: &Path) -> Option<&Value> {
        self.0.iter().find_map(|values| path.get(values))
    }

    /// True if there is a map or a list of which a path names an entry.
    fn has_above(&self, path: &Path) -> bool {
        let Some(above) = path.parent().filter(|above| !above.is_root()) else {
            return true;
        };
        matches!(self.at(&above), Some(Value::Map(_) | Value::List(_)))
    }

    /// The path that keys mean: a number is a place in a list, unless a map stands there.
    fn path_of(&self, keys: &[String]) -> Path {
        let mut path = Path::root();
        for key in keys {
            let in_map = self.at(&path).is_some_and(|value| value.as_map().is_some());
            let index = match key.as_str() {
                "-" => Some(0),
                key => key.parse().ok(),
            };
            path.push(match index.filter(|_| !in_map) {
                Some(index) => Segment::Index(index),
                None => Segment::Key(key.clone()),
            });
        }
        path
    }
}

/// The layers that are the values of the HelmRelease itself.
fn own_layers<'l>(
    workspace: &'l Workspace,
    worked: &'l Worked<'_>,
) -> impl Iterator<Item = usize> + 'l {
    let layers = worked.wanted.layers.iter().enumerate();
    layers.filter_map(|(layer, block)| {
        let block = &workspace.blocks[*block];
        let is_own = block.file == worked.wanted.holder
            && matches!(block.place, BlockPlace::Map { .. })
            && layer < worked.views.len();
        is_own.then_some(layer)
    })
}

/// A value with nothing else around it, at a path.
pub(super) fn alone(path: &Path, value: Value) -> Value {
    let segments = path.segments().iter().rev();
    segments.fold(value, |value, segment| match segment {
        Segment::Key(key) => Value::Map(Map::from_iter([(key.clone(), value)])),
        Segment::Index(index) => {
            let mut items = vec![Value::Null; (*index).min(64)];
            items.push(value);
            Value::List(items)
        }
        _ => value,
    })
}
