//! What takes the place of a chart that is not continued: its pack, and the migration that brings values there.
//!
//! The versions of the other chart are counted by themselves: 1.15.0 of it can follow 8.9.2 of this one. So no
//! version of the one is ever compared with one of the other, and the way from the one to the other is no
//! migration to a version of this chart: it stands in a file of its own, `replacement.yaml`. Its steps look at
//! this chart's keys, as they are in its newest release, and write keys of the other one.

use semver::Version;

use super::{
    error::PackError,
    keys::{Keys, add_within},
    load::Pack,
    migration::Migration,
    model::{KeyRange, KeysFile, MigrationFile, VersionInfo},
    range::VersionRange,
};

/// The file that says how values come to the chart that takes the place of this one.
pub(super) const FILE: &str = "replacement.yaml";

/// The chart that takes the place of another.
#[derive(Debug)]
pub struct Successor {
    /// What is known of it.
    pub pack: Pack,
    /// Its first version that does.
    pub version: Version,
    /// What brings values there.
    pub migration: Migration,
}

impl Successor {
    /// Reads what a pack says of the chart that takes its place; `None` if it brings no values there.
    pub(super) fn load(of: &Pack) -> Result<Option<Self>, PackError> {
        let source = of.source();
        if !source.file_names()?.iter().any(|name| name == FILE) {
            return Ok(None);
        }
        let format = |file: &str, message| PackError::Format {
            file: file.to_owned(),
            message,
        };
        let Some(by) = &of.info.replaced_by else {
            let message =
                "pack.yaml does not say what takes the place of this chart (`replaced-by`)";
            return Err(format(FILE, message.to_owned()));
        };
        let Some(of_successor) = source.of_sub_chart(&by.chart) else {
            let message = format!(
                "replaced-by: there is no pack `{0}`, neither built in nor in charts/{0}/ beside this file",
                by.chart
            );
            return Err(format("pack.yaml", message));
        };
        let pack = Pack::load(of_successor, false)?;
        let file: MigrationFile = source.parse(FILE)?;
        if file.version != by.version {
            let message = format!(
                "it says that it is for version {}, and `replaced-by` in pack.yaml names {}",
                file.version, by.version
            );
            return Err(format(FILE, message));
        }
        if !pack.info.versions.contains_key(&by.version) {
            let message = format!(
                "replaced-by: the pack `{}` does not know the version {}",
                by.chart, by.version
            );
            return Err(format("pack.yaml", message));
        }
        Ok(Some(Self {
            version: by.version.clone(),
            migration: Migration::read(file)?,
            pack,
        }))
    }
}

impl Pack {
    /// Every migration that a route from this chart can have: its own, what brings values to the chart that takes its
    /// place, and those of that one.
    ///
    /// # Errors
    ///
    /// If a file is not in the format.
    pub fn every_migration(&self) -> Result<Vec<(&Version, &Migration)>, PackError> {
        let mut every = self.own_migrations()?;
        if let Some(successor) = self.successor()? {
            every.push((&successor.version, &successor.migration));
            let later = successor.pack.own_migrations()?.into_iter();
            every.extend(later.filter(|(version, _)| **version > successor.version));
        }
        Ok(every)
    }

    fn own_migrations(&self) -> Result<Vec<(&Version, &Migration)>, PackError> {
        let mut own = Vec::new();
        for version in self.migrated_versions() {
            own.extend(
                self.migrations(version)?
                    .into_iter()
                    .map(|one| (version, one)),
            );
        }
        Ok(own)
    }

    /// A pack in which the newest release of this chart comes just before the versions of another: what the
    /// check of the way between the two looks at. Its first version stands for that release.
    pub(super) fn with_successor(
        &self,
        successor: &Self,
        version: &Version,
    ) -> Result<Self, PackError> {
        let last = self.newest_release();
        let mut info = self.info.clone();
        let before = Version::new(0, 0, 0);
        let app = |app: &str| VersionInfo {
            app: app.to_owned(),
        };
        info.versions = std::iter::once((before.clone(), app("")))
            .chain(
                (successor.info.versions.iter())
                    .filter(|(other, _)| *other >= version)
                    .map(|(version, info)| (version.clone(), info.clone())),
            )
            .collect();
        let mut keys = KeysFile::default();
        let until = VersionRange::up_to(version);
        for (path, ranges) in self.keys.as_written()? {
            let now = ranges
                .into_iter()
                .find(|range| range.versions.contains(last));
            let now = now.map(|range| KeyRange {
                versions: until.clone(),
                ..range
            });
            keys.entry(path).or_default().extend(now);
        }
        let since = VersionRange::from_until(version, None);
        add_within(&mut keys, successor.keys.as_written()?, &since);
        let keys = Keys::of_parts(keys)?;
        Ok(Self::of(info, keys))
    }
}
