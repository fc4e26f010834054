//! What an upgrade deletes, replaces or cannot change, whether or not the values cause it.
//!
//! Read from the two renderings alone, so it knows what Helm will try, not what a cluster holds. Helm
//! deletes what the old chart rendered and the new one does not, unless the object says
//! `helm.sh/resource-policy: keep`; and the API server refuses changes of some fields.

use std::collections::BTreeSet;

use super::{
    fields::{self, registry},
    model::{Danger, DangerKind},
    objects::{Manifest, Object, ObjectId, pairs},
};
use crate::values::{Path, Segment, Value};

/// The dangers of going from one rendering to another, the worst first.
#[must_use]
pub fn dangers(before: &Manifest, after: &Manifest) -> Vec<Danger> {
    let pairs = pairs(before, after);
    let mut found = Vec::new();
    for (id, old) in &before.objects {
        let new = pairs.get(id).and_then(|id| after.objects.get(id));
        match new {
            Some(new) => {
                if !new.id.is_called(id) || new.id.namespace != id.namespace {
                    gone(old, Some(&new.id), &mut found);
                } else {
                    fixed(old, new, &mut found);
                }
                pods(old, new, &mut found);
            }
            None => gone(old, None, &mut found),
        }
    }
    for new in after.objects.values().filter(|new| is_definition(new)) {
        let old = before.objects.get(&new.id);
        if in_crds(new) && old.is_none_or(|old| old.value != new.value) {
            found.push(Danger {
                kind: DangerKind::DefinitionNotUpgraded,
                object: new.id.to_string(),
                what: format!("{} is in the chart's crds/, which Helm installs once and never upgrades", new.id),
                next: "Apply the new definition yourself, before the upgrade: helm show crds CHART | kubectl apply --server-side -f -".to_owned(),
            });
        }
    }
    registries(before, after, &mut found);
    found.sort_by(|a, b| a.kind.cmp(&b.kind).then_with(|| a.object.cmp(&b.object)));
    found.dedup();
    found
}

fn text<'o>(object: &'o Object, path: &[&str]) -> Option<&'o str> {
    Path::keys(path.iter().copied())
        .get(&object.value)?
        .scalar_text()
}

fn at<'o>(object: &'o Object, path: &[&str]) -> Option<&'o Value> {
    Path::keys(path.iter().copied())
        .get(&object.value)
        .filter(|value| !value.is_null())
}

fn is_kept(object: &Object) -> bool {
    text(
        object,
        &["metadata", "annotations", "helm.sh/resource-policy"],
    ) == Some("keep")
}

fn is_hook(object: &Object) -> bool {
    text(object, &["metadata", "annotations", "helm.sh/hook"]).is_some()
}

fn is_definition(object: &Object) -> bool {
    object.id.kind == "CustomResourceDefinition"
}

fn in_crds(object: &Object) -> bool {
    object.source.split('/').any(|part| part == "crds")
}

/// An object as `kubectl` names it.
fn named(id: &ObjectId) -> String {
    let kind = id.kind.to_lowercase();
    match id.namespace.as_str() {
        "" => format!("{kind} {}", id.name),
        namespace => format!("{kind} {} -n {namespace}", id.name),
    }
}

/// An object that the new chart does not render, or renders under another name.
fn gone(old: &Object, renamed: Option<&ObjectId>, found: &mut Vec<Danger>) {
    // What hooks leave behind Helm does not manage, and definitions in crds/ it never deletes.
    if is_kept(old) || is_hook(old) || in_crds(old) {
        return;
    }
    let id = &old.id;
    let mut push = |kind, what: String, next: String| {
        found.push(Danger {
            kind,
            object: id.to_string(),
            what,
            next,
        });
    };
    let deleted = match renamed {
        Some(new) if new.is_called(id) => format!(
            "{} becomes {}, in another namespace: Helm deletes the old one",
            id.in_full(),
            new.in_full()
        ),
        Some(new) => format!("{id} becomes {new}: Helm deletes the old one"),
        None => format!("{id} is not in the new chart: Helm deletes it"),
    };
    let keep = format!(
        "kubectl annotate {} helm.sh/resource-policy=keep",
        named(id)
    );
    match id.kind.as_str() {
        "PersistentVolumeClaim" => push(
            DangerKind::VolumeDeleted,
            format!("{deleted}, and most storage classes delete the data with it"),
            format!("Back the data up, or keep the claim: {keep}"),
        ),
        "StatefulSet"
            if renamed.is_some() && at(old, &["spec", "volumeClaimTemplates"]).is_some() =>
        {
            push(
                DangerKind::VolumesReplaced,
                format!(
                    "{deleted}; the new one starts with new, empty volumes, and the claims of the old one stay unused"
                ),
                "Back the data up and restore it into the new volumes.".to_owned(),
            )
        }
        "CustomResourceDefinition" => push(
            DangerKind::DefinitionDeleted,
            format!("{deleted}, and with it every resource of that kind in the cluster"),
            format!("Keep it before the upgrade: {keep}"),
        ),
        "Service" if id.group.is_empty() => push(
            DangerKind::ServiceRenamed,
            deleted,
            match renamed {
                Some(new) => format!(
                    "Point what uses {} to {}: ingresses, NetworkPolicies, clients.",
                    id.name, new.name
                ),
                None => format!(
                    "Find what uses {}: ingresses, NetworkPolicies, clients.",
                    id.name
                ),
            },
        ),
        "Secret" => push(
            DangerKind::SecretRenamed,
            deleted,
            match renamed {
                Some(new) => format!(
                    "Carry its data over if it was generated, and point what uses {} to {}.",
                    id.name, new.name
                ),
                None => format!(
                    "Save its data if it was generated, and find what uses {}.",
                    id.name
                ),
            },
        ),
        "Deployment" | "StatefulSet" | "DaemonSet" if renamed.is_none() => push(
            DangerKind::WorkloadDeleted,
            deleted,
            "Nothing to do if that is meant; its pods stop at the upgrade.".to_owned(),
        ),
        _ => {}
    }
}

/// Fields that the API server does not let anyone change.
fn fixed(old: &Object, new: &Object, found: &mut Vec<Danger>) {
    let id = &old.id;
    if is_hook(old) || is_hook(new) {
        return;
    }
    if id.kind == "StatefulSet" {
        let path = ["spec", "volumeClaimTemplates"];
        if templates(old) != templates(new) {
            let names = |object| {
                let names: Vec<String> = templates(object)
                    .into_iter()
                    .map(|(name, _)| name)
                    .collect();
                if names.is_empty() {
                    "none".to_owned()
                } else {
                    names.join(", ")
                }
            };
            let what = if names(old) == names(new) {
                format!(
                    "{id}: {} changes in size or class, which a StatefulSet does not allow: the upgrade fails",
                    path.join(".")
                )
            } else {
                format!(
                    "{id}: its volumes change from {} to {}, which a StatefulSet does not allow: the upgrade fails",
                    names(old),
                    names(new)
                )
            };
            found.push(Danger {
                kind: DangerKind::VolumesReplaced,
                object: id.to_string(),
                what,
                next: format!("Back the data up. Then delete the StatefulSet without its pods and let Helm make it anew: kubectl delete {} --cascade=orphan", named(id)),
            });
        }
    }
    let fields: &[&[&str]] = match id.kind.as_str() {
        "Deployment" | "DaemonSet" | "ReplicaSet" => &[&["spec", "selector"]],
        "StatefulSet" => &[
            &["spec", "selector"],
            &["spec", "serviceName"],
            &["spec", "podManagementPolicy"],
        ],
        "Job" => &[
            &["spec", "template"],
            &["spec", "selector"],
            &["spec", "completionMode"],
        ],
        "PersistentVolumeClaim" => &[
            &["spec", "accessModes"],
            &["spec", "storageClassName"],
            &["spec", "volumeName"],
            &["spec", "selector"],
        ],
        "RoleBinding" | "ClusterRoleBinding" => &[&["roleRef"]],
        "StorageClass" => &[
            &["provisioner"],
            &["parameters"],
            &["reclaimPolicy"],
            &["volumeBindingMode"],
        ],
        "Secret" => &[&["type"]],
        _ => &[],
    };
    let mut changed: Vec<String> = fields
        .iter()
        .filter(|path| at(old, path) != at(new, path))
        .map(|path| path.join("."))
        .collect();
    if matches!(id.kind.as_str(), "Secret" | "ConfigMap")
        && text(old, &["immutable"]) == Some("true")
        && (at(old, &["data"]) != at(new, &["data"])
            || at(old, &["stringData"]) != at(new, &["stringData"]))
    {
        changed.push("data".to_owned());
    }
    if !changed.is_empty() {
        found.push(Danger {
            kind: DangerKind::Immutable,
            object: id.to_string(),
            what: format!(
                "{id}: {} changes, which the API server refuses: the upgrade fails",
                changed.join(", ")
            ),
            next: format!(
                "Delete it before the upgrade, so that Helm makes it anew: kubectl delete {}",
                named(id)
            ),
        });
    }
}

/// The volume templates of a StatefulSet by name; their order and labels do not count.
fn templates(object: &Object) -> Vec<(String, Option<Value>)> {
    let list = at(object, &["spec", "volumeClaimTemplates"]).and_then(Value::as_list);
    let mut found: Vec<(String, Option<Value>)> = list
        .unwrap_or_default()
        .iter()
        .map(|template| {
            let name = Path::keys(["metadata", "name"]).get(template);
            let name = name.and_then(Value::as_str).unwrap_or_default();
            let spec = template.as_map().and_then(|map| map.get("spec"));
            (name.to_owned(), spec.cloned())
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// What pods need to start and lose.
fn pods(old: &Object, new: &Object, found: &mut Vec<Danger>) {
    let (Some((_, before)), Some((_, after))) = (fields::pod(&old.value), fields::pod(&new.value))
    else {
        return;
    };
    let secrets = |pod: &crate::values::Map| -> BTreeSet<String> {
        let list = pod.get("imagePullSecrets").and_then(Value::as_list);
        list.unwrap_or_default()
            .iter()
            .filter_map(|secret| {
                secret
                    .as_map()?
                    .get("name")?
                    .scalar_text()
                    .map(str::to_owned)
            })
            .collect()
    };
    let lost: Vec<String> = secrets(before)
        .difference(&secrets(after))
        .cloned()
        .collect();
    if !lost.is_empty() {
        found.push(Danger {
            kind: DangerKind::PullSecretsLost,
            object: new.id.to_string(),
            what: format!("pods of {} no longer get the pull secrets {}", new.id, lost.join(", ")),
            next: "If their images are in a private registry, they will not start: see that the secrets are in the new values.".to_owned(),
        });
    }
    let account = |pod: &crate::values::Map| {
        let name = pod
            .get("serviceAccountName")
            .or_else(|| pod.get("serviceAccount"));
        name.and_then(Value::scalar_text)
            .filter(|name| !name.is_empty())
            .unwrap_or("default")
            .to_owned()
    };
    let (was, is) = (account(before), account(after));
    if was != is && was != "default" {
        found.push(Danger {
            kind: DangerKind::ServiceAccountLost,
            object: new.id.to_string(),
            what: format!(
                "pods of {} run as service account {is} instead of {was}",
                new.id
            ),
            next: format!(
                "Roles, cloud identities and pull secrets bound to {was} do not apply to {is}."
            ),
        });
    }
}

/// Images from a registry that the release did not use before.
fn registries(before: &Manifest, after: &Manifest, found: &mut Vec<Danger>) {
    let known: BTreeSet<&str> = images(before)
        .map(|(_, _, repository)| registry(repository))
        .collect();
    if known.is_empty() {
        return;
    }
    for (object, path, repository) in images(after) {
        let now = registry(repository);
        let was = before
            .field(object, path)
            .and_then(Value::as_str)
            .map(registry);
        if was == Some(now) || was.is_none() && known.contains(now) {
            continue;
        }
        let from = match was {
            Some(was) => was.to_owned(),
            None => known.iter().copied().collect::<Vec<_>>().join(", "),
        };
        found.push(Danger {
            kind: DangerKind::RegistryChanged,
            object: object.to_string(),
            what: format!("{object} pulls {repository} from {now}, where images came from {from}"),
            next: format!(
                "See that the nodes may pull from {now}, or name your mirror in the values."
            ),
        });
    }
}

/// Every image that a manifest names, wherever it stands.
fn images(manifest: &Manifest) -> impl Iterator<Item = (&ObjectId, &Path, &str)> {
    manifest.objects.values().flat_map(|object| {
        object.fields.iter().filter_map(|(path, value)| {
            let [.., above, Segment::Key(part)] = path.segments() else {
                return None;
            };
            let named = match above {
                Segment::Key(key) => {
                    key == "value"
                        || fields::words(key)
                            .last()
                            .is_some_and(|word| word == "image")
                }
                _ => false,
            };
            (named && part == fields::IMAGE_PARTS[0])
                .then(|| Some((&object.id, path, value.as_str()?)))
                .flatten()
        })
    })
}
