//! The names and expressions of a step: every name that is used has a meaning, every name that is given is
//! used, and what looks like an expression is one.

use std::collections::HashSet;

use super::{
    PlacedRow,
    finding::{Code, PackFinding},
    place::Spot,
    placed_rows,
};
use crate::{
    pack::{
        Expression, Step,
        expr::{self, ExprError, TemplatePart},
    },
    spelling::closest,
    values::Segment,
};

/// Fields of a step that hold neither expressions nor texts with expressions in braces.
const SILENT: &[&str] = &[
    "title", "why", "link", "take", "read", "move", "drop", "keep", "replaces", "foreign", "needs",
    "same-key", "for", "as",
];

/// Checks the names of a step.
pub(super) fn check(step: &Step, spot: Spot<'_>, found: &mut Vec<PackFinding>) {
    let mut names: HashSet<&str> = HashSet::from(["target", "before"]);
    names.extend(step.takes.iter().filter_map(|take| take.name.as_deref()));
    names.extend(step.reads.iter().map(|(name, _)| name.as_str()));
    let mut used = HashSet::new();
    for (field, at) in spot.entries() {
        if !SILENT.contains(&field) {
            collect_words(field, at, &mut used);
        }
    }
    let mut scope = NameCheck {
        names,
        used: &used,
        found,
    };
    for (name, _) in &step.lets {
        let at = spot.get("let").get(name);
        scope.check_data(at, at.at_value());
        scope.names.insert(name);
    }
    // Without `first` the step is its only row, and its condition is looked at there.
    if spot.find("first").is_some() {
        scope.check_condition(spot);
    }
    for placed in placed_rows(step, spot) {
        match placed.option {
            None => scope.check_row(&placed, step),
            Some(option) => {
                // What is typed for an option has a name in this option alone.
                let outer = scope.names.clone();
                scope.check_text(placed.spot.get("title"));
                for (name, input) in &option.inputs {
                    let at = placed.spot.get("input").get(name);
                    scope.check_text(at.get("title"));
                    match input.default.as_deref() {
                        Some(default) if default.starts_with('=') => {
                            scope.check_expression(default, at.get("default").at_value(), "");
                        }
                        Some(default) => {
                            scope.check_text(at.get("default"));
                            scope.check_literal(default, at.get("default").at_value());
                        }
                        None => {}
                    }
                    if let Some(pattern) = &input.matches
                        && let Err(error) = regex::Regex::new(pattern)
                    {
                        let error = error.to_string();
                        // In front of its last line the error draws the pattern with a marker, which has no
                        // room in a finding.
                        let last = error.lines().last().unwrap_or_default();
                        let last = last.trim_start_matches("error: ");
                        let message = format!("this regular expression cannot be read: {last}");
                        let at = at.get("match").at_value();
                        scope.found.push(at.finding_here(Code::BadRegex, message));
                    }
                }
                scope
                    .names
                    .extend(option.inputs.iter().map(|(name, _)| name.as_str()));
                scope.check_row(&placed, step);
                scope.names = outer;
            }
        }
    }
    check_unused(step, spot, &used, found);
}

struct NameCheck<'n, 'f> {
    names: HashSet<&'n str>,
    /// Words that stand in expressions of the step.
    used: &'f HashSet<&'n str>,
    found: &'f mut Vec<PackFinding>,
}

impl NameCheck<'_, '_> {
    fn check_row(&mut self, placed: &PlacedRow<'_>, step: &Step) {
        let spot = placed.spot;
        self.check_condition(spot);
        for (at, name) in placed.row.leave.iter().enumerate() {
            let taken: Vec<&str> = step
                .takes
                .iter()
                .filter_map(|t| t.name.as_deref())
                .collect();
            if !taken.contains(&name.as_str()) {
                let message = format!(
                    "it leaves `{name}`, which is no name that it takes{}",
                    did_you_mean(name, taken.iter().copied())
                );
                let at = spot.get("leave").item(at);
                self.found.push(at.finding_here(Code::UnknownName, message));
            }
        }
        for (_, at) in spot.get("do").entries() {
            self.check_data(at, at.at_value());
        }
        for (_, at) in spot.get("upsert").entries() {
            let items = at.get("items");
            self.check_data(items, items.at_value());
        }
        for field in ["tell", "ask"] {
            self.check_texts(spot.get(field));
        }
        for (_, at) in spot.get("todo").entries() {
            self.check_texts(at);
        }
    }

    fn check_condition(&mut self, spot: Spot<'_>) {
        let Some(at) = spot.find("if") else { return };
        let Some(text) = at.text() else { return };
        self.check_expression(text, at.at_value(), "");
        let names = Expression::new(text).names().unwrap_or_default();
        if names.iter().any(|name| name == "target") {
            let message = "an `if` does not look at the target; use `target:`, so that a run in two legs \
                           means the same as one";
            self.found
                .push(at.at_value().finding_here(Code::TargetInIf, message));
        }
    }

    /// Data of a step: texts behind `=` are expressions, everything else is literal.
    fn check_data(&mut self, key: Spot<'_>, at: Spot<'_>) {
        let below = key.entries().into_iter().map(|(_, spot)| spot);
        for spot in below.chain(key.items()).collect::<Vec<_>>() {
            self.check_data(spot, spot.at_value());
        }
        let Some(text) = key.text() else { return };
        match text.starts_with('=') {
            true => self.check_expression(text, at, ""),
            false => self.check_literal(text, at),
        }
    }

    /// A literal text that is a name of the step, or an expression of them.
    fn check_literal(&mut self, text: &str, at: Spot<'_>) {
        let own = |name: &str| self.names.contains(name) && !["target", "before"].contains(&name);
        let parts = |c: char| !c.is_alphanumeric() && c != '_';
        let is_name = own(text);
        let mut words = text.split(parts).filter(|word| !word.is_empty());
        let telling = words.any(own) || text.starts_with("target.") || text.starts_with("before.");
        // A sentence may hold a name of the step by chance. It is taken for an expression if it reads as one,
        // and all of its names are those of the step.
        let operator = ["(", " + ", " ? ", " == ", "target.", "before."];
        let is_expression = telling
            && operator.iter().any(|sign| text.contains(sign))
            && Expression::new(text).names().is_ok_and(|names| {
                !names.is_empty() && names.iter().all(|name| self.names.contains(name.as_str()))
            });
        if !is_name && !is_expression {
            return;
        }
        let what = if is_name { "a name" } else { "an expression" };
        let message = format!(
            "`{text}` is {what} of this step, and is written here as text: put `=` before it; if the text \
             is meant, write \"='{}'\"",
            text.replace('\'', "\\'")
        );
        // A name that serves elsewhere may have the text's name by chance.
        let code = match is_name && self.used.contains(text) {
            true => Code::TextIsName,
            false => Code::ForgottenEquals,
        };
        self.found.push(at.finding_here(code, message));
    }

    fn check_texts(&mut self, spot: Spot<'_>) {
        for item in spot.items() {
            self.check_texts(item);
        }
        // Notices by how much they matter.
        for (_, texts) in spot.entries() {
            self.check_texts(texts);
        }
        self.check_text(spot);
    }

    /// A text with expressions in braces.
    fn check_text(&mut self, spot: Spot<'_>) {
        let Some(text) = spot.text() else { return };
        let at = spot.at_value();
        let parts = match expr::template_parts(text) {
            Ok(parts) => parts,
            Err(error) => {
                return self
                    .found
                    .push(at.finding_here(Code::BadExpression, error.to_string()));
            }
        };
        for part in parts {
            if let TemplatePart::Expression(source) = part {
                // An author who means a brace meets the errors of expressions.
                self.check_expression(source, at, "; a brace as such is written `{{`");
            }
        }
        let own = |name: &str| self.names.contains(name);
        let inside = |open: &str, close: &str| {
            let (_, rest) = text.split_once(open)?;
            Some(
                rest.split_once(close)?
                    .0
                    .trim()
                    .trim_start_matches(['.', '=']),
            )
        };
        let message = if text.starts_with('=') && Expression::new(text).names().is_ok() {
            Some("a text is no expression, so `=` would be shown; write expressions in braces: {name}".to_owned())
        } else if let Some(name) = inside("{{", "}}").filter(|name| own(name)) {
            Some(format!(
                "`{{{{` is a brace as such; an expression has one: {{{name}}}"
            ))
        } else {
            let name = inside("${", "}").filter(|name| own(name));
            name.map(|name| format!("the `$` would be shown; an expression is written {{{name}}}"))
        };
        if let Some(message) = message {
            self.found.push(at.finding_here(Code::TextForm, message));
        }
    }

    /// An expression. What cannot be read is told with `hint` behind it.
    fn check_expression(&mut self, source: &str, at: Spot<'_>, hint: &str) {
        let expression = Expression::new(source);
        let checked = expression
            .names()
            .and_then(|names| Ok((names, expression.unknown_functions()?)));
        let (names, functions) = match checked {
            Ok(checked) => checked,
            Err(error) => {
                let message = one_line(&error) + hint;
                return self
                    .found
                    .push(at.finding_here(Code::BadExpression, message));
            }
        };
        if let Some(name) = names
            .iter()
            .find(|name| !self.names.contains(name.as_str()))
        {
            let message = format!(
                "`{name}` has no meaning here{} (in the expression `{}`)",
                did_you_mean(name, self.names.iter().copied()),
                expression.source()
            );
            self.found.push(at.finding_here(Code::UnknownName, message));
        }
        if let Some(function) = functions.first() {
            let message = format!(
                "there is no function `{function}` (in the expression `{}`)",
                expression.source()
            );
            self.found
                .push(at.finding_here(Code::UnknownFunction, message));
        }
    }
}

/// The error in an expression, in one line.
pub(super) fn one_line(error: &ExprError) -> String {
    let text = error.to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn did_you_mean<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    match closest(name, names) {
        Some(close) => format!("; did you mean `{close}`?"),
        None => String::new(),
    }
}

/// Names that nothing uses. A name counts as used wherever it stands in an expression, so that none is
/// called unused for a field that is not known here.
fn check_unused(step: &Step, spot: Spot<'_>, used: &HashSet<&str>, found: &mut Vec<PackFinding>) {
    let mut texts = String::new();
    for (field, at) in spot.entries() {
        if !SILENT.contains(&field) {
            text_of(at, &mut texts);
        }
    }
    let mut warn = |name: &str, at: Spot<'_>, message: String| {
        if !used.contains(name) {
            found.push(at.finding_here(Code::UnusedName, message));
        }
    };
    for take in &step.takes {
        let Some(name) = &take.name else { continue };
        let message = format!(
            "nothing uses `{name}`, so {} is taken and lost; write it under `drop` if that is meant",
            take.path
        );
        warn(name, spot.get("take").get(name), message);
    }
    for (name, path) in &step.reads {
        // What is looked at decides what a write onto it means, with a name or without.
        let mut outputs = step.written_paths();
        let last = match path.last() {
            Some(Segment::Key(key)) => key.clone(),
            _ => path.to_string(),
        };
        // A key that the step speaks of is what it explains.
        if outputs.any(|to| path.may_overlap(to)) || step.same_key || texts.contains(&last) {
            continue;
        }
        let message = format!("nothing uses `{name}`, so reading {path} changes nothing");
        warn(name, spot.get("read").get(name), message);
    }
    let mut written = String::new();
    text_of(spot, &mut written);
    for name in step.each.iter().flat_map(|each| &each.names) {
        if !written.contains(&format!("{{{name}}}")) {
            let message = format!("nothing uses `{name}`");
            warn(name, spot.get("as"), message);
        }
    }
    let of_match = |name: &String| step.each.iter().any(|each| each.names.contains(name));
    for (name, _) in step.lets.iter().filter(|(name, _)| !of_match(name)) {
        let message = format!("nothing uses `{name}`");
        warn(name, spot.get("let").get(name), message);
    }
    for placed in placed_rows(step, spot) {
        let Some(option) = placed.option else {
            continue;
        };
        for (name, _) in &option.inputs {
            let message = format!("nothing uses what is typed for `{name}`");
            warn(name, placed.spot.get("input").get(name), message);
        }
    }
}

/// All texts below a place.
fn text_of(spot: Spot<'_>, texts: &mut String) {
    for (_, below) in spot.entries() {
        text_of(below, texts);
    }
    for item in spot.items() {
        text_of(item, texts);
    }
    if let Some(text) = spot.text() {
        texts.push_str(text);
        texts.push('\n');
    }
}

/// The words that stand in expressions below a place.
fn collect_words<'f>(field: &str, spot: Spot<'f>, used: &mut HashSet<&'f str>) {
    for (field, below) in spot.entries() {
        collect_words(field, below, used);
    }
    for item in spot.items() {
        collect_words(field, item, used);
    }
    let Some(text) = spot.text() else { return };
    if text.starts_with('=') || ["if", "leave", "each", "explains"].contains(&field) {
        used.extend(names_in(text));
        return;
    }
    for inside in text.split('{').skip(1) {
        used.extend(names_in(inside.split('}').next().unwrap_or_default()));
    }
}

/// The words of an expression that are no members of something.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    let part = |c: char| !c.is_alphanumeric() && c != '_';
    let mut at = 0;
    text.split(part).filter(move |word| {
        let member = text[..at].ends_with('.');
        let behind = text[at + word.len()..].chars().next();
        at += word.len() + behind.map_or(0, char::len_utf8);
        !word.is_empty() && !member
    })
}
