//! The digest that ties a written result to a preview.
//!
//! A preview prints it as `--expect`, and the run that writes compares it, so that what is written is
//! what was shown. It covers each file's name and whole text afterwards, framed by their lengths: no
//! two lists of files share their bytes. It guards against accidents (an edited file, a newer refit),
//! not against forgery; therefore it is short enough to read and paste. What is fetched from elsewhere has
//! the whole digest of the same framing ([`of_files`]).

use sha2::{Digest, Sha256};

/// Hexadecimal digits shown: 64 bits, far beyond what chance confuses.
const DIGITS: usize = 16;
/// Those of a whole digest.
const FULL_DIGITS: usize = 64;
/// The beginning of every digest.
const PREFIX: &str = "sha256:";

/// The digest of files, given as name and text afterwards, in order: `sha256:` and 16 hexadecimal
/// digits. `name` is the name under which the file was given, so another file is another result.
#[must_use]
pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let full = of_files(files);
    full[..PREFIX.len() + DIGITS].to_owned()
}

/// The whole digest of files, given as name and text, in order: what keeps files of strangers what they were.
#[must_use]
pub fn of_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut hash = Sha256::new();
    for (name, after) in files {
        for part in [name, after] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
    }
    let mut text = String::from(PREFIX);
    for byte in hash.finalize() {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text
}

/// The digest of one text, whatever its file is called.
#[must_use]
pub fn of_text(text: &str) -> String {
    of([("", text)])
}

/// True if a text has the form of a digest, so that a truncated one is told apart from a wrong one.
#[must_use]
pub fn is_digest(text: &str) -> bool {
    has_digits(text, DIGITS)
}

/// True if a text has the form of a whole digest.
#[must_use]
pub fn is_full(text: &str) -> bool {
    has_digits(text, FULL_DIGITS)
}

fn has_digits(text: &str, count: usize) -> bool {
    text.strip_prefix(PREFIX).is_some_and(|digits| {
        digits.len() == count
            && digits
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_one_file_cannot_pass_for_two() {
        let one = of([("a", "bc")]);
        assert_ne!(one, of([("ab", "c")]));
        assert_ne!(one, of([("a", "b"), ("c", "")]));
        assert_ne!(one, of([("a", "bc"), ("", "")]));
        assert_eq!(one, of([("a", "bc")]));
    }

    #[test]
    fn a_digest_has_a_form() {
        assert!(is_digest(&of([])));
        for text in [
            "",
            "sha256:",
            "sha256:12",
            "SHA256:0123456789abcdef",
            "0123456789abcdef",
        ] {
            assert!(!is_digest(text), "{text}");
        }
    }
}
