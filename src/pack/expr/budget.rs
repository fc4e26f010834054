//! How much the expressions of one scope may do and make.
//!
//! A pack may come from a stranger, and CEL alone is no bound: forty doublings of a text are more than any
//! memory, and nested comprehensions multiply. So every part that is evaluated costs work, everything that is
//! made costs its size, and who is over the bound is told so, with the expression. What the values bring
//! along raises both bounds, since a large file may need much: the result is linear in it. The same input
//! always ends the same way; no clock is asked.

use std::cell::Cell;

use super::ExpressionFailure;
use crate::values::Value;

/// The work that any scope may do: parts of expressions, with what functions look at.
const WORK: u64 = 4_000_000;
/// The bytes that any scope may make.
const SIZE: u64 = 16 << 20;
/// The work that each bound value allows in addition.
const WORK_PER_VALUE: u64 = 64;
/// The number of times its size that may be made for each bound value.
const SIZE_PER_VALUE: u64 = 8;
/// The cost of a value beside its text.
pub(super) const NODE: u64 = 48;

/// The rest for a scope and for all scopes inside it.
#[derive(Debug)]
pub(in crate::pack) struct Budget {
    work: Cell<u64>,
    size: Cell<u64>,
    /// The work and size of results that were not bound again since.
    given: Cell<(u64, u64)>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            work: Cell::new(WORK),
            size: Cell::new(SIZE),
            given: Cell::default(),
        }
    }

    /// A value was bound: what is worked out of it may be as large, and take as long. What expressions came to
    /// before is bound again by a `let`, and allows nothing: it would pay for itself.
    pub(super) fn allow_for_bound(&self, value: &Value) {
        let (nodes, size) = parts_and_size(value);
        let (given_nodes, given_size) = self.given.get();
        self.given.set((
            given_nodes.saturating_sub(nodes),
            given_size.saturating_sub(size),
        ));
        let more = |left: &Cell<u64>, by: u64| left.set(left.get().saturating_add(by));
        more(
            &self.work,
            nodes.saturating_sub(given_nodes) * WORK_PER_VALUE,
        );
        more(&self.size, size.saturating_sub(given_size) * SIZE_PER_VALUE);
    }

    /// An expression came to a value.
    pub(super) fn allow_for_result(&self, value: &Value) {
        let (nodes, size) = parts_and_size(value);
        let (given_nodes, given_size) = self.given.get();
        self.given.set((given_nodes + nodes, given_size + size));
    }

    /// Takes so many parts of work from what is left.
    pub(in crate::pack) fn spend_work(&self, parts: usize) -> Result<(), ExpressionFailure> {
        spend_from(&self.work, parts as u64, "it takes too much work")
    }

    /// Takes so many bytes from what may be made.
    pub(in crate::pack) fn spend_bytes(&self, bytes: usize) -> Result<(), ExpressionFailure> {
        // To make 64 bytes counts as the work of one part.
        let parts = bytes as u64 / 64;
        spend_from(&self.work, parts, "it takes too much work")?;
        spend_from(&self.size, bytes as u64, "what it makes becomes too large")
    }

    /// The same for so many values.
    pub(in crate::pack) fn make_values(&self, values: usize) -> Result<(), ExpressionFailure> {
        self.spend_bytes(values.saturating_mul(NODE as usize))
    }
}

fn spend_from(left: &Cell<u64>, by: u64, message: &str) -> Result<(), ExpressionFailure> {
    match left.get().checked_sub(by) {
        Some(rest) => {
            left.set(rest);
            Ok(())
        }
        None => {
            // `&&` and `||` go on behind a failure; what is over the bound must not get any further so.
            left.set(0);
            Err(ExpressionFailure::Says(message.to_owned()))
        }
    }
}

/// The number of values that it is made of, and their size.
fn parts_and_size(value: &Value) -> (u64, u64) {
    let (mut nodes, mut size) = (0, 0);
    add_parts_and_size(value, &mut nodes, &mut size);
    (nodes, size)
}

fn add_parts_and_size(value: &Value, nodes: &mut u64, size: &mut u64) {
    *nodes += 1;
    *size += NODE;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => *size += text.len() as u64,
        Value::List(items) => items
            .iter()
            .for_each(|item| add_parts_and_size(item, nodes, size)),
        Value::Map(map) => map.iter().for_each(|(key, value)| {
            *size += key.len() as u64;
            add_parts_and_size(value, nodes, size);
        }),
    }
}
