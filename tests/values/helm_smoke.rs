//! The real Helm runs in both majors, and reads values the way the rest of the tests assume.
//!
//! Where the majors differ, the difference is stated here as a fact, so that the day a new pinned
//! version changes it this file says so first.

use crate::support;

use std::path::PathBuf;

use serde_json::{Value, json};
use support::helm::{Helm, Major, each, helm, values_as_helm_reads};

/// Writes values files into a fresh folder, which lives as long as the returned guard.
fn files<const N: usize>(texts: [&str; N]) -> (tempfile::TempDir, [PathBuf; N]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut number = 0;
    let paths = texts.map(|text| {
        let path = folder.path().join(format!("{number}.yaml"));
        number += 1;
        std::fs::write(&path, text).expect("a values file");
        path
    });
    (folder, paths)
}

/// What Helm reads from these layers, or what it says against them.
fn read<const N: usize>(helm: &Helm, texts: [&str; N]) -> Result<Value, String> {
    let (_folder, paths) = files(texts);
    values_as_helm_reads(helm, &paths.each_ref().map(PathBuf::as_path))
}

#[test]
fn both_majors_read_a_values_file() {
    for helm in each() {
        let prefix = match helm.major {
            Major::Three => "v3.",
            Major::Four => "v4.",
        };
        assert!(helm.version.starts_with(prefix), "{helm:?}");
        let text = "image:\n  repository: registry.example.com/acme/arroyo\n  tag: 0.10\n\
                    on: yes\nmode: 0777\nempty:\n";
        assert_eq!(
            read(helm, [text]),
            Ok(json!({
                "image": {"repository": "registry.example.com/acme/arroyo", "tag": 0.1},
                "true": true,
                "mode": 511,
                "empty": null,
            })),
            "{helm:?}"
        );
    }
}

/// Values that look like parts of a manifest do not disturb the reading.
#[test]
fn any_key_can_stand_at_the_root() {
    let text = "kind: List\nmetadata: text\n\"{{ x }}\": \"<&>\\n'\\\"\"\n";
    for helm in each() {
        assert_eq!(
            read(helm, [text]),
            Ok(json!({"kind": "List", "metadata": "text", "{{ x }}": "<&>\n'\""})),
            "{helm:?}"
        );
    }
}

#[test]
fn layers_merge_maps_and_replace_lists_from_left_to_right() {
    for helm in each() {
        assert_eq!(
            read(
                helm,
                [
                    "env: {a: 1, b: 1}\nlist: [1, 2]\n",
                    "env: {b: 2}\nlist: [3]\n"
                ]
            ),
            Ok(json!({"env": {"a": 1, "b": 2}, "list": [3]})),
            "{helm:?}"
        );
    }
}

#[test]
fn a_null_deletes_a_default() {
    let (_folder, [file]) = files(["image:\n  tag: null\n"]);
    for helm in each() {
        assert_eq!(
            helm.values_json("image: {tag: '1', name: a}\n", &[&file]),
            Ok(r#"{"image":{"name":"a"}}"#.to_owned()),
            "{helm:?}"
        );
    }
}

/// Neither major keeps more digits than a 64-bit float has.
#[test]
fn whole_numbers_lose_digits() {
    for helm in each() {
        let (_folder, [file]) = files(["a: 12345678901234567890\nb: 9007199254740993\nc: 1e6\n"]);
        assert_eq!(
            helm.values_json("", &[&file]),
            Ok(r#"{"a":12345678901234567000,"b":9007199254740992,"c":1000000}"#.to_owned()),
            "{helm:?}"
        );
    }
}

/// Reading many documents in one process gives what reading each as a values file gives.
#[test]
fn many_documents_are_read_as_values_files_are() {
    let documents = [
        "a: 1\n",
        "",
        "# nothing\n",
        "a: .inf\n",
        "- a list\n",
        "text\n",
        "a: [\n",
        "\u{feff}on: 0b11\n\"0777\": 0777\n",
        "a: &x {b: 1}\nc: {<<: *x, d: 2}\n",
        "a: 1\na: 2\n",
        "Error: text\n",
        "a: |\n  b\n\n  c\nd: >-\n  e\n  f\n",
        "a: '<&>'\r\nb: \"\\u00e9\"\r\n",
    ];
    for helm in each() {
        let read_together = helm.read_each(documents).expect("Helm runs");
        for (document, together) in documents.into_iter().zip(read_together) {
            match (read(helm, [document]), together) {
                (Ok(alone), Ok(together)) => assert_eq!(alone, together, "{document:?} {helm:?}"),
                (Err(_), Err(_)) => {}
                (alone, together) => panic!("{document:?} {helm:?}: {alone:?}, {together:?}"),
            }
        }
    }
}

#[test]
fn a_refusal_comes_with_helms_own_words() {
    for helm in each() {
        let said = read(helm, ["a: .inf\n"]).expect_err("Helm has no infinity");
        assert!(said.contains("unsupported value: +Inf"), "{said}");
    }
}

const TWO_DOCUMENTS: &str = "name: first\nfirst: 1\n---\nname: second\nsecond: 2\n";

#[test]
fn helm_3_reads_the_first_of_several_documents() {
    let Some(helm) = helm(Major::Three) else {
        return;
    };
    assert_eq!(
        read(helm, [TWO_DOCUMENTS]),
        Ok(json!({"name": "first", "first": 1}))
    );
}

#[test]
fn helm_4_merges_all_of_several_documents() {
    let Some(helm) = helm(Major::Four) else {
        return;
    };
    assert_eq!(
        read(helm, [TWO_DOCUMENTS]),
        Ok(json!({"name": "second", "first": 1, "second": 2}))
    );
}
