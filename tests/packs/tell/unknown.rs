//! Keys that the target does not know, and keys that nothing in it reads.

use super::{arroyo, demo::Demo, layers, notices, told};

/// The notices on a file for 0.15.0.
fn of(text: &str) -> Vec<String> {
    notices(&arroyo(text, "0.15.0", "0.15.0", &[]))
}

#[test]
fn a_key_that_no_version_knows_is_told_with_what_it_may_have_been_meant_to_be() {
    for (text, notice) in [
        (
            "controler:\n  service: {httpPort: 80}\n",
            "`controler`. Did you mean `controller`?",
        ),
        (
            "image:\n  tagg: x\n",
            "`image.tagg`. Did you mean `image.tag`?",
        ),
        (
            "worker:\n  slot: 8\n",
            "`worker.slot`. Did you mean `worker.slots`?",
        ),
        // Beside nothing, but spelled like something elsewhere.
        ("imageTag: x\n", "`imageTag`. Did you mean `image.tag`?"),
        (
            "image-pull-policy: Always\n",
            "`image-pull-policy`. Did you mean `imagePullPolicy`?",
        ),
        // The one place that has a key of that name.
        ("slots: 8\n", "`slots`. Did you mean `worker.slots`?"),
        // Nothing is near: nothing is guessed.
        ("ingress: {enabled: true}\n", "`ingress`."),
        ("tags: {a: b}\n", "`tags`."),
    ] {
        assert_eq!(
            of(text)[0],
            format!(
                "{}: No version of arroyo from 0.1.0 to 0.16.0-dev knows {notice}",
                line(text)
            )
        );
        assert_eq!(of(text).len(), 1, "{text}");
    }
}

/// The line of the key that is told of: the last one, for a key of one line.
fn line(text: &str) -> usize {
    if text.starts_with("controler") {
        1
    } else {
        text.lines().count()
    }
}

#[test]
fn a_key_that_an_older_version_knew_says_which_and_where_it_went() {
    for (text, notice) in [
        (
            "workerSlots: 4\n",
            "1: arroyo 0.15.0 does not know `workerSlots`; 0.9.1 was the last version that did. What it set \
             has its place at `worker.slots` now.",
        ),
        (
            "outputDir: /x\n",
            "1: arroyo 0.15.0 does not know `outputDir`; 0.5.1 was the last version that did. What it set \
             has its place at `artifactUrl` and `checkpointUrl` now.",
        ),
        (
            "api:\n  service:\n    httpPort: 8080\n",
            "1: arroyo 0.15.0 does not know `api`; 0.9.1 was the last version that did. What it set has its \
             place at `controller.service.httpPort` now.",
        ),
        // Nothing took its place, and a version knew it: that is no slip of the pen.
        (
            "apiResources: {limits: {cpu: 1}}\n",
            "1: arroyo 0.15.0 does not know `apiResources`; 0.9.1 was the last version that did.",
        ),
    ] {
        assert_eq!(of(text), [notice]);
    }
    let early = notices(&arroyo(
        "env: [{name: A, value: b}]\n",
        "0.11.2",
        "0.12.0",
        &[],
    ));
    assert_eq!(
        early,
        ["1: arroyo 0.12.0 does not know `env`; it comes with 0.13.0."]
    );
}

#[test]
fn what_is_the_users_own_or_another_charts_is_never_unknown() {
    let text = "\
postgresql:
  anything: {of: its own}
global:
  imageRegistry: mirror.example
  more: true
podAnnotations: {a.b/c: d}
nodeSelector: {disk: ssd}
affinity: {nodeAffinity: {x: y}}
volumes: [{name: a, emptyDir: {}, odd: 1}]
worker:
  resources: {limits: {nvidia.com/gpu: 1}, requests: {ephemeral-storage: 1Gi}}
serviceAccount: {annotations: {eks.amazonaws.com/role-arn: x}}
";
    assert_eq!(of(text), [""; 0]);
    let older = arroyo("prometheus: {server: {odd: 1}}\n", "0.10.0", "0.10.3", &[]);
    assert_eq!(notices(&older), [""; 0]);
}

#[test]
fn a_dead_key_is_told_unless_it_is_as_the_chart_has_it() {
    assert_eq!(
        of("controller:\n  resources: {requests: {cpu: 2}}\npodSecurityContext: {fsGroup: 1}\n"),
        [
            "2: `controller.resources` is in the values of arroyo 0.15.0, but nothing reads it.",
            "3: `podSecurityContext` is in the values of arroyo 0.15.0, but nothing reads it; 0.9.1 was the \
             last version that did.",
        ]
    );
    let default = "controller: {resources: {limits: {}, requests: {cpu: 500m, memory: 256Mi}}}\n\
                   s3: {region: \"\"}\ncontrollerResources: {}\n";
    assert_eq!(of(default), [""; 0]);
}

#[test]
fn one_voice_speaks_of_a_path() {
    // A step tells of it already.
    let dead = arroyo("podSecurityContext: {fsGroup: 1}\n", "0.9.1", "0.10.3", &[]);
    assert_eq!(notices(&dead), [""; 0]);
    assert!(told(&dead, "pod-security-context")[0].contains("nothing reads it"));
    // A left-over is told by the step that it is left over from, with its place.
    let old = arroyo("workerSlots: 4\n", "0.11.2", "0.15.0", &[]);
    assert_eq!(notices(&old), [""; 0]);
    assert_eq!(
        told(&old, "worker-slots-live"),
        [
            "workerSlots is not read by arroyo 0.11.2, nor by 0.15.0; left as it is.",
            "What was meant there has its place at worker.slots now.",
        ]
    );
    // A question holds it.
    let held = "controller: {image: {repository: a.example/b, tag: \"1\"}}\n";
    let held = arroyo(held, "0.10.3", "0.15.0", &[]);
    assert!(held.is_open());
    assert_eq!(notices(&held), [""; 0]);
}

#[test]
fn a_text_where_the_chart_has_a_map_is_told() {
    assert_eq!(
        of("image: mirror.example/arroyo:0.15\n"),
        [
            "1: `image` is a map in arroyo 0.15.0 (`image.repository` and `image.tag`), and a string here: the \
          chart's templates cannot read it."
        ]
    );
    assert_eq!(of("image:\n"), [""; 0], "a null takes the map away");
}

#[test]
fn every_layer_is_looked_at_and_many_keys_are_counted() {
    let release = layers(&["tagg: 1\n", "slot: 1\n"], "0.15.0", "0.15.0", &[]);
    assert_eq!(release.notices.len(), 2);
    let many: String = (0..30).map(|i| format!("unheardOf{i}: 1\n")).collect();
    let many = of(&many);
    assert_eq!(many.len(), 20);
    assert!(
        many[19].ends_with(" 10 more keys in this file are unknown."),
        "{}",
        many[19]
    );
}

#[test]
fn the_report_says_it_once() {
    let demo = Demo::new();
    demo.file("v.yaml", "new: a\npasword: b\nold2:\n  x: 1\n  y: 2\n");
    let run = demo.upgrade("v.yaml --from 2.0.0");
    assert_eq!(run.code, 0);
    assert_eq!(
        run.err,
        "\
v.yaml: already fits demo 2.0.0; nothing to do
action  line 2: No version of demo from 1.0.0 to 2.0.0 knows `pasword`. Did you mean `password`?
action  line 3: No version of demo from 1.0.0 to 2.0.0 knows `old2`.
4 settings: 1 kept, 3 unused by the new chart.
"
    );
}

#[test]
fn on_the_command_line() {
    let demo = Demo::new();
    let text = "\
image:
  tagg: \"0.15\"
  tag: 0.10
worker:
  slot: 8
workerSlots: 4
controller:
  resources: {limits: {cpu: 2}}
podAnnotations: {scrape: yes}
ingress: {enabled: true}
artifactUrl: s3://a
checkpointUrl: s3://b
";
    demo.file("values.yaml", text);
    let run = demo.run("upgrade values.yaml --chart arroyo --from 0.14.1 --to 0.15.0");
    assert_eq!(run.code, 0);
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("tell_keys", run.err);
    });
}
