//! `refit pack test`: the cases of a pack, and the probe of its keys.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use refit::{
    jobs::Jobs,
    trial::{Case, SettingCounts, Tested, Trial, VersionedCharts},
    write,
};
use semver::Version;

use super::{args::CheckOutput, exit::Exit, terminal::Terminal};

/// `refit pack test`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  refit pack test my-pack
  refit pack test my-pack --bless                   write what came out where a case expects something else
  refit pack test my-pack --chart 1.4.0=web-1.4.0.tgz --chart 2.0.0=./web

A case is a folder in cases/: old.yaml, expected.yaml, and case.yaml with from, to, answers, asks, tells and says.
The probe sets every key that an older version has, alone, and brings it to the newest version twice.")]
pub struct TestArgs {
    /// The folder that holds pack.yaml
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// Where the cases are [default: cases/ in DIR]
    #[arg(long, value_name = "DIR")]
    pub cases: Option<PathBuf>,
    /// Write what came out into the cases that expect something else: read it
    #[arg(long)]
    pub bless: bool,
    /// Leave the probe of every key out
    #[arg(long)]
    pub no_probe: bool,
    /// A version of the chart, a folder or an archive: keys.yaml is compared with its values, and what the settings
    /// of cases between two of them do with Helm (repeatable)
    #[arg(long = "chart", value_name = "VERSION=PATH", value_parser = chart)]
    pub charts: Vec<(Version, PathBuf)>,
    /// The version of Kubernetes that the charts see, for --chart
    #[arg(long, value_name = "VERSION", requires = "charts")]
    pub kube_version: Option<String>,
    /// An API version that the charts see beside those that Helm has, for --chart (repeatable)
    #[arg(long, value_name = "VERSION", requires = "charts")]
    pub api_versions: Vec<String>,
    /// How the failures are printed
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = CheckOutput::Text)]
    pub output: CheckOutput,
}

fn chart(text: &str) -> Result<(Version, PathBuf), String> {
    let Some((version, path)) = text.split_once('=') else {
        return Err("write VERSION=PATH, for example 2.0.0=./web".to_owned());
    };
    Ok((super::args::version(version)?, PathBuf::from(path)))
}

/// Tests a pack; the exit code is 1 if something failed.
///
/// # Errors
///
/// If the pack cannot be used, a case cannot be read, or Helm is asked for and cannot be run.
pub fn run(args: &TestArgs, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let trial = Trial::open(&args.folder)?;
    let jobs = Jobs::many();
    let folder = args.cases.clone();
    let folder = folder.unwrap_or_else(|| args.folder.join("cases"));
    let mut cases = Case::read_all(&folder)?;
    if args.bless {
        let blessed = trial.bless(&cases, &jobs);
        for blessed in &blessed {
            if let Some(above) = blessed.file.parent() {
                std::fs::create_dir_all(above).with_context(|| above.display().to_string())?;
            }
            write::put(&blessed.file, blessed.text.as_bytes())?;
            terminal.say(&format!(
                "written, to be read: {}\n",
                blessed.file.display()
            ));
        }
        cases = Case::read_all(&folder)?;
    }
    let mut tested = Tested {
        chart: trial.chart().to_owned(),
        cases: cases.len(),
        failures: trial.cases(&cases, &jobs),
        ..Tested::default()
    };
    if !args.no_probe {
        let probed = trial.probe(&jobs);
        tested.probes = probed.probes;
        tested.untyped = probed.untyped;
        tested.failures.extend(probed.failures);
    }
    if !args.charts.is_empty() {
        let at = tempfile::tempdir().context("no folder for charts")?;
        let charts = VersionedCharts::open(
            trial.chart(),
            &args.charts,
            (args.kube_version.as_deref(), &args.api_versions),
            at.path(),
        );
        let charts = charts.map_err(|message| anyhow::anyhow!(message))?;
        tested.compared = charts.count();
        tested.failures.extend(trial.keys(&charts)?);
        let rendered = trial.effects(&cases, &charts, &jobs);
        tested.rendered = rendered.count;
        tested.settings = rendered.settings;
        tested.failures.extend(rendered.failures);
    }
    let code = match tested.failures.is_empty() {
        true => Exit::Done,
        false => Exit::Differs,
    };
    if args.output == CheckOutput::Json {
        terminal.result(&(serde_json::to_string_pretty(&tested)? + "\n"));
        return Ok(code);
    }
    for failure in &tested.failures {
        terminal.result(&format!("{failure}\n"));
        for line in failure.difference.iter().flat_map(|text| text.lines()) {
            terminal.result(&format!("  {line}\n"));
        }
    }
    terminal.say(&summary(&tested));
    Ok(code)
}

fn summary(tested: &Tested) -> String {
    let count = |number: usize, one: &str| match number {
        1 => format!("1 {one}"),
        number => format!("{number} {one}s"),
    };
    let failed = match tested.failures.len() {
        0 => "nothing failed".to_owned(),
        number => format!("{number} failed"),
    };
    let mut text = format!(
        "{}: {}, {} probed, {failed}\n",
        tested.chart,
        count(tested.cases, "case"),
        count(tested.probes, "setting"),
    );
    if tested.untyped > 0 {
        text.push_str(&format!(
            "{} of them came to a question that needs a text which cannot be made up; a case should answer it\n",
            tested.untyped
        ));
    }
    if tested.compared > 0 {
        text.push_str(&format!(
            "keys.yaml compared with the values of {}\n",
            count(tested.compared, "chart")
        ));
    }
    if tested.rendered > 0 {
        text.push_str(&format!(
            "{} rendered with both charts\n{}\n",
            count(tested.rendered, "case"),
            of_settings(&tested.settings, count)
        ));
    }
    text
}

/// What became of the settings of cases, in a line; nothing is said of what there is none of.
fn of_settings(settings: &SettingCounts, count: impl Fn(usize, &str) -> String) -> String {
    let mut text = format!("{} kept", count(settings.kept, "setting"));
    for (number, what) in [
        (settings.explained, "explained by a step"),
        (settings.stated, "explained by the case"),
        (settings.unexplained, "unexplained"),
        (settings.without_effect, "without effect"),
        (settings.not_compared, "not compared"),
    ] {
        if number > 0 {
            text.push_str(&format!(", {number} {what}"));
        }
    }
    if settings.not_rendering > 0 {
        let cases = count(settings.not_rendering, "case");
        text.push_str(&format!("; {cases} not rendering"));
    }
    text
}
