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
        model::{Evidence, Strength},
    },
    values::{Map, Path, Value, ValuesPart},
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
    for evidence in &pack.info.evidence {
        let trace = trace(evidence);
        trace.add_to(part)?;
        if let Some(unless) = &evidence.unless {
            part.add(&trace.parse(unless)?);
        }
    }
    Ok(())
}

fn trace(evidence: &Evidence) -> Trace<'_> {
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
    let mut scope = Scope::new();
    scope.bind("values", Some(&values));
    let mut clues = Vec::new();
    let mut found = Vec::new();
    for evidence in &pack.info.evidence {
        let trace = trace(evidence);
        let Some(at) = first(&values, &trace.path()?) else {
            continue;
        };
        if let Some(unless) = &evidence.unless
            && first(&values, &trace.parse(unless)?).is_some()
        {
            continue;
        }
        if !trace.holds(&scope)? {
            continue;
        }
        found.push(evidence);
        clues.push(VersionClue {
            path: at,
            versions: evidence.versions.clone(),
            strength: evidence.strength,
            why: evidence.why.clone(),
        });
    }
    let released = pack
        .info
        .versions
        .keys()
        .filter(|version| version.pre.is_empty());
    let mut candidates: Vec<Version> = released.cloned().collect();
    for evidence in found.iter().filter(|e| e.strength == Strength::Strong) {
        candidates.retain(|version| evidence.versions.contains(version));
    }
    for evidence in found.iter().filter(|e| e.strength == Strength::Medium) {
        let mut narrowed = candidates.clone();
        narrowed.retain(|version| evidence.versions.contains(version));
        if !narrowed.is_empty() {
            candidates = narrowed;
        }
    }
    clues.sort_by_key(|clue| std::cmp::Reverse(clue.strength));
    Ok(Detection { candidates, clues })
}

impl fmt::Display for VersionClue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.path, self.versions, self.why)
    }
}

/// The first concrete path that a pattern fits.
fn first(values: &Value, pattern: &Path) -> Option<Path> {
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
