//! The report that a person reads with `-v`, beside the difference: each release in full, with every reason and the
//! fate of every setting. Also the short forms of it: what `-q` says, and what is said behind a write.
//!
//! It is content in a form and decides nothing. The order is that of a preview: which versions, what changes in
//! effect, what each step did, what must be decided, what hurts, what to do, what to know.

use super::{
    Detail, Masker, ReportStyle,
    command::NextCommand,
    content::{
        self, Account, ChangeLine, EffectLine, RecognitionReason, ReleaseRow, ReportContent,
        Section, Verdict, fits_sentence, version_change,
    },
    page::{Page, Span, WordStyle, columns_of, span, unstyled},
    refusal, sections, since,
    wording::{self, count},
};

use crate::outcome::{Fate, Outcome, Release};

/// Releases that are named of those which are ahead.
const AHEAD: usize = 3;

/// The report on a whole run, without the commands.
#[must_use]
pub fn render_report(outcome: &Outcome, look: ReportStyle, masker: &Masker) -> String {
    let masked = masker.mask_outcome(outcome);
    let content = ReportContent::of(&masked);
    let mut page = Page::new(look);
    since::write(&mut page, &content, look);
    for row in &content.rows {
        match look.detail {
            Detail::Quiet => urgent_items(&mut page, row),
            _ => write_release(&mut page, row.release, look),
        }
    }
    write_errors(&mut page, &content, masker);
    write_ahead(&mut page, &content, look);
    write_packs(&mut page, &content, look);
    write_unclaimed(&mut page, &content, look);
    page.finish()
}

/// The refusals.
fn write_errors(page: &mut Page, content: &ReportContent<'_>, masker: &Masker) {
    for item in content.items_in(Section::Errors) {
        if let Some(refusal) = item.refusal {
            refusal::write(page, refusal, masker);
        }
    }
}

/// The items that cannot wait, even in a short report: open questions, and old settings that were edited in.
fn urgent_items(page: &mut Page, row: &ReleaseRow<'_>) {
    let account = Account::of(row.release);
    write_stale(page, &account);
    if !row.open.is_empty() {
        page.gap();
        write_headline(page, row.release);
        sections::write_sections(page, &account, &[Section::Questions]);
    }
}

/// Old settings that were edited in after the upgrade.
fn write_stale(page: &mut Page, account: &Account<'_>) {
    if account.release.stale.is_empty() {
        return;
    }
    // The dangers that steps tell have an id, and stand with the changes.
    let of_file = |item: &&content::Item<'_>| item.id.is_none();
    for item in account.items_in(Section::Danger).filter(of_file) {
        sections::write_one(page, item);
    }
}

/// The releases that are ahead of what is known of their chart, a line for each version.
pub(super) fn write_ahead(page: &mut Page, content: &ReportContent<'_>, look: ReportStyle) {
    for ahead in content.ahead.iter().filter(|_| look.detail > Detail::Quiet) {
        let names = match ahead.releases {
            names if names.len() <= AHEAD || look.detail == Detail::Verbose => names.join(", "),
            names => format!(
                "{} and {} more",
                names[..AHEAD].join(", "),
                names.len() - AHEAD
            ),
        };
        let text = format!("{} {names}", ahead.sentence);
        page.fill(0, 2, &[span(text, WordStyle::Dim)]);
    }
}

/// The packs that are used because of a file, and those that charts name and that are not used.
pub(super) fn write_packs(page: &mut Page, content: &ReportContent<'_>, look: ReportStyle) {
    if look.detail == Detail::Quiet {
        return;
    }
    // With `-v` each release says it.
    if look.detail != Detail::Verbose {
        for sentence in &content.packs {
            page.fill(0, 2, &[span(sentence.clone(), WordStyle::Dim)]);
        }
    }
    for (sentence, lines) in &content.named_packs {
        page.fill(0, 2, &[span(sentence.clone(), WordStyle::Dim)]);
        for line in lines {
            page.line(2, &[unstyled(line.clone())]);
        }
    }
}

/// The values files that were seen and not touched.
pub(super) fn write_unclaimed(page: &mut Page, content: &ReportContent<'_>, look: ReportStyle) {
    if look.detail == Detail::Quiet {
        return;
    }
    untouched_values(page, content, look);
    if content.unclaimed.is_empty() {
        return;
    }
    page.heading(content::UNCLAIMED);
    let all = look.detail == Detail::Verbose || content.unclaimed.len() <= AHEAD + 1;
    let shown = if all { usize::MAX } else { AHEAD };
    for file in content.unclaimed.iter().take(shown) {
        let text = format!("  {}", wording::unclaimed_in_words(file));
        page.fill(
            2,
            4,
            &[unstyled(file.file.clone()), span(text, WordStyle::Dim)],
        );
    }
    if !all {
        let rest = content.unclaimed.len() - shown;
        page.fill(
            2,
            4,
            &[span(format!("… and {rest} more (-v)"), WordStyle::Dim)],
        );
    }
    let next = content::unclaimed_next(content.unclaimed);
    page.fill(2, 4, &[span(next, WordStyle::Dim)]);
}

/// The values in places where nothing is edited.
fn untouched_values(page: &mut Page, content: &ReportContent<'_>, look: ReportStyle) {
    for group in content.seen.iter().filter(|_| look.detail > Detail::Quiet) {
        page.heading(group.heading);
        for (place, text) in &group.lines {
            let text = format!("  {text}");
            page.fill(2, 4, &[unstyled(place.clone()), span(text, WordStyle::Dim)]);
        }
        page.fill(2, 4, &[span(group.next.clone(), WordStyle::Dim)]);
    }
}

/// One line for each release: what a check prints that shall say little.
#[must_use]
pub fn render_summary(outcome: &Outcome, look: ReportStyle, masker: &Masker) -> String {
    let masked = masker.mask_outcome(outcome);
    let content = ReportContent::of(&masked);
    let mut page = Page::new(look);
    since::write(&mut page, &content, look);
    for row in &content.rows {
        let name = span(
            format!("{}: ", wording::release_name(row.release)),
            WordStyle::Bold,
        );
        let (text, style) = match row.verdict {
            Verdict::Waits => {
                let ids: Vec<&str> = row.open.iter().map(|step| step.id.as_str()).collect();
                let are = is_are(ids.len(), "question");
                (format!("{are} open: {}", ids.join(", ")), WordStyle::Warn)
            }
            Verdict::Loses | Verdict::Stale => {
                let said = row.fates_in_short().into_iter().filter(|it| it.matters);
                let said: Vec<String> = said.map(|it| it.text).collect();
                (said.join(", "), WordStyle::Warn)
            }
            Verdict::Held => {
                let held = row.release.held_by.as_ref();
                let text = held.map(wording::held_by).unwrap_or_default();
                (text, WordStyle::Warn)
            }
            Verdict::Ready => {
                let settings = row.settings.in_one_line();
                let text = format!("would change ({}): {settings}", row.versions());
                (text, WordStyle::Plain)
            }
            Verdict::Fits if look.detail > Detail::Quiet => {
                (fits_sentence(row.release), WordStyle::Good)
            }
            Verdict::Fits => continue,
        };
        page.fill(0, 2, &[name, span(text, style)]);
        if row.verdict == Verdict::Stale {
            write_stale(&mut page, &Account::of(row.release));
        }
    }
    write_errors(&mut page, &content, masker);
    write_ahead(&mut page, &content, look);
    write_packs(&mut page, &content, look);
    untouched_values(&mut page, &content, look);
    page.finish()
}

/// The rest of a result that was shown before: the versions, the dangers, the actions outside the files, and the errors.
#[must_use]
pub fn render_brief(outcome: &Outcome, look: ReportStyle, masker: &Masker) -> String {
    let masked = masker.mask_outcome(outcome);
    let content = ReportContent::of(&masked);
    let mut page = Page::new(look);
    if look.detail > Detail::Quiet {
        for row in &content.rows {
            write_headline(&mut page, row.release);
        }
        for section in [Section::Danger, Section::Action] {
            let mut items = content.items_in(section).peekable();
            if items.peek().is_some() {
                page.heading(section.title());
                items.for_each(|item| sections::write_one(&mut page, item));
            }
        }
    }
    write_errors(&mut page, &content, masker);
    page.finish()
}

fn is_are(n: usize, what: &str) -> String {
    format!("{} {}", count(n, what), if n == 1 { "is" } else { "are" })
}

/// The commands that write the result.
#[must_use]
pub fn render_commands(commands: &[NextCommand], look: ReportStyle) -> String {
    let mut page = Page::new(look);
    if !commands.is_empty() {
        page.fill(0, 0, &[unstyled("Nothing was written.")]);
    }
    for command in commands {
        self::write_command(&mut page, command, look);
    }
    page.finish()
}

/// The commands to go on with: to decide one by one, or to write as recommended.
#[must_use]
pub fn render_ways(ways: &super::preview::Ways, look: ReportStyle) -> String {
    let mut page = Page::new(look);
    super::preview::write_ways(&mut page, ways, look);
    page.finish()
}

/// A command that writes, what it does, and what a person has to add to it.
pub(super) fn write_command(page: &mut Page, command: &NextCommand, look: ReportStyle) {
    if !command.missing.is_empty() {
        let lead = match command.recommended.is_empty() {
            true => "To write, add your answers to the command:",
            false => "To write with the recommended answers, add yours to the command:",
        };
        page.fill(0, 2, &[unstyled(lead)]);
        for missing in &command.missing {
            let mut spans = vec![span(missing.argument.clone(), WordStyle::Accent)];
            spans.push(match &missing.what {
                Some(what) => span(format!("  ({what})"), WordStyle::Dim),
                None => span(format!("  ({})", one_of(&missing.options)), WordStyle::Dim),
            });
            page.fill(2, 6, &spans);
        }
    } else {
        let (lead, style) = match (command.loses, command.recommended.is_empty()) {
            (true, _) => (
                "To write this, although settings stop working:",
                WordStyle::Warn,
            ),
            (false, false) => ("To write with the recommended answers:", WordStyle::Plain),
            (false, true) => ("To write exactly this:", WordStyle::Plain),
        };
        page.fill(0, 2, &[span(lead, style)]);
    }
    for line in command.wrapped_lines(look.width.saturating_sub(2)) {
        page.line(2, &[span(line, WordStyle::Accent)]);
    }
}

/// `tag, chart-tag or both`.
fn one_of(options: &[String]) -> String {
    match options {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        options => options.join(", "),
    }
}

pub(super) fn write_headline(page: &mut Page, release: &Release) {
    let name = span(
        format!("{}: ", wording::release_name(release)),
        WordStyle::Bold,
    );
    // A release whose text waits for another one that shares it has changes, and shows none yet.
    if release.is_changed() || release.is_open() || release.is_migrated() {
        page.fill(
            0,
            2,
            &[name, span(version_change(release), WordStyle::Bold)],
        );
    } else if release.from == release.to {
        page.fill(0, 2, &[name, span(fits_sentence(release), WordStyle::Good)]);
    } else {
        let verdict = if release.lost_by_leaving_out().next().is_some() {
            span(
                "the chosen steps change nothing; steps that would were left out",
                WordStyle::Error,
            )
        } else {
            span("it already fits; nothing to do", WordStyle::Good)
        };
        page.fill(
            0,
            2,
            &[
                name,
                span(format!("{}: ", version_change(release)), WordStyle::Bold),
                verdict,
            ],
        );
    }
}

fn write_release(page: &mut Page, release: &Release, look: ReportStyle) {
    let account = Account::of(release);
    page.gap();
    write_headline(page, release);
    if let Some(held) = &release.held_by {
        let text = format!("It {}.", wording::held_by(held));
        page.fill(2, 4, &[span(text, WordStyle::Warn)]);
    }
    known_by(page, &account, look);
    write_effect(page, &account, look);
    write_changes(page, &account);
    sections::write_sections(
        page,
        &account,
        &[
            Section::Questions,
            Section::Waiting,
            Section::Danger,
            Section::Action,
            Section::Notes,
        ],
    );
    if look.detail == Detail::Verbose {
        every_leaf(page, &account);
    }
    if release.is_changed() || release.is_open() {
        page.gap();
        let text = format!("{}.", account.settings.in_one_line());
        page.fill(0, 2, &[span(text, WordStyle::Dim)]);
    }
}

/// The evidence for the chart and the version: the strongest, or all with `-v`.
pub(super) fn known_by(page: &mut Page, account: &Account<'_>, look: ReportStyle) {
    let known = &account.known;
    let verbose = look.detail == Detail::Verbose;
    if verbose || known.by_content {
        page.fill(2, 4, &[span(known.sentence.clone(), WordStyle::Dim)]);
    }
    if verbose {
        page.fill(2, 4, &[span(known.pack.clone(), WordStyle::Dim)]);
    }
    if verbose && !known.chart.is_empty() {
        let text = format!("Recognised as {} by:", account.release.chart);
        page.fill(2, 4, &[span(text, WordStyle::Dim)]);
        known
            .chart
            .iter()
            .for_each(|it| write_reason(page, it, true));
    } else if !known.chart.is_empty() {
        let signs = known.deciding_for_chart().iter().map(|sign| match sign.at {
            Some(at) => format!("{} (line {})", sign.path, at.line),
            None => sign.path.to_string(),
        });
        let signs: Vec<String> = signs.collect();
        let chart = &account.release.chart;
        let text = format!("Recognised as {chart} by {}.", signs.join(", "));
        page.fill(2, 4, &[span(text, WordStyle::Dim)]);
    }
    match verbose {
        true => known
            .version
            .iter()
            .for_each(|it| write_reason(page, it, true)),
        false if known.by_content => known
            .deciding_reasons()
            .for_each(|it| write_reason(page, it, false)),
        false => {}
    }
}

fn write_reason(page: &mut Page, reason: &RecognitionReason<'_>, verbose: bool) {
    let line = reason.at.map(|at| format!(" (line {})", at.line));
    let strength = match reason.versions {
        Some(versions) if verbose => {
            format!(" [{}, {versions}]", wording::strength_word(reason.strength))
        }
        _ => String::new(),
    };
    page.fill(
        4,
        6,
        &[
            span(reason.path.to_string(), WordStyle::Accent),
            span(format!("{}: ", line.unwrap_or_default()), WordStyle::Dim),
            span(reason.why, WordStyle::Dim),
            span(strength, WordStyle::Dim),
        ],
    );
}

/// The changes in effect, in columns; one that has no room in them has a line for each side.
pub(super) fn write_effect(page: &mut Page, account: &Account<'_>, look: ReportStyle) {
    if account.effect.is_empty() {
        return;
    }
    page.heading("Effect");
    let fits = |it: &EffectLine<'_>, titles: usize| {
        2 + titles + 2 + columns_of(it.before) + 3 + columns_of(&it.after) <= look.width
    };
    // A long title would push the others out of their columns.
    let in_columns = account
        .effect
        .iter()
        .filter(|it| fits(it, columns_of(it.title)));
    let titles = in_columns.map(|it| columns_of(it.title)).max();
    let titles = titles.unwrap_or_default();
    for it in &account.effect {
        if columns_of(it.title) <= titles && fits(it, titles) {
            let pad = " ".repeat(titles - columns_of(it.title));
            page.line(
                2,
                &[
                    unstyled(format!("{}{pad}  ", it.title)),
                    span(it.before, WordStyle::Dim),
                    unstyled(" → "),
                    span(it.after.clone(), WordStyle::Bold),
                ],
            );
            continue;
        }
        page.fill(2, 4, &[unstyled(it.title)]);
        let before = span(it.before, WordStyle::Dim);
        page.fill(4, 12, &[span("before: ", WordStyle::Dim), before]);
        let after = span(it.after.clone(), WordStyle::Bold);
        page.fill(4, 12, &[span("now:    ", WordStyle::Dim), after]);
    }
}

/// The steps that were done, each with its reason.
fn write_changes(page: &mut Page, account: &Account<'_>) {
    if account.done.is_empty() {
        return;
    }
    page.heading(Section::Changes.title());
    for done in &account.done {
        let mut spans = vec![
            span(format!("{} ", done.version), WordStyle::Dim),
            unstyled(done.title),
            span(format!(" [{}]", done.id), WordStyle::Dim),
        ];
        spans.extend(
            done.link
                .map(|link| span(format!(" {link}"), WordStyle::Dim)),
        );
        page.fill(2, 4, &spans);
        if let Some(answered) = &done.answered {
            page.fill(
                4,
                6,
                &[span(format!("answered {answered}"), WordStyle::Accent)],
            );
        }
        done.changes.iter().for_each(|it| write_change(page, it));
        if let Some(why) = done.why {
            page.fill(4, 4, &[span(why, WordStyle::Dim)]);
        }
    }
}

fn write_change(page: &mut Page, change: &ChangeLine<'_>) {
    let style = match change.fate {
        Fate::Written => WordStyle::Good,
        Fate::Dropped => WordStyle::Error,
        _ => WordStyle::Plain,
    };
    let mut spans: Vec<Span> = vec![
        span(format!("{:<8} ", change.word), style),
        unstyled(change.path.to_string()),
    ];
    spans.extend(change.to.map(|to| unstyled(format!(" → {to}"))));
    let was = change.was.as_ref();
    spans.extend(was.map(|was| span(format!(" (was {was})"), WordStyle::Dim)));
    spans.extend(change.now.as_ref().map(|now| unstyled(format!(": {now}"))));
    if !change.from.is_empty() {
        let from = format!(" (from {})", wording::path_list(change.from));
        spans.push(span(from, WordStyle::Dim));
    }
    let file = change.file;
    spans.extend(file.map(|file| span(format!("  in {file}"), WordStyle::Dim)));
    page.fill(4, 13, &spans);
}

/// The fate of every setting, and the comments that went with what was removed.
pub(super) fn every_leaf(page: &mut Page, account: &Account<'_>) {
    if !account.ledger.is_empty() {
        page.heading("Every setting that did not just stay");
        for leaf in &account.ledger {
            let mut spans = vec![
                unstyled(format!("{:<9} ", leaf.word)),
                unstyled(leaf.path.to_string()),
            ];
            if !leaf.to.is_empty() {
                spans.push(unstyled(format!(" → {}", wording::path_list(leaf.to))));
            }
            let notes: Vec<&str> = leaf.file.into_iter().chain(leaf.step).collect();
            if !notes.is_empty() {
                spans.push(span(format!(" [{}]", notes.join(" ")), WordStyle::Dim));
            }
            page.fill(2, 12, &spans);
        }
    }
    if !account.comments.is_empty() {
        page.heading("Comments that went with what was removed");
        for line in account.comments.iter().flat_map(|comment| comment.lines()) {
            page.line(2, &[span(line.trim(), WordStyle::Dim)]);
        }
    }
}
