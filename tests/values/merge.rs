//! Layers over layers, and layers over defaults, against results of Helm's own code.
//!
//! `values/coalesce.jsonl` holds generated charts (some with sub-charts and globals) and values, what
//! Helm 3.22 and Helm 4.3 make of them with their warnings, and what their merge of two layers gives.

use proptest::prelude::*;
use refit::values::coalesce::{ChartDefaults, Warning, coalesce};
use refit::values::merge::{merge, merge_all};
use refit::values::{HelmMajor, Map, Value};
use serde_json::{Value as Json, json};

fn map(json: &Json) -> Map {
    match Value::from(json) {
        Value::Map(map) => map,
        other => panic!("{other:?} is not a map"),
    }
}

fn chart(name: &str, values: &Json, dependencies: &Json) -> ChartDefaults {
    ChartDefaults {
        name: name.to_owned(),
        values: map(values),
        dependencies: dependencies
            .as_array()
            .expect("a list")
            .iter()
            .map(|d| {
                chart(
                    d["Name"].as_str().expect("a name"),
                    &d["Values"],
                    &d["Deps"],
                )
            })
            .collect(),
    }
}

fn warning_text(warning: &Warning) -> String {
    match warning {
        Warning::SkippedDefault(path) => format!("skipped {path}"),
        Warning::CannotOverwriteTable(path) => format!("cannot-overwrite {path}"),
        Warning::DestinationIsTable(path) => format!("is-table {path}"),
        Warning::GlobalsDestination => "globals-destination".to_owned(),
        Warning::GlobalsSource => "globals-source".to_owned(),
        Warning::GlobalConflict(key) => format!("conflict {key}"),
        Warning::GlobalIsTable(key) => format!("global-table {key}"),
    }
}

#[test]
fn defaults_and_layers_meet_as_in_both_majors_of_helm() {
    let mut cases = 0;
    let mut refused = 0;
    let mut differ_by_major = 0;
    for line in include_str!("coalesce.jsonl").lines() {
        let case: Json = serde_json::from_str(line).expect("a case");
        let chart = chart("c", &case["chart"], &case["deps"]);
        let values = map(&case["values"]);
        for (helm, expected) in [
            (HelmMajor::V3, &case["helm3"]),
            (HelmMajor::V4, &case["helm4"]),
        ] {
            let found = coalesce(helm, &chart, &values).ok().map(|found| {
                let mut warnings: Vec<_> = found.warnings.iter().map(warning_text).collect();
                warnings.sort();
                json!({"values": Json::from(&Value::Map(found.values)), "warnings": warnings})
            });
            let found = found.unwrap_or(Json::Null);
            assert_eq!(found, *expected, "{helm:?}: {line}");
            refused += usize::from(expected.is_null());
        }
        differ_by_major += usize::from(case["helm3"] != case["helm4"]);
        let mut merged = chart.values.clone();
        merge(&mut merged, values);
        assert_eq!(Json::from(&Value::Map(merged)), case["merged"], "{line}");
        cases += 1;
    }
    assert!(cases >= 300 && refused > 0 && differ_by_major > 0);
}

#[test]
fn a_null_survives_layers_and_deletes_a_default() {
    let defaults = map(&json!({"a": {"b": 1, "c": 2}, "d": 3}));
    let below = map(&json!({"a": {"b": 5}}));
    let above = map(&json!({"a": {"b": null}, "d": null, "e": null}));
    let merged = merge_all([below, above]);
    assert_eq!(
        Json::from(&Value::Map(merged.clone())),
        json!({"a": {"b": null}, "d": null, "e": null})
    );
    let chart = ChartDefaults {
        name: "demo".to_owned(),
        values: defaults,
        dependencies: Vec::new(),
    };
    for helm in [HelmMajor::V3, HelmMajor::V4] {
        let found = coalesce(helm, &chart, &merged).expect("no sub-charts");
        assert_eq!(
            Json::from(&Value::Map(found.values)),
            json!({"a": {"c": 2}, "e": null})
        );
        assert_eq!(found.warnings, []);
    }
}

#[test]
fn only_helm_4_removes_nulls_from_the_defaults() {
    let chart = ChartDefaults {
        name: "demo".to_owned(),
        values: map(&json!({"a": null, "b": {"c": null, "d": 1}})),
        dependencies: Vec::new(),
    };
    let values = |helm| {
        let found = coalesce(helm, &chart, &Map::new()).expect("no sub-charts");
        Json::from(&Value::Map(found.values))
    };
    assert_eq!(
        values(HelmMajor::V3),
        json!({"a": null, "b": {"c": null, "d": 1}})
    );
    assert_eq!(values(HelmMajor::V4), json!({"b": {"d": 1}}));
}

#[test]
fn a_map_that_meets_a_scalar_is_warned_about_with_its_place() {
    let chart = ChartDefaults {
        name: "demo".to_owned(),
        values: map(&json!({"a": 1, "b": {"c": {"d": 1}, "e": 2}})),
        dependencies: Vec::new(),
    };
    let values = map(&json!({"a": {"x": 1}, "b": {"c": 5, "e": {"y": 1}}}));
    let found = coalesce(HelmMajor::V3, &chart, &values).expect("no sub-charts");
    assert_eq!(
        found.warnings,
        [
            Warning::SkippedDefault("demo.a".to_owned()),
            Warning::CannotOverwriteTable("demo.b.c".to_owned()),
            Warning::DestinationIsTable("demo.b.e".to_owned()),
        ]
    );
    assert_eq!(found.values, values);
}

#[test]
fn merging_is_not_associative_where_a_layer_replaces_a_map() {
    // Two layers cannot be folded into one before the layer below them is known.
    let layers = [json!({"b": {"d": 1}}), json!({"b": null}), json!({"b": {}})];
    let [a, b, c] = layers.each_ref().map(map);
    assert_eq!(
        merge_all([a.clone(), b.clone(), c.clone()]),
        map(&json!({"b": {}}))
    );
    assert_eq!(
        merge_all([a, merge_all([b, c])]),
        map(&json!({"b": {"d": 1}}))
    );
}

#[test]
fn keys_keep_the_order_of_the_lower_layer() {
    let mut base = map(&json!({"z": 1, "a": {"y": 1, "b": 2}}));
    merge(
        &mut base,
        map(&json!({"n": 1, "a": {"c": 3, "b": 4}, "z": 2})),
    );
    assert_eq!(
        Json::from(&Value::Map(base)).to_string(),
        r#"{"z":2,"a":{"y":1,"b":4,"c":3},"n":1}"#
    );
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (0..3i64).prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::List),
            prop::collection::vec(("[a-d]", inner), 0..4)
                .prop_map(|entries| Value::Map(entries.into_iter().collect())),
        ]
    })
}

fn any_map() -> impl Strategy<Value = Map> {
    prop::collection::vec(("[a-d]", any_value()), 0..4)
        .prop_map(|entries| entries.into_iter().collect())
}

proptest! {
    #[test]
    fn the_top_layer_wins_and_an_empty_one_changes_nothing(a in any_map(), b in any_map()) {
        let merged = merge_all([a.clone(), b.clone()]);
        let root = Value::Map(merged.clone());
        for (path, leaf) in refit::values::leaves(&b) {
            let found = path.get(&root);
            // An empty map on top of a map leaves what is below.
            let emptied = *leaf == Value::Map(Map::new()) && found.and_then(Value::as_map).is_some();
            prop_assert!(found == Some(leaf) || emptied, "{}", path);
        }
        prop_assert_eq!(merge_all([merged.clone(), b]), merged);
        prop_assert_eq!(merge_all([a.clone(), Map::new(), a.clone()]), a);
    }

    #[test]
    fn equality_ignores_the_order_of_keys(map in any_map()) {
        let mut reversed = map.clone();
        reversed.reverse();
        prop_assert_eq!(Value::Map(map), Value::Map(reversed));
    }

    #[test]
    fn json_and_back_is_the_same(value in any_value()) {
        prop_assert_eq!(Value::from(&Json::from(&value)), value);
    }

    #[test]
    fn leaves_rebuild_the_values(map in any_map()) {
        let mut rebuilt = Map::new();
        for (path, leaf) in refit::values::leaves(&map) {
            prop_assert!(leaf.is_leaf());
            let root = Value::Map(map.clone());
            prop_assert_eq!(path.get(&root), Some(leaf));
            let mut one = leaf.clone();
            for segment in path.segments().iter().rev() {
                let refit::values::Segment::Key(key) = segment else {
                    panic!("lists are leaves");
                };
                one = Value::Map([(key.clone(), one)].into_iter().collect());
            }
            let Value::Map(one) = one else { panic!("a leaf has a path") };
            merge(&mut rebuilt, one);
        }
        prop_assert_eq!(rebuilt, map);
    }
}
