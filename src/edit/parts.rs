//! The text that can stay of what a step made its values out of.
//!
//! Only text that says the very same is kept: items that are still in their list, in their order, and the lines of
//! a block scalar that was read as YAML. Where nothing of the kind is found the value is written anew.

use super::{
    EditError, WantBuilder,
    style::{Style, new_value_in},
};
use crate::{
    migrate::{Body, TextPlace, TracedValue, ValueOrigin},
    values::{ReadError, Value, View, write::Quotes},
    yaml::{Kind, NodeId, ScalarStyle, Tree, Want},
};

impl WantBuilder<'_> {
    /// The lines of a block scalar that a step read as YAML, if they say the value.
    pub(super) fn parsed(&self, value: &Value, from: &[TextPlace]) -> Option<String> {
        if !matches!(value, Value::Map(_) | Value::List(_)) {
            return None;
        }
        let own = from
            .iter()
            .filter(|source| source.layer == self.claims.layer && source.direct);
        // Only a literal block has its lines as they are meant; a folded or quoted text joins or escapes
        // them.
        let literal =
            |source: &&TextPlace| self.tree.kind(source.node) == Kind::Scalar(ScalarStyle::Literal);
        let mut lines = own.filter(literal).map(|source| {
            format!(
                "{}\n",
                self.tree.content(source.node).trim_end_matches('\n')
            )
        });
        lines.find(|lines| reads_as(lines, value))
    }

    /// The list that items of a list which a step made stand in, so that they keep the text beside them.
    pub(super) fn list_of(&self, items: &[TracedValue]) -> Option<NodeId> {
        let list_of = |item: &TracedValue| {
            let source = item.source().filter(|source| {
                source.layer == self.claims.layer
                    && source.direct
                    && matches!(item.body, Body::Same | Body::Map(_))
            })?;
            let list = |node| {
                let list = self.tree.parent(node)?;
                matches!(self.tree.kind(list), Kind::Sequence { .. }).then_some(list)
            };
            // An item may be what stood in one at a key.
            let key = self.tree.key_of(source.node);
            list(source.node).or_else(|| list(self.tree.parent(key?)?))
        };
        // An item may be around one that was a text.
        items
            .iter()
            .find_map(|item| match (&item.origin, &item.body) {
                (ValueOrigin::Made { .. }, Body::Map(entries)) => {
                    entries.iter().find_map(|entry| list_of(&entry.node))
                }
                _ => list_of(item),
            })
    }

    /// A list that a step made out of one in this text: items that are still in it, in their order, keep
    /// their text and their comments. `None` if there is no such item.
    pub(super) fn list_like(
        &self,
        items: &[Value],
        from: &[TextPlace],
        style: Style,
    ) -> Result<Option<Want>, EditError> {
        let list = from.iter().find(|source| {
            source.layer == self.claims.layer
                && source.direct
                && matches!(self.tree.kind(source.node), Kind::Sequence { .. })
        });
        let Some(base) = list.map(|source| source.node) else {
            return Ok(None);
        };
        let old: Vec<NodeId> = self.tree.items(base).collect();
        // As text, for the difference wants items that can be hashed.
        let said = |value: &Value| serde_json::Value::from(value).to_string();
        let old_said = old
            .iter()
            .map(|item| Ok(said(&self.view.value(*item)?)))
            .collect::<Result<Vec<_>, ReadError>>()?;
        let new_said: Vec<String> = items.iter().map(said).collect();
        let mut kept = vec![None; items.len()];
        for op in similar::capture_diff_slices(similar::Algorithm::Myers, &old_said, &new_said) {
            if let similar::DiffOp::Equal {
                old_index,
                new_index,
                len,
            } = op
            {
                for n in 0..len {
                    kept[new_index + n] = Some(old[old_index + n]);
                }
            }
        }
        if kept.iter().all(Option::is_none) {
            return Ok(None);
        }
        let style = self.style(base, style);
        let items = items
            .iter()
            .zip(kept)
            .map(|(item, kept)| match kept {
                Some(node) => Ok(Want::Node(node)),
                None => new_value_in(item, Quotes::None, style),
            })
            .collect::<Result<_, EditError>>()?;
        Ok(Some(Want::List {
            base: Some(base),
            items,
        }))
    }
}

/// True if lines, wherever they are indented to, are a block collection that is read as a value.
fn reads_as(lines: &str, value: &Value) -> bool {
    // The end of a document, and what depends on how far it is indented or on what follows.
    let special =
        |line: &str| line.starts_with("---") || line.starts_with("...") || line.starts_with('%');
    if lines.contains(['\r', '\t', '\u{feff}'])
        || lines.contains("|+")
        || lines.contains(">+")
        || lines.lines().any(special)
    {
        return false;
    }
    let Ok(tree) = Tree::parse(lines) else {
        return false;
    };
    let [document] = tree.documents() else {
        return false;
    };
    let root = document.root;
    let is_block = matches!(
        tree.kind(root),
        Kind::Mapping { flow: false } | Kind::Sequence { flow: false }
    );
    // An anchor in a string is the string's own; in the file it could take the aliases of another one.
    let anchored = tree
        .nodes()
        .any(|node| tree.anchor(node).is_some() || tree.kind(node) == Kind::Alias);
    is_block
        && !anchored
        && View::new(&tree, root)
            .value(root)
            .is_ok_and(|read| read == *value)
}
