//! What the name of a values file says: is it for all environments, for one, or secret.
//!
//! Names are read word by word; what is between words (`-`, `_`, `.`) does not matter, nor does what every
//! values file is called (`values`, the chart's name).

use std::path::Path as FilePath;

/// Words that say nothing but "values".
const VALUES: &[&str] = &[
    "values",
    "value",
    "vals",
    "helm",
    "overrides",
    "override",
    "release",
];
/// Words for what all environments have, lowest first.
const BASE: &[&str] = &[
    "default", "defaults", "base", "common", "shared", "global", "all",
];
/// Words for secrets, and for how they are kept.
const SECRET: &[&str] = &[
    "secret",
    "secrets",
    "credentials",
    "creds",
    "sops",
    "enc",
    "encrypted",
    "dec",
];
/// Words for environments.
const ENVIRONMENT: &[&str] = &[
    "prod",
    "production",
    "prd",
    "live",
    "stage",
    "staging",
    "stg",
    "preprod",
    "preview",
    "dev",
    "development",
    "test",
    "testing",
    "tst",
    "qa",
    "uat",
    "int",
    "integration",
    "acc",
    "acceptance",
    "demo",
    "sandbox",
    "local",
    "canary",
    "ci",
    "eu",
    "us",
    "ap",
    "east",
    "west",
    "north",
    "south",
    "central",
];
/// Folders whose names say nothing of a release.
const GENERIC: &[&str] = &[
    "values",
    "helm",
    "environments",
    "envs",
    "env",
    "deploy",
    "config",
    "charts",
];

/// The role of a file among the layers of releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// All releases beside or below it have it; with its place among others of the kind.
    Base(usize),
    /// One release has it.
    Overlay(String),
    /// It holds secrets: of the release that is named, or of all.
    Secret(Option<String>),
}

impl Role {
    pub(super) fn is_base(&self) -> bool {
        matches!(self, Self::Base(_))
    }

    pub(super) fn rank(&self) -> usize {
        match self {
            Self::Base(rank) => *rank,
            _ => usize::MAX,
        }
    }
}

/// True for a folder's name that means that all releases share its files.
pub(super) fn is_base(name: &str) -> bool {
    BASE.contains(&name.to_lowercase().as_str())
}

/// True for a folder's name that means nothing for a release.
pub(super) fn is_generic(name: &str) -> bool {
    let name = name.to_lowercase();
    GENERIC.contains(&name.as_str()) || is_base(&name)
}

fn words_of_name(path: &FilePath) -> Vec<String> {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase());
    let name = name.unwrap_or_default();
    let stem = name
        .strip_suffix(".yaml")
        .or_else(|| name.strip_suffix(".yml"))
        .unwrap_or(&name);
    let words = stem.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// True for a name that people give to values files.
pub(super) fn is_values_name(path: &FilePath) -> bool {
    let says = |word: &String| {
        // `prod2` is called after an environment as well.
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
        [VALUES, BASE, SECRET, ENVIRONMENT]
            .iter()
            .any(|list| list.contains(&bare))
    };
    words_of_name(path).iter().any(says)
}

/// The role of a file, by its name.
pub(super) fn role_of(path: &FilePath, chart: &str, is_encrypted: bool) -> Role {
    let chart: Vec<String> = words_of_name(FilePath::new(chart));
    let words = words_of_name(path);
    let is_secret = words.iter().any(|word| SECRET.contains(&word.as_str()));
    let noise = |word: &&String| {
        VALUES.contains(&word.as_str()) || SECRET.contains(&word.as_str()) || chart.contains(*word)
    };
    let rest: Vec<&String> = words.iter().filter(|word| !noise(word)).collect();
    let base = rest
        .iter()
        .map(|word| BASE.iter().position(|base| base == word));
    let base: Option<Vec<usize>> = base.collect();
    let name = || {
        rest.iter()
            .map(|word| word.as_str())
            .collect::<Vec<_>>()
            .join("-")
    };
    match base {
        Some(_) if is_secret => Role::Secret(None),
        None if is_secret => Role::Secret(Some(name())),
        // What is encrypted and not called a secret is one release's own at most.
        _ if is_encrypted => Role::Overlay(name()),
        Some(ranks) => Role::Base(ranks.into_iter().max().unwrap_or(BASE.len())),
        None => Role::Overlay(name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_word_by_word() {
        let overlay = |name: &str| Role::Overlay(name.to_owned());
        for (name, says) in [
            ("values.yaml", Role::Base(BASE.len())),
            ("arroyo.yaml", Role::Base(BASE.len())),
            ("base.yml", Role::Base(2)),
            ("values.common.yaml", Role::Base(3)),
            ("a/b/values-prod.yaml", overlay("prod")),
            ("arroyo_values.prod-eu1.yaml", overlay("prod-eu1")),
            ("Prod.YAML", overlay("prod")),
            ("secrets.yaml", Role::Secret(None)),
            (
                "secrets-prod.enc.yaml",
                Role::Secret(Some("prod".to_owned())),
            ),
            ("prod.sops.yaml", Role::Secret(Some("prod".to_owned()))),
            ("base-secrets.yaml", Role::Secret(None)),
        ] {
            assert_eq!(
                role_of(FilePath::new(name), "arroyo", false),
                says,
                "{name}"
            );
        }
        assert!(is_values_name(FilePath::new("x/eu1.yaml")));
        assert!(!is_values_name(FilePath::new("values/mkdocs.yml")));
    }
}
