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
    report::{
        Masker, command::NextCommand, difference, github, gitlab, html, json, jsonl, markdown,
        sarif,
    },
    write,
};

use super::args::{Format, ReportFile};

/// An outcome that reports are made of.
pub struct ReportSource<'r> {
    pub outcome: &'r Outcome,
    pub masker: &'r Masker,
    /// The commands that write what it shows.
    pub commands: &'r [NextCommand],
    pub jobs: &'r Jobs<'r>,
}

/// The whole outcome in a form. Nothing for the form that is made for a terminal.
///
/// # Errors
///
/// If the outcome cannot be serialised.
pub fn render(
    source: &ReportSource<'_>,
    format: Format,
    pretty: bool,
) -> anyhow::Result<Option<String>> {
    let ReportSource {
        outcome,
        masker,
        commands,
        jobs,
    } = source;
    Ok(Some(match format {
        Format::Text => return Ok(None),
        Format::Patch => difference::patch_with(outcome, jobs),
        Format::Json => json::render(outcome, masker, pretty)?,
        Format::Jsonl => jsonl::render(outcome, masker)?,
        Format::Markdown => markdown::render(outcome, masker),
        Format::Html => html::render_with(outcome, masker, commands),
        Format::Github => github::render(outcome, masker, &base()),
        Format::Gitlab => gitlab::render(outcome, masker, &base())?,
        Format::Sarif => sarif::render(outcome, masker, &base())?,
    }))
}

/// This folder, seen from the repository's root: GitHub and GitLab take the names of files for names below it. Their
/// runners say where it is; elsewhere git's own folder does.
fn base() -> String {
    let real = |path: &Path| path.canonicalize().ok();
    let here = std::env::current_dir().ok().and_then(|here| real(&here));
    let in_git = || {
        let mut folders = here.as_deref()?.ancestors();
        folders.find(|folder| folder.join(".git").exists())
    };
    let root = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"]
        .iter()
        .find_map(std::env::var_os)
        .map(PathBuf::from)
        .or_else(|| in_git().map(Path::to_owned));
    let below = root.and_then(|root| Some(here?.strip_prefix(real(&root)?).ok()?.to_owned()));
    below.map_or_else(String::new, |below| {
        let parts = below.iter().map(|part| part.to_string_lossy());
        parts.collect::<Vec<_>>().join("/")
    })
}

/// Writes the reports. `read` is what was read: no report may take its place, even if it was refused.
///
/// # Errors
///
/// The first that cannot be written; those before it are there.
pub fn write_all(
    source: &ReportSource<'_>,
    reports: &[ReportFile],
    read: &[&Path],
) -> anyhow::Result<()> {
    if reports.is_empty() {
        return Ok(());
    }
    let files = source.outcome.files();
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
        let Some(text) = render(source, report.format, true)? else {
            continue;
        };
        write::put(&report.path, text.as_bytes())
            .map_err(|error| anyhow::anyhow!("report {error}\n  next: {}", error.next()))?;
    }
    Ok(())
}
