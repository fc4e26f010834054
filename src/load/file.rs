//! From bytes to layers: reads files and standard input, and refuses what cannot be edited safely.
//!
//! Everything that Helm would refuse, or read otherwise than it looks, is found here, before anything is
//! detected or migrated; the stages behind may rely on it. Nothing is written, and a link is followed only
//! if it is what was named.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path as FilePath, PathBuf},
    sync::Arc,
};

use crate::{
    outcome::{At, Notice, Refusal, Severity},
    refusal::{self, Reason},
    values::{
        readers::{DifferenceKind, difference},
        view::{Loss, ValueKind, View},
    },
    yaml::{self, DivergenceKind, Tree},
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
    let loaded = read(input)?;
    loaded.check()?;
    Ok(loaded)
}

/// Reads an input and its tree, whatever it holds.
///
/// # Errors
///
/// If it cannot be read, or is not YAML.
pub(super) fn read(input: &Input) -> Result<Loaded, Box<Refusal>> {
    let name = input.name();
    let (bytes, path) = match input {
        Input::Path(path) => {
            let bytes = bytes_of(path).map_err(|reason| reason.of(&name))?;
            if let Some((header, _)) = split_header(&bytes) {
                let reason = Reason::new(format!("the first line, `{header}`, is not part of the values"))
                    .why("`helm get values` prints it unless it is told `-o yaml`; Helm would read it as a key.")
                    .next("Delete that line, or write the file with `helm get values RELEASE -o yaml`.");
                return Err(reason.at(&name, &String::from_utf8_lossy(&bytes), 0));
            }
            (bytes, Some(path.clone()))
        }
        Input::Stdin(bytes) => {
            let values = split_header(bytes).map_or(&**bytes, |(_, values)| values);
            if values
                .strip_prefix("\u{feff}".as_bytes())
                .unwrap_or(values)
                .trim_ascii()
                .is_empty()
            {
                return Err(Reason::new("there is nothing to read")
                    .why("As a rule the command before it has failed; and Helm takes an empty values file for \"as before\".")
                    .next("Look at the messages of that command. For a release that sets nothing, give `{}`.")
                    .of(&name));
            }
            (values.to_vec(), None)
        }
    };
    let tree = Tree::parse_bytes(&bytes).map_err(|e| refusal::not_yaml(&name, &bytes, &e))?;
    drop(bytes);
    let text = tree.shared_text();
    Ok(Loaded {
        name,
        path,
        text,
        tree,
    })
}

fn bytes_of(path: &FilePath) -> Result<Vec<u8>, Reason> {
    let metadata = fs::metadata(path).map_err(|e| cannot_read(path, &e))?;
    if metadata.is_dir() {
        let shown = crate::shell::quote(&path.display().to_string());
        return Err(
            Reason::new("this is a folder, and a values file is needed").next(format!(
                "Name the values files in it, for example {}/*.yaml.",
                shown.trim_end_matches('/')
            )),
        );
    }
    if !metadata.is_file() {
        // Never opened: that alone can wait for ever.
        return Err(Reason::new(
            "this is a pipe, a socket or a device, and a values file is needed",
        )
        .why("A file is read, shown, and read again before it is written.")
        .next("Give what comes out of it to standard input: `refit upgrade -`."));
    }
    let mut bytes = Vec::new();
    // The size is only what it was: some files grow, and some (in /proc) do not tell it.
    File::open(path)
        .and_then(|file| file.take(MAX_SIZE + 1).read_to_end(&mut bytes))
        .map_err(|e| cannot_read(path, &e))?;
    if metadata.len() > MAX_SIZE || bytes.len() as u64 > MAX_SIZE {
        return Err(
            Reason::new(format!("the file is larger than {} MiB", MAX_SIZE >> 20))
                .why("No values file is that large; it is probably something else.")
                .next("Name the values file."),
        );
    }
    Ok(bytes)
}

fn cannot_read(path: &FilePath, error: &io::Error) -> Reason {
    match error.kind() {
        io::ErrorKind::NotFound => match fs::read_link(path) {
            Ok(target) => Reason::new(format!(
                "this is a link to {}, which does not exist",
                target.display()
            ))
            .next("Mend the link, or name the file itself."),
            Err(_) => Reason::new("there is no such file")
                .next("Check the spelling, and the folder that you are in."),
        },
        io::ErrorKind::NotADirectory => {
            Reason::new("a part of this path is a file, not a folder").next("Check the spelling.")
        }
        io::ErrorKind::PermissionDenied => Reason::new("the file may not be read")
            .next("Ask its owner for access, or run refit as a user who has it."),
        _ => Reason::new(format!("the file cannot be read: {error}"))
            .next("Check that `cat` can read it, and run refit again."),
    }
}

/// The header of `helm get values`, and what follows it.
fn split_header(bytes: &[u8]) -> Option<(&'static str, &[u8])> {
    // Windows shells put a byte order mark before what they redirect.
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    HELM_HEADER.iter().find_map(|header| {
        let rest = text.strip_prefix(header.as_bytes())?;
        let end = rest
            .iter()
            .position(|b| *b == b'\n')
            .map_or(rest.len(), |i| i + 1);
        rest[..end]
            .trim_ascii()
            .is_empty()
            .then_some((*header, &rest[end..]))
    })
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

    /// What a person should know of the file although it can be edited: what is written in it and
    /// counts for nothing, and what another Helm reads otherwise.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        let notice = |offset, text| Notice {
            at: Some(self.at(offset)),
            severity: Severity::Action,
            text,
            path: None,
        };
        let mut notices = Vec::new();
        if let Some(found) = difference(&self.tree) {
            let text = match found.kind {
                DifferenceKind::Documents => "Helm 4 merges all documents of the file.",
                DifferenceKind::Directive => "Helm 4 refuses the file because of this directive.",
                DifferenceKind::Marker => {
                    "Helm 4 refuses the file because of what stands behind `---`."
                }
            };
            notices.push(notice(found.offset, text.to_owned()));
        }
        let view = self.view();
        for map in self.tree.nodes() {
            if !matches!(self.tree.kind(map), yaml::Kind::Mapping { .. }) {
                continue;
            }
            // What cannot be read was refused when the file was loaded.
            for twice in view.entries(map).unwrap_or_default().duplicates {
                let line = self.at(self.tree.span(twice.by).start).line;
                let key = &self.text[self.tree.span(twice.lost)];
                let text = match twice.loss {
                    Loss::Repeated => format!(
                        "`{key}` is here a first time, and again in line {line}; Helm reads the last one. Both stay."
                    ),
                    Loss::Merged => format!(
                        "`{key}` counts for nothing: what `<<` brings stands behind it (line {line}), and for Helm the last one wins. It stays."
                    ),
                };
                notices.push(notice(self.tree.span(twice.lost).start, text));
            }
        }
        notices.sort_by_key(|notice| notice.at.as_ref().map(|at| at.line));
        notices
    }

    fn refuse(&self, reason: Reason, offset: usize) -> Box<Refusal> {
        reason.at(&self.name, &self.text, offset)
    }

    /// Whether it holds values that can be edited, and nothing else.
    ///
    /// # Errors
    ///
    /// What stands against it.
    pub(super) fn check(&self) -> Result<(), Box<Refusal>> {
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
            && !matches!(kind, ValueKind::Map | ValueKind::Null)
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
            let next = match &self.path {
                Some(_) => format!(
                    "Edit the decrypted text: EDITOR='refit upgrade --write --from VERSION' sops {}",
                    crate::shell::quote(&self.name)
                ),
                None => "Give the decrypted text: sops -d FILE | refit upgrade -".to_owned(),
            };
            let reason = Reason::new("the file is encrypted with SOPS")
                .why("Each ciphertext is tied to its path, and a checksum covers them all: a key that is moved from outside can never be decrypted again.")
                .next(next);
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
                DivergenceKind::FlowKeyOverLines => (
                    "this key between brackets goes over several lines",
                    "Helm's YAML reader refuses the file because of it.",
                ),
                DivergenceKind::EndBeforeStart => (
                    "the file begins with `...`, which ends a document",
                    "Helm's YAML reader refuses the file because of it.",
                ),
                DivergenceKind::UnicodeLineBreak => (
                    "a line or paragraph separator stands here that is not a plain line break",
                    "Helm takes it for a line break, other readers for a character.",
                ),
            };
            let next = match divergence.kind {
                DivergenceKind::ColonInFlowKey => "Put a space behind the `:`.",
                DivergenceKind::FlowKeyOverLines => "Write the key and its `:` on one line.",
                DivergenceKind::AnchorName => "Rename the anchor and its aliases.",
                DivergenceKind::LongKey => "Check that a quote or a line break is not missing.",
                _ => "Remove it.",
            };
            return Err(self.refuse(Reason::new(what).why(why).next(next), divergence.span.start));
        }
        view.check().map_err(|e| {
            // `{{ x }}` is a map in a map to YAML, and the inner one stands where a key should.
            let (before, from) = self.text.split_at(e.offset.min(self.text.len()));
            let templated =
                from.starts_with("{{") || from.starts_with('{') && before.ends_with('{');
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
