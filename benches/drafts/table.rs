//! Documented moves of keys against what is drafted for a values file that sets just the old key.

use std::{collections::BTreeMap, fs, path::PathBuf, time::Instant};

use refit::{
    chart::Chart,
    draft::{
        Pair,
        candidates::Keys,
        propose::{Suggestion, propose_with},
    },
    effect::{
        helm::Helm,
        leaves::set_path,
        render::{Options, Renderer},
    },
    values::{Map, Number, Path, Segment, Value},
};

/// A documented move.
struct Row {
    chart: String,
    from: String,
    to: String,
    old: Path,
    new: Path,
}

/// What came of a row.
#[derive(Default)]
struct Tally {
    rows: usize,
    sure_right: usize,
    sure_wrong: usize,
    among_three: usize,
    nothing: usize,
    untouched: usize,
}

/// Goes through all rows, and prints a line for each and a table.
pub fn run(changes: &str, folder: &str, with_helm: bool) {
    let charts = charts(folder);
    let text = fs::read_to_string(changes).expect("the list of changes");
    let rows: Vec<Row> = text.lines().filter_map(row).collect();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut known: BTreeMap<PathBuf, Keys> = BTreeMap::new();
    for row in &rows {
        let (Some(old), Some(new)) = (
            version(&charts, &row.chart, &row.from),
            version(&charts, &row.chart, &row.to),
        ) else {
            continue;
        };
        for (path, chart) in [old, new] {
            known.entry(path.clone()).or_insert_with(|| Keys::of(chart));
        }
        let begin = Instant::now();
        let renderer = |path: &PathBuf| {
            let options = Options {
                release_name: "refit".to_owned(),
                namespace: Some("default".to_owned()),
                kube_version: std::env::var("REFIT_KUBE_VERSION").ok(),
                api_versions: Vec::new(),
                install: false,
            };
            Renderer::new(Helm::from_env(), path, options)
        };
        let renderers = (renderer(&old.0), renderer(&new.0));
        let pair = Pair {
            old: &old.1,
            new: &new.1,
            renderers: with_helm.then_some((&renderers.0, &renderers.1)),
        };
        let keys = (&known[&old.0], &known[&new.0]);
        let (values, from, to) = values(row, &old.1);
        let found = propose_with(&pair, keys, &values);
        let tally = tallies
            .entry(format!("{} {} {}", row.chart, row.from, row.to))
            .or_default();
        tally.rows += 1;
        let setting = found.settings.iter().find(|setting| setting.from == from);
        let places = setting.map(|setting| setting.places()).unwrap_or_default();
        let is_among = places.iter().any(|place| place.to == to);
        let said = match setting.map(|setting| &setting.fate) {
            Some(Suggestion::Moves(place)) if place.to == to => {
                tally.sure_right += 1;
                "sure"
            }
            Some(Suggestion::Moves(_)) => {
                tally.sure_wrong += 1;
                "SURE BUT WRONG"
            }
            Some(Suggestion::Unsure(_)) if is_among => "among three",
            Some(Suggestion::Unsure(_)) => "others only",
            Some(Suggestion::Lost) => {
                tally.nothing += 1;
                "nothing found"
            }
            Some(Suggestion::IsDefault) => "default does it",
            None => {
                tally.untouched += 1;
                "still works, or does nothing"
            }
        };
        tally.among_three += usize::from(is_among);
        let shown: Vec<String> = places.iter().map(|place| place.to.to_string()).collect();
        println!(
            "{} {} to {}: {from} to {to}: {said} [{}] {} renderings, {} ms{}",
            row.chart,
            old.1.version,
            new.1.version,
            shown.join(", "),
            renderers.0.runs() + renderers.1.runs(),
            begin.elapsed().as_millis(),
            found
                .unproven
                .filter(|_| with_helm)
                .map_or_else(String::new, |why| format!(
                    " NOT RENDERED: {}",
                    why.chars().take(160).collect::<String>()
                ))
        );
    }
    let mut sum = Tally::default();
    println!(
        "\nchart from to: rows, sure and right, sure and wrong, right among three, nothing found, untouched"
    );
    for (name, tally) in &tallies {
        print(name, tally);
        sum.rows += tally.rows;
        sum.sure_right += tally.sure_right;
        sum.sure_wrong += tally.sure_wrong;
        sum.among_three += tally.among_three;
        sum.nothing += tally.nothing;
        sum.untouched += tally.untouched;
    }
    print("all", &sum);
}

fn print(name: &str, tally: &Tally) {
    println!(
        "{name}: {}, {}, {}, {}, {}, {}",
        tally.rows,
        tally.sure_right,
        tally.sure_wrong,
        tally.among_three,
        tally.nothing,
        tally.untouched
    );
}

/// A line of the list, if it is a move of one key to one other.
fn row(line: &str) -> Option<Row> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [_, chart, from, to, old, new, primitive, ..] = fields.as_slice() else {
        return None;
    };
    let plain = |text: &str| {
        !text.is_empty() && !text.contains(['{', '[', '…', '→', '+', '(', ' ', '/', '<', ','])
    };
    if !matches!(*primitive, "move" | "move-glob" | "rename") || !plain(old) || !plain(new) {
        return None;
    }
    let path = |text: &str| {
        let named: Vec<Segment> = text
            .parse::<Path>()
            .ok()?
            .segments()
            .iter()
            .map(|segment| match segment.is_wildcard() {
                true => Segment::Key("web".to_owned()),
                false => segment.clone(),
            })
            .collect();
        Some(Path::new(named))
    };
    // A star at the end stands for everything below.
    let (old, new) = match (old.strip_suffix(".*"), new.strip_suffix(".*")) {
        (Some(old), Some(new)) => (old, new),
        _ => (*old, *new),
    };
    Some(Row {
        chart: (*chart).to_owned(),
        from: (*from).to_owned(),
        to: (*to).to_owned(),
        old: path(old)?,
        new: path(new)?,
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

/// The newest version of a chart that begins with some numbers.
fn version<'c>(
    charts: &'c [(PathBuf, Chart)],
    name: &str,
    begins: &str,
) -> Option<&'c (PathBuf, Chart)> {
    let fits = |chart: &Chart| {
        let number = chart.version.trim_start_matches('v');
        number == begins || number.starts_with(&format!("{begins}."))
    };
    let of = charts
        .iter()
        .filter(|(_, chart)| chart.name == name && fits(chart));
    of.max_by_key(|(_, chart)| chart.semver())
}

/// Values that set the old key, or one key below it, to something that is not the default; that key, and where the
/// documentation says that it goes.
fn values(row: &Row, old: &Chart) -> (Map, Path, Path) {
    let mut path = row.old.clone();
    let mut to = row.new.clone();
    let defaults = Value::Map(old.defaults.clone());
    while let Some(Value::Map(map)) = path.get(&defaults)
        && let Some(key) = map.keys().next()
    {
        path = path.key(key);
        to = to.key(key);
    }
    let value = match path.get(&defaults) {
        Some(Value::Bool(value)) => Value::Bool(!value),
        Some(Value::Number(_)) => Value::Number(Number::from(31337_i64)),
        Some(Value::List(items)) => match items.first() {
            Some(item) => Value::List(items.iter().chain([item]).cloned().collect()),
            None => Value::List(vec![Value::from("zq0000qz")]),
        },
        Some(Value::Map(_)) => {
            path = path.key("zq0000qz");
            to = to.key("zq0000qz");
            Value::from("zq0001qz")
        }
        _ => Value::from("zq0000qz"),
    };
    let mut values = Map::new();
    set_path(&mut values, &path, value);
    (values, path, to)
}
