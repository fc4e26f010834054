//! Settings and places that are not one to one: several settings that a chart put together, one that it took apart,
//! and places that do more than the setting did.

use crate::shop::{preview_drafted, said_in_words, upgrade, values};
use crate::support;

use std::{fs, path::Path};

use support::{helm, write_files};

/// A Deployment with a container, and a ConfigMap with the settings of its workers.
fn pair(image: &str, policy: &str, worker_image: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: stream
spec:
  template:
    spec:
      containers:
      - name: controller
        image: \"{image}\"
        imagePullPolicy: {policy}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: stream-config
data:
  config.yaml: |
    workers:
      image: \"{worker_image}\"
"
    )
}

/// A folder with two versions of a chart and values for the older one.
fn charts(old: (&str, &str), new: (&str, &str), values: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    for (folder, version, (template, defaults)) in [("old", "1.0.0", old), ("new", "2.0.0", new)] {
        write_files(
            home.path(),
            &format!(
                "=== {folder}/Chart.yaml\napiVersion: v2\nname: stream\nversion: {version}\n\
                 === {folder}/templates/a.yaml\n{template}=== {folder}/values.yaml\n{defaults}"
            ),
        );
    }
    fs::write(home.path().join("values.yaml"), values).unwrap();
    home
}

fn write_drafted(helm: &Path, home: &Path) -> String {
    said_in_words(&upgrade(helm, home, &["--accept-drafts", "--write"]))
}

const TWO_IMAGES: &str = "controller: {image: {repository: stream, tag: \"1\"}}\nworker: {image: {repository: stream, tag: \"1\"}}\n";
const ONE_IMAGE: &str = "image: {repository: stream, tag: \"2\"}\n";

fn images(values: &str) -> tempfile::TempDir {
    let image = |path: &str| format!("{{{{ {path}.repository }}}}:{{{{ {path}.tag }}}}");
    let two = pair(
        &image(".Values.controller.image"),
        "Always",
        &image(".Values.worker.image"),
    );
    let one = pair(&image(".Values.image"), "Always", &image(".Values.image"));
    charts((&two, TWO_IMAGES), (&one, ONE_IMAGE), values)
}

#[test]
fn settings_of_one_value_that_became_one_key_are_merged() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let home = images(
        "controller:\n  image:\n    # The mirror\n    repository: mirror.example/stream\n    tag: \"1.4-lts\"\n\
         worker:\n  image:\n    repository: mirror.example/stream\n    tag: \"1.4-lts\"\n",
    );
    let text = said_in_words(&upgrade(helm.program(), home.path(), &[]));
    assert!(
        text.contains(
            "`controller.image` and `worker.image` have no effect any more. Where do they go?"
        ),
        "{text}"
    );
    assert!(
        text.contains("(recommended) leave Leave them where they are"),
        "{text}"
    );
    write_drafted(helm.program(), home.path());
    assert_eq!(
        values(home.path()),
        "image:\n  # The mirror\n  repository: mirror.example/stream\n  tag: \"1.4-lts\"\n"
    );
}

#[test]
fn settings_of_two_values_that_became_one_key_are_not_merged() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let text = "controller: {image: {repository: mirror.example/stream}}\nworker: {image: {repository: mirror.example/worker}}\n";
    let home = images(text);
    let said = write_drafted(helm.program(), home.path());
    assert!(!said.contains("(recommended)"), "{said}");
    assert!(
        said.contains("`worker.image.repository` has no effect any more"),
        "{said}"
    );
    assert_eq!(values(home.path()), text);
}

/// What an upgrade says of a release with some values beside one that has only the controller's repository.
fn said_beside_one_image(helm: &Path, values: &str) -> String {
    let home = images(values);
    let alone = "controller: {image: {repository: mirror.example/stream}}\n";
    fs::write(home.path().join("other.yaml"), alone).unwrap();
    said_in_words(&upgrade(
        helm,
        home.path(),
        &["other.yaml", "--accept-drafts"],
    ))
}

/// What is merged for one release is not for another one that has only one of both.
#[test]
fn settings_are_merged_only_if_that_holds_for_all_releases_of_a_run() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let both = "controller: {image: {repository: mirror.example/stream}}\nworker: {image: {repository: mirror.example/stream}}\n";
    let said = said_beside_one_image(helm.program(), both);
    assert!(
        said.contains("`controller.image.repository` has no effect any more"),
        "{said}"
    );
    assert!(
        said.contains("`worker.image.repository` has no effect any more"),
        "{said}"
    );
    assert!(
        !said.contains("(recommended)") && !said.contains("+image"),
        "{said}"
    );
    // Nor if something else of the same map is merged.
    let image = "{image: {repository: mirror.example/stream, tag: \"1.4-lts\"}}";
    let said = said_beside_one_image(
        helm.program(),
        &format!("controller: {image}\nworker: {image}\n"),
    );
    assert!(
        said.contains("`worker.image.repository` has no effect any more"),
        "{said}"
    );
    assert!(said.contains("+image: + tag: \"1.4-lts\""), "{said}");
}

/// The one image would change the workers', too, which the user never set.
#[test]
fn a_place_that_sets_more_than_the_setting_did_is_asked_about() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let text = "controller: {image: {repository: mirror.example/stream}}\n";
    let home = images(text);
    let said = said_in_words(&preview_drafted(helm.program(), home.path()));
    assert!(!said.contains("(recommended)"), "{said}");
    let beside =
        "it sets others, too, such as ConfigMap/stream-config data.config\\.yaml.workers.image";
    assert!(
        said.contains("image.repository (") && said.contains(beside),
        "{said}"
    );
}

#[test]
fn a_setting_that_became_several_goes_to_each_of_them() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let rules = |groups: &[(&str, &str)]| -> String {
        let one = |(name, on): &(&str, &str)| {
            format!(
                "{{{{- if .Values.rules.{on} }}}}\n---\napiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n\
                 metadata:\n  name: {name}\n{{{{- end }}}}\n"
            )
        };
        groups.iter().map(one).collect()
    };
    let old = rules(&[
        ("node-alerts", "node"),
        ("node-records", "node"),
        ("disk", "disk"),
    ]);
    let new = rules(&[
        ("node-alerts", "nodeAlerting"),
        ("node-records", "nodeRecording"),
        ("disk", "disk"),
    ]);
    let home = charts(
        (&old, "rules: {node: true, disk: true}\n"),
        (
            &new,
            "rules: {nodeAlerting: true, nodeRecording: true, disk: true}\n",
        ),
        "rules:\n  node: false # too loud\n  disk: false\n",
    );
    write_drafted(helm.program(), home.path());
    let found = values(home.path());
    for says in [
        "  nodeAlerting: false",
        "  nodeRecording: false",
        "  disk: false",
    ] {
        assert!(found.contains(says), "{says}\n{found}");
    }
    assert!(
        !found.contains("  node:") && found.contains("# too loud"),
        "{found}"
    );
}

/// Programs have options that are set to the same; one of them is gone.
#[test]
fn settings_that_have_one_value_by_chance_are_not_merged() {
    let Some(helm) = helm::each().next() else {
        return;
    };
    let app = |args: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app\nspec:\n  template:\n    spec:\n      \
             containers:\n      - name: app\n        args:\n{args}"
        )
    };
    let log = "        - --log.format={{ .Values.%.format }}\n";
    let access = "        - --access.format={{ .Values.logs.access.format }}\n";
    let text = "logs:\n  general:\n    format: json\n  access:\n    format: json\n";
    let home = charts(
        (
            &app(&format!("{}{access}", log.replace('%', "logs.general"))),
            "logs: {general: {format: text}, access: {format: text}}\n",
        ),
        (&app(&log.replace('%', "log")), "log: {format: text}\n"),
        text,
    );
    let said = said_in_words(&preview_drafted(helm.program(), home.path()));
    assert!(
        said.contains("`logs.access.format` has no effect"),
        "{said}"
    );
    assert!(!said.contains("and `logs.access"), "{said}");
    write_drafted(helm.program(), home.path());
    assert!(values(home.path()).contains("  access:\n    format: json"));
}
