//! What is measured from outside: instructions, time and memory of whole processes.
//!
//! Instructions are counted by valgrind and repeat to a few parts in a thousand, whatever else the
//! machine does. Times are the least or the middle of many runs, and no aim hangs on a single one.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, bail, ensure};

/// Where what this program makes is kept.
pub fn workshop() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pipeline");
    std::fs::create_dir_all(&folder).expect("Cargo's folder for temporary files can be written");
    folder
}

/// The refit that Cargo built for this run.
pub const REFIT: &str = env!("CARGO_BIN_EXE_refit");

/// Counts instructions.
pub struct Counter {
    /// Where valgrind's profiles are kept, for `callgrind_annotate`.
    profiles: Option<PathBuf>,
}

impl Counter {
    /// A counter, if valgrind is here.
    pub fn new(profiles: Option<PathBuf>) -> Option<Self> {
        let mut valgrind = Command::new("valgrind");
        let found = valgrind.arg("--version").stdout(Stdio::null()).status();
        found
            .is_ok_and(|status| status.success())
            .then_some(Self { profiles })
    }

    /// The instructions of a process from start to end. `label` names its profile.
    pub fn count(&self, label: &str, command: &[&OsStr]) -> Result<f64> {
        let log = workshop().join("valgrind.log");
        let profile = match &self.profiles {
            Some(folder) => folder.join(format!("{label}.callgrind")),
            None => PathBuf::from("/dev/null"),
        };
        let status = Command::new("valgrind")
            .arg("--tool=callgrind")
            .arg(joined("--callgrind-out-file=", &profile))
            .arg(joined("--log-file=", &log))
            .args(command)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        ensure!(status.code().is_some(), "valgrind was stopped at {label}");
        let log = std::fs::read_to_string(&log)?;
        let count = log.lines().find_map(|line| line.split_once("Collected : "));
        let (_, count) = count.with_context(|| format!("valgrind counted nothing:\n{log}"))?;
        Ok(count.trim().parse()?)
    }
}

fn joined(option: &str, path: &Path) -> std::ffi::OsString {
    let mut whole = std::ffi::OsString::from(option);
    whole.push(path);
    whole
}

/// Runs a process to its end, its output thrown away; seconds. `code` is the exit code that it must have.
pub fn time(command: &[&OsStr], code: i32) -> Result<f64> {
    let start = Instant::now();
    let status = Command::new(command[0])
        .args(&command[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    let time = start.elapsed().as_secs_f64();
    ensure!(
        status.code() == Some(code),
        "{command:?} ended with {status}"
    );
    Ok(time)
}

/// The most memory that a process held at once, in bytes.
///
/// The kernel counts what a process held before it became another program, too, so a small process of
/// its own has to start it: this program, by [`print_peak`].
pub fn peak(command: &[&OsStr]) -> Result<f64> {
    let output = Command::new(std::env::current_exe()?)
        .arg("--peak")
        .args(command)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim()
        .parse()
        .with_context(|| format!("no memory was measured: {output:?}"))
}

/// Runs a program and prints the most memory that it held.
#[cfg(unix)]
pub fn print_peak(command: &[std::ffi::OsString]) -> Result<()> {
    use nix::sys::resource::{UsageWho, getrusage};

    let [program, arguments @ ..] = command else {
        bail!("--peak needs a program");
    };
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    // The unit is KiB, but bytes on macOS.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1_024 };
    println!("{}", getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss() * unit);
    Ok(())
}

/// Runs a program and prints the most memory that it held.
#[cfg(not(unix))]
pub fn print_peak(_: &[std::ffi::OsString]) -> Result<()> {
    bail!("memory is measured on Unix only")
}

/// A program that reads a file and prints it, and does nothing else: no tool that reads files starts faster.
pub fn smallest_program() -> Result<PathBuf> {
    const SOURCE: &str = r#"
        use std::io::Write as _;

        fn main() {
            let file = std::env::args_os().nth(1).expect("a file");
            let bytes = std::fs::read(file).expect("it can be read");
            std::io::stdout().write_all(&bytes).expect("it can be printed");
        }
    "#;
    let source = workshop().join("smallest.rs");
    let program = workshop().join(format!("smallest{}", std::env::consts::EXE_SUFFIX));
    std::fs::write(&source, SOURCE)?;
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let status = Command::new(rustc)
        .args(["--edition=2024", "-Copt-level=3", "-o"])
        .args([&program, &source])
        .status()
        .context("rustc cannot be run")?;
    ensure!(status.success(), "rustc did not build the smallest program");
    Ok(program)
}
