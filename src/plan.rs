//! The plan: which migrations run, in which order, and which of their steps.

use std::collections::BTreeSet;

use semver::Version;

use crate::{
    pack::{Migration, Pack, PackError},
    questions,
    spelling::closest,
    values::Map,
};

/// The steps that are asked for, and those that are not.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these steps (and those they need); empty for all.
    pub only: Vec<String>,
    /// Not these steps.
    pub skip: Vec<String>,
    /// Not these steps either, where they are on the route: what was decided for another file, or
    /// before this one was upgraded, must not stop it.
    pub skip_known: Vec<String>,
}

/// The migrations to run.
#[derive(Debug)]
pub struct Plan<'p> {
    /// The pack.
    pub pack: &'p Pack,
    /// The version that the values are for.
    pub from: Version,
    /// The version that they shall be for.
    pub to: Version,
    /// Oldest first: every migration after `from`, up to `to`.
    pub migrations: Vec<&'p Migration>,
    /// The steps that are left out: of these migrations, or of older ones, whose left-overs then stay, or
    /// what refit itself offers to do. Its questions about what an edit would do cannot be left out.
    pub left_out: BTreeSet<String>,
    /// The `global` that the chart above hands down to a sub-chart: it stands over the values' own `global` and is not
    /// theirs to change.
    pub global: Map,
}

/// The reasons for which there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The pack is at fault.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The target is older than the source.
    #[error("the values are for {chart} {from}, which is newer than {to}; refit does not go back")]
    Backwards {
        /// The chart.
        chart: String,
        /// The source version.
        from: Version,
        /// The target version.
        to: Version,
    },
    /// A step that was named does not exist on the route.
    #[error(
        "there is no step `{id}` {route}{}",
        match close { Some(close) => format!("; did you mean `{close}`?"), None => String::new() }
    )]
    UnknownStep {
        /// The id that was named.
        id: String,
        /// Between which versions.
        route: String,
        /// The step that is spelled most alike.
        close: Option<String>,
        /// The steps on the route.
        known: Vec<String>,
    },
}

impl<'p> Plan<'p> {
    /// Makes the plan for a route. Only the migrations on the route are read.
    ///
    /// # Errors
    ///
    /// If the route goes backwards, a selected step is not on it, or a migration cannot be read.
    pub fn new(
        pack: &'p Pack,
        from: &Version,
        to: &Version,
        selection: &Selection,
    ) -> Result<Self, PlanError> {
        if from > to {
            return Err(PlanError::Backwards {
                chart: pack.info.chart.clone(),
                from: from.clone(),
                to: to.clone(),
            });
        }
        let route = pack
            .migrated_versions()
            .filter(|version| *version > from && *version <= to);
        let migrations = route
            .map(|version| pack.migrations(version))
            .collect::<Result<Vec<_>, _>>()?
            .concat();
        let steps = || migrations.iter().flat_map(|migration| &migration.steps);
        for id in selection.only.iter().chain(&selection.skip) {
            // A step from before the route may still drop what it left over; that can be skipped, too.
            let known = steps().any(|step| step.id == *id)
                || questions::built_in(id).is_some()
                || selection.skip.contains(id) && is_past(pack, from, id)?;
            if !known {
                let close = closest(id, steps().map(|step| step.id.as_str()));
                return Err(PlanError::UnknownStep {
                    id: id.clone(),
                    route: format!("between {from} and {to}"),
                    close: close.map(str::to_owned),
                    known: steps().map(|step| step.id.clone()).collect(),
                });
            }
        }
        let mut wanted: BTreeSet<&str> = selection.only.iter().map(String::as_str).collect();
        while let Some(needed) = steps()
            .filter(|step| wanted.contains(step.id.as_str()))
            .flat_map(|step| &step.needs)
            .find(|id| !wanted.contains(id.as_str()))
        {
            wanted.insert(needed);
        }
        let ids = steps().map(|step| step.id.as_str());
        let left_out = ids
            .chain(questions::ALL.iter().map(|own| own.id))
            .filter(|id| !selection.only.is_empty() && !wanted.contains(id))
            .map(str::to_owned)
            .chain(selection.skip.iter().chain(&selection.skip_known).cloned())
            .collect();
        Ok(Self {
            pack,
            from: from.clone(),
            to: to.clone(),
            migrations,
            left_out,
            global: Map::new(),
        })
    }

    /// The same for a sub-chart to which this `global` is handed down.
    #[must_use]
    pub fn below(self, global: Map) -> Self {
        Self { global, ..self }
    }
}

/// True if a step belongs to a migration that lies before the route.
fn is_past(pack: &Pack, from: &Version, id: &str) -> Result<bool, PackError> {
    for version in pack.migrated_versions().filter(|version| *version <= from) {
        if pack.step(version, id)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
