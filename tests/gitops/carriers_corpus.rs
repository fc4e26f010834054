//! Real GitOps repositories: every carrier in them is found, or refused with its reason, no file makes
//! the search fail, and a text inside a manifest can be edited without touching the rest.

use crate::support;

use std::collections::BTreeMap;
use std::path::Path;

use refit::carrier::{self, ChartSource, LayerSource, VersionStyle, paths};
use refit::yaml::{EditSet, NodeId, Tree, rewrite_inner};

/// What is found in one folder of the corpus: how often.
type Counts = BTreeMap<String, usize>;

/// Each file of a folder: its path in its repository, and its bytes.
fn files(shared: &Path, folder: &str) -> Vec<(String, Vec<u8>)> {
    let corpus = shared.join("corpus");
    let index = std::fs::read_to_string(corpus.join("INDEX.tsv")).expect("the corpus has an index");
    let mut files = Vec::new();
    for line in index.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [_, file, _, path, ..] = columns[..] else {
            continue;
        };
        if file.starts_with(&format!("{folder}/")) {
            let bytes = std::fs::read(corpus.join(file)).expect("a file of the index");
            files.push((path.to_owned(), bytes));
        }
    }
    files
}

fn survey(shared: &Path, folder: &str) -> Counts {
    let mut counts = Counts::new();
    let mut count = |what: String| *counts.entry(what).or_insert(0) += 1;
    for (path, bytes) in files(shared, folder) {
        count("files".to_owned());
        let path = Path::new(&path);
        let Ok(tree) = Tree::parse_bytes(&bytes) else {
            match carrier::kind_of_template(path, &String::from_utf8_lossy(&bytes)) {
                Some(kind) => count(format!("{kind}: not YAML, a template")),
                None => count("not YAML, no carrier".to_owned()),
            }
            continue;
        };
        let found = carrier::find(&tree, path);
        if found.carriers.is_empty() {
            count("no carrier".to_owned());
        }
        for carrier in &found.carriers {
            count(match &carrier.refused {
                Some(refused) => format!("{}: refused, {}", carrier.kind, refused.reason),
                None => format!("{}: found", carrier.kind),
            });
            assert!(
                carrier.refused.is_some() || !matches!(carrier.chart.source, ChartSource::Missing),
                "{}: {} has no chart and is not refused",
                path.display(),
                carrier.name
            );
            for layer in &carrier.layers {
                count(match &layer.source {
                    LayerSource::Map => "layer: map".to_owned(),
                    LayerSource::Text => "layer: text".to_owned(),
                    LayerSource::Paths { .. } => "layer: paths".to_owned(),
                    LayerSource::File(_) => "layer: file".to_owned(),
                    LayerSource::Reference(_) => "layer: reference".to_owned(),
                    LayerSource::Opaque { .. } => "layer: opaque".to_owned(),
                });
                if matches!(layer.source, LayerSource::Text) {
                    edit(&tree, layer.node);
                }
                if let LayerSource::Paths { entries, dialect } = &layer.source {
                    let assigned = paths::read(entries, *dialect);
                    let sets = assigned.leaves.values().flatten().count();
                    assert!(sets + assigned.oddities.len() >= entries.len());
                }
            }
            if let Some(version) = &carrier.version {
                count(match version.style {
                    VersionStyle::Exact(_) => "version: exact".to_owned(),
                    VersionStyle::Range(_) => "version: range".to_owned(),
                    VersionStyle::Any => "version: any".to_owned(),
                    VersionStyle::Revision => "version: a name".to_owned(),
                    VersionStyle::Templated => "version: a template".to_owned(),
                    VersionStyle::Unknown => "version: unknown".to_owned(),
                });
            }
        }
    }
    counts
}

/// Puts a line at the start and one at the end of a text inside a manifest, and takes each line out.
fn edit(tree: &Tree, node: NodeId) {
    let node = tree.alias_target(node).unwrap_or(node);
    let content = tree.content(node);
    let mut edits = vec![
        (0..0, "refit: 1\n".to_owned()),
        (content.len()..content.len(), "refit: 2\n".to_owned()),
    ];
    let mut start = 0;
    for line in content.split_inclusive('\n') {
        edits.push((start..start + line.len(), String::new()));
        start += line.len();
    }
    for (range, new) in edits {
        let set = EditSet::new(content, [(range, new)]).unwrap();
        let Ok(rewrite) = rewrite_inner(tree, node, &set) else {
            continue;
        };
        let result = rewrite.edits.apply(tree.text());
        let again = Tree::parse(result).expect("the host can be read again");
        assert_eq!(
            again.content(node_at(&again, tree, node)),
            set.apply(content)
        );
    }
    let none = rewrite_inner(tree, node, &EditSet::default()).unwrap();
    assert!(none.edits.is_empty() && !none.restyled);
}

/// The node of the same number: an edit inside a scalar adds no node.
fn node_at(again: &Tree, tree: &Tree, node: NodeId) -> NodeId {
    let at = tree.nodes().position(|other| other == node).unwrap();
    again.nodes().nth(at).unwrap()
}

/// Folder, what, how often.
const TABLE: &str = "
argo | Argo CD Application: found | 65
argo | Argo CD Application: not YAML, a template | 2
argo | Argo CD ApplicationSet: found | 6
argo | Argo CD ApplicationSet: not YAML, a template | 2
argo | files | 92
argo | layer: map | 49
argo | layer: opaque | 5
argo | layer: paths | 8
argo | layer: text | 4
argo | no carrier | 17
argo | version: a name | 2
argo | version: exact | 67
argo | version: range | 2
flux | Flux HelmRelease: found | 104
flux | Flux HelmRelease: refused, names no chart | 2
flux | Flux HelmRelease: refused, obsolete form | 18
flux | files | 122
flux | layer: map | 90
flux | layer: reference | 44
flux | version: exact | 70
flux | version: range | 1
helmfile | files | 55
helmfile | helmfile release: found | 38
helmfile | helmfile release: not YAML, a template | 22
helmfile | layer: file | 24
helmfile | layer: map | 1
helmfile | layer: opaque | 1
helmfile | no carrier | 1
helmfile | not YAML, no carrier | 23
helmfile | version: exact | 36
kustomize-helm | files | 32
kustomize-helm | kustomize helmCharts entry: found | 32
kustomize-helm | layer: file | 28
kustomize-helm | layer: map | 3
kustomize-helm | version: exact | 32
fleet | Fleet bundle: found | 29
fleet | files | 32
fleet | layer: file | 4
fleet | layer: map | 18
fleet | layer: reference | 4
fleet | no carrier | 5
fleet | version: exact | 21
k3s | files | 18
k3s | k3s HelmChart: found | 15
k3s | k3s HelmChartConfig: found | 3
k3s | layer: paths | 4
k3s | layer: text | 18
k3s | version: a name | 1
k3s | version: exact | 13
umbrella | Helm chart dependency: found | 72
umbrella | files | 56
umbrella | layer: file | 72
umbrella | no carrier | 23
umbrella | version: exact | 66
umbrella | version: range | 6
";

#[test]
fn every_carrier_of_the_corpus_is_found_or_refused() {
    let Some(shared) = support::shared() else {
        return;
    };
    let mut lines = Vec::new();
    for folder in [
        "argo",
        "flux",
        "helmfile",
        "kustomize-helm",
        "fleet",
        "k3s",
        "umbrella",
    ] {
        for (what, count) in survey(&shared, folder) {
            lines.push(format!("{folder} | {what} | {count}"));
        }
    }
    let found = lines.join("\n");
    assert_eq!(found, TABLE.trim(), "what was found:\n{found}");
}

#[test]
fn nothing_in_the_corpus_makes_the_search_fail() {
    let Some(shared) = support::shared() else {
        return;
    };
    let mut read = 0;
    for folder in ["arroyo", "chart-values", "odd", "override-values", "sops"] {
        for (path, bytes) in files(&shared, folder) {
            if let Ok(tree) = Tree::parse_bytes(&bytes) {
                let _ = carrier::find(&tree, Path::new(&path));
                read += 1;
            }
        }
    }
    assert!(read > 300, "only {read} files can be read");
}
