//! What an expression works with: values that are looked at where they are, and values that were made.
//!
//! Nothing is copied to look at it. Maps keep their order, be they of the file or made: what goes over a map
//! meets its keys as the file or the expression has them.

use std::{
    borrow::{Borrow, Cow},
    cmp::Ordering,
    fmt::Write as _,
    hash,
    ops::Deref,
    rc::Rc,
};

use indexmap::IndexMap;

use super::{ExpressionFailure, budget::Budget};
use crate::values::{Map, Number, Value, view::MAX_VALUE_DEPTH};

/// A value of an expression.
#[derive(Debug, Clone)]
pub(in crate::pack) enum Item<'s> {
    /// A name that is not set, or a part that is missing. It equals only itself.
    Unset,
    /// The result of `omit()`: the entry or item that it would be is left out.
    Omitted,
    Null,
    Bool(bool),
    /// A whole number that the expression made.
    Int(i64),
    /// Any other number that the expression made.
    Float(f64),
    /// A number of the values, as Helm has it.
    Number(Cow<'s, Number>),
    Text(Text<'s>),
    List(List<'s>),
    Map(Entries<'s>),
}

/// A text.
#[derive(Debug, Clone)]
pub(in crate::pack) enum Text<'s> {
    Of(&'s str),
    Made(Rc<str>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Of(text) => text,
            Self::Made(text) => text,
        }
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text<'_> {}

impl hash::Hash for Text<'_> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl Borrow<str> for Text<'_> {
    fn borrow(&self) -> &str {
        self
    }
}

/// A list.
#[derive(Debug, Clone)]
pub(in crate::pack) enum List<'s> {
    Of(&'s [Value]),
    Made(Rc<Vec<Item<'s>>>),
}

impl<'s> List<'s> {
    pub(in crate::pack) fn len(&self) -> usize {
        match self {
            Self::Of(items) => items.len(),
            Self::Made(items) => items.len(),
        }
    }

    pub(in crate::pack) fn get(&self, at: usize) -> Option<Item<'s>> {
        match self {
            Self::Of(items) => items.get(at).map(Item::of),
            Self::Made(items) => items.get(at).cloned(),
        }
    }

    pub(in crate::pack) fn iter(&self) -> impl Iterator<Item = Item<'s>> + '_ {
        (0..self.len()).filter_map(|at| self.get(at))
    }
}

/// The entries of a map.
#[derive(Debug, Clone)]
pub(in crate::pack) enum Entries<'s> {
    Of(&'s Map),
    Made(Rc<IndexMap<Text<'s>, Item<'s>>>),
}

impl<'s> Entries<'s> {
    pub(in crate::pack) fn len(&self) -> usize {
        match self {
            Self::Of(map) => map.len(),
            Self::Made(map) => map.len(),
        }
    }

    pub(in crate::pack) fn get(&self, key: &str) -> Option<Item<'s>> {
        match self {
            Self::Of(map) => map.get(key).map(Item::of),
            Self::Made(map) => map.get(key).cloned(),
        }
    }

    pub(in crate::pack) fn entry_at(&self, at: usize) -> Option<(Text<'s>, Item<'s>)> {
        match self {
            Self::Of(map) => map
                .get_index(at)
                .map(|(key, value)| (Text::Of(key), Item::of(value))),
            Self::Made(map) => map
                .get_index(at)
                .map(|(key, value)| (key.clone(), value.clone())),
        }
    }

    pub(in crate::pack) fn iter(&self) -> impl Iterator<Item = (Text<'s>, Item<'s>)> + '_ {
        (0..self.len()).filter_map(|at| self.entry_at(at))
    }
}

/// A number to reckon with.
#[derive(Debug, Clone, Copy)]
pub(in crate::pack) enum Figure {
    Int(i64),
    Float(f64),
}

impl Figure {
    pub(super) fn float(self) -> f64 {
        match self {
            // Helm has every number as a 64-bit float.
            #[allow(clippy::cast_precision_loss)]
            Self::Int(i) => i as f64,
            Self::Float(f) => f,
        }
    }

    fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(&b)),
            (a, b) => a.float().partial_cmp(&b.float()),
        }
    }
}

impl<'s> Item<'s> {
    /// A value as it is.
    pub(in crate::pack) fn of(value: &'s Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Number(number) => Self::Number(Cow::Borrowed(number)),
            Value::String(text) => Self::Text(Text::Of(text)),
            Value::List(items) => Self::List(List::Of(items)),
            Value::Map(map) => Self::Map(Entries::Of(map)),
        }
    }

    /// A text that was made.
    pub(in crate::pack) fn text(
        budget: &Budget,
        text: impl Into<Rc<str>>,
    ) -> Result<Self, ExpressionFailure> {
        let text = text.into();
        budget.spend_bytes(text.len())?;
        Ok(Self::Text(Text::Made(text)))
    }

    /// A word that a function always has at hand.
    pub(in crate::pack) fn constant_text(text: &'static str) -> Self {
        Self::Text(Text::Of(text))
    }

    /// A list that was made.
    pub(in crate::pack) fn list(
        budget: &Budget,
        items: Vec<Self>,
    ) -> Result<Self, ExpressionFailure> {
        budget.make_values(items.len())?;
        Ok(Self::List(List::Made(Rc::new(items))))
    }

    /// A map that was made.
    pub(in crate::pack) fn map(
        budget: &Budget,
        entries: IndexMap<Text<'s>, Self>,
    ) -> Result<Self, ExpressionFailure> {
        budget.make_values(2 * entries.len())?;
        Ok(Self::Map(Entries::Made(Rc::new(entries))))
    }

    /// A value that was made, and that no scope holds.
    pub(in crate::pack) fn owned(budget: &Budget, value: Value) -> Result<Self, ExpressionFailure> {
        Ok(match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(b),
            Value::Number(number) => Self::Number(Cow::Owned(number)),
            Value::String(text) => Self::text(budget, text)?,
            Value::List(items) => {
                let items = items.into_iter().map(|item| Self::owned(budget, item));
                Self::list(budget, items.collect::<Result<_, _>>()?)?
            }
            Value::Map(map) => {
                let entries = map.into_iter().map(|(key, value)| {
                    budget.spend_bytes(key.len())?;
                    Ok((Text::Made(key.into()), Self::owned(budget, value)?))
                });
                Self::map(budget, entries.collect::<Result<_, ExpressionFailure>>()?)?
            }
        })
    }

    pub(in crate::pack) fn is_unset(&self) -> bool {
        matches!(self, Self::Unset | Self::Omitted)
    }

    /// True for unset and null.
    pub(in crate::pack) fn is_nothing(&self) -> bool {
        self.is_unset() || matches!(self, Self::Null)
    }

    /// The kind of the value, in a message. Never the value: that may be a password.
    pub(in crate::pack) fn kind(&self) -> &'static str {
        match self {
            Self::Unset | Self::Omitted => "not set",
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Float(_) | Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }

    pub(in crate::pack) fn as_figure(&self) -> Option<Figure> {
        match self {
            Self::Int(i) => Some(Figure::Int(*i)),
            Self::Float(f) => Some(Figure::Float(*f)),
            Self::Number(number) => Some(match number.as_i64() {
                Some(i) => Figure::Int(i),
                None => Figure::Float(number.as_f64()),
            }),
            _ => None,
        }
    }

    /// A text, number or boolean as a template prints it: numbers of the values as Go's `%v` of a 64-bit
    /// float, whole numbers that were made as they are.
    pub(in crate::pack) fn printed_text(&self) -> Option<Text<'s>> {
        let made = |text: String| Some(Text::Made(text.into()));
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Bool(true) => Some(Text::Of("true")),
            Self::Bool(false) => Some(Text::Of("false")),
            Self::Int(i) => made(i.to_string()),
            Self::Float(f) => Number::from_f64(*f).and_then(|number| made(number.printed())),
            Self::Number(number) => made(number.printed()),
            Self::Unset | Self::Omitted | Self::Null | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// A text, number or boolean as the name of a key: as Helm names it.
    pub(in crate::pack) fn as_key(&self) -> Option<Text<'s>> {
        match self {
            Self::Number(Cow::Borrowed(number)) => Some(Text::Of(number.as_str())),
            Self::Number(Cow::Owned(number)) => Some(Text::Made(number.as_str().into())),
            Self::Float(f) => Number::from_f64(*f).map(|number| Text::Made(number.as_str().into())),
            other => other.printed_text(),
        }
    }

    /// True if two are the same, as CEL says: numbers by their worth, maps whatever their order.
    pub(in crate::pack) fn equals(
        &self,
        other: &Self,
        budget: &Budget,
    ) -> Result<bool, ExpressionFailure> {
        budget.spend_work(1)?;
        if let (Some(a), Some(b)) = (self.as_figure(), other.as_figure()) {
            return Ok(a.compare(b) == Some(Ordering::Equal));
        }
        match (self, other) {
            (Self::Unset | Self::Omitted, Self::Unset | Self::Omitted)
            | (Self::Null, Self::Null) => Ok(true),
            (Self::Bool(a), Self::Bool(b)) => Ok(a == b),
            (Self::Text(a), Self::Text(b)) => {
                budget.spend_work(a.len().min(b.len()) / 64)?;
                Ok(a == b)
            }
            (Self::List(a), Self::List(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                for (a, b) in a.iter().zip(b.iter()) {
                    if !a.equals(&b, budget)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Self::Map(a), Self::Map(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                for (key, a) in a.iter() {
                    match b.get(&key) {
                        Some(b) if a.equals(&b, budget)? => {}
                        _ => return Ok(false),
                    }
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// The order of two; `None` for kinds without an order, or with none between the two.
    pub(super) fn compare(&self, other: &Self) -> Option<Option<Ordering>> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some(Some((**a).cmp(&**b))),
            (Self::Bool(a), Self::Bool(b)) => Some(Some(a.cmp(b))),
            (a, b) => Some(a.as_figure()?.compare(b.as_figure()?)),
        }
    }

    /// The value, for a values file. Omitted parts are left out.
    ///
    /// # Errors
    ///
    /// If a part is not set, a number is not finite, or it is too large or too deep.
    pub(in crate::pack) fn to_value(&self, budget: &Budget) -> Result<Value, ExpressionFailure> {
        self.value_at(budget, 0)
    }

    fn value_at(&self, budget: &Budget, depth: usize) -> Result<Value, ExpressionFailure> {
        let says = |text: &str| ExpressionFailure::Says(text.to_owned());
        if depth > MAX_VALUE_DEPTH {
            return Err(says("what it makes is nested too deeply"));
        }
        budget.make_values(1)?;
        Ok(match self {
            Self::Unset | Self::Omitted => return Err(says("a part of its result is not set")),
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(*b),
            Self::Int(i) => Value::Number((*i).into()),
            Self::Float(f) => Value::Number(
                Number::from_f64(*f).ok_or_else(|| says("a number of its result is not finite"))?,
            ),
            Self::Number(number) => Value::Number(number.clone().into_owned()),
            Self::Text(text) => {
                budget.spend_bytes(text.len())?;
                Value::String((**text).to_owned())
            }
            Self::List(items) => {
                let kept = items.iter().filter(|item| !matches!(item, Self::Omitted));
                let values = kept.map(|item| item.value_at(budget, depth + 1));
                Value::List(values.collect::<Result<_, _>>()?)
            }
            Self::Map(entries) => {
                let kept = entries
                    .iter()
                    .filter(|(_, value)| !matches!(value, Self::Omitted));
                let values = kept.map(|(key, value)| {
                    budget.spend_bytes(key.len())?;
                    Ok(((*key).to_owned(), value.value_at(budget, depth + 1)?))
                });
                Value::Map(values.collect::<Result<_, ExpressionFailure>>()?)
            }
        })
    }

    /// Adds it to a sentence: what a template prints, and lists and maps in one line.
    pub(super) fn push_sentence(
        &self,
        budget: &Budget,
        out: &mut String,
    ) -> Result<(), ExpressionFailure> {
        let start = out.len();
        match self {
            Self::Unset | Self::Omitted => out.push_str("(not set)"),
            Self::Null => out.push_str("null"),
            Self::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { "" });
                    item.push_sentence(budget, out)?;
                }
                out.push(']');
            }
            Self::Map(entries) => {
                out.push('{');
                for (i, (key, value)) in entries.iter().enumerate() {
                    let comma = if i > 0 { ", " } else { "" };
                    let _ = write!(out, "{comma}{}: ", &*key);
                    value.push_sentence(budget, out)?;
                }
                out.push('}');
            }
            scalar => out.push_str(scalar.printed_text().as_deref().unwrap_or_default()),
        }
        budget.spend_bytes(out.len() - start)
    }
}
