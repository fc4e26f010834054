//! Which values a chart's templates look at, read from their `.Values` paths.
//!
//! It errs on one side only: a value that might be read counts as read. `.Values.a.b` reads everything
//! below `a.b`, because what `with`, `range`, `toYaml` and `tpl` make of it is not followed; `.Values`
//! alone, handed to a function, reads everything; and values of bundled charts, globals and the switches
//! of bundled charts are read by those. What is not read so has no effect, and needs no rendering.
//! Templates that nothing includes read nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use regex::Regex;

use crate::chart::Chart;
use crate::values::{Path, Value, coalesce::GLOBAL};

/// What a chart's templates look at.
#[derive(Debug, Clone, Default)]
pub struct Reads {
    /// Whether something reads them all.
    everything: bool,
    paths: BTreeSet<Path>,
    /// Those of them that are handed to something which can make anything of a map.
    whole: BTreeSet<Path>,
    /// Whether values are rendered as templates, so that they can read values themselves.
    renders_values: bool,
    /// The named templates, and those of them that are followed already.
    defined: BTreeMap<String, Block>,
    followed: BTreeSet<String>,
}

/// A block of a template: what it looks at and which templates it includes.
#[derive(Debug, Clone, Default)]
struct Block {
    text: String,
}

/// A text in quotes may hold braces, and ends no action.
static ACTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?s)\{\{-?((?:"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)*'|[^}]|\}[^}])*?)-?\}\}"#,
    )
    .expect("a constant")
});
static DEFINE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"^\s*(?:define|block)\s+["`]([^"`]+)["`]"#).expect("a constant"));
static INCLUDE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\b(?:include|template|block)\s+(?:["`]([^"`]+)["`]|(\S))"#).expect("a constant")
});
static VALUES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(index\s+)?\.Values\b((?:\.[A-Za-z_][A-Za-z0-9_]*)*)((?:\s+"[^"]*")*)"#)
        .expect("a constant")
});
static OPENS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*(?:if|with|range|define|block)\b").expect("a constant"));
static ENDS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\s*end\b").expect("a constant"));
/// What can make something of a map, whatever is in it.
static MAKES_MORE: LazyLock<Regex> = LazyLock::new(|| {
    let form = r"\b(?:to(?:Raw|Pretty)?(?:Yaml|Json|Toml)|range|with|tpl|dict|include|template|merge\w*|mustMerge\w*|deepCopy|keys|pick|omit|values)\b|:?=";
    Regex::new(form).expect("a constant")
});
static TPL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\btpl\b").expect("a constant"));
static COMMENT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s)\{\{-?\s*/\*.*?\*/\s*-?\}\}").expect("a constant"));

impl Reads {
    /// What the templates of a chart look at.
    #[must_use]
    pub fn of(chart: &Chart) -> Self {
        let mut reads = Self::default();
        let mut roots = Vec::new();
        let mut defined: BTreeMap<String, Block> = BTreeMap::new();
        let mut files: Vec<&String> = templates(chart).collect();
        let all = files.iter().map(|text| text.as_str()).collect::<String>();
        if all.contains(".Files") {
            files.extend(
                chart
                    .files
                    .iter()
                    .filter(|(name, _)| !name.starts_with("templates/"))
                    .map(|(_, text)| text),
            );
        }
        for text in files {
            split(text, &mut roots, &mut defined);
        }
        for bundled in &chart.bundled {
            helpers(bundled, &mut defined);
        }

        reads.defined = defined;
        reads.follow(roots);
        if reads.renders_values {
            reads.and_values(&Value::Map(chart.defaults.clone()));
        }
        for name in &chart.bundled_names {
            reads.paths.insert(Path::root().key(name));
        }
        for condition in &chart.conditions {
            let path: Path = Path::keys(condition.split('.'));
            reads.paths.insert(path);
        }
        if !chart.bundled.is_empty() || all.contains(GLOBAL) {
            reads.paths.insert(Path::root().key(GLOBAL));
        }
        if !chart.bundled_names.is_empty() {
            reads.paths.insert(Path::root().key("tags"));
        }
        reads
    }

    /// Whether a template may look at a value.
    #[must_use]
    pub fn is_read(&self, path: &Path) -> bool {
        self.everything || self.paths.iter().any(|read| read.is_related(path))
    }

    /// Whether all values are handed to something, so that nothing is known of single ones.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.everything
    }

    /// The places that are looked at, as the templates name them.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.paths.iter()
    }

    /// Whether a template hands just this place to something which can make anything of a map there: what is
    /// below it may be the user's own.
    #[must_use]
    pub fn is_read_whole(&self, path: &Path) -> bool {
        self.whole.contains(path)
    }

    /// Takes in what a user's own values look at, if the chart renders values as templates.
    pub fn and_values(&mut self, values: &Value) {
        if self.renders_values {
            let mut texts = Vec::new();
            strings(values, &mut texts);
            self.follow(texts);
        }
    }

    /// Takes in what templates look at, and the named ones that they include.
    fn follow(&mut self, mut open: Vec<String>) {
        while let Some(text) = open.pop() {
            self.block(&text);
            let mut included: Vec<(&String, &Block)> = Vec::new();
            for include in INCLUDE.captures_iter(&text) {
                match include.get(1) {
                    Some(name) => included.extend(self.defined.get_key_value(name.as_str())),
                    // A name that is worked out: any of them.
                    None => included.extend(&self.defined),
                }
            }
            for (name, block) in included {
                if self.followed.insert(name.clone()) {
                    open.push(block.text.clone());
                }
            }
        }
    }

    fn block(&mut self, text: &str) {
        if TPL.is_match(text) {
            self.renders_values = true;
        }
        self.values_in(text);
    }

    fn values_in(&mut self, text: &str) {
        for action in text.lines() {
            self.values_in_action(action, MAKES_MORE.is_match(action));
        }
    }

    fn values_in_action(&mut self, action: &str, whole: bool) {
        for found in VALUES.captures_iter(action) {
            let fields = found.get(2).map_or("", |fields| fields.as_str());
            let mut path: Path = Path::keys(fields.split('.').filter(|key| !key.is_empty()));
            if found.get(1).is_some() {
                let literals = found.get(3).map_or("", |literals| literals.as_str());
                for key in literals.split('"').skip(1).step_by(2) {
                    path = path.key(key);
                }
            }
            if path.is_root() {
                self.everything = true;
            } else {
                if whole {
                    self.whole.insert(path.clone());
                }
                self.paths.insert(path);
            }
        }
    }
}

fn templates(chart: &Chart) -> impl Iterator<Item = &String> {
    chart
        .files
        .iter()
        .filter(|(name, _)| name.starts_with("templates/"))
        .map(|(_, text)| text)
}

/// The named templates of a bundled chart, which every chart above it can include.
fn helpers(chart: &Chart, defined: &mut BTreeMap<String, Block>) {
    for text in templates(chart) {
        split(text, &mut Vec::new(), defined);
    }
    for bundled in &chart.bundled {
        helpers(bundled, defined);
    }
}

/// A file's actions: those of each named template, and those outside of all.
fn split(text: &str, roots: &mut Vec<String>, defined: &mut BTreeMap<String, Block>) {
    let text = COMMENT.replace_all(text, "");
    let mut root = String::new();
    // Open blocks; the name of a template where one begins.
    let mut open: Vec<Option<String>> = Vec::new();
    for action in ACTION.captures_iter(&text) {
        let action = action.get(1).map_or("", |action| action.as_str());
        if ENDS.is_match(action) {
            open.pop();
            continue;
        }
        let name = DEFINE.captures(action).map(|name| name[1].to_owned());
        let within = open.iter().rev().flatten().next().cloned();
        if OPENS.is_match(action) {
            open.push(name);
        }
        let into = match within {
            Some(name) => &mut defined.entry(name).or_default().text,
            None => &mut root,
        };
        into.push_str(action);
        into.push('\n');
    }
    roots.push(root);
}

fn strings(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains("{{") => out.push(text.clone()),
        Value::List(items) => items.iter().for_each(|item| strings(item, out)),
        Value::Map(map) => map.values().for_each(|value| strings(value, out)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(templates: &[(&str, &str)]) -> Reads {
        let files = templates
            .iter()
            .map(|(name, text)| (format!("templates/{name}"), (*text).to_owned()))
            .collect();
        Reads::of(&Chart {
            files,
            ..Chart::default()
        })
    }

    fn read(reads: &Reads, path: &str) -> bool {
        reads.is_read(&path.parse().unwrap())
    }

    #[test]
    fn a_path_reads_itself_and_everything_below() {
        let reads = reads(&[(
            "a.yaml",
            "a: {{ .Values.image.tag | quote }}\n{{- with $.Values.extra }}{{ toYaml . }}{{ end }}\nb: {{ index .Values \"odd-key\" \"x\" }}\n{{/* .Values.told */}}",
        )]);
        for path in ["image.tag", "extra.any.thing", "odd-key.x.y", "image"] {
            assert!(read(&reads, path), "{path}");
        }
        for path in ["image.repository", "other", "odd-key.z", "told"] {
            assert!(!read(&reads, path), "{path}");
        }
    }

    #[test]
    fn braces_in_a_text_end_no_action() {
        let reads = reads(&[(
            "a.yaml",
            "{{ printf \"{{ $x }} \\\" %s\" .Values.a }}{{ print `}}` .Values.b }}{{- print '}' .Values.c -}}{{ dict }} it's {{ .Values.d }} isn't {{ \"}}\" | eq .Values.e }}",
        )]);
        for path in ["a", "b", "c", "d", "e"] {
            assert!(read(&reads, path), "{path}");
        }
    }

    #[test]
    fn a_users_own_text_can_include_a_helper() {
        let mut reads = reads(&[
            (
                "_h.tpl",
                "{{ define \"url\" }}{{ .Values.domain }}{{ end }}",
            ),
            ("a.yaml", "{{ tpl .Values.text . }}"),
        ]);
        assert!(!read(&reads, "domain"));
        let mut map = crate::values::Map::new();
        map.insert("text".to_owned(), "{{ include \"url\" . }}".into());
        reads.and_values(&Value::Map(map));
        assert!(read(&reads, "domain"));
    }

    #[test]
    fn only_templates_that_are_included_read() {
        let reads = reads(&[
            (
                "_a.tpl",
                "{{ define \"used\" }}{{ if .Values.x }}{{ include \"inner\" . }}{{ end }}{{ .Values.y }}{{ end }}{{ define \"unused\" }}{{ .Values.z }}{{ end }}{{ define \"inner\" }}{{ .Values.w }}{{ end }}",
            ),
            ("b.yaml", "{{ include \"used\" . }}"),
        ]);
        assert!(read(&reads, "x") && read(&reads, "y") && read(&reads, "w"));
        assert!(!read(&reads, "z"));
    }

    #[test]
    fn values_handed_on_whole_are_all_read() {
        assert!(read(
            &reads(&[("a.yaml", "{{ toYaml .Values }}")]),
            "anything"
        ));
        assert!(read(
            &reads(&[(
                "a.yaml",
                "{{ include (print \"x\") . }}{{ define \"q\" }}{{ .Values.k }}{{ end }}"
            )]),
            "k"
        ));
    }

    #[test]
    fn values_that_are_rendered_can_read_values() {
        let mut reads = reads(&[("a.yaml", "{{ tpl .Values.host . }}")]);
        assert!(!read(&reads, "domain"));
        let mut map = crate::values::Map::new();
        map.insert("host".to_owned(), "x.{{ .Values.domain }}".into());
        reads.and_values(&Value::Map(map));
        assert!(read(&reads, "domain"));
    }
}
