//! What the same edits cost with other tools: a Python script on ruamel.yaml, and mikefarah's yq.
//!
//! Both are told exactly what to do with one shape of file, the plain values files of this tree: they fold
//! two images into one, and drop what the new chart no longer has. That their results mean the same as
//! refit's is checked. They do not find out which files are meant, which chart or version they are for,
//! whether a person must be asked, or whether the result is right; they read no manifests, show no
//! difference and sync nothing to the disk. So they do less than refit does.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};

/// The same edits in Python.
const SCRIPT: &str = r#"
import sys
from ruamel.yaml import YAML

yaml = YAML()
yaml.preserve_quotes = True
yaml.width = 4096
yaml.indent(mapping=2, sequence=4, offset=2)
for name in open(sys.argv[1]).read().splitlines():
    with open(name) as file:
        values = yaml.load(file)
    controller, worker = values["controller"], values["worker"]
    values["image"] = {"repository": controller["image"]["repository"]}
    del controller["image"], worker["image"], values["prometheus"]
    with open(name, "w") as file:
        yaml.dump(values, file)
"#;

/// And in yq's own language.
const EXPRESSION: &str = ".image.repository = .controller.image.repository | del(.controller.image, .worker.image, .prometheus)";

const RUAMEL: &str = "ruamel.yaml==0.18.15";
const YQ: &str = "github.com/mikefarah/yq/v4@latest";

/// A way to do the edits.
pub struct Rival {
    /// What it is, with its version.
    pub name: String,
    kind: Kind,
}

enum Kind {
    /// Python, and where the library is.
    Ruamel(PathBuf),
    /// The program.
    Yq(PathBuf),
}

/// The rivals that are here or can be had, and why others cannot.
pub fn rivals(cache: &Path) -> (Vec<Rival>, Vec<String>) {
    let (mut here, mut not) = (Vec::new(), Vec::new());
    for (name, found) in [("ruamel.yaml", ruamel(cache)), ("yq", yq(cache))] {
        match found {
            Ok(rival) => here.push(rival),
            Err(error) => not.push(format!("{name} is not to be had here: {error:#}")),
        }
    }
    (here, not)
}

fn ruamel(cache: &Path) -> Result<Rival> {
    let folder = cache.join("ruamel");
    if !folder.is_dir() {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--target"])
            .arg(&folder)
            .arg(RUAMEL);
        done(&mut pip)?;
    }
    Ok(Rival {
        name: format!("Python, {RUAMEL}, one process for all files"),
        kind: Kind::Ruamel(folder),
    })
}

fn yq(cache: &Path) -> Result<Rival> {
    let folder = cache.join("yq");
    let program = folder.join(format!("yq{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        let mut go = Command::new("go");
        go.args(["install", YQ]).env("GOBIN", &folder);
        done(&mut go)?;
    }
    let version = Command::new(&program).arg("--version").output()?;
    let version = String::from_utf8_lossy(&version.stdout);
    let version = version.trim().rsplit(' ').next().unwrap_or_default();
    Ok(Rival {
        name: format!("yq {version}, one process for each file"),
        kind: Kind::Yq(program),
    })
}

impl Rival {
    /// Edits the files in place; the seconds that it took.
    pub fn edit(&self, files: &[PathBuf], list: &Path) -> Result<f64> {
        let names: Vec<String> = files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        std::fs::write(list, names.join("\n"))?;
        let start = Instant::now();
        match &self.kind {
            Kind::Ruamel(library) => {
                let mut python = Command::new("python3");
                python.args(["-c", SCRIPT]).arg(list);
                done(python.env("PYTHONPATH", library))?;
            }
            Kind::Yq(program) => {
                for file in files {
                    done(Command::new(program).args(["-i", EXPRESSION]).arg(file))?;
                }
            }
        }
        Ok(start.elapsed().as_secs_f64())
    }
}

fn done(command: &mut Command) -> Result<()> {
    let name = format!("{:?}", command.get_program());
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .with_context(|| format!("{name} cannot be run"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().last().unwrap_or_default();
    ensure!(output.status.success(), "{name}: {last}");
    Ok(())
}
