//! What an expression comes to.
//!
//! The rules are those of CEL, with three differences that `docs/packs.md` tells: whole numbers and others
//! reckon with each other, since a values file does not tell `2` from `2.0`; the key of a map is a text,
//! since Helm names it so; and a name that is not set is a value. An error names what it is about by its name
//! in the pack and by its kind, never by its value.

use std::{cmp::Ordering, rc::Rc};

use indexmap::IndexMap;

use super::{
    Budget, ExpressionFailure,
    functions::Function,
    item::{Entries, Figure, Item, List, Text},
    scope::{Bound, LazyValue, Scope},
    tree::{Comprehension, Constant, ExpressionNode, Gives, Operator},
};

type Result<'s> = std::result::Result<Item<'s>, ExpressionFailure>;

/// The evaluation of one expression.
pub(super) struct Machine<'s> {
    scope: &'s Scope<'s>,
    budget: &'s Budget,
    /// The variables of the comprehensions that are being gone over, the innermost last.
    variables: Vec<Item<'s>>,
}

/// The value of a part of an expression before anybody needs all of it.
enum PartialValue<'s> {
    Item(Item<'s>),
    Made(&'s LazyValue),
}

/// A failure in words. `what` is who takes the arguments.
pub(super) fn failure_message(
    failure: ExpressionFailure,
    what: &str,
    nodes: &[ExpressionNode],
    items: &[Item<'_>],
) -> String {
    match failure {
        ExpressionFailure::Says(text) => text,
        ExpressionFailure::Wants { argument, wants } => {
            let called = nodes
                .get(argument)
                .and_then(ExpressionNode::name_in_message);
            let called = called.unwrap_or_else(|| "what is given".to_owned());
            let kind = items.get(argument).map_or("something else", Item::kind);
            format!("{what} takes {wants}, and {called} is {kind}")
        }
    }
}

fn says<T>(text: impl Into<String>) -> std::result::Result<T, ExpressionFailure> {
    Err(ExpressionFailure::Says(text.into()))
}

/// The name of a part of an expression in a message.
fn name_in_message(node: &ExpressionNode) -> String {
    node.name_in_message()
        .unwrap_or_else(|| "a part of it".to_owned())
}

impl<'s> From<&'s Constant> for Item<'s> {
    fn from(constant: &'s Constant) -> Self {
        match constant {
            Constant::Null => Self::Null,
            Constant::Bool(b) => Self::Bool(*b),
            Constant::Int(i) => Self::Int(*i),
            Constant::Float(f) => Self::Float(*f),
            Constant::Text(text) => Self::Text(Text::Of(text)),
        }
    }
}

impl<'s> Machine<'s> {
    pub(super) fn new(scope: &'s Scope<'s>) -> Self {
        Self {
            scope,
            budget: scope.budget(),
            variables: Vec::new(),
        }
    }

    pub(super) fn run(mut self, tree: &'s ExpressionNode) -> Result<'s> {
        self.evaluate_item(tree)
    }

    fn evaluate_item(&mut self, node: &'s ExpressionNode) -> Result<'s> {
        Ok(match self.evaluate_partial(node)? {
            PartialValue::Item(item) => item,
            PartialValue::Made(made) => made.whole_item(),
        })
    }

    /// A part, where what was made for the whole pack is not yet taken as a whole.
    fn evaluate_partial(
        &mut self,
        node: &'s ExpressionNode,
    ) -> std::result::Result<PartialValue<'s>, ExpressionFailure> {
        self.budget.spend_work(1)?;
        Ok(PartialValue::Item(match node {
            ExpressionNode::Constant(constant) => Item::from(constant),
            ExpressionNode::Name(name) => match self.scope.find(name) {
                Some(Bound::Value(value)) => Item::of(value),
                Some(Bound::Unset) => Item::Unset,
                Some(Bound::Made(made)) => return Ok(PartialValue::Made(made)),
                None => return says(format!("`{name}` has no meaning here")),
            },
            ExpressionNode::Variable(at, name) => match self.variables.get(*at) {
                Some(item) => item.clone(),
                None => return says(format!("`{name}` has no meaning here")),
            },
            ExpressionNode::Member { of, key, lax } => return self.evaluate_member(of, key, *lax),
            ExpressionNode::Index { of, key, lax } => self.evaluate_index(of, key, *lax)?,
            ExpressionNode::Has { of, key } => match self.evaluate_item(of)? {
                Item::Map(map) => Item::Bool(map.get(key).is_some()),
                other => {
                    return says(format!(
                        "`has` takes a map, and {} is {}",
                        name_in_message(of),
                        other.kind()
                    ));
                }
            },
            ExpressionNode::Not(of) => Item::Bool(!self.evaluate_condition(of, "!")?),
            ExpressionNode::Negative(of) => match self.evaluate_item(of)?.as_figure() {
                Some(Figure::Float(f)) => Item::Float(-f),
                Some(Figure::Int(i)) => match i.checked_neg() {
                    Some(i) => Item::Int(i),
                    None => return too_large(),
                },
                None => {
                    return says(format!(
                        "`-` takes a number, and {} is none",
                        name_in_message(of)
                    ));
                }
            },
            ExpressionNode::And(both) => Item::Bool(self.evaluate_logic(both, false, "&&")?),
            ExpressionNode::Or(both) => Item::Bool(self.evaluate_logic(both, true, "||")?),
            ExpressionNode::Choice(three) => {
                let [condition, yes, no] = &**three;
                let holds = self.evaluate_condition(condition, "?")?;
                return self.evaluate_partial(if holds { yes } else { no });
            }
            ExpressionNode::Between(operator, both) => self.evaluate_operator(*operator, both)?,
            ExpressionNode::Call { function, args } => self.evaluate_call(function, args)?,
            ExpressionNode::Unknown { name, .. } => {
                return says(format!("there is no function `{name}`"));
            }
            ExpressionNode::List(nodes) => self.evaluate_list(nodes)?,
            ExpressionNode::Map(nodes) => self.evaluate_map(nodes)?,
            ExpressionNode::Each(each) => self.evaluate_comprehension(each)?,
        }))
    }

    fn evaluate_member(
        &mut self,
        of: &'s ExpressionNode,
        key: &str,
        lax: bool,
    ) -> std::result::Result<PartialValue<'s>, ExpressionFailure> {
        let item = match self.evaluate_partial(of)? {
            PartialValue::Item(item) => item,
            // What was made for a whole pack is large: only the part that is asked for is taken out of it.
            PartialValue::Made(made) => match made.value_below(key) {
                Some(below) => return Ok(PartialValue::Made(below)),
                None => made.whole_item(),
            },
        };
        Ok(PartialValue::Item(match item {
            Item::Map(map) => match map.get(key) {
                Some(value) => value,
                None if lax => Item::Unset,
                None => return says(format!("{} has no key `{key}`", name_in_message(of))),
            },
            _ if lax => Item::Unset,
            other => {
                return says(format!(
                    "`.{key}` takes a map, and {} is {}",
                    name_in_message(of),
                    other.kind()
                ));
            }
        }))
    }

    fn evaluate_call(&mut self, function: &Function, args: &'s [ExpressionNode]) -> Result<'s> {
        let mut items = Vec::with_capacity(args.len());
        for arg in args {
            items.push(self.evaluate_item(arg)?);
        }
        let result = (function.call)(self.budget, &items);
        result.map_err(|failure| {
            let what = format!("`{}`", function.name);
            let says = matches!(failure, ExpressionFailure::Says(_));
            let message = failure_message(failure, &what, args, &items);
            ExpressionFailure::Says(match says {
                true => format!("{what}: {message}"),
                false => message,
            })
        })
    }

    fn evaluate_list(&mut self, nodes: &'s [ExpressionNode]) -> Result<'s> {
        let mut items = Vec::with_capacity(nodes.len());
        for node in nodes {
            match self.evaluate_item(node)? {
                Item::Omitted => {}
                item => items.push(item),
            }
        }
        Item::list(self.budget, items)
    }

    fn evaluate_map(&mut self, nodes: &'s [(ExpressionNode, ExpressionNode)]) -> Result<'s> {
        let mut entries = IndexMap::with_capacity(nodes.len());
        for (key, value) in nodes {
            let name = self.evaluate_item(key)?;
            let Some(name) = name.as_key() else {
                return says(format!(
                    "the key of a map is a text, and {} is {}",
                    name_in_message(key),
                    name.kind()
                ));
            };
            let value = self.evaluate_item(value)?;
            if matches!(value, Item::Omitted) {
                continue;
            }
            if entries.insert(name, value).is_some() {
                return says("a map has a key twice");
            }
        }
        Item::map(self.budget, entries)
    }

    fn evaluate_index(
        &mut self,
        of: &'s ExpressionNode,
        key: &'s ExpressionNode,
        lax: bool,
    ) -> Result<'s> {
        let item = self.evaluate_item(of)?;
        let at = self.evaluate_item(key)?;
        let found = match &item {
            Item::Map(map) => match at.as_key() {
                Some(key) => map.get(&key),
                None => {
                    return says(format!(
                        "the key of a map is a text, and {} is {}",
                        name_in_message(key),
                        at.kind()
                    ));
                }
            },
            Item::List(list) => match at.as_figure() {
                Some(Figure::Int(i)) => usize::try_from(i).ok().and_then(|i| list.get(i)),
                _ => {
                    return says(format!(
                        "the place in a list is a whole number, and {} is {}",
                        name_in_message(key),
                        at.kind()
                    ));
                }
            },
            _ if lax => None,
            other => {
                return says(format!(
                    "`[…]` takes a list or a map, and {} is {}",
                    name_in_message(of),
                    other.kind()
                ));
            }
        };
        match found {
            Some(found) => Ok(found),
            None if lax => Ok(Item::Unset),
            None => says(format!("{} has nothing at that place", name_in_message(of))),
        }
    }

    /// A part that is a condition.
    fn evaluate_condition(
        &mut self,
        node: &'s ExpressionNode,
        sign: &str,
    ) -> std::result::Result<bool, ExpressionFailure> {
        match self.evaluate_item(node)? {
            Item::Bool(holds) => Ok(holds),
            other => says(format!(
                "`{sign}` takes true or false, and {} is {}",
                name_in_message(node),
                other.kind()
            )),
        }
    }

    /// `&&` and `||`: `decides` is the side that settles it, also if the other one fails.
    fn evaluate_logic(
        &mut self,
        both: &'s [ExpressionNode; 2],
        decides: bool,
        sign: &str,
    ) -> std::result::Result<bool, ExpressionFailure> {
        // CEL wants the two sides to come to the same in either order, so a failure of the first decides
        // nothing yet.
        let first = self.evaluate_condition(&both[0], sign);
        if matches!(first, Ok(holds) if holds == decides) {
            return Ok(decides);
        }
        match self.evaluate_condition(&both[1], sign) {
            Ok(holds) if holds == decides => Ok(decides),
            // Nothing settled it, so that a failure of the first side counts after all.
            second => first.and(second),
        }
    }

    fn evaluate_operator(
        &mut self,
        operator: Operator,
        both: &'s [ExpressionNode; 2],
    ) -> Result<'s> {
        let left = self.evaluate_item(&both[0])?;
        let right = self.evaluate_item(&both[1])?;
        let unfit = |takes: &str| {
            let part = |node: &ExpressionNode, item: &Item<'_>| {
                format!("{} is {}", name_in_message(node), item.kind())
            };
            says(format!(
                "`{}` takes {takes}; {} and {}",
                operator.sign(),
                part(&both[0], &left),
                part(&both[1], &right)
            ))
        };
        let ordered = |fits: fn(Ordering) -> bool| match left.compare(&right) {
            Some(order) => Ok(Item::Bool(order.is_some_and(fits))),
            None => unfit("two numbers or two texts"),
        };
        match operator {
            Operator::Equal => left.equals(&right, self.budget).map(Item::Bool),
            Operator::Unequal => left
                .equals(&right, self.budget)
                .map(|same| Item::Bool(!same)),
            Operator::Less => ordered(Ordering::is_lt),
            Operator::LessOrEqual => ordered(Ordering::is_le),
            Operator::Greater => ordered(Ordering::is_gt),
            Operator::GreaterOrEqual => ordered(Ordering::is_ge),
            Operator::In => match (&left, &right) {
                (_, Item::List(items)) => {
                    for item in items.iter() {
                        if item.equals(&left, self.budget)? {
                            return Ok(Item::Bool(true));
                        }
                    }
                    Ok(Item::Bool(false))
                }
                (_, Item::Map(map)) => match left.as_key() {
                    Some(key) => Ok(Item::Bool(map.get(&key).is_some())),
                    None => unfit("a key and a map, or an item and a list"),
                },
                _ => unfit("a key and a map, or an item and a list"),
            },
            Operator::Add => match (&left, &right) {
                (Item::Text(a), Item::Text(b)) => {
                    self.budget.spend_bytes(a.len() + b.len())?;
                    Ok(Item::Text(Text::Made([&**a, &**b].concat().into())))
                }
                (Item::List(a), Item::List(b)) => {
                    self.budget.make_values(a.len() + b.len())?;
                    let items = a.iter().chain(b.iter()).collect();
                    Ok(Item::List(List::Made(Rc::new(items))))
                }
                (a, b) => match (a.as_figure(), b.as_figure()) {
                    (Some(a), Some(b)) => calculate_figures(operator, a, b),
                    _ => unfit("two numbers, two texts or two lists"),
                },
            },
            Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Remainder => {
                match (left.as_figure(), right.as_figure()) {
                    (Some(a), Some(b)) => calculate_figures(operator, a, b),
                    _ => unfit("two numbers"),
                }
            }
        }
    }

    fn evaluate_comprehension(&mut self, each: &'s Comprehension) -> Result<'s> {
        let over = self.evaluate_item(&each.over)?;
        let items: Box<dyn Iterator<Item = Item<'s>>> = match &over {
            Item::List(list) => Box::new(list.iter()),
            Item::Map(map) => Box::new(keys(map)),
            other => {
                return says(format!(
                    "a comprehension goes over a list or a map, and {} is {}",
                    name_in_message(&each.over),
                    other.kind()
                ));
            }
        };
        let mut made = Vec::new();
        let mut failed = None;
        let mut count = 0;
        for item in items {
            self.budget.spend_work(1)?;
            self.variables.push(item);
            let one = self.evaluate_iteration(each);
            self.variables.pop();
            match (each.gives, one) {
                (_, Ok(None)) => {}
                (Gives::List, Ok(Some(Item::Omitted))) => {}
                (Gives::List, Ok(Some(item))) => {
                    self.budget.make_values(1)?;
                    made.push(item);
                }
                (Gives::Any, Ok(Some(Item::Bool(true)))) => return Ok(Item::Bool(true)),
                (Gives::All, Ok(Some(Item::Bool(false)))) => return Ok(Item::Bool(false)),
                (Gives::One, Ok(Some(Item::Bool(true)))) => count += 1,
                (_, Ok(Some(Item::Bool(_)))) => {}
                (_, Ok(Some(other))) => {
                    failed = failed.or(Some(ExpressionFailure::Says(format!(
                        "what a comprehension asks of each is true or false, and this is {}",
                        other.kind()
                    ))));
                }
                // As with `&&` and `||`: another item may settle it.
                (Gives::Any | Gives::All, Err(failure)) => failed = failed.or(Some(failure)),
                // A list, and `exists_one` as CEL defines it, need every item.
                (_, Err(failure)) => return Err(failure),
            }
        }
        if let Some(failure) = failed {
            return Err(failure);
        }
        Ok(match each.gives {
            Gives::List => Item::List(List::Made(Rc::new(made))),
            Gives::All => Item::Bool(true),
            Gives::Any => Item::Bool(false),
            Gives::One => Item::Bool(count == 1),
        })
    }

    /// The value that a comprehension makes of one item; `None` if the item does not count.
    fn evaluate_iteration(
        &mut self,
        each: &'s Comprehension,
    ) -> std::result::Result<Option<Item<'s>>, ExpressionFailure> {
        if let Some(only) = &each.only
            && !self.evaluate_condition(only, "filter")?
        {
            return Ok(None);
        }
        self.evaluate_item(&each.body).map(Some)
    }
}

fn keys<'m, 's: 'm>(map: &'m Entries<'s>) -> impl Iterator<Item = Item<'s>> + 'm {
    map.iter().map(|(key, _)| Item::Text(key))
}

fn too_large<T>() -> std::result::Result<T, ExpressionFailure> {
    says("a number becomes too large")
}

fn calculate_figures<'s>(operator: Operator, a: Figure, b: Figure) -> Result<'s> {
    if let (Figure::Int(a), Figure::Int(b)) = (a, b) {
        if b == 0 && matches!(operator, Operator::Divide | Operator::Remainder) {
            return says("it divides by 0");
        }
        let result = match operator {
            Operator::Add => a.checked_add(b),
            Operator::Subtract => a.checked_sub(b),
            Operator::Multiply => a.checked_mul(b),
            Operator::Divide => a.checked_div(b),
            _ => a.checked_rem(b),
        };
        return match result {
            Some(result) => Ok(Item::Int(result)),
            None => too_large(),
        };
    }
    let (a, b) = (a.float(), b.float());
    Ok(Item::Float(match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        _ => return says("`%` takes two whole numbers"),
    }))
}
