//! A difference in two columns, the words that changed set apart.
//!
//! Meant for eyes: long lines are wrapped, not cut, and a secret is masked in its place. What carries
//! meaning is never colour alone: a sign stands before what is gone and what came, for a printer and for
//! those who do not see the colours, and with a word for those who listen.

use maud::{Markup, html};

use super::super::{
    difference::{FileMasker, visible_body},
    wording::{count, shown_name},
};
use crate::{
    diff::{Cell, Diff, SideBySide},
    outcome::ReportedFile,
    report::Masker,
};

/// Rows of one file that are shown. Nobody reads on, and a browser has to hold them.
const MOST: usize = 2_000;

/// The difference of a file.
pub(super) fn render_sides(file: &ReportedFile, masker: &Masker) -> Markup {
    let diff = Diff::new(&file.before, &file.after);
    let (gone, came) = diff.counts();
    let hidden = FileMasker::new(file, masker);
    let name = shown_name(&file.name);
    let (mut room, mut left) = (MOST, 0);
    let hunks = diff.hunks.iter().map(|hunk| {
        let mut rows = hunk.rows();
        left += rows.len().saturating_sub(room);
        rows.truncate(room);
        room -= rows.len();
        (hunk.header(), rows)
    });
    let hunks: Vec<_> = hunks.filter(|(_, rows)| !rows.is_empty()).collect();
    html! {
        figure .diff {
            figcaption {
                span .path { (name) }
                span .gone { "−" (gone) } " "
                span .came { "+" (came) }
            }
            table {
                caption .unseen { "Difference of " (name) ": before on the left, afterwards on the right" }
                colgroup { col .number; col; col .number; col; }
                thead .unseen {
                    tr {
                        th scope="col" { "Line" } th scope="col" { "Before" }
                        th scope="col" { "Line" } th scope="col" { "Afterwards" }
                    }
                }
                @for (header, rows) in &hunks {
                    tbody {
                        tr .hunk { td colspan="4" { (header) } }
                        @for row in rows { (self::render_row(row, &hidden)) }
                    }
                }
            }
            @if left > 0 {
                p .note { (count(left, "more row")) ". The patch holds all of them." }
            }
        }
    }
}

fn render_row(row: &SideBySide<'_, '_>, hidden: &FileMasker<'_>) -> Markup {
    // An unchanged line is on both sides, and neither needs a class.
    let same = match (&row.before, &row.after) {
        (Some(before), Some(after)) => std::ptr::eq(before.line, after.line),
        _ => false,
    };
    let ends = match (&row.before, &row.after) {
        (Some(before), Some(after)) => before.line.end() != after.line.end(),
        _ => false,
    };
    html! {
        @if same {
            tr .same { (render_cell(row.before.as_ref(), "", false, hidden)) (render_cell(row.after.as_ref(), "", false, hidden)) }
        } @else {
            tr { (render_cell(row.before.as_ref(), "gone", ends, hidden)) (render_cell(row.after.as_ref(), "came", ends, hidden)) }
        }
    }
}

/// A line and its number. `ends` says that the end of the line is what differs, or a part of it.
fn render_cell(
    cell: Option<&Cell<'_, '_>>,
    class: &str,
    ends: bool,
    hidden: &FileMasker<'_>,
) -> Markup {
    let Some(cell) = cell else {
        return html! { td .none {} td .none {} };
    };
    let body = match hidden.masked_line(cell.line) {
        Some(text) => {
            let text = visible_body(text.trim_end_matches(['\n', '\r']));
            html! { (text) }
        }
        None => render_marked(cell, class),
    };
    let end = match cell.line.end() {
        "\r\n" if ends => "␍",
        "" if ends => " (no line end)",
        _ => "",
    };
    html! {
        td .number { (cell.number) }
        @if class.is_empty() {
            td { (body) }
        } @else {
            td class=(class) { (body) @if !end.is_empty() { span .end title="the end of the line differs" { (end) } } }
        }
    }
}

fn render_marked(cell: &Cell<'_, '_>, class: &str) -> Markup {
    let body = cell.line.body();
    let mut at = 0;
    let mut parts: Vec<(&str, bool)> = Vec::new();
    for range in &cell.marks {
        let (start, end) = (range.start.min(body.len()), range.end.min(body.len()));
        parts.extend([(&body[at..start], false), (&body[start..end], true)]);
        at = end;
    }
    parts.push((&body[at..], false));
    html! {
        @for (text, mark) in parts.into_iter().filter(|(text, _)| !text.is_empty()) {
            @match (mark, class) {
                (true, "gone") => del { (visible_body(text)) },
                (true, _) => ins { (visible_body(text)) },
                (false, _) => (visible_body(text)),
            }
        }
    }
}
