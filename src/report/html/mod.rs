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

use self::card::{CardFiles, CardLook, verdict_id};
use super::{
    Masker,
    command::NextCommand,
    content::{
        Item, OPEN_IS_NOT_WRITTEN, ReportContent, Section, UNCLAIMED, Verdict, unclaimed_next,
    },
    wording::{self, count, short_name},
};
use crate::outcome::{Outcome, Release, ReportedFile};

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
pub fn render_with(outcome: &Outcome, masker: &Masker, commands: &[NextCommand]) -> String {
    let outcome = masker.mask_outcome(outcome);
    let page = render_page(&outcome, masker, commands).into_string();
    // The finished page is looked through, so that no text which goes into it can be forgotten. Unicode has
    // pictures of the control characters from U+2400 on.
    if !page.chars().any(is_obeyed_unseen) {
        return page;
    }
    page.chars()
        .map(|c| match c {
            '\r' => '␍',
            c if u32::from(c) < 0x20 && is_obeyed_unseen(c) => {
                char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')
            }
            c if is_obeyed_unseen(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// True for a character that is obeyed and not shown.
fn is_obeyed_unseen(c: char) -> bool {
    crate::shell::obeyed(c) && !matches!(c, '\n' | '\t')
}

fn content_policy() -> String {
    // By their hashes only the style and the script of the page itself are let through, whatever comes with a
    // file.
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; \
         base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn render_page(outcome: &Outcome, masker: &Masker, commands: &[NextCommand]) -> Markup {
    let content = ReportContent::of(outcome);
    let content = &content;
    let title = content.versions.as_deref().unwrap_or("Helm values");
    let lead = content.total.files_and_questions();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(content_policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) ": " (lead) }
                // Without an icon of its own a browser asks the server for one.
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                a .skip href="#files" { "Skip to the files" }
                header {
                    h1 { (title) }
                    p .lead { (lead) "." }
                    @if content.is_about_many() { p .note { (content.total.in_one_line()) "." } }
                    @if let Some(since) = &content.since {
                        p .note { (since.sentence) }
                        @for (at, text) in &since.notes {
                            p .note { @if let Some(at) = at { (super::content::file_and_line(at)) ": " } (render_sentence(text)) }
                        }
                    }
                    (render_contents(content))
                }
                main {
                    @for section in BEFORE { (self::render_section(content, section)) }
                    (render_files(content, masker))
                    (command_lines(commands, masker))
                    @for section in BEHIND { (self::render_section(content, section)) }
                    (render_unclaimed(content))
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

/// The sections before the files: errors, decisions, dangers.
const BEFORE: [Section; 3] = [Section::Questions, Section::Errors, Section::Danger];
/// The sections behind them.
const BEHIND: [Section; 2] = [Section::Action, Section::Notes];

/// The name of a section in addresses.
fn section_anchor(section: Section) -> &'static str {
    match section {
        Section::Errors => "refused",
        Section::Questions => "questions",
        Section::Waiting => "waiting",
        Section::Danger => "danger",
        Section::Action => "tasks",
        Section::Changes => "changes",
        Section::Notes => "notes",
    }
}

fn render_contents(content: &ReportContent<'_>) -> Markup {
    let part = |section: Section| {
        let title = section.title().to_lowercase();
        (
            section_anchor(section),
            title,
            content.items_in(section).count(),
        )
    };
    let files = (
        "files",
        if content.total.files == 1 {
            "file"
        } else {
            "files"
        }
        .to_owned(),
        content.total.files,
    );
    let unclaimed = (
        "unclaimed",
        "not touched".to_owned(),
        content.unclaimed.len(),
    );
    let parts = BEFORE.map(part).into_iter().chain([files]);
    let parts = parts.chain(BEHIND.map(part)).chain([unclaimed]);
    html! {
        nav aria-label="Parts of this page" {
            ul {
                @for (id, title, n) in parts.filter(|part| part.2 > 0) {
                    li { a class=(id) href={ "#" (id) } { span .n { (n) } " " (title) } }
                }
            }
        }
    }
}

/// A sentence in which the text between backticks is code.
fn render_sentence(text: &str) -> Markup {
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
fn command_lines(commands: &[NextCommand], masker: &Masker) -> Markup {
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
                                code { (masker.mask_text(&missing.argument)) "…" } " "
                                @match &missing.what {
                                    Some(what) => (masker.mask_text(what)),
                                    None => (missing.options.join(", ")),
                                }
                            }
                        }
                    }
                }
                @for command in commands {
                    pre .copy {
                        @for (at, line) in command.wrapped_lines(COMMAND).iter().enumerate() {
                            @if at > 0 { "\n" }
                            (masker.mask_text(line))
                        }
                    }
                }
            }
        }
    }
}

/// A link where there is one, that leads to a page and nowhere else.
fn render_link(text: &str, url: Option<&str>) -> Markup {
    html! {
        @match url.filter(|url| url.starts_with("https://")) {
            Some(url) => a href=(url) rel="noreferrer noopener" { (text) },
            None => (text),
        }
    }
}

/// The releases that an item is about: a few, and the rest folded.
fn render_places(content: &ReportContent<'_>, item: &Item<'_>) -> Markup {
    let releases: Vec<usize> = item.release_numbers().collect();
    let place = |number: &usize| {
        let name = content.rows.get(*number).map(|row| short_name(row.release));
        html! { a .path href={ "#r" (number) } { (name.unwrap_or_default()) } }
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

/// A section: its heading, its items, and behind some of them a fold with the rest.
fn render_section(content: &ReportContent<'_>, section: Section) -> Markup {
    let items: Vec<&Item<'_>> = content.items_in(section).collect();
    let short = items.len() <= LISTED;
    html! {
        @if !items.is_empty() {
            section id=(section_anchor(section)) {
                h2 { (section.title()) }
                @match section {
                    Section::Questions => {
                        p .note { "Each is answered once, on the command line, for all the files that ask it. " (OPEN_IS_NOT_WRITTEN) }
                        @for item in &items { (render_question(content, item, short)) }
                        (render_waiting(content))
                    },
                    Section::Errors => {
                        @for item in items.iter().take(LISTED) { (render_refusal(item, short)) }
                        @if !short {
                            details .more {
                                summary { (items.len() - LISTED) " more" }
                                @for item in items.iter().skip(LISTED) { (render_refusal(item, false)) }
                            }
                        }
                    },
                    _ => {
                        ul .tasks { @for item in items.iter().take(LISTED) { (note_item(content, item)) } }
                        @if !short {
                            details .more {
                                summary { (items.len() - LISTED) " more" }
                                ul .tasks { @for item in items.iter().skip(LISTED) { (note_item(content, item)) } }
                            }
                        }
                    },
                }
            }
        }
    }
}

fn render_question(content: &ReportContent<'_>, item: &Item<'_>, open: bool) -> Markup {
    let id = item.id.unwrap_or_default();
    html! {
        details .question open[open] {
            summary { h3 { (render_sentence(&item.text)) } }
            div .note {
                code { (id) } ", " (item.chart.unwrap_or_default()) " " (render_version(item))
                ", asked for " (render_places(content, item))
            }
            (render_variants(item))
            (card::render_answers(item))
            @if item.release_numbers().nth(1).is_some() {
                p .scripted { a href={ "#?step=" (id) "&question=open" } { "Show only these files" } }
            }
        }
    }
}

/// The steps that wait for answers.
fn render_waiting(content: &ReportContent<'_>) -> Markup {
    html! {
        @if content.items_in(Section::Waiting).next().is_some() {
            p .note {
                (Section::Waiting.title()) ": "
                @for (i, item) in content.items_in(Section::Waiting).enumerate() {
                    @if i > 0 { ", " } (item.title) " " code { (item.id.unwrap_or_default()) }
                }
            }
        }
    }
}

/// The version that brought a step, as a link if it has one.
fn render_version(item: &Item<'_>) -> Markup {
    let version = item.version.map(ToString::to_string).unwrap_or_default();
    render_link(&version, item.link)
}

/// The other wordings of an item: a few, and the rest folded.
fn render_variants(item: &Item<'_>) -> Markup {
    let (first, rest) = item.variants.split_at(item.variants.len().min(LISTED));
    html! {
        @for text in first { p .variant { (render_sentence(text)) } }
        @if !rest.is_empty() {
            details .more {
                summary { (rest.len()) " more like it" }
                @for text in rest { p .variant { (render_sentence(text)) } }
            }
        }
    }
}

/// A note, a danger or an action.
fn note_item(content: &ReportContent<'_>, item: &Item<'_>) -> Markup {
    let sentence = html! {
        @if let Some(at) = item.places().next() { strong { (super::content::file_and_line(at)) } " " }
        @if let Some(lead) = &item.lead { span .word { (lead) } ": " }
        (render_sentence(&item.text))
        @if let Some(id) = item.id { " " code .note { (id) } }
    };
    html! {
        li {
            @if item.when.is_some() {
                label { input type="checkbox"; span { (sentence) } }
            } @else {
                (sentence)
            }
            (render_variants(item))
            @if content.is_about_many() { div .note { (render_places(content, item)) } }
        }
    }
}

fn render_refusal(item: &Item<'_>, open: bool) -> Markup {
    html! {
        details .refusal open[open] {
            summary { h3 { span .path { (item.title) } " " (render_sentence(&item.text)) } }
            @if let Some(refusal) = item.refusal {
                @if let Some(excerpt) = &refusal.excerpt { pre { (excerpt) } }
                dl {
                    @if let Some(why) = &refusal.why { dt { "Why" } dd { (render_sentence(why)) } }
                    @if let Some(next) = &refusal.next { dt { "Next" } dd { (render_sentence(next)) } }
                }
            }
        }
    }
}

/// The values that are seen and not touched: releases that are ahead, and values files that nothing names.
fn render_unclaimed(content: &ReportContent<'_>) -> Markup {
    html! {
        @for ahead in &content.ahead {
            p .note { (ahead.sentence) " " (ahead.releases.join(", ")) "." }
        }
        @for sentence in &content.packs {
            p .note { (sentence) }
        }
        @for (sentence, lines) in &content.named_packs {
            p .note { (sentence) }
            pre { (lines.join("\n")) }
        }
        @if !content.unclaimed.is_empty() {
            section #unclaimed {
                h2 { (UNCLAIMED) }
                p .note { (unclaimed_next(content.unclaimed)) }
                ul {
                    @for file in content.unclaimed {
                        li { span .path { (file.file) } span .note { " " (wording::unclaimed_in_words(file)) } }
                    }
                }
            }
        }
        @for group in &content.seen {
            section .seen {
                h2 { (group.heading) }
                p .note { (group.next) }
                ul {
                    @for (place, text) in &group.lines {
                        li { span .path { (place) } span .note { " " (text) } }
                    }
                }
            }
        }
    }
}

fn render_files(content: &ReportContent<'_>, masker: &Masker) -> Markup {
    let releases: Vec<&Release> = content.rows.iter().map(|row| row.release).collect();
    // The card that shows a file: that of the first release it is part of.
    let mut first: HashMap<*const ReportedFile, usize> = HashMap::new();
    for (number, release) in releases.iter().enumerate() {
        for file in &release.files {
            first.entry(Arc::as_ptr(file)).or_insert(number);
        }
    }
    let shown = |number: usize| -> CardFiles<'_> {
        let release = releases[number];
        let changed = || release.files.iter().filter(|file| file.changed);
        let place =
            |file: &Arc<ReportedFile>| first.get(&Arc::as_ptr(file)).copied().unwrap_or(number);
        CardFiles {
            files: changed().filter(|file| place(file) == number).collect(),
            elsewhere: changed()
                .map(|file| (file, place(file)))
                .filter(|(_, place)| *place != number)
                .collect(),
        }
    };
    let look = CardLook {
        open: releases.len() <= UNFOLDED,
        alone: releases.len() == 1,
        masker,
    };
    // Where each release is one file of its own, people think of files.
    let one_to_one =
        releases.iter().all(|release| release.files.len() == 1) && first.len() == releases.len();
    html! {
        @if !releases.is_empty() {
            section #files {
                h2 { "Files" }
                @if releases.len() > 1 {
                    (render_filters(content))
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
                    @for same in &content.alike_releases() {
                        (card::render_card(same, content, &shown(same.rows[0]), &look))
                    }
                }
                p #nothing hidden { "Nothing here is like that. " button type="button" { "Clear the filters" } }
            }
        }
    }
}

/// The filters; the script unhides them, because without it they do nothing.
fn render_filters(content: &ReportContent<'_>) -> Markup {
    let mut charts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut steps: BTreeMap<(&semver::Version, &str), (&str, usize)> = BTreeMap::new();
    let mut verdicts: HashMap<&str, usize> = HashMap::new();
    for row in &content.rows {
        let release = row.release;
        *charts.entry(&release.chart).or_default() += 1;
        *verdicts.entry(verdict_id(row.verdict)).or_default() += 1;
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
                    @for verdict in Verdict::ALL {
                        @if let Some(n) = verdicts.get(verdict_id(verdict)) {
                            option value=(verdict_id(verdict)) { (verdict.title()) " (" (n) ")" }
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
        let policy = content_policy();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(!policy.contains("unsafe") && !policy.contains('*'));
    }
}
