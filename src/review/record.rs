//! The record of a review: a file of answers, as `refit upgrade --answers` reads it.
//!
//! Every text is in double quotes, so that no reader of YAML makes a number of it. The evidence goes
//! along, so that an answer is refused where the values are other ones; a secret is never written, and
//! an answer whose evidence holds one goes without.

use std::fmt::Write as _;

use super::{Review, StepDecision};
use crate::{outcome::ReportedStep, report::Masker};

/// Writes the answers and the skipped steps of reviews: by release, if there are several. `command` is
/// the one that replays them; it stands in the first lines.
#[must_use]
pub fn record_decisions(reviews: &[&Review], command: &str) -> String {
    let mut out = String::new();
    let releases: Vec<(&Review, usize)> = reviews
        .iter()
        .flat_map(|review| (0..review.names.len()).map(|at| (*review, at)))
        .collect();
    for (i, (review, at)) in releases.iter().enumerate() {
        let release = &review.full[*at];
        let files: Vec<&str> = release.files.iter().map(|file| &*file.name).collect();
        let files = files.join(" + ");
        let named = match &release.name {
            Some(name) => format!("{name} ({files})"),
            None => files,
        };
        let lead = match i {
            0 => "What was decided by `refit review` for",
            _ => "and for",
        };
        let _ = writeln!(
            out,
            "# {lead} {}, {} {} to {}.",
            one_line(&named),
            release.chart,
            release.from,
            release.to
        );
    }
    out.push_str("# The same again:\n");
    for line in command.lines() {
        let _ = writeln!(out, "#   {}", one_line(line));
    }
    if let [(review, at)] = releases.as_slice() {
        write_decisions(&mut out, review, *at, "");
        return out;
    }
    out.push_str("releases:\n");
    for (review, at) in releases {
        let _ = writeln!(out, "  {}:", name_scalar(&review.names[at]));
        write_decisions(&mut out, review, at, "    ");
    }
    out
}

/// The decisions for one release.
fn write_decisions(out: &mut String, review: &Review, at: usize, indent: &str) {
    let release = &review.full[at];
    // What was decided for several releases at once stands with the first of them.
    let taken = || review.taken.iter().filter(|taken| taken.about[0] == at);
    let answered: Vec<_> = taken()
        .filter_map(|taken| match &taken.decision {
            StepDecision::Answer(answer) => Some((&taken.id, answer)),
            _ => None,
        })
        .collect();
    let lead = if answered.is_empty() {
        "answers: {}"
    } else {
        "answers:"
    };
    let _ = writeln!(out, "{indent}{lead}");
    let masker = Masker::for_files(release.files.iter().map(|file| &**file));
    for (id, answer) in answered {
        let _ = writeln!(out, "{indent}  {}:", name_scalar(id));
        let _ = writeln!(out, "{indent}    option: {}", name_scalar(&answer.option));
        let step = release.steps.iter().find(|step| step.id == *id);
        let question = step.and_then(|step| step.question.as_ref());
        // With the defaults filled in: a default may be another one tomorrow.
        let inputs = question.map_or(&answer.inputs, |question| &question.inputs);
        if !inputs.is_empty() {
            let _ = writeln!(out, "{indent}    inputs:");
            for (input, value) in inputs {
                let _ = writeln!(
                    out,
                    "{indent}      {}: {}",
                    name_scalar(input),
                    double_quoted(value)
                );
            }
        }
        let evidence = step
            .map(|step| masked_evidence(step, &masker))
            .unwrap_or_default();
        if !evidence.is_empty() {
            let _ = writeln!(out, "{indent}    evidence:");
            for (path, value) in evidence {
                let _ = writeln!(
                    out,
                    "{indent}      {}: {}",
                    double_quoted(&path),
                    double_quoted(&value)
                );
            }
        }
    }
    let skipped: Vec<String> = taken()
        .filter(|taken| taken.decision == StepDecision::Skip)
        .map(|taken| name_scalar(&taken.id))
        .collect();
    if !skipped.is_empty() {
        let _ = writeln!(out, "{indent}skip: [{}]", skipped.join(", "));
    }
}

/// The evidence of a question, in the form of a file of answers.
fn masked_evidence(step: &ReportedStep, masker: &Masker) -> Vec<(String, String)> {
    let evidence = step.question.iter().flat_map(|question| &question.evidence);
    let evidence: Vec<_> = evidence
        .map(|evidence| (evidence.path.clone(), evidence.recorded()))
        .collect();
    if evidence
        .iter()
        .any(|(path, value)| masker.mask_value(path, value) != *value)
    {
        return Vec::new();
    }
    evidence
}

/// The name of a step, an option or an input: without quotes where nobody takes it for anything else.
fn name_scalar(text: &str) -> String {
    // Words of one or two letters (`n`, `no`, `on`) are booleans to readers of YAML 1.1.
    let simple = text.len() > 2
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !matches!(
            text,
            "yes" | "off" | "true" | "false" | "null" | "nan" | "inf"
        );
    if simple {
        text.to_owned()
    } else {
        double_quoted(text)
    }
}

/// A text in double quotes, for a YAML reader.
fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if needs_escape(c) => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Controls, line breaks of other standards, the byte order mark, and what turns the direction of writing.
fn needs_escape(c: char) -> bool {
    c.is_control()
        // Marks of direction would let a reader see another text than a program reads.
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn one_line(text: &str) -> String {
    text.chars()
        // A name with a line break in it would end the comment that it stands in.
        .map(|c| if needs_escape(c) { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_for_every_reader() {
        assert_eq!(name_scalar("per-pod"), "per-pod");
        assert_eq!(name_scalar("no"), "\"no\"");
        assert_eq!(name_scalar("off"), "\"off\"");
        assert_eq!(name_scalar("0x1f"), "\"0x1f\"");
        assert_eq!(double_quoted("0.10"), "\"0.10\"");
        assert_eq!(
            double_quoted("a\"\\\n\u{7f}\u{2028}é"),
            r#""a\"\\\n\u007F\u2028é""#
        );
    }
}
