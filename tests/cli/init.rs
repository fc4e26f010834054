//! `refit init`: what it makes of the files in a folder, and that it never writes over anything.

use crate::demo;
use crate::support;

use std::fs;

use demo::{Demo, Run};
use refit::memory::project::{parse, schema};

const BASE: &str = "\
controller:
  image: {repository: reg.example/a/arroyo, tag: \"0.10.3\"}
worker:
  image: {repository: reg.example/a/arroyo, tag: \"0.10.3\"}
artifactUrl: s3://a/artifacts
checkpointUrl: s3://a/checkpoints
";
const SEALED: &str = "\
postgresql:
    password: ENC[AES256_GCM,data:abc=,iv:abc=,tag:abc=,type:str]
sops:
    mac: ENC[AES256_GCM,data:abc=,iv:abc=,tag:abc=,type:str]
    version: 3.9.0
";
const APPLICATION: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: streams}
spec:
  source:
    repoURL: https://arroyosystems.github.io/helm-repo
    chart: arroyo
    targetRevision: 0.10.3
    helm:
      values: |
        worker: {slots: 2}
";

fn folder(files: &[(&str, &str)]) -> Demo {
    let demo = Demo::new();
    for (name, text) in files {
        let path = demo.path(&format!("team/{name}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    demo
}

fn team() -> Demo {
    folder(&[
        ("base.yaml", BASE),
        ("values-prod.yaml", "worker: {slots: 8}\n"),
        ("values-staging.yaml", "worker: {slots: 2}\n"),
        ("secrets-prod.yaml", SEALED),
        ("apps/streams.yaml", APPLICATION),
        ("odd.yaml", "worker: {slots: 3}\n"),
        ("mkdocs.yml", "site_name: Ours\n"),
        ("deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\n"),
    ])
}

fn ok(run: Run) -> Run {
    assert_eq!(run.code, 0, "{}", run.err);
    run
}

/// The names and layers that a text proposes.
fn releases(text: &str) -> Vec<String> {
    let file = parse("refit.yaml", text.as_bytes()).unwrap();
    let releases = file.releases.iter().map(|(name, release)| {
        let layers: Vec<_> = release
            .layers
            .iter()
            .map(|layer| layer.to_string_lossy())
            .collect();
        format!("{name}: {}", layers.join(" "))
    });
    releases.collect()
}

#[test]
fn files_become_releases_with_their_reasons() {
    let demo = team();
    let run = ok(demo.run("init team"));
    insta::assert_snapshot!("proposal", run.out);
    insta::assert_snapshot!("seen", run.err);
    assert!(
        !demo.path("team/refit.yaml").exists(),
        "nothing is written unasked"
    );
}

#[test]
fn writing_makes_the_file_once_and_then_adds_to_it() {
    let demo = team();
    let shown = ok(demo.run("init team")).out;
    let run = ok(demo.run("init team --write"));
    assert!(
        run.err.contains("Wrote team/refit.yaml: prod, staging"),
        "{}",
        run.err
    );
    assert_eq!(
        demo.text("team/refit.yaml"),
        shown,
        "what was shown is what is written"
    );
    let again = ok(demo.run("init team --write"));
    assert_eq!(again.out, "");
    assert!(again.err.contains("has all releases"), "{}", again.err);
    assert_eq!(demo.text("team/refit.yaml"), shown);
    // Somebody keeps notes in it, and a third environment comes.
    let noted = shown.replace("    layers:\n", "    layers: # ours\n");
    demo.file("team/refit.yaml", &noted);
    demo.file("team/values-dev.yaml", "worker: {slots: 1}\n");
    let run = ok(demo.run("init team --write"));
    assert!(run.err.contains("refit.yaml: dev\n"), "{}", run.err);
    let after = demo.text("team/refit.yaml");
    for line in noted.lines() {
        assert!(
            after.lines().any(|other| other == line),
            "`{line}` is gone from\n{after}"
        );
    }
    assert_eq!(
        releases(&after).last().unwrap(),
        "dev: base.yaml values-dev.yaml"
    );
    // And it is what `refit upgrade` reads.
    let mut command = demo.command();
    command
        .args(["upgrade", "--from", "0.10.3"])
        .current_dir(demo.path("team"));
    let upgrade: Run = command.output().unwrap().into();
    assert_eq!(upgrade.code, 0, "{}", upgrade.err);
    assert!(upgrade.err.contains("ready  dev "), "{}", upgrade.err);
}

#[test]
fn layouts_that_people_use() {
    let own = "worker: {slots: 2}\n";
    for (files, wanted) in [
        (vec![("values.yaml", BASE)], vec!["arroyo: values.yaml"]),
        (
            vec![
                ("values.yaml", BASE),
                ("prod.yaml", own),
                ("secrets.yaml", SEALED),
            ],
            vec!["prod: values.yaml secrets.yaml prod.yaml"],
        ),
        (
            vec![
                ("values.yaml", BASE),
                ("prod/values.yaml", own),
                ("dev/values.yaml", own),
            ],
            vec![
                "dev: values.yaml dev/values.yaml",
                "prod: values.yaml prod/values.yaml",
            ],
        ),
        (
            vec![
                ("common/values.yaml", BASE),
                ("envs/prod/values.yaml", own),
                ("envs/prod/secrets.yaml", SEALED),
            ],
            vec!["prod: common/values.yaml envs/prod/values.yaml envs/prod/secrets.yaml"],
        ),
        (
            vec![("a/values-prod.yaml", BASE), ("b/values-prod.yaml", BASE)],
            vec!["a-prod: a/values-prod.yaml", "b-prod: b/values-prod.yaml"],
        ),
        (
            vec![
                ("default.yaml", BASE),
                ("base.yaml", own),
                ("prod.yaml", own),
            ],
            vec!["prod: default.yaml base.yaml prod.yaml"],
        ),
    ] {
        let demo = folder(&files);
        let run = ok(demo.run("init team"));
        let mut found = releases(&run.out);
        found.sort();
        assert_eq!(found, wanted, "{}\n{}", run.out, run.err);
    }
}

#[test]
fn what_is_not_sure_is_listed_and_not_guessed() {
    // Keys that many charts have.
    let demo = folder(&[
        ("values.yaml", "image: {tag: \"1\"}\nimagePullSecrets: []\n"),
        ("prod.yaml", "worker: {slots: 2}\n"),
    ]);
    let run = ok(demo.run("init team"));
    assert_eq!(releases(&run.out), Vec::<String>::new());
    assert!(run.out.contains("--chart NAME says which"), "{}", run.out);
    let write = ok(demo.run("init team --write"));
    assert!(
        write.err.contains("No release could be made out"),
        "{}",
        write.err
    );
    assert!(!demo.path("team/refit.yaml").exists());
    let stated = ok(demo.run("init team --chart arroyo"));
    assert_eq!(releases(&stated.out), ["prod: values.yaml prod.yaml"]);
    // An encrypted file whose name says nothing, and one for a release that is not there.
    let demo = folder(&[
        ("values.yaml", BASE),
        ("db.yaml", SEALED),
        ("secrets-qa.yaml", SEALED),
    ]);
    let run = ok(demo.run("init team"));
    assert_eq!(releases(&run.out), ["arroyo: values.yaml"]);
    assert!(run.err.contains("db.yaml: it is encrypted"), "{}", run.err);
    assert!(
        run.err
            .contains("secrets-qa.yaml: it is encrypted, and no release"),
        "{}",
        run.err
    );
}

#[test]
fn files_that_others_claim_are_left_to_them() {
    let demo = folder(&[
        (
            "Chart.yaml",
            "apiVersion: v2\nname: arroyo\nversion: 0.10.3\n",
        ),
        ("values.yaml", BASE),
    ]);
    let run = ok(demo.run("init team"));
    assert_eq!(run.out, "");
    assert!(
        run.err
            .contains("values.yaml: the defaults of the chart in"),
        "{}",
        run.err
    );
    let other = "releases:\n- name: shop\n  chart: charts.example/other\n  values: [values.yaml]\n";
    let demo = folder(&[("helmfile.yaml", other), ("values.yaml", BASE)]);
    let run = ok(demo.run("init team --chart arroyo"));
    assert_eq!(run.out, "");
    assert!(
        run.err
            .contains("values.yaml: a manifest names it for another chart, charts.example/other"),
        "{}",
        run.err
    );
}

#[test]
fn a_folder_without_values_is_said_to_be_one() {
    let demo = Demo::new();
    fs::create_dir(demo.path("team")).unwrap();
    let run = ok(demo.run("init team"));
    assert!(
        run.err.contains("No release could be made out"),
        "{}",
        run.err
    );
    let run = demo.run("init v.yaml");
    assert_eq!(run.code, 2);
    assert!(run.err.contains("not a folder"), "{}", run.err);
    let run = demo.run("init team --chart aroyo");
    assert_eq!(run.code, 2);
    assert!(run.err.contains("aroyo"), "{}", run.err);
}

#[test]
fn a_refit_yaml_above_is_added_to() {
    let demo = team();
    demo.file("refit.yaml", "refit: 1\nreleases:\n  live: {chart: arroyo, layers: [team/base.yaml, team/values-prod.yaml]}\n");
    let run = ok(demo.run("init team --write"));
    assert!(run.err.contains("known      prod"), "{}", run.err);
    let text = demo.text("refit.yaml");
    assert_eq!(
        releases(&text).last().unwrap(),
        "staging: team/base.yaml team/values-staging.yaml"
    );
    assert!(
        text.starts_with("refit: 1\nreleases:\n  live: {chart"),
        "{text}"
    );
}

#[test]
fn a_version_that_the_content_tells_is_noted() {
    let demo = folder(&[(
        "values.yaml",
        "workerSlots: 3\noutputDir: /x\napiResources: {}\n",
    )]);
    let run = ok(demo.run("init team"));
    let file = parse("refit.yaml", run.out.as_bytes()).unwrap();
    let release = &file.releases["arroyo"];
    // Several versions fit, so none is claimed, and the way to find out is named.
    assert_eq!(release.version, None);
    assert!(run.out.contains("helm list"), "{}", run.out);
    let pack = "versions:\n  1.5.0: {app: \"1\"}\n  2.0.0: {app: \"2\"}\n";
    let text = demo.text("pack/pack.yaml");
    let start = text.find("versions:").unwrap();
    let end = text.find("evidence:").unwrap();
    demo.file(
        "pack/pack.yaml",
        format!("{}{pack}{}", &text[..start], &text[end..]),
    );
    demo.file("team/values.yaml", "old: a\n");
    let run = ok(demo.run("init team --pack pack"));
    let file = parse("refit.yaml", run.out.as_bytes()).unwrap();
    let version = file.releases["demo"].version.clone();
    assert_eq!(version, Some("1.5.0".parse().unwrap()), "{}", run.out);
}

#[test]
fn the_schema_says_what_the_reader_takes() {
    let demo = Demo::new();
    let printed = ok(demo.run("init --schema")).out;
    let schema = serde_json::to_value(schema()).unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&printed).unwrap(),
        schema
    );
    assert_eq!(schema["required"], serde_json::json!(["refit"]));
    let release = &schema["$defs"]["ReleaseRecord"];
    assert_eq!(release["required"], serde_json::json!(["layers"]));
    for object in [&schema, release, &schema["$defs"]["Answer"]] {
        assert_eq!(object["additionalProperties"], false, "{object}");
    }
    // Every property has a value here that the reader takes, and no other property is taken.
    let values = [
        ("chart", "arroyo"),
        ("version", "0.15.0"),
        ("layers", "[a.yaml]"),
        (
            "answers",
            "{a: {option: b, inputs: {c: d}, evidence: {e: f}}}",
        ),
        ("skip", "[a]"),
        ("digests", "{a.yaml: sha256:0}"),
        (
            "upgraded",
            "{from: arroyo 0.10.3, pack: built in, steps: [one-image]}",
        ),
    ];
    let mut known: Vec<&str> = release["properties"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut listed: Vec<&str> = values.iter().map(|(key, _)| *key).collect();
    known.sort_unstable();
    listed.sort_unstable();
    assert_eq!(known, listed);
    let all: Vec<String> = values
        .iter()
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    let text = |fields: &str| format!("refit: 1\nreleases: {{r: {{{fields}}}}}\n");
    parse("f", text(&all.join(", ")).as_bytes()).unwrap();
    assert!(parse("f", text("layers: [a], other: x").as_bytes()).is_err());
    assert!(parse("f", b"refit: 1\nreleases:\n").is_ok());
    // The pattern of a version is what the reader takes for one.
    let pattern = release["properties"]["version"]["pattern"]
        .as_str()
        .unwrap();
    let pattern = regex::Regex::new(pattern).unwrap();
    for version in [
        "0.15.0",
        "1.2.3-rc.1",
        "1.2.3+b",
        "0.15",
        "v0.15.0",
        "latest",
        "01.2.3",
        "1.2.3-",
    ] {
        let text = text(&format!("layers: [a], version: \"{version}\""));
        let read = parse("f", text.as_bytes()).is_ok();
        assert_eq!(read, pattern.is_match(version), "{version}");
    }
    let names = schema["properties"]["releases"]["propertyNames"]["pattern"]
        .as_str()
        .unwrap();
    let names = regex::Regex::new(names).unwrap();
    for name in ["prod", "eu/prod", "a:b", "a=b", "a@b"] {
        let text = format!("refit: 1\nreleases: {{\"{name}\": {{layers: [a]}}}}\n");
        assert_eq!(
            parse("f", text.as_bytes()).is_ok(),
            names.is_match(name),
            "{name}"
        );
    }
}

/// Values for other charts, each in a folder of its own: none of them is taken for a chart that refit
/// knows, whatever keys they share.
#[test]
fn values_of_other_charts_are_not_proposed() {
    let Some(shared) = support::shared() else {
        return;
    };
    let known: Vec<&str> = refit::pack::built_in_names().collect();
    let demo = Demo::new();
    let index = fs::read_to_string(shared.join("corpus/INDEX.tsv")).unwrap();
    let mut looked_at = 0;
    for (i, line) in index.lines().enumerate().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let (kind, file) = (fields[0], fields[1]);
        // These files are of known charts, and called otherwise.
        let called = [
            "nginx-ingress__values",
            "ingress__nginx-values",
            "argocd__base__values",
            "prometheus-community__values",
            "kube-prometheus__values",
            "registry__helm__values@c3b74fb1",
        ];
        let ours = |name: &&str| line.to_lowercase().contains(*name);
        if !["chart-values", "override-values"].contains(&kind)
            || known.iter().chain(&called).any(ours)
        {
            continue;
        }
        fs::create_dir_all(demo.path(&format!("team/{i}"))).unwrap();
        fs::copy(
            shared.join("corpus").join(file),
            demo.path(&format!("team/{i}/values.yaml")),
        )
        .unwrap();
        looked_at += 1;
    }
    assert!(looked_at > 200, "{looked_at}");
    let run = ok(demo.run("init team"));
    assert_eq!(releases_of(&run.out), Vec::<String>::new(), "{}", run.err);
    println!("{looked_at} values files of other charts, none proposed");
}

fn releases_of(text: &str) -> Vec<String> {
    match text.is_empty() {
        true => Vec::new(),
        false => releases(text),
    }
}
