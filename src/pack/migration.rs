//! A migration ready to run: the written form of `model` with its paths and expressions read.
//!
//! Everything that can be refused before a user's file is touched is refused here or in `check`; what
//! runs a migration may rely on it.

use semver::Version;
use serde_yaml::Value as Yaml;

use super::{
    each::StepMatches,
    error::PackError,
    expr::{self, ExprError, Expression},
    model::{self, MigrationFile, OneOrMany, RowFields},
    range::VersionRange,
    sub_charts::Below,
};
use crate::values::{Map, Path, Value};

/// The changes of one version.
#[derive(Debug, Clone)]
pub struct Migration {
    /// The version that brought it.
    pub version: Version,
    /// The title.
    pub title: String,
    /// The address of its documentation.
    pub link: Option<String>,
    /// Its steps, in the order of the file, which has no other meaning.
    pub steps: Vec<Step>,
    /// Keys that need no step, for the check.
    pub ignored: Vec<Path>,
    /// The sub-chart that it is of, if it is not of the chart itself.
    pub below: Option<Below>,
    /// True if it was drafted in this run, from two versions of the chart.
    pub is_drafted: bool,
}

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// Unique in the pack.
    pub id: String,
    /// The title, as an order.
    pub title: String,
    /// The reason for which it is needed.
    pub why: Option<String>,
    /// The address of its documentation.
    pub link: Option<String>,
    /// The paths that it consumes: named, moved or dropped.
    pub takes: Vec<Take>,
    /// The paths at which it looks, named.
    pub reads: Vec<(String, Path)>,
    /// The paths that its wildcards and map paths do not take.
    pub keep: Vec<Path>,
    /// Keys of the newer chart that are left-overs where it takes something.
    pub replaces: Vec<Path>,
    /// Paths that no version of the chart knows.
    pub foreign: Vec<Path>,
    /// Constants and derived names, in order.
    pub lets: Vec<(String, Template)>,
    /// True if it changes the meaning of a key that stays.
    pub same_key: bool,
    /// Steps that must run too.
    pub needs: Vec<String>,
    /// Settings of which it explains what became of them, beside what it takes, moves and reads.
    pub explains: Vec<Path>,
    /// The rows; the first whose conditions hold is used.
    pub rows: Vec<Row>,
    /// The guard of the whole step, over the guards of its rows.
    pub condition: Option<Expression>,
    /// The matches that it is done for; its paths then have wildcards in place of the names.
    pub each: Option<StepMatches>,
    /// Of a step that is done for one match: what its names stand for.
    pub one_of: Option<Vec<String>>,
}

/// A consumed path.
#[derive(Debug, Clone)]
pub struct Take {
    /// The path; it may have wildcards.
    pub path: Path,
    /// The name it has in expressions.
    pub name: Option<String>,
    /// The path to which it goes unchanged.
    pub to: Option<Path>,
    /// The row that takes it, and its option; none if the step does, whatever its row.
    pub of: Option<(usize, Option<usize>)>,
    /// The path by which it is judged how specific it is: with wildcards in place of the names of matches.
    pub written: Path,
    /// True if it also stays where it is, since others read it.
    pub stays: bool,
}

/// The actions of a step under a condition.
#[derive(Debug, Clone)]
pub struct Row {
    /// The condition.
    pub condition: Option<Expression>,
    /// The targets it is for; what it writes is then written after the last migration.
    pub target: Option<VersionRange>,
    /// Names whose leaves stay.
    pub leave: Vec<String>,
    /// The values that it writes, and their paths.
    pub writes: Vec<Write>,
    /// Notices, with expressions in braces.
    pub tell: Vec<model::Told>,
    /// The tasks for a person.
    pub todo: Vec<(When, String)>,
    /// The question.
    pub question: Option<Question>,
}

/// One thing that a row writes.
#[derive(Debug, Clone)]
pub struct Write {
    /// The path.
    pub path: Path,
    /// The value.
    pub value: Template,
    /// For a list whose items are added or replaced one by one: the key that tells them apart.
    pub by: Option<String>,
}

/// The time of a person's task, seen from the upgrade.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Before it.
    Before,
    /// In the same change.
    With,
    /// After it.
    After,
}

/// A question.
#[derive(Debug, Clone)]
pub struct Question {
    /// One sentence, with expressions in braces.
    pub text: String,
    /// The possible answers.
    pub options: Vec<Choice>,
}

/// An option of a question.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Unique in the question.
    pub id: String,
    /// The effect of choosing it.
    pub title: String,
    /// True if it is recommended.
    pub recommended: bool,
    /// The inputs that must be typed.
    pub inputs: Vec<(String, model::InputDefinition)>,
    /// Settings of which choosing it explains what became of them.
    pub explains: Vec<Path>,
    /// Its actions.
    pub row: Row,
}

/// A value with expressions in it.
#[derive(Debug, Clone)]
pub enum Template {
    /// The value of an expression.
    Expression(Expression),
    /// As written.
    Literal(Value),
    /// A list of templates.
    List(Vec<Template>),
    /// A map of templates.
    Map(Vec<(String, Template)>),
}

impl Template {
    /// Reads a template: texts that start with `=` are expressions.
    fn read(yaml: &Yaml) -> Result<Self, String> {
        Ok(match yaml {
            Yaml::String(text) if text.starts_with('=') => Self::Expression(Expression::new(text)),
            Yaml::Sequence(items) => {
                Self::List(items.iter().map(Self::read).collect::<Result<_, _>>()?)
            }
            Yaml::Mapping(map) => Self::Map(
                map.iter()
                    .map(|(key, value)| {
                        let key = key.as_str().ok_or("a key that is not a text")?;
                        Ok((key.to_owned(), Self::read(value)?))
                    })
                    .collect::<Result<_, String>>()?,
            ),
            other => Self::Literal(Value::try_from(other).map_err(|e| e.to_string())?),
        }
        .fold_literal())
    }

    /// A literal, where nothing in it is an expression.
    fn fold_literal(self) -> Self {
        let literal = |template: &Self| match template {
            Self::Literal(value) => Some(value.clone()),
            _ => None,
        };
        match &self {
            Self::List(items) => items
                .iter()
                .map(literal)
                .collect::<Option<_>>()
                .map(Value::List),
            Self::Map(entries) => entries
                .iter()
                .map(|(k, v)| Some((k.clone(), literal(v)?)))
                .collect::<Option<Map>>()
                .map(Value::Map),
            _ => None,
        }
        .map_or(self, Self::Literal)
    }

    /// Every expression in it.
    pub fn expressions(&self) -> Vec<&Expression> {
        match self {
            Self::Expression(expression) => vec![expression],
            Self::Literal(_) => vec![],
            Self::List(items) => items.iter().flat_map(Self::expressions).collect(),
            Self::Map(entries) => entries.iter().flat_map(|(_, t)| t.expressions()).collect(),
        }
    }
}

impl Migration {
    /// Reads the paths and expressions of a migration.
    pub(super) fn read(file: MigrationFile) -> Result<Self, PackError> {
        let MigrationFile {
            version,
            title,
            link,
            steps,
            ignored,
        } = file;
        let ignored = ignored.keys().map(|text| {
            read_path(text).map_err(|message| PackError::Format {
                file: format!("{version}.yaml"),
                message,
            })
        });
        let ignored = ignored.collect::<Result<_, _>>()?;
        let steps = steps
            .into_iter()
            .map(|(id, step)| {
                Step::read(&id, step, link.as_deref()).map_err(|message| PackError::Step {
                    version: version.clone(),
                    step: id,
                    message,
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            version,
            title,
            link,
            steps,
            ignored,
            below: None,
            is_drafted: false,
        })
    }
}

impl Step {
    /// A text of the step as it reads before a file fills it in: in place of each expression, the setting that
    /// its value comes from.
    #[must_use]
    pub fn with_names(&self, text: &str) -> String {
        expr::with_names(text, |source| self.stand_in(source))
    }

    /// The text in place of an expression that only a file can fill in: the setting that its value comes from.
    fn stand_in(&self, source: &str) -> String {
        let takes = self.takes.iter();
        let takes = takes.filter_map(|take| Some((take.name.as_deref()?, &take.path)));
        let reads = self.reads.iter().map(|(name, path)| (name.as_str(), path));
        let known: Vec<(&str, &Path)> = takes.chain(reads).collect();
        let path_of = |name: &str| known.iter().find(|(other, _)| *other == name);
        if let Some((_, path)) = path_of(source) {
            return format!("<{path}>");
        }
        if let Some(rest) = source.strip_prefix("target.values.") {
            return format!("<the chart's {rest}>");
        }
        match source {
            "target.app" => return "<its new version>".to_owned(),
            "target.version" => return "<the new chart version>".to_owned(),
            _ => {}
        }
        let made = self.lets.iter().find(|(name, _)| name == source);
        let expressions = made
            .into_iter()
            .flat_map(|(_, template)| template.expressions());
        let names = expressions.filter_map(|expression| expression.names().ok());
        let mut paths = names
            .flatten()
            .filter_map(|name| path_of(&name).map(|(_, path)| *path));
        paths
            .next()
            .map_or_else(|| "…".to_owned(), |path| format!("<{path}>"))
    }

    fn read(id: &str, step: model::StepDefinition, link: Option<&str>) -> Result<Self, String> {
        match StepMatches::of(&step)? {
            Some(each) => each.step_with_wildcards(id, step, link),
            None => Self::read_plain(id, step, link),
        }
    }

    pub(super) fn read_plain(
        id: &str,
        step: model::StepDefinition,
        link: Option<&str>,
    ) -> Result<Self, String> {
        let takes = takes_of_step(&step)?;
        let (rows, condition) = if step.first.is_empty() {
            (vec![Row::read(step.row)?], None)
        } else {
            check_beside_first(&step.row)?;
            let condition = step.row.condition.as_deref().map(Expression::new);
            let rows = step.first.into_iter().map(|row| Row::read(row.fields));
            (rows.collect::<Result<_, _>>()?, condition)
        };
        Ok(Self {
            id: id.to_owned(),
            title: step.title,
            why: step.why,
            link: step.link.or_else(|| link.map(str::to_owned)),
            takes,
            reads: step
                .read
                .iter()
                .map(|(name, p)| Ok((name.clone(), read_path(p)?)))
                .collect::<Result<_, String>>()?,
            keep: read_paths(&step.keep)?,
            replaces: read_paths(&step.replaces)?,
            foreign: read_paths(&step.foreign)?,
            lets: step
                .lets
                .iter()
                .map(|(name, yaml)| Ok((name.clone(), Template::read(yaml)?)))
                .collect::<Result<_, String>>()?,
            same_key: step.same_key,
            needs: step.needs,
            explains: read_paths(&step.explains)?,
            rows,
            condition,
            each: None,
            one_of: None,
        })
    }

    /// Every row of the step, those of its options included.
    pub fn all_rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().flat_map(|row| {
            let options = row
                .question
                .iter()
                .flat_map(|q| q.options.iter().map(|o| &o.row));
            std::iter::once(row).chain(options)
        })
    }

    /// The paths to which the step may move the value at a path: none if it does not take it, or drops it.
    ///
    /// # Errors
    ///
    /// If an expression of the step is none.
    pub fn move_destinations(&self, path: &Path) -> Result<Vec<Path>, ExprError> {
        let mut destinations = Vec::new();
        for take in &self.takes {
            let Some((captures, depth)) = take.path.covers(path) else {
                continue;
            };
            if let Some(to) = take.to.as_ref().and_then(|to| to.fill(&captures)) {
                let below = path.segments()[depth..].to_vec();
                destinations.push(to.concat(&Path::new(below)));
            }
            let Some(name) = &take.name else { continue };
            let writes = self.all_rows().flat_map(|row| &row.writes);
            for write in writes.filter(|write| take.path != write.path) {
                if self.uses_name(&write.value, name)? && !destinations.contains(&write.path) {
                    destinations.push(write.path.clone());
                }
            }
        }
        Ok(destinations)
    }

    /// True if a template looks at a name, directly or through the `let`s that it looks at.
    ///
    /// # Errors
    ///
    /// If an expression of the step is none.
    pub fn uses_name(&self, template: &Template, name: &str) -> Result<bool, ExprError> {
        let mut used = Vec::new();
        for expression in template.expressions() {
            used.extend(expression.names()?);
        }
        // A `let` sees those above it, so each is met before the ones that it uses.
        for (own, behind) in self.lets.iter().rev() {
            if used.contains(own) {
                for expression in behind.expressions() {
                    used.extend(expression.names()?);
                }
            }
        }
        Ok(used.iter().any(|used| used == name))
    }

    /// Every path that the step may write.
    pub fn written_paths(&self) -> impl Iterator<Item = &Path> {
        let moved = self.takes.iter().filter_map(|take| take.to.as_ref());
        moved.chain(
            self.all_rows()
                .flat_map(|row| row.writes.iter().map(|write| &write.path)),
        )
    }
}

/// The paths that a step takes: its own, and those of its rows and their options.
fn takes_of_step(step: &model::StepDefinition) -> Result<Vec<Take>, String> {
    let mut takes = Vec::new();
    for (name, path) in &step.take {
        let path = read_path(path)?;
        takes.push(Take {
            written: path.clone(),
            path,
            name: Some(name.clone()),
            to: None,
            of: None,
            stays: false,
        });
    }
    takes.extend(taken_paths(&step.row, None)?);
    for (number, row) in step.first.iter().enumerate() {
        takes.extend(taken_paths(&row.fields, Some((number, None)))?);
    }
    let own = (!step.first.is_empty()).then(|| step.first.iter().map(|row| &row.fields));
    let own = own.into_iter().flatten().enumerate();
    let single = step.first.is_empty().then_some((0, &step.row));
    for (number, row) in own.chain(single) {
        for (at, option) in row.options.values().enumerate() {
            takes.extend(taken_paths(&option.row, Some((number, Some(at))))?);
        }
    }
    Ok(takes)
}

/// Refuses what a step with rows cannot have beside them.
fn check_beside_first(fields: &RowFields) -> Result<(), String> {
    if !fields.writes.is_empty()
        || !fields.upsert.is_empty()
        || !fields.options.is_empty()
        || fields.ask.is_some()
        || fields.target.is_some()
        || !fields.leave.is_empty()
        || !fields.tell.notices().is_empty()
    {
        return Err(
            "beside `first`, a step has no row of its own; only `if`, `move` and `drop`".to_owned(),
        );
    }
    Ok(())
}

/// The paths that a row moves and drops.
fn taken_paths(row: &RowFields, of: Option<(usize, Option<usize>)>) -> Result<Vec<Take>, String> {
    if of.is_some() && row.target.is_some() && !row.moves.is_empty() {
        return Err(
            "what a row with `target` writes waits for the last migration, and `move` does not: use `take` and `do`"
                .to_owned(),
        );
    }
    let moves = row.moves.iter().map(|(from, to)| (from, Some(to)));
    let drops = row.drop.iter().map(|path| (path, None));
    let taken = moves.chain(drops).map(|(from, to)| {
        let path = read_path(from)?;
        Ok(Take {
            written: path.clone(),
            path,
            name: None,
            to: to.map(|to| self::read_path(to)).transpose()?,
            of,
            stays: false,
        })
    });
    taken.collect()
}

impl Row {
    fn read(fields: RowFields) -> Result<Self, String> {
        let mut writes = fields
            .writes
            .iter()
            .map(|(to, yaml)| {
                Ok(Write {
                    path: read_path(to)?,
                    value: Template::read(yaml)?,
                    by: None,
                })
            })
            .collect::<Result<Vec<_>, String>>()?;
        for (to, upsert) in &fields.upsert {
            writes.push(Write {
                path: read_path(to)?,
                value: Template::read(&upsert.items)?,
                by: Some(upsert.by.clone()),
            });
        }
        let when = |when, texts: &OneOrMany| {
            texts
                .as_slice()
                .iter()
                .map(move |text| (when, text.clone()))
                .collect::<Vec<_>>()
        };
        let todo = [
            when(When::Before, &fields.todo.before),
            when(When::With, &fields.todo.with),
            when(When::After, &fields.todo.after),
        ]
        .concat();
        let question = match fields.ask {
            None if fields.options.is_empty() => None,
            None => return Err("`options` without `ask`".to_owned()),
            Some(_) if fields.options.is_empty() => {
                return Err("`ask` without `options`".to_owned());
            }
            Some(text) => {
                let options = fields.options.into_iter().map(|(id, option)| {
                    if option.row.ask.is_some() {
                        return Err(format!("option `{id}` asks again"));
                    }
                    Ok(Choice {
                        id,
                        title: option.title,
                        recommended: option.recommended,
                        inputs: option.input.into_iter().collect(),
                        explains: read_paths(&option.explains)?,
                        row: Row::read(option.row)?,
                    })
                });
                let options: Vec<_> = options.collect::<Result<_, String>>()?;
                if options.iter().filter(|o| o.recommended).count() > 1 {
                    return Err("more than one option is recommended".to_owned());
                }
                Some(Question { text, options })
            }
        };
        Ok(Self {
            condition: fields.condition.as_deref().map(Expression::new),
            target: fields.target,
            leave: fields.leave,
            writes,
            tell: fields.tell.notices(),
            todo,
            question,
        })
    }
}

pub(super) fn read_path(text: &str) -> Result<Path, String> {
    text.parse::<Path>()
        .map_err(|e| format!("path `{text}`: {e}"))
}

fn read_paths(texts: &[String]) -> Result<Vec<Path>, String> {
    texts.iter().map(|text| read_path(text)).collect()
}
