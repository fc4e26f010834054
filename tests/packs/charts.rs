//! The built-in packs of charts other than this project's first: their cases, and every documented change.
//!
//! `tests/cases/CHART/` holds cases in the form of `refit pack test`, and `changes.tsv`: what the pack makes of each
//! change that the chart's notes document. `REFIT_PROBE=1` probes every key as well, which takes minutes.

use std::{collections::BTreeMap, fs, path::PathBuf};

use refit::{
    jobs::Jobs,
    pack::{Pack, built_in_names},
    trial::{Case, Trial},
};

use crate::support;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn charts() -> impl Iterator<Item = &'static str> {
    built_in_names().filter(|name| *name != "arroyo")
}

#[test]
fn every_case_of_every_pack_holds() {
    let mut failures = Vec::new();
    for chart in charts() {
        let trial = Trial::open(&root().join("migrations").join(chart)).unwrap();
        let cases = Case::read_all(&root().join("tests/cases").join(chart)).unwrap();
        assert!(!cases.is_empty(), "{chart} has no cases");
        let jobs = Jobs::many();
        let mut found = trial.cases(&cases, &jobs);
        if std::env::var_os("REFIT_PROBE").is_some() {
            found.extend(trial.probe(&jobs).failures);
        }
        println!("{chart}: {} cases, {} failures", cases.len(), found.len());
        failures.extend(found.iter().map(ToString::to_string));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What a pack makes of a documented change.
struct Made {
    kind: String,
    /// The step; for what is excluded, why.
    what: String,
}

/// `changes.tsv`: versions, the old path, what is made of it, and the step or the reason.
fn table(chart: &str) -> BTreeMap<[String; 3], Made> {
    let file = root().join("tests/cases").join(chart).join("changes.tsv");
    let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [from, to, path, kind, what] = fields[..] else {
            panic!("{}: {line}", file.display());
        };
        let made = Made {
            kind: kind.to_owned(),
            what: what.to_owned(),
        };
        ([from, to, path].map(str::to_owned), made)
    })
    .collect()
}

/// Whether a step of the pack does what the table says of it.
fn holds(pack: &Pack, made: &Made) -> Result<(), String> {
    if made.kind == "excluded" {
        return match made.what.len() > 20 {
            true => Ok(()),
            false => Err("says no reason".to_owned()),
        };
    }
    let mut steps = Vec::new();
    for version in pack.migrated_versions() {
        let migration = pack.migration(version).unwrap();
        steps.extend(migration.into_iter().flat_map(|migration| &migration.steps));
    }
    let Some(step) = steps.iter().find(|step| step.id == made.what) else {
        return Err(format!(
            "names the step `{}`, which there is not",
            made.what
        ));
    };
    let asks = step.rows.iter().any(|row| row.question.is_some());
    let tells = step
        .rows
        .iter()
        .any(|row| !row.tell.is_empty() || !row.todo.is_empty());
    let does = !step.takes.is_empty() || step.written_paths().next().is_some();
    let right = match made.kind.as_str() {
        "operation" => does,
        "question" => asks,
        "notice" => tells,
        other => return Err(format!("says `{other}`")),
    };
    match right {
        true => Ok(()),
        false => Err(format!("says that `{}` is a {}", made.what, made.kind)),
    }
}

#[test]
fn every_documented_change_is_made_asked_told_or_excluded() {
    let mut wrong = Vec::new();
    let mut counts: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut tables: BTreeMap<&str, BTreeMap<[String; 3], Made>> = BTreeMap::new();
    for chart in charts() {
        let pack = Pack::from_folder(&root().join("migrations").join(chart)).unwrap();
        let table = table(chart);
        for (row, made) in &table {
            *counts.entry((chart, made.kind.clone())).or_default() += 1;
            if let Err(why) = holds(&pack, made) {
                wrong.push(format!("{chart} {}: {why}", row.join(" ")));
            }
        }
        tables.insert(chart, table);
    }
    for ((chart, kind), count) in counts {
        println!("{chart}: {count} {kind}");
    }
    if let Some(shared) = support::shared() {
        let text = fs::read_to_string(shared.join("charts/CHANGES.tsv")).unwrap();
        let mut without_pack: BTreeMap<&str, usize> = BTreeMap::new();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split('\t').collect();
            // Whose chart it is stands behind the name.
            let (chart, _) = fields[1].split_once(" (").unwrap_or((fields[1], ""));
            let Some(table) = tables.get(chart) else {
                *without_pack.entry(chart).or_default() += 1;
                continue;
            };
            let row = [fields[2], fields[3], fields[4]].map(str::to_owned);
            if !table.contains_key(&row) {
                wrong.push(format!("{chart}: no line for {}", row.join("\t")));
            }
        }
        assert_eq!(without_pack, BTreeMap::new(), "charts without a pack");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
