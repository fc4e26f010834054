//! Backups: the old text kept beside a file, under a name that was free.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::PathBuf,
};

use super::{
    error::WriteError,
    file::{TargetFile, new_file_beside, refused_error},
};

/// Backups of one call, taken away again if the call fails.
#[derive(Default)]
pub(super) struct Backups(Vec<PathBuf>);

impl Backups {
    /// The number of names that are tried before the folder is taken to be a trap.
    const TRIES: u32 = 10_000;

    /// Makes one. Its name is durable when the folder is synced next.
    pub(super) fn make(
        &mut self,
        at: &TargetFile<'_>,
        suffix: &OsStr,
    ) -> Result<PathBuf, WriteError> {
        let failed = |e| refused_error(at.file.path, "keep a backup beside it")(e);
        let (mut old, _) = new_file_beside(at, at.file.before)?;
        let mut name = OsString::from(&at.target);
        name.push(suffix);
        for number in 0..Self::TRIES {
            let mut name = name.clone();
            if number > 0 {
                name.push(format!(".{number}"));
            }
            let name = PathBuf::from(name);
            // Taken and given in one step: a look before it would leave a gap for another file.
            match old.persist_noclobber(&name) {
                Ok(_) => {
                    self.0.push(name.clone());
                    return Ok(name);
                }
                Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => old = e.file,
                Err(e) => return Err(failed(e.error)),
            }
        }
        Err(failed(io::Error::from(io::ErrorKind::AlreadyExists)))
    }

    pub(super) fn keep(&mut self) {
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
