//! Keys of older charts in values that are past their migrations.
//!
//! What ran was the newer key. So what an older step would take is never converted: where one of the
//! step's outputs is set it is dropped and told, else it stays and is told.

use std::collections::HashSet;

use semver::Version;

use super::{
    consider::has_unread,
    error::MigrateError,
    layers::list_of,
    node::TracedValue,
    own::{Owned, Places, split_lists},
    run::{StepReport, StepRun},
};
use crate::{
    pack::{Known, Migration, Step, Told, Write},
    values::Path,
};

impl<'r> StepRun<'r> {
    /// Keys whose migration lies before the source version: what ran was the newer key.
    pub(super) fn leftovers(&mut self) -> Result<(), MigrateError> {
        if self.plan.migrations.is_empty() {
            return Ok(());
        }
        self.see_globals()?;
        let keys = &self.plan.pack.keys;
        let from = &self.plan.from;
        // Most files have no unknown key, and for them the migrations of all older versions need not be gone
        // through.
        let stale = self.layers[..self.own].iter().any(|layer| {
            layer.root.entries(layer.view).iter().any(|entry| {
                has_unread(
                    &entry.node,
                    &Path::root().key(&entry.key),
                    keys,
                    from,
                    layer.view,
                )
            })
        });
        if !stale {
            return Ok(());
        }
        let past: Vec<Version> = self
            .plan
            .pack
            .migrated_versions()
            .filter(|version| *version <= from)
            .cloned()
            .collect();
        for version in past.iter().rev() {
            let migrations = self.plan.pack.migrations(version)?.into_iter();
            for migration in migrations.rev() {
                let migration = &*self.for_each(migration)?;
                let places = self.layers.iter();
                let places = places.map(|layer| Places::of(migration, &layer.root, layer.view));
                let places: Vec<Places<'_>> = places.collect();
                let split = self.layers.iter();
                let split = split.map(|layer| split_lists(migration, &layer.root, layer.view));
                let split: Vec<HashSet<Path>> = split.collect();
                let mut dead = Vec::new();
                for (index, step) in migration.steps.iter().enumerate() {
                    if !self.plan.left_out.contains(&step.id) {
                        dead.extend(self.left_over_step(migration, index, &places, &split));
                    }
                }
                for (i, layer) in self.layers.iter_mut().enumerate() {
                    let dead = dead.iter().filter(|(of, _)| *of == i);
                    let dead = dead.map(|(_, path)| path).collect();
                    Places::taken_but(dead, &places[i]).remove_taken(&mut layer.root, layer.view);
                    layer.root.close_gaps();
                }
            }
        }
        Ok(())
    }

    /// Tells what a step that was passed would take. Gives what goes, by layer.
    fn left_over_step(
        &mut self,
        migration: &Migration,
        index: usize,
        places: &[Places<'_>],
        split: &[HashSet<Path>],
    ) -> Vec<(usize, Path)> {
        let step = &migration.steps[index];
        let keys = &self.plan.pack.keys;
        let from = &self.plan.from;
        let mut dead: Vec<Stale> = Vec::new();
        let mut stays: Vec<Stale> = Vec::new();
        let own = self.layers[..self.own].iter();
        for (i, (layer, places)) in own.zip(places).enumerate() {
            for owned in places.owned_by_step(migration, index, &layer.root, layer.view) {
                let take = &step.takes[owned.take];
                // What a step copies stays at its source on purpose.
                if take.stays {
                    continue;
                }
                // What a row leaves may be there on purpose, from an earlier leg of the same route.
                let left = |name: &String| step.all_rows().any(|row| row.leave.contains(name));
                let may_stay = take.name.as_ref().is_some_and(left);
                let (Some(place), Some((_, whole))) = (
                    places.at(&owned.path),
                    layer.root.find(owned.path.segments(), layer.view).pop(),
                ) else {
                    continue;
                };
                for (leaf, node) in place.own_leaves(&whole, &owned.path, &split[i], layer.view) {
                    // What the step itself writes below what it takes is no left-over.
                    let written = step
                        .written_paths()
                        .any(|output| output.matches_prefix(&leaf).is_some());
                    // A dead key that the chart still lists is not left over: it is just dead. What a list
                    // holds is read with it.
                    let unknown = keys.known(&list_of(&leaf), from) == Known::Unknown;
                    if written || !unknown {
                        continue;
                    }
                    let below = Path::new(leaf.segments()[owned.path.depth()..].to_vec());
                    let went = destinations(step, &owned, &below);
                    let is_set = |place: &Path| {
                        let mut layers = self.layers.iter();
                        layers.any(|layer| layer.root.has_match(place.segments(), layer.view))
                    };
                    let stale = Stale {
                        layer: i,
                        at: leaf,
                        node,
                        places: went,
                    };
                    match !may_stay && stale.places.iter().any(is_set) {
                        true => dead.push(stale),
                        false => stays.push(stale),
                    }
                }
            }
        }
        if dead.is_empty() && stays.is_empty() {
            return Vec::new();
        }
        let mut report = StepReport {
            why: step.why.clone(),
            link: step.link.clone(),
            ..StepReport::new(
                &migration.version,
                &step.id,
                format!("Left over from before {}", migration.version),
            )
        };
        let names = |leaves: &[Stale]| -> String {
            let names: Vec<_> = leaves.iter().map(|stale| stale.at.to_string()).collect();
            names.join(", ")
        };
        let chart = &self.plan.pack.info.chart;
        if !dead.is_empty() {
            let many = dead.len() > 1;
            report.tell.push(Told::from(format!(
                "{} {} not read by {chart} {from}; the newer key is set and ran, so {} dropped.",
                names(&dead),
                if many { "are" } else { "is" },
                if many { "they are" } else { "it is" },
            )));
        }
        if !stays.is_empty() {
            let many = stays.len() > 1;
            report.tell.push(Told::from(format!(
                "{} {} not read by {chart} {from}, nor by {}; left as {}.",
                names(&stays),
                if many { "are" } else { "is" },
                self.goal.to,
                if many { "they are" } else { "it is" },
            )));
            report.tell.extend(self.place_now(&stays).map(Told::from));
        }
        for stale in &dead {
            self.record_left_over(stale.layer, &stale.at, &stale.node, &mut report);
        }
        self.steps.push(report);
        dead.into_iter()
            .map(|stale| (stale.layer, stale.at))
            .collect()
    }

    /// The new place of left-overs of a step, if that is one place that the target reads.
    fn place_now(&self, leaves: &[Stale]) -> Option<String> {
        let mut places: Vec<&Path> = leaves.iter().flat_map(|stale| &stale.places).collect();
        let keys = &self.goal.pack.keys;
        places.retain(|place| keys.known(place, &self.goal.to) == Known::Read);
        places.dedup();
        match places.as_slice() {
            [place] => Some(format!(
                "What was meant there has its place at {place} now."
            )),
            _ => None,
        }
    }
}

/// A leaf that a step which was passed would have taken.
struct Stale {
    layer: usize,
    at: Path,
    node: TracedValue,
    /// The places where the step would have put it.
    places: Vec<Path>,
}

/// The places where a step puts a leaf that it takes: the target of its move, or of the row that names it. A list to
/// which items are added is set by others too, and tells nothing.
fn destinations(step: &Step, owned: &Owned, below: &Path) -> Vec<Path> {
    let take = &step.takes[owned.take];
    if let Some(to) = take.to.as_ref().and_then(|to| to.fill(&owned.captures)) {
        return vec![to.concat(below)];
    }
    let Some(name) = &take.name else {
        return Vec::new();
    };
    let writes = || {
        let writes = step.all_rows().flat_map(|row| &row.writes);
        writes.filter(|write| write.by.is_none() && write.path != take.path)
    };
    let uses = |write: &&Write| step.uses_name(&write.value, name).unwrap_or_default();
    let mut places: Vec<Path> = writes()
        .filter(uses)
        .map(|write| write.path.clone())
        .collect();
    if places.is_empty() {
        places.extend(writes().map(|write| write.path.clone()));
    }
    places.dedup();
    places
}
