//! Units of files: placed, taken back, interrupted at each step, and what becomes of them then.

use super::*;

/// Files `0`, `1`, ... in a folder, holding `old`, prepared to hold `new`, with their old texts kept.
fn prepared<'a>(paths: &'a [PathBuf]) -> Vec<Prepared<'a>> {
    let files: Vec<_> = paths
        .iter()
        .map(|path| {
            fs::write(path, "old").unwrap();
            FileReplacement {
                path,
                before: b"old",
                after: b"new",
            }
        })
        .collect();
    let mut prepared: Vec<_> = find(&files)
        .unwrap()
        .into_iter()
        .map(|target| Prepared::new(target).unwrap())
        .collect();
    prepared
        .iter_mut()
        .for_each(|file| file.keep_old().unwrap());
    prepared
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    ["0", "1", "2"].map(|name| folder.join(name)).into()
}

fn texts(paths: &[PathBuf]) -> Vec<String> {
    paths
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

#[test]
fn a_failure_at_the_last_file_takes_the_first_back() {
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(folder.path());
    let mut prepared = prepared(&paths);
    // Between the last look and the renames, somebody puts a folder in the last file's place.
    fs::remove_file(&paths[2]).unwrap();
    fs::create_dir(&paths[2]).unwrap();
    let error = place_all(&mut prepared).unwrap_err();
    assert!(matches!(error, WriteError::Changed { .. }), "{error}");
    drop(prepared);
    assert_eq!(texts(&paths[..2]), ["old", "old"]);
    assert!(paths[2].is_dir());
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 3, "nothing is left behind");
}

#[test]
fn what_comes_back_is_the_very_file() {
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(folder.path());
    let mut prepared = prepared(&paths);
    fs::hard_link(&paths[0], folder.path().join("other")).unwrap();
    fs::remove_file(&paths[2]).unwrap();
    place_all(&mut prepared).unwrap_err();
    fs::write(&paths[0], "through one name").unwrap();
    let other = fs::read_to_string(folder.path().join("other")).unwrap();
    assert_eq!(other, "through one name");
}

#[test]
fn what_cannot_be_taken_back_is_named_and_both_texts_stay() {
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(folder.path());
    let mut prepared = prepared(&paths);
    fs::remove_file(&paths[2]).unwrap();
    prepared[1].old.take().unwrap().close().unwrap();
    let error = place_all(&mut prepared).unwrap_err();
    let WriteError::HalfWritten { left, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(left, &paths[1..2]);
    let said = "could not be put back and now holds the new text";
    assert!(error.to_string().contains(said), "{error}");
    drop(prepared);
    assert_eq!(texts(&paths[..2]), ["old", "new"]);
    // The two files, both texts of the first and of the last, and the old one of the second.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2 + 2 + 2 + 1);
}

/// A run that is killed after so many files; `lost` takes the last file's new text away, and `exchanged`
/// says whether this file system can exchange files.
fn killed_after(
    done: usize,
    folder: &Path,
    paths: &[PathBuf],
    lost: bool,
    exchanged: bool,
) -> PathBuf {
    let mut prepared = prepared(paths);
    let draft = Draft::new(folder, folder).unwrap();
    let journal = commit(draft, folder, &mut prepared).unwrap();
    for file in &prepared[..done] {
        if exchanged {
            file.place().unwrap();
        } else {
            let (ready, at) = (&file.ready, &file.at);
            let old = file::ComparedText::Bytes(at.file.before);
            file::place_by(|_, _| Ok(false), ready, &at.target, &old).unwrap();
        }
    }
    prepared.iter_mut().for_each(Prepared::leave);
    if lost && (exchanged || done < 3) {
        fs::remove_file(&prepared[2].ready).unwrap();
    }
    journal
}

fn again(paths: &[PathBuf]) -> Recovery {
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    recover(&paths[1..2], &WriteOptions::default())
}

#[test]
fn a_run_that_was_killed_after_any_file_is_finished_or_undone() {
    for done in 0..=3 {
        for (lost, exchanged) in [(false, true), (true, true), (false, false), (true, false)] {
            let folder = tempfile::tempdir().unwrap();
            let at = folder.path().canonicalize().unwrap();
            let paths = paths(&at);
            killed_after(done, &at, &paths, lost, exchanged);
            assert_eq!(unfinished_writes(&[&paths[0]], None).len(), 1);
            let recovery = again(&paths);
            let (how, text) = match lost && done < 3 || done == 0 {
                true => (RecoveryEnd::Undone, "old"),
                false => (RecoveryEnd::Finished, "new"),
            };
            assert!(recovery.troubles.is_empty(), "{recovery:?}");
            assert_eq!(recovery.mended.len(), 1);
            assert_eq!(recovery.mended[0].how, how);
            assert_eq!(recovery.mended[0].files, paths);
            assert_eq!(texts(&paths), [text; 3], "{done} {lost}");
            assert_eq!(fs::read_dir(&at).unwrap().count(), 3);
            let nothing = again(&paths);
            assert!(nothing.mended.is_empty() && nothing.cleaned == 0);
        }
    }
}

#[test]
fn a_journal_in_the_users_own_folder_is_found_and_followed() {
    let (folder, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let at = folder.path().canonicalize().unwrap();
    let paths = paths(&at);
    let mut prepared = prepared(&paths);
    let draft = Draft::new(&own.path().canonicalize().unwrap(), &at).unwrap();
    commit(draft, &at, &mut prepared).unwrap();
    prepared[0].place().unwrap();
    prepared.iter_mut().for_each(Prepared::leave);
    drop(prepared);
    let options = WriteOptions {
        own: Some(own.path()),
        ..WriteOptions::default()
    };
    let mended = recover(&[&paths[2]], &options).mended;
    assert_eq!(mended.len(), 1);
    assert_eq!(texts(&paths), ["new"; 3]);
    assert_eq!(fs::read_dir(own.path()).unwrap().count(), 0);
    assert_eq!(fs::read_dir(&at).unwrap().count(), 3);
}

#[test]
fn a_file_that_holds_neither_text_is_left_alone_with_all_others() {
    for (done, mine) in [(1, 0), (1, 2), (3, 1)] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().canonicalize().unwrap();
        let paths = paths(&at);
        let journal = killed_after(done, &at, &paths, false, true);
        fs::write(&paths[mine], "mine").unwrap();
        let before = texts(&paths);
        let files = fs::read_dir(&at).unwrap().count();
        let recovery = again(&paths);
        assert!(recovery.mended.is_empty() && recovery.cleaned == 0);
        let trouble = &recovery.troubles[0];
        assert_eq!((&trouble.journal, &trouble.files), (&journal, &paths));
        let Why::Changed { file, .. } = &trouble.why else {
            panic!("{trouble}")
        };
        assert_eq!(file, &paths[mine]);
        assert!(trouble.to_string().contains("text is in"), "{trouble}");
        assert!(
            trouble
                .next()
                .contains(&format!("delete {}", journal.display()))
        );
        assert_eq!(texts(&paths), before);
        assert_eq!(fs::read_dir(&at).unwrap().count(), files);
        // What the message asks for.
        fs::remove_file(journal).unwrap();
        assert!(again(&paths).cleaned > 0);
        assert_eq!(texts(&paths), before);
        assert_eq!(fs::read_dir(&at).unwrap().count(), 3);
    }
}

/// Takes away what waits in a folder with an old text.
fn forget_old_texts(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if file::is_spare(name) && fs::read_to_string(&path).unwrap() == "old" {
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn a_file_that_cannot_have_its_old_text_back_keeps_the_others_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().canonicalize().unwrap();
    let paths = ["0", "1", "2"].map(|name| {
        fs::create_dir(at.join(name)).unwrap();
        at.join(name).join("values.yaml")
    });
    let journal = killed_after(2, &at, &paths, true, true);
    // Only the first file's: the old text of the two others is still there.
    forget_old_texts(&at.join("0"));
    let recovery = again(&paths);
    assert!(recovery.mended.is_empty(), "{recovery:?}");
    assert!(matches!(recovery.troubles[0].why, Why::Lost(_)));
    assert_eq!(texts(&paths), ["new", "new", "old"]);
    assert!(journal.exists());
}

#[test]
fn where_neither_end_can_be_reached_nothing_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().canonicalize().unwrap();
    let paths = paths(&at);
    killed_after(2, &at, &paths, true, true);
    // The old text of the first file; after the exchange both other names hold it.
    forget_old_texts(&at);
    let recovery = again(&paths);
    let Why::Lost(file) = &recovery.troubles[0].why else {
        panic!("{recovery:?}")
    };
    // The one whose new text is gone, and not one that has it.
    assert_eq!(file, &paths[2]);
    assert_eq!(texts(&paths), ["new", "new", "old"]);
}

#[test]
fn threads_of_one_run_write_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let units: Vec<Vec<PathBuf>> = (0..40)
        .map(|unit| {
            ["a", "b"]
                .map(|name| folder.path().join(format!("{unit}{name}")))
                .into()
        })
        .collect();
    for path in units.iter().flatten() {
        fs::write(path, "old").unwrap();
    }
    std::thread::scope(|scope| {
        for part in units.chunks(10) {
            scope.spawn(move || {
                for unit in part {
                    let file = |path| FileReplacement {
                        path,
                        before: b"old",
                        after: b"new",
                    };
                    let files = [file(&unit[0]), file(&unit[1])];
                    assert_eq!(write(&files, &WriteOptions::default()).unwrap().len(), 2);
                }
            });
        }
    });
    assert!(units.iter().all(|unit| texts(unit) == ["new", "new"]));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 80);
}

#[test]
fn the_journal_is_where_all_files_can_find_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().canonicalize().unwrap();
    let set =
        |names: &[&str]| -> BTreeSet<PathBuf> { names.iter().map(|name| at.join(name)).collect() };
    assert_eq!(common(&set(&["a/b", "a/c"])), at.join("a"));
    assert_eq!(common(&set(&["a", "a/c"])), at.join("a"));
    assert_eq!(common(&set(&["a/bc", "a/b"])), at.join("a"));
    assert_eq!(common(&set(&["a"])), at.join("a"));
    // However far up that is: a journal elsewhere would name files that are not below it.
    assert_eq!(common(&set(&["a/b/c/d", "a/e"])), at.join("a"));
    let home = WriteOptions {
        home: Some(&at),
        ..WriteOptions::default()
    };
    let first =
        |folders: &BTreeSet<PathBuf>| places(&common(folders), folders, &home).swap_remove(0).0;
    assert_eq!(first(&set(&["a/b", "a/c"])), at);
    let outside = at.parent().unwrap().to_owned();
    assert_eq!(
        first(&BTreeSet::from([at.join("a"), outside.clone()])),
        outside
    );
}
