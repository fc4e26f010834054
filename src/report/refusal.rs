//! A refusal: what, where, why, and what to do next.

use super::{
    Masker,
    page::{Page, Style, plain, span},
};
use crate::outcome::Refusal;

/// Writes a refusal: the place and the sentence, the line with its marker, the reason, the next step.
pub(super) fn write(page: &mut Page, refusal: &Refusal, masker: &Masker) {
    let place = match &refusal.at {
        Some(at) => format!(
            "{}:{}:{}",
            super::wording::shown_name(&at.file),
            at.line,
            at.column
        ),
        None => super::wording::shown_name(&refusal.name).to_owned(),
    };
    page.gap();
    page.fill(
        0,
        7,
        &[
            span("error: ", Style::Error),
            span(format!("{place}: "), Style::Bold),
            span(masker.text(&refusal.what), Style::Bold),
        ],
    );
    if let Some(excerpt) = &refusal.excerpt {
        let number = refusal
            .at
            .as_ref()
            .map(|at| at.line.to_string())
            .unwrap_or_default();
        for (i, line) in excerpt.lines().enumerate() {
            let number = if i == 0 { number.as_str() } else { "" };
            let marker = !line.trim().is_empty() && line.trim_matches([' ', '^', '\t']).is_empty();
            let style = if marker { Style::Error } else { Style::Plain };
            page.line(
                0,
                &[
                    span(format!("{number:>6} │ "), Style::Dim),
                    span(masker.line(line), style),
                ],
            );
        }
    }
    for (word, text) in [("why", &refusal.why), ("next", &refusal.next)] {
        if let Some(text) = text {
            page.fill(
                2,
                8,
                &[
                    span(format!("{:<6}", format!("{word}:")), Style::Accent),
                    plain(masker.text(text)),
                ],
            );
        }
    }
}
