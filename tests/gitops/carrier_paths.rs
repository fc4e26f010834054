//! Lists of path strings: read as values, and rewritten so that they set new ones.

use indexmap::IndexMap;
use proptest::prelude::*;
use refit::carrier::paths::{NewLeaf, OddityKind, PathsError, read, rewrite};
use refit::carrier::set::UnwritableError;
use refit::carrier::{self, Carrier, Dialect, LayerSource, PathEntry};
use refit::values::{Path, Value, View, leaves};
use refit::yaml::{NodeId, Tree};

fn argo(parameters: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: arroyo\nspec:\n  source:\n    chart: arroyo\n    repoURL: https://charts.example\n    targetRevision: 0.10.3\n    helm:\n      parameters:\n{parameters}  project: default\n"
    )
}

fn helmfile(set: &str) -> String {
    format!(
        "releases:\n- name: arroyo\n  chart: team/arroyo\n  set:\n{set}- name: other\n  chart: team/other\n"
    )
}

fn k3s(set: &str) -> String {
    format!(
        "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata:\n  name: arroyo\nspec:\n  chart: arroyo\n  set:\n{set}  version: 0.10.3\n"
    )
}

fn flux(target: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: arroyo\nspec:\n  chartRef: {{kind: OCIRepository, name: arroyo}}\n  valuesFrom:\n  - kind: ConfigMap\n    name: one\n    targetPath: {target}\n"
    )
}

fn carrier_of(tree: &Tree) -> Carrier {
    carrier::find(tree, std::path::Path::new("helmfile.yaml"))
        .carriers
        .into_iter()
        .next()
        .expect("a carrier")
}

/// The first list of path strings of a file.
fn list(tree: &Tree) -> (NodeId, Vec<PathEntry>, Dialect) {
    carrier_of(tree)
        .layers
        .into_iter()
        .find_map(|layer| match layer.source {
            LayerSource::Paths { entries, dialect } => Some((layer.node, entries, dialect)),
            _ => None,
        })
        .expect("a list of path strings")
}

fn values(tree: &Tree) -> String {
    let (_, entries, dialect) = list(tree);
    read(&entries, dialect).text()
}

/// The leaves as they are.
fn unchanged(tree: &Tree) -> Vec<NewLeaf> {
    let (_, entries, dialect) = list(tree);
    let assigned = read(&entries, dialect);
    leaves(&assigned.values)
        .into_iter()
        .map(|(path, value)| NewLeaf {
            path: path.clone(),
            value: value.clone(),
            from: Some(path),
        })
        .collect()
}

fn path(text: &str) -> Path {
    text.parse().unwrap()
}

/// Changes the leaves of a file's list.
fn change(text: &str, with: impl FnOnce(&mut Vec<NewLeaf>)) -> Result<String, PathsError> {
    let tree = Tree::parse(text).unwrap();
    let (node, entries, dialect) = list(&tree);
    let mut leaves = unchanged(&tree);
    with(&mut leaves);
    let rewrite = rewrite(&tree, node, &entries, dialect, &leaves)?;
    Ok(rewrite.edits.apply(text))
}

fn leaf<'l>(leaves: &'l mut [NewLeaf], at: &str) -> &'l mut NewLeaf {
    leaves
        .iter_mut()
        .find(|leaf| leaf.path == path(at))
        .unwrap()
}

fn added(at: &str, value: impl Into<Value>) -> NewLeaf {
    NewLeaf {
        path: path(at),
        value: value.into(),
        from: None,
    }
}

#[test]
fn lists_are_read_in_the_order_in_which_helm_sees_them() {
    let text = argo(
        "      - name: a\n        value: 'x'\n        forceString: true\n      - name: a\n        value: '1'\n      - name: b.c\n        value: 'true'\n      - name: d\n        value: '{x,1}'\n      - name: e[1].f\n        value: y\n      - name: g\n        value: $ARGOCD_APP_NAME\n      - name: h[\n        value: ''\n",
    );
    let tree = Tree::parse(text).unwrap();
    assert_eq!(
        values(&tree),
        "a: x\nb:\n  c: true\nd:\n  - x\n  - 1\ne:\n  - null\n  - f: \"y\"\ng: $ARGOCD_APP_NAME\n"
    );
    let (_, entries, dialect) = list(&tree);
    let assigned = read(&entries, dialect);
    assert_eq!(assigned.leaves[&path("a")], [1, 0]);
    let odd: Vec<(usize, &OddityKind)> = assigned
        .oddities
        .iter()
        .map(|odd| (odd.entry, &odd.kind))
        .collect();
    assert_eq!(odd[0], (4, &OddityKind::InList));
    assert_eq!(odd[1], (5, &OddityKind::Variables));
    assert!(matches!(odd[2], (6, OddityKind::Refused(_))), "{odd:?}");

    let text = helmfile(
        "  - name: a\n    value: 1\n  - name: b,c\n    value: x,{y}\n  - name: d\n    values: [p, 2]\n  - name: e\n    value: ''\n",
    );
    let tree = Tree::parse(text).unwrap();
    assert_eq!(values(&tree), "a: 1\nb,c: x,{y}\nd:\n  - p\n  - 2\n");

    let text = k3s("    b: x,y\n    a: 5\n    c: 'true'\n    d: '5'\n");
    let tree = Tree::parse(text).unwrap();
    assert_eq!(values(&tree), "a: 5\nc: true\nb: x,y\nd: \"5\"\n");
}

#[test]
fn the_values_of_a_list_are_read_as_they_are_written() {
    let text = k3s("    a: 5\n    'b.on': 'x'\n    b.c\\.d: ''\n");
    let tree = Tree::parse(text).unwrap();
    let (_, entries, dialect) = list(&tree);
    let assigned = read(&entries, dialect);
    let yaml = Tree::parse(assigned.text()).unwrap();
    let view = View::new(&yaml, yaml.documents()[0].root);
    assert_eq!(view.values().unwrap(), assigned.values);
}

#[test]
fn a_list_changes_only_where_it_must() {
    let text = argo(
        "      # the image\n      - name: \"controller.image.repository\" # mirror\n        value: 'registry.example/arroyo'\n\n      # gone soon\n      - name: controller.old\n        value: x\n      - {name: worker.slots, value: '4'}\n",
    );
    let result = change(&text, |leaves| {
        leaf(leaves, "controller.image.repository").path = path("image.repository");
        leaves.retain(|leaf| leaf.path != path("controller.old"));
        leaf(leaves, "worker.slots").value = Value::from(16);
        leaves.push(added("image.tag", "0.10"));
        leaves.push(added("image.pinned", true));
        leaves.push(added("image.word", "true"));
    });
    let wanted = argo(
        "      # the image\n      - name: \"image.repository\" # mirror\n        value: 'registry.example/arroyo'\n\n      - {name: worker.slots, value: '16'}\n      - name: image.tag\n        value: '0.10'\n      - name: image.pinned\n        value: 'true'\n      - name: image.word\n        value: 'true'\n        forceString: true\n",
    );
    assert_eq!(result.unwrap(), wanted);
}

#[test]
fn a_string_is_forced_to_be_one_only_while_it_must() {
    let text = argo(
        "      - name: a\n        value: x\n      - name: b\n        value: '5'\n        forceString: true\n",
    );
    let result = change(&text, |leaves| {
        leaf(leaves, "a").value = Value::from("null");
        leaf(leaves, "b").value = Value::from(6);
    });
    assert_eq!(
        result.unwrap(),
        argo("      - name: a\n        value: 'null'\n        forceString: true\n      - name: b\n        value: '6'\n").replace("'null'", "\"null\"")
    );
}

#[test]
fn a_map_of_k3s_keeps_its_form() {
    let text = k3s("    a.b: 5 # five\n    # comma\n    c: x,y\n    d: 'true'\n");
    let result = change(&text, |leaves| {
        leaf(leaves, "a.b").path = path("z.b");
        leaf(leaves, "c").value = Value::from("v,w");
        leaf(leaves, "d").value = Value::from(false);
        leaves.push(added("e", "6"));
    });
    assert_eq!(
        result.unwrap(),
        k3s("    z.b: 5 # five\n    # comma\n    c: v,w\n    d: \"false\"\n    e: \"6\"\n")
    );
}

#[test]
fn a_helmfile_says_lists_in_its_own_way() {
    let text = helmfile("  - name: a\n    value: x\n  - name: b\n    values:\n    - p\n");
    let list = Value::List(vec![Value::from("a,b"), Value::from(1)]);
    let result = change(&text, |leaves| {
        leaf(leaves, "a").value = list;
        leaf(leaves, "b").path = Path::keys(["c,d"]);
    });
    assert_eq!(
        result.unwrap(),
        helmfile(
            "  - name: a\n    values:\n    - a,b\n    - 1\n  - name: c,d\n    values:\n    - p\n"
        )
    );
}

#[test]
fn what_is_set_item_by_item_moves_as_a_whole() {
    let text = argo(
        "      - name: env[0].name\n        value: A\n      - name: env[0].value\n        value: b\n",
    );
    let moved = change(&text, |leaves| {
        leaf(leaves, "env").path = path("controller.env")
    });
    assert_eq!(
        moved.unwrap(),
        argo(
            "      - name: controller.env[0].name\n        value: A\n      - name: controller.env[0].value\n        value: b\n"
        )
    );
    let changed = change(&text, |leaves| {
        leaf(leaves, "env").value = Value::List(vec![])
    });
    assert_eq!(changed, Err(PathsError::InParts(path("env"))));
}

#[test]
fn a_target_path_is_renamed_or_goes() {
    let tree = Tree::parse(flux("'a.b'")).unwrap();
    let carrier = carrier_of(&tree);
    let LayerSource::Reference(reference) = &carrier.layers[0].source else {
        panic!("{carrier:?}");
    };
    let target = reference.target_path.as_ref().unwrap();
    let entries = [PathEntry {
        node: carrier.layers[0].node,
        name: target.node,
        path: target.text.clone(),
        value: carrier::PathValue::Set {
            node: None,
            text: "5".to_owned(),
        },
    }];
    let leaf = |at: &str, value: i64| {
        [NewLeaf {
            path: path(at),
            value: Value::from(value),
            from: Some(path("a.b")),
        }]
    };
    let run = |leaves: &[NewLeaf]| {
        rewrite(
            &tree,
            carrier.layers[0].node,
            &entries,
            Dialect::Flux,
            leaves,
        )
    };
    let moved = run(&leaf("x.y", 5)).unwrap();
    assert_eq!(moved.edits.apply(tree.text()), flux("'x.y'"));
    assert_eq!(
        run(&leaf("a.b", 6)),
        Err(PathsError::Elsewhere(path("a.b")))
    );
    // Dropped, it goes as a whole.
    let gone = run(&[]).unwrap().edits.apply(tree.text());
    assert!(
        !gone.contains("targetPath") && gone.contains("chartRef"),
        "{gone}"
    );
}

#[test]
fn what_cannot_be_said_is_an_error() {
    let number = Value::Number(refit::values::Number::parse("1.5").unwrap());
    let text = argo("      - name: a\n        value: x\n");
    let result = change(&text, |leaves| leaf(leaves, "a").value = number);
    assert!(
        matches!(
            &result,
            Err(PathsError::Unwritable {
                error: UnwritableError::Number(_),
                ..
            })
        ),
        "{result:?}"
    );
    let text = helmfile("  - name: a\n    value: x\n");
    let result = change(&text, |leaves| {
        leaf(leaves, "a").value = Value::from("true")
    });
    assert!(
        matches!(&result, Err(PathsError::Unwritable { .. })),
        "{result:?}"
    );
    let result = change(&text, |leaves| leaf(leaves, "a").value = Value::from(""));
    assert!(
        matches!(&result, Err(PathsError::Unwritable { .. })),
        "{result:?}"
    );
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-d]", 1 => Just("x.y".to_owned()), 1 => Just("p,q".to_owned()), 1 => Just("on".to_owned())]
}

fn paths() -> impl Strategy<Value = Path> {
    prop::collection::vec(key(), 1..4).prop_map(Path::keys)
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-z0-9,{}$ ]{1,5}".prop_map(Value::String),
        (-99i64..99).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::from("true")),
        Just(Value::from("0")),
        Just(Value::Null),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => scalar(),
        1 => prop::collection::vec(scalar(), 1..3).prop_map(Value::List),
    ]
}

/// Leaves of which none is inside another.
fn apart(leaves: Vec<(Path, Value)>) -> IndexMap<Path, Value> {
    let mut out: IndexMap<Path, Value> = IndexMap::new();
    for (path, value) in leaves {
        if out.keys().all(|other| !other.is_related(&path)) {
            out.insert(path, value);
        }
    }
    out
}

proptest! {
    #[test]
    fn what_is_wanted_is_read_back(
        kind in 0..3usize,
        old in prop::collection::vec((paths(), any_value()), 1..6).prop_map(apart),
        new in prop::collection::vec((paths(), any_value(), prop::option::of(any::<prop::sample::Index>()), any::<bool>()), 0..6),
    ) {
        let base = match kind {
            0 => argo("      - name: zz\n        value: '1'\n"),
            1 => helmfile("  - name: zz\n    value: '1'\n"),
            _ => k3s("    zz: 1\n"),
        };
        // First write what is to be there.
        let first = change(&base, |leaves| {
            leaves.extend(old.iter().map(|(path, value)| NewLeaf { path: path.clone(), value: value.clone(), from: None }));
        });
        let Ok(first) = first else { return Ok(()) };
        let check = |text: &str, wanted: &IndexMap<Path, Value>| -> Result<(), TestCaseError> {
            let tree = Tree::parse(text).map_err(|error| TestCaseError::fail(format!("{error}: {text}")))?;
            let (_, entries, dialect) = list(&tree);
            let assigned = read(&entries, dialect);
            let found: IndexMap<Path, Value> =
                leaves(&assigned.values).into_iter().map(|(path, value)| (path, value.clone())).collect();
            prop_assert_eq!(&found, wanted, "{}", text);
            Ok(())
        };
        let mut wanted = old.clone();
        wanted.insert(path("zz"), Value::from(1));
        check(&first, &wanted)?;
        // Then change it.
        let froms: Vec<Path> = wanted.keys().cloned().collect();
        let mut next: Vec<NewLeaf> = Vec::new();
        for (path, value, from, keep) in new {
            let from = from.map(|index| froms[index.index(froms.len())].clone());
            let value = match &from {
                Some(from) if keep => wanted[from].clone(),
                _ => value,
            };
            if next.iter().all(|leaf| !leaf.path.is_related(&path)) && path != Path::keys(["zz"]) {
                next.push(NewLeaf { path, value, from });
            }
        }
        next.push(NewLeaf { path: path("zz"), value: Value::from(1), from: Some(path("zz")) });
        let second: IndexMap<Path, Value> =
            next.iter().map(|leaf| (leaf.path.clone(), leaf.value.clone())).collect();
        let Ok(text) = change(&first, |leaves| *leaves = next) else { return Ok(()) };
        check(&text, &second)?;
        // And nothing else.
        let tail = |text: &str| text.split("zz").next().unwrap_or("").len();
        prop_assert_eq!(&text[..tail(&base)], &base[..tail(&base)]);
        let end = base.lines().last().unwrap();
        prop_assert!(text.trim_end().ends_with(end));
    }
}
