//! `refit.yaml` on the command line: which of its releases are meant, and what is noted in it.

use std::path::{Path, PathBuf};

use anyhow::bail;
use indexmap::IndexMap;
use refit::{
    digest,
    load::{InputFile, ReleaseRequest},
    memory::{
        MemoryError, Project, ReleaseRecord, UpgradeRecord, error_at, project::NAME, update_text,
    },
    migrate::Answer,
    outcome::{PackOrigin, Release, State},
    report::Masker,
};

/// The `refit.yaml` that holds here, if there is one.
///
/// # Errors
///
/// If it cannot be read.
pub fn project_here() -> anyhow::Result<Option<Project>> {
    match Project::find(Path::new(".")) {
        Some(path) => Ok(Some(Project::read(&path)?)),
        None => Ok(None),
    }
}

/// One that is not there yet.
#[must_use]
pub fn new() -> Project {
    Project {
        path: PathBuf::from(NAME),
        text: String::new(),
        file: refit::memory::ProjectFile {
            refit: 1,
            ..Default::default()
        },
    }
}

/// A release of `refit.yaml`, by name.
///
/// # Errors
///
/// If there is none of that name, or no `refit.yaml`.
pub fn release(project: Option<&Project>, name: &str) -> anyhow::Result<ReleaseRequest> {
    let Some(project) = project else {
        bail!(
            "there is no {NAME} here or above that could name the files of `{name}`; write \
             --release {name}=FILE,FILE"
        );
    };
    if let Some(asked) = project.request_for(name) {
        return Ok(asked);
    }
    let names = || project.file.releases.keys().map(String::as_str);
    let close = super::closest(name, names())
        .map_or_else(String::new, |close| format!("; did you mean `{close}`?"));
    bail!(
        "{} has no release `{name}`{close}\n  Its releases: {}",
        project.path.display(),
        names().collect::<Vec<_>>().join(", ")
    );
}

/// True if a release of `refit.yaml` is made of these files, in this order.
#[must_use]
pub fn has_layers(project: &Project, name: &str, layers: &[InputFile]) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    let Some(release) = project.file.releases.get(name) else {
        return false;
    };
    release.layers.len() == layers.len()
        && release
            .layers
            .iter()
            .zip(layers)
            .all(|(known, given)| match given {
                InputFile::Path(given) => {
                    let known = real(&project.layer_path(known));
                    known.is_some() && known == real(given)
                }
                InputFile::Stdin(_) => false,
            })
}

/// The release of `refit.yaml` that is made of these files.
#[must_use]
pub fn of_layers<'p>(project: &'p Project, layers: &[InputFile]) -> Option<&'p str> {
    let mut names = project.file.releases.keys().map(String::as_str);
    names.find(|name| has_layers(project, name, layers))
}

/// The layers of the releases of `refit.yaml` that are not among these, by their real paths.
#[must_use]
pub fn other_layers(project: &Project, releases: &[ReleaseRequest]) -> Vec<(PathBuf, String)> {
    let here = |name: &str| {
        releases
            .iter()
            .any(|asked| asked.name.as_deref() == Some(name))
    };
    let others = project.file.releases.iter().filter(|(name, _)| !here(name));
    others
        .flat_map(|(name, release)| release.layers.iter().map(move |layer| (name, layer)))
        .filter_map(|(name, layer)| {
            Some((project.layer_path(layer).canonicalize().ok()?, name.clone()))
        })
        .collect()
}

/// True if anything is noted of a release: always if `refit.yaml` has it, else only if it is to be `recorded`.
pub fn is_noted(project: Option<&Project>, release: &Release, recorded: bool) -> bool {
    let known = |project: &Project| project.file.releases.contains_key(&name_of(release));
    // The version of a manifest's release stands in the manifest.
    release.carrier.is_none() && (recorded || project.is_some_and(known))
}

/// Notes in `refit.yaml` what releases have reached, as far as they [are noted](is_noted).
///
/// # Errors
///
/// If it cannot be noted.
pub fn remember<'r>(
    project: &mut Project,
    releases: impl Iterator<Item = &'r Release>,
    recorded: bool,
) -> Result<(), MemoryError> {
    let mut now = IndexMap::new();
    for release in releases {
        if !is_noted(Some(project), release, recorded) {
            continue;
        }
        let name = name_of(release);
        if release.name.is_none() && project.file.releases.contains_key(&name) {
            // These files have no release in refit.yaml: it only happens to have one of that name.
            if !recorded {
                continue;
            }
            return Err(error_at(
                project.path.display().to_string(),
                format!("it has a release `{name}` with other files"),
                "give this one a name of its own: --release NAME=FILE,FILE",
            ));
        }
        let remembered = remembered_release(project, &name, release)?;
        project
            .file
            .releases
            .insert(name.clone(), remembered.clone());
        now.insert(name, remembered);
    }
    if !now.is_empty() {
        let text = (!project.text.is_empty()).then_some(project.text.as_str());
        project.text = update_text(text, &now)?;
    }
    Ok(())
}

fn remembered_release(
    project: &Project,
    name: &str,
    release: &Release,
) -> Result<ReleaseRecord, MemoryError> {
    let mut remembered = match project.file.releases.get(name) {
        Some(known) => known.clone(),
        None => ReleaseRecord {
            layers: layers(project, release)?,
            ..ReleaseRecord::default()
        },
    };
    // A run that compares with an old state comes once more to what was reached, and does nothing for it.
    let is_done = remembered.version.as_ref() == Some(&release.to)
        && remembered.upgraded.is_some()
        && !release.is_changed()
        && !release.is_migrated();
    remembered.chart = Some(release.chart_after().to_owned());
    remembered.version = Some(release.to.clone());
    for layer in &remembered.layers {
        let path = project.layer_path(layer);
        let file = release
            .files
            .iter()
            .find(|file| file.path.as_ref() == Some(&path));
        if let Some(file) = file {
            let name = layer.to_string_lossy().into_owned();
            remembered
                .digests
                .insert(name, digest::of_text(&file.after));
        }
    }
    remembered.answers.extend(answers(release));
    if release.from != release.to && !is_done {
        remembered.upgraded = Some(upgrade_record(release));
    }
    Ok(remembered)
}

/// The record of what an upgrade did to a release.
fn upgrade_record(release: &Release) -> UpgradeRecord {
    let pack = match &release.pack {
        PackOrigin::Option { place }
        | PackOrigin::Chart { place }
        | PackOrigin::Project { place } => place.clone(),
        PackOrigin::Draft => "drafted".to_owned(),
        PackOrigin::BuiltIn => concat!("built into refit ", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    let done = release
        .steps
        .iter()
        .filter(|step| step.state == State::Done);
    let acted = done.filter(|step| !step.changes.is_empty());
    UpgradeRecord {
        from: format!("{} {}", release.chart, release.from),
        pack,
        steps: acted.map(|step| step.id.clone()).collect(),
    }
}

/// The name of a release, or one for a release that has none: that of its last file.
pub fn name_of(release: &Release) -> String {
    if let Some(name) = &release.name {
        return name.clone();
    }
    let last = release.files.last().and_then(|file| file.path.as_deref());
    let stem = last.and_then(Path::file_stem).unwrap_or_default();
    stem.to_string_lossy()
        .chars()
        // On the command line these signs end a name.
        .map(|c| if ":@=".contains(c) { '-' } else { c })
        .collect()
}

/// The files of a release, relative to the folder of `refit.yaml`.
fn layers(project: &Project, release: &Release) -> Result<Vec<PathBuf>, MemoryError> {
    let folder = project.layer_path(Path::new("."));
    let folder = folder.canonicalize().unwrap_or(folder);
    let sources = match release.sources.is_empty() {
        true => release
            .files
            .iter()
            .map(|file| file.path.clone().unwrap_or_default())
            .collect(),
        false => release.sources.clone(),
    };
    sources
        .into_iter()
        .map(|path| {
            let real = path.canonicalize().unwrap_or_else(|_| path.clone());
            real.strip_prefix(&folder).map(Path::to_owned).map_err(|_| {
                error_at(
                    project.path.display().to_string(),
                    format!(
                        "{} is not below its folder, so it cannot be noted there",
                        path.display()
                    ),
                    "run refit in a folder that holds all files of the release",
                )
            })
        })
        .collect()
}

/// The answers for a release, with their evidence unless that is secret.
fn answers(release: &Release) -> impl Iterator<Item = (String, Answer)> {
    let masker = Masker::for_files(release.files.iter().map(|file| &**file));
    release.steps.iter().filter_map(move |step| {
        let question = step.question.as_ref()?;
        let evidence = question.evidence.iter();
        let evidence: indexmap::IndexMap<String, String> = evidence
            .map(|evidence| (evidence.path.clone(), evidence.recorded()))
            .collect();
        let secret = |(path, value): (&String, &String)| masker.mask_value(path, value) != *value;
        let answer = Answer {
            option: question.answer.clone()?,
            inputs: question.inputs.clone(),
            evidence: (!evidence.iter().any(secret)).then_some(evidence),
        };
        Some((step.id.clone(), answer))
    })
}
