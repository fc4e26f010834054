//! Masks: what stands in a report in place of a secret.
//!
//! Which parts of the files are secrets the outcome says; here they are kept out of what is printed, be it
//! a value under its path, a sentence that repeats one, or a line that is not part of any file.

use std::{collections::HashSet, fmt::Display};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value as Json;

use crate::{
    outcome::{Outcome, ReportedFile},
    secrets::{in_line, in_text, is_secret_key, is_secret_path, refers, tells},
};

pub use crate::secrets::MASK;
/// Values shorter than this are not searched for in sentences: they would mask half of the language.
const MIN_SEARCHED: usize = 8;
/// Nor shorter ones than this where secrets are rendered into other texts.
const MIN_RENDERED: usize = 4;

/// Masks what a report is about to print, or lets everything through.
#[derive(Debug, Clone, Default)]
pub struct Masker {
    on: bool,
    /// Finds the secrets of the files, the longest where several begin.
    known: Option<AhoCorasick>,
    /// All secrets of the files, those too short to be searched for in sentences as well.
    secrets: Vec<String>,
}

impl Masker {
    /// Masks nothing.
    #[must_use]
    pub fn off() -> Self {
        Self::default()
    }

    /// Masks secrets by their keys, and wherever a sentence or another line repeats a secret of these
    /// files. What also stood in the clear before is not searched for: a password that is the name of an
    /// image would mask half of the report.
    #[must_use]
    pub fn for_files<'a>(files: impl IntoIterator<Item = &'a ReportedFile>) -> Self {
        let files: Vec<&ReportedFile> = files.into_iter().collect();
        let secrets = files.iter().flat_map(|file| {
            let before = file.secrets.before.iter();
            let after = file.secrets.after.iter();
            before
                .map(|range| &file.before[range.clone()])
                .chain(after.map(|range| &file.after[range.clone()]))
        });
        let (several, one): (Vec<&str>, Vec<&str>) =
            secrets.partition(|secret| secret.contains('\n'));
        // Where it is rendered, a secret of several lines is indented in another way.
        let lines = several.into_iter().flat_map(str::lines).map(str::trim);
        let lines: HashSet<&str> = lines.filter(|line| line.len() >= MIN_SEARCHED).collect();
        let one = one
            .into_iter()
            // In a sentence a value stands without the quotes that it has in the file.
            .map(|secret| secret.trim_matches(['"', '\'']));
        let mut known: Vec<&str> = one
            .filter(|secret| secret.len() >= MIN_RENDERED)
            .chain(lines.iter().copied())
            .collect();
        known.sort_unstable();
        known.dedup();
        let mut clear = vec![false; known.len()];
        if let Some(search) = build_searcher(&known, MatchKind::Standard) {
            for file in files {
                let hidden = &file.secrets.before;
                // A secret may lie within another one, and each may stand in the clear by itself.
                for found in search.find_overlapping_iter(&*file.before) {
                    let first = hidden.partition_point(|range| range.end <= found.start());
                    if hidden
                        .get(first)
                        .is_none_or(|range| found.end() <= range.start)
                    {
                        clear[found.pattern()] = true;
                    }
                }
            }
        }
        let mut clear = clear.into_iter();
        known.retain(|_| clear.next() == Some(false));
        let secrets = known.iter().map(|secret| (*secret).to_owned()).collect();
        known.retain(|secret| secret.len() >= MIN_SEARCHED && !lines.contains(secret));
        Self {
            on: true,
            // The longest wins: the mask of a short secret must not leave the end of a longer one to be read.
            known: build_searcher(&known, MatchKind::LeftmostLongest),
            secrets,
        }
    }

    /// The same for a report of what a chart renders, where secrets stand in other texts: it also searches
    /// for shorter ones, for more secrets that only such a report knows, and for all of them in base64.
    #[must_use]
    pub fn of_rendered<'s>(&self, more: impl IntoIterator<Item = &'s str>) -> Self {
        let more = more.into_iter().filter(|text| text.len() >= MIN_RENDERED);
        let mut secrets = self.secrets.clone();
        secrets.extend(more.filter(|text| tells(text)).map(str::to_owned));
        // A rendered Secret holds its `data` in base64.
        let encoded = |secret: &String| BASE64_STANDARD.encode(secret);
        let encoded: Vec<String> = secrets.iter().map(encoded).collect();
        let all: Vec<&str> = secrets.iter().chain(&encoded).map(String::as_str).collect();
        Self {
            on: self.on,
            known: build_searcher(&all, MatchKind::LeftmostLongest),
            secrets,
        }
    }

    /// The same for the files of an outcome.
    #[must_use]
    pub fn for_outcome(outcome: &Outcome) -> Self {
        Self::for_files(outcome.files().into_iter().map(|file| &**file))
    }

    /// True if it masks at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// A sentence without the secrets that are known.
    #[must_use]
    pub fn mask_text(&self, text: &str) -> String {
        if !self.on {
            return text.to_owned();
        }
        let mut text = match &self.known {
            Some(known) => {
                let mut masked = String::with_capacity(text.len());
                known.replace_all_with(text, &mut masked, |_, _, out| {
                    out.push_str(MASK);
                    true
                });
                masked
            }
            None => text.to_owned(),
        };
        for range in in_text(&text).into_iter().rev() {
            text.replace_range(range, MASK);
        }
        text
    }

    /// A line of YAML, or a comment, by itself.
    #[must_use]
    pub fn mask_line(&self, line: &str) -> String {
        let mut text = self.mask_text(line);
        if self.on {
            for range in in_line(&text).into_iter().rev() {
                text.replace_range(range, MASK);
            }
        }
        text
    }

    /// A value as it is shown for a path.
    #[must_use]
    pub fn mask_value(&self, path: &str, text: &str) -> String {
        if self.on && is_secret_path(path) && tells(text) {
            MASK.to_owned()
        } else {
            self.mask_text(text)
        }
    }

    /// A JSON value that is a secret, whatever it is called.
    pub fn mask_secret(&self, value: &mut Json) {
        if self.on {
            mask_json(self, value, true);
        }
    }

    /// A JSON value that stands at a path.
    pub fn mask_json(&self, path: impl Display, value: &mut Json) {
        if self.on {
            mask_json(self, value, is_secret_path(&path.to_string()));
        }
    }
}

/// A searcher that finds any of many texts in one pass. `None` for no texts, or more than can be searched for.
fn build_searcher(texts: &[&str], kind: MatchKind) -> Option<AhoCorasick> {
    if texts.is_empty() {
        return None;
    }
    AhoCorasick::builder().match_kind(kind).build(texts).ok()
}

/// The depth is that of a YAML text, which the reader bounds.
fn mask_json(masker: &Masker, value: &mut Json, secret: bool) {
    match value {
        Json::Null | Json::Bool(_) => {}
        Json::Number(_) if !secret => {}
        Json::String(text) if !secret => *text = masker.mask_text(text),
        Json::String(text) if !tells(text) => {}
        Json::Number(_) | Json::String(_) => *value = Json::String(MASK.to_owned()),
        Json::Array(items) => items
            .iter_mut()
            .for_each(|item| mask_json(masker, item, secret)),
        Json::Object(map) => {
            let text = |name: &str| map.get(name).and_then(Json::as_str);
            // An environment variable is a map of `name` and `value`, and it is the name that tells.
            let named = text("name").is_some_and(is_secret_key);
            // Extra objects stand in values as manifests; in those of kind Secret the keys are free.
            let manifest = text("kind") == Some("Secret");
            for (key, value) in map.iter_mut() {
                let secret = secret && !refers(key)
                    || is_secret_key(key)
                    || named && key == "value"
                    || manifest && matches!(key.as_str(), "data" | "stringData");
                mask_json(masker, value, secret);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{outcome::Secrets, secrets::in_tree, yaml::Tree};

    #[test]
    fn sentences_do_not_repeat_secrets() {
        let before = "a: arroyo-x\npassword: hunter2-x\ntoken: arroyo-x\n";
        let file = ReportedFile {
            name: "v.yaml".to_owned(),
            path: None,
            before: before.into(),
            after: before.into(),
            changed: false,
            secrets: Secrets {
                before: in_tree(&Tree::parse(before).unwrap()),
                after: Vec::new(),
            },
            removed_comments: Vec::new(),
            digest: Default::default(),
        };
        let masker = Masker::for_files([&file]);
        assert_eq!(
            masker.mask_text("arroyo-x"),
            "arroyo-x",
            "it stood in the clear"
        );
        assert_eq!(
            masker.mask_text("it was hunter2-x, once"),
            "it was ••••, once"
        );
        assert_eq!(
            masker.mask_line("# token: abc # old"),
            "# token: •••• # old"
        );
        assert_eq!(masker.mask_value("a.password", "x"), MASK);
        assert_eq!(masker.mask_value("env[name=DB_PASSWORD].value", "x"), MASK);
        assert_eq!(masker.mask_value("imagePullSecrets[0].name", "x"), "x");
        let mut json = serde_json::json!({"password": {"a": 1, "b": ["x"]}, "c": "hunter2-x"});
        masker.mask_json("x", &mut json);
        assert_eq!(
            json,
            serde_json::json!({"password": {"a": MASK, "b": [MASK]}, "c": MASK})
        );
        assert_eq!(Masker::off().mask_text("hunter2-x"), "hunter2-x");
    }
}
