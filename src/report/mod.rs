//! Reports: an outcome as people and programs read it.
//!
//! Everything here turns an [`Outcome`](crate::outcome::Outcome) into text and does nothing else: it
//! loads no file, writes none, asks nothing, and decides nothing about the values. How it looks (colour,
//! width, what is masked) is told to it, so that a report is the same wherever it is made, and a test
//! can look at it.

pub mod catalog;
pub mod command;
pub mod content;
pub mod difference;
pub mod effects;
mod findings;
pub mod github;
pub mod gitlab;
pub mod html;
mod hunks;
pub mod json;
pub mod jsonl;
pub mod markdown;
mod masked;
mod page;
pub mod preview;
mod refusal;
pub mod review;
pub mod sarif;
pub mod secrets;
mod sections;
mod seen;
mod since;
pub mod text;
pub mod undecided;
mod wording;

pub use secrets::Masker;

/// The look of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportStyle {
    /// True if it may use colour.
    pub colour: bool,
    /// Columns to fill.
    pub width: usize,
    /// Its detail.
    pub detail: Detail,
}

/// The detail of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Errors and open questions.
    Quiet,
    /// Everything that a person needs to judge the change.
    Normal,
    /// The fate of every setting, too.
    Verbose,
}

impl Default for ReportStyle {
    fn default() -> Self {
        Self {
            colour: false,
            width: Self::WIDEST,
            detail: Detail::Normal,
        }
    }
}

impl ReportStyle {
    /// Lines longer than this are hard to read, however wide the terminal is.
    pub const WIDEST: usize = 100;
    /// A terminal narrower than this is written over its edge rather than one word a line.
    pub const NARROWEST: usize = 40;

    /// The look for a terminal of that many columns.
    #[must_use]
    pub fn with_width(self, columns: usize) -> Self {
        Self {
            width: columns.clamp(Self::NARROWEST, Self::WIDEST),
            ..self
        }
    }
}
