//! Writes the built-in packs as JSON: every start reads them, and JSON takes a tenth of the time that the YAML
//! takes which people read. The keys of a chart, which are long and which few runs need, are compressed. A file that is no YAML stops the build; what it says is checked by the tests.

use std::{env, error::Error, fs, io::Write as _, path::PathBuf};

use flate2::{Compression, write::ZlibEncoder};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=migrations");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?).join("packs");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    for chart in fs::read_dir("migrations")? {
        let chart = chart?;
        if !chart.file_type()?.is_dir() {
            continue;
        }
        let folder = out.join(chart.file_name());
        fs::create_dir_all(&folder)?;
        for file in fs::read_dir(chart.path())? {
            let file = file?.path();
            let (Some("yaml"), Some(stem)) = (
                file.extension().and_then(|extension| extension.to_str()),
                file.file_stem().and_then(|stem| stem.to_str()),
            ) else {
                continue;
            };
            let text = fs::read_to_string(&file)?;
            let value: serde_yaml::Value = serde_yaml::from_str(&text)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            let json = serde_json::to_string(&value)?;
            match stem {
                "keys" => {
                    fs::write(folder.join("first-keys.txt"), first_keys(&value))?;
                    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
                    encoder.write_all(json.as_bytes())?;
                    fs::write(folder.join("keys.json.z"), encoder.finish()?)?;
                }
                // What `refit pack new` is told; the keys are what came of it.
                "corrections" => {}
                stem => fs::write(folder.join(format!("{stem}.json")), json)?,
            }
        }
    }
    Ok(())
}

/// The first key of each path, one a line: most questions whether a chart has a key end there.
fn first_keys(keys: &serde_yaml::Value) -> String {
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
    first.join("\n")
}
