//! Two columns: which line stands beside which, and which words of it changed.
//!
//! A diff says what is gone and what came, in runs; a reader who compares wants to see a line beside the
//! one that it became. Runs of unequal length have no such order of their own, so lines are paired by the
//! words they have in common, never crosswise. What has no partner stands beside what has none either, so
//! that the columns stay short; only partners get marks.

use std::ops::Range;

use super::{DiffLine, Hunk, LineSide, marks, words};

/// Runs larger than this, as gone times come, are not paired: nobody compares them line by line.
const MAX_PAIRS: usize = 4_096;
/// The part of the longer line that two lines must share to be taken for one that changed, in percent.
const ALIKE: usize = 50;

/// A row of two columns.
#[derive(Debug, Clone)]
pub struct SideBySide<'l, 'a> {
    /// The line before.
    pub before: Option<Cell<'l, 'a>>,
    /// The line afterwards.
    pub after: Option<Cell<'l, 'a>>,
}

/// A line in its column.
#[derive(Debug, Clone)]
pub struct Cell<'l, 'a> {
    /// Its number in its text, from 1.
    pub number: usize,
    /// The line.
    pub line: &'l DiffLine<'a>,
    /// The parts that differ from the line beside it, in bytes of its text; empty if that one is another
    /// line altogether.
    pub marks: Vec<Range<usize>>,
}

impl<'a> Hunk<'a> {
    /// The lines of both texts in two columns.
    #[must_use]
    pub fn rows(&self) -> Vec<SideBySide<'_, 'a>> {
        let mut rows = Vec::with_capacity(self.lines.len());
        let (mut before, mut after) = (self.before.start, self.after.start);
        let mut lines = self.lines.iter().peekable();
        while let Some(line) = lines.peek() {
            if line.side == LineSide::Both {
                (before, after) = (before + 1, after + 1);
                let cell = |number| {
                    Some(Cell {
                        number,
                        line,
                        marks: Vec::new(),
                    })
                };
                rows.push(SideBySide {
                    before: cell(before),
                    after: cell(after),
                });
                lines.next();
                continue;
            }
            let mut run = |side| {
                let mut run = Vec::new();
                while let Some(line) = lines.next_if(|line| line.side == side) {
                    run.push(line);
                }
                run
            };
            // In this order, as hunks have them.
            let (gone, came) = (run(LineSide::Before), run(LineSide::After));
            set_side_by_side(&mut rows, &gone, &came, before, after);
            (before, after) = (before + gone.len(), after + came.len());
        }
        rows
    }
}

/// Sets a run of lines that are gone beside one of lines that came.
fn set_side_by_side<'l, 'a>(
    rows: &mut Vec<SideBySide<'l, 'a>>,
    gone: &[&'l DiffLine<'a>],
    came: &[&'l DiffLine<'a>],
    before: usize,
    after: usize,
) {
    let cell = |line: &&'l DiffLine<'a>, number| Cell {
        number,
        line,
        marks: Vec::new(),
    };
    let apart = |rows: &mut Vec<SideBySide<'l, 'a>>, old: Range<usize>, new: Range<usize>| {
        for i in 0..old.len().max(new.len()) {
            let (a, b) = (old.start + i, new.start + i);
            rows.push(SideBySide {
                before: (a < old.end).then(|| cell(&gone[a], before + a + 1)),
                after: (b < new.end).then(|| cell(&came[b], after + b + 1)),
            });
        }
    };
    let (mut old, mut new) = (0, 0);
    for (a, b) in pairs(gone, came) {
        apart(rows, old..a, new..b);
        let (mut left, mut right) = (
            cell(&gone[a], before + a + 1),
            cell(&came[b], after + b + 1),
        );
        (left.marks, right.marks) = marks(gone[a].text, came[b].text);
        rows.push(SideBySide {
            before: Some(left),
            after: Some(right),
        });
        (old, new) = (a + 1, b + 1);
    }
    apart(rows, old..gone.len(), new..came.len());
}

/// The partners of two runs, in order: those that have the most in common together.
fn pairs(gone: &[&DiffLine<'_>], came: &[&DiffLine<'_>]) -> Vec<(usize, usize)> {
    let (n, m) = (gone.len(), came.len());
    if n == 0 || m == 0 || n.saturating_mul(m) > MAX_PAIRS {
        return Vec::new();
    }
    let split = |lines: &[&DiffLine<'_>]| -> Vec<Vec<String>> {
        lines
            .iter()
            .map(|line| {
                words(line.body().trim())
                    .into_iter()
                    .map(str::to_owned)
                    .collect()
            })
            .collect()
    };
    let (old, new) = (split(gone), split(came));
    let alike: Vec<usize> = old
        .iter()
        .flat_map(|a| new.iter().map(move |b| self::common_percent(a, b)))
        .collect();
    // The best sum of what pairs have in common, from each place to the end.
    // Filled from the end, so that the pairs are then read off from the beginning.
    let mut best = vec![0; (n + 1) * (m + 1)];
    let at = |i: usize, j: usize| i * (m + 1) + j;
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            let paired = match alike[i * m + j] {
                0 => 0,
                score => score + best[at(i + 1, j + 1)],
            };
            best[at(i, j)] = paired.max(best[at(i + 1, j)]).max(best[at(i, j + 1)]);
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::new();
    while i < n && j < m {
        let score = alike[i * m + j];
        if score > 0 && best[at(i, j)] == score + best[at(i + 1, j + 1)] {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if best[at(i, j)] == best[at(i + 1, j)] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// The common part of two lines, in percent of the longer; 0 if it is too little.
fn common_percent(a: &[String], b: &[String]) -> usize {
    let size = |words: &[String]| words.iter().map(String::len).sum::<usize>();
    let longest = size(a).max(size(b));
    if longest == 0 {
        return 0;
    }
    // As bags of words: a line whose words changed places is still that line.
    let mut rest: Vec<&String> = b.iter().collect();
    let mut common = 0;
    for word in a {
        if let Some(found) = rest.iter().position(|other| *other == word) {
            common += word.len();
            rest.swap_remove(found);
        }
    }
    let percent = common * 100 / longest;
    if percent < ALIKE { 0 } else { percent }
}

#[cfg(test)]
mod tests {
    use super::super::Diff;

    /// The rows as text: number and line of each column.
    fn rows(before: &str, after: &str) -> Vec<String> {
        let diff = Diff::new(before, after);
        let show = |cell: &Option<super::Cell<'_, '_>>| match cell {
            Some(cell) => format!("{} {}", cell.number, cell.line.body()),
            None => String::new(),
        };
        diff.hunks
            .iter()
            .flat_map(|hunk| {
                hunk.rows()
                    .iter()
                    .map(|row| format!("{} | {}", show(&row.before), show(&row.after)))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn a_line_stands_beside_the_one_it_became() {
        assert_eq!(
            rows(
                "x: 1\ncontroller:\n  image:\n    repository: a.example/b\n    tag: 1\ny: 2\n",
                "x: 1\nimage:\n  repository: a.example/b\ny: 2\n",
            ),
            [
                "1 x: 1 | 1 x: 1",
                "2 controller: | ",
                "3   image: | 2 image:",
                "4     repository: a.example/b | 3   repository: a.example/b",
                "5     tag: 1 | ",
                "6 y: 2 | 4 y: 2",
            ]
        );
    }

    #[test]
    fn what_has_no_partner_stands_beside_what_has_none() {
        assert_eq!(rows("abc\ndef\n", "123\n"), ["1 abc | 1 123", "2 def | "]);
        assert_eq!(rows("", "a\nb\n"), [" | 1 a", " | 2 b"]);
    }

    #[test]
    fn only_partners_are_marked() {
        let diff = Diff::new("tag: one\nzzz\n", "tag: two\n");
        let rows = diff.hunks[0].rows();
        let marked = rows[0].after.as_ref().unwrap();
        assert_eq!(&marked.line.text[marked.marks[0].clone()], "two");
        assert!(rows[1].before.as_ref().unwrap().marks.is_empty());
    }

    #[test]
    fn every_line_is_in_its_column_once_and_in_order() {
        let before: String = (0..200).map(|i| format!("key{}: {i}\n", i % 7)).collect();
        let after: String = (0..150)
            .map(|i| format!("key{}: {}\n", i % 5, i * 3))
            .collect();
        let diff = Diff::with_context(&before, &after, 1_000);
        let (mut old, mut new) = (String::new(), String::new());
        for row in diff.hunks.iter().flat_map(super::Hunk::rows) {
            old.extend(row.before.map(|cell| cell.line.text));
            new.extend(row.after.map(|cell| cell.line.text));
        }
        assert!(old == before && new == after);
    }
}
