//! Expressions of packs, from their text to their value.
//!
//! Where CEL has a meaning, the evaluation of the `cel` crate is asked as well: over thousands of generated
//! expressions both must say the same. What packs mean beyond CEL (order, absence, numbers as Helm prints
//! them, bounds, errors without values) is stated here, one by one.

use std::{collections::HashMap, sync::Arc, time::Instant};

use proptest::prelude::*;
use refit::{
    pack::{ExprError, Expression, Scope},
    values::{Map, Value, View},
    yaml::Tree,
};

fn values(yaml: &str) -> Map {
    let tree = Tree::parse(yaml).unwrap();
    match tree.documents().first() {
        Some(document) => View::new(&tree, document.root).values().unwrap(),
        None => Map::new(),
    }
}

/// A scope with each key of a document as a name, and `gone`, which is not set.
fn scope(yaml: &str) -> Scope<'static> {
    let mut scope = Scope::new();
    for (name, value) in values(yaml) {
        scope.bind(&name, Some(&value));
    }
    scope.bind("gone", None);
    scope
}

fn json(value: Option<&Value>) -> String {
    value.map_or("unset".to_owned(), |value| {
        serde_json::Value::from(value).to_string()
    })
}

fn eval(yaml: &str, source: &str) -> Result<String, ExprError> {
    let scope = scope(yaml);
    let expression = Expression::new(source);
    scope.eval(&expression).map(|value| json(value.as_ref()))
}

/// Each expression comes to its result, in JSON.
fn hold(yaml: &str, table: &[(&str, &str)]) {
    for (source, result) in table {
        let found = eval(yaml, source).unwrap_or_else(|e| panic!("{source}: {e}"));
        assert_eq!(&found, result, "{source}");
    }
}

/// Each expression fails with words that hold the ones given, and never with the secret.
fn fail(yaml: &str, table: &[(&str, &str)]) {
    for (source, words) in table {
        let error = match eval(yaml, source) {
            Ok(value) => panic!("{source} is {value}"),
            Err(error) => error.to_string(),
        };
        assert!(error.contains(words), "{source}: {error}");
        assert!(!error.contains("hunter2"), "{source}: {error}");
        assert!(!error.contains("String("), "{source}: {error}");
    }
}

#[test]
fn absence_is_a_value_that_only_some_look_at() {
    let yaml = "x: {other: 1, none: null, deep: {list: [{name: a}]}}\ntext: t";
    hold(
        yaml,
        &[
            ("default(x.name, 'none')", r#""none""#),
            ("default(x.name.below, 'none')", r#""none""#),
            ("default(text.name, 'none')", r#""none""#),
            ("default(gone.name, 'none')", r#""none""#),
            ("default(x.none, 'none')", r#""none""#),
            ("default(x.deep.list[0].name, 'none')", r#""a""#),
            ("default(x.deep.list[1].name, 'none')", r#""none""#),
            ("default(x['name'], 'none')", r#""none""#),
            // In every place of an expression, the key of a map among them.
            ("{default(x.name, 'none'): 'v'}", r#"{"none":"v"}"#),
            ("{'k': default(x.name, 'none')}", r#"{"k":"none"}"#),
            ("[default(x.name, 'none')]", r#"["none"]"#),
            ("[1].map(i, default(x.name, 'none'))", r#"["none"]"#),
            ("[1].filter(i, !set(x.name))", "[1]"),
            ("[1].map(i, set(x.name), i)", "[]"),
            ("set(x.name) ? 1 : 2", "2"),
            ("size(default(x.name, 'ab'))", "2"),
            ("set(x.none)", "true"),
            (
                "kind(x.none) + kind(gone) + kind(x.deep.list)",
                r#""nullunsetlist""#,
            ),
            ("gone", "unset"),
            ("gone == gone && gone != x", "true"),
            ("omit()", "unset"),
            ("set(omit()) || kind(omit()) != 'unset'", "false"),
        ],
    );
    fail(
        yaml,
        &[
            ("x.name", "`x` has no key `name`"),
            ("x.deep.name", "`x.deep` has no key `name`"),
            ("gone.name", "`.name` takes a map, and `gone` is not set"),
            ("text.name", "`.name` takes a map, and `text` is a text"),
            ("gone + 'a'", "`gone` is not set"),
            ("[gone]", "a part of its result is not set"),
            ("{'a': gone}", "a part of its result is not set"),
            ("x.deep.list[1]", "`x.deep.list` has nothing at that place"),
        ],
    );
}

#[test]
fn what_is_omitted_is_left_out_of_lists_and_maps() {
    hold(
        "a: 1\nb: null",
        &[
            ("{'a': a, 'b': omit(), 'c': null}", r#"{"a":1,"c":null}"#),
            ("[a, omit(), b]", "[1,null]"),
            ("{'a': [omit()], 'b': {'c': omit()}}", r#"{"a":[],"b":{}}"#),
            ("[1, 2, 3].map(x, x == 2 ? omit() : x)", "[1,3]"),
            ("{'x': set(gone) ? gone : omit()}", "{}"),
            ("size([omit()])", "0"),
        ],
    );
}

#[test]
fn maps_keep_the_order_of_the_file_and_of_literals() {
    let names: Vec<String> = (0..40).map(|i| format!("k{}", i * 7919 % 101)).collect();
    let yaml: String = names
        .iter()
        .map(|n| format!("  {n}: {{v: {n}}}\n"))
        .collect();
    let yaml = format!("env:\n{yaml}");
    let listed = |each: fn(&str) -> String| {
        let all: Vec<_> = names.iter().map(|n| each(n)).collect();
        format!("[{}]", all.join(","))
    };
    let mapped = {
        let all: Vec<_> = names
            .iter()
            .map(|n| format!(r#""{n}":{{"v":"{n}"}}"#))
            .collect();
        format!("{{{}}}", all.join(","))
    };
    let plain = listed(|n| format!(r#""{n}""#));
    let table = [
        ("env.map(k, k)", plain.clone()),
        ("env.map(k, env[k].v)", plain.clone()),
        ("env.filter(k, k != '')", plain),
        (
            "env.map(k, {'name': k, 'value': env[k].v})",
            listed(|n| format!(r#"{{"name":"{n}","value":"{n}"}}"#)),
        ),
        (
            "entries(env).map(e, e.key)",
            listed(|n| format!(r#""{n}""#)),
        ),
        ("env", mapped.clone()),
        ("merge(env)", mapped.clone()),
        ("merge({}, env)", mapped.clone()),
        ("from_entries(entries(env))", mapped.clone()),
        ("by(items(env, 'name'), 'name')", mapped.clone()),
        ("parse(text(env))", mapped.clone()),
        ("parse(json(env))", mapped),
    ];
    // Every map has hashes of its own, so that an order that is not kept shows within a few times.
    for _ in 0..25 {
        for (source, result) in &table {
            assert_eq!(&eval(&yaml, source).unwrap(), result, "{source}");
        }
    }
    hold(
        "a: 1",
        &[
            (
                "{'z': 1, 'a': {'y': 2, 'b': 3}}",
                r#"{"z":1,"a":{"y":2,"b":3}}"#,
            ),
            (
                "['c', 'a', 'b'].map(k, {k: 1, 'a0': 2})",
                r#"[{"c":1,"a0":2},{"a":1,"a0":2},{"b":1,"a0":2}]"#,
            ),
            (
                "merge({'z': 1, 'y': {'b': 1}}, {'y': {'a': 2}, 'x': 3})",
                r#"{"z":1,"y":{"b":1,"a":2},"x":3}"#,
            ),
            ("divide({'z': '2', 'a': '4'}, 2)", r#"{"z":"1","a":"2"}"#),
        ],
    );
}

#[test]
fn comprehensions_nest_and_their_variables_stay_apart() {
    hold(
        "m: {x: {i: 1, j: 2}, z: {i: 3}}\nl: [[1, 2], [3]]",
        &[
            ("m.map(k, m[k].map(i, k + i))", r#"[["xi","xj"],["zi"]]"#),
            ("l.map(i, i.map(i, i + 1))", "[[2,3],[4]]"),
            ("l.filter(i, i.exists(j, j == 3))", "[[3]]"),
            (
                "l.all(i, i.all(j, j > 0)) && l.exists_one(i, size(i) == 1)",
                "true",
            ),
            ("l.map(i, size(i) > 1, i[0])", "[1]"),
            ("[1, 2].exists(l, l == 2) && size(l) == 2", "true"),
        ],
    );
    let names = |source: &str| Expression::new(source).names().unwrap();
    assert_eq!(names("l.map(i, i + n) + i"), ["i", "l", "n"]);
    assert_eq!(
        names("m.map(k, {k: m[k], default(d.e, f): gone})"),
        ["d", "f", "gone", "m"]
    );
    assert!(names("[1].map(i, [2].map(j, i + j))").is_empty());
    let unknown = Expression::new("{nope(1): [1].map(i, nada(i))}");
    assert_eq!(unknown.unknown_functions().unwrap(), ["nope", "nada"]);
}

#[test]
fn functions_over_lists_and_maps() {
    let yaml = "
ports: [{name: web, port: 80}, {name: api, port: 81, tls: true}]
old: {a: 1, b: {c: 2, d: 3}, e: [1]}
text: |
  a: 0x1F
  l: [on, 1.0]
";
    hold(
        yaml,
        &[
            (
                "by(ports, 'name')",
                r#"{"web":{"port":80},"api":{"port":81,"tls":true}}"#,
            ),
            (
                "items({'web': {'port': 80}, 'none': null}, 'name')",
                r#"[{"name":"web","port":80},{"name":"none"}]"#,
            ),
            ("items(by(ports, 'name'), 'name') == ports", "true"),
            ("by(ports, 'port').map(k, k)", r#"["80","81"]"#),
            (
                "entries(old.b)",
                r#"[{"key":"c","value":2},{"key":"d","value":3}]"#,
            ),
            ("from_entries([{'key': 80, 'value': 'x'}])", r#"{"80":"x"}"#),
            (
                "merge(old, gone, null, {'b': {'d': 4}, 'e': [2]})",
                r#"{"a":1,"b":{"c":2,"d":4},"e":[2]}"#,
            ),
            ("merge(gone)", "{}"),
            ("merge(old, {'b': null})", r#"{"a":1,"b":null,"e":[1]}"#),
            ("minus(old, ['a', 'e', 'x'])", r#"{"b":{"c":2,"d":3}}"#),
            ("minus(old, 'b')", r#"{"a":1,"e":[1]}"#),
            (
                "minus(old, {'a': 'whatever'})",
                r#"{"b":{"c":2,"d":3},"e":[1]}"#,
            ),
            (
                "minus([1, 'a', {'x': 1}, 2.0], [2, {'x': 1}])",
                r#"[1,"a"]"#,
            ),
            ("minus(['a', 'b'], 'a')", r#"["b"]"#),
            (
                "union(['a', 1], 'a', gone, null, [1.0, 'b', {'x': 1}], [{'x': 1}])",
                r#"["a",1,"b",{"x":1}]"#,
            ),
            ("parse(text)", r#"{"a":31,"l":[true,1]}"#),
            ("parse('')", "null"),
            ("parse('{\"a\": [1, null]}')", r#"{"a":[1,null]}"#),
            (
                "text({'a': {'b': [1, 'on']}})",
                r#""a:\n  b:\n    - 1\n    - \"on\"\n""#,
            ),
            (
                "json({'b': 1, 'a': [null, 'x\"']})",
                r#""{\"b\":1,\"a\":[null,\"x\\\"\"]}""#,
            ),
            ("parse(text(old)) == old && parse(json(old)) == old", "true"),
        ],
    );
    let secret = "p: hunter2\nl: [hunter2]\nm: {hunter2: hunter2}\nport: 5432\nbad: '{hunter2: ['\ntwice: [{id: hunter2}, {id: hunter2}]";
    fail(
        secret,
        &[
            (
                "p + port",
                "`+` takes two numbers, two texts or two lists; `p` is a text and `port` is a number (in the expression `p + port`)",
            ),
            ("p - port", "`p` is a text and `port` is a number"),
            ("p < port", "two numbers or two texts"),
            ("-p", "`-` takes a number"),
            ("!p", "`!` takes true or false, and `p` is a text"),
            ("p ? 1 : 2", "`?` takes true or false, and `p` is a text"),
            ("p && true", "`&&` takes true or false, and `p` is a text"),
            ("p.x", "`.x` takes a map, and `p` is a text"),
            ("m[p].x", "`.x` takes a map"),
            ("m[l]", "the key of a map is a text, and `l` is a list"),
            (
                "l[p]",
                "the place in a list is a whole number, and `p` is a text",
            ),
            ("port[p]", "takes a list or a map, and `port` is a number"),
            ("{l: 1}", "the key of a map is a text, and `l` is a list"),
            ("{p: 1, p: 2}", "a map has a key twice"),
            ("port in p", "an item and a list"),
            (
                "p.map(x, x)",
                "a comprehension goes over a list or a map, and `p` is a text",
            ),
            (
                "l.filter(x, x)",
                "`filter` takes true or false, and `x` is a text",
            ),
            ("l.all(x, x)", "true or false"),
            (
                "divide(p, 2)",
                "`divide`: it takes a quantity of Kubernetes",
            ),
            (
                "divide(port, p)",
                "`divide` takes a whole number above 0 to divide by, and `p` is a text",
            ),
            (
                "size(port)",
                "`size` takes a text, a list or a map, and `port` is a number",
            ),
            ("int(p)", "the text is no whole number"),
            ("double(p)", "the text is no number"),
            ("bool(p)", "neither true nor false"),
            (
                "string(m)",
                "`string` takes a text, a number or a boolean, and `m` is a map",
            ),
            (
                "port.startsWith('a')",
                "`startsWith` takes a text, and `port` is a number",
            ),
            ("p.matches(p + '(')", "no regular expression"),
            (
                "l.join(port)",
                "`join` takes a text, and `port` is a number",
            ),
            ("[port].join(p)", "an item of the list is a number"),
            ("p.substring(99)", "outside of the text"),
            ("parse(bad)", "no YAML that Helm reads (line 1, column"),
            ("parse('a: 1\\n---\\nb: 2')", "several documents"),
            ("by(l, 'n')", "`by` takes a list of maps, and `l` is a list"),
            ("by([m], 'n')", "no such key"),
            (
                "by(twice, 'id')",
                "two items of the list have the same value",
            ),
            (
                "items(m, 'n')",
                "`items` takes a map of maps, and `m` is a map",
            ),
            ("from_entries([m])", "no `key` or no `value`"),
            ("merge(p)", "`merge` takes maps, and `p` is a text"),
            (
                "minus(p, p)",
                "`minus` takes a map or a list to take from, and `p` is a text",
            ),
            (
                "union(m)",
                "`union` takes lists and texts, and `m` is a map",
            ),
            ("1 / 0", "divides by 0"),
            ("9223372036854775807 + 1", "too large"),
            ("1.5 % 2", "whole numbers"),
            ("1.0 / 0", "not finite"),
            ("nope(p)", "there is no function `nope`"),
            ("nowhere", "`nowhere` has no meaning here"),
        ],
    );
    let scope = scope(secret);
    let error = scope.holds(&Expression::new("p")).unwrap_err().to_string();
    assert!(
        error.contains("this is a text") && !error.contains("hunter2"),
        "{error}"
    );
}

#[test]
fn what_packs_do_not_have_is_refused_when_it_is_read() {
    fail(
        "x: 1",
        &[
            ("1 +", "Syntax error"),
            ("b'x'", "bytes"),
            ("Message{a: 1}", "message"),
            ("{'a': 1, 'a': 2}", "the key `a` twice"),
            (
                "default(x)",
                "`default` has another number of arguments than in `default(x, y)`",
            ),
            ("x.union([1])", "`union` is written as in `union(a, b)`"),
            (
                "startsWith('a', 'b')",
                "`startsWith` is written as in `s.startsWith(t)`",
            ),
        ],
    );
    let long = format!("'{}'", "x".repeat(1_100));
    assert!(matches!(eval("", &long), Err(ExprError::Invalid { .. })));
    // As deep as a text of that length can be: refused or evaluated, in the small stack of a thread.
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{'':", "}"),
        ("size(", ")"),
        ("x.map(x,", ")"),
    ] {
        let n = 1_000 / (open.len() + close.len());
        let deep = format!("{}x{}", open.repeat(n), close.repeat(n));
        let _ = eval("x: [1]", &deep);
        let _ = Expression::new(&deep).names();
    }
    for chain in [
        "!".repeat(1_000) + "true",
        "-".repeat(1_000) + "1",
        "x".to_owned() + &"[0]".repeat(300),
    ] {
        let _ = eval("x: [1]", &chain);
    }
    let chain = |n| vec!["1"; n].join("+");
    assert_eq!(eval("", &chain(128)).unwrap(), "128");
    fail("", &[(&chain(129), "more than 128 levels deep")]);
}

/// What a stranger might write to take all memory or time.
#[test]
fn no_expression_takes_more_than_its_share() {
    let started = Instant::now();
    let lets = |first: &str, next: &dyn Fn(usize) -> String, count: usize| {
        let mut scope = scope("old: {a: 1}");
        let value = scope.eval(&Expression::new(first)).unwrap();
        scope.bind("a0", value.as_ref());
        for i in 1..count {
            let result = scope.eval(&Expression::new(&next(i - 1)));
            match result {
                Ok(value) => scope.bind(&format!("a{i}"), value.as_ref()),
                Err(error) => return error.to_string(),
            }
        }
        panic!("{} went through", next(0));
    };
    type Next = fn(usize) -> String;
    let doubled: &[(&str, Next)] = &[
        ("'xxxxxxxx'", |i| format!("a{i} + a{i}")),
        ("[1]", |i| format!("a{i} + a{i}")),
        ("[1]", |i| format!("[a{i}, a{i}]")),
        ("{'a': 1}", |i| format!("{{'a': a{i}, 'b': a{i}}}")),
        ("'xx'", |i| format!("[a{i}, a{i}].join(a{i})")),
        ("'xx'", |i| format!("a{i}.replace('x', a{i})")),
        ("'xx'", |i| format!("a{i}.replace('', 'xx')")),
        ("[1, 2]", |i| format!("a{i}.map(x, a{i})")),
        ("{'a': {}}", |i| {
            format!("merge(a{i}, {{'b': a{i}, 'c': a{i}}})")
        }),
        ("'x'", |i| format!("json([a{i}, a{i}])")),
        ("[1]", |i| format!("parse(text([a{i}, a{i}]))")),
    ];
    for (first, next) in doubled {
        let error = lets(first, next, 60);
        assert!(
            error.contains("too large")
                || error.contains("too much work")
                || error.contains("too deeply"),
            "{error}"
        );
        assert!(error.contains("in the expression"), "{error}");
    }
    let nested = "l.map(a, l.map(b, l.map(c, l.map(d, l.map(e, l.map(f, l.map(g, a + b)))))))";
    let error = eval("l: [1, 2, 3, 4, 5, 6, 7, 8, 9]", nested).unwrap_err();
    assert!(error.to_string().contains("too "), "{error}");
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn what_a_large_file_needs_is_not_too_much() {
    let entries: String = (0..20_000)
        .map(|i| format!("  key-{i}: value-{i}\n"))
        .collect();
    let scope = scope(&format!("env:\n{entries}"));
    for source in [
        "env.map(k, {'name': k, 'value': env[k]})",
        "union(env.map(k, env[k]), env.map(k, k))",
        "minus(env, env.filter(k, k.endsWith('7')))",
        "text(env)",
        "env",
    ] {
        scope.eval(&Expression::new(source)).unwrap();
    }
}

/// The page on packs gives an example for each function, and each is true.
#[test]
fn the_examples_of_the_page_are_true() {
    let page = std::fs::read_to_string("docs/packs.md").unwrap();
    let names = "env: {B: \"1\", A: \"2\"}\nports: [{name: web, port: 80}, {name: api, port: 81}]\nmillion: 1000000";
    let plain = page.replace('\n', " ");
    for shown in names.lines() {
        let (name, value) = shown.split_once(": ").unwrap();
        assert!(plain.contains(&format!("`{name}` is `{value}`")), "{name}");
    }
    let section = page
        .split("| function | result | example |")
        .nth(1)
        .unwrap();
    let rows = section
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut shown = String::new();
    for row in rows {
        let (_, example) = row.trim_end_matches(" |").rsplit_once(" | ").unwrap();
        let (source, result) = example.split_once("` is `").unwrap();
        let source = source.trim_start_matches('`');
        let result = result.trim_end_matches('`');
        let result: serde_json::Value = serde_json::from_str(result).unwrap();
        assert_eq!(eval(names, source).unwrap(), result.to_string(), "{source}");
        shown.push_str(row);
    }
    for name in Expression::function_names() {
        assert!(shown.contains(name), "`{name}` is not on the page");
    }
}

/// A folder with a pack of one step, and values.
fn demo(step: &str, values: &str) -> crate::demo::Demo {
    let demo = crate::demo::Demo::new();
    demo.file(
        "pack/pack.yaml",
        "pack: 1\nchart: demo\ntitle: Demo\nversions:\n  1.0.0: {app: '1'}\n  2.0.0: {app: '2'}\n",
    );
    demo.file(
        "pack/keys.yaml",
        "old:\n  - {in: '*', open: map}\nnew:\n  - {in: '*', open: map}\n",
    );
    let step = format!("version: 2.0.0\ntitle: t\nsteps:\n  s:\n    title: t\n    why: w\n{step}");
    demo.file("pack/2.0.0.yaml", step);
    demo.file("v.yaml", values);
    assert_eq!(demo.run("pack check pack").code, 0);
    demo
}

#[test]
fn what_a_preview_prints_writes_what_it_showed() {
    let keys: Vec<String> = (0..12).map(|i| format!("K{}", i * 7 % 12)).collect();
    let values: String = keys.iter().map(|key| format!("  {key}: '1'\n")).collect();
    let step = "    take: {x: old}\n    do: {new: \"=x.map(k, {'name': k, 'value': x[k]})\"}\n";
    for _ in 0..5 {
        let demo = demo(step, &format!("old:\n{values}"));
        let preview = demo.upgrade("v.yaml --from 1.0.0 --to 2.0.0");
        assert_eq!(preview.code, 0, "{}", preview.err);
        let written = demo.paste(&preview.err);
        assert_eq!(written.code, 0, "{}", written.err);
        let text = demo.text("v.yaml");
        let names: Vec<&str> = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("- name: "))
            .collect();
        assert_eq!(names, keys);
    }
}

#[test]
fn an_expression_that_fails_is_told_without_the_values() {
    let demo = demo(
        "    take: {p: old.password, port: old.port}\n    do: {new.url: =p + port}\n",
        "old: {password: hunter2, port: 5432}\n",
    );
    let run = demo.upgrade("v.yaml --from 1.0.0 --to 2.0.0 -v");
    assert_eq!(run.code, 2);
    let said = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("`p` is a text and `port` is a number"),
        "{said}"
    );
    assert!(said.contains("in the expression `p + port`"), "{said}");
    assert!(
        !said.contains("hunter2") && !said.contains("5432"),
        "{said}"
    );
}

#[test]
fn a_pack_that_doubles_a_text_forty_times_ends_in_an_error() {
    let lets: String = (1..40)
        .map(|i| format!(", a{i}: =a{}+a{}", i - 1, i - 1))
        .collect();
    let step = format!(
        "    take: {{q: old}}\n    let: {{a0: \"='{}'\"{lets}}}\n    do: {{new: =a39}}\n",
        "x".repeat(500)
    );
    let demo = demo(&step, "old: {a: 1}\n");
    let started = Instant::now();
    let run = demo.upgrade("v.yaml --from 1.0.0 --to 2.0.0");
    assert_eq!(run.code, 2, "{}", run.err);
    let said = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("what it makes becomes too large (in the expression `a"),
        "{said}"
    );
    assert!(started.elapsed().as_secs() < 30);
}

// ---- beside the evaluation of the `cel` crate ----

/// Values without nulls in comparisons of order and without floats that print otherwise.
fn literal() -> impl Strategy<Value = String> {
    prop_oneof![
        (-3i64..4).prop_map(|i| i.to_string()),
        Just("1.5".to_owned()),
        "[ab/.]{0,3}".prop_map(|s| format!("'{s}'")),
        Just("true".to_owned()),
        Just("false".to_owned()),
        Just("null".to_owned()),
        Just("[]".to_owned()),
        Just("i".to_owned()),
        Just("t".to_owned()),
        Just("b".to_owned()),
        Just("l".to_owned()),
        Just("m".to_owned()),
        Just("m.x".to_owned()),
        Just("m.l[1]".to_owned()),
        Just("l[0]".to_owned()),
        Just("m.none".to_owned()),
    ]
}

fn expression() -> impl Strategy<Value = String> {
    literal().prop_recursive(4, 24, 3, |inner| {
        let two = || (inner.clone(), inner.clone());
        let operators = prop::sample::select(vec![
            "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in",
        ]);
        let methods = prop::sample::select(vec![
            "startsWith",
            "endsWith",
            "contains",
            "split",
            "indexOf",
            "lastIndexOf",
        ]);
        let alone = prop::sample::select(vec!["trim", "lowerAscii", "upperAscii", "reverse"]);
        let loops = prop::sample::select(vec!["map", "filter", "all", "exists", "exists_one"]);
        prop_oneof![
            (two(), operators).prop_map(|((a, b), op)| format!("({a} {op} {b})")),
            (two(), methods).prop_map(|((a, b), f)| format!("{a}.{f}({b})")),
            (inner.clone(), alone).prop_map(|(a, f)| format!("{a}.{f}()")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("{a}.replace({b}, {c})")),
            (two(), loops).prop_map(|((a, b), f)| format!("{a}.{f}(i, {b})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("{a}.map(t, {b}, {c})")),
            two().prop_map(|(a, b)| format!("[{a}, {b}]")),
            two().prop_map(|(a, b)| format!("{{'p': {a}, 'q': {b}}}")),
            two().prop_map(|(a, b)| format!("{a}[{b}]")),
            inner.clone().prop_map(|a| format!("size({a})")),
            inner.clone().prop_map(|a| format!("!{a}")),
            inner.clone().prop_map(|a| format!("-({a})")),
            inner.clone().prop_map(|a| format!("has({a}.x)")),
            inner.clone().prop_map(|a| format!("{a}.substring(1)")),
            inner.clone().prop_map(|a| format!("{a}.join('-')")),
        ]
    })
}

const NAMES: &str = "i: 2\nt: a/b.a\nb: true\nl: [1, a, 2]\nm: {x: 1, l: [a, b], none: null}";

fn to_cel(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(b) => cel::Value::Bool(*b),
        Value::Number(n) => match n.as_i64() {
            Some(i) => cel::Value::Int(i),
            None => cel::Value::Float(n.as_f64()),
        },
        Value::String(s) => cel::Value::String(Arc::new(s.clone())),
        Value::List(items) => cel::Value::List(Arc::new(items.iter().map(to_cel).collect())),
        Value::Map(map) => {
            let map: HashMap<String, cel::Value> =
                map.iter().map(|(k, v)| (k.clone(), to_cel(v))).collect();
            cel::Value::Map(map.into())
        }
    }
}

/// Any value, with the entries of maps sorted, since CEL's have no order.
fn told(value: &cel::Value) -> Option<String> {
    let all = |items: Vec<Option<String>>| items.into_iter().collect::<Option<Vec<_>>>();
    Some(match value {
        cel::Value::Null => "null".to_owned(),
        cel::Value::Bool(b) => b.to_string(),
        cel::Value::Int(i) => i.to_string(),
        cel::Value::Float(f) => f.to_string(),
        cel::Value::String(s) => format!("{s:?}"),
        cel::Value::List(items) => all(items.iter().map(told).collect())?.join(", "),
        cel::Value::Map(map) => {
            let entries = map
                .map
                .iter()
                .map(|(k, v)| Some(format!("{k:?}: {}", told(v)?)));
            let mut entries = all(entries.collect())?;
            entries.sort();
            format!("{{{}}}", entries.join(", "))
        }
        _ => return None,
    })
}

fn sorted(text: &str) -> Vec<char> {
    let mut all: Vec<char> = text.chars().collect();
    all.sort_unstable();
    all
}

/// What the `cel` crate makes of an expression; `None` if it fails.
fn by_cel(source: &str) -> Option<String> {
    let mut env = cel::Env::stdlib();
    env.add_extension(cel::extensions::strings).unwrap();
    let mut context = cel::Context::with_env(Arc::new(env));
    for (name, value) in values(NAMES) {
        context.add_variable_from_value(name, to_cel(&value));
    }
    let parsed = cel::parser::PrattParser::new().parse(source).ok()?;
    told(&cel::Value::resolve(&parsed, &context).ok()?)
}

/// What is said here of what CEL refuses, since numbers in values files have no types: no comparison there.
fn lenient(source: &str) -> bool {
    // Keys of maps are texts, and `1.5` reckons with whole numbers.
    source.contains("1.5")
}

/// What the crate does and the language does not: it adds a map's keys to a list, by an overload of `+` that CEL has
/// not (doc/langdef.md of google/cel-spec, list of standard definitions). Here that is refused by its kinds.
fn adds_a_map_to_a_list(ours: &ExprError) -> bool {
    let ExprError::Failed { message, .. } = ours else {
        return false;
    };
    // An operand is named where it has a name: `m` is a map, a part of it is a map.
    let operands = message.strip_prefix("`+` takes two numbers, two texts or two lists; ");
    let operands = operands.and_then(|both| both.split_once(" is a list and "));
    operands.is_some_and(|(_, right)| right.ends_with(" is a map"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn what_cel_says_is_said_here_too(source in expression()) {
        let scope = scope(NAMES);
        let expression = Expression::new(&source);
        let ours = scope.eval(&expression);
        let theirs = by_cel(&source);
        match (&ours, &theirs) {
            (Ok(Some(ours)), Some(theirs)) => {
                let ours = told(&to_cel(ours)).unwrap();
                // CEL goes over a map in any order, so there the parts must be the same.
                let over_map = source.contains("(i, ") || source.contains("(t, ");
                if ours != *theirs && over_map && (source.contains('m') || source.contains('{')) {
                    prop_assert_eq!(sorted(&ours), sorted(theirs), "{}", source);
                } else {
                    prop_assert_eq!(&ours, theirs, "{}", source);
                }
            }
            (Err(_), None) => {}
            (Ok(_), None) if lenient(&source) => {}
            (Err(ours), Some(_)) if adds_a_map_to_a_list(ours) => {}
            (ours, theirs) => {
                let message = format!("{source}: {ours:?}, and CEL says {theirs:?}");
                return Err(TestCaseError::fail(message));
            }
        }
    }
}
