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

/// Takes them out of a workspace.
pub(super) fn take_ahead(workspace: &mut Workspace, packs: &[Pack]) -> Vec<Ahead> {
    let mut found: BTreeMap<(String, String), Ahead> = BTreeMap::new();
    workspace.releases.retain(|wanted| {
        // What refit.yaml notes, refit has reached itself: a newer one there is a mistake, and an error.
        if wanted.carrier.is_none() {
            return true;
        }
        let mut of_chart = packs
            .iter()
            .filter(|pack| Some(&pack.identity.chart) == wanted.chart.as_ref());
        let Some(pack) = of_chart.next() else {
            return true;
        };
        let Some(newest) = pack.info.versions.keys().next_back() else {
            return true;
        };
        let Some(version) = newer_version(wanted, pack, newest) else {
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
fn newer_version(wanted: &Wanted, pack: &Pack, newest: &Version) -> Option<String> {
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
    // A range that allows a newer version names it, or allows the one that comes next.
    let next = [
        Version::new(newest.major + 1, 0, 0),
        Version::new(newest.major, newest.minor + 1, 0),
        Version::new(newest.major, newest.minor, newest.patch + 1),
    ];
    let later = versions_in(&pin.text).chain(next);
    let mut later = later.filter(|version| version > newest);
    later
        .any(|version| range.contains(&version))
        .then(|| pin.text.clone())
}

/// The versions in a text, those in part with zeros behind them.
pub(super) fn versions_in(text: &str) -> impl Iterator<Item = Version> {
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    words.filter_map(|word| {
        let mut numbers = word.split('.').map_while(|number| number.parse().ok());
        let major = numbers.next()?;
        let (minor, patch) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        Some(Version::new(major, minor, patch))
    })
}
