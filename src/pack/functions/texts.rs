//! Functions over texts. Places in a text are counted in characters, as CEL does.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use regex::{Regex, RegexBuilder};

use super::{Arguments, CallResult, failure_saying, first_argument, wrong_argument, wrong_count};
use crate::{
    pack::expr::{Budget, ExpressionFailure, Figure, Item, Text},
    values::write,
};

const SCALAR: &str = "a text, a number or a boolean";

/// The text at a place of the arguments, looked at once.
fn text_argument<'a, 's>(
    budget: &Budget,
    args: Arguments<'a, 's>,
    at: usize,
) -> Result<&'a Text<'s>, ExpressionFailure> {
    match args.get(at).ok_or_else(wrong_count)? {
        Item::Text(text) => {
            budget.spend_work(text.len() / 64)?;
            Ok(text)
        }
        _ => Err(wrong_argument(at, "a text")),
    }
}

/// The whole number at a place of the arguments, if there is one.
fn number_argument(args: Arguments<'_, '_>, at: usize) -> Result<Option<i64>, ExpressionFailure> {
    match args.get(at).map(Item::as_figure) {
        None => Ok(None),
        Some(Some(Figure::Int(i))) => Ok(Some(i)),
        Some(_) => Err(wrong_argument(at, "a whole number")),
    }
}

/// A place in a text of so many characters.
fn place_argument(
    args: Arguments<'_, '_>,
    at: usize,
    count: usize,
) -> Result<Option<usize>, ExpressionFailure> {
    match number_argument(args, at)? {
        None => Ok(None),
        Some(i) => match usize::try_from(i) {
            Ok(place) if place <= count => Ok(Some(place)),
            _ => Err(failure_saying("it points outside of the text")),
        },
    }
}

/// A scalar as the text that a template would print.
fn printed_argument<'s>(args: Arguments<'_, 's>) -> Result<Text<'s>, ExpressionFailure> {
    first_argument(args)?
        .printed_text()
        .ok_or_else(|| wrong_argument(0, SCALAR))
}

pub(super) fn string<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    budget.spend_bytes(32)?;
    printed_argument(args).map(Item::Text)
}

pub(super) fn quote<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let item = first_argument(args)?;
    if item.is_unset() {
        return Ok(Item::constant_text("(not set)"));
    }
    let value = item.to_value(budget)?;
    let text = write::one_line(&value, write::Context::Flow, write::Quotes::None);
    Item::text(budget, text)
}

/// True for a release number as a tag: official images are tagged with one, or have no tag at all.
pub(super) fn release<'s>(_: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    if first_argument(args)?.is_nothing() {
        return Ok(Item::Bool(true));
    }
    let text = printed_argument(args)?;
    let number = text.strip_prefix('v').unwrap_or(&text);
    let parts: Vec<_> = number.splitn(5, '.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    Ok(Item::Bool(parts.len() <= 3 && parts.iter().all(is_number)))
}

pub(super) fn base<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let text = printed_argument(args)?;
    Item::text(budget, text.rsplit('/').next().unwrap_or_default())
}

pub(super) fn dir<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let text = printed_argument(args)?;
    Item::text(budget, text.rsplit_once('/').map_or("", |(dir, _)| dir))
}

pub(super) fn starts_with<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let (text, part) = (
        text_argument(budget, args, 0)?,
        text_argument(budget, args, 1)?,
    );
    Ok(Item::Bool(text.starts_with(&**part)))
}

pub(super) fn ends_with<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let (text, part) = (
        text_argument(budget, args, 0)?,
        text_argument(budget, args, 1)?,
    );
    Ok(Item::Bool(text.ends_with(&**part)))
}

pub(super) fn contains<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let (text, part) = (
        text_argument(budget, args, 0)?,
        text_argument(budget, args, 1)?,
    );
    Ok(Item::Bool(text.contains(&**part)))
}

/// True if a regular expression is found in a text. Patterns are compiled once, within a bound of their own, and take a
/// time that is linear in the text.
pub(super) fn matches<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    /// The bytes that a pattern may become.
    const LARGEST: usize = 256 << 10;
    /// The number of patterns that are kept.
    const MOST: usize = 256;
    static KNOWN: Mutex<BTreeMap<String, Regex>> = Mutex::new(BTreeMap::new());
    let (text, pattern) = (
        text_argument(budget, args, 0)?,
        text_argument(budget, args, 1)?,
    );
    budget.spend_work(text.len() / 8)?;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let pattern = match known.get(&**pattern) {
        Some(pattern) => pattern.clone(),
        None => {
            budget.spend_work(1_000 + 64 * pattern.len())?;
            let compiled = RegexBuilder::new(pattern)
                .size_limit(LARGEST)
                .build()
                .map_err(|_| {
                    failure_saying("the pattern is no regular expression, or too large a one")
                })?;
            // A pattern can be made of values, so there may be ever new ones.
            if known.len() >= MOST {
                known.clear();
            }
            known.insert((**pattern).to_owned(), compiled.clone());
            compiled
        }
    };
    // Others need not wait while the text is searched.
    drop(known);
    Ok(Item::Bool(pattern.is_match(text)))
}

/// The number of parts that an optional number allows: a negative one is no bound.
fn bound_argument(args: Arguments<'_, '_>, at: usize) -> Result<usize, ExpressionFailure> {
    Ok(number_argument(args, at)?.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX)))
}

pub(super) fn split<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let (text, by) = (
        text_argument(budget, args, 0)?,
        text_argument(budget, args, 1)?,
    );
    let parts: Vec<&str> = match (bound_argument(args, 2)?, by.is_empty()) {
        (0, _) => Vec::new(),
        (n, false) => {
            budget.make_values(text.matches(&**by).count().min(n))?;
            text.splitn(n, &**by).collect()
        }
        (n, true) => {
            budget.make_values(text.len().min(n))?;
            split_characters(text, n)
        }
    };
    let parts = parts.into_iter().map(|part| Item::text(budget, part));
    Item::list(budget, parts.collect::<Result<_, _>>()?)
}

/// The characters of a text, the last of at most `n` parts with all that is left.
fn split_characters(text: &str, n: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let end = if parts.len() + 1 < n {
            c.len_utf8()
        } else {
            rest.len()
        };
        let (part, behind) = rest.split_at(end);
        parts.push(part);
        rest = behind;
    }
    parts
}

pub(super) fn join<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let Item::List(list) = first_argument(args)? else {
        return Err(wrong_argument(0, "a list of texts"));
    };
    let by = match args.get(1) {
        Some(_) => text_argument(budget, args, 1)?,
        None => &Text::Of(""),
    };
    let mut joined = String::new();
    for (i, item) in list.iter().enumerate() {
        let Item::Text(part) = item else {
            return Err(ExpressionFailure::Says(format!(
                "it joins texts, and an item of the list is {}; `string(x)` makes a text of it",
                item.kind()
            )));
        };
        budget.spend_bytes(part.len() + by.len())?;
        if i > 0 {
            joined.push_str(by);
        }
        joined.push_str(&part);
    }
    Item::text(budget, joined)
}

pub(super) fn replace<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let text = text_argument(budget, args, 0)?;
    let (old, new) = (
        self::text_argument(budget, args, 1)?,
        self::text_argument(budget, args, 2)?,
    );
    let most = bound_argument(args, 3)?;
    let count = text.matches(&**old).count().min(most);
    budget.spend_bytes(text.len().saturating_add(count.saturating_mul(new.len())))?;
    Ok(Item::Text(Text::Made(
        text.replacen(&**old, new, most).into(),
    )))
}

pub(super) fn trim<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    Item::text(budget, text_argument(budget, args, 0)?.trim())
}

pub(super) fn lower<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    Item::text(budget, text_argument(budget, args, 0)?.to_ascii_lowercase())
}

pub(super) fn upper<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    Item::text(budget, text_argument(budget, args, 0)?.to_ascii_uppercase())
}

pub(super) fn reverse<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let reversed: String = text_argument(budget, args, 0)?.chars().rev().collect();
    Item::text(budget, reversed)
}

pub(super) fn substring<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let text = text_argument(budget, args, 0)?;
    let count = text.chars().count();
    let from = place_argument(args, 1, count)?.unwrap_or(0);
    let to = place_argument(args, 2, count)?.unwrap_or(count);
    if from > to {
        return Err(failure_saying("it ends before it begins"));
    }
    let part: String = text.chars().skip(from).take(to - from).collect();
    Item::text(budget, part)
}

pub(super) fn char_at<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let text = text_argument(budget, args, 0)?;
    let at = place_argument(args, 1, text.chars().count())?.unwrap_or(0);
    let found: String = text.chars().skip(at).take(1).collect();
    Item::text(budget, found)
}

/// The bytes before a character, and the characters before a byte.
fn bytes_before(text: &str, characters: usize) -> usize {
    text.char_indices()
        .nth(characters)
        .map_or(text.len(), |(at, _)| at)
}

fn found_at<'s>(text: &str, at: Option<usize>) -> Item<'s> {
    let count = at.map(|at| text[..at].chars().count());
    Item::Int(count.and_then(|n| i64::try_from(n).ok()).unwrap_or(-1))
}

pub(super) fn index_of<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let (text, part) = (
        text_argument(budget, args, 0)?,
        text_argument(budget, args, 1)?,
    );
    let from = match number_argument(args, 2)? {
        Some(n) => {
            usize::try_from(n).map_err(|_| failure_saying("it points outside of the text"))?
        }
        None => 0,
    };
    let start = bytes_before(text, from);
    Ok(found_at(
        text,
        text[start..].find(&**part).map(|at| start + at),
    ))
}

pub(super) fn last_index_of<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let (text, part) = (
        text_argument(budget, args, 0)?,
        text_argument(budget, args, 1)?,
    );
    let end = match number_argument(args, 2)? {
        // What begins at that place may end behind it.
        Some(n) => {
            let n =
                usize::try_from(n).map_err(|_| failure_saying("it points outside of the text"))?;
            let start = bytes_before(text, n);
            bytes_before(&text[start..], part.chars().count()) + start
        }
        None => text.len(),
    };
    Ok(found_at(text, text[..end].rfind(&**part)))
}
