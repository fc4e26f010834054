//! A pack for any file: it moves keys that the file has at its root.

use refit::values::Path;
use semver::Version;
use serde_json::{Map, Value as Json, json};

use super::choice::Choices;

fn path_of(key: &str) -> String {
    Path::root().key(key).to_string()
}

/// A pack over some of the keys at the root of a file.
pub fn pack_for(choices: &mut Choices, keys: &[String]) -> Vec<(String, String)> {
    let mut free: Vec<&String> = keys.iter().filter(|key| !key.is_empty()).collect();
    let mut take = |choices: &mut Choices| {
        (!free.is_empty()).then(|| free.remove(choices.below(free.len())).clone())
    };
    let mut steps = Map::new();
    let mut gone = Vec::new();
    let mut new = Vec::new();
    let mut step = |id: &str, step: Json, taken: &[&String], written: &[&str]| {
        steps.insert(id.to_owned(), step);
        gone.extend(taken.iter().map(|key| (*key).clone()));
        new.extend(written.iter().map(|path| (*path).to_owned()));
    };
    if let Some(key) = take(choices) {
        step(
            "rename",
            json!({"title": "Rename", "move": {path_of(&key): "renamed-by-refit"}}),
            &[&key],
            &["renamed-by-refit"],
        );
    }
    if let Some(key) = take(choices) {
        let to = format!("moved-by-refit.{}", path_of(&key));
        step(
            "move",
            json!({"title": "Move", "move": {path_of(&key): to}}),
            &[&key],
            &["moved-by-refit"],
        );
    }
    if let Some(key) = take(choices) {
        step(
            "drop",
            json!({"title": "Drop", "why": "It is not read.", "drop": [path_of(&key)]}),
            &[&key],
            &[],
        );
    }
    if let (Some(a), Some(b)) = (take(choices), take(choices)) {
        let fold = json!({
            "title": "Fold", "take": {"a": path_of(&a), "b": path_of(&b)},
            "first": [{"if": "a == b", "do": {"folded-by-refit": "=a"}}, {"do": {"folded-by-refit.a": "=a", "folded-by-refit.b": "=b"}}],
        });
        step("fold", fold, &[&a, &b], &["folded-by-refit"]);
    }
    if let Some(key) = take(choices) {
        let to = format!("{}.own-child", path_of(&key));
        step(
            "wrap",
            json!({"title": "Wrap", "same-key": true, "move": {path_of(&key): to}}),
            &[],
            &[],
        );
    }
    let mut known = Map::new();
    for key in keys.iter().filter(|key| !key.is_empty()) {
        let range = if gone.contains(key) { "<2.0.0" } else { "*" };
        known.insert(path_of(key), json!([{"in": range, "open": "map"}]));
    }
    for path in new {
        known.insert(path, json!([{"in": ">=2.0.0", "open": "map"}]));
    }
    let info = json!({"pack": 1, "chart": "generated", "title": "A chart", "versions": {"1.0.0": {"app": "1"}, "2.0.0": {"app": "2"}}});
    let migration = json!({"version": "2.0.0", "title": "A change", "steps": steps});
    [
        ("pack.yaml", info),
        ("keys.yaml", Json::Object(known)),
        ("2.0.0.yaml", migration),
    ]
    .into_iter()
    .map(|(name, json)| (name.to_owned(), json.to_string()))
    .collect()
}

/// The versions of that pack.
pub fn versions() -> (Version, Version) {
    (Version::new(1, 0, 0), Version::new(2, 0, 0))
}
