//! Several releases in one run: what they share, and what refit remembers of them.

use crate::demo;

use std::fs;

use demo::{Demo, Run};

const BASE: &str = "\
controller:
  image: {repository: reg.example/a/arroyo, tag: \"0.10.3\"}
worker:
  image: {repository: reg.example/a/arroyo, tag: \"0.10.3\"}
artifactUrl: s3://a/artifacts
checkpointUrl: s3://a/checkpoints
s3:
  region: eu-north-1
";
const PROD: &str =
    "# prod\nworker:\n  image:\n    repository: reg.example/a/udf-worker\n    tag: v7\n";
const STAGING: &str = "# staging\nimagePullSecrets: [{name: pull}]\n";

fn team() -> Demo {
    let demo = Demo::new();
    demo.file("base.yaml", BASE);
    demo.file("prod.yaml", PROD);
    demo.file("staging.yaml", STAGING);
    demo
}

const BOTH: &str =
    "--release prod@0.10.3=base.yaml,prod.yaml --release staging@0.10.3=base.yaml,staging.yaml";
const ANSWERED: &str = "--answer prod:one-image=both --answer prod:one-image.worker_tag=v8";

fn texts(demo: &Demo) -> String {
    ["base.yaml", "prod.yaml", "staging.yaml"]
        .map(|name| format!("--- {name}\n{}", demo.text(name)))
        .concat()
}

/// The lines from the first that starts so.
fn from(text: &str, start: &str) -> String {
    let at = text
        .find(start)
        .unwrap_or_else(|| panic!("no `{start}` in:\n{text}"));
    text[at..].to_owned()
}

fn ok(run: Run) -> Run {
    assert_eq!(run.code, 0, "{}", run.err);
    run
}

#[test]
fn a_shared_layer_is_edited_once_for_all_its_releases() {
    let demo = team();
    demo.file("prod.yaml", "# prod\nworker: {slots: 8}\n");
    let patch = ok(demo.run(&format!("upgrade {BOTH} -o patch")));
    assert_eq!(patch.out.matches("--- a/base.yaml").count(), 1);
    let write = ok(demo.run(&format!("upgrade {BOTH} --write")));
    assert!(write.err.contains("Wrote base.yaml"), "{}", write.err);
    insta::assert_snapshot!("edited_once", texts(&demo));
}

#[test]
fn what_releases_want_differently_is_a_question() {
    let demo = team();
    let preview = demo.run(&format!("upgrade {BOTH} {ANSWERED}"));
    assert_eq!(preview.code, 0);
    insta::assert_snapshot!("asked", from(&preview.err, "? "));
    let write = demo.run(&format!("upgrade {BOTH} {ANSWERED} --write"));
    assert_eq!(write.code, 3, "{}", write.err);
    assert_eq!(demo.text("base.yaml"), BASE);

    for option in ["like-prod", "like-staging", "apart"] {
        let demo = team();
        ok(demo.run(&format!(
            "upgrade {BOTH} {ANSWERED} --answer shared-layer={option} --write"
        )));
        insta::assert_snapshot!(option.replace('-', "_"), texts(&demo));
        // Either way each release is what it would have been by itself.
        for (name, alone) in [("prod", ANSWERED), ("staging", "")] {
            let own = team();
            ok(own.run(&format!(
                "upgrade --release {name}@0.10.3=base.yaml,{name}.yaml {alone} --write"
            )));
            for folder in [&demo, &own] {
                let values: Vec<_> = ["base", name]
                    .map(|layer| folder.text(&format!("{layer}.yaml")))
                    .to_vec();
                folder.file("merged", merged(&values));
            }
            assert_eq!(demo.text("merged"), own.text("merged"), "{name} {option}");
        }
    }
}

/// Layers as Helm merges them, as JSON.
fn merged(texts: &[String]) -> String {
    let maps = texts.iter().map(|text| {
        let tree = refit::yaml::Tree::parse(text.clone()).unwrap();
        let root = tree.documents()[0].root;
        refit::values::View::new(&tree, root).values().unwrap()
    });
    let value = refit::values::Value::Map(refit::values::merge::merge_all(maps));
    let mut value = serde_json::Value::from(&value);
    value.sort_all_objects();
    value.to_string()
}

#[test]
fn releases_without_a_layer_of_their_own_are_told_what_to_do() {
    let demo = team();
    demo.file("base.yaml", format!("{BASE}workerSlots: 3\n"));
    let run = demo.run("upgrade --release a@0.10.3=base.yaml --release b@0.9.1=base.yaml");
    assert_eq!(run.code, 2, "{}", run.err);
    insta::assert_snapshot!("no_own_layer", run.err);
}

#[test]
fn a_layer_is_not_edited_for_one_release_alone() {
    let demo = team();
    demo.file("prod.yaml", "a: [\n");
    let run = demo.run(&format!("upgrade {BOTH} --write"));
    assert_eq!(run.code, 2);
    assert_eq!(demo.text("base.yaml"), BASE);
    insta::assert_snapshot!("refused_with_the_other", run.err);
}

const SEALED: &str = "\
postgresql:
    password: ENC[AES256_GCM,data:abc=,iv:abc=,tag:abc=,type:str]
sops:
    mac: ENC[AES256_GCM,data:abc=,iv:abc=,tag:abc=,type:str]
    version: 3.9.0
";

#[test]
fn an_encrypted_layer_stops_only_what_it_may_hold() {
    let demo = team();
    demo.file("prod.yaml", STAGING);
    demo.file("secrets.yaml", SEALED);
    let line = "upgrade --from 0.10.3 -f base.yaml -f prod.yaml -f secrets.yaml";
    ok(demo
        .run(&format!("{line} --check --answer x=y"))
        .code
        .eq(&2)
        .then(|| demo.run(line))
        .expect("an unknown answer is refused"));
    assert_eq!(
        demo.run(&format!("{line} --check")).code,
        1,
        "no question is open"
    );
    demo.file(
        "secrets.yaml",
        SEALED
            .replace("postgresql", "s3")
            .replace("password", "region"),
    );
    let open = demo.run(&format!("{line} --write"));
    assert_eq!(open.code, 3, "{}", open.err);
    insta::assert_snapshot!("sealed", from(&open.err, "1 question for you"));
    ok(demo.run(&format!("{line} --write --answer sealed-layer=go-on")));
    assert!(demo.text("secrets.yaml").contains("region: ENC"));
}

/// An umbrella chart with an encrypted values file beside its own, deployed by Argo CD.
fn umbrella(secrets: &str) -> Demo {
    let demo = Demo::new();
    fs::create_dir(demo.path("u")).unwrap();
    for (name, text) in [
        (
            "u/Chart.yaml",
            "apiVersion: v2\nname: team\nversion: 1.0.0\ndependencies:\n  - {name: arroyo, version: 0.10.3, repository: 'https://arroyosystems.github.io/helm-repo'}\n",
        ),
        ("u/values.yaml", "arroyo:\n  worker: {slots: 3}\n"),
        ("u/secrets.yaml", secrets),
        (
            "app.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: team}\nspec:\n  source:\n    repoURL: https://git.example/env.git\n    path: u\n    targetRevision: main\n    helm: {valueFiles: [values.yaml, secrets.yaml]}\n",
        ),
    ] {
        demo.file(name, text);
    }
    demo
}

#[test]
fn an_encrypted_layer_of_an_umbrella_chart_is_looked_at_below_the_charts_name() {
    let sealed = |below: &str| {
        let body: String = below.lines().map(|line| format!("    {line}\n")).collect();
        let sops = &SEALED[SEALED.find("sops:").unwrap()..];
        umbrella(&format!("arroyo:\n{body}{sops}"))
    };
    let demo = sealed("postgresql:\n  auth:\n    password: ENC[x,type:str]");
    let run = ok(demo.run("upgrade . --to 0.15.0"));
    assert!(!run.err.contains("sealed-layer"), "{}", run.err);
    let demo = sealed("controller:\n  image:\n    tag: ENC[x,type:str]");
    let run = demo.run("upgrade . --to 0.15.0 --write");
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(
        run.err
            .contains("controller.image.tag: set in u/secrets.yaml"),
        "{}",
        run.err
    );
}

#[test]
fn a_secret_that_sets_one_path_asks_only_if_that_path_moves() {
    let release = |path: &str| {
        let demo = Demo::new();
        demo.file("r.yaml", format!("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: s, namespace: n}}\nspec:\n  chart:\n    spec:\n      chart: arroyo\n      version: 0.10.3\n      sourceRef: {{kind: HelmRepository, name: arroyo}}\n  valuesFrom:\n    - {{kind: Secret, name: db, valuesKey: v, targetPath: {path}}}\n  values:\n    worker: {{slots: 3}}\n"));
        demo.run("upgrade . --to 0.15.0")
    };
    let run = ok(release("postgresql.auth.password"));
    assert!(!run.err.contains("sealed-layer"), "{}", run.err);
    let run = release("worker.image.tag");
    assert!(run.err.contains("[sealed-layer]"), "{}", run.err);
    assert!(
        run.err.contains("worker.image.tag: set in r.yaml:11"),
        "{}",
        run.err
    );
}

#[test]
fn a_key_that_is_there_twice_does_not_go_with_its_map() {
    let rest = "worker: {image: {repository: r.example/b/arroyo}}\nartifactUrl: s3://g/a\ncheckpointUrl: s3://g/c\n";
    for controller in [
        "controller: {image: {repository: r.example/a/arroyo, repository: r.example/b/arroyo}}\n",
        "controller:\n  image:\n    repository: r.example/a/arroyo\n    repository: r.example/b/arroyo\n",
    ] {
        let demo = Demo::new();
        let text = format!("{controller}{rest}");
        demo.file("v.yaml", &text);
        let run = demo.run("upgrade v.yaml --chart arroyo --from 0.10.3 --to 0.15.0 --write");
        assert_eq!(run.code, 2, "{}", run.err);
        let says = "controller.image has the key `repository` more than once";
        assert!(run.err.contains(says), "{}", run.err);
        assert_eq!(demo.text("v.yaml"), text);
    }
}

#[test]
fn what_was_reached_is_remembered() {
    let demo = team();
    ok(demo.run(&format!(
        "upgrade {BOTH} {ANSWERED} --answer shared-layer=like-prod --write --record"
    )));
    insta::assert_snapshot!("recorded", demo.text("refit.yaml"));
    // From here on no version has to be said, and no file named.
    let check = ok(demo.run("upgrade --check"));
    insta::assert_snapshot!("check_green", check.err);
    // Somebody edits in an old key.
    let text = demo.text("staging.yaml");
    demo.file("staging.yaml", format!("{text}workerSlots: 3\n"));
    let check = demo.run("upgrade --check");
    assert_eq!(check.code, 1, "{}", check.err);
    insta::assert_snapshot!("check_red", check.err);
    // A layer that comes later is looked at, too.
    demo.file("staging.yaml", &text);
    demo.file("extra.yaml", "workerSlots: 3\n");
    let noted = demo.text("refit.yaml");
    let more = noted.replace(
        "      - staging.yaml\n",
        "      - staging.yaml\n      - extra.yaml\n",
    );
    assert_ne!(more, noted);
    demo.file("refit.yaml", more);
    let later = demo.run("upgrade --check");
    assert_eq!(later.code, 1, "{}", later.err);
    assert!(later.err.contains("extra.yaml:1"), "{}", later.err);
    demo.file("refit.yaml", noted);
    demo.file("staging.yaml", format!("{text}workerSlots: 3\n"));
    // A layer stands for the releases it is a layer of.
    let run = demo.run("upgrade base.yaml --check");
    assert_eq!(run.err, check.err);
    // What is written later is noted, and nothing else in the file is touched.
    demo.file("staging.yaml", text);
    let noted = demo
        .text("refit.yaml")
        .replace("\n  staging:\n", "\n  # ours\n  staging:\n");
    demo.file("refit.yaml", noted.replace("0.15.0", "0.14.1"));
    let write = ok(demo.run("upgrade --write"));
    assert!(write.err.contains("Noted in refit.yaml"), "{}", write.err);
    let is_of_a_step = |line: &&str| *line == "      steps:" || line.starts_with("        - ");
    let lines = noted.lines().filter(|line| !is_of_a_step(line));
    let expected: String = lines.map(|line| format!("{line}\n")).collect();
    let expected = expected.replace("from: arroyo 0.10.3", "from: arroyo 0.14.1");
    assert_ne!(expected, noted);
    assert_eq!(demo.text("refit.yaml"), expected);
}

#[test]
fn a_wrong_refit_yaml_is_shown_with_its_place() {
    let demo = team();
    for (text, says) in [
        ("releases: {}\n", "`refit: 1` is missing"),
        ("refit: 2\n", "`refit: 2` is a format"),
        ("refit: 1\nreleases: {a: {layers: []}}\n", "needs `layers`"),
        (
            "refit: 1\nreleases: {a: {layers: [/x]}}\n",
            "refit.yaml:2:24: /x is an absolute path",
        ),
        (
            "refit: 1\nreleases: {a: {layers: [x], version: 0.15}}\n",
            "`0.15` is a number to Helm",
        ),
        (
            "refit: 1\nreleases: {a: {layers: [x], version: latest}}\n",
            "not a chart version",
        ),
        (
            "refit: 1\nreleases: {a: {layer: [x]}}\n",
            "`layer` is not known here",
        ),
        (
            "refit: 1\nreleases: {\"a:b\": {layers: [x]}}\n",
            "cannot name a release",
        ),
    ] {
        demo.file("refit.yaml", text);
        let run = demo.run("upgrade");
        assert_eq!(run.code, 2);
        assert!(run.err.contains(says), "{text}: {}", run.err);
    }
}
