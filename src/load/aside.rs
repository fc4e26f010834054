//! What is not edited and yet told: releases of known charts in hidden folders, and in the files of tools whose values
//! refit cannot edit.
//!
//! A folder called `.archive` holds what nobody deploys, as a rule, and a Terraform file holds values in a language of
//! its own. Neither is touched; but a release of a chart that is being upgraded is not passed over without a word.
//! Nothing is edited here, and nothing that stands in these files is shown but the names of charts and versions.

use std::{
    fs,
    path::{Path as FilePath, PathBuf},
};

use super::gitops::{self, KnownChart};
use crate::{
    carrier::{self, Elsewhere, ObjectBody, programs},
    jobs::Jobs,
    outcome::{At, Seen, SeenIn},
    yaml::Tree,
};

/// The largest file that is looked into, in bytes.
const MAX_SIZE: u64 = 4 << 20;

/// The releases of known charts that files name which are never edited. What cannot be read names none.
#[must_use]
pub fn aside(files: &[PathBuf], charts: &[KnownChart], jobs: &Jobs<'_>) -> Vec<Seen> {
    let paths: Vec<&FilePath> = files.iter().map(PathBuf::as_path).collect();
    let found = jobs.each(None, paths, |path| {
        let text = text_of(path).filter(|text| may_name(text, charts));
        text.map_or_else(Vec::new, |text| seen(path, &text, charts))
    });
    found
        .into_iter()
        .flat_map(Result::unwrap_or_default)
        .collect()
}

fn text_of(path: &FilePath) -> Option<String> {
    let is_small = fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_SIZE);
    let text = is_small.then(|| fs::read_to_string(path).ok())??;
    Some(text)
}

/// True if a text has the name of a known chart at all: most have none, and need not be parsed.
fn may_name(text: &str, charts: &[KnownChart]) -> bool {
    charts.iter().any(|chart| {
        let former = chart.former_names.iter().map(|former| &former.name);
        let mut names = std::iter::once(&chart.name)
            .chain(&chart.other_names)
            .chain(former);
        names.any(|name| text.contains(name))
    })
}

fn seen(path: &FilePath, text: &str, charts: &[KnownChart]) -> Vec<Seen> {
    let name = path.display().to_string();
    let starts: Vec<usize> = std::iter::once(0)
        .chain(text.match_indices('\n').map(|(end, _)| end + 1))
        .collect();
    let at = |offset: usize| {
        let line = starts.partition_point(|start| *start <= offset);
        At {
            file: name.clone(),
            line,
            column: text[starts[line - 1]..offset].chars().count() + 1,
        }
    };
    let is_yaml = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("yaml") || end.eq_ignore_ascii_case("yml"));
    if !is_yaml {
        let all = programs::find(path, text);
        return all
            .iter()
            .filter_map(|one| elsewhere(one, charts, at))
            .collect();
    }
    let Ok(tree) = Tree::parse(text) else {
        return Vec::new();
    };
    let found = carrier::find(&tree, path);
    let carriers = found.carriers.iter().map(|carrier| {
        let version = carrier.version.as_ref();
        (&carrier.chart, carrier.name.clone(), version)
    });
    let objects = found
        .objects
        .iter()
        .filter_map(|object| match &object.body {
            ObjectBody::Chart { chart, version } => {
                let title = format!("{}/{}", object.kind, object.name);
                Some((chart, title, version.as_ref()))
            }
            _ => None,
        });
    let mut all: Vec<Seen> = carriers
        .chain(objects)
        .filter_map(|(chart, title, version)| {
            let known = gitops::known_name(&chart.source, charts)?.to_owned();
            Some(Seen {
                at: at(tree.span(chart.node).start),
                title,
                chart: known,
                version: version.map(|place| place.text.clone()),
                place: SeenIn::Hidden,
            })
        })
        .collect();
    let others = found.elsewhere.iter();
    all.extend(others.filter_map(|one| elsewhere(one, charts, at)));
    all
}

/// The release that another tool deploys, if it is of a known chart.
pub(super) fn elsewhere(
    one: &Elsewhere,
    charts: &[KnownChart],
    at: impl FnOnce(usize) -> At,
) -> Option<Seen> {
    let chart = gitops::known_name(&one.chart, charts)?.to_owned();
    Some(Seen {
        at: at(one.offset),
        title: one.title.clone(),
        chart,
        version: one.version.clone(),
        place: SeenIn::OtherTool,
    })
}
