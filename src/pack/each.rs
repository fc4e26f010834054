//! Steps that are done once for each match of a path: what their names stand for, filled into their paths.
//!
//! Such a step stands for as many plain ones, in which `{name}` is the key or the position. So nothing that runs
//! steps knows of matches; it asks for the plain steps, which are read as if they had been written out. In
//! between, where a pack is checked and shown, the step is the one that has wildcards in place of its names.

use std::{borrow::Cow, sync::Arc};

use super::{
    error::PackError,
    migration::{Migration, Step, Template, read_path},
    model,
};
use crate::values::{Path, Segment, Value};

/// The matches that a step is done for.
#[derive(Debug, Clone)]
pub struct StepMatches {
    /// The path.
    pub path: Path,
    /// The names of what its wildcards stand for.
    pub names: Vec<String>,
    /// The step as it is written.
    source: Arc<model::StepDefinition>,
    /// The link of the migration.
    link: Option<String>,
}

/// The text of a path with something in place of a name.
type Fill<'f> = &'f dyn Fn(usize) -> String;

impl StepMatches {
    /// The matches that a step is done for, if it has `each`.
    pub(super) fn of(step: &model::StepDefinition) -> Result<Option<Self>, String> {
        let names = step.each_as.as_slice();
        let Some(text) = &step.each else {
            return match names {
                [] => Ok(None),
                _ => Err(
                    "`as` names what the wildcards of `for` stand for, and there is none"
                        .to_owned(),
                ),
            };
        };
        let path = read_path(text)?;
        let wildcards = path.segments().iter().map(Segment::captures).sum::<usize>();
        if wildcards == 0 {
            return Err(format!(
                "`for: {text}` has no wildcard, so it is one place; a step without it says that"
            ));
        }
        if wildcards != names.len() {
            return Err(format!(
                "`for: {text}` has {wildcards} wildcard{}, and `as` has {} name{}",
                if wildcards == 1 { "" } else { "s" },
                names.len(),
                if names.len() == 1 { "" } else { "s" },
            ));
        }
        let proper = |name: &String| {
            let mut chars = name.chars();
            chars
                .next()
                .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
                && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if let Some(name) = names.iter().find(|name| !proper(name)) {
            return Err(format!(
                "`as: {name}` is no name; it has letters, digits and underscores"
            ));
        }
        let twice = |name: &String| names.iter().filter(|other| *other == name).count() > 1;
        let named = |name: &String| {
            step.take.contains_key(name)
                || step.read.contains_key(name)
                || step.lets.contains_key(name)
        };
        if let Some(name) = names.iter().find(|name| twice(name) || named(name)) {
            return Err(format!("`as: {name}` is a name that the step has already"));
        }
        Ok(Some(Self {
            path,
            names: names.to_vec(),
            source: Arc::new(step.clone()),
            link: None,
        }))
    }

    /// The step with wildcards in place of the names.
    pub(super) fn step_with_wildcards(
        mut self,
        id: &str,
        step: model::StepDefinition,
        link: Option<&str>,
    ) -> Result<Step, String> {
        let taken = step.take.values().chain(all_rows(&step).flat_map(|row| {
            let moved = row.moves.keys();
            moved.chain(&row.drop)
        }));
        for text in taken {
            if let Some(name) = self
                .names
                .iter()
                .find(|name| !text.contains(&format!("{{{name}}}")))
            {
                return Err(format!(
                    "{text} would be taken once for each match, and is one place: it needs {{{name}}}, or belongs \
                     to a step without `for`"
                ));
            }
        }
        self.link = link.map(str::to_owned);
        // With names filled in every path must be one, and everything that is written one place.
        for some in [true, false] {
            let segments = self.path.segments().iter();
            let one: Vec<String> = segments.flat_map(|at| at.sample(some)).collect();
            let filled = self.step_for_match(id, &one).map_err(|error| match some {
                true => error,
                false => format!("{error}, where `**` stands for no key"),
            })?;
            for write in filled.all_rows().flat_map(|row| &row.writes) {
                if !write.path.is_concrete() {
                    return Err(format!(
                        "{} has a wildcard; only `move` can have one",
                        write.path
                    ));
                }
            }
        }
        let stars = self.capture_kinds().map(|at| match at {
            Segment::AnyDepth => "**",
            _ => "*",
        });
        let stars: Vec<&str> = stars.collect();
        let mut shown = Step::read_plain(
            id,
            filled_in(&step, &self.names, &|n| stars[n].to_owned()),
            link,
        )?;
        let unknown = |name: &String| {
            (
                name.clone(),
                Template::Literal(Value::String("*".to_owned())),
            )
        };
        shown.lets.splice(0..0, self.names.iter().map(unknown));
        shown.each = Some(self);
        Ok(shown)
    }

    /// For each name, the segment that it is captured by.
    fn capture_kinds(&self) -> impl Iterator<Item = &Segment> {
        let segments = self.path.segments().iter();
        segments.flat_map(|at| std::iter::repeat_n(at, at.captures()))
    }

    /// The step for one match.
    fn step_for_match(&self, id: &str, captures: &[String]) -> Result<Step, String> {
        let kinds: Vec<&Segment> = self.capture_kinds().collect();
        // The keys that `**` stands for are written as a path already.
        let fill = |n: usize| match kinds[n] {
            Segment::AnyDepth => captures[n].clone(),
            _ => escape_in_path(&captures[n]),
        };
        let filled = filled_in(&self.source, &self.names, &fill);
        let mut step = Step::read_plain(id, filled, self.link.as_deref())?;
        let positions = kinds.iter().map(|at| matches!(at, Segment::AnyItem));
        let known =
            self.names
                .iter()
                .zip(captures)
                .zip(positions)
                .map(|((name, text), is_position)| {
                    let value = match text.parse::<i64>() {
                        Ok(position) if is_position => Value::Number(position.into()),
                        _ => Value::String(text.clone()),
                    };
                    (name.clone(), Template::Literal(value))
                });
        step.lets.splice(0..0, known);
        step.one_of = Some(captures.to_vec());
        Ok(step)
    }
}

impl Migration {
    /// The migration with plain steps only: in place of each that is done for matches, one for each of them.
    /// `matches` gives what the wildcards of a path stand for, match by match.
    ///
    /// # Errors
    ///
    /// If a match has a key that no path can have, or what `matches` gives.
    pub fn for_each<E: From<PackError>>(
        &self,
        mut matches: impl FnMut(&Path) -> Result<Vec<Vec<String>>, E>,
    ) -> Result<Cow<'_, Self>, E> {
        if self.steps.iter().all(|step| step.each.is_none()) {
            return Ok(Cow::Borrowed(self));
        }
        let mut steps = Vec::new();
        for step in &self.steps {
            let Some(each) = &step.each else {
                steps.push(step.clone());
                continue;
            };
            for captures in matches(&each.path)? {
                let one = each.step_for_match(&step.id, &captures);
                let mut one = one.map_err(|message| PackError::Step {
                    version: self.version.clone(),
                    step: step.id.clone(),
                    message,
                })?;
                // A name counts as the wildcard that it was: a path written out is more specific.
                for (take, shown) in one.takes.iter_mut().zip(&step.takes) {
                    take.written = shown.written.clone();
                    take.stays = shown.stays;
                }
                steps.push(one);
            }
        }
        Ok(Cow::Owned(Self {
            version: self.version.clone(),
            title: self.title.clone(),
            link: self.link.clone(),
            steps,
            ignored: self.ignored.clone(),
            below: self.below.clone(),
            is_drafted: self.is_drafted,
        }))
    }
}

/// A text as it is written in a path, as a part of a key or of brackets.
fn escape_in_path(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if !c.is_alphanumeric() && !"-_/".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Every row of a step, those of its options included.
fn all_rows(step: &model::StepDefinition) -> impl Iterator<Item = &model::RowFields> {
    let rows = std::iter::once(&step.row).chain(step.first.iter().map(|row| &row.fields));
    rows.flat_map(|row| std::iter::once(row).chain(row.options.values().map(|option| &option.row)))
}

/// A path with a text in place of a name. Where a whole segment stands for nothing, as `**` does that stands for no
/// key, the dot that parted it from its neighbour goes too.
fn put_text(path: &str, name: &str, text: &str) -> String {
    if !text.is_empty() {
        return path.replace(name, text);
    }
    let mut filled = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once(name) {
        filled.push_str(before);
        rest = after;
        let begins = filled.is_empty() || filled.ends_with('.');
        let ends = after.is_empty() || after.starts_with(['.', '[']);
        if begins && ends && filled.pop().is_none() {
            rest = after.strip_prefix('.').unwrap_or(after);
        }
    }
    filled + rest
}

/// A step with something in place of the names in its paths.
fn filled_in(
    step: &model::StepDefinition,
    names: &[String],
    fill: Fill<'_>,
) -> model::StepDefinition {
    let text = |text: &String| {
        let mut text = text.clone();
        for (n, name) in names.iter().enumerate() {
            text = put_text(&text, &format!("{{{name}}}"), &fill(n));
        }
        text
    };
    let texts = |texts: &mut Vec<String>| texts.iter_mut().for_each(|it| *it = text(it));
    let mut filled = step.clone();
    for path in filled.take.values_mut().chain(filled.read.values_mut()) {
        *path = text(path);
    }
    for paths in [
        &mut filled.keep,
        &mut filled.replaces,
        &mut filled.foreign,
        &mut filled.explains,
    ] {
        texts(paths);
    }
    let row = |row: &mut model::RowFields| {
        let moves = std::mem::take(&mut row.moves).into_iter();
        row.moves = moves.map(|(from, to)| (text(&from), text(&to))).collect();
        texts(&mut row.drop);
        let writes = std::mem::take(&mut row.writes).into_iter();
        row.writes = writes.map(|(to, value)| (text(&to), value)).collect();
        let upsert = std::mem::take(&mut row.upsert).into_iter();
        row.upsert = upsert.map(|(to, value)| (text(&to), value)).collect();
    };
    let all = |fields: &mut model::RowFields| {
        row(fields);
        for option in fields.options.values_mut() {
            texts(&mut option.explains);
            row(&mut option.row);
        }
    };
    all(&mut filled.row);
    filled.first.iter_mut().for_each(|row| all(&mut row.fields));
    filled
}
