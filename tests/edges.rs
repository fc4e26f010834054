//! Data flows one way: each part of the library uses only the parts that are named here.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Each part, and the parts that it may use. Each stands behind all that it may use, so that there can
/// be no circle.
const EDGES: &[(&str, &[&str])] = &[
    // Text, and nothing of Helm.
    ("yaml", &[]),
    ("values", &["yaml"]),
    // Names, bytes and words that know nothing of anything here.
    ("bounds", &[]),
    ("diff", &[]),
    ("digest", &[]),
    ("git", &[]),
    ("revision", &["git"]),
    ("jobs", &[]),
    ("questions", &[]),
    ("shell", &[]),
    ("spelling", &[]),
    ("walk", &[]),
    // What is written is what was shown: bytes in, bytes out.
    ("write", &[]),
    ("secrets", &["yaml"]),
    // What files say of charts, versions and values; nothing of packs, and no file is read.
    ("carrier", &["bounds", "values", "yaml"]),
    // What is known of charts, and nothing of a user's files.
    ("pack", &["questions", "spelling", "values", "yaml"]),
    ("plan", &["pack", "questions", "spelling", "values"]),
    ("detect", &["pack", "values"]),
    // The chart that a plain file is for.
    ("identify", &["pack", "values"]),
    // A chart as files.
    ("chart", &["values", "yaml"]),
    // It takes its words for evidence and tasks from packs.
    ("outcome", &["digest", "pack", "values"]),
    // Values only; of the text it knows the names of nodes.
    (
        "migrate",
        &["outcome", "pack", "plan", "questions", "values", "yaml"],
    ),
    // Text only; it never sees a step.
    ("edit", &["migrate", "values", "yaml"]),
    // How values stand in a file, and how edits of them get there; it knows no release and reads no file.
    (
        "block",
        &["carrier", "migrate", "outcome", "secrets", "values", "yaml"],
    ),
    // Files to releases; what is done with them comes later.
    (
        "load",
        &[
            "block", "bounds", "carrier", "digest", "jobs", "migrate", "outcome", "values", "walk",
            "yaml",
        ],
    ),
    // Words for what is not done: of errors and of what was looked at, not of what comes later.
    (
        "refusal",
        &[
            "block", "carrier", "edit", "identify", "jobs", "load", "migrate", "outcome", "pack",
            "plan", "secrets", "shell", "spelling", "values", "yaml",
        ],
    ),
    ("detach", &["edit", "migrate", "questions", "values"]),
    ("verify", &["diff", "migrate", "pack", "values", "yaml"]),
    // Views of texts and what the migrations came to; never how a text was edited.
    (
        "tell",
        &[
            "migrate",
            "outcome",
            "pack",
            "questions",
            "secrets",
            "values",
            "yaml",
        ],
    ),
    ("facts", &["migrate", "outcome", "pack", "plan", "values"]),
    // What is remembered between runs, as files say it; a proposal for it looks at files for traces of
    // charts.
    (
        "memory",
        &[
            "bounds", "detect", "digest", "edit", "identify", "load", "migrate", "outcome", "pack",
            "refusal", "secrets", "values", "walk", "yaml",
        ],
    ),
    // The order of the stages: all of them, and nothing that shows or writes.
    (
        "upgrade",
        &[
            "block",
            "carrier",
            "detach",
            "detect",
            "edit",
            "facts",
            "identify",
            "jobs",
            "load",
            "migrate",
            "outcome",
            "pack",
            "plan",
            "questions",
            "refusal",
            "shell",
            "tell",
            "values",
            "verify",
            "walk",
            "yaml",
        ],
    ),
    // What Helm makes of values; the records of a run only explain what it finds.
    ("effect", &["chart", "outcome", "pack", "values", "yaml"]),
    // Packs from elsewhere, as files: whether they are sound is for whoever loads them.
    (
        "supply",
        &[
            "bounds", "digest", "effect", "git", "memory", "outcome", "pack", "walk", "write",
        ],
    ),
    // What authors of packs need, apart from any upgrade: charts are read for their keys.
    (
        "authoring",
        &["chart", "effect", "git", "pack", "values", "yaml"],
    ),
    // A pack for two versions of a chart, made of what they say and render; of values that another pack's steps changed
    // it sees what these did.
    (
        "draft",
        &["authoring", "chart", "effect", "outcome", "pack", "values"],
    ),
    // The tests of a pack run it as an upgrade does.
    (
        "trial",
        &[
            "authoring",
            "effect",
            "jobs",
            "load",
            "migrate",
            "outcome",
            "pack",
            "upgrade",
            "values",
        ],
    ),
    // Reports neither load nor write, and ask nothing.
    (
        "report",
        &[
            "diff", "digest", "effect", "jobs", "migrate", "outcome", "pack", "secrets", "shell",
            "values", "yaml",
        ],
    ),
    // A review changes a request and runs it again.
    (
        "review",
        &[
            "detach",
            "migrate",
            "outcome",
            "pack",
            "questions",
            "refusal",
            "report",
            "upgrade",
            "values",
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
fn every_part_has_a_row_and_no_two_go_round_in_a_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let root = fs::read_to_string(root).unwrap();
    let parts: BTreeSet<&str> = root
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    let rows: BTreeSet<&str> = EDGES.iter().map(|(part, _)| *part).collect();
    assert_eq!(rows, parts);
    for (i, (part, allowed)) in EDGES.iter().enumerate() {
        for other in *allowed {
            assert!(
                EDGES[..i].iter().any(|(earlier, _)| earlier == other),
                "`{part}` may use `{other}`, which does not stand before it"
            );
        }
    }
}

#[test]
fn names_behind_crate_are_found_in_every_form() {
    let source = "use crate::one;\nuse crate::{two::{a, b}, three,\n four::c};\ncrate::five::f()";
    let names: Vec<String> = used(source).into_iter().collect();
    assert_eq!(names, ["five", "four", "one", "three", "two"]);
}
