//! The text of a path: read, and written so that it is read as the same path again.

use std::{fmt, str::FromStr};

use super::{MAX_INDEX, Path, PathError, PathErrorKind, Pattern, Segment};

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.0.iter().enumerate() {
            let dot = if i == 0 { "" } else { "." };
            match segment {
                Segment::Key(key) if key.is_empty() => f.write_str("[\"\"]")?,
                Segment::Key(key) => {
                    f.write_str(dot)?;
                    escape(f, key, KEY)?;
                }
                Segment::KeyPattern(pattern) => {
                    f.write_str(dot)?;
                    stars(f, pattern, KEY)?;
                }
                Segment::AnyDepth => write!(f, "{dot}**")?,
                Segment::AnyKey => write!(f, "{dot}*")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::AnyItem => f.write_str("[*]")?,
                Segment::Select { key, value } => {
                    f.write_str("[")?;
                    escape(f, key, &['\\', '=', ']'])?;
                    f.write_str("=")?;
                    escape(f, value, VALUE)?;
                    f.write_str("]")?;
                }
                Segment::SelectPattern { key, value } => {
                    f.write_str("[")?;
                    escape(f, key, &['\\', '=', ']'])?;
                    f.write_str("=")?;
                    stars(f, value, VALUE)?;
                    f.write_str("]")?;
                }
            }
        }
        Ok(())
    }
}

/// The characters that are escaped in a key.
const KEY: &[char] = &['\\', '.', '[', '=', ',', '*'];

/// The characters that are escaped in the value of a selection.
const VALUE: &[char] = &['\\', ']', '*'];

/// A pattern with its stars.
fn stars(f: &mut fmt::Formatter<'_>, pattern: &Pattern, special: &[char]) -> fmt::Result {
    for (i, piece) in pattern.pieces().iter().enumerate() {
        if i > 0 {
            f.write_str("*")?;
        }
        escape(f, piece, special)?;
    }
    Ok(())
}

fn escape(f: &mut fmt::Formatter<'_>, text: &str, special: &[char]) -> fmt::Result {
    let mut written = 0;
    for (at, _) in text.match_indices(special) {
        f.write_str(&text[written..at])?;
        f.write_str("\\")?;
        written = at;
    }
    f.write_str(&text[written..])
}

impl serde::Serialize for Path {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for Path {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Path".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<String>()
    }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        PathParser { text, at: 0 }.path()
    }
}

struct PathParser<'t> {
    text: &'t str,
    at: usize,
}

impl PathParser<'_> {
    fn path(mut self) -> Result<Path, PathError> {
        if self.text.is_empty() {
            return Err(self.error(PathErrorKind::Empty));
        }
        let mut segments = Vec::new();
        if self.peek() != Some('[') {
            segments.push(self.key(&segments)?);
        }
        while let Some(c) = self.peek() {
            match c {
                '.' => {
                    self.at += 1;
                    segments.push(self.key(&segments)?);
                }
                '[' => segments.push(self.brackets()?),
                _ => return Err(self.error(PathErrorKind::AfterBrackets)),
            }
        }
        Ok(Path(segments))
    }

    /// A key up to `.`, `[` or the end.
    fn key(&mut self, above: &[Segment]) -> Result<Segment, PathError> {
        let start = self.at;
        // A pack has thousands of keys, and nearly all are as they are written.
        let rest = &self.text.as_bytes()[start..];
        let is_special = |b: &u8| matches!(b, b'\\' | b'.' | b'[' | b'=' | b',' | b'*');
        let plain = rest.iter().position(is_special).unwrap_or(rest.len());
        if plain > 0 && matches!(rest.get(plain), None | Some(b'.' | b'[')) {
            self.at += plain;
            return Ok(Segment::Key(self.text[start..self.at].to_owned()));
        }
        let mut pieces = vec![String::new()];
        while let Some(c) = self.peek() {
            match c {
                '.' | '[' => break,
                '=' | ',' => return Err(self.error(PathErrorKind::Unescaped(c))),
                _ => self.piece(&mut pieces)?,
            }
        }
        let error = |kind| PathError {
            kind,
            position: start,
        };
        match &self.text[start..self.at] {
            "" => Err(error(PathErrorKind::MissingKey)),
            "*" => Ok(Segment::AnyKey),
            // A second one would let matching try each key for either.
            "**" if !above.contains(&Segment::AnyDepth) => Ok(Segment::AnyDepth),
            _ if has_depth(&pieces) => Err(error(PathErrorKind::Depth)),
            _ => Ok(match Pattern::new(pieces.clone()) {
                Some(pattern) => Segment::KeyPattern(pattern),
                None => Segment::Key(pieces.concat()),
            }),
        }
    }

    /// `[...]`.
    fn brackets(&mut self) -> Result<Segment, PathError> {
        let open = self.at;
        self.at += 1;
        let start = self.at;
        let mut content = vec![String::new()];
        let mut key = None;
        loop {
            match self.peek() {
                None => {
                    return Err(PathError {
                        kind: PathErrorKind::Unclosed,
                        position: open,
                    });
                }
                Some(']') => break,
                Some('=') if key.is_none() => {
                    self.at += 1;
                    key = Some(self.text[start..self.at - 1].to_owned());
                    content = vec![String::new()];
                }
                Some(_) => self.piece(&mut content)?,
            }
        }
        let raw = &self.text[start..self.at];
        self.at += 1;
        let error = |kind| PathError {
            kind,
            position: start,
        };
        if let Some(key) = key {
            // A star in the key that is looked at is a star.
            let key = unescaped(&key);
            if has_depth(&content) {
                return Err(error(PathErrorKind::Depth));
            }
            return Ok(match Pattern::new(content.clone()) {
                Some(value) => Segment::SelectPattern { key, value },
                None => Segment::Select {
                    key,
                    value: content.concat(),
                },
            });
        }
        match raw {
            "*" => Ok(Segment::AnyItem),
            "\"\"" => Ok(Segment::Key(String::new())),
            "" => Err(error(PathErrorKind::BadBrackets)),
            digits if digits.bytes().all(|b| b.is_ascii_digit()) => digits
                .parse()
                .ok()
                .filter(|&index| index <= MAX_INDEX)
                .map(Segment::Index)
                .ok_or_else(|| error(PathErrorKind::IndexTooLarge)),
            _ => Err(error(PathErrorKind::BadBrackets)),
        }
    }

    /// One character of a text with stars: a star ends a piece.
    fn piece(&mut self, pieces: &mut Vec<String>) -> Result<(), PathError> {
        if self.peek() == Some('*') {
            self.at += 1;
            pieces.push(String::new());
            return Ok(());
        }
        let c = self.character()?;
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
        Ok(())
    }

    /// One character, or the one behind a backslash.
    fn character(&mut self) -> Result<char, PathError> {
        let mut chars = self.text[self.at..].chars();
        let escape = self.at;
        let mut c = chars.next();
        if c == Some('\\') {
            self.at += 1;
            c = chars.next();
        }
        let c = c.ok_or(PathError {
            kind: PathErrorKind::DanglingEscape,
            position: escape,
        })?;
        self.at += c.len_utf8();
        Ok(c)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn error(&self, kind: PathErrorKind) -> PathError {
        PathError {
            kind,
            position: self.at,
        }
    }
}

/// True if two stars stand side by side.
fn has_depth(pieces: &[String]) -> bool {
    let between = pieces.get(1..pieces.len() - 1).unwrap_or_default();
    between.iter().any(String::is_empty)
}

/// A text without the backslashes that take the next character as it is.
fn unescaped(text: &str) -> String {
    let mut chars = text.chars();
    let mut plain = String::new();
    while let Some(c) = chars.next() {
        plain.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    plain
}
