//! Files that manifests name as layers in roundabout ways: by the environment of helmfile, as the defaults of a chart in
//! git, or not at all, beside an umbrella chart whose own file a deployer names once more.

use crate::{
    places::{repository, upgrade},
    repository::Repository,
};

const HOME: &str = "https://charts.tern.example";

fn helmfile(head: &str, version: &str, files: &[&str]) -> String {
    let files: String = files.iter().map(|file| format!("  - {file}\n")).collect();
    format!(
        "{head}repositories:\n- {{name: tern, url: '{HOME}'}}\nreleases:\n- name: gulls\n  chart: tern/one\n  version: {version}\n  missingFileHandler: Warn\n  values:\n{files}"
    )
}

const BY_ENVIRONMENT: &str = "values/{{ .Release.Name }}/{{ .Environment.Name }}.yaml";

/// The names of the releases, those that wait marked.
#[track_caller]
fn names(here: &Repository, folder: &str) -> Vec<String> {
    let run = upgrade(here, &[folder, "-o", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.shown).unwrap();
    let releases = json["releases"].as_array().unwrap();
    let open = |release: &serde_json::Value| {
        let steps = release["steps"].as_array().unwrap();
        steps.iter().any(|step| step["state"] == "open")
    };
    releases
        .iter()
        .map(|release| {
            let name = release["name"].as_str().unwrap();
            format!("{name}{}", if open(release) { "?" } else { "" })
        })
        .collect()
}

#[test]
fn a_helmfile_is_a_release_in_each_environment_that_has_files() {
    let Some(here) = repository() else { return };
    let head = "environments:\n  default: {}\n  dev: {}\n  prod: {}\n---\n";
    let files = ["values/{{ .Release.Name }}/base.yaml", BY_ENVIRONMENT];
    here.file("g/helmfile.yaml", &helmfile(head, "1.0.0", &files));
    here.file("g/values/gulls/base.yaml", "old: x\n");
    assert_eq!(names(&here, "g"), ["release gulls"]);
    here.file("g/values/gulls/prod.yaml", "old: y\n");
    assert_eq!(
        names(&here, "g"),
        ["release gulls (default)", "release gulls (prod)"]
    );
    let run = upgrade(&here, &["g", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(
        here.text("g/helmfile.yaml"),
        helmfile(head, "2.0.0", &files)
    );
    assert_eq!(here.text("g/values/gulls/base.yaml"), "new: x\n");
    assert_eq!(here.text("g/values/gulls/prod.yaml"), "new: y\n");
    // The file for dev is missing, and it may not be.
    let strict = helmfile(head, "1.0.0", &files).replace("Warn", "Error");
    here.file("g/helmfile.yaml", &strict);
    here.file("g/values/gulls/base.yaml", "old: x\n");
    here.file("g/values/gulls/prod.yaml", "old: y\n");
    assert_eq!(names(&here, "g"), ["release gulls"]);
}

#[test]
fn the_environments_of_a_helmfile_may_be_declared_in_another_one() {
    for (file, text) in [
        (
            "g/helmfile.yaml",
            "environments: {prod: {}}\nhelmfiles:\n- path: apps/helmfile.yaml\n",
        ),
        (
            "g/helmfile.yaml",
            "environments: {prod: {}}\nhelmfiles:\n- apps/*.yaml\n",
        ),
        ("g/apps/environments.yaml", "environments: {prod: {}}\n"),
    ] {
        let Some(here) = repository() else { return };
        here.file(file, text);
        let head = match file {
            "g/helmfile.yaml" => "",
            _ => "bases: [environments.yaml]\n---\n",
        };
        let of = |version: &str| helmfile(head, version, &[BY_ENVIRONMENT]);
        here.file("g/apps/helmfile.yaml", &of("1.0.0"));
        here.file("g/apps/values/gulls/prod.yaml", "old: y\n");
        let run = upgrade(&here, &["g", "--write"]);
        assert_eq!(run.code, 0, "{text}: {run:?}");
        assert_eq!(here.text("g/apps/helmfile.yaml"), of("2.0.0"), "{text}");
        assert_eq!(here.text("g/apps/values/gulls/prod.yaml"), "new: y\n");
    }
    // Nobody says which there are.
    let Some(here) = repository() else { return };
    here.file("g/helmfile.yaml", &helmfile("", "1.0.0", &[BY_ENVIRONMENT]));
    here.file("g/values/gulls/prod.yaml", "old: y\n");
    assert_eq!(names(&here, "g"), ["release gulls?"]);
}

/// `secrets` of helmfile are files; of an encrypted one the keys can be read.
#[test]
fn secrets_of_a_helmfile_are_asked_about_only_if_they_are_there_and_matter() {
    let Some(here) = repository() else { return };
    let text = helmfile("", "1.0.0", &["{stays: x}"]) + "  secrets: [secrets.yaml]\n";
    here.file("g/helmfile.yaml", &text);
    assert_eq!(names(&here, "g"), ["release gulls"]);
    let sealed = |key: &str| {
        format!(
            "{key}: ENC[AES256_GCM,data:aaaa,iv:bbbb,tag:cccc,type:str]\nsops:\n  mac: ENC[AES256_GCM,data:aaaa,iv:bbbb,tag:cccc,type:str]\n  version: 3.9.0\n"
        )
    };
    here.file("g/secrets.yaml", &sealed("stays"));
    assert_eq!(names(&here, "g"), ["release gulls"]);
    here.file("g/secrets.yaml", &sealed("old"));
    assert_eq!(names(&here, "g"), ["release gulls?"]);
}

/// A chart that has the known one as a dependency.
fn umbrella(version: &str) -> String {
    format!(
        "apiVersion: v2\nname: umb\nversion: 0.1.0\ndependencies:\n- {{name: one, version: {version}, repository: '{HOME}'}}\n"
    )
}

#[test]
fn values_files_of_a_chart_in_git_are_layers() {
    let flux = |key: &str| {
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: deploy, namespace: gulls}}\nspec: {{url: 'https://git.gulls.example/d', ref: {{branch: main}}}}\n---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: one, namespace: gulls}}\nspec:\n  chart:\n    spec:\n      chart: ./umb\n      valuesFiles: [umb/values.yaml, env/prod.yaml]\n      sourceRef: {{kind: GitRepository, name: deploy}}\n  values: {{one: {{{key}: z}}}}\n"
        )
    };
    let by_object = |key: &str| {
        let text = flux(key);
        let chart = "kind: HelmChart\nmetadata: {name: one, namespace: gulls}\nspec:\n  chart: ./umb\n  valuesFiles: [umb/values.yaml, env/prod.yaml]\n  sourceRef: {kind: GitRepository, name: deploy}\n";
        let (before, behind) = text.split_once("  chart:\n").unwrap();
        let (_, values) = behind.split_once("  values:").unwrap();
        format!(
            "{before}  chartRef: {{kind: HelmChart, name: one}}\n  values:{values}---\napiVersion: source.toolkit.fluxcd.io/v1\n{chart}"
        )
    };
    for manifest in [&flux as &dyn Fn(&str) -> String, &by_object] {
        let Some(here) = repository() else { return };
        here.file("umb/Chart.yaml", &umbrella("1.0.0"));
        here.file("umb/values.yaml", "one: {old: x}\n");
        here.file("env/prod.yaml", "one: {old: y}\n");
        here.file("apps/one.yaml", &manifest("old"));
        let run = upgrade(&here, &[".", "--write"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(here.text("umb/Chart.yaml"), umbrella("2.0.0"), "{run:?}");
        assert_eq!(here.text("umb/values.yaml"), "one: {new: x}\n");
        assert_eq!(here.text("env/prod.yaml"), "one: {new: y}\n", "{run:?}");
        assert_eq!(here.text("apps/one.yaml"), manifest("new"));
    }
}

/// What nobody names beside an umbrella chart is its layer also where a deployer names the chart's own file.
#[test]
fn files_beside_an_umbrella_chart_are_not_left_behind_where_its_own_is_named() {
    let Some(here) = repository() else { return };
    here.file("umb/Chart.yaml", &umbrella("1.0.0"));
    let files = ["values.yaml", "env/dev.yaml", "env/prod.yaml"];
    for file in files {
        here.file(&format!("umb/{file}"), "one: {old: x}\n");
    }
    here.file(
        "apps/one.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: one}\nspec:\n  source:\n    repoURL: https://git.gulls.example/d\n    path: umb\n    targetRevision: HEAD\n    helm: {valueFiles: [values.yaml, env/prod.yaml]}\n",
    );
    let run = upgrade(&here, &[".", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("umb/Chart.yaml"), umbrella("2.0.0"));
    for file in files {
        let file = format!("umb/{file}");
        assert_eq!(here.text(&file), "one: {new: x}\n", "{file}: {run:?}");
    }
}

/// A file for an umbrella chart that lies elsewhere is told, and is a layer where it is named with the chart's own.
#[test]
fn a_file_for_an_umbrella_chart_may_lie_elsewhere() {
    let Some(here) = repository() else { return };
    here.file("umb/Chart.yaml", &umbrella("1.0.0"));
    here.file("umb/values.yaml", "one: {old: x}\n");
    here.file("env/prod.yaml", "one: {old: y}\n");
    let run = upgrade(&here, &["."]);
    for words in [
        "env/prod.yaml has values of one under `one`",
        "-f umbrella/values.yaml -f FILE",
    ] {
        assert!(run.said.contains(words), "{words}: {run:?}");
    }
    let files = ["-f", "umb/values.yaml", "-f", "env/prod.yaml", "--write"];
    let run = upgrade(&here, &files);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("umb/Chart.yaml"), umbrella("2.0.0"), "{run:?}");
    assert_eq!(here.text("umb/values.yaml"), "one: {new: x}\n");
    assert_eq!(here.text("env/prod.yaml"), "one: {new: y}\n");
}

/// What is missing is said to be missing.
/// Layers of a chart with two dependencies are a release of each: the command that is printed names them as they were
/// named, with a target for each chart.
#[test]
fn the_printed_command_writes_what_layers_are_for_several_dependencies() {
    let chart = |one: &str, two: &str| {
        format!(
            "apiVersion: v2\nname: tern\nversion: 0.1.0\ndependencies:\n- {{name: one, version: {one}, repository: '{HOME}'}}\n- {{name: two, version: {two}, repository: '{HOME}'}}\n"
        )
    };
    for (named, fits) in [
        (
            &["-f", "tern/values.yaml", "-f", "clusters/prod.yaml"][..],
            false,
        ),
        (
            &["-f", "tern/values.yaml", "-f", "clusters/prod.yaml"],
            true,
        ),
        (
            &["--release", "prod=tern/values.yaml,clusters/prod.yaml"],
            false,
        ),
    ] {
        let Some(here) = repository() else { return };
        for (file, from, to) in [
            ("pack.yaml", "chart: one", "chart: two"),
            ("keys.yaml", "", ""),
            ("2.0.0.yaml", "version: 2.0.0", "version: 3.0.0"),
        ] {
            let text = here.text(&format!("packs/one/{file}"));
            let text = text.replace(from, to).replace("2.0.0", "3.0.0");
            here.file(
                &format!("packs/two/{}", file.replace("2.0.0", "3.0.0")),
                &text,
            );
        }
        here.file("tern/values.yaml", "one: {old: x}\n");
        // Of two only what is elsewhere holds values.
        here.file("clusters/prod.yaml", "one: {old: y}\ntwo: {old: z}\n");
        let newest = if fits { "2.0.0" } else { "1.0.0" };
        here.file("tern/Chart.yaml", &chart(newest, "1.0.0"));
        if fits {
            here.file("tern/values.yaml", "one: {new: x}\n");
            here.file("clusters/prod.yaml", "one: {new: y}\ntwo: {old: z}\n");
        }
        let packs = ["upgrade", "--pack", "packs/one", "--pack", "packs/two"];
        let preview = here.refit(&[&packs[..], named].concat());
        assert_eq!(preview.code, 0, "{preview:?}");
        let command = preview.said.rsplit("refit upgrade ").next().unwrap();
        let words: Vec<&str> = command.split(' ').filter(|word| *word != "\\").collect();
        assert_eq!(words[..named.len()], *named, "{preview:?}");
        let run = here.refit(&[&["upgrade"], &words[..]].concat());
        assert_eq!(run.code, 0, "{command} {run:?}");
        assert_eq!(
            here.text("tern/Chart.yaml"),
            chart("2.0.0", "3.0.0"),
            "{run:?}"
        );
        assert_eq!(here.text("tern/values.yaml"), "one: {new: x}\n");
        let elsewhere = here.text("clusters/prod.yaml");
        assert_eq!(elsewhere, "one: {new: y}\ntwo: {new: z}\n");
        let again = here.refit(&[&packs[..], named, &["--check"]].concat());
        assert_eq!(again.code, 0, "{again:?}");
    }
}

#[test]
fn a_layer_that_is_not_here_is_said_to_be_not_here() {
    let Some(here) = repository() else { return };
    let text = helmfile("", "1.0.0", &["values.yaml", "more.yaml"]).replace("Warn", "Error");
    here.file("g/helmfile.yaml", &text);
    let run = upgrade(&here, &["g"]);
    let words = "? values.yaml and more.yaml are not here, and may hold settings";
    assert!(run.said.contains(words), "{run:?}");
    here.file("g/more.yaml", "stays: x\n");
    let run = upgrade(&here, &["g"]);
    assert!(
        run.said.contains("? values.yaml is not here, and may"),
        "{run:?}"
    );
}

/// A template of another chart is nobody's business, though it has the word; one that may be for a known chart is.
#[test]
fn a_template_of_another_chart_is_no_error() {
    let Some(here) = repository() else { return };
    let of = |chart: &str| {
        format!(
            "{{{{- $one := dict }}}}\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: x}}\nspec:\n  source:\n    repoURL: x\n    chart: {chart}\n    targetRevision: {{{{ .v }}}}\n"
        )
    };
    for (chart, code) in [
        ("other", 0),
        ("one", 2),
        ("tern/one", 2),
        ("{{ .chart }}", 2),
    ] {
        here.file("g/templates/a.yaml", &of(chart));
        let run = upgrade(&here, &["g", "--check"]);
        assert_eq!(run.code, code, "{chart}: {run:?}");
    }
}

/// A template that names its chart by a folder is for the chart that lies there, and for what that depends on; an
/// annotation that has the name of a known chart in it makes no chart.
#[test]
fn a_template_with_a_folder_is_for_the_chart_in_it() {
    let Some(here) = repository() else { return };
    let of = |path: &str, values: &str| {
        format!(
            "{{{{- $x := dict }}}}\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: x\n  annotations: {{one.example/issuer: all}}\nspec:\n  source:\n    repoURL: {{{{ .url }}}}\n    path: {path}\n    helm:\n      values: |\n        {values}\n          ingress: {{one.example/class: x, paths: [{{path: /}}]}}\n"
        )
    };
    let chart = |name: &str, needs: &str| {
        format!(
            "apiVersion: v2\nname: {name}\nversion: 0.1.0\ndependencies:\n- {{name: {needs}, alias: a, version: 1.0.0, repository: '{HOME}'}}\n"
        )
    };
    here.file("g/ours/shop/Chart.yaml", &chart("shop", "redis"));
    here.file("g/ours/tools/Chart.yaml", &chart("tools", "one"));
    for (path, values, code) in [
        ("ours/shop", "web:", 0),
        ("\"{{ .folder }}/shop\" # ours", "web:", 0),
        ("ours/shop", "one:", 2),
        ("elsewhere/shop-of-theirs", "web:", 2),
        ("{{ .folder }}/one", "web:", 2),
        ("{{ .folder }}/tools", "web:", 2),
        ("ours/{{ .name }}", "web:", 2),
    ] {
        let text = of(path, values);
        // Without values of its own it leaves all to the folder, which is looked at.
        let bare = text.split("    helm:").next().unwrap();
        for (text, code) in [(text.as_str(), code), (bare, 0)] {
            here.file("g/templates/a.yaml", text);
            let run = upgrade(&here, &["g", "--keep-version"]);
            assert_eq!(run.code, code, "{text}: {run:?}");
        }
    }
}

/// Files that look like a known chart's are told with the command for them, and nothing beside it denies that.
#[test]
fn files_that_look_like_a_chart_are_told_with_a_command_that_works() {
    let Some(here) = repository() else { return };
    here.file(
        "g/values.yaml",
        "installCRDs: true\nwebhook: {replicaCount: 2}\n",
    );
    let run = here.refit(&["upgrade", "g"]);
    assert_eq!(run.code, 0, "{run:?}");
    let first = "No manifest here that refit upgrades is for a chart that refit knows";
    assert!(run.said.starts_with(first), "{run:?}");
    assert!(
        run.said.contains("g/values.yaml looks like cert-manager"),
        "{run:?}"
    );
    let (_, behind) = run.said.split_once("To upgrade one: refit ").unwrap();
    let (command, _) = behind.split_once(" (").unwrap();
    let args: Vec<&str> = command.split(' ').chain(["--from", "1.14.0"]).collect();
    let run = here.refit(&args);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.said.contains("cert-manager 1.14.0"), "{run:?}");
}
