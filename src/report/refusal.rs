//! A refusal: what, where, why, and what to do next.

use super::{
    Masker,
    page::{Page, WordStyle, span, unstyled},
};
use crate::outcome::Refusal;

/// The same among many: the place and the sentence. The rest is for `-v`.
pub(super) fn write_what(page: &mut Page, place: &str, refusal: &Refusal) {
    page.fill(
        0,
        7,
        &[
            span("error: ", WordStyle::Error),
            span(format!("{place}: "), WordStyle::Bold),
            unstyled(refusal.what.as_str()),
        ],
    );
}

/// The next step, below one or several.
pub(super) fn write_next(page: &mut Page, refusal: &Refusal) {
    if let Some(next) = &refusal.next {
        page.fill(
            2,
            8,
            &[span("next: ", WordStyle::Accent), unstyled(next.as_str())],
        );
    }
}

/// Writes a refusal: the place and the sentence, the line with its marker, the reason, the next step.
pub(super) fn write(page: &mut Page, refusal: &Refusal, masker: &Masker) {
    let refusal = masker.mask_refusal(refusal);
    let place = super::wording::named_place_of(&refusal);
    page.gap();
    page.fill(
        0,
        7,
        &[
            span("error: ", WordStyle::Error),
            span(format!("{place}: "), WordStyle::Bold),
            span(refusal.what.as_str(), WordStyle::Bold),
        ],
    );
    for line in refusal.excerpt.iter().flat_map(|excerpt| excerpt.lines()) {
        // `12 | text`, and below it `   | ^`.
        let (gutter, text) = line.split_once(" | ").unwrap_or(("", line));
        let marker = gutter.trim().is_empty() && text.trim() == "^";
        let text = if marker {
            span(text, WordStyle::Error)
        } else {
            unstyled(text)
        };
        page.line(2, &[span(format!("{gutter} | "), WordStyle::Dim), text]);
    }
    for (word, text) in [("why", &refusal.why), ("next", &refusal.next)] {
        if let Some(text) = text {
            page.fill(
                2,
                8,
                &[
                    span(format!("{:<6}", format!("{word}:")), WordStyle::Accent),
                    unstyled(text.as_str()),
                ],
            );
        }
    }
}
