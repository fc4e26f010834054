//! Facts: what a pack states about a set of values, before and after.
//!
//! The statements are expressions of the pack over the effective values with the version's defaults below
//! them; nothing about a chart is written here.

use semver::Version;

use crate::{
    migrate::{Node, together::effective},
    outcome::FactChange,
    pack::{
        ExprError, Expression, Pack, PackError, Scope,
        expr::{describe, template_places},
    },
    plan::Plan,
    values::{
        Map, Path, Value, ValuesPart,
        merge::{hand_down, merge_all},
        view::View,
    },
};

/// The facts of a release before and after, those that did not change included.
///
/// # Errors
///
/// If an expression of the pack is none.
pub fn changes(
    views: &[View<'_>],
    layers: &[Node],
    plan: &Plan<'_>,
) -> Result<Vec<FactChange>, PackError> {
    let Plan { pack, from, to, .. } = plan;
    let part = looked_at(pack, from, to)?;
    let before = views
        .iter()
        .map(|view| view.part(&part).unwrap_or_default());
    let after = layers
        .iter()
        .zip(views)
        .map(|(node, view)| match node.part(&part, view) {
            Ok(Value::Map(map)) => map,
            _ => Map::new(),
        });
    let (mut before, mut after) = (merge_all(before), merge_all(after));
    for values in [&mut before, &mut after] {
        hand_down(values, &plan.global);
    }
    let before = facts(pack, before, from, &part)?;
    let after = facts(pack, after, to, &part)?;
    let titles = pack.info.facts.values().map(|fact| fact.title.clone());
    Ok(titles
        .zip(before.into_iter().zip(after))
        .map(|(title, (before, after))| FactChange {
            title,
            before,
            after,
            open: Vec::new(),
        })
        .filter(|fact| fact.before.is_some() || fact.after.is_some())
        .collect())
}

/// The places of values that the facts of two versions look at.
fn looked_at(pack: &Pack, from: &Version, to: &Version) -> Result<ValuesPart, PackError> {
    let mut part = ValuesPart::default();
    for (id, fact) in &pack.info.facts {
        for version in [from, to] {
            let Some(text) = fact.text(version) else {
                continue;
            };
            let places = text_places(text).map_err(|error| failed(id, error))?;
            places.iter().for_each(|place| part.add(place));
        }
    }
    Ok(part)
}

fn text_places(text: &str) -> Result<Vec<Path>, ExprError> {
    match text.strip_prefix('=') {
        Some(source) => Expression::known(source).places("values"),
        None => template_places(text, "values"),
    }
}

fn failed(id: &str, error: ExprError) -> PackError {
    PackError::PackExpression {
        place: format!("fact {id}"),
        error,
    }
}

fn facts(
    pack: &Pack,
    values: Map,
    version: &Version,
    part: &ValuesPart,
) -> Result<Vec<Option<String>>, PackError> {
    let values = part.of(&effective(pack, version, values));
    let mut scope = Scope::new();
    scope.bind("values", Some(&values));
    pack.info
        .facts
        .iter()
        .map(|(id, fact)| {
            let Some(text) = fact.text(version) else {
                return Ok(None);
            };
            let filled = match text.strip_prefix('=') {
                Some(source) => scope
                    .eval(&Expression::known(source))
                    .map(|value| value.map(|value| describe(Some(&value)))),
                None => scope.fill(text).map(Some),
            };
            match filled {
                // Values of another type than the chart's: nothing can be stated of them, and that
                // is no reason to leave the file alone.
                Err(ExprError::Failed { .. }) => Ok(None),
                filled => filled.map_err(|error| failed(id, error)),
            }
        })
        .collect()
}
