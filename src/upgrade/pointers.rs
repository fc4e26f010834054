//! Paths of JSON patches, which are applied to a HelmRelease after refit has edited it: where they lead afterwards.
//!
//! A path follows if all that the operation does there has one new place, by moves alone: what it puts there, or, if it
//! only names something, what the release sets there. `add` needs a map at its new place as it had one at the old one.
//! What cannot follow is told and left as it is; a value in a patch is never edited.

use super::{
    mentions::{NewPlace, is_only_moved, names_nothing, place_of},
    release::Worked,
};
use crate::{
    block::BlockPlace,
    carrier::pointer,
    load::{Mention, Workspace},
    values::{Path, Segment, Value, leaves_at},
};

/// The fate of a path.
pub(super) enum Followed {
    /// It leads where it should.
    Same,
    /// It has to be this one.
    To(String),
    /// It cannot follow: a sentence for a person.
    Not(String),
}

/// The values that the patches of a release are applied to, before and after the migrations.
pub(super) struct PatchedValues {
    before: OwnValues,
    after: OwnValues,
}

impl PatchedValues {
    pub(super) fn of(workspace: &Workspace, worked: &Worked<'_>) -> Self {
        Self {
            before: OwnValues::before(workspace, worked),
            after: OwnValues::after(workspace, worked),
        }
    }

    /// The place of a setting in an item of a list afterwards, if the item that it is thought to be in is another one: a step
    /// made another list. `Some(None)` if nobody can say where.
    fn other_item(&self, leaf: &Path, to: &Path) -> Option<Option<Path>> {
        let of_item = |path: &Path| {
            let is_index = |segment: &Segment| matches!(segment, Segment::Index(_));
            let at = path.segments().iter().rposition(is_index)?;
            let (list, rest) = path.segments().split_at(at);
            Some((Path::new(list.to_vec()), rest[1..].to_vec()))
        };
        let (list, rest) = of_item(to)?;
        let length = |values: &OwnValues, list: &Path| match values.at(list) {
            Some(Value::List(items)) => items.len(),
            _ => 0,
        };
        let items = length(&self.after, &list);
        let Some(own) = self.before.at(leaf) else {
            let (old, _) = of_item(leaf)?;
            return (length(&self.before, &old) != items).then_some(None);
        };
        if self.after.at(to) == Some(own) {
            return None;
        }
        let in_item = |index: usize| {
            let segments = list.segments().iter().cloned();
            let segments = segments.chain([Segment::Index(index)]);
            Path::new(segments.chain(rest.iter().cloned()).collect())
        };
        let mut same = (0..items).map(in_item);
        let mut same = same
            .by_ref()
            .filter(|path| self.after.at(path) == Some(own));
        let first = same.next();
        Some(first.filter(|_| same.next().is_none()))
    }
}

/// The sentence about a path into a list that a step made another one.
fn other_item(mention: &Mention, now: Option<String>) -> String {
    match now {
        Some(now) => format!(
            "What `{}` names stands at `{now}` now, because its list is another one. Change it by hand, together with the rest.",
            mention.text
        ),
        None => format!(
            "`{}` names an item of a list that is another one now. Change it by hand, together with the rest.",
            mention.text
        ),
    }
}

/// The place that the path of an operation leads to after the migrations.
pub(super) fn followed(
    patched: &PatchedValues,
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
    let PatchedValues { before, after } = patched;
    // `-` names the place behind the last item of a list (RFC 6901).
    let is_appended = keys.last().is_some_and(|key| key == "-");
    let path = before.path_of(&keys[common..]);
    let is_map = |value: &Value| value.as_map().is_some();
    // What stands there goes or is replaced, and must have its new place there, too.
    let own = before.at(&path);
    let of_own = own.filter(|_| !is_appended);
    let of_own = of_own.map_or_else(Vec::new, |own| leaves_at(&path, own));
    let mut leaves = value.map_or_else(Vec::new, |value| leaves_at(&path, value));
    if value.is_none_or(is_map) {
        leaves.extend(of_own.iter().cloned());
    }
    let any = Value::from("x");
    if leaves.is_empty() {
        leaves.push((path.clone(), &any));
    }
    let mut place: Option<Path> = None;
    for (leaf, value) in leaves {
        let below = leaf.strip_prefix(&path)?;
        let to = match place_of(&worked.plan, &leaf, value.clone()) {
            NewPlace::Same => leaf.clone(),
            NewPlace::Moved(to)
                if is_only_moved(&worked.plan, &leaf) && is_only_moved(&worked.plan, &to) =>
            {
                to
            }
            other => {
                let made = other.made().map(|to| setting(mention, to));
                let made = made.filter(|_| below.is_root());
                return Some(Followed::Not(names_nothing(worked, &mention.text, made)));
            }
        };
        if !is_appended && let Some(now) = patched.other_item(&leaf, &to) {
            let now = now.and_then(|now| Some(setting(mention, &without_end(&now, &below)?)));
            return Some(Followed::Not(other_item(mention, now)));
        }
        let above = match operation.value {
            Some(_) => without_end(&to, &below),
            // What it has in it may have other names there.
            None => Some(without_last(&to, below.segments().len())),
        };
        let Some(above) = above else {
            return Some(Followed::Not(format!(
                "What this operation sets at `{}` has `{below}` in it, whose place is `{}` now. Change it by hand, together with the rest.",
                mention.text,
                setting(mention, &to)
            )));
        };
        if place.as_ref().is_some_and(|place| *place != above) {
            return Some(Followed::Not(scattered(mention)));
        }
        place = Some(above);
    }
    let to = place?;
    // A map may have got company from elsewhere.
    if own.is_some_and(is_map)
        && let Some(there) = after.at(&to)
        && leaves_at(&to, there).len() != of_own.len()
    {
        return Some(Followed::Not(scattered(mention)));
    }
    if to == path {
        return Some(Followed::Same);
    }
    let mut written = setting(mention, &to);
    if is_appended {
        match written.rsplit_once('/') {
            Some((above, "0")) => written = format!("{above}/-"),
            _ => return Some(Followed::Not(scattered(mention))),
        }
    }
    if operation.adds && !after.has_above(&to) {
        return Some(Followed::Not(format!(
            "What `{}` sets has its place at `{written}` now, and an `add` needs a map above it, which these values do not have. Change the operation by hand, together with the rest.",
            mention.text
        )));
    }
    Some(Followed::To(written))
}

/// The path of a JSON patch for one of the chart's own.
fn setting(mention: &Mention, path: &Path) -> String {
    pointer::to_setting(&mention.prefix.concat(path))
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

/// The path above the part that a path ends in.
fn without_end(path: &Path, end: &Path) -> Option<Path> {
    let segments = path.segments().strip_suffix(end.segments())?;
    Some(Path::new(segments.to_vec()))
}

/// The path above its last segments.
fn without_last(path: &Path, number: usize) -> Path {
    let segments = path.segments();
    Path::new(segments[..segments.len().saturating_sub(number)].to_vec())
}

/// The values that the HelmRelease itself sets: that is what a patch is applied to.
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
