//! The whole way of an upgrade: load, detect, plan, migrate, edit, verify.

use std::{collections::BTreeMap, path::PathBuf};

use indexmap::IndexMap;
use semver::Version;

use crate::outcome::{FORMAT, Outcome, Refusal};

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The values, each a release of one layer.
    pub inputs: Vec<InputFile>,
    /// The chart, if it was named.
    pub chart: Option<String>,
    /// Folders with packs that come before the built-in ones.
    pub pack_dirs: Vec<PathBuf>,
    /// The version the values are for, if it was stated.
    pub from: Option<Version>,
    /// The version they shall be for; the newest release if not stated.
    pub to: Option<Version>,
    /// The steps that were chosen.
    pub selection: Selection,
    /// What was answered.
    pub answers: BTreeMap<String, Answer>,
    /// Whether a recommended option is taken where nothing was answered.
    pub accept_recommended: bool,
}

/// Where values come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputFile {
    /// A file.
    Path(PathBuf),
    /// Standard input, as it was read.
    Stdin(Vec<u8>),
}

/// The steps that were chosen.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these steps (and those they need); empty for all.
    pub only: Vec<String>,
    /// Not these steps.
    pub skip: Vec<String>,
}

/// One answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The option.
    pub option: String,
    /// What was typed for it.
    pub inputs: BTreeMap<String, String>,
    /// The values that it was given for, by path, as text.
    pub evidence: Option<IndexMap<String, String>>,
}

/// Carries out a request.
#[must_use]
pub fn upgrade(request: &Request) -> Outcome {
    let refuse = |input: &InputFile| Refusal {
        name: match input {
            InputFile::Path(path) => path.display().to_string(),
            InputFile::Stdin(_) => "-".to_owned(),
        },
        at: None,
        excerpt: None,
        what: "not built yet".to_owned(),
        why: None,
        next: None,
    };
    Outcome {
        format: FORMAT,
        releases: Vec::new(),
        refused: request.inputs.iter().map(refuse).collect(),
    }
}
