//! Words for a shell: what is printed to be copied into a command line.
//!
//! A file's name can hold anything, and a terminal obeys some of it; so a word that holds such characters is
//! given in a form that shows and does nothing, and that every POSIX shell turns back into the word.

/// True if a terminal would obey a character: controls, and those that turn the direction of writing.
#[must_use]
pub fn obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text with nothing in it that a terminal would obey: line breaks and tabs stay, all else is shown as a sign.
#[must_use]
pub fn shown(text: &str) -> String {
    let lines = text
        .split('\n')
        .map(|line| line.split('\t').map(sign).collect::<Vec<_>>().join("\t"));
    lines.collect::<Vec<_>>().join("\n")
}

/// One line with signs in place of what a terminal would obey.
#[must_use]
pub fn sign(text: &str) -> String {
    if !text.chars().any(obeyed) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            // The pictures of the control characters stand in the same order.
            c if u32::from(c) < 0x20 => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
            c if obeyed(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// A word as a POSIX shell must be given it.
#[must_use]
pub fn quote(word: &str) -> String {
    quote_bytes(word.as_bytes())
}

/// A word of any bytes, such as a file's name, as a POSIX shell must be given it.
#[must_use]
pub fn quote_bytes(word: &[u8]) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if let Ok(word) = std::str::from_utf8(word) {
        if !word.is_empty() && word.chars().all(safe) {
            return word.to_owned();
        }
        if !word.chars().any(obeyed) {
            return format!("'{}'", word.replace('\'', r"'\''"));
        }
    }
    // What a terminal would obey or cannot show is not shown raw; this is the form that every POSIX
    // shell takes.
    let mut out = String::from("\"$(printf '");
    let octal = |out: &mut String, bytes: &[u8]| {
        for byte in bytes {
            out.push_str(&format!("\\{byte:03o}"));
        }
    };
    for chunk in word.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '%' => out.push_str("%%"),
                '\\' => out.push_str(r"\\"),
                '\'' => out.push_str(r"'\''"),
                c if obeyed(c) => octal(&mut out, c.encode_utf8(&mut [0; 4]).as_bytes()),
                c => out.push(c),
            }
        }
        octal(&mut out, chunk.invalid());
    }
    out.push_str("')\"");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_where_a_shell_needs_it() {
        for (word, quoted) in [
            ("a/b-c_d.yaml", "a/b-c_d.yaml"),
            ("", "''"),
            ("my values.yaml", "'my values.yaml'"),
            ("it's", "'it'\\''s'"),
            ("$HOME", "'$HOME'"),
            ("~/x", "'~/x'"),
            ("a\tb%'\\", r#""$(printf 'a\011b%%'\''\\')""#),
        ] {
            assert_eq!(quote(word), quoted);
        }
        assert_eq!(quote_bytes(b"x\xff.yaml"), r#""$(printf 'x\377.yaml')""#);
    }
}
