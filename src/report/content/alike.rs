//! What looks the same: releases and steps that differ in nothing but their names, the numbers of their lines, and the
//! unchanged lines around a change. One card says all of them.

use std::{collections::HashMap, fmt::Write as _, sync::Arc};

use super::{Account, Item, ReportContent};
use crate::{
    diff::{Diff, LineSide},
    digest,
    outcome::{Release, ReportedFile},
};

/// Releases whose cards would say the same, by the numbers of their rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// The numbers, the one that is shown first.
    pub rows: Vec<usize>,
    /// True if lines around the changes, or their numbers, differ between them.
    pub around_differs: bool,
}

impl ReportContent<'_> {
    /// The releases by what their cards would show. What shares a file with another release stands alone: its card
    /// says where the file is shown.
    #[must_use]
    pub fn alike_releases(&self) -> Vec<Alike> {
        let releases = || self.rows.iter().map(|row| row.release);
        let mut uses: HashMap<*const ReportedFile, usize> = HashMap::new();
        for file in releases().flat_map(|release| &release.files) {
            *uses.entry(Arc::as_ptr(file)).or_default() += 1;
        }
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut groups: Vec<(Alike, String)> = Vec::new();
        for (number, release) in releases().enumerate() {
            let next = groups.len();
            let is_shared = release
                .files
                .iter()
                .any(|file| uses[&Arc::as_ptr(file)] > 1);
            let place = match is_shared {
                true => next,
                false => *known.entry(seen_of(release)).or_insert(next),
            };
            let around = surrounding_lines(release);
            match groups.get_mut(place) {
                Some((group, first)) => {
                    group.rows.push(number);
                    group.around_differs |= *first != around;
                }
                None => {
                    let group = Alike {
                        rows: vec![number],
                        around_differs: false,
                    };
                    groups.push((group, around));
                }
            }
        }
        groups.into_iter().map(|(group, _)| group).collect()
    }
}

/// The visible content of a release: its account without names of files and numbers of lines, and the lines that
/// change.
fn seen_of(release: &Release) -> String {
    // Everything below is written in its debug form, with quotes, so that no text runs into the next.
    let account = Account::of(release);
    let mut text = format!(
        "{:?}",
        (
            &release.chart,
            &release.from,
            &release.to,
            &release.carrier,
            release.known_by
        )
    );
    for reason in account.known.chart.iter().chain(&account.known.version) {
        let _ = write!(text, "{:?}", (reason.path, reason.versions, reason.why));
    }
    for effect in &account.effect {
        let _ = write!(text, "{:?}", (effect.title, effect.before, &effect.after));
    }
    // Two releases call their files differently and may still show the same: a file counts by its place among
    // them.
    let place = |file: Option<&str>| {
        let named = |name: &str| release.files.iter().position(|it| it.name == name);
        file.map(named)
    };
    for done in &account.done {
        let _ = write!(text, "{:?}", (done.id, done.version, &done.answered));
        for it in &done.changes {
            let what = (it.fate, it.path, it.to, &it.was, &it.now, it.from);
            let _ = write!(text, "{:?}", (what, place(it.file)));
        }
    }
    for item in &account.items {
        let _ = write!(text, "{}", seen_of_item(item));
    }
    for leaf in &account.ledger {
        let _ = write!(text, "{:?}", (leaf.word, leaf.path, leaf.to, leaf.step));
        let _ = write!(text, "{:?}", place(leaf.file));
    }
    let _ = write!(text, "{:?}{:?}", account.settings, account.comments);
    let files = release
        .files
        .iter()
        .map(|file| (&*file.before, &*file.after));
    text.push_str(&changed_lines(files));
    digest::of_text(&text)
}

fn seen_of_item(item: &Item<'_>) -> String {
    let mut text = format!(
        "{:?}",
        (
            item.section,
            &item.title,
            item.id,
            item.version,
            &item.text,
            &item.variants,
            item.when,
            item.lacking
        )
    );
    for about in &item.about {
        let _ = write!(text, "{:?}", (about.path, &about.value, about.remark));
    }
    for answer in &item.answers {
        let _ = write!(text, "{:?}", (answer.option, &answer.arguments));
    }
    text
}

/// The lines that a change takes and brings, hunk by hunk, without those around them.
fn changed_lines<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> String {
    let mut text = String::new();
    for (before, after) in files {
        text.push_str("file");
        for hunk in &Diff::with_context(before, after, 0).hunks {
            text.push_str("hunk");
            for line in hunk.lines.iter().filter(|line| line.side != LineSide::Both) {
                let _ = write!(text, "{:?}", (line.side, line.body()));
            }
        }
    }
    text
}

/// The identity of a step as a person sees it: its texts and its question, and the lines that change, without those
/// around them. `files` are the texts without the step and with it.
#[must_use]
pub fn visible_text(said: &str, files: &[ReportedFile]) -> String {
    let files = files.iter().map(|file| (&*file.before, &*file.after));
    digest::of_text(&format!("{said}{}", changed_lines(files)))
}

/// The lines around the changes of a release, and their numbers.
fn surrounding_lines(release: &Release) -> String {
    let mut text = String::new();
    for file in &release.files {
        for hunk in &Diff::new(&file.before, &file.after).hunks {
            text.push_str(&hunk.header());
            for line in &hunk.lines {
                let _ = write!(text, "{:?}", line.body());
            }
        }
    }
    digest::of_text(&text)
}
