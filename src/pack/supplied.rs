//! Packs beside those of the program: their files, and who supplied them.
//!
//! A pack that comes with a chart, or from a place that `refit.yaml` names, was written by a stranger. Its files are
//! gathered as texts before anything reads them as a pack, so that a digest can be taken of the very bytes that are
//! used, and nothing of it is looked up on the disk later: no link is followed, and no file appears in between.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use schemars::JsonSchema;
use semver::Version;
use serde::Serialize;

use super::{
    error::PackError,
    load::Pack,
    reference::is_chart_name,
    replacement::FILE as REPLACEMENT,
    source::{PackSource, SUB_CHARTS, Texts},
};

/// Who supplied a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "from", rename_all = "kebab-case")]
pub enum PackOrigin {
    /// It was named with `--pack`.
    Option {
        /// The folder.
        place: String,
    },
    /// `refit.yaml` names it.
    Project {
        /// The place that it names: a folder, or what was pulled.
        place: String,
    },
    /// A chart carries it.
    Chart {
        /// The chart: a folder or an archive.
        place: String,
    },
    /// It was drafted in this run, from two versions of the chart.
    Draft,
    /// It is built in.
    BuiltIn,
}

/// A pack whose files were gathered, and not looked at yet.
#[derive(Debug, Clone)]
pub struct SuppliedPack {
    /// Its files, by their path in it.
    pub texts: Arc<Texts>,
    /// Who supplied it.
    pub origin: PackOrigin,
    /// The place of its files, for messages: a folder, or a folder in an archive.
    pub place: PathBuf,
}

impl SuppliedPack {
    /// The chart that its `pack.yaml` says it is for, read by the line alone: that can be told where the rest is broken.
    #[must_use]
    pub fn says_chart(&self) -> Option<String> {
        let text = self.texts.get("pack.yaml")?;
        let mut lines = text.lines();
        let chart = lines.find_map(|line| line.strip_prefix("chart:"))?;
        let chart = chart.split(" #").next()?.trim().trim_matches(['"', '\'']);
        is_chart_name(chart).then(|| chart.to_owned())
    }

    /// Reads it as a pack.
    ///
    /// # Errors
    ///
    /// If a file is missing, over the bounds, or not in the format.
    pub fn load(&self) -> Result<Pack, PackError> {
        let source = PackSource::Supplied {
            texts: Arc::clone(&self.texts),
            below: String::new(),
            origin: self.origin.clone(),
        };
        Pack::load(source, false)
    }
}

/// The depth down to which packs of other charts may stand in a pack.
const MAX_DEPTH: usize = 4;

/// True for the path of a file that packs have, and for nothing else: a pack in a chart or a repository stands among
/// files of others. It holds no `..` and begins with no `/`.
#[must_use]
pub fn is_pack_file(path: &str) -> bool {
    let mut own = path;
    for _ in 0..MAX_DEPTH {
        let below = own
            .strip_prefix(SUB_CHARTS)
            .and_then(|rest| rest.strip_prefix('/'));
        match below.and_then(|below| below.split_once('/')) {
            Some((chart, rest)) if is_chart_name(chart) => own = rest,
            _ => break,
        }
    }
    let is_version = |stem: &str| Version::parse(stem).is_ok();
    let names = [
        "pack.yaml",
        "keys.yaml",
        REPLACEMENT,
        "README.md",
        "LICENSE",
    ];
    names.contains(&own) || own.strip_suffix(".yaml").is_some_and(is_version)
}

/// The files of a pack as texts.
///
/// # Errors
///
/// The name of the first file that is not UTF-8.
pub fn decode_texts(files: BTreeMap<String, Vec<u8>>) -> Result<Texts, String> {
    let text = |(name, bytes)| match String::from_utf8(bytes) {
        Ok(text) => Ok((name, text)),
        Err(_) => Err(name),
    };
    files.into_iter().map(text).collect()
}

/// The names in the folder of a supplied pack, as a folder on the disk would list them.
pub(super) fn names_below(texts: &Texts, below: &str) -> Vec<String> {
    let names = texts.keys().filter_map(|path| path.strip_prefix(below));
    let first = names.map(|path| Path::new(path).iter().next());
    let mut names: Vec<String> = first
        .flatten()
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    // The paths are sorted, so that equal names follow each other.
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_others_are_told_from_those_of_a_pack() {
        for (path, of_pack) in [
            ("pack.yaml", true),
            ("1.2.3.yaml", true),
            ("1.2.3-rc.1+build.yaml", true),
            ("replacement.yaml", true),
            ("charts/db/1.0.0.yaml", true),
            ("charts/db/charts/cache/keys.yaml", true),
            ("charts/../pack.yaml", false),
            ("charts//pack.yaml", false),
            ("../pack.yaml", false),
            ("/pack.yaml", false),
            ("cases/a/old.yaml", false),
            ("001_users.sql", false),
            ("1.2.yaml", false),
        ] {
            assert_eq!(is_pack_file(path), of_pack, "{path}");
        }
    }
}
