//! Documented moves of keys against what is drafted for a whole chart.
//!
//! For each pair of versions that the list of changes names, every key that the new chart does not know any more is
//! tried out at once ([`refit::draft::infer`]). A documented move is found in what became of the keys at and below
//! its old key; where the list names two moves one behind the other, a key goes through both.

use std::{fs, path::PathBuf, time::Instant};

use refit::{
    chart::Chart,
    draft::{
        PairOfCharts,
        candidates::ChartKeys,
        infer::infer,
        propose::{Proposal, Suggestion},
    },
    values::Path,
};

use super::renderer;

/// A documented move.
struct Row {
    chart: String,
    from: String,
    to: String,
    old: Path,
    new: Path,
}

/// What came of the rows of a pair.
#[derive(Default)]
struct Tally {
    rows: usize,
    /// Rows of which everything that is sure is right, and something is.
    sure: usize,
    /// Rows with the right place among three.
    among: usize,
    /// Rows of which something sure is wrong.
    wrong: usize,
    /// Rows of whose keys nothing is said.
    silent: usize,
    /// Keys below documented moves that are sure and right, or sure and wrong.
    keys_right: usize,
    keys_wrong: usize,
    /// Sure moves of keys whose documented place the new chart does not have: the row says it of the map above.
    elsewhere: usize,
    /// Sure moves of keys that no row names: to be looked at.
    beyond: usize,
    renderings: usize,
    seconds: f64,
}

/// Goes through all pairs, and prints a line for each key, each row, and a table.
pub fn run(changes: &str, folder: &str, with_helm: bool, only: Option<&str>) {
    let charts = charts(folder);
    let text = fs::read_to_string(changes).expect("the list of changes");
    let rows: Vec<Row> = text.lines().filter_map(row).collect();
    let mut pairs: Vec<(&str, &str, &str)> = Vec::new();
    for row in &rows {
        let pair = (row.chart.as_str(), row.from.as_str(), row.to.as_str());
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    let mut table = Vec::new();
    for (chart, from, to) in pairs {
        let name = format!("{chart} {from} {to}");
        if only.is_some_and(|only| !name.starts_with(only)) {
            continue;
        }
        let ends = match from == to {
            true => (
                end(&charts, chart, from, false),
                end(&charts, chart, to, true),
            ),
            false => (
                end(&charts, chart, from, true),
                end(&charts, chart, to, true),
            ),
        };
        let (Some(old), Some(new)) = ends else {
            println!("{name}: the charts are not at hand");
            continue;
        };
        let rows: Vec<&Row> = rows
            .iter()
            .filter(|row| {
                (row.chart.as_str(), row.from.as_str(), row.to.as_str()) == (chart, from, to)
            })
            .collect();
        table.push((name, pair(old, new, &rows, with_helm)));
    }
    let mut sum = Tally::default();
    println!(
        "\n| chart from to | rows | sure and right | right among three | with a wrong sure one | nothing said | keys sure right | keys sure wrong | documented place is not there | sure beyond the list | renderings | seconds |\n|---|---|---|---|---|---|---|---|---|---|---|---|"
    );
    for (name, tally) in &table {
        print(name, tally);
        sum.rows += tally.rows;
        sum.sure += tally.sure;
        sum.among += tally.among;
        sum.wrong += tally.wrong;
        sum.silent += tally.silent;
        sum.keys_right += tally.keys_right;
        sum.keys_wrong += tally.keys_wrong;
        sum.elsewhere += tally.elsewhere;
        sum.beyond += tally.beyond;
        sum.renderings += tally.renderings;
        sum.seconds += tally.seconds;
    }
    print("all", &sum);
}

fn print(name: &str, tally: &Tally) {
    println!(
        "| {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.0} |",
        tally.rows,
        tally.sure,
        tally.among,
        tally.wrong,
        tally.silent,
        tally.keys_right,
        tally.keys_wrong,
        tally.elsewhere,
        tally.beyond,
        tally.renderings,
        tally.seconds
    );
}

/// Drafts one pair and judges its rows.
fn pair(old: &(PathBuf, Chart), new: &(PathBuf, Chart), rows: &[&Row], with_helm: bool) -> Tally {
    let begin = Instant::now();
    let keys = (ChartKeys::of(&old.1), ChartKeys::of(&new.1));
    let renderers = (renderer(&old.0), renderer(&new.0));
    let pair = PairOfCharts {
        old: &old.1,
        new: &new.1,
        renderers: with_helm.then_some((&renderers.0, &renderers.1)),
    };
    let found = infer(&pair, (&keys.0, &keys.1));
    let mut tally = Tally {
        rows: rows.len(),
        renderings: renderers.0.runs() + renderers.1.runs(),
        seconds: begin.elapsed().as_secs_f64(),
        ..Tally::default()
    };
    println!(
        "== {} {} to {}{}",
        old.1.name,
        old.1.version,
        new.1.version,
        found
            .unproven
            .as_ref()
            .filter(|_| with_helm)
            .map_or_else(String::new, |why| format!(
                " NOT RENDERED: {}",
                why.chars().take(300).collect::<String>()
            ))
    );
    let mut said: Vec<Vec<(bool, bool, bool)>> = vec![Vec::new(); rows.len()];
    for setting in &found.settings {
        let (expected, through) = route(&setting.from, rows);
        let places = setting.places();
        let sure = matches!(setting.fate, Suggestion::Moves(_) | Suggestion::Splits(_));
        let has_place = is_there(&keys.1, &expected);
        let is_right = |to: &Path| {
            *to == expected
                || is_further_in(to, &setting.from, &through, rows)
                || is_unwrapped(to, &keys.1, &through, rows)
        };
        let is_among = places.iter().any(|place| is_right(&place.to));
        let right = sure && is_among;
        for at in through.iter().filter(|_| has_place || right || !sure) {
            said[*at].push((sure, right, is_among));
        }
        match (through.is_empty(), sure, right) {
            (true, true, _) => tally.beyond += 1,
            (false, true, false) if !has_place => tally.elsewhere += 1,
            (false, true, true) => tally.keys_right += 1,
            (false, true, false) => tally.keys_wrong += 1,
            _ => {}
        }
        println!(
            "{}",
            told(setting, (!through.is_empty()).then_some(&expected))
        );
    }
    for (row, said) in rows.iter().zip(&said) {
        let wrong = said.iter().any(|(sure, right, _)| *sure && !right);
        let sure = !wrong && said.iter().any(|(_, right, _)| *right);
        let among = said.iter().any(|(.., among)| *among);
        tally.wrong += usize::from(wrong);
        tally.sure += usize::from(sure);
        tally.among += usize::from(among);
        tally.silent += usize::from(said.is_empty());
        let word = match (said.is_empty(), sure, wrong, among) {
            (true, ..) => "NOTHING SAID",
            (_, true, ..) => "sure",
            (_, _, true, _) => "SURE BUT WRONG",
            (.., true) => "among three",
            _ => "MISSED",
        };
        println!("-> {} to {}: {word}", row.old, row.new);
    }
    tally
}

/// Whether a place is below the documented one, under the same last key: a row that names a map says nothing of what
/// lies between.
fn is_further_in(to: &Path, from: &Path, through: &[usize], rows: &[&Row]) -> bool {
    let last = through.last().map(|at| rows[*at]);
    last.is_some_and(|row| {
        to.starts_with(&row.new) && to.depth() > row.new.depth() && to.last() == from.last()
    })
}

/// Whether a place is the documented one, which takes no map: a row that names the map above says nothing of its only
/// key.
fn is_unwrapped(to: &Path, keys: &ChartKeys, through: &[usize], rows: &[&Row]) -> bool {
    let last = through.last().map(|at| rows[*at]);
    let is_leaf = || {
        keys.example(to)
            .is_some_and(|value| value.as_map().is_none())
    };
    last.is_some_and(|row| *to == row.new) && is_leaf()
}

/// Whether the new chart has a key, or a map there that takes any.
fn is_there(keys: &ChartKeys, path: &Path) -> bool {
    if keys.example(path).is_some() {
        return true;
    }
    let mut above = path.parent();
    while let Some(at) = above.filter(|at| !at.is_root()) {
        if let Some(default) = keys.default(&at) {
            return default.as_map().is_some_and(|map| map.is_empty()) || default.is_null();
        }
        above = at.parent();
    }
    true
}

/// What became of a key, in a line.
fn told(setting: &Proposal, expected: Option<&Path>) -> String {
    let fate = match &setting.fate {
        Suggestion::Moves(_) | Suggestion::Splits(_) => "sure",
        Suggestion::Unsure(_) => "perhaps",
        Suggestion::IsDefault => "default",
        Suggestion::Lost => "lost",
    };
    let places: Vec<String> = setting
        .places()
        .iter()
        .map(|place| format!("{} ({:.2}: {})", place.to, place.score, place.evidence))
        .collect();
    let expected = expected.map_or_else(String::new, |path| format!(" EXPECTED {path}"));
    format!(
        "   {} [{}] {fate}: {}{expected}",
        setting.from,
        setting.did.as_deref().unwrap_or("no effect"),
        places.join(", ")
    )
}

/// Where the documentation says that a key goes, and through which rows.
fn route(from: &Path, rows: &[&Row]) -> (Path, Vec<usize>) {
    let mut at = from.clone();
    let mut through = Vec::new();
    for _ in 0..4 {
        let next = rows
            .iter()
            .enumerate()
            .filter(|(number, _)| !through.contains(number))
            .filter_map(|(number, row)| {
                let depth = row.old.depth();
                let above = Path::new(at.segments().get(..depth)?.to_vec());
                let captures = row.old.matches(&above)?;
                let to = row.new.fill(&captures)?;
                Some((
                    depth,
                    number,
                    to.concat(&Path::new(at.segments()[depth..].to_vec())),
                ))
            })
            .max_by_key(|(depth, ..)| *depth);
        let Some((_, number, to)) = next else { break };
        through.push(number);
        at = to;
    }
    (at, through)
}

/// A line of the list, if it is a move of one key to one other.
fn row(line: &str) -> Option<Row> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [_, chart, from, to, old, new, primitive, ..] = fields.as_slice() else {
        return None;
    };
    let plain = |text: &str| {
        !text.is_empty() && !text.contains(['{', '[', '…', '→', '+', '(', ' ', '/', '<', ',', '|'])
    };
    if !matches!(*primitive, "move" | "move-glob" | "rename") || !plain(old) || !plain(new) {
        return None;
    }
    // A star at the end stands for everything below.
    let (old, new) = match (old.strip_suffix(".*"), new.strip_suffix(".*")) {
        (Some(old), Some(new)) => (old, new),
        _ => (*old, *new),
    };
    Some(Row {
        chart: (*chart).to_owned(),
        from: (*from).to_owned(),
        to: (*to).to_owned(),
        old: old.parse().ok()?,
        new: new.parse().ok()?,
    })
}

/// Every chart of a folder.
fn charts(folder: &str) -> Vec<(PathBuf, Chart)> {
    let entries = fs::read_dir(folder).expect("the folder with charts");
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .filter_map(|path| Some((path.clone(), Chart::load(&path).ok()?)))
        .collect()
}

/// The newest version of a chart that begins with some numbers, or the oldest.
fn end<'c>(
    charts: &'c [(PathBuf, Chart)],
    name: &str,
    begins: &str,
    newest: bool,
) -> Option<&'c (PathBuf, Chart)> {
    let begins = begins.trim_end_matches(".x");
    let fits = |chart: &Chart| {
        let number = chart.version.trim_start_matches('v');
        number == begins || number.starts_with(&format!("{begins}."))
    };
    let mut of: Vec<&(PathBuf, Chart)> = charts
        .iter()
        .filter(|(_, chart)| chart.name == name && fits(chart))
        .collect();
    of.sort_by_key(|(_, chart)| chart.semver());
    match newest {
        true => of.pop(),
        false => of.into_iter().next(),
    }
}
