//! What refit.yaml remembers, at its edges: where it lies, what it says wrongly, and what has changed
//! since it was written.

use crate::demo;

use std::fs;

use demo::{Demo, Run};

const OLD: &str = "old: a\n";
const NEW: &str = "new: a\n";

fn ok(run: Run) -> Run {
    assert_eq!(run.code, 0, "{}", run.err);
    run
}

fn refused(run: Run, says: &[&str]) -> Run {
    assert_eq!(run.code, 2, "{}", run.err);
    for says in says {
        assert!(run.err.contains(says), "no `{says}` in:\n{}", run.err);
    }
    run
}

/// A folder with a release of two layers that is written down.
fn recorded(version: &str) -> Demo {
    let demo = Demo::new();
    demo.file("base.yaml", OLD);
    demo.file("prod.yaml", "password: demo-not-real\n");
    demo.file(
        "refit.yaml",
        format!("refit: 1\nreleases:\n  prod:\n    chart: demo\n    version: {version}\n    layers: [base.yaml, prod.yaml]\n"),
    );
    demo
}

/// The same, upgraded by refit, so that digests are noted.
fn written() -> Demo {
    let demo = recorded("1.0.0");
    ok(demo.upgrade("--write"));
    assert_eq!(demo.text("base.yaml"), NEW);
    demo
}

#[test]
fn a_refit_yaml_above_holds_for_the_folders_below() {
    let demo = recorded("1.0.0");
    fs::create_dir_all(demo.path("sub/deeper")).unwrap();
    let run = |line: &str| -> Run {
        let mut command = demo.command();
        command.args(["upgrade", "--pack", "../../pack", "--chart", "demo"]);
        command.args(line.split_whitespace());
        command
            .current_dir(demo.path("sub/deeper"))
            .output()
            .unwrap()
            .into()
    };
    let preview = ok(run(""));
    assert!(preview.err.contains("../../base.yaml"), "{}", preview.err);
    ok(run("--write"));
    assert_eq!(demo.text("base.yaml"), NEW);
    let noted = demo.text("refit.yaml");
    assert!(
        noted.contains("version: \"2.0.0\"") && noted.contains("      base.yaml: sha256:"),
        "{noted}"
    );
    assert_eq!(run("--check").code, 0);
    // A file that is named from there is known as the layer that it is.
    assert_eq!(run("../../prod.yaml --check").code, 0);
}

#[test]
fn a_layer_that_is_missing_stops_its_release_and_no_other() {
    let demo = recorded("1.0.0");
    let text = demo.text("refit.yaml");
    demo.file(
        "refit.yaml",
        format!("{text}  own: {{chart: demo, version: 1.0.0, layers: [v.yaml]}}\n"),
    );
    fs::remove_file(demo.path("prod.yaml")).unwrap();
    refused(demo.upgrade("--write"), &["prod.yaml"]);
    assert_eq!(demo.text("base.yaml"), OLD);
    assert_eq!(demo.text("v.yaml"), demo::PLAIN_AFTER);
}

#[test]
fn a_layer_is_listed_once() {
    let demo = recorded("1.0.0");
    for twice in ["[base.yaml, base.yaml]", "[base.yaml, ./base.yaml]"] {
        let text = demo
            .text("refit.yaml")
            .replace("[base.yaml, prod.yaml]", twice);
        let path = demo.path("refit.yaml");
        let before = demo.text("refit.yaml");
        fs::write(&path, text).unwrap();
        refused(demo.upgrade(""), &["refit.yaml:6:13", "is here twice"]);
        fs::write(&path, before).unwrap();
    }
}

#[test]
fn a_recorded_version_that_does_not_fit_is_explained() {
    let demo = recorded("2.0.0");
    refused(demo.upgrade("--to 1.5.0"), &["2.0.0", "1.5.0"]);
    let demo = recorded("1.7.0");
    refused(demo.upgrade(""), &["1.7.0", "never published"]);
    let demo = recorded("9.0.0");
    refused(demo.upgrade(""), &["9.0.0", "Update refit"]);
    // And it can be overruled.
    let run = ok(demo.upgrade("--release prod@1.0.0"));
    assert!(run.out.contains("+new: a"), "{}", run.out);
}

#[test]
fn a_hand_edit_without_old_keys_is_no_alarm() {
    let demo = written();
    demo.file("base.yaml", "# looked through\nnew: b\n");
    let check = ok(demo.upgrade("--check"));
    assert!(!check.err.contains("was last read by"), "{}", check.err);
}

#[test]
fn a_file_that_was_put_back_is_noticed() {
    let demo = written();
    let noted = demo.text("refit.yaml");
    // git checkout of the values, and not of refit.yaml.
    demo.file("base.yaml", OLD);
    for line in ["", "--check", "--write"] {
        let run = refused(
            demo.upgrade(line),
            &[
                "refit.yaml says",
                "demo 2.0.0",
                "base.yaml changed since refit wrote it",
                "--release prod@VERSION",
            ],
        );
        if line.is_empty() {
            insta::assert_snapshot!("put_back", run.err);
        }
    }
    assert_eq!(demo.text("base.yaml"), OLD);
    assert_eq!(demo.text("refit.yaml"), noted);
    ok(demo.upgrade("--release prod@1.0.0 --write"));
    assert_eq!(demo.text("base.yaml"), NEW);
    ok(demo.upgrade("--check"));
    // An old key beside new ones is no older state: it is pointed at.
    demo.file("base.yaml", "new: a\nold: b\n");
    let both = demo.upgrade("--check");
    assert!(both.code == 1 || both.code == 2, "{}", both.err);
    assert!(both.err.contains("old"), "{}", both.err);
}

#[test]
fn a_release_is_recorded_by_its_own_name_or_its_last_file() {
    for (line, name, layers) in [
        (
            "-f base.yaml -f prod.yaml",
            "prod",
            "      - base.yaml\n      - prod.yaml\n",
        ),
        ("base.yaml", "base", "      - base.yaml\n"),
        (
            "--release eu=base.yaml,prod.yaml",
            "eu",
            "      - base.yaml\n      - prod.yaml\n",
        ),
    ] {
        let demo = recorded("1.0.0");
        fs::remove_file(demo.path("refit.yaml")).unwrap();
        ok(demo.upgrade(&format!("{line} --from 1.0.0 --write --record")));
        let text = demo.text("refit.yaml");
        assert!(
            text.contains(&format!(
                "  {name}:\n    chart: demo\n    version: \"2.0.0\"\n    layers:\n{layers}"
            )),
            "{text}"
        );
        ok(demo.upgrade("--check"));
    }
    // Another release that is called so by its file is not taken for the one that is noted.
    let demo = recorded("1.0.0");
    fs::create_dir(demo.path("x")).unwrap();
    demo.file("x/prod.yaml", OLD);
    let before = demo.text("refit.yaml");
    refused(
        demo.upgrade("x/prod.yaml --from 1.0.0 --write --record"),
        &["with other files", "--release NAME"],
    );
    assert_eq!(demo.text("x/prod.yaml"), OLD);
    ok(demo.upgrade("x/prod.yaml --from 1.0.0 --write"));
    assert_eq!(demo.text("refit.yaml"), before);
}

#[test]
fn what_a_manifest_carries_is_not_recorded_twice() {
    let demo = Demo::new();
    demo.file(
        "app.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop}\nspec:\n  source:\n    repoURL: https://charts.example/demo\n    chart: demo\n    targetRevision: 1.0.0\n    helm:\n      valuesObject:\n        old: a\n",
    );
    let run = ok(demo.upgrade("app.yaml --write --record"));
    assert!(
        run.err.contains("Not noted in refit.yaml") && run.err.contains("manifest"),
        "{}",
        run.err
    );
    assert!(demo.text("app.yaml").contains("targetRevision: 2.0.0"));
    assert!(!demo.path("refit.yaml").exists());
}

#[test]
fn an_answer_that_is_kept_holds_for_the_values_it_was_given_for() {
    let demo = Demo::new();
    demo.file("refit.yaml", "refit: 1\nreleases:\n  prod:\n    chart: demo\n    version: 1.0.0\n    layers: [asks.yaml]\n    answers:\n      choose: {option: keep, evidence: {pick: b}}\n");
    let run = ok(demo.upgrade(""));
    assert!(run.out.contains("+picked: b"), "{}{}", run.out, run.err);
    demo.file("asks.yaml", "old: a\npick: other\n");
    refused(
        demo.upgrade("--write"),
        &["choose", "other values", "--answer choose=OPTION"],
    );
    ok(demo.upgrade("--write --answer choose=keep"));
    assert!(
        demo.text("refit.yaml").contains("other"),
        "{}",
        demo.text("refit.yaml")
    );
}

#[test]
fn a_layer_is_not_changed_behind_the_back_of_another_release() {
    let demo = recorded("1.0.0");
    demo.file("staging.yaml", "password: demo-not-real-either\n");
    for line in [
        "-f base.yaml -f staging.yaml --from 1.0.0 --write",
        "--release staging@1.0.0=base.yaml,staging.yaml --write",
    ] {
        refused(
            demo.upgrade(line),
            &["base.yaml, which is a layer of prod too", "--release prod"],
        );
        assert_eq!(demo.text("base.yaml"), OLD);
    }
    // Only one of them is in refit.yaml: both go in one run.
    ok(demo.upgrade("--release prod --release staging@1.0.0=base.yaml,staging.yaml --write"));
    assert_eq!(demo.text("base.yaml"), NEW);
    assert!(!demo.text("refit.yaml").contains("staging"));
    // Nothing is left to change in it, so nobody's back is in question.
    ok(demo.upgrade("--release staging@2.0.0=base.yaml,staging.yaml --write --record"));
    assert!(demo.text("refit.yaml").contains("  staging:\n"));
}

#[test]
fn a_release_that_is_known_keeps_its_answers_when_its_files_are_named() {
    let demo = Demo::new();
    demo.file("refit.yaml", "refit: 1\nreleases:\n  prod:\n    chart: demo\n    version: 1.0.0\n    layers: [asks.yaml, v.yaml]\n    answers:\n      choose: {option: type, inputs: {text: ours}}\n");
    for line in [
        "--release prod=asks.yaml,v.yaml",
        "-f asks.yaml -f v.yaml",
        "asks.yaml",
    ] {
        let run = ok(demo.upgrade(line));
        assert!(
            run.out.contains("+picked: ours"),
            "{line}: {}{}",
            run.out,
            run.err
        );
    }
    refused(
        demo.upgrade("--release prod=v.yaml"),
        &["refit.yaml has a release `prod` with other files: asks.yaml, v.yaml"],
    );
    refused(demo.upgrade("--release prd"), &["did you mean `prod`?"]);
}

#[test]
fn releases_that_are_asked_about_different_values_are_answered_apart() {
    let demo = Demo::new();
    demo.file("one.yaml", "pick: a\n");
    demo.file("two.yaml", "pick: b\n");
    let both = "--release one@1.0.0=one.yaml --release two@1.0.0=two.yaml";
    let run = ok(demo.upgrade(both));
    for says in ["--answer one:choose=keep", "--answer two:choose=keep"] {
        assert!(run.err.contains(says), "no `{says}` in\n{}", run.err);
    }
    assert!(!run.err.contains("--answer choose="), "{}", run.err);
    // The command does what it says.
    ok(demo.paste(&run.err));
    assert_eq!(demo.text("two.yaml"), "picked: b\n");
    // The same values: one answer for both.
    demo.file("one.yaml", "pick: a\n");
    demo.file("two.yaml", "pick: a\n");
    let run = ok(demo.upgrade(both));
    assert_eq!(
        run.err.matches("--answer choose=keep").count(),
        1,
        "{}",
        run.err
    );
    assert!(!run.err.contains("one:choose"), "{}", run.err);
    // An input that is still to be typed is asked for its release.
    demo.file("two.yaml", "pick: b\n");
    let run = ok(demo.upgrade(&format!(
        "{both} --answer one:choose=type --answer two:choose=keep"
    )));
    assert!(
        run.err.contains("--answer one:choose.text=  ("),
        "{}",
        run.err
    );
}

#[test]
fn what_an_upgrade_did_stays_on_record_until_the_next_one() {
    let demo = written();
    let noted = demo.text("refit.yaml");
    let record = "upgraded:\n      from: demo 1.0.0\n      pack: pack\n      steps:\n        - ";
    assert!(noted.contains(record), "{noted}");
    // A run that finds nothing to do leaves the record.
    ok(demo.upgrade("--write"));
    assert_eq!(demo.text("refit.yaml"), noted);
    // A record that somebody mended wrongly is an error with its place.
    let broken = noted.replace("pack: pack", "packs: pack");
    demo.file("refit.yaml", broken);
    refused(
        demo.upgrade(""),
        &["`packs` is not known here", "from, pack and steps"],
    );
}
