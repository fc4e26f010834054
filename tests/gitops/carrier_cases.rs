//! Small GitOps repositories before and after, one kind of carrier each: the whole program runs on
//! them, and what it leaves is compared byte by byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[allow(dead_code, reason = "for people")]
    note: String,
    #[serde(default)]
    args: Vec<String>,
    writes: Vec<String>,
    #[serde(default)]
    code: i32,
    says: Vec<String>,
}

/// The files below a folder, `.git` left out: by path, with their bytes.
fn files(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with(".git") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// A copy of a folder that looks like the root of a git repository.
fn copy(of: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files(of) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::create_dir(folder.path().join(".git")).unwrap();
    folder
}

/// Runs refit in a folder: the exit code, and what it says, in one line.
fn run(folder: &Path, args: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_refit"))
        .args(args)
        .current_dir(folder)
        .env("COLUMNS", "1000")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let said: Vec<&str> = said.split_whitespace().collect();
    (output.status.code().unwrap(), said.join(" "))
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/carriers");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    cases
}

#[test]
fn every_kind_of_carrier_is_upgraded_as_its_case_says() {
    let cases = cases();
    assert!(cases.len() >= 15, "only {} cases", cases.len());
    let mut failures = Vec::new();
    for folder in &cases {
        let name = folder.file_name().unwrap().display();
        let text = fs::read_to_string(folder.join("case.yaml")).unwrap();
        let case: Case = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        let old = files(&folder.join("old"));
        let made = copy(&folder.join("old"));
        // Nothing is written without being asked.
        let mut args = vec!["upgrade", ".", "-v"];
        args.extend(case.args.iter().map(String::as_str));
        run(made.path(), &args);
        assert_eq!(files(made.path()), old, "{name}: a preview wrote");
        args.push("--write");
        let (code, said) = run(made.path(), &args);
        let new = files(made.path());
        if std::env::var_os("REFIT_BLESS").is_some() && new != old {
            for (file, text) in &new {
                let path = folder.join("expected").join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
        }
        let expected = match folder.join("expected") {
            path if path.is_dir() => files(&path),
            _ => old.clone(),
        };
        let written: Vec<&String> = new
            .iter()
            .filter(|(file, text)| old.get(*file) != Some(text))
            .map(|(file, _)| file)
            .collect();
        if new != expected || code != case.code || written != case.writes.iter().collect::<Vec<_>>()
        {
            failures.push(format!(
                "{name}: code {code}, wrote {written:?}\n{said}\n{new:#?}"
            ));
            continue;
        }
        for wanted in &case.says {
            let words: Vec<&str> = wanted.split_whitespace().collect();
            if !said.contains(&words.join(" ")) {
                failures.push(format!("{name}: does not say {wanted:?}\n{said}"));
            }
        }
        // What was reached stays as it is.
        if case.code == 0 {
            let (code, said) = run(made.path(), &["upgrade", ".", "--check"]);
            if code != 0 || files(made.path()) != new {
                failures.push(format!("{name}: a second run ends with {code}\n{said}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn the_version_stays_if_that_is_wanted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/carriers/k3s/old");
    let made = copy(&folder);
    let (code, said) = run(made.path(), &["upgrade", ".", "--keep-version", "--write"]);
    assert_eq!(code, 0, "{said}");
    let text = &files(made.path())["chart.yaml"];
    assert!(
        text.contains("  version: 0.10.3\n") && text.contains("    image:\n"),
        "{text}"
    );
}
