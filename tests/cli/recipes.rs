//! The recipes in `examples/` for engines that run at scale: each script is taken from its file and run in real git
//! repositories, with nothing but git and refit at hand.
#![cfg(unix)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value as Json;
use serde_yaml::Value;

use super::automation::read;
use crate::{registry::Registry, repository::Repository, support::helm};

const APP: &str = "apps/arroyo.yaml";
const OLD: &str = "reg.gull.example/arroyo";

/// `main` deploys 0.10.3 from one manifest.
fn deployed() -> Option<Repository> {
    let here = Repository::new()?;
    here.file(
        APP,
        &format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: arroyo}}\nspec:\n  source:\n    repoURL: https://arroyosystems.github.io/helm-repo\n    chart: arroyo\n    targetRevision: 0.10.3\n    helm:\n      valuesObject:\n        controller:\n          image:\n            repository: {OLD}   # our mirror\n        worker:\n          image:\n            repository: {OLD}\n        artifactUrl: s3://gull/a\n        checkpointUrl: s3://gull/c\n"
        ),
    );
    here.file("README.md", "not for refit\n");
    here.commit("as it runs");
    Some(here)
}

fn raise(here: &Repository) {
    here.replace(APP, "targetRevision: 0.10.3", "targetRevision: 0.15.0");
}

/// A work tree on `renovate/arroyo` with the version raised, and the repository that it pushes to.
fn raised_on_a_branch() -> Option<(Repository, Repository)> {
    let origin = deployed()?;
    origin.git(&["checkout", "-q", "-b", "renovate/arroyo"]);
    raise(&origin);
    origin.commit("raise the chart");
    let clone = origin.cloned(&["-b", "renovate/arroyo"]);
    // What is checked out cannot be pushed to.
    origin.git(&["checkout", "-q", "main"]);
    Some((origin, clone))
}

/// Whether the branch of the origin holds what refit makes of it: values on the new keys, the comment kept, and a check
/// that passes.
fn mended(origin: &Repository) {
    origin.git(&["checkout", "-q", "renovate/arroyo"]);
    let text = origin.text(APP);
    assert!(!text.contains("controller:"), "{text}");
    assert!(text.contains("targetRevision: 0.15.0"), "{text}");
    assert!(text.contains(OLD), "{text}");
    let check = origin.refit(&["upgrade", "--check", "--since", "main"]);
    assert_eq!(check.code, 0, "{check:?}");
    let said = origin.git(&["log", "-1", "--format=%s"]);
    assert_eq!(said.trim(), "Bring the values along");
}

fn script(here: &Path, script: &str, variables: &[(&str, &str)]) -> Output {
    let bin = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_refit"), bin.path().join("refit")).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let before = std::iter::once(bin.path().to_owned());
    let path = std::env::join_paths(before.chain(std::env::split_paths(&path))).unwrap();
    Command::new("bash")
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
        .current_dir(here)
        .env("PATH", path)
        .env("HOME", bin.path())
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn ends(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
}

#[test]
fn renovates_own_task_edits_before_it_commits() {
    let Some(here) = deployed() else { return };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/renovate/config.json");
    let config: Json = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let task = &config["packageRules"][0]["postUpgradeTasks"];
    let commands: Vec<&str> = task["commands"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c.as_str().unwrap())
        .collect();
    let allowed = regex::Regex::new(config["allowedCommands"][0].as_str().unwrap()).unwrap();
    // The version is raised in the work tree, and nothing is committed yet.
    raise(&here);
    for command in &commands {
        assert!(allowed.is_match(command), "{command}");
        ends(&script(&here.root, command, &[]), 0);
    }
    let text = here.text(APP);
    assert!(
        !text.contains("controller:") && text.contains("# our mirror"),
        "{text}"
    );
    let changed = here.git(&["diff", "--name-only"]);
    assert_eq!(changed.trim(), APP);
    let filters = task["fileFilters"].as_array().unwrap();
    assert!(filters.iter().any(|filter| {
        let glob = globset::Glob::new(filter.as_str().unwrap()).unwrap();
        glob.compile_matcher().is_match(changed.trim())
    }));
    // A second update of the same branch changes nothing more.
    for command in &commands {
        ends(&script(&here.root, command, &[]), 0);
    }
    assert_eq!(here.text(APP), text);
}

#[test]
fn the_workflow_pushes_to_the_branch_of_the_pull_request() {
    let Some((origin, clone)) = raised_on_a_branch() else {
        return;
    };
    let workflow = read("examples/github/renovate.yml");
    let steps = workflow["jobs"]["values"]["steps"].as_sequence().unwrap();
    let named = |step: &&Value| step["name"] == "Bring the values along";
    let run = steps.iter().find(named).unwrap()["run"].as_str().unwrap();
    let temp = tempfile::tempdir().unwrap();
    let summary = temp.path().join("summary");
    let variables = [
        ("BASE", "main"),
        ("BRANCH", "renovate/arroyo"),
        ("RUNNER_TEMP", temp.path().to_str().unwrap()),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
    ];
    ends(&script(&clone.root, run, &variables), 0);
    mended(&origin);
    assert!(fs::read_to_string(&summary).unwrap().contains("0.10.3"));
    // The push starts it anew, and then there is nothing to push.
    let head = clone.git(&["rev-parse", "HEAD"]);
    ends(&script(&clone.root, run, &variables), 0);
    assert_eq!(clone.git(&["rev-parse", "HEAD"]), head);
}

#[test]
fn the_workflow_for_packs_drafts_a_new_version_once() {
    let (Some(helm), Some(origin)) = (helm::each().last(), Repository::new()) else {
        return;
    };
    let temp = tempfile::tempdir().unwrap();
    let charts = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/charts");
    let registry = Registry::of(
        helm,
        temp.path(),
        &[&charts.join("shop-1"), &charts.join("shop-2")],
    );
    // A pack for the first version.
    let first = origin.refit(&[
        "pack",
        "new",
        charts.join("shop-1").to_str().unwrap(),
        "--dir",
        "pack",
    ]);
    assert_eq!(first.code, 0, "{first:?}");
    origin.commit("A pack");
    let clone = origin.cloned(&[]);
    let bin = temp.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, bin.join(name)).unwrap();
    link(helm.program(), "helm");
    link(Path::new(env!("CARGO_BIN_EXE_refit")), "refit");
    let asked = temp.path().join("asked");
    fs::write(
        bin.join("gh"),
        format!("#!/bin/sh\necho \"$@\" >> '{}'\n", asked.display()),
    )
    .unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(bin.join("gh"), mode).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());

    let workflow = read("examples/github/pack.yml");
    let steps = workflow["jobs"]["new-version"]["steps"]
        .as_sequence()
        .unwrap();
    let run = steps.last().unwrap()["run"].as_str().unwrap();
    let repository = registry.repository();
    let variables = [
        ("PATH", path.as_str()),
        ("CHART", "shop"),
        ("REPOSITORY", repository.as_str()),
        ("PACK", "pack"),
        ("RUNNER_TEMP", temp.path().to_str().unwrap()),
    ];
    let output = script(&clone.root, run, &variables);
    ends(&output, 0);
    let branch = "pack/shop-2.0.0";
    let file = |name: &str| origin.git(&["show", &format!("{branch}:pack/{name}")]);
    assert!(
        file("pack.yaml").contains("2.0.0:"),
        "{}",
        file("pack.yaml")
    );
    assert!(file("keys.yaml").contains("ingress.hostname:"));
    let draft = file("2.0.0.yaml");
    assert!(
        draft.contains("version: \"2.0.0\"") && draft.contains("\"replicaCount\": \"replicas\""),
        "{draft}"
    );
    let asked = || fs::read_to_string(&asked).unwrap();
    assert!(
        asked().starts_with(&format!("pr create --head {branch} --title shop 2.0.0")),
        "{}",
        asked()
    );
    let body = fs::read_to_string(temp.path().join("body.md")).unwrap();
    assert!(body.contains("shop: ") && body.contains("probed"), "{body}");
    // The next night it is there already; once it is merged there is nothing to do.
    clone.git(&["checkout", "-q", "main"]);
    let output = script(&clone.root, run, &variables);
    ends(&output, 0);
    assert!(String::from_utf8_lossy(&output.stdout).contains("is there already"));
    clone.git(&["merge", "-q", branch]);
    let output = script(&clone.root, run, &variables);
    ends(&output, 0);
    assert!(String::from_utf8_lossy(&output.stdout).contains("The pack knows shop 2.0.0."));
    assert_eq!(asked().lines().count(), 1);
}

#[test]
fn the_jobs_for_gitlab_fail_then_mend_then_pass() {
    let Some((origin, clone)) = raised_on_a_branch() else {
        return;
    };
    let file = read("examples/gitlab/refit.gitlab-ci.yml");
    let lines = |value: &Value| -> String {
        let lines = value.as_sequence().unwrap().iter();
        lines
            .map(|line| format!("{}\n", line.as_str().unwrap()))
            .collect()
    };
    let before = lines(&file[".refit"]["before_script"]);
    let check = format!("{before}{}", lines(&file["refit-check"]["script"]));
    let address = format!("file://{}", origin.root.display());
    let mend = format!("{before}{}", lines(&file["refit-values"]["script"]));
    let pushed =
        "\"$CI_SERVER_PROTOCOL://refit:$REFIT_TOKEN@$CI_SERVER_HOST/$CI_PROJECT_PATH.git\"";
    assert!(mend.contains(pushed), "{mend}");
    let mend = mend.replace(pushed, &format!("'{address}'"));
    let variables = [
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("CI_COMMIT_REF_NAME", "renovate/arroyo"),
        ("CI_SERVER_HOST", "gitlab.example"),
    ];
    ends(&script(&clone.root, &check, &variables), 1);
    let report: PathBuf = clone.path("refit.html");
    assert!(fs::read_to_string(&report).unwrap().contains("arroyo"));
    fs::remove_file(report).unwrap();
    let reports = &file["refit-check"]["artifacts"]["reports"];
    let quality: PathBuf = clone.path(reports["codequality"].as_str().unwrap());
    let findings: Value = serde_yaml::from_str(&fs::read_to_string(&quality).unwrap()).unwrap();
    assert_eq!(findings[0]["location"]["path"], APP);
    fs::remove_file(quality).unwrap();
    ends(&script(&clone.root, &mend, &variables), 0);
    mended(&origin);
    ends(&script(&clone.root, &check, &variables), 0);
}

#[test]
fn multi_gitters_script_edits_each_clone() {
    let Some(here) = deployed() else { return };
    read("examples/multi-gitter/config.yaml");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/multi-gitter/upgrade.sh");
    let run = format!("'{}'", file.display());
    ends(&script(&here.root, &run, &[]), 0);
    assert_eq!(here.git(&["diff", "--name-only"]).trim(), APP);
    here.commit("as multi-gitter does");
    ends(&script(&here.root, &run, &[]), 0);
    assert_eq!(here.git(&["status", "--porcelain"]), "");
    // What cannot be read is an error, and multi-gitter opens nothing.
    here.file(
        APP,
        "kind: Application\napiVersion: argoproj.io/v1alpha1\nchart: arroyo\n  x: [\n",
    );
    ends(&script(&here.root, &run, &[]), 2);
}
