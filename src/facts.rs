//! Facts: what a pack states about a set of values, before and after.
//!
//! The statements are expressions of the pack over the effective values with the version's defaults below
//! them; nothing about a chart is written here.

use semver::Version;

use crate::{
    migrate::{TracedValue, together::effective},
    outcome::FactChange,
    pack::{
        ExprError, Expression, Pack, PackError, Scope,
        expr::{describe_value, template_places},
    },
    plan::Plan,
    values::{
        Map, Path, Value, ValuesPart,
        below::{add_below, values_below},
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
    layers: &[TracedValue],
    plan: &Plan<'_>,
) -> Result<Vec<FactChange>, PackError> {
    let first = plan.origin();
    let before = stating(first.pack, &first.from);
    let part = looked_at(&before)?;
    let values = views
        .iter()
        .map(|view| view.part(&part).unwrap_or_default());
    let mut values = merge_all(values);
    hand_down(&mut values, &plan.global);
    let values = effective(first.pack, &first.from, values);
    let before = facts(&before, &part.of(&values))?;
    let mut changes: Vec<FactChange> = Vec::new();
    let mut change = |title: String| match changes.iter().position(|one| one.title == title) {
        Some(at) => at,
        None => {
            changes.push(FactChange {
                title,
                before: None,
                after: None,
                open: Vec::new(),
            });
            changes.len() - 1
        }
    };
    let mut found = Vec::new();
    for (facts, is_after) in [(before, false), (afterwards(views, layers, plan)?, true)] {
        for (title, value) in facts {
            found.push((change(title), value, is_after));
        }
    }
    for (at, value, is_after) in found {
        match is_after {
            true => changes[at].after = value,
            false => changes[at].before = value,
        }
    }
    changes.retain(|fact| fact.before.is_some() || fact.after.is_some());
    Ok(changes)
}

/// The titles of the facts that are stated of a release afterwards, with their texts.
///
/// # Errors
///
/// If an expression of the pack is none.
pub fn afterwards(
    views: &[View<'_>],
    layers: &[TracedValue],
    plan: &Plan<'_>,
) -> Result<Vec<(String, Option<String>)>, PackError> {
    let stating = stating(plan.pack, &plan.to);
    let part = looked_at(&stating)?;
    let migrated = layers
        .iter()
        .zip(views)
        .map(|(node, view)| match node.part(&part, view) {
            Ok(Value::Map(map)) => map,
            _ => Map::new(),
        });
    let mut migrated = merge_all(migrated);
    hand_down(&mut migrated, &plan.global);
    let migrated = effective(plan.pack, &plan.to, migrated);
    facts(&stating, &part.of(&migrated))
}

/// A pack that states facts: that of the chart, or of one that it brings along.
struct Stating<'p> {
    pack: &'p Pack,
    version: &'p Version,
    /// The key that the values stand under, of a chart that is brought along.
    below: Option<&'p str>,
}

/// Who states facts of a chart version.
fn stating<'p>(pack: &'p Pack, version: &'p Version) -> Vec<Stating<'p>> {
    let own = Stating {
        pack,
        version,
        below: None,
    };
    let below = pack.sub_charts().filter_map(|chart| {
        Some(Stating {
            pack: &chart.pack,
            version: chart.version_with(version)?,
            below: Some(&chart.key),
        })
    });
    std::iter::once(own).chain(below).collect()
}

impl Stating<'_> {
    /// The facts that it states: their ids, titles and texts.
    fn facts(&self) -> impl Iterator<Item = (&str, String, &str)> {
        self.pack.info.facts.iter().filter_map(|(id, fact)| {
            let title = match self.below {
                Some(key) => format!("{key}: {}", fact.title),
                None => fact.title.clone(),
            };
            Some((id.as_str(), title, fact.text(self.version)?))
        })
    }
}

/// What facts look at.
fn looked_at(all: &[Stating<'_>]) -> Result<ValuesPart, PackError> {
    let mut part = ValuesPart::default();
    for stating in all {
        for (id, _, text) in stating.facts() {
            for place in text_places(text).map_err(|error| failed(id, error))? {
                match stating.below {
                    None => part.add(&place),
                    Some(key) => add_below(&mut part, key, &place),
                }
            }
        }
    }
    Ok(part)
}

fn text_places(text: &str) -> Result<Vec<Path>, ExprError> {
    match text.strip_prefix('=') {
        Some(source) => Expression::cached(source).places_below("values"),
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
    stating: &[Stating<'_>],
    values: &Value,
) -> Result<Vec<(String, Option<String>)>, PackError> {
    let mut stated = Vec::new();
    for one in stating {
        let of_chart = one.below.map(|key| Value::Map(values_below(values, key)));
        let mut scope = Scope::new();
        scope.bind("values", Some(of_chart.as_ref().unwrap_or(values)));
        for (id, title, text) in one.facts() {
            let filled = match text.strip_prefix('=') {
                Some(source) => scope
                    .eval(&Expression::cached(source))
                    .map(|value| value.map(|value| describe_value(Some(&value)))),
                None => scope.fill(text).map(Some),
            };
            let value = match filled {
                // Values of another type than the chart's: nothing can be stated of them, and that
                // is no reason to leave the file alone.
                Err(ExprError::Failed { .. }) => None,
                filled => filled.map_err(|error| failed(id, error))?,
            };
            stated.push((title, value));
        }
    }
    Ok(stated)
}
