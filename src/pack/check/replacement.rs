//! What pack.yaml and replacement.yaml say about the chart that takes the place of this one: that it is another one,
//! that its pack is there, and that the steps look at keys of the one and write keys of the other.

use super::{
    PackFiles, Whole,
    finding::{Code, PackFinding},
    place::{CheckedFile, Spot},
};
use crate::pack::replacement::{FILE, Successor};

/// Checks what takes the place of the chart.
pub(super) fn check(whole: &Whole<'_>, found: &mut Vec<PackFinding>) {
    let spot = whole.files.spot("pack.yaml").get("replaced-by");
    let info = &whole.pack.info;
    if let Some(by) = &info.replaced_by
        && by.chart == info.chart
    {
        let message = "this is the chart's own name: give the chart of this pack another one, and list the name that both have under `identifies.names`";
        found.push(
            spot.get("chart")
                .at_value()
                .finding_here(Code::Format, message),
        );
        return;
    }
    let Some(file) = whole.files.get(FILE) else {
        return;
    };
    let successor = match whole.pack.successor() {
        Ok(Some(successor)) => successor,
        Ok(None) => return,
        Err(error) => {
            let error = whole.files.finding_for_error(&error);
            let is_new = !found
                .iter()
                .any(|other| other.file == error.file && other.severity == error.severity);
            found.extend(is_new.then_some(error));
            return;
        }
    };
    // It takes keys of the one chart and writes keys of the other, so both have to be known.
    let joined = match whole
        .pack
        .with_successor(&successor.pack, &successor.version)
    {
        Ok(joined) => joined,
        Err(error) => return found.push(file.spot().finding_here(Code::Format, error.to_string())),
    };
    let text = whole.pack.source().read_file(FILE).unwrap_or_default();
    let files = PackFiles {
        files: vec![CheckedFile::new(FILE.to_owned(), text)],
        others: Vec::new(),
    };
    let way = Whole {
        pack: &joined,
        files: &files,
        versions: joined.info.versions.keys().cloned().collect(),
        migrations: vec![&successor.migration],
    };
    way.check_migrations(found);
    check_step_ids(whole, successor, &file.spot(), found);
}

/// Checks the ids of the steps that lead to the other chart. One run goes through both packs, so that an id has to mean
/// one step.
fn check_step_ids(
    whole: &Whole<'_>,
    successor: &Successor,
    spot: &Spot<'_>,
    found: &mut Vec<PackFinding>,
) {
    let (own, other) = (whole.pack, &successor.pack);
    let later = other
        .migrated_versions()
        .filter(|version| **version > successor.version);
    let later = later.flat_map(|version| other.migrations(version).unwrap_or_default());
    let own = own
        .migrated_versions()
        .flat_map(|version| own.migrations(version).unwrap_or_default());
    let taken: Vec<&str> = own
        .chain(later)
        .flat_map(|migration| &migration.steps)
        .map(|step| step.id.as_str())
        .collect();
    for step in &successor.migration.steps {
        if taken.contains(&step.id.as_str()) {
            let message = format!(
                "a step of this pack, or of the one of {}, is called `{}` too",
                other.info.chart, step.id
            );
            let spot = spot.get("steps").get(&step.id);
            found.push(spot.finding_here(Code::IdTwice, message));
        }
    }
}
