//! The other commands, help, and mistakes in arguments.

use crate::demo;

use demo::{Demo, PLAIN, PLAIN_AFTER};

#[test]
fn help_reads_well() {
    let demo = Demo::new();
    for (name, line) in [("help", "--help"), ("help_upgrade", "upgrade --help")] {
        let run = demo.run(line);
        assert_eq!((run.code, run.err.as_str()), (0, ""));
        insta::assert_snapshot!(name, run.out);
        assert!(
            run.out.lines().all(|line| line.chars().count() <= 100),
            "{name}"
        );
    }
}

#[test]
fn mistakes_in_arguments_exit_with_2_and_say_what_was_meant() {
    let demo = Demo::new();
    for (line, says) in [
        ("", "Usage"),
        ("upgrad v.yaml", "upgrade"),
        ("v.yaml", "refit upgrade v.yaml"),
        ("upgrade", "name a values file"),
        ("upgrade v.yaml --wirte", "--write"),
        ("upgrade v.yaml --from 0.15", "is it 0.15.0?"),
        ("upgrade v.yaml --from demo-1.0.0", "alone: 1.0.0"),
        ("upgrade v.yaml -o yaml", "patch"),
        ("upgrade v.yaml --expect sha256:12 --write", "copy it whole"),
        ("upgrade - --write", "cannot be written"),
        ("upgrade - v.yaml", "stands alone"),
        ("upgrade v.yaml --answers no.yaml", "no.yaml"),
        ("explain", "VERSION|STEP"),
        ("man nothing", "upgrade"),
        ("completions tcsh", "bash"),
    ] {
        let run = demo.run(line);
        assert_eq!(run.code, 2, "{line}: {run:?}");
        assert!(run.err.contains(says), "{line}: {run:?}");
    }
}

#[test]
fn packs_are_listed() {
    let demo = Demo::new();
    let run = demo.run("packs --pack pack");
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let row = run
        .out
        .lines()
        .find(|line| line.starts_with("demo"))
        .unwrap();
    let cells: Vec<_> = row.split_whitespace().collect();
    let known = ["demo", "1.0.0", "–", "2.0.0", "2.0.0", "1", "2", "pack"];
    assert_eq!(cells, known);
    assert!(
        run.out.lines().any(|line| line.starts_with("arroyo")),
        "{run:?}"
    );
}

#[test]
fn versions_and_steps_are_explained() {
    let demo = Demo::new();
    let explain = |id: &str| demo.run(&format!("explain --pack pack --chart demo {id}"));
    insta::assert_snapshot!("explain_version", explain("2.0.0").out);
    insta::assert_snapshot!("explain_step", explain("choose").out);
    assert!(explain("1.5.0").out.contains("nothing changed"));
    assert!(explain("1.7.0").out.contains("use 1.5.0"));
    let run = explain("renam");
    assert_eq!(run.code, 2);
    assert!(run.err.contains("did you mean `rename`?"), "{run:?}");
    let run = explain("zzzzzzzzz");
    assert_eq!(run.code, 2);
    assert!(run.err.contains("refit packs"), "{run:?}");
    // A chart by itself: the versions that changed something.
    let run = explain("demo");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("  2.0.0  "), "{run:?}");
    // What a step may tell is the most of some.
    let run = demo.run("explain database-password");
    assert!(
        run.out.contains("danger") && run.out.contains("plain text in the chart's ConfigMap"),
        "{run:?}"
    );
}

#[test]
fn a_command_that_is_pasted_twice_says_that_its_work_is_done() {
    let demo = Demo::new();
    demo.file("v.yaml", PLAIN);
    let line = "upgrade --pack pack v.yaml --from 1.0.0";
    let shown = demo.run(line);
    let digest = shown.err.split("--expect ").nth(1).expect("a command");
    let digest = digest.split_whitespace().next().expect("a digest");
    let paste = format!("{line} --expect {digest} --write");
    let run = demo.run(&paste);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(demo.text("v.yaml"), PLAIN_AFTER);
    let run = demo.run(&paste);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(
        run.err,
        "Nothing to write: no file needs a change. Was the command run before?\n"
    );
    // Another result than the one that was shown is none of that.
    demo.file("v.yaml", format!("{PLAIN}# more\n"));
    let run = demo.run(&paste);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.starts_with("error: the result is not"), "{run:?}");
}

#[test]
fn what_is_below_a_key_of_unknown_type_is_the_users_own() {
    let demo = Demo::new();
    for (chart, from, values) in [
        (
            "cert-manager",
            "1.20.2",
            "deploymentAnnotations:\n  reloader.stakater.com/search: \"true\"\n",
        ),
        (
            "grafana",
            "10.5.0",
            "podAnnotations:\n  secret.reloader.stakater.com/reload: a\n",
        ),
        (
            "kube-prometheus-stack",
            "79.12.0",
            "kubeScheduler:\n  service:\n    selector:\n      component: kube-scheduler\n",
        ),
    ] {
        demo.file("v.yaml", values);
        let run = demo.run(&format!("upgrade v.yaml -v --chart {chart} --from {from}"));
        assert_eq!(run.code, 0, "{run:?}");
        let told = run.err.contains("knows `") || run.err.contains("does not know");
        assert!(!told && !run.err.contains("unused"), "{chart}: {}", run.err);
    }
}

#[test]
fn completions_and_manual_pages_are_made() {
    let demo = Demo::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = demo.run(&format!("completions {shell}"));
        assert_eq!(run.code, 0);
        assert!(run.out.contains("accept-recommended"), "{shell}");
    }
    let run = demo.run("man");
    assert!(run.code == 0 && run.out.contains(".TH refit 1"), "{run:?}");
    let run = demo.run("man upgrade");
    assert!(
        run.code == 0 && run.out.contains("accept\\-recommended"),
        "{run:?}"
    );
}
