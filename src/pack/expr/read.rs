//! From the text of an expression to its tree.
//!
//! The parser is that of the `cel` crate. Its tree is for any host of CEL: comprehensions are loops over an
//! accumulator there, functions are names, and there are messages, bytes and optional fields, which values
//! files do not have. Here each becomes what packs mean by it, or is refused, so that what evaluates an
//! expression meets nothing that it does not know.

use cel::{
    common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue, operators as op},
    parser::PrattParser,
};

use super::{
    MAX_DEPTH, MAX_LENGTH, MAX_NODES,
    tree::{Comprehension, Constant, ExpressionNode, Gives, Operator},
};
use crate::pack::functions::{self, Form};

/// The tree of an expression.
///
/// # Errors
///
/// What is wrong with it: it is not CEL, over the bounds, or of a kind that packs do not have.
pub(super) fn read_expression(source: &str) -> Result<ExpressionNode, String> {
    if source.len() > MAX_LENGTH {
        return Err(format!("it is longer than {MAX_LENGTH} bytes"));
    }
    let parsed = PrattParser::new()
        .max_recursion_depth(32)
        .parse(source)
        .map_err(|e| {
            let first = e.errors.first().map(|e| e.msg.clone());
            first.unwrap_or_else(|| e.to_string())
        })?;
    let tree = ExpressionReader::default().read_node(parsed)?;
    let mut nodes = 0;
    tree.walk(&mut |_| {
        nodes += 1;
        true
    });
    match nodes > MAX_NODES {
        true => Err(format!("it has more than {MAX_NODES} parts")),
        false => Ok(tree),
    }
}

#[derive(Default)]
struct ExpressionReader {
    /// The variables of the comprehensions around, the innermost last.
    variables: Vec<String>,
    /// The number of nodes around.
    depth: usize,
}

impl ExpressionReader {
    fn read_node(&mut self, node: IdedExpr) -> Result<ExpressionNode, String> {
        if self.depth == MAX_DEPTH {
            return Err(format!(
                "it is more than {MAX_DEPTH} levels deep; a name under `let` can hold a part of it"
            ));
        }
        self.depth += 1;
        let node = self.read_part(node);
        self.depth -= 1;
        node
    }

    fn read_part(&mut self, node: IdedExpr) -> Result<ExpressionNode, String> {
        Ok(match node.expr {
            Expr::Literal(literal) => ExpressionNode::Constant(read_constant(literal)?),
            // The innermost variable of a name hides the others.
            Expr::Ident(name) => match self.variables.iter().rposition(|v| *v == name) {
                Some(at) => ExpressionNode::Variable(at, name),
                None => ExpressionNode::Name(name),
            },
            Expr::Select(select) => {
                let of = Box::new(self.read_node(*select.operand)?);
                let key = select.field;
                match select.test {
                    true => ExpressionNode::Has { of, key },
                    false => ExpressionNode::Member {
                        of,
                        key,
                        lax: false,
                    },
                }
            }
            Expr::Call(call) => match call.target {
                Some(target) => {
                    let mut args = vec![self.read_node(*target)?];
                    args.extend(self.read_nodes(call.args)?);
                    read_function(call.func_name, Form::Method, args)?
                }
                None => {
                    let args = self.read_nodes(call.args)?;
                    read_operation(call.func_name, args)?
                }
            },
            Expr::List(list) => ExpressionNode::List(self.read_nodes(list.elements)?),
            Expr::Map(map) => {
                let mut entries: Vec<(ExpressionNode, ExpressionNode)> = Vec::new();
                for entry in map.entries {
                    let EntryExpr::MapEntry(entry) = entry.expr else {
                        return Err(no_messages());
                    };
                    let key = self.read_node(entry.key)?;
                    if let ExpressionNode::Constant(Constant::Text(key)) = &key
                        && entries.iter().any(
                            |(k, _)| matches!(k, ExpressionNode::Constant(Constant::Text(k)) if k == key),
                        )
                    {
                        return Err(format!("it has the key `{key}` twice in one map"));
                    }
                    entries.push((key, self.read_node(entry.value)?));
                }
                ExpressionNode::Map(entries)
            }
            Expr::Comprehension(c) => self.read_comprehension(*c)?,
            Expr::Struct(_) => return Err(no_messages()),
            Expr::Unspecified => return Err("it is empty".to_owned()),
        })
    }

    fn read_nodes(&mut self, nodes: Vec<IdedExpr>) -> Result<Vec<ExpressionNode>, String> {
        nodes.into_iter().map(|node| self.read_node(node)).collect()
    }

    /// A comprehension out of the loop that the parser makes of it. There is one form for each macro, so what
    /// is none of them is refused.
    fn read_comprehension(
        &mut self,
        c: cel::common::ast::ComprehensionExpr,
    ) -> Result<ExpressionNode, String> {
        let over = self.read_node(c.iter_range)?;
        let is_result =
            |node: &IdedExpr| matches!(&node.expr, Expr::Ident(name) if *name == c.accu_var);
        let odd = || "it has a loop that packs do not know".to_owned();
        if c.iter_var2.is_some() {
            return Err(odd());
        }
        let Expr::Call(step) = c.loop_step.expr else {
            return Err(odd());
        };
        let gives = match (&c.accu_init.expr, step.func_name.as_str()) {
            (Expr::Literal(LiteralValue::Boolean(_)), op::LOGICAL_AND) => Gives::All,
            (Expr::Literal(LiteralValue::Boolean(_)), op::LOGICAL_OR) => Gives::Any,
            (Expr::Literal(LiteralValue::Int(_)), op::CONDITIONAL) => Gives::One,
            (Expr::List(_), op::ADD | op::CONDITIONAL) => Gives::List,
            _ => return Err(odd()),
        };
        let mut args = step.args;
        let (only, body) = match (gives, step.func_name.as_str(), args.len()) {
            // `@result && body`
            (Gives::All | Gives::Any, _, 2) if is_result(&args[0]) => (None, args.pop()),
            // `body ? @result + 1 : @result`
            (Gives::One, _, 3) if is_result(&args[2]) => (None, Some(args.swap_remove(0))),
            // `@result + [body]`
            (Gives::List, op::ADD, 2) => (None, appended_item(args, is_result)),
            // `only ? @result + [body] : @result`
            (Gives::List, _, 3) if is_result(&args[2]) => {
                args.truncate(2);
                let step = args.pop();
                let body = match step.map(|step| step.expr) {
                    Some(Expr::Call(call)) if call.func_name == op::ADD => {
                        appended_item(call.args, is_result)
                    }
                    _ => None,
                };
                (args.pop(), body)
            }
            _ => return Err(odd()),
        };
        let body = body.ok_or_else(odd)?;
        self.variables.push(c.iter_var);
        // An error waits until the variable is out of sight again.
        let only = only.map(|only| self.read_node(only)).transpose();
        let body = self.read_node(body);
        self.variables.pop();
        Ok(ExpressionNode::Each(Box::new(Comprehension {
            gives,
            over,
            only: only?,
            body: body?,
        })))
    }
}

/// The item of `@result + [item]`.
fn appended_item(
    mut args: Vec<IdedExpr>,
    is_result: impl Fn(&IdedExpr) -> bool,
) -> Option<IdedExpr> {
    let Expr::List(mut list) = args.pop()?.expr else {
        return None;
    };
    let item = list.elements.pop()?;
    (list.elements.is_empty() && args.pop().is_some_and(|node| is_result(&node))).then_some(item)
}

fn no_messages() -> String {
    "it builds a message, and there are none here".to_owned()
}

fn read_constant(literal: LiteralValue) -> Result<Constant, String> {
    Ok(match literal {
        LiteralValue::Null => Constant::Null,
        LiteralValue::Boolean(b) => Constant::Bool(*b.inner()),
        LiteralValue::Int(i) => Constant::Int(*i.inner()),
        LiteralValue::UInt(u) => Constant::Int(
            i64::try_from(*u.inner()).map_err(|_| "it has a number that is too large")?,
        ),
        LiteralValue::Double(f) => Constant::Float(*f.inner()),
        LiteralValue::String(s) => Constant::Text(s.inner().to_owned()),
        LiteralValue::Bytes(_) => return Err("it has bytes; values are texts".to_owned()),
    })
}

/// An operator, which is a function to the parser, or a function.
fn read_operation(name: String, args: Vec<ExpressionNode>) -> Result<ExpressionNode, String> {
    let between = match name.as_str() {
        op::ADD => Some(Operator::Add),
        op::SUBSTRACT => Some(Operator::Subtract),
        op::MULTIPLY => Some(Operator::Multiply),
        op::DIVIDE => Some(Operator::Divide),
        op::MODULO => Some(Operator::Remainder),
        op::EQUALS => Some(Operator::Equal),
        op::NOT_EQUALS => Some(Operator::Unequal),
        op::LESS => Some(Operator::Less),
        op::LESS_EQUALS => Some(Operator::LessOrEqual),
        op::GREATER => Some(Operator::Greater),
        op::GREATER_EQUALS => Some(Operator::GreaterOrEqual),
        op::IN => Some(Operator::In),
        _ => None,
    };
    let wrong = |_| format!("`{name}` has another number of sides than it takes");
    if let Some(between) = between {
        return Ok(ExpressionNode::Between(
            between,
            Box::new(args.try_into().map_err(wrong)?),
        ));
    }
    Ok(match name.as_str() {
        op::LOGICAL_AND => ExpressionNode::And(Box::new(args.try_into().map_err(wrong)?)),
        op::LOGICAL_OR => ExpressionNode::Or(Box::new(args.try_into().map_err(wrong)?)),
        op::CONDITIONAL => ExpressionNode::Choice(Box::new(args.try_into().map_err(wrong)?)),
        op::LOGICAL_NOT => {
            let [of] = <[ExpressionNode; 1]>::try_from(args).map_err(wrong)?;
            ExpressionNode::Not(Box::new(of))
        }
        op::NEGATE => {
            let [of] = <[ExpressionNode; 1]>::try_from(args).map_err(wrong)?;
            ExpressionNode::Negative(Box::new(of))
        }
        op::INDEX => {
            let [of, key] = <[ExpressionNode; 2]>::try_from(args).map_err(wrong)?;
            match key {
                // `a['b']` is `a.b`.
                ExpressionNode::Constant(Constant::Text(key)) => ExpressionNode::Member {
                    of: Box::new(of),
                    key,
                    lax: false,
                },
                key => ExpressionNode::Index {
                    of: Box::new(of),
                    key: Box::new(key),
                    lax: false,
                },
            }
        }
        _ => read_function(name, Form::Plain, args)?,
    })
}

/// A call of a function; `args` begins with what it is called on.
fn read_function(
    name: String,
    form: Form,
    mut args: Vec<ExpressionNode>,
) -> Result<ExpressionNode, String> {
    let Some(function) = functions::ALL.iter().find(|function| function.name == name) else {
        // The rest of the expression can be read, and the check of a pack says where the function stands.
        return Ok(ExpressionNode::Unknown { name, args });
    };
    if !function.form.allows(form) {
        return Err(format!("`{name}` is written as in `{}`", function.usage));
    }
    if !function.takes.contains(&args.len()) {
        return Err(format!(
            "`{name}` has another number of arguments than in `{}`",
            function.usage
        ));
    }
    if function.lax
        && let Some(first) = args.first_mut()
    {
        may_be_missing(first);
    }
    Ok(ExpressionNode::Call { function, args })
}

/// Makes each member on the way to a place one that may be missing.
fn may_be_missing(mut node: &mut ExpressionNode) {
    while let ExpressionNode::Member { of, lax, .. } | ExpressionNode::Index { of, lax, .. } = node
    {
        *lax = true;
        node = of;
    }
}
