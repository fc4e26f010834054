//! A folder: many releases, each in a line, and everything that is said of them in a line or two.
//!
//! Where a line each would be more than a screen, the releases that fare alike are told together. Nothing is left out
//! without its number and the option that shows it; questions and dangers are never left out.

use semver::Version;

use super::{
    NAMED, PreviewForm, few_names,
    names::{self, Folded},
};
use crate::{
    outcome::{FilePosition, Unclaimed},
    report::{
        Masker,
        content::{Item, ReleaseRow, Section, Verdict, file_and_line},
        page::{Page, WordStyle, columns_of, span, unstyled},
        refusal, wording,
    },
};

/// With more releases and errors than these, a line for each is no screen any more.
pub(super) const CROWD: usize = 20;
/// Releases that fare alike and are told together then.
const ALIKE: usize = 3;
/// Columns for the number of the rest.
const REST: usize = 16;
/// Errors that are shown then.
const ERRORS: usize = 8;
/// The narrowest that a name is cut to.
const NARROWEST: usize = 28;

impl<'f, 'o> PreviewForm<'f, 'o> {
    /// The releases: a line each, or those that fare alike together.
    pub(super) fn write_rows(&self, page: &mut Page) {
        let groups = self.group_rows();
        let alone = groups.iter().filter(|rows| !self.is_told_together(rows));
        let wide = alone.flatten().map(|at| columns_of(&self.names[*at])).max();
        // One long name must not push what stands behind all of them out of the line.
        let wide = wide.unwrap_or_default().min(self.look.width / 2);
        for rows in groups {
            if self.is_told_together(&rows) {
                self.write_alike(page, &rows);
                continue;
            }
            for at in rows {
                self.write_row(page, &self.content.rows[at], &self.names[at], wide);
            }
        }
    }

    fn is_told_together(&self, rows: &[usize]) -> bool {
        self.crowded && rows.len() >= ALIKE
    }

    /// The releases, by the numbers of their rows: among many, those that go to one version and wait for the same.
    fn group_rows(&self) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (at, row) in self.content.rows.iter().enumerate() {
            let known = groups.iter_mut().find(|rows| {
                let first = &self.content.rows[rows[0]];
                self.crowded && fare_alike(first, row)
            });
            match known {
                Some(rows) => rows.push(at),
                None => groups.push(vec![at]),
            }
        }
        // First those that need somebody.
        if self.crowded {
            let verdict = |rows: &Vec<usize>| self.content.rows[rows[0]].verdict;
            groups.sort_by_key(|rows| Verdict::ALL.iter().position(|it| *it == verdict(rows)));
        }
        groups
    }

    /// A release in one line, if there is room for it.
    fn write_row(&self, page: &mut Page, row: &ReleaseRow<'_>, name: &str, wide: usize) {
        let mut behind = vec![span(format!("  {}", row.versions()), WordStyle::Dim)];
        let (gone, came) = row.lines;
        if gone + came > 0 {
            behind.push(span(format!("  -{gone} +{came}"), WordStyle::Dim));
        }
        if !row.open.is_empty() {
            behind.push(span(format!("  {}", open_ids(row)), WordStyle::Warn));
        }
        if let Some(held) = row.release.held_by.as_ref() {
            let text = format!("  for {}", wording::holder_names(held));
            behind.push(span(text, WordStyle::Warn));
        }
        // The verdict in front of the name takes seven columns.
        let taken: usize = behind.iter().map(|(text, _)| columns_of(text)).sum();
        let name = match self.crowded {
            true => names::cut_in_middle(name, self.room_beside(7 + taken)),
            false => name.to_owned(),
        };
        let pad = " ".repeat(
            wide.min(self.room_beside(7 + taken))
                .saturating_sub(columns_of(&name)),
        );
        let mut spans = vec![verdict_span(row.verdict), unstyled(format!("{name}{pad}"))];
        spans.extend(behind);
        page.fill(0, 9, &spans);
    }

    /// Columns for a name beside so many that are taken.
    fn room_beside(&self, taken: usize) -> usize {
        self.look.width.saturating_sub(taken).max(NARROWEST)
    }

    /// Releases that fare alike: their number, what becomes of them, and their names as far as there is room.
    fn write_alike(&self, page: &mut Page, rows: &[usize]) {
        let first = &self.content.rows[rows[0]];
        let mut spans = vec![
            verdict_span(first.verdict),
            unstyled(wording::count(rows.len(), "release")),
            span(format!("  {}", self.version_changes(rows)), WordStyle::Dim),
        ];
        if !first.open.is_empty() {
            spans.push(span(format!("  {}", open_ids(first)), WordStyle::Warn));
        }
        if first.verdict == Verdict::Held {
            spans.push(span("  for others that share their files", WordStyle::Warn));
        }
        page.fill(0, 9, &spans);
        let names: Vec<&str> = rows.iter().map(|at| self.names[*at].as_str()).collect();
        let room = self.room_beside(9 + 1);
        let folded = names::fold_names(&names, room);
        let shown = fitting_names(&folded, name_lines(first.verdict), room);
        let texts: Vec<&str> = folded[..shown].iter().map(|it| it.text.as_str()).collect();
        let mut text = texts.join(", ");
        let rest: usize = folded[shown..].iter().map(|it| it.names).sum();
        if rest > 0 {
            text.push_str(&format!(" and {rest} more (-v)"));
        }
        page.fill(9, 9, &[span(text, WordStyle::Dim)]);
    }

    /// The versions that they come from and go to. What fits already may be of several charts.
    fn version_changes(&self, rows: &[usize]) -> String {
        let rows = || rows.iter().map(|at| &self.content.rows[*at]);
        let Some(first) = rows().next() else {
            return String::new();
        };
        if first.verdict == Verdict::Fits {
            let mut all: Vec<String> = Vec::new();
            for versions in rows().map(ReleaseRow::versions) {
                if !all.contains(&versions) {
                    all.push(versions);
                }
            }
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            return few_names(&all, all.len());
        }
        let mut from: Vec<&Version> = rows().map(|row| &row.release.from).collect();
        from.sort();
        from.dedup();
        let release = first.release;
        let before = match from.as_slice() {
            [oldest, .., newest] if from.len() > NAMED => format!("{oldest} to {newest}"),
            some => wording::path_list(some),
        };
        let after = match &release.to_chart {
            Some(chart) => format!("{chart} {}", release.to),
            None => release.to.to_string(),
        };
        format!("{} {before} → {after}", release.chart)
    }

    /// The errors. Among many, each has a line or two, and what to do next is said once.
    pub(super) fn write_errors(&self, page: &mut Page, masker: &Masker) {
        let errors = self.content.items_in(Section::Errors);
        let mut left: Vec<_> = errors.filter_map(|item| item.refusal).collect();
        if !self.short {
            left.iter().for_each(|it| refusal::write(page, it, masker));
            return;
        }
        let mut room = if self.crowded { ERRORS } else { usize::MAX };
        while let Some(first) = left.first().copied().filter(|_| room > 0) {
            let (alike, others): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|it| it.next == first.next);
            let shown = alike.len().min(room);
            room -= shown;
            for one in &alike[..shown] {
                let taken = 7 + 2 + columns_of(&one.what);
                let place = match self.crowded {
                    true => names::cut_in_middle(&wording::place_of(one), self.room_beside(taken)),
                    false => wording::named_place_of(one),
                };
                refusal::write_what(page, &place, one);
            }
            refusal::write_next(page, first);
            left = [alike[shown..].to_vec(), others].concat();
        }
        if !left.is_empty() {
            let text = format!("… and {} (-v)", wording::count(left.len(), "more error"));
            page.fill(7, 7, &[span(text, WordStyle::Dim)]);
        }
    }

    /// A question of many releases: what it is, who asks it, and what can be answered, in few lines.
    pub(super) fn short_question(&self, page: &mut Page, item: &Item<'_>) {
        let behind = self.text_behind(item);
        page.bullet(
            0,
            "?",
            WordStyle::Warn,
            &[
                span(item.text.clone(), WordStyle::Bold),
                span(behind, WordStyle::Dim),
            ],
        );
        let mut spans = Vec::new();
        for (i, answer) in item.answers.iter().enumerate() {
            if i > 0 {
                spans.push(unstyled(", "));
            }
            spans.push(span(answer.option.id.clone(), WordStyle::Accent));
            if answer.option.recommended {
                spans.push(span(" (recommended)", WordStyle::Good));
            }
        }
        page.fill(2, 4, &spans);
    }

    /// The places of an item of many releases, without the folders that all have in common. They stand behind the
    /// text, which would have no room behind a long name.
    pub(super) fn places_behind(&self, item: &Item<'_>) -> String {
        let mut places: Vec<&FilePosition> = item.places().collect();
        places.dedup();
        let Some(first) = places.first() else {
            return String::new();
        };
        let first = file_and_line(first);
        let folders = self.names.first().map_or("", |name| &name[..self.common]);
        let first = self.named_in_text(first.strip_prefix(folders).unwrap_or(&first));
        match places.len() {
            1 => format!(" ({first})"),
            n => format!(" ({first} and {} more)", n - 1),
        }
    }

    /// A name behind a text: among many it gets half a line.
    pub(super) fn named_in_text(&self, name: &str) -> String {
        match self.crowded {
            true => names::cut_in_middle(name, self.look.width / 2),
            false => name.to_owned(),
        }
    }

    /// The actions in the order in which they are shown where not all are: what must be done before the upgrade, what
    /// charts ask for, and what is said of files; in each first what most releases have.
    pub(super) fn by_urgency(&self, items: &mut [&Item<'_>]) {
        items.sort_by_key(|item| {
            let kind = match (item.when, item.id) {
                (Some(when), _) => (0, Some(when)),
                (None, Some(_)) => (1, None),
                (None, None) => (2, None),
            };
            (kind, std::cmp::Reverse(item.release_numbers().count()))
        });
    }

    /// The values files that nothing names, in a sentence.
    pub(super) fn unclaimed_in_short(&self, page: &mut Page) {
        let files: &[Unclaimed] = self.content.unclaimed;
        let names: Vec<&str> = files.iter().map(|file| file.file.as_str()).collect();
        let folded = names::fold_names(&names, self.look.width);
        let Some(first) = folded.first() else {
            return;
        };
        let mut text = format!(
            "{} not touched, because no manifest names {}: {}",
            wording::count_of(files.len(), "values file was", "values files were"),
            if files.len() == 1 { "it" } else { "them" },
            first.text
        );
        match files.len() - first.names {
            0 => {}
            rest => text.push_str(&format!(" and {rest} more")),
        }
        let see = " (-v shows how to upgrade one)";
        page.fill(0, 2, &[unstyled(text), span(see, WordStyle::Dim)]);
    }
}

/// True if two releases are told together: both need nothing, or they go to one version and wait for the same.
fn fare_alike(one: &ReleaseRow<'_>, other: &ReleaseRow<'_>) -> bool {
    let goes_alike = || {
        let (one, other) = (one.release, other.release);
        one.chart == other.chart && one.to_chart == other.to_chart && one.to == other.to
    };
    let is_asked_alike = || {
        let ids = one.open.iter().map(|step| &step.id);
        ids.eq(other.open.iter().map(|step| &step.id))
    };
    one.verdict == other.verdict
        && (one.verdict == Verdict::Fits || goes_alike() && is_asked_alike())
}

fn open_ids(row: &ReleaseRow<'_>) -> String {
    let ids: Vec<&str> = row.open.iter().map(|step| step.id.as_str()).collect();
    ids.join(", ")
}

fn verdict_span(verdict: Verdict) -> (String, WordStyle) {
    let style = match verdict {
        Verdict::Ready => WordStyle::Good,
        Verdict::Waits | Verdict::Held => WordStyle::Warn,
        Verdict::Fits => WordStyle::Dim,
        Verdict::Stale | Verdict::Loses => WordStyle::Error,
    };
    span(format!("{:<6} ", verdict.word()), style)
}

/// Lines for the names of releases that are told together: more, the more they need somebody.
fn name_lines(verdict: Verdict) -> usize {
    match verdict {
        Verdict::Fits => 1,
        Verdict::Ready | Verdict::Held => 2,
        Verdict::Waits | Verdict::Stale | Verdict::Loses => 4,
    }
}

/// The number of names that fit into so many lines, with the number of the rest behind them. One at least.
fn fitting_names(folded: &[Folded], most: usize, room: usize) -> usize {
    let (mut lines, mut column) = (1, 0);
    let fits = folded.iter().enumerate().take_while(|(at, it)| {
        let wide = columns_of(&it.text) + 2;
        let is_last = at + 1 == folded.len();
        let kept = if lines == most && !is_last { REST } else { 0 };
        // The two columns are those of the comma and the space, which the last name of a line has not.
        if column + wide + kept > room + 2 {
            lines += 1;
            column = 0;
        }
        column += wide;
        lines <= most
    });
    fits.count().max(1)
}
