//! An object as fields that can be compared one by one.
//!
//! A list whose items have names (containers, environment variables, volumes, ports) is looked at by
//! name, so that a chart's own new item moves nothing; another list is one field. A text that holds YAML,
//! JSON or TOML (the `config.yaml` of a ConfigMap, a list in an environment variable) is opened: a change
//! of its layout is none, and a setting in it is a field. An image is its repository, tag and digest, as
//! a chart changes the tag whenever it likes. A null is as good as nothing, which is what the API server
//! makes of it.

use indexmap::IndexMap;

use crate::values::{Map, Path, Segment, Value, view};

/// The fields of an object, in its order.
pub type Fields = IndexMap<Path, Value>;

/// The keys under which a part of an image stands, as if an image were a map.
pub const IMAGE_PARTS: [&str; 3] = ["repository", "tag", "digest"];
/// Texts longer than this are not opened.
const MAX_TEXT: usize = 1 << 20;
/// The number of times that a text may stand in a text.
const MAX_OPENED: usize = 4;

/// The fields of an object.
#[must_use]
pub fn of(object: &Map) -> Fields {
    let mut fields = Fields::new();
    for (key, value) in object {
        walk(&Path::root().key(key), value, 0, &mut fields);
    }
    fields
}

fn walk(at: &Path, value: &Value, opened: usize, out: &mut Fields) {
    match value {
        Value::Null => {}
        Value::Map(map) if map.is_empty() => {
            out.insert(at.clone(), value.clone());
        }
        Value::Map(map) => {
            for (key, value) in map {
                walk(&at.key(key), value, opened, out);
            }
        }
        Value::List(items) => list(at, items, opened, out),
        Value::String(text) => {
            if opened < MAX_OPENED
                && let Some(inner) = open(at, text)
            {
                walk(at, &inner, opened + 1, out);
            } else if is_image(at) && !text.is_empty() {
                let (repository, tag, digest) = image(text);
                for (part, text) in IMAGE_PARTS.iter().zip([Some(repository), tag, digest]) {
                    if let Some(text) = text {
                        out.insert(at.key(*part), Value::from(text));
                    }
                }
            } else {
                out.insert(at.clone(), value.clone());
            }
        }
        Value::Bool(_) | Value::Number(_) => {
            out.insert(at.clone(), value.clone());
        }
    }
}

fn list(at: &Path, items: &[Value], opened: usize, out: &mut Fields) {
    let Some(key) = identity(at, items) else {
        out.insert(at.clone(), Value::List(items.to_vec()));
        return;
    };
    let mut seen: IndexMap<&str, usize> = IndexMap::new();
    for item in items {
        let Some(name) = named(item, key) else {
            continue;
        };
        let count = seen.entry(name).or_default();
        *count += 1;
        let value = match *count {
            1 => name.to_owned(),
            n => format!("{name} ({n})"),
        };
        let place = at.join(Segment::Select {
            key: key.to_owned(),
            value,
        });
        match item.as_map() {
            // Its name is in its place already; alone it is all that there is.
            Some(map) if map.len() > 1 => {
                for (inner, value) in map.iter().filter(|(inner, _)| *inner != key) {
                    walk(&place.key(inner), value, opened, out);
                }
            }
            _ => walk(&place, item, opened, out),
        }
    }
}

/// The key that tells the items of a list apart, if they have one.
fn identity(at: &Path, items: &[Value]) -> Option<&'static str> {
    let has = |key: &str| !items.is_empty() && items.iter().all(|item| named(item, key).is_some());
    let words = last_name(at).map(words).unwrap_or_default();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let keys: &[&str] = match words.as_slice() {
        [.., "volume", "mounts"] => &["mountPath"],
        [.., "volume", "devices"] => &["devicePath"],
        [.., "ports"] => &["name", "containerPort", "port"],
        [.., "rules"] => &["host"],
        // Of a monitor: what it scrapes.
        [.., "endpoints"] => &["name", "port", "targetPort"],
        _ => &["name"],
    };
    keys.iter().find(|key| has(key)).copied()
}

/// What tells an item apart: its key, or the name of an object in a list (a template of a volume claim).
fn named<'v>(item: &'v Value, key: &str) -> Option<&'v str> {
    let map = item.as_map()?;
    let own = map.get(key).and_then(Value::scalar_text);
    let of_object = || map.get("metadata")?.as_map()?.get("name")?.scalar_text();
    own.or_else(|| of_object().filter(|_| key == "name"))
}

/// The structure in a text, if it contains one.
fn open(at: &Path, text: &str) -> Option<Value> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let trimmed = text.trim();
    if last_key(at).is_some_and(|key| key.ends_with(".toml")) {
        let table: toml::Table = trimmed.parse().ok()?;
        let json = serde_json::to_value(table).ok()?;
        return Some(Value::from(&json)).filter(structured);
    }
    let json = trimmed.starts_with(['{', '[']);
    if json && let Ok(value) = serde_json::from_str::<serde_json::Value>(trimmed) {
        return Some(Value::from(&value))
            .filter(|value| structured(value) || value.as_map().is_some());
    }
    let lines = trimmed.contains('\n');
    let yaml = json
        || lines
        || trimmed.contains(": ")
        || trimmed.ends_with(':')
        || trimmed.starts_with("- ");
    // A script or a key is no YAML, whatever a reader makes of its first line.
    if !yaml || trimmed.starts_with("#!") || trimmed.starts_with("-----BEGIN") {
        return None;
    }
    let value = view::read(text)?;
    // Nor is a template, unless all that it fills in stands in texts.
    let is_yaml = structured(&value) && braces(&value) == braces_in(text);
    is_yaml.then_some(value)
}

fn braces_in(text: &str) -> usize {
    text.matches("{{").count()
}

/// The number of times that a text of the value, or a key, opens double braces.
fn braces(value: &Value) -> usize {
    match value {
        Value::String(text) => braces_in(text),
        Value::List(items) => items.iter().map(braces).sum(),
        Value::Map(map) => {
            let entries = map.iter();
            entries
                .map(|(key, value)| braces_in(key) + braces(value))
                .sum()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn structured(value: &Value) -> bool {
    matches!(value, Value::Map(_) | Value::List(_))
}

/// True if the text at a place names an image.
fn is_image(at: &Path) -> bool {
    last_name(at).is_some_and(|name| words(name).last().is_some_and(|word| word == "image"))
}

/// The name that a place goes by: its last key, or for the value of an item the item's name.
#[must_use]
pub fn last_name(at: &Path) -> Option<&str> {
    match at.segments() {
        [.., Segment::Select { value, .. }, Segment::Key(key)] if key == "value" => Some(value),
        [.., Segment::Key(key)] => Some(key),
        [.., Segment::Select { value, .. }] => Some(value),
        _ => None,
    }
}

fn last_key(at: &Path) -> Option<&str> {
    match at.last() {
        Some(Segment::Key(key)) => Some(key),
        _ => None,
    }
}

/// A name in lower-case words: `K8S_WORKER_IMAGE`, `workerImage` and `worker-image` have the same last two.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            words.push(String::new());
            lower = false;
            continue;
        }
        if c.is_uppercase() && lower {
            words.push(String::new());
        }
        lower = c.is_lowercase() || c.is_ascii_digit();
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// An image's repository, tag and digest.
#[must_use]
pub fn image(text: &str) -> (&str, Option<&str>, Option<&str>) {
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (text, None),
    };
    // A colon before the last slash belongs to the registry's port.
    let from = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[from..].find(':') {
        Some(colon) => (
            &name[..from + colon],
            Some(&name[from + colon + 1..]),
            digest,
        ),
        None => (name, None, digest),
    }
}

/// The registry of an image: Docker's own rule, by which a first part without a dot or port is none.
#[must_use]
pub fn registry(repository: &str) -> &str {
    match repository.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => "docker.io",
    }
}

/// The pod template of an object that makes pods, or the pod itself.
#[must_use]
pub fn pod(object: &Value) -> Option<(&'static [&'static str], &Map)> {
    let map = object.as_map()?;
    let place: &[&str] = match map.get("kind")?.as_str()? {
        "Pod" => &["spec"],
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => {
            &["spec", "template", "spec"]
        }
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => return None,
    };
    let mut at = map;
    for key in place {
        at = at.get(*key)?.as_map()?;
    }
    Some((place, at))
}

/// The names of an object's containers.
pub fn containers(object: &Value) -> impl Iterator<Item = &str> {
    let pod = pod(object).map(|(_, pod)| pod);
    ["initContainers", "containers"]
        .into_iter()
        .filter_map(move |list| pod?.get(list)?.as_list())
        .flatten()
        .filter_map(|container| container.as_map()?.get("name")?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{values::View, yaml::Tree};

    fn fields(text: &str) -> Vec<(String, String)> {
        let tree = Tree::parse(text).unwrap();
        let map = View::new(&tree, tree.documents()[0].root).values().unwrap();
        of(&map)
            .into_iter()
            .map(|(path, value)| {
                (
                    path.to_string(),
                    serde_json::Value::from(&value).to_string(),
                )
            })
            .collect()
    }

    fn pair(path: &str, value: &str) -> (String, String) {
        (path.to_owned(), value.to_owned())
    }

    #[test]
    fn items_with_names_are_found_by_name_and_texts_are_opened() {
        let got = fields(
            "env:\n- {name: B, value: x}\n- {name: A, value: \"a: 1\\nb: [2]\\n\"}\nargs: [one, two]\nnothing:\nempty: {}\n",
        );
        assert_eq!(
            got,
            [
                pair("env[name=B].value", "\"x\""),
                pair("env[name=A].value.a", "1"),
                pair("env[name=A].value.b", "[2]"),
                pair("args", "[\"one\",\"two\"]"),
                pair("empty", "{}"),
            ]
        );
    }

    #[test]
    fn a_template_is_opened_if_it_fills_in_texts_only() {
        let got = fields("a: |\n  url: \"s3://{{ .cluster }}/x\"\n  count: 1\n");
        assert_eq!(
            got,
            [
                pair("a.url", "\"s3://{{ .cluster }}/x\""),
                pair("a.count", "1")
            ]
        );
        for template in [
            "{{- if x }}\\nb: 1\\n{{- end }}",
            "b: {{ .x }}\\nc: 1",
            "{{ x }}: 1\\n",
        ] {
            let got = fields(&format!("a: \"{template}\"\n"));
            assert_eq!(got.len(), 1, "{got:?}");
            assert_eq!(got[0].0, "a", "{got:?}");
        }
    }

    #[test]
    fn toml_and_json_are_opened_and_scripts_are_not() {
        let got = fields(
            "data:\n  a.toml: |\n    [x]\n    y = 1\n  b.json: '{\"z\": [true]}'\n  c.sh: |\n    #!/bin/sh\n    echo: x\n",
        );
        assert_eq!(got[0], pair("data.a\\.toml.x.y", "1"));
        assert_eq!(got[1], pair("data.b\\.json.z", "[true]"));
        assert_eq!(got[2].0, "data.c\\.sh");
    }

    #[test]
    fn an_image_is_its_parts_wherever_it_stands() {
        assert_eq!(
            image("registry.example:5000/a/b:1.0@sha256:00"),
            ("registry.example:5000/a/b", Some("1.0"), Some("sha256:00"))
        );
        assert_eq!(
            image("registry.example:5000/a"),
            ("registry.example:5000/a", None, None)
        );
        assert_eq!(registry("registry.example:5000/a"), "registry.example:5000");
        assert_eq!(registry("library/a"), "docker.io");
        let got = fields("env:\n- {name: K8S_WORKER_IMAGE, value: 'r.example/a:1'}\nimage: b:2\n");
        assert_eq!(
            got[0],
            pair(
                "env[name=K8S_WORKER_IMAGE].value.repository",
                "\"r.example/a\""
            )
        );
        assert_eq!(
            got[1],
            pair("env[name=K8S_WORKER_IMAGE].value.tag", "\"1\"")
        );
        assert_eq!(got[2], pair("image.repository", "\"b\""));
    }
}
