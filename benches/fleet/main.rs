//! `cargo bench --bench fleet`: what a repository of 10,000 files costs, against what cannot be avoided and
//! against other tools. All of it in one run, one after the other, on the same machine and disk.
//!
//!     cargo bench --bench fleet              10,000 files
//!     cargo bench --bench fleet -- 1000      so many
//!
//! Times differ from machine to machine, and no test looks at them. The exit code is 2 if something cannot
//! be measured; a tool that is not to be had is said and left out.

mod rivals;
mod tree;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use refit::{
    jobs::{Jobs, Work},
    upgrade::{Request, upgrade_with},
    walk::{self, Limits, NamedPath},
    write::{self, FileReplacement, WriteOptions},
};
use similar::{ChangeTag, TextDiff};

const REFIT: &str = env!("CARGO_BIN_EXE_refit");

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if !args.iter().any(|arg| arg == "--bench") {
        println!("nothing is measured in a build for tests; run `cargo bench --bench fleet`");
        return ExitCode::SUCCESS;
    }
    let files = args.iter().find_map(|arg| arg.parse().ok());
    match run(files.unwrap_or(10_000)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(files: usize) -> Result<()> {
    let shop = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fleet");
    if shop.exists() {
        fs::remove_dir_all(&shop)?;
    }
    let root = shop.join("tree");
    let (count, bytes) = tree::make(&root, files)?;
    println!(
        "{count} files, {:.1} MB, {} cores\n",
        bytes as f64 / 1e6,
        Jobs::cores()
    );
    whole(&shop, &root, count)?;
    plain(&shop, files / 5)
}

fn show(name: &str, seconds: f64, files: usize, base: Option<f64>) {
    let ratio = base.map_or_else(String::new, |base| format!("{:>9.1} x", seconds / base));
    println!(
        "  {name:<58} {seconds:>8.2} s {:>8.0} files/s {ratio}",
        files as f64 / seconds
    );
}

/// The whole tree: looked through, previewed and written.
fn whole(shop: &Path, root: &Path, count: usize) -> Result<()> {
    // What refit will write is worked out beforehand, to read and write the same without it.
    let named = [NamedPath::Argument(root.to_owned())];
    let request = Request {
        found: walk::find(&named, Limits::default()).files,
        ..Request::default()
    };
    let outcome = upgrade_with(&request, &Jobs::new(Jobs::cores(), &Silent));
    let changed = outcome.files().iter().filter(|file| file.changed).count();
    println!("The tree, {changed} files of it change:");
    let start = Instant::now();
    let found = walk::find(&named, Limits::default()).files;
    for file in &found {
        std::hint::black_box(fs::read(&file.path)?);
    }
    let read = start.elapsed().as_secs_f64();
    show("reading every file, nothing else", read, count, None);
    for jobs in ["1", "2", "8"] {
        let seconds = refit(root, &["-j", jobs], &[0, 2])?;
        show(
            &format!("refit upgrade -j {jobs} (preview)"),
            seconds,
            count,
            Some(read),
        );
    }
    let copy = shop.join("copy");
    tree::make(&copy, count)?;
    let start = Instant::now();
    for file in walk::find(&[NamedPath::Argument(copy.clone())], Limits::default()).files {
        std::hint::black_box(fs::read(&file.path)?);
    }
    for unit in outcome.units().iter().filter(|unit| !unit.is_open()) {
        let files = unit.files();
        let paths: Vec<PathBuf> = files
            .iter()
            .filter_map(|file| Some(copy.join(file.path.as_ref()?.strip_prefix(root).ok()?)))
            .collect();
        let replacements: Vec<FileReplacement<'_>> = files
            .iter()
            .zip(&paths)
            .map(|(file, path)| FileReplacement {
                path,
                before: file.before.as_bytes(),
                after: file.after.as_bytes(),
            })
            .collect();
        write::write(&replacements, &WriteOptions::default())?;
    }
    let bare = start.elapsed().as_secs_f64();
    show(
        "reading all, writing the same bytes with the same syncs",
        bare,
        count,
        None,
    );
    let seconds = refit(root, &["--write"], &[0, 2, 3])?;
    show("refit upgrade --write", seconds, count, Some(bare));
    let again = refit(root, &["--write"], &[0, 2, 3])?;
    show("the same again: nothing to do", again, count, None);
    Ok(())
}

/// Plain values files only, named to each tool; all of one shape and without a question, so that each tool
/// can edit them all.
fn plain(shop: &Path, count: usize) -> Result<()> {
    let cache = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".cache/fleet");
    fs::create_dir_all(&cache)?;
    let (rivals, missing) = rivals::rivals(&cache);
    println!("\n{count} plain values files, each named; edited in place:");
    let old: Vec<String> = (0..count).map(|number| tree::values(number * 50)).collect();
    let folder = shop.join("plain");
    fs::create_dir_all(&folder)?;
    let files: Vec<PathBuf> = (0..count)
        .map(|number| folder.join(format!("{number:05}.yaml")))
        .collect();
    let list = shop.join("list");
    let names: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    fs::write(&list, names.join("\n"))?;
    let fresh = || -> Result<()> {
        let mut texts = files.iter().zip(&old);
        Ok(texts.try_for_each(|(file, text)| fs::write(file, text))?)
    };
    let read = || -> Result<Vec<String>> {
        let texts = files.iter().map(fs::read_to_string);
        Ok(texts.collect::<Result<_, _>>()?)
    };

    let mut base = None;
    let mut new = Vec::new();
    for jobs in [1, Jobs::cores().get()] {
        fresh()?;
        let mut command = Command::new(REFIT);
        command
            .args([
                "upgrade", "--chart", "arroyo", "--from", "0.10.3", "--write",
            ])
            .args(["-j", &jobs.to_string(), "--files-from"])
            .arg(&list);
        let seconds = timed(command, &[0])?;
        show(
            &format!("refit upgrade --write -j {jobs}"),
            seconds,
            count,
            base,
        );
        base.get_or_insert(seconds);
        new = read()?;
    }
    println!(
        "    {:.1} lines of a file changed",
        lines_changed(&old, &new)
    );
    for rival in &rivals {
        fresh()?;
        let seconds = rival.edit(&files, &list)?;
        show(&rival.name, seconds, count, base);
        let theirs = read()?;
        for ((file, theirs), ours) in files.iter().zip(&theirs).zip(&new) {
            let value = |text: &str| serde_yaml::from_str::<serde_yaml::Value>(text);
            ensure!(
                value(theirs)? == value(ours)?,
                "{} makes something else of {}",
                rival.name,
                file.display()
            );
        }
        println!(
            "    {:.1} lines of a file changed",
            lines_changed(&old, &theirs)
        );
    }
    missing.iter().for_each(|text| println!("  {text}"));
    println!(
        "  (the others sync nothing, and do not look for files, detect, ask, check or show a difference)"
    );
    Ok(())
}

/// Lines that went and lines that came, of a file in the middle of all.
fn lines_changed(old: &[String], new: &[String]) -> f64 {
    let changed = old.iter().zip(new).map(|(old, new)| {
        let diff = TextDiff::from_lines(old.as_str(), new);
        let changes = diff.iter_all_changes();
        changes
            .filter(|change| change.tag() != ChangeTag::Equal)
            .count()
    });
    changed.sum::<usize>() as f64 / old.len().max(1) as f64
}

fn refit(root: &Path, args: &[&str], codes: &[i32]) -> Result<f64> {
    let mut command = Command::new(REFIT);
    command.arg("upgrade").arg(root).args(args);
    timed(command, codes)
}

fn timed(mut command: Command, codes: &[i32]) -> Result<f64> {
    let start = Instant::now();
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    let code = status.code().context("refit was stopped")?;
    ensure!(codes.contains(&code), "{command:?} ended with {code}");
    Ok(start.elapsed().as_secs_f64())
}

/// Nobody watches what is not measured.
struct Silent;

impl refit::jobs::Watch for Silent {
    fn begin(&self, _: Work, _: usize) {}
    fn step(&self) {}
}
