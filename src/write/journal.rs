//! The journal: what a run is about to do to several files, on disk before it does it.
//!
//! A journal makes "all files or none" hold when the run is killed or the power fails between two files. It
//! is a small file, `.refit-journal-` and a few letters, in the folder that the files have in common (or one
//! above it: where `refit.yaml` is), so that whoever looks upwards from any of the files finds it. Per file
//! it says where the file is below that folder, the digests of the old and of the new text, and the names
//! beside the file under which both texts lie. If that folder cannot be written, the journal goes to a folder of the
//! user's own and says from which root its paths go.
//!
//! It is whole or it is not there: it takes its name once it is synced. It is removed once all names are
//! durable. It holds no text, so it gives no secret away.
//!
//! Whoever reads one must not believe it: it may come out of a stranger's repository or archive. It names
//! only plain files below its own folder, behind no links, and, beside them, only names such as refit makes
//! ([`JournalEntry::place`]). A journal that does not keep to that is refused whole.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Component, Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::file::{PREFIX, digest_of, is_spare, new_spare, sync_folder};

/// The beginning of the names of journals.
pub(super) const NAME: &str = ".refit-journal-";
/// The form that this refit writes and reads.
const VERSION: u32 = 1;
/// The largest journal that is read: a hundred thousand files with long names.
const MAX_SIZE: u64 = 64 << 20;
/// The text before the digest of a journal, in its last line.
const END: &str = "end ";

/// For whoever finds the file and wonders.
const NOTE: &str = "refit was interrupted while it wrote these files. The next `refit upgrade --write` with one of them finishes or undoes that, and removes this file.";

/// The text of a journal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JournalText {
    journal: u32,
    note: String,
    /// The folder from which the paths go, if it is not the journal's own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    root: Option<String>,
    files: Vec<JournalEntry>,
}

/// The entry of a journal for one file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JournalEntry {
    /// The path below the root.
    path: String,
    /// The digest of the old text.
    pub(super) before: String,
    /// The digest of the new text.
    pub(super) after: String,
    /// The names beside it under which the old or the new text may lie.
    spares: Vec<String>,
}

/// A journal that is being written. If it is dropped before it is done, nothing stays of it.
pub(super) struct Draft {
    file: NamedTempFile,
    folder: PathBuf,
    root: PathBuf,
}

impl Draft {
    /// Makes the empty file, which says whether the folder can hold a journal at all.
    pub(super) fn new(folder: &Path, root: &Path) -> io::Result<Self> {
        Ok(Self {
            file: new_spare(folder)?,
            folder: folder.to_owned(),
            root: root.to_owned(),
        })
    }

    /// Fills the journal and makes it durable. Returns where it is.
    pub(super) fn commit(mut self, files: Vec<JournalEntry>) -> io::Result<PathBuf> {
        let root = (self.root != self.folder).then(|| escape(self.root.as_os_str()));
        let content = JournalText {
            journal: VERSION,
            note: NOTE.to_owned(),
            root,
            files,
        };
        let mut text = serde_json::to_vec_pretty(&content)?;
        text.push(b'\n');
        let digest = digest_of(&text);
        text.extend_from_slice(format!("{END}{digest}\n").as_bytes());
        self.file.write_all(&text)?;
        // Only a whole journal gets the name of one: until here it is a text in waiting like any other.
        self.file.as_file().sync_all()?;
        let name = self
            .file
            .path()
            .file_stem()
            .and_then(OsStr::to_str)
            .and_then(|stem| stem.strip_prefix(PREFIX))
            .unwrap_or("0");
        let path = self.folder.join(format!("{NAME}{name}"));
        self.file.persist_noclobber(&path).map_err(|e| e.error)?;
        sync_folder(&self.folder);
        Ok(path)
    }
}

/// Takes a journal away when all that it says is done or undone.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if let Some(folder) = path.parent() {
        sync_folder(folder);
    }
    Ok(())
}

impl JournalEntry {
    /// An entry for a file below a root, which must be that.
    pub(super) fn new(
        root: &Path,
        target: &Path,
        before: &[u8],
        after: &[u8],
        spares: &[&Path],
    ) -> Self {
        let below = target.strip_prefix(root).unwrap_or(target);
        Self {
            path: escape(below.as_os_str()),
            before: digest_of(before),
            after: digest_of(after),
            spares: spares
                .iter()
                .filter_map(|spare| spare.file_name()?.to_str().map(str::to_owned))
                .collect(),
        }
    }

    /// The path of the file below the root, if the entry has a form that refit writes.
    fn path_below_root(&self) -> Result<PathBuf, Damage> {
        let path = PathBuf::from(unescape(&self.path).ok_or(Damage::Form)?);
        // A journal is a text that anybody can have put there: it must not lead out of its folder.
        let plain = path
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !plain || path.as_os_str().is_empty() {
            return Err(Damage::Outside { path });
        }
        if let Some(name) = self.spares.iter().find(|name| !is_spare(name)) {
            return Err(Damage::Outside { path: name.into() });
        }
        let digests = [&self.before, &self.after];
        let is_digest = |text: &&String| {
            text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        // A file whose text stays is never in a journal, and could not be told finished from undone.
        if !digests.iter().all(is_digest) || self.before == self.after {
            return Err(Damage::Form);
        }
        Ok(path)
    }

    /// The file and the texts beside it, on disk: below the root, and behind no links.
    pub(super) fn place(&self, root: &Path) -> Result<FileOnDisk, Damage> {
        let below = self.path_below_root()?;
        let target = root.join(&below);
        let folder = target.parent().unwrap_or(root).to_owned();
        // A folder that is gone is met later, as a file that is gone.
        if fs::canonicalize(&folder).is_ok_and(|real| real != folder) {
            return Err(Damage::Link { path: below });
        }
        let link = |path: &Path| {
            fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_symlink())
        };
        let spares: Vec<PathBuf> = self.spares.iter().map(|name| folder.join(name)).collect();
        if link(&target) || spares.iter().any(|spare| link(spare)) {
            return Err(Damage::Link { path: below });
        }
        Ok(FileOnDisk {
            target,
            folder,
            spares,
        })
    }
}

/// A file of a journal, on disk.
#[derive(Debug)]
pub(super) struct FileOnDisk {
    pub(super) target: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) spares: Vec<PathBuf>,
}

/// A journal that was read, and has the form of one.
#[derive(Debug)]
pub(super) struct Journal {
    pub(super) path: PathBuf,
    pub(super) root: PathBuf,
    pub(super) files: Vec<JournalEntry>,
}

/// The reasons for which a journal is not followed.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is not whole, or was changed since refit wrote it.
    #[error("it is damaged, or not from refit")]
    Form,
    /// Another form than this refit knows.
    #[error("a newer refit wrote it")]
    Newer,
    /// Somebody else wrote it.
    #[error("another user wrote it")]
    OtherUser,
    /// It names a path that is not below its folder, or not a file of refit's.
    #[error("it names {}, which refit would not name", .path.display())]
    Outside {
        /// The path that it names.
        path: PathBuf,
    },
    /// It names a path behind a link.
    #[error("it names {}, which is a link or lies behind one", .path.display())]
    Link {
        /// The path that it names.
        path: PathBuf,
    },
}

impl Journal {
    /// Reads a journal and checks its form. `own` says that it lies in the user's own folder, where
    /// journals name the root of their paths.
    pub(super) fn read(path: &Path, own: bool) -> Result<Self, Damage> {
        let meta = fs::symlink_metadata(path)?;
        if !meta.is_file() {
            return Err(Damage::Form);
        }
        // Whoever could write a journal for others could choose which texts take the place of their files.
        if !is_mine(&meta) {
            return Err(Damage::OtherUser);
        }
        let mut text = Vec::new();
        File::open(path)?
            .take(MAX_SIZE + 1)
            .read_to_end(&mut text)?;
        let (content, end) = split(&text).ok_or(Damage::Form)?;
        if end != digest_of(content) {
            return Err(Damage::Form);
        }
        // The version by itself first: another version may have other fields.
        #[derive(Deserialize)]
        struct Version {
            journal: u32,
        }
        let Version { journal } = serde_json::from_slice(content).map_err(|_| Damage::Form)?;
        if journal != VERSION {
            return Err(Damage::Newer);
        }
        let content: JournalText = serde_json::from_slice(content).map_err(|_| Damage::Form)?;
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
        let root = match content.root {
            None => folder,
            Some(root) if own => {
                let root = PathBuf::from(unescape(&root).ok_or(Damage::Form)?);
                if !root.is_absolute() {
                    return Err(Damage::Outside { path: root });
                }
                root
            }
            Some(root) => return Err(Damage::Outside { path: root.into() }),
        };
        let mut seen = BTreeSet::new();
        for entry in &content.files {
            // A file that is named twice could be given one text by its first entry and the other by its
            // second.
            if !seen.insert(entry.path_below_root()?) {
                return Err(Damage::Form);
            }
        }
        if seen.is_empty() {
            return Err(Damage::Form);
        }
        Ok(Self {
            path: path.to_owned(),
            root,
            files: content.files,
        })
    }

    /// The files that it names, whatever is there.
    pub(super) fn targets(&self) -> impl Iterator<Item = PathBuf> {
        self.files
            .iter()
            .filter_map(|entry| Some(self.root.join(entry.path_below_root().ok()?)))
    }

    /// The folders in which files are made or renamed, its own among them.
    pub(super) fn folders(&self) -> BTreeSet<PathBuf> {
        let own = self.path.parent().map(Path::to_owned);
        self.targets()
            .filter_map(|target| target.parent().map(Path::to_owned))
            .chain(own)
            .collect()
    }
}

/// The content and the digest in the last line.
fn split(text: &[u8]) -> Option<(&[u8], &str)> {
    let text = text.strip_suffix(b"\n")?;
    let at = text.iter().rposition(|b| *b == b'\n')? + 1;
    let end = std::str::from_utf8(&text[at..]).ok()?;
    Some((&text[..at], end.strip_prefix(END)?))
}

/// True for a file of the user that runs refit.
#[cfg(unix)]
pub(super) fn is_mine(meta: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(meta) == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
pub(super) fn is_mine(_: &fs::Metadata) -> bool {
    true
}

/// A path as a text that can be turned back, whatever its bytes are: what is not text is written as `%`
/// and two digits, and so is `%`.
fn escape(path: &OsStr) -> String {
    let mut text = String::new();
    for chunk in path.as_encoded_bytes().utf8_chunks() {
        text.push_str(&chunk.valid().replace('%', "%25"));
        for byte in chunk.invalid() {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(unix)]
fn unescape(text: &str) -> Option<std::ffi::OsString> {
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    // The system ends a path there.
    if bytes.contains(&0) {
        return None;
    }
    Some(std::os::unix::ffi::OsStringExt::from_vec(bytes))
}

#[cfg(not(unix))]
fn unescape(text: &str) -> Option<std::ffi::OsString> {
    // Elsewhere every path that refit can meet is text.
    Some(text.replace("%25", "%").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str) -> JournalEntry {
        JournalEntry {
            path: path.to_owned(),
            before: digest_of(b"old"),
            after: digest_of(b"new"),
            spares: vec![".refit-a.tmp".to_owned()],
        }
    }

    fn saved(folder: &Path, root: &Path, files: Vec<JournalEntry>) -> PathBuf {
        Draft::new(folder, root).unwrap().commit(files).unwrap()
    }

    #[test]
    fn a_journal_is_read_as_it_was_written_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let files = vec![JournalEntry::new(
            at,
            &at.join("a/b 100%.yaml"),
            b"old",
            b"new",
            &[&at.join("a/.refit-a.tmp")],
        )];
        let path = saved(at, at, files);
        assert_eq!(fs::read_dir(at).unwrap().count(), 1);
        let journal = Journal::read(&path, false).unwrap();
        assert_eq!(
            journal.targets().collect::<Vec<_>>(),
            [at.join("a/b 100%.yaml")]
        );
        assert_eq!(
            journal.folders(),
            BTreeSet::from([at.to_owned(), at.join("a")])
        );
        remove(&path).unwrap();
        assert_eq!(fs::read_dir(at).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_no_text_comes_back_and_none_is_cut_short() {
        use std::os::unix::ffi::OsStrExt as _;
        for name in [&b"a\xffb%\xc3\xa9.yaml"[..], b"%25", b"%", b"a\nb"] {
            let name = OsStr::from_bytes(name);
            assert_eq!(unescape(&escape(name)).as_deref(), Some(name));
        }
        for text in ["%", "%4", "%zz", "a%00b", "%\u{e9}"] {
            assert_eq!(unescape(text), None, "{text}");
        }
    }

    #[test]
    fn a_journal_with_one_byte_changed_or_missing_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(folder.path(), folder.path(), vec![entry("a.yaml")]);
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            Journal::read(&path, false).unwrap_err();
            fs::write(&path, &good[..at]).unwrap();
            Journal::read(&path, false).unwrap_err();
        }
        fs::write(&path, &good).unwrap();
        Journal::read(&path, false).unwrap();
    }

    #[test]
    fn paths_that_leave_the_folder_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            "../a.yaml",
            "../../etc/passwd",
            "/etc/passwd",
            "a/../../b",
            "./a",
            "",
            ".",
            "%2e%2e/a",
        ] {
            let path = saved(folder.path(), folder.path(), vec![entry(path)]);
            let error = Journal::read(&path, false).unwrap_err();
            assert!(matches!(error, Damage::Outside { .. }), "{error}");
        }
        for name in ["../.refit-a.tmp", "a.yaml", ".refit-/a.tmp", ""] {
            let entry = JournalEntry {
                spares: vec![name.to_owned()],
                ..entry("a.yaml")
            };
            let path = saved(folder.path(), folder.path(), vec![entry]);
            let error = Journal::read(&path, false).unwrap_err();
            assert!(matches!(error, Damage::Outside { .. }), "{error}");
        }
    }

    #[test]
    fn only_a_journal_in_the_users_own_folder_names_another_root() {
        let (own, root) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = saved(own.path(), root.path(), vec![entry("a.yaml")]);
        let error = Journal::read(&path, false).unwrap_err();
        assert!(matches!(error, Damage::Outside { .. }), "{error}");
        let journal = Journal::read(&path, true).unwrap();
        assert_eq!(
            journal.targets().collect::<Vec<_>>(),
            [root.path().join("a.yaml")]
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_journal_of_somebody_else_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(folder.path(), folder.path(), vec![entry("a.yaml")]);
        Journal::read(&path, false).unwrap();
        // Only root can give a file away.
        if std::os::unix::fs::chown(&path, Some(12345), None).is_ok() {
            let error = Journal::read(&path, false).unwrap_err();
            assert!(matches!(error, Damage::OtherUser), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_followed_through_a_link() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().canonicalize().unwrap();
        fs::create_dir(at.join("real")).unwrap();
        fs::write(at.join("real/a.yaml"), "old").unwrap();
        symlink("real", at.join("folder")).unwrap();
        symlink("real/a.yaml", at.join("file")).unwrap();
        symlink("real/a.yaml", at.join("real/.refit-a.tmp")).unwrap();
        for path in ["folder/a.yaml", "file", "real/a.yaml"] {
            let error = entry(path).place(&at).unwrap_err();
            assert!(matches!(error, Damage::Link { .. }), "{path}: {error}");
        }
        fs::remove_file(at.join("real/.refit-a.tmp")).unwrap();
        entry("real/a.yaml").place(&at).unwrap();
    }
}
