//! Real git repositories to run refit in.
#![allow(dead_code, reason = "each test uses a part")]

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// A repository with a work tree.
pub struct Repository {
    folder: tempfile::TempDir,
    /// The work tree.
    pub root: PathBuf,
}

/// What a run of refit came to.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    /// Standard output.
    pub shown: String,
    /// Standard error, in one line.
    pub said: String,
}

impl Repository {
    /// An empty one, on the branch `main`; `None` where there is no git.
    pub fn new() -> Option<Self> {
        if Command::new("git").arg("--version").output().is_err() {
            assert!(std::env::var_os("CI").is_none(), "git is not here");
            eprintln!("git is not here: tests with repositories are not run");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("work tree");
        fs::create_dir(&root).unwrap();
        let here = Self { folder, root };
        here.git(&["init", "-q", "-b", "main"]);
        Some(here)
    }

    /// A clone of this one, as a CI makes it.
    pub fn cloned(&self, args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("clone");
        let url = format!("file://{}", self.root.display());
        let status = Command::new("git")
            .args(["clone", "-q"])
            .args(args)
            .arg(url)
            .arg(&root)
            .status()
            .unwrap();
        assert!(status.success());
        Self { folder, root }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub fn file(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Replaces a text that a file has.
    pub fn replace(&self, name: &str, old: &str, new: &str) {
        let text = self.text(name);
        assert!(text.contains(old), "{name} has no `{old}`");
        self.file(name, &text.replace(old, new));
    }

    pub fn git(&self, args: &[&str]) -> String {
        let output = git(&self.root, args);
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    /// Everything that git keeps of the repository, to tell that nothing of it changed.
    pub fn state(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.path(".git")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => found.push((path.clone(), fs::read(&path).unwrap())),
                }
            }
        }
        found.sort();
        found
    }

    /// Runs refit in the root.
    pub fn refit(&self, args: &[&str]) -> Run {
        run(&self.root, args)
    }
}

/// Runs git in a folder, with a name and without hooks or signatures.
pub fn git(folder: &Path, args: &[&str]) -> Output {
    Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=Test", "-c", "user.email=test@mail.example"])
        .args(["-c", "core.hooksPath=/dev/null"])
        .args([
            "-c",
            "commit.gpgsign=false",
            "-c",
            "advice.detachedHead=false",
        ])
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Runs refit in a folder.
pub fn run<S: AsRef<OsStr>>(folder: &Path, args: &[S]) -> Run {
    run_with::<_, &str>(folder, args, &[])
}

/// Runs refit in a folder, with variables of the environment.
pub fn run_with<S, K>(folder: &Path, args: &[S], variables: &[(K, K)]) -> Run
where
    S: AsRef<OsStr>,
    K: AsRef<OsStr>,
{
    let output = Command::new(env!("CARGO_BIN_EXE_refit"))
        .args(args)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .current_dir(folder)
        .env("COLUMNS", "1000")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let said: Vec<&str> = said.split_whitespace().collect();
    Run {
        code: output.status.code().unwrap(),
        shown: String::from_utf8(output.stdout).unwrap(),
        said: said.join(" "),
    }
}
