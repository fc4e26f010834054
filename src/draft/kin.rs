//! Whole maps that moved, seen from their keys: where several keys of one map have a namesake below one and the same
//! place of the new chart, each of them likely went there with the others.

use std::collections::{BTreeMap, BTreeSet};

use super::candidates::KeyCandidate;
use crate::values::{Path, Segment};

/// From how many namesakes on they speak for each other.
const SOME: usize = 2;

/// Sets how much the settings beside each one speak for its candidates.
pub(super) fn kin<'p>(settings: impl Iterator<Item = (&'p Path, Vec<&'p mut KeyCandidate>)>) {
    let mut all: Vec<(&Path, Vec<&mut KeyCandidate>)> = settings.collect();
    let mut ways: BTreeMap<(Path, Path), BTreeSet<Segment>> = BTreeMap::new();
    for (path, places) in &all {
        for place in places {
            for (way, first) in ways_of(path, &place.to) {
                ways.entry(way).or_default().insert(first);
            }
        }
    }
    for (path, places) in &mut all {
        for place in places {
            let most = ways_of(path, &place.to)
                .into_iter()
                .filter_map(|(way, _)| ways.get(&way).map(BTreeSet::len))
                .max()
                .unwrap_or_default();
            place.kin = match most {
                0..SOME => 0.0,
                several => 1.0 - 1.0 / several as f64,
            };
        }
    }
}

/// The maps whose move brings a key to another one, each with the first key below it: all that the paths end with in
/// common stays.
fn ways_of(from: &Path, to: &Path) -> Vec<((Path, Path), Segment)> {
    let (mut from, mut to) = (from.clone(), to.clone());
    let mut found = Vec::new();
    while from.last().is_some_and(Segment::is_key) && from.last() == to.last() && to.depth() > 1 {
        let Some(first) = from.pop() else { break };
        to.pop();
        if from != to {
            found.push(((from.clone(), to.clone()), first));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_that_moved_is_a_way_from_its_old_place_to_the_new_one() {
        let path = |text: &str| text.parse::<Path>().unwrap();
        let ways = ways_of(&path("web.image.tag"), &path("parts.main.image.tag"));
        let said: Vec<String> = ways
            .iter()
            .map(|((from, to), first)| format!("{from} to {to} by {first:?}"))
            .collect();
        assert_eq!(ways.len(), 2, "{said:?}");
        assert_eq!(ways[1].0, (path("web"), path("parts.main")));
        assert!(ways_of(&path("a.b"), &path("c.d")).is_empty());
    }
}
