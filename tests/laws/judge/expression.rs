//! The part of the expression language that the packs of these tests use, worked out over trees.

use serde_json::{Map, Value as Json, json};

use super::paths::as_text;

/// A value, or nothing.
pub type Val = Option<Json>;

/// What names stand for; the last of a name counts.
pub type Names = Vec<(String, Val)>;

/// What a written value comes to: texts that start with `=` are expressions.
pub fn template(data: &Json, names: &Names) -> Result<Val, String> {
    Ok(Some(match data {
        Json::String(text) => match text.strip_prefix('=') {
            Some(source) => return evaluate(source, names),
            None => data.clone(),
        },
        Json::Array(items) => {
            let items = items.iter().map(|item| template(item, names));
            let items: Vec<Val> = items.collect::<Result<_, _>>()?;
            items.into_iter().flatten().collect()
        }
        Json::Object(map) => {
            let mut made = Map::new();
            for (key, value) in map {
                if let Some(value) = template(value, names)? {
                    made.insert(key.clone(), value);
                }
            }
            Json::Object(made)
        }
        other => other.clone(),
    }))
}

/// Whether a condition holds.
pub fn holds(source: &str, names: &Names) -> Result<bool, String> {
    match evaluate(source.strip_prefix('=').unwrap_or(source), names)? {
        Some(Json::Bool(holds)) => Ok(holds),
        other => Err(format!("`{source}` is {other:?}")),
    }
}

/// What an expression comes to.
pub fn evaluate(source: &str, names: &Names) -> Result<Val, String> {
    let tokens = tokens(source)?;
    let mut parser = Parser { tokens, at: 0 };
    let node = parser.conditional()?;
    if parser.at < parser.tokens.len() {
        return Err(format!("`{source}` goes on behind its end"));
    }
    value(&node, names).map_err(|e| format!("`{source}`: {e}"))
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    Text(String),
    Number(String),
    Sign(&'static str),
}

const SIGNS: &[&str] = &[
    "==", "!=", "&&", "||", "<=", ">=", "(", ")", "[", "]", "{", "}", ",", ":", "?", ".", "!", "+",
    "<", ">", "-",
];

fn tokens(source: &str) -> Result<Vec<Token>, String> {
    let mut rest = source.trim_start();
    let mut tokens = Vec::new();
    while let Some(c) = rest.chars().next() {
        let length = if c == '\'' || c == '"' {
            let end = rest[1..].find(c).ok_or("a text does not end")?;
            tokens.push(Token::Text(rest[1..=end].to_owned()));
            end + 2
        } else if c.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
            let end = end.unwrap_or(rest.len());
            tokens.push(Token::Number(rest[..end].to_owned()));
            end
        } else if c.is_ascii_alphabetic() || c == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let end = end.unwrap_or(rest.len());
            tokens.push(Token::Name(rest[..end].to_owned()));
            end
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or_else(|| format!("`{c}` is not understood"))?;
            tokens.push(Token::Sign(sign));
            sign.len()
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

#[derive(Debug)]
enum Node {
    Literal(Json),
    Name(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    Field(Box<Node>, String),
    At(Box<Node>, Box<Node>),
    Call(String, Vec<Node>),
    /// `list.map(name, expression)` and its sisters.
    Each(Box<Node>, String, String, Box<Node>),
    Not(Box<Node>),
    Both(&'static str, Box<Node>, Box<Node>),
    If(Box<Node>, Box<Node>, Box<Node>),
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn eat(&mut self, sign: &str) -> bool {
        let there = matches!(self.tokens.get(self.at), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.eat(sign) {
            Ok(())
        } else {
            Err(format!("`{sign}` is missing"))
        }
    }

    fn conditional(&mut self) -> Result<Node, String> {
        let condition = self.level(0)?;
        if !self.eat("?") {
            return Ok(condition);
        }
        let then = self.conditional()?;
        self.expect(":")?;
        let otherwise = self.conditional()?;
        Ok(Node::If(condition.into(), then.into(), otherwise.into()))
    }

    fn level(&mut self, level: usize) -> Result<Node, String> {
        const LEVELS: &[&[&str]] = &[
            &["||"],
            &["&&"],
            &["==", "!=", "<=", ">=", "<", ">", "in"],
            &["+"],
        ];
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.level(level + 1)?;
        loop {
            let found = operators.iter().copied().find(|operator| {
                let token = self.tokens.get(self.at);
                match token {
                    Some(Token::Sign(sign)) => sign == operator,
                    Some(Token::Name(name)) => *operator == "in" && name == "in",
                    _ => false,
                }
            });
            let Some(operator) = found else {
                return Ok(left);
            };
            self.at += 1;
            let right = self.level(level + 1)?;
            left = Node::Both(operator, left.into(), right.into());
        }
    }

    fn unary(&mut self) -> Result<Node, String> {
        if self.eat("!") {
            return Ok(Node::Not(self.unary()?.into()));
        }
        let mut node = self.primary()?;
        loop {
            if self.eat(".") {
                let Some(Token::Name(name)) = self.tokens.get(self.at).cloned() else {
                    return Err("a name is missing behind a dot".to_owned());
                };
                self.at += 1;
                node = if self.eat("(") {
                    let mut arguments = self.list(")")?;
                    match (name.as_str(), arguments.len(), arguments.first()) {
                        ("map" | "filter" | "exists" | "all", 2, Some(Node::Name(each))) => {
                            let each = each.clone();
                            let body = arguments.remove(1);
                            Node::Each(node.into(), name, each, body.into())
                        }
                        _ => {
                            arguments.insert(0, node);
                            Node::Call(name, arguments)
                        }
                    }
                } else {
                    Node::Field(node.into(), name)
                };
            } else if self.eat("[") {
                let index = self.conditional()?;
                self.expect("]")?;
                node = Node::At(node.into(), index.into());
            } else {
                return Ok(node);
            }
        }
    }

    fn list(&mut self, end: &str) -> Result<Vec<Node>, String> {
        let mut nodes = Vec::new();
        while !self.eat(end) {
            if !nodes.is_empty() {
                self.expect(",")?;
            }
            nodes.push(self.conditional()?);
        }
        Ok(nodes)
    }

    fn primary(&mut self) -> Result<Node, String> {
        let token = self
            .tokens
            .get(self.at)
            .cloned()
            .ok_or("it ends too early")?;
        self.at += 1;
        Ok(match token {
            Token::Text(text) => Node::Literal(text.into()),
            Token::Number(number) => {
                Node::Literal(serde_json::from_str(&number).map_err(|e| e.to_string())?)
            }
            Token::Name(name) => match name.as_str() {
                "true" => Node::Literal(true.into()),
                "false" => Node::Literal(false.into()),
                "null" => Node::Literal(Json::Null),
                _ if self.eat("(") => Node::Call(name, self.list(")")?),
                _ => Node::Name(name),
            },
            Token::Sign("(") => {
                let inner = self.conditional()?;
                self.expect(")")?;
                inner
            }
            Token::Sign("[") => Node::List(self.list("]")?),
            Token::Sign("{") => {
                let mut entries = Vec::new();
                while !self.eat("}") {
                    if !entries.is_empty() {
                        self.expect(",")?;
                    }
                    let key = self.conditional()?;
                    self.expect(":")?;
                    entries.push((key, self.conditional()?));
                }
                Node::Map(entries)
            }
            Token::Sign(sign) => return Err(format!("`{sign}` stands where a value should")),
        })
    }
}

fn value(node: &Node, names: &Names) -> Result<Val, String> {
    let present = |node: &Node| -> Result<Json, String> {
        value(node, names)?.ok_or_else(|| "something is not set".to_owned())
    };
    let truth = |node: &Node| -> Result<bool, String> {
        match value(node, names)? {
            Some(Json::Bool(truth)) => Ok(truth),
            other => Err(format!("{other:?} is neither true nor false")),
        }
    };
    Ok(Some(match node {
        Node::Literal(value) => value.clone(),
        Node::Name(name) => {
            let found = names.iter().rev().find(|(known, _)| known == name);
            return match found {
                Some((_, value)) => Ok(value.clone()),
                None => Err(format!("there is no {name}")),
            };
        }
        Node::List(items) => {
            let items = items.iter().map(|item| value(item, names));
            let items: Vec<Val> = items.collect::<Result<_, _>>()?;
            items.into_iter().flatten().collect()
        }
        Node::Map(entries) => {
            let mut map = Map::new();
            for (key, entry) in entries {
                let key = as_text(&present(key)?).ok_or("a key that is no text")?;
                if let Some(entry) = value(entry, names)? {
                    map.insert(key, entry);
                }
            }
            Json::Object(map)
        }
        Node::Field(of, field) => match value(of, names)? {
            Some(Json::Object(map)) => match map.get(field) {
                Some(found) => found.clone(),
                None => return Err(format!("there is no {field}")),
            },
            other => return Err(format!("{other:?} has no {field}")),
        },
        Node::At(of, at) => match (present(of)?, present(at)?) {
            (Json::Array(items), Json::Number(i)) => {
                let i = i.as_u64().and_then(|i| usize::try_from(i).ok());
                let item = i.and_then(|i| items.get(i)).cloned();
                item.ok_or("there is no such item")?
            }
            (Json::Object(map), Json::String(key)) => {
                map.get(&key).cloned().ok_or(format!("there is no {key}"))?
            }
            (of, at) => return Err(format!("{of} has no {at}")),
        },
        Node::Not(inner) => (!truth(inner)?).into(),
        Node::If(condition, then, otherwise) => {
            return value(if truth(condition)? { then } else { otherwise }, names);
        }
        Node::Both("&&", a, b) => (truth(a)? && truth(b)?).into(),
        Node::Both("||", a, b) => (truth(a)? || truth(b)?).into(),
        Node::Both("==", a, b) => (value(a, names)? == value(b, names)?).into(),
        Node::Both("!=", a, b) => (value(a, names)? != value(b, names)?).into(),
        Node::Both("in", a, b) => {
            let a = present(a)?;
            match present(b)? {
                Json::Array(items) => items.contains(&a).into(),
                Json::Object(map) => as_text(&a).is_some_and(|a| map.contains_key(&a)).into(),
                other => return Err(format!("{other} holds nothing")),
            }
        }
        Node::Both("+", a, b) => match (present(a)?, present(b)?) {
            (Json::String(a), Json::String(b)) => (a + &b).into(),
            (Json::Array(a), Json::Array(b)) => a.into_iter().chain(b).collect(),
            (Json::Number(a), Json::Number(b)) if a.is_i64() && b.is_i64() => {
                json!(a.as_i64().unwrap_or_default() + b.as_i64().unwrap_or_default())
            }
            (a, b) => return Err(format!("{a} and {b} do not add up")),
        },
        Node::Both(operator, a, b) => match (present(a)?, present(b)?) {
            (Json::Number(a), Json::Number(b)) => {
                let (a, b) = (a.as_f64(), b.as_f64());
                let truth = match *operator {
                    "<" => a < b,
                    ">" => a > b,
                    "<=" => a <= b,
                    _ => a >= b,
                };
                truth.into()
            }
            (a, b) => return Err(format!("{a} and {b} are not compared")),
        },
        Node::Each(over, what, name, body) => {
            let over: Vec<Json> = match present(over)? {
                Json::Array(items) => items,
                Json::Object(map) => map.into_iter().map(|(key, _)| key.into()).collect(),
                other => return Err(format!("{other} has no items")),
            };
            let mut kept = Vec::new();
            let mut held = 0;
            let all = over.len();
            for item in over {
                let mut inner = names.clone();
                inner.push((name.clone(), Some(item.clone())));
                let made = value(body, &inner)?;
                if what == "map" {
                    kept.extend(made);
                } else if made == Some(true.into()) {
                    held += 1;
                    kept.push(item);
                }
            }
            match what.as_str() {
                "map" | "filter" => kept.into(),
                "exists" => (held > 0).into(),
                _ => (held == all).into(),
            }
        }
        Node::Call(function, arguments) => {
            let of = |i: usize| -> Result<Val, String> {
                value(arguments.get(i).ok_or("an argument is missing")?, names)
            };
            // Of a path, any part may be missing.
            let lenient = |i: usize| {
                of(i).or_else(|e| {
                    if e.starts_with("there is no ") {
                        Ok(None)
                    } else {
                        Err(e)
                    }
                })
            };
            match function.as_str() {
                "set" => lenient(0)?.is_some().into(),
                "default" => match lenient(0)? {
                    None | Some(Json::Null) => return of(1),
                    Some(given) => given,
                },
                "kind" => match lenient(0)? {
                    None => "unset",
                    Some(Json::Null) => "null",
                    Some(Json::Bool(_)) => "bool",
                    Some(Json::Number(_)) => "number",
                    Some(Json::String(_)) => "text",
                    Some(Json::Array(_)) => "list",
                    Some(Json::Object(_)) => "map",
                }
                .into(),
                "omit" => return Ok(None),
                "string" => match of(0)? {
                    Some(Json::Number(number)) => {
                        printed(number.as_f64().unwrap_or_default()).into()
                    }
                    Some(other) => as_text(&other).ok_or("it is no scalar")?.into(),
                    None => return Err("something is not set".to_owned()),
                },
                "size" => match of(0)? {
                    Some(Json::Array(items)) => items.len().into(),
                    Some(Json::Object(map)) => map.len().into(),
                    Some(Json::String(text)) => text.chars().count().into(),
                    other => return Err(format!("{other:?} has no size")),
                },
                "union" => {
                    let mut joined: Vec<Json> = Vec::new();
                    for i in 0..arguments.len() {
                        let items = match of(i)? {
                            None | Some(Json::Null) => vec![],
                            Some(Json::Array(items)) => items,
                            Some(Json::String(text)) => vec![text.into()],
                            Some(other) => return Err(format!("{other} is no list")),
                        };
                        for item in items {
                            if !joined.contains(&item) {
                                joined.push(item);
                            }
                        }
                    }
                    joined.into()
                }
                other => return Err(format!("{other} is not known")),
            }
        }
    }))
}

/// A number as a template prints it: Go's `%v` of a float.
fn printed(number: f64) -> String {
    if number == 0.0 {
        return if number.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').expect("an exponent");
    let exponent: i32 = exponent.parse().expect("a number");
    if (-4..6).contains(&exponent) {
        return format!("{number}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}
