//! The plan: which migrations run, in which order, and which of their steps.

use std::collections::BTreeSet;

use semver::Version;

use crate::{
    pack::{Migration, Pack, PackError, Successor},
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
    /// Where the route begins with a chart that this one takes the place of: the way up to there.
    pub before: Option<Box<ReplacedPart<'p>>>,
}

/// The part of a route that lies in a chart which another one takes the place of.
#[derive(Debug)]
pub struct ReplacedPart<'p> {
    /// The way to the newest release of that chart.
    pub plan: Plan<'p>,
    /// What brings values from there to the other chart.
    pub change: &'p Migration,
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
    /// The target is older than the version that takes the place of the other chart.
    #[error(
        "{chart} takes the place of {of} from its version {since} on; refit brings values to none before"
    )]
    BeforeSuccession {
        /// The chart whose place is taken.
        of: String,
        /// The chart.
        chart: String,
        /// Its first version that does.
        since: Version,
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
        let migrations = route(pack, from, to)?;
        let route = format!("between {from} and {to}");
        let left_out = left_out(selection, &migrations, (pack, from), route)?;
        Ok(Self {
            pack,
            from: from.clone(),
            to: to.clone(),
            migrations,
            left_out,
            global: Map::new(),
            before: None,
        })
    }

    /// Makes the plan for a route that leads from a chart to the one that takes its place.
    ///
    /// # Errors
    ///
    /// As [`Plan::new`], and if the target is older than the version that takes the place.
    pub fn succeeding(
        pack: &'p Pack,
        from: &Version,
        successor: &'p Successor,
        to: &Version,
        selection: &Selection,
    ) -> Result<Self, PlanError> {
        if *to < successor.version {
            return Err(PlanError::BeforeSuccession {
                of: pack.info.chart.clone(),
                chart: successor.pack.info.chart.clone(),
                since: successor.version.clone(),
            });
        }
        let last = pack.newest_release().max(from);
        let first = route(pack, from, last)?;
        let migrations = route(&successor.pack, &successor.version, to)?;
        let way = [first.as_slice(), &[&successor.migration], &migrations].concat();
        let named = |pack: &Pack, version| format!("{} {version}", pack.info.chart);
        let text = format!(
            "between {} and {}",
            named(pack, from),
            named(&successor.pack, to)
        );
        let left_out = left_out(selection, &way, (pack, from), text)?;
        let plan = Self {
            pack,
            from: from.clone(),
            to: last.clone(),
            migrations: first,
            left_out: left_out.clone(),
            global: Map::new(),
            before: None,
        };
        Ok(Self {
            pack: &successor.pack,
            from: successor.version.clone(),
            to: to.clone(),
            migrations,
            left_out,
            global: Map::new(),
            before: Some(Box::new(ReplacedPart {
                plan,
                change: &successor.migration,
            })),
        })
    }

    /// The same for a sub-chart to which this `global` is handed down.
    #[must_use]
    pub fn with_global(mut self, global: Map) -> Self {
        if let Some(before) = &mut self.before {
            before.plan.global.clone_from(&global);
        }
        self.global = global;
        self
    }

    /// Where the route begins: the plan for the chart that the values are for.
    #[must_use]
    pub fn origin(&self) -> &Self {
        self.before.as_ref().map_or(self, |before| &before.plan)
    }

    /// Every migration of the route, through all of its charts.
    pub fn all_migrations(&self) -> impl Iterator<Item = &'p Migration> {
        let before = self.before.iter();
        let before = before.flat_map(|before| {
            let migrations = before.plan.migrations.iter().copied();
            migrations.chain([before.change])
        });
        before.chain(self.migrations.iter().copied())
    }
}

/// The migrations of a chart on the way from one version to another.
fn route<'p>(
    pack: &'p Pack,
    from: &Version,
    to: &Version,
) -> Result<Vec<&'p Migration>, PlanError> {
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
    let migrations = route.map(|version| pack.migrations(version));
    Ok(migrations.collect::<Result<Vec<_>, _>>()?.concat())
}

/// The steps that are left out on a route.
fn left_out(
    selection: &Selection,
    migrations: &[&Migration],
    (pack, from): (&Pack, &Version),
    route: String,
) -> Result<BTreeSet<String>, PlanError> {
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
                route,
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
    Ok(left_out)
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
