//! `divide`: Kubernetes quantities, as limits and requests have them.

use indexmap::IndexMap;

use super::{Arguments, CallResult};
use crate::pack::expr::{Budget, ExpressionFailure, Figure, Item};

const WANTS: &str = "a quantity of Kubernetes, or a map of them";

pub(super) fn divide<'s>(budget: &Budget, args: Arguments<'_, 's>) -> CallResult<'s> {
    let [value, by] = args else {
        return Err(super::wrong_count());
    };
    match by.as_figure() {
        Some(Figure::Int(n)) if n > 0 => divide_value(budget, value, n.unsigned_abs().into()),
        _ => Err(ExpressionFailure::Wants {
            argument: 1,
            wants: "a whole number above 0 to divide by",
        }),
    }
}

fn divide_value<'s>(budget: &Budget, value: &Item<'s>, by: u128) -> CallResult<'s> {
    budget.spend_work(1)?;
    if let Item::Map(map) = value {
        let divided = map
            .iter()
            .map(|(key, value)| Ok((key, divide_value(budget, &value, by)?)));
        return Item::map(
            budget,
            divided.collect::<Result<IndexMap<_, _>, ExpressionFailure>>()?,
        );
    }
    // Not as a template prints it: `1e+06` is no quantity of whole bytes.
    let text = value.as_key().ok_or(ExpressionFailure::Wants {
        argument: 0,
        wants: WANTS,
    })?;
    match divide_quantity(&text, by) {
        Some(divided) => Item::text(budget, divided),
        None => Err(ExpressionFailure::Says(format!(
            "it takes {WANTS}, and the {} it was given is none",
            match value {
                Item::Text(_) => "text",
                Item::Bool(_) => "boolean",
                _ => "number",
            }
        ))),
    }
}

/// A Kubernetes quantity divided, in the largest unit that keeps it exact to a thousandth, rounded up.
///
/// The suffixes are those of `k8s.io/apimachinery/pkg/api/resource`: `m`, none, `k` to `E`, `Ki` to `Ei`.
fn divide_quantity(text: &str, by: u128) -> Option<String> {
    const DECIMAL: [&str; 8] = ["m", "", "k", "M", "G", "T", "P", "E"];
    const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    // Everything is counted in thousandths of the unit without a suffix.
    let (steps, radix): (&[&str], u128) = if BINARY[1..].contains(&suffix) {
        (&BINARY, 1024)
    } else {
        (&DECIMAL, 1000)
    };
    let place = steps.iter().position(|s| *s == suffix)?;
    let mut unit: u128 = if radix == 1000 && !suffix.is_empty() && place == 0 {
        1
    } else {
        1000
    };
    let ups = if radix == 1000 {
        place.saturating_sub(1)
    } else {
        place
    };
    for _ in 0..ups {
        unit = unit.checked_mul(radix)?;
    }
    let scale = 10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let number: u128 = format!("{whole}{fraction}").parse().ok()?;
    let thousandths = number.checked_mul(unit)?.div_ceil(scale);
    // Rounded up, as Kubernetes rounds: too little of a resource may not do.
    let divided = thousandths.div_ceil(by);
    let mut best = (format!("{divided}m"), divided % 1000 == 0);
    // There is no part of a byte, so what has binary units is rounded up to whole ones.
    if best.1 || radix == 1024 {
        best.0 = divided.div_ceil(1000).to_string();
        let mut rest = divided.div_ceil(1000);
        for suffix in &steps[if radix == 1000 { 2 } else { 1 }..] {
            if rest == 0 || rest % radix != 0 {
                break;
            }
            rest /= radix;
            best.0 = format!("{rest}{suffix}");
        }
    }
    Some(best.0)
}

#[cfg(test)]
mod tests {
    use super::divide_quantity;

    #[test]
    fn quantities_are_divided_in_their_own_kind_of_unit() {
        for (quantity, by, expected) in [
            ("400m", 4, "100m"),
            ("1", 4, "250m"),
            ("2", 2, "1"),
            ("4", 4, "1"),
            ("1000m", 2, "500m"),
            ("200Mi", 4, "50Mi"),
            ("8Gi", 16, "512Mi"),
            ("1Gi", 3, "357913942"),
            ("0.5", 2, "250m"),
            ("2000000k", 2, "1G"),
            ("500M", 4, "125M"),
        ] {
            assert_eq!(
                divide_quantity(quantity, by).as_deref(),
                Some(expected),
                "{quantity} / {by}"
            );
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in ["", "m", "1X", "one", "1.5.2", "-1"] {
            assert_eq!(divide_quantity(text, 2), None, "{text}");
        }
    }
}
