//! Go's template language, as far as it says what is looked at: text to a tree of actions.
//!
//! The crates that know the language (`gtmpl` and its forks) run templates: they refuse a function that they were
//! not given, and newer syntax. Here nothing is run, and one that cannot be read must not hide the others. So this
//! is a small parser of its own, after the grammar of Go's package `text/template/parse`: text between actions is
//! skipped, and what it does not understand becomes an operand that stands for anything. It never fails, and its
//! work is bounded by the length of the text and a limit on depth.

mod functions;
mod lex;
mod meaning;
mod parse;
mod walk;

pub use parse::parse;
pub use walk::{TemplateWalk, ValuesRead};

/// The depth to which actions and parentheses are followed.
pub(super) const MAX_DEPTH: usize = 100;

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateNode {
    /// `{{ … }}`: prints, or binds a variable.
    Action(Pipeline),
    /// `{{ if … }}` and `{{ with … }}`, with all that stands behind `else if` as a node in `otherwise`.
    Branch {
        /// True for `with`, which binds the dot.
        binds: bool,
        /// The condition.
        of: Pipeline,
        /// The body if it holds.
        then: Vec<TemplateNode>,
        /// The body if it does not.
        otherwise: Vec<TemplateNode>,
    },
    /// `{{ range … }}`.
    Range {
        /// The list or map that is gone over.
        of: Pipeline,
        /// For each.
        each: Vec<TemplateNode>,
        /// The body if there is nothing.
        otherwise: Vec<TemplateNode>,
    },
    /// `{{ template "name" … }}`, and `{{ block }}` where it stands.
    Template {
        /// The name.
        name: String,
        /// The context that it is given.
        with: Option<Pipeline>,
    },
    /// `{{ define "name" }}`, and what `{{ block }}` defines.
    Define {
        /// The name.
        name: String,
        /// The body.
        body: Vec<TemplateNode>,
    },
}

/// `$x, $y := a b | c d`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pipeline {
    /// The variables that it binds, with their `$`.
    pub variables: Vec<String>,
    /// Its commands; what one gives is the last argument of the next.
    pub commands: Vec<Call>,
}

/// A function or a value with its arguments.
pub type Call = Vec<Operand>;

/// A part of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// `.`, and `.a.b`.
    Dot(Vec<String>),
    /// `$x`, and `$x.a.b`.
    Variable(String, Vec<String>),
    /// A function.
    Function(String),
    /// A text.
    Text(String),
    /// A number, as it is written.
    Number(String),
    /// A truth value, `nil`, a character.
    Constant,
    /// `( … )`, and `( … ).a.b`.
    Group(Box<Pipeline>, Vec<String>),
}
