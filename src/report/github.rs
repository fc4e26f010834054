//! Annotations for GitHub: workflow commands, which a runner finds in the output of a step and shows at the lines
//! of the files in a pull request.
//!
//! The form is that of GitHub's documentation of workflow commands: `::error file=…,line=…,col=…,title=…::text`,
//! with `%`, line breaks and, in properties, `:` and `,` written as in a URL. Nothing that came from a file can end
//! such a line or begin another command. A runner shows ten of each kind for a step and drops the rest, so the most
//! important come first, and what is dropped is counted in the last.

use super::{
    Masker,
    content::{ReportContent, file_and_line},
    findings::{self, FindingLevel, PlacedFinding},
    page::visible_text,
};
use crate::outcome::Outcome;

/// Annotations of one kind that a runner shows for a step.
const SHOWN: usize = 10;
/// Further places that are named in a text.
const ALSO: usize = 4;

/// The outcome as annotations, a line each. `base` stands before the names of files that are not absolute: the
/// folder, seen from the repository's root, or nothing. Secrets are masked as the masker says.
#[must_use]
pub fn render(outcome: &Outcome, masker: &Masker, base: &str) -> String {
    let outcome = masker.mask_outcome(outcome);
    let content = ReportContent::of(&outcome);
    let found = findings::all_findings(&content);
    let mut out = String::new();
    for level in [
        FindingLevel::Error,
        FindingLevel::Warning,
        FindingLevel::Note,
    ] {
        let of_level: Vec<&PlacedFinding<'_>> =
            found.iter().filter(|it| it.level == level).collect();
        let shown = match of_level.len() {
            // The last of those that GitHub shows tells how many are left.
            n if n > SHOWN => SHOWN - 1,
            n => n,
        };
        for finding in &of_level[..shown] {
            out.push_str(&render_annotation(finding, base));
        }
        let left = of_level.len() - shown;
        if left > 0 {
            let text = format!("{left} more like these; the summary of the job has all");
            out.push_str(&workflow_command(
                level,
                &[("title", "refit".to_owned())],
                &text,
            ));
        }
    }
    out
}

fn render_annotation(finding: &PlacedFinding<'_>, base: &str) -> String {
    let mut properties = Vec::new();
    if let Some(file) = finding.file {
        properties.push(("file", super::sarif::path_below(base, file)));
    }
    if let Some(at) = finding.at {
        properties.push(("line", at.line.to_string()));
        properties.push(("col", at.column.to_string()));
    }
    properties.push(("title", finding.title.clone()));
    let mut text = finding.text.clone();
    if !finding.also.is_empty() {
        let shown = finding.also.iter().take(ALSO).map(|at| file_and_line(at));
        let mut shown: Vec<String> = shown.collect();
        let left = finding.also.len().saturating_sub(ALSO);
        if left > 0 {
            shown.push(format!("{left} more"));
        }
        text.push_str(&format!(" Also at {}.", shown.join(", ")));
    }
    if finding.item.id.is_some() {
        text.push_str(&format!(" More: refit explain {}", finding.rule));
    }
    workflow_command(finding.level, &properties, &text)
}

fn workflow_command(level: FindingLevel, properties: &[(&str, String)], text: &str) -> String {
    let word = match level {
        FindingLevel::Error => "error",
        FindingLevel::Warning => "warning",
        FindingLevel::Note => "notice",
    };
    let properties: Vec<String> = properties
        .iter()
        .map(|(name, value)| {
            // In properties a colon and a comma separate, so GitHub's own toolkit (actions/toolkit,
            // `escapeProperty`) escapes them there and not in the text.
            let value = escaped(value).replace(':', "%3A").replace(',', "%2C");
            format!("{name}={value}")
        })
        .collect();
    format!("::{word} {}::{}\n", properties.join(","), escaped(text))
}

/// A text that stays in its line, and that no terminal obeys.
fn escaped(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(visible_text).collect();
    let text = lines.join("\n");
    // `%` comes first: what is escaped after it has a `%` of its own.
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}
