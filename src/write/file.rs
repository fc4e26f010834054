//! One file: what is known of it, its new text beside it, and the step in which the two change places.
//!
//! A text that is made here lies in the file's own folder, under a name of refit's ([`is_spare`]), until it
//! takes the file's name; mode and owner are those of the file. Where the system can, the two files are
//! exchanged in one step and the one that came out is looked at: if somebody has replaced the file since
//! the last look, they are exchanged back and nobody's text is lost.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read, Write as _},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};
use tempfile::{NamedTempFile, TempPath};

use super::{
    FileReplacement, attributes,
    error::{WriteError, WriteRefusal},
};

/// The beginning of the names of refit's own files.
pub(super) const PREFIX: &str = ".refit-";
/// The end of the names of texts in waiting.
const SUFFIX: &str = ".tmp";

/// True for a name that refit gives to a text in waiting.
pub(super) fn is_spare(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(SUFFIX))
        .is_some_and(|middle| {
            !middle.is_empty() && middle.bytes().all(|b| b.is_ascii_alphanumeric())
        })
}

/// A name for a text in waiting, with an empty file behind it.
pub(super) fn new_spare(folder: &Path) -> io::Result<NamedTempFile> {
    // In the file's own folder, for a rename does not cross file systems.
    tempfile::Builder::new()
        .prefix(PREFIX)
        .suffix(SUFFIX)
        .tempfile_in(folder)
}

/// The same for a file that is to stay: with the permissions of any new file of the user's.
pub(super) fn new_file(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    // What the user's mask takes away is taken away.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// A file to write, found on disk.
pub(super) struct TargetFile<'a> {
    pub(super) file: FileReplacement<'a>,
    /// The file itself, behind all links.
    pub(super) target: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) meta: Metadata,
}

impl<'a> TargetFile<'a> {
    pub(super) fn find(file: FileReplacement<'a>) -> Result<Self, WriteError> {
        let failed = |doing| refused_error(file.path, doing);
        let target = fs::canonicalize(file.path).map_err(failed("find it"))?;
        let meta = fs::metadata(&target).map_err(failed("look at it"))?;
        refuse_special(file.path, &meta)?;
        // Opened for writing although it is replaced: a file that its owner made read-only is not ours
        // to replace because the folder happens to allow it.
        File::options()
            .write(true)
            .open(&target)
            .map_err(failed("open it for writing"))?;
        let folder = target
            .parent()
            .map_or_else(|| PathBuf::from("/"), Path::to_owned);
        Ok(Self {
            file,
            target,
            folder,
            meta,
        })
    }

    /// Checks that the file is still where it was found and still contains the text that was read.
    pub(super) fn check(&self) -> Result<(), WriteError> {
        let failed = |doing| refused_error(self.file.path, doing);
        // Named again: a link may lead elsewhere by now.
        let now = fs::canonicalize(self.file.path).map_err(failed("find it"))?;
        if now == self.target
            && ComparedText::Bytes(self.file.before)
                .is_in(&self.target)
                .map_err(failed("read it again"))?
        {
            Ok(())
        } else {
            Err(WriteError::Changed {
                path: self.file.path.to_owned(),
            })
        }
    }
}

/// A file whose new text lies ready beside it.
pub(super) struct Prepared<'a> {
    pub(super) at: TargetFile<'a>,
    /// The new text; the old one, once the two have changed places.
    pub(super) ready: TempPath,
    /// The old text under a second name, if several files are written together.
    pub(super) old: Option<TempPath>,
    pub(super) lost: Lost,
    /// The place where the old text is kept for good.
    pub(super) backup: Option<PathBuf>,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(at: TargetFile<'a>) -> Result<Self, WriteError> {
        at.check()?;
        let (ready, lost) = new_file_beside(&at, at.file.after)?;
        Ok(Self {
            at,
            ready: ready.into_temp_path(),
            old: None,
            lost,
            backup: None,
        })
    }

    /// Gives the old text a second name, by which it can come back without any space on the disk.
    pub(super) fn keep_old(&mut self) -> Result<(), WriteError> {
        let at = &self.at;
        let failed = refused_error(at.file.path, "keep its old text beside it");
        let name = new_spare(&at.folder).map_err(&failed)?.into_temp_path();
        // A link takes the name only if it is free. Nobody else makes such names while we hold the lock.
        fs::remove_file(&name).map_err(&failed)?;
        self.old = Some(match fs::hard_link(&at.target, &name) {
            Ok(()) => name,
            // The file system knows no second names, or not for files of others.
            Err(_) => new_file_beside(at, at.file.before)?.0.into_temp_path(),
        });
        Ok(())
    }

    /// Puts the new text in its place, if the old one is still there.
    pub(super) fn place(&self) -> Result<(), WriteError> {
        let path = self.at.file.path;
        place(
            &self.ready,
            &self.at.target,
            &ComparedText::Bytes(self.at.file.before),
        )
        .map_err(|failed| match failed {
            NotPlaced::Changed => WriteError::Changed {
                path: path.to_owned(),
            },
            NotPlaced::Refused(source) => {
                refused_error(path, "put the new file in its place")(source)
            }
        })
    }

    /// Puts the old text back, if ours is still there.
    pub(super) fn put_back(&self) -> Result<(), NotPlaced> {
        let Some(old) = &self.old else {
            return Err(NotPlaced::Changed);
        };
        place(
            old,
            &self.at.target,
            &ComparedText::Bytes(self.at.file.after),
        )
    }

    /// Leaves the texts beside the file where they are.
    pub(super) fn leave(&mut self) {
        self.ready.disable_cleanup(true);
        if let Some(old) = &mut self.old {
            old.disable_cleanup(true);
        }
    }
}

/// A text that a file is compared with.
pub(super) enum ComparedText<'a> {
    Bytes(&'a [u8]),
    /// By its [`digest`].
    Digest(&'a str),
}

impl ComparedText<'_> {
    /// True for a plain file with just this text. Nothing else than a plain file is opened.
    pub(super) fn is_in(&self, path: &Path) -> io::Result<bool> {
        // To open a pipe would wait for whoever writes into it.
        let meta = fs::symlink_metadata(path)?;
        if !meta.is_file() {
            return Ok(false);
        }
        match self {
            Self::Digest(digest) => Ok(self::digest(path)? == *digest),
            Self::Bytes(bytes) if meta.len() != bytes.len() as u64 => Ok(false),
            Self::Bytes(bytes) => {
                // One byte more: a file that grew is told apart without reading all of it.
                let mut now = Vec::with_capacity(bytes.len() + 1);
                File::open(path)?
                    .take(bytes.len() as u64 + 1)
                    .read_to_end(&mut now)?;
                Ok(now == *bytes)
            }
        }
    }
}

/// The SHA-256 of a file, in hexadecimal digits.
pub(super) fn digest(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut file = File::open(path)?;
    let mut chunk = vec![0; 64 << 10];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            length => hash.update(&chunk[..length]),
        }
    }
    Ok(hex(&hash.finalize()))
}

/// The SHA-256 of a text.
pub(super) fn digest_of(text: &[u8]) -> String {
    hex(&Sha256::digest(text))
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(u32::from(nibble), 16))
        .collect()
}

/// The reasons for which a text did not take its place; the file before is there still.
#[derive(Debug)]
pub(super) enum NotPlaced {
    /// Another text than the expected one is there.
    Changed,
    /// The system's words.
    Refused(io::Error),
}

impl From<io::Error> for NotPlaced {
    fn from(error: io::Error) -> Self {
        Self::Refused(error)
    }
}

/// Puts a text in a file's place, if the expected one is there. The name `spare` then belongs to what was
/// there before, or to nothing.
pub(super) fn place(
    spare: &Path,
    target: &Path,
    expected: &ComparedText<'_>,
) -> Result<(), NotPlaced> {
    place_by(exchange, spare, target, expected)
}

/// The same, by a way to exchange two files that says whether there is one here.
pub(super) fn place_by(
    exchange: impl Fn(&Path, &Path) -> io::Result<bool>,
    spare: &Path,
    target: &Path,
    expected: &ComparedText<'_>,
) -> Result<(), NotPlaced> {
    // Seldom needed where files can be exchanged; but a reader shall not even for a moment see our text
    // in the place of one that is not the expected one.
    if !expected.is_in(target)? {
        return Err(NotPlaced::Changed);
    }
    if !exchange(spare, target)? {
        // The gap between the last look and this step is all that is open to a loss.
        fs::rename(spare, target)?;
        return Ok(());
    }
    match expected.is_in(spare) {
        Ok(true) => Ok(()),
        // A look that fails is no proof either, so the two are exchanged back then, too.
        other => {
            exchange(spare, target)?;
            Err(other.map_or_else(NotPlaced::Refused, |_| NotPlaced::Changed))
        }
    }
}

/// Lets two files change places in one step. `false` if this system or file system cannot.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(one: &Path, other: &Path) -> io::Result<bool> {
    use rustix::{
        fs::{CWD, RenameFlags, renameat_with},
        io::Errno,
    };
    match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        // A kernel without the call says NOSYS, a file system without the flag mostly INVAL. That something is not
        // supported has two numbers on Apple's systems (<sys/errno.h>) and one on Linux.
        Err(error)
            if [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOTSUP].contains(&error) =>
        {
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<bool> {
    Ok(false)
}

pub(super) fn refused_error(path: &Path, doing: &'static str) -> impl Fn(io::Error) -> WriteError {
    move |source| WriteError::Refused {
        path: path.to_owned(),
        doing,
        kind: WriteRefusal::of(&source),
        source,
    }
}

/// The properties of a file that its new text could not be given.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lost {
    pub(super) owner: bool,
    pub(super) attributes: bool,
}

/// A new file with a text beside another, synced, with the other's mode, owner and attributes. Also what could not be
/// kept.
pub(super) fn new_file_beside(
    at: &TargetFile<'_>,
    text: &[u8],
) -> Result<(NamedTempFile, Lost), WriteError> {
    let failed = |doing| refused_error(at.file.path, doing);
    let mut new = new_spare(&at.folder).map_err(failed("make a new file beside it"))?;
    new.write_all(text)
        .map_err(failed("write the new file beside it"))?;
    // The owner first: changing it may clear bits of the mode.
    let owner = !keep_owner(new.as_file(), &at.meta);
    new.as_file()
        .set_permissions(at.meta.permissions())
        .map_err(failed("give the new file the old one's permissions"))?;
    // An access control list last: it decides what the mode shows.
    let attributes = !attributes::keep(new.as_file(), &at.target);
    // Before it takes the name: after a crash the name could else stand for an empty file.
    new.as_file()
        .sync_all()
        .map_err(failed("write the new file beside it"))?;
    Ok((new, Lost { owner, attributes }))
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
pub(super) fn hard_links(meta: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(meta)
}

#[cfg(not(unix))]
pub(super) fn hard_links(_: &Metadata) -> u64 {
    1
}

/// Refuses what is no plain file.
pub(super) fn refuse_special(path: &Path, meta: &Metadata) -> Result<(), WriteError> {
    if meta.is_file() {
        return Ok(());
    }
    Err(WriteError::NotAFile {
        path: path.to_owned(),
        what: if meta.is_dir() {
            "a folder"
        } else {
            "a device, a pipe or a socket"
        },
    })
}

/// Makes what happened to names in a folder durable. Some file systems cannot sync a folder; the files
/// themselves are synced already, so that is not an error.
pub(super) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_refits_own_names_are_spare() {
        for name in [".refit-aB3.tmp", ".refit-0.tmp"] {
            assert!(is_spare(name), "{name}");
        }
        for name in [
            "refit-a.tmp",
            ".refit-.tmp",
            ".refit-a",
            ".refit-journal-a",
            ".refit-a/b.tmp",
            ".refit-..tmp",
            ".refit-a b.tmp",
        ] {
            assert!(!is_spare(name), "{name}");
        }
        let folder = tempfile::tempdir().unwrap();
        let name = new_spare(folder.path()).unwrap();
        assert!(is_spare(name.path().file_name().unwrap().to_str().unwrap()));
    }

    #[test]
    fn a_text_that_was_not_expected_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (spare, target) = (folder.path().join("s"), folder.path().join("t"));
        for expected in [
            ComparedText::Bytes(b"old"),
            ComparedText::Digest(&digest_of(b"old")),
        ] {
            fs::write(&spare, "new").unwrap();
            fs::write(&target, "mine").unwrap();
            let error = place(&spare, &target, &expected).unwrap_err();
            assert!(matches!(error, NotPlaced::Changed), "{error:?}");
            assert_eq!(fs::read(&target).unwrap(), b"mine");
            fs::write(&target, "old").unwrap();
            place(&spare, &target, &expected).unwrap();
            assert_eq!(fs::read(&target).unwrap(), b"new");
        }
    }

    #[test]
    fn a_text_that_comes_at_the_last_moment_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let (spare, target) = (folder.path().join("s"), folder.path().join("t"));
        fs::write(&spare, "new").unwrap();
        fs::write(&target, "old").unwrap();
        // Somebody is faster by just one step.
        let late = |one: &Path, other: &Path| {
            if fs::read(other)? == b"old" {
                fs::write(other, "mine")?;
            }
            let between = folder.path().join("between");
            fs::rename(one, &between)?;
            fs::rename(other, one)?;
            fs::rename(between, other)?;
            Ok(true)
        };
        let error = place_by(late, &spare, &target, &ComparedText::Bytes(b"old")).unwrap_err();
        assert!(matches!(error, NotPlaced::Changed), "{error:?}");
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        assert_eq!(fs::read(&spare).unwrap(), b"new");
    }

    #[test]
    fn a_missing_file_is_not_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let (spare, target) = (folder.path().join("s"), folder.path().join("t"));
        fs::write(&spare, "new").unwrap();
        place(&spare, &target, &ComparedText::Bytes(b"old")).unwrap_err();
        assert!(!target.exists());
    }
}
