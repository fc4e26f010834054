//! Defaults that the new chart changed and that reach the user's objects.
//!
//! A setting that nobody made follows the chart: when its default changes, so do the objects, and no setting of
//! the user's is to blame. Which default did what is found as for settings: the new chart is rendered with one
//! old default put back, and what differs is its doing. A default that the user's values override, or that no
//! template reads, reaches nothing and is not rendered for.
//!
//! It is for charts without a pack: where there is one, its steps tell what matters of this in words.

use super::{
    leaves::{RenderedEffect, Side, set_path},
    model::ChangedDefault,
};
use crate::values::{Map, Path, Value, leaves};

/// Most defaults that are rendered for: a chart may change hundreds at once.
const MOST: usize = 40;

/// A default that changed, and what that does to the objects.
#[derive(Debug, Clone)]
pub(super) struct Changed {
    /// The key.
    pub path: Path,
    /// The old default.
    pub was: Value,
    /// The new one.
    pub now: Value,
    /// Its effects: with the new default, and without it (with the old one).
    pub effects: Vec<RenderedEffect>,
}

/// The defaults that both charts have, that differ, and that the values leave as they are: in the order of the
/// new chart.
pub(super) fn differing_defaults(old: &Map, new: &Map, values: &Map) -> Vec<(Path, Value, Value)> {
    let (old, values) = (Value::Map(old.clone()), Value::Map(values.clone()));
    let new = leaves(new);
    let differing = new.into_iter().filter_map(|(path, now)| {
        let was = path.get(&old).filter(|was| was.is_leaf() && *was != now)?;
        let is_set = || {
            let mut above = Some(path.clone());
            while let Some(at) = above {
                match at.get(&values) {
                    Some(value) if at == path || value.as_map().is_none() => return true,
                    _ => above = at.parent(),
                }
            }
            false
        };
        (!is_set()).then(|| (path, was.clone(), now.clone()))
    });
    differing.collect()
}

/// The effects of the changed defaults on the objects, and the number of defaults too many to be rendered for.
pub(super) fn changed(old: &Map, new: &Side<'_>) -> (Vec<Changed>, usize) {
    let mut found = differing_defaults(old, new.defaults, &new.values);
    found.retain(|(path, ..)| new.reads.is_read(path));
    let beyond = found.len().saturating_sub(MOST);
    found.truncate(MOST);
    let variants: Vec<Map> = found
        .iter()
        .map(|(path, was, _)| {
            let mut values = new.values.clone();
            set_path(&mut values, path, was.clone());
            values
        })
        .collect();
    let rendered = new.renderer.render_all(&variants, new.mode);
    let changed = found.into_iter().zip(rendered);
    let changed = changed.filter_map(|((path, was, now), rendered)| {
        let effects = match rendered.as_ref() {
            Ok(variant) => new.effects(&now, variant),
            // The old default does not render with the new chart: nobody can keep it.
            Err(_) => return None,
        };
        (!effects.is_empty()).then_some(Changed {
            path,
            was,
            now,
            effects,
        })
    });
    (changed.collect(), beyond)
}

impl Changed {
    /// As reports have it; `place` puts a place into words.
    pub(super) fn to_report(
        &self,
        place: impl Fn(&super::leaves::RenderedField) -> String,
    ) -> ChangedDefault {
        ChangedDefault {
            path: self.path.to_string(),
            was: (&self.was).into(),
            now: (&self.now).into(),
            places: self
                .effects
                .iter()
                .map(|effect| place(&effect.spot))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{values::View, yaml::Tree};

    fn map(text: &str) -> Map {
        let tree = Tree::parse(text).unwrap();
        View::new(&tree, tree.documents()[0].root).values().unwrap()
    }

    #[test]
    fn only_defaults_that_the_values_leave_alone_are_the_charts_doing() {
        let old = map("a: 1\nb: {c: 1, d: 1, e: {}}\nf: [1]\ng: 1\nh: {i: 1}\n");
        let new = map("a: 2\nb: {c: 2, d: 1, e: 2}\nf: [1, 2]\nn: 1\nh: {i: 2}\n");
        let found = |values: &str| {
            let found = differing_defaults(&old, &new, &map(values));
            let paths: Vec<String> = found.iter().map(|(path, ..)| path.to_string()).collect();
            paths.join(" ")
        };
        assert_eq!(found("{}"), "a b.c b.e f h.i");
        assert_eq!(found("{a: 5, b: {c: 1}, f: [], h: null}"), "b.e");
    }
}
