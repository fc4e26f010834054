//! A copy of the chart's own values in place of a user's: what `helm get values --all` prints, or an old
//! `values.yaml` of the chart that somebody edited.
//!
//! Such a file pins every default of one version. Migrated as it is, each of them becomes a setting that
//! somebody seems to have wanted: old ports, old worker sizes, questions about images that nobody chose.
//! But a line that equals a default may also be there on purpose, and nothing in the file tells which it
//! is. So it is never stripped unasked: where most of a version's defaults are there and most of those
//! are unchanged, one question offers to take all of them away, before the first step runs. While it is
//! open, what it is about is held.
//!
//! It is judged for the release, not for a file of it: a setting goes, from every layer that has it, if
//! what is in effect equals the default. So the layers come to the same as their merged values.
//!
//! It asks only where a migration is ahead. A file that was kept as it is would be asked about for ever
//! otherwise.

use semver::Version;

use super::{
    bind::BoundLayer,
    decision::{Answers, Decision, DecisionValue, Offer},
    error::MigrateError,
    ledger::{Dropped, Fate},
    node::TextPlace,
    run::{Change, StepReport},
};
use crate::{
    pack::{DefaultLeaves, Keys, Known, Told},
    plan::Plan,
    questions::STRIP_DEFAULTS,
    values::{Map, Path, Value, merge::merge_all},
};

const STRIP: &str = "strip";
const KEEP: &str = "keep";

/// A chart with fewer defaults than this is set as a whole by hand, too.
const FEWEST: usize = 10;

/// The result of the question.
pub(super) struct Stripped {
    /// The question, and what was taken away.
    pub report: StepReport,
    /// The leaves that were taken away.
    pub dropped: Vec<Dropped>,
    /// The leaves that wait for the answer.
    pub held: Vec<(String, TextPlace)>,
}

/// The comparison of a set of values with the defaults of a version.
struct DumpComparison {
    /// The defaults that say something: no empty text, list or map.
    defaults: usize,
    /// Those of them that are set.
    set: usize,
    /// Those of them that are set to the default.
    equal: usize,
    /// Every setting that equals its default, an empty one too.
    same: Vec<(Path, Value)>,
}

impl DumpComparison {
    fn new(defaults: &DefaultLeaves, values: &Value) -> Self {
        let mut comparison = Self {
            defaults: 0,
            set: 0,
            equal: 0,
            same: Vec::new(),
        };
        for (path, default) in &defaults.all {
            let says = !is_empty(default);
            comparison.defaults += usize::from(says);
            let Some(value) = path.get(values) else {
                continue;
            };
            comparison.set += usize::from(says);
            if value == default {
                comparison.equal += usize::from(says);
                comparison.same.push((path.clone(), default.clone()));
            }
        }
        comparison
    }

    /// True for a copy: four of five defaults are there, and most of them as the chart has them. A file that was
    /// written by hand sets a few of them, and otherwise than they are.
    fn is_copy(&self) -> bool {
        self.defaults >= FEWEST && self.set * 5 >= self.defaults * 4 && self.equal * 2 > self.set
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Looks for a copy of the source version's defaults, asks, and takes them away if that is the answer.
pub(super) fn strip(
    layers: &mut [BoundLayer<'_>],
    plan: &Plan<'_>,
    answers: &Answers,
) -> Result<Option<Stripped>, MigrateError> {
    if plan.migrations.is_empty() || plan.left_out.contains(STRIP_DEFAULTS) {
        return Ok(None);
    }
    let keys = &plan.pack.keys;
    if are_too_few(layers, plan) {
        return Ok(None);
    }
    let defaults = keys.default_values(&plan.from);
    let Some((values, comparison)) = compared(layers, defaults.leaves())? else {
        return Ok(None);
    };
    let found = in_layers(layers, &comparison.same);
    let Some(first) = found.first().and_then(|(_, _, sources)| sources.first()) else {
        return Ok(None);
    };
    let decision = decide(plan, &comparison, first, answers)?;
    let chosen = decision.chosen().map(str::to_owned);
    let mut stripped = Stripped {
        report: report(plan, decision),
        dropped: Vec::new(),
        held: Vec::new(),
    };
    match chosen.as_deref() {
        None => {
            let sources = found.into_iter().flat_map(|(_, _, sources)| sources);
            stripped.held = sources
                .map(|source| (STRIP_DEFAULTS.to_owned(), source))
                .collect();
        }
        Some(STRIP) => {
            for (layer, path, sources) in found {
                take(layers, layer, &path, sources, &mut stripped);
            }
            let tell = &mut stripped.report.tell;
            tell.extend(changed_defaults(keys, &comparison.same, plan).map(Told::from));
            tell.extend(
                of_bundled_charts(keys, &plan.from, &values, defaults.map(), layers)
                    .map(Told::from),
            );
        }
        Some(_) => {}
    }
    Ok(Some(stripped))
}

/// True if the layers have too few values for a copy. A chart has thousands of defaults, and where the version is open this
/// is asked of each: gathering them all to find that would take longer than everything else.
fn are_too_few(layers: &[BoundLayer<'_>], plan: &Plan<'_>) -> bool {
    let trees = layers.iter().map(|layer| layer.view.tree());
    let mut nodes = 0;
    for tree in trees {
        // An alias stands for many.
        if tree.aliases().next().is_some() {
            return false;
        }
        nodes += tree.nodes().count();
    }
    // The same four of five as for a copy: each default that is set needs a node of its own.
    nodes * 5 < plan.pack.keys.count_defaults(&plan.from) * 4
}

/// The effective values at the places of the defaults, if they are a copy of them.
fn compared(
    layers: &[BoundLayer<'_>],
    defaults: &DefaultLeaves,
) -> Result<Option<(Value, DumpComparison)>, MigrateError> {
    let values = layers.iter().enumerate().map(|(layer, it)| {
        let read = it.view.part(&defaults.part);
        read.map_err(|error| MigrateError::Read { layer, error })
    });
    let values = Value::Map(merge_all(values.collect::<Result<Vec<_>, _>>()?));
    let comparison = DumpComparison::new(defaults, &values);
    Ok(comparison.is_copy().then_some((values, comparison)))
}

/// The places of the settings, layer by layer, with the leaves that they are.
fn in_layers(
    layers: &[BoundLayer<'_>],
    settings: &[(Path, Value)],
) -> Vec<(usize, Path, Vec<TextPlace>)> {
    let mut found = Vec::new();
    for (i, layer) in layers.iter().enumerate() {
        for (path, _) in settings {
            for (path, node) in layer.root.find(path.segments(), layer.view) {
                found.push((i, path, node.made_of(layer.view)));
            }
        }
    }
    found
}

fn decide(
    plan: &Plan<'_>,
    comparison: &DumpComparison,
    first: &TextPlace,
    answers: &Answers,
) -> Result<Decision, MigrateError> {
    let DumpComparison {
        defaults,
        set,
        equal,
        same,
    } = comparison;
    let (chart, from, to) = (&plan.pack.info.chart, &plan.from, &plan.to);
    let mut decision = Decision::new(
        STRIP_DEFAULTS,
        format!(
            "This looks like a copy of all values of {chart} {from}: {set} of its {defaults} defaults are \
             set, {equal} of them unchanged. Were the unchanged ones set on purpose?"
        ),
        vec![DecisionValue::remark(
            "defaults",
            format!(
                "{equal} of {defaults} unchanged, the first at {}",
                first.path
            ),
            Some(first.clone()),
        )],
        vec![
            Offer::plain(
                STRIP,
                format!(
                    "No: remove the {} settings that equal the defaults of {from}; {to} has its own",
                    same.len()
                ),
            ),
            Offer::plain(
                KEEP,
                format!(
                    "Yes: keep them; each is migrated like any other, and stays as it was in {from}" // A name that this chart surely does not list shows whether all below belongs to another chart.
                ),
            ),
        ],
    );
    decision.look_up(answers)?;
    Ok(decision)
}

fn report(plan: &Plan<'_>, decision: Decision) -> StepReport {
    StepReport {
        why: Some(
            "A copy of a chart's values pins every default: what later charts change does not reach the release."
                .to_owned(),
        ),
        ..StepReport::asking(
            &plan.from,
            format!("Take away what only repeats the defaults of {}", plan.from),
            decision,
        )
    }
}

fn take(
    layers: &mut [BoundLayer<'_>],
    layer: usize,
    path: &Path,
    sources: Vec<TextPlace>,
    stripped: &mut Stripped,
) {
    let BoundLayer { view, root } = &mut layers[layer];
    let node = root.find(path.segments(), view).into_iter().next();
    let value = node.and_then(|(_, node)| node.value(view).ok());
    root.remove_all([path], view);
    stripped.report.changes.push(Change {
        layer,
        fate: Fate::Dropped,
        left_over: false,
        path: path.clone(),
        to: None,
        from: Vec::new(),
        value: value.unwrap_or(Value::Null),
    });
    let dropped = sources.into_iter().map(|source| Dropped {
        source,
        step: STRIP_DEFAULTS.to_owned(),
    });
    stripped.dropped.extend(dropped);
}

/// The defaults that are no longer pinned and are other ones in the target, with the lines that pin them again.
fn changed_defaults(keys: &Keys, same: &[(Path, Value)], plan: &Plan<'_>) -> Option<String> {
    let target = keys.default_values(&plan.to);
    let changed: Vec<String> = same
        .iter()
        // A key that the target does not read cannot be pinned again.
        .filter(|(path, _)| keys.known(path, &plan.to) == Known::Read)
        .filter_map(|(path, was)| {
            let now = path
                .get(target.values())
                .filter(|now| *now != was && now.is_leaf())?;
            Some(format!("{path}: {} (now {})", brief(was), brief(now)))
        })
        .collect();
    let (from, to) = (&plan.from, &plan.to);
    (!changed.is_empty()).then(|| {
        format!(
            "These defaults are other ones in {to}. To keep that of {from}, write its line: {}.",
            changed.join(", ")
        )
    })
}

fn brief(value: &Value) -> String {
    crate::pack::expr::describe_value(Some(value))
}

/// The settings of bundled charts in a dump: they are not in this chart's own values, so they cannot be judged.
fn of_bundled_charts(
    keys: &Keys,
    from: &Version,
    known: &Value,
    defaults: &Map,
    layers: &[BoundLayer<'_>],
) -> Option<String> {
    let names = defaults
        .keys()
        .map(|name| Path::root().key(name))
        .filter(|path| keys.known(&path.key("any other"), from) == Known::SubChart);
    let mut found = Vec::new();
    for name in names {
        let mut below = 0;
        for layer in layers {
            for (path, node) in layer.root.find(name.segments(), layer.view) {
                let unknown = |(leaf, _): &(Path, Vec<TextPlace>)| {
                    let leaf = path.concat(leaf);
                    leaf.get(known).is_none() && keys.known(&leaf, from) == Known::SubChart
                };
                below += node
                    .leaves(layer.view)
                    .iter()
                    .filter(|leaf| unknown(leaf))
                    .count();
            }
        }
        if below > 0 {
            found.push(format!("{below} below {name}"));
        }
    }
    (!found.is_empty()).then(|| {
        format!(
            "Settings of bundled charts stay: {}. refit does not know their defaults; `helm get values \
             --all` lists them too, `helm get values` only what was set.",
            found.join(", ")
        )
    })
}
