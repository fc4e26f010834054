//! A text in which stars stand for any text, as keys and selections have it.

/// A text with stars in it; each stands for any text, also none. Where that leaves a choice, a star
/// stands for as little as possible, from the left.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern {
    /// The texts between the stars: at least two.
    pieces: Vec<String>,
}

impl Pattern {
    /// A pattern of the texts between its stars; `None` if there is no star.
    #[must_use]
    pub fn new(pieces: Vec<String>) -> Option<Self> {
        (pieces.len() > 1).then_some(Self { pieces })
    }

    /// The texts between the stars.
    #[must_use]
    pub fn pieces(&self) -> &[String] {
        &self.pieces
    }

    /// The number of stars.
    #[must_use]
    pub fn stars(&self) -> usize {
        self.pieces.len() - 1
    }

    /// The number of characters beside the stars.
    #[must_use]
    pub fn fixed(&self) -> usize {
        self.pieces.iter().map(|piece| piece.chars().count()).sum()
    }

    /// The texts that the stars stand for in a text; `None` if it does not fit.
    #[must_use]
    pub fn captures(&self, text: &str) -> Option<Vec<String>> {
        let (first, rest) = self.pieces.split_first()?;
        let (last, middle) = rest.split_last()?;
        let mut text = text.strip_prefix(first.as_str())?;
        let mut captures = Vec::with_capacity(self.stars());
        for piece in middle {
            // The first occurrence is always right: whatever fits behind a later one fits behind this one,
            // too.
            let (captured, behind) = text.split_once(piece.as_str())?;
            captures.push(captured.to_owned());
            text = behind;
        }
        captures.push(text.strip_suffix(last.as_str())?.to_owned());
        Some(captures)
    }

    /// The text with captures in place of the stars; `None` if there is not enough.
    pub(super) fn fill<'c>(
        &self,
        mut captures: impl Iterator<Item = &'c String>,
    ) -> Option<String> {
        let mut text = self.pieces[0].clone();
        for piece in &self.pieces[1..] {
            text.push_str(captures.next()?);
            text.push_str(piece);
        }
        Some(text)
    }

    /// True if some text may fit both: their certain beginnings and ends do not differ.
    pub(super) fn may_meet(&self, other: &Self) -> bool {
        let begins = |a: &str, b: &str| a.starts_with(b) || b.starts_with(a);
        let ends = |a: &str, b: &str| a.ends_with(b) || b.ends_with(a);
        let first = |pattern: &'_ Self| pattern.pieces[0].clone();
        let last = |pattern: &'_ Self| pattern.pieces[pattern.stars()].clone();
        begins(&first(self), &first(other)) && ends(&last(self), &last(other))
    }
}
