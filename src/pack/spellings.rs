//! What a key may have been meant to be: the paths that a version knows, spelled for comparison.
//!
//! They are gathered once for a version, however many releases of a run have a key that nobody knows. It only says which
//! known paths are close; whether anything is told of that is for others to decide.

use std::collections::HashSet;

use semver::Version;

use super::keys::{Keys, Known};
use crate::values::{Path, Segment};

/// A path that a version knows.
#[derive(Debug)]
struct Spelling {
    path: Path,
    /// All of it without what people mix up.
    whole: String,
    /// The same of its last key.
    last: String,
}

/// The paths that a version knows.
#[derive(Debug)]
pub struct Spellings {
    known: Vec<Spelling>,
}

impl Spellings {
    pub(super) fn of(keys: &Keys, version: &Version) -> Self {
        let mut seen = HashSet::new();
        let mut known = Vec::new();
        for (key, _) in keys.iter() {
            for depth in 1..=key.depth() {
                let segments = &key.segments()[..depth];
                if !seen.insert(segments) {
                    continue;
                }
                let path = Path::new(segments.to_vec());
                if keys.known(&path, version) == Known::Read {
                    known.push(Spelling {
                        whole: without_separators(path.segments()),
                        last: last(&path),
                        path,
                    });
                }
            }
        }
        Self { known }
    }

    /// The known paths that an unknown one may have been meant to be, at most two: beside it if there
    /// is one, else anywhere.
    #[must_use]
    pub fn close(&self, path: &Path) -> Vec<Path> {
        let parent = &path.segments()[..path.depth().saturating_sub(1)];
        let (own, whole) = (last(path), without_separators(path.segments()));
        let beside = self.known.iter().filter(|known| {
            known.path.depth() == path.depth() && known.path.segments().starts_with(parent)
        });
        let most = own.len().div_ceil(4);
        let beside =
            beside.filter_map(|known| Some((&known.path, typing_errors(&own, &known.last, most)?)));
        let nearest = nearest_paths(beside);
        if !nearest.is_empty() {
            return nearest;
        }
        // `imageTag` for `image.tag`, `workers.slots` for `worker.slots`.
        let most = whole.len() / 6;
        let alike = self.known.iter();
        let alike = alike
            .filter_map(|known| Some((&known.path, typing_errors(&whole, &known.whole, most)?)));
        let nearest = nearest_paths(alike);
        if !nearest.is_empty() {
            return nearest;
        }
        // `slots` at another place. A name that many maps have says nothing.
        let same: Vec<Path> = self
            .known
            .iter()
            .filter(|known| known.path.depth() > 1 && known.last == own)
            .map(|known| known.path.clone())
            .collect();
        if same.len() == 1 { same } else { Vec::new() }
    }
}

/// The last key of a path without what people mix up.
fn last(path: &Path) -> String {
    without_separators(path.last().map(std::slice::from_ref).unwrap_or_default())
}

fn nearest_paths<'p>(candidates: impl Iterator<Item = (&'p Path, usize)>) -> Vec<Path> {
    let mut candidates: Vec<_> = candidates.collect();
    candidates.sort_by_key(|(_, apart)| *apart);
    let best = candidates.first().map(|(_, apart)| *apart);
    let best = candidates
        .into_iter()
        .filter(|(_, apart)| Some(*apart) == best);
    best.take(2).map(|(path, _)| path.clone()).collect()
}

/// The number of typing errors between two texts, if they are no more than `most`.
fn typing_errors(a: &str, b: &str, most: usize) -> Option<usize> {
    // Each makes a text longer or shorter by one letter at most.
    let longer = a.chars().count().abs_diff(b.chars().count());
    let apart = (longer <= most).then(|| strsim::damerau_levenshtein(a, b));
    apart.filter(|apart| *apart <= most)
}

/// Keys without what people mix up: dots, dashes, underscores, capitals.
fn without_separators(segments: &[Segment]) -> String {
    let key = |segment: &Segment| match segment {
        Segment::Key(key) => key.to_lowercase().replace(['-', '_', '.'], ""),
        _ => String::new(),
    };
    segments.iter().map(key).collect()
}
