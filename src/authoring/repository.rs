//! The versions of a chart in a git repository, bare or not: one for each tag of a pattern.
//!
//! Git is asked with the precautions of [`crate::git`]: nothing is checked out, fetched or locked. All files
//! of all versions come through one process, and a file that several versions share is read once.

use std::{
    collections::{BTreeMap, HashMap},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Stdio},
    sync::Arc,
};

use globset::GlobBuilder;

use crate::git::{command, output};

/// The largest file of a chart that is read, in bytes. Templates and values are far below.
const MAX_FILE: usize = 4 << 20;

/// The reasons for which a repository cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// There is no git.
    #[error("git cannot be run: {0}")]
    Program(std::io::Error),
    /// It is no repository, or git refuses.
    #[error("{}: git cannot read the repository{}", .folder.display(), what_git_says(.message))]
    Refused {
        /// The repository.
        folder: PathBuf,
        /// Git's words.
        message: String,
    },
    /// The pattern is none.
    #[error("`{pattern}` is no pattern for tags: {message}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// The reason.
        message: String,
    },
}

fn what_git_says(message: &str) -> String {
    match message.lines().find(|line| !line.trim().is_empty()) {
        Some(line) => format!(" (it says: {})", line.trim()),
        None => String::new(),
    }
}

/// The files of a chart by their path below it.
pub type ChartFiles = BTreeMap<String, Arc<Vec<u8>>>;

/// A repository that is read.
pub struct Repository {
    folder: PathBuf,
    git: Child,
    asked: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Files by their object.
    known: HashMap<String, Arc<Vec<u8>>>,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        self.asked = None;
        let _ = self.git.kill();
        let _ = self.git.wait();
    }
}

fn run_git(folder: &Path, args: &[&str]) -> Result<Vec<u8>, RepositoryError> {
    let answer = output(command(folder).args(args)).map_err(RepositoryError::Program)?;
    answer.map_err(|message| RepositoryError::Refused {
        folder: folder.to_owned(),
        message,
    })
}

impl Repository {
    /// Opens a repository: a clone, or its git directory.
    ///
    /// # Errors
    ///
    /// If it is none, or there is no git.
    pub fn open(folder: &Path) -> Result<Self, RepositoryError> {
        run_git(folder, &["rev-parse", "--git-dir"])?;
        let mut git = command(folder)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(RepositoryError::Program)?;
        let pipes = (git.stdin.take(), git.stdout.take());
        let (Some(asked), Some(answers)) = pipes else {
            let message = String::new();
            let folder = folder.to_owned();
            return Err(RepositoryError::Refused { folder, message });
        };
        Ok(Self {
            folder: folder.to_owned(),
            git,
            asked: Some(asked),
            answers: BufReader::new(answers),
            known: HashMap::new(),
        })
    }

    /// The tags that a pattern (`chart-*`) fits, by name.
    ///
    /// # Errors
    ///
    /// If the pattern is none, or git fails.
    pub fn tags(&self, pattern: &str) -> Result<Vec<String>, RepositoryError> {
        let glob = GlobBuilder::new(pattern)
            .literal_separator(true)
            .build()
            .map_err(|error| RepositoryError::Pattern {
                pattern: pattern.to_owned(),
                message: error.kind().to_string(),
            })?
            .compile_matcher();
        let listed = run_git(&self.folder, &["tag", "--list"])?;
        let listed = String::from_utf8_lossy(&listed);
        let tags = listed.lines().filter(|tag| glob.is_match(tag));
        Ok(tags.map(str::to_owned).collect())
    }

    /// The files of a folder at a tag; nothing if the folder is not there.
    ///
    /// # Errors
    ///
    /// If git fails.
    pub fn files_at(&mut self, tag: &str, below: &str) -> Result<ChartFiles, RepositoryError> {
        let below = below.trim_matches('/');
        let tree = match below {
            "" | "." => format!("refs/tags/{tag}"),
            below => format!("refs/tags/{tag}:{below}"),
        };
        let Ok(listed) = run_git(&self.folder, &["ls-tree", "-r", "-z", "--full-tree", &tree])
        else {
            return Ok(ChartFiles::new());
        };
        let mut files = ChartFiles::new();
        for entry in listed.split(|byte| *byte == 0) {
            let entry = String::from_utf8_lossy(entry);
            let Some((head, name)) = entry.split_once('\t') else {
                continue;
            };
            let mut words = head.split(' ');
            let (mode, kind, id) = (words.next(), words.next(), words.next());
            let (Some("100644" | "100755"), Some("blob"), Some(id)) = (mode, kind, id) else {
                continue;
            };
            // What tells keys; icons, dashboards and definitions of resources do not.
            let looked_at = name.starts_with("templates/")
                || name.starts_with("charts/")
                || matches!(
                    name,
                    "Chart.yaml"
                        | "Chart.template.yaml"
                        | "values.yaml"
                        | "values.schema.json"
                        | "requirements.yaml"
                );
            if looked_at && let Some(bytes) = self.read_object(id)? {
                files.insert(name.to_owned(), bytes);
            }
        }
        Ok(files)
    }

    /// An object's bytes; `None` if it is missing here or too large.
    fn read_object(&mut self, id: &str) -> Result<Option<Arc<Vec<u8>>>, RepositoryError> {
        if let Some(known) = self.known.get(id) {
            return Ok(Some(Arc::clone(known)));
        }
        let folder = self.folder.clone();
        let failed = |error: std::io::Error| RepositoryError::Refused {
            folder: folder.clone(),
            message: error.to_string(),
        };
        if let Some(asked) = &mut self.asked {
            asked
                .write_all(format!("{id}\n").as_bytes())
                .map_err(failed)?;
            asked.flush().map_err(failed)?;
        }
        let mut head = String::new();
        self.answers.read_line(&mut head).map_err(failed)?;
        let size = head.trim_end().rsplit(' ').next();
        let size = size.and_then(|size| size.parse::<usize>().ok());
        let Some(size) = size.filter(|_| head.contains(" blob ")) else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        let mut rest = (&mut self.answers).take(size as u64 + 1);
        rest.read_to_end(&mut bytes).map_err(failed)?;
        bytes.truncate(size);
        if size > MAX_FILE {
            return Ok(None);
        }
        let bytes = Arc::new(bytes);
        self.known.insert(id.to_owned(), Arc::clone(&bytes));
        Ok(Some(bytes))
    }
}
