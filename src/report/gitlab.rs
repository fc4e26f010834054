//! A Code Quality report for GitLab, which shows each finding at its line in a merge request.
//!
//! The form is that of GitLab's documentation ("Import Code Quality results from a CI/CD job"): a list of
//! findings, each with a sentence, the rule, a fingerprint that stays the same while lines move, a severity, and
//! a file below the repository's root with a line. GitLab leaves out what has no file, so that a finding about no
//! file at all is not here; the exit code and the text of the job have it.

use serde::Serialize;

use super::{
    Masker,
    content::ReportContent,
    findings::{self, FindingLevel, PlacedFinding},
    sarif::path_below,
};
use crate::outcome::Outcome;

#[derive(Debug, Serialize)]
struct QualityFinding<'o> {
    description: String,
    check_name: &'o str,
    fingerprint: String,
    severity: &'static str,
    location: QualityLocation,
}

#[derive(Debug, Serialize)]
struct QualityLocation {
    path: String,
    lines: QualityLines,
}

#[derive(Debug, Serialize)]
struct QualityLines {
    begin: usize,
}

/// The outcome as a Code Quality report. `base` stands before the names of files that are not absolute: the
/// folder, seen from the repository's root, or nothing. Secrets are masked as the masker says.
///
/// # Errors
///
/// If it cannot be serialised.
pub fn render(outcome: &Outcome, masker: &Masker, base: &str) -> serde_json::Result<String> {
    let outcome = masker.mask_outcome(outcome);
    let content = ReportContent::of(&outcome);
    let findings = findings::all_findings(&content);
    let entries: Vec<QualityFinding<'_>> = findings
        .iter()
        .filter_map(|finding| quality_finding(finding, base))
        .collect();
    let mut text = serde_json::to_string_pretty(&entries)?;
    text.push('\n');
    Ok(text)
}

fn quality_finding<'o>(finding: &PlacedFinding<'o>, base: &str) -> Option<QualityFinding<'o>> {
    Some(QualityFinding {
        description: format!("{}: {}", finding.title, finding.text),
        check_name: finding.rule,
        fingerprint: finding.fingerprint(),
        severity: match finding.level {
            FindingLevel::Error => "critical",
            FindingLevel::Warning => "major",
            FindingLevel::Note => "info",
        },
        location: QualityLocation {
            // GitLab shows findings beside lines of files: without a file there is no place, and without a line
            // it is the first.
            path: path_below(base, finding.file?),
            lines: QualityLines {
                begin: finding.at.map_or(1, |at| at.line),
            },
        },
    })
}
