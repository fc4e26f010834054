//! Texts that a chart composes, of which a setting is only a part: `--log-level=debug`, a line of an INI
//! file, a URL.
//!
//! What a setting puts into a text are the words that differ from the text without it. They are the same
//! in another text only where the same stands around them: the key of the line and the heading above it,
//! or, in a list, the item before it. What other settings put into the same text counts as a hole there.

use std::{borrow::Cow, ops::Range};

use super::leaves::{Leaf, RenderedEffect, contains_value};
use crate::values::Value;

/// The mark for the words of another setting in a text.
const HOLE: &str = "\0";

/// The change that a setting makes to a value: in a text the words between the common parts, in a list the items that
/// come.
#[derive(Debug, PartialEq)]
pub enum ComposedChange<'v> {
    /// The words that are there instead; in a list of texts, in each of those that differ.
    Texts(Vec<&'v str>),
    /// The items that come.
    Items(Vec<&'v Value>),
}

/// The difference between a value without a setting and with it; `None` if nothing comes.
#[must_use]
pub fn change<'v>(without: &'v Value, with: &'v Value) -> Option<ComposedChange<'v>> {
    match (without, with) {
        (Value::String(without), Value::String(with)) => {
            let (middle, _) = middle(without, with);
            let words = &with[middle];
            (!words.is_empty()).then(|| ComposedChange::Texts(vec![words]))
        }
        (Value::List(without), Value::List(with)) => {
            let texts: Option<Vec<(&str, &str)>> = without
                .iter()
                .zip(with)
                .filter(|(without, with)| without != with)
                .map(|(without, with)| Some((without.as_str()?, with.as_str()?)))
                .collect();
            if without.len() == with.len()
                && let Some(texts) = texts.filter(|texts| !texts.is_empty())
            {
                let middles = texts.iter().map(|(a, b)| &b[middle(a, b).0]);
                return Some(ComposedChange::Texts(middles.collect()));
            }
            let come: Vec<&Value> = with.iter().filter(|item| !without.contains(item)).collect();
            (!come.is_empty()).then_some(ComposedChange::Items(come))
        }
        _ => None,
    }
}

/// True if the chart composes the text, and the setting is only a part of it.
#[must_use]
pub fn is_composed(leaf: &Leaf, effect: &RenderedEffect) -> bool {
    match (&effect.without, &effect.with) {
        (Some(Value::String(without)), Some(Value::String(with))) => {
            middle(without, with).1 && !contains_value(&leaf.value, &Value::from(with.as_str()))
        }
        _ => false,
    }
}

/// The match of a setting's words in a text that is there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// The same words, with the same around them.
    Same,
    /// The same words, and what stood around them is nowhere in the text.
    Elsewhere,
    /// Other words, or where something else stood.
    Other,
}

/// A text with the words that a setting puts into it.
#[derive(Debug)]
pub struct Filled<'v> {
    text: Cow<'v, str>,
    parts: Vec<Range<usize>>,
    /// The words that other settings put into it.
    holes: Vec<Range<usize>>,
}

/// The surroundings of a part of a text.
#[derive(Debug, PartialEq)]
struct Around {
    /// The heading of the line, or the line before where nothing else tells.
    above: Option<String>,
    before: String,
    after: String,
    /// The number of lines before it that look the same.
    nth: usize,
}

impl<'v> Filled<'v> {
    /// The text of an effect, a list of texts as lines; `others` are what other settings do to the same
    /// field. `None` if it is no text or nothing comes.
    #[must_use]
    pub fn of(
        effect: &'v RenderedEffect,
        others: impl Iterator<Item = &'v RenderedEffect>,
    ) -> Option<Self> {
        let (without, with) = (effect.without.as_ref()?, effect.with.as_ref()?);
        if let (Value::List(without), Value::List(with)) = (without, with)
            && without.len() != with.len()
        {
            return None;
        }
        let text = join_value(with)?;
        let parts = parts(&join_value(without)?, &text);
        if parts.iter().all(Range::is_empty) {
            return None;
        }
        let apart = |hole: &Range<usize>| {
            let mut parts = parts.iter();
            parts.all(|part| hole.end <= part.start || part.end <= hole.start)
        };
        let mut holes: Vec<Range<usize>> = others
            .filter_map(|other| {
                let (without, with) = (other.without.as_ref()?, other.with.as_ref()?);
                Some(self::parts(&join_value(without)?, &join_value(with)?))
            })
            .flatten()
            .filter(|hole| !hole.is_empty() && hole.end <= text.len() && apart(hole))
            .collect();
        holes.sort_by_key(|hole| (hole.start, hole.end));
        Some(Self { text, parts, holes })
    }

    /// The match of these words in another text.
    #[must_use]
    pub fn compare(&self, now: &Self) -> Match {
        if self.parts.len() != now.parts.len() {
            return Match::Other;
        }
        let mut found = Match::Same;
        for (part, other) in self.parts.iter().zip(&now.parts) {
            if self.text[part.clone()] != now.text[other.clone()] {
                return Match::Other;
            }
            let (was, is) = (self.surroundings(part), now.surroundings(other));
            let by_key = was.key().is_some_and(|key| {
                is.key() == Some(key) && self.count(key) == 1 && now.count(key) == 1
            });
            let same_line = was.above == is.above
                && was.before == is.before
                && was.nth == is.nth
                && (was.key().is_some() || was.after == is.after);
            if by_key || same_line {
                continue;
            }
            let holds = |text: &str| tells_of(text) || text.contains(HOLE);
            let shape = |around: &Around| (holds(&around.before), holds(&around.after));
            if now.has_surroundings(&was) || shape(&was) != shape(&is) {
                return Match::Other;
            }
            found = Match::Elsewhere;
        }
        found
    }

    fn surroundings(&self, part: &Range<usize>) -> Around {
        let start = self.text[..part.start].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[part.end..]
            .find('\n')
            .map_or(self.text.len(), |at| part.end + at);
        let before = self.masked(start..part.start);
        let above = self.line_above(start, tells_of(&before));
        let nth = match tells_of(&before) {
            true => self
                .lines()
                .filter(|line| line.start < start)
                .filter(|line| self.masked(line.clone()).starts_with(&before))
                .filter(|line| self.line_above(line.start, true) == above)
                .count(),
            false => 0,
        };
        Around {
            above,
            before,
            after: self.masked(part.end..end),
            nth,
        }
    }

    /// True if the text has any of the surroundings of a part elsewhere.
    fn has_surroundings(&self, around: &Around) -> bool {
        if around.key().is_some_and(|key| self.count(key) > 0) {
            return true;
        }
        let tells = tells_of(&around.before);
        let above = around.above.as_deref().is_some_and(tells_of);
        if !tells && !above && !tells_of(&around.after) {
            return false;
        }
        self.lines().any(|line| {
            let text = self.masked(line.clone());
            let starts = text.starts_with(&around.before);
            let below = self.line_above(line.start, tells) == around.above;
            starts && below && (tells || above || text.ends_with(&around.after))
        })
    }

    fn lines(&self) -> impl Iterator<Item = Range<usize>> {
        let mut at = 0;
        self.text.split('\n').map(move |line| {
            let start = at;
            at += line.len() + 1;
            start..start + line.len()
        })
    }

    /// The text above a line: the heading or the less indented line that it belongs to, or just the line before it.
    fn line_above(&self, start: usize, heading: bool) -> Option<String> {
        let indent = |line: &str| line.len() - line.trim_start().len();
        let own = &self.text[start..];
        let lines: Vec<Range<usize>> = self.lines().filter(|line| line.start < start).collect();
        let mut above = lines.into_iter().rev();
        let found = match heading {
            false => above.next(),
            true => above.find(|line| {
                let line = &self.text[line.clone()];
                let is_section = line.starts_with('[') && !own.starts_with('[');
                !line.trim().is_empty() && (indent(line) < indent(own) || is_section)
            }),
        };
        found.map(|line| self.masked(line).trim().to_owned())
    }

    /// The number of occurrences in the text.
    fn count(&self, key: &str) -> usize {
        self.masked(0..self.text.len()).matches(key).count()
    }

    /// A piece of the text, with holes where other settings are.
    fn masked(&self, piece: Range<usize>) -> String {
        let mut text = String::new();
        let mut at = piece.start;
        for hole in &self.holes {
            if hole.start >= at && hole.end <= piece.end {
                text.push_str(&self.text[at..hole.start]);
                text.push_str(HOLE);
                at = hole.end;
            }
        }
        text.push_str(&self.text[at..piece.end]);
        text
    }
}

impl Around {
    /// The words right before the part, if they tell what it is: `--log-level=` of a command line.
    fn key(&self) -> Option<&str> {
        let word = self.before.rfind(char::is_alphanumeric)?;
        let apart = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '&' | '?' | '"' | '\'');
        let start = self.before[..word].rfind(apart).map_or(0, |at| at + 1);
        Some(&self.before[start..])
    }
}

fn tells_of(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
}

fn join_value(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::List(items) => {
            let items: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            Some(Cow::Owned(items?.join("\n")))
        }
        _ => None,
    }
}

/// The parts of `with` that differ: in each line, if both have as many lines.
fn parts(without: &str, with: &str) -> Vec<Range<usize>> {
    if without.split('\n').count() != with.split('\n').count() {
        return vec![middle(without, with).0];
    }
    let mut at = 0;
    let mut parts = Vec::new();
    for (without, with) in without.split('\n').zip(with.split('\n')) {
        if without != with {
            let (middle, _) = middle(without, with);
            parts.push(at + middle.start..at + middle.end);
        }
        at += with.len() + 1;
    }
    parts
}

/// The part of `with` between what both begin and end with, cut at words, and whether they share any.
fn middle(without: &str, with: &str) -> (Range<usize>, bool) {
    let (a, b) = (pieces(without), pieces(with));
    let start = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let end = a[start..]
        .iter()
        .rev()
        .zip(b[start..].iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let length = |pieces: &[&str]| pieces.iter().map(|piece| piece.len()).sum::<usize>();
    let from = length(&b[..start]);
    let to = with.len() - length(&b[b.len() - end..]);
    let shares = b[..start]
        .iter()
        .chain(&b[b.len() - end..])
        .any(|piece| tells_of(piece));
    let words = &with[from..to];
    let ends = words.trim_end_matches(|c: char| !c.is_alphanumeric());
    let starts = ends.trim_start_matches(|c: char| !c.is_alphanumeric());
    let to = from + ends.len();
    (to - starts.len()..to, shares)
}

/// A text as words and what is between them.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut last: Option<bool> = None;
    for (at, c) in text.char_indices() {
        let word = c.is_alphanumeric() || c == '_';
        if last.is_some_and(|last| last != word || !word) {
            pieces.push(&text[start..at]);
            start = at;
        }
        last = Some(word);
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_what_stands_between_what_stays() {
        for (without, with, words, shares) in [
            ("http://arroyo:9190", "http://mine:9190", "mine", true),
            ("http://arroyo:9190", "http://arroyo:7000", "7000", true),
            ("8080", "8081", "8081", false),
            ("a.b", "x.b", "x", true),
            ("arroyo-controller", "arroyo-mine-controller", "mine", true),
        ] {
            let (range, shared) = middle(without, with);
            assert_eq!((&with[range], shared), (words, shares));
        }
        let list =
            |items: &[&str]| Value::List(items.iter().map(|item| Value::from(*item)).collect());
        let (one, two) = (list(&["a", "b"]), list(&["a", "b", "mine"]));
        assert_eq!(
            change(&one, &two),
            Some(ComposedChange::Items(vec![&Value::from("mine")]))
        );
        let (one, two) = (list(&["sh", "-d a -h x"]), list(&["sh", "-d mine -h x"]));
        assert_eq!(
            change(&one, &two),
            Some(ComposedChange::Texts(vec!["mine"]))
        );
    }
}
