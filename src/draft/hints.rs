//! What a chart's own texts say of keys: a line that names an old key and a new one.
//!
//! Charts tell of keys that moved where they refuse them (`fail`), in their notes, README, change log and comments:
//! "`a.b` was replaced by `c.d`". No sentence is understood here: both names in one short line are a hint, which
//! makes a place worth a look and never sure.

use std::{collections::HashMap, sync::LazyLock};

use regex::Regex;

use crate::{chart::Chart, values::Path};

/// Lines that name more keys are tables of all.
const MOST_NAMED: usize = 8;
/// Longer lines are no sentences.
const LONGEST: usize = 1_000;

/// Names of keys: with dots anywhere, without only where they are marked as code.
static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    let dotted = r"(?:\.Values\.)?([A-Za-z][\w-]*(?:\.[A-Za-z*][\w*-]*)+)";
    let marked = r"[`\x22']([A-Za-z][\w-]*)[`\x22']|\.Values\.([A-Za-z][\w-]*)";
    Regex::new(&format!("{dotted}|{marked}")).expect("a pattern")
});

/// Words of a line that calls a key out of date.
static OUT_OF_DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(deprecated|replaced|renamed|moved)\b").expect("a pattern")
});

/// Lines that name several keys.
#[derive(Debug, Default)]
pub struct TextHints {
    lines: Vec<Vec<Path>>,
    named: HashMap<Path, Vec<usize>>,
    /// Keys that are called out of date, with the keys that are named beside them.
    outdated: HashMap<Path, Vec<Path>>,
}

impl TextHints {
    /// Of all texts of a chart and the charts that it bundles as libraries.
    #[must_use]
    pub fn of(chart: &Chart) -> Self {
        let mut hints = Self::default();
        hints.gather(chart, &Path::root());
        hints
    }

    /// Takes in the texts of a chart whose values stand at a place: they name its keys without that.
    pub(super) fn gather(&mut self, chart: &Chart, at: &Path) {
        for (name, text) in &chart.files {
            let worth = name.starts_with("templates/")
                || name.ends_with(".md")
                || matches!(name.as_str(), "values.yaml" | "Chart.yaml");
            if worth {
                text.lines().for_each(|line| self.line(line, at));
            }
        }
        for library in chart.bundled.iter().filter(|chart| chart.is_library) {
            self.gather(library, at);
        }
    }

    fn call_outdated(&mut self, path: &Path, others: &[Path]) {
        let known = self.outdated.entry(path.clone()).or_default();
        for other in others.iter().filter(|other| *other != path) {
            if !known.contains(other) {
                known.push(other.clone());
            }
        }
    }

    /// Takes in what is said in the comment above a key of `values.yaml`: names there can begin at the map that the
    /// key is in.
    pub(super) fn comment(&mut self, path: &Path, comment: &str) {
        for line in comment.lines().filter(|line| OUT_OF_DATE.is_match(line)) {
            let named = names(line);
            let beside = path.parent().unwrap_or_else(Path::root);
            let nearer = named.iter().map(|name| beside.concat(name));
            let all: Vec<Path> = named.iter().cloned().chain(nearer).collect();
            self.call_outdated(path, &all);
        }
    }

    /// The keys that the chart names for one that it calls out of date, or for what is below such a one.
    #[must_use]
    pub fn outdated_for(&self, path: &Path) -> Vec<Path> {
        let mut found: Vec<Path> = Vec::new();
        let mut above = path.clone();
        while !above.is_root() {
            let rest = path.strip_prefix(&above).unwrap_or_else(Path::root);
            for other in self.outdated.get(&above).into_iter().flatten() {
                let to = other.concat(&rest);
                if to.is_concrete() && !found.contains(&to) {
                    found.push(to);
                }
            }
            above.pop();
        }
        found
    }

    fn line(&mut self, line: &str, at: &Path) {
        if line.len() > LONGEST {
            return;
        }
        let paths: Vec<Path> = names(line).iter().map(|name| at.concat(name)).collect();
        if let [first, rest @ ..] = paths.as_slice()
            && paths.len() <= MOST_NAMED
            && OUT_OF_DATE.is_match(line)
        {
            self.call_outdated(first, rest);
        }
        if (2..=MOST_NAMED).contains(&paths.len()) {
            for path in &paths {
                self.named
                    .entry(path.clone())
                    .or_default()
                    .push(self.lines.len());
            }
            self.lines.push(paths);
        }
    }

    /// The keys that are named together with one, or with one above it: then with the rest of the path.
    #[must_use]
    pub fn named_beside(&self, path: &Path) -> Vec<Path> {
        let mut found = Vec::new();
        let mut above = path.clone();
        while !above.is_root() {
            let rest = path.strip_prefix(&above).unwrap_or_else(Path::root);
            for line in self.named.get(&above).into_iter().flatten() {
                for other in self.lines[*line].iter().filter(|other| **other != above) {
                    let to = other.concat(&rest);
                    if to.is_concrete() && !found.contains(&to) {
                        found.push(to);
                    }
                }
            }
            above.pop();
        }
        found
    }
}

/// The names of keys in a line.
fn names(line: &str) -> Vec<Path> {
    let mut paths: Vec<Path> = Vec::new();
    for found in NAMES.captures_iter(line) {
        let name = found.iter().skip(1).flatten().next();
        let name = name.map(|name| name.as_str().trim_start_matches("Values."));
        if let Some(path) = name.and_then(|name| name.parse::<Path>().ok())
            && !paths.contains(&path)
        {
            paths.push(path);
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_names_two_keys_is_a_hint_for_what_is_below_them() {
        let text = "{{ fail \"ERROR: `web.old.name` is gone, use .Values.server.name\" }}\nUse `colour`, not paint.\nA `b` and `c`.";
        let files = [("templates/a.yaml".to_owned(), text.to_owned())];
        let hints = TextHints::of(&Chart {
            files: files.into(),
            ..Chart::default()
        });
        let beside = |path: &str| {
            let found = hints.named_beside(&path.parse().unwrap());
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(beside("web.old.name"), ["server.name"]);
        assert_eq!(beside("web.old.name.x"), ["server.name.x"]);
        assert_eq!(beside("b"), ["c"]);
        assert!(beside("colour").is_empty() && beside("web").is_empty());
    }

    #[test]
    fn a_key_is_out_of_date_where_a_line_or_the_comment_above_it_says_so() {
        let text = "DEPRECATED option web.old.data - Use server.new\nUse a.b with c.d.";
        let files = [("templates/NOTES.txt".to_owned(), text.to_owned())];
        let mut hints = TextHints::of(&Chart {
            files: files.into(),
            ..Chart::default()
        });
        hints.comment(
            &"pod.user".parse().unwrap(),
            "Deprecated: prefer template.user.id\n",
        );
        let named = |path: &str| {
            let found = hints.outdated_for(&path.parse().unwrap());
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(named("web.old.data"), ["server.new"]);
        assert_eq!(named("web.old.data.x"), ["server.new.x"]);
        assert_eq!(
            named("pod.user"),
            ["template.user.id", "pod.template.user.id"]
        );
        assert!(named("a.b").is_empty() && named("server.new").is_empty());
    }
}
