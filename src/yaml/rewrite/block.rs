//! Block collections, edited line by line.

use std::ops::Range;

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

impl<'w> UnitPlan<'w> {
    /// The units that are written, in order: one of the source by its number, with what it becomes, or a new one.
    pub(super) fn into_outputs(self) -> Vec<(Option<usize>, WantedUnit<'w>)> {
        let mut outputs = Vec::new();
        for (i, new) in self.after.into_iter().enumerate() {
            let before = i.checked_sub(1);
            if let Some(unit) = before.and_then(|before| self.kept[before]) {
                outputs.push((before, unit));
            }
            outputs.extend(new.into_iter().map(|unit| (None, unit)));
        }
        outputs
    }

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
        // Looked up: a list of thousands would be gone through for each of its items.
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

/// A block collection while it is written: the walk over its units.
struct BlockWalk<'p, 'w> {
    id: NodeId,
    source: &'p [NodeId],
    extents: &'p [Extent],
    plan: &'p UnitPlan<'w>,
    /// The column of its units in what is written.
    column: isize,
    /// True if blank lines stand between its units.
    separated: bool,
    /// The offset at which its first unit begins.
    begin: usize,
    /// True if it begins in the middle of a line, and nothing of it is written yet.
    open: bool,
    /// The new units that are to be written next.
    pending: &'p [WantedUnit<'w>],
    /// True if what was written last would take a blank line after it as its own.
    takes_blank: bool,
}

impl<'p, 'w> BlockWalk<'p, 'w> {
    fn take_pending(&mut self) -> &'p [WantedUnit<'w>] {
        std::mem::take(&mut self.pending)
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
        let text = self.cx.text;
        let mut walk = BlockWalk {
            id,
            source: &source,
            extents: &extents,
            plan: &plan,
            column: self.cx.tree.column(id) as isize + self.delta,
            separated: self.cx.separated(&extents),
            begin: extents.first().map_or(self.cur, |extent| extent.start),
            open: extents.first().is_some_and(|e| {
                e.start == e.lead && !is_blank(&text[line_start(text, e.lead)..e.lead])
            }),
            pending: &plan.after[0],
            takes_blank: false,
        };
        let mut i = 0;
        while i < source.len() {
            if let Some(unit) = plan.kept[i] {
                self.keep_unit(&mut walk, i, unit)?;
                i += 1;
                continue;
            }
            let gone = plan.kept[i..].iter().take_while(|unit| unit.is_none());
            let end = i + gone.count();
            self.drop_units(&mut walk, i..end)?;
            i = end;
        }
        Ok(())
    }

    /// Writes a unit that stays, with the new units before it and behind it.
    fn keep_unit<'w>(
        &mut self,
        walk: &mut BlockWalk<'_, 'w>,
        i: usize,
        unit: WantedUnit<'w>,
    ) -> Result<(), RewriteError> {
        let extent = &walk.extents[i];
        let open = std::mem::take(&mut walk.open);
        let before = walk.take_pending();
        self.keep_until(if open { walk.begin } else { extent.start });
        if !before.is_empty() {
            if !open {
                self.end_line();
            }
            let takes_blank = self.new_units(before, walk.column, walk.id, open)?;
            if walk.separated && !takes_blank {
                self.insert("\n");
            }
            if open {
                // The unit that stood behind the dash has a line of its own now.
                self.insert(&super::render::spaces(walk.column));
            }
        }
        if open {
            self.skip_to(first_text(self.cx.text, self.cur));
            self.keep_until(extent.start);
        }
        self.cx.in_place_of(walk.source[i], unit);
        self.write_unit(walk.source[i], unit)?;
        self.keep_until(extent.end);
        walk.pending = &walk.plan.after[i + 1];
        walk.takes_blank = self.cx.unit_takes_blank_lines(unit);
        // Where the next unit goes, what is new takes its place.
        let removed_next = matches!(walk.plan.kept.get(i + 1), Some(None));
        if !walk.pending.is_empty() && !removed_next {
            self.add_behind(walk, i, unit)?;
        }
        Ok(())
    }

    /// Writes the new units behind one that stays. Comment lines directly below that one stay with it, if a blank
    /// line keeps them from being taken for those of the new entry.
    fn add_behind(
        &mut self,
        walk: &mut BlockWalk<'_, '_>,
        i: usize,
        unit: WantedUnit<'_>,
    ) -> Result<(), RewriteError> {
        let extent = &walk.extents[i];
        let limit = walk.extents.get(i + 1);
        let limit = limit.map_or(usize::MAX, |next| next.start);
        let separated = walk.separated || self.cx.set_apart(walk.extents, i);
        let end = if separated {
            let column = self.cx.tree.column(walk.id);
            self.cx.comments_below(extent.end, column, limit)
        } else {
            extent.end
        };
        let takes_blank = walk.takes_blank && end == extent.end;
        self.keep_until(end);
        self.end_line();
        // An entry under a new key is new itself, and what is new stands together.
        let is_new = matches!(unit, WantedUnit::Entry(e) if matches!(e.key, WantKey::Renamed(..)));
        if separated && !takes_blank && !is_new {
            self.insert("\n");
        }
        let pending = walk.take_pending();
        walk.takes_blank = self.new_units(pending, walk.column, walk.id, false)?;
        self.drop_blank_lines(walk.takes_blank);
        Ok(())
    }

    /// Leaves out a run of units; new units that wait come to stand in their place.
    fn drop_units(
        &mut self,
        walk: &mut BlockWalk<'_, '_>,
        units: Range<usize>,
    ) -> Result<(), RewriteError> {
        let run = &walk.extents[units.clone()];
        if walk.open {
            self.drop_in_open_line(walk, run)?;
        } else if walk.pending.is_empty() {
            self.remove_run(run, units.start == 0, units.end == walk.source.len());
            self.drop_blank_lines(walk.takes_blank);
        } else {
            self.put_in_place_of(walk, run)?;
        }
        Ok(())
    }

    /// Leaves out the first units of a collection that begins in the middle of a line.
    fn drop_in_open_line(
        &mut self,
        walk: &mut BlockWalk<'_, '_>,
        run: &[Extent],
    ) -> Result<(), RewriteError> {
        self.keep_until(walk.begin);
        let pending = walk.take_pending();
        if !pending.is_empty() {
            walk.takes_blank = self.new_units(pending, walk.column, walk.id, true)?;
            walk.open = false;
        }
        for extent in run {
            // A detached comment comes to stand where the first unit stood.
            if !is_blank(&self.cx.text[self.cur..extent.start.max(self.cur)]) {
                if walk.open {
                    self.skip_to(first_text(self.cx.text, self.cur));
                }
                self.keep_until(extent.start);
                walk.open = false;
            }
            self.skip_to(extent.end);
        }
        self.drop_blank_lines(walk.takes_blank);
        Ok(())
    }

    /// Writes the units that wait in place of a run that goes, each in the section that its sources come from.
    fn put_in_place_of(
        &mut self,
        walk: &mut BlockWalk<'_, '_>,
        run: &[Extent],
    ) -> Result<(), RewriteError> {
        let sections = self.cx.sections(run);
        let mut left = walk.take_pending();
        for (n, section) in sections.iter().enumerate() {
            let until = sections.get(n + 1).map(|next| next[0].start);
            let (units, rest) = left.split_at(self.cx.come_from_before(left, run, until));
            left = rest;
            self.keep_until(section[0].start);
            if !units.is_empty() {
                self.end_line();
                walk.takes_blank = self.new_units(units, walk.column, walk.id, false)?;
            }
            self.skip_run(section, false);
            self.drop_blank_lines(walk.takes_blank && !units.is_empty());
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
