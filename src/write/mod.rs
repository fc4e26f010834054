//! Writing: the only part of refit that touches a user's files.
//!
//! It takes bytes that were shown and puts them where the same bytes as were read still are. A file is
//! never half written: the text goes into a new file beside the old one, is synced, and changes places with
//! it in one step. All files of one call are prepared before the first takes its place, and if one fails the
//! others get their old text back, so that a release is either the old one or the new one.
//!
//! That holds for a run that is killed, too. Before the first of several files takes its place, a journal
//! says what is about to happen and where both texts lie; [`recover`] finishes or undoes it later, by the
//! journal alone. The order on disk is: new texts, second names of the old texts, their folders, the journal,
//! its folder, the files, their folders, the journal's end. Each of these is durable before the next begins.
//! One file by itself needs no journal: it is old or new. Two runs keep out of each other's way by locks on
//! folders.
//!
//! A link is written through: the file it leads to is replaced in its own folder and the link stays.
//! It must never write a file whose text is no longer what was read, never overwrite a backup, and
//! never decide what to write.

mod attributes;
mod backup;
mod error;
mod file;
mod journal;
mod lock;
mod recover;

use std::{
    collections::{BTreeSet, HashMap},
    ffi::OsStr,
    fmt, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use backup::Backups;
use file::{Prepared, TargetFile, hard_links, refused_error, sync_folder};
use journal::{Draft, JournalEntry};
use lock::{FolderLock, LockedByOther};
use tempfile::NamedTempFile;

pub use error::{WriteError, WriteRefusal};
pub use journal::Damage;
pub use recover::{
    Mended, Recovery, RecoveryEnd, UnfinishedWrite, Why, recover, unfinished_writes,
};

/// A file to write.
#[derive(Debug, Clone, Copy)]
pub struct FileReplacement<'a> {
    /// The path of the file.
    pub path: &'a Path,
    /// The bytes that were read.
    pub before: &'a [u8],
    /// The bytes to write.
    pub after: &'a [u8],
}

/// The options of a write.
#[derive(Clone, Copy)]
pub struct WriteOptions<'a> {
    /// The suffix under which the old text is kept beside each file (`.bak`); where that name is taken a
    /// number follows.
    pub backup: Option<&'a OsStr>,
    /// The folder of `refit.yaml`: the place for the journal, if all files are below it. Else it is the folder that
    /// they have in common.
    pub home: Option<&'a Path>,
    /// A folder of the user's own, where the journal goes if it cannot be among the files. It is made if
    /// it is not there. To find such a journal, [`recover`] must be told the same folder.
    pub own: Option<&'a Path>,
    /// The time for which another run of refit in the same folder is waited for.
    pub patience: Duration,
    /// Called with the folder when that takes long enough to say so.
    pub waiting: &'a (dyn Fn(&Path) + Sync),
}

impl Default for WriteOptions<'_> {
    fn default() -> Self {
        Self {
            backup: None,
            home: None,
            own: None,
            patience: Duration::from_secs(10),
            waiting: &|_| {},
        }
    }
}

impl fmt::Debug for WriteOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteOptions")
            .field("backup", &self.backup)
            .field("home", &self.home)
            .field("own", &self.own)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// A file that was written.
#[derive(Debug)]
pub struct WrittenFile {
    /// As it was named.
    pub path: PathBuf,
    /// The file that was replaced, if the name is a link.
    pub target: Option<PathBuf>,
    /// The place where the old text is kept.
    pub backup: Option<PathBuf>,
    /// True if another hard link still has the old text.
    pub still_elsewhere: bool,
    /// True if the owner could not be kept.
    pub other_owner: bool,
    /// True if attributes of the file, such as an access control list, could not be kept.
    pub lost_attributes: bool,
}

/// Writes files that belong together: all of them, or none. A file whose text stays is not touched and not
/// in the result.
///
/// # Errors
///
/// The first file that cannot be written, with the reason. The files are then as they were, except
/// after [`WriteError::HalfWritten`].
pub fn write(
    files: &[FileReplacement<'_>],
    options: &WriteOptions<'_>,
) -> Result<Vec<WrittenFile>, WriteError> {
    let targets = find(files)?;
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    // Held until everything else is dropped: what lies beside the files is taken away under the lock.
    let (_lock, draft) = begin(&targets, options)?;
    let mut prepared = Vec::with_capacity(targets.len());
    for target in targets {
        prepared.push(Prepared::new(target)?);
    }
    let mut backups = Backups::default();
    if let Some(suffix) = options.backup {
        for file in &mut prepared {
            file.backup = Some(backups.make(&file.at, suffix)?);
        }
    }
    // The last look before the first file changes: the narrower this gap, the better.
    for file in &prepared {
        file.at.check()?;
    }
    let journal = match draft {
        Some((draft, root)) => Some(commit(draft, &root, &mut prepared)?),
        None => {
            if options.backup.is_some() {
                sync_folders(&prepared);
            }
            None
        }
    };
    let placed = place_all(&mut prepared);
    let half = matches!(placed, Err(WriteError::HalfWritten { .. }));
    // Where a new text could not be taken back, the backup may be all that is left of the old one.
    if placed.is_ok() || half {
        backups.keep();
    }
    if !half && let Some(journal) = journal {
        // If it cannot go, it does no harm: it says what has been done or undone.
        let _ = journal::remove(&journal);
    }
    placed.map(|()| prepared.iter().map(report).collect())
}

/// The files that change, on disk, each once.
fn find<'a>(files: &[FileReplacement<'a>]) -> Result<Vec<TargetFile<'a>>, WriteError> {
    let mut targets: Vec<TargetFile<'a>> = Vec::new();
    let mut known: HashMap<PathBuf, usize> = HashMap::new();
    for file in files.iter().filter(|file| file.before != file.after) {
        let next = TargetFile::find(*file)?;
        let earlier = known.get(&next.target).map(|at| &targets[*at]);
        match earlier {
            None => {
                known.insert(next.target.clone(), targets.len());
                targets.push(next);
            }
            // A file and a link to it, say: with one text for both there is nothing to decide.
            Some(earlier) if earlier.file.after == file.after => {}
            Some(earlier) => {
                return Err(WriteError::SameFile {
                    first: earlier.file.path.to_owned(),
                    second: file.path.to_owned(),
                });
            }
        }
    }
    Ok(targets)
}

/// A journal to fill, and the root of its paths.
type JournalDraft = Option<(Draft, PathBuf)>;

/// Locks the folders, and finds a place for the journal if there are several files.
fn begin(
    targets: &[TargetFile<'_>],
    options: &WriteOptions<'_>,
) -> Result<(FolderLock, JournalDraft), WriteError> {
    let folders: BTreeSet<PathBuf> = targets.iter().map(|file| file.folder.clone()).collect();
    let lock = |folders: &BTreeSet<PathBuf>| {
        FolderLock::take(folders, options.patience, options.waiting)
            .map_err(|LockedByOther(folder)| WriteError::Locked { folder })
    };
    if targets.len() == 1 {
        return Ok((lock(&folders)?, None));
    }
    let common = common(&folders);
    let mut failed = None;
    for (folder, root) in places(&common, &folders, options) {
        // All are locked in one go: to add the journal's folder to locks already held would break the one
        // order in which runs take them, and two could wait for each other.
        let mut folders = folders.clone();
        folders.insert(folder.clone());
        let lock = lock(&folders)?;
        match Draft::new(&folder, &root) {
            Ok(draft) => return Ok((lock, Some((draft, root)))),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    let source = failed.unwrap_or_else(|| std::io::ErrorKind::NotFound.into());
    Err(WriteError::NoJournal {
        folder: common,
        kind: WriteRefusal::of(&source),
        source,
    })
}

/// The folders for a journal, best first, and the folders that its paths start from.
fn places(
    common: &Path,
    folders: &BTreeSet<PathBuf>,
    options: &WriteOptions<'_>,
) -> Vec<(PathBuf, PathBuf)> {
    let mut places = Vec::new();
    if let Some(home) = options.home.and_then(|home| fs::canonicalize(home).ok())
        && folders.iter().all(|folder| folder.starts_with(&home))
    {
        places.push((home.clone(), home));
    }
    places.push((common.to_owned(), common.to_owned()));
    if let Some(own) = options.own
        && let Some(own) = recover::own_folder(own, true)
    {
        places.push((own, common.to_owned()));
    }
    places
}

/// The innermost folder that has all these below it.
fn common(folders: &BTreeSet<PathBuf>) -> PathBuf {
    let mut common = folders.first().cloned().unwrap_or_default();
    while !folders.iter().all(|folder| folder.starts_with(&common)) {
        // At the root, everything is below it.
        if !common.pop() {
            break;
        }
    }
    common
}

/// Makes the way back durable: the old texts under second names, and the journal. Returns where it is.
fn commit(draft: Draft, root: &Path, prepared: &mut [Prepared<'_>]) -> Result<PathBuf, WriteError> {
    let mut entries = Vec::with_capacity(prepared.len());
    for file in &mut *prepared {
        file.keep_old()?;
        let spares: Vec<&Path> = [Some(&file.ready), file.old.as_ref()]
            .into_iter()
            .flatten()
            .map(AsRef::as_ref)
            .collect();
        let at = &file.at;
        entries.push(JournalEntry::new(
            root,
            &at.target,
            at.file.before,
            at.file.after,
            &spares,
        ));
    }
    sync_folders(prepared);
    draft
        .commit(entries)
        .map_err(|source| WriteError::NoJournal {
            folder: root.to_owned(),
            kind: WriteRefusal::of(&source),
            source,
        })
}

/// Gives every file its new text, or every file its old text back.
fn place_all(prepared: &mut [Prepared<'_>]) -> Result<(), WriteError> {
    let failed = prepared
        .iter()
        .enumerate()
        .find_map(|(at, file)| Some((at, file.place().err()?)));
    let result = match failed {
        None => Ok(()),
        Some((at, error)) => Err(roll_back(error, &mut prepared[..at])),
    };
    if matches!(result, Err(WriteError::HalfWritten { .. })) {
        prepared.iter_mut().for_each(Prepared::leave);
    }
    sync_folders(prepared);
    result
}

fn roll_back(error: WriteError, done: &mut [Prepared<'_>]) -> WriteError {
    let left: Vec<_> = done
        .iter()
        .rev()
        .filter(|file| file.put_back().is_err())
        .map(|file| file.at.file.path.to_owned())
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

/// Makes what happened to the files' names durable.
fn sync_folders(prepared: &[Prepared<'_>]) {
    let folders: BTreeSet<&Path> = prepared
        .iter()
        .map(|file| file.at.folder.as_path())
        .collect();
    folders.into_iter().for_each(sync_folder);
}

fn report(file: &Prepared<'_>) -> WrittenFile {
    let at = &file.at;
    let path = at.file.path;
    let link = fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_symlink());
    // As the user would name it, where no link leads to another folder.
    let backup = match &file.backup {
        Some(full) if !link => full.file_name().map(|name| path.with_file_name(name)),
        other => other.clone(),
    };
    WrittenFile {
        path: path.to_owned(),
        target: link.then(|| at.target.clone()),
        backup,
        still_elsewhere: hard_links(&at.meta) > 1,
        other_owner: file.lost.owner,
        lost_attributes: file.lost.attributes,
    }
}

/// Makes a file that is not there yet: whole, synced, and never over another one.
///
/// # Errors
///
/// If the name is taken or the folder cannot be written. Nothing is left behind.
pub fn create(path: &Path, text: &[u8]) -> Result<(), WriteError> {
    named(path, path, text, |new| {
        new.persist_noclobber(path).map_err(|e| e.error)
    })
}

/// Makes a file, or puts a new text in place of one that refit made before: a report, never a user's
/// values. Whole or not at all, and synced. A link is written through.
///
/// # Errors
///
/// If the name is that of something else than a plain file, or the folder cannot be written. What was
/// there before is still there then.
pub fn put(path: &Path, text: &[u8]) -> Result<(), WriteError> {
    if let Ok(meta) = fs::metadata(path) {
        file::refuse_special(path, &meta)?;
    }
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    named(path, &target, text, |new| {
        new.persist(&target).map_err(|e| e.error)
    })
}

/// Writes a new file beside its place, and gives it its name.
fn named<T>(
    path: &Path,
    target: &Path,
    text: &[u8],
    name: impl FnOnce(NamedTempFile) -> io::Result<T>,
) -> Result<(), WriteError> {
    let failed = |doing| refused_error(path, doing);
    // The parent of a bare name is the empty path, which the system does not open.
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = fs::canonicalize(folder).map_err(failed("make a file there"))?;
    let options = WriteOptions::default();
    let folders = BTreeSet::from([folder.clone()]);
    let _lock = FolderLock::take(&folders, options.patience, options.waiting)
        .map_err(|LockedByOther(folder)| WriteError::Locked { folder })?;
    let mut new = file::new_file(&folder).map_err(failed("make a file there"))?;
    new.write_all(text)
        .and_then(|()| new.as_file().sync_all())
        .map_err(failed("write it"))?;
    name(new).map_err(failed("give the file its name"))?;
    sync_folder(&folder);
    Ok(())
}

#[cfg(test)]
mod tests;
