//! The outcome as SARIF 2.1.0, the OASIS standard for the results of static analysis, for GitHub's code scanning
//! and whatever else reads it.
//!
//! A rule is a step, with what its pack says of it; a result is what it changes in a file, asks, or tells, at the
//! line where the setting stands before anything is changed. Columns are counted in characters, which the run
//! says. Results are told apart over time by their rule, file and sentence, not by line numbers.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Masker,
    content::ReportContent,
    findings::{self, FindingLevel, PlacedFinding},
};
use crate::outcome::{FilePosition, Outcome};

/// The address of the schema that the document claims to follow.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The folder that names of files are relative to, as GitHub calls it.
const ROOT: &str = "%SRCROOT%";

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'o> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [SarifRun<'o>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRun<'o> {
    tool: SarifTool<'o>,
    column_kind: &'static str,
    results: Vec<SarifResult<'o>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifTool<'o> {
    driver: Driver<'o>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'o> {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule<'o>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'o> {
    id: &'o str,
    short_description: SarifText,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_description: Option<SarifText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<&'o str>,
    help: SarifText,
}

#[derive(Debug, Serialize)]
struct SarifText {
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'o> {
    rule_id: &'o str,
    rule_index: usize,
    level: &'static str,
    message: SarifText,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: Physical,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
}

/// The outcome as one SARIF document with a final line end. `base` stands before the names of files that are not
/// absolute: the folder, seen from the repository's root, or nothing. Secrets are masked as the masker says.
///
/// # Errors
///
/// If it cannot be serialised, which no outcome is known to cause.
pub fn render(outcome: &Outcome, masker: &Masker, base: &str) -> Result<String, serde_json::Error> {
    let outcome = masker.mask_outcome(outcome);
    let content = ReportContent::of(&outcome);
    let found = findings::all_findings(&content);
    let mut rules: Vec<Rule<'_>> = Vec::new();
    let mut results = Vec::new();
    for finding in &found {
        let known = rules.iter().position(|rule| rule.id == finding.rule);
        let rule_index = known.unwrap_or_else(|| {
            rules.push(sarif_rule(finding));
            rules.len() - 1
        });
        results.push(sarif_result(finding, rule_index, base));
    }
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [SarifRun {
            tool: SarifTool {
                driver: Driver {
                    name: "refit",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules,
                },
            },
            column_kind: "unicodeCodePoints",
            results,
        }],
    };
    let mut text = serde_json::to_string_pretty(&log)?;
    text.push('\n');
    Ok(text)
}

fn sarif_rule<'o>(finding: &PlacedFinding<'o>) -> Rule<'o> {
    let text = |text: &str| SarifText {
        text: text.to_owned(),
    };
    let Some(id) = finding.item.id else {
        return Rule {
            id: finding.rule,
            short_description: text(&finding.title),
            full_description: None,
            help_uri: None,
            help: text("refit upgrade FILE shows it with its reason and what to do next."),
        };
    };
    let link = finding.item.link;
    Rule {
        id: finding.rule,
        short_description: text(&finding.item.title),
        full_description: finding.item.why.map(text),
        help_uri: link.filter(|link| link.starts_with("https://")),
        help: text(&format!("refit explain {id} tells more.")),
    }
}

fn sarif_result<'o>(finding: &PlacedFinding<'o>, rule_index: usize, base: &str) -> SarifResult<'o> {
    let file = finding.file.map(|file| Location {
        id: None,
        physical_location: physical_location(file, finding.at, base),
    });
    let also = finding.also.iter().enumerate().map(|(id, at)| Location {
        id: Some(id + 1),
        physical_location: physical_location(&at.file, Some(at), base),
    });
    SarifResult {
        rule_id: finding.rule,
        rule_index,
        level: match finding.level {
            FindingLevel::Error => "error",
            FindingLevel::Warning => "warning",
            FindingLevel::Note => "note",
        },
        message: SarifText {
            text: format!("{}: {}", finding.title, finding.text),
        },
        locations: file.into_iter().collect(),
        related_locations: also.collect(),
        partial_fingerprints: BTreeMap::from([("refitFinding/v1", finding.fingerprint())]),
    }
}

fn physical_location(file: &str, at: Option<&FilePosition>, base: &str) -> Physical {
    let name = path_below(base, file);
    let is_absolute = name.starts_with('/');
    Physical {
        artifact_location: Artifact {
            uri: match is_absolute {
                true => format!("file://{}", path_to_uri(&name)),
                false => path_to_uri(&name),
            },
            uri_base_id: (!is_absolute).then_some(ROOT),
        },
        region: at.map(|at| Region {
            start_line: at.line,
            start_column: at.column,
        }),
    }
}

/// A file's name below a folder, without what only says "here"; an absolute one stays.
pub(super) fn path_below(base: &str, file: &str) -> String {
    // URIs have slashes, whatever the system has.
    let file = match cfg!(windows) {
        true => file.replace('\\', "/"),
        false => file.to_owned(),
    };
    if file.starts_with('/') {
        return file;
    }
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            // What leads out of the base keeps its `..`.
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A path as a URI holds it (RFC 3986): all but unreserved characters, and the signs that stand for themselves in
/// a path, as bytes in hexadecimal.
fn path_to_uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b'/' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*'
            | b'+' | b',' | b';' | b'=' | b'@' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_relative_uris_below_the_root() {
        assert_eq!(path_below("", "./a/b.yaml"), "a/b.yaml");
        assert_eq!(path_below("deploy/", "../x.yaml"), "x.yaml");
        assert_eq!(path_below("deploy", "a.yaml"), "deploy/a.yaml");
        assert_eq!(path_below("", "../x.yaml"), "../x.yaml");
        assert_eq!(path_below("deploy", "/srv/x.yaml"), "/srv/x.yaml");
        assert_eq!(path_to_uri("a b/ü:#.yaml"), "a%20b/%C3%BC%3A%23.yaml");
    }
}
