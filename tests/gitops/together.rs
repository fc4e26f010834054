//! Manifests that have something in common, and what must not happen to one because of another.

use crate::demo;

use std::fs;

use demo::{Demo, Run};

const REPOSITORY: &str = "https://arroyosystems.github.io/helm-repo";
const OLD: &str = "    controller: {image: {repository: r.example/arroyo}}\n    worker: {image: {repository: r.example/arroyo}}\n    artifactUrl: s3://g/a\n    checkpointUrl: s3://g/c\n";

fn ok(run: Run) -> Run {
    assert_eq!(run.code, 0, "{}", run.err);
    run
}

fn application(version: &str, values: &str) -> String {
    let values: String = values.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: a, namespace: argocd}}\nspec:\n  source:\n    repoURL: {REPOSITORY}\n    chart: arroyo\n    targetRevision: {version}\n    helm:\n      valuesObject:\n{values}"
    )
}

fn flux(name: &str, values: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}, namespace: n}}\nspec:\n  chartRef: {{kind: OCIRepository, name: arroyo}}\n  values:\n{values}"
    )
}

#[test]
fn a_version_that_releases_share_stays_if_one_of_them_cannot_be_upgraded() {
    let demo = Demo::new();
    let source = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: arroyo, namespace: n}\nspec:\n  url: oci://ghcr.io/arroyosystems/arroyo\n  ref: {semver: \">=0.10.0 <0.11.0-0\"}\n";
    demo.file("source.yaml", source);
    let shared = "    controller: &c\n      image: {repository: r.example/arroyo}\n    worker:\n      <<: *c\n      slots: 3\n    artifactUrl: s3://g/a\n    checkpointUrl: s3://g/c\n";
    demo.file("a.yaml", flux("a", shared));
    demo.file("b.yaml", flux("b", OLD));
    let run = demo.run("upgrade . --to 0.15.0 --answer detach=refuse --write");
    assert_eq!(run.code, 2, "{}", run.err);
    for says in [
        "error: HelmRelease/n/b: it shares the chart version in source.yaml with HelmRelease/n/a, which",
        "Look at the message for HelmRelease/n/a first.",
    ] {
        assert!(run.err.contains(says), "{says}\n{}", run.err);
    }
    assert_eq!(demo.text("source.yaml"), source);
    assert_eq!(demo.text("b.yaml"), flux("b", OLD));
    // With both, it is raised once, in its own style.
    ok(demo.run("upgrade . --to 0.15.0 --answer detach=copy --write"));
    let raised = source.replace(">=0.10.0 <0.11.0-0", ">=0.15.0 <0.16.0-0");
    assert_eq!(demo.text("source.yaml"), raised);
}

#[test]
fn a_patch_has_nothing_of_a_release_with_an_open_question() {
    let demo = Demo::new();
    let asks = OLD.replace("arroyo}}", "arroyo, tag: mine}}");
    demo.file("asks.yaml", application("0.10.3", &asks));
    demo.file(
        "sure.yaml",
        application("0.10.3", OLD).replace("name: a,", "name: b,"),
    );
    let run = ok(demo.run("upgrade . --to 0.15.0 -o patch --report r.patch"));
    assert!(!run.out.contains("asks.yaml"), "{}", run.out);
    assert!(run.out.contains("+++ b/sure.yaml"), "{}", run.out);
    assert!(
        run.err
            .contains("note: files with open questions are not in the patch")
    );
    assert_eq!(demo.text("r.patch"), run.out);
}

#[test]
fn a_release_says_which_other_one_it_waits_for() {
    let demo = Demo::new();
    let asks = OLD.replace("arroyo}}", "arroyo, tag: mine}}");
    let named = |name: &str, values: &str| {
        application("0.10.3", values).replace("name: a,", &format!("name: {name},"))
    };
    demo.file(
        "both.yaml",
        format!("{}---\n{}", named("quiet", OLD), named("asking", &asks)),
    );
    demo.file("alone.yaml", named("alone", OLD));
    let run = demo.run("upgrade . --to 0.15.0 --check");
    assert_eq!(run.code, 3, "{}", run.err);
    let row = |name: &str| {
        let mut lines = run.err.lines();
        let found = lines.find(|line| line.contains(name) && line.contains("→"));
        found.unwrap_or_else(|| panic!("no line for {name}\n{}", run.err))
    };
    assert!(row("alone.yaml").starts_with("ready "), "{}", run.err);
    let quiet = row("Application/argocd/quiet");
    assert!(quiet.starts_with("waits "), "{}", run.err);
    assert!(
        quiet.ends_with("for Application/argocd/asking"),
        "{}",
        run.err
    );
    let total =
        "3 releases: 1 ready, 1 waits (one-image 1), 1 waits for another that shares its file.";
    assert!(run.err.contains(total), "{}", run.err);
    // In few words, and in full.
    let sentence = "is written together with Application/argocd/asking, which waits for an answer";
    for options in ["--check -q", "-v"] {
        let run = demo.run(&format!("upgrade . --to 0.15.0 {options}"));
        let said = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(said.matches(sentence).count(), 1, "{}", run.err);
    }
    let table = ok(demo.run("upgrade . --to 0.15.0 -o markdown")).out;
    assert!(
        table.contains("**waits for Application/argocd/asking**"),
        "{table}"
    );
    let json = ok(demo.run("upgrade . --to 0.15.0 -o json")).out;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let held: Vec<&serde_json::Value> = ["alone", "quiet", "asking"]
        .iter()
        .map(|name| {
            let mut releases = json["releases"].as_array().into_iter().flatten();
            let found = releases.find(|release| {
                release["name"].as_str() == Some(&format!("Application/argocd/{name}"))
            });
            &found.expect("the release")["held_by"]
        })
        .collect();
    let by = serde_json::json!({"release": "Application/argocd/asking", "others": 0});
    let none = serde_json::Value::Null;
    assert_eq!(held, [&none, &by, &none]);
    // With the answer both are written.
    let run = demo.run("upgrade . --to 0.15.0 --answer one-image=chart-tag --check -q");
    assert!(run.code == 1 && !run.err.contains("waits"), "{}", run.err);
}

#[test]
fn a_release_whose_shared_file_shows_nothing_yet_does_not_fit_already() {
    let demo = Demo::new();
    demo.file("base.yaml", "artifactUrl: s3://g/a\ncheckpointUrl: s3://g/c\ncontroller: {image: {repository: r.example/arroyo}}\nworker: {image: {repository: r.example/arroyo}}\n");
    demo.file(
        "asks.yaml",
        "controller: {image: {tag: mine}}\nworker: {image: {tag: mine}}\n",
    );
    let run = ok(demo.run("upgrade --release asking@0.10.3=base.yaml,asks.yaml --release quiet@0.10.3=base.yaml --to 0.15.0"));
    let quiet = run.err.lines().find(|line| line.contains("quiet"));
    let quiet = quiet.expect("a line");
    assert!(
        quiet.starts_with("waits ") && quiet.ends_with("for asking"),
        "{}",
        run.err
    );
}

#[test]
fn what_names_the_chart_and_stays_is_told() {
    let demo = Demo::new();
    for (version, says) in [
        (
            "HEAD",
            "`HEAD` stays as it is, because it is no chart version.",
        ),
        ("'{{ .version }}'", "`{{ .version }}` stays as it is"),
    ] {
        demo.file("app.yaml", application(version, OLD));
        let run = ok(demo.run("upgrade app.yaml --from 0.10.3 --to 0.15.0"));
        assert!(run.err.contains(says), "{}", run.err);
    }
    let values: String = OLD.lines().map(|line| format!("{line}\n")).collect();
    demo.file(
        "app.yaml",
        format!("apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {{name: arroyo, namespace: kube-system}}\nspec:\n  chart: https://x.example/arroyo-0.10.3.tgz\n  valuesContent: |-\n{values}"),
    );
    let run = ok(demo.run("upgrade app.yaml --from 0.10.3 --to 0.15.0"));
    assert!(
        run.err
            .contains("line 5: The chart is named by the address of its archive"),
        "{}",
        run.err
    );
}

#[test]
fn charts_of_one_kustomization_have_names_of_their_own() {
    let demo = Demo::new();
    let chart = |name: &str| {
        format!(
            "  - name: arroyo\n    repo: {REPOSITORY}\n    version: 0.10.3\n{name}    valuesInline: {{worker: {{slots: 2}}, artifactUrl: s3://g/a, checkpointUrl: s3://g/c}}\n"
        )
    };
    let charts = [
        "    releaseName: north\n",
        "    releaseName: south\n",
        "",
        "",
    ]
    .map(chart);
    demo.file(
        "kustomization.yaml",
        format!("helmCharts:\n{}", charts.concat()),
    );
    let run = ok(demo.run("upgrade . --to 0.15.0 -v"));
    for name in [
        "helmCharts north (kustomization.yaml)",
        "helmCharts south (kustomization.yaml)",
        "kustomization.yaml#helmCharts arroyo",
        "kustomization.yaml#helmCharts arroyo (2)",
    ] {
        let line = format!("{name}: arroyo 0.10.3 → 0.15.0");
        assert!(run.err.contains(&line), "{line}\n{}", run.err);
    }
    fs::remove_file(demo.path("kustomization.yaml")).unwrap();
}

#[test]
fn a_range_of_versions_before_all_that_are_known_says_how_to_get_to_them() {
    let demo = Demo::new();
    for (range, next) in [
        (
            "~0.0.9",
            "Draft what changed from the two charts: --old-chart CHART --new-chart CHART. Or bring the values to 0.1.0 as the chart's own notes say, then go on with --from 0.1.0.",
        ),
        // Of a range with a hole nobody knows.
        (
            "0.10.4 - 0.10.9",
            "Name the chart version that runs now: --from VERSION",
        ),
    ] {
        demo.file("app.yaml", application(range, OLD));
        let run = demo.run("upgrade app.yaml");
        assert_eq!(run.code, 2, "{}", run.err);
        let said = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(next), "{range}: {said}");
    }
}

#[test]
fn a_range_without_quotes_gets_none() {
    let demo = Demo::new();
    for (old, new) in [
        ("^0.10.0", "^0.15.0"),
        ("~0.10.0", "~0.15.0"),
        ("0.10.0 - 0.10.3", "0.15.0 - 0.15.0"),
    ] {
        demo.file("app.yaml", application(old, OLD));
        ok(demo.run("upgrade app.yaml --to 0.15.0 --write"));
        let line = format!("    targetRevision: {new}\n");
        assert!(
            demo.text("app.yaml").contains(&line),
            "{}",
            demo.text("app.yaml")
        );
    }
}

#[test]
fn what_is_anchored_is_not_changed_for_another_chart() {
    let old = OLD.replace("    ", "      ");
    for (files, alias) in [
        (
            vec![
                (
                    "Chart.yaml",
                    format!(
                        "apiVersion: v2\nname: u\nversion: 1.0.0\ndependencies:\n  - {{name: arroyo, version: 0.10.3, repository: {REPOSITORY}}}\n  - {{name: rollouts, version: 1.0.0, repository: https://other.example}}\n"
                    ),
                ),
                (
                    "values.yaml",
                    format!("arroyo: &a\n{OLD}rollouts:\n  <<: *a\n  x: 1\n"),
                ),
            ],
            "values.yaml:7",
        ),
        (
            vec![(
                "helmfile.yaml",
                format!(
                    "repositories:\n  - {{name: arroyo, url: {REPOSITORY}}}\n  - {{name: other, url: https://other.example}}\nreleases:\n  - name: a\n    chart: arroyo/arroyo\n    version: 0.10.3\n    values:\n    - &v\n{old}  - name: b\n    chart: other/other\n    values: [*v]\n"
                ),
            )],
            "helmfile.yaml:16",
        ),
        (
            vec![(
                "kustomization.yaml",
                format!(
                    "helmCharts:\n  - name: arroyo\n    repo: {REPOSITORY}\n    version: 0.10.3\n    valuesInline: &shared\n{old}  - name: other\n    repo: https://other.example\n    version: 1.0.0\n    valuesInline: *shared\n"
                ),
            )],
            "kustomization.yaml:13",
        ),
        (
            vec![(
                "fleet.yaml",
                format!(
                    "helm:\n  repo: {REPOSITORY}\n  chart: arroyo\n  version: 0.10.3\n  values: &base\n{old}targetCustomizations:\n  - name: dev\n    clusterName: dev\n    helm:\n      values:\n        <<: *base\n        worker: {{image: {{repository: r.example/other}}}}\n"
                ),
            )],
            "fleet.yaml:15",
        ),
    ] {
        let demo = Demo::new();
        for (name, text) in &files {
            demo.file(name, text);
        }
        let run = demo.run("upgrade . --to 0.15.0 --write --accept-recommended");
        assert_eq!(run.code, 2, "{}", run.err);
        let said = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
        let says = "is an alias of values that change, and would change with them";
        assert!(said.contains(says), "{}", run.err);
        assert!(
            run.err.contains(&format!("error: {alias}:")),
            "{alias}\n{}",
            run.err
        );
        assert!(!run.err.contains("fault of refit"), "{}", run.err);
        for (name, text) in &files {
            assert_eq!(demo.text(name), *text);
        }
    }
}

#[test]
fn a_merge_key_in_a_manifest_is_asked_about_as_in_a_plain_file() {
    let demo = Demo::new();
    let values = "controller:\n  image: &image\n    repository: r.example/arroyo\nworker:\n  image:\n    <<: *image\n    pullPolicy: Always\nartifactUrl: s3://g/a\ncheckpointUrl: s3://g/c\n";
    let moved: String = values.lines().map(|line| format!("    {line}\n")).collect();
    demo.file("app.yaml", application("0.10.3", &moved));
    demo.file("plain.yaml", values);
    for file in ["app.yaml", "plain.yaml"] {
        let run = demo.run(&format!("upgrade {file} --from 0.10.3 --to 0.15.0"));
        assert_eq!(run.code, 0, "{file} {}", run.err);
    }
}

/// A base with a HelmRelease, and an overlay that patches its values.
fn overlay(base: &str, overlay: &str) -> Demo {
    let demo = Demo::new();
    for folder in ["base", "production"] {
        fs::create_dir(demo.path(folder)).unwrap();
    }
    demo.file("base/release.yaml", format!("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: arroyo, namespace: streams}}\nspec:\n  chart:\n    spec:\n      chart: arroyo\n      version: 0.10.3\n      sourceRef: {{kind: HelmRepository, name: arroyo}}\n  values:\n{base}"));
    demo.file("production/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../base]\npatches:\n  - path: arroyo-values.yaml\n    target: {kind: HelmRelease}\n");
    demo.file("production/arroyo-values.yaml", format!("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: arroyo, namespace: streams}}\nspec:\n  values:\n{overlay}"));
    demo
}

#[test]
fn a_patch_of_a_helm_release_is_a_layer_above_it() {
    let urls = "    artifactUrl: s3://g/a\n    checkpointUrl: s3://g/c\n";
    let images = "    controller: {image: {repository: r.example/arroyo}}\n    worker: {image: {repository: r.example/arroyo}}\n";
    let demo = overlay(urls, images);
    let run = ok(demo.run("upgrade . --to 0.15.0 --write"));
    let base = demo.text("base/release.yaml");
    assert!(base.contains("version: 0.15.0"), "{base}\n{}", run.err);
    let patch = demo.text("production/arroyo-values.yaml");
    assert!(
        patch.ends_with("  values:\n    image:\n      repository: r.example/arroyo\n"),
        "{patch}"
    );
    for name in [
        "ready  base/release.yaml ",
        "ready  production/arroyo-values.yaml ",
    ] {
        assert!(run.err.contains(name), "{name}\n{}", run.err);
    }
    // What runs in production decides, and it is one version: an open question there holds the base, too.
    let asks = images.replace("arroyo}}", "arroyo, tag: mine}}");
    let demo = overlay(urls, &asks);
    let run = demo.run("upgrade . --to 0.15.0 --write");
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(demo.text("base/release.yaml").contains("version: 0.10.3"));
}

#[test]
fn a_patch_that_is_a_text_is_told_where_it_is_no_layer_and_cannot_follow() {
    let base = "    worker: {image: {repository: r.example/arroyo}}\n    artifactUrl: s3://g/a\n    checkpointUrl: s3://g/c\n";
    for (patches, told) in [
        (
            "patches:\n  - target: {kind: HelmRelease, name: arroyo}\n    patch: |\n      - {op: replace, path: /spec/values/worker/image/repository, value: x}\n",
            true,
        ),
        (
            "patches:\n  - target: {kind: HelmRelease}\n    patch: |\n      apiVersion: helm.toolkit.fluxcd.io/v2\n      kind: HelmRelease\n      metadata: {annotations: {a: b}}\n      spec: {values: {worker: {slots: 3}}}\n",
            true,
        ),
        (
            // A part of the object that names one release is a layer of it, and is edited.
            "patches:\n  - patch: |\n      apiVersion: helm.toolkit.fluxcd.io/v2\n      kind: HelmRelease\n      metadata: {name: arroyo}\n      spec: {values: {worker: {slots: 3}}}\n",
            false,
        ),
        (
            "patches:\n  - target: {kind: HelmRelease, name: other}\n    patch: |\n      - {op: replace, path: /spec/values/a, value: x}\n",
            false,
        ),
        (
            "patches:\n  - target: {kind: HelmRelease}\n    patch: |\n      - {op: replace, path: /spec/interval, value: 1h}\n",
            false,
        ),
    ] {
        let demo = overlay(base, "    worker: {slots: 3}\n");
        fs::remove_file(demo.path("production/arroyo-values.yaml")).unwrap();
        demo.file(
            "production/kustomization.yaml",
            format!("resources: [../base]\n{patches}"),
        );
        let run = ok(demo.run("upgrade . --to 0.15.0 --accept-recommended"));
        let said = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
        let says = [
            "This patch changes the values of HelmRelease/streams/arroyo",
            "kustomization.yaml:5: `/spec/values/worker/image/repository` names a setting that arroyo 0.15.0 no longer has in this form",
        ];
        let is_told = says.iter().any(|words| said.contains(words));
        assert_eq!(is_told, told, "{patches}\n{}", run.err);
    }
}

#[test]
fn a_template_that_brings_the_chart_is_seen() {
    let demo = Demo::new();
    demo.file("helmfile.yaml", format!("repositories:\n  - {{name: arroyo, url: {REPOSITORY}}}\ntemplates:\n  default: {{chart: arroyo/arroyo, version: 0.10.3, values: [common.yaml]}}\nreleases:\n  - name: south\n    inherit: [{{template: default}}]\n"));
    let run = demo.run("upgrade . --to 0.15.0 --check");
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(
        run.err
            .contains("the release takes parts from a template (`inherit`)"),
        "{}",
        run.err
    );
}

#[test]
fn an_umbrella_chart_keeps_its_switch_and_is_told_of_its_lock() {
    let demo = Demo::new();
    demo.file("Chart.yaml", format!("apiVersion: v2\nname: u\nversion: 1.0.0\ndependencies:\n  - name: arroyo\n    version: 0.10.3\n    repository: {REPOSITORY}\n    condition: arroyo.enabled\n"));
    demo.file("Chart.lock", "dependencies: []\n");
    demo.file("values.yaml", format!("arroyo:\n    enabled: true\n{OLD}"));
    let run = ok(demo.run("upgrade . --to 0.15.0 --write -v"));
    assert!(
        run.err
            .contains("Run `helm dependency update .`: Chart.lock holds the old version."),
        "{}",
        run.err
    );
    for wrong in ["enabled", "left unread"] {
        assert!(!run.err.contains(wrong), "{wrong}\n{}", run.err);
    }
    assert!(demo.text("values.yaml").contains("    enabled: true\n"));
    let again = ok(demo.run("upgrade . --to 0.15.0 --check"));
    assert!(!again.err.contains("enabled"), "{}", again.err);
}

#[test]
fn a_fleet_target_with_another_chart_keeps_the_values_that_it_inherits() {
    let demo = Demo::new();
    let values = OLD.replace("    ", "      ");
    let bundle = format!(
        "helm:\n  repo: {REPOSITORY}\n  chart: arroyo\n  version: 0.10.3\n  values:\n{values}targetCustomizations:\n"
    );
    let fork = format!(
        "{bundle}  - name: fork\n    clusterName: dev\n    helm: {{repo: https://other.example, chart: stream-fork, version: 3.2.1}}\n"
    );
    demo.file("fleet.yaml", &fork);
    let run = demo.run("upgrade . --to 0.15.0 --write");
    assert_eq!(run.code, 2, "{}", run.err);
    let said = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("the fleet target fork deploys another chart with these values"),
        "{}",
        run.err
    );
    assert_eq!(demo.text("fleet.yaml"), fork);
    // A target with the same chart is upgraded with it.
    demo.file("fleet.yaml", format!("{bundle}  - name: dev\n    clusterName: dev\n    helm: {{values: {{worker: {{slots: 3}}}}}}\n"));
    ok(demo.run("upgrade . --to 0.15.0 --write"));
    assert!(demo.text("fleet.yaml").contains("version: 0.15.0"));
}

/// What a question would add has no place in a release without values: said when it is chosen, no fault before.
#[test]
fn a_release_without_values_is_upgraded_though_an_option_would_add_some() {
    let demo = Demo::new();
    let manifest = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: a\nspec:\n  sources:\n    - repoURL: {REPOSITORY}\n      chart: arroyo\n      targetRevision: 0.10.3"
    );
    demo.file("app.yaml", &manifest);
    let run = demo.run("upgrade app.yaml");
    assert!(!run.err.contains("fault of refit"), "{}", run.err);
    assert!(run.err.contains("0.10.3 → 0.15.0"), "{}", run.err);
}
