//! Settings that did nothing so far and take effect with the upgrade.
//!
//! A key that the old chart does not read is easily written too early, or copied from newer documentation. To
//! Helm it was nothing; under the new chart it decides something, and nobody has tried it. So each is told
//! once, at the top-most such path, unless a step speaks of it or it says what the new chart says
//! anyway. What a step put where it stands is the step's affair.

use super::{LayerNotice, StepTexts, Subject, is_default};
use crate::{
    migrate::TracedValue,
    pack::{Known, NoticeSeverity},
    values::{Path, Value, view::View},
};

/// The settings of every layer that begin to have an effect.
pub(super) fn notices(subject: Subject<'_>, step_texts: &StepTexts<'_>) -> Vec<LayerNotice> {
    let defaults = subject.pack.keys.default_values(subject.to);
    let mut told = Vec::new();
    let layers = subject.migrated.layers.iter().zip(subject.views);
    for (layer, (root, view)) in layers.enumerate() {
        let mut walk = NewlyReadWalk {
            subject,
            step_texts,
            layer,
            view,
            defaults: defaults.values(),
            told: Vec::new(),
        };
        walk.below(root, &Path::root());
        told.append(&mut walk.told);
    }
    told
}

struct NewlyReadWalk<'w> {
    subject: Subject<'w>,
    step_texts: &'w StepTexts<'w>,
    layer: usize,
    view: &'w View<'w>,
    defaults: &'w Value,
    told: Vec<LayerNotice>,
}

impl NewlyReadWalk<'_> {
    fn below(&mut self, node: &TracedValue, at: &Path) {
        let Subject { pack, from, to, .. } = self.subject;
        for entry in node.entries(self.view) {
            let here = at.key(&entry.key);
            let was_unread = matches!(pack.keys.known(&here, from), Known::Unknown | Known::Dead);
            match pack.keys.known(&here, to) {
                Known::Read | Known::Open if was_unread => self.add_notice(&entry.node, here),
                Known::Read if entry.node.is_map(self.view) => self.below(&entry.node, &here),
                _ => {}
            }
        }
    }

    /// True if any setting at or below a place is there as it was written.
    fn stays_as_written(&self, node: &TracedValue, at: &Path) -> bool {
        let (mut below, mut stays) = (false, false);
        for entry in node.entries(self.view) {
            below = true;
            stays |= self.stays_as_written(&entry.node, &at.key(&entry.key));
        }
        let written = || node.source().is_some_and(|source| source.path == *at);
        if below { stays } else { written() }
    }

    fn add_notice(&mut self, node: &TracedValue, path: Path) {
        let Some(source) = node.source().filter(|source| source.path == path) else {
            return;
        };
        // What the run writes there is the steps' affair: only a setting that stays as it was newly takes effect.
        if !self.stays_as_written(node, &path) {
            return;
        }
        let value = node.value(self.view).unwrap_or(Value::Null);
        let idle = is_default(&path, &value, self.defaults);
        if source.layer != self.layer || idle || self.step_texts.speak_of(&path) {
            return;
        }
        let Subject { pack, from, to, .. } = self.subject;
        let chart = &pack.info.chart;
        self.told.push(LayerNotice {
            layer: self.layer,
            node: source.node,
            severity: NoticeSeverity::Action,
            text: format!(
                "{chart} {from} does not read `{path}`, and {to} does: it takes effect with this upgrade."
            ),
            path,
        });
    }
}
