//! Facts: what a pack states about a set of values, before and after.
//!
//! The statements are expressions of the pack over the effective values with the version's defaults below
//! them; nothing about a chart is written here.

use semver::Version;

use crate::{
    migrate::Node,
    outcome::FactChange,
    pack::{ExprError, Expression, Pack, PackError, Scope, expr::describe},
    values::{
        Helm, Map, Value,
        coalesce::{ChartDefaults, coalesce},
        merge::merge_all,
        view::View,
    },
};

/// The facts of a release before and after, those that did not change included.
///
/// # Errors
///
/// If an expression of the pack is none.
pub fn changes(
    pack: &Pack,
    views: &[View<'_>],
    layers: &[Node],
    from: &Version,
    to: &Version,
) -> Result<Vec<FactChange>, PackError> {
    let before = merge_all(views.iter().map(|view| view.values().unwrap_or_default()));
    let after = merge_all(
        layers
            .iter()
            .zip(views)
            .map(|(node, view)| match node.value(view) {
                Ok(Value::Map(map)) => map,
                _ => Map::new(),
            }),
    );
    let before = facts(pack, before, from)?;
    let after = facts(pack, after, to)?;
    let titles = pack.info.facts.values().map(|fact| fact.title.clone());
    Ok(titles
        .zip(before.into_iter().zip(after))
        .map(|(title, (before, after))| FactChange {
            title,
            before,
            after,
        })
        .filter(|fact| fact.before.is_some() || fact.after.is_some())
        .collect())
}

fn facts(pack: &Pack, values: Map, version: &Version) -> Result<Vec<Option<String>>, PackError> {
    let chart = ChartDefaults {
        name: pack.info.chart.clone(),
        values: pack.keys.defaults(version),
        dependencies: Vec::new(),
    };
    let values = coalesce(Helm::V3, &chart, &values).map_or(values, |merged| merged.values);
    let mut scope = Scope::new();
    scope.bind("values", Some(&Value::Map(values)));
    pack.info
        .facts
        .iter()
        .map(|(id, fact)| {
            let Some(value) = fact
                .by_version
                .iter()
                .find(|v| v.versions.contains(version))
            else {
                return Ok(None);
            };
            let text = match value.value.strip_prefix('=') {
                Some(source) => scope
                    .eval(&Expression::new(source))
                    .map(|value| value.map(|value| describe(Some(&value)))),
                None => scope.fill(&value.value).map(Some),
            };
            match text {
                // Values of another type than the chart's: nothing can be stated of them, and that
                // is no reason to leave the file alone.
                Err(ExprError::Failed { .. }) => Ok(None),
                text => text.map_err(|error| PackError::PackExpression {
                    place: format!("fact {id}"),
                    error,
                }),
            }
        })
        .collect()
}
