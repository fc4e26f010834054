//! Whole values out of a view, in the very steps of Helm's decoder.
//!
//! Helm decodes YAML first and makes JSON of the result. An error of decoding stops it wherever it
//! is; an error of the step to JSON (`.inf`, a null key) counts only if the value is not overridden
//! by a later duplicate. The number of steps matters as well, because go-yaml's bound on the
//! expansion of aliases counts them.

use std::collections::HashMap;

use super::error::{ReadError, ReadErrorKind};
use super::key::KeyType;
use super::readers;
use super::scalar::Resolved;
use super::value::{Map, Value};
use super::view::{MAX_VALUE_DEPTH, ValueKind, Via, View, WrittenEntry};
use crate::yaml::{Kind as NodeKind, NodeId};

/// The expansion of aliases so far; the counts are those of go-yaml's decoder.
#[derive(Default)]
pub(super) struct AliasBudget {
    pub(super) decoded: usize,
    pub(super) through_aliases: usize,
    pub(super) open: Vec<NodeId>,
    pub(super) depth: usize,
}

impl View<'_> {
    /// The values of the whole document: its root as a map. An empty or null root is an empty map.
    ///
    /// # Errors
    /// Everything that Helm refuses or reads otherwise than YAML 1.2, [`ReadErrorKind::RandomKey`] and
    /// [`ReadErrorKind::TooDeep`].
    pub fn values(&self) -> Result<Map, ReadError> {
        readers::check(self.tree, self.root)?;
        match self.value(self.root)? {
            Value::Map(map) => Ok(map),
            Value::Null => Ok(Map::new()),
            other => Err(self.error(self.root, ReadErrorKind::RootNotMap(other.type_name()))),
        }
    }

    /// Checks that [`values`](Self::values) would succeed, without keeping what is read.
    ///
    /// # Errors
    /// As for [`values`](Self::values).
    pub fn check(&self) -> Result<(), ReadError> {
        if !matches!(self.kind(self.root), Ok(ValueKind::Map)) {
            // Nothing is saved on a root that is no map, and `values` knows what to say of it.
            return self.values().map(drop);
        }
        readers::check(self.tree, self.root)?;
        self.check_node(&mut AliasBudget::document(), self.root)?
    }

    /// The value of a node with everything below it.
    ///
    /// # Errors
    /// Everything that Helm refuses, [`ReadErrorKind::RandomKey`] and [`ReadErrorKind::TooDeep`].
    pub fn value(&self, node: NodeId) -> Result<Value, ReadError> {
        self.decode(&mut AliasBudget::document(), node)?
    }

    /// go-yaml's decoder. The outer error is one of decoding, which stops Helm wherever it is; the
    /// inner one belongs to the step to JSON, and does not count if the value is overridden.
    fn decode(
        &self,
        budget: &mut AliasBudget,
        node: NodeId,
    ) -> Result<Result<Value, ReadError>, ReadError> {
        self.count(budget, node)?;
        Ok(match self.tree.kind(node) {
            NodeKind::Alias => {
                let target = self.enter(budget, node)?;
                let value = self.decode(budget, target);
                self.leave(budget);
                value?
            }
            NodeKind::Scalar(_) => self
                .resolve(node)?
                .into_value()
                .map_err(|error| self.error(node, error)),
            NodeKind::Sequence { .. } => {
                self.deeper(budget, node)?;
                let mut items = Vec::with_capacity(self.tree.len(node));
                let mut failed = None;
                for item in self.tree.items(node) {
                    match self.decode(budget, item)? {
                        Ok(value) => items.push(value),
                        // The rest is decoded all the same: an error of decoding further down stops Helm
                        // before this one.
                        Err(error) => failed = failed.or(Some(error)),
                    }
                }
                budget.depth -= 1;
                failed.map_or(Ok(Value::List(items)), Err)
            }
            NodeKind::Mapping { .. } => {
                let mut map = DecodedMap::with_capacity(self.tree.len(node));
                self.walk(budget, node, Via::Direct, &mut |budget, met| {
                    let value = self.decode(budget, met.value)?;
                    map.insert(self, met, value);
                    Ok(())
                })?;
                map.finish().map(Value::Map)
            }
        })
    }

    /// [`decode`](Self::decode) for its errors only.
    fn check_node(
        &self,
        budget: &mut AliasBudget,
        node: NodeId,
    ) -> Result<Result<(), ReadError>, ReadError> {
        self.count(budget, node)?;
        Ok(match self.tree.kind(node) {
            NodeKind::Alias => {
                let target = self.enter(budget, node)?;
                let checked = self.check_node(budget, target);
                self.leave(budget);
                checked?
            }
            NodeKind::Scalar(_) => self.check_scalar(node)?,
            NodeKind::Sequence { .. } => {
                self.deeper(budget, node)?;
                let mut failed = None;
                for item in self.tree.items(node) {
                    failed = failed.or(self.check_node(budget, item)?.err());
                }
                budget.depth -= 1;
                failed.map_or(Ok(()), Err)
            }
            NodeKind::Mapping { .. } => {
                let mut seen = CheckedEntries::default();
                self.walk(budget, node, Via::Direct, &mut |budget, met| {
                    let checked = self.check_node(budget, met.value)?;
                    seen.add(met, checked);
                    Ok(())
                })?;
                seen.finish(self)
            }
        })
    }

    fn check_scalar(&self, node: NodeId) -> Result<Result<(), ReadError>, ReadError> {
        let resolved = self.resolve(node)?;
        // Nothing else has no place in JSON.
        if !matches!(resolved, Resolved::Float(_)) {
            return Ok(Ok(()));
        }
        let value = resolved.into_value();
        Ok(value.map(drop).map_err(|error| self.error(node, error)))
    }

    pub(super) fn count(&self, budget: &mut AliasBudget, node: NodeId) -> Result<(), ReadError> {
        budget.decoded += 1;
        if !budget.open.is_empty() {
            budget.through_aliases += 1;
        }
        if budget.is_exceeded() {
            return Err(self.error(node, ReadErrorKind::AliasBomb));
        }
        Ok(())
    }

    pub(super) fn enter(
        &self,
        budget: &mut AliasBudget,
        alias: NodeId,
    ) -> Result<NodeId, ReadError> {
        if budget.open.contains(&alias) {
            let name = self.tree.content(alias).to_owned();
            return Err(self.error(alias, ReadErrorKind::AliasCycle(name)));
        }
        // Aliases nest deeper than any text is written, so they count as a level.
        self.deeper(budget, alias)?;
        budget.open.push(alias);
        Ok(self.target(alias))
    }

    pub(super) fn leave(&self, budget: &mut AliasBudget) {
        budget.open.pop();
        budget.depth -= 1;
    }

    pub(super) fn deeper(&self, budget: &mut AliasBudget, node: NodeId) -> Result<(), ReadError> {
        budget.depth += 1;
        if budget.depth > MAX_VALUE_DEPTH {
            return Err(self.error(node, ReadErrorKind::TooDeep));
        }
        Ok(())
    }
}

impl AliasBudget {
    /// For one document, which go-yaml counts as well.
    fn document() -> Self {
        Self {
            decoded: 1,
            ..Self::default()
        }
    }

    /// go-yaml's limit on the share of the work that aliases cause: 99 % of small documents, 10 % of
    /// large ones, and a slope between.
    fn is_exceeded(&self) -> bool {
        const LOW: f64 = 400_000.0;
        const HIGH: f64 = 4_000_000.0;
        // The four numbers are those of `decode.go`; small documents may use aliases as they like.
        if self.through_aliases <= 100 || self.decoded <= 1000 {
            return false;
        }
        #[allow(clippy::cast_precision_loss)]
        let (all, aliased) = (self.decoded as f64, self.through_aliases as f64);
        let allowed = if all <= LOW {
            0.99
        } else if all >= HIGH {
            0.10
        } else {
            0.99 - 0.89 * ((all - LOW) / (HIGH - LOW))
        };
        aliased / all > allowed
    }
}

/// The entries of a map that is checked.
#[derive(Default)]
struct CheckedEntries<'t> {
    entries: Vec<(WrittenEntry<'t>, Result<(), ReadError>)>,
    /// True if it takes more than a look at each to know which of them counts.
    odd: bool,
}

impl<'t> CheckedEntries<'t> {
    fn add(&mut self, met: WrittenEntry<'t>, checked: Result<(), ReadError>) {
        self.odd |= checked.is_err() || !matches!(met.name, Ok((_, KeyType::String)));
        self.entries.push((met, checked));
    }

    fn finish(self, view: &View<'_>) -> Result<(), ReadError> {
        if !self.odd {
            return Ok(());
        }
        let mut map = DecodedMap::with_capacity(self.entries.len());
        for (met, checked) in self.entries {
            map.insert(view, met, checked.map(|()| Value::Null));
        }
        map.finish().map(drop)
    }
}

/// A map on its way to JSON: the last entry of a name counts, and only errors of entries that count.
struct DecodedMap {
    map: Map,
    /// The types of keys that are not strings, by name.
    types: HashMap<String, KeyType>,
    /// Errors of values, by name.
    failed: HashMap<String, ReadError>,
    /// An error of the map itself.
    refused: Option<ReadError>,
}

impl DecodedMap {
    fn with_capacity(entries: usize) -> Self {
        Self {
            map: Map::with_capacity(entries),
            types: HashMap::new(),
            failed: HashMap::new(),
            refused: None,
        }
    }

    fn insert(&mut self, view: &View<'_>, met: WrittenEntry<'_>, value: Result<Value, ReadError>) {
        let (name, key_type) = match met.name {
            Ok((name, key_type)) => (name.into_owned(), key_type),
            Err(error) => {
                self.refused.get_or_insert(error);
                return;
            }
        };
        if let Some(other) = self.map.contains_key(&name).then(|| self.types.get(&name))
            && *other.unwrap_or(&KeyType::String) != key_type
        {
            let error = view.error(met.key, ReadErrorKind::RandomKey(name.clone()));
            self.refused.get_or_insert(error);
        }
        if key_type == KeyType::Float(0.0) {
            // Zero with and without a sign is one key, whose name is that of the last.
            let twin = if name == "0" { "-0" } else { "0" };
            if matches!(self.types.get(twin), Some(KeyType::Float(_))) {
                self.map.shift_remove(twin);
                self.types.remove(twin);
                self.failed.remove(twin);
            }
        }
        if key_type != KeyType::String {
            self.types.insert(name.clone(), key_type);
        }
        match value {
            Ok(value) => {
                if !self.failed.is_empty() {
                    self.failed.remove(&name);
                }
                self.map.insert(name, value);
            }
            Err(error) => {
                // The name keeps its place in the order, for a later entry of the same name may be readable.
                self.failed.insert(name.clone(), error);
                self.map.insert(name, Value::Null);
            }
        }
    }

    fn finish(self) -> Result<Map, ReadError> {
        // A hash map has no order: the first in the text, so that every run names the same place.
        let first = self.failed.into_values().min_by_key(|error| error.offset);
        self.refused.or(first).map_or(Ok(self.map), Err)
    }
}
