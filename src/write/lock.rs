//! Locks: two runs of refit never write in the same folder at the same time.
//!
//! What is locked is the folder itself (`flock` on the open folder), so there is no lock file to leave
//! behind, to commit by mistake or to trust: the system lets go of the lock when the process ends, however
//! it ends. A run locks every folder in which it makes or renames something, always in the same order, so
//! that two runs can wait for one another only one way. The lock is between runs of refit: nobody else
//! asks for it, and it protects from nobody else. That is what the comparison with the text as it was read
//! is for.
//!
//! Threads of one run keep apart by a list of the folders that the process has in hand, so that they wait
//! for one another without asking the system again and again.
//!
//! Some file systems (NFS, mostly) cannot lock a folder, and no folder can be locked where there is no
//! `flock`. Writing goes on there, but nothing that another run may have in hand is cleaned up or mended:
//! see [`FolderLock::is_sure`].

use std::{
    collections::BTreeSet,
    fs::File,
    path::{Path, PathBuf},
    sync::{Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Locked folders; let go of when dropped.
#[derive(Debug)]
pub(super) struct FolderLock {
    /// An open folder is a locked folder.
    held: Vec<File>,
    sure: bool,
    /// Dropped last: other threads go on when the system's locks are gone.
    _ours: Ours,
}

/// The folders that threads of this process have in hand.
static OURS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
/// Told when there are fewer of them.
static FEWER: Condvar = Condvar::new();

/// Folders that one thread has in hand.
#[derive(Debug)]
struct Ours(BTreeSet<PathBuf>);

impl Ours {
    /// Waits until no other thread has any of the folders in hand.
    fn take(folders: &BTreeSet<PathBuf>, patience: Duration) -> Result<Self, LockedByOther> {
        let ours = OURS.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut ours, _) = FEWER
            .wait_timeout_while(ours, patience, |ours| !ours.is_disjoint(folders))
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = ours.intersection(folders).next() {
            return Err(LockedByOther(folder.clone()));
        }
        ours.extend(folders.iter().cloned());
        Ok(Self(folders.clone()))
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        let mut ours = OURS.lock().unwrap_or_else(PoisonError::into_inner);
        ours.retain(|folder| !self.0.contains(folder));
        FEWER.notify_all();
    }
}

/// A folder that another process holds.
#[derive(Debug)]
pub(super) struct LockedByOther(pub PathBuf);

/// The result of one attempt to lock one folder.
enum Attempt {
    Mine(File),
    Held,
    Gone,
    Unsupported,
}

impl FolderLock {
    /// Locks folders, given by their full names. Waits as long as `patience` for other processes, and
    /// calls `waiting` once if it has to.
    pub(super) fn take(
        folders: &BTreeSet<PathBuf>,
        patience: Duration,
        waiting: &dyn Fn(&Path),
    ) -> Result<Self, LockedByOther> {
        let start = Instant::now();
        let mut told = false;
        let mut lock = Self {
            held: Vec::with_capacity(folders.len()),
            sure: true,
            _ours: Ours::take(folders, patience)?,
        };
        for folder in folders {
            let mut pause = Duration::from_millis(1);
            loop {
                match attempt(folder) {
                    Attempt::Mine(held) => lock.held.push(held),
                    Attempt::Gone => {}
                    Attempt::Unsupported => lock.sure = false,
                    Attempt::Held if start.elapsed() >= patience => {
                        return Err(LockedByOther(folder.clone()));
                    }
                    Attempt::Held => {
                        if !told && start.elapsed() >= PATIENCE_UNTOLD {
                            told = true;
                            waiting(folder);
                        }
                        // `flock` waits for ever or not at all, so a wait with an end has to ask again.
                        std::thread::sleep(pause);
                        pause = (pause * 2).min(Duration::from_millis(50));
                        continue;
                    }
                }
                break;
            }
        }
        Ok(lock)
    }

    /// Locks folders if nobody else holds one of them.
    pub(super) fn try_take(folders: &BTreeSet<PathBuf>) -> Result<Self, LockedByOther> {
        Self::take(folders, Duration::ZERO, &|_| {})
    }

    /// True if all folders could really be locked: the files in them are then in nobody else's hands.
    pub(super) fn is_sure(&self) -> bool {
        self.sure
    }
}

/// A wait that is not worth a word.
const PATIENCE_UNTOLD: Duration = Duration::from_millis(300);

#[cfg(unix)]
fn attempt(folder: &Path) -> Attempt {
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;
    let open = match File::open(folder) {
        Ok(open) => open,
        // In a folder that is gone nobody does anything.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Attempt::Gone,
        // A folder that may be written and not read cannot be opened, and so not locked.
        Err(_) => return Attempt::Unsupported,
    };
    loop {
        return match flock(&open, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Attempt::Mine(open),
            Err(Errno::INTR) => continue,
            Err(Errno::WOULDBLOCK) => Attempt::Held,
            Err(_) => Attempt::Unsupported,
        };
    }
}

#[cfg(not(unix))]
fn attempt(_: &Path) -> Attempt {
    Attempt::Unsupported
}

#[cfg(all(test, unix))]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn set(folders: &[&Path]) -> BTreeSet<PathBuf> {
        folders.iter().map(|folder| folder.to_path_buf()).collect()
    }

    /// A folder as another process holds it.
    fn held_elsewhere(folder: &Path) -> File {
        let Attempt::Mine(file) = attempt(folder) else {
            panic!("it is held")
        };
        file
    }

    #[test]
    fn a_lock_is_waited_for_with_one_word_and_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let here = set(&[folder.path()]);
        let first = held_elsewhere(folder.path());
        let told = Cell::new(0);
        let LockedByOther(held) = FolderLock::take(&here, Duration::from_millis(600), &|at| {
            assert_eq!(at, folder.path());
            told.set(told.get() + 1);
        })
        .unwrap_err();
        assert_eq!((held.as_path(), told.get()), (folder.path(), 1));
        drop(first);
        assert!(FolderLock::try_take(&here).unwrap().is_sure());
    }

    #[test]
    fn threads_of_one_process_exclude_one_another_where_they_meet() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [one, both] = [
            set(&[folders[0].path()]),
            set(&[folders[0].path(), folders[1].path()]),
        ];
        let first = FolderLock::try_take(&one).unwrap();
        let LockedByOther(held) = FolderLock::try_take(&both).unwrap_err();
        assert_eq!(held, folders[0].path());
        // What was not had is not kept.
        drop(FolderLock::try_take(&set(&[folders[1].path()])).unwrap());
        drop(first);
        FolderLock::try_take(&both).unwrap();
    }

    #[test]
    fn a_lock_is_had_as_soon_as_it_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let here = set(&[folder.path()]);
        let first = held_elsewhere(folder.path());
        let other = std::thread::spawn({
            let here = here.clone();
            move || FolderLock::take(&here, Duration::from_secs(60), &|_| {}).is_ok()
        });
        std::thread::sleep(Duration::from_millis(50));
        drop(first);
        assert!(other.join().unwrap());
    }

    #[test]
    fn what_cannot_be_locked_is_not_held_to_be_ours() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        assert!(FolderLock::try_take(&set(&[&missing])).unwrap().is_sure());
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let lock = FolderLock::try_take(&set(&[&file.join("in a file"), folder.path()])).unwrap();
        assert!(!lock.is_sure());
    }
}
