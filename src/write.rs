//! Writing: the only part of refit that touches a user's files.
//!
//! It takes bytes that were shown and puts them where the same bytes as were read still are. A file is
//! never half written: the text goes into a new file beside the old one, is synced, and takes its name.
//! All files of one call are prepared before the first takes its name, and if one fails the others get
//! their old text back, so that a release is either the old one or the new one.
//!
//! A link is written through: the file it leads to is replaced in its own folder and the link stays.
//! It must never write a file whose text is no longer what was read, never overwrite a backup, and
//! never decide what to write.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, Metadata},
    io::{self, Read, Write as _},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

/// A file to write.
#[derive(Debug, Clone, Copy)]
pub struct Replacement<'a> {
    /// Where it is.
    pub path: &'a Path,
    /// What it held when it was read.
    pub before: &'a [u8],
    /// What it shall hold.
    pub after: &'a [u8],
}

/// A file that was written.
#[derive(Debug)]
pub struct Written {
    /// As it was named.
    pub path: PathBuf,
    /// The file that was replaced, if the name is a link.
    pub target: Option<PathBuf>,
    /// Where the old text is kept.
    pub backup: Option<PathBuf>,
    /// Whether another hard link still has the old text.
    pub still_elsewhere: bool,
    /// Whether the owner could not be kept.
    pub other_owner: bool,
}

/// Why a file was not written. No file of the call was changed, unless [`WriteError::HalfWritten`].
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file on disk is not what was read.
    #[error("{}: the file has changed since refit read it; nothing was written", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The name is not that of a plain file.
    #[error("{}: this is {what}, not a plain file; nothing was written", .path.display())]
    NotAFile {
        /// The name.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// Two names lead to one file, with different texts to write.
    #[error("{} and {} are the same file; nothing was written", .first.display(), .second.display())]
    SameFile {
        /// One name.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// The system refused.
    #[error("{}: cannot {doing}: {source}; nothing was written", .path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What was tried, as it continues "cannot".
        doing: &'static str,
        /// What kind of refusal it is.
        kind: Refusal,
        /// The system's words.
        source: io::Error,
    },
    /// A file failed after others were written, and not all of those could get their old text back.
    #[error(
        "{failed}, except that {} could not be put back and now {} the new text",
        list(.left), if .left.len() == 1 { "holds" } else { "hold" }
    )]
    HalfWritten {
        /// What failed first.
        failed: Box<WriteError>,
        /// The files that hold the new text.
        left: Vec<PathBuf>,
    },
}

/// Kinds of refusal, as far as they call for different next steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The file is gone.
    Missing,
    /// Permissions of the file or of its folder.
    Permission,
    /// The file system is mounted read-only.
    ReadOnly,
    /// The disk is full, or a quota or a limit is reached.
    Full,
    /// The file is in use in a way that forbids replacing it.
    Busy,
    /// Anything else.
    Other,
}

impl Refusal {
    fn of(error: &io::Error) -> Self {
        use io::ErrorKind as K;
        match error.kind() {
            K::NotFound => Self::Missing,
            K::PermissionDenied => Self::Permission,
            K::ReadOnlyFilesystem => Self::ReadOnly,
            K::StorageFull | K::QuotaExceeded | K::FileTooLarge => Self::Full,
            K::ResourceBusy | K::ExecutableFileBusy | K::CrossesDevices => Self::Busy,
            _ => Self::Other,
        }
    }
}

impl WriteError {
    /// What the user can do, one sentence.
    #[must_use]
    pub fn next(&self) -> &'static str {
        match self {
            Self::Changed { .. } => {
                "run the same command without --write to see the difference for the file as it is now"
            }
            Self::NotAFile { .. } => "name the values file itself",
            Self::SameFile { .. } => "name the file once",
            Self::HalfWritten { .. } => {
                "restore the files named here from version control or from their backups"
            }
            Self::Refused { kind, .. } => match kind {
                Refusal::Missing => "check the name; the file was there when refit read it",
                Refusal::Permission => {
                    "give yourself write permission on the file and on its folder (refit makes a new file beside the old one), or take the change with -o patch"
                }
                Refusal::ReadOnly => {
                    "run refit where the folder can be written, or take the change with -o patch"
                }
                Refusal::Full => {
                    "free some space (refit needs room for a second copy of the file) and run the command again"
                }
                Refusal::Busy => {
                    "the file is a mount by itself, or in use; run refit where its folder is, or take the change with -o patch"
                }
                Refusal::Other => {
                    "see the system's message above; -o patch gives the change without writing"
                }
            },
        }
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Writes files: all of them, or none. `backup` is the suffix under which the old text is kept beside
/// each file (`.bak`); where that name is taken a number follows. A file whose text stays is not
/// touched and not in the result.
///
/// # Errors
///
/// The first file that cannot be written, with the reason. The files are then as they were, except
/// after [`WriteError::HalfWritten`].
pub fn write(
    files: &[Replacement<'_>],
    backup: Option<&OsStr>,
) -> Result<Vec<Written>, WriteError> {
    let mut prepared: Vec<Prepared<'_>> = Vec::new();
    for file in files.iter().filter(|file| file.before != file.after) {
        let next = Prepared::new(*file)?;
        match prepared
            .iter()
            .find(|earlier| earlier.target == next.target)
        {
            None => prepared.push(next),
            Some(earlier) if earlier.file.after == file.after => {}
            Some(earlier) => {
                return Err(WriteError::SameFile {
                    first: earlier.file.path.to_owned(),
                    second: file.path.to_owned(),
                });
            }
        }
    }
    let mut backups = Backups::default();
    if let Some(suffix) = backup {
        for file in &mut prepared {
            file.backup = Some(backups.make(file, suffix)?);
        }
    }
    // The last look before the first name changes: the narrower this gap, the better.
    for file in &prepared {
        file.check()?;
    }
    let written = rename_all(prepared);
    // Where a new text could not be taken back, the backup is all that is left of the old one.
    if matches!(written, Ok(_) | Err(WriteError::HalfWritten { .. })) {
        backups.keep();
    }
    written
}

/// Gives every prepared file its name, or every file its old text back.
fn rename_all(prepared: Vec<Prepared<'_>>) -> Result<Vec<Written>, WriteError> {
    let mut done: Vec<Undo<'_>> = Vec::new();
    let mut written = Vec::new();
    for file in prepared {
        match file.replace() {
            Ok((report, undo)) => {
                written.push(report);
                done.push(undo);
            }
            Err(error) => return Err(roll_back(error, &done)),
        }
    }
    Ok(written)
}

/// Makes a file that is not there yet: whole, synced, and never over another one.
///
/// # Errors
///
/// If the name is taken or the folder cannot be written. Nothing is left behind.
pub fn create(path: &Path, text: &[u8]) -> Result<(), WriteError> {
    let folder = folder_of(path);
    fresh(path, folder, text)?
        .persist_noclobber(path)
        .map_err(|e| refused(path, "give the file its name")(e.error))?;
    sync_folder(folder);
    Ok(())
}

/// Makes a file, or puts a new text in place of one that refit made before: a report, never a user's
/// values. Whole or not at all, and synced.
///
/// # Errors
///
/// If the name is that of something else than a plain file, or the folder cannot be written. What was
/// there before is still there then.
pub fn put(path: &Path, text: &[u8]) -> Result<(), WriteError> {
    if let Ok(meta) = fs::metadata(path)
        && !meta.is_file()
    {
        return Err(WriteError::NotAFile {
            path: path.to_owned(),
            what: kind(&meta),
        });
    }
    // A link is written through, as everywhere.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = folder_of(&target);
    fresh(path, folder, text)?
        .persist(&target)
        .map_err(|e| refused(path, "give the file its name")(e.error))?;
    sync_folder(folder);
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// What something that is no plain file is.
fn kind(meta: &Metadata) -> &'static str {
    if meta.is_dir() {
        "a folder"
    } else {
        "a device, a pipe or a socket"
    }
}

/// A file without a name yet, as any program makes one: what the user's mask takes away is taken away.
fn fresh(path: &Path, folder: &Path, text: &[u8]) -> Result<NamedTempFile, WriteError> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".refit-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let failed = |doing| refused(path, doing);
    let mut new = builder
        .tempfile_in(folder)
        .map_err(failed("make a file there"))?;
    new.write_all(text)
        .and_then(|()| new.as_file().sync_all())
        .map_err(failed("write it"))?;
    Ok(new)
}

/// A file whose new text lies ready beside it.
struct Prepared<'a> {
    file: Replacement<'a>,
    /// The file itself, behind all links.
    target: PathBuf,
    folder: PathBuf,
    meta: Metadata,
    ready: NamedTempFile,
    other_owner: bool,
    backup: Option<PathBuf>,
}

impl<'a> Prepared<'a> {
    fn new(file: Replacement<'a>) -> Result<Self, WriteError> {
        let failed = |doing| refused(file.path, doing);
        let target = fs::canonicalize(file.path).map_err(failed("find it"))?;
        let meta = fs::metadata(&target).map_err(failed("look at it"))?;
        if !meta.is_file() {
            return Err(WriteError::NotAFile {
                path: file.path.to_owned(),
                what: kind(&meta),
            });
        }
        // Opened for writing although it is replaced: a file that its owner made read-only is not ours
        // to replace because the folder happens to allow it.
        File::options()
            .write(true)
            .open(&target)
            .map_err(failed("open it for writing"))?;
        same(file, &target)?;
        let folder = target
            .parent()
            .map_or_else(|| PathBuf::from("/"), Path::to_owned);
        let (ready, other_owner) = beside(file.path, &folder, file.after, &meta)?;
        Ok(Self {
            file,
            target,
            folder,
            meta,
            ready,
            other_owner,
            backup: None,
        })
    }

    fn check(&self) -> Result<(), WriteError> {
        // Named again: a link may lead elsewhere by now.
        let now = fs::canonicalize(self.file.path).map_err(refused(self.file.path, "find it"))?;
        if now != self.target {
            return Err(WriteError::Changed {
                path: self.file.path.to_owned(),
            });
        }
        same(self.file, &self.target)
    }

    fn replace(self) -> Result<(Written, Undo<'a>), WriteError> {
        let Self {
            file,
            target,
            folder,
            meta,
            ready,
            other_owner,
            backup,
        } = self;
        ready
            .persist(&target)
            .map_err(|e| refused(file.path, "put the new file in its place")(e.error))?;
        sync_folder(&folder);
        let link = fs::symlink_metadata(file.path).is_ok_and(|meta| meta.file_type().is_symlink());
        // As the user would name it, where no link leads to another folder.
        let backup = match backup {
            Some(full) if !link => full.file_name().map(|name| file.path.with_file_name(name)),
            other => other,
        };
        let written = Written {
            path: file.path.to_owned(),
            target: link.then(|| target.clone()),
            backup,
            still_elsewhere: hard_links(&meta) > 1,
            other_owner,
        };
        Ok((
            written,
            Undo {
                file,
                target,
                folder,
                meta,
            },
        ))
    }
}

/// What is needed to give a file its old text back.
struct Undo<'a> {
    file: Replacement<'a>,
    target: PathBuf,
    folder: PathBuf,
    meta: Metadata,
}

impl Undo<'_> {
    fn undo(&self) -> Result<(), WriteError> {
        let (old, _) = beside(self.file.path, &self.folder, self.file.before, &self.meta)?;
        old.persist(&self.target)
            .map_err(|e| refused(self.file.path, "put the old file back")(e.error))?;
        sync_folder(&self.folder);
        Ok(())
    }
}

fn roll_back(error: WriteError, done: &[Undo<'_>]) -> WriteError {
    let left: Vec<_> = done
        .iter()
        .rev()
        .filter(|undo| undo.undo().is_err())
        .map(|undo| undo.file.path.to_owned())
        .collect();
    if left.is_empty() {
        error
    } else {
        WriteError::HalfWritten {
            failed: Box::new(error),
            left,
        }
    }
}

fn refused(path: &Path, doing: &'static str) -> impl Fn(io::Error) -> WriteError {
    move |source| WriteError::Refused {
        path: path.to_owned(),
        doing,
        kind: Refusal::of(&source),
        source,
    }
}

/// Whether the file still holds what was read.
fn same(file: Replacement<'_>, target: &Path) -> Result<(), WriteError> {
    let failed = refused(file.path, "read it again");
    // One byte more than was read: a file that grew is told apart without reading all of it.
    let limit = file.before.len() as u64 + 1;
    let mut now = Vec::with_capacity(file.before.len() + 1);
    File::open(target)
        .map_err(&failed)?
        .take(limit)
        .read_to_end(&mut now)
        .map_err(&failed)?;
    if now == file.before {
        Ok(())
    } else {
        Err(WriteError::Changed {
            path: file.path.to_owned(),
        })
    }
}

/// A new file with a text in a folder, synced, with the mode and the owner of the file it will replace.
/// Also whether the owner could not be kept.
fn beside(
    path: &Path,
    folder: &Path,
    text: &[u8],
    like: &Metadata,
) -> Result<(NamedTempFile, bool), WriteError> {
    let failed = |doing| refused(path, doing);
    let mut new = tempfile::Builder::new()
        .prefix(".refit-")
        .suffix(".tmp")
        .tempfile_in(folder)
        .map_err(failed("make a new file beside it"))?;
    new.write_all(text)
        .map_err(failed("write the new file beside it"))?;
    // The owner first: changing it may clear bits of the mode.
    let other_owner = !keep_owner(new.as_file(), like);
    new.as_file()
        .set_permissions(like.permissions())
        .map_err(failed("give the new file the old one's permissions"))?;
    new.as_file()
        .sync_all()
        .map_err(failed("write the new file beside it"))?;
    Ok((new, other_owner))
}

#[cfg(unix)]
fn keep_owner(new: &File, like: &Metadata) -> bool {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let same = |meta: &Metadata| meta.uid() == like.uid() && meta.gid() == like.gid();
    if new.metadata().is_ok_and(|meta| same(&meta)) {
        return true;
    }
    // Only root may change the user, but members of a group may keep the group.
    fchown(new, Some(like.uid()), Some(like.gid())).is_ok() || {
        let _ = fchown(new, None, Some(like.gid()));
        new.metadata().is_ok_and(|meta| same(&meta))
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) -> bool {
    true
}

#[cfg(unix)]
fn hard_links(meta: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(meta)
}

#[cfg(not(unix))]
fn hard_links(_: &Metadata) -> u64 {
    1
}

/// Makes a rename durable. Some file systems cannot sync a folder; the file itself is synced already,
/// so that is not an error.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// Backups of this call, taken away again if the call fails.
#[derive(Default)]
struct Backups(Vec<PathBuf>);

impl Backups {
    /// How many numbers are tried before the folder is taken to be a trap.
    const TRIES: u32 = 10_000;

    fn make(&mut self, file: &Prepared<'_>, suffix: &OsStr) -> Result<PathBuf, WriteError> {
        let failed = |e| refused(file.file.path, "keep a backup beside it")(e);
        let (mut old, _) = beside(file.file.path, &file.folder, file.file.before, &file.meta)?;
        let mut name = OsString::from(&file.target);
        name.push(suffix);
        for number in 0..Self::TRIES {
            let mut name = name.clone();
            if number > 0 {
                name.push(format!(".{number}"));
            }
            let name = PathBuf::from(name);
            match old.persist_noclobber(&name) {
                Ok(_) => {
                    sync_folder(&file.folder);
                    self.0.push(name.clone());
                    return Ok(name);
                }
                Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => old = e.file,
                Err(e) => return Err(failed(e.error)),
            }
        }
        Err(failed(io::Error::from(io::ErrorKind::AlreadyExists)))
    }

    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Backups {
    fn drop(&mut self) {
        for backup in &self.0 {
            let _ = fs::remove_file(backup);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file<'a>(path: &'a Path, before: &'a str) -> Replacement<'a> {
        Replacement {
            path,
            before: before.as_bytes(),
            after: b"new",
        }
    }

    #[test]
    fn a_failure_at_the_last_file_takes_the_first_back() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&a, "old a").unwrap();
        fs::write(&b, "old b").unwrap();
        let prepared: Vec<_> = [file(&a, "old a"), file(&b, "old b")]
            .map(|file| Prepared::new(file).unwrap())
            .into();
        // Between the last look and the renames, somebody puts a folder in the second file's place.
        fs::remove_file(&b).unwrap();
        fs::create_dir(&b).unwrap();
        let error = rename_all(prepared).unwrap_err();
        assert!(matches!(error, WriteError::Refused { .. }), "{error}");
        assert_eq!(fs::read_to_string(&a).unwrap(), "old a");
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            2,
            "nothing is left behind"
        );
    }

    #[test]
    fn what_cannot_be_taken_back_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let a = folder.path().join("a");
        fs::write(&a, "old").unwrap();
        let (_, undo) = Prepared::new(file(&a, "old")).unwrap().replace().unwrap();
        let undo = Undo {
            folder: folder.path().join("gone"),
            ..undo
        };
        let failed = WriteError::Changed { path: "b".into() };
        let error = roll_back(failed, &[undo]);
        let WriteError::HalfWritten { left, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(left, std::slice::from_ref(&a));
        assert!(
            error
                .to_string()
                .contains("could not be put back and now holds the new text")
        );
    }
}
