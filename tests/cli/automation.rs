//! What runs refit elsewhere: the GitHub Action, the hook for pre-commit, the example for many
//! repositories. Their scripts are taken from their files and run here, with stand-ins for what only
//! their homes have.
#![cfg(unix)]

use crate::demo;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use demo::{Demo, PLAIN, PLAIN_AFTER, Run};
use serde_yaml::Value;

/// A YAML file of the repository.
pub(crate) fn read(name: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    serde_yaml::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// A script with refit on the path, and stand-ins given as name and text.
fn bash(demo: &Demo, script: &str, variables: &[(&str, &str)], programs: &[(&str, &str)]) -> Run {
    let bin = demo.path("bin");
    fs::create_dir_all(&bin).unwrap();
    let refit = bin.join("refit");
    if !refit.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_refit"), &refit).unwrap();
    }
    for (name, text) in programs {
        fs::write(bin.join(name), text).unwrap();
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path)));
    Command::new("bash")
        // As GitHub runs `shell: bash`.
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
        .current_dir(demo.folder())
        .env("PATH", path.unwrap())
        .env("HOME", demo.folder())
        .envs(variables.iter().copied())
        .output()
        .unwrap()
        .into()
}

/// A step of the action, by its name.
pub(crate) fn step<'a>(action: &'a Value, name: &str) -> &'a Value {
    let mut steps = action["runs"]["steps"].as_sequence().unwrap().iter();
    steps.find(|step| step["name"] == name).unwrap()
}

struct Job {
    run: Run,
    output: String,
    summary: String,
}

fn action(demo: &Demo, files: &str, options: &str, check: &str) -> Job {
    let action = read("action.yml");
    let script = step(&action, "Run refit")["run"].as_str().unwrap();
    let file = |name: &str| demo.path(name).to_str().unwrap().to_owned();
    let (output, summary, temp) = (file("out"), file("summary"), file("temp"));
    fs::create_dir_all(&temp).unwrap();
    let run = bash(
        demo,
        script,
        &[
            ("FILES", files),
            ("OPTIONS", options),
            ("CHECK", check),
            ("RUNNER_TEMP", &temp),
            ("GITHUB_OUTPUT", &output),
            ("GITHUB_STEP_SUMMARY", &summary),
        ],
        &[],
    );
    let take = |name: &str| {
        let text = fs::read_to_string(name).unwrap_or_default();
        let _ = fs::remove_file(name);
        text
    };
    Job {
        run,
        output: take(&output),
        summary: take(&summary),
    }
}

const DEMO: &str = "--pack pack --chart demo --from 1.0.0";

#[test]
fn the_action_reports_and_fails_as_it_is_told() {
    let demo = Demo::new();
    fs::create_dir_all(demo.path("a b/c")).unwrap();
    demo.file("a b/c/values.yaml", PLAIN);
    demo.file("a b/values.yaml", "new: a\n");
    // A pattern over folders, with a space; a second line; an empty one.
    let job = action(&demo, "a b/**/values.yaml\n\n  \nv.yaml\n", DEMO, "true");
    assert_eq!(job.run.code, 1, "{:?}", job.run);
    assert!(
        job.summary.contains("2 of 3 files change"),
        "{}",
        job.summary
    );
    assert!(job.output.contains("exit-code=1\n"), "{}", job.output);
    for form in ["markdown", "html", "patch"] {
        let line = job
            .output
            .lines()
            .find(|line| line.starts_with(form))
            .unwrap();
        assert!(
            Path::new(line.split_once('=').unwrap().1).is_file(),
            "{line}"
        );
    }
    assert_eq!(demo.text("v.yaml"), PLAIN, "a check writes nothing");
    let job = action(&demo, "v.yaml", DEMO, "false");
    assert_eq!(job.run.code, 0, "{:?}", job.run);
    assert!(job.output.contains("exit-code=0\n") && job.summary.contains("1 file changes"));
    let job = action(&demo, "asks.yaml", DEMO, "true");
    assert_eq!(job.run.code, 3);
    assert!(
        job.summary.contains("--answer choose=keep"),
        "{}",
        job.summary
    );
}

#[test]
fn what_the_action_is_given_is_text() {
    let demo = Demo::new();
    let job = action(
        &demo,
        "$(touch ran)`touch ran`; touch ran #.yaml\n-w",
        DEMO,
        "true",
    );
    assert_eq!(job.run.code, 2, "{:?}", job.run);
    assert!(!demo.path("ran").exists());
    assert!(
        job.summary.contains("touch ran"),
        "refused by its name: {}",
        job.summary
    );
    // Without a report there is no output that names one.
    let job = action(&demo, "v.yaml", "--no-such-option", "true");
    assert_eq!((job.run.code, job.output.as_str()), (2, "exit-code=2\n"));
}

#[test]
fn the_action_hands_its_inputs_over_as_variables_only() {
    let action = read("action.yml");
    for step in action["runs"]["steps"].as_sequence().unwrap() {
        assert!(!step["run"].as_str().unwrap_or_default().contains("${{"));
    }
    for input in ["files", "options", "check"] {
        let variable = &step(&action, "Run refit")["env"][input.to_uppercase()];
        assert_eq!(
            variable.as_str(),
            Some(format!("${{{{ inputs.{input} }}}}").as_str())
        );
    }
}

#[test]
fn the_hook_takes_values_files_and_runs_a_check() {
    let hooks = read(".pre-commit-hooks.yaml");
    let hook = &hooks[0];
    // The one that builds nothing does the same.
    for field in ["entry", "files", "types"] {
        assert_eq!(hook[field], hooks[1][field]);
    }
    assert_eq!(
        (&hook["language"], &hooks[1]["language"]),
        (&"rust".into(), &"system".into())
    );
    let files = regex::Regex::new(hook["files"].as_str().unwrap()).unwrap();
    for (name, fits) in [
        ("values.yaml", true),
        ("a/values-prod.yml", true),
        ("a/values.schema.json", false),
        ("templates/myvalues.yaml", false),
    ] {
        assert_eq!(files.is_match(name), fits, "{name}");
    }
    let demo = Demo::new();
    let entry = hook["entry"].as_str().unwrap();
    let run = bash(&demo, &format!("{entry} {DEMO} v.yaml"), &[], &[]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.err.contains("1 release: 1 ready"), "{run:?}");
}

/// git with settings of its own.
pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "init.defaultBranch=main",
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@y.example",
        ])
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn remote(demo: &Demo, name: &str, values: &str) -> PathBuf {
    let (work, remote) = (demo.path(&format!("{name}-work")), demo.path(name));
    fs::create_dir(&work).unwrap();
    git(&work, &["init", "--quiet"]);
    fs::write(work.join("values.yaml"), values).unwrap();
    git(&work, &["add", "."]);
    git(&work, &["commit", "--quiet", "-m", "values"]);
    git(
        demo.folder(),
        &[
            "clone",
            "--quiet",
            "--bare",
            work.to_str().unwrap(),
            remote.to_str().unwrap(),
        ],
    );
    remote
}

#[test]
fn the_task_for_one_repository_of_many_pushes_what_it_wrote() {
    let demo = Demo::new();
    let template = read("examples/fleet/workflow.yaml");
    let task = template["spec"]["templates"]
        .as_sequence()
        .unwrap()
        .iter()
        .find(|task| task["name"] == "repository")
        .unwrap();
    let script = task["script"]["source"].as_str().unwrap();
    assert!(!script.contains("{{"), "parameters come as variables");
    let pack = demo.path("pack");
    let options = format!("--pack {} --chart demo --from 1.0.0", pack.display());
    let gh = "#!/bin/sh\necho \"$@\" >> \"$HOME/gh-calls\"\nfor last; do :; done\ncp \"$last\" \"$HOME/body.md\"\n";
    let run = |remote: &Path| {
        let url = format!("file://{}", remote.display());
        let variables = [
            ("URL", url.as_str()),
            ("FILES", "values.yaml"),
            ("OPTIONS", options.as_str()),
            ("GIT_AUTHOR_NAME", "x"),
            ("GIT_AUTHOR_EMAIL", "x@y.example"),
            ("GIT_COMMITTER_NAME", "x"),
            ("GIT_COMMITTER_EMAIL", "x@y.example"),
            ("TMPDIR", demo.folder().to_str().unwrap()),
        ];
        bash(&demo, script, &variables, &[("gh", gh)])
    };
    let changes = remote(&demo, "changes", PLAIN);
    let done = run(&changes);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(git(&changes, &["show", "refit:values.yaml"]), PLAIN_AFTER);
    assert_eq!(
        git(&changes, &["show", "main:values.yaml"]),
        PLAIN,
        "only its branch"
    );
    assert!(demo.text("gh-calls").starts_with("pr create --head refit"));
    assert!(demo.text("body.md").contains("1 file changes"));
    fs::remove_file(demo.path("gh-calls")).unwrap();
    // A question: nothing is pushed, and the task ends as refit does.
    let asks = remote(&demo, "asks", demo::ASKS);
    let open = run(&asks);
    assert_eq!(open.code, 3, "{open:?}");
    // Nothing to do.
    let fits = remote(&demo, "fits", "new: a\n");
    let nothing = run(&fits);
    assert_eq!(nothing.code, 0, "{nothing:?}");
    assert!(nothing.out.contains("nothing to write"), "{nothing:?}");
    for remote in [&asks, &fits] {
        assert!(!git(remote, &["branch", "--list"]).contains("refit"));
    }
    assert!(!demo.path("gh-calls").exists());
}
