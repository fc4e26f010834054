//! The tree of an expression, as refit evaluates it.
//!
//! CEL's own tree is read into this one once: names of comprehensions are told apart from names of the
//! pack, functions are looked up, and members that may be missing are marked. [`Node::walk`] is the only
//! place that knows what a node's children are; whoever asks something of an expression asks through it.

use crate::{pack::functions::Function, values::Path};

/// A part of an expression.
#[derive(Debug, Clone)]
pub(super) enum ExpressionNode {
    /// A constant.
    Constant(Constant),
    /// A name that the pack gives a meaning.
    Name(String),
    /// The variable of a comprehension: how many are bound outside it, and what it is called.
    Variable(usize, String),
    /// `of.key`; where `lax`, unset instead of an error if there is none.
    Member {
        of: Box<ExpressionNode>,
        key: String,
        lax: bool,
    },
    /// `of[key]`, likewise.
    Index {
        of: Box<ExpressionNode>,
        key: Box<ExpressionNode>,
        lax: bool,
    },
    /// `has(of.key)`.
    Has {
        of: Box<ExpressionNode>,
        key: String,
    },
    /// `!x`.
    Not(Box<ExpressionNode>),
    /// `-x`.
    Negative(Box<ExpressionNode>),
    /// `a && b`, where `a` may fail if `b` is false.
    And(Box<[ExpressionNode; 2]>),
    /// `a || b`, where `a` may fail if `b` is true.
    Or(Box<[ExpressionNode; 2]>),
    /// `c ? a : b`.
    Choice(Box<[ExpressionNode; 3]>),
    /// Any other operator between two.
    Between(Operator, Box<[ExpressionNode; 2]>),
    /// A call of a function.
    Call {
        function: &'static Function,
        args: Vec<ExpressionNode>,
    },
    /// A call of a function that does not exist.
    Unknown {
        name: String,
        args: Vec<ExpressionNode>,
    },
    /// A list literal.
    List(Vec<ExpressionNode>),
    /// A map literal.
    Map(Vec<(ExpressionNode, ExpressionNode)>),
    /// A comprehension.
    Each(Box<Comprehension>),
}

/// A constant of an expression.
#[derive(Debug, Clone)]
pub(super) enum Constant {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

/// An operator between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
}

impl Operator {
    /// The sign.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
        }
    }
}

/// A comprehension over a list or over the keys of a map.
#[derive(Debug, Clone)]
pub(super) struct Comprehension {
    pub(super) gives: Gives,
    /// The list or map that it goes over.
    pub(super) over: ExpressionNode,
    /// The condition for items that count; all without it.
    pub(super) only: Option<ExpressionNode>,
    /// The expression for each item.
    pub(super) body: ExpressionNode,
}

/// The result of a comprehension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    /// `map` and `filter`.
    List,
    /// `all`.
    All,
    /// `exists`.
    Any,
    /// `exists_one`.
    One,
}

impl ExpressionNode {
    /// Looks at the node and at everything below it, in the order of the text. `look` says whether to go on
    /// below.
    ///
    /// The depth of the recursion is that of the tree, which has a bound.
    pub(super) fn walk<'n>(&'n self, look: &mut dyn FnMut(&'n Self) -> bool) {
        if !look(self) {
            return;
        }
        match self {
            Self::Constant(_) | Self::Name(_) | Self::Variable(..) => {}
            Self::Member { of, .. } | Self::Has { of, .. } => of.walk(look),
            Self::Not(of) | Self::Negative(of) => of.walk(look),
            Self::Index { of, key, .. } => {
                of.walk(look);
                key.walk(look);
            }
            Self::And(both) | Self::Or(both) | Self::Between(_, both) => {
                both.iter().for_each(|node| node.walk(look));
            }
            Self::Choice(three) => three.iter().for_each(|node| node.walk(look)),
            Self::Call { args, .. } | Self::Unknown { args, .. } | Self::List(args) => {
                args.iter().for_each(|node| node.walk(look));
            }
            Self::Map(entries) => entries.iter().for_each(|(key, value)| {
                key.walk(look);
                value.walk(look);
            }),
            Self::Each(each) => {
                each.over.walk(look);
                each.only.iter().for_each(|node| node.walk(look));
                each.body.walk(look);
            }
        }
    }

    /// The names that have a meaning only in the pack, each once, in alphabetical order.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.walk(&mut |node| {
            if let Self::Name(name) = node {
                names.push(name.clone());
            }
            true
        });
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The functions that are called and do not exist.
    pub(super) fn unknown_functions(&self) -> Vec<String> {
        let mut unknown = Vec::new();
        self.walk(&mut |node| {
            if let Self::Unknown { name, .. } = node {
                unknown.push(name.clone());
            }
            true
        });
        unknown
    }

    /// The places that a name is followed to by members.
    pub(super) fn places_below(&self, name: &str) -> Vec<Path> {
        let mut places = Vec::new();
        self.walk(&mut |node| match node.followed_place() {
            // What stands below a place is the way to it, and no place of its own.
            Some((root, keys)) => {
                if matches!(root, Self::Name(root) if root == name) {
                    places.push(Path::keys(keys));
                }
                false
            }
            None => true,
        });
        places
    }

    /// The name or variable and the members behind it, if the node is that and nothing else.
    fn followed_place(&self) -> Option<(&Self, Vec<&str>)> {
        match self {
            Self::Name(_) | Self::Variable(..) => Some((self, Vec::new())),
            Self::Member { of, key, .. } | Self::Has { of, key } => {
                let (root, mut keys) = of.followed_place()?;
                keys.push(key);
                Some((root, keys))
            }
            _ => None,
        }
    }

    /// The name in a message, if it is a place.
    pub(super) fn name_in_message(&self) -> Option<String> {
        let (Self::Name(root) | Self::Variable(_, root), keys) = self.followed_place()? else {
            return None;
        };
        let keys = keys.into_iter().map(|key| format!(".{key}"));
        Some(format!("`{root}{}`", keys.collect::<String>()))
    }
}
