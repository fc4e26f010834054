//! What `corrections.yaml` says, which `refit pack new` brings into keys.yaml: one that was changed since is a
//! correction that nothing looks at.

use std::collections::HashMap;

use super::{
    CORRECTIONS, Whole,
    finding::{Code, PackFinding},
};
use crate::{
    pack::model::{KeyRange, KeysFile},
    values::Path,
};

/// Checks that keys.yaml has what corrections.yaml says.
pub(super) fn check(whole: &Whole<'_>, found: &mut Vec<PackFinding>) {
    let Some(file) = whole.files.get(CORRECTIONS) else {
        return;
    };
    // What cannot be read was found before.
    let Ok(corrections) = serde_yaml::from_str::<KeysFile>(&file.text) else {
        return;
    };
    let keys = whole.pack.keys.iter();
    let keys: HashMap<&Path, Vec<&KeyRange>> = keys
        .map(|(path, ranges)| (path, ranges.collect()))
        .collect();
    for (text, ranges) in &corrections {
        let spot = file.spot().get(text);
        let path = match text.parse::<Path>() {
            Ok(path) => path,
            Err(error) => {
                found.push(spot.finding_here(Code::BadPath, format!("this is no path: {error}")));
                continue;
            }
        };
        let present = keys.get(&path).map_or(&[][..], Vec::as_slice);
        let stale = whole.versions.iter().find(|version| {
            let in_keys = present
                .iter()
                .find(|range| range.versions.contains(version));
            if ranges.is_empty() {
                return in_keys.is_some();
            }
            let corrected = ranges.iter().find(|range| range.versions.contains(version));
            corrected
                .is_some_and(|corrected| !in_keys.is_some_and(|range| is_same(range, corrected)))
        });
        if let Some(version) = stale {
            let message = format!(
                "keys.yaml says something else of {path} in {version}; only what it says counts: gather the keys \
                 again with `refit pack new`, which takes this in"
            );
            found.push(spot.finding_here(Code::StaleKeys, message));
        }
    }
}

/// True if two rows say the same of a key.
fn is_same(one: &KeyRange, other: &KeyRange) -> bool {
    let said = |range: &KeyRange| {
        (
            range.default.clone(),
            range.read,
            range.documented,
            range.open,
        )
    };
    said(one) == said(other)
}
