//! The scalars that are timestamps for go-yaml.
//!
//! Helm keeps timestamps as strings, so this matters in one place only: a scalar tagged
//! `!!timestamp` that is none is an error. The four layouts are go-yaml's, the leniency (one-digit
//! fields, any number of fraction digits, a comma for the point) is that of Go's `time.Parse`.

/// True if go-yaml takes the text for a timestamp.
pub(super) fn is_timestamp(s: &str) -> bool {
    let Some((date, rest)) = date(s) else {
        return false;
    };
    if !date {
        return false;
    }
    if rest.is_empty() {
        return true;
    }
    match rest.strip_prefix(['T', 't']) {
        Some(time) => clock(time).is_some_and(zone),
        // The layout has one space, which Go matches with any run of them.
        None => {
            rest.starts_with(' ') && clock(rest.trim_start_matches(' ')).is_some_and(str::is_empty)
        }
    }
}

/// `YYYY-M-D` at the start: whether the day exists, and what follows.
fn date(s: &str) -> Option<(bool, &str)> {
    let year_digits = s.bytes().take_while(u8::is_ascii_digit).count();
    // go-yaml looks for this before anything else.
    if year_digits != 4 {
        return None;
    }
    let year: u32 = s[..4].parse().ok()?;
    let (month, rest) = short_number(s[4..].strip_prefix('-')?)?;
    let (day, rest) = short_number(rest.strip_prefix('-')?)?;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    Some(((1..=days).contains(&day), rest))
}

/// `h:m:s` with an optional fraction at the start; what follows.
fn clock(s: &str) -> Option<&str> {
    let (hour, rest) = short_number(s)?;
    let (minute, rest) = short_number(rest.strip_prefix(':')?)?;
    let (second, rest) = short_number(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let Some(fraction) = rest.strip_prefix(['.', ',']) else {
        return Some(rest);
    };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    Some(if digits == 0 {
        rest
    } else {
        &fraction[digits..]
    })
}

/// `Z` or `+hh:mm`, and nothing after it. Go allows 24 hours and 60 minutes here.
fn zone(s: &str) -> bool {
    if s == "Z" {
        return true;
    }
    let bytes = s.as_bytes();
    let two = |i: usize| s.get(i..i + 2).and_then(|n| n.parse::<u32>().ok());
    bytes.len() == 6
        && matches!(bytes[0], b'+' | b'-')
        && bytes[3] == b':'
        && [1, 2, 4, 5].iter().all(|&i| bytes[i].is_ascii_digit())
        && two(1).is_some_and(|h| h <= 24)
        && two(4).is_some_and(|m| m <= 60)
}

/// One or two digits at the start.
fn short_number(s: &str) -> Option<(u32, &str)> {
    let digits = s.bytes().take(2).take_while(u8::is_ascii_digit).count();
    Some((s[..digits].parse().ok()?, &s[digits..]))
}
