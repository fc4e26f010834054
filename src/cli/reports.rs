//! Reports in the forms that programs and browsers read: on standard output with `-o`, or in files with
//! `--report`.
//!
//! All files are made before anything else is written: who asks for a report of a change wants it of this
//! change, and a second run would have nothing to report. A report takes the place of one that was there;
//! it must never take that of a file that was read.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use refit::{
    jobs::Jobs,
    outcome::Outcome,
    report::{Masker, difference, html, json, jsonl, markdown},
    write,
};

use super::args::{Format, Report};

/// The whole outcome in a form; nothing for the form that is made for a terminal.
///
/// # Errors
///
/// If the outcome cannot be serialised.
pub fn render(
    outcome: &Outcome,
    format: Format,
    masker: &Masker,
    pretty: bool,
    jobs: &Jobs<'_>,
) -> anyhow::Result<Option<String>> {
    Ok(Some(match format {
        Format::Text => return Ok(None),
        Format::Patch => difference::patch_with(outcome, jobs),
        Format::Json => json::render(outcome, masker, pretty)?,
        Format::Jsonl => jsonl::render(outcome, masker)?,
        Format::Markdown => markdown::render(outcome, masker),
        Format::Html => html::render(outcome, masker),
    }))
}

/// Writes the reports. `read` is what was read: no report may take its place, even if it was refused.
///
/// # Errors
///
/// The first that cannot be written; those before it are there.
pub fn write_all(
    outcome: &Outcome,
    reports: &[Report],
    read: &[&Path],
    masker: &Masker,
    jobs: &Jobs<'_>,
) -> anyhow::Result<()> {
    if reports.is_empty() {
        return Ok(());
    }
    let files = outcome.files();
    let found = files.iter().filter_map(|file| file.path.as_deref());
    let read: HashSet<PathBuf> = read
        .iter()
        .copied()
        .chain(found)
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    for report in reports {
        let name = report.path.display();
        if report
            .path
            .canonicalize()
            .is_ok_and(|path| read.contains(&path))
        {
            anyhow::bail!(
                "the report {name} would overwrite a file that was read; nothing was written\n  \
                 next: give it a name of its own"
            );
        }
        let Some(text) = render(outcome, report.format, masker, true, jobs)? else {
            continue;
        };
        write::put(&report.path, text.as_bytes())
            .map_err(|error| anyhow::anyhow!("report {error}\n  next: {}", error.next()))?;
    }
    Ok(())
}
