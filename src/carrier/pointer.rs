//! Paths of JSON patches that name settings of a Flux HelmRelease.

use crate::values::{Path, pointer};

/// The path of the values in a HelmRelease.
const VALUES: &str = "/spec/values";

/// True if a path of a JSON patch may name a setting.
#[must_use]
pub fn is_of_values(text: &str) -> bool {
    text.starts_with(VALUES)
}

/// The keys that a path of a JSON patch names below `/spec/values`; `None` if it names an item of a list, or ends in
/// one, or nothing below.
#[must_use]
pub fn setting(text: &str) -> Option<Path> {
    let below = text.strip_prefix(VALUES)?.strip_prefix('/')?;
    let keys: Vec<String> = pointer::keys(below).collect();
    let in_list = |key: &String| key == "-" || key.bytes().all(|b| b.is_ascii_digit());
    (!keys.iter().any(in_list)).then(|| Path::keys(keys))
}

/// A path of a JSON patch for keys below `/spec/values`.
#[must_use]
pub fn to_setting(path: &Path) -> String {
    format!("{VALUES}{}", pointer::written(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_setting_or_nothing_that_can_follow() {
        for (text, path) in [
            ("/spec/values/a/b", Some("a.b")),
            ("/spec/values/a~1b/c~0d", Some("a/b.c~d")),
            ("/spec/values", None),
            ("/spec/valuesFrom", None),
            ("/spec/values/a/0", None),
            ("/spec/values/a/-", None),
            ("/spec/chart", None),
        ] {
            let found = setting(text);
            assert_eq!(found, path.map(|path| path.parse().unwrap()), "{text}");
            let again = found.as_ref().map(to_setting);
            assert!(again.is_none_or(|again| again == text), "{text}");
        }
    }
}
