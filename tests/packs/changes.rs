//! Every documented change of the charts whose notes were gone through, as a step that does it.
//!
//! `tests/cases/changes/` has a small step for each, with values before and after; each is a pack of its own here, is
//! checked, and is run through the text. The table of changes itself lies in the shared folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use refit::{
    edit::edit,
    load::{InputFile, load},
    migrate::{Answer, Answers, Migrated, StepState, migrate},
    pack::{
        Pack,
        check::{FindingSeverity, check_pack},
    },
    plan::{Plan, Selection},
    refusal,
    values::{
        Value, leaves,
        write::{Layout, block},
    },
};
use semver::Version;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::support;

/// The most changes that a pack cannot say plainly.
const MOST_NOT_PLAIN: usize = 10;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    change: [String; 3],
    #[serde(default)]
    new: Option<String>,
    #[serde(rename = "as")]
    kind: String,
    #[serde(default)]
    step: Json,
    #[serde(default)]
    before: Json,
    #[serde(default)]
    after: Json,
    #[serde(default)]
    answer: Option<Choice>,
    #[serde(default)]
    why: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    option: String,
    #[serde(default)]
    inputs: BTreeMap<String, String>,
}

fn changes() -> Vec<(String, Change)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases/changes");
    let files = fs::read_dir(folder).expect("the folder");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "yaml"));
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let chart = file
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(&file).expect("a text");
        let rows: Vec<Change> =
            serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        all.extend(rows.into_iter().map(|row| (chart.clone(), row)));
    }
    all
}

/// A pack with the one step.
fn pack(change: &Change, folder: &std::path::Path) -> Result<Pack, String> {
    let mut step = change.step.clone();
    let fields = step.as_object_mut().ok_or("the step is no map")?;
    fields.insert("title".to_owned(), json!("Do what changed"));
    fields
        .entry("why")
        .or_insert(json!("The chart changed it."));
    let migration = json!({
        "version": "2.0.0", "title": "A change", "link": "https://chart.example/2.0.0",
        "steps": {"step": step},
    });
    let mut keys: BTreeSet<String> = BTreeSet::new();
    for values in [&change.before, &change.after] {
        keys.extend(
            values
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, _)| key.clone()),
        );
    }
    let named = written_keys(&change.step);
    keys.extend(named);
    let open = json!([{"in": "*", "open": "map"}]);
    let keys = keys.into_iter();
    let mut keys: Map<String, Json> = keys
        .map(|key| (key.replace('.', "\\."), open.clone()))
        .collect();
    // What is found at any depth is a key that the chart has somewhere.
    if change.step.to_string().contains("**") {
        for values in [&change.before, &change.after] {
            if let Value::Map(values) = Value::from(values) {
                let paths = leaves(&values).into_iter();
                keys.extend(paths.map(|(path, _)| (path.to_string(), json!([{"in": "*"}]))));
            }
        }
    }
    let pack = json!({
        "pack": 1, "chart": "chart", "title": "A chart",
        "versions": {"1.0.0": {"app": "1"}, "2.0.0": {"app": "2"}},
    });
    for (name, json) in [
        ("2.0.0.yaml", migration),
        ("keys.yaml", Json::Object(keys)),
        ("pack.yaml", pack),
    ] {
        fs::write(folder.join(name), json.to_string()).map_err(|e| e.to_string())?;
    }
    let pack = Pack::from_folder(folder).map_err(|e| e.to_string())?;
    let found = check_pack(&pack).into_iter();
    let errors: Vec<String> = found
        .filter(|finding| finding.severity == FindingSeverity::Error)
        .map(|finding| finding.to_string())
        .collect();
    match errors.is_empty() {
        true => Ok(pack),
        false => Err(errors.join("; ")),
    }
}

/// The first keys of the paths in a step.
fn written_keys(step: &Json) -> Vec<String> {
    let mut keys = Vec::new();
    let first = |path: &str| -> Option<String> {
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let key = &path[..end];
        (!key.contains(['*', '{', '\\', '='])).then(|| key.to_owned())
    };
    let Some(fields) = step.as_object() else {
        return keys;
    };
    for (field, value) in fields {
        match (field.as_str(), value) {
            ("move", Json::Object(moves)) => {
                let ends = moves
                    .iter()
                    .flat_map(|(from, to)| [Some(from.as_str()), to.as_str()]);
                keys.extend(ends.flatten().filter_map(first));
            }
            ("take" | "read", Json::Object(names)) => {
                keys.extend(names.values().filter_map(Json::as_str).filter_map(first));
            }
            ("do" | "upsert", Json::Object(writes)) => {
                keys.extend(writes.keys().filter_map(|path| first(path)));
            }
            ("drop", Json::Array(paths)) => {
                keys.extend(paths.iter().filter_map(Json::as_str).filter_map(first));
            }
            ("first", Json::Array(rows)) => keys.extend(rows.iter().flat_map(written_keys)),
            ("options", Json::Object(options)) => {
                keys.extend(options.values().flat_map(written_keys));
            }
            ("for", Json::String(path)) => keys.extend(first(path)),
            _ => {}
        }
    }
    keys
}

/// What the step makes of the values, through the text: the new values and what was told.
fn done(change: &Change) -> Result<(Json, Migrated), String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let pack = pack(change, folder.path())?;
    let text = block(&Value::from(&change.before), &Layout::default());
    let loaded = load(&InputFile::Stdin(text.into_bytes())).map_err(|e| refusal::load(&e).what)?;
    let view = loaded.view();
    let (from, to) = (Version::new(1, 0, 0), Version::new(2, 0, 0));
    let plan = Plan::new(&pack, &from, &to, &Selection::default()).map_err(|e| e.to_string())?;
    let mut answers = Answers::new();
    let asked = |migrated: &Migrated| -> Vec<String> {
        let open = migrated
            .steps
            .iter()
            .filter(|step| step.state == StepState::Open);
        open.map(|step| step.id.clone()).collect()
    };
    let mut migrated = migrate(&[&view], &plan, &answers, false).map_err(|e| e.to_string())?;
    let open = asked(&migrated);
    match (&change.answer, open.is_empty()) {
        (None, false) => return Err(format!("it asks {open:?}")),
        (Some(_), true) => return Err("it asks nothing".to_owned()),
        (Some(choice), false) => {
            for id in open {
                let answer = Answer {
                    option: choice.option.clone(),
                    inputs: choice.inputs.clone(),
                    evidence: None,
                };
                answers.insert(id, answer);
            }
            migrated = migrate(&[&view], &plan, &answers, false).map_err(|e| e.to_string())?;
            if !asked(&migrated).is_empty() {
                return Err("it asks again".to_owned());
            }
        }
        (None, true) => {}
    }
    let rewrite = edit(&view, &migrated.layers[0], 0, false).map_err(|e| e.to_string())?;
    let after = rewrite.edits.apply(&loaded.text);
    let read: Json = serde_yaml::from_str(&after).map_err(|e| e.to_string())?;
    Ok((if read.is_null() { json!({}) } else { read }, migrated))
}

fn fits(change: &Change) -> Result<(), String> {
    if change.kind == "excluded" {
        return match (&change.why, change.step.is_null()) {
            (Some(_), true) => Ok(()),
            _ => Err("what is excluded has a reason and no step".to_owned()),
        };
    }
    let (after, migrated) = done(change)?;
    if after != change.after {
        return Err(format!("it becomes {after} instead of {}", change.after));
    }
    let tells = migrated.steps.iter().any(|step| !step.tell.is_empty());
    match change.kind.as_str() {
        "operation" | "detour" if after == change.before => Err("nothing changes".to_owned()),
        "detour" if change.why.is_none() => Err("a detour has its reason".to_owned()),
        "operation" | "detour" if change.answer.is_none() => Ok(()),
        "question" if change.answer.is_some() => Ok(()),
        "notice" if tells && after == change.before => Ok(()),
        kind => Err(format!("it is no {kind}")),
    }
}

#[test]
fn every_documented_change_can_be_said_in_a_step() {
    let mut wrong = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (chart, change) in changes() {
        *counts.entry(change.kind.clone()).or_default() += 1;
        if let Err(error) = fits(&change) {
            let [from, to, path] = &change.change;
            wrong.push(format!("{chart} {from} to {to}, {path}: {error}"));
        }
    }
    println!("documented changes: {counts:?}");
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    let not_plain = ["detour", "excluded"].map(|kind| counts.get(kind).copied().unwrap_or(0));
    assert!(
        not_plain.iter().sum::<usize>() <= MOST_NOT_PLAIN,
        "{counts:?}"
    );
}

#[test]
fn no_documented_change_is_left_out() {
    let Some(shared) = support::shared() else {
        return;
    };
    let table = fs::read_to_string(shared.join("charts/CHANGES.tsv")).expect("the table");
    let mut lines = table
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    let head = lines.next().expect("a head");
    let column = |name: &str| {
        head.iter()
            .position(|head| *head == name)
            .expect("a column")
    };
    let columns = ["chart", "from", "to", "old_path", "new_path"].map(column);
    let mut wanted: Vec<[String; 5]> = lines
        .map(|line| columns.map(|at| line.get(at).copied().unwrap_or_default().to_owned()))
        .collect();
    let mut unknown = Vec::new();
    for (chart, change) in changes() {
        let own = wanted.iter().position(|[of, from, to, path, new]| {
            of.split(' ').next() == Some(chart.as_str())
                && change.change == [from.clone(), to.clone(), path.clone()]
                && change.new.as_ref().is_none_or(|own| own == new)
        });
        match own {
            Some(own) => _ = wanted.remove(own),
            None => unknown.push(format!("{chart} {:?}", change.change)),
        }
    }
    assert!(unknown.is_empty(), "not in the table: {unknown:#?}");
    assert!(wanted.is_empty(), "not said by a step: {wanted:#?}");
}
