//! Before and after: every folder of `tests/cases/arroyo`, byte for byte, with exactly the questions it
//! names, and again in two legs and from where it came to.

use crate::support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use refit::{
    load::{InputFile, ReleaseRequest},
    migrate::{Answer, Answers},
    outcome::{Fate, Outcome, Release},
    upgrade::{Request, upgrade},
    values::{Value, view::View},
    yaml::Tree,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default, rename = "note")]
    _note: String,
    from: String,
    to: String,
    #[serde(default)]
    answers: BTreeMap<String, Answer>,
    #[serde(default)]
    asks: Option<Vec<String>>,
    #[serde(default)]
    tells: Vec<String>,
}

fn run(text: &[u8], from: &str, to: &str, answers: &Answers) -> Outcome {
    upgrade(&Request {
        releases: vec![ReleaseRequest::new(vec![InputFile::Stdin(text.to_vec())])],
        chart: Some("arroyo".to_owned()),
        from: Some(from.parse().unwrap()),
        to: Some(to.parse().unwrap()),
        answers: answers.clone(),
        ..Request::default()
    })
}

fn release(outcome: Outcome) -> Result<Release, String> {
    match (outcome.releases.into_iter().next(), outcome.refused.first()) {
        (Some(release), _) => Ok(release),
        (None, refusal) => Err(format!("refused: {refusal:#?}")),
    }
}

fn values(text: &str) -> Value {
    let tree = Tree::parse(text).unwrap();
    let view = View::new(&tree, tree.documents()[0].root);
    Value::Map(view.values().unwrap())
}

fn check(folder: &Path, case: &Case) -> Result<(), String> {
    let old = fs::read(folder.join("old.yaml")).unwrap();
    let expected = fs::read_to_string(folder.join("expected.yaml")).unwrap();
    let result = release(run(&old, &case.from, &case.to, &case.answers))?;
    if let Some(open) = result
        .steps
        .iter()
        .find(|s| s.question.as_ref().is_some_and(|q| q.answer.is_none()))
    {
        return Err(format!("{} is open: {:#?}", open.id, open.question));
    }
    let after = &*result.files[0].after;
    if after != expected {
        return Err(format!("--- expected\n{expected}\n--- got\n{after}"));
    }
    let mut asked: Vec<&str> = result
        .steps
        .iter()
        .filter(|s| s.question.is_some())
        .map(|s| s.id.as_str())
        .collect();
    asked.sort_unstable();
    if let Some(asks) = &case.asks {
        let mut asks: Vec<&str> = asks.iter().map(String::as_str).collect();
        asks.sort_unstable();
        if asks != asked {
            return Err(format!("asked {asked:?} instead of {asks:?}"));
        }
    }
    for id in &case.tells {
        let told = result
            .steps
            .iter()
            .any(|s| s.id == *id && !s.tell.is_empty());
        let todo = !result.checklist.is_empty();
        if !told && !todo {
            return Err(format!("{id} tells nothing"));
        }
    }
    // What is told step by step and what the sum counts are the same fates.
    for change in result.steps.iter().flat_map(|step| &step.changes) {
        let leaf = result.ledger.iter().find(|leaf| leaf.path == change.path);
        if let Some(leaf) = leaf.filter(|_| change.fate != Fate::Written)
            && leaf.fate != change.fate
        {
            return Err(format!(
                "{} is told as {:?} and counted as {:?}",
                change.path, change.fate, leaf.fate
            ));
        }
    }
    // A step tells once of each setting where it went.
    for step in &result.steps {
        let mut told = BTreeSet::new();
        for change in step.changes.iter().filter(|it| it.fate != Fate::Written) {
            if !told.insert(&change.path) && change.fate != Fate::Copied {
                return Err(format!("{} tells twice of {}", step.id, change.path));
            }
            let written = step.changes.iter().filter(|it| it.fate == Fate::Written);
            let mut made_of = written.flat_map(|it| &it.from);
            if change.to.is_none() && made_of.any(|from| change.path.starts_with(from)) {
                return Err(format!(
                    "{} tells of {} beside what it makes of it",
                    step.id, change.path
                ));
            }
        }
    }
    let again = release(run(after.as_bytes(), &case.to, &case.to, &case.answers))?;
    if again.is_changed() || again.is_open() {
        return Err("a second run from the version reached changes or asks something".to_owned());
    }
    Ok(())
}

#[test]
fn every_case_gives_its_expected_text() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/arroyo");
    let mut folders: Vec<_> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let only = std::env::var("REFIT_CASE").ok();
    let mut failures = Vec::new();
    let mut count = 0;
    for folder in &folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|only| *only != name) {
            continue;
        }
        count += 1;
        let case = fs::read_to_string(folder.join("case.yaml")).unwrap();
        let case: Case = serde_yaml::from_str(&case).unwrap_or_else(|e| panic!("{name}: {e}"));
        if let Err(message) = check(folder, &case) {
            failures.push(format!("=== {name}: {message}"));
        }
    }
    println!("{count} cases, {} failed", failures.len());
    assert!(
        failures.is_empty(),
        "{} of {count} cases failed\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn the_shared_cases_mean_what_they_are_expected_to() {
    let Some(shared) = support::shared() else {
        return;
    };
    let answers = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/shared-answers");
    let mut failures = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(shared.join("arroyo/cases")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        count += 1;
        let case = fs::read_to_string(answers.join(format!("{name}.yaml"))).unwrap();
        let case: Case = serde_yaml::from_str(&case).unwrap();
        let old = fs::read(folder.join("old.yaml")).unwrap();
        let expected = fs::read_to_string(folder.join("expected.yaml")).unwrap();
        match release(run(&old, &case.from, &case.to, &case.answers)) {
            Err(message) => failures.push(format!("=== {name}: {message}")),
            Ok(release) if release.is_open() => {
                let open: Vec<_> = release
                    .steps
                    .iter()
                    .filter(|s| s.question.as_ref().is_some_and(|q| q.answer.is_none()))
                    .map(|s| &s.id)
                    .collect();
                failures.push(format!("=== {name}: open: {open:?}"));
            }
            Ok(release) => {
                let after = &*release.files[0].after;
                if values(after) != values(&expected) {
                    failures.push(format!(
                        "=== {name}\n--- expected\n{expected}\n--- got\n{after}"
                    ));
                }
            }
        }
    }
    assert_eq!(count, 13);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
