//! Where a value that a step made came from, part by part.
//!
//! What an expression makes is a new value to it; to a person who reads the file most of it is still what stood
//! there. So a part that is what the step looked at keeps its text and its comments: a whole value, an item of
//! a list, an item that has a key more or less, one that stands under a key now or no longer does, a text that
//! became a key's value. Each is used once, so that a comment never comes twice. Only values are compared, and
//! only those that the expression names; it never looks at how the step came to them.

use std::cell::OnceCell;

use super::node::{Body, Entry, TextPlace, TracedValue, ValueOrigin};
use crate::{
    values::{Map, ReadError, Value, View, view},
    yaml::NodeId,
};

/// The parts that a value can be made of: the items and entries of the values at which a step looked.
pub(super) struct LookedAtParts<'v> {
    view: &'v View<'v>,
    parts: Vec<LookedAt>,
    from: Vec<TextPlace>,
    like: Option<NodeId>,
}

/// Of more parts only those are looked for that are a value as they are.
const MOST: usize = 2_000;

struct LookedAt {
    /// The key that it stands under; none for an item.
    key: Option<String>,
    node: TracedValue,
    value: Value,
    used: bool,
    /// The value in a text of several lines, read when it is first asked for.
    says: OnceCell<Option<Value>>,
}

impl LookedAt {
    fn told_value(&self) -> Option<&Value> {
        let read = || match &self.value {
            Value::String(text) if text.contains('\n') => view::read(text),
            _ => None,
        };
        self.says.get_or_init(read).as_ref()
    }
}

impl<'v> LookedAtParts<'v> {
    /// The parts of what stands at some places, the places themselves first.
    pub fn of(
        nodes: impl Iterator<Item = &'v TracedValue>,
        view: &'v View<'v>,
        (from, like): (Vec<TextPlace>, Option<NodeId>),
    ) -> Result<Self, ReadError> {
        let mut parts = Self {
            view,
            parts: Vec::new(),
            from,
            like,
        };
        for node in nodes {
            parts.add(None, node.clone())?;
            parts.add_below(node)?;
        }
        Ok(parts)
    }

    fn add(&mut self, key: Option<String>, node: TracedValue) -> Result<(), ReadError> {
        let value = node.value(self.view)?;
        self.parts.push(LookedAt {
            key,
            node,
            value,
            used: false,
            says: OnceCell::new(),
        });
        Ok(())
    }

    fn add_below(&mut self, node: &TracedValue) -> Result<(), ReadError> {
        for entry in node.entries(self.view) {
            self.add(Some(entry.key), entry.node)?;
        }
        for item in node.items(self.view).into_iter().flatten() {
            if item.is_value() {
                self.add(None, item)?;
            }
        }
        Ok(())
    }

    /// A value with as much of its provenance as can be told.
    pub fn node(&mut self, value: &Value) -> Result<TracedValue, ReadError> {
        Ok(match self.known_node(value, None)? {
            Some(node) => node,
            None => {
                let like = self.like.filter(|_| !matches!(value, Value::List(_)));
                TracedValue::made_by_step(value.clone(), self.from.clone(), like)
            }
        })
    }

    /// The same, if anything can be told. `key` is the key that the value comes to stand under.
    fn known_node(
        &mut self,
        value: &Value,
        key: Option<&str>,
    ) -> Result<Option<TracedValue>, ReadError> {
        if let Some(node) = self.whole_part(value, key) {
            return Ok(Some(node));
        }
        if let Some(source) = self.parsed(value) {
            return Ok(Some(TracedValue::made_by_step(
                value.clone(),
                vec![source],
                None,
            )));
        }
        let known = match value {
            Value::List(items) => self.list(items)?,
            // Each is compared with each.
            _ if self.parts.len() > MOST => None,
            Value::Map(map) => match self.similar_map(map, key)? {
                Some(node) => Some(node),
                None => self.map(map)?,
            },
            scalar => match key {
                Some(key) => self.value_of_item(scalar, key),
                None => self.text_in_item(scalar),
            },
        };
        match (known, key) {
            (None, Some(key)) => self.rebuilt_below(value, key),
            (known, _) => Ok(known),
        }
    }

    /// A map or list made of parts of the one that stood under the same key.
    fn rebuilt_below(
        &mut self,
        value: &Value,
        key: &str,
    ) -> Result<Option<TracedValue>, ReadError> {
        let fits = |part: &LookedAt| {
            !part.used && part.key.as_deref() == Some(key) && is_same_kind(&part.value, value)
        };
        let Some(at) = self.parts.iter().position(fits) else {
            return Ok(None);
        };
        let node = self.parts[at].node.clone();
        let known = self.rebuilt_inside(&node, value, key)?;
        self.parts[at].used |= known.is_some();
        Ok(known)
    }

    /// A map or list made of parts of another one: what is known of it inside that alone.
    fn rebuilt_inside(
        &self,
        node: &TracedValue,
        value: &Value,
        key: &str,
    ) -> Result<Option<TracedValue>, ReadError> {
        let by = (self.from.clone(), self.like);
        LookedAtParts::of(std::iter::once(node), self.view, by)?.known_node(value, Some(key))
    }

    fn take(&mut self, fits: impl Fn(&LookedAt) -> bool) -> Option<TracedValue> {
        let part = self
            .parts
            .iter_mut()
            .find(|part| !part.used && fits(part))?;
        part.used = true;
        Some(part.node.clone())
    }

    /// A part that is just this value. What says little by itself, as `true` does, is the same by chance.
    fn whole_part(&mut self, value: &Value, key: Option<&str>) -> Option<TracedValue> {
        let telling = match value {
            Value::String(text) => !text.is_empty(),
            Value::Map(map) => !map.is_empty(),
            Value::List(items) => !items.is_empty(),
            _ => false,
        };
        let own = |part: &LookedAt| part.key.as_deref() == key;
        self.take(|part| own(part) && part.value == *value)
            .or_else(|| self.take(|part| telling && part.value == *value))
    }

    /// A text of several lines that says the value if it is read.
    fn parsed(&mut self, value: &Value) -> Option<TextPlace> {
        if !matches!(value, Value::Map(_) | Value::List(_)) {
            return None;
        }
        let fits =
            |part: &LookedAt| part.node.source().is_some() && part.told_value() == Some(value);
        self.take(fits)?.source().cloned()
    }

    fn list(&mut self, items: &[Value]) -> Result<Option<TracedValue>, ReadError> {
        // What is as it was comes first, so that nothing else is made of it.
        let mut nodes: Vec<Option<TracedValue>> = items
            .iter()
            .map(|item| self.whole_part(item, None))
            .collect();
        for (item, node) in items.iter().zip(&mut nodes) {
            if node.is_none() {
                *node = self.known_node(item, None)?;
            }
        }
        if nodes.iter().all(Option::is_none) {
            return Ok(None);
        }
        let made = items.iter().zip(nodes).map(|(item, node)| {
            node.unwrap_or_else(|| TracedValue::made_by_step(item.clone(), self.from.clone(), None))
        });
        Ok(Some(self.make_node(Body::List(made.collect()))))
    }

    /// A map that is a part with a key more or less, or other values at a key; its parts may be known as well.
    fn similar_map(
        &mut self,
        map: &Map,
        key: Option<&str>,
    ) -> Result<Option<TracedValue>, ReadError> {
        let mut best: Option<(usize, usize)> = None;
        for (i, part) in self.parts.iter().enumerate() {
            let Value::Map(own) = &part.value else {
                continue;
            };
            let same = own
                .iter()
                .filter(|(key, value)| map.get(*key) == Some(*value));
            let same = same.count();
            let other = own.len() - same;
            // Of a small map one key may have become another; of a larger one more has to be the same than not.
            if part.used || same == 0 || other > 1 && same <= other {
                continue;
            }
            // What names the part, there or here, tells more than that two keys are alike.
            let says = |name: &str| own.values().any(|value| value.scalar_text() == Some(name));
            let named = key.is_some_and(says)
                || part.key.as_deref().is_some_and(|name| {
                    map.values().any(|value| value.scalar_text() == Some(name))
                });
            // A name counts half a key: it decides between parts that have equally many in common.
            let weight = 2 * same + usize::from(named);
            if best.is_none_or(|(heaviest, _)| weight > heaviest) {
                best = Some((weight, i));
            }
        }
        let Some((_, i)) = best else {
            return self.scalar_in(map);
        };
        self.parts[i].used = true;
        let mut node = self.parts[i].node.clone();
        let mut entries = std::mem::take(node.open_map(self.view)).into_vec();
        entries.retain(|entry| !entry.gone);
        // What went keeps its place, for its comments; what is new comes where the value has it.
        let mut made = Vec::new();
        for (key, value) in map {
            let there = entries.iter().position(|entry| entry.key == *key);
            let same = match there {
                Some(at) if entries[at].node.value(self.view)? == *value => {
                    Some(entries.remove(at))
                }
                _ => None,
            };
            made.push(match (same, there) {
                (Some(entry), _) => entry,
                (None, None) => match rename_key(&mut entries, map, value, self.view)? {
                    Some(node) => entry(key, node),
                    None => self.entry(key, value)?,
                },
                (None, Some(at)) => self.changed(key, value, &entries[at].node)?,
            });
        }
        let left = entries
            .into_iter()
            .filter(|entry| !map.contains_key(&entry.key));
        made.extend(left.map(|entry| Entry {
            gone: true,
            ..entry
        }));
        node.body = Body::Map(made.into());
        Ok(Some(node))
    }

    /// An entry that has another value now: one that stood elsewhere, or what became of its own.
    fn changed(&mut self, key: &str, value: &Value, was: &TracedValue) -> Result<Entry, ReadError> {
        if let Some(node) = self.whole_part(value, Some(key)) {
            return Ok(entry(key, node));
        }
        if is_same_kind(&was.value(self.view)?, value)
            && let Some(node) = self.rebuilt_inside(was, value, key)?
        {
            return Ok(entry(key, node));
        }
        self.entry(key, value)
    }

    /// A map around a text of a list, or around what stood under the key that it names now.
    fn scalar_in(&mut self, map: &Map) -> Result<Option<TracedValue>, ReadError> {
        for (key, value) in map {
            let names = |name: &str| {
                map.iter()
                    .any(|(other, value)| other != key && value.scalar_text() == Some(name))
            };
            let is_text = matches!(value, Value::String(text) if !text.is_empty());
            let fits = |part: &LookedAt| {
                let known = match &part.key {
                    Some(name) => names(name),
                    None => is_text,
                };
                known && part.value == *value
            };
            let Some(node) = self.take(fits) else {
                continue;
            };
            let mut made = Vec::new();
            for (other, value) in map {
                made.push(if other == key {
                    entry(other, node.clone())
                } else {
                    self.entry(other, value)?
                });
            }
            return Ok(Some(self.make_node(Body::Map(made.into()))));
        }
        Ok(None)
    }

    /// A map of which something is known.
    fn map(&mut self, map: &Map) -> Result<Option<TracedValue>, ReadError> {
        let mut known = Vec::new();
        for (key, value) in map {
            known.push(self.known_node(value, Some(key))?);
        }
        if known.iter().all(Option::is_none) {
            return Ok(None);
        }
        let made: Vec<Entry> = map
            .iter()
            .zip(known)
            .map(|((key, value), node)| self.entry_of(key, value, node))
            .collect();
        Ok(Some(self.make_node(Body::Map(made.into()))))
    }

    /// The value in an item that is named by the key which the value stands under now.
    fn value_of_item(&mut self, value: &Value, key: &str) -> Option<TracedValue> {
        for part in self.parts.iter_mut().filter(|part| !part.used) {
            let Value::Map(own) = &part.value else {
                continue;
            };
            let named = own.values().any(|name| name.scalar_text() == Some(key));
            let at = own.iter().position(|(_, own)| own == value);
            // Only of an item with just these two keys nothing is left that the key and the value do not say.
            if let (true, Some(at), 2) = (named, at, own.len()) {
                part.used = true;
                let (name, _) = own.get_index(at)?;
                return part.node.get(name, self.view);
            }
        }
        None
    }

    /// A text that stood in an item and is one itself now.
    fn text_in_item(&mut self, value: &Value) -> Option<TracedValue> {
        if !matches!(value, Value::String(text) if !text.is_empty()) {
            return None;
        }
        let items = self.parts.iter_mut().filter(|part| !part.used);
        for part in items.filter(|part| part.key.is_none()) {
            let Value::Map(own) = &part.value else {
                continue;
            };
            if let Some((name, _)) = own.iter().find(|(_, own)| *own == value) {
                let found = part.node.get(name, self.view);
                part.used = true;
                return found;
            }
        }
        None
    }

    fn entry(&mut self, key: &str, value: &Value) -> Result<Entry, ReadError> {
        let known = self.known_node(value, Some(key))?;
        Ok(self.entry_of(key, value, known))
    }

    fn entry_of(&self, key: &str, value: &Value, known: Option<TracedValue>) -> Entry {
        let new = || TracedValue::made_by_step(value.clone(), self.from.clone(), self.like);
        entry(key, known.unwrap_or_else(new))
    }

    fn make_node(&self, body: Body) -> TracedValue {
        TracedValue {
            origin: ValueOrigin::Made {
                from: self.from.clone(),
                like: None,
            },
            body,
            also: Vec::new(),
        }
    }
}

/// The entry under a key that goes, if a new key has just its value.
fn rename_key(
    entries: &mut Vec<Entry>,
    map: &Map,
    value: &Value,
    view: &View<'_>,
) -> Result<Option<TracedValue>, ReadError> {
    for at in 0..entries.len() {
        if !map.contains_key(&entries[at].key) && entries[at].node.value(view)? == *value {
            return Ok(Some(entries.remove(at).node));
        }
    }
    Ok(None)
}

/// True if both are maps, or both lists.
fn is_same_kind(one: &Value, other: &Value) -> bool {
    matches!(
        (one, other),
        (Value::Map(_), Value::Map(_)) | (Value::List(_), Value::List(_))
    )
}

fn entry(key: &str, node: TracedValue) -> Entry {
    Entry {
        key: key.to_owned(),
        node,
        gone: false,
        beside: None,
    }
}
