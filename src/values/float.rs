//! Floats as Go prints them.
//!
//! Go and Rust both print the fewest digits that read back as the same float, and the nearest such
//! decimal. Where two are equally near (1917156948709162.25 is between .2 and .3) Go takes the even
//! digit and Rust the upper one, so the last digit is settled here.

/// The shortest decimal of a finite float that is not zero: sign, digits without a point, and the
/// power of ten of the first digit.
pub(super) struct Shortest {
    negative: bool,
    digits: String,
    exponent: i32,
}

impl Shortest {
    pub(super) fn of_f64(f: f64) -> Self {
        let shortest = format!("{f:e}");
        // With a precision Rust rounds to the even digit, as Go does. Where that is another float there was
        // no tie, and the shortest form stands.
        let rounded = format!("{f:.*e}", decimals(&shortest));
        Self::parse(if rounded.parse() == Ok(f) {
            &rounded
        } else {
            &shortest
        })
    }

    pub(super) fn of_f32(f: f32) -> Self {
        let shortest = format!("{f:e}");
        let rounded = format!("{f:.*e}", decimals(&shortest));
        Self::parse(if rounded.parse() == Ok(f) {
            &rounded
        } else {
            &shortest
        })
    }

    /// Of Rust's `{:e}` form.
    fn parse(scientific: &str) -> Self {
        let (digits, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
        Self {
            negative: digits.starts_with('-'),
            digits: digits.chars().filter(char::is_ascii_digit).collect(),
            exponent: exponent.parse().unwrap_or(0),
        }
    }

    /// The power of ten of the first digit.
    pub(super) fn exponent(&self) -> i32 {
        self.exponent
    }

    /// Digits without an exponent: `1500`, `0.015`.
    pub(super) fn without_exponent(&self) -> String {
        let mut out = String::from(if self.negative { "-" } else { "" });
        if self.exponent < 0 {
            out.push_str("0.");
            out.extend((self.exponent + 1..0).map(|_| '0'));
            out.push_str(&self.digits);
            return out;
        }
        let whole = usize::try_from(self.exponent).unwrap_or(0) + 1;
        if self.digits.len() > whole {
            out.push_str(&self.digits[..whole]);
            out.push('.');
            out.push_str(&self.digits[whole..]);
        } else {
            out.push_str(&self.digits);
            out.extend((self.digits.len()..whole).map(|_| '0'));
        }
        out
    }

    /// One digit before the point and an exponent with a sign and at least so many digits.
    pub(super) fn scientific(&self, exponent_digits: usize) -> String {
        let (first, rest) = self.digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let minus = if self.negative { "-" } else { "" };
        let sign = if self.exponent < 0 { '-' } else { '+' };
        let exponent = self.exponent.unsigned_abs();
        format!("{minus}{first}{point}{rest}e{sign}{exponent:0exponent_digits$}")
    }
}

/// The number of digits behind the point.
fn decimals(scientific: &str) -> usize {
    let digits = scientific.split('e').next().unwrap_or_default();
    digits
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len())
}
