//! A plain fuzzer in the process: files of this repository and generated packs with some of their bytes changed, held
//! to what must hold of any bytes (see `targets`). `REFIT_CASES` raises the number of cases, `REFIT_SEED` takes others.

use std::{fs, path::Path};

use super::{
    choice::{Choices, each},
    seeds, targets,
};

/// A seed, mostly with something done to it.
fn changed(seeds: &[String], choices: &mut Choices) -> Vec<u8> {
    let mut bytes = choices.pick(seeds).clone().into_bytes();
    for _ in 0..choices.below(6) {
        if bytes.is_empty() {
            break;
        }
        let at = choices.below(bytes.len());
        match choices.below(6) {
            0 => bytes[at] = choices.below(256) as u8,
            1 => _ = bytes.remove(at),
            2 => bytes.insert(at, *choices.pick(b"{}[],:#&*!|>'\"%@`?-\n \t\r0~<=")),
            3 => {
                let end = (at + 1 + choices.below(40)).min(bytes.len());
                bytes.drain(at..end);
            }
            4 => {
                let end = (at + 1 + choices.below(60)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                let to = choices.below(bytes.len());
                bytes.splice(to..to, copy);
            }
            _ => {
                let other = choices.pick(seeds).as_bytes();
                let from = choices.below(other.len().max(1));
                let end = (from + 1 + choices.below(80)).min(other.len());
                let part = other[from.min(end)..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

fn hold(name: &str, cases: usize, target: fn(&[u8]) -> Result<(), String>) {
    let seeds = seeds::of(name);
    assert!(seeds.len() > 10, "only {} seeds for {name}", seeds.len());
    each(&format!("fuzzed {name}"), cases, |choices| {
        let data = changed(&seeds, choices);
        choices.count("held");
        target(&data).map_err(|wrong| {
            let shown = String::from_utf8_lossy(&data);
            format!("{wrong}\n=== of\n{shown}\n=== {shown:?}")
        })
    });
}

#[test]
fn whatever_is_read_is_refused_in_words_or_read_as_helm_reads_it() {
    hold("loader", 400, targets::loader);
}

#[test]
fn whatever_is_edited_is_refused_in_words_or_edited_right() {
    hold("rewrite", 400, targets::rewrite);
}

#[test]
fn whatever_a_pack_holds_it_is_refused_in_words_or_run() {
    hold("pack", 150, targets::pack);
}

#[test]
fn whatever_a_repository_holds_it_is_upgraded_once_or_refused_in_words() {
    hold("carriers", 60, targets::carriers);
}

#[test]
fn whatever_values_hold_they_are_upgraded_once_or_refused_in_words() {
    hold("whole_upgrade", 150, targets::whole_upgrade);
}

/// For the fuzzer in `fuzz/`: the seeds of each target as files, in a folder with its name below `REFIT_SEEDS`.
#[test]
#[ignore = "writes files for another program"]
fn seeds_are_written() {
    let folder = std::env::var("REFIT_SEEDS").expect("REFIT_SEEDS names a folder");
    for name in seeds::TARGETS {
        let folder = Path::new(&folder).join(name);
        fs::create_dir_all(&folder).expect("a folder");
        for (i, seed) in seeds::of(name).iter().enumerate() {
            fs::write(folder.join(format!("seed-{i}")), seed).expect("a seed");
        }
    }
}

#[test]
fn every_target_has_seeds_that_hold() {
    for name in seeds::TARGETS {
        for seed in seeds::of(name)
            .iter()
            .take(if name == "carriers" { 12 } else { 60 })
        {
            let target = match name {
                "loader" => targets::loader,
                "rewrite" => targets::rewrite,
                "pack" => targets::pack,
                "carriers" => targets::carriers,
                _ => targets::whole_upgrade,
            };
            if let Err(wrong) = target(seed.as_bytes()) {
                panic!("{name}: {wrong}\n=== of\n{seed}");
            }
        }
    }
}
