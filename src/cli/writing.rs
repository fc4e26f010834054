//! Writing what was shown, and keeping `refit.yaml` true.
//!
//! What is written together is written in one call: all files of the releases that share a file, and
//! `refit.yaml` with the version that they have reached. What cannot be written is said, and the rest goes
//! on.

use refit::{
    memory::{MemoryError, Project},
    outcome::{Outcome, Release, ReportedFile, Unit},
    report::{Detail, command},
    write::{self, FileReplacement, WriteError, WrittenFile},
};

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    exit::Exit,
    meaning::Job,
    precautions::{Writing, warn_uncommitted},
    progress::Progress,
    project,
    terminal::Terminal,
    verify::WriteBarred,
};

/// The end of a run whose result is not the one that a preview showed; `None` if it is. Nothing may be written then.
/// Where nothing needs to change any more, the command has done its work before.
pub fn end_if_unexpected(
    outcome: &Outcome,
    expected: &str,
    terminal: &mut Terminal,
) -> Option<Exit> {
    let now = command::expected_digest(&outcome.releases);
    if now == expected || command::expectation_of_open(&outcome.releases) == expected {
        return None;
    }
    let is_done = |release: &Release| !release.is_open() && !release.is_changed();
    if outcome.refused.is_empty() && outcome.releases.iter().all(is_done) {
        terminal.say("Nothing to write: no file needs a change. Was the command run before?\n");
        return Some(Exit::Done);
    }
    terminal.say(&format!(
        "error: the result is not the one that was previewed; nothing was written\n  \
         why:  {expected} was expected and this is {now}: a file, an answer or refit itself is another one\n  \
         next: run the command without --expect and --write to see the result as it is now\n"
    ));
    Some(Exit::Error)
}

/// Writes every release that can be written. Whether anything went wrong.
pub fn write_all(
    job: &Job,
    outcome: &Outcome,
    held: &WriteBarred<'_>,
    backup: Option<&std::ffi::OsStr>,
    terminal: &mut Terminal,
) -> bool {
    let units = outcome.units();
    let files = units
        .iter()
        .filter(|unit| {
            !unit.is_open()
                && !unit
                    .releases
                    .iter()
                    .any(|release| held.is_withheld(release))
        })
        .flat_map(Unit::files);
    let changed: Vec<&Path> = files
        .filter(|file| file.changed)
        .filter_map(|file| file.path.as_deref())
        .collect();
    let writing = Writing::new();
    let mut failed = false;
    let mut blocked: Vec<PathBuf> = Vec::new();
    for trouble in writing.unfinished_writes(&changed) {
        failed = true;
        terminal.say(&format!("\nerror: {trouble}\n  next: {}\n", trouble.next()));
        blocked.extend(trouble.files);
    }
    warn_uncommitted(&changed, job.detail, terminal);
    let bar = Progress::new("Writing", units.len(), terminal.can_draw());
    let mut writer = Writer {
        job,
        held,
        writing: &writing,
        backup,
        project: job.project.clone(),
        waiting: Vec::new(),
        failed,
        said: false,
        bar,
        terminal,
    };
    for unit in &units {
        writer.bar.step();
        writer.write_unit(unit, &blocked);
    }
    writer.write_waiting();
    writer.failed
}

/// So many units with releases of `refit.yaml` are written together, so that it is not written once for
/// each of them.
const TOGETHER: usize = 100;

/// Writes units in their order.
struct Writer<'w> {
    job: &'w Job,
    held: &'w WriteBarred<'w>,
    writing: &'w Writing,
    backup: Option<&'w std::ffi::OsStr>,
    /// `refit.yaml` as it is now.
    project: Option<Project>,
    /// Units of which something is noted there, to be written together with it.
    waiting: Vec<&'w Unit<'w>>,
    failed: bool,
    said: bool,
    bar: Progress,
    terminal: &'w mut Terminal,
}

/// The reasons for which units were not written.
enum WriteFailure {
    /// It could not be noted.
    Memory(MemoryError),
    /// A file could not be written.
    Write(WriteError),
}

impl<'w> Writer<'w> {
    fn say(&mut self, text: &str) {
        let gap = if std::mem::replace(&mut self.said, true) {
            ""
        } else {
            "\n"
        };
        let Self { bar, terminal, .. } = self;
        bar.print_apart(|| terminal.say(&format!("{gap}{text}\n")));
    }

    fn write_unit(&mut self, unit: &'w Unit<'w>, blocked: &[PathBuf]) {
        if let Some((text, failed)) = self.reason_not_to_write(unit, blocked) {
            // First those that wait, so that what is said comes in the order of the units.
            self.write_waiting();
            self.failed |= failed;
            self.say(&text);
            return;
        }
        let (project, record) = (self.project.as_ref(), self.job.record);
        let noted = |release: &&Release| project::is_noted(project, release, record);
        if unit.releases.iter().any(noted) {
            self.waiting.push(unit);
            if self.waiting.len() >= TOGETHER {
                self.write_waiting();
            }
        } else if unit.is_changed() {
            self.write_waiting();
            self.write_together(&[unit]);
        }
    }

    /// The reason for which a unit is not written, if it is not, and true if that is an error.
    fn reason_not_to_write(&self, unit: &Unit<'_>, blocked: &[PathBuf]) -> Option<(String, bool)> {
        if unit.is_open() {
            let text = format!("{}: not written, because questions are open", names(unit));
            return Some((text, false));
        }
        if let Some(release) = unit.releases.iter().find(|r| self.held.has_failed(r)) {
            let text = format!(
                "error: {}: not written, because the effects of {} could not be compared",
                names(unit),
                release.called
            );
            return Some((text, true));
        }
        if unit
            .releases
            .iter()
            .any(|release| self.held.differs(release))
        {
            let text = format!(
                "error: {}: not written, because settings would do something else and no step says why\n  \
                 next: look at each above; if it is meant, write without --verify",
                names(unit)
            );
            return Some((text, false));
        }
        let mut lost = unit
            .releases
            .iter()
            .flat_map(|release| release.lost_by_leaving_out());
        if !self.job.force && lost.next().is_some() {
            let text = format!(
                "error: {}: not written, because settings would lose their effect\n  \
                 next: do not leave the step out, or accept the loss with --force",
                names(unit)
            );
            return Some((text, true));
        }
        let real = |file: &&Arc<ReportedFile>| file.path.as_ref()?.canonicalize().ok();
        let is_blocked = !blocked.is_empty()
            && unit
                .files()
                .iter()
                .filter_map(real)
                .any(|file| blocked.contains(&file));
        is_blocked.then(|| {
            let text = format!(
                "error: {}: not written, because of the interrupted write that is told of above\n  \
                 next: see there",
                names(unit)
            );
            (text, true)
        })
    }

    /// Writes the units that wait.
    fn write_waiting(&mut self) {
        let units = std::mem::take(&mut self.waiting);
        if !units.is_empty() {
            self.write_together(&units);
        }
    }

    /// Writes units in one call. If that fails, each by itself: one must not stand in the way of others.
    fn write_together(&mut self, units: &[&'w Unit<'w>]) {
        match self.attempt(units) {
            Ok(()) => {}
            Err(WriteFailure::Write(error @ WriteError::HalfWritten { .. })) => {
                self.failed = true;
                self.say(&not_written(&error));
            }
            Err(_) if units.len() > 1 => {
                for unit in units {
                    self.write_together(&[*unit]);
                }
            }
            Err(failure) => {
                self.failed = true;
                let unit = units.iter().map(|unit| names(unit)).collect::<String>();
                self.say(&match failure {
                    WriteFailure::Memory(error) => format!("error: {unit}: not written: {error}"),
                    WriteFailure::Write(error) => not_written(&error),
                });
            }
        }
    }

    fn attempt(&mut self, units: &[&'w Unit<'w>]) -> Result<(), WriteFailure> {
        let memory = remembered_entries(self.job, units, self.project.as_ref())
            .map_err(WriteFailure::Memory)?;
        if memory.is_none() && !units.iter().any(|unit| unit.is_changed()) {
            return Ok(());
        }
        let files: Vec<&Arc<ReportedFile>> = units.iter().flat_map(|unit| unit.files()).collect();
        let mut replacements: Vec<FileReplacement<'_>> = files
            .iter()
            .filter_map(|file| {
                let (before, after) = (file.before.as_bytes(), file.after.as_bytes());
                Some(FileReplacement {
                    path: file.path.as_deref()?,
                    before,
                    after,
                })
            })
            .collect();
        if let Some(memory) = &memory
            && let Some(before) = &memory.before
        {
            replacements.push(FileReplacement {
                path: &memory.project.path,
                before: before.as_bytes(),
                after: memory.project.text.as_bytes(),
            });
        }
        let mut options = self.writing.options(self.backup);
        let project = self.job.project.as_ref();
        let home = project.map(|project| project.layer_path(Path::new(".")));
        options.home = home.as_deref();
        let written = write::write(&replacements, &options).map_err(WriteFailure::Write)?;
        let quiet = self.job.detail == Detail::Quiet;
        if !quiet {
            let own = memory.as_ref().map(|memory| &memory.project.path);
            let files = written.iter().filter(|file| Some(&file.path) != own);
            files.for_each(|file| self.say(&written_message(file)));
        }
        if self.job.record && !quiet {
            let releases = units.iter().flat_map(|unit| &unit.releases);
            for release in releases.filter(|release| release.carrier.is_some()) {
                let name = project::name_of(release);
                self.say(&format!(
                    "Not noted in refit.yaml: {name}. Its chart version stands in its manifest"
                ));
            }
        }
        let Some(memory) = memory else { return Ok(()) };
        // One that is not there yet says what is so: not before the files are written.
        if memory.before.is_none()
            && let Err(error) = write::create(&memory.project.path, memory.project.text.as_bytes())
        {
            self.failed = true;
            self.say(&not_written(&error));
            return Ok(());
        }
        if !quiet {
            let noted = noted_message(&memory, units);
            self.say(&noted);
        }
        self.project = Some(memory.project);
        Ok(())
    }
}

/// The name of a unit.
fn names(unit: &Unit<'_>) -> String {
    let files = unit.files();
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    names.join(" + ")
}

/// The number of releases that are named before the rest is counted.
const NAMES: usize = 5;

/// The message about new entries of `refit.yaml`.
fn noted_message(memory: &Memory, units: &[&Unit<'_>]) -> String {
    let releases = units.iter().flat_map(|unit| &unit.releases);
    let mut releases: Vec<String> = releases
        .map(|release| {
            let name = project::name_of(release);
            format!("{name} is on {} {}", release.chart, release.to)
        })
        .collect();
    if releases.len() > NAMES {
        let more = format!("and {} more", releases.len() - NAMES);
        releases.truncate(NAMES);
        releases.push(more);
    }
    let path = memory.project.path.display();
    format!("Noted in {path}: {}", releases.join(", "))
}

/// `refit.yaml` as it is when units are written.
struct Memory {
    /// Its text before; `None` if there is none yet.
    before: Option<String>,
    project: Project,
}

/// The entries of `refit.yaml` for units; `None` if none are to be noted, or they are there already.
fn remembered_entries(
    job: &Job,
    units: &[&Unit<'_>],
    project: Option<&Project>,
) -> Result<Option<Memory>, MemoryError> {
    let releases = || units.iter().flat_map(|unit| &unit.releases).copied();
    if !releases().any(|release| project::is_noted(project, release, job.record)) {
        return Ok(None);
    }
    let mut now = project.cloned().unwrap_or_else(project::new);
    let before = now.text.clone();
    project::remember(&mut now, releases(), job.record)?;
    if now.text == before {
        return Ok(None);
    }
    Ok(Some(Memory {
        before: project.map(|project| project.text.clone()),
        project: now,
    }))
}

fn written_message(file: &WrittenFile) -> String {
    let mut text = format!("Wrote {}", file.path.display());
    if let Some(target) = &file.target {
        text.push_str(&format!(" (a link to {})", target.display()));
    }
    if let Some(backup) = &file.backup {
        text.push_str(&format!("; the old text is in {}", backup.display()));
    }
    if file.still_elsewhere {
        text.push_str(
            "\n  note: the file has other names (hard links), which still hold the old text",
        );
    }
    if file.lost_attributes {
        text.push_str(
            "\n  note: not all of its extended attributes (an access control list is one) could be kept",
        );
    }
    if file.other_owner {
        text.push_str("\n  note: its owner could not be kept; it is yours now");
    }
    text
}

fn not_written(error: &WriteError) -> String {
    format!("error: {error}\n  next: {}", error.next())
}
