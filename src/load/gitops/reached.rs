//! Files in hidden places that a manifest deploys: a kustomization's `resources: [.shared/app]`, a Flux `Kustomization`
//! with `path: ./.apps`.
//!
//! What is hidden is left alone, since people keep there what is not deployed; but what a manifest names is. Only those
//! files are taken that were seen aside on the way, so that nothing outside of what was named is reached, and hidden
//! folders that nobody names are not looked into. A folder means the files of its kustomization, or all in it.

use std::{
    collections::HashSet,
    path::{Component, Path as FilePath, PathBuf},
};

use crate::{
    bounds::{Bounds, lexical},
    carrier::is_kustomization_file,
    values::view::View,
    walk::{FileKind, FoundFile, Naming, is_yaml},
    yaml::{NodeId, Tree},
};

/// The fields of a kustomization that name files and folders.
const FIELDS: &[&str] = &["resources", "bases", "components"];

/// The files that were found, with the hidden ones that they deploy, and the files aside without these.
#[must_use]
pub fn with_reached(mut all: Vec<FoundFile>, aside: &[PathBuf]) -> (Vec<FoundFile>, Vec<PathBuf>) {
    let here = std::env::current_dir().unwrap_or_default();
    let hidden: Vec<(PathBuf, &PathBuf)> = aside
        .iter()
        .filter(|path| is_yaml(path))
        .map(|path| (lexical(&here.join(path)), path))
        .collect();
    let mut taken: HashSet<&PathBuf> = HashSet::new();
    let mut at = 0;
    // What is taken may deploy more hidden files in turn, so the list grows while it is gone through.
    while at < all.len() && !hidden.is_empty() {
        let file = all[at].clone();
        at += 1;
        // Most name nothing hidden, and need not be parsed.
        let Some(text) = may_deploy(&file.path)
            .then(|| std::fs::read_to_string(&file.path).ok())
            .flatten()
            .filter(|text| taken.contains(&file.path) || names_hidden(text))
        else {
            continue;
        };
        let full = lexical(&here.join(&file.path));
        for target in named(&full, &text, &Bounds::of(&file.path, &file.below)) {
            let has_kustomization = hidden
                .iter()
                .any(|(path, _)| path.parent() == Some(&target) && is_kustomization_file(path));
            for (path, shown) in &hidden {
                let is_meant = match has_kustomization {
                    true => path.parent() == Some(&target) && is_kustomization_file(path),
                    false => path.starts_with(&target),
                };
                if is_meant && taken.insert(*shown) {
                    all.push(FoundFile {
                        path: (*shown).clone(),
                        naming: Naming::Found,
                        kind: FileKind::Yaml,
                        below: file.below.clone(),
                    });
                }
            }
        }
    }
    let rest = aside.iter().filter(|path| !taken.contains(path));
    (all, rest.cloned().collect())
}

/// True for what may be a kustomization, by its name.
fn may_deploy(path: &FilePath) -> bool {
    is_kustomization_file(path) || is_yaml(path)
}

/// True if a text has a word that begins with a single dot, or a part of a path that does, beside the fields that
/// deploy.
fn names_hidden(text: &str) -> bool {
    let deploys = text.contains("kustomize.toolkit.fluxcd.io")
        || FIELDS.iter().any(|field| text.contains(field));
    let bytes = text.as_bytes();
    deploys
        && bytes.windows(3).any(|window| {
            let begins = matches!(window[0], b'/' | b' ' | b'"' | b'\'' | b'[' | b',');
            begins && window[1] == b'.' && (window[2].is_ascii_alphanumeric() || window[2] == b'_')
        })
}

/// The places that a manifest deploys, as far as they are within its bounds.
fn named(file: &FilePath, text: &str, bounds: &Bounds) -> Vec<PathBuf> {
    let Ok(tree) = Tree::parse(text) else {
        return Vec::new();
    };
    let folder = file.parent().unwrap_or(FilePath::new(""));
    let mut places = Vec::new();
    for document in tree.documents() {
        let view = View::new(&tree, document.root);
        let text_of = |node: NodeId| tree.scalar(view.target(node)).into_owned();
        let field = |map, name| view.get(map, name).ok().flatten().map(|entry| entry.value);
        let is_flux = field(document.root, "apiVersion")
            .is_some_and(|api| text_of(api).starts_with("kustomize.toolkit.fluxcd.io/"));
        if is_flux {
            let path = field(document.root, "spec").and_then(|spec| field(spec, "path"));
            // Flux counts from the root of the repository.
            let root = super::repository(file).unwrap_or_else(|| bounds.root().to_owned());
            places.extend(path.map(|path| root.join(text_of(path))));
        } else if is_kustomization_file(file) {
            let lists = FIELDS.iter().filter_map(|name| field(document.root, name));
            let items = lists.flat_map(|list| view.items(list));
            places.extend(items.map(|item| folder.join(text_of(item))));
        }
    }
    let places = places.into_iter().map(|place| lexical(&place));
    let is_hidden = |place: &PathBuf| {
        let mut parts = place.components();
        parts.any(|part| match part {
            Component::Normal(part) => part.as_encoded_bytes().starts_with(b"."),
            _ => false,
        })
    };
    let within = places.filter(|place| is_hidden(place) && bounds.contain(place));
    within.collect()
}
