//! What is not edited and yet told: releases of known charts in hidden folders, and in the files of tools whose values
//! refit cannot edit.
//!
//! A folder called `.archive` holds what nobody deploys, as a rule, and a Terraform file holds values in a language of
//! its own. Neither is touched; but a release of a chart that is being upgraded is not passed over without a word.
//! Nothing is edited here, and nothing that stands in these files is shown but the names of charts and versions.

use std::{
    cell::LazyCell,
    fs,
    path::{Path as FilePath, PathBuf},
};

use super::gitops::{self, KnownChart};
use crate::{
    carrier::{self, ChartSource, Elsewhere, ManifestObject, ObjectBody, ObjectRef, programs},
    jobs::Jobs,
    outcome::{FilePosition, SeenIn, SeenRelease},
    walk::is_yaml,
    yaml::{LineStarts, Position, Tree},
};

/// The largest file that is looked into, in bytes.
const MAX_SIZE: u64 = 4 << 20;

/// A chart that an object of the cluster brings along, for HelmReleases that refer to the object.
#[derive(Debug, Clone)]
pub struct ChartObject {
    object: ManifestObject,
    chart: String,
    version: Option<String>,
}

/// The objects among these that bring a known chart.
pub(super) fn chart_objects<'o>(
    objects: impl Iterator<Item = &'o ManifestObject>,
    charts: &[KnownChart],
) -> Vec<ChartObject> {
    let known = objects.filter_map(|object| {
        let (ObjectBody::Chart { chart, version } | ObjectBody::Named { chart, version, .. }) =
            &object.body
        else {
            return None;
        };
        Some(ChartObject {
            chart: gitops::known_name(&chart.source, charts)?.to_owned(),
            version: version.as_ref().map(|place| place.text.clone()),
            object: object.clone(),
        })
    });
    known.collect()
}

/// What one file that is never edited says.
#[derive(Default)]
struct SeenFile {
    seen: Vec<SeenRelease>,
    /// The releases whose chart an object brings, each without what that says.
    referring: Vec<(ObjectRef, SeenRelease)>,
    objects: Vec<ChartObject>,
}

/// The releases of known charts that files name which are never edited. What cannot be read names none. A chart may be
/// brought by an object in one of these files, or by one of `objects`, which stand in others.
#[must_use]
pub fn aside(
    files: &[PathBuf],
    objects: &[ChartObject],
    charts: &[KnownChart],
    jobs: &Jobs<'_>,
) -> Vec<SeenRelease> {
    let paths: Vec<&FilePath> = files.iter().map(PathBuf::as_path).collect();
    let found = jobs.run_each(None, paths, |path| {
        let text = text_of(path).filter(|text| may_name(text, charts));
        text.map_or_else(SeenFile::default, |text| seen_releases(path, &text, charts))
    });
    let found: Vec<SeenFile> = found.into_iter().map(Result::unwrap_or_default).collect();
    let bringing = || {
        let own = found.iter().flat_map(|file| &file.objects);
        own.chain(objects)
    };
    let mut all = Vec::new();
    for file in &found {
        all.extend(file.seen.iter().cloned());
        for (reference, seen) in &file.referring {
            let by = bringing().find(|by| by.object.is_meant_by(reference));
            all.extend(by.map(|by| SeenRelease {
                chart: by.chart.clone(),
                version: by.version.clone(),
                ..seen.clone()
            }));
        }
    }
    all
}

fn text_of(path: &FilePath) -> Option<String> {
    // What is no file is not opened: a pipe would be waited for.
    let is_small = fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_SIZE);
    let text = is_small.then(|| fs::read_to_string(path).ok())??;
    Some(text)
}

/// True if a text has the name of a known chart at all, or leaves that to an object: most do neither, and need not be
/// parsed.
fn may_name(text: &str, charts: &[KnownChart]) -> bool {
    text.contains("chartRef:")
        || charts.iter().any(|chart| {
            let former = chart.former_names.iter().map(|former| &former.name);
            let mut names = chart.names().chain(former);
            names.any(|name| text.contains(name))
        })
}

fn seen_releases(path: &FilePath, text: &str, charts: &[KnownChart]) -> SeenFile {
    let name = path.display().to_string();
    let at = |position: Position| FilePosition {
        file: name.clone(),
        line: position.line,
        column: position.column,
    };
    if !is_yaml(path) {
        let lines = LazyCell::new(|| LineStarts::new(text));
        let at = |offset| at(lines.position(text, offset));
        let all = programs::find(path, text);
        return SeenFile {
            seen: all
                .iter()
                .filter_map(|one| seen_elsewhere(one, charts, at))
                .collect(),
            ..SeenFile::default()
        };
    }
    let Ok(tree) = Tree::parse(text) else {
        return SeenFile::default();
    };
    let at = |offset| at(tree.position(offset));
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
    let mut all: Vec<SeenRelease> = carriers
        .chain(objects)
        .filter_map(|(chart, title, version)| {
            let known = gitops::known_name(&chart.source, charts)?.to_owned();
            Some(SeenRelease {
                at: at(tree.span(chart.node).start),
                title,
                chart: known,
                version: version.map(|place| place.text.clone()),
                place: SeenIn::Hidden,
            })
        })
        .collect();
    let others = found.elsewhere.iter();
    all.extend(others.filter_map(|one| seen_elsewhere(one, charts, at)));
    let referring = found.carriers.iter().filter_map(|carrier| {
        let ChartSource::Object(object) = &carrier.chart.source else {
            return None;
        };
        let seen = SeenRelease {
            at: at(tree.span(carrier.chart.node).start),
            title: carrier.name.clone(),
            chart: String::new(),
            version: None,
            place: SeenIn::Hidden,
        };
        Some((object.clone(), seen))
    });
    SeenFile {
        seen: all,
        referring: referring.collect(),
        objects: chart_objects(found.objects.iter(), charts),
    }
}

/// The release that another tool deploys, if it is of a known chart.
pub(super) fn seen_elsewhere(
    one: &Elsewhere,
    charts: &[KnownChart],
    at: impl FnOnce(usize) -> FilePosition,
) -> Option<SeenRelease> {
    let chart = gitops::known_name(&one.chart, charts)?.to_owned();
    Some(SeenRelease {
        at: at(one.offset),
        title: one.title.clone(),
        chart,
        version: one.version.clone(),
        place: SeenIn::OtherTool,
    })
}
