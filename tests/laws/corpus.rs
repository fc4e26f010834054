//! The laws over published files: a pack made of a file's own keys.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path as FilePath, PathBuf},
};

use refit::{
    load::{Input, load},
    migrate::Answers,
    plan::Selection,
    values::Path,
};
use semver::Version;
use serde_json::{Map, Value as Json, json};

use super::{
    choice::{Choices, cases, each},
    engine::run,
    laws,
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

fn path_of(key: &str) -> String {
    Path::root().key(key).to_string()
}

/// A pack over some of the keys at the root of a file.
fn pack_for(choices: &mut Choices, keys: &[String]) -> Vec<(String, String)> {
    let mut free: Vec<&String> = keys.iter().filter(|key| !key.is_empty()).collect();
    let mut take = |choices: &mut Choices| {
        (!free.is_empty()).then(|| free.remove(choices.below(free.len())).clone())
    };
    let mut steps = Map::new();
    let mut gone = Vec::new();
    let mut new = Vec::new();
    let mut step = |id: &str, step: Json, taken: &[&String], written: &[&str]| {
        steps.insert(id.to_owned(), step);
        gone.extend(taken.iter().map(|key| (*key).clone()));
        new.extend(written.iter().map(|path| (*path).to_owned()));
    };
    if let Some(key) = take(choices) {
        step(
            "rename",
            json!({"title": "Rename", "move": {path_of(&key): "renamed-by-refit"}}),
            &[&key],
            &["renamed-by-refit"],
        );
    }
    if let Some(key) = take(choices) {
        let to = format!("moved-by-refit.{}", path_of(&key));
        step(
            "move",
            json!({"title": "Move", "move": {path_of(&key): to}}),
            &[&key],
            &["moved-by-refit"],
        );
    }
    if let Some(key) = take(choices) {
        step(
            "drop",
            json!({"title": "Drop", "why": "It is not read.", "drop": [path_of(&key)]}),
            &[&key],
            &[],
        );
    }
    if let (Some(a), Some(b)) = (take(choices), take(choices)) {
        let fold = json!({
            "title": "Fold", "take": {"a": path_of(&a), "b": path_of(&b)},
            "first": [{"if": "a == b", "do": {"folded-by-refit": "=a"}}, {"do": {"folded-by-refit.a": "=a", "folded-by-refit.b": "=b"}}],
        });
        step("fold", fold, &[&a, &b], &["folded-by-refit"]);
    }
    if let Some(key) = take(choices) {
        let to = format!("{}.own-child", path_of(&key));
        step(
            "wrap",
            json!({"title": "Wrap", "same-key": true, "move": {path_of(&key): to}}),
            &[],
            &[],
        );
    }
    let mut known = Map::new();
    for key in keys.iter().filter(|key| !key.is_empty()) {
        let range = if gone.contains(key) { "<2.0.0" } else { "*" };
        known.insert(path_of(key), json!([{"in": range, "open": "map"}]));
    }
    for path in new {
        known.insert(path, json!([{"in": ">=2.0.0", "open": "map"}]));
    }
    let info = json!({"pack": 1, "chart": "generated", "title": "A chart", "versions": {"1.0.0": {"app": "1"}, "2.0.0": {"app": "2"}}});
    let migration = json!({"version": "2.0.0", "title": "A change", "steps": steps});
    [
        ("pack.yaml", info),
        ("keys.yaml", Json::Object(known)),
        ("2.0.0.yaml", migration),
    ]
    .into_iter()
    .map(|(name, json)| (name.to_owned(), json.to_string()))
    .collect()
}

fn versions() -> (Version, Version) {
    (Version::new(1, 0, 0), Version::new(2, 0, 0))
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
        let loaded = match load(&Input::Stdin(bytes.clone())) {
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
