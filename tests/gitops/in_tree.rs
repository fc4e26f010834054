//! Charts that are kept in the repository: which chart a folder holds, and in which version, is said by the `Chart.yaml`
//! there, and not by the folder's name or the branch that a manifest names.

use crate::{
    places::{repository, upgrade},
    repository::Repository,
};

const HOME: &str = "https://git.gulls.example/deploy.git";

fn chart(name: &str, version: &str) -> String {
    format!("apiVersion: v2\nname: {name}\nversion: {version}\nappVersion: '9'\n")
}

/// For each kind of manifest: its file, the text before and behind a key of the values, and the folder of the chart.
fn carriers() -> Vec<(&'static str, [String; 2], &'static str)> {
    let git = format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: deploy, namespace: gulls}}\nspec: {{url: '{HOME}', ref: {{branch: main}}}}\n"
    );
    let two = |before: &str, behind: &str| [before.to_owned(), behind.to_owned()];
    vec![
        (
            "apps/argo.yaml",
            two(
                &format!(
                    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: one}}\nspec:\n  source:\n    repoURL: {HOME}\n    path: copies/argo-prod\n    targetRevision: main\n    helm:\n      valuesObject: {{"
                ),
                ": x}\n",
            ),
            "copies/argo-prod",
        ),
        (
            "apps/flux.yaml",
            two(
                &format!(
                    "{git}---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: one, namespace: gulls}}\nspec:\n  chart:\n    spec: {{chart: ./copies/flux-prod, sourceRef: {{kind: GitRepository, name: deploy}}}}\n  values: {{"
                ),
                ": x}\n",
            ),
            "copies/flux-prod",
        ),
        (
            "apps/helmfile.yaml",
            two(
                "releases:\n- name: files\n  chart: ../copies/files-prod\n  values:\n  - {",
                ": x}\n",
            ),
            "copies/files-prod",
        ),
        (
            "apps/helmfile.d/plain.yaml",
            two(
                "releases:\n- name: plain\n  chart: copies/plain-prod\n  values:\n  - {",
                ": x}\n",
            ),
            "apps/helmfile.d/copies/plain-prod",
        ),
        (
            "apps/kustomization.yaml",
            two(
                "helmGlobals: {chartHome: ../copies}\nhelmCharts:\n- name: kustomized-prod\n  valuesInline: {",
                ": x}\n",
            ),
            "copies/kustomized-prod",
        ),
        (
            "apps/fleet/fleet.yaml",
            two("helm:\n  chart: ./chart-prod\n  values: {", ": x}\n"),
            "apps/fleet/chart-prod",
        ),
    ]
}

fn write(here: &Repository, version: &str, key: &str) {
    for (file, [before, behind], folder) in carriers() {
        here.file(file, &format!("{before}{key}{behind}"));
        here.file(&format!("{folder}/Chart.yaml"), &chart("one", version));
        here.file(
            &format!("{folder}/values.yaml"),
            &format!("{key}: ''\nstays: ''\n"),
        );
    }
}

#[test]
fn a_chart_in_the_tree_says_its_own_name_and_version() {
    let Some(here) = repository() else { return };
    write(&here, "1.0.0", "old");
    let run = upgrade(&here, &["-v", ".", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    for (file, [before, behind], folder) in carriers() {
        assert_eq!(here.text(file), format!("{before}new{behind}"), "{run:?}");
        let copy = format!("{folder}/Chart.yaml");
        assert_eq!(here.text(&copy), chart("one", "1.0.0"), "not ours to raise");
        let told = format!("{copy}:3 says that it is 1.0.0. Put one 2.0.0 in its place");
        assert!(run.said.contains(&told), "{told}: {run:?}");
    }
    // The defaults of a copy go with it: nobody has to name them.
    assert!(!run.said.contains("Not touched"), "{run:?}");
}

/// A file that tells its chart unmistakably: by itself it is told as one that nobody names.
#[test]
fn the_defaults_of_a_copy_go_with_it_though_they_tell_their_chart() {
    let Some(here) = Repository::new() else {
        return;
    };
    let values = "controller: {image: {repository: r.gulls.example/arroyo}}\nworker: {image: {repository: r.gulls.example/arroyo}}\nartifactUrl: s3://gulls/a\ncheckpointUrl: s3://gulls/c\n";
    here.file("copies/streams/values.yaml", values);
    let alone = here.refit(&["upgrade", ".", "--to", "0.15.0"]);
    let told = "copies/streams/values.yaml looks like arroyo";
    assert!(alone.said.contains(told), "{alone:?}");

    here.file("copies/streams/Chart.yaml", &chart("arroyo", "0.10.3"));
    let own: String = values
        .lines()
        .map(|line| format!("        {line}\n"))
        .collect();
    let app = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: streams}}\nspec:\n  source:\n    repoURL: {HOME}\n    path: copies/streams\n    targetRevision: main\n    helm:\n      valuesObject:\n{own}"
    );
    // By a folder, and by a list of all files.
    here.file(
        "files",
        "app.yaml\ncopies/streams/Chart.yaml\ncopies/streams/values.yaml\n",
    );
    for named in [&["."][..], &["--files-from", "files"]] {
        here.file("app.yaml", &app);
        let run = here.refit(&[&["upgrade"], named, &["--to", "0.15.0", "--write"]].concat());
        assert_eq!(run.code, 0, "{run:?}");
        let text = here.text("app.yaml");
        assert!(
            text.contains("        image:\n          repository: r.gulls"),
            "{text}"
        );
        assert_eq!(here.text("copies/streams/values.yaml"), values, "{run:?}");
        assert!(!run.said.contains(told), "{run:?}");
    }
}

/// A folder of another repository that is called like a chart: its version and its values are there.
#[test]
fn a_chart_whose_folder_is_elsewhere_is_told_if_nothing_of_it_is_here() {
    let Some(here) = repository() else { return };
    let app = |more: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: gulls}}\nspec:\n  source:\n    repoURL: https://git.gulls.example/charts.git\n    path: one/\n    targetRevision: HEAD\n    helm:\n      valueFiles: [values.yaml]\n{more}"
        )
    };
    here.file("apps/gulls.yaml", &app(""));
    let told = "apps/gulls.yaml:7 Application/gulls: one, by its name";
    for mode in [&["--check"][..], &["-v"], &["--write"]] {
        let run = upgrade(&here, &[&["apps"], mode].concat());
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.said.contains(told), "{run:?}");
    }
    // Named by itself, or with values of its own, it is asked for the version.
    let run = upgrade(&here, &["apps/gulls.yaml"]);
    assert_eq!(run.code, 2, "{run:?}");
    here.file("apps/gulls.yaml", &app("      valuesObject: {old: x}\n"));
    let run = upgrade(&here, &["apps"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.said.contains("`HEAD` is a branch"), "{run:?}");
}

#[test]
fn a_copy_that_was_replaced_is_a_version_that_was_raised() {
    let Some(here) = repository() else { return };
    write(&here, "1.0.0", "old");
    here.commit("before");
    for (file, _, folder) in carriers() {
        here.file(&format!("{folder}/Chart.yaml"), &chart("one", "2.0.0"));
        assert!(here.text(file).contains("old"));
    }
    let check = ["--check", "--since", "HEAD", "."];
    let run = upgrade(&here, &check);
    assert_eq!(run.code, 1, "{run:?}");
    let run = upgrade(&here, &["--write", "--since", "HEAD", "."]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(!run.said.contains("says that it is"), "{run:?}");
    for (file, [before, behind], _) in carriers() {
        assert_eq!(here.text(file), format!("{before}new{behind}"), "{run:?}");
    }
    let run = upgrade(&here, &check);
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn a_dependency_on_a_folder_is_on_the_chart_that_it_names() {
    let Some(here) = repository() else { return };
    let umbrella = |version: &str| {
        format!(
            "apiVersion: v2\nname: tern\nversion: 0.1.0\ndependencies:\n- name: one\n  version: {version}\n  repository: file://../one-of-ours\n"
        )
    };
    here.file("tern/Chart.yaml", &umbrella("1.0.0"));
    here.file("tern/values.yaml", "one: {old: x}\n");
    // The folder is elsewhere, or here.
    let run = upgrade(&here, &["tern"]);
    assert!(run.said.contains("one 1.0.0 → 2.0.0"), "{run:?}");
    here.file("one-of-ours/Chart.yaml", &chart("one", "1.0.0"));
    let run = upgrade(&here, &[".", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("tern/Chart.yaml"), umbrella("2.0.0"));
    assert_eq!(here.text("tern/values.yaml"), "one: {new: x}\n");
    let told = "one-of-ours/Chart.yaml:3 says that it is 1.0.0. Put one 2.0.0 in its place";
    assert!(run.said.contains(told), "{run:?}");
    // A range says nothing, the copy does.
    here.file("tern/Chart.yaml", &umbrella("'*'"));
    here.file("tern/values.yaml", "one: {old: x}\n");
    let run = upgrade(&here, &[".", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("tern/values.yaml"), "one: {new: x}\n");
}

/// Somebody's own chart may have the name of a known one.
#[test]
fn a_chart_of_ones_own_in_the_tree_is_none_that_is_known() {
    let Some(here) = repository() else { return };
    write(&here, "0.1.0", "old");
    let run = upgrade(&here, &[".", "--check"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.said.contains("for a chart that refit knows"), "{run:?}");
    // The folder has the name of a known chart, and holds another.
    let Some(here) = repository() else { return };
    let (file, [before, behind], folder) = carriers().swap_remove(0);
    here.file(
        file,
        &format!("{before}old{behind}").replace("argo-prod", "one"),
    );
    here.file("copies/one/Chart.yaml", &chart("wrapper", "1.0.0"));
    let run = upgrade(&here, &[".", "--check"]);
    assert_eq!(run.code, 0, "{folder}: {run:?}");
    assert!(run.said.contains("for a chart that refit knows"), "{run:?}");
}
