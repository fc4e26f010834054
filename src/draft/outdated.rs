//! Settings that still work, and that the new chart's own texts call out of date: "DEPRECATED option `a.b`, use `c.d`".
//!
//! Nothing is lost yet, so nothing has to be guessed: the value is put at the place that the text names and its old key
//! left out, and it is surely the same setting only if everything renders as before. What was there under the old chart
//! already is another setting.

use super::{
    candidates::ChartKeys,
    propose::{Destination, Proposal, SettingState, Sides, Suggestion},
};
use crate::{
    effect::leaves::{set_path, without_paths},
    values::{Map, Path, Value, leaves},
};

/// What is said of a place that does all of it.
const SURE: f64 = 0.95;
/// The same for one that does something else, too, or something less.
const LIKELY: f64 = 0.6;

/// The settings that a text of the new chart names another key for, among those of which nothing is said yet.
pub(super) fn outdated(
    (old, new): (&ChartKeys, &ChartKeys),
    sides: &Sides<'_>,
    known: &[Proposal],
) -> Vec<Proposal> {
    let after = &sides.after.side;
    let whole = Value::Map(after.values.clone());
    let mut found: Vec<Proposal> = Vec::new();
    for (path, value) in leaves(&after.values) {
        let is_own = !sides.scaffold.contains(&path) && old.reads.is_read(&path);
        if !path.is_concrete() || !is_own || known.iter().any(|one| one.from == path) {
            continue;
        }
        let named = new.hints.outdated_for(&path).into_iter().filter(|to| {
            let is_new = !old.knows(to) && new.knows(to) && new.reads.is_read(to);
            is_new && to.get(&whole).is_none() && !to.starts_with(&path)
        });
        let places: Vec<Destination> = named
            .filter_map(|to| place(&after.values, sides, (&path, value), to))
            .collect();
        let mut sure = places.iter().filter(|place| place.score >= SURE);
        let fate = match (sure.next(), sure.next()) {
            (Some(only), None) => Suggestion::Moves(only.clone()),
            _ if places.is_empty() => continue,
            _ => Suggestion::Unsure(places),
        };
        found.push(Proposal {
            from: path,
            did: None,
            fate,
            standing: SettingState::OutOfDate,
            refused: None,
        });
    }
    prove(&mut found, sides);
    found
}

/// The values with some of them at other places.
fn moved(values: &Map, moves: &[(&Path, &Value, &Path)]) -> Map {
    let gone: Vec<Path> = moves.iter().map(|(from, ..)| (*from).clone()).collect();
    let mut values = without_paths(values, &gone);
    for (_, value, to) in moves {
        set_path(&mut values, to, (*value).clone());
    }
    values
}

/// What a place is worth that a text names; `None` if the value does nothing there, or does nothing at all.
fn place(
    values: &Map,
    sides: &Sides<'_>,
    (path, value): (&Path, &Value),
    to: Path,
) -> Option<Destination> {
    let after = &sides.after.side;
    let without = without_paths(values, std::slice::from_ref(path));
    let there = moved(values, &[(path, value, &to)]);
    let without = after.renderer.render(&without, after.mode);
    let there = after.renderer.render(&there, after.mode);
    let (without, there) = (
        without.as_ref().as_ref().ok()?,
        there.as_ref().as_ref().ok()?,
    );
    let same = after
        .effects_between(value, there, &after.manifest)
        .is_empty();
    let does = |with, without| !after.effects_between(value, with, without).is_empty();
    if !does(&after.manifest, without) || !does(there, without) {
        return None;
    }
    let (score, evidence) = match same {
        true => (
            SURE,
            "the new chart's text names it instead, and all renders the same",
        ),
        false => (
            LIKELY,
            "the new chart's text names it instead, but not all renders the same",
        ),
    };
    Some(Destination {
        to,
        wraps: false,
        is_shared: false,
        score,
        evidence: evidence.to_owned(),
    })
}

/// All that is sure at once must render the same, too.
fn prove(found: &mut [Proposal], sides: &Sides<'_>) {
    let after = &sides.after.side;
    let whole = Value::Map(after.values.clone());
    let moves: Vec<(&Path, &Value, &Path)> = found
        .iter()
        .filter_map(|one| match &one.fate {
            Suggestion::Moves(place) => Some((&one.from, one.from.get(&whole)?, &place.to)),
            _ => None,
        })
        .collect();
    if moves.len() < 2 {
        return;
    }
    let rendered = after
        .renderer
        .render(&moved(&after.values, &moves), after.mode);
    let is_same = rendered.as_ref().as_ref().is_ok_and(|manifest| {
        after
            .effects_between(&Value::Null, manifest, &after.manifest)
            .is_empty()
    });
    if !is_same {
        for one in found {
            if let Suggestion::Moves(place) = &one.fate {
                one.fate = Suggestion::Unsure(vec![place.clone()]);
            }
        }
    }
}
