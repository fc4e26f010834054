//! The other commands, help, and mistakes in arguments.

use crate::demo;

use demo::Demo;

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
