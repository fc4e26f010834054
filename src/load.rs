//! From bytes to layers: reads files and standard input, and refuses what cannot be edited safely.
//!
//! Everything that Helm would refuse, or read otherwise than it looks, is found here, before anything is
//! detected or migrated; the stages behind may rely on it. Nothing is written, and a link is followed only
//! if it is what was named.

use std::{
    fs, io,
    path::{Path as FilePath, PathBuf},
    sync::Arc,
};

use crate::{
    outcome::{At, Refusal},
    refusal::{self, Reason},
    values::view::{Kind, View},
    yaml::{DivergenceKind, Tree},
};

/// What is named on the command line.
#[derive(Debug, Clone)]
pub enum Input {
    /// A file.
    Path(PathBuf),
    /// Standard input, read whole.
    Stdin(Vec<u8>),
}

impl Input {
    /// The name in messages.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Stdin(_) => "-".to_owned(),
        }
    }
}

/// A file that was read, with its tree.
#[derive(Debug)]
pub struct Loaded {
    /// The name in messages.
    pub name: String,
    /// Where it is on disk.
    pub path: Option<PathBuf>,
    /// Its text.
    pub text: Arc<str>,
    /// Its tree.
    pub tree: Tree,
}

/// The largest file that is read, in bytes.
const MAX_SIZE: u64 = 256 << 20;

/// The line with which `helm get values` begins if it is not told `-o yaml`.
const HELM_HEADER: &[&str] = &["USER-SUPPLIED VALUES:", "COMPUTED VALUES:"];

/// Reads an input and its tree.
///
/// # Errors
///
/// A refusal that says what is wrong, where, why that stops refit and what to do.
pub fn load(input: &Input) -> Result<Loaded, Box<Refusal>> {
    let name = input.name();
    let (bytes, path) = match input {
        Input::Path(path) => (
            read(path).map_err(|reason| reason.of(&name))?,
            Some(path.clone()),
        ),
        Input::Stdin(bytes) => (without_header(bytes).to_vec(), None),
    };
    let tree = Tree::parse_bytes(&bytes).map_err(|e| refusal::not_yaml(&name, &bytes, &e))?;
    let text: Arc<str> = tree.text().into();
    if path.is_some()
        && let Some(header) = HELM_HEADER.iter().find(|header| text.starts_with(**header))
    {
        let reason = Reason::new(format!(
            "the first line, `{header}`, is not part of the values"
        ))
        .why(
            "`helm get values` prints it unless it is told `-o yaml`; Helm would read it as a key.",
        )
        .next("Delete that line, or write the file with `helm get values RELEASE -o yaml`.");
        return Err(reason.at(&name, &text, 0));
    }
    let loaded = Loaded {
        name,
        path,
        text,
        tree,
    };
    loaded.check()?;
    Ok(loaded)
}

fn read(path: &FilePath) -> Result<Vec<u8>, Reason> {
    let describe = |e: &io::Error| match e.kind() {
        io::ErrorKind::NotFound => Reason::new("there is no such file")
            .next("Check the spelling, and the folder that you are in."),
        io::ErrorKind::PermissionDenied => Reason::new("the file may not be read")
            .next("Ask its owner for access, or run refit as a user who has it."),
        _ => Reason::new(format!("the file cannot be read: {e}")),
    };
    let metadata = fs::metadata(path).map_err(|e| describe(&e))?;
    if metadata.is_dir() {
        return Err(
            Reason::new("this is a directory, and a values file is needed")
                .next("Name the values files in it, for example with a shell pattern: `*.yaml`."),
        );
    }
    if metadata.len() > MAX_SIZE {
        return Err(
            Reason::new(format!("the file is larger than {} MiB", MAX_SIZE >> 20))
                .why("No values file is that large; it is probably something else."),
        );
    }
    fs::read(path).map_err(|e| describe(&e))
}

fn without_header(bytes: &[u8]) -> &[u8] {
    for header in HELM_HEADER {
        if let Some(rest) = bytes.strip_prefix(header.as_bytes()) {
            let line_end = rest
                .iter()
                .position(|b| *b == b'\n')
                .map_or(rest.len(), |i| i + 1);
            return &rest[line_end..];
        }
    }
    bytes
}

impl Loaded {
    /// The values as Helm sees them.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View::new(&self.tree, self.tree.documents()[0].root)
    }

    /// A place in the file.
    #[must_use]
    pub fn at(&self, offset: usize) -> At {
        let position = self.tree.position(offset);
        At {
            file: self.name.clone(),
            line: position.line,
            column: position.column,
        }
    }

    fn refuse(&self, reason: Reason, offset: usize) -> Box<Refusal> {
        reason.at(&self.name, &self.text, offset)
    }

    fn check(&self) -> Result<(), Box<Refusal>> {
        let documents = self.tree.documents();
        if documents.len() > 1 {
            let second = &documents[1];
            let offset = second
                .start_marker
                .as_ref()
                .map_or(second.span.start, |marker| marker.start);
            let reason = Reason::new("the file has several YAML documents")
                .why("Helm 3 reads the first document only, Helm 4 merges them all.")
                .next(
                    "Keep the values in one document, or put each document in a file of its own.",
                );
            return Err(self.refuse(reason, offset));
        }
        let view = self.view();
        let root = view.root();
        if let Ok(kind) = view.kind(root)
            && !matches!(kind, Kind::Map | Kind::Null)
        {
            let offset = self.tree.span(root).start;
            let reason = Reason::new("the values are not a map")
                .why("At the root of a values file Helm wants `key: value` lines.")
                .next(
                    "Check that this is a values file and not, for example, a list of manifests.",
                );
            return Err(self.refuse(reason, offset));
        }
        if let Ok(Some(sops)) = view.get(root, "sops")
            && let Ok(Some(mac)) = view.get(sops.value, "mac")
        {
            let reason = Reason::new("the file is encrypted with SOPS")
                .why("Each ciphertext is tied to its path, and a checksum covers them all: a key that is moved from outside can never be decrypted again.")
                .next(format!("Edit the decrypted text: EDITOR='refit upgrade --write --from VERSION' sops {}", refusal::shell(&self.name)));
            return Err(self.refuse(reason, self.tree.span(mac.key).start));
        }
        if let Some(divergence) = self.tree.divergences().first() {
            let (what, why) = match divergence.kind {
                DivergenceKind::TabOnlyLine => (
                    "an empty line holds a tab",
                    "Helm's YAML reader refuses the file because of it.",
                ),
                DivergenceKind::TabBeforeComment => (
                    "a tab stands before this comment",
                    "Helm's YAML reader refuses the file because of it.",
                ),
                DivergenceKind::AnchorName => (
                    "this anchor has characters other than letters, digits, `-` and `_`",
                    "Helm's YAML reader refuses the file because of it.",
                ),
                DivergenceKind::ColonInFlowKey => (
                    "this `:` stands directly before a bracket or a comma",
                    "Helm takes it for a part of the key; other readers take it for an empty value.",
                ),
                DivergenceKind::LongKey => (
                    "this key is longer than 1,024 characters",
                    "Helm's YAML reader refuses the file because of it.",
                ),
                DivergenceKind::UnicodeLineBreak => (
                    "a line or paragraph separator stands here that is not a plain line break",
                    "Helm takes it for a line break, other readers for a character.",
                ),
            };
            let next = match divergence.kind {
                DivergenceKind::ColonInFlowKey => "Put a space behind the `:`.",
                DivergenceKind::AnchorName => "Rename the anchor and its aliases.",
                DivergenceKind::LongKey => "Check that a quote or a line break is not missing.",
                _ => "Remove it.",
            };
            return Err(self.refuse(Reason::new(what).why(why).next(next), divergence.span.start));
        }
        view.values().map_err(|e| {
            let templated = self.text[e.offset.min(self.text.len())..]
                .trim_start()
                .starts_with("{{")
                || self.text[..e.offset.min(self.text.len())].ends_with('{');
            let reason = if templated {
                refusal::template()
            } else {
                refusal::unreadable(&e)
            };
            self.refuse(reason, e.offset)
        })?;
        Ok(())
    }
}
