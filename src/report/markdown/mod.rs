//! The outcome as Markdown, made for the description of a pull request.
//!
//! A reviewer reads from the top and stops early, so the order is that of what is needed from a person:
//! how much changes, the table of the files, what has to be answered, what could not be read, what to do outside of
//! them, and the differences last and folded. What many files share is said once, with their number.
//!
//! GitHub cuts nothing: a description that is too long is refused whole. So each part has its share of
//! the room, what does not fit is counted instead, and the differences get what is left; a difference
//! is shown whole or not at all. It must hold with a thousand files as with one.
//!
//! What comes from files goes through `words` and cannot become Markdown. Secrets are masked before
//! anything here sees them.

mod words;

use self::words::{Words, fenced, html};
use super::{
    Masker,
    content::Settings,
    difference,
    overview::{self, Counts, Shared},
    wording::{count, count_of, fate, found, short_name, shown_name},
};
use crate::{
    outcome::{File, Outcome, Question, Refusal, Release, Step},
    shell::quote,
};

/// What a description on GitHub may hold, in bytes: its limit is one of characters, of which this many
/// bytes are never more.
pub const LIMIT: usize = 65_536;

/// Where the room goes, in bytes. What one part does not use is there for the differences.
const QUESTIONS: usize = 20_000;
const REFUSED: usize = 8_000;
const SINCE: usize = 2_000;
const FILES: usize = 12_000;
const CHANGES: usize = 5_000;
const TASKS: usize = 7_000;
const NOTICES: usize = 5_000;
const UNCLAIMED: usize = 1_500;
/// Kept free for what is said at the end.
const END: usize = 1_000;
/// Names of files listed where something is about many.
const LISTED: usize = 3;
/// A sentence longer than this is cut: it holds a value that is no sentence.
const LONGEST: usize = 1_200;

/// The outcome as Markdown of at most [`LIMIT`] bytes. Secrets are masked as the masker says.
#[must_use]
pub fn render(outcome: &Outcome, masker: &Masker) -> String {
    let outcome = masker.outcome(outcome);
    let mut page = Page::default();
    headline(&mut page, &outcome);
    since(&mut page, &outcome);
    files(&mut page, &outcome);
    questions(&mut page, &outcome);
    refused(&mut page, &outcome);
    changes(&mut page, &outcome);
    tasks(&mut page, &outcome);
    notices(&mut page, &outcome);
    unclaimed(&mut page, &outcome);
    differences(&mut page, &outcome, masker);
    page.text
}

/// What is being written, block by block.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn block(&mut self, block: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(block);
        if !block.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn heading(&mut self, words: &Words) {
        self.block(&format!("### {}", words.as_str()));
    }

    /// As many pieces as have room, each a block or a line; how many had none.
    fn pieces(&mut self, pieces: &[String], room: usize, apart: bool) -> usize {
        let mut used = 0;
        for (i, piece) in pieces.iter().enumerate() {
            used += piece.len() + 2;
            if used > room {
                return pieces.len() - i;
            }
            if apart || i == 0 {
                self.block(piece);
            } else {
                self.text.push_str(piece);
                self.text.push('\n');
            }
        }
        0
    }

    /// Says how many pieces had no room.
    fn rest(&mut self, left: usize, what: &str) {
        if left > 0 {
            let words = Words::new()
                .lit("*… and ")
                .text(&count_of(
                    left,
                    &format!("more {what}"),
                    &format!("more {what}s"),
                ))
                .lit("; the reports as HTML and JSON hold all.*");
            self.block(words.as_str());
        }
    }
}

fn cut(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = (0..=LONGEST).rev().find(|&at| text.is_char_boundary(at));
    format!("{}…", &text[..end.unwrap_or(0)])
}

fn headline(page: &mut Page, outcome: &Outcome) {
    let counts = Counts::of(outcome);
    let title = match overview::versions(outcome) {
        Some(versions) => Words::new().lit("## Helm values: ").text(&versions),
        None if outcome.releases.is_empty() => Words::new().lit("## Helm values"),
        None => Words::new().lit("## Helm values for newer charts"),
    };
    page.block(title.as_str());
    let mut said = vec![match (counts.changed, counts.files) {
        (0, 0) => Words::new().lit("No file was read"),
        (0, 1) => Words::new().lit("The file does not change"),
        (0, n) => Words::new().lit("None of ").number(n).lit(" files changes"),
        (1, 1) => Words::new().lit("**1 file changes**"),
        (1, n) => Words::new()
            .lit("**1 of ")
            .number(n)
            .lit(" files changes**"),
        (n, all) if n == all => Words::new().lit("**").number(n).lit(" files change**"),
        (n, all) => Words::new()
            .lit("**")
            .number(n)
            .lit(" of ")
            .number(all)
            .lit(" files change**"),
    }];
    if counts.questions > 0 {
        let asked = Words::new()
            .lit("**")
            .text(&count(counts.questions, "open question"));
        said.push(match counts.releases {
            1 => asked.lit("**"),
            _ => asked.lit("** in ").text(&count(counts.open, "release")),
        });
    }
    if counts.refused > 0 {
        said.push(
            Words::new()
                .lit("**")
                .number(counts.refused)
                .lit(" refused**"),
        );
    }
    let end = if counts.open > 0 {
        ". A file with an open question is not written."
    } else {
        "."
    };
    page.block(Words::new().list(said, ", ").lit(end).as_str());
}

/// What the run compared with, and what a person should know of that.
fn since(page: &mut Page, outcome: &Outcome) {
    let Some(since) = &outcome.since else {
        return;
    };
    let sentence = super::since::sentence(outcome, since);
    page.block(Words::new().text(&sentence).as_str());
    let pieces: Vec<String> = since
        .notes
        .iter()
        .map(|note| {
            let mut words = Words::new().lit("- ");
            if let Some(at) = &note.at {
                let place = format!("{}:{}", shown_name(&at.file), at.line);
                words = words.code(&place).lit(": ");
            }
            words.text(&cut(&note.text)).as_str().to_owned()
        })
        .collect();
    let left = page.pieces(&pieces, SINCE, false);
    page.rest(left, "note");
}

/// The files of releases, a few by name.
fn places(releases: &[&Release]) -> Words {
    let name = |release: &&Release| Words::new().code(&short_name(release));
    let named = Words::new().list(releases.iter().take(LISTED).map(name), ", ");
    match releases.len().saturating_sub(LISTED) {
        0 => named,
        rest => named.lit(" and ").number(rest).lit(" more"),
    }
}

/// A step's version, as a link if it has one.
fn version(step: &Step) -> Words {
    let version = step.version.to_string();
    match &step.link {
        Some(link) => Words::new().link(&version, link),
        None => Words::new().text(&version),
    }
}

fn questions(page: &mut Page, outcome: &Outcome) {
    let asked = overview::asked(outcome);
    if asked.is_empty() {
        return;
    }
    page.heading(&Words::new().text(&format!("{} to answer", count(asked.len(), "question"))));
    let pieces: Vec<String> = asked
        .iter()
        .enumerate()
        .map(|(i, shared)| question(i + 1, shared))
        .collect();
    let left = page.pieces(&pieces, QUESTIONS, true);
    page.rest(left, "question");
}

fn question(number: usize, shared: &Shared<'_, (&Step, &Question)>) -> String {
    let (step, question) = shared.what;
    let mut lines = vec![
        Words::new()
            .lit("**")
            .number(number)
            .lit(". ")
            .text(&cut(&question.text))
            .lit("**"),
        Words::new()
            .code(&step.id)
            .lit(", ")
            .text(&shared.releases[0].chart)
            .lit(" ")
            .and(&version(step))
            .lit(", asked for ")
            .and(&places(&shared.releases)),
    ];
    if let Some(lacking) = &question.lacking {
        let lacking = cut(lacking);
        lines.push(
            Words::new()
                .lit("The answer is not complete: ")
                .text(&lacking),
        );
    }
    // A hard break after each but the last: these lines are one paragraph.
    let mut text = lines
        .iter()
        .map(Words::as_str)
        .collect::<Vec<_>>()
        .join("  \n");
    text.push_str("\n\n");
    for evidence in &question.evidence {
        let mut words = Words::new().lit("- ").code(&evidence.path);
        words = match &evidence.value {
            Some(value) => words.lit(" is ").code(&found(value)),
            None => words.lit(" is not set"),
        };
        if let Some(at) = &evidence.at {
            let place = format!("{}:{}", shown_name(&at.file), at.line);
            words = words.lit(" (").code(&place).lit(")");
        }
        text.push_str(words.as_str());
        text.push('\n');
    }
    if !question.evidence.is_empty() {
        text.push('\n');
    }
    text.push_str("| Option | What it does | Answer with |\n| --- | --- | --- |\n");
    for option in &question.options {
        let mut id = Words::new().code(&option.id);
        if option.recommended {
            id = id.lit(" (recommended)");
        }
        let mut does = Words::new().text(&cut(&option.title));
        let answer = format!(
            "--answer {}",
            quote(&format!("{}={}", step.asked_as(), option.id))
        );
        let mut answers = vec![Words::new().code(&answer)];
        for input in &option.inputs {
            let typed = input
                .default
                .as_deref()
                .map_or_else(|| "…".to_owned(), quote);
            answers.push(Words::new().code(&format!(
                "--answer {}.{}={typed}",
                step.asked_as(),
                input.name
            )));
            let mut note = cut(&input.title);
            if input.list {
                note.push_str("; several, separated by commas");
            }
            if input.default.is_some() {
                note.push_str("; may be left out if it is as shown");
            }
            does = does.lit("<br>").code(&input.name).lit(": ").text(&note);
        }
        let row = Words::new()
            .lit("| ")
            .list([id, does, Words::new().list(answers, "<br>")], " | ")
            .lit(" |");
        text.push_str(row.as_str());
        text.push('\n');
    }
    text
}

fn refused(page: &mut Page, outcome: &Outcome) {
    if outcome.refused.is_empty() {
        return;
    }
    page.heading(&Words::new().lit("Refused; nothing of it was changed"));
    let pieces: Vec<String> = outcome.refused.iter().map(refusal).collect();
    let left = page.pieces(&pieces, REFUSED, false);
    page.rest(left, "refusal");
}

fn refusal(refusal: &Refusal) -> String {
    let place = match &refusal.at {
        Some(at) => format!("{}:{}:{}", shown_name(&at.file), at.line, at.column),
        None => shown_name(&refusal.name).to_owned(),
    };
    let mut words = Words::new()
        .lit("- ")
        .code(&place)
        .lit(": ")
        .text(&cut(&refusal.what));
    for text in [&refusal.why, &refusal.next].into_iter().flatten() {
        words = words.lit("<br>").text(&cut(text));
    }
    words.as_str().to_owned()
}

fn files(page: &mut Page, outcome: &Outcome) {
    if outcome.releases.is_empty() {
        return;
    }
    page.heading(&Words::new().lit("Files"));
    let mut rows = vec![
        "| File | Chart | From → to | What happens | Questions |\n| --- | --- | --- | --- | --- |"
            .to_owned(),
    ];
    rows.extend(outcome.releases.iter().map(row));
    let left = page.pieces(&rows, FILES, false);
    page.rest(left, "release");
}

fn row(release: &Release) -> String {
    let name = |file: &std::sync::Arc<File>| Words::new().code(shown_name(&file.name));
    let mut files = Words::new().list(release.files.iter().take(2 * LISTED).map(name), "<br>");
    if release.files.len() > 2 * LISTED {
        files = files
            .lit("<br>and ")
            .number(release.files.len() - 2 * LISTED)
            .lit(" more");
    }
    if let Some(carrier) = &release.carrier {
        files = files.lit("<br>").text(carrier);
    }
    if let Some(name) = &release.name {
        files = files
            .lit(if release.carrier.is_some() {
                " "
            } else {
                "<br>"
            })
            .code(name);
    }
    let versions = if release.from == release.to {
        Words::new().text(&release.to.to_string())
    } else {
        Words::new()
            .text(&release.from.to_string())
            .lit(" → ")
            .text(&release.to.to_string())
    };
    let (open, answered) = asked_of(release);
    let questions = match (open, answered) {
        (0, 0) => Words::new(),
        (0, n) => Words::new().number(n).lit(" answered"),
        (n, 0) => Words::new().lit("**").number(n).lit(" open**"),
        (n, m) => Words::new()
            .lit("**")
            .number(n)
            .lit(" open**, ")
            .number(m)
            .lit(" answered"),
    };
    Words::new()
        .lit("| ")
        .list(
            [
                files,
                Words::new().text(&release.chart),
                versions,
                happens(release),
                questions,
            ],
            " | ",
        )
        .lit(" |")
        .as_str()
        .to_owned()
}

/// How many questions of a release are open, and how many answered.
fn asked_of(release: &Release) -> (usize, usize) {
    let questions = || {
        release
            .steps
            .iter()
            .filter_map(|step| step.question.as_ref())
    };
    let answered = questions()
        .filter(|question| question.answer.is_some())
        .count();
    let open = super::questions::open(release).count();
    (open, answered)
}

/// What becomes of the settings of a release, in short.
fn happens(release: &Release) -> Words {
    let others = Settings::of(release).others.into_iter();
    let mut said: Vec<Words> = others
        .map(|(what, n)| Words::new().number(n).lit(" ").lit(fate(what)))
        .collect();
    if release.lost_by_leaving_out().next().is_some() {
        said.push(Words::new().lit("**loses settings, because a step is left out**"));
    }
    if !release.stale.is_empty() {
        let stale = count(release.stale.len(), "old setting");
        said.push(Words::new().lit("**").text(&stale).lit(" edited in**"));
    }
    if said.is_empty() {
        let adds = release.steps.iter().any(|step| !step.changes.is_empty());
        return Words::new().lit(match release.is_changed() {
            true if adds => "settings are added",
            true => "chart version only",
            false => "fits already",
        });
    }
    Words::new().list(said, ", ")
}

fn changes(page: &mut Page, outcome: &Outcome) {
    let done = overview::done(outcome);
    if done.is_empty() {
        return;
    }
    page.heading(&Words::new().lit("What changes"));
    let pieces: Vec<String> = done
        .iter()
        .map(|shared| {
            let step = shared.what;
            let mut words = Words::new()
                .lit("- ")
                .text(&shared.releases[0].chart)
                .lit(" ")
                .and(&version(step))
                .lit(": ")
                .text(&cut(&step.title))
                .lit(" ")
                .code(&step.id);
            if outcome.releases.len() > 1 {
                words = words.lit(" in ").and(&places(&shared.releases));
            }
            if let Some(why) = &step.why {
                words = words.lit("<br>").text(&cut(why));
            }
            words.as_str().to_owned()
        })
        .collect();
    let left = page.pieces(&pieces, CHANGES, false);
    page.rest(left, "step");
}

fn tasks(page: &mut Page, outcome: &Outcome) {
    let tasks = overview::tasks(outcome);
    if tasks.is_empty() {
        return;
    }
    page.heading(&Words::new().lit("To do outside the files"));
    let mut left = 0;
    let mut room = TASKS;
    for (when, title) in overview::WHEN {
        let pieces: Vec<String> = tasks
            .iter()
            .filter(|shared| shared.what.when == when)
            .map(|shared| {
                let mut words = Words::new().lit("- [ ] ").text(&cut(&shared.what.text));
                if outcome.releases.len() > 1 {
                    words = words.lit(" (").and(&places(&shared.releases)).lit(")");
                }
                words.as_str().to_owned()
            })
            .collect();
        if pieces.is_empty() {
            continue;
        }
        page.block(Words::new().lit("**").lit(title).lit("**").as_str());
        left += page.pieces(&pieces, room, false);
        room = room.saturating_sub(pieces.iter().map(String::len).sum());
    }
    page.rest(left, "task");
}

fn notices(page: &mut Page, outcome: &Outcome) {
    let told = overview::told(outcome);
    if told.is_empty() {
        return;
    }
    page.heading(&Words::new().lit("Good to know"));
    let pieces: Vec<String> = told
        .iter()
        .map(|shared| {
            let told = shared.what;
            let mut words = Words::new().lit("- ");
            if let Some(at) = told.at {
                let place = format!("{}:{}", shown_name(&at.file), at.line);
                words = words.code(&place).lit(": ");
            }
            words = words.text(&cut(told.text));
            if let Some(step) = told.step {
                words = words.lit(" ").code(&step.id);
            }
            if outcome.releases.len() > 1 && told.at.is_none() {
                words = words.lit(" (").and(&places(&shared.releases)).lit(")");
            }
            words.as_str().to_owned()
        })
        .collect();
    let left = page.pieces(&pieces, NOTICES, false);
    page.rest(left, "notice");
}

/// The values files that were seen and not touched.
fn unclaimed(page: &mut Page, outcome: &Outcome) {
    if outcome.unclaimed.is_empty() {
        return;
    }
    page.heading(&Words::new().lit("Seen and not touched"));
    page.block("No manifest says what these values files are for. Name one on the command line to upgrade it.");
    let pieces: Vec<String> = outcome
        .unclaimed
        .iter()
        .map(|file| {
            let words = Words::new().lit("- ").code(&file.file);
            let words = words.lit(" looks like ").text(&file.chart);
            words.as_str().to_owned()
        })
        .collect();
    let left = page.pieces(&pieces, UNCLAIMED, false);
    page.rest(left, "file");
}

fn differences(page: &mut Page, outcome: &Outcome, masker: &Masker) {
    let files: Vec<_> = outcome
        .files()
        .into_iter()
        .filter(|file| file.changed)
        .collect();
    if files.is_empty() {
        return;
    }
    page.heading(&Words::new().lit("Differences"));
    let mut any_masked = false;
    let mut left = 0;
    for (i, file) in files.iter().enumerate() {
        let (text, (gone, came), masked) = difference::plain(file, masker);
        let block = format!(
            "<details>\n<summary><code>{}</code> −{gone} +{came}</summary>\n\n{}\n</details>",
            html(shown_name(&file.name)),
            fenced("diff", &text),
        );
        if page.text.len() + block.len() + END > LIMIT {
            left = files.len() - i;
            break;
        }
        any_masked |= masked;
        page.block(&block);
    }
    if left > 0 {
        let words = Words::new()
            .lit("*")
            .text(&count(left, "difference"))
            .lit(" of ")
            .number(files.len())
            .lit(if left == 1 { " does" } else { " do" })
            .lit(" not fit into a description on GitHub; the patch and the report as HTML hold all.*");
        page.block(words.as_str());
    }
    if any_masked {
        page.block("*Secrets are shown as ••••.*");
    }
}
