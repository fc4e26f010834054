//! Where an effect of a chart lives: places in rendered objects, and how they moved.
//!
//! Most places of a new rendering are found by themselves. What moved between kinds of place cannot be: an
//! environment variable that became a key of a configuration file, three Services that became one. A pack
//! declares those in `effects:`, and only the check of effects reads them: they change no values.

use semver::Version;

use super::{Pack, model::EffectsFile};
use crate::values::{Path, Segment};

/// A place in a rendered object, or a pattern for places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectField {
    /// The kind of the object.
    pub kind: String,
    /// Its name; in a pattern one `*` stands for any text.
    pub name: String,
    /// The field, or what holds the fields.
    pub path: Path,
}

/// One move: from a pattern to the first of some places that is there.
#[derive(Debug, Clone)]
pub struct Moved {
    /// The version that moved it.
    pub version: Version,
    /// The old field.
    pub from: ObjectField,
    /// The new fields, the strongest first.
    pub to: Vec<ObjectField>,
}

/// The parts of a field that a pattern has caught.
struct Caught {
    star: Option<String>,
    segments: Vec<Segment>,
    rest: Path,
}

impl ObjectField {
    /// Reads `KIND/NAME PATH`, or `NAME-OF-A-PLACE PATH`.
    fn read(text: &str, file: &EffectsFile) -> Result<Self, String> {
        let (head, path) = match text.split_once(' ') {
            Some((head, path)) => (head, path.trim()),
            None => (text, ""),
        };
        let below = if path.is_empty() {
            Path::root()
        } else {
            path.parse::<Path>()
                .map_err(|error| format!("place `{text}`: {error}"))?
        };
        let Some((kind, name)) = head.split_once('/') else {
            let known = file.places.get(head).ok_or_else(|| {
                format!("place `{text}`: there is no place `{head}` under `places`")
            })?;
            // A name that stands for another name could lead in a circle.
            if !known
                .split(' ')
                .next()
                .is_some_and(|head| head.contains('/'))
            {
                return Err(format!("place `{head}`: it begins with no KIND/NAME"));
            }
            let mut place = Self::read(known, file)?;
            place.path = place.path.concat(&below);
            return Ok(place);
        };
        let is_whole = |segment: &Segment| {
            matches!(segment, Segment::AnyKey | Segment::AnyItem) || !segment.is_wildcard()
        };
        if !below.segments().iter().all(is_whole) {
            return Err(format!(
                "place `{text}`: in a path * stands for a whole key, and [*] for an item"
            ));
        }
        if name.matches('*').count() > 1 {
            return Err(format!("place `{text}`: more than one * in a name"));
        }
        Ok(Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            path: below,
        })
    }

    fn match_place(&self, place: &Self) -> Option<Caught> {
        if self.kind != place.kind || self.path.depth() > place.path.depth() {
            return None;
        }
        let star = match self.name.split_once('*') {
            None if self.name == place.name => None,
            None => return None,
            Some((before, after)) => {
                let rest = place.name.strip_prefix(before)?.strip_suffix(after)?;
                Some(rest.to_owned())
            }
        };
        let mut segments = Vec::new();
        for (pattern, segment) in self.path.segments().iter().zip(place.path.segments()) {
            match (pattern, segment) {
                (Segment::AnyKey, Segment::Key(_))
                | (Segment::AnyItem, Segment::Select { .. } | Segment::Index(_)) => {
                    segments.push(segment.clone());
                }
                (pattern, segment) if pattern == segment => {}
                _ => return None,
            }
        }
        let rest = place.path.segments()[self.path.depth()..].to_vec();
        Some(Caught {
            star,
            segments,
            rest: Path::new(rest),
        })
    }

    fn fill_captures(&self, caught: &Caught) -> Option<Self> {
        let mut segments = caught.segments.iter();
        let path: Option<Path> = self
            .path
            .segments()
            .iter()
            .map(|segment| match segment {
                Segment::AnyKey | Segment::AnyItem => segments.next().cloned(),
                other => Some(other.clone()),
            })
            .collect();
        let name = match &caught.star {
            Some(star) => self.name.replace('*', star),
            None => self.name.clone(),
        };
        Some(Self {
            kind: self.kind.clone(),
            name,
            path: path?.concat(&caught.rest),
        })
    }
}

/// All moves that a pack declares, oldest first.
///
/// # Errors
///
/// If a place cannot be read, or something stands in `to` that `from` does not catch.
pub fn declared_moves(file: &EffectsFile) -> Result<Vec<Moved>, String> {
    let mut moves = Vec::new();
    for (version, moved) in &file.moved {
        for moved in moved {
            let from = ObjectField::read(&moved.from, file)?;
            let to = moved
                .to
                .as_slice()
                .iter()
                .map(|text| ObjectField::read(text, file))
                .collect::<Result<Vec<_>, _>>()?;
            let wild = |place: &ObjectField| {
                let segments = place.path.segments().iter();
                segments.filter(|segment| segment.is_wildcard()).count()
            };
            for place in &to {
                if wild(place) > wild(&from) || place.name.contains('*') && !from.name.contains('*')
                {
                    return Err(format!(
                        "effects: `{}` has more wildcards than `{}`, from which it is filled",
                        moved.to.as_slice().join("`, `"),
                        moved.from
                    ));
                }
            }
            if to.is_empty() {
                return Err(format!("effects: `{}` moves nowhere", moved.from));
            }
            moves.push(Moved {
                version: version.clone(),
                from,
                to,
            });
        }
    }
    moves.sort_by(|a, b| a.version.cmp(&b.version));
    Ok(moves)
}

/// The moves that a pack declares, of its chart and of those that the chart brings along, oldest first.
///
/// # Errors
///
/// As [`declared_moves`].
pub fn moves_of(pack: &Pack) -> Result<Vec<Moved>, String> {
    let mut all = declared_moves(&pack.info.effects)?;
    for chart in pack.sub_charts() {
        for moved in declared_moves(&chart.pack.info.effects)? {
            all.extend(chart.brought_by(&moved.version).map(|own| Moved {
                version: own.clone(),
                ..moved.clone()
            }));
        }
    }
    all.sort_by(|a, b| a.version.cmp(&b.version));
    Ok(all)
}

/// The place after some moves, the strongest first; `None` if no move is about it. Where several moves of one version
/// catch it, the most specific counts.
#[must_use]
pub fn places_after_moves<'m>(
    moves: impl IntoIterator<Item = &'m Moved>,
    place: &ObjectField,
) -> Option<Vec<ObjectField>> {
    let mut at = vec![place.clone()];
    let mut any = false;
    let mut moves = moves.into_iter().peekable();
    while let Some(first) = moves.peek() {
        let version = first.version.clone();
        // Moves of one version are looked at together: none may catch what another of them has just moved.
        let mut step: Vec<&Moved> = Vec::new();
        while let Some(moved) = moves.next_if(|moved| moved.version == version) {
            step.push(moved);
        }
        let mut next = Vec::new();
        for place in at {
            let best = step
                .iter()
                .filter_map(|moved| Some((moved, moved.from.match_place(&place)?)))
                .max_by_key(|(moved, _)| (moved.from.path.depth(), moved.from.name.len()));
            match best {
                Some((moved, caught)) => {
                    any = true;
                    next.extend(moved.to.iter().filter_map(|to| to.fill_captures(&caught)));
                }
                // A later version may move it.
                None => next.push(place),
            }
        }
        at = next;
    }
    any.then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(kind: &str, name: &str, path: &str) -> ObjectField {
        ObjectField {
            kind: kind.to_owned(),
            name: name.to_owned(),
            path: path.parse().unwrap(),
        }
    }

    fn read(text: &str) -> Result<Vec<Moved>, String> {
        declared_moves(&serde_yaml::from_str(text).unwrap())
    }

    #[test]
    fn a_place_goes_through_every_version_and_keeps_what_is_below() {
        let moves = read(
            "places: {b: 'Deployment/*-b'}\nmoved:\n  0.2.0:\n  - {from: 'b env[name=X].value', to: ['ConfigMap/* data.x', 'ConfigMap/* data.y']}\n  0.1.0:\n  - {from: 'Deployment/*-a env', to: b env}\n",
        )
        .unwrap();
        let old = place("Deployment", "r-a", "env[name=X].value.deep");
        let at = places_after_moves(&moves, &old).unwrap();
        assert_eq!(
            at,
            [
                place("ConfigMap", "r", "data.x.deep"),
                place("ConfigMap", "r", "data.y.deep")
            ]
        );
        assert_eq!(
            places_after_moves(&moves, &place("Deployment", "r", "env")),
            None
        );
        let one = moves.iter().filter(|moved| moved.version.minor == 1);
        assert_eq!(
            places_after_moves(one, &old).unwrap(),
            [place("Deployment", "r-b", "env[name=X].value.deep")]
        );
    }

    #[test]
    fn places_that_cannot_be_meant_are_refused() {
        for (text, says) in [
            (
                "moved: {0.1.0: [{from: 'x y', to: 'A/b c'}]}",
                "no place `x`",
            ),
            (
                "moved: {0.1.0: [{from: 'A/* y', to: 'A/** c'}]}",
                "more than one *",
            ),
            (
                "moved: {0.1.0: [{from: 'A/b y', to: 'A/* c'}]}",
                "more wildcards",
            ),
            ("moved: {0.1.0: [{from: 'A/b y', to: []}]}", "moves nowhere"),
            (
                "moved: {0.1.0: [{from: 'A/b y.a_*', to: 'A/b z.a_*'}]}",
                "a whole key",
            ),
            (
                "moved: {0.1.0: [{from: 'A/b y..z', to: 'A/b c'}]}",
                "place `A/b y..z`",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
