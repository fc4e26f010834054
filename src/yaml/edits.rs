//! Text replacements: sorted, without overlap, checked when they are built.
//!
//! This is the only form in which the module hands out changes. Whoever applies them gets every
//! byte outside of them unchanged by construction.

use std::ops::Range;

/// A set of replacements for one text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditSet {
    edits: Vec<(Range<usize>, String)>,
}

/// Edits that overlap or are out of order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("edits overlap at byte {0}")]
pub struct OverlappingEdits(pub usize);

impl EditSet {
    /// Builds a set from replacements sorted by place. Replacements that touch are joined, and
    /// those that change nothing are left out.
    ///
    /// # Errors
    /// If two of them overlap, or they are out of order.
    pub fn new(
        text: &str,
        edits: impl IntoIterator<Item = (Range<usize>, String)>,
    ) -> Result<Self, OverlappingEdits> {
        let mut set: Vec<(Range<usize>, String)> = Vec::new();
        for (range, new) in edits {
            if range.start > range.end || range.end > text.len() {
                return Err(OverlappingEdits(range.start));
            }
            match set.last_mut() {
                Some((last, _)) if last.end > range.start => {
                    return Err(OverlappingEdits(range.start));
                }
                Some((last, old)) if last.end == range.start => {
                    last.end = range.end;
                    old.push_str(&new);
                }
                _ => set.push((range, new)),
            }
        }
        // Only now: parts that were joined may change nothing together.
        set.retain(|(range, new)| text[range.clone()] != **new);
        Ok(Self { edits: set })
    }

    /// The replacements of several sets for one text, which must not overlap.
    ///
    /// # Errors
    /// If two of them do.
    pub fn merged<'e>(
        text: &str,
        sets: impl IntoIterator<Item = &'e Self>,
    ) -> Result<Self, OverlappingEdits> {
        let mut all: Vec<(Range<usize>, String)> = sets
            .into_iter()
            .flat_map(|set| set.edits.iter().cloned())
            .collect();
        // By the end, too: what is put in stands before what is replaced at the same place.
        all.sort_by_key(|(range, _)| (range.start, range.end));
        Self::new(text, all)
    }

    /// True if nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The number of replacements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.edits.len()
    }

    /// The replacements in order: what is replaced, and by what.
    pub fn iter(&self) -> impl Iterator<Item = (Range<usize>, &str)> + Clone {
        self.edits
            .iter()
            .map(|(range, new)| (range.clone(), new.as_str()))
    }

    /// True if a replacement is made in a part of the text, or at one of its ends.
    #[must_use]
    pub(super) fn touch(&self, part: &Range<usize>) -> bool {
        let at = self
            .edits
            .partition_point(|(range, _)| range.end < part.start);
        self.edits
            .get(at)
            .is_some_and(|(range, _)| range.start <= part.end)
    }

    /// A part of the text with all replacements made in it; `None` if one reaches beyond it. `text` must be the text that
    /// the set was built for.
    #[must_use]
    pub fn apply_within(&self, text: &str, part: Range<usize>) -> Option<String> {
        let inside = |range: &Range<usize>| part.start <= range.start && range.end <= part.end;
        let edits = self.edits.iter().map(|(range, new)| {
            let moved = || range.start - part.start..range.end - part.start;
            inside(range).then(|| (moved(), new.clone()))
        });
        let edits = edits.collect::<Option<Vec<_>>>()?;
        Some(Self { edits }.apply(&text[part]))
    }

    /// The text with all replacements made. `text` must be the text that the set was built for.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let added: usize = self.edits.iter().map(|(_, new)| new.len()).sum();
        let mut out = String::with_capacity(text.len() + added);
        let mut at = 0;
        for (range, new) in &self.edits {
            out.push_str(&text[at..range.start]);
            out.push_str(new);
            at = range.end;
        }
        out.push_str(&text[at..]);
        out
    }
}
