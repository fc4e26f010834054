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

const BY_STAGE: &str = "$here/envs/{{stage}}/values.yaml";

/// A merge adds to the elements of its first generator what the others say of the same.
#[test]
fn a_merge_adds_what_others_say_of_the_same() {
    let Some(here) = repository() else { return };
    values(&here, &["prod"]);
    here.file("envs/test/values.yaml", "b:\n  x: there\n");
    let generators = |prod: &str, test: &str| {
        format!(
            "  - merge:\n      mergeKeys: [stage]\n      generators:\n      - list: {{elements: [{{stage: prod, version: {test}}}, {{stage: test, version: {test}}}]}}\n      - list:\n          elements:\n          - {{stage: prod, version: {prod}}} # later\n          - {{stage: away, version: 1.0.0}}\n"
        )
    };
    let template = |prod: &str, test: &str| set(&generators(prod, test), "'{{version}}'", BY_STAGE);
    here.file("set.yaml", &template("1.0.0", "2.0.0"));
    let run = upgrade(&here, &[".", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    // Prod's version is what the second list says of it, and only that one is raised.
    assert_eq!(here.text("set.yaml"), template("2.0.0", "2.0.0"));
    assert_eq!(here.text("envs/prod/values.yaml"), "b:\n  x: here\n");
    assert_eq!(here.text("envs/test/values.yaml"), "b:\n  x: there\n");
}

/// With Go's templates an empty text covers nothing; without them it does.
#[test]
fn an_empty_text_covers_nothing_in_a_merge_of_go() {
    let Some(here) = repository() else { return };
    let generators = "  - merge:\n      mergeKeys: [stage]\n      generators:\n      - list: {elements: [{stage: prod, version: 1.0.0}]}\n      - list: {elements: [{stage: prod, version: ''}]}\n";
    values(&here, &["prod"]);
    let file = BY_STAGE.replace("stage", ".stage");
    here.file("set.yaml", &go_set(generators, "'{{.version}}'", &file));
    let run = upgrade(&here, &[".", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("envs/prod/values.yaml"), "b:\n  x: here\n");

    values(&here, &["prod"]);
    here.file("set.yaml", &set(generators, "'{{version}}'", BY_STAGE));
    let run = upgrade(&here, &[".", "--write"]);
    assert_ne!(run.code, 0, "{run:?}");
    assert_eq!(here.text("envs/prod/values.yaml"), "a:\n  x: here\n");
}

/// Which clusters there are is not known here; what the manifest adds to each of them, and to some, is.
#[test]
fn what_is_added_to_clusters_is_known() {
    let Some(here) = repository() else { return };
    values(&here, &["prod"]);
    let generators = |all: &str, some: &str| {
        format!(
            "  - merge:\n      mergeKeys: [server]\n      generators:\n      - clusters: {{values: {{version: {all}}}}}\n      - list: {{elements: [{{server: 'https://one', values: {{version: {some}}}}}]}}\n"
        )
    };
    let file = "$here/envs/prod/values.yaml";
    let template =
        |all: &str, some: &str| set(&generators(all, some), "'{{values.version}}'", file);
    here.file("set.yaml", &template("1.0.0", "1.0.0"));
    let run = upgrade(&here, &[".", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("set.yaml"), template("2.0.0", "2.0.0"));
    assert_eq!(here.text("envs/prod/values.yaml"), "b:\n  x: here\n");
}

/// Argo CD refuses elements that a merge cannot tell apart; nothing is made up of them.
#[test]
fn a_merge_that_argo_refuses_stays_a_question() {
    let Some(here) = repository() else { return };
    values(&here, &["prod"]);
    for generators in [
        "  - merge:\n      mergeKeys: [x]\n      generators:\n      - list: {elements: [{stage: prod}, {stage: prod}]}\n      - list: {elements: [{x: a}]}\n",
        "  - merge:\n      mergeKeys: []\n      generators:\n      - list: {elements: [{stage: prod}]}\n      - list: {elements: [{stage: prod}]}\n",
        "  - merge:\n      mergeKeys: [stage]\n      generators:\n      - list: {elements: [{stage: prod}]}\n",
        "  - matrix:\n      generators:\n      - list: {elements: [{stage: prod}]}\n      - list: {elements: [{stage: test}]}\n",
    ] {
        here.file("set.yaml", &set(generators, "1.0.0", BY_STAGE));
        let run = upgrade(&here, &[".", "--output", "json"]);
        assert_eq!(releases(&run), 1, "{generators}: {run:?}");
        assert!(run.shown.contains("sealed-layer"), "{generators}: {run:?}");
    }
}

/// A selector leaves out elements of its generator, wherever that stands.
#[test]
fn a_selector_leaves_out_what_does_not_fit() {
    let Some(here) = repository() else { return };
    let list = "list: {elements: [{stage: prod, tier: a}, {stage: test, tier: b}, {stage: free}]}";
    for (selector, expected) in [
        ("{matchLabels: {tier: a}}", &["prod"][..]),
        (
            "{matchExpressions: [{key: tier, operator: In, values: [a, b]}]}",
            &["prod", "test"],
        ),
        (
            "{matchExpressions: [{key: tier, operator: NotIn, values: [a]}]}",
            &["test", "free"],
        ),
        (
            "{matchExpressions: [{key: tier, operator: Exists}]}",
            &["prod", "test"],
        ),
        (
            "{matchExpressions: [{key: tier, operator: DoesNotExist}]}",
            &["free"],
        ),
        (
            "{matchLabels: {stage: test}, matchExpressions: [{key: tier, operator: Exists}]}",
            &["test"],
        ),
    ] {
        let merged = format!(
            "  - merge:\n      mergeKeys: [stage]\n      generators:\n      - {list}\n      - list: {{elements: [{{stage: prod, more: x}}]}}\n    selector: {selector}\n"
        );
        let nested = format!(
            "  - matrix:\n      generators:\n      - merge:\n          mergeKeys: [stage]\n          generators:\n          - {list}\n            selector: {selector}\n          - list: {{elements: [{{stage: prod, more: x}}]}}\n      - list: {{elements: [{{region: 'of-{{{{stage}}}}'}}]}}\n"
        );
        for generators in [
            format!("  - {list}\n    selector: {selector}\n"),
            merged,
            nested,
        ] {
            values(&here, &["prod", "test", "free"]);
            here.file("set.yaml", &set(&generators, "1.0.0", BY_STAGE));
            let run = upgrade(&here, &[".", "--write"]);
            assert_eq!(run.code, 0, "{generators}: {run:?}");
            for stage in ["prod", "test", "free"] {
                let key = if expected.contains(&stage) { "b" } else { "a" };
                assert_eq!(
                    here.text(&format!("envs/{stage}/values.yaml")),
                    format!("{key}:\n  x: here\n"),
                    "{generators}: {stage}"
                );
            }
        }
    }
}

/// Parts of a folder's path are fields, too, under the names that they have in either kind of template.
#[test]
fn a_selector_looks_at_paths() {
    let Some(here) = repository() else { return };
    for (template, file, key) in [
        (
            set as fn(&str, &str, &str) -> String,
            "$here/{{path}}/values.yaml",
            "path.basename",
        ),
        (
            go_set,
            "$here/{{.path.path}}/values.yaml",
            "path.segments.1",
        ),
    ] {
        values(&here, &["prod", "test"]);
        let generators = format!("{FOLDERS}    selector: {{matchLabels: {{{key}: prod}}}}\n");
        here.file("set.yaml", &template(&generators, "1.0.0", file));
        let run = upgrade(&here, &[".", "--output", "json"]);
        assert_eq!(releases(&run), 1, "{key}: {run:?}");
        assert!(
            run.shown.contains("envs/prod/values.yaml"),
            "{key}: {run:?}"
        );
    }
}

#[test]
fn elements_may_be_a_list_in_a_file_or_in_a_text() {
    let Some(here) = repository() else { return };
    values(&here, &["prod", "test"]);
    let apps = |version: &str| {
        format!(
            "key:\n  apps:\n  - {{name: a, env: prod, version: {version}}}\n  - {{name: b, env: test, version: '{version}'}}\n"
        )
    };
    let by_file = "  - matrix:\n      generators:\n      - git: {repoURL: x, revision: HEAD, files: [{path: apps.yaml}]}\n      - list: {elementsYaml: '{{ .key.apps | toJson }}'}\n";
    let manifest = go_set(
        by_file,
        "'{{ .version }}'",
        "$here/envs/{{ .env }}/values.yaml",
    );
    here.file("set.yaml", &manifest);
    here.file("apps.yaml", &apps("1.0.0"));
    let run = upgrade(&here, &[".", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("set.yaml"), manifest);
    assert_eq!(here.text("apps.yaml"), apps("2.0.0"), "{run:?}");
    for env in ["prod", "test"] {
        let file = format!("envs/{env}/values.yaml");
        assert_eq!(here.text(&file), "b:\n  x: here\n", "{run:?}");
    }

    let Some(here) = repository() else { return };
    values(&here, &["prod", "test"]);
    let by_text = "  - list:\n      elementsYaml: |\n        - env: prod\n        - env: test\n";
    let of = |version: &str| set(by_text, version, "$here/envs/{{env}}/values.yaml");
    here.file("set.yaml", &of("1.0.0"));
    let run = upgrade(&here, &[".", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("set.yaml"), of("2.0.0"));
    for env in ["prod", "test"] {
        let file = format!("envs/{env}/values.yaml");
        assert_eq!(here.text(&file), "b:\n  x: here\n", "{run:?}");
    }
}

/// Each form of a text of elements, with the versions that it says: one of two quotes in each.
#[test]
fn versions_in_a_text_of_elements_are_raised_in_it() {
    let block = |prod: &str, test: &str| {
        format!(
            "  - list:\n      elementsYaml: | # by hand\n        # where it runs\n        - env: prod\n          version: {prod} # first\n\n        - {{env: test, version: \"{test}\"}}\n"
        )
    };
    let json = |prod: &str, test: &str| {
        format!(
            "  - list:\n      elements: []\n      elementsYaml: '[{{\"env\": \"prod\", \"version\": \"{prod}\"}}, {{\"env\": \"test\", \"version\": \"{test}\"}}]'\n"
        )
    };
    let in_flow = |prod: &str, test: &str| {
        format!(
            "  - list: {{elements: [], elementsYaml: '[{{\"env\": \"prod\", \"version\": \"{prod}\"}}, {{env: test, version: {test}}}]'}}\n"
        )
    };
    let in_matrix = |prod: &str, test: &str| {
        format!(
            "  - matrix:\n      generators:\n      - list:\n          elementsYaml: |-\n            - {{env: prod, version: v{prod}}}\n            - {{env: test, version: ~{test}}}\n      - clusters: {{values: {{size: small}}}}\n"
        )
    };
    type Form<'f> = &'f dyn Fn(&str, &str) -> String;
    for form in [&block as Form<'_>, &json, &in_flow, &in_matrix] {
        let Some(here) = repository() else { return };
        values(&here, &["prod", "test"]);
        let of = |prod: &str, test: &str| {
            go_set(
                &form(prod, test),
                "'{{ .version }}'",
                "$here/envs/{{ .env }}/values.yaml",
            )
        };
        here.file("set.yaml", &of("1.0.0", "1.0.0"));
        let run = upgrade(&here, &[".", "--write"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(here.text("set.yaml"), of("2.0.0", "2.0.0"), "{run:?}");
        for env in ["prod", "test"] {
            let file = format!("envs/{env}/values.yaml");
            assert_eq!(here.text(&file), "b:\n  x: here\n", "{run:?}");
        }
        let again = upgrade(&here, &[".", "--check"]);
        assert_eq!(again.code, 0, "{again:?}");
    }
}

/// The version is known, and the values are upgraded from it; where it stands is told with its line.
#[test]
fn a_version_that_cannot_be_edited_where_elements_take_it_from_is_told() {
    for (generators, version, line) in [
        // A text that would have to be written anew.
        (
            "  - list:\n      elementsYaml: >-\n        [{env: prod,\n        version: 1.0.0}]\n",
            "{{ .version }}",
            8,
        ),
        // Anchored for others.
        (
            "  - list:\n      elementsYaml: |\n        - {env: prod, version: &v 1.0.0}\n",
            "{{ .version }}",
            9,
        ),
        // A part of a path.
        (
            "  - git: {repoURL: x, revision: HEAD, files: [{path: envs/*/1.0.0/it.yaml}]}\n",
            "{{ index .path.segments 2 }}",
            14,
        ),
    ] {
        let Some(here) = repository() else { return };
        values(&here, &["prod"]);
        here.file("envs/prod/1.0.0/it.yaml", "env: prod\n");
        let manifest = go_set(
            generators,
            &format!("'{version}'"),
            "$here/envs/{{ .env }}/values.yaml",
        );
        here.file("set.yaml", &manifest);
        let run = upgrade(&here, &[".", "--write"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(here.text("set.yaml"), manifest);
        assert_eq!(here.text("envs/prod/values.yaml"), "b:\n  x: here\n");
        let said = run.said.split_whitespace().collect::<Vec<_>>().join(" ");
        let told = format!("line {line}: The version `1.0.0` stays as it is: ");
        assert!(said.contains(&told), "{told} {run:?}");
    }
}

/// What stops all applications that a template makes is said once.
#[test]
fn an_error_in_a_template_is_not_said_for_each_element() {
    let Some(here) = repository() else { return };
    let generators = "  - list: {elements: [{env: prod}, {env: test}, {env: dev}]}\n";
    let set = set(generators, "1.0.0", "$here/envs/{{env}}/values.yaml");
    let values = "helm:\n          values: |\n            old: {{env}}\n            on: {{metadata.name}}: x\n";
    here.file("set.yaml", &set.replacen("helm:\n", values, 1));
    let run = upgrade(&here, &["."]);
    assert_eq!(run.code, 2, "{run:?}");
    assert_eq!(run.said.matches("error: ").count(), 1, "{run:?}");
    assert!(run.said.contains("set.yaml:16:18: "), "{run:?}");
}

/// A generator's own template covers the template for all, field by field.
#[test]
fn a_generator_may_have_a_template_of_its_own() {
    let Some(here) = repository() else { return };
    let of = |version: &str, key: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: all}}\nspec:\n  generators:\n  - list:\n      elements: [{{env: prod}}]\n      template:\n        metadata: {{}}\n        spec:\n          source:\n            targetRevision: {version}\n            helm:\n              valuesObject: {{{key}: own}}\n  - clusters:\n      template:\n        metadata: {{}}\n        spec:\n          source: {{repoURL: '', helm: {{valuesObject: {{{key}: cluster}}}}}}\n  - list: {{elements: [{{env: test}}]}}\n  template:\n    metadata: {{name: 'one-{{{{env}}}}'}}\n    spec:\n      source:\n        repoURL: {HOME}\n        chart: one\n        targetRevision: {version}\n        helm: {{valuesObject: {{{key}: all}}}}\n"
        )
    };
    here.file("set.yaml", &of("1.0.0", "old"));
    let run = upgrade(&here, &[".", "--output", "json"]);
    assert_eq!(releases(&run), 3, "{run:?}");
    let run = upgrade(&here, &[".", "--write"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(here.text("set.yaml"), of("2.0.0", "new"), "{run:?}");
}
