//! The published schemas are those of the structs. `REFIT_UPDATE=1` writes them anew.

use std::{fs, path::Path};

use refit::{
    effect::model::Effects,
    outcome::Outcome,
    pack::{check::Checked, schema::schemas},
    report::jsonl::Record,
    trial::Tested,
};

#[test]
fn published_schemas_are_up_to_date() {
    let results = [
        ("outcome", schemars::schema_for!(Outcome)),
        ("outcome-lines", schemars::schema_for!(Record<'_>)),
        ("refit", refit::memory::project::schema()),
        ("effects", schemars::schema_for!(Effects)),
        ("pack-check", schemars::schema_for!(Checked)),
        ("pack-test", schemars::schema_for!(Tested)),
    ];
    for (name, schema) in schemas().into_iter().chain(results) {
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{name}.schema.json"));
        if std::env::var_os("REFIT_UPDATE").is_some() {
            fs::write(&file, &text).unwrap();
        }
        let published = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            published == text,
            "schemas/{name}.schema.json is out of date: REFIT_UPDATE=1 cargo test --test cli schemas"
        );
    }
}
