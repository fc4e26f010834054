//! Errors of reading: what cannot be used, and the place. The words for them are in `refusal/load.rs`.

use std::{path::PathBuf, sync::Arc};

use crate::{
    block::TextFile,
    carrier,
    jobs::Fault,
    values::ReadError,
    yaml::{DivergenceKind, NodeId, ParseError, ParseErrorKind},
};

/// An input that cannot be used. Nothing of it is changed.
#[derive(Debug, Clone)]
pub struct LoadError {
    /// The name of the file or release in messages.
    pub name: String,
    /// The text and the offset in it, in bytes, of the place that the error is about.
    pub place: Option<(Arc<str>, usize)>,
    /// The kind of error.
    pub kind: LoadErrorKind,
}

/// The kinds of errors of reading.
#[derive(Debug, Clone)]
pub enum LoadErrorKind {
    /// The first line is the header that `helm get values` prints.
    HelmHeader(&'static str),
    /// Standard input is empty.
    EmptyInput,
    /// A folder was named, and a file is needed.
    Folder(PathBuf),
    /// A pipe, a socket or a device was named: never opened, for that alone can wait for ever.
    NotAFile,
    /// The file is larger than this many MiB.
    TooLarge(u64),
    /// A link leads to this path, where nothing is.
    BrokenLink(PathBuf),
    /// There is no such file.
    NoSuchFile,
    /// A part of the path is a file and no folder.
    FileInPath,
    /// The file may not be read.
    NoPermission,
    /// The system says this.
    Io(String),
    /// The bytes are not YAML.
    NotYaml {
        /// The bytes.
        bytes: Arc<[u8]>,
        /// What the parser says.
        error: ParseError,
    },
    /// The file has several documents.
    SeveralDocuments,
    /// The values are not a map.
    NotAMap,
    /// The file is encrypted with SOPS.
    Sops {
        /// True for standard input.
        is_stdin: bool,
    },
    /// Helm's YAML reader refuses the text, or reads it otherwise than YAML says.
    Divergence(DivergenceKind),
    /// A template action stands where a value should.
    TemplateAction,
    /// Helm cannot read the values.
    Unreadable(ReadError),
    /// Another layer of the same release cannot be used.
    OtherLayer,
    /// The values come from an anchor that other places use, too.
    SharedAnchor,
    /// The values in a string are not YAML.
    StringNotYaml(ParseErrorKind),
    /// A path string (`parameters`, `set`) cannot be read; the text says why.
    PathString(String),
    /// The path strings make values that are no YAML.
    PathStrings(ParseErrorKind),
    /// The file is a template.
    Template,
    /// The manifest cannot be read before a template has run.
    TemplatedManifest(carrier::CarrierKind),
    /// The manifest is of a form that refit does not upgrade.
    Manifest {
        /// The name of the release in it.
        release: String,
        /// What, why, and what to do.
        refused: carrier::Refused,
    },
    /// The manifest deploys no known chart.
    NoKnownChart {
        /// The charts that it names.
        named: Vec<String>,
        /// The known charts.
        known: Vec<String>,
    },
    /// The manifest names another chart that has the name of a known one.
    Namesake {
        /// The name of the release.
        release: String,
        /// The name that both charts have.
        chart: String,
        /// The repository of the other one.
        repository: String,
        /// What the pack says of the other one.
        why: String,
        /// The repositories of the known one.
        known: Vec<String>,
    },
    /// The manifest names no chart version; the text is what it names instead, and may be empty.
    NoVersion(String),
    /// A layer is not in the files at hand.
    NotHere(NotHere),
    /// refit panicked over the file.
    Fault(Fault),
}

/// The ways in which a layer that a manifest names is not at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotHere {
    /// The manifest takes it from a place that refit does not read; the text names that.
    Unreadable(String),
    /// It is an object of the cluster that is in none of the files.
    InCluster,
    /// It is a file outside of the repository, or of the folder that was named.
    OutOfBounds,
    /// It is a file of another repository.
    InOtherRepository,
    /// It is a file that does not exist.
    Missing,
}

impl LoadErrorKind {
    /// The error about a whole input.
    #[must_use]
    pub fn of(self, name: &str) -> Box<LoadError> {
        Box::new(LoadError {
            name: name.to_owned(),
            place: None,
            kind: self,
        })
    }

    /// The error at an offset, in bytes, of a file.
    #[must_use]
    pub fn at(self, file: &TextFile, offset: usize) -> Box<LoadError> {
        Box::new(LoadError {
            name: file.name.clone(),
            place: Some((Arc::clone(&file.text), offset)),
            kind: self,
        })
    }

    /// The error at a node of a file.
    #[must_use]
    pub fn at_node(self, file: &TextFile, node: NodeId) -> Box<LoadError> {
        let offset = file.tree.span(node).start;
        self.at(file, offset)
    }
}
