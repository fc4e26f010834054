//! The reasons for which a file was not written, in words, and what a person can do about it.

use std::{io, path::PathBuf};

/// The reasons for which a file was not written. No file of the call was changed, unless [`WriteError::HalfWritten`].
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
        /// The kind of thing that it is.
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
    /// Another run of refit writes in the same folder, and did not end in time.
    #[error("{}: another refit is writing in this folder; nothing was written", .folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// There is no place for the journal that several files need.
    #[error(
        "{}: cannot keep a journal there, by which an interrupted write of several files could be finished: {source}; nothing was written",
        .folder.display()
    )]
    NoJournal {
        /// The folder that the files have in common.
        folder: PathBuf,
        /// The kind of refusal.
        kind: WriteRefusal,
        /// The system's words.
        source: io::Error,
    },
    /// The system refused.
    #[error("{}: cannot {doing}: {source}; nothing was written", .path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// The action that was tried, as it continues "cannot".
        doing: &'static str,
        /// The kind of refusal.
        kind: WriteRefusal,
        /// The system's words.
        source: io::Error,
    },
    /// A file failed after others were written, and not all of those could get their old text back.
    /// The journal stays, and with it both texts of each file.
    #[error(
        "{failed}, except that {} could not be put back and now {} the new text",
        list(.left), if .left.len() == 1 { "holds" } else { "hold" }
    )]
    HalfWritten {
        /// The error that came first.
        failed: Box<WriteError>,
        /// The files that hold the new text.
        left: Vec<PathBuf>,
    },
}

/// Kinds of refusal, as far as they call for different next steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteRefusal {
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

impl WriteRefusal {
    pub(super) fn of(error: &io::Error) -> Self {
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
    /// The user's next step, one sentence.
    #[must_use]
    pub fn next(&self) -> &'static str {
        match self {
            Self::Changed { .. } => {
                "run the same command without --write to see the difference for the file as it is now"
            }
            Self::NotAFile { .. } => "name the values file itself",
            Self::SameFile { .. } => "name the file once",
            Self::Locked { .. } => "let the other run end, and run the command again",
            Self::HalfWritten { .. } => {
                "mend what failed and run a command with --write again, which undoes or finishes this one first; or restore the files from version control"
            }
            Self::NoJournal {
                kind: WriteRefusal::Full,
                ..
            } => "free some space and run the command again",
            Self::NoJournal { .. } => {
                "give yourself write permission on that folder, which all files of this write have in common, or take the change with -o patch"
            }
            Self::Refused { kind, .. } => match kind {
                WriteRefusal::Missing => "check the name, and that its folder is there",
                WriteRefusal::Permission => {
                    "give yourself write permission on the file and on its folder (refit makes a new file beside the old one), or take the change with -o patch"
                }
                WriteRefusal::ReadOnly => {
                    "run refit where the folder can be written, or take the change with -o patch"
                }
                WriteRefusal::Full => {
                    "free some space (refit needs room for a second copy of the file) and run the command again"
                }
                WriteRefusal::Busy => {
                    "the file is a mount by itself, or in use; run refit where its folder is, or take the change with -o patch"
                }
                WriteRefusal::Other => {
                    "see the system's message above; -o patch gives the change without writing"
                }
            },
        }
    }
}

pub(super) fn list(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}
