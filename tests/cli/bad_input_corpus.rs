//! Every published file of the shared material through the program, as if it were Arroyo's: most are
//! not, and a good part is no values file at all. It must not crash, hang or lose a byte of what it
//! refuses.

use crate::support;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value as Json;

/// Files given to one run.
const BATCH: usize = 60;

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push(path);
        }
    }
}

#[test]
fn every_file_of_the_corpus_is_read_or_refused_with_a_reason() {
    let Some(shared) = support::shared() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut originals = Vec::new();
    files(&shared.join("corpus"), &mut originals);
    assert!(originals.len() > 500, "the corpus is there");
    let copies: Vec<PathBuf> = (0..originals.len())
        .map(|i| folder.path().join(i.to_string()))
        .collect();
    for (original, copy) in originals.iter().zip(&copies) {
        fs::write(copy, fs::read(original).unwrap()).unwrap();
    }
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut count = |reason: String| *reasons.entry(reason).or_default() += 1;
    for (batch, originals) in copies.chunks(BATCH).zip(originals.chunks(BATCH)) {
        let output = Command::new(env!("CARGO_BIN_EXE_refit"))
            .args([
                "upgrade", "--chart", "arroyo", "--from", "0.10.3", "--to", "0.15.0", "--write",
            ])
            .args(["-o", "json", "--show-secrets"])
            .args(["--accept-recommended", "--answer", "storage-urls=elsewhere"])
            .args(batch)
            .output()
            .unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 2 | 3)), "{code:?} {err}");
        assert!(!err.contains("panicked"), "{err}");
        let json: Json = serde_json::from_slice(&output.stdout).unwrap();
        let (releases, refused) = (
            json["releases"].as_array().unwrap(),
            json["refused"].as_array().unwrap(),
        );
        assert_eq!(
            releases.len() + refused.len(),
            batch.len(),
            "each file is one or the other"
        );
        assert_eq!(code == Some(2), !refused.is_empty(), "{err}");
        let original = |name: &str| {
            let at = batch
                .iter()
                .position(|copy| copy.to_str() == Some(name))
                .unwrap();
            (&originals[at], &batch[at])
        };
        for refusal in refused {
            let (original, copy) = original(refusal["name"].as_str().unwrap());
            let what = refusal["what"].as_str().unwrap();
            assert!(
                !what.is_empty() && refusal["next"].is_string(),
                "{}: {refusal}",
                original.display()
            );
            assert!(
                !refusal.to_string().contains("fault of refit"),
                "{}: {refusal}",
                original.display()
            );
            assert_eq!(
                fs::read(original).unwrap(),
                fs::read(copy).unwrap(),
                "{}",
                original.display()
            );
            count(format!("refused: {what}"));
        }
        for release in releases {
            let (original, copy) = original(release["files"][0]["name"].as_str().unwrap());
            let same = fs::read(original).unwrap() == fs::read(copy).unwrap();
            let steps = release["steps"].as_array().unwrap();
            let open = steps.iter().any(|step| step["state"] == "open");
            let changed = release["files"][0]["changed"] == true;
            assert_eq!(same, open || !changed, "{}: {err}", original.display());
            count(match (open, changed) {
                (true, true) => "asks, and would change".to_owned(),
                (true, false) => "asks".to_owned(),
                (false, true) => "changed".to_owned(),
                (false, false) => "nothing to do".to_owned(),
            });
        }
    }
    for (reason, n) in &reasons {
        println!("{n:4} {reason}");
    }
    assert!(
        reasons.len() > 8,
        "the corpus has many kinds of file: {reasons:?}"
    );
}
