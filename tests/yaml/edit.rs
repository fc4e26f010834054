//! Wants built by path, for tests in given / edit / produces form.

use refit::yaml::{Kind, NodeId, Rewrite, RewriteError, Tree, Want, WantEntry, WantKey, rewrite};

/// A node as it is, said in full.
pub fn in_full(tree: &Tree, id: NodeId) -> Want {
    match tree.kind(id) {
        Kind::Mapping { .. } => Want::Map {
            base: Some(id),
            entries: tree
                .entries(id)
                .map(|(key, value)| WantEntry {
                    key: WantKey::Entry(key),
                    value: in_full(tree, value),
                })
                .collect(),
        },
        Kind::Sequence { .. } => Want::List {
            base: Some(id),
            items: tree.items(id).map(|item| in_full(tree, item)).collect(),
        },
        _ => Want::Node(id),
    }
}

/// A document and what is wanted of it.
pub struct Doc {
    pub tree: Tree,
    pub want: Want,
}

pub fn given(text: &str) -> Doc {
    let tree = Tree::parse(text).unwrap_or_else(|e| panic!("{e}:\n{text}"));
    let want = in_full(&tree, tree.documents()[0].root);
    Doc { tree, want }
}

/// A new entry.
pub fn entry(key: &str, value: Want) -> WantEntry {
    WantEntry {
        key: WantKey::New(key.to_owned()),
        value,
    }
}

pub fn scalar(text: &str) -> Want {
    Want::Scalar(text.to_owned())
}

pub fn map(entries: Vec<WantEntry>) -> Want {
    Want::Map {
        base: None,
        entries,
    }
}

pub fn list(items: Vec<Want>) -> Want {
    Want::List { base: None, items }
}

impl Doc {
    fn named(&self, entry: &WantEntry, name: &str) -> bool {
        match &entry.key {
            WantKey::Entry(key) => self.tree.scalar(*key) == name,
            WantKey::Renamed(_, text) | WantKey::New(text) => text == name,
        }
    }

    fn index(&self, want: &Want, step: &str) -> usize {
        match want {
            Want::Map { entries, .. } => entries
                .iter()
                .position(|entry| self.named(entry, step))
                .unwrap_or_else(|| panic!("no entry {step}")),
            Want::List { .. } => step.parse().expect("an index"),
            _ => panic!("no collection at {step}"),
        }
    }

    /// The want at a path (`a/b/0`), to be changed.
    pub fn at(&mut self, path: &str) -> &mut Want {
        let mut want = std::mem::replace(&mut self.want, Want::Scalar(String::new()));
        let mut steps = Vec::new();
        {
            let mut at = &want;
            for step in path.split('/').filter(|step| !step.is_empty()) {
                let i = self.index(at, step);
                steps.push(i);
                at = match at {
                    Want::Map { entries, .. } => &entries[i].value,
                    Want::List { items, .. } => &items[i],
                    _ => unreachable!(),
                };
            }
        }
        std::mem::swap(&mut self.want, &mut want);
        let mut at = &mut self.want;
        for i in steps {
            at = match at {
                Want::Map { entries, .. } => &mut entries[i].value,
                Want::List { items, .. } => &mut items[i],
                _ => unreachable!(),
            };
        }
        at
    }

    fn split(path: &str) -> (&str, &str) {
        path.rsplit_once('/').unwrap_or(("", path))
    }

    /// Takes an entry out.
    pub fn take(&mut self, path: &str) -> WantEntry {
        let (parent, name) = Self::split(path);
        let parent_want = self.at(parent).clone();
        let i = self.index(&parent_want, name);
        match self.at(parent) {
            Want::Map { entries, .. } => entries.remove(i),
            Want::List { items, .. } => entry("", items.remove(i)),
            _ => panic!("no collection"),
        }
    }

    pub fn remove(mut self, path: &str) -> Self {
        self.take(path);
        self
    }

    pub fn rename(mut self, path: &str, new: &str) -> Self {
        let (parent, name) = Self::split(path);
        let parent_want = self.at(parent).clone();
        let i = self.index(&parent_want, name);
        if let Want::Map { entries, .. } = self.at(parent) {
            let WantKey::Entry(key) = entries[i].key else {
                panic!("not an entry")
            };
            entries[i].key = WantKey::Renamed(key, new.to_owned());
        }
        self
    }

    pub fn set(mut self, path: &str, want: Want) -> Self {
        *self.at(path) = want;
        self
    }

    pub fn set_text(self, path: &str, text: &str) -> Self {
        self.set(path, scalar(text))
    }

    /// Puts an entry into the mapping at `path`, at place `i` (from the end if it is too large).
    pub fn put(mut self, path: &str, i: usize, new: WantEntry) -> Self {
        match self.at(path) {
            Want::Map { entries, .. } => entries.insert(i.min(entries.len()), new),
            Want::List { items, .. } => items.insert(i.min(items.len()), new.value),
            other => {
                let base = other.grounded_on();
                *other = Want::Map {
                    base,
                    entries: vec![new],
                };
            }
        }
        self
    }

    /// Moves an entry to the end of another mapping.
    pub fn shift(mut self, from: &str, to: &str) -> Self {
        let entry = self.take(from);
        self.put(to, usize::MAX, entry)
    }

    pub fn try_run(&self) -> Result<Rewrite, RewriteError> {
        rewrite(&self.tree, self.tree.documents()[0].root, &self.want)
    }

    /// The new text; it must be YAML and its bytes accounted for.
    pub fn run(&self) -> String {
        let rewrite = self.try_run().unwrap_or_else(|e| panic!("{e}"));
        let text = rewrite.edits.apply(self.tree.text());
        let tree = Tree::parse(text.as_str()).unwrap_or_else(|e| panic!("{e}:\n{text}"));
        assert_eq!(crate::material::untiled(&tree), None, "\n{text}");
        text
    }

    #[track_caller]
    pub fn produces(&self, expected: &str) {
        let text = self.run();
        assert!(
            text == expected,
            "expected:\n{expected}\ngot:\n{text}\n({text:?})"
        );
    }
}
