//! The place where a manifest names the chart version: raised in its own style, or told why it stays.

use std::collections::BTreeMap;

use super::release::Worked;
use crate::{
    block::TextFile,
    carrier::raise,
    load::Succession,
    outcome::{Notice, NoticeSeverity},
    values::{
        Value, View,
        write::{Context, Quotes, string},
    },
    yaml::{self, Kind, NodeId, ScalarStyle, Tree, Want},
};

/// The fate of the place where a manifest names the version.
pub(super) enum Pinned {
    /// It is the target already, or allows it.
    Same,
    /// It is raised.
    Raised(EditsBySpan),
    /// It cannot be.
    Stays(Notice),
}

pub(super) fn pinned(loaded: &TextFile, worked: &Worked<'_>) -> Pinned {
    let Some(pin) = &worked.wanted.pin else {
        return Pinned::Same;
    };
    let to = &worked.plan.to;
    let tree = &loaded.tree;
    // What has to be done with the copy is a task of its own.
    if pin.is_of_copy {
        return Pinned::Same;
    }
    if !pin.is_version {
        let chart = &worked.pack.info.chart;
        return Pinned::Stays(Notice {
            at: Some(loaded.at(tree.span(pin.node).start)),
            severity: NoticeSeverity::Action,
            text: format!(
                "`{}` stays as it is, because it is no chart version. See that it leads to {chart} {to} together with these values.",
                pin.text
            ),
            path: None,
        });
    }
    let node = tree.alias_target(pin.node).unwrap_or(pin.node);
    let stays = |why: &str| {
        Pinned::Stays(Notice {
            at: Some(loaded.at(tree.span(pin.node).start)),
            severity: NoticeSeverity::Action,
            text: format!(
                "The version `{}` stays as it is: {why}. Write {to} in its place.",
                pin.text
            ),
            path: None,
        })
    };
    if raise(&pin.text, to).is_some_and(|raised| raised == pin.text) {
        return Pinned::Same;
    }
    // Where the chart's name cannot be edited, a version of the other chart would be one of this.
    let is_told = |one: &Succession| one.todo.is_some();
    if worked.plan.before.is_some() && worked.wanted.replacement.as_ref().is_none_or(is_told) {
        return stays("the name of the chart beside it has to be changed first");
    }
    if node != pin.node || tree.anchor(node).is_some() {
        return stays("other places may use what is anchored here");
    }
    match raise(&pin.text, to) {
        None => stays("its form does not say how a newer one is written"),
        Some(raised) => match scalar(tree, node, &raised) {
            Some(edits) => Pinned::Raised(edits),
            None => stays("it cannot be edited in place"),
        },
    }
}

/// Edits of a text by where they begin and end: equal ones of several releases are one.
pub(super) type EditsBySpan = BTreeMap<(usize, usize), String>;

/// The edits that give a scalar another text.
pub(super) fn scalar(tree: &Tree, node: NodeId, text: &str) -> Option<EditsBySpan> {
    let want = Want::Scalar(written_like(tree, node, text));
    let rewrite = yaml::rewrite(tree, node, &want).ok()?;
    let edits = rewrite.edits.iter();
    Some(
        edits
            .map(|(range, new)| ((range.start, range.end), new.to_owned()))
            .collect(),
    )
}

/// A text as a scalar with the quotes of another one.
fn written_like(tree: &Tree, node: NodeId, text: &str) -> String {
    let quotes = match tree.kind(node) {
        Kind::Scalar(ScalarStyle::SingleQuoted) => Quotes::Single,
        Kind::Scalar(ScalarStyle::DoubleQuoted) => Quotes::Double,
        Kind::Scalar(ScalarStyle::Plain) if is_plain_text(text) => return text.to_owned(),
        _ => Quotes::None,
    };
    string(text, Context::Block, quotes)
}

/// True if a text without quotes is that text to YAML, in block style and in flow style.
fn is_plain_text(text: &str) -> bool {
    [format!("a: {text}\n"), format!("{{a: {text}}}\n")]
        .into_iter()
        .all(|document| {
            let Ok(tree) = Tree::parse(document) else {
                return false;
            };
            let [document] = tree.documents() else {
                return false;
            };
            let values = View::new(&tree, document.root).values();
            values.is_ok_and(|map| map.get("a") == Some(&Value::from(text)))
        })
}
