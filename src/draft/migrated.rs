//! Values on their way to the new chart, as the steps of a pack leave them.
//!
//! A pack comes first. So what is judged under the new chart are the values behind its steps, and what a setting did
//! is seen at the place where it stood under the old chart. What a step speaks of is the pack's: nothing is drafted of
//! it, unless the pack ends before the new chart, and that does not read the setting where the pack put it.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;

use crate::{
    effect::explain::StepRecords,
    outcome::{Fate, Release},
    pack::{Known, Pack, PackError},
    values::{Map, Path, Segment, Value, leaves},
};

/// The values of a release before and behind the steps of a pack.
#[derive(Debug, Clone, Default)]
pub struct MigratedValues {
    /// For the old chart.
    pub before: Map,
    /// As the steps leave them.
    pub after: Map,
    /// The former places of settings that steps brought elsewhere.
    origins: BTreeMap<Path, Path>,
    /// What the pack's word on a setting comes to; of the others it says nothing.
    words: BTreeMap<Path, PackWord>,
    /// Everything that steps of the pack did and said.
    records: StepRecords,
    /// True if the pack knows the new chart, so that only what that does not read at all is drafted.
    reaches: bool,
}

/// What the steps of a pack say of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PackWord {
    /// It is settled, or a question is open.
    Settled,
    /// It works at the newest version that the pack knows.
    WorksSoFar,
}

impl MigratedValues {
    /// Values that no pack has changed.
    #[must_use]
    pub fn unchanged(values: &Map) -> Self {
        Self {
            before: values.clone(),
            after: values.clone(),
            ..Self::default()
        }
    }

    /// The values of a release, and what the steps of its pack say of them. `newest` is the newest version that the pack
    /// knows, without a draft.
    ///
    /// # Errors
    ///
    /// If a migration of the pack cannot be read.
    pub fn by_pack(
        release: &Release,
        pack: &Pack,
        (before, after): (Map, Map),
        newest: &Version,
    ) -> Result<Self, PackError> {
        let records = StepRecords::of(release, pack, &after)?;
        let reaches = release.to <= *newest;
        let at = newest.min(&release.to);
        let mut origins: BTreeMap<Path, Path> = BTreeMap::new();
        let mut held: BTreeSet<&Path> = BTreeSet::new();
        for fate in &release.ledger {
            if fate.fate == Fate::Held {
                held.insert(&fate.path);
            }
            for to in &fate.to {
                origins
                    .entry(to.clone())
                    .or_insert_with(|| fate.path.clone());
            }
        }
        let word = |path: &Path| {
            let origin = origins.get(path).unwrap_or(path);
            if held.contains(path) {
                return Some(PackWord::Settled);
            }
            if !records.speak_of(path) && !records.speak_of(origin) {
                return None;
            }
            let works = !matches!(pack.keys.known(path, at), Known::Dead | Known::Unknown);
            Some(match works && !reaches {
                true => PackWord::WorksSoFar,
                false => PackWord::Settled,
            })
        };
        let words = leaves(&after).into_iter();
        let words = words.filter_map(|(path, _)| Some((path.clone(), word(&path)?)));
        let words = words.collect();
        Ok(Self {
            words,
            before,
            after,
            origins,
            records,
            reaches,
        })
    }

    /// The place of a setting under the old chart.
    pub(super) fn origin<'p>(&'p self, path: &'p Path) -> &'p Path {
        self.origins.get(path).unwrap_or(path)
    }

    /// The places of a setting of the old chart now, each with its value; none if it was dropped.
    pub(super) fn places(&self, origin: &Path) -> Vec<(Path, Value)> {
        let moved = self.origins.iter().filter(|(_, from)| *from == origin);
        let moved = moved.map(|(to, _)| to);
        let stays = (!self.origins.contains_key(origin)).then_some(origin);
        let mut places = Vec::new();
        for path in stays.into_iter().chain(moved) {
            // A step may have made a map there, with the setting in it.
            if let Some(value) = get(&self.after, path).filter(|value| value.is_leaf())
                && !places.iter().any(|(known, _)| known == path)
            {
                places.push((path.clone(), value.clone()));
            }
        }
        places
    }

    /// True if a step made a setting that stood nowhere before.
    pub(super) fn is_made(&self, path: &Path) -> bool {
        get(&self.before, self.origin(path)).is_none()
    }

    /// True if nothing is to be drafted of a setting, whatever it does.
    pub(super) fn is_settled(&self, path: &Path) -> bool {
        self.words.get(path) == Some(&PackWord::Settled)
    }

    /// True if a setting that the new chart reads is not to be looked at: the pack knows what it does.
    pub(super) fn is_known_where_read(&self, path: &Path) -> bool {
        self.reaches || self.words.contains_key(path)
    }

    /// True if the pack put a setting where it works at the newest version that it knows.
    pub(super) fn works_so_far(&self, path: &Path) -> bool {
        self.words.get(path) == Some(&PackWord::WorksSoFar)
    }

    /// True if a step of the pack speaks of a key.
    pub(super) fn is_spoken_of(&self, path: &Path) -> bool {
        self.records.speak_of(path)
    }

    /// True if the pack knows the new chart.
    pub(super) fn is_by_pack_alone(&self) -> bool {
        self.reaches
    }
}

/// A value at a path of plain keys.
fn get<'v>(values: &'v Map, path: &Path) -> Option<&'v Value> {
    let (Segment::Key(first), rest) = path.segments().split_first()? else {
        return None;
    };
    Path::new(rest.to_vec()).get(values.get(first)?)
}
