//! Whole upgrades of files that went wrong: values files and manifests, mutated, and run from the file to
//! the result as the command does it.
//!
//! Whatever a file holds, refit either refuses it in words of its own or comes to a result that a second
//! run leaves alone. It is never refit that fails: "a fault of refit" in a refusal breaks the law.
//! `REFIT_CASES` raises the number of cases, `REFIT_SEED` takes others.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use refit::{
    load::{InputFile, ReleaseRequest},
    outcome::Outcome,
    upgrade::{Request, upgrade},
    walk::{self, Limits, NamedPath},
    yaml::Tree,
};
use semver::Version;

use super::{
    choice::{Choices, each},
    mutated_texts::mutated,
    support,
};

/// The texts of files of a name below a folder.
fn texts(folder: &Path, is_wanted: impl Fn(&Path) -> bool) -> Vec<String> {
    let mut texts = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<PathBuf> = fs::read_dir(&folder)
            .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
            .map(|entry| entry.expect("an entry of the folder").path())
            .collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
            } else if is_wanted(&path)
                && let Ok(text) = fs::read_to_string(&path)
                && !text.is_empty()
            {
                texts.push(text);
            }
        }
    }
    texts
}

fn cases_of(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases")
        .join(folder)
}

fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "yaml")
}

/// What refit says if it is refit that failed.
fn fault(outcome: &Outcome) -> Option<String> {
    let faults = outcome.refused.iter().filter(|refusal| {
        let why = refusal.why.as_deref().unwrap_or_default();
        refusal.what.contains("fault of refit") || why.contains("fault of refit")
    });
    let shown = faults.map(|refusal| format!("{refusal:#?}"));
    shown.reduce(|all, one| format!("{all}\n{one}"))
}

/// The files that an outcome changes.
fn changed(outcome: &Outcome) -> BTreeMap<&str, &str> {
    let files = outcome.files().into_iter().filter(|file| file.changed);
    files
        .map(|file| (file.name.as_str(), &*file.after))
        .collect()
}

fn values_request(file: &Path, from: &Version, to: &Version) -> Request {
    Request {
        releases: vec![ReleaseRequest::new(vec![InputFile::Path(file.to_owned())])],
        chart: Some("arroyo".to_owned()),
        from: Some(from.clone()),
        to: Some(to.clone()),
        accept_recommended: true,
        ..Request::default()
    }
}

#[test]
fn mutated_values_are_upgraded_once_or_refused() {
    let mut seeds = texts(&cases_of("arroyo"), |path| path.ends_with("old.yaml"));
    if let Some(shared) = support::shared() {
        // Files that the chart's steps have something to do with come up as often as all others together.
        let own = seeds.clone();
        seeds.extend(texts(&shared.join("corpus/override-values"), is_yaml));
        seeds.extend(texts(&shared.join("corpus/odd"), |_| true));
        let others = seeds.len() - own.len();
        seeds.extend(own.iter().cycle().take(others).cloned());
    }
    let packs = refit::upgrade::packs(&Request::default()).expect("the built-in packs");
    let arroyo = packs.iter().find(|pack| pack.info.chart == "arroyo");
    let versions: Vec<Version> = arroyo
        .expect("its pack")
        .info
        .versions
        .keys()
        .cloned()
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("values.yaml");
    each("mutated values", 250, |choices: &mut Choices| {
        let text = mutated(&seeds, choices);
        let from = choices.below(versions.len());
        let to = from + choices.below(versions.len() - from);
        let (from, to) = (&versions[from], &versions[to]);
        fs::write(&file, &text).map_err(|e| e.to_string())?;
        let outcome = upgrade(&values_request(&file, from, to));
        let shown = |what: &str| format!("{what}\n{from} to {to}\n--- {text:?}\n{text}");
        if let Some(fault) = fault(&outcome) {
            return Err(shown(&fault));
        }
        if let Some(refusal) = outcome.refused.first() {
            // What is wrong begins with what kind it is; names and numbers of the file come later.
            let kind: Vec<&str> = refusal.what.split(' ').take(3).collect();
            choices.count(format!("refused: {} ...", kind.join(" ")));
            return Ok(());
        }
        let Some(after) = changed(&outcome)
            .values()
            .next()
            .map(|text| (*text).to_owned())
        else {
            choices.count("nothing to do");
            return Ok(());
        };
        if let Err(error) = Tree::parse(after.as_str()) {
            return Err(shown(&format!("the result is not YAML: {error}\n{after}")));
        }
        fs::write(&file, &after).map_err(|e| e.to_string())?;
        let again = upgrade(&values_request(&file, to, to));
        if let Some(fault) = fault(&again) {
            return Err(shown(&format!("{fault}\n--- after\n{after}")));
        }
        if !again.refused.is_empty() || !changed(&again).is_empty() {
            return Err(shown(&format!(
                "a second run does not rest\n--- after\n{after}\n{again:#?}"
            )));
        }
        choices.count("upgraded, once");
        Ok(())
    });
}

/// A folder as it stands in the cases: the files by name.
type Repository = BTreeMap<PathBuf, String>;

fn repositories() -> Vec<Repository> {
    let folders = fs::read_dir(cases_of("carriers")).expect("the cases of carriers");
    let mut folders: Vec<PathBuf> = folders
        .map(|entry| entry.expect("an entry").path())
        .collect();
    folders.sort();
    let olds = folders.into_iter().map(|folder| folder.join("old"));
    olds.filter(|old| old.is_dir())
        .map(|old| read_all(&old))
        .collect()
}

fn read_all(root: &Path) -> Repository {
    let mut files = Repository::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of a case") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).expect("a text");
                let name = path.strip_prefix(root).expect("below it");
                files.insert(name.to_owned(), text);
            }
        }
    }
    files
}

fn folder_request(folder: &Path) -> Request {
    let walked = walk::find(&[NamedPath::Argument(folder.to_owned())], Limits::default());
    Request {
        found: walked.files,
        accept_recommended: true,
        ..Request::default()
    }
}

#[test]
fn mutated_repositories_are_upgraded_once_or_refused() {
    let repositories = repositories();
    assert!(
        repositories.len() > 20,
        "only {} cases were found",
        repositories.len()
    );
    each("mutated repositories", 150, |choices: &mut Choices| {
        let mut files = choices.pick(&repositories).clone();
        let names: Vec<PathBuf> = files.keys().cloned().collect();
        let name = choices.pick(&names).clone();
        let text = mutated(&[files[&name].clone()], choices);
        files.insert(name.clone(), text.clone());
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        // The search for manifests ends at the root of a repository.
        fs::create_dir(folder.path().join(".git")).map_err(|e| e.to_string())?;
        for (name, text) in &files {
            let path = folder.path().join(name);
            let parent = path.parent().expect("a folder");
            fs::create_dir_all(parent).map_err(|e| e.to_string())?;
            fs::write(&path, text).map_err(|e| e.to_string())?;
        }
        let outcome = upgrade(&folder_request(folder.path()));
        let shown = |what: &str| format!("{what}\n--- {} {text:?}\n{text}", name.display());
        if let Some(fault) = fault(&outcome) {
            return Err(shown(&fault));
        }
        let done = changed(&outcome);
        if done.is_empty() {
            choices.count(if outcome.refused.is_empty() {
                "nothing to do"
            } else {
                "refused"
            });
            return Ok(());
        }
        for (name, after) in &done {
            fs::write(name, after).map_err(|e| e.to_string())?;
        }
        let again = upgrade(&folder_request(folder.path()));
        if let Some(fault) = fault(&again) {
            return Err(shown(&fault));
        }
        if !changed(&again).is_empty() {
            return Err(shown(&format!(
                "a second run does not rest: {:#?}",
                changed(&again)
            )));
        }
        choices.count("upgraded, once");
        Ok(())
    });
}
