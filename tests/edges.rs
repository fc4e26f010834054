//! Data flows one way: each part of the library uses only the parts that are named here.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Each part, and the parts that it may use.
const EDGES: &[(&str, &[&str])] = &[
    // Text, and nothing of Helm.
    ("yaml", &[]),
    ("values", &["yaml"]),
    // What files say of charts, versions and values; nothing of packs, and no file is read.
    ("carrier", &["values", "yaml"]),
    // What is known of charts, and nothing of a user's files.
    ("pack", &["values", "yaml"]),
    ("plan", &["pack"]),
    ("detect", &["pack", "values"]),
    ("identify", &["pack", "values"]),
    // Values only; of the text it knows the names of nodes.
    ("migrate", &["outcome", "pack", "plan", "values", "yaml"]),
    // Text only; it never sees a step.
    ("edit", &["migrate", "values", "yaml"]),
    // Views of texts and what the migrations came to; never how a text was edited.
    (
        "tell",
        &["migrate", "outcome", "pack", "secrets", "values", "yaml"],
    ),
    ("verify", &["migrate", "pack", "values", "yaml"]),
    // What Helm makes of values; the records of a run only explain what it finds.
    ("effect", &["outcome", "pack", "values", "yaml"]),
    ("outcome", &[]),
    // Reports neither load nor write.
    (
        "report",
        &[
            "diff", "digest", "effect", "jobs", "outcome", "pack", "review", "secrets", "shell",
            "yaml",
        ],
    ),
    ("diff", &[]),
    ("digest", &[]),
    ("shell", &[]),
    // Files to releases; what is done with them comes later.
    (
        "load",
        &[
            "carrier", "digest", "jobs", "migrate", "outcome", "refusal", "secrets", "shell",
            "values", "walk", "yaml",
        ],
    ),
    // What is remembered between runs, as files say it; a proposal for it looks at files for traces of
    // charts.
    (
        "memory",
        &[
            "detect", "edit", "identify", "load", "migrate", "outcome", "pack", "refusal",
            "values", "walk", "yaml",
        ],
    ),
    // How work is shared out; nothing of what it is.
    ("jobs", &[]),
    // What is written is what was shown: bytes in, bytes out.
    ("write", &[]),
    // Names of files, and nothing of what is in them.
    ("walk", &[]),
    ("git", &[]),
    // The files of a revision; nothing of what is in them.
    ("revision", &["git"]),
    // A review changes a request and runs it again.
    (
        "review",
        &[
            "detach", "migrate", "outcome", "pack", "refusal", "report", "upgrade",
        ],
    ),
];

fn sources(part: &str) -> Vec<PathBuf> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let file = src.join(format!("{part}.rs"));
    let mut found: Vec<PathBuf> = file.is_file().then_some(file).into_iter().collect();
    let mut folders = vec![src.join(part)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

/// The parts that a source names behind `crate::`, one by one or in braces.
fn used(source: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    let name = |text: &str| -> String {
        text.trim_start()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    for (at, _) in source.match_indices("crate::") {
        let rest = &source[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            used.insert(name(rest));
            continue;
        };
        let mut depth = 0;
        let mut item = String::new();
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    used.insert(name(&std::mem::take(&mut item)));
                    continue;
                }
                _ => {}
            }
            item.push(c);
        }
        used.insert(name(&item));
    }
    used.remove("");
    used
}

#[test]
fn a_later_stage_never_reaches_back() {
    for (part, allowed) in EDGES {
        let sources = sources(part);
        assert!(!sources.is_empty(), "there is no part `{part}`");
        for path in sources {
            let source = fs::read_to_string(&path).unwrap();
            for other in used(&source) {
                let fine = other == *part || allowed.contains(&other.as_str());
                assert!(
                    fine,
                    "{} uses `{other}`, which `{part}` must not",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn names_behind_crate_are_found_in_every_form() {
    let source = "use crate::one;\nuse crate::{two::{a, b}, three,\n four::c};\ncrate::five::f()";
    let names: Vec<String> = used(source).into_iter().collect();
    assert_eq!(names, ["five", "four", "one", "three", "two"]);
}
