//! Which chart, and which version of it, a set of values was written for.
//!
//! A plain values file does not say. What can be said is which keys are there that only some versions
//! know; a pack lists that as evidence. Evidence narrows the candidates; it never picks one: if several
//! remain, whoever runs the migrations must find that they agree, or ask.

use std::fmt;

use semver::Version;

use crate::{
    pack::{
        Pack, PackError, Scope, Trace, VersionRange,
        model::{Strength, VersionEvidence},
    },
    values::{
        Map, Path, Value, ValuesPart,
        below::{add_below, values_below},
    },
};

/// The version that the content tells.
#[derive(Debug, Clone)]
pub struct Detection {
    /// The released versions that no evidence excludes, oldest first. Empty if evidence contradicts.
    pub candidates: Vec<Version>,
    /// The evidence, strongest first.
    pub clues: Vec<VersionClue>,
}

/// A piece of evidence that was found.
#[derive(Debug, Clone)]
pub struct VersionClue {
    /// The path that is set.
    pub path: Path,
    /// The versions that it speaks for.
    pub versions: VersionRange,
    /// Its strength.
    pub strength: Strength,
    /// The reason for which it tells that.
    pub why: String,
}

/// Adds what [`detect`] looks at to a part of the values.
///
/// # Errors
///
/// If the pack's evidence is not in the format.
pub fn looked_at(pack: &Pack, part: &mut ValuesPart) -> Result<(), PackError> {
    for place in places(pack)? {
        part.add(&place);
    }
    for chart in pack.sub_charts() {
        for place in places(&chart.pack)? {
            add_below(part, &chart.key, &place);
        }
    }
    Ok(())
}

/// The places that a pack's own evidence looks at.
fn places(pack: &Pack) -> Result<Vec<Path>, PackError> {
    let mut places = Vec::new();
    for evidence in &pack.info.evidence {
        let trace = trace(evidence);
        places.extend(trace.looked_at()?);
        if let Some(unless) = &evidence.unless {
            places.push(trace.parse(unless)?);
        }
    }
    Ok(places)
}

fn trace(evidence: &VersionEvidence) -> Trace<'_> {
    Trace {
        field: "evidence",
        path: &evidence.path,
        condition: evidence.condition.as_deref(),
    }
}

/// Looks for a pack's evidence in the effective values of a release, or in the part of them that
/// [`looked_at`] names.
///
/// # Errors
///
/// If an expression of the pack is none.
pub fn detect(pack: &Pack, values: &Map) -> Result<Detection, PackError> {
    let values = Value::Map(values.clone());
    let mut clues = clues(pack, &values)?;
    for chart in pack.sub_charts() {
        let own = Value::Map(values_below(&values, &chart.key));
        for clue in self::clues(&chart.pack, &own)? {
            let below = Path::root().key(&chart.key).concat(&clue.path);
            let is_below = below.get(&values).is_some();
            // A version of the sub-chart stands for those of the chart that bring it along.
            clues.extend(
                chart
                    .own_versions(&clue.versions)
                    .map(|versions| VersionClue {
                        path: if is_below { below } else { clue.path },
                        versions,
                        ..clue
                    }),
            );
        }
    }
    let released = pack
        .info
        .versions
        .keys()
        .filter(|version| version.pre.is_empty());
    let mut candidates: Vec<Version> = released.cloned().collect();
    for clue in clues.iter().filter(|c| c.strength == Strength::Strong) {
        candidates.retain(|version| clue.versions.contains(version));
    }
    for clue in clues.iter().filter(|c| c.strength == Strength::Medium) {
        // Evidence of medium strength chooses among what the strong leaves, and never excludes all of it.
        let mut narrowed = candidates.clone();
        narrowed.retain(|version| clue.versions.contains(version));
        if !narrowed.is_empty() {
            candidates = narrowed;
        }
    }
    clues.sort_by_key(|clue| std::cmp::Reverse(clue.strength));
    Ok(Detection { candidates, clues })
}

/// The pieces of a pack's own evidence that are found.
fn clues(pack: &Pack, values: &Value) -> Result<Vec<VersionClue>, PackError> {
    let mut scope = Scope::new();
    scope.bind("values", Some(values));
    let mut clues = Vec::new();
    for evidence in &pack.info.evidence {
        let trace = trace(evidence);
        let Some(at) = first_match(values, &trace.path()?) else {
            continue;
        };
        if let Some(unless) = &evidence.unless
            && first_match(values, &trace.parse(unless)?).is_some()
        {
            continue;
        }
        if !trace.holds(&scope)? {
            continue;
        }
        clues.push(VersionClue {
            path: at,
            versions: evidence.versions.clone(),
            strength: evidence.strength,
            why: evidence.why.clone(),
        });
    }
    Ok(clues)
}

impl fmt::Display for VersionClue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.path, self.versions, self.why)
    }
}

/// The first concrete path that a pattern fits.
fn first_match(values: &Value, pattern: &Path) -> Option<Path> {
    if pattern.is_concrete() {
        return pattern.get(values).map(|_| pattern.clone());
    }
    let Value::Map(map) = values else { return None };
    let leaves = crate::values::leaves(map);
    leaves
        .into_iter()
        .map(|(path, _)| path)
        .find(|path| pattern.matches_prefix(path).is_some())
}
