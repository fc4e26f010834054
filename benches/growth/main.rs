//! `cargo bench --bench growth`: how the work grows with the input, one kind of input at a time.
//!
//! Each kind is made in three sizes, each three times the one before, and previewed by the program itself
//! under valgrind, which counts its instructions. What an empty run costs is taken off. If twice the input
//! took twice the work the exponent would be 1, four times 2. The command draws the curves and ends with 1
//! if the last step of one grows with an exponent above 1.2, and with 2 if it cannot be told.
//!
//!     cargo bench --bench growth                 every kind, some minutes
//!     cargo bench --bench growth -- wildcard     the kinds whose name has this in it

mod inputs;
#[path = "../pipeline/process.rs"]
#[allow(
    dead_code,
    reason = "the other benchmark times and measures memory too"
)]
mod process;

use std::{ffi::OsStr, fs, path::Path, process::Command, process::ExitCode};

use anyhow::{Context as _, Result, ensure};

use inputs::{KINDS, Kind};
use process::{Counter, REFIT};

/// The exponent that no kind of input may pass: linear, with room for logarithms and for memory that no
/// longer fits into caches.
const MOST: f64 = 1.2;
const SIZES: [usize; 3] = [1_000, 3_000, 9_000];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if !args.iter().any(|arg| arg == "--bench") {
        println!("nothing is measured in a build for tests; run `cargo bench --bench growth`");
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<&str> = args.iter().map(String::as_str).collect();
    let wanted: Vec<&str> = wanted.into_iter().filter(|arg| *arg != "--bench").collect();
    match run(&wanted) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether nothing grows faster than it may.
fn run(wanted: &[&str]) -> Result<bool> {
    let counter = Counter::new(None).context("valgrind, which counts instructions, is not here")?;
    let shop = process::workshop().with_file_name("growth");
    println!("instructions in millions, without those of an empty run\n");
    print!("  {:<44}", "N");
    for size in SIZES {
        print!("{size:>10}");
    }
    println!("   exponent");
    let mut well = true;
    for kind in KINDS {
        if !wanted.is_empty() && !wanted.iter().any(|part| kind.name.contains(part)) {
            continue;
        }
        let empty = count(&counter, &shop, kind, 1)?;
        let mut counts = Vec::new();
        for size in SIZES {
            counts.push((count(&counter, &shop, kind, size)? - empty).max(1.0));
        }
        let [.., before, last] = counts[..] else {
            continue;
        };
        let exponent = (last / before).ln() / 3f64.ln();
        print!("  {:<44}", kind.name);
        for count in &counts {
            print!("{:>10.1}", count / 1e6);
        }
        let verdict = if exponent > MOST { ": too fast" } else { "" };
        println!("   {exponent:.2} {}{verdict}", bar(exponent));
        well &= exponent <= MOST;
    }
    println!("\nnone may be above {MOST}");
    Ok(well)
}

/// The instructions of one preview. What is measured has to be done: a run that refuses its input is no
/// measurement.
fn count(counter: &Counter, shop: &Path, kind: &Kind, size: usize) -> Result<f64> {
    let folder = shop
        .join(kind.name.replace(' ', "-"))
        .join(size.to_string());
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let pack = folder.join("pack");
    fs::create_dir_all(&pack)?;
    for (name, text) in (kind.pack)(size) {
        fs::write(pack.join(name), text)?;
    }
    let mut command = vec![
        REFIT.to_owned(),
        "upgrade".to_owned(),
        "--chart=acme".to_owned(),
        "--from=1.0.0".to_owned(),
        format!("--pack={}", pack.display()),
    ];
    for (name, text) in (kind.files)(size) {
        let file = folder.join(name);
        fs::write(&file, text)?;
        if kind.is_one_release {
            command.push("-f".to_owned());
        }
        command.push(file.display().to_string());
    }
    let output = Command::new(&command[0]).args(&command[1..]).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{} of {size} ended with {}: {said}",
        kind.name,
        output.status
    );
    let words: Vec<&OsStr> = command.iter().map(OsStr::new).collect();
    counter.count(kind.name, &words)
}

/// A bar as long as the exponent, five signs for 1.
fn bar(exponent: f64) -> String {
    "#".repeat((exponent.max(0.0) * 5.0).round() as usize)
}
