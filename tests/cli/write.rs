//! Writing: whole files or none, and nothing of a file but its text.

use crate::demo;

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use demo::{Demo, PLAIN, PLAIN_AFTER};
use refit::write::{
    FileReplacement, WriteError, WriteOptions, WriteRefusal, WrittenFile, create, put, write,
};

fn replace<'a>(path: &'a Path, before: &'a str, after: &'a str) -> FileReplacement<'a> {
    FileReplacement {
        path,
        before: before.as_bytes(),
        after: after.as_bytes(),
    }
}

fn keep(suffix: &str) -> WriteOptions<'_> {
    WriteOptions {
        backup: Some(OsStr::new(suffix)),
        ..WriteOptions::default()
    }
}

fn one(path: &Path, before: &str, after: &str) -> Result<Vec<WrittenFile>, WriteError> {
    write(&[replace(path, before, after)], &WriteOptions::default())
}

#[test]
fn bytes_are_written_as_they_are() {
    let demo = Demo::new();
    for text in ["a: 1\r\nb: 2", "\u{feff}a: 1\n", "", "a: \"x\ry\"\n"] {
        demo.file("f", "before");
        assert_eq!(one(&demo.path("f"), "before", text).unwrap().len(), 1);
        assert_eq!(fs::read(demo.path("f")).unwrap(), text.as_bytes());
    }
}

#[test]
fn what_does_not_change_is_not_touched() {
    let demo = Demo::new();
    let inode = file_id(&demo.path("v.yaml"));
    assert!(one(&demo.path("v.yaml"), PLAIN, PLAIN).unwrap().is_empty());
    assert_eq!(file_id(&demo.path("v.yaml")), inode);
}

#[test]
fn a_file_that_changed_in_between_is_refused() {
    let demo = Demo::new();
    for now in ["", "a", "abcd", "abcdefgh"] {
        demo.file("f", now);
        let error = one(&demo.path("f"), "abcdef", "x").unwrap_err();
        assert!(matches!(error, WriteError::Changed { .. }), "{error}");
        assert_eq!(demo.text("f"), now);
    }
}

#[test]
fn one_that_changed_keeps_all_others_as_they_were() {
    let demo = Demo::new();
    demo.file("a", "1");
    demo.file("b", "other");
    let (a, b) = (demo.path("a"), demo.path("b"));
    let names = demo.names();
    let error = write(
        &[replace(&a, "1", "2"), replace(&b, "1", "2")],
        &keep(".bak"),
    )
    .unwrap_err();
    assert!(matches!(error, WriteError::Changed { .. }), "{error}");
    assert_eq!(
        (demo.text("a").as_str(), demo.text("b").as_str()),
        ("1", "other")
    );
    assert_eq!(
        demo.names(),
        names,
        "no new file and no backup is left behind"
    );
}

#[test]
fn folders_and_missing_files_are_refused() {
    let demo = Demo::new();
    let error = one(demo.folder(), "", "x").unwrap_err();
    assert!(
        matches!(
            error,
            WriteError::NotAFile {
                what: "a folder",
                ..
            }
        ),
        "{error}"
    );
    let error = one(&demo.path("missing"), "", "x").unwrap_err();
    assert!(
        matches!(
            error,
            WriteError::Refused {
                kind: WriteRefusal::Missing,
                ..
            }
        ),
        "{error}"
    );
    assert!(!demo.path("missing").exists());
}

#[test]
fn backups_never_overwrite_one_another() {
    let demo = Demo::new();
    demo.file("f", "1");
    demo.file("f.bak", "mine");
    let f = demo.path("f");
    let mut backups = Vec::new();
    for (before, after) in [("1", "2"), ("2", "3")] {
        let written = write(&[replace(&f, before, after)], &keep(".bak")).unwrap();
        backups.push(written[0].backup.clone().unwrap());
    }
    assert_eq!(backups, [demo.path("f.bak.1"), demo.path("f.bak.2")]);
    assert_eq!(demo.text("f.bak"), "mine");
    assert_eq!(demo.text("f.bak.1"), "1");
    assert_eq!(demo.text("f.bak.2"), "2");
}

#[cfg(unix)]
#[test]
fn a_backup_that_cannot_have_its_name_is_refused_for_that() {
    let demo = Demo::new();
    demo.file("f", "1");
    let f = demo.path("f");
    let beside = || fs::read_dir(demo.folder()).unwrap().count();
    let before = beside();
    let error = write(&[replace(&f, "1", "2")], &keep(&".bak".repeat(100))).unwrap_err();
    // The system's reason; it is not that the name is taken, for which another would be looked for.
    assert!(error.to_string().contains("name too long"), "{error}");
    assert_eq!(demo.text("f"), "1");
    assert_eq!(beside(), before);
}

#[test]
fn a_backup_is_named_as_its_file_was() {
    let demo = Demo::new();
    demo.file("f", "1");
    let f = demo.folder().join("pack/../f");
    let written = write(&[replace(&f, "1", "2")], &keep(".bak")).unwrap();
    let backup = demo.folder().join("pack/../f.bak");
    assert_eq!(written[0].backup.as_ref(), Some(&backup));
    assert_eq!(fs::read(backup).unwrap(), b"1");
}

#[test]
fn a_new_file_in_a_folder_that_is_not_there_is_refused_for_that() {
    let demo = Demo::new();
    let path = demo.path("missing/report.html");
    for refused in [create(&path, b"x"), put(&path, b"x")] {
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("cannot make a file there"), "{error}");
    }
    assert!(!demo.path("missing").exists());
}

#[test]
fn one_file_under_two_names_is_written_once_or_refused() {
    let demo = Demo::new();
    let (a, b) = (demo.path("v.yaml"), demo.folder().join("pack/../v.yaml"));
    let written = write(
        &[replace(&a, PLAIN, "x"), replace(&b, PLAIN, "x")],
        &WriteOptions::default(),
    )
    .unwrap();
    assert_eq!(written.len(), 1);
    let error = write(
        &[replace(&a, "x", "y"), replace(&b, "x", "z")],
        &WriteOptions::default(),
    )
    .unwrap_err();
    assert!(matches!(error, WriteError::SameFile { .. }), "{error}");
    assert_eq!(demo.text("v.yaml"), "x");
}

#[cfg(unix)]
fn file_id(path: &Path) -> u64 {
    std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap())
}

#[cfg(not(unix))]
fn file_id(_: &Path) -> u64 {
    0
}

#[cfg(unix)]
mod unix {
    use std::{
        os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
        process::Command,
    };

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn is_root(demo: &Demo) -> bool {
        fs::metadata(demo.folder()).unwrap().uid() == 0
    }

    #[test]
    fn the_mode_stays() {
        let demo = Demo::new();
        for mode in [0o600, 0o640, 0o664, 0o755] {
            demo.file("f", "1");
            set_mode(&demo.path("f"), mode);
            let written = write(&[replace(&demo.path("f"), "1", "2")], &keep("~")).unwrap();
            assert_eq!(fs::metadata(demo.path("f")).unwrap().mode() & 0o7777, mode);
            let backup = written[0].backup.as_ref().unwrap();
            assert_eq!(
                fs::metadata(backup).unwrap().mode() & 0o7777,
                mode,
                "a secret stays one"
            );
        }
    }

    /// An access control list is one of them: lost, its mask would stand as the group's rights.
    #[cfg(target_os = "linux")]
    #[test]
    fn attributes_stay() {
        use rustix::fs::{XattrFlags, getxattr, setxattr};
        let demo = Demo::new();
        demo.file("f", "1");
        let path = demo.path("f");
        // Version 2; owner rw-, nobody (65534) rw-, group r--, mask rw-, others r--.
        let list: Vec<u8> = [
            (1u16, 6u16, u32::MAX),
            (2, 6, 65534),
            (4, 4, u32::MAX),
            (16, 6, u32::MAX),
            (32, 4, u32::MAX),
        ]
        .iter()
        .fold(
            2u32.to_le_bytes().to_vec(),
            |mut list, (tag, rights, who)| {
                list.extend(tag.to_le_bytes());
                list.extend(rights.to_le_bytes());
                list.extend(who.to_le_bytes());
                list
            },
        );
        let attributes: [(&str, &[u8]); 2] = [
            ("user.comment", b"kept"),
            ("system.posix_acl_access", &list),
        ];
        let mut set = Vec::new();
        for (name, value) in attributes {
            match setxattr(&path, name, value, XattrFlags::empty()) {
                Ok(()) => set.push((name, value)),
                Err(error) => eprintln!("{name}: not tried here: {error}"),
            }
        }
        let written = write(&[replace(&path, "1", "2")], &keep("~")).unwrap();
        assert!(!written[0].lost_attributes);
        for (name, value) in set {
            let mut found = vec![0u8; 256];
            let length = getxattr(&path, name, found.as_mut_slice()).unwrap();
            assert_eq!(&found[..length], value, "{name}");
        }
    }

    #[test]
    fn the_owner_stays_where_it_can() {
        let demo = Demo::new();
        if !is_root(&demo) {
            eprintln!("only root can give files away: the test of the owner is not run");
            return;
        }
        std::os::unix::fs::chown(demo.path("v.yaml"), Some(12345), Some(54321)).unwrap();
        set_mode(&demo.path("v.yaml"), 0o2640);
        let written = one(&demo.path("v.yaml"), PLAIN, "x").unwrap();
        let meta = fs::metadata(demo.path("v.yaml")).unwrap();
        assert_eq!(
            (meta.uid(), meta.gid(), meta.mode() & 0o7777),
            (12345, 54321, 0o2640)
        );
        assert!(!written[0].other_owner);
    }

    #[test]
    fn a_link_is_written_through() {
        let demo = Demo::new();
        fs::create_dir(demo.path("real")).unwrap();
        demo.file("real/v.yaml", PLAIN);
        symlink("real/v.yaml", demo.path("one")).unwrap();
        symlink("one", demo.path("two")).unwrap();
        let written = write(&[replace(&demo.path("two"), PLAIN, "x")], &keep(".bak")).unwrap();
        assert_eq!(demo.text("real/v.yaml"), "x");
        assert_eq!(
            fs::read_link(demo.path("two")).unwrap(),
            PathBuf::from("one")
        );
        assert_eq!(
            fs::read_link(demo.path("one")).unwrap(),
            PathBuf::from("real/v.yaml")
        );
        let real = demo.path("real").canonicalize().unwrap();
        assert_eq!(
            written[0].target.as_deref(),
            Some(real.join("v.yaml").as_path())
        );
        assert_eq!(
            written[0].backup.as_deref(),
            Some(real.join("v.yaml.bak").as_path())
        );
        symlink("nowhere", demo.path("dangling")).unwrap();
        let error = one(&demo.path("dangling"), "", "x").unwrap_err();
        assert!(
            matches!(
                error,
                WriteError::Refused {
                    kind: WriteRefusal::Missing,
                    ..
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn other_hard_links_are_told() {
        let demo = Demo::new();
        fs::hard_link(demo.path("v.yaml"), demo.path("other")).unwrap();
        assert!(one(&demo.path("v.yaml"), PLAIN, "x").unwrap()[0].still_elsewhere);
        assert_eq!(demo.text("other"), PLAIN);
    }

    #[test]
    fn a_pipe_is_refused_without_waiting_for_it() {
        let demo = Demo::new();
        let made = Command::new("mkfifo")
            .arg(demo.path("pipe"))
            .status()
            .unwrap();
        assert!(made.success());
        let error = one(&demo.path("pipe"), "", "x").unwrap_err();
        assert!(matches!(error, WriteError::NotAFile { .. }), "{error}");
    }

    /// refit in a shell that sets something up first, as somebody who is not root.
    fn unprivileged(demo: &Demo, setup: &str, line: &str) -> Option<demo::Run> {
        demo.program();
        set_mode(demo.folder(), 0o755);
        let script = format!("{setup} exec ./refit upgrade --pack pack --chart demo {line}");
        let mut command = if is_root(demo) {
            let mut command = Command::new("setpriv");
            command.args([
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "sh",
                "-c",
                &script,
            ]);
            command
        } else {
            let mut command = Command::new("sh");
            command.args(["-c", &script]);
            command
        };
        match command.current_dir(demo.folder()).output() {
            Ok(output) => Some(output.into()),
            Err(e) => {
                assert!(std::env::var_os("CI").is_none(), "setpriv: {e}");
                eprintln!(
                    "setpriv is not here ({e}): the tests of permissions are not run as root"
                );
                None
            }
        }
    }

    /// A folder in which somebody who is not root owns the file.
    fn owned() -> Demo {
        let demo = Demo::new();
        fs::create_dir(demo.path("d")).unwrap();
        demo.file("d/v.yaml", PLAIN);
        if is_root(&demo) {
            for name in ["d", "d/v.yaml"] {
                std::os::unix::fs::chown(demo.path(name), Some(65534), Some(65534)).unwrap();
            }
        }
        demo
    }

    #[test]
    fn a_read_only_folder_is_told_with_a_way_on() {
        let demo = owned();
        set_mode(&demo.path("d"), 0o555);
        let run = unprivileged(&demo, "", "d/v.yaml --from 1.0.0 --write");
        set_mode(&demo.path("d"), 0o755);
        let Some(run) = run else { return };
        assert_eq!(run.code, 2, "{run:?}");
        assert!(
            run.err
                .contains("d/v.yaml: cannot make a new file beside it"),
            "{run:?}"
        );
        assert!(
            run.err.contains("next: give yourself write permission"),
            "{run:?}"
        );
        assert_eq!(demo.text("d/v.yaml"), PLAIN);
    }

    #[test]
    fn a_read_only_file_is_not_replaced_behind_its_owners_back() {
        let demo = owned();
        set_mode(&demo.path("d/v.yaml"), 0o444);
        let Some(run) = unprivileged(&demo, "", "d/v.yaml --from 1.0.0 --write") else {
            return;
        };
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.err.contains("cannot open it for writing"), "{run:?}");
        assert_eq!(demo.text("d/v.yaml"), PLAIN);
    }

    #[test]
    fn a_full_disk_leaves_the_old_file_and_nothing_else() {
        let demo = owned();
        // A limit on the size of files fails in the same place as a disk that is full.
        let large = format!("{PLAIN}{}", "# filler\n".repeat(20_000));
        demo.file("d/v.yaml", &large);
        let setup = "trap '' XFSZ; ulimit -f 8;";
        let Some(run) = unprivileged(&demo, setup, "d/v.yaml --from 1.0.0 --write -q") else {
            return;
        };
        assert_eq!(run.code, 2, "{run:?}");
        assert!(
            run.err.contains("cannot write the new file beside it"),
            "{run:?}"
        );
        assert!(run.err.contains("next: free some space"), "{run:?}");
        assert_eq!(demo.text("d/v.yaml"), large);
        assert_eq!(fs::read_dir(demo.path("d")).unwrap().count(), 1);
    }

    #[test]
    fn an_unprivileged_owner_can_write() {
        let demo = owned();
        let Some(run) = unprivileged(&demo, "", "d/v.yaml --from 1.0.0 --write --backup") else {
            return;
        };
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(demo.text("d/v.yaml"), PLAIN_AFTER);
        assert_eq!(demo.text("d/v.yaml.bak"), PLAIN);
    }
}
