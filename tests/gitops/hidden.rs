//! Hidden files and folders: what a manifest deploys from there is upgraded, all else is told; and keys that are aliases.

use std::fs;

use refit::values::view;

use crate::{
    places::{repository, upgrade},
    support::helm,
};

const HOME: &str = "https://charts.tern.example";

fn release(name: &str, chart: &str, values: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}}}\nspec:\n{chart}  values:\n{values}"
    )
}

fn of_version(version: &str) -> String {
    format!(
        "  chart:\n    spec: {{chart: one, version: {version}, sourceRef: {{kind: HelmRepository, name: tern}}}}\n"
    )
}

const BY_OBJECT: &str = "  chartRef: {kind: OCIRepository, name: one}\n";

fn object(version: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {{name: one}}\nspec: {{url: 'oci://reg.tern.example/charts/one', ref: {{tag: {version}}}}}\n"
    )
}

#[test]
fn what_a_manifest_deploys_from_a_hidden_place_is_upgraded() {
    let Some(here) = repository() else { return };
    here.file(
        "g/tern.yaml",
        &format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: tern}}\nspec: {{url: '{HOME}'}}\n"
        ),
    );
    here.file(
        "g/prod/kustomization.yaml",
        "resources:\n- ../.shared/base\n- .own.yaml\n",
    );
    here.file(
        "g/.shared/base/kustomization.yaml",
        "resources: [named.yaml]\n",
    );
    here.file(
        "g/clusters/apps.yaml",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\nspec: {path: ./g/.apps}\n",
    );
    let text = |name: &str, version: &str, key: &str| {
        release(name, &of_version(version), &format!("    {key}: x\n"))
    };
    let reached = [
        "g/.shared/base/named.yaml",
        "g/prod/.own.yaml",
        "g/.apps/deep/a.yaml",
    ];
    let left = [
        "g/.shared/base/unnamed.yaml",
        "g/.archive/a.yaml",
        "g/prod/.other.yaml",
    ];
    for (n, file) in reached.iter().chain(&left).enumerate() {
        here.file(file, &text(&format!("r{n}"), "1.0.0", "old"));
    }
    let run = upgrade(&here, &["g", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    for (n, file) in reached.iter().enumerate() {
        assert_eq!(
            here.text(file),
            text(&format!("r{n}"), "2.0.0", "new"),
            "{file}: {run:?}"
        );
    }
    for (n, file) in (reached.len()..).zip(left) {
        assert_eq!(
            here.text(file),
            text(&format!("r{n}"), "1.0.0", "old"),
            "{file}"
        );
    }
    for words in ["g/.archive", "g/.shared", "g/prod"] {
        assert!(run.said.contains(words), "{words}: {run:?}");
    }
}

/// A hidden file is the same file before and now, also under another name.
#[test]
fn a_version_that_was_raised_in_a_hidden_place_is_seen() {
    let Some(here) = repository() else { return };
    let text = |version: &str, key: &str| {
        let source = format!(
            "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: tern}}\nspec: {{url: '{HOME}'}}\n"
        );
        release("one", &of_version(version), &format!("    {key}: x\n")) + &source
    };
    let deploys = |folder: &str| format!("resources:\n- ../.shared/{folder}\n");
    here.file("g/prod/kustomization.yaml", &deploys("base"));
    here.file(
        "g/.shared/base/kustomization.yaml",
        "resources: [.a.yaml]\n",
    );
    here.file("g/.shared/base/.a.yaml", &text("1.0.0", "old"));
    here.commit("before");
    for (file, folder) in [
        ("g/.shared/base/.a.yaml", "base"),
        ("g/.shared/next/.b.yaml", "next"),
    ] {
        here.git(&["reset", "-q", "--hard"]);
        if folder == "next" {
            here.git(&["mv", "g/.shared/base", "g/.shared/next"]);
            here.git(&["mv", "g/.shared/next/.a.yaml", file]);
            here.file(
                "g/.shared/next/kustomization.yaml",
                "resources: [.b.yaml]\n",
            );
        }
        here.file("g/prod/kustomization.yaml", &deploys(folder));
        here.file(file, &text("2.0.0", "old"));
        here.git(&["add", "-A"]);
        let run = upgrade(&here, &["--check", "--since", "HEAD", "g"]);
        assert_eq!(run.code, 1, "{file}: {run:?}");
        assert!(!run.said.contains(" new "), "{file}: {run:?}");
        let run = upgrade(&here, &["--write", "--since", "HEAD", "g"]);
        assert_eq!(run.code, 0, "{file}: {run:?}");
        assert_eq!(here.text(file), text("2.0.0", "new"), "{run:?}");
        let run = upgrade(&here, &["--check", "--since", "HEAD", "g"]);
        assert_eq!(run.code, 0, "{file}: {run:?}");
    }
}

/// The chart of a hidden release may be named by an object beside it, or by one that is not hidden.
#[test]
fn a_hidden_release_is_told_also_where_an_object_brings_its_chart() {
    for place in [
        "g/.archive/source.yaml",
        "g/source.yaml",
        "g/.meta/source.yaml",
    ] {
        let Some(here) = repository() else { return };
        here.file(place, &object("1.0.0"));
        let hidden = release("one", BY_OBJECT, "    old: x\n");
        here.file("g/.archive/apps/one.yaml", &hidden);
        here.file(
            "g/.archive/apps/two.yaml",
            &hidden.replace("name: one}\n  values", "name: two}\n  values"),
        );
        let run = upgrade(&here, &["g", "-o", "json"]);
        let json: serde_json::Value = serde_json::from_str(&run.shown).unwrap();
        let seen = json["seen"].as_array().cloned().unwrap_or_default();
        let mut titles: Vec<String> = seen
            .iter()
            .map(|one| {
                format!(
                    "{} {} {}",
                    one["title"].as_str().unwrap(),
                    one["chart"],
                    one["version"]
                )
            })
            .filter(|text| text.starts_with("HelmRelease"))
            .collect();
        titles.sort();
        assert_eq!(
            titles,
            ["HelmRelease/one \"one\" \"1.0.0\""],
            "{place}: {run:?}"
        );
    }
}

/// Helm and Flux read `*name:` as an alias that is a key, though the colon is a part of the name in YAML 1.2.
#[test]
fn a_key_that_is_an_alias_is_read_as_helm_reads_it() {
    let Some(here) = repository() else { return };
    let text = |version: &str, key: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: &app stays}}\nspec:\n{}  values:\n    {key}: x\n    *app:   # an alias\n      '*app: b': '*app: c'\n    flow: {{*app: 1}} # *app: d\n",
            of_version(version)
        )
    };
    here.file("g/one.yaml", &text("1.0.0", "old"));
    let run = upgrade(&here, &["g", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("g/one.yaml"), text("2.0.0", "new"), "{run:?}");

    let values = "a: &app foo\nb:\n  *app: {*app: 1, x: [*app]}\nc: |\n  *app: x\nd: '*app: y'\n";
    let expected = r#"{"a":"foo","b":{"foo":{"foo":1,"x":["foo"]}},"c":"*app: x\n","d":"*app: y"}"#;
    let read = view::read(values).unwrap();
    assert_eq!(Some(read), view::read(expected));
    for helm in helm::each() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("c/templates")).unwrap();
        for (name, text) in [
            ("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n"),
            ("c/templates/a.yaml", "v: {{ .Values | toJson | quote }}\n"),
            ("v.yaml", values),
        ] {
            fs::write(home.path().join(name), text).unwrap();
        }
        let output = helm
            .command(home.path())
            .args(["template", "c", "c", "-f", "v.yaml"])
            .current_dir(home.path())
            .output()
            .unwrap();
        let rendered = String::from_utf8_lossy(&output.stdout);
        let rendered: serde_json::Value = serde_yaml::from_str(&rendered).unwrap();
        assert_eq!(rendered["v"], expected, "{output:?}");
    }
    // A name that is nowhere is an error in either reading.
    here.file("g/one.yaml", "a: 1\n*app: 2\n");
    let run = upgrade(&here, &["g/one.yaml"]);
    assert_eq!(run.code, 2, "{run:?}");
}

/// A HelmRelease leaves its chart to an OCIRepository that may be in another repository. One that is called like a
/// known chart is not passed over without a word, and others are none of refit's business.
#[test]
fn a_release_whose_chart_comes_from_elsewhere_is_told_if_it_is_called_like_the_chart() {
    let Some(here) = repository() else { return };
    let of = |name: &str| release(name, BY_OBJECT, "    old: x\n");
    here.file("g/by-object.yaml", &of("app"));
    here.file(
        "g/by-name.yaml",
        &of("one").replace("name: one}\n  values", "name: charts}\n  values"),
    );
    here.file(
        "g/other.yaml",
        &of("app").replace("OCIRepository, name: one", "OCIRepository, name: podinfo"),
    );
    let run = upgrade(&here, &["g"]);
    assert_eq!(run.code, 0, "{run:?}");
    let all = &run.said;
    assert!(
        all.contains(
            "Not upgraded, because the object that brings the chart is in none of these files"
        ),
        "{all}"
    );
    assert!(
        all.contains("g/by-object.yaml:5 HelmRelease/app: one, by its name"),
        "{all}"
    );
    assert!(
        all.contains("g/by-name.yaml:5 HelmRelease/one: one, by its name"),
        "{all}"
    );
    assert!(!all.contains("other.yaml"), "{all}");

    // Many of one chart are told together.
    for name in ["b", "c", "d"] {
        here.file(&format!("many/{name}.yaml"), &of(name));
    }
    let all = upgrade(&here, &["g", "many"]).said;
    assert!(
        all.contains("g/by-name.yaml:5 and 4 more one, by its name"),
        "{all}"
    );

    here.file("h/source.yaml", &object("1.0.0"));
    let run = upgrade(&here, &["g", "h", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(!run.said.contains("by-object.yaml:5"), "{run:?}");
    assert!(here.text("g/by-object.yaml").contains("new: x"), "{run:?}");
}
