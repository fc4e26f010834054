//! Packs of sub-charts: what another pack knows, below a key of a chart that brings it along.

use std::fs;

use crate::demo::{Demo, Run};

/// The pack of a stack that brings dashboards along, which have a pack in `charts/` of its folder.
const STACK: &str = "\
pack: 1
chart: stack
title: A stack
sub-charts:
  dashboards:
    pack: boards
    versions: {10.0.0: 1.0.0, 11.0.0: 1.1.0, 12.0.0: 3.0.0}
versions:
  9.0.0: {app: \"9\"}
  10.0.0: {app: \"10\"}
  11.0.0: {app: \"11\"}
  12.0.0: {app: \"12\"}
";

const STACK_KEYS: &str = "\
dashboards: [{in: \"*\", open: sub-chart}]
dashboards.admin: [{in: \"*\", default: stack}]
size: [{in: \"<12.0.0\", default: 1}]
dashboards.replicas: [{in: \">=12.0.0\", default: 1}]
";

const STACK_12: &str = "\
version: 12.0.0
title: Sizes
link: https://stack.example/12
steps:
  size:
    title: Hand the size on
    why: The stack does not read it any more.
    move: {size: dashboards.replicas}
";

const BOARDS: &str = "\
pack: 1
chart: boards
title: Dashboards
versions:
  1.0.0: {app: \"1.0\"}
  1.1.0: {app: \"1.1\"}
  2.0.0: {app: \"2.0\"}
  3.0.0: {app: \"3.0\"}
";

const BOARDS_KEYS: &str = "\
admin: [{in: \"*\", default: boards}]
replicas: [{in: \"*\", default: 1}]
port: [{in: \"<2.0.0\", default: 80}]
service.port: [{in: \">=2.0.0, <3.0.0\", default: 80}]
service.ports.http: [{in: \">=3.0.0\", default: 80}]
sources.*.url: [{in: \"<3.0.0\"}]
sources.*.endpoint: [{in: \">=3.0.0\"}]
registry: [{in: \">=2.0.0\", default: \"\"}]
note: [{in: \"*\", default: \"\"}]
";

const BOARDS_2: &str = "\
version: 2.0.0
title: Services
link: https://boards.example/2
steps:
  port:
    title: Move the port
    why: It is the Service's now.
    move: {port: service.port}
  registry:
    title: Take over the registry
    why: The registry has a key of its own now.
    take: {r: global.registry}
    do: {registry: =r}
";

const BOARDS_3: &str = "\
version: 3.0.0
title: Names
link: https://boards.example/3
steps:
  ports:
    title: Give the port a name
    why: There can be several.
    move: {service.port: service.ports.http}
    needs: [endpoints]
  endpoints:
    title: Rename the addresses
    why: They are called endpoints now.
    for: sources.*
    as: source
    move: {\"sources.{source}.url\": \"sources.{source}.endpoint\"}
  note:
    title: Say what came
    take: {n: note}
    first:
      - target: \"<3.0.0\"
        do: {note: never}
      - do: {note: \"=n + ' ' + target.version + ' ' + target.app + ' ' + target.values.admin + ' ' + string(before.values.port)\"}
";

fn demo(steps: &[(&str, &str)]) -> Demo {
    let demo = Demo::new();
    fs::remove_file(demo.path("pack/2.0.0.yaml")).unwrap();
    let inner = "pack/charts/boards";
    fs::create_dir_all(demo.path(inner)).unwrap();
    demo.file("pack/pack.yaml", STACK);
    demo.file("pack/keys.yaml", STACK_KEYS);
    demo.file("pack/12.0.0.yaml", STACK_12);
    for (name, text) in [
        ("pack.yaml", BOARDS),
        ("keys.yaml", BOARDS_KEYS),
        ("2.0.0.yaml", BOARDS_2),
        ("3.0.0.yaml", BOARDS_3),
    ] {
        demo.file(&format!("{inner}/{name}"), text);
    }
    for (name, text) in steps {
        demo.file(name, text);
    }
    demo
}

fn words(run: &Run) -> String {
    run.err.split_whitespace().collect::<Vec<_>>().join(" ")
}

const BEFORE: &str = "\
# the stack
size: 3 # pods
global:
  registry: reg.example # for all
dashboards:
  port: 8080
  note: hello
  sources:
    main:
      # where it is
      url: http://main.example
";

const AFTER: &str = "\
# the stack
global:
  registry: reg.example # for all
dashboards:
  service:
    ports:
      http: 8080
  replicas: 3 # pods
  registry: reg.example
  note: hello 3.0.0 3.0 stack 80
  sources:
    main:
      # where it is
      endpoint: http://main.example
";

#[test]
fn steps_of_a_sub_chart_are_done_below_its_key_with_the_version_that_brings_it() {
    let demo = demo(&[("v.yaml", BEFORE)]);
    let run = demo.run("upgrade v.yaml --chart stack --from 10.0.0 --pack pack --write -v");
    assert_eq!(run.code, 0, "{}", run.err);
    let after = demo.text("v.yaml");
    let read = |text: &str| serde_yaml::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(read(&after), read(AFTER), "{after}");
    for kept in [
        "# the stack",
        "# pods",
        "# for all",
        "      # where it is\n",
    ] {
        assert!(after.contains(kept), "{kept}: {after}");
    }
    let said = format!("{} {}", run.out, words(&run));
    for told in [
        "dashboards-port",
        "dashboards-endpoints",
        "global.registry stays at the root",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    // From the version that was reached nothing is to be done.
    let run = demo.run("upgrade v.yaml --chart stack --from 12.0.0 --pack pack --check");
    assert_eq!(run.code, 0, "{}", run.err);
}

#[test]
fn a_version_that_brings_no_change_along_changes_nothing() {
    for (from, to) in [("9.0.0", "10.0.0"), ("10.0.0", "11.0.0")] {
        let demo = demo(&[("v.yaml", BEFORE)]);
        let run = demo.run(&format!(
            "upgrade v.yaml --chart stack --from {from} --to {to} --pack pack --write"
        ));
        assert_eq!(
            (run.code, demo.text("v.yaml")),
            (0, BEFORE.to_owned()),
            "{}",
            run.err
        );
    }
}

#[test]
fn keys_of_a_sub_chart_are_known_from_the_first_version_that_is_told() {
    // Left over from before: 12.0.0 brings boards 3.0.0, which reads the newer key.
    let values = "dashboards:\n  port: 81\n  service: {ports: {http: 82}}\n  prot: 1\n";
    let demo = demo(&[("v.yaml", values)]);
    let run = demo.run("upgrade v.yaml --chart stack --from 12.0.0 --pack pack --check");
    assert_eq!(run.code, 0, "{}", run.err);
    let said = words(&run);
    for told in [
        "does not know `dashboards.port`; 11.0.0 was the last version that did",
        "its place at `dashboards.service.ports.http` now",
        "does not know `dashboards.prot`",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    let run = demo.run("explain dashboards-ports --pack pack");
    assert!(
        run.out.contains("dashboards.service.ports.http"),
        "{} {}",
        run.out,
        run.err
    );
}

#[test]
fn the_check_looks_at_what_is_named() {
    let demo = demo(&[]);
    let run = demo.run("pack check pack");
    assert_eq!(run.code, 0, "{} {}", run.out, run.err);
    let wrong = [
        ("pack: boards", "pack: bords", "there is no pack `bords`"),
        (
            "10.0.0: 1.0.0,",
            "10.5.0: 1.0.0,",
            "10.5.0 is not among the versions",
        ),
        (
            "12.0.0: 3.0.0",
            "12.0.0: 3.1.0",
            "does not know the version 3.1.0",
        ),
        ("11.0.0: 1.1.0", "11.0.0: 3.0.0", ""),
        ("12.0.0: 3.0.0", "12.0.0: 1.0.0", "both versions must grow"),
    ];
    for (old, new, said) in wrong {
        demo.file("pack/pack.yaml", STACK.replace(old, new));
        let run = demo.run("pack check pack");
        let found = format!("{} {}", run.out, run.err);
        let wanted = i32::from(!said.is_empty());
        assert_eq!(run.code, wanted, "{new}: {found}");
        assert!(found.contains(said), "{said}: {found}");
    }
    demo.file("pack/pack.yaml", STACK);
    demo.file(
        "pack/12.0.0.yaml",
        STACK_12.replace("  size:\n", "  dashboards-port:\n"),
    );
    let run = demo.run("pack check pack");
    assert!(
        run.code == 1 && run.out.contains("comes to be called"),
        "{} {}",
        run.out,
        run.err
    );
}

#[test]
fn what_tells_versions_of_a_sub_chart_tells_those_that_bring_it() {
    let evidence = "evidence:\n  - {path: port, versions: \"<2.0.0\", strength: strong, why: Boards 2 moved it.}\n  \
                    - {path: service.ports, if: \"=set(values.global.registry)\", versions: \">=3.0.0\", strength: strong, why: Boards 3 brought it.}\n";
    let boards = BOARDS.replace("versions:\n", &format!("{evidence}versions:\n"));
    let from = |values: &str| {
        let demo = demo(&[
            ("pack/charts/boards/pack.yaml", boards.as_str()),
            ("v.yaml", values),
        ]);
        let run = demo.run("upgrade v.yaml --chart stack --pack pack -o json");
        let json: serde_json::Value = serde_json::from_str(&run.out).unwrap_or_default();
        let release = &json["releases"][0];
        (
            run.code,
            release["from"].clone(),
            release["evidence"][0]["path"].clone(),
            format!("{} {}", run.out, words(&run)),
        )
    };
    // 1.1.0 comes with 11.0.0 still, and 3.0.0 with 12.0.0; what came before 10.0.0 is not known.
    let (code, version, path, said) = from("dashboards: {port: 1}\n");
    assert_eq!(
        (code, version, path),
        (0, "11.0.0".into(), "dashboards.port".into()),
        "{said}"
    );
    let (code, version, path, said) =
        from("global: {registry: r}\ndashboards: {service: {ports: {http: 1}}}\n");
    assert_eq!(
        (code, version, path),
        (0, "12.0.0".into(), "dashboards.service.ports".into()),
        "{said}"
    );
    let (code, _, _, said) =
        from("global: {registry: r}\ndashboards: {port: 1, service: {ports: {http: 1}}}\n");
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("exclude each other"), "{said}");
}

#[test]
fn facts_of_a_sub_chart_are_stated_with_its_own_values_and_defaults() {
    let facts = "facts:\n  who:\n    title: Who may enter\n    by-version:\n      \
                 - {versions: \"<3.0.0\", value: \"{values.admin} by {values.global.registry}\"}\n      \
                 - {versions: \">=3.0.0\", value: \"=values.admin + ' at ' + string(values.service.ports.http)\"}\n";
    let boards = BOARDS.replace("versions:\n", &format!("{facts}versions:\n"));
    let values = "global: {registry: r.example}\ndashboards: {port: 1}\n";
    let demo = demo(&[
        ("pack/charts/boards/pack.yaml", boards.as_str()),
        ("v.yaml", values),
    ]);
    let run = demo.run("upgrade v.yaml --chart stack --from 11.0.0 --pack pack -o json");
    let json: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    let fact = &json["releases"][0]["facts"][0];
    assert_eq!(fact["title"], "dashboards: Who may enter", "{}", run.out);
    assert_eq!(fact["before"], "stack by r.example");
    assert_eq!(fact["after"], "stack at 1");
}
