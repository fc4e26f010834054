//! Bad places: what is named is no file, cannot be read, changes in between, or cannot be written.
//! Nothing hangs, nothing is lost, and the rest of the batch goes on.
#![cfg(unix)]

use crate::demo;

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::{
        ffi::OsStringExt as _,
        fs::{MetadataExt as _, PermissionsExt as _, symlink},
        process::CommandExt as _,
    },
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use demo::{Demo, PLAIN, PLAIN_AFTER, Run};

const FROM: &[&str] = &[
    "upgrade", "--pack", "pack", "--chart", "demo", "--from", "1.0.0",
];

/// Runs a command that must end by itself, soon.
fn ends(command: &mut Command) -> Run {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("{command:?} hangs: {:?}", child.wait_with_output());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap().into()
}

/// A snapshot of a message without what is different on each machine.
fn snapshot(name: &str, text: &str) {
    let mut text = text.to_owned();
    for (pattern, replacement) in [
        (r" at path .*?(;|\n)", "$1"),
        ("sha256:[0-9a-f]+", "sha256:DIGEST"),
        (r"example (\./)?folder/+", "example PLACE/"),
        (r"/dev/\w+|\./folder/?", "PLACE"),
        ("error: folder", "error: PLACE"),
    ] {
        text = regex::Regex::new(pattern)
            .unwrap()
            .replace_all(&text, replacement)
            .into_owned();
    }
    insta::assert_snapshot!(name, text);
}

/// Refuses a place beside a good file, in each mode; the message is the snapshot of that name.
fn refused(demo: &Demo, snapshot: &str, name: &OsStr) {
    let preview = ends(demo.command().args(FROM).arg(name));
    assert_eq!((preview.code, preview.out.as_str()), (2, ""), "{preview:?}");
    demo.file("v.yaml", PLAIN);
    let run = ends(
        demo.command()
            .args(FROM)
            .arg(name)
            .arg("v.yaml")
            .arg("--write"),
    );
    assert_eq!(run.code, 2, "{snapshot}: {run:?}");
    assert!(run.err.contains("Wrote v.yaml\n"), "{snapshot}: {run:?}");
    assert_eq!(demo.text("v.yaml"), PLAIN_AFTER);
    self::snapshot(snapshot, &preview.err);
}

fn is_root() -> bool {
    let folder = tempfile::tempdir().unwrap();
    fs::metadata(folder.path()).unwrap().uid() == 0
}

/// The command as somebody who is not root, in folders that are open to all. `None` if this process
/// cannot become such a one.
fn as_nobody(demo: &Demo) -> Option<Command> {
    fs::set_permissions(demo.folder(), fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = demo.command();
    if is_root() {
        command.uid(65534).gid(65534);
        // The program itself may lie where only root can come.
        let copy = demo.program();
        let mut probe = Command::new(&copy);
        let works = probe
            .arg("--version")
            .current_dir(demo.folder())
            .uid(65534)
            .gid(65534)
            .output()
            .is_ok_and(|output| output.status.success());
        if !works {
            return None;
        }
        command = Command::new(copy);
        command
            .uid(65534)
            .gid(65534)
            .current_dir(demo.folder())
            .stdin(Stdio::null());
    }
    Some(command)
}

fn not_run(why: &str) {
    assert!(
        std::env::var_os("CI").is_none(),
        "not run although CI is set: {why}"
    );
    eprintln!("a test is not run: {why}");
}

#[test]
fn no_file() {
    let demo = Demo::new();
    fs::create_dir(demo.path("folder")).unwrap();
    symlink("gone.yaml", demo.path("dangling.yaml")).unwrap();
    symlink("loop-b", demo.path("loop-a")).unwrap();
    symlink("loop-a", demo.path("loop-b")).unwrap();
    for (snapshot, name) in [
        ("missing", "missing.yaml"),
        ("file_as_folder", "asks.yaml/values.yaml"),
        ("dangling_link", "dangling.yaml"),
        ("link_loop", "loop-a"),
        ("device", "/dev/zero"),
        ("device", "/dev/null"),
    ] {
        refused(&demo, snapshot, OsStr::new(name));
    }
}

#[test]
fn a_pipe_without_a_writer_does_not_hang() {
    let demo = Demo::new();
    let made = Command::new("mkfifo").arg(demo.path("pipe")).status();
    if !made.is_ok_and(|status| status.success()) {
        return not_run("mkfifo is missing");
    }
    refused(&demo, "pipe", OsStr::new("pipe"));
}

#[test]
fn a_huge_file_is_not_read() {
    let demo = Demo::new();
    let file = fs::File::create(demo.path("huge.yaml")).unwrap();
    if file.set_len((256 << 20) + 1).is_err() {
        return not_run("the file system has no sparse files");
    }
    refused(&demo, "huge", OsStr::new("huge.yaml"));
}

#[test]
fn a_file_that_may_not_be_read() {
    let demo = Demo::new();
    let Some(mut nobody) = as_nobody(&demo) else {
        return not_run("another user cannot run the program");
    };
    fs::set_permissions(demo.path("asks.yaml"), fs::Permissions::from_mode(0o0)).unwrap();
    let run = ends(nobody.args(FROM).args(["asks.yaml", "v.yaml"]));
    assert_eq!(run.code, 2, "{run:?}");
    assert!(
        run.out.contains("+new: a"),
        "the other file is shown: {run:?}"
    );
    let error = run.err.find("error:").unwrap();
    let error = run.err[error..].split("\naction").next().unwrap();
    snapshot("not_readable", error);
}

#[test]
fn a_folder_or_a_file_that_may_not_be_written() {
    let demo = Demo::new();
    if as_nobody(&demo).is_none() {
        return not_run("another user cannot run the program");
    }
    for (snapshot, folder, file) in [
        ("read_only_folder", 0o555, 0o666),
        ("read_only_file", 0o777, 0o444),
    ] {
        let mut nobody = as_nobody(&demo).unwrap();
        fs::set_permissions(demo.path("v.yaml"), fs::Permissions::from_mode(file)).unwrap();
        fs::set_permissions(demo.folder(), fs::Permissions::from_mode(folder)).unwrap();
        let names = demo.names();
        let run = ends(nobody.args(FROM).args(["v.yaml", "--write"]));
        assert_eq!(run.code, 2, "{run:?}");
        assert_eq!(demo.text("v.yaml"), PLAIN);
        assert_eq!(demo.names(), names, "nothing is left behind");
        fs::set_permissions(demo.folder(), fs::Permissions::from_mode(0o777)).unwrap();
        self::snapshot(snapshot, run.err.split("\n\n").last().unwrap());
    }
}

/// No byte more can be written than fits: the old file stays whole, and nothing is left behind.
#[test]
fn a_full_disk() {
    let demo = Demo::new();
    let long = format!("{PLAIN}{}", "# to fill the disk\n".repeat(4000));
    demo.file("v.yaml", &long);
    let names = demo.names();
    let mut shell = Command::new("sh");
    // The limit on a file's size stands for the disk; a child that ignores the signal gets an error.
    shell
        .args([
            "-c",
            "ulimit -f 8; trap '' XFSZ; exec \"$@\"",
            "sh",
            env!("CARGO_BIN_EXE_refit"),
        ])
        .args(FROM)
        .args(["v.yaml", "--write"])
        .current_dir(demo.folder());
    let run = ends(&mut shell);
    assert_eq!(run.code, 2, "{run:?}");
    assert_eq!(demo.text("v.yaml"), long);
    assert_eq!(demo.names(), names, "nothing is left behind");
    snapshot("full_disk", run.err.split("\n\n").last().unwrap());
}

/// The same on a real file system that is full, where one may be mounted.
#[cfg(target_os = "linux")]
#[test]
fn a_full_file_system() {
    let demo = Demo::new();
    fs::create_dir(demo.path("small")).unwrap();
    let script = "mount -t tmpfs -o size=64k none small && cp -r pack small/ && cp v.yaml small/ && cd small \
                  && cat /dev/zero > filler 2>/dev/null; cat v.yaml > ../before && \"$@\"; code=$?; \
                  ls -a > ../names; cat v.yaml > ../after; exit $code";
    let output = Command::new("unshare")
        .args(["-m", "sh", "-c", script, "sh", env!("CARGO_BIN_EXE_refit")])
        .args(FROM)
        .args(["v.yaml", "--write"])
        .current_dir(demo.folder())
        .output();
    if !demo.path("after").exists() || demo.text("before") != PLAIN {
        return not_run(&format!("no file system can be mounted here: {output:?}"));
    }
    let run = Run::from(output.unwrap());
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("No space left on device"), "{run:?}");
    assert_eq!(demo.text("after"), PLAIN);
    assert_eq!(demo.text("names"), ".\n..\nfiller\npack\nv.yaml\n");
}

#[test]
fn a_link_stays_one() {
    let demo = Demo::new();
    fs::create_dir(demo.path("real")).unwrap();
    demo.file("real/v.yaml", PLAIN);
    symlink("real/v.yaml", demo.path("link.yaml")).unwrap();
    let run = demo.upgrade("link.yaml --from 1.0.0 --write");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.contains("Wrote link.yaml (a link to "), "{run:?}");
    assert!(
        fs::symlink_metadata(demo.path("link.yaml"))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(demo.text("real/v.yaml"), PLAIN_AFTER);
}

#[test]
fn a_file_that_changed_since_it_was_shown() {
    let demo = Demo::new();
    let preview = demo.upgrade("v.yaml --from 1.0.0");
    let changed = format!("{PLAIN}more: 1\n");
    demo.file("v.yaml", &changed);
    let run = demo.paste(&preview.err);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
    assert_eq!(demo.text("v.yaml"), changed);
    snapshot("changed_since_shown", &run.err);
    for digest in [
        "sha256:0123456789abcdef",
        "0123456789abcdef",
        "sha256:0123",
        "",
    ] {
        let run = demo.run(&format!(
            "upgrade --pack pack --chart demo v.yaml --from 1.0.0 --write --expect={digest}"
        ));
        assert_eq!(run.code, 2, "{digest}: {run:?}");
        assert_eq!(demo.text("v.yaml"), changed);
    }
}

/// A file that changes between reading and writing in one process: another release of the same run
/// takes a while to work out, and the file is changed in that while.
#[test]
fn a_file_that_changes_under_the_run() {
    let demo = Demo::new();
    let other: String = (0..20_000)
        .map(|i| format!("k{i}: {{a: 1, b: [x, y]}}\n"))
        .collect();
    demo.file("slow.yaml", &other);
    let changed = "old: changed meanwhile\n";
    // How long the program takes to start and to read is not known: it is tried with several waits.
    for wait in [50, 100, 200, 400, 800, 1600] {
        demo.file("v.yaml", PLAIN);
        demo.file("new", changed);
        let mut child = demo
            .command()
            .args(FROM)
            .args(["v.yaml", "slow.yaml", "--write", "-q"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        // Renamed over, as editors do: what refit has read is another file now.
        fs::rename(demo.path("new"), demo.path("v.yaml")).unwrap();
        let in_time = child.try_wait().unwrap().is_none();
        let run = Run::from(child.wait_with_output().unwrap());
        let now = demo.text("v.yaml");
        if !in_time || now == "new: changed meanwhile\n" {
            continue;
        }
        assert_eq!((run.code, now.as_str()), (2, changed), "{run:?}");
        snapshot("changed_under_the_run", &run.err);
        return;
    }
    not_run("the machine was too fast or too slow to come in between");
}

#[test]
fn names_that_are_not_text() {
    let demo = Demo::new();
    let name = OsString::from_vec(b"x\xff.yaml".to_vec());
    let path = demo.folder().join(&name);
    if fs::write(&path, PLAIN).is_err() {
        return not_run("the file system takes only names that are text");
    }
    let preview = ends(demo.command().args(FROM).arg(&name));
    assert_eq!(preview.code, 0, "{preview:?}");
    let patch = ends(demo.command().args(FROM).arg(&name).args(["-o", "patch"]));
    assert!(
        patch
            .out
            .starts_with("diff --git \"a/x\\377.yaml\" \"b/x\\377.yaml\"\n"),
        "{patch:?}"
    );
    let written = demo.paste(&preview.err);
    assert_eq!(written.code, 0, "{written:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), PLAIN_AFTER);
    let missing = OsString::from_vec(b"y\xff.yaml".to_vec());
    assert_eq!(ends(demo.command().args(FROM).arg(&missing)).code, 2);
}

#[test]
fn odd_surroundings() {
    let demo = Demo::new();
    // No environment at all: no HOME, no PATH, no TERM.
    let run = ends(demo.command().env_clear().args(FROM).arg("v.yaml"));
    assert_eq!(run.code, 0, "{run:?}");
    // Standard streams that are closed: the file is written all the same.
    let closed = |script: &str| {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", script, "sh", env!("CARGO_BIN_EXE_refit")])
            .args(FROM)
            .args(["v.yaml", "--write"])
            .current_dir(demo.folder());
        demo.file("v.yaml", PLAIN);
        let run = ends(&mut shell);
        assert_eq!(run.code, 0, "{script}: {run:?}");
        assert_eq!(demo.text("v.yaml"), PLAIN_AFTER, "{script}");
    };
    closed("exec \"$@\" >&-");
    closed("exec \"$@\" 2>&-");
    closed("exec \"$@\" <&- >&- 2>&-");
    closed("\"$@\" | true; exit 0");
}

/// Help and lists that are lost are errors, as results are; nobody reading is none.
#[cfg(target_os = "linux")]
#[test]
fn help_that_is_lost() {
    let demo = Demo::new();
    for line in [
        "--help",
        "upgrade --help",
        "packs",
        "completions bash",
        "man",
    ] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let status = demo
            .command()
            .args(line.split(' '))
            .stdout(full)
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(2), "{line}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = demo
            .command()
            .args(line.split(' '))
            .stdout(writer)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}");
        assert!(output.stderr.is_empty(), "{line}");
    }
}

/// Where a test needs a path of the program only.
#[test]
fn a_relative_place_outside_is_taken_as_named() {
    let demo = Demo::new();
    fs::create_dir(demo.path("below")).unwrap();
    let mut command = demo.command();
    command.current_dir(demo.path("below"));
    let run = ends(command.args([
        "upgrade",
        "--pack",
        "../pack",
        "--chart",
        "demo",
        "--from",
        "1.0.0",
        "../v.yaml",
        "--write",
    ]));
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.contains("Wrote ../v.yaml\n"), "{run:?}");
    assert_eq!(
        fs::read_to_string(Path::new(&demo.path("v.yaml"))).unwrap(),
        PLAIN_AFTER
    );
}
