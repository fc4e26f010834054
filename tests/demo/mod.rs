//! A folder with a small chart's pack and files, and refit run in it.
#![allow(dead_code, reason = "each test file uses a part")]

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

const PACK: &str = "\
pack: 1
chart: demo
title: A chart for tests
identifies:
  keys:
    - {path: old, why: A key of the tests.}
    - {path: new, why: A key of the tests.}
versions:
  1.0.0: {app: \"1\"}
  1.5.0: {app: \"1\"}
  2.0.0: {app: \"2\"}
not-versions:
  1.7.0: It was never published; use 1.5.0.
evidence:
  - {path: old, versions: \"<2.0.0\", strength: strong, why: Chart 2.0 renamed old.}
";

const KEYS: &str = "\
old: [{in: \"<2.0.0\", default: \"\"}]
new: [{in: \">=2.0.0\", default: \"\"}]
pick: [{in: \"<2.0.0\", default: \"\"}]
picked: [{in: \">=2.0.0\", default: \"\"}]
password: [{in: \"*\", default: \"\"}]
";

const MIGRATION: &str = "\
version: 2.0.0
title: New names
link: https://example.com/2.0.0
steps:
  rename:
    title: Rename old to new
    why: From 2.0 on, old is ignored.
    move: {old: new}
  choose:
    title: Choose once
    take: {p: pick}
    ask: \"pick is {p}. Which?\"
    options:
      keep: {title: Keep it, recommended: true, do: {picked: =p}}
      type:
        title: Type it
        input: {text: {title: The text}}
        do: {picked: =text}
";

/// A values file in which one key moves and nothing is asked.
pub const PLAIN: &str = "# mine\nold: a # why\npassword: hunter2-demo\n";
/// The same for 2.0.0.
pub const PLAIN_AFTER: &str = "# mine\nnew: a # why\npassword: hunter2-demo\n";
/// A values file that asks.
pub const ASKS: &str = "old: a\npick: b\n";

/// A folder of its own.
pub struct Demo {
    folder: tempfile::TempDir,
}

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Demo {
    pub fn new() -> Self {
        let demo = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(demo.path("pack")).unwrap();
        demo.file("pack/pack.yaml", PACK);
        demo.file("pack/keys.yaml", KEYS);
        demo.file("pack/2.0.0.yaml", MIGRATION);
        demo.file("v.yaml", PLAIN);
        demo.file("asks.yaml", ASKS);
        demo
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The names in the folder, hidden ones too: nothing may be left behind.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The program itself in this folder, where everybody can run it.
    ///
    /// A process of its own copies it: a child that another test starts meanwhile would inherit a file that is open
    /// here for writing, and Linux runs no program that is.
    #[cfg(unix)]
    pub fn program(&self) -> PathBuf {
        let copy = self.path("refit");
        let mut command = Command::new("cp");
        command.arg(env!("CARGO_BIN_EXE_refit")).arg(&copy);
        assert!(command.status().unwrap().success());
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&copy, open).unwrap();
        copy
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_refit"));
        command.current_dir(self.folder.path());
        command.env_remove("NO_COLOR").stdin(Stdio::null());
        command
    }

    /// Runs refit with words that hold no white space.
    pub fn run(&self, line: &str) -> Run {
        self.command()
            .args(line.split_whitespace())
            .output()
            .unwrap()
            .into()
    }

    /// `refit upgrade` with the demo's pack.
    pub fn upgrade(&self, line: &str) -> Run {
        self.run(&format!("upgrade --pack pack --chart demo {line}"))
    }

    /// The same with something on standard input.
    pub fn filter(&self, line: &str, input: &str) -> Run {
        self.filter_bytes(line, input.as_bytes())
    }

    /// The same with bytes that need not be text.
    pub fn filter_bytes(&self, line: &str, input: &[u8]) -> Run {
        let mut child = self
            .command()
            .args(["upgrade", "--pack", "pack", "--chart", "demo"])
            .args(line.split_whitespace())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A run that refuses its arguments does not read: that is no failure of the test.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap().into()
    }

    /// The last command that a run printed, run by a shell.
    pub fn paste(&self, err: &str) -> Run {
        let start = err.rfind("  refit upgrade ").expect("a command is printed");
        let script = err[start..].trim().replacen("refit", "\"$REFIT\"", 1);
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &script])
            .env("REFIT", env!("CARGO_BIN_EXE_refit"));
        shell
            .current_dir(self.folder.path())
            .output()
            .unwrap()
            .into()
    }
}
