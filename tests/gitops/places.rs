//! Where values live beside the plain places: in patches, in elements of generators, in charts that charts take in, in
//! files that are named alone; and what is told of places where nothing is edited.

use crate::repository::{Repository, Run};

const HOME: &str = "https://charts.tern.example";

/// A repository with a pack for a chart of which 2.0.0 calls `old` `new`, and `a.x` `b.x`.
pub(crate) fn repository() -> Option<Repository> {
    let here = Repository::new()?;
    here.file(
        "packs/one/pack.yaml",
        &format!(
            "pack: 1\nchart: one\ntitle: A chart for tests\nrepositories: [{HOME}]\nversions:\n  1.0.0: {{app: \"1\"}}\n  2.0.0: {{app: \"2\"}}\n"
        ),
    );
    here.file(
        "packs/one/keys.yaml",
        "old: [{in: \"<2.0.0\", default: \"\"}]\nnew: [{in: \">=2.0.0\", default: \"\"}]\na.x: [{in: \"<2.0.0\", default: \"\"}]\nb.x: [{in: \">=2.0.0\", default: \"\"}]\nstays: [{in: \"*\", default: \"\"}]\n",
    );
    here.file(
        "packs/one/2.0.0.yaml",
        "version: 2.0.0\ntitle: New names\nsteps:\n  rename: {title: Rename old, move: {old: new}}\n  lift: {title: Rename a, move: {a.x: b.x}}\n",
    );
    Some(here)
}

pub(crate) fn upgrade(here: &Repository, args: &[&str]) -> Run {
    here.refit(&[&["upgrade", "--pack", "packs/one"], args].concat())
}

/// Writes what is in a folder, once and for good: a second run changes nothing and says nothing.
#[track_caller]
fn written(here: &Repository, folder: &str) -> Run {
    let run = upgrade(here, &[folder, "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    let again = upgrade(here, &[folder, "--check"]);
    assert_eq!(again.code, 0, "{again:?}");
    run
}

fn app(name: &str, version: &str, values: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\nspec:\n  source:\n    repoURL: {HOME}\n    chart: one\n    targetRevision: {version}\n    helm:\n      valuesObject: {{{values}}}\n"
    )
}

fn flux(version: &str, values: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: one, namespace: gulls}}\nspec:\n  chart:\n    spec: {{chart: one, version: {version}, sourceRef: {{kind: HelmRepository, name: tern}}}}\n  values: {{{values}}}\n---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: tern, namespace: gulls}}\nspec: {{url: '{HOME}'}}\n"
    )
}

#[test]
fn what_is_hidden_is_told_and_upgraded_if_it_is_named() {
    let Some(here) = repository() else { return };
    let (seen, hidden) = (
        app("seen", "1.0.0", "old: x"),
        app("hidden", "1.0.0", "old: x"),
    );
    here.file("g/seen.yaml", &seen);
    here.file("g/.archive/apps/hidden.yaml", &hidden);
    here.file(
        "g/.archive/apps/other.yaml",
        &hidden.replace("chart: one", "chart: two"),
    );
    here.file("g/.terraform/copy.yaml", &hidden);
    let run = written(&here, "g");
    assert!(run.said.contains("g/.archive 1 release of one"), "{run:?}");
    assert!(run.said.contains("refit upgrade g/.archive"), "{run:?}");
    assert!(!run.said.contains(".terraform"), "{run:?}");
    assert_eq!(here.text("g/seen.yaml"), app("seen", "2.0.0", "new: x"));
    assert_eq!(here.text("g/.archive/apps/hidden.yaml"), hidden);
    written(&here, "g/.archive");
    assert_eq!(
        here.text("g/.archive/apps/hidden.yaml"),
        app("hidden", "2.0.0", "new: x")
    );
}

#[test]
fn releases_of_other_tools_are_told_with_chart_and_version() {
    let Some(here) = repository() else { return };
    here.file(
        "g/infra/main.tf",
        &format!(
            "resource \"helm_release\" \"streams\" {{\n  repository = \"{HOME}\"\n  chart      = \"one\"\n  version    = \"1.0.0\"\n}}\n"
        ),
    );
    here.file(
        "g/release.yaml",
        &format!(
            "apiVersion: helm.crossplane.io/v1beta1\nkind: Release\nmetadata: {{name: streams}}\nspec:\n  forProvider:\n    chart: {{name: one, repository: '{HOME}', version: 1.1.0}}\n    values: {{old: x}}\n"
        ),
    );
    here.file(
        "g/pulumi/Pulumi.yaml",
        &format!(
            "name: p\nruntime: yaml\nresources:\n  streams:\n    type: kubernetes:helm.sh/v3:Release\n    properties:\n      chart: one\n      version: 1.2.0\n      repositoryOpts: {{repo: '{HOME}'}}\n      values: {{old: x}}\n"
        ),
    );
    here.file("g/program/Pulumi.yaml", "name: q\nruntime: nodejs\n");
    here.file(
        "g/program/src/index.ts",
        "new k8s.helm.v3.Chart(\"streams\", { chart: \"one\", version: \"1.3.0\" });\nnew k8s.helm.v3.Chart(\"other\", { chart: \"two\" });\n",
    );
    let run = upgrade(&here, &["g", "--check"]);
    assert_eq!(run.code, 0, "{run:?}");
    for words in [
        "g/infra/main.tf:3 Terraform helm_release streams: one 1.0.0",
        "g/release.yaml:6 Crossplane Release/streams: one 1.1.0",
        "g/pulumi/Pulumi.yaml:7 Pulumi resource streams: one 1.2.0",
        "g/program/src/index.ts:1 Pulumi Chart streams: one 1.3.0",
    ] {
        assert!(run.said.contains(words), "{words}: {run:?}");
    }
    let json = upgrade(&here, &["g", "-o", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.shown).unwrap();
    assert_eq!(json["seen"].as_array().unwrap().len(), 4);
    assert_eq!(json["seen"][0]["chart"], "one");
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf8_is_a_name() {
    use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt};
    let Some(here) = repository() else { return };
    let name = OsStr::from_bytes(b"g/clusters-\xff/app-\xfe.yaml");
    let path = here.root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, app("app", "1.0.0", "old: x")).unwrap();
    let run = upgrade(&here, &["g"]);
    assert!(run.said.contains("1.0.0 → 2.0.0"), "{run:?}");
    written(&here, "g");
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        app("app", "2.0.0", "new: x")
    );
    // Named itself: what is printed is what a shell turns back into the name.
    fs::write(&path, app("app", "1.0.0", "old: x")).unwrap();
    let args = [
        OsStr::new("upgrade"),
        OsStr::new("--pack"),
        OsStr::new("packs/one"),
        name,
    ];
    let run = crate::repository::run(&here.root, &args);
    assert_eq!(run.code, 0, "{run:?}");
    let command = run.said.rsplit("refit upgrade").next().unwrap();
    let command = format!(
        "{} upgrade {}",
        env!("CARGO_BIN_EXE_refit"),
        command.replace(" \\ ", " ")
    );
    let status = std::process::Command::new("sh")
        .args(["-c", &command])
        .current_dir(&here.root)
        .output()
        .unwrap();
    assert!(status.status.success(), "{command}: {status:?}");
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        app("app", "2.0.0", "new: x")
    );
}

#[test]
fn patches_that_are_parts_of_a_release_are_layers_of_it() {
    let Some(here) = repository() else { return };
    here.file("g/base/one.yaml", &flux("1.0.0", "old: base, stays: y"));
    let inline = |key: &str| {
        format!(
            "resources: [../base]\npatches:\n- patch: |-\n    apiVersion: helm.toolkit.fluxcd.io/v2\n    kind: HelmRelease\n    metadata:\n      name: one\n      namespace: gulls\n    spec:\n      values:\n        # ours\n        {key}: prod\n- target: {{kind: Deployment, name: other}}\n  patch: |-\n    - {{op: remove, path: /spec/values/old}}\n"
        )
    };
    let of_flux = |key: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: apps, namespace: flux-system}}\nspec:\n  path: ./base\n  patches:\n  - target: {{kind: HelmRelease, name: one}}\n    patch: |\n      apiVersion: helm.toolkit.fluxcd.io/v2\n      kind: HelmRelease\n      metadata: {{name: ignored}}\n      spec: {{values: {{{key}: flux}}}}\n  patchesStrategicMerge:\n  - apiVersion: helm.toolkit.fluxcd.io/v2\n    kind: HelmRelease\n    metadata: {{name: one}}\n    spec:\n      values:\n        {key}: later\n"
        )
    };
    here.file("g/prod/kustomization.yaml", &inline("old"));
    here.file("g/clusters/apps.yaml", &of_flux("old"));
    written(&here, "g");
    assert_eq!(
        here.text("g/base/one.yaml"),
        flux("2.0.0", "new: base, stays: y")
    );
    assert_eq!(here.text("g/prod/kustomization.yaml"), inline("new"));
    assert_eq!(here.text("g/clusters/apps.yaml"), of_flux("new"));
}

#[test]
fn the_paths_of_a_json_patch_follow_where_that_is_certain() {
    let Some(here) = repository() else { return };
    here.file(
        "g/base/one.yaml",
        &flux("1.0.0", "old: base, a: {x: 1}, stays: y"),
    );
    let kustomization = "resources: [../base]\npatches:\n- {path: ours.yaml, target: {kind: HelmRelease, name: one}}\n- {path: theirs.yaml, target: {kind: HelmRelease, name: one}}\n- {path: whole.yaml, target: {kind: HelmRelease, name: one}}\n- {path: labels.yaml, target: {kind: HelmRelease, name: one}}\n";
    let patch = |old: &str, a: &str| {
        format!(
            "- {{op: replace, path: /spec/values/{old}, value: prod}}   # ours\n- op: replace\n  path: \"/spec/values/{a}/x\"\n  value: 2\n- {{op: replace, path: /spec/values/stays, value: z}}\n"
        )
    };
    here.file("g/prod/kustomization.yaml", kustomization);
    here.file("g/prod/ours.yaml", &patch("old", "a"));
    let theirs = |old: &str| {
        format!(
            "- {{op: test, path: /metadata/name, value: one}}\n- {{op: remove, path: /spec/values/{old}}}\n"
        )
    };
    here.file("g/prod/theirs.yaml", &theirs("old"));
    here.file(
        "g/prod/labels.yaml",
        "- {op: add, path: /metadata/labels/a, value: b}\n",
    );
    // What has values put in place whole may have any of them.
    let whole = "- {op: replace, path: /spec/values, value: {old: w}}\n";
    here.file("g/prod/whole.yaml", whole);
    let run = written(&here, "g");
    assert_eq!(here.text("g/prod/ours.yaml"), patch("new", "b"));
    assert_eq!(here.text("g/prod/theirs.yaml"), theirs("new"));
    assert_eq!(here.text("g/prod/whole.yaml"), whole);
    assert!(
        run.said.contains(
            "g/prod/whole.yaml:1: What this operation sets at `/spec/values` has `old` in it, whose place is `/spec/values/new`"
        ),
        "{run:?}"
    );
    assert!(!run.said.contains("labels.yaml"), "{run:?}");
}

#[test]
fn the_paths_of_a_json_patch_follow_also_where_it_stands_in_a_kustomization() {
    let Some(here) = repository() else { return };
    let operations = |indent: &str, old: &str, a: &str| {
        format!(
            "{indent}- {{op: replace, path: /spec/values/{old}, value: prod}} # ours\n{indent}- op: replace\n{indent}  path: \"/spec/values/{a}/x\"\n{indent}  value: 2\n{indent}- {{op: add, path: /metadata/labels/a, value: b}}\n"
        )
    };
    let target = "target: {kind: HelmRelease, name: one}";
    let kustomize = |old: &str, a: &str| {
        let json =
            format!("'[{{\"op\": \"replace\", \"path\": \"/spec/values/{old}\", \"value\": 1}}]'");
        format!(
            "resources: [../base]\npatches:\n- {target}\n  patch: |-\n{}- {target}\n  patch: {json}\n",
            operations("    ", old, a)
        )
    };
    let of_flux = |old: &str, a: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: apps}}\nspec:\n  patchesJson6902:\n  - {target}\n    patch:\n{}",
            operations("    ", old, a)
        )
    };
    here.file("g/base/one.yaml", &flux("1.0.0", "old: base, a: {x: 1}"));
    here.file("g/prod/kustomization.yaml", &kustomize("old", "a"));
    here.file("g/clusters/apps.yaml", &of_flux("old", "a"));
    let run = written(&here, "g");
    assert_eq!(
        here.text("g/prod/kustomization.yaml"),
        kustomize("new", "b")
    );
    assert_eq!(here.text("g/clusters/apps.yaml"), of_flux("new", "b"));
    assert!(!run.said.contains("This patch changes"), "{run:?}");

    // One that cannot be read, and one for all releases, are told with their lines.
    let by_hand = "resources: [../base]\npatches:\n- target: {kind: HelmRelease, name: one}\n  patch: |\n    - {op: add, path: /spec/values/old\n- target: {kind: HelmRelease}\n  patch: |\n    - {op: replace, path: /spec/values/old, value: x}\n";
    here.file("g/base/one.yaml", &flux("1.0.0", "old: base"));
    here.file("g/prod/kustomization.yaml", by_hand);
    here.file("g/clusters/apps.yaml", "x: 1\n");
    let run = upgrade(&here, &["g", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("g/prod/kustomization.yaml"), by_hand);
    for line in [4, 7] {
        let told = format!("g/prod/kustomization.yaml:{line}: This patch changes the values");
        assert!(run.said.contains(&told), "{line}: {run:?}");
    }
}

fn umbrella(version: &str) -> String {
    format!(
        "apiVersion: v2\nname: whole\nversion: 0.1.0\ndependencies:\n- {{name: one, alias: part, version: {version}, repository: '{HOME}'}}\n"
    )
}

#[test]
fn a_file_of_an_umbrella_chart_that_is_named_means_the_chart() {
    for named in [
        "umb/values-prod.yaml",
        "umb/values.yaml",
        "umb/Chart.yaml",
        "umb/env/test.yaml",
    ] {
        let Some(here) = repository() else { return };
        here.file("umb/Chart.yaml", &umbrella("1.0.0"));
        let files = [
            "umb/values.yaml",
            "umb/values-prod.yaml",
            "umb/env/test.yaml",
        ];
        for file in files {
            here.file(file, "part:\n  old: x   # ours\nother: {old: y}\n");
        }
        here.file("umb/notes.yaml", "other: {old: y}\n");
        written(&here, named);
        assert_eq!(here.text("umb/Chart.yaml"), umbrella("2.0.0"), "{named}");
        for file in files {
            assert_eq!(
                here.text(file),
                "part:\n  new: x   # ours\nother: {old: y}\n",
                "{named}: {file}"
            );
        }
    }
    // What is not of a known dependency needs to be said to be something.
    let Some(here) = repository() else { return };
    here.file("umb/Chart.yaml", &umbrella("1.0.0"));
    here.file("umb/notes.yaml", "other: {old: y}\n");
    let run = upgrade(&here, &["umb/notes.yaml"]);
    assert_eq!(run.code, 2, "{run:?}");
}

#[test]
fn files_of_an_umbrella_chart_can_be_the_layers_of_one_release() {
    let Some(here) = repository() else { return };
    here.file("umb/Chart.yaml", &umbrella("1.0.0"));
    here.file("umb/values.yaml", "part: {old: x, a: {x: 1}}\n");
    here.file("umb/values-prod.yaml", "part: {old: y}\nreplicas: 3\n");
    let layers = ["-f", "umb/values.yaml", "-f", "umb/values-prod.yaml"];
    let run = upgrade(&here, &[&layers[..], &["--write"]].concat());
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("umb/values.yaml"), "part: {new: x, b: {x: 1}}\n");
    assert_eq!(
        here.text("umb/values-prod.yaml"),
        "part: {new: y}\nreplicas: 3\n"
    );
    // No other file is for the version of the dependency, so it goes along, and is named.
    assert_eq!(here.text("umb/Chart.yaml"), umbrella("2.0.0"));
    assert!(run.said.contains("Wrote umb/Chart.yaml"), "{run:?}");
    // One that is for it, too, keeps it where it is.
    here.file("umb/Chart.yaml", &umbrella("1.0.0"));
    here.file("umb/values.yaml", "part: {old: x}\n");
    here.file("umb/values-test.yaml", "part: {old: z}\n");
    for layers in [&layers[..2], &layers[..]] {
        let run = upgrade(&here, layers);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(!run.shown.contains("Chart.yaml"), "{run:?}");
        for words in [
            "umb/Chart.yaml:5 names the version 1.0.0 of the dependency.",
            "is for it, too, and is none of these layers.",
            "`refit upgrade umb` does all of it",
        ] {
            assert!(run.said.contains(words), "{words}: {run:?}");
        }
    }
    // Releases of one run that have all files between them take it along, too.
    let both = [
        "--release",
        "prod=umb/values.yaml,umb/values-prod.yaml",
        "--release",
        "test=umb/values.yaml,umb/values-test.yaml",
    ];
    let run = upgrade(&here, &[&both[..], &["--write"]].concat());
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("umb/Chart.yaml"), umbrella("2.0.0"), "{run:?}");
    assert_eq!(here.text("umb/values-test.yaml"), "part: {new: z}\n");
    // With the chart and the version stated it is the same release.
    let Some(here) = repository() else { return };
    here.file("umb/Chart.yaml", &umbrella("'*'"));
    here.file("umb/values-prod.yaml", "part: {old: y}\n");
    let release = ["--release", "prod=umb/values-prod.yaml", "--chart", "one"];
    let run = upgrade(
        &here,
        &[&release[..], &["--from", "1.0.0", "--write"]].concat(),
    );
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("umb/values-prod.yaml"), "part: {new: y}\n");
}

#[test]
fn a_chart_that_a_chart_takes_in_has_values_in_both() {
    let Some(here) = repository() else { return };
    let inner = |version: &str| umbrella(version).replace("name: whole", "name: inner");
    here.file("g/charts/inner/Chart.yaml", &inner("1.0.0"));
    here.file("g/charts/inner/values.yaml", "part: {old: inner}\n");
    let outer = "apiVersion: v2\nname: outer\nversion: 0.1.0\ndependencies:\n- {name: inner, alias: in, version: 0.1.0, repository: 'file://../charts/inner'}\n";
    here.file("g/outer/Chart.yaml", outer);
    here.file(
        "g/outer/values.yaml",
        "in: {part: {old: outer}, stays: {old: z}}\n",
    );
    here.file("g/outer/values-prod.yaml", "in: {part: {old: prod}}\n");
    let deployer = |key: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: outer}}\nspec:\n  source:\n    repoURL: https://git.tern.example/x\n    path: g/outer\n    helm:\n      valuesObject: {{in: {{part: {{{key}: app}}}}}}\n"
        )
    };
    here.file("g/app.yaml", &deployer("old"));
    written(&here, "g");
    assert_eq!(here.text("g/charts/inner/Chart.yaml"), inner("2.0.0"));
    assert_eq!(
        here.text("g/charts/inner/values.yaml"),
        "part: {new: inner}\n"
    );
    assert_eq!(
        here.text("g/outer/values.yaml"),
        "in: {part: {new: outer}, stays: {old: z}}\n"
    );
    assert_eq!(
        here.text("g/outer/values-prod.yaml"),
        "in: {part: {new: prod}}\n"
    );
    assert_eq!(here.text("g/app.yaml"), deployer("new"));
}

#[test]
fn values_under_the_key_of_a_dependency_that_nobody_names_are_listed() {
    let Some(here) = repository() else { return };
    here.file("g/umb/Chart.yaml", &umbrella("1.0.0"));
    here.file("g/umb/values.yaml", "part: {old: x}\n");
    let far = "part: {old: far, stays: y}\n";
    here.file("g/environments/far.yaml", far);
    here.file(
        "g/environments/other.yaml",
        "part: {quite: 1, another: 2}\n",
    );
    let run = written(&here, "g");
    assert!(
        run.said
            .contains("g/environments/far.yaml has values of one under `part`"),
        "{run:?}"
    );
    assert!(!run.said.contains("other.yaml"), "{run:?}");
    assert_eq!(here.text("g/environments/far.yaml"), far);
}

#[test]
fn elements_of_a_list_generator_carry_version_values_and_files() {
    let Some(here) = repository() else { return };
    let set = |versions: [&str; 2], key: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: all}}\nspec:\n  generators:\n  - list:\n      elements:\n      - cluster: prod\n        version: {}\n        values: |\n          {key}: prod\n      - {{cluster: test, version: \"{}\", values: \"{key}: test\"}}\n  template:\n    metadata: {{name: 'one-{{{{cluster}}}}'}}\n    spec:\n      sources:\n      - repoURL: {HOME}\n        chart: one\n        targetRevision: '{{{{version}}}}'\n        helm:\n          valueFiles: ['$here/g/{{{{ cluster }}}}.yaml']\n          values: '{{{{values}}}}'\n      - {{repoURL: https://git.tern.example/x, ref: here}}\n",
            versions[0], versions[1]
        )
    };
    here.file("g/set.yaml", &set(["1.0.0", "1.0.0"], "old"));
    here.file("g/prod.yaml", "a:\n  x: prod\n");
    here.file("g/test.yaml", "a:\n  x: test\n");
    written(&here, "g");
    assert_eq!(here.text("g/set.yaml"), set(["2.0.0", "2.0.0"], "new"));
    assert_eq!(here.text("g/prod.yaml"), "b:\n  x: prod\n");
    assert_eq!(here.text("g/test.yaml"), "b:\n  x: test\n");
}

#[test]
fn what_argo_cd_lays_over_a_chart_in_git_counts() {
    let Some(here) = repository() else { return };
    let app = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: streams}\nspec:\n  source:\n    repoURL: https://git.tern.example/x\n    path: g/charts/one\n    targetRevision: main\n    helm: {valuesObject: {old: app}}\n";
    here.file("g/app.yaml", app);
    let source = |key: &str| format!("helm:\n  parameters:\n  - {{name: {key}, value: hotfix}}\n");
    here.file("g/charts/one/.argocd-source-streams.yaml", &source("old"));
    here.file("g/charts/one/.argocd-source-other.yaml", &source("old"));
    let run = upgrade(&here, &["g", "--from", "1.0.0", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("g/app.yaml"), app.replace("old", "new"));
    assert_eq!(
        here.text("g/charts/one/.argocd-source-streams.yaml"),
        source("new")
    );
    assert_eq!(
        here.text("g/charts/one/.argocd-source-other.yaml"),
        source("old")
    );
}

#[test]
fn a_config_of_k3s_without_its_chart_can_be_upgraded() {
    let Some(here) = repository() else { return };
    let config = |name: &str, values: &str| {
        format!(
            "apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: {{name: {name}, namespace: kube-system}}\nspec:\n  valuesContent: |-\n    {values}\n"
        )
    };
    here.file("config.yaml", &config("mine", "old: x"));
    let args = [
        "config.yaml",
        "--chart",
        "one",
        "--from",
        "1.0.0",
        "--write",
    ];
    let run = upgrade(&here, &args);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("config.yaml"), config("mine", "new: x"));
    // k3s brings its own Traefik.
    here.file(
        "k3s/traefik.yaml",
        &config("traefik", "ports: {web: {redirectTo: {port: websecure}}}"),
    );
    let run = here.refit(&[
        "upgrade", "k3s", "--from", "27.0.2", "--to", "34.1.0", "--write",
    ]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        here.text("k3s/traefik.yaml").contains("redirections"),
        "{run:?}"
    );
}

#[test]
fn a_release_whose_repository_is_elsewhere_is_told_so_once_and_an_error_says_where_it_stands() {
    let Some(here) = Repository::new() else {
        return;
    };
    let release = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: certs, namespace: certs}
spec:
  chart: {spec: {chart: cert-manager, version: VERSION, sourceRef: {kind: HelmRepository, name: jetstack}}}
  valuesFrom:
    - {kind: Secret, name: more}
  values:
    installCRDs: true
";
    here.file("certs.yaml", &release.replace("VERSION", "1.14.0"));
    let run = here.refit(&["upgrade", "certs.yaml"]);
    let told = run.said.matches("HelmRepository `jetstack`").count();
    assert_eq!(told, 1, "{}", run.said);
    let sentence = "The chart is called cert-manager; refit takes it for the one that it knows.";
    assert!(run.said.contains(sentence), "{}", run.said);
    // The Secret is what the question is about, and not a task beside it.
    assert!(run.said.contains("[sealed-layer]"), "{}", run.said);
    assert!(
        !run.said.contains("Secret `more` is not in these files. "),
        "{}",
        run.said
    );

    here.file("certs.yaml", &release.replace("VERSION", "'*'"));
    let run = here.refit(&["upgrade", "certs.yaml"]);
    let place = "error: certs.yaml:9:5: HelmRelease/certs/certs: the content does not tell";
    assert!(run.said.contains(place), "{}", run.said);
}
