//! The sessions in docs/layers.md are real ones: they are run again and compared. `REFIT_UPDATE_DOCS=1`
//! writes them anew.

use crate::demo;

use std::{fs, path::Path};

use demo::{Demo, Run};

const BASE: &str = "\
# what all environments have
controller:
  image: {repository: reg.example/a/arroyo, tag: \"0.10.3\"}
worker:
  image: {repository: reg.example/a/arroyo, tag: \"0.10.3\"}
artifactUrl: s3://a/artifacts
checkpointUrl: s3://a/checkpoints
";
const BEGIN: &str = "<!-- session: written by tests/cli/layers_docs.rs -->\n\n";
const END: &str = "<!-- end of session -->\n";

/// Runs the commands of the page one after the other in one folder, as a shell would show them.
fn sessions() -> Vec<String> {
    let demo = Demo::new();
    fs::remove_dir_all(demo.path("pack")).unwrap();
    for name in ["v.yaml", "asks.yaml"] {
        fs::remove_file(demo.path(name)).unwrap();
    }
    demo.file("base.yaml", BASE);
    demo.file("prod.yaml", "worker:\n  slots: 8\n");
    demo.file("staging.yaml", "worker:\n  slots: 2\n");
    let run = |line: &str, code: i32| -> (String, Run) {
        let run = demo.run(line);
        assert_eq!(run.code, code, "{line}: {}", run.err);
        let ends = match code {
            0 => String::new(),
            code => format!("(exit code {code})\n"),
        };
        (format!("$ refit {line}\n{}{}{ends}", run.out, run.err), run)
    };
    let block = |text: &str| format!("```console\n{}\n```\n\n", text.trim_end());
    let (init, _) = run("init --write", 0);
    let (_, write) = run("upgrade --from 0.10.3 --to 0.15.0 --write", 0);
    // What is said of each release has pages of its own; here its end counts.
    let end = write.err.find("\nWrote ").expect("it is written");
    let write = format!(
        "$ refit upgrade --from 0.10.3 --to 0.15.0 --write\n{}[...]\n{}",
        write.out,
        write.err[end..].trim_start()
    );
    let noted = format!("```yaml\n{}```\n\n", demo.text("refit.yaml"));
    let (green, _) = run("upgrade --check --to 0.15.0", 0);
    demo.file("staging.yaml", "worker:\n  slots: 2\nworkerSlots: 3\n");
    let (red, _) = run("upgrade --check --to 0.15.0", 1);
    vec![
        block(&init),
        block(&write),
        noted,
        block(&green),
        block(&red),
    ]
}

#[test]
fn the_documented_sessions_are_what_happens() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/layers.md");
    let text = fs::read_to_string(&page).unwrap();
    let sessions = sessions();
    let mut parts = text.split(BEGIN);
    let mut after = parts.next().unwrap().to_owned();
    let parts: Vec<&str> = parts.collect();
    assert_eq!(
        parts.len(),
        sessions.len(),
        "a session for each place in the page"
    );
    for (part, session) in parts.iter().zip(&sessions) {
        let (_, rest) = part.split_once(END).expect("the session ends");
        after.push_str(&format!("{BEGIN}{session}{END}{rest}"));
    }
    if std::env::var_os("REFIT_UPDATE_DOCS").is_some() {
        fs::write(&page, after).unwrap();
        return;
    }
    assert_eq!(
        text, after,
        "docs/layers.md is out of date; REFIT_UPDATE_DOCS=1 cargo test --test cli layers_docs writes it anew"
    );
}
