//! Image tags that stay on an application version of an older chart.
//!
//! A chart and its application move together: a tag that was pinned once goes on running the old application under
//! templates that were made for another one, and Helm says nothing. A tag is the application's where its text is exactly
//! an application version that this chart came with, and the image beside it is the chart's own, from whatever
//! registry: an image that users bring has versions of its own, which may be the same numbers, and so has a second
//! program of the chart, as its default tag shows. A tag that differs in the patch version alone is no surprise.

use std::collections::HashMap;

use semver::Version;

use super::{LayerNotice, StepTexts, Subject, standing::still_standing};
use crate::{
    pack::{Known, NoticeSeverity},
    values::{Path, Value, view::View},
    yaml::NodeId,
};

/// The notices about tags, each at the layer that decides.
pub(super) fn notices(subject: Subject<'_>, step_texts: &StepTexts<'_>) -> Vec<LayerNotice> {
    let mut tags: Vec<Vec<NodeId>> = subject.views.iter().map(tags).collect();
    if tags.iter().all(Vec::is_empty) {
        return Vec::new();
    }
    let versions = &subject.pack.info.versions;
    let Some(current) = versions.get(subject.to) else {
        return Vec::new();
    };
    let mut charts: HashMap<&str, &Version> = HashMap::new();
    let older = versions
        .iter()
        .take_while(|(version, _)| *version < subject.to);
    for (version, info) in older {
        // Of several charts with one application the newest is named.
        charts.insert(without_v(&info.app), version);
    }
    let chart_of = |tag: &str| charts.get(without_v(tag)).copied();
    // Any other tag of the first layer says nothing, and stands over none.
    if let (Some(tags), Some(view)) = (tags.first_mut(), subject.views.first()) {
        tags.retain(|node| chart_of(without_digest(&view.tree().scalar(*node))).is_some());
    }
    let mut told: HashMap<Path, LayerNotice> = HashMap::new();
    let layers = subject.migrated.layers.iter().zip(subject.views).zip(&tags);
    for (layer, ((root, view), tags)) in layers.enumerate() {
        for (path, node) in still_standing(tags, layer, root, view) {
            let written = view.tree().scalar(node);
            let tag = without_digest(&written);
            let notice = chart_of(tag).filter(|_| {
                !is_close(without_v(tag), without_v(&current.app))
                    && is_key(&path, subject)
                    && is_own_image(&path, subject)
                    && follows_application(&path, &current.app, subject)
                    && !step_texts.speak_of(&path)
            });
            // A layer further up has its say, whatever it says.
            told.remove(&path);
            if let Some(chart) = notice {
                let text = format!(
                    "`{path}` stays {tag}, which came with chart {chart}; chart {} is made for {}. Remove the setting to run that, or raise it with the chart.",
                    subject.to, current.app
                );
                told.insert(
                    path.clone(),
                    LayerNotice {
                        layer,
                        node,
                        path,
                        severity: NoticeSeverity::Action,
                        text,
                    },
                );
            }
        }
    }
    told.into_values().collect()
}

/// True for a key of the target's own, also below `global`; not for what the user may call as he likes.
fn is_key(path: &Path, subject: Subject<'_>) -> bool {
    let keys = &subject.pack.keys;
    keys.known(path, subject.to) == Known::Read || keys.default(path, subject.to).is_some()
}

/// A tag without the digest that may stand behind it, which says nothing of the version.
fn without_digest(tag: &str) -> &str {
    tag.split('@').next().unwrap_or(tag)
}

/// True unless the target's own tag there has another count: a chart may bring a second program, whose versions have
/// numbers that the application had once.
fn follows_application(tag: &Path, app: &str, subject: Subject<'_>) -> bool {
    let default = subject.pack.keys.default(tag, subject.to);
    match default.and_then(Value::as_str) {
        None | Some("") => true,
        Some(default) => is_close(without_v(default), without_v(app)),
    }
}

/// True if the image that a tag belongs to is the one that the chart names there, from wherever it is pulled; also
/// where nobody names one.
fn is_own_image(tag: &Path, subject: Subject<'_>) -> bool {
    let Some(repository) = tag.parent().map(|image| image.key("repository")) else {
        return false;
    };
    let layers = subject.migrated.layers.iter().zip(subject.views).rev();
    let mut named = layers.filter_map(|(root, view)| {
        let (_, node) = root.find(repository.segments(), view).pop()?;
        node.value(view).ok()
    });
    let own = subject.pack.keys.default(&repository, subject.to);
    match named.next().as_ref().and_then(Value::as_str) {
        None | Some("") => true,
        Some(named) => own.and_then(Value::as_str).map(image_name) == Some(image_name(named)),
    }
}

/// The last part of an image's repository, which stays where a registry mirrors it.
fn image_name(repository: &str) -> &str {
    repository.rsplit('/').next().unwrap_or(repository)
}

/// The values of keys called `tag`.
fn tags(view: &View<'_>) -> Vec<NodeId> {
    let tree = view.tree();
    let keys = tree
        .nodes_beside(view.root())
        .filter(|node| tree.is_key(*node) && tree.content(*node) == "tag");
    let mut values: Vec<NodeId> = keys.filter_map(|key| tree.value_of(key)).collect();
    values.sort_unstable();
    values
}

/// A version without the `v` before it.
fn without_v(text: &str) -> &str {
    text.strip_prefix('v').unwrap_or(text)
}

/// True for versions that differ in nothing but the patch version.
fn is_close(one: &str, other: &str) -> bool {
    let minor = |text: &str| {
        let mut numbers = text.splitn(3, '.').map(str::to_owned);
        (numbers.next(), numbers.next())
    };
    one == other || minor(one) == minor(other)
}
