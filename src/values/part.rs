//! The part of values that something looks at.
//!
//! Evidence and facts of a pack name a few dozen keys, and a values file can have hundreds of thousands.
//! So what will be looked at is gathered first, and only that is read. What is read is true to the whole:
//! a path that is asked for finds in it what it finds in all the values, be it a value, nothing, or
//! something other than a map on the way.

use indexmap::IndexMap;

use super::{Map, Path, ReadError, Segment, Value, View, large::SMALL, view::ValueKind};
use crate::yaml::NodeId;

/// Some of the places of values. Nothing to begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValuesPart {
    /// A place with everything below it.
    Whole,
    /// Of a map these keys, of anything else all.
    Keys(IndexMap<String, ValuesPart>),
}

impl Default for ValuesPart {
    fn default() -> Self {
        Self::Keys(IndexMap::new())
    }
}

impl ValuesPart {
    /// Adds a place with everything below it. Of a path with list items or wildcards the list or map that
    /// they are looked for in is added.
    pub fn add(&mut self, path: &Path) {
        self.add_below(path.segments());
    }

    /// This part of values.
    #[must_use]
    pub fn of(&self, values: &Value) -> Value {
        match (self, values) {
            (Self::Keys(keys), Value::Map(map)) => {
                let there = keys
                    .iter()
                    .filter_map(|(key, part)| Some((key.clone(), part.of(map.get(key)?))));
                Value::Map(there.collect())
            }
            _ => values.clone(),
        }
    }

    fn add_below(&mut self, path: &[Segment]) {
        match (self, path.split_first()) {
            (Self::Whole, _) => {}
            (Self::Keys(keys), Some((Segment::Key(key), rest))) => {
                keys.entry(key.clone()).or_default().add_below(rest);
            }
            (part, _) => *part = Self::Whole,
        }
    }
}

impl View<'_> {
    /// The values of a part of the document, its root as a map.
    ///
    /// # Errors
    /// What Helm refuses in the part and the maps on the way to it.
    pub fn part(&self, part: &ValuesPart) -> Result<Map, ReadError> {
        match self.part_below(self.root(), part)? {
            Value::Map(map) => Ok(map),
            _ => Ok(Map::new()),
        }
    }

    /// The value of a part of a node.
    ///
    /// # Errors
    /// As [`part`](Self::part).
    pub fn part_below(&self, node: NodeId, part: &ValuesPart) -> Result<Value, ReadError> {
        let keys = match part {
            ValuesPart::Keys(keys) if self.kind(node)? == ValueKind::Map => keys,
            _ => return self.value(node),
        };
        let mut map = Map::new();
        // Most that is looked for is not there, so a small map is gone through once; a large one is remembered. Where Helm
        // refuses a key of it, it depends on which one is looked for.
        let is_small = self.tree.len(self.target(node)) <= SMALL;
        let entries = is_small.then(|| self.entries(node).ok()).flatten();
        for (key, part) in keys {
            let value = match &entries {
                Some(read) => {
                    let mut entries = read.entries.iter();
                    let found = entries.find(|entry| entry.name == key.as_str());
                    found.map(|entry| entry.value)
                }
                None => self.get(node, key)?.map(|entry| entry.value),
            };
            if let Some(value) = value {
                map.insert(key.clone(), self.part_below(value, part)?);
            }
        }
        Ok(Value::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Tree;

    fn part(paths: &[&str]) -> ValuesPart {
        let mut part = ValuesPart::default();
        for path in paths {
            part.add(&path.parse().expect("a path"));
        }
        part
    }

    #[test]
    fn a_path_finds_in_the_part_what_it_finds_in_the_whole() {
        let tree = Tree::parse("a: {b: {c: 1, d: 2}, e: [{n: x}]}\nf: 3\ng: {h: i}\nj:\n").unwrap();
        let view = View::new(&tree, tree.documents()[0].root);
        let whole = Value::Map(view.values().unwrap());
        let paths = [
            "a.b.c",
            "a.b.x",
            "a.e[0].n",
            "a.e[n=x]",
            "f.deep.down",
            "j.k",
            "missing.key",
        ];
        let some = Value::Map(view.part(&part(&paths)).unwrap());
        assert_eq!(part(&paths).of(&whole), some);
        for path in paths.map(|path| path.parse::<Path>().unwrap()) {
            assert_eq!(path.get(&some), path.get(&whole), "{path}");
        }
        assert_eq!(some.as_map().map(Map::len), Some(3), "{some:?}");
        let f: Path = "f".parse().unwrap();
        assert_eq!(
            f.get(&some),
            f.get(&whole),
            "what stands on the way is there"
        );
    }

    #[test]
    fn a_place_and_one_below_it_are_the_place() {
        assert_eq!(part(&["a.b", "a"]), part(&["a"]));
        assert_eq!(part(&["a", "a.b"]), part(&["a"]));
        assert_eq!(part(&["a.*.b"]), part(&["a"]));
    }
}
