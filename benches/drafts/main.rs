//! What refit makes of charts that it has no pack for, measured on real ones.
//!
//! ```text
//! cargo bench --bench drafts -- reads FOLDER...     what the static reader says of each chart, and how long it takes
//! ```

use std::{path::PathBuf, time::Instant};

use refit::{
    chart::{Chart, reads::Reads},
    values::leaves,
};

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    match args.split_first() {
        Some((mode, charts)) if mode == "reads" => charts.iter().for_each(|chart| reads(chart)),
        _ => eprintln!("say what to measure: reads FOLDER..."),
    }
}

/// What the static reader says of a chart.
fn reads(folder: &str) {
    let chart = match Chart::load(&PathBuf::from(folder)) {
        Ok(chart) => chart,
        Err(error) => return println!("{folder}: {error}"),
    };
    let begin = Instant::now();
    let reads = Reads::of(&chart);
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
