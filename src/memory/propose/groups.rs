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
    let mut by_folder = ByFolder(BTreeMap::new());
    for file in seen {
        by_folder.0.entry(&file.folder).or_default().push(file);
    }
    let used: BTreeSet<PathBuf> = by_folder
        .0
        .iter()
        .filter(|(_, files)| files.iter().any(|file| file.values.is_some()))
        .filter_map(|(folder, _)| by_folder.folder_above(folder))
        .collect();
    let folders = by_folder.0.keys();
    let mut groups: Vec<_> = folders
        .flat_map(|folder| by_folder.group_folder(folder, &pack.info.chart, used.contains(*folder)))
        .collect();
    name_apart(&mut groups);
    groups
}

/// The files that may be layers, by the folder that they count for.
struct ByFolder<'s, 'a>(BTreeMap<&'s FilePath, Vec<&'s LayerCandidate<'a>>>);

impl<'s, 'a> ByFolder<'s, 'a> {
    fn files_in(&self, folder: &FilePath) -> impl Iterator<Item = &'s LayerCandidate<'a>> {
        self.0.get(folder).into_iter().flatten().copied()
    }

    /// The files of a folder that are for all releases in and below it.
    fn bases_in(&self, folder: &FilePath) -> Vec<&'s LayerCandidate<'a>> {
        let files = self.files_in(folder);
        let mut files: Vec<_> = files.filter(|file| file.role.is_base()).collect();
        files.sort_by_key(|file| file.role.rank());
        files
    }

    /// The encrypted files of a folder: those of one environment, or those for all.
    fn secrets_in(
        &self,
        folder: &FilePath,
        of: Option<&str>,
    ) -> impl Iterator<Item = &'s LayerCandidate<'a>> {
        let files = self.files_in(folder);
        files.filter(move |file| matches!(&file.role, Role::Secret(name) if name.as_deref() == of))
    }

    /// The next folder above that has files for all.
    fn folder_above(&self, folder: &FilePath) -> Option<PathBuf> {
        // Two steps up at most: what lies further away belongs to something larger.
        let mut up = folder.ancestors().skip(1).take(2);
        let found = up.find(|above| !self.bases_in(above).is_empty());
        found.map(FilePath::to_owned)
    }

    /// The releases of a folder: one for each environment that a file is named after; else one of the files
    /// for all, unless releases in folders below use them.
    fn group_folder(
        &self,
        folder: &FilePath,
        chart: &str,
        is_used_below: bool,
    ) -> Vec<Grouped<'s, 'a>> {
        let own = self.bases_in(folder);
        let mut below: Vec<&LayerCandidate<'_>> = Vec::new();
        let parent = self.folder_above(folder);
        if let Some(parent) = &parent {
            below.extend(self.bases_in(parent));
            below.extend(self.secrets_in(parent, None));
        }
        below.extend(&own);
        below.extend(self.secrets_in(folder, None));
        let overlays = self.files_in(folder).filter_map(|file| match &file.role {
            Role::Overlay(name) => Some((name.clone(), file)),
            _ => None,
        });
        let overlays = overlays.map(|(name, file)| {
            let how = match below.is_empty() {
                true => format!("{} stands alone", shown_path(&file.path)),
                false => format!("{} is named after an environment", shown_path(&file.path)),
            };
            let mut alone = vec![file];
            alone.extend(self.secrets_in(folder, Some(&name)));
            Grouped {
                name,
                layers: below.iter().chain(&alone).copied().collect(),
                how,
                own: alone,
            }
        });
        let groups: Vec<Grouped<'_, '_>> = overlays.collect();
        if !groups.is_empty() || own.is_empty() || is_used_below {
            return groups;
        }
        let folder_name = folder.file_name();
        let folder_name = folder_name.map(|name| name.to_string_lossy().into_owned());
        let how = match (&parent, &folder_name) {
            (Some(_), Some(name)) => format!("the folder {name} has values of its own"),
            _ => "no other values file lies beside it or below".to_owned(),
        };
        let mut alone = own;
        alone.extend(self.secrets_in(folder, None));
        vec![Grouped {
            name: match folder_name {
                Some(name) if !roles::is_generic(&name) => name,
                _ => chart.to_owned(),
            },
            layers: below,
            how,
            own: alone,
        }]
    }
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
