//! What refit makes of charts that it has no pack for, measured on real ones.
//!
//! ```text
//! cargo bench --bench drafts -- reads CHART...           what the static reader says of each chart, and how long it takes
//! cargo bench --bench drafts -- table CHANGES.tsv DIR    documented moves against what is drafted for them, by reading
//! HELM_BIN=... cargo bench --bench drafts -- table CHANGES.tsv DIR helm      the same, with rendering
//! HELM_BIN=... cargo bench --bench drafts -- values OLD NEW FILE...      what is drafted for users' values, a JSON object a file
//! ```
//!
//! `DIR` holds charts as folders, as `benches/drafts/charts.py` takes them out of clones; of each chart and version that
//! a row names, the newest that begins so is taken. A name behind `helm` ("traefik 40") takes only such pairs.
//! `REFIT_KUBE_VERSION` is handed to Helm.

mod table;
mod users;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use refit::{
    chart::{Chart, reads::TemplateReads},
    effect::{
        helm::Helm,
        render::{Options, Renderer},
    },
    values::leaves,
};

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    match args
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["reads", charts @ ..] => charts.iter().for_each(|chart| reads(chart)),
        ["values", old, new, files @ ..] => users::run(old, new, files),
        ["table", changes, folder] => table::run(changes, folder, false, None),
        ["table", changes, folder, "helm"] => table::run(changes, folder, true, None),
        ["table", changes, folder, "helm", only] => {
            table::run(changes, folder, true, Some(only));
        }
        _ => eprintln!(
            "say what to measure: reads CHART..., table CHANGES.tsv DIR [helm], or values OLD NEW FILE..."
        ),
    }
}

/// Renders a chart as `refit pack infer` does.
fn renderer(chart: &Path) -> Renderer {
    let options = Options::to_learn_of_charts(std::env::var("REFIT_KUBE_VERSION").ok());
    Renderer::new(Helm::from_env(), chart, options).without_crds()
}

/// What the static reader says of a chart.
fn reads(folder: &str) {
    let chart = match Chart::load(&PathBuf::from(folder)) {
        Ok(chart) => chart,
        Err(error) => return println!("{folder}: {error}"),
    };
    let begin = Instant::now();
    let reads = TemplateReads::of(&chart);
    let took = begin.elapsed();
    let keys = leaves(&chart.defaults);
    let dead: Vec<String> = keys
        .iter()
        .filter(|(path, _)| !reads.is_read(path))
        .map(|(path, _)| path.to_string())
        .collect();
    println!(
        "{} {}: {} keys, {} read by nothing, {} places looked at{}, {} ms: {}",
        chart.name,
        chart.version,
        keys.len(),
        dead.len(),
        reads.paths().count(),
        if reads.is_everything() { " (all)" } else { "" },
        took.as_millis(),
        dead.join(" ")
    );
}
