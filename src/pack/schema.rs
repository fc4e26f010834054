//! The JSON Schemas of a pack's files, made from the structs that read them, so that an editor tells a
//! chart author what refit would.

use schemars::Schema;

use super::model::{KeysFile, MigrationFile, PackFile};

/// The schemas, by the name of their file in `schemas/`.
#[must_use]
pub fn schemas() -> [(&'static str, Schema); 3] {
    [
        ("pack", schemars::schema_for!(PackFile)),
        ("keys", schemars::schema_for!(KeysFile)),
        ("migration", schemars::schema_for!(MigrationFile)),
    ]
}
