//! Bad requests: versions, charts, steps, answers and packs that do not exist or do not fit. Each is
//! named, with what would fit, and nothing is written.

use crate::demo;

use demo::{ASKS, Demo, PLAIN, Run};

/// Refuses a command line; the message is the snapshot of that name.
fn refused(demo: &Demo, snapshot: &str, line: &str) -> Run {
    let run = demo.run(&format!("upgrade {line}"));
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{line}: {run:?}");
    let write = demo.run(&format!("upgrade {line} --write"));
    assert_eq!(write.code, 2, "{line}: {write:?}");
    assert_eq!(demo.text("v.yaml"), PLAIN, "{line}");
    assert_eq!(demo.text("asks.yaml"), ASKS, "{line}");
    insta::assert_snapshot!(snapshot, run.err);
    run
}

#[test]
fn versions() {
    let demo = Demo::new();
    demo.file("plain.yaml", "worker:\n  slots: 4\n");
    for (snapshot, version) in [
        // Without a chart of its own: the git tag of that name carries another version.
        ("version_not_published", "0.10.2"),
        ("version_unknown", "0.10.7"),
        ("version_too_new", "7.0.0"),
        ("version_with_build", "0.10.3+mine"),
        ("version_short", "0.10"),
        ("version_range", ">=0.10.0"),
        ("version_wildcard", "0.10.x"),
        ("version_latest", "latest"),
        ("version_branch", "main"),
        ("version_of_helm_list", "arroyo-0.10.3"),
    ] {
        for flag in ["--from", "--to"] {
            let run = demo.run(&format!(
                "upgrade plain.yaml --chart arroyo {flag} {version}"
            ));
            assert_eq!((run.code, run.out.as_str()), (2, ""), "{version}: {run:?}");
            // Only a target can be said for one chart of several.
            let said = run
                .err
                .replace("--to <[CHART=]VERSION>", "--from <VERSION>");
            insta::assert_snapshot!(snapshot, said.replace("--to", "--from"));
        }
    }
    // A git tag is a version with a letter in front.
    let run = demo.run("upgrade plain.yaml --chart arroyo --from v0.10.3");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.contains("arroyo 0.10.3 → "), "{run:?}");
    refused(
        &demo,
        "version_backwards",
        "v.yaml --pack pack --chart demo --from 2.0.0 --to 1.0.0",
    );
    refused(
        &demo,
        "version_newer_than_the_target",
        "v.yaml --pack pack --chart demo --from 2.0.0 --to 1.5.0",
    );
}

#[test]
fn charts_steps_and_answers() {
    let demo = Demo::new();
    refused(&demo, "chart_misspelt", "v.yaml --chart aroyo");
    refused(&demo, "chart_unknown", "v.yaml --chart nginx");
    let here = "asks.yaml --pack pack --chart demo --from 1.0.0";
    for (snapshot, flags) in [
        ("step_misspelt", "--only renam"),
        ("step_unknown", "--skip nothing-like-it"),
        ("step_twice", "--only rename --skip rename"),
        ("answer_id_misspelt", "--answer chose=keep"),
        ("answer_id_unknown", "--answer nothing-like-it=keep"),
        ("answer_option_misspelt", "--answer choose=keeep"),
        ("answer_option_unknown", "--answer choose=nothing-like-it"),
        (
            "answer_input_misspelt",
            "--answer choose=type --answer choose.texts=x",
        ),
        (
            "answer_input_of_another_option",
            "--answer choose=keep --answer choose.text=x",
        ),
        ("answer_without_option", "--answer choose.text=x"),
        ("answer_without_value", "--answer choose"),
        ("answer_twice", "--answer choose=keep --answer choose=type"),
        ("answer_empty", "--answer choose=type --answer choose.text="),
    ] {
        refused(&demo, snapshot, &format!("{here} {flags}"));
    }
}

#[test]
fn answer_files() {
    let demo = Demo::new();
    for (snapshot, text) in [
        ("answers_not_yaml", &b"answers: [\n"[..]),
        ("answers_other_file", b"old: a\n"),
        ("answers_boolean", b"answers:\n  choose: {option: yes}\n"),
        (
            "answers_unknown_field",
            b"answers:\n  choose: {option: keep, imputs: {}}\n",
        ),
        ("answers_unknown_id", b"answers:\n  chose: {option: keep}\n"),
        ("answers_utf_16", b"\xff\xfea\0:\0"),
        (
            "answers_for_other_values",
            b"answers:\n  choose: {option: keep, evidence: {pick: other}}\n",
        ),
        ("answers_two_documents", b"answers: {}\n---\nanswers: {}\n"),
    ] {
        demo.file("answers.yaml", text);
        refused(
            &demo,
            snapshot,
            "asks.yaml --pack pack --chart demo --from 1.0.0 --answers answers.yaml",
        );
    }
    refused(
        &demo,
        "answers_missing",
        "asks.yaml --pack pack --chart demo --from 1.0.0 --answers missing.yaml",
    );
}

#[test]
fn packs() {
    let demo = Demo::new();
    refused(&demo, "pack_missing", "v.yaml --pack missing --chart demo");
    refused(&demo, "pack_is_a_file", "v.yaml --pack v.yaml --chart demo");
    let file = |name: &str| demo.text(&format!("pack/{name}"));
    let (pack, migration) = (file("pack.yaml"), file("2.0.0.yaml"));
    for (snapshot, name, text) in [
        (
            "pack_unknown_field",
            "pack.yaml",
            format!("{pack}colour: red\n"),
        ),
        ("pack_not_yaml", "pack.yaml", format!("{pack}evidence: [\n")),
        (
            "pack_unknown_version",
            "pack.yaml",
            pack.replace("  2.0.0: {app: \"2\"}\n", ""),
        ),
        (
            "pack_unknown_step_field",
            "2.0.0.yaml",
            migration.replace("why:", "because:"),
        ),
        (
            "pack_bad_expression",
            "2.0.0.yaml",
            migration.replace("=p}", "=p +}"),
        ),
        (
            "pack_unknown_name",
            "2.0.0.yaml",
            migration.replace("=p}", "=nobody}"),
        ),
        (
            "pack_needs_in_a_circle",
            "2.0.0.yaml",
            migration
                .replace("move: {old: new}", "move: {old: new}\n    needs: [choose]")
                .replace("take: {p: pick}", "take: {p: pick}\n    needs: [rename]"),
        ),
        (
            "pack_needs_nobody",
            "2.0.0.yaml",
            migration.replace("move:", "needs: [nobody]\n    move:"),
        ),
        (
            "pack_two_documents",
            "2.0.0.yaml",
            format!("{migration}---\n{migration}"),
        ),
    ] {
        demo.file(&format!("pack/{name}"), &text);
        let run = demo.run("upgrade v.yaml --pack pack --chart demo --from 1.0.0");
        if snapshot == "pack_needs_in_a_circle" && run.code == 0 {
            // Steps of one migration read the same values, so an order between them means nothing:
            // with either of them, both run.
            assert!(run.out.contains("+new: a"), "{run:?}");
        } else {
            refused(
                &demo,
                snapshot,
                "v.yaml --pack pack --chart demo --from 1.0.0",
            );
        }
        demo.file("pack/pack.yaml", &pack);
        demo.file("pack/2.0.0.yaml", &migration);
    }
}

#[test]
fn standard_input() {
    let demo = Demo::new();
    for (input, out) in [
        ("null\n", "null\n"),
        ("{}\n", "{}\n"),
        ("# nothing\n", "# nothing\n"),
        ("USER-SUPPLIED VALUES:\nnull\n", "null\n"),
        ("USER-SUPPLIED VALUES:\nold: a\n", "new: a\n"),
        ("COMPUTED VALUES:\r\nold: a\r\n", "new: a\r\n"),
        ("\u{feff}USER-SUPPLIED VALUES:\r\nold: a\r\n", "new: a\r\n"),
    ] {
        let run = demo.filter("--from 1.0.0 -", input);
        assert_eq!((run.code, run.out.as_str()), (0, out), "{input:?}: {run:?}");
    }
    for input in ["", "\n", "  \r\n", "\u{feff}", "USER-SUPPLIED VALUES:\n"] {
        let run = demo.filter("--from 1.0.0 -", input);
        assert_eq!(run.code, 2, "{input:?}: {run:?}");
        assert!(run.out.starts_with("\"refit migrated nothing"), "{run:?}");
        insta::assert_snapshot!("stdin_empty", run.err);
    }
    let mut detected = demo.command();
    let run: Run = detected
        .args(["upgrade", "v.yaml", "--chart", "arroyo"])
        .output()
        .unwrap()
        .into();
    assert_eq!(run.code, 2, "no version can be told: {run:?}");
    demo.file("empty.yaml", "");
    let run = demo.run("upgrade empty.yaml");
    assert_eq!(run.code, 2);
    insta::assert_snapshot!("nothing_tells_the_chart", run.err);
}

/// A value of another type than the chart's stops the step that needs it, and nothing else.
#[test]
fn values_of_other_types() {
    let demo = Demo::new();
    let values = [
        "worker: {resources: {}}",
        "worker: {resources: {limits: {}, requests: }}",
        "worker: {slots: -1}",
        "worker: {slots: x}",
        "worker: 5",
        "image: {tag: }",
        "image: 5",
        "controller: [a]",
        "controller: {image: x}",
        "env: foo",
        "env: {a: b}",
        "env: [1, null, {name: 5}]",
        "prometheus: true",
        "postgresql: no",
        "s3: 7",
        "outputDir: 5",
        "imagePullSecrets: x",
    ];
    let names: Vec<String> = (0..values.len()).map(|i| format!("v{i}.yaml")).collect();
    for (name, text) in names.iter().zip(values) {
        demo.file(name, format!("{text}\n"));
    }
    for from in ["0.1.0", "0.5.1", "0.10.3", "0.11.0", "0.14.0"] {
        for to in ["0.12.0", "0.13.0", "0.14.1", "0.15.0"] {
            let line = format!(
                "upgrade {} --chart arroyo --from {from} --to {to}",
                names.join(" ")
            );
            if from == "0.14.0" && to < "0.14" {
                continue;
            }
            let run = demo.run(&line);
            assert_eq!(run.code, 0, "{line}: {}", run.err);
        }
    }
    // What no step can make sense of is refused, in words for who wrote the values.
    demo.file("odd.yaml", "worker: {image: {tag: {a: b}}}\n");
    let run = demo.run("upgrade odd.yaml --chart arroyo --from 0.5.1");
    assert_eq!(run.code, 2);
    insta::assert_snapshot!("value_of_another_type", run.err);
}
