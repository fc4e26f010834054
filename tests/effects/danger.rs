//! What an upgrade deletes, replaces or cannot change, read from two renderings.

use refit::effect::{
    danger::dangers,
    model::{Danger, DangerKind},
    objects::Manifest,
};

fn found(before: &str, after: &str) -> Vec<Danger> {
    dangers(
        &Manifest::read(before).unwrap(),
        &Manifest::read(after).unwrap(),
    )
}

fn kinds(before: &str, after: &str) -> Vec<DangerKind> {
    found(before, after)
        .into_iter()
        .map(|danger| danger.kind)
        .collect()
}

fn object(kind: &str, name: &str, rest: &str) -> String {
    format!("---\n# Source: app/templates/x.yaml\nkind: {kind}\nmetadata:\n  name: {name}\n{rest}")
}

fn deployment(pod: &str) -> String {
    object(
        "Deployment",
        "app",
        &format!("spec:\n  selector: {{matchLabels: {{app: app}}}}\n  template:\n    spec:\n{pod}"),
    )
}

const IMAGE: &str = "      containers: [{name: app, image: 'r.example/app:1'}]\n";

#[test]
fn the_same_is_no_danger() {
    let same = deployment(IMAGE)
        + &object(
            "PersistentVolumeClaim",
            "data",
            "spec: {accessModes: [ReadWriteOnce]}\n",
        );
    assert_eq!(kinds(&same, &same), []);
    let newer = same.replace("app:1", "app:2");
    assert_eq!(kinds(&same, &newer), []);
}

#[test]
fn volumes_that_are_deleted_come_first_unless_they_are_kept() {
    let claim = object("PersistentVolumeClaim", "data", "spec: {}\n");
    let service = object("Service", "web", "spec: {}\n");
    assert_eq!(
        kinds(&format!("{service}{claim}"), ""),
        [DangerKind::VolumeDeleted, DangerKind::ServiceRenamed]
    );
    let kept = object(
        "PersistentVolumeClaim",
        "data",
        "  annotations: {helm.sh/resource-policy: keep}\nspec: {}\n",
    );
    assert_eq!(kinds(&kept, ""), []);
    let danger = &found(&claim, "")[0];
    assert!(
        danger.what.contains("PersistentVolumeClaim/data"),
        "{}",
        danger.what
    );
    assert!(
        danger.next.contains("helm.sh/resource-policy=keep"),
        "{}",
        danger.next
    );
}

#[test]
fn a_stateful_set_cannot_get_other_volumes() {
    let set = |name: &str, size: &str| {
        object(
            "StatefulSet",
            "db",
            &format!(
                "spec:\n  serviceName: db\n  volumeClaimTemplates:\n  - metadata: {{name: {name}}}\n    spec: {{resources: {{requests: {{storage: {size}}}}}}}\n"
            ),
        )
    };
    assert_eq!(kinds(&set("data", "8Gi"), &set("data", "8Gi")), []);
    for after in [set("store", "8Gi"), set("data", "16Gi")] {
        assert_eq!(
            kinds(&set("data", "8Gi"), &after),
            [DangerKind::VolumesReplaced]
        );
    }
    let renamed = set("data", "8Gi").replace("name: db\n", "name: my-db\n");
    assert_eq!(
        kinds(&set("data", "8Gi"), &renamed),
        [DangerKind::VolumesReplaced]
    );
    let other = set("data", "8Gi").replace("serviceName: db", "serviceName: db-headless");
    assert_eq!(kinds(&set("data", "8Gi"), &other), [DangerKind::Immutable]);
}

#[test]
fn selectors_role_references_and_types_cannot_change() {
    let before = deployment(IMAGE);
    let after = before.replace("matchLabels: {app: app}", "matchLabels: {app: other}");
    let danger = &found(&before, &after)[0];
    assert_eq!(danger.kind, DangerKind::Immutable);
    assert!(danger.what.contains("spec.selector"), "{}", danger.what);
    let binding = |role: &str| {
        object(
            "ClusterRoleBinding",
            "b",
            &format!("roleRef: {{kind: ClusterRole, name: {role}}}\n"),
        )
    };
    assert_eq!(kinds(&binding("a"), &binding("b")), [DangerKind::Immutable]);
    let secret = |kind: &str| object("Secret", "s", &format!("type: {kind}\n"));
    assert_eq!(
        kinds(&secret("Opaque"), &secret("kubernetes.io/tls")),
        [DangerKind::Immutable]
    );
    let fixed = |value: &str| {
        object(
            "ConfigMap",
            "c",
            &format!("immutable: true\ndata: {{a: {value}}}\n"),
        )
    };
    assert_eq!(kinds(&fixed("x"), &fixed("y")), [DangerKind::Immutable]);
}

#[test]
fn services_and_secrets_that_are_renamed_are_told_with_their_new_name() {
    let before =
        object("Service", "app-web", "spec: {}\n") + &object("Secret", "app-db", "type: Opaque\n");
    let after =
        object("Service", "new-web", "spec: {}\n") + &object("Secret", "new-db", "type: Opaque\n");
    let found = found(&before, &after);
    let told: Vec<_> = found
        .iter()
        .map(|danger| (danger.kind, danger.what.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                DangerKind::ServiceRenamed,
                "Service/app-web becomes Service/new-web: Helm deletes the old one"
            ),
            (
                DangerKind::SecretRenamed,
                "Secret/app-db becomes Secret/new-db: Helm deletes the old one"
            ),
        ]
    );
}

#[test]
fn definitions_are_deleted_with_everything_or_never_upgraded() {
    let definition = "---\n# Source: app/templates/crd.yaml\nkind: CustomResourceDefinition\nmetadata: {name: things.fjord.example}\nspec: {group: fjord.example}\n";
    assert_eq!(kinds(definition, ""), [DangerKind::DefinitionDeleted]);
    let kept = definition.replace(
        "{name: things.fjord.example}",
        "{name: things.fjord.example, annotations: {helm.sh/resource-policy: keep}}",
    );
    assert_eq!(kinds(&kept, ""), []);
    let in_crds = definition.replace("app/templates", "app/crds");
    assert_eq!(kinds(&in_crds, &in_crds), []);
    assert_eq!(kinds(&in_crds, ""), []);
    let newer = in_crds.replace(
        "{group: fjord.example}",
        "{group: fjord.example, scope: Cluster}",
    );
    let danger = &found(&in_crds, &newer)[0];
    assert_eq!(danger.kind, DangerKind::DefinitionNotUpgraded);
    assert!(danger.next.contains("helm show crds"), "{}", danger.next);
}

#[test]
fn pods_that_lose_what_they_need_to_start() {
    let with = |secrets: &str, account: &str, registry: &str| {
        deployment(&format!(
            "      imagePullSecrets: {secrets}\n      serviceAccountName: {account}\n      containers: [{{name: app, image: '{registry}/app:1'}}]\n"
        ))
    };
    let before = with("[{name: a}, {name: b}]", "app", "r.example");
    assert_eq!(
        kinds(
            &before,
            &with("[{name: a}, {name: b}, {name: c}]", "app", "r.example")
        ),
        []
    );
    assert_eq!(
        kinds(&before, &with("[{name: a}]", "app", "r.example")),
        [DangerKind::PullSecretsLost]
    );
    assert_eq!(
        kinds(
            &before,
            &with("[{name: a}, {name: b}]", "default", "r.example")
        ),
        [DangerKind::ServiceAccountLost]
    );
    let moved = &found(&before, &with("[{name: a}, {name: b}]", "app", "ghcr.io"))[0];
    assert_eq!(moved.kind, DangerKind::RegistryChanged);
    assert!(
        moved
            .what
            .contains("from ghcr.io, where images came from r.example"),
        "{}",
        moved.what
    );
}

#[test]
fn hooks_and_tests_are_left_alone() {
    let hook = object(
        "Job",
        "migrate",
        "  annotations: {helm.sh/hook: pre-upgrade}\nspec: {template: {a: 1}}\n",
    );
    assert_eq!(kinds(&hook, &hook.replace("a: 1", "a: 2")), []);
    assert_eq!(kinds(&hook, ""), []);
    let test = object(
        "Service",
        "test",
        "  annotations: {helm.sh/hook: test}\nspec: {}\n",
    );
    assert_eq!(kinds(&test, ""), []);
}

#[test]
fn what_leaves_the_release_is_deleted_wherever_it_goes() {
    let definition = "---\n# Source: app/templates/crd.yaml\nkind: CustomResourceDefinition\nmetadata: {name: things.fjord.example}\nspec: {group: fjord.example}\n";
    let moved = definition.replace("app/templates", "app/crds");
    let found = &found(definition, &moved)[0];
    assert_eq!(found.kind, DangerKind::DefinitionDeleted);
    assert!(
        found.what.contains("moves to the chart's crds/"),
        "{}",
        found.what
    );
    assert_eq!(kinds(&moved, definition), []);

    let claim = |metadata: &str| {
        format!(
            "---\nkind: PersistentVolumeClaim\nmetadata: {{name: data{metadata}}}\nspec: {{}}\n"
        )
    };
    for now in [
        ", namespace: other",
        ", annotations: {helm.sh/hook: pre-install}",
    ] {
        assert_eq!(
            kinds(&claim(""), &claim(now)),
            [DangerKind::VolumeDeleted],
            "{now}"
        );
    }
    let set = object(
        "StatefulSet",
        "app",
        "spec:\n  volumeClaimTemplates:\n  - metadata: {name: data}\n    spec: {}\n",
    );
    assert_eq!(
        kinds(&set, &object("Deployment", "app", "spec: {}\n")),
        [DangerKind::VolumesReplaced]
    );
}

#[test]
fn what_the_api_server_refuses() {
    let set = |version: &str| {
        object(
            "StatefulSet",
            "db",
            &format!(
                "spec:\n  volumeClaimTemplates:\n  - metadata: {{name: data, labels: {{chart: app-{version}}}}}\n    spec: {{}}\n"
            ),
        )
    };
    let labels = &found(&set("1"), &set("2"))[0];
    assert_eq!(labels.kind, DangerKind::VolumesReplaced);
    assert!(
        labels.what.contains("labels or annotations"),
        "{}",
        labels.what
    );
    let service = |ip: &str| object("Service", "s", &format!("spec: {{ports: []{ip}}}\n"));
    let claim = |size: &str| {
        object(
            "PersistentVolumeClaim",
            "data",
            &format!("spec: {{resources: {{requests: {{storage: {size}}}}}}}\n"),
        )
    };
    for (before, after) in [
        (service(", clusterIP: ''"), service(", clusterIP: None")),
        (service(""), service(", clusterIP: 10.0.0.1")),
        (claim("20Gi"), claim("5Gi")),
        (claim("1Ti"), claim("500Gi")),
        (claim("1Gi"), claim("1G")),
    ] {
        assert_eq!(kinds(&before, &after), [DangerKind::Immutable], "{after}");
    }
    for (before, after) in [
        (service(", clusterIP: None"), service(", clusterIP: None")),
        (service(", clusterIP: None"), service("")),
        (claim("1024Mi"), claim("1Gi")),
        (claim("5Gi"), claim("1Ti")),
        (claim("'1'"), claim("2.5k")),
    ] {
        assert_eq!(kinds(&before, &after), [], "{after}");
    }
}

#[test]
fn a_service_account_that_loses_its_pull_secrets() {
    let account = |secrets: &str| object("ServiceAccount", "app", secrets);
    assert_eq!(
        kinds(&account("imagePullSecrets: [{name: a}]\n"), &account("")),
        [DangerKind::PullSecretsLost]
    );
}
