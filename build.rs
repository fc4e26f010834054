//! Writes the built-in packs as JSON beside the YAML that people read: every start reads them, and JSON
//! takes a tenth of the time. A file that is no YAML stops the build; what it says is checked by the tests.

use std::{env, error::Error, fs, path::PathBuf};

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
            fs::write(folder.join(format!("{stem}.json")), json)?;
        }
    }
    Ok(())
}
