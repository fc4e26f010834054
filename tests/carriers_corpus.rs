//! Real GitOps repositories: every carrier in them is found, or refused with its reason, and no file
//! makes the search fail.

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use refit::carrier::{self, Source};
use refit::yaml::Tree;

/// What is found in one folder of the corpus, line by line.
fn survey(shared: &Path, folder: &str) -> BTreeMap<String, usize> {
    let corpus = shared.join("corpus");
    let index = std::fs::read_to_string(corpus.join("INDEX.tsv")).expect("the corpus has an index");
    let mut counts = BTreeMap::new();
    let mut count = |what: String| *counts.entry(what).or_insert(0) += 1;
    let mut files = 0;
    for line in index.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [_, file, _, path, ..] = columns[..] else {
            continue;
        };
        if !file.starts_with(&format!("{folder}/")) {
            continue;
        }
        files += 1;
        let bytes = std::fs::read(corpus.join(file)).expect("a file of the index");
        let tree = match Tree::parse_bytes(&bytes) {
            Ok(tree) => tree,
            Err(_) => {
                let text = String::from_utf8_lossy(&bytes);
                match carrier::unparsed(Path::new(path), &text) {
                    Some((kind, what)) => count(format!("{kind}: {what}")),
                    None => count("not YAML".to_owned()),
                }
                continue;
            }
        };
        let found = carrier::find(&tree, Path::new(path));
        if found.carriers.is_empty() && found.objects.is_empty() {
            count("nothing".to_owned());
        }
        for carrier in &found.carriers {
            match &carrier.refused {
                Some(refused) => count(format!("{}: refused, {}", carrier.kind, refused.reason)),
                None => count(format!("{}: found", carrier.kind)),
            }
            for layer in &carrier.layers {
                count(format!(
                    "  layer: {}",
                    match &layer.source {
                        Source::Map => "map",
                        Source::Text => "text",
                        Source::Paths { .. } => "paths",
                        Source::File(_) => "file",
                        Source::Reference(_) => "reference",
                        Source::Opaque { .. } => "opaque",
                    }
                ));
            }
            if std::env::var_os("SHOW").is_some() {
                println!(
                    "{path}\n   {} {:?} {:?}\n  {:?} {:?}",
                    carrier.name,
                    carrier.chart.source,
                    carrier.version.as_ref().map(|v| (&v.text, &v.style)),
                    carrier.refused.as_ref().map(|r| &r.what),
                    carrier.notices
                );
                for layer in &carrier.layers {
                    println!("      {:?}", layer.source);
                }
            }
        }
        for object in &found.objects {
            count(format!("  object: {}", object.kind));
        }
    }
    counts.insert("files".to_owned(), files);
    counts
}

#[test]
fn show() {
    let Some(shared) = support::shared() else {
        return;
    };
    for folder in [
        "argo",
        "flux",
        "helmfile",
        "kustomize-helm",
        "fleet",
        "k3s",
        "umbrella",
    ] {
        println!("{folder}: {:#?}", survey(&shared, folder));
    }
}
