//! Puts the built-in packs into the program. People read YAML; a program that reads it at every start would do
//! little else. So each pack becomes three compressed pieces (what the chart is, its keys, its migrations), of which
//! a run unpacks those of the charts that it meets, and a fourth that is not compressed: what tells the chart from the
//! others, which is all that a run needs to know of the charts that it does not meet.
//!
//! A file that is no YAML stops the build; what it says is checked by the tests.

use std::{collections::BTreeMap, env, error::Error, fs, io::Write as _, path::PathBuf};

use flate2::{Compression, write::ZlibEncoder};
use serde_yaml::Value;

/// The fields of pack.yaml that tell the chart.
const IDENTITY: [&str; 4] = ["chart", "repositories", "identifies", "called-before"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=migrations");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?).join("packs");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    // By name, so that the same packs make the same program.
    let mut identities = BTreeMap::new();
    let mut keys_of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for chart in fs::read_dir("migrations")? {
        let chart = chart?;
        if !chart.file_type()?.is_dir() {
            continue;
        }
        let name = chart.file_name().to_string_lossy().into_owned();
        let folder = out.join(&name);
        fs::create_dir_all(&folder)?;
        let mut identity = serde_yaml::Mapping::new();
        // Each as one line of JSON behind the name of its file.
        let mut migrations = BTreeMap::new();
        for file in fs::read_dir(chart.path())? {
            let file = file?.path();
            let (Some("yaml"), Some(stem)) = (
                file.extension().and_then(|extension| extension.to_str()),
                file.file_stem().and_then(|stem| stem.to_str()),
            ) else {
                continue;
            };
            // What `refit pack new` is told; the keys are what came of it.
            if stem == "corrections" {
                continue;
            }
            let text = fs::read_to_string(&file)?;
            let value: Value = serde_yaml::from_str(&text)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            let json = serde_json::to_string(&value)?;
            match stem {
                "pack" => {
                    for field in IDENTITY {
                        if let Some(value) = value.get(field) {
                            identity.insert(field.into(), value.clone());
                        }
                    }
                    let versions = value.get("versions").and_then(Value::as_mapping);
                    if let Some((oldest, _)) = versions.and_then(|versions| versions.iter().next())
                    {
                        identity.insert("oldest".into(), oldest.clone());
                    }
                    // What stands below the key of a sub-chart that has a pack may be a key, too.
                    let sub_charts = value.get("sub-charts").and_then(Value::as_mapping);
                    let below = sub_charts.into_iter().flatten();
                    let below = below.filter_map(|(key, _)| Some(format!("{}.**", key.as_str()?)));
                    keys_of.entry(name.clone()).or_default().extend(below);
                    fs::write(folder.join("pack.z"), packed(&json)?)?;
                }
                "keys" => {
                    identity.insert("first-keys".into(), first_keys(&value).into());
                    let keys = value.as_mapping().into_iter().flatten();
                    let keys = keys.filter_map(|(key, _)| Some(key.as_str()?.to_owned()));
                    keys_of.entry(name.clone()).or_default().extend(keys);
                    fs::write(folder.join("keys.z"), packed(&json)?)?;
                }
                version => {
                    migrations.insert(version.to_owned(), json);
                }
            }
        }
        let lines = migrations
            .iter()
            .map(|(version, json)| format!("{version} {json}\n"));
        fs::write(
            folder.join("migrations.z"),
            packed(&lines.collect::<String>())?,
        )?;
        identities.insert(name, identity);
    }
    for (name, identity) in &mut identities {
        let shared = shared(name, identity, &keys_of);
        identity.insert("shared".into(), Value::Mapping(shared));
    }
    for (name, identity) in &identities {
        let file = out.join(name).join("identity.json");
        fs::write(file, serde_json::to_string(identity)?)?;
    }
    Ok(())
}

fn packed(text: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}

/// The first key of each path: most questions whether a chart has a key end there.
fn first_keys(keys: &Value) -> Vec<Value> {
    let mut first: Vec<&str> = Vec::new();
    for (path, _) in keys.as_mapping().into_iter().flatten() {
        let path = path.as_str().unwrap_or_default();
        // An escaped dot or bracket is cut short here: that only finds more than there is.
        let end = path.find(['.', '[', '\\']).unwrap_or(path.len());
        if first.last() != Some(&&path[..end]) {
            first.push(&path[..end]);
        }
    }
    first.sort_unstable();
    first.dedup();
    first.into_iter().map(Value::from).collect()
}

/// The telling keys of a chart that go by their name alone, with the other charts that may have such a key, where
/// there are any.
fn shared(
    name: &str,
    identity: &serde_yaml::Mapping,
    keys_of: &BTreeMap<String, Vec<String>>,
) -> serde_yaml::Mapping {
    let telling = identity.get("identifies").and_then(|it| it.get("keys"));
    let telling = telling.and_then(Value::as_sequence).into_iter().flatten();
    let mut shared = serde_yaml::Mapping::new();
    for telling in telling.filter(|telling| telling.get("if").is_none()) {
        let Some(path) = telling.get("path").and_then(Value::as_str) else {
            continue;
        };
        let others = keys_of.iter().filter(|(other, keys)| {
            *other != name && keys.iter().any(|key| may_be_at_or_below(key, path))
        });
        let others: Vec<Value> = others.map(|(other, _)| other.as_str().into()).collect();
        if !others.is_empty() {
            shared.insert(path.into(), others.into());
        }
    }
    shared
}

/// Whether a key may be at a path or below it, as far as that shows without knowing what paths mean: from the first
/// sign in either that may mean something on, it may.
fn may_be_at_or_below(key: &str, path: &str) -> bool {
    let (mut key, mut path) = (key.split('.'), path.split('.'));
    loop {
        match (key.next(), path.next()) {
            (_, None) => return true,
            (None, Some(_)) => return false,
            (Some(key), Some(path)) => {
                if [key, path]
                    .iter()
                    .any(|segment| segment.contains(['*', '[', '\\']))
                {
                    return true;
                }
                if key != path {
                    return false;
                }
            }
        }
    }
}
