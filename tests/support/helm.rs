//! The real Helm, majors 3 and 4, as the judge of what values mean.
//!
//! Found in this order: `REFIT_HELM3` / `REFIT_HELM4`; the repository's own cache,
//! `.cache/helm/<version>/helm`; built into that cache with the ordinary Go client. The versions
//! are pinned here and nowhere else. A `helm` on the search path is not taken: its version would
//! be anyone's guess, and these tests state what particular versions do.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use super::{Lock, cache, not_run};

/// The pinned Helm 3.
const HELM3: Pin = Pin {
    version: "v3.22.0",
    package: "helm.sh/helm/v3/cmd/helm",
    variable: "REFIT_HELM3",
    prefix: "v3.",
};

/// The pinned Helm 4.
const HELM4: Pin = Pin {
    version: "v4.3.1",
    package: "helm.sh/helm/v4/cmd/helm",
    variable: "REFIT_HELM4",
    prefix: "v4.",
};

struct Pin {
    version: &'static str,
    package: &'static str,
    variable: &'static str,
    prefix: &'static str,
}

/// A major version of Helm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Major {
    /// Helm 3.
    Three,
    /// Helm 4.
    Four,
}

/// A Helm program that runs.
#[derive(Debug)]
pub struct Helm {
    /// Which major it is; checked by asking it.
    pub major: Major,
    /// What it calls its version, as in `v3.22`.
    pub version: String,
    program: PathBuf,
}

/// Helm of this major; `None` if it is not here and cannot be built, which standard error says
/// for each test that asks.
///
/// # Panics
///
/// With `CI` set, in place of `None`; everywhere, if `REFIT_HELM3` or `REFIT_HELM4` names
/// something that is not that Helm.
pub fn helm(major: Major) -> Option<&'static Helm> {
    static THREE: OnceLock<Result<Helm, String>> = OnceLock::new();
    static FOUR: OnceLock<Result<Helm, String>> = OnceLock::new();
    let found = match major {
        Major::Three => THREE.get_or_init(|| find(major)),
        Major::Four => FOUR.get_or_init(|| find(major)),
    };
    match found {
        Ok(helm) => Some(helm),
        Err(reason) => {
            not_run(&format!("Helm {}", pin(major).version), reason);
            None
        }
    }
}

/// refit in a folder, with a Helm that knows no configuration and no cluster of the person who runs the tests.
pub fn refit(helm: &Path, home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_refit"));
    command
        .current_dir(home)
        .env("HELM_BIN", helm)
        .env("HELM_CONFIG_HOME", home.join("config"))
        .env("HELM_CACHE_HOME", home.join("cache"))
        .env("HELM_DATA_HOME", home.join("data"))
        .env("KUBECONFIG", home.join("no-cluster"))
        .env_remove("HELM_NAMESPACE")
        .env_remove("HELM_KUBECONTEXT")
        .env_remove("HELM_DEBUG");
    command
}

/// Both majors, or as many as there are.
pub fn each() -> impl Iterator<Item = &'static Helm> {
    [Major::Three, Major::Four].into_iter().filter_map(helm)
}

/// What `.Values` is in a chart without defaults when it is given these values files, left to
/// right as Helm's `-f` takes them. Numbers are as exact as `serde_json` keeps them; see
/// [`Helm::values_json`] for the text.
///
/// The error is what Helm says.
pub fn values_as_helm_reads(helm: &Helm, files: &[&Path]) -> Result<serde_json::Value, String> {
    let json = helm.values_json("", files)?;
    serde_json::from_str(&json).map_err(|error| format!("{error} in {json}"))
}

impl Helm {
    /// This Helm for the check of effects, without the configuration of the person who runs the tests.
    pub fn effects(&self, home: &Path) -> refit::effect::helm::Helm {
        let mut helm = refit::effect::helm::Helm::new(&self.program);
        for (name, folder) in [
            ("HELM_CONFIG_HOME", "config"),
            ("HELM_CACHE_HOME", "cache"),
            ("HELM_DATA_HOME", "data"),
            ("HELM_PLUGINS", "plugins"),
            ("KUBECONFIG", "no-cluster"),
        ] {
            helm = helm.with_env(name, home.join(folder));
        }
        helm
    }

    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// A command of this Helm that knows no configuration, no plugins and no cluster of the
    /// person who runs the tests.
    pub fn command(&self, home: &Path) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("HELM_") {
                command.env_remove(name);
            }
        }
        command
            .env("HELM_CONFIG_HOME", home.join("config"))
            .env("HELM_CACHE_HOME", home.join("cache"))
            .env("HELM_DATA_HOME", home.join("data"))
            .env("HELM_PLUGINS", home.join("plugins"))
            .env("KUBECONFIG", home.join("no-cluster"));
        command
    }

    /// The JSON text of `.Values` in a chart whose `values.yaml` is `defaults`, given these
    /// values files. Go's own JSON: keys sorted, `<`, `>` and `&` as escapes.
    ///
    /// The error is what Helm says.
    pub fn values_json(&self, defaults: &str, files: &[&Path]) -> Result<String, String> {
        let chart = Chart::new("values: {{ .Values | toJson | toJson }}\n")?;
        chart.write("values.yaml", defaults)?;
        self.render(&chart, files)
    }

    /// What Helm's reader makes of each of many documents, in one process: thousands take seconds.
    ///
    /// It is the function `fromYaml` that reads them here: the same library and the same target
    /// type as for `-f`, and of several documents in one text the first, in both majors. A byte
    /// order mark is taken off before. An inner error is what the reader says.
    pub fn read_each<'a>(
        &self,
        documents: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<Result<serde_json::Value, String>>, String> {
        let chart = Chart::new(
            "{{- $read := list -}}\n\
             {{- range $number := until (int .Values.count) -}}\n\
             {{- $text := $.Files.Get (printf \"documents/%d.yaml\" $number) -}}\n\
             {{- $read = append $read (fromYaml $text) -}}\n\
             {{- end -}}\n\
             values: {{ $read | toJson | toJson }}\n",
        )?;
        let mut count = 0;
        for document in documents {
            chart.write(&format!("documents/{count}.yaml"), document)?;
            count += 1;
        }
        chart.write("values.yaml", &format!("count: {count}\n"))?;
        let json = self.render(&chart, &[])?;
        let read: Vec<serde_json::Value> =
            serde_json::from_str(&json).map_err(|error| format!("{error} in {json}"))?;
        assert_eq!(read.len(), count, "one answer for each document");
        // `fromYaml` puts an error under this key, in a map of its own.
        let answer = |value: serde_json::Value| match value.get("Error") {
            Some(serde_json::Value::String(error)) if error.starts_with("error ") => {
                Err(error.clone())
            }
            _ => Ok(value),
        };
        Ok(read.into_iter().map(answer).collect())
    }

    fn render(&self, chart: &Chart, files: &[&Path]) -> Result<String, String> {
        let mut command = self.command(chart.0.path());
        command.args(["template", "probe"]).arg(chart.0.path());
        for file in files {
            command.arg("-f").arg(file);
        }
        let rendered = run(&mut command)?;
        let line = rendered
            .lines()
            .find_map(|line| line.strip_prefix("values: "))
            .ok_or_else(|| format!("no values in what Helm rendered: {rendered}"))?;
        serde_json::from_str(line).map_err(|error| format!("{error} in {line}"))
    }
}

/// A chart in a folder of its own, which goes when this is dropped.
struct Chart(tempfile::TempDir);

impl Chart {
    /// A chart with this one template, which has to print the line `values: "<JSON text>"`: the JSON
    /// encoded a second time, so that the manifest is one key with a string whatever the values
    /// hold. Helm looks for `kind` and `metadata` in what it renders.
    fn new(template: &str) -> Result<Chart, String> {
        let chart = Chart(tempfile::tempdir().map_err(|error| error.to_string())?);
        chart.write(
            "Chart.yaml",
            "apiVersion: v2\nname: probe\nversion: 0.1.0\n",
        )?;
        chart.write("templates/values.yaml", template)?;
        Ok(chart)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a path in the chart"))
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|error| format!("{}: {error}", path.display()))
    }
}

fn pin(major: Major) -> &'static Pin {
    match major {
        Major::Three => &HELM3,
        Major::Four => &HELM4,
    }
}

fn find(major: Major) -> Result<Helm, String> {
    let pin = pin(major);
    if let Some(program) = std::env::var_os(pin.variable).filter(|value| !value.is_empty()) {
        match open(major, pin, PathBuf::from(&program)) {
            Ok(helm) => return Ok(helm),
            Err(reason) => panic!("{}={}: {reason}", pin.variable, program.display()),
        }
    }
    let folder = cache().join("helm").join(pin.version);
    let program = folder.join(format!("helm{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        let _lock = Lock::wait(&cache().join("helm").join(format!("{}.lock", pin.version)))
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        if !program.is_file() {
            build(pin, &program)?;
        }
    }
    open(major, pin, program)
}

/// Asks the program for its version; something else than this major is an error.
fn open(major: Major, pin: &Pin, program: PathBuf) -> Result<Helm, String> {
    let mut command = Command::new(&program);
    command.args(["version", "--template", "{{.Version}}"]);
    let version = run(&mut command)?.trim().to_owned();
    if !version.starts_with(pin.prefix) {
        return Err(format!("says it is {version}, wanted {}", pin.version));
    }
    Ok(Helm {
        major,
        version,
        program,
    })
}

/// Builds the pinned version beside its place and moves it there whole.
fn build(pin: &Pin, program: &Path) -> Result<(), String> {
    let unavailable = |reason: &dyn std::fmt::Display| {
        format!(
            "{reason}. With Go installed the tests build it once into .cache/helm; or set {} to \
             a Helm program",
            pin.variable,
        )
    };
    let folder = program.parent().expect("the program lies in a folder");
    std::fs::create_dir_all(folder).map_err(|error| unavailable(&error))?;
    let building = tempfile::tempdir_in(folder).map_err(|error| unavailable(&error))?;
    let mut go = Command::new("go");
    go.args(["install", "-ldflags=-s -w"])
        .arg(format!("{}@{}", pin.package, pin.version))
        .env("GOBIN", building.path())
        .env("GOWORK", "off")
        .env_remove("GOOS")
        .env_remove("GOARCH")
        .current_dir(building.path());
    run(&mut go).map_err(|error| unavailable(&error))?;
    let name = program.file_name().expect("the program has a name");
    std::fs::rename(building.path().join(name), program).map_err(|error| unavailable(&error))
}

/// Runs a command to its end; the error is its last words.
fn run(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_owned();
    let output: Output = command
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", shown(&program)))?;
    if output.status.success() {
        return String::from_utf8(output.stdout).map_err(|error| error.to_string());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.trim().lines().collect();
    let mut words = format!("{} ended with {}", shown(&program), output.status);
    for line in &lines[lines.len().saturating_sub(8)..] {
        let _ = write!(words, "\n{line}");
    }
    Err(words)
}

fn shown(program: &OsStr) -> std::path::Display<'_> {
    Path::new(program).display()
}

/// A helm that speaks plain HTTP when it pulls, as a registry on the loopback interface does: refit leaves that to
/// whoever names the program.
#[cfg(unix)]
pub fn plain(helm: &Path, home: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;

    let script = home.join("helm");
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = pull ]; then set -- \"$@\" --plain-http; fi\nexec '{}' \"$@\"\n",
        helm.display()
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    script
}
