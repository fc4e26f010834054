//! The page itself as a test: each row of the table under "What a step means" of `docs/packs.md`, and what
//! the sentences above it say, done by the judge and by refit.

use refit::{
    load::{InputFile, load},
    migrate::Answers,
    pack::Pack,
    plan::Selection,
    values::Value,
};
use semver::Version;
use serde_json::{Map, Value as Json, json};

use super::{
    engine::{Refused, run},
    judge::{self, Asked, Verdict},
    packs::load as load_pack,
    support::page::table,
};

/// A pack with one step. Keys that begin with `old` are the old chart's only, those with `new` the new one's
/// only; the others are in both.
fn pack(
    steps: &Json,
    values: &Map<String, Json>,
    result: &Map<String, Json>,
) -> Vec<(String, String)> {
    let mut keys = Map::new();
    let mut names: Vec<&str> = values
        .keys()
        .chain(result.keys())
        .map(String::as_str)
        .collect();
    names.extend(["a", "b", "x", "new"]);
    for key in names {
        let range = match (key.starts_with("old"), key.starts_with("new")) {
            (true, _) => "<2.0.0",
            (_, true) => ">=2.0.0",
            _ => "*",
        };
        keys.insert(key.to_owned(), json!([{"in": range, "open": "map"}]));
    }
    let versions = json!({"1.0.0": {"app": "1"}, "2.0.0": {"app": "2"}});
    let files = [
        (
            "2.0.0.yaml",
            json!({"version": "2.0.0", "title": "A change", "steps": steps}),
        ),
        (
            "pack.yaml",
            json!({"pack": 1, "chart": "c", "title": "C", "versions": versions}),
        ),
        ("keys.yaml", Json::Object(keys)),
    ];
    let written = files.into_iter();
    written
        .map(|(name, json)| (name.to_owned(), json.to_string()))
        .collect()
}

/// What Helm has of a text.
fn tree(text: &str) -> Map<String, Json> {
    if text.is_empty() {
        return Map::new();
    }
    let loaded = load(&InputFile::Stdin(text.as_bytes().to_vec())).expect("values");
    let values = loaded.view().values().expect("values");
    match Json::from(&Value::Map(values)) {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

/// How a case ends.
#[derive(Debug, PartialEq)]
enum End {
    Values(Json),
    /// A question that is not of a step's own: a value that the old chart read stands in the way.
    Asks(usize),
    Clash,
    /// The pack means nothing.
    NoPack,
    Other(String),
}

fn versions() -> (Version, Version) {
    (Version::new(1, 0, 0), Version::new(2, 0, 0))
}

fn judged(files: &[(String, String)], text: &str) -> End {
    let Ok(pack) = judge::Pack::read(files) else {
        return End::NoPack;
    };
    let (from, to) = versions();
    match judge::judge(&pack, &tree(text), &from, &to, &judge::Answers::new()) {
        Verdict::Values { values, asked } if asked.is_empty() => End::Values(values.into()),
        Verdict::Values { asked, .. } => {
            let live = |asked: &&Asked| matches!(asked, Asked::LiveKey(_));
            End::Asks(asked.iter().filter(live).count())
        }
        Verdict::Clash => End::Clash,
        error @ (Verdict::Error(_) | Verdict::HandedDown) => End::Other(error.shown()),
    }
}

fn refitted(files: &[(String, String)], text: &str) -> End {
    let folder = tempfile::tempdir().expect("a folder");
    let pack: Pack = match load_pack(files, folder.path()) {
        Ok(pack) => pack,
        Err(_) => return End::NoPack,
    };
    let (from, to) = versions();
    let answers = Answers::new();
    let done = run(
        &pack,
        text.as_bytes(),
        &from,
        &to,
        &answers,
        &Selection::default(),
        false,
    );
    match done {
        Err(fault) => End::Other(fault),
        Ok(Ok(done)) => match done.open().count() {
            0 => End::Values(tree(&done.after).into()),
            open => End::Asks(open),
        },
        Ok(Err(Refused::Clash)) => End::Clash,
        Ok(Err(other)) => End::Other(other.kind()),
    }
}

fn check(values: &str, step: &str, wanted: &End, wrong: &mut String) {
    let mut step: Json = serde_yaml::from_str(step).expect("a step");
    step["title"] = json!("A step");
    step["why"] = json!("It is so.");
    let result = match wanted {
        End::Values(Json::Object(map)) => map.clone(),
        _ => Map::new(),
    };
    let files = pack(&json!({"s": step}), &tree(values), &result);
    for (who, end) in [
        ("the judge", judged(&files, values)),
        ("refit", refitted(&files, values)),
    ] {
        if end != *wanted {
            let what = format!("{values}\n  {step}\n  {who}: {end:?}\n  wanted: {wanted:?}\n");
            wrong.push_str(&what);
        }
    }
}

#[test]
fn the_table_of_the_page_is_true() {
    let mut wrong = String::new();
    let rows = table(["values", "steps", "result"]);
    assert!(rows.len() >= 10, "{rows:?}");
    for [values, step, result] in rows {
        check(
            &values,
            &step,
            // Where nothing is left the row says so in words.
            &End::Values(tree(if result == "nothing" { "" } else { &result }).into()),
            &mut wrong,
        );
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn the_sentences_of_the_page_are_true() {
    let mut wrong = String::new();
    let values = |text: &str| End::Values(tree(text).into());
    let rows = [
        // A number is selected by its text; what stands behind an item that goes moves up.
        (
            "l: [{port: 80, v: 1}, {port: 81}]",
            "drop: ['l[port=80]']",
            values("l: [{port: 81}]"),
        ),
        // Every item of the name.
        (
            "l: [{id: a, v: 1}, {id: a, v: 1}, {id: b}]",
            "move: {'l[id=a].v': x}",
            values("l: [{id: a}, {id: a}, {id: b}]\nx: 1"),
        ),
        (
            "l: [{id: a, v: 1}, {id: a, v: 2}]",
            "move: {'l[id=a].v': x}",
            End::Clash,
        ),
        // A name beside a star; what a more specific path emptied is not left over.
        (
            "p: {web: {port: main, i: 1}, api: {port: x}}",
            "move: {p.web.port: x, p.*.port: p.*.to}",
            values("x: main\np: {web: {i: 1}, api: {to: x}}"),
        ),
        (
            "g: {fields: {general: {m: keep}}}",
            "move: {g: newG, g.fields.general.m: newG.fields.m}",
            values("newG: {fields: {m: keep}}"),
        ),
        (
            "a: {x: 1, u: 2}",
            "{move: {a: newB}, keep: [a.x]}",
            values("a: {x: 1}\nnewB: {u: 2}"),
        ),
        // Items keep together, and come without gaps.
        (
            "a: [{q: 1}, {x: 2, z: 3}, {x: 4}]",
            "move: {'a[*].x': 'newB[*].u', 'a[*].z': 'newB[*].w'}",
            values("a: [{q: 1}]\nnewB: [{u: 2, w: 3}, {u: 4}]"),
        ),
        // What was empty stays, unless it is taken itself.
        (
            "a: {e: {}, l: [], x: 1}",
            "move: {a.x: newX}",
            values("a: {e: {}, l: []}\nnewX: 1"),
        ),
        ("a: {e: {}}", "drop: [a]", values("")),
        (
            "a: {b: {c: {d: 1}}}\nz: 1",
            "drop: [a.b.c.d]",
            values("z: 1"),
        ),
        // A null is a value.
        ("a: null", "move: {a: newA}", values("newA: null")),
        // An expression that is unset puts nothing.
        (
            "a: 1",
            "{take: {a: a}, read: {b: b}, do: {new.x: =a, new.b: =b}}",
            values("new: {x: 1}"),
        ),
        // A guard of the whole step, over its rows.
        (
            "a: 1\nb: 2",
            "{take: {a: a}, read: {b: b}, if: b == 3, first: [{if: b == 2, do: {new: =a}}]}",
            values("a: 1\nb: 2"),
        ),
        (
            "a: 1\nb: 2",
            "{take: {a: a}, read: {b: b}, if: b == 2, first: [{if: b == 3, do: {x: =a}}, {do: {new: =a}}]}",
            values("b: 2\nnew: 1"),
        ),
        // What stands there: left over, looked at, equal, or a question.
        ("old: 1\nnewB: 2", "move: {old: newB}", values("newB: 1")),
        ("old: 1\nb: 2", "move: {old: b}", End::Asks(1)),
        ("old: 1\nb: 1", "move: {old: b}", values("b: 1")),
        (
            "old: 1\nb: 2",
            "{take: {o: old}, read: {b: b}, do: {b: =o}}",
            values("b: 1"),
        ),
        (
            "old: {x: 1}\nb: {u: 2}",
            "move: {old: b}",
            values("b: {x: 1, u: 2}"),
        ),
        ("old: {x: 1}\nb: {x: 2}", "move: {old: b}", End::Asks(1)),
        ("old: {}\nb: {x: 2}", "move: {old: b}", values("b: {x: 2}")),
        ("old: 1\nb: 2", "move: {old: b.c}", End::Asks(1)),
        // Two that write one place.
        ("a: 1\nold: 2", "move: {a: new, old: new}", End::NoPack),
        ("a: 1", "{take: {a: a, b: a}, do: {new: =a}}", End::NoPack),
        ("a: {x: 1}", "move: {a.*: new}", End::NoPack),
        ("a: [1]", "move: {'a[*]': new.*}", End::NoPack),
        // A list is one leaf where no path selects its items.
        (
            "a: [1, 2]",
            "{take: {x: a}, do: {new: '=union(x, [3])'}}",
            values("new: [1, 2, 3]"),
        ),
        // Into a list: an item by name, made at the end; a position of what is left.
        (
            "a: 1\nl: [{name: A}]",
            "{take: {a: a}, read: {l: l}, do: {'l[name=A].v': =a, 'l[name=B].v': =a}}",
            values("l: [{name: A, v: 1}, {name: B, v: 1}]"),
        ),
        (
            "l: [a, b, c]",
            "{take: {a: 'l[0]'}, read: {l: l}, do: {'l[1]': =a}}",
            values("l: [b, a]"),
        ),
        (
            "a: 1\nl: [{name: A, v: 2}, {name: C}]",
            "{take: {a: a}, read: {l: l}, upsert: {l: {by: name, items: [{name: A, w: =a}, {name: B}]}}}",
            values("l: [{name: A, w: 1}, {name: C}, {name: B}]"),
        ),
        // Leave gives back; a row that does not hold takes nothing.
        (
            "a: 1\nb: 2",
            "{take: {a: a, b: b}, do: {new: =a}, leave: [b]}",
            values("b: 2\nnew: 1"),
        ),
        (
            "a: 1",
            "{take: {a: a}, if: a == 2, do: {new: =a}}",
            values("a: 1"),
        ),
        // A key is renamed beside a star, unless it is there under its new name too.
        (
            "p: {web: {r: {port: s, prio: 1}}}",
            "move: {p.*.r.port: p.*.e.to, p.*.r.*: p.*.e.*}",
            values("p: {web: {e: {to: s, prio: 1}}}"),
        ),
        (
            "p: {web: {r: {port: s, to: 1}}}",
            "move: {p.*.r.port: p.*.e.to, p.*.r.*: p.*.e.*}",
            End::Clash,
        ),
        // Once for each match: a key, a position; a path that is written out is more specific.
        (
            "p: {web: {to: x}, api: {to: z, scheme: s}, db: 1}",
            "{for: p.*.to, as: port, read: {s: 'p.{port}.scheme'}, if: '!set(s)', move: {'p.{port}.to': 'p.{port}.entry'}, do: {'p.{port}.scheme': '=port'}}",
            values("p: {web: {entry: x, scheme: web}, api: {to: z, scheme: s}, db: 1}"),
        ),
        (
            "l: [{v: 1}, {w: 2}, {v: 3}]",
            "{for: 'l[*].v', as: i, take: {v: 'l[{i}].v'}, do: {'l[{i}].at': '=i', 'newV.n{i}': =v}}",
            values("l: [{at: 0}, {w: 2}, {at: 2}]\nnewV: {n0: 1, n2: 3}"),
        ),
        (
            "m: {a.b: {'*': 1}}",
            "{for: m.*.*, as: [k, j], take: {v: 'm.{k}.{j}'}, do: {'new.{j}.{k}': =v}}",
            values("new: {'*': {a.b: 1}}"),
        ),
        (
            "m: {x: 1, z: 2}",
            "{for: m.*, as: k, take: {v: 'm.{k}'}, do: {new: =v}}",
            End::Clash,
        ),
        (
            "m: {x: 1}\na: 1",
            "{for: m.*, as: k, move: {a: 'new.{k}'}}",
            End::NoPack,
        ),
        // Rows and options take what they move; what another row moves stays.
        (
            "a: t\nb: 1",
            "{read: {r: a}, first: [{if: kind(r) == 'map', move: {a: new}}, {move: {a: new.t}, drop: [b]}]}",
            values("new: {t: t}"),
        ),
        (
            "a: {x: 1}\nb: 1",
            "{read: {r: a}, first: [{if: kind(r) == 'map', move: {a: new}}, {move: {a: new.t}, drop: [b]}]}",
            values("new: {x: 1}\nb: 1"),
        ),
        (
            "a: 1",
            "{read: {r: a}, first: [{if: kind(r) == 'map', move: {a: new}}]}",
            values("a: 1"),
        ),
        // Numbers print as templates print them.
        (
            "a: 1000000",
            "{take: {a: a}, do: {new: =string(a)}}",
            values("new: '1e+06'"),
        ),
        (
            "a: 0.10",
            "{take: {a: a}, do: {new: =string(a)}}",
            values("new: '0.1'"),
        ),
        // Maps keep the order of the file.
        (
            "m: {z: 1, a: 2, k: 3}",
            "{take: {m: m}, do: {new: '=m.map(k, k)'}}",
            values("new: [z, a, k]"),
        ),
        (
            "m: {z: {v: 1}, a: {v: 2}}",
            "{take: {m: m.*.v}, do: {new: '=m.map(k, k)'}}",
            values("new: [z, a]"),
        ),
    ];
    for (values, step, wanted) in rows {
        check(values, step, &wanted, &mut wrong);
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
