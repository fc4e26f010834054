//! The keys of a `values.yaml` as they stand there: with the comment above each, and those that are commented out.
//!
//! Prose and keys that are commented out look alike, so lines are told apart by what they look like and where they
//! stand: a line behind `#` that would be a key with a short value, further in than what it stands below. That a line
//! is taken for a key by mistake does no harm, because nothing is made of a key that rendering does not confirm.

use std::collections::BTreeSet;

use crate::{
    effect::fields::words,
    values::{Path, Value},
};

/// A key.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenKey {
    /// The key.
    pub path: Path,
    /// The words of the comment above it.
    pub comment: BTreeSet<String>,
    /// The comment as it stands there, without its signs.
    pub said: String,
    /// The value of a key that is commented out; `None` for one that is not.
    pub example: Option<Value>,
}

/// A key, or the items of a list (without a name), and how far in it stands.
type KeyDepth = (usize, Option<String>);

/// The keys of a text, in its order.
#[must_use]
pub fn written(text: &str) -> Vec<WrittenKey> {
    let mut found = Vec::new();
    // What is above the present line, without and with what is commented out.
    let mut live: Vec<KeyDepth> = Vec::new();
    let mut above: Vec<KeyDepth> = Vec::new();
    let mut comment: BTreeSet<String> = BTreeSet::new();
    let mut prose = String::new();
    for line in text.lines() {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        if let Some(said) = trimmed.strip_prefix('#') {
            let body = said.strip_prefix(' ').unwrap_or(said);
            let rest = body.trim_start();
            let at = indent + body.len() - rest.len();
            match key_of(rest).filter(|(_, value)| is_short(value)) {
                Some((key, value)) => {
                    above.retain(|(other, _)| *other < at);
                    above.push((at, Some(key.to_owned())));
                    if let Some(path) = path(&above) {
                        found.push(WrittenKey {
                            path,
                            comment: std::mem::take(&mut comment),
                            said: std::mem::take(&mut prose),
                            example: Some(example(value)),
                        });
                    }
                }
                None => {
                    if rest.starts_with("- ") {
                        above.retain(|(other, _)| *other < at);
                        above.push((at, None));
                    }
                    prose.push_str(said);
                    prose.push('\n');
                    comment.extend(
                        said.split_whitespace()
                            .flat_map(words)
                            .filter(|word| word.len() > 2),
                    );
                }
            }
            continue;
        }
        match key_of(trimmed) {
            Some((key, _)) => {
                live.retain(|(other, _)| *other < indent);
                live.push((indent, Some(key.to_owned())));
                above.clone_from(&live);
                if let Some(path) = path(&live).filter(|_| !comment.is_empty()) {
                    found.push(WrittenKey {
                        path,
                        comment: std::mem::take(&mut comment),
                        said: std::mem::take(&mut prose),
                        example: None,
                    });
                }
            }
            None => {
                comment.clear();
                prose.clear();
                if trimmed.starts_with("- ") {
                    live.retain(|(other, _)| *other < indent);
                    live.push((indent, None));
                    above.clone_from(&live);
                }
            }
        }
    }
    found
}

/// The path of the last level; `None` below a list.
fn path(levels: &[KeyDepth]) -> Option<Path> {
    let keys: Option<Vec<String>> = levels.iter().map(|(_, key)| key.clone()).collect();
    Some(Path::keys(keys?))
}

/// The key that a line begins with, and what stands behind it.
fn key_of(line: &str) -> Option<(&str, &str)> {
    let (key, value) = match line.split_once(": ") {
        Some((key, value)) => (key, value.trim()),
        None => (line.trim_end().strip_suffix(':')?, ""),
    };
    let key = key.trim_matches(['"', '\'']);
    let is_key = key.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    is_key.then_some((key, value))
}

/// True if a value is none that prose would have: nothing, one word, or something in quotes or brackets.
fn is_short(value: &str) -> bool {
    let plain = value.split(" #").next().unwrap_or_default().trim();
    !plain.contains(' ') || plain.starts_with(['"', '\'', '[', '{', '|', '>'])
}

/// The value of a key that is commented out, as far as that stands in its line.
fn example(value: &str) -> Value {
    let value = value.strip_prefix('#').map_or(value, |_| "");
    let read: Option<serde_json::Value> = serde_yaml::from_str(value).ok();
    read.as_ref().map_or(Value::Null, Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# -- Which colour
colour: red
# Note: this is prose and no key at all
units: {}
#   first:
#     # -- How often it runs
#     times: 3
#     parts:
#     - name: a
#       size: 1
#     labels: {}
web:
  # -- The host
  # host: example.com
  port: 80
#plain: \"two words\"
";

    #[test]
    fn keys_that_are_commented_out_are_found_where_they_would_stand() {
        let all = written(TEXT);
        let examples: Vec<(String, Value)> = all
            .iter()
            .filter_map(|one| Some((one.path.to_string(), one.example.clone()?)))
            .collect();
        let names: Vec<&str> = examples.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            names,
            [
                "units.first",
                "units.first.times",
                "units.first.parts",
                "units.first.labels",
                "web.host",
                "plain"
            ]
        );
        assert_eq!(examples[4].1, Value::from("example.com"));
        assert_eq!(examples[0].1, Value::Null);
        assert_eq!(examples[5].1, Value::from("two words"));
        let colour = all.iter().find(|one| one.path.to_string() == "colour");
        assert!(colour.is_some_and(|one| one.comment.contains("which") && one.example.is_none()));
        let times = &all[all
            .iter()
            .position(|one| one.path.to_string() == "units.first.times")
            .unwrap()];
        assert!(times.comment.contains("often"));
    }
}
