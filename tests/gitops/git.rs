//! What git says of files, and that asking it has no effect.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use refit::git::{UnsavedState, uncommitted};

/// A repository with what the test needs of git; `None` where there is no git.
struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Option<Self> {
        let here = Self(tempfile::tempdir().unwrap());
        let found = Command::new("git").arg("--version").output();
        if found.is_err() {
            assert!(std::env::var_os("CI").is_none(), "git is not here");
            eprintln!("git is not here: the tests of it are not run");
            return None;
        }
        here.git(&["init", "-q"]);
        Some(here)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn git(&self, args: &[&str]) {
        let status = Command::new("git")
            .current_dir(self.0.path())
            .args(["-c", "user.name=Test", "-c", "user.email=test@mail.example"])
            .args([
                "-c",
                "core.hooksPath=/dev/null",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(args)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{args:?}");
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "x"]);
    }

    /// The states of these files, by name.
    fn states(&self, names: &[&str]) -> BTreeMap<String, UnsavedState> {
        let paths: Vec<PathBuf> = names.iter().map(|name| self.path(name)).collect();
        uncommitted(paths.iter().map(PathBuf::as_path))
            .into_iter()
            .map(|(path, state)| {
                let name = path.strip_prefix(self.0.path()).unwrap();
                (name.display().to_string(), state)
            })
            .collect()
    }
}

fn expected(states: &[(&str, UnsavedState)]) -> BTreeMap<String, UnsavedState> {
    states
        .iter()
        .map(|(name, state)| ((*name).to_owned(), *state))
        .collect()
}

#[test]
fn changes_and_new_files_are_told_apart_from_what_is_committed() {
    let Some(repository) = Repository::new() else {
        return;
    };
    let names = [
        "clean.yaml",
        "changed.yaml",
        "staged.yaml",
        "a b/ü*.yaml",
        "renamed.yaml",
        "new/new.yaml",
        "ignored.yaml",
    ];
    for name in &names[..4] {
        repository.file(name, "1\n");
    }
    repository.file("before.yaml", "a long text that git takes for the same\n");
    repository.file(".gitignore", "ignored.yaml\n");
    repository.commit();
    for name in [
        "changed.yaml",
        "staged.yaml",
        "a b/ü*.yaml",
        "new/new.yaml",
        "ignored.yaml",
    ] {
        repository.file(name, "2\n");
    }
    repository.git(&["add", "staged.yaml"]);
    repository.git(&["mv", "before.yaml", "renamed.yaml"]);
    let states = repository.states(&names);
    assert_eq!(
        states,
        expected(&[
            ("changed.yaml", UnsavedState::Modified),
            ("staged.yaml", UnsavedState::Modified),
            ("a b/ü*.yaml", UnsavedState::Modified),
            ("renamed.yaml", UnsavedState::Modified),
            ("new/new.yaml", UnsavedState::Untracked),
        ])
    );
}

#[test]
fn many_files_and_several_repositories_are_asked_for_at_once() {
    let (Some(one), Some(other)) = (Repository::new(), Repository::new()) else {
        return;
    };
    let names: Vec<String> = (0..500).map(|i| format!("a/{i}.yaml")).collect();
    for name in &names {
        one.file(name, "1\n");
    }
    other.file("o.yaml", "1\n");
    one.commit();
    one.file("a/7.yaml", "2\n");
    let mut paths: Vec<PathBuf> = names.iter().map(|name| one.path(name)).collect();
    paths.push(other.path("o.yaml"));
    let outside = tempfile::tempdir().unwrap();
    paths.push(outside.path().join("x.yaml"));
    fs::write(outside.path().join("x.yaml"), "").unwrap();
    let start = Instant::now();
    let found = uncommitted(paths.iter().map(PathBuf::as_path));
    eprintln!("two repositories were asked in {:?}", start.elapsed());
    let (changed, new) = (one.path("a/7.yaml"), other.path("o.yaml"));
    let expected: BTreeMap<&Path, UnsavedState> = BTreeMap::from([
        (changed.as_path(), UnsavedState::Modified),
        (new.as_path(), UnsavedState::Untracked),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn no_repository_and_no_file_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.yaml");
    assert!(uncommitted([path.as_path(), Path::new("")]).is_empty());
    fs::write(&path, "").unwrap();
    assert!(uncommitted([path.as_path()]).is_empty());
    // A repository that is none.
    fs::write(folder.path().join(".git"), "gitdir: nowhere").unwrap();
    assert!(uncommitted([path.as_path()]).is_empty());
}

/// Everything below a folder, with its bytes.
fn everything(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(everything(&path));
        } else {
            all.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    all
}

#[cfg(unix)]
#[test]
fn asking_starts_nothing_and_changes_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(repository) = Repository::new() else {
        return;
    };
    repository.file("a.yaml", "1\n");
    repository.commit();
    let trap = repository.path(".git/trap");
    fs::write(&trap, "#!/bin/sh\ntouch \"$(dirname \"$0\")/sprung\"\n").unwrap();
    fs::set_permissions(&trap, fs::Permissions::from_mode(0o755)).unwrap();
    repository.git(&["config", "core.fsmonitor", trap.to_str().unwrap()]);
    fs::create_dir_all(repository.path(".git/hooks")).unwrap();
    fs::copy(&trap, repository.path(".git/hooks/post-index-change")).unwrap();
    // Same text, another time: git would refresh its index.
    repository.file("a.yaml", "1\n");
    let before = everything(repository.0.path());
    assert!(repository.states(&["a.yaml"]).is_empty());
    assert_eq!(everything(repository.0.path()), before);
}

/// Inside a hook of one repository, files of another are still judged by their own.
#[test]
fn a_write_warns_and_does_not_stop() {
    let Some(repository) = Repository::new() else {
        return;
    };
    let demo = |name: &str, text: &str| repository.file(name, text);
    demo(
        "pack/pack.yaml",
        "pack: 1\nchart: demo\ntitle: t\nversions:\n  1.0.0: {app: \"1\"}\n  2.0.0: {app: \"2\"}\n",
    );
    demo(
        "pack/keys.yaml",
        "old: [{in: \"<2.0.0\", default: \"\"}]\nnew: [{in: \">=2.0.0\", default: \"\"}]\n",
    );
    demo(
        "pack/2.0.0.yaml",
        "version: 2.0.0\ntitle: New names\nlink: https://chart.example/2\nsteps:\n  rename:\n    title: Rename\n    why: It is so.\n    move: {old: new}\n",
    );
    for name in ["clean.yaml", "changed.yaml"] {
        demo(name, "old: a\n");
    }
    repository.commit();
    demo("changed.yaml", "old: b\n");
    demo("new.yaml", "old: c\n");
    let other = tempfile::tempdir().unwrap();
    let variables: [(&str, OsString); 2] = [
        ("GIT_DIR", other.path().join(".git").into()),
        ("GIT_INDEX_FILE", other.path().join("index").into()),
    ];
    let output = Command::new(env!("CARGO_BIN_EXE_refit"))
        .current_dir(repository.0.path())
        .args([
            "upgrade", "--pack", "pack", "--chart", "demo", "--from", "1.0.0",
        ])
        .args(["clean.yaml", "changed.yaml", "new.yaml", "--write"])
        .envs(variables)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("warning: changed.yaml has changes that are not committed: git shows them together with refit's\n"),
        "{said}"
    );
    assert!(
        said.contains("warning: new.yaml is not tracked by git, "),
        "{said}"
    );
    assert!(!said.contains("warning: clean"), "{said}");
    assert_eq!(
        fs::read_to_string(repository.path("new.yaml")).unwrap(),
        "new: c\n"
    );
}
