//! What a person knows better than the files of a chart tell: `corrections.yaml` beside `keys.yaml`.
//!
//! It has the form of `keys.yaml`. A row in it takes the place of what was gathered for the versions of its
//! range; a key without rows (`key: []`) is left out altogether. It is never written by refit, so that
//! gathering again loses nothing.

use std::{collections::HashMap, fs, path::Path as FilePath};

use semver::Version;

use super::gather::fields_of;
use crate::{
    pack::{
        VersionRange,
        model::{KeyRange, KeysFile},
    },
    values::Path,
};

/// The name of the file.
pub const FILE: &str = "corrections.yaml";

/// The reasons for which corrections cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {message}")]
pub struct CorrectionsError {
    /// The file.
    pub file: String,
    /// The error.
    pub message: String,
}

/// Corrections by key, in the order of the file.
#[derive(Debug, Default)]
pub struct Corrections {
    keys: Vec<(String, Vec<(VersionRange, String)>)>,
    index: HashMap<String, usize>,
}

impl Corrections {
    /// Reads the corrections of a pack; none if it has no such file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is not in the form.
    pub fn of_pack(folder: &FilePath) -> Result<Self, CorrectionsError> {
        let file = folder.join(FILE);
        let name = file.display().to_string();
        let failed = |message: String| CorrectionsError {
            file: name.clone(),
            message,
        };
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(failed(error.to_string())),
        };
        Self::read(&text).map_err(failed)
    }

    /// Reads corrections.
    ///
    /// # Errors
    ///
    /// With what is wrong, if the text is not in the form.
    pub fn read(text: &str) -> Result<Self, String> {
        // To YAML a file with nothing but comments is a null, which is no map.
        if text
            .lines()
            .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
        {
            return Ok(Self::default());
        }
        let file: KeysFile = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        let mut keys: Vec<(String, Vec<(VersionRange, String)>)> = Vec::new();
        for (key, ranges) in file {
            // In the one form that gathered keys have.
            let path: Path = key
                .parse()
                .map_err(|error| format!("key `{key}`: {error}"))?;
            let ranges = ranges.into_iter().map(|range: KeyRange| {
                let fields = fields_of(&range);
                (range.versions, fields)
            });
            keys.push((path.to_string(), ranges.collect()));
        }
        let index = keys
            .iter()
            .enumerate()
            .map(|(at, (key, _))| (key.clone(), at));
        let index = index.collect();
        Ok(Self { keys, index })
    }

    /// True if something is said of a key in a version.
    #[must_use]
    pub fn concern(&self, key: &str, version: &Version) -> bool {
        self.correction_of(key, version).is_some()
    }

    /// The keys that are corrected.
    pub(super) fn corrected_keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(key, _)| key.as_str())
    }

    /// The correction of a key in a version: `None` if nothing is corrected there, `Some(None)` if it is no key.
    pub(super) fn correction_of(&self, key: &str, version: &Version) -> Option<Option<&str>> {
        let (_, ranges) = &self.keys[*self.index.get(key)?];
        if ranges.is_empty() {
            return Some(None);
        }
        let mut ranges = ranges.iter();
        let (_, fields) = ranges.find(|(range, _)| range.contains(version))?;
        Some(Some(fields))
    }
}
