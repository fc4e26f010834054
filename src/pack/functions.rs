//! The functions that packs have beside CEL's own. Each is total over what `docs/packs.md` says it
//! takes and gives a reason for everything else; none looks at anything but its arguments.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use cel::objects::{Key, Value as Cel};
use regex::Regex;

use super::expr::{describe, from_cel, is_unset};
use crate::values::write;

type Function = fn(&[Cel]) -> Result<Cel, String>;

/// Every function, by name.
pub(super) const ALL: [(&str, Function); 11] = [
    // Not written by anybody: what `default(a.b, y)` and `set(a.b)` become, and what `matches` becomes.
    ("at", at),
    (MATCHES, matches),
    ("set", set),
    ("kind", kind),
    ("default", default),
    ("release", release),
    ("base", base),
    ("dir", dir),
    ("union", union),
    ("divide", divide),
    ("quote", quote),
];

/// No name that anybody can write.
pub(super) const MATCHES: &str = "@matches";

fn string(text: impl Into<String>) -> Cel {
    Cel::String(Arc::new(text.into()))
}

fn arguments<const N: usize>(args: &[Cel]) -> Result<&[Cel; N], String> {
    args.try_into()
        .map_err(|_| format!("it takes {N} arguments, not {}", args.len()))
}

fn at(args: &[Cel]) -> Result<Cel, String> {
    let (root, members) = args.split_first().ok_or("it takes a map and members")?;
    let mut value = root.clone();
    for member in members {
        let Cel::String(member) = member else {
            return Err("a member is a text".to_owned());
        };
        let below = match &value {
            Cel::Map(map) => map.map.get(&Key::String(Arc::clone(member))).cloned(),
            _ => None,
        };
        match below {
            Some(below) => value = below,
            None => return Ok(Cel::Opaque(Arc::new(super::expr::Unset))),
        }
    }
    Ok(value)
}

/// CEL's `matches`, which compiles the pattern anew each time.
fn matches(args: &[Cel]) -> Result<Cel, String> {
    static KNOWN: Mutex<BTreeMap<String, Regex>> = Mutex::new(BTreeMap::new());
    let [Cel::String(text), Cel::String(pattern)] = arguments(args)? else {
        return Err("it takes a text and a pattern".to_owned());
    };
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let pattern = match known.get(pattern.as_str()) {
        Some(pattern) => pattern.clone(),
        None => {
            let compiled = Regex::new(pattern).map_err(|error| error.to_string())?;
            known.insert(pattern.to_string(), compiled.clone());
            compiled
        }
    };
    drop(known);
    Ok(Cel::Bool(pattern.is_match(text)))
}

fn set(args: &[Cel]) -> Result<Cel, String> {
    let [value] = arguments(args)?;
    Ok(Cel::Bool(!is_unset(value)))
}

/// What sort of value it is, so that a guard can be total.
fn kind(args: &[Cel]) -> Result<Cel, String> {
    let [value] = arguments(args)?;
    Ok(string(match value {
        Cel::Null => "null",
        Cel::Bool(_) => "bool",
        Cel::Int(_) | Cel::UInt(_) | Cel::Float(_) => "number",
        Cel::String(_) => "text",
        Cel::List(_) => "list",
        Cel::Map(_) => "map",
        _ if is_unset(value) => "unset",
        _ => return Err("it takes a value of a values file".to_owned()),
    }))
}

fn default(args: &[Cel]) -> Result<Cel, String> {
    let [value, fallback] = arguments(args)?;
    let missing = is_unset(value) || matches!(value, Cel::Null);
    Ok(if missing { fallback } else { value }.clone())
}

/// A scalar as the text that a template would print.
fn text(value: &Cel) -> Result<String, String> {
    match value {
        Cel::List(_) | Cel::Map(_) | Cel::Null | Cel::Opaque(_) => {
            Err("it takes a text".to_owned())
        }
        _ => from_cel(value, &[]).map(|v| describe(Some(&v))),
    }
}

/// Whether a tag is a release number: what the official images are tagged with, or no tag at all.
fn release(args: &[Cel]) -> Result<Cel, String> {
    let [value] = arguments(args)?;
    if is_unset(value) || matches!(value, Cel::Null) {
        return Ok(Cel::Bool(true));
    }
    let text = text(value)?;
    let number = text.strip_prefix('v').unwrap_or(&text);
    let parts: Vec<_> = number.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    Ok(Cel::Bool(parts.len() <= 3 && parts.iter().all(is_number)))
}

fn base(args: &[Cel]) -> Result<Cel, String> {
    let [value] = arguments(args)?;
    let text = text(value)?;
    Ok(string(text.rsplit('/').next().unwrap_or_default()))
}

fn dir(args: &[Cel]) -> Result<Cel, String> {
    let [value] = arguments(args)?;
    let text = text(value)?;
    Ok(string(text.rsplit_once('/').map_or("", |(dir, _)| dir)))
}

fn union(args: &[Cel]) -> Result<Cel, String> {
    let mut joined: Vec<Cel> = Vec::new();
    for arg in args {
        match arg {
            Cel::List(items) => {
                for item in items.iter() {
                    if !joined.contains(item) {
                        joined.push(item.clone());
                    }
                }
            }
            Cel::String(_) if !joined.contains(arg) => joined.push(arg.clone()),
            Cel::Null | Cel::String(_) => {}
            _ if is_unset(arg) => {}
            _ => return Err("it takes lists and texts".to_owned()),
        }
    }
    Ok(Cel::List(Arc::new(joined)))
}

fn quote(args: &[Cel]) -> Result<Cel, String> {
    let [value] = arguments(args)?;
    if is_unset(value) {
        return Ok(string("(not set)"));
    }
    let value = from_cel(value, &[])?;
    Ok(string(write::one_line(
        &value,
        write::Context::Flow,
        write::Quotes::None,
    )))
}

fn divide(args: &[Cel]) -> Result<Cel, String> {
    let [value, by] = arguments(args)?;
    let by = match by {
        Cel::Int(n) if *n > 0 => u128::try_from(*n).map_err(|e| e.to_string())?,
        Cel::UInt(n) if *n > 0 => u128::from(*n),
        _ => return Err("it divides by a whole number above 0".to_owned()),
    };
    divide_value(value, by)
}

fn divide_value(value: &Cel, by: u128) -> Result<Cel, String> {
    match value {
        Cel::Map(map) => {
            let divided = map
                .map
                .iter()
                .map(|(key, value)| Ok((key.clone(), divide_value(value, by)?)))
                .collect::<Result<std::collections::HashMap<Key, Cel>, String>>()?;
            Ok(Cel::Map(divided.into()))
        }
        _ => {
            let text = text(value)?;
            divide_quantity(&text, by)
                .map(string)
                .ok_or_else(|| format!("`{text}` is not a Kubernetes quantity"))
        }
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
    let divided = thousandths.div_ceil(by);
    let mut best = (format!("{divided}m"), divided % 1000 == 0);
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
