//! Expressions of packs: CEL with the few functions that `docs/packs.md` lists.
//!
//! An expression is data from a stranger, so it is bounded before it is run (its length, and the parts of its
//! tree, at most [`MAX_NODES`]) and while it runs (the work it does and what it makes, see `budget`). It sees
//! values only (never text, files or the clock), so the same values always give the same result.
//!
//! The text is read by the parser of the `cel` crate and evaluated here. That crate's own evaluation has no
//! bound, keeps maps in no order, copies every value that it might look at into types of its own, and shows
//! values in its errors, where a password may be; each of these is a promise to users. What both can say they
//! say alike, and a test holds them to it.
//!
//! A name that is not set is a value of its own, unset: it equals only itself, `default` replaces
//! it, and every other use is an error of the pack, reported with the expression.

mod budget;
mod evaluate;
mod item;
mod read;
mod scope;
mod template;
mod tree;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

pub(super) use budget::Budget;
pub(super) use item::{Entries, Figure, Item, List, Text};
pub use scope::{LazyValue, Scope};
pub(super) use template::{TemplatePart, template_parts};
pub use template::{describe_value, template_places, with_names};

use super::functions;
use crate::values::Path;
use tree::ExpressionNode;

/// The most parts that an expression may have.
pub const MAX_NODES: usize = 1_000;
/// The longest expression, in bytes.
pub const MAX_LENGTH: usize = 1_024;
/// The most levels of a tree: what walks it may recurse. `a + b + c` is two levels of `+`.
pub const MAX_DEPTH: usize = 128;

/// An expression that cannot be read or evaluated.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum ExprError {
    /// It is not CEL, or over the bounds.
    #[error("{message} (in the expression `{source_text}`)")]
    Invalid {
        /// The expression.
        source_text: String,
        /// The error.
        message: String,
    },
    /// It failed on these values.
    #[error("{message} (in the expression `{source_text}`)")]
    Failed {
        /// The expression.
        source_text: String,
        /// The error, with names and kinds and never with values.
        message: String,
    },
}

/// The reason for which a part of an expression failed. No words of it may contain a value.
#[derive(Debug, Clone)]
pub(super) enum ExpressionFailure {
    /// An argument is not what a function takes.
    Wants {
        /// The argument, counted from 0; a method's first is the value it is called on.
        argument: usize,
        /// The kind that it takes there, as in "it takes …".
        wants: &'static str,
    },
    /// Something else, as a sentence without its end.
    Says(String),
}

/// An expression, parsed when it is first needed.
#[derive(Debug, Clone)]
pub struct Expression {
    source: String,
    parsed: OnceLock<Result<ExpressionNode, ExprError>>,
}

impl Expression {
    /// An expression from its source, with or without the leading `=`.
    #[must_use]
    pub fn new(source: &str) -> Self {
        let source = source.strip_prefix('=').unwrap_or(source).trim().to_owned();
        Self {
            source,
            parsed: OnceLock::new(),
        }
    }

    /// The same for a source that is met again and again: it is parsed once in a run.
    #[must_use]
    pub fn cached(source: &str) -> Arc<Self> {
        static KNOWN: Mutex<BTreeMap<String, Arc<Expression>>> = Mutex::new(BTreeMap::new());
        // A thread that panicked leaves the map whole: an entry goes in at once.
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(source) {
            Some(expression) => Arc::clone(expression),
            None => {
                let expression = Arc::new(Self::new(source));
                known.insert(source.to_owned(), Arc::clone(&expression));
                expression
            }
        }
    }

    /// The source, without the leading `=`.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names that the expression mentions, without functions and the variables of comprehensions.
    ///
    /// # Errors
    ///
    /// If it is not a valid expression.
    pub fn names(&self) -> Result<Vec<String>, ExprError> {
        self.parsed_tree().map(ExpressionNode::names)
    }

    /// The places below a name that the expression looks at; the root if it looks at all of it.
    ///
    /// # Errors
    ///
    /// If it is not a valid expression.
    pub fn places_below(&self, name: &str) -> Result<Vec<Path>, ExprError> {
        self.parsed_tree().map(|tree| tree.places_below(name))
    }

    /// The names of all functions that expressions have.
    pub fn function_names() -> impl Iterator<Item = &'static str> {
        functions::ALL.iter().map(|function| function.name)
    }

    /// The functions that the expression calls and that do not exist.
    ///
    /// # Errors
    ///
    /// If it is not a valid expression.
    pub fn unknown_functions(&self) -> Result<Vec<String>, ExprError> {
        self.parsed_tree().map(ExpressionNode::unknown_functions)
    }

    fn parsed_tree(&self) -> Result<&ExpressionNode, ExprError> {
        self.parsed
            .get_or_init(|| {
                read::read_expression(&self.source).map_err(|message| self.invalid_error(message))
            })
            .as_ref()
            .map_err(Clone::clone)
    }

    fn invalid_error(&self, message: String) -> ExprError {
        ExprError::Invalid {
            source_text: self.source.clone(),
            message,
        }
    }

    fn failure_error(&self, message: String) -> ExprError {
        ExprError::Failed {
            source_text: self.source.clone(),
            message,
        }
    }
}

#[cfg(test)]
mod tests;
