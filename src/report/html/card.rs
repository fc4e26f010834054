//! A release on the page: one line that says what it comes to, and behind it everything about it.
//!
//! The line carries in its attributes what the filters look at, so that they need not understand the
//! page.

use std::sync::Arc;

use maud::{Markup, html};

use super::{
    super::{
        Masker,
        content::{
            Account, Alike, ChangeLine, Done, Item, RecognitionReason, ReportContent, Section,
            Verdict, file_and_line,
        },
        wording::{self, count, shown_name},
    },
    render_link, render_sentence, sides,
};
use crate::outcome::{ReportedFile, ReportedStep, State};

/// The id of a verdict in the filter.
pub(super) fn verdict_id(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Waits => "open",
        Verdict::Held => "held",
        Verdict::Loses => "loses",
        Verdict::Stale => "stale",
        Verdict::Ready => "changes",
        Verdict::Fits => "fits",
    }
}

/// The files of a release that are shown with it, and those that an earlier card shows.
pub(super) struct CardFiles<'o> {
    pub files: Vec<&'o Arc<ReportedFile>>,
    pub elsewhere: Vec<(&'o Arc<ReportedFile>, usize)>,
}

/// The look of a card.
pub(super) struct CardLook<'m> {
    /// True if it is unfolded.
    pub open: bool,
    /// True if it is the only one: its questions and actions stand above it already.
    pub alone: bool,
    /// The masker for secrets.
    pub masker: &'m Masker,
}

/// The card of releases that differ in nothing but their names and the lines around their changes.
pub(super) fn render_card(
    same: &Alike,
    content: &ReportContent<'_>,
    shown: &CardFiles<'_>,
    look: &CardLook<'_>,
) -> Markup {
    let number = same.rows[0];
    let row = &content.rows[number];
    let release = row.release;
    let account = Account::of(release);
    let others = &same.rows[1..];
    let name = |at: usize| wording::release_name(content.rows[at].release);
    let all_names: Vec<String> = same.rows.iter().map(|at| name(*at)).collect();
    let asks = std::iter::repeat_n("open", row.open.len());
    let asks = asks.chain(std::iter::repeat_n("answered", row.answered));
    let steps = release.steps.iter().filter(|step| is_of_interest(step));
    let steps: Vec<&str> = steps.map(|step| step.id.as_str()).collect();
    let (gone, came) = row.lines;
    html! {
        details .card id={ "r" (number) } open[look.open] data-files=(all_names.join("\n"))
            data-chart=(release.chart) data-steps=(steps.join(" ")) data-questions=(asks.collect::<Vec<_>>().join(" "))
            data-verdict=(verdict_id(row.verdict)) {
            summary {
                h3 .path { (wording::release_name(release)) @if !others.is_empty() { " and " (others.len()) " alike" } }
                span .versions { (row.versions()) }
                span .badges {
                    @if !row.open.is_empty() {
                        span .badge.open { (count(row.open.len(), "question")) }
                    }
                    @if row.verdict == Verdict::Held { span .badge.open { (row.verdict.title()) } }
                    @if matches!(row.verdict, Verdict::Loses | Verdict::Stale) { span .badge.loses { (row.verdict.title()) } }
                    @if row.verdict == Verdict::Fits { span .badge.fits { (row.verdict.title()) } }
                }
                span .lines {
                    @if gone + came > 0 { span .gone { "−" (gone) } " " span .came { "+" (came) } }
                }
            }
            div .body {
                @if let Some(held) = &release.held_by { p .note { "It " (wording::held_by(held)) "." } }
                @if !others.is_empty() {
                    details .more.alike {
                        summary {
                            "The same in " (count(others.len(), "other"))
                            @if same.around_differs { "; only the lines around the changes differ" }
                        }
                        ul { @for at in others { li .path id={ "r" (at) } { (name(*at)) } } }
                    }
                }
                @if release.carrier.is_some() || release.files.len() > 1 {
                    p .note {
                        @if let Some(carrier) = &release.carrier { (carrier) ". " }
                        "Values in Helm's order: "
                        @for (i, file) in release.files.iter().enumerate() {
                            @if i > 0 { ", " } code { (shown_name(&file.name)) }
                        }
                    }
                }
                // Of a single release the sections of the page say this already.
                @if !look.alone {
                    @for item in account.items_in(Section::Questions) {
                        section .question { h4 { (render_sentence(&item.text)) } (render_answers(item)) }
                    }
                }
                (render_effect(&account))
                @for file in &shown.files { (sides::render_sides(file, look.masker)) }
                @for (file, place) in &shown.elsewhere {
                    p .note {
                        code { (shown_name(&file.name)) } " is shared; its difference is shown with "
                        a href={ "#r" (place) } { "the first release of it" } "."
                    }
                }
                div .columns {
                    (render_changes(&account))
                    @if !look.alone {
                        @for section in [Section::Waiting, Section::Danger, Section::Action, Section::Notes] {
                            (self::render_section(&account, section))
                        }
                    }
                    (known_by(&account))
                }
                (render_ledger(&account))
            }
        }
    }
}

/// True for a step that a person would look for: it did something, told something, or asked.
pub(super) fn is_of_interest(step: &ReportedStep) -> bool {
    step.state != State::Done
        || step.question.is_some()
        || !step.changes.is_empty()
        || !step.tell.is_empty()
}

/// The subject of a question, and its answers.
pub(super) fn render_answers(item: &Item<'_>) -> Markup {
    html! {
        @if let Some(lacking) = item.lacking {
            p .lacking { "The answer is not complete: " (lacking) }
        }
        @if !item.about.is_empty() {
            ul .evidence {
                @for about in &item.about {
                    li {
                        code { (about.path) }
                        @match (about.remark, &about.value) {
                            (Some(remark), _) => { ": " (render_sentence(remark)) },
                            (None, Some(value)) => { " is " code { (value) } },
                            (None, None) => " is not set",
                        }
                        @if let Some(at) = about.at { span .note { " " (file_and_line(at)) } }
                    }
                }
            }
        }
        @if let Some(otherwise) = item.otherwise_sentence() { p .note { (otherwise) } }
        ul .options {
            @for answer in &item.answers {
                li {
                    p {
                        strong { (answer.option.id) } " " (render_sentence(&answer.option.title))
                        @if answer.option.recommended { " " span .badge.good { "recommended" } }
                    }
                    @for argument in &answer.arguments {
                        p {
                            code .copy { (argument.text) }
                            @if let Some(note) = &argument.note { " " (note) }
                        }
                    }
                }
            }
        }
    }
}

fn render_effect(account: &Account<'_>) -> Markup {
    html! {
        @if !account.effect.is_empty() {
            table .facts {
                caption { "Effect" }
                thead { tr { th scope="col" { "What" } th scope="col" { "Before" } th scope="col" { "Afterwards" } } }
                tbody {
                    @for it in &account.effect {
                        tr { th scope="row" { (it.title) } td data-is="before" { (it.before) } td data-is="now" { (it.after) } }
                    }
                }
            }
        }
    }
}

fn render_changes(account: &Account<'_>) -> Markup {
    html! {
        @if !account.done.is_empty() {
            section .changes {
                h4 { (Section::Changes.title()) }
                @for done in &account.done { (self::render_done(done)) }
            }
        }
    }
}

fn render_done(done: &Done<'_>) -> Markup {
    html! {
        h5 {
            (done.title) " "
            span .note { (render_link(&done.version.to_string(), done.link)) " " code { (done.id) } }
        }
        @if let Some(answered) = &done.answered { p .answered { "Answered " (answered) } }
        ul .done { @for it in &done.changes { li { (render_change(it)) } } }
        @if let Some(why) = done.why { p .note { (render_sentence(why)) } }
    }
}

fn render_change(change: &ChangeLine<'_>) -> Markup {
    html! {
        span .word { (change.word) } " " code { (change.path) }
        @if let Some(to) = change.to { " → " code { (to) } }
        @if let Some(was) = &change.was { span .note { " was " code { (was) } } }
        @if let Some(now) = &change.now { ": " code { (now) } }
        @if !change.from.is_empty() { span .note { " from " (wording::path_list(change.from)) } }
        @if let Some(file) = change.file { span .note { " in " (file) } }
    }
}

/// The items of a release in a section.
fn render_section(account: &Account<'_>, section: Section) -> Markup {
    html! {
        @if account.items_in(section).next().is_some() {
            section {
                h4 { (section.title()) }
                ul {
                    @for item in account.items_in(section) {
                        li {
                            @if let Some(at) = item.places().next() { strong { (file_and_line(at)) } " " }
                            @if let Some(lead) = &item.lead { span .word { (lead) } ": " }
                            (render_sentence(&item.text))
                            @if let Some(id) = item.id { " " code .note { (id) } }
                        }
                    }
                }
            }
        }
    }
}

fn known_by(account: &Account<'_>) -> Markup {
    let known = &account.known;
    html! {
        @if !known.chart.is_empty() || known.by_content {
            section {
                h4 { "Why this version" }
                p { (known.sentence) " " (known.pack) }
                ul { @for it in known.chart.iter().chain(&known.version) { (render_reason(it)) } }
            }
        }
    }
}

fn render_reason(reason: &RecognitionReason<'_>) -> Markup {
    html! {
        li {
            code { (reason.path) }
            @if let Some(versions) = reason.versions { " " (versions) }
            @if let Some(at) = reason.at { span .note { " " (file_and_line(at)) } }
            p .note { (reason.why) }
        }
    }
}

fn render_ledger(account: &Account<'_>) -> Markup {
    html! {
        p .note { (account.settings.in_one_line()) "." }
        @if !account.ledger.is_empty() || !account.comments.is_empty() {
            details .ledger {
                summary { "Every setting that did not just stay" }
                table {
                    thead { tr { th scope="col" { "Setting" } th scope="col" { "Fate" } th scope="col" { "Now at" } th scope="col" { "Step" } } }
                    tbody {
                        @for leaf in &account.ledger {
                            tr {
                                td { code { (leaf.path) } }
                                td { (leaf.word) }
                                td { @for (i, to) in leaf.to.iter().enumerate() { @if i > 0 { ", " } code { (to) } } }
                                td { (leaf.step.unwrap_or_default()) }
                            }
                        }
                    }
                }
                @if !account.comments.is_empty() {
                    p { "Comments that went with what was removed:" }
                    pre { @for comment in &account.comments { (comment) "\n" } }
                }
            }
        }
    }
}
