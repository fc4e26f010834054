//! What programs read: patches that apply, and JSON.

use crate::outcomes;

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use outcomes::{done, file, open, outcome, refusal, release};
use refit::{
    outcome::Outcome,
    report::{Masker, difference, json, jsonl},
};

/// Pairs of texts that patches get wrong.
const PAIRS: &[(&str, &str, &str)] = &[
    ("plain.yaml", "a: 1\nb: 2\nc: 3\n", "a: 1\nb: 3\nc: 3\n"),
    ("crlf.yaml", "a: 1\r\nb: 2\r\nc: 3\r\n", "a: 1\r\nc: 3\r\n"),
    (
        "mixed.yaml",
        "a: 1\r\nb: 2\nc: 3\r\n",
        "a: 1\r\nb: 2\nc: 4\n",
    ),
    ("lone-cr.yaml", "a: \"x\ry\"\nb: 2\n", "a: \"x\ry\"\nb: 3\n"),
    ("no-end.yaml", "a: 1\nb: 2", "a: 1\nb: 3"),
    ("end-lost.yaml", "a: 1\nb: 2\n", "a: 1\nb: 2"),
    ("end-won.yaml", "a: 1\nb: 2", "a: 1\nb: 2\nc: 3\n"),
    ("bom.yaml", "\u{feff}a: 1\n", "\u{feff}a: 2\n"),
    ("filled.yaml", "", "a: 1\n"),
    ("sub folder/my values.yaml", "a: 1\n", "a: 2\n"),
    ("quo\"te.yaml", "a: 1\n", "a: 2\n"),
    ("dashes.yaml", "-- a: 1\n++ b\n", "-- a: 2\n++ b\n"),
    ("umlaut-ü.yaml", "a: ü\n", "a: ä\n"),
];

fn long() -> (String, String) {
    let before: String = (0..400).map(|i| format!("key{i}: {i}\n")).collect();
    let after = before
        .replace("key7: 7\n", "")
        .replace("key200: 200\n", "key200: 201\nnew: 1\n")
        .replace("key399: 399\n", "key399:\n  a: b\n");
    (before, after)
}

fn cases() -> Outcome {
    let mut files: Vec<_> = PAIRS.iter().map(|(name, a, b)| file(name, a, b)).collect();
    let (before, after) = long();
    files.push(file("long.yaml", &before, &after));
    files.push(file("same.yaml", "a: 1\n", "a: 1\n"));
    outcome([release(files)])
}

fn lay_out(folder: &Path, outcome: &Outcome) {
    for file in &outcome.releases[0].files {
        let path = folder.join(&file.name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &*file.before).unwrap();
    }
}

/// Feeds a program, which must be there: a patch that nothing has applied is not known to apply.
fn feed(folder: &Path, program: &str, args: &[&str], input: &str) {
    let mut child = Command::new(program)
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{program} is needed for this test: {e}"));
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{program} {args:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn check_applied(folder: &Path, outcome: &Outcome) {
    for file in &outcome.releases[0].files {
        let now = fs::read(folder.join(&file.name)).unwrap();
        assert_eq!(String::from_utf8_lossy(&now), *file.after, "{}", file.name);
    }
}

#[test]
fn git_applies_the_patch_to_the_byte() {
    let outcome = cases();
    let folder = tempfile::tempdir().unwrap();
    lay_out(folder.path(), &outcome);
    let patch = difference::render_patch(&outcome);
    // Outside of a repository git takes the folder for the root, and nobody's settings apply.
    feed(
        folder.path(),
        "git",
        &["apply", "--check", "--whitespace=nowarn", "-"],
        &patch,
    );
    feed(
        folder.path(),
        "git",
        &["apply", "--whitespace=nowarn", "-"],
        &patch,
    );
    check_applied(folder.path(), &outcome);
}

#[test]
fn patch_applies_the_patch_to_the_byte() {
    let outcome = cases();
    let folder = tempfile::tempdir().unwrap();
    lay_out(folder.path(), &outcome);
    feed(
        folder.path(),
        "patch",
        &["-p1", "--binary", "--silent"],
        &difference::render_patch(&outcome),
    );
    check_applied(folder.path(), &outcome);
}

#[test]
fn the_patch_of_nothing_is_empty() {
    assert_eq!(
        difference::render_patch(&outcome([release(vec![file("a", "b\n", "b\n")])])),
        ""
    );
}

#[test]
fn json_masks_secrets_unless_told_otherwise() {
    let mut outcome = outcome([done(), open()]);
    outcome.refused.push(refusal());
    let masker = Masker::for_outcome(&outcome);
    let masked = json::render(&outcome, &masker, true).unwrap();
    insta::assert_snapshot!("json", masked);
    for secret in ["hunter2", "old-secret-token", "abcdef"] {
        assert!(!masked.contains(secret), "{secret}");
    }
    let exact = json::render(&outcome, &Masker::off(), false).unwrap();
    assert!(exact.contains("hunter2-postgres") && exact.ends_with("}\n"));
    assert_eq!(exact.lines().count(), 1, "one line unless it is for people");
    let parsed: serde_json::Value = serde_json::from_str(&exact).unwrap();
    assert_eq!(parsed["format"], 1);
    assert_eq!(
        parsed["releases"][0]["digest"],
        outcome.releases[0].digest.as_str()
    );
}

#[test]
fn json_lines_have_a_record_for_everything_and_count_them() {
    let mut outcome = outcome([done(), open()]);
    // Two releases share a layer: it is one file.
    outcome.releases[1].name = Some("second".into());
    let shared = outcome.releases[0].files[0].clone();
    outcome.releases[1].files.push(shared);
    outcome.refused.push(refusal());
    outcome.unclaimed.push(refit::outcome::Unclaimed {
        file: "x.yaml".into(),
        chart: "arroyo".into(),
        under: None,
    });
    let lines = |masker: &Masker| -> Vec<serde_json::Value> {
        let text = jsonl::render(&outcome, masker).unwrap();
        assert!(text.ends_with("}\n"));
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let records = lines(&Masker::for_outcome(&outcome));
    let types: Vec<_> = records
        .iter()
        .map(|record| record["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        [
            "run",
            "file",
            "file",
            "release",
            "release",
            "refusal",
            "unclaimed",
            "summary"
        ]
    );
    assert_eq!(records[0]["format"], 1);
    assert_eq!(
        records[1]["releases"],
        serde_json::json!(["values.yaml", "second"])
    );
    assert_eq!(
        (&records[1]["lines_removed"], &records[1]["lines_added"]),
        (&8.into(), &2.into())
    );
    assert_eq!(
        records[7],
        serde_json::json!({"type": "summary", "files": 2, "changed": 1, "releases": 2, "open": 1, "questions": 2, "refused": 1, "unclaimed": 1})
    );
    // What a release is here is what it is in the one document.
    let document = json::render(&outcome, &Masker::for_outcome(&outcome), false).unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    for (record, release) in records[3..5]
        .iter()
        .zip(document["releases"].as_array().unwrap())
    {
        let mut record = record.clone();
        record.as_object_mut().unwrap().remove("type");
        assert_eq!(record, *release);
    }
    let text = |records: &[serde_json::Value]| serde_json::to_string(records).unwrap();
    for secret in ["hunter2", "old-secret-token", "abcdef"] {
        assert!(!text(&records).contains(secret), "{secret}");
        assert!(text(&lines(&Masker::off())).contains(secret), "{secret}");
    }
}

#[test]
fn what_is_masked_still_shares_its_files() {
    let mut outcome = outcome([done(), done()]);
    outcome.releases[1].files = outcome.releases[0].files.clone();
    let masked = Masker::for_outcome(&outcome).mask_outcome(&outcome);
    assert_eq!((outcome.files().len(), masked.files().len()), (1, 1));
    assert_eq!(masked.units().len(), 1);
}
