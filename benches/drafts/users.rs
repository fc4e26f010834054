//! What is drafted for values files of users, for a script to compare with what they did themselves.

use std::{fs, path::Path, time::Instant};

use refit::{
    chart::Chart,
    draft::{
        PairOfCharts,
        candidates::ChartKeys,
        propose::{Suggestion, propose_with},
    },
    effect::helm::Helm,
    values::{Map, View},
    yaml::Tree,
};
use serde_json::{Value, json};

use super::renderer;

/// Prints a JSON object for each file.
pub fn run(old: &str, new: &str, files: &[&str]) {
    let load = |path: &str| Chart::load(Path::new(path)).expect("a chart");
    let charts = (load(old), load(new));
    let begin = Instant::now();
    let keys = (ChartKeys::of(&charts.0), ChartKeys::of(&charts.1));
    let reading = begin.elapsed().as_millis();
    for file in files {
        let begin = Instant::now();
        let renderers = (renderer(Path::new(old)), renderer(Path::new(new)));
        let has_helm = Helm::from_env().version().is_ok();
        let pair = PairOfCharts {
            old: &charts.0,
            new: &charts.1,
            renderers: has_helm.then_some((&renderers.0, &renderers.1)),
        };
        let found = propose_with(&pair, (&keys.0, &keys.1), &values(file));
        let settings: Vec<Value> = found
            .settings
            .iter()
            .map(|setting| {
                let places: Vec<Value> = setting
                    .places()
                    .iter()
                    .map(|place| json!({"to": place.to.to_string(), "score": place.score, "wraps": place.wraps, "why": place.evidence}))
                    .collect();
                let fate = match setting.fate {
                    Suggestion::Moves(_) | Suggestion::Splits(_) => "sure",
                    Suggestion::Unsure(_) => "perhaps",
                    Suggestion::IsDefault => "default",
                    Suggestion::Lost => "lost",
                };
                json!({"from": setting.from.to_string(), "did": setting.did, "fate": fate, "places": places})
            })
            .collect();
        let demands = found.demands.iter().map(|demand| {
            let value = Value::from(&demand.values[0]);
            json!({"key": demand.key.to_string(), "value": value, "said": demand.said})
        });
        let line = json!({
            "file": file,
            "unproven": found.unproven,
            "renderings": renderers.0.runs() + renderers.1.runs(),
            "ms": begin.elapsed().as_millis(),
            "reading_ms": reading,
            "settings": settings,
            "demands": demands.collect::<Vec<_>>(),
        });
        println!("{line}");
    }
}

/// A values file.
fn values(file: &str) -> Map {
    let text = fs::read(file).expect("a values file");
    let tree = Tree::parse_bytes(&text).expect("YAML");
    let Some(document) = tree.documents().first() else {
        return Map::new();
    };
    View::new(&tree, document.root).values().expect("values")
}
