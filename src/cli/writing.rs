//! Writing what was shown, and keeping `refit.yaml` true.
//!
//! What is written together is written in one call: all files of the releases that share a file, and
//! `refit.yaml` with the version that they have reached. What cannot be written is said, and the rest goes
//! on.

use refit::{
    memory::{MemoryError, Project},
    outcome::{File, Outcome, Unit},
    report::{Detail, command},
    write::{self, Replacement, WriteError, Written},
};

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    meaning::Job,
    precautions::{Writing, warn_uncommitted},
    progress::Progress,
    project,
    terminal::Terminal,
};

/// Writes every release that can be written. Whether anything went wrong.
pub fn write_all(
    job: &Job,
    outcome: &Outcome,
    backup: Option<&std::ffi::OsStr>,
    expect: Option<&str>,
    terminal: &mut Terminal,
) -> bool {
    if let Some(expected) = expect {
        let now = command::expectation(&outcome.releases);
        if now != expected {
            terminal.say(&format!(
                "\nerror: the result is not the one that was previewed; nothing was written\n  \
                 why:  {expected} was expected and this is {now}: a file, an answer or refit itself is another one\n  \
                 next: run the command without --expect and --write to see the result as it is now\n"
            ));
            return true;
        }
    }
    let mut project = job.project.clone();
    let mut failed = false;
    let mut said = false;
    let writing = Writing::new();
    let units = outcome.units();
    let files = units
        .iter()
        .filter(|unit| !unit.is_open())
        .flat_map(Unit::files);
    let changed: Vec<&Path> = files
        .filter(|file| file.changed)
        .filter_map(|file| file.path.as_deref())
        .collect();
    let mut blocked: Vec<PathBuf> = Vec::new();
    for trouble in writing.left(&changed) {
        failed = true;
        terminal.say(&format!("\nerror: {trouble}\n  next: {}\n", trouble.next()));
        blocked.extend(trouble.files);
    }
    warn_uncommitted(&changed, job.detail, terminal);
    let bar = Progress::new("Writing", units.len(), terminal.can_draw());
    for unit in &units {
        bar.step();
        let files = unit.files();
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        let names = names.join(" + ");
        let mut say = |text: String| {
            let gap = if std::mem::replace(&mut said, true) {
                ""
            } else {
                "\n"
            };
            bar.apart(|| terminal.say(&format!("{gap}{text}\n")));
        };
        if unit.is_open() {
            say(format!("{names}: not written, because questions are open"));
            continue;
        }
        let mut lost = unit
            .releases
            .iter()
            .flat_map(|release| release.lost_by_leaving_out());
        if !job.force && lost.next().is_some() {
            failed = true;
            say(format!(
                "error: {names}: not written, because settings would lose their effect\n  \
                 next: do not leave the step out, or accept the loss with --force"
            ));
            continue;
        }
        let real = |file: &&&Arc<File>| file.path.as_ref()?.canonicalize().ok();
        let is_blocked = !blocked.is_empty()
            && files
                .iter()
                .filter_map(|file| real(&file))
                .any(|file| blocked.contains(&file));
        if is_blocked {
            failed = true;
            say(format!(
                "error: {names}: not written, because of the interrupted write that is told of above\n  \
                 next: see there"
            ));
            continue;
        }
        let memory = match remembered(job, unit, project.as_ref()) {
            Ok(memory) => memory,
            Err(error) => {
                failed = true;
                say(format!("error: {names}: not written: {error}"));
                continue;
            }
        };
        if job.record && job.detail > Detail::Quiet {
            for release in unit
                .releases
                .iter()
                .filter(|release| release.carrier.is_some())
            {
                let name = project::name_of(release);
                say(format!(
                    "Not noted in refit.yaml: {name}. Its chart version stands in its manifest"
                ));
            }
        }
        if !unit.is_changed() && memory.is_none() {
            continue;
        }
        let mut replacements: Vec<Replacement<'_>> = files
            .iter()
            .filter_map(|file| {
                let (before, after) = (file.before.as_bytes(), file.after.as_bytes());
                Some(Replacement {
                    path: file.path.as_deref()?,
                    before,
                    after,
                })
            })
            .collect();
        if let Some(memory) = &memory
            && let Some(before) = &memory.before
        {
            replacements.push(Replacement {
                path: &memory.project.path,
                before: before.as_bytes(),
                after: memory.project.text.as_bytes(),
            });
        }
        let mut options = writing.options(backup);
        let home = job
            .project
            .as_ref()
            .map(|project| project.layer(Path::new(".")));
        options.home = home.as_deref();
        let made = match &memory {
            Some(memory) if memory.before.is_none() => {
                write::create(&memory.project.path, memory.project.text.as_bytes())
            }
            _ => Ok(()),
        };
        match made.and_then(|()| write::write(&replacements, &options)) {
            Ok(written) => {
                if job.detail > Detail::Quiet {
                    let own = memory.as_ref().map(|memory| &memory.project.path);
                    let files = written.iter().filter(|file| Some(&file.path) != own);
                    files.for_each(|file| say(wrote(file)));
                }
                if let Some(memory) = memory {
                    if job.detail > Detail::Quiet {
                        say(noted(&memory, unit));
                    }
                    project = Some(memory.project);
                }
            }
            Err(error) => {
                failed = true;
                say(not_written(&error));
            }
        }
    }
    failed
}

/// What was noted in `refit.yaml`.
fn noted(memory: &Memory, unit: &Unit<'_>) -> String {
    let releases = unit.releases.iter().map(|release| {
        let name = project::name_of(release);
        format!("{name} is on {} {}", release.chart, release.to)
    });
    let releases: Vec<String> = releases.collect();
    let path = memory.project.path.display();
    format!("Noted in {path}: {}", releases.join(", "))
}

/// `refit.yaml` as it is when a unit is written.
struct Memory {
    /// Its text before; `None` if there is none yet.
    before: Option<String>,
    project: Project,
}

/// What has to be remembered of a unit; nothing if nothing is remembered of it, or it is there already.
fn remembered(
    job: &Job,
    unit: &Unit<'_>,
    project: Option<&Project>,
) -> Result<Option<Memory>, MemoryError> {
    let mut now = project.cloned().unwrap_or_else(project::new);
    let before = now.text.clone();
    for release in &unit.releases {
        project::remember(&mut now, release, job.record)?;
    }
    if now.text == before {
        return Ok(None);
    }
    Ok(Some(Memory {
        before: project.map(|project| project.text.clone()),
        project: now,
    }))
}

fn wrote(file: &Written) -> String {
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
    if file.other_owner {
        text.push_str("\n  note: its owner could not be kept; it is yours now");
    }
    text
}

fn not_written(error: &WriteError) -> String {
    format!("error: {error}\n  next: {}", error.next())
}
