//! Open questions: what is asked, what it is about, and what to type for each answer.

use super::{
    Masker,
    page::{Page, Span, Style, plain, span, width},
    wording::{count, found},
};
use crate::{
    outcome::{Choice, Release, State, Step},
    shell::quote,
};

/// The questions of a release that wait for an answer.
pub(super) fn open(release: &Release) -> impl Iterator<Item = &Step> {
    release
        .steps
        .iter()
        .filter(|step| step.state == State::Open && step.question.is_some())
}

/// Writes the open questions of a release, each with its options and what to type.
pub(super) fn write(page: &mut Page, release: &Release, masker: &Masker) {
    let number = open(release).count();
    if number == 0 {
        return;
    }
    page.heading(&format!("{} for you to answer", count(number, "question")));
    for (i, step) in open(release).enumerate() {
        if i > 0 {
            page.gap();
        }
        one(page, &format!("{}.", i + 1), step, masker);
    }
}

fn one(page: &mut Page, number: &str, step: &Step, masker: &Masker) {
    let Some(question) = &step.question else {
        return;
    };
    page.bullet(
        2,
        number,
        Style::Warn,
        &[
            span(masker.text(&question.text), Style::Bold),
            span(format!(" [{}]", step.id), Style::Dim),
        ],
    );
    if let Some(lacking) = &question.lacking {
        page.fill(
            5,
            5,
            &[
                span("The answer is not complete: ", Style::Warn),
                plain(masker.text(lacking)),
            ],
        );
    }
    let widest = question
        .evidence
        .iter()
        .map(|e| width(&e.path))
        .max()
        .unwrap_or_default()
        .min(40);
    for evidence in &question.evidence {
        let value = match &evidence.value {
            Some(value) => plain(found(&masker.value(&evidence.path, value))),
            None => span("not set", Style::Dim),
        };
        let place = match &evidence.at {
            Some(at) => format!("  {}:{}", super::wording::shown_name(&at.file), at.line),
            None => String::new(),
        };
        let pad = " ".repeat(widest.saturating_sub(width(&evidence.path)));
        page.fill(
            5,
            9,
            &[
                span(evidence.path.clone(), Style::Accent),
                plain(format!("{pad}  ")),
                value,
                span(place, Style::Dim),
            ],
        );
    }
    for choice in &question.options {
        option(page, step, choice, masker);
    }
}

fn option(page: &mut Page, step: &Step, choice: &Choice, masker: &Masker) {
    let mark = if choice.recommended { "*" } else { "-" };
    let mut spans: Vec<Span> = vec![
        span(choice.id.clone(), Style::Bold),
        plain(": "),
        plain(masker.text(&choice.title)),
    ];
    if choice.recommended {
        spans.push(span(" (recommended)", Style::Good));
    }
    page.bullet(
        5,
        mark,
        if choice.recommended {
            Style::Good
        } else {
            Style::Plain
        },
        &spans,
    );
    page.line(
        9,
        &[span(
            format!(
                "--answer {}",
                quote(&format!("{}={}", step.asked_as(), choice.id))
            ),
            Style::Accent,
        )],
    );
    for input in &choice.inputs {
        let typed = match &input.default {
            Some(default) => quote(&masker.value(&input.name, default)),
            None => "…".to_owned(),
        };
        page.line(
            9,
            &[span(
                format!("--answer {}.{}={typed}", step.asked_as(), input.name),
                Style::Accent,
            )],
        );
        let mut notes = vec![masker.text(&input.title)];
        if input.list {
            notes.push("several, separated by commas".to_owned());
        }
        if input.default.is_some() {
            notes.push("may be left out if it is as shown".to_owned());
        }
        page.fill(13, 13, &[span(notes.join("; "), Style::Dim)]);
    }
}
