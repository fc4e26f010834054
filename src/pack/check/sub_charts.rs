//! What pack.yaml says about packs of sub-charts: that they are there, that versions fit, and that all they bring
//! can be read below their key.

use std::sync::Arc;

use super::{
    Whole,
    finding::{Code, PackFinding},
};
use crate::pack::SubChart;

/// Checks the packs of sub-charts that pack.yaml names.
pub(super) fn check(whole: &Whole<'_>, found: &mut Vec<PackFinding>) {
    let pack = whole.files.spot("pack.yaml");
    for (key, named) in &whole.pack.info.sub_charts {
        let spot = pack.get("sub-charts").get(key);
        let sub_chart = match SubChart::load(key, named, whole.pack.source()) {
            Ok(sub_chart) => Arc::new(sub_chart),
            Err(error) => {
                found.push(
                    spot.get("pack")
                        .at_value()
                        .finding_here(Code::SubChart, error.to_string()),
                );
                continue;
            }
        };
        let known = &sub_chart.pack.info.versions;
        let mut last = None;
        for (own, of) in &named.versions {
            let at = spot.get("versions").get(&own.to_string());
            if !whole.versions.contains(own) {
                let message = format!("{own} is not among the versions");
                found.push(at.finding_here(Code::UnknownVersion, message));
            }
            if !known.contains_key(of) {
                let message = format!("the pack `{}` does not know the version {of}", named.pack);
                found.push(at.at_value().finding_here(Code::UnknownVersion, message));
            }
            if last.is_some_and(|(own_before, before)| own_before >= own || before > of) {
                let message = "both versions must grow from line to line";
                found.push(at.finding_here(Code::VersionOrder, message));
            }
            last = Some((own, of));
        }
        for (own, way) in sub_chart.migrated_versions() {
            let at = spot.get("versions").get(&own.to_string());
            for version in way {
                match sub_chart.migration_for(own, version) {
                    Err(error) => found.push(at.finding_here(Code::SubChart, error.to_string())),
                    Ok(migration) => {
                        let own_steps = whole.migrations.iter().flat_map(|own| &own.steps);
                        let twice = own_steps
                            .filter(|own| migration.steps.iter().any(|step| step.id == own.id));
                        found.extend(twice.map(|own| {
                            let message = format!(
                                "a step of {key} comes to be called `{}` like one of this pack",
                                own.id
                            );
                            spot.finding_here(Code::SubChart, message)
                        }));
                    }
                }
            }
        }
    }
}
