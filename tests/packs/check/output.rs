//! How findings are shown, and that their codes are documented.

use std::{fs, path::Path};

use refit::pack::check::{Code, FindingSeverity, count_by_severity};

use super::Copy;

#[test]
fn a_finding_shows_its_line_and_the_place_in_it() {
    let copy = Copy::of("demo");
    copy.replace("2.0.0.yaml", "=repo\n        tell", "=rep\n        tell");
    let checked = copy.check();
    let [finding] = checked.findings.as_slice() else {
        panic!("{:?}", checked.findings);
    };
    assert_eq!(
        finding.to_string(),
        "2.0.0.yaml:23:29: error: `rep` has no meaning here; did you mean `repo`? (in the expression `rep`) \
         [unknown-name]"
    );
    assert_eq!(
        finding.excerpt.as_deref(),
        Some("23 |           image.repository: =rep\n   |                             ^")
    );
    let json = serde_json::to_value(&checked).unwrap();
    assert_eq!(json["chart"], "demo");
    assert_eq!(json["findings"][0]["code"], "unknown-name");
    assert_eq!(json["findings"][0]["severity"], "error");
    assert_eq!(json["findings"][0]["line"], 23);
}

#[test]
fn findings_are_counted() {
    let copy = Copy::of("demo");
    assert_eq!(
        count_by_severity(&copy.check().findings),
        "no problems found"
    );
    copy.replace("2.0.0.yaml", " runs with the level {level}", " runs");
    assert_eq!(count_by_severity(&copy.check().findings), "1 warning");
    copy.replace("3.0.0.yaml", "title: Drop legacy", "titles: Drop legacy");
    assert_eq!(
        count_by_severity(&copy.check().findings),
        "2 errors, 1 warning"
    );
}

#[test]
fn every_code_is_in_the_docs() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/packs.md");
    let docs = fs::read_to_string(docs).unwrap();
    let (_, table) = docs.split_once("### What the check finds").unwrap();
    let table = table.split("\n#").next().unwrap();
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let wanted: Vec<String> = Code::ALL
        .iter()
        .map(|code| {
            let severity = match code.severity() {
                FindingSeverity::Error => "error",
                FindingSeverity::Warning => "warning",
            };
            format!(
                "| `{code}` | {severity} | {} |",
                code.meaning().trim_end_matches('.')
            )
        })
        .collect();
    assert_eq!(
        rows,
        wanted,
        "the table should read:\n{}",
        wanted.join("\n")
    );
}
