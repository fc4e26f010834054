//! Whether two guards can hold at once, as far as their texts show it.
//!
//! Two steps may write one place if only one of them can run: `set(a)` and `!set(a)`, `k == 'x'` and
//! `k == 'y'`, targets that have no version in common. What cannot be told from the texts can hold at once.

use crate::pack::{Expression, Row, Step, Take, Template, VersionRange};

use super::PlacedRow;

/// The conditions of a write, with the paths in place of the names, and its targets.
#[derive(Debug, Default, Clone)]
pub(super) struct Guard {
    all: Vec<String>,
    targets: Vec<VersionRange>,
}

impl Guard {
    /// The guard of what a step takes: of the row that takes it, or of the step alone.
    pub fn of_take(step: &Step, take: &Take) -> Self {
        let own = match (take.of, step.rows.as_slice()) {
            (Some((number, option)), _) => Some((number, option)),
            (None, [_]) => Some((0, None)),
            (None, _) => None,
        };
        let Some((number, option)) = own else {
            let mut guard = Self::default();
            guard.add_condition(step, step.condition.as_ref());
            return guard;
        };
        let row = &step.rows[number];
        let question = row.question.as_ref();
        let option = option
            .zip(question)
            .map(|(at, question)| &question.options[at].row);
        Self::of(step, number, std::iter::once(row).chain(option))
    }

    /// The guard of what a row writes: that no row above it is the one, too.
    pub fn of_row(step: &Step, placed: &PlacedRow<'_>) -> Self {
        let rows = placed.outer.into_iter().chain([placed.row]);
        Self::of(step, placed.number, rows)
    }

    fn of<'r>(step: &Step, number: usize, rows: impl Iterator<Item = &'r Row>) -> Self {
        let mut guard = Self::default();
        guard.add_condition(step, step.condition.as_ref());
        for row in step.rows.iter().take(number) {
            // A row for certain targets is passed over for others though its condition may hold.
            if let (Some(condition), None) = (&row.condition, &row.target) {
                let mut above = Self::default();
                above.add_condition(step, Some(condition));
                // If one of several conditions failed nobody can say which.
                if let [one] = above.all.as_slice() {
                    guard.all.push(negated(one));
                }
            }
        }
        for row in rows {
            guard.add_condition(step, row.condition.as_ref());
            guard.targets.extend(row.target.clone());
        }
        guard
    }

    fn add_condition(&mut self, step: &Step, condition: Option<&Expression>) {
        let Some(condition) = condition else { return };
        let text = normalised_condition(step, condition.source(), 0);
        self.all
            .extend(conjuncts(&text).into_iter().map(without_parentheses));
    }

    /// True if the two cannot hold at once.
    pub fn excludes(&self, other: &Self) -> bool {
        let targets = |a: &VersionRange| other.targets.iter().any(|b| a.and(b).is_empty());
        let conditions = |a: &String| other.all.iter().any(|b| contradict(a, b));
        self.targets.iter().any(targets) || self.all.iter().any(conditions)
    }
}

/// A condition without white space, with `<path>` in place of each name and in parentheses what a `let`
/// stands for.
fn normalised_condition(step: &Step, source: &str, depth: usize) -> String {
    let mut out = String::new();
    let mut rest = source.trim().trim_start_matches('=');
    while let Some(c) = rest.chars().next() {
        if c == '\'' || c == '"' {
            let end = rest[1..].find(c).map_or(rest.len(), |at| at + 2);
            // Texts are the same in either kind of quotes.
            out.push_str(&rest[..end].replace('"', "'"));
            rest = &rest[end..];
        } else if c.is_alphabetic() || c == '_' {
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            // A member or a function may be spelled as a name of the step, and is none.
            let member = out.ends_with('.');
            let called = behind.trim_start().starts_with('(');
            out.push_str(&match (member || called, spelled_out(step, word, depth)) {
                (false, Some(meaning)) => meaning,
                _ => word.to_owned(),
            });
            rest = behind;
        } else {
            if !c.is_whitespace() {
                out.push(c);
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

fn spelled_out(step: &Step, name: &str, depth: usize) -> Option<String> {
    let mut takes = step.takes.iter();
    let taken = takes.find(|take| take.name.as_deref() == Some(name));
    let taken = taken.map(|take| &take.path);
    let mut reads = step.reads.iter();
    let read = || reads.find(|(own, _)| own == name).map(|(_, path)| path);
    if let Some(path) = taken.or_else(read) {
        return Some(format!("<{path}>"));
    }
    let (_, made) = step.lets.iter().find(|(own, _)| own == name)?;
    match made {
        // Each `let` in a `let` makes the text longer; what is not followed is only not told apart.
        Template::Expression(made) if depth < 4 => Some(format!(
            "({})",
            normalised_condition(step, made.source(), depth + 1)
        )),
        _ => None,
    }
}

/// The parts of a condition that must all hold.
fn conjuncts(text: &str) -> Vec<&str> {
    let text = strip_parentheses(text);
    // None of several alternatives has to hold.
    if !operator_places(text, "||").is_empty() {
        return vec![text];
    }
    let at = operator_places(text, "&&");
    let mut parts = Vec::new();
    let mut start = 0;
    for end in at {
        parts.push(&text[start..end]);
        start = end + 2;
    }
    parts.push(&text[start..]);
    match parts.as_slice() {
        [one] => vec![*one],
        several => several.iter().flat_map(|part| conjuncts(part)).collect(),
    }
}

/// The signs of a text that stand outside of parentheses and quotes, with where they stand.
fn outside_parentheses(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut depth = 0_i32;
    let mut quoted = false;
    text.char_indices().filter(move |(_, c)| {
        match c {
            '\'' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => return depth == 0,
        }
        false
    })
}

/// The places of an operator outside of parentheses and quotes.
fn operator_places(text: &str, operator: &str) -> Vec<usize> {
    let found = outside_parentheses(text).filter(|(at, _)| text[*at..].starts_with(operator));
    found.map(|(at, _)| at).collect()
}

/// Without parentheses around the whole.
fn strip_parentheses(text: &str) -> &str {
    let mut text = text;
    while let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        // `(a)&&(b)` has no parentheses around the whole.
        let mut depth = 0_i32;
        let closes = inner.chars().any(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth < 0
        });
        if closes {
            break;
        }
        text = inner;
    }
    text
}

fn without_parentheses(text: &str) -> String {
    strip_parentheses(text).to_owned()
}

fn negated(text: &str) -> String {
    match text.strip_prefix('!') {
        // `!` binds tighter than a comparison: `!a == b` is not the negation of `a == b`.
        Some(rest) if comparison(rest).is_none() => without_parentheses(rest),
        _ => match comparison(text) {
            Some((left, sign, right)) => format!("{left}{}{right}", negated_sign(sign)),
            None => format!("!{text}"),
        },
    }
}

// Longer signs stand before those that they begin with.
const SIGNS: [(&str, &str); 6] = [
    ("==", "!="),
    ("!=", "=="),
    ("<=", ">"),
    (">=", "<"),
    ("<", ">="),
    (">", "<="),
];

fn negated_sign(sign: &str) -> &'static str {
    let found = SIGNS.iter().find(|(own, _)| *own == sign);
    found.map_or("", |(_, opposite)| opposite)
}

/// A comparison outside of parentheses; the signs around a path are none.
fn comparison(text: &str) -> Option<(&str, &'static str, &str)> {
    if !operator_places(text, "||").is_empty()
        || !operator_places(text, "&&").is_empty()
        || !operator_places(text, "?").is_empty()
    {
        return None;
    }
    // A path in its signs could be taken for a comparison.
    let mut inside = false;
    for (at, c) in outside_parentheses(text) {
        match c {
            '<' if text[at..].contains('>') && !text[at + 1..].starts_with(['=', ' ']) => {
                inside = true;
            }
            '>' if inside => inside = false,
            _ if inside => {}
            _ => {
                let sign = SIGNS.iter().find(|(sign, _)| text[at..].starts_with(sign));
                if let Some((sign, _)) = sign {
                    return Some((&text[..at], sign, &text[at + sign.len()..]));
                }
            }
        }
    }
    None
}

fn is_literal(text: &str) -> bool {
    let quoted = text.len() >= 2 && text.starts_with('\'') && text.ends_with('\'');
    quoted || ["true", "false", "null"].contains(&text) || text.parse::<f64>().is_ok()
}

fn contradict(a: &str, b: &str) -> bool {
    if negated(a) == b || negated(b) == a {
        return true;
    }
    match (comparison(a), comparison(b)) {
        // Of anything but literals nobody knows whether they are the same.
        (Some((left, "==", x)), Some((other, "==", y))) => {
            left == other && x != y && is_literal(x) && is_literal(y)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_texts_show_to_exclude_each_other_does() {
        for (a, b, apart) in [
            ("set(<a>)", "!set(<a>)", true),
            ("set(<a>)", "!set(<b>)", false),
            ("<a>=='x'", "<a>=='y'", true),
            ("<a>=='x'", "<a>!='x'", true),
            ("<a>=='x'", "<a>!='y'", false),
            ("kind(<a>)=='map'", "kind(<a>)=='text'", true),
            ("<a>==<b>", "<a>==<c>", false),
            ("size(<a>)>2", "size(<a>)<=2", true),
            ("(set(<a>)&&<b>==1)", "<b>==2&&set(<c>)", true),
            ("set(<a>)||<b>==1", "<b>==2", false),
            ("!(set(<a>)||set(<b>))", "set(<a>)||set(<b>)", true),
        ] {
            let guard = |text: &str| Guard {
                all: conjuncts(text)
                    .into_iter()
                    .map(without_parentheses)
                    .collect(),
                targets: Vec::new(),
            };
            assert_eq!(guard(a).excludes(&guard(b)), apart, "{a} and {b}");
            assert_eq!(guard(b).excludes(&guard(a)), apart, "{b} and {a}");
        }
    }
}
