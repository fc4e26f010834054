//! What the arguments of `refit upgrade` mean together. This is the one place where they are judged:
//! behind it there are no flags, only what is to be done.

use std::{
    collections::{BTreeMap, HashSet},
    ffi::{OsStr, OsString},
    io::Read as _,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use refit::{
    effect::{helm::Helm, live::live},
    jobs::Jobs,
    load::{Asked, Input},
    memory::{self, AnswerFile, Project},
    outcome::{KnownBy, Refusal},
    plan::Selection,
    refusal::Reason,
    report::{Detail, command::Given},
    shell::quote,
    upgrade::Request,
    walk::{self, Excludes, Found, Limits, Named},
};
use semver::Version;

use super::{
    answers,
    args::{
        ChartOptions, Format, Inputs, LiveOptions, NamedRelease, RenderOptions, Report, Target,
        UpgradeArgs,
    },
    project, since,
};

/// The suffix of backups, if none is given.
const BACKUP: &str = ".bak";

/// What is to be done.
pub struct Job {
    /// What to work out.
    pub request: Request,
    /// What to do with the result.
    pub mode: Mode,
    /// How to show it.
    pub format: Format,
    /// Whether the whole difference is shown.
    pub whole_difference: bool,
    /// Whether folders, patterns or lists were searched for what to work on.
    pub searched: bool,
    /// What to write about it beside the output.
    pub reports: Vec<Report>,
    /// How much to say.
    pub detail: Detail,
    /// Whether secrets are shown everywhere.
    pub show_secrets: bool,
    /// Whether something was chosen at a prompt that the command line does not say.
    pub chose: bool,
    /// Whether losing settings was accepted.
    pub force: bool,
    /// What a command for a second run has to repeat.
    pub given: Given,
    /// Whether what was drafted for sure is done without a question.
    pub accept_drafts: bool,
    /// How charts are rendered, if they are.
    pub rendering: Rendering,
    /// How effects are compared first, if they are.
    pub verify: Option<Rendering>,
    /// The `refit.yaml` that holds here.
    pub project: Option<Project>,
    /// Whether releases that it does not know are noted in it.
    pub record: bool,
    /// The folder with the files of a git revision, which goes with the job.
    #[allow(dead_code, reason = "it is there until the job is done")]
    pub scratch: Option<tempfile::TempDir>,
    /// How many files are worked on at once.
    pub threads: NonZeroUsize,
}

/// The options that name the two charts. Both together make a draft where there is no pack.
const CHARTS: &[&str] = &["--old-chart", "--new-chart"];

/// How a check of effects renders.
#[derive(Debug, Clone, Default)]
pub struct Rendering {
    /// What was typed.
    pub options: RenderOptions,
    /// The namespace, if it was named.
    pub namespace: Option<String>,
}

impl Rendering {
    /// What only a check of effects has a use for, as it was typed: options and their values.
    fn given(&self) -> Vec<(&'static str, Option<&str>)> {
        let RenderOptions {
            old_chart,
            new_chart,
            release_name,
            kube_version,
            api_versions,
            install,
        } = &self.options;
        let named = [
            ("--old-chart", old_chart),
            ("--new-chart", new_chart),
            ("--release-name", release_name),
            ("--kube-version", kube_version),
        ];
        let named = named
            .into_iter()
            .filter_map(|(flag, value)| Some((flag, value.as_deref()?)));
        let versions = api_versions.iter();
        let versions = versions.map(|value| ("--api-versions", value.as_str()));
        let valued = named.chain(versions);
        let mut given: Vec<_> = valued.map(|(flag, value)| (flag, Some(value))).collect();
        given.extend(install.then_some(("--install", None)));
        given
    }

    /// The words that ask for the same check again.
    fn words(&self) -> Vec<String> {
        let namespace = self.namespace.as_deref();
        let namespace = namespace.map(|name| ("--namespace", Some(name)));
        let given = self.given().into_iter().chain(namespace);
        let given = given.map(|(flag, value)| match value {
            Some(value) => format!("{flag} {}", quote(value)),
            None => flag.to_owned(),
        });
        std::iter::once("--verify".to_owned())
            .chain(given)
            .collect()
    }

    /// Refuses options that only a check of effects has a use for.
    fn refuse(&self) -> anyhow::Result<()> {
        let charts = [&self.options.old_chart, &self.options.new_chart];
        let drafts = charts.iter().all(|chart| chart.is_some());
        let given = self.given().into_iter();
        let mut useless = given.filter(|(flag, _)| !drafts || !CHARTS.contains(flag));
        match useless.next() {
            Some((flag, _)) => {
                bail!("{flag} says how charts are rendered, which only --verify does")
            }
            None => Ok(()),
        }
    }
}

/// A running release, as Helm tells it, and its chart.
fn running(name: &str, namespace: Option<&str>) -> anyhow::Result<(Asked, String)> {
    let live = live(&Helm::from_env(), name, namespace)?;
    let version = live.version.parse().with_context(|| {
        format!(
            "the release {name} says that its chart is {} {}, which is no version",
            live.chart, live.version
        )
    })?;
    let release = Asked {
        name: Some(name.to_owned()),
        version: Some((version, KnownBy::Live)),
        ..Asked::new(vec![Input::Stdin(live.values.into_bytes())])
    };
    Ok((release, live.chart))
}

/// What is done with a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// It is shown.
    Preview,
    /// It is judged.
    Check,
    /// It is written to the files.
    Write {
        /// The suffix of backups, if any are to be made.
        backup: Option<OsString>,
        /// The digest of what was previewed.
        expect: Option<String>,
    },
    /// The values go to standard output.
    Filter {
        /// Whether it is an error if anything would change.
        check: bool,
    },
}

impl Job {
    /// Names the charts by where they are now.
    pub fn name_charts(&mut self, old: &Path, new: &Path) {
        let verify = self.verify.iter_mut();
        for rendering in verify.chain([&mut self.rendering]) {
            rendering.options.old_chart = Some(old.to_string_lossy().into_owned());
            rendering.options.new_chart = Some(new.to_string_lossy().into_owned());
        }
    }

    /// Judges the arguments, and reads what they name besides the values: answers and standard input.
    ///
    /// # Errors
    ///
    /// If they contradict each other, or an answer cannot be used. These are errors of usage.
    pub fn new(args: UpgradeArgs) -> anyhow::Result<Self> {
        let UpgradeArgs {
            inputs:
                Inputs {
                    files,
                    files_from,
                    null,
                    exclude,
                    values,
                    releases: named,
                },
            live: LiveOptions { live, namespace },
            chart:
                ChartOptions {
                    chart,
                    from,
                    to,
                    since,
                    keep_version,
                    packs,
                },
            steps,
            force,
            jobs,
            ..
        } = args;
        let (only, skip) = (steps.only, steps.skip);
        let rendering = Rendering {
            options: args.rendering,
            namespace,
        };
        if !args.verify {
            rendering.refuse()?;
        }
        if live.is_some() && args.write {
            bail!(
                "a running release has no file to write; without --write, its migrated values are printed"
            );
        }
        let stdin = live.is_some() || files.iter().any(|file| file.as_os_str() == "-");
        if stdin && files.len() > 1 {
            bail!("`-` stands alone: standard output can hold the values of one release only");
        }
        if stdin && args.write {
            bail!(
                "standard input cannot be written to; without --write, `-` prints the migrated values"
            );
        }
        if stdin && args.output.output == Some(Format::Patch) {
            bail!("there is no file that a patch for standard input could apply to");
        }
        if let Some(id) = only.iter().find(|id| skip.contains(id)) {
            bail!("`{id}` is named by both --only and --skip");
        }
        let backup = args.backup.backup;
        if backup.as_deref().is_some_and(has_separator) {
            bail!("a backup stands beside its file: the suffix must not hold a `/`");
        }
        let mut given = AnswerFile::default();
        for file in &steps.answer_files {
            given.extend(memory::answers::read(file)?);
        }
        answers::add_flags(&mut given, &steps.answers)?;
        let AnswerFile {
            answers: given_answers,
            skip: skip_known,
            releases: of_releases,
        } = given;

        let mut skip_of: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut given_again = Given {
            chart: chart.clone(),
            chart_chosen: Vec::new(),
            packs: strings(&packs),
            only: only.clone(),
            skip: skip.clone(),
            answer_files: strings(&steps.answer_files),
            answers: steps.answers,
            accept_recommended: args.accept_recommended,
            recorded: Vec::new(),
            whole: Vec::new(),
            from: from.as_ref().map(ToString::to_string),
            to: to
                .iter()
                .map(|target| match &target.chart {
                    Some(chart) => format!("{chart}={}", target.version),
                    None => target.version.to_string(),
                })
                .collect(),
            keep_version,
            since: since.clone(),
            exclude: exclude.clone(),
            verify: match args.verify {
                true => rendering.words(),
                // Charts that a draft is made of.
                false => {
                    let mut words = rendering.words();
                    words.remove(0);
                    words.extend(args.accept_drafts.then(|| "--accept-drafts".to_owned()));
                    words
                }
            },
            backup: backup
                .as_ref()
                .map(|suffix| suffix.to_string_lossy().into_owned()),
        };
        let (of_one, skip): (Vec<String>, Vec<String>) =
            skip.into_iter().partition(|id| id.contains(':'));
        for scoped in &of_one {
            if let Some((name, id)) = scoped.rsplit_once(':') {
                skip_of
                    .entry(name.to_owned())
                    .or_default()
                    .push(id.to_owned());
            }
        }
        let mode = match (stdin, args.check, args.write) {
            (true, check, _) => Mode::Filter { check },
            (_, true, _) => Mode::Check,
            (_, _, true) => Mode::Write {
                backup: backup.map(|s| if s.is_empty() { BACKUP.into() } else { s }),
                expect: args.expect,
            },
            _ => Mode::Preview,
        };
        let stdin_layer = |file: &PathBuf| file.as_os_str() == "-";
        if values.iter().any(stdin_layer) || named.iter().flat_map(|n| &n.layers).any(stdin_layer) {
            bail!("`-` is no layer: name the files of a release");
        }
        if let Some(twice) = named
            .iter()
            .enumerate()
            .find(|(i, release)| named[..*i].iter().any(|other| other.name == release.name))
        {
            bail!(
                "there are two releases `{}`; give them different names",
                twice.1.name
            );
        }
        let project = if stdin { None } else { project::here()? };
        let mut chart = chart;
        let (mut found, mut troubles) = (Vec::new(), Vec::new());
        let excludes = excludes(&exclude, project.as_ref())?;
        let mut inputs: Vec<Named> = Vec::new();
        let releases: Vec<Asked> = if let Some(name) = live {
            let (release, of) = self::running(&name, rendering.namespace.as_deref())?;
            chart = chart.or(Some(of));
            vec![release]
        } else if stdin {
            vec![Asked::new(vec![read_stdin()?])]
        } else if !values.is_empty() {
            let layers = layers(values)?;
            let known = project.as_ref().and_then(|project| {
                let name = project::of_layers(project, &layers)?;
                project.asked(name)
            });
            vec![known.unwrap_or_else(|| Asked::new(layers))]
        } else if !named.is_empty() {
            named
                .into_iter()
                .map(|release| asked(release, project.as_ref()))
                .collect::<Result<_, _>>()?
        } else if !files.is_empty() || files_from.is_some() || since.is_some() {
            // What a branch has raised can be anywhere.
            let files = match files.is_empty() && files_from.is_none() {
                true => vec![PathBuf::from(".")],
                false => files,
            };
            if let Some(list) = &files_from {
                inputs.extend(listed(list, null)?);
                given_again.whole.push("--files-from".to_owned());
                given_again.whole.push(list.to_string_lossy().into_owned());
                if null {
                    given_again.whole.push("--null".to_owned());
                }
            }
            let is_whole = files_from.is_some() || since.is_some();
            if is_whole || files.iter().any(|file| !file.is_file()) {
                given_again.whole.extend(strings(&files));
            }
            inputs.extend(
                files
                    .into_iter()
                    .map(|file| Named::Argument(not_a_flag(file))),
            );
            let walked = walk::find_without(&inputs, &excludes, Limits::default());
            troubles.extend(walked.troubles.iter().map(trouble));
            let (recorded, rest) = recorded(walked.files, project.as_ref());
            found = rest;
            recorded
        } else if let Some(project) = &project {
            let names = project.file.releases.keys();
            names.filter_map(|name| project.asked(name)).collect()
        } else {
            bail!(
                "name a values file, or a folder; without one the releases of refit.yaml are upgraded, and there is none here or above"
            );
        };
        if let Some(project) = &project {
            let known = project.file.releases.keys();
            given_again.recorded = known.cloned().collect();
        }
        let (mut answers_of, mut skip_of) = (BTreeMap::new(), skip_of);
        for (name, file) in of_releases {
            let skipped: &mut Vec<String> = skip_of.entry(name.clone()).or_default();
            skipped.extend(file.skip);
            answers_of.insert(name, file.answers);
        }
        let (mut compared, mut scratch) = (None, None);
        if let Some(named) = &since {
            let (state, folder) = since::since(named, &inputs, &excludes, project.as_ref())?;
            (compared, scratch) = (Some(state), Some(folder));
        }
        let to_of = targets(&to)?;
        let others = project
            .as_ref()
            .map_or_else(Vec::new, |project| project::others(project, &releases));
        let request = Request {
            others,
            releases,
            found,
            troubles,
            // The version was raised by somebody else.
            keep_version: keep_version || compared.is_some(),
            chart,
            chart_of: BTreeMap::new(),
            pack_dirs: packs,
            drafted: Vec::new(),
            from,
            from_of: BTreeMap::new(),
            to: to
                .into_iter()
                .find(|to| to.chart.is_none())
                .map(|to| to.version),
            to_of,
            since: compared,
            selection: Selection {
                only,
                skip,
                skip_known,
            },
            answers: given_answers,
            answers_of,
            skip_of,
            accept_recommended: args.accept_recommended,
            with_values: args.verify,
        };
        let output = args.output;
        let patch = output
            .reports
            .iter()
            .find(|report| report.format == Format::Patch);
        if let Some(report) = patch.filter(|_| stdin) {
            bail!(
                "there is no file that a patch for standard input could apply to: --report {}",
                report.path.display()
            );
        }
        let detail = match (output.quiet, output.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Normal,
        };
        let (format, show_secrets) = (format(output.output, &mode), output.show_secrets);
        Ok(Self {
            request,
            mode,
            format,
            whole_difference: output.diff,
            searched: !given_again.whole.is_empty(),
            reports: output.reports,
            detail,
            show_secrets,
            chose: false,
            force,
            given: given_again,
            accept_drafts: args.accept_drafts,
            verify: args.verify.then(|| rendering.clone()),
            rendering,
            project,
            record: args.record,
            scratch,
            threads: jobs.jobs.unwrap_or_else(Jobs::cores),
        })
    }
}

/// The form of the output, if none was named: text, and beside a check of GitHub's what GitHub shows in a pull
/// request.
fn format(named: Option<Format>, mode: &Mode) -> Format {
    let in_actions = || std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
    match (named, mode) {
        (Some(format), _) => format,
        (None, Mode::Check) if in_actions() => Format::Github,
        (None, _) => Format::Text,
    }
}

/// The releases of `refit.yaml` of which a file is a layer, and the files that it does not know. What a
/// layer means depends on the other layers of its release.
fn recorded(files: Vec<Found>, project: Option<&Project>) -> (Vec<Asked>, Vec<Found>) {
    let Some(project) = project else {
        return (Vec::new(), files);
    };
    let with = project.releases_by_file();
    let mut releases: Vec<Asked> = Vec::new();
    let mut known: HashSet<&str> = HashSet::new();
    let mut rest = Vec::new();
    for file in files {
        let real = file.path.canonicalize().ok();
        let Some(names) = real.and_then(|real| with.get(&real)) else {
            rest.push(file);
            continue;
        };
        let new = names.iter().filter(|name| known.insert(**name));
        releases.extend(new.filter_map(|name| project.asked(name)));
    }
    (releases, rest)
}

/// What is left out of folders: what was typed, and what `refit.yaml` says.
fn excludes(typed: &[String], project: Option<&Project>) -> anyhow::Result<Excludes> {
    let mut excludes = Excludes::default();
    if !typed.is_empty() {
        excludes
            .add(Path::new("."), typed)
            .map_err(|error| anyhow::anyhow!("--exclude: this is no pattern: {error}"))?;
    }
    if let Some(project) = project.filter(|project| !project.file.exclude.is_empty()) {
        let folder = project.layer(Path::new("."));
        excludes
            .add(&folder, &project.file.exclude)
            .map_err(|error| {
                let name = project.path.display();
                anyhow::anyhow!("{name}: `exclude` has what is no pattern: {error}")
            })?;
    }
    Ok(excludes)
}

/// The targets of single charts; one for every chart can stand beside them.
fn targets(to: &[Target]) -> anyhow::Result<BTreeMap<String, Version>> {
    let mut of: BTreeMap<String, Version> = BTreeMap::new();
    let mut every = 0;
    for target in to {
        let twice = match &target.chart {
            Some(chart) => of.insert(chart.clone(), target.version.clone()).is_some(),
            None => {
                every += 1;
                every > 1
            }
        };
        if twice {
            let of = target.chart.as_deref().unwrap_or("every chart");
            bail!("--to names two versions for {of}");
        }
    }
    Ok(of)
}

/// The names in a list of files.
fn listed(list: &Path, zero: bool) -> anyhow::Result<Vec<Named>> {
    let bytes = match list.as_os_str() == "-" {
        true => {
            let mut bytes = Vec::new();
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
fn trouble(trouble: &walk::Trouble) -> Refusal {
    let text = trouble.to_string();
    let (name, what) = text.split_once(": ").unwrap_or(("", &text));
    *Reason::new(what).next(trouble.next()).of(name)
}

/// A release that is named, with its layers, or those that `refit.yaml` has for it.
fn asked(named: NamedRelease, project: Option<&Project>) -> anyhow::Result<Asked> {
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
        && let Some(mut known) = project.asked(&named.name)
    {
        if !project::has_layers(project, &named.name, &layers) {
            let names: Vec<String> = known.layers.iter().map(Input::name).collect();
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
    Ok(Asked {
        name: Some(named.name),
        version: stated,
        ..Asked::new(layers)
    })
}

/// The layers of one release.
fn layers(files: Vec<PathBuf>) -> anyhow::Result<Vec<Input>> {
    let count = files.len();
    let layers = distinct(files);
    if layers.len() != count {
        bail!(
            "a file is named twice in one release; Helm reads it twice, but it can be edited once only"
        );
    }
    Ok(layers)
}

fn strings(paths: &[PathBuf]) -> Vec<String> {
    paths
        .iter()
        .map(|path| path.to_string_lossy().into_owned())
        .collect()
}

fn has_separator(suffix: &OsStr) -> bool {
    suffix
        .to_string_lossy()
        .chars()
        .any(std::path::is_separator)
}

/// The files, each once: a second name for the same file would be written over the first.
fn distinct(files: Vec<PathBuf>) -> Vec<Input> {
    let mut seen: Vec<PathBuf> = Vec::new();
    let mut inputs = Vec::new();
    for file in files {
        let real = file.canonicalize().unwrap_or_else(|_| file.clone());
        if !seen.contains(&real) {
            seen.push(real);
            inputs.push(Input::Path(not_a_flag(file)));
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

fn read_stdin() -> anyhow::Result<Input> {
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
    Ok(Input::Stdin(bytes))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Cli, Command};

    fn job(line: &str) -> anyhow::Result<Job> {
        let words = ["refit", "upgrade"]
            .into_iter()
            .chain(line.split_whitespace());
        match Cli::try_parse_from(words)?.command {
            Command::Upgrade(args) => Job::new(*args),
            other => bail!("{other:?}"),
        }
    }

    fn refused(line: &str) -> String {
        match job(line) {
            Ok(_) => String::new(),
            Err(e) => format!("{e:#}"),
        }
    }

    #[test]
    fn arguments_that_contradict_each_other_are_refused() {
        for (line, says) in [
            ("- a", "stands alone"),
            ("- --write", "cannot be written"),
            ("- -o patch", "no file"),
            ("- --report x.patch", "no file"),
            ("a --report x.txt", "must end in"),
            ("a --report md", "must end in"),
            ("a --only x --skip x", "both --only and --skip"),
            ("a --write --check", "cannot be used with"),
            ("a --expect sha256:0123456789abcdef", "--write"),
            ("a --write --expect sha256:0123", "copy it whole"),
            ("a -q -v", "cannot be used with"),
            ("a --backup=/x", "beside its file"),
            ("a --answer x", "no `=`"),
            ("a --colour always", "--color"),
            ("a --answr x=y", "--answer"),
            ("a --from 0.15", "is it 0.15.0?"),
            ("", "name a values file"),
            ("a -f b", "cannot be used with"),
            ("-f -", "no layer"),
            ("-f a -f a", "twice"),
        ] {
            assert!(refused(line).contains(says), "{line}: {}", refused(line));
        }
    }

    #[test]
    fn flags_become_one_meaning() {
        let job =
            job("a ./a b --write --backup --from v0.1.0 --answer s=o --answer s.i=v -v").unwrap();
        assert_eq!(
            job.mode,
            Mode::Write {
                backup: Some(".bak".into()),
                expect: None
            }
        );
        assert_eq!(
            job.request.found.len(),
            3,
            "a and ./a cannot be told to be one: neither exists"
        );
        assert_eq!(job.request.answers["s"].inputs["i"], "v");
        assert_eq!(job.detail, Detail::Verbose);
        assert_eq!(job.given.backup.as_deref(), Some(""));
        assert_eq!(
            self::job("a --write --backup=~")
                .unwrap()
                .given
                .backup
                .as_deref(),
            Some("~")
        );
        assert_eq!(self::job("a --check").unwrap().mode, Mode::Check);
        assert_eq!(self::job("a").unwrap().mode, Mode::Preview);
    }

    #[test]
    fn one_file_under_two_names_is_taken_once() {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let other = concat!(env!("CARGO_MANIFEST_DIR"), "/src/../Cargo.toml");
        assert_eq!(
            job(&format!("{manifest} {other}"))
                .unwrap()
                .request
                .found
                .len(),
            1
        );
        let names: Vec<_> = distinct(vec!["-x".into()])
            .iter()
            .map(Input::name)
            .collect();
        assert_eq!(names, ["./-x"]);
    }
}
