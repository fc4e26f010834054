//! The words of actions.

/// A word of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// `.a` directly behind something, or a lone `.` with its fields to follow.
    Field(String),
    /// `.`.
    Dot,
    /// `$x`.
    Variable(String),
    /// A name.
    Name(String),
    /// A text in quotes.
    Text(String),
    /// A number.
    Number(String),
    /// A character.
    Constant,
    /// `(`.
    Open,
    /// `)`, and whether fields follow directly.
    Close,
    /// `|`.
    Pipe,
    /// `:=` or `=`.
    Binds,
    /// `,`.
    Comma,
    /// White space, which ends a chain of fields.
    Space,
}

/// The actions of a text, each as its words. Comments are left out.
pub(super) fn read_actions(text: &str) -> Vec<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        rest = &rest[at + 2..];
        // Go trims only before a blank: in `{{-1}}` the sign belongs to the number.
        if let Some(trimmed) = rest.strip_prefix('-')
            && trimmed.starts_with(char::is_whitespace)
        {
            rest = trimmed;
        }
        if rest.trim_start().starts_with("/*") {
            let Some(end) = rest.find("*/") else { break };
            rest = &rest[end + 2..];
            continue;
        }
        let (tokens, length) = read_action(rest);
        rest = &rest[length..];
        found.push(tokens);
    }
    found
}

/// The words up to `}}`, and how long that is.
fn read_action(text: &str) -> (Vec<Token>, usize) {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if rest.starts_with("}}") {
            return (tokens, at + 2);
        }
        let (token, length) = match c {
            c if c.is_whitespace() => (Some(Token::Space), c.len_utf8()),
            '"' => read_quoted(rest),
            '`' => {
                let end = rest[1..].find('`').map_or(rest.len() - 1, |end| end + 1);
                (Some(Token::Text(rest[1..end].to_owned())), end + 1)
            }
            '\'' => {
                let end = rest[1..].find('\'').map_or(rest.len() - 1, |end| end + 1);
                (Some(Token::Constant), end + 1)
            }
            '(' => (Some(Token::Open), 1),
            ')' => (Some(Token::Close), 1),
            '|' => (Some(Token::Pipe), 1),
            ',' => (Some(Token::Comma), 1),
            '=' => (Some(Token::Binds), 1),
            ':' if rest.starts_with(":=") => (Some(Token::Binds), 2),
            '.' => match leading_name(&rest[1..]) {
                "" => (Some(Token::Dot), 1),
                field => (Some(Token::Field(field.to_owned())), 1 + field.len()),
            },
            '$' => {
                let name = leading_name(&rest[1..]);
                (Some(Token::Variable(format!("${name}"))), 1 + name.len())
            }
            c if c.is_ascii_digit() || c == '-' || c == '+' => {
                let end =
                    rest[1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_');
                let length = end.map_or(rest.len(), |end| end + 1);
                // `-}}` ends the action.
                let trims = length == 1 && c == '-' && rest.starts_with("-}}");
                let number = Token::Number(rest[..length].to_owned());
                ((!trims).then_some(number), length)
            }
            _ => match leading_name(rest) {
                "" => (None, c.len_utf8()),
                name => (Some(Token::Name(name.to_owned())), name.len()),
            },
        };
        tokens.extend(token);
        at = (at + length).min(text.len());
    }
    (tokens, text.len())
}

fn leading_name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

/// A text in double quotes; escapes stand for what they mean as far as keys can hold it.
fn read_quoted(text: &str) -> (Option<Token>, usize) {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (Some(Token::Text(out)), at + 1),
            '\\' => match chars.next() {
                Some((_, 'n')) => out.push('\n'),
                Some((_, 't')) => out.push('\t'),
                Some((_, c)) => out.push(c),
                None => break,
            },
            // Go ends a text in quotes at the end of the line, as an error.
            '\n' => return (Some(Token::Text(out)), at),
            c => out.push(c),
        }
    }
    (Some(Token::Text(out)), text.len())
}
