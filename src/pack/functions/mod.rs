//! The functions that expressions have: CEL's own that values need, and those of packs. Each is total over what
//! `docs/packs.md` says it takes and gives a reason for everything else; none looks at anything but its
//! arguments, and none puts a value into its reason. What is made is paid for before it is made.

mod quantity;
mod structures;
mod texts;

use std::ops::RangeInclusive;

use super::expr::{Budget, ExpressionFailure, Figure, Item};

/// The arguments of a function; a method's first is the value it is called on.
type Arguments<'a, 's> = &'a [Item<'s>];
type CallResult<'s> = Result<Item<'s>, ExpressionFailure>;

/// The form in which a function is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `f(x, y)`.
    Plain,
    /// `x.f(y)`.
    Method,
    /// Both.
    Either,
}

impl Form {
    /// True if a function of this form may be written in that one.
    pub(super) fn allows(self, written: Self) -> bool {
        self == Self::Either || self == written
    }
}

/// A function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    /// An example of how it is written.
    pub(super) usage: &'static str,
    pub(super) form: Form,
    /// The number of arguments, with the value it is called on.
    pub(super) takes: RangeInclusive<usize>,
    /// True if its first argument may be a place of which a part is missing.
    pub(super) lax: bool,
    pub(super) call: for<'s> fn(&Budget, &[Item<'s>]) -> CallResult<'s>,
}

const fn plain_function(
    name: &'static str,
    usage: &'static str,
    takes: RangeInclusive<usize>,
    call: for<'s> fn(&Budget, &[Item<'s>]) -> CallResult<'s>,
) -> Function {
    Function {
        name,
        usage,
        form: Form::Plain,
        takes,
        lax: false,
        call,
    }
}

const fn lax_function(function: Function) -> Function {
    Function {
        lax: true,
        ..function
    }
}

const fn method_function(
    name: &'static str,
    usage: &'static str,
    takes: RangeInclusive<usize>,
    call: for<'s> fn(&Budget, &[Item<'s>]) -> CallResult<'s>,
) -> Function {
    Function {
        form: Form::Method,
        ..plain_function(name, usage, takes, call)
    }
}

const fn either_function(
    name: &'static str,
    usage: &'static str,
    takes: RangeInclusive<usize>,
    call: for<'s> fn(&Budget, &[Item<'s>]) -> CallResult<'s>,
) -> Function {
    Function {
        form: Form::Either,
        ..plain_function(name, usage, takes, call)
    }
}

/// Every function.
pub(super) static ALL: [Function; 39] = [
    // What is there.
    lax_function(plain_function("set", "set(x)", 1..=1, set)),
    lax_function(plain_function("default", "default(x, y)", 2..=2, default)),
    lax_function(plain_function("kind", "kind(x)", 1..=1, kind)),
    plain_function("omit", "omit()", 0..=0, omit),
    either_function("size", "size(x)", 1..=1, size),
    // From one kind to another.
    plain_function("string", "string(x)", 1..=1, texts::string),
    plain_function("int", "int(x)", 1..=1, int),
    plain_function("double", "double(x)", 1..=1, double),
    plain_function("bool", "bool(x)", 1..=1, bool),
    plain_function("parse", "parse(s)", 1..=1, structures::parse),
    plain_function("text", "text(x)", 1..=1, structures::text),
    plain_function("json", "json(x)", 1..=1, structures::json),
    plain_function("quote", "quote(x)", 1..=1, texts::quote),
    // Texts.
    plain_function("release", "release(x)", 1..=1, texts::release),
    plain_function("base", "base(s)", 1..=1, texts::base),
    plain_function("dir", "dir(s)", 1..=1, texts::dir),
    method_function("startsWith", "s.startsWith(t)", 2..=2, texts::starts_with),
    method_function("endsWith", "s.endsWith(t)", 2..=2, texts::ends_with),
    method_function("contains", "s.contains(t)", 2..=2, texts::contains),
    either_function("matches", "s.matches(pattern)", 2..=2, texts::matches),
    method_function("split", "s.split(t)", 2..=3, texts::split),
    method_function("join", "list.join(t)", 1..=2, texts::join),
    method_function("replace", "s.replace(t, u)", 3..=4, texts::replace),
    method_function("trim", "s.trim()", 1..=1, texts::trim),
    method_function("lowerAscii", "s.lowerAscii()", 1..=1, texts::lower),
    method_function("upperAscii", "s.upperAscii()", 1..=1, texts::upper),
    method_function(
        "substring",
        "s.substring(from, to)",
        2..=3,
        texts::substring,
    ),
    method_function("charAt", "s.charAt(n)", 2..=2, texts::char_at),
    method_function("indexOf", "s.indexOf(t)", 2..=3, texts::index_of),
    method_function(
        "lastIndexOf",
        "s.lastIndexOf(t)",
        2..=3,
        texts::last_index_of,
    ),
    method_function("reverse", "s.reverse()", 1..=1, texts::reverse),
    // Lists and maps.
    plain_function("union", "union(a, b)", 0..=MANY, structures::union),
    plain_function("merge", "merge(a, b)", 1..=MANY, structures::merge),
    plain_function("minus", "minus(a, b)", 2..=2, structures::minus),
    plain_function("entries", "entries(map)", 1..=1, structures::entries),
    plain_function(
        "from_entries",
        "from_entries(list)",
        1..=1,
        structures::from_entries,
    ),
    plain_function("by", "by(list, 'name')", 2..=2, structures::by),
    plain_function("items", "items(map, 'name')", 2..=2, structures::items),
    plain_function("divide", "divide(x, n)", 2..=2, quantity::divide),
];

const MANY: usize = 64;

/// Never met: the number of arguments is checked when an expression is read.
fn wrong_count() -> ExpressionFailure {
    ExpressionFailure::Says("it has another number of arguments than it takes".to_owned())
}

fn wrong_argument(argument: usize, wants: &'static str) -> ExpressionFailure {
    ExpressionFailure::Wants { argument, wants }
}

fn failure_saying(text: &str) -> ExpressionFailure {
    ExpressionFailure::Says(text.to_owned())
}

fn first_argument<'a, 's>(args: Arguments<'a, 's>) -> Result<&'a Item<'s>, ExpressionFailure> {
    args.first().ok_or_else(wrong_count)
}

fn set<'s>(_: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    Ok(Item::Bool(!first_argument(args)?.is_unset()))
}

fn default<'s>(_: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let [value, fallback] = args else {
        return Err(wrong_count());
    };
    let chosen = if value.is_nothing() { fallback } else { value };
    Ok(chosen.clone())
}

/// The kind of a value, so that a guard can be total.
fn kind<'s>(_: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    Ok(Item::constant_text(match first_argument(args)? {
        Item::Unset | Item::Omitted => "unset",
        Item::Null => "null",
        Item::Bool(_) => "bool",
        Item::Int(_) | Item::Float(_) | Item::Number(_) => "number",
        Item::Text(_) => "text",
        Item::List(_) => "list",
        Item::Map(_) => "map",
    }))
}

fn omit<'s>(_: &Budget, _: Arguments<'_, 's>) -> CallResult<'s> {
    Ok(Item::Omitted)
}

/// The number of characters, items or entries.
fn size<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let size = match first_argument(args)? {
        Item::Text(text) => {
            budget.spend_work(text.len() / 64)?;
            text.chars().count()
        }
        Item::List(list) => list.len(),
        Item::Map(map) => map.len(),
        _ => return Err(wrong_argument(0, "a text, a list or a map")),
    };
    Ok(Item::Int(i64::try_from(size).unwrap_or(i64::MAX)))
}

/// A whole number; what stands behind the point is cut off.
fn int<'s>(_: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let item = first_argument(args)?;
    if let Item::Text(text) = item {
        let number = text.parse();
        return number
            .map(Item::Int)
            .map_err(|_| failure_saying("the text is no whole number"));
    }
    match item.as_figure() {
        Some(Figure::Int(i)) => Ok(Item::Int(i)),
        // The bounds of 64 bits are powers of two, so they are floats themselves.
        Some(Figure::Float(f))
            if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&f) =>
        {
            #[allow(clippy::cast_possible_truncation)]
            Ok(Item::Int(f as i64))
        }
        Some(_) => Err(failure_saying("the number is too large")),
        None => Err(wrong_argument(0, "a number or a text")),
    }
}

fn double<'s>(_: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let item = first_argument(args)?;
    if let Item::Text(text) = item {
        let number = text.parse().ok().filter(|f: &f64| f.is_finite());
        return number
            .map(Item::Float)
            .ok_or_else(|| failure_saying("the text is no number"));
    }
    match item.as_figure() {
        #[allow(clippy::cast_precision_loss)]
        Some(Figure::Int(i)) => Ok(Item::Float(i as f64)),
        Some(Figure::Float(f)) => Ok(Item::Float(f)),
        None => Err(wrong_argument(0, "a number or a text")),
    }
}

fn bool<'s>(_: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    match first_argument(args)? {
        Item::Bool(b) => Ok(Item::Bool(*b)),
        // The words that `bool` of CEL takes: those of `strconv.ParseBool` in Go.
        Item::Text(text) => match &**text {
            "1" | "t" | "T" | "true" | "True" | "TRUE" => Ok(Item::Bool(true)),
            "0" | "f" | "F" | "false" | "False" | "FALSE" => Ok(Item::Bool(false)),
            _ => Err(failure_saying("the text is neither true nor false")),
        },
        _ => Err(wrong_argument(0, "a boolean or a text")),
    }
}
