//! Layers that cannot be read: encrypted files among the readable layers of a release.
//!
//! Their values count, but nobody but the owner of the key can see them. What may be visible are their
//! keys; if no step has to do with any of these, the rest of the release can be upgraded. Where values are
//! needed to see what a chart makes of them, made-up ones of the same types stand in. Such a file is never
//! written: a ciphertext that is moved from outside can never be decrypted again.

use std::path::{Path as FilePath, PathBuf};

use crate::{
    outcome::Refusal,
    values::{Map, Number, Path, Value, leaves, view::View},
    yaml::Tree,
};

/// A layer that cannot be read.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// Its name in messages.
    pub name: String,
    /// Where it is on disk, if it was read there.
    pub path: Option<PathBuf>,
    /// What is known of its values, with a made-up one in place of each that is encrypted; `None` if not
    /// even the keys are visible.
    pub values: Option<Map>,
    /// How many readable layers of the release Helm reads before it.
    pub below: usize,
    /// Why it is refused by itself.
    pub refusal: Box<Refusal>,
}

impl Sealed {
    /// What can be known of a file that was refused; nothing if it is not encrypted.
    pub(super) fn of(path: &FilePath, refusal: Box<Refusal>) -> Option<Self> {
        let sealed = |values| Self {
            name: path.display().to_string(),
            path: Some(path.to_owned()),
            values,
            below: 0,
            refusal,
        };
        let bytes = std::fs::read(path).ok()?;
        if bytes.starts_with(b"\0GITCRYPT\0") {
            return Some(sealed(None));
        }
        let tree = Tree::parse_bytes(&bytes).ok()?;
        let [document] = tree.documents() else {
            return None;
        };
        let view = View::new(&tree, document.root);
        let sops = view.get(document.root, "sops").ok()??;
        view.get(sops.value, "mac").ok()??;
        let mut values = view.values().ok()?;
        values.shift_remove("sops");
        for (key, value) in &mut values {
            make_up(&Path::root().key(key), value);
        }
        Some(sealed(Some(values)))
    }

    /// The same layer, of which only the values below a path count; nothing if it has none there.
    pub(super) fn below(mut self, prefix: &Path) -> Option<Self> {
        let Some(values) = self.values.take() else {
            return Some(self);
        };
        self.values = match prefix.get(&Value::Map(values)) {
            Some(Value::Map(values)) => Some(values.clone()),
            _ => return None,
        };
        Some(self)
    }

    /// The settings that it is known to hold; `None` if not even the keys are visible.
    #[must_use]
    pub fn keys(&self) -> Option<Vec<Path>> {
        let found = leaves(self.values.as_ref()?).into_iter();
        Some(found.map(|(path, _)| path).collect())
    }
}

/// A text for a setting whose value cannot be seen. No two settings have the same one, and none says what
/// a chart's own values say.
pub(super) fn made_up(at: &Path) -> String {
    let plain = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_ascii_lowercase(),
        false => '-',
    };
    let name: String = at.to_string().chars().map(plain).collect();
    format!("made-up-{name}")
}

/// Puts a made-up value of the same type in place of each that SOPS has encrypted. Its notation names the
/// type: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:int]` (`stores` of getsops/sops).
fn make_up(at: &Path, value: &mut Value) {
    match value {
        Value::Map(map) => {
            for (key, value) in map {
                make_up(&at.key(key), value);
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                make_up(&at.index(index), item);
            }
        }
        Value::String(text) if text.starts_with("ENC[") => {
            let kind = text.trim_end_matches(']').rsplit_once("type:");
            *value = match kind.map(|(_, kind)| kind) {
                Some("int") => Value::Number(Number::from(1_i64)),
                Some("float") => Value::Number(Number::from(1_i64)),
                Some("bool") => Value::Bool(true),
                _ => Value::from(made_up(at)),
            };
        }
        _ => {}
    }
}
