//! What several test files share: the material that lies beside the checkout, and the real Helm.
//!
//! A test that needs either of them asks here and does nothing when the answer is `None`; the
//! reason is on standard error by then. With `CI` set the answer is never `None`: a missing
//! prerequisite is a failure there, so that nothing is left out without anyone noticing.

#![allow(dead_code, reason = "each test file uses its own part of this module")]

pub mod helm;
pub mod page;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Where this repository keeps what it obtained and may obtain again: `.cache/`, ignored by git.
pub fn cache() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache")
}

/// The folder of material shared by those who work on this project: `REFIT_SHARED`, else
/// `../shared` beside the checkout.
///
/// `None` where there is none; the test that asked is then named on standard error.
///
/// # Panics
///
/// With `CI` set, if the folder is missing; everywhere, if `REFIT_SHARED` names no folder.
pub fn shared() -> Option<PathBuf> {
    let named = std::env::var_os("REFIT_SHARED").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = named.as_deref().unwrap_or(&beside);
    if folder.is_dir() {
        return Some(folder.to_owned());
    }
    assert!(
        named.is_none(),
        "REFIT_SHARED={} is not a folder",
        folder.display()
    );
    not_run(
        "shared material",
        &format!(
            "there is no folder {}; REFIT_SHARED names another place",
            folder.display()
        ),
    );
    None
}

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy_folder(&path, &target),
            false => _ = fs::copy(&path, target).unwrap(),
        }
    }
}

/// Writes files into a folder: each begins with `=== ` and its path on a line of its own.
pub fn write_files(folder: &Path, files: &str) {
    for file in files.split("=== ").skip(1) {
        let (path, text) = file.split_once('\n').unwrap();
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Says on standard error, past the capture of the test runner, that the test on this thread does
/// not run for want of some material; the reason is given with the first such test only.
///
/// # Panics
///
/// With `CI` set: there every test runs or fails.
pub fn not_run(material: &str, reason: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("unnamed");
    assert!(!in_ci(), "{material} not found and CI is set: {reason}");
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    let mut line = format!("{material} not found, 1 test of it not run: {test}\n");
    if said.insert(material.to_owned()) {
        line.insert_str(0, &format!("{material}: {reason}\n"));
    }
    // `eprintln!` is captured for tests that pass; these lines are for exactly those.
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// Says on standard error that a test does not run because nobody asked for it; also in CI, where the
/// material is not expected.
pub fn not_asked_for(material: &str, how: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("unnamed");
    let line = format!("{material} not named ({how}), 1 test of it not run: {test}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// Whether the environment says that this is a CI run: `CI` is set and not empty.
pub fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty())
}

/// Holds an exclusive lock on a file for as long as it lives, across processes: test binaries of
/// one `cargo test` that obtain the same thing do it once.
pub struct Lock(std::fs::File);

impl Lock {
    /// Waits for the lock on `file`, which is created with its folders if it is not there.
    pub fn wait(file: &Path) -> std::io::Result<Lock> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let handle = std::fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(file)?;
        lock_exclusively(&handle)?;
        Ok(Lock(handle))
    }
}

#[allow(
    clippy::incompatible_msrv,
    reason = "the package's minimum version is for those who build it; tests may need a newer one"
)]
fn lock_exclusively(handle: &std::fs::File) -> std::io::Result<()> {
    handle.lock()
}
