//! Functions over lists and maps, and between them and texts. Maps keep their order throughout.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::{Arguments, CallResult, failure_saying, first_argument, wrong_argument, wrong_count};
use crate::{
    pack::expr::{Budget, Entries, ExpressionFailure, Item, List, Text},
    values::{Value, View, write},
    yaml::{Position, Tree},
};

/// Items that were met, so that a long list is gone over once.
#[derive(Default)]
struct DistinctItems<'s> {
    texts: HashSet<Text<'s>>,
    others: Vec<Item<'s>>,
}

impl<'s> DistinctItems<'s> {
    fn has(&self, budget: &Budget, item: &Item<'s>) -> Result<bool, ExpressionFailure> {
        budget.spend_work(1)?;
        if let Item::Text(text) = item {
            return Ok(self.texts.contains(text));
        }
        // No hash tells that `2` and `2.0` are equal; the budget bounds how often these are compared.
        for other in &self.others {
            if other.equals(item, budget)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn add(&mut self, item: Item<'s>) {
        match item {
            Item::Text(text) => {
                self.texts.insert(text);
            }
            item => self.others.push(item),
        }
    }
}

pub(super) fn union<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let mut met = DistinctItems::default();
    let mut joined = Vec::new();
    let mut add = |item: Item<'s>| -> Result<(), ExpressionFailure> {
        if !met.has(budget, &item)? {
            budget.make_values(2)?;
            met.add(item.clone());
            joined.push(item);
        }
        Ok(())
    };
    for (at, arg) in args.iter().enumerate() {
        match arg {
            Item::List(items) => items.iter().try_for_each(&mut add)?,
            Item::Text(_) => add(arg.clone())?,
            nothing if nothing.is_nothing() => {}
            _ => return Err(wrong_argument(at, "lists and texts")),
        }
    }
    Item::list(budget, joined)
}

pub(super) fn merge<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let mut merged: Option<Entries<'s>> = None;
    for (at, arg) in args.iter().enumerate() {
        match arg {
            Item::Map(over) => {
                merged = Some(match merged {
                    Some(base) => merge_two(budget, &base, over)?,
                    None => over.clone(),
                });
            }
            nothing if nothing.is_nothing() => {}
            _ => return Err(wrong_argument(at, "maps")),
        }
    }
    match merged {
        Some(merged) => Ok(Item::Map(merged)),
        None => Item::map(budget, IndexMap::new()),
    }
}

/// Two maps as one, key by key; the second wins.
fn merge_two<'s>(
    budget: &Budget,
    base: &Entries<'s>,
    over: &Entries<'s>,
) -> Result<Entries<'s>, ExpressionFailure> {
    budget.make_values(2 * (base.len() + over.len()))?;
    let mut merged: IndexMap<Text<'s>, Item<'s>> = base.iter().collect();
    for (key, value) in over.iter() {
        let value = match (merged.get(&key), value) {
            (Some(Item::Map(base)), Item::Map(over)) => Item::Map(merge_two(budget, base, &over)?),
            (_, value) => value,
        };
        merged.insert(key, value);
    }
    Ok(Entries::Made(merged.into()))
}

pub(super) fn minus<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let [from, less] = args else {
        return Err(wrong_count());
    };
    let mut gone = DistinctItems::default();
    match less {
        Item::List(items) => {
            budget.make_values(items.len())?;
            items.iter().for_each(|item| gone.add(item));
        }
        Item::Map(map) => {
            budget.make_values(map.len())?;
            map.iter().for_each(|(key, _)| gone.add(Item::Text(key)));
        }
        nothing if nothing.is_nothing() => {}
        one => gone.add(one.clone()),
    }
    match from {
        Item::Map(map) => {
            let mut kept = IndexMap::new();
            for (key, value) in map.iter() {
                if !gone.has(budget, &Item::Text(key.clone()))? {
                    kept.insert(key, value);
                }
            }
            Item::map(budget, kept)
        }
        Item::List(items) => {
            let mut kept = Vec::new();
            for item in items.iter() {
                if !gone.has(budget, &item)? {
                    kept.push(item);
                }
            }
            Item::list(budget, kept)
        }
        _ => Err(wrong_argument(0, "a map or a list to take from")),
    }
}

const KEY: Text<'static> = Text::Of("key");
const VALUE: Text<'static> = Text::Of("value");

pub(super) fn entries<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let Item::Map(map) = first_argument(args)? else {
        return Err(wrong_argument(0, "a map"));
    };
    let entry = |(key, value)| {
        let entry = [(KEY, Item::Text(key)), (VALUE, value)];
        Item::map(budget, entry.into_iter().collect())
    };
    let entries = map.iter().map(entry);
    Item::list(budget, entries.collect::<Result<_, _>>()?)
}

pub(super) fn from_entries<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let mut map = IndexMap::new();
    for entry in list_argument(args)?.iter() {
        let Item::Map(entry) = entry else {
            return Err(wrong_argument(0, "a list of maps with `key` and `value`"));
        };
        let key = entry.get(&KEY).and_then(|key| key.as_key());
        let (Some(key), Some(value)) = (key, entry.get(&VALUE)) else {
            return Err(failure_saying(
                "an item of the list has no `key` or no `value`",
            ));
        };
        if map.insert(key, value).is_some() {
            return Err(failure_saying("two items have the same `key`"));
        }
    }
    Item::map(budget, map)
}

fn list_argument<'a, 's>(args: Arguments<'a, 's>) -> Result<&'a List<'s>, ExpressionFailure> {
    match first_argument(args)? {
        Item::List(list) => Ok(list),
        _ => Err(wrong_argument(0, "a list")),
    }
}

fn name_argument<'a, 's>(args: Arguments<'a, 's>) -> Result<&'a Text<'s>, ExpressionFailure> {
    match args.get(1).ok_or_else(wrong_count)? {
        Item::Text(name) => Ok(name),
        _ => Err(wrong_argument(1, "the name of a key")),
    }
}

pub(super) fn by<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let name = name_argument(args)?;
    let mut map = IndexMap::new();
    for item in list_argument(args)?.iter() {
        let Item::Map(item) = item else {
            return Err(wrong_argument(0, "a list of maps"));
        };
        let Some(key) = item.get(name).and_then(|key| key.as_key()) else {
            return Err(failure_saying(
                "an item of the list has no such key, or no text there",
            ));
        };
        let rest = item.iter().filter(|(key, _)| key != name);
        let rest = Item::map(budget, rest.collect())?;
        if map.insert(key, rest).is_some() {
            return Err(failure_saying(
                "two items of the list have the same value under that key",
            ));
        }
    }
    Item::map(budget, map)
}

pub(super) fn items<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let name = name_argument(args)?;
    let Item::Map(map) = first_argument(args)? else {
        return Err(wrong_argument(0, "a map of maps"));
    };
    let mut items = Vec::new();
    for (key, value) in map.iter() {
        let mut item = IndexMap::from([(name.clone(), Item::Text(key))]);
        match value {
            Item::Map(rest) => item.extend(rest.iter().filter(|(key, _)| key != name)),
            // A key with nothing behind it is null to YAML: an item that has only its name.
            Item::Null => {}
            _ => return Err(wrong_argument(0, "a map of maps")),
        }
        items.push(Item::map(budget, item)?);
    }
    Item::list(budget, items)
}

/// The value that Helm reads out of a text of YAML or JSON.
pub(super) fn parse<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let Item::Text(text) = first_argument(args)? else {
        return Err(wrong_argument(0, "a text of YAML or JSON"));
    };
    budget.spend_work(text.len())?;
    budget.spend_bytes(4 * text.len())?;
    let unread = |offset: usize| {
        let at = Position::of(text, offset);
        ExpressionFailure::Says(format!(
            "the text is no YAML that Helm reads (line {}, column {} of the text)",
            at.line, at.column
        ))
    };
    let tree = Tree::parse(&**text).map_err(|error| unread(error.offset))?;
    match tree.documents() {
        [] => Ok(Item::Null),
        [document] => {
            let value = View::new(&tree, document.root).value(document.root);
            let value = value.map_err(|error| unread(error.offset))?;
            Item::owned(budget, value)
        }
        _ => Err(failure_saying("the text holds several documents")),
    }
}

/// A text of YAML that Helm reads as the value.
pub(super) fn text<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let value = first_argument(args)?.to_value(budget)?;
    budget.spend_bytes(least_written_size(&value, 1))?;
    let mut text = write::block(&value, &write::Layout::default());
    text.push('\n');
    Ok(Item::Text(Text::Made(text.into())))
}

/// The value in one line of JSON.
pub(super) fn json<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let value = first_argument(args)?.to_value(budget)?;
    budget.spend_bytes(least_written_size(&value, 0))?;
    let text = serde_json::to_string(&serde_json::Value::from(&value));
    let text = text.map_err(|_| failure_saying("it cannot be written as JSON"))?;
    Ok(Item::Text(Text::Made(text.into())))
}

/// No fewer bytes than a value has when it is written, indented by so many levels.
fn least_written_size(value: &Value, indent: usize) -> usize {
    let below = if indent == 0 { 0 } else { indent + 2 };
    8 + 2 * indent
        + match value {
            Value::Null | Value::Bool(_) => 0,
            Value::Number(number) => number.as_str().len(),
            // What must be escaped takes up to six bytes for one.
            Value::String(text) => 6 * text.len(),
            Value::List(items) => items
                .iter()
                .map(|item| least_written_size(item, below))
                .sum(),
            Value::Map(map) => map
                .iter()
                .map(|(key, value)| 6 * key.len() + least_written_size(value, below))
                .sum(),
        }
}
