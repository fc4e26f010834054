//! Values while they are changed: the items of a list keep the positions that they had in the snapshot
//! until everything is done.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::paths::{At, To, as_text};

/// A value being changed.
#[derive(Clone, Debug)]
pub enum Work {
    Scalar(Json),
    Map(IndexMap<String, Work>),
    List(Items),
}

/// The items of a list: those that were there, by position, and those made at its end.
#[derive(Clone, Debug, Default)]
pub struct Items {
    slots: BTreeMap<usize, Work>,
    added: Vec<(Exact, Work)>,
}

/// A step into a value being changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exact {
    Key(String),
    Slot(usize),
    NewNth(usize),
    NewNamed { by: String, is: String },
}

impl From<&Json> for Work {
    fn from(value: &Json) -> Self {
        match value {
            Json::Object(map) => {
                Self::Map(map.iter().map(|(k, v)| (k.clone(), v.into())).collect())
            }
            Json::Array(items) => Self::List(Items {
                slots: items.iter().map(Self::from).enumerate().collect(),
                added: Vec::new(),
            }),
            scalar => Self::Scalar(scalar.clone()),
        }
    }
}

impl Work {
    /// The values without gaps.
    pub fn json(&self) -> Json {
        match self {
            Self::Scalar(scalar) => scalar.clone(),
            Self::Map(map) => map.iter().map(|(k, v)| (k.clone(), v.json())).collect(),
            Self::List(items) => {
                let added = items.added.iter().map(|(_, item)| item);
                items.slots.values().chain(added).map(Self::json).collect()
            }
        }
    }

    /// Removes what is at a place. True if nothing is left here.
    pub fn remove(&mut self, place: &[At]) -> bool {
        match (place.split_first(), self) {
            (None, _) => true,
            (Some((At::Key(key), rest)), Self::Map(map)) => {
                let Some(below) = map.get_mut(key) else {
                    return false;
                };
                if below.remove(rest) {
                    map.shift_remove(key);
                    return map.is_empty();
                }
                false
            }
            (Some((At::Item(i), rest)), Self::List(items)) => {
                let Some(below) = items.slots.get_mut(i) else {
                    return false;
                };
                if below.remove(rest) {
                    items.slots.remove(i);
                    return items.slots.is_empty();
                }
                false
            }
            _ => false,
        }
    }

    fn below(&self, at: &Exact) -> Option<&Self> {
        match (self, at) {
            (Self::Map(map), Exact::Key(key)) => map.get(key),
            (Self::List(items), Exact::Slot(i)) => items.slots.get(i),
            (Self::List(items), new) => {
                Some(&items.added.iter().find(|(id, _)| id == new).as_ref()?.1)
            }
            _ => None,
        }
    }

    /// Which items a destination means, now that everything was taken.
    pub fn resolve(&self, to: &[To]) -> Vec<Exact> {
        let mut here = Some(self);
        let mut path = Vec::new();
        for to in to {
            let items = match here {
                Some(Self::List(items)) => Some(items),
                _ => None,
            };
            let exact = match to {
                To::Key(key) => Exact::Key(key.clone()),
                To::Slot(i) => Exact::Slot(*i),
                To::Nth(n) => items
                    .and_then(|items| items.slots.keys().nth(*n))
                    .map_or(Exact::NewNth(*n), |i| Exact::Slot(*i)),
                To::Named { by, is } => {
                    let fits = |item: &Work| match item {
                        Self::Map(map) => match map.get(by) {
                            Some(Self::Scalar(named)) => {
                                as_text(named).as_deref() == Some(is.as_str())
                            }
                            _ => false,
                        },
                        _ => false,
                    };
                    let found = items.and_then(|items| items.slots.iter().find(|(_, i)| fits(i)));
                    found.map_or_else(
                        || Exact::NewNamed {
                            by: by.clone(),
                            is: is.clone(),
                        },
                        |(i, _)| Exact::Slot(*i),
                    )
                }
            };
            here = here.and_then(|here| here.below(&exact));
            path.push(exact);
        }
        path
    }

    /// Whether something is at a place.
    pub fn has(&self, path: &[Exact]) -> bool {
        path.iter().try_fold(self, Self::below).is_some()
    }

    /// What a write replaces: the places, and what stands there.
    pub fn replaced(&self, path: &[Exact], value: &Json) -> Vec<(Vec<Exact>, Json)> {
        let mut found = Vec::new();
        self.collect_replaced(&mut Vec::new(), path, value, &mut found);
        found
    }

    fn collect_replaced(
        &self,
        here: &mut Vec<Exact>,
        path: &[Exact],
        value: &Json,
        found: &mut Vec<(Vec<Exact>, Json)>,
    ) {
        if let Some((at, rest)) = path.split_first() {
            let fits = match at {
                Exact::Key(_) => matches!(self, Self::Map(_)),
                _ => matches!(self, Self::List(_)),
            };
            if !fits {
                found.push((here.clone(), self.json()));
            } else if let Some(below) = self.below(at) {
                here.push(at.clone());
                below.collect_replaced(here, rest, value, found);
                here.pop();
            }
            return;
        }
        match (self, value) {
            (Self::Map(map), Json::Object(written)) => {
                for (key, value) in written {
                    if let Some(below) = map.get(key) {
                        here.push(Exact::Key(key.clone()));
                        below.collect_replaced(here, &[], value, found);
                        here.pop();
                    }
                }
            }
            (standing, value) => {
                let standing = standing.json();
                if standing != *value {
                    found.push((here.clone(), standing));
                }
            }
        }
    }

    /// Puts a value at a place.
    pub fn put(&mut self, path: &[Exact], value: &Json) {
        let Some((at, rest)) = path.split_first() else {
            match (&mut *self, value) {
                (Self::Map(map), Json::Object(written)) => {
                    for (key, value) in written {
                        match map.get_mut(key) {
                            Some(below) => below.put(&[], value),
                            None => {
                                map.insert(key.clone(), value.into());
                            }
                        }
                    }
                }
                (here, value) => *here = value.into(),
            }
            return;
        };
        let below = match at {
            Exact::Key(key) => {
                if !matches!(self, Self::Map(_)) {
                    *self = Self::Map(IndexMap::new());
                }
                let Self::Map(map) = self else { unreachable!() };
                let new = || Self::made(rest, value);
                map.entry(key.clone()).or_insert_with(new)
            }
            new => {
                if !matches!(self, Self::List(_)) {
                    *self = Self::List(Items::default());
                }
                let Self::List(items) = self else {
                    unreachable!()
                };
                items.at(new, || Self::made(rest, value))
            }
        };
        below.put(rest, value);
    }

    /// What is made where nothing was, before it is written into.
    fn made(rest: &[Exact], value: &Json) -> Self {
        match (rest.first(), value) {
            (Some(Exact::Key(_)), _) => Self::Map(IndexMap::new()),
            (Some(_), _) => Self::List(Items::default()),
            (None, Json::Object(_)) => Self::Map(IndexMap::new()),
            (None, value) => value.into(),
        }
    }

    /// Adds an item to the list at a place, or replaces the one of the same name.
    pub fn upsert(&mut self, path: &[Exact], by: &str, item: &Json) {
        if let Some((at, rest)) = path.split_first() {
            // What is missing on the way is made as for any other write.
            if self.below(at).is_none() {
                self.put(path, &Json::Array(Vec::new()));
            }
            let below = match (self, at) {
                (Self::Map(map), Exact::Key(key)) => map.get_mut(key),
                (Self::List(items), at) => Some(items.at(at, || Self::List(Items::default()))),
                _ => None,
            };
            if let Some(below) = below {
                below.upsert(rest, by, item);
            }
            return;
        }
        if !matches!(self, Self::List(_)) {
            *self = Self::List(Items::default());
        }
        let Self::List(items) = self else {
            unreachable!()
        };
        let named = item.get(by).and_then(as_text);
        let same =
            |there: &Work| named.is_some() && there.json().get(by).and_then(as_text) == named;
        let added = items.added.iter_mut().map(|(_, item)| item);
        match items.slots.values_mut().chain(added).find(|i| same(i)) {
            Some(there) => *there = item.into(),
            None => {
                let new = Exact::NewNamed {
                    by: by.to_owned(),
                    is: named.unwrap_or_default(),
                };
                items.added.push((new, item.into()));
            }
        }
    }
}

impl Items {
    fn at(&mut self, at: &Exact, new: impl FnOnce() -> Work) -> &mut Work {
        if let Exact::Slot(i) = at {
            return self.slots.entry(*i).or_insert_with(new);
        }
        if !self.added.iter().any(|(id, _)| id == at) {
            let mut item = new();
            if let (Exact::NewNamed { by, is }, Work::Map(map)) = (at, &mut item) {
                map.insert(by.clone(), Work::Scalar(is.clone().into()));
            }
            // Those made by their numbers come in the order of these, and before those made by name.
            let later = |(id, _): &(Exact, Work)| match (id, at) {
                (Exact::NewNth(there), Exact::NewNth(here)) => there > here,
                (Exact::NewNamed { .. }, Exact::NewNth(_)) => true,
                _ => false,
            };
            let i = self.added.iter().position(later);
            let i = i.unwrap_or(self.added.len());
            self.added.insert(i, (at.clone(), item));
        }
        let there = self.added.iter_mut().find(|(id, _)| id == at);
        &mut there.expect("it was made").1
    }
}

/// Whether two writes put different things at one place.
pub fn clash(a: (&[Exact], &Json), b: (&[Exact], &Json)) -> bool {
    let (short, long) = if a.0.len() <= b.0.len() {
        (a, b)
    } else {
        (b, a)
    };
    let Some(rest) = long.0.strip_prefix(short.0) else {
        // One place cannot be a map and a list.
        let same = short.0.iter().zip(long.0).take_while(|(a, b)| a == b);
        let same = same.count();
        let is_key = |at: &Exact| matches!(at, Exact::Key(_));
        return is_key(&short.0[same]) != is_key(&long.0[same]);
    };
    let mut value = short.1;
    for at in rest {
        match (value, at) {
            (Json::Object(map), Exact::Key(key)) => match map.get(key) {
                Some(below) => value = below,
                None => return false,
            },
            _ => return true,
        }
    }
    differ(value, long.1)
}

fn differ(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Object(a), Json::Object(b)) => a
            .iter()
            .any(|(key, a)| b.get(key).is_some_and(|b| differ(a, b))),
        (a, b) => a != b,
    }
}
