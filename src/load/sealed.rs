//! Layers that cannot be read: encrypted files among the readable layers of a release.
//!
//! Their values count, but nobody but the owner of the key can see them. What may be visible are their
//! keys; if no step has to do with any of these, the rest of the release can be upgraded. Such a file is
//! never written: a ciphertext that is moved from outside can never be decrypted again.

use std::path::{Path as FilePath, PathBuf};

use crate::{
    outcome::Refusal,
    values::{Path, Segment, view::View},
    yaml::Tree,
};

/// A layer that cannot be read.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// Its name in messages.
    pub name: String,
    /// Where it is on disk, if it was read there.
    pub path: Option<PathBuf>,
    /// The settings that it is known to hold; `None` if not even the keys are visible.
    pub keys: Option<Vec<Path>>,
    /// Why it is refused by itself.
    pub refusal: Box<Refusal>,
}

impl Sealed {
    /// What can be known of a file that was refused; nothing if it is not encrypted.
    pub(super) fn of(path: &FilePath, refusal: Box<Refusal>) -> Option<Self> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).ok()?;
        if bytes.starts_with(b"\0GITCRYPT\0") {
            return Some(Self {
                name,
                path: Some(path.to_owned()),
                keys: None,
                refusal,
            });
        }
        let tree = Tree::parse_bytes(&bytes).ok()?;
        let [document] = tree.documents() else {
            return None;
        };
        let view = View::new(&tree, document.root);
        let sops = view.get(document.root, "sops").ok()??;
        view.get(sops.value, "mac").ok()??;
        let values = view.values().ok()?;
        let keys = crate::values::leaves(&values)
            .into_iter()
            .map(|(path, _)| path)
            .filter(|path| path.segments().first() != Some(&Segment::Key("sops".to_owned())));
        Some(Self {
            name,
            path: Some(path.to_owned()),
            keys: Some(keys.collect()),
            refusal,
        })
    }
}
