//! The keys of a chart by the segments that they begin with, so that a lookup sees the few keys that can have to
//! do with a path and not the thousands that a chart has. It only leaves keys out that cannot: what a key that
//! is found has to do with the path is for the caller to say.

use std::{borrow::Cow, collections::BTreeMap, sync::OnceLock};

use crate::values::{Path, Segment};

/// Keys by their segments.
#[derive(Debug, Default)]
pub(super) struct Nearby {
    root: Branch,
    /// The position of each key, those without a wildcard first.
    positions: Vec<usize>,
}

/// The keys with a common beginning. They are given by their place in [`Nearby::positions`].
#[derive(Debug, Default)]
struct Branch {
    /// The keys that end here.
    here: Vec<usize>,
    /// The keys that go on with a key.
    below: BTreeMap<String, Branch>,
    /// The keys that go on with something else: what that fits, a name does not tell.
    others: Vec<usize>,
    /// The answer for a path that ends here, gathered when it is asked for first: below a map there can be hundreds of
    /// keys, and a run asks for it again in each version.
    answer: OnceLock<Vec<usize>>,
}

impl Nearby {
    /// Takes in the keys of a chart.
    pub fn of<'k>(keys: impl Iterator<Item = &'k Path>) -> Self {
        let keys: Vec<&Path> = keys.collect();
        let mut positions: Vec<usize> = (0..keys.len()).collect();
        // The sort is stable: among those without a wildcard, and among the others, the chart's own order
        // stays.
        positions.sort_by_key(|at| !keys[*at].is_concrete());
        let mut root = Branch::default();
        for (rank, at) in positions.iter().enumerate() {
            root.add_path(keys[*at].segments(), rank);
        }
        Self { root, positions }
    }

    /// The positions of the keys that may be at a path, above it or below it, those with a wildcard last.
    pub fn of_path(&self, path: &Path) -> Cow<'_, [usize]> {
        let mut ranks = Vec::new();
        let mut node = &self.root;
        for segment in path.segments() {
            // A wildcard may stand for any key, so whatever is below is near.
            let Segment::Key(key) = segment else { break };
            ranks.extend(node.here.iter().chain(&node.others));
            match node.below.get(key) {
                Some(below) => node = below,
                None => return Cow::Owned(self.in_order(ranks)),
            }
        }
        Cow::Borrowed(node.answer.get_or_init(|| {
            node.add_all(&mut ranks);
            self.in_order(ranks)
        }))
    }

    fn in_order(&self, mut ranks: Vec<usize>) -> Vec<usize> {
        ranks.sort_unstable();
        ranks.into_iter().map(|rank| self.positions[rank]).collect()
    }
}

impl Branch {
    fn add_path(&mut self, segments: &[Segment], rank: usize) {
        match segments.split_first() {
            None => self.here.push(rank),
            Some((Segment::Key(key), rest)) => {
                let below = self.below.entry(key.clone()).or_default();
                below.add_path(rest, rank);
            }
            Some(_) => self.others.push(rank),
        }
    }

    fn add_all(&self, ranks: &mut Vec<usize>) {
        ranks.extend(self.here.iter().chain(&self.others));
        for below in self.below.values() {
            below.add_all(ranks);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_overlap_a_path_is_found_and_named_keys_come_first() {
        let texts = [
            "a.*.c", "a.b.c", "a.b", "a", "*.b", "**.z", "d.e", "d[*].f", "a.b.c.g", "x*.y", "h",
        ];
        let keys = texts.map(|text| text.parse::<Path>().expect("a path"));
        let nearby = Nearby::of(keys.iter());
        for path in [
            "a",
            "a.b",
            "a.b.c",
            "a.b.c.g.h",
            "a.q.c",
            "d",
            "d[0].f",
            "d.e",
            "xx.y",
            "*",
            "a.*",
            "**",
            "**.c",
            "h",
            "nothing",
        ] {
            let asked: Path = path.parse().expect("a path");
            let found = nearby.of_path(&asked);
            for (at, key) in keys.iter().enumerate() {
                assert!(
                    !key.may_overlap(&asked) || found.contains(&at),
                    "{key} may overlap {path}"
                );
            }
            let wild = |at: &usize| !keys[*at].is_concrete();
            assert!(found.is_sorted_by_key(wild), "{path}: {found:?}");
        }
        let found = nearby.of_path(&keys[1]);
        assert!(!found.contains(&6) && !found.contains(&10), "{found:?}");
    }
}
