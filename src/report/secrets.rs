//! Secrets: what a report must not print.
//!
//! Values files hold passwords more often than they should, and reports end in logs, chats and pull
//! requests. What is masked is decided by names: a value under a key such as `password`, everything in
//! a block that a Secret is made of, the value beside `name: DB_PASSWORD`, the password in a URL. A key
//! that only *refers* to a Secret (`imagePullSecrets`, `existingSecret`, `secretName`) is not masked:
//! such names are what a person must see to judge a change.
//!
//! The text is read with the YAML reader where it can be, so that a key block over thirty lines is
//! masked whole; where it cannot (a file that was refused for not being YAML), line by line.

use std::ops::Range;

use serde_json::Value as Json;

use crate::{
    outcome::Outcome,
    yaml::{Kind, NodeId, Tree},
};

/// What stands in place of a secret. Always the same: a length is a hint.
pub const MASK: &str = "••••";

/// Words of a key that make its value a secret.
const SECRET: [&str; 10] = [
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "secret",
    "secrets",
    "token",
    "tokens",
    "credential",
    "credentials",
];
/// Pairs of words that do.
const SECRET_PAIRS: [(&str, &str); 3] = [("api", "key"), ("access", "key"), ("private", "key")];
/// Keys in one word that do.
const SECRET_JOINED: [&str; 7] = [
    "apikey",
    "accesskey",
    "privatekey",
    "secretkey",
    "accesstoken",
    "pwd",
    "dbpassword",
];
/// Last words of keys that name a Secret, a place or a setting and hold no secret themselves.
const REFERENCE_ENDS: [&str; 16] = [
    "name",
    "names",
    "namespace",
    "ref",
    "refs",
    "path",
    "file",
    "mount",
    "enabled",
    "create",
    "type",
    "provider",
    "class",
    "annotations",
    "labels",
    "selector",
];
/// Words that make a key a reference wherever they stand.
const REFERENCE_WORDS: [&str; 3] = ["existing", "pull", "automount"];
/// Values shorter than this are not searched for in sentences: they would mask half of the language.
const MIN_SEARCHED: usize = 8;

/// Whether the value under a key is a secret.
#[must_use]
pub fn is_secret_key(key: &str) -> bool {
    let words = words(key);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words.iter().any(|word| REFERENCE_WORDS.contains(word))
        || words
            .last()
            .is_some_and(|last| REFERENCE_ENDS.contains(last))
    {
        return false;
    }
    let joined = |word: &&str| SECRET_JOINED.contains(word) || word.ends_with("password");
    words
        .iter()
        .any(|word| SECRET.contains(word) || joined(word))
        || words
            .windows(2)
            .any(|pair| SECRET_PAIRS.contains(&(pair[0], pair[1])))
}

/// Whether any key on a path makes what is there a secret.
#[must_use]
pub fn is_secret_path(path: &str) -> bool {
    // Selectors are names of their own: `env[name=DB_PASSWORD].value`.
    let keys = || {
        path.split(['.', '[', ']', '='])
            .filter(|part| !part.is_empty())
    };
    let named = || {
        path.split('[')
            .skip(1)
            .filter_map(|part| part.split(']').next()?.split_once('='))
    };
    let last = keys().next_back().unwrap_or_default();
    let refers = words(last)
        .last()
        .is_some_and(|word| REFERENCE_ENDS.contains(&word.as_str()));
    !refers && keys().any(is_secret_key)
        || named().any(|(_, name)| is_secret_key(name)) && last == "value"
}

/// `dbPassword`, `DB_PASSWORD` and `db-password` in lower-case words.
fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    let mut chars = key.chars().peekable();
    while let Some(c) = chars.next() {
        if !c.is_alphanumeric() {
            words.push(String::new());
            after_lower = false;
            continue;
        }
        // `APIKey`: the last capital of a run begins the next word.
        let run_ends = c.is_uppercase() && chars.peek().is_some_and(|next| next.is_lowercase());
        let in_word = words.last().is_some_and(|word| !word.is_empty());
        if c.is_uppercase() && in_word && (after_lower || run_ends) {
            words.push(String::new());
        }
        after_lower = !c.is_uppercase();
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a value is worth masking: what carries no information is not.
fn tells(text: &str) -> bool {
    !matches!(
        text.trim(),
        "" | "~" | "null" | "true" | "false" | "{}" | "[]" | "\"\"" | "''"
    )
}

/// Where the secrets of a YAML text are, in bytes, in order and apart from each other.
#[must_use]
pub fn ranges(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let Ok(tree) = Tree::parse(text) else {
        let mut offset = 0;
        for line in text.split_inclusive('\n') {
            found.extend(in_line(line).map(|r| offset + r.start..offset + r.end));
            offset += line.len();
        }
        return found;
    };
    for document in tree.documents() {
        walk(&tree, document.root, false, &mut found);
    }
    for comment in tree.comments() {
        let body = &text[comment.span.clone()];
        found.extend(
            in_line(body).map(|r| comment.span.start + r.start..comment.span.start + r.end),
        );
    }
    found.sort_by_key(|range| range.start);
    found.dedup_by(|next, last| next.start < last.end);
    found
}

/// The depth is bounded by the reader.
fn walk(tree: &Tree, node: NodeId, secret: bool, found: &mut Vec<Range<usize>>) {
    match tree.kind(node) {
        Kind::Scalar(_) => {
            let body = tree.body(node);
            if secret && tells(&tree.text()[body.clone()]) {
                found.push(body);
            } else if let Some(range) = in_url(&tree.text()[body.clone()]) {
                found.push(body.start + range.start..body.start + range.end);
            }
        }
        Kind::Mapping { .. } => {
            let scalar = |name: &str| {
                let mut entries = tree.entries(node);
                let value = entries
                    .find(|(key, _)| is_scalar(tree, *key) && tree.scalar(*key) == name)?
                    .1;
                is_scalar(tree, value).then(|| tree.scalar(value).into_owned())
            };
            let named = scalar("name").is_some_and(|name| is_secret_key(&name));
            let manifest = scalar("kind").is_some_and(|kind| kind == "Secret");
            for (key, value) in tree.entries(node) {
                let name = if is_scalar(tree, key) {
                    tree.scalar(key)
                } else {
                    "".into()
                };
                let refers = words(&name)
                    .last()
                    .is_some_and(|w| REFERENCE_ENDS.contains(&w.as_str()));
                let secret = secret && !refers
                    || is_secret_key(&name)
                    || named && name == "value"
                    || manifest && matches!(&*name, "data" | "stringData");
                walk(tree, value, secret, found);
            }
        }
        Kind::Sequence { .. } => tree
            .items(node)
            .for_each(|item| walk(tree, item, secret, found)),
        Kind::Alias => {}
    }
}

fn is_scalar(tree: &Tree, node: NodeId) -> bool {
    matches!(tree.kind(node), Kind::Scalar(_))
}

/// The secret in one line that looks like `key: value`, by itself.
fn in_line(line: &str) -> Option<Range<usize>> {
    let content = line.trim_start_matches(['#', ' ', '\t', '-', '{', '"', '\'']);
    let start = line.len() - content.len();
    let keyed = content.split_once(':').and_then(|(key, rest)| {
        if key.len() > 128 || !is_secret_key(key.trim_end_matches(['"', '\'', ' '])) {
            return None;
        }
        let value = rest.trim_start();
        let end = value.find(" #").unwrap_or(value.len());
        let value = value[..end].trim_end();
        let from = start + content.len() - rest.trim_start().len();
        (tells(value) && !matches!(value, "|" | ">" | "|-" | ">-"))
            .then(|| from..from + value.len())
    });
    keyed.or_else(|| in_url(line))
}

/// The password in `scheme://user:password@host`.
fn in_url(text: &str) -> Option<Range<usize>> {
    let scheme = text.find("://")? + 3;
    let end = text[scheme..]
        .find(['/', ' ', '"', '\'', '\n'])
        .map_or(text.len(), |at| scheme + at);
    let at = scheme + text[scheme..end].rfind('@')?;
    let colon = scheme + text[scheme..at].find(':')?;
    (colon + 1 < at && tells(&text[colon + 1..at])).then_some(colon + 1..at)
}

/// Masks what a report is about to print, or lets everything through.
#[derive(Debug, Default)]
pub struct Masker {
    on: bool,
    /// Secrets found in the files, longest first, so that none hides the rest of another.
    known: Vec<String>,
}

impl Masker {
    /// Masks nothing.
    #[must_use]
    pub fn off() -> Self {
        Self::default()
    }

    /// Masks secrets by their keys, and wherever a sentence or another line repeats a secret of these
    /// texts, each given as it was before and afterwards. What also stood in the clear before is not
    /// searched for: a password that is the name of an image would mask half of the report.
    #[must_use]
    pub fn on<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let texts: Vec<_> = texts.into_iter().collect();
        let mut known: Vec<String> = Vec::new();
        let mut clear = String::new();
        for (before, after) in &texts {
            let hidden = ranges(before);
            let mut at = 0;
            for range in &hidden {
                clear.push_str(&before[at..range.start]);
                clear.push('\n');
                at = range.end;
            }
            clear.push_str(&before[at..]);
            let secrets = hidden.into_iter().map(|range| &before[range]);
            let later = ranges(after).into_iter().map(|range| &after[range]);
            known.extend(
                secrets
                    .chain(later)
                    .map(|secret| secret.trim_matches(['"', '\'']))
                    .filter(|secret| secret.len() >= MIN_SEARCHED && !secret.contains('\n'))
                    .map(str::to_owned),
            );
        }
        known.retain(|secret| !clear.contains(secret.as_str()));
        known.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        known.dedup();
        Self { on: true, known }
    }

    /// The same for the files of an outcome.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        let files = outcome.releases.iter().flat_map(|release| &release.files);
        Self::on(files.map(|file| (&*file.before, &*file.after)))
    }

    /// Whether it masks at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// A sentence without the secrets that are known.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if !self.on {
            return text;
        }
        for secret in &self.known {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), MASK);
            }
        }
        if let Some(range) = in_url(&text) {
            text.replace_range(range, MASK);
        }
        text
    }

    /// A line of YAML, or a comment, by itself.
    #[must_use]
    pub fn line(&self, line: &str) -> String {
        let text = self.text(line);
        match in_line(&text).filter(|_| self.on) {
            Some(range) if &text[range.clone()] != MASK => {
                format!("{}{MASK}{}", &text[..range.start], &text[range.end..])
            }
            _ => text,
        }
    }

    /// A value as it is shown for a path.
    #[must_use]
    pub fn value(&self, path: &str, text: &str) -> String {
        if self.on && is_secret_path(path) && tells(text) {
            MASK.to_owned()
        } else {
            self.text(text)
        }
    }

    /// A JSON value that stands at a path.
    pub fn json(&self, path: &str, value: &mut Json) {
        if self.on {
            mask_json(self, value, is_secret_path(path));
        }
    }

    /// Where the secrets of a file's text are; none if nothing is masked.
    #[must_use]
    pub fn ranges(&self, text: &str) -> Vec<Range<usize>> {
        if self.on { ranges(text) } else { Vec::new() }
    }
}

/// The depth is that of a YAML text, which the reader bounds.
fn mask_json(masker: &Masker, value: &mut Json, secret: bool) {
    match value {
        Json::Null | Json::Bool(_) => {}
        Json::Number(_) if !secret => {}
        Json::String(text) if !secret => *text = masker.text(text),
        Json::String(text) if !tells(text) => {}
        Json::Number(_) | Json::String(_) => *value = Json::String(MASK.to_owned()),
        Json::Array(items) => items
            .iter_mut()
            .for_each(|item| mask_json(masker, item, secret)),
        Json::Object(map) => {
            let text = |name: &str| map.get(name).and_then(Json::as_str);
            let named = text("name").is_some_and(is_secret_key);
            let manifest = text("kind") == Some("Secret");
            for (key, value) in map.iter_mut() {
                let refers = words(key)
                    .last()
                    .is_some_and(|w| REFERENCE_ENDS.contains(&w.as_str()));
                let secret = secret && !refers
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

    fn masked(text: &str) -> String {
        let mut out = text.to_owned();
        for range in ranges(text).into_iter().rev() {
            out.replace_range(range, MASK);
        }
        out
    }

    #[test]
    fn keys_that_hold_secrets_and_keys_that_name_them() {
        for key in [
            "password",
            "adminPassword",
            "DB_PASSWORD",
            "postgres-password",
            "token",
            "apiKey",
            "APIKey",
            "apikey",
            "accessKey",
            "secretAccessKey",
            "AWS_SECRET_ACCESS_KEY",
            "privateKey",
            "credentials",
            "secretKey",
            "clientSecret",
            "passwd",
            "pgpassword",
        ] {
            assert!(is_secret_key(key), "{key}");
        }
        for key in [
            "imagePullSecrets",
            "pullSecrets",
            "existingSecret",
            "existingSecretPasswordKey",
            "secretName",
            "secretKeyRef",
            "tokenPath",
            "automountServiceAccountToken",
            "secretRef",
            "image",
            "tag",
            "compass",
            "keys",
            "tokenizer",
        ] {
            assert!(!is_secret_key(key), "{key}");
        }
    }

    #[test]
    fn only_the_value_is_masked() {
        assert_eq!(
            masked("a:\n  password: \"hunter2\" # x\n  name: b\n"),
            "a:\n  password: •••• # x\n  name: b\n"
        );
        assert_eq!(
            masked(
                "env:\n- name: DB_PASSWORD\n  value: abc\n- {value: d, name: API_TOKEN}\n- name: X\n  value: y\n"
            ),
            "env:\n- name: DB_PASSWORD\n  value: ••••\n- {value: ••••, name: API_TOKEN}\n- name: X\n  value: y\n"
        );
        assert_eq!(
            masked("privateKey: |\n  one\n  two\nnext: 1\n"),
            "privateKey: ••••\nnext: 1\n"
        );
        assert_eq!(
            masked("imagePullSecrets:\n- name: ghcr\nsecrets:\n  a: b\n  name: c\n"),
            "imagePullSecrets:\n- name: ghcr\nsecrets:\n  a: ••••\n  name: c\n"
        );
        assert_eq!(
            masked("url: postgres://u:p4ss@h/db\n"),
            "url: postgres://u:••••@h/db\n"
        );
        assert_eq!(
            masked("# password: old\na: 1\n"),
            "# password: ••••\na: 1\n"
        );
        assert_eq!(
            masked("password: true\ntoken: \"\"\n"),
            "password: true\ntoken: \"\"\n"
        );
        assert_eq!(
            masked("- kind: Secret\n  stringData:\n    x: abc\n"),
            "- kind: Secret\n  stringData:\n    x: ••••\n"
        );
    }

    #[test]
    fn a_text_that_is_not_yaml_is_masked_by_line() {
        assert_eq!(masked("a: [\npassword: x y\n"), "a: [\npassword: ••••\n");
    }

    #[test]
    fn sentences_do_not_repeat_secrets() {
        let masker = Masker::on([("a: arroyo-x\npassword: hunter2-x\ntoken: arroyo-x\n", "")]);
        assert_eq!(masker.text("arroyo-x"), "arroyo-x", "it stood in the clear");
        assert_eq!(masker.text("it was hunter2-x, once"), "it was ••••, once");
        assert_eq!(masker.line("# token: abc # old"), "# token: •••• # old");
        assert_eq!(masker.value("a.password", "x"), MASK);
        assert_eq!(masker.value("env[name=DB_PASSWORD].value", "x"), MASK);
        assert_eq!(masker.value("imagePullSecrets[0].name", "x"), "x");
        let mut json = serde_json::json!({"password": {"a": 1, "b": ["x"]}, "c": "hunter2-x"});
        masker.json("x", &mut json);
        assert_eq!(
            json,
            serde_json::json!({"password": {"a": MASK, "b": [MASK]}, "c": MASK})
        );
        assert_eq!(Masker::off().text("hunter2-x"), "hunter2-x");
    }
}
