//! The laws over published files: a pack made of a file's own keys.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path as FilePath, PathBuf},
};

use refit::{
    load::{InputFile, load},
    migrate::Answers,
    plan::Selection,
};

use super::{
    choice::{cases, each},
    engine::run,
    laws,
    own_keys::{pack_for, versions},
    packs::load as load_pack,
    support::shared,
};

pub fn files(folder: &FilePath, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder")
        .map(|e| e.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn published_files_are_moved_about() {
    let Some(shared) = shared() else { return };
    let mut found = Vec::new();
    files(&shared.join("corpus"), &mut found);
    let (from, to) = versions();
    // A part of them by default, from every folder; `REFIT_CASES=840` takes all.
    let taken = cases(140).min(found.len());
    println!("corpus: {taken} of {} files", found.len());
    each("corpus", taken, |choices| {
        let file = &found[choices.case * found.len() / taken % found.len()];
        let name = file
            .strip_prefix(&shared)
            .unwrap_or(file)
            .display()
            .to_string();
        let bytes = fs::read(file).map_err(|e| e.to_string())?;
        let loaded = match load(&InputFile::Stdin(bytes.clone())) {
            Ok(loaded) => loaded,
            Err(error) => {
                let kind = refit::refusal::load(&error)
                    .what
                    .split(['`', '(', ':'])
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .to_owned();
                choices.count(format!("refused: {kind}"));
                return Ok(());
            }
        };
        let keys: Vec<String> = loaded
            .view()
            .values()
            .map_err(|e| e.to_string())?
            .keys()
            .cloned()
            .collect();
        if keys.is_empty() {
            choices.count("no keys");
        }
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let files = pack_for(choices, &keys);
        let pack = load_pack(&files, folder.path()).map_err(|e| format!("{e} of {name}"))?;
        let shown = |e: String| format!("{e}\n=== {name}\n{}", files[2].1);
        // Nothing to do changes no byte.
        let none = run(
            &pack,
            &bytes,
            &to,
            &to,
            &Answers::new(),
            &Selection::default(),
            false,
        )
        .map_err(shown)?;
        match none {
            Ok(done) if !done.edited && done.after.as_bytes() == bytes => {
                choices.count("nothing to do: same bytes")
            }
            _ => return Err(shown("nothing to do changes something".to_owned())),
        }
        let done = match run(
            &pack,
            &bytes,
            &from,
            &to,
            &Answers::new(),
            &Selection::default(),
            false,
        )
        .map_err(shown)?
        {
            Ok(done) => done,
            Err(refused) => {
                choices.count(refused.kind());
                return Ok(());
            }
        };
        laws::byte(&done).map_err(shown)?;
        laws::comments(&done).map_err(shown)?;
        for (what, n) in laws::ledger(&done).map_err(shown)? {
            *choices.counts.entry(what).or_default() += n;
        }
        choices.count(if laws::second_reader(&done).map_err(shown)? {
            "read alike by serde_yaml"
        } else {
            "read otherwise by serde_yaml before"
        });
        choices.count(if done.edited { "edited" } else { "not edited" });
        let again = run(
            &pack,
            done.after.as_bytes(),
            &to,
            &to,
            &Answers::new(),
            &Selection::default(),
            false,
        )
        .map_err(shown)?;
        match again {
            Ok(again) if !again.edited => Ok(()),
            Ok(_) => Err(shown("idempotence: edited again".to_owned())),
            Err(refused) => Err(shown(format!(
                "idempotence: the result is {}",
                refused.kind()
            ))),
        }
    });
    let kinds: BTreeMap<String, usize> = found.iter().fold(BTreeMap::new(), |mut kinds, file| {
        let extension = file
            .extension()
            .map_or_else(String::new, |e| e.to_string_lossy().into_owned());
        *kinds.entry(extension).or_default() += 1;
        kinds
    });
    println!("corpus: {kinds:?}");
}
