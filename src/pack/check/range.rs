//! Ranges of versions: whether any version, and any of the pack's, can lie in one.

use semver::Version;

use super::{
    finding::{Code, PackFinding},
    place::Spot,
};
use crate::pack::VersionRange;

/// True if evidence speaks for no version: its range ends where the pack's first version begins. Keys that only forks
/// have are told apart so.
pub(super) fn is_against(range: &VersionRange, versions: &[Version]) -> bool {
    let before_all = |bound: &Version| versions.first().is_some_and(|first| bound <= first);
    range.within(versions).is_empty() && range.bounds().all(before_all)
}

/// Checks the text of a range at its place.
pub(super) fn check(
    text: &str,
    versions: &[Version],
    evidence: bool,
    spot: Spot<'_>,
    found: &mut Vec<PackFinding>,
) {
    let range: VersionRange = match text.parse() {
        Ok(range) => range,
        Err(error) => return found.push(spot.finding_here(Code::BadRange, error.to_string())),
    };
    let against = evidence && is_against(&range, versions);
    if range.is_empty() {
        let message =
            format!("no version can satisfy `{text}`; are its bounds the wrong way round?");
        found.push(spot.finding_here(Code::EmptyRange, message));
    } else if !against && !versions.is_empty() && range.within(versions).is_empty() {
        let message = format!("none of the versions in pack.yaml lies in `{text}`");
        found.push(spot.finding_here(Code::RangeWithoutVersion, message));
    }
}
