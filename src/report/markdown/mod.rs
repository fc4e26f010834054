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

use self::words::{Words, fenced_block, html_text};
use super::{
    Masker,
    content::{
        Item, OPEN_IS_NOT_WRITTEN, ReleaseRow, ReportContent, Section, UNCLAIMED, file_and_line,
        unclaimed_next,
    },
    difference,
    wording::{self, count, count_of, short_name, shown_name},
};
use crate::outcome::{Outcome, Release, ReportedFile};

/// The greatest length of a description on GitHub, in bytes: its limit is one of characters, of which this many bytes
/// are never more.
pub const LIMIT: usize = 65_536;

/// The room of each part, in bytes. Room that one part does not use is there for the differences.
const QUESTIONS: usize = 20_000;
const REFUSED: usize = 8_000;
const SINCE: usize = 2_000;
const FILES: usize = 12_000;
const WAITING: usize = 1_500;
const DANGER: usize = 5_000;
const ACTION: usize = 7_000;
const CHANGES: usize = 5_000;
const NOTES: usize = 4_000;
const NOT_TOUCHED: usize = 1_500;
/// Kept free for what is said at the end.
const END: usize = 1_000;
/// Names of files listed where an item is about many.
const LISTED: usize = 3;
/// A sentence longer than this is cut: it holds a value that is no sentence.
const LONGEST: usize = 1_200;

/// The outcome as Markdown of at most [`LIMIT`] bytes. Secrets are masked as the masker says.
#[must_use]
pub fn render(outcome: &Outcome, masker: &Masker) -> String {
    let outcome = masker.mask_outcome(outcome);
    let content = ReportContent::of(&outcome);
    let mut page = MarkdownPage::default();
    write_headline(&mut page, &content);
    write_since(&mut page, &content);
    write_files(&mut page, &content);
    for section in [
        Section::Questions,
        Section::Waiting,
        Section::Errors,
        Section::Danger,
        Section::Action,
        Section::Changes,
        Section::Notes,
    ] {
        self::write_section(&mut page, &content, section);
    }
    write_ahead(&mut page, &content);
    write_packs(&mut page, &content);
    write_unclaimed(&mut page, &content);
    write_differences(&mut page, &outcome, masker);
    page.text
}

/// A document in the making, block by block.
#[derive(Default)]
struct MarkdownPage {
    text: String,
}

impl MarkdownPage {
    fn push_block(&mut self, block: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(block);
        if !block.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn push_heading(&mut self, words: &Words) {
        self.push_block(&format!("### {}", words.as_str()));
    }

    /// As many pieces as have room, each a block or a line; how many had none.
    fn push_pieces(&mut self, pieces: &[String], room: usize, apart: bool) -> usize {
        let mut used = 0;
        for (i, piece) in pieces.iter().enumerate() {
            // With the end of its line, and the empty line in front of a block.
            used += piece.len() + 2;
            if used > room {
                return pieces.len() - i;
            }
            if apart || i == 0 {
                self.push_block(piece);
            } else {
                self.text.push_str(piece);
                self.text.push('\n');
            }
        }
        0
    }

    /// Says how many pieces had no room.
    fn say_left_out(&mut self, left: usize, what: &str) {
        if left > 0 {
            let words = Words::new()
                .lit("*… and ")
                .text(&count_of(
                    left,
                    &format!("more {what}"),
                    &format!("more {what}s"),
                ))
                .lit("; the reports as HTML and JSON hold all.*");
            self.push_block(words.as_str());
        }
    }
}

fn cut_to_longest(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = (0..=LONGEST).rev().find(|&at| text.is_char_boundary(at));
    format!("{}…", &text[..end.unwrap_or(0)])
}

fn write_headline(page: &mut MarkdownPage, content: &ReportContent<'_>) {
    let total = &content.total;
    let title = match &content.versions {
        Some(versions) => Words::new().lit("## Helm values: ").text(versions),
        None if content.rows.is_empty() => Words::new().lit("## Helm values"),
        None => Words::new().lit("## Helm values for newer charts"),
    };
    page.push_block(title.as_str());
    let strong = |text: &str| Words::new().lit("**").text(text).lit("**");
    let mut said = vec![match total.changed {
        0 => Words::new().text(&total.of_files()),
        _ => strong(&total.of_files()),
    }];
    said.extend(total.beside_files().iter().map(|text| strong(text)));
    let mut words = Words::new().list(said, ", ").lit(".");
    if total.waiting > 0 {
        words = words.lit(" ").text(OPEN_IS_NOT_WRITTEN);
    }
    if content.is_about_many() {
        words = words.lit("<br>").text(&total.in_one_line()).lit(".");
    }
    page.push_block(words.as_str());
}

/// The revision that the run compared with, and the notes about that.
fn write_since(page: &mut MarkdownPage, content: &ReportContent<'_>) {
    let Some(since) = &content.since else {
        return;
    };
    page.push_block(Words::new().text(&since.sentence).as_str());
    let pieces: Vec<String> = since
        .notes
        .iter()
        .map(|(at, text)| {
            let mut words = Words::new().lit("- ");
            if let Some(at) = at {
                words = words.code(&file_and_line(at)).lit(": ");
            }
            words.text(&cut_to_longest(text)).as_str().to_owned()
        })
        .collect();
    let left = page.push_pieces(&pieces, SINCE, false);
    page.say_left_out(left, "note");
}

/// The releases that an item is about, a few by name.
fn places_in_words(content: &ReportContent<'_>, item: &Item<'_>) -> Words {
    let releases: Vec<&Release> = item
        .release_numbers()
        .filter_map(|at| Some(content.rows.get(at)?.release))
        .collect();
    let name = |release: &&Release| Words::new().code(&short_name(release));
    let named = Words::new().list(releases.iter().take(LISTED).map(name), ", ");
    match releases.len().saturating_sub(LISTED) {
        0 => named,
        rest => named.lit(" and ").number(rest).lit(" more"),
    }
}

/// The version that brought a step, as a link if it has one.
fn version_in_words(item: &Item<'_>) -> Words {
    let version = item.version.map(ToString::to_string).unwrap_or_default();
    match item.link {
        Some(link) => Words::new().link(&version, link),
        None => Words::new().text(&version),
    }
}

/// A section: its heading, its items as far as they have room, and how many have none.
fn write_section(page: &mut MarkdownPage, content: &ReportContent<'_>, section: Section) {
    let items: Vec<&Item<'_>> = content.items_in(section).collect();
    if items.is_empty() {
        return;
    }
    let heading = Words::new().lit(section.title()).lit(" (");
    page.push_heading(&heading.number(items.len()).lit(")"));
    let (room, apart, what) = match section {
        Section::Questions => (QUESTIONS, true, "question"),
        Section::Waiting => (WAITING, false, "step"),
        Section::Errors => (REFUSED, false, "refusal"),
        Section::Danger => (DANGER, false, "danger"),
        Section::Action => (ACTION, false, "task"),
        Section::Changes => (CHANGES, false, "step"),
        Section::Notes => (NOTES, false, "note"),
    };
    let pieces: Vec<String> = items
        .iter()
        .enumerate()
        .map(|(i, item)| match section {
            Section::Questions => question_block(i + 1, content, item),
            Section::Errors => refusal_block(item),
            Section::Changes => change_block(content, item),
            _ => note_item(content, item),
        })
        .collect();
    let left = page.push_pieces(&pieces, room, apart);
    page.say_left_out(left, what);
}

fn question_block(number: usize, content: &ReportContent<'_>, item: &Item<'_>) -> String {
    let mut lines = vec![
        Words::new()
            .lit("**")
            .number(number)
            .lit(". ")
            .text(&cut_to_longest(&item.text))
            .lit("**"),
        Words::new()
            .code(item.id.unwrap_or_default())
            .lit(", ")
            .text(item.chart.unwrap_or_default())
            .lit(" ")
            .and(&version_in_words(item))
            .lit(", asked for ")
            .and(&places_in_words(content, item)),
    ];
    lines.extend(variant_lines(item));
    if let Some(lacking) = item.lacking {
        let lacking = cut_to_longest(lacking);
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
    for about in &item.about {
        let mut words = Words::new().lit("- ").code(about.path);
        words = match (about.remark, &about.value) {
            (Some(remark), _) => words.lit(": ").text(remark),
            (None, Some(value)) => words.lit(" is ").code(value),
            (None, None) => words.lit(" is not set"),
        };
        if let Some(at) = about.at {
            words = words.lit(" (").code(&file_and_line(at)).lit(")");
        }
        text.push_str(words.as_str());
        text.push('\n');
    }
    if !item.about.is_empty() {
        text.push('\n');
    }
    if let Some(otherwise) = item.otherwise_sentence() {
        text.push_str(&format!("{otherwise}\n\n"));
    }
    text.push_str("| Option | What it does | Answer with |\n| --- | --- | --- |\n");
    for answer in &item.answers {
        let option = answer.option;
        let mut id = Words::new().code(&option.id);
        if option.recommended {
            id = id.lit(" (recommended)");
        }
        let mut does = Words::new().text(&cut_to_longest(&option.title));
        for note in answer.arguments.iter().filter_map(|it| it.note.as_ref()) {
            does = does.lit("<br>").text(&cut_to_longest(note));
        }
        let arguments = answer.arguments.iter();
        let arguments = arguments.map(|it| Words::new().code(&it.text));
        let arguments = Words::new().list(arguments, "<br>");
        let row = Words::new()
            .lit("| ")
            .list([id, does, arguments], " | ")
            .lit(" |");
        text.push_str(row.as_str());
        text.push('\n');
    }
    text
}

/// The wordings of an item for other releases: a few, and the number of the rest.
fn variant_lines(item: &Item<'_>) -> Vec<Words> {
    let shown = item.variants.iter().take(LISTED);
    let mut lines: Vec<Words> = shown
        .map(|text| Words::new().text(&cut_to_longest(text)))
        .collect();
    let rest = item.variants.len().saturating_sub(LISTED);
    if rest > 0 {
        let rest = Words::new().lit("*… and ").number(rest);
        lines.push(rest.lit(" more like it, for other releases*"));
    }
    lines
}

/// A note, an action, or an item that waits.
fn note_item(content: &ReportContent<'_>, item: &Item<'_>) -> String {
    let mut words = Words::new().lit(match item.when {
        Some(_) => "- [ ] ",
        None => "- ",
    });
    let at = item.places().next();
    if let Some(at) = at {
        words = words.code(&file_and_line(at)).lit(": ");
    }
    if let Some(lead) = &item.lead {
        words = words.text(lead).lit(": ");
    }
    words = words.text(&cut_to_longest(&item.text));
    if let Some(id) = item.id {
        words = words.lit(" ").code(id);
    }
    // A place names the file, which says enough of a single release.
    if content.is_about_many() && (at.is_none() || item.uses.len() > 1) {
        words = words
            .lit(" (")
            .and(&places_in_words(content, item))
            .lit(")");
    }
    for variant in variant_lines(item) {
        words = words.lit("<br>").and(&variant);
    }
    words.as_str().to_owned()
}

fn change_block(content: &ReportContent<'_>, item: &Item<'_>) -> String {
    let mut words = Words::new()
        .lit("- ")
        .text(item.chart.unwrap_or_default())
        .lit(" ")
        .and(&version_in_words(item))
        .lit(": ")
        .text(&cut_to_longest(&item.title))
        .lit(" ")
        .code(item.id.unwrap_or_default());
    if content.is_about_many() {
        words = words.lit(" in ").and(&places_in_words(content, item));
    }
    if let Some(why) = item.why {
        words = words.lit("<br>").text(&cut_to_longest(why));
    }
    words.as_str().to_owned()
}

fn refusal_block(item: &Item<'_>) -> String {
    let mut words = Words::new()
        .lit("- ")
        .code(&item.title)
        .lit(": ")
        .text(&cut_to_longest(&item.text));
    let more = item.refusal.iter();
    for text in more.flat_map(|it| [&it.why, &it.next]).flatten() {
        words = words.lit("<br>").text(&cut_to_longest(text));
    }
    words.as_str().to_owned()
}

fn write_files(page: &mut MarkdownPage, content: &ReportContent<'_>) {
    if content.rows.is_empty() {
        return;
    }
    page.push_heading(&Words::new().lit("Files"));
    let mut rows = vec![
        "| File | Chart | From → to | What happens | Questions |\n| --- | --- | --- | --- | --- |"
            .to_owned(),
    ];
    rows.extend(content.rows.iter().map(table_row));
    let left = page.push_pieces(&rows, FILES, false);
    page.say_left_out(left, "release");
}

fn table_row(row: &ReleaseRow<'_>) -> String {
    let release = row.release;
    let name = |file: &std::sync::Arc<ReportedFile>| Words::new().code(shown_name(&file.name));
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
    let questions = match (row.open.len(), row.answered) {
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
    let happens = row.fates_in_short();
    let happens = happens.iter().map(|it| match it.matters {
        true => Words::new().lit("**").text(&it.text).lit("**"),
        false => Words::new().text(&it.text),
    });
    let happens = Words::new().list(happens, ", ");
    Words::new()
        .lit("| ")
        .list(
            [
                files,
                Words::new().text(&release.chart),
                versions,
                happens,
                questions,
            ],
            " | ",
        )
        .lit(" |")
        .as_str()
        .to_owned()
}

/// Releases that are ahead of what is known of their chart.
fn write_ahead(page: &mut MarkdownPage, content: &ReportContent<'_>) {
    for ahead in &content.ahead {
        let names = ahead.releases.iter().take(LISTED);
        let names = Words::new().list(names.map(|name| Words::new().code(name)), ", ");
        let mut words = Words::new().text(&ahead.sentence).lit(" ").and(&names);
        let rest = ahead.releases.len().saturating_sub(LISTED);
        if rest > 0 {
            words = words.lit(" and ").number(rest).lit(" more");
        }
        page.push_block(words.lit(".").as_str());
    }
}

/// The packs that are used because of a file, and those that charts name and that are not used.
fn write_packs(page: &mut MarkdownPage, content: &ReportContent<'_>) {
    for sentence in &content.packs {
        page.push_block(Words::new().text(sentence).as_str());
    }
    for (sentence, lines) in &content.named_packs {
        page.push_block(Words::new().text(sentence).as_str());
        page.push_block(&fenced_block("yaml", &lines.join("\n")));
    }
}

/// The values files that were seen and not touched.
fn write_unclaimed(page: &mut MarkdownPage, content: &ReportContent<'_>) {
    for group in &content.seen {
        page.push_heading(&Words::new().text(group.heading));
        page.push_block(Words::new().text(&group.next).as_str());
        let lines = group.lines.iter().map(|(place, text)| {
            let words = Words::new().lit("- ").code(place).lit(" ").text(text);
            words.as_str().to_owned()
        });
        let left = page.push_pieces(&lines.collect::<Vec<_>>(), NOT_TOUCHED, false);
        page.say_left_out(left, "line");
    }
    if content.unclaimed.is_empty() {
        return;
    }
    page.push_heading(&Words::new().lit(UNCLAIMED));
    let next = unclaimed_next(content.unclaimed);
    page.push_block(Words::new().text(&next).as_str());
    let pieces: Vec<String> = content
        .unclaimed
        .iter()
        .map(|file| {
            let words = Words::new().lit("- ").code(&file.file);
            let words = words.lit(" ").text(&wording::unclaimed_in_words(file));
            words.as_str().to_owned()
        })
        .collect();
    let left = page.push_pieces(&pieces, NOT_TOUCHED, false);
    page.say_left_out(left, "file");
}

fn write_differences(page: &mut MarkdownPage, outcome: &Outcome, masker: &Masker) {
    let files: Vec<_> = outcome
        .files()
        .into_iter()
        .filter(|file| file.changed)
        .collect();
    if files.is_empty() {
        return;
    }
    page.push_heading(&Words::new().lit("Differences"));
    let mut any_masked = false;
    let mut left = 0;
    for (i, file) in files.iter().enumerate() {
        let (text, (gone, came), masked) = difference::plain_patch(file, masker);
        let block = format!(
            "<details>\n<summary><code>{}</code> −{gone} +{came}</summary>\n\n{}\n</details>",
            html_text(shown_name(&file.name)),
            fenced_block("diff", &text),
        );
        if page.text.len() + block.len() + END > LIMIT {
            left = files.len() - i;
            break;
        }
        any_masked |= masked;
        page.push_block(&block);
    }
    if left > 0 {
        let words = Words::new()
            .lit("*")
            .text(&count(left, "difference"))
            .lit(" of ")
            .number(files.len())
            .lit(if left == 1 { " does" } else { " do" })
            .lit(" not fit into a description on GitHub; the patch and the report as HTML hold all.*");
        page.push_block(words.as_str());
    }
    if any_masked {
        page.push_block("*Secrets are shown as ••••.*");
    }
}
