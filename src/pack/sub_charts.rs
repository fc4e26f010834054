//! Packs of sub-charts: what another pack knows, below a key of this chart's values.
//!
//! A chart brings charts along, each in a version of its own. Where there is a pack for one of them, this chart's
//! pack names it, and says which version of it came with which of its own. Keys and steps of that pack then are keys
//! and steps of this one: paths stand below the sub-chart's key, `global` stays at the root, versions are those that
//! brought the sub-chart's. All of that is done on the written form, before anything is read: whatever steps can
//! say, they can say below a key, too. What a sub-chart's steps take of `global` stays there, for other charts read it.

use std::{collections::BTreeMap, sync::Arc};

use semver::Version;

use super::{
    error::PackError,
    load::Pack,
    migration::Migration,
    model::{self, KeysFile, MigrationFile, OpenKind, RowFields},
    range::VersionRange,
    source::PackSource,
};
use crate::values::{Segment, coalesce::GLOBAL};

/// A chart that this one brings along, with its own pack.
#[derive(Debug)]
pub struct SubChart {
    /// The key that its values stand under.
    pub key: String,
    /// By version of this chart, from which on: the version of the sub-chart.
    pub versions: BTreeMap<Version, Version>,
    /// Its pack; of charts that it brings along itself, nothing.
    pub pack: Pack,
}

/// The sub-chart of a migration.
#[derive(Debug, Clone)]
pub struct Below {
    /// The sub-chart.
    pub chart: Arc<SubChart>,
    /// The version of it that the migration is to.
    pub version: Version,
}

impl SubChart {
    pub(super) fn load(
        key: &str,
        named: &model::SubChartDefinition,
        source: &PackSource,
    ) -> Result<Self, PackError> {
        let Some(source) = source.of_sub_chart(&named.pack) else {
            return Err(PackError::Format {
                file: "pack.yaml".to_owned(),
                message: format!(
                    "sub-charts: {key}: there is no pack `{0}`, neither built in nor in charts/{0}/ beside this file",
                    named.pack
                ),
            });
        };
        let versions = named.versions.iter();
        Ok(Self {
            key: key.to_owned(),
            versions: versions
                .map(|(own, of)| (own.clone(), of.clone()))
                .collect(),
            pack: Pack::load_alone(source)?,
        })
    }

    /// The version of it that comes with a version of this chart.
    #[must_use]
    pub fn version_with(&self, own: &Version) -> Option<&Version> {
        self.versions.range(..=own).next_back().map(|(_, of)| of)
    }

    /// The versions of this chart that bring one of a range along, as ranges without gaps.
    fn bringing_ranges(&self, of: &VersionRange) -> Vec<VersionRange> {
        let mut ranges = Vec::new();
        let mut begun: Option<&Version> = None;
        for (own, version) in &self.versions {
            match (begun, of.contains(version)) {
                (None, true) => begun = Some(own),
                (Some(first), false) => {
                    ranges.push(VersionRange::from_until(first, Some(own)));
                    begun = None;
                }
                _ => {}
            }
        }
        ranges.extend(begun.map(|first| VersionRange::from_until(first, None)));
        ranges
    }

    /// The versions of this chart for which something speaks that speaks for versions of it; `None` if it says
    /// nothing of them. What comes before the versions that are named is not known.
    #[must_use]
    pub fn own_versions(&self, of: &VersionRange) -> Option<VersionRange> {
        let named: Vec<(&Version, &Version)> = self.versions.iter().collect();
        let (first, oldest) = *named.first()?;
        let before = of.contains(oldest) || !of.and(&VersionRange::up_to(oldest)).is_empty();
        let fits = |(_, version): &(&Version, &Version)| of.contains(version);
        let end = match named.iter().rposition(fits) {
            Some(last) => named.get(last + 1).map(|(own, _)| *own),
            None if before => Some(first),
            None => return None,
        };
        match (before, named.iter().find(|pair| fits(pair))) {
            (false, Some((own, _))) => Some(VersionRange::from_until(own, end)),
            _ => end.map(VersionRange::up_to),
        }
    }

    /// The version of this chart that brought a version of it, or a later one; `None` if that was before those that
    /// are named.
    #[must_use]
    pub fn brought_by(&self, of: &Version) -> Option<&Version> {
        let pairs = self.versions.iter().zip(self.versions.iter().skip(1));
        let mut brought = pairs.filter(|((_, before), (_, now))| *before < of && *now >= of);
        brought.next().map(|(_, (own, _))| own)
    }

    /// Adds its keys to those of this chart, whose own word on a key goes first.
    pub(super) fn add_keys(&self, keys: &mut KeysFile) -> Result<(), PackError> {
        let Some(first) = self.versions.keys().next() else {
            return Ok(());
        };
        // What it has is known from the first version on that is told: it takes no longer just anything.
        if let Some(ranges) = keys.get_mut(&self.written_below(&[])) {
            let before = VersionRange::up_to(first);
            for range in ranges.iter_mut() {
                if range.open == Some(OpenKind::SubChart) {
                    range.versions = range.versions.and(&before);
                }
            }
            ranges.retain(|range| !range.versions.is_empty());
        }
        for (path, ranges) in self.pack.source().read_keys()? {
            // Helm hands `global` to all charts: it is one, and stands at the root.
            if is_global(&path) {
                continue;
            }
            let own = keys.entry(self.path_below(&path)).or_default();
            for range in ranges {
                own.extend(
                    self.bringing_ranges(&range.versions)
                        .into_iter()
                        .map(|versions| model::KeyRange {
                            versions,
                            ..range.clone()
                        }),
                );
            }
        }
        keys.retain(|_, ranges| !ranges.is_empty());
        Ok(())
    }

    /// The versions of this chart that bring a migration of it, each with the versions of the sub-chart.
    pub(super) fn migrated_versions(&self) -> impl Iterator<Item = (&Version, Vec<&Version>)> {
        let pairs = self.versions.iter().zip(self.versions.iter().skip(1));
        pairs.filter_map(|((_, before), (own, after))| {
            let way = self.pack.migrated_versions();
            let way: Vec<&Version> = way.filter(|v| *v > before && *v <= after).collect();
            (!way.is_empty()).then_some((own, way))
        })
    }

    /// Its migration to a version, as one of this chart to the version that brought it.
    pub(super) fn migration_for(
        self: &Arc<Self>,
        own: &Version,
        version: &Version,
    ) -> Result<Migration, PackError> {
        let mut file: MigrationFile = self.pack.source().read_migration(version)?;
        file.version = own.clone();
        file.title = format!("{} ({} {version})", file.title, self.pack.info.chart);
        let paths = file.ignored.into_iter();
        file.ignored = paths
            .map(|(path, why)| (self.path_below(&path), why))
            .collect();
        let steps = file.steps.into_iter().map(|(id, step)| {
            let step = self.step_below(step).map_err(|message| PackError::Step {
                version: own.clone(),
                step: self.step_id(&id),
                message,
            })?;
            Ok((self.step_id(&id), step))
        });
        file.steps = steps.collect::<Result<_, PackError>>()?;
        let mut migration = Migration::read(file)?;
        let takes = migration.steps.iter_mut().flat_map(|step| &mut step.takes);
        for take in takes {
            take.stays = take.path.is_global();
        }
        migration.below = Some(Below {
            chart: Arc::clone(self),
            version: version.clone(),
        });
        Ok(migration)
    }

    fn step_below(&self, mut step: model::StepDefinition) -> Result<model::StepDefinition, String> {
        for path in step.take.values_mut().chain(step.read.values_mut()) {
            *path = self.path_below(path);
        }
        let lists = [
            &mut step.keep,
            &mut step.replaces,
            &mut step.foreign,
            &mut step.explains,
        ];
        for path in lists.into_iter().flatten() {
            *path = self.path_below(path);
        }
        step.each = step.each.map(|path| self.path_below(&path));
        for id in &mut step.needs {
            *id = self.step_id(id);
        }
        self.move_row_below(&mut step.row)?;
        for row in &mut step.first {
            self.move_row_below(&mut row.fields)?;
        }
        Ok(step)
    }

    fn move_row_below(&self, row: &mut RowFields) -> Result<(), String> {
        if let Some(target) = &row.target {
            let ranges = self.bringing_ranges(target);
            row.target = Some(match ranges.as_slice() {
                // Without `target` the row would be for every version.
                [] => VersionRange::none(),
                [one] => one.clone(),
                _ => {
                    return Err(format!(
                        "`target: {target}` comes, goes and comes again with the versions of {}",
                        self.key
                    ));
                }
            });
        }
        let moves = std::mem::take(&mut row.moves).into_iter();
        row.moves = moves
            .map(|(from, to)| (self.path_below(&from), self.path_below(&to)))
            .collect();
        for path in &mut row.drop {
            *path = self.path_below(path);
        }
        let writes = std::mem::take(&mut row.writes).into_iter();
        row.writes = writes
            .map(|(to, what)| (self.path_below(&to), what))
            .collect();
        let upserts = std::mem::take(&mut row.upsert).into_iter();
        row.upsert = upserts
            .map(|(to, what)| (self.path_below(&to), what))
            .collect();
        for option in row.options.values_mut() {
            for path in &mut option.explains {
                *path = self.path_below(path);
            }
            self.move_row_below(&mut option.row)?;
        }
        Ok(())
    }

    /// The id of one of its steps.
    fn step_id(&self, id: &str) -> String {
        format!("{}-{id}", self.key)
    }

    fn path_below(&self, path: &str) -> String {
        match is_global(path) {
            true => path.to_owned(),
            false => self.written_below(&[path]),
        }
    }

    fn written_below(&self, below: &[&str]) -> String {
        let key = Segment::Key(self.key.clone());
        let key = crate::values::Path::new(vec![key]).to_string();
        std::iter::once(key.as_str())
            .chain(below.iter().copied())
            .collect::<Vec<_>>()
            .join(".")
    }
}

/// True if a path, as it is written, is `global` or below it.
fn is_global(path: &str) -> bool {
    let rest = path.strip_prefix(GLOBAL);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
