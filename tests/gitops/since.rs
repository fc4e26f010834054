//! `--since`: the chart version was raised first, as Renovate does it, in real git repositories.

use std::fs;

use serde_yaml::Value;

use crate::{
    repository::{self, Repository},
    support::helm::{self, Helm},
};

const VALUES: &str = "\
controller:
  image:
    repository: reg.tern.example/mirror/arroyo
    tag: \"0.10.3\"   # as tested
worker:
  image:
    repository: reg.tern.example/mirror/arroyo
    tag: \"0.10.3\"
  slots: 8
artifactUrl: s3://tern/artifacts
checkpointUrl: s3://tern/checkpoints
";

/// The values with every line this far to the right.
fn indented(by: usize) -> String {
    let pad = " ".repeat(by);
    VALUES
        .lines()
        .map(|line| format!("{pad}{line}\n"))
        .collect()
}

const REPOSITORY: &str = "https://arroyosystems.github.io/helm-repo";

/// Where the values of each release are, and the file that names its version.
struct Carrier {
    kind: &'static str,
    version: &'static str,
    values: (&'static str, &'static [&'static str]),
}

const CARRIERS: &[Carrier] = &[
    Carrier {
        kind: "Argo CD Application",
        version: "argo/app.yaml",
        values: ("argo/app.yaml", &["spec", "source", "helm", "valuesObject"]),
    },
    Carrier {
        kind: "Flux HelmRelease",
        version: "flux/release.yaml",
        values: ("flux/release.yaml", &["spec", "values"]),
    },
    Carrier {
        kind: "Flux OCIRepository",
        version: "oci/source.yaml",
        values: ("oci/release.yaml", &["spec", "values"]),
    },
    Carrier {
        kind: "umbrella chart",
        version: "umbrella/Chart.yaml",
        values: ("umbrella/values.yaml", &["streams"]),
    },
    Carrier {
        kind: "k3s HelmChart",
        version: "k3s/chart.yaml",
        values: ("k3s/chart.yaml", &["spec", "valuesContent"]),
    },
    Carrier {
        kind: "helmfile",
        version: "helmfile/helmfile.yaml",
        values: ("helmfile/values.yaml", &[]),
    },
    Carrier {
        kind: "kustomization",
        version: "kustomize/kustomization.yaml",
        values: ("kustomize/base.yaml", &[]),
    },
    Carrier {
        kind: "refit.yaml",
        version: "refit.yaml",
        values: ("plain/values.yaml", &[]),
    },
];

/// A repository in which each kind of carrier deploys chart 0.10.3, committed on `main`.
fn before() -> Option<Repository> {
    let here = Repository::new()?;
    here.file(
        "argo/app.yaml",
        &format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: arroyo\nspec:\n  source:\n    repoURL: {REPOSITORY}\n    chart: arroyo\n    targetRevision: 0.10.3\n    helm:\n      valuesObject:\n{}",
            indented(8)
        ),
    );
    here.file(
        "flux/release.yaml",
        &format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: arroyo\n  namespace: streams\nspec:\n  chart:\n    spec:\n      chart: arroyo\n      version: \"0.10.3\"\n      sourceRef: {{kind: HelmRepository, name: arroyo}}\n  values:\n{}",
            indented(4)
        ),
    );
    here.file(
        "flux/repository.yaml",
        &format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata:\n  name: arroyo\n  namespace: streams\nspec:\n  url: {REPOSITORY}\n"
        ),
    );
    here.file(
        "oci/release.yaml",
        &format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: from-oci\nspec:\n  chartRef: {{kind: OCIRepository, name: streams}}\n  values:\n{}",
            indented(4)
        ),
    );
    here.file(
        "oci/source.yaml",
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata:\n  name: streams\nspec:\n  url: oci://reg.tern.example/charts/arroyo\n  ref: {tag: 0.10.3}\n",
    );
    here.file(
        "umbrella/Chart.yaml",
        &format!(
            "apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies:\n  - name: arroyo\n    alias: streams\n    version: 0.10.3\n    repository: {REPOSITORY}\n"
        ),
    );
    here.file(
        "umbrella/values.yaml",
        &format!("streams:\n{}", indented(2)),
    );
    here.file(
        "k3s/chart.yaml",
        &format!(
            "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata:\n  name: arroyo\nspec:\n  repo: {REPOSITORY}\n  chart: arroyo\n  version: 0.10.3\n  valuesContent: |-\n{}",
            indented(4)
        ),
    );
    here.file(
        "helmfile/helmfile.yaml",
        &format!(
            "repositories:\n  - name: arroyo\n    url: {REPOSITORY}\nreleases:\n  - name: streams\n    chart: arroyo/arroyo\n    version: 0.10.3\n    values: [values.yaml]\n"
        ),
    );
    here.file("helmfile/values.yaml", VALUES);
    here.file(
        "kustomize/kustomization.yaml",
        &format!(
            "helmCharts:\n- name: arroyo\n  repo: {REPOSITORY}\n  version: 0.10.3\n  releaseName: kustomized\n  valuesFile: base.yaml\n"
        ),
    );
    here.file("kustomize/base.yaml", VALUES);
    here.file("plain/values.yaml", VALUES);
    here.file(
        "refit.yaml",
        "refit: 1\nreleases:\n  plain:\n    chart: arroyo\n    version: 0.10.3\n    layers: [plain/values.yaml]\n",
    );
    // Another chart, and one that nobody raises.
    here.file(
        "argo/other.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: other\nspec:\n  source:\n    repoURL: https://charts.tern.example\n    chart: other\n    targetRevision: 0.10.3\n    helm:\n      valuesObject:\n        controller: {image: {repository: reg.tern.example/other}}\n",
    );
    here.file(
        "argo/stays.yaml",
        &here
            .text("argo/app.yaml")
            .replace("name: arroyo", "name: stays"),
    );
    here.commit("Deploy");
    Some(here)
}

/// Raises the version where each carrier names it, and nothing else.
fn raise(here: &Repository) {
    for carrier in CARRIERS {
        let text = here.text(carrier.version);
        let raised: String = text
            .split_inclusive('\n')
            .map(|line| {
                let names = ["version:", "targetRevision:", "ref:"];
                match names.iter().any(|name| line.trim_start().starts_with(name)) {
                    true => line.replace("0.10.3", "0.15.0"),
                    false => line.to_owned(),
                }
            })
            .collect();
        assert_ne!(text, raised, "{}", carrier.kind);
        here.file(carrier.version, &raised);
    }
}

/// The values of a carrier as a text for Helm.
fn values(here: &Repository, carrier: &Carrier) -> String {
    let (file, path) = carrier.values;
    let mut value: Value = serde_yaml::from_str(&here.text(file)).unwrap();
    for key in path {
        value = value[*key].clone();
    }
    match value {
        Value::String(text) => text,
        value => serde_yaml::to_string(&value).unwrap(),
    }
}

/// The images and the slots that a chart of the examples renders.
fn rendered(helm: &Helm, chart: &str, values: &str) -> Vec<String> {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("values.yaml");
    fs::write(&file, values).unwrap();
    let chart = format!("{}/examples/charts/{chart}", env!("CARGO_MANIFEST_DIR"));
    let output = helm
        .command(home.path())
        .args(["template", "arroyo", &chart, "-f"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut found: Vec<String> = text
        .split_whitespace()
        .map(|word| word.trim_matches(['"', ',', '\'', '\\']))
        .filter(|word| word.contains("/arroyo:") || word.starts_with("s3://"))
        .map(|word| match word.rsplit_once(':') {
            // A tag of the chart before cannot run under the new one.
            Some((name, _)) if word.contains("/arroyo:") => name.to_owned(),
            _ => word.to_owned(),
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn a_branch_that_raised_versions_fails_is_mended_and_passes() {
    let Some(here) = before() else { return };
    let old: Vec<String> = CARRIERS
        .iter()
        .map(|carrier| values(&here, carrier))
        .collect();
    here.git(&["checkout", "-q", "-b", "renovate/arroyo-0.x"]);
    raise(&here);
    here.commit("Update Helm release arroyo to v0.15.0");
    let state = here.state();

    let checked = here.refit(&["upgrade", "--check", "--since", "main"]);
    assert_eq!(checked.code, 1, "{checked:?}");
    assert!(
        checked
            .said
            .contains("8 releases name another chart version, 1 release names the same"),
        "{checked:?}"
    );
    assert_eq!(checked.said.matches("ready ").count(), 8, "{checked:?}");
    assert!(here.state() == state, "the repository is as it was");

    let written = here.refit(&["upgrade", "--write", "--since", "main"]);
    assert_eq!(written.code, 0, "{written:?}");
    let changed = here.git(&["diff", "--name-only"]);
    let mut expected: Vec<&str> = CARRIERS.iter().map(|carrier| carrier.values.0).collect();
    // What it reached is noted there, too.
    expected.push("refit.yaml");
    expected.sort_unstable();
    expected.dedup();
    assert_eq!(changed.lines().collect::<Vec<_>>(), expected);
    for carrier in CARRIERS {
        let text = here.text(carrier.version);
        assert!(text.contains("0.15.0"), "{}: {text}", carrier.kind);
        assert!(
            !values(&here, carrier).contains("0.10.3"),
            "{}",
            carrier.kind
        );
    }

    // Committed or not, the branch is as it should be.
    for commit in [false, true] {
        if commit {
            here.commit("Bring the values along");
        }
        let after = here.refit(&["upgrade", "--check", "--since", "main"]);
        assert_eq!(after.code, 0, "{after:?}");
    }
    let again = here.refit(&["upgrade", "--write", "--since", "main"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(here.git(&["status", "--porcelain"]), "");

    for helm in helm::each() {
        for (carrier, old) in CARRIERS.iter().zip(&old) {
            let ran = rendered(helm, "two-image", old);
            assert!(
                ran.contains(&"reg.tern.example/mirror/arroyo".to_owned()),
                "{ran:?}"
            );
            let runs = rendered(helm, "one-image", &values(&here, carrier));
            assert_eq!(ran, runs, "{}", carrier.kind);
        }
        // Without refit the mirror would have been lost.
        assert_ne!(
            rendered(helm, "two-image", &old[0]),
            rendered(helm, "one-image", &old[0])
        );
    }
}

#[test]
fn what_the_other_branch_gained_is_not_this_branchs_doing() {
    let Some(here) = before() else { return };
    here.git(&["checkout", "-q", "-b", "branch"]);
    here.file("README.md", "Nothing of charts.\n");
    here.commit("Write a page");
    here.git(&["checkout", "-q", "main"]);
    raise(&here);
    here.commit("Raise");
    here.git(&["checkout", "-q", "branch"]);
    let checked = here.refit(&["upgrade", "--check", "--since", "main"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    assert!(
        checked
            .said
            .contains("0 releases name another chart version, 9 releases name the same")
    );
}

#[test]
fn a_file_that_moved_is_known_again() {
    let Some(here) = before() else { return };
    here.git(&["checkout", "-q", "-b", "branch"]);
    fs::create_dir_all(here.path("clusters/one")).unwrap();
    here.git(&["mv", "argo/app.yaml", "clusters/one/arroyo.yaml"]);
    here.replace(
        "clusters/one/arroyo.yaml",
        "targetRevision: 0.10.3",
        "targetRevision: 0.15.0",
    );
    here.commit("Move and raise");
    // Also if only the new folder is named.
    for folder in [".", "clusters"] {
        let checked = here.refit(&["upgrade", "--check", "--since", "main", folder]);
        assert_eq!(checked.code, 1, "{checked:?}");
        assert!(
            checked.said.contains("arroyo 0.10.3 → 0.15.0"),
            "{checked:?}"
        );
    }
}

#[test]
fn a_new_release_is_told_and_judged_by_what_it_says() {
    let Some(here) = before() else { return };
    here.git(&["checkout", "-q", "-b", "branch"]);
    here.file(
        "argo/new.yaml",
        &format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: fresh\nspec:\n  source:\n    repoURL: {REPOSITORY}\n    chart: arroyo\n    targetRevision: 0.15.0\n    helm:\n      valuesObject:\n        artifactUrl: s3://tern/a\n        checkpointUrl: s3://tern/c\n"
        ),
    );
    here.commit("Deploy another one");
    let checked = here.refit(&["upgrade", "--check", "--since", "main"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    assert!(checked.said.contains("1 is new") && checked.said.contains("Application/fresh"));
}

#[test]
fn what_git_cannot_tell_is_said_with_what_to_do() {
    let Some(here) = before() else { return };
    here.git(&["checkout", "-q", "-b", "branch"]);
    here.file("README.md", "One.\n");
    here.commit("One");
    here.file("README.md", "Two.\n");
    here.commit("Two");
    let unknown = here.refit(&["upgrade", "--check", "--since", "origin/main"]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.said.contains("git fetch origin main"),
        "{unknown:?}"
    );

    let clone = here.cloned(&["--depth", "1", "--no-single-branch"]);
    let shallow = clone.refit(&["upgrade", "--check", "--since", "origin/main"]);
    assert_eq!(shallow.code, 2, "{shallow:?}");
    assert!(
        shallow.said.contains("git fetch --unshallow"),
        "{shallow:?}"
    );
    clone.git(&["fetch", "-q", "--unshallow"]);
    let whole = clone.refit(&["upgrade", "--check", "--since", "origin/main"]);
    assert_eq!(whole.code, 0, "{whole:?}");

    let nowhere = tempfile::tempdir().unwrap();
    let outside = repository::run(nowhere.path(), &["upgrade", "--check", "--since", "main"]);
    assert_eq!(outside.code, 2);
    assert!(
        outside.said.contains("git finds no work tree"),
        "{outside:?}"
    );
}

#[test]
fn a_meaning_that_changed_under_the_same_key_is_brought_along_once() {
    let Some(here) = Repository::new() else {
        return;
    };
    let pack = "pack: 1\nchart: demo\ntitle: A demo\nversions:\n  1.0.0: {app: \"1\"}\n  2.0.0: {app: \"2\"}\n";
    let step = "version: 2.0.0\ntitle: Seconds are milliseconds\nsteps:\n  milliseconds:\n    title: Count in milliseconds\n    same-key: true\n    take: {t: timeout}\n    do: {timeout: =t * 1000}\n";
    here.file("pack/pack.yaml", pack);
    here.file("pack/2.0.0.yaml", step);
    here.file(
        "pack/keys.yaml",
        "timeout: [{in: \"*\", default: 1}]\nname: [{in: \"*\", default: \"\"}]\n",
    );
    let app = |version: &str, values: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: demo\nspec:\n  source:\n    repoURL: https://charts.tern.example\n    chart: demo\n    targetRevision: {version}\n    helm:\n      valuesObject:\n{values}"
        )
    };
    here.file("app.yaml", &app("1.0.0", "        timeout: 30\n"));
    here.commit("Deploy");
    here.git(&["checkout", "-q", "-b", "branch"]);
    // Something else was changed, too: it is no sign that this was done.
    let raised = app("2.0.0", "        timeout: 30\n        name: x\n");
    here.file("app.yaml", &raised);
    let args = [
        "upgrade",
        "--pack",
        "pack",
        "--exclude",
        "/pack",
        "--since",
        "main",
    ];
    let with = |more: &'static str| [&args[..], &[more]].concat();
    assert_eq!(here.refit(&with("--check")).code, 1);
    assert_eq!(here.refit(&with("--write")).code, 0);
    assert_eq!(here.text("app.yaml"), raised.replace("30", "30000"));
    let again = here.refit(&with("--check"));
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(here.refit(&with("--write")).code, 0);
    assert_eq!(here.text("app.yaml"), raised.replace("30", "30000"));
}
