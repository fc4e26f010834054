//! JSON patches of HelmReleases: which operations follow the settings that they name, and which are told.

use crate::places::{repository, upgrade};
use crate::repository::Repository;

/// A chart of which 2.0.0 calls `old` `new`, `items` `things` and the map `maps` `named`, takes `a.x` to `b.x`, calls
/// `name` of each of its `ports` `id`, leaves out one of `gates`, and makes `volumes` of `mounts`.
fn with_pack() -> Option<Repository> {
    let here = repository()?;
    here.file(
        "packs/one/keys.yaml",
        "old: [{in: \"<2.0.0\", default: \"\"}]\nnew: [{in: \">=2.0.0\", default: \"\"}]\na.x: [{in: \"<2.0.0\", default: \"\"}]\na.z: [{in: \"*\", default: \"\"}]\nb.x: [{in: \">=2.0.0\", default: \"\"}]\nb.own: [{in: \"*\", default: \"\"}]\nitems: [{in: \"<2.0.0\", default: []}]\nthings: [{in: \">=2.0.0\", default: []}]\nports: [{in: \"*\", default: []}]\ngates: [{in: \"*\", default: []}]\nmounts: [{in: \"<2.0.0\", default: []}]\nvolumes: [{in: \">=2.0.0\", default: []}]\nmaps: [{in: \"<2.0.0\", default: {}}]\nnamed: [{in: \">=2.0.0\", default: {}}]\nstays: [{in: \"*\", default: \"\"}]\n",
    );
    here.file(
        "packs/one/2.0.0.yaml",
        "version: 2.0.0\ntitle: New names\nsteps:\n  rename: {title: Rename old, move: {old: new}}\n  lift: {title: Rename a, move: {a.x: b.x}}\n  things: {title: Rename items, move: {items: things}}\n  ids: {title: Names of ports are ids, move: {'ports[*].name': 'ports[*].id'}}\n  gates: {title: Leave a gate out, take: {g: gates}, do: {gates: \"=g.filter(x, x != 'a=1')\"}}\n  volumes: {title: Mounts are volumes, take: {m: 'mounts[0].path'}, do: {'volumes[0].where': \"='/in' + m\"}}\n  names: {title: Rename maps, move: {maps: named}}\n",
    );
    Some(here)
}

fn release(version: &str, values: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: one, namespace: gulls}}\nspec:\n  chart:\n    spec: {{chart: one, version: {version}, sourceRef: {{kind: HelmRepository, name: tern}}}}\n  values: {{{values}}}\n---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: tern, namespace: gulls}}\nspec: {{url: 'https://charts.tern.example'}}\n"
    )
}

const BEFORE: &str = "old: base, a: {x: 1}, items: [p, q, r], ports: [{name: http}, {name: metrics, port: 9}], gates: [a=1, b=2], maps: {k: 1, l: 2}, stays: y";

/// The forms that a patch stands in, with its operations in lines.
fn forms(here: &Repository, operations: &str) {
    let target = "target: {kind: HelmRelease, name: one}";
    let indented: String = operations
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect();
    here.file(
        "g/prod/kustomization.yaml",
        &format!(
            "resources: [../base]\npatches:\n- {target}\n  patch: |-\n{indented}- {target}\n  path: file.yaml\n- {target}\n  path: file.json\n"
        ),
    );
    here.file("g/prod/file.yaml", operations);
    here.file("g/prod/file.json", &format!("[\n{}\n]\n", json(operations)));
    here.file(
        "g/clusters/apps.yaml",
        &format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: apps}}\nspec:\n  patches:\n  - {target}\n    patch: |\n{}",
            indented.replace("    - ", "      - ")
        ),
    );
}

/// Operations in lines of flow maps, as JSON.
fn json(operations: &str) -> String {
    let lines = operations.lines().map(|line| {
        let value: serde_json::Value = serde_yaml::from_str(line.trim_start_matches("- ")).unwrap();
        format!("  {value}")
    });
    lines.collect::<Vec<_>>().join(",\n")
}

fn all_forms(here: &Repository) -> Vec<String> {
    let files = [
        "g/prod/kustomization.yaml",
        "g/prod/file.yaml",
        "g/prod/file.json",
        "g/clusters/apps.yaml",
    ];
    files.map(|file| here.text(file)).to_vec()
}

#[test]
fn each_operation_follows_what_it_names() {
    let Some(here) = with_pack() else { return };
    for (before, after) in [
        ("{op: test, path: /spec/values/old, value: base}", "new"),
        ("{op: add, path: /spec/values/old, value: z}", "new"),
        ("{op: replace, path: /spec/values/old, value: z}", "new"),
        ("{op: remove, path: /spec/values/a/x}", "b/x"),
        (
            "{op: add, path: /spec/values/items/-, value: last}",
            "things/-",
        ),
        (
            "{op: add, path: /spec/values/items/0, value: first}",
            "things/0",
        ),
        ("{op: remove, path: /spec/values/items/1}", "things/1"),
        (
            "{op: replace, path: /spec/values/items, value: [z]}",
            "things",
        ),
        (
            "{op: copy, from: /spec/values/old, path: /spec/values/stays}",
            "new",
        ),
        (
            "{op: move, from: /spec/values/maps/k, path: /spec/values/stays}",
            "named/k",
        ),
        (
            "{op: copy, from: /spec/values/stays, path: /spec/values/maps/k}",
            "named/k",
        ),
        (
            "{op: replace, path: /spec/values/maps, value: {k: 3, other: 4}}",
            "named",
        ),
        ("{op: remove, path: /spec/values/maps}", "named"),
        (
            "{op: add, path: /spec/values/gates/-, value: c=3}",
            "gates/-",
        ),
        // A key of an item of a list that is rewritten.
        (
            "{op: replace, path: /spec/values/ports/0/name, value: https}",
            "ports/0/id",
        ),
        (
            "{op: remove, path: /spec/values/ports/1/name}",
            "ports/1/id",
        ),
        (
            "{op: replace, path: /spec/values/ports/1/port, value: 443}",
            "ports/1/port",
        ),
    ] {
        let old = before
            .split("/spec/values/")
            .find(|part| !part.starts_with(['{', 's']));
        let old = old.and_then(|part| part.split([',', '}']).next()).unwrap();
        let stays = old == after;
        let followed = before.replace(&format!("values/{old}"), &format!("values/{after}"));
        assert_eq!(before == followed, stays);
        let lines =
            |line: &str| format!("- {{op: test, path: /metadata/name, value: one}}\n- {line}\n");
        here.file("g/base/one.yaml", &release("1.0.0", BEFORE));
        forms(&here, &lines(&followed));
        let expected = all_forms(&here);
        forms(&here, &lines(before));
        let run = upgrade(&here, &["g", "--write"]);
        assert_eq!(run.code, 0, "{before}: {run:?}");
        assert_eq!(all_forms(&here), expected, "{before}: {run:?}");
        for words in ["by hand", "no longer has in this form"] {
            assert!(!run.said.contains(words), "{before}: {run:?}");
        }
    }
}

#[test]
fn what_cannot_follow_is_told_with_its_line_and_left() {
    let Some(here) = with_pack() else { return };
    for (values, operation, told) in [
        (
            "a: {z: 1}",
            "{op: add, path: /spec/values/a/x, value: 2}",
            "What `/spec/values/a/x` sets has its place at `/spec/values/b/x` now, and an `add` needs a map",
        ),
        (
            "a: {x: 1, z: 1}",
            "{op: replace, path: /spec/values/a, value: {x: 1, z: 2}}",
            "What this operation does at `/spec/values/a` belongs to several places",
        ),
        (
            "a: {x: 1, z: 1}",
            "{op: remove, path: /spec/values/a}",
            "What this operation does at `/spec/values/a` belongs to several places",
        ),
        (
            "a: {x: 1}, b: {own: 1}",
            "{op: remove, path: /spec/values/b}",
            "What this operation does at `/spec/values/b` belongs to several places",
        ),
        (
            "stays: y",
            "{op: replace, path: /spec/values, value: {old: w}}",
            "What this operation sets at `/spec/values` has `old` in it, whose place is `/spec/values/new` now",
        ),
        (
            "ports: [{name: a}]",
            "{op: add, path: /spec/values/ports/-, value: {name: b, port: 1}}",
            "What this operation sets at `/spec/values/ports/-` has `name` in it, whose place is `/spec/values/ports/0/id` now",
        ),
        (
            "ports: [{name: a}]",
            "{op: replace, path: /spec/values/ports, value: [{name: b}]}",
            "`/spec/values/ports` names a setting that one 2.0.0 no longer has in this form. Name another one.",
        ),
        // An expression makes another list.
        (
            "gates: [a=1, b=2]",
            "{op: replace, path: /spec/values/gates/1, value: b=3}",
            "What `/spec/values/gates/1` names stands at `/spec/values/gates/0` now, because its list is another one.",
        ),
        (
            "gates: [a=1, b=2]",
            "{op: add, path: /spec/values/gates/2, value: c=3}",
            "`/spec/values/gates/2` names an item of a list that is another one now.",
        ),
        (
            "gates: [a=1, b=2]",
            "{op: replace, path: /spec/values/gates, value: [a=1, c=3]}",
            "`/spec/values/gates` names a setting that one 2.0.0 no longer has in this form.",
        ),
        // An expression makes another value, at one place.
        (
            "mounts: [{path: /a}]",
            "{op: replace, path: /spec/values/mounts/0/path, value: /b}",
            "no longer has in this form. Something else is made of it at `/spec/values/volumes/0/where`: change this by hand.",
        ),
    ] {
        let lines = format!("- {{op: test, path: /metadata/name, value: one}}\n- {operation}\n");
        here.file("g/base/one.yaml", &release("1.0.0", values));
        forms(&here, &lines);
        let before = all_forms(&here);
        let run = upgrade(&here, &["g", "--write"]);
        assert_eq!(run.code, 0, "{operation}: {run:?}");
        assert_eq!(all_forms(&here), before, "{operation}");
        for place in [
            "g/prod/kustomization.yaml:6",
            "g/prod/file.yaml:2",
            "g/prod/file.json:3",
            "g/clusters/apps.yaml:9",
        ] {
            assert!(run.said.contains(place), "{operation}: {place}: {run:?}");
        }
        assert!(run.said.contains(told), "{operation}: {run:?}");
    }
}
