//! From bytes to text and tree: reads files and standard input, and finds what cannot be edited safely.
//!
//! Everything that Helm would refuse, or read otherwise than it looks, is found here, before anything is
//! detected or migrated; the stages behind may rely on it. Nothing is written, and a link is followed only
//! if it is what was named.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path as FilePath, PathBuf},
};

use super::{LoadError, LoadErrorKind as Kind};
use crate::{
    block::TextFile,
    outcome::{Notice, NoticeSeverity},
    values::{
        readers::{DifferenceKind, difference},
        view::{Loss, ValueKind},
    },
    yaml::{self, Tree},
};

/// A file that is named on the command line.
#[derive(Debug, Clone)]
pub enum InputFile {
    /// A file.
    Path(PathBuf),
    /// Standard input, read whole.
    Stdin(Vec<u8>),
}

impl InputFile {
    /// The name in messages.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Stdin(_) => "-".to_owned(),
        }
    }
}

/// The largest file that is read, in bytes.
const MAX_SIZE: u64 = 256 << 20;

/// The line with which `helm get values` begins if it is not told `-o yaml`.
const HELM_HEADER: &[&str] = &["USER-SUPPLIED VALUES:", "COMPUTED VALUES:"];

/// Reads an input that holds values and nothing else, and its tree.
///
/// # Errors
///
/// If it cannot be read, is not YAML, or cannot be edited safely.
pub fn load(input: &InputFile) -> Result<TextFile, Box<LoadError>> {
    let file = read(input)?;
    check(&file)?;
    Ok(file)
}

/// Reads an input and its tree, whatever it holds.
///
/// # Errors
///
/// If it cannot be read, or is not YAML.
pub(super) fn read(input: &InputFile) -> Result<TextFile, Box<LoadError>> {
    let name = input.name();
    let (bytes, path) = match input {
        InputFile::Path(path) => {
            let bytes = bytes_of(path).map_err(|kind| kind.of(&name))?;
            if let Some((header, _)) = split_header(&bytes) {
                return Err(Box::new(LoadError {
                    name,
                    place: Some((String::from_utf8_lossy(&bytes).into(), 0)),
                    kind: Kind::HelmHeader(header),
                }));
            }
            (bytes, Some(path.clone()))
        }
        InputFile::Stdin(bytes) => {
            let values = split_header(bytes).map_or(&**bytes, |(_, values)| values);
            if values
                .strip_prefix("\u{feff}".as_bytes())
                .unwrap_or(values)
                .trim_ascii()
                .is_empty()
            {
                return Err(Kind::EmptyInput.of(&name));
            }
            (values.to_vec(), None)
        }
    };
    let tree = Tree::parse_bytes(&bytes).map_err(|error| {
        let bytes = bytes.as_slice().into();
        Kind::NotYaml { bytes, error }.of(&name)
    })?;
    // The tree has the text itself; a large file need not be held twice.
    drop(bytes);
    let text = tree.shared_text();
    Ok(TextFile {
        name,
        path,
        text,
        tree,
    })
}

fn bytes_of(path: &FilePath) -> Result<Vec<u8>, Kind> {
    let metadata = fs::metadata(path).map_err(|e| cannot_read(path, &e))?;
    if metadata.is_dir() {
        return Err(Kind::Folder(path.to_owned()));
    }
    if !metadata.is_file() {
        return Err(Kind::NotAFile);
    }
    let mut bytes = Vec::new();
    // The size is only what it was: some files grow, and some (in /proc) do not tell it.
    File::open(path)
        .and_then(|file| file.take(MAX_SIZE + 1).read_to_end(&mut bytes))
        .map_err(|e| cannot_read(path, &e))?;
    if metadata.len() > MAX_SIZE || bytes.len() as u64 > MAX_SIZE {
        return Err(Kind::TooLarge(MAX_SIZE >> 20));
    }
    Ok(bytes)
}

fn cannot_read(path: &FilePath, error: &io::Error) -> Kind {
    match error.kind() {
        // A link that leads nowhere is "not found" to the system, like a file that is not there.
        io::ErrorKind::NotFound => fs::read_link(path).map_or(Kind::NoSuchFile, Kind::BrokenLink),
        io::ErrorKind::NotADirectory => Kind::FileInPath,
        io::ErrorKind::PermissionDenied => Kind::NoPermission,
        _ => Kind::Io(error.to_string()),
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
        // If more follows in the line, it is a key of somebody's values.
        rest[..end]
            .trim_ascii()
            .is_empty()
            .then_some((*header, &rest[end..]))
    })
}

/// Notices of what is written in a file and counts for nothing, and of what another Helm reads otherwise.
pub(super) fn notices(file: &TextFile) -> Vec<Notice> {
    let notice = |offset, text| Notice {
        at: Some(file.at(offset)),
        severity: NoticeSeverity::Action,
        text,
        path: None,
    };
    let mut notices = Vec::new();
    if let Some(found) = difference(&file.tree) {
        let text = match found.kind {
            DifferenceKind::Documents => "Helm 4 merges all documents of the file.",
            DifferenceKind::Directive => "Helm 4 refuses the file because of this directive.",
            DifferenceKind::Marker => {
                "Helm 4 refuses the file because of what stands behind `---`."
            }
        };
        notices.push(notice(found.offset, text.to_owned()));
    }
    let view = file.view();
    for map in file.tree.nodes() {
        if !matches!(file.tree.kind(map), yaml::Kind::Mapping { .. }) {
            continue;
        }
        // What cannot be read was refused when the file was loaded.
        for twice in view.entries(map).unwrap_or_default().duplicates {
            let line = file.at(file.tree.span(twice.by).start).line;
            let key = &file.text[file.tree.span(twice.lost)];
            let text = match twice.loss {
                Loss::Repeated => format!(
                    "`{key}` is here a first time, and again in line {line}; Helm reads the last one. Both stay."
                ),
                Loss::Merged => format!(
                    "`{key}` counts for nothing: what `<<` brings stands behind it (line {line}), and for Helm the last one wins. It stays."
                ),
            };
            notices.push(notice(file.tree.span(twice.lost).start, text));
        }
    }
    notices.sort_by_key(|notice| notice.at.as_ref().map(|at| at.line));
    notices
}

/// Finds what speaks against editing a file as values and nothing else.
///
/// # Errors
///
/// The first such thing, with its place.
pub(super) fn check(file: &TextFile) -> Result<(), Box<LoadError>> {
    let documents = file.tree.documents();
    if let Some(second) = documents.get(1) {
        let marker = second.start_marker.as_ref();
        let offset = marker.map_or(second.span.start, |marker| marker.start);
        return Err(Kind::SeveralDocuments.at(file, offset));
    }
    let view = file.view();
    let root = view.root();
    if let Ok(kind) = view.kind(root)
        // A file without values sets nothing, for Helm as well.
        && !matches!(kind, ValueKind::Map | ValueKind::Null)
    {
        return Err(Kind::NotAMap.at_node(file, root));
    }
    // A chart may have a setting called `sops`; a `mac` in it is written by SOPS alone.
    if let Ok(Some(sops)) = view.get(root, "sops")
        && let Ok(Some(mac)) = view.get(sops.value, "mac")
    {
        let is_stdin = file.path.is_none();
        return Err(Kind::Sops { is_stdin }.at_node(file, mac.key));
    }
    if let Some(divergence) = file.tree.divergences().first() {
        return Err(Kind::Divergence(divergence.kind).at(file, divergence.span.start));
    }
    view.check().map_err(|error| {
        // `{{ x }}` is a map in a map to YAML, and the inner one stands where a key should.
        let offset = error.offset;
        let (before, from) = file.text.split_at(offset.min(file.text.len()));
        let templated = from.starts_with("{{") || from.starts_with('{') && before.ends_with('{');
        let kind = match templated {
            true => Kind::TemplateAction,
            false => Kind::Unreadable(error),
        };
        kind.at(file, offset)
    })
}
