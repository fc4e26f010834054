//! `--since REV`: the state of the files where this branch left a revision, put where it can be read.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use refit::{
    memory::Project,
    revision::{Revision, RevisionError},
    upgrade::StateAtRevision,
    walk::{self, Excludes, Limits, NamedPath},
};
use tempfile::TempDir;

/// The state to compare with, and the folder that holds its files: it goes when this goes.
///
/// # Errors
///
/// If git cannot give it, in words that say what to do.
pub fn since(
    named: &str,
    inputs: &[NamedPath],
    excludes: &Excludes,
    project: Option<&Project>,
) -> anyhow::Result<(StateAtRevision, TempDir)> {
    let here = std::env::current_dir().context("the current folder cannot be found")?;
    let folder = inputs.iter().map(path).find_map(|path| match path {
        path if path.is_dir() => Some(path.to_owned()),
        path if path.is_file() => path.parent().map(|above| here.join(above)),
        _ => None,
    });
    let git = |error: RevisionError| anyhow!("--since: {error}\n  next: {}", error.next());
    let revision = Revision::find(&folder.unwrap_or_else(|| here.clone()), named).map_err(git)?;
    let scratch = tempfile::Builder::new()
        .prefix("refit-")
        .tempdir()
        .context("there is no place for the files of the revision; set TMPDIR to a folder")?;
    revision.write_out(scratch.path()).map_err(git)?;
    let copy = std::fs::canonicalize(scratch.path())?;
    let renamed = revision.renamed().map_err(git)?;
    let there = |path: &Path| {
        let path = here.join(path);
        let real = path.canonicalize().unwrap_or(path);
        let below = real.strip_prefix(&revision.root).ok()?.to_owned();
        Some(below)
    };
    let mut then: Vec<NamedPath> = Vec::new();
    for input in inputs {
        let Some(below) = there(path(input)) else {
            continue;
        };
        // What had another name is looked for under that.
        let old = renamed.iter().filter(|(new, _)| new.starts_with(&below));
        then.extend(old.map(|(_, old)| NamedPath::Listed(copy.join(old))));
        let path = copy.join(below);
        match input {
            NamedPath::Argument(_) => then.push(NamedPath::Argument(path)),
            NamedPath::Listed(_) => then.push(NamedPath::Listed(path)),
        }
    }
    then.retain(|named| matches!(named, NamedPath::Argument(_)) || path(named).exists());
    let excludes = excludes.moved(&revision.root, &copy);
    let walked = walk::find_without(&then, &excludes, Limits::default());
    let found = walked.files.into_iter().filter(|file| file.path.exists());
    Ok((
        StateAtRevision {
            named: named.to_owned(),
            commit: revision.commit.clone(),
            found: found.collect(),
            aside: walked.aside,
            releases: recorded_releases(project, &there, &copy)?,
            root: revision.root,
            folder: copy,
            renamed,
        },
        scratch,
    ))
}

fn path(named: &NamedPath) -> &Path {
    match named {
        NamedPath::Argument(path) | NamedPath::Listed(path) => path,
    }
}

/// The releases that `refit.yaml` had.
fn recorded_releases(
    project: Option<&Project>,
    there: &dyn Fn(&Path) -> Option<PathBuf>,
    copy: &Path,
) -> anyhow::Result<Vec<refit::load::ReleaseRequest>> {
    let path = project.and_then(|project| there(&project.path));
    let Some(path) = path
        .map(|path| copy.join(path))
        .filter(|path| path.is_file())
    else {
        return Ok(Vec::new());
    };
    let project = Project::read(&path)?;
    let names = project.file.releases.keys();
    Ok(names.filter_map(|name| project.request_for(name)).collect())
}
