//! Steps as a whole: their ids, what they need, whether they do anything, and whether every row and option
//! can come to its turn.

use std::collections::{HashMap, HashSet};

use super::{
    PlacedRow, Whole,
    finding::{Code, PackFinding},
    place::Spot,
    placed_rows,
};
use crate::{
    pack::{Choice, Migration, Row, Step, Template},
    questions::built_in,
    spelling::closest,
};

/// Checks the ids of all steps, and what they need.
pub(super) fn check_ids(whole: &Whole<'_>, found: &mut Vec<PackFinding>) {
    let all = || {
        let migrations = whole.migrations.iter();
        migrations.flat_map(|migration| migration.steps.iter().map(move |step| (*migration, step)))
    };
    let mut first: HashMap<&str, &Migration> = HashMap::new();
    for (migration, step) in all() {
        let spot = whole.spot_of_step(migration, step);
        if let Some(other) = first.insert(&step.id, migration) {
            let message = format!(
                "`{}` is also a step of {}; an id is unique in the pack",
                step.id, other.version
            );
            found.push(spot.finding_here(Code::IdTwice, message));
        }
        let proper = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        if step.id.is_empty() || !step.id.chars().all(proper) {
            let message = format!(
                "`{}`: an id has small letters, digits, dots and dashes",
                step.id
            );
            found.push(spot.finding_here(Code::BadId, message));
        }
        if built_in(&step.id).is_some() {
            let message = format!("refit itself uses the id `{}`", step.id);
            found.push(spot.finding_here(Code::BadId, message));
        }
    }
    let ids: HashMap<&str, &Step> = all().map(|(_, step)| (step.id.as_str(), step)).collect();
    for (migration, step) in all() {
        let needs = whole.spot_of_step(migration, step).get("needs");
        for (at, needed) in step.needs.iter().enumerate() {
            let spot = needs.item(at);
            if !ids.contains_key(needed.as_str()) {
                let hint = match closest(needed, ids.keys().copied()) {
                    Some(close) => format!("; did you mean `{close}`?"),
                    None => String::new(),
                };
                let message = format!("there is no step `{needed}`{hint}");
                found.push(spot.finding_here(Code::UnknownStep, message));
            } else if let Some(circle) = find_circle(&step.id, needed, &ids) {
                let message = format!(
                    "steps need each other in a circle ({}), so none can run without the others; one step would say so",
                    circle.join(", ")
                );
                found.push(spot.finding_here(Code::NeedsCycle, message));
            }
        }
    }
}

/// The way from a step through one that it needs back to it.
fn find_circle<'s>(
    from: &'s str,
    needed: &'s str,
    ids: &HashMap<&'s str, &'s Step>,
) -> Option<Vec<&'s str>> {
    let mut seen = HashSet::new();
    let mut ways = vec![vec![from, needed]];
    while let Some(way) = ways.pop() {
        let last = *way.last()?;
        if last == from {
            return Some(way);
        }
        if !seen.insert(last) {
            continue;
        }
        let needs = ids.get(last).map(|step| step.needs.as_slice());
        for next in needs.unwrap_or_default() {
            ways.push([way.as_slice(), &[next]].concat());
        }
    }
    None
}

/// Checks a step as a whole.
pub(super) fn check_step(
    whole: &Whole<'_>,
    migration: &Migration,
    step: &Step,
    spot: Spot<'_>,
    found: &mut Vec<PackFinding>,
) {
    let rows = placed_rows(step, spot);
    let nothing = |row: &Row| {
        let silent = row.tell.is_empty() && row.todo.is_empty() && row.question.is_none();
        row.writes.is_empty() && silent
    };
    if step.takes.is_empty() && step.rows.iter().all(nothing) {
        let message = format!("`{}` takes, writes, tells and asks nothing", step.id);
        found.push(spot.finding_here(Code::NoEffect, message));
    }
    check_reachable(whole, migration, step, &rows, found);
    check_options(step, &rows, found);
    if step.same_key && step.takes.is_empty() && step.reads.is_empty() {
        let message =
            "`same-key` is for a step that looks at a key, and this one takes and reads none";
        found.push(spot.get("same-key").finding_here(Code::SameKey, message));
    }
    for placed in &rows {
        check_repeated(whole, migration, step, placed, found);
    }
}

/// Rows behind one that always holds, or for no version at all.
fn check_reachable(
    whole: &Whole<'_>,
    migration: &Migration,
    step: &Step,
    rows: &[PlacedRow<'_>],
    found: &mut Vec<PackFinding>,
) {
    let condition = |row: &Row| row.condition.as_ref().map(|c| c.source().trim().to_owned());
    let spots = rows.iter().filter(|placed| placed.option.is_none());
    let spots: Vec<Spot<'_>> = spots.map(|placed| placed.spot).collect();
    for (at, row) in step.rows.iter().enumerate() {
        let above = step.rows[..at].iter().zip(&spots);
        let mut above = above.filter(|(other, _)| {
            let target = other.target.is_none() || other.target == row.target;
            target && (other.condition.is_none() || condition(other) == condition(row))
        });
        if let Some((_, first)) = above.next() {
            let message = format!(
                "this row is never used: the one in line {} always comes first",
                first.line()
            );
            found.push(spots[at].finding_here(Code::UnreachableRow, message));
        }
    }
    for placed in rows {
        let own = placed.row.target.is_some();
        if own
            && !whole.versions.is_empty()
            && placed.named_targets(whole, &migration.version).is_empty()
        {
            let message = format!(
                "this is never used: no version from {} on lies in its `target`",
                migration.version
            );
            let at = placed.spot.get("target");
            found.push(at.finding_here(Code::UnreachableRow, message));
        }
    }
}

/// Options of one question that do the same.
fn check_options(step: &Step, rows: &[PlacedRow<'_>], found: &mut Vec<PackFinding>) {
    let alike = |a: &PlacedRow<'_>, b: &PlacedRow<'_>| {
        let what = |placed: &PlacedRow<'_>| {
            let row = placed.row;
            let writes: Vec<String> = row.writes.iter().map(comparable_text).collect();
            let guard = row.condition.as_ref().map(|c| c.source().to_owned());
            let said = (row.tell.clone(), row.todo.clone());
            let number = |option: &Choice| {
                let question = step.rows[placed.number].question.as_ref()?;
                question
                    .options
                    .iter()
                    .position(|other| other.id == option.id)
            };
            let own = placed
                .option
                .map(number)
                .map(|option| (placed.number, option));
            let moves: Vec<_> = step.takes.iter().filter(|take| take.of == own).collect();
            let moves: Vec<_> = moves.iter().map(|take| (&take.path, &take.to)).collect();
            (
                moves,
                writes,
                row.leave.clone(),
                said,
                guard,
                row.target.clone(),
            )
        };
        a.number == b.number && what(a) == what(b)
    };
    let options: Vec<&PlacedRow<'_>> = rows.iter().filter(|row| row.option.is_some()).collect();
    for (at, second) in options.iter().enumerate() {
        let first = options[..at].iter().find(|first| alike(first, second));
        if let Some(first) = first.and_then(|first| first.option) {
            let message = format!("this option does just what `{}` does", first.id);
            found.push(second.spot.finding_here(Code::OptionsAlike, message));
        }
    }
}

/// The value and the path of a write, for comparison.
fn comparable_text(write: &crate::pack::Write) -> String {
    fn template_text(template: &Template) -> String {
        match template {
            Template::Expression(expression) => format!("={}", expression.source()),
            Template::Literal(value) => format!("{value:?}"),
            Template::List(items) => {
                format!("{:?}", items.iter().map(template_text).collect::<Vec<_>>())
            }
            Template::Map(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| (key, template_text(value)));
                format!("{:?}", entries.collect::<Vec<_>>())
            }
        }
    }
    format!(
        "{}{:?}{}",
        write.path,
        write.by,
        template_text(&write.value)
    )
}

/// A write of a key over itself that nothing guards: each run would change it again.
fn check_repeated(
    whole: &Whole<'_>,
    migration: &Migration,
    step: &Step,
    placed: &PlacedRow<'_>,
    found: &mut Vec<PackFinding>,
) {
    // A row behind another one, and an option, are used only if something else does not hold or somebody says
    // so.
    let guarded = step.condition.is_some()
        || placed.row.condition.is_some()
        || placed.outer.is_some()
        || placed.number > 0;
    if step.same_key || guarded {
        return;
    }
    for write in placed.row.writes.iter().filter(|write| write.by.is_none()) {
        let own = step.takes.iter().find(|take| take.path == write.path);
        let (Some(name), Template::Expression(made)) =
            (own.and_then(|take| take.name.as_deref()), &write.value)
        else {
            continue;
        };
        let uses = made
            .names()
            .is_ok_and(|names| names.iter().any(|other| other == name));
        // Written as it is, it is the same the second time.
        if uses && made.source().trim() != name && whole.knows(&write.path, &migration.version) {
            let message = format!(
                "{} is written from its own value, so a second run would change it again; say `same-key: \
                 true`, or guard it with `if`",
                write.path
            );
            let at = placed
                .spot
                .get("do")
                .find_path(&write.path)
                .unwrap_or(placed.spot);
            found.push(at.finding_here(Code::SameKeyMissing, message));
        }
    }
}
