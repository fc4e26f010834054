//! The outcome as JSON lines, for programs that read as they go.
//!
//! One document about ten thousand files has to be held whole before its first word is understood; here
//! every line is a record of its own, and what it is stands in its `type`. The first says which format
//! this is, the last counts the others: a reader that has not seen it has not seen everything. What a
//! record holds is what [`super::json`] holds, so that a field means the same in both.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Masker, content::ReportContent, wording::short_name};
use crate::{
    diff::Diff,
    outcome::{
        Ahead, FORMAT, NamedPack, Outcome, Refusal, Release, ReportedFile, ReportedSince,
        SeenRelease, Unclaimed,
    },
};

/// A line.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Record<'o> {
    /// The first line.
    Run {
        /// The version of this format, which is that of the one document, too.
        format: u32,
        /// The version of refit.
        refit: &'o str,
    },
    /// A file, once, however many releases it is part of. All files come before the releases.
    File(FileRecord<'o>),
    /// A release.
    Release(&'o Release),
    /// Something that was not touched, and why.
    Refusal(&'o Refusal),
    /// A values file that was seen and not touched.
    Unclaimed(&'o Unclaimed),
    /// A release of a known chart where nothing is edited.
    Seen(&'o SeenRelease),
    /// Releases that name a version which is newer than all that is known of their chart.
    Ahead(&'o Ahead),
    /// A pack that a chart names, and that is not used.
    NamedPack(&'o NamedPack),
    /// The git revision that the run compared with, if there was one. It comes before the releases.
    Since(&'o ReportedSince),
    /// The last line.
    Summary(Summary),
}

/// A file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FileRecord<'o> {
    /// The file as it was named; `-` for standard input.
    pub name: &'o str,
    /// True if it would change.
    pub changed: bool,
    /// The number of lines that are gone.
    pub lines_removed: usize,
    /// The number of new lines.
    pub lines_added: usize,
    /// The releases that it is part of: their names, or their files where they have none.
    pub releases: Vec<String>,
}

/// The numbers of records of each kind, and their verdict.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// Files.
    pub files: usize,
    /// Files that would change.
    pub changed: usize,
    /// Releases.
    pub releases: usize,
    /// Releases that wait for an answer.
    pub open: usize,
    /// Questions that are open.
    pub questions: usize,
    /// The number of refusals.
    pub refused: usize,
    /// Values files that were seen and not touched.
    pub unclaimed: usize,
}

/// The outcome in lines. Secrets are masked as the masker says.
///
/// # Errors
///
/// If the outcome cannot be serialised, which no outcome is known to cause.
pub fn render(outcome: &Outcome, masker: &Masker) -> Result<String, serde_json::Error> {
    let outcome = masker.mask_outcome(outcome);
    let files = outcome.files();
    let mut releases: Vec<Vec<String>> = vec![Vec::new(); files.len()];
    let places: std::collections::HashMap<*const ReportedFile, usize> = files
        .iter()
        .enumerate()
        .map(|(i, file)| (std::sync::Arc::as_ptr(file), i))
        .collect();
    for release in &outcome.releases {
        for file in &release.files {
            if let Some(&place) = places.get(&std::sync::Arc::as_ptr(file)) {
                releases[place].push(short_name(release));
            }
        }
    }
    let run = Record::Run {
        format: FORMAT,
        refit: env!("CARGO_PKG_VERSION"),
    };
    let files = files.iter().zip(releases).map(|(file, releases)| {
        let (lines_removed, lines_added) = Diff::new(&file.before, &file.after).counts();
        Record::File(FileRecord {
            name: &file.name,
            changed: file.changed,
            lines_removed,
            lines_added,
            releases,
        })
    });
    let total = ReportContent::of(&outcome).total;
    let summary = Record::Summary(Summary {
        files: total.files,
        changed: total.changed,
        releases: total.releases,
        open: total.waiting,
        questions: total.open_questions(),
        refused: total.refused,
        unclaimed: outcome.unclaimed.len(),
    });
    let records = std::iter::once(run)
        .chain(files)
        .chain(outcome.since.as_ref().map(Record::Since))
        .chain(outcome.releases.iter().map(Record::Release))
        .chain(outcome.refused.iter().map(Record::Refusal))
        .chain(outcome.unclaimed.iter().map(Record::Unclaimed))
        .chain(outcome.seen.iter().map(Record::Seen))
        .chain(outcome.ahead.iter().map(Record::Ahead))
        .chain(outcome.named_packs.iter().map(Record::NamedPack))
        .chain([summary]);
    let mut text = String::new();
    for record in records {
        text.push_str(&serde_json::to_string(&record)?);
        text.push('\n');
    }
    Ok(super::json::escape_controls(text))
}
