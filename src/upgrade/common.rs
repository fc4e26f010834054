//! What releases have in common, layers and the place that names their version: it is not changed for one of
//! them while another cannot be upgraded, or is not part of the run.

use std::collections::BTreeMap;

use super::{Request, release::ReleaseResults};
use crate::{
    carrier::VersionPart,
    load::{Wanted, Workspace},
    refusal::ReleaseError,
    yaml::NodeId,
};

/// A layer is not edited while a release that reads it too is not part of the run.
pub(super) fn refuse_behind_backs(
    request: &Request,
    workspace: &Workspace,
    worked: &mut ReleaseResults<'_>,
) {
    if request.others.is_empty() {
        return;
    }
    for result in worked.iter_mut() {
        let Ok(release) = result else { continue };
        let mut edited = release
            .parts
            .iter()
            .enumerate()
            .filter(|(_, part)| part.tree.is_some());
        let found = edited.find_map(|(layer, _)| {
            let file = workspace.file_of(release.wanted.layers[layer]);
            let real = file.path.as_ref()?.canonicalize().ok()?;
            let mut others = request.others.iter();
            let other = others.find(|(path, _)| *path == real)?;
            Some((file.name.clone(), other.1.clone()))
        });
        let Some((file, other)) = found else { continue };
        let name = &release.wanted.name;
        let error = ReleaseError::SharesWithOutsider {
            file,
            other,
            release: release.wanted.is_named.then(|| name.clone()),
        };
        *result = Err(vec![*error.of(name)]);
    }
}

/// A thing that releases share and a run changes: a layer, or the place where a manifest names the version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Common {
    Layer(usize),
    Version(usize, NodeId, VersionPart),
}

/// A layer is not edited, and a version not raised, for one release while another, which has it too, cannot
/// be upgraded.
pub(super) fn refuse_with_others(
    request: &Request,
    workspace: &Workspace,
    releases: &[&Wanted],
    worked: &mut ReleaseResults<'_>,
) {
    let common = |layers: &[usize], pin: Option<(usize, NodeId, VersionPart)>| {
        let version = pin
            .filter(|(.., part)| !request.keep_version && *part != VersionPart::Filled)
            .map(|(file, node, part)| Common::Version(file, node, part));
        let layers = layers.iter().copied().map(Common::Layer);
        layers.chain(version).collect::<Vec<Common>>()
    };
    let of_release = |wanted: &Wanted| {
        let pin = wanted.pin.as_ref();
        let pin = pin.map(|pin| (pin.file, pin.node, pin.part));
        common(&wanted.layers, pin)
    };
    let mut users: BTreeMap<Common, Vec<usize>> = BTreeMap::new();
    for (release, wanted) in releases.iter().enumerate() {
        for thing in of_release(wanted) {
            users.entry(thing).or_default().push(release);
        }
    }
    let refusal = |release: usize, thing: Common, other: &str| {
        let other = other.to_owned();
        let error = match thing {
            Common::Layer(block) => ReleaseError::SharesLayer {
                file: workspace.file_of(block).name.clone(),
                other,
            },
            Common::Version(file, ..) => ReleaseError::SharesVersion {
                file: workspace.files[file].name.clone(),
                other,
            },
        };
        *error.of(&releases[release].name)
    };
    let broken = workspace.broken.iter();
    let broken = broken.map(|broken| (common(&broken.layers, broken.pin), broken.name.as_str()));
    let refused = releases.iter().zip(worked.iter());
    let refused = refused
        .filter(|(_, result)| result.is_err())
        .map(|(wanted, _)| (of_release(wanted), wanted.name.as_str()));
    let mut next: Vec<(Common, &str)> = broken
        .chain(refused)
        .flat_map(|(things, name)| things.into_iter().map(move |thing| (thing, name)))
        .collect();
    // A refusal spreads: a release that must not change its part of one thing keeps all else that it shares as it
    // is, too.
    while let Some((thing, other)) = next.pop() {
        for release in users.get(&thing).into_iter().flatten() {
            if worked[*release].is_err() {
                continue;
            }
            worked[*release] = Err(vec![refusal(*release, thing, other)]);
            let wanted = releases[*release];
            let things = of_release(wanted).into_iter();
            next.extend(things.map(|thing| (thing, wanted.name.as_str())));
        }
    }
}
