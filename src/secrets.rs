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

mod hints;

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use hints::{has_stem, hints};

use crate::yaml::{Kind, NodeId, Tree};

/// The text in place of a secret. Always the same: a length is a hint.
pub const MASK: &str = "••••";

/// Words of a key that make its value a secret. Numbers behind a word count for nothing: `password2`.
const SECRET: [&str; 26] = [
    "password",
    "passwords",
    "passwd",
    "passwort",
    "htpasswd",
    "passphrase",
    "pgpass",
    "pwd",
    "pw",
    "secret",
    "secrets",
    "token",
    "tokens",
    "credential",
    "credentials",
    "authorization",
    "dockerconfigjson",
    "dockercfg",
    "kubeconfig",
    "apikey",
    "apikeys",
    "accesskey",
    "privatekey",
    "secretkey",
    "accesstoken",
    "dsn",
];
/// Pairs of words that do.
const SECRET_PAIRS: [(&str, &str); 40] = [
    ("access", "key"),
    ("account", "key"),
    ("admin", "key"),
    ("api", "key"),
    ("api", "keys"),
    ("app", "key"),
    ("application", "key"),
    ("auth", "key"),
    ("ca", "key"),
    ("cert", "key"),
    ("client", "key"),
    ("connection", "string"),
    ("connection", "strings"),
    ("conn", "string"),
    ("cookie", "key"),
    ("crypto", "key"),
    ("decryption", "key"),
    ("deploy", "key"),
    ("encryption", "key"),
    ("gpg", "key"),
    ("hmac", "key"),
    ("host", "key"),
    ("jwt", "key"),
    ("license", "key"),
    ("licence", "key"),
    ("master", "key"),
    ("pre", "key"),
    ("private", "key"),
    ("recovery", "key"),
    ("root", "key"),
    ("server", "key"),
    ("service", "key"),
    ("session", "key"),
    ("shared", "key"),
    ("signing", "key"),
    ("ssh", "key"),
    ("ssl", "key"),
    ("tls", "key"),
    ("unseal", "key"),
    ("unseal", "keys"),
];
/// Ends of keys in one word that do: `bindpw`, `smtppass`, `dbpassword`. Whole words such as `compass` are not meant, so
/// what stands before is named.
const SECRET_ENDS: [&str; 4] = ["password", "passwd", "bindpw", "rootpw"];
/// The words before `pass` that make it no password, joined or apart: nginx's `proxy_pass`.
const NOT_PASS: [&str; 6] = ["proxy", "fastcgi", "by", "com", "tres", "sur"];
/// Last words of keys that name a Secret, a place or a setting and hold no secret themselves.
const REFERENCE_ENDS: [&str; 26] = [
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
    "ttl",
    "expiry",
    "expiration",
    "length",
    "seconds",
    "minutes",
    "hours",
    "days",
    "audience",
    "algorithm",
];
/// Words that make a key a reference where it speaks of a Secret: `existingSecret`, `imagePullSecrets`. An
/// `existingPassword` is a password.
const OF_A_SECRET: [&str; 2] = ["existing", "pull"];
/// Every word above holds one of these; most keys hold none, and are not taken apart.
const STEMS: [&str; 11] = [
    "pass",
    "secret",
    "token",
    "credential",
    "key",
    "pw",
    "authorization",
    "docker",
    "kubeconfig",
    "dsn",
    "string",
];

/// True if the value under a key is a secret.
#[must_use]
pub fn is_secret_key(key: &str) -> bool {
    has_stem(key) && is_secret_by_words(key)
}

/// The same for a key that has a stem.
fn is_secret_by_words(key: &str) -> bool {
    let words = words(key);
    let words: Vec<&str> = words
        .iter()
        .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()))
        // `API_KEY_V2` is a key like `API_KEY`.
        .filter(|word| !word.is_empty() && !matches!(*word, "v"))
        .collect();
    let of_a_secret = words.iter().any(|word| OF_A_SECRET.contains(word))
        && words
            .iter()
            .any(|word| matches!(*word, "secret" | "secrets"));
    if of_a_secret
        // Kubernetes' `automountServiceAccountToken` is a switch.
        || words.contains(&"automount")
        || words
            .last()
            .is_some_and(|last| REFERENCE_ENDS.contains(last))
    {
        return false;
    }
    let ends = |word: &&str| {
        SECRET_ENDS.iter().any(|end| word.ends_with(end))
            || word.strip_suffix("pass").is_some_and(|before| {
                !NOT_PASS.contains(&before) && before.len() < 8 && !before.is_empty()
            })
    };
    words.iter().any(|word| SECRET.contains(word) || ends(word))
        || words
            .windows(2)
            .any(|pair| SECRET_PAIRS.contains(&(pair[0], pair[1])))
        || matches!(words.as_slice(), [.., before, "pass"] if !NOT_PASS.contains(before))
        || words == ["pass"]
}

/// The longest key that makes a secret only with the one above it: the longest second word of [`SECRET_PAIRS`].
const LONGEST_BELOW: usize = 7;

/// A key, and whether it has one of the stems that every key of a secret has: nearly none has, and each is asked for
/// by itself, together with the one above it, and with those below it.
#[derive(Clone, Copy)]
struct StemmedKey<'k> {
    text: &'k str,
    has_stem: bool,
}

impl<'k> StemmedKey<'k> {
    fn of(text: &'k str) -> Self {
        Self {
            text,
            has_stem: has_stem(text),
        }
    }

    /// True if its value is a secret.
    fn is_secret(self) -> bool {
        self.has_stem && is_secret_by_words(self.text)
    }

    /// True if it makes a secret together with the key above it: `key` below `tls`.
    fn is_secret_below(self, above: Self) -> bool {
        let may_be = (self.has_stem || above.has_stem)
            && self.text.len() <= LONGEST_BELOW
            && !above.text.is_empty();
        may_be && !refers(self.text) && {
            let both = format!("{}.{}", above.text, self.text);
            !above.is_secret() && is_secret_by_words(&both)
        }
    }
}

/// True if a key only refers to a Secret, or says something about one.
pub(crate) fn refers(key: &str) -> bool {
    words(key)
        .last()
        .is_some_and(|word| REFERENCE_ENDS.contains(&word.as_str()))
}

/// True if any key on a path makes its value a secret.
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
    let stemmed = || keys().map(StemmedKey::of);
    let mut pairs = stemmed().zip(stemmed().skip(1));
    !refers(last)
        && (stemmed().any(StemmedKey::is_secret)
            || pairs.any(|(above, key)| key.is_secret_below(above)))
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

/// True if a value is worth masking: one that carries no information is not.
pub(crate) fn tells(text: &str) -> bool {
    !matches!(
        text.trim(),
        "" | "~" | "null" | "true" | "false" | "{}" | "[]" | "\"\"" | "''"
    )
}

/// The byte ranges of the secrets of a text, in order and apart from each other.
#[must_use]
pub fn in_tree(tree: &Tree) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for document in tree.documents() {
        walk(tree, document.root, StemmedKey::of(""), false, &mut found);
    }
    // A key that was commented out goes over several comments.
    let mut in_key = false;
    for comment in tree.comments() {
        let (start, text) = (comment.span.start, &tree.text()[comment.span.clone()]);
        let begins = text.contains("-----BEGIN") && text.contains("PRIVATE KEY");
        if in_key || begins {
            let body = text.trim_start_matches(['#', ' ', '\t']).trim_end();
            let from = start + text.find(body).unwrap_or(0);
            found.push(from..from + body.len());
            in_key = !text.contains("-----END");
        } else {
            let secret = in_line(text).into_iter();
            found.extend(secret.map(|range| start + range.start..start + range.end));
        }
    }
    sorted_apart(found)
}

/// In order and apart from each other.
pub(crate) fn sorted_apart(mut found: Vec<Range<usize>>) -> Vec<Range<usize>> {
    found.retain(|range| !range.is_empty());
    found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    found.dedup_by(|next, last| {
        let meets = next.start < last.end;
        if meets {
            last.end = last.end.max(next.end);
        }
        meets
    });
    found
}

/// The depth is bounded by the reader.
fn walk(
    tree: &Tree,
    node: NodeId,
    above: StemmedKey<'_>,
    secret: bool,
    found: &mut Vec<Range<usize>>,
) {
    match tree.kind(node) {
        Kind::Scalar(_) => {
            let body = tree.body(node);
            let text = &tree.text()[body.clone()];
            if secret && tells(text) {
                found.push(body);
            } else {
                let parts = in_scalar(text).into_iter();
                found.extend(parts.map(|part| body.start + part.start..body.start + part.end));
            }
        }
        Kind::Mapping { .. } => {
            let scalar = |wanted: &str| {
                let mut entries = tree.entries(node);
                let (_, value) = entries.find(|(key, _)| name(tree, *key) == wanted)?;
                Some(name(tree, value))
            };
            let named = scalar("name").is_some_and(is_secret_key);
            // In values there are whole manifests, as under `extraObjects`; a Secret's values are in these
            // two.
            let manifest = scalar("kind") == Some("Secret");
            for (key, value) in tree.entries(node) {
                let key = name(tree, key);
                let stemmed = StemmedKey::of(key);
                let secret = secret && !refers(key)
                    || stemmed.is_secret()
                    || stemmed.is_secret_below(above)
                    || named && key == "value"
                    || manifest && matches!(key, "data" | "stringData");
                walk(tree, value, stemmed, secret, found);
            }
        }
        Kind::Sequence { .. } => {
            // `--password` and, as the next argument, the password.
            let mut follows = false;
            for item in tree.items(node) {
                let text = name(tree, item);
                walk(
                    tree,
                    item,
                    above,
                    secret || follows && !text.starts_with('-'),
                    found,
                );
                follows = text.starts_with('-') && !text.contains('=') && is_secret_key(text);
            }
        }
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

/// The secrets in a scalar that no key gives away: by their form, and in each line of a text of several.
fn in_scalar(text: &str) -> Vec<Range<usize>> {
    match text.contains('\n') || text.contains(['{', '"']) {
        true => in_raw(text),
        false => in_text(text),
    }
}

/// The secrets in a text that is not, or not only, YAML, such as a file with a mistake in it: read line by line,
/// with the lines below a key that makes them secret.
#[must_use]
pub fn in_raw(text: &str) -> Vec<Range<usize>> {
    if !hints(text).any() {
        return Vec::new();
    }
    let mut found = in_text(text);
    let mut at = 0;
    // The indentation of the key whose block this is.
    let mut block: Option<usize> = None;
    let mut named = false;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end();
        let content = body.trim_start();
        let indent = body.len() - content.len();
        // A tab is no indentation in YAML, but this is also the way for files that are none.
        let deeper = |above: usize| indent > above || body.starts_with('\t');
        if block.is_some_and(|above| content.is_empty() || deeper(above)) {
            found.push(at + indent..at + body.len());
        } else {
            block = None;
            found.extend(
                in_line(body)
                    .into_iter()
                    .map(|part| at + part.start..at + part.end),
            );
            let plain = content.trim_start_matches(['-', ' ', '#']);
            if let Some((key, value)) = plain.split_once(':') {
                let (key, value) = (key.trim_matches(['"', '\'', ' ']), value.trim());
                if is_secret_key(key) && (value.is_empty() || value.starts_with(['|', '>', '&'])) {
                    block = Some(indent);
                }
                if named && key == "value" {
                    let from = at + body.len() - value.len();
                    found.push(from..from + value.len());
                }
                named = key == "name" && is_secret_key(value.trim_matches(['"', '\'']));
            }
        }
        at += line.len();
    }
    sorted_apart(found)
}

/// The secrets in one line, by itself: by their form, and what stands behind `key:`.
pub(crate) fn in_line(line: &str) -> Vec<Range<usize>> {
    let hints = hints(line);
    if !hints.any() {
        return Vec::new();
    }
    let mut found = in_text(line);
    let may_be_keyed = hints.key && line.contains(':');
    let keyed = may_be_keyed.then(|| KEYED.captures_iter(line));
    for keyed in keyed.into_iter().flatten() {
        let Some(key) = keyed.get(1) else { continue };
        let end = keyed.get(0).map_or(0, |all| all.end());
        let rest = &line[end..];
        let from = end + rest.len() - rest.trim_start().len();
        let rest = rest.trim_start();
        let in_flow = line[..key.start()].contains(['{', '[']);
        let quoted = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let len = match quoted {
            Some(quote) => match rest[1..].find(quote) {
                Some(close) => close + 2,
                None => rest.len(),
            },
            None if in_flow => rest.find([',', '}', ']']).unwrap_or(rest.len()),
            // Without a blank before it `#` is part of a YAML text.
            None => rest.find(" #").unwrap_or(rest.len()),
        };
        let value = rest[..len].trim_end();
        let is_login = key.as_str() == "auth" && BASE64.is_match(value.trim_matches('"'));
        if (is_secret_key(key.as_str()) || is_login)
            && tells(value)
            && !matches!(value, "|" | ">" | "|-" | ">-" | "{" | "[")
        {
            found.push(from..from + value.len());
        }
    }
    sorted_apart(found)
}

/// The secrets in a text that are known by their form, whatever they are called.
pub(crate) fn in_text(text: &str) -> Vec<Range<usize>> {
    let hints = hints(text);
    let forms = match hints.form {
        true => Some(&FORMS),
        // With an address alone, it is only that form.
        false => (hints.address && text.contains('@')).then_some(&ADDRESS),
    };
    let mut found = Vec::new();
    for form in forms.iter().flat_map(|forms| forms.captures_iter(text)) {
        // The part that is the secret, or the whole.
        let part = form.iter().skip(1).flatten().next().or(form.get(0));
        found.extend(
            part.filter(|part| tells(part.as_str()))
                .map(|part| part.range()),
        );
    }
    let given = (hints.key && text.contains('=')).then(|| GIVEN.captures_iter(text));
    let option = (hints.key && text.contains("--")).then(|| OPTION.captures_iter(text));
    let given = given.into_iter().flatten();
    for given in given.chain(option.into_iter().flatten()) {
        let (Some(key), Some(value)) = (given.get(1), given.get(2)) else {
            continue;
        };
        // `$(PASSWORD)` and `{{ .password }}` are put in elsewhere.
        let elsewhere = ["$(", "${", "{{", "<"];
        let is_secret = is_secret_key(key.as_str())
            && tells(value.as_str())
            && !elsewhere
                .iter()
                .any(|start| value.as_str().starts_with(start));
        found.extend(is_secret.then(|| value.range()));
    }
    sorted_apart(found)
}

/// A user and a password, or a long token alone, in an address.
const IN_ADDRESS: [&str; 2] = [
    r#"://[^\s/:@"']*:([^\s"'/]+)@"#,
    r"://([A-Za-z0-9_\-]{16,})@",
];

/// The forms of secrets in an address.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| regex(&IN_ADDRESS.join("|")));

/// Forms of secrets; a group marks the part that is one.
const FORM_PATTERNS: [&str; 30] = [
    IN_ADDRESS[0],
    IN_ADDRESS[1],
    // The same as database drivers write it.
    r#"(?-u:\b)[A-Za-z0-9_.-]+:([^\s@"']+)@(?:tcp|unix)\("#,
    // Addresses that are keys themselves.
    r#"hooks\.slack\.com/(?:services|workflows)/([^\s"']+)"#,
    r#"discord(?:app)?\.com/api/webhooks/([^\s"']+)"#,
    // HTTP's own words; prose has neither digits nor signs there.
    r"(?-u:\b)(?:[Bb]earer|BEARER|[Bb]asic|BASIC)\s+([A-Za-z0-9\-._~+/]*[0-9=\-_][A-Za-z0-9\-._~+/=]{5,}={0,2})",
    // Keys in PEM, also with their line breaks written as `\n`.
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----(?s:.*?)(?:-----END [A-Z0-9 ]*-----|\z)",
    // Tokens whose issuers mark them, so that they are found.
    r"(?-u:\b)gh[pousr]_[A-Za-z0-9]{20,}",
    r"(?-u:\b)github_pat_[A-Za-z0-9_]{20,}",
    r"(?-u:\b)gl(?:pat|rt|dt|ptt|cbt)-[A-Za-z0-9_-]{16,}",
    r"(?-u:\b)xox[abeoprs]-[A-Za-z0-9_-]{10,}",
    r"(?-u:\b)xapp-[A-Za-z0-9_-]{10,}",
    r"(?-u:\b)A(?:KIA|SIA)[A-Z0-9]{16}(?-u:\b)",
    r"(?-u:\b)[sr]k_(?:live|test)_[A-Za-z0-9_]{10,}",
    r"(?-u:\b)AIza[A-Za-z0-9_-]{30,}",
    r"(?-u:\b)SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    r"(?-u:\b)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*",
    r"(?-u:\b)hv[sbr]\.[A-Za-z0-9_-]{16,}",
    r"(?-u:\b)dckr_pat_[A-Za-z0-9_-]{16,}",
    r"(?-u:\b)npm_[A-Za-z0-9_]{30,}",
    r"(?-u:\b)pypi-[A-Za-z0-9_-]{30,}",
    r"(?-u:\b)AGE-SECRET-KEY-1[A-Z0-9]{20,}",
    r"(?-u:\b)ya29\.[A-Za-z0-9_-]{16,}",
    r"(?-u:\b)sk-(?:ant-|proj-)?[A-Za-z0-9_\-]{24,}",
    r"(?-u:\b)whsec_[A-Za-z0-9_]{16,}",
    r"(?-u:\b)dop_v1_[A-Za-z0-9_]{32,}",
    r"(?-u:\b)shpat_[A-Za-z0-9_]{20,}",
    r"(?-u:\b)NRAK-[A-Za-z0-9_]{20,}",
    r"(?-u:\b)tskey-[A-Za-z0-9_-]{16,}",
    // Passwords as a system keeps them.
    r"\$(?:2[aby]|apr1|1|5|6|y|argon2(?:id?|d))\$[./$A-Za-z0-9=,+]{12,}",
];

/// The same as one expression.
static FORMS: LazyLock<Regex> = LazyLock::new(|| regex(&FORM_PATTERNS.join("|")));

/// A value that is given to a name: `--password=x`, `Password=x;`, `?token=x&`.
static GIVEN: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"([A-Za-z0-9_.\-]{2,64})\s?=\s?("[^"]*"|'[^']*'|[^\s;&,"'}\])]+)"#));

/// The value of an option: `--password x`.
static OPTION: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#"(?:^|[\s"'\[])--([A-Za-z0-9_.\-]{2,64}) +("[^"]*"|'[^']*'|[^\s\-"'][^\s"']*)"#)
});

/// The key before a value.
static KEYED: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"([A-Za-z0-9_.\-]{2,128})["']?\s*:(?:\s|"|'|$)"#));

/// The form of a login in a registry's configuration.
static BASE64: LazyLock<Regex> = LazyLock::new(|| regex(r"^[A-Za-z0-9+/]{8,}={0,2}$"));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap_or_else(|error| unreachable!("a pattern of this file: {error}"))
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
        assert!(pairs.clone().all(|last| last.len() <= LONGEST_BELOW));
        for word in SECRET.iter().chain(&SECRET_ENDS).chain(pairs) {
            assert!(has_stem(word), "{word}");
        }
    }

    /// An expression is only asked where a hint is found: none may be missing.
    #[test]
    fn every_form_of_a_secret_has_a_hint() {
        use proptest::{
            strategy::{Strategy as _, ValueTree as _},
            string::string_regex,
            test_runner::TestRunner,
        };
        let mut runner = TestRunner::deterministic();
        for pattern in FORM_PATTERNS {
            // What only says where a form may stand cannot be generated from.
            let made = pattern.replace(r"(?-u:\b)", "").replace(r"|\z", "");
            let texts = string_regex(&made).unwrap();
            let mut found = 0;
            for _ in 0..200 {
                let text = texts.new_tree(&mut runner).unwrap().current();
                if FORMS.is_match(&text) {
                    found += 1;
                    assert!(!in_text(&text).is_empty(), "{pattern}: {text:?}");
                }
            }
            assert!(found > 20, "{pattern}: {found}");
        }
    }

    #[test]
    fn a_line_by_itself_is_judged_by_what_it_looks_like() {
        let secrets = |line: &'static str| {
            let found = in_line(line).into_iter();
            found.map(|range| &line[range]).collect::<Vec<_>>()
        };
        assert_eq!(secrets("password: x y # old"), ["x y"]);
        assert_eq!(secrets("a: {password: x, b: y, token: z}"), ["x", "z"]);
        assert!(secrets("port: 80").is_empty());
    }
}
