//! The progress bar: seen by whoever waits at a terminal, and by nobody else.
#![cfg(unix)]

use crate::demo;
use crate::pty;

use std::{fs, path::Path, process::Stdio, time::Duration};

use demo::{Demo, PLAIN, PLAIN_AFTER, Run};
use pty::Pty;
use rustix::fs::{FlockOperation, flock};

const ARGS: &[&str] = &[
    "upgrade", "--pack", "pack", "--chart", "demo", "--from", "1.0.0", "--write", "a/v.yaml",
    "b/v.yaml", "c/v.yaml",
];
const BAR: &str = " of 3";

/// Three files in three folders, one of them held by another refit.
fn slow(demo: &Demo) -> fs::File {
    for folder in ["a", "b", "c"] {
        fs::create_dir(demo.path(folder)).unwrap();
        demo.file(&format!("{folder}/v.yaml"), PLAIN);
    }
    let held = fs::File::open(demo.path("b")).unwrap();
    flock(&held, FlockOperation::LockExclusive).unwrap();
    held
}

fn until_written(file: &Path) {
    while fs::read_to_string(file).unwrap() != PLAIN_AFTER {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(600));
}

#[test]
fn a_terminal_shows_the_bar_and_is_clean_afterwards() {
    let demo = Demo::new();
    let held = slow(&demo);
    let pty = Pty::new(demo.folder(), ARGS, 80, &[("NO_COLOR", "1")]);
    until_written(&demo.path("a/v.yaml"));
    drop(held);
    until_written(&demo.path("c/v.yaml"));
    let raw = pty.raw();
    assert!(raw.contains("Writing =") && raw.contains(BAR), "{raw}");
    let (code, screen) = pty.end();
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains(BAR), "{screen}");
    for file in ["a", "b", "c"] {
        assert!(screen.contains(&format!("Wrote {file}/v.yaml")), "{screen}");
    }
}

#[test]
fn without_a_terminal_there_is_no_bar() {
    let demo = Demo::new();
    let held = slow(&demo);
    let child = demo
        .command()
        .args(ARGS)
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    until_written(&demo.path("a/v.yaml"));
    drop(held);
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        !run.err.contains(BAR) && !run.err.contains('\u{1b}'),
        "{run:?}"
    );
    assert!(run.err.contains("Wrote c/v.yaml"), "{run:?}");
}
