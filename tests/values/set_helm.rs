//! The reader of `--set` texts, judged by the real Helm of both majors: thousands of assignments that
//! must give the same values, and texts of any kind that must give the same values or be refused.

use crate::support;

use std::process::Stdio;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use refit::carrier::set::{SetError, Typing, set};
use refit::values::{Map, Value, write};
use serde_json::Value as Json;
use support::helm::{self, Helm, Major};

/// A chart that prints its values as JSON.
fn chart() -> tempfile::TempDir {
    let chart = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(chart.path().join(name), text).unwrap();
    write(
        "Chart.yaml",
        "apiVersion: v2\nname: probe\nversion: 0.1.0\n",
    );
    std::fs::create_dir(chart.path().join("templates")).unwrap();
    write(
        "templates/values.yaml",
        "values: {{ .Values | toJson | toJson }}\n",
    );
    chart
}

/// What Helm makes of assignments; `None` if it refuses them.
fn ask(helm: &Helm, chart: &std::path::Path, flag: &str, texts: &[String]) -> Option<Json> {
    let mut command = helm.command(chart);
    command.args(["template", "probe"]).arg(chart);
    for text in texts {
        command.arg(format!("{flag}={text}"));
    }
    let output = command.stdin(Stdio::null()).output().unwrap();
    if !output.status.success() {
        return None;
    }
    let rendered = String::from_utf8(output.stdout).unwrap();
    let line = rendered
        .lines()
        .find_map(|line| line.strip_prefix("values: "))
        .unwrap_or_else(|| panic!("{rendered}"));
    let inner: String = serde_json::from_str(line).unwrap();
    Some(serde_json::from_str(&inner).unwrap())
}

/// What refit makes of them.
fn read(typing: Typing, texts: &[String]) -> Option<Json> {
    let mut values = Map::new();
    for text in texts {
        set(text, typing, &mut values).ok()?;
    }
    // The writer's flow form of such values is JSON once strings are in double quotes.
    let text = write::one_line(
        &Value::Map(values),
        write::Context::Flow,
        write::Quotes::Double,
    );
    serde_yaml::from_str(&text).ok()
}

fn generated(strategy: impl Strategy<Value = String>, count: usize) -> Vec<String> {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}

/// The rest of an assignment behind a key of its own.
fn assignment() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        "\\.[a-c]",
        "\\.[a-c{}= ]{0,3}[a-c]",
        "\\[[0-3]\\]",
        Just("\\.x".to_owned()),
    ];
    let word = prop_oneof![
        "[a-z0-9 .:+/-]{0,6}",
        "-?[0-9]{1,19}",
        Just("true".to_owned()),
        Just("FALSE".to_owned()),
        Just("null".to_owned()),
        Just("0".to_owned()),
        Just("1e3".to_owned()),
        Just("fal\u{17f}e".to_owned()),
        Just("a\\,b".to_owned()),
        Just("\\{a".to_owned()),
        Just("x{y}".to_owned()),
    ];
    let value = prop_oneof![
        3 => word.clone(),
        1 => prop::collection::vec(word, 0..4).prop_map(|words| format!("{{{}}}", words.join(","))),
    ];
    (prop::collection::vec(key, 0..4), value)
        .prop_map(|(keys, value)| format!("{}={value}", keys.concat()))
}

/// Compares many at a time; where a call is refused or differs, its halves are looked at.
fn compare(
    helm: &Helm,
    chart: &std::path::Path,
    (flag, typing): (&str, Typing),
    texts: &[String],
    differences: &mut Vec<String>,
) {
    let (helms, ours) = (ask(helm, chart, flag, texts), read(typing, texts));
    if helms == ours && (helms.is_some() || texts.len() == 1) {
        return;
    }
    if let [text] = texts {
        differences.push(format!("{flag} {text:?}: Helm {helms:?}, refit {ours:?}"));
        return;
    }
    let (first, second) = texts.split_at(texts.len() / 2);
    compare(helm, chart, (flag, typing), first, differences);
    compare(helm, chart, (flag, typing), second, differences);
}

const FLAGS: [(&str, Typing); 2] = [("--set", Typing::Typed), ("--set-string", Typing::String)];

#[test]
fn assignments_mean_what_helm_says() {
    let chart = chart();
    for helm in helm::each() {
        for flag in FLAGS {
            let texts: Vec<String> = generated(assignment(), 3000)
                .into_iter()
                .enumerate()
                .map(|(i, text)| format!("k{i}{text}"))
                .filter(|text| read(flag.1, std::slice::from_ref(text)).is_some())
                .collect();
            assert!(texts.len() > 2000, "too few can be read: {}", texts.len());
            let mut differences = Vec::new();
            for part in texts.chunks(250) {
                compare(helm, chart.path(), flag, part, &mut differences);
            }
            assert!(
                differences.is_empty(),
                "{} {}:\n{}",
                helm.version,
                differences.len(),
                differences.join("\n")
            );
        }
    }
}

#[test]
fn texts_of_any_kind_are_refused_as_helm_refuses_them() {
    let chart = chart();
    let strategy = prop_oneof![
        "[ab.,={}\\[\\]\\\\01-]{1,9}",
        "a[ab.,={}\\[\\]\\\\01]{1,6}=[ab,{}\\\\]{0,4}"
    ];
    let mut texts = generated(strategy, 350);
    texts.extend(
        [
            "a",
            "a,b=1",
            "a=1,a.b=2",
            "a.b=1,a=2",
            "a={x",
            "a={x}b=1",
            "a[0",
            "a[0]",
            "a[-1]=1",
            "a[65536]=1",
            "a[65537]=1",
            "a[0].b=",
            "a[0].b=,c=1",
            "a[0]=",
            "a.b",
            "a.",
            "a..b=1",
            ".a=1",
            "=1",
            "a[0]b=1",
            "a[0][1]=x,a[0][0]=y",
            "a=b=c",
            "a\\",
            "a\\=b=c",
            "a[+1]=x",
            "a[ 1]=x",
            "a=1,",
            "a.b=1,a[0]=2",
            "a[0]=1,a[0].b=2",
            "a[0]=1,a[0][0]=2",
        ]
        .map(str::to_owned),
    );
    // One level too deep, and just deep enough.
    texts.push("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=1".to_owned());
    texts.push(format!("{}a=1", "a.".repeat(30)));
    for helm in helm::each() {
        let mut differences = Vec::new();
        for text in &texts {
            // A bracket that is never closed: an error to Helm 3 and to refit, and to Helm 4 the end.
            let open = matches!(
                set(text, Typing::Typed, &mut Map::new()),
                Err(SetError::BadIndex(_))
            );
            if open && helm.major == Major::Four {
                continue;
            }
            compare(
                helm,
                chart.path(),
                ("--set", Typing::Typed),
                std::slice::from_ref(text),
                &mut differences,
            );
        }
        assert!(
            differences.is_empty(),
            "{} {}:\n{}",
            helm.version,
            differences.len(),
            differences.join("\n")
        );
    }
}
