//! ApplicationSets that make applications from folders or files of a repository: those that are here are listed, so
//! that each application is a release with its own files.
//!
//! Files of parameters are read only for what they say; they become no layer, and no release.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path as FilePath, PathBuf},
};

use super::{Scanned, layer::as_named, repository};
use crate::{
    carrier::{self, CarrierKind, ListedFile, Listing},
    load::{InputFile, Loader},
    walk::{self, Naming},
};

/// The most files of parameters that are read for one manifest.
const MAX_FILES: usize = 2_000;

/// Looks once more at the manifests whose generators look into a repository, with what is there.
pub(super) fn expand(loader: &mut Loader, scanned: &mut Vec<Scanned>) {
    // To list a repository takes long, and only ApplicationSets have generators that look into one.
    let sets = scanned.iter().enumerate().filter(|(_, file)| {
        let mut carriers = file.found.carriers.iter();
        carriers.any(|carrier| carrier.kind == CarrierKind::ArgoApplicationSet)
    });
    let asking: Vec<(usize, carrier::GitPatterns)> = sets
        .map(|(at, file)| {
            let tree = &loader.workspace.files[file.file].tree;
            (at, carrier::git_patterns(tree))
        })
        .filter(|(_, patterns)| *patterns != carrier::GitPatterns::default())
        .collect();
    if asking.is_empty() {
        return;
    }
    let numbered = scanned.iter().enumerate();
    let mut numbers: HashMap<PathBuf, usize> = numbered
        .map(|(number, file)| (file.path.clone(), number))
        .collect();
    let mut listed: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for (at, patterns) in asking {
        let roots = roots(&scanned[at]);
        let Some(top) = roots.first().cloned() else {
            continue;
        };
        // Each repository is listed once, however many sets ask for it.
        let paths = listed
            .entry(top.clone())
            .or_insert_with(|| walk::list(&top, walk::Limits::default()));
        for path in parameters(&roots, paths, &patterns) {
            if !numbers.contains_key(path)
                && let Some(file) = read_parameters(loader, &scanned[at], path)
            {
                numbers.insert(path.clone(), scanned.len());
                scanned.push(file);
            }
        }
        let files = paths.iter().map(|path| {
            let content = numbers.get(path).map(|number| {
                let tree = &loader.workspace.files[scanned[*number].file].tree;
                (*number, tree)
            });
            ListedFile { path, content }
        });
        let listing = Listing {
            files: files.collect(),
            roots,
            environments: Vec::new(),
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

/// The files whose content the generators take for parameters.
fn parameters<'p>(
    roots: &[PathBuf],
    paths: &'p [PathBuf],
    patterns: &carrier::GitPatterns,
) -> impl Iterator<Item = &'p PathBuf> {
    let matchers = patterns.files.iter();
    let matchers: Vec<_> = matchers
        .filter_map(|text| carrier::file_pattern(text))
        .collect();
    let fits = move |path: &&PathBuf| {
        let mut below = roots.iter().filter_map(|root| path.strip_prefix(root).ok());
        below.any(|below| matchers.iter().any(|glob| glob.is_match(below)))
    };
    paths.iter().filter(fits).take(MAX_FILES)
}

/// Reads a file of parameters for a manifest; one that cannot be read makes no application.
fn read_parameters(loader: &mut Loader, manifest: &Scanned, path: &FilePath) -> Option<Scanned> {
    let shown = loader.workspace.files[manifest.file].path.as_deref();
    let input = InputFile::Path(as_named(path, shown, &manifest.path));
    Some(Scanned {
        file: loader.file(&input).ok()?,
        path: path.to_owned(),
        found: carrier::FileCarriers::default(),
        naming: Naming::Found,
        only_parameters: true,
        below: manifest.below.clone(),
    })
}
