//! The arguments as they are typed. What they mean together is worked out in [`super::meaning`].

use std::{
    ffi::OsString,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use semver::Version;

use super::exit;

const EXAMPLES: &str = "\
Examples:
  refit upgrade values.yaml                       what would change, and the command that changes it
  refit upgrade values.yaml --from 0.10.3         the same, for a version that you know
  refit review values.yaml                        decide change by change, then write
  refit upgrade values.yaml --write --backup      change the file, keep a copy of the old one
  refit explain one-image                         why a setting is moved, and what may be asked

Nothing is written without --write (or a yes in refit review). `refit COMMAND --help` has the details.";

const UPGRADE_EXAMPLES: &str = "\
Examples:
  See what would change, for the newest chart version:
    refit upgrade values.yaml

  Name the chart version that the file is for (helm list shows it), and the one to go to:
    refit upgrade values.yaml --from 0.10.3 --to 0.15.0

  Answer a question, with what the answer needs, and write:
    refit upgrade values.yaml --answer one-image=tag --answer one-image.tag=0.15.0-mine --write

  In a pipeline: does anything need to change?
    refit upgrade --check environments/*.yaml

  One release made of several values files, in the order of helm -f:
    refit upgrade -f base.yaml -f prod.yaml

  Two releases that share a file; what they share stays right for both:
    refit upgrade --release prod=base.yaml,prod.yaml --release staging=base.yaml,staging.yaml

  From a running release to the newer chart, without values files of your own:
    helm get values arroyo -o yaml > old.yaml
    refit upgrade --from 0.10.3 --to 0.15.0 - < old.yaml > new.yaml \\
      && helm upgrade arroyo arroyo/arroyo --version 0.15.0 --reset-values -f new.yaml

Questions about your values are answered with --answer, or in refit review.
At a terminal, refit also asks for the chart or its version if the files do
not tell; it never asks with --check, -q, in CI, in a pipe, or with an output
format other than text.";

const INIT_EXAMPLES: &str = "\
Examples:
  See what refit.yaml could say, and keep it:
    refit init
    refit init --write

  If the files do not show which chart they are for:
    refit init environments --chart arroyo

The proposal is on standard output, what was seen on standard error. Files that a manifest names
(Argo CD, Flux, helmfile, ...) are left out: their version stands in the manifest.";

const VERIFY_EXAMPLES: &str = "\
Examples:
  Does my file still do what it did? The charts come from the chart's own repository:
    refit verify values.yaml --from 0.10.3 --to 0.15.0

  With charts at hand:
    refit verify values.yaml --old-chart ./arroyo-0.10.3.tgz --new-chart ../k8s/arroyo

  Of a running release:
    refit verify --live arroyo -n streams

  Write only if every difference is explained:
    refit upgrade values.yaml --verify --write

The program `helm` renders; HELM_BIN names another one. Nothing is changed, in files or in a cluster.";

const REVIEW_EXAMPLES: &str = "\
Examples:
  Decide change by change, and write at the end:
    refit review values.yaml

  Save the decisions, and make the same ones elsewhere, without a terminal:
    refit review values.yaml --save-answers arroyo.answers
    refit upgrade values.yaml --answers arroyo.answers --write

Every prompt explains its keys with `?`. Nothing is written before the end; with q or Ctrl-C
everything stays as it was.";

/// Refit Helm values to a newer chart: move the keys that the chart moved, keep everything else
#[derive(Debug, Parser)]
#[command(name = "refit", version, after_help = EXAMPLES, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what has to change in values files for a newer chart; with --write, change it
    Upgrade(Box<UpgradeArgs>),
    /// Go through the changes one by one and decide; files are written at the end if you say so
    Review(Box<ReviewArgs>),
    /// Propose refit.yaml for a folder of values files
    Init(InitArgs),
    /// Render the old and the new chart with Helm and compare what your settings do
    Verify(Box<VerifyArgs>),
    /// List the charts that refit knows, and their versions
    Packs(PackOptions),
    /// Explain a chart version or a step: what changes, why, what it may ask
    Explain(ExplainArgs),
    /// For chart authors: make a pack, check and test it. For everybody: fetch the packs that refit.yaml names
    #[command(subcommand)]
    Pack(PackCommand),
    /// Print a completion script for a shell
    #[command(
        after_help = "Example:\n  refit completions bash > ~/.local/share/bash-completion/completions/refit"
    )]
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// What Helm completes for the plugin
    #[command(hide = true)]
    PluginCompletion,
    /// What can stand where the last word begins
    #[command(hide = true)]
    PluginComplete {
        /// The words
        #[arg(last = true)]
        words: Vec<String>,
    },
    /// Print the manual page of refit, or of one of its commands
    #[command(after_help = "Example:\n  refit man upgrade | man -l -")]
    Man {
        /// A command of refit
        command: Option<String>,
    },
}

/// `refit pack check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The folder that holds pack.yaml
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// What makes the exit code 1, besides errors
    #[arg(long, value_name = "WHAT", value_enum)]
    pub deny: Vec<Deny>,
    /// How the findings are printed
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = CheckOutput::Text)]
    pub output: CheckOutput,
}

/// What counts as an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Warnings
    Warnings,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckOutput {
    /// For people: place, sentence and excerpt
    Text,
    /// One JSON object (schema: schemas/pack-check.schema.json)
    Json,
}

/// `refit pack`.
#[derive(Debug, Subcommand)]
pub enum PackCommand {
    /// Check a pack and list everything that is wrong with it
    #[command(
        after_help = "Examples:\n  refit pack check migrations/arroyo\n  refit pack check --deny warnings -o json my-pack"
    )]
    Check(CheckArgs),
    /// Make pack.yaml and keys.yaml from a chart's releases: archives, folders, or tags of a repository
    New(super::pack_new::NewArgs),
    /// Draft the migration between two versions of a chart, from what they render to
    Infer(super::pack_infer::InferArgs),
    /// Run a pack's test cases, and try every key it knows on the way to the newest version
    Test(super::pack_test::TestArgs),
    /// Fetch the packs that refit.yaml names: from git repositories and OCI registries
    Pull(super::pack_pull::PullArgs),
    /// Print the JSON Schema of a file of a pack, for an editor
    #[command(after_help = "Example:\n  refit pack schema migration > migration.schema.json")]
    Schema {
        /// The file: `pack` (pack.yaml), `keys` (keys.yaml) or `migration` (VERSION.yaml)
        #[arg(value_name = "FILE", value_parser = ["pack", "keys", "migration"])]
        file: String,
    },
}

/// `refit init`.
#[derive(Debug, Args)]
#[command(after_help = INIT_EXAMPLES)]
pub struct InitArgs {
    /// The folder that holds the values files [default: this one]
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// The chart, if the files do not show it
    #[arg(long, value_name = "NAME")]
    pub chart: Option<String>,
    /// Make refit.yaml; where there is one, add the releases that it does not have
    #[arg(short, long)]
    pub write: bool,
    /// Print the JSON Schema of refit.yaml instead, for an editor
    #[arg(long, conflicts_with_all = ["folder", "chart", "write"])]
    pub schema: bool,
    #[command(flatten)]
    pub packs: PackOptions,
}

/// `refit upgrade`.
#[derive(Debug, Args)]
#[command(after_help = exit::help(UPGRADE_EXAMPLES, exit::UPGRADE))]
pub struct UpgradeArgs {
    #[command(flatten)]
    pub inputs: Inputs,
    #[command(flatten)]
    pub live: LiveOptions,
    #[command(flatten)]
    pub chart: ChartOptions,
    #[command(flatten)]
    pub jobs: JobsOption,
    #[command(flatten)]
    pub steps: StepOptions,
    /// Write even if settings stop working because a step is left out
    #[arg(long, help_heading = "Steps and answers")]
    pub force: bool,
    /// Take the recommended option where a question has no answer
    #[arg(long, help_heading = "Steps and answers")]
    pub accept_recommended: bool,
    /// Of what is drafted from two charts, because refit does not know it: apply the moves that are certain, instead of
    /// asking about each
    #[arg(
        long,
        requires = "old_chart",
        requires = "new_chart",
        help_heading = "Steps and answers"
    )]
    pub accept_drafts: bool,

    /// Write the files; without it nothing is changed
    #[arg(short, long, conflicts_with = "check", help_heading = "Writing")]
    pub write: bool,
    #[command(flatten)]
    pub backup: BackupOption,
    /// Write only if the result is the one that the preview with this digest showed
    #[arg(long, value_name = "DIGEST", requires = "write", value_parser = expectation, help_heading = "Writing")]
    pub expect: Option<String>,
    /// Record the written releases in refit.yaml; create it if there is none
    #[arg(long, requires = "write", help_heading = "Writing")]
    pub record: bool,
    /// For CI: change nothing and ask nothing; exit with 1 if anything would change
    #[arg(long, help_heading = "Writing")]
    pub check: bool,
    /// Render both charts with Helm first, and write only if every difference is explained
    #[arg(long, help_heading = "Rendering with Helm")]
    pub verify: bool,
    #[command(flatten)]
    pub rendering: RenderOptions,

    #[command(flatten)]
    pub output: OutputOptions,
}

/// `refit verify`.
#[derive(Debug, Args)]
#[command(after_help = exit::help(VERIFY_EXAMPLES, exit::VERIFY))]
pub struct VerifyArgs {
    #[command(flatten)]
    pub inputs: Inputs,
    #[command(flatten)]
    pub live: LiveOptions,
    #[command(flatten)]
    pub chart: ChartOptions,
    #[command(flatten)]
    pub rendering: RenderOptions,
    #[command(flatten)]
    pub steps: StepOptions,
    /// Take the recommended option where a question has no answer
    #[arg(long, help_heading = "Steps and answers")]
    pub accept_recommended: bool,
    /// Standard output
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = EffectFormat::Text, help_heading = "Output")]
    pub output: EffectFormat,
    #[command(flatten)]
    pub color: ColorOption,
    /// Print only differences that can do harm
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// List every effect
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
    /// Show passwords and other secrets instead of ••••
    #[arg(long, help_heading = "Output")]
    pub show_secrets: bool,
}

/// Formats of a check of effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EffectFormat {
    Text,
    Json,
}

/// How charts are rendered.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Rendering with Helm")]
pub struct RenderOptions {
    /// The chart that the files are for: a folder, an archive, or what helm finds by name
    /// [default: the version --from, from the chart's own repository]
    #[arg(long, value_name = "CHART")]
    pub old_chart: Option<String>,
    /// The chart to go to [default: the version --to, from the chart's own repository]
    #[arg(long, value_name = "CHART")]
    pub new_chart: Option<String>,
    /// The name of the release [default: the chart's name]
    #[arg(long, value_name = "NAME")]
    pub release_name: Option<String>,
    /// The Kubernetes version that templates see [default: Helm's own]
    #[arg(long, value_name = "VERSION")]
    pub kube_version: Option<String>,
    /// A further API version that templates see (repeatable)
    #[arg(long, value_name = "API")]
    pub api_versions: Vec<String>,
    /// Render as for `helm install` instead of `helm upgrade`
    #[arg(long)]
    pub install: bool,
}

/// `refit review`.
#[derive(Debug, Args)]
#[command(after_help = exit::help(REVIEW_EXAMPLES, exit::REVIEW))]
pub struct ReviewArgs {
    #[command(flatten)]
    pub inputs: Inputs,
    #[command(flatten)]
    pub no_live: NoLive,
    #[command(flatten)]
    pub chart: ChartOptions,
    #[command(flatten)]
    pub pair: ChartPair,
    #[command(flatten)]
    pub steps: StepOptions,
    /// Save your decisions to this file, without asking for its name
    #[arg(long, value_name = "FILE", help_heading = "Steps and answers")]
    pub save_answers: Option<PathBuf>,
    #[command(flatten)]
    pub backup: BackupOption,
    #[command(flatten)]
    pub color: ColorOption,
    /// Show passwords and other secrets instead of ••••
    #[arg(long, help_heading = "Output")]
    pub show_secrets: bool,
}

/// Two versions of a chart of which refit does not know all.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Chart")]
pub struct ChartPair {
    /// To draft what refit does not know of the way between two versions of a chart: the version that the files are for,
    /// as a folder, an archive, or what helm finds by name
    #[arg(long, value_name = "CHART", requires = "new_chart")]
    pub old_chart: Option<String>,
    /// The version to go to
    #[arg(long, value_name = "CHART", requires = "old_chart")]
    pub new_chart: Option<String>,
}

/// What is upgraded.
#[derive(Debug, Args)]
pub struct Inputs {
    /// Values files, GitOps manifests, folders of them, or patterns in quotes [default: the releases of
    /// refit.yaml]; for `refit upgrade`, `-` reads standard input and prints the migrated values
    #[arg(value_name = "FILE|DIR")]
    pub files: Vec<PathBuf>,
    /// Read the names of files and folders from this file, or from standard input with `-`; those that are for no
    /// known chart are passed over, as in a folder
    #[arg(long, value_name = "FILE|-")]
    pub files_from: Option<PathBuf>,
    /// These names end with a zero byte, as `git ls-files -z` prints them
    #[arg(short = '0', long, requires = "files_from")]
    pub null: bool,
    /// Leave out what this pattern matches in folders, lists and patterns, as a line of .gitignore would
    /// (repeatable)
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
    /// A values file of one release, as `helm -f`: later ones win (repeatable)
    #[arg(
        short = 'f',
        long = "values",
        value_name = "FILE",
        conflicts_with_all = ["files", "files_from"]
    )]
    pub values: Vec<PathBuf>,
    /// A release and its values files in Helm's order; releases may share files. NAME alone: the release of
    /// that name in refit.yaml (repeatable)
    #[arg(
        long = "release",
        value_name = "NAME[@VERSION][=FILE,FILE]",
        value_parser = named_release,
        conflicts_with_all = ["files", "files_from", "values"]
    )]
    pub releases: Vec<NamedRelease>,
}

impl Inputs {
    /// True if values come from standard input.
    pub fn is_stdin(&self) -> bool {
        self.files.iter().any(|file| is_stdin(file))
    }
}

/// True if a name stands for standard input.
pub fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// A running release.
#[derive(Debug, Default, Args)]
pub struct LiveOptions {
    /// A running release: values, chart and version are read with helm; nothing in the cluster changes
    #[arg(long, value_name = "NAME", conflicts_with_all = ["files", "values", "releases"])]
    pub live: Option<String>,
    /// The namespace of the release [default: helm's own]
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
}

/// What a review cannot take, so that it can say why instead of not knowing the option.
#[derive(Debug, Args)]
pub struct NoLive {
    /// A running release has no file to write
    #[arg(long, value_name = "NAME", hide = true)]
    pub live: Option<String>,
    /// The namespace of the release
    #[arg(short, long, value_name = "NAMESPACE", hide = true, requires = "live")]
    pub namespace: Option<String>,
}

/// `--release NAME[@VERSION]=FILE,FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRelease {
    /// The name.
    pub name: String,
    /// The chart version that its values are for.
    pub version: Option<Version>,
    /// Its layers; none: those that `refit.yaml` names.
    pub layers: Vec<PathBuf>,
}

/// The chart and its versions.
#[derive(Debug, Args)]
#[command(next_help_heading = "Chart and versions")]
pub struct ChartOptions {
    /// The chart, if the files do not show it
    #[arg(long, value_name = "NAME")]
    pub chart: Option<String>,
    /// The chart version that the files were written for [default: the manifest's, or detected from the content]
    #[arg(long, value_name = "VERSION", value_parser = version)]
    pub from: Option<Version>,
    /// The chart version to go to, of one chart if it is named (repeatable)
    /// [default: the newest release that refit knows]
    #[arg(long, value_name = "[CHART=]VERSION", value_parser = target)]
    pub to: Vec<TargetVersion>,
    /// For a branch on which the chart version is raised already (by Renovate, say): take the old version from
    /// where this branch left REV (a branch, tag or commit of git), the new one from the files as they are
    #[arg(long, value_name = "REV", conflicts_with_all = ["from", "to", "values", "live", "keep_version"])]
    pub since: Option<String>,
    /// Do not raise the chart version in manifests
    #[arg(long)]
    pub keep_version: bool,
    /// A folder with a pack (what refit knows of a chart), used before the built-in ones (repeatable)
    #[arg(long = "pack", value_name = "DIR")]
    pub packs: Vec<PathBuf>,
}

/// Which steps, and what is answered. In a review these are proposals.
#[derive(Debug, Args)]
#[command(next_help_heading = "Steps and answers")]
pub struct StepOptions {
    /// Do only this step and those that it needs (repeatable)
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    /// Leave this step out, of one release if it is named (repeatable)
    #[arg(long, value_name = "[RELEASE:]ID")]
    pub skip: Vec<String>,
    /// Answer a question, of one release if it is named; ID.INPUT=VALUE fills in what an option needs
    /// (repeatable)
    #[arg(long = "answer", value_name = "[RELEASE:]ID=OPTION")]
    pub answers: Vec<String>,
    /// Read answers from a YAML file: `answers: {ID: {option: …}}`, as a review saves it (repeatable)
    #[arg(long = "answers", value_name = "FILE")]
    pub answer_files: Vec<PathBuf>,
}

/// `--jobs`.
#[derive(Debug, Default, Args)]
pub struct JobsOption {
    /// How many files to work on at a time [default: the number of cores]
    #[arg(short, long, value_name = "N", help_heading = "Output")]
    pub jobs: Option<NonZeroUsize>,
}

/// `--backup`.
#[derive(Debug, Args)]
pub struct BackupOption {
    /// Keep a copy of each old file beside it [default suffix: .bak]
    #[arg(long, value_name = "SUFFIX", num_args = 0..=1, require_equals = true, default_missing_value = "", help_heading = "Writing")]
    pub backup: Option<OsString>,
}

/// How an upgrade is shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputOptions {
    /// What to print on standard output [default: text; github for a --check in GitHub Actions]
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub output: Option<Format>,
    /// Show the whole difference, also of folders [default: a short form, none for folders]
    #[arg(long)]
    pub diff: bool,
    /// Also write a report; the name says the format: .json, .jsonl, .md, .html, .sarif or .patch (repeatable)
    #[arg(long = "report", value_name = "FILE", value_parser = report)]
    pub reports: Vec<ReportFile>,
    #[command(flatten)]
    pub color: ColorOption,
    /// Print only errors and open questions
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print everything: each notice, each reason, and what became of every setting
    #[arg(short, long)]
    pub verbose: bool,
    /// Show passwords and other secrets instead of ••••
    #[arg(long)]
    pub show_secrets: bool,
}

/// `--color`.
#[derive(Debug, Args)]
pub struct ColorOption {
    /// Colour
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = ColourChoice::Auto, help_heading = "Output")]
    pub color: ColourChoice,
}

/// Output formats. Their help stands with the option: one line each is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Patch,
    Json,
    Jsonl,
    Markdown,
    Html,
    Github,
    Gitlab,
    Sarif,
}

impl Format {
    /// True if it says everything, so that nothing is said beside it.
    pub fn is_whole(self) -> bool {
        !matches!(self, Self::Text | Self::Patch | Self::Github | Self::Gitlab)
    }
}

/// When to use colour; `auto` is on a terminal, unless `NO_COLOR` is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColourChoice {
    Auto,
    Always,
    Never,
}

/// Where packs come from.
#[derive(Debug, Args)]
pub struct PackOptions {
    /// A folder with a pack (what refit knows of a chart), used before the built-in ones (repeatable)
    #[arg(long = "pack", value_name = "DIR")]
    pub packs: Vec<PathBuf>,
    #[command(flatten)]
    pub color: ColorOption,
}

/// `refit explain`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  refit explain 0.11.0\n  refit explain one-image")]
pub struct ExplainArgs {
    /// A chart version, or the id of a step, as reports show it in brackets
    #[arg(value_name = "VERSION|STEP")]
    pub id: String,
    /// Look only in this chart
    #[arg(long, value_name = "NAME")]
    pub chart: Option<String>,
    #[command(flatten)]
    pub packs: PackOptions,
}

/// A release with its layers.
fn named_release(text: &str) -> Result<NamedRelease, String> {
    let form = "write NAME=FILE,FILE, with the layers in the order that helm gets them";
    let (name, layers) = match text.split_once('=') {
        Some((name, layers)) => (name, Some(layers)),
        None => (text, None),
    };
    let (name, version) = match name.split_once('@') {
        Some((name, text)) => (name, Some(version(text)?)),
        None => (name, None),
    };
    let layers: Vec<PathBuf> = layers
        .into_iter()
        .flat_map(|layers| layers.split(','))
        .map(PathBuf::from)
        .collect();
    if name.is_empty() || layers.iter().any(|layer| layer.as_os_str().is_empty()) {
        return Err(format!("a part of it is empty; {form}"));
    }
    if name.contains(':') {
        return Err("a name must not hold a `:`, which ends it in --answer".to_owned());
    }
    Ok(NamedRelease {
        name: name.to_owned(),
        version,
        layers,
    })
}

/// `--to [CHART=]VERSION`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetVersion {
    /// The chart that goes there; `None`: every one that is not named.
    pub chart: Option<String>,
    /// Where.
    pub version: Version,
}

fn target(text: &str) -> Result<TargetVersion, String> {
    let (chart, number) = match text.split_once('=') {
        Some(("", _)) => return Err("a chart's name stands before `=`".to_owned()),
        // `>=0.10.0` and `~=1` are ranges, and no chart's name has such a sign.
        Some((chart, number)) if !chart.contains(is_of_ranges) => (Some(chart.to_owned()), number),
        _ => (None, text),
    };
    let version = version(number)?;
    Ok(TargetVersion { chart, version })
}

/// True if a sign is one that only ranges of versions have.
fn is_of_ranges(sign: char) -> bool {
    "<>=^~*|, ".contains(sign)
}

/// A chart version. Nothing is rounded: `0.15` could be several.
pub(super) fn version(text: &str) -> Result<Version, String> {
    let number = text.strip_prefix('v').unwrap_or(text);
    Version::parse(number).map_err(|_| {
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let parts: Vec<_> = number.split('.').collect();
        if parts.len() == 2 && parts.iter().all(|part| digits(part)) {
            return format!("a chart version has three numbers; is it {number}.0?");
        }
        if ["latest", "newest", "stable"].contains(&number) {
            return "name a version; without --to, refit goes to the newest release that it knows"
                .to_owned();
        }
        if number.contains(is_of_ranges) || parts.contains(&"x") {
            return "a range is not a version; name one, such as 0.15.0".to_owned();
        }
        // The column CHART of `helm list` has the chart's name in front.
        match number
            .char_indices()
            .find(|(at, _)| Version::parse(&number[*at..]).is_ok())
        {
            Some((at, _)) => format!("give the version alone: {}", &number[at..]),
            None => "this is not a chart version such as 0.15.0".to_owned(),
        }
    })
}

/// A report to write beside the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// Where.
    pub path: PathBuf,
    /// In which form.
    pub format: Format,
}

fn report(name: &str) -> Result<ReportFile, String> {
    let path = PathBuf::from(name);
    let extension = path.extension().and_then(|extension| extension.to_str());
    let format = match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("json") => Format::Json,
        Some("jsonl") => Format::Jsonl,
        Some("md") => Format::Markdown,
        Some("html") => Format::Html,
        Some("sarif") => Format::Sarif,
        Some("patch") => Format::Patch,
        _ => {
            return Err(
                "the name must end in .json, .jsonl, .md, .html, .sarif or .patch".to_owned(),
            );
        }
    };
    Ok(ReportFile { path, format })
}

fn expectation(text: &str) -> Result<String, String> {
    if refit::digest::is_digest(text) {
        Ok(text.to_owned())
    } else {
        Err(
            "a digest looks like sha256:0123456789abcdef; copy it whole from the preview"
                .to_owned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn versions_are_taken_whole_or_not_at_all() {
        assert_eq!(version("0.15.0"), Ok(Version::new(0, 15, 0)));
        assert_eq!(version("v0.15.0"), Ok(Version::new(0, 15, 0)));
        for (text, hint) in [
            ("0.15", "is it 0.15.0?"),
            ("arroyo-0.10.3", "alone: 0.10.3"),
            ("latest", "name a version"),
            (">=0.10.0", "a range"),
            ("newest-one", "not a chart version"),
            ("", "not a chart version"),
        ] {
            assert!(version(text).unwrap_err().contains(hint), "{text}");
        }
    }
}
