//! Block collections, edited line by line.

use super::emit::Emitter;
use super::{Cx, Unit};
use crate::yaml::extent::Extent;
use crate::yaml::source::{is_blank, line_above, line_end, line_start};
use crate::yaml::tree::{Kind, NodeId};
use crate::yaml::want::{RewriteError, Want};

/// What becomes of the units of a collection.
pub(super) struct Plan<'w> {
    /// For each unit of the source, in order: what it becomes, or `None` if it goes.
    pub(super) kept: Vec<Option<Unit<'w>>>,
    /// What comes before all kept units (index 0) or after kept unit `i` (index `i + 1`).
    pub(super) after: Vec<Vec<Unit<'w>>>,
}

impl Cx<'_> {
    /// Finds which units keep their places: those named in the order of the source.
    pub(super) fn plan<'w>(&self, id: NodeId, units: &[Unit<'w>]) -> (Vec<NodeId>, Plan<'w>) {
        let source = self.units(id);
        let mut plan = Plan {
            kept: source.iter().map(|_| None).collect(),
            after: (0..=source.len()).map(|_| Vec::new()).collect(),
        };
        let position: std::collections::HashMap<NodeId, usize> = source
            .iter()
            .enumerate()
            .map(|(i, &unit)| (unit, i))
            .collect();
        let mut next = 0;
        for &unit in units {
            let ground = match unit {
                Unit::Entry(entry) => entry.key.entry(),
                Unit::Item(want) => want.ground(),
            };
            match ground.and_then(|ground| position.get(&ground)).copied() {
                Some(i) if i >= next && self.can_stay(source[i], unit) => {
                    plan.kept[i] = Some(unit);
                    next = i + 1;
                }
                _ => plan.after[next].push(unit),
            }
        }
        (source, plan)
    }

    /// Whether an item's ground is of the kind that is wanted; entries always can stay.
    fn can_stay(&self, item: NodeId, unit: Unit<'_>) -> bool {
        match unit {
            Unit::Entry(_) | Unit::Item(Want::Node(_)) => true,
            Unit::Item(Want::Map { .. }) => matches!(self.tree.kind(item), Kind::Mapping { .. }),
            Unit::Item(Want::List { .. }) => matches!(self.tree.kind(item), Kind::Sequence { .. }),
            Unit::Item(Want::Scalar(_)) => false,
        }
    }

    /// Whether all units of a collection are separated by blank lines.
    fn separated(&self, extents: &[Extent]) -> bool {
        extents.len() > 1
            && extents[1..].iter().all(|extent| {
                line_above(self.text, line_start(self.text, extent.start))
                    .is_some_and(|line| is_blank(&self.text[line..line_end(self.text, line).0]))
            })
    }

    /// The end of the blank lines from `at` on.
    fn blank_run_end(&self, mut at: usize) -> usize {
        while at < self.text.len() {
            let (content_end, next) = line_end(self.text, at);
            if !is_blank(&self.text[at..content_end]) {
                break;
            }
            at = next;
        }
        at
    }

    /// The start of the blank lines directly above `at`, but not before `least`.
    fn blank_run_start(&self, mut at: usize, least: usize) -> usize {
        while let Some(above) = line_above(self.text, at) {
            if above < least || !is_blank(&self.text[above..at]) {
                break;
            }
            at = above;
        }
        at
    }
}

impl Emitter<'_, '_> {
    /// Writes a block collection in its place (or shifted). At least one unit is wanted.
    pub(super) fn block(&mut self, id: NodeId, units: &[Unit<'_>]) -> Result<(), RewriteError> {
        let (source, plan) = self.cx.plan(id, units);
        let extents: Vec<_> = source
            .iter()
            .map(|&unit| self.cx.tree.block_extent(unit))
            .collect();
        let separated = self.cx.separated(&extents);
        let column = self.cx.tree.column(id) as isize + self.delta;
        // Whether the collection begins in the middle of a line, and nothing of it is written yet.
        let mut open = extents.first().is_some_and(|e| {
            e.start == e.lead && !is_blank(&self.cx.text[line_start(self.cx.text, e.lead)..e.lead])
        });
        let begin = extents.first().map_or(self.cur, |extent| extent.start);
        let mut pending: &[Unit<'_>] = &plan.after[0];
        let mut i = 0;
        while i < source.len() {
            let extent = &extents[i];
            if let Some(unit) = plan.kept[i] {
                if open {
                    self.keep_until(begin);
                    if !pending.is_empty() {
                        self.new_units(pending, column, id, separated, true)?;
                        if separated {
                            self.insert("\n");
                        }
                        self.insert(&super::render::spaces(column));
                    }
                    self.skip_to(first_text(self.cx.text, self.cur.max(extent.start)));
                } else {
                    self.keep_until(extent.start);
                    if !pending.is_empty() {
                        self.end_line();
                        self.new_units(pending, column, id, separated, false)?;
                        if separated && !pending.is_empty() {
                            self.insert("\n");
                        }
                    }
                }
                open = false;
                self.unit(source[i], unit)?;
                self.keep_until(extent.end);
                pending = &plan.after[i + 1];
                i += 1;
                let removed_next = i < source.len() && plan.kept[i].is_none();
                if !pending.is_empty() && !removed_next {
                    self.end_line();
                    if separated {
                        self.insert("\n");
                    }
                    self.new_units(pending, column, id, separated, false)?;
                    pending = &[];
                }
                continue;
            }
            // A run of units that go.
            let first = i;
            while i < source.len() && plan.kept[i].is_none() {
                i += 1;
            }
            let run = &extents[first..i];
            if open {
                self.keep_until(begin);
                if !pending.is_empty() {
                    self.new_units(pending, column, id, separated, true)?;
                    pending = &[];
                    open = false;
                }
                self.skip_to(run[run.len() - 1].end);
                continue;
            }
            if !pending.is_empty() {
                self.keep_until(extent.start);
                self.end_line();
                self.new_units(pending, column, id, separated, false)?;
                pending = &[];
                self.skip_run(run);
                continue;
            }
            self.remove_run(run, first == 0, i == source.len());
        }
        Ok(())
    }

    /// Leaves out a run of removed units; detached comments between them stay.
    fn skip_run(&mut self, run: &[Extent]) {
        for (n, extent) in run.iter().enumerate() {
            if n > 0 {
                let gap = self.cur..extent.start;
                if gap.start < gap.end && !is_blank(&self.cx.text[gap]) {
                    self.keep_until(extent.start);
                }
            }
            self.skip_to(extent.end);
        }
    }

    /// Removes a run of units so that what was separated by blank lines stays separated once.
    fn remove_run(&mut self, run: &[Extent], at_start: bool, at_end: bool) {
        let cx = self.cx;
        let start = run[0].start;
        let end = run[run.len() - 1].end;
        let above = cx.blank_run_start(start, self.cur);
        let below = cx.blank_run_end(end);
        let has_above = above < start;
        let has_below = below > end;
        let text_end = below == cx.text.len();
        let comment_above = line_above(cx.text, above).is_some_and(|line| {
            cx.text[line..]
                .trim_start_matches([' ', '\t'])
                .starts_with('#')
        });
        let drop_above = at_end && has_above && (text_end || has_below || !comment_above);
        self.keep_until(if drop_above { above } else { start });
        self.skip_run(run);
        if drop_above {
            return;
        }
        // At the start of a collection nothing separates it from the line above.
        let opens = at_start && !has_above && self.cur == end && self.opens_here(start);
        if has_below && !text_end && (has_above || opens) && !at_end {
            self.skip_to(below);
        }
    }

    /// Whether only the collection's own key, or nothing, stands above `at`.
    fn opens_here(&self, at: usize) -> bool {
        match line_above(self.cx.text, at) {
            None => true,
            Some(line) => !self.cx.text[line..]
                .trim_start_matches([' ', '\t'])
                .starts_with('#'),
        }
    }

    fn new_units(
        &mut self,
        units: &[Unit<'_>],
        column: isize,
        near: NodeId,
        separated: bool,
        open: bool,
    ) -> Result<(), RewriteError> {
        for (n, &unit) in units.iter().enumerate() {
            if n > 0 && separated {
                self.insert("\n");
            }
            let lines = self.cx.render_unit(unit, column, Some(near))?;
            let lines = if open && n == 0 {
                lines.trim_start_matches(' ')
            } else {
                lines.as_str()
            };
            self.insert(lines);
        }
        Ok(())
    }

    /// Writes one unit that stays.
    pub(super) fn unit(&mut self, id: NodeId, unit: Unit<'_>) -> Result<(), RewriteError> {
        match unit {
            Unit::Entry(entry) => self.entry(id, entry),
            Unit::Item(want) => self.value(id, want),
        }
    }
}

/// The next character that is not white space.
fn first_text(text: &str, at: usize) -> usize {
    text[at..]
        .find(|c: char| !matches!(c, ' ' | '\t' | '\n' | '\r'))
        .map_or(at, |n| at + n)
}
