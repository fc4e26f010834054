//! ApplicationSets that make applications from folders or files of a repository: those that are here are listed, so
//! that each application is a release with its own files.
//!
//! Files of parameters are read only for what they say; they become no layer, and no release.

use std::{
    collections::BTreeMap,
    path::{Path as FilePath, PathBuf},
};

use super::{Scanned, layer::as_named, repository};
use crate::{
    carrier::{self, ListedFile, Listing},
    load::{Input, Loader},
    walk,
};

/// The most files of parameters that are read for one manifest.
const MAX_FILES: usize = 2_000;

/// Looks once more at the manifests whose generators look into a repository, with what is there.
pub(super) fn expand(loader: &mut Loader, scanned: &mut Vec<Scanned>) {
    let asking: Vec<(usize, carrier::GitPatterns)> = scanned
        .iter()
        .enumerate()
        .filter(|(_, file)| !file.found.carriers.is_empty())
        .map(|(at, file)| {
            let tree = &loader.workspace.files[file.file].tree;
            (at, carrier::git_patterns(tree))
        })
        .filter(|(_, patterns)| *patterns != carrier::GitPatterns::default())
        .collect();
    let mut listed: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for (at, patterns) in asking {
        let roots = roots(&scanned[at]);
        let Some(top) = roots.first().cloned() else {
            continue;
        };
        let paths = listed
            .entry(top.clone())
            .or_insert_with(|| walk::list(&top, walk::Limits::default()));
        read_parameters(loader, scanned, at, &roots, paths, &patterns);
        let by_path: BTreeMap<&FilePath, usize> = scanned
            .iter()
            .enumerate()
            .map(|(number, file)| (file.path.as_path(), number))
            .collect();
        let files = paths.iter().map(|path| {
            let number = by_path.get(path.as_path()).copied();
            let content = number.map(|number| {
                let tree = &loader.workspace.files[scanned[number].file].tree;
                (number, tree)
            });
            ListedFile { path, content }
        });
        let listing = Listing {
            roots,
            files: files.collect(),
        };
        let tree = &loader.workspace.files[scanned[at].file].tree;
        let found = carrier::find_among(tree, &scanned[at].path, &listing);
        scanned[at].found = found;
    }
}

/// The folders that may be the root of the repository that a manifest means: that of git, and, for one that is kept
/// in a folder of a larger repository, those between the named folder and the manifest.
fn roots(manifest: &Scanned) -> Vec<PathBuf> {
    let git = repository(&manifest.path);
    let within = |folder: &&FilePath| folder.starts_with(&manifest.below);
    let mut above: Vec<&FilePath> = manifest.path.ancestors().skip(1).filter(within).collect();
    above.reverse();
    let mut roots: Vec<PathBuf> = git.into_iter().collect();
    for folder in above {
        if !roots.iter().any(|root| root == folder) {
            roots.push(folder.to_owned());
        }
    }
    roots
}

/// Reads the files whose content the generators take for parameters.
fn read_parameters(
    loader: &mut Loader,
    scanned: &mut Vec<Scanned>,
    manifest: usize,
    roots: &[PathBuf],
    paths: &[PathBuf],
    patterns: &carrier::GitPatterns,
) {
    let matchers = patterns.files.iter();
    let matchers: Vec<_> = matchers
        .filter_map(|text| carrier::file_pattern(text))
        .collect();
    let fits = |path: &&PathBuf| {
        let below = roots.iter().filter_map(|root| path.strip_prefix(root).ok());
        below
            .into_iter()
            .any(|below| matchers.iter().any(|glob| glob.is_match(below)))
    };
    for path in paths.iter().filter(fits).take(MAX_FILES) {
        if scanned.iter().any(|file| file.path == *path) {
            continue;
        }
        let own = &scanned[manifest];
        let shown = loader.workspace.files[own.file].path.as_deref();
        let input = Input::Path(as_named(path, shown, &own.path));
        // One that cannot be read makes no application.
        let Ok(file) = loader.file(&input) else {
            continue;
        };
        let below = own.below.clone();
        scanned.push(Scanned {
            file,
            path: path.clone(),
            found: carrier::FileCarriers::default(),
            named: false,
            only_parameters: true,
            below,
        });
    }
}
