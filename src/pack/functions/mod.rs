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

const fn plain(
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

const fn lax(function: Function) -> Function {
    Function {
        lax: true,
        ..function
    }
}

const fn method(
    name: &'static str,
    usage: &'static str,
    takes: RangeInclusive<usize>,
    call: for<'s> fn(&Budget, &[Item<'s>]) -> CallResult<'s>,
) -> Function {
    Function {
        form: Form::Method,
        ..plain(name, usage, takes, call)
    }
}

const fn either(
    name: &'static str,
    usage: &'static str,
    takes: RangeInclusive<usize>,
    call: for<'s> fn(&Budget, &[Item<'s>]) -> CallResult<'s>,
) -> Function {
    Function {
        form: Form::Either,
        ..plain(name, usage, takes, call)
    }
}

/// Every function.
pub(super) static ALL: [Function; 39] = [
    // What is there.
    lax(plain("set", "set(x)", 1..=1, set)),
    lax(plain("default", "default(x, y)", 2..=2, default)),
    lax(plain("kind", "kind(x)", 1..=1, kind)),
    plain("omit", "omit()", 0..=0, omit),
    either("size", "size(x)", 1..=1, size),
    // From one kind to another.
    plain("string", "string(x)", 1..=1, texts::string),
    plain("int", "int(x)", 1..=1, int),
    plain("double", "double(x)", 1..=1, double),
    plain("bool", "bool(x)", 1..=1, bool),
    plain("parse", "parse(s)", 1..=1, structures::parse),
    plain("text", "text(x)", 1..=1, structures::text),
    plain("json", "json(x)", 1..=1, structures::json),
    plain("quote", "quote(x)", 1..=1, texts::quote),
    // Texts.
    plain("release", "release(x)", 1..=1, texts::release),
    plain("base", "base(s)", 1..=1, texts::base),
    plain("dir", "dir(s)", 1..=1, texts::dir),
    method("startsWith", "s.startsWith(t)", 2..=2, texts::starts_with),
    method("endsWith", "s.endsWith(t)", 2..=2, texts::ends_with),
    method("contains", "s.contains(t)", 2..=2, texts::contains),
    either("matches", "s.matches(pattern)", 2..=2, texts::matches),
    method("split", "s.split(t)", 2..=3, texts::split),
    method("join", "list.join(t)", 1..=2, texts::join),
    method("replace", "s.replace(t, u)", 3..=4, texts::replace),
    method("trim", "s.trim()", 1..=1, texts::trim),
    method("lowerAscii", "s.lowerAscii()", 1..=1, texts::lower),
    method("upperAscii", "s.upperAscii()", 1..=1, texts::upper),
    method(
        "substring",
        "s.substring(from, to)",
        2..=3,
        texts::substring,
    ),
    method("charAt", "s.charAt(n)", 2..=2, texts::char_at),
    method("indexOf", "s.indexOf(t)", 2..=3, texts::index_of),
    method(
        "lastIndexOf",
        "s.lastIndexOf(t)",
        2..=3,
        texts::last_index_of,
    ),
    method("reverse", "s.reverse()", 1..=1, texts::reverse),
    // Lists and maps.
    plain("union", "union(a, b)", 0..=MANY, structures::union),
    plain("merge", "merge(a, b)", 1..=MANY, structures::merge),
    plain("minus", "minus(a, b)", 2..=2, structures::minus),
    plain("entries", "entries(map)", 1..=1, structures::entries),
    plain(
        "from_entries",
        "from_entries(list)",
        1..=1,
        structures::from_entries,
    ),
    plain("by", "by(list, 'name')", 2..=2, structures::by),
    plain("items", "items(map, 'name')", 2..=2, structures::items),
    plain("divide", "divide(x, n)", 2..=2, quantity::divide),
];

const MANY: usize = 64;

/// Never met: the number of arguments is checked when an expression is read.
fn wrong_count() -> ExpressionFailure {
    ExpressionFailure::Says("it has another number of arguments than it takes".to_owned())
}

fn wants(argument: usize, wants: &'static str) -> ExpressionFailure {
    ExpressionFailure::Wants { argument, wants }
}

fn says(text: &str) -> ExpressionFailure {
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
            budget.work(text.len() / 64)?;
            text.chars().count()
        }
        Item::List(list) => list.len(),
        Item::Map(map) => map.len(),
        _ => return Err(wants(0, "a text, a list or a map")),
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
            .map_err(|_| says("the text is no whole number"));
    }
    match item.figure() {
        Some(Figure::Int(i)) => Ok(Item::Int(i)),
        // The bounds of 64 bits are powers of two, so they are floats themselves.
        Some(Figure::Float(f))
            if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&f) =>
        {
            #[allow(clippy::cast_possible_truncation)]
            Ok(Item::Int(f as i64))
        }
        Some(_) => Err(says("the number is too large")),
        None => Err(wants(0, "a number or a text")),
    }
}

fn double<'s>(_: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let item = first_argument(args)?;
    if let Item::Text(text) = item {
        let number = text.parse().ok().filter(|f: &f64| f.is_finite());
        return number
            .map(Item::Float)
            .ok_or_else(|| says("the text is no number"));
    }
    match item.figure() {
        #[allow(clippy::cast_precision_loss)]
        Some(Figure::Int(i)) => Ok(Item::Float(i as f64)),
        Some(Figure::Float(f)) => Ok(Item::Float(f)),
        None => Err(wants(0, "a number or a text")),
    }
}

fn bool<'s>(_: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    match first_argument(args)? {
        Item::Bool(b) => Ok(Item::Bool(*b)),
        // The words that `bool` of CEL takes: those of `strconv.ParseBool` in Go.
        Item::Text(text) => match &**text {
            "1" | "t" | "T" | "true" | "True" | "TRUE" => Ok(Item::Bool(true)),
            "0" | "f" | "F" | "false" | "False" | "FALSE" => Ok(Item::Bool(false)),
            _ => Err(says("the text is neither true nor false")),
        },
        _ => Err(wants(0, "a boolean or a text")),
    }
}
