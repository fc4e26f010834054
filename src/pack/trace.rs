//! A path of pack.yaml that is looked for in a user's values, with what must hold where it is set: evidence
//! for a version, and what tells the chart.
//!
//! The two are judged apart and by others; that both are read, and fail, in the same way is held here.

use super::{ExprError, Expression, PackError, Scope};
use crate::values::{Path, ValuesPart};

/// A path to look for.
#[derive(Debug, Clone, Copy)]
pub struct Trace<'p> {
    /// The field of pack.yaml that it stands in, for errors.
    pub field: &'static str,
    /// The path, as it is written.
    pub path: &'p str,
    /// An expression over `values` that must hold too.
    pub condition: Option<&'p str>,
}

impl Trace<'_> {
    /// The path.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub fn path(&self) -> Result<Path, PackError> {
        self.parse(self.path)
    }

    /// Another path of the same piece.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub fn parse(&self, text: &str) -> Result<Path, PackError> {
        text.parse().map_err(|e| PackError::Format {
            file: "pack.yaml".to_owned(),
            message: format!("{} `{text}`: {e}", self.field),
        })
    }

    /// Adds the places that are looked at to a part of the values.
    ///
    /// # Errors
    ///
    /// If the path is none, or the condition no expression.
    pub fn add_to(&self, part: &mut ValuesPart) -> Result<(), PackError> {
        self.looked_at()?.iter().for_each(|place| part.add(place));
        Ok(())
    }

    /// The places that are looked at.
    ///
    /// # Errors
    ///
    /// If the path is none, or the condition no expression.
    pub fn looked_at(&self) -> Result<Vec<Path>, PackError> {
        let mut places = vec![self.path()?];
        if let Some(condition) = self.condition {
            let looked_at = Expression::cached(condition).places_below("values");
            places.extend(looked_at.map_err(|error| self.condition_error(error))?);
        }
        Ok(places)
    }

    /// True if the condition holds, or there is none. A value of another type than the chart's tells nothing.
    ///
    /// # Errors
    ///
    /// If the condition is no expression.
    pub fn holds(&self, scope: &Scope<'_>) -> Result<bool, PackError> {
        let Some(condition) = self.condition else {
            return Ok(true);
        };
        match scope.holds(&Expression::cached(condition)) {
            Err(ExprError::Failed { .. }) => Ok(false),
            holds => holds.map_err(|error| self.condition_error(error)),
        }
    }

    fn condition_error(&self, error: ExprError) -> PackError {
        PackError::PackExpression {
            place: format!("{} {}", self.field, self.path),
            error,
        }
    }
}
