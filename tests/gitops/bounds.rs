//! A file of a repository sends refit nowhere else: what it names outside is neither read nor shown nor written.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use crate::repository::Repository;

/// What lies outside, its first line one that must never be seen.
const OUTSIDE: &str = "osprey-outside-line\n";
const OUTSIDE_VALUES: &str = "old: osprey-outside\n";

/// A chart whose only key is renamed in 2.0.0.
fn pack(here: &Repository) {
    here.file(
        "pack/pack.yaml",
        "pack: 1\nchart: osprey\ntitle: A chart for tests\nrepositories: [https://charts.osprey.example]\nversions:\n  1.0.0: {app: \"1\"}\n  2.0.0: {app: \"2\"}\n",
    );
    here.file(
        "pack/keys.yaml",
        "old: [{in: \"<2.0.0\", default: \"\"}]\nnew: [{in: \">=2.0.0\", default: \"\"}]\n",
    );
    here.file(
        "pack/2.0.0.yaml",
        "version: 2.0.0\ntitle: New names\nsteps:\n  rename: {title: Rename old, move: {old: new}}\n",
    );
}

fn manifests(out: &str) -> Vec<(&'static str, String)> {
    vec![
        (
            "app.yaml",
            format!(
                "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: osprey}}\nspec:\n  sources:\n  - repoURL: https://charts.osprey.example\n    chart: osprey\n    targetRevision: 1.0.0\n    helm: {{valueFiles: [$v/{out}]}}\n  - {{repoURL: https://git.example/x, ref: v}}\n"
            ),
        ),
        (
            "helmfile.yaml",
            format!(
                "repositories: [{{name: o, url: https://charts.osprey.example}}]\nreleases:\n- name: osprey\n  chart: o/osprey\n  version: 1.0.0\n  values: [{out}]\n"
            ),
        ),
        (
            "kustomization.yaml",
            format!(
                "helmCharts:\n- name: osprey\n  repo: https://charts.osprey.example\n  version: 1.0.0\n  releaseName: osprey\n  valuesFile: {out}\n"
            ),
        ),
        (
            "fleet.yaml",
            format!(
                "helm:\n  chart: osprey\n  repo: https://charts.osprey.example\n  version: 1.0.0\n  valuesFiles: [{out}]\n"
            ),
        ),
    ]
}

#[test]
fn a_manifest_neither_reads_nor_writes_what_lies_outside() {
    let Some(here) = Repository::new() else {
        return;
    };
    pack(&here);
    let above = here.root.parent().unwrap();
    fs::write(above.join("token"), OUTSIDE).unwrap();
    fs::write(above.join("values.yaml"), OUTSIDE_VALUES).unwrap();
    #[cfg(unix)]
    {
        fs::create_dir_all(here.path("g")).unwrap();
        std::os::unix::fs::symlink("../../values.yaml", here.path("g/link.yaml")).unwrap();
    }
    let absolute = above.join("values.yaml").display().to_string();
    for out in [
        "../../token",
        "../../values.yaml",
        "link.yaml",
        &absolute,
        "../../*.yaml",
    ] {
        for (name, text) in manifests(out) {
            here.file(&format!("g/{name}"), &text);
            for format in ["text", "json", "html"] {
                let run = here.refit(&["upgrade", "g", "--pack", "pack", "-o", format]);
                let all = format!("{}{}", run.shown, run.said);
                assert!(
                    !all.contains("osprey-outside"),
                    "{name} {out} {format}: {all}"
                );
            }
            let written = here.refit(&["upgrade", "g", "--pack", "pack", "--write"]);
            assert!([2, 3].contains(&written.code), "{name} {out}: {written:?}");
            assert_eq!(
                fs::read_to_string(above.join("values.yaml")).unwrap(),
                OUTSIDE_VALUES,
                "{name} {out}"
            );
            fs::remove_file(here.path(&format!("g/{name}"))).unwrap();
        }
    }
}

#[test]
fn the_projects_own_list_names_nothing_outside_either() {
    let Some(here) = Repository::new() else {
        return;
    };
    pack(&here);
    let above = here.root.parent().unwrap();
    fs::write(above.join("token"), OUTSIDE).unwrap();
    for layer in ["../token", "g/../../token"] {
        here.file(
            "refit.yaml",
            &format!(
                "refit: 1\nreleases:\n  o: {{chart: osprey, version: 1.0.0, layers: [{layer}]}}\n"
            ),
        );
        let run = here.refit(&["upgrade", "--pack", "pack"]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.said.contains("outside of"), "{run:?}");
        assert!(!run.said.contains("osprey-outside"), "{run:?}");
    }
}

/// A folder outside of any repository is the bound itself; what a person names has none.
#[test]
fn without_a_repository_the_named_folder_is_the_bound() {
    let Some(here) = Repository::new() else {
        return;
    };
    pack(&here);
    fs::remove_dir_all(here.path(".git")).unwrap();
    here.file("values.yaml", "old: x\n");
    here.file("g/in/values.yaml", "old: y\n");
    let (name, text) = &manifests("../values.yaml")[1];
    here.file(&format!("g/{name}"), text);
    let run = here.refit(&["upgrade", "g", "--pack", "pack", "--write"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(
        run.said
            .contains("outside of this repository, or of the folder that was named"),
        "{run:?}"
    );
    assert_eq!(here.text("values.yaml"), "old: x\n");
    let (name, text) = &manifests("in/values.yaml")[1];
    here.file(&format!("g/{name}"), text);
    let run = here.refit(&["upgrade", "g", "--pack", "pack", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("g/in/values.yaml"), "new: y\n");
    let run = here.refit(&[
        "upgrade",
        "values.yaml",
        "--chart",
        "osprey",
        "--from",
        "1.0.0",
        "--pack",
        "pack",
        "--write",
    ]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("values.yaml"), "new: x\n");
}

/// A file system that notes when a file was read tells whether one outside was: nothing of it would be seen otherwise.
#[test]
fn a_patch_outside_is_not_even_read() {
    let Some(here) = Repository::new() else {
        return;
    };
    pack(&here);
    let outside = here.root.parent().unwrap().join("patch.yaml");
    let patch = "kind: HelmRelease\nspec: {values: {old: osprey-outside}}\n";
    fs::write(&outside, patch).unwrap();
    here.file("g/inside.yaml", patch);
    here.file(
        "g/kustomization.yaml",
        "resources: [release.yaml]\npatches:\n- {target: {kind: HelmRelease, name: one}, path: ../../patch.yaml}\n- {target: {kind: HelmRelease, name: one}, path: inside.yaml}\n",
    );
    here.file(
        "g/release.yaml",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: one}\nspec:\n  chart:\n    spec: {chart: osprey, version: 1.0.0, sourceRef: {kind: HelmRepository, name: osprey}}\n  values: {old: x}\n",
    );
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let read_at = |path: &Path| fs::metadata(path).unwrap().accessed().unwrap();
    let inside = here.path("g/inside.yaml");
    for path in [&outside, &inside] {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_times(fs::FileTimes::new().set_accessed(long_ago))
            .unwrap();
    }
    let run = here.refit(&["upgrade", "g", "--pack", "pack"]);
    assert!(!run.said.contains("osprey-outside"), "{}", run.said);
    if read_at(&inside) == long_ago {
        eprintln!("this file system does not note when files are read: nothing was tested");
        return;
    }
    assert_eq!(read_at(&outside), long_ago);
}
