//! One run: the migrations of a plan, one after the other, over the layers of a release.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use semver::Version;

use super::{
    bind::{BoundLayer, matches, names},
    decision::{Answers, Decision},
    dump,
    error::MigrateError,
    ledger::{Dropped, Fate, Ledger},
    meet::Questions,
    node::{TextPlace, TracedValue},
    own::{Owned, Places},
};
use crate::{
    pack::{Below, LazyValue, Migration, Scope, Step, Told, When},
    plan::{Plan, ReplacedPart},
    values::{Map, Path, Value, view::View},
    yaml::Tree,
};

/// The result of the migrations.
#[derive(Debug, Clone)]
pub struct Migrated {
    /// The layers, with the provenance of every value.
    pub layers: Vec<TracedValue>,
    /// Every step that did, told or asked something, or was left out though it had something to do.
    pub steps: Vec<StepReport>,
    /// The fate of every leaf that did not stay as it was.
    pub ledger: Ledger,
}

/// What the migrations make of the values, before anybody asks what became of each leaf.
#[derive(Debug)]
pub struct MigratedValues {
    /// The layers, with the provenance of every value.
    pub layers: Vec<TracedValue>,
    /// Every step that did, told or asked something, or was left out though it had something to do.
    pub steps: Vec<StepReport>,
    dropped: Vec<Dropped>,
    held: Vec<(String, TextPlace)>,
}

impl MigratedValues {
    /// The same with the fate of every leaf.
    ///
    /// # Errors
    ///
    /// If a leaf would be lost without a word.
    fn with_ledger(self, views: &[&View<'_>], plan: &Plan<'_>) -> Result<Migrated, MigrateError> {
        let ledger = Ledger::new(&self.layers, views, &self.dropped, &self.held, plan)?;
        Ok(Migrated {
            layers: self.layers,
            steps: self.steps,
            ledger,
        })
    }
}

/// The result of a step.
#[derive(Debug, Clone)]
pub struct StepReport {
    /// The migration it belongs to.
    pub version: Version,
    /// Its id.
    pub id: String,
    /// The title: the thing that the step does.
    pub title: String,
    /// The reason.
    pub why: Option<String>,
    /// The address of its documentation.
    pub link: Option<String>,
    /// True if it was drafted in this run, and no pack has it.
    pub is_drafted: bool,
    /// Its state.
    pub state: StepState,
    /// Its changes, in file order.
    pub changes: Vec<Change>,
    /// Its texts.
    pub tell: Vec<Told>,
    /// The tasks that it leaves to a person.
    pub todo: Vec<(When, String)>,
    /// Its question, with the answer.
    pub decision: Option<Decision>,
}

impl StepReport {
    /// A step that is done and did nothing yet.
    #[must_use]
    pub fn new(version: &Version, id: &str, title: impl Into<String>) -> Self {
        Self {
            version: version.clone(),
            id: id.to_owned(),
            title: title.into(),
            why: None,
            link: None,
            is_drafted: false,
            state: StepState::Done,
            changes: Vec::new(),
            tell: Vec::new(),
            todo: Vec::new(),
            decision: None,
        }
    }

    /// A question as a step of its own: open until it is answered.
    #[must_use]
    pub fn asking(version: &Version, title: impl Into<String>, decision: Decision) -> Self {
        let mut report = Self::new(version, &decision.id, title);
        if decision.answer.is_none() {
            report.state = StepState::Open;
        }
        report.decision = Some(decision);
        report
    }
}

/// The state of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepState {
    /// It is done.
    Done,
    /// Its question is open; nothing of it is done.
    Open,
    /// It depends on what an open question of these steps decides.
    Waiting(Vec<String>),
    /// It was left out with `--skip` or `--only`. The paths are what the target will not read because of it.
    LeftOut(Vec<Path>),
}

/// One thing that a step did.
#[derive(Debug, Clone)]
pub struct Change {
    /// The layer.
    pub layer: usize,
    /// The fate of the value: moved, merged, written or dropped.
    pub fate: Fate,
    /// True if it was dropped because it was left over from another chart version, and not in use.
    pub left_over: bool,
    /// The path: the old one of a value that was moved or dropped, the new one of one that was written.
    pub path: Path,
    /// The new path of a value that was moved or merged.
    pub to: Option<Path>,
    /// The paths that a written value was made of.
    pub from: Vec<Path>,
    /// The value.
    pub value: Value,
}

/// Runs the migrations of a plan.
///
/// # Errors
///
/// If the pack is at fault, an answer does not fit its question, or a leaf would be lost without a word.
pub fn migrate(
    views: &[&View<'_>],
    plan: &Plan<'_>,
    answers: &Answers,
    accept_recommended: bool,
) -> Result<Migrated, MigrateError> {
    migrate_values(views, plan, answers, accept_recommended)?.with_ledger(views, plan)
}

/// The same for who looks at the values alone.
///
/// # Errors
///
/// If the pack is at fault, or an answer does not fit its question.
pub fn migrate_values(
    views: &[&View<'_>],
    plan: &Plan<'_>,
    answers: &Answers,
    accept_recommended: bool,
) -> Result<MigratedValues, MigrateError> {
    // Something to see what is handed down through, which stands in none of the texts.
    let handed_down = !plan.global.is_empty();
    let nothing = handed_down.then(|| Tree::parse("{}").ok()).flatten();
    let nothing = nothing
        .as_ref()
        .map(|tree| View::new(tree, tree.documents()[0].root));
    // What waits for the last migration may meet a value in use, too late to hold a step that is done. Then all
    // runs again, with that step held from the start.
    let mut asked_late = BTreeMap::new();
    loop {
        let mut run = StepRun::new(views, plan, answers, accept_recommended, asked_late);
        run.above = nothing.as_ref();
        run.strip_defaults()?;
        run.leftovers()?;
        let mut open = BTreeMap::new();
        if let Some(before) = &plan.before {
            open = run.route(&before.plan)?;
            if open.is_empty() {
                run.change_chart(before, plan)?;
            }
        }
        if open.is_empty() {
            open = run.route(plan)?;
        }
        if open.is_empty() {
            return run.finish();
        }
        asked_late = run.asked_late;
        asked_late.extend(open);
    }
}

fn app(plan: &Plan<'_>, version: &Version) -> String {
    plan.pack
        .info
        .versions
        .get(version)
        .map_or_else(|| version.to_string(), |info| info.app.clone())
}

/// The names by which expressions see the target.
fn target_of(plan: &Plan<'_>) -> Scope<'static> {
    let mut scope = Scope::new();
    let text = |text: String| LazyValue::new(|| Value::String(text));
    let target = LazyValue::map([
        ("values", plan.pack.keys.defaults_made(&plan.to)),
        ("version", text(plan.to.to_string())),
        ("app", text(app(plan, &plan.to))),
    ]);
    scope.bind_made("target", target);
    scope
}

pub(super) struct StepRun<'r> {
    /// The way through the chart that the run is at.
    pub(super) plan: &'r Plan<'r>,
    /// The whole of the way, which ends in the chart that the values shall be for.
    pub(super) goal: &'r Plan<'r>,
    /// The version that rows are for.
    pub(super) to: &'r Version,
    /// True if the run is between two charts, of which the plan is the way through the first.
    changes_chart: bool,
    pub(super) answers: &'r Answers,
    pub(super) accept_recommended: bool,
    pub(super) scope: Scope<'static>,
    /// The layers; behind the release's own, for a sub-chart, what the chart above hands down as `global`.
    pub(super) layers: Vec<BoundLayer<'r>>,
    /// The number of layers that the release has itself.
    pub(super) own: usize,
    /// Through which what is handed down is seen.
    pub(super) above: Option<&'r View<'r>>,
    /// The paths in `global` that were written, and the step of each.
    pub(super) globals: Vec<(String, Path)>,
    /// Leaves that an open question keeps from being decided, with the question.
    pub(super) held: Vec<(String, TextPlace)>,
    /// The outputs that are written after the last migration.
    pub(super) deferred: Vec<Deferred>,
    pub(super) dropped: Vec<Dropped>,
    pub(super) steps: Vec<StepReport>,
    /// The positions of items that were made by a name, in their layers, while a migration is applied.
    pub(super) made: HashMap<(usize, Path), usize>,
    /// The open questions about what steps write after the last migration, by step: it is held.
    pub(super) asked_late: BTreeMap<String, Questions>,
}

pub(super) struct Deferred {
    pub(super) report: usize,
    pub(super) output: Output,
}

/// A value for a place in one layer.
#[derive(Debug, Clone)]
pub(super) struct Output {
    pub(super) layer: usize,
    /// The path, as its step has it.
    pub(super) path: Path,
    /// The same by keys and positions, in its layer and as the release has it, known when what is taken is gone.
    pub(super) place: Path,
    pub(super) stands: Path,
    /// For list items that are added or replaced: the key that tells them apart.
    pub(super) by: Option<String>,
    pub(super) node: TracedValue,
    pub(super) near: Option<Path>,
    /// The old place, for what goes elsewhere unchanged.
    pub(super) moved_from: Option<Path>,
    /// True for a `move`, false for a value that happens to equal a taken one.
    pub(super) moves: bool,
    /// The places that it was made of.
    pub(super) of: Vec<Path>,
    /// The paths at which the step looked or that it took: to write over them is to rewrite them.
    pub(super) seen: Vec<Path>,
    /// The values in its layer that do not count, since the chart above hands something else down.
    pub(super) covered: Vec<(Path, TracedValue)>,
    /// The meaning of the positions in its path.
    pub(super) positions: Positions,
    /// The newest version of the chart before the step's migration: what it did not read is left over.
    pub(super) before: Version,
}

impl Output {
    /// The output of a `move` of a step, out of a layer.
    pub(super) fn moving(effect: &StepEffect<'_>, owned: &Owned, layer: usize, to: Path) -> Self {
        Self {
            layer,
            place: to.clone(),
            stands: to.clone(),
            path: to,
            by: None,
            node: owned.node.clone(),
            near: Some(owned.path.clone()),
            moved_from: Some(owned.path.clone()),
            moves: true,
            of: Vec::new(),
            seen: effect.known_places(),
            covered: Vec::new(),
            positions: Positions::Snapshot,
            before: effect.before.clone(),
        }
    }
}

impl StepEffect<'_> {
    /// The places that the step knows of: what it names, and what it says to be left over where it takes something.
    pub(super) fn known_places(&self) -> Vec<Path> {
        let takes = self.takes.iter().any(|owned| !owned.is_empty());
        let replaced = self.step.replaces.iter().filter(|_| takes);
        let named = names(self.step).map(|named| named.path);
        named.chain(replaced).cloned().collect()
    }
}

/// The meaning of the positions in the path of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Positions {
    /// The items as they were before the migration.
    Snapshot,
    /// The items that are there when everything was taken.
    Standing,
}

/// The effect of a step, before anything is applied.
pub(super) struct StepEffect<'p> {
    pub(super) step: &'p Step,
    /// Its place among the steps of its migration.
    pub(super) index: usize,
    /// The newest version of the chart before its migration.
    pub(super) before: Version,
    pub(super) report: StepReport,
    /// By layer: what it takes.
    pub(super) takes: Vec<Vec<Owned>>,
    pub(super) outputs: Vec<Output>,
    pub(super) deferred: Vec<Output>,
}

impl<'r> StepRun<'r> {
    fn new(
        views: &[&'r View<'r>],
        plan: &'r Plan<'r>,
        answers: &'r Answers,
        accept_recommended: bool,
        asked_late: BTreeMap<String, Questions>,
    ) -> Self {
        let layers = views.iter().enumerate().map(|(i, view)| BoundLayer {
            view,
            root: TracedValue::layer(i, view),
        });
        let goal = plan;
        let plan = plan.origin();
        Self {
            plan,
            goal,
            to: &plan.to,
            changes_chart: false,
            scope: target_of(plan),
            answers,
            accept_recommended,
            layers: layers.collect(),
            own: views.len(),
            above: None,
            globals: Vec::new(),
            held: Vec::new(),
            deferred: Vec::new(),
            dropped: Vec::new(),
            steps: Vec::new(),
            made: HashMap::new(),
            asked_late,
        }
    }

    /// The way through one chart.
    fn route(&mut self, plan: &'r Plan<'r>) -> Result<BTreeMap<String, Questions>, MigrateError> {
        self.plan = plan;
        self.to = &plan.to;
        self.changes_chart = false;
        self.scope = target_of(plan);
        for migration in &plan.migrations {
            self.migration(migration)?;
        }
        self.see_globals()?;
        self.write_deferred()
    }

    /// From a chart to the one that takes its place: what values are for is the other one already, and what was
    /// read is what the newest release of the first one reads.
    fn change_chart(
        &mut self,
        before: &'r ReplacedPart<'r>,
        then: &'r Plan<'r>,
    ) -> Result<(), MigrateError> {
        self.plan = &before.plan;
        self.to = &then.to;
        self.changes_chart = true;
        self.scope = target_of(then);
        self.migration(before.change)
    }

    fn migration(&mut self, migration: &Migration) -> Result<(), MigrateError> {
        self.see_globals()?;
        let migration = &*self.for_each(migration)?;
        let places = self.layers.iter();
        let places = places.map(|layer| Places::of(migration, &layer.root, layer.view));
        let mut places: Vec<Places<'_>> = places.collect();
        let mut effects = Vec::new();
        {
            let mut scope = self.scope.inner();
            let before = self.version_before(&migration.version);
            match &migration.below {
                None => {
                    let defaults = self.plan.pack.keys.defaults_made(&before);
                    scope.bind_made("before", LazyValue::map([("values", defaults)]));
                }
                Some(below) => self.bind_sub_chart(&mut scope, below, &before),
            }
            for (index, step) in migration.steps.iter().enumerate() {
                let considered = self.consider(migration, index, &scope, &places);
                if let Some(effect) = considered.map_err(|e| e.of(&migration.version, &step.id))? {
                    effects.push(effect);
                }
            }
        }
        let met = self.meet(migration, &mut effects, &mut places)?;
        self.apply(effects, met);
        Ok(())
    }

    /// A migration with a plain step for each match of those that are done for several.
    pub(super) fn for_each<'m>(
        &self,
        migration: &'m Migration,
    ) -> Result<Cow<'m, Migration>, MigrateError> {
        migration.for_each(|path| {
            matches(&self.layers, path).map_err(|error| MigrateError::Read { layer: 0, error })
        })
    }

    /// Binds the versions that a sub-chart's expressions see: the sub-chart's, as this chart brings it along.
    fn bind_sub_chart(&self, scope: &mut Scope<'_>, below: &Below, before: &Version) {
        let chart = &below.chart;
        let text = |text: String| LazyValue::new(|| Value::String(text));
        let defaults = |version: &Version| {
            let defaults = self.plan.pack.keys.default_values(version);
            let own = defaults.map().get(&chart.key).cloned();
            LazyValue::new(|| own.unwrap_or_else(|| Value::Map(Map::new())))
        };
        scope.bind_made("before", LazyValue::map([("values", defaults(before))]));
        let to = self.to;
        let version = chart.version_with(to).unwrap_or(&below.version);
        let app = chart.pack.info.versions.get(version);
        let app = app.map_or_else(|| version.to_string(), |info| info.app.clone());
        let target = LazyValue::map([
            ("values", defaults(to)),
            ("version", text(version.to_string())),
            ("app", text(app)),
        ]);
        scope.bind_made("target", target);
    }

    /// The version whose defaults the values have before a migration.
    pub(super) fn version_before(&self, version: &Version) -> Version {
        if self.changes_chart {
            return self.plan.to.clone();
        }
        let versions = &self.plan.pack.info.versions;
        // Versions are in order, and this is asked for each of hundreds of versions that values may be for.
        let older = versions.partition_point(|known, _| known < version);
        let newest = older.checked_sub(1).and_then(|at| versions.get_index(at));
        let newest = newest.map_or(&self.plan.from, |(version, _)| version);
        // The source may be a version that the pack does not list, newer than all that it lists before this one.
        newest.max(&self.plan.from).clone()
    }

    /// Asks about a copy of the chart's defaults before any step sees it.
    fn strip_defaults(&mut self) -> Result<(), MigrateError> {
        let own = &mut self.layers[..self.own];
        if let Some(stripped) = dump::strip(own, self.plan, self.answers)? {
            self.dropped.extend(stripped.dropped);
            self.held.extend(stripped.held);
            self.steps.push(stripped.report);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<MigratedValues, MigrateError> {
        self.globals_count()?;
        self.layers.truncate(self.own);
        let layers: Vec<TracedValue> = self.layers.into_iter().map(|layer| layer.root).collect();
        let mut steps = self.steps;
        for step in &mut steps {
            // Within a kind the changes stay in the order of the file, for the sort is stable.
            step.changes.sort_by_key(|change| {
                let goes = change.fate == Fate::Dropped;
                (goes, change.fate, change.left_over)
            });
        }
        Ok(MigratedValues {
            layers,
            steps,
            dropped: self.dropped,
            held: self.held,
        })
    }
}
