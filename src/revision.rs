//! The files of a git revision, beside those of the work tree: what `--since` compares with.
//!
//! A branch is compared with the commit where it left the other one (its merge base), as `git diff
//! REV...` does: what the other branch has gained since is not this branch's doing, and taken from its tip
//! it would look as if this branch had taken it back. The work tree counts as it is, committed or not.
//!
//! The objects are read through the `git` program, because nothing else reads packed, alternate and
//! partial object stores as it does, and written into a folder of refit's own: so one loader reads both
//! states. It must never change the repository: no lock, no hook, no fetch (see `command`).

use std::{
    collections::BTreeMap,
    fs, io,
    io::{BufReader, Write as _},
    path::{Component, Path, PathBuf},
    process::Stdio,
    thread,
};

use crate::git::{command, output, path};

/// A commit to compare the work tree with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The root of the work tree.
    pub root: PathBuf,
    /// The commit.
    pub commit: String,
    /// The name that was given.
    pub named: String,
}

/// The reasons for which there is nothing to compare with.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// The program `git` cannot be run.
    #[error("the program git cannot be run: {0}")]
    Program(io::Error),
    /// The folder is in no repository, or git does not trust it.
    #[error("{}: git finds no work tree here{}", .folder.display(), quoted_message(.message))]
    NoRepository {
        /// The folder.
        folder: PathBuf,
        /// Git's words.
        message: String,
    },
    /// The revision does not exist here.
    #[error("git knows no revision `{named}` here")]
    Unknown {
        /// The name that was given.
        named: String,
        /// True if the history is cut off.
        shallow: bool,
    },
    /// The histories do not meet, as far as they are here.
    #[error("git finds no commit from which both `{named}` and this branch come")]
    NoMergeBase {
        /// The name that was given.
        named: String,
        /// True if the history is cut off.
        shallow: bool,
    },
    /// An object is missing, as in a partial clone, or git failed.
    #[error("git cannot give the files of {commit}{}", quoted_message(.message))]
    Objects {
        /// The commit.
        commit: String,
        /// Git's words.
        message: String,
    },
    /// The files cannot be put anywhere.
    #[error("{}: the files of the revision cannot be written there: {source}", .path.display())]
    Write {
        /// The path.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

fn quoted_message(message: &str) -> String {
    match message.lines().find(|line| !line.trim().is_empty()) {
        Some(line) => format!(" (it says: {})", line.trim()),
        None => String::new(),
    }
}

impl RevisionError {
    /// The user's next step, one sentence.
    #[must_use]
    pub fn next(&self) -> String {
        match self {
            Self::Program(_) => "install git, or state the version before with --from".to_owned(),
            Self::NoRepository { .. } => {
                "run refit in a clone; where the folder belongs to somebody else: git config --global --add safe.directory FOLDER".to_owned()
            }
            Self::Unknown { named, shallow } => {
                let fetch = match named.split_once('/') {
                    Some((remote, branch)) => format!("git fetch {remote} {branch}"),
                    None => format!("git fetch origin {named}"),
                };
                let deep = if *shallow { "; this clone is shallow: git fetch --unshallow" } else { "" };
                format!("check the spelling, or get it first: {fetch}{deep}")
            }
            Self::NoMergeBase { shallow: true, .. } => {
                "this clone is shallow: git fetch --unshallow (actions/checkout: fetch-depth: 0; GitLab: GIT_DEPTH: 0)".to_owned()
            }
            Self::NoMergeBase { .. } => {
                "name a commit of this branch's own history, such as HEAD~1".to_owned()
            }
            Self::Objects { .. } => {
                "in a partial clone refit fetches nothing: make a full one, or `git fetch --refetch --no-filter`".to_owned()
            }
            Self::Write { .. } => "make room there, or set TMPDIR to another folder".to_owned(),
        }
    }
}

/// The output of git, if it ends well; else its error.
fn ask(folder: &Path, args: &[&str]) -> Result<Result<Vec<u8>, String>, RevisionError> {
    output(command(folder).args(args)).map_err(RevisionError::Program)
}

fn line(answer: &[u8]) -> String {
    String::from_utf8_lossy(answer).trim_end().to_owned()
}

impl Revision {
    /// The commit from which the branch that is checked out and `named` both come.
    ///
    /// # Errors
    ///
    /// If there is no repository, no such revision, or no common commit here.
    pub fn find(folder: &Path, named: &str) -> Result<Self, RevisionError> {
        let root = match ask(folder, &["rev-parse", "--show-toplevel"])? {
            Ok(answer) => PathBuf::from(line(&answer)),
            Err(message) => {
                return Err(RevisionError::NoRepository {
                    folder: folder.to_owned(),
                    message,
                });
            }
        };
        let shallow = || {
            let answer = ask(&root, &["rev-parse", "--is-shallow-repository"]);
            matches!(answer, Ok(Ok(answer)) if line(&answer) == "true")
        };
        let unknown = || RevisionError::Unknown {
            named: named.to_owned(),
            shallow: shallow(),
        };
        // An option is no revision.
        if named.is_empty() || named.starts_with('-') {
            return Err(unknown());
        }
        let commit = format!("{named}^{{commit}}");
        let tip = ask(&root, &["rev-parse", "--verify", "--quiet", &commit])?;
        let tip = line(&tip.map_err(|_| unknown())?);
        let base = ask(&root, &["merge-base", &tip, "HEAD"])?;
        let base = base.map_err(|_| RevisionError::NoMergeBase {
            named: named.to_owned(),
            shallow: shallow(),
        })?;
        Ok(Self {
            commit: line(&base),
            root: fs::canonicalize(&root).unwrap_or(root),
            named: named.to_owned(),
        })
    }

    fn failed(&self, message: String) -> RevisionError {
        RevisionError::Objects {
            commit: self.commit.clone(),
            message,
        }
    }

    /// Files that have another name in the work tree: what they are called now, and what they were called.
    ///
    /// # Errors
    ///
    /// If git cannot compare.
    pub fn renamed(&self) -> Result<BTreeMap<PathBuf, PathBuf>, RevisionError> {
        let args = ["diff", "--no-ext-diff", "--no-textconv", "--name-status"];
        let args = [
            &args[..],
            &["--find-renames", "-z", "--ignore-submodules=all"],
            &[&self.commit, "--"],
        ]
        .concat();
        let answer = ask(&self.root, &args)?.map_err(|message| self.failed(message))?;
        let mut parts = answer.split(|byte| *byte == 0);
        let mut renamed = BTreeMap::new();
        while let Some(status) = parts.next().filter(|status| !status.is_empty()) {
            let first = parts.next().and_then(path);
            if status.starts_with(b"R")
                && let (Some(old), Some(new)) = (first, parts.next().and_then(path))
            {
                renamed.insert(new.to_owned(), old.to_owned());
            }
        }
        Ok(renamed)
    }

    /// Writes the files of the commit that a run may read (YAML, templates of it, ignore files) into a
    /// folder, under their paths. Links are made only where they stay inside.
    ///
    /// # Errors
    ///
    /// If an object is missing, or the folder cannot be written.
    pub fn write_out(&self, folder: &Path) -> Result<(), RevisionError> {
        let args = ["ls-tree", "-r", "-z", "--full-tree", &self.commit];
        let listed = ask(&self.root, &args)?.map_err(|message| self.failed(message))?;
        let entries: Vec<TreeEntry<'_>> = listed.split(|b| *b == 0).filter_map(entry).collect();
        // So that it is a repository's root, as the work tree's is.
        let mark = folder.join(".git");
        fs::create_dir_all(&mark).map_err(|source| RevisionError::Write { path: mark, source })?;
        let mut git = command(&self.root)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(RevisionError::Program)?;
        let (Some(mut asked), Some(answers)) = (git.stdin.take(), git.stdout.take()) else {
            return Err(self.failed(String::new()));
        };
        let mut answers = BufReader::new(answers);
        let ids: String = entries.iter().flat_map(|entry| [entry.id, "\n"]).collect();
        let result = thread::scope(|scope| {
            // Asked from a thread of its own: git answers before it has read everything.
            scope.spawn(move || asked.write_all(ids.as_bytes()));
            entries.iter().try_for_each(|entry| {
                let bytes = answer(&mut answers, entry.id).map_err(|e| self.failed(e))?;
                put(folder, entry, &bytes)
            })
        });
        drop(answers);
        let _ = git.kill();
        let _ = git.wait();
        result
    }
}

/// A file of a commit.
struct TreeEntry<'a> {
    is_link: bool,
    id: &'a str,
    path: &'a Path,
}

/// A line of `git ls-tree -z`, if it is a file that a run may read.
fn entry(line: &[u8]) -> Option<TreeEntry<'_>> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let mut words = std::str::from_utf8(&line[..tab]).ok()?.split(' ');
    let (mode, kind, id) = (words.next()?, words.next()?, words.next()?);
    let path = path(&line[tab + 1..])?;
    let is_link = mode == "120000";
    (kind == "blob" && (is_link || may_be_read(path))).then_some(TreeEntry { is_link, id, path })
}

/// True if a run may read a file of this name.
fn may_be_read(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    let name = name.to_ascii_lowercase();
    let ends = [".yaml", ".yml", ".gotmpl", ".tpl", ".lock", ".env", ".json"];
    ends.iter().any(|end| name.ends_with(end)) || matches!(&*name, ".gitignore" | ".ignore")
}

/// One answer of `git cat-file --batch`.
fn answer(git: &mut impl io::BufRead, id: &str) -> Result<Vec<u8>, String> {
    let mut head = String::new();
    git.read_line(&mut head).map_err(|e| e.to_string())?;
    let size = head
        .trim_end()
        .rsplit(' ')
        .next()
        .and_then(|n| n.parse().ok());
    let Some(size) = size.filter(|_| head.contains(" blob ")) else {
        return Err(format!("{id} {}", head.trim_end()).replace(&format!("{id} {id}"), id));
    };
    let mut bytes = vec![0; size];
    git.read_exact(&mut bytes).map_err(|e| e.to_string())?;
    // The line break behind it.
    git.read_exact(&mut [0]).map_err(|e| e.to_string())?;
    Ok(bytes)
}

fn put(folder: &Path, entry: &TreeEntry<'_>, bytes: &[u8]) -> Result<(), RevisionError> {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    // Git itself makes no other paths; one that was forged must not lead out of the folder.
    if !entry.path.components().all(plain) {
        return Ok(());
    }
    let path = folder.join(entry.path);
    let made = (|| {
        if let Some(above) = path.parent() {
            fs::create_dir_all(above)?;
        }
        if entry.is_link {
            link(&path, folder, bytes)
        } else {
            fs::File::create_new(&path)?.write_all(bytes)
        }
    })();
    made.map_err(|source| RevisionError::Write { path, source })
}

/// Makes a link, unless it leads out of the commit. It is judged by where it stands and leads, links on the way
/// included: `a -> .` and `b -> a/../x` leave the folder, though each by its name alone stays in it.
#[cfg(unix)]
fn link(at: &Path, folder: &Path, target: &[u8]) -> io::Result<()> {
    let Some(target) = path(target).filter(|target| target.is_relative()) else {
        return Ok(());
    };
    let mut depth = 0isize;
    for part in target.components() {
        match part {
            // Behind a name, which may be a link, `..` is not the folder before it.
            Component::ParentDir if depth > 0 => return Ok(()),
            Component::Normal(_) => depth += 1,
            _ => {}
        }
    }
    let above = at.parent().unwrap_or(folder).canonicalize()?;
    let folder = folder.canonicalize()?;
    let up = target
        .components()
        .filter(|part| matches!(part, Component::ParentDir));
    let below = above
        .strip_prefix(&folder)
        .map(|below| below.components().count());
    if below.is_ok_and(|below| up.count() <= below) {
        std::os::unix::fs::symlink(target, at)?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path, _: &[u8]) -> io::Result<()> {
    Ok(())
}
