//! Refusals: what is wrong, where, why that stops refit, and what to do next, in words for somebody who
//! knows their file and not this program.

use crate::{
    outcome::{At, Refusal},
    values::{ReadError, ReadErrorKind, key::KeyError},
    yaml::{ParseError, ParseErrorKind, Position},
};

/// What is wrong with an input, before it is said where.
#[derive(Debug, Clone)]
pub struct Reason {
    what: String,
    why: Option<String>,
    next: Option<String>,
}

impl Reason {
    /// A reason from what is wrong, in lower case and without a full stop.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            why: None,
            next: None,
        }
    }

    /// Adds why that stops refit.
    #[must_use]
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// The refusal of a whole input.
    #[must_use]
    pub fn of(self, name: &str) -> Box<Refusal> {
        Box::new(Refusal {
            name: name.to_owned(),
            at: None,
            excerpt: None,
            what: self.what,
            why: self.why,
            next: self.next,
        })
    }

    /// The refusal of an input because of a place in it, given in bytes from the start of its text.
    #[must_use]
    pub fn at(self, name: &str, text: &str, offset: usize) -> Box<Refusal> {
        let mut refusal = self.of(name);
        let position = Position::of(text, offset);
        refusal.at = Some(At {
            file: name.to_owned(),
            line: position.line,
            column: position.column,
        });
        refusal.excerpt = Some(excerpt(text, position.line, position.column));
        refusal
    }
}

/// The widest excerpt of a line, in characters.
const EXCERPT: usize = 90;

/// A line of a text with a marker below the place in question.
fn excerpt(text: &str, line: usize, column: usize) -> String {
    let content = text.lines().nth(line - 1).unwrap_or_default().trim_end();
    let skip = column.saturating_sub(EXCERPT - 10);
    let shown: String = content
        .chars()
        .skip(skip)
        .take(EXCERPT)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let number = line.to_string();
    let gap = " ".repeat(number.len());
    let marker = " ".repeat((column - 1).saturating_sub(skip));
    format!("{number} | {shown}\n{gap} | {marker}^")
}

/// A text that is not YAML.
#[must_use]
pub fn not_yaml(name: &str, bytes: &[u8], error: &ParseError) -> Box<Refusal> {
    let reason = parse_reason(&error.kind);
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let reason = match error.kind {
                ParseErrorKind::Template => template(),
                _ if line_at(text, error.offset).contains("{{") => template(),
                _ => reason,
            };
            reason.at(name, text, error.offset)
        }
        Err(_) => reason.of(name),
    }
}

fn line_at(text: &str, offset: usize) -> &str {
    text.lines()
        .nth(Position::of(text, offset).line - 1)
        .unwrap_or_default()
}

/// Text for a template engine.
#[must_use]
pub fn template() -> Reason {
    Reason::new("this is template text (`{{ … }}`), not YAML")
        .why("What it will be is known only when the template engine has run; refit cannot move what it cannot read.")
        .next("Run refit on the rendered values, or make the templated part a quoted string.")
}

fn parse_reason(kind: &ParseErrorKind) -> Reason {
    use ParseErrorKind as K;
    let reason = Reason::new(kind.to_string());
    match kind {
        K::NotUtf8 => reason.next("Save the file as UTF-8."),
        K::Utf16 | K::Utf32 => reason
            .why("Helm reads UTF-8 only.")
            .next("Save the file as UTF-8."),
        K::GitCrypt => reason
            .why("Its content cannot be read, and must not be changed, in this form.")
            .next("Run `git-crypt unlock` first."),
        K::TooDeep => reason
            .why("Values that deep are a mistake or an attack.")
            .next("Check that this is a values file."),
        K::TabIndentation => reason
            .why("YAML allows only spaces there.")
            .next("Replace the tab by spaces."),
        K::BadIndentation => reason.next("Indent the line like the keys that it belongs with."),
        K::UnclosedQuote => reason.next("Close the quote."),
        K::UnclosedFlow(_) | K::MismatchedFlow | K::FlowSeparator => {
            reason.next("Check the brackets and commas before this place.")
        }
        K::NestedColon => reason
            .why("A plain value must not have a colon and a space in it.")
            .next("Put the value in quotes, or the second key on a line of its own."),
        K::ExpectedKey => {
            reason.next("Write `key: value`; text of several lines needs quotes or a `|`.")
        }
        K::UnknownAnchor(_) => reason
            .why("An alias stands for an anchor (`&name`) before it in the same file.")
            .next("Define the anchor, or write the value out."),
        K::ReservedCharacter(_) => reason.next("Put the value in quotes."),
        K::ControlCharacter(_) | K::MisplacedBom => reason.next("Remove it."),
        K::LongKey => reason.next("Check that a quote or a line break is not missing."),
        _ => reason.next("Mend the file so that `helm template` accepts it, and run refit again."),
    }
}

/// Something that Helm cannot read.
#[must_use]
pub fn unreadable(error: &ReadError) -> Reason {
    let reason = Reason::new(error.kind.to_string());
    match &error.kind {
        ReadErrorKind::Key(KeyError::Null) => reason
            .why("Helm refuses the file because of it.")
            .next("Give the key a name, or quotes."),
        ReadErrorKind::Key(_) => reason
            .why("Helm refuses the file because of it.")
            .next("Put the key in quotes if it is meant as text."),
        ReadErrorKind::RandomKey(_) => reason.next("Remove one of the keys."),
        ReadErrorKind::AliasCycle(_) | ReadErrorKind::AliasBomb | ReadErrorKind::TooDeep => reason
            .why("Reading it would take all memory; Helm refuses it too.")
            .next("Write the values out."),
        ReadErrorKind::Merge => reason.next("Merge a map: `<<: *name`."),
        _ => reason
            .why("Helm refuses the file because of it.")
            .next("Mend the file so that `helm template` accepts it, and run refit again."),
    }
}

/// A word for a command line, quoted if the shell would not take it as it is.
#[must_use]
pub fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
