//! `cargo bench --bench pipeline`: what refit costs, as multiples of what cannot be avoided.
//!
//! Machines differ and are shared, so what is judged are ratios of instructions within one run: a file
//! must be parsed, everything else is refit's own doing. The exit code is 1 if an aim is missed, and 2 if
//! it cannot be told. Tests never look at any of this.
//!
//!     cargo bench --bench pipeline                       everything, some minutes
//!     cargo bench --bench pipeline -- 3KB 300KB          these sizes only
//!     cargo bench --bench pipeline -- --profiles DIR     keep the profiles for callgrind_annotate

mod inputs;
mod process;
mod stages;

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, bail};

use inputs::{SIZES, Size};
use process::{Counter, REFIT};
use stages::Stage;

/// Reading a file and checking it, as a multiple of the parser's instructions.
const LOAD: f64 = 1.5;
/// A whole preview with the source version stated, likewise, where the file is large.
const PREVIEW: f64 = 5.0;
/// The memory of a preview of the largest file, as a multiple of its size.
const MEMORY: f64 = 8.0;
/// A preview of a small file, as a multiple of the time of a program that only prints it.
const COLD: f64 = 3.0;
/// From this size on what is read once per run (the packs) is no longer what counts.
const LARGE: usize = 1_000_000;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether all aims are met.
fn run(args: &[OsString]) -> Result<bool> {
    match args.first().and_then(|arg| arg.to_str()) {
        Some("--peak") => return process::print_peak(&args[1..]).map(|()| true),
        Some("--stage") => return stage(&args[1..]).map(|()| true),
        _ => {}
    }
    if !args.iter().any(|arg| arg == "--bench") {
        println!("nothing is measured in a build for tests; run `cargo bench --bench pipeline`");
        return Ok(true);
    }
    let (sizes, profiles) = options(args)?;
    let counter = Counter::new(profiles);
    if counter.is_none() {
        println!(
            "valgrind is not here: instructions are NOT counted, and aims in them NOT checked.\n"
        );
    }
    let mut aims = Aims::default();
    pipeline(&sizes, counter.as_ref(), &mut aims)?;
    memory(&sizes, &mut aims)?;
    cold(counter.as_ref(), &mut aims)?;
    println!("\n{} of {} aims met", aims.met, aims.checked);
    Ok(aims.met == aims.checked)
}

fn options(args: &[OsString]) -> Result<(Vec<Size>, Option<PathBuf>)> {
    let mut sizes = Vec::new();
    let mut profiles = None;
    let mut args = args.iter().filter(|arg| *arg != "--bench");
    while let Some(arg) = args.next() {
        if arg == "--profiles" {
            let folder = PathBuf::from(args.next().context("--profiles needs a folder")?);
            std::fs::create_dir_all(&folder)?;
            profiles = Some(folder);
            continue;
        }
        match SIZES.iter().find(|size| arg == size.name) {
            Some(size) => sizes.push(*size),
            None => bail!("{} is no size that is measured", arg.display()),
        }
    }
    if sizes.is_empty() {
        sizes.extend(SIZES);
    }
    Ok((sizes, profiles))
}

/// Runs one stage in this process, for the counter.
fn stage(args: &[OsString]) -> Result<()> {
    let [name, file] = args else {
        bail!("--stage needs a name and a file");
    };
    let found = Stage::ALL.iter().find(|stage| name == stage.name());
    found
        .context("there is no such stage")?
        .run(Path::new(file))
}

/// Counts the aims.
#[derive(Default)]
struct Aims {
    met: usize,
    checked: usize,
}

impl Aims {
    /// Checks one; what to print behind the number.
    fn check(&mut self, value: f64, most: f64) -> String {
        self.checked += 1;
        if value <= most {
            self.met += 1;
            format!("(aim: at most {most})")
        } else {
            format!("(aim: at most {most}, MISSED)")
        }
    }
}

fn input(size: Size) -> Result<(PathBuf, f64)> {
    let file = process::workshop().join(format!("{}.yaml", size.name));
    let text = inputs::values(size.bytes);
    std::fs::write(&file, &text)?;
    Ok((file, text.len() as f64))
}

fn preview(file: &Path) -> Vec<&OsStr> {
    const WORDS: [&str; 8] = [
        REFIT, "upgrade", "--chart", "arroyo", "--from", "0.10.3", "--to", "0.15.0",
    ];
    words(&WORDS, file)
}

/// The same without the source version: refit has to find out.
fn preview_by_content(file: &Path) -> Vec<&OsStr> {
    const WORDS: [&str; 6] = [REFIT, "upgrade", "--chart", "arroyo", "--to", "0.15.0"];
    words(&WORDS, file)
}

fn words<'w>(words: &'w [&'w str], file: &'w Path) -> Vec<&'w OsStr> {
    let words = words.iter().map(OsStr::new);
    words.chain([file.as_os_str()]).collect()
}

/// One line of the table.
struct Row {
    name: &'static str,
    /// Without those of starting the process and reading the file.
    instructions: Option<f64>,
    seconds: f64,
}

fn pipeline(sizes: &[Size], counter: Option<&Counter>, aims: &mut Aims) -> Result<()> {
    for size in sizes {
        let (file, bytes) = input(*size)?;
        let rows = rows(*size, &file, counter)?;
        println!("{} ({bytes} bytes)", size.name);
        println!(
            "  {:<30} {:>16} {:>10} {:>8}",
            "", "instructions", "x parser", "MB/s"
        );
        for row in &rows {
            let speed = bytes / 1e6 / row.seconds;
            let (Some(own), Some(parser)) = (row.instructions, rows[0].instructions) else {
                println!("  {:<30} {:>16} {:>10} {speed:>8.1}", row.name, "-", "-");
                continue;
            };
            let ratio = own / parser;
            let aim = match row.name {
                "load" => aims.check(ratio, LOAD),
                "preview, --from stated" if size.bytes >= LARGE => aims.check(ratio, PREVIEW),
                _ => String::new(),
            };
            println!(
                "  {:<30} {own:>16.0} {ratio:>10.2} {speed:>8.1}  {aim}",
                row.name
            );
        }
        println!();
    }
    Ok(())
}

fn rows(size: Size, file: &Path, counter: Option<&Counter>) -> Result<Vec<Row>> {
    let runs = (20_000_000 / size.bytes).clamp(3, 200);
    let this = std::env::current_exe()?;
    let count = |stage: Stage| {
        let words = [
            this.as_os_str(),
            "--stage".as_ref(),
            stage.name().as_ref(),
            file.as_os_str(),
        ];
        counter
            .map(|counter| counter.count(&format!("{}-{}", size.name, stage.name()), &words))
            .transpose()
    };
    let above = |whole: Option<f64>, base: Option<f64>| Some(whole? - base?);
    let nothing = count(Stage::Nothing)?;
    let idle = Stage::Nothing.time(file, runs)?;
    let mut rows = Vec::new();
    for (stage, name) in [
        (Stage::Parser, "granit-parser, with comments"),
        (Stage::Tree, "Tree::parse"),
    ] {
        let instructions = above(count(stage)?, nothing);
        rows.push(Row {
            name,
            instructions,
            seconds: stage.time(file, runs)? - idle,
        });
    }
    let tree = &rows[1];
    let values = Row {
        name: "View::values, tree given",
        instructions: above(above(count(Stage::Values)?, nothing), tree.instructions),
        seconds: Stage::Values.time(file, runs)? - idle - tree.seconds,
    };
    rows.push(values);
    rows.push(Row {
        name: "load",
        instructions: above(count(Stage::Load)?, nothing),
        seconds: Stage::Load.time(file, runs)?,
    });
    let whole = [
        ("preview, --from stated", "stated", preview(file)),
        (
            "preview, version by content",
            "content",
            preview_by_content(file),
        ),
    ];
    for (name, label, command) in whole {
        let label = format!("{}-{label}", size.name);
        let instructions = counter
            .map(|counter| counter.count(&label, &command))
            .transpose()?;
        let mut seconds = f64::INFINITY;
        for _ in 0..runs.min(20) {
            seconds = seconds.min(process::time(&command, 0)?);
        }
        rows.push(Row {
            name,
            instructions,
            seconds,
        });
    }
    Ok(rows)
}

fn memory(sizes: &[Size], aims: &mut Aims) -> Result<()> {
    let Some(size) = sizes.iter().find(|size| size.bytes >= LARGE) else {
        return Ok(());
    };
    let (file, bytes) = input(*size)?;
    let idle = process::peak(&[REFIT.as_ref(), "--version".as_ref()])?;
    let full = process::peak(&preview(&file))?;
    let times = (full - idle) / bytes;
    println!(
        "memory of the {} preview, less that of `refit --version` ({:.1} MB)",
        size.name,
        idle / 1e6
    );
    println!(
        "  {:.1} MB, {times:.2} x the file  {}\n",
        (full - idle) / 1e6,
        aims.check(times, MEMORY)
    );
    Ok(())
}

fn cold(counter: Option<&Counter>, aims: &mut Aims) -> Result<()> {
    const RUNS: usize = 200;
    let (file, bytes) = input(SIZES[0])?;
    let smallest = process::smallest_program()?;
    let commands = [vec![smallest.as_os_str(), file.as_os_str()], preview(&file)];
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..RUNS {
        for (times, command) in times.iter_mut().zip(&commands) {
            times.push(process::time(command, 0)?);
        }
    }
    println!(
        "cold start: preview of {bytes} bytes, against a program that prints them, {RUNS} runs"
    );
    for times in &mut times {
        times.sort_by(f64::total_cmp);
    }
    let [print, refit] = times;
    for (name, at) in [("least", 0), ("middle", RUNS / 2)] {
        let times = refit[at] / print[at];
        let aim = if at > 0 {
            aims.check(times, COLD)
        } else {
            String::new()
        };
        println!(
            "  {name:<8} {:.2} ms to {:.2} ms, {times:.2} x  {aim}",
            refit[at] * 1e3,
            print[at] * 1e3
        );
    }
    if let Some(counter) = counter {
        let [print, refit] =
            [&commands[0], &commands[1]].map(|command| counter.count("cold", command));
        let (print, refit) = (print?, refit?);
        println!(
            "  instructions {refit:.0} to {print:.0}, {:.1} x",
            refit / print
        );
    }
    Ok(())
}
