//! Paths of JSON patches that name settings of a Flux HelmRelease.

use crate::values::{Path, pointer};

/// The path of the values in a HelmRelease.
const VALUES: &str = "/spec/values";

/// True if a path of a JSON patch names the values or something in them.
#[must_use]
pub fn is_of_values(text: &str) -> bool {
    keys(text).is_some()
}

/// The keys that a path of a JSON patch names below `/spec/values`, each of which may be a place in a list; `None` if it
/// names something else.
#[must_use]
pub fn keys(text: &str) -> Option<Vec<String>> {
    let below = text.strip_prefix(VALUES)?;
    match below.strip_prefix('/') {
        Some(below) => Some(pointer::keys(below).collect()),
        None => below.is_empty().then(Vec::new),
    }
}

/// A path of a JSON patch for a path below `/spec/values`.
#[must_use]
pub fn to_setting(path: &Path) -> String {
    format!("{VALUES}{}", pointer::written(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_keys_below_the_values_or_something_else() {
        for (text, path) in [
            ("/spec/values/a/b", Some(&["a", "b"][..])),
            ("/spec/values/a~1b/c~0d", Some(&["a/b", "c~d"])),
            ("/spec/values", Some(&[])),
            ("/spec/values/a/0", Some(&["a", "0"])),
            ("/spec/values/a/-", Some(&["a", "-"])),
            ("/spec/valuesFrom", None),
            ("/spec/chart", None),
        ] {
            let found = keys(text);
            assert_eq!(
                found.as_deref(),
                path.map(|keys| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>())
                    .as_deref(),
                "{text}"
            );
            let again = found.map(|keys| to_setting(&Path::keys(keys)));
            assert!(again.is_none_or(|again| again == text), "{text}");
        }
    }
}
