//! A pack with a draft on top of it: what was found out in this run about versions that it does not know, and about
//! settings that none of its steps speaks of.
//!
//! The pack comes first, whatever the draft says: its migrations run before those of the draft, also at the same
//! version, and of the versions that it knows its keys count alone.

use std::sync::OnceLock;

use semver::Version;

use super::{
    built_in::Identity,
    error::PackError,
    keys::{Keys, add_within},
    load::{LazyKeys, Pack, PackContent},
    model::KeysFile,
    range::VersionRange,
};

impl Pack {
    /// The pack with what was drafted for its chart on top.
    ///
    /// # Errors
    ///
    /// If a file of one of the two is not in the format.
    pub fn with_draft(&self, draft: &Self) -> Result<Self, PackError> {
        let mut content = PackContent::read(self.source(), false)?;
        let newest = content.info.versions.keys().max();
        let is_newer = |version: &&Version| newest.is_none_or(|newest| *version > newest);
        let first = draft.info.versions.keys().filter(is_newer).min().cloned();
        if let Some(first) = first {
            content.keys = self.keys_until(&first, draft)?;
            content.drafted_from = Some(first.clone());
            let newer = draft.info.versions.iter();
            let newer = newer.filter(|(version, _)| **version >= first);
            content
                .info
                .versions
                .extend(newer.map(|(version, info)| (version.clone(), info.clone())));
            content.info.versions.sort_unstable_keys();
        }
        for version in draft.migrated_versions() {
            let migrations = draft.migrations(version)?.into_iter();
            content.drafted.extend(migrations.cloned());
        }
        Ok(Self::from_content(
            Identity {
                oldest: content.info.versions.keys().next().cloned(),
                ..self.identity.clone()
            },
            self.source().clone(),
            content,
        ))
    }

    /// True if a version is known by a draft alone.
    #[must_use]
    pub fn is_draft_of(&self, version: &Version) -> bool {
        let first = self.drafted_from.as_ref();
        first.is_some_and(|first| version >= first)
    }

    /// Its keys of the versions before one, and those of the draft from there on, in the order of the newer chart.
    fn keys_until(&self, first: &Version, draft: &Self) -> Result<LazyKeys, PackError> {
        let mut keys = KeysFile::default();
        let since = VersionRange::from_until(first, None);
        add_within(&mut keys, draft.keys.as_written()?, &since);
        let until = VersionRange::up_to(first);
        add_within(&mut keys, self.keys.as_written()?, &until);
        let keys = Keys::of_parts(keys)?;
        Ok(LazyKeys::of(OnceLock::from(keys), self.source().clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pack of two versions with one step, which comes with the second.
    fn with_step(id: &str) -> Pack {
        let files = [
            (
                "pack.yaml",
                "pack: 1\nchart: gull\ntitle: A chart\nversions: {1.0.0: {app: '1'}, 2.0.0: {app: '2'}}\n".to_owned(),
            ),
            ("keys.yaml", "a: [{in: '*'}]\nb: [{in: '*'}]\n".to_owned()),
            (
                "2.0.0.yaml",
                format!(
                    "version: 2.0.0\ntitle: A change\nsteps: {{{id}: {{title: Move a, move: {{a: b}}}}}}\n"
                ),
            ),
        ];
        let files = files.map(|(name, text)| (name.to_owned(), text));
        Pack::from_texts(files.into_iter().collect()).unwrap()
    }

    #[test]
    fn steps_of_a_pack_come_before_those_of_a_draft_for_the_same_version() {
        let both = with_step("own").with_draft(&with_step("found")).unwrap();
        let version = Version::new(2, 0, 0);
        let migrations = both.migrations(&version).unwrap();
        let steps = migrations.iter().flat_map(|migration| &migration.steps);
        let ids: Vec<&str> = steps.map(|step| step.id.as_str()).collect();
        assert_eq!(ids, ["own", "found"]);
        assert!(!both.is_draft_of(&version), "the pack knows it");
    }
}
