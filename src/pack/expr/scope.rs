//! What an expression can see: the names that a step binds, and what a pack has for all of its steps.

use std::{
    rc::Rc,
    sync::{Arc, LazyLock},
};

use super::{
    Budget, ExprError, Expression,
    evaluate::{self, Machine},
    item::{Entries, Item, Text},
};
use crate::values::Value;

/// A value as expressions see it, made when one first looks at it, and then bound again and again.
#[derive(Debug, Clone)]
pub struct LazyValue(Arc<What>);

#[derive(Debug)]
enum What {
    Value(LazyLock<Value, Make>),
    Map(Vec<(&'static str, LazyValue)>),
}

type Make = Box<dyn FnOnce() -> Value + Send>;

impl LazyValue {
    /// The result of a function, which is called once, or never.
    pub fn new(value: impl FnOnce() -> Value + Send + 'static) -> Self {
        Self(Arc::new(What::Value(LazyLock::new(Box::new(value)))))
    }

    /// A map of values.
    #[must_use]
    pub fn map<const N: usize>(entries: [(&'static str, Self); N]) -> Self {
        Self(Arc::new(What::Map(entries.into())))
    }

    /// All of it.
    pub(super) fn whole_item(&self) -> Item<'_> {
        match &*self.0 {
            What::Value(value) => Item::of(value),
            What::Map(entries) => {
                let entries = entries.iter();
                let entries = entries.map(|(key, made)| (Text::Of(key), made.whole_item()));
                Item::Map(Entries::Made(Rc::new(entries.collect())))
            }
        }
    }

    /// The value below a key, without a look at the rest; `None` if it is no map of several that were made.
    pub(super) fn value_below(&self, key: &str) -> Option<&Self> {
        match &*self.0 {
            What::Value(_) => None,
            What::Map(entries) => entries
                .iter()
                .find(|(name, _)| *name == key)
                .map(|(_, made)| made),
        }
    }
}

/// The meaning of a name.
pub(super) enum Bound {
    Unset,
    Value(Value),
    Made(LazyValue),
}

/// The names and the functions of packs that an expression can see.
pub struct Scope<'p> {
    outer: Option<&'p Scope<'p>>,
    names: Vec<(String, Bound)>,
    /// The work that its expressions, and those of all scopes inside it, may still do.
    budget: Rc<Budget>,
}

impl Scope<'static> {
    /// A scope with the functions and no names.
    #[must_use]
    pub fn new() -> Self {
        Self {
            outer: None,
            names: Vec::new(),
            budget: Rc::new(Budget::new()),
        }
    }
}

impl Default for Scope<'static> {
    fn default() -> Self {
        Self::new()
    }
}

impl Scope<'_> {
    /// A scope that sees what this one sees, and more.
    #[must_use]
    pub fn inner(&self) -> Scope<'_> {
        Scope {
            outer: Some(self),
            names: Vec::new(),
            budget: Rc::clone(&self.budget),
        }
    }

    /// Gives a name its value; `None` for a name that is not set.
    pub fn bind(&mut self, name: &str, value: Option<&Value>) {
        self.bind_owned(name, value.cloned());
    }

    /// The same for a value that nobody else needs.
    pub fn bind_owned(&mut self, name: &str, value: Option<Value>) {
        let bound = match value {
            Some(value) => {
                self.budget.allow_for_bound(&value);
                Bound::Value(value)
            }
            None => Bound::Unset,
        };
        self.bind_name(name, bound);
    }

    /// Gives a name a value that was made before.
    pub fn bind_made(&mut self, name: &str, value: LazyValue) {
        self.bind_name(name, Bound::Made(value));
    }

    fn bind_name(&mut self, name: &str, bound: Bound) {
        match self.names.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = bound,
            None => self.names.push((name.to_owned(), bound)),
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<&Bound> {
        let own = self.names.iter().find(|(known, _)| known == name);
        match (own, self.outer) {
            (Some((_, bound)), _) => Some(bound),
            (None, Some(outer)) => outer.find(name),
            (None, None) => None,
        }
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The value of an expression; `None` if it is unset, or omitted.
    ///
    /// # Errors
    ///
    /// If the expression is not valid, or fails on these values.
    pub fn eval(&self, expression: &Expression) -> Result<Option<Value>, ExprError> {
        let item = self.evaluate_item(expression)?;
        if item.is_unset() {
            return Ok(None);
        }
        let value = item.to_value(&self.budget).map_err(|failure| {
            expression.failure_error(evaluate::failure_message(failure, "its result", &[], &[]))
        })?;
        self.budget.allow_for_result(&value);
        Ok(Some(value))
    }

    /// True if a condition holds.
    ///
    /// # Errors
    ///
    /// As [`Scope::eval`], and if the result is not a boolean.
    pub fn holds(&self, expression: &Expression) -> Result<bool, ExprError> {
        match self.evaluate_item(expression)? {
            Item::Bool(holds) => Ok(holds),
            other => Err(expression.failure_error(format!(
                "a condition is true or false, and this is {}",
                other.kind()
            ))),
        }
    }

    /// Adds the value of an expression to a sentence.
    pub(super) fn push_sentence(
        &self,
        expression: &Expression,
        out: &mut String,
    ) -> Result<(), ExprError> {
        let item = self.evaluate_item(expression)?;
        let said = item.push_sentence(&self.budget, out);
        said.map_err(|failure| {
            expression.failure_error(evaluate::failure_message(failure, "its result", &[], &[]))
        })
    }

    fn evaluate_item<'s>(&'s self, expression: &'s Expression) -> Result<Item<'s>, ExprError> {
        let tree = expression.parsed_tree()?;
        Machine::new(self).run(tree).map_err(|failure| {
            expression.failure_error(evaluate::failure_message(failure, "it", &[], &[]))
        })
    }
}
