//! Which chart values are of, where nothing names it.
//!
//! Keys tell versions of one chart apart long before they tell charts apart: `controller.image` says a lot of
//! a file that is known to be for one chart, and nothing of a file that can be for any. So a pack lists what
//! tells *the chart* by itself, and a file is the chart's by a rule that a person can check by hand:
//!
//! 1. at least one telling key of the pack is found; one that tells by its name alone (without `if`) counts
//!    only if no other known pack has that key;
//! 2. the chart knows more of the file's keys than it does not know ([`Weight`]);
//! 3. no other known pack can say the same.
//!
//! This module must never look at evidence of versions, and never guess among several.

use crate::{
    pack::{Pack, PackError, Scope, Trace, model::Telling},
    values::{Map, Path, Segment, Value, ValuesPart},
};

/// A key that tells the chart, as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TellingKey {
    /// The path that is set.
    pub path: Path,
    /// The reason for which it tells the chart.
    pub why: String,
}

/// The keys of some values that a chart knows, and those that it does not. A key counts once, where the chart's
/// knowledge of it begins to be the user's own, or ends: a map that the chart leaves to the user is one key, and so is
/// a map that it does not know. `global`, which Helm hands to every chart, counts for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weight {
    /// The number of keys that a version of the chart knows.
    pub known: usize,
    /// The keys that no version of it knows.
    pub unknown: Vec<Path>,
}

impl Weight {
    /// The weight of values for the chart of a pack.
    #[must_use]
    pub fn of(pack: &Pack, values: &Map) -> Self {
        let mut weight = Self::default();
        weight.add(pack, values, &Path::root());
        weight
    }

    /// True if the chart knows more of the keys than it does not.
    #[must_use]
    pub fn speaks_for_the_chart(&self) -> bool {
        self.known > self.unknown.len()
    }

    fn add(&mut self, pack: &Pack, values: &Map, above: &Path) {
        for (key, value) in values {
            let path = above.key(key);
            if above.is_root() && key == "global" {
                continue;
            }
            if !is_known(pack, &path) {
                self.unknown.push(path);
                continue;
            }
            match value {
                Value::Map(map) if !map.is_empty() && pack.keys.have_below(&path) => {
                    self.add(pack, map, &path);
                }
                _ => self.known += 1,
            }
        }
    }
}

/// The evidence of values for one chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartClaim {
    /// The telling keys that were found.
    pub signs: Vec<TellingKey>,
    /// The weight of the keys that the chart knows.
    pub weight: Weight,
}

impl ChartClaim {
    /// True if the values are the chart's, as far as this chart alone is looked at.
    #[must_use]
    pub fn is_of_chart(&self) -> bool {
        !self.signs.is_empty() && self.weight.speaks_for_the_chart()
    }
}

/// Adds what [`signs`] looks at to a part of the values. What begins with a key that is not `there` at the root of
/// them is left out: it would not be found.
///
/// # Errors
///
/// If the pack's telling keys are not in the format.
pub fn looked_at(
    pack: &Pack,
    there: impl Fn(&str) -> bool,
    part: &mut ValuesPart,
) -> Result<(), PackError> {
    for telling in &pack.identity.identifies.keys {
        let trace = trace(telling);
        let absent = match trace.path()?.segments().first() {
            Some(Segment::Key(key)) => !there(key),
            _ => false,
        };
        if !absent {
            trace.add_to(part)?;
        }
    }
    Ok(())
}

fn trace(telling: &Telling) -> Trace<'_> {
    Trace {
        field: "identifies",
        path: &telling.path,
        condition: telling.condition.as_deref(),
    }
}

/// The telling keys of a pack that are found in values, or in the part of them that [`looked_at`] names.
/// `all` are the packs that are known.
///
/// # Errors
///
/// If an expression of the pack is none.
pub fn signs(pack: &Pack, all: &[Pack], values: &Map) -> Result<Vec<TellingKey>, PackError> {
    let values = Value::Map(values.clone());
    let mut scope = Scope::new();
    scope.bind("values", Some(&values));
    let mut signs = Vec::new();
    for telling in &pack.identity.identifies.keys {
        let trace = trace(telling);
        let found = trace.path()?.find(&values).into_iter().next();
        let Some(path) = found.map(|found| found.path) else {
            continue;
        };
        let tells = match &telling.condition {
            Some(_) => trace.holds(&scope)?,
            None => !all.iter().any(|other| {
                other.chart() != pack.chart() && pack.shares_telling_key(telling, &path, other)
            }),
        };
        if tells {
            let why = telling.why.clone();
            signs.push(TellingKey { path, why });
        }
    }
    Ok(signs)
}

/// The evidence of values for a chart; `None` without any telling key. The whole values are asked for only if there is
/// one.
///
/// # Errors
///
/// If an expression of the pack is none.
pub fn claim(
    pack: &Pack,
    all: &[Pack],
    part: &Map,
    whole: impl FnOnce() -> Map,
) -> Result<Option<ChartClaim>, PackError> {
    let signs = signs(pack, all, part)?;
    if signs.is_empty() {
        return Ok(None);
    }
    let weight = Weight::of(pack, &whole());
    Ok(Some(ChartClaim { signs, weight }))
}

/// True if any version of the chart knows a path: as its own, as the user's own, or as a sub-chart's.
fn is_known(pack: &Pack, path: &Path) -> bool {
    pack.keys.is_known_in_any(path, pack.info.versions.keys())
}
