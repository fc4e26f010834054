//! Texts with expressions in braces, and values in sentences.
//!
//! `{c}` in a text is an expression, `{{` is a brace. A text is taken apart here and nowhere else: who fills it,
//! checks it or shows it unfilled walks the same parts.

use super::{ExprError, Expression, Scope};
use crate::values::{Path, Value};

impl Scope<'_> {
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
                    self.push_sentence(&Expression::cached(source), &mut filled)?;
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
            places.extend(Expression::cached(source).places_below(name)?);
        }
    }
    Ok(places)
}

/// A text as it reads before it is filled: each expression in braces replaced by what `name` calls it. A text
/// that cannot be taken apart stays as it is.
#[must_use]
pub fn with_names(text: &str, name: impl Fn(&str) -> String) -> String {
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
pub(in crate::pack) enum TemplatePart<'t> {
    Text(&'t str),
    Expression(&'t str),
}

/// Takes a text apart at its braces. Braces inside quotes of an expression do not end it.
pub(in crate::pack) fn template_parts(text: &str) -> Result<Vec<TemplatePart<'_>>, ExprError> {
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
pub fn describe_value(value: Option<&Value>) -> String {
    match value {
        None => "(not set)".to_owned(),
        Some(Value::Null) => "null".to_owned(),
        Some(Value::Bool(b)) => b.to_string(),
        Some(Value::Number(n)) => n.to_string(),
        Some(Value::String(s)) => s.clone(),
        Some(Value::List(items)) => {
            let items: Vec<_> = items.iter().map(|i| describe_value(Some(i))).collect();
            format!("[{}]", items.join(", "))
        }
        Some(Value::Map(map)) => {
            let entries: Vec<_> = map
                .iter()
                .map(|(k, v)| format!("{k}: {}", describe_value(Some(v))))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}
