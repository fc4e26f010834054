//! Reads refit's own files: answers and `refit.yaml`.
//!
//! They are read with refit's own YAML reader, so that a mistake is shown with its place, and what Helm
//! would not take for text (`0.10`, `yes`) is refused instead of becoming something else. Size and depth
//! are bounded: such a file may come from a stranger's repository.

use std::{fs::File, io::Read as _, path::Path};

use crate::{
    refusal,
    values::{Value, scalar},
    yaml::{Kind, NodeId, ScalarStyle, Tree},
};

/// The largest file, in bytes.
const MAX_SIZE: u64 = 1 << 20;

/// A file, or an option that stands for it, that cannot be used.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{place}: {what}{}", if next.is_empty() { String::new() } else { format!("\n  next: {next}") })]
pub struct MemoryError {
    /// The place: the file with line and column, or the option.
    pub place: String,
    /// The error.
    pub what: String,
    /// The next step.
    pub next: String,
}

/// An error at a place.
pub fn error_at(
    place: impl Into<String>,
    what: impl Into<String>,
    next: impl Into<String>,
) -> MemoryError {
    MemoryError {
        place: place.into(),
        what: what.into(),
        next: next.into(),
    }
}

/// The bytes of a file; `next` says what else can be done.
pub(super) fn read_bytes(path: &Path, what: &str, next: &str) -> Result<Vec<u8>, MemoryError> {
    let name = path.display().to_string();
    let failed =
        |e: std::io::Error| error_at(name.clone(), format!("cannot read {what}: {e}"), next);
    let mut bytes = Vec::new();
    File::open(path)
        .map_err(failed)?
        // One byte more than is allowed tells that there are too many, whatever the file says of its size.
        .take(MAX_SIZE + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(error_at(
            name,
            format!("the file is larger than {MAX_SIZE} bytes"),
            format!("check that it holds {what}"),
        ));
    }
    Ok(bytes)
}

/// The tree of a file.
pub(super) fn read_tree(name: &str, bytes: &[u8]) -> Result<Tree, MemoryError> {
    Tree::parse_bytes(bytes).map_err(|e| {
        let refusal = refusal::not_yaml(name, bytes, &e);
        let place = match &refusal.at {
            Some(at) => format!("{name}:{}:{}", at.line, at.column),
            None => name.to_owned(),
        };
        let (mut what, mut shown) = (refusal.what, refusal.excerpt);
        // No report masks this error any more, so what is secret in the line is hidden here.
        if let Some(hidden) = refusal.hidden {
            for secret in &hidden.secrets {
                what = what.replace(secret, crate::secrets::MASK);
            }
            shown = Some(hidden.excerpt);
        }
        for line in shown.iter().flat_map(|excerpt| excerpt.lines()) {
            what.push_str(&format!("\n  {line}"));
        }
        error_at(place, what, refusal.next.unwrap_or_default())
    })
}

/// A file under reading.
pub(super) struct YamlReader<'t> {
    /// Its name in messages.
    pub name: &'t str,
    /// Its tree.
    pub tree: &'t Tree,
    /// The form it should have, for messages.
    pub form: &'static str,
}

impl YamlReader<'_> {
    pub(super) fn error(&self, node: NodeId, what: impl Into<String>, next: &str) -> MemoryError {
        let at = self.tree.position(self.tree.span(node).start);
        error_at(
            format!("{}:{}:{}", self.name, at.line, at.column),
            what,
            next,
        )
    }

    pub(super) fn read_map(&self, node: NodeId) -> Result<Vec<(String, NodeId)>, MemoryError> {
        let Kind::Mapping { .. } = self.tree.kind(node) else {
            return Err(self.error(node, "a map must stand here", self.form));
        };
        let mut entries: Vec<(String, NodeId)> = Vec::new();
        for (key, value) in self.tree.entries(node) {
            let name = self.read_text(key)?;
            if entries.iter().any(|(other, _)| *other == name) {
                return Err(self.error(key, format!("`{name}` is here twice"), "keep one of them"));
            }
            entries.push((name, value));
        }
        Ok(entries)
    }

    pub(super) fn read_list(&self, node: NodeId) -> Result<Vec<String>, MemoryError> {
        let Kind::Sequence { .. } = self.tree.kind(node) else {
            return Err(self.error(node, "a list must stand here", self.form));
        };
        self.tree
            .items(node)
            .map(|item| self.read_text(item))
            .collect()
    }

    pub(super) fn read_text(&self, node: NodeId) -> Result<String, MemoryError> {
        let Kind::Scalar(style) = self.tree.kind(node) else {
            return Err(self.error(node, "a text must stand here", self.form));
        };
        let content = self.tree.scalar(node);
        let plain = style == ScalarStyle::Plain;
        match scalar::value(&content, plain, self.tree.tag(node)) {
            Ok(Value::String(text)) => Ok(text),
            Ok(other) => Err(self.error(
                node,
                format!(
                    "`{content}` is {} to Helm, and a text must stand here",
                    other.type_name()
                ),
                "put it in quotes",
            )),
            Err(e) => Err(self.error(node, e.to_string(), "put it in quotes")),
        }
    }

    pub(super) fn read_texts<C: FromIterator<(String, String)>>(
        &self,
        node: NodeId,
    ) -> Result<C, MemoryError> {
        self.read_map(node)?
            .into_iter()
            .map(|(key, value)| Ok((key, self.read_text(value)?)))
            .collect()
    }

    /// The root of the only document; nothing if the file is empty.
    pub(super) fn read_root(&self) -> Result<Option<NodeId>, MemoryError> {
        match self.tree.documents() {
            [] => Ok(None),
            [one] if self.tree.is_implicit_null(one.root) => Ok(None),
            [one] => Ok(Some(one.root)),
            [_, second, ..] => {
                Err(self.error(second.root, "there is a second document", "keep one"))
            }
        }
    }
}
