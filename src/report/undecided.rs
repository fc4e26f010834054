//! What a review has to show: the step that waits for a decision, where a suggestion comes from, and how far the
//! steps came.
//!
//! A review fills these in and [`super::review`] renders them. They stand with the reports because a review uses
//! reports and no report may use a review. They are data, and decide nothing.

use crate::{
    migrate::Answer,
    outcome::{ReportedFile, ReportedStep},
    values::Path,
};

/// A step that waits for a decision.
#[derive(Debug)]
pub struct UndecidedStep {
    /// The releases that it is about, by number: one, unless it is about what several share.
    pub about: Vec<usize>,
    /// The step: its changes, texts and question.
    pub step: ReportedStep,
    /// Its number among all, from 1.
    pub number: usize,
    /// The number of items, as far as it can be known before questions are answered.
    pub of: usize,
    /// The texts without it and with it; for a question that has no answer, without its options.
    pub files: Vec<ReportedFile>,
    /// Settings that nothing reads in the target if the step is left out.
    pub lost: Vec<Path>,
    /// Steps not decided yet that need this one, and are left out with it.
    pub needed_by: Vec<String>,
    /// The option that is taken if nothing else is said, and what is typed for it.
    pub suggested: Option<Answer>,
    /// The source of the suggestion.
    pub source: SuggestionSource,
    /// True if it was left out before the review.
    pub was_skipped: bool,
    /// True if the chart's pack has it; else refit itself asks it.
    pub from_pack: bool,
}

/// The source of a suggestion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuggestionSource {
    /// The option is recommended, or there is none.
    Recommended,
    /// It was answered so before.
    Before,
    /// It was answered so for another release, of this name.
    Other(String),
    /// It was answered before, but for other values; that answer is not suggested.
    OtherValues,
}

/// The steps of a release by their state.
#[derive(Debug, Default)]
pub struct Tally<'r> {
    /// Done, with the answer if there was a question.
    pub accepted: Vec<(&'r ReportedStep, Option<&'r str>)>,
    /// Left out by a decision.
    pub skipped: Vec<&'r ReportedStep>,
    /// Open questions.
    pub open: Vec<&'r ReportedStep>,
    /// Steps that wait for them.
    pub waiting: Vec<&'r ReportedStep>,
}
