//! `refit.lock`: what `refit pack pull` fetched, beside `refit.yaml`.
//!
//! `refit.yaml` says which packs a team wants; this says what they were: the place that was fetched, and the digest of
//! the files that came of it. Each use of a pulled pack compares its files with that. It is read with the care for
//! strangers' files, and its new text is worked out here; others write it.

use std::{collections::BTreeMap, io, path::Path};

use super::reader::{self, MemoryError, YamlReader};
use crate::{digest, pack::PackReference, yaml::NodeId};

/// The name of the file.
pub const NAME: &str = "refit.lock";
/// The version of its format.
const FORMAT: &str = "1";
/// The beginning of the file.
const HEADER: &str = "\
# The packs that `refit pack pull` fetched for refit.yaml. Written by refit; it belongs in version control.
refit-lock: 1
packs:
";
const FORM: &str = "it is written by `refit pack pull`: delete the file, and pull the packs again";

/// The packs that were fetched, by chart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackLock {
    /// The packs, by the names of their charts.
    pub packs: BTreeMap<String, LockedPack>,
}

/// A pack that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedPack {
    /// The place, as `refit.yaml` named it.
    pub from: PackReference,
    /// The digest of its files ([`digest::of_files`]).
    pub digest: String,
}

impl PackLock {
    /// Reads the one in a folder; empty if there is none.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is not in the form.
    pub fn read(folder: &Path) -> Result<Self, MemoryError> {
        let path = folder.join(NAME);
        // A link that leads nowhere is there, and an error when it is read.
        match std::fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            _ => {}
        }
        let bytes = reader::read_bytes(&path, "which packs were pulled", FORM)?;
        Self::parse(&path.display().to_string(), &bytes)
    }

    /// Reads its bytes.
    ///
    /// # Errors
    ///
    /// With the place, if it is not in the form.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, MemoryError> {
        let tree = reader::read_tree(name, bytes)?;
        let reader = YamlReader {
            name,
            tree: &tree,
            form: FORM,
        };
        let mut lock = Self::default();
        let Some(root) = reader.read_root()? else {
            return Ok(lock);
        };
        let mut format = None;
        for (key, node) in reader.read_map(root)? {
            match key.as_str() {
                "refit-lock" => format = Some(tree.content(node).to_owned()),
                "packs" if tree.is_implicit_null(node) => {}
                "packs" => {
                    for (chart, node) in reader.read_map(node)? {
                        let pack = read_locked(&reader, &chart, node)?;
                        lock.packs.insert(chart, pack);
                    }
                }
                other => return Err(unknown_key_error(&reader, other, node)),
            }
        }
        match format.as_deref() {
            Some(FORMAT) => Ok(lock),
            Some(other) => Err(reader.error(
                root,
                format!("`refit-lock: {other}` is a format that this refit does not know"),
                "update refit; it knows `refit-lock: 1`",
            )),
            None => Err(reader.error(root, "`refit-lock: 1` is missing", FORM)),
        }
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = HEADER.to_owned();
        for (chart, pack) in &self.packs {
            // In quotes, since a name of digits alone would be a number. A digest needs none.
            let from = serde_json::Value::String(pack.from.to_string());
            let chart = serde_json::Value::String(chart.clone());
            text.push_str(&format!(
                "  {chart}:\n    from: {from}\n    digest: {}\n",
                pack.digest
            ));
        }
        if self.packs.is_empty() {
            text = text.replace("packs:\n", "packs: {}\n");
        }
        text
    }
}

fn unknown_key_error(reader: &YamlReader<'_>, key: &str, node: NodeId) -> MemoryError {
    let what = format!("`{}` is not known here", key.escape_debug());
    reader.error(node, what, FORM)
}

fn read_locked(
    reader: &YamlReader<'_>,
    chart: &str,
    node: NodeId,
) -> Result<LockedPack, MemoryError> {
    if !crate::pack::reference::is_chart_name(chart) {
        let what = format!("`{}` is no name of a chart", chart.escape_debug());
        return Err(reader.error(node, what, FORM));
    }
    let (mut from, mut sum) = (None, None);
    for (key, node) in reader.read_map(node)? {
        let text = reader.read_text(node)?;
        match key.as_str() {
            "from" => {
                let read = text.parse::<PackReference>();
                from = Some(read.map_err(|e| reader.error(node, e.to_string(), FORM))?);
            }
            "digest" if digest::is_full(&text) => sum = Some(text),
            "digest" => return Err(reader.error(node, "this is no digest", FORM)),
            other => return Err(unknown_key_error(reader, other, node)),
        }
    }
    match (from, sum) {
        (Some(from), Some(digest)) => Ok(LockedPack { from, digest }),
        _ => Err(reader.error(node, "`from` and `digest` must stand here", FORM)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_back_as_it_is_written() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let mut lock = PackLock::default();
        assert_eq!(PackLock::parse(NAME, lock.text().as_bytes()).unwrap(), lock);
        for chart in ["web", "123", "no"] {
            let from = format!("oci://registry.example/{chart}@{digest}");
            let pack = LockedPack {
                from: from.parse().unwrap(),
                digest: digest.clone(),
            };
            lock.packs.insert(chart.to_owned(), pack);
        }
        let text = lock.text();
        assert_eq!(
            PackLock::parse(NAME, text.as_bytes()).unwrap(),
            lock,
            "{text}"
        );
        for (broken, what) in [
            (text.replace("refit-lock: 1\n", ""), "is missing"),
            (
                text.replace("refit-lock: 1", "refit-lock: 2"),
                "does not know",
            ),
            (text.replace(&digest, "sha256:12"), "names no digest"),
            (text.replace("digest:", "sum:"), "`sum` is not known"),
            (text.replace("\"web\"", "../web"), "no name of a chart"),
        ] {
            let error = PackLock::parse(NAME, broken.as_bytes()).unwrap_err();
            assert!(error.what.contains(what), "{what}: {error}");
        }
    }
}
