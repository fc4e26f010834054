//! What somebody may have meant who typed a name that is not there.
//!
//! One rule for every name that refit knows: steps, answers, charts, fields and keys of packs. It only
//! proposes; nothing is ever taken for what it is spelled alike.

/// The name that is spelled most alike, if any is close.
#[must_use]
pub fn closest<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    names
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(known, name), known))
        .min()
        .filter(|(distance, _)| *distance <= name.len() / 3 + 1)
        .map(|(_, known)| known)
}
