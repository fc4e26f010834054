//! What can be said of values without Helm: what the files of the charts say.
//!
//! It is a part of what rendering tells, and no verdict: a setting that some template may read is passed over, and what
//! settings do stays unknown. So a report of this says that nothing was rendered, and never that all is as it was.

use super::{
    Check, defaults,
    leaves::{Isolation, Leaf},
    model::{ChangedDefault, EffectFinding, FindingKind, Report},
};
use crate::{
    chart::{reads::TemplateReads, schema::Schema},
    values::{Path, Value, leaves},
};

impl Check<'_> {
    /// What the files of both charts say of the values; `why` is the reason for which nothing is rendered.
    #[must_use]
    pub fn by_reading(&self, why: &str) -> Report {
        let new = &self.new.chart;
        let mut reads = TemplateReads::clone(&new.reads());
        reads.and_values(&Value::Map(self.after.clone()));
        let unread: Vec<Leaf> = leaves(self.after)
            .into_iter()
            .filter(|(path, _)| !reads.is_read(path))
            .map(|(path, value)| Leaf {
                path: Some(path),
                value: value.clone(),
                how: Isolation::Unread,
                effects: Vec::new(),
            })
            .collect();
        let mut findings = self.refused_keys();
        let unexplained = findings.len();
        findings.extend(self.unread_settings(&unread));
        let changed = match self.tell_defaults {
            true => {
                defaults::differing_defaults(&self.old.chart.defaults, &new.defaults, self.after)
            }
            false => Vec::new(),
        };
        let changed = changed.into_iter().filter(|(path, ..)| reads.is_read(path));
        Report {
            name: self.name(),
            chart: self.release.chart.clone(),
            from: self.release.from.clone(),
            to: self.release.to.clone(),
            helm: String::new(),
            unrendered: Some(why.to_owned()),
            renderings: 0,
            notes: self.made_up_values(),
            dangers: Vec::new(),
            findings,
            facts: self.release.facts.clone(),
            changed_defaults: changed
                .map(|(path, was, now)| ChangedDefault {
                    path: path.to_string(),
                    was: (&was).into(),
                    now: (&now).into(),
                    places: Vec::new(),
                })
                .collect(),
            settings: Vec::new(),
            open: self.open_questions(),
            unexplained,
        }
    }

    /// Settings at keys that the new chart's schema does not take.
    fn refused_keys(&self) -> Vec<EffectFinding> {
        let schema = Schema::of(&self.new.chart);
        let refused = leaves(self.after).into_iter();
        let refused = refused.map(|(path, _)| path).filter(|path| {
            let values = self.release.values.iter();
            let mut made_up = values.flat_map(|values| &values.made_up);
            schema.forbids_key(path) && !made_up.any(|made_up: &Path| made_up.starts_with(path))
        });
        refused
            .map(|path| EffectFinding {
                kind: FindingKind::Schema,
                at: self.places.after.get(&path).cloned(),
                what: format!("the new chart's schema refuses {path}: it takes no such key"),
                path: Some(path.to_string()),
                next: None,
                step: None,
            })
            .collect()
    }
}
