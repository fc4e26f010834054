//! Secrets: which parts of a values file no report may print.
//!
//! Values files hold passwords more often than they should, and reports end in logs, chats and pull
//! requests. What is a secret is decided by names: a value under a key such as `password`, everything in
//! a block that a Secret is made of, the value beside `name: DB_PASSWORD`, the password in a URL. A key
//! that only *refers* to a Secret (`imagePullSecrets`, `existingSecret`, `secretName`) holds none: such
//! names are what a person must see to judge a change.
//!
//! The tree of a text is asked, so that a key block over thirty lines is found whole. A line by itself, of
//! a comment or of a file that is no YAML, is judged by what it looks like.

use std::ops::Range;

use crate::yaml::{Kind, NodeId, Tree};

/// Words of a key that make its value a secret.
const SECRET: [&str; 11] = [
    "password",
    "passwords",
    "passwd",
    "htpasswd",
    "passphrase",
    "secret",
    "secrets",
    "token",
    "tokens",
    "credential",
    "credentials",
];
/// Pairs of words that do.
const SECRET_PAIRS: [(&str, &str); 6] = [
    ("api", "key"),
    ("access", "key"),
    ("private", "key"),
    ("encryption", "key"),
    ("signing", "key"),
    ("master", "key"),
];
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
/// Every word above holds one of these; most keys hold none, and are not taken apart.
const STEMS: [&str; 6] = ["pass", "secret", "token", "credential", "key", "pwd"];

/// Whether the value under a key is a secret.
#[must_use]
pub fn is_secret_key(key: &str) -> bool {
    if !STEMS.iter().any(|stem| holds(key, stem)) {
        return false;
    }
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
        // `smtp_pass`; but nginx's `proxy_pass` is an address.
        || matches!(words.as_slice(), [.., before, "pass"] if *before != "proxy")
        || words == ["pass"]
}

/// Whether a key only refers to a Secret, or says something about one.
pub(crate) fn refers(key: &str) -> bool {
    words(key)
        .last()
        .is_some_and(|word| REFERENCE_ENDS.contains(&word.as_str()))
}

fn holds(key: &str, stem: &str) -> bool {
    let (key, stem) = (key.as_bytes(), stem.as_bytes());
    key.windows(stem.len())
        .any(|part| part.eq_ignore_ascii_case(stem))
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
    !refers(last) && keys().any(is_secret_key)
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
pub(crate) fn tells(text: &str) -> bool {
    !matches!(
        text.trim(),
        "" | "~" | "null" | "true" | "false" | "{}" | "[]" | "\"\"" | "''"
    )
}

/// Where the secrets of a text are, in bytes, in order and apart from each other.
#[must_use]
pub fn in_tree(tree: &Tree) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for document in tree.documents() {
        walk(tree, document.root, false, &mut found);
    }
    for comment in tree.comments() {
        let start = comment.span.start;
        let secret = in_line(&tree.text()[comment.span.clone()]);
        found.extend(secret.map(|range| start + range.start..start + range.end));
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
            let scalar = |wanted: &str| {
                let mut entries = tree.entries(node);
                let (_, value) = entries.find(|(key, _)| name(tree, *key) == wanted)?;
                Some(name(tree, value))
            };
            let named = scalar("name").is_some_and(is_secret_key);
            let manifest = scalar("kind") == Some("Secret");
            for (key, value) in tree.entries(node) {
                let key = name(tree, key);
                let secret = secret && !refers(key)
                    || is_secret_key(key)
                    || named && key == "value"
                    || manifest && matches!(key, "data" | "stringData");
                walk(tree, value, secret, found);
            }
        }
        Kind::Sequence { .. } => tree
            .items(node)
            .for_each(|item| walk(tree, item, secret, found)),
        Kind::Alias => {}
    }
}

/// The content of a scalar; nothing for any other node.
fn name(tree: &Tree, node: NodeId) -> &str {
    match tree.kind(node) {
        Kind::Scalar(_) => tree.content(node),
        _ => "",
    }
}

/// The secret in one line that looks like `key: value`, by itself.
pub(crate) fn in_line(line: &str) -> Option<Range<usize>> {
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
pub(crate) fn in_url(text: &str) -> Option<Range<usize>> {
    let scheme = text.find("://")? + 3;
    let end = text[scheme..]
        .find(['/', ' ', '"', '\'', '\n'])
        .map_or(text.len(), |at| scheme + at);
    let at = scheme + text[scheme..end].rfind('@')?;
    let colon = scheme + text[scheme..at].find(':')?;
    (colon + 1 < at && tells(&text[colon + 1..at])).then_some(colon + 1..at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let mut out = text.to_owned();
        let tree = Tree::parse(text).unwrap();
        for range in in_tree(&tree).into_iter().rev() {
            out.replace_range(range, "••••");
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
            "smtp_pass",
            "htpasswd",
            "encryptionKey",
            "jwtSigningKey",
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
            "proxy_pass",
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
    fn every_word_that_makes_a_secret_holds_a_stem() {
        let pairs = SECRET_PAIRS.iter().map(|(_, last)| last);
        for word in SECRET.iter().chain(&SECRET_JOINED).chain(pairs) {
            assert!(STEMS.iter().any(|stem| holds(word, stem)), "{word}");
        }
    }

    #[test]
    fn a_line_by_itself_is_judged_by_what_it_looks_like() {
        let line = "password: x y # old";
        assert_eq!(in_line(line).map(|range| &line[range]), Some("x y"));
        assert_eq!(in_line("port: 80"), None);
    }
}
