//! Edits that would go through an alias or a merge key: asked, never done unasked, and exact if they
//! are allowed.

use crate::demo;

use std::process::Stdio;

use demo::{Demo, Run};

/// Everything below these is known to every version.
const KEYS: &str = "\
base: [{in: \"*\", default: {}}]
controller: [{in: \"*\", default: {}}]
other: [{in: \"*\", default: {}}]
worker: [{in: \"*\", default: {}}]
third: [{in: \"*\", default: {}}]
last: [{in: \"*\", default: []}]
old: [{in: \"<2.0.0\", default: \"\"}]
";

const MIGRATION: &str = "\
version: 2.0.0
title: Tags have a new name
steps:
  tags:
    title: Rename the tags
    move: {controller.image.tag: controller.image.version}
";

/// A controller and a worker that share an image, one of which changes.
const SHARED: &str = "\
controller:
  image: &image          # the mirror
    repository: registry.example.com/app # why
    tag: \"0.10\"
    pullSecrets: [{name: regcred}]
worker:
  image: *image
";

fn demo() -> Demo {
    let demo = Demo::new();
    demo.file("pack/keys.yaml", KEYS);
    demo.file("pack/2.0.0.yaml", MIGRATION);
    demo
}

/// Runs with a migration that changes `path`, on a text.
fn run(migration: &str, text: &str, flags: &str) -> (Run, String) {
    let demo = demo();
    demo.file(
        "pack/2.0.0.yaml",
        MIGRATION.replace(
            "move: {controller.image.tag: controller.image.version}",
            migration,
        ),
    );
    demo.file("v.yaml", text);
    let run = demo.upgrade(&format!("v.yaml --from 1.0.0 {flags}"));
    let text = demo.text("v.yaml");
    (run, text)
}

/// Detaches, and checks that nothing is left to do and that Helm's view has no name twice.
fn detached(migration: &str, text: &str) -> String {
    let (asked, same) = run(migration, text, "--write");
    assert_eq!(
        (asked.code, same.as_str()),
        (3, text),
        "it is asked: {asked:?}"
    );
    let (done, after) = run(migration, text, "--write --answer detach=copy");
    assert_eq!(done.code, 0, "{done:?}");
    let (recommended, same) = run(migration, text, "--write --accept-recommended");
    assert_eq!((recommended.code, &same), (0, &after), "{recommended:?}");
    let (again, same) = run(migration, &after, "--write");
    assert_eq!(
        (again.code, &same),
        (0, &after),
        "a second run finds nothing to ask: {again:?}"
    );
    let mut anchors: Vec<&str> = after
        .split('&')
        .skip(1)
        .map(|rest| rest.split([' ', '\n']).next().unwrap())
        .collect();
    anchors.sort_unstable();
    let all = anchors.len();
    anchors.dedup();
    assert_eq!(anchors.len(), all, "an anchor is defined twice:\n{after}");
    after
}

#[test]
fn the_question_is_one_like_any_other() {
    let demo = demo();
    let text = SHARED
        .replace("controller", "other")
        .replace("worker", "controller");
    demo.file("v.yaml", &text);
    let preview = demo.upgrade("v.yaml --from 1.0.0");
    assert_eq!((preview.code, preview.out.as_str()), (0, ""), "{preview:?}");
    insta::assert_snapshot!("question", preview.err);
    let pasted = demo.paste(&preview.err);
    assert_eq!(
        pasted.code, 0,
        "the command answers as recommended: {pasted:?}"
    );
    demo.file("v.yaml", &text);
    for (line, code) in [
        ("--write", 3),
        ("--check", 3),
        ("--write --answer detach=refuse", 2),
        ("--write --answer detach=maybe", 2),
        ("--write --answer detach=copy --answer detach.x=y", 2),
    ] {
        let run = demo.upgrade(&format!("v.yaml --from 1.0.0 {line}"));
        assert_eq!(run.code, code, "{line}: {run:?}");
        assert_eq!(demo.text("v.yaml"), text);
        insta::assert_snapshot!(
            format!("answer {line}").replace(|c: char| !c.is_ascii_alphanumeric(), "_"),
            run.err
        );
    }
    let json = demo.upgrade("v.yaml --from 1.0.0 -o json");
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let steps = json["releases"][0]["steps"].as_array().unwrap();
    let states: Vec<_> = steps
        .iter()
        .map(|step| {
            (
                step["id"].as_str().unwrap(),
                step["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert!(
        states.contains(&("detach", "open")) && states.contains(&("tags", "waiting")),
        "{states:?}"
    );
    assert_eq!(json["releases"][0]["files"][0]["changed"], false);
    assert_eq!(json["releases"][0]["ledger"][0]["fate"], "held");
    // Where nothing is shared the answer is only one that nobody needed.
    demo.file("plain.yaml", "controller:\n  image:\n    tag: a\n");
    let run = demo.upgrade("plain.yaml --from 1.0.0 --answer detach=copy -v");
    assert!(
        run.code == 0 && run.err.contains("Answers that no question needed: detach"),
        "{run:?}"
    );
}

#[test]
fn answers_stand_in_files_and_hold_for_their_place() {
    let demo = demo();
    demo.file(
        "v.yaml",
        SHARED
            .replace("controller", "other")
            .replace("worker", "controller"),
    );
    demo.file(
        "a.yaml",
        "answers:\n  detach: {option: copy, evidence: {controller.image: \"*image\"}}\n",
    );
    let run = demo.upgrade("v.yaml --from 1.0.0 --answers a.yaml");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("+    version: \"0.10\""), "{run:?}");
    demo.file(
        "a.yaml",
        "answers:\n  detach: {option: copy, evidence: {worker.image: \"*image\"}}\n",
    );
    let run = demo.upgrade("v.yaml --from 1.0.0 --answers a.yaml");
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("was given for other values"), "{run:?}");
}

#[test]
fn standard_input_waits_for_the_answer() {
    let demo = demo();
    let text = SHARED
        .replace("controller", "other")
        .replace("worker", "controller");
    let run = demo.filter("--from 1.0.0 -", &text);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(
        run.out
            .starts_with("\"refit migrated nothing: it needs answers (detach)"),
        "{run:?}"
    );
    let run = demo.filter("--from 1.0.0 - --answer detach=copy", &text);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("version: \"0.10\""), "{run:?}");
}

#[test]
fn an_alias_becomes_a_copy_and_the_anchor_stays() {
    insta::assert_snapshot!(
        detached(
            "move: {worker.image.tag: worker.image.version}",
            SHARED
        ),
        @r#"
    controller:
      image: &image          # the mirror
        repository: registry.example.com/app # why
        tag: "0.10"
        pullSecrets: [{name: regcred}]
    worker:
      image:
        repository: registry.example.com/app
        version: "0.10"
        pullSecrets: [{name: regcred}]
    "#
    );
}

#[test]
fn a_merge_with_one_key_overridden() {
    insta::assert_snapshot!(
        detached(
            "move: {worker.tag: worker.version}",
            "\
base: &base
  repository: registry.example.com/app
  tag: \"0.10\"
  slots: 4
worker:
  <<: *base
  slots: 8 # more
  own: x
other:
  <<: *base
"
        ),
        @r#"
    base: &base
      repository: registry.example.com/app
      tag: "0.10"
      slots: 4
    worker:
      repository: registry.example.com/app
      version: "0.10"
      slots: 8 # more
      own: x
    other:
      <<: *base
    "#
    );
}

#[test]
fn what_an_entry_overrides_does_not_come_back_where_that_entry_goes() {
    insta::assert_snapshot!(
        detached(
            "move: {worker.tag: worker.version}",
            "\
base: &base
  repository: registry.example.com/app
  tag: \"0.10\"
worker:
  <<: *base
  tag: \"0.11\" # its own
"
        ),
        @r#"
    base: &base
      repository: registry.example.com/app
      tag: "0.10"
    worker:
      repository: registry.example.com/app
      version: "0.11" # its own
    "#
    );
}

#[test]
fn a_map_into_which_a_changed_one_is_merged_gets_a_copy() {
    insta::assert_snapshot!(
        detached(
            "move: {controller.tag: controller.version}",
            "\
controller: &base
  repository: registry.example.com/app
  tag: \"0.10\"
worker:
  <<: *base
  slots: 8 # more
"
        ),
        @r#"
    controller: &base
      repository: registry.example.com/app
      version: "0.10"
    worker:
      repository: registry.example.com/app
      tag: "0.10"
      slots: 8 # more
    "#
    );
}

#[test]
fn a_copy_defines_no_anchor_again() {
    insta::assert_snapshot!(
        detached(
            "move: {worker.tag: worker.version}",
            "\
base: &base
  tag: \"0.10\"
  resources: &res   # sized
    limits: &lim {cpu: 1}
    requests: *lim
  deeper:
    selector: &sel {a: b}
    name: &name app
worker: *base
third:
  <<: *base
last: [*res, *sel, *name]
"
        ),
        @r#"
    base: &base
      tag: "0.10"
      resources: &res   # sized
        limits: &lim {cpu: 1}
        requests: *lim
      deeper:
        selector: &sel {a: b}
        name: &name app
    worker:
      version: "0.10"
      resources: *res
      deeper:
        selector: *sel
        name: *name
    third:
      <<: *base
    last: [*res, *sel, *name]
    "#
    );
}

/// What changes at its anchor would change at every alias: one that is to stay gets the copy.
#[test]
fn an_alias_does_not_follow_a_change_at_its_anchor() {
    insta::assert_snapshot!(detached(
        "move: {controller.image.tag: controller.image.version}",
        &format!("{SHARED}last: [*image]\n")
    ));
}

#[test]
fn an_alias_that_moves_as_a_whole_is_not_asked_about() {
    let text = "controller:\n  image: &i {tag: a}\nworker:\n  image: *i\n";
    let (run, after) = run("move: {worker.image: worker.picture}", text, "--write");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(
        after,
        "controller:\n  image: &i {tag: a}\nworker:\n  picture: *i\n"
    );
}

#[test]
fn flow_style_and_lists() {
    insta::assert_snapshot!(
        detached(
            "move: {worker.tag: worker.version}",
            "{base: &b {tag: a, list: [1, 2]}, worker: *b}\n"
        ),
        @"{base: &b {tag: a, list: [1, 2]}, worker: {version: a, list: [1, 2]}}"
    );
}

/// One question for all layers of a release, with all its places.
#[test]
fn layers_share_one_question() {
    let demo = demo();
    let text = SHARED
        .replace("controller", "other")
        .replace("worker", "controller");
    demo.file("a.yaml", &text);
    demo.file("b.yaml", &text);
    let run: Run = demo
        .command()
        .args([
            "upgrade", "--pack", "pack", "--chart", "demo", "--from", "1.0.0", "-f", "a.yaml",
            "-f", "b.yaml",
        ])
        .stdin(Stdio::null())
        .output()
        .unwrap()
        .into();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.contains("1 question for you"), "{run:?}");
    assert!(
        run.err.contains("a.yaml:7") && run.err.contains("b.yaml:7"),
        "{run:?}"
    );
}
