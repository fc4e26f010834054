//! What the arguments of `refit upgrade` mean together. This is the one place where they are judged:
//! behind it there are no flags, only what is to be done.

mod named;
mod rendering;

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use anyhow::bail;
use refit::{
    jobs::Jobs,
    memory::{self, AnswerFile, Project},
    migrate::Answers,
    plan::Selection,
    report::{Detail, command::Given},
    upgrade::Request,
};
use semver::Version;

pub use rendering::Rendering;

use self::named::{Sources, excludes};
use super::{
    answers,
    args::{
        ChartOptions, Format, Inputs, ReportFile, StepOptions, TargetVersion, UpgradeArgs, is_stdin,
    },
    project, since, supply,
};

/// The suffix of backups, if none is given.
const BACKUP: &str = ".bak";

/// The meaning of a command line.
pub struct Job {
    /// The request.
    pub request: Request,
    /// The use of the result.
    pub mode: ResultMode,
    /// The format of the result.
    pub format: Format,
    /// True if the whole difference is shown.
    pub whole_difference: bool,
    /// True if folders, patterns or lists were searched for files.
    pub searched: bool,
    /// The reports to write beside the output.
    pub reports: Vec<ReportFile>,
    /// The detail of messages.
    pub detail: Detail,
    /// True if secrets are shown everywhere.
    pub show_secrets: bool,
    /// True if something was chosen at a prompt that is not on the command line.
    pub chose: bool,
    /// True if losing settings was accepted.
    pub force: bool,
    /// The arguments that a command for a second run has to repeat.
    pub given: Given,
    /// True if the sure steps of a draft are done without a question.
    pub accept_drafts: bool,
    /// The rendering of charts, if they are rendered.
    pub rendering: Rendering,
    /// The rendering for the comparison of effects, if they are compared first.
    pub verify: Option<Rendering>,
    /// The `refit.yaml` that holds here.
    pub project: Option<Project>,
    /// True if releases that it does not know are noted in it.
    pub record: bool,
    /// The folder with the files of a git revision, which goes with the job.
    #[allow(dead_code, reason = "it is there until the job is done")]
    pub scratch: Option<tempfile::TempDir>,
    /// The number of files that are worked on at once.
    pub threads: NonZeroUsize,
}

/// The use of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResultMode {
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
        /// True if it is an error that anything would change.
        check: bool,
    },
}

impl ResultMode {
    /// True if upgraded values are written or printed.
    pub fn gives_values(&self) -> bool {
        matches!(self, Self::Write { .. } | Self::Filter { check: false })
    }
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

    /// Judges the arguments, and looks at what they name.
    ///
    /// # Errors
    ///
    /// If they contradict each other, or what they name cannot be used. These are errors of usage.
    pub fn new(args: UpgradeArgs) -> anyhow::Result<Self> {
        let rendering = Rendering {
            options: args.rendering.clone(),
            namespace: args.live.namespace.clone(),
        };
        refuse_contradictions(&args)?;
        let mode = mode(&args);
        let mut given = repeated_arguments(&args, &rendering);
        let decisions = Decisions::read(args.steps)?;

        let here = project::project_here()?;
        let project = match mode {
            // What comes from standard input is no layer that refit.yaml could know.
            ResultMode::Filter { .. } => None,
            _ => here.clone(),
        };
        let ChartOptions {
            chart,
            from,
            to,
            since,
            keep_version,
            packs,
        } = args.chart;
        let to_of = targets(&to)?;
        let excludes = excludes(&args.inputs.exclude, project.as_ref())?;
        let sources = Sources::new(
            args.inputs,
            &args.live,
            since.is_some(),
            &excludes,
            project.as_ref(),
        )?;
        given.whole = sources.whole;
        let (mut compared, mut scratch) = (None, None);
        if let Some(revision) = &since {
            let inputs = &sources.inputs;
            let (state, folder) = since::since(revision, inputs, &excludes, project.as_ref())?;
            (compared, scratch) = (Some(state), Some(folder));
        }
        let mut others = Vec::new();
        if let Some(project) = &project {
            given.recorded = project.file.releases.keys().cloned().collect();
            others = project::other_layers(project, &sources.releases);
        }
        let every = to.into_iter().find(|to| to.chart.is_none());
        let mut request = Request {
            others,
            releases: sources.releases,
            found: sources.found,
            aside: sources.aside,
            excludes,
            troubles: sources.troubles,
            // The version was raised by somebody else.
            keep_version: keep_version || compared.is_some(),
            chart: chart.or(sources.chart),
            chart_of: BTreeMap::new(),
            pack_dirs: packs,
            supplied: Vec::new(),
            named_packs: Vec::new(),
            drafted: Vec::new(),
            from,
            from_of: BTreeMap::new(),
            to: every.map(|to| to.version),
            to_of,
            since: compared,
            selection: decisions.selection,
            answers: decisions.answers,
            answers_of: decisions.answers_of,
            skip_of: decisions.skip_of,
            accept_recommended: args.accept_recommended,
            with_values: args.verify,
            in_short: false,
        };
        // What is known of charts is no matter of files: it holds for standard input, too.
        supply::add(&mut request, here.as_ref(), &rendering.options);
        if !args.verify {
            rendering.refuse(supply::is_in_named(&request.supplied, &rendering.options))?;
        }
        supply::take_from_named(&mut request, &rendering.options);
        let output = args.output;
        Ok(Self {
            request,
            format: format(output.output, &mode),
            mode,
            whole_difference: output.diff,
            searched: !given.whole.is_empty(),
            reports: output.reports,
            detail: match (output.quiet, output.verbose) {
                (true, _) => Detail::Quiet,
                (_, true) => Detail::Verbose,
                _ => Detail::Normal,
            },
            show_secrets: output.show_secrets,
            chose: false,
            force: args.force,
            given,
            accept_drafts: args.accept_drafts,
            verify: args.verify.then(|| rendering.clone()),
            rendering,
            project,
            record: args.record,
            scratch,
            threads: args.jobs.jobs.unwrap_or_else(Jobs::cores),
        })
    }
}

/// Refuses flags that contradict each other. Only the command line is looked at.
fn refuse_contradictions(args: &UpgradeArgs) -> anyhow::Result<()> {
    let Inputs {
        files,
        values,
        releases,
        ..
    } = &args.inputs;
    if args.live.live.is_some() && args.write {
        bail!(
            "a running release has no file to write; without --write, its migrated values are printed"
        );
    }
    let filter = is_filter(args);
    if filter && files.len() > 1 {
        bail!("`-` stands alone: standard output can hold the values of one release only");
    }
    if filter && args.write {
        bail!(
            "standard input cannot be written to; without --write, `-` prints the migrated values"
        );
    }
    let no_patch = "there is no file that a patch for standard input could apply to";
    if filter && args.output.output == Some(Format::Patch) {
        bail!("{no_patch}");
    }
    let mut reports = args.output.reports.iter();
    if let Some(patch) = reports.find(|report| report.format == Format::Patch)
        && filter
    {
        bail!("{no_patch}: --report {}", patch.path.display());
    }
    let StepOptions { only, skip, .. } = &args.steps;
    if let Some(id) = only.iter().find(|id| skip.contains(id)) {
        bail!("`{id}` is named by both --only and --skip");
    }
    if args.backup.backup.as_deref().is_some_and(has_separator) {
        bail!("a backup stands beside its file: the suffix must not hold a `/`");
    }
    let layers = releases.iter().flat_map(|release| &release.layers);
    if values.iter().chain(layers).any(|file| is_stdin(file)) {
        bail!("`-` is no layer: name the files of a release");
    }
    let twice = releases.iter().enumerate().find(|(i, release)| {
        releases[..*i]
            .iter()
            .any(|other| other.name == release.name)
    });
    if let Some((_, release)) = twice {
        bail!(
            "there are two releases `{}`; give them different names",
            release.name
        );
    }
    Ok(())
}

/// True if values come from standard input or the cluster, and go to standard output.
fn is_filter(args: &UpgradeArgs) -> bool {
    args.live.live.is_some() || args.inputs.is_stdin()
}

/// The use of the result.
fn mode(args: &UpgradeArgs) -> ResultMode {
    let default = |suffix: &OsString| match suffix.is_empty() {
        true => BACKUP.into(),
        false => suffix.clone(),
    };
    match (is_filter(args), args.check, args.write) {
        (true, check, _) => ResultMode::Filter { check },
        (_, true, _) => ResultMode::Check,
        (_, _, true) => ResultMode::Write {
            backup: args.backup.backup.as_ref().map(default),
            expect: args.expect.clone(),
        },
        _ => ResultMode::Preview,
    }
}

/// The arguments that a command for a second run repeats. Searched folders and entries of `refit.yaml` are added when
/// they are known.
fn repeated_arguments(args: &UpgradeArgs, rendering: &Rendering) -> Given {
    let (chart, steps) = (&args.chart, &args.steps);
    let mut verify = rendering.words();
    if !args.verify {
        // Charts that a draft is made of.
        verify.remove(0);
    }
    verify.extend(args.accept_drafts.then(|| "--accept-drafts".to_owned()));
    let target = |target: &TargetVersion| match &target.chart {
        Some(chart) => format!("{chart}={}", target.version),
        None => target.version.to_string(),
    };
    let backup = args.backup.backup.as_ref();
    Given {
        chart: chart.chart.clone(),
        chart_chosen: Vec::new(),
        packs: strings(&chart.packs),
        only: steps.only.clone(),
        skip: steps.skip.clone(),
        answer_files: strings(&steps.answer_files),
        answers: steps.answers.clone(),
        accept_recommended: args.accept_recommended,
        recorded: Vec::new(),
        whole: Vec::new(),
        from: chart.from.as_ref().map(ToString::to_string),
        to: chart.to.iter().map(target).collect(),
        keep_version: chart.keep_version,
        since: chart.since.clone(),
        exclude: args.inputs.exclude.clone(),
        verify,
        backup: backup.map(|suffix| suffix.to_string_lossy().into_owned()),
    }
}

/// The answers in files and flags, with what single releases have of their own.
fn answers(steps: &StepOptions) -> anyhow::Result<AnswerFile> {
    let mut given = AnswerFile::default();
    for file in &steps.answer_files {
        given.extend(memory::answers::read(file)?);
    }
    answers::add_flags(&mut given, &steps.answers)?;
    Ok(given)
}

/// The steps that are done and left out, and the answers, for all releases and for single ones.
struct Decisions {
    selection: Selection,
    answers: Answers,
    answers_of: BTreeMap<String, Answers>,
    skip_of: BTreeMap<String, Vec<String>>,
}

impl Decisions {
    fn read(steps: StepOptions) -> anyhow::Result<Self> {
        let AnswerFile {
            answers,
            skip: skip_known,
            releases,
        } = self::answers(&steps)?;
        let (skip, mut skip_of) = skipped(steps.skip);
        let mut answers_of = BTreeMap::new();
        for (name, file) in releases {
            let skipped = skip_of.entry(name.clone()).or_default();
            skipped.extend(file.skip);
            answers_of.insert(name, file.answers);
        }
        Ok(Self {
            selection: Selection {
                only: steps.only,
                skip,
                skip_known,
            },
            answers,
            answers_of,
            skip_of,
        })
    }
}

/// `--skip`: steps that are left out everywhere, and (`RELEASE:ID`) those of single releases.
fn skipped(skip: Vec<String>) -> (Vec<String>, BTreeMap<String, Vec<String>>) {
    let (of_one, everywhere): (Vec<String>, Vec<String>) =
        skip.into_iter().partition(|id| id.contains(':'));
    let mut skip_of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (release, id) in of_one.iter().filter_map(|scoped| scoped.rsplit_once(':')) {
        let ids = skip_of.entry(release.to_owned()).or_default();
        ids.push(id.to_owned());
    }
    (everywhere, skip_of)
}

/// The form of the output, if none was named: text, and beside a check of GitHub's what GitHub shows in a pull
/// request.
fn format(named: Option<Format>, mode: &ResultMode) -> Format {
    let in_actions = || std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
    match (named, mode) {
        (Some(format), _) => format,
        (None, ResultMode::Check) if in_actions() => Format::Github,
        (None, _) => Format::Text,
    }
}

/// The targets of single charts; one for every chart can stand beside them.
fn targets(to: &[TargetVersion]) -> anyhow::Result<BTreeMap<String, Version>> {
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
            ResultMode::Write {
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
        assert_eq!(self::job("a --check").unwrap().mode, ResultMode::Check);
        assert_eq!(self::job("a").unwrap().mode, ResultMode::Preview);
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
    }
}
