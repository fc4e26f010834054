//! Scalars that a chart takes for a text and YAML takes for a number or a boolean.
//!
//! `tag: 0.10` installs 0.1, `tag: 20240115` installs 2.0240115e+07, `password: 0777` is 511, and
//! `nameOverride: no` is `false`. Each is told where it matters: where the chart's default is a text, or
//! where the key's name says that the value is one, and only if a template prints something else than what
//! stands in the file. Whole numbers beyond 2^53 are told anywhere, for Helm cannot hold them.
//!
//! How a scalar is typed is asked of `values::scalar`, and how a template prints it of `Number`: there is
//! no second set of rules here. Dates and `1:30` need no word, for Helm keeps them as texts.

use std::collections::HashSet;

use super::{LayerNotice, StepTexts, Subject, standing::still_standing};
use crate::{
    pack::{Known, NoticeSeverity},
    secrets::is_secret_path,
    values::{Number, Path, Segment, Value, scalar::Resolved, view::View},
    yaml::{Kind, NodeId, ScalarStyle, Tree},
};

/// Scalars told of one layer before the rest is only counted.
const LISTED: usize = 20;
/// Last words of keys whose values are texts, whatever they look like.
const TEXTS: &[&str] = &[
    "tag",
    "version",
    "digest",
    "revision",
    "branch",
    "commit",
    "sha",
    "username",
    "database",
    "region",
    "zone",
    "name",
    "prefix",
    "suffix",
    "namespace",
];
/// Maps whose values are texts, whatever their keys are called.
const TEXT_MAPS: &[&str] = &["annotations", "labels", "nodeselector", "matchlabels"];
/// Keys above quantities, which mean the same as a number and as a text.
const QUANTITIES: &[&str] = &["resources", "requests", "limits"];

/// The scalars of every layer that Helm reads otherwise than they look.
pub(super) fn notices(subject: Subject<'_>, step_texts: &StepTexts<'_>) -> Vec<LayerNotice> {
    let mut told = Vec::new();
    let defaults = subject.pack.keys.default_values(subject.to);
    for (layer, (root, view)) in subject
        .migrated
        .layers
        .iter()
        .zip(subject.views)
        .enumerate()
    {
        let suspects = suspects(view);
        if suspects.is_empty() {
            continue;
        }
        let found = still_standing(&suspects, layer, root, view);
        // What several aliases stand for is told at the first place.
        let mut seen = HashSet::new();
        let mut more = 0;
        let before = told.len();
        for (path, node) in found.into_iter().filter(|(_, node)| seen.insert(*node)) {
            if let Some(text) = judge(&path, node, view, subject, defaults.values())
                && !step_texts.speak_of_notation(&path)
            {
                if told.len() - before == LISTED {
                    more += 1;
                    continue;
                }
                told.push(LayerNotice {
                    layer,
                    node,
                    severity: NoticeSeverity::Action,
                    path,
                    text,
                });
            }
        }
        if let (true, Some(last)) = (more > 0, told.last_mut()) {
            last.text
                .push_str(&format!(" So it is with {more} more in this file."));
        }
    }
    told
}

/// The scalars that are written without quotes, are no texts, and are not printed as they are written.
fn suspects(view: &View<'_>) -> Vec<NodeId> {
    let tree = view.tree();
    let plain = |node: &NodeId| {
        let kind = tree.kind(*node);
        kind == Kind::Scalar(ScalarStyle::Plain) && !tree.is_key(*node) && tree.tag(*node).is_none()
    };
    // Numbers, and the booleans of YAML 1.1 that templates print otherwise, such as `yes` and `off`. `true` and
    // `False` are printed as they are written but for capitals.
    let may_be = |node: &NodeId| {
        let first = tree.content(*node).bytes().next();
        first.is_some_and(|b| b.is_ascii_digit() || b"+-.yYnNoO".contains(&b))
    };
    let changes = |node: &NodeId| printed_text(view, *node).is_some();
    tree.nodes_beside(view.root())
        .filter(plain)
        .filter(may_be)
        .filter(changes)
        .collect()
}

/// The text that a template makes of a scalar, if it differs from the written one.
fn printed_text<'t>(view: &View<'t>, node: NodeId) -> Option<(Resolved<'t>, String)> {
    let resolved = view.resolve(node).ok()?;
    let printed = match &resolved {
        Resolved::Null | Resolved::String(_) => return None,
        Resolved::Bool(yes) => yes.to_string(),
        number => number_of(number)?.printed(),
    };
    let written = view.tree().content(node);
    let same = match resolved {
        Resolved::Bool(_) => written.eq_ignore_ascii_case(&printed),
        _ => written == printed,
    };
    (!same).then_some((resolved, printed))
}

fn number_of(resolved: &Resolved<'_>) -> Option<Number> {
    match resolved.clone().into_value().ok()? {
        Value::Number(number) => Some(number),
        _ => None,
    }
}

fn judge(
    path: &Path,
    node: NodeId,
    view: &View<'_>,
    subject: Subject<'_>,
    defaults: &Value,
) -> Option<String> {
    let (resolved, printed) = printed_text(view, node)?;
    let written = view.tree().content(node);
    let is_bool = matches!(resolved, Resolved::Bool(_));
    if is_text(path, is_bool, view.tree(), node, subject, defaults) {
        let kind = if is_bool { "a boolean" } else { "a number" };
        return Some(if is_secret_path(&path.to_string()) {
            format!(
                "To Helm the value of `{path}` is {kind}, and templates print it otherwise than it is \
                 written. Put it in quotes."
            )
        } else {
            format!(
                "To Helm `{path}: {written}` is {kind}, and templates print {printed}. If the text is \
                 meant, put it in quotes: \"{written}\"."
            )
        });
    }
    let exact = number_of(&resolved)?;
    let held = exact.in_templates();
    let whole = matches!(resolved, Resolved::Int(_) | Resolved::Uint(_));
    (whole && exact != held && is_read(path, subject)).then(|| {
        format!(
            "Helm holds numbers as 64-bit floats: `{path}: {written}` becomes {held}. If the chart takes a \
             text there, put it in quotes: \"{written}\"."
        )
    })
}

/// True if the target, a sub-chart of it, or the user's own may read a path.
fn is_read(path: &Path, subject: Subject<'_>) -> bool {
    let known = subject.pack.keys.known(path, subject.to);
    !matches!(known, Known::Unknown | Known::Dead)
}

/// True if the chart takes the value at a path for a text.
fn is_text(
    path: &Path,
    is_bool: bool,
    tree: &Tree,
    node: NodeId,
    subject: Subject<'_>,
    defaults: &Value,
) -> bool {
    let keys: Vec<String> = path
        .segments()
        .iter()
        .filter_map(|segment| match segment {
            Segment::Key(key) => Some(key.clone()),
            _ => None,
        })
        .collect();
    let folded: Vec<String> = keys.iter().map(|key| key.to_lowercase()).collect();
    if folded.iter().any(|key| QUANTITIES.contains(&key.as_str())) || !is_read(path, subject) {
        return false;
    }
    // The chart's own default shows best what it takes; a null there shows nothing.
    match path.get(defaults) {
        Some(Value::String(_)) => return true,
        Some(Value::Null) | None => {}
        Some(_) => return false,
    }
    let Some(Segment::Key(last)) = path.last() else {
        return false;
    };
    let above = folded.iter().rev().nth(1);
    if above.is_some_and(|above| TEXT_MAPS.iter().any(|map| above.ends_with(map))) {
        return true;
    }
    // Kubernetes takes nothing but texts as values of environment variables.
    if last == "value" && beside_a_name(tree, node) {
        return true;
    }
    let ends = |text: &&str| last_word(last) == **text;
    // `createUser: yes` is a switch; only where the name is the whole key a `no` is likely a text.
    let whole = TEXTS.contains(&last.to_lowercase().as_str());
    if is_bool {
        return whole;
    }
    TEXTS.iter().any(ends) || is_secret_path(&path.to_string())
}

/// The last word of a key: `tag` of `imageTag` and `image-tag`.
fn last_word(key: &str) -> String {
    let start = key
        .char_indices()
        .rev()
        .find(|(_, c)| c.is_uppercase() || matches!(c, '-' | '_' | '.' | '/'))
        .map_or(0, |(at, _)| at);
    key[start..]
        .trim_start_matches(['-', '_', '.', '/'])
        .to_lowercase()
}

/// True if a value stands beside a `name`, as in a list of environment variables.
fn beside_a_name(tree: &Tree, node: NodeId) -> bool {
    let Some(map) = tree.parent(node) else {
        return false;
    };
    tree.parent(map)
        .is_some_and(|list| matches!(tree.kind(list), Kind::Sequence { .. }))
        && tree
            .entries(map)
            .any(|(key, _)| tree.content(key) == "name")
}
