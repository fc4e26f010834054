//! What the chart above hands down as `global`, for the values of a sub-chart.
//!
//! Helm puts the `global` of an umbrella chart over that of each chart below it. To the steps it is a layer on top of
//! the release's own, seen like any other. But it is not the release's: other charts read it. So what is taken from
//! it stays there, and what comes of it is written into the release's own layers. Where that would not count, because
//! the chart above says something else at that place, nothing is written at all. What counts of it hangs on the
//! release's own `global`, so it is worked out anew before each migration.

use std::collections::BTreeSet;

use super::{
    bind::{BoundLayer, effective},
    error::MigrateError,
    layers::list_of,
    node::TracedValue,
    own::Owned,
    place::NewKeyPlace,
    run::{Output, StepEffect, StepReport, StepRun, StepState},
};
use crate::{
    pack::{Step, Told},
    values::{
        Map, Path, Value,
        coalesce::GLOBAL,
        merge::{counting_globals, hand_down},
    },
};

impl<'r> StepRun<'r> {
    /// Puts what is handed down behind the release's own layers, as far as it counts now.
    pub(super) fn see_globals(&mut self) -> Result<(), MigrateError> {
        self.layers.truncate(self.own);
        let Some(view) = self.above else {
            return Ok(());
        };
        let counting = counting_globals(self.own_global()?.as_ref(), &self.plan.global);
        if !counting.is_empty() {
            let global = Map::from_iter([(GLOBAL.to_owned(), Value::Map(counting))]);
            let root = TracedValue::made_by_step(Value::Map(global), Vec::new(), None);
            self.layers.push(BoundLayer { view, root });
        }
        Ok(())
    }

    /// The `global` of the release's own layers.
    fn own_global(&self) -> Result<Option<Value>, MigrateError> {
        let own = &self.layers[..self.own];
        effective(own, None, &Path::root().key(GLOBAL))
            .map_err(|error| MigrateError::Read { layer: 0, error })
    }

    /// Adds what moves out of what is handed down: it goes into the right-most layer, over what moves there from
    /// the same place.
    pub(super) fn add_handed_down(
        &self,
        effect: &StepEffect<'_>,
        owned: &Owned,
        to: Path,
        outputs: &mut Vec<Output>,
    ) -> Result<(), MigrateError> {
        let Some(layer) = self.own.checked_sub(1) else {
            let step = effect.step.id.clone();
            return Err(MigrateError::NoValues { step });
        };
        let node = owned.node.value(self.layers[self.own].view);
        let node = TracedValue::made_by_step(node.unwrap_or(Value::Null), Vec::new(), None);
        let same = |output: &&mut Output| {
            output.layer == layer && output.moved_from.as_ref() == Some(&owned.path)
        };
        if let Some(below) = outputs.iter_mut().find(same) {
            let place = NewKeyPlace {
                near: None,
                keys: &self.plan.pack.keys,
            };
            let view = self.layers[layer].view;
            let covered = below.node.put(&Path::root(), node, place, view).into_iter();
            let covered = covered.map(|(path, node)| (owned.path.concat(&path), node));
            below.covered.extend(covered);
            return Ok(());
        }
        // Other charts read what is handed down, so this is a copy, and nothing moves away from there.
        outputs.push(Output {
            node,
            near: None,
            moved_from: None,
            of: vec![owned.path.clone()],
            ..Output::moving(effect, owned, layer, to)
        });
        Ok(())
    }

    /// Says that what a step took of what is handed down stays where it is.
    pub(super) fn tell_of_globals(
        &self,
        step: &Step,
        takes: &[Vec<Owned>],
        report: &mut StepReport,
    ) {
        let owned = takes.iter().enumerate().flat_map(|(layer, takes)| {
            let stays = move |owned: &&Owned| layer == self.own || step.takes[owned.take].stays;
            takes.iter().filter(stays)
        });
        let paths: BTreeSet<String> = owned.map(|owned| owned.path.to_string()).collect();
        if paths.is_empty() || report.state != StepState::Done {
            return;
        }
        let stay = if paths.len() > 1 { "stay" } else { "stays" };
        let paths: Vec<String> = paths.into_iter().collect();
        report.tell.push(Told::from(format!(
            "{} {stay} at the root of the values as well: what stands there is for every chart below, and others may read it.",
            paths.join(", ")
        )));
    }

    /// Notes what is written into `global`.
    pub(super) fn note_global(&mut self, step: &str, path: &Path) {
        if path.is_global() && !self.plan.global.is_empty() {
            self.globals.push((step.to_owned(), list_of(path)));
        }
    }

    /// Checks that every value that was written into `global` counts, with the one that is handed down over it.
    pub(super) fn globals_count(&self) -> Result<(), MigrateError> {
        if self.globals.is_empty() {
            return Ok(());
        }
        let Some(global) = self.own_global()? else {
            return Ok(());
        };
        let own = Map::from_iter([(GLOBAL.to_owned(), global)]);
        let mut seen = own.clone();
        hand_down(&mut seen, &self.plan.global);
        let (own, seen) = (Value::Map(own), Value::Map(seen));
        for (step, path) in &self.globals {
            if let Some(written) = path.get(&own)
                && let Some(at) = covered(written, path.get(&seen), path)
            {
                return Err(MigrateError::HandedDown {
                    step: step.clone(),
                    path: at.to_string(),
                });
            }
        }
        Ok(())
    }
}

/// The first place of a value that is something else where it is seen.
fn covered(written: &Value, seen: Option<&Value>, at: &Path) -> Option<Path> {
    match (written, seen) {
        (Value::Map(written), Some(Value::Map(seen))) => written
            .iter()
            .find_map(|(key, value)| covered(value, seen.get(key), &at.key(key))),
        (written, seen) => (Some(written) != seen).then(|| at.clone()),
    }
}
