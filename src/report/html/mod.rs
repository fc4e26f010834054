//! The outcome as one page for a browser, for a reviewer of one file or of a thousand.
//!
//! The page is a file by itself. It asks no network for anything and a policy in its head forbids it to:
//! its style and its script are in it and allowed by their hashes, so that nothing that came from a
//! values file could run even if it got past the templates. Those escape all that they are given.
//!
//! Everything is in the page as HTML: without scripts it reads, folds and prints the same, and only the
//! filters are gone. Files are folded lines until they are opened, and a browser lays out nothing that is
//! folded away; that is what keeps a thousand files quick, not cleverness. Characters that turn the direction
//! of writing or control a terminal are shown as signs, in the page as a whole.
//!
//! Secrets are masked before anything here sees them; lines of files where they are shown (`sides`).

mod card;
mod sides;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use self::card::{Look, Shown, VERDICTS, verdict_id, verdict_title};
use super::{
    Masker,
    command::Command,
    content::Verdict,
    overview::{self, Counts, WHEN},
    wording::{count, short_name, shown_name},
};
use crate::outcome::{File, Outcome, Refusal, Release, Task};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Releases that are unfolded when the page is opened: a short page is there to be read.
const UNFOLDED: usize = 3;
/// Names listed before the rest is folded, and questions and refusals unfolded; with more, each is folded
/// behind its first line.
const LISTED: usize = 5;
/// Columns of a command, where its words allow.
const COMMAND: usize = 100;

/// The outcome as a page. Secrets are masked as the masker says.
#[must_use]
pub fn render(outcome: &Outcome, masker: &Masker) -> String {
    render_with(outcome, masker, &[])
}

/// The same, with the commands that write what the page shows.
#[must_use]
pub fn render_with(outcome: &Outcome, masker: &Masker, commands: &[Command]) -> String {
    let outcome = masker.outcome(outcome);
    let page = page(&outcome, masker, commands).into_string();
    if !page.chars().any(turns) {
        return page;
    }
    page.chars()
        .map(|c| match c {
            '\r' => '␍',
            c if u32::from(c) < 0x20 && turns(c) => {
                char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')
            }
            c if turns(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Whether a character is obeyed and not shown.
fn turns(c: char) -> bool {
    crate::shell::obeyed(c) && !matches!(c, '\n' | '\t')
}

fn policy() -> String {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; \
         base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn page(outcome: &Outcome, masker: &Masker, commands: &[Command]) -> Markup {
    let counts = Counts::of(outcome);
    let title = overview::versions(outcome).unwrap_or_else(|| "Helm values".to_owned());
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) ": " (lead(&counts)) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                a .skip href="#files" { "Skip to the files" }
                header {
                    h1 { (title) }
                    p .lead { (lead(&counts)) "." }
                    (contents(outcome, &counts))
                }
                main {
                    (questions(outcome))
                    (refused(outcome))
                    (files(outcome, masker))
                    (command_lines(commands, masker))
                    (tasks(outcome))
                    (unclaimed(outcome))
                }
                footer {
                    p {
                        "Made by refit " (env!("CARGO_PKG_VERSION")) "."
                        @if masker.is_on() { " Secrets are shown as " (super::secrets::MASK) "." }
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// What it comes to, in a sentence without its point.
fn lead(counts: &Counts) -> String {
    let mut said = match (counts.changed, counts.files) {
        (0, 0) => "No file was read".to_owned(),
        (0, 1) => "The file does not change".to_owned(),
        (0, n) => format!("None of {} changes", count(n, "file")),
        (1, 1) => "1 file changes".to_owned(),
        (1, n) => format!("1 of {n} files changes"),
        (n, all) if n == all => format!("{n} files change"),
        (n, all) => format!("{n} of {all} files change"),
    };
    if counts.questions > 0 {
        said.push_str(&format!(", {}", count(counts.questions, "open question")));
        if counts.releases > 1 {
            said.push_str(&format!(" in {}", count(counts.open, "release")));
        }
    }
    if counts.refused > 0 {
        said.push_str(&format!(", {} refused", counts.refused));
    }
    said
}

fn contents(outcome: &Outcome, counts: &Counts) -> Markup {
    let parts = [
        (
            "questions",
            "question",
            "questions",
            overview::asked(outcome).len(),
        ),
        ("refused", "refused", "refused", counts.refused),
        ("files", "file", "files", counts.files),
        ("tasks", "to do", "to do", overview::tasks(outcome).len()),
        (
            "unclaimed",
            "not touched",
            "not touched",
            outcome.unclaimed.len(),
        ),
    ];
    html! {
        nav aria-label="Parts of this page" {
            ul {
                @for (id, one, many, n) in parts.iter().filter(|part| part.3 > 0) {
                    li { a class=(id) href={ "#" (id) } { span .n { (n) } " " (if *n == 1 { one } else { many }) } }
                }
            }
        }
    }
}

/// A sentence in which what stands between backticks is code.
fn rich(text: &str) -> Markup {
    let parts: Vec<&str> = text.split('`').collect();
    // A single backtick is only that.
    if parts.len().is_multiple_of(2) {
        return html! { (text) };
    }
    html! {
        @for (at, part) in parts.iter().enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// The commands that write what the page shows.
fn command_lines(commands: &[Command], masker: &Masker) -> Markup {
    let recommends = commands
        .iter()
        .any(|command| !command.recommended.is_empty());
    let missing = || commands.iter().flat_map(|command| &command.missing);
    html! {
        @if !commands.is_empty() {
            section #write {
                h2 { "Write it" }
                p .note {
                    @if recommends { "It answers as recommended. " }
                    "It writes what is shown here, or nothing."
                }
                @if missing().next().is_some() {
                    p { "Add your answers to it:" }
                    ul {
                        @for missing in missing() {
                            li {
                                code { (masker.text(&missing.argument)) "…" } " "
                                @match &missing.what {
                                    Some(what) => (masker.text(what)),
                                    None => (missing.options.join(", ")),
                                }
                            }
                        }
                    }
                }
                @for command in commands {
                    pre .copy {
                        @for (at, line) in command.lines(COMMAND).iter().enumerate() {
                            @if at > 0 { "\n" }
                            (masker.text(line))
                        }
                    }
                }
            }
        }
    }
}

/// A link where there is one, that leads to a page and nowhere else.
fn link(text: &str, url: Option<&str>) -> Markup {
    html! {
        @match url.filter(|url| url.starts_with("https://")) {
            Some(url) => a href=(url) rel="noreferrer noopener" { (text) },
            None => (text),
        }
    }
}

/// The releases that something is about: a few, and the rest folded.
fn places(outcome: &Outcome, releases: &[&Release]) -> Markup {
    let numbers: HashMap<*const Release, usize> = outcome
        .releases
        .iter()
        .enumerate()
        .map(|(number, release)| (std::ptr::from_ref(release), number))
        .collect();
    let place = |release: &&Release| {
        let number = numbers.get(&std::ptr::from_ref(*release)).copied();
        html! { a .path href={ "#r" (number.unwrap_or_default()) } { (short_name(release)) } }
    };
    let (first, rest) = releases.split_at(releases.len().min(LISTED));
    html! {
        @for (i, release) in first.iter().enumerate() { @if i > 0 { ", " } (place(release)) }
        @if !rest.is_empty() {
            " "
            details .more {
                summary { "and " (rest.len()) " more" }
                @for (i, release) in rest.iter().enumerate() { @if i > 0 { ", " } (place(release)) }
            }
        }
    }
}

fn questions(outcome: &Outcome) -> Markup {
    let asked = overview::asked(outcome);
    html! {
        @if !asked.is_empty() {
            section #questions {
                h2 { "Questions to answer" }
                p .note { "Each is answered once, on the command line, for all the files that ask it. A file with an open question is not written." }
                @for shared in &asked {
                    @let (step, question) = shared.what;
                    details .question open[asked.len() <= LISTED] {
                        summary { h3 { (rich(&question.text)) } }
                        div .note {
                            code { (step.id) } ", " (shared.releases[0].chart) " "
                            (link(&step.version.to_string(), step.link.as_deref()))
                            ", asked for " (places(outcome, &shared.releases))
                        }
                        (card::answers(step, question))
                        @if shared.releases.len() > 1 {
                            p .scripted { a href={ "#?step=" (step.id) "&question=open" } { "Show only these files" } }
                        }
                    }
                }
            }
        }
    }
}

fn refused(outcome: &Outcome) -> Markup {
    html! {
        @if !outcome.refused.is_empty() {
            section #refused {
                h2 { "Refused" }
                p .note { "Nothing of these was changed." }
                @for refusal in &outcome.refused {
                    (self::refusal(refusal, outcome.refused.len() <= LISTED))
                }
            }
        }
    }
}

fn refusal(refusal: &Refusal, open: bool) -> Markup {
    html! {
        details .refusal open[open] {
            summary {
                h3 {
                    span .path {
                        @match &refusal.at {
                            Some(at) => { (shown_name(&at.file)) ":" (at.line) ":" (at.column) },
                            None => (shown_name(&refusal.name)),
                        }
                    }
                    " " (rich(&refusal.what))
                }
            }
            @if let Some(excerpt) = &refusal.excerpt { pre { (excerpt) } }
            dl {
                @if let Some(why) = &refusal.why { dt { "Why" } dd { (rich(why)) } }
                @if let Some(next) = &refusal.next { dt { "Next" } dd { (rich(next)) } }
            }
        }
    }
}

/// The values files that were seen and not touched.
fn unclaimed(outcome: &Outcome) -> Markup {
    html! {
        @if !outcome.unclaimed.is_empty() {
            section #unclaimed {
                h2 { "Seen and not touched" }
                p .note { "No manifest says what these values files are for. Name one on the command line, or put it into refit.yaml, to upgrade it." }
                ul {
                    @for file in &outcome.unclaimed {
                        li { span .path { (file.file) } span .note { " looks like " (file.chart) } }
                    }
                }
            }
        }
    }
}

fn tasks(outcome: &Outcome) -> Markup {
    let tasks = overview::tasks(outcome);
    let one = |shared: &overview::Shared<'_, &Task>| {
        html! {
            li {
                label { input type="checkbox"; span { (rich(&shared.what.text)) } }
                @if outcome.releases.len() > 1 {
                    div .note { (places(outcome, &shared.releases)) }
                }
            }
        }
    };
    html! {
        @if !tasks.is_empty() {
            section #tasks {
                h2 { "To do outside the files" }
                @for (when, title) in WHEN {
                    @let now: Vec<_> = tasks.iter().filter(|shared| shared.what.when == when).collect();
                    @if !now.is_empty() {
                        h3 { (title) }
                        ul .tasks { @for shared in now.iter().take(LISTED) { (one(shared)) } }
                        @if now.len() > LISTED {
                            details .more {
                                summary { (now.len() - LISTED) " more" }
                                ul .tasks { @for shared in now.iter().skip(LISTED) { (one(shared)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn files(outcome: &Outcome, masker: &Masker) -> Markup {
    let releases = &outcome.releases;
    // The card that shows a file: that of the first release it is part of.
    let mut first: HashMap<*const File, usize> = HashMap::new();
    for (number, release) in releases.iter().enumerate() {
        for file in &release.files {
            first.entry(Arc::as_ptr(file)).or_insert(number);
        }
    }
    let shown = |number: usize, release| -> Shown<'_> {
        let release: &Release = release;
        let changed = || release.files.iter().filter(|file| file.changed);
        let place = |file: &Arc<File>| first.get(&Arc::as_ptr(file)).copied().unwrap_or(number);
        Shown {
            files: changed().filter(|file| place(file) == number).collect(),
            elsewhere: changed()
                .map(|file| (file, place(file)))
                .filter(|(_, place)| *place != number)
                .collect(),
        }
    };
    let look = Look {
        open: releases.len() <= UNFOLDED,
        alone: releases.len() == 1,
        masker,
    };
    let one_to_one =
        releases.iter().all(|release| release.files.len() == 1) && first.len() == releases.len();
    html! {
        @if !releases.is_empty() {
            section #files {
                h2 { "Files" }
                @if releases.len() > 1 {
                    (filters(outcome))
                    div .bar {
                        p #count role="status" data-one=(if one_to_one { "file" } else { "release" }) {
                            (count(releases.len(), if one_to_one { "file" } else { "release" }))
                        }
                        div .buttons.scripted {
                            button type="button" name="unfold" form="filters" { "Open all" }
                            button type="button" name="fold" form="filters" { "Close all" }
                            button type="reset" form="filters" { "Clear filters" }
                        }
                    }
                }
                div #list {
                    @for same in &alike(releases) {
                        @let number = same[0];
                        (card::card(same, releases, &shown(number, &releases[number]), &look))
                    }
                }
                p #nothing hidden { "Nothing here is like that. " button type="button" { "Clear the filters" } }
            }
        }
    }
}

/// The releases by what their cards would show: those that differ in nothing but their names are one card. What
/// shares a file with another release keeps a card of its own.
fn alike(releases: &[Release]) -> Vec<Vec<usize>> {
    let mut uses: HashMap<*const File, usize> = HashMap::new();
    for file in releases.iter().flat_map(|release| &release.files) {
        *uses.entry(Arc::as_ptr(file)).or_default() += 1;
    }
    let mut of: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (number, release) in releases.iter().enumerate() {
        let mut files = release.files.iter();
        let next = groups.len();
        let place = match files.any(|file| uses[&Arc::as_ptr(file)] > 1) {
            true => next,
            false => *of.entry(card::content_of(release)).or_insert(next),
        };
        match groups.get_mut(place) {
            Some(group) => group.push(number),
            None => groups.push(vec![number]),
        }
    }
    groups
}

/// The filters; the script unhides them, because without it they do nothing.
fn filters(outcome: &Outcome) -> Markup {
    let mut charts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut steps: BTreeMap<(&semver::Version, &str), (&str, usize)> = BTreeMap::new();
    let mut verdicts: HashMap<&str, usize> = HashMap::new();
    for release in &outcome.releases {
        *charts.entry(&release.chart).or_default() += 1;
        *verdicts
            .entry(verdict_id(Verdict::of(release)))
            .or_default() += 1;
        for step in release
            .steps
            .iter()
            .filter(|step| card::is_of_interest(step))
        {
            let entry = steps.entry((&step.version, &step.id));
            entry.or_insert((&step.title, 0)).1 += 1;
        }
    }
    html! {
        form #filters role="search" aria-label="Filter the files" hidden {
            label .wide { span { "Search" } input name="text" type="search" autocomplete="off" placeholder="setting, value, text"; }
            label { span { "File" } input name="file" type="search" autocomplete="off" placeholder="part of its name"; }
            label {
                span { "Chart" }
                select name="chart" {
                    option value="" { "all charts" }
                    @for (chart, n) in &charts { option value=(chart) { (chart) " (" (n) ")" } }
                }
            }
            label {
                span { "Step" }
                select name="step" {
                    option value="" { "all steps" }
                    @for ((version, id), (title, n)) in &steps {
                        option value=(id) { (version) " " (title) " (" (n) ")" }
                    }
                }
            }
            label {
                span { "Question" }
                select name="question" {
                    option value="" { "any or none" }
                    option value="open" { "open" }
                    option value="answered" { "answered" }
                    option value="none" { "nothing asked" }
                }
            }
            label {
                span { "Result" }
                select name="verdict" {
                    option value="" { "all" }
                    @for verdict in VERDICTS {
                        @if let Some(n) = verdicts.get(verdict_id(verdict)) {
                            option value=(verdict_id(verdict)) { (verdict_title(verdict)) " (" (n) ")" }
                        }
                    }
                }
            }
        }
        noscript { p .note { "The filters need scripts, which this browser does not run here. All the rest works without." } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_and_script_cannot_end_early_or_reach_out() {
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</"));
        for reach in [
            "http:",
            "https:",
            "url(",
            "@import",
            "fetch",
            "XMLHttp",
            "innerHTML",
            "eval",
        ] {
            assert!(!STYLE.contains(reach) && !SCRIPT.contains(reach), "{reach}");
        }
    }

    #[test]
    fn the_policy_allows_what_is_in_the_page_and_nothing_else() {
        let policy = policy();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(!policy.contains("unsafe") && !policy.contains('*'));
    }
}
