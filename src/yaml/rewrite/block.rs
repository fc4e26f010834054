//! Block collections, edited line by line.

use super::emit::Emitter;
use super::{Cx, WantedUnit};
use crate::yaml::block;
use crate::yaml::extent::Extent;
use crate::yaml::source::{indent_of, is_blank, line_above, line_end, line_start};
use crate::yaml::tree::{Kind, NodeId, ScalarStyle};
use crate::yaml::want::{RewriteError, Want, WantKey};

/// The fate of each unit of a collection.
pub(super) struct UnitPlan<'w> {
    /// For each unit of the source, in order: what it becomes, or `None` if it goes.
    pub(super) kept: Vec<Option<WantedUnit<'w>>>,
    /// The new units before all kept units (index 0) or after kept unit `i` (index `i + 1`).
    pub(super) after: Vec<Vec<WantedUnit<'w>>>,
}

impl UnitPlan<'_> {
    /// Items have no names: where as many come as go, each takes the place of one, so that its dash
    /// and the comment on its line stay.
    fn pair_up(&mut self) {
        let mut i = 0;
        while i < self.kept.len() {
            let run = self.kept[i..]
                .iter()
                .take_while(|unit| unit.is_none())
                .count();
            if run > 0 && self.after[i].len() == run {
                for (n, unit) in std::mem::take(&mut self.after[i]).into_iter().enumerate() {
                    self.kept[i + n] = Some(unit);
                }
            }
            i += run.max(1);
        }
    }
}

/// A source unit in whose place a wanted unit could stay.
#[derive(Clone, Copy)]
struct SourceUnit {
    /// Its place among the units of the source.
    index: usize,
    /// True if the unit is wanted as it is written.
    untouched: bool,
}

/// Chooses the places that are kept: a longest sequence of them that ascends, in which an untouched unit
/// counts more than all others together. The heaviest sequence that ends at or before each place of the
/// source stands in a Fenwick tree, so this takes n log n steps.
fn common_order(places: &[Option<SourceUnit>], len: usize) -> Vec<Option<usize>> {
    let all = places.len() as u64;
    // The heaviest sequence so far that ends before a place: its weight, and the unit that is its last.
    let mut heaviest: Vec<(u64, Option<usize>)> = vec![(0, None); len + 1];
    let mut before: Vec<Option<usize>> = vec![None; places.len()];
    let mut best: (u64, Option<usize>) = (0, None);
    for (unit, place) in places.iter().enumerate() {
        let Some(place) = place else { continue };
        let (mut found, mut at) = ((0, None), place.index);
        while at > 0 {
            if heaviest[at].0 > found.0 {
                found = heaviest[at];
            }
            at &= at - 1;
        }
        before[unit] = found.1;
        let weight = if place.untouched { all + 1 } else { 1 };
        let here = (found.0 + weight, Some(unit));
        if here.0 > best.0 {
            best = here;
        }
        let mut at = place.index + 1;
        while at <= len {
            if here.0 > heaviest[at].0 {
                heaviest[at] = here;
            }
            at += at & at.wrapping_neg();
        }
    }
    let mut kept = vec![None; places.len()];
    let mut last = best.1;
    while let Some(unit) = last {
        kept[unit] = places[unit].map(|place| place.index);
        last = before[unit];
    }
    kept
}

impl Cx<'_> {
    /// Finds which units keep their places: of those that can, as many as stand in one order here and
    /// there, and first of all those that nothing else happens to. So one entry that comes from far below
    /// moves alone, and not everything that it passes.
    pub(super) fn plan<'w>(
        &self,
        id: NodeId,
        units: &[WantedUnit<'w>],
    ) -> (Vec<NodeId>, UnitPlan<'w>) {
        let source = self.units(id);
        let mut plan = UnitPlan {
            kept: source.iter().map(|_| None).collect(),
            after: (0..=source.len()).map(|_| Vec::new()).collect(),
        };
        let position: std::collections::HashMap<NodeId, usize> = source
            .iter()
            .enumerate()
            .map(|(i, &unit)| (unit, i))
            .collect();
        let places: Vec<Option<SourceUnit>> = units
            .iter()
            .map(|&unit| {
                let ground = match unit {
                    WantedUnit::Entry(entry) => entry.key.entry(),
                    WantedUnit::Item(want) => want.grounded_on(),
                };
                let index = ground.and_then(|ground| position.get(&ground)).copied()?;
                self.can_stay(source[index], unit).then(|| SourceUnit {
                    index,
                    untouched: self.is_untouched(unit),
                })
            })
            .collect();
        let mut next = 0;
        for (&unit, stays) in units.iter().zip(common_order(&places, source.len())) {
            match stays {
                Some(i) => {
                    plan.kept[i] = Some(unit);
                    next = i + 1;
                }
                None => plan.after[next].push(unit),
            }
        }
        if matches!(self.tree.kind(id), Kind::Sequence { .. }) {
            plan.pair_up();
        }
        (source, plan)
    }

    /// True if a unit is wanted as it is written.
    fn is_untouched(&self, unit: WantedUnit<'_>) -> bool {
        match unit {
            WantedUnit::Item(want) => matches!(want, Want::Node(_)),
            WantedUnit::Entry(entry) => match (&entry.key, &entry.value) {
                (WantKey::Entry(key), Want::Node(value)) => {
                    self.tree.value_of(*key) == Some(*value)
                }
                _ => false,
            },
        }
    }

    /// True if an item's ground is of the kind that is wanted; entries always can stay.
    fn can_stay(&self, item: NodeId, unit: WantedUnit<'_>) -> bool {
        match unit {
            WantedUnit::Entry(_) | WantedUnit::Item(Want::Node(_)) => true,
            WantedUnit::Item(Want::Map { .. }) => {
                matches!(self.tree.kind(item), Kind::Mapping { .. })
            }
            WantedUnit::Item(Want::List { .. }) => {
                matches!(self.tree.kind(item), Kind::Sequence { .. })
            }
            WantedUnit::Item(Want::Scalar(_) | Want::Lines(_)) => false,
        }
    }

    /// A run of units, divided where a comment that belongs to none of them stands between: it is a heading of what
    /// follows.
    fn sections<'e>(&self, run: &'e [Extent]) -> Vec<&'e [Extent]> {
        let mut sections = Vec::new();
        let mut first = 0;
        for i in 1..run.len() {
            if !is_blank(&self.text[run[i - 1].end..run[i].start.max(run[i - 1].end)]) {
                sections.push(&run[first..i]);
                first = i;
            }
        }
        sections.push(&run[first..]);
        sections
    }

    /// The number of units, from the first one on, that are made of units before a place of the run, so that they stay
    /// above its heading. A unit made of nothing in the run stands with the unit before it.
    fn come_from_before(
        &self,
        units: &[WantedUnit<'_>],
        run: &[Extent],
        until: Option<usize>,
    ) -> usize {
        let Some(until) = until else {
            return units.len();
        };
        let run = run[0].start..run[run.len() - 1].end;
        let is_behind = |unit: &WantedUnit<'_>| {
            let (key, value) = match unit {
                WantedUnit::Entry(entry) => (entry.key.entry(), &entry.value),
                WantedUnit::Item(want) => (None, *want),
            };
            let source = key.or_else(|| first_source(value));
            let at = source.map(|node| self.tree.span(node).start);
            at.is_some_and(|at| run.contains(&at) && at >= until)
        };
        units.iter().position(is_behind).unwrap_or(units.len())
    }

    /// True if all units of a collection are separated by blank lines.
    fn separated(&self, extents: &[Extent]) -> bool {
        extents.len() > 1 && extents[1..].iter().all(|extent| self.below_blank(extent))
    }

    /// True if a unit of several lines is separated by blank lines from those around it. A unit that is written behind
    /// it then stands apart from it, too.
    fn set_apart(&self, extents: &[Extent], i: usize) -> bool {
        let lines = &self.text[extents[i].start..extents[i].end];
        let below = extents.get(i + 1);
        let mut around = (i > 0).then_some(&extents[i]).into_iter().chain(below);
        extents.len() > 1
            && lines.trim_end().contains('\n')
            && around.all(|extent| self.below_blank(extent))
    }

    /// True if a blank line stands directly above a unit.
    pub(super) fn below_blank(&self, extent: &Extent) -> bool {
        line_above(self.text, line_start(self.text, extent.start))
            .is_some_and(|line| is_blank(&self.text[line..line_end(self.text, line).0]))
    }

    /// True if the text written for a want ends in a block scalar that takes every blank line after it as its own
    /// (`|+`).
    pub(super) fn takes_blank_lines(&self, want: &Want) -> bool {
        match want {
            Want::Scalar(_) | Want::Lines(_) => false,
            Want::Node(id) => self.node_takes_blank_lines(*id),
            Want::Map { entries, .. } => entries
                .last()
                .is_some_and(|entry| self.takes_blank_lines(&entry.value)),
            Want::List { items, .. } => items
                .last()
                .is_some_and(|item| self.takes_blank_lines(item)),
        }
    }

    fn node_takes_blank_lines(&self, id: NodeId) -> bool {
        match self.tree.kind(id) {
            Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded) => {
                block::header(self.text, self.tree.body(id).start).keep
            }
            Kind::Mapping { flow: false } | Kind::Sequence { flow: false } => {
                let last = self.units(id).last().copied();
                let last = last.map(|unit| self.tree.value_of(unit).unwrap_or(unit));
                last.is_some_and(|last| self.node_takes_blank_lines(last))
            }
            _ => false,
        }
    }

    fn unit_takes_blank_lines(&self, unit: WantedUnit<'_>) -> bool {
        match unit {
            WantedUnit::Entry(entry) => self.takes_blank_lines(&entry.value),
            WantedUnit::Item(want) => self.takes_blank_lines(want),
        }
    }

    /// The end of the comment lines in `column` from `at` on.
    fn comments_below(&self, mut at: usize, column: usize, limit: usize) -> usize {
        while at < self.text.len() && at < limit {
            let (content_end, next) = line_end(self.text, at);
            let code = self.text[at..content_end].trim_start_matches(' ');
            // Before a sibling, comments in other columns are the unit's as well.
            let own = content_end - at - code.len() == column || limit != usize::MAX;
            if !code.starts_with('#') || !own {
                break;
            }
            at = next;
        }
        at
    }

    /// The end of the blank lines from `at` on.
    pub(super) fn blank_run_end(&self, mut at: usize) -> usize {
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
    pub(super) fn block(
        &mut self,
        id: NodeId,
        units: &[WantedUnit<'_>],
    ) -> Result<(), RewriteError> {
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
        let mut pending: &[WantedUnit<'_>] = &plan.after[0];
        // Whether what was written last would take a blank line after it as its own.
        let mut takes_blank = false;
        let mut i = 0;
        while i < source.len() {
            let extent = &extents[i];
            if let Some(unit) = plan.kept[i] {
                if open {
                    self.keep_until(begin);
                    if !pending.is_empty() {
                        let takes_blank = self.new_units(pending, column, id, true)?;
                        if separated && !takes_blank {
                            self.insert("\n");
                        }
                        self.insert(&super::render::spaces(column));
                    }
                    self.skip_to(first_text(self.cx.text, self.cur));
                    self.keep_until(extent.start);
                } else {
                    self.keep_until(extent.start);
                    if !pending.is_empty() {
                        self.end_line();
                        let takes_blank = self.new_units(pending, column, id, false)?;
                        if separated && !takes_blank {
                            self.insert("\n");
                        }
                    }
                }
                open = false;
                self.cx.in_place_of(source[i], unit);
                self.write_unit(source[i], unit)?;
                self.keep_until(extent.end);
                pending = &plan.after[i + 1];
                takes_blank = self.cx.unit_takes_blank_lines(unit);
                i += 1;
                let removed_next = i < source.len() && plan.kept[i].is_none();
                if !pending.is_empty() && !removed_next {
                    // Comment lines directly below a unit stay with it, if a blank line keeps them
                    // from being taken for those of the new entry.
                    let limit = extents.get(i).map_or(usize::MAX, |next| next.start);
                    let source_column = self.cx.tree.column(id);
                    let separated = separated || self.cx.set_apart(&extents, i - 1);
                    let end = if separated {
                        self.cx.comments_below(extent.end, source_column, limit)
                    } else {
                        extent.end
                    };
                    takes_blank &= end == extent.end;
                    self.keep_until(end);
                    self.end_line();
                    // An entry under a new key is new itself, and what is new stands together.
                    let new = matches!(unit, WantedUnit::Entry(e) if matches!(e.key, WantKey::Renamed(..)));
                    if separated && !takes_blank && !new {
                        self.insert("\n");
                    }
                    takes_blank = self.new_units(pending, column, id, false)?;
                    self.drop_blank_lines(takes_blank);
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
                    takes_blank = self.new_units(pending, column, id, true)?;
                    pending = &[];
                    open = false;
                }
                for extent in run {
                    // A detached comment comes to stand where the first unit stood.
                    if !is_blank(&self.cx.text[self.cur..extent.start.max(self.cur)]) {
                        if open {
                            self.skip_to(first_text(self.cx.text, self.cur));
                        }
                        self.keep_until(extent.start);
                        open = false;
                    }
                    self.skip_to(extent.end);
                }
                self.drop_blank_lines(takes_blank);
                continue;
            }
            if !pending.is_empty() {
                let sections = self.cx.sections(run);
                let mut left = pending;
                for (n, section) in sections.iter().enumerate() {
                    let until = sections.get(n + 1).map(|next| next[0].start);
                    let (units, rest) = left.split_at(self.cx.come_from_before(left, run, until));
                    left = rest;
                    self.keep_until(section[0].start);
                    if !units.is_empty() {
                        self.end_line();
                        takes_blank = self.new_units(units, column, id, false)?;
                    }
                    self.skip_run(section, false);
                    self.drop_blank_lines(takes_blank && !units.is_empty());
                }
                pending = &[];
                continue;
            }
            self.remove_run(run, first == 0, i == source.len());
            self.drop_blank_lines(takes_blank);
        }
        Ok(())
    }

    /// Leaves out a run of removed units; detached comments between them stay.
    /// `blank`: a blank line stands before the run, so that none is needed before a comment.
    fn skip_run(&mut self, run: &[Extent], blank: bool) {
        let mut blank = blank;
        for (n, extent) in run.iter().enumerate() {
            if n > 0 {
                let gap = self.cur..extent.start;
                if gap.start < gap.end && !is_blank(&self.cx.text[gap]) {
                    if blank {
                        self.skip_to(self.cx.blank_run_end(self.cur));
                    }
                    self.keep_until(extent.start);
                    blank = self.cx.blank_run_start(extent.start, 0) < extent.start;
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
        // A comment that stood detached must not come to stand directly above something.
        let next_column = indent_of(cx.text, end.min(cx.text.len()));
        let comment_above = comment_above
            && line_above(cx.text, above)
                .is_some_and(|line| indent_of(cx.text, line) == next_column);
        let drop_above = at_end && has_above && (text_end || has_below || !comment_above);
        // Of two runs of blank lines the longer one stays.
        let longer_below = has_above && has_below && below - end > start - above;
        let drop_above = drop_above || longer_below;
        self.keep_until(if drop_above { above } else { start });
        self.skip_run(run, has_above && !drop_above);
        if drop_above {
            return;
        }
        // At the start of a collection nothing separates it from the line above.
        let opens = at_start && !has_above && self.cur == end && self.opens_here(start);
        if has_below && !text_end && (has_above || opens) && !at_end {
            self.skip_to(below);
        }
    }

    /// True if only the collection's own key, or nothing, stands above `at`.
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
        units: &[WantedUnit<'_>],
        column: isize,
        near: NodeId,
        open: bool,
    ) -> Result<bool, RewriteError> {
        // What is new stands together, also where the old entries are separated.
        let mut takes_blank = false;
        for (n, &unit) in units.iter().enumerate() {
            let lines = self.cx.render_unit(unit, column, Some(near))?;
            let lines = if open && n == 0 {
                lines.trim_start_matches(' ')
            } else {
                lines.as_str()
            };
            self.insert(lines);
            takes_blank = self.cx.unit_takes_blank_lines(unit);
        }
        Ok(takes_blank)
    }

    /// Leaves out the blank lines that follow, if they would become part of a value.
    pub(super) fn drop_blank_lines(&mut self, drop: bool) {
        if drop && self.at_line_start() {
            self.skip_to(self.cx.blank_run_end(self.cur));
        }
    }

    /// Writes one unit that stays.
    pub(super) fn write_unit(
        &mut self,
        id: NodeId,
        unit: WantedUnit<'_>,
    ) -> Result<(), RewriteError> {
        match unit {
            WantedUnit::Entry(entry) => self.entry(id, entry),
            WantedUnit::Item(want) => self.value(id, want),
        }
    }
}

/// The first node of the source that a want is made of.
fn first_source(want: &Want) -> Option<NodeId> {
    match want {
        Want::Node(node) => Some(*node),
        Want::Scalar(_) | Want::Lines(_) => None,
        Want::Map { base, entries } => base.or_else(|| {
            entries
                .iter()
                .find_map(|entry| entry.key.entry().or_else(|| first_source(&entry.value)))
        }),
        Want::List { base, items } => base.or_else(|| items.iter().find_map(first_source)),
    }
}

/// The next character that is not white space.
fn first_text(text: &str, at: usize) -> usize {
    text[at..]
        .find(|c: char| !matches!(c, ' ' | '\t' | '\n' | '\r'))
        .map_or(at, |n| at + n)
}
