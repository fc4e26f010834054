//! What pack.yaml says about keys: what tells the chart, evidence, facts, and where effects moved.

use semver::Version;

use super::{
    Whole,
    finding::{Code, PackFinding},
    names::one_line,
    paths::did_you_mean,
    place::Spot,
    range,
};
use crate::{
    pack::{
        Expression, VersionRange, effects,
        expr::{self, TemplatePart},
    },
    values::Path,
};

/// Checks pack.yaml beyond its form.
pub(super) fn check(whole: &Whole<'_>, found: &mut Vec<PackFinding>) {
    check_evidence(whole, found);
    check_former_names(whole, found);
    check_telling(whole, found);
    check_facts(whole, found);
    let effects = &whole.pack.info.effects;
    if let Err(message) = effects::declared_moves(effects) {
        let spot = whole.files.spot("pack.yaml").get("effects");
        found.push(spot.finding_here(Code::Effects, message));
    }
}

/// Checks what tells versions of the chart.
fn check_evidence(whole: &Whole<'_>, found: &mut Vec<PackFinding>) {
    let list = whole.files.spot("pack.yaml").get("evidence");
    for (at, evidence) in whole.pack.info.evidence.iter().enumerate() {
        let spot = list.item(at);
        let range = |version: &Version| evidence.versions.contains(version);
        let path = spot.get("path").at_value();
        // Evidence against all versions is about keys of forks, which no version need know.
        if !range::is_against(&evidence.versions, &whole.versions) {
            check_key(whole, &evidence.path, &range, path, found);
        }
        if let Some(unless) = &evidence.unless {
            check_key(
                whole,
                unless,
                &|_| true,
                spot.get("unless").at_value(),
                found,
            );
        }
        if let Some(condition) = &evidence.condition {
            let at = spot.get("if").at_value();
            // What tells a version may well be that keys of others are not there.
            check_expression(whole, condition, &VersionRange::default(), at, found);
        }
    }
}

/// Checks the names that the chart had before.
fn check_former_names(whole: &Whole<'_>, found: &mut Vec<PackFinding>) {
    let list = whole.files.spot("pack.yaml").get("called-before");
    let info = &whole.pack.info;
    for (at, former) in info.called_before.iter().enumerate() {
        let spot = list.item(at);
        if former.chart == info.chart {
            let message = "this is the chart's name now";
            found.push(
                spot.get("chart")
                    .at_value()
                    .finding_here(Code::Format, message),
            );
        }
        if !info.versions.contains_key(&former.until) {
            let message = format!("{} is not among the versions", former.until);
            found.push(
                spot.get("until")
                    .at_value()
                    .finding_here(Code::UnknownVersion, message),
            );
        }
    }
}

/// Checks what tells the chart from others, and from those of its name.
fn check_telling(whole: &Whole<'_>, found: &mut Vec<PackFinding>) {
    let identifies = whole.files.spot("pack.yaml").get("identifies");
    let info = &whole.pack.info;
    for (at, namesake) in info.identifies.not.iter().enumerate() {
        if info.repositories.contains(&namesake.repository) {
            let spot = identifies.get("not").item(at);
            let message = "this is also one of the chart's own repositories";
            found.push(
                spot.get("repository")
                    .at_value()
                    .finding_here(Code::Format, message),
            );
        }
    }
    for (at, telling) in info.identifies.keys.iter().enumerate() {
        let spot = identifies.get("keys").item(at);
        let path = spot.get("path").at_value();
        check_key(whole, &telling.path, &|_| true, path, found);
        if let Some(condition) = &telling.condition {
            let at = spot.get("if").at_value();
            check_expression(whole, condition, &VersionRange::default(), at, found);
        }
    }
}

/// Checks the expressions of facts, and those in their texts.
fn check_facts(whole: &Whole<'_>, found: &mut Vec<PackFinding>) {
    let facts = whole.files.spot("pack.yaml").get("facts");
    for (id, fact) in &whole.pack.info.facts {
        let values = facts.get(id).get("by-version");
        for (at, value) in fact.by_version.iter().enumerate() {
            let spot = values.item(at).get("value").at_value();
            if let Some(source) = value.value.strip_prefix('=') {
                check_expression(whole, source, &value.versions, spot, found);
                continue;
            }
            let parts = match expr::template_parts(&value.value) {
                Ok(parts) => parts,
                Err(error) => {
                    found.push(spot.finding_here(Code::BadExpression, one_line(&error)));
                    continue;
                }
            };
            for part in parts {
                if let TemplatePart::Expression(source) = part {
                    check_expression(whole, source, &value.versions, spot, found);
                }
            }
        }
    }
}

/// Checks that the chart knows a key, and that a version in a range does.
fn check_key(
    whole: &Whole<'_>,
    text: &str,
    range: &dyn Fn(&Version) -> bool,
    spot: Spot<'_>,
    found: &mut Vec<PackFinding>,
) {
    match text.parse::<Path>() {
        Err(error) => {
            let message = format!("this is no path: {error}");
            found.push(spot.finding_here(Code::BadPath, message));
        }
        Ok(path) => check_known(whole, &path, range, spot, found),
    }
}

fn check_known(
    whole: &Whole<'_>,
    path: &Path,
    range: &dyn Fn(&Version) -> bool,
    spot: Spot<'_>,
    found: &mut Vec<PackFinding>,
) {
    let knows = |version: &&Version| whole.knows(path, version);
    if !whole.versions.iter().any(|version| knows(&version)) {
        let message = format!("no version knows {path}{}", did_you_mean(whole.pack, path));
        found.push(spot.finding_here(Code::UnknownEvidence, message));
    } else if !whole
        .versions
        .iter()
        .filter(|version| range(version))
        .any(|v| knows(&v))
    {
        let message = format!("no version that this is for knows {path}; others do");
        found.push(spot.finding_here(Code::UnknownEvidence, message));
    }
}

/// Checks an expression over `values`.
fn check_expression(
    whole: &Whole<'_>,
    source: &str,
    versions: &VersionRange,
    spot: Spot<'_>,
    found: &mut Vec<PackFinding>,
) {
    let expression = Expression::new(source);
    let read = expression.names().and_then(|names| {
        Ok((
            names,
            expression.unknown_functions()?,
            expression.places_below("values")?,
        ))
    });
    let (names, functions, places) = match read {
        Ok(read) => read,
        Err(error) => return found.push(spot.finding_here(Code::BadExpression, one_line(&error))),
    };
    if let Some(name) = names.iter().find(|name| *name != "values") {
        let message = format!(
            "`{name}` has no meaning here; the values are `values` (in the expression `{}`)",
            expression.source()
        );
        found.push(spot.finding_here(Code::UnknownName, message));
    }
    if let Some(function) = functions.first() {
        let message = format!(
            "there is no function `{function}` (in the expression `{}`)",
            expression.source()
        );
        found.push(spot.finding_here(Code::UnknownFunction, message));
    }
    for place in places.iter().filter(|place| !place.is_root()) {
        check_known(
            whole,
            place,
            &|version| versions.contains(version),
            spot,
            found,
        );
    }
}
