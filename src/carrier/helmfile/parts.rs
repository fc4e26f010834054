//! What a helmfile says of other helmfiles: the environments that it declares, and the files that it takes in.
//!
//! An environment must be declared before it can be chosen, in the helmfile, in one of its `bases`, or in one that runs
//! it (`helmfiles`); without any there is `default` (`pkg/state/create.go` of helmfile/helmfile).

use crate::{
    carrier::read::{self, Doc},
    values::view::ValueKind,
    yaml::Tree,
};

/// What a helmfile says of other helmfiles.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct HelmfileParts {
    /// The names of its environments.
    pub environments: Vec<String>,
    /// The helmfiles that it runs, as paths that may be patterns.
    pub helmfiles: Vec<String>,
    /// The files that are parts of it.
    pub bases: Vec<String>,
}

/// Reads what a file says of other helmfiles.
#[must_use]
pub fn parts(tree: &Tree) -> HelmfileParts {
    let mut parts = HelmfileParts::default();
    for doc in &read::manifests(tree) {
        if let Some(map) = doc.field_at(doc.root, &["environments"])
            && matches!(doc.view.kind(map.node), Ok(ValueKind::Map))
        {
            let entries = doc.view.entries(map.node).unwrap_or_default().entries;
            parts
                .environments
                .extend(entries.into_iter().map(|entry| entry.name.to_string()));
        }
        parts.helmfiles.extend(paths(doc, "helmfiles"));
        parts.bases.extend(paths(doc, "bases"));
    }
    parts
}

/// The paths in a list: texts, or maps that have one.
fn paths(doc: &Doc<'_>, field: &str) -> Vec<String> {
    let items = doc.items_at(doc.root, &[field]).into_iter();
    let paths = items.filter_map(|item| {
        doc.text(item.node)
            .or_else(|| doc.text_at(item.node, &["path"]))
    });
    paths.collect()
}
