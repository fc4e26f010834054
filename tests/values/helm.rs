//! The view of a document and the writer of values, judged by the real Helm of both majors.
//!
//! Helm reads thousands of documents in one process. Where refit refuses what Helm reads, the reason
//! must be one of a few that are wanted; any other disagreement fails.

use crate::support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path as FilePath;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use refit::values::merge::merge_all;
use refit::values::readers::difference;
use refit::values::write::{self, Context, Layout, Quotes};
use refit::values::{Map, Number, ReadErrorKind, Value, View};
use refit::yaml::{DivergenceKind, ParseErrorKind, Tree};
use serde_json::Value as Json;
use support::helm::{self, Helm, Major};

/// What refit reads of a text: the first document.
enum Reading {
    Values(Map),
    Refused(String),
    /// Refused although Helm may read it, for a wanted reason.
    Stricter(&'static str),
}

fn read(text: &str) -> Reading {
    let tree = match Tree::parse(text) {
        Ok(tree) => tree,
        Err(error) => {
            return match error.kind {
                ParseErrorKind::MisplacedBom => Reading::Stricter("BOM within the text"),
                // Helm stops reading behind the first document.
                _ if text[..error.offset].contains("\n---") => {
                    Reading::Stricter("error in a later document")
                }
                _ => Reading::Refused(error.to_string()),
            };
        }
    };
    let Some(document) = tree.documents().first() else {
        return Reading::Values(Map::new());
    };
    match View::new(&tree, document.root).values() {
        Ok(values) => Reading::Values(values),
        Err(error) => match error.kind {
            ReadErrorKind::RandomKey(_) => Reading::Stricter("keys picked at random"),
            ReadErrorKind::TagBeforePunctuation => Reading::Stricter("tag before punctuation"),
            ReadErrorKind::OtherReader(DivergenceKind::ColonInFlowKey) => {
                Reading::Stricter("colon before punctuation")
            }
            _ => Reading::Refused(error.to_string()),
        },
    }
}

/// The values as templates see them: numbers rounded to floats.
fn in_templates(value: &Value) -> Json {
    match value {
        Value::Number(n) => number(&n.in_templates()),
        Value::List(items) => items.iter().map(in_templates).collect(),
        Value::Map(map) => map_in_templates(map),
        other => Json::from(other),
    }
}

fn map_in_templates(map: &Map) -> Json {
    let entries = map.iter().map(|(k, v)| (k.clone(), in_templates(v)));
    Json::Object(entries.collect())
}

fn number(n: &Number) -> Json {
    serde_json::from_str(n.as_str()).expect("a JSON number")
}

/// Compares refit's reading of many texts with Helm's; the names are for messages.
fn compare(what: &str, texts: &[(String, String)]) {
    for helm in helm::each() {
        let answers = helm
            .read_each(texts.iter().map(|(_, text)| text.as_str()))
            .unwrap_or_else(|e| panic!("{what}: {e}"));
        let mut counts = [0; 2];
        let mut stricter: BTreeMap<&str, usize> = BTreeMap::new();
        let mut wrong = String::new();
        for ((name, text), answer) in texts.iter().zip(answers) {
            match (read(text), answer) {
                (Reading::Values(values), Ok(expected))
                    if map_in_templates(&values) == expected =>
                {
                    counts[0] += 1;
                }
                (Reading::Refused(_), Err(_)) => counts[1] += 1,
                (Reading::Stricter(reason), _) => *stricter.entry(reason).or_default() += 1,
                (Reading::Values(values), answer) => {
                    let ours = map_in_templates(&values);
                    let _ = writeln!(wrong, "{name}: refit {ours}, Helm {answer:?}");
                }
                (Reading::Refused(why), Ok(expected)) => {
                    let _ = writeln!(wrong, "{name}: refit refuses ({why}), Helm {expected}");
                }
            }
        }
        println!(
            "{what}, {:?}: {} equal, {} refused by both, refused by refit whatever Helm does: {stricter:?}",
            helm.major, counts[0], counts[1]
        );
        assert!(wrong.is_empty(), "{what}, {:?}:\n{wrong}", helm.major);
        assert!(counts[0] > 0, "{what}: nothing was compared");
    }
}

/// The texts of all files under a folder of the shared material that are UTF-8.
fn files(shared: &FilePath, folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![shared.join(folder)];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{folder:?}: {e}"));
        for entry in entries {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
            let bytes = std::fs::read(&path).expect("a file");
            if yaml && let Ok(text) = String::from_utf8(bytes) {
                // Helm's side of the comparison takes a byte order mark off.
                let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
                found.push((path.display().to_string(), text));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_shared_documents_are_read_as_helm_reads_them() {
    let Some(shared) = support::shared() else {
        return;
    };
    let folders = [
        "yaml/hard",
        "corpus/chart-values",
        "corpus/override-values",
        "corpus/odd",
        "arroyo",
    ];
    let texts: Vec<_> = folders
        .iter()
        .flat_map(|folder| files(&shared, folder))
        .collect();
    compare("shared documents", &texts);
}

#[test]
fn the_table_of_scalars_is_read_as_helm_reads_it() {
    let Some(shared) = support::shared() else {
        return;
    };
    let table = std::fs::read_to_string(shared.join("yaml/helm-scalars.tsv")).expect("the table");
    let mut texts = Vec::new();
    for row in table.lines().skip(1) {
        let mut columns = row.split('\t');
        let mut column = || columns.next().expect("three columns");
        let (position, scalar, json) = (column(), column(), column());
        let text = match position {
            "value" => format!("k: {scalar}\n"),
            _ => format!("{scalar}: v\n"),
        };
        // The table itself says what the exact JSON is, before numbers become floats.
        match (read(&text), json.strip_prefix("ERR")) {
            (Reading::Refused(_), Some(_)) => {}
            (Reading::Values(values), None) => {
                let expected: Json = serde_json::from_str(json).expect("JSON");
                assert_eq!(Json::from(&Value::Map(values)), expected, "{text}");
            }
            _ => panic!("{row}"),
        }
        texts.push((row.to_owned(), text));
    }
    assert_eq!(texts.len(), 138);
    compare("scalars", &texts);
}

/// A document made from a tape of random numbers: nested flow collections with anchors, aliases,
/// merge keys, tags and odd scalars in every position.
struct Generator<'t> {
    tape: std::slice::Iter<'t, u32>,
    anchors: Vec<String>,
}

impl Generator<'_> {
    fn pick(&mut self, below: usize) -> usize {
        *self.tape.next().unwrap_or(&0) as usize % below
    }

    fn alias(&mut self) -> Option<String> {
        let number = self.pick(self.anchors.len().max(1));
        Some(format!("*{}", self.anchors.get(number)?))
    }

    fn scalar(&mut self) -> &'static str {
        const SCALARS: [&str; 20] = [
            "x",
            "1",
            "0777",
            "yes",
            "~",
            "'q'",
            "\"d\\n\"",
            "1.50",
            "<<",
            "!!int '3'",
            "!!str 5",
            "! x",
            "!!binary aGk=",
            "1e3",
            "on",
            "'<<'",
            "-0.0",
            "!foo 7",
            "2001-01-01",
            "12345678901234567890",
        ];
        SCALARS[self.pick(SCALARS.len())]
    }

    fn key(&mut self) -> String {
        const KEYS: [&str; 24] = [
            "a",
            "b",
            "c",
            "d",
            "a",
            "b",
            "c",
            "d",
            "e",
            "<<",
            "<<",
            "<<",
            "! '<<'",
            "'<<'",
            "1",
            "0x2",
            "yes",
            "on",
            "0.0",
            "-0.0",
            ".inf",
            "k d",
            "!!int '7'",
            "1.5e3",
        ];
        match self.pick(30) {
            0 => self.alias().map_or("f".to_owned(), |alias| alias + " "),
            1 => ["~", "'1'", "1.0"][self.pick(3)].to_owned(),
            _ => KEYS[self.pick(KEYS.len())].to_owned(),
        }
    }

    fn map(&mut self, depth: usize) -> String {
        let mut entries = Vec::new();
        for _ in 0..self.pick(5) {
            let key = self.key();
            let value = if key == "<<" && self.pick(12) > 0 {
                match self.pick(3) {
                    0 => self.alias().unwrap_or_else(|| "{}".to_owned()),
                    1 => format!("[{}, {}]", self.map(0), self.alias().unwrap_or("{}".into())),
                    _ => self.map(1),
                }
            } else {
                self.node(depth)
            };
            entries.push(format!("{key}: {value}"));
        }
        format!("{{{}}}", entries.join(", "))
    }

    fn node(&mut self, depth: usize) -> String {
        if self.pick(7) == 0
            && let Some(alias) = self.alias()
        {
            return alias;
        }
        let anchor = (self.pick(4) == 0).then(|| format!("n{}", self.pick(4)));
        let body = match self.pick(if depth == 0 { 2 } else { 6 }) {
            0 | 1 => self.scalar().to_owned(),
            2..=4 => self.map(depth - 1),
            _ => {
                let items: Vec<_> = (0..self.pick(4)).map(|_| self.node(depth - 1)).collect();
                format!("[{}]", items.join(", "))
            }
        };
        match anchor {
            None => body,
            Some(name) => {
                self.anchors.push(name.clone());
                format!("&{name} {body}")
            }
        }
    }

    fn document(tape: &[u32]) -> String {
        let mut generator = Generator {
            tape: tape.iter(),
            anchors: Vec::new(),
        };
        let mut text = String::new();
        for i in 0..1 + generator.pick(4) {
            let node = generator.node(3);
            let _ = writeln!(text, "m{i}: {node}");
        }
        text
    }
}

/// How many documents are generated; `REFIT_CASES` raises it.
fn cases() -> usize {
    std::env::var("REFIT_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(600)
}

fn sample<T>(strategy: impl Strategy<Value = T>) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    let mut one = || strategy.new_tree(&mut runner).expect("a sample").current();
    (0..cases()).map(|_| one()).collect()
}

#[test]
fn generated_documents_are_read_as_helm_reads_them() {
    let tapes = sample(prop::collection::vec(any::<u32>(), 80));
    let texts: Vec<_> = tapes
        .iter()
        .map(|tape| Generator::document(tape))
        .map(|text| (format!("{text:?}"), text))
        .collect();
    compare("generated documents", &texts);
}

#[test]
fn block_scalars_at_the_end_of_a_text_are_read_as_helm_reads_them() {
    let headers = ["|", "|-", "|+", ">", ">+", "|2", "|1", "|+ # c"];
    let bodies = [
        "  x\n  y",
        "  x\n   ",
        "  x\n ",
        "  x\n\n  ",
        "  x\n\n   ",
        "  x\n",
        "",
        "\n",
        " ",
        "   ",
        "  x\n   \n  ",
        "  x # c",
        "  x\n# c",
        "  x\n y",
        "  x\n\n   y",
        "  x\r\n  y",
        "  x\r\n",
        "\n  x",
        "\n\n",
        "\n  ",
        "\n   ",
        "  x\n...",
        "   x\n  y",
        "  x\n  \t",
        " \tx\n",
        "  x\n \t\n",
    ];
    let mut texts = Vec::new();
    for header in headers {
        for body in bodies {
            for text in [
                format!("a: {header}\n{body}"),
                format!("k:\n- - {header}\n{body}"),
            ] {
                texts.push((format!("{text:?}"), text));
            }
        }
    }
    compare("ends of block scalars", &texts);
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9 _./:,'\"#&*!|>%@`{}=<~^$()?+\\[\\]\\\\-]{0,12}",
        2 => "[0-9_.:eExXobTZ+ -]{0,8}",
        1 => "[ynYNofFOtrueTRUEalsnlNUL~.infaINFA]{1,5}",
        1 => "(.|[\n\r\t\u{0}\u{85}\u{a0}\u{2028}\u{feff}]){0,6}",
    ]
    // Helm prints its answer as JSON in YAML, where Go leaves these as they are and YAML refuses them.
    .prop_map(|text| {
        let unprintable = |c: char| {
            ('\u{7f}'..'\u{a0}').contains(&c) && c != '\u{85}'
                || ('\u{fffe}'..='\u{ffff}').contains(&c)
        };
        text.replace(unprintable, "?")
    })
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_filter_map("finite", |f| Number::from_f64(f).map(Value::Number)),
        6 => any_text().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::vec((any_text(), inner), 0..4)
                .prop_map(|entries| Value::Map(entries.into_iter().collect())),
        ]
    })
}

#[test]
fn helm_reads_written_values_back() {
    let values = sample(any_value());
    let texts: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(i, value)| {
            let quotes = [Quotes::None, Quotes::Single, Quotes::Double][i % 3];
            let root: Map = [("root".to_owned(), value.clone())].into_iter().collect();
            if i % 2 == 0 {
                let layout = Layout {
                    quotes,
                    indent_lists: i % 4 == 0,
                    ..Layout::default()
                };
                write::block(&Value::Map(root), &layout)
            } else {
                write::one_line(&Value::Map(root), Context::Block, quotes)
            }
        })
        .collect();
    for helm in helm::each() {
        let answers = helm
            .read_each(texts.iter().map(String::as_str))
            .expect("Helm runs");
        for ((value, text), answer) in values.iter().zip(&texts).zip(answers) {
            let root = answer.unwrap_or_else(|e| panic!("{text:?}: {e}"));
            assert_eq!(root["root"], in_templates(value), "{text:?}");
        }
    }
}

#[test]
fn layers_are_merged_as_helm_merges_its_files() {
    let layers = [
        "a: {b: 1, c: {d: 2}}\nl: [1, 2]\nn: {x: 1}\nbig: 12345678901234567890\n",
        "a: {c: {e: 3}}\nl: [3]\nn: null\nz: null\n",
        "a: {b: null, c: {d: 4}}\nn: {y: 2}\n",
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let mut paths = Vec::new();
    let mut maps = Vec::new();
    for (i, layer) in layers.iter().enumerate() {
        let path = folder.path().join(format!("{i}.yaml"));
        std::fs::write(&path, layer).expect("a file");
        paths.push(path);
        let Reading::Values(values) = read(layer) else {
            panic!("{layer}");
        };
        maps.push(values);
    }
    let files: Vec<&FilePath> = paths.iter().map(std::path::PathBuf::as_path).collect();
    for helm in helm::each() {
        for count in 1..=layers.len() {
            let expected = helm::values_as_helm_reads(helm, &files[..count]).expect("Helm runs");
            let merged = merge_all(maps[..count].to_vec());
            assert_eq!(map_in_templates(&merged), expected, "{:?}", helm.major);
        }
    }
}

#[test]
fn the_majors_differ_exactly_where_refit_says() {
    let texts = [
        "a: 1\n",
        "---\na: 1\n",
        "# c\n--- # c\na: 1\n...\n",
        "a: |\n  ---\n",
        "a: 1\n---\nb: 2\n",
        "a: 1\n---\n",
        "%YAML 1.1\n---\na: 1\n",
        "--- {a: 1}\n",
        "a: 1\n---b: 2\n",
        "a: 1\n...\n---\nb: 2\n",
    ];
    let (Some(three), Some(four)) = (helm::helm(Major::Three), helm::helm(Major::Four)) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("values.yaml");
    let ask = |helm: &Helm| helm::values_as_helm_reads(helm, &[&file]).ok();
    for text in texts {
        std::fs::write(&file, text).expect("a file");
        let tree = Tree::parse(text).expect("YAML");
        let differs = ask(three) != ask(four);
        // A second document that is empty changes nothing, and is named all the same.
        let empty = text.ends_with("---\n");
        assert!(differs || empty || difference(&tree).is_none(), "{text:?}");
        assert!(!differs || difference(&tree).is_some(), "{text:?}");
    }
}
