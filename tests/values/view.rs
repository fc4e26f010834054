//! A document as Helm sees it: lookups, how things were reached, and what is refused where.

use refit::values::readers::{DifferenceKind, difference};
use refit::values::scalar::ScalarError;
use refit::values::view::{Duplicate, Loss, ValueKind, Via};
use refit::values::{Map, Path, ReadError, ReadErrorKind, Value, View, key::KeyError};
use refit::yaml::{DivergenceKind, Tree};
use serde_json::{Value as Json, json};

fn tree(text: &str) -> Tree {
    Tree::parse(text).unwrap_or_else(|e| panic!("{text:?}: {e}"))
}

fn view(tree: &Tree) -> View<'_> {
    View::new(tree, tree.documents()[0].root)
}

fn values(text: &str) -> Result<Map, ReadError> {
    let tree = tree(text);
    let view = view(&tree);
    let values = view.values();
    assert_eq!(view.check(), values.clone().map(drop), "{text:?}");
    values
}

fn json_of(text: &str) -> Json {
    Json::from(&Value::Map(
        values(text).unwrap_or_else(|e| panic!("{text:?}: {e}")),
    ))
}

fn refusal(text: &str) -> (ReadErrorKind, usize) {
    let error = values(text).expect_err(text);
    (error.kind, error.offset)
}

#[test]
fn an_empty_or_null_root_is_an_empty_map_and_no_other_root_is_values() {
    for text in ["", "# nothing\n", "---\n", "null\n", "~", "{}"] {
        let tree = tree(text);
        if let Some(document) = tree.documents().first() {
            let values = View::new(&tree, document.root).values();
            assert_eq!(values, Ok(Map::new()), "{text:?}");
        }
    }
    for (text, kind) in [
        ("[]", "a list"),
        ("x", "a string"),
        ("3", "a number"),
        ("yes", "a boolean"),
    ] {
        assert_eq!(
            refusal(text),
            (ReadErrorKind::RootNotMap(kind), 0),
            "{text}"
        );
    }
}

#[test]
fn keys_are_found_under_helms_names() {
    let tree = tree("on: 1\n0777: 2\n1.10: 3\n'x.y': 4\n");
    let view = view(&tree);
    for (name, value) in [("true", 1), ("511", 2), ("1.1", 3), ("x.y", 4)] {
        let entry = view.get(view.root(), name).expect("readable").expect(name);
        assert_eq!(view.value(entry.value), Ok(Value::from(value)));
        assert_eq!(entry.via, Via::Direct);
    }
    assert_eq!(view.get(view.root(), "on"), Ok(None));
    assert_eq!(
        view.get(tree.documents()[0].root, "true")
            .expect("readable")
            .map(|e| tree.span(e.key)),
        Some(0..2)
    );
}

#[test]
fn the_last_duplicate_wins_and_all_are_reported() {
    let tree = tree("a: 1\nb: 2\na: 3\nyes: 4\ntrue: 5\na: 6\n");
    let view = view(&tree);
    let found = view.entries(view.root()).expect("readable");
    let names: Vec<_> = found.entries.iter().map(|e| e.name.as_ref()).collect();
    assert_eq!(names, ["a", "b", "true"]);
    let starts = |d: &Duplicate<'_>| {
        (
            d.name.to_string(),
            tree.span(d.lost).start,
            tree.span(d.by).start,
            d.loss,
        )
    };
    assert_eq!(
        found.duplicates.iter().map(starts).collect::<Vec<_>>(),
        [
            ("a".to_owned(), 0, 10, Loss::Repeated),
            ("true".to_owned(), 15, 22, Loss::Repeated),
            ("a".to_owned(), 10, 30, Loss::Repeated),
        ]
    );
    assert_eq!(
        Json::from(&Value::Map(view.values().expect("readable"))),
        json!({"a": 6, "b": 2, "true": 5})
    );
}

#[test]
fn keys_that_helm_picks_at_random_are_refused() {
    for text in [
        "1: a\n'1': b\n",
        "yes: a\n'true': b\n",
        "1: a\n1.0: b\n",
        "<<: {1: a}\n'1': b\n",
    ] {
        let (kind, _) = refusal(text);
        assert!(
            matches!(kind, ReadErrorKind::RandomKey(_)),
            "{text}: {kind}"
        );
    }
    // The same type and value under two spellings is an ordinary duplicate.
    assert_eq!(json_of("0x1: a\n1: b\n"), json!({"1": "b"}));
    assert_eq!(json_of("0.0: a\n-0.0: b\n"), json!({"-0": "b"}));
}

#[test]
fn merge_keys_act_where_they_stand() {
    assert_eq!(json_of("a: 1\n<<: {a: 2, b: 3}\n"), json!({"a": 2, "b": 3}));
    assert_eq!(json_of("<<: {a: 2, b: 3}\na: 1\n"), json!({"a": 1, "b": 3}));
    assert_eq!(
        json_of("<<: [{a: 1}, {a: 2, b: 2}]\n"),
        json!({"a": 1, "b": 2})
    );
    assert_eq!(json_of("! '<<': {a: 1}\n"), json!({"a": 1}));
    assert_eq!(json_of("'<<': {a: 1}\n"), json!({"<<": {"a": 1}}));
    assert_eq!(
        json_of("x: &x {<<: {a: 1}, b: 2}\nz: {<<: *x}\n")["z"],
        json!({"a": 1, "b": 2})
    );
    assert_eq!(refusal("a: 1\n<<: 3\n"), (ReadErrorKind::Merge, 9));
    assert_eq!(refusal("<<: [{}, 3]\n"), (ReadErrorKind::Merge, 9));

    let tree = tree("base: &base {image: x, tag: y}\nown: {tag: z, <<: *base, port: 1}\n");
    let view = view(&tree);
    let own = view
        .node_at(&Path::keys(["own"]))
        .expect("readable")
        .expect("there");
    let found = view.entries(own.node).expect("readable");
    let via: Vec<_> = found
        .entries
        .iter()
        .map(|e| (e.name.as_ref(), matches!(e.via, Via::Merge(_))))
        .collect();
    assert_eq!(via, [("tag", true), ("image", true), ("port", false)]);
    assert_eq!(found.duplicates[0].loss, Loss::Merged);
    let Via::Merge(merge) = found.entries[0].via else {
        panic!("merged")
    };
    assert_eq!(tree.content(merge), "<<");
}

#[test]
fn aliases_are_followed_and_named() {
    let tree = tree("a: &a {b: [1, {c: yes}]}\nd: *a\ne: {<<: *a}\n");
    let view = view(&tree);
    let place = |path: &str| {
        view.node_at(&path.parse().expect(path))
            .expect("readable")
            .expect(path)
    };
    assert_eq!(place("a.b[1].c").via, Via::Direct);
    let Via::Alias(alias) = place("d.b[1].c").via else {
        panic!("through an alias")
    };
    assert_eq!(tree.content(alias), "a");
    assert!(matches!(place("e.b[0]").via, Via::Merge(_)));
    assert_eq!(place("d").via, Via::Direct);
    assert_eq!(view.kind(place("d").node), Ok(ValueKind::Map));
    assert_eq!(view.value(place("d.b[1].c").node), Ok(Value::Bool(true)));
    assert_eq!(view.node_at(&"d.b[2]".parse().expect("a path")), Ok(None));
    assert_eq!(view.node_at(&"d.*".parse().expect("a path")), Ok(None));
    assert_eq!(
        view.node_at(&"a.b[c=true]".parse().expect("a path"))
            .map(|p| p.is_some()),
        Ok(true)
    );
}

#[test]
fn cycles_and_bombs_are_refused() {
    assert_eq!(
        refusal("a: &a {b: *a}\n"),
        (ReadErrorKind::AliasCycle("a".to_owned()), 10)
    );
    assert_eq!(
        refusal("a: &a\n  <<: *a\n"),
        (ReadErrorKind::AliasCycle("a".to_owned()), 12)
    );
    let cyclic = tree("a: &a\n  <<: *a\n");
    let cyclic = view(&cyclic);
    let inner = cyclic
        .node_at(&Path::keys(["a"]))
        .expect("readable")
        .expect("there");
    assert!(cyclic.entries(inner.node).is_err());

    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..10 {
        let items = vec![format!("*a{}", i - 1); 10].join(", ");
        bomb += &format!("a{i}: &a{i} [{items}]\n");
    }
    assert_eq!(refusal(&bomb).0, ReadErrorKind::AliasBomb);
    let mut merges = "a0: &a0 {k: 1}\n".to_owned();
    for i in 1..40 {
        merges += &format!("a{i}: &a{i} {{<<: [*a{0}, *a{0}]}}\n", i - 1);
    }
    assert_eq!(refusal(&merges).0, ReadErrorKind::AliasBomb);
    let tree = tree(&merges);
    let view = view(&tree);
    let last = view
        .node_at(&Path::keys(["a39"]))
        .expect("readable")
        .expect("there");
    assert_eq!(
        view.entries(last.node).map_err(|e| e.kind),
        Err(ReadErrorKind::AliasBomb)
    );

    // Each level stands in the one before: far deeper than any text may be.
    let mut chain = "a0: &a0 {k: 1}\n".to_owned();
    for i in 1..60 {
        let (open, close) = ("[".repeat(50), "]".repeat(50));
        chain += &format!("a{i}: &a{i} {open}*a{}{close}\n", i - 1);
    }
    assert_eq!(refusal(&chain).0, ReadErrorKind::TooDeep);
}

#[test]
fn aliases_may_expand_as_far_as_in_helm() {
    // (items at the anchor, items without aliases, the most aliases that Helm 3.22 accepts)
    for (base, direct, most) in [(1000, 0, 110), (4000, 0, 99), (5000, 20_000, 80)] {
        let list = |item: &str, count| vec![item; count].join(", ");
        let accepted = |aliases| {
            let text = format!(
                "a: &a [{}]\nb: [{}]\nc: [{}]\n",
                list("x", base),
                list("*a", aliases),
                list("y", direct)
            );
            match values(&text) {
                Ok(_) => true,
                Err(error) => {
                    assert_eq!(error.kind, ReadErrorKind::AliasBomb);
                    false
                }
            }
        };
        assert!(accepted(most) && !accepted(most + 1), "{base} {direct}");
    }
}

#[test]
fn what_helm_refuses_is_refused_with_its_place() {
    let non_finite = |text: &'static str| ReadErrorKind::Scalar(ScalarError::NonFinite(text));
    assert_eq!(refusal("a: [1, .inf]\n"), (non_finite(".inf"), 7));
    assert_eq!(refusal("a: !!float -.inf\n"), (non_finite("-.inf"), 3));
    assert_eq!(refusal("a: 1\n~: 2\n"), (KeyError::Null.into(), 5));
    assert_eq!(
        refusal("18446744073709551615: 2\n"),
        (KeyError::TooLarge(u64::MAX).into(), 0)
    );
    assert_eq!(
        refusal("a: 1\n? [b]\n: 2\n"),
        (KeyError::Collection.into(), 7)
    );
    assert_eq!(refusal("a: !!binary =\n"), (ScalarError::Base64.into(), 3));
    let (kind, offset) = refusal("a: !!int x\n");
    assert_eq!(kind.to_string(), "cannot read !!str `x` as !!int");
    assert_eq!(offset, 3);
    // Overridden values do not become JSON, so only errors of decoding count there.
    assert_eq!(json_of("a: .inf\na: 1\n"), json!({"a": 1}));
    assert_eq!(json_of("a: {~: 1}\na: 1\n"), json!({"a": 1}));
    assert!(matches!(
        refusal("a: !!int x\na: 1\n").0,
        ReadErrorKind::Scalar(_)
    ));
}

#[test]
fn tags_are_read_with_their_handles() {
    assert_eq!(
        json_of(
            "a: !!int '3'\nb: !<tag:yaml.org,2002:int> '3'\nc: !!%69nt '3'\nd: !x 3\ne: ! 3\nf: !!str\n"
        ),
        json!({"a": 3, "b": 3, "c": 3, "d": "3", "e": "3", "f": ""})
    );
    assert_eq!(
        json_of("%TAG !y! tag:yaml.org,2002:\n---\na: !y!int '3'\n"),
        json!({"a": 3})
    );
    assert_eq!(
        json_of("%TAG !! tag:x,2000:\n---\na: !!int '3'\n"),
        json!({"a": "3"})
    );
    assert_eq!(
        json_of("a: !!set {b, c}\nd: !!null {e: 1}\n"),
        json!({"a": {"b": null, "c": null}, "d": {"e": 1}})
    );
}

#[test]
fn a_block_scalar_at_the_end_without_a_line_break_has_none() {
    assert_eq!(json_of("a: |\n  x\n  y"), json!({"a": "x\ny"}));
    assert_eq!(json_of("a: |\n  x\n  y\n"), json!({"a": "x\ny\n"}));
    assert_eq!(json_of("a: >\n  x\n  y"), json!({"a": "x y"}));
    assert_eq!(json_of("a: |\n  x\n "), json!({"a": "x\n"}));
    assert_eq!(json_of("a: |+\n "), json!({"a": ""}));
    assert_eq!(json_of("a: |+ # c\n\n  "), json!({"a": "\n"}));
    assert_eq!(json_of("a: |\n  x\n   "), json!({"a": "x\n "}));
}

#[test]
fn yaml_that_helm_reads_otherwise_is_refused() {
    let other = ReadErrorKind::OtherReader;
    assert_eq!(
        refusal("a: {b:}\n").0,
        other(DivergenceKind::ColonInFlowKey)
    );
    assert_eq!(
        refusal("a: 1\n\t# c\n").0,
        other(DivergenceKind::TabBeforeComment)
    );
    assert_eq!(refusal("a: &é 1\n").0, other(DivergenceKind::AnchorName));
    assert_eq!(
        refusal("a: b\u{2028}c\n").0,
        other(DivergenceKind::UnicodeLineBreak)
    );
    assert_eq!(
        refusal("a: [!!null, x]\n"),
        (ReadErrorKind::TagBeforePunctuation, 10)
    );
    assert_eq!(
        refusal("%YAML 1.2\n---\na: 1\n"),
        (ReadErrorKind::Directive, 0)
    );
    assert_eq!(
        refusal("%FOO x\n---\na: 1\n"),
        (ReadErrorKind::Directive, 0)
    );
    assert_eq!(
        refusal("a: |\n  \tx\n"),
        (ReadErrorKind::TabInBlockScalar, 7)
    );
    assert_eq!(json_of("a: |2\n  \tx\n"), json!({"a": "\tx\n"}));
    assert_eq!(json_of("a: |\n  x\n  \ty\n"), json!({"a": "x\n\ty\n"}));
}

#[test]
fn the_two_majors_differ_in_documents_and_markers() {
    let found = |text: &str| difference(&tree(text)).map(|d| (d.kind, d.offset));
    assert_eq!(found("a: 1\n"), None);
    assert_eq!(found("# c\n--- # c\na: 1\n"), None);
    assert_eq!(
        found("a: 1\n---\nb: 2\n").map(|d| d.0),
        Some(DifferenceKind::Documents)
    );
    assert_eq!(
        found("%YAML 1.1\n---\na: 1\n"),
        Some((DifferenceKind::Directive, 0))
    );
    assert_eq!(
        found("# c\n--- {a: 1}\n"),
        Some((DifferenceKind::Marker, 4))
    );
    assert_eq!(found("a: 1\n---b: 2\n"), Some((DifferenceKind::Marker, 5)));
}

#[test]
fn conversions_from_serde_refuse_what_has_no_name() {
    let convert = |text: &str| {
        let yaml: serde_yaml::Value = serde_yaml::from_str(text).expect("YAML");
        Value::try_from(&yaml)
            .map(|v| Json::from(&v))
            .map_err(|e| e.to_string())
    };
    assert_eq!(
        convert("a: [1, 1.50, x, null, true]\n1: b\n1.5: c\n"),
        Ok(json!({"a": [1, 1.5, "x", null, true], "1": "b", "1.5": "c"}))
    );
    assert_eq!(
        convert("1: a\n'1': b\n"),
        Err("two keys are named \"1\"".to_owned())
    );
    assert!(convert("a: .nan\n").is_err());
    assert!(convert("~: 1\n").is_err());
    assert!(convert("[a]: 1\n").is_err());
    assert!(convert("a: !x 1\n").is_err());
}
