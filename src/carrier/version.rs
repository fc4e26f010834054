//! Chart versions as carriers write them, and how a newer one is written in the same way.
//!
//! Carriers take exact versions (with or without `v`), ranges as Helm's own library reads them
//! (`Masterminds/semver`, constraints.go: comparisons, `~`, `^`, `x`-ranges, hyphen ranges, `||`), and,
//! for charts in Git, branches, tags and commits. Only Masterminds' rules decide here; Cargo's and npm's
//! differ (a bare `1.2` is `=1.2.x`, not `^1.2`).

use std::fmt;

use semver::Version;

use crate::yaml::{NodeId, Tree, host_offset};

/// A version in a carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionPlace {
    /// The text, without quotes.
    pub text: String,
    /// The scalar; perhaps an alias.
    pub node: NodeId,
    /// The part of that scalar that the version is.
    pub part: VersionPart,
    /// The style of its text.
    pub style: VersionStyle,
}

/// The part of a scalar that a version is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum VersionPart {
    /// All of it.
    #[default]
    Whole,
    /// A scalar in the YAML that its text is.
    Inner(NodeId),
    /// It is a template, and the version is what fills it: that stands nowhere as it is.
    Filled,
}

impl VersionPart {
    /// The offset of a version in the text of a tree, where it can be pointed at.
    #[must_use]
    pub fn offset(self, tree: &Tree, node: NodeId) -> usize {
        let inner = match self {
            Self::Inner(inner) => Tree::parse(tree.content(node)).ok().zip(Some(inner)),
            Self::Whole | Self::Filled => None,
        };
        match inner {
            Some((text, inner)) => host_offset(tree, node, text.span(inner).start),
            None => tree.span(node).start,
        }
    }
}

impl VersionPlace {
    /// A chart version or range.
    #[must_use]
    pub fn of_chart(text: impl Into<String>, node: NodeId) -> Self {
        let text = text.into();
        let style = VersionStyle::of(&text);
        Self {
            text,
            node,
            part: VersionPart::Whole,
            style,
        }
    }

    /// The same as a part of its scalar.
    pub(super) fn in_part(self, part: VersionPart) -> Self {
        Self { part, ..self }
    }

    /// A revision of a Git repository.
    #[must_use]
    pub fn of_git(text: impl Into<String>, node: NodeId) -> Self {
        let text = text.into();
        let style = if is_templated(&text) {
            VersionStyle::Templated
        } else {
            VersionStyle::Revision
        };
        Self {
            text,
            node,
            part: VersionPart::Whole,
            style,
        }
    }
}

/// The style of the text of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionStyle {
    /// One version: `0.10.3`, `v0.10.3`.
    Exact(Version),
    /// A range of versions: `~0.10.0`, `0.10.x`, `>=0.10 <0.11`.
    Range(Range),
    /// Any version: `*`, `x`, or nothing.
    Any,
    /// A branch, tag or commit: or the name of a moving version: `HEAD`, `main`, `latest`.
    Revision,
    /// A template engine writes it.
    Templated,
    /// None of these.
    Unknown,
}

impl VersionStyle {
    /// The style of a text that should be a chart version.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        if is_templated(text) {
            return Self::Templated;
        }
        if matches!(text, "" | "*" | "x" | "X") {
            return Self::Any;
        }
        if let Some(version) = exact(text) {
            return Self::Exact(version);
        }
        match Range::parse(text) {
            Some(range) => Self::Range(range),
            None if text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c)) =>
            {
                Self::Revision
            }
            None => Self::Unknown,
        }
    }
}

fn is_templated(text: &str) -> bool {
    text.contains("{{") || text.contains("${") || text.contains("$(")
}

/// A whole version of three numbers, with or without `v`.
fn exact(text: &str) -> Option<Version> {
    Version::parse(text.strip_prefix('v').unwrap_or(text)).ok()
}

/// A range of versions, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// Alternatives, between `||`.
    alternatives: Vec<Vec<RangePart>>,
}

/// One comparison, or white space and commas between comparisons.
#[derive(Clone, Debug, PartialEq, Eq)]
enum RangePart {
    /// Kept as it is.
    Between(String),
    Compare(Compare),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Compare {
    sign: ComparisonSign,
    /// Between the sign and the version.
    space: String,
    version: Partial,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ComparisonSign {
    None,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `~` and `~>`.
    Tilde,
    TildeGreater,
    Caret,
    /// The upper end of `1.2 - 1.4`.
    Hyphen,
}

impl ComparisonSign {
    /// Longest first.
    const WRITTEN: [(&'static str, Self); 13] = [
        ("~>", Self::TildeGreater),
        (">=", Self::GreaterOrEqual),
        ("=>", Self::GreaterOrEqual),
        ("<=", Self::LessOrEqual),
        ("=<", Self::LessOrEqual),
        ("!=", Self::NotEqual),
        ("==", Self::Equal),
        ("=", Self::Equal),
        (">", Self::Greater),
        ("<", Self::Less),
        ("~", Self::Tilde),
        ("^", Self::Caret),
        ("", Self::None),
    ];
}

/// A version of which parts may be missing or wild.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Partial {
    v: bool,
    numbers: Vec<VersionNumber>,
    pre: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum VersionNumber {
    Is(u64),
    /// `x`, `X` or `*`.
    Wild(char),
}

impl Partial {
    fn parse(text: &str) -> Option<Self> {
        let (v, rest) = match text.strip_prefix('v') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        // A build suffix counts for nothing in a comparison.
        let (rest, _) = rest.split_once('+').unwrap_or((rest, ""));
        let (numbers, pre) = rest.split_once('-').unwrap_or((rest, ""));
        if rest.ends_with('-') {
            return None;
        }
        let numbers = numbers
            .split('.')
            .map(|number| match number {
                "x" | "X" | "*" => number.chars().next().map(VersionNumber::Wild),
                digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
                    digits.parse().ok().map(VersionNumber::Is)
                }
                _ => None,
            })
            .collect::<Option<Vec<_>>>()?;
        if numbers.is_empty() || numbers.len() > 3 {
            return None;
        }
        if !pre.is_empty() && semver::Prerelease::new(pre).is_err() {
            return None;
        }
        Some(Self {
            v,
            numbers,
            pre: pre.to_owned(),
        })
    }

    /// The count of numbers before the first wild or missing one.
    fn known_numbers(&self) -> usize {
        self.numbers
            .iter()
            .take_while(|number| matches!(number, VersionNumber::Is(_)))
            .count()
    }

    fn number(&self, i: usize) -> u64 {
        match self.numbers.get(i) {
            Some(VersionNumber::Is(n)) => *n,
            _ => 0,
        }
    }

    fn lowest_version(&self) -> Version {
        let mut version = Version::new(self.number(0), self.number(1), self.number(2));
        if self.known_numbers() == 3 {
            version.pre = semver::Prerelease::new(&self.pre).unwrap_or_default();
        }
        version
    }

    /// The first version after all that the known numbers fit.
    fn ceiling(&self, known: usize) -> Option<Version> {
        Some(match known {
            0 => return None,
            1 => Version::new(self.number(0).checked_add(1)?, 0, 0),
            2 => Version::new(self.number(0), self.number(1).checked_add(1)?, 0),
            _ => Version::new(
                self.number(0),
                self.number(1),
                self.number(2).checked_add(1)?,
            ),
        })
    }

    /// The same form with the numbers of another version.
    fn with_numbers_of(&self, to: &Version) -> Self {
        let numbers = [to.major, to.minor, to.patch];
        Self {
            v: self.v,
            numbers: self
                .numbers
                .iter()
                .zip(numbers)
                .map(|(number, new)| match number {
                    VersionNumber::Is(_) => VersionNumber::Is(new),
                    wild => wild.clone(),
                })
                .collect(),
            pre: if self.numbers.len() == 3 {
                to.pre.as_str().to_owned()
            } else {
                String::new()
            },
        }
    }
}

impl fmt::Display for Partial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.v {
            f.write_str("v")?;
        }
        for (i, number) in self.numbers.iter().enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            match number {
                VersionNumber::Is(n) => write!(f, "{n}")?,
                VersionNumber::Wild(c) => write!(f, "{c}")?,
            }
        }
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        Ok(())
    }
}

impl Compare {
    /// The lowest version that fits and the first beyond; `None` is no bound. `!=` has none.
    fn bounds(&self) -> (Option<Version>, Option<Version>) {
        let version = &self.version;
        let known = version.known_numbers();
        if known == 0 {
            return (None, None);
        }
        let floor = Some(version.lowest_version());
        match self.sign {
            ComparisonSign::None | ComparisonSign::Equal => (floor, version.ceiling(known)),
            ComparisonSign::NotEqual => (None, None),
            ComparisonSign::Less => (None, floor),
            ComparisonSign::LessOrEqual | ComparisonSign::Hyphen => (None, version.ceiling(known)),
            ComparisonSign::Greater => (version.ceiling(known), None),
            ComparisonSign::GreaterOrEqual => (floor, None),
            ComparisonSign::Tilde | ComparisonSign::TildeGreater => {
                (floor, version.ceiling(known.min(2)))
            }
            ComparisonSign::Caret => {
                // The first number that is not zero may not change.
                let first = (0..known)
                    .find(|&i| version.number(i) > 0)
                    .unwrap_or(known - 1);
                (floor, version.ceiling(first + 1))
            }
        }
    }

    fn fits(&self, version: &Version) -> bool {
        if self.sign == ComparisonSign::NotEqual {
            let known = self.version.known_numbers();
            let same = [version.major, version.minor, version.patch]
                .iter()
                .take(known)
                .enumerate()
                .all(|(i, n)| self.version.number(i) == *n);
            return !(known > 0 && same && (known < 3 || version.pre.as_str() == self.version.pre));
        }
        let (from, below) = self.bounds();
        let exactly = self.version.known_numbers() == 3;
        // A full version as a bound is that version, pre-release and all.
        match self.sign {
            ComparisonSign::None | ComparisonSign::Equal if exactly => {
                return *version == self.version.lowest_version();
            }
            ComparisonSign::LessOrEqual | ComparisonSign::Hyphen if exactly => {
                return *version <= self.version.lowest_version();
            }
            ComparisonSign::Greater if exactly => return *version > self.version.lowest_version(),
            _ => {}
        }
        from.is_none_or(|from| *version >= from) && below.is_none_or(|below| *version < below)
    }
}

impl Range {
    /// Reads a range; `None` if it is none.
    fn parse(text: &str) -> Option<Self> {
        let alternatives = text
            .split("||")
            .map(alternative)
            .collect::<Option<Vec<_>>>()?;
        Some(Self { alternatives })
    }

    /// True for a version in the range. As in Helm, a pre-release is in it only if the range names a pre-release.
    #[must_use]
    pub fn contains(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|parts| {
            let compares = || {
                parts.iter().filter_map(|part| match part {
                    RangePart::Compare(compare) => Some(compare),
                    RangePart::Between(_) => None,
                })
            };
            let released =
                version.pre.is_empty() || compares().any(|compare| !compare.version.pre.is_empty());
            released && compares().all(|compare| compare.fits(version))
        })
    }
}

/// Reads comparisons that stand side by side.
fn alternative(text: &str) -> Option<Vec<RangePart>> {
    let mut parts = Vec::new();
    let mut rest = text;
    let mut any = false;
    let mut hyphen = false;
    while !rest.is_empty() {
        let separators = rest.len() - rest.trim_start_matches([' ', ',', '\t']).len();
        if separators > 0 {
            let (between, after) = rest.split_at(separators);
            parts.push(RangePart::Between(between.to_owned()));
            rest = after;
            if let Some(after) = rest.strip_prefix("- ") {
                // `1.2 - 1.4`, spaces on both sides.
                if hyphen || !any {
                    return None;
                }
                hyphen = true;
                parts.push(RangePart::Between("- ".to_owned()));
                rest = after.trim_start();
                if let [.., RangePart::Compare(first), _, _] = &mut parts[..] {
                    if first.sign != ComparisonSign::None {
                        return None;
                    }
                    first.sign = ComparisonSign::GreaterOrEqual;
                    // A mark until the end of this function: the sign is not written there.
                    first.space = "\0".to_owned();
                } else {
                    return None;
                }
            }
            continue;
        }
        let (sign_text, sign) = ComparisonSign::WRITTEN
            .iter()
            .find(|(sign, _)| rest.starts_with(sign))?;
        rest = &rest[sign_text.len()..];
        let spaces = if sign_text.is_empty() {
            0
        } else {
            rest.len() - rest.trim_start_matches(' ').len()
        };
        let (space, after) = rest.split_at(spaces);
        let end = after.find([' ', ',', '\t']).unwrap_or(after.len());
        let version = Partial::parse(&after[..end])?;
        if sign_text.is_empty() && !version.pre.is_empty() && version.numbers.len() < 3 {
            // `v1-branch` is a name.
            return None;
        }
        rest = &after[end..];
        any = true;
        let upper =
            hyphen && matches!(parts.last(), Some(RangePart::Between(text)) if text == "- ");
        parts.push(RangePart::Compare(Compare {
            sign: if upper { ComparisonSign::Hyphen } else { *sign },
            // The sign's own spelling is kept with the space.
            space: format!("{sign_text}{space}"),
            version,
        }));
    }
    // Half of a hyphen range has no written sign.
    for part in &mut parts {
        if let RangePart::Compare(compare) = part
            && compare.space == "\0"
        {
            compare.space.clear();
        }
    }
    any.then_some(parts)
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, parts) in self.alternatives.iter().enumerate() {
            if i > 0 {
                f.write_str("||")?;
            }
            for part in parts {
                match part {
                    RangePart::Between(text) => f.write_str(text)?,
                    RangePart::Compare(compare) => {
                        write!(f, "{}{}", compare.space, compare.version)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The text for a version in the style of another text; `None` if the style names no version (a
/// branch, a template) or cannot say it. `*` and a range that holds the version already stay as they
/// are.
///
/// A range keeps its signs, its number of digits, its wildcards and its white space: `~0.10.0` becomes
/// `~0.15.0`, `0.10.x` becomes `0.15.x`, and `>=0.10 <0.11` becomes `>=0.15 <0.16`.
#[must_use]
pub fn raise(text: &str, to: &Version) -> Option<String> {
    let raised = match VersionStyle::of(text) {
        VersionStyle::Exact(_) => {
            let v = if text.trim().starts_with('v') {
                "v"
            } else {
                ""
            };
            format!("{v}{to}")
        }
        VersionStyle::Any => return Some(text.to_owned()),
        VersionStyle::Range(range) if range.contains(to) => return Some(text.to_owned()),
        VersionStyle::Range(range) => range.raise_to(to)?.to_string(),
        VersionStyle::Revision | VersionStyle::Templated | VersionStyle::Unknown => return None,
    };
    Some(raised)
}

impl Range {
    fn raise_to(&self, to: &Version) -> Option<Self> {
        // Of several alternatives the last is the newest one that somebody added.
        let last = self.alternatives.last()?;
        let compares: Vec<&Compare> = last
            .iter()
            .filter_map(|part| match part {
                RangePart::Compare(compare) => Some(compare),
                RangePart::Between(_) => None,
            })
            .collect();
        let lower = compares
            .iter()
            .find(|compare| {
                matches!(
                    compare.sign,
                    ComparisonSign::Greater | ComparisonSign::GreaterOrEqual
                )
            })
            .map(|compare| compare.version.clone());
        let parts = last
            .iter()
            .map(|part| match part {
                RangePart::Between(text) => Some(RangePart::Between(text.clone())),
                RangePart::Compare(compare) => {
                    compare.raise_to(to, lower.as_ref()).map(RangePart::Compare)
                }
            })
            .collect::<Option<Vec<_>>>()?;
        let mut alternatives = self.alternatives.clone();
        alternatives.pop();
        alternatives.push(parts);
        let range = Self { alternatives };
        range.contains(to).then_some(range)
    }
}

impl Compare {
    fn raise_to(&self, to: &Version, lower: Option<&Partial>) -> Option<Self> {
        let version = match self.sign {
            ComparisonSign::NotEqual => self.version.clone(),
            // Beyond the new version: as far beyond it as the old bound was beyond the lower one.
            ComparisonSign::Less => {
                let numbers = self.version.known_numbers();
                let place = match lower {
                    Some(lower) => (0..numbers)
                        .find(|&i| self.version.number(i) != lower.number(i))
                        .unwrap_or(numbers - 1),
                    None => numbers.min(2) - usize::from(numbers > 0),
                };
                let next = match place {
                    0 => Version::new(to.major.checked_add(1)?, 0, 0),
                    1 => Version::new(to.major, to.minor.checked_add(1)?, 0),
                    _ => Version::new(to.major, to.minor, to.patch.checked_add(1)?),
                };
                let bound = self.version.with_numbers_of(&next);
                // `-0` keeps the next version's pre-releases out as well.
                Partial {
                    pre: self.version.pre.clone(),
                    ..bound
                }
            }
            ComparisonSign::Greater if self.version.known_numbers() == 3 => {
                // Strictly more than the version before is not known; from the version on it is.
                return Some(Self {
                    sign: ComparisonSign::GreaterOrEqual,
                    space: self.space.replacen('>', ">=", 1),
                    version: self.version.with_numbers_of(to),
                });
            }
            ComparisonSign::Greater => return None,
            _ => self.version.with_numbers_of(to),
        };
        Some(Self {
            sign: self.sign,
            space: self.space.clone(),
            version,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn texts_are_told_apart() {
        let exact = |text: &str| VersionStyle::Exact(version(text));
        assert_eq!(VersionStyle::of("0.10.3"), exact("0.10.3"));
        assert_eq!(VersionStyle::of("v0.10.3"), exact("0.10.3"));
        assert_eq!(VersionStyle::of("0.16.0-dev"), exact("0.16.0-dev"));
        for text in ["*", "", "x"] {
            assert_eq!(VersionStyle::of(text), VersionStyle::Any, "{text}");
        }
        for text in [
            "0.10",
            "~0.10.0",
            "^1",
            "0.10.x",
            "0.10.*",
            "1.x",
            ">=0.10 <0.11",
            ">= 0.10, < 0.11",
            "0.10 - 0.12",
            "^0.9 || ^0.10",
            "~> 0.10",
            "=0.10.3",
            "!=0.10.1,>0.10.0",
            "v0.10",
        ] {
            assert!(
                matches!(VersionStyle::of(text), VersionStyle::Range(_)),
                "{text}"
            );
        }
        for text in [
            "HEAD",
            "main",
            "latest",
            "release/0.10",
            "3f2a9c1",
            "v1-branch",
        ] {
            assert_eq!(VersionStyle::of(text), VersionStyle::Revision, "{text}");
        }
        for text in ["{{ .version }}", "${VERSION}", "$(version)"] {
            assert_eq!(VersionStyle::of(text), VersionStyle::Templated, "{text}");
        }
        for text in ["- 1.2", "1.2 -", "1.2 - 1.3 - 1.4", ">", "a b"] {
            assert_eq!(VersionStyle::of(text), VersionStyle::Unknown, "{text}");
        }
    }

    #[test]
    fn ranges_print_as_they_are_written() {
        for text in [
            "~0.10.0",
            "^ 1.2",
            ">=0.10 <0.11",
            ">= 0.10,  < 0.11",
            "0.10 - 0.12",
            "^0.9 || ^0.10",
            "~> v0.10",
            "=> 1.2.3-rc.1",
        ] {
            let VersionStyle::Range(range) = VersionStyle::of(text) else {
                panic!("{text}");
            };
            assert_eq!(range.to_string(), text);
        }
    }

    #[test]
    fn ranges_hold_what_helm_says_they_hold() {
        for (range, inside, outside) in [
            (
                "~0.10.0",
                vec!["0.10.0", "0.10.9"],
                vec!["0.11.0", "0.9.9", "0.10.1-rc.1"],
            ),
            ("~0", vec!["0.1.0", "0.99.1"], vec!["1.0.0"]),
            (
                "^0.10.1",
                vec!["0.10.1", "0.10.9"],
                vec!["0.11.0", "0.10.0"],
            ),
            ("^0.0.3", vec!["0.0.3"], vec!["0.0.4"]),
            ("^0", vec!["0.0.0", "0.9.0"], vec!["1.0.0"]),
            ("^1.2", vec!["1.2.0", "1.9.0"], vec!["2.0.0", "1.1.9"]),
            ("0.10", vec!["0.10.0", "0.10.7"], vec!["0.11.0"]),
            ("0.10.x", vec!["0.10.0"], vec!["0.11.0"]),
            (">0.10", vec!["0.11.0"], vec!["0.10.5"]),
            ("<=0.10", vec!["0.10.5", "0.1.0"], vec!["0.11.0"]),
            (
                "0.10 - 0.12",
                vec!["0.10.0", "0.12.9"],
                vec!["0.13.0", "0.9.0"],
            ),
            ("^0.9 || ^0.10", vec!["0.9.1", "0.10.3"], vec!["0.11.0"]),
            (
                ">=0.10.0-0",
                vec!["0.10.0-rc.1", "0.11.0-dev"],
                vec!["0.9.0"],
            ),
            (
                "!=0.10.1, >=0.10.0",
                vec!["0.10.0", "0.10.2"],
                vec!["0.10.1"],
            ),
        ] {
            let VersionStyle::Range(parsed) = VersionStyle::of(range) else {
                panic!("{range}");
            };
            for text in inside {
                assert!(parsed.contains(&version(text)), "{text} in {range}");
            }
            for text in outside {
                assert!(!parsed.contains(&version(text)), "{text} not in {range}");
            }
        }
    }

    #[test]
    fn a_newer_version_is_written_in_the_same_style() {
        for (old, to, new) in [
            ("0.10.3", "0.15.0", Some("0.15.0")),
            ("v0.10.3", "0.15.0", Some("v0.15.0")),
            ("*", "0.15.0", Some("*")),
            ("", "0.15.0", Some("")),
            ("~0.10.0", "0.15.0", Some("~0.15.0")),
            ("~0.10", "0.15.2", Some("~0.15")),
            ("~> 0.10", "0.15.0", Some("~> 0.15")),
            ("^0.10.2", "0.15.0", Some("^0.15.0")),
            ("^1", "2.3.4", Some("^2")),
            ("0.10.x", "0.15.0", Some("0.15.x")),
            ("0.10.*", "0.15.1", Some("0.15.*")),
            ("0.10", "0.15.1", Some("0.15")),
            ("v0.10", "0.15.1", Some("v0.15")),
            ("0.x", "1.2.0", Some("1.x")),
            (">=0.10 <0.11", "0.15.0", Some(">=0.15 <0.16")),
            (">= 0.10.0, < 0.11.0", "0.15.1", Some(">= 0.15.1, < 0.16.0")),
            (">=0.10.0 <0.11.0-0", "0.15.0", Some(">=0.15.0 <0.16.0-0")),
            (">=0.10.0 <1", "1.2.0", Some(">=1.2.0 <2")),
            (">=0.10.1 <0.10.3", "0.15.1", Some(">=0.15.1 <0.15.2")),
            ("<0.11", "0.15.0", Some("<0.16")),
            ("<=0.10.3", "0.15.0", Some("<=0.15.0")),
            (">0.10.0 <0.11", "0.15.0", Some(">=0.15.0 <0.16")),
            (">=0.10", "0.15.0", Some(">=0.10")),
            ("0.10 - 0.12", "0.15.0", Some("0.15 - 0.15")),
            ("^0.9 || ^0.10", "0.15.0", Some("^0.9 || ^0.15")),
            ("^0.10.0", "0.16.0-dev", Some("^0.16.0-dev")),
            ("~0.10", "0.16.0-dev", None),
            ("0.10.3", "0.16.0-dev", Some("0.16.0-dev")),
            ("HEAD", "0.15.0", None),
            ("{{ .v }}", "0.15.0", None),
        ] {
            assert_eq!(raise(old, &version(to)).as_deref(), new, "{old} to {to}");
        }
    }
}
