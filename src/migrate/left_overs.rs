//! Keys of older charts in values that are past their migrations.
//!
//! What ran was the newer key. So what an older step would take is never converted: where one of the
//! step's outputs is set it is dropped and told, else it stays and is told.

use semver::Version;

use super::{
    consider::has_unread,
    error::MigrateError,
    node::Node,
    place::Spared,
    run::{Run, StepReport, spared},
};
use crate::{
    pack::{Known, Migration, Step},
    values::Path,
};

impl<'r> Run<'r> {
    /// Keys whose migration lies before the source version: what ran was the newer key.
    pub(super) fn leftovers(&mut self) -> Result<(), MigrateError> {
        if self.plan.migrations.is_empty() {
            return Ok(());
        }
        let keys = &self.plan.pack.keys;
        let from = &self.plan.from;
        let stale = self.layers.iter().any(|layer| {
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
            let Some(migration) = self.plan.pack.migration(version)? else {
                continue;
            };
            let wanted = |step: &&Step| !self.plan.left_out.contains(&step.id);
            for step in migration.steps.iter().filter(wanted) {
                self.left_over_step(migration, step);
            }
        }
        Ok(())
    }

    pub(super) fn left_over_step(&mut self, migration: &Migration, step: &Step) {
        let keys = &self.plan.pack.keys;
        let from = &self.plan.from;
        let snapshot = self.layers.clone();
        let mut dead: Vec<(usize, Path, Path, Node)> = Vec::new();
        let mut stays: Vec<(usize, Path, Path, Node)> = Vec::new();
        for (i, layer) in snapshot.iter().enumerate() {
            for take in &step.takes {
                // What a row leaves may be there on purpose, from an earlier leg of the same route.
                let left = |name: &String| step.all_rows().any(|row| row.leave.contains(name));
                let may_stay = take.name.as_ref().is_some_and(left);
                for (path, node) in layer.root.find(take.path.segments(), layer.view) {
                    for (below, _) in node.leaves(layer.view) {
                        let leaf = path.concat(&below);
                        // What the step itself writes below what it takes is no left-over.
                        let written = step
                            .outputs()
                            .any(|output| output.matches_prefix(&leaf).is_some());
                        let spared =
                            written || spared(migration, step, &take.path, &leaf) == Spared::Whole;
                        // A dead key that the chart still lists is not left over: it is just dead.
                        let unknown = keys.known(&leaf, from) == Known::Unknown;
                        if unknown && !spared {
                            let list = if may_stay { &mut stays } else { &mut dead };
                            list.push((i, leaf, below, node.clone()));
                        }
                    }
                }
            }
        }
        // A list that items are added to is set by others too, and tells nothing.
        let added: Vec<&Path> = step
            .all_rows()
            .flat_map(|row| &row.writes)
            .filter(|write| write.by.is_some())
            .map(|write| &write.path)
            .collect();
        let mut outputs = step.outputs().filter(|output| !added.contains(output));
        let superseded = outputs.any(|output| {
            snapshot
                .iter()
                .any(|layer| !layer.root.find(output.segments(), layer.view).is_empty())
        });
        if !superseded {
            stays = dead.drain(..).chain(stays).collect();
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
        let names = |leaves: &[(usize, Path, Path, Node)]| -> String {
            let names: Vec<_> = leaves.iter().map(|(_, at, _, _)| at.to_string()).collect();
            names.join(", ")
        };
        let chart = &self.plan.pack.info.chart;
        if !dead.is_empty() {
            let many = dead.len() > 1;
            report.tell.push(format!(
                "{} {} not read by {chart} {from}; the newer key is set and ran, so {} dropped.",
                names(&dead),
                if many { "are" } else { "is" },
                if many { "they are" } else { "it is" },
            ));
        }
        if !stays.is_empty() {
            let many = stays.len() > 1;
            report.tell.push(format!(
                "{} {} not read by {chart} {from}, nor by {}; left as {}.",
                names(&stays),
                if many { "are" } else { "is" },
                self.plan.to,
                if many { "they are" } else { "it is" },
            ));
            report.tell.extend(self.place_now(step, &stays));
        }
        for (i, path, below, node) in &dead {
            let layer = &mut self.layers[*i];
            layer.root.remove(
                path.segments(),
                &|_| Spared::Nothing,
                &Path::root(),
                layer.view,
            );
            let leaf = node.find(below.segments(), layer.view).into_iter().next();
            let leaf = leaf.map_or_else(|| node.clone(), |(_, leaf)| leaf);
            self.record_left_over(*i, path, &leaf, &mut report);
        }
        if !report.tell.is_empty() {
            self.steps.push(report);
        }
    }

    /// Where left-overs of a step have their place, if that is one place that the target reads.
    pub(super) fn place_now(
        &self,
        step: &Step,
        leaves: &[(usize, Path, Path, Node)],
    ) -> Option<String> {
        let mut places = Vec::new();
        for (_, leaf, _, _) in leaves {
            places.extend(step.destinations(leaf).unwrap_or_default());
        }
        let keys = &self.plan.pack.keys;
        places.retain(|place| keys.known(place, &self.plan.to) == Known::Read);
        places.dedup();
        match places.as_slice() {
            [place] => Some(format!(
                "What was meant there has its place at {place} now."
            )),
            _ => None,
        }
    }
}
