//! Finding files: from what a person names to the files that may hold values, each once, in one order.
//!
//! A file is taken as it is named, whatever it is: what cannot be read is refused with its reason where it
//! is read. A folder is walked: ignore files (`.gitignore`, `.ignore`, and `.git/info/exclude`) are
//! respected, also those above it and also outside a repository; links are not followed; hidden files and
//! folders (`.git`, `.archive`) are left out, since people keep there what is not deployed. What is ignored for one
//! person alone (git's global ignore file) is not ignored here, so that a run is the same for everybody.
//! A pack's folder (`pack.yaml` and `keys.yaml`) is left out as well, unless it is what was named.
//! From a folder only those files come that can hold YAML, by their name; templates of them come too,
//! marked, because a template that the chart's values lie in should be refused by name, not passed over.
//! A pattern that a script has quoted is matched here by the same rules; what it matches counts as named.
//! Beside the files there is a list of those that are never edited but may name charts ([`Walked::aside`]), so that
//! nothing of a known chart is passed over without a word.
//!
//! Nothing is opened here, and a folder that cannot be read stops nothing: it is told beside the rest.

use std::{
    collections::{BTreeMap, HashSet},
    fs, io,
    path::{Component, Path, PathBuf},
};

use globset::{GlobBuilder, GlobMatcher};
use ignore::{
    WalkBuilder,
    gitignore::{Gitignore, GitignoreBuilder},
};

/// A name on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedPath {
    /// An argument: a file, a folder, or a pattern if there is no such file.
    Argument(PathBuf),
    /// An entry of a list: a file or a folder, never a pattern.
    Listed(PathBuf),
}

/// A file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// Its path, beginning as it was named.
    pub path: PathBuf,
    /// The way in which it was named.
    pub naming: Naming,
    /// The kind that its name tells.
    pub kind: FileKind,
    /// The folder that was named, in or below which it lies. Of a file that was named itself: the current one
    /// if it lies there, else its own.
    pub below: PathBuf,
}

/// The ways in which a file comes to be looked at, the least meant first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Naming {
    /// It was found in a folder.
    #[default]
    Found,
    /// A list names it. A list may come from a program that knows nothing of charts, such as `git ls-files`.
    Listed,
    /// Somebody names it, itself or by a pattern.
    Named,
}

/// The kinds of files, by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// It may hold YAML: by its name, or because it was named.
    Yaml,
    /// It is a template: a Go template by its name (`.gotmpl`, `.tpl`), or a file of a chart's `templates/`.
    Template,
}

/// The limits of a search.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The number of files that are taken.
    pub files: usize,
    /// The depth below a folder that was named.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files: 1_000_000,
            depth: 100,
        }
    }
}

/// The result of a search.
#[derive(Debug, Default)]
pub struct Walked {
    /// The files, in the order in which they were named; those of one folder or pattern by their path.
    pub files: Vec<FoundFile>,
    /// The places that could not be looked at. The rest was found all the same.
    pub troubles: Vec<WalkTrouble>,
    /// Files in folders that are never edited and may say which charts are deployed: YAML that is hidden or lies in a
    /// hidden folder, and the programs of Terraform and Pulumi.
    pub aside: Vec<PathBuf>,
}

/// Something that could not be looked at.
#[derive(Debug, thiserror::Error)]
#[error("{}: {}", self.name(), self.describe())]
pub enum WalkTrouble {
    /// A folder, or something in it, cannot be read.
    Unreadable {
        /// The path.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// An ignore file has a line that is no pattern; the line is passed over.
    Ignore {
        /// The ignore file.
        path: PathBuf,
        /// The number of the line, and the fault.
        message: String,
    },
    /// A pattern is none.
    Pattern {
        /// The pattern.
        pattern: PathBuf,
        /// The error.
        message: String,
    },
    /// A pattern matches nothing.
    NoMatch {
        /// The pattern.
        pattern: PathBuf,
    },
    /// There is more than [`Limits::files`].
    TooMany {
        /// The place where the limit was reached.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
}

impl WalkTrouble {
    /// The folder, the pattern or the ignore file that it is about.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Unreadable { path, .. }
            | Self::Ignore { path, .. }
            | Self::TooMany { path, .. } => path.display().to_string(),
            Self::Pattern { pattern, .. } | Self::NoMatch { pattern } => {
                pattern.display().to_string()
            }
        }
    }

    /// The fault, in lower case and without a full stop.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Unreadable { source, .. } => format!("cannot look into it: {source}"),
            Self::Ignore { message, .. } => message.clone(),
            Self::Pattern { message, .. } => {
                format!("this is not a pattern that refit knows: {message}")
            }
            Self::NoMatch { .. } => "no YAML file matches this pattern".to_owned(),
            Self::TooMany { limit, .. } => {
                format!("there are more than {limit} files; those behind are not looked at")
            }
        }
    }

    /// The user's next step, one sentence.
    #[must_use]
    pub fn next(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "ask its owner for access, or name what is meant without it",
            Self::Ignore { .. } => "mend that line",
            Self::Pattern { .. } => {
                "a pattern has `*`, `**`, `?`, `[abc]` and `{one,other}`; to name such a file itself, put `./` and the whole name"
            }
            Self::NoMatch { .. } => {
                "check the pattern and the folder that you are in; files that git ignores and hidden ones do not count"
            }
            Self::TooMany { .. } => "name fewer folders at a time",
        }
    }
}

/// The exclusions from folders, patterns and lists: patterns as in a `.gitignore`, each list with the folder that it
/// would stand in.
#[derive(Debug, Clone, Default)]
pub struct Excludes {
    lists: Vec<(PathBuf, Vec<String>, Gitignore)>,
}

impl Excludes {
    /// Adds a list that would stand in a folder.
    ///
    /// # Errors
    ///
    /// With the pattern that is none, and what is wrong with it.
    pub fn add(&mut self, folder: &Path, patterns: &[String]) -> Result<(), String> {
        let here = std::env::current_dir().unwrap_or_default();
        let folder = absolute(&here, folder);
        let mut builder = GitignoreBuilder::new(&folder);
        for pattern in patterns {
            builder
                .add_line(None, pattern)
                .map_err(|error| format!("`{pattern}`: {error}"))?;
        }
        let matcher = builder.build().map_err(|error| error.to_string())?;
        self.lists.push((folder, patterns.to_vec(), matcher));
        Ok(())
    }

    /// The same patterns for a copy of a folder.
    #[must_use]
    pub fn moved(&self, from: &Path, to: &Path) -> Self {
        let mut moved = Self::default();
        for (folder, patterns, _) in &self.lists {
            let folder = match folder.strip_prefix(from) {
                Ok(below) => to.join(below),
                Err(_) => folder.clone(),
            };
            // What was a pattern is one again.
            let _ = moved.add(&folder, patterns);
        }
        moved
    }

    fn leave_out(&self, path: &Path, is_folder: bool) -> bool {
        self.lists.iter().any(|(folder, _, matcher)| {
            let matched = match path.strip_prefix(folder) {
                Ok(below) => matcher.matched_path_or_any_parents(below, is_folder),
                Err(_) => matcher.matched(path, is_folder),
            };
            matched.is_ignore()
        })
    }
}

/// A path from the root, without `.` and `..`; its folder's links are followed.
fn absolute(here: &Path, path: &Path) -> PathBuf {
    let path = here.join(path);
    fs::canonicalize(&path).unwrap_or(path)
}

/// Finds the files.
#[must_use]
pub fn find(named: &[NamedPath], limits: Limits) -> Walked {
    find_without(named, &Excludes::default(), limits)
}

/// Finds the files, without those that are left out. A file that is named as an argument is taken.
#[must_use]
pub fn find_without(named: &[NamedPath], excludes: &Excludes, limits: Limits) -> Walked {
    let here = std::env::current_dir().unwrap_or_default();
    let mut search = Search {
        excludes,
        limits,
        walked: Walked::default(),
        seen: HashSet::new(),
        folders: BTreeMap::new(),
        charts: BTreeMap::new(),
        projects: BTreeMap::new(),
    };
    for named in named {
        let (path, pattern) = match named {
            NamedPath::Argument(path) => (path, is_pattern(path)),
            NamedPath::Listed(path) => (path, false),
        };
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => search.folder(path),
            Err(_) if pattern && fs::symlink_metadata(path).is_err() => search.pattern(path),
            _ if matches!(named, NamedPath::Listed(_))
                && excludes.leave_out(&absolute(&here, path), false) => {}
            // What cannot be read, or is not there, is refused with more words where it is read.
            _ => match named {
                NamedPath::Argument(_) => search.file(path, Naming::Named),
                NamedPath::Listed(_) => search.listed_file(path),
            },
        }
    }
    search.walked
}

/// All files in and below a folder that are neither hidden nor ignored, whatever they hold, by their paths.
#[must_use]
pub fn list(folder: &Path, limits: Limits) -> Vec<PathBuf> {
    let walk = WalkBuilder::new(folder)
        .follow_links(false)
        .require_git(false)
        .git_global(false)
        .max_depth(Some(limits.depth))
        .build();
    let entries = walk.filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let mut files: Vec<PathBuf> = files
        .map(ignore::DirEntry::into_path)
        .take(limits.files)
        .collect();
    files.sort();
    files
}

struct Search<'e> {
    excludes: &'e Excludes,
    limits: Limits,
    walked: Walked,
    /// The files by their real names.
    seen: HashSet<PathBuf>,
    /// The real names of folders.
    folders: BTreeMap<PathBuf, Option<PathBuf>>,
    /// True for a folder that is the `templates/` of a chart or below one.
    charts: BTreeMap<PathBuf, bool>,
    /// True for a folder of a Pulumi project or below one.
    projects: BTreeMap<PathBuf, bool>,
}

impl Search<'_> {
    /// A file of a list: of one that holds no values by its name only a program is of use, which may name charts.
    fn listed_file(&mut self, path: &Path) {
        if kind(path).is_some() || !path.is_file() {
            return self.file(path, Naming::Listed);
        }
        if self.is_program(path) && self.walked.aside.len() < self.limits.files {
            self.walked.aside.push(path.to_owned());
        }
    }

    fn file(&mut self, path: &Path, naming: Naming) {
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let kind = match kind(path) {
            Some(FileKind::Template) => FileKind::Template,
            _ if naming == Naming::Listed
                && real
                    .parent()
                    .is_some_and(|folder| self.is_templates(folder)) =>
            {
                FileKind::Template
            }
            _ => FileKind::Yaml,
        };
        let here = std::env::current_dir().and_then(fs::canonicalize);
        let below = match here {
            Ok(here) if real.starts_with(&here) => here,
            _ => real.parent().map(Path::to_owned).unwrap_or_default(),
        };
        self.take(
            FoundFile {
                path: path.to_owned(),
                naming,
                kind,
                below,
            },
            real,
        );
    }

    /// Takes a file unless it is there already. `false` if there are too many.
    fn take(&mut self, file: FoundFile, real: PathBuf) -> bool {
        if !self.seen.insert(real) {
            if file.naming > Naming::Found {
                self.name(&file.path, file.naming);
            }
            return true;
        }
        if self.walked.files.len() >= self.limits.files {
            self.walked.troubles.push(WalkTrouble::TooMany {
                path: file.path,
                limit: self.limits.files,
            });
            return false;
        }
        self.walked.files.push(file);
        true
    }

    /// A file that a folder brought already is named as well.
    fn name(&mut self, path: &Path, naming: Naming) {
        let real = |path: &Path| fs::canonicalize(path).ok();
        let here = real(path);
        let walked = self.walked.files.iter_mut();
        for found in walked.filter(|found| found.naming < naming) {
            if found.path.file_name() == path.file_name() && real(&found.path) == here {
                found.naming = naming;
            }
        }
    }

    fn folder(&mut self, root: &Path) {
        let Ok(real_root) = fs::canonicalize(root) else {
            return self.file(root, Naming::Named);
        };
        for (path, kind) in self.walk(root, &|_| true) {
            let below = path.strip_prefix(root).unwrap_or(&path);
            let real = real_root.join(below);
            let file = FoundFile {
                path: shown_path(root, &path),
                naming: Naming::Found,
                kind,
                below: real_root.clone(),
            };
            if !self.take(file, real) {
                break;
            }
        }
    }

    fn pattern(&mut self, pattern: &Path) {
        let failed = |message: String| WalkTrouble::Pattern {
            pattern: pattern.to_owned(),
            message,
        };
        let (root, matcher) = match compile(pattern) {
            Ok(compiled) => compiled,
            Err(message) => return self.walked.troubles.push(failed(message)),
        };
        if !root.is_dir() {
            return self.walked.troubles.push(WalkTrouble::NoMatch {
                pattern: pattern.to_owned(),
            });
        }
        let below = |path: &Path| path.strip_prefix(&root).unwrap_or(path).to_owned();
        let aside = self.walked.aside.len();
        let matches = self.walk(&root, &|path| matcher.is_match(below(path)));
        // Whoever names files by a pattern has left the others out.
        self.walked.aside.truncate(aside);
        if matches.is_empty() {
            self.walked.troubles.push(WalkTrouble::NoMatch {
                pattern: pattern.to_owned(),
            });
        }
        for (path, kind) in matches {
            let real = self.real_name(&path);
            let file = FoundFile {
                path: shown_path(&root, &path),
                naming: Naming::Named,
                kind,
                below: root.clone(),
            };
            if !self.take(file, real) {
                break;
            }
        }
    }

    /// The real name of a file that is no link.
    fn real_name(&mut self, path: &Path) -> PathBuf {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return path.to_owned();
        };
        let real = self
            .folders
            .entry(folder.to_owned())
            .or_insert_with(|| fs::canonicalize(folder).ok());
        real.as_deref().unwrap_or(folder).join(name)
    }

    /// The files in and below a folder that may hold YAML, by their path.
    fn walk(&mut self, root: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<(PathBuf, FileKind)> {
        let (mut files, aside) = (Vec::new(), self.walked.aside.len());
        if let Ok(real) = fs::canonicalize(root) {
            let is = self.is_templates(&real);
            self.charts.insert(root.to_owned(), is);
        }
        let (excludes, top) = (self.excludes.clone(), root.to_owned());
        let full = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        let walk = WalkBuilder::new(root)
            .filter_entry(move |entry| {
                let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
                let is_inner = entry.depth() > 0 && is_folder;
                if is_inner && (is_of_a_tool(entry.file_name()) || is_pack(entry.path())) {
                    return false;
                }
                let below = entry.path().strip_prefix(&top).unwrap_or(entry.path());
                excludes.lists.is_empty() || !excludes.leave_out(&full.join(below), is_folder)
            })
            .follow_links(false)
            // Judged below: some hidden files hold values, and of others it is told.
            .hidden(false)
            .require_git(false)
            .git_global(false)
            .max_depth(Some(self.limits.depth))
            .build();
        for entry in walk {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.walked.troubles.push(trouble_of(root, error));
                    continue;
                }
            };
            if let Some(error) = entry.error() {
                self.walked.troubles.push(WalkTrouble::Ignore {
                    path: place(error).unwrap_or(root).to_owned(),
                    message: without_place(error),
                });
            }
            if !entry.file_type().is_some_and(|kind| kind.is_file()) {
                continue;
            }
            let kind = kind(entry.path());
            let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
            let is_hidden = below.iter().any(is_hidden);
            if is_hidden || kind.is_none() {
                let may_tell = match kind {
                    Some(kind) => kind == FileKind::Yaml,
                    None => !is_hidden && self.is_program(entry.path()),
                };
                if may_tell && self.walked.aside.len() < self.limits.files {
                    self.walked.aside.push(shown_path(root, entry.path()));
                }
                continue;
            }
            let Some(kind) = kind.filter(|_| wanted(entry.path())) else {
                continue;
            };
            let path = entry.into_path();
            let kind = match path.parent() {
                Some(folder) if self.is_templates(folder) => FileKind::Template,
                _ => kind,
            };
            files.push((path, kind));
        }
        files.sort_by(|(one, _), (other, _)| one.cmp(other));
        self.walked.aside[aside..].sort();
        files
    }

    /// True for a program that may deploy charts: Terraform's by its name, Pulumi's by the folder.
    fn is_program(&mut self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match name.rsplit_once('.') {
            Some((_, "tf")) => true,
            Some((_, "ts" | "js" | "mjs" | "py" | "go" | "cs")) => {
                let is_library = path.iter().any(|part| part == "node_modules");
                let mut folder = path.parent().filter(|_| !is_library).into_iter();
                folder.any(|folder| self.is_of_pulumi(folder))
            }
            _ => false,
        }
    }

    /// True for the folder of a Pulumi project, or below one.
    fn is_of_pulumi(&mut self, folder: &Path) -> bool {
        if let Some(known) = self.projects.get(folder) {
            return *known;
        }
        let names = ["Pulumi.yaml", "Pulumi.yml"];
        let is = names.iter().any(|name| folder.join(name).is_file())
            || folder
                .parent()
                .is_some_and(|above| self.is_of_pulumi(above));
        self.projects.insert(folder.to_owned(), is);
        is
    }

    /// True for the `templates/` of a chart, or below one.
    fn is_templates(&mut self, folder: &Path) -> bool {
        if let Some(known) = self.charts.get(folder) {
            return *known;
        }
        let itself = folder.file_name().is_some_and(|name| name == "templates")
            && folder
                .parent()
                .is_some_and(|chart| chart.join("Chart.yaml").is_file());
        let is = itself
            || folder
                .parent()
                .is_some_and(|above| self.is_templates(above));
        self.charts.insert(folder.to_owned(), is);
        is
    }
}

fn trouble_of(root: &Path, error: ignore::Error) -> WalkTrouble {
    let path = place(&error).unwrap_or(root).to_owned();
    let message = without_place(&error);
    match error.into_io_error() {
        Some(source) => WalkTrouble::Unreadable { path, source },
        None => WalkTrouble::Ignore { path, message },
    }
}

/// The path that an error is about; of several errors, that of the first one.
fn place(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            place(err)
        }
        ignore::Error::Partial(errors) => errors.iter().find_map(place),
        _ => None,
    }
}

/// The message of an error without its path.
fn without_place(error: &ignore::Error) -> String {
    match error {
        ignore::Error::WithPath { err, .. } | ignore::Error::WithDepth { err, .. } => {
            without_place(err)
        }
        ignore::Error::WithLineNumber { line, err } => {
            format!("line {line}: {}", without_place(err))
        }
        ignore::Error::Partial(errors) => {
            let all: Vec<String> = errors.iter().map(without_place).collect();
            all.join("; ")
        }
        other => other.to_string(),
    }
}

/// A path as a person would write it: nobody begins with `./`.
fn shown_path(root: &Path, path: &Path) -> PathBuf {
    if root == Path::new(".") {
        path.strip_prefix(".").unwrap_or(path).to_owned()
    } else {
        path.to_owned()
    }
}

/// True for a file of YAML, by its name.
pub(crate) fn is_yaml(path: &Path) -> bool {
    kind(path) == Some(FileKind::Yaml)
}

/// The kind of a file by its name; `None` if it is no YAML.
fn kind(path: &Path) -> Option<FileKind> {
    // A name need not be UTF-8; what decides here is ASCII.
    let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
    let is_yaml = |name: &str| name.ends_with(".yaml") || name.ends_with(".yml");
    if is_yaml(&name) {
        return Some(FileKind::Yaml);
    }
    let (stem, end) = name.rsplit_once('.')?;
    match end {
        "gotmpl" => Some(FileKind::Template),
        "tpl" if is_yaml(stem) => Some(FileKind::Template),
        _ => None,
    }
}

/// True for a file or folder that is hidden and stays so. Argo CD reads values from files of its own that are.
fn is_hidden(name: &std::ffi::OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b".") && !(name.starts_with(b".argocd-source") && name.ends_with(b".yaml"))
}

/// True for a tool's own folder, with copies of files from elsewhere or nothing of its user's.
fn is_of_a_tool(name: &std::ffi::OsStr) -> bool {
    [
        ".git",
        ".hg",
        ".jj",
        ".svn",
        ".cache",
        ".direnv",
        // What `refit pack pull` fetched.
        ".refit",
        ".terraform",
        ".terragrunt-cache",
        ".venv",
    ]
    .iter()
    .any(|tool| name == *tool)
}

/// True for a pack's own folder: what lies in it is for refit, and values in it are cases of its tests.
fn is_pack(folder: &Path) -> bool {
    ["pack.yaml", "keys.yaml"]
        .iter()
        .all(|name| folder.join(name).is_file())
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '[', '{'])
}

/// The folder from which a pattern searches, and what matches the paths below it. The folder's own name is no part of
/// that: it can be anything.
fn compile(pattern: &Path) -> Result<(PathBuf, GlobMatcher), String> {
    let mut root = PathBuf::new();
    let mut rest = pattern.components().peekable();
    while let Some(part) = rest.next_if(|part| !is_pattern(Path::new(part.as_os_str()))) {
        if part != Component::CurDir {
            root.push(part);
        }
    }
    let text: PathBuf = rest.map(|part| PathBuf::from(part.as_os_str())).collect();
    let matcher = GlobBuilder::new(&text.to_string_lossy())
        // `*` does not reach into folders, as in a shell.
        .literal_separator(true)
        .build()
        .map_err(|error| error.kind().to_string())?
        .compile_matcher();
    if root.as_os_str().is_empty() {
        root.push(".");
    }
    Ok((root, matcher))
}

/// Reads a list of names, as `find` or `git ls-files` print one: one a line, or with a zero byte behind
/// each.
///
/// # Errors
///
/// If the list cannot be one, as when it was printed the other way.
pub fn read_list(list: &[u8], zero: bool) -> Result<Vec<NamedPath>, ListError> {
    if list.len() > MAX_LIST {
        return Err(ListError::TooLong);
    }
    if !zero && list.contains(&0) {
        return Err(ListError::Zero);
    }
    let end = if zero { 0 } else { b'\n' };
    let names = list.split(|byte| *byte == end).map(|name| {
        // Lists that were made on Windows; a name that ends so can be given with zero bytes.
        name.strip_suffix(b"\r").filter(|_| !zero).unwrap_or(name)
    });
    let mut named = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        let path = path(name).ok_or_else(|| ListError::NotText {
            name: String::from_utf8_lossy(name).into_owned(),
        })?;
        named.push(NamedPath::Listed(path));
    }
    Ok(named)
}

/// The longest list that is read, in bytes.
pub const MAX_LIST: usize = 64 << 20;

/// The reasons for which a list of names cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ListError {
    /// It is longer than [`MAX_LIST`].
    #[error("the list of files is longer than {} MiB", MAX_LIST >> 20)]
    TooLong,
    /// It has zero bytes and is to be read by lines.
    #[error("the list of files has a zero byte behind each name; give --null too")]
    Zero,
    /// A name cannot be a name on this system.
    #[error("{name}: this name in the list of files is not UTF-8")]
    NotText {
        /// The name, as far as it can be shown.
        name: String,
    },
}

#[cfg(unix)]
fn path(name: &[u8]) -> Option<PathBuf> {
    let name: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(name.to_vec());
    Some(name.into())
}

#[cfg(not(unix))]
fn path(name: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(name).ok().map(PathBuf::from)
}
