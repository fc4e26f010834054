//! What Helm says of a chart's values, in terms of the user's file.
//!
//! Helm speaks of templates and of merged values: `at '/service/port': got string, want integer`, or
//! `nil pointer evaluating interface {}.repository`. A user has a file with lines. The validator and the
//! template engine stay Helm's own, so refit cannot disagree with them; only their words are translated,
//! and what is not recognised is passed on as it is.

use std::{collections::HashMap, sync::LazyLock};

use regex::Regex;

use super::model::{EffectFinding, FindingKind};
use crate::{
    chart::Chart,
    outcome::FilePosition,
    values::{Map, Path, Value, pointer},
};

/// The beginning of Helm's message when a schema refuses values.
const SCHEMA: &str = "values don't meet the specifications of the schema(s)";

/// True for a message about a schema.
#[must_use]
pub fn is_schema(message: &str) -> bool {
    message.contains(SCHEMA)
}

/// `- at '/service/port': got string, want integer`, from Helm 3.18 and Helm 4 on.
static AT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*- at '([^']*)'[^:]*: (.+)$").expect("a constant"));
/// `- service.port: Invalid type. Expected: integer, given: string`, before.
static DOTTED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*- ([^:\s]+): (.+)$").expect("a constant"));
/// The name of the chart whose schema it is.
static CHART: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^([A-Za-z0-9._-]+):$").expect("a constant"));
static PROPERTY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:additional propert(?:y|ies)|Additional property|missing propert(?:y|ies)) '?([A-Za-z0-9_.-]+)'?")
        .expect("a constant")
});
static VALUES: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\.Values((?:\.[A-Za-z_][A-Za-z0-9_]*)+)").expect("a constant"));
static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\(([^():\s]+/templates/[^():\s]+):(\d+)(?::(\d+))?\)|template: ([^:\s]+):(\d+)(?::(\d+))?")
        .expect("a constant")
});
/// The message of `required` and `fail` behind their place.
static LAST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?s)(?:execution error at \([^)]*\): |error calling (?:fail|required): )(.*)$")
        .expect("a constant")
});

/// What went wrong last in templates that include each other, and what was looked at there.
static LAST_LOOK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?s).*\bat <([^<>]*)>:\s+(\S.*?)\s*(?:\n\s*\n|$)").expect("a constant")
});

/// The longest text of a chart that is passed on.
const LONGEST: usize = 240;

/// What a chart says in a message of Helm, in one line: the text of `fail` or `required`, what a schema has against the
/// values, or else what went wrong last.
#[must_use]
pub fn gist(message: &str) -> String {
    let refused = || {
        let mut lines = message.lines().map(str::trim);
        lines.find_map(|line| line.strip_prefix("- "))
    };
    let looked_at = LAST_LOOK.captures(message);
    let said = match (LAST.captures(message), &looked_at) {
        (Some(found), _) => found.get(1).map_or("", |said| said.as_str()).to_owned(),
        (None, _) if is_schema(message) => refused().unwrap_or(message).to_owned(),
        (None, Some(found)) => format!("{} at {}", &found[2], &found[1]),
        (None, None) => message.rsplit(": ").next().unwrap_or(message).to_owned(),
    };
    let words: Vec<&str> = said.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", line[..end].trim_end()),
        None => line,
    }
}

/// The findings about the values in a message of Helm.
#[must_use]
pub fn findings(
    message: &str,
    chart: &Chart,
    values: &Map,
    places: &HashMap<Path, FilePosition>,
) -> Vec<EffectFinding> {
    if is_schema(message) {
        return schema(message, chart, places);
    }
    let root = Value::Map(values.clone());
    let place = PLACE.captures(message).and_then(|found| {
        let part = |n: usize| found.get(n).or_else(|| found.get(n + 3));
        let number = |n| part(n)?.as_str().parse::<usize>().ok();
        Some((part(1)?.as_str().to_owned(), number(2)?, number(3)))
    });
    // The values that the message names, else those in the line of the template.
    let mut path = VALUES.captures(message).map(|found| dotted(&found[1]));
    if path.is_none()
        && let Some((file, line, column)) = &place
        && let Some((_, file)) = file.split_once('/')
        && let Some(text) = chart.files.get(file)
        && let Some(line) = text.lines().nth(line.saturating_sub(1))
    {
        path = read_at(line, column.unwrap_or_default());
    }
    let said = LAST
        .captures(message)
        .map_or_else(|| message.to_owned(), |found| found[1].trim().to_owned());
    let within = place.map_or(String::new(), |(file, line, _)| {
        format!(" ({file}, line {line})")
    });
    let Some(path) = path else {
        return vec![EffectFinding {
            kind: FindingKind::DoesNotRender,
            path: None,
            at: None,
            what: format!("the new chart does not render: {said}{within}"),
            next: None,
            step: None,
        }];
    };
    let missing = path
        .get(&root)
        .is_none_or(|value| value.is_null() || value.as_str() == Some(""));
    let required = LAST.is_match(message) && missing;
    let at = nearest_place(&path, places);
    let set = path.get(&root).is_some();
    vec![EffectFinding {
        kind: if required {
            FindingKind::Required
        } else {
            FindingKind::DoesNotRender
        },
        what: if required {
            format!(
                "the new chart needs {path}, which the values do not set; it says: {said}{within}"
            )
        } else {
            format!("the new chart does not render because of {path}: {said}{within}")
        },
        next: Some(match (required, set, value_above(&path, &root)) {
            (true, ..) => format!("Set {path} in one of the files."),
            (false, false, Some((above, kind))) => {
                format!(
                    "{above} is {kind} in the values, where the chart wants a map; remove it or write a map."
                )
            }
            _ => format!("Look at {path} in the values."),
        }),
        path: Some(path.to_string()),
        at,
        step: None,
    }]
}

/// The value that a line of a template reads at a column: in the same action, behind the column before
/// the text before it.
fn read_at(line: &str, column: usize) -> Option<Path> {
    let column = (0..=column.min(line.len()))
        .rev()
        .find(|at| line.is_char_boundary(*at))?;
    let start = line[..column].rfind("{{").unwrap_or(0);
    let end = line[column..]
        .find("}}")
        .map_or(line.len(), |at| column + at);
    let values = || VALUES.captures_iter(line);
    let at = |found: &regex::Captures<'_>| found.get(0).map_or(0, |found| found.start());
    let behind = values().find(|found| (column..end).contains(&at(found)));
    let before = || {
        values()
            .filter(|found| (start..column).contains(&at(found)))
            .last()
    };
    let found = behind.or_else(before).or_else(|| values().next())?;
    Some(dotted(&found[1]))
}

fn schema(
    message: &str,
    chart: &Chart,
    places: &HashMap<Path, FilePosition>,
) -> Vec<EffectFinding> {
    let mut found = Vec::new();
    let mut within = Path::root();
    for line in message.lines() {
        if let Some(name) = CHART.captures(line.trim()) {
            // A bundled chart's values stand below its name.
            within = if name[1] == chart.name || !chart.bundled_names.iter().any(|b| *b == name[1])
            {
                Path::root()
            } else {
                Path::root().key(&name[1])
            };
            continue;
        }
        let (path, said) = if let Some(found) = AT.captures(line) {
            let keys = pointer::keys(&found[1]).filter(|key| !key.is_empty());
            (Path::keys(keys), found[2].to_owned())
        } else if let Some(found) = DOTTED.captures(line) {
            let path = match &found[1] {
                "(root)" => Path::root(),
                path => dotted(path),
            };
            (path, found[2].to_owned())
        } else {
            continue;
        };
        let mut path = within.concat(&path);
        if let Some(property) = PROPERTY.captures(&said) {
            path = path.key(&property[1]);
        }
        found.push(EffectFinding {
            kind: FindingKind::Schema,
            at: nearest_place(&path, places),
            what: if path.is_root() {
                format!("the new chart's schema refuses the values: {said}")
            } else {
                format!("the new chart's schema refuses {path}: {said}")
            },
            path: (!path.is_root()).then(|| path.to_string()),
            next: None,
            step: None,
        });
    }
    if found.is_empty() {
        found.push(EffectFinding {
            kind: FindingKind::Schema,
            path: None,
            at: None,
            what: format!("the new chart's schema refuses the values: {message}"),
            next: None,
            step: None,
        });
    }
    found
}

fn dotted(text: &str) -> Path {
    Path::keys(text.split('.').filter(|key| !key.is_empty()))
}

/// The place of a setting, or else of one below or right above it.
fn nearest_place(path: &Path, places: &HashMap<Path, FilePosition>) -> Option<FilePosition> {
    if let Some(at) = places.get(path) {
        return Some(at.clone());
    }
    let related = |other: &&Path| other.is_related(path) && !other.is_root();
    let mut found: Vec<&Path> = places.keys().filter(related).collect();
    found.sort_by_key(|other| (other.depth().abs_diff(path.depth()), (*other).clone()));
    found.first().and_then(|path| places.get(*path)).cloned()
}

/// The value above a path that is no map.
fn value_above(path: &Path, root: &Value) -> Option<(Path, &'static str)> {
    let mut at = path.parent();
    while let Some(path) = at.filter(|path| !path.is_root()) {
        match path.get(root) {
            Some(Value::Map(_)) => return None,
            Some(value) => return Some((path, value.type_name())),
            None => at = path.parent(),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(paths: &[(&str, usize)]) -> HashMap<Path, FilePosition> {
        paths
            .iter()
            .map(|(path, line)| {
                let at = FilePosition {
                    file: "values.yaml".to_owned(),
                    line: *line,
                    column: 1,
                };
                (path.parse().unwrap(), at)
            })
            .collect()
    }

    fn chart() -> Chart {
        Chart {
            name: "app".to_owned(),
            bundled_names: vec!["db".to_owned()],
            files: [(
                "templates/a.yaml".to_owned(),
                "x: 1\nurl: {{ required \"A URL!\" .Values.url }}\n".to_owned(),
            )]
            .into(),
            ..Chart::default()
        }
    }

    /// Helm 3 writes all in one line, Helm 4 a line for each template.
    #[test]
    fn what_went_wrong_in_templates_that_include_each_other_is_what_the_last_one_looked_at() {
        let old = "template: a/templates/a.yaml:1:3: executing \"a/templates/a.yaml\" at <include \"all\" .>: error calling include: template: a/charts/c/templates/_m.tpl:29:61: executing \"m\" at <$monitor.serviceName>: wrong type for value; expected string; got interface {}\n\nUse --debug flag to render out invalid YAML";
        let new = "a/templates/a.yaml:1:3\n  executing \"a/templates/a.yaml\" at <include \"all\" .>:\n    error calling include:\na/charts/c/templates/_m.tpl:29:61\n  executing \"m\" at <$monitor.serviceName>:\n    wrong type for value; expected string; got interface {}\n\nUse --debug flag to render out invalid YAML";
        let said =
            "wrong type for value; expected string; got interface {} at $monitor.serviceName";
        assert_eq!((gist(old).as_str(), gist(new).as_str()), (said, said));
    }

    #[test]
    fn a_schema_is_told_with_file_and_line_in_both_forms() {
        let places = places(&[("service.port", 7), ("db.size", 9), ("extra", 2)]);
        let new = "values don't meet the specifications of the schema(s) in the following chart(s):\napp:\n- at '/service/port': got string, want integer\n- at '': additional properties 'extra' not allowed\n\ndb:\n- at '/size': got number, want string\n";
        let found = findings(new, &chart(), &Map::new(), &places);
        let lines: Vec<_> = found.iter().map(|f| f.at.as_ref().unwrap().line).collect();
        assert_eq!(lines, [7, 2, 9]);
        assert_eq!(found[2].path.as_deref(), Some("db.size"));
        let old = "values don't meet the specifications of the schema(s) in the following chart(s):\napp:\n- service.port: Invalid type. Expected: integer, given: string\n";
        let found = findings(old, &chart(), &Map::new(), &places);
        assert_eq!(found[0].at.as_ref().unwrap().line, 7);
        assert!(found[0].what.contains("Expected: integer"));
    }

    #[test]
    fn a_required_value_is_named_though_the_message_does_not() {
        let said = "execution error at (app/templates/a.yaml:2:8): A URL!";
        let found = findings(said, &chart(), &Map::new(), &places(&[]));
        assert_eq!(found[0].kind, FindingKind::Required);
        assert_eq!(found[0].path.as_deref(), Some("url"));
        assert!(found[0].what.contains("A URL!"), "{}", found[0].what);
    }

    #[test]
    fn of_several_values_in_a_line_the_one_at_the_column_is_meant() {
        let line = r#"{a: "{{ .Values.b }}", u: {{ required "url!" .Values.url | quote }}, {{ .Values.v | required "v!" }} {{ .Values.w }}"#;
        for (words, path) in [
            ("required \"url!\"", "url"),
            ("required \"v!\"", "v"),
            (".Values.w", "w"),
        ] {
            let column = line.find(words).unwrap();
            assert_eq!(read_at(line, column).unwrap().to_string(), path);
        }
        assert_eq!(read_at(line, 4000).unwrap().to_string(), "w");
        assert_eq!(read_at("nothing", 2), None);
    }

    #[test]
    fn a_nil_pointer_leads_to_what_is_in_the_way() {
        let said = "template: app/templates/a.yaml:1:3: executing \"app/templates/a.yaml\" at <.Values.image.repository>: nil pointer evaluating interface {}.repository";
        let mut values = Map::new();
        values.insert("image".to_owned(), Value::Null);
        let found = findings(said, &chart(), &values, &places(&[("image", 3)]));
        assert_eq!(found[0].kind, FindingKind::DoesNotRender);
        assert_eq!(found[0].at.as_ref().unwrap().line, 3);
        assert!(found[0].next.as_ref().unwrap().contains("image is null"));
    }
}
