//! helmfiles whose releases name values files by the environment (`values/{{ .Environment.Name }}.yaml`): a release in
//! each environment that has files of its own is one with its own layers.
//!
//! Which environments there are is declared in the helmfile, in its `bases`, or in one that runs it. One without any file
//! of its own is like the others without theirs, and is not shown once more. Where nothing declares any, and `default`
//! has no file, it stays the question that it is.

use std::{
    collections::BTreeSet,
    path::{Path as FilePath, PathBuf},
};

use globset::GlobBuilder;

use super::Scanned;
use crate::{
    bounds::lexical,
    carrier::{self, Carrier, CarrierKind, LayerSource, Listing},
    load::Loader,
};

/// How far helmfiles that run helmfiles are followed up.
const MAX_DEPTH: usize = 6;

/// Looks once more at the helmfiles whose releases name files by the environment, with the environments.
pub(super) fn expand(loader: &Loader, scanned: &mut [Scanned]) {
    let text = |file: &Scanned| loader.workspace.files[file.file].tree.text();
    let is_meant = |file: &Scanned| {
        let mut carriers = file.found.carriers.iter();
        carriers.any(|carrier| carrier.kind == CarrierKind::HelmfileRelease)
            && text(file).contains(".Environment.Name")
    };
    let asking: Vec<usize> = (0..scanned.len())
        .filter(|at| is_meant(&scanned[*at]))
        .collect();
    if asking.is_empty() {
        return;
    }
    let says = |word: &str, file: &Scanned| text(file).contains(word);
    let all: Vec<(PathBuf, carrier::HelmfileParts)> = scanned
        .iter()
        .filter(|file| {
            says("environments:", file) || says("helmfiles:", file) || says("bases:", file)
        })
        .map(|file| {
            let tree = &loader.workspace.files[file.file].tree;
            (file.path.clone(), carrier::helmfile_parts(tree))
        })
        .collect();
    for at in asking {
        let mut environments = environments(&scanned[at].path, &all, 0);
        let is_declared = !environments.is_empty();
        // helmfile runs in the environment `default` if nobody names one.
        if !is_declared {
            environments.insert("default".to_owned());
        }
        let listing = Listing {
            environments: environments.into_iter().collect(),
            ..Listing::default()
        };
        let tree = &loader.workspace.files[scanned[at].file].tree;
        let mut found = carrier::find_among(tree, &scanned[at].path, &listing);
        let of_none = std::mem::take(&mut scanned[at].found.carriers);
        found.carriers = with_files(
            found.carriers,
            &of_none,
            &scanned[at].path,
            &listing,
            is_declared,
        );
        scanned[at].found = found;
    }
}

/// The environments that are declared for a helmfile.
fn environments(
    path: &FilePath,
    all: &[(PathBuf, carrier::HelmfileParts)],
    depth: usize,
) -> BTreeSet<String> {
    let parts_of = |path: &FilePath| all.iter().find(|(other, _)| other == path);
    let mut found = BTreeSet::new();
    let Some(depth) = (depth < MAX_DEPTH).then_some(depth + 1) else {
        return found;
    };
    if let Some((path, own)) = parts_of(path) {
        found.extend(own.environments.iter().cloned());
        for base in &own.bases {
            let base = lexical(&path.with_file_name("").join(base));
            let declared = parts_of(&base).map(|(_, base)| base.environments.clone());
            found.extend(declared.unwrap_or_default());
        }
    }
    if found.is_empty() {
        let above = all.iter().filter(|(other, parts)| {
            let folder = other.with_file_name("");
            parts
                .helmfiles
                .iter()
                .any(|named| runs(&folder, named, path))
        });
        for (other, _) in above {
            found.extend(environments(other, all, depth));
        }
    }
    found
}

/// True if a path in a helmfile of a folder, which may be a pattern or a folder of helmfiles, means a file.
fn runs(folder: &FilePath, named: &str, path: &FilePath) -> bool {
    let full = lexical(&folder.join(named));
    if full == path || path.parent() == Some(&full) {
        return true;
    }
    let glob = GlobBuilder::new(&full.to_string_lossy())
        .literal_separator(true)
        .build();
    glob.is_ok_and(|glob| glob.compile_matcher().is_match(path))
}

/// Of the releases in each environment those with files that no other has, each named by its environment if there are
/// several; that without any environment where none has a file.
fn with_files(
    carriers: Vec<Carrier>,
    of_none: &[Carrier],
    path: &FilePath,
    listing: &Listing<'_>,
    is_declared: bool,
) -> Vec<Carrier> {
    let folder = path.with_file_name("");
    let files = |carrier: &Carrier, there: bool| -> BTreeSet<PathBuf> {
        let named = carrier
            .layers
            .iter()
            .filter_map(|layer| match &layer.source {
                // An environment does not fail for want of a file that may be missing.
                LayerSource::File(file) if !file.glob && (there || !file.missing_ok) => {
                    Some(lexical(&folder.join(&file.path)))
                }
                _ => None,
            });
        named.filter(|file| file.is_file() == there).collect()
    };
    let mut kept = Vec::new();
    for base in of_none {
        let of_release = carriers.iter().filter(|carrier| carrier.at == base.at);
        let mut variants: Vec<(&Carrier, BTreeSet<PathBuf>, bool)> = of_release
            .map(|carrier| {
                (
                    carrier,
                    files(carrier, true),
                    files(carrier, false).is_empty(),
                )
            })
            .collect();
        let own = files(base, true);
        let has_any = variants.iter().any(|(_, files, _)| *files != own);
        if variants.len() < 2 && !has_any && !is_declared {
            kept.push(base.clone());
            continue;
        }
        // What fails in one environment is not deployed there, unless only that has the file.
        variants.sort_by_key(|(_, _, is_whole)| !is_whole);
        let mut seen: Vec<BTreeSet<PathBuf>> = Vec::new();
        variants.retain(|(_, files, is_whole)| {
            let is_new = match is_whole {
                true => !seen.contains(files),
                false => !seen.iter().any(|other| files.is_subset(other)),
            };
            if is_new {
                seen.push(files.clone());
            }
            is_new
        });
        let alone = variants.len() == 1;
        for (carrier, ..) in variants {
            let mut carrier = carrier.clone();
            if alone {
                let mut names = listing.environments.iter();
                let plain = names.find_map(|name| carrier.name.strip_suffix(&format!(" ({name})")));
                carrier.name = plain.unwrap_or(&carrier.name).to_owned();
            }
            kept.push(carrier);
        }
    }
    kept
}
