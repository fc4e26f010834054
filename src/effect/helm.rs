//! The real `helm`, run as a program: nobody else decides what a chart makes of values.
//!
//! Which program runs is the user's choice: `HELM_BIN`, which Helm itself sets for its plugins, else the
//! `helm` on the search path. Everything else of the environment is passed on, so a namespace, a context
//! and registry credentials that Helm knows reach it; none of them is read here, and no command line
//! holds a credential. Only commands that read are known here: nothing can be changed in a cluster.
//!
//! Values go to Helm on standard input, never through a file that could be left behind.

use std::{
    ffi::{OsStr, OsString},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// A Helm program.
#[derive(Debug, Clone)]
pub struct Helm {
    program: OsString,
    /// Environment variables of its own, which tests use to keep a person's configuration out.
    env: Vec<(OsString, OsString)>,
    trace: bool,
}

/// The reasons for which Helm gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum HelmError {
    /// The program cannot be started.
    #[error("{program} cannot be run: {source}")]
    Start {
        /// The program.
        program: String,
        /// The reason.
        source: std::io::Error,
    },
    /// It ended with an error.
    #[error("`helm {command}` failed: {message}")]
    Failed {
        /// The subcommand, as in `get values`.
        command: String,
        /// Its message.
        message: String,
    },
    /// Its output is not the expected one.
    #[error("`helm {command}` printed what refit does not understand: {message}")]
    Answer {
        /// The subcommand.
        command: String,
        /// The error.
        message: String,
    },
    /// A folder for a chart that Helm fetches cannot be made or read.
    #[error("a chart cannot be kept: {0}")]
    Folder(#[from] std::io::Error),
}

/// Said where nothing can be rendered.
pub const NOT_HERE: &str = "Helm is not here";
/// What to do then.
pub const GET_HELM: &str = "install helm, or name the program in HELM_BIN";

/// What to do about a message that something helps with: Helm is not here, or a chart refuses the version of
/// Kubernetes which it is rendered for.
#[must_use]
pub fn next_step(message: &str) -> Option<&'static str> {
    if message == NOT_HERE {
        return Some(GET_HELM);
    }
    message
        .contains("requires kubeVersion")
        .then_some("name the Kubernetes version of the cluster with --kube-version VERSION")
}

impl Helm {
    /// The Helm that the environment names: `HELM_BIN`, else `helm`. With `HELM_DEBUG` set, each command
    /// is shown on standard error as it runs.
    #[must_use]
    pub fn from_env() -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let debug = set("HELM_DEBUG").is_some_and(|value| value != "0" && value != "false");
        Self {
            trace: debug,
            ..Self::new(set("HELM_BIN").unwrap_or_else(|| "helm".into()))
        }
    }

    /// A particular program.
    #[must_use]
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            env: Vec::new(),
            trace: false,
        }
    }

    /// The same with an environment variable of its own.
    #[must_use]
    pub fn with_env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// True if commands are to be shown as they run. The library itself prints nothing.
    #[must_use]
    pub fn is_traced(&self) -> bool {
        self.trace
    }

    /// Its version, as in `v3.22.0`.
    ///
    /// # Errors
    ///
    /// If it cannot be run, or names no version: it is another program.
    pub fn version(&self) -> Result<String, HelmError> {
        let text = self.text(&["version", "--template", "{{.Version}}"])?;
        match text.trim() {
            "" => Err(HelmError::Answer {
                command: "version".to_owned(),
                message: "nothing; is it Helm?".to_owned(),
            }),
            version => Ok(version.to_owned()),
        }
    }

    /// The output of a command that reads.
    ///
    /// # Errors
    ///
    /// If it cannot be run, fails, or its output is no text.
    pub fn text<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<String, HelmError> {
        self.run(args, None)
    }

    /// The same, with a text on its standard input.
    pub(super) fn run<S: AsRef<OsStr>>(
        &self,
        args: &[S],
        input: Option<&str>,
    ) -> Result<String, HelmError> {
        let output = self
            .output(args, input)
            .map_err(|source| HelmError::Start {
                program: self.program.to_string_lossy().into_owned(),
                source,
            })?;
        let command = || subcommand(args);
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr);
            return Err(HelmError::Failed {
                command: command(),
                message: message_of(&message),
            });
        }
        String::from_utf8(output.stdout).map_err(|error| HelmError::Answer {
            command: command(),
            message: error.to_string(),
        })
    }

    fn output<S: AsRef<OsStr>>(&self, args: &[S], input: Option<&str>) -> std::io::Result<Output> {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            // It runs for a moment; collecting garbage costs more than the garbage.
            .env("GOGC", "400")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            // Its debug lines would stand among what it renders.
            .env_remove("HELM_DEBUG")
            .stdin(if input.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let Some(input) = input else {
            return child.wait_with_output();
        };
        let mut stdin = child.stdin.take();
        std::thread::scope(|scope| {
            // Written beside reading: a pipe holds less than values may be long. If Helm ends without
            // reading them, what it says tells more than the broken pipe.
            scope.spawn(move || {
                if let Some(stdin) = &mut stdin {
                    let _ = stdin.write_all(input.as_bytes());
                }
                drop(stdin);
            });
            child.wait_with_output()
        })
    }

    /// Fetches a chart that is named by a reference (`repo/chart`, `oci://…`, or a name with the URL of
    /// its repository) into a folder; the archive.
    ///
    /// # Errors
    ///
    /// If Helm cannot resolve it.
    pub fn pull(
        &self,
        reference: &str,
        repository: Option<&str>,
        version: Option<&str>,
        folder: &Path,
    ) -> Result<PathBuf, HelmError> {
        let mut args: Vec<OsString> = vec!["pull".into(), reference.into(), "--destination".into()];
        args.push(folder.into());
        for (flag, value) in [("--repo", repository), ("--version", version)] {
            if let Some(value) = value {
                args.push(flag.into());
                args.push(value.into());
            }
        }
        self.text(&args)?;
        let archive = std::fs::read_dir(folder)?
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|extension| extension == "tgz"));
        archive.ok_or_else(|| HelmError::Answer {
            command: "pull".to_owned(),
            message: "it left no archive".to_owned(),
        })
    }
}

/// The words of a command before its arguments.
fn subcommand<S: AsRef<OsStr>>(args: &[S]) -> String {
    let words = args.iter().map(|arg| arg.as_ref().to_string_lossy());
    let count = if args.first().is_some_and(|arg| arg.as_ref() == "get") {
        2
    } else {
        1
    };
    words.take(count).collect::<Vec<_>>().join(" ")
}

/// The message of Helm, without its own prefix and hints.
fn message_of(stderr: &str) -> String {
    let lines = stderr.lines().map(str::trim_end).filter(|line| {
        !line.is_empty()
            && !line.starts_with("Use --debug flag")
            && !line.starts_with("WARNING:")
            && !line.starts_with("level=")
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let text = text.strip_prefix("Error: ").unwrap_or(&text);
    if text.is_empty() {
        "it does not say why".to_owned()
    } else {
        text.to_owned()
    }
}
