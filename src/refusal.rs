//! Refusals: what is wrong, where, why that stops refit, and what to do next, in words for somebody who
//! knows their file and not this program.

mod load;
pub mod release;
pub mod request;

pub use load::load;
pub use release::ReleaseError;

use semver::Version;

use crate::{
    jobs::Fault,
    outcome::{FilePosition, Hidden, Missing, Refusal, Unnamed},
    secrets,
    values::{ReadError, ReadErrorKind, key::KeyError},
    yaml::{MAX_DEPTH, ParseError, ParseErrorKind, Position, excerpt, line_of},
};

/// The error in an input, without its place.
#[derive(Debug, Clone)]
pub struct Reason {
    what: String,
    why: Option<String>,
    next: Option<String>,
    missing: Option<Box<Missing>>,
}

impl Reason {
    /// A reason from what is wrong, in lower case and without a full stop.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            why: None,
            next: None,
            missing: None,
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

    /// Adds the reason and the next step where a version is older than all that are known of its chart.
    fn older_than_known(self, chart: &str, first: &Version) -> Self {
        self.why(format!(
            "refit knows {chart} from {first} on, and not what changed before."
        ))
        .next(format!(
            "Draft what changed from the two charts: --old-chart CHART --new-chart CHART. Or bring the values to {first} as the chart's own notes say, then go on with --from {first}."
        ))
    }

    /// Adds that one of these charts has to be named.
    #[must_use]
    pub fn missing_chart(mut self, candidates: &[String]) -> Self {
        self.missing = Some(Box::new(Missing {
            release: String::new(),
            what: Unnamed::Chart,
            chart: None,
            candidates: candidates.to_vec(),
        }));
        self
    }

    /// Adds that one of these versions of a chart has to be named; oldest first.
    #[must_use]
    pub fn missing_version(mut self, chart: &str, candidates: Vec<String>) -> Self {
        self.missing = Some(Box::new(Missing {
            release: String::new(),
            what: Unnamed::Version,
            chart: Some(chart.to_owned()),
            candidates,
        }));
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
            missing: self.missing.map(|missing| Missing {
                release: name.to_owned(),
                ..*missing
            }),
            hidden: None,
        })
    }

    /// The refusal of an input because of a place in it, given in bytes from the start of its text.
    #[must_use]
    pub fn at(self, name: &str, text: &str, offset: usize) -> Box<Refusal> {
        let mut refusal = self.of(name);
        let position = Position::of(text, offset);
        refusal.at = Some(FilePosition {
            file: name.to_owned(),
            line: position.line,
            column: position.column,
        });
        refusal.excerpt = Some(excerpt(text, position.line, position.column));
        refusal.hidden = hidden(text, &position);
        refusal
    }
}

/// The excerpt of a line without the secrets in it. The text may be no YAML, so it is judged line by line.
fn hidden(text: &str, at: &Position) -> Option<Box<Hidden>> {
    let line = line_of(text, at.line);
    // The line is a part of the text, so that its address tells where it stands.
    let start = line.as_ptr().addr() - text.as_ptr().addr();
    let end = start + line.len();
    let found = secrets::in_raw(text).into_iter();
    let inside = found.filter(|range| range.start < end && range.end > start);
    let inside: Vec<_> = inside
        .map(|range| range.start.max(start) - start..range.end.min(end) - start)
        .collect();
    if inside.is_empty() {
        return None;
    }
    let (mut shown, mut column) = (line.to_owned(), at.column);
    // From behind, so that nothing moves that is still to be replaced. The marker stays below its character, or
    // below the beginning of the mask that this has gone into.
    for range in inside.iter().rev() {
        shown.replace_range(range.clone(), secrets::MASK);
        let before = line[..range.start].chars().count();
        let (was, is) = (
            line[range.clone()].chars().count(),
            secrets::MASK.chars().count(),
        );
        if column > before + was {
            column = column + is - was;
        } else if column > before + is {
            column = before + 1;
        }
    }
    let marked = excerpt(&shown, 1, column);
    // The excerpt of a text of one line, under the number that the line has.
    let number = at.line.to_string();
    let gap = " ".repeat(number.len());
    let excerpt = marked
        .split_once('\n')
        .map(|(line, marker)| format!("{number}{}\n{gap}{}", &line[1..], &marker[1..]));
    Some(Box::new(Hidden {
        excerpt: excerpt.unwrap_or_default(),
        secrets: inside
            .into_iter()
            .map(|range| {
                // A sentence repeats the value, and not how it is written.
                let secret = &line[range];
                let secret = match secret.starts_with('!') {
                    true => secret.split_once(' ').map_or(secret, |(_, value)| value),
                    false => secret,
                };
                secret.trim_matches(['"', '\'', '|', '>', ' ']).to_owned()
            })
            .filter(|secret| !secret.is_empty())
            .collect(),
    }))
}

/// A fault of refit, as a refusal of what it happened with.
#[must_use]
pub fn own_fault(fault: &Fault, name: &str) -> Box<Refusal> {
    Reason::new(format!("a fault of refit: {fault}"))
        .why("This should never happen, whatever the files hold. Nothing of it was changed.")
        .next("Please report it with the file, or a part of it with which it happens. The others were worked out.")
        .of(name)
}

/// A text that is not YAML.
#[must_use]
pub fn not_yaml(name: &str, bytes: &[u8], error: &ParseError) -> Box<Refusal> {
    use ParseErrorKind as K;
    let reason = parse_reason(&error.kind);
    // What is before the first byte that is not UTF-8 is as it is in the file, and so is its place.
    let text = String::from_utf8_lossy(bytes);
    let mut offset = error.offset.min(text.len());
    // Whatever the reader stumbled over in such a file, the markers are what has to go.
    if let Some(start) = conflict(&text) {
        return conflict_reason().at(name, &text, start);
    }
    let line = line_of(&text, Position::of(&text, offset).line);
    let reason = match error.kind {
        K::Utf16 | K::Utf32 | K::GitCrypt => return reason.of(name),
        K::NotUtf8 if bytes.contains(&0) => {
            return Reason::new("this is not a text file")
                .why("It holds bytes that no text has.")
                .next("Name the values file.")
                .of(name);
        }
        K::NotUtf8 => match bytes.get(error.offset) {
            Some(byte) => Reason::new(format!("the text is not UTF-8 (byte 0x{byte:02X})"))
                .why("Helm reads UTF-8 only.")
                .next("Save the file as UTF-8."),
            None => reason,
        },
        K::Template => template(),
        _ if line.contains("{{") || line.contains("{%") => template(),
        K::BadIndentation => {
            // The line is at fault, not the place in it where a reader noticed.
            let start = text[..offset].rfind(['\n', '\r']).map_or(0, |i| i + 1);
            let blank = |c: char| c == ' ' || c == '\t';
            offset = start + text[start..].len() - text[start..].trim_start_matches(blank).len();
            reason
        }
        _ => reason,
    };
    reason.at(name, &text, offset)
}

/// The offset of the first marker of an unfinished merge.
fn conflict(text: &str) -> Option<usize> {
    let marker = |sign: &str| {
        let at_start = text.starts_with(sign).then_some(0);
        at_start.or_else(|| text.find(&format!("\n{sign}")).map(|i| i + 1))
    };
    let start = marker("<<<<<<< ")?;
    marker(">>>>>>> ").filter(|end| *end > start).map(|_| start)
}

fn conflict_reason() -> Reason {
    Reason::new("an unfinished merge has left its markers here")
        .why("Which side is meant is not for refit to say.")
        .next("Finish the merge (`git status` lists the files), and run refit again.")
}

/// Text for a template engine.
#[must_use]
fn template() -> Reason {
    Reason::new("this is text for a template engine (`{{ … }}`, `{% … %}`), not YAML")
        .why("What it will be is known only when the template engine has run; refit cannot move what it cannot read.")
        .next("Run refit on the rendered values, or make the templated part a quoted string.")
}

fn parse_reason(kind: &ParseErrorKind) -> Reason {
    use ParseErrorKind as K;
    let reason = Reason::new(kind.to_string());
    match kind {
        K::NotUtf8 => reason.next("Save the file as UTF-8."),
        K::Utf32 => reason
            .why("Helm reads UTF-8 only.")
            .next("Save the file as UTF-8."),
        K::Utf16 => reason
            .why("Helm reads UTF-8 only. Windows PowerShell writes UTF-16 where `>` is used.")
            .next("Save the file as UTF-8; in PowerShell: … | Out-File -Encoding utf8 FILE."),
        K::GitCrypt => reason
            .why("Its content cannot be read, and must not be changed, in this form.")
            .next("Run `git-crypt unlock` first."),
        K::TooDeep => Reason::new(format!(
            "lists and maps nested deeper than {MAX_DEPTH} levels"
        ))
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
            .why("A colon and a space end a key, and one line has room for one key.")
            .next("Put the value in quotes, or the second key on a line of its own."),
        K::ExpectedKey => {
            reason.next("Write `key: value`; text of several lines needs quotes or a `|`.")
        }
        K::UnknownAnchor(_) => reason
            .why("An alias stands for an anchor (`&name`) before it in the same file.")
            .next("Define the anchor, or write the value out."),
        K::ReservedCharacter(_) => reason.next("Put the value in quotes."),
        K::ControlCharacter(_) => reason
            .why("YAML allows no control characters but tabs and line breaks.")
            .next("Remove it, or write it as an escape in double quotes."),
        K::MisplacedBom => reason
            .why(
                "It belongs at the very start of a file; files that were joined have it elsewhere.",
            )
            .next("Remove it; it stands before the first visible character of that line."),
        K::BadEscape => reason
            .why("In double quotes `\\` begins an escape, such as `\\n`.")
            .next("Write `\\\\` for a backslash, or use single quotes."),
        K::TextAfterQuote => reason.next(
            "Put the whole value in quotes; a quote in it is doubled ('') or escaped (\\\").",
        ),
        K::LongKey => reason.next("Check that a quote or a line break is not missing."),
        _ => reason.next("Mend the file so that `helm template` accepts it, and run refit again."),
    }
}

/// Something that Helm cannot read.
#[must_use]
pub fn unreadable_value(error: &ReadError) -> Reason {
    let reason = Reason::new(error.kind.to_string());
    match &error.kind {
        ReadErrorKind::Key(KeyError::Null) => reason
            .why("Helm refuses the file because of it.")
            .next("Give the key a name, or quotes."),
        ReadErrorKind::Key(_) => reason
            .why("Helm refuses the file because of it.")
            .next("Put the key in quotes if it is meant as text."),
        ReadErrorKind::RandomKey(_) => reason.next("Remove one of the keys."),
        ReadErrorKind::AliasCycle(_) => reason
            .why("Such a value would never end; Helm refuses it too.")
            .next("Write out what is meant instead of the alias."),
        ReadErrorKind::AliasBomb | ReadErrorKind::TooDeep => reason
            .why("Reading it would take all memory; Helm refuses it too.")
            .next("Write the values out."),
        ReadErrorKind::Merge => reason.next("Merge a map: `<<: *name`."),
        ReadErrorKind::Scalar(_) => reason
            .why("Helm refuses the file because of it.")
            .next("Correct the value, or remove its tag (`!!…`)."),
        ReadErrorKind::Directive => reason.next("Remove this line: values need none."),
        ReadErrorKind::TabInBlockScalar => reason.next("Replace the tab by spaces."),
        ReadErrorKind::TagBeforePunctuation => reason.next("Put a space behind the tag."),
        ReadErrorKind::RootNotMap(_) | ReadErrorKind::OtherReader(_) => reason
            .why("Helm refuses the file because of it.")
            .next("Mend the file so that `helm template` accepts it, and run refit again."),
    }
}
