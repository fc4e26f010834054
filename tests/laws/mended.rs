//! Faults of the engine that the judge found, each as small as it came: what refit writes, and what the judge
//! has of it, are both what the page says.

use std::{collections::BTreeMap, fmt::Write as _};

use refit::{
    load::{InputFile, load},
    migrate::{Answer, Answers},
    plan::Selection,
    values::{Path, Segment, Value},
};
use semver::Version;
use serde_json::{Map, Value as Json, json};

use super::{
    engine::{Refused, run},
    judge::{self, Verdict},
    packs,
};

const VERSIONS: [&str; 3] = ["1.0.0", "1.1.0", "2.0.0"];

/// A pack in which the chart always had each key that is named here, and does not read those of `new`.
pub fn files(values: &Map<String, Json>, migrations: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut keys = Map::new();
    for key in values.keys().map(String::as_str).chain(["n", "n2"]) {
        let range = if key.starts_with('n') { ">=1.1.0" } else { "*" };
        keys.insert(key.to_owned(), json!([{"in": range, "open": "map"}]));
    }
    let versions: Map<String, Json> = VERSIONS
        .iter()
        .map(|version| ((*version).to_owned(), json!({"app": version})))
        .collect();
    let info = json!({"pack": 1, "chart": "c", "title": "C", "versions": versions});
    let mut files = vec![
        ("pack.yaml".to_owned(), info.to_string()),
        ("keys.yaml".to_owned(), Json::Object(keys).to_string()),
    ];
    for (version, steps) in migrations {
        let mut steps: Json = serde_yaml::from_str(steps).expect("steps");
        for step in steps.as_object_mut().into_iter().flatten() {
            step.1["title"] = json!("A step");
            step.1["why"] = json!("It is so.");
        }
        let migration = json!({"version": version, "title": "A change", "steps": steps});
        files.push((format!("{version}.yaml"), migration.to_string()));
    }
    files
}

pub fn tree(text: &str) -> Map<String, Json> {
    let loaded = load(&InputFile::Stdin(text.as_bytes().to_vec())).expect("values");
    match Json::from(&Value::Map(loaded.view().values().expect("values"))) {
        Json::Object(map) => map,
        other => panic!("{other} is no map"),
    }
}

/// What refit comes to and what the judge does: values as JSON, the places asked about, or "clash".
fn ends(values: &str, migrations: &[(&str, &str)], answers: &[(&str, &str)]) -> [String; 2] {
    ends_from(1, values, migrations, answers)
}

/// The same from another of the versions, counted from 1.
fn ends_from(
    from: usize,
    values: &str,
    migrations: &[(&str, &str)],
    answers: &[(&str, &str)],
) -> [String; 2] {
    ends_of(from, &files(&tree(values), migrations), values, answers)
}

fn ends_of(
    from: usize,
    files: &[(String, String)],
    values: &str,
    answers: &[(&str, &str)],
) -> [String; 2] {
    let folder = tempfile::tempdir().expect("a folder");
    let pack = packs::load(files, folder.path()).expect("a pack");
    let judges = judge::Pack::read(files).expect("a pack for the judge");
    let from: Version = VERSIONS[from - 1].parse().expect("a version");
    let to = Version::new(2, 0, 0);
    let mut given = Answers::new();
    let mut own = judge::Answers::new();
    for (place, option) in answers {
        let path: Path = place.parse().expect("a path");
        let id = path
            .segments()
            .iter()
            .fold("live-key".to_owned(), |mut id, at| {
                let _ = match at {
                    Segment::Key(key) => write!(id, "/{key}"),
                    at => write!(id, "/{}", Path::new(vec![at.clone()])),
                };
                id
            });
        let answer = Answer {
            option: (*option).to_owned(),
            inputs: Default::default(),
            evidence: None,
        };
        given.insert(id, answer);
        let answer = judge::Answer {
            option: (*option).to_owned(),
            inputs: Default::default(),
        };
        own.insert(format!("live-key/{place}"), answer);
    }
    let all = Selection::default();
    let engine = match run(&pack, values.as_bytes(), &from, &to, &given, &all, false) {
        Err(fault) => format!("a fault: {fault}"),
        Ok(Err(Refused::Clash)) => "clash".to_owned(),
        Ok(Err(refused)) => refused.kind(),
        Ok(Ok(done)) => match done.open().map(|open| open.id.clone()).collect::<Vec<_>>() {
            open if open.is_empty() => sorted(Json::Object(tree(&done.after))),
            open => format!("asks {}", open.join(", ")),
        },
    };
    let judged = match judge::judge(&judges, &tree(values), &from, &to, &own) {
        Verdict::Clash => "clash".to_owned(),
        Verdict::HandedDown => "handed down".to_owned(),
        Verdict::Error(error) => error,
        Verdict::Values { values, .. } => sorted(Json::Object(values)),
    };
    [engine, judged]
}

/// As JSON whose maps have no order.
fn sorted(values: Json) -> String {
    fn of(value: Json) -> Json {
        match value {
            Json::Object(map) => {
                let sorted: BTreeMap<String, Json> = map.into_iter().collect();
                sorted
                    .into_iter()
                    .map(|(key, value)| (key, of(value)))
                    .collect()
            }
            Json::Array(items) => items.into_iter().map(of).collect(),
            other => other,
        }
    }
    of(values).to_string()
}

#[track_caller]
fn both(values: &str, migrations: &[(&str, &str)], answers: &[(&str, &str)], wanted: &str) {
    let wanted = match wanted {
        "clash" => "clash".to_owned(),
        values => sorted(Json::Object(tree(values))),
    };
    assert_eq!(ends(values, migrations, answers), [wanted.clone(), wanted]);
}

#[test]
fn an_item_that_was_changed_can_be_copied() {
    both(
        "c: {u: [{name: A, x: t}]}\n",
        &[
            (
                "1.1.0",
                "s: {take: {a: 'c.u[*].x'}, do: {'c.u[name=A].value': =a}}",
            ),
            ("2.0.0", "t: {read: {r: 'c.u[0]'}, do: {n2: =r}}"),
        ],
        &[],
        "c: {u: [{name: A, value: {'0': t}}]}\nn2: {name: A, value: {'0': t}}\n",
    );
}

#[test]
fn a_write_below_a_scalar_of_another_is_a_clash_whatever_is_answered() {
    let values = "a: t1t\nb: [{name: 80, x: [true]}, {name: B, u: []}]\n";
    let step = "s: {move: {'b[0].name': 'b[1]', a: b, 'b[1].name': 'b[1].host'}}";
    for answer in ["keep", "take"] {
        let answers = [("b", answer), ("b[1]", answer)];
        both(values, &[("1.1.0", step)], &answers, "clash");
    }
}

#[test]
fn what_is_kept_at_a_place_keeps_nothing_else_out() {
    both(
        "a: 1\nb: 2\nc: {x: {p: 3}}\n",
        &[("1.1.0", "s: {move: {a: c.x.p, b: c.x.q}}")],
        &[("c.x.p", "keep")],
        "c: {x: {p: 3, q: 2}}\n",
    );
}

#[test]
fn an_item_behind_an_alias_that_is_filled_and_goes_has_a_fate() {
    both(
        "a: 1\nb: {u: &a0 []}\nc: *a0\n",
        &[
            ("1.1.0", "s: {take: {a: a}, do: {'c[name=A].value': =a}}"),
            ("2.0.0", "t: {move: {'c[0]': n2}}"),
        ],
        &[],
        "b: {u: []}\nn2: {name: A, value: 1}\n",
    );
    both(
        "a: 1\nb: [x]\nc: []\n",
        &[
            (
                "1.1.0",
                "s: {take: {a: a}, read: {c: c}, upsert: {c: {by: name, items: [{name: A, value: =a}]}}}",
            ),
            ("2.0.0", "t: {move: {'c[*]': 'n2[*]', 'b[0]': b}}"),
        ],
        &[],
        "b: x\nn2: [{name: A, value: 1}]\n",
    );
}

#[test]
fn an_item_is_one_place_however_it_is_written() {
    // Rows for targets are written together, whichever migration they are of.
    let row = |path: &str| {
        format!("{{take: {{x: {path}}}, first: [{{target: '>=2.0.0', do: {{TO: =x}}}}]}}")
    };
    let first = format!("s: {}", row("b").replace("TO", "'a[0].v'"));
    let second = format!("t: {}", row("c").replace("TO", "'a[name=A].v'"));
    let all = [("1.1.0", first.as_str()), ("2.0.0", second.as_str())];
    let answers = [("a[0].v", "take")];
    both(
        "a: [{name: A, v: 1}]\nb: 2\nc: 3\n",
        &all,
        &answers,
        "clash",
    );
    both(
        "a: [{name: A}]\nb: 2\nc: 2\n",
        &all,
        &answers,
        "a: [{name: A, v: 2}]\n",
    );
}

#[test]
fn a_value_in_use_in_an_item_selected_by_name_can_be_kept() {
    let values = "a: [{name: A, v: {x: 1}}]\nb: {x: 2, q: 3}\n";
    let all = [("1.1.0", "s: {move: {b: 'a[name=A].v'}}")];
    let asked = ends(values, &all, &[]);
    assert_eq!(asked[0], "asks live-key/a/[0]/v/x");
    both(
        values,
        &all,
        &[("a[0].v.x", "keep")],
        "a: [{name: A, v: {x: 1, q: 3}}]\n",
    );
    both(
        values,
        &all,
        &[("a[0].v.x", "take")],
        "a: [{name: A, v: {x: 2, q: 3}}]\n",
    );
}

#[test]
fn an_empty_map_that_became_one_with_another_is_accounted_for_when_that_is_taken_apart() {
    both(
        "a: {}\nc: {u: 1, x: 2}\n",
        &[
            ("1.1.0", "s: {read: {r: c.x}, if: set(r), move: {a: c}}"),
            ("2.0.0", "t: {move: {'c.*': 'n2.*'}}"),
        ],
        &[],
        "n2: {u: 1, x: 2}\n",
    );
    both(
        "e: {}\nb: [{name: A, x: 1}, {name: A}]\n",
        &[
            ("1.1.0", "s: {move: {e: 'b[name=A]', 'b[0]': n}}"),
            ("2.0.0", "t: {move: {'b[0].name': n2}}"),
        ],
        &[],
        "\"n\": {name: A, x: 1}\nn2: A\n",
    );
}

#[test]
fn what_a_more_specific_path_owns_in_a_list_that_is_left_over_stays() {
    // The values are for 1.1.0: what the step to it would take was not read, but for what another path owns.
    let values = "\"n\": 1\nold: [{name: A, v: 2, w: 3}]\n";
    let all = [
        (
            "1.1.0",
            "s: {take: {o: old}, do: {n: =o}}\nt: {drop: ['old[*].v']}",
        ),
        ("2.0.0", "u: {move: {n: n2}}"),
    ];
    let mut files = files(&tree(values), &all);
    let keys = json!({"n": [{"in": ">=1.1.0", "open": "map"}], "n2": [{"in": ">=1.1.0", "open": "map"}],
        "old": [{"in": "<1.1.0", "open": "map"}]});
    files[1].1 = keys.to_string();
    let ends = ends_of(2, &files, values, &[]);
    let wanted = sorted(json!({"n2": 1, "old": [{"v": 2}]}));
    assert_eq!(ends, [wanted.clone(), wanted]);
}

#[test]
fn items_on_the_way_of_what_is_added_are_made_in_their_place_among_the_new_ones() {
    let added = "s: {take: {a: a}, upsert: {'l[1]': {by: name, items: [{name: x, v: =a}]}}}";
    let deep = "s: {take: {a: a}, do: {'l[1].m[name=x].v': =a}}";
    let named = "t: {take: {b: b}, do: {'l[name=B].v': =b}}";
    for (first, item) in [
        (added, "[{name: x, v: 1}]"),
        (deep, "{m: [{name: x, v: 1}]}"),
    ] {
        for steps in [
            format!("{{{first}, {named}}}"),
            format!("{{{named}, {first}}}"),
        ] {
            for (list, rest) in [("[{name: q}]", "{name: q}, "), ("[]", "")] {
                both(
                    &format!("a: 1\nb: 2\nl: {list}\n"),
                    &[("1.1.0", &steps)],
                    &[],
                    &format!("l: [{rest}{item}, {{name: B, v: 2}}]\n"),
                );
            }
        }
    }
}

#[test]
fn a_left_over_is_judged_by_its_own_new_place() {
    // Of two keys that one step moved, the new place of one is set: only that one is past.
    let values = "new1: 1\nold1: 2\nold2: 3\n";
    let all = [
        ("1.1.0", "s: {move: {old1: new1, old2: new2}}"),
        ("2.0.0", "t: {move: {new1: n2}}"),
    ];
    let mut files = files(&tree(values), &all);
    let since = json!([{"in": ">=1.1.0", "open": "map"}]);
    let until = json!([{"in": "<1.1.0", "open": "map"}]);
    let keys = json!({"new1": since, "new2": since, "n2": since, "old1": until, "old2": until});
    files[1].1 = keys.to_string();
    let wanted = sorted(json!({"n2": 1, "old2": 3}));
    assert_eq!(ends_of(2, &files, values, &[]), [wanted.clone(), wanted]);
}

#[test]
fn a_left_over_list_is_judged_item_by_item_where_a_path_selects_its_items() {
    let values = "\"n\": [{w: 9}]\nold: [{v: 1, w: 2}, {w: 3}]\n";
    let since = json!([{"in": ">=1.1.0", "open": "map"}]);
    let until = json!([{"in": "<1.1.0", "open": "map"}]);
    let read = json!([{"in": "*", "default": []}]);
    for (dropped, keys, old) in [
        // What another path owns stays, and so does an item whose place in the new list is not set.
        ("old[*].v", &until, json!([{"v": 1}, {"w": 3}])),
        // A path that fits no item selects items of the list all the same.
        ("old[name=x].v", &until, json!([{"v": 1}, {"w": 3}])),
        // Without one the list is one leaf, for which the new list stands.
        ("old2", &until, json!(null)),
        // What the chart reads is no left-over, nor is what a list that it reads holds.
        ("old[*].v", &read, json!([{"v": 1, "w": 2}, {"w": 3}])),
    ] {
        let steps = format!("s: {{move: {{old: \"n\"}}}}\nt: {{drop: ['{dropped}']}}");
        let all = [
            ("1.1.0", steps.as_str()),
            ("2.0.0", "u: {move: {\"n\": n2}}"),
        ];
        let mut files = files(&tree(values), &all);
        files[1].1 = json!({"n": since, "n2": since, "old": keys, "old2": until}).to_string();
        let mut wanted = json!({"n2": [{"w": 9}]});
        if !old.is_null() {
            wanted["old"] = old;
        }
        let wanted = sorted(wanted);
        assert_eq!(
            ends_of(2, &files, values, &[]),
            [wanted.clone(), wanted],
            "{dropped}, {keys}"
        );
    }
}

#[test]
fn a_part_of_a_key_may_be_nothing() {
    // The star of `*x` stands for nothing in `x`, which is a key as well as `ax`.
    both(
        "d: [{x: 1, ax: 2}]\n",
        &[(
            "1.1.0",
            "s: {for: 'd[0].*x', as: k, move: {'d[0].{k}x': 'n.{k}x'}}",
        )],
        &[],
        "\"n\": {x: 1, ax: 2}\n",
    );
}
