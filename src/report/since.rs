//! What a run with `--since` compared with, and what it left alone: without it silence could mean that
//! nothing was looked at.

use super::{
    Detail, ReportStyle,
    content::{ReportContent, file_and_line},
    page::{Page, WordStyle, span, unstyled},
    wording::count,
};
use crate::outcome::{Outcome, ReportedSince};

/// New releases that are named before the rest is only counted.
const NAMED: usize = 5;

/// Writes it, in front of the releases that were raised.
pub(super) fn write(page: &mut Page, content: &ReportContent<'_>, look: ReportStyle) {
    let Some(since) = content
        .since
        .as_ref()
        .filter(|_| look.detail > Detail::Quiet)
    else {
        return;
    };
    page.fill(0, 2, &[span(since.sentence.clone(), WordStyle::Dim)]);
    for (at, text) in &since.notes {
        let at = at.map(|at| format!("{}: ", file_and_line(at)));
        let text = format!("{}{text}", at.unwrap_or_default());
        page.fill(0, 2, &[span("note: ", WordStyle::Warn), unstyled(text)]);
    }
}

/// The comparison in a sentence.
pub(super) fn since_sentence(outcome: &Outcome, since: &ReportedSince) -> String {
    let new = |name: &str| since.new.iter().any(|other| other == name);
    let raised = outcome.releases.iter();
    let raised = raised.filter(|release| !new(&release.called)).count();
    let commit = since.commit.get(..9).unwrap_or(&since.commit);
    let mut text = format!(
        "Since {} (this branch left it at {commit}): {} another chart version, {} the same",
        since.revision,
        releases_name(raised),
        releases_name(since.kept)
    );
    match since.new.len() {
        0 => {}
        n => {
            let mut shown: Vec<&str> = since.new.iter().map(String::as_str).take(NAMED).collect();
            let more = format!("{} more", n.saturating_sub(NAMED));
            if n > NAMED {
                shown.push(&more);
            }
            text.push_str(&format!(
                ", {} new and taken as written for the version that it names ({})",
                match n {
                    1 => "1 is".to_owned(),
                    n => format!("{n} are"),
                },
                shown.join(", ")
            ));
        }
    }
    text.push('.');
    text
}

fn releases_name(n: usize) -> String {
    format!(
        "{} {}",
        count(n, "release"),
        if n == 1 { "names" } else { "name" }
    )
}
