//! Where the writes of a migration can meet: two writes at one place, two steps that take one path, a
//! write where the old chart read a value of the user's.

use super::{
    Whole,
    finding::{Code, PackFinding},
    guards::Guard,
    paths::{row_of, spot_of_take},
    place::Spot,
    placed_rows,
};
use crate::{
    pack::{Migration, Step, Take, Template},
    values::{Path, Segment, Value},
};

/// Something that a step puts somewhere.
struct Put<'p> {
    step: &'p Step,
    path: &'p Path,
    /// True if items are added one by one, told apart by a key.
    by: bool,
    /// The row and the option; none for what is moved.
    row: Option<(usize, Option<&'p str>)>,
    /// True if a literal scalar or list is put: nothing can stand below it.
    closed: bool,
    guard: Guard,
    /// Its place in the file; a pack may put thousands of things somewhere, and few of them are found fault with.
    spot: Box<dyn Fn() -> Spot<'p> + 'p>,
}

/// Checks the writes of a migration.
pub(super) fn check(whole: &Whole<'_>, migration: &Migration, found: &mut Vec<PackFinding>) {
    let mut puts = Vec::new();
    for step in &migration.steps {
        let spot = whole.spot_of_step(migration, step);
        puts.extend(puts_of(step, spot));
        check_live_keys(whole, migration, step, spot, found);
    }
    for (at, second) in puts.iter().enumerate() {
        let first = puts[..at].iter().find(|first| can_meet(first, second));
        let Some(first) = first else { continue };
        let line = (first.spot)().line();
        let whose = match std::ptr::eq(first.step, second.step) {
            true => "the same step".to_owned(),
            false => format!("`{}`", first.step.id),
        };
        let message = format!(
            "{} is written here, and {} by {whose} in line {line}; one would be lost. Give them guards that \
             exclude each other, or make one step of them",
            second.path, first.path
        );
        found.push((second.spot)().finding_here(Code::WritesMeet, message));
    }
    for (at, second) in migration.steps.iter().enumerate() {
        for take in &second.takes {
            let spot = || spot_of_take(second, whole.spot_of_step(migration, second), take);
            let guard = Guard::of_take(second, take);
            let same = |other: &&Step| {
                let mut takes = other.takes.iter().filter(|own| own.path == take.path);
                takes.any(|own| !Guard::of_take(other, own).excludes(&guard))
            };
            if let Some(first) = migration.steps[..at].iter().find(same) {
                let message = format!(
                    "{} is taken here and by `{}` too, and nothing shows that only one of the two can run",
                    take.path, first.id
                );
                found.push(spot().finding_here(Code::SamePath, message));
            }
            let kept =
                |other: &&Step| !std::ptr::eq(*other, second) && other.keep.contains(&take.path);
            if let Some(other) = migration.steps.iter().find(kept) {
                let message = format!("{} is taken here, and `{}` keeps it", take.path, other.id);
                found.push(spot().finding_here(Code::SamePath, message));
            }
        }
    }
    for step in &migration.steps {
        for (at, take) in step.takes.iter().enumerate() {
            let both = |other: &Take| other.path == take.path && !apart_rows(other.of, take.of);
            if step.takes[..at].iter().any(both) {
                let spot = spot_of_take(step, whole.spot_of_step(migration, step), take);
                let message = format!("{} is taken twice by this step", take.path);
                found.push(spot.finding_here(Code::SamePath, message));
            }
        }
    }
}

/// True if only one of two rows, or of two options, is ever used.
fn apart_rows(
    first: Option<(usize, Option<usize>)>,
    second: Option<(usize, Option<usize>)>,
) -> bool {
    let (Some((row, option)), Some((other, theirs))) = (first, second) else {
        return false;
    };
    row != other || option.is_some() && theirs.is_some() && option != theirs
}

fn puts_of<'p>(step: &'p Step, spot: Spot<'p>) -> Vec<Put<'p>> {
    let mut puts = Vec::new();
    for take in &step.takes {
        let Some(to) = &take.to else { continue };
        let row = row_of(step, spot, take);
        let option = |number: usize, option: usize| {
            let question = step.rows[number].question.as_ref()?;
            Some(question.options[option].id.as_str())
        };
        puts.push(Put {
            step,
            path: to,
            by: false,
            row: take
                .of
                .map(|(number, at)| (number, at.and_then(|at| option(number, at)))),
            closed: false,
            guard: Guard::of_take(step, take),
            spot: Box::new(move || {
                row.get("move")
                    .find_path(&take.path)
                    .unwrap_or(row)
                    .at_value()
            }),
        });
    }
    for placed in placed_rows(step, spot) {
        for write in &placed.row.writes {
            let by = write.by.is_some();
            let fields = placed.spot.get(if by { "upsert" } else { "do" });
            let around = placed.spot;
            // More can be put into a map, and an expression may come to one; anything else is all that stands
            // there.
            let closed = match &write.value {
                Template::Literal(Value::Map(_)) | Template::Map(_) | Template::Expression(_) => {
                    false
                }
                Template::Literal(_) | Template::List(_) => true,
            };
            puts.push(Put {
                step,
                path: &write.path,
                by,
                row: Some((
                    placed.number,
                    placed.option.map(|option| option.id.as_str()),
                )),
                closed,
                guard: Guard::of_row(step, &placed),
                spot: Box::new(move || fields.find_path(&write.path).unwrap_or(around)),
            });
        }
    }
    puts
}

/// True if two puts can be at one place, or one in the other.
fn can_meet<'p>(first: &Put<'p>, second: &Put<'p>) -> bool {
    if !first.path.may_overlap(second.path)
        || are_told_apart(first, second)
        || only_perhaps(first, second)
    {
        return false;
    }
    if std::ptr::eq(first.step, second.step) {
        if let (Some((row, option)), Some((other, theirs))) = (first.row, second.row) {
            // Of the rows one is used, of the options one is chosen.
            let both_options = option.is_some() && theirs.is_some() && option != theirs;
            if row != other || both_options {
                return false;
            }
        }
        let (upper, lower) = match first.path.depth() <= second.path.depth() {
            true => (first, second),
            false => (second, first),
        };
        // What is put below a map of the same step goes into it.
        return upper.path.depth() == lower.path.depth() || upper.closed && upper.row.is_some();
    }
    !first.guard.excludes(&second.guard)
}

/// True if two moves meet only where a user's key has the name in the other destination: a name beside a star is how
/// one of many keys is renamed. Where it is so the run stops.
fn only_perhaps(first: &Put<'_>, second: &Put<'_>) -> bool {
    let depth = first.path.depth() == second.path.depth();
    let moves = first.row.is_none() && second.row.is_none();
    let deep = |put: &Put<'_>| put.path.is_deep();
    if deep(first) || deep(second) {
        return true;
    }
    let mut pairs = first.path.segments().iter().zip(second.path.segments());
    depth && moves && pairs.any(|(a, b)| a.is_wildcard() != b.is_wildcard())
}

/// True if two puts only add items to one list, told apart by a key.
fn are_told_apart(first: &Put<'_>, second: &Put<'_>) -> bool {
    let selects = |put: &Put<'_>| {
        let mut segments = put.path.segments().iter();
        segments.any(|at| matches!(at, Segment::Select { .. } | Segment::SelectPattern { .. }))
    };
    let items = |put: &Put<'_>| put.by || selects(put);
    items(first) && items(second) && first.path != second.path
        || first.by && second.by && !std::ptr::eq(first.step, second.step)
        || items(first) && second.by
        || first.by && items(second)
}

/// Writes onto keys that the chart just before read, and that the step does not look at.
fn check_live_keys(
    whole: &Whole<'_>,
    migration: &Migration,
    step: &Step,
    spot: Spot<'_>,
    found: &mut Vec<PackFinding>,
) {
    let before = whole
        .versions
        .iter()
        .rev()
        .find(|other| **other < migration.version);
    let Some(before) = before else { return };
    let covers = |path: &Path, to: &Path| path.may_hold(to);
    for put in puts_of(step, spot) {
        let looks = step.reads.iter().any(|(_, path)| covers(path, put.path))
            || step.takes.iter().any(|take| covers(&take.path, put.path))
            || step.replaces.iter().any(|path| covers(path, put.path));
        let mut others = migration.steps.iter().flat_map(|other| &other.takes);
        let gone = others.any(|take| covers(&take.path, put.path));
        // An upsert looks for its item, and lets the others be.
        if looks || gone || put.by || !whole.pack.keys.is_leaf_read(put.path, before) {
            continue;
        }
        let message = format!(
            "{before} reads {} too, so a user's value may stand there already; the step should look at it \
             (`read`) or say in `replaces` that it is a left-over",
            put.path
        );
        found.push((put.spot)().finding_here(Code::LiveKey, message));
    }
}
