//! What was seen where refit edits nothing: releases of known charts in hidden folders, and in files of other tools.
//! Every report tells it in the same words, grouped: a folder of an archive can hold a hundred of them.

use std::{collections::BTreeMap, path::Path};

use crate::{
    outcome::{Outcome, SeenIn, SeenRelease},
    shell::quote,
};

/// Values that are not edited for the same reason, with the next step.
#[derive(Debug)]
pub struct SeenGroup {
    /// The reason for which nothing is edited there, as a heading.
    pub heading: &'static str,
    /// The values: their place, and a description.
    pub lines: Vec<(String, String)>,
    /// The next step, a sentence.
    pub next: String,
}

/// The groups of an outcome.
pub(super) fn group_seen(outcome: &Outcome) -> Vec<SeenGroup> {
    let of = |place| outcome.seen.iter().filter(move |seen| seen.place == place);
    let mut groups = Vec::new();
    let mut hidden: BTreeMap<String, Vec<&SeenRelease>> = BTreeMap::new();
    for seen in of(SeenIn::Hidden) {
        hidden
            .entry(hidden_part(&seen.at.file))
            .or_default()
            .push(seen);
    }
    if let Some(first) = hidden.keys().next() {
        groups.push(SeenGroup {
            heading: "Not upgraded, because it is hidden",
            next: format!("Name it to upgrade it, too: refit upgrade {}", quote(first)),
            lines: hidden
                .iter()
                .map(|(place, seen)| (place.clone(), counts_by_chart(seen)))
                .collect(),
        });
    }
    let elsewhere = by_chart(of(SeenIn::ObjectElsewhere));
    if !elsewhere.is_empty() {
        groups.push(SeenGroup {
            heading: "Not upgraded, because the object that brings the chart is in none of these files",
            lines: elsewhere,
            next: "Name the folder that holds that object (an OCIRepository, say) as well: refit upgrade DIR OTHER-DIR".to_owned(),
        });
    }
    let elsewhere = by_chart(of(SeenIn::FolderElsewhere));
    if !elsewhere.is_empty() {
        groups.push(SeenGroup {
            heading: "Not upgraded, because the folder of the chart is not here, and its values with it",
            lines: elsewhere,
            next: "Run refit in the repository that has that folder.".to_owned(),
        });
    }
    let others: Vec<(String, String)> = of(SeenIn::OtherTool)
        .map(|seen| {
            let version = seen
                .version
                .as_deref()
                .unwrap_or("of a version that is not written there");
            let text = format!("{}: {} {version}", seen.title, seen.chart);
            (file_and_line(seen), text)
        })
        .collect();
    if !others.is_empty() {
        groups.push(SeenGroup {
            heading: "Seen and not edited, because another tool's files hold these releases",
            lines: others,
            next: "Change their values by hand. For a file of values that one of them names: refit upgrade FILE --chart CHART --from VERSION".to_owned(),
        });
    }
    groups
}

/// The number of releases of one chart up to which each is told.
const TOLD_EACH: usize = 3;

/// Releases whose chart is known by its name only, those of one chart together if they are many.
fn by_chart<'o>(seen: impl Iterator<Item = &'o SeenRelease>) -> Vec<(String, String)> {
    let mut charts: BTreeMap<&str, Vec<&SeenRelease>> = BTreeMap::new();
    for one in seen {
        charts.entry(&one.chart).or_default().push(one);
    }
    let mut lines = Vec::new();
    for (chart, seen) in charts {
        if seen.len() > TOLD_EACH {
            let (first, more) = (file_and_line(seen[0]), seen.len() - 1);
            lines.push((
                format!("{first} and {more} more"),
                format!("{chart}, by its name"),
            ));
            continue;
        }
        lines.extend(seen.into_iter().map(|one| {
            (
                file_and_line(one),
                format!("{}: {chart}, by its name", one.title),
            )
        }));
    }
    lines
}

fn file_and_line(seen: &SeenRelease) -> String {
    format!("{}:{}", seen.at.file, seen.at.line)
}

/// The path up to its first hidden part.
fn hidden_part(file: &str) -> String {
    let mut shown = std::path::PathBuf::new();
    for part in Path::new(file).iter() {
        shown.push(part);
        let part = part.to_string_lossy();
        if part.starts_with('.') && part != "." && part != ".." {
            break;
        }
    }
    shown.display().to_string()
}

/// The number of releases of each chart.
fn counts_by_chart(seen: &[&SeenRelease]) -> String {
    let mut charts: BTreeMap<&str, usize> = BTreeMap::new();
    for one in seen {
        *charts.entry(&one.chart).or_default() += 1;
    }
    let counts = charts.iter().map(|(chart, n)| match n {
        1 => format!("1 release of {chart}"),
        n => format!("{n} of {chart}"),
    });
    counts.collect::<Vec<_>>().join(", ")
}
