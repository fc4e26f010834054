//! What a fuzzer begins with: files of this repository, the shared ones if they are there, and generated packs, each as
//! its target (see `targets`) wants it.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use super::{choice::Choices, documents, judged_packs, packs};

/// Longer files make a fuzzer slow, and say nothing that shorter ones do not.
const LONGEST: usize = 16_000;

/// The targets.
pub const TARGETS: [&str; 5] = ["loader", "rewrite", "pack", "carriers", "whole_upgrade"];

/// The seeds of a target.
pub fn of(target: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seeds = match target {
        "loader" => texts(root),
        "rewrite" | "whole_upgrade" => decided(texts(root)),
        "pack" => written_packs(root).chain(generated_packs()).collect(),
        "carriers" => repositories(root),
        _ => panic!("there is no target {target}"),
    };
    seeds.retain(|seed| seed.len() < LONGEST);
    seeds
}

/// Values files and whatever else is YAML.
fn texts(root: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for folder in [
        "examples",
        "tests/cases",
        "../shared/corpus",
        "../shared/yaml/hard",
    ] {
        below(&root.join(folder), &mut files);
    }
    let texts = files.into_iter().filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !matches!(&*name, "case.yaml" | "INDEX.tsv" | "changes.tsv")
    });
    texts
        .filter_map(|path| fs::read_to_string(path).ok())
        .collect()
}

/// Texts with a line of decisions before each.
fn decided(texts: Vec<String>) -> Vec<String> {
    let texts = texts.into_iter().enumerate();
    let decided = texts.map(|(i, text)| {
        let decisions: String = numbers(i)
            .take(24)
            .map(|n| char::from(b'0' + (n % 70) as u8))
            .collect();
        format!("{decisions}\n{text}")
    });
    decided.collect()
}

/// The built-in packs that are small, each with a values file of its cases.
fn written_packs(root: &Path) -> impl Iterator<Item = String> {
    let folders = fs::read_dir(root.join("migrations")).expect("the packs");
    let mut folders: Vec<PathBuf> = folders.map(|entry| entry.expect("a pack").path()).collect();
    folders.sort();
    let cases = root.join("tests/cases");
    folders.into_iter().map(move |folder| {
        let mut files = Vec::new();
        below(&folder, &mut files);
        let mut seed = String::new();
        for file in files {
            // The keys of some charts are as much as everything else together: a fuzzer needs a few of them.
            let text: String = fs::read_to_string(&file).unwrap_or_default();
            let text = text
                .lines()
                .take(150)
                .fold(String::new(), |all, line| all + line + "\n");
            add(&mut seed, &name_below(&file, &folder), &text);
        }
        let mut values = Vec::new();
        below(
            &cases.join(folder.file_name().unwrap_or_default()),
            &mut values,
        );
        let old = values.iter().find(|file| file.ends_with("old.yaml"));
        let old = old
            .and_then(|file| fs::read_to_string(file).ok())
            .unwrap_or_default();
        add(&mut seed, "values.yaml", &old);
        seed
    })
}

fn generated_packs() -> impl Iterator<Item = String> {
    (0..80).map(|i| {
        let made: Vec<u32> = numbers(i).take(4_000).collect();
        let mut choices = Choices::replay(&made, i);
        let (files, values) = if i % 2 == 0 {
            let pack = packs::pack(&mut choices);
            let values = documents::document(&mut choices, &pack, 0);
            (pack.files, values)
        } else {
            let judged = judged_packs::judged(&mut choices);
            let values = serde_yaml::to_string(&judged.values).expect("values");
            (judged.files, values)
        };
        let mut seed = String::new();
        for (name, text) in &files {
            add(&mut seed, name, text);
        }
        add(&mut seed, "values.yaml", &values);
        seed
    })
}

/// Repositories of manifests: the cases of carriers, and the examples.
fn repositories(root: &Path) -> Vec<String> {
    let mut folders = Vec::new();
    for (folder, old) in [("tests/cases/carriers", "old"), ("examples", "")] {
        let entries = fs::read_dir(root.join(folder)).expect("a folder of this repository");
        folders.extend(entries.map(|entry| entry.expect("an entry").path().join(old)));
    }
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    let repositories = folders.iter().map(|folder| {
        let mut files = Vec::new();
        below(folder, &mut files);
        let mut seed = String::new();
        for file in files {
            let text = fs::read_to_string(&file).unwrap_or_default();
            add(&mut seed, &name_below(&file, folder), &text);
        }
        seed
    });
    repositories.collect()
}

fn add(seed: &mut String, name: &str, text: &str) {
    let _ = write!(seed, "=== {name}\n{text}");
    if !seed.ends_with('\n') {
        seed.push('\n');
    }
}

fn name_below(file: &Path, folder: &Path) -> String {
    file.strip_prefix(folder)
        .unwrap_or(file)
        .display()
        .to_string()
}

/// The files in and below a folder, in order; none if there is no such folder.
fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        match path.is_dir() {
            true => below(&path, found),
            false => found.push(path),
        }
    }
}

/// Numbers without a pattern, the same in every run.
fn numbers(seed: usize) -> impl Iterator<Item = u32> {
    let mut state = seed as u64 + 1;
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as u32
    })
}
