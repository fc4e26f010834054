//! Files that cannot be read as YAML, mostly templates: which of them may be for a known chart, so that it matters.
//!
//! Only their lines can be looked at. What may be for a known chart is told: a release must not be passed over. What
//! deploys other charts is nobody's business here.

use std::path::Path as FilePath;

use super::{KnownChart, named::dependencies_of};
use crate::{carrier, walk::FoundFile, yaml::Tree};

/// What is known where a file cannot be read.
pub(super) struct Unread<'u> {
    pub(super) charts: &'u [KnownChart],
    /// All files that were found: charts are among them.
    pub(super) found: &'u [FoundFile],
}

impl Unread<'_> {
    /// True if a file that is no YAML seems to be a manifest that deploys a known chart, or to leave that to another
    /// file. One that deploys another chart is nobody's business here, and a template of charts that are not known is
    /// none either.
    pub(super) fn is_manifest(&self, path: &FilePath, text: &str) -> bool {
        carrier::looks_like(path, text).is_some()
            && carrier::kind_of_template(path, text).is_none()
            && (texts_of("chart:", text).next().is_none() || self.may_name(text))
    }

    /// True if a text that cannot be read may be for a known chart: it names one as its chart, or has the name of one and
    /// does not say of every chart which it is.
    pub(super) fn may_name(&self, text: &str) -> bool {
        let named: Vec<&str> = texts_of("chart:", text).collect();
        let is_argo = named.is_empty() && text.contains("argoproj.io/");
        let paths = texts_of("path:", text).filter(|_| is_argo);
        let paths: Vec<&str> = paths.collect();
        // A folder as it is: its chart and its values are there, and not here.
        let has_helm = || {
            text.lines()
                .any(|line| line.trim_start().starts_with("helm:"))
        };
        if !paths.is_empty() && !has_helm() && !text.contains("toYaml") {
            return false;
        }
        let known = match is_argo {
            false => said(&named, |name| Some(self.is_known(name))),
            true => said(&paths, |folder| self.holds_known(folder)),
        };
        // The values of a dependency stand under its name.
        let has_values = || is_argo && text.lines().any(|line| self.is_key(line));
        match known {
            Some(known) => known || has_values(),
            None => self.has_name(text),
        }
    }

    fn has_name(&self, text: &str) -> bool {
        let mut charts = self.charts.iter();
        charts.any(|chart| text.contains(&chart.name))
    }

    fn is_known(&self, name: &str) -> bool {
        let mut charts = self.charts.iter();
        charts.any(|chart| chart.names().any(|other| other == name))
    }

    /// True if a line begins a map under the name of a known chart.
    fn is_key(&self, line: &str) -> bool {
        let name = line.trim().strip_suffix(':');
        name.is_some_and(|name| self.is_known(name.trim_matches(['"', '\''])))
    }

    /// True if a folder of this name holds a known chart, or one with such a dependency; `None` if it is not here, or its
    /// chart cannot be read.
    fn holds_known(&self, folder: &str) -> Option<bool> {
        let is_there = |file: &&FoundFile| {
            let above = file.path.parent().and_then(FilePath::file_name);
            file.path
                .file_name()
                .is_some_and(|name| name == "Chart.yaml")
                && above.is_some_and(|above| above == folder)
        };
        let mut known = self.is_known(folder).then_some(true);
        for file in self.found.iter().filter(is_there) {
            let bytes = std::fs::read(&file.path).ok()?;
            let tree = Tree::parse_bytes(&bytes).ok()?;
            let own = carrier::find(&tree, &file.path).own_chart?;
            let above = file.path.parent()?;
            let holds = self.is_known(&own.name) || !dependencies_of(above, self.charts).is_empty();
            known = Some(holds || known == Some(true));
        }
        known
    }
}

/// True if one of these names or paths ends in what is looked for; `None` if there are none, or of one nobody can say: a
/// template writes its end, say.
fn said(texts: &[&str], is_it: impl Fn(&str) -> Option<bool>) -> Option<bool> {
    let each = texts.iter().map(|text| {
        let end = text.trim_end_matches('/').rsplit('/').next()?;
        let is_written = !end.contains(['{', '}']);
        is_it(end).filter(|_| is_written)
    });
    let each: Vec<bool> = each.collect::<Option<_>>()?;
    (!each.is_empty()).then(|| each.contains(&true))
}

/// The texts behind a key in the lines of a text, without quotes and comments.
fn texts_of<'t>(key: &'t str, text: &'t str) -> impl Iterator<Item = &'t str> {
    let lines = text.lines();
    let lines = lines.map(|line| line.trim_start().trim_start_matches("- "));
    let texts = lines.filter_map(move |line| line.strip_prefix(key));
    let texts = texts.map(|text| text.split(" #").next().unwrap_or(text));
    let texts = texts.map(|text| text.trim().trim_matches(['"', '\'']));
    texts.filter(|text| !text.trim_matches('/').is_empty())
}
