//! Expressions of packs: CEL with the few functions that `docs/packs.md` lists.
//!
//! An expression is data from a stranger, so it is bounded before it is run: CEL has no loops of its
//! own, comprehensions must not nest, and the tree has at most [`MAX_NODES`] nodes. It sees values only
//! (never text, files or the clock), so the same values always give the same result.
//!
//! A name that is not set is a value of its own, unset: it equals only itself, `default` replaces
//! it, and every other use is an error of the pack, reported with the expression.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError},
};

use cel::{
    Context, Env, ExecutionError,
    common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue},
    extractors::Arguments,
    objects::{Key, Opaque, Value as Cel},
    parser::PrattParser,
};

use super::functions;
use crate::values::{Map, Number, Path, Value};

/// The most nodes that an expression may have; what a comprehension expands to counts.
pub const MAX_NODES: usize = 1_000;
/// The longest expression, in bytes. It bounds the depth of the tree, so that walking it is safe.
pub const MAX_LENGTH: usize = 1_024;

/// The value of a name that is not set.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unset;

impl Opaque for Unset {
    fn runtime_type_name(&self) -> &'static str {
        "unset"
    }
}

/// An expression that cannot be read or evaluated.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum ExprError {
    /// It is not CEL, or over the bounds.
    #[error("{message} (in the expression `{source_text}`)")]
    Invalid {
        /// The expression.
        source_text: String,
        /// What is wrong with it.
        message: String,
    },
    /// It failed on these values.
    #[error("{message} (in the expression `{source_text}`)")]
    Failed {
        /// The expression.
        source_text: String,
        /// What went wrong.
        message: String,
    },
}

/// An expression, parsed when it is first needed.
#[derive(Debug)]
pub struct Expression {
    source: String,
    parsed: OnceLock<Result<IdedExpr, ExprError>>,
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
    pub fn known(source: &str) -> Arc<Self> {
        static KNOWN: Mutex<BTreeMap<String, Arc<Expression>>> = Mutex::new(BTreeMap::new());
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

    /// The names that the expression mentions, functions left out.
    ///
    /// # Errors
    ///
    /// If it is not a valid expression.
    pub fn names(&self) -> Result<Vec<String>, ExprError> {
        let parsed = self.parsed()?;
        let mut names: Vec<_> = parsed
            .references()
            .variables()
            .into_iter()
            .map(str::to_owned)
            .collect();
        let mut own = Vec::new();
        comprehension_names(parsed, &mut own);
        names.retain(|name| !own.contains(name));
        names.sort_unstable();
        Ok(names)
    }

    /// The places below a name that the expression looks at; the root if it looks at all of it.
    ///
    /// # Errors
    ///
    /// If it is not a valid expression.
    pub fn places(&self, name: &str) -> Result<Vec<Path>, ExprError> {
        let mut places = Vec::new();
        places_below(self.parsed()?, name, &mut places);
        Ok(places)
    }

    /// The functions that the expression calls and that do not exist.
    ///
    /// # Errors
    ///
    /// If it is not a valid expression.
    pub fn unknown_functions(&self) -> Result<Vec<String>, ExprError> {
        /// CEL's own, with those of its strings extension.
        const STANDARD: &[&str] = &[
            "bool",
            "bytes",
            "charAt",
            "contains",
            "double",
            "dyn",
            "endsWith",
            "format",
            "indexOf",
            "int",
            "join",
            "lastIndexOf",
            "lowerAscii",
            "matches",
            "replace",
            "reverse",
            "size",
            "split",
            "startsWith",
            "string",
            "substring",
            "trim",
            "type",
            "uint",
            "upperAscii",
        ];
        let references = self.parsed()?.references();
        let unknown = references.functions().into_iter().filter(|name| {
            let operator = name.starts_with(|c: char| !c.is_ascii_alphabetic());
            !operator
                && !STANDARD.contains(name)
                && !functions::ALL.iter().any(|(own, _)| own == name)
        });
        Ok(unknown.map(str::to_owned).collect())
    }

    fn parsed(&self) -> Result<&IdedExpr, ExprError> {
        self.parsed
            .get_or_init(|| self.parse())
            .as_ref()
            .map_err(Clone::clone)
    }

    fn parse(&self) -> Result<IdedExpr, ExprError> {
        let invalid = |message: String| ExprError::Invalid {
            source_text: self.source.clone(),
            message,
        };
        if self.source.len() > MAX_LENGTH {
            return Err(invalid(format!("it is longer than {MAX_LENGTH} bytes")));
        }
        let mut parsed = PrattParser::new()
            .max_recursion_depth(32)
            .parse(&self.source)
            .map_err(|e| {
                let first = e.errors.first().map(|e| e.msg.clone());
                invalid(first.unwrap_or_else(|| e.to_string()))
            })?;
        for_packs(&mut parsed);
        let mut nodes = 0;
        measure(&parsed, false, &mut nodes).map_err(invalid)?;
        Ok(parsed)
    }
}

/// Counts the nodes, and refuses nested comprehensions and expressions over the bound.
///
/// The depth of the recursion is that of the parser, which has a bound of its own.
fn measure(node: &IdedExpr, inside: bool, nodes: &mut usize) -> Result<(), String> {
    *nodes += 1;
    if *nodes > MAX_NODES {
        return Err(format!("it has more than {MAX_NODES} parts"));
    }
    let mut walk = |child: &IdedExpr, inside| measure(child, inside, nodes);
    match &node.expr {
        Expr::Call(call) => {
            if let Some(target) = &call.target {
                walk(target, inside)?;
            }
            call.args.iter().try_for_each(|arg| walk(arg, inside))
        }
        Expr::Comprehension(comprehension) => {
            if inside {
                return Err("comprehensions must not nest".to_owned());
            }
            walk(&comprehension.iter_range, inside)?;
            walk(&comprehension.loop_step, true)?;
            walk(&comprehension.loop_cond, true)?;
            walk(&comprehension.result, true)
        }
        Expr::List(list) => list.elements.iter().try_for_each(|e| walk(e, inside)),
        Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
            EntryExpr::MapEntry(e) => walk(&e.key, inside).and_then(|()| walk(&e.value, inside)),
            EntryExpr::StructField(f) => walk(&f.value, inside),
        }),
        Expr::Select(select) => walk(&select.operand, inside),
        Expr::Struct(_) => Err("it builds a message, and there are none here".to_owned()),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Ok(()),
    }
}

/// The names that comprehensions bring along: their variables and accumulators.
fn comprehension_names(node: &IdedExpr, names: &mut Vec<String>) {
    match &node.expr {
        Expr::Comprehension(comprehension) => {
            names.push(comprehension.iter_var.clone());
            names.extend(comprehension.iter_var2.clone());
            names.push(comprehension.accu_var.clone());
            comprehension_names(&comprehension.iter_range, names);
            comprehension_names(&comprehension.loop_step, names);
        }
        Expr::Call(call) => {
            let parts = call.target.as_deref().into_iter().chain(&call.args);
            parts.for_each(|part| comprehension_names(part, names));
        }
        Expr::List(list) => list
            .elements
            .iter()
            .for_each(|e| comprehension_names(e, names)),
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    comprehension_names(&entry.value, names);
                }
            }
        }
        Expr::Select(select) => comprehension_names(&select.operand, names),
        _ => {}
    }
}

/// Makes `default(a.b.c, y)`, `set(a.b.c)` and `kind(a.b.c)` take a missing member for an unset one: the path becomes a
/// call of `at`, which looks member by member. And `matches` becomes one that compiles a pattern once.
fn for_packs(node: &mut IdedExpr) {
    match &mut node.expr {
        Expr::Call(call) => {
            if call.func_name == "matches" {
                call.func_name = functions::MATCHES.to_owned();
                call.args
                    .splice(0..0, call.target.take().map(|target| *target));
            }
            if matches!(call.func_name.as_str(), "default" | "set" | "kind")
                && let Some(first) = call.args.first_mut()
                && matches!(&first.expr, Expr::Select(select) if !select.test)
            {
                as_lookup(first);
            }
            call.target.iter_mut().for_each(|target| for_packs(target));
            call.args.iter_mut().for_each(for_packs);
        }
        Expr::Comprehension(comprehension) => {
            for_packs(&mut comprehension.iter_range);
            for_packs(&mut comprehension.loop_step);
            for_packs(&mut comprehension.loop_cond);
            for_packs(&mut comprehension.result);
        }
        Expr::List(list) => list.elements.iter_mut().for_each(for_packs),
        Expr::Map(map) => {
            for entry in &mut map.entries {
                if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                    for_packs(&mut entry.value);
                }
            }
        }
        Expr::Select(select) => for_packs(&mut select.operand),
        _ => {}
    }
}

fn as_lookup(node: &mut IdedExpr) {
    let mut members = Vec::new();
    let mut root = std::mem::take(node);
    while let Expr::Select(select) = root.expr {
        members.push(select.field);
        root = *select.operand;
    }
    let id = root.id;
    let member = |name: String| IdedExpr {
        id,
        expr: Expr::Literal(LiteralValue::String(cel::common::types::CelString::from(
            name,
        ))),
    };
    let mut args = vec![root];
    args.extend(members.into_iter().rev().map(member));
    *node = IdedExpr {
        id,
        expr: Expr::Call(cel::common::ast::CallExpr {
            func_name: "at".to_owned(),
            target: None,
            args,
        }),
    };
}

/// The places that a name is followed to by members, or by the lookups that stand for them.
fn places_below(node: &IdedExpr, name: &str, places: &mut Vec<Path>) {
    let mut members = Vec::new();
    let mut root = node;
    loop {
        match &root.expr {
            Expr::Ident(ident) if ident == name => {
                places.push(Path::keys(members.into_iter().rev()));
                return;
            }
            Expr::Select(select) => {
                members.push(select.field.as_str());
                root = &select.operand;
            }
            Expr::Call(call) if call.func_name == "at" => {
                let Some((first, keys)) = call.args.split_first() else {
                    return;
                };
                for key in keys.iter().rev() {
                    match &key.expr {
                        Expr::Literal(LiteralValue::String(key)) => members.push(key.inner()),
                        // A key that is worked out can be any.
                        _ => {
                            members.clear();
                            places_below(key, name, places);
                        }
                    }
                }
                root = first;
            }
            _ => break,
        }
    }
    let mut each = |child: &IdedExpr| places_below(child, name, places);
    match &root.expr {
        Expr::Call(call) => call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .for_each(each),
        Expr::Comprehension(comprehension) => {
            each(&comprehension.iter_range);
            each(&comprehension.accu_init);
            each(&comprehension.loop_cond);
            each(&comprehension.loop_step);
            each(&comprehension.result);
        }
        Expr::List(list) => list.elements.iter().for_each(each),
        Expr::Map(map) => {
            for entry in &map.entries {
                match &entry.expr {
                    EntryExpr::MapEntry(entry) => {
                        each(&entry.key);
                        each(&entry.value);
                    }
                    EntryExpr::StructField(field) => each(&field.value),
                }
            }
        }
        Expr::Struct(message) => {
            for entry in &message.entries {
                if let EntryExpr::StructField(field) = &entry.expr {
                    each(&field.value);
                }
            }
        }
        Expr::Select(_) | Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}

/// The keys of the map literals of an expression, in the order they are written.
fn literal_keys(node: &IdedExpr, keys: &mut Vec<String>) {
    match &node.expr {
        Expr::Call(call) => call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .for_each(|e| literal_keys(e, keys)),
        Expr::Comprehension(c) => {
            literal_keys(&c.iter_range, keys);
            literal_keys(&c.loop_step, keys);
        }
        Expr::List(list) => list.elements.iter().for_each(|e| literal_keys(e, keys)),
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    if let Expr::Literal(LiteralValue::String(key)) = &entry.key.expr {
                        keys.push(key.inner().to_owned());
                    }
                    literal_keys(&entry.value, keys);
                }
            }
        }
        _ => {}
    }
}

/// A value as expressions see it, made when one first looks at it, and then bound again and again.
#[derive(Debug, Clone)]
pub struct Made(Arc<LazyLock<Cel, Make>>);

type Make = Box<dyn FnOnce() -> Cel + Send>;

impl Made {
    /// What a function gives, which is called once, or never.
    pub fn new(value: impl FnOnce() -> Value + Send + 'static) -> Self {
        Self::by(move || to_cel(&value()))
    }

    /// A map of values.
    #[must_use]
    pub fn map<const N: usize>(entries: [(&'static str, Self); N]) -> Self {
        Self::by(move || {
            let key = |name: &str| Key::String(Arc::new(name.to_owned()));
            let entries = entries.into_iter();
            let map: HashMap<Key, Cel> = entries
                .map(|(name, made)| (key(name), made.value()))
                .collect();
            Cel::Map(map.into())
        })
    }

    fn by(make: impl FnOnce() -> Cel + Send + 'static) -> Self {
        Self(Arc::new(LazyLock::new(Box::new(make))))
    }

    fn value(&self) -> Cel {
        Cel::clone(&self.0)
    }
}

/// What an expression can see: names and the functions of packs.
pub struct Scope<'p> {
    context: Context<'p, 'static>,
    /// What was made before, by name: bound for the expressions that mention it, because that costs as much
    /// as the value is large.
    made: Vec<(String, Made)>,
}

impl Scope<'static> {
    /// A scope with the functions and no names.
    #[must_use]
    pub fn new() -> Self {
        static ENV: OnceLock<Arc<Env>> = OnceLock::new();
        let env = ENV.get_or_init(|| {
            let mut env = Env::stdlib();
            env.add_extension(cel::extensions::strings)
                .expect("the strings extension declares each overload once");
            Arc::new(env)
        });
        let mut context = Context::with_env(Arc::clone(env));
        for (name, function) in functions::ALL {
            context
                .add_function(name, move |Arguments(args): Arguments| {
                    function(&args).map_err(|message| ExecutionError::function_error(name, message))
                })
                .expect("no function of packs has the name of a standard one");
        }
        Self {
            context,
            made: Vec::new(),
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
            context: self.context.new_inner_scope(),
            made: self.made.clone(),
        }
    }

    /// Gives a name its value; `None` for a name that is not set.
    pub fn bind(&mut self, name: &str, value: Option<&Value>) {
        self.made.retain(|(made, _)| made != name);
        let value = value.map_or_else(|| Cel::Opaque(Arc::new(Unset)), to_cel);
        self.context.add_variable_from_value(name, value);
    }

    /// Gives a name a value that was made before.
    pub fn bind_made(&mut self, name: &str, value: Made) {
        self.made.push((name.to_owned(), value));
    }

    /// The value of an expression; `None` if it is unset.
    ///
    /// # Errors
    ///
    /// If the expression is not valid, or fails on these values.
    pub fn eval(&self, expression: &Expression) -> Result<Option<Value>, ExprError> {
        let parsed = expression.parsed()?;
        let failed = |message: String| ExprError::Failed {
            source_text: expression.source.clone(),
            message,
        };
        let mut context = self.context.new_inner_scope();
        for (name, made) in &self.made {
            // What only looks like the name is bound in vain.
            if expression.source.contains(name.as_str()) {
                context.add_variable_from_value(name, made.value());
            }
        }
        let result = Cel::resolve(parsed, &context).map_err(|e| failed(e.to_string()))?;
        if is_unset(&result) {
            return Ok(None);
        }
        let mut keys = Vec::new();
        literal_keys(parsed, &mut keys);
        from_cel(&result, &keys).map(Some).map_err(failed)
    }

    /// Whether a condition holds.
    ///
    /// # Errors
    ///
    /// As [`Scope::eval`], and if the result is not a boolean.
    pub fn holds(&self, expression: &Expression) -> Result<bool, ExprError> {
        match self.eval(expression)? {
            Some(Value::Bool(holds)) => Ok(holds),
            other => Err(ExprError::Failed {
                source_text: expression.source.clone(),
                message: format!(
                    "a condition is true or false, and this is {}",
                    describe(other.as_ref())
                ),
            }),
        }
    }

    /// A text with the expressions in its braces replaced by their values; `{{` is a brace.
    ///
    /// # Errors
    ///
    /// If an expression is not valid or fails, or a brace is not closed.
    pub fn fill(&self, text: &str) -> Result<String, ExprError> {
        let mut filled = String::with_capacity(text.len());
        for part in template_parts(text)? {
            match part {
                TemplatePart::Text(text) => filled.push_str(text),
                TemplatePart::Expression(source) => {
                    let value = self.eval(&Expression::known(source))?;
                    filled.push_str(&describe(value.as_ref()));
                }
            }
        }
        Ok(filled)
    }
}

/// The places below a name that the expressions in the braces of a text look at.
///
/// # Errors
///
/// If an expression is not valid, or a brace is not closed.
pub fn template_places(text: &str, name: &str) -> Result<Vec<Path>, ExprError> {
    let mut places = Vec::new();
    for part in template_parts(text)? {
        if let TemplatePart::Expression(source) = part {
            places.extend(Expression::known(source).places(name)?);
        }
    }
    Ok(places)
}

/// A text as it reads before it is filled: each expression in braces replaced by what `name` calls it. A text
/// that cannot be taken apart stays as it is.
#[must_use]
pub fn unfilled(text: &str, name: impl Fn(&str) -> String) -> String {
    let Ok(parts) = template_parts(text) else {
        return text.to_owned();
    };
    let part = |part: TemplatePart<'_>| match part {
        TemplatePart::Text(text) => text.to_owned(),
        TemplatePart::Expression(source) => name(source.trim()),
    };
    parts.into_iter().map(part).collect()
}

/// A part of a text with expressions in braces.
pub(super) enum TemplatePart<'t> {
    Text(&'t str),
    Expression(&'t str),
}

/// Takes a text apart at its braces. Braces inside quotes of an expression do not end it.
pub(super) fn template_parts(text: &str) -> Result<Vec<TemplatePart<'_>>, ExprError> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        if rest[open..].starts_with("{{") {
            parts.push(TemplatePart::Text(&rest[..=open]));
            rest = &rest[open + 2..];
            continue;
        }
        parts.push(TemplatePart::Text(&rest[..open]));
        let inside = &rest[open + 1..];
        let close = closing_brace(inside).ok_or_else(|| ExprError::Invalid {
            source_text: text.to_owned(),
            message: "a brace is not closed".to_owned(),
        })?;
        parts.push(TemplatePart::Expression(&inside[..close]));
        rest = &inside[close + 1..];
    }
    parts.push(TemplatePart::Text(rest));
    Ok(parts)
}

fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut quote = None;
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') if depth == 0 => return Some(i),
            (None, '}') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A value in a sentence.
#[must_use]
pub fn describe(value: Option<&Value>) -> String {
    match value {
        None => "(not set)".to_owned(),
        Some(Value::Null) => "null".to_owned(),
        Some(Value::Bool(b)) => b.to_string(),
        Some(Value::Number(n)) => n.to_string(),
        Some(Value::String(s)) => s.clone(),
        Some(Value::List(items)) => {
            let items: Vec<_> = items.iter().map(|i| describe(Some(i))).collect();
            format!("[{}]", items.join(", "))
        }
        Some(Value::Map(map)) => {
            let entries: Vec<_> = map
                .iter()
                .map(|(k, v)| format!("{k}: {}", describe(Some(v))))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

pub(super) fn is_unset(value: &Cel) -> bool {
    matches!(value, Cel::Opaque(opaque) if opaque.downcast_ref::<Unset>().is_some())
}

/// A value for an expression. Whole numbers of 64 bits stay whole, all others become doubles.
pub(super) fn to_cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(b) => Cel::Bool(*b),
        Value::Number(n) => {
            let text = n.as_str();
            text.parse().map(Cel::Int).unwrap_or_else(|_| {
                text.parse()
                    .map_or_else(|_| Cel::String(Arc::new(text.to_owned())), Cel::Float)
            })
        }
        Value::String(s) => Cel::String(Arc::new(s.clone())),
        Value::List(items) => Cel::List(Arc::new(items.iter().map(to_cel).collect())),
        Value::Map(map) => {
            let map: HashMap<Key, Cel> = map
                .iter()
                .map(|(k, v)| (Key::String(Arc::new(k.clone())), to_cel(v)))
                .collect();
            Cel::Map(map.into())
        }
    }
}

/// The result of an expression as a value.
///
/// CEL maps have no order, so keys come in the order of `keys` (the expression's own literals), then
/// in alphabetical order.
pub(super) fn from_cel(value: &Cel, keys: &[String]) -> Result<Value, String> {
    Ok(match value {
        Cel::Null => Value::Null,
        Cel::Bool(b) => Value::Bool(*b),
        Cel::Int(i) => Value::Number(Number::from_json_text(i.to_string())),
        Cel::UInt(u) => Value::Number(Number::from_json_text(u.to_string())),
        Cel::Float(f) if f.is_finite() => Value::Number(Number::from_json_text(f.to_string())),
        Cel::String(s) => Value::String(s.as_str().to_owned()),
        Cel::List(items) => Value::List(
            items
                .iter()
                .map(|item| from_cel(item, keys))
                .collect::<Result<_, _>>()?,
        ),
        Cel::Map(map) => {
            let mut entries = map
                .map
                .iter()
                .map(|(k, v)| Ok((k.to_string(), from_cel(v, keys)?)))
                .collect::<Result<Vec<_>, String>>()?;
            let rank = |key: &str| keys.iter().position(|k| k == key).unwrap_or(usize::MAX);
            entries.sort_by(|(a, _), (b, _)| rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)));
            Value::Map(entries.into_iter().collect::<Map>())
        }
        Cel::Opaque(_) => return Err("a part of the result is not set".to_owned()),
        other => {
            return Err(format!(
                "its result is not a value of a values file: {other:?}"
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_step_is_stronger_than_what_was_made_before() {
        let mut scope = Scope::new();
        let made = Made::map([("a", Made::new(|| Value::from("made")))]);
        scope.bind_made("before", made);
        let expression = Expression::new("before.a");
        assert_eq!(scope.eval(&expression).unwrap(), Some(Value::from("made")));
        let mut step = scope.inner();
        step.bind("before", Some(&Value::from("the step's own")));
        let own = step.eval(&Expression::new("before")).unwrap();
        assert_eq!(own, Some(Value::from("the step's own")));
        assert_eq!(scope.eval(&expression).unwrap(), Some(Value::from("made")));
    }

    #[test]
    fn an_expression_says_which_places_it_looks_at() {
        for (source, places) in [
            ("values.a.b == 'x'", "a.b"),
            ("has(values.a) && has(values.a.b)", "a, a.b"),
            ("default(values.a.b, values.c) + other.d", "a.b, c"),
            (
                "default(values.env, []).exists(e, has(e.name) && e.name == values.n)",
                "env, n",
            ),
            ("union([values.a.b + ':' + string(values.c)], [])", "a.b, c"),
            ("{'k': values.a}", "a"),
            ("size(values)", ""),
            ("values['a'].b", ""),
            ("1 + 1", "nothing"),
        ] {
            let found = Expression::new(source).places("values").unwrap();
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            let found = match found.is_empty() {
                true => "nothing".to_owned(),
                false => found.join(", "),
            };
            assert_eq!(found, places, "{source}");
        }
        let text = "{values.a} and {values.b.c}";
        assert_eq!(template_places(text, "values").unwrap().len(), 2);
    }
}
