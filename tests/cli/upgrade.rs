//! `refit upgrade` as a program: streams, exit codes, and that the command it prints does what it says.

use crate::demo;

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
};

use demo::{ASKS, Demo, PLAIN, PLAIN_AFTER};

/// A setting that comes from the end of a file to one that stands at its beginning uproots nothing between them.
#[test]
fn what_no_step_touches_keeps_its_blank_lines_and_section_comments() {
    let demo = Demo::new();
    let between = "\n# ===== Access\n\n# of the robot\npassword: hunter2-demo  # ours\n# end of access\n\n# ===== Sizes\n\nsize: 1\n";
    demo.file(
        "v.yaml",
        format!("name: shop\n\nnew: 1\n{between}\n# ===== Old names\n\nold: 2\n# tail\n"),
    );
    let run = demo.upgrade("v.yaml --from 1.0.0 --write");
    assert_eq!(run.code, 0, "{run:?}");
    let text = demo.text("v.yaml");
    assert!(text.contains(between), "{text}");
    assert!(text.starts_with("name: shop\n\n"), "{text}");
    assert_eq!(
        (text.matches("new: 2\n").count(), text.contains("old: ")),
        (1, false),
        "{text}"
    );
    assert!(
        text.contains("# ===== Old names\n") && text.contains("# tail\n"),
        "{text}"
    );
}

#[test]
fn a_preview_changes_nothing_and_prints_the_command_that_does() {
    let demo = Demo::new();
    let preview = demo.upgrade("v.yaml --from 1.0.0");
    assert_eq!(preview.code, 0, "{preview:?}");
    assert!(
        preview.out.contains("-old: a # why\n+new: a # why\n"),
        "{preview:?}"
    );
    assert!(
        !preview.out.contains("hunter2") && !preview.err.contains("hunter2"),
        "{preview:?}"
    );
    assert_eq!(demo.text("v.yaml"), PLAIN);
    let written = demo.paste(&preview.err);
    assert_eq!(written.code, 0, "{written:?}");
    assert_eq!(written.out, "", "what was shown is not shown again");
    assert!(written.err.contains("Wrote v.yaml\n"), "{written:?}");
    assert_eq!(demo.text("v.yaml"), PLAIN_AFTER);
    let again = demo.upgrade("v.yaml --from 2.0.0");
    assert_eq!((again.code, again.out.as_str()), (0, ""));
    assert_eq!(
        again.err,
        "v.yaml: already fits demo 2.0.0; nothing to do\n"
    );
}

#[test]
fn names_that_a_shell_would_take_apart_survive_the_command() {
    let demo = Demo::new();
    for name in [
        "-w",
        "it's; touch x.yaml",
        "a b\tc.yaml",
        "$HOME.yaml",
        "ü.yaml",
    ] {
        demo.file(name, PLAIN);
        let preview: demo::Run = demo
            .command()
            .args([
                "upgrade", "--pack", "pack", "--chart", "demo", "--from", "1.0.0", "--", name,
            ])
            .output()
            .unwrap()
            .into();
        assert_eq!(preview.code, 0, "{preview:?}");
        let written = demo.paste(&preview.err);
        assert_eq!(written.code, 0, "{name}: {written:?} {}", preview.err);
        assert_eq!(demo.text(name), PLAIN_AFTER, "{name}");
    }
    assert!(!demo.path("x.yaml").exists());
}

#[test]
fn another_result_than_the_previewed_one_is_not_written() {
    let demo = Demo::new();
    let preview = demo.upgrade("v.yaml --from 1.0.0");
    demo.file("v.yaml", "old: b\n");
    let run = demo.paste(&preview.err);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(
        run.err.contains("not the one that was previewed"),
        "{run:?}"
    );
    assert_eq!(demo.text("v.yaml"), "old: b\n");
}

#[test]
fn beside_open_questions_what_was_shown_is_written_too() {
    let demo = Demo::new();
    let preview = demo.upgrade("asks.yaml v.yaml --from 1.0.0");
    let command = preview.err.replace("OPTION", "keep");
    assert!(command.contains("--expect"), "{command}");
    for (file, text) in [("v.yaml", PLAIN), ("asks.yaml", ASKS)] {
        demo.file(file, text.replace("old: a", "old: other"));
        let stale = demo.paste(&command);
        assert_eq!(stale.code, 2, "{stale:?}");
        assert!(stale.err.contains("was expected"), "{stale:?}");
        demo.file(file, text);
    }
    let written = demo.paste(&command);
    assert_eq!(written.code, 0, "{written:?}");
    assert_eq!(demo.text("asks.yaml"), "new: a\npicked: b\n");
    assert_eq!(demo.text("v.yaml"), PLAIN_AFTER);
}

#[test]
fn open_questions_are_never_written() {
    let demo = Demo::new();
    let preview = demo.upgrade("asks.yaml --from 1.0.0");
    assert_eq!(preview.code, 0, "{preview:?}");
    assert!(preview.err.contains("--answer choose=keep"), "{preview:?}");
    let pasted = demo.paste(&preview.err);
    assert_eq!(pasted.code, 0, "the command is complete: {pasted:?}");
    demo.file("asks.yaml", ASKS);
    let write = demo.upgrade("asks.yaml v.yaml --from 1.0.0 --write");
    assert_eq!(write.code, 3, "{write:?}");
    assert!(write.err.contains("asks.yaml: not written"), "{write:?}");
    assert_eq!(demo.text("asks.yaml"), ASKS);
    assert_eq!(
        demo.text("v.yaml"),
        PLAIN_AFTER,
        "the other file does not wait"
    );
    assert!(
        write
            .err
            .contains("To answer what is open: refit review asks.yaml"),
        "{write:?}"
    );
    let pasted = demo.paste(&write.err);
    assert_eq!(pasted.code, 0, "what is printed is complete: {pasted:?}");
    assert_eq!(demo.text("v.yaml"), PLAIN_AFTER, "and of nothing else");
    demo.file("asks.yaml", ASKS);
    // A check says how to go on, too.
    let check = demo.upgrade("asks.yaml --from 1.0.0 --check");
    assert_eq!(check.code, 3, "{check:?}");
    let pasted = demo.paste(&check.err);
    assert_eq!(pasted.code, 0, "{pasted:?}");
    demo.file("asks.yaml", ASKS);
    let half = demo.upgrade("asks.yaml --from 1.0.0 --write --answer choose=type");
    assert_eq!(half.code, 3, "{half:?}");
    assert!(half.err.contains("choose.text"), "{half:?}");
    let answered = demo.upgrade(
        "asks.yaml --from 1.0.0 --write --answer choose=type --answer choose.text=x=y --backup",
    );
    assert_eq!(answered.code, 0, "{answered:?}");
    assert!(
        answered.out.contains("+picked: x=y"),
        "what is written is shown: {answered:?}"
    );
    assert_eq!(demo.text("asks.yaml"), "new: a\npicked: x=y\n");
    assert_eq!(demo.text("asks.yaml.bak"), ASKS);
}

/// What divides a number would divide it again.
#[test]
fn what_was_upgraded_before_is_not_written_anew_unless_somebody_says_so() {
    let demo = Demo::new();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/arroyo-0.10.yaml");
    demo.file("a.yaml", fs::read_to_string(file).unwrap());
    let line = "upgrade a.yaml --from 0.10.3 --answer worker-resources=divide --write";
    let preview = demo.run(&line.replace(" --write", ""));
    // The lines in the middle of what is written anew are told with their step, too.
    assert_eq!(
        preview.out.matches("@@ worker-resources: ").count(),
        2,
        "{preview:?}"
    );
    let first = demo.run(line);
    assert_eq!(first.code, 0, "{first:?}");
    let once = demo.text("a.yaml");
    assert!(once.contains("cpu: 400m"), "{once}");
    let second = demo.run(line);
    assert_eq!(second.code, 3, "{second:?}");
    for said in [
        "These values are said to be for arroyo 0.10.3, and they fit 0.13.0 to 0.15.0.",
        "Were they upgraded before?",
        "worker-resources writes values anew",
    ] {
        let err = second.err.replace("\n  ", " ");
        assert!(err.contains(said), "{said}: {err}");
    }
    assert_eq!(demo.text("a.yaml"), once);
    let pasted = demo.paste(&second.err);
    assert_eq!(pasted.code, 0, "{pasted:?}");
    assert_eq!(demo.text("a.yaml"), once, "as recommended");
    let forced = demo.run(&format!("{line} --answer already-done=stated"));
    assert_eq!(forced.code, 0, "{forced:?}");
    assert!(demo.text("a.yaml").contains("cpu: 50m"));
}

/// Values that look the same before and after: only the record, or the manifest, tells that they were brought along.
const NO_TRACE: &str = "worker: {slots: 16, resources: {requests: {cpu: 3200m}}}\n";

#[test]
fn values_without_evidence_are_not_divided_twice_where_a_version_is_noted() {
    let demo = Demo::new();
    let answers =
        "--from 0.10.3 --answer worker-resources=divide --answer storage-urls=elsewhere --write";
    demo.file("plain.yaml", NO_TRACE);
    let line = format!("upgrade plain.yaml --chart arroyo {answers}");
    let first = demo.run(&line);
    assert_eq!(first.code, 0, "{first:?}");
    let warning = "another run with --from 0.10.3 would do it again";
    assert!(
        first.err.replace("\n        ", " ").contains(warning),
        "{first:?}"
    );

    demo.file("noted.yaml", NO_TRACE);
    demo.file(
        "app.yaml",
        format!("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: app}}\nspec:\n  source:\n    repoURL: https://arroyosystems.github.io/helm-repo\n    chart: arroyo\n    targetRevision: 0.10.3\n    helm:\n      valuesObject:\n        {NO_TRACE}"),
    );
    for (name, line, says) in [
        (
            "noted.yaml",
            format!("upgrade noted.yaml --chart arroyo {answers} --record"),
            "refit.yaml says 0.15.0",
        ),
        (
            "app.yaml",
            format!("upgrade app.yaml {answers}"),
            "the manifest says 0.15.0",
        ),
    ] {
        assert_eq!(demo.run(&line).code, 0, "{name}");
        let once = demo.text(name);
        assert!(once.contains("cpu: 200m"), "{once}");
        let second = demo.run(&line);
        assert_eq!(second.code, 3, "{second:?}");
        assert!(second.err.contains(says), "{says}: {second:?}");
        assert!(second.err.contains("[already-done]"), "{second:?}");
        assert_eq!(demo.text(name), once);
    }
}

/// Of two images, one goes to `env` or to none, as is answered; that place counts as one.
#[test]
fn places_of_images_hang_on_the_answer_about_them() {
    let demo = Demo::new();
    demo.file(
        "v.yaml",
        "controller: {image: {repository: mirror.example/arroyo, tag: v1}}\nworker: {image: {repository: mirror.example/udf, tag: v2}}\n",
    );
    let run = |answer: &str| {
        let run = demo.run(&format!("upgrade v.yaml -v --from 0.10.3 {answer}"));
        let err = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
        let from = err.find("Places where an image is set").unwrap();
        err[from..].chars().take(130).collect::<String>()
    };
    assert!(run("").contains("open, until you answer one-image"));
    let both = run("--answer one-image=both --answer one-image.worker_tag=v3");
    assert!(both.contains("2: image, env"), "{both}");
    let one = run("--answer one-image=controller");
    assert!(one.contains("1: image"), "{one}");
}

#[test]
fn recommended_options_are_taken_on_request() {
    let demo = Demo::new();
    let preview = demo.upgrade("asks.yaml --from 1.0.0 --accept-recommended");
    assert_eq!(demo.paste(&preview.err).code, 0, "{preview:?}");
    assert_eq!(demo.text("asks.yaml"), "new: a\npicked: b\n");
}

#[test]
fn answers_come_from_files_too() {
    let demo = Demo::new();
    demo.file(
        "answers.yaml",
        "answers:\n  choose: {option: type, inputs: {text: \"0.10\"}}\n",
    );
    let run = demo.upgrade("asks.yaml --from 1.0.0 --answers answers.yaml -w");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(demo.text("asks.yaml"), "new: a\npicked: \"0.10\"\n");
    demo.file(
        "answers.yaml",
        "answers:\n  choose: {option: type, inputs: {text: 0.10}}\n",
    );
    let run = demo.upgrade("asks.yaml --from 1.0.0 --answers answers.yaml -w");
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("answers.yaml:2:41: `0.10` is a number"),
        "{run:?}"
    );
}

#[test]
fn unknown_answers_are_errors_and_known_ones_are_mentioned() {
    let demo = Demo::new();
    let run = demo.upgrade("asks.yaml --from 1.0.0 --answer chose=keep");
    assert_eq!(run.code, 2);
    assert!(run.err.contains("did you mean `choose`?"), "{run:?}");
    let run = demo.upgrade("asks.yaml --from 1.0.0 --answer choose=keeps");
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("keep") && run.err.contains("type"),
        "{run:?}"
    );
    let run = demo.upgrade("v.yaml --from 1.0.0 --answer choose=keep -v");
    assert_eq!(run.code, 0);
    assert!(
        run.err.contains("Answers that no question needed: choose"),
        "{run:?}"
    );
}

#[test]
fn a_check_tells_by_its_exit_code() {
    let demo = Demo::new();
    demo.file("new.yaml", PLAIN_AFTER);
    demo.file("bad.yaml", "a: [\n");
    for (files, code) in [
        ("new.yaml", 0),
        ("v.yaml", 1),
        ("new.yaml v.yaml", 1),
        ("v.yaml asks.yaml", 3),
        ("v.yaml asks.yaml bad.yaml", 2),
        ("missing.yaml", 2),
    ] {
        let run = demo.upgrade(&format!("{files} --from 1.0.0 --check"));
        assert_eq!(run.code, code, "{files}: {run:?}");
        assert_eq!(run.out, "", "{files}");
        for file in files.split(' ') {
            assert!(run.err.contains(file), "{files}: {run:?}");
        }
    }
    assert_eq!(demo.text("v.yaml"), PLAIN);
}

#[test]
fn standard_input_becomes_the_values_and_nothing_else() {
    let demo = Demo::new();
    let run = demo.filter("--from 1.0.0 -", PLAIN);
    assert_eq!((run.code, run.out.as_str()), (0, PLAIN_AFTER), "{run:?}");
    assert!(
        !run.err.contains("refit upgrade"),
        "there is nothing to write to: {run:?}"
    );
    let run = demo.filter("--from 1.0.0 - --accept-recommended", ASKS);
    assert_eq!(
        (run.code, run.out.as_str()),
        (0, "new: a\npicked: b\n"),
        "{run:?}"
    );
    let crlf = PLAIN.replace('\n', "\r\n");
    assert_eq!(
        demo.filter("--from 1.0.0 -", &crlf).out,
        PLAIN_AFTER.replace('\n', "\r\n")
    );
    let run = demo.filter("--from 2.0.0 -", "new: a");
    assert_eq!((run.code, run.out.as_str()), (0, "new: a"), "{run:?}");
}

#[test]
fn what_is_not_migrated_is_one_sentence_that_helm_refuses() {
    let demo = Demo::new();
    for (line, input, code) in [
        ("--from 1.0.0 -", ASKS, 3),
        ("--from 1.0.0 -", "a: [\n", 2),
        ("--from 1.7.0 -", PLAIN, 2),
        ("--from 1.0.0 - --check", PLAIN, 1),
        ("--from 1.0.0 --skip rename -", PLAIN, 2),
        ("--from 1.0.0 --answer x -", PLAIN, 2),
        ("--from 1.0.0 --answer nobody=x -", PLAIN, 2),
        ("--from 1.0.0 --no-such-flag -", PLAIN, 2),
        ("--from 1.0.0 - v.yaml", PLAIN, 2),
    ] {
        let run = demo.filter(line, input);
        assert_eq!(run.code, code, "{line}: {run:?}");
        let sentence: serde_json::Value =
            serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{line}: {e}: {run:?}"));
        assert!(
            sentence.is_string() && run.out.lines().count() == 1,
            "{line}: {run:?}"
        );
        assert!(!run.err.is_empty(), "{line}");
    }
}

#[test]
fn what_gets_lost_needs_force() {
    let demo = Demo::new();
    demo.file("two.yaml", "old: a\npick: b\n");
    let line = "two.yaml --from 1.0.0 --skip rename --answer choose=keep";
    let run = demo.upgrade(&format!("{line} --write"));
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("--force"), "{run:?}");
    assert_eq!(demo.text("two.yaml"), "old: a\npick: b\n");
    let preview = demo.upgrade(line);
    assert_eq!(demo.paste(&preview.err).code, 0, "{preview:?}");
    assert_eq!(demo.text("two.yaml"), "old: a\npicked: b\n");
}

#[test]
fn a_patch_and_json_have_standard_output_to_themselves() {
    let demo = Demo::new();
    let run = demo.upgrade("v.yaml --from 1.0.0 -o patch");
    assert_eq!(run.code, 0);
    assert!(
        run.out.starts_with("diff --git a/v.yaml b/v.yaml\n"),
        "{run:?}"
    );
    assert!(
        run.out.contains("hunter2-demo"),
        "a patch is exact: {run:?}"
    );
    assert!(!run.err.contains("hunter2"), "{run:?}");
    let run = demo.upgrade("v.yaml asks.yaml missing.yaml --from 1.0.0 -o json");
    assert_eq!(run.code, 2);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(json["releases"].as_array().unwrap().len(), 2);
    assert_eq!(json["refused"].as_array().unwrap().len(), 1);
    assert!(!run.out.contains("hunter2"));
}

#[test]
fn colour_follows_the_flag() {
    let demo = Demo::new();
    assert!(!demo.upgrade("v.yaml --from 1.0.0").out.contains('\x1b'));
    let run = demo.upgrade("v.yaml --from 1.0.0 --color always");
    assert!(run.out.contains('\x1b') && run.err.contains('\x1b'));
    assert!(
        !run.out.contains("hunter2"),
        "colour does not make a pipe a terminal"
    );
}

#[test]
fn quiet_is_quiet() {
    let demo = Demo::new();
    let run = demo.upgrade("v.yaml --from 1.0.0 -q");
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert!(!run.out.is_empty());
    let run = demo.upgrade("v.yaml --from 1.0.0 -q --write");
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_eq!(demo.text("v.yaml"), PLAIN_AFTER);
    let run = demo.upgrade("asks.yaml --from 1.0.0 -q");
    assert!(run.err.contains("pick is b"), "{run:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let demo = Demo::new();
    let many: String = (0..50_000).map(|i| format!("# {i}\n")).collect();
    let mut child = demo
        .command()
        .args([
            "upgrade", "--pack", "pack", "--chart", "demo", "--from", "1.0.0", "-",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    std::io::Write::write_all(
        &mut child.stdin.take().unwrap(),
        format!("{PLAIN}{many}").as_bytes(),
    )
    .unwrap();
    let run = demo::Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(
        !run.err.contains("error") && !run.err.contains("panic"),
        "{}",
        run.err
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_is_lost_is_an_error() {
    let demo = Demo::new();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_refit"))
        .current_dir(demo.folder())
        .args([
            "upgrade", "--pack", "pack", "--chart", "demo", "--from", "1.0.0", "v.yaml",
        ])
        .stdout(full)
        .output()
        .unwrap();
    let run = demo::Run::from(output);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(
        run.err.contains("standard output could not be written"),
        "{run:?}"
    );
}

/// The cluster's example asks what its numbers are for; what each worker requests hangs on the answer.
#[test]
fn a_fact_that_hangs_on_an_open_question_is_told_as_open() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/arroyo-0.10.yaml");
    let demo = Demo::new();
    demo.file("values.yaml", fs::read(example).unwrap());
    let open = demo.run("upgrade values.yaml -v").err;
    assert!(
        open.contains("open, until you answer worker-resources"),
        "{open}"
    );
    let decided = demo
        .run("upgrade values.yaml -v --answer worker-resources=per-slot")
        .err;
    assert!(!decided.contains("open, until you answer"), "{decided}");
}
