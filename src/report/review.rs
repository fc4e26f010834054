//! What a person sees in a review: one change or question at a time, and the result at the end.
//!
//! It only renders what a review puts into [`super::undecided`]: what is asked, and what an answer means, is
//! decided there.

use super::{
    Masker, ReportStyle,
    content::{Account, Section, version_change},
    difference,
    page::{Page, Span, WordStyle, columns_of, span, unstyled},
    sections, text,
    undecided::{SuggestionSource, Tally, UndecidedStep},
    wording::{self, count, quoted_value, shown_name},
};
use crate::{
    outcome::{Refusal, Release, ReportedFile, ReportedInput, ReportedOption, ReportedStep, State},
    values::Path,
};

/// Settings listed by name before the rest is only counted.
const LISTED: usize = 8;

/// The room for a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DifferenceRoom {
    /// Unchanged lines around a change.
    pub context: usize,
    /// Lines in all.
    pub lines: usize,
}

/// The beginning of the review of releases that are written together: their files, their versions, the evidence for
/// them.
#[must_use]
pub fn render_opening(
    releases: &[&Release],
    steps: usize,
    look: ReportStyle,
    masker: &Masker,
) -> String {
    let mut page = Page::new(look);
    for release in releases {
        if let [_] = releases {
            text::write_headline(&mut page, release);
        } else {
            // Whether it changes by itself cannot be told while the layers it shares are open.
            let name = format!(
                "{}: {}",
                wording::release_name(release),
                version_change(release)
            );
            page.fill(0, 2, &[span(name, WordStyle::Bold)]);
        }
        let known = masker.mask_release(release);
        text::known_by(&mut page, &Account::of(&known), look);
    }
    if releases.len() > 1 {
        page.fill(
            2,
            2,
            &[unstyled(
                "They share files, so they are written together. Each change is decided for one of them.",
            )],
        );
    }
    if steps > 0 {
        page.fill(
            2,
            2,
            &[unstyled(format!(
                "{} to decide. Nothing is written before the end, and only if you say so.",
                count(steps, "thing")
            ))],
        );
    }
    page.finish()
}

/// The name of a release above what is said of it.
#[must_use]
pub fn render_name(release: &Release, look: ReportStyle) -> String {
    let mut page = Page::new(look);
    page.fill(
        0,
        2,
        &[span(wording::release_name(release), WordStyle::Bold)],
    );
    page.finish()
}

/// Releases that are reviewed together, and how many things are left to decide, in a list of all.
#[must_use]
pub fn render_place(number: usize, releases: &[Release], left: usize) -> String {
    let left = match left {
        0 => "decided".to_owned(),
        n => format!("{n} to decide"),
    };
    format!("{number} {} ({left})", all_names(releases))
}

/// Releases that are reviewed together, in a list to choose from.
#[must_use]
pub fn list_name(releases: &[Release]) -> String {
    match releases {
        [release] => format!(
            "{}, {}",
            wording::release_name(release),
            version_change(release)
        ),
        several => all_names(several),
    }
}

/// That so many steps of releases were accepted at once.
#[must_use]
pub fn steps_accepted(releases: &[Release], steps: usize) -> String {
    let steps = count(steps, "step");
    format!("{}: {steps} accepted", all_names(releases))
}

fn all_names(releases: &[Release]) -> String {
    let names: Vec<String> = releases.iter().map(wording::release_name).collect();
    names.join(", ")
}

/// A step in a sentence: its id, and the release where there are several.
#[must_use]
pub fn step_name(item: &UndecidedStep, releases: &[Release]) -> String {
    let id = &item.step.id;
    match releases {
        [_] => id.clone(),
        _ => format!(
            "{id} for {}",
            names_about(item, releases, wording::short_name)
        ),
    }
}

/// The releases that a card is about, in short.
#[must_use]
pub fn releases_of(item: &UndecidedStep, releases: &[Release]) -> String {
    names_about(item, releases, wording::short_name)
}

fn names_about(item: &UndecidedStep, releases: &[Release], name: fn(&Release) -> String) -> String {
    let names = item
        .about
        .iter()
        .filter_map(|at| releases.get(*at))
        .map(name);
    names.collect::<Vec<_>>().join(" and ")
}

/// One step: what it is, which of the releases it is about, why, and what it is about. The difference
/// follows it.
#[must_use]
pub fn render_card(
    item: &UndecidedStep,
    releases: &[Release],
    look: ReportStyle,
    masker: &Masker,
) -> String {
    let mut page = Page::new(look);
    let step = &item.step;
    let release = &releases[item.about[0]];
    page.gap();
    write_rule(&mut page, look);
    page.fill(
        0,
        6,
        &[
            span(format!("[{}/{}] ", item.number, item.of), WordStyle::Accent),
            span(step.title.clone(), WordStyle::Bold),
            span(format!(" [{}]", step.id), WordStyle::Dim),
        ],
    );
    if releases.len() > 1 {
        let about = names_about(item, releases, wording::release_name);
        page.fill(2, 4, &[unstyled("for "), span(about, WordStyle::Accent)]);
    }
    // Steps that refit adds by itself belong to no version of the chart.
    if item.from_pack {
        let since = format!("since {} {}", release.chart, step.version);
        page.fill(2, 4, &[span(since, WordStyle::Dim)]);
    }
    if let Some(link) = &step.link {
        page.fill(2, 4, &[span(link.clone(), WordStyle::Dim)]);
    }
    if let Some(why) = &step.why {
        page.fill(2, 2, &[unstyled(masker.mask_text(why))]);
    }
    if step.state != State::Open {
        write_told(&mut page, step, masker);
    }
    page.finish()
}

/// The texts that a step tells.
#[must_use]
pub fn step_texts(step: &ReportedStep, look: ReportStyle, masker: &Masker) -> String {
    let mut page = Page::new(look);
    write_told(&mut page, step, masker);
    page.finish()
}

fn write_told(page: &mut Page, step: &ReportedStep, masker: &Masker) {
    for told in &step.tell {
        page.bullet(
            2,
            "!",
            WordStyle::Warn,
            &[unstyled(masker.mask_text(&told.text))],
        );
    }
}

/// The lines that a step causes; also how many had no room.
#[must_use]
pub fn render_difference(
    files: &[ReportedFile],
    room: DifferenceRoom,
    look: ReportStyle,
    masker: &Masker,
) -> (String, usize) {
    let mut text = String::new();
    let mut left = 0;
    for file in files.iter().filter(|file| file.changed) {
        let (hunks, more) =
            difference::render_excerpt(file, room.context, room.lines, look, masker);
        if files.len() > 1 {
            let mut page = Page::new(look);
            page.line(0, &[span(shown_name(&file.name), WordStyle::Bold)]);
            text.push_str(&page.finish());
        }
        text.push_str(&hunks);
        left += more;
    }
    (text, left)
}

/// A question with its evidence and its numbered options. Enter takes the marked one.
#[must_use]
pub fn render_question(item: &UndecidedStep, look: ReportStyle, masker: &Masker) -> String {
    let mut page = Page::new(look);
    let Some(question) = &item.step.question else {
        return String::new();
    };
    page.fill(
        2,
        2,
        &[span(masker.mask_text(&question.text), WordStyle::Bold)],
    );
    for evidence in &question.evidence {
        let mut spans: Vec<Span> = Vec::new();
        if let Some(at) = &evidence.at {
            let place = format!("{}:{}: ", shown_name(&at.file), at.line);
            spans.push(span(place, WordStyle::Dim));
        }
        spans.push(span(format!("{}: ", evidence.path), WordStyle::Accent));
        spans.push(match (&evidence.remark, &evidence.value) {
            (Some(remark), _) => unstyled(masker.mask_value(&evidence.path, remark)),
            (None, Some(value)) => {
                unstyled(quoted_value(&masker.mask_value(&evidence.path, value)))
            }
            (None, None) => span("not set", WordStyle::Dim),
        });
        page.fill(4, 6, &spans);
    }
    page.gap();
    let enter = item.suggested.as_ref().map(|answer| &answer.option);
    for (i, option) in question.options.iter().enumerate() {
        self::write_option(
            &mut page,
            (i + 1, question.options.len()),
            option,
            (enter == Some(&option.id)).then_some(&item.source),
            masker,
        );
    }
    format!("\n{}\n", page.finish())
}

fn write_option(
    page: &mut Page,
    (number, of): (usize, usize),
    option: &ReportedOption,
    source: Option<&SuggestionSource>,
    masker: &Masker,
) {
    let enter = source.is_some();
    let mark = if enter { "*" } else { " " };
    let pad = " ".repeat(columns_of(&of.to_string()) - columns_of(&number.to_string()));
    let mut spans = vec![
        span(option.id.clone(), WordStyle::Bold),
        unstyled(": "),
        unstyled(masker.mask_text(&option.title)),
    ];
    spans.extend(
        suggestion_note(option, source).map(|note| span(format!(" ({note})"), WordStyle::Good)),
    );
    let style = if enter {
        WordStyle::Good
    } else {
        WordStyle::Accent
    };
    page.bullet(2, &format!("{mark}{pad}{number}"), style, &spans);
    for input in &option.inputs {
        let text = format!("asks for: {}", masker.mask_text(&input.title));
        page.fill(7, 9, &[span(text, WordStyle::Dim)]);
    }
}

/// An option in a list: its id, and whether it is the one that is suggested. What it means stands above.
#[must_use]
pub fn short_choice(option: &ReportedOption, item: &UndecidedStep) -> String {
    let suggested = item.suggested.as_ref();
    let is_suggested = suggested.is_some_and(|answer| answer.option == option.id);
    let note = is_suggested
        .then(|| suggestion_note(option, Some(&item.source)))
        .flatten()
        .or_else(|| suggestion_note(option, None));
    match note {
        Some(note) => format!("{} ({note})", option.id),
        None => option.id.clone(),
    }
}

/// The reason for which an option is suggested.
fn suggestion_note(option: &ReportedOption, source: Option<&SuggestionSource>) -> Option<String> {
    match source {
        Some(SuggestionSource::Before) if !option.recommended => Some("as before".to_owned()),
        Some(SuggestionSource::Other(name)) => Some(format!("as for {name}")),
        _ if option.recommended => Some("recommended".to_owned()),
        _ => None,
    }
}

/// The text above the line in which an input is typed.
#[must_use]
pub fn render_input(
    input: &ReportedInput,
    default: Option<&str>,
    look: ReportStyle,
    masker: &Masker,
) -> String {
    let mut page = Page::new(look);
    let mut notes = vec![masker.mask_text(&input.title)];
    if input.list {
        notes.push("several, separated by commas".to_owned());
    }
    if let Some(default) = default {
        notes.push(format!(
            "Enter takes {}",
            masker.mask_value(&input.name, default)
        ));
    }
    notes.push("Esc goes back to the options".to_owned());
    page.fill(4, 4, &[span(notes.join("; "), WordStyle::Dim)]);
    page.finish()
}

/// The consequences of leaving a step out, beyond that it is not done.
#[must_use]
pub fn render_losses(
    lost: &[Path],
    needed_by: &[String],
    release: &Release,
    look: ReportStyle,
) -> String {
    let mut page = Page::new(look);
    if !lost.is_empty() {
        let text = format!(
            ". Nothing in {} {} reads {}.",
            release.chart,
            release.to,
            if lost.len() == 1 { "it" } else { "them" }
        );
        page.fill(
            2,
            4,
            &[
                span("If skipped, this stops working: ", WordStyle::Warn),
                unstyled(list_names(lost)),
                unstyled(text),
            ],
        );
    }
    if !needed_by.is_empty() {
        let text = format!("What needs it is skipped too: {}", list_names(needed_by));
        page.fill(2, 4, &[span(text, WordStyle::Warn)]);
    }
    page.finish()
}

fn list_names<N: std::fmt::Display>(names: &[N]) -> String {
    let mut text = wording::path_list(&names[..names.len().min(LISTED)]);
    if names.len() > LISTED {
        text.push_str(&format!(" and {} more", names.len() - LISTED));
    }
    text
}

/// A sentence by itself.
#[must_use]
pub fn render_sentence(text: &str, look: ReportStyle) -> String {
    let mut page = Page::new(look);
    page.fill(2, 4, &[unstyled(text)]);
    page.finish()
}

/// The same, as a warning.
#[must_use]
pub fn render_warning(text: &str, look: ReportStyle) -> String {
    let mut page = Page::new(look);
    page.fill(2, 4, &[span(text, WordStyle::Warn)]);
    page.finish()
}

/// The refusals.
#[must_use]
pub fn render_refusals(refusals: &[Refusal], look: ReportStyle, masker: &Masker) -> String {
    let mut page = Page::new(look);
    for refusal in refusals {
        super::refusal::write(&mut page, refusal, masker);
    }
    page.finish()
}

/// Keys and what they do, in columns.
#[must_use]
pub fn render_keys(keys: &[(&str, &str)], look: ReportStyle) -> String {
    let mut page = Page::new(look);
    let widest = keys
        .iter()
        .map(|(key, _)| columns_of(key))
        .max()
        .unwrap_or(0);
    for (key, what) in keys {
        let pad = " ".repeat(widest - columns_of(key));
        page.fill(
            2,
            widest + 4,
            &[
                span(*key, WordStyle::Accent),
                unstyled(format!("{pad}  ")),
                unstyled(*what),
            ],
        );
    }
    page.finish()
}

/// The fate of every setting that did not just stay.
#[must_use]
pub fn render_ledger(release: &Release, look: ReportStyle, masker: &Masker) -> String {
    let mut page = Page::new(look);
    let release = masker.mask_release(release);
    let account = Account::of(&release);
    text::every_leaf(&mut page, &account);
    page.gap();
    page.fill(
        2,
        2,
        &[span(account.settings.in_one_line(), WordStyle::Dim)],
    );
    page.finish()
}

/// The result of a release, below its whole difference: what is other in effect, what to know, what
/// is open, what to do outside the files.
#[must_use]
pub fn render_closing(
    release: &Release,
    tally: &Tally<'_>,
    look: ReportStyle,
    masker: &Masker,
) -> String {
    let mut page = Page::new(look);
    let release = masker.mask_release(release);
    let mut account = Account::of(&release);
    // What a step that changes something notes stood on its card.
    let done: Vec<&str> = account.done.iter().map(|done| done.id).collect();
    account.items.retain(|item| {
        item.section != Section::Notes || item.id.is_none_or(|id| !done.contains(&id))
    });
    text::write_effect(&mut page, &account, look);
    sections::write_sections(
        &mut page,
        &account,
        &[
            Section::Waiting,
            Section::Danger,
            Section::Action,
            Section::Notes,
        ],
    );
    page.gap();
    page.fill(
        0,
        2,
        &[unstyled(format!(
            "{} accepted, {} skipped, {} open. {}.",
            tally.accepted.len(),
            tally.skipped.len(),
            tally.open.len(),
            account.settings.in_one_line()
        ))],
    );
    page.finish()
}

/// A line across with a title: what begins a part of the review.
#[must_use]
pub fn part_heading(title: &str, look: ReportStyle) -> String {
    let mut page = Page::new(look);
    write_rule(&mut page, look);
    page.fill(0, 2, &[span(title, WordStyle::Bold)]);
    page.finish()
}

/// The decisions, in lists.
#[must_use]
pub fn render_decided(tally: &Tally<'_>, look: ReportStyle, masker: &Masker) -> String {
    let mut page = Page::new(look);
    let mut list = |title: &str, style, steps: Vec<(&ReportedStep, String)>| {
        if steps.is_empty() {
            return;
        }
        page.fill(0, 2, &[span(format!("{title} ({})", steps.len()), style)]);
        for (step, note) in steps {
            page.fill(
                2,
                4,
                &[
                    unstyled(step.id.clone()),
                    unstyled(note),
                    span(
                        format!("  {}", masker.mask_text(&step.title)),
                        WordStyle::Dim,
                    ),
                ],
            );
        }
    };
    let answered = |answer: Option<&str>| answer.map(|a| format!(": {a}")).unwrap_or_default();
    let none = |steps: &[&'_ ReportedStep]| -> Vec<(ReportedStep, String)> {
        steps
            .iter()
            .map(|step| ((*step).clone(), String::new()))
            .collect()
    };
    list(
        "Accepted",
        WordStyle::Good,
        tally
            .accepted
            .iter()
            .map(|(step, answer)| (*step, answered(*answer)))
            .collect(),
    );
    for (title, style, steps) in [
        ("Skipped", WordStyle::Warn, none(&tally.skipped)),
        ("Still open", WordStyle::Warn, none(&tally.open)),
        (
            "Waiting for an answer",
            WordStyle::Plain,
            none(&tally.waiting),
        ),
    ] {
        list(
            title,
            style,
            steps.iter().map(|(s, n)| (s, n.clone())).collect(),
        );
    }
    page.finish()
}

fn write_rule(page: &mut Page, look: ReportStyle) {
    page.line(0, &[span("─".repeat(look.width), WordStyle::Dim)]);
}

/// A text without signs that need more than ASCII: the signs that reports are made of, not the
/// letters of a language.
#[must_use]
pub fn to_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '→' => out.push_str("->"),
            '…' => out.push_str("..."),
            '•' => out.push('*'),
            '─' | '–' => out.push('-'),
            '␍' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out
}
