//! Charts that have the name of a known one: known namesakes are refused by name, mirrors are accepted and told,
//! and what has the name but not the keys is no mirror.

use std::fs;

use crate::demo::{Demo, Run};

const IDENTITY: &str = "\
repositories: [https://charts.team.example/stable, oci://registry.team.example/charts]
identifies:
  names: [mirrored-demo]
  not:
    - {repository: https://charts.other.example, why: That is the chart of Other and has other keys.}
    - {repository: oci://hub.other.example/charts, why: That is the chart of Other and has other keys.}
  keys:
";

fn demo(files: &[(&str, &str)]) -> Demo {
    let demo = Demo::new();
    let pack = demo.text("pack/pack.yaml");
    demo.file(
        "pack/pack.yaml",
        pack.replace("identifies:\n  keys:\n", IDENTITY),
    );
    for (name, text) in files {
        let path = demo.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    demo
}

fn application(chart: &str, repository: &str, values: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: app}}\nspec:\n  source:\n    \
         repoURL: {repository}\n    chart: {chart}\n    targetRevision: 1.0.0\n    helm:\n      valuesObject:\n        {values}\n"
    )
}

fn words(run: &Run) -> String {
    run.err.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One Application from a repository.
fn run(chart: &str, repository: &str, values: &str, more: &str) -> (Demo, Run) {
    let demo = demo(&[("in/app.yaml", &application(chart, repository, values))]);
    let run = demo.run(&format!("upgrade in --pack pack --write {more}"));
    (demo, run)
}

#[test]
fn a_known_namesake_is_refused_by_name_and_stays() {
    for repository in [
        "https://charts.other.example",
        "https://charts.other.example/stable/",
        "hub.other.example/charts",
    ] {
        let (demo, run) = run("demo", repository, "old: a", "");
        assert_eq!(run.code, 2, "{}", run.err);
        assert!(demo.text("in/app.yaml").contains("old: a"));
        let said = words(&run);
        for part in [
            "another chart that is called demo, too",
            "That is the chart of Other",
            "published at https://charts.team.example/stable",
            "--chart demo",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    // Who says that it is the chart knows better.
    let (demo, run) = run(
        "demo",
        "https://charts.other.example",
        "old: a",
        "--chart demo",
    );
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(demo.text("in/app.yaml").contains("new: a"));
}

#[test]
fn a_repository_object_tells_whose_chart_it_is() {
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: app}\nspec:\n  chart:\n    \
        spec:\n      chart: demo\n      version: 1.0.0\n      sourceRef: {kind: HelmRepository, name: source}\n  values: {old: a}\n";
    let repository = |url: &str| {
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: source}}\nspec: {{url: {url}}}\n"
        )
    };
    let other = repository("https://charts.other.example");
    let run = demo(&[("in/release.yaml", release), ("in/source.yaml", &other)])
        .run("upgrade in --pack pack");
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(words(&run).contains("release.yaml:7"), "{}", run.err);
    // Several objects that say one address are one.
    let own = repository("https://charts.team.example/stable");
    let twin = repository("https://charts.team.example/stable/");
    let files = [
        ("in/release.yaml", release),
        ("in/a/source.yaml", &own),
        ("in/b/source.yaml", &twin),
    ];
    let run = demo(&files).run("upgrade in --pack pack");
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(!run.err.contains("which one is meant"), "{}", run.err);
    assert!(!run.err.contains("where it comes from"), "{}", run.err);
}

#[test]
fn a_mirror_is_accepted_and_told_and_what_has_other_keys_is_none() {
    let mirror = "https://mirror.internal.example/charts";
    let (demo, accepted) = run("demo", mirror, "old: a", "");
    assert_eq!(accepted.code, 0, "{}", accepted.err);
    assert!(demo.text("in/app.yaml").contains("new: a"));
    assert!(
        words(&accepted).contains("a mirror, or a fork"),
        "{}",
        accepted.err
    );
    let (demo, refused) = run("demo", mirror, "{old: a, replicas: 1, queue: {url: x}}", "");
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(demo.text("in/app.yaml").contains("old: a"));
    let said = words(&refused);
    for part in [
        "its keys are not those of the demo that refit knows",
        "replicas, queue",
        "repositories",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // From its own repository, keys that it does not know are no reason.
    let own = "https://charts.team.example/stable";
    let (_, run) = run("demo", own, "{old: a, replicas: 1, queue: {url: x}}", "");
    assert_eq!(run.code, 0, "{}", run.err);
}

#[test]
fn another_name_of_the_chart_is_the_chart() {
    let (demo, run) = run(
        "mirrored-demo",
        "oci://registry.team.example/charts",
        "old: a",
        "",
    );
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(demo.text("in/app.yaml").contains("new: a"));
}

/// Bitnami publishes charts of the same names with keys of their own: https://github.com/bitnami/charts/tree/main/bitnami
#[test]
fn charts_of_bitnami_are_not_taken_for_those_that_packs_are_for() {
    for chart in ["argo-cd", "cert-manager", "external-dns", "grafana"] {
        for repository in [
            "https://charts.bitnami.com/bitnami",
            "registry-1.docker.io/bitnamicharts",
        ] {
            let text = application(chart, repository, "controller: {replicaCount: 2}");
            let demo = Demo::new();
            fs::create_dir_all(demo.path("in")).unwrap();
            demo.file("in/app.yaml", &text);
            let run = demo.run("upgrade in --write");
            assert_eq!(run.code, 2, "{chart}: {}", run.err);
            let says = format!("another chart that is called {chart}, too");
            assert!(words(&run).contains(&says), "{chart}: {}", run.err);
            assert_eq!(demo.text("in/app.yaml"), text);
        }
    }
}
