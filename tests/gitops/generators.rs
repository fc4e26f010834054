//! ApplicationSets whose applications are made from the folders and files of the repository that they stand in.

use crate::places::{repository, upgrade};
use crate::repository::{Repository, Run};

const HOME: &str = "https://charts.tern.example";

/// An ApplicationSet with these generators, in lines of YAML below `generators:`; its template names a chart version
/// and a values file.
fn set(generators: &str, version: &str, file: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: all}}\nspec:\n  generators:\n{generators}  template:\n    metadata: {{name: one}}\n    spec:\n      sources:\n      - repoURL: {HOME}\n        chart: one\n        targetRevision: {version}\n        helm:\n          valueFiles: ['{file}']\n      - {{repoURL: https://git.tern.example/x, targetRevision: main, ref: here}}\n"
    )
}

/// As [`set`], with the names of Go's templates.
fn go_set(generators: &str, version: &str, file: &str) -> String {
    set(generators, version, file).replace(
        "spec:\n  generators",
        "spec:\n  goTemplate: true\n  generators",
    )
}

const FOLDERS: &str = "  - git:\n      repoURL: https://git.tern.example/x\n      revision: HEAD\n      directories:\n      - path: envs/*\n      - {path: envs/retired, exclude: true}\n";

fn values(here: &Repository, names: &[&str]) {
    for name in names {
        here.file(&format!("envs/{name}/values.yaml"), "a:\n  x: here\n");
    }
}

/// The number of releases that a run tells of in its JSON.
fn releases(run: &Run) -> usize {
    let report: serde_json::Value = serde_json::from_str(&run.shown).unwrap();
    report["releases"].as_array().map_or(0, Vec::len)
}

#[test]
fn each_folder_that_fits_is_an_application() {
    let Some(here) = repository() else { return };
    for (template, file) in [
        (
            set as fn(&str, &str, &str) -> String,
            "$here/{{path}}/values.yaml",
        ),
        (set, "$here/envs/{{ path.basename }}/values.yaml"),
        (set, "$here/{{path[0]}}/{{path[1]}}/values.yaml"),
        (go_set, "$here/{{.path.path}}/values.yaml"),
        (
            go_set,
            "$here/envs/{{ index .path.segments 1 }}/values.yaml",
        ),
        (
            go_set,
            "$here/envs/{{ .path.basenameNormalized }}/values.yaml",
        ),
    ] {
        values(&here, &["prod", "test", "retired"]);
        here.file("set.yaml", &template(FOLDERS, "1.0.0", file));
        let run = upgrade(&here, &[".", "--output", "json"]);
        assert_eq!(releases(&run), 2, "{file}: {run:?}");
        let run = upgrade(&here, &[".", "--write"]);
        assert_eq!(run.code, 0, "{file}: {run:?}");
        assert_eq!(here.text("set.yaml"), template(FOLDERS, "2.0.0", file));
        for (name, text) in [
            ("prod", "b:\n  x: here\n"),
            ("test", "b:\n  x: here\n"),
            ("retired", "a:\n  x: here\n"),
        ] {
            assert_eq!(
                here.text(&format!("envs/{name}/values.yaml")),
                text,
                "{file}: {name}"
            );
        }
    }
}

#[test]
fn the_manifest_alone_is_enough_to_find_them() {
    let Some(here) = repository() else { return };
    values(&here, &["prod", "test"]);
    here.file(
        "apps/set.yaml",
        &set(FOLDERS, "1.0.0", "$here/{{path}}/values.yaml"),
    );
    let run = upgrade(&here, &["apps/set.yaml", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    for name in ["prod", "test"] {
        assert_eq!(
            here.text(&format!("envs/{name}/values.yaml")),
            "b:\n  x: here\n"
        );
    }
}

/// The files of a generator are JSON or YAML, one object or a list; what they say of the version is raised there.
#[test]
fn files_say_the_version_and_the_folder() {
    let Some(here) = repository() else { return };
    let generators = "  - git:\n      repoURL: https://git.tern.example/x\n      files:\n      - path: envs/**/config.*\n";
    let json = |version: &str| {
        format!("{{\n  \"chart\": {{ \"version\": \"{version}\" }},\n  \"size\": 3\n}}\n")
    };
    let yaml = |version: &str| format!("- size: 1 # small\n  chart: {{version: {version}}}\n");
    for (template, version) in [
        (set as fn(&str, &str, &str) -> String, "'{{chart.version}}'"),
        (go_set, "'{{ .chart.version }}'"),
    ] {
        values(&here, &["prod", "test"]);
        here.file("envs/prod/config.json", &json("1.0.0"));
        here.file("envs/test/config.yaml", &yaml("1.0.0"));
        let file = "$here/envs/{{path.basename}}/values.yaml";
        let text = template(generators, version, file);
        here.file("apps/set.yaml", &text);
        let run = upgrade(&here, &["apps", "--write"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(here.text("apps/set.yaml"), text);
        assert_eq!(here.text("envs/prod/config.json"), json("2.0.0"));
        assert_eq!(here.text("envs/test/config.yaml"), yaml("2.0.0"));
        for name in ["prod", "test"] {
            assert_eq!(
                here.text(&format!("envs/{name}/values.yaml")),
                "b:\n  x: here\n"
            );
        }
    }
}

/// In a matrix the second generator may use what the first has made; clusters are not known here, and change nothing.
#[test]
fn a_matrix_is_each_with_each() {
    let Some(here) = repository() else { return };
    let inner = |first: &str, second: &str| {
        format!("  - matrix:\n      generators:\n      - {first}\n      - {second}\n")
    };
    let stages = "list: {elements: [{stage: prod}, {stage: test}]}";
    let by_stage =
        "git: {repoURL: 'https://git.tern.example/x', directories: [{path: 'envs/{{stage}}/*'}]}";
    let generators = inner(stages, by_stage);
    here.file("envs/prod/north/values.yaml", "old: 1\n");
    here.file("envs/test/south/values.yaml", "old: 2\n");
    here.file(
        "set.yaml",
        &set(&generators, "1.0.0", "$here/{{path}}/values.yaml"),
    );
    let run = upgrade(&here, &[".", "--output", "json"]);
    assert_eq!(releases(&run), 2, "{run:?}");
    let run = upgrade(&here, &[".", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("envs/prod/north/values.yaml"), "new: 1\n");
    assert_eq!(here.text("envs/test/south/values.yaml"), "new: 2\n");

    let generators = inner("clusters: {}", "git: {directories: [{path: 'envs/*/*'}]}");
    here.file("envs/prod/north/values.yaml", "old: 1\n");
    here.file("envs/test/south/values.yaml", "old: 2\n");
    here.file(
        "set.yaml",
        &set(&generators, "1.0.0", "$here/{{path}}/values.yaml"),
    );
    let run = upgrade(&here, &[".", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("envs/prod/north/values.yaml"), "new: 1\n");
    assert_eq!(here.text("envs/test/south/values.yaml"), "new: 2\n");
}

/// What one generator makes is known although another one's work is not.
#[test]
fn a_generator_beside_one_that_is_not_known_counts() {
    let Some(here) = repository() else { return };
    values(&here, &["prod", "test"]);
    let generators = format!("{FOLDERS}  - clusters: {{}}\n");
    here.file(
        "set.yaml",
        &set(&generators, "1.0.0", "$here/{{path}}/values.yaml"),
    );
    let run = upgrade(&here, &[".", "--output", "json"]);
    assert_eq!(releases(&run), 3, "{run:?}");
    assert!(run.shown.contains("sealed-layer"), "{run:?}");
}

/// Folders of this repository that happen to fit say nothing of another repository: its files are not here.
#[test]
fn a_generator_over_another_repository_stays_a_question() {
    let Some(here) = repository() else { return };
    here.file("docs/about.yaml", "x: 1\n");
    let anywhere = FOLDERS.replace("envs/*", "'*'");
    here.file(
        "set.yaml",
        &set(&anywhere, "1.0.0", "$here/{{path}}/values.yaml"),
    );
    let run = upgrade(&here, &[".", "--output", "json"]);
    assert_eq!(releases(&run), 1, "{run:?}");
    assert!(run.shown.contains("sealed-layer"), "{run:?}");
}
