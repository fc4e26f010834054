//! Which chart a plain file is for: real files of other charts are nobody's, real files of Arroyo are told.

use crate::{demo::Demo, support};

use std::{
    fs,
    path::{Path, PathBuf},
};

use refit::{
    identify::{self, ChartClaim},
    load::{InputFile, load},
    pack::{Pack, built_in, model::Telling},
    values::{Map, ValuesPart},
};

fn arroyo() -> Pack {
    built_in("arroyo").unwrap().unwrap()
}

/// The charts that a file can be taken for, with why.
fn claims(packs: &[Pack], values: &Map) -> Vec<(String, ChartClaim)> {
    let mut part = ValuesPart::default();
    for pack in packs {
        identify::looked_at(pack, |_| true, &mut part).unwrap();
    }
    let looked_at = part.of(&values.clone().into());
    let refit::values::Value::Map(looked_at) = looked_at else {
        unreachable!("a part of a map is a map")
    };
    let claims = packs.iter().filter_map(|pack| {
        let claim = identify::claim(pack, packs, &looked_at, || values.clone()).unwrap()?;
        Some((pack.info.chart.clone(), claim))
    });
    claims.filter(|(_, claim)| claim.is_of_chart()).collect()
}

/// The files of a folder that hold values refit can read.
fn readable(folder: &Path) -> Vec<(PathBuf, Map)> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let read = files.into_iter().filter_map(|path| {
        let loaded = load(&InputFile::Path(path.clone())).ok()?;
        let values = loaded.view().values().ok()?;
        Some((path, values))
    });
    read.collect()
}

#[test]
fn no_real_file_of_another_chart_is_taken_for_arroyo() {
    let Some(shared) = support::shared() else {
        return;
    };
    let packs = [arroyo()];
    let mut read = 0;
    for folder in ["corpus/override-values", "corpus/chart-values"] {
        for (path, values) in readable(&shared.join(folder)) {
            read += 1;
            let claims = claims(&packs, &values);
            assert!(claims.is_empty(), "{}: {claims:?}", path.display());
        }
    }
    assert!(read > 250, "only {read} files could be read");
}

/// What real files of Arroyo hold that could be of any chart: those have to be named.
const OF_ANY_CHART: &[&str] = &[
    "bucket-in-china",
    "bucket-without-region",
    "neutral-keys-only",
    "no-urls",
    "overlay-controller-tag",
    "placement-copied",
    "postgresql-account",
    "postgresql-global",
    "replica-count",
    // A file of another chart, for trying refit without a pack.
    "shop.yaml",
    "slots-never-read",
    "urls-in-another-file",
    "values.secret",
    "volumes-on-api",
    "worker-account",
    "worker-image-effective",
];

#[test]
fn real_files_of_arroyo_are_told_by_what_is_in_them() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packs = [arroyo()];
    let below = |folder: PathBuf| {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        entries
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
    };
    let mut folders = vec![here.join("examples"), here.join("examples/team")];
    folders.extend(below(here.join("tests/cases/arroyo")));
    if let Some(shared) = support::shared() {
        folders.extend(
            ["corpus/arroyo", "corpus/arroyo-snippets", "arroyo/values"].map(|f| shared.join(f)),
        );
        folders.extend(below(shared.join("arroyo/cases")));
    }
    let (mut told, mut not_told) = (0, Vec::new());
    for (path, values) in folders.iter().flat_map(|folder| readable(folder)) {
        let name = path.file_name().unwrap().to_string_lossy();
        let is_input = !["case.yaml", "expected.yaml"].contains(&&*name);
        if !is_input || name.contains("Chart@") || values.contains_key("kind") {
            continue;
        }
        if claims(&packs, &values).is_empty() {
            not_told.push(path.display().to_string());
        } else {
            told += 1;
        }
    }
    not_told.retain(|path| !OF_ANY_CHART.iter().any(|known| path.contains(known)));
    assert!(not_told.is_empty(), "{not_told:#?}");
    assert!(told > 90, "only {told} files are told");
}

fn folder(files: &[(&str, &str)]) -> Demo {
    let demo = Demo::new();
    for (name, text) in files {
        let path = demo.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    demo
}

#[test]
fn keys_of_any_chart_claim_nothing_and_the_way_out_is_named() {
    let scaffold = "replicaCount: 2\nservice:\n  type: LoadBalancer\n  port: 8080\nresources: {}\n";
    let images =
        "controller:\n  replicaCount: 2\n  image: {tag: v1.9.4}\nprometheus: {create: true}\n";
    for text in [scaffold, images, "image: {name: proxy}\nenv: []\n"] {
        let demo = folder(&[("v.yaml", text)]);
        let run = demo.run("upgrade v.yaml --write --accept-recommended");
        assert_eq!(run.code, 2, "{}", run.err);
        assert_eq!(run.out, "");
        assert_eq!(demo.text("v.yaml"), text);
        for words in [
            "nothing in the file tells which chart it is for",
            "--chart NAME",
        ] {
            assert!(run.err.contains(words), "{}", run.err);
        }
        // Named, it is upgraded as it was.
        let run = demo.run("upgrade v.yaml --chart arroyo --from 0.10.3");
        assert_ne!(run.code, 2, "{}", run.err);
    }
}

#[test]
fn a_telling_key_among_many_strange_ones_is_shown_and_does_not_claim() {
    let text = "artifactUrl: s3://a/b\nworkers: {min: 1}\nqueue: {url: x}\n";
    let demo = folder(&[("v.yaml", text)]);
    let run = demo.run("upgrade v.yaml");
    assert_eq!(run.code, 2, "{}", run.err);
    let told = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "artifactUrl (",
        "knows 2",
        "workers, queue",
        "--chart arroyo",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn what_told_the_chart_is_shown() {
    let demo = folder(&[("v.yaml", "artifactUrl: s3://a/b\ncheckpointUrl: s3://a/c\n")]);
    let run = demo.run("upgrade v.yaml");
    let told = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("by artifactUrl (line 1)"), "{}", run.err);
    let run = demo.run("upgrade v.yaml -v");
    let told = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "Recognised as arroyo by: artifactUrl (line 1): ",
        "checkpointUrl (line 2): ",
    ] {
        assert!(told.contains(words), "{}", run.err);
    }
    let json = demo.run("upgrade v.yaml -o json");
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let sign = &json["releases"][0]["chart_told_by"][1];
    assert_eq!(sign["path"], "checkpointUrl");
    assert_eq!(sign["at"]["line"], 2);
    // Where the chart is named nothing has to tell it.
    let run = demo.run("upgrade v.yaml --chart arroyo -v");
    assert!(!run.err.contains("Recognised as"), "{}", run.err);
}

#[test]
fn a_key_that_another_known_chart_has_tells_neither() {
    let demo = folder(&[("v.yaml", "old: a\n")]);
    assert_eq!(demo.run("upgrade v.yaml --pack pack").code, 0);
    fs::create_dir(demo.path("twin")).unwrap();
    for file in ["pack.yaml", "keys.yaml", "2.0.0.yaml"] {
        let text = demo
            .text(&format!("pack/{file}"))
            .replace("chart: demo", "chart: twin");
        demo.file(&format!("twin/{file}"), text);
    }
    let run = demo.run("upgrade v.yaml --pack pack --pack twin");
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("nothing in the file tells"), "{}", run.err);
    // What a value tells both can say, so it is asked for.
    for pack in ["pack", "twin"] {
        let text = demo.text(&format!("{pack}/pack.yaml"));
        let text = text.replace("{path: old, why", "{path: old, if: =values.old == 'a', why");
        demo.file(&format!("{pack}/pack.yaml"), text);
    }
    let run = demo.run("upgrade v.yaml --pack pack --pack twin");
    assert!(
        run.err.contains("several charts: demo, twin"),
        "{}",
        run.err
    );
}

#[test]
fn a_folder_lists_only_files_that_are_told_and_that_no_manifest_names() {
    let demo = folder(&[
        (
            "in/helmfile.yaml",
            "releases:\n  - {name: q, chart: acme/queue, values: [queue.yaml]}\n",
        ),
        ("in/queue.yaml", "artifactUrl: s3://a/b\n"),
        (
            "in/service.yaml",
            "service: {type: LoadBalancer}\ncontroller: {image: {tag: x}}\n",
        ),
        ("in/streams.yaml", "artifactUrl: s3://a/b\n"),
    ]);
    let run = demo.run("upgrade in");
    assert!(
        run.err.contains("streams.yaml  looks like arroyo"),
        "{}",
        run.err
    );
    for other in ["queue.yaml", "service.yaml"] {
        assert!(!run.err.contains(other), "{}", run.err);
    }
}

/// What would tell other charts, as their packs could say it. `installCRDs` is not among the keys of
/// cert-manager: external-secrets and argo-rollouts have it too, and it alone would claim two files of theirs.
const TELLING: &[(&str, &[&str])] = &[
    (
        "argo-cd",
        &[
            "configs.cm",
            "configs.params",
            "configs.secret",
            "applicationSet",
            "repoServer",
        ],
    ),
    (
        "cert-manager",
        &["crds.enabled", "cainjector", "startupapicheck"],
    ),
    (
        "external-dns",
        &["txtOwnerId", "domainFilters", "txtPrefix"],
    ),
    (
        "kube-prometheus-stack",
        &[
            "prometheus.prometheusSpec",
            "alertmanager.alertmanagerSpec",
            "prometheusOperator",
        ],
    ),
    ("sentry", &["sentry.web", "sentry.worker", "snuba", "relay"]),
    (
        "sumologic",
        &["sumologic.accessId", "sumologic.logs", "sumologic.metrics"],
    ),
    (
        "temporal",
        &["server.frontend", "server.config.persistence", "admintools"],
    ),
    (
        "traefik",
        &[
            "ports.websecure",
            "ingressRoute.dashboard",
            "providers.kubernetesCRD",
        ],
    ),
];

#[test]
fn with_several_packs_a_real_file_is_its_own_charts_or_nobodys() {
    let Some(shared) = support::shared() else {
        return;
    };
    let mut packs = vec![arroyo()];
    for (chart, keys) in TELLING {
        let mut pack = Pack::from_folder(&shared.join("field/packs").join(chart)).unwrap();
        pack.identity.identifies.keys = keys
            .iter()
            .map(|key| Telling {
                path: (*key).to_owned(),
                condition: None,
                why: "It tells the chart.".to_owned(),
            })
            .collect();
        packs.push(pack);
    }
    let (mut own, mut wrong) = (0, Vec::new());
    for folder in ["corpus/override-values", "corpus/chart-values"] {
        for (path, values) in readable(&shared.join(folder)) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            for (chart, claim) in claims(&packs, &values) {
                // The files have the paths in their repositories as names, and those name the chart.
                let spelled = name
                    .replace("argocd", "argo-cd")
                    .replace("prometheus-community__values", "kube-prometheus-stack")
                    .replace("kube-prometheus__values", "kube-prometheus-stack")
                    // A copy of that chart's values, as its first line says.
                    .replace("registry__helm__values@c3b74fb1", "kube-prometheus-stack");
                match spelled.contains(&chart) {
                    true => own += 1,
                    false => wrong.push((chart, name.clone(), claim)),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{own} right; wrong: {wrong:#?}");
    assert!(own > 0, "none is told at all");
}

/// Keys that begin with a wildcard take in whatever a user writes: with them a chart knows every key, and would
/// take from every other chart what tells it.
#[test]
fn a_chart_that_knows_whatever_is_written_takes_no_other_charts_signs() {
    let folder = tempfile::tempdir().unwrap();
    let pack = |chart: &str, identifies: &str, keys: &str| {
        let home = folder.path().join("packs").join(chart);
        fs::create_dir_all(&home).unwrap();
        let text = format!(
            "pack: 1\nchart: {chart}\ntitle: A chart for tests\n{identifies}versions:\n  1.0.0: {{app: \"1\"}}\n  2.0.0: {{app: \"2\"}}\n"
        );
        fs::write(home.join("pack.yaml"), text).unwrap();
        fs::write(home.join("keys.yaml"), keys).unwrap();
    };
    let tells = "identifies:\n  keys:\n    - {path: streamStore, why: Only this chart has it.}\n";
    pack("one", tells, "streamStore: [{in: \"*\", default: \"\"}]\n");
    pack(
        "wide",
        "",
        "\"*\": [{in: \"*\"}]\n\"*.deep\": [{in: \"*\"}]\n",
    );
    let file = folder.path().join("values.yaml");
    fs::write(&file, "streamStore: x\n").unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_refit"))
        .args([
            "upgrade",
            "--pack",
            "packs/one",
            "--pack",
            "packs/wide",
            "values.yaml",
            "--from",
            "1.0.0",
        ])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("one 1.0.0 → 2.0.0") || said.contains("one 2.0.0"),
        "{said}"
    );
}
