//! What git says of files: which of them hold changes that are not committed.
//!
//! A person who writes over such a file cannot tell afterwards which change is whose, and cannot take one
//! back by itself. That is worth a warning and nothing more: refit works without git, and nothing here is
//! an error. The `git` program is asked, once per repository, because nothing else reads an index, its
//! ignore rules and its line-ending rules just as git does.
//!
//! Asking must have no effect: no lock is taken, no index is refreshed on disk, no hook, watcher, pager or
//! prompt is started, no object is fetched, and the variables by which a hook of git tells its children
//! about another repository are not passed on.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The reason for which git could not give a file back as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnsavedState {
    /// It holds changes, staged or not.
    Modified,
    /// Git does not have it.
    Untracked,
}

/// More names than this are not given to git; it is asked for the folder that they have in common.
const MAX_NAMES: usize = 200;
/// The time that git may take. A warning that comes later is worth nothing.
const PATIENCE: Duration = Duration::from_secs(5);
/// The variables that a hook, or whoever starts refit, may have set for another repository.
const VARIABLES: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_TRACE",
    "GIT_WORK_TREE",
];

/// The files with changes that are not committed, under the names given. Files in no repository, files that
/// git ignores, and everything that cannot be known are not in it.
#[must_use]
pub fn uncommitted<'a>(
    files: impl IntoIterator<Item = &'a Path>,
) -> BTreeMap<&'a Path, UnsavedState> {
    let mut repositories: BTreeMap<PathBuf, BTreeMap<PathBuf, Vec<&'a Path>>> = BTreeMap::new();
    let mut known = BTreeMap::new();
    let mut folders: BTreeMap<&Path, Option<PathBuf>> = BTreeMap::new();
    for file in files {
        let Some(real) = real(file, &mut folders) else {
            continue;
        };
        let Some(root) = real.parent().and_then(|folder| root(folder, &mut known)) else {
            continue;
        };
        if let Ok(below) = real.strip_prefix(&root) {
            repositories
                .entry(root.clone())
                .or_default()
                .entry(below.to_owned())
                .or_default()
                .push(file);
        }
    }
    let mut found = BTreeMap::new();
    for (root, names) in &repositories {
        let Some(answer) = ask(root, names.keys().map(PathBuf::as_path)) else {
            continue;
        };
        for (state, below) in read(&answer) {
            for name in names.get(below).into_iter().flatten() {
                found.insert(*name, state);
            }
        }
    }
    found
}

/// The file itself, behind links: that is what is written.
fn real<'a>(file: &'a Path, folders: &mut BTreeMap<&'a Path, Option<PathBuf>>) -> Option<PathBuf> {
    let link = fs::symlink_metadata(file).ok()?.file_type().is_symlink();
    let name = file.file_name();
    let (Some(name), false) = (name, link) else {
        return fs::canonicalize(file).ok();
    };
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = folders
        .entry(folder)
        .or_insert_with(|| fs::canonicalize(folder).ok());
    Some(folder.as_ref()?.join(name))
}

/// The root of the work tree in which a folder is.
fn root(folder: &Path, known: &mut BTreeMap<PathBuf, Option<PathBuf>>) -> Option<PathBuf> {
    if let Some(root) = known.get(folder) {
        return root.clone();
    }
    // A folder in the main work tree, a file in others and in submodules.
    let root = if folder.join(".git").symlink_metadata().is_ok() {
        Some(folder.to_owned())
    } else {
        folder.parent().and_then(|above| root(above, known))
    };
    known.insert(folder.to_owned(), root.clone());
    root
}

/// The `git` program, to ask something of the repository that a folder is in. Whatever it is asked, it takes
/// no lock, starts no hook, watcher or prompt, fetches nothing, and reads names literally.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args([
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.hooksPath=/dev/null",
    ]);
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    command
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_LITERAL_PATHSPECS", "1")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// What git prints for a [`command`] with its arguments, if it ends well; else its error.
///
/// # Errors
///
/// If git cannot be started.
pub(crate) fn output(command: &mut Command) -> io::Result<Result<Vec<u8>, String>> {
    let output = command.stderr(Stdio::piped()).output()?;
    Ok(match output.status.success() {
        true => Ok(output.stdout),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    })
}

/// The output of `git status` for these files.
fn ask<'a>(root: &Path, names: impl Iterator<Item = &'a Path> + Clone) -> Option<Vec<u8>> {
    let mut command = command(root);
    command
        .args(["status", "--porcelain=v1", "-z", "--no-renames"])
        .args(["--untracked-files=all", "--ignore-submodules=all", "--"]);
    if names.clone().count() <= MAX_NAMES {
        command.args(names);
    } else {
        command.arg(common(names));
    }
    command.stderr(Stdio::null());
    answer(command.spawn().ok()?)
}

/// The output of a process that ends well and in time.
fn answer(mut git: Child) -> Option<Vec<u8>> {
    let mut output = git.stdout.take()?;
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        output.read_to_end(&mut text).map(|_| text)
    });
    let start = Instant::now();
    let mut pause = Duration::from_micros(500);
    let status = loop {
        match git.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if start.elapsed() < PATIENCE => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(20));
            }
            _ => {
                let _ = git.kill();
                let _ = git.wait();
                return None;
            }
        }
    };
    let text = reader.join().ok()?.ok()?;
    status.success().then_some(text)
}

/// The innermost folder that has all these below it, `.` for the root.
fn common<'a>(names: impl Iterator<Item = &'a Path>) -> PathBuf {
    let folders: BTreeSet<&Path> = names.filter_map(Path::parent).collect();
    let mut common = folders.first().copied().unwrap_or(Path::new(""));
    while !folders.iter().all(|folder| folder.starts_with(common)) {
        common = common.parent().unwrap_or(Path::new(""));
    }
    if common.as_os_str().is_empty() {
        common = Path::new(".");
    }
    common.to_owned()
}

/// The files in the output of `git status --porcelain=v1 -z --no-renames`.
fn read(answer: &[u8]) -> impl Iterator<Item = (UnsavedState, &Path)> {
    answer.split(|byte| *byte == 0).filter_map(|entry| {
        let (state, name) = (entry.get(..2)?, entry.get(3..)?);
        let state = match state {
            b"??" => UnsavedState::Untracked,
            b"!!" => return None,
            _ => UnsavedState::Modified,
        };
        Some((state, path(name)?))
    })
}

/// A name as git prints it with `-z`.
#[cfg(unix)]
pub(crate) fn path(bytes: &[u8]) -> Option<&Path> {
    Some(Path::new(
        <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes),
    ))
}

/// A name as git prints it with `-z`.
#[cfg(not(unix))]
pub(crate) fn path(bytes: &[u8]) -> Option<&Path> {
    // Git prints UTF-8 and `/` there, which paths compare like their own separator.
    std::str::from_utf8(bytes)
        .ok()
        .map(|text| Path::new(OsStr::new(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_whatever_is_in_them() {
        let found: Vec<_> = read(b" M a b\nc\0?? d\0M  e\0UU f\0!! g\0").collect();
        let modified = |name| (UnsavedState::Modified, Path::new(name));
        assert_eq!(
            found,
            [
                modified("a b\nc"),
                (UnsavedState::Untracked, Path::new("d")),
                modified("e"),
                modified("f")
            ]
        );
        assert_eq!(read(b"").count(), 0);
    }

    #[test]
    fn many_names_are_asked_for_by_their_folder() {
        let common = |names: &[&str]| common(names.iter().map(Path::new));
        assert_eq!(common(&["a/b/1", "a/b/2"]), Path::new("a/b"));
        assert_eq!(common(&["a/b/1", "a/c/2"]), Path::new("a"));
        assert_eq!(common(&["a/1", "2"]), Path::new("."));
    }
}
