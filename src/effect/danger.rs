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
use crate::values::{Map, Path, Segment, Value};

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
                    deleted_object(old, Now::Renamed(&new.id), &mut found);
                } else if is_hook(new) {
                    deleted_object(old, Now::Hook, &mut found);
                } else if is_definition(new) && in_crds(new) {
                    deleted_object(old, Now::InCrds, &mut found);
                } else {
                    fixed(old, new, &mut found);
                }
                pods(old, new, &mut found);
            }
            None => deleted_object(old, Now::Nothing, &mut found),
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

fn value_at<'o>(object: &'o Object, path: &[&str]) -> Option<&'o Value> {
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

/// The fate of an object that is no longer in the release under its name.
#[derive(Clone, Copy)]
enum Now<'n> {
    Nothing,
    Renamed(&'n ObjectId),
    /// Hooks are no part of a release.
    Hook,
    /// Nor are files in `crds/`.
    InCrds,
}

/// An object that Helm deletes.
fn deleted_object(old: &Object, now: Now<'_>, found: &mut Vec<Danger>) {
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
    let deleted = match now {
        Now::Renamed(new) if new.is_called(id) => format!(
            "{} becomes {}, in another namespace: Helm deletes the old one",
            id.in_full(),
            new.in_full()
        ),
        Now::Renamed(new) => format!("{id} becomes {new}: Helm deletes the old one"),
        Now::Nothing => format!("{id} is not in the new chart: Helm deletes it"),
        Now::Hook => format!("{id} becomes a hook: Helm deletes the one that is in the release"),
        Now::InCrds => format!(
            "{id} moves to the chart's crds/, which is no part of a release: Helm deletes it, does not install it again"
        ),
    };
    let renamed = match now {
        Now::Renamed(new) => Some(new),
        Now::Nothing | Now::Hook | Now::InCrds => None,
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
            if renamed.is_some() && value_at(old, &["spec", "volumeClaimTemplates"]).is_some() =>
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
        "StatefulSet" if value_at(old, &["spec", "volumeClaimTemplates"]).is_some() => push(
            DangerKind::VolumesReplaced,
            format!("{deleted}; the claims of its volumes stay behind, and nothing uses them"),
            "Back the data up and restore it into what takes its place, or delete the claims."
                .to_owned(),
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
    if is_hook(old) || is_hook(new) {
        return;
    }
    if old.id.kind == "StatefulSet" && templates(old) != templates(new) {
        found.push(changed_volumes(old, new));
    }
    let changed = changed_fixed_fields(old, new);
    if !changed.is_empty() {
        let id = &old.id;
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

/// The change of a StatefulSet's volume templates.
fn changed_volumes(old: &Object, new: &Object) -> Danger {
    let id = &old.id;
    let names = |object| {
        let names: Vec<String> = templates(object)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        match names.is_empty() {
            true => "none".to_owned(),
            false => names.join(", "),
        }
    };
    let specs = |object| -> Vec<_> {
        let templates = templates(object).into_iter();
        templates.map(|(_, parts)| parts[0].clone()).collect()
    };
    let (was, is) = (names(old), names(new));
    let change = if was != is {
        format!("its volumes change from {was} to {is}")
    } else if specs(old) != specs(new) {
        "spec.volumeClaimTemplates changes in size or class".to_owned()
    } else {
        "spec.volumeClaimTemplates changes in labels or annotations".to_owned()
    };
    Danger {
        kind: DangerKind::VolumesReplaced,
        object: id.to_string(),
        what: format!("{id}: {change}, which a StatefulSet does not allow: the upgrade fails"),
        next: format!(
            "Back the data up. Then delete the StatefulSet without its pods and let Helm make it anew: kubectl delete {} --cascade=orphan",
            named(id)
        ),
    }
}

/// The fields of a kind that stay as they were when the object was made, by the validation in Kubernetes' own
/// source (`ValidateImmutableField` and its like in `pkg/apis/*/validation`).
fn fixed_fields(kind: &str) -> &'static [&'static [&'static str]] {
    match kind {
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
    }
}

/// The paths of the fields that change and must not.
fn changed_fixed_fields(old: &Object, new: &Object) -> Vec<String> {
    let kind = old.id.kind.as_str();
    let differs = |path: &[&str]| value_at(old, path) != value_at(new, path);
    let fields = fixed_fields(kind).iter().filter(|path| differs(path));
    let mut changed: Vec<String> = fields.map(|path| path.join(".")).collect();
    if matches!(kind, "Secret" | "ConfigMap")
        && text(old, &["immutable"]) == Some("true")
        && (differs(&["data"]) || differs(&["stringData"]))
    {
        changed.push("data".to_owned());
    }
    // An empty address is filled in by the cluster, and cannot become another one.
    let address = ["spec", "clusterIP"];
    if kind == "Service"
        && text(new, &address).is_some_and(|new| !new.is_empty())
        && text(old, &address) != text(new, &address)
    {
        changed.push(address.join("."));
    }
    if kind == "PersistentVolumeClaim" {
        let path = ["spec", "resources", "requests", "storage"];
        let size = |object| text(object, &path).and_then(bytes);
        if let (Some(was), Some(is)) = (size(old), size(new))
            && is < was
        {
            changed.push(format!("{} (a claim cannot get smaller)", path.join(".")));
        }
    }
    changed
}

/// The volume templates of a StatefulSet by name: what each asks for, its labels and its annotations.
fn templates(object: &Object) -> Vec<(String, [Option<Value>; 3])> {
    let list = value_at(object, &["spec", "volumeClaimTemplates"]).and_then(Value::as_list);
    let mut found: Vec<(String, [Option<Value>; 3])> = list
        .unwrap_or_default()
        .iter()
        .map(|template| {
            let name = Path::keys(["metadata", "name"]).get(template);
            let name = name.and_then(Value::as_str).unwrap_or_default();
            let part = |path: &[&str]| Path::keys(path.iter().copied()).get(template).cloned();
            let parts = [
                &["spec"][..],
                &["metadata", "labels"],
                &["metadata", "annotations"],
            ];
            (name.to_owned(), parts.map(part))
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// A quantity of Kubernetes: `20Gi`.
fn bytes(text: &str) -> Option<f64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let (base, power) = match unit {
        "" => (1.0, 0),
        "k" => (1000.0, 1),
        "Ki" => (1024.0, 1),
        _ => {
            let mut signs = unit.chars();
            let power = i32::try_from("MGTPE".find(signs.next()?)?).ok()? + 2;
            match signs.as_str() {
                "" => (1000.0, power),
                "i" => (1024.0, power),
                _ => return None,
            }
        }
    };
    Some(number.parse::<f64>().ok()? * f64::powi(base, power))
}

/// The pull secrets of a pod or a service account.
fn pull_secrets(holder: &Map) -> BTreeSet<String> {
    let list = holder.get("imagePullSecrets").and_then(Value::as_list);
    list.unwrap_or_default()
        .iter()
        .filter_map(|secret| {
            let name = secret.as_map()?.get("name")?;
            name.scalar_text().map(str::to_owned)
        })
        .collect()
}

/// Adds the dangers to the pods: lost secrets, mounts and other needs.
fn pods(old: &Object, new: &Object, found: &mut Vec<Danger>) {
    let mut lost = |before: &Map, after: &Map, whose: String| {
        let lost = &pull_secrets(before) - &pull_secrets(after);
        if !lost.is_empty() {
            let lost: Vec<String> = lost.into_iter().collect();
            found.push(Danger {
                kind: DangerKind::PullSecretsLost,
                object: new.id.to_string(),
                what: format!("{whose} no longer get the pull secrets {}", lost.join(", ")),
                next: "If their images are in a private registry, they will not start: see that the secrets are in the new values.".to_owned(),
            });
        }
    };
    if new.id.kind == "ServiceAccount"
        && let (Some(before), Some(after)) = (old.value.as_map(), new.value.as_map())
    {
        lost(before, after, format!("pods that run as {}", new.id));
    }
    let (Some((_, before)), Some((_, after))) = (fields::pod(&old.value), fields::pod(&new.value))
    else {
        return;
    };
    lost(before, after, format!("pods of {}", new.id));
    let account = |pod: &Map| {
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
