//! What the arguments of `refit upgrade` mean together. This is the one place where they are judged:
//! behind it there are no flags, only what is to be done.

use std::{
    ffi::{OsStr, OsString},
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use refit::{
    load::Input,
    migrate::Answers,
    plan::Selection,
    report::{Detail, command::Given},
    upgrade::Request,
};

use super::{
    answers,
    args::{Format, Report, UpgradeArgs},
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
    /// What to write about it beside the output.
    pub reports: Vec<Report>,
    /// How much to say.
    pub detail: Detail,
    /// Whether secrets are shown everywhere.
    pub show_secrets: bool,
    /// Whether losing settings was accepted.
    pub force: bool,
    /// What a command for a second run has to repeat.
    pub given: Given,
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
    /// Judges the arguments, and reads what they name besides the values: answers and standard input.
    ///
    /// # Errors
    ///
    /// If they contradict each other, or an answer cannot be used. These are errors of usage.
    pub fn new(args: UpgradeArgs) -> anyhow::Result<Self> {
        let UpgradeArgs {
            files,
            values,
            chart,
            from,
            to,
            packs,
            only,
            skip,
            force,
            ..
        } = args;
        let stdin = files.iter().any(|file| file.as_os_str() == "-");
        if stdin && files.len() > 1 {
            bail!("`-` stands alone: standard output can hold the values of one release only");
        }
        if stdin && args.write {
            bail!(
                "standard input cannot be written to; without --write, `-` prints the migrated values"
            );
        }
        if stdin && args.output.output == Format::Patch {
            bail!("there is no file that a patch for standard input could apply to");
        }
        if let Some(id) = only.iter().find(|id| skip.contains(id)) {
            bail!("`{id}` is named by both --only and --skip");
        }
        let backup = args.backup;
        if backup.as_deref().is_some_and(has_separator) {
            bail!("a backup stands beside its file: the suffix must not hold a `/`");
        }
        let mut given_answers = Answers::new();
        let mut skip_known = Vec::new();
        for file in &args.answer_files {
            let read = answers::read_file(file)?;
            given_answers.extend(read.answers);
            skip_known.extend(read.skip);
        }
        answers::add_flags(&mut given_answers, &args.answers)?;

        let given = Given {
            chart: chart.clone(),
            packs: strings(&packs),
            only: only.clone(),
            skip: skip.clone(),
            answer_files: strings(&args.answer_files),
            answers: args.answers,
            accept_recommended: args.accept_recommended,
            backup: backup
                .as_ref()
                .map(|suffix| suffix.to_string_lossy().into_owned()),
        };
        let mode = match (stdin, args.check, args.write) {
            (true, check, _) => Mode::Filter { check },
            (_, true, _) => Mode::Check,
            (_, _, true) => Mode::Write {
                backup: backup.map(|s| if s.is_empty() { BACKUP.into() } else { s }),
                expect: args.expect,
            },
            _ => Mode::Preview,
        };
        if values.iter().any(|file| file.as_os_str() == "-") {
            bail!("`-` is no layer: name the files of a release with -f");
        }
        let releases = match (stdin, values.is_empty()) {
            (true, _) => vec![vec![read_stdin()?]],
            (_, true) => distinct(files)
                .into_iter()
                .map(|input| vec![input])
                .collect(),
            (_, false) => {
                let layers = distinct(values.clone());
                if layers.len() != values.len() {
                    bail!(
                        "a file is named twice by -f; Helm reads it twice, but it can be edited once only"
                    );
                }
                vec![layers]
            }
        };
        let request = Request {
            releases,
            chart,
            pack_dirs: packs,
            from,
            to,
            selection: Selection {
                only,
                skip,
                skip_known,
            },
            answers: given_answers,
            accept_recommended: args.accept_recommended,
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
        let (format, show_secrets) = (output.output, output.show_secrets);
        Ok(Self {
            request,
            mode,
            format,
            reports: output.reports,
            detail,
            show_secrets,
            force,
            given,
        })
    }
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
            ("", "required"),
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
            job.request.releases.len(),
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
                .releases
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
