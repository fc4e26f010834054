//! After an interrupted run: finishes or undoes what its journal says, and takes away what it left.
//!
//! What is done is decided by what lies on disk and by the journal, never by detecting or migrating again.
//! Each file must hold the old or the new text, to the byte, and each text in waiting likewise; then the
//! write is finished, if it has begun and all new texts are there, or undone, if all old ones are. Both only
//! rename, one file after the other, and the journal goes last: whoever interrupts this, too, loses nothing.
//!
//! A file that holds anything else was changed by somebody since. It is not touched, nor is anything that
//! the journal names: the journal and both texts stay, and a person is told. A journal that names anything
//! but files below its own folder is not followed at all.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    WriteOptions,
    error::list,
    file::{self, ComparedText, NotPlaced, is_spare, place, sync_folder},
    journal::{self, Damage, FileOnDisk, Journal, JournalEntry, is_mine},
    lock::{FolderLock, LockedByOther},
};

/// The end of interrupted runs.
#[derive(Debug, Default)]
pub struct Recovery {
    /// Writes that were finished or undone.
    pub mended: Vec<Mended>,
    /// The journals that a person must look at.
    pub troubles: Vec<UnfinishedWrite>,
    /// The number of texts in waiting that were taken away because they belonged to no journal.
    pub cleaned: usize,
}

/// A write that was finished or undone.
#[derive(Debug)]
pub struct Mended {
    /// The way in which it ended.
    pub how: RecoveryEnd,
    /// The files, by their full names.
    pub files: Vec<PathBuf>,
}

/// The way in which an interrupted write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryEnd {
    /// All files hold the new text.
    Finished,
    /// All files hold the old text.
    Undone,
}

/// A journal that is still there.
#[derive(Debug)]
pub struct UnfinishedWrite {
    /// The path of the journal.
    pub journal: PathBuf,
    /// The files that it names, by their full names. None of them should be written before the trouble is
    /// over. Empty if the journal cannot be believed.
    pub files: Vec<PathBuf>,
    /// The reason for which it is still there.
    pub why: Why,
}

/// The reasons for which a journal is still there.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// Nobody has tried yet.
    #[error("an interrupted refit has written only some of these files")]
    Unfinished,
    /// Another run has the files in hand.
    #[error("another refit is writing in {}", .0.display())]
    Busy(PathBuf),
    /// The folder cannot be locked, so nobody knows whether the run still goes on.
    #[error(
        "refit cannot tell whether another refit is still writing these files: their file system has no locks"
    )]
    NoLocks,
    /// A file holds neither text.
    #[error("{} has changed since an interrupted refit wrote it or was about to", .file.display())]
    Changed {
        /// The file.
        file: PathBuf,
        /// The path of its old text.
        old: Option<PathBuf>,
        /// The path of its new text.
        new: Option<PathBuf>,
    },
    /// Some files hold the old text and some the new, and the texts for neither end are all there.
    #[error("an interrupted refit has written only some of these files, and the text that {} needs is gone", .0.display())]
    Lost(PathBuf),
    /// The journal cannot be believed.
    #[error("this journal is not followed: {0}")]
    Damaged(#[from] Damage),
    /// The system refused.
    #[error("{}: {source}", .path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

impl std::fmt::Display for UnfinishedWrite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.journal.display(), self.why)?;
        if let Why::Changed { old, new, .. } = &self.why {
            for (what, path) in [("old", old), ("new", new)] {
                if let Some(path) = path {
                    write!(f, "; its {what} text is in {}", path.display())?;
                }
            }
        }
        if matches!(self.why, Why::Unfinished | Why::NoLocks | Why::Lost(_)) {
            write!(f, ": {}", list(&self.files))?;
        }
        Ok(())
    }
}

impl UnfinishedWrite {
    /// The user's next step, one sentence.
    #[must_use]
    pub fn next(&self) -> String {
        let delete = format!("delete {}", self.journal.display());
        match &self.why {
            Why::Unfinished => {
                "run `refit upgrade --write` with one of them: that first finishes or undoes the interrupted write"
                    .to_owned()
            }
            Why::Busy(_) => "let the other run end, and run the command again".to_owned(),
            Why::NoLocks => format!(
                "if no other refit is running, compare these files with version control, and then {delete}"
            ),
            Why::Changed { .. } => format!(
                "put the text that you want into each file that the journal names, and then {delete}"
            ),
            Why::Lost(_) => {
                format!("restore these files from version control, and then {delete}")
            }
            Why::Damaged(Damage::Newer) => "run the refit that wrote it, or a newer one".to_owned(),
            Why::Damaged(Damage::OtherUser) => format!("run refit as that user, or {delete}"),
            Why::Damaged(_) => format!(
                "compare the files in and below that folder with version control, and then {delete}"
            ),
            Why::Refused { .. } => {
                "mend what the system's message says, and run the command again".to_owned()
            }
        }
    }
}

/// Finishes or undoes interrupted writes of these files and of those beside them, and takes away texts in
/// waiting that nobody waits for. Journals are looked for in the files' folders, in all folders above, and in
/// the user's own one.
#[must_use]
pub fn recover(files: &[&Path], options: &WriteOptions<'_>) -> Recovery {
    let mut recovery = Recovery::default();
    let scan = Scan::of(files, options.own);
    for found in scan.relevant() {
        let trouble = |why| UnfinishedWrite {
            journal: found.path.clone(),
            files: found.targets(),
            why,
        };
        match found.read {
            Err(_) => {}
            Ok(ref journal) => match mend_journal(journal, found.own, options) {
                Ok(Some(mended)) => recovery.mended.push(mended),
                Ok(None) => {}
                Err(why) => recovery.troubles.push(trouble(why)),
            },
        }
    }
    recovery.troubles.extend(scan.damaged());
    recovery.cleaned = scan
        .with_spares
        .iter()
        .map(|folder| clean(folder, options.own))
        .sum();
    recovery
}

/// The interrupted writes of these files and of those beside them. Changes nothing.
#[must_use]
pub fn unfinished_writes(files: &[&Path], own: Option<&Path>) -> Vec<UnfinishedWrite> {
    let scan = Scan::of(files, own);
    let relevant = scan.relevant().filter_map(|found| {
        let journal = found.read.as_ref().ok()?;
        let why = match FolderLock::try_take(&journal.folders()) {
            Err(LockedByOther(folder)) => Why::Busy(folder),
            Ok(lock) if !lock.is_sure() => Why::NoLocks,
            Ok(_lock) => match read_again(journal, found.own).and_then(|journal| match journal {
                // Its own run has ended since.
                None => Ok(None),
                Some(journal) => assess(&journal).map(Some),
            }) {
                Ok(None) => return None,
                Ok(Some(_)) => Why::Unfinished,
                Err(why) => why,
            },
        };
        Some(UnfinishedWrite {
            journal: found.path.clone(),
            files: found.targets(),
            why,
        })
    });
    relevant.chain(scan.damaged()).collect()
}

/// The user's own folder for journals, if it is one that nobody else can write. Made if that is asked for.
pub(super) fn own_folder(folder: &Path, make: bool) -> Option<PathBuf> {
    if make {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).ok()?;
    }
    let folder = fs::canonicalize(folder).ok()?;
    let meta = fs::metadata(&folder).ok()?;
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(&meta) & 0o022 != 0 {
        return None;
    }
    (meta.is_dir() && is_mine(&meta)).then_some(folder)
}

/// A journal that was found.
struct FoundJournal {
    path: PathBuf,
    /// True if it is in the user's own folder.
    own: bool,
    read: Result<Journal, Damage>,
}

impl FoundJournal {
    fn targets(&self) -> Vec<PathBuf> {
        self.read
            .iter()
            .flat_map(|journal| journal.targets())
            .collect()
    }
}

/// The journals and the texts in waiting in the folders of some files, and above them.
struct Scan {
    /// The folders of the files.
    folders: BTreeSet<PathBuf>,
    journals: Vec<FoundJournal>,
    /// The folders in which there are texts in waiting.
    with_spares: Vec<PathBuf>,
}

impl Scan {
    fn of(files: &[&Path], own: Option<&Path>) -> Self {
        let folders = folders_of(files);
        let mut all: BTreeSet<&Path> = BTreeSet::new();
        for folder in &folders {
            for above in folder.ancestors() {
                // What lies above a folder that is known came in with it; so a deep tree costs each folder
                // once.
                if !all.insert(above) {
                    break;
                }
            }
        }
        let mut journals = Vec::new();
        let mut with_spares = Vec::new();
        let mut look = |folder: &Path, own: bool| {
            // A folder that may not be read has no journal that refit could have put there and found again.
            let Ok(entries) = fs::read_dir(folder) else {
                return;
            };
            let mut spares = false;
            for entry in entries.flatten() {
                let name = entry.file_name();
                let Some(name) = name.to_str().filter(|name| name.starts_with(file::PREFIX)) else {
                    continue;
                };
                spares |= is_spare(name);
                if name.starts_with(journal::NAME) {
                    let path = entry.path();
                    let read = Journal::read(&path, own);
                    journals.push(FoundJournal { path, own, read });
                }
            }
            if spares {
                with_spares.push(folder.to_owned());
            }
        };
        for folder in &all {
            look(folder, false);
        }
        if let Some(own) = own.and_then(|own| own_folder(own, false))
            && !all.contains(own.as_path())
        {
            look(&own, true);
        }
        journals.sort_by(|a, b| a.path.cmp(&b.path));
        Self {
            folders,
            journals,
            with_spares,
        }
    }

    /// The journals that name a file in the folders of the files.
    fn relevant(&self) -> impl Iterator<Item = &FoundJournal> {
        self.journals.iter().filter(|found| {
            found.read.as_ref().is_ok_and(|journal| {
                journal.targets().any(|target| {
                    target
                        .parent()
                        .is_some_and(|folder| self.folders.contains(folder))
                })
            })
        })
    }

    /// The journals that are not followed.
    fn damaged(&self) -> impl Iterator<Item = UnfinishedWrite> {
        self.journals.iter().filter_map(|found| {
            let again = match found.read.as_ref().err()? {
                // What others do above is no matter of ours: /tmp is everybody's.
                Damage::OtherUser
                    if !found
                        .path
                        .parent()
                        .is_some_and(|folder| self.folders.contains(folder)) =>
                {
                    return None;
                }
                // It may have gone since, which is as good.
                _ => Journal::read(&found.path, found.own).err()?,
            };
            if matches!(&again, Damage::Unreadable(e) if e.kind() == io::ErrorKind::NotFound) {
                return None;
            }
            Some(UnfinishedWrite {
                journal: found.path.clone(),
                files: Vec::new(),
                why: Why::Damaged(again),
            })
        })
    }
}

/// The real folders of files, links followed; files that are not there count as well.
fn folders_of(files: &[&Path]) -> BTreeSet<PathBuf> {
    let mut real: BTreeMap<&Path, Option<PathBuf>> = BTreeMap::new();
    let mut folders = BTreeSet::new();
    for file in files {
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let here = real
            .entry(folder)
            .or_insert_with(|| fs::canonicalize(folder).ok());
        folders.extend(here.clone());
        let link = fs::symlink_metadata(file).is_ok_and(|meta| meta.file_type().is_symlink());
        if link && let Ok(target) = fs::canonicalize(file) {
            folders.extend(target.parent().map(Path::to_owned));
        }
    }
    folders
}

/// A file of a journal and its texts, as they are on disk.
struct OnDisk {
    place: FileOnDisk,
    is_new: bool,
    old: Option<PathBuf>,
    new: Option<PathBuf>,
}

/// Finishes or undoes what a journal says. `None` if its own run has done so meanwhile.
fn mend_journal(
    journal: &Journal,
    own: bool,
    options: &WriteOptions<'_>,
) -> Result<Option<Mended>, Why> {
    let lock = FolderLock::take(&journal.folders(), options.patience, options.waiting)
        .map_err(|LockedByOther(folder)| Why::Busy(folder))?;
    if !lock.is_sure() {
        return Err(Why::NoLocks);
    }
    let Some(journal) = read_again(journal, own)? else {
        return Ok(None);
    };
    let (how, files) = assess(&journal)?;
    for (file, entry) in files.iter().zip(&journal.files) {
        let (spare, expected) = match how {
            RecoveryEnd::Finished if !file.is_new => (&file.new, &entry.before),
            RecoveryEnd::Undone if file.is_new => (&file.old, &entry.after),
            _ => continue,
        };
        let Some(spare) = spare else { continue };
        let target = &file.place.target;
        place(spare, target, &ComparedText::Digest(expected)).map_err(|failed| match failed {
            NotPlaced::Refused(source) => refused_error(target, source),
            NotPlaced::Changed => Why::Changed {
                file: target.clone(),
                old: file.old.clone(),
                new: file.new.clone(),
            },
        })?;
    }
    let folders: BTreeSet<&Path> = files
        .iter()
        .map(|file| file.place.folder.as_path())
        .collect();
    folders.into_iter().for_each(sync_folder);
    journal::remove(&journal.path).map_err(|source| refused_error(&journal.path, source))?;
    // The texts go behind the journal: left without a journal they are cleaned up by any later run, while a
    // journal without its texts could be neither finished nor undone.
    // Each holds the old or the new text, and so does the file.
    for spare in files.iter().flat_map(|file| &file.place.spares) {
        let _ = fs::remove_file(spare);
    }
    Ok(Some(Mended {
        how,
        files: files.into_iter().map(|file| file.place.target).collect(),
    }))
}

/// Reads a journal again, now that nobody changes it any more. `None` if it is gone: its own run has ended.
fn read_again(journal: &Journal, own: bool) -> Result<Option<Journal>, Why> {
    match Journal::read(&journal.path, own) {
        Err(Damage::Unreadable(e)) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        read => Ok(Some(read?)),
    }
}

fn refused_error(path: &Path, source: io::Error) -> Why {
    Why::Refused {
        path: path.to_owned(),
        source,
    }
}

/// The possible end of an interrupted write, from the files on disk.
fn assess(journal: &Journal) -> Result<(RecoveryEnd, Vec<OnDisk>), Why> {
    let mut files = Vec::with_capacity(journal.files.len());
    for entry in &journal.files {
        files.push(look_at(entry, &journal.root)?);
    }
    // Where no file is new, the write has not begun, or somebody has taken it back: it is not begun now,
    // with answers that may be yesterday's.
    let begun = files.iter().any(|file| file.is_new);
    let how = if begun && files.iter().all(|file| file.is_new || file.new.is_some()) {
        RecoveryEnd::Finished
    } else if files.iter().all(|file| !file.is_new || file.old.is_some()) {
        RecoveryEnd::Undone
    } else {
        let lost = files.iter().find(|file| !file.is_new && file.new.is_none());
        return Err(Why::Lost(lost.map_or_else(
            || journal.path.clone(),
            |file| file.place.target.clone(),
        )));
    };
    Ok((how, files))
}

/// The text that a file contains, and the texts beside it.
fn look_at(entry: &JournalEntry, root: &Path) -> Result<OnDisk, Why> {
    let place = entry.place(root)?;
    let (mut old, mut new, mut strange) = (None, None, None);
    for spare in &place.spares {
        match digest(spare)? {
            None => {}
            Some(found) if found == entry.before => old = Some(spare.clone()),
            Some(found) if found == entry.after => new = Some(spare.clone()),
            Some(_) => strange = Some(spare.clone()),
        }
    }
    let found = digest(&place.target)?;
    let is_new = found.as_ref() == Some(&entry.after);
    let changed = if is_new || found.as_ref() == Some(&entry.before) {
        strange
    } else {
        // Who writes into an old file writes into its second name too: the file is what is told.
        Some(place.target.clone())
    };
    match changed {
        Some(file) => Err(Why::Changed { file, old, new }),
        None => Ok(OnDisk {
            place,
            is_new,
            old,
            new,
        }),
    }
}

/// The digest of a plain file, if there is one.
fn digest(path: &Path) -> Result<Option<String>, Why> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(refused_error(path, error)),
        // Never the digest of anything: a folder or a pipe is as strange as another text.
        Ok(meta) if !meta.is_file() => Ok(Some(String::new())),
        Ok(_) => file::digest(path)
            .map(Some)
            .map_err(|error| refused_error(path, error)),
    }
}

/// Takes away the texts in waiting in a folder, if no other run has it in hand and no journal names them.
/// Returns how many.
fn clean(folder: &Path, own: Option<&Path>) -> usize {
    let here = BTreeSet::from([folder.to_owned()]);
    let Ok(lock) = FolderLock::try_take(&here) else {
        return 0;
    };
    if !lock.is_sure() {
        return 0;
    }
    // Looked at again: a run may have been killed since.
    let scan = Scan::of(&[&folder.join("a file in it")], own);
    let mut named = BTreeSet::new();
    for found in &scan.journals {
        let Ok(journal) = &found.read else {
            // Nobody knows what it names.
            return 0;
        };
        for entry in &journal.files {
            match entry.place(&journal.root) {
                Ok(place) => named.extend(place.spares),
                Err(_) => return 0,
            }
        }
    }
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(is_spare))
        .map(|entry| entry.path())
        .filter(|path| !named.contains(path))
        .filter(|path| fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file()))
        .filter(|path| fs::remove_file(path).is_ok())
        .count()
}
