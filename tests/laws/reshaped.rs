//! Lists that become maps, maps that become lists, and items that get or lose a key: what did not change keeps
//! its text, its comments and the blank lines beside it.

use refit::{
    migrate::Answers,
    plan::Selection,
    values::{Map, Value},
};
use semver::Version;
use serde_json::Value as Json;

use super::{
    engine::run,
    mended::{files, tree},
    packs,
    real::helm_agrees,
};

/// What steps make of a text.
fn after(before: &str, steps: &str) -> String {
    let files = files(&tree(before), &[("1.1.0", steps)]);
    let folder = tempfile::tempdir().expect("a folder");
    let pack = packs::load(&files, folder.path()).unwrap_or_else(|e| panic!("{steps}: {e}"));
    let (from, to) = (Version::new(1, 0, 0), Version::new(2, 0, 0));
    let (answers, all) = (Answers::new(), Selection::default());
    match run(&pack, before.as_bytes(), &from, &to, &answers, &all, false) {
        Ok(Ok(done)) => done.after.to_string(),
        Ok(Err(refused)) => panic!("{steps}: {}", refused.kind()),
        Err(fault) => panic!("{steps}: {fault}"),
    }
}

/// Each case: the text, ways to say the change, and the text that all of them come to.
fn check(name: &str, before: &str, ways: &[&str], wanted: &str) {
    for steps in ways {
        let found = after(before, steps);
        assert!(found == wanted, "{steps}\n{found}\n--- wanted\n{wanted}");
        let Value::Map(values) = Value::from(&Json::Object(tree(wanted))) else {
            panic!("no map")
        };
        let values: Map = values;
        helm_agrees(name, &[(found, values)]);
    }
}

#[test]
fn a_list_becomes_a_map_by_key() {
    check(
        "a list that becomes a map",
        "\
# All ports.
p:
  # What browsers see.
  - name: web # the front
    port: 0x50
    host: \"shop.example\"

  # For the others.
  - port: 81 # behind
    name: api
",
        &[
            "s: {move: {'p[name=*]': 'n2.*'}, drop: ['p[name=*].name']}",
            "s: {take: {p: p}, do: {n2: \"=by(p, 'name')\"}}",
        ],
        "\
# All ports.
n2:
  # What browsers see.
  web: # the front
    port: 0x50
    host: \"shop.example\"

  # For the others.
  api:
    port: 81 # behind
",
    );
}

#[test]
fn a_map_becomes_a_list_by_key() {
    check(
        "a map that becomes a list",
        "\
p:
  # What browsers see.
  web: # the front
    port: 0x50
    host: 'shop.example'

  # For the others.
  api:
    # It is behind.
    port: 81
",
        &[
            "s: {move: {'p.*': 'n2[name=*]'}}",
            "s: {take: {p: p}, do: {n2: \"=items(p, 'name')\"}}",
        ],
        "\
n2:
  # What browsers see.
  - name: web # the front
    port: 0x50
    host: 'shop.example'

  # For the others.
  - name: api
    # It is behind.
    port: 81
",
    );
}

#[test]
fn a_map_of_texts_becomes_a_list_and_a_map_again() {
    let map = "\
p:
  # Which one runs.
  MODE: 'fast'

  LEVEL: info # quiet
";
    let list = "\
n2:
  # Which one runs.
  - name: MODE
    value: 'fast'

  - name: LEVEL
    value: info # quiet
";
    check(
        "texts that become items",
        map,
        &[
            "s: {move: {'p.*': 'n2[name=*].value'}}",
            "s: {take: {p: p}, do: {n2: \"=p.map(k, {'name': k, 'value': p[k]})\"}}",
        ],
        list,
    );
    check(
        "items that become texts",
        &list.replace("n2:", "p:"),
        &[
            "s: {move: {'p[name=*].value': 'n2.*'}, drop: ['p[name=*].name']}",
            "s: {take: {p: p}, do: {n2: \"=from_entries(p.map(i, {'key': i.name, 'value': i.value}))\"}}",
        ],
        &map.replace("p:", "n2:"),
    );
}

#[test]
fn texts_of_a_list_become_maps_and_texts_again() {
    let texts = "\
p:
  # The shop.
  - \"/\" # root

  - '/api'
  - /static
";
    let maps = "\
p:
  # The shop.
  - path: \"/\" # root
    pathType: Prefix

  - path: '/api'
    pathType: Prefix
  - path: /static
    pathType: Prefix
";
    check(
        "texts that become maps",
        texts,
        &[
            "s: {take: {p: p}, do: {p: \"=p.map(x, {'path': x, 'pathType': 'Prefix'})\"}, same-key: true, if: \"p.all(x, kind(x) == 'text')\"}",
        ],
        maps,
    );
    check(
        "maps that become texts",
        maps,
        &[
            "s: {take: {p: p}, do: {p: \"=p.map(x, x.path)\"}, same-key: true, if: \"p.all(x, kind(x) == 'map')\"}",
        ],
        texts,
    );
}

#[test]
fn an_item_gets_a_key_and_loses_it() {
    let without = "\
p:
  # The shop.
  - host: shop.example # by name
    paths:
      - /   # root

  - host: 'api.example'
    paths: [/]
";
    let with = "\
p:
  # The shop.
  - host: shop.example # by name
    paths:
      - /   # root
    class: nginx

  - host: 'api.example'
    paths: [/]
    class: nginx
";
    check(
        "items that get a key",
        without,
        &[
            "s: {take: {p: p}, do: {p: \"=p.map(x, merge(x, {'class': 'nginx'}))\"}, same-key: true, if: set(p)}",
        ],
        with,
    );
    check(
        "items that lose a key",
        with,
        &[
            "s: {take: {p: p}, do: {p: \"=p.map(x, minus(x, 'class'))\"}, same-key: true, if: set(p)}",
            "s: {drop: ['p[*].class'], why: It is gone.}",
        ],
        without,
    );
}

#[test]
fn the_lines_of_a_text_that_becomes_structure_stay() {
    let text = "\
p: |
  # The limits.
  limits:
    cpu: 0x10   # by hand

    note: |
      as it
        stands
  list:
  - 'a'
# The end.
";
    check(
        "a text that becomes structure",
        text,
        &["s: {take: {p: p}, do: {n2: =parse(p)}}"],
        "\
n2:
  # The limits.
  limits:
    cpu: 0x10   # by hand

    note: |
      as it
        stands
  list:
  - 'a'
# The end.
",
    );
    check(
        "a text that becomes a part",
        text,
        &["s: {take: {p: p}, do: {n2: {inner: =parse(p), own: true}}}"],
        "\
n2:
  inner:
    # The limits.
    limits:
      cpu: 0x10   # by hand

      note: |
        as it
          stands
    list:
    - 'a'
  own: true
# The end.
",
    );
}

#[test]
fn what_items_hold_in_items_of_their_own_is_known_too() {
    let env = "x.env.map(e, {'name': e.name, 'value': e.val})";
    check(
        "variables of containers",
        "\
containers:
  # The one that serves.
  - name: app # main
    image: \"shop/app:1\"
    env:
      # Where it listens.
      - name: PORT # tcp
        val: \"8080\"

      # How much it says.
      - name: LEVEL
        val: 'info' # not debug
  - name: side
    image: shop/side
    # Nothing so far.
    env:
      - {name: A, val: b} # short
",
        &[&format!(
            "s: {{same-key: true, take: {{c: containers}}, do: {{containers: \"=c.map(x, merge(x, {{'env': {env}}}))\"}}}}"
        )],
        "\
containers:
  # The one that serves.
  - name: app # main
    image: \"shop/app:1\"
    env:
      # Where it listens.
      - name: PORT # tcp
        value: \"8080\"

      # How much it says.
      - name: LEVEL
        value: 'info' # not debug
  - name: side
    image: shop/side
    # Nothing so far.
    env:
      - {name: A, value: b} # short
",
    );
    check(
        "paths of hosts",
        "\
ingress:
  hosts:
    # The shop.
    - host: shop.example # by DNS
      paths:
        # All of it.
        - /
        - \"/old\" # until May
    - host: api.example
      paths: [/v1]
",
        &[
            "s: {same-key: true, take: {h: ingress.hosts}, do: {ingress.hosts: \"=h.map(x, merge(x, {'paths': x.paths.map(p, {'path': p, 'pathType': 'Prefix'})}))\"}}",
        ],
        "\
ingress:
  hosts:
    # The shop.
    - host: shop.example # by DNS
      paths:
        # All of it.
        - path: /
          pathType: Prefix
        - path: \"/old\" # until May
          pathType: Prefix
    - host: api.example
      paths: [{path: /v1, pathType: Prefix}]
",
    );
}
