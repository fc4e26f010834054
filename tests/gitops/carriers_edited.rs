//! Real manifests, edited: every chart that the corpus deploys gets a pack that moves all its settings, and
//! every release is upgraded with it.
//!
//! Nothing of these charts is known here, so the move is a made-up one; but the files, their forms and
//! their oddities are those that people keep. What is edited is checked by refit's own oracle on the way;
//! a second run must find nothing left to do, and what is refused must be on the list of known reasons.

use crate::support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use refit::{
    carrier::{self, LayerSource, VersionStyle, paths},
    outcome::{Outcome, State},
    upgrade::{Request, upgrade},
    values::View,
    walk::{FileKind, FoundFile, Naming},
    yaml::Tree,
};

const FOLDERS: [&str; 7] = [
    "argo",
    "flux",
    "fleet",
    "helmfile",
    "k3s",
    "kustomize-helm",
    "umbrella",
];
/// The version that everything is upgraded to.
const TARGET: &str = "9999.0.0";

/// What is known of a chart: the versions that are deployed, and the settings at the root.
#[derive(Default)]
struct Chart {
    versions: BTreeSet<semver::Version>,
    keys: BTreeSet<String>,
}

/// The files of a folder of the corpus, laid out as in their repositories below `to`.
fn checkout(corpus: &Path, folder: &str, to: &Path) -> Vec<PathBuf> {
    let index = fs::read_to_string(corpus.join("INDEX.tsv")).expect("the corpus has an index");
    let mut files = Vec::new();
    for line in index.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [_, file, repository, path, commit, ..] = columns[..] else {
            continue;
        };
        if !file.starts_with(&format!("{folder}/")) {
            continue;
        }
        let mut place = to.join(repository.replace('/', "-")).join(path);
        if place.exists() {
            place = to.join(commit).join(path);
        }
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(corpus.join(file), &place).expect("a file of the index");
        files.push(place);
    }
    files.sort();
    files
}

/// The charts that files deploy.
fn charts(files: &[PathBuf]) -> BTreeMap<String, Chart> {
    let mut charts: BTreeMap<String, Chart> = BTreeMap::new();
    for file in files {
        let Ok(tree) = Tree::parse_bytes(&fs::read(file).unwrap()) else {
            continue;
        };
        for found in carrier::find(&tree, file).carriers {
            // helmfile names the repository in front.
            let last = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
            let Some(name) = found.chart.name().map(last) else {
                continue;
            };
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
            if name.is_empty() || !name.chars().all(plain) {
                continue;
            }
            let chart = charts.entry(name).or_default();
            if let Some(VersionStyle::Exact(version)) = found.version.map(|place| place.style) {
                chart.versions.insert(version);
            }
            for layer in &found.layers {
                let keys = |view: &View<'_>| -> Vec<String> {
                    let entries = view.entries(view.root()).unwrap_or_default().entries;
                    entries
                        .into_iter()
                        .map(|entry| entry.name.into_owned())
                        .collect()
                };
                match &layer.source {
                    LayerSource::Map => {
                        let view = View::new(&tree, layer.node);
                        chart.keys.extend(keys(&view));
                    }
                    LayerSource::Text => {
                        if let Ok(inner) = Tree::parse(tree.scalar(layer.node).into_owned())
                            && let [only] = inner.documents()
                        {
                            chart.keys.extend(keys(&View::new(&inner, only.root)));
                        }
                    }
                    LayerSource::Paths { entries, dialect } => {
                        chart
                            .keys
                            .extend(paths::read(entries, *dialect).values.keys().cloned());
                    }
                    LayerSource::File(reference) => {
                        let beside = file.parent().unwrap().join(&reference.path);
                        let Ok(inner) = Tree::parse_bytes(&fs::read(beside).unwrap_or_default())
                        else {
                            continue;
                        };
                        let [only] = inner.documents() else { continue };
                        let whole = View::new(&inner, only.root);
                        if let Ok(Some(place)) = whole.node_at(&found.prefix) {
                            chart.keys.extend(keys(&View::new(&inner, place.node)));
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    charts.retain(|_, chart| !chart.versions.is_empty());
    charts
}

/// A pack that moves every setting of a chart below one key.
fn pack(name: &str, chart: &Chart, folder: &Path) {
    let path = |key: &str| refit::values::Path::keys([key]).to_string();
    let keys: Vec<&String> = chart
        .keys
        .iter()
        .filter(|key| *key != "global" && !key.contains("{{") && !key.is_empty())
        .collect();
    let versions: serde_json::Map<String, serde_json::Value> = chart
        .versions
        .iter()
        .map(ToString::to_string)
        .chain([TARGET.to_owned()])
        .map(|version| (version, serde_json::json!({"app": "1"})))
        .collect();
    let open = serde_json::json!([{"in": "*", "open": "map"}]);
    let mut known = serde_json::Map::new();
    let mut moves = serde_json::Map::new();
    for key in keys {
        known.insert(path(key), open.clone());
        let to = format!("moved.{}", path(key));
        known.insert(to.clone(), open.clone());
        moves.insert(path(key), to.into());
    }
    let info = serde_json::json!({
        "pack": 1, "chart": name, "title": "A chart", "versions": versions,
    });
    let migration = serde_json::json!({
        "version": TARGET, "title": "All below one key",
        "steps": {"all": {"title": "Move everything", "move": moves}},
    });
    fs::create_dir_all(folder).unwrap();
    // A step that moves nothing is a mistake: such a chart has no migration.
    let moves_any = migration["steps"]["all"]["move"] != serde_json::json!({});
    let mut files = vec![
        ("pack.yaml".to_owned(), info),
        ("keys.yaml".to_owned(), serde_json::Value::Object(known)),
    ];
    if moves_any {
        files.push((format!("{TARGET}.yaml"), migration));
    }
    for (file, value) in files {
        fs::write(folder.join(file), value.to_string()).unwrap();
    }
}

fn run(files: &[PathBuf], pack: &Path, name: &str) -> Outcome {
    upgrade(&Request {
        found: files
            .iter()
            .map(|path| FoundFile {
                path: path.clone(),
                naming: Naming::Found,
                kind: FileKind::Yaml,
                below: path.parent().map(Path::to_owned).unwrap_or_default(),
            })
            .collect(),
        pack_dirs: vec![pack.to_owned()],
        chart: Some(name.to_owned()),
        accept_recommended: true,
        ..Request::default()
    })
}

#[test]
fn real_manifests_are_edited_or_refused_with_a_reason() {
    let Some(shared) = support::shared() else {
        return;
    };
    let corpus = shared.join("corpus");
    let mut table = String::new();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for folder in FOLDERS {
        let temp = tempfile::tempdir().unwrap();
        let copies = checkout(&corpus, folder, temp.path());
        let (mut found, mut edited, mut open, mut refused) = (0, 0, 0, 0);
        for (name, chart) in charts(&copies) {
            if chart.keys.is_empty() {
                continue;
            }
            let dir = temp.path().join(format!("pack-{name}"));
            pack(&name, &chart, &dir);
            let outcome = run(&copies, &dir, &name);
            found += outcome.releases.len() + outcome.refused.len();
            refused += outcome.refused.len();
            for refusal in &outcome.refused {
                let fault = "fault of refit";
                let why = refusal.why.clone().unwrap_or_default();
                assert!(
                    !refusal.what.contains("own check") && !why.contains(fault),
                    "{folder}/{}: {refusal:?}",
                    refusal.name
                );
                if std::env::var_os("REFIT_SURVEY").is_some() {
                    println!("{folder}: {name}: {refusal:#?}");
                }
                let what = refusal.what.rsplit(": ").next().unwrap_or_default();
                let what = what.split('`').next().unwrap_or_default();
                *reasons.entry(what.trim().to_owned()).or_default() += 1;
            }
            for unit in outcome.units() {
                if unit.is_open() {
                    open += unit.releases.len();
                    for step in unit.releases.iter().flat_map(|release| &release.steps) {
                        if step.state == State::Open {
                            *reasons.entry(format!("asks {}", step.id)).or_default() += 1;
                        }
                    }
                    continue;
                }
                edited += unit
                    .releases
                    .iter()
                    .filter(|release| release.is_changed())
                    .count();
                for file in unit.files() {
                    fs::write(file.path.as_ref().unwrap(), &*file.after).unwrap();
                }
            }
            // What was written is at the target now: a second run changes no byte of it.
            for unit in run(&copies, &dir, &name).units() {
                let again = unit.is_changed() && !unit.is_open();
                assert!(!again, "{folder}: {name} is changed twice");
            }
        }
        table.push_str(&format!(
            "{folder:<15} {found:>4} found {edited:>4} edited {open:>4} open {refused:>4} refused\n"
        ));
    }
    for (reason, count) in reasons {
        table.push_str(&format!("{count:>4} x {reason}\n"));
    }
    insta::assert_snapshot!(table);
}
