//! A release on the page: one line that says what it comes to, and behind it everything about it.
//!
//! The line carries in its attributes what the filters look at, so that they need not understand the
//! page.

use std::sync::Arc;

use maud::{Markup, html};

use super::{
    super::{
        Masker,
        content::{Verdict, unused},
        overview::WHEN,
        questions,
        wording::{self, count, fate, found, shown_name},
    },
    link, rich, sides,
};
use crate::{
    diff::Diff,
    digest,
    outcome::{Change, Fate, File, KnownBy, Question, Release, State, Step},
    shell::quote,
};

/// How releases can stand, in the order in which the filter lists it.
pub(super) const VERDICTS: [Verdict; 5] = [
    Verdict::Waits,
    Verdict::Loses,
    Verdict::Stale,
    Verdict::Ready,
    Verdict::Fits,
];

/// What the filter calls it.
pub(super) fn verdict_id(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Waits => "open",
        Verdict::Loses => "loses",
        Verdict::Stale => "stale",
        Verdict::Ready => "changes",
        Verdict::Fits => "fits",
    }
}

/// What people read.
pub(super) fn verdict_title(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Waits => "waits for an answer",
        Verdict::Loses => "loses settings",
        Verdict::Stale => "old settings edited in",
        Verdict::Ready => "changes",
        Verdict::Fits => "fits already",
    }
}

/// The files of a release that are shown with it, and those that an earlier card shows.
pub(super) struct Shown<'o> {
    pub files: Vec<&'o Arc<File>>,
    pub elsewhere: Vec<(&'o Arc<File>, usize)>,
}

/// How a card is shown.
pub(super) struct Look<'m> {
    /// Whether it is unfolded.
    pub open: bool,
    /// Whether it is the only one: what is asked and to do stands above it already.
    pub alone: bool,
    /// What hides secrets.
    pub masker: &'m Masker,
}

/// All that a card shows of a release but the names of its files: where two are the same, one card is enough.
pub(super) fn content_of(release: &Release) -> String {
    let mut text = format!(
        "{:?}",
        (
            (&release.chart, &release.from, &release.to, release.known_by),
            &release.carrier,
            (&release.chart_told_by, &release.evidence),
            (&release.steps, &release.notices, &release.stale),
            (
                &release.ledger,
                release.kept,
                &release.facts,
                &release.checklist
            ),
        )
    );
    for (place, file) in release.files.iter().enumerate() {
        // Places name their file; a longer name that holds it is not cut.
        text = text.replace(&format!("{:?}", file.name), &format!("<{place}>"));
        text.push_str(&format!("{:?}", &file.removed_comments));
        for hunk in &Diff::new(&file.before, &file.after).hunks {
            text.push_str(&hunk.header());
            for row in hunk.rows() {
                for cell in [&row.before, &row.after] {
                    text.push_str(&format!("{:?}", cell.as_ref().map(|cell| cell.line.body())));
                }
            }
        }
    }
    digest::of_text(&text)
}

/// The card of releases that differ in nothing but their names, by their numbers.
pub(super) fn card(
    same: &[usize],
    releases: &[Release],
    shown: &Shown<'_>,
    look: &Look<'_>,
) -> Markup {
    let number = same[0];
    let release = &releases[number];
    let others = &same[1..];
    let all_names: Vec<String> = same
        .iter()
        .map(|at| wording::names(&releases[*at]))
        .collect();
    let verdict = Verdict::of(release);
    let questions = release.steps.iter().filter(|step| step.question.is_some());
    let asks: Vec<&str> = questions
        .map(|step| {
            if step.state == State::Open {
                "open"
            } else {
                "answered"
            }
        })
        .collect();
    let steps: Vec<&str> = release
        .steps
        .iter()
        .filter(|step| is_of_interest(step))
        .map(|step| step.id.as_str())
        .collect();
    let (gone, came) = release
        .files
        .iter()
        .map(|file| Diff::new(&file.before, &file.after).counts())
        .fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
    let open_questions = asks.iter().filter(|asked| **asked == "open").count();
    html! {
        details .card id={ "r" (number) } open[look.open] data-files=(all_names.join("\n"))
            data-chart=(release.chart) data-steps=(steps.join(" ")) data-questions=(asks.join(" "))
            data-verdict=(verdict_id(verdict)) {
            summary {
                h3 .path { (wording::names(release)) @if !others.is_empty() { " and " (others.len()) " alike" } }
                span .versions { (release.chart) " " (release.from) @if release.from != release.to { " → " (release.to) } }
                span .badges {
                    @if open_questions > 0 {
                        span .badge.open { (count(open_questions, "question")) }
                    }
                    @if matches!(verdict, Verdict::Loses | Verdict::Stale) { span .badge.loses { (verdict_title(verdict)) } }
                    @if verdict == Verdict::Fits { span .badge.fits { (verdict_title(verdict)) } }
                }
                span .lines {
                    @if gone + came > 0 { span .gone { "−" (gone) } " " span .came { "+" (came) } }
                }
            }
            div .body {
                @if !others.is_empty() {
                    details .more.alike {
                        summary { "The same in " (count(others.len(), "other")) }
                        ul { @for at in others { li .path id={ "r" (at) } { (wording::names(&releases[*at])) } } }
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
                @if !look.alone { (open_questions_of(release)) }
                (facts(release))
                @for file in &shown.files { (sides::difference(file, look.masker)) }
                @for (file, place) in &shown.elsewhere {
                    p .note {
                        code { (shown_name(&file.name)) } " is shared; its difference is shown with "
                        a href={ "#r" (place) } { "the first release of it" } "."
                    }
                }
                div .columns {
                    (changes(release))
                    (told(release))
                    (unread(release))
                    (left_out(release))
                    @if !look.alone { (tasks(release)) }
                    (known_by(release))
                }
                (ledger(release))
            }
        }
    }
}

/// What a person would look for a step by: it did something, told something, or asked.
pub(super) fn is_of_interest(step: &Step) -> bool {
    step.state != State::Done
        || step.question.is_some()
        || !step.changes.is_empty()
        || !step.tell.is_empty()
}

fn open_questions_of(release: &Release) -> Markup {
    html! {
        @for step in questions::open(release) {
            @if let Some(question) = &step.question {
                section .question {
                    h4 { (rich(&question.text)) }
                    (answers(step, question))
                }
            }
        }
    }
}

/// What a question is about, and what can be answered.
pub(super) fn answers(step: &Step, question: &Question) -> Markup {
    html! {
        @if let Some(lacking) = &question.lacking {
            p .lacking { "The answer is not complete: " (lacking) }
        }
        @if !question.evidence.is_empty() {
            ul .evidence {
                @for evidence in &question.evidence {
                    li {
                        code { (evidence.path) }
                        @match &evidence.value {
                            Some(value) => { " is " code { (found(value)) } },
                            None => " is not set",
                        }
                        @if let Some(at) = &evidence.at {
                            span .note { " " (shown_name(&at.file)) ":" (at.line) }
                        }
                    }
                }
            }
        }
        ul .options {
            @for option in &question.options {
                li {
                    p {
                        strong { (option.id) } " " (rich(&option.title))
                        @if option.recommended { " " span .badge.good { "recommended" } }
                    }
                    p { code .copy { "--answer " (quote(&format!("{}={}", step.asked_as(), option.id))) } }
                    @for input in &option.inputs {
                        p {
                            code .copy {
                                "--answer " (step.asked_as()) "." (input.name) "="
                                (input.default.as_deref().map_or_else(|| "…".to_owned(), quote))
                            }
                            " " (input.title)
                            @if input.list { "; several, separated by commas" }
                            @if input.default.is_some() { "; may be left out if it is as shown" }
                        }
                    }
                }
            }
        }
    }
}

fn facts(release: &Release) -> Markup {
    let changed = || {
        release
            .facts
            .iter()
            .filter(|fact| fact.before != fact.after)
    };
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
    html! {
        @if changed().next().is_some() {
            table .facts {
                caption {
                    @if release.is_open() { "In effect, as far as it is decided" } @else { "In effect" }
                }
                thead { tr { th scope="col" { "What" } th scope="col" { "Before" } th scope="col" { "Afterwards" } } }
                tbody {
                    @for fact in changed() {
                        tr { th scope="row" { (fact.title) } td { (value(&fact.before)) } td { (value(&fact.after)) } }
                    }
                }
            }
        }
    }
}

fn changes(release: &Release) -> Markup {
    let acted = || {
        release
            .steps
            .iter()
            .filter(|step| step.state == State::Done && !step.changes.is_empty())
    };
    html! {
        @if acted().next().is_some() {
            section .changes {
                h4 { "What changes" }
                @for step in acted() {
                    (heading(step))
                    @if let Some((question, answer)) = step.question.as_ref().and_then(|q| Some((q, q.answer.as_ref()?))) {
                        p .answered {
                            "Answered " code { (answer) }
                            @if let Some(option) = question.options.iter().find(|option| option.id == *answer) { ": " (option.title) }
                            @for (name, value) in &question.inputs { "; " (name) " = " code { (value) } }
                        }
                    }
                    ul .done { @for change in &step.changes { li { (self::change(change, release)) } } }
                    @if let Some(why) = &step.why { p .note { (rich(why)) } }
                }
            }
        }
    }
}

fn heading(step: &Step) -> Markup {
    html! {
        h5 {
            (step.title) " "
            span .note { (link(&step.version.to_string(), step.link.as_deref())) " " code { (step.id) } }
        }
    }
}

fn change(change: &Change, release: &Release) -> Markup {
    let word = wording::fate(change.fate);
    let value = wording::value(&change.value);
    html! {
        span .word { (word) } " " code { (change.path) }
        @match (&change.to, change.fate) {
            (Some(to), _) => { " → " code { (to) } },
            (None, _) if change.left_over => { span .note { " was " code { (value) } ", left over and not in use" } },
            (None, Fate::Dropped) => { span .note { " was " code { (value) } } },
            (None, _) => { ": " code { (value) } },
        }
        @if !change.from.is_empty() { span .note { " from " (wording::paths(&change.from)) } }
        @if release.files.len() > 1 { span .note { " in " (change.file) } }
    }
}

fn told(release: &Release) -> Markup {
    let notices = || release.stale.iter().chain(&release.notices);
    let tells = || {
        release
            .steps
            .iter()
            .filter(|step| step.state == State::Done && !step.tell.is_empty())
    };
    html! {
        @if notices().next().is_some() || tells().next().is_some() {
            section {
                h4 { "Good to know" }
                ul {
                    @for step in tells() {
                        @for told in &step.tell { li { (rich(&told.text)) " " code .note { (step.id) } } }
                    }
                    @for notice in notices() {
                        li {
                            @if let Some(at) = &notice.at { strong { (shown_name(&at.file)) ":" (at.line) } " " }
                            (rich(&notice.text))
                        }
                    }
                }
            }
        }
    }
}

fn unread(release: &Release) -> Markup {
    let left = unused(release);
    html! {
        @if !left.is_empty() {
            section {
                h4 { "Stays, but " (release.chart) " " (release.to) " does not read it" }
                ul { @for path in left { li { code { (path) } } } }
            }
        }
    }
}

fn left_out(release: &Release) -> Markup {
    let steps = |state: State| release.steps.iter().filter(move |step| step.state == state);
    html! {
        @if steps(State::LeftOut).next().is_some() {
            section {
                h4 { "Left out on request" }
                ul {
                    @for step in steps(State::LeftOut) {
                        li {
                            (step.title) " " code .note { (step.id) }
                            @if !step.loses.is_empty() {
                                p .lacking { "These settings lose their effect: " (wording::paths(&step.loses)) }
                            }
                        }
                    }
                }
            }
        }
        @if steps(State::Waiting).next().is_some() {
            section {
                h4 { "Waits for an answer" }
                ul {
                    @for step in steps(State::Waiting) {
                        li { (step.title) " " span .note { "waits for " (step.waits_for.join(", ")) } }
                    }
                }
            }
        }
    }
}

fn tasks(release: &Release) -> Markup {
    html! {
        @if !release.checklist.is_empty() {
            section {
                h4 { "To do outside the file" }
                ul .tasks {
                    @for (when, title) in WHEN {
                        @for task in release.checklist.iter().filter(|task| task.when == when) {
                            li { span .word { (title) } ": " (rich(&task.text)) }
                        }
                    }
                }
            }
        }
    }
}

fn known_by(release: &Release) -> Markup {
    html! {
        @if !release.chart_told_by.is_empty() {
            section {
                h4 { "Why it is taken for a file of " (release.chart) }
                ul {
                    @for sign in &release.chart_told_by {
                        li {
                            code { (sign.path) }
                            @if let Some(at) = &sign.at { span .note { " " (shown_name(&at.file)) ":" (at.line) } }
                            p .note { (sign.why) }
                        }
                    }
                }
            }
        }
        @if release.known_by == KnownBy::Content && !release.evidence.is_empty() {
            section {
                h4 { "Why it is taken to be for " (release.chart) " " (release.from) }
                ul {
                    @for clue in &release.evidence {
                        li {
                            code { (clue.path) } " " (clue.versions)
                            @if let Some(at) = &clue.at { span .note { " " (shown_name(&at.file)) ":" (at.line) } }
                            p .note { (clue.why) }
                        }
                    }
                }
            }
        }
    }
}

fn ledger(release: &Release) -> Markup {
    let comments = || release.files.iter().flat_map(|file| &file.removed_comments);
    html! {
        p .note { (wording::fates(release)) "." }
        @if !release.ledger.is_empty() || comments().next().is_some() {
            details .ledger {
                summary { "Every setting that did not just stay" }
                table {
                    thead { tr { th scope="col" { "Setting" } th scope="col" { "Fate" } th scope="col" { "Now at" } th scope="col" { "Step" } } }
                    tbody {
                        @for leaf in &release.ledger {
                            tr {
                                td { code { (leaf.path) } }
                                td { (fate(leaf.fate)) }
                                td { @for (i, to) in leaf.to.iter().enumerate() { @if i > 0 { ", " } code { (to) } } }
                                td { (leaf.step.as_deref().unwrap_or_default()) }
                            }
                        }
                    }
                }
                @if comments().next().is_some() {
                    p { "Comments that went with what was removed:" }
                    pre { @for comment in comments() { (comment) "\n" } }
                }
            }
        }
    }
}
