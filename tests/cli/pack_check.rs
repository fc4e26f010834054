//! `refit pack check`: what is printed, and what the exit code says.

use crate::demo;

use demo::Demo;

#[test]
fn a_good_pack_has_nothing_wrong() {
    let demo = Demo::new();
    let run = demo.run("pack check pack");
    assert_eq!(
        (run.code, run.out.as_str(), run.err.as_str()),
        (0, "", "demo: 3 versions, 1 migration: no problems found\n")
    );
}

#[test]
fn findings_have_their_place_and_are_counted() {
    let demo = Demo::new();
    let migration = demo.text("pack/2.0.0.yaml");
    demo.file(
        "pack/2.0.0.yaml",
        migration
            .replace("move: {old: new}", "move: {old: now}")
            .replace("do: {picked: =text}", "do: {picked: =p}"),
    );
    demo.file("pack/notes.txt", "");
    let run = demo.run("pack check pack");
    assert_eq!(run.code, 1, "{run:?}");
    insta::assert_snapshot!(format!("{}{}", run.out, run.err));
}

#[test]
fn warnings_fail_only_if_that_is_asked_for() {
    let demo = Demo::new();
    demo.file("pack/notes.txt", "");
    assert_eq!(demo.run("pack check pack").code, 0);
    let run = demo.run("pack check pack --deny warnings");
    assert_eq!((run.code, run.err.as_str()), (1, "demo: 1 warning\n"));
    let run = demo.run("upgrade v.yaml --pack pack --chart demo --from 1.0.0");
    assert_eq!(run.code, 0, "a warning stops no upgrade: {run:?}");
}

#[test]
fn json_is_one_object() {
    let demo = Demo::new();
    demo.file("pack/2.0.yaml", "");
    let run = demo.run("pack check pack -o json");
    assert_eq!((run.code, run.err.as_str()), (1, ""));
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(json["chart"], "demo");
    assert_eq!(json["versions"], 3);
    assert_eq!(json["findings"][0]["file"], "2.0.yaml");
    assert_eq!(json["findings"][0]["code"], "unknown-file");
    assert_eq!(json["findings"][0]["line"], serde_json::Value::Null);
}

#[test]
fn a_folder_that_cannot_be_loaded_is_checked_all_the_same() {
    let demo = Demo::new();
    demo.file("pack/pack.yaml", "pack: 1\nchart: demo\ntitel: Demo\n");
    let run = demo.run("pack check pack");
    assert_eq!(run.code, 1, "{run:?}");
    for says in [
        "did you mean `title`?",
        "`versions` is missing",
        "`title` is missing",
    ] {
        assert!(run.out.contains(says), "{run:?}");
    }
    let run = demo.run("pack check nowhere");
    assert_eq!(run.code, 2, "{run:?}");
}
