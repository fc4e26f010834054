//! Chart versions and ranges of them.
//!
//! Ranges are plain comparisons in semantic-version order, so that a pre-release simply comes before
//! its release. Cargo's and npm's rule (a pre-release matches only if it is named) would make the same
//! key known in 0.15.0 and unknown in 0.16.0-dev.

use std::{borrow::Cow, fmt, ops::Range, str::FromStr};

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of versions: all that satisfy every comparison. No comparison means every version.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct VersionRange(Vec<(Comparator, Version)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparator {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

impl Comparator {
    // Longer signs stand before those that they begin with.
    const SIGNS: [(&'static str, Self); 5] = [
        (">=", Self::GreaterOrEqual),
        ("<=", Self::LessOrEqual),
        (">", Self::Greater),
        ("<", Self::Less),
        ("=", Self::Equal),
    ];

    fn holds(self, version: &Version, bound: &Version) -> bool {
        match self {
            Self::Less => version < bound,
            Self::LessOrEqual => version <= bound,
            Self::Equal => version == bound,
            Self::GreaterOrEqual => version >= bound,
            Self::Greater => version > bound,
        }
    }
}

/// A text that is not a version range.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a version range; write comparisons such as `>=0.10.0, <0.11.0`, or `*`")]
pub struct RangeError(String);

impl VersionRange {
    /// True if the version lies in the range.
    #[must_use]
    pub fn contains(&self, version: &Version) -> bool {
        self.0.iter().all(|(c, bound)| c.holds(version, bound))
    }

    /// The places of the versions that lie in the range, of versions in order: they are neighbours.
    #[must_use]
    pub fn within(&self, sorted: &[Version]) -> Range<usize> {
        let mut places = 0..sorted.len();
        for (comparison, bound) in &self.0 {
            let before = || sorted.partition_point(|version| version < bound);
            let up_to = || sorted.partition_point(|version| version <= bound);
            let (start, end) = match comparison {
                Comparator::Less => (0, before()),
                Comparator::LessOrEqual => (0, up_to()),
                Comparator::Equal => (before(), up_to()),
                Comparator::GreaterOrEqual => (before(), sorted.len()),
                Comparator::Greater => (up_to(), sorted.len()),
            };
            places = places.start.max(start)..places.end.min(end);
        }
        places.start.min(places.end)..places.end
    }

    /// True if no version can lie in it: a lower bound that is not below an upper one, or two versions at once.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        use Comparator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
        // Between neighbours there are pre-releases: `>1.0.0, <1.0.1` holds 1.0.1-rc.1.
        let apart =
            |(a, low): &(Comparator, Version), (b, high): &(Comparator, Version)| match (a, b) {
                (GreaterOrEqual | Equal, LessOrEqual | Equal) => low > high,
                (GreaterOrEqual | Greater | Equal, Less) | (Greater, LessOrEqual | Equal) => {
                    low >= high
                }
                _ => false,
            };
        let mut pairs = self
            .0
            .iter()
            .flat_map(|a| self.0.iter().map(move |b| (a, b)));
        pairs.any(|(a, b)| apart(a, b))
    }

    /// The versions that lie in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self([self.0.as_slice(), &other.0].concat())
    }

    /// The versions from one on, up to just before another.
    #[must_use]
    pub(super) fn from_until(first: &Version, end: Option<&Version>) -> Self {
        let end = end.map(|end| (Comparator::Less, end.clone()));
        let first = (Comparator::GreaterOrEqual, first.clone());
        Self(std::iter::once(first).chain(end).collect())
    }

    /// The versions before one.
    #[must_use]
    pub(super) fn up_to(end: &Version) -> Self {
        Self(vec![(Comparator::Less, end.clone())])
    }

    /// No version at all.
    #[must_use]
    pub(super) fn none() -> Self {
        // A range without comparisons would hold every version.
        let none = Version::new(0, 0, 0);
        Self(vec![
            (Comparator::Less, none.clone()),
            (Comparator::Greater, none),
        ])
    }

    /// The versions that the range names as bounds.
    pub fn bounds(&self) -> impl Iterator<Item = &Version> {
        self.0.iter().map(|(_, bound)| bound)
    }
}

impl FromStr for VersionRange {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let text = text.trim();
        if text == "*" {
            return Ok(Self::default());
        }
        text.split(',')
            .map(|part| {
                let part = part.trim();
                Comparator::SIGNS
                    .iter()
                    .find_map(|(sign, comparison)| {
                        let version = Version::parse(part.strip_prefix(sign)?.trim()).ok()?;
                        Some((*comparison, version))
                    })
                    .ok_or_else(|| RangeError(text.to_owned()))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("*");
        }
        for (i, (comparison, version)) in self.0.iter().enumerate() {
            let sign = Comparator::SIGNS.iter().find(|(_, c)| c == comparison);
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{}{version}", sign.map_or("", |(s, _)| s))?;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for VersionRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl Serialize for VersionRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for VersionRange {
    fn schema_name() -> Cow<'static, str> {
        "VersionRange".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Comparisons joined by commas, or `*`.",
            "pattern": r"^\s*(\*|(>=|<=|>|<|=)\s*[0-9][^,\s]*(\s*,\s*(>=|<=|>|<|=)\s*[0-9][^,\s]*)*)\s*$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pre_release_lies_between_the_releases_around_it() {
        let range: VersionRange = ">=0.15.0, <0.16.0".parse().unwrap();
        for (version, inside) in [
            ("0.15.0", true),
            ("0.16.0-dev", true),
            ("0.16.0", false),
            ("0.15.0-rc.1", false),
        ] {
            assert_eq!(
                range.contains(&Version::parse(version).unwrap()),
                inside,
                "{version}"
            );
        }
    }

    #[test]
    fn the_versions_in_a_range_are_neighbours() {
        let versions = [
            "0.9.0",
            "0.10.0-rc.1",
            "0.10.0",
            "0.10.0+build",
            "0.11.0",
            "1.0.0",
        ];
        let versions = versions.map(|version| Version::parse(version).unwrap());
        for text in [
            "*",
            "<0.10.0",
            "<=0.10.0",
            "=0.10.0",
            "=0.10.5",
            ">0.10.0",
            ">=0.10.0",
            ">=0.10.0, <1.0.0",
            ">=1.0.0, <0.10.0",
            ">1.0.0",
            "<0.9.0",
        ] {
            let range: VersionRange = text.parse().unwrap();
            let within = range.within(&versions);
            for (at, version) in versions.iter().enumerate() {
                let is_in = range.contains(version);
                assert_eq!(within.contains(&at), is_in, "{version} in {text}");
            }
        }
    }

    #[test]
    fn ranges_print_as_they_are_read() {
        for text in ["*", ">=0.10.0, <0.11.0", "=0.10.3", ">0.1.0", "<=0.9.1"] {
            assert_eq!(text.parse::<VersionRange>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_range_that_nothing_satisfies_is_empty() {
        for (text, empty) in [
            (">=3.0.0, <2.0.0", true),
            (">=2.0.0, <2.0.0", true),
            (">2.0.0, <=2.0.0", true),
            ("=2.0.0, >2.0.0", true),
            ("=2.0.0, =3.0.0", true),
            (">=2.0.0, <=2.0.0", false),
            ("=2.0.0, >=2.0.0", false),
            (">1.0.0, <2.0.0", false),
            ("*", false),
        ] {
            assert_eq!(
                text.parse::<VersionRange>().unwrap().is_empty(),
                empty,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_a_range_is_refused() {
        for text in ["", "0.10", ">=0.10", "~0.10.0", ">=0.10.0,", "latest"] {
            assert!(text.parse::<VersionRange>().is_err(), "{text}");
        }
    }
}
