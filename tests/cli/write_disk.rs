//! Disks that are full or read-only, and folders that may not be written: a unit of files is all old or all
//! new, nothing is left behind, and the message says what to do.
#![cfg(target_os = "linux")]

use crate::demo;

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
    path::Path,
    process::Command,
};

use demo::{Demo, PLAIN, PLAIN_AFTER, Run};
use refit::write::{WriteOptions, recover};

/// A user that owns nothing else.
const NOBODY: u32 = 65534;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Says that a test does not run here. In CI, where it must, that is a failure.
fn not_run(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "not run in CI: {why}");
    eprintln!("not run: {why}");
}

/// A script in a mount namespace of its own, where `disk` is a small disk that is gone with it.
fn with_disk(demo: &Demo, options: &str, script: &str) -> Option<Run> {
    if !is_root() {
        not_run("only root can mount a small disk");
        return None;
    }
    fs::create_dir_all(demo.path("disk")).unwrap();
    let script = format!("set -e; mount -t tmpfs -o {options} none disk; {script}");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", &script]);
    command
        .current_dir(demo.folder())
        .env("REFIT", env!("CARGO_BIN_EXE_refit"));
    command.env_remove("XDG_STATE_HOME").env_remove("HOME");
    match command.output() {
        Ok(output) if output.status.success() => Some(output.into()),
        Ok(output) => {
            not_run(&format!(
                "no small disk can be mounted here: {}",
                String::from_utf8_lossy(&output.stderr)
            ));
            None
        }
        Err(e) => {
            not_run(&format!("unshare: {e}"));
            None
        }
    }
}

const UPGRADE: &str = "\"$REFIT\" upgrade --pack pack --chart demo --from 1.0.0 --write -q";

#[test]
fn a_full_disk_leaves_a_unit_all_old_or_all_new_and_nothing_else() {
    let demo = Demo::new();
    let (mut old, mut new) = (0, 0);
    // Pages of 4 KiB that are free: from too few for one text to enough for all and the journal.
    for free in 0..=6 {
        let script = format!(
            "mkdir disk/a disk/b; for f in a/1 a/2 b/3; do cp v.yaml disk/$f.yaml; done; \
             dd if=/dev/zero of=disk/fill bs=4096 count=$(( $(stat -f -c %f disk) - {free} )) 2>/dev/null; \
             code=0; {UPGRADE} -f disk/a/1.yaml -f disk/a/2.yaml -f disk/b/3.yaml >/dev/null || code=$?; \
             echo $code; ls -A disk disk/a disk/b | grep -c refit || true; \
             cat disk/a/1.yaml disk/a/2.yaml disk/b/3.yaml"
        );
        let Some(run) = with_disk(&demo, "size=64k", &script) else {
            return;
        };
        let mut lines = run.out.lines();
        let code = lines.next().unwrap();
        assert_eq!(lines.next(), Some("0"), "nothing is left behind: {run:?}");
        let texts: String = lines.flat_map(|line| [line, "\n"]).collect();
        match code {
            "0" => {
                new += 1;
                assert_eq!(texts, PLAIN_AFTER.repeat(3), "{free}");
            }
            _ => {
                old += 1;
                assert_eq!(texts, PLAIN.repeat(3), "{free}");
                assert!(run.err.contains("nothing was written"), "{run:?}");
                assert!(run.err.contains("next: free some space"), "{run:?}");
            }
        }
    }
    assert!(old > 1 && new > 0, "{old} {new}");
}

#[test]
fn a_read_only_file_system_is_told() {
    let demo = Demo::new();
    let script = format!(
        "cp v.yaml disk/1.yaml; cp v.yaml disk/2.yaml; mount -o remount,ro disk; \
         code=0; {UPGRADE} -f disk/1.yaml -f disk/2.yaml >/dev/null || code=$?; echo $code; \
         cat disk/1.yaml disk/2.yaml; ls -A disk | wc -l"
    );
    let Some(run) = with_disk(&demo, "size=64k", &script) else {
        return;
    };
    assert_eq!(run.out, format!("2\n{}2\n", PLAIN.repeat(2)));
    assert!(
        run.err
            .contains("next: run refit where the folder can be written"),
        "{run:?}"
    );
}

/// A folder in which two layers lie in two folders of nobody's, below one that nobody may write.
fn shared() -> Demo {
    let demo = Demo::new();
    for folder in ["base", "team", "state"] {
        fs::create_dir(demo.path(folder)).unwrap();
    }
    for name in ["base/v.yaml", "team/v.yaml"] {
        demo.file(name, PLAIN);
    }
    demo.program();
    if is_root() {
        for name in ["base", "team", "state", "base/v.yaml", "team/v.yaml"] {
            chown(demo.path(name), Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    mode(demo.folder(), 0o555);
    demo
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The two layers upgraded by somebody who is not root, with that folder for the user's own.
fn upgrade(demo: &Demo, state: Option<&Path>) -> Option<Run> {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        let ids = [format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")];
        command.args(ids).args(["--clear-groups", "./refit"]);
        command
    } else {
        Command::new("./refit")
    };
    command.args(["upgrade", "--pack", "pack", "--chart", "demo", "--from"]);
    command.args(["1.0.0", "-f", "base/v.yaml", "-f", "team/v.yaml", "--write"]);
    command.current_dir(demo.folder());
    command.env_remove("HOME").env_remove("XDG_STATE_HOME");
    if let Some(state) = state {
        command.env("XDG_STATE_HOME", state);
    }
    match command.output() {
        Ok(output) => Some(output.into()),
        Err(e) => {
            not_run(&format!("setpriv: {e}"));
            None
        }
    }
}

#[test]
fn where_the_common_folder_cannot_be_written_the_journal_is_the_users_own() {
    let demo = shared();
    let run = upgrade(&demo, Some(&demo.path("state")));
    mode(demo.folder(), 0o755);
    let Some(run) = run else { return };
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(demo.text("base/v.yaml"), PLAIN_AFTER);
    assert_eq!(demo.text("team/v.yaml"), PLAIN_AFTER);
    let own = demo.path("state/refit");
    assert_eq!(
        fs::metadata(&own).unwrap().permissions().mode() & 0o777,
        0o700
    );
    assert_eq!(
        fs::read_dir(own).unwrap().count(),
        0,
        "nothing is left behind"
    );
}

#[test]
fn without_a_place_for_the_journal_nothing_is_written() {
    let demo = shared();
    let run = upgrade(&demo, None);
    mode(demo.folder(), 0o755);
    let Some(run) = run else { return };
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("cannot keep a journal there"), "{run:?}");
    assert!(
        run.err
            .contains("next: give yourself write permission on that folder"),
        "{run:?}"
    );
    assert_eq!(demo.text("base/v.yaml"), PLAIN);
    assert_eq!(demo.text("team/v.yaml"), PLAIN);
    for folder in ["base", "team"] {
        assert_eq!(fs::read_dir(demo.path(folder)).unwrap().count(), 1);
    }
}

#[test]
fn a_folder_that_others_can_write_is_not_the_users_own() {
    let demo = Demo::new();
    for (bits, taken) in [(0o700, true), (0o755, true), (0o777, false), (0o770, false)] {
        let own = demo.path(&format!("own-{bits:o}"));
        fs::create_dir(&own).unwrap();
        mode(&own, bits);
        fs::write(own.join(".refit-journal-x"), "damaged").unwrap();
        let options = WriteOptions {
            own: Some(&own),
            ..WriteOptions::default()
        };
        let recovery = recover(&[&demo.path("v.yaml")], &options);
        assert_eq!(recovery.troubles.len(), usize::from(taken), "{bits:o}");
    }
}
