//! The checks of a pack: what must hold between its parts, so that a run never meets it.
//!
//! All findings are listed, not only the first: a chart author mends them in one go. A check that depends
//! on a user's values belongs to the run, not here.

use std::collections::HashSet;

use semver::Version;

use super::{
    Known, Migration, Pack, Row, Step, Template,
    expr::{self, ExprError, Expression, TemplatePart},
    model::KeyRange,
};
use crate::{
    questions::built_in,
    values::{Path, Segment, scalar, view::View},
    yaml::{Kind, ScalarStyle, Tree},
};

/// Something that is wrong with a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {place}{message}")]
pub struct Finding {
    /// The file.
    pub file: String,
    /// The step, key, fact or line, with a colon behind it; empty for the file itself.
    pub place: String,
    /// What is wrong.
    pub message: String,
}

/// Checks a whole pack.
#[must_use]
pub fn check(pack: &Pack) -> Vec<Finding> {
    let mut check = Check {
        pack,
        findings: Vec::new(),
        ids: HashSet::new(),
    };
    check.versions();
    check.keys();
    check.evidence_and_facts();
    check.scalars();
    let versions: Vec<Version> = pack.migrated_versions().cloned().collect();
    let mut migrations = Vec::new();
    for version in &versions {
        match pack.migration(version) {
            Ok(migration) => migrations.extend(migration),
            Err(error) => check.find(version, "", &error),
        }
    }
    for migration in &migrations {
        check.migration(migration, &migrations);
    }
    check.findings
}

struct Check<'p> {
    pack: &'p Pack,
    findings: Vec<Finding>,
    ids: HashSet<String>,
}

impl Check<'_> {
    fn find(&mut self, version: &Version, place: &str, message: &impl ToString) {
        self.find_in(&format!("{version}.yaml"), place, message);
    }

    fn find_in(&mut self, file: &str, place: &str, message: &impl ToString) {
        let place = if place.is_empty() {
            String::new()
        } else {
            format!("{place}: ")
        };
        self.findings.push(Finding {
            file: file.to_owned(),
            place,
            message: message.to_string(),
        });
    }

    fn versions(&mut self) {
        let versions: Vec<&Version> = self.pack.info.versions.keys().collect();
        for pair in versions.windows(2) {
            if pair[0] >= pair[1] {
                let message = format!("{} stands before {}; oldest first", pair[0], pair[1]);
                self.find_in("pack.yaml", "versions", &message);
            }
        }
        let not_versions: Vec<String> = self.pack.info.not_versions.keys().cloned().collect();
        for text in not_versions {
            if versions.iter().any(|version| version.to_string() == text) {
                self.find_in(
                    "pack.yaml",
                    "not-versions",
                    &format!("{text} is also among the versions"),
                );
            }
        }
        let migrated: Vec<Version> = self.pack.migrated_versions().cloned().collect();
        for version in migrated {
            if !self.pack.info.versions.contains_key(&version) {
                self.find(&version, "", &"pack.yaml does not name this version");
            }
        }
    }

    fn keys(&mut self) {
        let mut twice = Vec::new();
        for (path, ranges) in self.pack.keys.iter() {
            let ranges: Vec<&KeyRange> = ranges.collect();
            for version in self.pack.info.versions.keys() {
                if ranges
                    .iter()
                    .filter(|range| range.versions.contains(version))
                    .count()
                    > 1
                {
                    twice.push((path.to_string(), version.clone()));
                    break;
                }
            }
        }
        for (path, version) in twice {
            let message = format!("two of its ranges contain {version}");
            self.find_in("keys.yaml", &path, &message);
        }
    }

    fn evidence_and_facts(&mut self) {
        let info = &self.pack.info;
        let mut found: Vec<(String, String)> = Vec::new();
        for evidence in &info.evidence {
            for text in std::iter::once(&evidence.path).chain(&evidence.unless) {
                if let Err(error) = text.parse::<Path>() {
                    found.push((format!("evidence {text}"), error.to_string()));
                }
            }
            if let Some(condition) = &evidence.condition
                && let Err(message) =
                    names_known(&Expression::new(condition), &|name| name == "values")
            {
                found.push((format!("evidence {}", evidence.path), message));
            }
        }
        for former in &info.called_before {
            let place = || format!("called-before {}", former.chart);
            if former.chart == info.chart {
                found.push((place(), "this is the chart's name now".to_owned()));
            }
            if !info.versions.contains_key(&former.until) {
                let message = format!("{} is not among the versions", former.until);
                found.push((place(), message));
            }
        }
        for namesake in &info.identifies.not {
            if info.repositories.contains(&namesake.repository) {
                let message = "this is also one of the chart's own repositories".to_owned();
                found.push((format!("identifies {}", namesake.repository), message));
            }
        }
        for telling in &info.identifies.keys {
            let place = format!("identifies {}", telling.path);
            if let Err(error) = telling.path.parse::<Path>() {
                found.push((place.clone(), error.to_string()));
            }
            if let Some(condition) = &telling.condition
                && let Err(message) =
                    names_known(&Expression::new(condition), &|name| name == "values")
            {
                found.push((place, message));
            }
        }
        for (id, fact) in &info.facts {
            for value in &fact.by_version {
                let known = |name: &str| name == "values";
                let result = match value.value.strip_prefix('=') {
                    Some(source) => names_known(&Expression::new(source), &known),
                    None => text_known(&value.value, &known),
                };
                if let Err(message) = result {
                    found.push((format!("fact {id}"), message));
                }
            }
        }
        if let Err(message) = super::effects::moves(&info.effects) {
            found.push(("effects".to_owned(), message));
        }
        for version in info.effects.moved.keys() {
            if !info.versions.contains_key(version) {
                let message = format!("{version} is not among the versions");
                found.push(("effects".to_owned(), message));
            }
        }
        for (place, message) in found {
            self.find_in("pack.yaml", &place, &message);
        }
    }

    /// Plain scalars that the reader of packs and Helm type differently must be in quotes, so that a
    /// literal in a step is what it looks like.
    fn scalars(&mut self) {
        let texts = match self.pack.texts() {
            Ok(texts) => texts,
            Err(error) => return self.find_in("pack.yaml", "", &error),
        };
        for (file, text) in texts {
            let tree = match Tree::parse(text) {
                Ok(tree) => tree,
                Err(error) => {
                    self.find_in(&file, "", &error);
                    continue;
                }
            };
            let view = View::new(&tree, tree.documents()[0].root);
            for node in tree.nodes() {
                if tree.kind(node) != Kind::Scalar(ScalarStyle::Plain) || tree.tag(node).is_some() {
                    continue;
                }
                let text = tree.content(node);
                let helm = view.resolve(node).ok().and_then(|resolved| match resolved {
                    scalar::Resolved::String(_) => None,
                    resolved => resolved.into_value().ok(),
                });
                let typed = serde_yaml::from_str::<serde_yaml::Value>(text).ok();
                let differs = helm.is_some() && matches!(typed, Some(serde_yaml::Value::String(_)));
                if differs {
                    let line = tree.position(tree.span(node).start).line;
                    let message = format!(
                        "`{text}` is no text for Helm; put it in quotes, or write it as Helm prints it"
                    );
                    self.find_in(&file, &format!("line {line}"), &message);
                }
            }
        }
    }

    fn migration(&mut self, migration: &Migration, all: &[&Migration]) {
        let version = &migration.version;
        for step in &migration.steps {
            if !self.ids.insert(step.id.clone()) {
                self.find(version, &step.id, &"this id is used twice in the pack");
            }
            let proper = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
            if step.id.is_empty() || !step.id.chars().all(proper) {
                self.find(
                    version,
                    &step.id,
                    &"an id has small letters, digits, dots and dashes",
                );
            }
            if built_in(&step.id).is_some() {
                self.find(version, &step.id, &"refit itself has this id");
            }
            for needed in &step.needs {
                if !all
                    .iter()
                    .any(|m| m.steps.iter().any(|other| other.id == *needed))
                {
                    self.find(
                        version,
                        &step.id,
                        &format!("it needs `{needed}`, which is no step"),
                    );
                }
            }
            self.paths(migration, step);
            self.expressions(version, step);
        }
        for (i, first) in migration.steps.iter().enumerate() {
            for second in &migration.steps[i + 1..] {
                self.overlaps(version, first, second);
            }
        }
    }

    fn paths(&mut self, migration: &Migration, step: &Step) {
        let version = &migration.version;
        let versions: Vec<Version> = self.pack.info.versions.keys().cloned().collect();
        let known_in = |path: &Path, which: &dyn Fn(&Version) -> bool| {
            versions
                .iter()
                .any(|other| which(other) && known_pattern(self.pack, path, other))
        };
        let before = |other: &Version| other < version;
        let after = |other: &Version| other >= version;
        let mut unknown = Vec::new();
        let seen = step
            .takes
            .iter()
            .map(|take| &take.path)
            .chain(step.reads.iter().map(|(_, p)| p));
        for path in seen {
            let only_read = !step.takes.iter().any(|take| take.path == *path);
            let known = known_in(path, &before) || only_read && known_in(path, &after);
            if !known && !step.foreign.contains(path) {
                unknown.push(format!(
                    "no version before {version} knows {path}; if forks do, list it under `foreign`"
                ));
            }
        }
        for path in step.outputs() {
            if !known_in(path, &after) {
                unknown.push(format!(
                    "no version from {version} on knows {path}, which it writes"
                ));
            }
        }
        for write in step.all_rows().flat_map(|row| &row.writes) {
            if !write.path.is_concrete() {
                unknown.push(format!(
                    "it writes {}; only `move` can have a wildcard",
                    write.path
                ));
            }
        }
        for path in &step.replaces {
            if !known_in(path, &after) {
                unknown.push(format!(
                    "no version from {version} on knows {path}, which it replaces"
                ));
            }
        }
        for message in unknown {
            self.find(version, &step.id, &message);
        }
    }

    fn overlaps(&mut self, version: &Version, first: &Step, second: &Step) {
        let mut found = Vec::new();
        for a in &first.takes {
            for b in &second.takes {
                if a.path == b.path {
                    found.push(format!("takes {} as `{}` does", a.path, second.id));
                }
            }
        }
        let writes = |step: &Step| -> Vec<(Path, bool)> {
            let rows = step.all_rows().flat_map(|row| &row.writes);
            let moves = step
                .takes
                .iter()
                .filter_map(|take| Some((take.to.clone()?, false)));
            rows.map(|write| (write.path.clone(), write.by.is_some()))
                .chain(moves)
                .collect()
        };
        for (a, a_by) in writes(first) {
            for (b, b_by) in writes(second) {
                // Items told apart by a key are added one by one; two steps may add to one list.
                let items = |path: &Path, by: bool| {
                    by || path
                        .segments()
                        .iter()
                        .any(|s| matches!(s, Segment::Select { .. }))
                };
                let apart = items(&a, a_by) && items(&b, b_by) && a != b
                    || a_by && b_by
                    || items(&a, a_by) && b_by
                    || a_by && items(&b, b_by);
                if a.may_overlap(&b) && !apart {
                    found.push(format!("writes {a}, and `{}` writes {b}", second.id));
                }
            }
        }
        found.dedup();
        for message in found {
            self.find(version, &first.id, &message);
        }
    }

    fn expressions(&mut self, version: &Version, step: &Step) {
        let mut names: HashSet<&str> = HashSet::from(["target", "before"]);
        names.extend(step.takes.iter().filter_map(|take| take.name.as_deref()));
        names.extend(step.reads.iter().map(|(name, _)| name.as_str()));
        let mut wrong = Vec::new();
        for (name, template) in &step.lets {
            template_known(template, &names, &mut wrong);
            names.insert(name);
        }
        if let Some(condition) = &step.condition {
            condition_known(condition, &names, &mut wrong);
        }
        for row in &step.rows {
            row_known(row, &names, step, &mut wrong);
            for option in row.question.iter().flat_map(|question| &question.options) {
                let mut names = names.clone();
                wrong.extend(text_known(&option.title, &|n| names.contains(n)).err());
                for (name, input) in &option.inputs {
                    wrong.extend(text_known(&input.title, &|n| names.contains(n)).err());
                    let default = input.default.as_deref().unwrap_or_default();
                    if default.starts_with('=') {
                        wrong.extend(
                            names_known(&Expression::new(default), &|n| names.contains(n)).err(),
                        );
                    } else {
                        wrong.extend(text_known(default, &|n| names.contains(n)).err());
                    }
                    if let Some(pattern) = &input.matches
                        && let Err(error) = regex::Regex::new(pattern)
                    {
                        wrong.push(format!("option {}, input {name}: {error}", option.id));
                    }
                }
                names.extend(option.inputs.iter().map(|(name, _)| name.as_str()));
                row_known(&option.row, &names, step, &mut wrong);
            }
        }
        wrong.dedup();
        for message in wrong {
            self.find(version, &step.id, &message);
        }
    }
}

fn row_known(row: &Row, names: &HashSet<&str>, step: &Step, wrong: &mut Vec<String>) {
    if let Some(condition) = &row.condition {
        condition_known(condition, names, wrong);
    }
    for name in &row.leave {
        if !step
            .takes
            .iter()
            .any(|take| take.name.as_ref() == Some(name))
        {
            wrong.push(format!(
                "it leaves `{name}`, which is no name that it takes"
            ));
        }
    }
    for write in &row.writes {
        template_known(&write.value, names, wrong);
    }
    let question = row.question.iter().map(|question| &question.text);
    let texts = row
        .tell
        .iter()
        .chain(row.todo.iter().map(|(_, text)| text))
        .chain(question);
    for text in texts {
        wrong.extend(text_known(text, &|name| names.contains(name)).err());
    }
}

fn condition_known(condition: &Expression, names: &HashSet<&str>, wrong: &mut Vec<String>) {
    wrong.extend(names_known(condition, &|name| names.contains(name)).err());
    let mentions_target = condition
        .names()
        .is_ok_and(|names| names.iter().any(|name| name == "target"));
    if mentions_target {
        wrong.push(format!(
            "`{}`: an `if` does not look at the target; use `target:`",
            condition.source()
        ));
    }
}

fn template_known(template: &Template, names: &HashSet<&str>, wrong: &mut Vec<String>) {
    for expression in template.expressions() {
        wrong.extend(names_known(expression, &|name| names.contains(name)).err());
    }
}

fn text_known(text: &str, known: &dyn Fn(&str) -> bool) -> Result<(), String> {
    for part in expr::template_parts(text).map_err(|e: ExprError| e.to_string())? {
        if let TemplatePart::Expression(source) = part {
            names_known(&Expression::new(source), known)?;
        }
    }
    Ok(())
}

fn names_known(expression: &Expression, known: &dyn Fn(&str) -> bool) -> Result<(), String> {
    let names = expression.names().map_err(|e| e.to_string())?;
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        return Err(format!(
            "`{unknown}` has no meaning here (in the expression `{}`)",
            expression.source()
        ));
    }
    if let Some(unknown) = expression
        .unknown_functions()
        .map_err(|e| e.to_string())?
        .first()
    {
        return Err(format!(
            "there is no function `{unknown}` (in the expression `{}`)",
            expression.source()
        ));
    }
    Ok(())
}

/// Whether a version knows what a pattern may stand for.
fn known_pattern(pack: &Pack, pattern: &Path, version: &Version) -> bool {
    let plain: Vec<Segment> = pattern
        .segments()
        .iter()
        .take_while(|segment| matches!(segment, Segment::Key(_)))
        .cloned()
        .collect();
    pack.keys.known(&Path::new(plain), version) != Known::Unknown
}
