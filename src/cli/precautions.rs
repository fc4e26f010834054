//! What surrounds writing: interrupted runs before it, warnings, and how files are written.

use std::{
    ffi::OsStr,
    io::Write as _,
    path::{Path, PathBuf},
};

use refit::{
    git::{self, UnsavedState},
    report::Detail,
    write::{self, RecoveryEnd, UnfinishedWrite, Why, WriteOptions},
};

use super::terminal::Terminal;

/// The number of names that are given before the rest is counted.
const NAMES: usize = 5;

/// The precautions of this process for writing.
pub struct Writing {
    own: Option<PathBuf>,
}

impl Writing {
    /// With the user's own folder for what refit remembers between runs.
    pub fn new() -> Self {
        // The XDG Base Directory Specification has relative paths ignored. LOCALAPPDATA is its like on Windows.
        let env = |name| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let own = env("XDG_STATE_HOME")
            .or_else(|| env("LOCALAPPDATA"))
            .or_else(|| env("HOME").map(|home| home.join(".local/state")))
            .map(|state| state.join("refit"));
        Self { own }
    }

    /// The options for the library.
    pub fn options<'a>(&'a self, backup: Option<&'a OsStr>) -> WriteOptions<'a> {
        WriteOptions {
            backup,
            own: self.own.as_deref(),
            waiting: &|folder| {
                // Said past the terminal's bookkeeping: it comes while something is written.
                let _ = writeln!(
                    std::io::stderr(),
                    "Waiting for another refit that is writing in {}",
                    folder.display()
                );
            },
            ..WriteOptions::default()
        }
    }

    /// Finishes or undoes what an interrupted run left of these files, and says so.
    pub fn mend(&self, files: &[&Path], terminal: &mut Terminal) {
        let recovery = write::recover(files, &self.options(None));
        for mended in recovery.mended {
            let how = match mended.how {
                RecoveryEnd::Finished => "finished",
                RecoveryEnd::Undone => "undone",
            };
            let files = names(mended.files.iter().map(PathBuf::as_path));
            terminal.say(&format!(
                "note: an interrupted write of an earlier run was {how}: {files}\n\n"
            ));
        }
    }

    /// Says what an interrupted run left of these files, and changes nothing.
    pub fn tell(&self, files: &[&Path], terminal: &mut Terminal) {
        for trouble in write::unfinished_writes(files, self.own.as_deref()) {
            terminal.say(&format!(
                "warning: {trouble}\n  next: {}\n\n",
                trouble.next()
            ));
        }
    }

    /// The journals of interrupted runs that could not be mended. Another run that is still at work is none of them: it
    /// is waited for.
    pub fn unfinished_writes(&self, files: &[&Path]) -> Vec<UnfinishedWrite> {
        let mut left = write::unfinished_writes(files, self.own.as_deref());
        left.retain(|trouble| !matches!(trouble.why, Why::Busy(_)));
        left
    }
}

/// Warns of files whose changes git could not tell from refit's.
pub fn warn_uncommitted(files: &[&Path], detail: Detail, terminal: &mut Terminal) {
    if detail == Detail::Quiet {
        return;
    }
    let found = git::uncommitted(files.iter().copied());
    for (state, one, many) in [
        (
            UnsavedState::Modified,
            "has changes that are not committed: git shows them together with refit's",
            "have changes that are not committed: git shows them together with refit's",
        ),
        (
            UnsavedState::Untracked,
            "is not tracked by git, which cannot show what refit changed in it",
            "are not tracked by git, which cannot show what refit changed in them",
        ),
    ] {
        let these: Vec<&Path> = found
            .iter()
            .filter(|(_, found)| **found == state)
            .map(|(path, _)| *path)
            .collect();
        let is = match these.len() {
            0 => continue,
            1 => one,
            _ => many,
        };
        terminal.say(&format!("\nwarning: {} {is}\n", names(these.into_iter())));
    }
}

/// Names of files, not too many, as seen from the folder that the user is in.
fn names<'a>(files: impl ExactSizeIterator<Item = &'a Path>) -> String {
    let here = std::env::current_dir()
        .and_then(|here| here.canonicalize())
        .ok();
    let more = files.len().saturating_sub(NAMES);
    let mut text = files
        .take(NAMES)
        .map(|file| {
            let near = here.as_ref().and_then(|here| file.strip_prefix(here).ok());
            near.unwrap_or(file).display().to_string()
        })
        .collect::<Vec<_>>()
        .join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
