//! The report that a person reads, beside the difference: what happens, why, what must be answered,
//! what must be done, and the command that writes.
//!
//! It says little where there is little to say. The order is that of a decision: which versions, what
//! changes in effect, what moved, what to know, what to answer, what to do.

use super::{
    Detail, Look, Masker,
    command::Command,
    page::{Page, Span, Style, plain, span, width},
    questions, refusal, since,
    wording::{self, count},
};
use std::cmp::Reverse;

use crate::{
    outcome::{Change, Fate, KnownBy, Outcome, Release, State, Step, Strength, When},
    values::Path,
};

/// Changes and paths listed before the rest is only counted.
const LISTED: usize = 12;
/// Releases that are named of those which are ahead.
const AHEAD: usize = 3;
/// Clues shown for a version that was not stated.
const DECIDING: usize = 3;

/// The report on a whole run, without the commands.
#[must_use]
pub fn report(outcome: &Outcome, look: Look, masker: &Masker) -> String {
    let mut page = Page::new(look);
    since::write(&mut page, outcome, look, masker);
    for release in &outcome.releases {
        if look.detail == Detail::Quiet {
            stale(&mut page, release, masker);
            if questions::open(release).next().is_some() {
                page.gap();
                headline(&mut page, release);
                questions::write(&mut page, release, masker);
            }
        } else {
            page.gap();
            self::release(&mut page, release, look, masker);
        }
    }
    for refusal in &outcome.refused {
        refusal::write(&mut page, refusal, masker);
    }
    ahead(&mut page, outcome, look);
    unclaimed(&mut page, outcome, look);
    page.finish()
}

/// The releases that are ahead of what is known of their chart, a line for each version.
pub(super) fn ahead(page: &mut Page, outcome: &Outcome, look: Look) {
    for ahead in outcome.ahead.iter().filter(|_| look.detail > Detail::Quiet) {
        let names = match ahead.releases.as_slice() {
            names if names.len() <= AHEAD || look.detail == Detail::Verbose => names.join(", "),
            names => format!(
                "{} and {} more",
                names[..AHEAD].join(", "),
                names.len() - AHEAD
            ),
        };
        let text = format!(
            "Ahead of what refit knows ({} up to {}), and left alone: {} {} in {names}",
            ahead.chart, ahead.newest, ahead.chart, ahead.version
        );
        page.fill(0, 2, &[span(text, Style::Dim)]);
    }
}

/// The values files that were seen and not touched.
pub(super) fn unclaimed(page: &mut Page, outcome: &Outcome, look: Look) {
    if outcome.unclaimed.is_empty() || look.detail == Detail::Quiet {
        return;
    }
    page.heading("Not touched, because no manifest names these values files");
    for file in &outcome.unclaimed {
        let text = format!("  looks like {}", file.chart);
        page.fill(2, 4, &[plain(file.file.clone()), span(text, Style::Dim)]);
    }
    page.fill(
        2,
        4,
        &[span(
            "Name one on the command line, or put it into refit.yaml, to upgrade it.",
            Style::Dim,
        )],
    );
}

/// One line for each release: what a check prints.
#[must_use]
pub fn summary(outcome: &Outcome, look: Look, masker: &Masker) -> String {
    let mut page = Page::new(look);
    since::write(&mut page, outcome, look, masker);
    for release in &outcome.releases {
        let name = span(format!("{}: ", wording::names(release)), Style::Bold);
        let open: Vec<&str> = questions::open(release)
            .map(|step| step.id.as_str())
            .collect();
        if !open.is_empty() {
            let text = format!(
                "{} open: {}",
                is_are(open.len(), "question"),
                open.join(", ")
            );
            page.fill(0, 2, &[name, span(text, Style::Warn)]);
        } else if !release.stale.is_empty() {
            let text = format!("{} edited in", is_are(release.stale.len(), "old setting"));
            page.fill(0, 2, &[name, span(text, Style::Warn)]);
            stale(&mut page, release, masker);
        } else if release.is_changed() {
            let text = format!(
                "would change ({}): {}",
                versions(release),
                wording::fates(release)
            );
            page.fill(0, 2, &[name, plain(text)]);
        } else if look.detail > Detail::Quiet {
            page.fill(0, 2, &[name, span(fits(release), Style::Good)]);
        }
    }
    for refusal in &outcome.refused {
        refusal::write(&mut page, refusal, masker);
    }
    ahead(&mut page, outcome, look);
    page.finish()
}

/// What is left to say of a result that was shown before: which versions, what there is to do outside
/// the files, and the errors.
#[must_use]
pub fn brief(outcome: &Outcome, look: Look, masker: &Masker) -> String {
    let mut page = Page::new(look);
    for release in outcome
        .releases
        .iter()
        .filter(|_| look.detail > Detail::Quiet)
    {
        page.gap();
        headline(&mut page, release);
        checklist(&mut page, release, masker);
    }
    for refusal in &outcome.refused {
        refusal::write(&mut page, refusal, masker);
    }
    page.finish()
}

fn is_are(n: usize, what: &str) -> String {
    format!("{} {}", count(n, what), if n == 1 { "is" } else { "are" })
}

/// How to go on: the commands that write what was shown.
#[must_use]
pub fn commands(commands: &[Command], look: Look) -> String {
    let mut page = Page::new(look);
    if !commands.is_empty() {
        page.fill(0, 0, &[plain("Nothing was written.")]);
    }
    for command in commands {
        self::command(&mut page, command, look);
    }
    page.finish()
}

/// How to go on: to decide one by one, or to write as recommended.
#[must_use]
pub fn ways(ways: &super::preview::Ways, look: Look) -> String {
    let mut page = Page::new(look);
    super::preview::ways(&mut page, ways, look);
    page.finish()
}

/// A command that writes, what it does, and what a person has to add to it.
pub(super) fn command(page: &mut Page, command: &Command, look: Look) {
    if !command.missing.is_empty() {
        let lead = match command.recommended.is_empty() {
            true => "To write, add your answers to the command:",
            false => "To write with the recommended answers, add yours to the command:",
        };
        page.fill(0, 2, &[plain(lead)]);
        for missing in &command.missing {
            let mut spans = vec![span(missing.argument.clone(), Style::Accent)];
            spans.push(match &missing.what {
                Some(what) => span(format!("  ({what})"), Style::Dim),
                None => span(format!("  ({})", one_of(&missing.options)), Style::Dim),
            });
            page.fill(2, 6, &spans);
        }
    } else {
        let (lead, style) = match (command.loses, command.recommended.is_empty()) {
            (true, _) => (
                "To write this, although settings stop working:",
                Style::Warn,
            ),
            (false, false) => ("To write with the recommended answers:", Style::Plain),
            (false, true) => ("To write exactly this:", Style::Plain),
        };
        page.fill(0, 2, &[span(lead, style)]);
    }
    for line in command.lines(look.width.saturating_sub(2)) {
        page.line(2, &[span(line, Style::Accent)]);
    }
}

/// `tag, chart-tag or both`.
fn one_of(options: &[String]) -> String {
    match options {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        options => options.join(", "),
    }
}

pub(super) fn versions(release: &Release) -> String {
    format!("{} {} → {}", release.chart, release.from, release.to)
}

fn fits(release: &Release) -> String {
    format!(
        "already fits {} {}; nothing to do",
        release.chart, release.to
    )
}

pub(super) fn headline(page: &mut Page, release: &Release) {
    let name = span(format!("{}: ", wording::names(release)), Style::Bold);
    // A release whose text waits for another one that shares it has changes, and shows none yet.
    let does = release.steps.iter().any(|step| !step.changes.is_empty());
    if release.is_changed() || release.is_open() || does {
        page.fill(0, 2, &[name, span(versions(release), Style::Bold)]);
    } else if release.from == release.to {
        page.fill(0, 2, &[name, span(fits(release), Style::Good)]);
    } else {
        let verdict = if release.lost_by_leaving_out().next().is_some() {
            span(
                "the chosen steps change nothing; steps that would were left out",
                Style::Error,
            )
        } else {
            span("it already fits; nothing to do", Style::Good)
        };
        page.fill(
            0,
            2,
            &[
                name,
                span(format!("{}: ", versions(release)), Style::Bold),
                verdict,
            ],
        );
    }
}

fn release(page: &mut Page, release: &Release, look: Look, masker: &Masker) {
    headline(page, release);
    known_by(page, release, look, masker);
    facts(page, release, look, masker);
    changes(page, release, look, masker);
    stale(page, release, masker);
    notices(page, release, masker);
    unread(page, release, look);
    left_out(page, release);
    questions::write(page, release, masker);
    waiting(page, release);
    checklist(page, release, masker);
    if look.detail == Detail::Verbose {
        every_leaf(page, release, masker);
    }
    if release.is_changed() || release.is_open() {
        page.gap();
        page.fill(
            0,
            2,
            &[span(format!("{}.", wording::fates(release)), Style::Dim)],
        );
    }
}

/// By what the chart is known, if nothing named it: some of the keys, or all with `-v`.
fn chart_told_by(page: &mut Page, release: &Release, look: Look) {
    if release.chart_told_by.is_empty() {
        return;
    }
    let verbose = look.detail == Detail::Verbose;
    let shown = if verbose { usize::MAX } else { DECIDING };
    let signs = release.chart_told_by.iter();
    let signs = signs.take(shown).map(|sign| {
        let place = sign.at.as_ref().map(|at| format!("line {}", at.line));
        let why = verbose.then(|| sign.why.trim_end_matches('.').to_owned());
        let more: Vec<String> = place.into_iter().chain(why).collect();
        match more.is_empty() {
            true => sign.path.to_string(),
            false => format!("{} ({})", sign.path, more.join(": ")),
        }
    });
    let signs: Vec<String> = signs.collect();
    let text = format!("Recognised as {} by {}.", release.chart, signs.join(", "));
    page.fill(2, 4, &[span(text, Style::Dim)]);
}

/// How the version is known, if it was not stated: the clues that decide, or all with `-v`.
pub(super) fn known_by(page: &mut Page, release: &Release, look: Look, masker: &Masker) {
    chart_told_by(page, release, look);
    let verbose = look.detail == Detail::Verbose;
    let said = match release.known_by {
        KnownBy::Content => None,
        KnownBy::Stated => Some("You said that the values are for"),
        KnownBy::Carrier => Some("The manifest says that the values are for"),
        KnownBy::Recorded => Some("refit.yaml says that the values are for"),
        KnownBy::Live => Some("The running release is"),
        KnownBy::Revision => Some("Before, its manifest said that the values are for"),
    };
    if let Some(said) = said {
        if verbose {
            let text = format!("{said} {} {}.", release.chart, release.from);
            page.fill(2, 4, &[span(text, Style::Dim)]);
        } else {
            return;
        }
    }
    if release.known_by == KnownBy::Content {
        page.fill(
            2,
            4,
            &[span(
                format!(
                    "Detected: {} {}{}",
                    release.chart,
                    release.from,
                    match &release.same_from {
                        Some(first) =>
                            format!("; {first} to {} give the same result", release.from),
                        None => String::new(),
                    }
                ),
                Style::Dim,
            )],
        );
    }
    let mut clues: Vec<_> = release.evidence.iter().collect();
    clues.sort_by_key(|clue| Reverse(clue.strength));
    if !verbose {
        // One for each bound decides as much as all.
        let mut bounds: Vec<&str> = Vec::new();
        clues.retain(|clue| {
            let new = clue.strength > Strength::Weak && !bounds.contains(&clue.versions.as_str());
            bounds.push(&clue.versions);
            new
        });
        clues.truncate(DECIDING);
    }
    for clue in clues {
        let place = match &clue.at {
            Some(at) => format!(" (line {})", at.line),
            None => String::new(),
        };
        let strength = if verbose {
            format!(" [{}, {}]", wording::strength(clue.strength), clue.versions)
        } else {
            String::new()
        };
        page.fill(
            4,
            6,
            &[
                span(clue.path.to_string(), Style::Accent),
                span(format!("{place}: "), Style::Dim),
                span(masker.text(&clue.why), Style::Dim),
                span(strength, Style::Dim),
            ],
        );
    }
}

/// The facts that are other ones afterwards, in columns.
pub(super) fn facts(page: &mut Page, release: &Release, look: Look, masker: &Masker) {
    let changed: Vec<_> = release
        .facts
        .iter()
        .filter(|fact| fact.before != fact.after || !fact.open.is_empty())
        .collect();
    if changed.is_empty() {
        return;
    }
    page.heading("Effect");
    let text = |value: &Option<String>| {
        value
            .as_deref()
            .map_or_else(|| "(none)".to_owned(), |value| masker.text(value))
    };
    let rows: Vec<[String; 3]> = changed
        .iter()
        .map(|fact| {
            let after = match fact.open.as_slice() {
                [] => text(&fact.after),
                open => format!("open, until you answer {}", open.join(", ")),
            };
            [fact.title.clone(), text(&fact.before), after]
        })
        .collect();
    // What fits stands in columns; what does not has a line for each side.
    let fits = |row: &[String; 3], titles: usize| {
        2 + titles + 2 + width(&row[1]) + 3 + width(&row[2]) <= look.width
    };
    let titles = rows
        .iter()
        .filter(|row| fits(row, width(&row[0])))
        .map(|row| width(&row[0]))
        .max()
        .unwrap_or_default();
    for row in &rows {
        let [title, before, after] = row;
        if width(title) <= titles && fits(row, titles) {
            let pad = " ".repeat(titles - width(title));
            page.line(
                2,
                &[
                    plain(format!("{title}{pad}  ")),
                    span(before.clone(), Style::Dim),
                    plain(" → "),
                    span(after.clone(), Style::Bold),
                ],
            );
            continue;
        }
        page.fill(2, 4, &[plain(title.clone())]);
        page.fill(
            4,
            12,
            &[
                span("before: ", Style::Dim),
                span(before.clone(), Style::Dim),
            ],
        );
        page.fill(
            4,
            12,
            &[
                span("now:    ", Style::Dim),
                span(after.clone(), Style::Bold),
            ],
        );
    }
}

/// Old keys that were edited into a file after it was upgraded.
fn stale(page: &mut Page, release: &Release, masker: &Masker) {
    if release.stale.is_empty() {
        return;
    }
    page.heading("Edited in after the upgrade, and unused by the new chart");
    for notice in &release.stale {
        let place = match &notice.at {
            Some(at) => format!("{}:{}: ", at.file, at.line),
            None => String::new(),
        };
        page.bullet(
            2,
            "!",
            Style::Error,
            &[plain(place), plain(masker.text(&notice.text))],
        );
    }
}

fn title(page: &mut Page, step: &Step) {
    let mut spans = vec![
        span(format!("{} ", step.version), Style::Dim),
        plain(step.title.clone()),
        span(format!(" [{}]", step.id), Style::Dim),
    ];
    if let Some(link) = &step.link {
        spans.push(span(format!(" {link}"), Style::Dim));
    }
    page.fill(2, 4, &spans);
}

/// What the steps did, each with its reason.
fn changes(page: &mut Page, release: &Release, look: Look, masker: &Masker) {
    let verbose = look.detail == Detail::Verbose;
    let acted = |step: &&Step| step.state == State::Done && !step.changes.is_empty();
    if !release.steps.iter().any(|step| acted(&step)) {
        return;
    }
    page.heading("What changes");
    for step in release.steps.iter().filter(acted) {
        title(page, step);
        if let Some(answer) = step
            .question
            .as_ref()
            .and_then(|q| Some((q, q.answer.as_ref()?)))
        {
            let (question, id) = answer;
            let title = question
                .options
                .iter()
                .find(|option| option.id == *id)
                .map(|o| &o.title);
            let mut text = format!("answered {id}");
            if let Some(title) = title {
                text.push_str(&format!(": {}", masker.text(title)));
            }
            for (name, value) in &question.inputs {
                text.push_str(&format!("; {name} = {}", masker.value(name, value)));
            }
            page.fill(4, 6, &[span(text, Style::Accent)]);
        }
        let listed = if verbose { step.changes.len() } else { LISTED };
        for change in step.changes.iter().take(listed) {
            self::change(page, change, release, masker);
        }
        if step.changes.len() > listed {
            let rest = step.changes.len() - listed;
            page.fill(
                4,
                6,
                &[span(
                    format!("… and {rest} more; -v lists them"),
                    Style::Dim,
                )],
            );
        }
        if let Some(why) = step
            .why
            .as_ref()
            .filter(|_| verbose || step.tell.is_empty())
        {
            page.fill(4, 4, &[span(masker.text(why), Style::Dim)]);
        }
        for told in &step.tell {
            page.bullet(4, "!", Style::Warn, &[plain(masker.text(&told.text))]);
        }
    }
}

fn change(page: &mut Page, change: &Change, release: &Release, masker: &Masker) {
    let value = || {
        // What was made of a secret is one.
        let places = std::iter::once(&change.path).chain(&change.from);
        let mut value = change.value.clone();
        places.for_each(|place| masker.json(place, &mut value));
        wording::value(&value)
    };
    let style = match change.fate {
        Fate::Written => Style::Good,
        Fate::Dropped => Style::Error,
        _ => Style::Plain,
    };
    let word = wording::fate(change.fate);
    let mut spans: Vec<Span> = vec![
        span(format!("{word:<8} "), style),
        plain(change.path.to_string()),
    ];
    match (&change.to, change.fate) {
        (Some(to), _) => spans.push(plain(format!(" → {to}"))),
        (None, _) if change.left_over => spans.push(span(
            format!(" (was {}; left over, unused)", value()),
            Style::Dim,
        )),
        (None, Fate::Dropped) => spans.push(span(format!(" (was {})", value()), Style::Dim)),
        (None, _) => spans.push(plain(format!(": {}", value()))),
    }
    if !change.from.is_empty() {
        let from = format!(" (from {})", wording::paths(&change.from));
        spans.push(span(from, Style::Dim));
    }
    if release.files.len() > 1 {
        spans.push(span(format!("  in {}", change.file), Style::Dim));
    }
    page.fill(4, 13, &spans);
}

/// What the steps that changed nothing tell, and what was found about the files.
pub(super) fn notices(page: &mut Page, release: &Release, masker: &Masker) {
    let tells = |step: &&Step| {
        step.state == State::Done && step.changes.is_empty() && !step.tell.is_empty()
    };
    if release.notices.is_empty() && !release.steps.iter().any(|step| tells(&step)) {
        return;
    }
    page.heading("Notes");
    for step in release.steps.iter().filter(tells) {
        for (i, told) in step.tell.iter().enumerate() {
            let mut spans = vec![plain(masker.text(&told.text))];
            if i + 1 == step.tell.len() {
                spans.push(span(format!(" [{} {}]", step.version, step.id), Style::Dim));
            }
            // What one step tells belongs together: its second notice stands below the first.
            page.bullet(2, if i == 0 { "•" } else { " " }, Style::Warn, &spans);
        }
    }
    for notice in &release.notices {
        let mut spans = Vec::new();
        if let Some(at) = &notice.at {
            spans.push(span(
                format!("{}:{}: ", wording::shown_name(&at.file), at.line),
                Style::Bold,
            ));
        }
        spans.push(plain(masker.text(&notice.text)));
        page.bullet(2, "•", Style::Warn, &spans);
    }
}

fn paths(page: &mut Page, indent: usize, paths: &[&Path], all: bool) {
    let listed = if all {
        paths.len()
    } else {
        LISTED.min(paths.len())
    };
    let mut text = wording::paths(&paths[..listed]);
    if listed < paths.len() {
        text.push_str(&format!(
            " and {} more (-v lists them)",
            paths.len() - listed
        ));
    }
    page.fill(indent, indent, &[plain(text)]);
}

/// What stays although the target does not read it, and no notice says so. What a left-out step leaves is
/// told with that step.
pub(super) fn unread(page: &mut Page, release: &Release, look: Look) {
    let left = super::content::unused(release);
    if !left.is_empty() {
        page.heading(&format!("Unused by {} {}", release.chart, release.to));
        paths(page, 2, &left, look.detail == Detail::Verbose);
    }
}

fn left_out(page: &mut Page, release: &Release) {
    let mut left_out = release
        .steps
        .iter()
        .filter(|step| step.state == State::LeftOut)
        .peekable();
    if left_out.peek().is_none() {
        return;
    }
    page.heading("Left out, as you asked");
    for step in left_out {
        title(page, step);
        if !step.loses.is_empty() {
            page.fill(
                4,
                6,
                &[
                    span("These settings stop working: ", Style::Error),
                    plain(wording::paths(&step.loses)),
                    plain(format!(
                        ". {} {} does not use them; refit writes this only with --force.",
                        release.chart, release.to
                    )),
                ],
            );
        }
    }
}

pub(super) fn waiting(page: &mut Page, release: &Release) {
    let mut steps = release
        .steps
        .iter()
        .filter(|step| step.state == State::Waiting)
        .peekable();
    if steps.peek().is_none() {
        return;
    }
    page.heading("Waiting for your answer");
    for step in steps {
        page.bullet(
            2,
            "•",
            Style::Plain,
            &[
                plain(step.title.clone()),
                span(
                    format!(" [{}, waits for {}]", step.id, step.waits_for.join(", ")),
                    Style::Dim,
                ),
            ],
        );
    }
}

/// What must be done outside the files, in the order in which it must be done.
pub(super) fn checklist(page: &mut Page, release: &Release, masker: &Masker) {
    if release.checklist.is_empty() {
        return;
    }
    page.heading("To do");
    for (when, title) in [
        (When::Before, "before the upgrade"),
        (When::With, "with the upgrade"),
        (When::After, "after the upgrade"),
    ] {
        let mut tasks = release
            .checklist
            .iter()
            .filter(|task| task.when == when)
            .peekable();
        if tasks.peek().is_some() {
            page.line(2, &[span(title, Style::Accent)]);
        }
        for task in tasks {
            page.bullet(4, "[ ]", Style::Plain, &[plain(masker.text(&task.text))]);
        }
    }
}

/// The fate of every setting, and the comments that went with what was removed.
pub(super) fn every_leaf(page: &mut Page, release: &Release, masker: &Masker) {
    if !release.ledger.is_empty() {
        page.heading("Every setting that did not just stay");
        for leaf in &release.ledger {
            let mut spans = vec![
                plain(format!("{:<9} ", wording::fate(leaf.fate))),
                plain(leaf.path.to_string()),
            ];
            if !leaf.to.is_empty() {
                spans.push(plain(format!(" → {}", wording::paths(&leaf.to))));
            }
            let mut note = leaf.step.clone().unwrap_or_default();
            if release.files.len() > 1 {
                note = format!("{} {note}", leaf.file);
            }
            if !note.is_empty() {
                spans.push(span(format!(" [{}]", note.trim()), Style::Dim));
            }
            page.fill(2, 12, &spans);
        }
    }
    let comments = || release.files.iter().flat_map(|file| &file.removed_comments);
    if comments().next().is_some() {
        page.heading("Comments that went with what was removed");
        for line in comments().flat_map(|comment| comment.lines()) {
            page.line(2, &[span(masker.line(line.trim()), Style::Dim)]);
        }
    }
}
