//! The sections of a content on a page, each item in full: what `-v` shows of a release, and a review at its end.
//!
//! It is a form and decides nothing: which items there are, in which section and in which order, is content's.

use super::{
    content::{Account, AnswerOption, Item, Section, file_and_line},
    page::{Page, Span, WordStyle, columns_of, span, unstyled},
    wording::count,
};

/// Columns that the names of settings may take in a list.
const WIDEST: usize = 40;

/// Writes these sections of a release, in their order.
pub(super) fn write_sections(page: &mut Page, account: &Account<'_>, sections: &[Section]) {
    for section in sections {
        let items: Vec<&Item<'_>> = account.items_in(*section).collect();
        if items.is_empty() {
            continue;
        }
        match section {
            Section::Questions => write_questions(page, &items),
            _ => {
                page.heading(section.title());
                items.iter().for_each(|item| write_one(page, item));
            }
        }
    }
}

/// Writes a note, an action, or an item that waits.
pub(super) fn write_one(page: &mut Page, item: &Item<'_>) {
    let (mark, style) = match item.section {
        Section::Danger => ("!", WordStyle::Error),
        Section::Action if item.when.is_some() => ("[ ]", WordStyle::Warn),
        Section::Action => ("•", WordStyle::Warn),
        _ => ("•", WordStyle::Plain),
    };
    let mut spans: Vec<Span> = Vec::new();
    if let Some(at) = item.places().next() {
        spans.push(span(format!("{}: ", file_and_line(at)), WordStyle::Bold));
    }
    if let Some(lead) = &item.lead {
        spans.push(span(format!("{lead}: "), WordStyle::Accent));
    }
    spans.push(unstyled(item.text.clone()));
    spans.extend(step_span(item));
    page.bullet(2, mark, style, &spans);
}

/// The step of an item, with the version that brought it.
fn step_span(item: &Item<'_>) -> Option<Span> {
    let id = item.id?;
    let text = match item.version {
        Some(version) => format!(" [{version} {id}]"),
        None => format!(" [{id}]"),
    };
    Some(span(text, WordStyle::Dim))
}

fn write_questions(page: &mut Page, items: &[&Item<'_>]) {
    page.heading(&format!(
        "{} for you to answer",
        count(items.len(), "question")
    ));
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            page.gap();
        }
        write_question(page, &format!("{}.", i + 1), item);
    }
}

fn write_question(page: &mut Page, number: &str, item: &Item<'_>) {
    let mut spans = vec![span(item.text.clone(), WordStyle::Bold)];
    let id = item.id.map(|id| span(format!(" [{id}]"), WordStyle::Dim));
    spans.extend(id);
    page.bullet(2, number, WordStyle::Warn, &spans);
    if let Some(lacking) = item.lacking {
        let lead = span("The answer is not complete: ", WordStyle::Warn);
        page.fill(5, 5, &[lead, unstyled(lacking)]);
    }
    let widest = item.about.iter().map(|about| columns_of(about.path)).max();
    let widest = widest.unwrap_or_default().min(WIDEST);
    for about in &item.about {
        let value = match about.remark.or(about.value.as_deref()) {
            Some(value) => unstyled(value.to_owned()),
            None => span("not set", WordStyle::Dim),
        };
        let at = about.at.map(|at| format!("  {}", file_and_line(at)));
        let pad = " ".repeat(widest.saturating_sub(columns_of(about.path)));
        page.fill(
            5,
            9,
            &[
                span(about.path, WordStyle::Accent),
                unstyled(format!("{pad}  ")),
                value,
                span(at.unwrap_or_default(), WordStyle::Dim),
            ],
        );
    }
    item.answers
        .iter()
        .for_each(|answer| write_option(page, answer));
}

fn write_option(page: &mut Page, answer: &AnswerOption<'_>) {
    let option = answer.option;
    let mut spans = vec![
        span(option.id.clone(), WordStyle::Bold),
        unstyled(format!(": {}", option.title)),
    ];
    let (mark, style) = match option.recommended {
        true => ("*", WordStyle::Good),
        false => ("-", WordStyle::Plain),
    };
    if option.recommended {
        spans.push(span(" (recommended)", WordStyle::Good));
    }
    page.bullet(5, mark, style, &spans);
    for argument in &answer.arguments {
        page.line(9, &[span(argument.text.clone(), WordStyle::Accent)]);
        if let Some(note) = &argument.note {
            page.fill(13, 13, &[span(note.clone(), WordStyle::Dim)]);
        }
    }
}
