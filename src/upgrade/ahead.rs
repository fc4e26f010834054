//! Releases that name a newer version of their chart than is known: nothing can be said of them, and nothing
//! is wrong with them. They are told in one line for each version, and do not fail a run: a chart moves on
//! before what is known of it does.

use std::collections::BTreeMap;

use semver::Version;

use crate::{
    load::{Wanted, Workspace},
    outcome::Ahead,
    pack::Pack,
};

/// How far beyond the newest version a range is looked at: majors, minors and patches.
const BEYOND: u64 = 50;

/// Takes them out of a workspace.
pub(super) fn ahead(workspace: &mut Workspace, packs: &[Pack]) -> Vec<Ahead> {
    let mut found: BTreeMap<(String, String), Ahead> = BTreeMap::new();
    workspace.releases.retain(|wanted| {
        let mut of_chart = packs
            .iter()
            .filter(|pack| Some(&pack.info.chart) == wanted.chart.as_ref());
        let Some(pack) = of_chart.next() else {
            return true;
        };
        let Some(newest) = pack.info.versions.keys().next_back() else {
            return true;
        };
        let Some(version) = beyond(wanted, pack, newest) else {
            return true;
        };
        let group = found.entry((pack.info.chart.clone(), version.clone()));
        let group = group.or_insert_with(|| Ahead {
            chart: pack.info.chart.clone(),
            newest: pack.newest_release().clone(),
            version,
            releases: Vec::new(),
        });
        group.releases.push(wanted.name.clone());
        false
    });
    found.into_values().collect()
}

/// The version that a release names, as it is written, if it is newer than all that are known.
fn beyond(wanted: &Wanted, pack: &Pack, newest: &Version) -> Option<String> {
    if let Some((version, _)) = &wanted.version {
        return (version > newest).then(|| version.to_string());
    }
    let (range, pin) = (wanted.range.as_ref()?, wanted.pin.as_ref()?);
    if pack
        .info
        .versions
        .keys()
        .any(|version| range.contains(version))
    {
        return None;
    }
    let Version {
        major,
        minor,
        patch,
        ..
    } = *newest;
    let mut later = (1..=BEYOND).flat_map(|n| {
        [
            Version::new(major + n, 0, 0),
            Version::new(major, minor + n, 0),
            Version::new(major, minor, patch + n),
        ]
    });
    later
        .any(|version| range.contains(&version))
        .then(|| pin.text.clone())
}
