//! What the command line names: a running release, standard input, layers, folders, lists, or nothing, which
//! means the releases of `refit.yaml`.
//!
//! What is named has to be looked at to know what it is, so this walks folders, reads standard input and asks
//! Helm. Whether flags go together was judged before.

use std::{
    collections::HashSet,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use refit::{
    effect::{helm::Helm, live::read_live},
    load::{InputFile, ReleaseRequest},
    memory::Project,
    outcome::{KnownBy, Refusal},
    refusal::Reason,
    walk::{self, Excludes, FoundFile, Limits, NamedPath},
};

use crate::cli::{
    args::{Inputs, LiveOptions, NamedRelease},
    project,
};

/// The files and releases to work on.
#[derive(Default)]
pub struct Sources {
    /// The releases whose layers are known, in order.
    pub releases: Vec<ReleaseRequest>,
    /// The files that were found: values files, and manifests that may hold releases.
    pub found: Vec<FoundFile>,
    /// Files that are not edited and may name charts.
    pub aside: Vec<PathBuf>,
    /// The places that could not be looked at.
    pub troubles: Vec<Refusal>,
    /// The chart, if a running release tells it.
    pub chart: Option<String>,
    /// The folders, patterns and lists that were searched.
    pub inputs: Vec<NamedPath>,
    /// The arguments that search them again.
    pub whole: Vec<String>,
}

impl Sources {
    /// Looks at what is named. `branch`: what a branch has raised is looked for, so no name means everything
    /// here.
    ///
    /// # Errors
    ///
    /// If a name means nothing, two contradict, or Helm or standard input cannot be read.
    pub fn new(
        inputs: Inputs,
        live: &LiveOptions,
        branch: bool,
        excludes: &Excludes,
        project: Option<&Project>,
    ) -> anyhow::Result<Self> {
        let Inputs {
            files,
            values,
            releases,
            files_from,
            ..
        } = &inputs;
        if let Some(name) = &live.live {
            let (release, chart) = running(name, live.namespace.as_deref())?;
            return Ok(Self {
                releases: vec![release],
                chart: Some(chart),
                ..Self::default()
            });
        }
        if inputs.is_stdin() {
            return Ok(Self::of(vec![ReleaseRequest::new(vec![read_stdin()?])]));
        }
        if !values.is_empty() {
            let layers = layers(inputs.values)?;
            let known = project.and_then(|project| {
                let name = project::of_layers(project, &layers)?;
                project.request_for(name)
            });
            return Ok(Self::of(vec![
                known.unwrap_or_else(|| ReleaseRequest::new(layers)),
            ]));
        }
        if !releases.is_empty() {
            let releases = inputs.releases.into_iter();
            let releases = releases.map(|release| asked(release, project));
            return Ok(Self::of(releases.collect::<Result<_, _>>()?));
        }
        if !files.is_empty() || files_from.is_some() || branch {
            return Self::searched(inputs, branch, excludes, project);
        }
        let Some(project) = project else {
            bail!(
                "name a values file, or a folder; without one the releases of refit.yaml are upgraded, and there is none here or above"
            );
        };
        let names = project.file.releases.keys();
        Ok(Self::of(
            names.filter_map(|name| project.request_for(name)).collect(),
        ))
    }

    fn of(releases: Vec<ReleaseRequest>) -> Self {
        Self {
            releases,
            ..Self::default()
        }
    }

    /// The files in folders, patterns and lists.
    fn searched(
        named: Inputs,
        branch: bool,
        excludes: &Excludes,
        project: Option<&Project>,
    ) -> anyhow::Result<Self> {
        let Inputs {
            files,
            files_from,
            null,
            ..
        } = named;
        // What a branch has raised can be anywhere.
        let files = match files.is_empty() && files_from.is_none() {
            true => vec![PathBuf::from(".")],
            false => files,
        };
        let (mut inputs, mut whole) = (Vec::new(), Vec::new());
        if let Some(list) = &files_from {
            inputs.extend(read_list(list, null)?);
            whole.push("--files-from".to_owned());
            whole.push(list.to_string_lossy().into_owned());
            if null {
                whole.push("--null".to_owned());
            }
        }
        let is_whole = files_from.is_some() || branch;
        if is_whole || files.iter().any(|file| !file.is_file()) {
            whole.extend(super::strings(&files));
        }
        let arguments = files.into_iter().map(not_a_flag);
        inputs.extend(arguments.map(NamedPath::Argument));
        let walked = walk::find_without(&inputs, excludes, Limits::default());
        let (releases, found) = split_recorded(walked.files, project);
        Ok(Self {
            releases,
            found,
            aside: walked.aside,
            troubles: walked.troubles.iter().map(walk_refusal).collect(),
            chart: None,
            inputs,
            whole,
        })
    }
}

/// A running release, as Helm tells it, and its chart.
fn running(name: &str, namespace: Option<&str>) -> anyhow::Result<(ReleaseRequest, String)> {
    let live = read_live(&Helm::from_env(), name, namespace)?;
    let version = live.version.parse().with_context(|| {
        format!(
            "the release {name} says that its chart is {} {}, which is no version",
            live.chart, live.version
        )
    })?;
    let release = ReleaseRequest {
        name: Some(name.to_owned()),
        version: Some((version, KnownBy::Live)),
        ..ReleaseRequest::new(vec![InputFile::Stdin(live.values.into_bytes())])
    };
    Ok((release, live.chart))
}

/// The releases of `refit.yaml` of which a file is a layer, and the files that it does not know. What a
/// layer means depends on the other layers of its release.
fn split_recorded(
    files: Vec<FoundFile>,
    project: Option<&Project>,
) -> (Vec<ReleaseRequest>, Vec<FoundFile>) {
    let Some(project) = project else {
        return (Vec::new(), files);
    };
    let with = project.releases_by_file();
    let mut releases: Vec<ReleaseRequest> = Vec::new();
    let mut known: HashSet<&str> = HashSet::new();
    let mut rest = Vec::new();
    for file in files {
        // refit.yaml and the command line may name one file in two ways.
        let real = file.path.canonicalize().ok();
        let Some(names) = real.and_then(|real| with.get(&real)) else {
            rest.push(file);
            continue;
        };
        let new = names.iter().filter(|name| known.insert(**name));
        releases.extend(new.filter_map(|name| project.request_for(name)));
    }
    (releases, rest)
}

/// The exclusions from folders: those that were typed, and those of `refit.yaml`.
///
/// # Errors
///
/// If one is no pattern.
pub fn excludes(typed: &[String], project: Option<&Project>) -> anyhow::Result<Excludes> {
    let mut excludes = Excludes::default();
    if !typed.is_empty() {
        excludes
            .add(Path::new("."), typed)
            .map_err(|error| anyhow::anyhow!("--exclude: this is no pattern: {error}"))?;
    }
    if let Some(project) = project.filter(|project| !project.file.exclude.is_empty()) {
        let folder = project.layer_path(Path::new("."));
        excludes
            .add(&folder, &project.file.exclude)
            .map_err(|error| {
                let name = project.path.display();
                anyhow::anyhow!("{name}: `exclude` has what is no pattern: {error}")
            })?;
    }
    Ok(excludes)
}

/// The names in a list of files.
fn read_list(list: &Path, zero: bool) -> anyhow::Result<Vec<NamedPath>> {
    let bytes = match list.as_os_str() == "-" {
        true => {
            let mut bytes = Vec::new();
            // One byte more than is allowed tells that there are too many.
            let most = walk::MAX_LIST as u64 + 1;
            let stdin = std::io::stdin().lock().take(most).read_to_end(&mut bytes);
            stdin.context("standard input cannot be read")?;
            bytes
        }
        false => std::fs::read(list)
            .with_context(|| format!("{}: the list of files cannot be read", list.display()))?,
    };
    Ok(walk::read_list(&bytes, zero)?)
}

/// A folder or a pattern that could not be looked at.
fn walk_refusal(trouble: &walk::WalkTrouble) -> Refusal {
    *Reason::new(trouble.describe())
        .next(trouble.next())
        .of(&trouble.name())
}

/// A release that is named, with its layers, or those that `refit.yaml` has for it.
fn asked(named: NamedRelease, project: Option<&Project>) -> anyhow::Result<ReleaseRequest> {
    if named.layers.is_empty() {
        let mut asked = project::release(project, &named.name)?;
        if let Some(version) = named.version {
            asked.version = Some((version, KnownBy::Stated));
        }
        return Ok(asked);
    }
    let layers = layers(named.layers)?;
    let stated = named.version.map(|version| (version, KnownBy::Stated));
    if let Some(project) = project
        && let Some(mut known) = project.request_for(&named.name)
    {
        if !project::has_layers(project, &named.name, &layers) {
            let names: Vec<String> = known.layers.iter().map(InputFile::name).collect();
            bail!(
                "{} has a release `{}` with other files: {}\n  next: leave `=FILE,FILE` away to mean those, or give these another name",
                project.path.display(),
                named.name,
                names.join(", ")
            );
        }
        known.version = stated.or(known.version);
        return Ok(known);
    }
    Ok(ReleaseRequest {
        name: Some(named.name),
        version: stated,
        ..ReleaseRequest::new(layers)
    })
}

/// The layers of one release.
fn layers(files: Vec<PathBuf>) -> anyhow::Result<Vec<InputFile>> {
    let count = files.len();
    let layers = distinct_inputs(files);
    if layers.len() != count {
        bail!(
            "a file is named twice in one release; Helm reads it twice, but it can be edited once only"
        );
    }
    Ok(layers)
}

/// The files, each once: a second name for the same file would be written over the first.
fn distinct_inputs(files: Vec<PathBuf>) -> Vec<InputFile> {
    let mut seen: HashSet<PathBuf> = HashSet::new();
    let mut inputs = Vec::new();
    for file in files {
        let real = file.canonicalize().unwrap_or_else(|_| file.clone());
        if seen.insert(real) {
            inputs.push(InputFile::Path(not_a_flag(file)));
        }
    }
    inputs
}

/// A name that a second command line takes for a file too: `./-x` for `-x`.
fn not_a_flag(file: PathBuf) -> PathBuf {
    if file.as_os_str().to_string_lossy().starts_with('-') {
        Path::new(".").join(file)
    } else {
        file
    }
}

/// The largest standard input, in bytes. The values of a release are far smaller.
const MAX_STDIN: u64 = 256 << 20;

fn read_stdin() -> anyhow::Result<InputFile> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(MAX_STDIN + 1)
        .read_to_end(&mut bytes)
        .context("standard input cannot be read")?;
    if bytes.len() as u64 > MAX_STDIN {
        bail!(
            "standard input is larger than {} MiB; those are no values",
            MAX_STDIN >> 20
        );
    }
    Ok(InputFile::Stdin(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_like_a_flag_is_a_file_for_a_second_command_too() {
        let names: Vec<_> = distinct_inputs(vec!["-x".into()])
            .iter()
            .map(InputFile::name)
            .collect();
        assert_eq!(names, ["./-x"]);
    }
}
