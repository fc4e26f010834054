//! Runs that are killed, that meet one another, and journals that lie: every file is the old or the new one,
//! and a unit of files is all old or all new once the next run has looked at it.
#![cfg(unix)]

use crate::demo;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use demo::{Demo, PLAIN, PLAIN_AFTER, Run};
use refit::write::{FileReplacement, WriteError, WriteOptions, recover, unfinished_writes, write};
use rustix::fs::{FlockOperation, flock};
use sha2::{Digest as _, Sha256};

/// A release of many files in several folders.
struct Unit {
    demo: Demo,
    files: Vec<PathBuf>,
}

impl Unit {
    const FILES: usize = 60;

    fn new() -> Self {
        let demo = Demo::new();
        for folder in ["u", "u/a", "u/b", "u/b/c"] {
            fs::create_dir(demo.path(folder)).unwrap();
        }
        let files = (0..Self::FILES)
            .map(|i| demo.path(&format!("u/{}/{i}.yaml", ["a", "b", "b/c"][i % 3])))
            .collect();
        let unit = Self { demo, files };
        unit.reset();
        unit
    }

    fn old(i: usize) -> String {
        format!("# file {i}\nold: v{i} # why\n")
    }

    fn new_text(i: usize) -> String {
        format!("# file {i}\nnew: v{i} # why\n")
    }

    fn reset(&self) {
        for (i, file) in self.files.iter().enumerate() {
            fs::write(file, Self::old(i)).unwrap();
        }
    }

    /// The run that writes them all.
    fn command(&self) -> Command {
        let mut command = self.demo.command();
        command.args(["upgrade", "--pack", "pack", "--chart", "demo"]);
        command.args(["--from", "1.0.0", "--write", "-q"]);
        for file in &self.files {
            command
                .arg("-f")
                .arg(file.strip_prefix(self.demo.folder()).unwrap());
        }
        command.env("XDG_STATE_HOME", self.demo.path("state"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self) -> Run {
        self.command().output().unwrap().into()
    }

    /// Waits until a file is new, or the run has ended.
    fn until_new(&self, child: &mut Child, at: usize) {
        let new = Self::new_text(at);
        while child.try_wait().unwrap().is_none() {
            for _ in 0..50 {
                if fs::read_to_string(&self.files[at]).unwrap() == new {
                    return;
                }
            }
        }
    }

    /// How many files are new; every file must be the old or the new one.
    fn count_new(&self) -> usize {
        let is_new = |(i, file): (usize, &PathBuf)| {
            let text = fs::read_to_string(file).unwrap();
            let is_new = text == Self::new_text(i);
            assert!(
                is_new || text == Self::old(i),
                "{}: {text:?}",
                file.display()
            );
            is_new
        };
        self.files
            .iter()
            .enumerate()
            .map(is_new)
            .filter(|is_new| *is_new)
            .count()
    }

    /// The names of refit's own files, in all folders.
    fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        for folder in ["", "u", "u/a", "u/b", "u/b/c"] {
            left.extend(own_names(&self.demo.path(folder)));
        }
        left
    }

    fn recover(&self) -> refit::write::Recovery {
        let files: Vec<&Path> = self.files.iter().map(PathBuf::as_path).collect();
        recover(&files, &WriteOptions::default())
    }
}

fn own_names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".refit-"))
        .collect()
}

/// Numbers that are the same in every run of the test.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Waits until a file of refit's with that beginning is there, or the run has ended.
fn until(child: &mut Child, folder: &Path, begins: &str) {
    while child.try_wait().unwrap().is_none() {
        if own_names(folder)
            .iter()
            .any(|name| name.starts_with(begins))
        {
            return;
        }
        std::thread::yield_now();
    }
}

fn kill(mut child: Child) {
    // Not an error if it has ended already.
    let _ = child.kill();
    child.wait().unwrap();
}

#[test]
fn killed_at_any_moment_a_unit_is_all_old_or_all_new_after_the_next_run() {
    const RUNS: usize = 200;
    const THREADS: usize = 2;
    const HALF: usize = 5;
    let half = AtomicUsize::new(0);
    let interrupted = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (half, interrupted) = (&half, &interrupted);
            scope.spawn(move || {
                let unit = Unit::new();
                let mut random = Random(0x9E37_79B9_7F4A_7C15 + thread as u64);
                let start = Instant::now();
                assert_eq!(unit.run().code, 0);
                let whole = start.elapsed();
                assert_eq!((unit.count_new(), unit.left()), (Unit::FILES, vec![]));
                // As many runs more as it takes to meet the moments that matter, within reason.
                let mut runs = 0..4 * RUNS / THREADS;
                while let Some(run) = runs.next()
                    && (run < RUNS / THREADS || half.load(Ordering::Relaxed) < HALF)
                {
                    // Those that are more are of the last kind below.
                    let run = if run < RUNS / THREADS { run } else { 3 };
                    unit.reset();
                    let mut child = unit.command().spawn().unwrap();
                    let micros =
                        |most: u64, random: &mut Random| Duration::from_micros(random.below(most));
                    let pause = match run % 4 {
                        // At any time at all.
                        0 => micros(whole.as_micros() as u64 + 1, &mut random),
                        // While the texts are prepared.
                        1 => {
                            until(&mut child, &unit.demo.path("u/a"), ".refit-");
                            micros(30_000, &mut random)
                        }
                        // While the files take their places, and shortly after.
                        2 => {
                            until(&mut child, &unit.demo.path("u"), ".refit-journal-");
                            micros(4_000, &mut random)
                        }
                        // As soon as one of them has done so.
                        _ => {
                            let at = random.below(Unit::FILES as u64 / 3) as usize;
                            unit.until_new(&mut child, at);
                            Duration::ZERO
                        }
                    };
                    std::thread::sleep(pause);
                    kill(child);
                    let new = unit.count_new();
                    half.fetch_add(usize::from(new > 0 && new < Unit::FILES), Ordering::Relaxed);
                    let journals = own_names(&unit.demo.path("u"))
                        .iter()
                        .any(|name| name.starts_with(".refit-journal-"));
                    interrupted.fetch_add(usize::from(journals), Ordering::Relaxed);
                    match run % 3 {
                        // The next run of refit.
                        0 => {
                            let next = unit.run();
                            assert_eq!(next.code, 0, "{next:?}");
                            assert_eq!(unit.count_new(), Unit::FILES);
                        }
                        // The run that mends is killed as well.
                        1 => {
                            let again = unit.command().spawn().unwrap();
                            std::thread::sleep(micros(whole.as_micros() as u64 + 1, &mut random));
                            kill(again);
                            unit.count_new();
                            let recovery = unit.recover();
                            assert!(recovery.troubles.is_empty(), "{recovery:?}");
                        }
                        _ => {
                            let recovery = unit.recover();
                            assert!(recovery.troubles.is_empty(), "{recovery:?}");
                            assert_eq!(recovery.mended.len(), usize::from(journals));
                        }
                    }
                    let new = unit.count_new();
                    assert!(new == 0 || new == Unit::FILES, "{new} files are new");
                    assert_eq!(unit.left(), Vec::<String>::new(), "nothing is left behind");
                }
            });
        }
    });
    let (half, interrupted) = (half.into_inner(), interrupted.into_inner());
    eprintln!(
        "{RUNS} runs were killed: {interrupted} left a journal, {half} some files new and some old"
    );
    assert!(
        half >= 5,
        "the moments that matter were not met: {half} of {RUNS}"
    );
}

#[test]
fn a_preview_says_what_an_interrupted_run_left_and_changes_nothing() {
    let unit = Unit::new();
    // Killed as soon as one file is new; again, if that was too late.
    for _ in 0..100 {
        unit.reset();
        let mut child = unit.command().spawn().unwrap();
        unit.until_new(&mut child, 0);
        kill(child);
        if !unit.left().is_empty() && (1..Unit::FILES).contains(&unit.count_new()) {
            break;
        }
    }
    let (left, new) = (unit.left(), unit.count_new());
    assert!(
        !left.is_empty() && (1..Unit::FILES).contains(&new),
        "{left:?} {new}"
    );
    let preview = unit.demo.upgrade("--from 1.0.0 u/a/0.yaml");
    assert!(
        preview.err.contains("warning: ")
            && preview
                .err
                .contains("an interrupted refit has written only some of these files"),
        "{preview:?}"
    );
    assert_eq!((unit.left(), unit.count_new()), (left, new));
    // One of its files is enough to mend all of them.
    let run = unit.demo.upgrade("--from 1.0.0 u/a/0.yaml --write");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.err
            .contains("note: an interrupted write of an earlier run was finished: "),
        "{run:?}"
    );
    assert_eq!((unit.count_new(), unit.left()), (Unit::FILES, vec![]));
}

#[test]
fn runs_that_meet_do_each_all_or_nothing() {
    let unit = Unit::new();
    for _ in 0..5 {
        unit.reset();
        let children: Vec<Child> = (0..4).map(|_| unit.command().spawn().unwrap()).collect();
        let runs: Vec<Run> = children
            .into_iter()
            .map(|child| child.wait_with_output().unwrap().into())
            .collect();
        assert!(runs.iter().any(|run| run.code == 0), "{runs:?}");
        for run in &runs {
            // Whoever came second has read what the first has replaced since.
            let late = run.code == 2 && run.err.contains("has changed since refit read it");
            assert!(run.code == 0 || late, "{run:?}");
        }
        assert_eq!((unit.count_new(), unit.left()), (Unit::FILES, vec![]));
    }
}

/// A folder as another refit holds it.
fn hold(folder: &Path) -> fs::File {
    let folder = fs::File::open(folder).unwrap();
    flock(&folder, FlockOperation::LockExclusive).unwrap();
    folder
}

#[test]
fn a_run_waits_for_another_and_says_so() {
    let demo = Demo::new();
    let held = hold(demo.folder());
    let mut command = demo.command();
    command.args(["upgrade", "--pack", "pack", "--chart", "demo", "--from"]);
    command.args(["1.0.0", "v.yaml", "--write"]);
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(demo.text("v.yaml"), PLAIN);
    drop(held);
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.contains("Waiting for another refit"), "{run:?}");
    assert_eq!(demo.text("v.yaml"), PLAIN_AFTER);
}

#[test]
fn a_run_that_has_to_wait_too_long_writes_nothing() {
    let demo = Demo::new();
    let path = demo.path("v.yaml");
    let file = FileReplacement {
        path: &path,
        before: PLAIN.as_bytes(),
        after: b"x",
    };
    let options = WriteOptions {
        patience: Duration::from_millis(50),
        ..WriteOptions::default()
    };
    let held = hold(demo.folder());
    let error = write(&[file], &options).unwrap_err();
    assert!(matches!(error, WriteError::Locked { .. }), "{error}");
    assert!(error.next().contains("let the other run end"));
    assert_eq!(demo.text("v.yaml"), PLAIN);
    drop(held);
    write(&[file], &options).unwrap();
}

#[test]
fn texts_in_waiting_of_a_run_that_still_goes_on_are_left_to_it() {
    let demo = Demo::new();
    demo.file(".refit-abc123.tmp", "new");
    let path = demo.path("v.yaml");
    let held = hold(demo.folder());
    assert_eq!(recover(&[&path], &WriteOptions::default()).cleaned, 0);
    drop(held);
    assert_eq!(recover(&[&path], &WriteOptions::default()).cleaned, 1);
    assert!(!demo.path(".refit-abc123.tmp").exists());
    assert_eq!(demo.text("v.yaml"), PLAIN);
}

/// On a file system that can exchange files, as every test machine's is, no moment is open to a loss.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_is_replaced_in_between_is_never_lost() {
    let demo = Demo::new();
    let paths: Vec<PathBuf> = (0..8).map(|i| demo.path(&format!("{i}.yaml"))).collect();
    let mut random = Random(88_172_645_463_325_252);
    let (mut written, mut refused) = (0, 0);
    for run in 0..400 {
        let paths = if run % 2 == 0 {
            &paths[..1]
        } else {
            &paths[..]
        };
        for path in paths {
            fs::write(path, "old").unwrap();
        }
        demo.file("mine", "mine");
        let files: Vec<FileReplacement<'_>> = paths
            .iter()
            .map(|path| FileReplacement {
                path,
                before: b"old",
                after: b"new",
            })
            .collect();
        let last = paths.last().unwrap();
        let pause = Duration::from_micros(random.below(4_000));
        let result = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(pause);
                fs::rename(demo.path("mine"), last).unwrap();
            });
            write(&files, &WriteOptions::default())
        });
        assert_eq!(fs::read_to_string(last).unwrap(), "mine");
        let rest = match result {
            Ok(_) => {
                written += 1;
                "new"
            }
            Err(error) => {
                refused += 1;
                assert!(matches!(error, WriteError::Changed { .. }), "{error}");
                "old"
            }
        };
        for path in &paths[..paths.len() - 1] {
            assert_eq!(fs::read_to_string(path).unwrap(), rest);
        }
        assert_eq!(own_names(demo.folder()), Vec::<String>::new());
    }
    eprintln!("replaced in between: {written} came later, {refused} were met");
    assert!(written > 0 && refused > 0, "{written} {refused}");
}

#[test]
fn links_in_a_unit_are_written_through_from_a_journal_above_them() {
    let demo = Demo::new();
    for folder in ["real", "links"] {
        fs::create_dir(demo.path(folder)).unwrap();
    }
    demo.file("real/a.yaml", "old");
    demo.file("links/b.yaml", "old");
    std::os::unix::fs::symlink("../real/a.yaml", demo.path("links/a.yaml")).unwrap();
    fs::hard_link(demo.path("links/b.yaml"), demo.path("other")).unwrap();
    let paths = ["links/a.yaml", "links/b.yaml"].map(|name| demo.path(name));
    let files = paths.each_ref().map(|path| FileReplacement {
        path,
        before: b"old",
        after: b"new",
    });
    let written = write(&files, &WriteOptions::default()).unwrap();
    assert_eq!(written.len(), 2);
    assert!(written[0].target.is_some() && written[1].still_elsewhere);
    let texts = ["real/a.yaml", "links/b.yaml", "other"].map(|name| demo.text(name));
    assert_eq!(texts, ["new", "new", "old"]);
    assert!(demo.path("links/a.yaml").is_symlink());
    for folder in ["", "real", "links"] {
        assert_eq!(own_names(&demo.path(folder)), Vec::<String>::new());
    }
}

fn hex(text: &[u8]) -> String {
    Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A journal as a stranger would make one: its digest is right, and it says that the text beside the file is
/// to take its place.
fn forge(folder: &Path, path: &str, spare: &str) {
    let (old, new) = (hex(b"old"), hex(b"new"));
    let files = serde_json::json!([
        {"path": path, "before": old, "after": new, "spares": [spare]},
        {"path": "begun.yaml", "before": old, "after": new, "spares": []},
    ]);
    let content = serde_json::json!({"journal": 1, "note": "", "files": files});
    let text = format!("{content}\n");
    let text = format!("{text}end {}\n", hex(text.as_bytes()));
    fs::write(folder.join(".refit-journal-forged"), text).unwrap();
}

#[test]
fn a_journal_that_lies_is_refused_and_nothing_outside_is_touched() {
    let demo = Demo::new();
    for folder in ["repo", "outside", "repo/in"] {
        fs::create_dir(demo.path(folder)).unwrap();
    }
    let link = |target: &str, name: &str| {
        std::os::unix::fs::symlink(target, demo.path(name)).unwrap();
    };
    link("../outside", "repo/folder");
    link("../outside/victim.yaml", "repo/file.yaml");
    let spare = ".refit-spare.tmp";
    for folder in ["outside", "repo", "repo/in"] {
        demo.file(&format!("{folder}/victim.yaml"), "old");
        demo.file(&format!("{folder}/{spare}"), "new");
    }
    demo.file("repo/v.yaml", PLAIN);
    demo.file("repo/begun.yaml", "new");
    let absolute = demo.path("outside/victim.yaml");
    let lies = [
        ("../outside/victim.yaml", spare),
        ("in/../../outside/victim.yaml", spare),
        (absolute.to_str().unwrap(), spare),
        ("%2e%2e/outside/victim.yaml", spare),
        ("folder/victim.yaml", spare),
        ("file.yaml", spare),
        ("victim.yaml", "../outside/.refit-spare.tmp"),
        ("victim.yaml", "in/.refit-spare.tmp"),
        ("victim.yaml", "v.yaml"),
    ];
    for (path, spare) in lies {
        forge(&demo.path("repo"), path, spare);
        let run = demo.upgrade("--from 1.0.0 repo/v.yaml --write");
        // What is said to lie in another folder is not even looked at for this file.
        if path != "folder/victim.yaml" {
            assert!(
                run.code == 2 && run.err.contains("this journal is not followed: it names"),
                "{path} {spare}: {run:?}"
            );
            assert!(run.err.contains("next: compare"), "{run:?}");
        }
        for folder in ["outside", "repo", "repo/in"] {
            assert_eq!(demo.text(&format!("{folder}/victim.yaml")), "old", "{path}");
            assert_eq!(
                demo.text(&format!("{folder}/{spare}", spare = ".refit-spare.tmp")),
                "new"
            );
        }
        demo.file("repo/v.yaml", PLAIN);
    }
    // The same journal with an honest path is followed, so that the test above proves something.
    forge(&demo.path("repo"), "victim.yaml", spare);
    let run = demo.upgrade("--from 1.0.0 repo/v.yaml --write");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(demo.text("repo/victim.yaml"), "new");
    assert_eq!(own_names(&demo.path("repo")), Vec::<String>::new());
}

#[test]
fn a_damaged_journal_is_told_and_kept() {
    let demo = Demo::new();
    demo.file(".refit-journal-x", "{\"journal\": 1}\nend 00\n");
    demo.file(".refit-spare.tmp", "who knows");
    let run = demo.upgrade("--from 1.0.0 v.yaml --write");
    assert_eq!(run.code, 2, "{run:?}");
    assert!(
        run.err.contains("it is damaged, or not from refit"),
        "{run:?}"
    );
    let names: BTreeSet<String> = own_names(demo.folder()).into_iter().collect();
    let kept = [".refit-journal-x", ".refit-spare.tmp"].map(str::to_owned);
    assert_eq!(names, BTreeSet::from(kept));
    assert_eq!(unfinished_writes(&[&demo.path("v.yaml")], None).len(), 1);
}
