//! `--report` and the forms of `-o`, as a program: which files are there afterwards, and what is in none
//! of them.

use crate::demo;

use std::fs;

use demo::{ASKS, Demo, PLAIN, PLAIN_AFTER};

const FORMS: [&str; 5] = ["json", "jsonl", "md", "html", "patch"];

/// Options for a report in every form.
fn all(name: &str) -> String {
    FORMS
        .map(|form| format!("--report {name}.{form}"))
        .join(" ")
}

/// What is read in a page: the text without its elements, which may stand within a word.
fn text(page: &str) -> String {
    let mut out = String::new();
    for part in page.split('<') {
        out.push_str(part.split_once('>').map_or(part, |(_, text)| text));
    }
    out
}

#[test]
fn a_report_in_every_form_stands_beside_each_kind_of_run() {
    let demo = Demo::new();
    for (line, code) in [
        ("v.yaml asks.yaml --from 1.0.0", 0),
        ("v.yaml asks.yaml --from 1.0.0 --check", 3),
        ("v.yaml asks.yaml --from 1.0.0 --write", 3),
    ] {
        let without = demo.upgrade(line);
        demo.file("v.yaml", PLAIN);
        let with = demo.upgrade(&format!("{line} {}", all("r")));
        assert_eq!((with.code, &with.out), (code, &without.out), "{line}");
        let wrote: String = FORMS.map(|form| format!("Wrote r.{form}\n")).concat();
        assert_eq!(with.err, without.err + &wrote, "{line}");
        for form in FORMS {
            let report = demo.text(&format!("r.{form}"));
            assert!(report.contains("v.yaml"), "{line}: {form}");
            fs::remove_file(demo.path(&format!("r.{form}"))).unwrap();
        }
        let written = line.ends_with("--write");
        assert_eq!(
            demo.text("v.yaml"),
            if written { PLAIN_AFTER } else { PLAIN }
        );
        demo.file("v.yaml", PLAIN);
    }
    assert_eq!(demo.names(), ["asks.yaml", "pack", "v.yaml"]);
}

#[test]
fn a_report_on_standard_input_leaves_the_values_alone() {
    let demo = Demo::new();
    let run = demo.filter("- --from 1.0.0 --report r.md --report r.html", PLAIN);
    assert_eq!((run.code, run.out.as_str()), (0, PLAIN_AFTER), "{run:?}");
    assert!(demo.text("r.md").contains("standard input"));
    assert!(demo.text("r.html").contains("standard input"));
}

#[test]
fn each_form_is_also_an_output_and_the_same() {
    let demo = Demo::new();
    for (output, form) in [
        ("jsonl", "jsonl"),
        ("markdown", "md"),
        ("html", "html"),
        ("patch", "patch"),
    ] {
        let run = demo.upgrade(&format!(
            "v.yaml --from 1.0.0 -o {output} --report r.{form}"
        ));
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(run.out, demo.text(&format!("r.{form}")), "{output}");
        assert_eq!(run.err.is_empty(), output != "patch", "{run:?}");
    }
    let run = demo.upgrade("v.yaml asks.yaml --from 1.0.0 -o jsonl --check");
    assert_eq!((run.code, run.out.lines().count()), (3, 6), "{run:?}");
    let run = demo.filter("- --from 1.0.0 -o markdown", PLAIN);
    assert!(
        run.code == 0 && run.out.starts_with("## Helm values"),
        "{run:?}"
    );
}

#[test]
fn without_a_runner_names_begin_at_the_root_of_the_repository() {
    let demo = Demo::new();
    fs::create_dir_all(demo.path("apps/pack")).unwrap();
    for file in ["pack.yaml", "keys.yaml", "2.0.0.yaml"] {
        demo.file(
            &format!("apps/pack/{file}"),
            demo.text(&format!("pack/{file}")),
        );
    }
    demo.file("apps/v.yaml", PLAIN);
    let run = || {
        let mut refit = std::process::Command::new(env!("CARGO_BIN_EXE_refit"));
        refit.args(["upgrade", "--check", "--pack", "pack", "--chart", "demo"]);
        refit.args(["v.yaml", "--from", "1.0.0", "-o", "github"]);
        for name in ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"] {
            refit.env_remove(name);
        }
        let output = refit.current_dir(demo.path("apps")).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let alone = run();
    assert!(alone.contains("file=v.yaml,"), "{alone}");
    fs::create_dir(demo.path(".git")).unwrap();
    let below = run();
    assert!(below.contains("file=apps/v.yaml,"), "{below}");
}

#[test]
fn a_report_takes_the_place_of_one_and_never_of_a_file_that_was_read() {
    let demo = Demo::new();
    demo.file("r.md", "old report");
    assert_eq!(demo.upgrade("v.yaml --from 1.0.0 --report r.md").code, 0);
    assert!(demo.text("r.md").starts_with("## "));
    // Values may be JSON, and be refused.
    for text in ["{\"old\": \"a\"}\n", "{\"old\": \n"] {
        demo.file("values.json", text);
        let run = demo.upgrade("values.json v.yaml --from 1.0.0 --report ./values.json --write");
        assert_eq!(run.code, 2, "{run:?}");
        assert!(
            run.err.contains("would overwrite a file that was read"),
            "{run:?}"
        );
        assert_eq!(demo.text("values.json"), text);
        assert_eq!(demo.text("v.yaml"), PLAIN, "nothing was written");
    }
}

#[test]
fn without_a_report_nothing_is_written() {
    let demo = Demo::new();
    fs::create_dir(demo.path("r.html")).unwrap();
    for (name, says) in [
        ("no/such/r.md", "cannot make a file there"),
        ("r.html", "a folder"),
    ] {
        let run = demo.upgrade(&format!("v.yaml --from 1.0.0 --write --report {name}"));
        assert_eq!(run.code, 2, "{run:?}");
        assert!(
            run.err.contains(says) && run.err.contains("next: "),
            "{run:?}"
        );
        assert_eq!(demo.text("v.yaml"), PLAIN);
    }
    let run = demo.upgrade("v.yaml --report r.txt");
    assert!(
        run.code == 2 && run.err.contains(".json, .jsonl, .md"),
        "{run:?}"
    );
}

#[test]
fn no_report_shows_a_secret_unless_it_is_told_to() {
    const SECRETS: [&str; 7] = [
        "hunter2-in-a-key",
        "hunter2-in-a-block",
        "hunter2-second-line",
        "hunter2-in-an-entry",
        "hunter2-in-a-url",
        "hunter2-in-a-comment",
        "hunter2-which-moves",
    ];
    let demo = Demo::new();
    demo.file(
        "s.yaml",
        "old: a\n\
         # password: hunter2-in-a-comment\n\
         auth:\n  adminPassword: hunter2-in-a-key\n\
         privateKey: |\n  hunter2-in-a-block\n  hunter2-second-line\n\
         env:\n- name: DB_PASSWORD\n  value: hunter2-in-an-entry\n\
         url: postgres://me:hunter2-in-a-url@db.example/x\n\
         token: hunter2-which-moves\n\
         pick: b\n",
    );
    // An answer may type what is a secret elsewhere in the file.
    for answers in [
        "",
        "--answer choose=type --answer choose.text=hunter2-in-a-key",
    ] {
        let line = format!("s.yaml --from 1.0.0 {answers} {}", all("r"));
        let run = demo.upgrade(&line);
        assert_eq!(run.code, 0, "{run:?}");
        for form in ["json", "jsonl", "md", "html"] {
            let report = demo.text(&format!("r.{form}"));
            for report in [text(&report), report] {
                for secret in SECRETS {
                    assert!(!report.contains(secret), "{answers} {form}: {secret}");
                }
            }
        }
    }
    assert!(
        demo.text("r.patch").contains("hunter2-in-a-comment"),
        "a patch is exact"
    );
    let line = format!(
        "s.yaml --from 1.0.0 --answer choose=keep --show-secrets {}",
        all("r")
    );
    let run = demo.upgrade(&line);
    assert_eq!(run.code, 0, "{run:?}");
    for form in ["md", "html", "patch"] {
        assert!(
            text(&demo.text(&format!("r.{form}"))).contains("hunter2-in-a-comment"),
            "{form}"
        );
    }
}

#[test]
fn open_questions_are_in_every_report_with_what_to_type() {
    let demo = Demo::new();
    demo.file("asks.yaml", ASKS);
    demo.upgrade(&format!("asks.yaml --from 1.0.0 {}", all("r")));
    for (form, says) in [
        ("md", "`--answer choose=keep`"),
        ("html", "--answer choose=keep"),
        ("json", "\"keep\""),
        ("jsonl", "\"id\":\"keep\""),
    ] {
        assert!(
            text(&demo.text(&format!("r.{form}"))).contains(says),
            "{form}"
        );
    }
}

#[test]
fn an_empty_text_that_a_question_is_about_is_seen() {
    let demo = Demo::new();
    demo.file("empty.yaml", "artifactUrl: \"\"\ncheckpointUrl: \"\"\n");
    let run = demo
        .run("upgrade empty.yaml --from 0.10.3 --to 0.15.0 --report r.md --report r.html --report r.json");
    assert_eq!(run.code, 0, "{run:?}");
    let said = format!("{}{}", run.out, run.err);
    assert!(said.contains("artifactUrl: \"\""), "{said}");
    let page = demo.text("r.md");
    assert!(
        page.contains("- `artifactUrl` is `\"\"` (`empty.yaml:1`)"),
        "{page}"
    );
    let page = text(&demo.text("r.html"));
    assert!(
        page.contains("artifactUrl is &quot;&quot; empty.yaml:1"),
        "{page}"
    );
    // Programs get the text itself.
    let json: serde_json::Value = serde_json::from_str(&demo.text("r.json")).unwrap();
    let json = json.to_string();
    assert!(
        json.contains("\"path\":\"artifactUrl\",\"value\":\"\""),
        "{json}"
    );
}
