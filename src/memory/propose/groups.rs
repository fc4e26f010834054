//! Files become releases by what they are called and where they lie.
//!
//! What all have lies beside what one has, or above it: two folders up at most, because what lies further
//! away belongs to something larger. A folder of an environment with plain `values.yaml` is named after the
//! folder. Nothing here looks at what is in the files.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path as FilePath, PathBuf},
};

use super::{
    roles::{self, Role, is_values_name, role_of},
    shown_path,
};
use crate::{pack::Pack, values::Map};

/// A file that may be a layer.
pub(super) struct LayerCandidate<'a> {
    /// Below the folder of `refit.yaml`.
    pub(super) path: PathBuf,
    /// The folder that it counts for.
    pub(super) folder: PathBuf,
    pub(super) role: Role,
    /// Its values; `None` if it is encrypted.
    pub(super) values: Option<&'a Map>,
    /// True if it is named like a values file.
    pub(super) is_named_so: bool,
}

/// A release in the making: its name and its layers.
pub(super) struct Grouped<'s, 'a> {
    pub(super) name: String,
    pub(super) layers: Vec<&'s LayerCandidate<'a>>,
    /// The reason for which the files belong together.
    pub(super) how: String,
    /// The files that belong to this release alone.
    pub(super) own: Vec<&'s LayerCandidate<'a>>,
}

pub(super) fn seen_file<'a>(
    pack: &Pack,
    path: PathBuf,
    values: Option<&'a Map>,
) -> LayerCandidate<'a> {
    let role = role_of(&path, &pack.info.chart, values.is_none());
    let folder = path.parent().map(FilePath::to_owned).unwrap_or_default();
    let is_base = folder
        .file_name()
        .and_then(|name| name.to_str())
        .is_some_and(roles::is_base);
    LayerCandidate {
        // A folder called `base`, beside those of the environments, is about the folder that holds them all.
        folder: match folder.parent() {
            Some(above) if is_base => above.to_owned(),
            _ => folder,
        },
        is_named_so: is_values_name(&path),
        path,
        role,
        values,
    }
}

/// Files by what they are called and where they lie.
pub(super) fn group_candidates<'s, 'a>(
    pack: &Pack,
    seen: &'s [LayerCandidate<'a>],
) -> Vec<Grouped<'s, 'a>> {
    let mut folders: BTreeMap<&FilePath, Vec<&'s LayerCandidate<'a>>> = BTreeMap::new();
    for file in seen {
        folders.entry(&file.folder).or_default().push(file);
    }
    let bases = |folder: &FilePath| -> Vec<&'s LayerCandidate<'a>> {
        let files = folders.get(folder).into_iter().flatten().copied();
        let mut files: Vec<_> = files.filter(|file| file.role.is_base()).collect();
        files.sort_by_key(|file| file.role.rank());
        files
    };
    let secrets = |folder: &FilePath, of: Option<&str>| -> Vec<&'s LayerCandidate<'a>> {
        let files = folders.get(folder).into_iter().flatten().copied();
        files
            .filter(|file| matches!(&file.role, Role::Secret(name) if name.as_deref() == of))
            .collect()
    };
    // Two steps up at most: what lies further away belongs to something larger.
    let above = |folder: &FilePath| -> Option<PathBuf> {
        let up = folder.ancestors().skip(1).take(2);
        let found = up.into_iter().find(|above| !bases(above).is_empty());
        found.map(FilePath::to_owned)
    };
    let used: BTreeSet<PathBuf> = folders
        .iter()
        .filter(|(_, files)| files.iter().any(|file| file.values.is_some()))
        .filter_map(|(folder, _)| above(folder))
        .collect();
    let mut groups = Vec::new();
    for (folder, files) in &folders {
        let own = bases(folder);
        let mut below: Vec<&LayerCandidate<'_>> = Vec::new();
        let parent = above(folder);
        if let Some(parent) = &parent {
            below.extend(bases(parent));
            below.extend(secrets(parent, None));
        }
        below.extend(&own);
        below.extend(secrets(folder, None));
        let overlays = files.iter().copied().filter_map(|file| match &file.role {
            Role::Overlay(name) => Some((name.clone(), file)),
            _ => None,
        });
        let overlays: Vec<(String, &LayerCandidate<'_>)> = overlays.collect();
        let folder_name = folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        for (name, file) in &overlays {
            let extra = secrets(folder, Some(name));
            let how = match below.is_empty() {
                true => format!("{} stands alone", shown_path(&file.path)),
                false => format!("{} is named after an environment", shown_path(&file.path)),
            };
            let mut alone = vec![*file];
            alone.extend(&extra);
            groups.push(Grouped {
                name: name.clone(),
                layers: below.iter().copied().chain(alone.iter().copied()).collect(),
                how,
                own: alone,
            });
        }
        if overlays.is_empty() && !own.is_empty() && !used.contains(*folder) {
            let how = match (&parent, &folder_name) {
                (Some(_), Some(name)) => format!("the folder {name} has values of its own"),
                _ => "no other values file lies beside it or below".to_owned(),
            };
            let name = match folder_name {
                Some(name) if !roles::is_generic(&name) => name,
                _ => pack.info.chart.clone(),
            };
            let mut alone = own.clone();
            alone.extend(secrets(folder, None));
            groups.push(Grouped {
                name,
                layers: below.clone(),
                how,
                own: alone,
            });
        }
    }
    name_apart(&mut groups);
    groups
}

/// Gives releases of one name different ones: their folder's name comes in front.
fn name_apart(groups: &mut [Grouped<'_, '_>]) {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for group in groups.iter() {
        *count.entry(group.name.clone()).or_default() += 1;
    }
    let mut used: BTreeSet<String> = BTreeSet::new();
    for group in groups {
        if count[&group.name] > 1 {
            let folder = group
                .own
                .first()
                .map(|file| shown_path(&file.folder))
                .unwrap_or_default();
            let folder = folder.replace('/', "-");
            if !folder.is_empty() && folder != group.name {
                group.name = format!("{folder}-{}", group.name);
            }
        }
        // These have a meaning where options name releases (`NAME@VERSION=FILE,FILE`).
        group.name = group.name.replace([':', '@', '=', ','], "-");
        let plain = group.name.clone();
        let mut number = 2;
        while !used.insert(group.name.clone()) {
            group.name = format!("{plain}-{number}");
            number += 1;
        }
    }
}
