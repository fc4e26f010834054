//! The place where a manifest names the chart version: raised in its own style, or told why it stays.

use std::{collections::BTreeMap, sync::Arc};

use super::{mentions::Renamed, release::Worked};
use crate::{
    block::TextFile,
    carrier::{VersionPart, raise},
    load::{Pin, Succession},
    outcome::{Notice, NoticeSeverity},
    values::{
        Value, View,
        write::{Context, Quotes, string},
    },
    yaml::{self, EditSet, Kind, NodeId, ScalarStyle, Tree, Want, rewrite_inner},
};

/// The fate of the place where a manifest names the version.
pub(super) enum Pinned {
    /// It is the target already, or allows it.
    Same,
    /// It is raised.
    Raised(Renamed),
    /// It cannot be.
    Stays(Notice),
}

pub(super) fn pinned(loaded: &TextFile, worked: &Worked<'_>) -> Pinned {
    let Some(pin) = &worked.wanted.pin else {
        return Pinned::Same;
    };
    let to = &worked.plan.to;
    // What has to be done with the copy is a task of its own.
    if pin.is_of_copy {
        return Pinned::Same;
    }
    if !pin.is_version {
        let chart = &worked.pack.info.chart;
        return Pinned::Stays(Notice {
            at: Some(loaded.at(pin.offset(loaded))),
            severity: NoticeSeverity::Action,
            text: format!(
                "`{}` stays as it is, because it is no chart version. See that it leads to {chart} {to} together with these values.",
                pin.text
            ),
            path: None,
        });
    }
    let stays = |why: &str| {
        Pinned::Stays(Notice {
            at: Some(loaded.at(pin.offset(loaded))),
            severity: NoticeSeverity::Action,
            text: format!(
                "The version `{}` stays as it is: {why}. Write {to} in its place.",
                pin.text
            ),
            path: None,
        })
    };
    let raised = raise(&pin.text, to);
    if raised.as_ref().is_some_and(|raised| *raised == pin.text) {
        return Pinned::Same;
    }
    // Where the chart's name cannot be edited, a version of the other chart would be one of this.
    let is_told = |one: &Succession| one.todo.is_some();
    if worked.plan.before.is_some() && worked.wanted.replacement.as_ref().is_none_or(is_told) {
        return stays("the name of the chart beside it has to be changed first");
    }
    let Some(raised) = raised else {
        return stays("its form does not say how a newer one is written");
    };
    match raised_at(loaded, pin, raised) {
        Ok(raised) => Pinned::Raised(raised),
        Err(why) => stays(why),
    }
}

/// The edit of a version where it stands, or why there is none.
fn raised_at(loaded: &TextFile, pin: &Pin, raised: String) -> Result<Renamed, &'static str> {
    let tree = &loaded.tree;
    let is_shared =
        |tree: &Tree, node| tree.alias_target(node).is_some() || tree.anchor(node).is_some();
    let inner = match pin.part {
        VersionPart::Whole => None,
        VersionPart::Filled => return Err("a template is filled with it here"),
        VersionPart::Inner(node) => {
            let inner = Tree::parse(tree.content(pin.node));
            let inner = inner.map_err(|_| "the text that it stands in cannot be read")?;
            Some((Arc::new(inner), node))
        }
    };
    let anchored_inside = |(inner, node): &(Arc<Tree>, NodeId)| is_shared(inner, *node);
    if is_shared(tree, pin.node) || inner.as_ref().is_some_and(anchored_inside) {
        return Err("other places may use what is anchored here");
    }
    let fixed = "it cannot be edited in place";
    match &inner {
        None => _ = scalar(tree, pin.node, &raised).ok_or(fixed)?,
        Some((inner, node)) => {
            let edits = scalar(inner, *node, &raised).ok_or(fixed)?;
            let edits = edits
                .into_iter()
                .map(|((start, end), new)| (start..end, new));
            let rewrite = EditSet::new(inner.text(), edits)
                .ok()
                .and_then(|edits| rewrite_inner(tree, pin.node, &edits).ok());
            if rewrite.is_none_or(|rewrite| rewrite.restyled) {
                return Err("the text that it stands in would have to be written anew");
            }
        }
    }
    Ok(Renamed {
        file: pin.file,
        node: pin.node,
        within: inner,
        text: raised,
    })
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
