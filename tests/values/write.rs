//! What is written is read back as the same values, by Helm's rules and by YAML 1.2.

use proptest::prelude::*;
use refit::values::write::{self, Context, Layout, Quotes};
use refit::values::{Map, Number, Value, View, key};
use refit::yaml::Tree;

fn read(text: &str) -> Map {
    let tree = Tree::parse(text).unwrap_or_else(|e| panic!("{text:?}: {e}"));
    let view = View::new(&tree, tree.documents()[0].root);
    view.values().unwrap_or_else(|e| panic!("{text:?}: {e}"))
}

#[test]
fn strings_are_plain_only_where_every_reader_agrees() {
    let plain = [
        "a",
        "docker.io/library/nginx",
        "v1.2.3",
        "500m",
        "10Gi",
        "a b",
        "http://x:80/y?z=1&b=2",
        "kube-system",
        "--flag=x",
        "/var/log",
        "10.0.0.0/8",
        "8080/tcp",
        "x",
        "null-ish",
        "yesterday",
        "é",
        "日本語",
        "a'b",
        "$(POD_IP)",
        "1.25-alpine",
        "-Xmx1g",
        "3d",
    ];
    for text in plain {
        assert_eq!(write::string(text, Context::Block, Quotes::None), text);
    }
    let quoted = [
        "",
        " a",
        "a ",
        "yes",
        "No",
        "ON",
        "y",
        "n",
        "true",
        "TRUE",
        "null",
        "~",
        "Null",
        "nan",
        ".inf",
        "-.INF",
        "+.Inf",
        "Infinity",
        "0",
        "007",
        "0777",
        "0o7",
        "0x1F",
        "0b1",
        "1_000",
        "1e3",
        "1.0",
        "1.",
        ".5",
        "-1",
        "+1",
        "1:30",
        "12:30:45",
        "190:20:30.15",
        "2001-12-14",
        "2001-12-14T21:59:43.10-05:00",
        "1.2.3",
        "0.15.0",
        "=",
        "<<",
        "- a",
        "-",
        "---",
        "--- a",
        "...",
        "? a",
        ": a",
        "a: b",
        "a:",
        "a #b",
        "#a",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "{{ .Values.x }}",
        "[a]",
        "'a'",
        "\"a\"",
        "a\nb",
        "a\tb",
        "\u{85}",
        "\u{feff}a",
        "a\u{2028}b",
        "1,000",
        "1e",
        "12e03",
        "٣\u{7f}",
    ];
    for text in quoted {
        let source = write::string(text, Context::Block, Quotes::None);
        assert!(source.starts_with(['"', '\'']), "{source}");
        assert!(!source.contains('\n'));
    }
    for text in ["a,b", "a[0]", "a:b", "{x"] {
        let source = write::string(text, Context::Flow, Quotes::None);
        assert!(source.starts_with('"'), "{source}");
    }
}

#[test]
fn the_preferred_quotes_are_kept_where_they_can_hold_the_text() {
    assert_eq!(
        write::string("it's", Context::Block, Quotes::Single),
        "'it''s'"
    );
    assert_eq!(write::string("x", Context::Block, Quotes::Double), "\"x\"");
    assert_eq!(
        write::string("a\nb", Context::Block, Quotes::Single),
        r#""a\nb""#
    );
    // A template keeps its own quotes as they are.
    let template = r#"{{ include "web.name" . }}"#;
    assert_eq!(
        write::string(template, Context::Block, Quotes::None),
        r#"'{{ include "web.name" . }}'"#
    );
    let both = r#"{{ .a }} isn't "b""#;
    assert_eq!(
        write::string(both, Context::Block, Quotes::None),
        r#""{{ .a }} isn't \"b\"""#
    );
    assert_eq!(
        write::string("\u{1}\u{fffe}", Context::Block, Quotes::None),
        r#""\x01\ufffe""#
    );
}

#[test]
fn numbers_keep_their_value_under_every_reader() {
    let cases = [
        ("1e+21", "1.0e+21"),
        ("1e-7", "1.0e-7"),
        ("1.5e+30", "1.5e+30"),
        ("-0", "-0.0"),
        ("511", "511"),
    ];
    for (number, source) in cases {
        assert_eq!(write::number(&Number::from_json_text(number)), source);
    }
}

#[test]
fn blocks_are_laid_out_as_asked() {
    let value = Value::from(&serde_json::json!({
        "a": {"b": [1, {"c": "x", "d": []}, ["w", ["z"]]], "e": {}},
        "on": null,
    }));
    assert_eq!(
        write::block(&value, &Layout::default()),
        "a:\n  b:\n    - 1\n    - c: x\n      d: []\n    - - w\n      - - z\n  e: {}\n\"on\": null"
    );
    let wide = Layout {
        step: 4,
        ..Layout::default()
    };
    assert_eq!(
        write::block(&value, &wide),
        "a:\n    b:\n        - 1\n        - c: x\n          d: []\n        - - w\n          - - z\n    e: {}\n\"on\": null"
    );
    let layout = Layout {
        indent: 4,
        step: 4,
        indent_lists: false,
        newline: "\r\n",
        quotes: Quotes::Single,
    };
    assert_eq!(
        write::block(&value, &layout),
        "a:\r\n        b:\r\n        - 1\r\n        - c: 'x'\r\n          d: []\r\n        - - 'w'\r\n          - - 'z'\r\n        e: {}\r\n    \"on\": null"
    );
    assert_eq!(
        write::one_line(&value, Context::Block, Quotes::None),
        r#"{a: {b: [1, {c: x, d: []}, [w, [z]]], e: {}}, "on": null}"#
    );
}

#[test]
fn a_key_too_long_to_be_read_back_is_refused() {
    let long = "k".repeat(key::MAX_KEY_CHARS - 1);
    let source = key::source(&long, Context::Block, Quotes::None).expect("fits");
    assert_eq!(read(&format!("{source}: 1")).len(), 1);
    let error = key::source(&format!("{long}k"), Context::Block, Quotes::None);
    assert_eq!(error, Err(key::KeyError::TooLong));
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9 _./:,'\"#&*!|>%@`{}=<~^$()?+\\[\\]\\\\-]{0,12}",
        2 => "[0-9_.:eExXobTZ+ -]{0,8}",
        1 => "[ynYNofFOtrueTRUEalsnlNUL~.infaINFA]{1,5}",
        1 => "(.|[\n\r\t\u{0}\u{7f}\u{85}\u{a0}\u{2028}\u{feff}\u{fffe}]){0,6}",
        1 => any::<String>(),
    ]
}

fn any_number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        (-1000..1000i64).prop_map(Number::from),
        any::<f64>().prop_filter_map("finite", Number::from_f64),
        (-1e9..1e9f64).prop_filter_map("finite", Number::from_f64),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        3 => any_number().prop_map(Value::Number),
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

proptest! {
    #[test]
    fn a_string_is_the_same_string_for_helm_and_for_yaml_1_2(text in any_text()) {
        // The document's own keys: a key given twice is another matter.
        prop_assume!(text != "k" && text != "k2");
        for quotes in [Quotes::None, Quotes::Single, Quotes::Double] {
            for context in [Context::Block, Context::Flow] {
                let source = write::string(&text, context, quotes);
                prop_assert!(!source.contains(['\n', '\r']));
                let document = match context {
                    Context::Block => format!("k: {source}\n{source}: v\n"),
                    Context::Flow => format!("{{k: {source}, {source}: v, k2: [{source}]}}\n"),
                };
                let values = read(&document);
                prop_assert_eq!(values.get(&text).and_then(Value::as_str), Some("v"));
                prop_assert_eq!(values.get("k").and_then(Value::as_str), Some(text.as_str()));
                let yaml: serde_yaml::Value = serde_yaml::from_str(&document)
                    .map_err(|e| TestCaseError::fail(format!("{document:?}: {e}")))?;
                prop_assert_eq!(yaml.get("k").and_then(|v| v.as_str()), Some(text.as_str()));
                prop_assert_eq!(yaml.get(text.as_str()).and_then(|v| v.as_str()), Some("v"));
            }
        }
    }

    #[test]
    fn values_are_read_back_equal(value in any_value(), lists in any::<bool>(), crlf in any::<bool>()) {
        let layout = Layout {
            indent_lists: lists,
            newline: if crlf { "\r\n" } else { "\n" },
            step: 2,
            ..Layout::default()
        };
        let map: Map = [("root".to_owned(), value.clone())].into_iter().collect();
        let block = write::block(&Value::Map(map.clone()), &layout);
        prop_assert_eq!(read(&block), map.clone(), "{}", block);
        let line = format!("root: {}", write::one_line(&value, Context::Block, Quotes::None));
        prop_assert_eq!(read(&line), map, "{}", line);
    }
}
